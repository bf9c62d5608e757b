"""What a page in a browser, or any other program of this machine, tries on a local network's port."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from solders.keypair import Keypair

from ionet import Client
from ionet.chain.ids import CLOCK
from ionet.chain.rpc.server import LocalServer


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    client = Client.local(signer=Keypair())
    with client.network.serve(0) as running:
        yield running


def ask(server: LocalServer, body: Any, **headers: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=20)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("POST", "/", json.dumps(body), given)
    response = connection.getresponse()
    text = response.read()
    connection.close()
    return response.status, json.loads(text) if text.startswith((b"{", b"[")) else text


def call(method: str, *params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}


CHEAT = call("surfnet_setAccount", str(Keypair().pubkey()), {"lamports": 5})


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example"])
def test_a_foreign_page_writes_no_accounts(server: LocalServer, origin: str) -> None:
    for body in (CHEAT, [call("getHealth"), CHEAT]):
        status, answer = ask(server, body, origin=origin, content_type="text/plain")
        assert status == 403
        assert b"surfnet_setAccount" in answer
    # It reads, as explorers do.
    assert ask(server, call("getHealth"), origin=origin) == (200, {"jsonrpc": "2.0", "id": 1, "result": "ok"})


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1:5173", "http://[::1]:80"])
def test_a_page_of_this_machine_does(server: LocalServer, origin: str) -> None:
    assert ask(server, CHEAT, origin=origin)[0] == 200


def test_a_name_that_was_bound_to_this_machine_is_none_of_its_own(server: LocalServer) -> None:
    assert ask(server, call("getHealth"), host="evil.example:8899")[0] == 403
    assert ask(server, call("getHealth"), host="localhost:8899")[0] == 200


def test_a_websocket_under_another_name_is_refused(server: LocalServer) -> None:
    assert server.ws_url is not None
    place = urlsplit(server.ws_url)
    assert place.hostname is not None
    assert place.port is not None
    for host, status in (("evil.example", b" 403 "), ("localhost", b" 101 ")):
        with socket.create_connection((place.hostname, place.port), timeout=5) as plain:
            plain.sendall(
                f"GET / HTTP/1.1\r\nHost: {host}:{place.port}\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
            )
            assert status in plain.recv(64)


def test_long_texts_are_refused_before_they_are_decoded(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To decode one took seconds, in which nobody else was answered."""
    long = "2" * 200_000
    decoded: list[int] = []

    def decoding(text: str) -> bytes:
        decoded.append(len(text))
        return b""

    monkeypatch.setattr("ionet.chain.rpc.methods.b58decode", decoding)
    for body in (
        call("getBalance", long),
        call("getProgramAccounts", str(CLOCK), {"filters": [{"memcmp": {"offset": 0, "bytes": long}}]}),
        call("sendTransaction", long),
    ):
        _, answer = ask(server, body)
        assert answer["error"]["code"] == -32602
    assert decoded == []


def test_a_batch_has_a_limit(server: LocalServer) -> None:
    status, answer = ask(server, [call("getHealth")] * 101)
    assert status == 200
    assert answer["error"] == {"code": -32600, "message": "a batch of 101 requests; at most 100 are taken"}
    assert len(ask(server, [call("getHealth")] * 100)[1]) == 100


def test_an_answer_to_a_batch_has_a_limit(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ionet.chain.rpc.server.MAX_ANSWER", 200)
    answers = ask(server, [call("getHealth")] * 10)[1]
    assert [one.get("result") for one in answers[:2]] == ["ok", "ok"]
    assert answers[-1]["error"] == {"code": -32600, "message": "the answer to this batch is too long"}


def test_a_sysvar_that_cannot_be_is_an_error_and_the_connection_stays(server: LocalServer) -> None:
    _, answer = ask(server, call("surfnet_setAccount", str(CLOCK), {"data": "", "lamports": 1}))
    assert "error" in answer
    assert ask(server, call("getHealth"))[0] == 200

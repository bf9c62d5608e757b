"""HTTP: retries, typed errors, and the send loop when the network misbehaves; with real sockets."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from websockets.sync.server import ServerConnection, serve

import ionet
from ionet import SOL, AsyncHttpTransport, HttpTransport, RpcError, TransportError
from ionet.chain._sync import send as sending
from ionet.chain.rpc import urls
from ionet.chain.rpc.bounds import Bounds, TooLarge, download
from ionet.chain.rpc.server import LocalServer
from ionet.chain.rpc.sockets import AsyncSockets, SocketClosed, Sockets

OK: tuple[int, dict[str, str], bytes] = (200, {}, b'{"jsonrpc":"2.0","id":1,"result":"ok"}')


@contextmanager
def scripted(*answers: tuple[int, dict[str, str], bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """A server that gives these answers in turn, the last one for ever; and the bodies it was sent."""
    remaining, asked = list(answers), []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.rfile.read(int(self.headers["content-length"])))
            status, headers, body = remaining[0] if len(remaining) == 1 else remaining.pop(0)
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def transport(url: str, **more: Any) -> HttpTransport:
    return HttpTransport(url, backoff=0.001, **more)


@pytest.mark.parametrize(
    "trouble",
    [
        (429, {"retry-after": "0.01"}, b"slow down"),
        (503, {}, b"<html>"),
        (502, {}, b""),
        (200, {}, b'{"jsonrpc":"2.0","id":1,"error":{"code":-32005,"message":"Node is behind by 42 slots"}}'),
        (429, {}, b'{"jsonrpc":"2.0","id":1,"error":{"code":429,"message":"Too many requests"}}'),
    ],
)
def test_a_busy_node_is_asked_again(trouble: tuple[int, dict[str, str], bytes]) -> None:
    with scripted(trouble, trouble, OK) as (url, asked), transport(url) as node:
        assert node.request("getHealth") == "ok"
        assert len(asked) == 3


BUSY = b'{"jsonrpc":"2.0","id":1,"error":{"code":429,"message":"Too many requests"}}'
PAST = "Wed, 21 Oct 2015 07:28:00 GMT"


@pytest.mark.parametrize(
    "after", ["-1", "nan", "inf", "-inf", "", "soon", "1e-9", "0x1", "Wed, 99 Foo 2015", PAST]
)
@pytest.mark.parametrize("body", [b"slow down", b"null", BUSY], ids=["text", "null", "error"])
def test_any_retry_after_is_waited_for_or_passed_over(after: str, body: bytes) -> None:
    with scripted((429, {"retry-after": after}, body), OK) as (url, asked), transport(url) as node:
        assert node.request("getHealth") == "ok"
        assert len(asked) == 2


def test_a_retry_after_far_ahead_is_told() -> None:
    with (
        scripted((429, {"retry-after": "86400"}, BUSY)) as (url, _),
        transport(url, retries=0) as node,
        pytest.raises(RpcError) as caught,
    ):
        node.request("getHealth")
    assert caught.value.retry_after == 86_400


def test_an_answer_of_fifty_megabytes_is_read() -> None:
    body = b'{"jsonrpc":"2.0","id":1,"result":"' + b"x" * 50_000_000 + b'"}'
    with scripted((200, {}, body)) as (url, _), transport(url) as node:
        assert len(node.request("getProgramAccounts")) == 50_000_000


@pytest.mark.parametrize(
    "body",
    [b"[" * 200_000, b'{"jsonrpc":"2.0","id":1,"result":' + b"1" * 4_301 + b"}"],
    ids=["deep", "long number"],
)
def test_what_is_too_deep_or_too_long_to_read_is_no_answer(body: bytes) -> None:
    with (
        scripted((200, {}, body)) as (url, _),
        transport(url, retries=0) as node,
        pytest.raises(TransportError, match="no JSON-RPC answer"),
    ):
        node.request("getHealth")


def test_an_account_of_another_encoding_is_not_taken_for_what_was_asked() -> None:
    account = {"data": ["KLUv", "base64+zstd"], "owner": "1" * 32, "lamports": 1, "executable": False}
    found = {"context": {"slot": 1}, "value": {**account, "rentEpoch": 0}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "result": found}).encode()
    with (
        scripted((200, {}, body)) as (url, _),
        ionet.Client(transport(url)) as client,
        pytest.raises(ionet.IonetError, match=r"getAccountInfo: .*base64\+zstd"),
    ):
        client.account(Pubkey.default())


def test_after_all_attempts_the_error_says_what_happened() -> None:
    with scripted((503, {"retry-after": "0"}, b"")) as (url, asked), transport(url, retries=2) as node:
        with pytest.raises(TransportError, match=r"getHealth: HTTP 503 from http://127\.0\.0\.1") as caught:
            node.request("getHealth")
        assert (caught.value.status, caught.value.attempts, caught.value.retry_after, len(asked)) == (
            503,
            3,
            0.0,
            3,
        )


@pytest.mark.parametrize(
    "trouble",
    [(403, {}, b"no"), (404, {}, b""), (200, {}, b"not json"), (200, {}, b"[]"), (200, {}, b"{}")],
)
def test_what_will_not_get_better_is_not_asked_again(trouble: tuple[int, dict[str, str], bytes]) -> None:
    with scripted(trouble) as (url, asked), transport(url) as node:
        with pytest.raises(TransportError):
            node.request("getHealth")
        assert len(asked) == 1


def test_a_json_rpc_error_is_told_with_code_data_and_method() -> None:
    body = b'{"jsonrpc":"2.0","id":1,"error":{"code":-32002,"message":"no","data":{"err":"X"}}}'
    with scripted((200, {}, body)) as (url, asked), transport(url) as node:
        with pytest.raises(RpcError) as caught:
            node.request("sendTransaction", ["x"])
        assert (caught.value.code, caught.value.data, caught.value.method) == (
            -32002,
            {"err": "X"},
            "sendTransaction",
        )
        assert len(asked) == 1


@pytest.mark.parametrize("method", ["requestAirdrop", "surfnet_setAccount"])
def test_what_does_something_each_time_is_asked_once(method: str) -> None:
    with scripted((503, {}, b""), OK) as (url, asked), transport(url) as node:
        with pytest.raises(TransportError):
            node.request(method)
        assert len(asked) == 1


def test_a_node_that_is_not_there_is_a_transport_error_without_secrets() -> None:
    node = transport("http://user:password@127.0.0.1:9/key?token=secret", retries=1)
    with pytest.raises(TransportError) as caught:
        node.request("getHealth")
    assert caught.value.status is None
    assert caught.value.attempts == 2
    for secret in ("password", "secret", "key"):
        assert secret not in str(caught.value)
        assert secret not in repr(node)


class Hooked:
    """A local network behind HTTP whose answers can be changed on the way."""

    def __init__(self, client: ionet.Client) -> None:
        self.network = client.network
        self.hooks: dict[str, Callable[[Any], Any]] = {}
        self.calls: list[str] = []

    def answer(self, request: Any) -> Any:
        self.calls.append(request["method"])
        hook = self.hooks.get(request["method"])
        if hook is not None:
            found = hook(request)
            if found is not None:
                return {"jsonrpc": "2.0", "id": request["id"], "result": found}
        return self.network.handle(request)


@pytest.fixture
def hooked(bare: ionet.Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Hooked, ionet.Client]]:
    monkeypatch.setattr(sending, "POLL", 0.01)
    monkeypatch.setattr(sending, "REBROADCAST", 0.02)
    hook = Hooked(bare)
    with LocalServer(hook.answer) as server, ionet.connect(server.url, signer=bare.signer) as client:
        yield hook, client


def give(client: ionet.Client, key: Pubkey) -> ionet.Call[None]:
    return client.call(transfer(TransferParams(from_pubkey=client.address, to_pubkey=key, lamports=10**6)))


def test_lost_transactions_are_sent_again_as_the_same_bytes(hooked: tuple[Hooked, ionet.Client]) -> None:
    hook, client = hooked
    seen: list[str] = []

    def lose(request: Any) -> Any:
        seen.append(request["params"][0])
        return "lost" if len(seen) < 3 else None

    hook.hooks["sendTransaction"] = lose
    key = Keypair().pubkey()
    give(client, key).send()
    assert len(seen) == 3
    assert len(set(seen)) == 1
    assert client.balance(key) == SOL("0.001")


def test_a_transaction_that_can_no_longer_land_has_expired(hooked: tuple[Hooked, ionet.Client]) -> None:
    hook, client = hooked

    def lose(request: Any) -> Any:
        hook.network.clock.advance(0, slots=60)
        return "lost"

    hook.hooks["sendTransaction"] = lose
    key = Keypair().pubkey()
    with pytest.raises(ionet.TransactionExpired, match="no longer can") as caught:
        give(client, key).send()
    assert len(caught.value.signature) > 80
    assert client.balance(key) == SOL(0)
    assert hook.calls.count("sendTransaction") == 3


def test_a_transaction_that_landed_at_the_last_moment_has_not_expired(
    hooked: tuple[Hooked, ionet.Client],
) -> None:
    hook, client = hooked
    hidden = {"statuses": True}

    def land_late(request: Any) -> Any:
        answer = hook.network.handle(request)["result"]
        hook.network.clock.advance(0, slots=400)
        return answer

    def hide(request: Any) -> Any:
        if request["params"][1]["searchTransactionHistory"]:
            return None
        return {"context": {"slot": 1}, "value": [None]} if hidden["statuses"] else None

    hook.hooks["sendTransaction"] = land_late
    hook.hooks["getSignatureStatuses"] = hide
    key = Keypair().pubkey()
    give(client, key).send()
    assert client.balance(key) == SOL("0.001")


def test_a_failure_that_landed_is_raised_with_its_signature(hooked: tuple[Hooked, ionet.Client]) -> None:
    hook, client = hooked
    poor = Keypair()
    hook.network.airdrop(poor.pubkey(), 10**7)

    def spend_first(request: Any) -> Any:
        # Between simulation and landing somebody empties the account.
        everything = hook.network.account(poor.pubkey())
        assert everything is not None
        hook.network.set_account(poor.pubkey(), lamports=6000)
        return None

    hook.hooks["sendTransaction"] = spend_first
    call = client.call(
        transfer(
            TransferParams(from_pubkey=poor.pubkey(), to_pubkey=Pubkey.new_unique(), lamports=5_000_000)
        ),
        signers=[poor],
    )
    with pytest.raises(ionet.ProgramError) as caught:
        call.send()
    assert caught.value.landed
    assert caught.value.signature is not None
    assert caught.value.instruction_index == 0


def test_the_status_below_the_wanted_commitment_is_not_enough(hooked: tuple[Hooked, ionet.Client]) -> None:
    hook, client = hooked
    levels = iter(["processed", "processed", "confirmed"])

    def status(request: Any) -> Any:
        if hook.network.transaction(request["params"][0][0]) is None:
            return None
        return {"context": {"slot": 1}, "value": [{"confirmationStatus": next(levels), "err": None}]}

    hook.hooks["getSignatureStatuses"] = status
    give(client, Keypair().pubkey()).send()
    assert next(levels, "used up") == "used up"


def test_the_fee_follows_what_others_lately_paid(hooked: tuple[Hooked, ionet.Client]) -> None:
    hook, client = hooked
    asked: list[list[str]] = []

    def fees(request: Any) -> Any:
        asked.append(request["params"][0])
        return [{"slot": i, "prioritizationFee": 1000 * i} for i in range(1, 101)]

    hook.hooks["getRecentPrioritizationFees"] = fees
    from ionet.chain.fees import priority_fee

    key = Keypair().pubkey()
    call = give(client, key)
    message = call.tx(fees=ionet.FeePolicy(percentile=75, max_price=10**9)).message
    prices = [bytes(one.data) for one in message.instructions if bytes(one.data)[:1] == b"\x03"]
    assert [int.from_bytes(data[1:], "little") for data in prices] == [75_000]
    assert priority_fee(message) > 0
    assert asked[0] == [str(client.address), str(key)]


def test_the_transaction_shown_late_is_waited_for(hooked: tuple[Hooked, ionet.Client]) -> None:
    hook, client = hooked
    late = iter([True, True, False, False])
    hook.hooks["getTransaction"] = lambda request: None if not next(late) else _missing(hook, request)
    assert give(client, Keypair().pubkey()).send().fee == 5000


def _missing(hook: Hooked, request: Any) -> Any:
    """Makes the answer null: the hook's own None means that the network answers."""
    request["params"][0] = str(Keypair().sign_message(b"unknown"))
    return None


# --- answers without bounds, and secrets -----------------------------------------------------------


class Boundless(BaseHTTPRequestHandler):
    """Answers that do not end, by the path they are asked at."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.close_connection = True
        with suppress(OSError):
            getattr(self, self.path.strip("/"))()

    do_GET = do_POST  # noqa: N815

    def _begin(self, **headers: str) -> None:
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def endless(self) -> None:
        self._begin(transfer_encoding="chunked")
        part = b"%x\r\n" % (1 << 20) + b" " * (1 << 20) + b"\r\n"
        while True:
            self.wfile.write(part)

    def bomb(self) -> None:
        packed = gzip.compress(bytes(8 << 20))
        self._begin(content_encoding="gzip", content_length=str(len(packed)))
        self.wfile.write(packed)

    def nested(self) -> None:
        packed = gzip.compress(gzip.compress(bytes(8 << 20)))
        self._begin(content_encoding="gzip, gzip", content_length=str(len(packed)))
        self.wfile.write(packed)

    def cut(self) -> None:
        packed = gzip.compress(OK[2])[:-12]
        self._begin(content_encoding="gzip", content_length=str(len(packed)))
        self.wfile.write(packed)

    def drip(self) -> None:
        self._begin(transfer_encoding="chunked")
        while True:
            self.wfile.write(b"1\r\n \r\n")
            time.sleep(0.02)

    def drip_head(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            self.wfile.write(b"x")
            time.sleep(0.02)

    def packed(self) -> None:
        body = gzip.compress(OK[2])
        self._begin(content_encoding="gzip", content_length=str(len(body)))
        self.wfile.write(body)


@pytest.fixture(scope="module")
def boundless() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Boundless) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


#: What is said of each, and whether it is asked again.
BOUNDLESS: Final = {
    "endless": ("the answer of {url} is larger than 4 MiB", 1),
    "bomb": ("the answer of {url} is larger than 4 MiB", 1),
    "nested": ("no answer from {url}: its encoding is not the one that was asked for", 2),
    "cut": ("no answer from {url}: its end is missing", 2),
    "drip": ("no whole answer from {url} within 0.3 seconds", 2),
    "drip_head": ("no whole answer from {url} within 0.3 seconds", 2),
}


@pytest.mark.parametrize("kind", BOUNDLESS)
async def test_an_answer_has_an_end_in_time_and_size(boundless: str, kind: str) -> None:
    said, attempts = BOUNDLESS[kind]
    more: dict[str, Any] = {"retries": 1, "backoff": 0.001, "timeout": 0.3, "largest": 4 << 20}
    asking = HttpTransport(f"{boundless}/{kind}", **more), AsyncHttpTransport(f"{boundless}/{kind}", **more)
    for node in asking:
        began = time.monotonic()
        with pytest.raises(TransportError) as caught:
            await (
                asyncio.to_thread(node.request, "getHealth")
                if isinstance(node, HttpTransport)
                else node.request("getHealth")
            )
        assert time.monotonic() - began < 30
        assert str(caught.value) == "getHealth: " + said.format(url=boundless)
        assert (caught.value.attempts, caught.value.reached) == (attempts, True)
    asking[0].close()
    await asking[1].aclose()


@pytest.mark.parametrize("kind", BOUNDLESS)
def test_what_is_fetched_elsewhere_has_an_end_too(boundless: str, kind: str, tmp_path: Path) -> None:
    with (
        Bounds.keep(httpx.Client()) as client,
        pytest.raises((TooLarge, TimeoutError, httpx.DecodingError)) as caught,
        download(client, f"{boundless}/{kind}", seconds=0.3, most=4 << 20) as (_, parts),
        (tmp_path / "file").open("wb") as file,
    ):
        file.writelines(parts)
    assert isinstance(caught.value, TooLarge) == (kind in ("endless", "bomb"))
    assert isinstance(caught.value, TimeoutError) == kind.startswith("drip")


def test_what_is_packed_as_asked_is_unpacked(boundless: str) -> None:
    with transport(f"{boundless}/packed") as node:
        assert node.request("getHealth") == "ok"


def test_by_default_64_mebibytes_are_read() -> None:
    body = b'{"result": "' + b"x" * (64 << 20) + b'"}'
    with (
        scripted((200, {}, body)) as (url, _),
        transport(url) as node,
        pytest.raises(TransportError, match="larger than 64 MiB"),
    ):
        node.request("getHealth")
    with scripted((200, {}, body)) as (url, _), transport(url, largest=65 << 20) as node:
        assert len(node.request("getHealth")) == 64 << 20


def test_an_error_of_megabytes_is_told_in_short() -> None:
    body = json.dumps({"error": {"code": 1, "message": "B" * 5_000_000}}).encode()
    with scripted((200, {}, body)) as (url, _), transport(url) as node:
        with pytest.raises(RpcError) as caught:
            node.request("getHealth")
        assert len(str(caught.value)) < 2_500


def test_an_answer_that_leads_elsewhere_is_not_followed() -> None:
    with scripted(OK) as (there, reached), scripted((307, {"location": there}, b"")) as (url, _):
        with (
            transport(url, headers={"x-key": "apikey"}) as node,
            pytest.raises(TransportError, match="HTTP 307"),
        ):
            node.request("getHealth")
        assert not reached


@pytest.mark.parametrize("asked", ["1000000000", "Fri, 31 Dec 9999 23:59:59 GMT", "1e999"])
def test_no_node_has_a_client_wait_for_longer_than_half_a_minute(
    asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("ionet.chain.rpc._sync.http.time.sleep", waits.append)
    with (
        scripted((429, {"retry-after": asked}, b"")) as (url, _),
        transport(url, retries=2) as node,
        pytest.raises(TransportError, match="HTTP 429"),
    ):
        node.request("getHealth")
    assert len(waits) == 2
    assert max(waits) <= 30


@pytest.mark.parametrize("number", ["-5", "1e999", "NaN", "1.5", "true", '"5"', "18446744073709551616"])
def test_a_number_that_none_can_be_is_no_answer(number: str) -> None:
    body = b'{"result":{"context":{"slot":1},"value":%b}}' % number.encode()
    with scripted((200, {}, body)) as (url, _), ionet.connect(url) as client:
        with pytest.raises(TransportError, match="getBalance: the node's answer cannot be read"):
            client.balance(Pubkey.default())
        with pytest.raises(TransportError, match="the node's answer cannot be read"):
            client.slot()


@pytest.mark.parametrize("shown", ["5", "[]", '{"meta": 5}', '{"meta": {"err": null}, "transaction": 5}'])
def test_a_transaction_of_another_shape_is_no_answer(shown: str) -> None:
    body = b'{"result": %b}' % shown.encode()
    with (
        scripted((200, {}, body)) as (url, _),
        ionet.connect(url) as client,
        pytest.raises(TransportError, match="getTransaction: the node's answer cannot be read"),
    ):
        client.transaction("1" * 64)


SECRETS: Final = ("s3cret", "apikey", "tok456")


async def test_no_log_names_a_nodes_secrets(bare: ionet.Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with bare.network.serve() as server:
        ends = [
            (url or "").replace("//", "//user:s3cret@") + "/apikey?token=tok456"
            for url in (server.url, server.ws_url)
        ]
        headers = {"x-key": "apikey"}
        with HttpTransport(ends[0], websocket=ends[1], headers=headers) as node:
            node.request("getHealth")
            await asyncio.to_thread(lambda: Sockets.open(node, 2).close())
        there = AsyncHttpTransport(ends[0], websocket=ends[1], headers=headers)
        await there.request("getHealth")
        await (await AsyncSockets.open(there, 2)).aclose()
        await there.aclose()
    lines = [record.getMessage() for record in caplog.records]
    assert any("HTTP Request: POST http://127.0.0.1" in line for line in lines)
    assert not [line for line in lines for secret in SECRETS if secret in line]


def test_the_log_of_other_requests_is_as_it_was(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The port may be that of an earlier test's node.
    monkeypatch.setattr(urls, "_KEPT", set())
    caplog.set_level(logging.INFO)
    with scripted(OK) as (url, _):
        httpx.post(f"{url}/path", content=b"")
        assert f"{url}/path" in caplog.text


@pytest.mark.parametrize("url", ["http://user:s3cret@[::1/apikey", "http://user:s3/cret@host/apikey"])
def test_what_is_no_url_is_refused_without_its_secrets(url: str) -> None:
    for ask in (lambda: ionet.connect(url), lambda: HttpTransport(url, retries=0).request("getHealth")):
        with pytest.raises(ionet.IonetError) as caught:
            ask()
        assert caught.value.__cause__ is None
        assert not {part for part in ("s3", "cret", "apikey") if part in str(caught.value)}
    with pytest.raises(ionet.ConfigError, match=r"^this is not a cluster") as refused:
        ionet.connect("ws://user:s3cret@host")
    assert "s3cret" not in str(refused.value)


async def test_a_websocket_that_leads_elsewhere_is_not_followed() -> None:
    reached: list[Any] = []
    there = serve(reached.append, "127.0.0.1", 0)
    place = f"ws://127.0.0.1:{there.socket.getsockname()[1]}"

    def lead(connection: ServerConnection, request: Any) -> Any:
        answer = connection.respond(302, "")
        answer.headers["Location"] = place
        return answer

    here = serve(lambda connection: None, "127.0.0.1", 0, process_request=lead)
    for server in (here, there):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"ws://127.0.0.1:{here.socket.getsockname()[1]}"
    node = HttpTransport("http://127.0.0.1:9", websocket=url, headers={"x-key": "apikey"})
    with pytest.raises(SocketClosed):
        await asyncio.to_thread(Sockets.open, node, 2)
    with pytest.raises(SocketClosed):
        await AsyncSockets.open(node, 2)
    for server in (here, there):
        server.shutdown()
    assert not reached

"""The local network's websockets and HTTP, as clients in other languages meet them: in raw JSON."""

from __future__ import annotations

import json
import os
import random
import socket
import time
from base64 import b64decode
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
from solana.rpc.commitment import Confirmed
from solana.rpc.websocket_api import SolanaWsClient
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import TransferParams, transfer
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

import ionet
from ionet import SOL, Client, accounts
from ionet.chain.rpc import pubsub
from ionet.chain.rpc.methods import _METHODS
from ionet.chain.rpc.server import LocalServer
from ionet.chain.rpc.sockets import websocket_url

SYSTEM: Final = "1" * 32
NODE: Final = accounts.staking.Node


@pytest.fixture
def server(bare: Client) -> Iterator[LocalServer]:
    with bare.network.serve() as server:
        yield server


@pytest.fixture
def raw(server: LocalServer) -> Iterator[Raw]:
    assert server.ws_url is not None
    with connect(server.ws_url) as connection:
        yield Raw(connection)


class Raw:
    """A client that knows nothing but JSON."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self._number = 0
        self._early: list[Any] = []

    def ask(self, method: str, *params: Any) -> Any:
        """The response to a request."""
        self._number += 1
        request = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": list(params)}
        self.connection.send(json.dumps(request))
        while (message := json.loads(self.connection.recv(timeout=20))).get("id") != self._number:
            self._early.append(message)
        return message

    def told(self) -> Any:
        """The next notification."""
        return self._early.pop(0) if self._early else json.loads(self.connection.recv(timeout=20))

    def silent(self) -> bool:
        try:
            self._early.append(json.loads(self.connection.recv(timeout=0.15)))
        except TimeoutError:
            return not self._early
        return False


def pay(client: Client, to: Pubkey, lamports: int = 10**9) -> Any:
    move = TransferParams(from_pubkey=client.address, to_pubkey=to, lamports=lamports)
    return client.send(transfer(move))


# --- subscriptions --------------------------------------------------------------------------------


def test_websockets_are_on_the_next_port(server: LocalServer) -> None:
    assert server.ws_url == websocket_url(server.url)


def both_free(port: int) -> bool:
    try:
        with socket.create_server(("127.0.0.1", port)), socket.create_server(("127.0.0.1", port + 1)):
            return True
    except OSError:
        return False


def test_a_taken_port_is_an_error_and_leaves_none_open(bare: Client) -> None:
    # Outside the range that systems give ports from, where a neighbour may be anybody's at any moment.
    port = next(port for port in range(20_001 + os.getpid() % 10_000, 32_000, 2) if both_free(port - 1))
    with socket.create_server(("127.0.0.1", port)), pytest.raises(OSError, match="in use"):
        bare.network.serve(port - 1)
    with bare.network.serve(port - 1) as server:
        assert server.url.endswith(f":{port - 1}")


@pytest.mark.parametrize("commitment", ["processed", "confirmed", "finalized"])
def test_an_account_is_announced_as_a_node_writes_it(bare: Client, raw: Raw, commitment: str) -> None:
    key = Keypair().pubkey()
    config = {"encoding": "base64", "commitment": commitment}
    number = raw.ask("accountSubscribe", str(key), config)["result"]
    sent = pay(bare, key)
    assert raw.told() == {
        "jsonrpc": "2.0",
        "method": "accountNotification",
        "params": {
            "result": {
                "context": {"slot": sent.slot},
                "value": {
                    "lamports": 10**9,
                    "data": ["", "base64"],
                    "owner": SYSTEM,
                    "executable": False,
                    "rentEpoch": 2**64 - 1,
                    "space": 0,
                },
            },
            "subscription": number,
        },
    }
    assert raw.ask("accountUnsubscribe", number)["result"] is True
    pay(bare, key)
    assert raw.silent()
    assert raw.ask("accountUnsubscribe", number)["error"] == {
        "code": -32602,
        "message": "Invalid subscription id.",
    }


def test_data_comes_in_every_encoding_and_in_slices(bare: Client, raw: Raw) -> None:
    import zstandard

    key, data = Keypair().pubkey(), bytes(range(200)) * 3
    part = {"offset": 10, "length": 100}
    for config in (
        {},
        {"encoding": "base58"},
        {"encoding": "base58", "dataSlice": part},
        {"encoding": "base64"},
        {"encoding": "base64+zstd"},
        {"encoding": "base64+zstd", "dataSlice": part},
        {"encoding": "jsonParsed"},
    ):
        raw.ask("accountSubscribe", str(key), config)
    bare.network.set_account(key, data=data)
    seen = [raw.told()["params"]["result"]["value"]["data"] for _ in range(7)]
    assert seen[:2] == [pubsub._TOO_LARGE, [pubsub._TOO_LARGE, "base58"]]
    assert ionet.chain.base58.b58decode(seen[2][0]) == data[10:110]
    assert b64decode(seen[3][0]) == b64decode(seen[6][0]) == data
    assert zstandard.ZstdDecompressor().decompress(b64decode(seen[4][0])) == data
    assert zstandard.ZstdDecompressor().decompress(b64decode(seen[5][0])) == data[10:110]
    assert {one[1] for one in seen[4:6]} == {"base64+zstd"}


def test_http_answers_in_zstd(bare: Client, server: LocalServer) -> None:
    import zstandard

    key = Keypair().pubkey()
    bare.network.set_account(key, data=bytes(5_000))
    with ionet.connect(server.url) as client:
        found = client.request("getAccountInfo", str(key), {"encoding": "base64+zstd"})["value"]
    text, encoding = found["data"]
    assert encoding == "base64+zstd"
    assert len(text) < 100
    assert zstandard.ZstdDecompressor().decompress(b64decode(text)) == bytes(5_000)


def test_accounts_of_a_program_are_announced_by_filter(bare: Client, raw: Raw) -> None:
    program, key = Keypair().pubkey(), Keypair().pubkey()
    filters = [{"dataSize": 4}, {"memcmp": {"offset": 1, "bytes": "AQI=", "encoding": "base64"}}]
    config = {"encoding": "base64", "filters": filters}
    number = raw.ask("programSubscribe", str(program), config)["result"]
    for data in (b"\0\1\2\3", b"\0\1\2", b"\0\2\1\3"):
        bare.network.set_account(key, data=data, owner=program)
    told = raw.told()
    assert told["method"] == "programNotification"
    assert told["params"]["subscription"] == number
    assert told["params"]["result"]["value"]["pubkey"] == str(key)
    assert told["params"]["result"]["value"]["account"]["data"] == ["AAECAw==", "base64"]
    assert raw.silent()


def test_logs_are_announced_of_all_or_of_who_is_mentioned(bare: Client, raw: Raw) -> None:
    key = Keypair().pubkey()
    numbers = [
        raw.ask("logsSubscribe", which, {"commitment": "confirmed"})["result"]
        for which in ("all", "allWithVotes", {"mentions": [str(key)]})
    ]
    sent = pay(bare, key)
    told = [raw.told() for _ in numbers]
    assert {one["params"]["subscription"] for one in told} == set(numbers)
    value = {"signature": sent.signature, "err": None, "logs": list(sent.logs)}
    assert all(one["params"]["result"] == {"context": {"slot": sent.slot}, "value": value} for one in told)
    pay(bare, Keypair().pubkey())
    assert {raw.told()["params"]["subscription"] for _ in range(2)} == set(numbers[:2])
    assert raw.silent()
    assert "Only 1 address" in raw.ask("logsSubscribe", {"mentions": [str(key)] * 2})["error"]["message"]


def test_a_failed_transaction_is_announced_with_its_error_and_writes_only_its_payer(
    bare: Client, raw: Raw
) -> None:
    key, poor = Keypair().pubkey(), Keypair()
    bare.airdrop(poor.pubkey(), SOL(1))
    raw.ask("accountSubscribe", str(key), {"encoding": "base64"})
    raw.ask("accountSubscribe", str(poor.pubkey()), {"encoding": "base64"})
    raw.ask("logsSubscribe", "all")
    from solders.message import MessageV0
    from solders.transaction import VersionedTransaction

    move = TransferParams(from_pubkey=poor.pubkey(), to_pubkey=key, lamports=10**12)
    latest = bare.network.latest_blockhash
    message = MessageV0.try_compile(poor.pubkey(), [transfer(move)], [], latest)
    bare.network.submit(VersionedTransaction(message, [poor]))
    told = [raw.told(), raw.told()]
    assert [one["method"] for one in told] == ["accountNotification", "logsNotification"]
    assert told[0]["params"]["result"]["value"]["lamports"] == 10**9 - 5_000
    assert told[1]["params"]["result"]["value"]["err"] == {"InstructionError": [0, {"Custom": 1}]}
    assert raw.silent()


def test_a_signature_is_announced_once_and_at_once_if_it_has_landed(bare: Client, raw: Raw) -> None:
    key = Keypair().pubkey()
    move = TransferParams(from_pubkey=bare.address, to_pubkey=key, lamports=10**9)
    transaction = bare.call(transfer(move)).tx()
    signature = str(transaction.signatures[0])
    number = raw.ask("signatureSubscribe", signature, {"commitment": "finalized"})["result"]
    assert raw.silent()
    record = bare.network.submit(transaction)
    told = raw.told()
    assert told["method"] == "signatureNotification"
    assert told["params"] == {
        "result": {"context": {"slot": record.slot}, "value": {"err": None}},
        "subscription": number,
    }
    assert raw.ask("signatureUnsubscribe", number)["error"]["code"] == -32602
    again = raw.ask("signatureSubscribe", signature, {"enableReceivedNotification": True})["result"]
    values = [raw.told()["params"] for _ in range(2)]
    assert [one["result"]["value"] for one in values] == ["receivedSignature", {"err": None}]
    assert {one["subscription"] for one in values} == {again}


def test_slots_and_roots_are_announced(bare: Client, raw: Raw) -> None:
    slots, roots = raw.ask("slotSubscribe")["result"], raw.ask("rootSubscribe")["result"]
    now = bare.network.clock.slot
    assert raw.told()["params"]["result"] == {"slot": now, "parent": now - 1, "root": now - 1}
    bare.network.clock.advance(0, slots=1)
    told = {one["params"]["subscription"]: one["params"]["result"] for one in (raw.told(), raw.told())}
    assert told == {slots: {"slot": now + 1, "parent": now, "root": now}, roots: now}


@pytest.mark.parametrize(("messages", "size"), [(50, 1 << 40), (1 << 40, 20 << 20)])
def test_a_reader_that_takes_nothing_is_cut_off(
    bare: Client, server: LocalServer, monkeypatch: pytest.MonkeyPatch, messages: int, size: int
) -> None:
    monkeypatch.setattr(pubsub, "QUEUE_LIMIT", messages)
    monkeypatch.setattr(pubsub, "BYTES_LIMIT", size)
    assert server.ws_url is not None
    key = Keypair().pubkey()
    with connect(server.ws_url, max_queue=1, max_size=None, close_timeout=0.1) as connection:
        Raw(connection).ask("accountSubscribe", str(key), {"encoding": "base64"})
        for number in range(150):
            bare.network.set_account(key, data=bytes([number]) * 1_000_000)
        deadline = time.monotonic() + 5
        while bare.network._observer.topics and time.monotonic() < deadline:  # type: ignore[union-attr]
            time.sleep(0.01)
        assert not bare.network._observer.topics  # type: ignore[union-attr]
        read = 0
        try:
            while read < 200:
                connection.recv(timeout=20)
                read += 1
        except ConnectionClosed:
            pass
        assert read < 150


def test_who_leaves_leaves_no_subscription(bare: Client, server: LocalServer) -> None:
    assert server.ws_url is not None
    with connect(server.ws_url) as connection:
        Raw(connection).ask("slotSubscribe")
        assert bare.network._observer.topics  # type: ignore[union-attr]
    deadline = time.monotonic() + 2
    while bare.network._observer.topics and time.monotonic() < deadline:  # type: ignore[union-attr]
        time.sleep(0.01)
    assert not bare.network._observer.topics  # type: ignore[union-attr]


async def test_the_client_of_solana_py_subscribes(bare: Client, server: LocalServer) -> None:
    assert server.ws_url is not None
    key = Keypair().pubkey()
    async with SolanaWsClient(server.ws_url) as client:
        account = await client.account_subscribe(pubkey=key, commitment=Confirmed, encoding="base64")
        logs = await client.logs_subscribe()
        slots = await client.slot_subscribe()
        sent = pay(bare, key)
        await client.signature_subscribe(signature=Signature.from_string(sent.signature))
        seen = [await client.recv() for _ in range(5)]
        kinds = [type(one).__name__ for one in seen]
        assert kinds == [
            "SlotNotification",
            "AccountNotification",
            "LogsNotification",
            "SlotNotification",
            "SignatureNotification",
        ]
        told: Any = seen[1]
        assert told.result.value.lamports == 10**9
        assert told.result.context.slot == sent.slot
        for one in (account, logs, slots):
            await client.unsubscribe(one)


# --- what is not as it should be ------------------------------------------------------------------

DEEP: Final = "[" * 100_000
LONG: Final = "9" * 4_300
LONGER: Final = "9" * 50_000
#: JSON of every kind, as it stands in a request.
WRONG: Final = (
    "null",
    "true",
    "-1",
    "1.5",
    str(2**64),
    LONG,
    LONGER,
    f"-{LONG}",
    "1e400",
    '""',
    '"\\u0000"',
    '"\\ud800"',
    '"' + "1" * 10_000 + '"',
    "[]",
    "[[[[[[]]]]]]",
    "[null]",
    "[1, true, {}]",
    "{}",
    '{"encoding": 3}',
    '{"encoding": "base65"}',
    '{"commitment": []}',
    '{"commitment": "sure"}',
    '{"dataSlice": {}}',
    '{"dataSlice": {"offset": -1, "length": 1e3}}',
    '{"dataSlice": 7}',
    '{"filters": 7}',
    '{"filters": [{"memcmp": {"offset": 0, "bytes": {"a": 1}}}]}',
    '{"filters": [{"memcmp": {"offset": 0, "bytes": [1000]}}]}',
    '{"limit": "many"}',
    '{"minContextSlot": "late"}',
    '{"mentions": 3}',
    '{"mint": 4}',
    '{"accounts": {"addresses": 5}}',
    '{"accounts": 6, "encoding": "base64"}',
    '{"lamports": -1, "data": 5}',
    '{"absoluteTimestamp": 1e300}',
    '{"absoluteSlot": 99999999999999999999}',
)
#: Codes of refusals; a malformed request is never the node's own fault.
REFUSALS: Final = {-32602, -32600, -32601, -32002, -32003, -32004, -32015, -32016}


def test_no_method_drops_the_connection_whatever_its_parameters(server: LocalServer) -> None:
    source = random.Random(2)
    values: tuple[Any, ...] = (SYSTEM, [SYSTEM], "AQ==", str(Keypair().pubkey()), {})
    good = [json.dumps(one) for one in values]
    refused = 0
    with httpx.Client() as client:
        for method in sorted(_METHODS):
            tried = [[one] for one in WRONG] + [[source.choice(good), one] for one in WRONG]
            tried += [[source.choice(WRONG) for _ in range(3)] for _ in range(10)]
            for params in tried:
                body = f'{{"jsonrpc":"2.0","id":7,"method":"{method}","params":[{",".join(params)}]}}'
                response = client.post(server.url, content=body)
                assert response.status_code == 200
                answer = response.json()
                assert answer["id"] == 7
                if "error" in answer:
                    refused += 1
                    assert answer["error"]["code"] in REFUSALS, (method, params, answer)
                    assert len(answer["error"]["message"]) > 10
    assert refused > 1_000


@pytest.mark.parametrize("params", ["{}", '{"address": 1}', "3", '"text"', "true", LONG])
def test_parameters_that_are_no_sequence_are_refused(server: LocalServer, params: str) -> None:
    body = f'{{"jsonrpc":"2.0","id":1,"method":"getBalance","params":{params}}}'
    error = httpx.post(server.url, content=body).json()["error"]
    assert error["code"] == -32602
    assert "expected a sequence" in error["message"]


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("getBalance", "[3]"),
        ("getBlockTime", '["soon"]'),
        ("getBlockTime", f"[{LONG}]"),
        ("getMinimumBalanceForRentExemption", "[-1]"),
        ("getMinimumBalanceForRentExemption", f"[{2**64}]"),
        ("getMultipleAccounts", '["text"]'),
        ("getMultipleAccounts", "[[1]]"),
        ("getSignatureStatuses", "[[{}]]"),
        ("getAccountInfo", f'["{SYSTEM}", {{"encoding": 3}}]'),
        ("getAccountInfo", f'["{SYSTEM}", {{"commitment": "recent"}}]'),
        ("getProgramAccounts", f'["{SYSTEM}", {{"filters": [{{"memcmp": 3}}]}}]'),
        ("requestAirdrop", f'["{SYSTEM}", {LONG}]'),
        ("requestAirdrop", f'["{SYSTEM}", true]'),
    ],
)
def test_wrong_types_are_invalid_parameters(server: LocalServer, method: str, params: str) -> None:
    body = f'{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}'
    assert httpx.post(server.url, content=body).json()["error"]["code"] == -32602


@pytest.mark.parametrize("body", [DEEP, "", "nonsense", '{"id": NaN}', "\ud800".encode("utf-8", "replace")])
def test_what_is_no_json_is_answered_too(server: LocalServer, body: str | bytes) -> None:
    with httpx.Client() as client:
        for _ in range(2):
            assert client.post(server.url, content=body).json()["error"]["code"] == -32700


@pytest.mark.parametrize("length", ["-1", "many", "1" * 5_000, "²"])
def test_lengths_that_are_none_are_refused(server: LocalServer, length: str) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=2) as connection:
        head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(100).split()[1] in {b"400", b"413"}


def test_a_batch_in_a_batch_is_no_request(bare: Client) -> None:
    assert (
        bare.network.handle([[{"jsonrpc": "2.0", "id": 1, "method": "getHealth"}]])[0]["error"]["code"]
        == -32600
    )


def test_a_slot_that_is_not_reached_is_named(bare: Client) -> None:
    slot = bare.network.clock.slot
    config = {"minContextSlot": slot + 1}
    with pytest.raises(ionet.RpcError) as caught:
        bare.request("getBalance", SYSTEM, config)
    assert (caught.value.code, caught.value.data) == (-32016, {"contextSlot": slot})
    bare.network.clock.advance(0, slots=1)
    bare.request("getBalance", SYSTEM, config)


@pytest.mark.parametrize("text", [DEEP, "nonsense", "3", '"text"', "{}", "[]", '{"method": 3}', "[{}, 3]"])
def test_websockets_survive_what_is_no_request(raw: Raw, text: str) -> None:
    raw.connection.send(text)
    answer = json.loads(raw.connection.recv(timeout=20))
    for one in answer if isinstance(answer, list) else [answer]:
        assert one["error"]["code"] in {-32700, -32600}
    assert "result" in raw.ask("slotSubscribe")


def test_websockets_refuse_parameters_of_every_wrong_kind(raw: Raw) -> None:
    codes = set()
    for method in sorted(pubsub._METHODS):
        for wrong in WRONG:
            for before in ("", f'"{SYSTEM}", '):
                body = f'{{"jsonrpc":"2.0","id":"x","method":"{method}","params":[{before}{wrong}]}}'
                raw.connection.send(body)
                while (answer := json.loads(raw.connection.recv(timeout=20))).get("id") != "x":
                    pass
                if "error" in answer:
                    codes.add(answer["error"]["code"])
                elif method.endswith("Subscribe"):
                    undone = raw.ask(method.replace("Subscribe", "Unsubscribe"), answer["result"])
                    assert undone["result"] is True
    assert codes <= {-32602, -32600}


# --- browsers and addresses -------------------------------------------------------------------------


def test_a_browser_may_ask(server: LocalServer) -> None:
    asked = {
        "origin": "https://example.com",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type, solana-client",
    }
    answer = httpx.options(server.url, headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-headers"] == "content-type, solana-client"
    body = {"jsonrpc": "2.0", "id": 1, "method": "getHealth"}
    for path in ("", "/somewhere"):
        answer = httpx.post(server.url + path, json=body, headers={"origin": "https://example.com"})
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.json()["result"] == "ok"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8899", "ws://127.0.0.1:8900"),
        ("https://api.devnet.solana.com", "wss://api.devnet.solana.com"),
        ("http://api.devnet.solana.com/", "ws://api.devnet.solana.com/"),
        ("https://node.example:8443/path?key=1", "wss://node.example:8444/path?key=1"),
        ("https://node.example:443/", "wss://node.example/"),
        ("http://node.example:80", "ws://node.example"),
        ("http://user:word@[::1]:8899/x", "ws://user:word@[::1]:8900/x"),
        ("http://node.example:65535", None),
        ("http://node.example:99999", None),
        ("ftp://node.example", None),
        ("nothing", None),
    ],
)
def test_websockets_are_where_the_solana_command_expects_them(url: str, expected: str | None) -> None:
    assert websocket_url(url) == expected


def test_a_websocket_elsewhere_can_be_named() -> None:
    with ionet.connect("http://127.0.0.1:8899", websocket="wss://elsewhere.example/") as client:
        assert client.transport.websocket == "wss://elsewhere.example/"  # type: ignore[attr-defined]

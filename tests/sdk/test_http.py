"""HTTP: retries, typed errors, and the send loop when the network misbehaves; with real sockets."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

import ionet
from ionet import SOL, HttpTransport, RpcError, TransportError
from ionet.chain._sync import send as sending
from ionet.chain.rpc.server import LocalServer

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

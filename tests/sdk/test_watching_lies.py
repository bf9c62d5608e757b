"""Watches of a node that says what is not so: it hides nothing, and nothing ends in a traceback."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from ionet import (
    AsyncClient,
    AsyncHttpTransport,
    Client,
    HttpTransport,
    TransportError,
    WatchSettings,
    accounts,
)

# What a node says is timed to fractions of a second.
pytestmark = pytest.mark.alone

ADDRESS: Final = Keypair().pubkey()
NODE: Final = accounts.staking.Node
#: Nothing is read again unless there is a reason.
PATIENT: Final = WatchSettings(
    silence=60.0, poll=0.1, refresh=60.0, backoff=0.01, longest=0.1, opening=1.0, spacing=0.0, patience=5.0
)
FAR: Final = 10**18


def account(lamports: Any, **other: Any) -> dict[str, Any]:
    plain = {"data": ["", "base64"], "owner": str(Pubkey.default()), "executable": False, "rentEpoch": 0}
    return {"lamports": lamports, **plain, **other}


@dataclass
class Said:
    """What a node says.

    Attributes:
        slot: of what it answers over HTTP.
        account: what it answers.
        confirms: what it sends for a subscription, by its running number; default: as nodes do.
        announces: what it sends after that, with the numbers 70 (account) and 71 (slot); numbers are pauses.
        connections: how many websockets there were.
    """

    slot: Any = 100
    account: Any = field(default_factory=lambda: account(5))
    confirms: Callable[[int], Any] = lambda number: {"id": number, "result": 70 + number}
    announces: list[Any] = field(default_factory=list)
    connections: int = 0
    asked: list[str] = field(default_factory=list)

    def answer(self, body: Any) -> Any:
        self.asked.append(body["method"])
        context = {"context": {"slot": self.slot}}
        match body["method"]:
            case "getSlot":
                return self.slot
            case "getAccountInfo":
                return {**context, "value": self.account}
            case "getMultipleAccounts":
                return {**context, "value": [self.account for _ in body["params"][0]]}
            case "getProgramAccounts":
                return {**context, "value": [{"pubkey": str(ADDRESS), "account": self.account}]}
        raise AssertionError(body)

    def talk(self, connection: ServerConnection) -> None:
        self.connections += 1
        try:
            for number in range(2):
                connection.recv()
                connection.send(json.dumps(self.confirms(number)))
            for one in self.announces:
                if isinstance(one, float):
                    time.sleep(one)
                else:
                    connection.send(one if isinstance(one, str) else json.dumps(one))
            for _ in connection:
                pass
        except ConnectionClosed:
            pass


def news(lamports: Any, slot: Any, number: Any = 70, **other: Any) -> dict[str, Any]:
    result = {"context": {"slot": slot}, "value": account(lamports, **other)}
    return {"method": "accountNotification", "params": {"result": result, "subscription": number}}


def slot(number: Any) -> dict[str, Any]:
    return {"method": "slotNotification", "params": {"result": {"slot": number}, "subscription": 71}}


@pytest.fixture
def node() -> Iterator[tuple[Said, Client]]:
    said = Said()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            content = json.dumps({"id": body["id"], "result": said.answer(body)}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    websocket = serve(said.talk, "127.0.0.1", 0)
    for serving in (lambda: http.serve_forever(poll_interval=0.02), websocket.serve_forever):
        threading.Thread(target=serving, daemon=True).start()
    url = f"ws://127.0.0.1:{websocket.socket.getsockname()[1]}"
    with Client(HttpTransport(f"http://127.0.0.1:{http.server_port}", websocket=url, retries=0)) as client:
        yield said, client
    websocket.shutdown()
    http.shutdown()
    http.server_close()


def told(
    client: Client, count: int, settings: WatchSettings = PATIENT, meanwhile: Any = None, rest: float = 0.1
) -> list[Any]:
    """Slots and lamports that a watch tells until there are so many, and a moment longer."""
    found: list[Any] = []
    over = time.monotonic() + 10
    with client.watch_account(ADDRESS, settings=settings) as watch:
        if meanwhile is not None:
            meanwhile()
        while (
            one := watch.next(max(over - time.monotonic(), 0) if len(found) < count else rest)
        ) is not None:
            found.append((one.slot, one.account and one.account.lamports))
    return found


def test_what_an_honest_node_says_is_told(node: tuple[Said, Client]) -> None:
    said, client = node
    said.announces = [slot(100), news(6, 101), slot(102)]
    assert told(client, 2) == [(100, 5), (101, 6)]


@pytest.mark.parametrize("number", [12_345, 71, True, None, "70", [70]])
def test_what_is_announced_to_another_subscription_is_not_told(
    node: tuple[Said, Client], number: Any
) -> None:
    said, client = node
    said.announces = [slot(100), news(999, 101, number), news(6, 102)]
    assert told(client, 2) == [(100, 5), (102, 6)]


def test_a_slot_far_ahead_hides_no_later_state(node: tuple[Said, Client]) -> None:
    said, client = node
    said.announces = [slot(100), news(999, FAR), 0.05, news(7, 102)]
    assert told(client, 2) == [(100, 5), (102, 7)]


def test_what_is_read_from_a_slot_far_ahead_of_the_nodes_own_is_not_told(node: tuple[Said, Client]) -> None:
    said, client = node
    client.watch_account(ADDRESS, settings=PATIENT).begin()
    true = said.answer

    def answer(body: Any) -> Any:
        return 100 if body["method"] == "getSlot" else true(body)

    said.answer, said.slot = answer, FAR  # type: ignore[method-assign]
    with pytest.raises(TransportError, match=r"says that it is in slot 100"):
        client.watch_account(ADDRESS, settings=PATIENT).begin()


def test_a_slot_announced_far_ahead_is_not_waited_for(node: tuple[Said, Client]) -> None:
    said, client = node
    said.announces = [slot(FAR), slot(100), news(6, 101)]
    assert told(client, 2) == [(100, 5), (101, 6)]
    # It asks and reads a few times, and not without end.
    assert len(said.asked) < 12


def test_a_chain_that_has_moved_far_is_followed(node: tuple[Said, Client]) -> None:
    said, client = node
    said.announces = [slot(100), 0.1, slot(50_000), news(6, 50_000)]

    def move() -> None:
        said.slot, said.account = 50_000, account(6)

    assert told(client, 2, meanwhile=move)[-1] == (50_000, 6)


def test_of_two_states_of_a_slot_the_node_is_asked(node: tuple[Said, Client]) -> None:
    said, client = node
    said.announces = [slot(100), news(6, 101), news(7, 101)]

    def move() -> None:
        said.slot, said.account = 102, account(7)

    assert told(client, 3, meanwhile=move) == [(100, 5), (101, 6), (102, 7)]


@pytest.mark.parametrize(
    "unreadable",
    [
        news(-1, 101),
        news(1 << 64, 101),
        news(1.5, 101),
        news(True, 101),
        json.dumps(news(7, 101)).replace("7", "1e999", 1),
        json.dumps(slot(7)).replace("7", "1e999", 1),
        json.dumps(slot(7)).replace('"slot": 7', '"slot": NaN'),
        news(7, -1),
        news(7, "101"),
        news(7, 101, data=["!!", "base64"]),
        news(7, 101, data=["QQ==\n", "base64"]),
        news(7, 101, data=[b64encode(b"x").decode() + "%", "base64"]),
        news(7, 101, owner="1"),
        {"method": "accountNotification"},
        {"method": "accountNotification", "params": [5]},
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_cannot_be_read_ends_the_connection_and_not_the_watch(
    node: tuple[Said, Client], unreadable: Any
) -> None:
    said, client = node
    said.announces = [slot(100), 0.02, unreadable]
    with client.watch_account(ADDRESS, settings=PATIENT) as watch:
        found = [watch.next(5)]
        over = time.monotonic() + 10
        while said.connections < 2 and time.monotonic() < over:
            found.append(watch.next(0.05))
    assert said.connections > 1
    assert {(one.slot, one.account.lamports) for one in found if one and one.account} == {(100, 5)}


@pytest.mark.parametrize(
    "answer",
    [
        {"id": [1], "result": 5},
        {"id": {"a": 1}, "result": 5},
        {"id": 0, "result": [5]},
        {"id": 0, "result": None},
        {"id": 0, "result": True},
        {"id": 0, "result": 5},
        {"id": 0, "error": {"message": "\x1b[2J"}},
        {"method": ["a"], "params": {"result": 5}},
        [5],
    ],
    ids=str,
)
async def test_an_odd_answer_to_a_subscription_ends_the_connection_and_not_the_watch(
    node: tuple[Said, Client], answer: Any
) -> None:
    said, client = node
    said.confirms = lambda number: answer
    quick = WatchSettings(poll=0.05, refresh=0.1, backoff=0.01, longest=0.05, opening=0.1)

    def move() -> None:
        said.slot, said.account = 101, account(6)

    assert await asyncio.to_thread(told, client, 2, quick, move) == [(100, 5), (101, 6)]
    transport = client.transport
    assert isinstance(transport, HttpTransport)
    there = AsyncHttpTransport(transport.url, websocket=transport.websocket, retries=0)
    async with AsyncClient(there) as other, other.watch_account(ADDRESS, settings=quick) as watch:
        assert await watch.next(5) is not None
        assert await watch.next(0.2) is None


def test_after_a_connection_is_lost_it_is_read_at_once(node: tuple[Said, Client]) -> None:
    """Also where the node announces no slot by which the reading would be late."""
    said, client = node
    calm = WatchSettings(silence=60.0, poll=60.0, refresh=60.0, backoff=0.01, longest=0.05, opening=1.0)
    said.announces = [0.8, "no JSON"]

    def move() -> None:
        said.slot, said.account, said.announces = 101, account(6), []

    threading.Timer(0.4, move).start()
    assert told(client, 2, calm) == [(100, 5), (101, 6)]
    assert said.connections == 2


def test_an_account_of_another_program_is_none_of_the_watched(node: tuple[Said, Client]) -> None:
    """Its bytes may be those of one, and its owner is who says what they mean."""
    said, client = node
    body = bytearray(NODE.SIZE or 0)
    body[:8] = NODE.DISCRIMINATOR
    data = [b64encode(bytes(body)).decode(), "base64"]
    ours, foreign = str(NODE.PROGRAM_ID), str(Pubkey(b"\7" * 32))
    said.account = account(5, data=data, owner=ours)
    value = {"pubkey": str(ADDRESS), "account": account(6, data=data, owner=foreign)}
    result = {"context": {"slot": 101}, "value": value}
    params = {"result": result, "subscription": 70}
    said.announces = [slot(100), 0.05, {"method": "programNotification", "params": params}]
    with client.watch_accounts(NODE, settings=PATIENT) as watch:
        first, second = watch.next(5), watch.next(5)
    assert first is not None
    assert first.account is not None
    assert second is not None
    assert (second.address, second.account, second.slot) == (ADDRESS, None, 101)

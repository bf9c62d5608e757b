"""Watches tell each change once and in order, though connections are cut, late, mute, or repeat things."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from tests.faults import MODES, FaultProxy, Mode
from tests.ws_faults import Faults, SocketProxy, lagging, until

import ionet
from ionet import (
    SOL,
    AsyncClient,
    AsyncHttpTransport,
    Client,
    HttpTransport,
    TransportError,
    WatchSettings,
    accounts,
    events,
)

# Times a hundred times as fast as on a real network leave none for other tests.
pytestmark = pytest.mark.alone

#: Everything a hundred times as fast as on a real network.
QUICK: Final = WatchSettings(
    silence=0.3, poll=0.03, refresh=0.5, backoff=0.01, longest=0.1, opening=2.0, spacing=0.0, patience=5.0
)
NODE: Final = accounts.staking.Node
HONEST: Final = MODES["honest"]

FAULTS: Final = {
    "none": Faults(),
    "late": Faults(late=0.004),
    "repeated": Faults(repeat=0.3),
    "swapped": Faults(swap=0.3),
    "cut": Faults(cut=0.03),
    "mute": Faults(mute=0.01),
    "refused": Faults(cut=0.05, refuse=0.5),
    "all of them": Faults(cut=0.01, repeat=0.2, swap=0.2, late=0.002, mute=0.003, refuse=0.2),
}


@dataclass
class Far:
    """A network behind faults, and what is really on it.

    Attributes:
        near: a client inside the process.
        far: a client behind the faults.
        proxy: between the far client and the network's websocket.
    """

    near: Client
    far: Client
    proxy: SocketProxy

    def states(self, address: Pubkey) -> list[int]:
        """Balances of an address after each of its transactions, by the chain's own history."""
        key = str(address)
        records = self.near.network._by_address[key]
        return [one.after[one.keys.index(key)] for one in records]


@pytest.fixture
def far_of(bare: Client) -> Iterator[Callable[..., Far]]:
    """Opens a network behind faults."""
    ends: list[Any] = []

    def make(faults: Faults = Faults(), mode: Mode = HONEST, near: Client = bare, seed: int = 1) -> Far:  # noqa: B008
        server = near.network.serve()
        assert server.ws_url is not None
        http, proxy = FaultProxy(near.network, mode), SocketProxy(server.ws_url, faults, seed)
        transport = HttpTransport(http.url, retries=0, websocket=proxy.url)
        ends.extend([transport, proxy, http, server])
        return Far(near, Client(transport, signer=near.signer), proxy)

    yield make
    for one in ends:
        one.__exit__(None, None, None)


def walk(client: Client, addresses: Sequence[Pubkey], steps: int, seed: int) -> None:
    """Random transfers, failures and passing slots, at an uneven pace."""
    source = random.Random(seed)
    for _ in range(steps):
        match source.random():
            case p if p < 0.8:
                amount = source.randrange(1_000_000, 2_000_000)
                call = TransferParams(
                    from_pubkey=client.address, to_pubkey=source.choice(addresses), lamports=amount
                )
                client.send(transfer(call))
            case p if p < 0.9:
                client.network.clock.advance(0, slots=source.randrange(1, 5))
            case _:
                time.sleep(source.uniform(0, 0.02))


def during(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def told_until(watch: Any, done: Callable[[list[Any]], bool], seconds: float = 15.0) -> list[Any]:
    """What a watch tells until it is enough, and a moment longer."""
    told: list[Any] = []
    over = time.monotonic() + seconds
    while not done(told) and time.monotonic() < over:
        if (one := watch.next(0.1)) is not None:
            told.append(one)
    while (one := watch.next(0.15)) is not None:
        told.append(one)
    return told


def balance(watch: Any, seconds: float) -> int | None:
    """Lamports of the state that is told next."""
    told = watch.next(seconds)
    assert told is not None
    lamports: int | None = told.account and told.account.lamports
    return lamports


def reached(bench: Far, worker: threading.Thread, address: Pubkey, told: list[Any]) -> bool:
    """Whether the last state of an account was told."""
    if worker.is_alive() or not told:
        return False
    return bool(told[-1].account.lamports == bench.states(address)[-1])


def is_part_of(part: Sequence[Any], whole: Sequence[Any]) -> bool:
    """Whether a sequence is another one with some left out."""
    rest = iter(whole)
    return all(one in rest for one in part)


# --- accounts ---------------------------------------------------------------------------------


def test_a_watch_begins_with_what_is_there(bare: Client) -> None:
    address = Keypair().pubkey()
    with bare.watch_account(address, settings=QUICK) as watch:
        assert balance(watch, 1) is None
        bare.airdrop(address, SOL(1))
        assert balance(watch, 1) == 10**9
        assert watch.next(0.05) is None
    with bare.watch_account(address, settings=QUICK) as watch:
        assert balance(watch, 1) == 10**9


@pytest.mark.parametrize("faults", ["none", "late", "repeated"])
def test_each_state_is_told_once_and_in_order(far_of: Callable[..., Far], faults: str) -> None:
    """While the connection stands and keeps the order, no state is left out."""
    bench, address = far_of(FAULTS[faults]), Keypair().pubkey()
    bench.near.airdrop(address, SOL(1))
    with bench.far.watch_account(address, settings=replace(QUICK, refresh=60.0, poll=60.0)) as watch:
        worker = during(lambda: walk(bench.near, [address], 300, seed=7))
        told = told_until(watch, lambda told: reached(bench, worker, address, told))
        assert [one.account.lamports for one in told] == bench.states(address)
    if faults == "repeated":
        assert bench.proxy.happened["repeat"] > 20


@pytest.mark.parametrize("faults", FAULTS)
@pytest.mark.parametrize("lags", [False, True], ids=["honest", "lagging"])
def test_no_fault_hides_or_repeats_a_state(far_of: Callable[..., Far], faults: str, lags: bool) -> None:
    near = ionet.local(shipped=False)
    mode = lagging(near.network, seed=3) if lags else HONEST
    bench, address = far_of(FAULTS[faults], mode, near), Keypair().pubkey()
    near.airdrop(address, SOL(1))
    with bench.far.watch_account(address, settings=QUICK) as watch:
        worker = during(lambda: walk(near, [address], 200, seed=11))
        told = told_until(watch, lambda told: reached(bench, worker, address, told))
    lamports, truth = [one.account.lamports for one in told], bench.states(address)
    assert lamports[-1] == truth[-1]
    assert is_part_of(lamports, truth)
    assert all(a.slot <= b.slot for a, b in pairwise(told))
    assert len(lamports) > 1


def test_every_kind_of_network_is_watched(chain: Client) -> None:
    """In this process, served by it, and a real node where one is installed."""
    address = Keypair().pubkey()
    move = transfer(TransferParams(from_pubkey=chain.address, to_pubkey=address, lamports=10**9))
    with chain.watch_account(address) as watch:
        assert balance(watch, 1) is None
        for number in (1, 2, 3):
            sent = chain.send(move)
            assert balance(watch, 5) == number * 10**9
    levels = [one.level for one in chain.watch_signature(sent.signature)]
    assert levels
    assert levels[-1] in {"confirmed", "finalized"}


def test_an_account_that_is_closed_is_told_as_none(far_of: Callable[..., Far]) -> None:
    bench, pair = far_of(), Keypair()
    bench.near.airdrop(pair.pubkey(), SOL(1))
    with bench.far.watch_account(pair.pubkey(), settings=QUICK) as watch:
        assert balance(watch, 1) == 10**9
        everything = TransferParams(from_pubkey=pair.pubkey(), to_pubkey=bench.near.address, lamports=10**9)
        bench.near.send(transfer(everything), signers=[pair])
        assert balance(watch, 1) is None


def test_an_account_of_another_type_is_refused(bare: Client) -> None:
    address = Keypair().pubkey()
    bare.airdrop(address, SOL(1))
    with pytest.raises(ionet.DecodeError, match="not a Node"):
        bare.watch_account(address, NODE).begin()


def test_a_node_that_names_old_slots_is_followed(bare: Client) -> None:
    """Surfpool announces every change with the slot of the first one."""
    address = Keypair().pubkey()
    context = bare.network.clock.slot
    bare.network.clock.advance(0, slots=10)
    with bare.watch_account(address, settings=replace(QUICK, refresh=60.0)) as watch:
        assert balance(watch, 1) is None
        hub = bare.network._observer
        hub.context = lambda slot, value: {"context": {"slot": context}, "value": value}  # type: ignore[union-attr]
        for number in range(1, 4):
            bare.airdrop(address, SOL(1))
            assert balance(watch, 1) == number * 10**9
        assert watch.next(0.1) is None


# --- accounts of a program ----------------------------------------------------------------------


def node_data(source: random.Random, owner: Pubkey) -> bytes:
    """A node's account with random numbers in it."""
    body = bytearray(source.randbytes((NODE.SIZE or 0) - 8))
    for name in ("state", "pool"):
        body[NODE.OFFSETS[name] - 8] = source.randrange(2)
    body[NODE.OFFSETS["last_proof"] - 8 + 44] = source.randrange(11)
    place = NODE.OFFSETS["owner"] - 8
    body[place : place + 32] = bytes(owner)
    return NODE.DISCRIMINATOR + bytes(body)


def change_nodes(client: Client, addresses: Sequence[Pubkey], owners: Sequence[Pubkey], steps: int) -> None:
    """Writes nodes, gives them other owners, and takes them away."""
    source = random.Random(5)
    for _ in range(steps):
        address = source.choice(addresses)
        if source.random() < 0.1:
            client.network.set_account(address, lamports=0)
        else:
            data = node_data(source, source.choice(owners))
            client.network.set_account(address, data=data, owner=NODE.PROGRAM_ID)
        if source.random() < 0.1:
            time.sleep(0.01)


@pytest.mark.parametrize("faults", FAULTS)
@pytest.mark.parametrize("lags", [False, True], ids=["honest", "lagging"])
def test_accounts_of_a_program_are_followed_into_and_out_of_the_filter(
    far_of: Callable[..., Far], faults: str, lags: bool
) -> None:
    near = ionet.local()
    mode = lagging(near.network, seed=4) if lags else HONEST
    bench = far_of(FAULTS[faults], mode, near)
    mine, other = Keypair().pubkey(), Keypair().pubkey()
    addresses = [Keypair().pubkey() for _ in range(8)]
    change_nodes(near, addresses, [mine, other], 20)
    near.network.clock.advance(0, slots=1)

    def truth() -> dict[Pubkey, Any]:
        return {one.address: one.account for one in near.find(NODE, owner=mine)}

    told: dict[Pubkey, Any] = {}
    slots: dict[Pubkey, int] = {}
    with bench.far.watch_accounts(NODE, owner=mine, settings=QUICK) as watch:
        worker = during(lambda: change_nodes(near, addresses, [mine, other], 200))
        over = time.monotonic() + 15
        while worker.is_alive() or (told != truth() and time.monotonic() < over):
            if (one := watch.next(0.05)) is None:
                continue
            assert one.slot >= slots.get(one.address, 0)
            slots[one.address] = one.slot
            if one.account is None:
                del told[one.address]
            else:
                assert told.get(one.address) != one.account
                assert one.account.owner == mine
                told[one.address] = one.account
        assert told == truth()
        assert watch.next(0.2) is None


def test_who_leaves_the_filter_is_told_at_once() -> None:
    """Not only when everything is read again."""
    near, mine, other = ionet.local(), Keypair().pubkey(), Keypair().pubkey()
    address, source = Keypair().pubkey(), random.Random(3)
    near.network.set_account(address, data=node_data(source, mine), owner=NODE.PROGRAM_ID)
    with near.watch_accounts(NODE, owner=mine, settings=replace(QUICK, refresh=60.0)) as watch:
        assert watch.next(1) is not None
        near.network.set_account(address, data=node_data(source, other), owner=NODE.PROGRAM_ID)
        told = watch.next(1)
        assert told is not None
        assert (told.address, told.account) == (address, None)
        near.network.set_account(address, data=node_data(source, other), owner=NODE.PROGRAM_ID)
        assert watch.next(0.1) is None
        near.network.set_account(address, data=node_data(source, mine), owner=NODE.PROGRAM_ID)
        told = watch.next(1)
        assert told is not None
        assert told.account is not None


def test_a_program_that_is_not_there_is_named(bare: Client) -> None:
    with pytest.raises(ionet.ProgramMissing):
        bare.watch_accounts(NODE).begin()


# --- events -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def market() -> Client:
    """A network with the mint program, initialised."""
    client = ionet.local()
    client.mint.initialize().send()
    return client


def pause_and_open(client: Client, steps: int, seed: int) -> None:
    """Transactions with events, some that fail, and some of others."""
    source = random.Random(seed)
    stranger = Keypair()
    client.airdrop(stranger.pubkey(), SOL(1))
    for step in range(steps):
        match source.random():
            case p if p < 0.7:
                client.send(ionet.ix.mint.set_paused(signer=client.address, paused=step % 2))
            case p if p < 0.8:
                message = ionet.ix.mint.set_paused(signer=stranger.pubkey(), paused=1)
                record = client.network.submit(_signed(client, message, stranger))
                assert record.error is not None
            case p if p < 0.9:
                client.airdrop(stranger.pubkey(), SOL(1))
            case _:
                time.sleep(source.uniform(0, 0.02))


def _signed(client: Client, instruction: Any, signer: Keypair) -> Any:
    from solders.message import MessageV0
    from solders.transaction import VersionedTransaction

    latest = client.network.latest_blockhash
    return VersionedTransaction(MessageV0.try_compile(signer.pubkey(), [instruction], [], latest), [signer])


def happened(client: Client, kind: Any, after: int) -> list[tuple[str, int]]:
    """Signatures and running numbers of all events of a type, by the chain's own history."""
    found = []
    for record in list(client.network._history.values())[after:]:
        if record.error is None:
            sent = client.transaction(record.signature)
            found += [(record.signature, one.seq) for one in sent.events if isinstance(one, kind)]
    return found


@pytest.mark.parametrize("faults", FAULTS)
@pytest.mark.parametrize("lags", [False, True], ids=["honest", "lagging"])
def test_every_event_is_told_exactly_once_and_in_order(
    far_of: Callable[..., Far], market: Client, faults: str, lags: bool
) -> None:
    mode = lagging(market.network, seed=5) if lags else HONEST
    bench = far_of(FAULTS[faults], mode, market)
    kind = events.mint.PausedSet
    with bench.far.watch_events(kind, settings=QUICK) as watch:
        before = len(market.network._history)
        worker = during(lambda: pause_and_open(market, 200, seed=9))

        def enough(told: list[Any]) -> bool:
            return not worker.is_alive() and len(told) >= len(happened(market, kind, before))

        told = told_until(watch, enough, seconds=30)
    assert [(one.signature, one.event.seq) for one in told] == happened(market, kind, before)
    assert len(told) > 100


async def test_coroutines_tell_every_event_too(far_of: Callable[..., Far], market: Client) -> None:
    mode = lagging(market.network, seed=6)
    bench = await asyncio.to_thread(far_of, FAULTS["all of them"], mode, market)
    transport = bench.far.transport
    assert isinstance(transport, HttpTransport)
    there = AsyncHttpTransport(transport.url, retries=0, websocket=transport.websocket)
    kind = events.mint.PausedSet
    told: list[tuple[str, int]] = []
    async with AsyncClient(there) as client, client.watch_events(kind, settings=QUICK) as watch:
        before = len(market.network._history)
        worker = during(lambda: pause_and_open(market, 200, seed=12))
        over = time.monotonic() + 30
        while worker.is_alive() or len(told) < len(happened(market, kind, before)):
            assert time.monotonic() < over
            if (one := await watch.next(0.1)) is not None:
                assert isinstance(one.event, kind)
                told.append((one.signature, one.event.seq))
        assert await watch.next(0.3) is None
    assert told == happened(market, kind, before)


def test_events_of_a_lost_connection_are_not_lost_to_a_node_that_lags(
    far_of: Callable[..., Far], market: Client
) -> None:
    """What nobody announced is asked for until the node has come as far as the new connection."""
    kind = events.mint.PausedSet
    stale: list[Any] = []

    def mode(asked: Any) -> Any:
        if asked.method != "getSignaturesForAddress" or not stale:
            return HONEST(asked)
        slot, answer = stale[0]
        del stale[0]
        if asked.body["params"][1].get("minContextSlot", 0) > slot:
            return asked.error(-32016, "Minimum context slot has not been reached")
        return {**answer, "id": asked.body["id"]}

    bench = far_of(Faults(), mode, market)
    body = {"jsonrpc": "2.0", "id": 1, "method": "getSignaturesForAddress"}
    params = [str(kind.PROGRAM_ID), {"commitment": "confirmed", "limit": 1000}]
    with bench.far.watch_events(kind, settings=replace(QUICK, refresh=60.0, poll=60.0)) as watch:
        assert watch.next(0.1) is None
        old = (market.network.clock.slot, market.network.handle({**body, "params": params}))
        stale += [old] * 3
        bench.proxy.faults = Faults(cut=1.0)
        before = len(market.network._history)
        pause_and_open(market, 10, seed=4)
        assert until(lambda: bench.proxy.happened["cut"] > 0)
        bench.proxy.faults = Faults()
        truth = happened(market, kind, before)
        told = told_until(watch, lambda told: len(told) >= len(truth), seconds=30)
    assert not stale
    assert [(one.signature, one.event.seq) for one in told] == truth


def test_events_go_on_where_another_watch_ended(market: Client) -> None:
    kind = events.mint.PausedSet
    before = len(market.network._history)
    pause_and_open(market, 30, seed=1)
    truth = happened(market, kind, before)
    since = truth[4][0]
    with market.watch_events(kind, since=since, settings=QUICK) as watch:
        told = told_until(watch, lambda told: len(told) >= len(truth) - 5)
        pause_and_open(market, 10, seed=2)
        truth = happened(market, kind, before)
        told += told_until(watch, lambda more: len(told) + len(more) >= len(truth) - 5)
    assert [(one.signature, one.event.seq) for one in told] == truth[5:]


def test_a_transaction_whose_events_cannot_be_read_is_not_shown(
    far_of: Callable[..., Far], market: Client
) -> None:
    def mode(asked: Any) -> Any:
        if asked.method != "getTransaction":
            return HONEST(asked)
        answer = asked.forward()
        answer["result"]["meta"]["innerInstructions"] = [5]
        return answer

    bench = far_of(Faults(), mode, market)
    settings = replace(QUICK, patience=0.2)
    with bench.far.watch_events(events.mint.PausedSet, settings=settings) as watch:
        market.send(ionet.ix.mint.set_paused(signer=market.address, paused=1))
        with pytest.raises(ionet.TransactionNotShown):
            watch.next(5)


def test_events_are_watched_of_something(market: Client) -> None:
    with pytest.raises(ValueError, match="mentions="):
        market.watch_events()
    with pytest.raises(ValueError, match="mentions="):
        market.watch_events(events.mint.PausedSet, events.jobs.Booked)
    with pytest.raises(LookupError, match="knows no transaction"):
        market.watch_events(events.mint.PausedSet, since="1" * 64).begin()


# --- signatures, silence, nodes without websockets ---------------------------------------------


def test_a_signature_is_told_once_and_ends(far_of: Callable[..., Far]) -> None:
    bench = far_of()
    message = transfer(
        TransferParams(from_pubkey=bench.near.address, to_pubkey=Keypair().pubkey(), lamports=10**7)
    )
    transaction = bench.near.call(message).tx()
    signature = str(transaction.signatures[0])
    watch = bench.far.watch_signature(signature, settings=replace(QUICK, poll=120.0))
    assert watch.next(0.1) is None
    bench.near.network.submit(transaction)
    began = time.monotonic()
    (status,) = list(watch)
    assert time.monotonic() - began < 60  # told by the node, not by polling
    assert (status.signature, status.level, status.error) == (signature, "finalized", None)


def test_a_connection_that_falls_silent_is_replaced(far_of: Callable[..., Far]) -> None:
    bench, address = far_of(Faults()), Keypair().pubkey()
    bench.near.airdrop(address, SOL(1))
    # Nothing but the silence could bring the news.
    settings = replace(QUICK, refresh=60.0, poll=60.0)
    with bench.far.watch_account(address, settings=settings) as watch:
        assert balance(watch, 1) == 10**9
        bench.proxy.faults = Faults(mute=1.0)
        bench.near.airdrop(address, SOL(1))
        assert watch.next(0.1) is None
        bench.proxy.faults = Faults()
        assert balance(watch, 3) == 2 * 10**9
    assert bench.proxy.happened["opened"] == 2


def test_a_chain_that_stands_still_is_no_silence(far_of: Callable[..., Far]) -> None:
    bench = far_of()
    with bench.far.watch_account(Keypair().pubkey(), settings=QUICK) as watch:
        watch.next(1)
        assert watch.next(1.0) is None
    assert bench.proxy.happened["opened"] == 1


@pytest.mark.parametrize("websocket", ["ws://127.0.0.1:9", "no URL", None])
def test_where_there_is_no_websocket_it_is_polled(bare: Client, websocket: str | None) -> None:
    address = Keypair().pubkey()
    with FaultProxy(bare.network, HONEST) as proxy:
        transport = HttpTransport(proxy.url, websocket=websocket or "ws://127.0.0.1:9")
        if websocket is None:
            transport.websocket = None
        with Client(transport) as far, far.watch_account(address, settings=QUICK) as watch:
            assert balance(watch, 1) is None
            bare.airdrop(address, SOL(1))
            assert balance(watch, 2) == 10**9


def test_a_node_that_cannot_be_read_is_an_error_at_the_start() -> None:
    client = Client(HttpTransport("http://127.0.0.1:9", retries=0))
    with pytest.raises(TransportError):
        client.watch_account(Keypair().pubkey(), settings=QUICK).begin()


def test_a_node_that_is_away_for_a_while_is_waited_for(bare: Client) -> None:
    address, away = Keypair().pubkey(), threading.Event()

    def mode(asked: Any) -> Any:
        return asked.error(-32603, "Internal error") if away.is_set() else HONEST(asked)

    with FaultProxy(bare.network, mode) as proxy:
        transport = HttpTransport(proxy.url, retries=0, websocket="ws://127.0.0.1:9")
        with Client(transport) as far, far.watch_account(address, settings=QUICK) as watch:
            assert balance(watch, 1) is None
            away.set()
            bare.airdrop(address, SOL(1))
            assert watch.next(0.3) is None
            away.clear()
            assert balance(watch, 2) == 10**9


async def test_coroutines_watch_too(bare: Client) -> None:
    address = Keypair().pubkey()
    with bare.network.serve() as server:
        client = AsyncClient(AsyncHttpTransport(server.url), signer=bare.signer)
        seen: list[int | None] = []

        async def follow() -> None:
            async with client.watch_account(address, settings=QUICK) as watch:
                begun.set()
                async for one in watch:
                    seen.append(one.account and one.account.lamports)
                    if len(seen) == 4:
                        return

        begun = asyncio.Event()
        following = asyncio.create_task(follow())
        await asyncio.wait_for(begun.wait(), 2)
        for _ in range(3):
            await asyncio.to_thread(bare.airdrop, address, SOL(1))
        await asyncio.wait_for(following, 30)
        await client.aclose()
    assert seen == [None, 10**9, 2 * 10**9, 3 * 10**9]


def test_closing_ends_the_iteration(bare: Client) -> None:
    watch = bare.watch_account(Keypair().pubkey(), settings=QUICK)
    seen = []
    for one in watch:
        seen.append(one)
        watch.close()
    assert len(seen) == 1
    assert not bare.network._observer.topics  # type: ignore[union-attr]

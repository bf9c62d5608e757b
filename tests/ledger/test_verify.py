"""What is dropped from the events, or changed in an account, is noticed and named: one at a time."""

from __future__ import annotations

import dataclasses
import io
import itertools
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from enum import Enum
from typing import Any, Final

import pytest
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from tests.faults import PASS, Asked, FaultProxy
from tests.ledger.history import eventful, governed, truth
from tests.ledger.seldom import seldom
from tests.ledger.test_database import GENESIS, without
from tests.programs.support import DAY
from tests.stateful.arena import Arena
from tests.stateful.test_replay_stateful import entries_of

import ionet
from ionet import AsyncClient, AsyncHttpTransport, AsyncLocalTransport, Client, ProofReason, events, pda
from ionet._generated.staking.types import SlashState
from ionet.chain.events import EmittedEvent
from ionet.cli.output import Screen
from ionet.cli.verify import answered
from ionet.ledger import Database, Follower, Landed, LedgerError, Verified, open_ledger, verify, verify_at
from ionet.ledger.follower import PROGRAMS_BY_ID
from ionet.ledger.replay.compare import QUIET, differences, numbers, types
from ionet.ledger.replay.encoding import account_of
from ionet.ledger.replay.state import State, replay
from ionet.ledger.subjects import PROGRAMS, subjects
from ionet.ledger.verifying import Comparison, Found, read_found
from ionet.ledger.withheld import withheld


def near(client: Client) -> AsyncClient:
    return AsyncClient(AsyncLocalTransport(client.network))


@pytest.fixture(scope="module")
def arena() -> Arena:
    return eventful()


@pytest.fixture(scope="module")
def chains(arena: Arena) -> dict[str, Client]:
    """In which, together, everything has happened."""
    return {
        "market": arena.market.world.client,
        "seldom": seldom().market.world.client,
        "votes": governed()[0].client,
    }


@pytest.fixture(scope="module", params=["market", "seldom", "votes"])
def client(request: pytest.FixtureRequest, chains: dict[str, Client]) -> Client:
    return chains[request.param]


@pytest.fixture(scope="module")
def landed(client: Client) -> list[Landed]:
    return truth(client)


@pytest.fixture(scope="module")
def ledger(landed: list[Landed]) -> Iterator[Database]:
    with Database.create(":memory:", GENESIS) as database:
        database.write(landed)
        yield database


@pytest.fixture(scope="module")
def state(ledger: Database) -> State:
    return replay(ledger.entries())


@pytest.fixture(scope="module")
async def there(client: Client, state: State) -> Found:
    read = await read_found(near(client))
    for (kind, address), account in read.accounts.items():
        if kind == "staking.Node":
            # The voters' hours count as credited, by the tests' own word.
            through = state.nodes[address].credited_through
            read.accounts[kind, address] = replace(account, credited_through=through)
    return read


def compared(ledger: Database, state: State, there: Found, programs: set[str] | None = None) -> Verified:
    told = Comparison(there)
    told.take(state, programs)
    return told.result(state, ledger, 0)


@contextmanager
def lacking(ledger: Database, *gone: tuple[Landed, EmittedEvent]) -> Iterator[None]:
    """The ledger as it would be, had it never seen these events."""
    whole = list({sent.signature: sent for sent, _ in gone}.values())
    place = [(sent.slot, sent.signature) for sent in whole]
    part = whole
    for _, event in gone:
        part = without(part, event)
    ledger.write(part, dropped=place)
    try:
        yield
    finally:
        ledger.write(whole, dropped=place)


def told_of(verified: Verified) -> str:
    """Everything that the command names; it exits with 1 where anything is."""
    with redirect_stdout(io.StringIO()) as printed:
        code = answered(Screen(as_json=True), verified)
    shown = json.loads(printed.getvalue())
    sums = [check["name"] for check in shown["checks"] if int(check["difference"])]
    apart = [" ".join(map(str, each.values())) for each in shown["differences"]]
    named = [*sums, *apart, *shown["missing"]]
    assert code == (1 if named else 0)
    return "\n".join(named)


async def test_every_type_of_event_and_of_account_occurs(chains: dict[str, Client]) -> None:
    """So that each is dropped once below, or changed."""
    emitted = [event for chain in chains.values() for sent in truth(chain) for event in sent.log.emitted]
    assert {type(event.event) for event in emitted} == set(subjects())
    found = [await read_found(near(chain)) for chain in chains.values()]
    assert {kind for each in found for kind, _ in each.accounts} == set(types())


#: Of which sums something is there.
SUMS: Final = {
    "market": {"emission vault", "burn receipts", "escrows", "grants", "airdrops", "bonds"},
    "seldom": {"emission vault", "reserve burned", "grants", "claimed of airdrops", "fee vaults", "payouts"},
    "votes": {"votes", "bonds"},
}


def test_the_market_holds_what_its_events_say(
    request: pytest.FixtureRequest, ledger: Database, state: State, there: Found
) -> None:
    verified = compared(ledger, state, there)
    assert verified.holds, told_of(verified)
    sums = {check.name: check.expected for check in verified.checks}
    assert sums["supply of IO"] == there.supply > 0
    assert sums["active stake of nodes"] > 0
    assert all(sums[name] > 0 for name in SUMS[request.node.callspec.params["client"]])


async def verified_at(client: Client, ledger: Database, there: Found) -> Verified:
    """What comes out where the ledger is compared with accounts, and then the node is asked."""
    verified = compared(ledger, replay(ledger.entries()), there)
    if not verified.holds:
        return verified
    return replace(verified, missing=tuple(await withheld(near(client), ledger, 10**12)))


async def test_every_event_that_is_dropped_is_noticed(
    client: Client, landed: list[Landed], ledger: Database, there: Found
) -> None:
    """The account that counted it is named, or the one that it made."""
    kinds = set()
    for sent, event in [(one, event) for one in landed for event in one.log.emitted]:
        said, subject = event.event, subjects()[type(event.event)]
        kinds.add(subject.name)
        with lacking(ledger, (sent, event)):
            verified = await verified_at(client, ledger, there)
        names = {str(subject.account(said)), subject.name}
        if subject.program == PROGRAMS.index("buyback") and hasattr(said, "job"):
            # Events are of the job, the account is its payout's.
            names.add(str(pda.buyback.payout(said.job)))
        if not subject.seq:
            names |= {str(value) for _, value in _keys(said)} | {"is about"}
            if isinstance(said, events.governance.OutflowOpened):
                names.add(str(pda.governance.outflow(said.asset)))
        text = told_of(verified)
        assert any(name in text for name in names), f"{subject.name}: {text}"
    assert len(kinds) >= 20, sorted(kinds)
    # It was put back each time.
    assert (await verified_at(client, ledger, there)).holds


def by_account(landed: list[Landed]) -> dict[Pubkey, list[tuple[Landed, EmittedEvent]]]:
    """Events by the account that counts them, those of an hour's compute proofs by the hour."""
    told: dict[Pubkey, list[tuple[Landed, EmittedEvent]]] = {}
    for sent in landed:
        for event in sent.log.emitted:
            counted = subjects()[type(event.event)].account(event.event)
            told.setdefault(getattr(event.event, "hour", counted), []).append((sent, event))
    return told


async def test_two_events_of_an_account_that_are_dropped_at_once_are_noticed(
    client: Client, landed: list[Landed], ledger: Database, there: Found
) -> None:
    """One after the other, so that what the second states no longer contradicts anything."""
    pairs = [pair for told in by_account(landed).values() for pair in itertools.pairwise(told)]
    assert len(pairs) > 40
    for pair in pairs[::3]:
        with lacking(ledger, *pair):
            assert told_of(await verified_at(client, ledger, there)), pair
    assert (await verified_at(client, ledger, there)).holds


async def test_all_transactions_of_an_account_that_a_node_kept_back_are_noticed(
    client: Client, landed: list[Landed], ledger: Database, there: Found
) -> None:
    """Also of a job or an hour that is closed, of which nothing stays that counts them."""
    for account, told in by_account(landed).items():
        whole = list({sent.signature: sent for sent, _ in told}.values())
        ledger.write(dropped=[(sent.slot, sent.signature) for sent in whole])
        try:
            verified = await verified_at(client, ledger, there)
        finally:
            ledger.write(whole)
        assert told_of(verified), account
    assert (await verified_at(client, ledger, there)).holds


def test_a_disproof_is_told_by_events_alone(arena: Arena) -> None:
    """A tenth of the minimum is set apart, and the verdict has failed."""
    state = replay(entry for sent in truth(arena.market.world.client) for entry in entries_of(sent))
    node, account = state.nodes[arena.market.alice.node], arena.market.node()
    (made,) = (slash for slash in state.slashes.values() if slash.state == SlashState.DISPROVED)
    assert (made.apart, made.amount, made.burned) == (account.minimum // 10, 0, 0)
    others = sum(slash.apart for slash in state.slashes.values() if slash is not made)
    assert node.set_apart == account.set_apart == made.apart + others
    assert (node.last_proof__passed, node.last_proof__reason) == (0, ProofReason.DISPROVED)
    (hour,) = state.hours.values()
    assert (node.last_proof__time, made.appeal_until) == (hour.period_end, hour.period_end + 7 * DAY)
    assert (hour.committed, hour.counts[:2]) == (1, [7, 0])
    assert hour.drawn_slot >= hour.draw_from + 32


def _keys(event: Any) -> Iterator[tuple[str, Pubkey]]:
    for each in dataclasses.fields(event):
        if isinstance(value := getattr(event, each.name), Pubkey):
            yield each.name, value


def changed(account: Any, path: str) -> Any:
    """The same account with one number that is another."""
    first, _, rest = path.partition(".")
    if isinstance(account, tuple):
        place = int(first)
        part = changed(account[place], rest) if rest else _other(account[place])
        return (*account[:place], part, *account[place + 1 :])
    value = getattr(account, first)
    return replace(account, **{first: changed(value, rest) if rest else _other(value)})


def _other(value: Any) -> Any:
    if isinstance(value, Enum):
        others = [one for one in type(value) if one is not value]
        return others[0]
    return not value if isinstance(value, bool) else value + 1


def test_every_number_of_every_account_that_changes_is_noticed(
    ledger: Database, state: State, there: Found
) -> None:
    """But bumps, which follow from addresses."""
    unnoticed: Counter[tuple[str, str]] = Counter()
    noticed: Counter[tuple[str, str]] = Counter()
    for (kind, address), account in there.accounts.items():
        for path, _ in numbers(account):
            wrong = {**there.accounts, (kind, address): changed(account, path)}
            verified = compared(ledger, state, replace_accounts(there, wrong), {kind.partition(".")[0]})
            plain = ".".join("*" if step.isdigit() else step for step in path.split("."))
            if text := told_of(verified):
                assert str(address) in text
                noticed[kind, plain] += 1
            else:
                unnoticed[kind, plain] += 1
    kinds = Counter(kind for kind, _ in there.accounts)
    assert len(kinds) >= 12, kinds
    assert unnoticed == Counter({(kind, "bump"): count for kind, count in kinds.items()})
    assert sum(noticed.values()) > 900


def replace_accounts(there: Found, accounts: dict[Any, Any]) -> Found:
    return replace(there, accounts=accounts)


def test_every_token_account_that_changes_is_noticed(ledger: Database, state: State, there: Found) -> None:
    full = sorted(there.tokens.items(), key=lambda one: -one[1])
    for address, amount in full[:: max(1, len(full) // 8)]:
        for other in {amount + 1, max(amount - 1, 0)} - {amount}:
            tokens = {**there.tokens, address: other}
            verified = compared(ledger, state, replace(there, tokens=tokens))
            if verified.holds:
                # Of another mint there may be gifts, before and now; less than expected is missed.
                assert other + 1 >= amount
                assert address in verified.gifts or other > amount
    supply = replace(there, supply=there.supply + 1)
    assert "supply of IO" in told_of(compared(ledger, state, supply))


def test_an_account_too_many_or_too_few_is_named(ledger: Database, state: State, there: Found) -> None:
    assert compared(ledger, state, there).holds
    kinds = {kind: address for kind, address in there.accounts if "Position" not in kind}
    for kind, address in kinds.items():
        rest = {key: account for key, account in there.accounts.items() if key != (kind, address)}
        if kind not in QUIET and kind not in ("distributor.Claims", "governance.Proposal"):
            text = told_of(compared(ledger, state, replace_accounts(there, rest)))
            assert kind in text, f"{kind} {address}: {text}"
        if kind.endswith("Config") or kind in ("proofs.AttesterSet", "staking.EmissionLedger"):
            continue
        stranger = Pubkey.from_bytes(b"\x2a" * 32)
        account = there.accounts[kind, address]
        more = {**there.accounts, (kind, stranger): account}
        assert str(stranger) in told_of(compared(ledger, state, replace_accounts(there, more))), kind


async def test_a_chain_on_which_nothing_has_happened_is_as_its_events_say() -> None:
    with ionet.local() as bare:
        client = near(bare)
        with await open_ledger(client, ":memory:") as database:
            verified = await verify(client, database, Follower(client, database))
    assert verified.holds
    assert verified.events == 0


async def test_a_cut_log_is_named(arena: Arena) -> None:
    """Also where nothing else is missing."""
    client = arena.market.world.client
    landed = truth(client)
    cut = next(one for one in landed if one.log.emitted and all(e.via_cpi for e in one.log.emitted))

    def cutting(asked: Asked) -> Any:
        if asked.method != "getTransaction" or asked.body["params"][0] != cut.signature:
            return PASS
        answer = asked.forward()
        answer["result"]["meta"]["logMessages"] = ["Log truncated"]
        return answer

    with FaultProxy(client.network, cutting) as proxy:
        async with AsyncClient(AsyncHttpTransport(proxy.url, retries=0, websocket="")) as far:
            with await open_ledger(far, ":memory:") as database:
                verified = await verify(far, database, Follower(far, database))
    assert not verified.holds
    assert [cut.signature in one for one in verified.missing] == [True]
    assert not verified.differences


@pytest.mark.parametrize("about", ["job", "hour"])
async def test_a_closed_account_that_a_node_leaves_out_of_its_programs_lists_is_named(
    arena: Arena, about: str
) -> None:
    """It still lists its transactions by what else is in them; nothing else says that they are missing."""
    client = arena.market.world.client
    its = _of_closed(truth(client), about)
    gone = {sent.signature for sent, _ in its}
    programs = {str(program) for program in PROGRAMS_BY_ID}

    def leaving_out(asked: Asked) -> Any:
        if asked.method != "getSignaturesForAddress" or asked.body["params"][0] not in programs:
            return PASS
        answer = asked.forward()
        answer["result"] = [entry for entry in answer["result"] if entry["signature"] not in gone]
        return answer

    with FaultProxy(client.network, leaving_out) as proxy:
        async with AsyncClient(AsyncHttpTransport(proxy.url, retries=0, websocket="")) as far:
            with await open_ledger(far, ":memory:") as database:
                verified = await verify(far, database, Follower(far, database))
                again = await verify(far, database, since=verified.slot)
    assert not verified.differences
    first, event = its[0]
    (said,) = verified.missing
    assert f"transaction {first.signature} of slot {first.slot}, and the ledger does not have its" in said
    assert subjects()[type(event)].name in said
    assert again.holds


def _of_closed(landed: list[Landed], about: str) -> list[tuple[Landed, Any]]:
    """All events of the first job, or hour, that was closed."""
    told = [(sent, emitted.event) for sent in landed for emitted in sent.log.emitted]
    closing = {"job": events.jobs.JobClosed, "hour": events.proofs.HourClosed}[about]
    closed = next(getattr(event, about) for _, event in told if isinstance(event, closing))
    return [(sent, event) for sent, event in told if getattr(event, about, None) == closed]


async def test_a_strangers_transaction_that_names_an_account_is_not_missing(arena: Arena) -> None:
    world = arena.market.world
    params = TransferParams(from_pubkey=world.deployer, to_pubkey=pda.mint.CONFIG, lamports=1)
    world.send(transfer(params))
    with Database.create(":memory:", GENESIS) as database:
        database.write(truth(world.client))
        assert await withheld(near(world.client), database, 10**12) == []


async def test_balances_of_a_past_slot_are_those_of_the_events_until_then(
    arena: Arena,
) -> None:
    landed = truth(arena.market.world.client)
    client = near(arena.market.world.client)
    with await open_ledger(client, ":memory:") as database:
        follower = Follower(client, database)
        for place in (20, len(landed) // 2, len(landed) - 1):
            slot = landed[place].slot
            verified = await verify_at(client, database, slot, follower)
            assert verified.holds, told_of(verified)
            assert verified.events == sum(len(sent.log.emitted) for sent in landed if sent.slot <= slot)
        sums = {check.name: check.found for check in verified.checks}
        assert sums["vaults of nodes"] > 0
        with pytest.raises(LedgerError, match=r"is whole up to slot \d+ only, not up to"):
            await verify_at(client, database, 10**12, follower)
    # An event that never came is missed in the balances of its time.
    staked = next(e for one in landed for e in one.log.emitted if type(e.event).__name__ == "Staked")
    with Database.create(":memory:", GENESIS) as database:
        database.write(without(landed, staked), scanned=10**12)
        verified = await verify_at(client, database, landed[-1].slot)
        assert "vaults of nodes" in [check.name for check in verified.checks if check.difference] or (
            "states own_pending" in told_of(verified)
        )


async def test_a_node_that_no_longer_shows_the_past_is_refused(arena: Arena) -> None:
    """What it does not show is unknown, and no difference."""
    client = arena.market.world.client
    landed = truth(client)
    slot = landed[len(landed) // 2].slot

    def pruned(asked: Asked) -> Any:
        if asked.method != "getSignaturesForAddress":
            return PASS
        answer = asked.forward()
        answer["result"] = [entry for entry in answer["result"] if entry["slot"] > slot]
        return answer

    with FaultProxy(client.network, pruned) as proxy, Database.create(":memory:", GENESIS) as database:
        database.write(landed, scanned=landed[-1].slot)
        async with AsyncClient(AsyncHttpTransport(proxy.url, retries=0, websocket="")) as far:
            said = rf"shows no transaction of token account \w+ up to slot {slot}, .* no longer has the past"
            with pytest.raises(LedgerError, match=said):
                await verify_at(far, database, slot)
            assert (await verify_at(near(client), database, slot)).holds


COMMAND: Final = [sys.executable, "-c", "from ionet.cli import main; main()", "verify"]


def test_the_command_says_so_and_exits_with_1(arena: Arena) -> None:
    client = arena.market.world.client
    node = arena.market.alice.node
    raw = client.network.account(node)
    assert raw is not None
    with client.network.serve() as server:
        command = [*COMMAND, "-u", server.url]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "everything is as the events say" in done.stdout
        data = bytearray(raw.data)
        from ionet import accounts

        data[accounts.staking.Node.OFFSETS["credited"]] ^= 1
        client.network.set_account(node, lamports=raw.lamports, data=bytes(data), owner=raw.owner)
        try:
            done = subprocess.run([*command, "--output", "json"], capture_output=True, text=True, check=False)
        finally:
            client.network.set_account(node, lamports=raw.lamports, data=bytes(raw.data), owner=raw.owner)
    assert done.returncode == 1
    shown = json.loads(done.stdout)
    assert shown["holds"] is False
    assert [(one["name"], one["address"]) for one in shown["differences"]] == [("credited", str(node))]


def test_an_account_in_its_programs_bytes_is_as_its_record_says(state: State) -> None:
    written = 0
    for key, record in state:
        account = account_of(record)
        if account is None:
            continue
        read = type(account).decode(account.encode())
        address = key if isinstance(key, Pubkey) else Pubkey.default()
        assert [*differences(record, address, read)] == []
        written += 1
    assert written > 20

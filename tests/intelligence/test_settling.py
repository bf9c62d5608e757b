"""Surpluses and leases at a till, on the real programs: what the books say is what the chain holds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from spl.token.instructions import approve, transfer
from spl.token.models import ApproveParams, TransferParams
from tests.intelligence.suppliers import fleet_of
from tests.programs.market import IO_MINT, TWO_HOURS, Market
from tests.programs.people import TOKEN

from ionet import AsyncClient, AsyncLocalTransport, pda, token_account
from ionet.chain.errors import IonetError
from ionet.chain.ids import TOKEN_PROGRAM
from ionet.intelligence import leases
from ionet.intelligence.books import Books
from ionet.intelligence.config import IntelligenceConfig
from ionet.intelligence.desk import Desk
from ionet.intelligence.onchain import Tills
from ionet.intelligence.prices import Rate
from ionet.intelligence.reporting import compare
from ionet.intelligence.settling import Settling
from ionet.intelligence.treasury import PERIOD, Statement, Treasury

#: An IO for a dollar.
RATE = Rate(1_000_000, TOKEN)


class Killed(BaseException):
    """The process is no more."""


@dataclass(slots=True)
class Place:
    """A market, and a service's till in it, of which a session key may spend.

    Attributes:
        market: with alice's node.
        books: of the service.
        owner: of the till.
        session: may spend from it.
        till: an IO account.
        hours: that have passed.
    """

    market: Market
    books: Books
    desk: Desk
    owner: Keypair
    session: Keypair
    till: Pubkey
    now: list[int]
    client: AsyncClient

    @property
    def tills(self) -> Tills:
        return Tills(self.client, self.desk, {"io": self.till})

    @property
    def settling(self) -> Settling:
        return Settling(self.client.as_(self.session), self.client, self.desk, self.tills)

    def send(self, *instructions: Instruction) -> None:
        self.market.send(*instructions)

    def held(self, account: Pubkey) -> int:
        return self.market.world.balance(account)

    @property
    def vaulted(self) -> int:
        return sum(self.held(pda.buyback.vault(IO_MINT, shard)) for shard in range(8))

    @property
    def said(self) -> Statement:
        return Treasury(self.books).statement("io")

    async def pay(self, units: int) -> None:
        payer = self.market.carol
        self.send(moving(token_account(payer.pubkey(), IO_MINT), self.till, payer.pubkey(), units))
        await self.tills.look()

    def spend(self, units: int) -> None:
        """Has carol's requests cost so much."""
        account = self.books.account(str(self.market.carol.pubkey()), 0)
        key = self.books.make_key(account, "key", 0)[0]
        dollars = RATE.to_dollars(units)
        name = f"request {key.id}"
        self.books.reserve(name, key, dollars, 0, RATE, self.now[0])
        assert self.books.settle(name, dollars, self.now[0]).units == units

    async def hour(self) -> None:
        """Has an hour pass, and its surplus sent and seen to land."""
        self.now[0] += PERIOD
        for _ in range(2):
            settling = self.settling
            await settling.look()
            assert settling.fault == ""

    async def agree(self) -> None:
        """Books and chain say the same, to the base unit."""
        await self.tills.look()
        assert self.said.differences() == []
        assert self.said.till == self.held(self.till)


def moving(source: Pubkey, to: Pubkey, owner: Pubkey, units: int) -> Instruction:
    return transfer(
        TransferParams(program_id=TOKEN_PROGRAM, source=source, dest=to, owner=owner, amount=units)
    )


def allowing(owner: Pubkey, till: Pubkey, session: Pubkey, units: int) -> Instruction:
    """Lets a session key spend so much of a till."""
    return approve(
        ApproveParams(program_id=TOKEN_PROGRAM, source=till, delegate=session, owner=owner, amount=units)
    )


def made(market: Market, folder: Path) -> Place:
    books, now = Books(folder / "books.db", "test"), [1_796_126_400]
    owner, session = market.actor(), market.actor()
    till = market.world.io_account(owner.pubkey())
    market.send(allowing(owner.pubkey(), till, session.pubkey(), 10_000 * TOKEN))
    desk = Desk(books, lambda: now[0])
    client = AsyncClient(AsyncLocalTransport(market.world.client.network), commitment="finalized")
    return Place(market, books, desk, owner, session, till, now, client)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = made(Market.new(), tmp_path)
    yield place
    place.desk.close()


async def test_what_users_paid_goes_to_the_buybacks_vaults_when_the_hour_is_over(place: Place) -> None:
    await place.pay(100 * TOKEN)
    place.spend(30 * TOKEN)
    before = place.vaulted
    await place.settling.look()
    assert place.vaulted == before
    await place.hour()
    assert place.vaulted == before + 30 * TOKEN
    assert (place.said.sent, place.said.accounts) == (30 * TOKEN, 70 * TOKEN)
    await place.agree()
    await place.hour()
    assert place.vaulted == before + 30 * TOKEN


async def test_leases_are_paid_of_it_first(place: Place) -> None:
    await place.pay(100 * TOKEN)
    place.spend(30 * TOKEN)
    job, vaulted = rented(place), place.vaulted
    escrow = place.market.job(job).escrow
    paid = place.held(escrow)
    await place.hour()
    # All of it may be the lease's cost still.
    assert (place.said.escrow, place.said.sent) == (paid, 30 * TOKEN - paid)
    assert place.vaulted - vaulted == 30 * TOKEN - paid
    await place.agree()
    place.market.world.advance(PERIOD + 600)
    place.send(place.market.jobs("stop", job, party=place.session.pubkey()))
    place.market.attest(job, PERIOD + 600)
    place.send(place.market.jobs("complete", job))
    _, _, refund = place.market.pay_out(job)
    assert 0 < refund < paid
    # The lease's fees went there, too: they are a part of its cost.
    vaulted = place.vaulted
    await place.hour()
    assert (place.said.escrow, place.said.cost, place.said.covered) == (0, paid - refund, paid - refund)
    assert place.said.sent == 30 * TOKEN - (paid - refund)
    assert place.vaulted - vaulted == refund
    # What came in is what is left of it, and what the lease has cost, and the surplus; to the base unit.
    assert place.held(place.till) == 100 * TOKEN - (paid - refund) - place.said.sent
    await place.agree()


def rented(place: Place) -> Pubkey:
    """A job that the session key has booked, of the till's tokens."""
    return place.market.run(
        TWO_HOURS,
        by=place.session,
        payer=place.session.pubkey(),
        source=place.till,
        refund_to=place.owner.pubkey(),
    )


def dies(monkeypatch: pytest.MonkeyPatch, method: str, *, after: bool) -> None:
    """Has a process die before or after it does something, once."""
    real: Callable[..., Any] = getattr(Settling, method)

    async def dying(self: Settling, *given: Any) -> Any:
        if after:
            await real(self, *given)
        monkeypatch.undo()
        raise Killed

    monkeypatch.setattr(Settling, method, dying)


@pytest.mark.parametrize(
    ("method", "after"),
    [("_signed", True), ("_hand_over", False), ("_hand_over", True), ("_status", True)],
)
async def test_a_surplus_is_sent_once_whenever_its_process_dies(
    place: Place, monkeypatch: pytest.MonkeyPatch, method: str, after: bool
) -> None:
    await place.pay(100 * TOKEN)
    place.spend(30 * TOKEN)
    before = place.vaulted
    place.now[0] += PERIOD
    if method == "_status":
        await place.settling.look()
    dies(monkeypatch, method, after=after)
    with pytest.raises(Killed):
        await place.settling.look()
    for _ in range(3):
        await place.settling.look()
    assert place.vaulted == before + 30 * TOKEN
    assert [send.state for send in Treasury(place.books).sends()] == ["landed"]
    await place.agree()


async def test_a_transaction_that_can_land_no_more_is_followed_by_another(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await place.pay(100 * TOKEN)
    place.spend(30 * TOKEN)
    before = place.vaulted
    dies(monkeypatch, "_hand_over", after=False)
    place.now[0] += PERIOD
    with pytest.raises(Killed):
        await place.settling.look()
    for _ in range(40):
        place.market.world.advance(60)
    for _ in range(3):
        await place.settling.look()
    assert place.vaulted == before + 30 * TOKEN
    assert [send.state for send in Treasury(place.books).sends()] == ["failed", "landed"]
    await place.agree()


@pytest.mark.parametrize(("slot", "state"), [(0, "signed"), (2**40, "failed")])
async def test_a_node_that_does_not_know_what_has_landed_has_nothing_sent_twice(
    place: Place, monkeypatch: pytest.MonkeyPatch, slot: int, state: str
) -> None:
    """One that is behind is not believed; of one that has forgotten it, the till's transactions say more."""
    await place.pay(100 * TOKEN)
    place.spend(30 * TOKEN)
    before = place.vaulted
    place.now[0] += PERIOD
    await place.settling.look()
    for _ in range(40):
        place.market.world.advance(60)
    real = AsyncClient.request

    async def forgetful(self: AsyncClient, method: str, *given: Any) -> Any:
        if method == "getSignatureStatuses":
            return {"context": {"slot": slot}, "value": [None]}
        return await real(self, method, *given)

    with monkeypatch.context() as patched:
        patched.setattr(AsyncClient, "request", forgetful)
        await place.settling._finish()
    assert [send.state for send in Treasury(place.books).sends()] == [state]
    for _ in range(3):
        await place.settling.look()
    assert place.vaulted == before + 30 * TOKEN
    assert [send.state for send in Treasury(place.books).sends()] == ["landed"]
    await place.agree()


async def test_what_fails_in_one_fork_only_is_not_given_up(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await place.pay(100 * TOKEN)
    place.spend(30 * TOKEN)
    place.now[0] += PERIOD
    await place.settling.look()
    real = Settling._status

    async def forked(self: Settling, signature: str) -> Any:
        slot, status = await real(self, signature)
        return slot, {**status, "err": {"InstructionError": [0, "Custom"]}, "confirmationStatus": "processed"}

    with monkeypatch.context() as patched:
        patched.setattr(Settling, "_status", forked)
        await place.settling._finish()
    assert [send.state for send in Treasury(place.books).sends()] == ["signed"]


async def test_a_key_that_may_not_spend_is_told_and_the_money_waits(place: Place) -> None:
    await place.pay(100 * TOKEN)
    place.spend(30 * TOKEN)
    place.session = place.market.actor()
    place.now[0] += PERIOD
    settling = place.settling
    await settling.look()
    assert "the surplus cannot be sent" in settling.fault
    assert place.said.earned == 30 * TOKEN
    await place.agree()


async def test_a_till_of_another_mint_is_told_and_nothing_counts(place: Place) -> None:
    till = place.market.world.usdc_account(place.owner.pubkey())
    tills = Tills(place.client, place.desk, {"io": till})
    await tills.look()
    assert "correct deposits.io in the settings" in tills.fault


async def test_payments_that_a_node_has_forgotten_are_told_and_counted_once_another_has_them(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await place.pay(100 * TOKEN)
    for units in (5, 7, 11):
        await paid_unseen(place, units)
    real = AsyncClient.listed

    async def pruned(self: AsyncClient, address: Pubkey, *, until: str | None = None) -> Any:
        async for count, entry in numbered(real(self, address, until=until)):
            if count == 0:
                yield entry

    with monkeypatch.context() as patched:
        patched.setattr(AsyncClient, "listed", pruned)
        tills = place.tills
        assert await tills.look() == 1
        assert "12 base units of io" in tills.fault
        assert (place.said.deposits, place.said.operator) == (100 * TOKEN + 11, 12)
        await place.agree()
    tills = place.tills
    await tills.look()
    assert tills.fault == ""
    assert (place.said.deposits, place.said.operator) == (100 * TOKEN + 23, 0)
    await place.agree()


async def paid_unseen(place: Place, units: int) -> None:
    payer = place.market.carol
    place.send(moving(token_account(payer.pubkey(), IO_MINT), place.till, payer.pubkey(), units))


async def numbered(entries: AsyncIterator[Any]) -> AsyncIterator[tuple[int, Any]]:
    count = 0
    async for entry in entries:
        yield count, entry
        count += 1


async def test_one_base_unit_less_in_the_books_is_a_difference(place: Place, tmp_path: Path) -> None:
    await place.pay(100 * TOKEN)
    place.spend(30 * TOKEN)
    await place.hour()
    config = IntelligenceConfig(tmp_path, (), tills=(("io", place.till),))
    chain = place.market.world.client
    shown, wrong = compare(place.books, config, chain)
    assert (shown["io"]["deposits"], shown["io"]["spent"]) == (100 * TOKEN, 30 * TOKEN)
    assert wrong == []
    place.books._db.execute("UPDATE balances SET units = units - 1 WHERE holder = 'sent'")
    shown, wrong = compare(place.books, config, chain)
    assert len(wrong) == 2
    place.books._db.execute("UPDATE balances SET units = units + 1 WHERE holder = 'sent'")
    place.books._db.execute("UPDATE balances SET units = units - 1 WHERE holder = 'operator'")
    place.books._db.execute("INSERT OR IGNORE INTO balances VALUES ('operator', 'io', -1)")
    shown, wrong = compare(place.books, config, chain)
    assert any("and the books say" in text for text in wrong)


async def test_no_node_is_leased_whose_cost_would_be_in_no_books(place: Place, tmp_path: Path) -> None:
    config = fleet_of(tmp_path, wallet=place.market.carol.pubkey(), gpus=0, seconds=PERIOD)
    client = place.client.as_(place.session)
    lessor = leases.Market(client, place.session, config, [], tmp_path, "ai-test-", [place.till])
    with pytest.raises(IonetError, match=r"none of \[deposits\]: their cost would be in no books"):
        await lessor.lease([], None)

"""Quotas from stake, and payments in advance, as the chain shows them: the real programs, in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from spl.token.instructions import transfer, transfer_checked
from spl.token.models import TransferCheckedParams, TransferParams
from tests.faults import Asked, FaultProxy
from tests.programs.market import IO_MINT, Market
from tests.programs.people import TOKEN

from ionet import IO, AsyncClient, AsyncHttpTransport, AsyncLocalTransport, token_account
from ionet.chain.ids import TOKEN_PROGRAM
from ionet.intelligence import onchain
from ionet.intelligence.books import Books
from ionet.intelligence.desk import Desk
from ionet.intelligence.gate import Gate, QuotaRule, Stake
from ionet.intelligence.onchain import Oracle, Tills
from ionet.intelligence.stakes import stake_of

#: A cent of use a day for each IO.
RULE = QuotaRule(per_io=10_000, least=IO(100), most=4_000_000)


@dataclass(slots=True)
class Place:
    """A market, and books of a service beside it.

    Attributes:
        market: with alice, who has 500 IO of active stake.
        books: empty.
        desk: works on them.
        owner: of the service's till.
        till: its IO account, which is new.
    """

    market: Market
    books: Books
    desk: Desk
    owner: Keypair
    till: Pubkey

    def client(self) -> AsyncClient:
        network = self.market.world.client.network
        return AsyncClient(AsyncLocalTransport(network), commitment="finalized")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    books = Books(tmp_path / "books.db", "test")
    desk = Desk(books)
    market = Market.new()
    owner = market.world.actor()
    yield Place(market, books, desk, owner, market.world.io_account(owner.pubkey()))
    desk.close()


async def quota(place: Place, holder: Pubkey, rule: QuotaRule = RULE) -> int:
    async with place.client() as client:

        async def read(address: Pubkey) -> Stake:
            return await stake_of(client, address)

        return (await Gate(place.desk, "test", read, rule).quota(str(holder))).dollars


async def test_active_stake_is_worth_a_quota(place: Place) -> None:
    # 500 IO at a cent each would be $5; $4 is the most.
    assert await quota(place, place.market.alice.owner.pubkey()) == 4_000_000
    assert await quota(place, place.market.alice.owner.pubkey(), replace(RULE, most=10**9)) == 5_000_000


async def test_what_lies_in_a_wallet_is_worth_nothing(place: Place) -> None:
    assert place.market.purse(place.market.carol) > 1_000 * TOKEN
    assert await quota(place, place.market.carol.pubkey()) == 0


async def test_pending_stake_is_worth_nothing_until_it_is_active(place: Place) -> None:
    market = place.market
    market.co_stake(market.carol, 300 * TOKEN)
    assert await quota(place, market.carol.pubkey()) == 0
    market.activate_all(market.carol)
    assert await quota(place, market.carol.pubkey()) == 3_000_000


async def test_stake_below_the_least_is_worth_nothing(place: Place) -> None:
    market = place.market
    market.co_stake(market.carol, 99 * TOKEN)
    market.activate_all(market.carol)
    assert await quota(place, market.carol.pubkey()) == 0


async def test_stake_that_leaves_is_worth_nothing_any_more(place: Place) -> None:
    market = place.market
    market.co_stake(market.carol, 300 * TOKEN)
    market.activate_all(market.carol)
    market.send(market.staking("unstake", by=market.carol, amount=250 * TOKEN))
    assert await quota(place, market.carol.pubkey()) == 0


async def test_a_stake_is_of_the_oldest_slot_that_the_answers_name_and_each_is_final(place: Place) -> None:
    asked, slots = list[Any](), iter(range(700, 10**6, 10))

    def behind(it: Asked) -> Any:
        asked.append((it.method, it.body["params"][1].get("commitment")))
        answer = it.forward()
        # Of several nodes behind one address, the third one is behind the others.
        answer["result"]["context"]["slot"] = 42 if len(asked) == 3 else next(slots)
        return answer

    with FaultProxy(place.market.world.client.network, behind) as node:
        async with AsyncClient(AsyncHttpTransport(node.url), commitment="confirmed") as client:
            stake = await stake_of(client, place.market.alice.owner.pubkey())
    assert stake == Stake(IO(500), 42)
    assert {method for method, _ in asked} >= {"getProgramAccounts", "getAccountInfo"}
    assert {level for _, level in asked} == {"finalized"}


async def test_a_chain_that_does_not_answer_leaves_what_was_read_last(place: Place) -> None:
    answers, clock = [Stake(IO(200), 7)], [0.0]

    async def read(_: Pubkey) -> Stake:
        return answers.pop()

    gate = Gate(place.desk, "test", read, RULE, lambda: clock[0])
    holder = str(place.market.carol.pubkey())
    assert (await gate.quota(holder)).dollars == 2_000_000
    clock[0] = 1_000.0
    assert (await gate.quota(holder)).dollars == 2_000_000
    assert (await gate.quota(str(place.market.dave.pubkey()))).dollars == 0


async def test_many_requests_read_stake_once(place: Place) -> None:
    count = 0

    async def read(_: Pubkey) -> Stake:
        nonlocal count
        count += 1
        await asyncio.sleep(0)
        return Stake(IO(200), 7)

    gate = Gate(place.desk, "test", read, RULE)
    holder = str(place.market.carol.pubkey())
    await asyncio.gather(*(gate.quota(holder) for _ in range(50)))
    assert count == 1


def moving(source: Pubkey, to: Pubkey, owner: Pubkey, units: int) -> Instruction:
    return transfer(
        TransferParams(program_id=TOKEN_PROGRAM, source=source, dest=to, owner=owner, amount=units)
    )


def pay(place: Place, units: int, *, checked: bool = True) -> None:
    market, till = place.market, place.till
    purse = token_account(market.carol.pubkey(), IO_MINT)
    if checked:
        market.send(
            transfer_checked(
                TransferCheckedParams(
                    program_id=TOKEN_PROGRAM,
                    source=purse,
                    mint=IO_MINT,
                    dest=till,
                    owner=market.carol.pubkey(),
                    amount=units,
                    decimals=IO.DECIMALS,
                )
            )
        )
    else:
        market.send(moving(purse, till, market.carol.pubkey(), units))


async def look(place: Place) -> int:
    async with place.client() as client:
        tills = Tills(client, place.desk, {"io": place.till})
        count = await tills.look()
        assert tills.fault == ""
        return count


def balance(place: Place) -> int:
    account = place.books.account(str(place.market.carol.pubkey()), 0)
    return place.books.funds(account, 0, 0).io


@pytest.mark.parametrize("checked", [True, False])
async def test_a_transfer_to_the_till_is_a_payment_of_who_signed_it(place: Place, checked: bool) -> None:
    pay(place, 7 * TOKEN, checked=checked)
    assert await look(place) == 1
    assert balance(place) == 7 * TOKEN


async def test_each_payment_counts_once_however_often_it_is_read(place: Place) -> None:
    pay(place, 7 * TOKEN)
    await look(place)
    pay(place, 5 * TOKEN)
    assert await look(place) == 1
    assert await look(place) == 0
    place.books.mark(f"till {place.till}", "")
    assert balance(place) == 12 * TOKEN


async def test_a_node_that_lists_everything_again_changes_nothing(place: Place, tmp_path: Path) -> None:
    pay(place, 7 * TOKEN)
    async with place.client() as client:
        await Tills(client, place.desk, {"io": place.till}).look()
        place.books._db.execute("DELETE FROM about WHERE name LIKE 'mark %'")
        assert await Tills(client, place.desk, {"io": place.till}).look() == 0
    assert balance(place) == 7 * TOKEN


async def test_transfers_to_others_and_out_of_the_till_are_no_payments(place: Place) -> None:
    market = place.market
    pay(place, 7 * TOKEN)
    for to in (market.renter.pubkey(), market.carol.pubkey()):
        out = moving(place.till, token_account(to, IO_MINT), place.owner.pubkey(), TOKEN)
        market.world.send(out, signers=[place.owner])
    assert await look(place) == 1
    assert balance(place) == 7 * TOKEN


async def test_a_transfer_of_the_till_to_itself_is_no_payment(place: Place) -> None:
    pay(place, 7 * TOKEN)
    till, owner = place.till, place.owner
    place.market.world.send(moving(till, till, owner.pubkey(), TOKEN), signers=[owner])
    assert await look(place) == 1
    assert place.books.balances()[("outside", "io")] == -7 * TOKEN


async def test_a_transaction_that_cannot_be_read_is_said_to_be_in_the_way(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    pay(place, 7 * TOKEN)

    def broken(*_: object) -> None:
        raise ValueError("of another version")

    async with place.client() as client:
        tills = Tills(client, place.desk, {"io": place.till})
        monkeypatch.setattr(onchain, "moved_by", broken)
        assert await tills.look() == 0
        assert "another version" in tills.fault
        monkeypatch.undo()
        assert await tills.look() == 1
    assert balance(place) == 7 * TOKEN


async def test_a_price_that_nobody_reads_any_more_is_none(place: Place) -> None:
    clock = [0.0]
    async with place.client() as client:
        oracle = Oracle(client, lambda: clock[0])
        await oracle.look()
    assert oracle.now() is not None
    clock[0] = 600.0
    assert oracle.now() is None


async def test_an_io_is_worth_what_it_is_worth_when_one_books(place: Place) -> None:
    async with place.client() as client:
        oracle = Oracle(client)
        assert oracle.now() is None
        await oracle.look()
    # IO is at $2.00, give or take 2 cents, and counts for $1.98: 50.5 base units for a millionth of a dollar.
    rate = oracle.now()
    assert rate is not None
    assert rate.to_dollars(10**8) == 1_980_000
    assert (rate.to_io(1), rate.to_io(1_980_000)) == (51, 10**8)
    place.market.world.advance(24 * 3_600)
    async with place.client() as client:
        old = Oracle(client)
        await old.look()
    assert old.now() is None
    assert old.fault

"""Session keys that rent (rule 10a): what they may spend, what comes back to whom, and what they cannot do.

In USDC, at par: two hours at 2.5 USD are 5 USDC, and 2.25 % of that are fees.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from tests.sdk.test_jobs_api import HOUR, MANIFEST, NOW, Market

import ionet
from ionet import IO, SOL, USDC, Client, IonetError, JobState, TransactionFailed, pda, token_account
from ionet.chain.ids import TOKEN_PROGRAM
from ionet.cli.localnet import PEOPLE, set_up
from ionet.localnet.dollars import add_usdc

#: Price, fees and deposit of two hours, and the booking fee, which a cancelled booking costs.
PRICE, FEES, BOOKING = 5_000_000, 112_500, 12_500
DEPOSIT = PRICE + FEES
#: Errors of the SPL token program: insufficient funds, and who signs neither owns nor may spend.
FUNDS, OWNER = {"Custom": 1}, {"Custom": 4}


@pytest.fixture(scope="module")
def market() -> Market:
    people = {name: Keypair() for name in PEOPLE}
    deployer = ionet.Client.local(signer=people["deployer"], now=NOW)
    set_up(deployer, people)
    dollars = add_usdc(deployer, [key.pubkey() for key in people.values()], USDC(1_000))
    return Market(deployer, people, dollars)


@dataclass(slots=True)
class Hot:
    """A session key with SOL for rent and fees, which spends for the renter."""

    market: Market
    key: Keypair

    @property
    def client(self) -> Client:
        return self.market.deployer.as_(self.key).spending_for(self.market.key("renter"))

    @property
    def address(self) -> Pubkey:
        return self.key.pubkey()

    def allow(self, base: int) -> None:
        self.market.renter.jobs.approve_session_key(
            self.address, self.market.usdc, USDC.from_base(base)
        ).send()

    @property
    def left(self) -> int:
        purse = self.market.renter.token_account(self.purse)
        return purse.delegated_amount if purse.delegate == self.address else 0

    @property
    def purse(self) -> Pubkey:
        return token_account(self.market.key("renter"), self.market.usdc)

    @property
    def own(self) -> Pubkey:
        return token_account(self.address, self.market.usdc)

    def balance(self) -> int:
        return self.market.renter.token_account(self.purse).amount

    def book(self, node: Pubkey, seconds: int = 2 * HOUR) -> Pubkey:
        return self.client.jobs.book(node, seconds, MANIFEST, currency="USDC").send().result


@pytest.fixture
def hot(market: Market) -> Iterator[Hot]:
    key = Keypair()
    market.deployer.network.airdrop(key.pubkey(), SOL(1).base)
    yield Hot(market, key)
    market.renter.jobs.revoke_session_key(market.usdc).send()


def code_of(failed: TransactionFailed) -> object:
    return failed.error["InstructionError"][1]


def token(data: bytes, *accounts: AccountMeta) -> Instruction:
    return Instruction(TOKEN_PROGRAM, data, list(accounts))


def test_it_books_up_to_its_limit_and_not_a_unit_more(hot: Hot) -> None:
    node, before = hot.market.offered(), hot.balance()
    hot.allow(DEPOSIT - 1)
    assert hot.client.jobs.spendable(hot.market.usdc) == DEPOSIT - 1
    with pytest.raises(TransactionFailed) as refused:
        hot.book(node)
    assert code_of(refused.value) == FUNDS
    assert (hot.balance(), hot.left) == (before, DEPOSIT - 1)
    hot.allow(DEPOSIT)
    hot.book(node)
    assert (hot.balance(), hot.left) == (before - DEPOSIT, 0)
    with pytest.raises(TransactionFailed):
        hot.book(hot.market.offered())
    assert hot.balance() == before - DEPOSIT


def test_what_comes_back_goes_to_the_wallet_and_never_to_the_key(hot: Hot) -> None:
    before = hot.balance()
    hot.allow(2 * DEPOSIT)
    job = hot.book(hot.market.offered())
    account = hot.client.jobs.get_job(job)
    assert (account.renter, account.refund_to) == (hot.address, hot.market.key("renter"))
    assert account.rent_payer == hot.address
    hot.client.jobs.cancel(job).send()
    assert hot.balance() == before - BOOKING
    assert hot.client.account(hot.own) is None
    assert hot.left == DEPOSIT, "a refund is not added to the allowance"


def test_the_wallet_ends_what_its_session_has_booked(hot: Hot) -> None:
    hot.allow(DEPOSIT)
    before = hot.balance()
    job = hot.book(hot.market.offered())
    hot.market.renter.jobs.cancel(job).send()
    assert hot.balance() == before - BOOKING


def test_it_extends_and_stops_its_own_job_only(hot: Hot) -> None:
    # An hour more costs half of what two cost.
    hot.allow(DEPOSIT + DEPOSIT // 2)
    job = hot.book(hot.market.offered())
    hot.market.as_("alice").jobs.start(job).send()
    hot.client.jobs.extend(job, HOUR).send()
    assert hot.left == 0
    with pytest.raises(TransactionFailed):
        hot.client.jobs.extend(job, HOUR).send()
    node = hot.market.offered()
    foreign = hot.market.renter.jobs.book(node, 2 * HOUR, MANIFEST, currency="USDC").send().result
    with pytest.raises(IonetError):
        hot.client.jobs.cancel(foreign).send()
    hot.client.jobs.stop(job).send()
    assert hot.client.jobs.get_job(job).reason == ionet.CloseReason.RENTER_STOPPED
    hot.market.renter.jobs.cancel(foreign).send()


def test_without_or_after_an_allowance_it_spends_nothing(hot: Hot) -> None:
    before = hot.balance()
    other = Hot(hot.market, Keypair())
    hot.market.deployer.network.airdrop(other.address, SOL(1).base)
    hot.allow(3 * DEPOSIT)
    assert other.client.jobs.spendable(hot.market.usdc) == 0
    with pytest.raises(TransactionFailed) as refused:
        other.book(hot.market.offered())
    assert code_of(refused.value) == OWNER
    job = hot.book(hot.market.offered())
    hot.market.renter.jobs.revoke_session_key(hot.market.usdc).send()
    with pytest.raises(TransactionFailed) as refused:
        hot.book(hot.market.offered())
    assert code_of(refused.value) == OWNER
    assert hot.client.jobs.spendable(hot.market.usdc) == 0
    assert hot.balance() == before - DEPOSIT
    # What was booked goes on, and is still the key's to end.
    hot.client.jobs.cancel(job).send()
    assert hot.balance() == before - BOOKING


def test_a_new_session_key_ends_the_former_one(hot: Hot) -> None:
    hot.allow(DEPOSIT)
    Hot(hot.market, Keypair()).allow(DEPOSIT)
    with pytest.raises(TransactionFailed):
        hot.book(hot.market.offered())


def test_two_commands_at_the_same_moment_spend_the_limit_once(hot: Hot) -> None:
    hot.allow(2 * DEPOSIT - 1)
    before = hot.balance()
    nodes = [hot.market.offered(), hot.market.offered()]
    # Both have seen that the deposit is there before either is sent.
    ready = [hot.client.jobs.book(node, 2 * HOUR, MANIFEST, currency="USDC").tx() for node in nodes]
    hot.client.send_signed(ready[0])
    with pytest.raises(TransactionFailed) as refused:
        hot.client.send_signed(ready[1])
    assert code_of(refused.value) == FUNDS
    assert (before - hot.balance(), hot.left) == (DEPOSIT, DEPOSIT - 1)


@pytest.mark.parametrize("order", list(permutations(("book", "extend", "grow"))))
def test_of_all_that_is_ready_at_the_same_moment_the_limit_pays_once(
    hot: Hot, order: tuple[str, ...]
) -> None:
    hot.allow(2 * DEPOSIT)
    booked = hot.client.jobs.book_cluster(
        [hot.market.offered() for _ in range(2)], 2 * HOUR, MANIFEST, currency="USDC"
    )
    for job in booked.jobs:
        hot.market.as_("alice").jobs.start(job).send()
    jobs, nodes = hot.client.jobs, [hot.market.offered() for _ in range(2)]
    # Each of them alone, and no two of them: an hour more takes half of what a booking does.
    limit = DEPOSIT + DEPOSIT // 2 - 1
    hot.allow(limit)
    before, takes = hot.balance(), {"book": DEPOSIT, "extend": DEPOSIT // 2, "grow": DEPOSIT}
    ready = {
        "book": jobs.book(nodes[0], 2 * HOUR, MANIFEST, currency="USDC").tx(),
        "extend": jobs.extend(booked.jobs[0], HOUR).tx(),
        "grow": jobs.grow_cluster(booked.cluster, nodes[1], 2 * HOUR, currency="USDC").tx(),
    }
    hot.client.send_signed(ready[order[0]])
    for what in order[1:]:
        with pytest.raises(TransactionFailed) as refused:
            hot.client.send_signed(ready[what])
        assert code_of(refused.value) == FUNDS
    taken = takes[order[0]]
    assert (before - hot.balance(), hot.left) == (taken, limit - taken)


def test_a_thief_of_the_key_gets_the_limit_and_nothing_else(hot: Hot) -> None:
    limit, wallet = DEPOSIT, hot.market.key("renter")
    hot.allow(limit)
    before, sol = hot.balance(), hot.client.balance(wallet).base
    purse, thief = AccountMeta(hot.purse, False, True), AccountMeta(hot.address, True, False)
    loot = AccountMeta(token_account(hot.market.key("carol"), hot.market.usdc), False, True)
    io = AccountMeta(token_account(wallet, pda.mint.MINT), False, True)
    stolen = AccountMeta(token_account(hot.market.key("carol"), pda.mint.MINT), False, True)
    mint, key = AccountMeta(hot.market.usdc, False, True), AccountMeta(hot.address, False, False)
    new_owner = bytes([6, 2, 1]) + bytes(hot.address)
    attempts = {
        "transfer a unit more": (token(struct.pack("<BQ", 3, limit + 1), purse, loot, thief), FUNDS),
        "transfer another currency": (token(struct.pack("<BQ", 3, 1), io, stolen, thief), OWNER),
        "raise its own limit": (token(struct.pack("<BQ", 4, limit + 1), purse, key, thief), OWNER),
        "become the owner": (token(new_owner, purse, thief), OWNER),
        "burn a unit more": (token(struct.pack("<BQ", 8, limit + 1), purse, mint, thief), FUNDS),
    }
    for what, (instruction, code) in attempts.items():
        with pytest.raises(TransactionFailed) as refused:
            hot.client.send(instruction)
        assert code_of(refused.value) == code, what
    node = hot.market.node()
    stake = hot.market.renter.staking.stake(node, IO(1)).ix()
    with pytest.raises(IonetError):
        hot.client.send(*stake)
    lamports = transfer(TransferParams(from_pubkey=wallet, to_pubkey=hot.address, lamports=1))
    with pytest.raises(IonetError):
        hot.client.send(lamports)
    assert (hot.balance(), hot.left) == (before, limit)
    assert hot.client.balance(wallet).base == sol
    # As the token program lets a delegate: what may be spent may be given away.
    hot.client.send(token(struct.pack("<BQ", 3, limit), purse, loot, thief))
    assert (hot.balance(), hot.left) == (before - limit, 0)


def test_a_session_books_a_cluster_and_replaces_what_it_loses(hot: Hot) -> None:
    nodes = [hot.market.offered() for _ in range(2)]
    before = hot.balance()
    hot.allow(2 * DEPOSIT - 1)
    with pytest.raises(IonetError):
        hot.client.jobs.book_cluster(nodes, 2 * HOUR, MANIFEST, currency="USDC")
    # One transaction books both or none.
    assert hot.balance() == before
    hot.allow(3 * DEPOSIT)
    booked = hot.client.jobs.book_cluster(nodes, 2 * HOUR, MANIFEST, currency="USDC")
    assert before - hot.balance() == 2 * DEPOSIT
    for job in booked.jobs:
        hot.market.as_("alice").jobs.start(job).send()
    hot.market.as_("attester").jobs.lose(booked.jobs[1]).send()
    again = hot.market.offered()
    call = hot.client.jobs.replace_lost(booked.cluster, again, 2 * HOUR, currency="USDC")
    account = hot.client.jobs.get_job(call.send().result)
    assert (account.renter, account.refund_to) == (hot.address, hot.market.key("renter"))
    assert (before - hot.balance(), hot.left) == (3 * DEPOSIT, 0)
    assert account.state == JobState.BOOKED


def test_a_key_gives_its_allowance_up_without_its_wallet(hot: Hot) -> None:
    hot.allow(DEPOSIT)
    before, sol = hot.balance(), hot.client.balance(hot.address).base
    sent = hot.client.jobs.give_up_session(hot.market.usdc).send()
    account = hot.client.token_account(hot.purse)
    assert (account.delegate, account.delegated_amount, account.amount) == (None, 0, before)
    assert hot.client.account(hot.own) is None
    assert sol - hot.client.balance(hot.address).base == sent.fee, "the rent came back"
    with pytest.raises(IonetError, match="there is nothing to give up"):
        hot.client.jobs.give_up_session(hot.market.usdc).send()


def test_an_allowance_above_the_balance_is_given_up_in_turns(hot: Hot) -> None:
    before = hot.balance()
    hot.allow(3 * before + 1)
    hot.client.jobs.give_up_session(hot.market.usdc).send()
    assert (hot.balance(), hot.left) == (before, 0)
    hot.allow(8 * before + 1)
    with pytest.raises(IonetError, match="only the wallet can revoke it"):
        hot.client.jobs.give_up_session(hot.market.usdc).send()
    assert hot.left == 8 * before + 1


def test_tokens_that_somebody_sent_to_the_key_go_to_the_wallet(hot: Hot) -> None:
    from spl.token.instructions import create_idempotent_associated_token_account

    before = hot.balance()
    carol = hot.market.as_("carol")
    purse = token_account(carol.address, hot.market.usdc)
    carol.send(
        create_idempotent_associated_token_account(carol.address, hot.address, hot.market.usdc),
        token(
            struct.pack("<BQ", 3, 7),
            AccountMeta(purse, False, True),
            AccountMeta(hot.own, False, True),
            AccountMeta(carol.address, True, False),
        ),
    )
    hot.allow(DEPOSIT)
    hot.client.jobs.give_up_session(hot.market.usdc).send()
    assert (hot.balance(), hot.left) == (before + 7, 0)
    assert hot.client.account(hot.own) is None

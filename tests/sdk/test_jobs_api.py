"""The namespace of jobs: offers, exact quotes, clusters that undo themselves, and what anyone can do.

IO is at 2.00 ± 0.01 USD, so a renter pays at 1.99; USDC counts one dollar. Fees: 0.25 % for booking on each
side, 2 % for USDC on the side that uses it. Amounts are worked out by hand from these.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.programs.support import make_hireable

import ionet
from ionet import (
    IO,
    USD,
    USDC,
    CloseReason,
    ClusterNotBooked,
    Crank,
    DisputeOutcome,
    JobsEntry,
    JobState,
    NotBookable,
    PriceUnusable,
    errors,
    events,
    pda,
    token_account,
    types,
)
from ionet.cli.localnet import PEOPLE, set_up
from ionet.localnet.dollars import add_usdc, write_prices
from ionet.localnet.market import CONFIDENCE, FEED, PRICE
from ionet.token.currency import USDC_FEED

ROOT = Path(__file__).resolve().parents[2]
#: Reached through `ionet.administration`, see test_administration.py.
ADMINISTRATIVE = {"set_params", "set_paused", "propose_authority", "accept_authority"}
NOW = 1_800_000_000
HOUR = 3_600
DAY = 24 * HOUR
MANIFEST = bytes([7]) * 32
RTX_4090 = 20
RTX_3060 = 23
#: The booking fee of an hour at 2.5 USD: P = ⌈2.5 / 1.99⌉ = 1.25628141 IO, ⌈P · 25 / 10⁴⌉.
FEE = 314_071


@dataclass(slots=True)
class Market:
    """A market with dollars, and everybody's client."""

    deployer: ionet.Client
    people: dict[str, Keypair]
    usdc: Pubkey
    devices: int = 0
    keys: dict[Pubkey, Keypair] = field(default_factory=dict)
    nodes: list[Pubkey] = field(default_factory=list)

    def as_(self, name: str) -> ionet.Client:
        return self.deployer.as_(self.people[name])

    def key(self, name: str) -> Pubkey:
        return self.people[name].pubkey()

    @property
    def renter(self) -> ionet.Client:
        return self.as_("renter")

    @property
    def now(self) -> int:
        return self.deployer.network.clock.now()

    def node(self, name: str = "alice", *, class_id: int = RTX_4090, **more: Any) -> Pubkey:
        """A node of its own."""
        self.devices += 1
        call = self.as_(name).staking.register(
            class_id=class_id,
            fingerprint=self.devices.to_bytes(32, "little"),
            device=Keypair(),
            attester=self.people["attester"],
            **{"region": 276, "memory_gib": 24, "link_mbps": 1_000} | more,
        )
        node = call.send().result
        make_hireable(self.deployer, node)
        self.nodes.append(node)
        return node

    def offered(self, rate: str = "2.5", name: str = "alice", **more: Any) -> Pubkey:
        """A node on the market, which takes IO and USDC."""
        offer = {name: more.pop(name) for name in list(more) if name in _OFFER}
        node = self.node(name, **more)
        usual: dict[str, Any] = {"rate": USD(rate), "currencies": ["IO", "USDC"]}
        self.as_(name).jobs.offer(node, **usual | offer).send()
        return node

    def advance(self, seconds: int) -> None:
        """Time passes, and prices and compute proofs follow."""
        self.deployer.network.clock.advance(seconds)
        write_prices(self.deployer)
        for node in self.nodes:
            make_hireable(self.deployer, node)

    def run(self, node: Pubkey, seconds: int = 2 * HOUR, currency: str = "IO") -> Pubkey:
        """A job that has just begun."""
        job = self.renter.jobs.book(node, seconds, MANIFEST, currency=currency).send().result
        self.as_("alice").jobs.start(job).send()
        return job

    def attest(self, job: Pubkey, good: int, upto: int | None = None, reason: int = 0) -> None:
        said = types.jobs.AttestArgs(
            good=good,
            upto=good if upto is None else upto,
            reason=reason,
            proof_digest=bytes(32),
            timelock=bytes([1]) * 32,
            result_hash=bytes(32),
        )
        self.as_("attester").jobs.attest(job, said).send()

    def purse(self, name: str, mint: Pubkey | None = None) -> int:
        return self.deployer.tokens(self.key(name), mint or pda.mint.MINT)


_OFFER = {"currencies", "min_seconds", "max_seconds", "payout_as_paid", "taking"}


@pytest.fixture
def market() -> Market:
    people = {name: Keypair() for name in PEOPLE}
    deployer = ionet.Client.local(signer=people["deployer"], now=NOW)
    set_up(deployer, people)
    usdc = add_usdc(deployer, [one.pubkey() for one in people.values()], USDC(1_000))
    return Market(deployer, people, usdc)


def test_every_instruction_that_a_key_can_call_is_in_the_namespace() -> None:
    instructions = {
        one["name"] for one in json.loads((ROOT / "idl" / "jobs.json").read_text())["instructions"]
    }
    called = set()
    for path in (ROOT / "sdk" / "ionet" / "jobs" / "_async").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "ix.jobs":
                called.add(node.attr)
    assert called == instructions - ADMINISTRATIVE


# -- offers


def test_an_offer_is_made_and_changed_without_losing_the_rest(market: Market) -> None:
    alice, node = market.as_("alice"), market.node()
    with pytest.raises(ionet.IonetError, match="a new one needs a rate"):
        alice.jobs.offer(node, taking=False)
    alice.jobs.offer(node, rate=USD("2.5")).send()
    made = alice.jobs.get_offer(node)
    assert (made.rate, made.min_seconds, made.max_seconds) == (2_500_000, HOUR, 30 * DAY)
    assert (made.open, made.payout, made.currencies[0]) == (1, 0, pda.mint.MINT)
    alice.jobs.offer(node, currencies=["USDC", "IO", "USDC"], payout_as_paid=True).send()
    alice.jobs.offer(node, taking=False).send()
    changed = alice.jobs.get_offer(node)
    assert (changed.rate, changed.open, changed.payout) == (2_500_000, 0, 1)
    assert changed.currencies[:3] == (market.usdc, pda.mint.MINT, Pubkey.default())


def test_a_currency_that_is_not_there_is_named_with_those_that_are(market: Market) -> None:
    with pytest.raises(ionet.IonetError, match=r"no currency 'EUR'; there are IO, USDC"):
        market.as_("alice").jobs.offer(market.node(), rate=USD(1), currencies=["EUR"])
    assert market.renter.jobs.get_currency("USDC").mint == market.usdc
    assert market.renter.jobs.get_currency(market.usdc).decimals == 6


def test_a_search_gives_the_cheapest_first_and_leaves_out_what_does_not_fit(market: Market) -> None:
    dear, cheap = market.offered("2.5"), market.offered("1.25", memory_gib=80, link_mbps=10_000)
    other = market.offered("0.5", class_id=RTX_3060, region=840)
    closed = market.offered("0.1", taking=False)
    short = market.offered("2", max_seconds=2 * HOUR, currencies=["IO"])
    search = market.renter.jobs.search

    def found(**wanted: Any) -> list[Pubkey]:
        return [one.node for one in search(**wanted)]

    assert found() == [other, cheap, short, dear]
    assert closed not in found(booked=True)
    assert found(class_=RTX_4090) == [cheap, short, dear]
    assert found(region=276, count=1) == [cheap]
    assert found(max_rate=USD("1.25")) == [other, cheap]
    assert found(max_rate=USD("1.249999")) == [other]
    assert found(currency="USDC", class_=RTX_4090) == [cheap, dear]
    assert found(seconds=2 * HOUR + 1, class_=RTX_4090) == [cheap, dear]
    assert found(min_memory_gib=80) == [cheap]
    assert found(min_link_mbps=1_001) == [cheap]
    job = market.renter.jobs.book(other, HOUR, MANIFEST).send().result
    assert found() == [cheap, short, dear]
    listed = search(booked=True, class_=RTX_3060)[0]
    assert (listed.booked_until, listed.rate, listed.region) == (NOW + 1_201, USD("0.5"), 840)
    market.renter.jobs.cancel(job).send()
    assert found()[0] == other


# -- quotes


def test_a_quote_in_io_is_exact_to_the_last_of_eight_decimals(market: Market) -> None:
    found = market.renter.jobs.quote(market.offered(), 2 * HOUR)
    assert found.usd == USD(5)
    # 5 / 1.99 = 2.512562814...; a quarter per cent of that is 0.006281407...; both up.
    assert found.price == IO("2.51256282")
    assert (found.booking_fee, found.payment_fee) == (IO("0.00628141"), IO(0))
    assert found.deposit == IO("2.51884423")
    assert found.limit == IO("2.54403268"), "one per cent more, rounded up"
    assert (found.supplier_fee, found.supplier_net) == (IO("0.00628141"), IO("2.50628141"))
    assert not found.sold_for_io


def test_a_quote_in_usdc_is_exact_to_the_last_of_six_decimals(market: Market) -> None:
    node = market.offered("2.333333", payout_as_paid=True)
    found = market.renter.jobs.quote(node, 3_700, currency="USDC")
    # 2.333333 · 3,700 / 3,600 = 2.398147805..., up.
    assert found.price == USDC("2.398148")
    # 2.25 % of it is 0.05395833, of which booking is 0.00599537; each up.
    assert (found.booking_fee, found.payment_fee) == (USDC("0.005996"), USDC("0.047963"))
    assert found.deposit == found.limit == USDC("2.452107"), "a currency at par does not move"
    assert (found.supplier_booking_fee, found.supplier_payment_fee) == (USDC("0.005996"), USDC("0.047963"))
    assert found.supplier_net == USDC("2.344189")


def test_a_supplier_who_wants_io_for_dollars_pays_no_payment_fee(market: Market) -> None:
    found = market.renter.jobs.quote(market.offered(), 2 * HOUR, currency="USDC")
    assert (found.deposit, found.supplier_fee, found.supplier_net) == (
        USDC("5.1125"),
        USDC("0.0125"),
        USDC("4.9875"),
    )
    assert found.sold_for_io


def test_quotes_of_several_nodes_are_summed_node_by_node(market: Market) -> None:
    found = market.renter.jobs.quotes([market.offered(), market.offered("0.7")], HOUR)
    # 2.5 / 1.99 and 0.7 / 1.99, each up, and each its own fee.
    assert [one.price for one in found.nodes] == [IO("1.25628141"), IO("0.3517588")]
    assert [one.fee for one in found.nodes] == [IO("0.00314071"), IO("0.0008794")]
    assert found.deposit == IO("1.61206032")
    assert found.usd == USD("3.2")


def test_what_was_quoted_is_what_is_taken(market: Market) -> None:
    for currency, mint in (("IO", pda.mint.MINT), ("USDC", market.usdc)):
        node = market.offered("2.333333")
        quoted = market.renter.jobs.quote(node, 3_700, currency=currency)
        before = market.purse("renter", mint)
        job = market.renter.jobs.book(node, 3_700, MANIFEST, currency=currency).send().result
        assert before - market.purse("renter", mint) == quoted.deposit.base
        account = market.renter.jobs.get_job(job)
        assert (account.price, account.fee) == (quoted.price.base, quoted.fee.base)


def test_a_job_of_a_thousand_dollars_a_day_needs_two_attesters(market: Market) -> None:
    assert market.renter.jobs.quote(market.offered("41.666666"), HOUR).attesters == 1
    large = market.offered("41.666667")
    with pytest.raises(NotBookable, match=r"needs 2 attesters, of whom there are 1") as caught:
        market.renter.jobs.quote(large, HOUR)
    assert caught.value.reason == "TooFewSeats"
    seats = [(market.key(name), 1) for name in ("attester", "carol")]
    market.deployer.proofs.set_attesters(seats, threshold=2).send()
    assert market.renter.jobs.quote(large, HOUR).attesters == 2


# -- refusals, before anything is sent


def test_what_cannot_be_booked_says_why_as_the_program_would(market: Market) -> None:
    renter, alice = market.renter, market.as_("alice")
    node = market.offered(currencies=["IO"], max_seconds=2 * HOUR)

    def refused(reason: str, words: str, seconds: int = HOUR, **more: Any) -> None:
        with pytest.raises(NotBookable, match=words) as caught:
            renter.jobs.quote(more.pop("node", node), seconds, **more)
        assert caught.value.reason == reason

    refused("MintNotTaken", r"takes IO, not USDC", currency="USDC")
    refused("DurationOutOfBounds", r"is rented for 1 h to 2 h, not for 3 h", 3 * HOUR)
    refused("AccountNotInitialized", r"has no offer", node=market.node())
    refused("NotANode", r"does not exist", node=Keypair().pubkey())
    alice.jobs.offer(node, taking=False).send()
    refused("OfferClosed", r"takes no bookings at present")
    alice.jobs.offer(node, taking=True).send()
    job = renter.jobs.book(node, HOUR, MANIFEST).send().result
    refused("Leased", rf"is booked until 2027-01-15 08:20 UTC, 20 min 1 s from now, by job {job}")
    market.advance(1_201)
    renter.jobs.quote(node, HOUR)
    market.deployer.jobs.set_paused(JobsEntry.BOOKING).send()
    refused("Paused", r"booking and extending are paused")
    market.deployer.jobs.set_paused(JobsEntry(0)).send()
    market.deployer.jobs.set_currency(pda.mint.MINT, enabled=False).send()
    refused("CurrencyDisabled", r"no new jobs are paid in IO at present")
    market.deployer.jobs.set_currency(pda.mint.MINT, enabled=True).send()
    alice.staking.retire(node).send()
    refused("NodeNotLive", r"is retired")


@pytest.mark.parametrize(
    ("change", "reason", "words"),
    [
        ({"publish_time": NOW - 93}, "StalePrice", "the price of IO is 93 s old; at most 60 s are accepted"),
        ({"publish_time": NOW + 61}, "StalePrice", "is 61 s ahead of the clock"),
        ({"confidence": PRICE // 100 + 1}, "UncertainPrice", "at most 1 % are accepted"),
        ({"ema_price": 190_000_000}, "VolatilePrice", "5.263 % off its moving average; at most 5 %"),
        ({"signatures": 5}, "PriceNotVerified", "not fully verified"),
    ],
)
def test_a_price_that_the_program_refuses_is_refused_here_in_words(
    market: Market, change: dict[str, int], reason: str, words: str
) -> None:
    node = market.offered()
    call = market.renter.jobs.book(node, HOUR, MANIFEST, max_deposit=2**64 - 1)
    told: dict[str, Any] = {"confidence": CONFIDENCE} | change
    market.deployer.cheats.set_price(FEED, PRICE, **told)
    with pytest.raises(PriceUnusable, match=words) as caught:
        market.renter.jobs.quote(node, HOUR)
    assert caught.value.reason == reason
    with pytest.raises(getattr(errors.jobs, reason)):
        call.send()


@pytest.mark.parametrize(("price", "taken"), [(99_000_000, True), (98_999_999, False)])
def test_a_dollar_below_ninety_nine_cents_is_refused(market: Market, price: int, taken: bool) -> None:
    node = market.offered()
    call = market.renter.jobs.book(node, HOUR, MANIFEST, currency="USDC")
    market.deployer.cheats.set_price(USDC_FEED, price)
    if taken:
        call.send()
        return
    with pytest.raises(PriceUnusable, match=r"USDC is below 0.99 USD"):
        market.renter.jobs.quote(node, HOUR, currency="USDC")
    with pytest.raises(errors.jobs.BelowPar):
        call.send()


def test_nobody_pays_more_than_the_limit_he_signed(market: Market) -> None:
    node = market.offered()
    call = market.renter.jobs.book(node, HOUR, MANIFEST)
    market.deployer.cheats.set_price(FEED, PRICE * 99 // 100, confidence=CONFIDENCE)
    with pytest.raises(errors.jobs.DepositAboveLimit):
        call.send()
    dearer = market.renter.jobs.book(node, HOUR, MANIFEST, currency="USDC")
    market.as_("alice").jobs.offer(node, rate=USD("2.500001")).send()
    with pytest.raises(errors.jobs.DepositAboveLimit):
        dearer.send()


# -- clusters


def test_seven_nodes_are_booked_in_three_transactions_and_start_when_all_are(market: Market) -> None:
    nodes = [market.offered(f"{n + 1}") for n in range(7)]
    alice, sizes = market.as_("alice"), []

    def between(sent: ionet.Sent[tuple[Pubkey, ...]]) -> None:
        sizes.append(len(sent.result))
        if sum(sizes) < 7:
            with pytest.raises(errors.jobs.ClusterIncomplete):
                alice.jobs.start(sent.result[0]).send()

    made = market.renter.jobs.book_cluster(nodes, HOUR, MANIFEST, on_sent=between)
    assert sizes == [2, 3, 2]
    assert len(made.signatures) == 3
    assert [market.renter.jobs.get_job(job).node for job in made.jobs] == nodes
    (status,) = market.renter.jobs.clusters()
    assert (status.address, status.size, status.joined, status.waiting) == (made.cluster, 7, 7, 7)
    assert status.is_complete
    for job in made.jobs:
        alice.jobs.start(job).send()
    assert market.renter.jobs.get_cluster(made.cluster).waiting == 0


def test_every_transaction_of_a_large_cluster_fits_into_a_packet(market: Market) -> None:
    nodes = [market.offered() for _ in range(11)]
    calls = market.renter.jobs.cluster_calls(nodes, HOUR, MANIFEST, cluster_id=bytes(32))
    assert [len(bytes(calls[0].tx())) <= 1_232, len(calls)] == [True, 4]


def test_if_one_cannot_be_booked_the_others_are_cancelled_and_refunded_at_once(market: Market) -> None:
    nodes = [market.offered() for _ in range(4)]
    before = market.purse("renter")

    def snatch(sent: object) -> None:
        market.as_("bob").jobs.book(nodes[3], HOUR, MANIFEST).send()

    with pytest.raises(ClusterNotBooked, match=r"the other 2 booked jobs were cancelled") as caught:
        market.renter.jobs.book_cluster(nodes, HOUR, MANIFEST, on_sent=snatch)
    failed = caught.value
    assert failed.nodes == (nodes[2], nodes[3])
    assert isinstance(failed.cause, NotBookable)
    assert f"the node {nodes[3]} is booked until" in str(failed)
    assert len(failed.signatures) == 1
    assert len(failed.undone) == 2
    assert failed.is_undone
    assert all(market.deployer.transaction(one.signature) for one in failed.undone if one.signature)
    assert before - market.purse("renter") == 2 * FEE, "the booking fee at least"
    assert [one.node for one in market.renter.jobs.search()] == sorted(nodes[:3], key=bytes)
    assert market.renter.jobs.find_jobs(renter=market.key("renter")) == []


def test_nothing_is_sent_for_a_cluster_with_a_node_that_is_booked(market: Market) -> None:
    nodes = [market.offered() for _ in range(3)]
    market.as_("bob").jobs.book(nodes[2], HOUR, MANIFEST).send()
    with pytest.raises(NotBookable, match=f"{nodes[2]} is booked until"):
        market.renter.jobs.book_cluster(nodes, HOUR, MANIFEST)
    assert market.renter.jobs.clusters() == []
    with pytest.raises(ionet.IonetError, match="named twice"):
        market.renter.jobs.book_cluster([nodes[0], nodes[0]], HOUR, MANIFEST)


class Crash(Exception):
    """What ends a client in the middle."""


def crash(sent: object) -> None:
    raise Crash


@pytest.mark.parametrize("finish", ["complete", "cancel", "leave"])
def test_a_cluster_that_its_client_left_half_booked_is_found_again(market: Market, finish: str) -> None:
    nodes = [market.offered() for _ in range(4)]
    before = market.purse("renter")
    with pytest.raises(Crash):
        market.renter.jobs.book_cluster(nodes, HOUR, MANIFEST, on_sent=crash)
    (found,) = market.renter.jobs.clusters()
    assert (found.size, found.joined, found.missing) == (4, 2, 2)
    booked = market.renter.jobs.cluster_jobs(found.address)
    assert {one.account.node for one in booked} == set(nodes[:2])
    if finish == "complete":
        with pytest.raises(ionet.IonetError, match=r"lacks 2 of 4 nodes, not 1"):
            market.renter.jobs.book_cluster(nodes[2:3], HOUR, MANIFEST, cluster_id=found.id)
        with pytest.raises(ionet.IonetError, match=r"run the manifest 0707"):
            market.renter.jobs.book_cluster(nodes[2:], HOUR, bytes(32), cluster_id=found.id)
        made = market.renter.jobs.book_cluster(nodes[2:], HOUR, MANIFEST, cluster_id=found.id)
        assert made.cluster == found.address
        assert market.renter.jobs.get_cluster(found.address).is_complete
    elif finish == "cancel":
        undone = market.renter.jobs.cancel_cluster(found.address)
        assert [one.error for one in undone] == [None] * 2
        assert before - market.purse("renter") == 2 * FEE
        with pytest.raises(ionet.IonetError, match=r"has already left"):
            market.renter.jobs.book_cluster(nodes[2:], HOUR, MANIFEST, cluster_id=found.id)
    else:
        market.advance(1_201)
        for one in booked:
            done = market.as_("bob").jobs.crank(one.address)
        steps = [Crank.EXPIRE, Crank.COLLECT_FEES, Crank.REFUND, Crank.CLOSE, Crank.CLOSE_CLUSTER]
        assert [one.step for one in done] == steps
        # A third of the hour each: ⌈1.25628141 / 3⌉.
        assert before - market.purse("renter") == 2 * 41_876_047
        assert market.renter.jobs.clusters() == []


def test_a_completion_that_fails_undoes_what_was_booked_before_it_too(market: Market) -> None:
    nodes = [market.offered() for _ in range(8)]
    with pytest.raises(Crash):
        market.renter.jobs.book_cluster(nodes, HOUR, MANIFEST, on_sent=crash)
    (found,) = market.renter.jobs.clusters()

    def snatch(sent: object) -> None:
        market.as_("bob").jobs.book(nodes[7], HOUR, MANIFEST).send()

    with pytest.raises(ClusterNotBooked) as caught:
        market.renter.jobs.book_cluster(nodes[2:], HOUR, MANIFEST, cluster_id=found.id, on_sent=snatch)
    assert len(caught.value.undone) == 5
    assert caught.value.is_undone


# -- before the start


def test_a_renters_cancel_pays_back_and_closes_and_costs_what_was_shown(market: Market) -> None:
    node, renter = market.offered(), market.renter
    # ⌈P · 25 / 10⁴⌉ at least, ⌈P · 120 / 7,200⌉, and a sixth of P = 2.51256282.
    for wait, cost in ((0, 628_141), (120, 4_187_605), (1_200, 41_876_047)):
        before = market.purse("renter")
        job = renter.jobs.book(node, 2 * HOUR, MANIFEST).send().result
        market.advance(wait)
        assert renter.jobs.status(job).cancel_cost.base == cost
        renter.jobs.cancel(job).send()
        assert before - market.purse("renter") == cost
        assert market.deployer.account(job) is None


def test_only_a_party_cancels_and_stops(market: Market) -> None:
    job = market.renter.jobs.book(market.offered(), HOUR, MANIFEST).send().result
    for name in ("cancel", "stop"):
        with pytest.raises(ionet.IonetError, match=r"is no party of this job: its renter is"):
            getattr(market.as_("bob").jobs, name)(job)


def test_a_booking_that_is_not_started_says_so_and_goes_back(market: Market) -> None:
    job = market.renter.jobs.book(market.offered(), HOUR, MANIFEST).send().result
    status = market.renter.jobs.status(job)
    assert status.summary == "waits for its start, until 2027-01-15 08:20 UTC (20 min left)"
    assert (status.cancel_cost.base, status.start_by, status.due) == (FEE, NOW + 1_200, ())
    market.advance(1_201)
    status = market.renter.jobs.status(job)
    assert status.summary.startswith("was not started in time")
    assert status.due == (Crank.EXPIRE,)


# -- running


def test_a_jobs_status_follows_it_to_the_last_payment(market: Market) -> None:
    job = market.run(market.offered())
    market.advance(HOUR)
    market.attest(job, 3_000, 3_600, reason=1 << 4)
    status = market.renter.jobs.status(job)
    assert (status.state, status.elapsed, status.attested, status.looked_at) == (
        JobState.RUNNING,
        3_600,
        3_000,
        3_600,
    )
    assert status.summary == "runs until 2027-01-15 10:00 UTC (1 h left)"
    # G = 2.51256282 · 3,000 / 7,200 = 1.04690117..., down; its fee 0.00261725..., up.
    assert status.earned == status.payable == IO("1.04428391")
    assert status.due == (Crank.SETTLE,)
    # What is not worked yet is in it: 2.51256282 − 1.04690117.
    assert status.refund == IO("1.46566165")
    assert (status.first_payout_at, status.silent_from) == (NOW + HOUR, NOW + HOUR + DAY)
    (lost,) = market.renter.jobs.breaks(job)
    assert (lost.start, lost.end, lost.seconds, lost.reasons) == (NOW, NOW + HOUR, 600, ("node-lost",))
    assert market.as_("bob").jobs.settle(job).send().result == 104_428_391
    market.advance(HOUR)
    assert market.renter.jobs.status(job).summary.startswith("its time is over; waits for its attesters")
    market.attest(job, 6_600, 7_200)
    status = market.renter.jobs.status(job)
    assert status.due == (Crank.COMPLETE, Crank.SETTLE)
    before = {name: market.purse(name) for name in ("alice", "renter")}
    done = market.as_("bob").jobs.crank(job)
    assert [one.step for one in done] == [
        Crank.COMPLETE,
        Crank.SETTLE,
        Crank.COLLECT_FEES,
        Crank.REFUND,
        Crank.CLOSE,
    ]
    # G = 2.51256282 · 6,600 / 7,200 = 2.30318258..., its fee 0.00575795...
    gross, fee = 230_318_258, 575_796
    assert market.purse("alice") - before["alice"] == gross - fee - 104_428_391
    assert market.purse("renter") - before["renter"] == 251_256_282 - gross
    assert done[2].amount == fee + 628_141, "both sides' fees; the renter's stays whole"
    assert market.deployer.account(job) is None
    with pytest.raises(ionet.AccountNotFound):
        market.renter.jobs.status(job)
    assert market.renter.jobs.due(job) == ()


@pytest.mark.parametrize(
    ("who", "reason"), [("renter", CloseReason.RENTER_STOPPED), ("alice", CloseReason.SUPPLIER_STOPPED)]
)
@pytest.mark.parametrize("after", [600, 5_400])
def test_what_a_stop_would_cost_is_what_it_costs(
    market: Market, who: str, reason: CloseReason, after: int
) -> None:
    from ionet.jobs.escrow import if_stopped

    job = market.run(market.offered())
    market.advance(after)
    told = if_stopped(market.renter.jobs.get_job(job), reason, market.now)
    market.as_(who).jobs.stop(job).send()
    market.attest(job, after)
    before = market.purse("alice"), market.purse("renter")
    market.as_("bob").jobs.crank(job)
    moved = market.purse("alice") - before[0], market.purse("renter") - before[1]
    assert moved == (told.supplier, told.refund)
    # A renter pays the first hour, a supplier who leaves in it gets nothing.
    gross = {("renter", 600): 125_628_141, ("alice", 600): 0}.get((who, after), 188_442_211)
    assert told.supplier == gross - -(-gross * 25 // 10_000)


def test_a_dispute_holds_back_and_a_decision_divides(market: Market) -> None:
    job = market.run(market.offered())
    market.advance(2 * HOUR)
    market.attest(job, 7_200)
    bond = market.renter.jobs.dispute_bond(job)
    assert bond == 12_594_222, "5 % of the deposit of 2.51884423 IO, up"
    address = market.renter.jobs.dispute(job, bytes([9]) * 32).send().result
    status = market.renter.jobs.status(job)
    (dispute,) = status.disputes
    assert (dispute.address, dispute.by_renter, dispute.is_open) == (address, True, True)
    assert (dispute.bond, dispute.frozen) == (IO("0.12594222"), IO("2.51884423"))
    assert status.frozen_until == market.now + 14 * DAY
    assert (status.payable, status.due) == (IO(0), (Crank.COMPLETE,))
    assert "disputed: what is not paid is held back until" in status.summary
    resolver = market.as_("resolver")
    with pytest.raises(ionet.IonetError, match="at most the price"):
        resolver.jobs.resolve(job, 251_256_283)
    resolver.jobs.resolve(job, 125_628_141).send()
    status = market.renter.jobs.status(job)
    assert (status.reason, status.disputes[0].outcome) == (CloseReason.RESOLVED, DisputeOutcome.UPHELD)
    before = market.purse("renter")
    done = market.as_("bob").jobs.crank(job)
    assert [one.error for one in done] == [None] * len(done)
    # Half of price and fee, down and up: 1.25628141 and 0.0031407.. go back, with the bond.
    assert market.purse("renter") - before == 251_884_423 - 125_628_141 - 314_071 + bond
    assert [one.step for one in done] == [
        Crank.SETTLE,
        Crank.COLLECT_FEES,
        Crank.REFUND,
        Crank.CLOSE_DISPUTE,
        Crank.CLOSE,
    ]


def test_an_undecided_dispute_is_over_and_its_bond_comes_back_after_the_job(market: Market) -> None:
    job = market.run(market.offered())
    market.advance(2 * HOUR)
    market.attest(job, 7_200)
    market.as_("alice").jobs.dispute(job, bytes([9]) * 32).send()
    market.advance(14 * DAY)
    before = market.purse("alice")
    done = market.as_("bob").jobs.crank(job)
    assert Crank.CLOSE_DISPUTE in [one.step for one in done]
    assert market.purse("alice") - before == 251_256_282 - 628_141 + 12_594_222


def test_an_extension_is_priced_at_the_jobs_rate_and_the_price_of_now(market: Market) -> None:
    node = market.offered()
    job = market.run(node)
    market.as_("alice").jobs.offer(node, rate=USD(9)).send()
    market.deployer.cheats.set_price(FEED, 190_000_000, confidence=CONFIDENCE)
    quoted = market.renter.jobs.quote_extension(job, HOUR)
    # 2.5 / 1.89 = 1.322751322..., up.
    assert (quoted.price, quoted.fee) == (IO("1.32275133"), IO("0.00330688"))
    before = market.purse("renter")
    market.renter.jobs.extend(job, HOUR).send()
    assert before - market.purse("renter") == quoted.deposit.base
    status = market.renter.jobs.status(job)
    assert (status.extensions, status.seconds, status.ends_at) == (1, 3 * HOUR, NOW + 3 * HOUR)
    assert status.price == IO("3.83531415")


def test_what_cannot_be_extended_says_why(market: Market) -> None:
    node = market.offered(max_seconds=3 * HOUR)
    booked = market.renter.jobs.book(node, 2 * HOUR, MANIFEST).send().result
    with pytest.raises(NotBookable, match="a job is extended while it runs"):
        market.renter.jobs.extend(booked, HOUR)
    market.as_("alice").jobs.start(booked).send()
    with pytest.raises(NotBookable, match=r"rented for 1 h to 3 h, not for 4 h"):
        market.renter.jobs.extend(booked, 2 * HOUR)
    market.as_("alice").jobs.offer(node, taking=False).send()
    with pytest.raises(NotBookable, match=r"is closed at present"):
        market.renter.jobs.extend(booked, HOUR)
    market.advance(2 * HOUR)
    with pytest.raises(NotBookable, match=r"the job's time is over"):
        market.renter.jobs.extend(booked, HOUR)


# -- paid in dollars, paid out in IO


def test_dollars_become_io_for_the_supplier_in_an_auction(market: Market) -> None:
    job = market.run(market.offered(), currency="USDC")
    status = market.renter.jobs.status(job)
    assert status.payout is not None
    assert not status.payout.opened
    market.advance(2 * HOUR)
    market.attest(job, 7_200)
    done = market.as_("bob").jobs.crank(job)
    assert [one.step for one in done] == [
        Crank.COMPLETE,
        Crank.SETTLE,
        Crank.COLLECT_FEES,
        Crank.START_PAYOUT,
        Crank.CLOSE,
    ]
    assert done[1].amount == USDC("4.9875").base
    before = market.purse("alice")
    sold = market.as_("carol").buyback.sell_to_supplier(job, IO(5)).send().result
    # 3 % below the oracle of 2.00: 4.9875 / 1.94, up.
    assert (sold.io, sold.out) == (257_087_629, 4_987_500)
    assert market.purse("alice") - before == 257_087_629
    assert market.renter.jobs.due(job) == (Crank.CLOSE_PAYOUT,)
    assert [one.step for one in market.as_("bob").jobs.crank(job)] == [Crank.CLOSE_PAYOUT]


def test_what_waits_in_a_payout_is_shown_as_long_as_the_job_is_open(market: Market) -> None:
    job = market.run(market.offered(), currency="USDC")
    market.advance(HOUR)
    market.attest(job, 3_600)
    market.as_("bob").jobs.settle(job).send()
    status = market.as_("alice").jobs.status(job)
    assert status.payout is not None
    assert (status.payout.waiting, status.payout.for_sale) == (USDC("2.49375"), USDC(0))
    assert status.due == (Crank.START_PAYOUT,)
    market.as_("bob").buyback.start_payout(job).send()
    offered = market.renter.jobs.status(job).payout
    assert offered is not None
    assert offered.for_sale == USDC("2.49375")
    market.as_("carol").buyback.sell_to_supplier(job, IO(5)).send()
    status = market.as_("alice").jobs.status(job)
    assert status.payout is not None
    # 2.49375 / 1.94, up.
    assert (status.payout.sold, status.payout.credited) == (USDC("2.49375"), IO("1.28543815"))
    assert (status.payout.waiting, status.due) == (USDC(0), ())


# -- lists, and what goes wrong on the way


def test_statuses_are_those_of_a_party_the_newest_first(market: Market) -> None:
    first = market.renter.jobs.book(market.offered(), HOUR, MANIFEST).send().result
    market.advance(10)
    second = market.as_("bob").jobs.book(market.offered(), HOUR, MANIFEST, currency="USDC").send().result
    jobs = market.as_("alice").jobs
    assert [one.job for one in jobs.statuses()] == [second, first]
    assert [one.job for one in jobs.statuses(market.key("renter"))] == [first]
    assert jobs.statuses(as_supplier=False) == []


def test_a_partys_closed_wallet_is_opened_and_stops_no_other_payment(market: Market) -> None:
    from spl.token.constants import TOKEN_PROGRAM_ID
    from spl.token.instructions import close_account
    from spl.token.models import CloseAccountParams

    job = market.run(market.offered("0.1", currencies=["USDC"], payout_as_paid=True), currency="USDC")
    supplier = market.as_("alice")
    wallet = token_account(market.key("alice"), market.usdc)
    market.deployer.cheats.set_tokens(market.key("alice"), market.usdc, 0)
    closing = CloseAccountParams(
        program_id=TOKEN_PROGRAM_ID, account=wallet, dest=market.key("alice"), owner=market.key("alice")
    )
    supplier.call(close_account(closing)).send()
    market.advance(2 * HOUR)
    market.attest(job, 7_200)
    done = market.as_("bob").jobs.crank(job)
    assert [one.error for one in done] == [None] * len(done)
    # 0.2 less 2.25 %.
    assert market.purse("alice", market.usdc) == 195_500


def test_a_step_that_fails_is_told_and_the_others_are_done(market: Market) -> None:
    job = market.run(market.offered())
    market.advance(2 * HOUR)
    market.attest(job, 3_600, 7_200, reason=1)
    frozen = token_account(market.key("renter"), pda.mint.MINT)
    raw = market.deployer.account(frozen)
    assert raw is not None
    data = bytearray(raw.data)
    data[108] = 2  # the state of a frozen token account
    market.deployer.network.set_account(frozen, lamports=raw.lamports, data=bytes(data), owner=raw.owner)
    done = {one.step: one for one in market.as_("bob").jobs.crank(job)}
    assert done[Crank.REFUND].error == "AccountFrozen"
    assert done[Crank.REFUND].signature is None
    assert done[Crank.SETTLE].amount == 125_628_141 - 314_071
    assert Crank.CLOSE not in done
    assert market.renter.jobs.due(job) == (Crank.REFUND,)


def test_watching_tells_of_every_change_until_the_end(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = market.renter.jobs.book(market.offered(), HOUR, MANIFEST).send().result
    steps: list[Callable[[], Any]] = [
        lambda: market.as_("alice").jobs.start(job).send(),
        lambda: None,
        lambda: market.renter.jobs.stop(job).send(),
        lambda: market.attest(job, 0, 0),
        lambda: market.as_("bob").jobs.crank(job),
    ]
    monkeypatch.setattr("time.sleep", lambda seconds: steps.pop(0)())
    seen = [one.state for one in market.renter.jobs.watch(job)]
    assert seen[:2] == [JobState.BOOKED, JobState.RUNNING]
    assert market.deployer.account(job) is None
    assert steps == []


def test_the_events_of_a_booking_name_its_cluster(market: Market) -> None:
    made = market.renter.jobs.book_cluster([market.offered(), market.offered()], HOUR, MANIFEST)
    sent = market.deployer.transaction(made.signatures[0])
    booked = [one for one in sent.events if isinstance(one, events.jobs.Booked)]
    assert [one.cluster for one in booked] == [made.cluster] * 2

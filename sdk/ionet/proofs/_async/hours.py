"""An hour as the chain's accounts show it now; reports are made from `ionet.ledger.Hours`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from solders.pubkey import Pubkey

from ionet import accounts, constants, events, pda
from ionet._generated.jobs.types import Pricing
from ionet._generated.shared import ProofReason
from ionet._generated.staking.types import NodeState
from ionet.administration._async.administration import AsyncAdministration
from ionet.chain.amounts import BPS, IO
from ionet.chain.errors import AccountNotFound
from ionet.formats.when import HOUR
from ionet.staking.stake import minimum
from ionet.token import emission
from ionet.token.currency import symbol
from ionet.token.prices import check_feed, dollars

if TYPE_CHECKING:
    from ionet.chain._async.connection import AsyncConnection
    from ionet.jobs._async.jobs import AsyncJobs
    from ionet.rewards import Absent, Leaves, NodeHour, SharePolicy, Verdict, Word
    from ionet.staking._async.staking import AsyncStaking
    from ionet.token._async.mint import AsyncMint


@dataclass(frozen=True, slots=True)
class _Terms:
    """The terms that a job's fees are computed from."""

    mint: Pubkey
    price: int
    fee: int
    seconds: int
    supplier_bps: int


class AsyncHours(AsyncAdministration):
    """Facts of an hour as accounts show them now, where one attester decides alone."""

    PROGRAM = "proofs"
    RENAMED = MappingProxyType({"get": "get_report", "attesters": "get_attesters", "config": "get_config"})

    def __init__(
        self, connection: AsyncConnection, *, mint: AsyncMint, staking: AsyncStaking, jobs: AsyncJobs
    ) -> None:
        super().__init__(connection)
        self._mint = mint
        self._staking = staking
        self._jobs = jobs

    async def get_config(self) -> accounts.proofs.Config:
        """Parameters, and the latest final report's sums."""
        return await self._connection.fetch(accounts.proofs.Config, pda.proofs.CONFIG)

    async def period_end(self, seq: int) -> int:
        """End of an hour, Unix seconds.

        Args:
            seq: its number from the start of emission, 1 for the first.
        """
        return (await self._connection.fetch(accounts.mint.Config, pda.mint.CONFIG)).start + seq * HOUR

    async def latest_hour(self) -> int:
        """Number of the latest hour that is over; 0 during the first."""
        start = (await self._connection.fetch(accounts.mint.Config, pda.mint.CONFIG)).start
        return max(0, (await self._connection.time() - start) // HOUR)

    async def emission(self, seq: int) -> IO:
        """The rewards of an hour, for `ionet.rewards.score_hour`; see `ionet.emission.hour`.

        Args:
            seq: its number from the start of emission; it must be over.

        Raises:
            EmissionUnknown: the hour is not emitted yet, or was too many cranks ago.
        """
        return IO.from_base(emission.hour(await self._mint.get_config(), seq))

    async def most(self, seq: int, *, correction: bool = False) -> IO:
        """The most that the total of an hour's report may be, for `ionet.rewards.to_share`.

        What had stayed unallocated at the latest final report is not a correction's to give.

        Args:
            seq: the hour's number from the start of emission; it must be over.
            correction: whether the report is one.

        Raises:
            EmissionUnknown: as `emission`.
        """
        paid = emission.until(await self._mint.get_config(), seq)
        if correction:
            config = await self.get_config()
            paid = min(paid, config.highest_total + max(0, paid - config.highest_paid))
        return IO.from_base(paid)

    async def policy(self) -> SharePolicy:
        """Today's parameters of proofs and staking that divide an hour, for `ionet.rewards.score_hour`."""
        from ionet.rewards import SharePolicy

        config = await self.get_config()
        staking = await self._connection.fetch(accounts.staking.Config, pda.staking.CONFIG)
        return SharePolicy(
            gpu_bps=config.gpu_bps,
            in_use_bps=config.in_use_bps,
            fee_bound_bps=config.fee_bound_bps,
            up_hours=config.up_hours,
            reward_bound_bps=staking.reward_bound_bps,
        )

    async def facts(
        self,
        seq: int,
        words: Mapping[bytes, Word] | None = None,
        *,
        judged: Mapping[bytes, Verdict] | None = None,
        before: Leaves | None = None,
    ) -> list[NodeHour]:
        """Each live node as its account shows it now, for `ionet.rewards.Hour.from_rows`.

        For a local market or a look at the present. Attesters of a report need `ionet.ledger.Hours`: the
        facts of the hour's last second, the same for all of them.

        Stake, class and units are today's; use and fees come from the jobs program's events. The hours in a
        row that a node was up come from its device's signed statement; a statement signed by another key, or
        claiming more than the time since registration, is ignored. The verdict is the one judged in the hour;
        a node that was leased and attested passes; otherwise the last verdict is repeated. None counts for an
        hour that began before the node was reopened or got a processor.

        Args:
            seq: the hour's number from the start of emission.
            words: statements of devices by node, see `ionet.rewards.read_words`.
            judged: verdicts of the hour by node, see `ionet.rewards.read_verdicts`.
            before: the previous report's leaves; without them the last verdict is the one in the node's
                account.

        Raises:
            AccountNotFound: a job was paid in a mint that is no currency, or has no price account.
            PriceUnusable: a price account holds the price of another feed.
        """
        from ionet.rewards import NodeHour, Proof, Verdict

        end, words = await self.period_end(seq), words or {}
        classes = {class_.account.id: class_.account for class_ in await self._staking.classes()}
        rows = []
        use = await self._use(end)
        for keyed in await self._staking.nodes(state=NodeState.LIVE):
            node, class_, key = keyed.account, classes[keyed.account.class_], bytes(keyed.address)
            if node.registered_at >= end:
                continue
            word = words.get(key)
            if word is not None and not _credible(word, node, end):
                word = None
            in_use, fees = use.get(keyed.address, (False, 0))
            verdict = (judged or {}).get(key) or _passed(in_use, end) or _last(node, key, before)
            if end - HOUR < node.changed_at:
                verdict = Verdict()
            proof = Proof.PASSED if verdict.passed else Proof.FAILED if verdict.time else Proof.MISSING
            rows.append(
                NodeHour(
                    node=key,
                    pool=node.pool,
                    multiplier_bps=class_.multiplier_bps,
                    units=node.units,
                    up_hours=0 if word is None else word.up_hours,
                    stake=node.own.active,
                    required_stake=minimum(class_, node.units).base,
                    proof=proof,
                    in_use=in_use,
                    fees=fees,
                    credited=node.credited,
                    banned=bool(node.banned),
                    closed_at=node.closed_at,
                    statement=None if word is None else word.statement,
                    verdict=replace(verdict, time=end) if verdict.time else verdict,
                )
            )
        return rows

    async def absent(self, seq: int) -> list[Absent]:
        """Every node that is not live, or registered after the hour; for `ionet.rewards.cumulate`.

        Args:
            seq: the hour's number from the start of emission.
        """
        from ionet.rewards import Absent

        end = await self.period_end(seq)
        return [
            Absent(bytes(node.address), node.account.credited, _waiting(node.account), node.account.closed_at)
            for node in await self._staking.nodes()
            if node.account.state != NodeState.LIVE or node.account.registered_at >= end
        ]

    # -- use and fees

    async def _use(self, end: int) -> dict[Pubkey, tuple[bool, int]]:
        """Nodes that were leased and attested in the hour, with both sides' fees in IO base units."""
        use: dict[Pubkey, tuple[bool, int]] = {}
        for offer in await self._jobs.offers():
            # Ending a lease early shortens `lease_until`, so this is when the latest one ended.
            if offer.account.lease_until <= end - HOUR:
                continue
            good, fees = 0, 0
            for job, booked in await self._bookings(offer.address, end):
                seconds = await self._good(job, end)
                good += seconds
                if seconds:
                    fees += await self._fees(job, booked, seconds)
            if good:
                use[offer.account.node] = (True, fees)
        return use

    async def _bookings(self, offer: Pubkey, end: int) -> list[tuple[Pubkey, events.jobs.Booked]]:
        """Bookings of an offer that may have run in the hour, the latest first."""
        bookings = []
        async for signature in self._connection.history(offer):
            sent = await self._connection.transaction(signature)
            at = sent.block_time or 0
            for event in sent.events:
                if isinstance(event, events.jobs.Booked) and event.offer == offer and at <= end:
                    bookings.append((event.job, event))
                    # A booking starts at most `START_WINDOW` seconds later.
                    if at + constants.jobs.START_WINDOW + event.seconds <= end - HOUR:
                        return bookings[:-1]
        return bookings

    async def _good(self, job: Pubkey, end: int) -> int:
        """Seconds of the hour that enough attesters found good: the growth between its two ends."""
        started, points = 0, []
        async for signature in self._connection.history(job):
            for event in (await self._connection.transaction(signature)).events:
                if isinstance(event, events.jobs.Attested) and event.job == job:
                    points.append((event.upto, event.attested))
                elif isinstance(event, events.jobs.Started) and event.job == job:
                    started = event.started_at
        if not started:
            return 0

        def attested(by: int) -> int:
            return max((good for upto, good in points if started + upto <= by), default=0)

        return attested(end) - attested(end - HOUR)

    async def _fees(self, job: Pubkey, booked: events.jobs.Booked, seconds: int) -> int:
        """Both sides' fees for a number of seconds, IO base units, rounded down."""
        from ionet.rewards import tokens_to_io

        terms = await self._terms(job, booked)
        price = terms.price * seconds // terms.seconds
        amount = terms.fee * seconds // terms.seconds + price * terms.supplier_bps // BPS
        if terms.mint == pda.mint.MINT:
            return amount
        currency, io = [
            await self._connection.fetch(accounts.jobs.Currency, pda.jobs.currency(mint))
            for mint in (terms.mint, pda.mint.MINT)
        ]
        return tokens_to_io(amount, currency.decimals, await self._dollars(currency), await self._dollars(io))

    async def _dollars(self, currency: accounts.jobs.Currency) -> Fraction:
        """Value of a token: one dollar at par, else the price of its feed now."""
        if currency.pricing == Pricing.PAR:
            return Fraction(1)
        price = await self._connection.price(currency.price_account)
        check_feed(price, currency.feed_id, symbol(currency))
        return dollars(price)

    async def _terms(self, job: Pubkey, booked: events.jobs.Booked) -> _Terms:
        try:
            account = await self._jobs.get_job(job)
        except AccountNotFound:
            # Closed: the booking's own amounts, and today's fees.
            config = await self._jobs.get_config()
            currency: Any = await self._connection.fetch(
                accounts.jobs.Currency, pda.jobs.currency(booked.mint)
            )
            bps = config.booking_bps + currency.payment_bps
            return _Terms(booked.mint, booked.price, booked.fee, booked.seconds, bps)
        bps = account.booking_bps + account.supplier_payment_bps
        return _Terms(account.mint, account.price, account.fee, account.seconds, bps)


def _passed(in_use: bool, end: int) -> Verdict | None:
    from ionet.rewards import Verdict

    return Verdict(end, 0, ProofReason.PASSED, True) if in_use else None


def _last(node: accounts.staking.Node, key: bytes, before: Leaves | None) -> Verdict:
    """The verdict of the previous report, or the one in the node's account."""
    from ionet.rewards import Verdict

    if before is not None:
        try:
            verdict = before.leaf(before.index(key)).verdict
        except KeyError:
            return Verdict()
        return verdict if verdict.time - HOUR >= node.changed_at else Verdict()
    last = node.last_proof
    if not last.time:
        return Verdict()
    return Verdict(last.time, last.score_bps, ProofReason(last.reason), bool(last.passed), last.evidence_hash)


def _waiting(node: accounts.staking.Node) -> bool:
    """Whether stake on a node is pending or late, and so needs a leaf to move on."""
    return any((node.own.pending, node.own.late, node.co.pending, node.co.late))


def _credible(word: Word, node: accounts.staking.Node, end: int) -> bool:
    possible = (end - node.registered_at) // HOUR
    return word.statement.device == bytes(node.device_key) and word.up_hours <= possible

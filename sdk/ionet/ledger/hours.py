"""The facts of an hour by the events until its last second: the same for whoever asks, and whenever.

The hour that ends at `end` has the seconds before `end`; what happens at `end` is the next one's. An
attestation counts in the hour in which it landed, so that each good second counts in one hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from solders.pubkey import Pubkey

from ionet import events, pda
from ionet._generated.shared import ProofReason
from ionet._generated.staking.types import NodeState, Pool
from ionet.chain.amounts import BPS, USDC
from ionet.formats.when import HOUR
from ionet.ledger.emissions import Emissions
from ionet.ledger.errors import HourNotFinal
from ionet.ledger.records import Entry, Place
from ionet.ledger.replay import records as r
from ionet.ledger.replay.state import State

if TYPE_CHECKING:
    from typing import TypeAlias

    from ionet.chain._async.reader import AsyncReader
    from ionet.ledger.database import Database
    from ionet.ledger.follower import Follower
    from ionet.rewards import Absent, Leaves, Measure, NodeHour, SharePolicy, Verdict, Word

    #: Statements and verdicts by node, and the hours that attesters have counted.
    _Counts: TypeAlias = tuple[dict[bytes, Word], dict[bytes, Verdict], dict[bytes, int] | None]

_LIVE: Final = int(NodeState.LIVE)
_MICRO: Final = 10**USDC.DECIMALS
#: Copies a record, five times as fast as `dataclasses.replace`.
_NODE: Final = r.Node
_OF_NODE: Final = attrgetter(*(each.name for each in fields(r.Node)))


@dataclass(frozen=True, slots=True)
class Use:
    """How much of an hour a node was rented.

    Attributes:
        seconds: that attesters found good, by the attestations of the hour.
        fees: both sides' for these seconds, base units of IO, rounded down; at the dollars of the booking and
            the oracle's price of IO that an event stated last.
        leased: whether a lease on it reached into the hour.
    """

    seconds: int
    fees: int
    leased: bool


_NO_USE: Final = Use(0, 0, False)


@dataclass(frozen=True, slots=True)
class HourFacts:
    """What the events say of an hour.

    Attributes:
        end: its end, Unix seconds.
        policy: the programs' parameters at its last second.
        attesters: weight of each seat's key then, 32 bytes.
        broken: what events contradict each other in, where some are missing, in words.
    """

    end: int
    policy: SharePolicy
    attesters: Mapping[bytes, int]
    broken: tuple[str, ...]
    _nodes: Mapping[Pubkey, r.Node]
    _classes: Mapping[int, r.HardwareClass]
    _use: Mapping[Pubkey, Use]
    _device_keys: Mapping[Pubkey, Pubkey]
    #: The last tuple of measurements that was looked at, and what counts of it.
    _known: list[tuple[tuple[Measure, ...], _Counts]] = field(default_factory=list, compare=False)

    def rows(
        self,
        measures: Iterable[Measure] = (),
        *,
        before: Leaves | None = None,
    ) -> list[NodeHour]:
        """The facts of each live node, for `ionet.rewards.assemble`.

        Uptime and verdict are the medians of what attesters have measured. Where a node was not judged, one
        that was leased and attested passes; otherwise the verdict of the report before is repeated. None
        counts for an hour that began before the node was reopened or got a processor.

        Args:
            measures: of attesters.
            before: the previous report's leaves; None for the first report.
        """
        from ionet.rewards import NodeHour, Proof, Verdict

        words, judged, hours = self._counts(measures)
        rows, pools = [], {number: Pool(class_.pool) for number, class_ in self._classes.items()}
        for address, node in self._live():
            key, class_ = bytes(address), self._classes[node.class_]
            word = words.get(key)
            if hours is None:
                up = 0 if word is None else word.up_hours
            else:
                # Attesters' own count comes before what the device says.
                up = min(hours.get(key, 0), (self.end - node.registered_at) // HOUR)
            use = self._use.get(address, _NO_USE)
            in_use = use.seconds > 0
            verdict = judged.get(key)
            if verdict is None and in_use and use.leased:
                verdict = Verdict(self.end, 0, ProofReason.PASSED, True)
            if verdict is None:
                verdict = _repeated(key, before, node.changed_at)
            if self.end - HOUR < node.changed_at:
                verdict = Verdict()
            rows.append(
                NodeHour(
                    node=key,
                    pool=pools[node.class_],
                    multiplier_bps=class_.multiplier_bps,
                    units=node.units,
                    up_hours=up,
                    stake=node.own__active,
                    required_stake=class_.minimum(node.units),
                    proof=Proof.PASSED if verdict.passed else Proof.FAILED if verdict.time else Proof.MISSING,
                    in_use=in_use,
                    fees=use.fees,
                    credited=node.credited,
                    banned=bool(node.banned),
                    closed_at=node.closed_at,
                    statement=word.statement if word is not None and word.up_hours == up else None,
                    verdict=verdict if verdict.time in (0, self.end) else replace(verdict, time=self.end),
                )
            )
        return rows

    def absent(self) -> list[Absent]:
        """Every node that is not live at the hour's last second."""
        from ionet.rewards import Absent

        return [
            Absent(bytes(address), node.credited, _waits(node), node.closed_at)
            for address, node in self._ordered()
            if node.state != _LIVE
        ]

    def medians(self, measures: Iterable[Measure]) -> tuple[dict[bytes, Word], dict[bytes, Verdict]]:
        """What counts of what attesters have measured: statements and verdicts, by node.

        A statement signed by another key than the node's device, or claiming more hours than since the
        registration, counts for nothing.
        """
        from ionet.rewards import medians

        return medians(measures, self.attesters, self.is_credible)

    def apart(self, measures: Iterable[Measure]) -> list[tuple[Measure, str]]:
        """Measurements of attesters that differ from what counts, with what differs, in words."""
        from ionet.rewards import apart

        said = measures if isinstance(measures, tuple) else tuple(measures)
        ours = [measure for measure in said if measure.attester in self.attesters]
        return apart(ours, *self._counts(said))

    def _counts(self, measures: Iterable[Measure]) -> _Counts:
        """What counts of measurements; computed once for the same tuple of them."""
        from ionet.rewards import counted

        said = measures if isinstance(measures, tuple) else tuple(measures)
        if not self._known or self._known[0][0] is not said:
            self._known[:] = [(said, (*self.medians(said), counted(said, self.attesters)))]
        return self._known[0][1]

    def left_out(
        self, measures: Sequence[Measure], own: Iterable[Measure], *, before: Leaves | None = None
    ) -> list[tuple[Pubkey, str, str]]:
        """Nodes that earn, or fail, only since some of an attester's measurements are left out.

        Args:
            measures: those that a report counts.
            own: an attester's, as it made them.
            before: the previous report's leaves; None for the first report.

        Returns:
            Each node, what the report has found, and what it would have found, in words.
        """
        there = {(measure.attester, measure.node) for measure in measures}
        missing = [item for item in own if (item.attester, item.node) not in there]
        if not missing:
            return []
        without, whole = (self.rows(counted, before=before) for counted in (measures, [*measures, *missing]))
        enough = self.policy.up_hours
        found = []
        for left, right in zip(without, whole, strict=True):
            sides = [
                (left.proof.name.lower(), right.proof.name.lower(), left.proof != right.proof),
                (
                    f"up for {left.up_hours} h",
                    f"up for {right.up_hours} h",
                    (left.up_hours >= enough) != (right.up_hours >= enough),
                ),
            ]
            found += [(Pubkey(left.node), stated, seen) for stated, seen, differs in sides if differs]
        return found

    def is_credible(self, word: Word) -> bool:
        """Whether the node's device can have said this: it is its key, and the node is that old."""
        address = Pubkey(word.node)
        node = self._nodes.get(address)
        if node is None or bytes(self._device_keys.get(address, r.NOBODY)) != word.statement.device:
            return False
        return word.up_hours <= (self.end - node.registered_at) // HOUR

    def _ordered(self) -> list[tuple[Pubkey, r.Node]]:
        return sorted(self._nodes.items(), key=lambda item: bytes(item[0]))

    def _live(self) -> Iterable[tuple[Pubkey, r.Node]]:
        return [(address, node) for address, node in self._ordered() if node.state == _LIVE]


@dataclass(slots=True)
class _Lease:
    """A job, also after its account is closed: its record, and what attestations said when."""

    job: r.Job
    points: list[tuple[int, int]] = field(default_factory=list)

    def attested(self, before: int) -> int:
        """Good seconds by the last attestation that landed before a time."""
        return next((good for time, good in reversed(self.points) if time < before), 0)

    def fees(self, seconds: int, io_price: Fraction | None) -> int:
        """Both sides' for a number of seconds, base units of IO, rounded down."""
        from ionet.rewards import tokens_to_io

        job = self.job
        bps = (job.booking_bps or 0) + (job.supplier_payment_bps or 0)
        price = job.price * seconds // job.seconds
        amount = job.fee * seconds // job.seconds + price * bps // BPS
        if job.mint == pda.mint.MINT:
            return amount
        if io_price is None or not job.price:
            return 0
        # A base unit of the currency is worth what the booking says.
        return tokens_to_io(amount, 0, Fraction(job.usd, job.price * _MICRO), io_price)


class Hours:
    """Reads hours' facts from a ledger; hours in their order are read on from each other.

    Args:
        database: has every event of the hours that are asked for, see `settled`.

    Attributes:
        emissions: what hours were paid, and what reports may give in all.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.emissions = Emissions(database)
        self._begin()

    def _begin(self) -> None:
        self._state = State()
        self._after: Place | None = None
        self._end = 0
        self._leases: dict[Pubkey, _Lease] = {}
        self._devices: dict[Pubkey, Pubkey] = {}
        self._device_keys: dict[Pubkey, Pubkey] = {}
        self._io_price: Fraction | None = None

    def facts(self, end: int) -> HourFacts:
        """The facts of the hour that ends at a time.

        Args:
            end: Unix seconds.
        """
        if end < self._end:
            self._begin()
        try:
            for entry in self._database.entries(time=end - 1, after=self._after):
                self._take(entry)
                self._after = entry.place
        except BaseException:
            self._begin()
            raise
        self._end = end
        facts = self._made(end)
        self._forget(end - HOUR)
        return facts

    def _take(self, entry: Entry) -> None:
        self._state.apply(entry)
        match entry.event:
            case events.staking.DeviceRegistered() as event:
                self._devices[pda.staking.node(event.device)] = event.device
            case events.staking.NodeRegistered() as event:
                device = self._devices.get(event.node)
                if device is not None:
                    self._device_keys[event.node] = self._state.devices[device].device_key
            case events.jobs.Booked() as event:
                if (job := self._state.jobs.get(event.job)) is not None:
                    self._leases[event.job] = _Lease(job)
                self._priced(event.mint, event)
            case events.jobs.Extended() as event:
                if (lease := self._leases.get(event.job)) is not None:
                    self._priced(lease.job.mint, event)
            case events.jobs.Attested() as event:
                if (lease := self._leases.get(event.job)) is not None:
                    lease.points.append((entry.time, event.attested))
            case (
                events.buyback.AuctionStarted()
                | events.buyback.IoSold()
                | events.buyback.PayoutStarted()
                | events.buyback.IoCredited() as event
            ):
                self._io_price = event.price * Fraction(10) ** event.exponent

    def _priced(self, mint: Pubkey, event: events.jobs.Booked | events.jobs.Extended) -> None:
        """What is paid in IO states the oracle's price of IO."""
        if mint == pda.mint.MINT:
            self._io_price = event.currency_price * Fraction(10) ** event.currency_exponent

    def _made(self, end: int) -> HourFacts:
        from ionet.rewards import SharePolicy

        state = self._state
        said: dict[str, Any] = {
            name: getattr(state.proofs, name, None)
            for name in ("gpu_bps", "in_use_bps", "fee_bound_bps", "up_hours")
        }
        said["reward_bound_bps"] = getattr(state.staking, "reward_bound_bps", None)
        seats = state.attesters
        return HourFacts(
            end,
            # Without the event that states one, where events are missing, the programs' own.
            SharePolicy(**{name: value for name, value in said.items() if value is not None}),
            {}
            if seats is None
            else {
                bytes(key): weight for key, weight in zip(seats.keys, seats.weights, strict=True) if weight
            },
            tuple(state.broken),
            {address: _NODE(*_OF_NODE(node)) for address, node in state.nodes.items()},
            {number: replace(class_) for number, class_ in state.classes.items()},
            self._use_of(end),
            dict(self._device_keys),
        )

    def _use_of(self, end: int) -> dict[Pubkey, Use]:
        use: dict[Pubkey, Use] = {}
        for lease in self._leases.values():
            seconds = lease.attested(end) - lease.attested(end - HOUR)
            if seconds > 0:
                job, other = lease.job, use.get(lease.job.node, Use(0, 0, False))
                reaches = job.started_at < end and job.ends_at > end - HOUR
                fees = lease.fees(seconds, self._io_price)
                use[job.node] = Use(other.seconds + seconds, other.fees + fees, other.leased or reaches)
        return use

    def _forget(self, before: int) -> None:
        """Forgets what no later hour needs."""
        for key, lease in list(self._leases.items()):
            first = next((n for n, (time, _) in enumerate(lease.points) if time >= before), len(lease.points))
            del lease.points[: max(first - 1, 0)]
            if key not in self._state.jobs and first == len(lease.points):
                del self._leases[key]


async def settled(client: AsyncReader, database: Database, follower: Follower | None, end: int) -> None:
    """Makes sure that a ledger has every event before a time, and that none of them can go any more.

    Args:
        client: asks the node.
        database: the ledger.
        follower: brings it up to date; None: another process does.
        end: Unix seconds.

    Raises:
        HourNotFinal: the chain, or the ledger, has not come that far.
    """
    if database.is_final(end):
        return
    slot = int(await client.request("getSlot", {"commitment": "finalized"}))
    time = await client.request("getBlockTime", slot)
    if time is None or time < end:
        raise HourNotFinal(
            f"the hour that ends at {end} is not final yet: the chain's last final slot, {slot}, is of"
            f" {time}; ask again in half a minute"
        )
    if follower is not None:
        await follower.catch_up()
    if (final := database.marks().final) < slot - 1:
        raise HourNotFinal(
            f"the ledger is final up to slot {final}, and the hour that ends at {end} needs it up to"
            f" {slot - 1}: ionet ledger run brings it there"
        )


def _waits(node: r.Node) -> bool:
    """Whether stake on a node is pending or late, and so needs a leaf to move on."""
    return any((node.own__pending, node.own__late, node.co__pending, node.co__late))


def _repeated(key: bytes, before: Leaves | None, changed_at: int) -> Verdict:
    """The verdict of the report before, if it is of the hardware of today."""
    from ionet.rewards import Verdict

    if before is None:
        return Verdict()
    try:
        verdict = before.leaf(before.index(key)).verdict
    except KeyError:
        return Verdict()
    return verdict if verdict.time - HOUR >= changed_at else Verdict()

"""The orchestrator's port to the chain, so that the reconciler can be tested without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from ionet.chain.errors import IonetError
from ionet.worker import BreakReason


class Phase(StrEnum):
    """The phase that a job is in; a closed job is no longer listed."""

    BOOKED = "booked"
    RUNNING = "running"
    ENDED = "ended"


class Party(StrEnum):
    """Who is paid: by `settle`, `refund` and `collect_fees`, as one instruction pays one party."""

    SUPPLIER = "supplier"
    RENTER = "renter"
    FEES = "fees"


@dataclass(frozen=True, slots=True)
class Attested:
    """The cumulative attestation of a job by this attester's seat.

    Attributes:
        good: seconds that count.
        upto: time up to which it has judged, Unix seconds.
    """

    good: int
    upto: int


@dataclass(frozen=True, slots=True)
class JobView:
    """The fields of a job account that the orchestrator needs.

    Attributes:
        key: the job's address, 32 bytes.
        node: the leased node's address, 32 bytes.
        renter: the renter's address, 32 bytes.
        device: the key that signs for the node's device, or None when it is not known.
        class_id: number of the node's hardware class, or None when it is not known.
        pool: that class's kind of hardware, ``gpu`` or ``cpu``, or None when it is not known.
        manifest: the manifest's hash, 32 bytes.
        cluster: address of the cluster's account, 32 bytes; zeros for a job that stands alone.
        cluster_size: how many jobs of the cluster start together.
        joins: whether it came into the cluster while that ran: in place of a lost job, or added to it.
        broken: whether another job of its cluster ended before it started, so that this one cannot start.
        phase: the phase it is in.
        booked_at: Unix seconds.
        start_by: the last moment of the start window; afterwards anyone may expire the booking.
        ends_at: end of the booked time, or the time at which it was stopped; None before the start.
        confirm_by: until when the manifest can be confirmed, Unix seconds.
        confirmed: whether it was confirmed.
        started_at: None before the start.
        attested: this attester's record; None before its first attestation.
        agreed_upto: time up to which enough attesters have judged, Unix seconds; None before the start.
        late: whether it is over, needs several attesters, and some seat has not judged it to its end.
        paid_upto: the start plus the seconds that the supplier has been paid for; None before the start.
        settle_from: earliest time at which parties can be paid: after the first hour, and after a dispute.
        unsettled: parties that a settlement would pay from ``settle_from`` on.
        closable_at: earliest time at which it can be closed once everyone is paid; None while it runs.
        lost_at: when this attester said that the node is gone, Unix seconds; None where it has not, or has
            attested since.
        silent_from: after it anyone can end a running job whose attesters stay silent; None while none runs.
        verdict: evidence of the verdict that the node was booked on, 32 bytes; zeros where that is not known.
    """

    key: bytes
    node: bytes
    renter: bytes
    device: bytes | None
    manifest: bytes
    phase: Phase
    booked_at: int
    start_by: int
    class_id: int | None = None
    pool: str | None = None
    cluster: bytes = bytes(32)
    cluster_size: int = 1
    joins: bool = False
    broken: bool = False
    confirm_by: int = 0
    confirmed: bool = False
    started_at: int | None = None
    ends_at: int | None = None
    attested: Attested | None = None
    agreed_upto: int | None = None
    late: bool = False
    paid_upto: int | None = None
    settle_from: int = 0
    unsettled: frozenset[Party] = field(default_factory=frozenset)
    closable_at: int | None = None
    lost_at: int | None = None
    silent_from: int | None = None
    verdict: bytes = bytes(32)


@dataclass(frozen=True, slots=True)
class Attestation:
    """A cumulative statement about a job.

    Attributes:
        good: all seconds since the start that count.
        upto: time up to which it was judged, Unix seconds.
        verdict: evidence of the verdict that the lease started on, zeros where it is not known.
        timelock: digest of the device's last signed sample, which covers all before it; zeros without one,
            and then no time counts.
        result: hash of the run's result, zeros without one; it is only recorded.
        reasons: why time since the last attestation does not count; empty only if all of it does.
    """

    good: int
    upto: int
    verdict: bytes
    timelock: bytes
    result: bytes
    reasons: tuple[BreakReason, ...] = ()

    @property
    def reason_bits(self) -> int:
        """The reasons as the u16 that is stored on chain."""
        return sum({reason.bit for reason in self.reasons})


@dataclass(frozen=True, slots=True)
class Beacon:
    """A value of the chain that nobody knew before its slot.

    Attributes:
        slot: its slot.
        value: 32 bytes: the slot's hash.
    """

    slot: int
    value: bytes


class ChainError(IonetError):
    """A step on the chain did not happen as requested."""


class ChainRejected(ChainError):
    """A program refused the step; repeating it is useless until the job has changed.

    Attributes:
        name: the program's error, for example ``TooEarly``.
    """

    def __init__(self, name: str, detail: str = "") -> None:
        super().__init__(f"{name}: {detail}" if detail else name)
        self.name = name


class ChainUnavailable(ChainError):
    """No answer: the step may or may not have happened. The next pass reads the chain again."""


class Chain(Protocol):
    """The chain, seen from one attester's seat.

    Every step is idempotent or refused on the chain when repeated, and the reconciler reads the job again
    after each. A job that has not changed is the same object as before.
    """

    async def now(self) -> int:
        """Returns the chain's time, Unix seconds."""
        ...

    async def beacon(self, after: int | None = None) -> Beacon:
        """Returns a recent slot hash; with ``after``, that of a later slot, waiting for it if necessary.

        Raises:
            ChainUnavailable: when none came in time.
        """
        ...

    async def jobs(self) -> Sequence[JobView]:
        """Returns every job that this orchestrator serves and that is not closed."""
        ...

    async def look_again(self, keys: Sequence[bytes]) -> tuple[int, Sequence[JobView]]:
        """Returns the chain's time, and these jobs as they are now, without those that are closed."""
        ...

    def place(self, about: bytes) -> int:
        """Returns this seat's place in the row for a lease: 0 leads, the others follow if it does nothing."""
        ...

    async def start(self, job: JobView) -> str:
        """Starts a booked job; returns the transaction's signature, as all steps do."""
        ...

    async def confirm_manifest(self, job: JobView) -> str:
        """Confirms that a booked job's manifest is available."""
        ...

    async def attest(self, job: JobView, attestation: Attestation) -> str:
        """Writes this seat's cumulative record."""
        ...

    async def settle(self, job: JobView, party: Party) -> str:
        """Pays one party what it is owed now, and creates missing accounts for that."""
        ...

    async def lose(self, job: JobView) -> str:
        """Says from this seat that a running job's node is gone; the next attestation takes it back."""
        ...

    async def complete(self, job: JobView) -> str:
        """Ends a job whose time is over and has been judged to its end."""
        ...

    async def expire(self, job: JobView) -> str:
        """Ends a booking that cannot start any more, or a job whose attesters have fallen silent."""
        ...

    async def close(self, job: JobView) -> str:
        """Closes a settled job and returns its rent; the last job of a cluster also closes the cluster."""
        ...

"""What the orchestrator needs of the chain: a port, so that the reconciler can be tested without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from ionet.chain.errors import IonetError
from ionet.worker import BreakReason


class Phase(StrEnum):
    """Where a job stands; a closed job is no longer listed."""

    BOOKED = "booked"
    RUNNING = "running"
    ENDED = "ended"


class Party(StrEnum):
    """Whom a settlement pays: `settle`, `refund` and `collect_fees`, since one instruction pays one party."""

    SUPPLIER = "supplier"
    RENTER = "renter"
    FEES = "fees"


@dataclass(frozen=True, slots=True)
class Attested:
    """What this attester's seat has said about a job so far, cumulative.

    Attributes:
        good: seconds that count.
        upto: judged until then, Unix seconds.
    """

    good: int
    upto: int


@dataclass(frozen=True, slots=True)
class JobView:
    """What the orchestrator needs of a job account.

    Attributes:
        key: the job's address, 32 bytes.
        node: the leased node's address, 32 bytes.
        renter: the renter's address, 32 bytes.
        device: the key that signs for the node's device, or None when it is not known.
        manifest: the manifest's hash, 32 bytes.
        cluster: address of the cluster's account, 32 bytes; zeros for a job that stands alone.
        cluster_size: how many jobs the cluster has.
        broken: whether another job of its cluster ended before its start, so that this one cannot start.
        phase: where it stands.
        booked_at: Unix seconds.
        start_by: the last moment of the start window; afterwards anyone may expire the booking.
        ends_at: end of the booked time or, once it was stopped, the stop; None before the start.
        started_at: None before the start.
        attested: this attester's record; None before its first attestation.
        agreed_upto: until when enough attesters have looked, Unix seconds; None before the start.
        paid_upto: the start and the seconds that the supplier has been paid for; None before the start.
        settle_from: from when on parties can be paid: after the first hour, and after a dispute.
        unsettled: parties to whom a settlement would pay something now.
        closable_at: from when on it can be closed once nothing is unsettled; None while it runs.
    """

    key: bytes
    node: bytes
    renter: bytes
    device: bytes | None
    manifest: bytes
    phase: Phase
    booked_at: int
    start_by: int
    cluster: bytes = bytes(32)
    cluster_size: int = 1
    broken: bool = False
    started_at: int | None = None
    ends_at: int | None = None
    attested: Attested | None = None
    agreed_upto: int | None = None
    paid_upto: int | None = None
    settle_from: int = 0
    unsettled: frozenset[Party] = field(default_factory=frozenset)
    closable_at: int | None = None


@dataclass(frozen=True, slots=True)
class Attestation:
    """A cumulative statement about a job.

    Attributes:
        good: seconds that count, all since the start.
        upto: judged until then.
        proof: digest of the last accepted compute proof, zeros without one.
        timelock: digest of the device's last signed sample, which stands for all before it; without one it is
            zeros and no time counts.
        result: hash of the run's result, zeros without one; it is recorded and unlocks nothing.
        reasons: why time since the last attestation does not count; empty exactly when all of it does.
    """

    good: int
    upto: int
    proof: bytes
    timelock: bytes
    result: bytes
    reasons: tuple[BreakReason, ...] = ()

    @property
    def reason_bits(self) -> int:
        """The reasons as the u16 that stands on chain."""
        return sum({reason.bit for reason in self.reasons})


@dataclass(frozen=True, slots=True)
class Beacon:
    """A value of the chain that nobody knew before its slot.

    Attributes:
        slot: when it came to be.
        value: 32 bytes: the slot's hash.
    """

    slot: int
    value: bytes


class ChainError(IonetError):
    """A step on the chain did not happen as asked."""


class ChainRejected(ChainError):
    """A program refused the step; repeating it unchanged is useless until the job has changed.

    Attributes:
        name: the program's error, for example ``TooEarly``.
    """

    def __init__(self, name: str, detail: str = "") -> None:
        super().__init__(f"{name}: {detail}" if detail else name)
        self.name = name


class ChainUnavailable(ChainError):
    """No answer; the step may or may not have happened. The next pass reads the chain again."""


class Chain(Protocol):
    """The chain, seen from one attester's seat.

    Every step is idempotent or refused on the chain when repeated, and the reconciler reads the job again
    after each.
    """

    async def now(self) -> int:
        """The chain's clock, Unix seconds."""
        ...

    async def beacon(self, after: int | None = None) -> Beacon:
        """A recent slot hash; with ``after`` one of a later slot, waiting for it if need be.

        Raises:
            ChainUnavailable: when none came in time.
        """
        ...

    async def jobs(self) -> Sequence[JobView]:
        """Every job that this orchestrator serves and that is not closed."""
        ...

    async def job(self, key: bytes) -> JobView | None:
        """One job; None once it is closed."""
        ...

    async def start(self, job: JobView) -> str:
        """Starts a booked job; returns the transaction's signature, as all steps do."""
        ...

    async def attest(self, job: JobView, attestation: Attestation) -> str:
        """Writes this seat's cumulative record."""
        ...

    async def settle(self, job: JobView, party: Party) -> str:
        """Pays one party what it is due now; what it needs for that is made where it is missing."""
        ...

    async def complete(self, job: JobView) -> str:
        """Ends a job whose time is over and was looked at to its end."""
        ...

    async def expire(self, job: JobView) -> str:
        """Ends a booking whose start window is over, or whose cluster is broken."""
        ...

    async def close(self, job: JobView) -> str:
        """Closes a settled job and returns its rent; the last one of a cluster closes that, too."""
        ...

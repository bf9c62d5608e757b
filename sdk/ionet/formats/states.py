"""What the programs' numbers stand for."""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Final


class NodeState(IntEnum):
    """Where a node stands: `Node.state`."""

    LIVE = 0
    #: Left by its owner; may come back.
    RETIRED = 1
    #: Its co-stakers bore a loss; it earns, stakes and works no more.
    TERMINAL = 2


class SlashState(IntEnum):
    """Where a proposed slash stands: `Slash.state`."""

    #: Can be appealed; after that it can be executed against the owner's side.
    PROPOSED = 0
    #: Waits for the resolver.
    APPEALED = 1
    #: Decided: what is left of it can be executed, also against co-stakers.
    DECIDED = 2


class ReportState(IntEnum):
    """Where a report stands: `Report.state`."""

    #: Gathers approvals.
    PENDING = 0
    #: Approved; its challenge window runs.
    APPROVED = 1
    #: Leaves can be credited.
    FINAL = 2
    #: Will never pay.
    VOID = 3


class ProofReason(IntEnum):
    """Why a compute proof failed: `LastProof.reason`, a number that only grows by new reasons.

    Those up to `SLOW` are `ionet.prover.Reason`, in its order.
    """

    PASSED = 0
    MALFORMED = 1
    SMALLER = 2
    WRONG_SEED = 3
    REPLAYED = 4
    WRONG_ROOT = 5
    WRONG_ROWS = 6
    BAD_MERKLE_PATH = 7
    WRONG_ROW = 8
    SLOW = 9
    #: No answer in time.
    UNANSWERED = 10

    @classmethod
    def of(cls, reason: str | None) -> ProofReason:
        """The number of a reason's name, such as `wrong-row`; None for a proof that passed."""
        return cls.PASSED if reason is None else cls[reason.upper().replace("-", "_")]

    @classmethod
    def explain(cls, number: int) -> str:
        """A number in words, for the node's owner."""
        return _REASONS.get(number, f"reason {number}")


_REASONS: Final[dict[int, str]] = {
    ProofReason.PASSED: "it passed",
    ProofReason.MALFORMED: "the answer could not be read",
    ProofReason.SMALLER: "the answer was to a smaller problem",
    ProofReason.WRONG_SEED: "the answer was to another challenge",
    ProofReason.REPLAYED: "the answer had been used before",
    ProofReason.WRONG_ROOT: "the answer does not belong to the commitment",
    ProofReason.WRONG_ROWS: "other rows were opened than those drawn",
    ProofReason.BAD_MERKLE_PATH: "a row does not belong to the commitment",
    ProofReason.WRONG_ROW: "a row of the product is wrong",
    ProofReason.SLOW: "it was too slow for its hardware class",
    ProofReason.UNANSWERED: "there was no answer in time",
}


class JobState(IntEnum):
    """Where a job stands: `Job.state`."""

    #: The deposit is in the escrow; the work has not begun.
    BOOKED = 0
    #: The work goes on, or has ended and is not attested to its end.
    RUNNING = 1
    #: What everyone is owed is fixed.
    ENDED = 2


class CloseReason(IntEnum):
    """Why a job ended: `Job.reason`. A stopped job has its reason while it still runs."""

    NONE = 0
    COMPLETED = 1
    TIMED_OUT = 2
    RENTER_STOPPED = 3
    SUPPLIER_STOPPED = 4
    NO_SHOW = 5
    SUPPLIER_CANCELLED = 6
    RENTER_CANCELLED = 7
    RENTER_CANCELLED_LATE = 8
    RESOLVED = 9
    CLUSTER_BROKEN = 10

    def explain(self) -> str:
        """The reason in words."""
        return _ENDINGS[self]


_ENDINGS: Final = {
    CloseReason.NONE: "it has not ended",
    CloseReason.COMPLETED: "its time was over and attested to its end",
    CloseReason.TIMED_OUT: "its attesters fell silent for a day",
    CloseReason.RENTER_STOPPED: "the renter stopped it",
    CloseReason.SUPPLIER_STOPPED: "the supplier stopped it",
    CloseReason.NO_SHOW: "nobody started it within 20 minutes",
    CloseReason.SUPPLIER_CANCELLED: "the supplier cancelled it",
    CloseReason.RENTER_CANCELLED: "the renter cancelled it in time",
    CloseReason.RENTER_CANCELLED_LATE: "the renter cancelled it after the two free minutes",
    CloseReason.RESOLVED: "a dispute was decided",
    CloseReason.CLUSTER_BROKEN: "another job of its cluster ended before the start",
}


class DisputeOutcome(IntEnum):
    """How a dispute ended: `Dispute.outcome`."""

    #: Not decided, or never: the attested split stands, and the bond comes back.
    NONE = 0
    #: Decided in favour of the one who disputed.
    UPHELD = 1
    #: Decided otherwise: the bond is lost.
    REJECTED = 2


class JobsEntry(IntFlag):
    """Entries of the jobs program that can be paused."""

    OFFERING = 1
    #: Booking and extending.
    BOOKING = 2


class StakingEntry(IntFlag):
    """Entries of the staking program that can be paused."""

    REGISTERING = 1
    STAKING = 2


class MintEntry(IntFlag):
    """Entries of the mint that can be paused."""

    EMITTING = 1


class BuybackEntry(IntFlag):
    """Entries of the buyback that can be paused."""

    #: Burning fees.
    BURNING = 1
    #: Auctions, and selling to them.
    SELLING = 2


class DistributorEntry(IntFlag):
    """Entries of the distributor that can be paused."""

    #: Making grants.
    GRANTING = 1
    #: Making airdrops.
    AIRDROPPING = 2


class ProofsEntry(IntFlag):
    """Entries of the proofs program that can be paused."""

    REPORTING = 1

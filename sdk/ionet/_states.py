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

    Those up to `SLOW` are `ionet.proof.Reason`, in its order.
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


_REASONS: Final = {
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


class StakingEntry(IntFlag):
    """Entries of the staking program that can be paused."""

    REGISTERING = 1
    STAKING = 2


class ProofsEntry(IntFlag):
    """Entries of the proofs program that can be paused."""

    REPORTING = 1

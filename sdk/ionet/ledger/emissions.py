"""What hours were paid, and what reports may give in all, by events: also what accounts have forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ionet import events, pda
from ionet._generated.mint.types import Checkpoint, PolicyKind
from ionet.chain.errors import EmissionUnknown
from ionet.formats.when import HOUR
from ionet.token.emission import cumulative, paid_until

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

    from ionet.ledger.database import Database
    from ionet.ledger.records import Place


class Emissions:
    """Reads what emission paid from a ledger, and later only what is new in it.

    Args:
        database: has the events.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._after: Place | None = None
        #: Emitted and withheld after each crank, the latest first.
        self._points = [Checkpoint(0, 0)]
        self._policy = PolicyKind.FIXED

    def hour(self, seq: int) -> int:
        """What an hour was paid, base units of IO; see `ionet.emission.hour`.

        Args:
            seq: the hour's number from the start of emission, 1 for the first; it must be over.

        Raises:
            EmissionUnknown: it is not emitted yet, under a policy that decides the amount only then.
        """
        self._read()
        return self._paid(seq, seq) - self._paid(seq - 1, seq)

    def most(self, seq: int, *, correction: Pubkey | None = None) -> int:
        """The most that the total of an hour's report may be, base units of IO.

        Args:
            seq: the hour's number.
            correction: the report, where it is a correction, or zeros if it is not made yet: what had stayed
                unallocated at the latest final report before its approval is not its to give.

        Raises:
            EmissionUnknown: as `hour`.
        """
        self._read()
        paid = self._paid(seq, seq)
        if correction is None:
            return paid
        total, until = self._highest(correction)
        return min(paid, total + max(0, paid - until))

    def _read(self) -> None:
        names = ("mint.Initialized", "mint.PolicySet", "mint.Emitted")
        for entry in self._database.entries(about=pda.mint.CONFIG, names=names, after=self._after):
            match entry.event:
                case events.mint.Initialized() | events.mint.PolicySet() as event:
                    self._policy = event.policy.kind
                case events.mint.Emitted() as event:
                    self._points.insert(0, Checkpoint(event.emitted_total, event.withheld_total))
            self._after = entry.place

    def _paid(self, hours: int, seq: int) -> int:
        scheduled = cumulative(hours * HOUR)
        if (paid := paid_until(self._points, scheduled)) is not None:
            return paid
        if self._policy == PolicyKind.FIXED:
            # Certain before the crank: a change of the policy emits to its own time first.
            return scheduled - self._points[0].withheld
        raise EmissionUnknown(
            "NotEmitted",
            f"hour {seq} is not emitted yet by the ledger, and a demand-linked policy decides only then what"
            " it pays",
            seq,
        )

    def _highest(self, correction: Pubkey) -> tuple[int, int]:
        """The highest total of the reports that were final when a correction was approved; what was paid."""
        decided = ("proofs.ReportApproved", "proofs.CorrectionEndorsed")
        approved = next(
            (
                entry.place
                for entry in self._database.entries(about=correction, names=decided)
                if getattr(entry.event, "approved_at", 0)
            ),
            None,
        )
        highest = (0, 0)
        for entry in self._database.entries(about=pda.proofs.CONFIG, names=("proofs.ReportFinalized",)):
            if approved is not None and entry.place > approved:
                break
            if isinstance(entry.event, events.proofs.ReportFinalized):
                highest = entry.event.highest_total, entry.event.highest_paid
        return highest


__all__ = ["Emissions"]

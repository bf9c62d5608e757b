"""Reports of what nodes have earned, and challenges of them: rules 8 and 9."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from tests.model.emission import HOUR, TOKEN, Mint, cumulative
from tests.model.refusal import refuse
from tests.model.staking import DAY, WEEK, Staking

PENDING, APPROVED, FINAL, VOID = range(4)
#: A final report is creditable for 30 days.
CREDITABLE: Final = 30 * DAY


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a node earned in its life, and the end of the last hour counted."""

    lifetime: int
    through: int


@dataclass(slots=True)
class Report:
    """A report: its content, and how far it is."""

    seq: int
    total: int
    leaves: dict[str, Leaf]
    period_end: int
    state: int = PENDING
    seats: set[int] = field(default_factory=set)
    approved_at: int = 0
    finalized_at: int = 0


@dataclass(slots=True)
class Challenge:
    """Doubt about one node's leaf, with a bond."""

    challenger: str
    bond: int
    until: int


class Reports:
    """All reports.

    Args:
        mint: says how much was emitted, and withheld.
        staking: what is credited, and who pays bonds.
        weights: of the attesters' seats.
        threshold: weight that decides.
    """

    def __init__(self, mint: Mint, staking: Staking, weights: tuple[int, ...], threshold: int) -> None:
        self.mint, self.staking = mint, staking
        self.weights, self.threshold = weights, threshold
        self.reports: list[Report] = []
        self.challenges: dict[tuple[int, str], Challenge] = {}
        self.approved_seq = 0
        self.final_seq = 0
        self.final_total = 0
        self.final_period_end = 0
        self.paused = False
        self.window = DAY
        self.bond = 500 * TOKEN
        self.freeze = WEEK
        self.burned = 0

    def report(self, made: Report, seat: int | None, now: int) -> int:
        """Makes a report, which is its first approval too; its number."""
        scheduled = cumulative(made.period_end - self.mint.start)
        emitted, paid = scheduled <= self.mint.emitted, self.mint.paid_until(scheduled)
        refuse(
            Paused=self.paused,
            NotAttester=seat is None,
            PeriodBeforeStart=made.period_end <= self.mint.start,
            PeriodNotWholeHours=(made.period_end - self.mint.start) % HOUR != 0,
            PeriodNotOver=made.period_end > now,
            WrongSeq=made.period_end - self.mint.start != made.seq * HOUR,
            NoLeaves=not made.leaves,
            NotEmitted=not emitted,
            PeriodForgotten=emitted and paid is None,
            TotalAboveEmission=paid is not None and made.total > paid,
            TotalFell=made.total < self.final_total,
            AlreadyDecided=made.seq <= self.approved_seq,
        )
        assert seat is not None
        self.reports.append(made)
        self._approved(made, seat, now)
        return len(self.reports) - 1

    def approve(self, number: int, seat: int | None, now: int) -> None:
        """Approves it; the first content to the threshold decides its hour and all before."""
        made = self.reports[number]
        refuse(
            Paused=self.paused,
            NotPending=made.state != PENDING,
            NotAttester=seat is None,
            AlreadyApproved=seat in made.seats,
            AlreadyDecided=made.seq <= self.approved_seq,
        )
        assert seat is not None
        self._approved(made, seat, now)

    def _approved(self, made: Report, seat: int, now: int) -> None:
        made.seats.add(seat)
        if sum(self.weights[one] for one in made.seats) >= self.threshold:
            made.state, made.approved_at = APPROVED, now
            self.approved_seq = made.seq

    def finalize(self, number: int, now: int) -> None:
        """Makes it final after its window; totals and periods never fall."""
        made = self.reports[number]
        refuse(
            NotApproved=made.state != APPROVED,
            WindowOpen=made.state == APPROVED and now < made.approved_at + self.window,
            PeriodFell=made.period_end < self.final_period_end,
            TotalFell=made.total < self.final_total,
        )
        made.state, made.finalized_at = FINAL, now
        self.final_seq, self.final_total = made.seq, made.total
        self.final_period_end = made.period_end

    def refute(self, number: int, node: str) -> None:
        """Voids a report by a leaf that fell or names no node (rule 9)."""
        made = self.reports[number]
        known = self.staking.nodes.get(node)
        refuse(
            WrongProof=node not in made.leaves,
            LeafStands=node in made.leaves
            and known is not None
            and made.leaves[node].lifetime >= known.credited,
            ReportDecided=made.state in (FINAL, VOID),
        )
        made.state = VOID

    def void(self, number: int) -> None:
        """The guardian voids a report that is not final."""
        made = self.reports[number]
        refuse(ReportDecided=made.state in (FINAL, VOID))
        made.state = VOID

    def challenge(self, number: int, node: str, who: str, now: int) -> None:
        """Freezes one node's credit, with a bond."""
        made, purses = self.reports[number], self.staking.purses
        refuse(
            NotChallengeable=made.state not in (APPROVED, FINAL),
            AccountAlreadyInUse=(number, node) in self.challenges,
            InsufficientFunds=purses[who] < self.bond,
        )
        purses[who] -= self.bond
        self.challenges[number, node] = Challenge(who, self.bond, now + self.freeze)
        found = self.staking.nodes[node]
        found.challenges += 1
        found.frozen_until = max(found.frozen_until, now + self.freeze)

    def decide(self, number: int, node: str, upheld: bool, now: int) -> None:
        """Upheld: bond back, and only later reports credit the node. Rejected: the bond is burned."""
        one = self.challenges[number, node]
        refuse(ChallengeExpired=now >= one.until)
        if upheld:
            self.staking.purses[one.challenger] += one.bond
            found = self.staking.nodes[node]
            found.min_report = max(found.min_report, self.reports[number].seq + 1)
        else:
            self.burned += one.bond
        self._ended(number, node)

    def lift(self, number: int, node: str, now: int) -> None:
        """Nobody decided in time: the bond goes back."""
        one = self.challenges[number, node]
        refuse(ChallengeOpen=now < one.until)
        self.staking.purses[one.challenger] += one.bond
        self._ended(number, node)

    def _ended(self, number: int, node: str) -> None:
        del self.challenges[number, node]
        found = self.staking.nodes[node]
        found.challenges -= 1
        if found.challenges == 0:
            found.frozen_until = 0

    def credit(self, number: int, node: str, now: int) -> tuple[int, int]:
        """Credits a node out of what the emission vault holds; the owner's and co-stakers' parts."""
        leaf, rules = self._leaf(number, node, now)
        parts = self.staking.credit(node, leaf.lifetime, leaf.through, now, **rules)
        self.mint.emission_vault -= sum(parts)
        return parts

    def forfeit(self, number: int, node: str, now: int) -> int:
        """Burns what a terminal node has earned, out of the emission vault."""
        leaf, rules = self._leaf(number, node, now)
        amount = self.staking.forfeit(node, leaf.lifetime, leaf.through, now, **rules)
        self.mint.emission_vault -= amount
        return amount

    def _leaf(self, number: int, node: str, now: int) -> tuple[Leaf, dict[str, bool]]:
        """The leaf of a node, and the rules against paying by it (rule 8), true where broken."""
        made, found = self.reports[number], self.staking.nodes[node]
        leaf = made.leaves.get(node, Leaf(0, 0))
        change = self.staking.creditable(node, leaf.lifetime, now)
        return leaf, {
            "ReportNotFinal": made.state != FINAL,
            "ReportTooOld": made.state == FINAL and now > made.finalized_at + CREDITABLE,
            "WrongProof": node not in made.leaves,
            "LeafBeyondReport": leaf.through > made.period_end,
            "ReportRefuted": made.seq < found.min_report,
            "CreditFrozen": now < found.frozen_until,
            "ReportExhausted": self.staking.credited + change > made.total,
            "InsufficientFunds": change > self.mint.emission_vault,
        }

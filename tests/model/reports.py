"""Reports of what nodes have earned, and challenges of them: rules 8 and 9."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from tests.model.emission import HOUR, TOKEN, Mint, cumulative
from tests.model.refusal import Refused, refuse
from tests.model.staking import DAY, WEEK, Node, Staking

PENDING, APPROVED, FINAL, VOID = range(4)
#: A report is creditable for 30 days.
CREDITABLE: Final = 30 * DAY
#: So many reports are approved and not final at once.
PENDING_AT_ONCE: Final = 192
CORRECTION_WINDOW: Final = 3 * DAY
#: The guardian voids so many reports in 30 days.
VOIDS: Final = 20
QUIET: Final = 30 * DAY


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a node earned in its life, the end of the last hour counted, and the height of its leaf before."""

    lifetime: int
    through: int
    previous: int = 0


@dataclass(slots=True)
class Report:
    """A report: its content, and how far it is. `before` is the number of the one that it continues."""

    seq: int
    total: int
    leaves: dict[str, Leaf]
    period_end: int
    before: int | None = None
    correction: bool = False
    height: int = 1
    paid: int = 0
    state: int = PENDING
    endorsed: bool = False
    version: int = 0
    seats: set[int] = field(default_factory=set)
    approved_at: int = 0
    finalized_at: int = 0
    creditable_from: int = 0


@dataclass(slots=True)
class Challenge:
    """Doubt about one node's leaf, with a bond."""

    challenger: str
    bond: int
    until: int


class Reports:
    """All reports: rule 8. The chain of those that stand is a list, the last of which is the head.

    Args:
        mint: says how much was emitted, and withheld.
        staking: what is credited, and who pays bonds.
        weights: of the attesters' seats.
        threshold: weight that decides.
    """

    def __init__(self, mint: Mint, staking: Staking, weights: tuple[int, ...], threshold: int) -> None:
        self.mint, self.staking = mint, staking
        self.weights, self.threshold = weights, threshold
        self.version = 0
        self.reports: list[Report] = []
        self.challenges: dict[tuple[int, str], Challenge] = {}
        #: Numbers of the reports that stand, by height from 1; of them so many are final.
        self.chain: list[int] = []
        self.final = 0
        #: Approved corrections that stand: height, and when.
        self.corrections: list[tuple[int, int]] = []
        self.voids: list[int] = []
        #: The highest total of a final report, and what emission had paid until then.
        self.highest = (0, 0)
        #: The highest total that was credited from since the latest correction, which stands first.
        self.bound = (0, 0)
        self.quiet: dict[str, int] = {}
        self.paused = False
        self.window = DAY
        self.hold = WEEK
        self.bond = 500 * TOKEN
        self.freeze = WEEK
        self.burned = 0

    @property
    def head(self) -> int | None:
        """Number of the report at the head."""
        return self.chain[-1] if self.chain else None

    @property
    def lowest(self) -> int:
        """Nothing below this height is creditable."""
        return self.corrections[-1][0] if self.corrections else 0

    def stands(self, number: int) -> bool:
        """Whether it is in the chain and not final."""
        return number in self.chain[self.final :]

    def report(self, made: Report, seat: int | None, now: int) -> int:
        """Makes a report, which is its first approval too; its number."""
        scheduled = cumulative(made.period_end - self.mint.start)
        emitted, paid = scheduled <= self.mint.emitted, self.mint.paid_until(scheduled)
        before = None if made.before is None else self.reports[made.before]
        made.height = 1 if before is None else before.height + 1
        made.paid, made.version = int(paid or 0), self.version
        refuse(
            Paused=self.paused,
            NotAttester=seat is None,
            PeriodBeforeStart=made.period_end <= self.mint.start,
            PeriodNotWholeHours=(made.period_end - self.mint.start) % HOUR != 0,
            PeriodNotOver=made.period_end > now,
            WrongSeq=made.period_end - self.mint.start != made.seq * HOUR,
            PeriodFell=before is not None and made.period_end <= before.period_end,
            NoLeaves=not made.leaves,
            NotEmitted=not emitted,
            PeriodForgotten=emitted and paid is None,
            TotalAboveEmission=paid is not None and made.total > paid,
            TotalFell=before is not None and not made.correction and made.total < before.total,
            **self._undecidable(made, made.seats | {0 if seat is None else seat}, now),
        )
        assert seat is not None
        self.reports.append(made)
        number = len(self.reports) - 1
        made.seats.add(seat)
        self._decide(number, now)
        return number

    def needed(self, made: Report) -> int:
        """Weight that approves it: a correction needs four fifths, or the guardian and the threshold."""
        if not made.correction or made.endorsed:
            return self.threshold
        return max(self.threshold, -(-4 * sum(self.weights) // 5))

    def _reaches(self, made: Report, seats: set[int]) -> bool:
        return sum(self.weights[one] for one in seats) >= self.needed(made)

    def _undecidable(self, made: Report, seats: set[int], now: int) -> dict[str, bool]:
        """Why it cannot be approved with the approvals of these seats."""
        above = made.total > self.highest[0] + max(0, made.paid - self.highest[1])
        rules = {
            "AlreadyDecided": made.height <= len(self.chain),
            "TotalAboveCorrection": made.correction and above,
        }
        if not self._reaches(made, seats):
            return rules
        at, open_ = (self.corrections[-1][1], self.lowest > self.final) if self.corrections else (None, False)
        soon = at is not None and now < at + self.hold + CORRECTION_WINDOW
        return rules | {
            "NotAtHead": made.before != self.head,
            "TooManyPending": len(self.chain) - self.final >= PENDING_AT_ONCE,
            "CorrectionOpen": made.correction and open_,
            "CorrectionTooSoon": made.correction and soon,
        }

    def _decide(self, number: int, now: int) -> None:
        made = self.reports[number]
        if not self._reaches(made, made.seats):
            return
        made.state, made.approved_at = APPROVED, now
        self.chain.append(number)
        if made.correction:
            self.corrections.append((made.height, now))

    def approve(self, number: int, seat: int | None, now: int) -> None:
        """Approves it; the first at the threshold on the head is the next."""
        made = self.reports[number]
        seats = made.seats | {0 if seat is None else seat}
        refuse(
            Paused=self.paused,
            NotPending=made.state != PENDING,
            StaleSet=made.version != self.version,
            NotAttester=seat is None,
            AlreadyApproved=seat in made.seats,
            **self._undecidable(made, seats, now),
        )
        made.seats = seats
        self._decide(number, now)

    def renew(self, number: int, seat: int | None, now: int) -> None:
        """What is void, has fallen, or waits under an earlier set gathers approvals again."""
        made = self.reports[number]
        fell = made.state == APPROVED and not self.stands(number)
        stale = made.state == PENDING and made.version != self.version
        endorsed, made.endorsed = made.endorsed, False
        try:
            refuse(
                Paused=self.paused,
                NotAttester=seat is None,
                NotRenewable=not (fell or stale or made.state == VOID),
                **self._undecidable(made, {0 if seat is None else seat}, now),
            )
        except Refused:
            made.endorsed = endorsed
            raise
        assert seat is not None
        made.state, made.version, made.seats, made.approved_at = PENDING, self.version, {seat}, 0
        self._decide(number, now)

    def endorse(self, number: int, now: int) -> None:
        """The guardian's word for a correction."""
        made = self.reports[number]
        refuse(
            NotACorrection=not made.correction,
            NotPending=made.state != PENDING,
            StaleSet=made.version != self.version,
            AlreadyEndorsed=made.endorsed,
        )
        made.endorsed = True
        try:
            refuse(**self._undecidable(made, made.seats, now))
        except Refused:
            made.endorsed = False
            raise
        self._decide(number, now)

    def finalize(self, number: int, now: int) -> None:
        """Makes the next one of the chain final after its window."""
        made = self.reports[number]
        window = CORRECTION_WINDOW if made.correction else self.window
        refuse(
            NotApproved=made.state != APPROVED,
            ReportFell=made.state == APPROVED and not self.stands(number),
            NotNext=self.stands(number) and made.height != self.final + 1,
            WindowOpen=self.stands(number) and now < made.approved_at + window,
        )
        made.state, made.finalized_at = FINAL, now
        made.creditable_from = max(now, made.period_end + max(self.hold, window))
        self.final += 1
        if made.total >= self.highest[0]:
            self.highest = (made.total, made.paid)

    def refute(self, number: int, node: str) -> None:
        """Voids a report by a leaf that fell or names no node (rule 9); not a correction."""
        made = self.reports[number]
        known = self.staking.nodes.get(node)
        refuse(
            WrongProof=node not in made.leaves,
            CorrectionStands=made.correction,
            LeafStands=node in made.leaves
            and known is not None
            and made.leaves[node].lifetime >= known.credited,
            ReportDecided=made.state in (FINAL, VOID),
        )
        self._void(number)

    def void(self, number: int, now: int, *, authority: bool = False) -> None:
        """The guardian voids a report that is not final, or the authority a correction."""
        made = self.reports[number]
        counted = not (authority and made.correction)
        lately = [one for one in self.voids if now < one + 30 * DAY]
        refuse(
            ReportDecided=made.state in (FINAL, VOID),
            TooManyVoids=counted and len(lately) >= VOIDS,
        )
        if counted:
            self.voids.append(now)
        self._void(number)

    def _void(self, number: int) -> None:
        made = self.reports[number]
        if self.stands(number):
            del self.chain[made.height - 1 :]
            self.corrections = [one for one in self.corrections if one[0] < made.height]
        made.state = VOID

    def challenge(self, number: int, node: str, who: str, now: int, *, guardian: bool = False) -> None:
        """Freezes one node's credit, with a bond; until 30 days after a freeze that nobody decided only the
        guardian's. Who joins in while one runs makes it no longer."""
        made, purses, found = self.reports[number], self.staking.purses, self.staking.nodes[node]
        joins = now < found.frozen_until
        refuse(
            NotChallengeable=made.state not in (APPROVED, FINAL),
            AccountAlreadyInUse=(number, node) in self.challenges,
            InsufficientFunds=purses[who] < self.bond,
            ChallengedLately=not guardian and not joins and now < self.quiet.get(node, 0),
        )
        purses[who] -= self.bond
        until = now + self.freeze
        self.challenges[number, node] = Challenge(who, self.bond, until)
        found.challenges += 1
        if guardian:
            found.frozen_until = max(found.frozen_until, until)
        elif not joins:
            found.frozen_until, self.quiet[node] = until, until + QUIET

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
        if self.quiet.get(node) == one.until + QUIET:
            del self.quiet[node]
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

    def credit(self, number: int, node: str, now: int, previous: int | None = None) -> tuple[int, int]:
        """Credits a node out of what the emission vault holds; the owner's and co-stakers' parts.

        Args:
            number: of the report.
            node: whose leaf.
            now: when.
            previous: number of the report that is shown as that of the leaf's previous height.
        """
        leaf, rules = self._leaf(number, node, now, previous)
        height = self.reports[number].height
        parts = self.staking.credit(node, leaf.lifetime, leaf.through, now, height, **rules)
        self._used(number)
        self.mint.emission_vault -= sum(parts)
        return parts

    def forfeit(self, number: int, node: str, now: int) -> int:
        """Burns what a node that ended for fraud has earned, out of the emission vault."""
        leaf, rules = self._leaf(number, node, now)
        amount = self.staking.forfeit(node, leaf.lifetime, leaf.through, now, **rules)
        self._used(number)
        self.mint.emission_vault -= amount
        return amount

    def most(self, number: int) -> int:
        """What credits may sum up to when one is from this report."""
        lowest, total = self.bound
        return max(self.reports[number].total, total if lowest >= self.lowest else 0)

    def _used(self, number: int) -> None:
        self.bound = (self.lowest, self.most(number))

    def is_over(self, previous: int | None, leaf: Leaf, node: Node, now: int) -> bool:
        """Whether a report is the one at a leaf's previous height, and too old or refuted."""
        if previous is None:
            return False
        made = self.reports[previous]
        late = now > made.creditable_from + CREDITABLE + node.stopped
        refuted = made.seq < node.min_report
        return made.state == FINAL and made.height == leaf.previous and (late or refuted)

    def _leaf(
        self, number: int, node: str, now: int, previous: int | None = None
    ) -> tuple[Leaf, dict[str, bool]]:
        """The leaf of a node, and the rules against paying by it (rule 8), true where broken."""
        made, found = self.reports[number], self.staking.nodes[node]
        leaf = made.leaves.get(node, Leaf(0, 0))
        change = self.staking.creditable(node, leaf.lifetime, now)
        final = made.state == FINAL
        return leaf, {
            "ReportNotFinal": not final,
            "ReportHeld": final and now < made.creditable_from,
            "ReportTooOld": final and now > made.creditable_from + CREDITABLE + found.stopped,
            "ReportCorrected": made.height < self.lowest,
            "WrongProof": node not in made.leaves,
            "LeafBeyondReport": leaf.through > made.period_end,
            "ReportRefuted": made.seq < found.min_report,
            "LeafOutOfOrder": found.changing
            and not found.fraud
            and leaf.previous > max(found.credited_height, self.lowest - 1)
            and not self.is_over(previous, leaf, found, now),
            "CreditFrozen": now < found.frozen_until,
            "ReportExhausted": self.staking.credited + change > self.most(number),
            "InsufficientFunds": change > self.mint.emission_vault,
        }

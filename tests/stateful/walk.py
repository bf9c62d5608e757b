"""What all parts of a walk share: the market, in the programs and in the model, and how a step is tried."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, ClassVar, Final, TypeAlias, TypeVar

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from tests.model import reports, staking
from tests.model.refusal import Refused
from tests.programs.people import TOKEN, Published
from tests.programs.support import DAY, HOUR
from tests.stateful.arena import HOLDERS, Arena, arena
from tests.stateful.ledger import NO_TOTALS, Book, Ledger

from ionet import ProgramError, Sent, TransactionFailed, events

NODES: Final = ("alice", "bob", "erin")
EVIDENCE: Final = hashlib.sha256(b"evidence").digest()
NOBODY: Final = Pubkey(b"\x07" * 32)
#: A share of what there is, with the units around its limits.
Pick: TypeAlias = tuple[str, int]

a_node = st.sampled_from(NODES)
a_holder = st.sampled_from(HOLDERS)
#: Of a node: the owner's, or one of the positions, in the order in which they were opened.
a_side = st.integers(0, 5)
a_pick = st.one_of(
    st.tuples(st.just("part"), st.integers(1, 100)),
    st.tuples(st.just("limit"), st.integers(0, 1)),
    st.tuples(st.just("limit"), st.integers(0, 1)),
    st.tuples(st.just("units"), st.integers(0, 3)),
    st.tuples(st.just("io"), st.integers(1, 600)),
)
a_time = st.sampled_from(
    (1, 59, HOUR, 6 * HOUR, DAY - 1, DAY, 7 * DAY, 8 * DAY, 14 * DAY - 1, 14 * DAY, 30 * DAY, 45 * DAY)
)
a_seat = st.sampled_from((0, 0, 1, 2, None))
#: Which of those that there are; the latest one most often.
a_number = st.one_of(st.just(0), st.integers(0, 7))


def amount_of(pick: Pick, limit: int) -> int:
    """Base units."""
    kind, value = pick
    if kind == "part":
        return max(0, limit) * value // 100
    if kind == "limit":
        return max(0, limit + value)
    return value if kind == "units" else value * TOKEN


@dataclass(frozen=True, slots=True)
class Step:
    """An instruction, and what it is in the model.

    Attributes:
        done: in the model; it is given what the instruction's events are, or nothing where it failed.
    """

    instruction: Instruction
    done: Callable[[Sent[None] | None], Any]


def any_report(walk: Base) -> bool:
    return bool(walk.published)


def any_challenge(walk: Base) -> bool:
    return bool(walk.reports.challenges)


def any_undecided(walk: Base) -> bool:
    return any(one.state in (reports.PENDING, reports.APPROVED) for one in walk.reports.reports)


def any_terminal(walk: Base) -> bool:
    states = [one.state for one in walk.stakes.nodes.values()]
    return bool(walk.published) and staking.TERMINAL in states


def any_slash(walk: Base) -> bool:
    return any(one.slashes for one in walk.stakes.nodes.values())


@dataclass(frozen=True, slots=True)
class Action:
    """Something to try.

    Attributes:
        weight: how often, beside the others.
        when: whether there is anything to try it on.
        given: its arguments.
    """

    name: str
    weight: int
    when: Callable[[Any], bool]
    given: st.SearchStrategy[dict[str, Any]]


M = TypeVar("M", bound=Callable[..., None])


class Actions:
    """What a walk may do; makes a method of a walk one of its actions."""

    def __init__(self) -> None:
        self.all: dict[str, Action] = {}

    def __call__(
        self,
        *,
        weight: int = 2,
        when: Callable[[Any], bool] = lambda _: True,
        **given: st.SearchStrategy[Any],
    ) -> Callable[[M], M]:
        def mark(method: M) -> M:
            self.all[method.__name__] = Action(method.__name__, weight, when, st.fixed_dictionaries(given))
            return method

        return mark


action = Actions()


def modest(examples: int, steps: int) -> settings:
    """Few walks where CI has to wait for them, and as many as the profile `long` says."""
    of_profile = settings(settings.default).max_examples
    return settings(
        settings.default,
        max_examples=examples if of_profile <= 100 else of_profile,
        stateful_step_count=steps,
        report_multiple_bugs=False,
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
    )


class Driver(RuleBasedStateMachine):
    """Tries steps in the programs and in a model of them."""

    actions: ClassVar[Actions]
    arena: Arena

    @property
    def now(self) -> int:
        return self.arena.now

    @rule(data=st.data())
    def act(self, data: st.DataObject) -> None:
        """One of the actions that make sense now; rules of their own would not all be in every walk."""
        every = self.actions.all
        ready = tuple(one for one in every.values() for _ in range(one.weight) if one.when(self))
        name = data.draw(st.sampled_from(ready).map(lambda one: one.name), label="action")
        getattr(self, name)(**data.draw(every[name].given, label=name))

    def attempt(self, *steps: Step) -> bool:
        """Tries steps in one transaction, in the programs and in the model. Whether they succeeded."""
        result = self.arena.send(*(one.instruction for one in steps))
        if isinstance(result, TransactionFailed):
            self._refused(result, steps)
            return False
        for one in steps:
            try:
                one.done(result)
            except Refused as refused:
                raise AssertionError(f"the model refuses: {refused}, the programs do not") from refused
        for event in result.events:
            self.happened(event)
        return True

    def _refused(self, error: TransactionFailed, steps: tuple[Step, ...]) -> None:
        """The model refuses one of the steps for the same reason, and nothing changes."""
        before = copy.deepcopy(self.modelled()) if len(steps) > 1 else None
        try:
            for one in steps:
                one.done(None)
            reasons: frozenset[str] = frozenset()
        except Refused as refused:
            reasons = refused.reasons
        assert _name(error) in reasons, (
            f"the programs refuse: {error}; the model: {set(reasons) or 'does not'}"
        )
        if before is not None:
            self.put_back(before)

    def modelled(self) -> Any:
        """All that steps change in the model."""
        raise NotImplementedError

    def put_back(self, before: Any) -> None:
        """Makes a copy of that what the model is."""
        raise NotImplementedError

    def happened(self, event: Any) -> None:
        """Takes in an event."""
        raise NotImplementedError


class Base(Driver):
    """One market of stake and reports, in the programs and in the model."""

    actions = action

    def set_up(self, elsewhere: int) -> None:
        """Puts both back to the beginning, with so much active stake on nodes that nobody looks at."""
        self.arena = arena()
        self.arena.reset()
        self.market = self.arena.market
        self.world = self.market.world
        self.mint, self.stakes, self.reports = self.arena.model()
        self.purses = dict(self.stakes.purses)
        #: What everybody brought, less what slashes, bonds and fees took.
        self.worth = dict(self.purses)
        self.worth["alice"] += self.stakes.nodes["alice"].own.active
        self.earned = dict.fromkeys(self.worth, Fraction(0))
        self.published: list[Published] = []
        self.nonces = dict.fromkeys(NODES, 0)
        self.last_seen = (0, 0, 0)
        self.ledger = self._empty_ledger()
        self.jobs: dict[str, Pubkey] = {}
        self.arena.stake_elsewhere(elsewhere)
        self.stakes.elsewhere = elsewhere

    def _empty_ledger(self) -> Ledger:
        config = self.world.mint_config
        books, owners = {}, {}
        for name, supplier in self.arena.nodes.items():
            found = self.arena.node(name)
            active = found.own.active
            book = Book(totals=replace(NO_TOTALS, own_active=active))
            book.seq, book.through, book.active[supplier.key] = found.seq, found.registered_at, active
            books[supplier.node], owners[supplier.node] = book, supplier.key
        assert config.emitted == 0
        return Ledger(owners, books, {})

    # -- trying

    def modelled(self) -> Any:
        return self.mint, self.stakes, self.reports, self.earned

    def put_back(self, before: Any) -> None:
        self.mint, self.stakes, self.reports, self.earned = before

    def happened(self, event: Any) -> None:
        if isinstance(event, events.staking.Withdrawn):
            self.ledger.withdrawn(event, self.now)
        else:
            self.ledger.apply(event)

    # -- names

    def who(self, node: str, side: int) -> str:
        sides: tuple[str, ...] = (node, *self.stakes.nodes[node].positions)
        return sides[side % len(sides)]

    def key(self, node: str) -> Pubkey:
        return NOBODY if node == "nobody" else self.arena.nodes[node].node

    def number(self, back: int) -> int:
        """A report by how many have been made since."""
        return (len(self.published) - 1 - back) % len(self.published)


def _name(error: TransactionFailed) -> str:
    """A program's own error, or one of the runtime's."""
    return error.name if isinstance(error, ProgramError) else str(error.error["InstructionError"][1])


def check_event(sent: Sent[None] | None, kind: type[Any], **stated: Any) -> None:
    """What the one event of a kind states; there is none where another step of the transaction fails."""
    if sent is not None:
        event = sent.event(kind)
        assert {name: getattr(event, name) for name in stated} == stated, event

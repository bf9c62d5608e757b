"""A demo's record: its steps, and checks of the resulting state of the chain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ionet import Sent


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction that landed.

    Attributes:
        what: what it did, in a few words.
        signature: base58.
        compute_units: units it used.
    """

    what: str
    signature: str
    compute_units: int


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the demo.

    Attributes:
        name: stable, for programs.
        title: for people.
        lines: what happened, for people.
        amounts: base units of IO (8 decimals), unless the name says otherwise.
        facts: everything else worth keeping: addresses, hashes, counts.
        transactions: in order.
        clock_moved: seconds by which the network's clock was moved during the step.
    """

    name: str
    title: str
    lines: tuple[str, ...]
    amounts: Mapping[str, int]
    facts: Mapping[str, Any]
    transactions: tuple[Transaction, ...]
    clock_moved: int

    @property
    def compute_units(self) -> int:
        """Units of all its transactions."""
        return sum(transaction.compute_units for transaction in self.transactions)


@dataclass(frozen=True, slots=True)
class Check:
    """A statement that must hold.

    Attributes:
        name: the statement.
        expected: the expected value.
        found: the actual value.
    """

    name: str
    expected: int | str
    found: int | str

    @property
    def ok(self) -> bool:
        """Whether both values agree."""
        return self.expected == self.found


@dataclass(frozen=True, slots=True)
class Demo:
    """All steps and checks."""

    steps: tuple[Step, ...]
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether every check holds."""
        return all(check.ok for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """Returns plain JSON values; amounts are integers in base units."""
        return {
            "ok": self.ok,
            "steps": [
                {
                    "name": step.name,
                    "title": step.title,
                    "text": list(step.lines),
                    "amounts": dict(step.amounts),
                    "facts": dict(step.facts),
                    "compute_units": step.compute_units,
                    "clock_moved": step.clock_moved,
                    "transactions": [
                        {
                            "what": transaction.what,
                            "signature": transaction.signature,
                            "compute_units": transaction.compute_units,
                        }
                        for transaction in step.transactions
                    ],
                }
                for step in self.steps
            ],
            "checks": [
                {"name": check.name, "expected": check.expected, "found": check.found, "ok": check.ok}
                for check in self.checks
            ],
        }


@dataclass(slots=True)
class Recorder:
    """Collects one step at a time.

    Args:
        on_step: called with each step as soon as it is over.
    """

    on_step: Callable[[Step], None]
    steps: list[Step] = field(default_factory=list)
    _lines: list[str] = field(default_factory=list)
    _amounts: dict[str, int] = field(default_factory=dict)
    _facts: dict[str, Any] = field(default_factory=dict)
    _transactions: list[Transaction] = field(default_factory=list)
    _moved: int = 0

    def say(self, line: str) -> None:
        """Records a line for people."""
        self._lines.append(line)

    def amounts(self, **amounts: int) -> None:
        """Records amounts by name, in base units."""
        self._amounts.update(amounts)

    def facts(self, **facts: Any) -> None:
        """Records facts by name, as plain JSON values."""
        self._facts.update(facts)

    def sent(self, what: str, sent: Sent[Any]) -> None:
        """Records a transaction that landed."""
        self._transactions.append(Transaction(what, sent.signature, sent.compute_units))

    def moved(self, seconds: int) -> None:
        """Records that the clock was moved."""
        self._moved += seconds

    def close(self, name: str, title: str) -> None:
        """Ends the step."""
        step = Step(
            name,
            title,
            tuple(self._lines),
            dict(self._amounts),
            dict(self._facts),
            tuple(self._transactions),
            self._moved,
        )
        self._lines, self._amounts, self._facts, self._transactions = [], {}, {}, []
        self._moved = 0
        self.steps.append(step)
        self.on_step(step)

"""What accounts hold beside what events say of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum, IntEnum
from functools import cache
from hashlib import sha256
from types import ModuleType
from typing import Any, Final

from solders.pubkey import Pubkey

from ionet import accounts, constants
from ionet.chain.schema import Account
from ionet.ledger.replay import records as r
from ionet.ledger.replay.state import State
from ionet.ledger.subjects import PROGRAMS

#: The key of an account's record, where it is not the address; see `State`.
_KEYS: Final[dict[str, Callable[[Any], Any]]] = {
    "buyback.Payout": lambda account: account.job,
    "governance.AssetOutflow": lambda account: account.asset,
    "governance.VoteRecord": lambda account: (account.proposal, account.position),
    "governance.NodeVote": lambda account: (account.proposal, account.node),
    "governance.StoredTransaction": lambda account: (account.proposal, account.index),
    "jobs.Currency": lambda account: account.mint,
    "staking.Class": lambda account: account.id,
    "staking.Position": lambda account: (account.node, account.holder),
    "staking.StakeShard": lambda account: account.index,
    "distributor.Claims": lambda account: (account.airdrop, account.number),
}
#: Those of which there is one.
_SINGLE: Final = frozenset({"proofs.AttesterSet", "staking.EmissionLedger"})
#: Accounts that are made without an event: until the first one about them, none says that they are there.
QUIET: Final = frozenset({"governance.NodeVote", "staking.Position", "staking.StakeShard"})


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that is not what the events say.

    Attributes:
        check: what was compared: the account's type, or what is added up.
        name: which field, or which part of the sum.
        address: the account; None: of a sum over many.
        expected: by the events.
        found: on the chain; None: nothing.
    """

    check: str
    name: str
    address: Pubkey | None
    expected: Any
    found: Any

    def __str__(self) -> str:
        where = "" if self.address is None else f" of {self.address}"
        there = "none" if self.found is None else _text(self.found)
        return f"{self.check} {self.name}{where}: {_text(self.expected)} expected, {there} there"


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.hex()
    return f"{value:,}" if isinstance(value, int) else str(value)


@cache
def types() -> dict[str, type[Account]]:
    """Every type of account by its name, `program.Type`."""
    kinds = {}
    for program in PROGRAMS:
        module: ModuleType = getattr(accounts, program)
        for name in module.__all__:
            kind = getattr(module, name)
            if isinstance(kind, type) and issubclass(kind, Account):
                kinds[f"{program}.{name}"] = kind
    return kinds


def key_of(kind: str, address: Pubkey, account: Any) -> Any:
    """The key of an account's record in a state."""
    if kind.endswith(".Config") or kind in _SINGLE:
        return None
    return _KEYS[kind](account) if kind in _KEYS else address


def index(state: State) -> dict[tuple[str, Any], r.Record]:
    """Every record of a state, by its account's type and key."""
    return {(record.KIND, key): record for key, record in state}


def differences(record: r.Record, address: Pubkey, account: Any) -> Iterator[Difference]:
    """The fields of an account that are not what its record says."""
    for path, expected in record.stated():
        for name, value, there in _compared(path, expected, _at(account, path)):
            yield Difference(record.KIND, name, address, value, there)
    if isinstance(record, r.StoredTransaction):
        content = constants.governance.TRANSACTION_DOMAIN + record.before + bytes(account.args)
        if (found := sha256(content).digest()) != record.after:
            yield Difference(record.KIND, "args", address, record.after, found)


def _at(account: Any, path: str) -> Any:
    value = account
    for step in path.split("."):
        value = value[int(step)] if step.isdigit() else getattr(value, step)
    return value


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, (IntEnum, bool)) else value


def _compared(path: str, expected: Any, there: Any) -> Iterator[tuple[str, Any, Any]]:
    """Names, what is expected and what is there, where the two differ."""
    if isinstance(expected, r.Slots):
        for number, (slot, other) in enumerate(zip(expected.slots, there.slots, strict=True)):
            for name in ("amount", "weight", "ready_at", "counts_to"):
                values = getattr(slot, name), getattr(other, name)
                yield from _unequal(f"{path}.slots.{number}.{name}", *values)
    elif isinstance(expected, r.Snapshot):
        for name in ("week", "now", "past"):
            yield from _unequal(f"{path}.{name}", getattr(expected, name), getattr(there, name))
    elif isinstance(expected, r.Outflow):
        yield from _unequal(f"{path}.day", expected.day, there.day)
        yield from _unequal(f"{path}.out", tuple(expected.out), there.out)
    elif isinstance(expected, tuple):
        padding = there[len(expected) :]
        yield from _unequal(path, expected, there[: len(expected)])
        zero = r.NOBODY if padding and isinstance(padding[0], Pubkey) else 0
        for number, value in enumerate(padding, len(expected)):
            yield from _unequal(f"{path}.{number}", zero, value)
    else:
        yield from _unequal(path, expected, _plain(there))


def _unequal(name: str, expected: Any, there: Any) -> Iterator[tuple[str, Any, Any]]:
    if expected != there:
        yield name, expected, there


def numbers(value: Any, path: str = "") -> Iterator[tuple[str, int]]:
    """Every number of an account, by its path; bytes are none."""
    if isinstance(value, Enum):
        yield path, int(value.value)
    elif isinstance(value, int):
        yield path, int(value)
    elif isinstance(value, tuple):
        for number, part in enumerate(value):
            yield from numbers(part, f"{path}.{number}" if path else str(number))
    elif is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            yield from numbers(getattr(value, each.name), f"{path}.{each.name}" if path else each.name)

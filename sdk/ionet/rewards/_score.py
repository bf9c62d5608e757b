"""The reward of an hour.

For emission ``E`` of the hour, in base units:

1. Pools. ``pot = floor((E * share_bps + carry) / 10_000)``; the remainder, less than one base unit per pool,
   is the carry of the next hour. Shares: GPU and Apple 9,500, CPU 500.
2. A node is eligible if it was up five hours, its owner's active stake covers its minimum, its verdict of
   the hour passed and none of its devices is banned. ``score = multiplier_bps * units``, 0 if not eligible.
3. Nodes in use. ``U = floor(pot * 3_000 / 10_000)`` goes to the nodes leased and attested for the hour by
   score, each at most ``floor(fees * 8_000 / 10_000)``: 80 % of the fees that its own job paid for that hour.
   What a bound cuts off goes to the others in use by score, within their own bounds: one more node in use
   then takes no more from them than its bound, and renting from oneself loses money. Parts are rounded down.
4. All nodes. The rest of the pot, ``T = pot - sum of the parts in use``, is split among all eligible nodes by
   score. Each gets ``floor(T * score / sum)``; the base units left over, fewer than there are nodes, go one
   each to the largest remainders, equal ones in the order of the node keys. So the parts sum to T exactly.
5. A pool without an eligible node pays nothing: its pot stays unallocated in the vault.
6. A node's reward of the hour is at most ``floor(minimum * 96 / 10_000)`` of its owner's minimum, so that a
   cheat who is caught with a chance of one in ten a day loses more than they gain. What this cuts off stays
   unallocated, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ionet._generated.mint.constants import DECIMALS, MAX_SUPPLY
from ionet._generated.staking.types import Pool
from ionet.chain.amounts import BPS
from ionet.chain.errors import IonetError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ionet.rewards._leaf import Verdict
    from ionet.rewards._statement import Statement

_USDC_DECIMALS: Final = 6


class RewardError(IonetError, ValueError):
    """Inputs of an hour contradict each other or are out of range."""


class Proof(IntEnum):
    """State of the node's last compute proof within its period."""

    PASSED = 0
    FAILED = 1
    MISSING = 2


class Why(IntFlag):
    """Every rule that kept a node at 0 this hour; a node with a reward has none."""

    PAID = 0
    NOT_UP = 1
    STAKE_SHORT = 2
    PROOF_FAILED = 4
    PROOF_MISSING = 8
    NO_CLASS = 16
    BELOW_ONE_UNIT = 32
    BANNED = 64

    def explain(self) -> str:
        """The reasons in words, for the node's owner."""
        if not self:
            return "rewarded"
        return "; ".join(_WORDS[item] for item in Why if item in self)


_WORDS: Final = {
    Why.NOT_UP: "not up for the required hours in a row",
    Why.STAKE_SHORT: "the owner's active stake is below the minimum",
    Why.PROOF_FAILED: "the last compute proof failed",
    Why.PROOF_MISSING: "no compute proof was ever judged",
    Why.NO_CLASS: "its hardware class has no multiplier",
    Why.BELOW_ONE_UNIT: "its share was below one base unit",
    Why.BANNED: "one of its devices is banned",
}


@dataclass(frozen=True, slots=True)
class SharePolicy:
    """Parameters of an hour; the defaults are the market's.

    Attributes:
        gpu_bps: the GPU pool's share of the emission; the CPU pool gets the rest.
        in_use_bps: share of a pool for nodes in use, 0..5,000.
        fee_bound_bps: bound of that part by the fees of the node's job, 0..9,500.
        up_hours: how many hours in a row a node must have been up.
        reward_bound_bps: bound of a node's reward of the hour by its owner's minimum, 10..1,000.
    """

    gpu_bps: int = 9_500
    in_use_bps: int = 3_000
    fee_bound_bps: int = 8_000
    up_hours: int = 5
    reward_bound_bps: int = 96

    def __post_init__(self) -> None:
        for name, low, high in (
            ("gpu_bps", 0, BPS),
            ("in_use_bps", 0, 5_000),
            ("fee_bound_bps", 0, 9_500),
            ("up_hours", 0, 168),
            ("reward_bound_bps", 10, 1_000),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise RewardError(f"{name} = {value} is outside {low}..{high}")

    def share(self, pool: Pool) -> int:
        """The pool's share in basis points."""
        return self.gpu_bps if pool is Pool.GPU else BPS - self.gpu_bps


@dataclass(frozen=True, slots=True)
class Carry:
    """What splitting the emission into pools left over, in 1/10,000 of a base unit; below 10,000 each."""

    gpu: int = 0
    cpu: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.gpu < BPS and 0 <= self.cpu < BPS):
            raise RewardError(
                f"a carry is below one base unit, that is in 0..{BPS - 1}; got {self.gpu}, {self.cpu}"
            )


@dataclass(frozen=True, slots=True)
class NodeHour:
    """The facts of one node for one hour.

    Attributes:
        node: the node's address, 32 bytes.
        pool: the class's pool.
        multiplier_bps: the class's multiplier, 10,000 is one.
        units: processors.
        up_hours: hours in a row it has been up at the end of the hour.
        stake: the owner's active stake, base units of IO.
        required_stake: the owner's minimum for its processors.
        proof: its verdict of the hour.
        in_use: whether it was leased, and attested for the hour.
        fees: both sides' fees that its job paid for this hour, base units of IO at the hour's price, rounded
            down.
        credited: credited in its whole life until the end of the hour, base units of IO.
        banned: whether one of its devices is banned.
        closed_at: when it was closed, since when it earns nothing, Unix seconds; 0 while it is not closed.
        statement: the device's signed statement for the hour, if there is one.
        verdict: the whole verdict behind `proof`, or None.
    """

    node: bytes
    pool: Pool
    multiplier_bps: int
    units: int
    up_hours: int
    stake: int
    required_stake: int
    proof: Proof
    in_use: bool = False
    fees: int = 0
    credited: int = 0
    banned: bool = False
    closed_at: int = 0
    statement: Statement | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Hour:
    """The facts of all nodes, in columns sorted by node key. Build it with `from_rows` or from arrays.

    Attributes:
        nodes: uint8, shape (n, 32), strictly ascending.
        pool: uint8, see `Pool`.
        multiplier_bps: int64.
        units: int64.
        up_hours: int64.
        stake: int64.
        required_stake: int64.
        proof: uint8, see `Proof`.
        in_use: bool.
        fees: int64.
        credited: int64.
        banned: bool.
        closed_at: int64.
        statements: one per node, or empty.
        verdicts: one per node, or empty.
    """

    nodes: NDArray[np.uint8]
    pool: NDArray[np.uint8]
    multiplier_bps: NDArray[np.int64]
    units: NDArray[np.int64]
    up_hours: NDArray[np.int64]
    stake: NDArray[np.int64]
    required_stake: NDArray[np.int64]
    proof: NDArray[np.uint8]
    in_use: NDArray[np.bool_]
    fees: NDArray[np.int64]
    credited: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    banned: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    closed_at: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    statements: Sequence[Statement | None] = field(default=())
    verdicts: Sequence[Verdict | None] = field(default=())

    def __post_init__(self) -> None:
        n = len(self.nodes)
        for name in ("credited", "banned", "closed_at"):
            if not len(getattr(self, name)):
                object.__setattr__(self, name, np.zeros(n, _COLUMNS[name]))
        if self.nodes.shape != (n, 32) or self.nodes.dtype != np.uint8:
            raise RewardError("nodes: expected an array of uint8 with shape (n, 32)")
        for name in _COLUMNS:
            if getattr(self, name).shape != (n,):
                raise RewardError(f"{name}: expected {n} values, one per node")
        if self.statements and len(self.statements) != n:
            raise RewardError(f"statements: expected none or {n}, one per node")
        if self.verdicts and len(self.verdicts) != n:
            raise RewardError(f"verdicts: expected none or {n}, one per node")
        keys = key_column(self.nodes)
        if n > 1 and not bool((keys[:-1] < keys[1:]).all()):
            raise RewardError("nodes are not strictly ascending by key, or one appears twice")
        for name, high in _BOUNDS.items():
            column = getattr(self, name)
            bad = np.flatnonzero((column < 0) | (column > high))
            if len(bad):
                raise RewardError(f"{name}: {int(column[bad[0]])} at node {int(bad[0])} is outside 0..{high}")

    def __len__(self) -> int:
        return len(self.nodes)

    @classmethod
    def from_rows(cls, rows: Iterable[NodeHour]) -> Hour:
        """Sorts the rows by node key and puts them into columns.

        Raises:
            RewardError: when a node appears twice or a value is outside its range.
        """
        ordered = sorted(rows, key=lambda row: row.node)
        for row in ordered:
            if len(row.node) != 32:
                raise RewardError(f"a node's key has 32 bytes, got {len(row.node)}")
        return cls.from_columns(
            [row.node for row in ordered],
            {name: [getattr(row, name) for row in ordered] for name in _COLUMNS},
            [row.statement for row in ordered],
            [row.verdict for row in ordered],
        )

    @classmethod
    def from_columns(
        cls,
        nodes: Sequence[bytes],
        facts: Mapping[str, Sequence[int]],
        statements: Sequence[Statement | None],
        verdicts: Sequence[Verdict | None],
    ) -> Hour:
        """Makes them of the fields of `NodeHour`, each of all nodes in the order of their keys.

        Raises:
            RewardError: when the order is another, a node appears twice or a value is outside its range.
        """
        for node, verdict, proof in zip(nodes, verdicts, facts["proof"], strict=True):
            if verdict is not None and verdict.passed != (proof == Proof.PASSED):
                raise RewardError(f"the verdict of node {node.hex()} is not what its proof says")
        columns: dict[str, Any] = {}
        for name, dtype in _COLUMNS.items():
            try:
                columns[name] = np.array(facts[name], dtype)
            except OverflowError as error:
                raise RewardError(f"{name}: a value does not fit its column: {error}") from error
        return cls(
            nodes=np.frombuffer(b"".join(nodes), np.uint8).reshape(-1, 32),
            statements=statements if any(item is not None for item in statements) else (),
            verdicts=verdicts if any(item is not None for item in verdicts) else (),
            **columns,
        )

    def rows(self) -> Iterator[NodeHour]:
        """The columns as rows again, in order."""
        keys, nothing = self.nodes.tobytes(), (None,) * len(self)
        columns = [getattr(self, name).tolist() for name in _COLUMNS]
        # Members looked up once: with a million rows, each look costs a second.
        for name, kind in (("pool", Pool), ("proof", Proof)):
            members = {int(member): member for member in kind}
            place = list(_COLUMNS).index(name)
            columns[place] = [members[value] for value in columns[place]]
        nodes = (keys[at : at + 32] for at in range(0, len(keys), 32))
        # In the order of the fields.
        yield from map(NodeHour, nodes, *columns, self.statements or nothing, self.verdicts or nothing)


_COLUMNS: Final[dict[str, Any]] = {
    "pool": np.uint8,
    "multiplier_bps": np.int64,
    "units": np.int64,
    "up_hours": np.int64,
    "stake": np.int64,
    "required_stake": np.int64,
    "proof": np.uint8,
    "in_use": np.bool_,
    "fees": np.int64,
    "credited": np.int64,
    "banned": np.bool_,
    "closed_at": np.int64,
}
_BOUNDS: Final = {
    "pool": max(Pool),
    "multiplier_bps": 10_000_000,
    "units": 255,
    "up_hours": 2**31,
    "stake": MAX_SUPPLY,
    "required_stake": MAX_SUPPLY,
    "proof": max(Proof),
    "fees": MAX_SUPPLY,
    "credited": MAX_SUPPLY,
    "closed_at": 2**62,
}


@dataclass(frozen=True, slots=True)
class Scores:
    """The outcome of an hour.

    Attributes:
        reward: base units of IO for each node, int64, in the order of the hour's nodes.
        in_use: the part of it for nodes in use.
        score: ``multiplier_bps * units``, 0 if not eligible.
        why: `Why` as uint8.
        pots: each pool's part of the emission, indexed by `Pool`.
        unallocated: what stays in the vault because a pool had no eligible node, or a node's reward exceeded
            its bound, indexed by `Pool`.
        carry: for the next hour.
    """

    reward: NDArray[np.int64]
    in_use: NDArray[np.int64]
    score: NDArray[np.int64]
    why: NDArray[np.uint8]
    pots: tuple[int, int]
    unallocated: tuple[int, int]
    carry: Carry

    @property
    def total(self) -> int:
        """Sum of the rewards."""
        return int(self.reward.sum())


def key_column(nodes: NDArray[np.uint8]) -> NDArray[Any]:
    """Keys as one comparable column of 32-byte strings, ordered as bytes."""
    # dtype S drops trailing zero bytes when compared, which keeps the order and equality of equal-length
    # keys.
    return np.ascontiguousarray(nodes).view("S32").reshape(-1)


def score_hour(
    hour: Hour, emission: int, carry: Carry | None = None, policy: SharePolicy | None = None
) -> Scores:
    """Rewards of one hour; see the module's text for the formulas.

    Args:
        hour: the facts.
        emission: what this hour was paid, base units of IO.
        carry: the previous hour's carry.
        policy: shares and bounds.

    Raises:
        RewardError: when ``emission`` is negative or above the maximum supply.
    """
    carry, policy = carry or Carry(), policy or SharePolicy()
    if not 0 <= emission <= MAX_SUPPLY:
        raise RewardError(f"an emission of {emission} is outside 0..{MAX_SUPPLY}")
    why = _failed_rules(hour, policy)
    score = np.where(why == 0, hour.multiplier_bps * hour.units, 0)
    reward, used_part = np.zeros(len(hour), np.int64), np.zeros(len(hour), np.int64)
    pots, unallocated, carried = [], [], []
    for pool, carry_in in ((Pool.GPU, carry.gpu), (Pool.CPU, carry.cpu)):
        pot, remainder = divmod(emission * policy.share(pool) + carry_in, BPS)
        pots.append(pot)
        carried.append(remainder)
        members = np.flatnonzero((hour.pool == pool) & (score > 0))
        unallocated.append(0 if len(members) else pot)
        if not len(members):
            continue
        used = members[hour.in_use[members]]
        if len(used):
            bounds = _bound(hour.fees[used], policy.fee_bound_bps)
            used_part[used] = _bounded_split(pot * policy.in_use_bps // BPS, score[used], bounds)
        shares = _split(pot - int(used_part[used].sum()), score[members]) + used_part[members]
        reward[members] = np.minimum(shares, _bound(hour.required_stake[members], policy.reward_bound_bps))
        unallocated[-1] = pot - int(reward[members].sum())
    used_part = np.minimum(used_part, reward)
    why[(why == 0) & (reward == 0)] = np.uint8(Why.BELOW_ONE_UNIT)
    return Scores(
        reward=reward,
        in_use=used_part,
        score=score,
        why=why,
        pots=(pots[0], pots[1]),
        unallocated=(unallocated[0], unallocated[1]),
        carry=Carry(*carried),
    )


def _failed_rules(hour: Hour, policy: SharePolicy) -> NDArray[np.uint8]:
    rules = (
        (Why.NOT_UP, hour.up_hours < policy.up_hours),
        (Why.STAKE_SHORT, hour.stake < hour.required_stake),
        (Why.PROOF_FAILED, hour.proof == Proof.FAILED),
        (Why.PROOF_MISSING, hour.proof == Proof.MISSING),
        (Why.NO_CLASS, hour.multiplier_bps * hour.units == 0),
        (Why.BANNED, hour.banned),
    )
    why = np.zeros(len(hour), np.uint8)
    for reason, broken in rules:
        why += np.uint8(reason) * broken
    return why


def _bound(fees: NDArray[np.int64], bps: int) -> NDArray[np.int64]:
    # fees * bps exceeds 64 bits at the largest fees; whole ten-thousands and the rest stay exact.
    whole, remainder = fees // BPS, fees % BPS
    bounded: NDArray[np.int64] = whole * bps + remainder * bps // BPS
    return bounded


def _floors(total: int, score: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """``floor(total * score / sum)`` and the remainders' ranks; exact for any size.

    The products exceed 64 bits, but there are few distinct scores, so each is divided once as a Python
    integer.
    """
    whole = int(score.sum())
    distinct, index = np.unique(score, return_inverse=True)
    pairs = [divmod(total * value, whole) for value in distinct.tolist()]
    floors = np.array([pair[0] for pair in pairs], np.int64)[index]
    order = sorted({pair[1] for pair in pairs}, reverse=True)
    rank = {remainder: position for position, remainder in enumerate(order)}
    ranks = np.array([rank[pair[1]] for pair in pairs], np.int64)[index]
    return floors, ranks


def _bounded_split(total: int, score: NDArray[np.int64], most: NDArray[np.int64]) -> NDArray[np.int64]:
    """Splits ``total`` by score, rounded down, each part at most ``most``; what is cut off goes to others.

    A node at its bound stays there, since what it leaves only raises the others' parts: each round settles
    some of them.
    """
    parts = most.copy()
    unsettled = np.arange(len(score))
    while len(unsettled):
        by_score, _ = _floors(total, score[unsettled])
        bound = by_score >= most[unsettled]
        if not bound.any():
            parts[unsettled] = by_score
            break
        total -= sum(most[unsettled[bound]].tolist())
        unsettled = unsettled[~bound]
    return parts


def _split(total: int, score: NDArray[np.int64]) -> NDArray[np.int64]:
    """Splits ``total`` by score with the largest remainders; sums to ``total`` exactly."""
    parts, ranks = _floors(total, score)
    left = total - int(parts.sum())
    # Stable: equal remainders keep the order of the node keys.
    parts[np.argsort(ranks, kind="stable")[:left]] += 1
    return parts


def tokens_to_io(amount: int, decimals: int, dollars: Fraction, dollars_per_io: Fraction) -> int:
    """An amount of any token as IO in base units, rounded down.

    Args:
        amount: base units of the token.
        decimals: of the token.
        dollars: what one token is worth.
        dollars_per_io: what one IO is worth.

    Raises:
        RewardError: for a price that is not positive or an amount that is negative.
    """
    if dollars <= 0 or dollars_per_io <= 0 or amount < 0:
        raise RewardError(
            f"prices of {dollars} and {dollars_per_io} or an amount of {amount} make no exchange"
        )
    return int(amount * Fraction(10) ** (DECIMALS - decimals) * dollars / dollars_per_io)


def usdc_to_io(usdc: int, price: int, expo: int) -> int:
    """USDC in base units (6 decimals) as IO in base units (8 decimals), rounded down.

    Args:
        usdc: amount in base units of USDC, taken as US dollars.
        price: dollars per IO as an integer, as an oracle states it.
        expo: the price's exponent, for example -8: dollars = price * 10**expo.

    Raises:
        RewardError: for a price that is not positive or an amount that is negative.
    """
    return tokens_to_io(usdc, _USDC_DECIMALS, Fraction(1), price * Fraction(10) ** expo)

"""What a transaction costs: compute limit, priority fee."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ionet.chain.ids import COMPUTE_BUDGET_PROGRAM

MAX_COMPUTE_UNITS: Final = 1_400_000
DEFAULT_COMPUTE_UNITS: Final = 200_000
#: Compute units that each instruction of the compute budget program uses.
COMPUTE_BUDGET_COST: Final = 150
MICRO: Final = 1_000_000
LAMPORTS_PER_SIGNATURE: Final = 5_000


@dataclass(frozen=True, slots=True)
class FeePolicy:
    """How much to pay for priority.

    Attributes:
        percentile: which percentile (0 to 100) to pay of the recent fees on the same writable accounts.
        max_price: the most to pay per compute unit, in micro-lamports.
        max_lamports: the most priority fee per transaction, in lamports.
        price: a fixed price instead, in micro-lamports per compute unit; the caps still apply.
        margin_percent: how far the compute limit is above what the simulation used.
        compute_limit: a fixed compute limit instead; nothing is simulated then, and a transaction that fails
            may land and cost its fee.
    """

    percentile: int = 75
    max_price: int = 1_000_000
    max_lamports: int = 1_000_000
    price: int | None = None
    margin_percent: int = 15
    compute_limit: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.percentile <= 100:
            raise ValueError(f"percentile is 0 to 100, not {self.percentile}")

    def limit(self, used: int) -> int:
        """Returns the compute limit to request, given the units that a simulation used."""
        return min(used + -(-used * self.margin_percent // 100), MAX_COMPUTE_UNITS)

    def price_for(self, recent: Iterable[int], limit: int) -> int:
        """Returns micro-lamports per unit for a transaction of `limit` units, given recently paid prices."""
        wanted = self.price if self.price is not None else percentile(sorted(recent), self.percentile)
        cap = self.max_lamports * MICRO // max(limit, 1)
        return max(0, min(wanted, self.max_price, cap))


def percentile(ordered: Sequence[int], rank: int) -> int:
    """Returns the nearest-rank percentile of ascending numbers; 0 if there are none."""
    if not ordered:
        return 0
    return ordered[max(-(-len(ordered) * rank // 100) - 1, 0)]


def fee_of(message: Any) -> int:
    """Returns what a message costs, in lamports: its signatures, and the priority fee."""
    signatures: int = message.header.num_required_signatures
    return signatures * LAMPORTS_PER_SIGNATURE + priority_fee(message)


def priority_fee(message: Any) -> int:
    """Returns the priority fee, in lamports, that a message's compute budget instructions set."""
    price, limit, others = 0, None, 0
    for instruction in message.instructions:
        if message.account_keys[instruction.program_id_index] != COMPUTE_BUDGET_PROGRAM:
            others += 1
            continue
        data = bytes(instruction.data)
        if data[:1] == b"\x02":
            limit = int.from_bytes(data[1:5], "little")
        elif data[:1] == b"\x03":
            price = int.from_bytes(data[1:9], "little")
    units = min(others * DEFAULT_COMPUTE_UNITS if limit is None else limit, MAX_COMPUTE_UNITS)
    return -(-price * units // MICRO)

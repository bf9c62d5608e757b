"""A genesis plan compared with the chain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from solders.pubkey import Pubkey

from ionet._generated.shared import Allocation
from ionet.chain.amounts import IO
from ionet.chain.errors import IonetError
from ionet.token.vesting import Schedule

if TYPE_CHECKING:
    from ionet import accounts
    from ionet.token.airdrop import AirdropTree
    from ionet.token.genesis_plan import Item, PlannedGrant


class GenesisMismatch(IonetError):
    """The chain differs from the plan; nothing was changed.

    Attributes:
        differences: each in a sentence.
    """

    def __init__(self, differences: Sequence[str]) -> None:
        shown = "; ".join(differences[:5])
        more = f" (and {len(differences) - 5} more)" if len(differences) > 5 else ""
        super().__init__(f"the chain differs from the plan: {shown}{more}")
        self.differences = tuple(differences)


@dataclass(frozen=True, slots=True)
class GenesisStep:
    """A transaction of genesis that has landed.

    Attributes:
        what: the step in a few words.
        signature: of the transaction.
        done: grants and airdrops that exist.
        of: grants and airdrops in all.
    """

    what: str
    signature: str
    done: int
    of: int


@dataclass(frozen=True, slots=True)
class GenesisItem:
    """How much of an item of the plan exists.

    Attributes:
        item: the item.
        made: how many of its grants, or its airdrop, exist as planned.
        of: how many the plan has.
        funded: the IO paid into them.
    """

    item: Item
    made: int
    of: int
    funded: IO


@dataclass(frozen=True, slots=True)
class GenesisState:
    """A plan compared with the chain.

    Attributes:
        items: in the table's order.
        minted: allocations that exist.
        differences: how the chain differs from the plan, each in a sentence. A grant that has passed on to
            another beneficiary is not a difference.
    """

    items: tuple[GenesisItem, ...]
    minted: frozenset[Allocation]
    differences: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether everything exists as planned."""
        return not self.differences and all(item.made == item.of for item in self.items)


class GenesisComparison:
    """Collects what exists of a plan, what is missing, and what differs."""

    def __init__(
        self, grants: list[PlannedGrant], drops: list[tuple[Item, AirdropTree]], deadline: int
    ) -> None:
        self.grants, self.drops, self.deadline = grants, drops, deadline
        self.made: dict[str, int] = defaultdict(int)
        self.funded: dict[str, int] = defaultdict(int)
        self.minted: set[Allocation] = set()
        self.differences: list[str] = []
        self.missing: dict[Pubkey, tuple[Item, IO]] = {}

    @property
    def needed(self) -> IO:
        """The IO that the missing grants and airdrops need."""
        return sum((amount for _, amount in self.missing.values()), IO(0))

    @property
    def unminted(self) -> list[Allocation]:
        """Allocations that are not minted yet and that missing grants or airdrops need."""
        return sorted({item.allocation for item, _ in self.missing.values()} - self.minted)

    def compare_grant(
        self, planned: PlannedGrant, grant: accounts.distributor.Grant | None, vault: int | None
    ) -> None:
        """Compares a grant with its plan."""
        if grant is None:
            self.missing[planned.address] = (planned.item, planned.schedule.total)
            return
        left = grant.total - grant.released - grant.returned
        self._compare(
            f"{planned.item.name}: grant {planned.address}",
            planned.item.name,
            grant.total,
            ("beneficiary", grant.granted_to, planned.beneficiary),
            ("schedule", Schedule.of(grant), planned.schedule),
            ("revocable", bool(grant.revocable), planned.revocable),
            ("allocation", grant.allocation, planned.item.allocation),
            # Anyone may have sent more to it.
            ("vault", min(vault or 0, left), left),
        )

    def compare_airdrop(
        self, item: Item, tree: AirdropTree, airdrop: accounts.distributor.Airdrop | None, vault: int | None
    ) -> None:
        """Compares an airdrop with its plan."""
        if airdrop is None:
            self.missing[tree.address] = (item, tree.total)
            return
        left = airdrop.total - airdrop.claimed - airdrop.returned
        self._compare(
            f"{item.name}: airdrop {tree.address}",
            item.name,
            airdrop.total,
            ("root", airdrop.root.hex(), tree.root.hex()),
            ("leaves", airdrop.leaves, len(tree.shares)),
            ("total", airdrop.total, tree.total.base),
            ("deadline", airdrop.deadline, self.deadline),
            ("allocation", airdrop.allocation, int(item.allocation)),
            ("vault", min(vault or 0, left), left),
        )

    def _compare(self, account: str, item: str, total: int, *values: tuple[str, object, object]) -> None:
        wrong = [
            f"{account} has {name} {actual} instead of {planned}"
            for name, actual, planned in values
            if actual != planned
        ]
        self.differences += wrong
        self.made[item] += not wrong
        self.funded[item] += total


def tokens(info: object) -> int | None:
    """The balance of a token account, base units, from its raw account; None without one."""
    data: bytes | None = getattr(info, "data", None)
    return None if data is None else int.from_bytes(bytes(data)[64:72], "little")

"""What is there of a plan of genesis, compared with it."""

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
    """What is on the chain is not what the plan says; nothing was changed.

    Attributes:
        differences: each in a sentence.
    """

    def __init__(self, differences: Sequence[str]) -> None:
        shown = "; ".join(differences[:5])
        more = f" (and {len(differences) - 5} more)" if len(differences) > 5 else ""
        super().__init__(f"the chain is not as the plan has it: {shown}{more}")
        self.differences = tuple(differences)


@dataclass(frozen=True, slots=True)
class GenesisStep:
    """A transaction of genesis that has landed.

    Attributes:
        what: in a few words.
        signature: of the transaction.
        done: grants and airdrops that are there.
        of: grants and airdrops in all.
    """

    what: str
    signature: str
    done: int
    of: int


@dataclass(frozen=True, slots=True)
class GenesisItem:
    """What is there of an item of the plan.

    Attributes:
        item: of the table.
        made: its grants, or its airdrop, that exist as planned.
        of: how many the plan has.
        funded: what was put into them.
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
        differences: what is on the chain and not as planned, each in a sentence. That a grant has passed on
            to another beneficiary is none.
    """

    items: tuple[GenesisItem, ...]
    minted: frozenset[Allocation]
    differences: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether everything is there and as planned."""
        return not self.differences and all(one.made == one.of for one in self.items)


class GenesisComparison:
    """What is there of a plan, and what is not as it says."""

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
        """What the missing ones are to be filled with."""
        return sum((amount for _, amount in self.missing.values()), IO(0))

    @property
    def unminted(self) -> list[Allocation]:
        """Allocations that something is missing of, and that do not exist yet."""
        return sorted({item.allocation for item, _ in self.missing.values()} - self.minted)

    def compare_grant(
        self, planned: PlannedGrant, made: accounts.distributor.Grant | None, vault: int | None
    ) -> None:
        """Compares a grant with its plan."""
        if made is None:
            self.missing[planned.address] = (planned.item, planned.schedule.total)
            return
        held = made.total - made.released - made.returned
        self._compare(
            f"{planned.item.name}: grant {planned.address}",
            planned.item.name,
            made.total,
            ("beneficiary", made.granted_to, planned.beneficiary),
            ("schedule", Schedule.of(made), planned.schedule),
            ("revocable", bool(made.revocable), planned.revocable),
            ("allocation", made.allocation, planned.item.allocation),
            # Others may have sent something to it.
            ("vault", min(vault or 0, held), held),
        )

    def compare_airdrop(
        self, item: Item, tree: AirdropTree, made: accounts.distributor.Airdrop | None, vault: int | None
    ) -> None:
        """Compares an airdrop with its plan."""
        if made is None:
            self.missing[tree.address] = (item, tree.total)
            return
        held = made.total - made.claimed - made.returned
        self._compare(
            f"{item.name}: airdrop {tree.address}",
            item.name,
            made.total,
            ("root", made.root.hex(), tree.root.hex()),
            ("leaves", made.leaves, len(tree.shares)),
            ("total", made.total, tree.total.base),
            ("deadline", made.deadline, self.deadline),
            ("allocation", made.allocation, int(item.allocation)),
            ("vault", min(vault or 0, held), held),
        )

    def _compare(self, what: str, item: str, total: int, *values: tuple[str, object, object]) -> None:
        wrong = [
            f"{what} has {name} {found} instead of {planned}"
            for name, found, planned in values
            if found != planned
        ]
        self.differences += wrong
        self.made[item] += not wrong
        self.funded[item] += total


def tokens(found: object) -> int | None:
    """What a token account holds, of its raw account."""
    data: bytes | None = getattr(found, "data", None)
    return None if data is None else int.from_bytes(bytes(data)[64:72], "little")

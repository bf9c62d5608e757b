# Generated from _api/_async/genesis.py by scripts/codegen; do not edit.
"""Genesis: carrying out a plan, and comparing it with the chain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey

from ionet import accounts, pda
from ionet._allocations import Allocation
from ionet._amounts import IO
from ionet._api._sync.distributor import wallet_call
from ionet._errors import IonetError
from ionet._pda import token_account
from ionet._sync.call import Call
from ionet.airdrop import AirdropTree
from ionet.genesis import CLAIM_DAYS, DAY, ITEMS, GenesisPlan, Item, PlannedGrant
from ionet.vesting import Schedule

if TYPE_CHECKING:
    from ionet._sync.client import Client

#: As many as fit into a transaction.
_GRANTS: Final = 3
_CHUNKS: Final = 8


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


class Genesis:
    """Carries out a plan of `ionet.genesis`, and compares it with the chain."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def verify(self, plan: GenesisPlan) -> GenesisState:
        """Reads all that the plan makes, and compares terms, vaults, roots and deadlines to the base unit."""
        found = self._read(plan)
        items = [
            GenesisItem(
                item,
                found.made[item.name],
                1 if item.airdrop else len(plan.recipients[item.name]),
                IO.from_base(found.funded[item.name]),
            )
            for item in ITEMS
        ]
        return GenesisState(tuple(items), frozenset(found.minted), tuple(found.differences))

    def run(self, plan: GenesisPlan) -> Iterator[GenesisStep]:
        """Does what of the plan is not done yet, step by step; for the authority of mint and distributor.

        It can be stopped and started again at any point: each allocation is minted once, and what is there
        already is compared with the plan and left alone.

        Raises:
            GenesisMismatch: something is there and not as planned; before anything is sent.
        """
        found = self._read(plan)
        if found.differences:
            raise GenesisMismatch(found.differences)
        done, of = sum(found.made.values()), len(found.grants) + len(found.drops)
        for allocation in found.unminted:
            minted = self._mint(allocation)
            yield GenesisStep(f"mint {allocation.name.lower()}", minted, done, of)
        self._check_funds(found.needed)
        missing = [one for one in found.grants if one.address in found.missing]
        for at in range(0, len(missing), _GRANTS):
            part = missing[at : at + _GRANTS]
            call = self._granting(part)
            done += len(part)
            last = (call.send()).signature
            yield GenesisStep(f"grants of {_names(part)}", last, done, of)
        for item, tree in found.drops:
            if tree.address in found.missing:
                call = self._client.distributor.create_airdrop(
                    tree, deadline=found.deadline, allocation=item.allocation
                )
                done += 1
                yield GenesisStep(f"airdrop {item.name}", (call.send()).signature, done, of)
            numbers = self._unopened(tree)
            for at in range(0, len(numbers), _CHUNKS):
                opening = self._client.distributor.open_claims(tree.address, numbers[at : at + _CHUNKS])
                yield GenesisStep(f"claims of {item.name}", (opening.send()).signature, done, of)

    # -- parts

    def _read(self, plan: GenesisPlan) -> _Found:
        client, mint = self._client, self._client.mint.config()
        found = _Found(plan.grants(mint.start), plan.airdrops, mint.start + CLAIM_DAYS * DAY)
        found.minted |= {one for one in Allocation if mint.allocated >> one & 1}
        grants = client.fetch_many(accounts.distributor.Grant, [one.address for one in found.grants])
        vaults = client.accounts([pda.distributor.vault(one.address) for one in found.grants])
        for planned, made, vault in zip(found.grants, grants, vaults, strict=True):
            found.compare_grant(planned, made, _tokens(vault))
        addresses = [tree.address for _, tree in found.drops]
        drops = client.fetch_many(accounts.distributor.Airdrop, addresses)
        vaults = client.accounts([pda.distributor.vault(one) for one in addresses])
        for (item, tree), drop, vault in zip(found.drops, drops, vaults, strict=True):
            found.compare_airdrop(item, tree, drop, _tokens(vault))
        return found

    def _mint(self, allocation: Allocation) -> str:
        """Mints an allocation to the signer; the signature."""
        client, me = self._client, self._client.address
        wallet = wallet_call(me, me)
        mint = client.mint.mint_genesis(allocation, token_account(me, pda.mint.MINT))
        return ((client.call(wallet) + mint).send()).signature

    def _check_funds(self, needed: IO) -> None:
        if needed and (have := self._client.mint.balance()) < needed:
            me = self._client.address
            raise GenesisMismatch(
                [f"{needed} are still to be granted, and {me}, who grants them, has {have}"]
            )

    def _granting(self, part: Sequence[PlannedGrant]) -> Call[Pubkey]:
        distributor = self._client.distributor
        calls = [
            distributor.create_grant(
                one.id,
                one.beneficiary,
                one.schedule,
                revocable=one.revocable,
                allocation=one.item.allocation,
            )
            for one in part
        ]
        joined = calls[0]
        for call in calls[1:]:
            joined = joined + call
        return joined

    def _unopened(self, tree: AirdropTree) -> list[int]:
        addresses = [pda.distributor.claims(tree.address, number) for number in range(tree.chunks)]
        found = self._client.accounts(addresses)
        return [number for number, one in enumerate(found) if one is None]


class _Found:
    """What is there of a plan, and what is not as it says."""

    def __init__(
        self, grants: list[PlannedGrant], drops: list[tuple[Item, AirdropTree]], deadline: int
    ) -> None:
        self.grants, self.drops, self.deadline = grants, drops, deadline
        self.made = {one.name: 0 for one in ITEMS}
        self.funded = {one.name: 0 for one in ITEMS}
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
            ("allocation", made.allocation, int(planned.item.allocation)),
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


def _tokens(found: object) -> int | None:
    """What a token account holds, of its raw account."""
    data: bytes | None = getattr(found, "data", None)
    return None if data is None else int.from_bytes(bytes(data)[64:72], "little")


def _names(part: Sequence[PlannedGrant]) -> str:
    return ", ".join(dict.fromkeys(one.item.name for one in part))

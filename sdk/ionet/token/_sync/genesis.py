# Generated from token/_async/genesis.py by scripts/codegen; do not edit.
"""Genesis: carrying out a plan, and comparing it with the chain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey

from ionet import accounts, pda
from ionet._generated.shared import Allocation
from ionet.chain._sync.call import Call
from ionet.chain.amounts import IO
from ionet.chain.pda import token_account
from ionet.formats.when import DAY
from ionet.token._sync.distributor import wallet_call
from ionet.token.airdrop import AirdropTree
from ionet.token.genesis_plan import CLAIM_DAYS, ITEMS, GenesisPlan, PlannedGrant
from ionet.token.genesis_state import (
    GenesisComparison,
    GenesisItem,
    GenesisMismatch,
    GenesisState,
    GenesisStep,
    tokens,
)

if TYPE_CHECKING:
    from ionet.chain._sync.connection import Connection
    from ionet.token._sync.distributor import Distributor
    from ionet.token._sync.mint import Mint

#: As many as fit into a transaction.
_GRANTS: Final = 3
_CHUNKS: Final = 8


class Genesis:
    """Carries out a plan of `ionet.genesis`, and compares it with the chain."""

    def __init__(self, connection: Connection, *, mint: Mint, distributor: Distributor) -> None:
        self._connection = connection
        self._mint = mint
        self._distributor = distributor

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
            minted = self._allocate(allocation)
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
                call = self._distributor.create_airdrop(
                    tree, deadline=found.deadline, allocation=item.allocation
                )
                done += 1
                yield GenesisStep(f"airdrop {item.name}", (call.send()).signature, done, of)
            numbers = self._unopened(tree)
            for at in range(0, len(numbers), _CHUNKS):
                opening = self._distributor.open_claims(tree.address, numbers[at : at + _CHUNKS])
                yield GenesisStep(f"claims of {item.name}", (opening.send()).signature, done, of)

    # -- parts

    def _read(self, plan: GenesisPlan) -> GenesisComparison:
        connection, mint = self._connection, self._mint.get_config()
        found = GenesisComparison(plan.grants(mint.start), plan.airdrops, mint.start + CLAIM_DAYS * DAY)
        found.minted |= {one for one in Allocation if mint.allocated >> one & 1}
        grants = connection.fetch_many(accounts.distributor.Grant, [one.address for one in found.grants])
        vaults = connection.accounts([pda.distributor.vault(one.address) for one in found.grants])
        for planned, made, vault in zip(found.grants, grants, vaults, strict=True):
            found.compare_grant(planned, made, tokens(vault))
        addresses = [tree.address for _, tree in found.drops]
        drops = connection.fetch_many(accounts.distributor.Airdrop, addresses)
        vaults = connection.accounts([pda.distributor.vault(one) for one in addresses])
        for (item, tree), drop, vault in zip(found.drops, drops, vaults, strict=True):
            found.compare_airdrop(item, tree, drop, tokens(vault))
        return found

    def _allocate(self, allocation: Allocation) -> str:
        """Mints an allocation to the signer; the signature."""
        connection, me = self._connection, self._connection.address
        wallet = wallet_call(me, me)
        mint = self._mint.mint_genesis(allocation, token_account(me, pda.mint.MINT))
        return ((connection.call(wallet) + mint).send()).signature

    def _check_funds(self, needed: IO) -> None:
        if needed and (have := self._mint.balance()) < needed:
            me = self._connection.address
            raise GenesisMismatch(
                [f"{needed} are still to be granted, and {me}, who grants them, has {have}"]
            )

    def _granting(self, part: Sequence[PlannedGrant]) -> Call[Pubkey]:
        distributor = self._distributor
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
        found = self._connection.accounts(addresses)
        return [number for number, one in enumerate(found) if one is None]


def _names(part: Sequence[PlannedGrant]) -> str:
    return ", ".join(dict.fromkeys(one.item.name for one in part))

# Generated from token/_async/genesis.py by scripts/codegen; do not edit.
"""Carries out a genesis plan, and compares it with the chain."""

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

#: How many fit into a transaction.
_GRANTS: Final = 3
_CHUNKS: Final = 8


class Genesis:
    """Carries out a plan of `ionet.genesis`, and compares it with the chain."""

    def __init__(self, connection: Connection, *, mint: Mint, distributor: Distributor) -> None:
        self._connection = connection
        self._mint = mint
        self._distributor = distributor

    def verify(self, plan: GenesisPlan) -> GenesisState:
        """Compares the chain with the plan: terms, vaults, roots and deadlines, to the base unit."""
        comparison = self._read(plan)
        items = [
            GenesisItem(
                item,
                comparison.made[item.name],
                1 if item.airdrop else len(plan.recipients[item.name]),
                IO.from_base(comparison.funded[item.name]),
            )
            for item in ITEMS
        ]
        return GenesisState(tuple(items), frozenset(comparison.minted), tuple(comparison.differences))

    def run(self, plan: GenesisPlan) -> Iterator[GenesisStep]:
        """Does what the plan still lacks, step by step; for the authority of mint and distributor.

        It can be stopped and started again at any point: each allocation is minted once, and what exists
        already is compared with the plan and left alone.

        Raises:
            GenesisMismatch: something exists and differs from the plan, before anything is sent; or the
                signer has too little IO for the grants.
        """
        comparison = self._read(plan)
        if comparison.differences:
            raise GenesisMismatch(comparison.differences)
        done, total = sum(comparison.made.values()), len(comparison.grants) + len(comparison.drops)
        for allocation in comparison.unminted:
            minted = self._allocate(allocation)
            yield GenesisStep(f"mint {allocation.name.lower()}", minted, done, total)
        self._check_funds(comparison.needed)
        missing = [grant for grant in comparison.grants if grant.address in comparison.missing]
        for at in range(0, len(missing), _GRANTS):
            batch = missing[at : at + _GRANTS]
            call = self._granting(batch)
            done += len(batch)
            last = (call.send()).signature
            yield GenesisStep(f"grants of {_names(batch)}", last, done, total)
        for item, tree in comparison.drops:
            if tree.address in comparison.missing:
                call = self._distributor.create_airdrop(
                    tree, deadline=comparison.deadline, allocation=item.allocation
                )
                done += 1
                yield GenesisStep(f"airdrop {item.name}", (call.send()).signature, done, total)
            numbers = self._unopened(tree)
            for at in range(0, len(numbers), _CHUNKS):
                opening = self._distributor.open_claims(tree.address, numbers[at : at + _CHUNKS])
                yield GenesisStep(f"claims of {item.name}", (opening.send()).signature, done, total)

    # -- parts

    def _read(self, plan: GenesisPlan) -> GenesisComparison:
        connection, mint = self._connection, self._mint.get_config()
        comparison = GenesisComparison(plan.grants(mint.start), plan.airdrops, mint.start + CLAIM_DAYS * DAY)
        comparison.minted |= {allocation for allocation in Allocation if mint.allocated >> allocation & 1}
        grants = connection.fetch_many(
            accounts.distributor.Grant, [grant.address for grant in comparison.grants]
        )
        vaults = connection.accounts([pda.distributor.vault(grant.address) for grant in comparison.grants])
        for planned, grant, vault in zip(comparison.grants, grants, vaults, strict=True):
            comparison.compare_grant(planned, grant, tokens(vault))
        addresses = [tree.address for _, tree in comparison.drops]
        drops = connection.fetch_many(accounts.distributor.Airdrop, addresses)
        vaults = connection.accounts([pda.distributor.vault(address) for address in addresses])
        for (item, tree), drop, vault in zip(comparison.drops, drops, vaults, strict=True):
            comparison.compare_airdrop(item, tree, drop, tokens(vault))
        return comparison

    def _allocate(self, allocation: Allocation) -> str:
        """Mints an allocation to the signer. Gives the signature."""
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

    def _granting(self, batch: Sequence[PlannedGrant]) -> Call[Pubkey]:
        distributor = self._distributor
        calls = [
            distributor.create_grant(
                grant.id,
                grant.beneficiary,
                grant.schedule,
                revocable=grant.revocable,
                allocation=grant.item.allocation,
            )
            for grant in batch
        ]
        joined = calls[0]
        for call in calls[1:]:
            joined = joined + call
        return joined

    def _unopened(self, tree: AirdropTree) -> list[int]:
        addresses = [pda.distributor.claims(tree.address, number) for number in range(tree.chunks)]
        infos = self._connection.accounts(addresses)
        return [number for number, info in enumerate(infos) if info is None]


def _names(grants: Sequence[PlannedGrant]) -> str:
    return ", ".join(dict.fromkeys(grant.item.name for grant in grants))

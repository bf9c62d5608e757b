"""What the parts of the staking namespace share."""

from __future__ import annotations

from solders.pubkey import Pubkey

from ionet import accounts, pda
from ionet.administration._async.administration import AsyncAdministration
from ionet.chain.pda import token_account


class AsyncStakingBase(AsyncAdministration):
    """The connection, and the reads that every part needs."""

    PROGRAM = "staking"

    async def node(self, address: Pubkey) -> accounts.staking.Node:
        """The node at an address."""
        return await self._connection.fetch(accounts.staking.Node, address)

    async def config(self) -> accounts.staking.Config:
        """Roles, cooldown, and what was slashed lately."""
        return await self._connection.fetch(accounts.staking.Config, pda.staking.CONFIG)

    def _wallet(self) -> Pubkey:
        return token_account(self._connection.address, pda.mint.MINT)

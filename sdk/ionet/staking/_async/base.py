"""What the parts of the staking namespace share."""

from __future__ import annotations

from types import MappingProxyType

from solders.pubkey import Pubkey

from ionet import accounts, pda
from ionet.administration._async.administration import AsyncAdministration
from ionet.chain.pda import token_account


class AsyncStakingBase(AsyncAdministration):
    """The connection, and the reads that every part needs."""

    PROGRAM = "staking"
    RENAMED = MappingProxyType(
        {
            "node": "get_node",
            "device": "get_device",
            "network": "get_network",
            "class_": "get_class",
            "ledger": "get_emission_ledger",
            "slash": "get_slash",
            "position": "get_position",
            "supply": "node_counts",
            "room": "get_capacity",
            "config": "get_config",
        }
    )

    async def get_node(self, address: Pubkey) -> accounts.staking.Node:
        """The node at an address."""
        return await self._connection.fetch(accounts.staking.Node, address)

    async def get_config(self) -> accounts.staking.Config:
        """Roles, cooldown, and recent slashes."""
        return await self._connection.fetch(accounts.staking.Config, pda.staking.CONFIG)

    def _wallet(self) -> Pubkey:
        return token_account(self._connection.address, pda.mint.MINT)

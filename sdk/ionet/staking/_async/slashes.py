"""Slashes: proposals to burn a node's stake, appeals, decisions."""

from __future__ import annotations

from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from ionet import accounts, events, ix, pda
from ionet.administration.shards import shard_of, stake_shards
from ionet.chain._async.call import AsyncCall, deferred
from ionet.chain.amounts import IO
from ionet.chain.records import KeyedAccount
from ionet.staking._async.base import AsyncStakingBase


class AsyncSlashes(AsyncStakingBase):
    """For slasher, owner and resolver; executing and closing is for anyone."""

    @deferred
    async def propose_slash(
        self, node: Pubkey, amount: IO, evidence_hash: bytes, *, nonce: int | None = None
    ) -> AsyncCall[Pubkey]:
        """Proposes to burn a node's stake and holds it back; for the slasher. Gives the slash's address.

        Args:
            node: whose stake.
            amount: how much.
            evidence_hash: sha256 of what shows that it is due, 32 bytes.
            nonce: makes the address; default: the lowest that is free.
        """
        if nonce is None:
            used = {one.account.nonce for one in await self.slashes(node=node)}
            nonce = next(number for number in range(len(used) + 1) if number not in used)
        address = pda.staking.slash(node, nonce)
        instruction = ix.staking.propose_slash(
            slasher=self._connection.address,
            node=node,
            nonce=nonce,
            amount=amount.base,
            evidence_hash=evidence_hash,
        )
        return AsyncCall(self._connection, [instruction], decode=lambda _: address)

    @deferred
    async def appeal(self, slash: Pubkey) -> AsyncCall[None]:
        """Puts a slash before the resolver; for the node's owner, while the time for it lasts."""
        node = (await self.get_slash(slash)).node
        return AsyncCall(
            self._connection, [ix.staking.appeal(owner=self._connection.address, node=node, slash=slash)]
        )

    @deferred
    async def resolve_slash(self, slash: Pubkey, amount: IO) -> AsyncCall[events.staking.SlashResolved]:
        """Decides a slash: at most what was proposed; for the resolver. Gives the event."""
        node = (await self.get_slash(slash)).node
        instruction = ix.staking.resolve_slash(
            resolver=self._connection.address, node=node, slash=slash, amount=amount.base
        )
        return AsyncCall(
            self._connection, [instruction], decode=lambda sent: sent.event(events.staking.SlashResolved)
        )

    @deferred
    async def execute_slash(self, slash: Pubkey) -> AsyncCall[events.staking.Slashed]:
        """Burns what a slash may take now; for anyone. Gives the event, whose `left` is still held back."""
        node = (await self.get_slash(slash)).node
        own = shard_of(node)
        instruction = ix.staking.execute_slash(
            node=node,
            slash=slash,
            shard=own,
            remaining_accounts=[AccountMeta(one, False, False) for one in stake_shards() if one != own],
        )
        return AsyncCall(
            self._connection, [instruction], decode=lambda sent: sent.event(events.staking.Slashed)
        )

    @deferred
    async def close_slash(self, slash: Pubkey) -> AsyncCall[None]:
        """Closes a slash that is done or has lapsed; for anyone. Its rent goes back to its proposer."""
        now = await self.get_slash(slash)
        return AsyncCall(
            self._connection, [ix.staking.close_slash(node=now.node, slash=slash, proposer=now.proposer)]
        )

    async def get_slash(self, address: Pubkey) -> accounts.staking.Slash:
        """The slash at an address."""
        return await self._connection.fetch(accounts.staking.Slash, address)

    async def slashes(self, *, node: Pubkey | None = None) -> list[KeyedAccount[accounts.staking.Slash]]:
        """Slashes that are not closed, or those of a node, oldest first."""
        fields = {} if node is None else {"node": node}
        found = await self._connection.find(accounts.staking.Slash, **fields)
        return sorted(found, key=lambda one: (one.account.proposed_at, one.account.nonce))

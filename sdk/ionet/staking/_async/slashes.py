"""Slashes: proposals to burn a node's stake, appeals, decisions."""

from __future__ import annotations

from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from ionet import accounts, events, ix, pda
from ionet.administration.shards import shard_of, stake_shards
from ionet.chain._async.call import AsyncCall, deferred
from ionet.chain.amounts import IO
from ionet.chain.pda import token_account
from ionet.chain.records import KeyedAccount
from ionet.staking._async.base import AsyncStakingBase
from ionet.staking.stake import slash_is_settable


class AsyncSlashes(AsyncStakingBase):
    """Calls of slasher, owner and resolver; anyone may execute and close a slash."""

    @deferred
    async def propose_slash(
        self,
        node: Pubkey,
        amount: IO,
        evidence_hash: bytes,
        *,
        fraud: bool = False,
        nonce: int | None = None,
    ) -> AsyncCall[Pubkey]:
        """Proposes to burn a node's stake and holds it back; for the slasher. Gives the slash's address.

        Args:
            node: the node's address.
            amount: how much to burn.
            evidence_hash: sha256 of the evidence, 32 bytes.
            fraud: the slash is for fraud: it stops the node's credit, and its decision ends the node.
            nonce: part of the slash's address; default: the lowest that is free.
        """
        if nonce is None:
            used = {slash.account.nonce for slash in await self.slashes(node=node)}
            nonce = next(number for number in range(len(used) + 1) if number not in used)
        address = pda.staking.slash(node, nonce)
        instruction = ix.staking.propose_slash(
            slasher=self._connection.address,
            node=node,
            nonce=nonce,
            shard=shard_of(node),
            amount=amount.base,
            evidence_hash=evidence_hash,
            fraud=fraud,
            remaining_accounts=_other_shards(node) if fraud else (),
        )
        return AsyncCall(self._connection, [instruction], decode=lambda _: address)

    @deferred
    async def appeal(self, slash: Pubkey) -> AsyncCall[None]:
        """Appeals a slash to the resolver; for the node's owner, before the appeal period ends."""
        node = (await self.get_slash(slash)).node
        return AsyncCall(
            self._connection, [ix.staking.appeal(owner=self._connection.address, node=node, slash=slash)]
        )

    @deferred
    async def resolve_slash(self, slash: Pubkey, amount: IO) -> AsyncCall[events.staking.SlashResolved]:
        """Decides how much is burned, up to the proposal and including what is set apart; for the resolver.

        Gives the event.
        """
        node = (await self.get_slash(slash)).node
        instruction = ix.staking.resolve_slash(
            resolver=self._connection.address,
            node=node,
            slash=slash,
            shard=shard_of(node),
            amount=amount.base,
        )
        return AsyncCall(
            self._connection, [instruction], decode=lambda sent: sent.event(events.staking.SlashResolved)
        )

    @deferred
    async def set_apart_slash(self, slash: Pubkey) -> AsyncCall[events.staking.SlashSetApart]:
        """Sets apart the stake that a slash takes: it leaves both sides and no longer lapses; for anyone.

        Gives the event.
        """
        node = (await self.get_slash(slash)).node
        instruction = ix.staking.set_apart_slash(node=node, slash=slash, shard=shard_of(node))
        return AsyncCall(
            self._connection, [instruction], decode=lambda sent: sent.event(events.staking.SlashSetApart)
        )

    @deferred
    async def cancel_slash(
        self, slash: Pubkey, *, destination: Pubkey | None = None
    ) -> AsyncCall[events.staking.SlashCancelled]:
        """Cancels an undecided slash and returns what was set apart for it; for the authority.

        Args:
            slash: the slash's address.
            destination: an IO account of the slashed owner; default: their associated token account.
        """
        account = await self.get_slash(slash)
        instruction = ix.staking.cancel_slash(
            authority=self._connection.address,
            node=account.node,
            slash=slash,
            destination=destination or token_account(account.owner, pda.mint.MINT),
        )
        return AsyncCall(
            self._connection, [instruction], decode=lambda sent: sent.event(events.staking.SlashCancelled)
        )

    @deferred
    async def execute_slash(self, slash: Pubkey) -> AsyncCall[events.staking.Slashed]:
        """Burns what was set apart for a slash, as far as the limits allow; for anyone.

        Sets apart first what can be. Gives the event; its `left` waits until the limits allow more.
        """
        account, now = await self.get_slash(slash), await self._connection.time()
        shard = shard_of(account.node)
        burning = ix.staking.execute_slash(
            node=account.node, slash=slash, shard=shard, remaining_accounts=_other_shards(account.node)
        )
        setting = ix.staking.set_apart_slash(node=account.node, slash=slash, shard=shard)
        instructions = [setting, burning] if slash_is_settable(account, now) else [burning]
        return AsyncCall(
            self._connection, instructions, decode=lambda sent: sent.event(events.staking.Slashed)
        )

    @deferred
    async def close_slash(self, slash: Pubkey) -> AsyncCall[None]:
        """Closes a slash that is done or has lapsed; for anyone. Its rent goes back to its proposer."""
        account = await self.get_slash(slash)
        return AsyncCall(
            self._connection,
            [ix.staking.close_slash(node=account.node, slash=slash, proposer=account.proposer)],
        )

    async def get_slash(self, address: Pubkey) -> accounts.staking.Slash:
        """The slash at an address."""
        return await self._connection.fetch(accounts.staking.Slash, address)

    async def slashes(self, *, node: Pubkey | None = None) -> list[KeyedAccount[accounts.staking.Slash]]:
        """Open slashes, all or a node's, oldest first."""
        fields = {} if node is None else {"node": node}
        slashes = await self._connection.find(accounts.staking.Slash, **fields)
        return sorted(slashes, key=lambda slash: (slash.account.proposed_at, slash.account.nonce))


def _other_shards(node: Pubkey) -> list[AccountMeta]:
    own = shard_of(node)
    return [AccountMeta(shard, False, False) for shard in stake_shards() if shard != own]

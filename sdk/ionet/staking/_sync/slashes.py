# Generated from staking/_async/slashes.py by scripts/codegen; do not edit.
"""Slashes: proposals to burn a node's stake, appeals, decisions."""

from __future__ import annotations

from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from ionet import accounts, events, ix, pda
from ionet.administration.shards import shard_of, stake_shards
from ionet.chain._sync.call import Call, deferred
from ionet.chain.amounts import IO
from ionet.chain.pda import token_account
from ionet.chain.records import KeyedAccount
from ionet.staking._sync.base import StakingBase
from ionet.staking.stake import slash_is_settable


class Slashes(StakingBase):
    """For slasher, owner and resolver; executing and closing is for anyone."""

    @deferred
    def propose_slash(
        self,
        node: Pubkey,
        amount: IO,
        evidence_hash: bytes,
        *,
        fraud: bool = False,
        nonce: int | None = None,
    ) -> Call[Pubkey]:
        """Proposes to burn a node's stake and holds it back; for the slasher. Gives the slash's address.

        Args:
            node: whose stake.
            amount: how much.
            evidence_hash: sha256 of what shows that it is due, 32 bytes.
            fraud: it names fraud: it stops the node's credit, and its decision ends the node.
            nonce: makes the address; default: the lowest that is free.
        """
        if nonce is None:
            used = {one.account.nonce for one in self.slashes(node=node)}
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
        return Call(self._connection, [instruction], decode=lambda _: address)

    @deferred
    def appeal(self, slash: Pubkey) -> Call[None]:
        """Puts a slash before the resolver; for the node's owner, while the time for it lasts."""
        node = (self.get_slash(slash)).node
        return Call(
            self._connection, [ix.staking.appeal(owner=self._connection.address, node=node, slash=slash)]
        )

    @deferred
    def resolve_slash(self, slash: Pubkey, amount: IO) -> Call[events.staking.SlashResolved]:
        """Decides a slash: at most what was proposed, what was set apart already included; for the resolver.

        Gives the event.
        """
        node = (self.get_slash(slash)).node
        instruction = ix.staking.resolve_slash(
            resolver=self._connection.address,
            node=node,
            slash=slash,
            shard=shard_of(node),
            amount=amount.base,
        )
        return Call(
            self._connection, [instruction], decode=lambda sent: sent.event(events.staking.SlashResolved)
        )

    @deferred
    def set_apart_slash(self, slash: Pubkey) -> Call[events.staking.SlashSetApart]:
        """Sets apart what a slash takes: no side has it any more, and it does not lapse; for anyone.

        Gives the event.
        """
        node = (self.get_slash(slash)).node
        instruction = ix.staking.set_apart_slash(node=node, slash=slash, shard=shard_of(node))
        return Call(
            self._connection, [instruction], decode=lambda sent: sent.event(events.staking.SlashSetApart)
        )

    @deferred
    def cancel_slash(
        self, slash: Pubkey, *, destination: Pubkey | None = None
    ) -> Call[events.staking.SlashCancelled]:
        """Ends a slash that is not decided, and returns what was set apart for it; for the authority.

        Args:
            slash: which.
            destination: an IO account of the owner who was slashed; default: their associated token account.
        """
        now = self.get_slash(slash)
        instruction = ix.staking.cancel_slash(
            authority=self._connection.address,
            node=now.node,
            slash=slash,
            destination=destination or token_account(now.owner, pda.mint.MINT),
        )
        return Call(
            self._connection, [instruction], decode=lambda sent: sent.event(events.staking.SlashCancelled)
        )

    @deferred
    def execute_slash(self, slash: Pubkey) -> Call[events.staking.Slashed]:
        """Burns what was set apart for a slash, as the limits have room; for anyone.

        What can be set apart now is set apart first. Gives the event, whose `left` waits for room.
        """
        now, time = self.get_slash(slash), self._connection.time()
        own = shard_of(now.node)
        burning = ix.staking.execute_slash(
            node=now.node, slash=slash, shard=own, remaining_accounts=_other_shards(now.node)
        )
        setting = ix.staking.set_apart_slash(node=now.node, slash=slash, shard=own)
        instructions = [setting, burning] if slash_is_settable(now, time) else [burning]
        return Call(self._connection, instructions, decode=lambda sent: sent.event(events.staking.Slashed))

    @deferred
    def close_slash(self, slash: Pubkey) -> Call[None]:
        """Closes a slash that is done or has lapsed; for anyone. Its rent goes back to its proposer."""
        now = self.get_slash(slash)
        return Call(
            self._connection, [ix.staking.close_slash(node=now.node, slash=slash, proposer=now.proposer)]
        )

    def get_slash(self, address: Pubkey) -> accounts.staking.Slash:
        """The slash at an address."""
        return self._connection.fetch(accounts.staking.Slash, address)

    def slashes(self, *, node: Pubkey | None = None) -> list[KeyedAccount[accounts.staking.Slash]]:
        """Slashes that are not closed, or those of a node, oldest first."""
        fields = {} if node is None else {"node": node}
        found = self._connection.find(accounts.staking.Slash, **fields)
        return sorted(found, key=lambda one: (one.account.proposed_at, one.account.nonce))


def _other_shards(node: Pubkey) -> list[AccountMeta]:
    own = shard_of(node)
    return [AccountMeta(one, False, False) for one in stake_shards() if one != own]

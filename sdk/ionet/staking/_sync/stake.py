# Generated from staking/_async/stake.py by scripts/codegen; do not edit.
"""Stake and rewards, of owners and co-stakers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from ionet import accounts, events, ix, pda, types
from ionet.administration.shards import shard_of
from ionet.chain._sync.call import Call, deferred
from ionet.chain.amounts import IO
from ionet.chain.records import KeyedAccount
from ionet.chain.transactions import Sent
from ionet.staking._sync.base import StakingBase
from ionet.staking.stake import (
    Calendar,
    StakeCapacity,
    StakeStatus,
    co_is_idle,
    owner_is_ready,
    owner_status,
    position_is_due,
    position_is_ready,
    position_status,
)

if TYPE_CHECKING:
    from ionet.rewards import Report

#: Positions that one instruction of `settle` names.
_SETTLED: Final = 8


class Stakes(StakingBase):
    """For owners and co-stakers; crediting is for anyone."""

    # -- reads

    def get_position(self, node: Pubkey, holder: Pubkey | None = None) -> accounts.staking.Position:
        """A co-staker's position on a node; default: the signer's."""
        address = pda.staking.position(node, holder or self._connection.address)
        return self._connection.fetch(accounts.staking.Position, address)

    def positions(
        self, *, node: Pubkey | None = None, holder: Pubkey | None = None
    ) -> list[KeyedAccount[accounts.staking.Position]]:
        """All co-stakers' positions, or those on a node, or of a holder."""
        fields = {name: one for name, one in (("node", node), ("holder", holder)) if one is not None}
        return self._connection.find(accounts.staking.Position, **fields)

    def status(self, node: Pubkey, holder: Pubkey | None = None) -> StakeStatus:
        """A holder's stake on a node: what is active, pending and cooling, and what can be had now.

        Args:
            node: where.
            holder: whose; default: the signer's.

        Raises:
            AccountNotFound: no such node, or the holder has no position on it.
        """
        who = holder or self._connection.address
        found, calendar = self.get_node(node), self._calendar()
        if found.owner == who:
            return owner_status(node, found, calendar)
        return position_status(self.get_position(node, who), found, calendar)

    def _calendar(self) -> Calendar:
        start = (self._connection.fetch(accounts.mint.Config, pda.mint.CONFIG)).start
        config = self._connection.fetch(accounts.proofs.Config, pda.proofs.CONFIG)
        return Calendar(self._connection.time(), start, max(config.challenge_window, config.hold))

    def stakes(self, holder: Pubkey | None = None) -> list[StakeStatus]:
        """All of a holder's stake: the owner's side of own nodes, and positions on others'.

        Args:
            holder: whose; default: the signer's.
        """
        who = holder or self._connection.address
        calendar = self._calendar()
        own = self._connection.find(accounts.staking.Node, owner=who)
        found = [owner_status(one.address, one.account, calendar) for one in own]
        positions = [one.account for one in self.positions(holder=who)]
        nodes = self._connection.fetch_many(accounts.staking.Node, [one.node for one in positions])
        found += [
            position_status(position, node, calendar)
            for position, node in zip(positions, nodes, strict=True)
            if node is not None
        ]
        return sorted(found, key=lambda one: (not one.is_owner, str(one.node)))

    def get_capacity(self, node: Pubkey) -> StakeCapacity:
        """How much more may be staked on a node."""
        found = self.get_node(node)
        class_ = self._connection.fetch(accounts.staking.Class, pda.staking.class_(found.class_))
        return StakeCapacity.of(found, class_)

    # -- stake

    @deferred
    def stake(self, node: Pubkey, amount: IO, *, source: Pubkey | None = None) -> Call[None]:
        """Adds to the signer's pending stake on a node; opens a co-staker's position if there is none.

        What is pending and ready is made active first. The owner's is made active in the same transaction
        where co-stakers have nothing active, leaving or pending.

        Args:
            node: where.
            amount: how much.
            source: the IO account it comes from; default: the signer's associated token account.
        """
        me, found = self._connection.address, self.get_node(node)
        purse, class_ = source or self._wallet(), pda.staking.class_(found.class_)
        if found.owner == me:
            staking = ix.staking.owner_stake(
                owner=me, class_=class_, node=node, source=purse, amount=amount.base
            )
            activating = ix.staking.owner_activate(node=node, shard=shard_of(node))
            before = [activating] if owner_is_ready(found) else []
            after = [activating] if co_is_idle(found) else []
            return Call(self._connection, [*before, staking, *after])
        instructions, address = [], pda.staking.position(node, me)
        position = (self._connection.fetch_many(accounts.staking.Position, [address]))[0]
        if position is None:
            instructions.append(ix.staking.open_position(holder=me, node=node))
        elif position_is_ready(position, found):
            instructions.append(ix.staking.activate(node=node, position=address, shard=shard_of(node)))
        instructions.append(
            ix.staking.stake(holder=me, class_=class_, node=node, source=purse, amount=amount.base)
        )
        return Call(self._connection, instructions)

    def open_position(self, node: Pubkey) -> Call[Pubkey]:
        """Opens an empty position of the signer's; `stake` does so by itself. Gives its address."""
        holder = self._connection.address
        address = pda.staking.position(node, holder)
        return Call(
            self._connection, [ix.staking.open_position(holder=holder, node=node)], decode=lambda _: address
        )

    @deferred
    def activate(self, node: Pubkey, holder: Pubkey | None = None) -> Call[IO]:
        """Makes a holder's pending stake active; for anyone. Gives the amount.

        Args:
            node: where.
            holder: whose stake; default: the signer's.
        """
        who, found = holder or self._connection.address, self.get_node(node)
        shard = shard_of(node)
        if found.owner == who:
            instruction = ix.staking.owner_activate(node=node, shard=shard)
        else:
            position = pda.staking.position(node, who)
            instruction = ix.staking.activate(node=node, position=position, shard=shard)
        return Call(
            self._connection,
            [instruction],
            decode=lambda sent: IO.from_base(sent.event(events.staking.Activated).amount),
        )

    @deferred
    def settle(self, node: Pubkey, *holders: Pubkey) -> Call[None]:
        """Makes due pending stake active and ends late weights of hours that are credited; for anyone.

        Args:
            node: where.
            holders: of positions to settle besides the owner's side; default: all that have something due.
        """
        found = self.get_node(node)
        due = list(holders) or [
            one.account.holder for one in self.positions(node=node) if position_is_due(one.account, found)
        ]
        positions = [AccountMeta(pda.staking.position(node, one), False, True) for one in due]
        class_ = pda.staking.class_(found.class_)
        calls = [
            ix.staking.settle_changes(
                class_=class_,
                node=node,
                shard=shard_of(node),
                remaining_accounts=positions[begin : begin + _SETTLED],
            )
            for begin in range(0, max(1, len(positions)), _SETTLED)
        ]
        return Call(self._connection, calls)

    @deferred
    def unstake(
        self, node: Pubkey, amount: IO, *, destination: Pubkey | None = None
    ) -> Call[events.staking.Unstaked]:
        """Takes stake off: pending stake leaves at once, active stake cools. Gives the event that says what.

        Args:
            node: from where.
            amount: how much.
            destination: the IO account it goes to; default: the signer's associated token account.
        """
        me, found = self._connection.address, self.get_node(node)
        purse = destination or self._wallet()
        if found.owner == me:
            instruction = ix.staking.owner_unstake(
                owner=me,
                class_=pda.staking.class_(found.class_),
                node=node,
                offer=found.offer,
                shard=shard_of(node),
                destination=purse,
                amount=amount.base,
            )
        else:
            instruction = ix.staking.unstake(
                holder=me, node=node, shard=shard_of(node), destination=purse, amount=amount.base
            )
        return Call(self._connection, [instruction], decode=lambda sent: sent.event(events.staking.Unstaked))

    @deferred
    def withdraw(self, node: Pubkey, *, destination: Pubkey | None = None) -> Call[IO]:
        """Lets the signer's cooled stake leave. Gives the amount."""
        me, purse = self._connection.address, destination or self._wallet()
        if (self.get_node(node)).owner == me:
            instruction = ix.staking.owner_withdraw(owner=me, node=node, destination=purse)
        else:
            instruction = ix.staking.withdraw(holder=me, node=node, destination=purse)
        return Call(
            self._connection,
            [instruction],
            decode=lambda sent: IO.from_base(sent.event(events.staking.Withdrawn).amount),
        )

    # -- rewards

    def credit(
        self, node: Pubkey, report: Pubkey, leaves: Report, *holders: Pubkey, previous: Pubkey | None = None
    ) -> Call[IO]:
        """Credits a node with its leaf in a final report; for anyone. Gives what was newly credited.

        Args:
            node: whose leaf.
            report: the report's account.
            leaves: the report's leaves, as its attesters published them.
            holders: of at most four positions that are settled with it: what the credit makes due of pending
                stake and late weights. With any, the owner's side is, too.
            previous: the report at the leaf's previous height, where that one is no longer creditable, or was
                refuted by a challenge, and was not credited, while something on the node is pending or late.
        """
        further = [] if previous is None else [AccountMeta(previous, False, False)]
        if holders:
            settled = (shard_of(node), *(pda.staking.position(node, one) for one in holders))
            further += [AccountMeta(one, False, True) for one in settled]
        instruction = ix.staking.credit_node(
            emission_vault=pda.mint.EMISSION_VAULT,
            report=report,
            node=node,
            leaf=_leaf(node, leaves),
            remaining_accounts=further,
        )
        return Call(self._connection, [instruction], decode=_credited)

    def forfeit(self, node: Pubkey, report: Pubkey, leaves: Report) -> Call[IO]:
        """Burns what the leaf of a node that ended for fraud proves, instead of crediting it; for anyone.

        Gives the amount.
        """
        instruction = ix.staking.forfeit_reward(
            emission_vault=pda.mint.EMISSION_VAULT, report=report, node=node, leaf=_leaf(node, leaves)
        )
        return Call(
            self._connection,
            [instruction],
            decode=lambda sent: IO.from_base(sent.event(events.staking.Forfeited).amount),
        )

    @deferred
    def claim(self, node: Pubkey, *, destination: Pubkey | None = None) -> Call[IO]:
        """Lets the signer's rewards leave. Gives the amount."""
        me, purse = self._connection.address, destination or self._wallet()
        if (self.get_node(node)).owner == me:
            instruction = ix.staking.owner_claim(owner=me, node=node, destination=purse)
        else:
            instruction = ix.staking.claim(holder=me, node=node, destination=purse)
        return Call(
            self._connection,
            [instruction],
            decode=lambda sent: IO.from_base(sent.event(events.staking.Claimed).amount),
        )

    @deferred
    def compound(self, node: Pubkey) -> Call[IO]:
        """Turns the signer's rewards into pending stake, as much as there is room for. Gives the amount."""
        me, found = self._connection.address, self.get_node(node)
        class_ = pda.staking.class_(found.class_)
        if found.owner == me:
            instruction = ix.staking.owner_compound(owner=me, class_=class_, node=node)
        else:
            instruction = ix.staking.compound(holder=me, class_=class_, node=node)
        return Call(
            self._connection,
            [instruction],
            decode=lambda sent: IO.from_base(sent.event(events.staking.Compounded).amount),
        )


def _leaf(node: Pubkey, leaves: Report) -> types.staking.LeafArgs:
    fields, verdict = leaves.arguments(bytes(node))
    return types.staking.LeafArgs(**fields, verdict=types.staking.Verdict(**verdict))


def _credited(sent: Sent[Any]) -> IO:
    return IO.from_base(sent.event(events.staking.Credited).amount)

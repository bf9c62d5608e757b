"""Stake and rewards, of owners and co-stakers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from ionet import accounts, events, ix, pda, types
from ionet.administration.shards import shard_of
from ionet.chain._async.call import AsyncCall, deferred
from ionet.chain.amounts import IO
from ionet.chain.records import KeyedAccount
from ionet.chain.transactions import Sent
from ionet.staking._async.base import AsyncStakingBase
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


class AsyncStakes(AsyncStakingBase):
    """Calls of owners and co-stakers; anyone may credit rewards."""

    # -- reads

    async def get_position(self, node: Pubkey, holder: Pubkey | None = None) -> accounts.staking.Position:
        """A co-staker's position on a node; default: the signer's."""
        address = pda.staking.position(node, holder or self._connection.address)
        return await self._connection.fetch(accounts.staking.Position, address)

    async def positions(
        self, *, node: Pubkey | None = None, holder: Pubkey | None = None
    ) -> list[KeyedAccount[accounts.staking.Position]]:
        """All co-stakers' positions, or those on a node, or of a holder."""
        fields = {name: value for name, value in (("node", node), ("holder", holder)) if value is not None}
        return await self._connection.find(accounts.staking.Position, **fields)

    async def status(self, node: Pubkey, holder: Pubkey | None = None) -> StakeStatus:
        """A holder's stake on a node: active, pending and cooling, and what can be withdrawn or claimed now.

        Args:
            node: the node's address.
            holder: who holds the stake; default: the signer.

        Raises:
            AccountNotFound: no such node, or the holder has no position on it.
        """
        holder = holder or self._connection.address
        account, calendar = await self.get_node(node), await self._calendar()
        if account.owner == holder:
            return owner_status(node, account, calendar)
        return position_status(await self.get_position(node, holder), account, calendar)

    async def _calendar(self) -> Calendar:
        start = (await self._connection.fetch(accounts.mint.Config, pda.mint.CONFIG)).start
        config = await self._connection.fetch(accounts.proofs.Config, pda.proofs.CONFIG)
        return Calendar(await self._connection.time(), start, max(config.challenge_window, config.hold))

    async def stakes(
        self, holder: Pubkey | None = None, *, on: Sequence[Pubkey] | None = None
    ) -> list[StakeStatus]:
        """All stake of a holder: the owner's side of their own nodes, and positions on other nodes.

        Args:
            holder: who holds the stake; default: the signer.
            on: only positions on these nodes, which are read by their addresses: cheap for the node of the
                chain; default: all of it.
        """
        holder = holder or self._connection.address
        calendar = await self._calendar()
        if on is None:
            owned = await self._connection.find(accounts.staking.Node, owner=holder)
            positions = [position.account for position in await self.positions(holder=holder)]
        else:
            owned, addresses = [], [pda.staking.position(node, holder) for node in on]
            read = await self._connection.fetch_many(accounts.staking.Position, addresses)
            positions = [position for position in read if position is not None]
        statuses = [owner_status(node.address, node.account, calendar) for node in owned]
        nodes = await self._connection.fetch_many(
            accounts.staking.Node, [position.node for position in positions]
        )
        statuses += [
            position_status(position, node, calendar)
            for position, node in zip(positions, nodes, strict=True)
            if node is not None
        ]
        return sorted(statuses, key=lambda status: (not status.is_owner, str(status.node)))

    async def get_capacity(self, node: Pubkey) -> StakeCapacity:
        """How much more may be staked on a node."""
        account = await self.get_node(node)
        class_ = await self._connection.fetch(accounts.staking.Class, pda.staking.class_(account.class_))
        return StakeCapacity.of(account, class_)

    # -- stake

    @deferred
    async def stake(self, node: Pubkey, amount: IO, *, source: Pubkey | None = None) -> AsyncCall[None]:
        """Adds to the signer's pending stake on a node; opens a co-staker's position if there is none.

        Pending stake that is ready is made active first. The owner's new stake is made active in the same
        transaction if co-stakers have nothing active, leaving or pending.

        Args:
            node: the node's address.
            amount: how much to stake.
            source: the IO account that pays; default: the signer's associated token account.
        """
        me, account = self._connection.address, await self.get_node(node)
        source, class_ = source or self._wallet(), pda.staking.class_(account.class_)
        if account.owner == me:
            staking = ix.staking.owner_stake(
                owner=me, class_=class_, node=node, source=source, amount=amount.base
            )
            activating = ix.staking.owner_activate(node=node, shard=shard_of(node))
            before = [activating] if owner_is_ready(account) else []
            after = [activating] if co_is_idle(account) else []
            return AsyncCall(self._connection, [*before, staking, *after])
        instructions, address = [], pda.staking.position(node, me)
        position = (await self._connection.fetch_many(accounts.staking.Position, [address]))[0]
        if position is None:
            instructions.append(ix.staking.open_position(holder=me, node=node))
        elif position_is_ready(position, account):
            instructions.append(ix.staking.activate(node=node, position=address, shard=shard_of(node)))
        instructions.append(
            ix.staking.stake(holder=me, class_=class_, node=node, source=source, amount=amount.base)
        )
        return AsyncCall(self._connection, instructions)

    def open_position(self, node: Pubkey) -> AsyncCall[Pubkey]:
        """Opens an empty position for the signer, as `stake` does where it is missing. Gives its address."""
        holder = self._connection.address
        address = pda.staking.position(node, holder)
        return AsyncCall(
            self._connection, [ix.staking.open_position(holder=holder, node=node)], decode=lambda _: address
        )

    @deferred
    async def activate(self, node: Pubkey, holder: Pubkey | None = None) -> AsyncCall[IO]:
        """Makes a holder's pending stake active; for anyone. Gives the amount.

        Args:
            node: the node's address.
            holder: who holds the stake; default: the signer.
        """
        holder, account = holder or self._connection.address, await self.get_node(node)
        shard = shard_of(node)
        if account.owner == holder:
            instruction = ix.staking.owner_activate(node=node, shard=shard)
        else:
            position = pda.staking.position(node, holder)
            instruction = ix.staking.activate(node=node, position=position, shard=shard)
        return AsyncCall(
            self._connection,
            [instruction],
            decode=lambda sent: IO.from_base(sent.event(events.staking.Activated).amount),
        )

    @deferred
    async def settle(self, node: Pubkey, *holders: Pubkey) -> AsyncCall[None]:
        """Makes due pending stake active and ends late weights of credited hours; for anyone.

        Args:
            node: the node's address.
            holders: whose positions to settle besides the owner's side; default: every position that is due.
        """
        account = await self.get_node(node)
        due = list(holders) or [
            position.account.holder
            for position in await self.positions(node=node)
            if position_is_due(position.account, account)
        ]
        positions = [AccountMeta(pda.staking.position(node, holder), False, True) for holder in due]
        class_ = pda.staking.class_(account.class_)
        calls = [
            ix.staking.settle_changes(
                class_=class_,
                node=node,
                shard=shard_of(node),
                remaining_accounts=positions[begin : begin + _SETTLED],
            )
            for begin in range(0, max(1, len(positions)), _SETTLED)
        ]
        return AsyncCall(self._connection, calls)

    @deferred
    async def unstake(
        self, node: Pubkey, amount: IO, *, destination: Pubkey | None = None
    ) -> AsyncCall[events.staking.Unstaked]:
        """Unstakes: pending stake is paid out at once, active stake cools. Gives the event with both amounts.

        Args:
            node: the node's address.
            amount: how much to unstake.
            destination: the IO account that is paid; default: the signer's associated token account.
        """
        me, account = self._connection.address, await self.get_node(node)
        destination = destination or self._wallet()
        if account.owner == me:
            instruction = ix.staking.owner_unstake(
                owner=me,
                class_=pda.staking.class_(account.class_),
                node=node,
                offer=account.offer,
                shard=shard_of(node),
                destination=destination,
                amount=amount.base,
            )
        else:
            instruction = ix.staking.unstake(
                holder=me, node=node, shard=shard_of(node), destination=destination, amount=amount.base
            )
        return AsyncCall(
            self._connection, [instruction], decode=lambda sent: sent.event(events.staking.Unstaked)
        )

    @deferred
    async def withdraw(self, node: Pubkey, *, destination: Pubkey | None = None) -> AsyncCall[IO]:
        """Pays out the signer's cooled stake. Gives the amount."""
        me, destination = self._connection.address, destination or self._wallet()
        if (await self.get_node(node)).owner == me:
            instruction = ix.staking.owner_withdraw(owner=me, node=node, destination=destination)
        else:
            instruction = ix.staking.withdraw(holder=me, node=node, destination=destination)
        return AsyncCall(
            self._connection,
            [instruction],
            decode=lambda sent: IO.from_base(sent.event(events.staking.Withdrawn).amount),
        )

    # -- rewards

    def credit(
        self, node: Pubkey, report: Pubkey, leaves: Report, *holders: Pubkey, previous: Pubkey | None = None
    ) -> AsyncCall[IO]:
        """Credits a node with its leaf in a final report; for anyone. Gives what was newly credited.

        Args:
            node: the node's address.
            report: the report's account.
            leaves: the report's leaves, as its attesters published them.
            holders: whose positions to settle in the same transaction, four at most: pending stake and late
                weights that the credit makes due. With any, the owner's side is settled, too.
            previous: the report at the leaf's previous height, needed if that report was not credited, can no
                longer be (or was refuted by a challenge), and something on the node is pending or late.
        """
        further = [] if previous is None else [AccountMeta(previous, False, False)]
        if holders:
            positions = (pda.staking.position(node, holder) for holder in holders)
            further += [AccountMeta(address, False, True) for address in (shard_of(node), *positions)]
        instruction = ix.staking.credit_node(
            emission_vault=pda.mint.EMISSION_VAULT,
            report=report,
            node=node,
            leaf=_leaf(node, leaves),
            remaining_accounts=further,
        )
        return AsyncCall(self._connection, [instruction], decode=_credited)

    def forfeit(self, node: Pubkey, report: Pubkey, leaves: Report) -> AsyncCall[IO]:
        """Burns the reward in the leaf of a node ended for fraud, instead of crediting it; for anyone.

        Gives the amount.
        """
        instruction = ix.staking.forfeit_reward(
            emission_vault=pda.mint.EMISSION_VAULT, report=report, node=node, leaf=_leaf(node, leaves)
        )
        return AsyncCall(
            self._connection,
            [instruction],
            decode=lambda sent: IO.from_base(sent.event(events.staking.Forfeited).amount),
        )

    @deferred
    async def claim(self, node: Pubkey, *, destination: Pubkey | None = None) -> AsyncCall[IO]:
        """Pays out the signer's rewards. Gives the amount."""
        me, destination = self._connection.address, destination or self._wallet()
        if (await self.get_node(node)).owner == me:
            instruction = ix.staking.owner_claim(owner=me, node=node, destination=destination)
        else:
            instruction = ix.staking.claim(holder=me, node=node, destination=destination)
        return AsyncCall(
            self._connection,
            [instruction],
            decode=lambda sent: IO.from_base(sent.event(events.staking.Claimed).amount),
        )

    @deferred
    async def compound(self, node: Pubkey) -> AsyncCall[IO]:
        """Turns the signer's rewards into pending stake, as much as there is room for. Gives the amount."""
        me, account = self._connection.address, await self.get_node(node)
        class_ = pda.staking.class_(account.class_)
        if account.owner == me:
            instruction = ix.staking.owner_compound(owner=me, class_=class_, node=node)
        else:
            instruction = ix.staking.compound(holder=me, class_=class_, node=node)
        return AsyncCall(
            self._connection,
            [instruction],
            decode=lambda sent: IO.from_base(sent.event(events.staking.Compounded).amount),
        )


def _leaf(node: Pubkey, leaves: Report) -> types.staking.LeafArgs:
    fields, verdict = leaves.arguments(bytes(node))
    return types.staking.LeafArgs(**fields, verdict=types.staking.Verdict(**verdict))


def _credited(sent: Sent[Any]) -> IO:
    return IO.from_base(sent.event(events.staking.Credited).amount)

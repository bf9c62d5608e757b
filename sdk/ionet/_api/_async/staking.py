"""The staking program: hardware classes, devices, nodes, stake and rewards."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey

from ionet import accounts, events, ix, pda, types
from ionet._amounts import IO
from ionet._async.call import AsyncCall
from ionet._call import Sent
from ionet._classes import HardwareClass, class_args
from ionet._pda import token_account
from ionet._signers import SignerLike, as_signer

if TYPE_CHECKING:
    from ionet._async.client import AsyncClient
    from ionet._records import Found
    from ionet.rewards import Report

#: Accounts over which the sum of active stake is spread.
SHARDS: Final = 16


def shard_of(node: Pubkey) -> Pubkey:
    """The account that a node's active stake is summed in."""
    return pda.staking.shard(bytes(node)[0] % SHARDS)


class AsyncStaking:
    """Calls and reads of the staking program.

    `stake`, `activate`, `unstake`, `withdraw` and `claim` find out whether the signer owns the node: its
    owner acts on the owner's side, everyone else on a co-staker's position.
    """

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    # -- setting up

    def initialize(self, *, slasher: Pubkey, resolver: Pubkey) -> AsyncCall[None]:
        """Creates the configuration; for the program's upgrade authority."""
        instruction = ix.staking.initialize(
            authority=self._client.address, slasher=slasher, resolver=resolver
        )
        return AsyncCall(self._client, [instruction])

    def open_shards(self) -> AsyncCall[None]:
        """Opens the accounts that sum active stake; for anyone, who pays their rent."""
        payer = self._client.address
        return AsyncCall(
            self._client, [ix.staking.open_shard(payer=payer, index=index) for index in range(SHARDS)]
        )

    def create_classes(self, classes: Iterable[HardwareClass]) -> AsyncCall[None]:
        """Creates hardware classes; for the authority. A transaction holds about five."""
        authority = self._client.address
        return AsyncCall(
            self._client,
            [
                ix.staking.create_class(authority=authority, id=one.id, args=class_args(one))
                for one in classes
            ],
        )

    # -- nodes

    def register(
        self,
        *,
        class_id: int,
        fingerprint: bytes,
        device: SignerLike,
        attester: SignerLike,
        commission_bps: int = 0,
        region: int = 0,
        memory_gib: int = 0,
        link_mbps: int = 0,
    ) -> AsyncCall[Pubkey]:
        """Registers a device and makes a node of it; the signer will own both. Gives the node's address.

        Args:
            class_id: hardware class.
            fingerprint: sha256 of the device's own unique id, 32 bytes.
            device: the device's key.
            attester: who has challenged the device.
            commission_bps: the owner's part of co-stakers' rewards.
            region: ISO 3166-1 numeric code.
            memory_gib: memory.
            link_mbps: speed of the link, Mbit/s.
        """
        owner = self._client.address
        keys = [one for one in (as_signer(device), as_signer(attester)) if one is not None]
        class_, device_account = pda.staking.class_(class_id), pda.staking.device(fingerprint)
        node = pda.staking.node(device_account)
        args = types.staking.NodeArgs(
            commission_bps=commission_bps, region=region, memory_gib=memory_gib, link_mbps=link_mbps
        )
        return AsyncCall(
            self._client,
            [
                ix.staking.register_device(
                    owner=owner,
                    device_key=keys[0].pubkey(),
                    attester=keys[-1].pubkey(),
                    class_=class_,
                    fingerprint=fingerprint,
                ),
                ix.staking.register_node(owner=owner, class_=class_, device=device_account, args=args),
            ],
            signers=keys,
            decode=lambda _: node,
        )

    async def node(self, address: Pubkey) -> accounts.staking.Node:
        """The node at an address."""
        return await self._client.fetch(accounts.staking.Node, address)

    async def nodes(self, owner: Pubkey | None = None) -> list[Found[accounts.staking.Node]]:
        """All nodes, or those of an owner."""
        fields = {} if owner is None else {"owner": owner}
        return await self._client.find(accounts.staking.Node, **fields)

    async def position(self, node: Pubkey, holder: Pubkey | None = None) -> accounts.staking.Position:
        """A co-staker's position on a node; default: the signer's."""
        address = pda.staking.position(node, holder or self._client.address)
        return await self._client.fetch(accounts.staking.Position, address)

    # -- stake

    async def stake(self, node: Pubkey, amount: IO, *, source: Pubkey | None = None) -> AsyncCall[None]:
        """Adds to the signer's pending stake on a node; opens a co-staker's position if there is none.

        Args:
            node: where.
            amount: how much.
            source: the IO account it comes from; default: the signer's associated token account.
        """
        me, found = self._client.address, await self.node(node)
        purse, class_ = source or self._wallet(), pda.staking.class_(found.class_)
        if found.owner == me:
            instruction = ix.staking.owner_stake(
                owner=me, class_=class_, node=node, source=purse, amount=amount.base
            )
            return AsyncCall(self._client, [instruction])
        instructions = []
        if await self._client.account(pda.staking.position(node, me)) is None:
            instructions.append(ix.staking.open_position(holder=me, node=node))
        instructions.append(
            ix.staking.stake(holder=me, class_=class_, node=node, source=purse, amount=amount.base)
        )
        return AsyncCall(self._client, instructions)

    async def activate(self, node: Pubkey, holder: Pubkey | None = None) -> AsyncCall[IO]:
        """Makes a holder's pending stake active; for anyone. Gives the amount.

        Args:
            node: where.
            holder: whose stake; default: the signer's.
        """
        who, found = holder or self._client.address, await self.node(node)
        shard = shard_of(node)
        if found.owner == who:
            instruction = ix.staking.owner_activate(node=node, shard=shard)
        else:
            position = pda.staking.position(node, who)
            instruction = ix.staking.activate(node=node, position=position, shard=shard)
        return AsyncCall(
            self._client,
            [instruction],
            decode=lambda sent: IO.from_base(sent.event(events.staking.Activated).amount),
        )

    async def unstake(
        self, node: Pubkey, amount: IO, *, destination: Pubkey | None = None
    ) -> AsyncCall[events.staking.Unstaked]:
        """Takes stake off; what may leave at once does, the rest cools. Gives the event that says how much.

        Args:
            node: from where.
            amount: how much.
            destination: the IO account it goes to; default: the signer's associated token account.
        """
        me, found = self._client.address, await self.node(node)
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
        return AsyncCall(self._client, [instruction], decode=lambda sent: sent.event(events.staking.Unstaked))

    async def withdraw(self, node: Pubkey, *, destination: Pubkey | None = None) -> AsyncCall[IO]:
        """Lets the signer's cooled stake leave. Gives the amount."""
        me, purse = self._client.address, destination or self._wallet()
        if (await self.node(node)).owner == me:
            instruction = ix.staking.owner_withdraw(owner=me, node=node, destination=purse)
        else:
            instruction = ix.staking.withdraw(holder=me, node=node, destination=purse)
        return AsyncCall(
            self._client,
            [instruction],
            decode=lambda sent: IO.from_base(sent.event(events.staking.Withdrawn).amount),
        )

    # -- rewards

    def credit(self, node: Pubkey, report: Pubkey, leaves: Report) -> AsyncCall[IO]:
        """Credits a node with its leaf in a final report; for anyone. Gives what was newly credited.

        Args:
            node: whose leaf.
            report: the report's account.
            leaves: the report's leaves, as its attesters published them.
        """
        index, proof = leaves.proof(bytes(node))
        leaf = types.staking.LeafArgs(
            lifetime=int(leaves.leaves.lifetime[index]),
            through=int(leaves.leaves.through[index]),
            index=index,
            proof=proof,
        )
        instruction = ix.staking.credit_node(
            emission_vault=pda.mint.EMISSION_VAULT, report=report, node=node, leaf=leaf
        )
        return AsyncCall(self._client, [instruction], decode=_credited)

    async def claim(self, node: Pubkey, *, destination: Pubkey | None = None) -> AsyncCall[IO]:
        """Lets the signer's rewards leave. Gives the amount."""
        me, purse = self._client.address, destination or self._wallet()
        if (await self.node(node)).owner == me:
            instruction = ix.staking.owner_claim(owner=me, node=node, destination=purse)
        else:
            instruction = ix.staking.claim(holder=me, node=node, destination=purse)
        return AsyncCall(
            self._client,
            [instruction],
            decode=lambda sent: IO.from_base(sent.event(events.staking.Claimed).amount),
        )

    def _wallet(self) -> Pubkey:
        return token_account(self._client.address, pda.mint.MINT)


def _credited(sent: Sent[IO]) -> IO:
    return IO.from_base(sent.event(events.staking.Credited).amount)

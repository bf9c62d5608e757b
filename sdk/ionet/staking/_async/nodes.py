"""Devices, nodes and networks."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from solders.pubkey import Pubkey

from ionet import accounts, events, ix, pda, types
from ionet._generated.staking.types import NodeState
from ionet.administration.shards import shard_of
from ionet.chain._async.call import AsyncCall, deferred
from ionet.chain.amounts import IO
from ionet.chain.pda import token_account
from ionet.chain.records import KeyedAccount
from ionet.chain.signers import Signer, SignerLike, as_signer
from ionet.chain.transactions import Sent
from ionet.formats.when import HOUR
from ionet.staking._async.base import AsyncStakingBase
from ionet.staking.stake import NodeCount, or_none

if TYPE_CHECKING:
    from pathlib import Path

    from ionet.staking.why import RewardExplanation


class AsyncNodes(AsyncStakingBase):
    """For suppliers: devices and the nodes they make up."""

    # -- devices

    def register_device(
        self, *, class_id: int, fingerprint: bytes, device: SignerLike, attester: SignerLike
    ) -> AsyncCall[Pubkey]:
        """Registers a device, once for ever; the signer will own it. Gives the device's address.

        Args:
            class_id: hardware class.
            fingerprint: sha256 of the device's own unique id, 32 bytes.
            device: the device's key.
            attester: who has challenged the device.
        """
        keys = _signers(device, attester)
        address = pda.staking.device(fingerprint)
        instruction = ix.staking.register_device(
            owner=self._connection.address,
            device_key=keys[0].pubkey(),
            attester=keys[1].pubkey(),
            class_=pda.staking.class_(class_id),
            fingerprint=fingerprint,
        )
        return AsyncCall(self._connection, [instruction], signers=keys, decode=lambda _: address)

    def register_node(
        self,
        device: Pubkey,
        *,
        class_id: int,
        commission_bps: int = 0,
        region: int = 0,
        memory_gib: int = 0,
        link_mbps: int = 0,
    ) -> AsyncCall[Pubkey]:
        """Makes a node of a device; for its owner. Gives the node's address.

        Args:
            device: the device's account.
            class_id: its hardware class.
            commission_bps: the owner's part of co-stakers' rewards.
            region: ISO 3166-1 numeric code.
            memory_gib: memory.
            link_mbps: speed of the link, Mbit/s.
        """
        node = pda.staking.node(device)
        args = types.staking.NodeArgs(commission_bps, region, memory_gib, link_mbps)
        instruction = ix.staking.register_node(
            owner=self._connection.address, class_=pda.staking.class_(class_id), device=device, args=args
        )
        return AsyncCall(self._connection, [instruction], decode=lambda _: node)

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
        return self.register_device(
            class_id=class_id, fingerprint=fingerprint, device=device, attester=attester
        ) + self.register_node(
            pda.staking.device(fingerprint),
            class_id=class_id,
            commission_bps=commission_bps,
            region=region,
            memory_gib=memory_gib,
            link_mbps=link_mbps,
        )

    def claim_device(
        self, fingerprint: bytes, *, class_id: int, device: SignerLike, attester: SignerLike
    ) -> AsyncCall[Pubkey]:
        """Registers a device again that nobody owns; the signer will own it. Gives the device's address."""
        keys = _signers(device, attester)
        address = pda.staking.device(fingerprint)
        instruction = ix.staking.claim_device(
            owner=self._connection.address,
            device_key=keys[0].pubkey(),
            attester=keys[1].pubkey(),
            class_=pda.staking.class_(class_id),
            device=address,
        )
        return AsyncCall(self._connection, [instruction], signers=keys, decode=lambda _: address)

    @deferred
    async def release_device(self, device: Pubkey) -> AsyncCall[None]:
        """Gives up a device that has no node, or is the first of a retired one; for its owner."""
        node = or_none((await self.get_device(device)).node)
        instruction = ix.staking.release_device(owner=self._connection.address, device=device, node=node)
        return AsyncCall(self._connection, [instruction])

    @deferred
    async def attach_device(self, node: Pubkey, device: Pubkey) -> AsyncCall[int]:
        """Adds a processor of the same class to a node; for the owner of both. Gives its processors."""
        now = await self.get_node(node)
        instruction = ix.staking.attach_device(
            owner=self._connection.address,
            device=device,
            node=node,
            class_=pda.staking.class_(now.class_),
            offer=now.offer,
        )
        return AsyncCall(self._connection, [instruction], decode=_units)

    @deferred
    async def detach_device(self, device: Pubkey) -> AsyncCall[int]:
        """Takes a processor that is not the first off its node; for the owner. Gives what is left.

        Of a retired node it is also for the owner of its first device, who is to reopen it.
        """
        me, node = self._connection.address, (await self.get_device(device)).node
        now = await self.get_node(node)
        first = None if now.owner == me else now.device
        instruction = ix.staking.detach_device(
            owner=me, device=device, node=node, first=first, offer=now.offer
        )
        return AsyncCall(self._connection, [instruction], decode=_units)

    @deferred
    async def evict_device(self, device: Pubkey, *, ban: bool = False) -> AsyncCall[None]:
        """Takes a device from a squatter, and off a node whose first it is not; for the resolver.

        Args:
            device: the device's account.
            ban: it can never be registered again.
        """
        instruction = ix.staking.evict_device(
            resolver=self._connection.address,
            device=device,
            node=or_none((await self.get_device(device)).node),
            ban=ban,
        )
        return AsyncCall(self._connection, [instruction])

    async def get_device(self, address: Pubkey) -> accounts.staking.Device:
        """The device at an address; of a fingerprint it is `ionet.pda.staking.device(fingerprint)`."""
        return await self._connection.fetch(accounts.staking.Device, address)

    async def devices(
        self, *, owner: Pubkey | None = None, node: Pubkey | None = None
    ) -> list[KeyedAccount[accounts.staking.Device]]:
        """All devices, or those of an owner or a node."""
        fields = {name: one for name, one in (("owner", owner), ("node", node)) if one is not None}
        return await self._connection.find(accounts.staking.Device, **fields)

    # -- nodes

    async def nodes(
        self,
        owner: Pubkey | None = None,
        *,
        class_id: int | None = None,
        network: Pubkey | None = None,
        state: NodeState | None = None,
        region: int | None = None,
    ) -> list[KeyedAccount[accounts.staking.Node]]:
        """Nodes, by address.

        Args:
            owner: of this owner.
            class_id: of this hardware class.
            network: of this network's account.
            state: that stand so.
            region: in this region, ISO 3166-1 numeric.
        """
        wanted: dict[str, Any] = {
            "owner": owner,
            "class_": class_id,
            "network": network,
            "state": state if state is None else int(state),
            "region": region,
        }
        fields = {name: value for name, value in wanted.items() if value is not None}
        # A node takes three filters besides the account's type.
        asked = dict(list(fields.items())[:3])
        rest = [(name, value) for name, value in fields.items() if name not in asked]
        found = await self._connection.find(accounts.staking.Node, **asked)
        found = [one for one in found if all(getattr(one.account, name) == value for name, value in rest)]
        return sorted(found, key=lambda one: str(one.address))

    async def node_counts(self) -> list[NodeCount]:
        """How many nodes and processors there are, by network, class and state.

        Reads a part of each node's account only, so that it also does for hundreds of thousands.
        """
        kind = accounts.staking.Node
        at = kind.OFFSETS
        end = at["co"] + 24
        parts = await self._connection.parts(kind, at["state"], end - at["state"])
        nodes: Counter[tuple[bytes, int, int]] = Counter()
        units, stake = Counter(nodes), Counter(nodes)

        def number(data: bytes, offset: int, size: int) -> int:
            start = offset - at["state"]
            return int.from_bytes(data[start : start + size], "little")

        network = at["network"] - at["state"]
        for data in parts:
            key = (data[network : network + 32], number(data, at["class_"], 2), data[0])
            nodes[key] += 1
            units[key] += number(data, at["units"], 1)
            # Active stake: the owner's, and the co-stakers' shares behind `tokens` and `shares`.
            stake[key] += number(data, at["own"], 8) + number(data, at["co"] + 16, 8)
        return [
            NodeCount(
                network=or_none(Pubkey(key[0])),
                class_id=key[1],
                state=types.staking.node_state_codec.decode(bytes([key[2]])),
                nodes=nodes[key],
                units=units[key],
                stake=IO.from_base(stake[key]),
            )
            for key in sorted(nodes)
        ]

    async def why(
        self, node: Pubkey, *, hour: int | None = None, evidence: str | Path | None = None
    ) -> RewardExplanation:
        """Why a node earned nothing in an hour, or where its reward is.

        Args:
            node: which.
            hour: number from the start of emission; default: that of the evidence, or the latest one over.
            evidence: the hour's published file, for that hour's stake, proof and uptime; without it those of
                now are looked at. It needs numpy.

        Raises:
            AccountNotFound: no such node, or the programs are not initialised.
            LookupError: an hour that is not over yet, or evidence of another hour.
            EvidenceError: a file that cannot be read.
        """
        from ionet.staking.why import Facts, explain

        found, now = await self.get_node(node), await self._connection.time()
        start = (await self._connection.fetch(accounts.mint.Config, pda.mint.CONFIG)).start
        latest = max(0, (now - start) // HOUR)
        line = None
        if evidence is not None:
            from ionet.rewards import find_node

            line = find_node(evidence, bytes(node))
        of_file = None if line is None else (line.period_end - start) // HOUR
        seq = (of_file or latest) if hour is None else hour
        if hour is not None and not 1 <= hour <= latest:
            raise LookupError(f"hour {hour} is not among those that are over: 1 to {latest}")
        if of_file not in (None, seq):
            raise LookupError(f"the evidence is of hour {of_file}, not of hour {seq}")
        reports = await self._connection.find(accounts.proofs.Report)
        reports.sort(key=lambda one: (-one.account.seq, -one.account.created_at, str(one.address)))
        facts = Facts(
            address=node,
            node=found,
            class_=await self._connection.fetch(accounts.staking.Class, pda.staking.class_(found.class_)),
            now=now,
            start=start,
            seq=seq,
            config=await self._connection.fetch(accounts.proofs.Config, pda.proofs.CONFIG),
            threshold=(
                await self._connection.fetch(accounts.proofs.AttesterSet, pda.proofs.ATTESTER_SET)
            ).threshold,
            reports=tuple(one for one in reports if one.account.seq >= seq),
            challenges=tuple(await self._connection.find(accounts.proofs.Challenge, node=node)),
            line=line,
        )
        return explain(facts)

    def set_commission(self, node: Pubkey, commission_bps: int) -> AsyncCall[events.staking.CommissionSet]:
        """Announces the owner's part of co-stakers' rewards: at most five points more, after seven days.

        Gives the event, whose `from_` says when it begins to apply.
        """
        instruction = ix.staking.set_commission(
            owner=self._connection.address, node=node, commission_bps=commission_bps
        )
        return AsyncCall(
            self._connection, [instruction], decode=lambda sent: sent.event(events.staking.CommissionSet)
        )

    @deferred
    async def retire(self, node: Pubkey) -> AsyncCall[None]:
        """Takes a node out of the market; for its owner. Stake leaves and rewards are claimed as ever."""
        offer = (await self.get_node(node)).offer
        return AsyncCall(
            self._connection,
            [
                ix.staking.retire_node(
                    owner=self._connection.address, node=node, offer=offer, shard=shard_of(node)
                )
            ],
        )

    @deferred
    async def reopen(
        self,
        node: Pubkey,
        *,
        device: SignerLike,
        commission_bps: int | None = None,
        region: int | None = None,
        memory_gib: int | None = None,
        link_mbps: int | None = None,
    ) -> AsyncCall[None]:
        """Brings a retired node back; for the owner of its device. What is None stays as it was.

        Args:
            node: which.
            device: the device's key.
            commission_bps: see `register`; stays while co-stakers are on the node.
            region: see `register`.
            memory_gib: see `register`.
            link_mbps: see `register`.
        """
        now = await self.get_node(node)
        owned = await self.get_device(now.device)
        args = types.staking.NodeArgs(
            commission_bps=now.commission_bps if commission_bps is None else commission_bps,
            region=now.region if region is None else region,
            memory_gib=now.memory_gib if memory_gib is None else memory_gib,
            link_mbps=now.link_mbps if link_mbps is None else link_mbps,
        )
        keys = _signers(device)
        instruction = ix.staking.reopen_node(
            owner=self._connection.address,
            device_key=keys[0].pubkey(),
            class_=pda.staking.class_(owned.class_),
            device=now.device,
            node=node,
            shard=shard_of(node),
            args=args,
        )
        return AsyncCall(self._connection, [instruction], signers=keys)

    def evict_node(self, node: Pubkey) -> AsyncCall[None]:
        """Retires the node of a squatter; for the resolver. Stake on it leaves as ever."""
        return AsyncCall(
            self._connection,
            [ix.staking.evict_node(resolver=self._connection.address, node=node, shard=shard_of(node))],
        )

    @deferred
    async def expel_owner(self, node: Pubkey) -> AsyncCall[events.staking.OwnerExpelled]:
        """Moves all that is a former owner's, whose device has passed on, out of the way; for anyone.

        It cools, and is theirs to withdraw then: see `withdraw_former`. Gives the event.

        Args:
            node: the retired node.
        """
        now = await self.get_node(node)
        instruction = ix.staking.expel_owner(
            node=node, device=now.device, offer=now.offer, shard=shard_of(node)
        )
        return AsyncCall(
            self._connection, [instruction], decode=lambda sent: sent.event(events.staking.OwnerExpelled)
        )

    @deferred
    async def withdraw_former(self, node: Pubkey, *, destination: Pubkey | None = None) -> AsyncCall[IO]:
        """Pays out what is left of a former owner's side, after its cooldown; for anyone. Gives the amount.

        Args:
            node: the node.
            destination: an IO account of the former owner; default: their associated token account.
        """
        owner = (await self.get_node(node)).former.owner
        instruction = ix.staking.withdraw_former(
            node=node, destination=destination or token_account(owner, pda.mint.MINT)
        )
        return AsyncCall(
            self._connection,
            [instruction],
            decode=lambda sent: IO.from_base(sent.event(events.staking.Withdrawn).amount),
        )

    # -- networks

    def register_network(self, name: str) -> AsyncCall[Pubkey]:
        """Registers another network, whose authority the signer is. Gives the network's address.

        Args:
            name: 32 bytes of UTF-8 at most.
        """
        from ionet.chain.errors import EncodeError

        encoded = name.encode()
        if not 0 < len(encoded) <= 32:
            raise EncodeError(f"a network's name has 1 to 32 bytes, {name!r} has {len(encoded)}")
        authority = self._connection.address
        address = pda.staking.network(authority)
        instruction = ix.staking.register_network(authority=authority, name=encoded.ljust(32, b"\0"))
        return AsyncCall(self._connection, [instruction], decode=lambda _: address)

    def join_network(self, *nodes: Pubkey) -> AsyncCall[None]:
        """Counts nodes to the signer's network; for the owner of both."""
        authority = self._connection.address
        return AsyncCall(
            self._connection, [ix.staking.join_network(authority=authority, node=node) for node in nodes]
        )

    async def get_network(self, authority: Pubkey) -> accounts.staking.Network:
        """The network of an authority."""
        return await self._connection.fetch(accounts.staking.Network, pda.staking.network(authority))

    async def networks(self) -> list[KeyedAccount[accounts.staking.Network]]:
        """All networks."""
        return await self._connection.find(accounts.staking.Network)


def _signers(*keys: SignerLike) -> list[Signer]:
    return [one for one in map(as_signer, keys) if one is not None]


def _units(sent: Sent[Any]) -> int:
    return sent.event(events.staking.UnitsSet).units

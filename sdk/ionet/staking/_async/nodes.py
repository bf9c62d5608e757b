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
    """Calls of suppliers: devices, and the nodes they make up."""

    # -- devices

    def register_device(
        self, *, class_id: int, fingerprint: bytes, device: SignerLike, attester: SignerLike
    ) -> AsyncCall[Pubkey]:
        """Registers a device, once and for all; the signer will own it. Gives the device's address.

        Args:
            class_id: hardware class.
            fingerprint: sha256 of the device's own unique id, 32 bytes.
            device: the device's key.
            attester: the key of the attester who challenged the device.
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
        """Makes a device a node; for its owner. Gives the node's address.

        Args:
            device: the device's account.
            class_id: its hardware class.
            commission_bps: the owner's part of co-stakers' rewards, in basis points.
            region: ISO 3166-1 numeric code.
            memory_gib: memory, GiB.
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
        """Registers a device and makes it a node; the signer will own both. Gives the node's address.

        Args:
            class_id: hardware class.
            fingerprint: sha256 of the device's own unique id, 32 bytes.
            device: the device's key.
            attester: the key of the attester who challenged the device.
            commission_bps: the owner's part of co-stakers' rewards, in basis points.
            region: ISO 3166-1 numeric code.
            memory_gib: memory, GiB.
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
        """Registers a device that nobody owns any more; the signer will own it. Gives its address."""
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
        """Gives up a device that has no node, or is the first device of a retired node; for its owner."""
        node = or_none((await self.get_device(device)).node)
        instruction = ix.staking.release_device(owner=self._connection.address, device=device, node=node)
        return AsyncCall(self._connection, [instruction])

    @deferred
    async def attach_device(self, node: Pubkey, device: Pubkey) -> AsyncCall[int]:
        """Adds a processor of the same class to a node; for the owner of both. Gives the node's total."""
        account = await self.get_node(node)
        instruction = ix.staking.attach_device(
            owner=self._connection.address,
            device=device,
            node=node,
            class_=pda.staking.class_(account.class_),
            offer=account.offer,
        )
        return AsyncCall(self._connection, [instruction], decode=_units)

    @deferred
    async def detach_device(self, device: Pubkey) -> AsyncCall[int]:
        """Takes a processor other than the first off its node; for the owner. Gives the processors left.

        On a retired node, the owner of its first device may do it, too, to reopen the node.
        """
        me, node = self._connection.address, (await self.get_device(device)).node
        account = await self.get_node(node)
        first = None if account.owner == me else account.device
        instruction = ix.staking.detach_device(
            owner=me, device=device, node=node, first=first, offer=account.offer
        )
        return AsyncCall(self._connection, [instruction], decode=_units)

    @deferred
    async def evict_device(self, device: Pubkey, *, ban: bool = False) -> AsyncCall[None]:
        """Takes a device from a squatter, and off its node unless it is the node's first; for the resolver.

        Args:
            device: the device's account.
            ban: whether it can never be registered again.
        """
        instruction = ix.staking.evict_device(
            resolver=self._connection.address,
            device=device,
            node=or_none((await self.get_device(device)).node),
            ban=ban,
        )
        return AsyncCall(self._connection, [instruction])

    async def get_device(self, address: Pubkey) -> accounts.staking.Device:
        """The device at an address; a fingerprint's address is `ionet.pda.staking.device(fingerprint)`."""
        return await self._connection.fetch(accounts.staking.Device, address)

    async def devices(
        self, *, owner: Pubkey | None = None, node: Pubkey | None = None
    ) -> list[KeyedAccount[accounts.staking.Device]]:
        """All devices, or those of an owner or a node."""
        fields = {name: value for name, value in (("owner", owner), ("node", node)) if value is not None}
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
            owner: only this owner's.
            class_id: only of this hardware class.
            network: only of this network, by its account.
            state: only in this state.
            region: only in this region, ISO 3166-1 numeric.
        """
        filters: dict[str, Any] = {
            "owner": owner,
            "class_": class_id,
            "network": network,
            "state": state if state is None else int(state),
            "region": region,
        }
        fields = {name: value for name, value in filters.items() if value is not None}
        # The RPC takes three filters besides the account's type.
        indexed = dict(list(fields.items())[:3])
        others = [(name, value) for name, value in fields.items() if name not in indexed]
        nodes = await self._connection.find(accounts.staking.Node, **indexed)
        nodes = [
            node for node in nodes if all(getattr(node.account, name) == value for name, value in others)
        ]
        return sorted(nodes, key=lambda node: str(node.address))

    async def node_counts(self) -> list[NodeCount]:
        """How many nodes and processors there are, by network, class and state.

        Reads only a part of each node's account, so that hundreds of thousands of nodes are no problem.
        """
        kind = accounts.staking.Node
        at = kind.OFFSETS
        end = at["co"] + 24
        parts = await self._connection.parts(kind, at["state"], end - at["state"])
        nodes: Counter[tuple[bytes, int, int]] = Counter()
        units, stake = Counter(nodes), Counter(nodes)

        def unsigned(data: bytes, offset: int, size: int) -> int:
            start = offset - at["state"]
            return int.from_bytes(data[start : start + size], "little")

        network = at["network"] - at["state"]
        for data in parts:
            key = (data[network : network + 32], unsigned(data, at["class_"], 2), data[0])
            nodes[key] += 1
            units[key] += unsigned(data, at["units"], 1)
            # Active stake: the owner's, and the co-stakers' shares behind `tokens` and `shares`.
            stake[key] += unsigned(data, at["own"], 8) + unsigned(data, at["co"] + 16, 8)
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
            node: the node's address.
            hour: its number from the start of emission; default: the hour of the evidence, or the latest that
                is over.
            evidence: the hour's published file, for that hour's stake, proof and uptime; without it, today's
                are used. It needs numpy.

        Raises:
            AccountNotFound: no such node, or the programs are not initialised.
            LookupError: an hour that is not over yet, or evidence of another hour.
            EvidenceError: a file that cannot be read.
        """
        from ionet.staking.why import Facts, explain

        account, now = await self.get_node(node), await self._connection.time()
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
        reports.sort(
            key=lambda report: (-report.account.seq, -report.account.created_at, str(report.address))
        )
        facts = Facts(
            address=node,
            node=account,
            class_=await self._connection.fetch(accounts.staking.Class, pda.staking.class_(account.class_)),
            now=now,
            start=start,
            seq=seq,
            config=await self._connection.fetch(accounts.proofs.Config, pda.proofs.CONFIG),
            threshold=(
                await self._connection.fetch(accounts.proofs.AttesterSet, pda.proofs.ATTESTER_SET)
            ).threshold,
            reports=tuple(report for report in reports if report.account.seq >= seq),
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
        """Takes a node out of the market; for its owner. Stake and rewards can still be withdrawn."""
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
            node: the node's address.
            device: the device's key.
            commission_bps: see `register`; cannot change while the node has co-stakers.
            region: see `register`.
            memory_gib: see `register`.
            link_mbps: see `register`.
        """
        account = await self.get_node(node)
        device_account = await self.get_device(account.device)
        args = types.staking.NodeArgs(
            commission_bps=account.commission_bps if commission_bps is None else commission_bps,
            region=account.region if region is None else region,
            memory_gib=account.memory_gib if memory_gib is None else memory_gib,
            link_mbps=account.link_mbps if link_mbps is None else link_mbps,
        )
        keys = _signers(device)
        instruction = ix.staking.reopen_node(
            owner=self._connection.address,
            device_key=keys[0].pubkey(),
            class_=pda.staking.class_(device_account.class_),
            device=account.device,
            node=node,
            shard=shard_of(node),
            args=args,
        )
        return AsyncCall(self._connection, [instruction], signers=keys)

    def evict_node(self, node: Pubkey) -> AsyncCall[None]:
        """Retires the node of a squatter; for the resolver. Stake on it can still be withdrawn."""
        return AsyncCall(
            self._connection,
            [ix.staking.evict_node(resolver=self._connection.address, node=node, shard=shard_of(node))],
        )

    @deferred
    async def expel_owner(self, node: Pubkey) -> AsyncCall[events.staking.OwnerExpelled]:
        """Moves a former owner's stake off a node whose device has a new owner; for anyone.

        The stake cools and is then paid out by `withdraw_former`. Gives the event.

        Args:
            node: the retired node's address.
        """
        account = await self.get_node(node)
        instruction = ix.staking.expel_owner(
            node=node, device=account.device, offer=account.offer, shard=shard_of(node)
        )
        return AsyncCall(
            self._connection, [instruction], decode=lambda sent: sent.event(events.staking.OwnerExpelled)
        )

    @deferred
    async def withdraw_former(self, node: Pubkey, *, destination: Pubkey | None = None) -> AsyncCall[IO]:
        """Pays out what is left of a former owner's side, after its cooldown; for anyone. Gives the amount.

        Args:
            node: the node's address.
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
        """Registers another network, with the signer as its authority. Gives the network's address.

        Args:
            name: 1 to 32 bytes of UTF-8.

        Raises:
            EncodeError: the name is empty or too long.
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
        """Adds nodes to the signer's network; for the owner of both."""
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
    return [signer for signer in map(as_signer, keys) if signer is not None]


def _units(sent: Sent[Any]) -> int:
    return sent.event(events.staking.UnitsSet).units

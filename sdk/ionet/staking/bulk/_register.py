"""Registers planned nodes: in few transactions, several at a time, and only what is not on the chain yet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from solders.hash import Hash
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from ionet import accounts, ix, pda, types
from ionet.chain import transactions
from ionet.chain._async.call import AsyncCall
from ionet.chain.errors import EncodeError, IonetError
from ionet.staking.stake import or_none

if TYPE_CHECKING:
    from ionet.chain._async.connection import AsyncConnection
    from ionet.chain.signers import Signer
    from ionet.staking.bulk._keys import DeviceKeys
    from ionet.staking.bulk._plan import NodePlan, Processor

#: Nodes that are looked up and registered together.
_CHUNK: Final = 100


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is still to do for a node.

    Attributes:
        plan: the node.
        steps: instructions, each with its signers besides the owner, in order; empty if the node is complete.
        problem: why the node cannot be completed, or None.
    """

    plan: NodePlan
    steps: tuple[tuple[Any, tuple[Signer, ...]], ...] = ()
    problem: str | None = None


@dataclass(slots=True)
class Progress:
    """What a run has done so far.

    Attributes:
        nodes: how many were looked at.
        registered: nodes that this run completed.
        skipped: nodes that were complete before.
        transactions: sent, or to be sent in a dry run.
        failed: nodes that could not be completed, with the reason; the first hundred.
        failures: how many nodes failed in all.
    """

    nodes: int = 0
    registered: int = 0
    skipped: int = 0
    transactions: int = 0
    failed: list[tuple[NodePlan, str]] = field(default_factory=list)
    failures: int = 0

    def fail(self, plan: NodePlan, reason: str) -> None:
        """Records a node that could not be completed."""
        self.failures += 1
        if len(self.failed) < 100:
            self.failed.append((plan, reason))


class Registration:
    """Registers nodes of a network; the client's signer is the network's authority and will own them.

    Args:
        client: the network authority's.
        attester: the attester who challenged the devices; its address is enough to plan, and to write
            transactions that it signs later.
        keys: keys of the devices.
        args: commission, region, memory and link of every node.
        payer: pays the fees; default: the client's signer.
        concurrency: how many nodes to register at the same time.
    """

    def __init__(
        self,
        client: AsyncConnection,
        attester: Signer | Pubkey,
        keys: DeviceKeys,
        args: types.staking.NodeArgs,
        *,
        payer: Signer | None = None,
        concurrency: int = 16,
    ) -> None:
        self._client = client
        self._attester = attester if isinstance(attester, Pubkey) else attester.pubkey()
        self._signs = None if isinstance(attester, Pubkey) else attester
        self._keys = keys
        self._args = args
        self._payer = payer
        self._concurrency = concurrency

    # -- looking

    async def remaining(self, plans: Sequence[NodePlan]) -> list[Remaining]:
        """What is still to do for each of these nodes."""
        devices = [processor.account for plan in plans for processor in plan.processors]
        accounts_ = dict(
            zip(devices, await self._client.fetch_many(accounts.staking.Device, devices), strict=True)
        )
        nodes = await self._client.fetch_many(accounts.staking.Node, [plan.node for plan in plans])
        return [self._lacking(plan, node, accounts_) for plan, node in zip(plans, nodes, strict=True)]

    def _lacking(
        self,
        plan: NodePlan,
        node: accounts.staking.Node | None,
        devices: dict[Pubkey, accounts.staking.Device | None],
    ) -> Remaining:
        owner, address = self._client.address, plan.node
        network = pda.staking.network(owner)
        class_ = pda.staking.class_(plan.kind.id)
        steps: list[tuple[Any, tuple[Signer, ...]]] = []
        for index, processor in enumerate(plan.processors):
            device = devices[processor.account]
            if device is None:
                steps.append(self._device(processor, class_))
            elif device.owner != owner:
                name = f"{processor.device}/{processor.index}"
                return Remaining(plan, problem=f"{name} is registered already, and owned by {device.owner}")
            elif or_none(device.node) not in (None, address):
                return Remaining(
                    plan, problem=f"{processor.device}/{processor.index} belongs to node {device.node}"
                )
            if index == 0 and node is None:
                args = self._args
                instruction = ix.staking.register_node(
                    owner=owner, class_=class_, device=processor.account, args=args
                )
                steps.append((instruction, ()))
            elif index and (device is None or or_none(device.node) is None):
                instruction = ix.staking.attach_device(
                    owner=owner,
                    device=processor.account,
                    node=address,
                    class_=class_,
                    offer=pda.jobs.offer(address),
                )
                steps.append((instruction, ()))
        if node is not None and or_none(node.network) not in (None, network):
            return Remaining(plan, problem=f"it belongs to another network, {node.network}")
        if node is None or or_none(node.network) is None:
            steps.append((ix.staking.join_network(authority=owner, node=address, network=network), ()))
        return Remaining(plan, tuple(steps))

    def _device(self, processor: Processor, class_: Pubkey) -> tuple[Any, tuple[Signer, ...]]:
        key: Keypair = self._keys.key(processor.device, processor.index)
        instruction = ix.staking.register_device(
            owner=self._client.address,
            device_key=key.pubkey(),
            attester=self._attester,
            class_=class_,
            fingerprint=processor.fingerprint,
        )
        return instruction, (key,) if self._signs is None else (key, self._signs)

    def calls(self, remaining: Remaining) -> list[AsyncCall[None]]:
        """A node's steps in order, in as few transactions as possible."""
        calls: list[AsyncCall[None]] = []
        instructions: list[Any] = []
        signers: dict[Pubkey, Signer] = {}
        for instruction, required in remaining.steps:
            union = {**signers, **{signer.pubkey(): signer for signer in required}}
            if instructions and not self._fits([*instructions, instruction]):
                calls.append(self._call(instructions, signers))
                instructions, union = [], {signer.pubkey(): signer for signer in required}
            instructions.append(instruction)
            signers = union
        if instructions:
            calls.append(self._call(instructions, signers))
        return calls

    def _call(self, instructions: Sequence[Any], signers: dict[Pubkey, Signer]) -> AsyncCall[None]:
        return AsyncCall(self._client, instructions, signers=signers.values(), payer=self._payer)

    def _fits(self, instructions: Sequence[Any]) -> bool:
        budgeted = transactions.for_simulation(instructions)
        try:
            payer = self._client.address if self._payer is None else self._payer.pubkey()
            transactions.unsigned(transactions.compile_message(payer, budgeted, (), Hash.default()))
        except EncodeError:
            return False
        return True

    # -- doing

    async def run(
        self,
        plans: Iterable[NodePlan],
        *,
        dry_run: bool = False,
        on_progress: Callable[[Progress], None] = lambda progress: None,
    ) -> Progress:
        """Registers what is missing. A node that fails does not stop the others.

        Args:
            plans: the nodes.
            dry_run: only look, and count transactions.
            on_progress: called after each node.
        """
        progress = Progress()
        for chunk in _chunks(iter(plans)):
            gate = asyncio.Semaphore(self._concurrency)

            async def complete(lacks: Remaining, gate: asyncio.Semaphore = gate) -> None:
                async with gate:
                    await self._complete(lacks, progress, dry_run=dry_run)
                progress.nodes += 1
                on_progress(progress)

            await asyncio.gather(*(complete(lacks) for lacks in await self.remaining(chunk)))
        return progress

    async def unsigned(
        self, plans: Iterable[NodePlan]
    ) -> AsyncIterator[tuple[NodePlan, VersionedTransaction]]:
        """The next transaction of each incomplete node, without the attester's signature.

        Each is valid for about a minute. Call again for the next ones once these have landed.
        """
        for chunk in _chunks(iter(plans)):
            for lacks in await self.remaining(chunk):
                if calls := self.calls(lacks):
                    yield lacks.plan, await calls[0].tx(partial=True)

    async def _complete(self, lacks: Remaining, progress: Progress, *, dry_run: bool) -> None:
        if lacks.problem is not None:
            progress.fail(lacks.plan, lacks.problem)
            return
        calls = self.calls(lacks)
        if not calls:
            progress.skipped += 1
            return
        try:
            for call in calls:
                if not dry_run:
                    await call.send()
                progress.transactions += 1
        except IonetError as bad:
            progress.fail(lacks.plan, str(bad))
            return
        progress.registered += 1


def _chunks(plans: Iterator[NodePlan]) -> Iterator[list[NodePlan]]:
    while chunk := list(islice(plans, _CHUNK)):
        yield chunk

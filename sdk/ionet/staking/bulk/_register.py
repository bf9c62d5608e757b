"""Registering planned nodes: in few transactions, several at a time, and only what is not there yet."""

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

#: Nodes that are looked up, and worked on, together.
_CHUNK: Final = 100


@dataclass(frozen=True, slots=True)
class Remaining:
    """What a node lacks.

    Attributes:
        plan: what it shall be.
        steps: instructions with who signs each besides the owner, in order; none when it is all there.
        problem: why it cannot become what it shall be, or None.
    """

    plan: NodePlan
    steps: tuple[tuple[Any, tuple[Signer, ...]], ...] = ()
    problem: str | None = None


@dataclass(slots=True)
class Progress:
    """What a run has done so far.

    Attributes:
        nodes: looked at.
        registered: nodes that were completed by this run.
        skipped: nodes that were complete before.
        transactions: sent, or to be sent in a dry run.
        failed: nodes that could not be completed, with the reason; the first hundred.
        failures: how many in all.
    """

    nodes: int = 0
    registered: int = 0
    skipped: int = 0
    transactions: int = 0
    failed: list[tuple[NodePlan, str]] = field(default_factory=list)
    failures: int = 0

    def fail(self, plan: NodePlan, reason: str) -> None:
        """Notes a node that could not be completed."""
        self.failures += 1
        if len(self.failed) < 100:
            self.failed.append((plan, reason))


class Registration:
    """Registers nodes of a network; the client's signer is the network's authority and will own them.

    Args:
        client: of the network's authority.
        attester: who has challenged the devices; only its address is needed to plan, and to write
            transactions that it signs later.
        keys: keys of the devices.
        args: what every node says of itself.
        payer: who pays the fees; default: the client's signer.
        concurrency: nodes that are worked on at the same time.
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
        """What each of these nodes lacks on the chain."""
        devices = [one.account for plan in plans for one in plan.processors]
        found = dict(
            zip(devices, await self._client.fetch_many(accounts.staking.Device, devices), strict=True)
        )
        nodes = await self._client.fetch_many(accounts.staking.Node, [plan.node for plan in plans])
        return [self._lacking(plan, node, found) for plan, node in zip(plans, nodes, strict=True)]

    def _lacking(
        self,
        plan: NodePlan,
        node: accounts.staking.Node | None,
        known: dict[Pubkey, accounts.staking.Device | None],
    ) -> Remaining:
        owner, address = self._client.address, plan.node
        network = pda.staking.network(owner)
        class_ = pda.staking.class_(plan.kind.id)
        steps: list[tuple[Any, tuple[Signer, ...]]] = []
        for n, one in enumerate(plan.processors):
            device = known[one.account]
            if device is None:
                steps.append(self._device(one, class_))
            elif device.owner != owner:
                name = f"{one.device}/{one.index}"
                return Remaining(plan, problem=f"{name} is registered already, and owned by {device.owner}")
            elif or_none(device.node) not in (None, address):
                return Remaining(plan, problem=f"{one.device}/{one.index} belongs to node {device.node}")
            if n == 0 and node is None:
                args = self._args
                make = ix.staking.register_node(owner=owner, class_=class_, device=one.account, args=args)
                steps.append((make, ()))
            elif n and (device is None or or_none(device.node) is None):
                attach = ix.staking.attach_device(
                    owner=owner,
                    device=one.account,
                    node=address,
                    class_=class_,
                    offer=pda.jobs.offer(address),
                )
                steps.append((attach, ()))
        if node is not None and or_none(node.network) not in (None, network):
            return Remaining(plan, problem=f"it counts to another network, {node.network}")
        if node is None or or_none(node.network) is None:
            steps.append((ix.staking.join_network(authority=owner, node=address, network=network), ()))
        return Remaining(plan, tuple(steps))

    def _device(self, one: Processor, class_: Pubkey) -> tuple[Any, tuple[Signer, ...]]:
        key: Keypair = self._keys.key(one.device, one.index)
        instruction = ix.staking.register_device(
            owner=self._client.address,
            device_key=key.pubkey(),
            attester=self._attester,
            class_=class_,
            fingerprint=one.fingerprint,
        )
        return instruction, (key,) if self._signs is None else (key, self._signs)

    def calls(self, remaining: Remaining) -> list[AsyncCall[None]]:
        """A node's steps in as few transactions as hold them, in order."""
        calls: list[AsyncCall[None]] = []
        instructions: list[Any] = []
        signers: dict[Pubkey, Signer] = {}
        for instruction, more in remaining.steps:
            together = {**signers, **{one.pubkey(): one for one in more}}
            if instructions and not self._fits([*instructions, instruction]):
                calls.append(self._call(instructions, signers))
                instructions, together = [], {one.pubkey(): one for one in more}
            instructions.append(instruction)
            signers = together
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
        """Registers what is missing. A node that cannot be completed stops no other.

        Args:
            plans: the nodes.
            dry_run: only look, and count transactions.
            on_progress: called after each node.
        """
        progress = Progress()
        for chunk in _chunks(iter(plans)):
            gate = asyncio.Semaphore(self._concurrency)

            async def one(lacks: Remaining, gate: asyncio.Semaphore = gate) -> None:
                async with gate:
                    await self._complete(lacks, progress, dry_run=dry_run)
                progress.nodes += 1
                on_progress(progress)

            await asyncio.gather(*(one(lacks) for lacks in await self.remaining(chunk)))
        return progress

    async def unsigned(
        self, plans: Iterable[NodePlan]
    ) -> AsyncIterator[tuple[NodePlan, VersionedTransaction]]:
        """The next transaction of each node that lacks something, without the attester's signature.

        They can land for about a minute. What follows on them is made by another call once they have.
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

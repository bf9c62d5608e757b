"""What a gateway reads from the chain, remembered for a while.

Strangers decide how often it is asked: nodes are read a hundred at a time, the same question is asked once
however many wait for it, and renters, who cost the node most, a few at a time.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Generic, TypeVar

from solders.pubkey import Pubkey

from ionet import AsyncClient, JobState, accounts, pda
from ionet.chain.errors import AccountNotFound, DecodeError, RpcError, TransportError
from ionet.chain.records import decoded_or_none
from ionet.gateway._hub import RegistryUnavailable
from ionet.gateway._streams import Tenancy
from ionet.overlay import LeaseFacts
from ionet.worker._members import lease_facts

#: Seconds for which an answer of the chain is good.
_FRESH: Final = 60.0
#: Seconds for which it is still taken while the chain cannot be asked.
_STALE: Final = 3_600.0
#: Seconds for which a no is good: who has just registered or booked connects at once.
_FRESH_NO: Final = 2.0
_MOST: Final = 100_000
#: Nodes that are read at once, and seconds in which they gather.
_BATCH: Final = 100
_GATHER: Final = 0.02
#: Renters that are looked up at once.
_AT_ONCE: Final = 4
K = TypeVar("K")
V = TypeVar("V")


class _Memory(Generic[K, V]):
    """Answers by question, the oldest forgotten first.

    Args:
        ask: the chain.
    """

    def __init__(self, ask: Callable[[K], Awaitable[V]]) -> None:
        self._ask = ask
        self._kept: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._asking: dict[K, asyncio.Task[V]] = {}

    async def get(self, key: K) -> V:
        now = time.monotonic()
        known = self._kept.get(key)
        if known is not None and now - known[0] < (_FRESH if known[1] else _FRESH_NO):
            return known[1]
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._asked(key))
            task.add_done_callback(lambda done: self._done(key, done))
        try:
            # One of those who wait may go away; the others still want to know.
            return await asyncio.shield(task)
        except (RpcError, TransportError, TimeoutError) as bad:
            if known is not None and now - known[0] < _STALE:
                return known[1]
            raise RegistryUnavailable(f"the chain cannot be asked: {bad}") from bad

    async def _asked(self, key: K) -> V:
        answer = await self._ask(key)
        self._kept[key] = (time.monotonic(), answer)
        self._kept.move_to_end(key)
        if len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return answer

    def _done(self, key: K, task: asyncio.Task[V]) -> None:
        self._asking.pop(key, None)
        if not task.cancelled():
            task.exception()


class ChainRegistry:
    """`Registry` over clients.

    Args:
        clients: of Solana nodes, the preferred first; they need no signer.
    """

    def __init__(self, *clients: AsyncClient) -> None:
        self._clients = clients
        self._devices: _Memory[bytes, bytes | None] = _Memory(self._device)
        self._seats: _Memory[None, frozenset[bytes]] = _Memory(self._keys)
        self._renters: _Memory[bytes, bool] = _Memory(self._rents)
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._batch: dict[bytes, asyncio.Future[bytes | None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def device(self, node: bytes) -> bytes | None:
        """See `Registry.device`."""
        return await self._devices.get(node)

    async def is_seat(self, key: bytes) -> bool:
        """See `Registry.is_seat`."""
        return key in await self._seats.get(None)

    async def is_renter(self, key: bytes) -> bool:
        """See `Registry.is_renter`."""
        return await self._renters.get(key)

    async def _first(self, ask: Callable[[AsyncClient], Awaitable[V]]) -> V:
        return await _first_of(self._clients, ask)

    async def _device(self, node: bytes) -> bytes | None:
        if (waiting := self._batch.get(node)) is None:
            waiting = self._batch[node] = asyncio.get_running_loop().create_future()
            if len(self._batch) == 1:
                self._spawn(self._soon())
            elif len(self._batch) >= _BATCH:
                self._send_batch()
        return await waiting

    async def _soon(self) -> None:
        await asyncio.sleep(_GATHER)
        self._send_batch()

    def _send_batch(self) -> None:
        batch, self._batch = self._batch, {}
        if batch:
            self._spawn(self._read(batch))

    async def _read(self, batch: dict[bytes, asyncio.Future[bytes | None]]) -> None:
        addresses = [Pubkey(node) for node in batch]
        try:
            nodes = await self._first(lambda client: self._nodes(client, addresses))
        except Exception as bad:
            for waiting in batch.values():
                if not waiting.done():
                    waiting.set_exception(bad)
                    waiting.exception()
            return
        for waiting, node in zip(batch.values(), nodes, strict=True):
            if not waiting.done():
                waiting.set_result(None if node is None else bytes(node.device_key))

    @staticmethod
    async def _nodes(client: AsyncClient, addresses: Sequence[Pubkey]) -> list[accounts.staking.Node | None]:
        nodes: list[accounts.staking.Node | None] = []
        for address, account in zip(addresses, await client.accounts(addresses), strict=True):
            try:
                nodes.append(decoded_or_none(accounts.staking.Node, address, account))
            except DecodeError:
                # A stranger has named an account of another kind: no node, and no other's trouble.
                nodes.append(None)
        return nodes

    async def _keys(self, _: None) -> frozenset[bytes]:
        try:
            seats = await self._first(
                lambda client: client.fetch(accounts.proofs.AttesterSet, pda.proofs.ATTESTER_SET)
            )
        except AccountNotFound:
            return frozenset()
        return frozenset(bytes(key) for key in seats.keys[: seats.seats])

    async def _rents(self, key: bytes) -> bool:
        async with self._turns:
            return bool(await self._first(lambda client: client.jobs.find_jobs(renter=Pubkey(key))))

    def _spawn(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class ChainLeases:
    """`ionet.gateway._relays.Leases` over clients.

    Args:
        clients: of Solana nodes, the preferred first; they need no signer.
    """

    def __init__(self, *clients: AsyncClient) -> None:
        self._clients = clients

    async def facts(self, job: bytes) -> LeaseFacts | None:
        """See `Leases.facts`."""
        return await _first_of(self._clients, lambda client: lease_facts(client, job))

    async def now(self) -> int:
        """See `Leases.now`."""
        return await _first_of(self._clients, lambda client: client.time())


class ChainTenancies:
    """`ionet.gateway._streams.Tenancies` over clients.

    Args:
        clients: of Solana nodes, the preferred first; they need no signer.
    """

    def __init__(self, *clients: AsyncClient) -> None:
        self._clients = clients

    async def tenancy(self, job: bytes) -> Tenancy | None:
        """See `Tenancies.tenancy`."""
        try:
            return await _first_of(self._clients, lambda client: _tenancy(client, Pubkey(job)))
        except (RpcError, TransportError) as bad:
            raise RegistryUnavailable(f"the chain cannot be asked: {bad}") from bad


async def _tenancy(client: AsyncClient, job: Pubkey) -> Tenancy | None:
    try:
        account = await client.jobs.get_job(job)
        if account.state != JobState.RUNNING or account.reason or await client.time() >= account.ends_at:
            return None
        node = await client.staking.get_node(account.node)
    except (AccountNotFound, DecodeError):
        return None
    return Tenancy(bytes(account.renter), bytes(node.device_key))


async def _first_of(clients: Sequence[AsyncClient], ask: Callable[[AsyncClient], Awaitable[V]]) -> V:
    """What the first client answers that can be reached."""
    for client in clients[:-1]:
        try:
            return await ask(client)
        except (RpcError, TransportError):
            continue
    return await ask(clients[-1])

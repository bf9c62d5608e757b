"""What a gateway reads from the chain, remembered for a while."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable
from typing import Any, Final, Generic, TypeVar

from solders.pubkey import Pubkey

from ionet import AsyncClient, accounts, pda
from ionet.chain.errors import AccountNotFound, RpcError, TransportError
from ionet.gateway._hub import RegistryUnavailable

#: Seconds for which an answer of the chain is good.
_FRESH: Final = 60.0
#: Seconds for which it is still taken while the chain cannot be asked.
_STALE: Final = 3_600.0
#: Seconds for which a no is good: who has just registered or booked connects at once.
_FRESH_NO: Final = 2.0
_MOST: Final = 100_000
K = TypeVar("K")
V = TypeVar("V")


class _Memory(Generic[K, V]):
    """Answers by question, the oldest forgotten first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[K, tuple[float, V]] = OrderedDict()

    async def get(self, key: K, ask: Awaitable[V]) -> V:
        now = time.monotonic()
        at, value = self._kept.get(key, (None, None))
        fresh = _FRESH if value else _FRESH_NO
        if at is not None and now - at < fresh:
            _unused(ask)
            return value  # type: ignore[return-value]
        try:
            answer = await ask
        except (RpcError, TransportError) as bad:
            if at is not None and now - at < _STALE:
                return value  # type: ignore[return-value]
            raise RegistryUnavailable(f"the chain cannot be asked: {bad}") from bad
        self._kept[key] = (now, answer)
        self._kept.move_to_end(key)
        if len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return answer


def _unused(ask: Any) -> None:
    close = getattr(ask, "close", None)
    if close is not None:
        close()


class ChainRegistry:
    """`Registry` over a client.

    Args:
        client: needs no signer.
    """

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._devices: _Memory[bytes, bytes | None] = _Memory()
        self._seats: _Memory[None, frozenset[bytes]] = _Memory()
        self._renters: _Memory[bytes, bool] = _Memory()

    async def device(self, node: bytes) -> bytes | None:
        """See `Registry.device`."""
        return await self._devices.get(node, self._device(node))

    async def is_seat(self, key: bytes) -> bool:
        """See `Registry.is_seat`."""
        return key in await self._seats.get(None, self._keys())

    async def is_renter(self, key: bytes) -> bool:
        """See `Registry.is_renter`."""
        return await self._renters.get(key, self._rents(key))

    async def _device(self, node: bytes) -> bytes | None:
        try:
            account = await self._client.staking.get_node(Pubkey(node))
        except AccountNotFound:
            return None
        return bytes(account.device_key)

    async def _keys(self) -> frozenset[bytes]:
        try:
            seats = await self._client.fetch(accounts.proofs.AttesterSet, pda.proofs.ATTESTER_SET)
        except AccountNotFound:
            return frozenset()
        return frozenset(bytes(key) for key in seats.keys[: seats.seats])

    async def _rents(self, key: bytes) -> bool:
        return bool(await self._client.jobs.find_jobs(renter=Pubkey(key)))

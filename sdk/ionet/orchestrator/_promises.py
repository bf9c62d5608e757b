"""Whether a node that declines a lease has signed that it gives what the lease takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import httpx

from ionet.executor import Lease
from ionet.executor._capacity import in_force
from ionet.worker import Busy
from ionet.worker._capacities import capacities_at, of_devices


class Declined(Busy):
    """A node's agent does not take a lease, as the node gave less than its manifest asks for."""


class Promises:
    """What nodes have signed, as gateways keep it.

    Args:
        gateways: URLs, ``https://…``.
        device_of: reads the key of a node's device from the chain.
    """

    def __init__(
        self, gateways: Sequence[str], device_of: Callable[[bytes], Awaitable[bytes | None]]
    ) -> None:
        self._gateways, self._device_of = tuple(gateways), device_of

    async def covers(self, lease: Lease, node: bytes, booked_at: int) -> bool:
        """Returns whether what held when a job was booked gives all that the lease's manifest asks for.

        Args:
            lease: the lease.
            node: the node, 32 bytes.
            booked_at: Unix seconds of the chain.

        Raises:
            IonetError: the chain cannot be asked.
        """
        device = await self._device_of(node)
        if device is None:
            return False
        for url in self._gateways:
            try:
                told = await capacities_at(url, [node], every=True)
            except (httpx.HTTPError, ValueError):
                continue  # another gateway may tell
            said = in_force(of_devices(told, {node: device}).get(node, ()), booked_at)
            if any(item.lacks(lease.manifest) is None for item in said):
                return True
        return False

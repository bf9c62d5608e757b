"""The network's store, as workers and orchestrators use it: copies here, files of their own for others."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ionet.store import AsyncHttpStore, AsyncSources, StoreError, StoreUnreachable
from ionet.store.manifest import FileStore


class StoreFiles:
    """Files of gateways' stores.

    Args:
        stores: each signs as the device or the seat that writes; the preferred first.
    """

    def __init__(self, *stores: AsyncHttpStore) -> None:
        self._stores = stores

    async def fetch(self, digest: bytes, store: FileStore, most: int) -> None:
        """Brings a file into a store of this machine, checked; does nothing if it is there.

        Args:
            digest: its sha256.
            store: where to.
            most: bytes; a larger file is not fetched.

        Raises:
            NotStored: the gateway does not have it.
            StoreError: it could not be fetched.
        """
        if digest not in store:
            await AsyncSources(store.root, self._stores).path(digest, most=most)

    async def keep(self, path: Path) -> tuple[bytes, int]:
        """Stores a file for others, and returns its hash, 32 bytes, and its size.

        Raises:
            StoreError: it could not be stored.
            OSError: it cannot be read.
        """
        for number, store in enumerate(self._stores):
            try:
                digest = await store.put(path)
                return digest, (await asyncio.to_thread(path.stat)).st_size
            except StoreUnreachable:
                if number == len(self._stores) - 1:
                    raise
        raise StoreError("no store is configured")

    async def aclose(self) -> None:
        """Closes the connections."""
        for store in self._stores:
            await store.aclose()

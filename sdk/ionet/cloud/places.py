"""Where volumes lie: in a gateway's store, in a bucket of their owner's, or in a folder of theirs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Protocol

from solders.keypair import Keypair

from ionet.store import AsyncBackendStore, AsyncHttpStore, NotStored
from ionet.store._async.sources import AsyncReadable
from ionet.store.backends import Listed
from ionet.store.opening import open_backend
from ionet.store.transfer import KeptFile, Source, Told
from ionet.wire._link import gateway_urls

#: Until when a file is kept that nobody but its owner ends.
ALWAYS: Final = 1 << 62
_IN_MEMORY: Final = 64 << 20


class Place(AsyncReadable, Protocol):
    """A store that says what it keeps for somebody. Errors are those of `AsyncHttpStore`."""

    async def get_bytes(self, digest: bytes | str, *, most: int = _IN_MEMORY) -> bytes:
        """The content of a small file, checked."""
        ...

    async def put(self, source: Source, *, progress: Told | None = None) -> bytes:
        """Stores a file; returns its sha256."""
        ...

    async def kept(self) -> list[KeptFile]:
        """What it keeps, by hash."""
        ...

    async def keep(self, digest: bytes | str, size: int) -> None:
        """Has a file kept for as long as one that is stored now."""
        ...

    async def drop(self, digest: bytes | str) -> None:
        """No longer keeps a file."""
        ...


class AsyncBucket:
    """A bucket, or a folder, as the place of volumes: what is there is its owner's, and stays.

    Args:
        backend: it.
    """

    def __init__(self, backend: Listed) -> None:
        self._backend, self._store = backend, AsyncBackendStore(backend)

    async def size(self, digest: bytes | str) -> int | None:
        """See `AsyncBackendStore`."""
        return await self._store.size(digest)

    async def get(
        self, digest: bytes | str, path: str | Path, *, most: int | None = None, progress: Told | None = None
    ) -> int:
        """See `AsyncBackendStore`."""
        return await self._store.get(digest, path, most=most, progress=progress)

    async def get_bytes(self, digest: bytes | str, *, most: int = _IN_MEMORY) -> bytes:
        """See `Place`."""
        return await self._store.get_bytes(digest, most=most)

    async def put(self, source: Source, *, progress: Told | None = None) -> bytes:
        """See `AsyncBackendStore`."""
        return await self._store.put(source, progress=progress)

    async def kept(self) -> list[KeptFile]:
        """See `Place`."""
        rows = await asyncio.to_thread(lambda: list(self._backend.list()))
        return [KeptFile(digest, size, ALWAYS) for digest, size in sorted(rows)]

    async def keep(self, digest: bytes | str, size: int) -> None:
        """Looks whether a file is there; it stays until it is dropped."""
        if await self.size(digest) is None:
            raise NotStored(f"{self._store!r} has no such file")

    async def drop(self, digest: bytes | str) -> None:
        """See `Place`."""
        await self.keep(digest, 0)
        name = bytes.fromhex(digest) if isinstance(digest, str) else digest
        await asyncio.to_thread(self._backend.remove, name)


@asynccontextmanager
async def opened(place: str | None, gateway: str | None, key: Keypair) -> AsyncIterator[Place]:
    """The place of volumes.

    Args:
        place: what people write for it: `s3://BUCKET…`, a folder, or a gateway's URL; None: the gateway.
        gateway: used where no place is named.
        key: their owner's.

    Raises:
        ConfigError: it cannot be used.
    """
    where = place or gateway
    assert where is not None
    if place is None or place.startswith(("http://", "https://", "ws://", "wss://")):
        async with AsyncHttpStore(gateway_urls(where)[1], key) as store:
            yield store
    else:
        yield AsyncBucket(open_backend(place))

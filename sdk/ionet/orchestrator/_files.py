"""Files at gateways: manifests come from there, and what stands on the chain by its hash goes there."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from ionet.chain.signers import Signer
from ionet.store import AsyncHttpStore, AsyncSources, NotStored
from ionet.store.manifest import MAX_BYTES, FileStore

_log = logging.getLogger(__name__)
#: Digests that wait for their upload, and that are remembered as uploaded.
_WAITING: Final = 20_000
_REMEMBERED: Final = 100_000
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 60.0


class GatewayFiles:
    """The stores of some gateways, and a directory of this machine.

    What is to be uploaded is kept in memory: it is lost with the process, and put again with the next word
    on its job.

    Args:
        urls: the gateways', as `gateway_urls` makes them for files.
        signer: the seat, which writes.
        store: this machine's.
    """

    def __init__(self, urls: Sequence[str], signer: Signer, store: FileStore) -> None:
        self._stores = tuple(AsyncHttpStore(url, signer, retries=1) for url in urls)
        self._store = store
        self._waiting: OrderedDict[bytes, set[int]] = OrderedDict()
        self._done: OrderedDict[bytes, None] = OrderedDict()
        self._more = asyncio.Event()
        #: Why the last upload failed, or None.
        self.problem: str | None = None

    @property
    def waiting(self) -> int:
        """How many files wait for their upload."""
        return len(self._waiting)

    async def fetch(self, digest: bytes, most: int) -> None:
        """Brings a file of at most so many bytes into this machine's store, checked.

        Raises:
            StoreError: no gateway has it, or it could not be fetched, or it is larger.
        """
        if digest not in self._store:
            await AsyncSources(self._store.root, self._stores).path(digest, most=most)

    async def fetch_manifest(self, digest: bytes) -> None:
        """Brings a manifest into this machine's store, checked; does nothing where no gateway has it.

        Raises:
            StoreError: it could not be fetched, or is larger than a manifest may be.
        """
        with suppress(NotStored):
            await self.fetch(digest, MAX_BYTES)

    def publish(self, digest: bytes) -> None:
        """Has a file of this machine's store uploaded to every gateway, some time."""
        if digest in self._done or digest in self._waiting:
            return
        self._waiting[digest] = set(range(len(self._stores)))
        while len(self._waiting) > _WAITING:
            self._waiting.popitem(last=False)
        self._more.set()

    async def run(self) -> None:
        """Uploads what waits, until it is cancelled. A gateway that fails is tried again, later and later."""
        pause = _FIRST_PAUSE
        while True:
            self._more.clear()
            failed = False
            for digest in list(self._waiting):
                failed = not await self._upload(digest) or failed
            pause = min(2 * pause, _LONGEST_PAUSE) if failed else _FIRST_PAUSE
            if failed:
                await asyncio.sleep(pause)
            elif not self._waiting:
                self.problem = None
                await self._more.wait()

    async def _upload(self, digest: bytes) -> bool:
        missing = self._waiting.get(digest, set())
        for number in sorted(missing):
            try:
                await self._stores[number].put(self._store.path(digest))
            except NotStored:
                missing.clear()  # gone from this machine
                break
            except Exception as bad:
                # Other files wait, too.
                if self.problem != str(bad):
                    self.problem = str(bad)
                    _log.warning("%s is not uploaded yet: %s", digest.hex(), bad)
            else:
                missing.discard(number)
        if missing:
            return False
        self._waiting.pop(digest, None)
        self._done[digest] = None
        while len(self._done) > _REMEMBERED:
            self._done.popitem(last=False)
        return True

    async def aclose(self) -> None:
        """Closes the connections."""
        for store in self._stores:
            await store.aclose()

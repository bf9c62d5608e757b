"""Fetches the evidence of reports by its hash from stores that the operator has named, and from nowhere else.

What a report says of where its evidence lies is never asked: strangers write that. A store that sends what
has another hash is passed by.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from ionet.chain.errors import IonetError
from ionet.store import HttpStore, NotStored

_log = logging.getLogger(__name__)
#: Bytes of a file; of all that are kept; and of what is fetched within an hour, whatever readers ask for.
LARGEST: Final = 512 << 20
ROOM: Final = 8 << 30
BUDGET: Final = 8 << 30
_HOUR: Final = 3_600.0
#: Seconds after which what could not be had is asked for again; files that wait, and failures that are known.
_AGAIN: Final = 300.0
_WAITING: Final = 200
_FAILURES: Final = 2_000
#: Seconds without a byte, and attempts after the first, of one store.
_PATIENCE: Final = 10.0
_RETRIES: Final = 2
_ABSENT: Final = "no store that this explorer asks has the evidence of this report"
_SPENT: Final = "much evidence was fetched within the hour; ask again later"


class Fetching:
    """Files of evidence, fetched one after the other.

    Args:
        stores: URLs of gateways, asked in turn.
        folder: where files go; it is made, and what is in it is removed for newer files.
        room: bytes of all files in it.
        budget: bytes that are fetched within an hour.
        clock: seconds.
    """

    def __init__(
        self,
        stores: Sequence[str],
        folder: Path,
        *,
        room: int = ROOM,
        budget: int = BUDGET,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stores = [HttpStore(url, timeout=_PATIENCE, retries=_RETRIES) for url in stores]
        self._folder, self._room, self._budget, self._clock = folder, room, budget, clock
        self._due: list[bytes] = []
        self._failed: OrderedDict[bytes, tuple[float, str]] = OrderedDict()
        self._spent: deque[tuple[float, int]] = deque()
        self._lock, self._working = threading.Lock(), False

    def path(self, digest: bytes) -> Path:
        """Where a file is once it was fetched."""
        return self._folder / digest.hex()

    def ask(self, digest: bytes) -> str:
        """Has a file fetched; says why it cannot be had, or nothing while it is on its way."""
        with self._lock:
            until, why = self._failed.get(digest, (0.0, ""))
            if why and self._clock() < until:
                return why
            if digest not in self._due:
                # The one that is asked for last is fetched first, and old questions are forgotten.
                self._due = [*self._due, digest][-_WAITING:]
            if not self._working:
                self._working = True
                threading.Thread(target=self._work, daemon=True).start()
        return ""

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._due:
                    self._working = False
                    return
                digest = self._due[-1]
            try:
                why = self._fetched(digest)
            except Exception as bad:  # whatever is wrong with a disk, the next one is fetched
                _log.warning("evidence %s is not fetched: %s", digest.hex(), bad)
                why = "the evidence of this report could not be kept"
            with self._lock:
                self._due = [each for each in self._due if each != digest]
                self._failed.pop(digest, None)
                if why:
                    self._failed[digest] = (self._clock() + _AGAIN, why)
                while len(self._failed) > _FAILURES:
                    self._failed.popitem(last=False)

    def _fetched(self, digest: bytes) -> str:
        """Fetches a file from the first store that has it; says why not if there is none."""
        if self.path(digest).exists():
            return ""
        if self._left() <= 0:
            return _SPENT
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        why = _ABSENT
        for store in self._stores:
            try:
                size = store.get(digest, self.path(digest), most=min(LARGEST, self._room))
            except NotStored:
                continue
            except IonetError as bad:
                _log.warning("evidence %s is not fetched: %s", digest.hex(), bad)
                why = "a store that this explorer asks does not give the evidence of this report"
            else:
                self._spent.append((self._clock(), size))
                self._make_room(digest)
                return ""
        return why

    def _left(self) -> int:
        """Bytes that may still be fetched within this hour."""
        while self._spent and self._spent[0][0] < self._clock() - _HOUR:
            self._spent.popleft()
        return self._budget - sum(size for _, size in self._spent)

    def _make_room(self, digest: bytes) -> None:
        """Removes the files that were fetched first until the others fit."""
        files = [(path.stat(), path) for path in self._folder.iterdir() if path.is_file()]
        total = sum(told.st_size for told, _ in files)
        for told, path in sorted(files, key=lambda each: each[0].st_mtime_ns):
            if total <= self._room:
                return
            if path != self.path(digest):
                path.unlink(missing_ok=True)
                total -= told.st_size

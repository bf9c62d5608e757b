"""The newest part of what a box prints."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

#: A box that prints faster waits, instead of wearing out the disk: bytes per second.
RATE: Final = 16 << 20
_BLOCK: Final = 1 << 16


class Ring:
    """Keeps the newest bytes in two files of half the size: `path`, and before it `path` with `.1` appended.

    Args:
        path: the newer file.
        size: bytes of both together.
    """

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._half = max(size // 2, 1)
        self._file = path.open("ab", buffering=0)
        self._since = time.monotonic()
        self._written = 0

    def pump(self, descriptor: int) -> bool | None:
        """Moves what can be read from a non-blocking descriptor into the files.

        Returns:
            True if there was something, False if there is nothing now, None at its end.
        """
        try:
            data = os.read(descriptor, min(_BLOCK, self._half))
        except BlockingIOError:
            return False
        if not data:
            return None
        if self._file.tell() + len(data) > self._half:
            self._file.close()
            self._path.replace(older(self._path))
            self._file = self._path.open("ab", buffering=0)
        self._file.write(data)
        self._pace(len(data))
        return True

    def _pace(self, size: int) -> None:
        self._written += size
        ahead = self._written / RATE - (time.monotonic() - self._since)
        if ahead > 0:
            time.sleep(ahead)
        elif ahead < -1:
            self._since, self._written = time.monotonic(), 0

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def older(path: Path) -> Path:
    """Returns where the older half is."""
    return path.with_name(f"{path.name}.1")


def read(path: Path) -> bytes:
    """Returns what is kept, in order."""
    return b"".join(half.read_bytes() for half in (older(path), path) if half.exists())

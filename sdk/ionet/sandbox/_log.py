"""The latest output of a box."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

#: Bytes per second; a box that prints faster has to wait, so that it does not wear out the disk.
RATE: Final = 16 << 20
_BLOCK: Final = 1 << 16


class Ring:
    """Keeps the latest bytes in two files of half the size: `path`, and the older `path` with `.1` appended.

    Args:
        path: the newer file.
        size: bytes of both files together.
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
            True if there were bytes, False if there are none now, None at the end.
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
    """Returns the path of the older half."""
    return path.with_name(f"{path.name}.1")


def read(path: Path) -> bytes:
    """Returns what is kept, in order."""
    return b"".join(half.read_bytes() for half in (older(path), path) if half.exists())


class Follower:
    """Reads what is added to a `Ring`, from the outside.

    Args:
        path: the newer file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inode = 0
        self._at = 0

    def new(self) -> Iterator[bytes]:
        """Yields what was added since the last call, without what is no longer kept."""
        with contextlib.ExitStack() as open_files:
            halves: dict[int, IO[bytes]] = {}
            # The newer one first: if the files are rotated between the two opens, both are the same file, and
            # nothing is lost.
            for half in (self._path, older(self._path)):
                with contextlib.suppress(FileNotFoundError):
                    file = open_files.enter_context(half.open("rb"))
                    halves.setdefault(os.fstat(file.fileno()).st_ino, file)
            order = list(reversed(halves))
            for inode in order[order.index(self._inode) if self._inode in order else 0 :]:
                if inode != self._inode:
                    self._inode, self._at = inode, 0
                halves[inode].seek(self._at)
                while block := halves[inode].read(_BLOCK):
                    self._at += len(block)
                    yield block

"""The two ends of a transfer: what is sent, and the file that what comes goes into."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Self, TypeAlias, TypeVar

from ionet.store.backends import PART, hash_file
from ionet.store.errors import StoreError

T = TypeVar("T")

#: Told bytes done and bytes in all, each time something has come or gone.
Told: TypeAlias = Callable[[int, int], None]
#: What can be put: a file's path, or the content itself.
Source: TypeAlias = str | Path | bytes

#: How the name of a file ends that is not whole yet.
_PARTIAL: Final = ".part"


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that a store keeps for a key.

    Attributes:
        digest: sha256 of its content.
        size: bytes.
        until: unix time; longer if the chain still allows it then.
    """

    digest: bytes
    size: int
    until: int


class AsyncThreads:
    """Runs what waits for the disk."""

    @staticmethod
    async def run(function: Callable[..., T], *args: Any) -> T:
        """What the function returns, from a thread."""
        return await asyncio.to_thread(function, *args)


class Threads:
    """Runs what waits for the disk."""

    @staticmethod
    def run(function: Callable[..., T], *args: Any) -> T:
        """What the function returns."""
        return function(*args)


class Content:
    """What is sent: its hash and length are known first.

    Args:
        source: a file's path, or the content.

    Raises:
        StoreError: it is not a file.
        OSError: the file cannot be read.
    """

    def __init__(self, source: Source) -> None:
        if isinstance(source, bytes):
            self.digest, self.size = hashlib.sha256(source).digest(), len(source)
            self.name = f"{self.size} bytes"
            self._file: BinaryIO = io.BytesIO(source)
            return
        path = Path(source)
        if not path.is_file():
            raise FileNotFoundError(2, "no such file" if not path.exists() else "not a file", str(path))
        self.name = str(path)
        self.digest, self.size = hash_file(path)
        self._file = path.open("rb")

    def read(self, offset: int, most: int) -> bytes:
        """Bytes from `offset` on, one or more.

        Raises:
            StoreError: the file ends there.
        """
        self._file.seek(offset)
        part = self._file.read(min(most, PART))
        if not part:
            raise StoreError(f"{self.name} has become shorter while it was sent; put it again")
        return part

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


class Partial:
    """A file on its way to `target`, beside it; what an earlier attempt left there is gone on with.

    Args:
        target: where the content goes once it is whole.
        digest: its sha256.

    Raises:
        StoreError: another process is at it.
        OSError: the file cannot be written.
    """

    def __init__(self, target: Path, digest: bytes) -> None:
        self._target, self._digest = target, digest
        self.path = target.parent / f".{target.name[:100]}.{digest.hex()[:16]}{_PARTIAL}"
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
        self._file = os.fdopen(os.open(self.path, flags, 0o600), "r+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._hasher, self.size = hashlib.sha256(), 0
            #: Whether some of it is from an earlier attempt, whose bytes may be of anything.
            self.old = False
            while part := self._file.read(PART):
                self._hasher.update(part)
                self.size += len(part)
                self.old = True
        except BlockingIOError:
            self._file.close()
            raise StoreError(f"{target} is being fetched by another process") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()
        if self.size == 0:
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)

    def add(self, part: bytes) -> None:
        """Adds what came."""
        self._file.write(part)
        self._hasher.update(part)
        self.size += len(part)

    def flush(self) -> None:
        """What came is in the file."""
        self._file.flush()

    def restart(self) -> None:
        """Begins again with nothing."""
        self._file.seek(0)
        self._file.truncate()
        self._hasher, self.size, self.old = hashlib.sha256(), 0, False

    def finish(self) -> bool:
        """Moves the whole file to its place; returns False, and keeps nothing, if its hash is another."""
        if self._hasher.digest() != self._digest:
            self.restart()
            return False
        self._file.flush()
        os.fsync(self._file.fileno())
        self.path.replace(self._target)
        return True

    def seen(self) -> str:
        """The sha256 of what is here, hex."""
        return str(self._hasher.hexdigest())

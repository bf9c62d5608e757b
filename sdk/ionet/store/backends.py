"""Where a store's bytes lie: a directory, or a bucket. Content is addressed by its sha256.

A backend is given only content whose hash was checked, and does not check what it gives: whoever reads, does.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from ionet.chain.files import state_folder
from ionet.store.errors import NotStored, StoreError

#: Bytes that are read and written at once.
PART: Final = 1 << 20

_HEX: Final = re.compile(r"[0-9a-f]{64}")


class Backend(Protocol):
    """Bytes by their sha256. Its methods wait; coroutines call them in threads, several at a time."""

    def size(self, digest: bytes) -> int | None:
        """The length of a content, bytes; None if it is not here.

        Raises:
            StoreError: it cannot be known.
        """
        ...

    def read(self, digest: bytes, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` to before `stop`, in parts of at most `PART`; not checked.

        Raises:
            NotStored: there is no such content.
            StoreError: it cannot be read.
        """
        ...

    def add(self, digest: bytes, path: Path, *, move: bool = False) -> None:
        """Stores a file's content, whole or not at all; storing it again changes nothing.

        Args:
            digest: its sha256.
            path: the file.
            move: the content was checked, and the file is no longer needed: it is gone afterwards.

        Raises:
            StoreError: the file's content has another hash, or it cannot be stored.
            OSError: the disk is full.
        """
        ...

    def remove(self, digest: bytes) -> None:
        """Forgets a content; does nothing if it is not here.

        Raises:
            StoreError: it cannot be removed.
        """
        ...


class Listed(Backend, Protocol):
    """Bytes by their sha256, which can be listed."""

    def list(self) -> Iterator[tuple[bytes, int]]:
        """Hash and size of each."""
        ...


def as_digest(digest: bytes | str) -> bytes:
    """A sha256, given as 32 bytes or as 64 lower-case hex digits.

    Raises:
        StoreError: it is neither.
    """
    if isinstance(digest, str):
        if not _HEX.fullmatch(digest):
            raise StoreError(f"{digest[:80]!r} is not a sha256 in 64 lower-case hex digits")
        return bytes.fromhex(digest)
    if len(digest) != 32:
        raise StoreError(f"a content address has 32 bytes, got {len(digest)}")
    return digest


def hash_file(path: Path) -> tuple[bytes, int]:
    """The sha256 of a file's content, and its length in bytes."""
    hasher, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while part := file.read(PART):
            hasher.update(part)
            size += len(part)
    return hasher.digest(), size


class Directory:
    """The files of a directory, laid out as `ionet.store.manifest.FileStore` does; both may use one.

    Args:
        root: made if it is missing.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        state_folder(self.root)
        (self.root / "objects").mkdir(exist_ok=True)

    def __repr__(self) -> str:
        return f"the directory {self.root}"

    def path(self, digest: bytes) -> Path:
        """Where a content lies, or would lie."""
        text = as_digest(digest).hex()
        return self.root / "objects" / text[:2] / text[2:]

    def size(self, digest: bytes) -> int | None:
        """See `Backend`."""
        try:
            return self.path(digest).stat().st_size
        except FileNotFoundError:
            return None

    def read(self, digest: bytes, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """See `Backend`."""
        try:
            file = self.path(digest).open("rb")
        except FileNotFoundError:
            raise NotStored(f"no object {digest.hex()} in {self.root}") from None
        return _parts_of(file, start, stop)

    def add(self, digest: bytes, path: Path, *, move: bool = False) -> None:
        """See `Backend`."""
        target = self.path(digest)
        target.parent.mkdir(exist_ok=True)
        if move and _same_disk(path, target.parent):
            path.replace(target)
        else:
            temporary = target.parent / f".{secrets.token_hex(8)}"
            try:
                _copy(path, temporary, digest)
                temporary.replace(target)
            finally:
                temporary.unlink(missing_ok=True)
            if move:
                path.unlink()
        _sync_folder(target.parent)

    def remove(self, digest: bytes) -> None:
        """See `Backend`."""
        self.path(digest).unlink(missing_ok=True)

    def list(self) -> Iterator[tuple[bytes, int]]:
        """Hash and size of each file."""
        for path in (self.root / "objects").glob("??/*"):
            if _HEX.fullmatch(name := path.parent.name + path.name):
                yield bytes.fromhex(name), path.stat().st_size

    def room(self) -> int:
        """Bytes that the disk has left."""
        return shutil.disk_usage(self.root).free


def _parts_of(file: BinaryIO, start: int, stop: int | None) -> Iterator[bytes]:
    with file:
        file.seek(start)
        left = None if stop is None else stop - start
        while part := file.read(PART if left is None else min(PART, left)):
            yield part
            left = None if left is None else left - len(part)


def _same_disk(path: Path, folder: Path) -> bool:
    return path.stat().st_dev == folder.stat().st_dev


def _copy(path: Path, target: Path, digest: bytes) -> None:
    hasher = hashlib.sha256()
    with path.open("rb") as source, target.open("xb") as file:
        while part := source.read(PART):
            hasher.update(part)
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
    if hasher.digest() != digest:
        raise StoreError(f"{path} has changed while it was stored; nothing was kept")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

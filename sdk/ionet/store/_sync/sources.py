# Generated from store/_async/sources.py by scripts/codegen; do not edit.
"""Stores that are tried in turn, and stores whose bytes are reached directly."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from ionet.store.backends import Backend, Directory, as_digest
from ionet.store.errors import NotStored, StoreError, StoreUnreachable
from ionet.store.transfer import Content, Partial, Source, Threads, Told


class Readable(Protocol):
    """A store that can be read: `HttpStore`, `BackendStore`, or several as `Sources`."""

    def size(self, digest: bytes | str) -> int | None:
        """Bytes of a file; None if it is not there."""
        ...

    def get(
        self,
        digest: bytes | str,
        path: str | Path,
        *,
        most: int | None = None,
        progress: Told | None = None,
    ) -> int:
        """Fetches a file, checked; returns its size in bytes."""
        ...


class BackendStore:
    """A directory or a bucket as a store, without a gateway: it decides itself who may write.

    Args:
        backend: where the bytes lie.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def __repr__(self) -> str:
        return repr(self._backend)

    def size(self, digest: bytes | str) -> int | None:
        """Bytes of a file; None if it is not there."""
        return Threads.run(self._backend.size, as_digest(digest))

    def has(self, digest: bytes | str) -> bool:
        """Whether a file is there."""
        return self.size(digest) is not None

    def get(
        self,
        digest: bytes | str,
        path: str | Path,
        *,
        most: int | None = None,
        progress: Told | None = None,
    ) -> int:
        """Fetches a file, as `HttpStore.get` does.

        Raises:
            NotStored: it is not there.
            StoreError: it is too large, or has another hash than its name.
            OSError: the file cannot be written.
        """
        wanted = as_digest(digest)
        size = self.size(wanted)
        if size is None:
            raise NotStored(f"{self!r} has no file {wanted.hex()}")
        if most is not None and size > most:
            raise StoreError(f"{wanted.hex()} has {size} bytes; at most {most} are wanted")
        with Threads.run(Partial, Path(path), wanted) as partial:
            Threads.run(self._copy, wanted, size, partial, progress)
            seen = partial.seen()
            if not Threads.run(partial.finish):
                raise StoreError(f"{wanted.hex()} of {self!r} has the sha256 {seen}; nothing was kept")
        return size

    def get_bytes(self, digest: bytes | str, *, most: int = 64 << 20) -> bytes:
        """The content of a small file, checked; errors as for `get`."""
        with TemporaryDirectory(prefix="ionet-") as folder:
            path = Path(folder) / "file"
            self.get(digest, path, most=most)
            return Threads.run(path.read_bytes)

    def _copy(self, digest: bytes, size: int, partial: Partial, progress: Told | None) -> None:
        partial.restart()
        for part in self._backend.read(digest):
            partial.add(part)
            if partial.size > size:
                raise StoreError(f"{digest.hex()} of {self!r} has more than its {size} bytes")
            if progress is not None:
                progress(partial.size, size)

    def put(self, source: Source, *, progress: Told | None = None) -> bytes:
        """Stores a file; returns its sha256.

        Raises:
            StoreError: it cannot be stored.
            OSError: the file cannot be read, or the disk is full.
        """
        content = Threads.run(Content, source)
        content.close()
        if not self.has(content.digest):
            if isinstance(source, bytes):
                with TemporaryDirectory(prefix="ionet-") as folder:
                    path = Path(folder) / "file"
                    Threads.run(path.write_bytes, source)
                    Threads.run(self._backend.add, content.digest, path)
            else:
                Threads.run(self._backend.add, content.digest, Path(source))
        if progress is not None:
            progress(content.size, content.size)
        return content.digest

    def close(self) -> None:
        """Does nothing: nothing stays open."""


class Sources:
    """Stores that are asked in turn, after a directory that keeps what was fetched.

    Args:
        local: the directory, also a `FileStore`'s.
        stores: asked in this order.
    """

    def __init__(self, local: Directory | str | Path, stores: Sequence[Readable]) -> None:
        self.local = local if isinstance(local, Directory) else Directory(local)
        self._stores = tuple(stores)

    def __repr__(self) -> str:
        return ", ".join(map(repr, (self.local, *self._stores)))

    def size(self, digest: bytes | str) -> int | None:
        """Bytes of a file; None if none of the stores has it.

        Raises:
            StoreUnreachable: none has it, and one of them gave no answer.
        """
        size = Threads.run(self.local.size, as_digest(digest))
        failed: StoreError | None = None
        for store in self._stores:
            if size is None:
                try:
                    size = store.size(digest)
                except StoreError as bad:
                    failed = failed or bad
        if size is None and failed is not None:
            raise StoreUnreachable(
                f"no store that answers has {as_digest(digest).hex()}: {failed}"
            ) from failed
        return size

    def path(self, digest: bytes | str, *, most: int | None = None, progress: Told | None = None) -> Path:
        """Where the local directory has a file, which is fetched if it is not there yet.

        Args:
            digest: sha256 of the content.
            most: bytes; a larger file is not fetched.
            progress: told bytes done and bytes in all.

        Raises:
            NotStored: none of the stores has it.
            StoreUnreachable: none gave it, and one of them gave no answer; it may be there later.
            StoreError: it is too large, or what the stores send has another hash.
            OSError: the disk is full.
        """
        wanted = as_digest(digest)
        target = self.local.path(wanted)
        if Threads.run(self.local.size, wanted) is not None:
            return target
        Threads.run(_make, target.parent)
        absent, failed = [], []
        for store in self._stores:
            try:
                store.get(wanted, target, most=most, progress=progress)
            except NotStored as bad:
                absent.append(bad)
            except StoreError as bad:
                failed.append(bad)
            else:
                return target
        if not failed:
            raise NotStored(f"no store has {wanted.hex()}; asked: {self!r}")
        text = f"{wanted.hex()} could not be fetched: " + "; ".join(map(str, failed))
        if any(isinstance(bad, StoreUnreachable) for bad in failed):
            raise StoreUnreachable(text) from failed[0]
        raise StoreError(text) from failed[0]

    def get(
        self,
        digest: bytes | str,
        path: str | Path,
        *,
        most: int | None = None,
        progress: Told | None = None,
    ) -> int:
        """Fetches a file to a path, and into the local directory; returns its size. Errors as for `path`."""
        self.path(digest, most=most, progress=progress)
        return BackendStore(self.local).get(digest, path, most=most)

    def get_bytes(self, digest: bytes | str, *, most: int = 64 << 20) -> bytes:
        """The content of a small file, checked; errors as for `path`."""
        with TemporaryDirectory(prefix="ionet-") as folder:
            path = Path(folder) / "file"
            self.get(digest, path, most=most)
            return Threads.run(path.read_bytes)


def _make(folder: Path) -> None:
    folder.mkdir(exist_ok=True)

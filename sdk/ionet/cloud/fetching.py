"""A program's files, from the store into a folder: each checked by its hash, none outside of the folder."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from solders.keypair import Keypair

from ionet.cloud.errors import OutputsRefused
from ionet.executor import StoredOutput
from ionet.formats.text import printable
from ionet.store.backends import hash_file
from ionet.store.sealed import SEALED, NotSealed, unseal_file
from ionet.store.transfer import Told

if TYPE_CHECKING:
    from ionet.store._async.sources import AsyncReadable

#: Bytes of a name's part that file systems take, less what the name of a file on its way needs.
_LONGEST: Final = 200
#: Told the name of a file, bytes done and bytes in all.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What lies in a folder now.

    Attributes:
        folder: which.
        files: paths below it, in the order of their names.
        size: bytes of all of them.
    """

    folder: Path
    files: tuple[Path, ...]
    size: int


async def fetch(
    store: AsyncReadable,
    outputs: Sequence[StoredOutput],
    folder: Path,
    *,
    force: bool = False,
    progress: Progress | None = None,
    key: Keypair | None = None,
) -> Fetched:
    """Fetches files into a folder, which is made if there is anything to put there.

    A file that is there with this content is left alone; one with other content is replaced by `force` only.

    With the renter's keypair, files that were sealed for them are opened, and the end `.age` of names is
    left out; without it they stay sealed.

    Args:
        store: where they are.
        outputs: which.
        folder: where they go.
        force: replace files.
        progress: told how far each is.
        key: the renter's.

    Raises:
        OutputsRefused: some have names that are not paths inside the folder, or would replace files; the
            others were fetched.
        NotStored, StoreError: one cannot be fetched, or what the store sends has another hash.
        OSError: one cannot be written.
    """
    refused, files, size, taken = [], [], 0, set[str]()
    for item in sorted(outputs, key=lambda item: item.name):
        opens = key is not None and item.name.endswith(SEALED)
        name = item.name.removesuffix(SEALED) if opens else item.name
        why = _name_problem(name, taken) or _place_problem(folder, item, name, force=force)
        taken.add(name)
        if why is not None:
            refused.append((printable(item.name[:_LONGEST]), why))
            continue
        path = folder / name
        if not _is(path, item):
            path.parent.mkdir(parents=True, exist_ok=True)
            told = None if progress is None else _told(progress, name)
            if key is not None and opens:
                await _unsealed(store, item, path, key, told)
            else:
                await store.get(item.sha256, path, most=item.size, progress=told)
        files.append(path)
        size += path.stat().st_size
    if refused:
        raise OutputsRefused(refused, files)
    return Fetched(folder, tuple(files), size)


async def _unsealed(
    store: AsyncReadable, item: StoredOutput, path: Path, key: Keypair, told: Told | None
) -> None:
    """Fetches a sealed file, and opens it. What was not sealed for the key stays what it is."""
    with TemporaryDirectory(prefix=".ionet-", dir=path.parent) as folder:
        place = Path(folder) / "sealed"
        await store.get(item.sha256, place, most=item.size, progress=told)
        try:
            await asyncio.to_thread(unseal_file, place, path, key)
        except NotSealed:
            place.replace(path)


def _told(progress: Progress, name: str) -> Callable[[int, int], None]:
    return lambda done, total: progress(name, done, total)


def _name_problem(name: str, taken: set[str]) -> str | None:
    """Why a name is not one of a file below a folder."""
    parts = name.split("/")
    if not name or any(part in ("", ".", "..") for part in parts):
        return "the name is not a path inside the folder"
    if printable(name) != name or "\\" in name:
        return "the name has characters that do not print, or a backslash"
    if any(len(part.encode()) > _LONGEST for part in parts):
        return "the name is too long"
    if name in taken or any("/".join(parts[:count]) in taken for count in range(1, len(parts))):
        return "another of its files has this name"
    return None


def _place_problem(folder: Path, item: StoredOutput, name: str, *, force: bool) -> str | None:
    """Why nothing may be written at a file's place: a link on the way could lead anywhere."""
    path = folder / name
    for above in (path, *path.parents):
        if above == folder:
            break
        try:
            mode = above.lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            continue
        if stat.S_ISLNK(mode):
            return f"{above.relative_to(folder)} in the folder is a link"
        if above == path and not stat.S_ISREG(mode):
            return "a folder, or something else that is no file, has this name"
        if above != path and not stat.S_ISDIR(mode):
            return f"{above.relative_to(folder)} in the folder is a file"
    if path.exists() and not force and not _is(path, item):
        return "another file has this name; --force replaces it"
    return None


def _is(path: Path, item: StoredOutput) -> bool:
    try:
        return path.stat().st_size == item.size and hash_file(path)[0] == item.sha256
    except OSError:
        return False

"""Reads the stream of a box's second container. Nothing in it is trusted: files are named by their hash."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

_LINE: Final = 8192
_BLOCK: Final = 1 << 20
_NAME: Final = 1024
_PART: Final = 255
_WHY: Final = 64
#: Skipped things that are listed by name.
_SKIPPED: Final = 1000


@dataclass(frozen=True, slots=True)
class File:
    """A file that a box left.

    Attributes:
        name: relative POSIX path, without `..`.
        sha256: its content's hash, 32 bytes.
        size: bytes.
        path: where its content is now.
    """

    name: str
    sha256: bytes
    size: int
    path: Path


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that a box left and that was not gathered.

    Attributes:
        name: its name as the box gave it, made printable.
        why: the reason.
    """

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a box left.

    Attributes:
        files: in the order of their names.
        skipped: the first 1,000 things that were not gathered.
        complete: whether everything was read; if not, these are the files before the stream broke.
    """

    files: tuple[File, ...]
    skipped: tuple[Skipped, ...]
    complete: bool


def read(stream: IO[bytes], into: Path, size_limit: int, file_limit: int) -> Gathered:
    """Reads the stream to its end, or to the first thing in it that is malformed or over a limit.

    Args:
        stream: see `ionet.sandbox._collector`.
        into: directory for the contents.
        size_limit: bytes of all files together.
        file_limit: number of files.
    """
    files: dict[str, File] = {}
    directories: set[str] = set()
    skipped: list[Skipped] = []
    room = size_limit
    complete = False
    while (head := _head(stream)) is not None:
        if head.get("end") is True:
            complete = True
            break
        if "skip" in head:
            if len(skipped) < _SKIPPED:
                skipped.append(Skipped(_printable(head["skip"], _NAME), _printable(head.get("why"), _WHY)))
            continue
        name, size = head.get("path"), head.get("size")
        if type(name) is not str or type(size) is not int or not _is_safe(name) or name in files:
            break
        if not 0 <= size <= room or len(files) == file_limit:
            break
        above = {str(path) for path in PurePosixPath(name).parents}
        if name in directories or not above.isdisjoint(files):
            break
        directories |= above
        digest = _store(stream, into, size)
        if digest is None:
            break
        room -= size
        files[name] = File(name, digest, size, into / digest.hex())
    return Gathered(tuple(files[name] for name in sorted(files)), tuple(skipped), complete)


def _head(stream: IO[bytes]) -> dict[str, Any] | None:
    line = stream.readline(_LINE)
    try:
        head = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return head if isinstance(head, dict) else None


def _is_safe(name: str) -> bool:
    if not name.isprintable() or len(name) > _NAME or name.startswith("/") or "\\" in name:
        return False
    parts = name.split("/")
    return not {"", ".", ".."} & set(parts) and all(len(part.encode()) <= _PART for part in parts)


def _printable(value: object, limit: int) -> str:
    return ascii(value)[:limit] if not isinstance(value, str) or not value.isprintable() else value[:limit]


def _store(stream: IO[bytes], into: Path, size: int) -> bytes | None:
    digest = hashlib.sha256()
    part = into / "part"
    with part.open("wb") as file:
        while size:
            block = stream.read(min(size, _BLOCK))
            if not block:
                break
            digest.update(block)
            file.write(block)
            size -= len(block)
    if size:
        part.unlink()
        return None
    part.replace(into / digest.hexdigest())
    return digest.digest()

"""Copies folders into a box and out of it, over SFTP; what is there already, unchanged, is not sent again.

A box runs code that others wrote, so what it says of its files is not trusted: names that lead elsewhere and
whatever is neither a file nor a folder are left out, and nothing is written through a link.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from ionet.cloud.access import AsyncAccess
from ionet.cloud.errors import NoAccess, NotCopied
from ionet.wire.ssh import library

if TYPE_CHECKING:
    import asyncssh

#: Files of one copy, and folders in each other.
_MOST: Final = 100_000
_DEPTH: Final = 64
_LONGEST: Final = 255


@dataclass(slots=True)
class Copied:
    """What has become of a copy.

    Attributes:
        files: copied, by their paths below the folder.
        same: how many were there already.
        skipped: what was left out, and why.
    """

    files: list[str] = field(default_factory=list)
    same: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)


async def send(
    access: AsyncAccess, source: Path, target: str, tell: Callable[[str], None] = lambda name: None
) -> Copied:
    """Copies a file, or what is in a folder, into a box.

    Args:
        access: to the box.
        source: on this machine.
        target: in the box; what is relative is below the cluster's working directory.
        tell: told each file's path before it is sent.

    Raises:
        NotCopied: something could not be read here or written there.
        NoAccess: the box cannot be reached.
    """
    is_file, done = _is_file(source), Copied()
    async with _Files(access) as sftp:
        if is_file:
            inside = f"{target.rstrip('/')}/{source.name}" if await sftp.isdir(target) else target
            await _send_file(sftp, source, inside, source.name, done, tell)
            return done
        for folder, folders, names in os.walk(source):
            below = Path(folder).relative_to(source)
            await _make_folder(sftp, str(PurePosixPath(target) / below.as_posix()))
            for name in sorted((*folders, *names)):
                path, relative = Path(folder) / name, (below / name).as_posix()
                if not _is_text(name):
                    done.skipped.append((ascii(relative), "a name that is not UTF-8"))
                elif path.is_symlink() or not (path.is_file() or path.is_dir()):
                    done.skipped.append((relative, "neither a file nor a folder"))
                elif path.is_file():
                    inside = str(PurePosixPath(target) / relative)
                    await _send_file(sftp, path, inside, relative, done, tell)
            folders[:] = filter(_is_text, folders)
    return done


async def _make_folder(sftp: asyncssh.SFTPClient, inside: str) -> None:
    try:
        await sftp.makedirs(inside, exist_ok=True)
    except library().SFTPError:
        # What it says is that something is no folder, which is nowhere.
        raise NotCopied(
            f"{inside} cannot be made a folder in the box: name one below its working directory or /tmp,"
            " where no file is in the way"
        ) from None


async def _send_file(
    sftp: asyncssh.SFTPClient,
    path: Path,
    inside: str,
    name: str,
    done: Copied,
    tell: Callable[[str], None],
) -> None:
    own = _facts(path)
    try:
        there = await sftp.stat(inside)
    except library().SFTPNoSuchFile:
        there = None
    if there is not None and (there.size, there.mtime) == own:
        done.same += 1
        return
    tell(name)
    await sftp.put(path, inside, preserve=True, follow_symlinks=True)
    done.files.append(name)


async def fetch(
    access: AsyncAccess, source: str, target: Path, tell: Callable[[str], None] = lambda name: None
) -> Copied:
    """Copies a file, or what is in a folder, out of a box.

    Args:
        access: to the box.
        source: in the box; what is relative is below the cluster's working directory.
        target: on this machine; what is there already is overwritten where it differs.
        tell: told each file's path before it is fetched.

    Raises:
        NotCopied: something could not be read there or written here.
        NoAccess: the box cannot be reached.
    """
    done = Copied()
    async with _Files(access) as sftp:
        if not await sftp.isdir(source):
            if not await sftp.lexists(source):
                raise NotCopied(f"there is no {source} in the box")
            name = PurePosixPath(source).name
            path = _place(target, name)
            await _fetch_file(sftp, source, path.parent, path.name, name, done, tell)
            return done
        _check_folder(target, source)
        async for below in _walked(sftp, source, PurePosixPath(), done):
            inside = str(PurePosixPath(source) / below)
            await _fetch_file(sftp, inside, target, str(below), str(below), done, tell)
    return done


async def _walked(
    sftp: asyncssh.SFTPClient, root: str, below: PurePosixPath, done: Copied
) -> AsyncIterator[PurePosixPath]:
    """The paths of files below a folder of a box, which may say anything."""
    if len(below.parts) > _DEPTH:
        raise NotCopied(f"{root} has folders more than {_DEPTH} deep")
    entries = await sftp.readdir(str(PurePosixPath(root) / below))
    for entry in sorted(entries, key=lambda item: str(item.filename)):
        name = str(entry.filename)
        if name in (".", ".."):
            continue
        if "/" in name or "\0" in name or not name.isprintable() or len(name.encode()) > _LONGEST:
            done.skipped.append((ascii(str(below / ascii(name))), "a name that leads elsewhere"))
            continue
        mode = entry.attrs.permissions or 0
        if stat.S_ISDIR(mode):
            async for path in _walked(sftp, root, below / name, done):
                yield path
        elif stat.S_ISREG(mode):
            if len(done.files) + done.same > _MOST:
                raise NotCopied(f"{root} has more than {_MOST:,} files")
            yield below / name
        else:
            done.skipped.append((str(below / name), "neither a file nor a folder"))


async def _fetch_file(
    sftp: asyncssh.SFTPClient,
    inside: str,
    folder: Path,
    below: str,
    name: str,
    done: Copied,
    tell: Callable[[str], None],
) -> None:
    path, there = folder / below, await sftp.lstat(inside)
    if not stat.S_ISREG(there.permissions or 0):
        raise NotCopied(f"{inside} is neither a file nor a folder")
    if _made_room(folder, below) == (there.size, there.mtime):
        done.same += 1
        return
    tell(name)
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        await _read(sftp, inside, part)
        if there.mtime is not None:
            os.utime(part, (there.mtime, there.mtime))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    done.files.append(name)


async def _read(sftp: asyncssh.SFTPClient, inside: str, part: Path) -> None:
    async with sftp.open(inside, "rb") as source:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o644)
        with os.fdopen(handle, "wb") as file:
            while data := await source.read(1 << 18):
                file.write(data)  # type: ignore[arg-type]  # bytes, as it was opened for them


def _is_text(name: str) -> bool:
    """Whether a name of this machine can be told to another."""
    try:
        return bool(name.encode())
    except UnicodeEncodeError:
        return False


def _is_file(source: Path) -> bool:
    if not source.exists():
        raise NotCopied(f"there is no {source}")
    return source.is_file()


def _facts(path: Path) -> tuple[int, int]:
    """Size and time of the last change: what tells whether a file is the same."""
    status = path.stat()
    return status.st_size, int(status.st_mtime)


def _check_folder(target: Path, source: str) -> None:
    if target.exists() and not target.is_dir():
        raise NotCopied(f"{target} is a file here, and {source} a folder in the box; name a folder")


def _place(target: Path, name: str) -> Path:
    return target / name if target.is_dir() else target


def _made_room(folder: Path, below: str) -> tuple[int, int] | None:
    """Makes the folders of a file below a folder; returns the facts of the file that is there."""
    path = folder / below
    for above in path.relative_to(folder).parents[:-1]:
        if (folder / above).is_symlink():
            raise NotCopied(f"{folder / above} is a link here, and nothing is written through it")
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise NotCopied(f"{path} is no file here, and is not overwritten")
    return _facts(path) if path.exists() else None


class _Files:
    """An SFTP session, whose errors are told as ours."""

    def __init__(self, access: AsyncAccess) -> None:
        self._access = access
        self._sftp: asyncssh.SFTPClient | None = None

    async def __aenter__(self) -> asyncssh.SFTPClient:
        ssh = library()
        try:
            self._sftp = await (await self._access.connection()).start_sftp_client()
        except (ssh.Error, OSError) as bad:
            raise NoAccess(f"the files of the job {self._access.way.job} cannot be reached: {bad}") from None
        return self._sftp

    async def __aexit__(self, kind: Any, bad: BaseException | None, trace: Any) -> None:
        if self._sftp is not None:
            self._sftp.exit()
        if isinstance(bad, (library().Error, OSError)):
            named = isinstance(bad, OSError) and bad.filename is not None
            why = f"{bad.filename}: {bad.strerror}" if named else str(bad)
            raise NotCopied(f"the copy stopped: {why}") from bad

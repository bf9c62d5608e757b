"""Files that others must not read or replace: keys, and the state of services; and files that are whole."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ionet.chain.errors import ConfigError


def write_secret(path: Path, text: str) -> None:
    """Writes a new file that only its owner can read, whatever the umask, and flushes it to the disk.

    Raises:
        FileExistsError: something is at this path, even if only a broken link.
        OSError: it cannot be written.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def replace_secret(path: Path, text: str) -> None:
    """Writes a file that only its owner can read; a reader sees the former content or the new one, whole.

    Raises:
        OSError: it cannot be written; then the former file stays.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        write_secret(part, text)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)  # the name, too, is on the disk then
    finally:
        os.close(handle)


@contextmanager
def whole_file(path: str | Path) -> Iterator[BinaryIO]:
    """Writes a file that others see when it is whole; what fails leaves what was there.

    Raises:
        OSError: it cannot be written; it names the file.
    """
    place = Path(path)
    try:
        if place.exists() and not place.is_file():
            with place.open("wb") as device:
                yield device
            return
        part = place.with_name(f".{place.name}.{os.getpid()}.{secrets.token_hex(4)}")
        try:
            with part.open("xb") as file:
                yield file
            part.replace(place.resolve())
        finally:
            part.unlink(missing_ok=True)
    except OSError as bad:
        if bad.filename is None or Path(bad.filename) != place:
            raise OSError(bad.errno, bad.strerror, str(place)) from bad
        raise


def key_folder(path: Path) -> None:
    """Makes a folder for keys, with its missing parents; only its owner may enter the new ones.

    Raises:
        ConfigError: it belongs to somebody else, or others can put files into it.
    """
    _make(path, 0o700)
    status = path.stat()
    if os.name != "posix":
        return
    if status.st_uid not in (os.geteuid(), 0):
        raise ConfigError(f"the folder {path} belongs to somebody else; choose one of your own for keys")
    if status.st_mode & 0o022:
        raise ConfigError(f"others can write into the folder {path}; run: chmod 700 {path}")


def state_folder(path: Path) -> None:
    """Makes a folder for the state of a service, with its missing parents.

    Raises:
        ConfigError: everybody can put files into it.
    """
    _make(path, 0o755)
    if os.name == "posix" and path.stat().st_mode & stat.S_IWOTH:
        raise ConfigError(f"everybody can write into the folder {path}; run: chmod o-w {path}")


def _make(path: Path, mode: int) -> None:
    """Makes each folder that is missing with this mode; `Path.mkdir` gives it to the last one alone."""
    try:
        for folder in (*reversed(path.parents), path):
            if not folder.is_dir():
                folder.mkdir(mode=mode, exist_ok=True)
    except OSError as bad:
        raise ConfigError(f"the folder {path} cannot be made: {bad.strerror}") from None

"""Files that others must not read or replace: keys, and the state of services."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ionet.chain.errors import ConfigError


def write_secret(path: Path, text: str) -> None:
    """Writes a new file that only its owner can read, whatever the umask, and flushes it to the disk.

    Raises:
        FileExistsError: something is at this path, even if only a broken link.
        OSError: it cannot be written.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


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

"""Where the files of this machine's overlay processes are, and the users that the processes are."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ionet.chain.errors import IonetError

#: In memory: keys of authorities and members are on no disk.
OVERLAYS: Final = Path("/run/ionet/overlay")
NAME: Final = re.compile(r"[a-z0-9]{1,32}")
LOCK: Final = "lock"
PLAN: Final = "plan.json"
LOG: Final = "log"
FILES: Final = "files"
ROOT: Final = "root"
#: What the name of a lease's authority has after the lease's.
AUTHORITY: Final = ".authority"
_USERS: Final = ".users"
_FIRST_USER: Final = 900_000
_MOST_USERS: Final = 1000


class OverlayError(IonetError):
    """An overlay's process, or a certificate, cannot be made; the message says why."""


def take_user(home: Path) -> int | None:
    """Returns the user that a process is to be, from now on or already; None where this process is not root.

    Raises:
        OverlayError: all are in use.
    """
    if os.geteuid() != 0:
        return None
    users = home.parent / _USERS
    users.mkdir(mode=0o700, exist_ok=True)
    for link in users.iterdir():
        if link.readlink() == home:
            return int(link.name)
    for number in range(_FIRST_USER, _FIRST_USER + _MOST_USERS):
        with contextlib.suppress(FileExistsError):
            (users / str(number)).symlink_to(home)
            return number
    raise OverlayError(f"all {_MOST_USERS} users of overlays are in use")


def remove(home: Path) -> None:
    """Removes the files of a process that has ended, and frees its user; repeated, it does nothing."""
    shutil.rmtree(home, ignore_errors=True)
    with contextlib.suppress(FileNotFoundError):
        for link in (home.parent / _USERS).iterdir():
            if link.readlink() == home:
                link.unlink(missing_ok=True)


def names(state: Path) -> Iterator[str]:
    """Yields the names of all that have left something."""
    with contextlib.suppress(FileNotFoundError):
        yield from sorted(path.name for path in state.iterdir() if NAME.fullmatch(path.name))


def hold(home: Path) -> int | None:
    """Takes the place of a process's keeper until the descriptor is closed; None if it is taken."""
    descriptor = os.open(home / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    # Whoever asks `keeper` holds it for a moment.
    for _ in range(100):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            time.sleep(0.01)
    else:
        os.close(descriptor)
        return None
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def keeper(home: Path) -> int | None:
    """Returns the number of the process that keeps it running; None if none does."""
    try:
        with (home / LOCK).open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                # As long as the lock is held, the number is nobody else's.
                text = file.read()
                return int(text) if text else None
    except FileNotFoundError:
        pass
    return None

"""Logs of changes of SQLite files, written into their files by another thread than the one that changes them.

By itself, SQLite does that in the middle of a change, once the log is long, and the change waits for the disk
meanwhile: a tenth of a second where others write to it, and with it every request that is begun.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

#: Bytes of the log of changes that are much.
LOG: Final = 16 << 20
#: … of which so many times as much is too much, and the seconds for which changes may wait then.
_LOGS: Final = 4
_HOLDS: Final = 1.0


def leave_log(database: sqlite3.Connection) -> None:
    """Has no change wait until the log of changes is in the file: somebody calls `take_log` for that."""
    database.executescript("PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=0;")


def take_log(path: Path, least: int = LOG) -> bool:
    """Writes what is in the log into the file, in any thread, if it is much; returns whether it is.

    Changes go on meanwhile. Where some always come meanwhile, so that the log never begins anew, they
    wait for the last of it, once it is several times as much.

    Args:
        path: the file.
        least: bytes of the log that are much.
    """
    log = path.with_name(f"{path.name}-wal")
    size = log.stat().st_size if log.exists() else 0
    if size < least:
        return False
    with closing(sqlite3.connect(path, timeout=_HOLDS)) as other:
        other.execute("PRAGMA wal_checkpoint(PASSIVE)")
        if size >= _LOGS * least:
            # A reader that stays has it tried again later.
            other.execute("PRAGMA wal_checkpoint(FULL)")
    return True

"""That one process writes to a ledger at a time."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import sqlalchemy as sa

from ionet.ledger.errors import LedgerInUse

if TYPE_CHECKING:
    from io import FileIO

#: Of PostgreSQL's advisory lock: "IO ledger".
_NUMBER: Final = 0x494F_6C65_6467_6572


class Lock:
    """Held until it is released, or its process ends."""

    def __init__(self, file: FileIO | None, connection: sa.Connection | None) -> None:
        self._file = file
        self._connection = connection

    @classmethod
    def take(cls, engine: sa.Engine) -> Self:
        """Takes the lock of a database.

        Raises:
            LedgerInUse: another process has it.
            OSError: it cannot be made.
        """
        if engine.dialect.name == "sqlite":
            return cls(_locked_file(engine.url.database), None)
        connection = engine.connect()
        if not connection.execute(sa.select(sa.func.pg_try_advisory_lock(_NUMBER))).scalar():
            connection.close()
            raise LedgerInUse("another process writes to this ledger already")
        connection.commit()
        return cls(None, connection)

    def release(self) -> None:
        """Lets others write."""
        if self._file is not None:
            self._file.close()
        if self._connection is not None:
            # Told, it lets go at once; of a connection that ends it hears when it hears.
            with suppress(sa.exc.DBAPIError):
                self._connection.execute(sa.select(sa.func.pg_advisory_unlock(_NUMBER)))
            self._connection.invalidate()
            self._connection.close()


def _locked_file(database: str | None) -> FileIO | None:
    if not database or database == ":memory:":
        return None
    # Without a buffer: on a full disk its close would write, and fail, once more.
    file = Path(f"{database}.lock").open("a+b", buffering=0)  # noqa: SIM115  (kept open while it is held)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        file.truncate(0)
        file.write(str(os.getpid()).encode())
    except BlockingIOError:
        file.seek(0)
        holder = file.read(20).decode(errors="replace").strip() or "?"
        file.close()
        raise LedgerInUse(
            f"another process writes to the ledger {database} already, of id {holder}"
        ) from None
    except OSError:
        file.close()
        raise
    return file

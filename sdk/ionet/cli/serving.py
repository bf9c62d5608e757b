"""Options that services for people share, and running one until it is told to end."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol

import typer

from ionet.chain.errors import ConfigError
from ionet.cli.failures import UNUSABLE, UserError
from ionet.cli.session import Session
from ionet.service.settings import place

if TYPE_CHECKING:
    from asyncio import Event

Listen = Annotated[str, typer.Option("--listen", metavar="HOST:PORT", help="Where to listen.")]
TrustProxy = Annotated[
    list[str] | None,
    typer.Option(
        "--trust-proxy",
        metavar="ADDRESS",
        help="A proxy, or a network of them, whose X-Forwarded-For is believed; several times.",
    ),
]
Metrics = Annotated[
    str,
    typer.Option(
        "--metrics", metavar="ADDRESS:PORT", help="Metrics for Prometheus, on this machine; empty: none."
    ),
]
LogJson = Annotated[bool, typer.Option("--log-json", help="Write log lines as JSON.")]


class Service(Protocol):
    """What serves until it is told to end."""

    def run(self, stop: Event, ready: Callable[[str], None]) -> Coroutine[Any, Any, None]:
        """Serves, and tells its URL once it takes connections."""


def host_and_port(given: str, option: str) -> tuple[str, int]:
    """Reads `HOST:PORT`.

    Args:
        given: what was written.
        option: after which one.

    Raises:
        UserError: it is something else.
    """
    try:
        return place(given, "127.0.0.1:8480")
    except ConfigError as bad:
        raise UserError(f"{option}: {bad}") from None


_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
_UNWRITABLE: Final = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
)


@contextmanager
def keeping(folder: Path) -> Iterator[None]:
    """Says in a sentence that what a service keeps cannot be written, as on a full disk.

    Args:
        folder: where it keeps its state.

    Raises:
        UserError: it cannot be written.
    """
    try:
        yield
    except OSError as bad:
        if bad.errno not in _NO_ROOM:
            raise
        raise UserError(f"{folder} cannot be written: {bad.strerror}", UNUSABLE) from bad
    except Exception as bad:
        # SQLAlchemy has the error itself in another.
        inner = getattr(bad, "orig", bad)
        # Of Python's own, as of a file that is closed, there is no number.
        number = getattr(inner, "sqlite_errorcode", 0)
        if not isinstance(inner, sqlite3.Error) or (number & 0xFF) not in _UNWRITABLE:
            raise
        raise UserError(f"{folder} cannot be written: {inner}", UNUSABLE) from bad


def serve(io: Session, service: Service, said: str) -> None:
    """Runs a service until SIGTERM or Ctrl-C.

    Args:
        io: tells where it is.
        service: the service.
        said: what is there, as in "The market".
    """
    from ionet.service.ending import told_to_end

    def ready(url: str) -> None:
        io.screen.show({"url": url}, f"{said} is on {url}. Ctrl-C stops it.")
        sys.stdout.flush()

    async def serving() -> None:
        await service.run(told_to_end(), ready)

    asyncio.run(serving())


__all__ = ["Listen", "LogJson", "Metrics", "Service", "TrustProxy", "host_and_port", "serve"]

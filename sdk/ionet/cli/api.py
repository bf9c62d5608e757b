"""Reading commands that may ask an explorer instead of a node."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from typer._click.globals import get_current_context

from ionet.cli.failures import UNUSABLE, UserError

if TYPE_CHECKING:
    from ionet.cli.session import Session
    from ionet.explorer.client import ExplorerClient

Explorer = Annotated[
    str | None,
    typer.Option(
        "--explorer",
        metavar="URL",
        envvar="IONET_EXPLORER",
        help="Ask this explorer, see ionet explorer run, instead of a node.",
    ),
]


@contextmanager
def asked(url: str | None, ledger: str | None = None) -> Iterator[ExplorerClient | None]:
    """An explorer to ask; None if none is named.

    Args:
        url: where it is.
        ledger: a ledger that was named as well, of commands that may read one.

    Raises:
        UserError: both are named, or what reads an explorer is not installed.
        ExplorerError: the URL is none.
    """
    if url is None:
        yield None
        return
    if ledger is not None:
        raise UserError(
            "a ledger and an explorer are named: leave one out (--ledger or IONET_LEDGER, --explorer or"
            " IONET_EXPLORER)"
        )
    try:
        from ionet.explorer.client import ExplorerClient
    except ModuleNotFoundError as bad:
        raise UserError(
            f"this needs the extra `explorer` ({bad.name} is missing): pip install 'ionet[explorer]'",
            UNUSABLE,
        ) from None
    with ExplorerClient(url) as client:
        yield client


def read_from(io: Session, url: str | None) -> ExplorerClient | None:
    """Has a command read what an explorer says of the programs' accounts; a node, where none is named.

    Args:
        io: the command's.
        url: where the explorer is.

    Returns:
        The explorer; None if none is named.

    Raises:
        UserError: what reads an explorer is not installed.
        ExplorerError: the URL is none.
    """
    if url is None:
        return None
    explorer = get_current_context().with_resource(asked(url))
    from ionet import Client
    from ionet.explorer.reading import ExplorerTransport

    assert explorer is not None
    io.read_by(Client(ExplorerTransport(explorer)))
    return explorer


__all__ = ["Explorer", "asked", "read_from"]

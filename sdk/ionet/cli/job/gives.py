"""What nodes have signed that they give a job, for commands that show it before anything is booked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from ionet.cli.failures import NOT_FOUND, UserError
from ionet.cli.session import Session
from ionet.formats.sizes import size_text

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

    from ionet.executor._capacity import Capacity
    from ionet.store.manifest import Manifest

GatewayToAsk: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--gateway",
        metavar="URL",
        envvar="IONET_GATEWAY",
        help="Where to ask what nodes have signed that they give, and what they have measured.",
    ),
]
#: Columns of a table.
HEADS = (">cores", ">memory", ">disk", ">processes", ">internet", "images")


def given(io: Session, gateway: str | None, nodes: Sequence[Pubkey]) -> dict[Pubkey, Capacity]:
    """What nodes have signed that they give now; nothing where no gateway is named, or none answers."""
    import asyncio

    from ionet.cli.job.run import gateway_of
    from ionet.cloud.errors import NoNode

    try:
        named = gateway_of(io, gateway)
    except UserError:
        return {}
    # Renters without the extra search and book, too.
    try:
        from ionet.cloud.choosing import given_by
        from ionet.wire._link import gateway_urls
    except ModuleNotFoundError as missing:
        if gateway is not None:
            io.screen.note(f"The gateway is not asked: pip install 'ionet[orchestrator]' ({missing})")
        return {}
    try:
        _, url = gateway_urls(named)
    except UserError:
        return {}

    async def asked() -> dict[Pubkey, Capacity]:
        client = io.async_reader()
        try:
            return await given_by(client, url, nodes[:256])
        finally:
            await client.aclose()

    try:
        return asyncio.run(asked()) if nodes else {}
    except NoNode as bad:
        if gateway is not None:
            io.screen.note(f"{str(bad)[:1].upper()}{str(bad)[1:]}")
        return {}


def cells(said: Capacity | None) -> tuple[object, ...]:
    """The columns of a node."""
    from ionet.executor._base import MBIT

    if said is None:
        return (None,) * len(HEADS)
    return (
        said.cpus,
        size_text(said.memory),
        size_text(said.disk),
        said.processes,
        f"{said.internet // MBIT} Mbit/s" if said.internet else "none",
        ", ".join(name for name, _ in said.images) or None,
    )


def check(io: Session, gateway: str | None, nodes: Sequence[Pubkey], manifest: Manifest | None) -> None:
    """Says what nodes give that are about to be booked, and refuses those that give less than is asked for.

    Raises:
        UserError: one has signed that it gives less.
    """
    from ionet.executor._capacity import words

    told = given(io, gateway, nodes)
    for node in nodes:
        if (said := told.get(node)) is None:
            continue
        io.screen.note(f"{node} has signed that it gives {words(said)}")
        if manifest is not None and (why := said.lacks(manifest)) is not None:
            raise UserError(f"the node {node}: {why}", NOT_FOUND)

"""`ionet job logs`: output of workloads."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import suppress
from typing import Annotated, Final

import typer
from solders.pubkey import Pubkey

from ionet.cli.failures import NOT_FOUND, UserError
from ionet.cli.job.parts import JobAddress
from ionet.cli.job.run import GatewayOption, gateway_of
from ionet.cli.options import Commands
from ionet.cli.session import Session, session

app = Commands()

_POLL: Final = 1.0


@app.command()
def logs(
    job: JobAddress,
    place: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="DIR_OR_URL",
            envvar="IONET_STATE",
            help="An orchestrator's state: a directory, or the URL of a web server for it; or a gateway.",
        ),
    ] = None,
    gateway: GatewayOption = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep printing while it grows.")] = False,
    tail: Annotated[
        int | None, typer.Option("--tail", metavar="LINES", min=0, help="Only the last lines.")
    ] = None,
) -> None:
    """Print a job's log: from its node by way of a gateway, or from an orchestrator's state.

    A node shows the log of a job that runs to its renter. Of a job that is over, it is what the gateway's, or
    the orchestrator's, store has kept.
    """
    from ionet.executor._logs import follow as grow
    from ionet.executor._logs import open_place, read_log

    if place is None or _is_gateway(place):
        _through_gateway(session(), job, place or gateway_of(session(), gateway), follow, tail)
        return
    source = open_place(place)
    log = read_log(source, bytes(job))
    if log is None:
        raise UserError(f"the orchestrator at {place} has not placed job {job}", NOT_FOUND)
    data = _last(log.data, tail)
    io = session()
    if io.screen.as_json:
        text = data.decode(errors="replace")
        io.screen.show({"job": job, "lease": log.lease, "live": log.live, "log": text})
        return
    _write(data)
    if not follow or not log.live:
        return
    try:
        for chunk in grow(source, log.lease, len(log.data)):
            _write(chunk)
            time.sleep(_POLL)
    except KeyboardInterrupt:
        return


def _last(data: bytes, lines: int | None) -> bytes:
    """The last lines; None: all of it."""
    if lines is None:
        return data
    return b"".join(data.splitlines(keepends=True)[-lines:] if lines else [])


def _is_gateway(place: str) -> bool:
    """Whether a URL is a gateway's, which answers as a store does."""
    from ionet import IonetError
    from ionet.store import HttpStore

    if not place.startswith(("http://", "https://")):
        return False
    try:
        with HttpStore(place, retries=0, timeout=10.0) as store:
            store.info()
    except IonetError:
        return False
    return True


def _through_gateway(io: Session, job: Pubkey, gateway: str, follow: bool, tail: int | None) -> None:
    """Prints a log that a node, or a gateway's store, has."""
    from ionet.cloud import AsyncRun
    from ionet.cloud.running import renter_key
    from ionet.executor import lease_name

    parts: list[bytes] = []
    live = False

    async def read() -> None:
        nonlocal live
        key = renter_key(io.signer) if io.has_signer else None
        client = io.async_client() if io.has_signer else io.async_reader()
        try:
            async with AsyncRun(client, gateway, job, key=key) as run:
                live = await run.log(parts.append)
                if live and follow and not io.screen.as_json:
                    data = b"".join(parts)
                    _write(_last(data, tail))
                    await run.follow(_write, io.screen.warn, start=len(data))
        finally:
            await client.aclose()

    with suppress(KeyboardInterrupt):
        asyncio.run(read())
        if io.screen.as_json:
            text = _last(b"".join(parts), tail).decode(errors="replace")
            io.screen.show({"job": job, "lease": lease_name([bytes(job)]), "live": live, "log": text})
        elif not (live and follow):
            _write(_last(b"".join(parts), tail))


def _write(data: bytes) -> None:
    # Not print: the output need not be text.
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()

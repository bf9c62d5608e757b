"""`ionet job logs`: what workloads print."""

from __future__ import annotations

import sys
import time
from typing import Annotated, Final

import typer

from ionet.cli.failures import NOT_FOUND, UserError
from ionet.cli.job.parts import JobAddress
from ionet.cli.options import Commands
from ionet.cli.session import session

app = Commands()

_POLL: Final = 1.0


@app.command()
def logs(
    job: JobAddress,
    place: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="DIR_OR_URL",
            envvar="IONET_STATE",
            help="The orchestrator's state: a directory, or a web server that shows it.",
        ),
    ],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on while it grows.")] = False,
    tail: Annotated[
        int | None, typer.Option("--tail", metavar="LINES", min=0, help="Only so many of the last lines.")
    ] = None,
) -> None:
    """Print what a job's workload has printed, from the state of the orchestrator that serves it.

    Of a lease that is over, it is what the orchestrator has kept in its store.
    """
    from ionet.orchestrator._logs import follow as grow
    from ionet.orchestrator._logs import open_place, read_log

    source = open_place(place)
    found = read_log(source, bytes(job))
    if found is None:
        raise UserError(f"the orchestrator at {place} has not placed job {job}", NOT_FOUND)
    data = found.data
    if tail is not None:
        data = b"".join(data.splitlines(keepends=True)[-tail:] if tail else [])
    io = session()
    if io.screen.as_json:
        text = data.decode(errors="replace")
        io.screen.show({"job": job, "lease": found.lease, "live": found.live, "log": text})
        return
    _write(data)
    if not follow or not found.live:
        return
    try:
        for more in grow(source, found.lease, len(found.data)):
            _write(more)
            time.sleep(_POLL)
    except KeyboardInterrupt:
        return


def _write(data: bytes) -> None:
    # Not print: what a workload prints need not be text.
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()

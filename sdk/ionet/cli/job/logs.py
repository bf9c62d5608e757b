"""`ionet job logs`: output of workloads."""

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
            help="The orchestrator's state: a directory, or the URL of a web server for it.",
        ),
    ],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep printing while it grows.")] = False,
    tail: Annotated[
        int | None, typer.Option("--tail", metavar="LINES", min=0, help="Only the last lines.")
    ] = None,
) -> None:
    """Print a job's log, from the state of the orchestrator that serves it.

    For a lease that is over, this is the log kept in the orchestrator's store.
    """
    from ionet.executor._logs import follow as grow
    from ionet.executor._logs import open_place, read_log

    source = open_place(place)
    log = read_log(source, bytes(job))
    if log is None:
        raise UserError(f"the orchestrator at {place} has not placed job {job}", NOT_FOUND)
    data = log.data
    if tail is not None:
        data = b"".join(data.splitlines(keepends=True)[-tail:] if tail else [])
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


def _write(data: bytes) -> None:
    # Not print: the output need not be text.
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()

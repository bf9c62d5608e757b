"""`ionet orchestrator`: an attester's process, which serves jobs on the network's nodes."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ionet import SOL, IonetError
from ionet.cli.failures import UNUSABLE, UserError
from ionet.cli.options import Commands
from ionet.cli.output import span, when
from ionet.cli.session import session

if TYPE_CHECKING:
    from ionet.orchestrator._status import OrchestratorStatus

app = Commands("An attester's process: it serves jobs, attests, pays and reports.")

State = Annotated[
    Path | None,
    typer.Option(
        "--state",
        metavar="DIR",
        envvar="IONET_ORCHESTRATOR_STATE",
        help="The state directory; default: the user's own.",
    ),
]
#: Seconds between two pages of `status`.
_REFRESH = 2.0


@app.command()
def init(
    gateway: Annotated[
        list[str], typer.Option("--gateway", metavar="URL", help="https:// or wss://; several times.")
    ],
    payer: Annotated[
        Path | None,
        typer.Option("--payer", metavar="FILE", help="Keypair that pays the fees; default: the seat's."),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option("--metrics", metavar="ADDRESS:PORT", help="Where metrics are served, on this machine."),
    ] = None,
    notify: Annotated[
        str | None, typer.Option("--notify", metavar="URL", help="Where to send what you must know.")
    ] = None,
    json_logs: Annotated[bool, typer.Option("--json-logs", help="Write log lines as JSON.")] = False,
    state: State = None,
) -> None:
    """Write the settings of an orchestrator; --keypair is the seat's key, --url the node.

    The files of keys stay where they are. Settings that exist are kept, but for what is given here.
    """
    from ionet.orchestrator._config import (
        CONFIG_FILE,
        METRICS,
        SEAT_POLICY,
        OrchestratorConfig,
        check_metrics,
    )
    from ionet.orchestrator._config import state_directory as default_state

    io = session()
    if not io.has_signer:
        raise UserError("name the seat's keypair file with --keypair")
    keypair = Path(io.keypair_file).expanduser().absolute()
    io.keypair(str(keypair))
    directory = (state or default_state()).absolute()
    genesis = str(io.reader.request("getGenesisHash"))
    config = OrchestratorConfig(
        path=directory / CONFIG_FILE,
        rpc=(io.url,),
        gateways=tuple(gateway),
        keypair=keypair,
        payer=None if payer is None else payer.expanduser().absolute(),
        genesis=genesis,
        metrics=check_metrics(metrics or METRICS),
        notify=notify,
        json_logs=json_logs,
        policy=SEAT_POLICY,
    )
    config.save()
    io.screen.show(
        {"config": str(config.path), "genesis": genesis},
        f"Written: {config.path}",
        f"Next: ionet orchestrator run{'' if state is None else f' --state {state}'}",
    )


@app.command()
def run(state: State = None) -> None:
    """Serve jobs as the seat of the keypair, until SIGTERM or Ctrl-C.

    What runs at nodes goes on when this ends, and is found again. It can be killed at any moment.
    """
    serve(state, jobs=True)


def serve(state: Path | None, *, jobs: bool) -> None:
    """Runs an attester's process by the settings of a state directory, with its jobs or for reports alone."""
    from ionet.orchestrator._config import OrchestratorConfig
    from ionet.orchestrator._service import Service
    from ionet.service.logs import log_to_stderr

    config = OrchestratorConfig.load(None if state is None else state.absolute())
    log_to_stderr(as_json=config.json_logs, fields=("job", "step", "detail"))
    asyncio.run(_run(Service(config, jobs=jobs)))


async def _run(service: Any) -> None:
    from ionet.service.ending import told_to_end

    await service.run(told_to_end())


@app.command()
def status(
    once: Annotated[
        bool, typer.Option("--once", help="Show it once, instead of a page that refreshes.")
    ] = False,
    state: State = None,
) -> None:
    """Show what this machine's orchestrator does, from its status file and its journal."""
    from ionet.orchestrator._config import state_directory as default_state

    directory = (state or default_state()).absolute()
    io = session()
    if once or io.screen.as_json or not sys.stdout.isatty():
        page = _loaded(directory)
        gone = page.gone()
        io.screen.show({**asdict(page), "gone": gone}, *_lines(page, gone, directory))
        if gone is not None:
            raise typer.Exit(UNUSABLE)
        return
    from rich.live import Live
    from rich.text import Text

    with Live(auto_refresh=False, screen=True) as live:
        while True:
            page = _loaded(directory)
            live.update(Text("\n".join(_lines(page, page.gone(), directory))), refresh=True)
            time.sleep(_REFRESH)


def _loaded(directory: Path) -> OrchestratorStatus:
    from ionet.orchestrator._status import OrchestratorStatus

    page = OrchestratorStatus.load(directory)
    if page is None:
        raise UserError(f"no orchestrator has run with the folder {directory} yet")
    return page


def _lines(page: OrchestratorStatus, gone: str | None, directory: Path) -> list[str]:
    now = int(time.time())
    seat = "no seat" if page.seat is None else f"seat {page.seat} of {page.seats}"
    sol = "SOL not read yet" if page.lamports is None else str(SOL.from_base(page.lamports))
    lines = [
        f"ionet orchestrator {page.version}, process {page.pid}, for {span(now - page.started_at)}"
        if gone is None
        else f"NOT RUNNING: {gone} (written {when(page.written_at)})",
        f"Key:      {page.address}, {seat}",
        f"Payer:    {page.payer}, {sol}",
        f"Chain:    {when(page.chain_time) if page.chain_time is not None else 'not read yet'}",
    ]
    for gateway in page.gateways:
        word = "connected" if gateway.connected else gateway.problem or "not connected"
        lines.append(f"Gateway:  {gateway.url}: {word}")
    lines += [f"Agents:   {page.agents} connected", f"Jobs:     {_counts(page.jobs) or 'none'}"]
    if page.passed_at is not None:
        took = f"{1_000 * (page.pass_seconds or 0):.0f} ms"
        lines.append(f"Pass:     {span(max(0, now - page.passed_at))} ago, took {took}")
    lines += [f"Waiting:  {number} × {why}" for why, number in _most(page.waits)]
    lines += [f"Uploads:  {page.uploads} waiting"] if page.uploads else []
    lines += [f"Report:   hour {page.report}"] if page.report is not None else []
    lines += [f"Problem:  {text}" for text in page.problems.values()]
    recent = _recent(directory)
    return [*lines, "", "Latest steps:", *recent] if recent else lines


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.items())


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: -item[1])[:8]


def _recent(directory: Path) -> list[str]:
    from ionet.orchestrator._journal import latest_entries

    try:
        entries = latest_entries(directory / "journal.sqlite3", 12)
    except IonetError:
        return []
    return [f"  {when(int(entry.at))}  {entry.job[:8]:<8}  {entry.step}  {entry.detail}" for entry in entries]

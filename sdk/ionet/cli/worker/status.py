"""`ionet worker status`: what a machine's nodes do and earn, as a page that refreshes."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import Annotated, Any, Final

import typer

from ionet import Client, RpcError, TransportError
from ionet.cli.arguments import length_of
from ionet.cli.failures import REFUSED
from ionet.cli.options import Commands
from ionet.cli.output import span, when
from ionet.cli.session import session
from ionet.cli.worker.parts import StateOption, config_file
from ionet.formats.text import printable
from ionet.worker import NodeStatus, StatusError, WorkerConfig, WorkerStatus
from ionet.worker._overview import NodeView, node_views
from ionet.worker._standing import connect

app = Commands()

#: Seconds between two looks at the worker's own file.
_LOOK: Final = 1.0


@dataclass(frozen=True, slots=True)
class _Page:
    """What is shown.

    Attributes:
        worker: what the worker has said last, or None.
        trouble: why it does not run, or None if it does.
        nodes: the chain's view, by the devices' own ids.
        chain: why that is missing or old, or None.
    """

    worker: WorkerStatus | None
    trouble: str | None
    nodes: dict[str, NodeView]
    chain: str | None


@app.command()
def status(
    once: Annotated[
        bool, typer.Option("--once", help="Show it once; so does --output json, and without a terminal.")
    ] = False,
    every: Annotated[
        int, typer.Option("--every", metavar="LENGTH", parser=length_of, help="How often to ask the chain.")
    ] = "15s",  # type: ignore[assignment]  # read by its parser
    state: StateOption = None,
) -> None:
    """Show what this machine's nodes do and earn, again and again until Ctrl-C.

    The worker's own part comes from a file that it writes, the rest from the chain. With --once the exit
    status is 1 if the worker does not run.
    """
    io = session()
    config = WorkerConfig.load(config_file(state))
    client = connect(config)
    try:
        if once or io.screen.as_json or not sys.stdout.isatty():
            page = _page(config, *_asked(config, client, {}))
            io.screen.show(_json(config, page), *_lines(config, page))
            if page.trouble is not None:
                raise typer.Exit(REFUSED)
            return
        _live(config, client, every)
    finally:
        client.close()


def _live(config: WorkerConfig, client: Client, every: int) -> None:
    from rich.live import Live
    from rich.text import Text

    seen: dict[str, NodeView] = {}
    trouble: str | None = None
    due = 0.0
    with Live(screen=True, auto_refresh=False) as live:
        while True:
            if time.monotonic() >= due:
                seen, trouble = _asked(config, client, seen)
                due = time.monotonic() + every
            lines = [
                *_lines(config, _page(config, seen, trouble)),
                "",
                "Ctrl-C ends this page, not the worker.",
            ]
            # Names of strangers' processes may hold anything.
            live.update(Text("\n".join(map(printable, lines))), refresh=True)
            time.sleep(_LOOK)


def _asked(
    config: WorkerConfig, client: Client, before: dict[str, NodeView]
) -> tuple[dict[str, NodeView], str | None]:
    """Returns the chain's view, or the one before and why there is no newer one."""
    try:
        return {view.uuid: view for view in node_views(client, config.served)}, None
    except (RpcError, TransportError) as bad:
        return before, f"the chain cannot be read: {bad}"


def _page(config: WorkerConfig, nodes: dict[str, NodeView], chain: str | None) -> _Page:
    try:
        worker = WorkerStatus.load(config.state)
    except StatusError as bad:
        return _Page(None, str(bad), nodes, chain)
    trouble = "it has never run here" if worker is None else worker.gone()
    return _Page(worker, trouble, nodes, chain)


# -- as text


def _lines(config: WorkerConfig, page: _Page) -> list[str]:
    return [*_head(config, page), *(line for node in config.served for line in ("", *_node(node.uuid, page)))]


def _head(config: WorkerConfig, page: _Page) -> list[str]:
    worker, now = page.worker, time.time()
    lines = [f"Worker in {config.state}, for the owner {config.owner}"]
    if page.trouble is not None:
        lines.append(f"THE WORKER DOES NOT RUN: {page.trouble}. Start it: ionet worker run")
        if worker is not None:
            lines.append(f"What follows of it is {span(int(now - worker.written_at))} old.")
    if worker is not None:
        lines.append(f"Version {worker.version}, process {worker.pid}, since {when(worker.started_at)}")
        lines.append(
            "Not connected to a gateway: no job can come"
            if worker.gateway is None or worker.connected_since is None
            else f"Connected to {worker.gateway} for {span(int(now - worker.connected_since))}"
        )
        lines += [f"  ! {problem}" for problem in worker.problems]
    if page.chain is not None:
        lines.append(f"  ! {page.chain}")
    return lines


def _node(uuid: str, page: _Page) -> list[str]:
    view = page.nodes.get(uuid)
    local = next((node for node in page.worker.nodes if node.device == uuid), None) if page.worker else None
    lines = [uuid if view is None else f"{uuid}  node {view.node}"]
    if local is not None:
        lines += _local(local)
    if view is not None:
        lines += _chain(view)
    return [lines[0], *(f"  {line}" for line in lines[1:])]


def _local(node: NodeStatus) -> list[str]:
    since = f" since {when(node.since)}" if node.since else ""
    job = f", job {node.job}" if node.job is not None else ""
    lines = [f"{node.state}{since}{job}"]
    if node.job is not None:
        last = f", the last at {when(node.last_sample_at)}" if node.last_sample_at else ""
        lines.append(f"samples: {node.good_samples:,} good of {node.samples:,}{last}")
        lines.append(f"log: {node.log_bytes:,} bytes")
    if node.last_challenge_at is not None:
        took = f", in {node.last_challenge_ms:,} ms" if node.last_challenge_ms is not None else ""
        lines.append(f"challenge answered {when(node.last_challenge_at)}{took}")
    return lines + [f"! {problem}" for problem in node.problems]


def _chain(view: NodeView) -> list[str]:
    if view.state is None:
        return ["not registered: ionet worker register"]
    lines = [f"{view.state}; stake {view.stake} of {view.needed} needed; rewards to claim {view.rewards}"]
    if view.proof_at is not None:
        lines.append(f"compute proof {'passed' if view.proof_passed else 'FAILED'} {when(view.proof_at)}")
    if view.rate is None:
        lines.append("no offer: ionet worker offer")
    else:
        lines.append(f"offer: {view.rate} per processor and hour{'' if view.open else '; closed'}")
    if (lease := view.lease) is not None:
        lines.append(f"leased until {when(lease.until)} by job {lease.job}")
        lines.append(
            f"earned {lease.earned}, of which {lease.payable} can be settled now;"
            f" {span(lease.good)} good of {span(lease.looked_at)} judged"
        )
    return lines


# -- for JSON


def _json(config: WorkerConfig, page: _Page) -> dict[str, Any]:
    return {
        "config": str(config.path),
        "owner": config.owner,
        "running": page.trouble is None,
        "trouble": page.trouble,
        "worker": page.worker,
        "chain_trouble": page.chain,
        "nodes": [page.nodes[node.uuid] for node in config.served if node.uuid in page.nodes],
    }

"""`ionet worker run`: serves this machine's nodes."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ionet.chain.rpc.urls import public_url
from ionet.cli.options import Commands
from ionet.cli.session import session
from ionet.cli.worker.parts import StateOption, config_file
from ionet.service.logs import log_to_stderr

if TYPE_CHECKING:
    from ionet.worker import NodeConfig, WorkerConfig

app = Commands()


@app.command()
def run(
    unsafe_plain: Annotated[
        bool,
        typer.Option(
            "--unsafe-plain",
            help="For development: run jobs as plain processes of this user, who can be robbed by them.",
        ),
    ] = False,
    state: StateOption = None,
) -> None:
    """Serve this machine's nodes until Ctrl-C or SIGTERM.

    Connects to a gateway, runs what is rented and paid for, samples the devices, and answers challenges.
    Nothing listens here. Jobs in boxes go on while the worker is being restarted.
    """
    from ionet.worker import WorkerConfig
    from ionet.worker._daemon import Daemon

    io = session()
    config = WorkerConfig.load(config_file(state))
    log_to_stderr(as_json=False)
    daemon = Daemon(config, unsafe_plain=unsafe_plain)
    nodes = "a node" if len(config.served) == 1 else f"{len(config.served)} nodes"
    io.screen.show(
        {"state": str(config.state), "nodes": [str(node.address) for node in config.served]},
        f"Serving {nodes} with the settings in {config.path}; Ctrl-C stops it.",
        *(f"  {node.address}  {_size(config, node)}{node.hardware_class}" for node in config.served),
        "Gateways: " + ", ".join(map(public_url, config.gateways)),
    )
    sys.stdout.flush()
    asyncio.run(_until_told(daemon))


def _size(config: WorkerConfig, node: NodeConfig) -> str:
    count = len(config.processors(node))
    return "" if count == 1 else f"{count} x "


async def _until_told(daemon: object) -> None:
    from ionet.service.ending import told_to_end
    from ionet.worker._daemon import Daemon

    assert isinstance(daemon, Daemon)
    await daemon.run(told_to_end())

"""`ionet worker run` with its jobs in the process itself: a worker as it is, without boxes.

usage: python -m tests.network.inline_worker STATE
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from tests.orchestrator.support import StillWatch

from ionet.executor import InlineExecutor
from ionet.service.logs import log_to_stderr
from ionet.worker import Device, NodeConfig, WorkerConfig, _daemon
from ionet.worker._agent import AgentPolicy
from ionet.worker._daemon import Daemon, node_spec
from ionet.worker._watch import Watch


class InlineDaemon(Daemon):
    """A worker of a device that nothing foreign uses."""

    def _make_executor(self, unsafe_plain: bool) -> InlineExecutor:  # type: ignore[override]
        config = self._config
        specs = [node_spec(config, node) for node in config.served]
        return InlineExecutor(specs, self._store, config.state / "leases")


def _still(pool: str, *configs: NodeConfig) -> tuple[Device, Watch, tuple[int, ...]]:
    return Device(0, configs[0].uuid, "test processor", "cpu", 1 << 30, None), StillWatch(), ()


async def _main(state: Path) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    daemon = InlineDaemon(WorkerConfig.load(state), policy=AgentPolicy(look_every=0.2, upload_seconds=60.0))
    await daemon.run(stop)


if __name__ == "__main__":
    _daemon._device = _still
    log_to_stderr(as_json=False)
    asyncio.run(_main(Path(sys.argv[1])))

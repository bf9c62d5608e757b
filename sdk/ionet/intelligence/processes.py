"""Engines of this machine: one process each, started again when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ionet.intelligence.engine import HttpEngine

_log = logging.getLogger(__name__)
#: Seconds from one start to the next: at first, and at most.
_PAUSES: Final = (1.0, 60.0)
#: Seconds in which it has to end by itself.
_GRACE: Final = 5.0
_LOOK: Final = 0.1
#: What an engine is told of this process's surroundings: no key, no wallet, no setting.
_KEPT: Final = ("PATH", "LANG", "TMPDIR", "PYTHONPATH", "LD_LIBRARY_PATH", "HOME")


class Process:
    """One engine's process, as long as it is entered.

    Args:
        module: that is run.
        arguments: of it.
        socket: where it listens.
    """

    def __init__(self, module: str, arguments: Sequence[str], socket: Path) -> None:
        self._command = [sys.executable, "-m", module, *arguments]
        self._socket = socket
        self._task: asyncio.Task[None] | None = None
        #: How often it was started.
        self.starts = 0
        #: Its number, while it runs.
        self.pid: int | None = None

    async def __aenter__(self) -> Process:
        self._task = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _keep(self) -> None:
        pause, longest = _PAUSES
        while True:
            began = asyncio.get_running_loop().time()
            await self._run()
            if asyncio.get_running_loop().time() - began > longest:
                pause = _PAUSES[0]
            _log.warning("the engine %s ended; it starts again in %s s", " ".join(self._command[2:4]), pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, longest)

    async def _run(self) -> None:
        self._socket.unlink(missing_ok=True)
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env={name: os.environ[name] for name in _KEPT if name in os.environ},
            start_new_session=True,
        )
        self.starts += 1
        self.pid = process.pid
        try:
            await process.wait()
        finally:
            self.pid = None
            if process.returncode is None:
                await _end(process)


def without_core() -> None:
    """Has this process and those that it starts leave no image of their memory: what is asked is in it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


async def _end(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(_GRACE):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def until_ready(engine: HttpEngine, seconds: float) -> bool:
    """Waits for an engine; returns whether it answers.

    Args:
        engine: it.
        seconds: to wait at most.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not await engine.ready():
        if loop.time() > end:
            return False
        await asyncio.sleep(_LOOK)
    return True

"""Runs manifests in this process: for tests, and for one machine without Ray."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from ionet.executor._base import (
    FailureReason,
    Lease,
    LocalExecutor,
    NodeSpec,
    RunFailure,
    RunOutput,
    Workspace,
)
from ionet.store.manifest import Command, FileStore, Function
from ionet.workloads import Context, _run


def load_entrypoint(path: str) -> Callable[[Context], object]:
    """Imports ``package.module:function``.

    Raises:
        RunFailure: (BAD_ENTRYPOINT) when there is no such function.
    """
    try:
        return _run.load_entrypoint(path)
    except _run.NoEntrypoint as error:
        raise RunFailure(FailureReason.BAD_ENTRYPOINT, str(error)) from error


def base_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Returns a renter's environment: what a program needs to start, and none of the operator's variables."""
    names = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES")
    return {name: os.environ[name] for name in names if name in os.environ} | dict(extra)


class InlineExecutor(LocalExecutor):
    """Runs functions in a thread of this process, and commands in a child process.

    There is no isolation, and a function cannot be stopped from outside: use it for tests and for your own
    work.

    Args:
        nodes: the nodes that can be leased.
        store: where inputs come from.
        work: directory for the leases' files; the same one after a restart.
    """

    def __init__(self, nodes: Iterable[NodeSpec], store: FileStore, work: str | Path) -> None:
        super().__init__(nodes, store, work)
        self._open: set[str] = set()
        self._running: dict[str, asyncio.Task[RunOutput]] = {}

    async def open(self, lease: Lease) -> None:
        """See `Executor.open`."""
        self.check(lease)
        env = lease.manifest.runtime_env
        if isinstance(lease.manifest.entrypoint, Function) and (env.pip or env.env_vars or env.working_dir):
            raise RunFailure(FailureReason.PLACEMENT, "functions run inline have no runtime environment")
        self._make_workspace(lease)
        self._open.add(lease.name)

    async def run(self, lease: Lease, attempt: int) -> RunOutput:
        """See `Executor.run`."""
        workspace = self.workspace(lease)
        done = workspace.finished()
        if done is not None:
            return done
        if lease.name not in self._open:
            raise RunFailure(FailureReason.EXECUTOR, "the lease is not open")
        workspace.prepare(lease.manifest, self._store, attempt)
        task = asyncio.create_task(self._start(lease, workspace))
        self._running[lease.name] = task
        try:
            async with asyncio.timeout(lease.manifest.max_duration):
                return await asyncio.shield(task)
        except TimeoutError:
            task.cancel()
            detail = f"longer than {lease.manifest.max_duration} s"
            raise RunFailure(FailureReason.OUT_OF_TIME, detail) from None
        except asyncio.CancelledError:
            if not task.cancelled():
                task.cancel()
                raise
            raise RunFailure(FailureReason.STOPPED, "stopped by the orchestrator") from None
        finally:
            self._running.pop(lease.name, None)

    async def _start(self, lease: Lease, workspace: Workspace) -> RunOutput:
        entry = lease.manifest.entrypoint
        if isinstance(entry, Command):
            return await _run_command(entry.argv, lease.manifest.runtime_env.env_vars, workspace)
        function = load_entrypoint(entry.path)
        context = Context(dict(entry.arguments), workspace.cwd, workspace.output, len(lease.nodes))
        dropped = threading.Event()
        try:
            return await asyncio.to_thread(_run_function, function, context, workspace, dropped)
        except asyncio.CancelledError:
            dropped.set()
            raise

    def processes(self, lease: Lease, node: bytes) -> Sequence[int]:
        """See `Executor.processes`."""
        return (os.getpid(),)

    async def stop(self, lease: Lease) -> None:
        """See `Executor.stop`; a function's thread runs on until it returns, its result is dropped."""
        task = self._running.get(lease.name)
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, RunFailure):
                await task

    async def release(self, lease: Lease) -> None:
        """See `Executor.release`."""
        await self.stop(lease)
        self._open.discard(lease.name)
        shutil.rmtree(self.workspace(lease).root, ignore_errors=True)

    async def shutdown(self) -> None:
        """See `Executor.shutdown`."""
        for task in list(self._running.values()):
            task.cancel()
        self._open.clear()


def _run_function(
    function: Callable[[Context], object], context: Context, workspace: Workspace, dropped: threading.Event
) -> RunOutput:
    try:
        value = function(context)
    except MemoryError as error:
        raise RunFailure(FailureReason.OUT_OF_MEMORY, str(error)) from error
    except Exception as error:
        detail = "".join(traceback.format_exception(error))
        with open(workspace.log, "a") as log:
            log.write(detail)
        raise RunFailure(
            FailureReason.WORKLOAD, f"{type(error).__name__}: {error}"[: _run.MAX_DETAIL]
        ) from error
    if dropped.is_set():
        raise RunFailure(FailureReason.STOPPED, "stopped by the orchestrator")
    return workspace.finish(value)


async def _run_command(argv: Sequence[str], env: Mapping[str, str], workspace: Workspace) -> RunOutput:
    """Runs a command in its own session, so that everything it starts ends with it."""
    with open(workspace.log, "ab") as log:  # noqa: ASYNC230 (one open of a local file)
        try:
            process = await asyncio.create_subprocess_exec(
                *python_first(argv),
                cwd=workspace.cwd,
                env=base_environment({**env, "IONET_OUTPUT": str(workspace.output)}),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        except OSError as error:
            raise RunFailure(FailureReason.BAD_ENTRYPOINT, f"{argv[0]}: {error.strerror}") from error
        try:
            code = await process.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
    if code != 0:
        raise RunFailure(FailureReason.WORKLOAD, f"exit code {code}")
    return workspace.finish({"exit_code": 0})


def python_first(argv: Sequence[str]) -> list[str]:
    """Returns the command with `python` replaced by the interpreter that has this package."""
    return [sys.executable if argv[0] in ("python", "python3") else argv[0], *argv[1:]]

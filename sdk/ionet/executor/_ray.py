"""Runs manifests on Ray: one child process and one isolated cluster for each lease."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ionet.chain.files import state_folder
from ionet.executor._base import (
    FailureReason,
    Lease,
    LocalExecutor,
    NodeSpec,
    RunFailure,
    RunOutput,
    remove_tree,
)
from ionet.executor._inline import base_environment
from ionet.store.manifest import FileStore
from ionet.workloads._run import RAY_SETTINGS

_LEAST_MEMORY: Final = 256 << 20
_PLACE_SECONDS: Final = 30
_STOP_SECONDS: Final = 10
_OBJECT_STORE: Final = 80 * 1024 * 1024  # Ray's minimum is 75 MiB
_SETTINGS: Final = {**RAY_SETTINGS, "RAY_AUTH_MODE": "token"}


class _Host:
    """The child that owns a cluster; see `ionet.executor._ray_host`."""

    def __init__(self, process: asyncio.subprocess.Process, temp: Path, log: Path) -> None:
        self._process = process
        self._temp = temp
        self._log = log
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._next = 0
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, nodes: Sequence[NodeSpec], work: Path, seconds: float) -> _Host:
        """Starts the child and its cluster.

        Raises:
            RunFailure: (PLACEMENT) when it does not start; Ray's output stays in a log in ``work``.
        """
        log = work / f"ray-{secrets.token_hex(4)}.log"
        # A short path: Ray keeps sockets there, and their names are limited to 107 bytes.
        temp = Path(tempfile.mkdtemp(prefix="ionet-"))
        (temp / "home").mkdir()
        with open(log, "ab") as file:  # noqa: ASYNC230 (one open of a local file)
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "ionet.executor._ray_host",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=file,
                cwd=temp,
                env=_environment(temp / "home", nodes),
                start_new_session=True,
            )
        host = cls(process, temp, log)
        config = {
            "namespace": secrets.token_hex(8),
            "nodes": [
                {"node": spec.node.hex(), "cpus": spec.cpus, "gpus": spec.gpus, "memory": spec.memory}
                for spec in nodes
            ],
            "object_store": _OBJECT_STORE,
            "temp": str(temp / "ray"),
        }
        try:
            await host._write(config)
            async with asyncio.timeout(seconds):
                await host.call("start")
        except (TimeoutError, RunFailure) as error:
            await host.close(keep_log=True)
            raise RunFailure(FailureReason.PLACEMENT, f"Ray did not start ({error}); see {log}") from error
        except asyncio.CancelledError:
            await host.close()
            raise
        return host

    @property
    def alive(self) -> bool:
        return self._process.returncode is None and not self._reader.done()

    @property
    def pid(self) -> int:
        return self._process.pid

    async def call(self, method: str, **params: Any) -> Any:
        """Makes a request to the child.

        Raises:
            RunFailure: with the child's reason; EXECUTOR when the child has ended.
        """
        if not self.alive:
            raise RunFailure(FailureReason.EXECUTOR, "the lease's Ray cluster has ended")
        self._next += 1
        number, future = self._next, asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            await self._write({"id": number, "method": method, "params": params})
            return await future
        finally:
            self._waiting.pop(number, None)

    async def _write(self, message: Mapping[str, Any]) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        try:
            stdin.write(json.dumps(message).encode() + b"\n")
            await stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            raise RunFailure(FailureReason.EXECUTOR, "the lease's Ray cluster has ended") from None

    async def _read(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        try:
            while line := await stdout.readline():
                message = json.loads(line)
                future = self._waiting.get(message["id"])
                if future is None or future.done():
                    continue
                if "result" in message:
                    future.set_result(message["result"])
                else:
                    future.set_exception(RunFailure(FailureReason(message["reason"]), message["detail"]))
        finally:
            for future in self._waiting.values():
                if not future.done():
                    detail = "the lease's Ray cluster ended during the run"
                    future.set_exception(RunFailure(FailureReason.NODE_LOST, detail))

    async def close(self, *, keep_log: bool = False) -> None:
        """Shuts the cluster down: by closing its input, otherwise by force."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                await self._process.wait()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader
        await asyncio.to_thread(remove_tree, self._temp)
        if not keep_log:
            self._log.unlink(missing_ok=True)


class RayExecutor(LocalExecutor):
    """Runs each lease in its own Ray cluster, in a child process with its own home, token and namespace.

    Token authentication is always on: the token is made here, exists only in the child's environment, and is
    never written to a file. The child's environment holds none of the operator's variables; the cluster
    listens on this machine only and offers exactly the leased nodes' resources, so that a renter can use no
    more than that. Keys of devices stay outside, with the agents.

    Args:
        nodes: the nodes of this machine that can be leased.
        store: where inputs come from.
        work: directory for the leases' files; the same one after a restart.
        start_timeout: seconds that a cluster may take to start.
    """

    def __init__(
        self,
        nodes: Iterable[NodeSpec],
        store: FileStore,
        work: str | Path,
        *,
        start_timeout: float = 120.0,
    ) -> None:
        super().__init__(nodes, store, work)
        self._timeout = start_timeout
        self._hosts: dict[str, _Host] = {}
        self._spares: dict[tuple[bytes, ...], asyncio.Task[_Host]] = {}

    def prewarm(self, nodes: Sequence[bytes]) -> None:
        """Begins to start a cluster for these nodes; the next lease of exactly these nodes uses it.

        Raises:
            RunFailure: (PLACEMENT) for an unknown node.
        """
        key = tuple(nodes)
        for node in key:
            if node not in self._nodes:
                raise RunFailure(
                    FailureReason.PLACEMENT, f"the node {node.hex()} is not known to this executor"
                )
        if key not in self._spares:
            state_folder(self._work)
            specs = [self._nodes[node] for node in key]
            self._spares[key] = asyncio.create_task(_Host.start(specs, self._work, self._timeout))

    async def open(self, lease: Lease) -> None:
        """See `Executor.open`."""
        self.check(lease)
        await self._host(lease)

    async def run(self, lease: Lease, attempt: int) -> RunOutput:
        """See `Executor.run`."""
        workspace = self.workspace(lease)
        done = workspace.finished()
        if done is not None:
            return done
        host = await self._host(lease)
        await asyncio.to_thread(workspace.prepare, lease.manifest, self._store, attempt)
        manifest = lease.manifest.to_bytes().decode()
        await host.call("run", manifest=manifest, workspace=str(workspace.root.resolve()))
        finished = workspace.finished()
        if finished is None:
            raise RunFailure(FailureReason.EXECUTOR, "the run ended without an outcome")
        return finished

    def processes(self, lease: Lease, node: bytes) -> Sequence[int]:
        """See `Executor.processes`."""
        host = self._hosts.get(lease.name)
        return (host.pid,) if host is not None and host.alive else ()

    async def stop(self, lease: Lease) -> None:
        """See `Executor.stop`."""
        host = self._hosts.get(lease.name)
        if host is not None and host.alive:
            with contextlib.suppress(RunFailure):
                await host.call("stop")

    async def release(self, lease: Lease) -> None:
        """See `Executor.release`."""
        host = self._hosts.pop(lease.name, None)
        if host is not None:
            await host.close()
        await asyncio.to_thread(shutil.rmtree, self.workspace(lease).root, True)

    async def shutdown(self) -> None:
        """See `Executor.shutdown`."""
        spares = list(self._spares.values())
        self._spares.clear()
        for spare in spares:
            spare.cancel()
        started = await asyncio.gather(*spares, return_exceptions=True)
        hosts = [*self._hosts.values(), *(host for host in started if isinstance(host, _Host))]
        self._hosts.clear()
        await asyncio.gather(*(host.close() for host in hosts))

    async def _host(self, lease: Lease) -> _Host:
        """Returns the lease's cluster with its placement group; starts it again if it has died."""
        host = self._hosts.get(lease.name)
        if host is None or not host.alive:
            if host is not None:
                await host.close()
            host = self._hosts[lease.name] = await self._start(lease)
        need = lease.manifest.resources
        # Of each node; what is not asked for need not all be set aside.
        resources = {"cpus": need.cpus or 1, "gpus": need.gpus, "memory": need.memory or _LEAST_MEMORY}
        await host.call("place", resources=resources, timeout=_PLACE_SECONDS)
        return host

    async def _start(self, lease: Lease) -> _Host:
        self._make_workspace(lease)
        spare = self._spares.pop(lease.nodes, None)
        if spare is not None:
            with contextlib.suppress(RunFailure):
                host = await spare
                if host.alive:
                    return host
                await host.close()
        specs = [self._nodes[node].granted(lease.manifest) for node in lease.nodes]
        return await _Host.start(specs, self._work, self._timeout)


def _environment(home: Path, nodes: Sequence[NodeSpec]) -> dict[str, str]:
    package = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    devices = [device for spec in nodes for device in spec.devices]
    # Otherwise every cluster would count from the machine's first GPU.
    visible = {"CUDA_VISIBLE_DEVICES": ",".join(devices)} if devices or not any(n.gpus for n in nodes) else {}
    return base_environment(
        {
            **_SETTINGS,
            **visible,
            "HOME": str(home),
            "PYTHONPATH": path,
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
        }
    )

"""Runs manifests on Ray in a box, so that no code of a renter runs as, or beside, a process with keys."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol

from ionet.executor._base import (
    MAX_VALUE_BYTES,
    FailureReason,
    Lacking,
    Lease,
    LocalExecutor,
    NodeSpec,
    Part,
    RunFailure,
    RunOutput,
    Workspace,
    stored_archive,
    stored_input,
)
from ionet.executor._logs import shorten_log
from ionet.overlay import OverlayError
from ionet.sandbox import (
    BoxError,
    Device,
    Ended,
    Ending,
    Gathered,
    Gpus,
    Internet,
    Limits,
    NoSuchGpu,
)
from ionet.store.manifest import Command, FileStore, Manifest

_PACKAGE: Final = Path(__file__).resolve().parents[1]
PYTHON: Final = "/usr/bin/python3"
#: Unpacks this package inside the box, and runs the driver from it.
_BOOT: Final = (
    "import os,sys,tarfile;"
    "tarfile.open('/in/ionet.tar').extractall('/tmp/site');"
    "os.execv(sys.executable,[sys.executable,'-m','ionet.workloads.driver'])"
)
MIB: Final = 1 << 20
#: What Ray's own processes use, which no manifest asks for.
RAY_MEMORY: Final = 2048 * MIB
RAY_PROCESSES: Final = 1024
_OBJECT_STORE: Final = 80 * MIB  # Ray's minimum is 75 MiB
_SHARED_MEMORY: Final = 256 * MIB
#: Bytes of memory for each process or thread, the fewest, with which Ray starts, and the most.
_PROCESS_MEMORY: Final = 2 * MIB
_FEWEST: Final = 4096
_MOST: Final = 32_768
#: For Ray to start, in addition to the time that the manifest asks for; and for the other nodes to be there.
_START_SECONDS: Final = 180
_GATHER_SECONDS: Final = 300
#: A box that is not the head's may see several runs at the head.
_RUNS: Final = 3
_PAUSE: Final = 0.2
_END: Final = "end.json"
#: Marks a workspace whose last run has failed, so that its box is not waited for again.
_FAILED: Final = "failed"
_FILES: Final = "files/"
_CUT_OFF: Final = "\n--- the machine was cut off during this run, which begins again\n"
#: What can be known inside.
_REASONS: Final = frozenset(FailureReason) - {FailureReason.PLACEMENT, FailureReason.STOPPED}


class AnyBox(Protocol):
    """What a lease's program runs in: a `Box`, or a `PodmanBox`, which has its methods."""

    @property
    def name(self) -> str:
        """The lease's."""
        ...

    def start(
        self,
        image: Any,
        command: Sequence[str],
        *,
        limits: Limits | None = None,
        environment: Mapping[str, str] | None = None,
        inputs: Mapping[str, Path] | None = None,
        given: Mapping[str, bytes | Path] | None = None,
        devices: Iterable[Device] = (),
        driver: Mapping[str, Path] | None = None,
        internet: Internet | None = None,
        address: str | None = None,
    ) -> None:
        """See `Box.start`; what names an image depends on the kind of box."""
        ...

    def give(self, name: str, data: bytes) -> None:
        """See `Box.give`."""
        ...

    def exists(self) -> bool:
        """See `Box.exists`."""
        ...

    def lost(self) -> bool:
        """See `Box.lost`."""
        ...

    def ended(self) -> Ended | None:
        """See `Box.ended`."""
        ...

    def stop(self) -> None:
        """See `Box.stop`."""
        ...

    def roots(self) -> Sequence[int]:
        """See `Box.roots`."""
        ...

    def follow(self) -> Callable[[], Iterator[bytes]]:
        """See `Box.follow`."""
        ...

    def gather(self, into: Path) -> Gathered:
        """See `Box.gather`."""
        ...

    def destroy(self) -> None:
        """See `Box.destroy`."""
        ...


class BoxedExecutor(LocalExecutor):
    """One box for each lease, with its Ray cluster inside; `BoxExecutor` and `PodmanExecutor` say which kind.

    The box of a run goes on when this process is killed, and is found again by the next one.

    Args:
        nodes: the nodes that can be leased.
        store: where inputs come from.
        work: directory for the leases' files; the same one after a restart.
        image: what jobs run in.
        outputs: bytes of the files that a run may leave.
        internet: how jobs reach the internet that ask for it, on nodes that allow it.
    """

    outlives = True

    def __init__(
        self,
        nodes: Iterable[NodeSpec],
        store: FileStore,
        work: str | Path,
        *,
        image: Path | str,
        outputs: int = 1024 * MIB,
        internet: Internet | None = None,
    ) -> None:
        super().__init__(nodes, store, work)
        self._image = image
        self._outputs = outputs
        self._internet = internet or Internet()
        self._stopped: set[str] = set()
        self._opened: set[str] = set()

    def _image_of(self, manifest: Manifest) -> tuple[Path | str, str, dict[str, str]]:
        """Returns what a manifest's box is made of, its Python, and variables that belong to it.

        Raises:
            BoxError: its image is not here any more.
        """
        if manifest.image is None:
            return self._image, PYTHON, {}
        raise BoxError(f"image: {self.lacks_image(manifest.image)}")

    def _named(self, name: str) -> AnyBox:
        """Returns the box of a lease by its name, whether it has been made or not."""
        raise NotImplementedError

    def check(self, lease: Lease) -> None:
        """See `LocalExecutor.check`; also what a box cannot do is refused."""
        super().check(lease)
        try:
            self._gpus(lease)
        except NoSuchGpu as error:
            # It has said how many it has: that this machine does not know them is not its renter's fault.
            raise Lacking(str(error)) from error
        if lease.manifest.runtime_env.pip and not lease.manifest.resources.internet:
            raise RunFailure(
                FailureReason.PLACEMENT,
                "runtime_env.pip needs the internet, which a box does not have; put the packages into the"
                " working directory, or ask for the internet: resources.internet = true",
            )
        for node in lease.nodes:
            if (why := self._nodes[node].lacks_internet(lease.manifest)) is not None:
                raise Lacking(why)

    async def open(self, lease: Lease) -> None:
        """See `Executor.open`."""
        self.check(lease)
        self._make_workspace(lease)
        self._opened.add(lease.name)

    async def run(self, lease: Lease, attempt: int) -> RunOutput:
        """See `Executor.run`."""
        workspace, box = self.workspace(lease), self._box(lease)
        if (done := workspace.finished()) is not None:
            return done
        self._stopped.discard(lease.name)
        failed = workspace.root / _FAILED
        try:
            lost = await asyncio.to_thread(box.lost)
            if lost or failed.exists() or not await asyncio.to_thread(box.exists):
                if lost:
                    with workspace.log.open("a") as log:
                        log.write(_CUT_OFF)
                await asyncio.to_thread(self._start, lease, box, attempt)
                failed.unlink(missing_ok=True)
            # Otherwise an earlier process began this run, which goes on or has ended since.
            await asyncio.to_thread(self._connect, lease, box)
            ended = await self._watch(lease, box)
            return await asyncio.to_thread(self._finish, lease, box, ended)
        except (BoxError, OverlayError) as error:
            failed.touch()
            raise RunFailure(FailureReason.EXECUTOR, str(error)) from error
        except RunFailure:
            # The box stays until the next attempt or the end of the lease: its use of devices still counts.
            failed.touch()
            raise

    async def collect(self, lease: Lease) -> RunOutput | None:
        """See `Executor.collect`."""
        workspace, box = self.workspace(lease), self._box(lease)
        if (done := workspace.finished()) is not None:
            return done
        try:
            if (workspace.root / _FAILED).exists() or not await asyncio.to_thread(box.exists):
                return None
            if await asyncio.to_thread(box.lost) or await asyncio.to_thread(box.ended) is None:
                return None
            return await asyncio.to_thread(self._finish, lease, box, await self._watch(lease, box))
        except BoxError as error:
            raise RunFailure(FailureReason.EXECUTOR, str(error)) from error

    def processes(self, lease: Lease, node: bytes) -> Sequence[int]:
        """See `Executor.processes`."""
        return self._box(lease).roots()

    async def stop(self, lease: Lease) -> None:
        """See `Executor.stop`."""
        self._stopped.add(lease.name)
        await asyncio.to_thread(self._box(lease).stop)

    async def give(self, lease: Lease, name: str, data: bytes) -> None:
        """See `LocalExecutor.give`."""
        await asyncio.to_thread(self._box(lease).give, name, data)

    async def release(self, lease: Lease) -> None:
        """See `Executor.release`."""
        await asyncio.to_thread(self._end, lease.name)
        self._opened.discard(lease.name)
        await asyncio.to_thread(shutil.rmtree, self.workspace(lease).root, True)

    async def shutdown(self) -> None:
        """See `Executor.shutdown`."""
        names, self._opened = self._opened, set()
        await asyncio.gather(*(asyncio.to_thread(self._end, name) for name in names))

    async def sweep(self, keep: Container[str]) -> None:
        """See `LocalExecutor.sweep`; boxes go, too, whose lease has no directory any more."""
        await super().sweep(keep)
        await asyncio.to_thread(self._clear, keep)

    def _clear(self, keep: Container[str]) -> None:
        """Removes boxes that no lease's directory belongs to, but for those to keep."""
        raise NotImplementedError

    def _remove(self, name: str) -> None:
        self._end(name)
        super()._remove(name)

    def _end(self, name: str) -> None:
        """Ends the box of a lease, whether it has been made or not."""
        self._named(name).destroy()

    # -- one run

    def _gpus(self, lease: Lease) -> Gpus:
        """Returns what the lease's box needs to use its nodes' GPUs, if its manifest asks for any.

        Raises:
            NoSuchGpu: this machine does not know one of them.
        """
        raise NotImplementedError

    def _box(self, lease: Lease) -> AnyBox:
        return self._named(lease.name)

    def _start(self, lease: Lease, box: AnyBox, attempt: int) -> None:
        """Starts the box with everything that the run needs.

        Raises:
            RunFailure: (INPUT_MISSING) the store lacks an input; (PLACEMENT) the box does not start.
        """
        manifest, workspace = lease.manifest, self.workspace(lease)
        box.destroy()
        with workspace.log.open("a") as log:
            log.write(f"--- attempt {attempt}\n")
        specs = [self._nodes[node].granted(manifest) for node in lease.nodes]
        inputs, given = self._materials(manifest)
        given |= lease.given
        given["run.json"] = json.dumps(_order(manifest, specs, lease.part)).encode()
        try:
            found = self._gpus(lease)
            image, python, more = self._image_of(manifest)
            box.start(
                image,
                [python, "-c", _BOOT],
                limits=self._limits(lease, specs),
                environment={**more, **found.environment, "PYTHONPATH": "/tmp/site"},  # noqa: S108 (inside)
                devices=found.devices,
                driver=found.files,
                inputs=inputs,
                given=given,
                internet=self._reach(specs) if manifest.resources.internet else None,
                address=None if lease.part is None else lease.part.address,
            )
        except (BoxError, NoSuchGpu) as error:
            raise RunFailure(FailureReason.PLACEMENT, str(error)) from error

    def _reach(self, specs: Sequence[NodeSpec]) -> Internet:
        """How a lease's box reaches the internet: at the rates of its nodes together."""
        rates = [spec.internet_rate for spec in specs]
        known = [rate for rate in rates if rate is not None]
        return replace(self._internet, rate=sum(known) if len(known) == len(rates) else None)

    def _materials(self, manifest: Manifest) -> tuple[dict[str, Path], dict[str, bytes | Path]]:
        """Returns the files for the working directory, and those that the job cannot change."""
        inputs = {item.name: stored_input(self._store, item) for item in manifest.inputs}
        fixed: dict[str, bytes | Path] = {"ionet.tar": package()}
        if (archive := stored_archive(self._store, manifest)) is not None:
            fixed["working_dir.zip"] = archive
        return inputs, fixed

    @staticmethod
    def _connect(lease: Lease, box: AnyBox) -> None:
        """Connects a box to the network of its lease, if that has other machines; connections stay."""
        if lease.part is not None and box.ended() is None:
            lease.part.connect(box.name)

    def _limits(self, lease: Lease, specs: Sequence[NodeSpec]) -> Limits:
        """What the run is given of its nodes, and what Ray's own processes use besides."""
        seconds = lease.manifest.max_duration + _START_SECONDS
        if lease.part is not None:
            seconds = (seconds + _GATHER_SECONDS) * (1 if lease.part.is_head else _RUNS)
        return Limits(
            memory=sum(spec.memory for spec in specs) + RAY_MEMORY,
            millicores=1000 * sum(spec.cpus for spec in specs),
            processes=sum(spec.processes for spec in specs) + RAY_PROCESSES,
            disk=sum(spec.disk for spec in specs),
            shared_memory=_SHARED_MEMORY,
            seconds=seconds,
            output=self._outputs + 2 * MAX_VALUE_BYTES,
        )

    async def _watch(self, lease: Lease, box: AnyBox) -> Ended:
        """Waits for the end, and copies the output into the lease's log."""
        log = self.workspace(lease).log
        follower = box.follow()
        while True:
            if lease.name in self._stopped:
                # It may have been asked for before there was anything to stop.
                await asyncio.to_thread(box.stop)
            ended = await asyncio.to_thread(box.ended)
            await asyncio.to_thread(_copy, follower, log)
            await asyncio.to_thread(shorten_log, log)
            if ended is not None:
                await asyncio.to_thread(shorten_log, log, ended=True)
                return ended
            await asyncio.sleep(_PAUSE)

    def _finish(self, lease: Lease, box: AnyBox, ended: Ended) -> RunOutput:
        """Reads what an ended box has left.

        Raises:
            RunFailure: the run did not succeed.
        """
        if lease.name in self._stopped:
            raise RunFailure(FailureReason.STOPPED, "stopped by the orchestrator")
        if ended.ending is Ending.LEASE:
            raise RunFailure(FailureReason.OUT_OF_TIME, "the paid time is over")
        if ended.ending is Ending.TIME:
            raise RunFailure(FailureReason.OUT_OF_TIME, f"longer than {lease.manifest.max_duration} s")
        workspace = self.workspace(lease)
        with tempfile.TemporaryDirectory(dir=workspace.root) as folder:
            gathered = box.gather(Path(folder))
            end = _end(gathered)
            if end is None and ended.ending is Ending.MEMORY:
                raise RunFailure(FailureReason.OUT_OF_MEMORY, "the job used more memory than it leased")
            if end is None:
                raise RunFailure(FailureReason.EXECUTOR, f"the job's driver ended with {ended.status}")
            if end["reason"] is not None:
                raise RunFailure(FailureReason(end["reason"]), end["detail"])
            if not gathered.complete:
                raise RunFailure(FailureReason.EXECUTOR, "the job's files could not all be read")
            self._keep(workspace, gathered)
        return workspace.finish(end["value"])

    @staticmethod
    def _keep(workspace: Workspace, gathered: Gathered) -> None:
        """Moves the job's files to the outputs, and lists in the log what was skipped."""
        shutil.rmtree(workspace.output, ignore_errors=True)
        workspace.output.mkdir(parents=True)
        for file in gathered.files:
            if file.name.startswith(_FILES):
                target = workspace.output / file.name.removeprefix(_FILES)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file.path, target)
        with workspace.log.open("a") as log:
            for skipped in gathered.skipped:
                log.write(f"--- not an output: {skipped.name}: {skipped.why}\n")


def _copy(follower: Callable[[], Iterator[bytes]], log: Path) -> None:
    with log.open("ab") as file:
        for block in follower():
            file.write(block)


def most_processes(memory: int) -> int:
    """Returns how many processes and threads a node gives jobs, besides Ray's own.

    With those one for each 2 MiB of a box's memory, from 4,096 to 32,768.

    Args:
        memory: what the node gives jobs, bytes; Ray's comes in addition.
    """
    return max(_FEWEST, min(_MOST, (memory + RAY_MEMORY) // _PROCESS_MEMORY)) - RAY_PROCESSES


def _order(manifest: Manifest, specs: Sequence[NodeSpec], part: Part | None) -> dict[str, Any]:
    """The driver's orders, as `ionet.workloads.driver` reads them."""
    entry = manifest.entrypoint
    cluster = None
    if part is not None:
        cluster = {
            "address": part.address,
            "head": part.head,
            "nodes": [node.hex() for node in part.nodes],
            "on_loss": manifest.on_loss,
            "secret": part.secret,
            "seconds": _GATHER_SECONDS,
        }
    return {
        "argv": list(entry.argv) if isinstance(entry, Command) else None,
        "function": None if isinstance(entry, Command) else entry.path,
        "arguments": {} if isinstance(entry, Command) else dict(entry.arguments),
        "cluster": cluster,
        "env": dict(manifest.runtime_env.env_vars),
        "nodes": [
            {"node": spec.node.hex(), "cpus": spec.cpus, "gpus": spec.gpus, "memory": spec.memory}
            for spec in specs
        ],
        "object_store": _OBJECT_STORE,
        "pip": list(manifest.runtime_env.pip),
        "seconds": manifest.max_duration,
        "working_dir": manifest.runtime_env.working_dir is not None,
    }


def _end(gathered: Gathered) -> Mapping[str, Any] | None:
    """Returns how the driver says that the job ended; None if it does not say so readably."""
    file = next((file for file in gathered.files if file.name == _END), None)
    if file is None or file.size > 2 * MAX_VALUE_BYTES:
        return None
    try:
        end = json.loads(file.path.read_bytes())
    except (ValueError, RecursionError):
        return None
    if not isinstance(end, dict):
        return None
    reason, detail = end.get("reason"), end.get("detail")
    if reason is None:
        return {"reason": None, "value": end.get("value")}
    if not isinstance(reason, str) or reason not in _REASONS or not isinstance(detail, str):
        return None
    return {"reason": reason, "detail": detail}


@cache
def packed_library(name: str) -> bytes:
    """Returns a library of this process as a tar archive; only its Python, which is all that it may have.

    Args:
        name: the package's.
    """
    folder = Path(str(import_module(name).__file__)).parent
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for path in sorted(folder.rglob("*.py")):
            archive.add(path, f"{name}/{path.relative_to(folder)}", recursive=False)
    return out.getvalue()


@cache
def package() -> bytes:
    """Returns this package as a tar archive, without the programs, which no job needs."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for path in sorted(_PACKAGE.rglob("*.py")):
            archive.add(path, f"ionet/{path.relative_to(_PACKAGE)}", recursive=False)
    return out.getvalue()

"""The executor's protocol, the lease, and the typed failures of a run."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import shutil
import socket
import time
import zipfile
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Protocol

from ionet.chain.errors import IonetError
from ionet.chain.files import state_folder
from ionet.formats import canonical
from ionet.formats.canonical import CanonicalError
from ionet.formats.sizes import size_text
from ionet.store.manifest import FileStore, Input, Manifest, NotStored

OUTCOME = "outcome.json"
MAX_VALUE_BYTES = 1 << 20
MAX_DETAIL = 2_000
MAX_ARCHIVE_BYTES = 1 << 32
#: Bytes a second.
MBIT: Final = 125_000
_REMEDY: Final = "ask for less, leave it out, or choose another node"
LEASE_NAME: Final = re.compile(r"[0-9a-f]{32}")


class FailureReason(StrEnum):
    """Why a run did not succeed."""

    PLACEMENT = "placement"
    INPUT_MISSING = "input-missing"
    BAD_ENTRYPOINT = "bad-entrypoint"
    BAD_VALUE = "bad-value"
    WORKLOAD = "workload"
    OUT_OF_MEMORY = "out-of-memory"
    OUT_OF_TIME = "out-of-time"
    NODE_LOST = "node-lost"
    STOPPED = "stopped"
    EXECUTOR = "executor"


# Repeating these cannot help: the manifest is at fault, or the paid time is over.
_FINAL = frozenset(
    {
        FailureReason.BAD_ENTRYPOINT,
        FailureReason.BAD_VALUE,
        FailureReason.OUT_OF_TIME,
        FailureReason.STOPPED,
    }
)


class RunFailure(IonetError):
    """A run ended without a result.

    Attributes:
        reason: why.
        detail: the workload's exception, or what was missing; its first 2,000 characters, made printable.
        log: hash of the run's log in the store, 32 bytes, or None.
        final: whether it was repeated already, as often as is useful.
    """

    def __init__(
        self, reason: FailureReason, detail: str, log: bytes | None = None, *, final: bool = False
    ) -> None:
        # Much of it is a renter's text: it is shown on terminals, and stored as UTF-8.
        detail = "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in detail)
        detail = detail[:MAX_DETAIL]
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail
        self.log = log
        self.final = final

    @property
    def retryable(self) -> bool:
        """Whether another attempt could succeed."""
        return not self.final and self.reason not in _FINAL


class Lacking(RunFailure):
    """A lease asks for more than a node gives; (PLACEMENT), and nothing else is."""

    def __init__(self, detail: str) -> None:
        super().__init__(FailureReason.PLACEMENT, detail)


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """What a leased node offers.

    Attributes:
        node: the node's address, 32 bytes.
        cpus: cores.
        gpus: how many GPUs.
        memory: bytes.
        devices: the GPUs' UUIDs: jobs on the node see these and no others.
        internet: whether jobs that ask for it reach the internet.
        internet_rate: bytes a second that they send there at most, and receive; None: no limit.
        disk: bytes for inputs, outputs and temporary files together.
        processes: processes and threads at a time, besides Ray's own.

    Raises:
        ValueError: there are UUIDs, and not one for each GPU.
    """

    node: bytes
    cpus: int
    gpus: int = 0
    memory: int = 1 << 30
    devices: tuple[str, ...] = ()
    internet: bool = False
    internet_rate: int | None = None
    disk: int = 4 << 30
    processes: int = 3_072

    def __post_init__(self) -> None:
        if self.devices and len(set(self.devices)) != self.gpus:
            raise ValueError(f"{self.gpus} GPUs, and the UUIDs of {len(set(self.devices))}")

    def lacks(self, manifest: Manifest) -> str | None:
        """Returns what the node gives less of than the manifest asks of each node; None if nothing."""
        need = manifest.resources
        for name, asked, given, text in (
            ("cpus", need.cpus or 1, self.cpus, _cores),
            ("gpus", need.gpus, self.gpus, _gpus),
            ("memory", need.memory or 0, self.memory, size_text),
            ("processes", need.processes or 0, self.processes, _processes),
            ("disk", need.disk or sum(item.size for item in manifest.inputs), self.disk, size_text),
        ):
            if asked > given:
                wanted, had = text(asked), text(given)
                if wanted == had:
                    wanted, had = f"{asked:,} bytes", f"{given:,} bytes"
                inputs = " for the inputs" if name == "disk" and need.disk is None else ""
                return f"resources.{name}: this node gives jobs {had}, not {wanted}{inputs}; {_REMEDY}"
        return None

    def lacks_internet(self, manifest: Manifest) -> str | None:
        """Returns why a box on the node cannot reach the internet as the manifest asks; None if it can."""
        need, rate = manifest.resources, self.internet_rate
        if need.internet and not self.internet:
            return (
                "resources.internet: this node's supplier does not allow jobs to reach the internet; choose"
                " another node, or bring what the job needs as inputs"
            )
        if need.internet_mbps is not None and rate is not None and need.internet_mbps * MBIT > rate:
            given = f"{rate // MBIT} Mbit/s"
            return (
                f"resources.internet_mbps: this node gives jobs {given}, not {need.internet_mbps}; {_REMEDY}"
            )
        return None

    def granted(self, manifest: Manifest) -> NodeSpec:
        """Returns what of the node a run is given: as much as its manifest asks for, or all of it."""
        need = manifest.resources
        mbps = need.internet_mbps
        return replace(
            self,
            cpus=need.cpus or self.cpus,
            memory=need.memory or self.memory,
            processes=need.processes or self.processes,
            disk=need.disk or self.disk,
            internet_rate=self.internet_rate if mbps is None else mbps * MBIT,
        )


def _cores(count: int) -> str:
    return f"{count:,} core{'s' * (count != 1)}"


def _gpus(count: int) -> str:
    return f"{count} GPU{'s' * (count != 1)}"


def _processes(count: int) -> str:
    return f"{count:,} processes and threads"


@dataclass(frozen=True, slots=True)
class Part:
    """A node's part in a lease over several machines, each of which runs a box of its own.

    Attributes:
        address: this node's in the lease's network, IPv4.
        head: the address of the node that the lease's Ray cluster begins at; the manifest is run there.
        nodes: all nodes of the lease, 32 bytes each.
        secret: what the lease's boxes share and nobody else knows: 64 hex digits.
        connect: connects the box of this name to the lease's network; repeated, it does nothing. Raises
            `IonetError`.
    """

    address: str
    head: str
    nodes: tuple[bytes, ...]
    secret: str = field(repr=False)
    connect: Callable[[str], None]

    @property
    def is_head(self) -> bool:
        """Whether the manifest is run here."""
        return self.address == self.head


@dataclass(frozen=True, slots=True)
class Lease:
    """One manifest on the nodes of one or more jobs of one renter.

    Attributes:
        jobs: addresses of the jobs, 32 bytes each.
        nodes: the leased nodes, in the order of the jobs.
        renter: the renter's address.
        digest: the manifest's hash.
        manifest: the manifest.
        part: where the lease has nodes on other machines, too: what this machine's is. Its jobs and nodes are
            then this machine's alone.
        joins: node and job of the head of a lease that runs already, which this node joins in place of a lost
            one; None for a lease of its own.
        given: files for the box besides, by their names in `/in`.
    """

    jobs: tuple[bytes, ...]
    nodes: tuple[bytes, ...]
    renter: bytes
    digest: bytes
    manifest: Manifest
    part: Part | None = None
    joins: tuple[bytes, bytes] | None = None
    given: Mapping[str, bytes | Path] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    @property
    def name(self) -> str:
        """Its name for directories and clusters; see `lease_name`."""
        return lease_name(self.jobs)


def lease_name(jobs: Sequence[bytes]) -> str:
    """Returns the first 16 bytes of ``sha256(b"ionet:lease" || the jobs' addresses)`` in hex."""
    return hashlib.sha256(b"ionet:lease" + b"".join(jobs)).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Output:
    """An output file of a run.

    Attributes:
        name: POSIX path below the output directory.
        path: where it is.
    """

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class StoredOutput:
    """An output file of a run, in the store.

    Attributes:
        name: POSIX path.
        sha256: its content, 32 bytes.
        size: bytes.
    """

    name: str
    sha256: bytes
    size: int


@dataclass(frozen=True, slots=True)
class RunOutput:
    """The output of a finished run.

    Attributes:
        value: the JSON object that the entrypoint returned; ``{"exit_code": 0}`` for a command.
        outputs: its files on this machine, sorted by name.
        log: what it printed.
        stored: its files that are in the store already, sorted by name.
        stored_log: hash of its log in the store, 32 bytes, or None.
    """

    value: Mapping[str, Any]
    outputs: tuple[Output, ...]
    log: Path | None = None
    stored: tuple[StoredOutput, ...] = ()
    stored_log: bytes | None = None


class Executor(Protocol):
    """Runs manifests on leased nodes. One lease never shares a cluster with another.

    Attributes:
        outlives: whether runs go on when this process ends, and are found again by the next.
    """

    outlives: bool

    async def open(self, lease: Lease) -> None:
        """Reserves the lease's nodes; does nothing if the lease is open already.

        Raises:
            RunFailure: (PLACEMENT) when the nodes are unknown, too small or not available now.
        """
        ...

    async def run(self, lease: Lease, attempt: int) -> RunOutput:
        """Runs the manifest to its end; for a run that has finished before, returns its output again.

        Raises:
            RunFailure: when it did not succeed.
        """
        ...

    async def collect(self, lease: Lease) -> RunOutput | None:
        """Returns the output of a run that an earlier process began, without starting anything.

        Returns:
            None if no run has ended.

        Raises:
            RunFailure: it did not succeed.
            IonetError: that cannot be told now.
        """
        ...

    def log(self, lease: Lease) -> Path:
        """Returns the log file of the lease's runs; it may not exist yet."""
        ...

    def processes(self, lease: Lease, node: bytes) -> Sequence[int]:
        """Returns process ids whose trees belong to the lease on that node, for the time-lock."""
        ...

    async def stop(self, lease: Lease) -> None:
        """Ends a run in progress; its `run` then raises RunFailure (STOPPED)."""
        ...

    async def release(self, lease: Lease) -> None:
        """Frees the lease's nodes and removes its files; repeated, it does nothing."""
        ...

    async def shutdown(self) -> None:
        """Ends everything that this process opened; outcomes of finished runs stay on disk."""
        ...


@dataclass(frozen=True, slots=True)
class Workspace:
    """A lease's directory: inputs, working directory, outputs, log, and the outcome of a finished run.

    Attributes:
        root: the directory.
    """

    root: Path

    @property
    def cwd(self) -> Path:
        """The run's working directory: the inputs, and the manifest's working directory, unpacked."""
        return self.root / "work"

    @property
    def output(self) -> Path:
        """The directory whose files become outputs."""
        return self.root / "output"

    @property
    def log(self) -> Path:
        """Output of the runs, all attempts in order."""
        return self.root / "run.log"

    def prepare(self, manifest: Manifest, store: FileStore, attempt: int) -> None:
        """Prepares the directory for an attempt.

        Raises:
            RunFailure: (INPUT_MISSING) when the store lacks an input, or an archive is not safe to unpack.
        """
        for directory in (self.cwd, self.output):
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir(parents=True)
        with open(self.log, "a") as log:
            log.write(f"--- attempt {attempt}\n")
        if (archive := stored_archive(store, manifest)) is not None:
            _unpack(archive, self.cwd)
        for item in manifest.inputs:
            target = self.cwd / item.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(stored_input(store, item), target)

    def finish(self, value: object) -> RunOutput:
        """Records durably that a run has finished, so that it is never repeated.

        Raises:
            RunFailure: (BAD_VALUE) when the value is not a JSON object of the canonical subset, or too large.
        """
        if not isinstance(value, Mapping):
            raise RunFailure(
                FailureReason.BAD_VALUE, f"the entrypoint returned {type(value).__name__}, not an object"
            )
        try:
            data = canonical.encode(value)
        except CanonicalError as error:
            raise RunFailure(FailureReason.BAD_VALUE, f"the entrypoint's value: {error}") from error
        if len(data) > MAX_VALUE_BYTES:
            raise RunFailure(
                FailureReason.BAD_VALUE,
                f"the entrypoint's value has {len(data)} bytes; leave large results as files",
            )
        temporary = self.root / f"{OUTCOME}.tmp"
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.root / OUTCOME)
        return self._output(value)

    def finished(self) -> RunOutput | None:
        """Returns the output of the run that has finished here, or None."""
        try:
            value = json.loads((self.root / OUTCOME).read_bytes())
        except FileNotFoundError:
            return None
        return self._output(value)

    def _output(self, value: Mapping[str, Any]) -> RunOutput:
        files = sorted(path for path in self.output.rglob("*") if path.is_file() and not path.is_symlink())
        outputs = tuple(Output(path.relative_to(self.output).as_posix(), path) for path in files)
        return RunOutput(value, outputs, self.log if self.log.exists() else None)


class LocalExecutor:
    """What executors of this machine share.

    Args:
        nodes: the nodes that can be leased.
        store: where inputs come from.
        work: directory for the leases' files; the same one after a restart.
    """

    outlives = False

    def __init__(self, nodes: Iterable[NodeSpec], store: FileStore, work: str | Path) -> None:
        self._nodes = {spec.node: spec for spec in nodes}
        self._store = store
        self._turn = asyncio.Lock()
        self._work = Path(work)

    def workspace(self, lease: Lease) -> Workspace:
        """Returns the lease's directory."""
        return Workspace(self._work / lease.name)

    def check(self, lease: Lease) -> None:
        """Refuses a lease whose nodes are unknown, or give less than its manifest asks for.

        Raises:
            RunFailure: (PLACEMENT) with the reason.
        """
        for node in lease.nodes:
            spec = self._nodes.get(node)
            if spec is None:
                raise RunFailure(
                    FailureReason.PLACEMENT, f"the node {node.hex()} is not known to this executor"
                )
            if (why := spec.lacks(lease.manifest)) is not None:
                raise Lacking(why)
        if lease.manifest.image is not None and (why := self.lacks_image(lease.manifest.image)) is not None:
            raise Lacking(f"image: {why}")

    def lacks_image(self, image: str) -> str | None:
        """Returns why jobs here cannot run in an image, as the rest of a sentence; None if they can.

        Args:
            image: as a manifest names it.
        """
        return "jobs of this node run in no image: leave it out, or choose another node"

    def wanted_image(self, manifest: Manifest) -> tuple[bytes, int] | None:
        """Returns the hash of the archive that a lease's image has to be unpacked from; None if nothing has.

        Returns:
            The hash, and how many bytes the archive may have.
        """
        return None

    @property
    def archives(self) -> FileStore:
        """Where those are fetched to."""
        return self._store

    @property
    def turn(self) -> asyncio.Lock:
        """Whoever fetches and unpacks one has this: its room is measured by what the disk has left then."""
        return self._turn

    async def collect(self, lease: Lease) -> RunOutput | None:
        """See `Executor.collect`."""
        return self.workspace(lease).finished()

    def log(self, lease: Lease) -> Path:
        """See `Executor.log`."""
        return self.workspace(lease).log

    def end_by(self, lease: Lease, at: float) -> None:
        """Has what runs of a lease end at a time, whether or not this process is there then.

        Args:
            lease: the lease.
            at: by `ionet.sandbox.machine_time`; said again, the last holds.
        """

    async def give(self, lease: Lease, name: str, data: bytes) -> None:
        """Gives a run in progress a file, which it can read and not change; one that is there stays.

        Raises:
            IonetError: it cannot be given any.
        """
        raise IonetError("what runs on this machine can be given no files")

    async def connect(self, lease: Lease) -> socket.socket:
        """Connects to the SSH server of a run in progress (`ionet.workloads.access`), inside its network.

        Raises:
            IonetError: there is none.
            OSError: it does not answer.
        """
        raise IonetError("what runs on this machine takes no streams")

    async def sweep(self, keep: Container[str]) -> None:
        """Removes what leases have left that ended while no process of the worker ran.

        Args:
            keep: names of leases that go on.
        """
        names = [path.name for path in self._work.glob("*") if LEASE_NAME.fullmatch(path.name)]
        for name in names:
            if name not in keep:
                await self.discard(name)

    async def discard(self, name: str) -> None:
        """Removes what a lease has left, by its name; repeated, it does nothing."""
        await asyncio.to_thread(self._remove, name)

    def _remove(self, name: str) -> None:
        shutil.rmtree(self._work / name, ignore_errors=True)

    def _make_workspace(self, lease: Lease) -> None:
        """Makes the lease's directory.

        Raises:
            ConfigError: everybody can put files into the directory of all leases.
        """
        state_folder(self._work)
        self.workspace(lease).root.mkdir(parents=True, exist_ok=True)


def remove_tree(path: Path) -> None:
    """Removes a cluster's directory; Ray's processes may still write to it for a moment after they end."""
    for _ in range(20):
        shutil.rmtree(path, ignore_errors=True)
        if not path.exists():
            return
        time.sleep(0.1)


def stored_archive(store: FileStore, manifest: Manifest) -> Path | None:
    """Returns where the store has the manifest's working directory, a zip archive; None if it names none.

    Raises:
        RunFailure: (INPUT_MISSING) the store does not have it.
    """
    if manifest.runtime_env.working_dir is None:
        return None
    try:
        return store.path(bytes.fromhex(manifest.runtime_env.working_dir))
    except NotStored as error:
        raise RunFailure(FailureReason.INPUT_MISSING, str(error)) from error


def stored_input(store: FileStore, item: Input) -> Path:
    """Returns where the store has an input, whose content was checked: it may be larger than the memory.

    Raises:
        RunFailure: (INPUT_MISSING) the store does not have it, or its length is not the manifest's.
    """
    try:
        path = store.path(bytes.fromhex(item.sha256))
        if (size := path.stat().st_size) != item.size:
            raise RunFailure(
                FailureReason.INPUT_MISSING, f"{item.name} has {size} bytes, the manifest says {item.size}"
            )
        return store.checked(bytes.fromhex(item.sha256))
    except NotStored as error:
        raise RunFailure(FailureReason.INPUT_MISSING, str(error)) from error


def _unpack(archive: Path, target: Path) -> None:
    try:
        with zipfile.ZipFile(archive) as file:
            total = 0
            for item in file.infolist():
                path = (target / item.filename).resolve()
                total += item.file_size
                # extractall drops '..' silently; an archive that contains it is refused as a whole.
                if not path.is_relative_to(target.resolve()) or total > MAX_ARCHIVE_BYTES:
                    raise RunFailure(
                        FailureReason.INPUT_MISSING,
                        f"the working directory's archive is not safe to unpack: {item.filename!r}",
                    )
            file.extractall(target)
    except zipfile.BadZipFile as error:
        raise RunFailure(
            FailureReason.INPUT_MISSING, f"the working directory is not a zip archive: {error}"
        ) from error

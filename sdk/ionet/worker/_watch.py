"""Watching a device: who uses it, and how much.

An NVIDIA driver names the processes on a device by their numbers. Where it names none, as under WSL, or by
numbers of another pid namespace, as in a container with its own, a stranger would not be seen, or the lease's
own processes would be taken for strangers: `NvmlWatch.check` refuses such machines before anything is leased.
"""

from __future__ import annotations

import importlib
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from ionet.chain.errors import IonetError
from ionet.worker._probe import Device
from ionet.worker._timelock import MAX_NAMES, Observation

#: Seconds by which the begin of a process may be told too early.
_TICK: Final = 0.02
#: The first pid namespace of every Linux machine (PROC_PID_INIT_INO in the kernel's sources).
_FIRST_NAMESPACE: Final = 0xEFFFFFFC
#: Seconds for a process to take a device, and for the driver to name it then.
_TAKE: Final = 30.0
_NAMED: Final = 5.0
_REMEDY: Final = "run the worker on the machine itself, or its container with --pid=host"
#: Takes the device that is the only one it sees, until its input ends. Ends with 3 if it cannot.
_HOLD: Final = """
import ctypes, sys
try:
    cuda = ctypes.CDLL("libcuda.so.1")
except OSError:
    sys.exit(3)
device, context = ctypes.c_int(), ctypes.c_void_p()
if cuda.cuInit(0) or cuda.cuDeviceGet(ctypes.byref(device), 0):
    sys.exit(3)
if cuda.cuCtxCreate_v2(ctypes.byref(context), 0, device):
    sys.exit(3)
print("taken", flush=True)
sys.stdin.read()
"""


class CannotWatch(IonetError):
    """Nobody could tell on this machine who uses the device, so it cannot be leased; the text says why."""


class Watch(Protocol):
    """Observes one device for one lease at a time."""

    def observe(self, roots: Iterable[int]) -> Observation:
        """Returns what was seen since the last call; the lease's processes are the trees below ``roots``."""
        ...


def _tree(psutil: Any, roots: Iterable[int]) -> dict[int, Any]:
    processes: dict[int, Any] = {}
    for pid in roots:
        try:
            root = psutil.Process(pid)
            for process in (root, *root.children(recursive=True)):
                processes[process.pid] = process
        except psutil.Error:
            continue  # it has ended since
    return processes


class CpuWatch:
    """A processor: its total use, and the part that is not the lease's. Needs psutil."""

    def __init__(self) -> None:
        self._psutil: Any = importlib.import_module("psutil")
        self._busy, self._total = self._machine()
        self._own: dict[tuple[int, float], tuple[float, float]] = {}
        self._looked = self._now()

    def observe(self, roots: Iterable[int]) -> Observation:
        own = self._lease(roots)
        gained = self._gained(own)
        busy, total = self._machine()
        span = max(total - self._total, 1e-9)
        use = min(max(busy - self._busy, 0.0) / span, 1.0)
        foreign = min(max(use - gained / span, 0.0), 1.0)
        self._busy, self._total, self._own, self._looked = busy, total, own, self._now()
        return Observation(use_bps=round(use * 10_000), foreign_use_bps=round(foreign * 10_000))

    def _now(self) -> float:
        """The time on the clock by which psutil tells when processes began; its second of boot is rounded."""
        if not hasattr(time, "CLOCK_BOOTTIME"):
            return time.time()
        since_boot = time.clock_gettime(time.CLOCK_BOOTTIME) - _TICK
        return float(self._psutil.boot_time()) + since_boot

    def _gained(self, own: Mapping[tuple[int, float], tuple[float, float]]) -> float:
        """Returns the processor time of the lease since the last look, seconds."""
        alone = together = 0.0
        for key, (seconds, ended) in own.items():
            # The past of a process that was there before, and was not the lease's, is foreign.
            fresh = (0.0, 0.0) if key[1] >= self._looked else (seconds, ended)
            before, ended_before = self._own.get(key, fresh)
            alone += seconds - before
            together += seconds + ended - before - ended_before
        # What ended since, and was waited for, is now in its parent's sum, with its time before.
        together -= sum(sum(times) for key, times in self._own.items() if key not in own)
        return max(alone, together)

    def _machine(self) -> tuple[float, float]:
        times = self._psutil.cpu_times()
        total = float(sum(times))
        return total - float(times.idle) - float(getattr(times, "iowait", 0.0)), total

    def _lease(self, roots: Iterable[int]) -> dict[tuple[int, float], tuple[float, float]]:
        """Returns the time of each process, and of those of its children that have ended, by id and start."""
        out = {}
        for process in _tree(self._psutil, roots).values():
            try:
                times = process.cpu_times()
                ended = float(times.children_user + times.children_system)
                out[process.pid, process.create_time()] = (float(times.user + times.system), ended)
            except self._psutil.Error:
                continue
        return out


class Watches:
    """Several devices of one node: whoever uses one of them uses the node.

    Args:
        watches: one for each device, at least one.
    """

    def __init__(self, watches: Iterable[Watch]) -> None:
        self._watches = tuple(watches)

    def observe(self, roots: Iterable[int]) -> Observation:
        """See `Watch.observe`: the use of the device that is used most, and the strangers on all of them."""
        roots = tuple(roots)
        seen = [watch.observe(roots) for watch in self._watches]
        names = dict.fromkeys(name for item in seen for name in item.foreign)
        return Observation(
            use_bps=max(item.use_bps for item in seen),
            # A stranger on one of eight devices is not diluted by the other seven.
            foreign_use_bps=max(item.foreign_use_bps for item in seen),
            foreign=tuple(names)[:MAX_NAMES],
        )


class NvmlWatch:
    """An NVIDIA device: every process on it that is not the lease's. Needs nvidia-ml-py and psutil."""

    def __init__(self, uuid: str, *, nvml: Any | None = None) -> None:
        self._psutil: Any = importlib.import_module("psutil")
        self._nvml: Any = nvml if nvml is not None else importlib.import_module("pynvml")
        self._uuid = uuid
        self._nvml.nvmlInit()
        self._handle = self._nvml.nvmlDeviceGetHandleByUUID(uuid)

    def observe(self, roots: Iterable[int]) -> Observation:
        roots = tuple(roots)
        foreign = self._strangers(roots)
        if foreign:
            # Whoever ended, or was started by the lease, between the two lists is no stranger.
            foreign &= self._strangers(roots)
        use = int(self._nvml.nvmlDeviceGetUtilizationRates(self._handle).gpu) * 100
        return Observation(
            use_bps=use,
            # NVML reports the use of the device, not of each process; with a foreign process on it, no
            # part of that is certain to be the lease's.
            foreign_use_bps=use if foreign else 0,
            foreign=tuple(self._name(pid) for pid in sorted(foreign)[:MAX_NAMES]),
        )

    def check(self) -> bool:
        """Checks that the driver names the processes on the device by the numbers that they have here.

        Where no process is on the device, this starts one for a moment that takes it.

        Returns:
            Whether a process was seen to be named rightly; False if none could take the device.

        Raises:
            CannotWatch: it does not, or this cannot be told.
        """
        _refuse_namespace()
        try:
            self._nvml.nvmlDeviceGetUtilizationRates(self._handle)
            named = self._real()
        except self._nvml.NVMLError as bad:
            if bad.value == self._nvml.NVML_ERROR_NOT_SUPPORTED:
                raise CannotWatch(
                    "the NVIDIA driver does not say who uses this device, or how much, so a stranger on it"
                    " would not be seen; lease it from a Linux system of its own, not a virtual one"
                ) from bad
            raise CannotWatch(f"the NVIDIA driver cannot be asked who uses the device: {bad}") from bad
        return bool(named) or self._names_a_process_of_ours()

    def _strangers(self, roots: Iterable[int]) -> set[int]:
        running = self._running()
        return running - _tree(self._psutil, roots).keys()

    def _running(self) -> set[int]:
        return {
            process.pid
            for process in (
                *self._nvml.nvmlDeviceGetComputeRunningProcesses(self._handle),
                *self._nvml.nvmlDeviceGetGraphicsRunningProcesses(self._handle),
            )
        }

    def _real(self) -> set[int]:
        """Returns the processes on the device, all of which this system knows.

        Raises:
            CannotWatch: it does not know one, which has not just ended either.
        """
        unknown = {pid for pid in self._running() if not self._psutil.pid_exists(pid)}
        for _ in range(3):
            if not unknown:
                break
            time.sleep(0.2)
            unknown &= self._running()
        if unknown:
            raise CannotWatch(
                f"the NVIDIA driver names the process {min(unknown)}, which this system does not have;"
                f" {_REMEDY}"
            )
        return self._running()

    def _names_a_process_of_ours(self) -> bool:
        with subprocess.Popen(
            [sys.executable, "-I", "-c", _HOLD],
            env={**os.environ, "CUDA_VISIBLE_DEVICES": self._uuid},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                return self._names(process)
            finally:
                process.kill()

    def _names(self, process: subprocess.Popen[bytes]) -> bool:
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], _TAKE)
        if not ready or process.stdout.readline() != b"taken\n":
            return False
        deadline = time.monotonic() + _NAMED
        while process.pid not in self._running():
            if time.monotonic() > deadline:
                raise CannotWatch(
                    f"the NVIDIA driver does not name a process of this system ({process.pid}) that uses"
                    f" the device, so a stranger on it would not be seen; {_REMEDY}"
                )
            time.sleep(0.1)
        return True

    def _name(self, pid: int) -> str:
        try:
            return f"{self._psutil.Process(pid).name()[:40]} ({pid})"
        except self._psutil.Error:
            return f"process {pid}"


def _refuse_namespace() -> None:
    """Raises `CannotWatch` where numbers of processes are not those that the driver uses."""
    try:
        kernel = Path("/proc/sys/kernel/osrelease").read_text()
        namespace = Path("/proc/self/ns/pid").stat().st_ino
    except OSError as bad:
        raise CannotWatch(
            f"this system does not say which pid namespace the worker is in ({bad.strerror}); a GPU is"
            " watched on Linux only"
        ) from bad
    if "microsoft" in kernel.lower():
        raise CannotWatch(
            "under WSL the NVIDIA driver names no processes, so a stranger on the device would not be seen;"
            " run the worker on Linux itself"
        )
    if namespace != _FIRST_NAMESPACE:
        raise CannotWatch(
            "the worker runs in a pid namespace of its own, where the driver's numbers of processes mean"
            f" nothing; {_REMEDY}"
        )
    if not Path("/proc/1").exists():
        raise CannotWatch(
            "/proc hides other users' processes (hidepid), so a lease's own could not be told from"
            " strangers'; run the worker as root, or mount /proc without hidepid"
        )


def watch_for(*devices: Device) -> Watch:
    """Returns the watch for a node's devices, each of which has been checked.

    Raises:
        CannotWatch: nobody could tell on this machine who uses one of them.
    """
    if len(devices) > 1:
        return Watches([watch_for(device) for device in devices])
    (device,) = devices
    if device.uuid.startswith("GPU-"):
        watch = NvmlWatch(device.uuid)
        watch.check()
        return watch
    return CpuWatch()

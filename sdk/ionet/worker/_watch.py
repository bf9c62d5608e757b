"""Watching a device: who uses it, and how much."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

from ionet.worker._probe import Device
from ionet.worker._timelock import MAX_NAMES, Observation

#: Seconds by which the begin of a process may be told too early.
_TICK: Final = 0.02


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


class NvmlWatch:
    """An NVIDIA device: every process on it that is not the lease's. Needs nvidia-ml-py and psutil."""

    def __init__(self, uuid: str, *, nvml: Any | None = None) -> None:
        self._psutil: Any = importlib.import_module("psutil")
        self._nvml: Any = nvml if nvml is not None else importlib.import_module("pynvml")
        self._nvml.nvmlInit()
        self._handle = self._nvml.nvmlDeviceGetHandleByUUID(uuid)

    def observe(self, roots: Iterable[int]) -> Observation:
        own = _tree(self._psutil, roots)
        running = {
            process.pid
            for process in (
                *self._nvml.nvmlDeviceGetComputeRunningProcesses(self._handle),
                *self._nvml.nvmlDeviceGetGraphicsRunningProcesses(self._handle),
            )
        }
        foreign = sorted(pid for pid in running if pid not in own)
        use = int(self._nvml.nvmlDeviceGetUtilizationRates(self._handle).gpu) * 100
        return Observation(
            use_bps=use,
            # NVML reports the use of the device, not of each process; with a foreign process on it, no
            # part of that is certain to be the lease's.
            foreign_use_bps=use if foreign else 0,
            foreign=tuple(self._name(pid) for pid in foreign[:MAX_NAMES]),
        )

    def _name(self, pid: int) -> str:
        try:
            return f"{self._psutil.Process(pid).name()[:40]} ({pid})"
        except self._psutil.Error:
            return f"process {pid}"


def watch_for(device: Device) -> Watch:
    """Returns the watch for a device."""
    if device.uuid.startswith("GPU-"):
        return NvmlWatch(device.uuid)
    return CpuWatch()

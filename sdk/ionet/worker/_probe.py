"""What a machine has: NVIDIA devices through NVML, else the Apple chip or the processor."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ionet.staking.hardware import HardwareClass, UnknownHardware, classify


@dataclass(frozen=True, slots=True)
class Device:
    """One processor that can be registered.

    Attributes:
        index: the driver's number for it; 0 for a processor.
        uuid: the device's own id, as the driver or the system names it.
        name: for example ``NVIDIA H100 80GB HBM3``.
        pool: ``gpu`` (also Apple chips) or ``cpu``.
        memory: bytes; for Apple chips and processors the machine's.
        hardware_class: its class, or None when it is not in the table.
    """

    index: int
    uuid: str
    name: str
    pool: str
    memory: int
    hardware_class: HardwareClass | None

    @property
    def fingerprint(self) -> bytes:
        """sha256 of the uuid: the seed of the device's account."""
        return fingerprint(self.uuid)


@dataclass(frozen=True, slots=True)
class Probe:
    """One machine.

    Attributes:
        devices: what can be registered: the GPUs, or else the one processor.
        cpus: usable cores.
        memory: bytes.
        system: operating system and version.
        driver: NVIDIA driver version, or None.
    """

    devices: tuple[Device, ...]
    cpus: int
    memory: int
    system: str
    driver: str | None


def fingerprint(uuid: str) -> bytes:
    """Returns the sha256 of the device's id in UTF-8, 32 bytes."""
    return hashlib.sha256(uuid.encode()).digest()


def probe(*, nvml: Any | None = None) -> Probe:
    """Returns what this machine has.

    Args:
        nvml: the ``pynvml`` module (or one with its functions); by default it is imported if nvidia-ml-py is
            installed.
    """
    gpus, driver = _nvidia(nvml if nvml is not None else _import_nvml())
    memory = _total_memory()
    return Probe(
        devices=gpus or (_processor(memory),),
        cpus=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory=memory,
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        driver=driver,
    )


def _import_nvml() -> Any | None:
    return importlib.import_module("pynvml") if importlib.util.find_spec("pynvml") is not None else None


def _nvidia(nvml: Any | None) -> tuple[tuple[Device, ...], str | None]:
    if nvml is None:
        return (), None
    try:
        nvml.nvmlInit()
    except nvml.NVMLError:
        return (), None  # no driver or no device: a machine without NVIDIA
    try:
        devices = []
        for index in range(nvml.nvmlDeviceGetCount()):
            handle = nvml.nvmlDeviceGetHandleByIndex(index)
            name = _text(nvml.nvmlDeviceGetName(handle))
            memory = int(nvml.nvmlDeviceGetMemoryInfo(handle).total)
            uuid = _text(nvml.nvmlDeviceGetUUID(handle))
            devices.append(Device(index, uuid, name, "gpu", memory, _class(name, "gpu", memory)))
        return tuple(devices), _text(nvml.nvmlSystemGetDriverVersion())
    finally:
        nvml.nvmlShutdown()


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _class(name: str, pool: str, memory: int) -> HardwareClass | None:
    try:
        return classify(name, pool=pool, memory=memory)
    except UnknownHardware:
        return None


def _processor(memory: int) -> Device:
    name = _processor_name()
    pool = "gpu" if name.startswith("Apple M") else "cpu"
    # The machine's id tells two machines of one model apart; the name does so for its devices.
    uuid = f"{_machine_id()}/{name}"
    return Device(0, uuid, name, pool, memory, _class(name, pool, memory))


def _processor_name() -> str:
    if sys.platform == "darwin":
        return _output("sysctl", "-n", "machdep.cpu.brand_string") or platform.processor()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() == "model name" and value.strip():
            return " ".join(value.split())
    return platform.processor() or f"{platform.machine()} processor"


def _machine_id() -> str:
    if sys.platform == "darwin":
        for line in _output("ioreg", "-rd1", "-c", "IOPlatformExpertDevice").splitlines():
            if "IOPlatformUUID" in line:
                return line.rpartition("=")[2].strip().strip('"')
    for path in ("/sys/class/dmi/id/product_uuid", "/etc/machine-id", "/var/lib/dbus/machine-id"):
        try:
            machine_id = Path(path).read_text().strip()
        except OSError:
            continue
        if machine_id:
            return machine_id
    return platform.node()


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def _total_memory() -> int:
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    psutil: Any = importlib.import_module("psutil")
    return int(psutil.virtual_memory().total)

"""What a machine has: NVIDIA devices through NVML, else the Apple chip or the processor."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import os
import platform
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ionet.staking.hardware import HardwareClass, UnknownHardware, classify

REGISTER_ANEW: Final = "release it and register it anew, in a class of its kind"


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
class DeviceFault:
    """A device that is there and cannot be used, or a driver that cannot be asked.

    Attributes:
        index: the driver's number for it, or None for the driver itself.
        reason: what is wrong, and what to do.
    """

    index: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Probe:
    """One machine.

    Attributes:
        devices: what can be registered: the GPUs, or else the one processor.
        faults: what is there besides, and cannot be used.
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
    faults: tuple[DeviceFault, ...] = ()


def fingerprint(uuid: str) -> bytes:
    """Returns the sha256 of the device's id in UTF-8, 32 bytes."""
    return hashlib.sha256(uuid.encode()).digest()


def misplaced(uuid: str, pool: str) -> str | None:
    """Returns why a device cannot be a node of a pool, `gpu` or `cpu`; None where it can.

    A GPU is what a driver shows with who uses it. What it does not show would be judged by rules that are not
    its own: the system's work beside a lease would count as a stranger's.

    Args:
        uuid: the device's.
        pool: of the node's class.
    """
    here = "gpu" if uuid.startswith("GPU-") else "cpu"
    words = {"cpu": "a processor", "gpu": "a GPU"}
    if here == pool:
        return None
    return f"the class on the chain is of {words[pool][2:]}s, and this device is {words[here]}"


def probe(*, nvml: Any | None = None) -> Probe:
    """Returns what this machine has.

    Args:
        nvml: the ``pynvml`` module (or one with its functions); by default it is imported if nvidia-ml-py is
            installed.
    """
    memory = _total_memory()
    gpus, driver, faults = _nvidia(nvml if nvml is not None else _import_nvml(), memory)
    return Probe(
        devices=gpus or (_processor(memory),),
        cpus=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory=memory,
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        driver=driver,
        faults=faults,
    )


def _import_nvml() -> Any | None:
    return importlib.import_module("pynvml") if importlib.util.find_spec("pynvml") is not None else None


def _nvidia(
    nvml: Any | None, machine_memory: int
) -> tuple[tuple[Device, ...], str | None, tuple[DeviceFault, ...]]:
    """Returns the usable GPUs, the driver's version, and what is wrong with the others."""
    if nvml is None:
        return (), None, ()
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as bad:
        if bad.value in (nvml.NVML_ERROR_LIBRARY_NOT_FOUND, nvml.NVML_ERROR_DRIVER_NOT_LOADED):
            return (), None, ()  # a machine without NVIDIA
        hint = ""
        if bad.value == nvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH:
            hint = ": the driver was updated and the old one still runs: restart the machine"
        return (), None, (DeviceFault(None, f"the NVIDIA driver cannot be asked ({bad}){hint}"),)
    devices: list[Device] = []
    faults: list[DeviceFault] = []
    try:
        for index in range(nvml.nvmlDeviceGetCount()):
            try:
                devices.append(_gpu(nvml, index, machine_memory))
            except _Unusable as bad:
                faults.append(DeviceFault(index, str(bad)))
        return tuple(devices), _driver_version(nvml), tuple(faults)
    except nvml.NVMLError as bad:
        return tuple(devices), None, (*faults, DeviceFault(None, f"the NVIDIA driver fails: {bad}"))
    finally:
        with contextlib.suppress(nvml.NVMLError):
            nvml.nvmlShutdown()


class _Unusable(Exception):
    """A device that cannot be registered; the text says why."""


def _gpu(nvml: Any, index: int, machine_memory: int) -> Device:
    """Raises `_Unusable`."""
    try:
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        name = _text(nvml.nvmlDeviceGetName(handle))
        uuid = _text(nvml.nvmlDeviceGetUUID(handle))
        if _is_divided(nvml, handle):
            raise _Unusable(
                f"{name} is divided by MIG, so that nobody can show who uses it: switch that off with"
                f" `nvidia-smi -i {index} -mig 0`"
            )
        memory = _gpu_memory(nvml, handle, machine_memory)
    except nvml.NVMLError as bad:
        if bad.value == nvml.NVML_ERROR_GPU_IS_LOST:
            raise _Unusable(
                "it has fallen off the bus: restart the machine, look at power and risers"
            ) from bad
        if bad.value == nvml.NVML_ERROR_NO_PERMISSION:
            raise _Unusable("this user may not use it: add them to the group of /dev/nvidia*") from bad
        raise _Unusable(f"the driver cannot describe it: {bad}") from bad
    except UnicodeDecodeError as bad:
        raise _Unusable("the driver's name or id for it is not UTF-8: update the driver") from bad
    if not name.strip() or not uuid.strip():
        raise _Unusable("the driver gives it no name or no id: update the driver")
    return Device(index, uuid, name, "gpu", memory, _class(name, "gpu", memory))


def _is_divided(nvml: Any, handle: Any) -> bool:
    try:
        current, _pending = nvml.nvmlDeviceGetMigMode(handle)
    except (nvml.NVMLError, AttributeError):
        return False  # most devices cannot be divided
    return bool(current)


def _gpu_memory(nvml: Any, handle: Any, machine_memory: int) -> int:
    """Returns bytes; devices that share the machine's memory (GB10) have no figure of their own."""
    try:
        return int(nvml.nvmlDeviceGetMemoryInfo(handle).total)
    except nvml.NVMLError as bad:
        if bad.value == nvml.NVML_ERROR_NOT_SUPPORTED:
            return machine_memory
        raise


def _driver_version(nvml: Any) -> str | None:
    try:
        return _text(nvml.nvmlSystemGetDriverVersion())
    except (nvml.NVMLError, UnicodeDecodeError):
        return None


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
    # Readable for everybody: root and other users must see one machine. The board's own id is root's alone.
    for path in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        try:
            machine_id = Path(path).read_text().strip().lower()
        except OSError:
            continue
        if not is_placeholder(machine_id):
            return machine_id
    return _network_cards() or platform.node()


def is_placeholder(machine_id: str) -> bool:
    """Whether an id is one that many machines have, because their image or board was given none."""
    digits = re.sub(r"[^0-9a-f]", "", machine_id.lower())
    return len(digits) < 16 or len(set(digits)) < 4 or digits in _PLACEHOLDERS


#: Ids that vendors ship on every board of a model.
_PLACEHOLDERS: Final = frozenset(
    {
        "03000200040005000006000700080009",
        "12345678123456781234567812345678",
        "123456789abcdef0123456789abcdef0",
        "00112233445566778899aabbccddeeff",
        "fefefefefefefefefefefefefefefefe",
    }
)


def _network_cards() -> str:
    """Returns the addresses of the machine's real network cards, sorted, or an empty text."""
    addresses = []
    for card in sorted(Path("/sys/class/net").glob("*")):
        if not (card / "device").exists():
            continue  # virtual
        with contextlib.suppress(OSError):
            address = (card / "address").read_text().strip().lower()
            # The second bit of the first byte marks an address that somebody chose.
            if re.fullmatch(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", address) and not int(address[:2], 16) & 2:
                addresses.append(address)
    return ",".join(addresses)


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


def free_memory() -> int:
    """Returns how many bytes of this machine's memory are free, or can be made so."""
    psutil: Any = importlib.import_module("psutil")
    return int(psutil.virtual_memory().available)

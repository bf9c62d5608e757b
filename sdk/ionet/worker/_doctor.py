"""What is well with a worker and its nodes, and what is not: each with the rule and what to do."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import ssl
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from ionet.chain.rpc.urls import public_url
from ionet.overlay import missing as no_overlay
from ionet.sandbox import missing, podman_lacking, runc_version, unlimited
from ionet.worker._config import GIB, Engine, NodeConfig, WorkerConfig
from ionet.worker._findings import Finding, Level, Rule
from ionet.worker._keys import DeviceKey, KeyFileError
from ionet.worker._podman import PodmanError, podman_machine, podman_of
from ionet.worker._probe import Device, Probe
from ionet.worker._watch import CannotWatch, NvmlWatch

#: Seconds for a gateway to answer.
_CONNECT: Final = 5.0
_PORTS: Final = {"wss": 443, "https": 443, "ws": 80, "http": 80}
#: First versions of runc with the fixes of 2025, of each line of releases; those after 1.3 all have them.
_RUNC: Final = ((1, 2, 8), (1, 3, 3))
#: Below this, no box can be made.
_LEAST_DISK: Final = 5 * GIB
#: What limits a box, in either version of control groups.
_CONTROLLERS: Final = ("memory", "cpu", "pids")


def machine_findings(
    config: WorkerConfig, machine: Probe, *, platform: str = sys.platform
) -> Iterator[Finding]:
    """Looks at this machine alone; asks nobody else."""
    here = {device.uuid: device for device in machine.devices}
    yield from _devices(config.nodes, here, machine)
    yield from (_watched(node, here.get(node.uuid)) for node in config.nodes)
    yield from (_key(node) for node in config.nodes)
    if config.engine is Engine.PODMAN:
        yield from _podman(config, machine, platform)
        return
    yield from _sizes(config, machine)
    yield _disk(config)
    yield _sandbox(internet=config.limits.internet)
    yield _runc()
    yield _overlay()
    yield _image(config.images)
    yield _boxes(config.boxes)
    yield _cgroups()
    yield _user_namespaces()


def gateway_findings(gateways: Sequence[str]) -> Iterator[Finding]:
    """Connects to each gateway, with TLS where its URL says so, and sends nothing."""
    rule = Rule("gateway", "The worker reaches one of its gateways at least; it dials out, nobody dials in.")
    troubles = {url: _trouble(url) for url in gateways}
    some = any(trouble is None for trouble in troubles.values())
    for url, trouble in troubles.items():
        name = public_url(url)
        if trouble is None:
            yield rule.ok(f"{name} answers")
            continue
        todo = "check its URL in the settings, the network, and any firewall on the way out"
        say = rule.warn if some else rule.fault
        yield say(f"{name}: {trouble}", todo)


# -- devices


def _devices(nodes: Iterable[NodeConfig], here: dict[str, Device], machine: Probe) -> Iterator[Finding]:
    for node in nodes:
        rule = Rule("device", "A node's device is in this machine.", node.uuid)
        device = here.get(node.uuid)
        if device is None:
            faults = "; ".join(fault.reason for fault in machine.faults)
            todo = faults or "put it back, or take its node out of the settings and retire it"
            yield rule.fault("it is not there", todo)
        else:
            yield rule.ok(f"{device.name}, {device.memory // GIB} GiB")
    if any(device.pool == "gpu" for device in here.values()) and sys.platform != "darwin":
        rule = Rule("driver", "The NVIDIA driver answers and says its version.")
        if machine.driver is None:
            yield rule.warn("it does not say its version", "update the driver")
        else:
            yield rule.ok(machine.driver)
    for fault in machine.faults:
        rule = Rule("driver", "Every device of the machine can be used.")
        which = "" if fault.index is None else f"GPU {fault.index}: "
        yield rule.warn(f"{which}{fault.reason}", "see what it says; other devices are not concerned")


def _watched(node: NodeConfig, device: Device | None) -> Finding:
    text = "It can be told who uses the device; a GPU of which this is not known cannot be leased."
    rule = Rule("time-lock", text, node.uuid)
    if device is None:
        return rule.warn("not looked at, as the device is not there", "see above")
    try:
        if not device.uuid.startswith("GPU-"):
            return rule.ok("a processor: the use by others is measured, and only recorded")
        shown = NvmlWatch(device.uuid).check()
    except (CannotWatch, ImportError) as bad:
        return rule.fault(str(bad), "do what it says; until then the device's leases are refused")
    except Exception as bad:  # whatever the driver's binding raises
        return rule.fault(f"the device cannot be watched: {bad}", "look at `nvidia-smi`")
    if shown:
        return rule.ok("the driver names processes as this system does")
    return rule.warn(
        "the driver names no process, and none could be put on the device to see whether it would",
        "install the driver's CUDA library (libcuda.so.1), and run this while the device is free",
    )


def _key(node: NodeConfig) -> Finding:
    rule = Rule("key", "The device's key is here, and readable by its owner alone.", node.uuid)
    try:
        return rule.ok(str(DeviceKey.load(node.key).pubkey))
    except KeyFileError as bad:
        return rule.fault(str(bad), "ionet worker init makes keys that are missing")


# -- what boxes need


def _sizes(config: WorkerConfig, machine: Probe) -> Iterator[Finding]:
    yield _size("cores", config.limits.cpus, machine.cpus, "--cpus")
    yield _size("memory", config.limits.memory_gib, machine.memory // GIB, "--memory", " GiB")


def _size(check: str, wanted: int, there: int, option: str, unit: str = "") -> Finding:
    rule = Rule(check, f"Leases may use no more {check} than the machine has.")
    if wanted > there:
        return rule.fault(
            f"{wanted}{unit} for leases, of {there}{unit}", f"ionet worker init {option} {there}"
        )
    return rule.ok(f"{wanted}{unit} for leases, of {there}{unit}")


def _disk(config: WorkerConfig) -> Finding:
    rule = Rule("disk", "The disk has room for all that leases may use, and for one box at least.")
    place = next(folder for folder in (config.boxes, *config.boxes.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    says = f"{config.limits.disk_gib} GiB for leases, {free // GIB} GiB free at {place}"
    if free < _LEAST_DISK:
        return rule.fault(says, "make room, or name another directory for boxes in the settings")
    if free < config.limits.disk:
        return rule.warn(says, f"make room, or: ionet worker init --disk {max(1, free // GIB)}")
    return rule.ok(says)


def _sandbox(*, internet: bool) -> Finding:
    rule = Rule("sandbox", "A stranger's job runs in a box, which needs root, runc and a few tools.")
    lacking = missing(internet=internet)
    return rule.ok("what boxes need is there") if lacking is None else rule.fault(lacking, "do what it says")


def _overlay() -> Finding:
    rule = Rule("overlay", "Leases over several machines need nebula.")
    lacking = no_overlay()
    return rule.ok("what they need is there") if lacking is None else rule.warn(lacking, "do what it says")


def _runc() -> Finding:
    rule = Rule("runc", "runc has the fixes of 2025: 1.2.8, 1.3.3 or later.")
    version = runc_version()
    if version is None:
        return rule.fault("it is not there", "on Debian: apt install runc")
    text = ".".join(map(str, version))
    if version < (1, 4) and not any(version[:2] == least[:2] and version >= least for least in _RUNC):
        return rule.warn(
            f"{text} may lack them", "update runc; your distribution may have the fixes under an older number"
        )
    return rule.ok(text)


def _image(images: Path) -> Finding:
    rule = Rule("image", "The image that jobs run in is here.")
    root = images / "latest/rootfs"
    if root.is_dir():
        return rule.ok(str(root.resolve().parent))
    return rule.fault(f"there is none in {images}", f"IONET_IMAGES={images} scripts/image")


def _boxes(boxes: Path) -> Finding:
    rule = Rule("boxes", "Jobs run as other users, who must be able to pass the directory of boxes.")
    for folder in (boxes, *boxes.parents):
        with contextlib.suppress(FileNotFoundError):
            if not folder.stat().st_mode & stat.S_IXOTH:
                return rule.fault(f"others cannot pass {folder}", f"chmod o+x {folder}")
    return rule.ok(str(boxes))


def _cgroups() -> Finding:
    rule = Rule("cgroups", "The system limits memory, processors and processes of a box.")
    try:
        # What is mounted may all the same not be this machine's to give: root tries it.
        lacking = unlimited() if os.geteuid() == 0 else _unmounted()
    except OSError as bad:
        why = f"control groups cannot be made: {bad.strerror}"
        return rule.fault(
            why, "mount /proc and /sys/fs/cgroup, writable; in a container also --cgroupns=host"
        )
    if lacking:
        return rule.fault(
            f"{', '.join(lacking)} cannot be limited",
            "enable it in the kernel (cgroup_enable=memory); in a container let it have the machine's groups",
        )
    return rule.ok(", ".join(_CONTROLLERS))


def _unmounted() -> list[str]:
    there = _controllers(Path("/proc/self/mountinfo").read_text())
    return [name for name in _CONTROLLERS if name not in there]


def _controllers(mounts: str) -> set[str]:
    """Returns the controllers of the control groups that are mounted, of either version."""
    there: set[str] = set()
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        kind, *_, options = after.split()
        if kind == "cgroup2":
            with contextlib.suppress(OSError):
                there.update(Path(before.split()[4], "cgroup.controllers").read_text().split())
        elif kind == "cgroup":
            there.update(options.split(","))
    return there


def _user_namespaces() -> Finding:
    rule = Rule("user namespaces", "The kernel makes user namespaces, so that root in a box is nobody here.")
    try:
        most = int(Path("/proc/sys/user/max_user_namespaces").read_text())
    except (OSError, ValueError):
        most = 0
    if most < 1:
        return rule.fault("it makes none", "sysctl -w user.max_user_namespaces=10000")
    return rule.ok(f"{most:,} at most")


# -- what podman needs


def _podman(config: WorkerConfig, machine: Probe, platform: str) -> Iterator[Finding]:
    if platform == "darwin":
        finding = _podman_machine(config)
        yield finding
        if finding.level is Level.FAULT:
            return
    else:
        yield from _sizes(config, machine)
    rule = Rule("sandbox", "A stranger's job runs in a box, which needs podman, and limits that it can set.")
    podman = podman_of(config.state, platform)
    if (lacking := podman_lacking(podman)) is not None:
        yield rule.fault(lacking, "do what it says")
        return
    yield rule.ok(f"podman {'.'.join(map(str, podman.facts().version))}")
    rule = Rule("image", "Podman has the image that jobs run in.")
    identity = podman.image()
    yield rule.ok(identity) if identity else rule.fault("it has none", "ionet worker image")


def _podman_machine(config: WorkerConfig) -> Finding:
    rule = Rule(
        "podman", "On a Mac jobs run in podman's Linux machine, as on a processor (untried on a Mac)."
    )
    try:
        machine = podman_machine()
    except PodmanError as bad:
        return rule.fault(str(bad), "do what it says")
    says = f"{machine.name}: {machine.cpus} cores, {machine.memory // GIB} GiB"
    if not machine.running:
        return rule.fault(f"{says}; it is stopped", f"podman machine start {machine.name}")
    if config.limits.cpus > machine.cpus or config.limits.memory > machine.memory:
        return rule.fault(
            f"{says}, which is less than leases may use", "ionet worker init --cpus … --memory …"
        )
    return rule.ok(says)


# -- gateways


def _trouble(url: str) -> str | None:
    """Returns why a gateway cannot be connected to; None if it can."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    address = host, parts.port or _PORTS[parts.scheme]
    try:
        with socket.create_connection(address, timeout=_CONNECT) as plain:
            if parts.scheme in ("wss", "https"):
                with ssl.create_default_context().wrap_socket(plain, server_hostname=host):
                    pass
    except ssl.SSLCertVerificationError as bad:
        return f"its certificate is not valid ({bad.verify_message})"
    except OSError as bad:
        return f"no answer ({bad.strerror or bad})"
    return None

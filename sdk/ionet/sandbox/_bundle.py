"""The OCI configuration of a box's containers. Pure: it reads and writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

MIB: Final = 1 << 20

#: The user id of a box's program, inside.
USER: Final = 1000
#: The user id, in the same range, of the process that connects it to the internet.
NET_USER: Final = 1001
#: User ids of a box: keyrings and several limits are counted per user of the host.
USER_IDS: Final = 65_536

PATH: Final = "/usr/local/bin:/usr/bin:/bin:/usr/local/nvidia/bin"
#: Where the files of a GPU's driver are shown.
DRIVER: Final = "/usr/local/nvidia"
#: The interpreter of every image.
PYTHON: Final = "/usr/bin/python3"
#: The working directory of a program, and the directory of its outputs.
WORK: Final = "/job/work"
OUT: Final = "/job/out"
TMP: Final = "/tmp"  # noqa: S108 (inside)
#: Files that the program can read and not change.
IN: Final = "/in"

_PERIOD: Final = 100_000  # of processor time, in microseconds
OPEN_FILES: Final = 65_536
LOCKED_MEMORY: Final = 64 << 10
#: Bytes of a core file: with any other number, even 0, a crash starts the host's handler for it, as root.
CORE: Final = 1
#: Signals that wait, and bytes in message queues: they count for root, too, as the user namespace is root's.
SIGNALS: Final = 4096
MESSAGES: Final = 0
#: Pseudo-terminals of a box.
TERMINALS: Final = 64
#: Boxes are killed first when the machine's own memory runs short.
OOM_SCORE: Final = 500
MASKED: Final = (
    "acpi",
    "asound",
    "bus",
    "cmdline",
    "fs",
    "interrupts",
    "irq",
    "kallsyms",
    "kcore",
    "key-users",
    "keys",
    "kmsg",
    "latency_stats",
    "modules",
    "sched_debug",
    "scsi",
    "sysvipc",
    "timer_list",
    "timer_stats",
    "vmallocinfo",
    "zoneinfo",
)
_NAMESPACES: Final = ("user", "pid", "ipc", "uts", "mount", "cgroup")
_CAPABILITY_SETS: Final = ("bounding", "effective", "inheritable", "permitted", "ambient")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a box may use.

    Attributes:
        memory: bytes, without swap; files in /dev/shm count.
        millicores: thousandths of a processor.
        processes: processes and threads together.
        disk: bytes, reserved on the host when the box is made.
        shared_memory: bytes of /dev/shm.
        log: bytes of its output that are kept.
        seconds: how long it may run.
        output: bytes of the files that are gathered.
        files: how many files are gathered.
    """

    memory: int = 1024 * MIB
    millicores: int = 1000
    processes: int = 512
    disk: int = 1024 * MIB
    shared_memory: int = 256 * MIB
    log: int = 64 * MIB
    seconds: int = 3600
    output: int = 1024 * MIB
    files: int = 10_000


@dataclass(frozen=True, slots=True)
class Device:
    """A device file of the host that a box sees, such as one GPU's.

    Attributes:
        path: on the host and inside.
        major: its number.
        minor: its number.
    """

    path: str
    major: int
    minor: int


@dataclass(frozen=True, slots=True)
class Layout:
    """What a bundle is made of.

    Attributes:
        name: the box's name.
        image: directory of the root file system.
        home: the box's directory on the host, holding `hosts`, `passwd`, `in` and the mounted disk `disk`.
        user: first user id of the host that is the box's.
        limits: the box's limits.
        seccomp: the `linux.seccomp` section.
        open_files: how many files a process may have open.
        locked_memory: bytes that a process may lock.
    """

    name: str
    image: Path
    home: Path
    user: int
    limits: Limits
    seccomp: Mapping[str, Any]
    open_files: int
    locked_memory: int


def program(
    layout: Layout,
    command: Sequence[str],
    environment: Mapping[str, str],
    network: Path,
    devices: Sequence[Device] = (),
    driver: Mapping[str, Path] | None = None,
) -> dict[str, Any]:
    """Returns the configuration of the container that runs the program.

    Args:
        layout: the box.
        command: the program.
        environment: additional variables.
        network: the network namespace to join.
        devices: devices that it may use.
        driver: files of the host below `DRIVER`, by their path inside.
    """
    disk = layout.home / "disk"
    mounts = [
        _bind(disk / "job", "/job", "rw"),
        _bind(disk / "tmp", TMP, "rw"),
        _bind(layout.home / "in", IN, "ro"),
        # Terminals of its own; nothing is passed in from the host's.
        {
            "destination": "/dev/pts",
            "type": "devpts",
            "source": "devpts",
            "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", f"max={TERMINALS}"],
        },
    ]
    if driver:
        mounts.append(_tmpfs(DRIVER, MIB, "755"))
        mounts += [_bind(source, target, "ro") for target, source in driver.items()]
    config = _container(layout, "box", command, mounts, {"HOME": "/job", "TMPDIR": TMP, **environment})
    linux = config["linux"]
    linux["namespaces"].append({"type": "network", "path": str(network)})
    linux["devices"] = [
        {"path": device.path, "type": "c", "major": device.major, "minor": device.minor, "fileMode": 0o666}
        for device in devices
    ]
    linux["resources"]["devices"] += [
        {"allow": True, "type": "c", "major": device.major, "minor": device.minor, "access": "rw"}
        for device in devices
    ]
    return config


def collector(layout: Layout, script: Path) -> dict[str, Any]:
    """Returns the configuration of the container that reads the files which the program left.

    Nothing of the program runs any more, its disk is read-only, and there is no network: what it left in the
    names and shapes of files can do nothing to the host.

    Args:
        layout: the box.
        script: the file to run, on the host.
    """
    target = f"{IN}/collect.py"
    command = [PYTHON, "-I", "-S", target, OUT, str(layout.limits.output), str(layout.limits.files)]
    mounts = [
        _bind(layout.home / "disk/job", "/job", "ro"),
        _tmpfs(IN, MIB, "755"),
        _bind(script, target, "ro"),
    ]
    config = _container(layout, "collect", command, mounts, {"HOME": "/"})
    config["linux"]["namespaces"].append({"type": "network"})
    return config


def _container(
    layout: Layout,
    part: str,
    command: Sequence[str],
    mounts: Sequence[dict[str, Any]],
    environment: Mapping[str, str],
) -> dict[str, Any]:
    return {
        "ociVersion": "1.0.2",
        "hostname": layout.name,
        "root": {"path": str(layout.image), "readonly": True},
        "process": _process(layout, command, environment, WORK if part == "box" else "/"),
        "mounts": [*_system_mounts(layout), *mounts],
        "linux": {
            "namespaces": [{"type": kind} for kind in _NAMESPACES],
            "uidMappings": [{"containerID": 0, "hostID": layout.user, "size": USER_IDS}],
            "gidMappings": [{"containerID": 0, "hostID": layout.user, "size": USER_IDS}],
            "cgroupsPath": f"/ionet/{layout.name}/{part}",
            "devices": [],
            "seccomp": dict(layout.seccomp),
            "resources": _resources(layout.limits),
            "maskedPaths": [f"/proc/{name}" for name in MASKED],
            "readonlyPaths": ["/proc/sys", "/proc/sysrq-trigger"],
        },
    }


def _process(
    layout: Layout, command: Sequence[str], environment: Mapping[str, str], cwd: str
) -> dict[str, Any]:
    limits = {"CORE": CORE, "NOFILE": layout.open_files, "MEMLOCK": layout.locked_memory}
    limits |= {"SIGPENDING": SIGNALS, "MSGQUEUE": MESSAGES}
    return {
        "user": {"uid": USER, "gid": USER, "umask": 0o022},
        "cwd": cwd,
        "args": list(command),
        "env": [
            f"{name}={value}" for name, value in {"PATH": PATH, "LANG": "C.UTF-8", **environment}.items()
        ],
        "noNewPrivileges": True,
        "oomScoreAdj": OOM_SCORE,
        "capabilities": {name: [] for name in _CAPABILITY_SETS},
        "rlimits": [
            {"type": f"RLIMIT_{name}", "hard": value, "soft": value} for name, value in limits.items()
        ],
    }


def _resources(limits: Limits) -> dict[str, Any]:
    return {
        "memory": {"limit": limits.memory, "swap": limits.memory},
        "pids": {"limit": limits.processes},
        "cpu": {"period": _PERIOD, "quota": limits.millicores * _PERIOD // 1000},
        "devices": [{"allow": False, "access": "rwm"}],
    }


def _system_mounts(layout: Layout) -> list[dict[str, Any]]:
    limits = layout.limits
    safe = ["nosuid", "noexec", "nodev"]
    return [
        {"destination": "/proc", "type": "proc", "source": "proc", "options": safe},
        {
            "destination": "/dev",
            "type": "tmpfs",
            "source": "tmpfs",
            "options": ["nosuid", "noexec", "mode=755", "size=64k", "nr_inodes=100"],
        },
        _tmpfs("/dev/shm", limits.shared_memory, "1777", "noexec"),  # noqa: S108 (inside the box)
        # Empty: the machine's hardware is not a renter's business.
        {"destination": "/sys", "type": "tmpfs", "source": "tmpfs", "options": ["ro", "size=0k", *safe]},
        _bind(layout.home / "hosts", "/etc/hosts", "ro"),
        _bind(layout.home / "passwd", "/etc/passwd", "ro"),
        _bind(layout.home / "resolv.conf", "/etc/resolv.conf", "ro"),
    ]


def _bind(source: Path, target: str, mode: str) -> dict[str, Any]:
    options = ["bind", mode, "nosuid", "nodev"]
    return {"destination": target, "type": "bind", "source": str(source), "options": options}


def _tmpfs(target: str, size: int, mode: str, *more: str) -> dict[str, Any]:
    options = ["nosuid", "nodev", f"mode={mode}", f"size={size}", "nr_inodes=100k", *more]
    return {"destination": target, "type": "tmpfs", "source": "tmpfs", "options": options}

"""A box's control groups, whether the machine has version 1, version 2 or both.

The supervisor and all that it starts begin in `ionet/<box>/shim`, the container in `ionet/<box>/box`, what
connects it to the internet in `ionet/<box>/net`, its overlay in `ionet/<box>/over`: nothing of a box ever
runs outside `ionet/<box>`.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PARENT: Final = "ionet"
_TRIES: Final = 200
_PAUSE: Final = 0.01
#: What a cpuset of version 1 has to hold before a process can join.
_CPUSET: Final = ("cpuset.cpus", "cpuset.mems")
#: What a box is limited in, and the files for it in version 1 and 2.
_LIMITS: Final = {
    "memory": ("memory.limit_in_bytes", "memory.max"),
    "cpu": ("cpu.cfs_quota_us", "cpu.max"),
    "pids": ("pids.max",),
}
#: Bytes that wait in network sockets: version 1 counts them only where there is a limit, and not as memory.
_SOCKETS: Final = 64 << 20


def groups(name: str) -> Iterator[Path]:
    """Yields the box's directory in each hierarchy that is mounted; runc makes one in name=systemd, too."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        if after.split()[0] in ("cgroup", "cgroup2"):
            yield Path(before.split()[4]) / PARENT / name


def join(name: str, pid: int, part: str = "shim") -> None:
    """Moves a process into a part of the box's groups, made where they are missing."""
    for top in groups(name):
        group = _made(top, part)
        # In version 2 an empty one is the parent's.
        if (group / _CPUSET[0]).exists() and not _is_unified(top):
            for directory in (top.parent, top, group):
                _inherit_cpuset(directory)
        (group / "cgroup.procs").write_text(str(pid))


def limit_sockets(name: str) -> None:
    """Makes the container's group with the one limit that runc does not set."""
    for top in groups(name):
        if (top.parent.parent / "memory.kmem.tcp.limit_in_bytes").exists():
            group = _made(top, "box")
            (group / "memory.kmem.tcp.limit_in_bytes").write_text(str(_SOCKETS))


def limit_memory(name: str, part: str, size: int) -> None:
    """Limits the memory of a part of the box, in bytes; it is made where it is missing."""
    for top in groups(name):
        group = _made(top, part)
        for file in (group / "memory.limit_in_bytes", group / "memory.max"):
            if file.exists():
                file.write_text(str(size))


def unlimited() -> list[str]:
    """Returns what cannot be limited of a box here, of memory, cpu and pids: makes a group, and looks.

    Raises:
        OSError: groups cannot be made, or not be read.
    """
    name = f"try{os.getpid()}"
    try:
        there = {
            controller
            for top in groups(name)
            for controller, files in _LIMITS.items()
            if any((_made(top, "box") / file).exists() for file in files)
        }
    finally:
        remove(name)
    return [controller for controller in _LIMITS if controller not in there]


def _made(top: Path, part: str) -> Path:
    """Makes a part of a box's groups; in version 2 every group says what its children's are limited by."""
    group = top / part
    group.mkdir(parents=True, exist_ok=True)
    if _is_unified(top):
        for directory in (top.parent.parent, top.parent, top):
            there = (directory / "cgroup.controllers").read_text().split()
            for controller in _LIMITS.keys() & there:
                # What is refused is missing below, where it is told: by the container, and by `unlimited`.
                with contextlib.suppress(OSError):
                    (directory / "cgroup.subtree_control").write_text(f"+{controller}")
    return group


def _is_unified(top: Path) -> bool:
    return (top.parent.parent / "cgroup.controllers").exists()


def _inherit_cpuset(directory: Path) -> None:
    for file in (directory / name for name in _CPUSET):
        if file.exists() and not file.read_text().strip():
            file.write_text((directory.parent / file.name).read_text())


def processes(name: str) -> set[int]:
    """Returns the ids of all processes of a box, other than this one."""
    pids: set[int] = set()
    for top in groups(name):
        # Groups may go while they are looked at.
        for directory, _, _ in os.walk(top):
            with contextlib.suppress(OSError):
                pids.update(map(int, Path(directory, "cgroup.procs").read_text().split()))
    return pids - {os.getpid()}


def killed_for_memory(name: str) -> bool:
    """Returns whether the kernel has ended a process of the box because the box exceeded its memory."""
    for top in groups(name):
        for file in (top / "box/memory.oom_control", top / "box/memory.events"):
            with contextlib.suppress(OSError):
                counts = re.findall(r"^oom_kill (\d+)", file.read_text(), re.MULTILINE)
                if any(int(count) for count in counts):
                    return True
    return False


def remove(name: str) -> None:
    """Removes the box's groups, which must be empty of processes; repeated, it does nothing."""
    for top in groups(name):
        if not top.exists():
            continue
        for directory, _, _ in os.walk(top, topdown=False):
            _remove_one(Path(directory))
        # The parent goes with the last box.
        with contextlib.suppress(OSError):
            top.parent.rmdir()


def _remove_one(directory: Path) -> None:
    """Repeats: the kernel may take a moment to forget processes that have ended."""
    for _ in range(_TRIES):
        try:
            directory.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(_PAUSE)
        else:
            return

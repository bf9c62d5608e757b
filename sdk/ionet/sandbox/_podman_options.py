"""Podman's command lines for a job's containers. Pure: it reads and writes nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ionet.sandbox._bundle import (
    CORE,
    LOCKED_MEMORY,
    MASKED,
    MESSAGES,
    MIB,
    OOM_SCORE,
    OPEN_FILES,
    SIGNALS,
    TMP,
    USER,
    Limits,
)

#: Whose a container or volume is.
OWNER_LABEL: Final = "ionet.owner"
#: User ids of a container: of the images' own users, only root and the job's have to be among them.
USER_IDS: Final = 2048
#: Memory of the container that keeps the disk, in addition to the files that are handed to it.
_KEEPER_MEMORY: Final = 256 * MIB
_KEEPER_PROCESSES: Final = 64
_PAGE: Final = 4096
_FILES: Final = "100k"
#: Names in /proc/self/limits of what `--ulimit` limits.
_NAMES: Final = {
    "core": "Max core file size",
    "memlock": "Max locked memory",
    "msgqueue": "Max msgqueue size",
    "nofile": "Max open files",
    "nproc": "Max processes",
    "sigpending": "Max pending signals",
}


def divided(limits: Limits) -> tuple[int, int]:
    """Returns the bytes of /job and of /tmp: together the disk, or the memory, if that is less."""
    disk = min(limits.disk, limits.memory)
    return disk - disk // 4, disk // 4


def keeper_limits(size: int) -> Limits:
    """Returns the limits of the container that keeps the disk.

    Args:
        size: bytes of the files that are handed to it.
    """
    memory = _KEEPER_MEMORY + size
    return Limits(memory=memory, processes=_KEEPER_PROCESSES, seconds=0, shared_memory=MIB, log=MIB)


def program_limits(limits: Limits, size: int) -> Limits:
    """Returns the limits of the program's container: the files handed over have taken their part already."""
    return replace(limits, memory=limits.memory - size)


def volume(name: str, size: int, owner: str) -> tuple[str, ...]:
    """Returns the command that makes a disk of limited size, which is memory."""
    # In blocks: podman 4.3 takes `size` for a quota of the host's file system.
    options = f"nr_blocks={-(-size // _PAGE)},nr_inodes={_FILES},nosuid,nodev,uid={USER},gid={USER}"
    return (
        *("volume", "create", f"--label={OWNER_LABEL}={owner}"),
        *("--opt=type=tmpfs", "--opt=device=tmpfs", f"--opt=o={options}", name),
    )


def mounts(name: str, given: str, *, temporary: bool) -> list[str]:
    """Returns the options that show the disk, and the files that a program cannot change.

    Args:
        name: the box's.
        given: `rw` or `ro`.
        temporary: also /tmp. A `--tmpfs` has the mode of the image's directory, which only root can write to.
    """
    # With the label that both containers may use, where the system has labels.
    shown = [
        f"--volume={name}-job:/job:rw,exec,nosuid,nodev,z",
        f"--volume={name}-in:/in:{given},nosuid,nodev,z",
    ]
    return [*shown, f"--volume={name}-tmp:{TMP}:rw,exec,nosuid,nodev,z"] if temporary else shown


def container(
    name: str, owner: str, limits: Limits, users: str, seccomp: str, ulimits: Mapping[str, int]
) -> list[str]:
    """Returns the command that starts a container, up to what differs between a job's two.

    Args:
        name: of the container.
        owner: whose it is.
        limits: what it may use.
        users: the user namespace, as `--userns` takes it.
        seccomp: path of the list of system calls.
        ulimits: limits of each process, see `process_limits`.
    """
    masked = ":".join(("/sys", *(f"/proc/{part}" for part in MASKED)))
    options = [
        *("run", "--detach", f"--name={name}", f"--label={OWNER_LABEL}={owner}", "--pull=never"),
        *("--network=none", f"--userns={users}", f"--user={USER}:{USER}", "--hostname=job"),
        *("--cap-drop=all", "--security-opt=no-new-privileges", f"--security-opt=seccomp={seccomp}"),
        f"--security-opt=mask={masked}",
        *("--read-only", "--read-only-tmpfs=false", "--image-volume=ignore", "--systemd=false"),
        *("--http-proxy=false", "--restart=no", "--cgroupns=private"),
        *(f"--memory={limits.memory}", f"--memory-swap={limits.memory}"),
        f"--cpus={limits.millicores / 1000}",
        *(f"--pids-limit={limits.processes}", f"--shm-size={limits.shared_memory}"),
        f"--oom-score-adj={OOM_SCORE}",
        *("--log-driver=k8s-file", f"--log-opt=max-size={limits.log}b"),
    ]
    options += [f"--ulimit={kind}={value}:{value}" for kind, value in ulimits.items()]
    return options + ([f"--timeout={limits.seconds}"] if limits.seconds else [])


def process_limits(processes: int, there: str) -> dict[str, int]:
    """Returns the limits of each process, which cannot be higher than where podman starts it.

    Args:
        processes: of the container.
        there: /proc/self/limits of a process of that user.
    """
    wanted = {"core": CORE, "memlock": LOCKED_MEMORY, "sigpending": SIGNALS, "msgqueue": MESSAGES}
    # Podman's own default of these is more than it may set where it is not root.
    wanted |= {"nofile": OPEN_FILES, "nproc": processes}
    for kind, name in _NAMES.items():
        if hard := re.search(rf"^{name}\s+\w+\s+(\d+)\b", there, re.MULTILINE):
            wanted[kind] = min(wanted[kind], int(hard[1]))
    return wanted

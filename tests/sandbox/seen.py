"""What the host's kernel says of a program: rights, namespaces, limits, mounts, filter of system calls."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import stat
import struct
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.sandbox.hostile import NUMBERS

_X86: Final = platform.machine() == "x86_64"
#: Numbers of the system calls that tries make by libc.
CALLS: Final = NUMBERS | (
    {"clone": 56, "inotify_init1": 294, "ptrace": 101, "setns": 308, "socket": 41, "unshare": 272}
    if _X86
    else {"clone": 220, "inotify_init1": 26, "ptrace": 117, "setns": 268, "socket": 198, "unshare": 97}
)
_ARCHITECTURE: Final = 0xC000003E if _X86 else 0xC00000B7
_ALLOWED: Final = {0x7FFF, 0x7FFC}
_SEIZE, _INTERRUPT, _DETACH, _GET_FILTER = 0x4206, 0x4207, 17, 0x420C
_ALL_CHILDREN: Final = 0x40000000
_KINDS: Final = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")

_Line = tuple[int, int, int, int]
Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """A running program, as the host sees it.

    Attributes:
        status: lines of its status by their names.
        namespaces: of each kind, which it is in.
        limits: soft ones by their names.
        mounts: options of what is mounted, by its place.
        files: what it has open.
        environment: its variables.
        routes: ways out of its network.
        interfaces: of its network.
        group: the control group, by the kernel's controllers.
        filters: of its system calls; None: this kernel shows them to nobody here.
        root: its root directory.
    """

    status: Mapping[str, str]
    namespaces: Mapping[str, str]
    limits: Mapping[str, str]
    mounts: Mapping[str, frozenset[str]]
    files: frozenset[str]
    environment: bytes
    routes: int
    interfaces: frozenset[str]
    group: Mapping[str, str]
    filters: tuple[tuple[_Line, ...], ...] | None
    root: Path

    @classmethod
    def of(cls, pid: int) -> Seen:
        """Looks at a process, which has to wait meanwhile."""
        home = Path("/proc", str(pid))
        status = dict(line.split(":\t", 1) for line in home.joinpath("status").read_text().splitlines())
        lines = [line.split() for line in home.joinpath("mountinfo").read_text().splitlines()]
        limits = home.joinpath("limits").read_text().splitlines()[1:]
        groups = [line.split(":", 2) for line in home.joinpath("cgroup").read_text().splitlines()]
        return cls(
            {name: value.strip() for name, value in status.items()},
            {kind: str(home.joinpath("ns", kind).readlink()) for kind in _KINDS},
            {line[:26].strip(): line[26:].split()[0] for line in limits},
            {line[4]: frozenset(line[5].split(",")) for line in lines},
            frozenset(str(path.readlink()) for path in home.joinpath("fd").iterdir()),
            home.joinpath("environ").read_bytes(),
            len(home.joinpath("net/route").read_text().splitlines()) - 1,
            frozenset(
                line.split(":")[0].strip()
                for line in home.joinpath("net/dev").read_text().splitlines()
                if ":" in line
            ),
            {controllers: path for _, controllers, path in groups},
            filters_of(pid),
            home / "root",
        )

    def rights(self) -> int:
        """Capabilities that it has or may take."""
        sets = ("CapInh", "CapPrm", "CapEff", "CapAmb")
        rights = 0
        for name in sets:
            rights |= int(self.status[name], 16)
        return rights

    def processes_at_most(self) -> float:
        """How many processes its control groups allow."""
        most = float("inf")
        for controllers, path in self.group.items():
            if controllers and "pids" not in controllers.split(","):
                continue
            top = Path("/sys/fs/cgroup", "pids" if controllers else "")
            group = top / path.lstrip("/")
            for each in (group, *group.parents):
                with suppress(OSError, ValueError):
                    most = min(most, int((each / "pids.max").read_text()))
        return most

    def refuses(self, call: str, arguments: Sequence[int]) -> bool:
        """Whether a filter refuses a system call."""
        assert self.filters is not None
        words = (*arguments, *(0 for _ in range(6 - len(arguments))))
        data = struct.pack("=IIQ6Q", CALLS[call], _ARCHITECTURE, 0, *words)
        return any(run(each, data) >> 16 not in _ALLOWED for each in self.filters)


def filters_of(pid: int) -> tuple[tuple[_Line, ...], ...] | None:
    """The filters of a process's system calls; None where this process may not see them."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes, libc.ptrace.restype = (
        (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p),
        ctypes.c_long,
    )
    if libc.ptrace(_SEIZE, pid, None, None):
        return None
    try:
        libc.ptrace(_INTERRUPT, pid, None, None)
        os.waitpid(pid, _ALL_CHILDREN)
        filters: list[tuple[_Line, ...]] = []
        while (size := libc.ptrace(_GET_FILTER, pid, len(filters), None)) >= 0:
            lines = ctypes.create_string_buffer(size * 8)
            libc.ptrace(_GET_FILTER, pid, len(filters), lines)
            filters.append(tuple(struct.iter_unpack("<HBBI", lines.raw)))
        # ENOENT: there is none further; EINVAL: there is none at all.
        return tuple(filters) if ctypes.get_errno() in {errno.ENOENT, errno.EINVAL} else None
    finally:
        libc.ptrace(_DETACH, pid, None, None)


def run(program: Sequence[_Line], data: bytes) -> int:
    """What a filter answers to a system call, by the classic Berkeley Packet Filter's rules."""
    accumulator = index = at = 0
    memory = [0] * 16
    while True:
        code, true, false, k = program[at]
        at += 1
        kind, operand = code & 7, index if code & 8 else k
        if kind in {0, 1}:
            mode = code & 0xE0
            value = struct.unpack_from("<I", data, k)[0] if mode == 0x20 else memory[k] if mode == 0x60 else k
            accumulator, index = (accumulator, value) if kind else (value, index)
        elif kind in {2, 3}:
            memory[k] = index if kind == 3 else accumulator
        elif kind == 4:
            accumulator = _OPERATIONS[code & 0xF0](accumulator, operand) & 0xFFFFFFFF
        elif kind == 5:
            if code & 0xF0:
                at += true if _JUMPS[code & 0xF0](accumulator, operand) else false
            else:
                at += k
        elif kind == 6:
            return accumulator if code & 0x18 else k
        else:
            accumulator, index = (index, index) if code & 0x80 else (accumulator, accumulator)


_OPERATIONS: Final[Mapping[int, Callable[[int, int], int]]] = {
    0x00: lambda a, b: a + b,
    0x10: lambda a, b: a - b,
    0x20: lambda a, b: a * b,
    0x30: lambda a, b: a // b,
    0x40: lambda a, b: a | b,
    0x50: lambda a, b: a & b,
    0x60: lambda a, b: a << b,
    0x70: lambda a, b: a >> b,
    0x80: lambda a, _: -a,
    0xA0: lambda a, b: a ^ b,
}
_JUMPS: Final[Mapping[int, Callable[[int, int], bool]]] = {
    0x10: lambda a, b: a == b,
    0x20: lambda a, b: a > b,
    0x30: lambda a, b: a >= b,
    0x40: lambda a, b: bool(a & b),
}

Check = Callable[[Seen, Facts], bool]


def lacks(capability: int) -> Check:
    """It has not this right, and comes to none by running another program."""
    return lambda seen, _: not seen.rights() >> capability & 1 and seen.status["NoNewPrivs"] == "1"


def refused(call: str, *arguments: int) -> Check:
    return lambda seen, _: seen.refuses(call, arguments)


def apart(kind: str) -> Check:
    """It is in no namespace of this process's."""
    return lambda seen, _: seen.namespaces[kind] != str(Path("/proc/self/ns", kind).readlink())


def may_open(seen: Seen, path: str, *, write: bool) -> bool:
    """Whether a program may open a file of the place where it is, by owner, mode and mounts."""
    file = Path(f"{seen.root}{path}")
    with suppress(OSError):
        found = file.stat()
        places = (place for place in seen.mounts if path == place or path.startswith(f"{place.rstrip('/')}/"))
        if write and not stat.S_ISCHR(found.st_mode) and "ro" in seen.mounts[max(places, key=len)]:
            return False
        users, groups = seen.status["Uid"].split(), seen.status["Gid"].split() + seen.status["Groups"].split()
        bit = 2 if write else 4
        owner = str(found.st_uid) in users and found.st_mode & bit << 6
        group = str(found.st_gid) in groups and found.st_mode & bit << 3
        return bool(owner or group or found.st_mode & bit or seen.rights() & 0b10)
    return False


def closed(path: str, *, write: bool = True) -> Check:
    return lambda seen, _: not may_open(seen, path, write=write)


def smaller(path: str, fact: str) -> Check:
    """Its disk is smaller than what is tried; `{}` is the scratch space that it is told."""

    def check(seen: Seen, facts: Facts) -> bool:
        disk = os.statvfs(f"{seen.root}{path.format(facts['scratch'])}")
        return disk.f_blocks * disk.f_frsize < int(facts[fact])

    return check


def no_hardware(seen: Seen, facts: Facts) -> bool:
    names = [path for path in ("sys/class/net", "sys/devices") if (seen.root / path).is_dir()]
    return not any(any((seen.root / name).iterdir()) for name in names)


#: What the host sees of each try that a program tells of, and that leaves the host no other trace.
SHOWN: Final[Mapping[str, Check]] = {
    "add_a_key_to_the_kernel": refused("add_key"),
    "become_root": lambda seen, facts: (
        all(int(user) >= 1_000_000 for user in (seen.status["Uid"] + "\t" + seen.status["Gid"]).split())
        and lacks(7)(seen, facts)
    ),
    "change_the_root": lacks(18),
    "change_the_routes": lacks(12),
    "clone_a_mount": refused("open_tree", 0, 0, 1),
    "close_an_interface": lacks(12),
    "fill_sockets_that_nobody_counts": refused("socket", 16, 3, 0),
    "fill_the_disk": smaller("{}", "bytes"),
    "fill_the_shared_memory": smaller("/dev/shm", "bytes"),
    "forge_packets": lacks(13),
    "gain_by_running_another_program": lambda seen, _: seen.status["NoNewPrivs"] == "1",
    "handle_page_faults": refused("userfaultfd"),
    "inherit_open_files": lambda seen, facts: facts["key"] not in seen.files,
    "join_a_namespace": lacks(21),
    "leave_the_control_group": lambda seen, facts: not may_open(seen, facts["cgroup"], write=True),
    "listen_to_all_frames": lacks(13),
    "load_a_filter_into_the_kernel": refused("bpf"),
    "load_another_protocol": refused("socket", 2, 1, 262),
    "make_a_namespace_by_clone": refused("clone", 0x10000000 | 17),
    "make_a_user_namespace": refused("unshare", 0x10000000),
    "mount_something": lacks(21),
    "name_the_host": lacks(21),
    "never_be_killed_for_memory": lacks(24),
    "open_by_handle": refused("name_to_handle_at"),
    "open_many_files": lacks(24),
    "open_sysrq": closed("/proc/sysrq-trigger"),
    "open_the_core_pattern": closed("/proc/sys/kernel/core_pattern"),
    "queue_many_signals": lambda seen, facts: int(seen.limits["Max pending signals"]) < facts["signals"],
    "reach_an_abstract_socket": apart("net"),
    "reach_the_internet": lambda seen, _: seen.routes == 0,
    "read_kernel_addresses": lacks(34),
    "read_the_hardware": no_hardware,
    "read_the_passwords": closed("/etc/shadow", write=False),
    "reserve_asynchronous_requests": refused("io_setup"),
    "reserve_message_queues": refused("mq_open"),
    "restart_the_machine": lacks(22),
    "run_before_all_others": lacks(23),
    "see_other_interfaces": lambda seen, _: seen.interfaces == {"lo"},
    "see_the_hosts_variables": lambda seen, facts: facts["variable"].encode() not in seen.environment,
    "set_the_clock": lacks(25),
    "set_up_a_ring": refused("io_uring_setup"),
    "signal_a_process": apart("pid"),
    "speak_to_the_firewall": refused("socket", 16, 3, 12),
    "speak_to_the_hypervisor": refused("socket", 40, 1, 0),
    "start_many_processes": lambda seen, facts: seen.processes_at_most() < facts["processes"],
    "start_the_hosts_handler_of_crashes": lambda seen, _: seen.limits["Max core file size"] == "1",
    "trace_a_process": apart("pid"),
    "use_the_kernels_cipher_sockets": refused("socket", 38, 5, 0),
    "watch_files_as_root": refused("inotify_init1"),
    "watch_with_performance_counters": refused("perf_event_open"),
    "write_all_disks_out": refused("sync"),
    "write_into_the_image": lambda seen, _: "ro" in seen.mounts["/"],
    "write_the_kernels_log": closed("/dev/kmsg"),
}


def look(pid: int, facts: Facts) -> Mapping[str, bool] | None:
    """Of each try whether the host sees it stopped; None where a process's filters cannot be seen.

    Args:
        pid: of a process that waits meanwhile.
        facts: that it was told.
    """
    seen = Seen.of(pid)
    return None if seen.filters is None else {name: check(seen, facts) for name, check in SHOWN.items()}

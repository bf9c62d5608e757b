"""A process that can do next to nothing, with one UDP socket that it is given.

It lives in a mount namespace with the system's programs and its own files, in a network namespace that it is
put into, as a user of its own, with at most the capability to set up interfaces there. When it asks for a UDP
socket, the kernel asks its parent (seccomp's user notification), which makes one in its own network namespace
and hands it over. So nebula's interface lies where its packets are to end, and its UDP socket where the
internet is, and neither has to be moved.

Linux 5.14 or newer, x86-64 or ARM64.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import errno
import fcntl
import os
import platform
import resource
import signal
import socket
import stat
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_CLONE_NEWNS, _CLONE_NEWUTS, _CLONE_NEWIPC = 0x20000, 0x04000000, 0x08000000
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 32, 4096, 16384, 1 << 18
_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_SET_KEEPCAPS, _PR_SET_NO_NEW_PRIVS = 1, 24, 8, 38
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 47, 2
_CAP_NET_ADMIN, _CAP_LAST = 12, 63
_CAPABILITY_VERSION: Final = 0x20080522
_FILES: Final = 256

_SECCOMP_SET_MODE_FILTER, _NEW_LISTENER = 1, 8
_ALLOW, _NOTIFY, _ERRNO, _KILL = 0x7FFF0000, 0x7FC00000, 0x00050000, 0x80000000
_RECEIVE, _RESPOND, _ADD = 0xC0502100, 0xC0182101, 0x40182103
_ADD_AND_RESPOND: Final = 2
_NOTIFICATION: Final = struct.Struct("=QIIiIQ6Q")
_RESPONSE: Final = struct.Struct("=QqiI")
_ADDITION: Final = struct.Struct("=QIIII")
_AF_INET, _AF_INET6, _AF_NETLINK, _UDP = 2, 10, 16, 17

#: In the order of the numbers below: what reaches other processes, or makes the kernel do more for it.
_REFUSED: Final = (
    "ptrace pivot_root chroot mount umount2 init_module kexec_load add_key request_key keyctl unshare"
    " perf_event_open setns process_vm_readv process_vm_writev finit_module bpf execveat userfaultfd"
    " kill tkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal io_uring_setup pidfd_open"
)
#: By architecture: its number for the kernel, and system calls: seccomp, socket, tgkill, and those refused.
_CALLS: Final[Mapping[str, tuple[int, int, int, int, tuple[int, ...]]]] = {
    "x86_64": (
        0xC000003E,
        317,
        41,
        234,
        (
            *(101, 155, 161, 165, 166, 175, 246, 248, 249, 250, 272, 298, 308, 310, 311, 313, 321, 322, 323),
            *(62, 200, 129, 297, 424, 425, 434),
        ),
    ),
    "aarch64": (
        0xC00000B7,
        277,
        198,
        131,
        (
            *(117, 41, 51, 40, 39, 105, 104, 217, 218, 219, 97, 241, 268, 270, 271, 273, 280, 281, 282),
            *(129, 130, 138, 240, 424, 425, 434),
        ),
    ),
}
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Jail:
    """What the process is given.

    Attributes:
        root: an empty directory, over which its root is mounted, for itself only.
        files: a directory of files that it sees, read-only.
        inside: the path at which it sees them.
        user: its user and group; None where this process is not root, for this process's own.
        network: the network namespace that it is put into, with the right to set up interfaces there; None:
            an empty one of its own, without any right.
    """

    root: Path
    files: Path
    inside: str
    user: int | None
    network: Path | None


class Jailed:
    """A running process. It ends with this one, whatever ends this one.

    Attributes:
        pid: its number.
        output: what it prints, non-blocking.
        listener: readable when it asks for a socket; see `answer`.
    """

    def __init__(self, jail: Jail, command: Sequence[str]) -> None:
        reader, writer = os.pipe()
        ours, theirs = socket.socketpair()
        parent = os.getpid()
        self.pid = os.fork()
        if not self.pid:
            try:
                ours.close()
                _become(jail, command, parent, writer, theirs)
            except BaseException as bad:
                os.write(writer, f"{type(bad).__name__}: {bad}\n".encode())
            finally:
                os._exit(127)
        theirs.close()
        os.close(writer)
        os.set_blocking(reader, False)
        self.output = reader
        with ours:
            _, passed, _, _ = socket.recv_fds(ours, 1, 1)
        #: -1: it ended before it began.
        self.listener = passed[0] if passed else -1
        self._given = False

    def answer(self) -> None:
        """Gives it the socket that it has asked for: one, and no second."""
        data = bytearray(_NOTIFICATION.size)
        try:
            fcntl.ioctl(self.listener, _RECEIVE, data)
        except OSError:
            return  # it was killed meanwhile
        number, *_, family, _kind, _protocol, _, _, _ = _NOTIFICATION.unpack(data)
        with contextlib.suppress(OSError):
            if self._given:
                refusal = _RESPONSE.pack(number, 0, -errno.EPERM, 0)
                fcntl.ioctl(self.listener, _RESPOND, bytearray(refusal))
                return
            with socket.socket(family, socket.SOCK_DGRAM, _UDP) as made:
                fcntl.ioctl(
                    self.listener,
                    _ADD,
                    bytearray(_ADDITION.pack(number, _ADD_AND_RESPOND, made.fileno(), 0, os.O_CLOEXEC)),
                )
                self._given = True

    def signal(self, number: int) -> None:
        """Sends a signal; does nothing if it has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def ended(self) -> bool:
        """Returns whether it has ended, and forgets it then."""
        done, _ = os.waitpid(self.pid, os.WNOHANG)
        return done == self.pid

    def close(self) -> None:
        """Closes what belongs to it."""
        for descriptor in (self.output, self.listener):
            if descriptor >= 0:
                os.close(descriptor)


def _become(jail: Jail, command: Sequence[str], parent: int, output: int, channel: socket.socket) -> None:
    """Turns this process, just forked, into the jailed one."""
    network = os.open(jail.network, os.O_RDONLY) if jail.network is not None else None
    namespaces = _CLONE_NEWNS | _CLONE_NEWUTS | _CLONE_NEWIPC
    if network is not None:
        _call("setns", network, _CLONE_NEWNET)
    else:
        namespaces |= _CLONE_NEWNET
    if jail.user is None:
        user, group = os.getuid(), os.getgid()
        _call("unshare", namespaces | _CLONE_NEWUSER)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    else:
        _call("unshare", namespaces)
    _mount_root(jail)
    os.setsid()
    os.dup2(os.open("/dev/null", os.O_RDWR), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    _drop(jail)
    # After the change of user, which would undo it.
    _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(127)
    kept = channel.fileno()
    os.closerange(3, kept)
    os.closerange(kept + 1, 4096)
    listener = _filter()
    channel.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [listener]))])
    os.closerange(3, 4096)
    os.execve(command[0], list(command), {"PATH": "/usr/bin", "GOMAXPROCS": "2"})  # noqa: S606


def _mount_root(jail: Jail) -> None:
    """Leaves of the machine's files the system's programs and libraries, and those of `files`."""
    root = str(jail.root)
    _mount("none", "/", None, _MS_REC | _MS_PRIVATE)
    _mount("tmpfs", root, "tmpfs", _MS_NOSUID, "size=64k,mode=755")
    for name in ("/usr", "/lib", "/lib64"):
        if Path(name).is_symlink():
            os.symlink(os.readlink(name), root + name)  # noqa: PTH115, PTH211
        elif Path(name).is_dir():
            Path(root + name).mkdir()
            _bind(name, root + name, _MS_RDONLY | _MS_NOSUID | _MS_NODEV)
    Path(root + jail.inside).mkdir()
    _bind(str(jail.files), root + jail.inside, _MS_RDONLY | _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)
    Path(f"{root}/dev").mkdir()
    Path(f"{root}/dev/null").touch()
    _mount("/dev/null", f"{root}/dev/null", None, _MS_BIND)
    if jail.network is not None:
        # The machine's own may be root's alone.
        tun = Path(f"{root}/dev/net/tun")
        tun.parent.mkdir()
        os.mknod(tun, stat.S_IFCHR | 0o600, Path("/dev/net/tun").stat().st_rdev)
        os.chown(tun, jail.user or 0, -1)
    _mount("none", root, None, _MS_REMOUNT | _MS_BIND | _MS_RDONLY | _MS_NOSUID)
    os.chroot(root)
    os.chdir("/")


def _bind(source: str, target: str, flags: int) -> None:
    _mount(source, target, None, _MS_BIND | _MS_REC)
    # In a user namespace, what was forbidden by a mount of the machine stays forbidden.
    with contextlib.suppress(PermissionError):
        _mount("none", target, None, _MS_REMOUNT | _MS_BIND | flags)


def _drop(jail: Jail) -> None:
    """Gives up the user, groups, capabilities and most of the files that could be opened."""
    kept = 1 << _CAP_NET_ADMIN if jail.network is not None else 0
    for number in range(_CAP_LAST + 1):
        if not kept >> number & 1 and _libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0):
            break  # the kernel knows no more
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES, _FILES))
    if jail.user is not None:
        _call("prctl", _PR_SET_KEEPCAPS, 1, 0, 0, 0)
        os.setgroups([])
        os.setresgid(jail.user, jail.user, jail.user)
        os.setresuid(jail.user, jail.user, jail.user)
    head = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    sets = (ctypes.c_uint32 * 6)(kept, kept, kept, 0, 0, 0)
    _call("capset", head, sets)
    if kept:
        _call("prctl", _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_NET_ADMIN, 0, 0)
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def _filter() -> int:
    """Restricts this process's system calls; returns where its requests for UDP sockets arrive."""
    seccomp = _CALLS[platform.machine()][1]
    code = program(platform.machine(), os.getpid())
    given = _Program(len(code) // 8, code)
    listener: int = _libc.syscall(
        ctypes.c_long(seccomp), _SECCOMP_SET_MODE_FILTER, _NEW_LISTENER, ctypes.byref(given)
    )
    if listener < 0:
        raise OSError(ctypes.get_errno(), "this kernel hands no sockets over (seccomp)")
    return listener


def program(machine: str, pid: int) -> bytes:
    """Returns the filter of system calls, as instructions of the kernel's packet filter. Pure.

    Args:
        machine: as `platform.machine()` names it.
        pid: the process's own number, the only one that it may signal.

    Raises:
        KeyError: this architecture is not supported.
    """
    architecture, _, socket_call, signal_call, refused = _CALLS[machine]
    load, equal, at_least, give = 0x20, 0x15, 0x35, 0x06
    answer = {"allow": _ALLOW, "ask": _NOTIFY, "refuse": _ERRNO | errno.EPERM, "kill": _KILL}
    lines: list[tuple[int, int, str]] = [
        # Operation, value, and where to go on if it holds: "+1" is over the next line.
        (load, 4, ""),
        (equal, architecture, "+1"),
        (give, answer["kill"], ""),
        (load, 0, ""),
        (at_least, 0x40000000, "refuse"),
        *((equal, number, "refuse") for number in refused),
        # Go wakes its own threads by signals.
        (equal, signal_call, "signal"),
        (equal, socket_call, "+1"),
        (give, answer["allow"], ""),
        (load, 16, ""),
        (equal, _AF_INET, "internet"),
        (equal, _AF_INET6, "internet"),
        (equal, _AF_NETLINK, "+1"),
        (give, answer["refuse"], ""),
        # Of netlink only routes and addresses: no firewall.
        (load, 32, ""),
        (equal, 0, "allow"),
        (give, answer["refuse"], ""),
        (load, 16, ""),
        (equal, pid, "allow"),
        (give, answer["refuse"], ""),
        (load, 32, ""),
        (equal, _UDP, "ask"),
        (give, answer["allow"], ""),
        (give, answer["refuse"], ""),
        (give, answer["ask"], ""),
    ]
    end = len(lines)
    places = {
        "signal": end - 8,
        "internet": end - 5,
        "allow": end - 3,
        "refuse": end - 2,
        "ask": end - 1,
        "+1": None,
    }
    code = b""
    for index, (operation, value, where) in enumerate(lines):
        jump = 0
        if where:
            place = places[where]
            jump = 1 if place is None else place - index - 1
        code += struct.pack("=HBBI", operation, jump, 0, value)
    return code


def _mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    texts = [None if text is None else text.encode() for text in (source, target, kind, data)]
    _call("mount", texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3])


def _call(name: str, *arguments: object) -> None:
    if getattr(_libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")

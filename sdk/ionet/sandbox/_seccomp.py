"""Which system calls a box may make: the distribution's list for containers, less what needs a capability."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any, Final

_ARCHITECTURES: Final = {
    "x86_64": ("amd64", "SCMP_ARCH_X86_64"),
    "aarch64": ("arm64", "SCMP_ARCH_AARCH64"),
}

#: The list relies on missing capabilities to stop these; or they use up what is one for the whole machine:
#: asynchronous requests, and inotify's instances, which count for root, too, as the user namespace is root's.
_REFUSED: Final = frozenset(
    {
        "add_key",
        "adjtimex",
        "bpf",
        "clock_adjtime",
        "clock_adjtime64",
        "fanotify_init",
        "fanotify_mark",
        "fsconfig",
        "fsmount",
        "fsopen",
        "fspick",
        "inotify_init",
        "inotify_init1",
        "io_setup",
        "io_uring_enter",
        "io_uring_register",
        "io_uring_setup",
        "kcmp",
        "keyctl",
        "memfd_secret",
        "mount",
        "mount_setattr",
        "move_mount",
        "mq_open",
        "name_to_handle_at",
        "open_by_handle_at",
        "open_tree",
        "perf_event_open",
        "pidfd_getfd",
        "pivot_root",
        "process_vm_readv",
        "process_vm_writev",
        "ptrace",
        "reboot",
        "request_key",
        "setns",
        "swapoff",
        "swapon",
        "sync",
        "syslog",
        "umount",
        "umount2",
        "unshare",
        "userfaultfd",
        "vmsplice",
    }
)
#: Allowed below, for some arguments only.
_BY_ARGUMENT: Final = frozenset({"clone", "clone3", "prlimit64", "setrlimit", "socket", "socketpair"})

#: Every CLONE_NEW* flag of clone().
_NEW_NAMESPACES: Final = 0x7E020000
_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK = 1, 2, 10, 16
_NETLINK_ROUTE: Final = 0
#: By default the type's own; TCP and UDP. Others load modules into the host's kernel.
_PROTOCOLS: Final = (0, 6, 17)
_RLIMIT_CORE: Final = 4
_EPERM, _ENOSYS, _EOPNOTSUPP = 1, 38, 95


def profile(
    common: Mapping[str, Any], machine: str | None = None, *, lists_interfaces: bool = False
) -> dict[str, Any]:
    """Returns the `linux.seccomp` section of a bundle.

    Args:
        common: the content of `containers-common`'s seccomp.json.
        machine: as `platform.machine()` names it; by default this one.
        lists_interfaces: allows the netlink sockets that `getifaddrs` needs, and with it NCCL; bytes that
            wait in them are not counted as the box's memory.

    Raises:
        ValueError: the machine's architecture is not supported.
    """
    machine = machine or platform.machine()
    if machine not in _ARCHITECTURES:
        raise ValueError(f"no seccomp profile for {machine}; there is one for {', '.join(_ARCHITECTURES)}")
    short, name = _ARCHITECTURES[machine]
    rules = [*_common(common, short), *_by_argument()]
    if lists_interfaces:
        rules.append(_allow("socket", _equal(0, _AF_NETLINK), _equal(2, _NETLINK_ROUTE)))
    else:
        # ZeroMQ, and with it every notebook's kernel, ends at any other answer than that there is none.
        none = {"names": ["socket"], "action": "SCMP_ACT_ERRNO", "errnoRet": _EOPNOTSUPP}
        rules.append({**none, "args": [_equal(0, _AF_NETLINK)]})
    return {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": _EPERM,
        "architectures": [name],
        "syscalls": rules,
    }


def _common(common: Mapping[str, Any], architecture: str) -> list[dict[str, Any]]:
    rules = []
    for rule in common["syscalls"]:
        only = rule.get("includes") or {}
        if rule["action"] != "SCMP_ACT_ALLOW" or only.get("caps"):
            continue
        if "arches" in only and architecture not in only["arches"]:
            continue
        if names := sorted(set(rule["names"]) - _REFUSED - _BY_ARGUMENT):
            arguments = {"args": rule["args"]} if rule.get("args") else {}
            rules.append({"names": names, "action": "SCMP_ACT_ALLOW", **arguments})
    return rules


def _allow(name: str, *arguments: dict[str, Any]) -> dict[str, Any]:
    return {"names": [name], "action": "SCMP_ACT_ALLOW", "args": list(arguments)}


def _equal(index: int, value: int) -> dict[str, Any]:
    return {"index": index, "value": value, "op": "SCMP_CMP_EQ"}


def _by_argument() -> list[dict[str, Any]]:
    def other(index: int, value: int) -> dict[str, Any]:
        return {"index": index, "value": value, "op": "SCMP_CMP_NE"}

    no_namespace = {"index": 0, "value": _NEW_NAMESPACES, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}
    return [
        _allow("clone", no_namespace),
        # Its flags lie behind a pointer, which no filter can follow. Without it, libc uses clone().
        {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": _ENOSYS},
        _allow("socketpair", _equal(0, _AF_UNIX)),
        # No AF_VSOCK above all: it does not belong to a network namespace. No netlink, not even to list
        # interfaces: what waits in its sockets is counted for nobody.
        _allow("socket", _equal(0, _AF_UNIX)),
        *(
            _allow("socket", _equal(0, family), _equal(2, protocol))
            for family in (_AF_INET, _AF_INET6)
            for protocol in _PROTOCOLS
        ),
        # See `ionet.sandbox._bundle.CORE`.
        _allow("setrlimit", other(0, _RLIMIT_CORE)),
        _allow("prlimit64", other(1, _RLIMIT_CORE)),
        _allow("prlimit64", _equal(1, _RLIMIT_CORE), _equal(2, 0)),
    ]

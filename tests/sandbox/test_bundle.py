"""What a container is told, and which system calls it may make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ionet.sandbox._bundle import Device, Layout, Limits, collector, program
from ionet.sandbox._seccomp import profile

COMMON = {
    "syscalls": [
        {"names": ["read", "mount", "ptrace", "clone", "socket"], "action": "SCMP_ACT_ALLOW"},
        {"names": ["bdflush"], "action": "SCMP_ACT_ERRNO"},
        {"names": ["sethostname"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
        {"names": ["arch_prctl"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["amd64"]}},
        {"names": ["sync_file_range2"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["arm64"]}},
        {"names": ["personality"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 8}]},
    ]
}


def rules(machine: str) -> dict[str, list[dict[str, Any]]]:
    made: dict[str, list[dict[str, Any]]] = {}
    for rule in profile(COMMON, machine)["syscalls"]:
        for name in rule["names"]:
            made.setdefault(name, []).append(rule)
    return made


def test_what_needs_a_capability_is_left_out() -> None:
    assert set(rules("x86_64")) == {
        "read",
        "arch_prctl",
        "personality",
        "clone",
        "clone3",
        "prlimit64",
        "setrlimit",
        "socket",
        "socketpair",
    }
    assert "sync_file_range2" in rules("aarch64")
    assert "arch_prctl" not in rules("aarch64")
    assert profile(COMMON, "x86_64")["defaultAction"] == "SCMP_ACT_ERRNO"
    with pytest.raises(ValueError, match="riscv64"):
        profile(COMMON, "riscv64")


def test_what_depends_on_arguments() -> None:
    made = rules("x86_64")
    (clone,) = made["clone"]
    # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET of Linux' sched.h.
    flags = 0x20000 | 0x2000000 | 0x4000000 | 0x8000000 | 0x10000000 | 0x20000000 | 0x40000000
    assert clone["args"] == [{"index": 0, "value": flags, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]
    assert made["clone3"] == [{"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]
    sockets = [[(part["index"], part["value"]) for part in rule["args"]] for rule in made["socket"]]
    # unix; inet and inet6, each with the type's own protocol, TCP and UDP
    allowed = [[(0, 1)], *([(0, family), (2, number)] for family in (2, 10) for number in (0, 6, 17))]
    netlink = made["socket"][-1]
    assert sockets == [*allowed, [(0, 16)]]
    assert (netlink["action"], netlink["errnoRet"]) == ("SCMP_ACT_ERRNO", 95)
    assert all(rule["action"] == "SCMP_ACT_ALLOW" for rule in made["socket"][:-1])
    assert made["personality"][0]["args"] == [{"index": 0, "value": 8}]


LAYOUT = Layout("box1", Path("/images/rootfs"), Path("/boxes/box1"), 1_000_000, Limits(), {}, 1024, 65536)


def test_no_path_of_the_host_is_seen_but_the_boxs_own() -> None:
    for config in (
        program(LAYOUT, ["true"], {}, Path("/run/netns/io-box1")),
        collector(LAYOUT, Path("/boxes/box1/collector.py")),
    ):
        for mount in config["mounts"]:
            if mount["type"] == "bind":
                assert mount["source"].startswith("/boxes/box1/")
                assert {"nosuid", "nodev"} <= set(mount["options"])
        assert config["root"] == {"path": "/images/rootfs", "readonly": True}
        assert config["process"]["noNewPrivileges"]
        assert not any(config["process"]["capabilities"].values())
        assert config["process"]["user"]["uid"] == 1000
        kinds = {namespace["type"] for namespace in config["linux"]["namespaces"]}
        assert kinds == {"user", "pid", "ipc", "uts", "mount", "cgroup", "network"}
        assert config["linux"]["resources"]["devices"][0] == {"allow": False, "access": "rwm"}


def test_the_collector_reads_only() -> None:
    config = collector(LAYOUT, Path("/boxes/box1/collector.py"))
    binds = [mount for mount in config["mounts"] if mount["type"] == "bind"]
    assert binds
    assert all("ro" in mount["options"] for mount in binds)


def test_limits_and_devices_are_told() -> None:
    limits = Limits(memory=5, millicores=1500, processes=7, shared_memory=9)
    layout = Layout("box1", Path("/i"), Path("/b"), 0, limits, {}, 1, 2)
    config = program(layout, ["true"], {"A": "b"}, Path("/n"), [Device("/dev/nvidia3", 195, 3)])
    resources = config["linux"]["resources"]
    assert resources["memory"] == {"limit": 5, "swap": 5}
    assert resources["pids"] == {"limit": 7}
    assert resources["cpu"] == {"period": 100_000, "quota": 150_000}
    assert resources["devices"][1:] == [
        {"allow": True, "type": "c", "major": 195, "minor": 3, "access": "rw"}
    ]
    assert [device["path"] for device in config["linux"]["devices"]] == ["/dev/nvidia3"]
    assert "A=b" in config["process"]["env"]
    assert any(
        "size=9" in mount["options"] for mount in config["mounts"] if mount["destination"] == "/dev/shm"
    )

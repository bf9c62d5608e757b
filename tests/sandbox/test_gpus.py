"""Devices in a box: those that it leased, and no others. Other devices of this machine stand in for GPUs."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import yaml

from ionet.executor import BoxExecutor, Lease, NodeSpec, _runc
from ionet.sandbox import Box, Device, Limits, NoSuchGpu, gpus
from ionet.store.manifest import Command, FileStore, Manifest, Resources

MIB = 1 << 20
FIRST, SECOND = "GPU-11111111-1111-1111-1111-111111111111", "GPU-22222222-2222-2222-2222-222222222222"
#: As `nvidia-ctk cdi generate` writes it, shortened: two devices, and the driver's files for both.
SPEC = {
    "cdiVersion": "0.5.0",
    "kind": "nvidia.com/gpu",
    "containerEdits": {
        "deviceNodes": [{"path": "/dev/full", "major": 1, "minor": 7}],
        "env": ["NVIDIA_VISIBLE_DEVICES=void"],
        "hooks": [
            {"hookName": "createContainer", "path": "/usr/bin/nvidia-cdi-hook", "args": ["update-ldcache"]}
        ],
    },
    "devices": [
        {"name": "0", "containerEdits": {"deviceNodes": [{"path": "/dev/fuse"}]}},
        {"name": FIRST, "containerEdits": {"deviceNodes": [{"path": "/dev/fuse"}]}},
        {
            "name": SECOND,
            "containerEdits": {"deviceNodes": [{"path": "/dev/net/tun", "major": 10, "minor": 200}]},
        },
    ],
}


@pytest.fixture
def described(tmp_path: Path) -> Path:
    """A directory with a description of the machine's devices."""
    folder = tmp_path / "cdi"
    folder.mkdir()
    library, tool = tmp_path / "libcuda.so.535.104.05", tmp_path / "nvidia-smi"
    library.write_text("the driver")
    tool.write_text("#!/bin/sh\necho tool\n")
    tool.chmod(0o755)
    mounts = [
        {"hostPath": str(path), "containerPath": str(path), "options": ["ro", "bind"]}
        for path in (library, tool)
    ]
    edits = {**SPEC["containerEdits"], "mounts": mounts}  # type: ignore[dict-item]
    (folder / "nvidia.yaml").write_text(yaml.safe_dump({**SPEC, "containerEdits": edits}))
    (folder / "other.json").write_text('{"kind": "example.com/net", "devices": [{"name": "eth0"}]}')
    (folder / "notes.txt").write_text("not a description")
    return folder


def test_one_gpu_is_its_own_files_and_the_drivers(described: Path, tmp_path: Path) -> None:
    one = gpus([SECOND], [described])
    assert one.devices == (Device("/dev/net/tun", 10, 200), Device("/dev/full", 1, 7))
    assert one.environment == {"NVIDIA_VISIBLE_DEVICES": "void", "LD_LIBRARY_PATH": "/usr/local/nvidia/lib"}
    assert one.files == {
        "/usr/local/nvidia/lib/libcuda.so.535.104.05": tmp_path / "libcuda.so.535.104.05",
        "/usr/local/nvidia/lib/libcuda.so.1": tmp_path / "libcuda.so.535.104.05",
        "/usr/local/nvidia/bin/nvidia-smi": tmp_path / "nvidia-smi",
    }
    both = gpus([SECOND, FIRST], [described])
    assert {device.path for device in both.devices} == {"/dev/net/tun", "/dev/full", "/dev/fuse"}
    none = gpus([], [described])
    assert (none.devices, none.files, none.environment) == ((), {}, {})


def test_a_gpu_that_nothing_describes_is_refused(described: Path, tmp_path: Path) -> None:
    with pytest.raises(NoSuchGpu, match="names GPU-3; run: nvidia-ctk cdi generate"):
        gpus([FIRST, "GPU-3"], [described])
    with pytest.raises(NoSuchGpu, match="nvidia-ctk cdi generate"):
        gpus([FIRST], [tmp_path / "nowhere"])
    (described / "broken.yaml").write_text("{")
    with pytest.raises(NoSuchGpu, match=r"broken\.yaml cannot be read"):
        gpus([FIRST], [described])
    (described / "broken.yaml").write_text("- a list")
    with pytest.raises(NoSuchGpu, match=r"broken\.yaml does not describe devices"):
        gpus([FIRST], [described])


def test_a_device_that_is_gone_is_refused(described: Path) -> None:
    gone = {"devices": [{"name": "GPU-4", "containerEdits": {"deviceNodes": [{"path": "/dev/nvidia77"}]}}]}
    (described / "gone.yaml").write_text(yaml.safe_dump(gone))
    with pytest.raises(NoSuchGpu, match="/dev/nvidia77 is not there"):
        gpus(["GPU-4"], [described])


LOOK = """
import os
for path in ("/dev/fuse", "/dev/net/tun"):
    try: os.close(os.open(path, os.O_RDWR)); print("opened", path)
    except OSError as error: print(type(error).__name__, path)
print(open("/usr/local/nvidia/lib/libcuda.so.1").read(), os.environ["LD_LIBRARY_PATH"])
try: open("/usr/local/nvidia/lib/libcuda.so.1", "w")
except OSError as error: print(type(error).__name__)
print(os.popen("nvidia-smi").read(), end="")
import socket
with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0): print("netlink")
"""


@pytest.fixture
def open_devices() -> Iterator[None]:
    """The devices are for everybody, as those of GPUs are."""
    modes = {path: path.stat().st_mode for path in (Path("/dev/fuse"), Path("/dev/net/tun"))}
    for path in modes:
        path.chmod(0o666)
    yield
    for path, mode in modes.items():
        path.chmod(mode)


@pytest.mark.usefixtures("open_devices")
@pytest.mark.parametrize(("uuid", "opened"), [(FIRST, "/dev/fuse"), (SECOND, "/dev/net/tun")])
def test_a_box_uses_its_own_device_and_no_other(
    image: Path, state: Path, described: Path, uuid: str, opened: str
) -> None:
    for folder in (described.parent, *described.parent.parents):
        if str(folder) == "/tmp":
            break
        folder.chmod(0o711)
    box, leased = Box(secrets.token_hex(8), state), gpus([uuid], [described])
    box.start(
        image,
        ["/usr/bin/python3", "-c", LOOK],
        limits=Limits(disk=32 * MIB),
        environment=leased.environment,
        devices=leased.devices,
        driver=leased.files,
    )
    box.wait(20)
    lines = box.log().decode().splitlines()
    other = {"/dev/fuse": "/dev/net/tun", "/dev/net/tun": "/dev/fuse"}[opened]
    assert f"opened {opened}" in lines, lines
    assert f"FileNotFoundError {other}" in lines
    assert lines[2:] == ["the driver /usr/local/nvidia/lib", "OSError", "tool", "netlink"]


class Leases:
    """An executor of two nodes with a GPU each, and a lease of each node."""

    def __init__(self, folder: Path, image: Path, boxes: Path) -> None:
        specs = [
            NodeSpec(bytes([number]) * 32, cpus=1, gpus=1, memory=1 << 30, devices=(uuid,))
            for number, uuid in enumerate((FIRST, SECOND), 1)
        ]
        store = FileStore(folder / "store")
        self.executor = BoxExecutor(specs, store, folder / "work", image=image, boxes=boxes)
        manifest = Manifest(Command(("sleep", "60")), Resources(gpus=1))
        self.leases = [
            Lease((secrets.token_bytes(32),), (spec.node,), bytes(32), manifest.hash, manifest)
            for spec in specs
        ]

    def inside(self, lease: Lease) -> set[str] | None:
        """The devices of a lease's box, as this machine sees them; None while nothing runs in it."""
        for pid in Box(lease.name, self.executor._boxes).processes():
            root = Path(f"/proc/{pid}/root")
            if (root / "in/ionet.tar").exists():
                return {path for path in ("/dev/fuse", "/dev/net/tun") if (root / path[1:]).exists()}
        return None


@pytest.fixture
def found(described: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Executors find the descriptions of this test."""
    monkeypatch.setattr(_runc, "gpus", partial(gpus, directories=[described]))


@pytest.mark.usefixtures("found")
async def test_a_box_is_given_the_gpus_of_its_leases_nodes_and_no_others(tmp_path: Path) -> None:
    made = Leases(tmp_path, tmp_path, tmp_path / "boxes")
    first, second = made.leases
    both = replace(first, jobs=(*first.jobs, *second.jobs), nodes=(*first.nodes, *second.nodes))
    for lease in made.leases:
        await made.executor.open(lease)
    given = [
        {device.path for device in made.executor._gpus(lease).devices} for lease in (first, second, both)
    ]
    # And the driver's.
    assert [paths - {"/dev/full"} for paths in given] == [
        {"/dev/fuse"},
        {"/dev/net/tun"},
        {"/dev/fuse", "/dev/net/tun"},
    ]


@pytest.mark.usefixtures("found")
async def test_two_leases_at_once_have_each_the_gpu_of_its_own_node(
    tmp_path: Path, image: Path, state: Path
) -> None:
    leases, runs = Leases(tmp_path, image, state), list[asyncio.Task[object]]()
    executor = leases.executor
    try:
        for lease in leases.leases:
            await executor.open(lease)
            runs.append(asyncio.create_task(executor.run(lease, 1)))
        async with asyncio.timeout(60):
            while None in (seen := [leases.inside(lease) for lease in leases.leases]):
                assert not any(run.done() for run in runs), runs
                await asyncio.sleep(0.05)
        assert seen == [{"/dev/fuse"}, {"/dev/net/tun"}]
    finally:
        for run in runs:
            run.cancel()
        await asyncio.gather(*runs, return_exceptions=True)
        for lease in leases.leases:
            await executor.release(lease)

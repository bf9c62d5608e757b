"""Orders of a held cluster: which there are, and how they come into its box."""

from __future__ import annotations

from pathlib import Path

import pytest

from ionet.executor import Lease, NodeSpec, PodmanExecutor, RunFailure
from ionet.sandbox import Box, BoxError, Podman
from ionet.store.manifest import FileStore, Function, Manifest
from ionet.workloads.held import ENTRYPOINT, IDLE, USED, Idleness, busy, order_problem

NAME = f"order-{'0a' * 8}.json"


@pytest.mark.parametrize(
    "order",
    [
        b'{"do": "end"}',
        b'{"do": "exec", "command": "python3 train.py"}',
        b'{"do": "cancel", "id": "0123456789abcdef"}',
    ],
)
def test_an_order_says_what_to_do(order: bytes) -> None:
    assert order_problem(order) is None


@pytest.mark.parametrize(
    "order",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"do": "rm"}',
        b'{"do": "end", "more": 1}',
        b'{"do": "exec"}',
        b'{"do": "exec", "command": ""}',
        b'{"do": "exec", "command": "a\\u0000b"}',
        b'{"do": "exec", "command": ["a"]}',
        b'{"do": "exec", "command": "a", "env": {}}',
        b'{"do": "cancel", "id": "../x"}',
    ],
)
def test_what_is_no_order_is_told(order: bytes) -> None:
    assert order_problem(order) == "an order is a JSON object that says what to do: exec, cancel or end"


@pytest.fixture
def box(tmp_path: Path) -> Box:
    (tmp_path / "held" / "in").mkdir(parents=True)
    return Box("held", tmp_path)


def test_a_box_is_given_a_file_once_and_whole(box: Box, tmp_path: Path) -> None:
    box.give(NAME, b"first")
    box.give(NAME, b"second")
    (there,) = (tmp_path / "held" / "in").iterdir()
    assert (there.name, there.read_bytes(), there.stat().st_mode & 0o777) == (NAME, b"first", 0o444)
    assert [path.name for path in (tmp_path / "held").iterdir()] == ["in"]


@pytest.mark.parametrize("name", ["../run.json", "a/b", "", ".hidden", "A", "a" * 65])
def test_a_file_keeps_to_its_folder(box: Box, tmp_path: Path, name: str) -> None:
    with pytest.raises(BoxError, match="a file's name is 1 to 64 of a-z"):
        box.give(name, b"")
    assert [path.name for path in tmp_path.rglob("*")] == ["held", "in"]


def test_a_box_takes_no_file_without_end(box: Box, tmp_path: Path) -> None:
    for number in range(2_000):
        (tmp_path / "held" / "in" / f"{number}").touch()
    with pytest.raises(BoxError, match="was given 2,000 files, and takes no more"):
        box.give(NAME, b"")


async def test_under_podman_no_cluster_is_held(tmp_path: Path) -> None:
    node, manifest = bytes(range(32)), Manifest(Function(ENTRYPOINT))
    podman = Podman(tmp_path / "podman")
    executor = PodmanExecutor(
        [NodeSpec(node, cpus=1)], FileStore(tmp_path / "store"), tmp_path, podman=podman
    )
    lease = Lease((bytes(32),), (node,), bytes(32), manifest.hash, manifest)
    with pytest.raises(RunFailure, match="under podman, where no cluster can be held"):
        await executor.open(lease)


def test_what_is_not_there_is_given_nothing(tmp_path: Path) -> None:
    with pytest.raises(BoxError, match="the box gone cannot be given a file"):
        Box("gone", tmp_path).give(NAME, b"")


def test_a_cluster_is_idle_once_nothing_has_used_it_for_so_long_and_says_so_once() -> None:
    said: list[str] = []
    idleness = Idleness(60, said.append, now=100.0)
    for used, now in ((True, 130), (False, 150), (False, 189), (False, 190), (False, 250)):
        idleness.look(used=used, now=now)
        assert said == ([f"{IDLE}60 s"] if now >= 190 else []), now
    idleness.look(used=True, now=260)
    idleness.look(used=False, now=319)
    assert said == [f"{IDLE}60 s", USED]
    idleness.look(used=False, now=320)
    assert said == [f"{IDLE}60 s", USED, f"{IDLE}60 s"]


def test_of_a_cluster_without_such_a_time_nothing_is_said() -> None:
    said: list[str] = []
    idleness = Idleness(0, said.append, now=0.0)
    idleness.look(used=False, now=1e9)
    assert said == []


@pytest.mark.parametrize(
    ("free", "used"),
    [
        ({"CPU": 8.0, "GPU": 1.0, "object_store_memory": 1.0}, False),
        ({"CPU": 7.5, "GPU": 1.0}, True),
        # Ray leaves out what is all in use.
        ({"CPU": 8.0}, True),
    ],
)
def test_whoever_holds_a_part_of_a_resource_uses_the_cluster(free: dict[str, float], used: bool) -> None:
    assert busy({"CPU": 8.0, "GPU": 1.0, "object_store_memory": 9.0}, free) == used

"""A lease sees the GPUs that it leased, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.orchestrator.support import RENTER, World, key

from ionet.executor._ray import _environment
from ionet.orchestrator import BoxExecutor, FailureReason, Lease, NodeSpec, RunFailure
from ionet.store.manifest import Command, Manifest, Resources


def test_two_leases_see_different_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")
    first = NodeSpec(key(1), cpus=1, gpus=1, devices=("GPU-1",))
    second = NodeSpec(key(2), cpus=1, gpus=2, devices=("GPU-2", "GPU-3"))
    assert _environment(tmp_path, [first])["CUDA_VISIBLE_DEVICES"] == "GPU-1"
    assert _environment(tmp_path, [second])["CUDA_VISIBLE_DEVICES"] == "GPU-2,GPU-3"
    assert _environment(tmp_path, [first, second])["CUDA_VISIBLE_DEVICES"] == "GPU-1,GPU-2,GPU-3"
    assert _environment(tmp_path, [NodeSpec(key(3), cpus=1)])["CUDA_VISIBLE_DEVICES"] == ""


@pytest.mark.parametrize("devices", [("GPU-1",), ("GPU-1", "GPU-1"), ("GPU-1", "GPU-2", "GPU-3")])
def test_there_is_one_uuid_for_each_gpu(devices: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="2 GPUs, and the UUIDs of"):
        NodeSpec(key(1), cpus=1, gpus=2, devices=devices)


@pytest.mark.parametrize(
    ("devices", "sentence"),
    [
        ((), "the UUIDs of the node's GPUs are not configured"),
        (
            ("GPU-none",),
            "no description of this machine's devices names GPU-none; run: nvidia-ctk cdi generate",
        ),
    ],
)
async def test_a_gpu_that_a_box_cannot_have_is_refused(
    tmp_path: Path, devices: tuple[str, ...], sentence: str
) -> None:
    world = World(tmp_path)
    spec = NodeSpec(key(1), cpus=1, gpus=1, devices=devices)
    executor = BoxExecutor([spec], world.store, tmp_path / "work", image=tmp_path, boxes=tmp_path / "boxes")
    manifest = Manifest(Command(("true",)), resources=Resources(gpus=1))
    lease = Lease((key(0),), (spec.node,), RENTER, manifest.hash, manifest)
    with pytest.raises(RunFailure, match=sentence) as failure:
        await executor.open(lease)
    assert failure.value.reason is FailureReason.PLACEMENT

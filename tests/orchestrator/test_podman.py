"""Manifests in boxes of podman's, each with a Ray cluster of its own inside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.orchestrator.support import RENTER, World, key
from tests.orchestrator.test_boxed import archive, submitted
from tests.sandbox.support import prepared_image, prepared_podman

from ionet.orchestrator import FailureReason, Lease, PodmanExecutor, RunFailure
from ionet.sandbox import Podman, PodmanBox, podman_boxes
from ionet.store.manifest import Function, Input, Manifest, Resources, RuntimeEnv

SQUARES = Function("renters:squares", {"numbers": [1, 2, 3]})


class Boxes:
    """An executor on this machine."""

    def __init__(self, root: Path, podman: Podman) -> None:
        self.podman, self.world = podman, World(root)
        store = self.world.store
        specs = [replace(spec, gpus=1, disk=1 << 30) for spec in self.world.specs]
        self.executor = PodmanExecutor(specs, store, root / "work", podman=podman)

    def lease(self, **more: object) -> Lease:
        env = RuntimeEnv({"GREETING": "hello"}, (), self.world.store.put(archive()).hex())
        manifest = Manifest(SQUARES, runtime_env=env, **more)  # type: ignore[arg-type]
        self.world.store.put_manifest(manifest)
        return Lease((key(0),), (self.world.specs[0].node,), RENTER, manifest.hash, manifest)


@pytest.fixture
def boxes(tmp_path: Path) -> Iterator[Boxes]:
    boxes = Boxes(tmp_path, prepared_podman(tmp_path / "podman"))
    yield boxes
    left = podman_boxes(boxes.podman, boxes.executor.owner)
    for name in left:
        PodmanBox(name, boxes.podman, boxes.executor.owner).destroy()
    assert left == set()


@pytest.mark.ray
@pytest.mark.slow
async def test_a_function_runs_on_ray_under_podman(boxes: Boxes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IONET_TEST_SECRET", "of the operator")
    words = boxes.world.store.put(b"some words")
    lease = boxes.lease(inputs=(Input("data/words.txt", words.hex(), 10),))
    await boxes.executor.open(lease)
    done = await boxes.executor.run(lease, 1)
    assert submitted(done.value) == {"sum": 14, "words": "some words", "uid": 1000, "secret": ""}
    assert [(output.name, output.path.read_text()) for output in done.outputs] == [
        ("deep/squares.txt", "1 4 9")
    ]
    log = boxes.executor.log(lease).read_text()
    assert "squared 3 hello" in log
    assert "not an output: files/link: not a plain file" in log
    # A lease that goes on keeps its box, and one whose end was missed does not.
    await boxes.executor.sweep({lease.name})
    assert podman_boxes(boxes.podman, boxes.executor.owner) == {lease.name}
    await boxes.executor.sweep(set())
    assert podman_boxes(boxes.podman, boxes.executor.owner) == set()
    assert not boxes.executor.workspace(lease).root.exists()


async def test_images_that_podman_was_given_can_be_named_and_renters_own_cannot(boxes: Boxes) -> None:
    here = f"sha256:{prepared_image().parent.name}"
    assert here in boxes.executor.images().values()
    await boxes.executor.open(boxes.lease(image=here))
    with pytest.raises(RunFailure, match="under podman, where no images of renters are unpacked") as failure:
        await boxes.executor.open(boxes.lease(image=f"oci:{'0' * 64}"))
    assert failure.value.reason is FailureReason.PLACEMENT


@pytest.mark.parametrize(
    ("resources", "said"),
    [
        (Resources(internet=True), "under podman, where they do not reach the internet"),
        (Resources(gpus=1), "under podman, where they have processors only"),
        (
            Resources(memory=300 << 20, disk=301 << 20),
            "their disk is memory: 301 MiB do not fit into 300 MiB",
        ),
    ],
)
async def test_what_podman_does_not_give_is_refused_at_placement(
    tmp_path: Path, resources: Resources, said: str
) -> None:
    boxes = Boxes(tmp_path, Podman(tmp_path / "podman", None, str(tmp_path / "none")))
    with pytest.raises(RunFailure, match=said) as failure:
        await boxes.executor.open(boxes.lease(resources=resources))
    assert failure.value.reason is FailureReason.PLACEMENT


async def test_a_podman_that_is_gone_fails_a_run_and_not_the_worker(tmp_path: Path) -> None:
    boxes = Boxes(tmp_path, Podman(tmp_path / "podman", None, str(tmp_path / "none")))
    lease = boxes.lease()
    await boxes.executor.open(lease)
    with pytest.raises(RunFailure, match="none is not there") as failure:
        await boxes.executor.run(lease, 1)
    assert failure.value.reason is FailureReason.EXECUTOR

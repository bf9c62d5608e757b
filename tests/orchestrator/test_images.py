"""Which images a machine has, and that a lease is refused whose image is not here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.orchestrator.support import RENTER, World, key

from ionet.executor import BoxExecutor, FailureReason, Lease, RunFailure
from ionet.executor._base import LocalExecutor
from ionet.sandbox import Images, OwnImages
from ionet.store.manifest import Command, Manifest

BASE, TRAINING, ELSEWHERE = ("1" * 64, "2" * 64, "3" * 64)


def make(folder: Path, digest: str, name: str, **label: object) -> None:
    """What scripts/image leaves of an image."""
    (folder / digest / "rootfs").mkdir(parents=True)
    (folder / digest / "image.json").write_text(json.dumps({"name": name, **label}))
    (folder / f"catalogue-{name}").symlink_to(digest)


@pytest.fixture
def images(tmp_path: Path) -> Images:
    """A base, and an image on top of it."""
    folder = tmp_path / "images"
    make(folder, BASE, "base")
    make(folder, TRAINING, "training", about="for training", size=7, packages={"jax": "0.10.2"})
    (folder / "latest").symlink_to(BASE)
    return Images(folder)


@pytest.fixture
def executor(images: Images, tmp_path: Path) -> BoxExecutor:
    world, default = World(tmp_path), images.default()
    assert default is not None
    return BoxExecutor(
        world.specs, world.store, tmp_path / "work", image=default.root, boxes=tmp_path, images=images
    )


def lease(executor: LocalExecutor, image: str | None) -> Lease:
    manifest = Manifest(Command(("true",)), image=image)
    return Lease((key(0),), (next(iter(executor._nodes)),), RENTER, manifest.hash, manifest)


def test_the_catalogue_names_what_was_built_last_with_what_is_in_it(images: Images) -> None:
    base, training = images.catalogue()
    assert (base.name, base.reference) == ("base", f"sha256:{BASE}")
    assert (training.name, training.reference, training.size) == ("training", f"sha256:{TRAINING}", 7)
    assert dict(training.packages) == {"jax": "0.10.2"}


def test_an_image_from_before_there_were_labels_is_a_base(images: Images) -> None:
    (images.folder / BASE / "image.json").unlink()
    default = images.default()
    assert default is not None
    assert (default.name, default.digest) == ("base", BASE)


def test_a_run_has_the_image_that_its_manifest_names(executor: BoxExecutor, images: Images) -> None:
    named = lease(executor, f"sha256:{TRAINING}")
    executor.check(named)
    assert executor._image_of(named.manifest)[0] == images.folder / TRAINING / "rootfs"
    assert executor._image_of(lease(executor, None).manifest)[0] == images.folder / BASE / "rootfs"


def test_a_lease_whose_image_is_not_here_is_refused_at_placement(executor: BoxExecutor) -> None:
    with pytest.raises(RunFailure, match=f"image: this node does not have sha256:{ELSEWHERE}") as raised:
        executor.check(lease(executor, f"sha256:{ELSEWHERE}"))
    assert raised.value.reason is FailureReason.PLACEMENT


def test_a_worker_without_boxes_refuses_every_image(tmp_path: Path) -> None:
    world = World(tmp_path)
    plain = LocalExecutor(world.specs, world.store, tmp_path / "work")
    plain.check(lease(plain, None))
    with pytest.raises(RunFailure, match="image: jobs of this node run in no image"):
        plain.check(lease(plain, f"sha256:{BASE}"))


async def test_an_archive_that_is_none_is_its_renters_fault_and_is_not_unpacked_again(
    images: Images, tmp_path: Path
) -> None:
    world, boxes = World(tmp_path), tmp_path / "boxes"
    executor = BoxExecutor(
        world.specs,
        world.store,
        tmp_path / "work",
        image=tmp_path,
        boxes=boxes,
        images=images,
        own=OwnImages(boxes, 1 << 30, images),
    )
    digest = world.store.put(b"no archive")
    named = lease(executor, f"oci:{digest.hex()}")
    assert executor.wanted_image(named.manifest) == (digest, 1 << 30)
    with pytest.raises(RunFailure, match="it is no tar archive") as raised:
        await executor.open(named)
    assert raised.value.reason is FailureReason.INPUT_MISSING
    assert digest not in world.store
    with pytest.raises(RunFailure, match="it is no tar archive") as raised:
        executor.check(named)
    assert raised.value.reason is FailureReason.INPUT_MISSING

"""Which images a machine has, and that a lease is refused whose image is not here."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.orchestrator.support import RENTER, World, key

from ionet.executor import BoxExecutor, FailureReason, Lease, NodeSpec, RunFailure
from ionet.executor._base import Lacking, LocalExecutor
from ionet.sandbox import Images, OwnImage, OwnImageError, OwnImages
from ionet.store.manifest import Command, Manifest, Resources

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


def test_a_node_that_does_not_know_its_gpus_lacks_them(images: Images, tmp_path: Path) -> None:
    world, node = World(tmp_path), bytes(31) + b"g"
    spec = NodeSpec(node, cpus=1, gpus=1)
    gpus = BoxExecutor([spec], world.store, tmp_path / "work", image=tmp_path, boxes=tmp_path)
    manifest = Manifest(Command(("true",)), Resources(gpus=1))
    with pytest.raises(Lacking, match="the UUIDs of the node's GPUs"):
        gpus.check(Lease((key(0),), (node,), RENTER, manifest.hash, manifest))


def test_a_worker_without_boxes_refuses_every_image(tmp_path: Path) -> None:
    world = World(tmp_path)
    plain = LocalExecutor(world.specs, world.store, tmp_path / "work")
    plain.check(lease(plain, None))
    with pytest.raises(RunFailure, match="image: jobs of this node run in no image"):
        plain.check(lease(plain, f"sha256:{BASE}"))


@pytest.fixture
def own(images: Images, tmp_path: Path) -> BoxExecutor:
    """Takes renters' images."""
    world, boxes = World(tmp_path), tmp_path / "boxes"
    taken = OwnImages(boxes, 1 << 30, images)
    return BoxExecutor(
        world.specs, world.store, tmp_path / "work", image=tmp_path, boxes=boxes, images=images, own=taken
    )


async def test_an_archive_that_is_none_is_its_renters_fault_and_is_not_unpacked_again(
    own: BoxExecutor,
) -> None:
    digest = own.archives.put(b"no archive")
    named = lease(own, f"oci:{digest.hex()}")
    assert own.wanted_image(named.manifest) == (digest, 1 << 30)
    with pytest.raises(RunFailure, match="it is no tar archive") as raised:
        await own.open(named)
    assert raised.value.reason is FailureReason.INPUT_MISSING
    assert digest not in own.archives
    with pytest.raises(RunFailure, match="it is no tar archive") as raised:
        own.check(named)
    assert raised.value.reason is FailureReason.INPUT_MISSING


async def test_who_names_another_jobs_file_as_an_image_takes_it_from_nobody(own: BoxExecutor) -> None:
    theirs = own._store.put(b"an input of somebody who runs beside")
    own.archives.put(b"an input of somebody who runs beside")
    with pytest.raises(RunFailure, match="it is no tar archive"):
        await own.open(lease(own, f"oci:{theirs.hex()}"))
    assert theirs in own._store


async def test_an_image_without_room_today_is_tried_by_other_leases_and_not_again_by_its_own(
    own: BoxExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> OwnImage:
        raise OwnImageError("this node's disk is full", final=False)

    assert own._own is not None
    monkeypatch.setattr(own._own, "bring", full)
    digest = own.archives.put(b"an archive")
    named = lease(own, f"oci:{digest.hex()}")
    with pytest.raises(RunFailure, match="disk is full"):
        await own.open(named)
    with pytest.raises(RunFailure, match="disk is full"):
        own.check(named)
    own.check(replace(named, jobs=(bytes(31) + b"x",)))


async def test_an_archive_that_no_lease_was_taken_up_with_goes(own: BoxExecutor) -> None:
    old, new = own.archives.put(b"of a lease with a missing file"), own.archives.put(b"another")
    os.utime(own.archives.path(old), (0, 0))
    own.wanted_image(lease(own, f"oci:{new.hex()}").manifest)
    assert (old in own.archives, new in own.archives) == (False, True)

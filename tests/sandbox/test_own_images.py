"""Renters' images: what is unpacked of an archive, and that none reaches out of its place."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.sandbox.archives import (
    archive,
    file,
    folder,
    hard_link,
    layer,
    link,
    needed,
    reference,
    sha256,
    special,
)

from ionet._generated.jobs.constants import START_WINDOW
from ionet.sandbox import Images, OwnImageError, OwnImages, _own, _unpack
from ionet.sandbox._oci import Unusable
from ionet.sandbox._unpack import USER

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="unpacking takes root, to become nobody")
MIB = 1 << 20
MOST = 64 * MIB


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory that nobody can pass but root, with a file that no image may touch."""
    (tmp_path / "victim").write_text("as it was")
    (tmp_path / "boxes").mkdir()
    return tmp_path


@pytest.fixture
def own(place: Path) -> Iterator[OwnImages]:
    yield OwnImages(place / "boxes", MOST, Images(place / "images"))
    assert (place / "victim").read_text() == "as it was"
    assert not list((place / "boxes/.images").glob(".part-*")), "nothing half is left"


def bring(own: OwnImages, made: Path) -> Path:
    return own.bring(reference(made), made).image.root


def refused(own: OwnImages, made: Path) -> str:
    with pytest.raises(OwnImageError) as raised:
        bring(own, made)
    assert own.get(reference(made)) is None
    return str(raised.value)


def test_layers_become_one_tree_with_what_a_box_mounts_over(own: OwnImages, place: Path) -> None:
    made = archive(
        place / "a.tar",
        layer(*needed(), file("etc/motd", b"first"), file("opt/tool", b"x", 0o4755)),
        layer(
            file("./etc/motd", b"second", 0o600), hard_link("etc/too", "etc/motd"), link("bin", "/usr/bin")
        ),
        environment=["PATH=/opt:/usr/bin", "SECRET=1"],
    )
    image = own.bring(reference(made), made)
    root = image.image.root
    assert (root / "etc/motd").read_bytes() == (root / "etc/too").read_bytes() == b"second"
    assert (root / "bin").readlink() == Path("/usr/bin")
    assert (image.python, image.path) == ("/usr/bin/python3", "/opt:/usr/bin")
    for name in ("proc", "dev", "sys", "tmp", "job", "in", "usr/local/nvidia"):
        assert (root / name).is_dir()
    facts = {path: path.lstat() for path in root.rglob("*")}
    assert {(item.st_uid, item.st_gid) for item in facts.values()} == {(0, 0)}
    # No right of its owner's, and readable by whoever a box's user is.
    assert stat.S_IMODE(facts[root / "opt/tool"].st_mode) == 0o755
    assert stat.S_IMODE(facts[root / "etc/motd"].st_mode) == 0o644


@pytest.mark.parametrize("packed", [True, False])
def test_a_layer_hides_what_lies_below_it_and_nothing_of_its_own(
    own: OwnImages, place: Path, *, packed: bool
) -> None:
    made = archive(
        place / "a.tar",
        layer(*needed(), file("a/old"), file("b/old"), file("b/deep/old"), file("c")),
        layer(file("b/new"), file("b/.wh..wh..opq"), file("a/.wh.old"), file("a/new"), file("a/.wh.new")),
        layer(folder("c"), file("c/inside")),
        packed=packed,
    )
    root = bring(own, made)
    assert sorted(path.name for path in (root / "a").iterdir()) == ["new"]
    assert sorted(path.name for path in (root / "b").iterdir()) == ["new"]
    assert (root / "c/inside").is_file()


LINKS = {
    "a file through a link to a directory": (link("x", "VICTIMS"), file("x/victim", b"changed")),
    "a file through a link that climbs": (link("x", "../../../../../.."), file("x/victim", b"changed")),
    "a directory through a link": (link("x", "VICTIMS"), folder("x/made"), file("x/made/victim", b"changed")),
    "a hard link to a link": (link("x", "VICTIMS/victim"), hard_link("y", "x"), file("y", b"changed")),
    "a hard link through a link": (link("x", "VICTIMS"), hard_link("y", "x/victim"), file("y", b"changed")),
    "what is hidden through a link": (link("x", "VICTIMS"), file("x/.wh.victim")),
    "all that is hidden through a link": (link("x", "VICTIMS"), file("x/.wh..wh..opq")),
}


@pytest.mark.parametrize("what", LINKS)
def test_no_link_leads_out_of_an_image(own: OwnImages, place: Path, what: str) -> None:
    entries = []
    for info, data in LINKS[what]:
        info.linkname = info.linkname.replace("VICTIMS", str(place))
        entries.append((info, data))
    why = refused(own, archive(place / "a.tar", layer(*needed(), *entries)))
    assert "which is no directory" in why or "which is no file" in why


def test_a_file_takes_the_place_of_a_link(own: OwnImages, place: Path) -> None:
    entries = (link("victim", f"{place}/victim"), file("victim", b"changed"))
    root = bring(own, archive(place / "a.tar", layer(*needed(), *entries)))
    assert (root / "victim").read_bytes() == b"changed"


@pytest.mark.parametrize("name", ["../victim", "a/../../victim", "/../victim", "a/.wh...", ".wh."])
def test_no_name_leads_out_of_an_image(own: OwnImages, place: Path, name: str) -> None:
    made = archive(place / "a.tar", layer(*needed(), file(name, b"changed")))
    assert "leads out of it" in (why := refused(own, made)) or "hides nothing" in why


@pytest.mark.parametrize("target", ["../victim", "/../../victim", "nothing", ""])
def test_a_hard_link_leads_to_a_file_of_the_image(own: OwnImages, place: Path, target: str) -> None:
    assert refused(own, archive(place / "a.tar", layer(*needed(), hard_link("x", target))))


def test_an_absolute_name_is_one_below_the_images_root(own: OwnImages, place: Path) -> None:
    root = bring(own, archive(place / "a.tar", layer(*needed(), file(f"{place}/victim", b"inside"))))
    assert (root / str(place).strip("/") / "victim").read_bytes() == b"inside"


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_devices_and_pipes_are_left_out(own: OwnImages, place: Path, kind: bytes) -> None:
    root = bring(own, archive(place / "a.tar", layer(*needed(), special("dev/mem", kind))))
    assert not os.path.lexists(root / "dev/mem")


@pytest.mark.parametrize("path", ["proc", "job", "etc/hosts", "tmp"])
def test_what_a_box_mounts_over_is_no_link(own: OwnImages, place: Path, path: str) -> None:
    made = archive(place / "a.tar", layer(*needed(), link(path, str(place))))
    assert not (bring(own, made) / path).is_symlink()


def test_a_link_on_the_way_to_what_a_box_mounts_over_is_refused(own: OwnImages, place: Path) -> None:
    made = archive(place / "a.tar", layer(*needed(), link("etc", str(place))))
    assert "'etc', which is no directory" in refused(own, made)


@pytest.mark.parametrize("packed", [True, False])
def test_what_grows_beyond_the_room_is_not_unpacked(own: OwnImages, place: Path, *, packed: bool) -> None:
    bomb = file("zeros", bytes(MOST)) if packed else file("zeros", bytes(MOST - MIB))
    why = refused(
        own, archive(place / "a.tar", layer(*needed(), bomb, file("more", bytes(2 * MIB))), packed=packed)
    )
    assert "larger than this node has room for" in why or "there is room for" in why


def test_a_header_that_asks_for_gigabytes_of_memory_ends_in_a_sentence(own: OwnImages, place: Path) -> None:
    info = tarfile.TarInfo("././@PaxHeader")
    info.type, info.size = tarfile.XHDTYPE, 3 << 30
    large = OwnImages(place / "boxes", 16 << 30, Images(place / "images"))
    content = info.tobuf() + bytes(8 * MIB)
    assert "cannot be" in refused(large, archive(place / "a.tar", content))


def test_more_files_than_an_image_may_have_are_refused(
    own: OwnImages, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = _unpack.Tree(place / "boxes", 3)
    (place / "layer.tar").write_bytes(layer(*(file(f"{number}") for number in range(4))))
    with tarfile.open(place / "layer.tar") as many, pytest.raises(Unusable, match="more than"):
        tree.add(many)


def spoil_content(manifest: dict[str, Any], config: dict[str, Any], blobs: dict[str, bytes]) -> None:
    config["rootfs"]["diff_ids"] = [f"sha256:{'0' * 64}"]


def spoil_blob(manifest: dict[str, Any], config: dict[str, Any], blobs: dict[str, bytes]) -> None:
    (digest,) = blobs
    blobs[digest] = blobs[digest][:-1] + b"x"


def other_machine(manifest: dict[str, Any], config: dict[str, Any], blobs: dict[str, bytes]) -> None:
    config["architecture"] = "s390x"


def other_kind(manifest: dict[str, Any], config: dict[str, Any], blobs: dict[str, bytes]) -> None:
    manifest["layers"][0]["mediaType"] += "+zstd"


def path_in_a_digest(manifest: dict[str, Any], config: dict[str, Any], blobs: dict[str, bytes]) -> None:
    manifest["layers"][0]["digest"] = "sha256:../../../../etc/passwd"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (spoil_content, "its content of a layer 000000000000… is damaged"),
        (spoil_blob, "damaged|cannot be read"),
        (other_machine, "it is for linux/s390x"),
        (other_kind, "write it uncompressed or by gzip"),
        (path_in_a_digest, "and not by sha256:"),
    ],
)
def test_an_archive_that_is_not_what_it_says_is_refused(
    own: OwnImages, place: Path, change: Any, message: str
) -> None:
    made = archive(place / "a.tar", layer(*needed()), change=change, packed=change is not spoil_blob)
    with pytest.raises(OwnImageError, match=message) as raised:
        bring(own, made)
    assert raised.value.final


@pytest.mark.parametrize("data", [b"", b"no archive", b"\x1f\x8b\x08", bytes(10_240)])
def test_what_is_no_archive_is_refused(own: OwnImages, place: Path, data: bytes) -> None:
    (place / "a.tar").write_bytes(data)
    assert "OCI archive" in (why := refused(own, place / "a.tar")) or "no tar archive" in why


@pytest.mark.parametrize("without", ["python3", "ray"])
def test_an_image_without_python_or_ray_is_refused(own: OwnImages, place: Path, without: str) -> None:
    entries = [entry for entry in needed() if without not in entry[0].name.rsplit("/", 2)[-2:]]
    assert f"it has no {without[:3].title()}" in refused(own, archive(place / "a.tar", layer(*entries)))


def test_layers_on_one_of_the_nodes_images_need_not_be_sent(own: OwnImages, place: Path) -> None:
    below = layer(*needed(), file("etc/motd", b"the node's"), file("usr/kept", b"kept"))
    root = place / "images" / sha256(below) / "rootfs"
    for info, data in (*needed(), file("etc/motd", b"the node's"), file("usr/kept", b"kept")):
        (root / info.name).parent.mkdir(parents=True, exist_ok=True)
        (root / info.name).write_bytes(data)
        (root / info.name).chmod(0o755)
    made = archive(place / "a.tar", below, layer(file("etc/motd", b"mine"), file(".wh.usr/x")), absent=[0])
    mine = bring(own, made)
    assert (mine / "etc/motd").read_bytes() == b"mine"
    assert (root / "etc/motd").read_bytes() == b"the node's"
    assert (mine / "usr/kept").stat().st_ino == (root / "usr/kept").stat().st_ino
    assert stat.S_IMODE(root.stat().st_mode) & 0o022 == 0
    assert root.stat().st_uid == 0


def test_an_archive_without_its_first_layer_is_refused_where_the_image_is_not_here(
    own: OwnImages, place: Path
) -> None:
    below = layer(*needed())
    made = archive(place / "a.tar", below, layer(file("a")), absent=[0])
    assert f"it begins with the image sha256:{sha256(below)}, which is not here" in refused(own, made)
    made = archive(place / "b.tar", below, layer(file("a")), absent=[1])
    assert "lacks layers other than the first" in refused(own, made)


def sized(place: Path, name: str, mib: int) -> Path:
    return archive(place / name, layer(*needed(), file("data", os.urandom(mib * MIB))), packed=False)


def test_images_that_nobody_uses_go_for_a_new_one_the_least_used_first(own: OwnImages, place: Path) -> None:
    first, second, third = (sized(place, f"{number}.tar", 24) for number in range(3))
    bring(own, first)
    bring(own, second)
    own.bring(reference(first), Path())  # used again
    bring(own, third)
    assert own.get(reference(first)) is not None
    assert own.get(reference(second)) is None
    assert own.get(reference(third)) is not None


def used(place: Path, root: Path) -> Path:
    """Has a box be made of an image; returns the file that says so."""
    box = place / "boxes/somebodys/box"
    box.mkdir(parents=True)
    (box / "config.json").write_text(json.dumps({"root": {"path": str(root)}}))
    return box / "config.json"


def test_an_image_in_use_stays_and_one_without_room_is_refused(own: OwnImages, place: Path) -> None:
    first, second = sized(place, "a.tar", 40), sized(place, "b.tar", 40)
    box, held = used(place, bring(own, first)), [reference(first)]
    with pytest.raises(OwnImageError, match="no room for it beside what other jobs use") as raised:
        own.bring(reference(second), second, held)
    assert not raised.value.final
    assert own.get(reference(first)) is not None
    box.unlink()
    assert bring(own, second).is_dir()
    assert own.get(reference(first)) is None


def test_each_node_has_its_part_of_the_room_whatever_the_others_use(place: Path) -> None:
    nodes = OwnImages(place / "boxes", MOST, Images(place / "images"), nodes=2)
    assert nodes.part == nodes.room() == MOST // 2
    large, first, second, third = (sized(place, f"{mib}.tar", mib) for mib in (33, 30, 29, 28))
    assert "there is room for" in refused(nodes, large)
    bring(nodes, first)
    # What another worker's box is made of takes nothing of this one's room, and stays.
    used(place, bring(nodes, second))
    held = [reference(first)]
    assert nodes.room(held) == MOST // 2
    nodes.bring(reference(third), third, held)
    assert all(nodes.get(reference(made)) for made in (first, second, third))


def test_what_a_killed_process_left_is_removed(own: OwnImages, place: Path) -> None:
    left = place / "boxes/.images/.part-left"
    (left / "rootfs").mkdir(parents=True)
    os.chown(left / "rootfs", USER, USER)
    bring(own, archive(place / "a.tar", layer(*needed())))
    assert not left.exists()


def sparse(name: str, size: int) -> bytes:
    """An entry of a layer: a file of holes alone, as GNU tar writes one. The archive has its header only."""
    info = tarfile.TarInfo(name)
    info.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    # One part, of nothing, at its end; then how large it is in all.
    header[386:398], header[398:410] = (f"{number:011o}\0".encode() for number in (size, 0))
    header[483:495] = f"{size:011o}\0".encode()
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    return bytes(header)


def test_holes_that_no_byte_of_an_archive_pays_for_fill_no_disk(own: OwnImages, place: Path) -> None:
    content = sparse("holes", 48 * MIB) + sparse("more", 48 * MIB) + layer(*needed())
    with tarfile.open(fileobj=io.BytesIO(content)) as read:
        assert sum(member.size for member in read if member.isreg()) > MOST, "it is read as such files"
    assert "'holes' is a sparse file" in refused(own, archive(place / "a.tar", content))


def test_directories_on_the_way_to_a_file_count_as_its_own_do(place: Path) -> None:
    (place / "layer.tar").write_bytes(layer(file("a/b/c/d/e")))
    for most, fits in ((5, True), (4, False)):
        root = place / f"boxes/{most}"
        root.mkdir()
        with (
            tarfile.open(place / "layer.tar") as deep,
            contextlib.nullcontext() if fits else pytest.raises(Unusable, match="more than"),
        ):
            _unpack.Tree(root, most).add(deep)


def test_an_image_that_there_is_no_room_for_today_is_not_at_fault(own: OwnImages, place: Path) -> None:
    made = archive(place / "a.tar", layer(*needed(), file("zeros", bytes(MOST))))
    with pytest.raises(OwnImageError, match="larger than this node has room for") as raised:
        bring(own, made)
    assert not raised.value.final


def test_nothing_lies_so_deep_that_it_is_not_counted(own: OwnImages, place: Path) -> None:
    """What walks an image by paths, to count it and to make it root's, ends at 4,096 bytes."""
    deep = "/".join(("d" * 250,) * 20)
    why = refused(own, archive(place / "a.tar", layer(*needed(), file(f"{deep}/hidden", bytes(8 * MIB)))))
    assert "has a path of more than 3,000 bytes" in why


def test_an_image_whose_removal_is_interrupted_is_not_there_any_more(
    own: OwnImages, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = sized(place, "a.tar", 40), sized(place, "b.tar", 40)
    bring(own, first)

    def killed(path: Path, **_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            bring(own, second)
    assert own.get(reference(first)) is None
    assert bring(own, second).is_dir()


def test_nothing_is_unpacked_for_longer_than_a_lease_can_wait_for_its_start() -> None:
    assert _unpack.CPU_SECONDS < _own.SECONDS <= START_WINDOW

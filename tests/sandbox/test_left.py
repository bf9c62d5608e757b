"""What a program leaves: it harms whoever takes up a plain process's, and nobody who takes up a box's."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pytest
from tests.sandbox.archives import archive, file, layer, link, needed, reference

from ionet.sandbox import Box, Ending, Images, Limits, OwnImageError, OwnImages
from ionet.store.manifest import FileStore

MIB: Final = 1 << 20
PYTHON: Final = "/usr/bin/python3"
SMALL: Final = Limits(disk=64 * MIB, memory=256 * MIB, shared_memory=8 * MIB, processes=64)
SECRET: Final = b"the device's key"

#: Each is given the directory for outputs, and a secret's place on the host.
LINKS: Final = {
    "a symbolic link": "os.symlink(key, out + '/taken')",
    "a symbolic link to its directory": "os.symlink(os.path.dirname(key), out + '/taken')",
    "a hard link": "os.link(key, out + '/taken')",
    "a link in place of the directory": "os.rmdir(out); os.symlink(os.path.dirname(key), out)",
}
PRINTS: Final = "while True: print('x' * 1000)"
UNPACKS: Final = "tarfile.open(sys.argv[1]).extractall(sys.argv[2], **trusted)"
TRUSTED: Final = "trusted = {'filter': 'fully_trusted'} if hasattr(tarfile, 'fully_trusted_filter') else {}"


def plainly(code: str, *words: object) -> subprocess.CompletedProcess[bytes]:
    """Runs code as a plain process of this user."""
    line = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.run(line, check=True, capture_output=True, timeout=120)


def contents(folder: Path) -> Iterable[bytes]:
    """What whoever reads a directory's files gets, as a plain process's outputs would be read."""
    for path in folder.iterdir():
        for inner in path.iterdir() if path.is_dir() else (path,):
            yield inner.read_bytes()


@pytest.mark.parametrize("name", LINKS)
def test_a_link_to_a_secret_is_no_output(box: Box, image: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "key").mkdir()
    (key := tmp_path / "key" / "device.json").write_bytes(SECRET)
    (out := tmp_path / "out").mkdir()
    code = f"import os, sys; key, out = sys.argv[1:]; {LINKS[name]}"
    plainly(code, key, out)
    assert SECRET in contents(out)

    box.start(image, [PYTHON, "-c", code, str(key), "/job/out"], limits=SMALL)
    assert box.wait(60) is not None
    (into := tmp_path / "into").mkdir()
    gathered = box.gather(into)
    assert gathered.files == ()
    assert list(into.iterdir()) == []
    if name == "a hard link":
        assert b"FileNotFoundError" in box.log()
    elif "place" not in name:
        assert [(left.name, left.why) for left in gathered.skipped] == [("taken", "not a plain file")]


def test_endless_printing_fills_no_disk(box: Box, image: Path, state: Path, tmp_path: Path) -> None:
    most = MIB
    with (log := tmp_path / "log").open("wb") as output:
        plain = subprocess.Popen([sys.executable, "-c", PRINTS], stdout=output)
        try:
            while log.stat().st_size < 100 * most:
                assert plain.poll() is None
        finally:
            plain.kill()
            plain.wait()

    box.start(image, [PYTHON, "-c", PRINTS], limits=Limits(disk=32 * MIB, log=most, seconds=2))
    ended = box.wait(60)
    assert ended is not None
    assert ended.ending is Ending.TIME
    assert most // 2 <= len(box.log()) <= most
    kept = [path.stat().st_size for path in (state / box.name).glob("log*")]
    assert 0 < sum(kept) <= 2 * most


def test_a_manifest_of_256_mebibytes_takes_no_memory(tmp_path: Path) -> None:
    store, size = FileStore(tmp_path), 256 * MIB
    digest = hashlib.sha256()
    for _ in range(256):
        digest.update(bytes(MIB))
    path = store.root / "objects" / digest.hexdigest()[:2] / digest.hexdigest()[2:]
    path.parent.mkdir()
    with path.open("wb") as made:
        made.truncate(size)
    # Not `ru_maxrss`, which begins with what the process had that started this one.
    tells = "print([1024 * int(line.split()[1]) for line in open('/proc/self/status') if 'VmHWM' in line][0])"
    plain = plainly(f"import sys; data = open(sys.argv[1], 'rb').read()\n{tells}", path)
    assert int(plain.stdout) > size

    reads = "FileStore(sys.argv[1]).get_manifest(bytes.fromhex(sys.argv[2]))"
    code = f"""
import sys
from ionet.store.manifest import FileStore, ManifestError
try: {reads}
except ManifestError as bad: print(bad)
{tells}
"""
    told, taken = plainly(code, store.root, digest.hexdigest()).stdout.decode().splitlines()
    assert told.startswith(f"the manifest has {size} bytes, at most 262144")
    assert int(taken) < size


def test_an_archive_with_a_link_plants_nothing_outside(box: Box, image: Path, tmp_path: Path) -> None:
    planted = tmp_path / "planted"
    content = layer(*needed(), link("way", str(tmp_path)), file("way/planted", b"here"))
    (plain := tmp_path / "a.tar").write_bytes(content)
    (tmp_path / "plain").mkdir()
    code = f"import sys, tarfile; {TRUSTED}; {UNPACKS}"
    plainly(code, plain, tmp_path / "plain")
    assert planted.read_bytes() == b"here"
    planted.unlink()

    # By a program in its box, and by the node that unpacks a renter's own image.
    box.start(image, [PYTHON, "-c", code, "/in/a.tar", "/job/work"], given={"a.tar": content}, limits=SMALL)
    ended = box.wait(60)
    assert ended is not None
    assert ended.status == 1, "what the link leads to is not there"
    assert not planted.exists()
    own = OwnImages(tmp_path / "boxes", 64 * MIB, Images(tmp_path / "images"))
    made = archive(tmp_path / "oci.tar", content)
    with pytest.raises(OwnImageError, match="which is no directory"):
        own.bring(reference(made), made)
    assert not planted.exists()

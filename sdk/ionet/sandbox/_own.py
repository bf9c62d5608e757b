"""Renters' own images on this machine: unpacked of archives, within a quota, the least used go first."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ionet.chain.errors import IonetError
from ionet.formats.sizes import size_text
from ionet.sandbox._host import TOOL_PATH
from ionet.sandbox._images import LABEL, OWN, Image, Images
from ionet.sandbox._unpack import PYTHONS, USER

#: Where they are, in the directory of the boxes: its names are none of a box.
PLACE: Final = ".images"
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_PART: Final = ".part-"
#: Bytes that are left free on the disk.
_FREE: Final = 2 << 30
#: Seconds for unpacking, for which other images of the machine wait: no lease starts later than that.
SECONDS: Final = 1_200
#: Bytes of what the process that unpacks says.
_WORDS: Final = 64 << 10
_MIB: Final = 1 << 20


class OwnImageError(IonetError):
    """A renter's image cannot be used here; the message is the rest of a sentence about it.

    Attributes:
        final: whether that is so for good: the archive itself is at fault.
    """

    def __init__(self, text: str, *, final: bool) -> None:
        super().__init__(text)
        self.final = final


@dataclass(frozen=True, slots=True)
class OwnImage:
    """An image that is unpacked.

    Attributes:
        image: it.
        python: its interpreter, inside.
        path: its search path for programs; empty: none of its own.
    """

    image: Image
    python: str
    path: str = ""


class OwnImages:
    """The unpacked images of renters, beside the boxes that use them.

    Args:
        boxes: the directory of the machine's boxes, which other users can pass.
        most: bytes that all may take, but for what other workers' boxes are made of; 0: none is taken.
        built: the images that they may begin with.
        nodes: how many have promised an even part of that, each for the one lease that it has at a time.
    """

    def __init__(self, boxes: Path, most: int, built: Images, nodes: int = 1) -> None:
        self._boxes, self._most, self._built = boxes, most, built
        #: Bytes that one lease's image may take.
        self.part = most // nodes
        self._folder = boxes / PLACE

    def get(self, reference: str) -> OwnImage | None:
        """Returns an image by its reference, `oci:<hex>`; None where it is not here."""
        digest = _digest_of(reference)
        if digest is None or not (self._folder / digest / "rootfs").is_dir():
            return None
        label = _read(self._folder / digest / LABEL)
        python, path = label.get("python"), label.get("path")
        return OwnImage(
            Image(reference, self._folder / digest / "rootfs", size=_size_of(label)),
            python if python in PYTHONS else PYTHONS[-1],
            path if isinstance(path, str) else "",
        )

    def room(self, held: Collection[str] = ()) -> int:
        """Returns how many bytes one more image may take, if those go that nobody uses.

        Args:
            held: references of images that stay.
        """
        kept = {self._hex(name) for name in held} | self._used()
        going = sum(size for digest, size in self._sizes().items() if digest not in kept)
        place = next(path for path in (self._boxes, *self._boxes.parents) if path.exists())
        return max(0, min(self.part, shutil.disk_usage(place).free + going - _FREE))

    def bring(self, reference: str, archive: Path, held: Collection[str] = ()) -> OwnImage:
        """Unpacks an archive, unless that was done; images that nobody uses go for it, the least used first.

        Args:
            reference: `oci:` and the hash that the archive has.
            archive: it; its hash was checked.
            held: references of images that stay.

        Raises:
            OwnImageError: no box can be made of it, or there is no room.
        """
        digest = _digest_of(reference)
        if digest is None:
            raise OwnImageError(f"{reference} names no archive", final=True)
        try:
            with self._locked():
                if (there := self.get(reference)) is None:
                    self._unpack(digest, archive, {*held, reference})
                    there = self.get(reference)
                    assert there is not None
                # What was used last is what goes last.
                os.utime(self._folder / digest)
                return there
        except (OSError, subprocess.SubprocessError) as bad:
            raise OwnImageError(f"{reference} cannot be unpacked: {bad}", final=False) from bad

    def _unpack(self, digest: str, archive: Path, held: Collection[str]) -> None:
        room = self.room(held)
        if room < archive.stat().st_size:
            raise OwnImageError(
                f"{OWN}{digest} has {size_text(archive.stat().st_size)} packed, and there is room for"
                f" {size_text(room)}; choose another node, or a smaller image",
                final=False,
            )
        room = self._cleared(room, 4 * archive.stat().st_size, held)
        part = Path(tempfile.mkdtemp(prefix=_PART, dir=self._folder))  # nobody else passes this
        try:
            root = part / "rootfs"
            root.mkdir(mode=0o755)
            os.chown(root, USER, USER)
            found = self._ask(archive, root, room)
            if "missing" in found:
                self._begin(root, found["missing"])
                found = self._ask(archive, root, room, onto=True)
            size = _settle(root)
            self._evict(self._most - size, held)
            label = {"python": found.get("python"), "size": size, "path": _path_of(found)}
            (part / LABEL).write_text(json.dumps(label))
            part.chmod(0o755)
            part.rename(self._folder / digest)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _begin(self, root: Path, content: object) -> None:
        """Makes the root that layers are put into from one of this machine's images."""
        base = self._built.get(f"sha256:{content}")
        if base is None:
            raise OwnImageError(
                f"it begins with the image sha256:{content}, which is not here; choose a node that has it, or"
                " put the whole archive into the store",
                final=False,
            )
        root.rmdir()
        # Files are shared, directories are not: they are what the layers are put into.
        subprocess.run(["cp", "-al", base.root, root], check=True, env={"PATH": TOOL_PATH})
        for folder, _, _ in os.walk(root):
            os.chown(folder, USER, USER)

    @staticmethod
    def _ask(archive: Path, root: Path, most: int, *, onto: bool = False) -> dict[str, Any]:
        """Has the archive unpacked by a process that can do nothing else, and returns what that found."""
        package = str(Path(__file__).parents[2])
        command = [
            sys.executable,
            "-m",
            "ionet.sandbox._unpack",
            str(root),
            str(most),
            "onto" if onto else "",
        ]
        with archive.open("rb") as source:
            done = subprocess.run(
                command,
                stdin=source,
                capture_output=True,
                check=False,
                timeout=SECONDS,
                cwd="/",
                env={"PATH": TOOL_PATH, "PYTHONPATH": package, "LC_ALL": "C.UTF-8"},
            )
        found = _object(done.stdout[:_WORDS])
        if "error" in found:
            raise OwnImageError(str(found["error"])[:500], final=found.get("here") is not True)
        if done.returncode or not found:
            words = done.stderr.decode(errors="replace").strip().splitlines()
            end = f": {words[-1][:200]}" if words else ""
            raise OwnImageError(
                f"it cannot be unpacked: the process ended with {done.returncode}{end}",
                final=done.returncode != -signal.SIGKILL,  # this machine was short of memory, say
            )
        return found

    # -- the quota

    def _sizes(self) -> dict[str, int]:
        """What each image takes, by digest, the least used first."""
        folders = [path for path in self._folder.glob("*") if _DIGEST.fullmatch(path.name)]
        folders.sort(key=lambda path: path.stat().st_mtime_ns)
        return {path.name: _size_of(_read(path / LABEL)) for path in folders}

    def _cleared(self, room: int, wanted: int, held: Collection[str]) -> int:
        """Makes room on the disk for so much, as far as there is that; returns what may be taken of it."""
        kept = {self._hex(name) for name in held} | self._used()
        for digest in self._sizes():
            if shutil.disk_usage(self._folder).free - _FREE >= min(room, wanted):
                break
            if digest not in kept:
                self._remove(digest)
        return max(0, min(room, shutil.disk_usage(self._folder).free - _FREE))

    def _evict(self, most: int, held: Collection[str]) -> None:
        """Removes images until the rest take no more than that."""
        mine, used = {self._hex(name) for name in held}, self._used()
        others = used - mine
        sizes = {digest: size for digest, size in self._sizes().items() if digest not in others}
        total = sum(sizes.values())
        for digest, size in sizes.items():
            if total > most and digest not in mine:
                self._remove(digest)
                total -= size
        if total > most:
            raise OwnImageError("there is no room for it beside what other jobs use", final=False)

    def _remove(self, digest: str) -> None:
        """Removes an image: if that is interrupted, there is no half of it for anybody's box."""
        gone = (self._folder / digest).rename(self._folder / f"{_PART}{digest}")
        shutil.rmtree(gone)

    def _used(self) -> set[str]:
        """Digests of the images that boxes of this machine are made of, whoever has started them."""
        used = set()
        for config in self._boxes.glob("*/box/config.json"):
            root = _read(config).get("root")
            path = Path(str(root.get("path"))) if isinstance(root, dict) else Path()
            if path.is_relative_to(self._folder.resolve()):
                used.add(path.parent.name)
        return used

    @staticmethod
    def _hex(reference: str) -> str:
        return reference.rpartition(":")[2]

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Several workers of one machine take turns."""
        self._boxes.mkdir(mode=0o711, parents=True, exist_ok=True)
        self._folder.mkdir(mode=0o711, exist_ok=True)
        with (self._folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for left in self._folder.glob(f"{_PART}*"):
                shutil.rmtree(left)  # of a process that was killed
            yield


def _settle(root: Path) -> int:
    """Makes what was unpacked root's, readable by all and writable by nobody else; returns its bytes.

    What it shares with another image stays as it is: that is root's already.
    """
    size = 0
    for folder, folders, files in os.walk(root):
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            os.fchown(held, 0, 0)
            os.fchmod(held, 0o755)
            for name in (*files, *folders):
                facts = os.lstat(name, dir_fd=held)
                if stat.S_ISDIR(facts.st_mode) or facts.st_uid != USER:
                    continue
                size += facts.st_blocks * 512
                os.chown(name, 0, 0, dir_fd=held, follow_symlinks=False)
                if stat.S_ISREG(facts.st_mode):
                    os.chmod(name, 0o755 if facts.st_mode & 0o111 else 0o644, dir_fd=held)
                elif not stat.S_ISLNK(facts.st_mode):
                    raise OwnImageError(f"{name!r} is neither a file nor a link", final=True)
        finally:
            os.close(held)
    return size


def _digest_of(reference: str) -> str | None:
    kind, _, digest = reference.partition(":")
    return digest if f"{kind}:" == OWN and _DIGEST.fullmatch(digest) else None


def _path_of(found: dict[str, Any]) -> str:
    environment = found.get("environment")
    path = environment.get("PATH") if isinstance(environment, dict) else None
    return path if isinstance(path, str) else ""


def _size_of(label: dict[str, Any]) -> int:
    size = label.get("size")
    return size if isinstance(size, int) and size > 0 else 0


def _read(path: Path) -> dict[str, Any]:
    try:
        return _object(path.read_bytes())
    except OSError:
        return {}


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}

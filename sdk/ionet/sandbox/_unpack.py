"""Unpacks the archive of a renter's image, as a process that can do nothing else.

usage: python -m ionet.sandbox._unpack ROOT MOST onto|"" < ARCHIVE

It is started as root, and becomes a user that owns nothing, inside ROOT, without a network, with little
memory, before it reads a byte of the archive. It prints one JSON object: what it found, or `{"error": …}`,
with `"here": true` where that is for want of room on this machine.

Names are walked to by descriptors, a directory at a time, and never through a link; what is in the way of a
file is removed, never written to. So nothing outside of ROOT is touched even where the walls around this
process had a hole.
"""

from __future__ import annotations

import contextlib
import ctypes
import encodings.ascii
import encodings.latin_1
import encodings.utf_8  # noqa: F401 (cannot be imported once there is no file of Python's any more)
import errno
import io
import json
import os
import resource
import shutil
import stat
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ionet.sandbox._oci import Archive, NoRoom, Unusable

#: The user and group that unpacks: nobody's.
USER: Final = 65_534
#: Files, directories and links of an image; how deep they lie; and bytes of a path: who walks it by paths, to
#: count it, say, passes over what lies beyond 4,096.
MOST_ENTRIES: Final = 1_000_000
_DEEPEST: Final = 100
_LONGEST: Final = 3_000
_BLOCK: Final = 1 << 20
#: Bytes of address space: a header of a tar archive, and of gzip, can ask for any.
_MEMORY: Final = 1 << 30
CPU_SECONDS: Final = 900
_NEW_NETWORK: Final = 0x4000_0000
_HIDDEN: Final = ".wh."
_OPAQUE: Final = ".wh..wh..opq"
_MARKS: Final = ".wh..wh."
#: What a box mounts over.
_FOLDERS: Final = ("proc", "dev", "sys", "tmp", "job", "in", "usr/local/nvidia")
_FILES: Final = ("etc/hosts", "etc/passwd", "etc/resolv.conf")
PYTHONS: Final = ("/usr/local/bin/python3", "/usr/bin/python3")
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Tree:
    """A directory in which the layers of an image become a tree, one after the other.

    Args:
        root: the directory.
        most: entries in all, directories that are made on the way to them included.
    """

    def __init__(self, root: Path, most: int = MOST_ENTRIES) -> None:
        self._root, self._left = root, most
        self._fresh: set[tuple[str, ...]] = set()

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Unusable(f"it has more than {MOST_ENTRIES:,} files")

    def add(self, layer: tarfile.TarFile) -> None:
        """Puts a layer over those before it.

        Raises:
            Unusable: it names something outside, or goes through a link, or there are too many entries.
        """
        self._fresh = set()
        for member in layer:
            self._count()
            parts = _parts(member.name)
            if parts:
                self._put(layer, member, parts)

    def _put(self, layer: tarfile.TarFile, member: tarfile.TarInfo, parts: tuple[str, ...]) -> None:
        name = parts[-1]
        try:
            with self._folder(parts[:-1]) as parent:
                if name.startswith(_HIDDEN):
                    self._hide(parent, parts)
                elif member.isdir():
                    self._make_folder(parent, name)
                elif member.issparse():
                    # Its holes would be written, and no byte of them is in the archive to be counted.
                    raise Unusable(f"{member.name[:200]!r} is a sparse file; write it whole")
                elif member.isreg():
                    self._write(layer, member, parent, name)
                elif member.issym():
                    self._clear(parent, name)
                    os.symlink(member.linkname, name, dir_fd=parent)
                elif member.islnk():
                    self._link(_parts(member.linkname), parent, name)
                elif not (member.isdev()):
                    raise Unusable(f"{member.name!r} is of a kind that no file is")
                # Devices and pipes are left out: a box has its own.
        except OSError as bad:
            if bad.errno in (errno.ENOSPC, errno.EDQUOT):
                raise NoRoom("this node's disk is full") from None
            raise Unusable(f"{member.name[:200]!r} cannot be unpacked: {bad.strerror}") from None
        self._fresh.update(parts[:count] for count in range(1, len(parts) + 1))

    @contextlib.contextmanager
    def _folder(self, parts: tuple[str, ...]) -> Iterator[int]:
        """A descriptor of a directory, which is made where it is missing."""
        held = os.open(self._root, _FOLDER)
        try:
            for part in parts:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, 0o755, dir_fd=held)
                    self._count()
                try:
                    inner = os.open(part, _FOLDER, dir_fd=held)
                except OSError as bad:
                    if bad.errno not in (errno.ELOOP, errno.ENOTDIR):
                        raise
                    path = "/".join(parts)[:200]
                    raise Unusable(f"{path!r} leads through {part!r}, which is no directory") from None
                os.close(held)
                held = inner
            yield held
        finally:
            os.close(held)

    @staticmethod
    def _clear(parent: int, name: str) -> None:
        """Removes what is there by a name."""
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISDIR(os.lstat(name, dir_fd=parent).st_mode):
                shutil.rmtree(name, dir_fd=parent)
            else:
                os.unlink(name, dir_fd=parent)

    def _make_folder(self, parent: int, name: str) -> None:
        try:
            if stat.S_ISDIR(os.lstat(name, dir_fd=parent).st_mode):
                return
        except FileNotFoundError:
            pass
        self._clear(parent, name)
        os.mkdir(name, 0o755, dir_fd=parent)

    def _write(self, layer: tarfile.TarFile, member: tarfile.TarInfo, parent: int, name: str) -> None:
        self._clear(parent, name)
        source = layer.extractfile(member)
        assert source is not None
        mode = 0o755 if member.mode & 0o111 else 0o644
        with open(os.open(name, _FILE, mode, dir_fd=parent), "wb") as target:
            while block := source.read(_BLOCK):
                target.write(block)

    def _link(self, source: tuple[str, ...], parent: int, name: str) -> None:
        if not source:
            raise Unusable("a hard link leads nowhere")
        with self._folder(source[:-1]) as other:
            if not stat.S_ISREG(os.lstat(source[-1], dir_fd=other).st_mode):
                raise Unusable(f"a hard link leads to {'/'.join(source)[:200]!r}, which is no file")
            self._clear(parent, name)
            os.link(source[-1], name, src_dir_fd=other, dst_dir_fd=parent, follow_symlinks=False)

    def _hide(self, parent: int, parts: tuple[str, ...]) -> None:
        """Removes what a layer hides of those before it, and nothing of its own."""
        name = parts[-1]
        if name == _OPAQUE:
            for item in os.listdir(parent):
                if (*parts[:-1], item) not in self._fresh:
                    self._clear(parent, item)
        elif not name.startswith(_MARKS):
            hidden = name.removeprefix(_HIDDEN)
            if hidden in ("", ".", ".."):
                raise Unusable(f"{'/'.join(parts)[:200]!r} hides nothing")
            if (*parts[:-1], hidden) not in self._fresh:
                self._clear(parent, hidden)

    def finish(self) -> None:
        """Makes what a box mounts over, where it is not there or is a link."""
        for path in _FOLDERS:
            parts = tuple(path.split("/"))
            with self._folder(parts[:-1]) as parent:
                self._make_folder(parent, parts[-1])
        for path in _FILES:
            parts = tuple(path.split("/"))
            with self._folder(parts[:-1]) as parent:
                self._clear(parent, parts[-1])
                os.close(os.open(parts[-1], _FILE, 0o644, dir_fd=parent))


def _parts(name: str) -> tuple[str, ...]:
    """The steps to a name, which begins at the image's root."""
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if ".." in parts:
        raise Unusable(f"{name[:200]!r} leads out of it")
    if len(parts) > _DEEPEST:
        raise Unusable(f"{name[:60]!r}… lies more than {_DEEPEST} directories deep")
    if len(name.encode(errors="surrogateescape")) > _LONGEST:
        raise Unusable(f"{name[:60]!r}… has a path of more than {_LONGEST:,} bytes")
    return parts


def unpack(archive: Archive, root: Path, most: int, *, onto: bool = False) -> dict[str, Any]:
    """Unpacks all layers.

    Args:
        archive: whose.
        root: an empty directory, or one that holds what the first layer has.
        most: bytes that may come out.
        onto: whether it holds that.

    Returns:
        What was found; where the first layer is not in the archive, what has to be there instead.

    Raises:
        Unusable: no box can be made of it.
    """
    first, *others = archive.layers
    if not all(layer.there for layer in others):
        raise Unusable("its archive lacks layers other than the first")
    if not first.there and not onto:
        return {"missing": first.content}
    tree = Tree(root)
    for layer in others if onto else archive.layers:
        most -= archive.unpack(layer, most, tree.add)
    tree.finish()
    python = next((path for path in PYTHONS if os.access(_inside(root, path), os.X_OK)), None)
    if python is None:
        raise Unusable(f"it has no Python 3: neither {' nor '.join(PYTHONS)} can be run")
    if not _has_ray(root):
        raise Unusable('it has no Ray: pip install "ray[default]" in it, or begin with an image that has it')
    return {"python": python, "environment": archive.environment}


def _inside(root: Path, path: str) -> Path:
    return root / path.removeprefix("/")


def _has_ray(root: Path) -> bool:
    below = ("usr/lib", "usr/local/lib", "opt")
    return any(
        next(_inside(root, place).glob(f"python3*/{kind}-packages/ray/__init__.py"), None) is not None
        for place in below
        for kind in ("site", "dist")
    )


def confine(root: Path, most: int) -> None:
    """Becomes a user that owns nothing, inside a directory, for good."""
    # What parts of Python are read from files are read now.
    probe = io.BytesIO()
    with tarfile.open(fileobj=probe, mode="w", format=tarfile.PAX_FORMAT) as made:
        made.addfile(tarfile.TarInfo("é" * 120))
    probe.seek(0)
    with tarfile.open(fileobj=probe, mode="r|") as read:
        list(read)
    if ctypes.CDLL(None, use_errno=True).unshare(_NEW_NETWORK):
        raise OSError(ctypes.get_errno(), "the network cannot be given up")
    for limit, value in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, most),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_NPROC, 0),
    ):
        hard = resource.getrlimit(limit)[1]
        least = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (least, least))
    os.umask(0o022)
    os.chroot(root)
    os.chdir("/")
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)


def main() -> None:
    """Does it."""
    root, most, onto = Path(sys.argv[1]), int(sys.argv[2]), bool(sys.argv[3])
    try:
        confine(root, most)
        with open(0, "rb", closefd=False) as file:
            found = unpack(Archive(file), Path("/"), most, onto=onto)
    except Unusable as bad:
        found = {"error": str(bad), "here": isinstance(bad, NoRoom)}
    except MemoryError:
        found = {"error": "it takes more memory to read than any image should"}
    print(json.dumps(found))


if __name__ == "__main__":
    main()

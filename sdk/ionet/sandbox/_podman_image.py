"""The image that jobs run in, for podman: from where scripts/image has built it, or from a file."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from ionet.chain.errors import IonetError
from ionet.sandbox._host import ToolFailed
from ionet.sandbox._podman import JOB_IMAGE, Podman

_BLOCK: Final = 1 << 20
#: How scripts/image writes the tree whose hash is the image's name.
_TAR: Final = [
    "--sort=name",
    "--mtime=@0",
    "--numeric-owner",
    "--format=posix",
    "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime",
]


class ImageError(IonetError):
    """An image cannot be read, given to podman, or is another than it is said to be."""


def save_image(source: Path, to: Path) -> str:
    """Writes an image of scripts/image as a tar archive, whose hash is the image's name; returns that.

    Args:
        source: the image's directory, which is named by its digest, or a link to it.
        to: the file.

    Raises:
        ImageError: this is no image, or its tree is not what its name says.
    """
    part = to.with_name(f"{to.name}.part")
    try:
        with part.open("wb") as file:
            digest = _copy(source, file)
        if digest != source.resolve().name:
            raise ImageError(f"{source.resolve()} has the digest {digest}: it was changed since it was built")
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)
    return digest


def load_image(podman: Podman, source: Path, *, digest: str | None = None) -> str:
    """Gives podman an image of scripts/image; does nothing if it has it already.

    Args:
        podman: which podman.
        source: the image's directory, or the file that `save_image` has written.
        digest: SHA-256 that it must have, in hex; by default the directory's name, or any file's.

    Returns:
        The digest.

    Raises:
        ImageError: this is no image, or another one than it should be.
    """
    wanted = digest or (source.resolve().name if source.is_dir() else None)
    if wanted is None:
        with source.open("rb") as file:
            wanted = hashlib.file_digest(file, "sha256").hexdigest()
    name = f"{JOB_IMAGE.rpartition(':')[0]}:{wanted}"
    try:
        if podman.image(name) is None:
            part = f"{name}-part"
            got = _import(podman, source, part)
            if got != wanted:
                podman.attempt("rmi", part)
                raise ImageError(f"{source} has the digest {got}, not {wanted}")
            podman.call("tag", part, name)
            podman.call("untag", part, part)
        podman.call("tag", name, JOB_IMAGE)
    except (ToolFailed, OSError) as bad:
        raise ImageError(f"podman does not take the image: {bad}") from bad
    return wanted


def _import(podman: Podman, source: Path, name: str) -> str:
    with podman.open("import", "--quiet", "-", name, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        try:
            digest = _copy(source, process.stdin)
        except BaseException:
            process.kill()
            raise
        process.stdin.close()
        if process.wait():
            raise ImageError(f"podman import has failed with {process.returncode}")
    return digest


def _copy(source: Path, to: IO[bytes]) -> str:
    digest = hashlib.sha256()
    with _archive(source) as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
            to.write(block)
    return digest.hexdigest()


@contextlib.contextmanager
def _archive(source: Path) -> Iterator[IO[bytes]]:
    if not source.is_dir():
        with source.open("rb") as file:
            yield file
        return
    root = source / "rootfs"
    if not root.is_dir():
        raise ImageError(f"{source} holds no image; scripts/image builds one")
    with subprocess.Popen(["tar", "-C", str(root), *_TAR, "-cf", "-", "."], stdout=subprocess.PIPE) as tar:
        assert tar.stdout is not None
        yield tar.stdout
    if tar.returncode:
        raise ImageError(f"{root} cannot be read whole; only root can")

"""An archive of an OCI image: its index, manifest, configuration and layers. It trusts nothing that it reads.

The archive is a tar file with `oci-layout`, `index.json` and `blobs/sha256/<hex>`, as `podman save --format
oci-archive`, `skopeo copy … oci-archive:…` and `docker save` write it. The bytes of each blob are hashed as
they are read, compressed and not: what is unpacked is what the archive's hash stands for.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import platform
import re
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any, Final, Protocol

_DIGEST: Final = re.compile(r"sha256:([0-9a-f]{64})")
#: Bytes of a document, how many layers, and how many files the archive itself has.
_DOCUMENT: Final = 4 << 20
_LAYERS: Final = 128
_MEMBERS: Final = 2_000
_NESTED: Final = 3
_BLOCK: Final = 1 << 20
_MACHINES: Final = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_GZIP: Final = "gzip"
_KINDS: Final = {
    "application/vnd.oci.image.layer.v1.tar": "",
    "application/vnd.oci.image.layer.v1.tar+gzip": _GZIP,
    "application/vnd.docker.image.rootfs.diff.tar": "",
    "application/vnd.docker.image.rootfs.diff.tar.gzip": _GZIP,
}
_INDEXES: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)


class Unusable(Exception):
    """An image that no box is made of; the message says why."""


class NoRoom(Unusable):
    """An image that this machine has no room for now; another, or a later day, may have it."""


class Readable(Protocol):
    """What bytes come from."""

    def read(self, size: int = -1, /) -> bytes:
        """Returns the next bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer.

    Attributes:
        blob: hash of the bytes in the archive, 64 hex digits.
        compression: `gzip`, or empty.
        content: hash of the bytes that come out, 64 hex digits.
        there: whether the archive has it.
    """

    blob: str
    compression: str
    content: str
    there: bool


class Hashed:
    """Passes bytes on, hashes and counts them.

    Args:
        source: where they come from.
        most: how many may come.
    """

    def __init__(self, source: Readable, most: int) -> None:
        self._source, self._left = source, most
        self._hash = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        """Returns the next bytes, at most a megabyte.

        Raises:
            NoRoom: more come than may.
        """
        data = self._source.read(_BLOCK if size < 0 else min(size, _BLOCK))
        self._left -= len(data)
        if self._left < 0:
            raise NoRoom("unpacked it is larger than this node has room for")
        self._hash.update(data)
        return data

    def drain(self) -> None:
        """Reads to the end."""
        while self.read(_BLOCK):
            pass

    @property
    def left(self) -> int:
        """How many more may come."""
        return self._left

    def check(self, digest: str, what: str) -> None:
        """Raises `Unusable` unless the bytes were those."""
        if self._hash.hexdigest() != digest:
            raise Unusable(
                f"its {what} {digest[:12]}… is damaged: it has the hash {self._hash.hexdigest()[:12]}…"
            )


class Archive:
    """An archive that is open.

    Args:
        file: it, seekable.

    Raises:
        Unusable: it is none, or not for this machine.
    """

    def __init__(self, file: IO[bytes]) -> None:
        try:
            self._tar = tarfile.open(fileobj=file, mode="r:")  # noqa: SIM115 (as long as this object is)
            self._members = self._listed()
        except tarfile.TarError as bad:
            raise Unusable(f"it is no tar archive: {bad}") from None
        if "oci-layout" not in self._members or "index.json" not in self._members:
            raise Unusable("it is no OCI archive; write one by: podman save --format oci-archive IMAGE")
        manifest = self._manifest(self._document("index.json"), 0)
        config = self._blob_document(_descriptor(manifest.get("config")))
        self.environment = _environment(config)
        self._check_machine(config)
        self.layers = self._layers(manifest, config)

    def _listed(self) -> dict[str, tarfile.TarInfo]:
        members: dict[str, tarfile.TarInfo] = {}
        for member in self._tar:
            if len(members) >= _MEMBERS:
                raise Unusable(f"the archive has more than {_MEMBERS:,} files; layers are what has many")
            if member.isreg():
                members[member.name.removeprefix("./")] = member
        return members

    def _document(self, name: str) -> dict[str, Any]:
        member = self._members.get(name)
        if member is None:
            raise Unusable(f"it lacks {name}")
        if member.size > _DOCUMENT:
            raise Unusable(f"its {name} is too large")
        file = self._tar.extractfile(member)
        assert file is not None
        try:
            value = json.loads(file.read())
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise Unusable(f"its {name} is no JSON object")
        return value

    def _blob_document(self, digest: str) -> dict[str, Any]:
        name = f"blobs/sha256/{digest}"
        value = self._document(name)
        file = self._tar.extractfile(self._members[name])
        assert file is not None
        hashed = Hashed(file, _DOCUMENT)
        hashed.drain()
        hashed.check(digest, "document")
        return value

    def _manifest(self, index: dict[str, Any], depth: int) -> dict[str, Any]:
        """The manifest for this machine, of an index, or of one that it leads to."""
        found = index.get("manifests")
        if depth > _NESTED or not isinstance(found, list) or not found:
            raise Unusable("its index names no image")
        mine = [item for item in found if isinstance(item, dict) and _fits(item.get("platform"))]
        if len(mine) != 1:
            kinds = "several images" if mine else f"no image for {_machine()}"
            raise Unusable(f"its index names {kinds}; write one alone")
        value = self._blob_document(_descriptor(mine[0]))
        if mine[0].get("mediaType") in _INDEXES or "manifests" in value:
            return self._manifest(value, depth + 1)
        return value

    @staticmethod
    def _check_machine(config: dict[str, Any]) -> None:
        if (config.get("os"), config.get("architecture")) != ("linux", _machine()):
            made = f"{str(config.get('os'))[:20]}/{str(config.get('architecture'))[:20]}"
            raise Unusable(f"it is for {made}, this node is linux/{_machine()}")

    def _layers(self, manifest: dict[str, Any], config: dict[str, Any]) -> tuple[Layer, ...]:
        listed, rootfs = manifest.get("layers"), config.get("rootfs")
        contents = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
        if not isinstance(listed, list) or not isinstance(contents, list) or len(listed) != len(contents):
            raise Unusable("its manifest and its configuration name different layers")
        if not 0 < len(listed) <= _LAYERS:
            raise Unusable(f"it has {len(listed)} layers; at least one, and at most {_LAYERS}")
        return tuple(self._layer(item, content) for item, content in zip(listed, contents, strict=True))

    def _layer(self, item: object, content: object) -> Layer:
        blob = _descriptor(item)
        kind = item.get("mediaType") if isinstance(item, dict) else None
        if kind not in _KINDS:
            raise Unusable(f"a layer is of the kind {str(kind)[:80]}; write it uncompressed or by gzip")
        return Layer(blob, _KINDS[kind], _hash_of(content), f"blobs/sha256/{blob}" in self._members)

    def unpack(self, layer: Layer, most: int, take: Callable[[tarfile.TarFile], None]) -> int:
        """Has a layer's content taken, and checks that it is the layer's; returns how many bytes it had.

        Args:
            layer: one that is there.
            most: bytes that may come out.
            take: is given the layer as a tar stream.

        Raises:
            Unusable: it is damaged, or too large.
        """
        member = self._members[f"blobs/sha256/{layer.blob}"]
        file = self._tar.extractfile(member)
        assert file is not None
        packed = Hashed(file, member.size)
        source: Readable = gzip.GzipFile(fileobj=packed, mode="rb") if layer.compression else packed  # type: ignore[call-overload]
        content = Hashed(source, most)
        try:
            with tarfile.open(fileobj=content, mode="r|") as stream:  # type: ignore[call-overload]
                take(stream)
            content.drain()
        except (tarfile.TarError, gzip.BadGzipFile, EOFError, OSError) as bad:
            raise Unusable(f"its layer {layer.blob[:12]}… cannot be read: {bad}") from None
        packed.drain()
        packed.check(layer.blob, "layer")
        content.check(layer.content, "content of a layer")
        return most - content.left


def leave_out_first(source: IO[bytes], target: IO[bytes]) -> str:
    """Copies an archive without its first layer's content; returns the hash of that content, 64 hex digits.

    A node that has this content as one of its own images puts it below the other layers.

    Raises:
        Unusable: it is no archive.
    """
    first = Archive(source).layers[0]
    source.seek(0)
    with tarfile.open(fileobj=source, mode="r:") as old, tarfile.open(fileobj=target, mode="w") as new:
        for member in old:
            if member.isreg() and not member.name.endswith(f"blobs/sha256/{first.blob}"):
                new.addfile(member, old.extractfile(member))
    return first.content


def _machine() -> str:
    return _MACHINES.get(platform.machine(), platform.machine())


def _fits(platform_: object) -> bool:
    if not isinstance(platform_, dict):
        return True
    return (platform_.get("os"), platform_.get("architecture")) == ("linux", _machine())


def _descriptor(item: object) -> str:
    return _hash_of(item.get("digest") if isinstance(item, dict) else None)


def _hash_of(text: object) -> str:
    match = _DIGEST.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise Unusable(f"it names a part by {str(text)[:80]!r}, and not by sha256:<64 hex digits>")
    return match[1]


def _environment(config: dict[str, Any]) -> dict[str, str]:
    """The image's search path for programs, which is all that is taken of its variables."""
    inner = config.get("config")
    listed = inner.get("Env") if isinstance(inner, dict) else None
    for item in listed if isinstance(listed, list) else []:
        if isinstance(item, str) and item.startswith("PATH=") and len(item) < 4_096 and "\0" not in item:
            return {"PATH": item.removeprefix("PATH=")}
    return {}

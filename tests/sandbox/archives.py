"""Archives of OCI images for tests: well-formed ones, and those that somebody has made to do harm."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

MACHINE: Final = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
TAR: Final = "application/vnd.oci.image.layer.v1.tar"
#: What every image needs: something at Python's place that can be run, and a package called ray.
NEEDED: Final[Mapping[str, bytes]] = {
    "usr/bin/python3": b"#!/bin/sh\n",
    "usr/lib/python3/dist-packages/ray/__init__.py": b"",
}
Entry = tuple[tarfile.TarInfo, bytes]


def file(name: str, data: bytes = b"", mode: int = 0o755) -> Entry:
    made = tarfile.TarInfo(name)
    made.size, made.mode = len(data), mode
    return made, data


def special(name: str, kind: bytes, target: str = "") -> Entry:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.mode = kind, target, 0o777
    return made, b""


def link(name: str, target: str) -> Entry:
    return special(name, tarfile.SYMTYPE, target)


def hard_link(name: str, target: str) -> Entry:
    return special(name, tarfile.LNKTYPE, target)


def folder(name: str) -> Entry:
    return special(name, tarfile.DIRTYPE)


def needed() -> list[Entry]:
    return [file(name, data) for name, data in NEEDED.items()]


def layer(*entries: Entry) -> bytes:
    """A layer's content."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        for info, data in entries:
            made.addfile(info, io.BytesIO(data))
    return out.getvalue()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def archive(
    path: Path,
    *layers: bytes,
    packed: bool = True,
    environment: Sequence[str] = (),
    absent: Sequence[int] = (),
    change: Callable[[dict[str, Any], dict[str, Any], dict[str, bytes]], None] | None = None,
) -> Path:
    """Writes an archive.

    Args:
        path: where.
        layers: their contents, the lowest first.
        packed: whether they are compressed.
        environment: of the image.
        absent: numbers of layers that are left out.
        change: is given manifest, configuration and blobs, by their hashes, to spoil them.
    """
    blobs: dict[str, bytes] = {}

    def put(data: bytes) -> dict[str, Any]:
        blobs[sha256(data)] = data
        return {"digest": f"sha256:{sha256(data)}", "size": len(data)}

    config: dict[str, Any] = {
        "os": "linux",
        "architecture": MACHINE,
        "config": {"Env": list(environment)},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{sha256(content)}" for content in layers]},
    }
    listed = []
    for number, content in enumerate(layers):
        item = put(gzip.compress(content, 1) if packed else content)
        listed.append({**item, "mediaType": TAR + ("+gzip" if packed else "")})
        if number in absent:
            del blobs[item["digest"].removeprefix("sha256:")]
    manifest: dict[str, Any] = {"schemaVersion": 2, "layers": listed}
    if change is not None:
        change(manifest, config, blobs)
    manifest["config"] = put(json.dumps(config).encode())
    index = {"schemaVersion": 2, "manifests": [put(json.dumps(manifest).encode())]}
    with tarfile.open(path, "w") as made:
        for name, data in (
            ("oci-layout", b'{"imageLayoutVersion": "1.0.0"}'),
            ("index.json", json.dumps(index).encode()),
            *((f"blobs/sha256/{digest}", data) for digest, data in blobs.items()),
        ):
            info, _ = file(name, data)
            made.addfile(info, io.BytesIO(data))
    return path


def reference(path: Path) -> str:
    return f"oci:{sha256(path.read_bytes())}"


def begins_with(digest: str) -> Callable[[dict[str, Any], dict[str, Any], dict[str, bytes]], None]:
    """Has an archive's layers lie on an image of the node's, which is not in it."""

    def change(manifest: dict[str, Any], config: dict[str, Any], blobs: dict[str, bytes]) -> None:
        manifest["layers"].insert(0, {"digest": f"sha256:{digest}", "mediaType": TAR, "size": 1})
        config["rootfs"]["diff_ids"].insert(0, f"sha256:{digest}")

    return change

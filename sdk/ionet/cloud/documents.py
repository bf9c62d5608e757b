"""Snapshots of volumes as files of a store: signed by their owner, and sealed for them."""

from __future__ import annotations

import io
import math
from typing import Final

from solders.keypair import Keypair
from solders.signature import Signature

from ionet.cloud.errors import VolumeError
from ionet.cloud.snapshots import Snapshot
from ionet.store.sealed import NotSealed, seal, unseal
from ionet.store.transfer import KeptFile

#: A sealed snapshot has a multiple of so many bytes, which hardly any other file has: it is found by that.
_STEP: Final = 4_096
_MAX_DOCUMENT: Final = 16 << 20
#: Bytes that the format seals together, and what each such part grows by.
_CHUNK: Final = 64 << 10
_TAG: Final = 16
#: What a signature is over begins so; no transaction does.
_SIGNED: Final = b"ionet:volume\n"
_SIGNATURE: Final = 64


def may_be_snapshot(file: KeptFile) -> bool:
    """Whether a file that is kept may be a snapshot, by its size."""
    return file.size % _STEP == 0 and 0 < file.size <= _MAX_DOCUMENT


def sealed(snapshot: Snapshot, key: Keypair) -> bytes:
    """The sealed document, of a length by which it is found."""
    data, empty = snapshot.to_bytes(), io.BytesIO()
    seal(io.BytesIO(b""), empty, key.pubkey())
    head = len(empty.getvalue()) - _TAG

    def length(size: int) -> int:
        return head + size + _TAG * max(1, math.ceil(size / _CHUNK))

    size = _SIGNATURE + len(data)
    while length(size) % _STEP:
        size += 1
    if length(size) > _MAX_DOCUMENT:
        raise VolumeError(f"a snapshot of {len(snapshot.files)} files with such long names is too large")
    target = io.BytesIO()
    data = data.ljust(size - _SIGNATURE)
    seal(io.BytesIO(bytes(key.sign_message(_SIGNED + data)) + data), target, key.pubkey())
    return target.getvalue()


def opened(data: bytes, digest: str, key: Keypair) -> Snapshot | None:
    """A snapshot from its file; None for any other file, or what the key has not signed."""
    content = io.BytesIO()
    try:
        unseal(io.BytesIO(data), content, key)
    except NotSealed:
        return None
    signature, document = content.getvalue()[:_SIGNATURE], content.getvalue()[_SIGNATURE:]
    if len(signature) < _SIGNATURE or not Signature(signature).verify(key.pubkey(), _SIGNED + document):
        return None
    return Snapshot.from_bytes(document, digest, len(data))

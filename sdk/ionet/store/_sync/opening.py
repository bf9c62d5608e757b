# Generated from store/_async/opening.py by scripts/codegen; do not edit.
"""Stores by what people write for them."""

from __future__ import annotations

from ionet.chain.signers import SignerLike
from ionet.store._sync.http import HttpStore
from ionet.store._sync.sources import BackendStore
from ionet.store.opening import open_backend


def open_store(place: str, signer: SignerLike | None = None) -> HttpStore | BackendStore:
    """The store that a text names: a gateway's URL, `s3://BUCKET…`, or a directory.

    Args:
        place: the text.
        signer: who writes; only a gateway asks for it.

    Raises:
        ConfigError: it cannot be used.
    """
    if place.startswith(("http://", "https://")):
        return HttpStore(place, signer)
    return BackendStore(open_backend(place))

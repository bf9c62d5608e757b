"""Stores by what people write for them."""

from __future__ import annotations

from ionet.chain.signers import SignerLike
from ionet.store._async.http import AsyncHttpStore
from ionet.store._async.sources import AsyncBackendStore
from ionet.store.opening import open_backend


def open_store(place: str, signer: SignerLike | None = None) -> AsyncHttpStore | AsyncBackendStore:
    """The store that a text names: a gateway's URL, `s3://BUCKET…`, or a directory.

    Args:
        place: the text.
        signer: who writes; only a gateway asks for it.

    Raises:
        ConfigError: it cannot be used.
    """
    if place.startswith(("http://", "https://")):
        return AsyncHttpStore(place, signer)
    return AsyncBackendStore(open_backend(place))

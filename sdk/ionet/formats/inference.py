"""Signed hours of a service of models: what both who signs them and who checks them know."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature

from ionet.chain.errors import IonetError
from ionet.formats import canonical

HOUR: Final = 3_600
_DOMAIN: Final = b"ionet:intelligence hour"


class BadHour(IonetError, ValueError):
    """An hour that its service has not signed as it is; the text says why."""


def sign(head: Mapping[str, Any], key: Keypair) -> tuple[bytes, bytes]:
    """An hour's head in canonical form, and its signature."""
    written = canonical.encode(dict(head))
    return written, bytes(key.sign_message(_DOMAIN + written))


def name_of(written: bytes) -> str:
    """By what the next hour's head names this one: sha256 in hex."""
    return hashlib.sha256(written).hexdigest()


def check(head: Mapping[str, Any], signature: bytes, signer: Pubkey) -> bytes:
    """Checks that a service has signed an hour; returns its head in canonical form.

    Args:
        head: of the hour.
        signature: of the head.
        signer: the service's key.

    Raises:
        BadHour: it has not.
    """
    try:
        written = canonical.encode(dict(head))
    except ValueError as bad:
        raise BadHour(f"the hour cannot be read: {bad}") from None
    if head.get("signer") != str(signer):
        raise BadHour(f"the hour is signed by {str(head.get('signer'))[:44]}, not by {signer}")
    if len(signature) != 64 or not Signature(signature).verify(signer, _DOMAIN + written):
        raise BadHour(f"the signature of the hour is not that of {signer}")
    return written

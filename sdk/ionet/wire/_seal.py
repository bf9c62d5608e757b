"""Answers that only the asker can read: the gateway that carries them sees ciphertext.

The asker makes an X25519 key for one request and names its public half in the request, which it signs. Who
answers makes one, too, and signs the answer. The shared secret goes through HKDF-SHA256 (no salt, info
``b"ionet:sealed"`` and both public halves, the asker's first) into a key of ChaCha20-Poly1305, used once,
with a nonce of zeros. The sealed bytes are the answerer's public half (32) and the ciphertext.
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ionet.chain.errors import IonetError

_INFO: Final = b"ionet:sealed"
_NONCE: Final = bytes(12)


class SealError(IonetError):
    """The bytes were not sealed for this asker, or have been changed."""


class Sealed:
    """The asker's side: one key for one request.

    Attributes:
        public: what the request names, 32 bytes.
    """

    def __init__(self) -> None:
        self._private = X25519PrivateKey.generate()
        self.public = self._private.public_key().public_bytes_raw()

    def open(self, sealed: bytes) -> bytes:
        """Returns what was sealed.

        Raises:
            SealError: it was sealed for another key, or changed.
        """
        other, ciphertext = sealed[:32], sealed[32:]
        try:
            shared = self._private.exchange(X25519PublicKey.from_public_bytes(other))
            return _cipher(shared, self.public, other).decrypt(_NONCE, ciphertext, None)
        except (InvalidTag, ValueError):
            raise SealError("the answer was not sealed for this request") from None


def seal(public: bytes, data: bytes) -> bytes:
    """Seals data for the asker.

    Args:
        public: what the request names, 32 bytes.
        data: what only the asker is to read.

    Raises:
        SealError: the key is none.
    """
    own = X25519PrivateKey.generate()
    mine = own.public_key().public_bytes_raw()
    try:
        shared = own.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        raise SealError("the request's key for the answer is not an X25519 key") from None
    return mine + _cipher(shared, public, mine).encrypt(_NONCE, data, None)


def _cipher(shared: bytes, asker: bytes, answerer: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(HKDF(SHA256(), 32, None, _INFO + asker + answerer).derive(shared))

"""What a wallet signs to write to a store, and the numbers that make each signature good for once.

The signed bytes are UTF-8 text of five lines, without a newline at the end::

    ionet:store
    POST https://gateway.example/files/<64 hex digits>
    size <bytes>
    key <address that signs, base58>
    nonce <as the store gave it>

They name the store, so that no store can use at another what was signed for it; method, content and size,
since the hash is in the path; and a nonce that the store accepts once, for two minutes. No transaction begins
so: read as one, the bytes would name 105 signers among 101 accounts.

The header is ``Authorization: Ionet <key> <nonce> <signature, base58>``.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections import deque
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final

from solders.pubkey import Pubkey
from solders.signature import Signature

from ionet.chain.signers import Signer

PREFIX: Final = "ionet:store"
SCHEME: Final = "Ionet"
#: Longest header that is read.
_LONGEST: Final = 512


class BadSignature(Exception):
    """A request is not signed as it must be; the text says what is wrong."""


class NonceSpent(BadSignature):
    """A nonce that is too old, was used before, or is not this store's; a new one may do."""


class NoncesBusy(Exception):
    """Too many signatures at once."""


def message(method: str, url: str, size: int, key: Pubkey, nonce: str) -> bytes:
    """The bytes that are signed.

    Args:
        method: in capital letters.
        url: of the store as its clients name it, and the path.
        size: of the content, bytes; 0 where nothing is sent.
        key: who signs.
        nonce: as the store gave it.
    """
    return f"{PREFIX}\n{method} {url}\nsize {size}\nkey {key}\nnonce {nonce}".encode()


def authorization(signer: Signer, method: str, url: str, size: int, nonce: str) -> str:
    """The header `Authorization` of a request; arguments as for `message`."""
    key = signer.pubkey()
    return f"{SCHEME} {key} {nonce} {signer.sign_message(message(method, url, size, key, nonce))}"


def verify(header: str, method: str, urls: Sequence[str], size: int, nonces: Nonces) -> Pubkey:
    """Who signed a request; its nonce is spent.

    Args:
        header: `Authorization`.
        method: in capital letters.
        urls: the names that the request's URL may have.
        size: of the content, bytes.
        nonces: of this store.

    Raises:
        BadSignature: nobody has.
        NoncesBusy: it cannot be said now.
    """
    parts = header.split(" ") if len(header) <= _LONGEST else []
    if len(parts) != 4 or parts[0].lower() != SCHEME.lower():
        raise BadSignature(f"the header Authorization must be: {SCHEME} KEY NONCE SIGNATURE")
    try:
        key, signature = Pubkey.from_string(parts[1]), Signature.from_string(parts[3])
    except ValueError:
        raise BadSignature("the key or the signature in the header Authorization is not base58") from None
    nonces.check(parts[2])
    if not any(signature.verify(key, message(method, url, size, key, parts[2])) for url in urls):
        raise BadSignature(
            f"the signature is not of {key} over: {method} {urls[0]}, size {size}, and the nonce given"
        )
    nonces.spend(parts[2])
    return key


class Nonces:
    """Numbers that a store gives out and accepts once. It remembers only those that were used.

    Args:
        seconds: how long one is good for.
        most: how many are remembered; above, signatures have to wait.
        clock: seconds, of this process.
    """

    def __init__(
        self, seconds: float = 120.0, most: int = 100_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.seconds = seconds
        self._most, self._clock = most, clock
        self._secret = secrets.token_bytes(32)
        self._spent: set[str] = set()
        self._order: deque[tuple[float, str]] = deque()

    def give(self) -> str:
        """A new nonce, letters and digits."""
        text = f"{int((self._clock() + self.seconds) * 1000):x}-{secrets.token_hex(16)}"
        return f"{text}-{self._mac(text)}"

    def check(self, nonce: str) -> None:
        """Raises `NonceSpent` for a nonce that cannot be used."""
        text, _, mac = nonce.rpartition("-")
        if not nonce.isascii() or not hmac.compare_digest(mac, self._mac(text)):
            raise NonceSpent("the nonce is not this store's")
        if int(text.partition("-")[0], 16) < self._clock() * 1000:
            raise NonceSpent(f"the nonce is older than {self.seconds:g} seconds")
        if nonce in self._spent:
            raise NonceSpent("the nonce was used before")

    def spend(self, nonce: str) -> None:
        """Takes note that a nonce was used; it was checked.

        Raises:
            NoncesBusy: too many were, in the time that they are good for.
        """
        now = self._clock()
        while self._order and self._order[0][0] < now:
            self._spent.discard(self._order.popleft()[1])
        if len(self._order) >= self._most:
            raise NoncesBusy
        self._spent.add(nonce)
        self._order.append((now + self.seconds, nonce))

    def _mac(self, text: str) -> str:
        return hmac.new(self._secret, text.encode(), sha256).hexdigest()[:32]

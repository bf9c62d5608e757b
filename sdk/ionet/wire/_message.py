"""One signed message.

Its bytes, integers big-endian: ``"ion1"``, kind (1), sender, receiver and context (32 each), number (8), time
(8), length of the arguments (4), the arguments in canonical JSON, the blob, and an ed25519 signature (64)
over ``b"ionet:message"`` and all that comes before the signature.

The context is 32 bytes that the receiver has chosen, so that no message means anything to anybody else or at
another time: the gateway's challenge in a greeting, the receiver's boot in a request, or what it has named in
its place, the request's digest in its answer. The number grows with every message of a sender's life.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature

from ionet.chain.errors import IonetError
from ionet.formats import canonical

_PREFIX: Final = b"ionet:message"
_MAGIC: Final = b"ion1"
_HEAD: Final = struct.Struct(">4sB32s32s32sQqI")
_SIGNATURE: Final = 64
#: Bytes of a message, with everything.
MAX_MESSAGE: Final = 2 << 20
#: Bytes of its arguments.
MAX_ARGUMENTS: Final = 256 << 10
#: The receiver of what is for the gateway itself.
GATEWAY: Final = bytes(32)


class MessageError(IonetError, ValueError):
    """The bytes are not a message, or its signature is not the sender's."""


class Kind(IntEnum):
    """What a message is."""

    HELLO = 0
    REQUEST = 1
    ANSWER = 2


@dataclass(frozen=True)
class Message:
    """A message with its signature.

    Attributes:
        kind: what it is.
        sender: the key that signs, 32 bytes.
        to: the receiver's key, 32 bytes; zeros for the gateway.
        context: what the receiver chose, 32 bytes.
        number: larger than that of any earlier message of this life of the sender; below 2**64.
        at: when it was sent, Unix seconds by the sender's view of the chain's time; 0 if it has none.
        arguments: canonical JSON.
        blob: bytes besides.
        signature: 64 bytes.
    """

    kind: Kind
    sender: bytes
    to: bytes
    context: bytes
    number: int
    at: int
    arguments: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    blob: bytes = b""
    signature: bytes = bytes(_SIGNATURE)

    @cached_property
    def unsigned(self) -> bytes:
        """The bytes before the signature.

        Raises:
            MessageError: it is too long.
        """
        arguments = canonical.encode(dict(self.arguments))
        if len(arguments) > MAX_ARGUMENTS:
            raise MessageError(
                f"a message's arguments have {len(arguments)} bytes, more than {MAX_ARGUMENTS}"
            )
        head = _HEAD.pack(
            _MAGIC, self.kind, self.sender, self.to, self.context, self.number, self.at, len(arguments)
        )
        size = len(head) + len(arguments) + len(self.blob) + _SIGNATURE
        if size > MAX_MESSAGE:
            raise MessageError(f"a message would have {size} bytes, more than {MAX_MESSAGE}")
        return head + arguments + self.blob

    @cached_property
    def digest(self) -> bytes:
        """sha256 of what is signed, 32 bytes; the context of its answer."""
        return sha256(_PREFIX + self.unsigned).digest()

    @classmethod
    def sign(
        cls,
        key: Keypair,
        kind: Kind,
        *,
        to: bytes,
        context: bytes,
        number: int,
        at: int = 0,
        arguments: Mapping[str, Any] = MappingProxyType({}),
        blob: bytes = b"",
    ) -> Message:
        """Makes a signed message.

        Raises:
            CanonicalError: the arguments are not canonical JSON.
            MessageError: it is too long.
        """
        bare = cls(kind, bytes(key.pubkey()), to, context, number, at, arguments, blob)
        signature = bytes(key.sign_message(_PREFIX + bare.unsigned))
        return cls(kind, bare.sender, to, context, number, at, arguments, blob, signature)

    def to_bytes(self) -> bytes:
        """Returns what travels."""
        return self.unsigned + self.signature

    @classmethod
    def from_bytes(cls, data: bytes) -> Message:
        """Reads a message and checks its signature.

        Raises:
            MessageError: it is no message, or the sender did not sign it.
        """
        message = cls.read(data)
        if not message.verify():
            raise MessageError("the message's signature is not its sender's")
        return message

    @classmethod
    def read(cls, data: bytes) -> Message:
        """Reads a message without checking its signature.

        Raises:
            MessageError: it is no message.
        """
        kind, sender, to, context, number, at, length = _parts(data)
        end = _HEAD.size + length
        try:
            arguments = canonical.decode(data[_HEAD.size : end])
        except canonical.CanonicalError as bad:
            raise MessageError(f"a message's arguments: {bad}") from None
        if not isinstance(arguments, dict):
            raise MessageError("a message's arguments are not an object")
        return cls(
            kind,
            sender,
            to,
            context,
            number,
            at,
            arguments,
            bytes(data[end:-_SIGNATURE]),
            bytes(data[-_SIGNATURE:]),
        )

    def verify(self) -> bool:
        """Returns whether the sender signed it."""
        try:
            signed = _PREFIX + self.unsigned
        except (MessageError, canonical.CanonicalError):
            return False
        return Signature(self.signature).verify(Pubkey(self.sender), signed)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a gateway needs of a message, without reading its arguments.

    Attributes:
        kind: what it is.
        sender: 32 bytes.
        to: 32 bytes.
        number: the sender's.
    """

    kind: Kind
    sender: bytes
    to: bytes
    number: int


def envelope(data: bytes) -> Envelope:
    """Reads a message's head and checks its signature; the arguments are only checked for their length.

    Raises:
        MessageError: it is no message, or the sender did not sign it.
    """
    kind, sender, to, _, number, _, _ = _parts(data)
    signed = _PREFIX + data[:-_SIGNATURE]
    if not Signature(bytes(data[-_SIGNATURE:])).verify(Pubkey(sender), signed):
        raise MessageError("the message's signature is not its sender's")
    return Envelope(kind, sender, to, number)


def digest_of(data: bytes) -> bytes:
    """Returns the digest of a message's bytes."""
    return sha256(_PREFIX + data[:-_SIGNATURE]).digest()


def _parts(data: bytes) -> tuple[Kind, bytes, bytes, bytes, int, int, int]:
    if not _HEAD.size + _SIGNATURE <= len(data) <= MAX_MESSAGE:
        raise MessageError(f"{len(data)} bytes are not a message")
    magic, kind, sender, to, context, number, at, length = _HEAD.unpack_from(data)
    if magic != _MAGIC:
        raise MessageError("the bytes do not begin as a message of this version does")
    if kind not in Kind.__members__.values():
        raise MessageError(f"there is no message of kind {kind}")
    if length > MAX_ARGUMENTS or _HEAD.size + length + _SIGNATURE > len(data):
        raise MessageError("a message's arguments are longer than it is")
    return Kind(kind), sender, to, context, number, at, length

"""Base classes of what is generated from the IDLs: accounts, events and the types inside them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Any, ClassVar, Self

from solders.pubkey import Pubkey

from ionet.chain import codec
from ionet.chain.codec import Codec, Fields
from ionet.chain.errors import DecodeError, EncodeError


class Record:
    """A value with a fixed wire format.

    Attributes:
        CODEC: reads and writes it, without discriminator.
    """

    __slots__ = ()
    CODEC: ClassVar[Codec[Any]]

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Decodes the bare value, without discriminator.

        Raises:
            DecodeError: the data is truncated or garbled.
        """
        value: Self = cls.CODEC.decode(data)
        return value

    def __bytes__(self) -> bytes:
        return self.CODEC.encode(self)


class Named(IntEnum):
    """An enum of a program, whose members carry what the program's source says about them."""

    def __new__(cls, value: int, doc: str = "") -> Self:
        """Makes a member with its text: `MEMBER = 1, "What it stands for."`."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.__doc__ = doc
        return member

    def explain(self) -> str:
        """Returns what it stands for, as part of a sentence: `the answer was to another challenge`."""
        text = (self.__doc__ or self.name.lower().replace("_", " ")).rstrip(".")
        is_word = not text[1:2].isupper()  # IO and GPUs stay as they are
        return text[:1].lower() + text[1:] if is_word else text


class _Discriminated(Record):
    __slots__ = ()
    PROGRAM_ID: ClassVar[Pubkey]
    DISCRIMINATOR: ClassVar[bytes]

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decodes the discriminator and the value after it; bytes after that are allowed.

        Raises:
            DecodeError: the discriminator is another type's, or the data is truncated or garbled.
        """
        tag = cls.DISCRIMINATOR
        if data[: len(tag)] != tag:
            actual = bytes(data[: len(tag)]).hex() or "nothing"
            raise DecodeError(f"not a {cls.__name__}: discriminator {actual}, expected {tag.hex()}")
        value: Self = cls.CODEC.decode(data, len(tag))
        return value

    def encode(self) -> bytes:
        """Returns discriminator and value, as the program stores or emits them."""
        return self.DISCRIMINATOR + self.CODEC.encode(self)


class Account(_Discriminated):
    """An account of a program.

    Attributes:
        PROGRAM_ID: the program that owns it.
        DISCRIMINATOR: its first bytes.
        SIZE: bytes with the discriminator, or None if it varies.
        OFFSETS: byte offset of each field whose offset is fixed, for filters.
    """

    __slots__ = ()
    SIZE: ClassVar[int | None]
    OFFSETS: ClassVar[Mapping[str, int]]
    _FIELDS: ClassVar[Mapping[str, Codec[Any]]]

    @classmethod
    def filters(cls, **fields: Any) -> list[dict[str, Any]]:
        """Returns `getProgramAccounts` filters for this type with these field values.

        Raises:
            EncodeError: there is no such field, its offset is not fixed, or the value does not fit.
        """
        from base64 import b64encode

        def memcmp(offset: int, value: bytes) -> dict[str, Any]:
            return {"memcmp": {"offset": offset, "bytes": b64encode(value).decode(), "encoding": "base64"}}

        chosen = [memcmp(0, cls.DISCRIMINATOR)]
        for name, value in fields.items():
            if name not in cls.OFFSETS:
                why = "has no fixed offset" if name in cls._FIELDS else "does not exist"
                raise EncodeError(f"{cls.__name__}.{name} {why}; filter by {', '.join(cls.OFFSETS)}")
            try:
                chosen.append(memcmp(cls.OFFSETS[name], cls._FIELDS[name].encode(value)))
            except EncodeError as bad:
                raise EncodeError(f"{cls.__name__}.{name}: {bad}") from bad.__cause__
        return chosen


class Event(_Discriminated):
    """An event that a program emitted.

    Attributes:
        PROGRAM_ID: the program that emits it.
        DISCRIMINATOR: its first bytes.
    """

    __slots__ = ()


def bind_record(cls: type[Record], fields: Fields) -> None:
    """Sets the codec of a generated type."""
    cls.CODEC = codec.record(cls, fields)


def bind_account(cls: type[Account], program_id: Pubkey, discriminator: bytes, fields: Fields) -> None:
    """Sets codec, owner and layout of a generated account type."""
    bind_record(cls, fields)
    size = cls.CODEC.size
    cls.PROGRAM_ID = program_id
    cls.DISCRIMINATOR = discriminator
    cls.SIZE = None if size is None else len(discriminator) + size
    cls.OFFSETS = MappingProxyType(codec.offsets(fields, len(discriminator)))
    cls._FIELDS = MappingProxyType({name: codec for name, codec in fields if name})


def bind_event(cls: type[Event], program_id: Pubkey, discriminator: bytes, fields: Fields) -> None:
    """Sets codec and source of a generated event type."""
    bind_record(cls, fields)
    cls.PROGRAM_ID = program_id
    cls.DISCRIMINATOR = discriminator

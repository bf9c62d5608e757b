"""Borsh and packed `repr(C)` codecs as closures.

A `Codec` reads a value from bytes at an offset and writes it to a buffer. Fixed-size fields that
follow one another are read by a single precompiled `struct.Struct`, so a whole zero-copy account
costs one unpack. Lengths inside the data are bounded by the data. Whatever is wrong with the bytes,
`Codec.decode` raises `DecodeError`; whatever is wrong with a value, `Codec.encode` raises `EncodeError`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import is_dataclass
from enum import IntEnum
from functools import cache
from itertools import groupby
from operator import attrgetter, index
from typing import Any, Final, Generic, SupportsIndex, TypeAlias, TypeVar

from solders.pubkey import Pubkey

from ionet.chain.errors import DecodeError, EncodeError

T = TypeVar("T")
ReadFunction: TypeAlias = Callable[[bytes, int], tuple[T, int]]
WriteFunction: TypeAlias = Callable[[T, bytearray], None]
#: What instruction builders take for integers: `int`, an exact amount, an `IntEnum`; never a float.
Int: TypeAlias = SupportsIndex

#: What reading garbage can raise inside the closures.
_GARBAGE: Final = (struct.error, IndexError, KeyError, ValueError, OverflowError)
#: What writing an unfit value can raise inside the closures.
_UNFIT: Final = (struct.error, TypeError, ValueError, OverflowError, AttributeError)


class Codec(Generic[T]):
    """Reads and writes one type.

    Attributes:
        name: the type as the IDL spells it, for messages.
        size: bytes, or None if it varies.
        scalar: the `struct` format of exactly one value; empty if the size varies.
        wrap: makes the value out of what `scalar` unpacks; None if it is that.
        unwrap: the reverse of `wrap`.
        read: `(data, offset) -> (value, next offset)`, may raise anything on garbage.
        write: appends to a bytearray, may raise anything on an unfit value.
        parts: constructor and fields, if it is a record or a short array of fixed size.
    """

    __slots__ = ("name", "parts", "read", "scalar", "size", "unwrap", "wrap", "write")

    def __init__(
        self,
        name: str,
        read: ReadFunction[T],
        write: WriteFunction[T],
        *,
        size: int | None = None,
        scalar: str = "",
        wrap: Callable[[Any], T] | None = None,
        unwrap: Callable[[T], Any] | None = None,
    ) -> None:
        self.name = name
        self.read = read
        self.write = write
        self.size = size
        self.scalar = scalar
        self.wrap = wrap
        self.unwrap = unwrap
        self.parts: tuple[Callable[..., T], Fields] | None = None

    def __repr__(self) -> str:
        return f"<codec {self.name}>"

    def decode(self, data: bytes, offset: int = 0) -> T:
        """Returns the value at `offset`; bytes may follow it, as accounts may be larger than their content.

        Raises:
            DecodeError: the data is truncated or garbled.
        """
        try:
            return self.read(data, offset)[0]
        except _GARBAGE as bad:
            if self.size is not None and len(data) - offset < self.size:
                reason = f"{max(len(data) - offset, 0)} bytes, needs {self.size}"
            else:
                reason = str(bad) or type(bad).__name__
            raise DecodeError(f"not a valid {self.name}: {reason}") from bad

    def decode_exact(self, data: bytes) -> T:
        """Returns the value that takes up all of `data`.

        Raises:
            DecodeError: the data is truncated or garbled, or bytes are left over.
        """
        value = self.decode(data)
        length = self.size if self.size is not None else self.read(data, 0)[1]
        if length != len(data):
            raise DecodeError(f"not a valid {self.name}: {len(data) - length} bytes are left over")
        return value

    def encode(self, value: T) -> bytes:
        """Returns the bytes of `value`.

        Raises:
            EncodeError: the value does not fit the type; the message names the field.
        """
        out = bytearray()
        try:
            self.write(value, out)
        except EncodeError:
            raise
        except _UNFIT as bad:
            raise EncodeError(f"{self.name}: {_why(self.name, value, bad)}") from bad
        return bytes(out)


Fields: TypeAlias = Sequence[tuple[str, Codec[Any]]]
"""Names and types in wire order; padding has the name ""."""


_BITS: Final = {f"{s}{n}": (s == "i", n) for s in "ui" for n in (8, 16, 32, 64, 128, 256)}


def _why(name: str, value: object, bad: Exception) -> str:
    """Returns what would be right, where `struct` only says that something is wrong."""
    if name in _BITS:
        signed, bits = _BITS[name]
        low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
        if isinstance(value, float):
            return f"takes an integer, not the float {value!r}"
        if not hasattr(value, "__index__"):
            return f"takes an integer, not {type(value).__name__}"
        return f"takes {low} to {high}, got {index(value)}"
    if name == "pubkey":
        return f"takes a Pubkey, not {type(value).__name__}"
    return str(bad) or type(bad).__name__


def _fixed(
    name: str,
    scalar: str,
    wrap: Callable[[Any], T] | None = None,
    unwrap: Callable[[T], Any] | None = None,
) -> Codec[T]:
    layout = struct.Struct("<" + scalar)
    size, unpack, pack = layout.size, layout.unpack_from, layout.pack

    if wrap is None or unwrap is None:

        def read(data: bytes, offset: int) -> tuple[T, int]:
            return unpack(data, offset)[0], offset + size

        def write(value: T, out: bytearray) -> None:
            out += pack(value)
    else:

        def read(data: bytes, offset: int) -> tuple[T, int]:
            return wrap(unpack(data, offset)[0]), offset + size

        def write(value: T, out: bytearray) -> None:
            out += pack(unwrap(value))

    return Codec(name, read, write, size=size, scalar=scalar, wrap=wrap, unwrap=unwrap)


def _big(name: str, size: int, signed: bool) -> Codec[int]:
    return _fixed(
        name,
        f"{size}s",
        lambda raw: int.from_bytes(raw, "little", signed=signed),
        lambda value: index(value).to_bytes(size, "little", signed=signed),
    )


def _to_bool(raw: int) -> bool:
    if raw > 1:
        raise ValueError(f"{raw} is not a bool")
    return raw == 1


def _from_pubkey(key: Pubkey) -> bytes:
    if type(key) is not Pubkey:
        raise TypeError(f"takes a Pubkey, not {type(key).__name__}")
    return bytes(key)


u8: Final[Codec[int]] = _fixed("u8", "B")
i8: Final[Codec[int]] = _fixed("i8", "b")
u16: Final[Codec[int]] = _fixed("u16", "H")
i16: Final[Codec[int]] = _fixed("i16", "h")
u32: Final[Codec[int]] = _fixed("u32", "I")
i32: Final[Codec[int]] = _fixed("i32", "i")
u64: Final[Codec[int]] = _fixed("u64", "Q")
i64: Final[Codec[int]] = _fixed("i64", "q")
f32: Final[Codec[float]] = _fixed("f32", "f")
f64: Final[Codec[float]] = _fixed("f64", "d")
u128: Final = _big("u128", 16, signed=False)
i128: Final = _big("i128", 16, signed=True)
u256: Final = _big("u256", 32, signed=False)
i256: Final = _big("i256", 32, signed=True)
boolean: Final[Codec[bool]] = _fixed("bool", "B", _to_bool, bool)
pubkey: Final[Codec[Pubkey]] = _fixed("pubkey", "32s", Pubkey.from_bytes, _from_pubkey)

_LENGTH: Final = struct.Struct("<I")


def pad(size: int) -> Codec[None]:
    """Returns a codec of bytes that mean nothing: skipped on reading, zero on writing."""

    def read(data: bytes, offset: int) -> tuple[None, int]:
        if offset + size > len(data):
            raise ValueError(f"{len(data) - offset} bytes, needs {size}")
        return None, offset + size

    def write(value: None, out: bytearray) -> None:
        out += bytes(size)

    return Codec("padding", read, write, size=size, scalar=f"{size}x")


def raw_bytes(size: int) -> Codec[bytes]:
    """Returns a codec of `[u8; size]`, as bytes."""

    def unwrap(value: bytes) -> bytes:
        if not isinstance(value, (bytes, bytearray, memoryview)):
            raise TypeError(f"takes {size} bytes, not {type(value).__name__}")
        if len(value) != size:
            raise ValueError(f"takes {size} bytes, got {len(value)}")
        return bytes(value)

    return _fixed(f"[u8; {size}]", f"{size}s", bytes, unwrap)


def _prefixed(data: bytes, offset: int) -> tuple[bytes, int]:
    (length,) = _LENGTH.unpack_from(data, offset)
    start = offset + 4
    if length > len(data) - start:
        raise ValueError(f"length {length} at byte {offset} exceeds the {len(data) - start} bytes left")
    return bytes(data[start : start + length]), start + length


def _read_string(data: bytes, offset: int) -> tuple[str, int]:
    raw, end = _prefixed(data, offset)
    return raw.decode(), end


def _write_bytes(value: bytes, out: bytearray) -> None:
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError(f"takes bytes, not {type(value).__name__}")
    out += _LENGTH.pack(len(value))
    out += value


def _write_string(value: str, out: bytearray) -> None:
    if not isinstance(value, str):
        raise TypeError(f"takes str, not {type(value).__name__}")
    _write_bytes(value.encode(), out)


byte_vec: Final[Codec[bytes]] = Codec("bytes", _prefixed, _write_bytes)
string: Final[Codec[str]] = Codec("string", _read_string, _write_string)


def _as_scalar(name: str, size: int, read: ReadFunction[T], write: WriteFunction[T]) -> Codec[T]:
    """Returns a codec of a fixed-size aggregate: one field of bytes to the struct around it."""

    def wrap(raw: bytes) -> T:
        return read(raw, 0)[0]

    def unwrap(value: T) -> bytes:
        out = bytearray()
        write(value, out)
        return bytes(out)

    return Codec(name, read, write, size=size, scalar=f"{size}s", wrap=wrap, unwrap=unwrap)


def array(item: Codec[T], length: int) -> Codec[tuple[T, ...]]:
    """Returns a codec of `[item; length]`, as a tuple."""
    name = f"[{item.name}; {length}]"

    def check(values: Sequence[T]) -> None:
        if len(values) != length:
            raise ValueError(f"takes {length} items, got {len(values)}")

    if item.size is None:

        def read(data: bytes, offset: int) -> tuple[tuple[T, ...], int]:
            values = []
            for _ in range(length):
                value, offset = item.read(data, offset)
                values.append(value)
            return tuple(values), offset

        def write(value: Sequence[T], out: bytearray) -> None:
            check(value)
            for element in value:
                item.write(element, out)

        return Codec(name, read, write)

    layout = struct.Struct("<" + item.scalar * length)
    size, unpack, pack, wrap, unwrap = layout.size, layout.unpack_from, layout.pack, item.wrap, item.unwrap

    def read_fixed(data: bytes, offset: int) -> tuple[tuple[T, ...], int]:
        raw = unpack(data, offset)
        return (raw if wrap is None else tuple(map(wrap, raw))), offset + size

    def write_fixed(value: Sequence[T], out: bytearray) -> None:
        check(value)
        try:
            out += pack(*(value if unwrap is None else map(unwrap, value)))
        except _UNFIT as bad:
            raise _blame(((f"[{i}]", item, element) for i, element in enumerate(value)), bad) from bad

    codec = _as_scalar(name, size, read_fixed, write_fixed)
    if length <= _INLINE:
        codec.parts = (_gather, tuple((f"[{i}]", item) for i in range(length)))
    return codec


#: Arrays up to this length are read together with the record around them.
_INLINE: Final = 32


def _gather(*items: Any) -> tuple[Any, ...]:
    return items


def vec(item: Codec[T]) -> Codec[tuple[T, ...]]:
    """Returns a codec of `Vec<item>`, as a tuple; a length larger than the bytes left is refused."""
    least = max(item.size or 0, 1)

    def read(data: bytes, offset: int) -> tuple[tuple[T, ...], int]:
        (length,) = _LENGTH.unpack_from(data, offset)
        start = offset + 4
        if length > (len(data) - start) // least:
            raise ValueError(f"{length} items at byte {offset} exceed the {len(data) - start} bytes left")
        values = []
        offset = start
        for _ in range(length):
            value, offset = item.read(data, offset)
            values.append(value)
        return tuple(values), offset

    def write(value: Sequence[T], out: bytearray) -> None:
        if isinstance(value, (str, bytes)):
            raise TypeError(f"takes a sequence of {item.name}, not {type(value).__name__}")
        out += _LENGTH.pack(len(value))
        for i, element in enumerate(value):
            try:
                item.write(element, out)
            except _UNFIT as bad:
                raise _blame([(f"[{i}]", item, element)], bad) from bad

    return Codec(f"Vec<{item.name}>", read, write)


def option(item: Codec[T], *, tag_size: int = 1) -> Codec[T | None]:
    """Returns a codec of `Option<item>`, None if absent; `tag_size` 4 for the `COption` of SPL programs."""
    absent, present = bytes(tag_size), (1).to_bytes(tag_size, "little")

    def read(data: bytes, offset: int) -> tuple[T | None, int]:
        tag = data[offset : offset + tag_size]
        if tag == absent:
            return None, offset + tag_size
        if tag != present:
            raise ValueError(f"{bytes(tag).hex() or 'nothing'} at byte {offset} is not the tag of an option")
        return item.read(data, offset + tag_size)

    def write(value: T | None, out: bytearray) -> None:
        if value is None:
            out += absent
        else:
            out += present
            item.write(value, out)

    return Codec(f"Option<{item.name}>", read, write)


def coption(item: Codec[T]) -> Codec[T | None]:
    """Returns a codec of `COption<item>` in accounts of SPL programs, which takes its full size if absent."""
    if item.size is None:
        raise ValueError(f"{item.name} has no fixed size")
    size, nothing = 4 + item.size, bytes(4 + item.size)
    absent, present = bytes(4), (1).to_bytes(4, "little")

    def read(data: bytes, offset: int) -> tuple[T | None, int]:
        start = offset + 4
        return (None if data[offset:start] == absent else item.read(data, start)[0]), offset + size

    def write(value: T | None, out: bytearray) -> None:
        if value is None:
            out += nothing
        else:
            out += present
            item.write(value, out)

    return _as_scalar(f"COption<{item.name}>", size, read, write)


E_ = TypeVar("E_", bound=IntEnum)


def unit_enum(cls: type[E_]) -> Codec[E_]:
    """Returns a codec of an enum whose variants carry nothing, as a Python `IntEnum`."""
    members = {member.value: member for member in cls}

    def wrap(raw: int) -> E_:
        member = members.get(raw)
        if member is None:
            raise ValueError(
                f"{raw} is not a variant of {cls.__name__} that this version of ionet knows:"
                " the program may be newer"
            )
        return member

    def unwrap(value: E_) -> int:
        return cls(value).value

    return _fixed(cls.__name__, "B", wrap, unwrap)


def tagged_enum(
    name: str, variants: Sequence[tuple[type[Any], Sequence[tuple[str, Codec[Any]]]]]
) -> Codec[Any]:
    """Returns a codec of an enum whose variants carry fields: one frozen dataclass for each variant."""
    bodies = [record(cls, fields) for cls, fields in variants]
    tags = {cls: tag for tag, (cls, _) in enumerate(variants)}

    def read(data: bytes, offset: int) -> tuple[Any, int]:
        tag = data[offset]
        if tag >= len(bodies):
            raise ValueError(f"{tag} at byte {offset} is not a variant of {name}")
        return bodies[tag].read(data, offset + 1)

    def write(value: Any, out: bytearray) -> None:
        tag = tags.get(type(value))
        if tag is None:
            raise TypeError(f"takes {' | '.join(cls.__name__ for cls in tags)}, not {type(value).__name__}")
        out.append(tag)
        bodies[tag].write(value, out)

    return Codec(name, read, write)


class _Run:
    """Fixed-size fields that follow one another: one `struct.Struct`."""

    __slots__ = ("fields", "layout", "unwraps", "wraps")

    def __init__(self, fields: Fields) -> None:
        self.layout = struct.Struct("<" + "".join(codec.scalar for _, codec in fields))
        self.fields = [(name, codec) for name, codec in fields if name]
        self.wraps = [(i, codec.wrap) for i, (_, codec) in enumerate(self.fields) if codec.wrap is not None]
        self.unwraps = [
            (i, codec.unwrap) for i, (_, codec) in enumerate(self.fields) if codec.unwrap is not None
        ]

    def read(self, data: bytes, offset: int) -> list[Any]:
        values = list(self.layout.unpack_from(data, offset))
        for i, wrap in self.wraps:
            values[i] = wrap(values[i])
        return values

    def write(self, values: Sequence[Any], out: bytearray) -> None:
        raw = list(values)
        try:
            for i, unwrap in self.unwraps:
                raw[i] = unwrap(raw[i])
            out += self.layout.pack(*raw)
        except _UNFIT as bad:
            blame = ((name, codec, value) for (name, codec), value in zip(self.fields, values, strict=True))
            raise _blame(blame, bad) from bad


def _blame(fields: Any, bad: Exception) -> EncodeError:
    """Returns an error that names the field that does not fit, after the fast path failed."""
    for name, codec, value in fields:
        try:
            codec.write(value, bytearray())
        except EncodeError as inner:
            return EncodeError(f"{name}.{inner}" if not str(inner).startswith("[") else f"{name}{inner}")
        except _UNFIT as inner:
            return EncodeError(f"{name}: {codec.name} {_why(codec.name, value, inner)}")
    return bad if isinstance(bad, EncodeError) else EncodeError(str(bad))


def _steps(fields: Fields) -> list[_Run | tuple[str, Codec[Any]]]:
    steps: list[_Run | tuple[str, Codec[Any]]] = []
    for fixed, group in groupby(fields, key=lambda field: field[1].size is not None):
        if fixed:
            steps.append(_Run(list(group)))
        else:
            steps.extend(group)
    return steps


@cache
def _twin(cls: Callable[..., Any], names: tuple[str, ...]) -> type[Any] | None:
    """Returns a class laid out as the frozen, slotted dataclass `cls`, but with fields that can be set.

    None if `cls` is not such a dataclass. The constructor of a frozen dataclass makes a call for each of its
    fields, which would be most of the cost of decoding.
    """
    if not (isinstance(cls, type) and is_dataclass(cls)) or hasattr(cls, "__post_init__"):
        return None
    if names != cls.__dict__.get("__slots__"):
        return None
    twin = type(cls.__name__, cls.__bases__, {"__slots__": names})
    try:
        setattr(object.__new__(twin), "__class__", cls)  # noqa: B010 - to mypy it is read-only
    except TypeError:  # inherits more than empty slots
        return None
    return twin


def _flat_reader(cls: Callable[..., T], fields: Fields) -> ReadFunction[T]:
    """Returns a function that reads a record of fixed size, with all records inside it, by one unpack.

    It is compiled as dataclasses compile their methods: scans decode thousands of accounts.
    """
    scope: dict[str, Any] = {"new": object.__new__}
    formats: list[str] = []
    variables: list[str] = []
    lines: list[str] = []

    def expression(make: Callable[..., Any], fields: Fields) -> str:
        values: list[tuple[str, str]] = []
        for name, codec in fields:
            if codec.parts is not None:
                values.append((name, expression(*codec.parts)))
                continue
            formats.append(codec.scalar)
            if not name:
                continue
            variable = f"v{len(variables)}"
            variables.append(variable)
            if codec.wrap is not None:
                scope[f"wrap_{variable}"] = codec.wrap
                variable = f"wrap_{variable}({variable})"
            values.append((name, variable))
        if make is _gather:
            return f"({''.join(f'{value}, ' for _, value in values)})"
        result, maker = f"made_{len(scope)}", f"make_{len(scope)}"
        scope[maker] = make
        twin = _twin(make, tuple(name for name, _ in values))
        if twin is None:
            lines.append(f"{result} = {maker}({', '.join(value for _, value in values)})")
        else:
            scope[f"twin_{maker}"] = twin
            lines.append(f"{result} = new(twin_{maker})")
            lines.extend(f"{result}.{name} = {value}" for name, value in values)
            lines.append(f"{result}.__class__ = {maker}")
        return result

    result = expression(cls, fields)
    layout = struct.Struct("<" + "".join(formats))
    scope["unpack"] = layout.unpack_from
    target = f"{', '.join(variables)}, = " if variables else ""
    body = [f"{target}unpack(data, offset)", *lines, f"return {result}, offset + {layout.size}"]
    exec("def read(data, offset):\n" + "".join(f"    {line}\n" for line in body), scope)  # noqa: S102
    read: ReadFunction[T] = scope["read"]
    return read


def record(cls: Callable[..., T], fields: Fields, name: str = "") -> Codec[T]:
    """Returns a codec of a struct with these fields, made by calling `cls` with them in order."""
    name = name or getattr(cls, "__name__", "struct")
    steps = _steps(fields)
    names = [field for field, _ in fields if field]

    if len(steps) == 1 and isinstance(run := steps[0], _Run):
        pick: Callable[[Any], Sequence[Any]]
        if len(names) == 1:
            get = attrgetter(names[0])
            pick = lambda value: (get(value),)  # noqa: E731
        else:
            pick = attrgetter(*names) if names else lambda value: ()

        def write_fixed(value: T, out: bytearray) -> None:
            run.write(pick(value), out)

        compiled: list[ReadFunction[T]] = []

        def read_first(data: bytes, offset: int) -> tuple[T, int]:
            # Compiled when first needed: most programs read few of the types they import.
            if not compiled:
                compiled.append(_flat_reader(cls, fields))
                codec.read = compiled[0]
            return compiled[0](data, offset)

        codec = _as_scalar(name, run.layout.size, read_first, write_fixed)
        codec.parts = (cls, fields)
        return codec

    def read(data: bytes, offset: int) -> tuple[T, int]:
        values: list[Any] = []
        for step in steps:
            if isinstance(step, _Run):
                values += step.read(data, offset)
                offset += step.layout.size
            else:
                value, offset = step[1].read(data, offset)
                values.append(value)
        return cls(*values), offset

    def write(value: T, out: bytearray) -> None:
        for step in steps:
            if isinstance(step, _Run):
                step.write([getattr(value, field) for field, _ in step.fields], out)
            else:
                _write_field(step[0], step[1], getattr(value, step[0]), out)

    if not steps:

        def read_nothing(data: bytes, offset: int) -> tuple[T, int]:
            return cls(), offset

        return _as_scalar(name, 0, read_nothing, write)
    return Codec(name, read, write)


def _write_field(name: str, codec: Codec[Any], value: Any, out: bytearray) -> None:
    try:
        codec.write(value, out)
    except _UNFIT as bad:
        raise _blame([(name, codec, value)], bad) from bad


def arguments(name: str, discriminator: bytes, fields: Fields) -> Callable[..., bytes]:
    """Returns a function of the arguments, in order, that returns an instruction's data.

    Raises (when called):
        EncodeError: an argument does not fit; the message names the instruction and the argument.
    """
    if not fields:
        return lambda: discriminator
    steps = _steps(fields)

    def encode(*values: Any) -> bytes:
        out = bytearray(discriminator)
        at = 0
        try:
            for step in steps:
                if isinstance(step, _Run):
                    count = len(step.fields)
                    step.write(values[at : at + count], out)
                    at += count
                else:
                    _write_field(step[0], step[1], values[at], out)
                    at += 1
        except EncodeError as bad:
            raise EncodeError(f"{name}: {bad}") from bad.__cause__
        return bytes(out)

    return encode


def offsets(fields: Fields, start: int = 0) -> dict[str, int]:
    """Returns the byte offset of every field whose offset does not depend on the content."""
    places: dict[str, int] = {}
    for name, codec in fields:
        if name:
            places[name] = start
        if codec.size is None:
            break
        start += codec.size
    return places


def seed(codec: Codec[int], value: Int) -> bytes:
    """Returns an integer as a seed of an address: little-endian, in the width of its type."""
    return codec.encode(index(value))

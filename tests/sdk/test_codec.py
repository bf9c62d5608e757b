"""Coders: exact bytes, round trips, and one error for whatever is wrong."""

from __future__ import annotations

import pickle
import struct
from dataclasses import FrozenInstanceError, dataclass, replace
from enum import IntEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.pubkey import Pubkey

from ionet import IO, DecodeError, EncodeError
from ionet.chain import codec as c


class Color(IntEnum):
    RED = 0
    GREEN = 1


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Poster:
    at: Point
    corners: tuple[Point, Point]
    color: Color


@dataclass(frozen=True, slots=True)
class Even:
    value: int

    def __post_init__(self) -> None:
        if self.value % 2:
            raise ValueError(f"{self.value} is odd")


@dataclass(frozen=True, slots=True)
class Empty:
    pass


@dataclass(frozen=True, slots=True)
class Circle:
    center: Point
    radius: int | None


@dataclass(frozen=True, slots=True)
class Sheet:
    owner: Pubkey
    points: tuple[Point, ...]
    color: Color
    shapes: tuple[Any, ...]
    label: str
    weight: int
    tail: bytes


POINT = c.record(Point, (("x", c.i16), ("", c.pad(2)), ("y", c.u32)))
SHAPE = c.tagged_enum("Shape", ((Empty, ()), (Circle, (("center", POINT), ("radius", c.option(c.u8))))))
SHEET = c.record(
    Sheet,
    (
        ("owner", c.pubkey),
        ("points", c.array(POINT, 2)),
        ("color", c.unit_enum(Color)),
        ("shapes", c.vec(SHAPE)),
        ("label", c.string),
        ("weight", c.u128),
        ("tail", c.raw_bytes(3)),
    ),
)

u8s = st.integers(0, 255)
points = st.builds(Point, st.integers(-(2**15), 2**15 - 1), st.integers(0, 2**32 - 1))
shapes = st.one_of(st.just(Empty()), st.builds(Circle, points, st.none() | u8s))
sheets = st.builds(
    Sheet,
    st.binary(min_size=32, max_size=32).map(Pubkey.from_bytes),
    st.tuples(points, points),
    st.sampled_from(Color),
    st.lists(shapes, max_size=4).map(tuple),
    st.text(max_size=20),
    st.integers(0, 2**128 - 1),
    st.binary(min_size=3, max_size=3),
)


@given(sheets)
def test_what_is_written_is_read_back(sheet: Sheet) -> None:
    data = SHEET.encode(sheet)
    assert SHEET.decode(data) == sheet
    assert SHEET.decode_exact(data) == sheet
    assert SHEET.decode(data + b"more") == sheet


def test_the_bytes_are_borsh() -> None:
    key = Pubkey.new_unique()
    sheet = Sheet(
        key, (Point(-1, 2), Point(3, 4)), Color.GREEN, (Empty(), Circle(Point(5, 6), 7)), "é", 9, b"abc"
    )
    assert SHEET.encode(sheet) == (
        bytes(key)
        + bytes.fromhex("ffff0000 02000000 03000000 04000000")
        + b"\x01"
        + bytes.fromhex("02000000 00 01 05000000 06000000 01 07")
        + bytes.fromhex("02000000 c3a9")
        + (9).to_bytes(16, "little")
        + b"abc"
    )


@given(sheets, st.data())
def test_every_truncation_is_a_decode_error(sheet: Sheet, data: st.DataObject) -> None:
    whole = SHEET.encode(sheet)
    with pytest.raises(DecodeError, match="not a valid Sheet"):
        SHEET.decode(whole[: data.draw(st.integers(0, len(whole) - 1))])


@given(st.binary(max_size=300))
def test_garbage_is_a_decode_error_or_a_value_and_never_anything_else(data: bytes) -> None:
    try:
        sheet = SHEET.decode(data)
    except DecodeError:
        return
    assert data.startswith(SHEET.encode(sheet)[:0])


POSTER = c.record(Poster, (("at", POINT), ("corners", c.array(POINT, 2)), ("color", c.unit_enum(Color))))
MIRRORED = c.record(Point, (("y", c.u32), ("x", c.u32)))


@given(st.builds(Poster, points, st.tuples(points, points), st.sampled_from(Color)))
def test_a_record_that_is_read_is_like_one_that_is_made(poster: Poster) -> None:
    read = POSTER.decode(POSTER.encode(poster))
    assert read == poster
    assert hash(read) == hash(poster)
    assert repr(read) == repr(poster)
    assert type(read) is Poster
    assert [type(one) for one in (read.at, *read.corners)] == [Point] * 3
    assert pickle.loads(pickle.dumps(read)) == replace(read) == poster


def test_a_record_that_is_read_is_frozen() -> None:
    read = POINT.decode(bytes(8))
    with pytest.raises(FrozenInstanceError):
        read.x = 1  # type: ignore[misc]
    assert not hasattr(read, "__dict__")


def test_fields_in_another_order_than_the_classs_are_given_by_place() -> None:
    assert MIRRORED.decode(struct.pack("<II", 1, 2)) == Point(1, 2)


def test_a_class_that_checks_its_values_is_made_by_its_constructor() -> None:
    even = c.record(Even, (("value", c.u8),))
    assert even.decode(b"\x02") == Even(2)
    with pytest.raises(DecodeError, match="1 is odd"):
        even.decode(b"\x01")


@given(st.none() | st.integers(0, 2**64 - 1))
def test_an_absent_value_of_an_spl_account_takes_as_many_bytes(value: int | None) -> None:
    data = c.coption(c.u64).encode(value)
    assert data == struct.pack("<IQ", value is not None, value or 0)
    assert c.coption(c.u64).decode(data) == value


def test_bytes_that_are_left_over_are_counted() -> None:
    with pytest.raises(DecodeError, match="2 bytes are left over"):
        c.u32.decode_exact(bytes(6))


@pytest.mark.parametrize(
    "codec", [c.vec(c.u8), c.vec(c.u64), c.vec(POINT), c.string, c.byte_vec, c.vec(SHAPE)]
)
def test_a_length_beyond_the_data_is_refused_before_anything_is_allocated(codec: c.Codec[Any]) -> None:
    with pytest.raises(DecodeError, match="exceed"):
        codec.decode(struct.pack("<I", 0xFFFF_FFFF) + bytes(20))


@pytest.mark.parametrize(
    ("codec", "data", "says"),
    [
        (c.boolean, b"\x02", "2 is not a bool"),
        (c.unit_enum(Color), b"\x02", "2 is not a variant of Color"),
        (SHAPE, b"\x02", "not a variant of Shape"),
        (c.option(c.u8), b"\x02\x00", "not the tag of an option"),
        (c.option(c.u8, tag_size=4), b"\x01\x00\x01\x00\x00", "not the tag of an option"),
        (c.string, struct.pack("<I", 1) + b"\xff", "utf-8"),
        (c.pubkey, bytes(31), "31 bytes, needs 32"),
        (c.pad(3), b"", "0 bytes, needs 3"),
    ],
)
def test_garbled_bytes_are_refused_with_the_reason(codec: c.Codec[Any], data: bytes, says: str) -> None:
    with pytest.raises(DecodeError, match=says):
        codec.decode(data)


@pytest.mark.parametrize(
    ("codec", "value", "says"),
    [
        (c.u8, 256, "u8: takes 0 to 255, got 256"),
        (c.u64, -1, "u64: takes 0 to 18446744073709551615, got -1"),
        (c.i128, 2**127, "i128: takes -170141183460469231731687303715884105728 to"),
        (c.u64, 1.0, "takes an integer, not the float 1.0"),
        (c.u128, 1.0, "takes an integer, not the float 1.0"),
        (c.u64, "1", "takes an integer, not str"),
        (c.pubkey, "abc", "takes a Pubkey, not str"),
        (c.raw_bytes(4), b"abc", "takes 4 bytes, got 3"),
        (c.raw_bytes(4), [1, 2, 3, 4], "takes 4 bytes, not list"),
        (c.array(c.u8, 2), (1, 2, 3), "takes 2 items, got 3"),
        (c.array(c.u8, 2), (1, 300), r"\[1\]: u8 takes 0 to 255"),
        (c.vec(c.u16), (1, -1), r"\[1\]: u16 takes 0 to 65535"),
        (c.vec(c.u8), b"abc", "takes a sequence of u8"),
        (c.string, b"abc", "takes str, not bytes"),
        (c.byte_vec, "abc", "takes bytes, not str"),
        (SHAPE, 5, r"takes Empty \| Circle, not int"),
        (c.unit_enum(Color), 7, "7 is not a valid Color"),
        (POINT, Point(2**15, 0), "x: i16 takes -32768 to 32767, got 32768"),
        (SHAPE, Circle(Point(0, -1), None), "center.y: u32 takes 0 to 4294967295, got -1"),
    ],
)
def test_unfit_values_are_refused_with_the_field_and_what_would_be_right(
    codec: c.Codec[Any], value: object, says: str
) -> None:
    with pytest.raises(EncodeError, match=says):
        codec.encode(value)


def test_exact_amounts_stand_for_their_base_units() -> None:
    assert c.u64.encode(IO("0.5")) == struct.pack("<Q", 50_000_000)  # type: ignore[arg-type]
    assert c.u128.encode(IO("0.5")) == (50_000_000).to_bytes(16, "little")  # type: ignore[arg-type]


def test_instruction_data_is_discriminator_and_arguments() -> None:
    encode = c.arguments("stake", b"\x01\x02", (("amount", c.u64), ("memo", c.string), ("flag", c.boolean)))
    assert encode(5, "hi", True) == b"\x01\x02" + struct.pack("<QI", 5, 2) + b"hi\x01"
    with pytest.raises(EncodeError, match="stake: amount: u64 takes 0 to"):
        encode(-1, "hi", True)
    with pytest.raises(EncodeError, match="stake: memo: string takes str"):
        encode(1, 5, True)


def test_offsets_end_at_the_first_field_of_varying_size() -> None:
    fields = (("a", c.u8), ("", c.pad(3)), ("b", c.pubkey), ("c", c.vec(c.u8)), ("d", c.u8))
    assert c.offsets(fields, 8) == {"a": 8, "b": 12, "c": 44}


def test_sizes_are_known_where_nothing_varies() -> None:
    assert POINT.size == 8
    assert c.array(POINT, 3).size == 24
    assert c.option(c.u8).size is None
    assert SHEET.size is None

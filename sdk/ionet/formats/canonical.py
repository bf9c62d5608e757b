r"""Canonical JSON: one value, one byte string, so that a hash names exactly one document.

A subset of RFC 8785 (JSON Canonicalization Scheme):

* UTF-8, no byte order mark, no white space between tokens;
* object keys are printable ASCII and sorted by code point (which equals JCS's UTF-16 order for ASCII);
* numbers are integers with ``|x| <= 2**53 - 1``; floats do not exist, so none can be written in two ways;
* strings escape only ``"``, ``\\`` and the control characters below U+0020; lone surrogates are refused;
* ``null``, ``true`` and ``false`` are allowed;
* objects and arrays lie in each other at most 128 deep, so that no reader runs out of stack.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from ionet.chain.errors import IonetError

Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"

MAX_INT = 2**53 - 1
MAX_DEPTH = 128
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


class CanonicalError(IonetError, ValueError):
    """The value or the bytes have no canonical form; the message names the place and the rule."""


def check(value: object, where: str = "$", depth: int = 0) -> None:
    """Raises `CanonicalError` if ``value`` is outside the subset; ``where`` names it in the message."""
    if depth > MAX_DEPTH:
        raise CanonicalError(f"the document is nested too deeply: at most {MAX_DEPTH} levels")
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, int):
        if abs(value) > MAX_INT:
            raise CanonicalError(f"{where}: {value} does not fit in 53 bits; write larger numbers as strings")
    elif isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise CanonicalError(f"{where}: the string holds a lone surrogate and is not UTF-8") from error
    elif isinstance(value, float):
        raise CanonicalError(f"{where}: {value!r} is a float; use an integer in a smaller unit, or a string")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii() or not key.isprintable():
                raise CanonicalError(f"{where}: the key {key!r} is not printable ASCII")
            check(item, f"{where}.{key}", depth + 1)
    elif isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview)):
        for index, item in enumerate(value):
            check(item, f"{where}[{index}]", depth + 1)
    else:
        raise CanonicalError(
            f"{where}: a {type(value).__name__} is not JSON; bytes are written as hex or base58"
        )


def encode(value: Json) -> bytes:
    """Returns the canonical bytes of ``value``.

    Raises:
        CanonicalError: for floats, integers beyond 53 bits, keys that are not ASCII, or other types.
    """
    check(value)
    return _ENCODER.encode(value).encode("utf-8")


def encode_unchecked(value: Json) -> bytes:
    """Returns what `encode` does, for values that the caller has already checked (hot loops)."""
    return _ENCODER.encode(value).encode("utf-8")


def _no_float(text: str) -> object:
    raise CanonicalError(f"{text} is not an integer; canonical JSON has no floats")


def _integer(text: str) -> int:
    if abs(value := int(text)) > MAX_INT:
        raise CanonicalError(f"{text} does not fit in 53 bits")
    return value


_DECODER = json.JSONDecoder(parse_float=_no_float, parse_int=_integer, parse_constant=_no_float)
#: For text in which no number can be too large: none has as many digits as this.
_SHORT = json.JSONDecoder(parse_float=_no_float, parse_constant=_no_float)
_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_LONG = tuple(before + b"0" * len(str(MAX_INT)) for before in (b":", b",", b"[", b"-"))


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    out = dict(pairs)
    if len(out) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise CanonicalError(f"the key {twice!r} appears twice in one object")
    return out


def parse(data: bytes | str) -> object:
    """Parses JSON of the subset in any layout (white space and key order are free).

    Raises:
        CanonicalError: for invalid UTF-8 or JSON, duplicate keys, floats or out-of-range integers.
    """
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
        value: object = json.loads(
            text, object_pairs_hook=_unique, parse_float=_no_float, parse_constant=_no_float
        )
        check(value)
    except CanonicalError:
        raise
    except RecursionError as error:
        raise CanonicalError("the document is nested too deeply") from error
    except UnicodeDecodeError as error:
        raise CanonicalError(f"not UTF-8: {error.reason} at byte {error.start}") from error
    except ValueError as error:
        raise CanonicalError(f"not valid JSON: {error}") from error
    return value


def decode(data: bytes) -> object:
    """Parses bytes that must already be canonical: only then does their hash name the value.

    Raises:
        CanonicalError: as `parse`, and when the bytes differ from the value's canonical form.
    """
    if (plain := _plain(data)) is not None:
        return plain
    value = parse(data)
    if encode_unchecked(value) != data:  # type: ignore[arg-type]
        raise CanonicalError("the bytes are valid JSON but not in canonical form (key order or white space)")
    return value


def _plain(data: bytes) -> object:
    """The value of bytes that are canonical and have neither escapes nor more than ASCII; None: see `decode`.

    Five times as fast: keys need no look there, and a key that appears twice is not encoded twice.
    """
    if (
        not data.isascii()
        or b"\\" in data
        or b"\x7f" in data
        or data.count(b"{") + data.count(b"[") > MAX_DEPTH
    ):
        return None
    try:
        value = (_DECODER if _may_be_long(data) else _SHORT).decode(data.decode("ascii"))
    except (ValueError, RecursionError):
        return None
    return value if encode_unchecked(value) == data else None


def _may_be_long(data: bytes) -> bool:
    """Whether a number in it may have more than 53 bits; it is looked at one by one then."""
    zeros = data.translate(_ZEROS)
    colon, comma, bracket, minus = _LONG
    return (
        colon in zeros
        or comma in zeros
        or bracket in zeros
        or minus in zeros
        or not data.startswith((b"{", b"["))
    )

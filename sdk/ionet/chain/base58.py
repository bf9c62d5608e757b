"""Base58, as Solana writes it."""

from __future__ import annotations

from typing import Final

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES: Final = {letter: value for value, letter in enumerate(_ALPHABET)}


def b58encode(data: bytes) -> str:
    """Returns bytes as text."""
    number = int.from_bytes(data, "big")
    letters: list[str] = []
    # Ten digits at a time: fewer divisions of a long number.
    while number:
        number, ten = divmod(number, 58**10)
        for _ in range(10):
            ten, digit = divmod(ten, 58)
            letters.append(_ALPHABET[digit])
    text = "".join(letters).rstrip("1")
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text[::-1]


def b58decode(text: str) -> bytes:
    """Returns text as bytes.

    Raises:
        ValueError: a letter is outside the alphabet.
    """
    number = 0
    for letter in text:
        value = _VALUES.get(letter)
        if value is None:
            raise ValueError(f"{letter!r} is not a base58 letter")
        number = number * 58 + value
    body = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes(len(text) - len(text.lstrip("1"))) + body

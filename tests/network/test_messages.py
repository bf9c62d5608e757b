"""A message's bytes are those that docs/network.md gives, and no other bytes are taken for it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
from solders.keypair import Keypair

from ionet.chain.base58 import b58encode
from ionet.wire import Kind, Message, MessageError, Sealed, SealError
from ionet.wire._seal import seal

PAGE: Final = (Path(__file__).resolve().parents[2] / "docs/network.md").read_text()
KEY: Final = Keypair.from_seed(bytes(range(32)))


def given(name: str) -> str:
    """A line of the page's example."""
    match = re.search(rf"^    {name} +(.+)$", PAGE, re.MULTILINE)
    assert match is not None
    return match[1]


def test_the_example_is_what_the_bytes_are() -> None:
    arguments = given("arguments").encode()
    # By hand, from the page's table.
    unsigned = b"".join(
        (
            b"ion1",
            b"\x01",
            bytes(KEY.pubkey()),
            bytes([1]) * 32,
            bytes([2]) * 32,
            (1_800_000_000_000_001).to_bytes(8, "big"),
            (1_800_000_000).to_bytes(8, "big"),
            len(arguments).to_bytes(4, "big"),
            arguments,
            b"blob",
        )
    )
    message = Message.from_bytes(unsigned + bytes.fromhex(given("signature")))
    assert b58encode(message.sender) in PAGE
    assert message.digest.hex() == given("digest")
    assert (message.kind, message.blob) == (Kind.REQUEST, b"blob")
    made = Message.sign(
        KEY,
        Kind.REQUEST,
        to=bytes([1]) * 32,
        context=bytes([2]) * 32,
        number=1_800_000_000_000_001,
        at=1_800_000_000,
        arguments=message.arguments,
        blob=b"blob",
    )
    assert made.to_bytes() == message.to_bytes()


def test_no_byte_of_a_message_can_be_another() -> None:
    data = Message.sign(KEY, Kind.ANSWER, to=bytes(32), context=bytes(32), number=1, blob=b"x").to_bytes()
    for place in range(len(data)):
        other = bytearray(data)
        other[place] ^= 1
        with pytest.raises(MessageError):
            Message.from_bytes(bytes(other))
    for cut in (0, 10, len(data) - 1):
        with pytest.raises(MessageError):
            Message.from_bytes(data[:cut])
    with pytest.raises(MessageError):
        Message.from_bytes(data + b"\0")


def test_what_is_sealed_for_a_request_opens_for_it_alone() -> None:
    asker, other = Sealed(), Sealed()
    sealed = seal(asker.public, b"a line of the log")
    assert b"line" not in sealed
    assert asker.open(sealed) == b"a line of the log"
    for wrong in (sealed[:-1], sealed[:31], b"", bytes(32) + sealed[32:], sealed[:40] + b"\0" + sealed[41:]):
        with pytest.raises(SealError):
            asker.open(wrong)
    with pytest.raises(SealError):
        other.open(sealed)

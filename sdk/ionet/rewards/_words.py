"""Devices' statements of an hour as lines of a file, which workers hand to attesters.

One JSON object a line::

    {"device": "..", "good": 3600, "node": "..", "proof": "<hex>", "samples": "<hex>", "signature": "..",
     "up_hours": 5}

Keys and signature are base58. The signature is over `statement_bytes`, which names the hour's end.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solders.pubkey import Pubkey
from solders.signature import Signature

from ionet.chain.files import whole_file
from ionet.formats import canonical
from ionet.rewards._statement import Statement


@dataclass(frozen=True, slots=True)
class Word:
    """A device's claim for an hour.

    Attributes:
        node: the node's address, 32 bytes.
        up_hours: hours in a row that it has been up.
        statement: the signed rest.
    """

    node: bytes
    up_hours: int
    statement: Statement


def word_line(word: Word) -> bytes:
    """A statement as a line, without its line feed."""
    return canonical.encode(
        {
            "device": str(Pubkey(word.statement.device)),
            "good": word.statement.good,
            "node": str(Pubkey(word.node)),
            "proof": word.statement.proof.hex(),
            "samples": word.statement.samples.hex(),
            "signature": str(Signature.from_bytes(word.statement.signature)),
            "up_hours": word.up_hours,
        }
    )


def write_words(path: str | Path, words: Iterable[Word]) -> None:
    """Writes statements to a file."""
    with whole_file(path) as file:
        file.writelines(word_line(word) + b"\n" for word in words)


def read_words(path: str | Path, period_end: int) -> tuple[dict[bytes, Word], list[str]]:
    """Reads a file's statements by node, and checks their signatures.

    Args:
        path: the file.
        period_end: end of the hour they are for, Unix seconds.

    Returns:
        The statements by node; and why lines do not count, in words: it is no statement, its device did not
        sign it for this hour, or the node has one already.
    """
    words: dict[bytes, Word] = {}
    refused = []
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                word = word_of(json.loads(line))
                name = str(Pubkey(word.node))
                if word.node in words:
                    raise ValueError(f"a second statement of node {name}")
                if not word.statement.verify(word.node, period_end, word.up_hours):
                    raise ValueError(
                        f"the device of node {name} did not sign this for the hour that ends at {period_end}"
                    )
            except (ValueError, TypeError, KeyError, RecursionError) as bad:
                reason = f"the field {bad} is missing" if isinstance(bad, KeyError) else str(bad)
                refused.append(f"line {number}: {reason}")
                continue
            words[word.node] = word
    return words, refused


def word_of(value: Mapping[str, Any]) -> Word:
    """Reads a statement from its JSON object; its signature is not checked.

    Raises:
        ValueError, TypeError: a field is none.
        KeyError: a field is missing.
    """
    if not isinstance(value, dict):
        raise ValueError("expected one JSON object")
    for name in ("good", "up_hours"):
        if type(value[name]) is not int or not 0 <= value[name] < 1 << 31:
            raise ValueError(f"{name} is a number of seconds or hours, not {value[name]!r}")
    hashes = {name: bytes.fromhex(value[name]) for name in ("proof", "samples")}
    if any(len(digest) != 32 for digest in hashes.values()):
        raise ValueError("proof and samples are 64 hexadecimal digits each")
    return Word(
        node=bytes(Pubkey.from_string(value["node"])),
        up_hours=value["up_hours"],
        statement=Statement(
            device=bytes(Pubkey.from_string(value["device"])),
            good=value["good"],
            proof=hashes["proof"],
            samples=hashes["samples"],
            signature=bytes(Signature.from_string(value["signature"])),
        ),
    )

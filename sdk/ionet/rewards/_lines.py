"""Texts and values of what attesters have measured: one canonical text for each value.

Formatted by hand, which is four times as fast; a test compares the results with the general encoder.
"""

from __future__ import annotations

from typing import Any, Final

from solders.pubkey import Pubkey
from solders.signature import Signature

from ionet._generated.staking.types import ProofReason
from ionet.rewards._leaf import Verdict
from ionet.rewards._measured import Measure
from ionet.rewards._statement import Statement
from ionet.rewards._words import Word

#: Of a statement.
_FIELDS: Final = 6


def measure_line(measure: Measure) -> bytes:
    """What an attester has measured of a node, as a line, without its line feed."""
    word = measure.word
    statement = "null" if word is None else word_text(word)
    return line_text(str(Pubkey(measure.node)), statement, measure.up_hours, verdict_text(measure.verdict))


def line_text(node: str, statement: str, up_hours: int | None, verdict: str) -> bytes:
    up = "null" if up_hours is None else up_hours
    return f'{{"node":"{node}","statement":{statement},"up_hours":{up},"verdict":{verdict}}}'.encode()


def word_text(word: Word) -> str:
    its = word.statement
    return (
        f'{{"device":"{Pubkey(its.device)}","good":{its.good},"proof":"{its.proof.hex()}",'
        f'"samples":"{its.samples.hex()}","signature":"{Signature.from_bytes(its.signature)}",'
        f'"up_hours":{word.up_hours}}}'
    )


def verdict_text(verdict: Verdict | None) -> str:
    if verdict is None:
        return "null"
    return (
        f'{{"evidence":"{verdict.evidence_hash.hex()}","reason":{int(verdict.reason)},'
        f'"score_bps":{verdict.score_bps}}}'
    )


def stated_text(value: dict[str, Any]) -> str:
    """The text of a statement's JSON, which is one (`word_from`).

    Raises:
        ValueError: it has other fields.
    """
    if len(value) != _FIELDS:
        raise ValueError("a statement with fields that it does not have")
    return (
        f'{{"device":"{value["device"]}","good":{value["good"]},"proof":"{value["proof"]}",'
        f'"samples":"{value["samples"]}","signature":"{value["signature"]}","up_hours":{value["up_hours"]}}}'
    )


def verdict_and_text(end: int, score: Any, reason: Any, evidence: Any) -> tuple[Verdict, str]:
    """A verdict from its values in evidence, and its text.

    Raises:
        ValueError, TypeError: it is none.
    """
    verdict = verdict_from(end, score, reason, evidence)
    return verdict, f'{{"evidence":"{evidence}","reason":{reason},"score_bps":{score}}}'


def number(value: Any, bits: int) -> int:
    if type(value) is not int or not 0 <= value < 1 << bits:
        raise ValueError(f"expected a number below 2^{bits}, not {value!r}")
    return value


def digest_from(text: str) -> bytes:
    digest = bytes.fromhex(text)
    if len(digest) != 32:
        raise ValueError("a hash has 64 hexadecimal digits")
    return digest


#: Reasons by their numbers, which is faster than the type.
_REASONS: Final = {int(reason): reason for reason in ProofReason}


def verdict_from(end: int, score: Any, reason: Any, evidence: Any) -> Verdict:
    if type(reason) is not int or reason not in _REASONS:
        raise ValueError(f"{reason!r} is no reason of a verdict")
    found = _REASONS[reason]
    return Verdict(end, number(score, 32), found, found == ProofReason.PASSED, digest_from(evidence))


def word_from(node: bytes, value: dict[str, Any]) -> Word:
    return Word(
        node,
        number(value["up_hours"], 31),
        Statement(
            device=bytes(Pubkey.from_string(value["device"])),
            good=number(value["good"], 31),
            proof=digest_from(value["proof"]),
            samples=digest_from(value["samples"]),
            signature=bytes(Signature.from_string(value["signature"])),
        ),
    )

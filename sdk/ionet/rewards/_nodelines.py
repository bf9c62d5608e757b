"""The nodes' lines of evidence (`ionet.rewards._evidence`), read into columns.

Nearly all lines have the one text that their values have; these are read by a pattern that no other text
matches, four times as fast as by a parser. Everything else is read as JSON, which also says what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import numpy as np
from solders.pubkey import Pubkey
from solders.signature import Signature

from ionet._generated.staking.types import Pool, ProofReason
from ionet.chain.errors import IonetError
from ionet.rewards._leaf import Verdict
from ionet.rewards._leaves import Absent, Leaves, last_hour, pack, packed
from ionet.rewards._lines import digest_from, number
from ionet.rewards._score import Hour, NodeHour, Proof
from ionet.rewards._statement import Statement

POOLS: Final = {pool: pool.name.lower() for pool in Pool}
PROOFS: Final = {Proof.PASSED: "passed", Proof.FAILED: "failed", Proof.MISSING: "missing"}
_POOL_NAMES: Final = {name: pool for pool, name in POOLS.items()}
_PROOF_NAMES: Final = {name: proof for proof, name in PROOFS.items()}
_REASONS: Final = {str(int(reason)): reason for reason in ProofReason}


class EvidenceError(IonetError, ValueError):
    """A file is damaged, contradicts itself or does not lead to the root; the message says where."""


#: Texts of values that are canonical, and that no column is too small for: others are left to the parser.
NUMBER: Final = "(0|[1-9][0-9]{0,8})"
KEY: Final = "([1-9A-HJ-NP-Za-km-z]{32,44})"
SIGNATURE: Final = "([1-9A-HJ-NP-Za-km-z]{64,88})"
DIGEST: Final = "([0-9a-f]{64})"
_AMOUNT: Final = '"(0|[1-9][0-9]{0,17})"'
_LONG: Final = "(0|[1-9][0-9]{0,14})"
_BOOL: Final = "(true|false)"
STATEMENT: Final = {
    "device": f'"{KEY}"',
    "good": NUMBER,
    "proof": f'"{DIGEST}"',
    "samples": f'"{DIGEST}"',
    "signature": f'"{SIGNATURE}"',
}
_OF_VERDICT: Final = {
    "evidence": f'"{DIGEST}"',
    "passed": _BOOL,
    "reason": NUMBER,
    "score_bps": NUMBER,
    "time": _LONG,
}
#: Facts in the order of their names, what the text of each is like, and its value in a column.
_FACTS: Final[dict[str, tuple[str, Callable[[str], int]]]] = {
    "banned": (_BOOL, "true".__eq__),
    "closed_at": (_LONG, int),
    "credited": (_AMOUNT, int),
    "fees": (_AMOUNT, int),
    "in_use": (_BOOL, "true".__eq__),
    "multiplier_bps": (NUMBER, int),
    "pool": (
        f'"({"|".join(_POOL_NAMES)})"',
        {name: int(pool) for name, pool in _POOL_NAMES.items()}.__getitem__,
    ),
    "proof": (
        f'"({"|".join(_PROOF_NAMES)})"',
        {name: int(proof) for name, proof in _PROOF_NAMES.items()}.__getitem__,
    ),
    "required_stake": (_AMOUNT, int),
    "stake": (_AMOUNT, int),
    "units": (NUMBER, int),
    "up_hours": (NUMBER, int),
}


def object_of(fields: Mapping[str, str]) -> str:
    """The pattern of a JSON object with these fields, of which each value has a pattern."""
    inner = ",".join(f'"{name}":{value}' for name, value in sorted(fields.items()))
    return rf"\{{{inner}\}}"


_LINE: Final = {
    **{name: pattern for name, (pattern, _) in _FACTS.items()},
    "lifetime": _AMOUNT,
    "node": f'"{KEY}"',
    "previous_height": _LONG,
    "reward": _AMOUNT,
    "statement": f"(?:null|{object_of(STATEMENT)})",
    "verdict": object_of(_OF_VERDICT),
    "why": NUMBER,
}
_INNER: Final = {"statement": STATEMENT, "verdict": _OF_VERDICT}
#: Names of the groups of a match.
_GROUPS: Final = [
    group
    for name in sorted(_LINE)
    for group in ([f"{name}.{each}" for each in _INNER[name]] if name in _INNER else [name])
]


@dataclass(slots=True)
class NodeLines:
    """What nodes' lines say.

    Attributes:
        end: end of the hour, Unix seconds.
        keys: the nodes of all lines.
        absent: nodes that are not live.
        reward: of live nodes, and so is `why`.
    """

    #: A live node's line with its line feed, in the text that nearly all have.
    USUAL: ClassVar = re.compile(object_of(_LINE) + "\n")

    end: int
    keys: list[bytes] = field(default_factory=list)
    absent: list[Absent] = field(default_factory=list)
    reward: list[int] = field(default_factory=list)
    why: list[int] = field(default_factory=list)
    _lifetime: list[int] = field(default_factory=list)
    _through: list[int] = field(default_factory=list)
    _heights: list[int] = field(default_factory=list)
    _words: list[bytes] = field(default_factory=list)
    _excess: int = 0
    _live: list[bytes] = field(default_factory=list)
    _columns: dict[str, list[int]] = field(default_factory=lambda: {name: [] for name in _FACTS})
    _statements: list[Statement | None] = field(default_factory=list)
    _verdicts: list[Verdict | None] = field(default_factory=list)

    def take(self, value: dict[str, Any]) -> None:
        """Takes a line's JSON, which was canonical.

        Raises:
            ValueError, TypeError, KeyError, OverflowError, struct.error: it is no node's.
        """
        self.keys.append(key_of(value["node"]))
        self._lifetime.append(amount(value["lifetime"]))
        self._through.append(last_hour(self.end, value["closed_at"]))
        self._heights.append(value["previous_height"])
        verdict = verdict_of(value["verdict"])
        self._words.append(pack(verdict))
        credited = amount(value["credited"])
        self._excess += max(0, credited - self._lifetime[-1])
        if "waiting" in value:
            self.absent.append(Absent(self.keys[-1], credited, value["waiting"] is True, value["closed_at"]))
            return
        row = row_of(self.keys[-1], value, verdict)
        self._live.append(row.node)
        for name, column in self._columns.items():
            column.append(getattr(row, name))
        self._statements.append(row.statement)
        self._verdicts.append(verdict)
        self.reward.append(number(amount(value["reward"]), 63))
        self.why.append(number(value["why"], 31))

    def take_usual(self, lines: Sequence[tuple[str, ...]]) -> bool:
        """Takes what `USUAL` has found in lines.

        Returns:
            Whether they say something; otherwise nothing is taken.
        """
        texts = dict(zip(_GROUPS, zip(*lines, strict=True), strict=True))
        said = [texts[f"statement.{name}"] for name in STATEMENT]
        try:
            keys = list(map(key_of, texts["node"]))
            judged = (
                list(map(int, texts["verdict.time"])),
                list(map(int, texts["verdict.score_bps"])),
                [_REASONS[text] for text in texts["verdict.reason"]],
                list(map("true".__eq__, texts["verdict.passed"])),
                list(map(bytes.fromhex, texts["verdict.evidence"])),
            )
            statements = [
                None if device is None else _stated(device, int(good), *rest)
                for device, good, *rest in zip(*said, strict=True)
            ]
        except (ValueError, KeyError):
            return False
        columns = {name: list(map(value, texts[name])) for name, (_, value) in _FACTS.items()}
        lifetime = list(map(int, texts["lifetime"]))
        self.keys += keys
        self._lifetime += lifetime
        self._through += [last_hour(self.end, time) if time else self.end for time in columns["closed_at"]]
        self._heights += map(int, texts["previous_height"])
        self._words += map(packed, *judged)
        self._excess += sum(
            credited - value
            for credited, value in zip(columns["credited"], lifetime, strict=True)
            if credited > value
        )
        self._live += keys
        for name, column in columns.items():
            self._columns[name] += column
        self._statements += statements
        self._verdicts += map(Verdict, *judged)
        self.reward += map(int, texts["reward"])
        self.why += map(int, texts["why"])
        return True

    def hour(self) -> Hour:
        """The facts of live nodes.

        Raises:
            RewardError: a value is outside its range, or a verdict is not what the proof says.
        """
        return Hour.from_columns(self._live, self._columns, self._statements, self._verdicts)

    def leaves(self, elsewhere: int) -> Leaves:
        """All leaves.

        Args:
            elsewhere: what nodes without a leaf were credited, base units.
        """
        return Leaves(
            nodes=np.frombuffer(b"".join(self.keys), np.uint8).reshape(-1, 32),
            lifetime=np.array(self._lifetime, np.uint64),
            through=np.array(self._through, np.int64),
            previous_height=np.array(self._heights, np.uint64),
            verdicts=np.frombuffer(b"".join(self._words), np.uint8).reshape(len(self._words), -1),
            surplus=elsewhere + self._excess,
        )


def amount(text: object) -> int:
    if not isinstance(text, str) or not text.isascii() or not text.isdigit() or text[0] == "0" != text:
        raise EvidenceError(f"{text!r} is not an amount in base units")
    return int(text)


def key_of(text: str) -> bytes:
    return bytes(Pubkey.from_string(text))


def verdict_of(value: dict[str, Any]) -> Verdict:
    evidence = bytes.fromhex(value["evidence"])
    if len(evidence) != 32:
        raise EvidenceError("a verdict's evidence is 64 hexadecimal digits")
    return Verdict(
        value["time"], value["score_bps"], ProofReason(value["reason"]), value["passed"] is True, evidence
    )


def row_of(node: bytes, value: dict[str, Any], verdict: Verdict) -> NodeHour:
    """A live node's facts from its line's JSON.

    Raises:
        ValueError, TypeError, KeyError: a field is missing, or none.
    """
    word = value["statement"]
    return NodeHour(
        node=node,
        pool=_POOL_NAMES[value["pool"]],
        multiplier_bps=value["multiplier_bps"],
        units=value["units"],
        up_hours=value["up_hours"],
        stake=amount(value["stake"]),
        required_stake=amount(value["required_stake"]),
        proof=_PROOF_NAMES[value["proof"]],
        in_use=value["in_use"] is True,
        fees=amount(value["fees"]),
        credited=amount(value["credited"]),
        banned=value["banned"] is True,
        closed_at=value["closed_at"],
        verdict=verdict,
        statement=None if word is None else _stated(*[word[name] for name in STATEMENT]),
    )


def _stated(device: str, good: Any, proof: str, samples: str, signature: str) -> Statement:
    return Statement(
        device=key_of(device),
        good=number(good, 31),
        proof=digest_from(proof),
        samples=digest_from(samples),
        signature=bytes(Signature.from_string(signature)),
    )

"""What an attester found of nodes' compute proofs in an hour, as lines of a file.

One JSON object a line::

    {"evidence": "<hex>", "node": "..", "passed": true, "reason": 0, "score_bps": 9800, "time": 1750003600}

``time`` is the end of the hour.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from solders.pubkey import Pubkey

from ionet._generated.staking.types import ProofReason
from ionet.formats import canonical
from ionet.rewards._evidence import EvidenceError
from ionet.rewards._leaf import Verdict


def write_verdicts(path: str | Path, verdicts: Mapping[bytes, Verdict]) -> None:
    """Writes verdicts by node to a file."""
    with open(path, "wb") as file:
        for node, verdict in sorted(verdicts.items()):
            line: dict[str, canonical.Json] = {
                "evidence": verdict.evidence_hash.hex(),
                "node": str(Pubkey(node)),
                "passed": verdict.passed,
                "reason": int(verdict.reason),
                "score_bps": verdict.score_bps,
                "time": verdict.time,
            }
            file.write(canonical.encode(line) + b"\n")


def read_verdicts(path: str | Path, period_end: int) -> dict[bytes, Verdict]:
    """Verdicts of a file by node: the latest of each that is not later than the hour.

    Args:
        path: the file; verdicts of other hours in it are left out.
        period_end: end of the hour that they are about, Unix seconds.

    Raises:
        EvidenceError: naming the line that is no verdict.
    """
    found: dict[bytes, Verdict] = {}
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
                node = bytes(Pubkey.from_string(value["node"]))
                evidence, reason = bytes.fromhex(value["evidence"]), ProofReason(value["reason"])
                one = Verdict(value["time"], value["score_bps"], reason, value["passed"] is True, evidence)
            except (ValueError, TypeError, KeyError) as bad:
                why = f"the field {bad} is missing" if isinstance(bad, KeyError) else str(bad)
                raise EvidenceError(f"line {number}: {why}") from None
            if len(one.evidence_hash) != 32 or one.passed != (one.reason == ProofReason.PASSED):
                raise EvidenceError(f"line {number}: a verdict that contradicts itself")
            if period_end - 3_600 < one.time <= period_end:
                found[node] = replace(one, time=period_end)
    return found

"""An attester's verdicts on nodes' compute proofs in an hour, as lines of a file.

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
    """Reads a file's verdicts for an hour by node, the latest of each node.

    Args:
        path: the file; its verdicts of other hours are skipped.
        period_end: end of the hour, Unix seconds.

    Raises:
        EvidenceError: a line is not a verdict, or contradicts itself; the message names the line.
    """
    verdicts: dict[bytes, Verdict] = {}
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
                node = bytes(Pubkey.from_string(value["node"]))
                evidence, reason = bytes.fromhex(value["evidence"]), ProofReason(value["reason"])
                verdict = Verdict(
                    value["time"], value["score_bps"], reason, value["passed"] is True, evidence
                )
            except (ValueError, TypeError, KeyError) as bad:
                why = f"the field {bad} is missing" if isinstance(bad, KeyError) else str(bad)
                raise EvidenceError(f"line {number}: {why}") from None
            if len(verdict.evidence_hash) != 32 or verdict.passed != (verdict.reason == ProofReason.PASSED):
                raise EvidenceError(f"line {number}: a verdict that contradicts itself")
            if period_end - 3_600 < verdict.time <= period_end:
                verdicts[node] = replace(verdict, time=period_end)
    return verdicts

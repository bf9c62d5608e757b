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
from typing import Any

from solders.pubkey import Pubkey

from ionet._generated.staking.types import ProofReason
from ionet.chain.files import whole_file
from ionet.formats import canonical
from ionet.rewards._leaf import Verdict
from ionet.rewards._lines import digest_from, number


def write_verdicts(path: str | Path, verdicts: Mapping[bytes, Verdict]) -> None:
    """Writes verdicts by node to a file."""
    with whole_file(path) as file:
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


def read_verdicts(path: str | Path, period_end: int) -> tuple[dict[bytes, Verdict], list[str]]:
    """Reads a file's verdicts for an hour by node, the latest of each node.

    Args:
        path: the file; its verdicts of other hours are skipped.
        period_end: end of the hour, Unix seconds.

    Returns:
        The verdicts by node; and why lines do not count, in words: it is no verdict, or contradicts itself.
    """
    verdicts: dict[bytes, Verdict] = {}
    refused = []
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
                node, verdict = bytes(Pubkey.from_string(value["node"])), parse_verdict(value)
                if period_end - 3_600 < verdict.time <= period_end:
                    verdicts[node] = replace(verdict, time=period_end)
            except (ValueError, TypeError, KeyError, RecursionError) as bad:
                why = f"the field {bad} is missing" if isinstance(bad, KeyError) else str(bad)
                refused.append(f"line {number}: {why}")
    return verdicts, refused


def parse_verdict(value: dict[str, Any]) -> Verdict:
    """A verdict from a line's JSON.

    Raises:
        ValueError, TypeError, KeyError: it is none.
    """
    verdict = Verdict(
        number(value["time"], 53),
        number(value["score_bps"], 32),
        ProofReason(value["reason"]),
        value["passed"] is True,
        digest_from(value["evidence"]),
    )
    if verdict.passed != (verdict.reason == ProofReason.PASSED):
        raise ValueError("a verdict that contradicts itself")
    return verdict

"""From one hour's facts to the root of a reward report.

`score_hour` turns the facts of each node into base units of IO, `cumulate` adds them to each node's lifetime
sum, `build_report` makes the Merkle tree whose root goes on chain, and `write_evidence` the file from which
anybody can compute the same again (`verify_evidence`). Everything is in integers; every division names its
rounding.
"""

from typing import TYPE_CHECKING

from ionet._generated.staking.types import Pool
from ionet._lazy import renamed
from ionet.rewards._assemble import Assembled, Difference, assemble, compare
from ionet.rewards._collecting import collecting_later
from ionet.rewards._evidence import (
    Before,
    Evidence,
    NodeLine,
    find_node,
    read_evidence,
    verify_evidence,
    write_evidence,
)
from ionet.rewards._leaf import Leaf, Verdict
from ionet.rewards._leaves import Absent, Leaves, Report, build_report, cumulate, kept_total, to_share
from ionet.rewards._lines import measure_line
from ionet.rewards._measured import Measure, Seal, Signatures, apart, counted, medians
from ionet.rewards._nodelines import EvidenceError
from ionet.rewards._score import (
    Carry,
    Hour,
    NodeHour,
    Proof,
    RewardError,
    Scores,
    SharePolicy,
    Why,
    score_hour,
    tokens_to_io,
    usdc_to_io,
)
from ionet.rewards._sealed import (
    MeasureProof,
    measure_lines,
    measured,
    proof_of,
    read_measures,
    write_measures,
)
from ionet.rewards._statement import Statement, statement_bytes
from ionet.rewards._verdicts import read_verdicts, write_verdicts
from ionet.rewards._words import Word, read_words, word_line, word_of, write_words

__all__ = [
    "Absent",
    "Assembled",
    "Before",
    "Carry",
    "Difference",
    "Evidence",
    "EvidenceError",
    "Hour",
    "Leaf",
    "Leaves",
    "Measure",
    "MeasureProof",
    "NodeHour",
    "NodeLine",
    "Pool",
    "Proof",
    "Report",
    "RewardError",
    "Scores",
    "Seal",
    "SharePolicy",
    "Signatures",
    "Statement",
    "Verdict",
    "Why",
    "Word",
    "apart",
    "assemble",
    "build_report",
    "collecting_later",
    "compare",
    "counted",
    "cumulate",
    "find_node",
    "kept_total",
    "measure_line",
    "measure_lines",
    "measured",
    "medians",
    "proof_of",
    "read_evidence",
    "read_measures",
    "read_verdicts",
    "read_words",
    "score_hour",
    "statement_bytes",
    "to_share",
    "tokens_to_io",
    "usdc_to_io",
    "verify_evidence",
    "word_line",
    "word_of",
    "write_evidence",
    "write_measures",
    "write_verdicts",
    "write_words",
]

if not TYPE_CHECKING:
    __getattr__ = renamed(
        __name__,
        {
            "DOMAIN": "ionet._generated.proofs.constants:REWARD_DOMAIN",
        },
    )

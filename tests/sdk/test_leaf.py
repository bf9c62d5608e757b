"""A leaf of a report: the vectors that `crates/io-common/src/leaf.rs` has too."""

import dataclasses

import pytest

from ionet._generated.staking.types import ProofReason
from ionet.rewards import Leaf, Verdict

LEAF = Leaf(b"\7" * 32, 5, 9, 3, Verdict(8, 9_500, ProofReason.SLOW, False, b"\4" * 32))
EMPTY = Leaf(bytes(32), 0, 0, 0, Verdict(reason=ProofReason.PASSED))


def test_a_leaf_has_the_hash_that_the_programs_compute() -> None:
    assert LEAF.hash().hex() == "a92fc5e34d9d0ca2cbd8887627a5d6ef96f4329b91cc2ff04de61b40f749696b"
    assert EMPTY.hash().hex() == "3471fc0b63d49f1a29b70e033217b767958de148b4bfc5211457cb59b9800264"


@pytest.mark.parametrize(
    "change",
    [
        {"node": bytes(32)},
        {"lifetime": 6},
        {"through": 10},
        {"previous_height": 4},
        {"verdict": dataclasses.replace(LEAF.verdict, time=9)},
        {"verdict": dataclasses.replace(LEAF.verdict, score_bps=0)},
        {"verdict": dataclasses.replace(LEAF.verdict, reason=ProofReason.PASSED)},
        {"verdict": dataclasses.replace(LEAF.verdict, passed=True)},
        {"verdict": dataclasses.replace(LEAF.verdict, evidence_hash=bytes(32))},
    ],
)
def test_every_field_changes_the_hash(change: dict[str, object]) -> None:
    assert dataclasses.replace(LEAF, **change).hash() != LEAF.hash()  # type: ignore[arg-type]

"""What the chain says classes are judged by, and how a seat takes it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ionet import types
from ionet.chain.errors import ConfigError
from ionet.orchestrator._references import ClassReferences
from ionet.staking.references import reference_of, speeds_of, with_the_chains
from ionet.staking.speeds import ClassSpeeds, MemorySpeed, RateSpeed, Speeds, class_speeds

SMALL, LARGE = RateSpeed(1024, 4096, 1_000_000), RateSpeed(4096, 4096, 20_000_000)
MEMORY = MemorySpeed(524_288, 2_048, 65_536, 256, 3_000_000)
NOTHING = types.staking.Reference(
    (types.staking.ProductTime(0, 0, 0),) * 2, types.staking.MemoryTime(0, 0, 0, 0, 0)
)


@dataclass
class Class:
    """What is read of a class's account."""

    id: int
    reference: types.staking.Reference


def test_what_was_measured_is_the_same_on_the_chain() -> None:
    for rate, memory in (((SMALL, LARGE), (MEMORY,)), ((SMALL,), ()), ((), (MEMORY,))):
        measured = ClassSpeeds(7, "a test", rate, memory)
        read = speeds_of(Class(7, reference_of(measured)))
        assert read is not None
        assert (read.class_id, read.rate, read.memory) == (7, rate, memory)
    assert speeds_of(Class(7, NOTHING)) is None


def test_the_packaged_table_fits_the_chain() -> None:
    for item in class_speeds().classes:
        read = speeds_of(Class(item.class_id, reference_of(item)))
        assert read is not None
        assert (read.rate, read.memory) == (item.rate, item.memory)


@pytest.mark.parametrize(
    ("rate", "memory", "says"),
    [
        ((SMALL, LARGE, RateSpeed(512, 1024, 1)), (), "3 products and 0 memories"),
        ((), (MEMORY, MEMORY), "0 products and 2 memories"),
        ((RateSpeed(1024, 4096, 1, slack_bps=20_000),), (), "half as long again"),
        ((RateSpeed(1024, 4096, 1, grace_ns=0),), (), "half as long again"),
    ],
)
def test_what_the_chain_has_no_room_for_is_refused(
    rate: tuple[RateSpeed, ...], memory: tuple[MemorySpeed, ...], says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        reference_of(ClassSpeeds(7, "a test", rate, memory))


def test_the_chains_times_replace_a_seats_own_and_others_stay() -> None:
    own = Speeds((ClassSpeeds(1, "mine", (SMALL,), ()), ClassSpeeds(2, "mine", (SMALL,), ())))
    set_ = Class(2, reference_of(ClassSpeeds(2, "", (LARGE,), ())))
    table = with_the_chains(own, [Class(1, NOTHING), set_, Class(3, NOTHING)])
    assert [(item.class_id, item.rate) for item in table.classes] == [(1, (SMALL,)), (2, (LARGE,))]


def test_a_seat_that_runs_judges_by_what_a_proposal_has_changed() -> None:
    references = ClassReferences(Speeds((ClassSpeeds(1, "mine", (SMALL,), ()),)))
    products, memories = references.products, references.memories
    (before,) = products[1]
    assert before.limit_ns == 1_500_000 + 500_000_000
    slower = Class(1, reference_of(ClassSpeeds(1, "", (RateSpeed(1024, 4096, 4_000_000),), (MEMORY,))))
    assert references.take([slower])
    assert not references.take([slower])
    (after,), (memory,) = products[1], memories[1]
    assert after.limit_ns == 6_000_000 + 500_000_000
    assert memory.limit_ns == 4_500_000 + 500_000_000
    assert references.take([Class(1, NOTHING)])
    assert products[1] == (before,)

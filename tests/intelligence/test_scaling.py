"""How many engines there should be, and where: by hand."""

from __future__ import annotations

import pytest

from ionet.intelligence.scaling import GIB, Demand, Policy, Space, left, placed, together

#: 9 requests need three engines.
POLICY = Policy(least=0, most=5, target=4, idle=600.0)


def test_engines_are_as_many_as_requests_need_within_bounds() -> None:
    assert [POLICY.needs(requests) for requests in (0, 1, 4, 5, 9, 1_000)] == [0, 1, 1, 2, 3, 5]
    assert Policy(least=2, most=5).needs(0) == 2


def test_more_come_at_once_and_fewer_when_no_more_were_needed_for_a_while() -> None:
    demand = Demand(POLICY)
    assert demand.wanted(0, 0.0) == 0
    assert demand.wanted(9, 1.0) == 3
    assert demand.wanted(1, 2.0) == 3
    assert demand.wanted(1, 600.0) == 3
    assert demand.wanted(1, 601.0) == 1


def test_a_short_peak_does_not_keep_engines_for_longer_than_a_lasting_need() -> None:
    demand = Demand(POLICY)
    demand.wanted(20, 0.0)
    demand.wanted(5, 300.0)
    assert demand.wanted(0, 599.0) == 5
    assert demand.wanted(0, 600.0) == 2
    assert demand.wanted(0, 899.0) == 2
    assert demand.wanted(0, 900.0) == 0


@pytest.mark.parametrize("wrong", [{"most": 0}, {"least": 3, "most": 2}, {"target": 0}, {"idle": -1.0}])
def test_bounds_that_make_no_sense_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="engines at least"):
        Policy(**wrong)


MEMORY = {"large": 40 * GIB, "medium": 14 * GIB, "small": 3 * GIB}


def space(node: str, gib: int, *runs: str, holds: tuple[str, ...] = tuple(MEMORY)) -> Space:
    return Space(node, gib * GIB, frozenset(holds), frozenset(runs))


def test_a_model_goes_where_it_leaves_the_least_room() -> None:
    nodes = [space("a", 80), space("b", 48, "large"), space("c", 24)]
    assert placed("small", MEMORY, nodes) == "b"
    assert placed("medium", MEMORY, nodes) == "c"


def test_a_model_goes_only_where_it_fits_is_and_does_not_run_yet() -> None:
    assert placed("medium", MEMORY, [space("a", 48, "large")]) is None
    assert placed("small", MEMORY, [space("a", 48, "small")]) is None
    assert placed("small", MEMORY, [space("a", 48, holds=("large",))]) is None
    assert placed("small", MEMORY, []) is None


def test_a_node_is_sent_what_fits_beside_the_model_that_it_is_leased_for() -> None:
    assert together("small", MEMORY, 24 * GIB) == ["small", "medium"]
    assert together("small", MEMORY, 48 * GIB) == ["small", "large"]
    assert together("large", MEMORY, 40 * GIB) == ["large"]


def test_one_more_node_may_cost_what_is_left_of_the_hours_budget() -> None:
    assert left(None, [5]) is None
    assert left(10, []) == 10
    assert left(10, [4, 3]) == 3
    assert left(10, [8, 7]) == 0

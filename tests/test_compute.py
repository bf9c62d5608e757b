"""bench/compute.json: every instruction is in it, and none takes more than the design allows."""

from __future__ import annotations

import json

import pytest
from bench.compute import CALLED, PROGRAMS, RESULT, Figures, grown, idls, rows

#: What the network charges a transaction without a compute limit of its own, per instruction.
DEFAULT_LIMIT = 200_000
#: What a transaction may take at most: units, and bytes.
TRANSACTION_LIMIT, PACKET = 1_400_000, 1_232
#: What makes a part of a device's work again, which alone needs more than the default.
DISPROOFS = ("disprove_cell", "disprove_read")


@pytest.fixture(scope="module")
def figures() -> Figures:
    found: Figures = json.loads(RESULT.read_text())
    return found


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_instruction_was_measured(program: str, figures: Figures) -> None:
    measured = {name.split(",")[0] for name in figures[program]}
    called = {name for of, name in (one.split(".") for one in CALLED) if of == program}
    assert measured == set(idls()[program].values()) - called


def test_medians_are_within_their_budgets(figures: Figures) -> None:
    for program, name, median, _, budget in rows(figures):
        if budget is not None:
            assert median <= budget, f"{program}.{name} takes {median:,} units, {budget:,} are allowed"


def test_every_instruction_but_disproofs_fits_the_networks_default_limit(figures: Figures) -> None:
    for program, name, median, most, _ in rows(figures):
        limit = TRANSACTION_LIMIT if name in DISPROOFS else DEFAULT_LIMIT
        assert 0 < median <= most < limit, f"{program}.{name}"


def test_a_disproof_fits_one_transaction(figures: Figures) -> None:
    for name in DISPROOFS:
        assert 0 < figures["proofs"][name]["bytes"] <= PACKET, name


def test_growth_of_more_than_a_tenth_is_found(figures: Figures) -> None:
    before = {"mint": {"emit": {"median": 1_000, "max": 1_000}}}

    def after(median: int) -> Figures:
        return {"mint": {"emit": {"median": median, "max": median}}}

    assert grown(before, after(1_100)) == []
    assert grown(before, after(1_101)) == ["mint.emit takes 1,101 units, 1,000 before"]
    assert grown({}, after(1)) == ["mint.emit is not in compute.json"]
    assert grown(figures, figures) == []

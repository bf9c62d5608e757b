"""Sums that are kept event by event are those of all nodes counted anew."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ionet import events
from ionet._generated.staking.types import Pool
from ionet.explorer import _orders, _tally
from ionet.explorer._orders import SORTS
from ionet.explorer._past import Moment
from ionet.explorer._tally import DAYS, Rewards, Tally
from ionet.formats.when import DAY
from ionet.ledger import Database, Entry

HOUR = 3_600


def _told(tally: Tally) -> dict[str, Any]:
    """All that a tally says."""
    return {
        "counts": dict(tally.counts),
        "devices": {number: many for number, many in tally.devices.items() if many},
        "active": tally.active,
        "proven": tally.proven,
        "hired": tally.hired,
        "ranked": {sort: [*tally.ranked(sort)] for sort in SORTS},
        "nodes": [*tally.nodes(None, None)],
        "groups": {key: [*tally.nodes(None, None, **{key[0]: key[1]})] for key in tally.counts},  # type: ignore[index]
    }


def _agrees(moment: Moment) -> None:
    anew = Tally(rewards=moment.tally.rewards)
    anew.settle(moment.state, moment.time)
    assert _told(moment.tally) == _told(anew)


@pytest.mark.parametrize("few", [-1, 200])
def test_a_tally_that_is_carried_along_is_one_that_is_made_anew(
    database: Database, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether its orders are made anew, or changed node by node."""
    monkeypatch.setattr(_orders, "_FEW", few)
    monkeypatch.setattr(_orders, "_PART", 10**9)
    moment, seen = Moment(), set[str]()
    for number, entry in enumerate(database.entries()):
        moment.take(entry)
        moment.time = entry.time
        if number % 7 == 0:
            _agrees(moment)
            seen |= {name for name in ("hired", "proven") if getattr(moment.tally, name)}
    assert seen == {"hired", "proven"}


def last_moment(database: Database) -> Moment:
    """The market as its last event leaves it."""
    moment = Moment()
    for entry in database.entries():
        moment.take(entry)
    moment.time = moment.state.time
    return moment


@pytest.mark.parametrize("name", ["hired", "proven"])
def test_leases_and_proofs_run_out_though_nothing_happens(database: Database, name: str) -> None:
    moment = Moment()
    for entry in database.entries():
        moment.take(entry)
        moment.time = entry.time
        if getattr(moment.tally, name):
            break
    for _ in range(100_000):
        if not getattr(moment.tally, name):
            break
        moment.time += HOUR // 2 - 7
        _agrees(moment)
    else:
        pytest.fail("they never run out")


def test_a_node_that_changes_its_place_leaves_no_trace_of_the_one_before(database: Database) -> None:
    moment = last_moment(database)
    moment.tally.settle(moment.state, moment.time)
    address, node = next(iter(moment.state.nodes.items()))
    moment.state.nodes[address] = replace(node, class_=77, region=40, units=3, own__active=5)
    assert moment._tally._nodes is not None
    moment._tally._nodes.add(address)
    anew = Tally(rewards=moment.tally.rewards)
    anew.settle(moment.state, moment.time)
    assert _told(moment.tally) == _told(anew)
    assert [*moment.tally.nodes(None, None, class_=77)] == [address]


def test_a_new_day_counts_few_nodes_for_each_question_and_all_in_the_end(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_tally, "_AT_ONCE", 1)
    moment = last_moment(database)
    tally = moment.tally
    assert len(tally.rewards) >= 1
    nodes = [*moment.state.nodes][:3]
    for node in nodes:
        tally.rewards.setdefault(node, Rewards()).add(moment.time // DAY, 10**9)
        moment._tally._nodes.add(node)  # type: ignore[union-attr]
    assert moment.tally.ranked()[0].less <= -(10**9)
    looked = list[Any]()
    real = Tally._look

    def look(self: Tally, *given: Any) -> None:
        looked.append(given)
        real(self, *given)

    monkeypatch.setattr(Tally, "_look", look)
    # Everything that was credited lies further back than thirty days then.
    moment.time += 31 * DAY
    tally.settle(moment.state, moment.time)
    # Leases and proofs that have run out meanwhile are looked at in any case.
    for _ in range(len(tally.rewards) - 1):
        looked.clear()
        tally.settle(moment.state, moment.time)
        assert len(looked) == 1
    assert {rank.less for rank in tally.ranked()} == {0}
    looked.clear()
    tally.settle(moment.state, moment.time)
    assert looked == []


def test_a_class_that_asks_for_more_stake_leaves_its_nodes_without_room(database: Database) -> None:
    moment = last_moment(database)
    *_, entry = database.entries()
    address = moment.tally.ranked()[0].address
    number = moment.state.nodes[address].class_
    assert moment.state.staking is not None
    its = moment.state.classes[number]
    asked = events.staking.ClassSet(
        moment.state.staking.seq + 1, number, Pool(its.pool), True, its.maximum, 10_000, 1 << 60
    )
    place = replace(entry.place, slot=entry.place.slot + 1)
    moment.take(Entry(place, entry.time, "staking.ClassSet", asked, asked.encode()))
    assert address not in {rank.address for rank in moment.tally.ranked()}
    _agrees(moment)


def test_an_order_looks_at_no_node_that_has_not_changed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment, ranked = Moment(), list[Any]()
    for entry in database.entries():
        moment.take(entry)
    moment.time = moment.state.time
    real = _orders._rank

    def rank(*given: Any) -> tuple[int, int, bytes]:
        ranked.append(given)
        return real(*given)

    monkeypatch.setattr(_orders, "_rank", rank)
    nodes = len(moment.tally.ranked())
    for sort in SORTS:
        assert len(moment.tally.ranked(sort)) == nodes
    assert len(ranked) == nodes * len(SORTS)
    ranked.clear()
    best = moment.tally.ranked("co")[0]
    moment.state.nodes[best.address] = replace(moment.state.nodes[best.address], co__active=0)
    moment._tally._nodes.add(best.address)  # type: ignore[union-attr]
    for sort in SORTS:
        assert len(moment.tally.ranked(sort)) == nodes
    # Taken from where it was in each order, and put where it is.
    assert len(ranked) == 2 * len(SORTS)
    assert next(each.worse for each in moment.tally.ranked("co") if each.address == best.address) == 0


def test_a_commission_moves_a_node_when_it_begins_though_nothing_happens(database: Database) -> None:
    moment = last_moment(database)
    address = moment.tally.ranked()[0].address
    begins = moment.time + 5 * HOUR
    moment.state.nodes[address] = replace(
        moment.state.nodes[address], next_commission_bps=9_999, commission_at=begins
    )
    moment._tally._nodes.add(address)  # type: ignore[union-attr]
    # Nothing else makes it be looked at from the second before on.
    moment.time = begins - 1
    assert moment.tally.ranked("commission")[-1].worse != 9_999
    moment.time = begins
    last = moment.tally.ranked("commission")[-1]
    assert (last.address, last.worse) == (address, 9_999)


def test_rewards_are_those_of_thirty_days() -> None:
    rewards, credited = Rewards(), {100: 5, 101: 7, 110: 11, 129: 13, 131: 17, 200: 19}
    for day in range(100, 240):
        if day in credited:
            rewards.add(day, credited[day])
        expected = sum(amount for of, amount in credited.items() if day - DAYS < of <= day)
        assert rewards.until(day) == expected, day

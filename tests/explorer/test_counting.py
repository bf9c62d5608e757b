"""What counts as registered, proven and hired at a second."""

from __future__ import annotations

from solders.pubkey import Pubkey

from ionet._generated.staking.types import NodeState
from ionet.explorer._market import classes
from ionet.explorer._past import Moment
from ionet.explorer._tally import is_hired, is_proven
from ionet.ledger.replay import records as r
from ionet.ledger.replay.state import State

HOUR = 3_600
NOW = 1_800_000_000


def test_a_lease_stands_until_its_end_and_no_second_longer() -> None:
    offer = r.Offer(node=Pubkey.new_unique(), lease_job=Pubkey.new_unique(), lease_until=NOW)
    assert is_hired(offer, NOW - 1)
    assert not is_hired(offer, NOW)


def test_an_offer_without_a_job_is_not_hired() -> None:
    assert not is_hired(r.Offer(node=Pubkey.new_unique(), lease_until=NOW + 1), NOW)


def test_released_and_banned_devices_are_not_registered() -> None:
    owner = Pubkey.new_unique()
    devices = [r.Device(owner=owner, class_=7), r.Device(class_=7), r.Device(owner=owner, class_=7, banned=1)]
    state = State(devices={Pubkey.new_unique(): device for device in devices})
    (row,) = classes(Moment(state, time=NOW)).classes
    assert (row.id, row.registered, row.live, row.proven, row.hired) == (7, 1, 0, 0, 0)


def test_a_proof_counts_for_an_hour() -> None:
    node = r.Node(last_proof__time=NOW, last_proof__passed=1)
    assert [is_proven(node, NOW + after) for after in (-1, 0, HOUR - 1, HOUR)] == [False, True, True, False]


def test_a_failed_proof_and_one_of_a_retired_node_do_not_count() -> None:
    assert not is_proven(r.Node(last_proof__time=NOW, last_proof__passed=0), NOW)
    retired = r.Node(state=int(NodeState.RETIRED), last_proof__time=NOW, last_proof__passed=1)
    assert not is_proven(retired, NOW)

"""What the explorer says of devices' hardware, by the events of a market."""

from __future__ import annotations

import pytest
from solders.pubkey import Pubkey
from tests.ledger.history import truth
from tests.programs.market import CLASS, Market
from tests.programs.people import TOKEN
from tests.programs.test_approvals import DIGEST, NONE, OTHER, reference
from tests.stateful.test_replay_stateful import entries_of

from ionet import ix
from ionet.explorer import _models as m
from ionet.explorer._market import node
from ionet.explorer._past import Moment
from ionet.ledger import Database


@pytest.fixture
def market() -> Market:
    return Market.whole()


def approve(market: Market, device: Pubkey, digest: bytes) -> None:
    """Has both seats say so."""
    for attester in market.attesters:
        market.send(ix.staking.approve_identity(attester=attester.pubkey(), device=device, digest=digest))


def told(market: Market, of: Pubkey) -> m.Node:
    """A node as the explorer has it."""
    moment, landed = Moment(), truth(market.world.client)
    for sent in landed:
        for entry in entries_of(sent):
            moment.take(entry)
    moment.time = market.world.now
    with Database.create(":memory:", "86aMoP164JsvmsuJ65LRD5oF3B51g1GQYt7StuouFTxs") as database:
        database.write(landed)
        return node(moment, database, of)


def test_a_digest_is_shown_with_the_devices_that_have_the_same(market: Market) -> None:
    market.join(market.bob, 300 * TOKEN)
    alice, bob = market.alice, market.bob
    market.send(
        ix.staking.approve_identity(attester=market.attesters[0].pubkey(), device=alice.device, digest=DIGEST)
    )
    assert told(market, alice.node).hardware == []
    market.send(
        ix.staking.approve_identity(attester=market.attesters[1].pubkey(), device=alice.device, digest=DIGEST)
    )
    (alone,) = told(market, alice.node).hardware
    assert (alone.device, alone.digest, alone.doubles) == (str(alice.device), DIGEST.hex(), [])
    assert alone.at == market.world.now
    approve(market, bob.device, DIGEST)
    for one, other in ((alice, bob), (bob, alice)):
        (shown,) = told(market, one.node).hardware
        assert shown.doubles == [str(other.device)]
    approve(market, bob.device, OTHER)
    (corrected,) = told(market, alice.node).hardware
    assert corrected.doubles == []
    approve(market, bob.device, NONE)
    assert told(market, bob.node).hardware == []


def test_a_class_that_a_proposal_has_set_times_for_is_judged_by_them(market: Market) -> None:
    assert told(market, market.alice.node).untimed
    call = ix.staking.set_reference(authority=market.world.deployer, id=CLASS, reference=reference())
    market.send(call)
    assert told(market, market.alice.node).untimed is None

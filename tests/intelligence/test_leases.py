"""Nodes that a service leases, as the market offers them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.intelligence.suppliers import fleet_of
from tests.intelligence.test_settling import Place, place

from ionet.chain.errors import IonetError
from ionet.cloud.errors import NoNode
from ionet.intelligence import leases
from ionet.intelligence.treasury import PERIOD

__all__ = ["place"]


def lessor(place: Place, folder: Path) -> leases.Market:
    """Leases of all nodes that there are, through a gateway that is away."""
    config = fleet_of(folder, seconds=PERIOD)
    return leases.Market(place.client.as_(place.session), place.session, config, [], folder, "ai-test-")


async def test_a_node_that_is_not_to_be_leased_is_not_asked_for_its_price(
    place: Place, tmp_path: Path
) -> None:
    place.market.prove()
    market, node = lessor(place, tmp_path), str(place.market.alice.node)
    with pytest.raises(IonetError) as asked:
        await market.lease([], None)
    assert not isinstance(asked.value, NoNode)
    # Names of engines that are no nodes of the market are none here.
    with pytest.raises(NoNode):
        await market.lease([], None, {node, "the one upstairs"})

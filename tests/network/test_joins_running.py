"""A node that replaces a lost one takes its lease up, though others of the cluster are missing still."""

from __future__ import annotations

import pytest
from solders.keypair import Keypair
from tests.network import test_relays as relays
from tests.network.test_relays import Machines, reader
from tests.sdk.test_jobs_api import HOUR, MANIFEST

from ionet import overlay
from ionet.wire import Refused
from ionet.worker._clusters import INCOMPLETE, Networks
from ionet.worker._leases import ClientChain

market = relays.market


@pytest.mark.parametrize("started", [True, False])
async def test_only_a_cluster_that_runs_is_joined_before_it_is_complete(
    market: Machines, started: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overlay, "missing", lambda: None)
    machines = dict(market.machine() for _ in range(3))
    booked = market.renter.jobs.book_cluster(list(machines), 4 * HOUR, MANIFEST)
    head, *others = (job.address for job in market.renter.jobs.cluster_jobs(booked.cluster))
    chain = ClientChain(reader(market))
    if started:
        for job in (head, *others):
            market.as_("alice").jobs.start(job).send()
        for job in others:
            market.as_("attester").jobs.lose(job).send()
        market.advance(60)
        new, device = market.machine()
        own = market.renter.jobs.replace_lost(booked.cluster, new, 2 * HOUR).send().result
    else:
        # Two of three are booked in a cluster of three: the third was cancelled.
        own = others[0]
        device = machines[market.renter.jobs.get_job(own).node]
        market.renter.jobs.cancel(others[1]).send()
    leased = await chain.job(bytes(own))
    facts = await chain.lease(bytes(own))
    assert leased is not None
    assert facts is not None
    assert (len(facts.members), leased.cluster_size, facts.started) == (2, 3, started)
    networks = Networks(chain, device, ())
    if started:
        network = await networks.open(leased)
        assert (network.is_head, network.head) == (False, bytes(head))
        with pytest.raises(Refused, match="does not show this node"):
            await Networks(chain, Keypair(), ()).open(leased)
    else:
        with pytest.raises(Refused) as refused:
            await networks.open(leased)
        assert refused.value.kind == INCOMPLETE

"""Disputes by the API: the bond is the wallet's, goes through the key that rents, and comes back."""

from __future__ import annotations

from typing import Any

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.console.conftest import Caller, Served
from tests.console.test_clusters import base, booked, members, run, two
from tests.console.test_clusters import planned as planned_cluster
from tests.console.test_renting import planned
from tests.programs.support import DAY

from ionet import constants, pda

EVIDENCE = "9e" * 32
_FEES = 40_000


async def running(caller: Caller, console: Served) -> str:
    """A job that has been booked and started; its address."""
    await caller.sign_in()
    plan = await planned(caller, console, command="python3 train.py")
    call = await caller.post("/calls/book", {"plan": plan["plan"]})
    await caller.land(call)
    console.renting.site.market.start(Pubkey.from_string(call["job"]))
    return str(call["job"])


async def disputed(caller: Caller, job: str) -> Any:
    call = await caller.post(f"/jobs/{job}/calls/dispute", {"evidence": EVIDENCE})
    await caller.land(call)
    return call


async def test_the_bond_of_a_dispute_comes_back_to_the_wallet_to_the_base_unit(console: Served) -> None:
    renting, market = console.renting, console.renting.site.market
    async with console.caller(renting.key) as caller:
        job = await running(caller, console)
        account = market.job(Pubkey.from_string(job))
        lamports, tokens = market.world.client.balance(renting.key.pubkey()).base, market.purse(market.renter)
        call = await disputed(caller, job)
        frozen, during = market.job(Pubkey.from_string(job)), market.purse(market.renter)
        shown = await caller.get(f"/jobs/{job}")
        early = await caller.http.post(f"/api/v1/jobs/{job}/bond", json={})
        market.world.advance(14 * DAY)
        over = await caller.get(f"/jobs/{job}")
        await caller.land(await caller.post(f"/jobs/{job}/bond"))
        nothing = await caller.get(f"/jobs/{job}")
        again = await caller.http.post(f"/api/v1/jobs/{job}/bond", json={})
    # 5 % of what is held back, rounded up: the whole deposit of a job that nobody was paid for yet.
    bond = -(-(account.price + account.fee) * 5 // 100)
    assert base(call["most"]) == bond == tokens - during
    assert frozen.disputes == constants.jobs.DISPUTED_BY_RENTER
    assert (shown["bond"]["until"], base(shown["bond"]["amount"])) == (frozen.frozen_until, bond)
    assert early.status_code == 400
    assert "still open" in early.json()["error"]["message"]
    assert (over["bond"]["until"], over["bond"]["lost"]) == (0, False)
    assert market.purse(market.renter) == tokens
    spent = lamports - market.world.client.balance(renting.key.pubkey()).base
    assert 0 < spent <= _FEES, "only the network's fees"
    assert market.world.client.balance(account.renter).base == 0
    assert market.world.client.account(pda.jobs.dispute(Pubkey.from_string(job), account.renter)) is None
    assert nothing["bond"] is None
    assert again.status_code == 400


async def test_what_somebody_else_returned_to_the_key_goes_on_to_the_wallet(console: Served) -> None:
    renting, market = console.renting, console.renting.site.market
    async with console.caller(renting.key) as caller:
        job = await running(caller, console)
        tokens = market.purse(market.renter)
        await disputed(caller, job)
        market.world.advance(14 * DAY)
        renter = market.job(Pubkey.from_string(job)).renter
        # Anybody may end it: the bond is the key's then.
        client = market.world.client
        client.jobs.close_dispute(pda.jobs.dispute(Pubkey.from_string(job), renter)).send()
        assert market.purse(market.renter) < tokens
        await caller.land(await caller.post(f"/jobs/{job}/bond"))
    assert market.purse(market.renter) == tokens
    assert client.balance(renter).base == 0


async def test_a_bond_that_the_decision_takes_is_gone_and_its_rent_comes_back(console: Served) -> None:
    renting, market = console.renting, console.renting.site.market
    async with console.caller(renting.key) as caller:
        job = await running(caller, console)
        address = Pubkey.from_string(job)
        await disputed(caller, job)
        after = market.purse(market.renter)
        account = market.job(address)
        dispute = pda.jobs.dispute(address, account.renter)
        # The supplier is owed everything: the renter got no more than was attested.
        market.send(market.jobs("resolve", address, dispute=dispute, gross=account.price))
        shown = await caller.get(f"/jobs/{job}")
        await caller.land(await caller.post(f"/jobs/{job}/bond"))
    assert (shown["bond"]["lost"], base(shown["bond"]["amount"])) == (True, 0)
    assert base(shown["bond"]["rent"]) > 0
    assert market.purse(market.renter) == after
    assert market.world.client.balance(account.renter).base == 0


async def test_all_nodes_of_a_cluster_are_disputed_by_its_own_key(console: Served) -> None:
    renting, market = console.renting, console.renting.site.market
    nodes = [each.node for each in two(renting)]
    async with console.caller(renting.key) as caller:
        await caller.sign_in()
        cluster = await booked(caller, await planned_cluster(caller, nodes))
        jobs = list(await members(console, cluster))
        run(market, jobs)
        tokens, left, bonds = market.purse(market.renter), 1, 0
        while left:
            call = await caller.post(f"/clusters/{cluster}/calls/dispute", {"evidence": EVIDENCE})
            await caller.land(call)
            bonds, left = bonds + base(call["most"]), call["left"]
        frozen = [market.job(job).disputes for job in jobs]
        again = await caller.http.post(
            f"/api/v1/clusters/{cluster}/calls/dispute", json={"evidence": EVIDENCE}
        )
        during = market.purse(market.renter)
        market.world.advance(14 * DAY)
        for job in jobs:
            await caller.land(await caller.post(f"/jobs/{job}/bond"))
    assert frozen == [constants.jobs.DISPUTED_BY_RENTER] * 2
    assert again.status_code == 400
    assert "no job of this cluster is there to dispute" in again.json()["error"]["message"]
    assert tokens - during == bonds > 0
    assert market.purse(market.renter) == tokens


@pytest.mark.parametrize("path", ["calls/dispute", "bond"])
async def test_nobody_disputes_or_gets_the_bond_of_anothers_job(console: Served, path: str) -> None:
    renting, market = console.renting, console.renting.site.market
    async with console.caller(renting.key) as caller, console.caller(Keypair()) as thief:
        job = await running(caller, console)
        await disputed(caller, job)
        market.world.advance(14 * DAY)
        await thief.sign_in()
        asked = {"evidence": EVIDENCE} if path != "bond" else {}
        answer = await thief.http.post(f"/api/v1/jobs/{job}/{path}", json=asked)
    assert answer.status_code == 404

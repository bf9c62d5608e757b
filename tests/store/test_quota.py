"""What the chain says for a key: jobs, nodes, seats."""

from __future__ import annotations

import dataclasses

import pytest
from solders.keypair import Keypair
from tests.programs.support import make_hireable

import ionet
from ionet import USD
from ionet.cli.localnet import PEOPLE, set_up
from ionet.localnet.dollars import write_prices
from ionet.store.quota import Allowances, ChainQuota, of_jobs

NOW = 1_800_000_000
HOUR = 3_600
RTX_4090 = 20
#: Sums of these tell what they are made of.
TERMS = Allowances(renter=1_000_000, per_dollar=1_000, node=7, attester=500_000, most=10**12)


class Counting(ionet.AsyncClient):
    """Counts what it asks."""

    asked = 0

    async def request(self, method: str, *params: object) -> object:
        type(self).asked += 1
        return await super().request(method, *params)


@pytest.fixture(scope="module")
def people() -> dict[str, Keypair]:
    return {name: Keypair() for name in (*PEOPLE, "device")}


@pytest.fixture(scope="module")
def deployer(people: dict[str, Keypair]) -> ionet.Client:
    deployer = ionet.Client.local(signer=people["deployer"], now=NOW)
    set_up(deployer, {name: people[name] for name in PEOPLE})
    write_prices(deployer)
    alice = deployer.as_(people["alice"])
    node = alice.staking.register(
        class_id=RTX_4090,
        fingerprint=bytes([1]) * 32,
        device=people["device"],
        attester=people["attester"],
        region=276,
        memory_gib=24,
        link_mbps=1_000,
    )
    made = node.send().result
    make_hireable(deployer, made)
    alice.jobs.offer(made, rate=USD("2.5"), currencies=["IO"]).send()
    return deployer


@pytest.fixture
def quota(deployer: ionet.Client) -> ChainQuota:
    client = ionet.AsyncClient.local(signer=Keypair(), network=deployer.network)
    return ChainQuota(client, TERMS, seconds=0)


async def test_a_key_that_nothing_speaks_for_may_keep_nothing(quota: ChainQuota) -> None:
    assert await quota.allowed(Keypair().pubkey()) == 0


async def test_a_device_key_and_a_seat_speak_for_themselves(
    quota: ChainQuota, people: dict[str, Keypair]
) -> None:
    assert await quota.allowed(people["device"].pubkey()) == TERMS.node
    assert await quota.allowed(people["attester"].pubkey()) == TERMS.attester
    assert await quota.allowed(people["alice"].pubkey()) == 0


async def test_a_renter_may_keep_more_for_each_dollar_until_the_job_has_ended(
    quota: ChainQuota, deployer: ionet.Client, people: dict[str, Keypair]
) -> None:
    renter = deployer.as_(people["renter"])
    key = people["renter"].pubkey()
    assert await quota.allowed(key) == 0
    (node,) = (found.address for found in deployer.find(ionet.accounts.staking.Node))
    job = renter.jobs.book(node, 2 * HOUR, bytes(32), currency="IO").send().result
    # Two hours at 2.5 dollars.
    assert await quota.allowed(key) == TERMS.renter + 5 * TERMS.per_dollar
    booked = renter.jobs.get_job(job)
    ended = dataclasses.replace(booked, state=ionet.JobState.ENDED)
    two = [booked, dataclasses.replace(booked, units=8, seconds=HOUR), ended]
    assert of_jobs(two, TERMS) == TERMS.renter + 25 * TERMS.per_dollar
    assert of_jobs([ended], TERMS) == 0
    renter.jobs.cancel(job).send()
    assert await quota.allowed(key) == 0


async def test_an_answer_is_remembered_for_its_time(
    deployer: ionet.Client, people: dict[str, Keypair]
) -> None:
    now = 0.0
    client = ionet.AsyncClient.local(signer=Keypair(), network=deployer.network)
    quota = ChainQuota(client, TERMS, seconds=60, clock=lambda: now)
    key = people["attester"].pubkey()
    assert await quota.allowed(key) == TERMS.attester
    quota.terms = dataclasses.replace(TERMS, attester=1)
    assert await quota.allowed(key) == TERMS.attester
    now = 61.0
    assert await quota.allowed(key) == 1


async def test_no_key_may_keep_more_than_the_most(deployer: ionet.Client, people: dict[str, Keypair]) -> None:
    client = ionet.AsyncClient.local(signer=Keypair(), network=deployer.network)
    quota = ChainQuota(client, dataclasses.replace(TERMS, most=3))
    assert await quota.allowed(people["attester"].pubkey()) == 3

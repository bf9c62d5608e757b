"""What all programs have alike: parameters, pauses and the two steps of a hand-over, on every namespace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from solders.keypair import Keypair

import ionet
from ionet import SOL, AsyncClient, Client, accounts, errors, pda
from ionet.administration.parameters import params_of

ROOT: Final = Path(__file__).resolve().parents[2]
#: The instructions of `administer.rs`.
ADMINISTRATIVE: Final = {"set_params", "set_paused", "propose_authority", "accept_authority"}
#: A parameter of each program, another value than the default, and entries that can be paused.
CHANGES: Final[dict[str, tuple[dict[str, Any], int]]] = {
    "mint": ({"pauser": Keypair().pubkey()}, 1),
    "proofs": ({"up_hours": 7}, 1),
    "staking": ({"appeal": 8 * 86_400}, 3),
    "jobs": ({"booking_bps": 30}, 2),
    "buyback": ({"daily_share_bps": 1_000}, 3),
    "distributor": ({"pauser": Keypair().pubkey()}, 2),
}


@pytest.fixture
def client() -> Client:
    found = ionet.local()
    other = Keypair().pubkey()
    found.mint.initialize().send()
    found.proofs.initialize().send()
    found.staking.initialize(slasher=other, resolver=Keypair().pubkey()).send()
    found.jobs.initialize(resolver=other).send()
    found.buyback.initialize().send()
    found.distributor.initialize(treasury=other).send()
    return found


def config_of(client: Client, program: str) -> Any:
    return client.fetch(getattr(accounts, program).Config, getattr(pda, program).CONFIG)


def test_six_programs_have_them() -> None:
    having = {
        path.stem
        for path in (ROOT / "idl").glob("*.json")
        if {one["name"] for one in json.loads(path.read_text())["instructions"]} >= ADMINISTRATIVE
    }
    assert having == set(CHANGES)


@pytest.mark.parametrize("program", CHANGES)
def test_parameters_change_one_by_one(client: Client, program: str) -> None:
    changes, _ = CHANGES[program]
    before = params_of(program, config_of(client, program))
    getattr(client, program).set_params(**changes).send()
    assert params_of(program, config_of(client, program)) == before | changes
    with pytest.raises(TypeError, match=f"{program} has no parameter moon; there are"):
        getattr(client, program).set_params(moon=1)


@pytest.mark.parametrize("program", CHANGES)
def test_entries_are_paused_and_opened(client: Client, program: str) -> None:
    _, entries = CHANGES[program]
    namespace = getattr(client, program)
    namespace.set_paused(entries).send()
    assert config_of(client, program).roles.paused == entries
    namespace.set_paused(0).send()
    assert config_of(client, program).roles.paused == 0


@pytest.mark.parametrize("program", CHANGES)
def test_authority_passes_in_two_steps(client: Client, program: str) -> None:
    heir = Keypair()
    client.airdrop(heir.pubkey(), SOL(1))
    getattr(client, program).propose_authority(heir.pubkey()).send()
    assert config_of(client, program).roles.authority == client.address
    refusal = getattr(errors, program).NotPendingAuthority
    with pytest.raises(refusal):
        getattr(client, program).accept_authority().send()
    getattr(client.as_(heir), program).accept_authority().send()
    assert config_of(client, program).roles.authority == heir.pubkey()


async def test_coroutines_change_parameters_too(client: Client) -> None:
    one = AsyncClient.local(network=client.network, signer=client.signer)
    call = one.jobs.set_params(booking_bps=31)
    assert config_of(client, "jobs").booking_bps == 25
    await call.send()
    assert config_of(client, "jobs").booking_bps == 31

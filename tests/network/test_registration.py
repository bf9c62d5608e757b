"""A device that no chain knows is challenged over the gateway; a seat signs its registration alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0, to_bytes_versioned
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from tests.network.site import NetworkSite
from tests.orchestrator.support import StillWatch, policy

from ionet import SOL, AsyncClient, Client, ix, pda
from ionet.orchestrator import ProgramChain
from ionet.orchestrator._registrar import Registrar, registration_problem
from ionet.prover import Challenge, Commitment, numpy_backend
from ionet.wire import Peer, Role
from ionet.worker import Device, DeviceKey, Worker
from ionet.worker._enlist import Enlisting, NotEnlisted

CLASS = 1


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[NetworkSite]:
    site = NetworkSite(tmp_path)
    await site.gateway.start()
    yield site
    await site.gateway.stop()


@asynccontextmanager
async def registrar(site: NetworkSite) -> AsyncIterator[Keypair]:
    """A seat that signs registrations."""
    key = site.market.attesters[0]
    client = AsyncClient.local(network=site.market.world.client.network, signer=key, funds=SOL(1))
    serving = Registrar(client, key, ProgramChain(client), policy())
    async with Peer(key, Role.SEAT, [[site.gateway.url]], handler=serving.handle) as peer:
        serving.peer = peer
        await peer.wait_connected(5)
        yield key


def machine(site: NetworkSite, name: str, kind: type[Worker] = Worker) -> Worker:
    device = Device(0, name, "test processor", "cpu", 1 << 30, None)
    return kind(
        bytes(32),
        DeviceKey(Keypair()),
        site.root / name,
        device=device,
        watch=StillWatch(),
        kernel=numpy_backend(),
    )


def enlist(
    site: NetworkSite, worker: Worker, url: str, payer: Keypair, changes: dict[str, Any] | None = None
) -> Pubkey:
    """What `ionet worker register` does."""
    fingerprint = sha256(worker.device.uuid.encode()).digest()
    client = Client.local(network=site.market.world.client.network, signer=payer, funds=SOL(1))
    with Enlisting(worker, [site.gateway.http], url) as enlisting:
        seat = enlisting.seats()[0]
        wanted: dict[str, Any] = {"owner": payer.pubkey(), "class_id": CLASS, "fingerprint": fingerprint}
        attester = enlisting.attester(seat, **{**wanted, **(changes or {})})
        call = client.staking.register(
            class_id=CLASS, fingerprint=fingerprint, device=worker.key.keypair, attester=attester
        )
        return call.send().result


async def test_a_seat_signs_for_a_device_that_has_computed(site: NetworkSite) -> None:
    worker, owner = machine(site, "fresh"), Keypair()
    with site.market.world.client.network.serve(0) as server:
        async with registrar(site):
            node = await asyncio.to_thread(enlist, site, worker, server.url, owner)
    account = await site.reader.staking.get_node(node)
    assert (account.owner, account.device_key) == (owner.pubkey(), worker.key.pubkey)


class Lazy(Worker):
    """Computes less than it is asked for."""

    def commit(self, challenge: Challenge) -> Commitment[Challenge]:
        return super().commit(Challenge(challenge.seed, challenge.m, challenge.k // 2))


async def test_a_device_that_does_not_compute_gets_no_signature(site: NetworkSite) -> None:
    worker, owner = machine(site, "lazy", Lazy), Keypair()
    with site.market.world.client.network.serve(0) as server:
        async with registrar(site):
            with pytest.raises(NotEnlisted, match="challenge-failed"):
                await asyncio.to_thread(enlist, site, worker, server.url, owner)
            with pytest.raises(NotEnlisted, match="busy"):
                await asyncio.to_thread(enlist, site, worker, server.url, owner)
    assert await site.reader.account(pda.staking.device(sha256(b"lazy").digest())) is None


async def test_a_seat_signs_only_what_it_was_asked_for(site: NetworkSite) -> None:
    worker, owner = machine(site, "other"), Keypair()
    with site.market.world.client.network.serve(0) as server:
        async with registrar(site):
            for change in ({"class_id": 2}, {"fingerprint": bytes(32)}, {"owner": Keypair().pubkey()}):
                with pytest.raises(NotEnlisted, match="not-a-registration"):
                    await asyncio.to_thread(enlist, site, worker, server.url, owner, change)


SEAT, DEVICE, OWNER = (Keypair() for _ in range(3))
PRINT = sha256(b"device").digest()


def registering(**changes: Any) -> Instruction:
    accounts: dict[str, Any] = {
        "owner": OWNER.pubkey(),
        "device_key": DEVICE.pubkey(),
        "attester": SEAT.pubkey(),
        "class_": pda.staking.class_(CLASS),
        "fingerprint": PRINT,
    }
    return ix.staking.register_device(**{**accounts, **changes})


def problem(*instructions: Instruction, payer: Pubkey | None = None) -> str | None:
    from solders.hash import Hash

    message = MessageV0.try_compile(payer or OWNER.pubkey(), list(instructions), [], Hash.default())
    return registration_problem(
        to_bytes_versioned(message),
        seat=SEAT.pubkey(),
        device=DEVICE.pubkey(),
        owner=OWNER.pubkey(),
        class_id=CLASS,
        fingerprint=PRINT,
    )


def test_a_registration_is_signed_and_theft_is_not() -> None:
    assert problem(registering()) is None
    stolen = transfer(
        TransferParams(from_pubkey=SEAT.pubkey(), to_pubkey=DEVICE.pubkey(), lamports=1_000_000)
    )
    assert problem(registering(), stolen) == "another instruction uses this seat's key"
    given = transfer(TransferParams(from_pubkey=OWNER.pubkey(), to_pubkey=DEVICE.pubkey(), lamports=1))
    assert "it calls the program" in (problem(registering(), given) or "")
    assert problem(registering(), payer=SEAT.pubkey()) == "this seat would pay for it"
    foreign = Instruction(Pubkey.default(), b"", [AccountMeta(SEAT.pubkey(), True, True)])
    assert problem(registering(), foreign) == "another instruction uses this seat's key"
    assert "does not register" in (problem(registering(), registering()) or "")
    other = registering(device_key=Keypair().pubkey())
    assert problem(other) == "another instruction uses this seat's key"
    attest = ix.staking.register_device(
        owner=OWNER.pubkey(),
        device_key=DEVICE.pubkey(),
        attester=SEAT.pubkey(),
        class_=pda.staking.class_(2),
        fingerprint=PRINT,
    )
    assert problem(registering(), attest) == "another instruction uses this seat's key"


def test_bytes_that_are_no_message_are_not_signed() -> None:
    wanted: dict[str, Any] = {
        "seat": SEAT.pubkey(),
        "device": DEVICE.pubkey(),
        "owner": OWNER.pubkey(),
        "class_id": CLASS,
        "fingerprint": PRINT,
    }
    for data in (b"", b"\x80", bytes(100), b"ionet:message" + bytes(80), bytes(2_000)):
        assert registration_problem(data, **wanted) is not None

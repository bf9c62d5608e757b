"""A job's image, between a node's agent and the store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.network.site import NetworkSite
from tests.programs.people import Supplier
from tests.programs.support import HOUR

from ionet.executor import Executor, InlineExecutor, Lease, NodeSpec
from ionet.store.manifest import FileStore, Manifest
from ionet.wire import Refused, Request

ARCHIVE = b"an archive" * 100


class Imaging(InlineExecutor):
    """Has what an image is unpacked from fetched, or lacks it."""

    lacking: str | None = None

    def lacks_image(self, image: str) -> str | None:
        return self.lacking

    def wanted_image(self, manifest: Manifest) -> tuple[bytes, int] | None:
        return None if manifest.image is None else (bytes.fromhex(manifest.image[4:]), len(ARCHIVE))


class Lacking(Imaging):
    lacking = "this node has no room for one more image"


class Slow(Imaging):
    """Unpacks until it is told to end."""

    unpacked: asyncio.Event

    async def open(self, lease: Lease) -> None:
        await self.unpacked.wait()
        await super().open(lease)


class ImagingSite(NetworkSite):
    kind: type[Imaging] = Imaging

    def executor(self, machine: Supplier, store: FileStore, work: Path) -> Executor:
        return self.kind([NodeSpec(bytes(machine.node), cpus=1)], store, work)

    def own(self) -> FileStore:
        """What the machine has fetched."""
        return FileStore(self.root / self.market.alice.name / "store")


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[ImagingSite]:
    made = ImagingSite(tmp_path)
    await made.gateway.start()
    yield made
    await made.gateway.stop()


async def test_an_image_is_fetched_by_its_hash_before_a_job_runs(site: ImagingSite) -> None:
    digest = site.store.put(ARCHIVE)
    job = site.book(HOUR, image=f"oci:{digest.hex()}")
    async with site.machine(site.market.alice), site.seat() as seat:
        await site.until_run([seat], job)
    assert digest in site.own()


async def test_a_node_that_lacks_an_image_fetches_nothing_and_tells_seats_why(site: ImagingSite) -> None:
    site.kind = Lacking
    digest = site.store.put(ARCHIVE)
    job = site.book(HOUR, image=f"oci:{digest.hex()}")
    async with site.machine(site.market.alice) as agent:
        await site.noticed()
        asked = Request(bytes(site.market.attesters[0].pubkey()), "prepare", {"job": bytes(job).hex()})
        with pytest.raises(Refused, match="image: this node has no room") as raised:
            await agent.handle(asked)
    assert raised.value.kind == "placement"
    assert digest not in site.own()


async def test_archives_are_fetched_one_after_the_other_and_others_wait_unpunished(
    site: ImagingSite,
) -> None:
    digest = site.store.put(ARCHIVE)
    job = site.book(HOUR, image=f"oci:{digest.hex()}")
    asked = Request(bytes(site.market.attesters[0].pubkey()), "prepare", {"job": bytes(job).hex()})
    async with site.machine(site.market.alice) as agent:
        agent._policy = replace(agent._policy, answer_within=0.3)
        async with agent._executor.turn:
            with pytest.raises(Refused, match="still fetches") as raised:
                await agent.handle(asked)
            assert (raised.value.kind, digest in site.own()) == ("preparing", False)
        agent._policy = replace(agent._policy, answer_within=30.0)
        assert (await agent.handle(asked)).arguments == {"held": True}
    assert digest in site.own()


async def test_a_larger_archive_than_there_is_room_for_is_not_fetched(site: ImagingSite) -> None:
    digest = site.store.put(ARCHIVE + b"x")
    site.book(HOUR, image=f"oci:{digest.hex()}")
    async with site.machine(site.market.alice) as agent:
        await site.noticed()
        assert "bytes" in agent.facts.problems["look"]
    assert digest not in site.own()


async def test_a_seat_is_answered_while_an_image_is_unpacked_and_so_takes_no_node_for_gone(
    site: ImagingSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Slow, "unpacked", asyncio.Event(), raising=False)
    site.kind = Slow
    digest = site.store.put(ARCHIVE)
    job = site.book(HOUR, image=f"oci:{digest.hex()}")
    asked = Request(bytes(site.market.attesters[0].pubkey()), "prepare", {"job": bytes(job).hex()})
    async with site.machine(site.market.alice) as agent:
        agent._policy = replace(agent._policy, answer_within=0.3)
        with pytest.raises(Refused, match="still fetches") as raised:
            await agent.handle(asked)
        assert raised.value.kind == "preparing", "not as what it lacks: its renter pays for the time"
        Slow.unpacked.set()
        agent._policy = replace(agent._policy, answer_within=30.0)
        assert (await agent.handle(asked)).arguments == {"held": True}

"""A stranger's job on a machine elsewhere: over a gateway, with what each side has seen for itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.network.site import NetworkSite
from tests.orchestrator.test_program_chain import Money
from tests.programs.support import HOUR


@pytest.fixture
async def site(tmp_path: Path) -> NetworkSite:
    return NetworkSite(tmp_path)


async def test_a_job_runs_on_another_machine_and_every_second_is_paid(site: NetworkSite) -> None:
    before = site.money()
    await site.gateway.start()
    job = site.book(HOUR)
    terms = site.market.job(job)
    async with site.machine(site.market.alice), site.seat() as seat:
        await site.until_closed([seat], job)
        result = seat.result(bytes(job))
    await site.gateway.stop()
    assert result is not None
    assert (result.ok, result.value) == (True, {"sum": 14})
    assert [(item.name, site.store.get(item.sha256)) for item in result.outputs] == [
        ("squares.txt", b"1\n4\n9")
    ]
    assert site.runs == 1
    fee = -(-terms.price * 25 // 10_000)
    assert site.money() == Money(
        before.supplier + terms.price - fee,
        before.renter - terms.price - terms.fee,
        before.fees + fee + terms.fee,
    )

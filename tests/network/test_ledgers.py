"""An attester's process whose ledger cannot be used, or whose node cannot fill it: said at the start."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa
from tests.faults import PASS, Asked, FaultProxy
from tests.network.test_full_disk import disk, full
from tests.network.test_service import ServiceSite, site, until

from ionet.cli.failures import UNUSABLE
from ionet.ledger import Database, LedgerError, schema
from ionet.orchestrator import _service
from ionet.orchestrator._facts import HourLedger
from ionet.orchestrator._service import Service

__all__ = ["disk", "site"]


def _of_another_chain(place: Path) -> None:
    Database.create(str(place), "another").close()


def _of_another_version(place: Path) -> None:
    _of_another_chain(place)
    with Database.open(str(place)) as database, database._engine.begin() as connection:
        connection.execute(sa.update(schema.meta).where(schema.meta.c.name == "version").values(value="99"))


def _no_ledger(place: Path) -> None:
    place.write_text("not a database, but long enough to be taken for one\n" * 100)


#: What is no ledger of the chain, by how it is made, and what is said of it.
UNUSABLES: Final = [
    (_of_another_chain, "is of the chain another, and this node's is"),
    (_of_another_version, "version 99"),
    (_no_ledger, "file is not a database"),
]


@pytest.mark.parametrize(("make", "said"), UNUSABLES)
@pytest.mark.parametrize("jobs", [True, False])
async def test_a_ledger_that_it_cannot_use_ends_it_at_once_and_stays_as_it_is(
    site: ServiceSite, make: Callable[[Path], None], said: str, *, jobs: bool
) -> None:
    place = site.root / "ledger.db"
    make(place)
    before = place.read_bytes()
    with pytest.raises(LedgerError, match=said):
        async with asyncio.timeout(60):
            await Service(site.config(ledger=str(place)), jobs=jobs).run(asyncio.Event())
    assert place.read_bytes() == before


async def test_it_ends_with_a_sentence_and_an_exit_code(site: ServiceSite) -> None:
    place = site.root / "ledger.db"
    _of_another_chain(place)
    config = site.config(ledger=str(place))
    run = (sys.executable, "-c", "from ionet.cli import main; main()", "report", "run")
    done = await asyncio.to_thread(
        subprocess.run, [*run, "--state", str(config.state)], capture_output=True, text=True, check=False
    )
    assert done.returncode == UNUSABLE
    assert "is of the chain another" in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr


def _where_full(disk: Path) -> Callable[[HourLedger], Coroutine[Any, Any, None]]:
    fill = HourLedger.fill

    async def filling(ledger: HourLedger) -> None:
        with full(disk):
            await fill(ledger)

    return filling


@pytest.mark.parametrize(
    ("opened", "said"), [(False, "No space left on device"), (True, "database or disk is full")]
)
async def test_a_full_disk_ends_it_and_nothing_is_half_written(
    site: ServiceSite, disk: Path, monkeypatch: pytest.MonkeyPatch, said: str, *, opened: bool
) -> None:
    """Whether it is full before there is a ledger, or once it is open and is being filled."""
    monkeypatch.setattr(_service, "_AGAIN_AFTER", 0.05)
    config = site.config(ledger=str(disk / "ledger.db"))
    with monkeypatch.context() as patch, ExitStack() as stack:
        if opened:
            patch.setattr(HourLedger, "fill", _where_full(disk))
        else:
            stack.enter_context(full(disk))
        with pytest.raises(LedgerError, match=said):
            async with asyncio.timeout(60):
                await Service(config, jobs=False).run(asyncio.Event())
    async with site.service(config, jobs=False) as service:
        await until(lambda: service._ledger is not None and service._ledger.filled)
    with Database.open(str(disk / "ledger.db")) as database:
        assert database.gaps() == []
        assert next(iter(database.entries())).name.endswith(".Initialized")


def _without_the_first(asked: Asked) -> Any:
    """The node no longer lists the first transactions of any program."""
    if asked.method != "getSignaturesForAddress":
        return PASS
    answer = asked.forward()
    answer["result"] = answer["result"][: len(answer["result"]) // 2]
    return answer


async def test_a_node_without_the_past_ends_reports_before_an_hour_is_due(
    site: ServiceSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_service, "_AGAIN_AFTER", 0.05)
    with FaultProxy(site.market.world.client.network, _without_the_first) as proxy:
        config = site.config(rpc=(proxy.url,), ledger=str(site.root / "ledger.db"))
        with pytest.raises(LedgerError, match="does not show the first transactions of"):
            async with asyncio.timeout(60):
                await Service(config, jobs=False).run(asyncio.Event())
        with Database.open(str(site.root / "ledger.db")) as database:
            assert database.counts() == (0, 0)


async def test_where_jobs_are_served_a_node_without_the_past_is_said_and_they_go_on(
    site: ServiceSite,
) -> None:
    with FaultProxy(site.market.world.client.network, _without_the_first) as proxy:
        async with site.service(site.config(rpc=(proxy.url,))) as service:
            await until(lambda: "ledger" in service.problems and service.status().seat is not None)
            assert "use one that has the whole past" in service.problems["ledger"]


async def test_the_ledger_is_filled_before_an_hour_is_due(site: ServiceSite) -> None:
    config = site.config(ledger=str(site.root / "ledger.db"))
    async with site.service(config, jobs=False) as service:
        await until(lambda: service._ledger is not None and service._ledger.filled)
        with Database.open(str(site.root / "ledger.db")) as database:
            assert database.counts()[1] > 20

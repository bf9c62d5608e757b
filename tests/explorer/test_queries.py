"""What pages ask the ledger's database: each by an index, and no more of it where the ledger is longer."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import sqlalchemy as sa
from bench.ledger import fill
from bench.market import START, node_of
from fastapi import FastAPI
from solders.pubkey import Pubkey

from ionet import pda
from ionet.explorer._app import bare, parts
from ionet.explorer._watching import Watching
from ionet.formats.when import HOUR
from ionet.ledger import Database
from ionet.service.bounds import Bounds

#: Tables that stay small however long the chain is: facts, types of events, currencies, files of hours.
SMALL: Final = {"meta", "kinds", "mints", "files"}
#: A node's number that is rented, and has a co-staker.
RENTED: Final = 48
NODES, SHORT, LONG = 120, 3, 12
#: What has no answer here: it asks the chain's node, has no end, or is of votes, which nobody holds.
OTHERS: Final = re.compile(r".*/(live|instructions|calls/.*|sent|sent/.*|wallets/.*|proposals/.*)")


class Asked:
    """An explorer on a ledger of some hours, and what its questions cost the database."""

    def __init__(self, place: Path, hours: int) -> None:
        fill(place, NODES, hours)
        self.database = Database.open(str(place))
        self.statements: dict[str, Any] = {}
        self.steps = 0
        engine = self.database._engine
        sa.event.listen(engine, "before_cursor_execute", self._note)
        sa.event.listen(engine, "checkout", self._count)
        self.app: FastAPI = bare()
        parts(self.app, self.database, Watching(), Bounds())
        self.place, self.time = place, START + hours * HOUR + HOUR // 2

    def _note(self, _: Any, cursor: Any, statement: str, values: Any, *more: Any) -> None:
        self.statements.setdefault(statement, values)

    def _count(self, connection: Any, *_: Any) -> None:
        connection.set_progress_handler(self._step, 1)

    def _step(self) -> int:
        self.steps += 1
        return 0

    async def read(self, path: str) -> dict[str, Any]:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://explorer.test") as client:
            answer = await client.get(path)
        assert answer.status_code == 200, (path, answer.text)
        its: dict[str, Any] = answer.json()
        return its

    async def cost(self, path: str) -> int:
        """Steps of SQLite's machine for an answer, when nothing is new since the one before."""
        await self.read(path)
        self.steps = 0
        await self.read(path)
        return self.steps


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Asked, Asked]]:
    """The same nodes for a few hours, and for four times as many."""
    folder = tmp_path_factory.mktemp("queries")
    both = Asked(folder / "short.db", SHORT), Asked(folder / "long.db", LONG)
    yield both
    for each in both:
        each.database.close()


def questions(its: Asked, signature: str) -> list[str]:
    """Every path of the API, and each kind of words."""
    node = node_of(RENTED)
    with closing(sqlite3.connect(its.place)) as raw:
        row = raw.execute("SELECT address FROM parties WHERE role = 2 LIMIT 1").fetchone()
    owner = str(Pubkey.from_bytes(row[0]))
    job = pda.jobs.job(pda.jobs.offer(node), 1)
    end = its.time // HOUR * HOUR
    given = {"nodes": node, "jobs": job, "accounts": node, "transactions": signature, "hours": end}
    paths = []
    for path in its.app.openapi()["paths"]:
        if not OTHERS.fullmatch(path):
            of = path.split("/")[3] if path.count("/") > 3 else ""
            paths.append(re.sub(r"\{\w+\}", str(given.get(of, "")), path))
    words = {
        "/api/v1/jobs": [f"party={owner}"],
        "/api/v1/records": ["kind=staking.Node", f"address={node}"],
        "/api/v1/search": [f"q={each}" for each in (node, owner, job, signature, "H100")],
        "/api/v1/nodes": ["", "class=3", f"owner={owner}", "only=hired", "only=proven"],
        "/api/v1/events": [
            "",
            f"about={node}",
            f"about={node}&name=staking.Credited&name=staking.Slashed",
            f"about={job}&order=oldest",
            "name=staking.Credited&name=jobs.Attested",
            f"since={START + HOUR}&until={START + 2 * HOUR}",
            "name=jobs.Booked&data=true",
        ],
    }
    return [f"{path}?{word}" if word else path for path in paths for word in words.get(path, [""])]


async def test_no_page_reads_a_table_of_the_chain_from_end_to_end(asked: tuple[Asked, Asked]) -> None:
    its = asked[0]
    newest = (await its.read("/api/v1/events?name=jobs.Attested"))["events"][0]
    for path in questions(its, newest["signature"]):
        answer = await its.read(path)
        if (cursor := answer.get("next")) is not None:
            await its.read(f"{path}{'&' if '?' in path else '?'}cursor={cursor}")
    await its.read(f"/api/v1/supply?at={START + HOUR}")
    scans = []
    with closing(sqlite3.connect(its.place)) as raw:
        for statement, values in its.statements.items():
            if not statement.startswith("SELECT"):
                continue
            for _, _, _, step in raw.execute(f"EXPLAIN QUERY PLAN {statement}", values):
                scanned = re.match(r"SCAN (\w+)", step)
                if scanned is not None and scanned[1] not in SMALL:
                    scans.append((step, statement))
    assert len(its.statements) > 20
    assert scans == []


async def test_no_page_asks_more_of_the_database_where_the_ledger_is_longer(
    asked: tuple[Asked, Asked],
) -> None:
    costs = []
    for its in asked:
        newest = (await its.read("/api/v1/events?name=jobs.Attested"))["events"][0]
        costs.append([await its.cost(path) for path in questions(its, newest["signature"])])
    paths = questions(asked[0], "SIGNATURE")
    grown = {
        path: (short, long)
        for path, short, long in zip(paths, *costs, strict=True)
        # A node's own lists grow up to a page of them; twice is what a page's rows may vary by.
        if long > 2 * short + 200
    }
    assert grown == {}
    assert sum(costs[0]) > 1_000

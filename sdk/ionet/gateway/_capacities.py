"""What nodes say that they give a job, for renters who look before they book.

`PUT /capacities` keeps a statement that the node's device has signed just now: 204; 409 for one that is
older than what is here; 429 for one more than eight in an hour, as nobody makes a gateway forget what a node
has just promised. `POST /capacities/find` with `{"nodes": [ADDRESS …]}`, at most 256, answers
`{"capacities": [ … ]}`: the newest of each, and with `"all": true`, of at most 16, those before, too.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from solders.pubkey import Pubkey
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ionet.chain.errors import IonetError
from ionet.executor._capacity import APART, Capacity, CapacityError
from ionet.formats.when import HOUR
from ionet.gateway._files import _refused
from ionet.gateway._hub import Registry
from ionet.gateway._pipes import _object
from ionet.store.keeper import Refusal
from ionet.wire._bucket import Bucket

#: Nodes in one question, and in one about all that they have said.
_ASKED: Final = 256
_ASKED_ALL: Final = 16
#: Statements that are looked up on the chain, a second, and seconds of that at once.
_RATE: Final = (20.0, 30.0)
#: Seconds of the chain for which no statement is forgotten for newer ones: a seat asks for it within minutes.
_KEPT: Final = HOUR
_PATIENCE: Final = 10.0


class Capacities:
    """The latest statements of each node. Bounded: the oldest are forgotten.

    Args:
        path: the database.
        registry: asks the chain.
        now: reads the chain's time, Unix seconds. May raise `IonetError`.
        most: statements in all.
        per_node: and of one node.
    """

    def __init__(
        self,
        path: Path,
        registry: Registry,
        now: Callable[[], Awaitable[int]],
        most: int = 200_000,
        per_node: int = 8,
    ) -> None:
        self._registry, self._now, self._most, self._per_node = registry, now, most, per_node
        #: Of devices whose last statement is here, and of all others, who may be anybody.
        self._known, self._new = Bucket(*_RATE), Bucket(*_RATE)
        self._base = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=NORMAL")
            self._base.execute(
                "CREATE TABLE IF NOT EXISTS capacities"
                " (node BLOB, at INTEGER, statement TEXT NOT NULL, PRIMARY KEY (node, at))"
            )
            self._base.execute("CREATE INDEX IF NOT EXISTS capacities_by_time ON capacities (at)")
        except sqlite3.Error:
            self._base.close()
            raise

    def close(self) -> None:
        """Closes the database."""
        self._base.close()

    def routes(self) -> list[Route]:
        """The routes at `/capacities`."""
        return [
            Route("/capacities", self._keep, methods=["PUT"]),
            Route("/capacities/find", self._find, methods=["POST"]),
        ]

    def of(self, nodes: Iterable[bytes], *, every: bool = False) -> list[dict[str, Any]]:
        """The statements of some nodes, the newest of each, or every one that is kept."""
        most = self._per_node if every else 1
        asked = "SELECT statement FROM capacities WHERE node=? ORDER BY at DESC LIMIT ?"
        return [
            json.loads(row[0])
            for node in dict.fromkeys(nodes)
            for row in self._base.execute(asked, (node, most))
        ]

    async def _keep(self, request: Request) -> Response:
        try:
            said = Capacity.from_dict(await _object(request))
            said.verify()
            known = self.of([said.node], every=True)
            if known and known[0]["at"] >= said.at:
                raise Refusal(409, "older", "a statement of the same time, or a newer one, is here")
            if len(known) >= self._per_node and known[-1]["at"] > said.at - _KEPT:
                raise Refusal(429, "often", f"a node says no more than {self._per_node} things in an hour")
            await self._check(said, known)
        except CapacityError as bad:
            return _refused(Refusal(400, "statement", str(bad)))
        except Refusal as bad:
            return _refused(bad)
        self._add(said)
        return Response(status_code=204)

    def _add(self, said: Capacity) -> None:
        self._base.execute(
            "INSERT OR IGNORE INTO capacities (node, at, statement) VALUES (?, ?, ?)",
            (said.node, said.at, json.dumps(said.to_dict())),
        )
        self._base.execute(
            "DELETE FROM capacities WHERE node=?1 AND at NOT IN"
            " (SELECT at FROM capacities WHERE node=?1 ORDER BY at DESC LIMIT ?2)",
            (said.node, self._per_node),
        )
        if self._base.execute("SELECT count(*) FROM capacities").fetchone()[0] > self._most:
            self._base.execute(
                "DELETE FROM capacities WHERE rowid = (SELECT rowid FROM capacities ORDER BY at LIMIT 1)"
            )

    async def _check(self, said: Capacity, known: Sequence[dict[str, Any]]) -> None:
        """Raises `Refusal` unless it is the node's device's, and of now, not of before a booking."""
        bucket = self._known if known and known[0]["device"] == str(Pubkey(said.device)) else self._new
        if not bucket.take():
            raise Refusal(429, "rate", "too many statements at once; try again soon")
        try:
            async with asyncio.timeout(_PATIENCE):
                device = await self._registry.device(said.node)
                now = await self._now()
        except (IonetError, TimeoutError):
            raise Refusal(503, "chain", "the node cannot be looked up now; try again soon") from None
        if abs(said.at - now) > APART:
            raise Refusal(400, "at", f"it is of {said.at}, and the chain's time is {now}")
        if device != said.device:
            raise Refusal(403, "node", f"{Pubkey(said.device)} is not the device of {Pubkey(said.node)}")

    async def _find(self, request: Request) -> Response:
        """Returns what is known of the nodes that are named; who reads it verifies it."""
        try:
            asked = await _object(request)
            names = asked.get("nodes")
            every = asked.get("all") is True
            most = _ASKED_ALL if every else _ASKED
            if not isinstance(names, list) or len(names) > most:
                raise Refusal(400, "nodes", f"the body names at most {most} nodes")
            try:
                nodes = [bytes(Pubkey.from_string(name)) for name in names]
            except (ValueError, TypeError):
                raise Refusal(400, "nodes", "nodes are named by their addresses in base58") from None
        except Refusal as bad:
            return _refused(bad)
        return JSONResponse(
            {"capacities": self.of(nodes, every=every)},
            headers={"cache-control": "no-store"},
        )

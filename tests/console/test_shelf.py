"""Listings that anybody asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any, cast

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet import AsyncClient
from ionet.console._shelf import Shelf


async def test_what_many_ask_for_at_once_is_read_once() -> None:
    """How a node's leases ended is in all its transactions, one request each."""
    read: list[str] = []

    async def search(*, booked: bool) -> list[Any]:
        read.append("listings")
        await asyncio.sleep(0)
        return []

    async def leases(nodes: Iterable[Pubkey], *, ledger: Any) -> dict[Pubkey, Any]:
        read.extend(str(node) for node in nodes)
        await asyncio.sleep(0)
        return dict.fromkeys(nodes, "ended well")

    client = cast(AsyncClient, SimpleNamespace(jobs=SimpleNamespace(search=search, leases=leases)))
    shelf, node = Shelf(), Keypair().pubkey()
    await asyncio.gather(*(shelf.listings(client) for _ in range(5)))
    told = await asyncio.gather(*(shelf.leases(client, None, [node]) for _ in range(5)))
    assert read == ["listings", str(node)]
    assert [list(each) for each in told] == [[node]] * 5

"""Suppliers of a model: each is llama.cpp behind a URL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ionet.intelligence.engine import HttpEngine
from ionet.intelligence.leased import FleetConfig
from ionet.intelligence.processes import Process, until_ready


@asynccontextmanager
async def llama(file: Path, socket: Path, slots: int = 4) -> AsyncIterator[HttpEngine]:
    """llama.cpp in a process of its own."""
    engine = HttpEngine("http://engine", "any", socket=socket, counts=True)
    arguments = [str(file), str(socket), "--context", "256", "--slots", str(slots)]
    async with Process("ionet.intelligence.llama", arguments, socket):
        assert await until_ready(engine, 120)
        yield engine
        await engine.close()


@asynccontextmanager
async def supplier(file: Path, folder: Path) -> AsyncIterator[str]:
    """A supplier, at a URL."""
    socket = folder / f"{file.stem[:8]}.sock"
    async with llama(file, socket), bridge(socket) as url:
        yield url


@asynccontextmanager
async def bridge(socket: Path, heard: list[bytes] | None = None) -> AsyncIterator[str]:
    """A URL of an engine's socket.

    Args:
        socket: of the engine.
        heard: gets all that is sent on each connection.
    """
    heard = [] if heard is None else heard

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(heard)
        heard.append(b"")
        far_reader, far_writer = await asyncio.open_unix_connection(socket)

        async def there() -> None:
            while part := await reader.read(65_536):
                heard[number] += part
                far_writer.write(part)
                await far_writer.drain()

        await asyncio.gather(_ended(there(), far_writer), _ended(_pump(far_reader, writer), writer))

    server = await asyncio.start_server(carry, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while part := await reader.read(65_536):
        writer.write(part)
        await writer.drain()


async def _ended(pumping: Coroutine[None, None, None], to: asyncio.StreamWriter) -> None:
    try:
        await pumping
    except OSError:
        pass
    finally:
        to.close()


def fleet_of(folder: Path, **more: Any) -> FleetConfig:
    """Settings of nodes that are leased through a gateway that is away.

    Args:
        folder: with the session's key.
        more: other settings than usual.
    """
    usual: dict[str, Any] = {
        "gateway": "http://127.0.0.1:1", "keypair": folder / "key.json", "wallet": None, "pay": "IO",
        "classes": ("1",), "memory": 1, "cpus": None, "gpus": None, "seconds": 3_600, "budget": None,
        "max_rate": None, "image": None,
    }  # fmt: skip
    return FleetConfig(**usual | more)

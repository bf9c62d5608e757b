"""Passes ports of this machine's loopback on to an address: `python passing.py HOST PORT...`."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress

_BLOCK = 1 << 16


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_BLOCK):
            writer.write(data)
            await writer.drain()
    writer.close()


async def pass_on(server: socket.socket, host: str, port: int) -> None:
    """Joins what connects to a socket with an address, without end."""

    async def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await asyncio.open_connection(host, port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_copy(reader, there[1]), _copy(there[0], writer))

    await (await asyncio.start_server(joined, sock=server)).serve_forever()


async def main(host: str, ports: Sequence[int]) -> None:
    """Until it is ended."""
    servers = [socket.create_server(("127.0.0.1", port)) for port in ports]
    await asyncio.gather(*(pass_on(server, host, port) for server, port in zip(servers, ports, strict=True)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], [int(port) for port in sys.argv[2:]]))

"""What stands in front of a gateway and spoils what it says, for tests."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from typing import Final

from ionet.wire._link import PATH

#: Seconds by which what is late is late: longer than a seat waits for a peer to be there.
_LATE: Final = 3.2
#: Bytes of an answer below which nothing is spoilt: the words with which connections begin.
_WORDS: Final = 150


class Fault(StrEnum):
    """What it does.

    `LIE`: something is altered in what it passes on. `DELAY`: all comes late. `DROP`: connections are made
    and answered for, and nothing of peers' messages comes through. `CUT`: connections end after a moment.
    """

    LIE = "lie"
    DELAY = "delay"
    DROP = "drop"
    CUT = "cut"


class Faulty:
    """Listens where peers know a gateway, and passes on to where it really is.

    Args:
        target: the gateway's port on this machine; asked anew for each connection.
        fault: what it does; None: nothing.
        seed: of what is altered.

    Attributes:
        port: where it listens.
        spoilt: how often it did it.
    """

    def __init__(self, target: Callable[[], int], fault: Fault | None, seed: int = 1) -> None:
        self.fault = fault
        self.port = 0
        self.spoilt = 0
        self._target = target
        self._dice = random.Random(seed)
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}{PATH}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with suppress(OSError, asyncio.CancelledError):
            there, away = await asyncio.open_connection("127.0.0.1", self._target())
            ways = [
                asyncio.create_task(self._pump(reader, away, back=False)),
                asyncio.create_task(self._pump(there, writer, back=True)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                away.close()
        writer.close()

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, back: bool) -> None:
        with suppress(OSError):
            while data := await source.read(1 << 16):
                if back and (spoilt := await self._spoil(data)) is not None:
                    self.spoilt += 1
                    data = spoilt
                target.write(data)
                await target.drain()

    async def _spoil(self, data: bytes) -> bytes | None:
        """What comes instead of what a gateway says; None: that."""
        if self.fault is Fault.DELAY:
            await asyncio.sleep(_LATE)
            return data
        if self.fault is None or len(data) < _WORDS or data.startswith(b"HTTP/1.1 101"):
            return None
        if self.fault is Fault.CUT:
            self.spoilt += 1
            raise ConnectionResetError
        if self.fault is Fault.DROP:
            return b""
        spoilt = bytearray(data)
        spoilt[-self._dice.randrange(1, 64)] ^= 1 << self._dice.randrange(8)
        return bytes(spoilt)

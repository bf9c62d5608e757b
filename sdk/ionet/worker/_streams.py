"""A renter's streams into the box of their lease: SSH from end to end, which neither gateway nor agent reads.

The agent dials the gateway that says so, and copies bytes between it and the SSH server in the box, which
lets in whom the renting key has certified. What runs there has the box's rights and no more.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

import httpx
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet.chain.errors import IonetError
from ionet.chain.rpc.tls import tls
from ionet.executor import packed_library
from ionet.wire._bucket import Bucket
from ionet.wire.ssh import STREAM, host_certificate, library, private_text, public_line
from ionet.worker._piping import joined, open_pipe

_log = logging.getLogger(__name__)
_NAME: Final = re.compile("[0-9a-f]{32}")
#: Streams at once over a gateway; those that it may have begun in a second, and seconds of that at once.
_MOST: Final = 40
_RATE: Final = (4.0, 10.0)
_PATIENCE: Final = 15.0

#: Connects to the SSH server in the box.
Connect = Callable[[], Awaitable[socket.socket]]


class Streams:
    """The streams into one node's boxes.

    Args:
        device: its key.
        gateways: by the URL at which the agent is connected, ``wss://…``, the one for pipes, ``https://…``.

    Raises:
        ConfigError: asyncssh is not installed.
    """

    def __init__(self, device: Keypair, gateways: Mapping[str, str]) -> None:
        library()
        self._device, self._gateways = device, gateways
        # Each has its own: one that calls without end keeps nobody from coming in over another.
        self._buckets = {url: Bucket(*_RATE) for url in gateways}
        self._tasks: dict[str, set[asyncio.Task[None]]] = {url: set() for url in gateways}

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(map(len, self._tasks.values()))

    def given(self, job: bytes, renter: bytes) -> dict[str, bytes | Path]:
        """What the box of a lease is given to let its renter in."""
        name, key = str(Pubkey(job)), Keypair()
        certificate = host_certificate(self._device, key, name)
        access = {
            "job": name,
            "renter": public_line(renter),
            "key": private_text(key).decode(),
            "certificate": certificate.export_certificate("openssh").decode(),
        }
        return {"access.json": json.dumps(access).encode(), "access.tar": packed_library("asyncssh")}

    def open(self, url: str, job: bytes, name: str, connect: Connect) -> None:
        """Begins a stream that a gateway has announced; one too many is not begun.

        Args:
            url: where the agent is connected to it.
            job: whose lease is served.
            name: the stream's.
            connect: to the box.
        """
        http = self._gateways.get(url)
        if http is None or not _NAME.fullmatch(name):
            return
        tasks = self._tasks[url]
        if len(tasks) >= _MOST or not self._buckets[url].take():
            return
        task = asyncio.create_task(self._run(http, f"{STREAM}{Pubkey(job)}/{name}", connect))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def close(self) -> None:
        """Ends all streams."""
        tasks = [task for each in self._tasks.values() for task in each]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, url: str, path: str, connect: Connect) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                # Before the box: where that does not answer, the renter need not wait.
                async with httpx.AsyncClient(verify=tls(), timeout=_PATIENCE) as client:
                    pipe = await open_pipe(self._device, url, path, client)
                try:
                    box = await asyncio.open_connection(sock=await connect())
                except BaseException:
                    pipe[1].close()
                    raise
            await joined(pipe, box)
        except (IonetError, OSError, httpx.HTTPError, ValueError, LookupError, TimeoutError) as bad:
            _log.info("a stream does not begin: %s", str(bad) or type(bad).__name__)
        except Exception:
            _log.exception("a stream")

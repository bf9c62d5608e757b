"""A market of this machine's loopback, as boxes with the internet see one: beyond the router."""

from __future__ import annotations

import asyncio
import ctypes
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackagePath, distribution
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from tests.network.passing import pass_on
from tests.sandbox.world import World

import ionet

_CLONE_NEWNET: Final = 0x40000000


def _listening(there: World, port: int) -> socket.socket:
    """A socket at the public address."""
    made = list[socket.socket]()

    def enter() -> None:
        with Path("/run/netns", there.name).open() as file:
            if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), _CLONE_NEWNET):
                return
        made.append(socket.create_server((there.public, port)))

    # A thread has its own network, which ends with it.
    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    return made[0]


@contextmanager
def public(there: World, ports: Sequence[int]) -> Iterator[None]:
    """Ports of this machine's loopback are those of the public address, too."""
    loop, servers = asyncio.new_event_loop(), [_listening(there, port) for port in ports]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    passing = [
        asyncio.run_coroutine_threadsafe(pass_on(server, "127.0.0.1", port), loop)
        for port, server in zip(ports, servers, strict=True)
    ]
    try:
        yield
    finally:
        for task in passing:
            task.cancel()
        loop.call_soon_threadsafe(loop.call_later, 0.1, loop.stop)
        thread.join()
        for server in servers:
            server.close()


def package(extra: str) -> Iterator[tuple[Path, PackagePath]]:
    """The files of this package and of what it needs, as pip would put them into a folder.

    Yields:
        Each with its path below that folder.
    """
    known, left = set[str](), ["ionet"]
    while left:
        if (name := left.pop().lower()) in known:
            continue
        known.add(name)
        installed = distribution(name)
        for text in installed.requires or []:
            needed = Requirement(text)
            if needed.marker is None or needed.marker.evaluate({"extra": extra if name == "ionet" else ""}):
                left.append(needed.name)
        for file in installed.files or []:
            path = Path(str(installed.locate_file(file)))
            if file.suffix not in {".pyc", ".pth"} and ".." not in file.parts and path.is_file():
                yield path, file
    source = Path(ionet.__file__).parent
    for path in source.rglob("*"):
        if path.is_file() and path.suffix != ".pyc" and "_built" not in path.parts:
            yield path, PackagePath("ionet", path.relative_to(source))

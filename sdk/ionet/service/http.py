"""Listening for HTTP, as all services for people do it. Needs uvicorn."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from ionet.chain.errors import ConfigError


class Server(uvicorn.Server):
    """Leaves signals to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none."""
        yield


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections.

    Args:
        host: an address of this machine.
        port: 0: any.

    Raises:
        ConfigError: the port is taken.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=256)
        # Connections take it over. asyncio leaves it to sockets that were made with a protocol's number, and
        # without it the end of each answer waits for the reader's acknowledgement: 40 ms.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening
    except OSError as bad:
        raise ConfigError(
            f"nothing can listen on {host}:{port}: {bad.strerror}; choose another place with --listen"
        ) from None


def url_of(listening: socket.socket) -> str:
    """The URL of a socket that takes connections."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

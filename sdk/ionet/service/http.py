"""Listening for HTTP, as all services for people do it. Needs uvicorn."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import TYPE_CHECKING

import uvicorn

from ionet.chain.errors import ConfigError

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry


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


def serve_metrics(
    stack: AsyncExitStack, where: tuple[str, int], registry: CollectorRegistry, said: str = "--metrics"
) -> None:
    """Serves metrics for Prometheus as long as a stack is open.

    Args:
        stack: ends it.
        where: address and port.
        registry: has them.
        said: what says where they are, for the error.

    Raises:
        ConfigError: the port is taken.
    """
    from prometheus_client import start_http_server

    host, port = where
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as bad:
        raise ConfigError(
            f"metrics cannot be served on {host}:{port}: {bad.strerror}; choose another place with {said}"
        ) from None
    stack.callback(thread.join, 2.0)
    stack.callback(server.server_close)
    stack.callback(server.shutdown)

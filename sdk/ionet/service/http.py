"""Listening for HTTP, as all services for people do it. Needs uvicorn."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from ionet.chain.errors import ConfigError
from ionet.service.bounds import Bounds
from ionet.service.patience import Patient

if TYPE_CHECKING:
    from starlette.types import ASGIApp


class Server(uvicorn.Server):
    """Leaves signals to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none."""
        yield


def server_of(
    app: ASGIApp,
    bounds: Bounds,
    *,
    alone: bool,
    idle: int,
    ending: int = 10,
    proxies: Sequence[str] | None = None,
) -> Server:
    """A server of HTTP/1.1 that says nothing of itself, within bounds.

    Args:
        app: what it serves.
        bounds: of connections, and of heads of requests.
        alone: whether clients connect themselves, and not a proxy for all of them.
        idle: seconds for which a silent connection is kept.
        ending: seconds that answers may take once it ends.
        proxies: addresses of those who say for whom they ask; None: of this machine's.
    """
    named = {} if proxies is None else {"proxy_headers": bool(proxies), "forwarded_allow_ips": list(proxies)}
    return Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            http=Patient.within(bounds, alone=alone),
            ws="none",
            h11_max_incomplete_event_size=bounds.header,
            limit_concurrency=bounds.connections,
            timeout_keep_alive=idle,
            timeout_graceful_shutdown=ending,
            **named,  # type: ignore[arg-type]  # of its parameters
        )
    )


def listen(host: str, port: int, said: str = "--listen") -> socket.socket:
    """A socket that takes connections.

    Args:
        host: an address of this machine.
        port: 0: any.
        said: what says where it is, for the error.

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
            f"nothing can listen on {host}:{port}: {bad.strerror}; choose another place with {said}"
        ) from None


def url_of(listening: socket.socket) -> str:
    """The URL of a socket that takes connections."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

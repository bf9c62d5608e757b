"""What a gateway answers over HTTP: its health, and files."""

from __future__ import annotations

import time
from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ionet import __version__
from ionet.gateway._hub import Hub
from ionet.wire import Role


def app(hub: Hub, routes: Sequence[BaseRoute] = ()) -> Starlette:
    """Returns the application.

    Args:
        hub: the connections.
        routes: further routes, such as those for files.
    """
    began = time.monotonic()

    async def health(request: Request) -> Response:
        facts = {
            "closing": hub.closing,
            "peers": {role.value: hub.connected(role) for role in Role},
            "room": max(0, hub.bounds.peers - hub.connected(Role.AGENT) - hub.connected(Role.RENTER)),
            "seconds": int(time.monotonic() - began),
            "version": __version__,
        }
        return JSONResponse(facts, 503 if hub.closing else 200, {"cache-control": "no-store"})

    return Starlette(routes=[Route("/health", health), *routes])

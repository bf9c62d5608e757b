"""What a gateway says of itself, as a client sees it."""

from __future__ import annotations

import json
import time
from typing import Any, Final

import httpx

from ionet.chain.errors import IonetError
from ionet.chain.rpc.tls import tls
from ionet.chain.rpc.urls import public_url
from ionet.wire._link import gateway_urls

_PATIENCE: Final = 10.0
_MOST: Final = 1 << 16


class GatewayUnreachable(IonetError):
    """A gateway does not answer, or something else answers there."""


def status(url: str, *, insecure: bool = False) -> dict[str, Any]:
    """Returns the answer of `/health`, with the URL and the milliseconds that it took.

    Raises:
        ConfigError: it is no gateway's URL.
        GatewayUnreachable: it does not answer, or not as a gateway does.
    """
    _, base = gateway_urls(url, insecure=insecure)
    start, body, shown = time.monotonic(), b"", public_url(base)
    try:
        with (
            httpx.Client(verify=tls(), timeout=_PATIENCE) as client,
            client.stream("GET", f"{base}/health") as answer,
        ):
            for part in answer.iter_bytes():
                body += part
                if len(body) > _MOST or time.monotonic() - start > _PATIENCE:
                    raise ValueError("too much")
        facts = json.loads(body)
        if not isinstance(facts, dict) or not isinstance(facts.get("peers"), dict):
            raise ValueError("something else")
    except httpx.HTTPError as bad:
        raise GatewayUnreachable(f"{shown} cannot be reached: {str(bad) or type(bad).__name__}") from None
    except (ValueError, RecursionError):
        raise GatewayUnreachable(f"{shown} does not answer as a gateway does") from None
    return {**facts, "milliseconds": round(1_000 * (time.monotonic() - start)), "url": base}

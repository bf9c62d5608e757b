# Generated from chain/rpc/_async/http.py by scripts/codegen; do not edit.
"""JSON-RPC over HTTP."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from itertools import count
from typing import Any, Final, Self
from urllib.parse import urlsplit, urlunsplit

import httpx

from ionet.chain.errors import RpcError, TransportError
from ionet.chain.rpc.tls import tls

#: Statuses after which the same request may succeed.
_BUSY: Final = frozenset({429, 500, 502, 503, 504})
#: JSON-RPC errors after which the same request may succeed: rate limited, behind, slot not reached.
_BUSY_CODES: Final = frozenset({429, -32429, -32005, -32016})
#: Calls that must not be repeated blindly: they do something each time.
_ONCE: Final = ("requestAirdrop", "surfnet_")


class HttpTransport:
    """Sends requests to a node over HTTP; those that fail on the way are retried with growing pauses.

    Args:
        url: the node.
        timeout: seconds for one attempt.
        retries: further attempts after the first.
        backoff: seconds before the second attempt; doubles each time, with jitter.
        headers: sent with each request, for example for an API key.
        client: your own httpx client; it is not closed with the transport.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float = 30.0,
        retries: int = 5,
        backoff: float = 0.25,
        headers: dict[str, str] | None = None,
        client: httpx.Client | None = None,
    ) -> None:
        self.url = url
        self._own = client is None
        self._client = client or httpx.Client(verify=tls(), timeout=timeout, headers=headers)
        self._retries = retries
        self._backoff = backoff
        self._ids = count(1)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {_public(self.url)}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def request(self, method: str, params: Sequence[Any] = ()) -> Any:
        """Returns the `result` of a JSON-RPC call.

        Raises:
            RpcError: the node answered with an error.
            TransportError: there was no answer after all attempts.
        """
        body = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)}
        attempts = 1 if method.startswith(_ONCE) else self._retries + 1
        for attempt in range(1, attempts + 1):
            try:
                return self._once(method, body, attempt)
            except (TransportError, RpcError) as bad:
                if attempt == attempts or not _worth_repeating(bad):
                    raise
                pause = self._backoff * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)
                asked = bad.retry_after if isinstance(bad, TransportError) else None
                time.sleep(min(asked if asked is not None else pause, 30.0))
        raise AssertionError("unreachable")

    def _once(self, method: str, body: dict[str, Any], attempt: int) -> Any:
        where = _public(self.url)
        try:
            response = self._client.post(self.url, json=body)
        except httpx.HTTPError as bad:
            reason = str(bad) or type(bad).__name__
            raise TransportError(
                f"{method}: no answer from {where}: {reason}", url=where, attempts=attempt
            ) from bad
        except httpx.InvalidURL as bad:
            raise TransportError(f"{where} is not a URL: {bad}", url=where, status=0) from bad
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if isinstance(answer, dict) and isinstance(answer.get("error"), dict):
            error = answer["error"]
            raise RpcError(error.get("code", 0), error.get("message", ""), error.get("data"), method)
        if response.status_code != 200 or not isinstance(answer, dict) or "result" not in answer:
            said = f"HTTP {response.status_code}" if response.status_code != 200 else "no JSON-RPC answer"
            raise TransportError(
                f"{method}: {said} from {where}",
                url=where,
                status=response.status_code,
                attempts=attempt,
                retry_after=_retry_after(response),
            )
        return answer["result"]

    def close(self) -> None:
        """Closes the connections."""
        if self._own:
            self._client.close()


def _worth_repeating(bad: TransportError | RpcError) -> bool:
    if isinstance(bad, RpcError):
        return bad.code in _BUSY_CODES
    return bad.status is None or bad.status in _BUSY


def _retry_after(response: httpx.Response) -> float | None:
    try:
        return float(response.headers["retry-after"])
    except (KeyError, ValueError):
        return None


def _public(url: str) -> str:
    """Returns the URL without what may be secret: credentials, path and query."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return urlunsplit((parts.scheme, f"{host}:{parts.port}" if parts.port else host, "", "", ""))

"""JSON-RPC over HTTP."""

from __future__ import annotations

import asyncio
import json
import math
import os
import random
import time
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from itertools import count
from typing import Any, Final, Self

import httpx

from ionet.chain.errors import ConfigError, RpcError, TransportError
from ionet.chain.records import growing
from ionet.chain.rpc.bounds import ENCODING, LARGEST, AsyncBounds, TooLarge, Unpacking
from ionet.chain.rpc.sockets import websocket_url
from ionet.chain.rpc.tls import tls
from ionet.chain.rpc.urls import keep_secret, public_url

#: HTTP statuses after which the same request may succeed.
_BUSY: Final = frozenset({429, 500, 502, 503, 504})
#: JSON-RPC errors after which the same request may succeed: rate limited, behind, slot not reached.
_BUSY_CODES: Final = frozenset({429, -32429, -32005, -32016})
#: Calls that must not be repeated blindly: they do something each time.
_ONCE: Final = ("requestAirdrop", "surfnet_")
#: Failures before a byte of the request was sent.
_NOT_REACHED: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
#: Characters of an error message that are kept.
_MOST_TEXT: Final = 2_000


class AsyncHttpTransport:
    """Sends requests to a node over HTTP; those that fail on the way are repeated with growing pauses.

    Args:
        url: the node.
        timeout: seconds for one attempt, until the last byte of the answer.
        retries: further attempts after the first.
        backoff: seconds before the second attempt; doubles each time, with jitter.
        headers: sent with each request, for example for an API key.
        client: an httpx client of your own, which is not closed with the transport.
        websocket: where the node serves subscriptions; default: where the `solana` command expects it.
        largest: bytes of an answer; larger ones are discarded.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float = 30.0,
        retries: int = 5,
        backoff: float = 0.25,
        headers: dict[str, str] | None = None,
        client: httpx.AsyncClient | None = None,
        websocket: str | None = None,
        largest: int = LARGEST,
    ) -> None:
        self.url = url
        keep_secret(url)
        self.websocket = websocket_url(url) if websocket is None else websocket
        self.headers = dict(headers or {})
        #: The moment (`time.monotonic`) until which its websockets are taken to be absent.
        self.no_websocket_until = 0.0
        self._own = client is None
        self._client = client or _client(timeout, headers)
        self._timeout = timeout
        self._largest = largest
        self._retries = retries
        self._backoff = backoff
        self._ids = count(1)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {public_url(self.url)}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()

    async def request(self, method: str, params: Sequence[Any] = ()) -> Any:
        """The `result` of a JSON-RPC call.

        Raises:
            RpcError: the node answered with an error.
            TransportError: no answer after all attempts.
        """
        body = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)}
        attempts = 1 if method.startswith(_ONCE) else self._retries + 1
        for attempt in range(1, attempts + 1):
            try:
                return await self._once(method, body, attempt)
            except (TransportError, RpcError) as bad:
                if attempt == attempts or not _worth_repeating(bad):
                    raise
                pause = self._backoff * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)
                await asyncio.sleep(min(pause if bad.retry_after is None else bad.retry_after, 30.0))
        raise AssertionError("unreachable")

    async def _once(self, method: str, body: dict[str, Any], attempt: int) -> Any:
        where = public_url(self.url)
        try:
            response, content = await self._exchange(body)
        except TimeoutError as bad:
            raise TransportError(
                f"{method}: no whole answer from {where} within {self._timeout:g} seconds",
                url=where,
                attempts=attempt,
            ) from bad
        except httpx.HTTPError as bad:
            reason = str(bad) or type(bad).__name__
            raise TransportError(
                f"{method}: no answer from {where}: {reason}",
                url=where,
                attempts=attempt,
                reached=not isinstance(bad, _NOT_REACHED),
            ) from bad
        except httpx.InvalidURL:
            # Without the cause, whose text could quote a secret.
            message = f"{where} is not a URL that can be asked; write https://HOST:PORT"
            raise TransportError(message, url=where, status=0, reached=False) from None
        if content is None:
            raise TransportError(
                f"{method}: the answer of {where} is larger than {self._largest >> 20} MiB",
                url=where,
                status=response.status_code,
                attempts=attempt,
                retry_after=_retry_after(response),
            )
        answer = _json(content)
        if isinstance(answer, dict) and answer.get("error") is not None:
            raise _rpc_error(answer["error"], method, _retry_after(response))
        if response.status_code != 200 or not isinstance(answer, dict) or "result" not in answer:
            outcome = f"HTTP {response.status_code}" if response.status_code != 200 else "no JSON-RPC answer"
            raise TransportError(
                f"{method}: {outcome} from {where}",
                url=where,
                status=response.status_code,
                attempts=attempt,
                retry_after=_retry_after(response),
            )
        return answer["result"]

    async def _exchange(self, body: dict[str, Any]) -> tuple[httpx.Response, bytes | None]:
        """The answer's head and body; None for a body that is too large.

        Raises:
            HTTPError: there is no answer.
            TimeoutError: it is not whole in time.
        """
        until = time.monotonic() + self._timeout
        async with (
            AsyncBounds.within(self._timeout),
            self._client.stream("POST", self.url, json=body, headers=ENCODING) as response,
        ):
            unpacking = Unpacking(response.headers.get("content-encoding", ""), self._largest)
            parts = []
            try:
                async for part in response.aiter_raw():
                    parts.append(unpacking.take(part))
                    if time.monotonic() > until:
                        raise TimeoutError
            except TooLarge:
                return response, None
            unpacking.end()
        return response, b"".join(parts)

    async def aclose(self) -> None:
        """Closes the connections."""
        if self._own:
            await self._client.aclose()


def _client(timeout: float, headers: dict[str, str] | None) -> httpx.AsyncClient:
    """A client with the environment's proxy and certificates.

    Raises:
        ConfigError: they cannot be used; the message names the variable to look at.
    """
    try:
        # Connecting times out first, so that a failure to connect is known as one: nothing was sent.
        waits = httpx.Timeout(timeout, connect=0.8 * timeout, pool=0.8 * timeout)
        return AsyncBounds.keep(httpx.AsyncClient(verify=tls(), timeout=waits, headers=headers))
    except OSError as bad:  # a missing file, or one without certificates
        source = os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR") or "the system's"
        reason = bad.strerror or str(bad)
        raise ConfigError(f"certificates ({source}, see SSL_CERT_FILE) cannot be used: {reason}") from None
    except (ImportError, ValueError) as bad:
        raise ConfigError(f"the proxy that ALL_PROXY or HTTPS_PROXY names cannot be used: {bad}") from None


def _worth_repeating(bad: TransportError | RpcError) -> bool:
    if isinstance(bad, RpcError):
        return bad.code in _BUSY_CODES
    return bad.status is None or bad.status in _BUSY


def _json(content: bytes) -> Any:
    """The body, or None if it is not JSON."""
    try:
        with growing():
            return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _rpc_error(error: Any, method: str, retry_after: float | None) -> RpcError:
    """The error of an answer, whatever shape a node gives it."""
    if not isinstance(error, dict):
        return RpcError(0, str(error)[:_MOST_TEXT], None, method, retry_after)
    code, message = error.get("code"), error.get("message")
    number = code if isinstance(code, int) and not isinstance(code, bool) else 0
    text = message[:_MOST_TEXT] if isinstance(message, str) and message else "an error without a message"
    return RpcError(number, text, error.get("data"), method, retry_after)


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds to wait as the node asks for: a number of them, or a date."""
    text = response.headers.get("retry-after", "")
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (TypeError, ValueError, IndexError):
            return None
        seconds = moment.timestamp() - time.time()
    return seconds if math.isfinite(seconds) and seconds >= 0 else None

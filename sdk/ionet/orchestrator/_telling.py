"""How a service tells what it does: log lines, and events for its operator."""

from __future__ import annotations

import logging
import time
from typing import Final

import httpx

from ionet.chain.rpc.tls import tls
from ionet.formats.logs import log_to_stderr as _to_stderr

_log = logging.getLogger(__name__)
#: Fields of a log line besides the usual ones.
_FIELDS: Final = ("job", "step", "detail", "hour", "node")
#: The same event is not told again within this many seconds.
_AGAIN_AFTER: Final = 3_600.0
_PATIENCE: Final = 10.0


def log_to_stderr(*, as_json: bool) -> None:
    """Has this package's log lines written to standard error."""
    _to_stderr(as_json=as_json, fields=_FIELDS)


class Notifier:
    """Sends events to a URL, as JSON; what cannot be sent is logged, and lost.

    Args:
        url: where to; None: nowhere.
        who: the sender's address, which each event names.
    """

    def __init__(self, url: str | None, who: str) -> None:
        self._url, self._who = url, who
        self._told: dict[str, tuple[str, float]] = {}

    async def tell(self, event: str, text: str) -> None:
        """Sends an event, unless the same was sent within the last hour."""
        now = time.monotonic()
        last = self._told.get(event)
        if self._url is None or (last is not None and last[0] == text and now - last[1] < _AGAIN_AFTER):
            return
        self._told[event] = text, now
        body = {"at": int(time.time()), "event": event, "from": self._who, "text": text}
        try:
            async with httpx.AsyncClient(verify=tls(), timeout=_PATIENCE) as client:
                (await client.post(self._url, json=body)).raise_for_status()
        except (httpx.HTTPError, OSError) as bad:
            # Without its text, which could quote a secret of the URL.
            _log.warning("the event %s could not be sent: %s", event, type(bad).__name__)

"""How a service tells what it does: log lines, and events for its operator."""

from __future__ import annotations

import json
import logging
import sys
import time
from datetime import UTC, datetime
from typing import Final

import httpx

from ionet.chain.rpc.tls import tls

_log = logging.getLogger(__name__)
#: Fields of a log line besides the usual ones.
_FIELDS: Final = ("job", "step", "detail", "hour", "node")
#: The same event is not told again within this many seconds.
_AGAIN_AFTER: Final = 3_600.0
_PATIENCE: Final = 10.0


class _JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def log_to_stderr(*, as_json: bool) -> None:
    """Has this package's log lines written to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    plain = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    handler.setFormatter(_JsonLines() if as_json else plain)
    logger = logging.getLogger("ionet")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False


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

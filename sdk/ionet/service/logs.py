"""Log lines of services, on standard error."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Collection
from datetime import UTC, datetime


class _JsonLines(logging.Formatter):
    """One JSON object a line."""

    def __init__(self, fields: Collection[str]) -> None:
        super().__init__()
        self._fields = fields

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in self._fields if hasattr(record, name)}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def log_to_stderr(*, as_json: bool, fields: Collection[str] = (), level: int = logging.INFO) -> None:
    """Has this package's log lines written to standard error.

    Args:
        as_json: one JSON object a line, instead of text.
        fields: names of what lines of JSON have besides the usual, where a record has it (`extra`).
        level: the least that is written.
    """
    handler = logging.StreamHandler(sys.stderr)
    plain = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    handler.setFormatter(_JsonLines(fields) if as_json else plain)
    logger = logging.getLogger("ionet")
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False

"""URLs may hold secrets: a password, a key in the path or the query. What is shown of them holds none."""

from __future__ import annotations

import logging
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import httpx

#: What is not to be logged whole: by these, shown without their secrets.
_KEPT: Final[set[str]] = set()


def public_url(url: str) -> str:
    """The URL without what may be secret: credentials, path and query."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "the URL that was given"
    name = f"[{host}]" if ":" in host else host
    return urlunsplit((parts.scheme, f"{name}:{port}" if port else name, "", "", ""))


def keep_secret(url: str) -> None:
    """Has the log of httpx name what is asked there without what may be secret; httpx logs whole URLs."""
    _KEPT.add(public_url(url))
    logging.getLogger("httpx").addFilter(_FILTER)


class _Filter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(map(_shown, record.args))
        return True


def _shown(argument: Any) -> Any:
    if not isinstance(argument, httpx.URL):
        return argument
    shown = public_url(str(argument))
    return shown if shown in _KEPT else argument


_FILTER: Final = _Filter()

"""Where the links of the explorer's pages lead: each is asked for as the page behind it asks."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

#: What pages ask for whose addresses are not the API's.
_ASKED: Final = {"": "supply", "devices": "nodes", "stake": "stakes"}
#: Which of their tables has pages.
_PAGED: Final = {"supply": "days", "hours": "leaves"}
#: Rows that a number is the sum of, or counts.
_ROWS: Final = {"events": "events", "nodes": "nodes", "transactions": "events", "leaves": "leaves"}


@dataclass(frozen=True, slots=True)
class Followed:
    """A link of a page, and what is behind it.

    Attributes:
        page: the page that has it, by its name in the walk.
        href, text: of the link.
        base: base units of the amount that it is on; None: it is on none.
        number: whether it is on a number.
        status: of the API's answer.
        rows: that the answer lists; None: it is no list.
    """

    page: str
    href: str
    text: str
    base: int | None
    number: bool
    status: int
    rows: list[Any] | None

    @property
    def opens_nothing(self) -> bool:
        """Whether it is on a number that is not nothing, or on events, and there are none behind it."""
        # Of two numbers, as in “0 of 3”, the first one.
        written = re.search(r"[\d.,]*\d", self.text)
        is_nothing = written is None or not set(written[0]) & set("123456789")
        if self.base is not None:
            is_nothing = not self.base
        says_so = self.number or self.href.startswith("/events")
        return says_so and not (self.number and is_nothing) and self.rows is not None and not self.rows


def asked_by(href: str) -> tuple[str, list[tuple[str, str]]]:
    """What the page at an address asks the API for, and with which words."""
    parts = urlsplit(href)
    if parts.path.startswith("/api/"):
        return parts.path, parse_qsl(parts.query)
    first, *rest = parts.path.strip("/").split("/")
    if first == "stake" and rest:
        first = "nodes"
    words = parse_qsl(parts.query, keep_blank_values=True)
    name = _ASKED.get(first, first)
    if any(word == "cursor" for word, _ in words) and name in _PAGED:
        rest = [*rest, _PAGED[name]]
    return "/".join(["/api/v1", name, *rest]), words


def follow(url: str, links: list[dict[str, Any]]) -> list[Followed]:
    """Asks for what is behind each link, once.

    Args:
        url: of the explorer.
        links: as browser.mjs has them.
    """
    # An idle connection may be closed at the moment in which it is used again.
    with httpx.Client(base_url=url, timeout=60, limits=httpx.Limits(max_keepalive_connections=0)) as client:
        answers = {href: _answer(client, href) for href in dict.fromkeys(link["href"] for link in links)}
    return [
        Followed(
            link["page"],
            link["href"],
            link["text"],
            None if link["base"] is None else int(link["base"]),
            link["number"],
            *answers[link["href"]],
        )
        for link in links
    ]


def _answer(client: httpx.Client, href: str) -> tuple[int, list[Any] | None]:
    path, words = asked_by(href)
    until = time.monotonic() + 120
    while (answer := client.get(f"{path}?{urlencode(words)}")).status_code == 202:
        assert time.monotonic() < until, f"{href} is still being computed"
        time.sleep(0.05)
    name = _ROWS.get(path.rsplit("/", 1)[-1]) or _ROWS.get(path.split("/")[3])
    if answer.status_code != 200 or name is None or "csv" in answer.headers["content-type"]:
        return answer.status_code, None
    return answer.status_code, answer.json().get(name)

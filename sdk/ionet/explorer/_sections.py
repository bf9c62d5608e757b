"""The explorer's pages."""

from __future__ import annotations

from typing import Final

from ionet.service.pages import Pages

_SECTIONS: Final = frozenset(
    {
        "",
        "accounts",
        "attesters",
        "auctions",
        "devices",
        "events",
        "hours",
        "jobs",
        "models",
        "networks",
        "nodes",
        "proposals",
        "search",
        "stake",
        "supply",
        "transactions",
    }
)


def its_pages() -> Pages:
    """What browsers get of the explorer.

    Raises:
        PagesBroken: the package is not whole.
    """
    return Pages("ionet.explorer", _SECTIONS)

"""The market in a browser: pages and an API over a ledger. Needs the extra `explorer`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ionet.explorer._bounds import Bounds
    from ionet.explorer._service import Explorer, ExplorerConfig
else:
    from ionet._lazy import lazy

    _NAMES = {
        "Bounds": "_bounds",
        "Explorer": "_service",
        "ExplorerConfig": "_service",
    }
    __getattr__, __dir__ = lazy(
        __name__, {name: f"ionet.explorer.{module}:{name}" for name, module in _NAMES.items()}
    )

__all__ = ["Bounds", "Explorer", "ExplorerConfig"]

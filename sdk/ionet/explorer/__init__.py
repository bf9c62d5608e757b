"""The market in a browser: pages and an API over a ledger. Needs the extra `explorer`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ionet.explorer._service import Explorer, ExplorerConfig
    from ionet.service.bounds import Bounds
else:
    from ionet._lazy import lazy

    _NAMES = {
        "Bounds": "ionet.service.bounds",
        "Explorer": "ionet.explorer._service",
        "ExplorerConfig": "ionet.explorer._service",
    }
    __getattr__, __dir__ = lazy(__name__, {name: f"{module}:{name}" for name, module in _NAMES.items()})

__all__ = ["Bounds", "Explorer", "ExplorerConfig"]

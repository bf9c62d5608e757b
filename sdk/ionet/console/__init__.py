"""Renting and supplying in a browser, and an API that does the same. Needs the extra `console`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ionet.console._config import ConsoleConfig, Limits
    from ionet.console._service import Console
else:
    from ionet._lazy import lazy

    _NAMES = {"Console": "_service", "ConsoleConfig": "_config", "Limits": "_config"}
    __getattr__, __dir__ = lazy(
        __name__, {name: f"ionet.console.{module}:{name}" for name, module in _NAMES.items()}
    )

__all__ = ["Console", "ConsoleConfig", "Limits"]

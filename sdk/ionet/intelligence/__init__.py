"""Models on rented devices behind OpenAI's API, let in by staked IO, metered to the token.

Needs the extra `intelligence`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ionet.intelligence.config import IntelligenceConfig
    from ionet.intelligence.service import Intelligence
else:
    from ionet._lazy import lazy

    _NAMES = {"Intelligence": "service", "IntelligenceConfig": "config"}
    __getattr__, __dir__ = lazy(
        __name__, {name: f"ionet.intelligence.{module}:{name}" for name, module in _NAMES.items()}
    )

__all__ = ["Intelligence", "IntelligenceConfig"]

"""The kinds of networks that the SDK's tests run on."""

from __future__ import annotations

from typing import Any, Final

import pytest

#: Those that let tests write accounts and turn the clock: in this process, behind HTTP, surfpool's node.
CHEATING: Final[list[Any]] = ["local", "served", pytest.param("node", marks=pytest.mark.node)]
NETWORKS: Final[list[Any]] = [*CHEATING, pytest.param("validator", marks=pytest.mark.node)]

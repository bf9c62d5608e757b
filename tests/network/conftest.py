"""What the tests of the network have in common."""

from __future__ import annotations

import pytest

from ionet.orchestrator import _remote


@pytest.fixture(autouse=True)
def _asked_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A seat in this process asks how a run is getting on several times a second, not every other second."""
    monkeypatch.setattr(_remote, "_POLL", 0.2)

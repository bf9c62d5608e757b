"""The event loop of services that pass much through."""

from __future__ import annotations

import asyncio
import sys

import pytest

from ionet.service import loops


async def name() -> str:
    return type(asyncio.get_running_loop()).__module__


def test_a_faster_loop_is_used_where_it_is_installed() -> None:
    pytest.importorskip("uvloop")
    assert loops.run(name()).startswith("uvloop")


def test_where_it_is_not_pythons_own_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert loops.run(name()).startswith("asyncio")

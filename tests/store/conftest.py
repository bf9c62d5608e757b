from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.store.support import Process, Served


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path).running() as running:
        yield running


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    running = Process(tmp_path)
    yield running
    running.kill()
    running.socket.close()

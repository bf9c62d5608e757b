"""How the tests that wait are shared out."""

from __future__ import annotations

import os

import pytest


@pytest.mark.parametrize("number", range(4))
def test_a_file_is_one_workers(tmp_path_factory: pytest.TempPathFactory, number: int) -> None:
    """Or its fixtures would be made on each worker, and tests that follow each other would not."""
    workers = tmp_path_factory.getbasetemp().parent / "workers"
    workers.mkdir(exist_ok=True)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "only")
    (workers / worker).touch()
    assert [path.name for path in workers.iterdir()] == [worker]

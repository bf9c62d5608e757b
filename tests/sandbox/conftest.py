"""A box to try, on a machine that can run one."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import ionet.sandbox
from ionet.sandbox import Box, missing, reap


@pytest.fixture(scope="session")
def image() -> Path:
    """The root file system that scripts/setup has prepared."""
    root, why = ionet.sandbox.image(), missing()
    if root is None:
        pytest.skip(why or "scripts/setup --sandbox has not been run here")
    if why is not None:
        if os.environ.get("CI"):
            pytest.fail(f"scripts/setup has prepared a sandbox, and it does not work: {why}")
        pytest.skip(why)
    return root


@pytest.fixture
def state() -> Iterator[Path]:
    """A directory for boxes, which other users can pass: none is left in it at the end."""
    place = Path(tempfile.mkdtemp(prefix="ionet-boxes-"))
    place.chmod(0o711)
    yield place
    list(reap(place))
    shutil.rmtree(place)


@pytest.fixture
def box(image: Path, state: Path) -> Box:
    """One that has not been started."""
    return Box(secrets.token_hex(8), state)

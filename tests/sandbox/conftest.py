"""A box to try, on a machine that can run one."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.sandbox.support import prepared_image, prepared_podman

from ionet.sandbox import Box, Podman, reap


@pytest.fixture(scope="session")
def image() -> Path:
    """The root file system that scripts/setup has prepared."""
    return prepared_image()


@pytest.fixture(scope="session")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Podman:
    """Podman, with the image that scripts/setup has prepared."""
    return prepared_podman(tmp_path_factory.mktemp("podman"))


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

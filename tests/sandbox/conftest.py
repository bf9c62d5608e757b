"""A box to try, on a machine that can run one."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ionet.sandbox import Box, missing, reap

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def image() -> Path:
    """The root file system that scripts/setup has prepared."""
    why = missing()
    if why is None:
        built = subprocess.run([ROOT / "scripts/image"], capture_output=True, text=True, check=False)
        if built.returncode == 0:
            return Path(built.stdout.strip()) / "rootfs"
        why = built.stderr.strip()
    if os.environ.get("CI"):
        pytest.fail(f"scripts/setup prepares a sandbox here, and it does not work: {why}")
    pytest.skip(why)


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

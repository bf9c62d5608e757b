"""The sandbox of this machine, for tests of several folders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ionet.sandbox import image, missing


def prepared_image() -> Path:
    """Returns the root file system that scripts/setup has prepared; skips where it has prepared none.

    In continuous integration a prepared sandbox that does not work is a failure.
    """
    root, why = image(), missing()
    if root is None:
        pytest.skip(why or "scripts/setup --sandbox has not been run here")
    if why is not None:
        if os.environ.get("CI"):
            pytest.fail(f"scripts/setup has prepared a sandbox, and it does not work: {why}")
        pytest.skip(why)
    return root

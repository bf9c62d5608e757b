"""What tests of the programs share."""

from __future__ import annotations

import pytest
from tests.programs.support import World


@pytest.fixture
def bare() -> World:
    """The programs loaded, nothing initialised."""
    return World.bare()


@pytest.fixture
def world() -> World:
    """Every program initialised by the deployer; emission starts now."""
    return World.new()

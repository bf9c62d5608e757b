"""What tests of the programs share."""

from __future__ import annotations

import pytest
from tests.programs.dao import Dao
from tests.programs.market import Market
from tests.programs.support import World


@pytest.fixture
def bare() -> World:
    """The programs loaded, nothing initialised."""
    return World.bare()


@pytest.fixture
def world() -> World:
    """Every program initialised by the deployer; emission starts now."""
    return World.new()


@pytest.fixture
def market() -> Market:
    """A market in which alice's node can be booked and co-staked on."""
    return Market.new()


@pytest.fixture
def dao() -> Dao:
    """A treasury, and voters with 100,000 IO of stake."""
    return Dao.new()

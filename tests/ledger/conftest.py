from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.ledger import history, postgres
from tests.stateful.arena import Arena

from ionet.ledger import Landed
from ionet.ledger.database import url_of

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with postgres.server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def new_place(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes places for ledgers, in each kind of database."""

    def in_file() -> str:
        return str(tmp_path / f"{next(_NUMBERS)}.db")

    def on_server() -> str:
        name = f"ledger_{next(_NUMBERS)}"
        engine = sa.create_engine(url_of(url), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return url.replace("/postgres?", f"/{name}?")

    if request.param == "sqlite":
        return in_file
    url: str = request.getfixturevalue("server")
    return on_server


@pytest.fixture
def place(new_place: Callable[[], str]) -> str:
    return new_place()


@pytest.fixture(scope="module")
def arena() -> Arena:
    return history.market()


@pytest.fixture(scope="module")
def landed(arena: Arena) -> list[Landed]:
    return history.truth(arena.market.world.client)

"""The books alone: who may use how much."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.intelligence.conftest import ADDRESS, DOLLAR

from ionet.chain.errors import ConfigError
from ionet.intelligence import logs
from ionet.intelligence.books import Books
from ionet.intelligence.errors import Refused
from ionet.intelligence.prices import Price, Rate, Usage
from ionet.intelligence.records import Deposit, Key, cycle_of

#: Tuesday, 2026-12-01, 12:00 UTC, and a day.
NOON = 1_796_126_400
DAY = 86_400
#: IO at $2.
RATE = Rate(2_000_000, 10**8)


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    made = Books(tmp_path / "books.db", "test")
    yield made
    made.close()


def paid(books: Books, units: int, currency: str = "usdc") -> Key:
    books.deposit(Deposit(f"{currency} {units}", ADDRESS, currency, units, NOON))  # type: ignore[arg-type]
    return books.make_key(books.account(ADDRESS, NOON), "key", NOON)[0]


def test_the_days_quota_is_used_before_what_was_paid_in(books: Books) -> None:
    key = paid(books, 100)
    books.reserve("a", key, 50, 30, None, NOON)
    charge = books.settle("a", 40, NOON)
    assert (charge.dollars, charge.free, charge.currency, charge.units) == (40, 30, "usdc", 10)
    funds = books.funds(key.account, 30, NOON)
    assert (funds.used, funds.usdc) == (30, 90)


def test_what_is_not_used_of_a_hold_comes_back_to_where_it_came_from(books: Books) -> None:
    key = paid(books, 100)
    books.reserve("a", key, 50, 30, None, NOON)
    assert (books.funds(key.account, 30, NOON).used, books.funds(key.account, 30, NOON).usdc) == (30, 80)
    books.settle("a", 10, NOON)
    assert (books.funds(key.account, 30, NOON).used, books.funds(key.account, 30, NOON).usdc) == (10, 100)


def test_a_quota_begins_anew_each_day_and_a_hold_comes_back_to_its_own_day(books: Books) -> None:
    key = paid(books, 1)
    books.reserve("a", key, 30, 30, None, NOON)
    with pytest.raises(Refused):
        books.reserve("b", key, 30, 30, None, NOON)
    books.reserve("b", key, 30, 30, None, NOON + DAY)
    books.settle("a", 5, NOON + DAY)
    assert books.funds(key.account, 30, NOON).used == 5
    assert books.funds(key.account, 30, NOON + DAY).used == 30


def test_io_pays_at_the_price_of_the_moment_rounded_up_where_usdc_does_not_reach(books: Books) -> None:
    key = paid(books, 5)
    books.deposit(Deposit("io", ADDRESS, "io", 10_000, NOON))
    hold = books.reserve("a", key, 100, 0, RATE, NOON)
    assert (hold.currency, hold.units) == ("io", 5_000)
    charge = books.settle("a", 33, NOON)
    assert (charge.currency, charge.units) == ("io", 1_650)
    assert books.funds(key.account, 0, NOON).io == 8_350


def test_io_pays_nothing_while_nobody_knows_its_price(books: Books) -> None:
    key = paid(books, 10**8, "io")
    with pytest.raises(Refused, match="stake more IO, or pay in"):
        books.reserve("a", key, 100, 0, None, NOON)


def test_what_is_not_there_is_refused_and_changes_nothing(books: Books) -> None:
    key = paid(books, 100)
    before = books.balances()
    with pytest.raises(Refused) as caught:
        books.reserve("a", key, 101, 0, None, NOON)
    assert (caught.value.status, caught.value.code) == (429, "insufficient_quota")
    assert books.balances() == before
    assert books.spent(key, NOON) == 0


def test_a_hold_is_settled_once(books: Books) -> None:
    key = paid(books, 100)
    books.reserve("a", key, 100, 0, None, NOON)
    books.settle("a", 60, NOON)
    with pytest.raises(KeyError):
        books.settle("a", 60, NOON)
    assert books.funds(key.account, 0, NOON).usdc == 40


def test_an_engine_that_says_too_much_costs_no_more_than_the_hold(books: Books) -> None:
    key = paid(books, 100)
    books.reserve("a", key, 60, 0, None, NOON)
    assert books.settle("a", 10**9, NOON).dollars == 60


def test_a_key_uses_no_more_than_its_cap_and_the_next_cycle_has_its_own(books: Books) -> None:
    paid(books, 1_000)
    key, _ = books.make_key(books.account(ADDRESS, NOON), "daily", NOON, cap=50, cycle="day")
    books.reserve("a", key, 50, 0, None, NOON)
    with pytest.raises(Refused, match=r"'daily' may use \$0\.00005 today"):
        books.reserve("b", key, 1, 0, None, NOON)
    books.settle("a", 20, NOON)
    books.reserve("b", key, 30, 0, None, NOON)
    books.reserve("c", key, 50, 0, None, NOON + DAY)


def test_what_a_key_of_a_key_uses_counts_for_both(books: Books) -> None:
    paid(books, 1_000)
    account = books.account(ADDRESS, NOON)
    team, _ = books.make_key(account, "team", NOON, cap=100)
    first, _ = books.make_key(account, "first", NOON, cap=80, parent=team)
    second, _ = books.make_key(account, "second", NOON, parent=team)
    books.reserve("a", first, 60, 0, None, NOON)
    assert books.left(second, NOON) == 40
    with pytest.raises(Refused, match="'team'"):
        books.reserve("b", second, 41, 0, None, NOON)
    with pytest.raises(Refused, match="'first'"):
        books.reserve("b", first, 21, 0, None, NOON)
    books.reserve("b", second, 40, 0, None, NOON)


def test_a_key_gives_no_more_than_it_has(books: Books) -> None:
    account = books.account(ADDRESS, NOON)
    parent, _ = books.make_key(account, "parent", NOON, models=["small"])
    with pytest.raises(ValueError, match="only for small"):
        books.make_key(account, "child", NOON, models=["small", "large"], parent=parent)
    assert books.make_key(account, "child", NOON, parent=parent)[0].models == frozenset({"small"})


def test_revoking_a_key_ends_all_that_it_has_made(books: Books) -> None:
    paid(books, 100)
    account = books.account(ADDRESS, NOON)
    parent, _ = books.make_key(account, "parent", NOON)
    child, secret = books.make_key(account, "child", NOON, parent=parent)
    grandchild, _ = books.make_key(account, "grandchild", NOON, parent=child)
    assert books.revoke(account, parent.id, NOON)
    assert books.find_key(secret).revoked == NOON  # type: ignore[union-attr]
    with pytest.raises(Refused, match="was revoked"):
        books.reserve("a", grandchild, 1, 0, None, NOON)


def test_a_key_that_was_revoked_makes_no_others(books: Books) -> None:
    account = books.account(ADDRESS, NOON)
    stolen, _ = books.make_key(account, "stolen", NOON)
    books.revoke(account, stolen.id, NOON)
    # As it was read before, by a request whose body came late.
    assert stolen.revoked is None
    with pytest.raises(ValueError, match="was revoked"):
        books.make_key(account, "heir", NOON, parent=stolen)
    assert [key.name for key in books.keys(account)] == ["stolen"]


def test_nobody_revokes_anothers_key(books: Books) -> None:
    key, _ = books.make_key(books.account(ADDRESS, NOON), "mine", NOON)
    other = books.account("So11111111111111111111111111111111111111112", NOON)
    assert not books.revoke(other, key.id, NOON)


def test_secrets_are_not_in_the_file(tmp_path: Path) -> None:
    books = Books(tmp_path / "books.db", "test")
    _, secret = books.make_key(books.account(ADDRESS, NOON), "key", NOON)
    books.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert secret.encode() not in kept
    assert secret.removeprefix("sk-io-test-")[4:30].encode() not in kept


def test_books_of_another_environment_are_not_opened(tmp_path: Path) -> None:
    Books(tmp_path / "books.db", "test").close()
    with pytest.raises(ConfigError, match="of the environment 'test', not 'live'"):
        Books(tmp_path / "books.db", "live")


def test_what_a_dead_process_has_left_open_is_settled_at_what_was_noted(tmp_path: Path) -> None:
    books = Books(tmp_path / "books.db", "test")
    key = paid(books, 100)
    books.reserve("a", key, 60, 0, None, NOON)
    books.reserve("b", key, 40, 0, None, NOON)
    books.seen({"a": 25})
    books.close()
    again = Books(tmp_path / "books.db", "test")
    assert again.recover(NOON) == 2
    assert again.funds(key.account, 0, NOON).usdc == 75
    assert again.balances()[("held", "usdc")] == 0
    again.close()


@pytest.mark.parametrize(
    ("cycle", "name"),
    [("day", "day 2026-12-01"), ("week", "week 2026-11-30"), ("month", "month 2026-12-01"), ("ever", "ever")],
)
def test_cycles_begin_by_the_calendar(cycle: str, name: str) -> None:
    assert cycle_of(cycle, NOON) == name  # type: ignore[arg-type]


def test_a_cost_is_rounded_up_once() -> None:
    # $0.50 and $2 for a million tokens: 3 + 5 tokens are 11.5 millionths of a dollar.
    assert Price(500_000, 2_000_000).cost(Usage(3, 5)) == 12
    assert Price(0, 0).cost(Usage(10**6, 10**6)) == 0


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**6), st.integers(0, 10 * DOLLAR))
def test_what_is_affordable_is_afforded_and_one_token_more_is_not(
    prompt_price: int, completion_price: int, prompt: int, budget: int
) -> None:
    price = Price(prompt_price, completion_price)
    most = price.affordable(prompt, budget)
    if most is None:
        assert price.cost(Usage(prompt, 10**12)) <= budget
    elif most < 0:
        assert price.cost(Usage(prompt)) > budget
    else:
        assert price.cost(Usage(prompt, most)) <= budget < price.cost(Usage(prompt, most + 1))


def test_the_log_is_written_into_the_file_by_another_thread_while_books_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever had changes wait would first wait for those that are being made, for longer than this test.
    monkeypatch.setattr(logs, "_HOLDS", 300.0)
    path = tmp_path / "books.db"
    books = Books(path, "test")
    books.leave_log()
    for number in range(1_500):
        books.deposit(Deposit(f"{number}", ADDRESS, "usdc", 1, 0))
    log = tmp_path / "books.db-wal"
    much = log.stat().st_size
    # By itself, SQLite would have taken it at a thousand pages.
    assert much > 2_000 * 4_096
    assert not logs.take_log(path, much + 1)
    with ThreadPoolExecutor(1) as thread, books.whole():
        # The books are being written in.
        assert thread.submit(logs.take_log, path, much).result(timeout=60)
    shutil.copy(path, tmp_path / "alone.db")
    with closing(sqlite3.connect(tmp_path / "alone.db")) as alone:
        assert alone.execute("SELECT count(*) FROM postings").fetchone() == (1_500,)
    books.deposit(Deposit("next", ADDRESS, "usdc", 1, 0))
    assert log.stat().st_size < much / 10
    books.close()


@pytest.mark.parametrize(("many", "anew"), [(1, False), (4, True)])
def test_a_log_that_is_changed_whenever_it_is_taken_begins_anew_once_it_is_far_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: int, anew: bool
) -> None:
    path = tmp_path / "books.db"
    books = Books(path, "test")
    books.leave_log()
    for number in range(200):
        books.mark(f"{number}", "x" * 4_000)
    log = path.with_name("books.db-wal")
    length = log.stat().st_size

    class Meanwhile(sqlite3.Connection):
        def execute(self, sql: str, *_: object) -> sqlite3.Cursor:
            if "PASSIVE" not in sql:
                return super().execute(sql)
            # A change that comes while the rest is written is not written with it.
            with closing(sqlite3.connect(path)) as before:
                before.execute("BEGIN")
                before.execute("SELECT count(*) FROM about").fetchone()
                books.mark("meanwhile", "kept")
                return super().execute(sql)

    connect = partial(sqlite3.connect, factory=Meanwhile)
    monkeypatch.setattr(logs, "sqlite3", SimpleNamespace(connect=connect))
    assert logs.take_log(path, length // many)
    books.mark("after", "kept")
    assert (log.stat().st_size < length) == anew
    assert (books.mark("meanwhile"), books.mark("after")) == ("kept", "kept")
    books.close()

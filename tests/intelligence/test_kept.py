"""What is kept, and how long, is what the document says."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from solders.keypair import Keypair
from tests.intelligence.conftest import ADDRESS, running
from tests.intelligence.test_receipts import receipt

from ionet.intelligence.books import Books
from ionet.intelligence.config import load
from ionet.intelligence.errors import Refused
from ionet.intelligence.forgetting import DAY, forget
from ionet.intelligence.receipts import Receipts
from ionet.intelligence.records import Deposit, Key
from ionet.intelligence.treasury import Treasury

DOCUMENT: Final = Path(__file__).parents[2] / "docs/intelligence.md"
#: Tuesday, 2026-12-01, 12:00 UTC.
NOON: Final = 1_796_126_400
OTHER: Final = "So11111111111111111111111111111111111111112"
SETTINGS: Final = """
listen = "127.0.0.1:0"
environment = "test"
metrics = "127.0.0.1:0"
keep_receipts = 2

[[models]]
id = "small"
engine = "url"
url = "http://127.0.0.1:1"
context = 512
prompt = "1"
"""


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    made = Books(tmp_path / "books.db", "test")
    yield made
    made.close()


def key_of(books: Books, address: str = ADDRESS, name: str = "key") -> Key:
    return books.make_key(books.account(address, NOON), name, NOON)[0]


def used(books: Books, key: Key, name: str, dollars: int, at: int) -> None:
    """A request that could have cost ten times as much."""
    books.reserve(name, key, 10 * dollars + 10, 0, None, at)
    books.settle(name, dollars, at)


def postings(books: Books) -> dict[str, tuple[str, str, int]]:
    rows = books._db.execute("SELECT what, giver, taker, units FROM postings")
    return {what: (giver, taker, units) for what, giver, taker, units in rows}


def told(file: str) -> dict[str, set[str]]:
    """Tables of a file, and their columns, by the document."""
    _, _, section = DOCUMENT.read_text().partition("## What is kept, and how long\n")
    _, _, part = section.partition("\n## ")[0].partition(f"`{file}`")
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| .+ \|$", part.partition("\nand `")[0], re.MULTILINE)
    return {table: set(re.findall(r"`(\w+)`", columns)) for table, columns in rows}


def test_the_tables_and_columns_of_both_files_are_those_of_the_document(tmp_path: Path) -> None:
    Books(tmp_path / "books.db", "test").close()
    Receipts(tmp_path / "receipts.db", Keypair(), "https://ai.test").close()
    for file in ("books.db", "receipts.db"):
        with closing(sqlite3.connect(tmp_path / file)) as database:
            tables = [
                row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
            kept = {
                table: {row[1] for row in database.execute(f"PRAGMA table_info({table})")} for table in tables
            }
        assert told(file) == kept, file


def test_what_requests_of_long_ago_have_cost_is_one_sum_a_month_and_account(books: Books) -> None:
    mine, other = key_of(books), key_of(books, OTHER)
    for address in (ADDRESS, OTHER):
        books.deposit(Deposit(f"paid {address}", address, "usdc", 10_000, NOON))
    used(books, mine, "november", 5, NOON - 2 * DAY)
    for number in range(3):
        used(books, mine, f"mine-{number}", 7, NOON + number)
    used(books, other, "other", 11, NOON)
    used(books, mine, "free", 0, NOON)
    used(books, mine, "recent", 13, NOON + 5 * DAY)
    books.reserve("at work", mine, 17, 0, None, NOON)
    before, statement = books.balances(), Treasury(books).statement("usdc")
    for _ in range(2):
        assert not forget(books, NOON + 5 * DAY, 2)
        assert books.balances() == before
        assert Treasury(books).statement("usdc") == statement
    assert {what: moved for what, moved in postings(books).items() if "deposit" not in what} == {
        "used 2026-11 account 1 usdc": ("account 1", "earned", 5),
        "used 2026-12 account 1 usdc": ("account 1", "earned", 21),
        "used 2026-12 account 2 usdc": ("account 2", "earned", 11),
        "hold recent": ("account 1", "held", 140),
        "use recent": ("held", "earned", 13),
        "return recent": ("held", "account 1", 127),
        "hold at work": ("account 1", "held", 17),
    }
    assert books.settle("at work", 3, NOON + 5 * DAY).units == 3
    # A payment that is seen once more counts once.
    assert not books.deposit(Deposit(f"paid {ADDRESS}", ADDRESS, "usdc", 10_000, NOON))


def test_requests_of_a_month_are_added_to_its_sum_and_some_at_a_time(books: Books) -> None:
    key = key_of(books)
    books.deposit(Deposit("paid", ADDRESS, "usdc", 10_000, NOON))
    for number in range(510):
        used(books, key, f"{number}", 1, NOON)
    more = [forget(books, NOON + 3 * DAY, 2) for _ in range(2)]
    assert more == [True, False]
    assert postings(books)["used 2026-12 account 1 usdc"] == ("account 1", "earned", 510)
    assert len(postings(books)) == 2


def test_days_that_are_over_are_forgotten_and_what_counts_in_all_is_not(books: Books) -> None:
    account = books.account(ADDRESS, NOON)
    daily, _ = books.make_key(account, "daily", NOON, cap=50, cycle="day")
    ever, _ = books.make_key(account, "ever", NOON, cap=50)
    for number, key in enumerate((daily, ever)):
        books.reserve(f"{number}", key, 40, 100, None, NOON)
        books.settle(f"{number}", 40, NOON)
    books.reserve("at work", daily, 5, 100, None, NOON)
    forget(books, NOON + DAY, 90)
    assert books._db.execute("SELECT count(*) FROM spent").fetchone() == (2,)
    forget(books, NOON + 2 * DAY, 90)
    # It counts for its own day when it ends.
    books.settle("at work", 3, NOON + 2 * DAY)
    forget(books, NOON + 2 * DAY, 90)
    assert books._db.execute("SELECT key, cycle, dollars FROM spent").fetchall() == [(ever.id, "ever", 40)]
    assert books._db.execute("SELECT count(*) FROM free").fetchone() == (0,)
    with pytest.raises(Refused, match="'ever' may use"):
        books.reserve("more", ever, 11, 100, None, NOON + 2 * DAY)


def test_revoked_keys_and_wallets_that_only_came_are_forgotten_and_not_left_in_the_file(
    books: Books, tmp_path: Path
) -> None:
    account = books.account(ADDRESS, NOON)
    books.deposit(Deposit("paid", ADDRESS, "usdc", 10_000, NOON))
    parent, _ = books.make_key(account, "Jormungandr", NOON)
    child, _ = books.make_key(account, "Jormungandr's", NOON, parent=parent)
    books.account(OTHER, NOON)
    used(books, child, "Ratatoskr", 5, NOON)
    books.revoke(account, child.id, NOON)
    books.revoke(account, parent.id, NOON + DAY)
    last = books.make_key(books.account("Vote111111111111111111111111111111111111111", NOON), "last", NOON)[0]
    forget(books, NOON + DAY, 2)
    assert [key.name for key in books.keys(account)] == ["Jormungandr", "Jormungandr's"]
    forget(books, NOON + 5 * DAY, 2)
    assert books.keys(account) == []
    assert books.keys(last.account) == [last]
    wallets = {row[0] for row in books._db.execute("SELECT address FROM accounts")}
    assert wallets == {ADDRESS, last.address}
    books.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for word in ("Jormungandr", "Ratatoskr", OTHER):
        assert word.encode() not in kept
    assert ADDRESS.encode() in kept


def test_no_number_of_a_key_is_given_twice(books: Books) -> None:
    key = key_of(books)
    books.revoke(key.account, key.id, NOON)
    forget(books, NOON + 5 * DAY, 2)
    assert key_of(books).id > key.id


def test_books_of_the_second_version_are_taken_over(tmp_path: Path) -> None:
    books = Books(tmp_path / "books.db", "test")
    books.deposit(Deposit("paid", ADDRESS, "usdc", 10_000, NOON))
    used(books, key_of(books), "old", 5, NOON)
    books._db.executescript("DROP INDEX postings_at; UPDATE about SET value = '2' WHERE name = 'version'")
    books.close()
    again = Books(tmp_path / "books.db", "test")
    forget(again, NOON + 5 * DAY, 2)
    assert postings(again)["used 2026-12 account 1 usdc"] == ("account 1", "earned", 5)
    again.close()


async def test_a_service_forgets_what_is_older_than_its_settings_say(tmp_path: Path) -> None:
    (tmp_path / "intelligence.toml").write_text(SETTINGS)
    books = Books(tmp_path / "books.db", "test")
    books.deposit(Deposit("paid", ADDRESS, "usdc", 10_000, NOON))
    used(books, key_of(books), "old", 5, NOON - 300 * DAY)
    receipts = Receipts(tmp_path / "receipts.db", Keypair(), "https://ai.test")
    receipts.add(receipt("old", NOON - 300 * DAY))
    now = int(time.time())
    used(books, key_of(books), "new", 5, now)
    receipts.add(receipt("new", now))
    async with running(load(tmp_path)):
        for _ in range(1_200):
            if "hold old" not in postings(books) and not receipts.has("old"):
                break
            await asyncio.sleep(0.05)
    assert "hold old" not in postings(books)
    assert not receipts.has("old")
    assert "hold new" in postings(books)
    assert receipts.has("new")
    books.close()
    receipts.close()

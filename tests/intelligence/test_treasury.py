"""What becomes of what users have paid: any order of events, beside a till that is counted by hand."""

from __future__ import annotations

import sqlite3
import tempfile
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.intelligence.conftest import ADDRESS

from ionet.intelligence.books import Books
from ionet.intelligence.errors import Refused
from ionet.intelligence.records import Deposit
from ionet.intelligence.treasury import PERIOD, Flow, Send, Treasury

NOW = 1_796_126_400
OTHER = "So11111111111111111111111111111111111111112"
#: What happens, how much of it is moved, and to whom.
EVENTS = st.tuples(
    st.sampled_from(
        ("pay", "ask", "lease", "refund", "over", "hour", "lands", "fails", "tops up", "takes out", "again")
    ),
    st.integers(1, 100_000),
    st.integers(0, 2),
)


@dataclass
class Chain:
    """What a chain would show, counted beside the books.

    Attributes:
        till: what it holds.
        paid: that users have paid in.
        spent: what their requests have cost, by themselves.
        escrows: what each holds.
        cost: of leases that are over.
        vaults: what they have got.
    """

    till: int = 0
    paid: int = 0
    spent: int = 0
    cost: int = 0
    vaults: int = 0
    escrows: Counter[str] = field(default_factory=Counter)


@dataclass
class Story:
    """Books to which things happen."""

    books: Books
    chain: Chain = field(default_factory=Chain)
    count: int = 0
    at: int = NOW
    last: list[Flow] = field(default_factory=list)

    @property
    def treasury(self) -> Treasury:
        return Treasury(self.books)

    def happen(self, what: str, units: int, which: int) -> None:
        self.count += 1
        getattr(self, f"_{what.replace(' ', '_')}")(units, f"e{which}")

    def _pay(self, units: int, which: str) -> None:
        address = ADDRESS if which == "e0" else OTHER
        self.books.deposit(Deposit(f"p{self.count}", address, "usdc", units, self.at))
        self.chain.till += units
        self.chain.paid += units

    def _ask(self, units: int, which: str) -> None:
        key = self.books.make_key(self.books.account(ADDRESS, NOW), "key", NOW)[0]
        try:
            self.books.reserve(f"r{self.count}", key, units, 0, None, self.at)
        except Refused:
            return
        if which != "e2":  # else it is still at work
            self.books.settle(f"r{self.count}", units // 2, self.at)
            self.chain.spent += units // 2

    def _flow(self, kind: str, units: int, other: str) -> None:
        self.last = [Flow(f"f{self.count}", kind, "usdc", units, other, self.at)]  # type: ignore[arg-type]
        self.treasury.record(self.last)

    def _lease(self, units: int, which: str) -> None:
        self._flow("lease", units, which)
        self.chain.till -= units
        self.chain.escrows[which] += units

    def _refund(self, units: int, which: str) -> None:
        units = min(units, self.chain.escrows[which])
        if units:
            self._flow("refund", units, which)
            self.chain.till += units
            self.chain.escrows[which] -= units

    def _over(self, _: int, which: str) -> None:
        self.treasury.over("usdc", which, self.at)
        self.chain.cost += self.chain.escrows.pop(which, 0)

    def _hour(self, units: int, _: str) -> None:
        self.at += PERIOD
        period = self.at // PERIOD - 1
        self.treasury.cover("usdc", period, self.at)
        if surplus := self.treasury.surplus("usdc", period):
            send = Send(f"s{self.count}", "usdc", period, surplus, "v", b"", 0)
            self.treasury.begin(send, self.at)
            # Whoever else tries the same hour sends nothing.
            assert not self.treasury.begin(Send(f"t{self.count}", "usdc", period, 1, "v", b"", 0), self.at)

    def _lands(self, *_: object) -> None:
        for send in self.treasury.sends("signed"):
            for _each in range(2):
                self.treasury.landed(send.signature, self.at)
            self.treasury.failed(send.signature, self.at)
            self.chain.till -= send.units
            self.chain.vaults += send.units

    def _fails(self, *_: object) -> None:
        for send in self.treasury.sends("signed"):
            self.treasury.failed(send.signature, self.at)

    def _tops_up(self, units: int, _: str) -> None:
        self._flow("in", units, "")
        self.chain.till += units

    def _takes_out(self, units: int, _: str) -> None:
        self._flow("out", units, "")
        self.chain.till -= units

    def _again(self, *_: object) -> None:
        assert self.treasury.record(self.last) == 0


@settings(deadline=None, max_examples=60)
@given(st.lists(EVENTS, max_size=30))
def test_books_balance_to_the_unit_with_what_the_chain_holds_whatever_happens(
    events: list[tuple[str, int, int]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        books = Books(Path(folder) / "books.db", "test")
        story = Story(books)
        for event in events:
            story.happen(*event)
            books_say, chain = Treasury(books).statement("usdc"), story.chain
            assert books_say.differences() == []
            assert (books_say.till, books_say.deposits) == (chain.till, chain.paid)
            assert (books_say.sent, books_say.cost) == (chain.vaults, chain.cost)
            assert books_say.escrow == chain.escrows.total()
            # Never more than users have spent above what leases have cost.
            assert books_say.sent + books_say.sending + books_say.covered <= chain.spent
            assert sum(books.balances().values()) == 0
        books.close()


def story(folder: Path) -> Story:
    made = Story(Books(folder / "books.db", "test"))
    made.happen("pay", 1_000, 0)
    made.happen("ask", 800, 0)
    return made


def test_surplus_is_what_was_spent_above_cost_and_above_what_open_leases_may_cost(tmp_path: Path) -> None:
    it = story(tmp_path)  # 400 are spent
    it.happen("lease", 150, 0)
    it.happen("refund", 50, 0)
    it.happen("over", 0, 0)
    it.happen("lease", 120, 1)
    it.happen("hour", 0, 0)
    (send,) = it.treasury.sends()
    # 100 were cost, and 120 may be.
    assert send.units == 400 - 100 - 120
    said = it.treasury.statement("usdc")
    assert (said.covered, said.earned, said.sending) == (100, 120, 180)


def test_what_is_spent_after_an_hours_end_waits_for_the_next(tmp_path: Path) -> None:
    it = story(tmp_path)
    assert it.treasury.surplus("usdc", NOW // PERIOD - 1) == 0
    assert it.treasury.surplus("usdc", NOW // PERIOD) == 400


def test_a_surplus_that_has_not_landed_waits_again(tmp_path: Path) -> None:
    it = story(tmp_path)
    it.happen("hour", 0, 0)
    it.happen("fails", 0, 0)
    assert it.treasury.statement("usdc").earned == 400
    it.happen("hour", 0, 0)
    assert [send.state for send in it.treasury.sends()] == ["failed", "signed"]


def test_books_of_the_first_version_are_taken_over(tmp_path: Path) -> None:
    it = story(tmp_path)
    before = it.books.balances()
    it.books.close()
    with closing(sqlite3.connect(tmp_path / "books.db")) as db:
        db.executescript("""
            DROP TABLE sends; DROP TABLE gaps; DROP INDEX postings_at;
            UPDATE about SET value = '1' WHERE name = 'version';
            ALTER TABLE balances RENAME TO b;
            CREATE TABLE balances (holder TEXT NOT NULL, currency TEXT NOT NULL, units INTEGER NOT NULL,
                PRIMARY KEY (holder, currency), CHECK (units >= 0 OR holder = 'outside'))
                STRICT, WITHOUT ROWID;
            INSERT INTO balances SELECT * FROM b; DROP TABLE b;
        """)
    again = Story(Books(tmp_path / "books.db", "test"))
    assert again.books.balances() == before
    again.happen("lease", 150, 0)
    assert again.treasury.statement("usdc").operator == -150

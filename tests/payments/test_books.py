"""The books in both kinds of databases: one step at a time, limits under pressure, nothing in part."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.ledger import postgres
from tests.payments.test_machine import AUTHORISED, BOOKED, DEPOSIT, RUNNING, TOTAL, fresh

from ionet.chain.errors import ConfigError
from ionet.ledger.database import url_of
from ionet.payments import schema
from ionet.payments.auditing import differences, totals
from ionet.payments.books import Books, Out, Stale, balances
from ionet.payments.events import Disputed, Forgiven, NotCaptured, Returned, Signed
from ionet.payments.limits import Limits, OverLimit
from ionet.payments.machine import Impossible, Step, step
from ionet.payments.purse import Account, Posting, Purse, Unbalanced

NOW = 1_800_000_000
_NUMBERS = count(1)
OUT = Out("sig", b"raw", 1, 1, "job")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres.server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> sa.URL:
    if request.param == "sqlite":
        return url_of(str(tmp_path / "books.db"))
    base, name = request.getfixturevalue("server"), f"books_{next(_NUMBERS)}"
    engine = sa.create_engine(url_of(base), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return url_of(base.replace("/postgres?", f"/{name}?"))


@pytest.fixture
def books(url: sa.URL) -> Iterator[Books]:
    made = Books(url)
    yield made
    made.close()


def together(number: int, do: Callable[[int], None]) -> list[BaseException]:
    """Does something in threads at once; gives what they raised."""
    raised: list[BaseException] = []
    barrier = threading.Barrier(number)

    def run(at: int) -> None:
        barrier.wait(60)
        try:
            do(at)
        except BaseException as bad:
            raised.append(bad)

    threads = [threading.Thread(target=run, args=(at,)) for at in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return raised


def test_a_payment_with_all_its_steps_is_there_after_a_restart(url: sa.URL) -> None:
    books = Books(url)
    payment = books.open(fresh(), "q1", lambda spent: None)
    for event in BOOKED:
        out = OUT if type(event).__name__ == "Signed" else None
        payment = books.record(payment, step(payment, event), NOW, out)
    books.close()
    again = Books(url)
    assert again.payment("p1") == payment
    assert again.out(payment) == OUT
    assert balances(again.entries("p1")) == payment.purse
    assert differences(again) == []
    counts, together = totals(again)
    assert together == payment.purse != Purse()
    assert counts[payment.state.value] == sum(counts.values()) == 1
    again.close()


def test_sums_add_up_also_when_money_moves_while_they_are_made(books: Books, url: sa.URL) -> None:
    first = books.open(fresh(), "q1", lambda spent: None)
    early, late = AUTHORISED[:-1], AUTHORISED[-1]
    for intent in early:
        first = books.record(first, step(first, intent), NOW)
    second = books.open(fresh(id="p2"), "q2", lambda spent: None)
    for event in AUTHORISED:
        second = books.record(second, step(second, event), NOW)
    other, later = Books(url), [step(first, late)]

    def move(*asked: Any) -> None:
        if "sum(" in asked[2] and later:
            other.record(first, later.pop(), NOW)

    sa.event.listen(books._engine, "after_cursor_execute", move)
    assert totals(books)[1] == second.purse != Purse()
    assert not later
    both = totals(books)[1]
    assert (both.card, both.difference) == (2 * second.purse.card, 0)
    other.close()


def test_of_two_processes_one_takes_a_step_and_the_other_writes_nothing(books: Books) -> None:
    payment = books.open(fresh(), "q1", lambda spent: None)
    for event in AUTHORISED:
        payment = books.record(payment, step(payment, event), NOW)
    signed = step(payment, BOOKED[2])
    raised = together(4, lambda at: _record(books, payment, signed, replace(OUT, signature=f"sig {at}")))
    assert [type(bad) for bad in raised] == [Stale] * 3
    assert books.out(signed.payment).signature.startswith("sig ")


def _record(books: Books, before: object, after: Step, out: Out) -> None:
    books.record(before, after, NOW, out)  # type: ignore[arg-type]


def test_a_limit_holds_however_many_ask_at_once(books: Books) -> None:
    limits = Limits(payment=1_000, card=1_000, customer=1_700, day=10_000)

    def buy(at: int) -> None:
        payment = fresh(id=f"p{at}")
        books.open(payment, f"q{at}", lambda spent: limits.check(spent.cents, payment.total, "carol", NOW))

    raised = together(8, buy)
    # 5.42 each: three of them are within 17.00.
    assert [type(bad) for bad in raised] == [OverLimit] * 5
    assert len(books.payments(customer="carol")) == 3


def test_one_quote_is_one_payment_however_many_ask_at_once(books: Books) -> None:
    assert together(8, lambda at: _open(books, at)) == []
    assert len(books.payments()) == 1


def _open(books: Books, at: int) -> None:
    books.open(fresh(id=f"p{at}"), "q1", lambda spent: None)


def test_a_message_is_new_once_however_many_bring_it(books: Books) -> None:
    payment = books.open(fresh(), "q1", lambda spent: None)
    books.record(payment, step(payment, AUTHORISED[0]), NOW)
    news: list[bool] = []
    assert together(8, lambda at: news.append(books.take("evt_1", "x", "pi_1", NOW))) == []
    assert sorted(news) == [False] * 7 + [True]
    assert books.news("p1") == 1


def test_money_that_does_not_add_up_is_not_written(books: Books) -> None:
    payment = books.open(fresh(), "q1", lambda spent: None)
    after = step(payment, AUTHORISED[0])
    with pytest.raises(Unbalanced):
        books.record(payment, Step(after.payment, (Posting(Account.HELD, Account.BOOKED, 5, "x"),)), NOW)
    assert books.payment("p1") == payment
    assert books.entries() == []


def test_a_posting_that_somebody_changes_shows(books: Books) -> None:
    payment = books.open(fresh(), "q1", lambda spent: None)
    for event in AUTHORISED:
        payment = books.record(payment, step(payment, event), NOW)
    with books._engine.begin() as connection:
        connection.execute(sa.text("UPDATE postings SET units = units + 1"))
    assert [each.what for each in differences(books)] == ["postings"]


def test_books_of_another_version_are_refused(url: sa.URL) -> None:
    books = Books(url)
    with books._engine.begin() as connection:
        connection.execute(sa.text("UPDATE meta SET value = '99'"))
    books.close()
    with pytest.raises(ConfigError, match="of version 99"):
        Books(url)


def test_who_has_not_paid_is_frozen_until_the_loss_is_made_up_for(books: Books) -> None:
    payment = books.open(fresh(), "q1", lambda spent: None)
    for event in (*BOOKED, NotCaptured("the card was closed")):
        payment = books.record(payment, step(payment, event), NOW, OUT if isinstance(event, Signed) else None)
    other = [books.frozen("dave"), books.frozen("dave", "another")]
    assert (books.frozen("carol"), books.frozen("dave", "fp"), other) == (True, True, [False, False])
    payment = books.record(payment, step(payment, Returned(DEPOSIT - 1, over=False)), NOW)
    assert books.frozen("carol")
    books.record(payment, step(payment, Returned(DEPOSIT, over=True)), NOW)
    assert not books.frozen("carol")
    assert not books.frozen("dave", "fp")


def test_what_the_operator_forgives_freezes_nobody_and_stays_their_cost(books: Books) -> None:
    payment = books.open(fresh(), "q1", lambda spent: None)
    for event in (*BOOKED, NotCaptured("the authorisation lapsed")):
        payment = books.record(payment, step(payment, event), NOW, OUT if isinstance(event, Signed) else None)
    payment = books.record(payment, step(payment, Forgiven("the service was down")), NOW)
    assert (books.frozen("carol"), books.frozen("dave", "fp")) == (False, False)
    assert payment.purse == Purse(booked=DEPOSIT, forgiven=DEPOSIT)
    payment = books.record(payment, step(payment, Returned(5_000_000, over=True)), NOW)
    # What comes back is the operator's: nothing is held for a card that has not paid.
    assert payment.purse == Purse(booked=112_500, forgiven=112_500)
    kept = books.payment("p1")
    assert (kept, payment.forgiven) == (payment, "the service was down")
    assert (totals(books)[1], differences(books)) == (payment.purse, [])


def test_software_from_before_reads_what_was_not_forgiven(books: Books) -> None:
    """Earlier software raises at a name that it does not know."""
    payment = books.open(fresh(), "q1", lambda spent: None)
    for event in RUNNING:
        payment = books.record(payment, step(payment, event), NOW, OUT if isinstance(event, Signed) else None)
    with books._engine.connect() as connection:
        body = json.loads(connection.execute(sa.select(schema.payments.c.body)).scalar_one())
    assert sorted(body["purse"]) == ["booked", "card", "fee", "held", "loss", "refunded"]
    assert {"forgiven", "lost"} & set(body) == set()
    assert books.payment("p1") == payment


def test_a_lost_dispute_that_is_forgiven_freezes_nobody_and_is_not_lost_again(books: Books) -> None:
    payment = books.open(fresh(), "q1", lambda spent: None)
    lost = Disputed("lost", TOTAL)
    for event in (*RUNNING, lost):
        payment = books.record(payment, step(payment, event), NOW, OUT if isinstance(event, Signed) else None)
    assert books.frozen("carol")
    payment = books.record(payment, step(payment, Forgiven("settled by hand")), NOW)
    assert not books.frozen("carol")
    assert step(payment, lost).payment == payment
    with pytest.raises(Impossible, match="nothing to forgive"):
        step(payment, Forgiven("again"))

"""What a console remembers of cards: also when it has forgotten the plan that they pay."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest
from solders.keypair import Keypair

from ionet.console._card_book import CardBook, KeptCard
from ionet.console._kept import Kept

OWNER: Final = Keypair().pubkey()
CARD: Final = KeptCard(
    id="a" * 32, owner=OWNER, quote="q1", total="4.51", node="n", job="", extends=False, plan="p" * 32,
    package="k", argv=("python3", "train.py"), manifest=b"\0{}", title="python3 train.py", made=1_000,
)  # fmt: skip


@pytest.fixture
def book() -> CardBook:
    return Kept(":memory:").cards


def test_a_card_is_kept_as_it_was(book: CardBook) -> None:
    book.add(CARD)
    assert book.get(CARD.id, OWNER) == CARD
    assert book.get(CARD.id, Keypair().pubkey()) is None


def test_of_two_prices_of_a_plan_one_is_begun_and_once_until_it_is_cancelled(book: CardBook) -> None:
    other = replace(CARD, id="b" * 32, quote="q2")
    for one in (CARD, other):
        book.add(one)
    assert [book.begin(name, 1_001) for name in (CARD.id, CARD.id, other.id)] == [True, False, False]
    book.end(CARD.id, "cancelled")
    assert book.begin(other.id, 1_002)


def test_more_time_of_a_job_may_be_paid_several_times(book: CardBook) -> None:
    more = replace(CARD, job="j", extends=True, plan="", manifest=b"")
    for number in ("a", "b"):
        book.add(replace(more, id=number * 32))
        assert book.begin(number * 32, 1_001)
    assert book.that_booked("j", OWNER) is None


def test_what_is_begun_is_followed_until_it_is_booked_and_never_forgotten(book: CardBook) -> None:
    book.add(CARD)
    assert book.under_way(0) == []
    book.begin(CARD.id, 1_001)
    book.add(replace(CARD, id="b" * 32, plan="r", made=1_000_000))
    assert [each.id for each in book.under_way(0)] == [CARD.id]
    book.end(CARD.id, "booked", "j")
    assert book.under_way(0) == []
    assert book.that_booked("j", OWNER) == replace(CARD, job="j", begun=1_001, standing="booked")


def test_a_payment_that_the_host_knows_stays_begun(book: CardBook) -> None:
    book.add(CARD)
    book.begin(CARD.id, 1_001)
    book.opened(CARD.id, "p1")
    book.unbegin(CARD.id)
    assert [each.payment for each in book.of(OWNER)] == ["p1"]

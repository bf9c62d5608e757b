"""`ionet payments forgive`: what the operator holds against nobody any more."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.payments.test_books import NOW, OUT
from tests.payments.test_config import settle
from tests.payments.test_machine import BOOKED, fresh
from typer.testing import CliRunner, Result

from ionet.cli.app import app
from ionet.ledger.database import url_of
from ionet.payments.books import Books
from ionet.payments.config import load
from ionet.payments.events import NotCaptured, Signed
from ionet.payments.machine import step


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    logger = logging.getLogger("ionet")
    before = (logger.handlers[:], logger.level, logger.propagate)
    yield
    logger.handlers[:], logger.level, logger.propagate = before


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A state folder, in whose books carol owes for two payments."""
    books = Books(url_of(load(settle(tmp_path)).books))
    for name in ("p1", "p2"):
        payment = books.open(fresh(id=name), f"q {name}", lambda spent: None)
        for event in (*BOOKED, NotCaptured("the authorisation lapsed")):
            out = replace(OUT, signature=f"sig {name}") if isinstance(event, Signed) else None
            payment = books.record(payment, step(payment, event), NOW, out)
    books.close()
    return tmp_path


def forgiving(folder: Path, *given: str) -> Result:
    return CliRunner().invoke(app, ["payments", "forgive", *given, "--state", str(folder)])


def test_the_operator_lets_who_could_not_be_charged_buy_again(folder: Path) -> None:
    first = forgiving(folder, "p1", "--why", "we were down")
    assert (first.exit_code, "5.112500 USD" in first.stdout) == (0, True), first.output
    assert "Something else" in first.stdout
    assert "payment p1 of carol is forgiven, which is 5.112500 USD: we were down" in first.stderr
    second = forgiving(folder, "p2", "--why", "we were down", "--output", "json")
    assert json.loads(second.stdout)["frozen"] is False
    shown = CliRunner().invoke(app, ["payments", "status", "--state", str(folder), "--output", "json"])
    assert json.loads(shown.stdout)["usd"] | {"card": "0.00"} == {
        "card": "0.00",
        "loss": "0.00",
        "forgiven": "10.225000",
        "booked": "10.225000",
        "refunded": "0.00",
        "held": "0.00",
        "fee": "0.00",
    }
    again = CliRunner().invoke(app, ["payments", "books", "--offline", "--state", str(folder)])
    assert (again.exit_code, "Nothing differs" in again.stdout) == (0, True)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("carol", "--why", "x"), "theirs not paid are p1, p2"),
        (("p9", "--why", "x"), "there is no payment p9"),
        (("p1", "--why", " "), "--why says why"),
        (("p1",), "--why"),
    ],
)
def test_what_cannot_be_forgiven_is_said_and_changes_nothing(
    folder: Path, given: tuple[str, ...], said: str
) -> None:
    done = forgiving(folder, *given)
    assert done.exit_code != 0
    assert said in " ".join(done.stderr.split())
    with_loss = Books(url_of(load(folder).books))
    assert [payment.purse.forgiven for payment in with_loss.payments()] == [0, 0]
    with_loss.close()


def test_what_is_forgiven_is_forgiven_once(folder: Path) -> None:
    assert forgiving(folder, "p1", "--why", "x").exit_code == 0
    again = forgiving(folder, "p1", "--why", "x")
    assert again.exit_code != 0
    assert "there is nothing to forgive, as it has cost the operator nothing" in " ".join(
        again.stderr.split()
    )

"""What a console remembers of cards: prices that were asked for, and the payments that they have become."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from solders.pubkey import Pubkey

#: A part of the console's database.
CARDS: Final = """
CREATE TABLE IF NOT EXISTS cards (id TEXT PRIMARY KEY, owner TEXT NOT NULL, quote TEXT NOT NULL,
    total TEXT NOT NULL, node TEXT NOT NULL, job TEXT NOT NULL, extends INTEGER NOT NULL, plan TEXT NOT NULL,
    package TEXT NOT NULL, argv TEXT NOT NULL, manifest BLOB NOT NULL, title TEXT NOT NULL,
    made INTEGER NOT NULL, begun INTEGER NOT NULL DEFAULT 0, payment TEXT NOT NULL DEFAULT '',
    standing TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS cards_of ON cards (owner);
"""


@dataclass(frozen=True, slots=True)
class KeptCard:
    """A price that was asked for a card, and the payment that it has become.

    Attributes:
        id: names both; nobody can guess it.
        owner: whose it is.
        quote: the price, as the payments host names it.
        total: what the card is charged at most, dollars.
        node: what is booked.
        job: the job; of a booking empty before it is on the chain.
        extends: whether more time of that job is paid.
        plan, package, argv, manifest, title: what is to run; of an extension empty.
        made: Unix seconds.
        begun: when it was begun to be paid, Unix seconds; 0: it was not.
        payment: as the payments host names it; empty: that is not known yet.
        standing: `booked`, `cancelled`, or empty: it is not over.
    """

    id: str
    owner: Pubkey
    quote: str
    total: str
    node: str
    job: str
    extends: bool
    plan: str
    package: str
    argv: tuple[str, ...]
    manifest: bytes
    title: str
    made: int
    begun: int = 0
    payment: str = ""
    standing: str = ""


#: Seconds for which a price is kept that nobody pays.
_UNPAID: Final = 86_400
#: Prices of one thing that are kept.
_PRICES: Final = 4


class CardBook:
    """Prices and payments, in a console's database.

    Args:
        do: runs a statement with its values; gives its rows.
    """

    def __init__(self, do: Callable[..., list[Any]]) -> None:
        self._do = do

    def add(self, it: KeptCard) -> None:
        """Remembers a price. Those that nobody pays are forgotten after a day, or for newer ones."""
        self._do("DELETE FROM cards WHERE NOT begun AND made < ?", it.made - _UNPAID)
        for old in self._do(
            "SELECT id FROM cards WHERE owner = ? AND plan = ? AND job = ? AND NOT begun"
            " ORDER BY made DESC, rowid DESC LIMIT -1 OFFSET ?",
            *(str(it.owner), it.plan, it.job, _PRICES - 1),
        ):
            self._do("DELETE FROM cards WHERE id = ? AND NOT begun", *old)
        values = {each.name: getattr(it, each.name) for each in fields(it)}
        values |= {"owner": str(it.owner), "argv": json.dumps(list(it.argv))}
        self._do(
            "INSERT INTO cards VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", *values.values()
        )

    def get(self, name: str, owner: Pubkey) -> KeptCard | None:
        """A price or payment, if it is an owner's."""
        return _first(self._do("SELECT * FROM cards WHERE id = ? AND owner = ?", name, str(owner)))

    def of(self, owner: Pubkey) -> list[KeptCard]:
        """An owner's payments, the latest first."""
        rows = self._do("SELECT * FROM cards WHERE owner = ? AND begun ORDER BY begun DESC, id", str(owner))
        return [_card(row) for row in rows]

    def that_booked(self, job: str, owner: Pubkey) -> KeptCard | None:
        """The payment that has booked a job."""
        values = (job, str(owner))
        return _first(self._do("SELECT * FROM cards WHERE job = ? AND owner = ? AND NOT extends", *values))

    def for_plan(self, plan: str) -> KeptCard | None:
        """The payment that books a plan, or has."""
        return _first(
            self._do("SELECT * FROM cards WHERE plan = ? AND begun AND standing != 'cancelled'", plan)
        )

    def under_way(self, since: int) -> list[KeptCard]:
        """Bookings that were begun since a time, and are not over."""
        rows = self._do(
            "SELECT * FROM cards WHERE begun > ? AND standing = '' AND NOT extends", max(0, since)
        )
        return [_card(row) for row in rows]

    def begin(self, name: str, now: int) -> bool:
        """Notes that a price is about to be paid; whether it was not, nor another one of its plan."""
        rows = self._do(
            "UPDATE cards SET begun = ? WHERE id = ? AND NOT begun AND (plan = '' OR NOT EXISTS (SELECT 1"
            " FROM cards AS o WHERE o.plan = cards.plan AND o.begun AND o.standing != 'cancelled'))"
            " RETURNING id",
            now,
            name,
        )
        return bool(rows)

    def unbegin(self, name: str) -> None:
        """Notes that a price was not begun to be paid after all."""
        self._do("UPDATE cards SET begun = 0 WHERE id = ? AND payment = ''", name)

    def opened(self, name: str, payment: str) -> None:
        """Notes how the payments host names a payment."""
        self._do("UPDATE cards SET payment = ? WHERE id = ?", payment, name)

    def end(self, name: str, standing: str, job: str = "") -> None:
        """Notes what became of a payment: `booked`, with its job, or `cancelled`."""
        self._do("UPDATE cards SET standing = ?, job = max(job, ?) WHERE id = ?", standing, job, name)


def _first(rows: list[Any]) -> KeptCard | None:
    return _card(rows[0]) if rows else None


def _card(row: Sequence[Any]) -> KeptCard:
    it = dict(zip((each.name for each in fields(KeptCard)), row, strict=True))
    owner, argv = Pubkey.from_string(it["owner"]), tuple(json.loads(it["argv"]))
    return KeptCard(**it | {"owner": owner, "argv": argv, "extends": bool(it["extends"])})

"""What need not stay in the books goes: what each request has cost becomes one sum a month and account.

Balances, and all that moves at a till, stay as they are, so that the books go on to say what the chain does.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from datetime import UTC, datetime
from typing import Final

from ionet.intelligence.books import Books
from ionet.intelligence.records import CYCLES, cycle_of, day_of

DAY: Final = 86_400
#: Requests at a time: money waits for whoever forgets.
_BATCH: Final = 500


def forget(books: Books, at: int, days: int) -> bool:
    """Forgets some of what is older than it is kept; returns whether there may be more of it.

    Args:
        books: them.
        at: Unix seconds.
        days: for which it is known what a request has cost, and what a revoked key was.
    """
    before, db = at - days * DAY, books._db
    with books._change():
        count = _fold(db, before)
        _forget_cycles(db, at)
        while _forget_keys(db, before):
            pass
        _forget_accounts(db, before)
    return count == _BATCH


def _fold(db: sqlite3.Connection, before: int) -> int:
    """Makes requests that were settled before then a sum of their month; returns how many those were."""
    rows = db.execute(
        "SELECT substr(hold.what, 6), hold.giver, hold.currency, used.units, used.at"
        " FROM postings AS hold INDEXED BY postings_at"
        " LEFT JOIN postings AS used ON used.what = 'use ' || substr(hold.what, 6)"
        " LEFT JOIN postings AS back ON back.what = 'return ' || substr(hold.what, 6)"
        " WHERE hold.at < ? AND hold.what LIKE 'hold %' AND coalesce(used.at, back.at) < ? LIMIT ?",
        (before, before, _BATCH),
    ).fetchall()
    sums: Counter[tuple[str, str, str]] = Counter()
    for request, holder, currency, units, at in rows:
        if units is not None:
            sums[day_of(at)[:7], holder, currency] += units
        names = [f"{kind} {request}" for kind in ("hold", "use", "return")]
        db.execute("DELETE FROM postings WHERE what IN (?, ?, ?)", names)
    for (month, holder, currency), units in sums.items():
        begin = int(datetime.fromisoformat(f"{month}-01").replace(tzinfo=UTC).timestamp())
        db.execute(
            "INSERT INTO postings (at, what, giver, taker, currency, units)"
            " VALUES (?, ?, ?, 'earned', ?, ?)"
            " ON CONFLICT (what) DO UPDATE SET units = units + excluded.units",
            (begin, f"used {month} {holder} {currency}", holder, currency, units),
        )
    return len(rows)


def _forget_cycles(db: sqlite3.Connection, at: int) -> None:
    """What was used in days, weeks and months that are over: a day longer, for requests of midnight."""
    kept = {cycle_of(cycle, moment) for cycle in CYCLES for moment in (at, at - DAY)}
    marks = ", ".join("?" * len(kept))
    db.execute(
        f"DELETE FROM spent WHERE cycle NOT IN ({marks}) AND NOT EXISTS"  # noqa: S608
        " (SELECT 1 FROM held WHERE held.key = spent.key AND held.cycle = spent.cycle)",
        tuple(kept),
    )
    db.execute(
        "DELETE FROM free WHERE day NOT IN (?, ?) AND NOT EXISTS"
        " (SELECT 1 FROM holds WHERE holds.account = free.account AND holds.day = free.day)",
        (day_of(at), day_of(at - DAY)),
    )


def _forget_keys(db: sqlite3.Connection, before: int) -> int:
    """Keys that were revoked before then, and have made none that is still known; returns how many."""
    # The last one stays, so that no number is given twice.
    gone = db.execute(
        "SELECT id FROM keys WHERE revoked < ? AND id < (SELECT max(id) FROM keys)"
        " AND id NOT IN (SELECT parent FROM keys WHERE parent IS NOT NULL)"
        " AND id NOT IN (SELECT key FROM holds) AND id NOT IN (SELECT key FROM held)",
        (before,),
    ).fetchall()
    db.executemany("DELETE FROM spent WHERE key = ?", gone)
    db.executemany("DELETE FROM keys WHERE id = ?", gone)
    return len(gone)


def _forget_accounts(db: sqlite3.Connection, before: int) -> None:
    """Wallets that came before then, and have neither keys nor ever paid."""
    db.execute(
        "DELETE FROM accounts WHERE created < ? AND id < (SELECT max(id) FROM accounts)"
        " AND id NOT IN (SELECT account FROM keys) AND id NOT IN (SELECT account FROM free)"
        " AND id NOT IN (SELECT account FROM holds)"
        " AND 'account ' || id NOT IN (SELECT holder FROM balances)",
        (before,),
    )

"""What audits have come to: answers that were judged, and sums of them by hours and days.

Anybody may ask how nodes stand, and as often as they like: what is read then are the sums, of which there are
as many however many answers were judged.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ionet.intelligence.likelihood import Score
from ionet.intelligence.standing import (
    DAY,
    HOUR,
    Judged,
    Record,
    Standing,
    Window,
    evading,
    faults_of,
    record,
    record_of,
)
from ionet.intelligence.storage import changing

#: Latest answers that tell whether two nodes are at odds: money waits for whoever looks.
_LATEST: Final = 500
_EVER: Final = 1 << 60
#: Of this part of the file: sums came in with the first.
_VERSION: Final = 1
_SCHEMA: Final = """
DROP TABLE IF EXISTS audits;
CREATE TABLE IF NOT EXISTS judged (
    id TEXT PRIMARY KEY, at INTEGER NOT NULL, model TEXT NOT NULL, node TEXT NOT NULL,
    places INTEGER NOT NULL, surprise REAL NOT NULL, variance REAL NOT NULL, skew REAL NOT NULL,
    tokens INTEGER NOT NULL, excess INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS judged_at ON judged (at);
CREATE TABLE IF NOT EXISTS witnessed (
    id TEXT PRIMARY KEY, at INTEGER NOT NULL, model TEXT NOT NULL, node TEXT NOT NULL,
    places INTEGER NOT NULL, surprise REAL NOT NULL, variance REAL NOT NULL, skew REAL NOT NULL,
    tokens INTEGER NOT NULL, excess INTEGER NOT NULL, witness TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS witnessed_at ON witnessed (at);
CREATE INDEX IF NOT EXISTS witnessed_by ON witnessed (model, node, witness, at);
CREATE TABLE IF NOT EXISTS sums (
    span INTEGER NOT NULL, model TEXT NOT NULL, node TEXT NOT NULL, witness TEXT NOT NULL,
    begin INTEGER NOT NULL, answers INTEGER NOT NULL, passed INTEGER NOT NULL, places INTEGER NOT NULL,
    surprise REAL NOT NULL, variance REAL NOT NULL, skew REAL NOT NULL, tokens INTEGER NOT NULL,
    excess INTEGER NOT NULL, long INTEGER NOT NULL, outliers INTEGER NOT NULL, faults TEXT NOT NULL,
    PRIMARY KEY (span, model, node, witness, begin)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sums_since ON sums (span, begin, model);
CREATE INDEX IF NOT EXISTS sums_at_fault ON sums (begin) WHERE faults <> '';
CREATE INDEX IF NOT EXISTS sums_of_arbiters ON sums (span, model, begin) WHERE witness = '';
CREATE TABLE IF NOT EXISTS drawn (
    span INTEGER NOT NULL, model TEXT NOT NULL, node TEXT NOT NULL, why TEXT NOT NULL,
    begin INTEGER NOT NULL, answers INTEGER NOT NULL, PRIMARY KEY (span, model, node, why, begin)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS drawn_since ON drawn (span, begin);
"""
_JUDGED: Final = "model, node, at, places, surprise, variance, skew, tokens, excess"
_SUMS: Final = "answers, passed, places, surprise, variance, skew, tokens, excess, long, outliers"
_TOTALS: Final = ", ".join(f"sum({name})" for name in _SUMS.split(", "))

#: A model, a node, and who has judged it.
_Pair = tuple[str, str, str]
#: Seconds of a window, a model, a node, who has judged it, and when the window begins.
_Key = tuple[int, str, str, str, int]


@dataclass(frozen=True, slots=True)
class _Row:
    """What was judged: of what model and node, and by whom."""

    model: str
    node: str
    judged: Judged
    witness: str

    @property
    def keys(self) -> list[_Key]:
        """Of the sums that it is in."""
        pair = self.model, self.node, self.witness
        return [(span, *pair, self.judged.at // span * span) for span in (HOUR, DAY)]


def _rows(rows: Iterable[tuple[Any, ...]]) -> Iterator[_Row]:
    for model, node, at, places, surprise, variance, skew, tokens, excess, witness in rows:
        judged = Judged(at, Score(places, surprise, variance, skew), tokens, excess)
        yield _Row(model, node, judged, witness)


def _window(sums: Iterable[Any]) -> Window:
    answers, passed, places, surprise, variance, skew, *counts = sums
    return Window(answers, passed, Score(places, surprise, variance, skew), *counts)


class Judgements:
    """Keeps them. Not to be shared by threads.

    Args:
        db: the file.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.executescript(_SCHEMA)
        with changing(self._db):
            if db.execute("PRAGMA user_version").fetchone()[0] < _VERSION:
                self._sum_all()
                db.execute(f"PRAGMA user_version = {_VERSION}")

    def _sum_all(self) -> None:
        sums: dict[_Key, Window] = defaultdict(Window)
        for every in (
            f"SELECT {_JUDGED}, '' FROM judged",  # noqa: S608
            f"SELECT {_JUDGED}, witness FROM witnessed",  # noqa: S608
        ):
            for row in _rows(self._db.execute(every)):
                for key in row.keys:
                    sums[key] += Window.of(row.judged)
        for key, window in sums.items():
            self._put(key, window)

    def add(self, request: str, model: str, node: str, judged: Judged, witness: str = "") -> None:
        """Keeps what an audit has come to.

        Args:
            request: the answer's id.
            model: that it is claimed to be of.
            node: that has written it.
            judged: what it has come to.
            witness: node by whose engine; empty: the arbiter's.
        """
        score = judged.score
        sums = (score.places, score.surprise, score.variance, score.skew)
        row = (request, judged.at, model, node, *sums, judged.tokens, judged.excess)
        table, values = ("witnessed", (*row, witness)) if witness else ("judged", row)
        marks = ", ".join("?" * len(values))
        with changing(self._db):
            added = self._db.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", values)  # noqa: S608
            if added.rowcount:
                self._sum(_Row(model, node, judged, witness))

    def _sum(self, row: _Row) -> None:
        for key in row.keys:
            before = self._db.execute(
                f"SELECT {_SUMS} FROM sums"  # noqa: S608
                " WHERE span = ? AND model = ? AND node = ? AND witness = ? AND begin = ?",
                key,
            ).fetchone()
            window = Window.of(row.judged)
            self._put(key, window if before is None else _window(before) + window)

    def _put(self, key: _Key, window: Window) -> None:
        score = window.score
        sums = (
            *(window.answers, window.passed, score.places, score.surprise, score.variance, score.skew),
            *(window.tokens, window.excess, window.long, window.outliers),
        )
        values = (*key, *sums, " ".join(faults_of(window)))
        marks = ", ".join("?" * len(values))
        self._db.execute(f"INSERT OR REPLACE INTO sums VALUES ({marks})", values)  # noqa: S608

    def add_drawn(self, model: str, node: str, why: str, at: int) -> None:
        """Counts an answer that is to be judged, whether or not anybody then judges it.

        Args:
            model: that it is claimed to be of.
            node: that has written it.
            why: it cannot be, in a few words; empty: it can.
            at: Unix seconds.
        """
        with changing(self._db):
            for span in (HOUR, DAY):
                self._db.execute(
                    "INSERT INTO drawn VALUES (?, ?, ?, ?, ?, 1)"
                    " ON CONFLICT DO UPDATE SET answers = answers + 1",
                    (span, model, node, why, at // span * span),
                )

    def forget(self, before: int) -> None:
        """Forgets what is older, Unix seconds; of sums, by whole hours and days."""
        for table in ("judged", "witnessed"):
            self._db.execute(f"DELETE FROM {table} WHERE at < ?", (before,))  # noqa: S608
        for span in (HOUR, DAY):
            for table in ("sums", "drawn"):
                self._db.execute(
                    f"DELETE FROM {table} WHERE span = ? AND begin <= ?",  # noqa: S608
                    (span, before - span),
                )

    def of_hour(self, begin: int) -> tuple[Mapping[str, list[Judged]], Mapping[str, dict[str, int]]]:
        """What was judged in an hour, by model, and how many answers could not be, by model and node.

        A witness's word is anybody's, and heads stay: it counts where no arbiter is asked.

        Args:
            begin: of the hour, Unix seconds.
        """
        judged: dict[str, list[Judged]] = defaultdict(list)
        span = begin, begin + HOUR
        asked = self._db.execute(
            "SELECT DISTINCT model FROM judged WHERE at >= ? AND at < ?", (begin - DAY, begin + HOUR)
        )
        arbitrated = {model for (model,) in asked}
        every = f"SELECT {_JUDGED}, '' FROM judged WHERE at >= ? AND at < ?"  # noqa: S608
        for row in _rows(self._db.execute(every, span)):
            judged[row.model].append(row.judged)
        alone = (
            f"SELECT {_JUDGED}, witness FROM witnessed WHERE at >= ? AND at < ?"  # noqa: S608
            " AND id NOT IN (SELECT id FROM judged)"
        )
        for row in _rows(self._db.execute(alone, span)):
            if row.model not in arbitrated:
                judged[row.model].append(row.judged)
        unjudged: dict[str, dict[str, int]] = defaultdict(dict)
        for model, node, answers in self._db.execute(
            "SELECT model, node, sum(answers) FROM drawn WHERE span = ? AND begin = ? AND why <> ''"
            " GROUP BY model, node",
            (HOUR, begin),
        ):
            unjudged[model][node] = answers
        return judged, unjudged

    def at_odds(self, model: str, node: str, witness: str, since: int) -> bool:
        """Whether a witness finds fault with a node's latest answers.

        Args:
            model: that both say they serve.
            node: has written them.
            witness: has judged them.
            since: Unix seconds.
        """
        rows = self._db.execute(
            f"SELECT {_JUDGED}, witness FROM witnessed"  # noqa: S608
            " WHERE model = ? AND node = ? AND witness = ? AND at >= ? ORDER BY at DESC LIMIT ?",
            (model, node, witness, since, _LATEST),
        )
        return bool(record([row.judged for row in _rows(rows)]).faults)

    def evading(self, model: str, since: int) -> frozenset[str]:
        """Nodes of a model of whose answers far more cannot be judged than of others'.

        Args:
            model: that they serve.
            since: Unix seconds; from the beginning of its day.
        """
        rows = self._db.execute(
            "SELECT node, sum(answers * (why <> '')), sum(answers) FROM drawn INDEXED BY drawn_since"
            " WHERE span = ? AND begin >= ? AND model = ? GROUP BY node",
            (DAY, since // DAY * DAY, model),
        )
        return evading({node: (unjudged, of) for node, unjudged, of in rows})

    def standings(self, since: int) -> list[Standing]:
        """What audits say of each node.

        Args:
            since: Unix seconds; from the beginning of its day.
        """
        since = since // DAY * DAY
        every = self._records(since)
        unjudged: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        for model, node, why, answers in self._db.execute(
            "SELECT model, node, why, sum(answers) FROM drawn INDEXED BY drawn_since"
            " WHERE span = ? AND begin >= ? AND why <> '' GROUP BY model, node, why",
            (DAY, since),
        ):
            unjudged[model, node][why] = answers
        places = sorted({*((model, node) for model, node, _ in every), *unjudged})
        later = {model: self._since_the_arbiter(model, since) for model in {model for model, _ in places}}
        evades = {model: self.evading(model, since) for model, _ in unjudged}
        witnesses: dict[tuple[str, str], dict[str, Record]] = defaultdict(dict)
        for (model, node, witness), each in every.items():
            if witness:
                witnesses[model, node][witness] = each
        return [
            Standing(
                model,
                node,
                every.get((model, node, ""), record_of(Window())),
                witnesses[model, node],
                None if (told := later[model]) is None else told.get(node, {}),
                unjudged.get((model, node), {}),
                node in evades.get(model, ()),
            )
            for model, node in places
        ]

    def _records(self, since: int) -> dict[_Pair, Record]:
        rows = self._db.execute(
            f"SELECT model, node, witness, {_TOTALS} FROM sums INDEXED BY sums_since"  # noqa: S608
            " WHERE span = ? AND begin >= ? GROUP BY model, node, witness",
            (DAY, since),
        ).fetchall()
        faults = self._faults("", (since,))
        return {
            (model, node, witness): record_of(_window(sums), faults[model, node, witness])
            for model, node, witness, *sums in rows
        }

    def _since_the_arbiter(self, model: str, since: int) -> Mapping[str, Mapping[str, Record]] | None:
        """By node and witness, what witnesses say from a day after the arbiter's last answer on."""
        last = self._db.execute(
            "SELECT max(begin) FROM sums WHERE witness = '' AND span = ? AND model = ?", (HOUR, model)
        ).fetchone()[0]
        if last is None or last < since:
            return None
        last += DAY - HOUR
        # The rest of that day by its hours, and whole days from there on.
        part = (
            "SELECT * FROM sums INDEXED BY sums_since"
            " WHERE span = ? AND begin > ? AND begin < ? AND model = ? AND witness <> ''"
        )
        tomorrow = last // DAY * DAY + DAY
        rows = self._db.execute(
            f"SELECT node, witness, {_TOTALS} FROM ({part} UNION ALL {part})"  # noqa: S608
            " GROUP BY node, witness",
            (HOUR, last, tomorrow, model, DAY, last, _EVER, model),
        ).fetchall()
        faults = self._faults(" AND model = ?", (last + 1, model))
        told: dict[str, dict[str, Record]] = defaultdict(dict)
        for node, witness, *sums in rows:
            told[node][witness] = record_of(_window(sums), faults[model, node, witness])
        return told

    def _faults(self, more: str, values: tuple[object, ...]) -> Mapping[_Pair, set[str]]:
        """What is wrong with hours and days that have begun then, or later."""
        rows = self._db.execute(
            "SELECT DISTINCT model, node, witness, faults FROM sums INDEXED BY sums_at_fault"  # noqa: S608
            f" WHERE faults <> '' AND begin >= ?{more}",
            values,
        )
        listed: dict[_Pair, set[str]] = defaultdict(set)
        for model, node, witness, faults in rows:
            listed[model, node, witness].update(faults.split())
        return listed

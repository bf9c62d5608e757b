"""A ledger of many hours, whose old ones are written as files, without having been rows of a database.

Every event is one of the programs' encoders: an hour of credits is encoded event by event, and put into a
file's blocks by the ledger's own writer. Other hours differ from it in numbers alone, which are set at their
places in these blocks; of each hour some events are compared with what the encoders write. What the
ledger has summed up of one of these hours it has of each of them. `tests/ledger/test_filed.py` compares such
a ledger with one that took every event by itself: files and tables are the same.
"""

from __future__ import annotations

import json
import os
import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import sqlalchemy as sa
from bench.market import (
    CO_STAKED,
    IN_SLOT,
    RENTED,
    REWARD,
    START,
    emitted,
    history,
    of_hour,
    signature_of,
    slots_of,
    time_of,
)
from numpy.typing import NDArray

from ionet import Event, events
from ionet.explorer._past import Moment
from ionet.formats.when import HOUR
from ionet.ledger import Database, Entry, Landed, Place, archive, counting, rowfiles, schema
from ionet.ledger.rowfiles import Facts, Row, Sent, Writer
from ionet.ledger.subjects import subjects

_MARK: Final = 0x0123456789ABCDE
_SAMPLE: Final = 20
_SIGNATURE: Final = 88
#: Places in a file: of the time in a transaction's head, of the number in an event's row.
_TIME, _SEQ = 12, 19
_CREDITED, _ATTESTED, _EMITTED = "staking.Credited", "jobs.Attested", "mint.Emitted"
_Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Field:
    """A number in what is encoded: where it lies, how many bytes it has, what it is in an hour."""

    at: int
    width: int
    of: Any


class _Template(Writer):
    """Keeps blocks as they are before they are compressed, and where what changes lies in them."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file)
        self.raw = bytearray()
        self.begins = [0]
        self.heads: list[int] = []
        self.texts: list[int] = []
        #: Of each type: where its rows' fixed parts and its events lie.
        self.rows: dict[str, list[tuple[int, int]]] = {}
        self.first: list[int] = []
        self.of_block: list[int] = []
        self.index = b""

    def _index(self) -> bytes:
        self.index = super()._index()
        return self.index

    def _packed(self, block: Any, number: int) -> bytes:
        raw = super()._packed(block, number)
        many, rows = len(block.sent), len(block.rows)
        heads = len(self.raw) + rowfiles._COUNTS.size
        texts = heads + many * rowfiles._TX.size
        fixed = texts + many * _SIGNATURE
        more = fixed + rows * rowfiles._ROW.size
        self.first.append(len(self.heads))
        self.heads += range(heads, texts, rowfiles._TX.size)
        self.texts += range(texts, fixed, _SIGNATURE)
        self.of_block += [number] * many
        for its, (_, row) in enumerate(block.rows):
            more += 32 * sum(named is not None for named in (row.account, row.also))
            self.rows.setdefault(row.kind, []).append((fixed + its * rowfiles._ROW.size, more))
            more += len(row.data)
        self.raw += raw
        self.begins.append(len(self.raw))
        return raw


class Files:
    """Writes files of hours of credits.

    Args:
        nodes: how many there are.
    """

    def __init__(self, nodes: int) -> None:
        self._nodes = nodes
        self._node = np.arange(nodes)
        self._job = self._node[::RENTED]
        with open(os.devnull, "wb") as file:
            self._template = _Template(file)
            for number in range(-1, nodes):
                sent = _sent(1, number, nodes)
                self._template.add(
                    sent, [_row(sent, event, at) for at, event in enumerate(self._its(1, number), 1)]
                )
            self._template.finish(1)
        self._raw = np.frombuffer(self._template.raw, np.uint8)
        count = np.arange(nodes + 1)
        self._slots, self._txs = count // IN_SLOT + 1, count % IN_SLOT
        self._head, self._parts = _read(self._template.index)
        self._fields = {_CREDITED: self._of_credits(), _ATTESTED: self._of_attestations()}
        self._at = {kind: np.array(rows).T for kind, rows in self._template.rows.items()}

    def _its(self, hour: int, number: int) -> list[Event]:
        return [emitted(hour)] if number < 0 else of_hour(number, hour, self._nodes)

    def _of_credits(self) -> list[_Field]:
        its, nodes = self._node, self._nodes
        event = of_hour(0, 1, nodes)[0]
        assert isinstance(event, events.staking.Credited)
        due = replace(event, totals=replace(event.totals, own_due=_MARK))
        names = ("seq", "credited", "credited_through", "credited_total", "credited_height", "bound_total")
        marked: list[Any] = [{name: _MARK} for name in names]
        seq, paid, through, total, height, bound = (_place(replace(event, **each)) for each in marked)

        def all_paid(hour: int) -> _Numbers:
            return ((hour - 1) * nodes + its + 1) * REWARD

        return [
            _Field(seq, 8, lambda hour: 3 + (its % CO_STAKED == 0) + hour),
            _Field(paid, 8, lambda hour: np.full(nodes, hour * REWARD)),
            _Field(through, 8, lambda hour: np.full(nodes, START + hour * HOUR)),
            _Field(total, 8, all_paid),
            _Field(height, 8, lambda hour: np.full(nodes, hour)),
            _Field(bound, 8, all_paid),
            _Field(_place(due), 8, lambda hour: np.full(nodes, hour * REWARD)),
        ]

    def _of_attestations(self) -> list[_Field]:
        many = len(self._job)
        event: Any = of_hour(0, 1, self._nodes)[1]
        good = [
            _Field(
                _place(replace(event, **{name: _MARK & 0xFFFFFFFF}), 4),
                4,
                lambda hour: np.full(many, (hour - 1) * HOUR),
            )
            for name in ("good", "upto", "attested")
        ]
        return [_Field(_place(replace(event, seq=_MARK)), 8, lambda hour: np.full(many, 2 + hour)), *good]

    def write(self, path: Path, number: int, hour: int) -> Facts:
        """Writes the file of an hour.

        Args:
            path: of the folder.
            number: of the file.
            hour: from 1 on.
        """
        nodes, template = self._nodes, self._template
        slots = self._slots + hour * slots_of(nodes)
        times = np.concatenate(
            ([START + hour * HOUR], START + hour * HOUR + self._node * (HOUR - 1) // nodes)
        )
        heads = np.array(template.heads)
        self._set(heads, slots, 8)
        self._set(heads + _TIME, times, 8)
        signatures = [signature_of(*where) for where in zip(slots.tolist(), self._txs.tolist(), strict=True)]
        texts = np.frombuffer("".join(signatures).encode(), np.uint8).reshape(-1, _SIGNATURE)
        self._raw[np.array(template.texts)[:, None] + np.arange(_SIGNATURE)] = texts
        for kind, fields in self._fields.items():
            rows, data = self._at[kind]
            self._set(rows + _SEQ, fields[0].of(hour), 8)
            for each in fields:
                self._set(data + each.at, each.of(hour), each.width)
        row, data = (int(at[0]) for at in self._at[_EMITTED])
        template.raw[row + _SEQ : row + _SEQ + 8] = hour.to_bytes(8, "little")
        its = emitted(hour).encode()
        template.raw[data : data + len(its)] = its
        self._compare(hour)
        return self._packed(path, number, slots, times, signatures)

    def _set(self, at: _Numbers, values: _Numbers, width: int) -> None:
        its = values.astype(f"<i{width}").view(np.uint8).reshape(-1, width)
        self._raw[at[:, None] + np.arange(width)] = its

    def _compare(self, hour: int) -> None:
        """That some of its events are what the encoders write."""
        for number in [0, self._nodes - 1, *(random.randrange(self._nodes) for _ in range(_SAMPLE))]:
            credited, *attested = (event.encode() for event in of_hour(number, hour, self._nodes))
            its = [(_CREDITED, number, credited), *((_ATTESTED, number // RENTED, each) for each in attested)]
            for kind, place, data in its:
                at = int(self._at[kind][1][place])
                assert self._template.raw[at : at + len(data)] == data, (hour, number, kind)

    def _packed(
        self, path: Path, number: int, slots: _Numbers, times: _Numbers, signatures: list[str]
    ) -> Facts:
        template = self._template
        offsets, digests, at = [], [], len(rowfiles._MAGIC)
        part = path / "new.part"
        with part.open("wb") as file:
            file.write(rowfiles._MAGIC)
            raw = memoryview(template.raw)
            for begin, end in zip(template.begins[:-1], template.begins[1:], strict=True):
                data = zlib.compress(raw[begin:end], rowfiles._LEVEL)
                offsets.append(at)
                digests.append(sha256(data).digest()[: rowfiles._DIGEST])
                file.write(data)
                at += len(data)
            keys = np.array([rowfiles._key_of_text(text.encode()) for text in signatures], np.uint64)
            order = np.lexsort((np.array(template.of_block), keys))
            first = np.array(template.first)
            parts = self._parts | {
                "offsets": np.array([*offsets, at], np.uint64).tobytes(),
                "slots": slots[first].astype("<i8").tobytes(),
                "times": times[first].astype("<i8").tobytes(),
                "signature_keys": keys[order].tobytes(),
                "signature_blocks": np.array(template.of_block, np.uint32)[order].tobytes(),
                "digests": b"".join(digests),
            }
            index = b"".join(
                each + bytes(-len(each) % rowfiles._WORD)
                for each in (rowfiles._LENGTH.pack(len(self._head)), self._head, *parts.values())
            )
            file.write(index)
            file.write(rowfiles._LENGTH.pack(len(index)))
            raw.release()
        facts = Facts(
            number,
            int(slots[0]),
            int(slots[-1]),
            int(times[0]),
            int(times[-1]),
            len(slots),
            sum(map(len, template.rows.values())),
            at + len(index) + rowfiles._LENGTH.size,
            sha256(index).digest(),
        )
        part.replace(path / facts.name)
        return facts


def _row(sent: Sent, event: Event, inner: int) -> Row:
    subject = subjects()[type(event)]
    also = None if subject.also is None else bytes(subject.also(event))
    seq: int | None = event.seq if subject.seq else None  # type: ignore[attr-defined]
    where = (sent.slot, sent.tx, 0, inner, 0, subject.name, sent.time)
    return Row(*where, bytes(subject.account(event)), also, seq, event.encode(), sent.signature, inner - 1)


def _sent(hour: int, number: int, nodes: int) -> Sent:
    """The transaction of a node in an hour; -1: of the emission."""
    slot, tx = divmod(number + 1, IN_SLOT)
    slot += hour * slots_of(nodes) + 1
    return Sent(slot, tx, signature_of(slot, tx), time_of(max(number, 0), hour, nodes), 0)


def last_slot(nodes: int, hour: int) -> int:
    """The last slot of an hour."""
    return (hour + 1) * slots_of(nodes)


def _place(event: Event, width: int = 8) -> int:
    """Where the mark lies in what is encoded."""
    data, mark = event.encode(), (_MARK & ((1 << 8 * width) - 1)).to_bytes(width, "little")
    assert data.count(mark) == 1, event
    return data.find(mark)


def _read(index: bytes) -> tuple[bytes, dict[str, bytes]]:
    """An index's head and parts."""
    length = rowfiles._LENGTH.unpack_from(index)[0]
    head = index[rowfiles._LENGTH.size : rowfiles._LENGTH.size + length]
    parts, at = {}, rowfiles._LENGTH.size + length + -length % rowfiles._WORD
    for name, size in json.loads(head)["parts"].items():
        parts[name] = index[at : at + size]
        at += size + -size % rowfiles._WORD
    return head, parts


def fill(path: Path, nodes: int, filed: int, hours: int) -> Iterator[str]:
    """Makes a ledger, and says what it is at.

    Args:
        path: of the database.
        nodes: how many there are.
        filed: hours of credits whose rows are in files.
        hours: of credits in all.

    Yields:
        A sentence.
    """
    folder = Path(f"{path}.rows")
    with Database.create(str(path), "bench") as database:
        # The first hour of credits is written to be summed up.
        for part in history(nodes, 1):
            database.write(part, scanned=part[-1].slot, final=part[-1].slot)
        database._move(last_slot(nodes, 0))
        yield "the first hours are written"
        files = Files(nodes)
        for hour in range(1, filed + 1):
            facts = files.write(folder, hour + 1, hour)
            note(database, facts)
            yield f"hour {hour} of credits is a file, {facts.size / facts.events:.0f} bytes for an event"
        del files
        finish(database, nodes, filed, hours)
    yield "the last hours are rows of the database"


def note(database: Database, facts: Facts) -> None:
    """Lets a file count."""
    sieve = database._archive.sieve(facts)
    with database._engine.begin() as connection:
        archive.note(connection, facts, sieve)


def finish(database: Database, nodes: int, filed: int, hours: int) -> None:
    """Has the hours of files summed up, and takes those after them event by event."""
    with database._engine.begin() as connection:
        _sum_up(connection, nodes, filed)
    for part in history(nodes, hours, first=filed + 1):
        database.write(part, scanned=part[-1].slot, final=part[-1].slot)


def moment_of(nodes: int, filed: int) -> Moment:
    """What an explorer knows at the end of the last hour in files: of hours before it only what lasts."""
    moment = Moment()
    for sent in chain.from_iterable(history(nodes, 0)):
        _take(moment, sent)
    attested = next(iter(of_hour(0, 1, nodes)[1:]), None)
    for hour in range(1, filed):
        slot = hour * slots_of(nodes) + 1
        moment.take(_entry(Place(slot, 0, 0, 1, 0), START + hour * HOUR, emitted(hour)))
        moment.state.emission.outflow.take(START + hour * HOUR, nodes * REWARD)
        for number in range(0, nodes, RENTED):
            moment.work.note(time_of(number, hour, nodes), attested)
    before = (filed - 1) * REWARD
    moment.state.emission.credited = before * nodes
    for node in moment.state.nodes.values():
        node.credited = node.own__due = before
    for sent in chain.from_iterable(history(nodes, filed, first=filed)):
        _take(moment, sent)
    assert not moment.state.broken, moment.state.broken[:3]
    return moment


def _take(moment: Moment, sent: Landed) -> None:
    for each in sent.log.emitted:
        place = Place(sent.slot, sent.tx, 0, each.inner_index, each.part)
        moment.take(_entry(place, sent.time, each.event))


def _entry(place: Place, time: int, event: Event) -> Entry:
    return Entry(place, time, subjects()[type(event)].name, event, b"")


def _sum_up(connection: sa.Connection, nodes: int, filed: int) -> None:
    """Has all hours of files summed up, where one is."""
    kinds = {row.name: row.id for row in connection.execute(sa.select(schema.kinds))}
    hourly, first = [kinds[name] for name in (_CREDITED, _ATTESTED)], START + HOUR
    for hour in range(2, filed + 1):
        for table in (schema.by_hour, schema.by_class):
            columns = [column.name for column in table.columns]
            its = [sa.literal(START + hour * HOUR) if name == "hour" else table.c[name] for name in columns]
            again = sa.select(*its).where(table.c.hour == first)
            connection.execute(sa.insert(table).from_select(columns, again))
        event: Any = emitted(hour)
        c = schema.by_hour.c
        paid = sa.update(schema.by_hour).where(c.hour == event.time, c.kind == kinds[_EMITTED])
        connection.execute(paid.values(billions=event.paid // 10**9, units=event.paid % 10**9))
    for table in (schema.by_node, schema.by_job):
        sums = {name: table.c[name] * filed for name in ("events", "billions", "units")}
        connection.execute(sa.update(table).where(table.c.kind.in_(hourly)).values(**sums))
    _count(connection, nodes, filed - 1)


def _count(connection: sa.Connection, nodes: int, more: int) -> None:
    """Counts the events of hours more: of the mint, of nodes, and of the jobs that are attested."""
    c = schema.heads.c
    of = {
        name: next(each for each in subjects().values() if each.name == name)
        for name in (_EMITTED, _CREDITED, _ATTESTED)
    }
    jobs = (schema.by_job.c.job, _ATTESTED), (schema.by_node.c.node, _CREDITED)
    its = [(sa.select(column).distinct(), name) for column, name in jobs]
    for chosen, name in its:
        head = sa.and_(c.program == of[name].program, c.account.in_(chosen))
        connection.execute(
            sa.update(schema.heads).where(head).values(events=c.events + more, top=c.top + more)
        )
    head = sa.and_(c.program == of[_EMITTED].program)
    connection.execute(sa.update(schema.heads).where(head).values(events=c.events + more, top=c.top + more))
    jobs_of = -(-nodes // RENTED)
    counting.add(connection, (nodes + 1) * more, (nodes + 1 + jobs_of) * more)

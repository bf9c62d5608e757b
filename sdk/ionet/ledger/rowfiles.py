"""A file with the rows of old hours: what a ledger's tables `transactions` and `events` held of them.

Whole transactions with their events lie in blocks, each compressed by itself. Behind them is an index: where
each block lies and its digest, and which blocks have something about an account, of a type, or of a
signature. The ledger keeps the index's SHA-256, and the index the digest of each block; so nothing is read
that is not what was written.
"""

from __future__ import annotations

import json
import mmap
import os
import stat
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from struct import Struct
from typing import IO, Any, Final, NamedTuple, TypeAlias

from ionet.ledger.errors import LedgerError, TooRare

_MAGIC: Final = b"ionet rows 1\n\0\0\0"
_LENGTH: Final = Struct("<Q")
#: Slot, place, time, whether the log was cut, where the signature begins.
_TX: Final = Struct("<qiqBI")
#: Transaction in the block, instruction, inner, part, type, what is there, number, place among the events of
#: the transaction, where its addresses and data begin.
_ROW: Final = Struct("<IiiiHBqII")
_COUNTS: Final = Struct("<III")
_ACCOUNT, _ALSO, _SEQ = 1, 2, 4
_ADDRESS: Final = 32
_DIGEST: Final = 16
#: Rows after which a block ends, and bytes that a block may have.
_ROWS: Final = 32
_LARGEST: Final = 1 << 28
_LEVEL: Final = 6
#: Bytes that the parts of an index are aligned to.
_WORD: Final = 8


#: Device, number of the file in it, and when file and facts about it were changed, nanoseconds.
Identity: TypeAlias = tuple[int, int, int, int]


class Sent(NamedTuple):
    """A transaction, as in the table."""

    slot: int
    tx: int
    signature: str
    time: int
    truncated: int


class Row(NamedTuple):
    """An event, as in the table, with its transaction's signature and its place among that one's events."""

    slot: int
    tx: int
    instruction: int
    inner: int
    part: int
    kind: str
    time: int
    account: bytes | None
    also: bytes | None
    seq: int | None
    data: bytes
    signature: str
    place: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What a ledger keeps of a file.

    Attributes:
        number: from 1 on, by age.
        first_slot, last_slot: it has every transaction from the first one on up to the last one.
        first_time, last_time: of its transactions, Unix seconds.
        transactions, events: how many it has.
        size: bytes.
        digest: SHA-256 of its index.
    """

    number: int
    first_slot: int
    last_slot: int
    first_time: int
    last_time: int
    transactions: int
    events: int
    size: int
    digest: bytes

    @property
    def name(self) -> str:
        """The file's name."""
        return f"{self.number:08}.rows"


@dataclass(slots=True)
class _Block:
    sent: list[Sent] = field(default_factory=list)
    rows: list[tuple[int, Any]] = field(default_factory=list)


class Writer:
    """Writes a file, transaction by transaction in the chain's order.

    Args:
        file: empty, and opened to write.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._block = _Block()
        self._kinds: dict[str, int] = {}
        self._offsets = array("Q")
        self._digests: list[bytes] = []
        self._first: list[Sent] = []
        self._last: Sent | None = None
        self._accounts: list[tuple[int, int]] = []
        self._signatures: list[tuple[int, int]] = []
        self._of_kind: defaultdict[int, array[int]] = defaultdict(lambda: array("I"))
        self._sent = self._rows = 0
        file.write(_MAGIC)
        self._at = len(_MAGIC)

    def add(self, sent: Sent, rows: Sequence[Any]) -> None:
        """Adds a transaction and its events, with their types' names as `kind`."""
        if self._last is None or len(self._block.rows) >= _ROWS or len(self._block.sent) >= _ROWS:
            self._flush()
            self._first.append(sent)
        self._block.sent.append(sent)
        its = len(self._block.sent) - 1
        self._block.rows += [(its, row) for row in rows]
        self._last = sent

    def finish(self, number: int) -> Facts:
        """Writes the index, and what is left.

        Args:
            number: of the file.
        """
        self._flush()
        assert self._last is not None, "a file has a transaction"
        index = self._index()
        self._file.write(index)
        self._file.write(_LENGTH.pack(len(index)))
        return Facts(
            number,
            self._first[0].slot,
            self._last.slot,
            self._first[0].time,
            self._last.time,
            self._sent,
            self._rows,
            self._at + len(index) + _LENGTH.size,
            sha256(index).digest(),
        )

    def _flush(self) -> None:
        block, self._block = self._block, _Block()
        if not block.sent:
            return
        number = len(self._offsets)
        raw = self._packed(block, number)
        if len(raw) > _LARGEST:
            raise LedgerError(f"a transaction of slot {block.sent[0].slot} has too much for a file")
        data = zlib.compress(raw, _LEVEL)
        self._offsets.append(self._at)
        self._digests.append(sha256(data).digest()[:_DIGEST])
        self._file.write(data)
        self._at += len(data)
        self._sent += len(block.sent)
        self._rows += len(block.rows)

    def _packed(self, block: _Block, number: int) -> bytes:
        heads, texts, at = list[bytes](), list[bytes](), 0
        for sent in block.sent:
            heads.append(_TX.pack(sent.slot, sent.tx, sent.time, sent.truncated, at))
            texts.append(sent.signature.encode())
            at += len(texts[-1])
        self._signatures += [(_key_of_text(text), number) for text in texts]
        rows, more, about, places = list[bytes](), list[bytes](), set[bytes](), list[int]()
        begin = 0
        for its, row in block.rows:
            kind = self._kinds.setdefault(row.kind, len(self._kinds))
            if not self._of_kind[kind] or self._of_kind[kind][-1] != number:
                self._of_kind[kind].append(number)
            named = [address for address in (row.account, row.also) if address is not None]
            about.update(named)
            flags = (
                _ACCOUNT * (row.account is not None)
                | _ALSO * (row.also is not None)
                | _SEQ * (row.seq is not None)
            )
            where = (row.instruction, row.inner, row.part)
            place = places.count(its)
            places.append(its)
            rows.append(_ROW.pack(its, *where, kind, flags, row.seq or 0, place, begin))
            more += [*named, row.data]
            begin += len(named) * _ADDRESS + len(row.data)
        self._accounts += [(key_of_account(address), number) for address in about]
        counts = _COUNTS.pack(len(heads), len(rows), at)
        return b"".join((counts, *heads, *texts, *rows, *more))

    def _index(self) -> bytes:
        self._offsets.append(self._at)
        names = list(self._kinds)
        parts = {
            "offsets": self._offsets.tobytes(),
            "slots": array("q", [sent.slot for sent in self._first]).tobytes(),
            "times": array("q", [sent.time for sent in self._first]).tobytes(),
        }
        for name, pairs in (("account", self._accounts), ("signature", self._signatures)):
            ordered = sorted(set(pairs))
            parts[f"{name}_keys"] = array("Q", [key for key, _ in ordered]).tobytes()
            parts[f"{name}_blocks"] = array("I", [number for _, number in ordered]).tobytes()
        parts |= {f"kind_{its}": self._of_kind[number].tobytes() for number, its in enumerate(names)}
        parts["digests"] = b"".join(self._digests)
        lengths = {name: len(part) for name, part in parts.items()}
        head = json.dumps({"kinds": names, "parts": lengths}, separators=(",", ":")).encode()
        blob = [_LENGTH.pack(len(head)), head, *parts.values()]
        return b"".join(part + bytes(-len(part) % _WORD) for part in blob)


class Patience:
    """How many blocks are read for nothing.

    An index knows accounts by eight bytes, which anybody can give another address, and types by the block: a
    question may lead to every block of all files, and to no row.

    Args:
        blocks: so many.
    """

    def __init__(self, blocks: int) -> None:
        self._left = blocks

    def lose(self) -> None:
        """Notes a block without anything of what is wanted.

        Raises:
            TooRare: it was one too many.
        """
        self._left -= 1
        if self._left < 0:
            raise TooRare("what is asked for is too rare in old hours: ask for less time")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows are read.

    Attributes:
        after, upto: of slots after the first and up to the second one.
        since, until: of times, both included, Unix seconds.
        about: about this account.
        kinds: of these types.
        patience: with blocks that have none; None: all are read.
    """

    after: int
    upto: int
    since: int
    until: int
    about: bytes | None = None
    kinds: frozenset[str] | None = None
    patience: Patience | None = None

    def touches(self, facts: Facts) -> bool:
        """Whether a file may have such rows."""
        return (
            facts.last_slot > self.after
            and facts.first_slot <= self.upto
            and facts.last_time >= self.since
            and facts.first_time <= self.until
        )

    def has(self, row: Row) -> bool:
        """Whether a row is wanted."""
        return (
            self.after < row.slot <= self.upto
            and self.since <= row.time <= self.until
            and (self.about is None or self.about in (row.account, row.also))
            and (self.kinds is None or row.kind in self.kinds)
        )


class RowFile:
    """A file that is read.

    Args:
        path: of the file.
        facts: what the ledger keeps of it.
        checked: its `identity` when its index was compared before; None: it was not.

    Attributes:
        identity: another one whenever the file is another one, or was written to.

    Raises:
        LedgerError: it is missing, or not the one that was written.
    """

    def __init__(self, path: Path, facts: Facts, checked: Identity | None = None) -> None:
        self._path, self._facts = path, facts
        mapped, self.identity = _mapped(path, facts)
        self._map = memoryview(mapped)
        index = _index_of(self._map)
        if index is None:
            raise _damaged(path)
        if self.identity != checked:
            if sha256(index).digest() != facts.digest:
                raise _damaged(path)
            # An index of many events is not kept in memory since it was read once.
            mapped.madvise(mmap.MADV_DONTNEED)
        length = _LENGTH.unpack_from(index)[0]
        head = json.loads(bytes(index[_LENGTH.size : _LENGTH.size + length]))
        self.kinds: list[str] = head["kinds"]
        parts, at = {}, _LENGTH.size + length + -length % _WORD
        for name, size in head["parts"].items():
            parts[name] = index[at : at + size]
            at += size + -size % _WORD
        self._parts = parts
        self._offsets = parts["offsets"].cast("Q")
        self._slots, self._times = parts["slots"].cast("q"), parts["times"].cast("q")
        self._digests = parts["digests"]

    def __len__(self) -> int:
        return len(self._slots)

    def rows(self, wanted: Wanted, *, newest_first: bool = False) -> Iterator[Row]:
        """Its rows in the chain's order, or the other way round."""
        numbers = self._numbers(wanted)
        for number in reversed(numbers) if newest_first else numbers:
            if self._slots[number] > wanted.upto or self._times[number] > wanted.until:
                continue
            rows = self._read(number, wanted)
            if not rows and wanted.patience is not None:
                wanted.patience.lose()
            yield from reversed(rows) if newest_first else rows

    def all_keys(self) -> Iterator[int]:
        """The keys of all accounts, signatures and types that it has something of."""
        for name in ("account", "signature"):
            last = None
            for key in self._parts[f"{name}_keys"].cast("Q"):
                if key != last:
                    yield key
                last = key
        yield from map(key_of_kind, self.kinds)

    def transaction(self, signature: str) -> tuple[Sent, list[Row]] | None:
        """A transaction with its events; None: it is not in it."""
        for number in self._found("signature", key_of_signature(signature)):
            block = _Read(self._raw(number), self.kinds)
            for its, sent in enumerate(block.sent()):
                if sent.signature == signature:
                    rows = (row for row in range(block.rows) if block.transaction_of(row) == its)
                    return sent, [block.row(row) for row in rows]
        return None

    def slot_at(self, time: int) -> int:
        """The slot of the last transaction up to a time that is not before its first one."""
        block = _Read(self._raw(bisect_right(self._times, time) - 1), self.kinds)
        return max(sent.slot for sent in block.sent() if sent.time <= time)

    def check(self) -> None:
        """Reads every block.

        Raises:
            LedgerError: one is not what was written.
        """
        for number in range(len(self)):
            self._raw(number)

    def _numbers(self, wanted: Wanted) -> Sequence[int]:
        """Blocks that may have such rows, in their order."""
        # The block before the first one that begins later may have some as well.
        slots, times = bisect_right(self._slots, wanted.after), bisect_left(self._times, wanted.since)
        first = max(slots - 1, times - 1, 0)
        numbers: Sequence[int] = range(first, len(self))
        if wanted.about is not None:
            its = self._found("account", key_of_account(wanted.about))
            numbers = [number for number in its if number >= first]
        if wanted.kinds is not None and (wanted.about is None or numbers):
            parts = [self._parts[f"kind_{name}"].cast("I") for name in self.kinds if name in wanted.kinds]
            if wanted.about is None:
                return sorted({number for part in parts for number in part[bisect_left(part, first) :]})
            numbers = [number for number in numbers if any(_is_in(part, number) for part in parts)]
        return numbers

    def _found(self, name: str, key: int) -> list[int]:
        keys, blocks = self._parts[f"{name}_keys"].cast("Q"), self._parts[f"{name}_blocks"].cast("I")
        at = bisect_left(keys, key)
        numbers = []
        while at < len(keys) and keys[at] == key:
            numbers.append(blocks[at])
            at += 1
        return numbers

    def _raw(self, number: int) -> bytes:
        data = self._map[self._offsets[number] : self._offsets[number + 1]]
        if sha256(data).digest()[:_DIGEST] != self._digests[number * _DIGEST : (number + 1) * _DIGEST]:
            raise _damaged(self._path)
        unpacking = zlib.decompressobj()
        raw = unpacking.decompress(data, _LARGEST)
        if not unpacking.eof:
            raise _damaged(self._path)
        return raw

    def _read(self, number: int, wanted: Wanted) -> list[Row]:
        block = _Read(self._raw(number), self.kinds)
        numbers: Iterable[int] = range(block.rows)
        if wanted.about is not None:
            numbers = block.about(wanted.about)
        return [row for row in map(block.row, numbers) if wanted.has(row)]


class _Read:
    """A block that is read, of which only what is wanted is made.

    Args:
        raw: its bytes.
        kinds: names of types by number.
    """

    def __init__(self, raw: bytes, kinds: Sequence[str]) -> None:
        self._raw, self._kinds = raw, kinds
        self._many, self.rows, size = map(int, _COUNTS.unpack_from(raw))
        self._texts = _COUNTS.size + self._many * _TX.size
        self._begin = self._texts + size
        self._more = self._begin + self.rows * _ROW.size

    def sent(self) -> list[Sent]:
        """Its transactions."""
        return [self._sent(number) for number in range(self._many)]

    def _sent(self, number: int) -> Sent:
        slot, tx, time, truncated, at = _TX.unpack_from(self._raw, _COUNTS.size + number * _TX.size)
        end = self._begin
        if number + 1 < self._many:
            end = self._texts + _TX.unpack_from(self._raw, _COUNTS.size + (number + 1) * _TX.size)[-1]
        return Sent(slot, tx, str(self._raw[self._texts + at : end], "ascii"), time, truncated)

    def _fixed(self, number: int) -> tuple[Any, ...]:
        return _ROW.unpack_from(self._raw, self._begin + number * _ROW.size)

    def _at(self, number: int) -> int:
        """Where the addresses and the data of a row begin."""
        if number == self.rows:
            return len(self._raw)
        begin: int = self._fixed(number)[-1]
        return self._more + begin

    def transaction_of(self, number: int) -> int:
        """The number of a row's transaction."""
        return int(self._fixed(number)[0])

    def about(self, address: bytes) -> list[int]:
        """The rows in whose bytes an address is: all that are about it are among them."""
        numbers, at = list[int](), self._raw.find(address, self._more)
        while at >= 0:
            number = bisect_right(range(self.rows), at, key=self._at) - 1
            numbers.append(number)
            at = self._raw.find(address, self._at(number + 1))
        return numbers

    def row(self, number: int) -> Row:
        """A row."""
        its, instruction, inner, part, kind, flags, seq, place, _ = self._fixed(number)
        at, end = self._at(number), self._at(number + 1)
        account = also = None
        if flags & _ACCOUNT:
            account, at = self._raw[at : at + _ADDRESS], at + _ADDRESS
        if flags & _ALSO:
            also, at = self._raw[at : at + _ADDRESS], at + _ADDRESS
        sent = self._sent(its)
        return Row(
            sent.slot,
            sent.tx,
            instruction,
            inner,
            part,
            self._kinds[kind],
            sent.time,
            account,
            also,
            seq if flags & _SEQ else None,
            self._raw[at:end],
            sent.signature,
            place,
        )


def key_of_account(address: bytes) -> int:
    """The key of an account in indexes."""
    return int.from_bytes(address[:8], "little")


def key_of_signature(signature: str) -> int:
    """The key of a signature in indexes."""
    return _key_of_text(signature.encode())


def key_of_kind(name: str) -> int:
    """The key of a type of events, `program.Type`."""
    return _key_of_text(f"kind {name}".encode())


def _key_of_text(text: bytes) -> int:
    return key_of_account(sha256(text).digest())


def _is_in(ordered: Sequence[int], number: int) -> bool:
    at = bisect_left(ordered, number)
    return at < len(ordered) and ordered[at] == number


def _mapped(path: Path, facts: Facts) -> tuple[mmap.mmap, Identity]:
    """The file's bytes, and which file it is.

    Raises:
        LedgerError: it is missing, or no file of that size.
    """
    try:
        # What is not the ledger's own is not followed, nor waited for.
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise LedgerError(
            f"{_named(path)}, which has the ledger's rows of slots {facts.first_slot} to"
            f" {facts.last_slot}, is missing: put it back, or fill a new ledger"
        ) from None
    except OSError as bad:
        raise LedgerError(
            f"{_named(path)}, which has rows of the ledger, cannot be read: {bad.strerror}"
        ) from bad
    try:
        it = os.fstat(number)
        if not stat.S_ISREG(it.st_mode) or it.st_size != facts.size:
            raise _damaged(path)
        return mmap.mmap(number, 0, access=mmap.ACCESS_READ), (
            it.st_dev,
            it.st_ino,
            it.st_mtime_ns,
            it.st_ctime_ns,
        )
    finally:
        os.close(number)


def _index_of(content: memoryview) -> memoryview | None:
    if bytes(content[: len(_MAGIC)]) != _MAGIC:
        return None
    length = _LENGTH.unpack_from(content, len(content) - _LENGTH.size)[0]
    begin = len(content) - _LENGTH.size - length
    return content[begin : -_LENGTH.size] if begin >= len(_MAGIC) else None


def _named(path: Path) -> str:
    """A file for people, of whom not all may know where the ledger is."""
    return f"{path.parent.name}/{path.name}"


def _damaged(path: Path) -> LedgerError:
    return LedgerError(
        f"{_named(path)} is not the file that the ledger has written its rows to: put that one back, or"
        " fill a new ledger"
    )


__all__ = [
    "Facts",
    "Identity",
    "Patience",
    "Row",
    "RowFile",
    "Sent",
    "Wanted",
    "Writer",
    "key_of_account",
    "key_of_kind",
    "key_of_signature",
]

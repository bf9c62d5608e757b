"""Which files of old hours may have something about an account, of a signature, or of a type.

For every key of a file's index two bytes are kept in the database, in one of 4,096 rows of the file. Rows of
the same number lie together: what is asked about one key reads one place of the database, however many files
there are, and opens only files that have the key, and by chance one in some hundreds besides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

import sqlalchemy as sa

from ionet.ledger import schema
from ionet.ledger.rowfiles import Facts, RowFile

#: Rows of a file at most.
_BUCKETS: Final = 4_096
_PRINT: Final = 2
#: The row that says that a file has its others.
_WHOLE: Final = -1
_ALL: Final = [_WHOLE, *range(_BUCKETS)]


def of(file: RowFile) -> dict[int, bytes]:
    """The rows of a file: what is kept of its keys, by bucket."""
    buckets = defaultdict[int, bytearray](bytearray)
    for key in file.all_keys():
        buckets[key % _BUCKETS] += _print(key)
    return {**{bucket: bytes(prints) for bucket, prints in buckets.items()}, _WHOLE: b""}


def keep(connection: sa.Connection, number: int, its: dict[int, bytes]) -> None:
    """Keeps the rows of a file instead of those that there are, in the caller's transaction.

    Args:
        connection: of the ledger's database.
        number: of the file.
        its: its rows; see `of`.
    """
    rows = [{"bucket": bucket, "number": number, "prints": prints} for bucket, prints in its.items()]
    connection.execute(_FORGET, {"number": number, "buckets": _ALL})
    connection.execute(sa.insert(schema.sieves), rows)


def says_of(connection: sa.Connection, number: int, file: RowFile) -> bool:
    """Whether what is kept of a file is what it has; nothing is that, too, as then it is always opened."""
    its = of(file)
    rows = connection.execute(_OF_FILE, {"number": number, "buckets": _ALL})
    kept = {bucket: bytes(prints) for bucket, prints in rows}
    return _WHOLE not in kept or kept == its


def lacking(connection: sa.Connection, facts: Iterable[Facts]) -> list[Facts]:
    """Files that were written by software that kept no rows of them."""
    there = set(connection.execute(_KNOWN, {"bucket": _WHOLE}).scalars())
    return [each for each in facts if each.number not in there]


def sifted(connection: sa.Connection, facts: tuple[Facts, ...], keys: Iterable[int]) -> tuple[Facts, ...]:
    """Those of some files that may have one of these keys, in their order, which is the chain's."""
    has, bounds = set[int](), {"first": facts[0].number, "last": facts[-1].number}
    for key in keys:
        sought = _print(key)
        rows = connection.execute(_OF_KEY, {"bucket": key % _BUCKETS, "sought": sought, **bounds})
        has.update(number for number, prints in rows if _has(prints, sought))
    many = facts[-1].number - facts[0].number + 1
    if connection.execute(_HOW_MANY_WHOLE, {"bucket": _WHOLE, **bounds}).scalar() == many:
        return tuple(each for each in facts if each.number in has)
    whole = set(connection.execute(_WHOLE_ONES, {"bucket": _WHOLE, **bounds}).scalars())
    return tuple(each for each in facts if each.number in has or each.number not in whole)


def are_there(connection: sa.Connection) -> bool:
    """Whether a ledger has such rows at all: one that only older software has written to has none."""
    return sa.inspect(connection).has_table(schema.sieves.name)


def _print(key: int) -> bytes:
    return (key // _BUCKETS & 0xFFFF).to_bytes(_PRINT, "little")


def _has(prints: bytes, sought: bytes) -> bool:
    at = prints.find(sought)
    while at >= 0 and at % _PRINT:
        at = prints.find(sought, at + 1)
    return at >= 0


_C: Final[Any] = schema.sieves.c
_IN_BUCKET: Final = _C.bucket == sa.bindparam("bucket")
_BETWEEN: Final = sa.and_(_IN_BUCKET, _C.number.between(sa.bindparam("first"), sa.bindparam("last")))
_KNOWN: Final = sa.select(_C.number).where(_IN_BUCKET)
_WHOLE_ONES: Final = sa.select(_C.number).where(_BETWEEN)
_HOW_MANY_WHOLE: Final = sa.select(sa.func.count()).select_from(schema.sieves).where(_BETWEEN)
# The database, which is SQLite wherever there are files, looks into the rows: each that it gives costs as
# much as looking into many of them does, and lets other threads in between.
_SOUGHT: Final = sa.func.instr(_C.prints, sa.bindparam("sought", type_=sa.LargeBinary))
_OF_KEY: Final = sa.select(_C.number, _C.prints).where(_BETWEEN, _SOUGHT > 0)
# By buckets, each of which is one look: rows of a file lie far apart.
_ITS: Final = sa.and_(
    _C.number == sa.bindparam("number"), _C.bucket.in_(sa.bindparam("buckets", expanding=True))
)
_OF_FILE: Final = sa.select(_C.bucket, _C.prints).where(_ITS)
_FORGET: Final = sa.delete(schema.sieves).where(_ITS)

__all__ = ["are_there", "keep", "lacking", "of", "says_of", "sifted"]

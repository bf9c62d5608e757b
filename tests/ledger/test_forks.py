"""Sums while the chain changes its mind: confirmed transactions go, and come back in another order."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pytest
import sqlalchemy as sa
from solders.pubkey import Pubkey
from tests.ledger.test_database import GENESIS

from ionet.ledger import Database, Landed, LedgerError, schema
from ionet.ledger.subjects import subjects

#: Transactions at the chain's end that a fork may take.
_TAIL: Final = 60
_FORKS: Final = 4


def summed(database: Database) -> dict[str, Any]:
    """Everything that is added up; names instead of numbers, which are given by the order of arrival."""
    with database._engine.connect() as connection:
        kinds = {row.id: row.name for row in connection.execute(sa.select(schema.kinds))}
        mints = {row.id: row.address for row in connection.execute(sa.select(schema.mints))}
        told: dict[str, Any] = {}
        for table in (schema.by_hour, schema.by_class, schema.by_node, schema.by_job):
            for sums in connection.execute(sa.select(table)).mappings():
                keys = {column.name: sums[column.name] for column in table.primary_key.columns}
                keys |= {"kind": kinds[sums["kind"]], "mint": mints.get(sums["mint"])}
                place = (table.name, *(str(value) for value in keys.values()))
                told[str(place)] = (sums["events"], sums["billions"] * 10**9 + sums["units"])
        for row in connection.execute(sa.select(schema.heads)):
            told[f"head {tuple(row)[:2]}"] = tuple(row)[2:]
        told["parties"] = sorted(map(tuple, connection.execute(sa.select(schema.parties))))
        columns = [column for column in schema.events.columns if column.name != "kind"]
        told["events"] = sorted(map(tuple, connection.execute(sa.select(*columns))), key=lambda row: row[:5])
        told["transactions"] = sorted(map(tuple, connection.execute(sa.select(schema.transactions))))
    return told


def named(sent: Landed) -> set[Any]:
    """The accounts that a transaction's events are about: others' order does not depend on it."""
    told = set[Any]()
    for emitted in sent.log.emitted:
        subject = subjects()[type(emitted.event)]
        for of in (subject.account, subject.also, subject.node, subject.job):
            if of is not None:
                told.add(Pubkey.from_bytes(bytes(of(emitted.event))))
    return told


@dataclass
class Chain:
    """What the chain holds, and what it held in forks before: the ledger follows it with delay."""

    dice: random.Random
    kept: list[Landed]
    tail: list[Landed]
    gone: list[Landed] = field(default_factory=list)

    @property
    def now(self) -> list[Landed]:
        return [*self.kept, *self.tail]

    def fork(self) -> None:
        """The end lands anew: partly, later, in other slots and hours, and in another order."""
        at = self.dice.randrange(len(self.tail))
        again = list(self.tail[at:])
        for n in range(len(again) - 1):
            if self.dice.random() < 0.5 and not named(again[n]) & named(again[n + 1]):
                again[n], again[n + 1] = again[n + 1], again[n]
        again = again[: len(again) - self.dice.randrange(4)]
        before = [*self.kept, *self.tail[:at]][-1]
        slot, tx = before.slot + 1, -1
        landed: list[Landed] = []
        for sent in again:
            moves = self.dice.random() < 0.7
            slot, tx = (slot + self.dice.randrange(1, 3), 0) if moves else (slot, tx + 1)
            landed.append(replace(sent, slot=slot, tx=tx))
        self.gone = [sent for sent in self.tail[at:] if sent not in landed]
        self.tail = self.timed([*self.tail[:at], *landed])

    def timed(self, tail: list[Landed]) -> list[Landed]:
        """With a time for each slot: some of them are an hour's first."""
        last = self.kept[-1]
        return [replace(sent, time=last.time + 700 * (sent.slot - last.slot)) for sent in tail]


class Breaking(Database):
    """A ledger whose disk is full at the moment of the commit."""

    def committing(self) -> None:
        raise OSError(28, "No space left on device")


def followed(dice: random.Random, database: Database, chain: Chain) -> Iterator[None]:
    """Brings a ledger up to the chain: in parts, of any order, some of them twice, and some in vain."""
    steps: list[tuple[Sequence[Landed], list[tuple[int, str]]]] = []
    pieces = [*chain.tail, *dice.sample(chain.kept, 5)]
    dice.shuffle(pieces)
    while pieces:
        count = dice.randrange(1, 12)
        steps.append((pieces[:count], []))
        pieces = pieces[count - (dice.random() < 0.3) :] if count > 1 else pieces[count:]
    here = {(sent.slot, sent.signature) for sent in chain.now}
    gone = [place for sent in chain.gone if (place := (sent.slot, sent.signature)) not in here]
    for start in range(0, len(gone), 7):
        steps.insert(dice.randrange(len(steps) + 1), ([], gone[start : start + 7]))
    # What shares a place with what has gone may have been written over it, and is written again.
    steps.append((chain.tail, gone))
    steps.append((chain.tail, []))
    for landed, dropped in steps:
        if dice.random() < 0.2:
            database.__class__ = Breaking
            with pytest.raises(LedgerError, match="No space left"):
                database.write(landed, dropped=dropped)
            database.__class__ = Database
        database.write(landed, dropped=dropped)
        yield


@pytest.mark.parametrize("seed", range(2))
def test_sums_are_those_of_a_ledger_made_anew_whatever_forks_the_chain_took(
    new_place: Callable[[], str], landed: list[Landed], seed: int
) -> None:
    dice = random.Random(seed)
    chain = Chain(dice, landed[:-_TAIL], landed[-_TAIL:])
    with Database.create(new_place(), GENESIS) as database:
        database.write(chain.kept)
        chain.tail = chain.timed(chain.tail)
        for _ in range(_FORKS):
            for _ in followed(dice, database, chain):
                pass
            with Database.create(new_place(), GENESIS) as anew:
                anew.write(chain.now)
                assert summed(database) == summed(anew)
                assert [(gap.account, gap.events) for gap in database.gaps()] == [
                    (gap.account, gap.events) for gap in anew.gaps()
                ]
            chain.fork()


def test_a_ledger_that_is_filled_in_any_order_has_the_same_sums(
    new_place: Callable[[], str], landed: list[Landed]
) -> None:
    """Also by class and currency, though an event may come before the registration that says of which."""
    with Database.create(new_place(), GENESIS) as ordered:
        ordered.write(landed)
        expected = summed(ordered)
    for seed in range(2):
        mixed = random.Random(seed).sample(landed, len(landed))
        with Database.create(new_place(), GENESIS) as database:
            for start in range(0, len(mixed), 9):
                database.write(mixed[start : start + 9])
            assert summed(database) == expected

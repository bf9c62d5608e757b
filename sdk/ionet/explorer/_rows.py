"""What lies in a ledger's files of old hours: to look for it, unpack it and write it down takes long.

With processes of their own for that, answers from what is in memory do not wait for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Concatenate, Final, Literal, NamedTuple, ParamSpec, TypeVar

from pydantic import BaseModel
from solders.pubkey import Pubkey
from starlette.concurrency import run_in_threadpool

from ionet import events as event_types
from ionet.explorer import _earned, _events
from ionet.explorer import _models as m
from ionet.explorer._apart import AsyncApart, Gone, answers
from ionet.explorer._csv import FACTS, table_of
from ionet.explorer._market import Absent
from ionet.explorer._values import BadQuestion, event_of, place_text
from ionet.ledger import Database, LedgerError, Place, Signed

P = ParamSpec("P")
T = TypeVar("T")
_log = logging.getLogger(__name__)
#: Credits of a node that are shown with it; others are a page of events away.
CREDITS: Final = 24


class Rows:
    """Works on questions that read rows of a ledger.

    Args:
        database: to read from in this process, where there is no other one.
        ledger: the same one's file, for processes of their own; None: there are none.
        processes: how many.
    """

    def __init__(self, database: Database, ledger: str | None = None, processes: int = 1) -> None:
        self._database, self._ledger = database, ledger
        self._processes = [AsyncApart(__name__) for _ in range(0 if ledger is None else processes)]

    async def ask(
        self, function: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What a function of a module makes of the ledger.

        Raises:
            BadQuestion, Absent, LedgerError: as the function does.
        """
        if self._processes:
            try:
                # Of those that have as little to do the first, which has the most in its caches.
                process = min(self._processes, key=len)
                good, answer = await process.ask((self._ledger, function, args, kwargs))
            except Gone:
                _log.warning("a process that reads old hours has ended; another one is started")
            else:
                if not good:
                    raise answer
                its: T = answer
                return its
        return await run_in_threadpool(function, self._database, *args, **kwargs)

    async def warm(self) -> None:
        """Compares the indexes of files before somebody asks.

        Raises:
            LedgerError: a file is missing, or not the one that was written.
        """
        await self.ask(Database.open_files)

    @property
    def pids(self) -> list[int]:
        """The numbers of its processes."""
        return [each.pid for each in self._processes if each.pid is not None]

    async def stop(self) -> None:
        """Ends its processes; who asks afterwards starts them anew."""
        for each in self._processes:
            await each.stop()


def serve(number: int) -> None:
    """Reads rows until nobody asks any more.

    Args:
        number: of the file that a pipe is.
    """
    opened: dict[str, Database] = {}

    def answer(question: Any) -> tuple[bool, object]:
        ledger, function, args, kwargs = question
        try:
            if ledger not in opened:
                opened[ledger] = Database.open(ledger)
            return True, function(opened[ledger], *args, **kwargs)
        except (BadQuestion, Absent, LedgerError) as bad:
            return False, bad

    answers(number, answer)


# --- what is asked --------------------------------------------------------------------------------


class Written(NamedTuple):
    """An answer's bytes, and what they are."""

    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Form:
    """How an answer is written.

    Attributes:
        format: of it.
        part: the table of a CSV; None: its main one.
    """

    format: Literal["json", "csv"]
    part: str | None

    def write(self, answer: BaseModel, main: str = FACTS) -> Written:
        """An answer's bytes and media type.

        Args:
            answer: of the API.
            main: the name of its main table.

        Raises:
            BadQuestion: it has no such table.
        """
        if self.format == "csv":
            return Written(table_of(answer, self.part or main).encode(), "text/csv; charset=utf-8")
        if self.part is not None:
            raise BadQuestion("`part` says which table: it goes with format=csv")
        return Written(answer.model_dump_json().encode(), "application/json")


def events(database: Database, now: m.AsOf, wanted: _events.Wanted, form: Form, *, data: bool) -> Written:
    """A page of events, whose fields may be anything.

    Args:
        database: to read from.
        now: as of when.
        wanted: which ones.
        form: how they are written.
        data: also the bytes that the programs wrote.
    """
    if wanted.hour is None or wanted.about is None:
        shown, beyond = _events.page(database, now, None, wanted)
    else:
        its = _earned.credits_of(database, wanted.about, wanted.hour, slot=now.slot, most=wanted.limit)
        shown, beyond = its, None
    return written_events(database, now, shown, beyond, form, data=data)


def written_events(
    database: Database, now: m.AsOf, shown: Sequence[Signed], beyond: Place | None, form: Form, *, data: bool
) -> Written:
    """Events as they are written down; see `events`.

    Args:
        database: to read from.
        now: as of when.
        shown: the events.
        beyond: where the next page begins; None: there is none.
        form: how they are written.
        data: also the bytes that the programs wrote.
    """
    places = _places(database, shown) if data else {}
    answer = m.Events(
        as_of=now,
        events=[event_of(it, places.get(it.entry.place)) for it in shown],
        next=None if beyond is None else place_text(beyond),
    )
    return form.write(answer, "events")


def _places(database: Database, shown: Sequence[Signed]) -> dict[Place, int]:
    """The place of each event among those of its transaction."""
    signatures = dict.fromkeys(signed.signature for signed in shown)
    its = (database.transaction(signature) or [] for signature in signatures)
    return {signed.entry.place: number for each in its for number, signed in enumerate(each)}


def signed_of(database: Database, slot: int, signature: str) -> list[Signed]:
    """The events of a transaction.

    Raises:
        Absent: there is none up to this slot.
    """
    signed = database.transaction(signature)
    if not signed or signed[0].entry.place.slot > slot:
        raise Absent(f"no transaction {signature} with events is up to slot {slot}")
    return signed


def transaction(database: Database, now: m.AsOf, signature: str, form: Form) -> Written:
    """A transaction of the programs.

    Args:
        database: to read from.
        now: as of when.
        signature: base58.
        form: how it is written.

    Raises:
        Absent: there is none, or it came later.
    """
    signed = signed_of(database, now.slot, signature)
    first = signed[0].entry
    answer = m.Transaction(
        as_of=now,
        signature=signature,
        slot=first.place.slot,
        time=first.time,
        events=[event_of(each) for each in signed],
    )
    return form.write(answer, "events")


def credits_of(database: Database, node: Pubkey, slot: int) -> list[tuple[int, str, int, int, int, int]]:
    """The last credits of a node: time, signature, through when; base units in all, of its owner, of others.

    Args:
        database: to read from.
        node: its address.
        slot: up to this one.
    """
    page = database.page(CREDITS, about=node, names=["staking.Credited"], slot=slot, newest_first=True)
    its: list[tuple[int, str, int, int, int, int]] = []
    for signed in page:
        event = signed.entry.event
        # Not one of a later version.
        if isinstance(event, event_types.staking.Credited):
            amounts = event.amount, event.owner_part, event.co_part
            its.append((signed.entry.time, signed.signature, event.credited_through, *amounts))
    return its


__all__ = [
    "CREDITS",
    "Form",
    "Rows",
    "credits_of",
    "events",
    "serve",
    "signed_of",
    "transaction",
    "written_events",
]

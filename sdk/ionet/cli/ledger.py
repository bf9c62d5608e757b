"""`ionet ledger`: every event of the programs in a database."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ionet.chain.records import shaped, whole
from ionet.cli.failures import UNUSABLE, UserError
from ionet.cli.options import Commands
from ionet.cli.output import span, when
from ionet.cli.session import Session, session
from ionet.formats.when import HOUR

if TYPE_CHECKING:
    from ionet.ledger import Database, Follower, Hours, Progress

app = Commands("Every event of the programs in a database, from the first one.")

#: Further behind than this many transactions, a bar shows how it goes on.
_LONG: Final = 200
#: Seconds that the machine's clock may be off the chain's before it is worth a word.
_OFF: Final = HOUR

Where = Annotated[
    str,
    typer.Option(
        "--database",
        metavar="WHERE",
        help="File of an SQLite database, or URL of a PostgreSQL one (postgresql://…).",
    ),
]


#: Slots that a ledger may be behind its node before it is worth a word: some ten minutes.
_BEHIND: Final = 1_500

#: Seconds for which the node may not be read before that is worth a word; how often that is looked at.
_PATIENT: Final = 10
_LOOK: Final = 1.0

#: Hours whose rows stay in a database, where nothing else is said.
KEPT: Final = 168

Keep = Annotated[
    int | None,
    typer.Option(
        "--keep-hours",
        metavar="HOURS",
        min=0,
        help=(
            f"Rows of so many hours stay in the database, those of older ones go to files beside it; default"
            f" {KEPT} in SQLite; 0: all stay."
        ),
    ),
]

Ledger = Annotated[
    str | None,
    typer.Option(
        "--ledger",
        metavar="WHERE",
        envvar="IONET_LEDGER",
        help="A ledger's file or URL, see ionet ledger run; default: ask the node.",
    ),
]


@contextmanager
def opened(io: Session, where: str | None) -> Iterator[Database | None]:
    """A ledger to read from; None if none is named. Where it is far behind the node, that is told.

    Args:
        io: has the node of whose chain it must be.
        where: a ledger that another process keeps, or None.

    Raises:
        LedgerError: it is of another chain than the node, or cannot be read.
    """
    if where is None:
        yield None
        return
    needed()
    with asyncio.run(_read(io, where)) as database:
        yield database


async def _read(io: Session, where: str) -> Database:
    from ionet.ledger import read_ledger

    async with io.async_reader() as client:
        database = await read_ledger(client, where)
        try:
            answer = await client.request("getSlot", {"commitment": "confirmed"})
            with shaped("getSlot"):
                now = whole(answer)
            scanned = database.marks().scanned
        except BaseException:
            database.close()
            raise
    if now - scanned > _BEHIND:
        io.screen.warn(
            f"warning: the ledger {database.name} is whole up to slot {scanned} only, and the node is at"
            f" {now}: what came since is not in it; ionet ledger run brings it there"
        )
    return database


@contextmanager
def hours_of(io: Session, where: str | None, until: int) -> Iterator[Hours]:
    """The facts of hours, from a ledger or, if none is named, from one in memory that the node fills.

    Args:
        io: has the node.
        where: a ledger that another process keeps, or None.
        until: end of the latest hour that is asked for, Unix seconds.

    Raises:
        HourNotFinal: its last events are not final, or not in the ledger yet.
    """
    needed()
    from ionet.ledger import Hours

    with asyncio.run(_settled(io, where, until)) as database:
        yield Hours(database)


async def _settled(io: Session, where: str | None, until: int) -> Database:
    from ionet.ledger import Follower, open_ledger, read_ledger, settled

    async with io.async_reader() as client:
        follower: Follower | None = None
        if where is not None:
            database = await read_ledger(client, where)
        else:
            database = await open_ledger(client, ":memory:")
            follower = Follower(client, database)
        try:
            with bar_of(io) as bar:
                if follower is not None:
                    follower.on_progress = bar.show
                await settled(client, database, follower, until)
        except BaseException:
            database.close()
            raise
        return database


@app.command()
def run(
    database: Where = "ionet-ledger.db",
    once: Annotated[bool, typer.Option("--once", help="End when everything so far is written.")] = False,
    keep_hours: Keep = None,
) -> None:
    """Write every event of the programs into a database, and follow the chain until Ctrl-C.

    It begins with the first transaction of each program, and goes on where it was, however it ended. One
    process writes to a database; others may read it meanwhile.
    """
    needed()
    io = session()
    try:
        asyncio.run(_run(io, database, once=once, keep=seconds_kept(database, keep_hours)))
    except KeyboardInterrupt:
        return


def seconds_kept(where: str, hours: int | None) -> int | None:
    """For how many seconds rows stay in a ledger's database; None: all stay.

    Args:
        where: the database.
        hours: as it was asked for; None: nothing was said.

    Raises:
        UserError: files are asked for, and the ledger can have none.
    """
    from ionet.ledger.database import rows_of, url_of

    if hours == 0:
        return None
    if rows_of(url_of(where)) is None:
        if hours is not None:
            raise UserError("--keep-hours: only a ledger in an SQLite file has rows of old hours in files")
        return None
    return (KEPT if hours is None else hours) * HOUR


def needed() -> None:
    """Checks that what a ledger needs is installed.

    Raises:
        UserError: it is not.
    """
    if find_spec("sqlalchemy") is None:
        raise UserError("a ledger needs SQLAlchemy: pip install 'ionet[ledger]'", UNUSABLE)


async def _run(io: Session, where: str, *, once: bool, keep: int | None) -> None:
    from ionet.ledger import Follower, open_ledger

    async with io.async_reader() as client:
        with await open_ledger(client, where) as database:
            off = int(time.time()) - await client.time()
            if abs(off) > _OFF:
                ahead = "ahead of" if off > 0 else "behind"
                io.screen.note(f"This machine's clock is {span(abs(off))} {ahead} the chain's, which counts.")
            with _Bar(io) as bar:
                follower = Follower(client, database, on_progress=bar.show, keep=keep)
                if once:
                    progress = await follower.catch_up()
                    bar.done()
                else:
                    await _follow(io, follower, bar)
                    return
            _summary(io, database, progress)


async def _follow(io: Session, follower: Follower, bar: _Bar) -> None:
    told, troubled = (-1, -1), False
    async with follower:
        while True:
            progress = await follower.next(_LOOK)
            troubled = _tell_trouble(io, follower, told=troubled)
            if progress is None:
                continue
            bar.done()
            if (now := (progress.written, progress.events)) != told:
                told = now
                line = f"{progress.scanned}  {progress.written:,} transactions  {progress.events:,} events"
                row = {name: getattr(progress, name) for name in ("scanned", "final", "written", "events")}
                print(json.dumps(row) if io.screen.as_json else line, flush=True)


def _tell_trouble(io: Session, follower: Follower, *, told: bool) -> bool:
    """Says once that the node has not been read for some time, and once that it is again."""
    if follower.trouble is None:
        if told:
            io.screen.warn("The node is read again.")
        return False
    since = int(time.monotonic() - follower.troubled_at)
    if not told and since >= _PATIENT:
        io.screen.warn(
            f"warning: for {span(since)} the node has not been read: {follower.trouble}; it is tried again"
        )
        return True
    return told


class _Bar:
    """Shows how a long catch-up goes on, on standard error."""

    def __init__(self, io: Session) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Rich

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        )
        console = io.screen.console()
        # Where nobody watches, it would leave empty lines.
        self._rich = Rich(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._rich.add_task("transactions", total=None, rate="", visible=False)
        self._began = time.monotonic()

    def __enter__(self) -> _Bar:
        self._rich.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._rich.stop()

    def show(self, progress: Progress) -> None:
        """Moves on."""
        seconds = max(time.monotonic() - self._began, 0.001)
        self._rich.update(
            self._task,
            completed=progress.written,
            total=progress.written + progress.left,
            rate=f"{progress.events / seconds:,.0f} events/s",
            visible=progress.left > _LONG or self._rich.tasks[0].visible,
        )

    def done(self) -> None:
        """It has caught up."""
        self._rich.update(self._task, visible=False)


def bar_of(io: Session) -> _Bar:
    """A bar for a long catch-up."""
    return _Bar(io)


@app.command()
def status(database: Where = "ionet-ledger.db") -> None:
    """Show how far a ledger has come, and whether something is missing in it."""
    needed()
    from ionet.ledger import Database

    with Database.open(database) as ledger:
        _summary(session(), ledger, None, ledger.damages())


def _summary(io: Session, database: Database, progress: Progress | None, damages: Sequence[str] = ()) -> None:
    marks, (sent, events) = database.marks(), database.counts()
    gaps, cuts = database.gaps(), database.cuts()
    written = None if progress is None else f"{progress.written:,} transactions, {progress.events:,} events"
    io.screen.facts(
        [
            ("transactions", f"{sent:,}"),
            ("events", f"{events:,}"),
            ("written now", written),
            ("whole up to slot", marks.scanned),
            ("final up to slot", marks.final),
            ("time", when(marks.time)),
            ("files of old hours", f"{database.files():,}"),
            *(("damaged", damage) for damage in damages),
            ("events missing of", ", ".join(f"{gap.program} {gap.account}" for gap in gaps) or "no account"),
            ("logs cut of", ", ".join(cut.signature for cut in cuts) or "no transaction"),
        ],
        data={
            "transactions": sent,
            "events": events,
            "scanned": marks.scanned,
            "final": marks.final,
            "time": marks.time,
            "files": database.files(),
            "damages": damages,
            "gaps": gaps,
            "cuts": cuts,
        },
    )

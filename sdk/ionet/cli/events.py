"""`ionet events`: what happened, from a ledger or from the chain's own history."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer
from solders.pubkey import Pubkey

from ionet import events as event_types
from ionet.cli.api import Explorer, asked
from ionet.cli.arguments import address, length_of
from ionet.cli.ledger import Ledger, opened
from ionet.cli.options import Commands
from ionet.cli.session import Session, session
from ionet.cli.watch import event_row, program_of, show_lines
from ionet.ledger.subjects import PROGRAMS, subjects, types

if TYPE_CHECKING:
    from ionet import WatchedEvent
    from ionet.ledger import Database

app = Commands()

#: Seconds by which a transaction may be listed late.
_LATE: Final = 60


def _moment(text: str) -> str:
    """A point of time, or a length of time before now."""
    if not re.fullmatch(r"\d+", text):
        try:
            length_of(text)
        except typer.BadParameter:
            try:
                datetime.fromisoformat(text)
            except ValueError:
                raise typer.BadParameter(
                    f"{text!r} is no time; write 2027-01-15T08:00, Unix seconds, or 2h for two hours ago"
                ) from None
    return text


def _seconds(io: Session, text: str | None) -> int | None:
    if text is None or text.isdigit():
        return None if text is None else int(text)
    try:
        return io.reader.time() - length_of(text)
    except typer.BadParameter:
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


@app.command(name="events")
def events_(
    program: Annotated[
        str | None,
        typer.Option("--program", metavar="NAME", help="Only of this program: its name or address."),
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option("--type", metavar="EVENT", help="Only of this type; repeatable.")
    ] = None,
    about: Annotated[
        Pubkey | None,
        typer.Option("--account", metavar="ADDRESS", parser=address, help="Only about this account."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="TIME", parser=_moment, help="From 2027-01-15T08:00 (UTC), or 2h ago."
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", parser=_moment, help="Up to this time.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as they come, until Ctrl-C.")] = False,
    count: Annotated[int | None, typer.Option("--count", min=1, help="End after this many.")] = None,
    ledger: Ledger = None,
    explorer: Explorer = None,
) -> None:
    """Show the programs' events, in the chain's order; JSON is one document a line.

    From a ledger or an explorer, or without one from the node's history, which may not go back to the
    beginning. --follow begins now, or at --since; without a ledger one --program or an --account is followed
    by announcements, everything by looks every second.
    """
    io = session()
    if follow and until is not None:
        raise typer.BadParameter("--follow has no end: leave out --until")
    if follow and explorer is not None:
        raise typer.BadParameter("--follow needs a node or a ledger: leave out --explorer")
    names = _names(program, kind)
    span = _seconds(io, since), _seconds(io, until)
    with asked(explorer, ledger) as api, opened(io, ledger) as database:
        told: Iterator[WatchedEvent]
        if api is not None:
            every = names if program or kind else None
            told = api.events(about=about, names=every, since=span[0], until=span[1])
        elif database is not None:
            told = _from_ledger(database, names, about, span, follow=follow)
        else:
            told = _from_chain(io, names, about, span, follow=follow)
        show_lines(io, told, count, event_row)


def _names(program: str | None, kinds: list[str] | None) -> list[str]:
    """The types that are wanted, `program.Type`."""
    program_id = None if program is None else program_of(program)
    names = [name for name, type_ in types().items() if program_id in (None, type_.PROGRAM_ID)]
    if not names:
        raise typer.BadParameter(f"{program!r} is none of the programs")
    for kind in kinds or ():
        if not any(kind in (name, name.partition(".")[2]) for name in names):
            raise typer.BadParameter(f"{kind!r} is no event of that program; see docs/reference")
    return [name for name in names if not kinds or {name, name.partition(".")[2]} & set(kinds)]


def _from_ledger(
    database: Database,
    names: list[str],
    about: Pubkey | None,
    span: tuple[int | None, int | None],
    *,
    follow: bool,
) -> Iterator[WatchedEvent]:
    # What is to be followed begins now, where nothing is said of the past.
    after = database.marks().scanned if follow and span[0] is None else None
    while True:
        scanned = database.marks().scanned
        # What is not scanned yet has no fixed order.
        yield from database.watched(
            names=names, about=about, since=span[0], until=span[1], after=after, slot=scanned
        )
        if not follow:
            return
        after = scanned
        time.sleep(1)


def _from_chain(
    io: Session,
    names: list[str],
    about: Pubkey | None,
    span: tuple[int | None, int | None],
    *,
    follow: bool,
) -> Iterator[WatchedEvent]:
    wanted = {kind for kind, subject in subjects().items() if subject.name in names}
    ids = dict.fromkeys(getattr(event_types, name).Initialized.PROGRAM_ID for name in PROGRAMS)
    addresses = [id_ for id_ in ids if any(id_ == kind.PROGRAM_ID for kind in wanted)]
    last: str | None = None

    def fits(told: WatchedEvent) -> bool:
        if type(told.event) not in wanted:
            return False
        subject = subjects()[type(told.event)]
        parts = (subject.account, subject.also)
        return about is None or any(part is not None and part(told.event) == about for part in parts)

    places = addresses if about is None else [about]
    if follow and len(places) > 1:
        yield from filter(fits, _looked_at(io, places, span[0]))
        return
    if not follow or span[0] is not None:
        for told in io.reader.past_events(*places, since=span[0] or 0, until=span[1]):
            last = told.signature
            if fits(told):
                yield told
    if not follow:
        return
    watch = io.reader.watch_events(*addresses, mentions=about, since=last)
    try:
        yield from filter(fits, watch)
    finally:
        watch.close()


def _looked_at(io: Session, programs: list[Pubkey], since: int | None) -> Iterator[WatchedEvent]:
    """Events of several programs as they come; nodes announce those of one address at a time."""
    latest = io.reader.time()
    known: dict[str, int] = {}
    if since is None:
        # What a node lists late is not taken for new.
        told = io.reader.past_events(*programs, since=latest - _LATE)
        known = {event.signature: event.time or latest for event in told}
    begin = latest - _LATE if since is None else since
    while True:
        for event in io.reader.past_events(*programs, since=begin, known=known):
            latest = max(latest, event.time or 0)
            known[event.signature] = event.time or latest
            yield event
        begin = max(begin, latest - _LATE)
        known = {signature: at for signature, at in known.items() if at >= begin}
        time.sleep(1)

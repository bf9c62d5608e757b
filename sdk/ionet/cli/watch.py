"""`ionet watch`: changes on the chain, as they happen."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer
from solders.pubkey import Pubkey

from ionet import Account, accounts, events
from ionet.chain import registry
from ionet.cli.arguments import address as address_of
from ionet.cli.failures import NOT_FOUND, UserError
from ionet.cli.node.parts import class_of
from ionet.cli.options import Commands
from ionet.cli.output import jsonable, when
from ionet.cli.session import Session, session

if TYPE_CHECKING:
    from solders.account import Account as RawAccount

    from ionet import AccountChange, Event, WatchedEvent

app = Commands("Follow accounts and events as they change, until Ctrl-C.")

T = TypeVar("T")

#: Fields shown of an account at first, by its type; later only those that have changed.
_FIRST: Final = {
    "Node": ("state", "class_", "units", "owner"),
    "Offer": ("open", "node", "rate", "lease_job"),
    "Job": ("state", "node", "renter", "units"),
    "Position": ("node", "holder", "active", "pending"),
}
#: Fields of no interest to people.
_DULL: Final = frozenset({"version", "bump", "seq", "last_time"})

Count = Annotated[int | None, typer.Option("--count", min=1, help="End after this many; default: never.")]
NodeFilter = Annotated[
    Pubkey | None, typer.Option("--node", metavar="NODE", parser=address_of, help="Only of this node.")
]


def _filter(name: str, text: str) -> Any:
    return typer.Option(name, metavar="ADDRESS", parser=address_of, help=text)


@app.command()
def account(
    address: Annotated[Pubkey, typer.Argument(metavar="ADDRESS", parser=address_of, help="Any account.")],
    count: Count = None,
) -> None:
    """Follow one account: its state now, and after each change."""
    io = session()
    show_lines(io, io.reader.watch_account(address), count, _Accounts(io, _decoded))


@app.command()
def nodes(
    owner: Annotated[Pubkey | None, _filter("--owner", "Only of this owner.")] = None,
    class_: Annotated[
        str | None,
        typer.Option("--class", metavar="CLASS", help="Only of this hardware class: number or name."),
    ] = None,
    count: Count = None,
) -> None:
    """Follow nodes: state, stake, rewards, leases."""
    kind = None if class_ is None else class_of(session(), class_).id
    _follow(accounts.staking.Node, count, owner=owner, class_=kind)


@app.command()
def positions(
    holder: Annotated[Pubkey | None, _filter("--holder", "Only of this holder.")] = None,
    node: NodeFilter = None,
    count: Count = None,
) -> None:
    """Follow the stake of owners and co-stakers."""
    _follow(accounts.staking.Position, count, holder=holder, node=node)


@app.command()
def offers(node: NodeFilter = None, count: Count = None) -> None:
    """Follow offers: prices, lengths, leases."""
    _follow(accounts.jobs.Offer, count, node=node)


@app.command()
def jobs(
    node: NodeFilter = None,
    renter: Annotated[Pubkey | None, _filter("--renter", "Only of this renter.")] = None,
    supplier: Annotated[Pubkey | None, _filter("--supplier", "Only of this supplier.")] = None,
    count: Count = None,
) -> None:
    """Follow jobs: from their booking to their last payment."""
    _follow(accounts.jobs.Job, count, node=node, renter=renter, supplier=supplier)


@app.command(name="events")
def events_(
    program: Annotated[
        str | None,
        typer.Option("--program", metavar="NAME", help="Only of this program: its name or address."),
    ] = None,
    mentions: Annotated[
        Pubkey | None, _filter("--mentions", "Only of transactions with this account.")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", metavar="EVENT", help="Only of this type; repeatable.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="SIGNATURE", help="Begin after this transaction; default: now."),
    ] = None,
    count: Count = None,
) -> None:
    """Follow the programs' events, in the chain's order, without gaps.

    Name a program, an account (--mentions), or both. --since continues where an earlier run ended.
    """
    io = session()
    if program is None and mentions is None:
        raise UserError("name a --program to follow, or an account with --mentions")
    program_id = None if program is None else program_of(program)
    filters: list[Any] = [*_kinds(program_id, kind)] if kind else [] if program_id is None else [program_id]
    watch = io.reader.watch_events(*filters, mentions=mentions, since=since)
    try:
        show_lines(io, watch, count, event_row)
    except LookupError as bad:
        raise UserError(str(bad), NOT_FOUND) from None


def program_of(text: str) -> Pubkey:
    """A program by its name or address."""
    for name in events.__all__:
        if text == name:
            program_id: Pubkey = _event_types(name)[0].PROGRAM_ID
            return program_id
    try:
        return Pubkey.from_string(text)
    except ValueError:
        choice = ", ".join(events.__all__)
        raise typer.BadParameter(f"{text!r} is no program; name one of {choice}, or an address") from None


def _event_types(program: str) -> list[type[Event]]:
    module = getattr(events, program)
    return [getattr(module, name) for name in module.__all__]


def _kinds(program: Pubkey | None, names: Iterable[str]) -> Iterator[type[Event]]:
    types = [type_ for name in events.__all__ for type_ in _event_types(name)]
    for name in names:
        fitting = [type_ for type_ in types if type_.__name__ == name and program in (None, type_.PROGRAM_ID)]
        if not fitting:
            raise typer.BadParameter(f"{name!r} is no event of that program; see docs/reference")
        yield from fitting


def _follow(kind: type[Account], count: int | None, **fields: Any) -> None:
    io = session()
    chosen = {name: value for name, value in fields.items() if value is not None}
    show_lines(
        io,
        io.reader.watch_accounts(kind, **chosen),
        count,
        _Accounts(io, lambda account: (kind.__name__, account)),
    )


def show_lines(
    io: Session, watch: Iterator[T], count: int | None, rows: Callable[[T], tuple[Mapping[str, Any], str]]
) -> None:
    """Writes a line for each item, until Ctrl-C."""
    written = 0
    try:
        for item in watch:
            data, line = rows(item)
            print(json.dumps(data, ensure_ascii=False) if io.screen.as_json else line, flush=True)
            written += 1
            if written == count:
                return
    except KeyboardInterrupt:
        return
    except BrokenPipeError:
        # The reader has closed the pipe; nothing more can be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        watch.close()  # type: ignore[attr-defined]


# -- accounts


class _Accounts:
    """Lines of accounts: their state at first, and then what has changed."""

    def __init__(self, io: Session, decode: Callable[[Any], tuple[str, Any]]) -> None:
        self._screen = io.screen
        self._decode = decode
        self._before: dict[Pubkey, dict[str, str]] = {}

    def __call__(self, change: AccountChange[Any]) -> tuple[Mapping[str, Any], str]:
        address, slot = change.address, change.slot
        if change.account is None:
            self._before.pop(address, None)
            return self._row(change, None, None), f"{slot}  {address}  not there"
        kind, content = self._decode(change.account)
        data = jsonable(content)
        now = dict(_flat(data))
        before = self._before.get(address)
        self._before[address] = now
        if before is None:
            chosen = [name for name in _FIRST.get(kind, ()) if name in now] or [*now][:6]
            text = "  ".join(f"{name}={now[name]}" for name in chosen)
            return self._row(change, kind, data), f"{slot}  {address}  {kind}  {text}"
        names = [name for name in now if before.get(name) != now[name] and name not in _DULL]
        text = "  ".join(f"{name}: {before.get(name, '-')} → {now[name]}" for name in names)
        return self._row(change, kind, data), f"{slot}  {address}  {kind}  {text or 'touched'}"

    @staticmethod
    def _row(change: AccountChange[Any], kind: str | None, data: Any) -> Mapping[str, Any]:
        return {"slot": change.slot, "address": str(change.address), "kind": kind, "account": data}


def _decoded(raw: RawAccount) -> tuple[str, Any]:
    """An account of any kind, decoded if its type is known."""
    data = bytes(raw.data)
    name = registry.name(str(raw.owner))
    if name is not None and name in accounts.__all__:
        module = getattr(accounts, name)
        for kind in (getattr(module, type_name) for type_name in module.__all__):
            if data.startswith(kind.DISCRIMINATOR):
                return kind.__name__, kind.decode(data)
    return "account", {
        "lamports": raw.lamports,
        "owner": str(raw.owner),
        "size": len(data),
        "data": data.hex(),
    }


def _flat(data: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Names and values of a JSON document; amounts as people write them."""
    if isinstance(data, dict) and set(data) == {"ui", "raw"}:
        yield path, str(data["ui"])
    elif isinstance(data, dict):
        for name, item in data.items():
            yield from _flat(item, f"{path}.{name}" if path else name)
    elif isinstance(data, list):
        yield path, f"[{', '.join(text for _, text in (part for item in data for part in _flat(item, '_')))}]"
    else:
        text = str(data)
        yield path, text if len(text) <= 64 else f"{text[:60]}…"


# -- events


def event_row(watched: WatchedEvent) -> tuple[Mapping[str, Any], str]:
    """An event as data, and as a line for people."""
    program = registry.name(str(watched.program_id)) or str(watched.program_id)
    name, data = type(watched.event).__name__, jsonable(watched.event)
    row = {
        "slot": watched.slot,
        "time": watched.time,
        "signature": watched.signature,
        "index": watched.index,
        "program": program,
        "event": name,
        "data": data,
    }
    text = "  ".join(f"{key}={value}" for key, value in _flat(data) if key not in _DULL)
    moment = "" if watched.time is None else f"  {when(watched.time)}"
    return row, f"{watched.slot}{moment}  {watched.signature}  {program}.{name}  {text}"

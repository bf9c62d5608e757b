"""`ionet watch`: what happens on the chain, as it happens."""

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

#: What is shown of an account at first, by its type; later only what has changed.
_FIRST: Final = {
    "Node": ("state", "class_", "units", "owner"),
    "Offer": ("open", "node", "rate", "lease_job"),
    "Job": ("state", "node", "renter", "units"),
    "Position": ("node", "holder", "active", "pending"),
}
#: Fields that say nothing to people.
_DULL: Final = frozenset({"version", "bump", "seq", "last_time"})

Count = Annotated[int | None, typer.Option("--count", min=1, help="End after so many; default: never.")]
NodeFilter = Annotated[
    Pubkey | None, typer.Option("--node", metavar="NODE", parser=address_of, help="Of this node only.")
]


def _filter(name: str, text: str) -> Any:
    return typer.Option(name, metavar="ADDRESS", parser=address_of, help=text)


@app.command()
def account(
    address: Annotated[
        Pubkey, typer.Argument(metavar="ADDRESS", parser=address_of, help="Where it is; any account.")
    ],
    count: Count = None,
) -> None:
    """Follow one account: its state now, and after each change."""
    io = session()
    _show(io, io.reader.watch_account(address), count, _Accounts(io, _decoded))


@app.command()
def nodes(
    owner: Annotated[Pubkey | None, _filter("--owner", "Of this owner only.")] = None,
    class_: Annotated[
        str | None, typer.Option("--class", metavar="CLASS", help="Of this hardware class: number or name.")
    ] = None,
    count: Count = None,
) -> None:
    """Follow nodes: state, stake, rewards, leases."""
    kind = None if class_ is None else class_of(session(), class_).id
    _follow(accounts.staking.Node, count, owner=owner, class_=kind)


@app.command()
def positions(
    holder: Annotated[Pubkey | None, _filter("--holder", "Of this holder only.")] = None,
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
    renter: Annotated[Pubkey | None, _filter("--renter", "Of this renter only.")] = None,
    supplier: Annotated[Pubkey | None, _filter("--supplier", "Of this supplier only.")] = None,
    count: Count = None,
) -> None:
    """Follow jobs: from their booking to their last payment."""
    _follow(accounts.jobs.Job, count, node=node, renter=renter, supplier=supplier)


@app.command(name="events")
def events_(
    program: Annotated[
        str | None, typer.Option("--program", metavar="NAME", help="Of this program: its name or address.")
    ] = None,
    mentions: Annotated[
        Pubkey | None, _filter("--mentions", "Only of transactions with this account.")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", metavar="EVENT", help="Of this type only; repeatable.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="SIGNATURE", help="Begin after this transaction; default: now."),
    ] = None,
    count: Count = None,
) -> None:
    """Follow the programs' events, in the chain's order, without gaps.

    Name a program, an account (--mentions), or both. --since goes on where an earlier run has ended.
    """
    io = session()
    if program is None and mentions is None:
        raise UserError("events are followed of something: name a --program, or an account with --mentions")
    of = None if program is None else _program(program)
    what: list[Any] = [*_kinds(of, kind)] if kind else [] if of is None else [of]
    watch = io.reader.watch_events(*what, mentions=mentions, since=since)
    try:
        _show(io, watch, count, _event)
    except LookupError as bad:
        raise UserError(str(bad), NOT_FOUND) from None


def _program(text: str) -> Pubkey:
    """A program by its name or address."""
    for name in events.__all__:
        if text == name:
            found: Pubkey = _event_types(name)[0].PROGRAM_ID
            return found
    try:
        return Pubkey.from_string(text)
    except ValueError:
        choice = ", ".join(events.__all__)
        raise typer.BadParameter(f"{text!r} is no program; name one of {choice}, or an address") from None


def _event_types(program: str) -> list[type[Event]]:
    module = getattr(events, program)
    return [getattr(module, name) for name in module.__all__]


def _kinds(program: Pubkey | None, names: Iterable[str]) -> Iterator[type[Event]]:
    known = [one for name in events.__all__ for one in _event_types(name)]
    for name in names:
        fitting = [one for one in known if one.__name__ == name and program in (None, one.PROGRAM_ID)]
        if not fitting:
            raise typer.BadParameter(f"{name!r} is no event of that program; see docs/reference")
        yield from fitting


def _follow(kind: type[Account], count: int | None, **fields: Any) -> None:
    io = session()
    chosen = {name: value for name, value in fields.items() if value is not None}
    _show(
        io, io.reader.watch_accounts(kind, **chosen), count, _Accounts(io, lambda one: (kind.__name__, one))
    )


def _show(
    io: Session, watch: Iterator[T], count: int | None, rows: Callable[[T], tuple[Mapping[str, Any], str]]
) -> None:
    """Writes a line for each, until Ctrl-C."""
    written = 0
    try:
        for one in watch:
            data, line = rows(one)
            print(json.dumps(data, ensure_ascii=False) if io.screen.as_json else line, flush=True)
            written += 1
            if written == count:
                return
    except KeyboardInterrupt:
        return
    except BrokenPipeError:
        # Who reads has seen enough; nothing more can be written, at exit neither.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        watch.close()  # type: ignore[attr-defined]


# -- accounts


class _Accounts:
    """Lines of accounts: what they are at first, and what has changed later."""

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
            said = "  ".join(f"{name}={now[name]}" for name in chosen)
            return self._row(change, kind, data), f"{slot}  {address}  {kind}  {said}"
        names = [name for name in now if before.get(name) != now[name] and name not in _DULL]
        said = "  ".join(f"{name}: {before.get(name, '-')} → {now[name]}" for name in names)
        return self._row(change, kind, data), f"{slot}  {address}  {kind}  {said or 'touched'}"

    @staticmethod
    def _row(change: AccountChange[Any], kind: str | None, data: Any) -> Mapping[str, Any]:
        return {"slot": change.slot, "address": str(change.address), "kind": kind, "account": data}


def _decoded(found: RawAccount) -> tuple[str, Any]:
    """An account of any kind, decoded if its type is known."""
    data = bytes(found.data)
    name = registry.name(str(found.owner))
    if name is not None and name in accounts.__all__:
        module = getattr(accounts, name)
        for kind in (getattr(module, one) for one in module.__all__):
            if data.startswith(kind.DISCRIMINATOR):
                return kind.__name__, kind.decode(data)
    return "account", {
        "lamports": found.lamports,
        "owner": str(found.owner),
        "size": len(data),
        "data": data.hex(),
    }


def _flat(data: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Names and values of a JSON document; amounts as people write them."""
    if isinstance(data, dict) and set(data) == {"ui", "raw"}:
        yield path, str(data["ui"])
    elif isinstance(data, dict):
        for name, one in data.items():
            yield from _flat(one, f"{path}.{name}" if path else name)
    elif isinstance(data, list):
        yield path, f"[{', '.join(text for _, text in (part for one in data for part in _flat(one, '_')))}]"
    else:
        text = str(data)
        yield path, text if len(text) <= 64 else f"{text[:60]}…"


# -- events


def _event(seen: WatchedEvent) -> tuple[Mapping[str, Any], str]:
    program = registry.name(str(seen.program_id)) or str(seen.program_id)
    name, data = type(seen.event).__name__, jsonable(seen.event)
    row = {
        "slot": seen.slot,
        "time": seen.time,
        "signature": seen.signature,
        "index": seen.index,
        "program": program,
        "event": name,
        "data": data,
    }
    said = "  ".join(f"{key}={value}" for key, value in _flat(data) if key not in _DULL)
    moment = "" if seen.time is None else f"  {when(seen.time)}"
    return row, f"{seen.slot}{moment}  {seen.signature}  {program}.{name}  {said}"

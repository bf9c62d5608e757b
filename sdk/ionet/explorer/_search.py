"""What a reader may mean by a word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from solders.pubkey import Pubkey
from solders.signature import Signature

from ionet import pda
from ionet.explorer import _models as m
from ionet.explorer._accounts import kind_of
from ionet.explorer._events import first
from ionet.explorer._past import Moment
from ionet.explorer._supply import as_of
from ionet.explorer._values import class_name, text
from ionet.formats.when import HOUR
from ionet.ledger import Database

_MOST: Final = 20
_HOUR: Final = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d):00(?: ?UTC|Z)?")


def search(moment: Moment, database: Database, query: str) -> m.Hits:
    """What an address, a signature, an hour, a class or a name is."""
    wanted = query.strip()
    hits = list(islice(_hits(moment, database, wanted), _MOST)) if wanted else []
    return m.Hits(as_of=as_of(moment), query=query, hits=hits)


def _hits(moment: Moment, database: Database, wanted: str) -> Iterator[m.Hit]:
    if (address := _address(wanted)) is not None:
        yield from _of_address(moment, database, address)
    elif _is_signature(wanted):
        if database.transaction(wanted) is not None:
            yield m.Hit(kind="transaction", name=wanted, key=wanted, href=f"/transactions/{wanted}")
    elif (match := _HOUR.fullmatch(wanted)) is not None:
        yield from _of_hour(match)
    else:
        yield from _of_name(moment, wanted.casefold())


def _address(wanted: str) -> Pubkey | None:
    try:
        return Pubkey.from_string(wanted)
    except ValueError:
        return None


def _is_signature(wanted: str) -> bool:
    try:
        Signature.from_string(wanted)
    except ValueError:
        return False
    return True


def _of_address(moment: Moment, database: Database, address: Pubkey) -> Iterator[m.Hit]:
    state, key = moment.state, str(address)
    if address in state.nodes:
        yield m.Hit(kind="node", name=class_name(state.nodes[address].class_), key=key, href=f"/nodes/{key}")
    if (device := state.devices.get(address)) is not None:
        node = pda.staking.node(address)
        where = f"/nodes/{node}" if node in state.nodes else f"/events?about={key}"
        yield m.Hit(kind="device", name=class_name(device.class_), key=key, href=where)
    if (offer := state.offers.get(address)) is not None:
        yield m.Hit(kind="offer", name=f"of node {offer.node}", key=key, href=f"/nodes/{offer.node}")
    if (report := state.reports.get(address)) is not None:
        end = report.period_end
        yield m.Hit(kind="report", name=f"of the hour until {end}", key=key, href=f"/hours/{end}")
    if (network := state.networks.get(address)) is not None:
        yield m.Hit(kind="network", name=text(network.name), key=key, href=f"/devices?network={key}")
    if address in state.proposals:
        title = text(state.proposals[address].title)
        yield m.Hit(kind="proposal", name=title, key=key, href=f"/proposals/{key}")
    about = first(database, address, moment.slot)
    if about is not None and getattr(about.entry.event, "job", None) == address:
        yield m.Hit(kind="job", name="a rental", key=key, href=f"/jobs/{key}")
    elif (kind := kind_of(state, address)) is not None:
        yield m.Hit(kind="account", name=kind, key=key, href=f"/accounts/{key}")
    elif about is not None:
        yield m.Hit(kind="account", name="events about it", key=key, href=f"/events?about={key}")
    if moment.tally.owns(address):
        yield m.Hit(kind="owner", name="owner of nodes", key=key, href=f"/devices?owner={key}")
    if next(iter(database.booked_by(address)), None) is not None:
        yield m.Hit(kind="party", name="rents or supplies", key=key, href=f"/jobs?party={key}")


def _of_hour(match: re.Match[str]) -> Iterator[m.Hit]:
    try:
        begin = datetime.strptime(f"{match[1]} {match[2]}", "%Y-%m-%d %H").replace(tzinfo=UTC)
    except ValueError:
        return
    end = int(begin.timestamp()) + HOUR
    yield m.Hit(kind="hour", name=f"{match[1]} {match[2]}:00 UTC", key=str(end), href=f"/hours/{end}")


def _of_name(moment: Moment, wanted: str) -> Iterator[m.Hit]:
    state = moment.state
    for number in sorted(state.classes):
        name = class_name(number)
        if wanted == str(number) or wanted in name.casefold():
            yield m.Hit(kind="class", name=name, key=str(number), href=f"/devices?class={number}")
    for address, network in state.networks.items():
        if wanted in (name := text(network.name)).casefold():
            yield m.Hit(kind="network", name=name, key=str(address), href=f"/devices?network={address}")
    for address, proposal in state.proposals.items():
        if wanted in (title := text(proposal.title)).casefold():
            yield m.Hit(kind="proposal", name=title, key=str(address), href=f"/proposals/{address}")

"""Reads an explorer's API: the same answers that its pages show, typed as the API describes them.

What an explorer says is its word. Events are decoded here, from the bytes that the programs wrote; so are the
receipts that are made of them, with each of their sums.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar, cast
from urllib.parse import urlsplit

import httpx
from pydantic import ValidationError
from solders.pubkey import Pubkey

from ionet import IO, Receipt, WatchedEvent, pda
from ionet.chain.amounts import Amount
from ionet.chain.errors import DecodeError
from ionet.explorer import _models as m
from ionet.explorer.errors import ExplorerError
from ionet.jobs.receipt import Leases, booking_of, is_of, receipt_of, takes_part
from ionet.ledger.replay import records as r
from ionet.ledger.subjects import types
from ionet.token.currency import unit_of
from ionet.token.supply import SupplyAt

if TYPE_CHECKING:
    from ionet import accounts

A = TypeVar("A", bound=m.Model)

_PAGE: Final = 200
_SECONDS: Final = 30.0
#: Bytes of an answer.
_LARGEST: Final = 32 << 20
#: How often a question is asked again that came too soon, and the longest wait, seconds.
_TRIES: Final = 8
_WAIT: Final = 10.0
#: Seconds in which a past time has to be computed.
_COMING: Final = 1_800.0


class ExplorerClient:
    """Reads an explorer.

    Args:
        url: where it is, as `https://explorer.example`.
        transport: takes requests; by default the network.

    Raises:
        ExplorerError: the URL is none.
    """

    def __init__(self, url: str, *, transport: httpx.BaseTransport | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ExplorerError("an explorer's URL is as http://127.0.0.1:8480")
        self.host = parts.netloc.rpartition("@")[2]
        self._http = httpx.Client(
            base_url=url.rstrip("/"), timeout=_SECONDS, follow_redirects=False, transport=transport
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes its connections."""
        self._http.close()

    # -- answers

    def status(self) -> m.Status:
        """How far the explorer is."""
        return self._read("/status", m.Status)

    def supply_of(self, at: int | None = None) -> m.Supply:
        """The supply, now or at a past time, Unix seconds."""
        return self._read("/supply", m.Supply, at=at)

    def classes(self) -> list[m.HardwareClass]:
        """Devices by class."""
        return self._read("/classes", m.HardwareClasses).classes

    def networks(self) -> list[m.Group]:
        """Nodes by network."""
        return self._read("/networks", m.Groups).groups

    def node(self, address: Pubkey) -> m.Node:
        """A node."""
        return self._read(f"/nodes/{address}", m.Node)

    def leases(self, node: Pubkey) -> Leases:
        """How the leases of a node ended."""
        it = self.node(node)
        return Leases(it.leases_done, it.leases_broken)

    def nodes(self, **wanted: Any) -> Iterator[m.NodeRow]:
        """Nodes by address; `wanted` as in the API: class, owner, network, country, only."""
        for page in self._pages("/nodes", m.NodeRows, **wanted):
            yield from page.nodes

    def records(self, **wanted: Any) -> Iterator[m.Record]:
        """Accounts in the bytes of their programs; `wanted` as in the API: kind, or address."""
        for page in self._pages("/records", m.Records, **wanted):
            yield from page.records

    def events(
        self,
        *,
        about: Pubkey | None = None,
        names: Iterable[str] | None = None,
        since: int | None = None,
        until: int | None = None,
    ) -> Iterator[WatchedEvent]:
        """Events in the chain's order, decoded here; see `ionet.ledger.Database.watched`."""
        chosen = None if names is None else list(names)
        if chosen is not None and len(chosen) > _MOST_NAMES:
            # More than a question takes: all are read, and these shown.
            yield from (
                told
                for told in self.events(about=about, since=since, until=until)
                if _name_of(told) in chosen
            )
            return
        asked = {
            "about": None if about is None else str(about),
            "name": chosen,
            "since": since,
            "until": until,
            "order": "oldest",
            "data": "true",
        }
        for page in self._pages("/events", m.Events, **asked):
            yield from (told for row in page.events if (told := self._told(row)) is not None)

    # -- what is made of them

    def supply(self) -> SupplyAt:
        """The supply now, as `ionet.supply.now` has it.

        Raises:
            ExplorerError: the explorer does not know what the treasury holds.
        """
        it = self.supply_of()
        if it.treasury is None:
            raise ExplorerError(f"the explorer {self.host} does not know what the treasury holds: {it.why}")
        return SupplyAt(
            time=it.as_of.time,
            genesis=self.io(it.genesis),
            emitted=self.io(it.emitted),
            burned=self.io(it.burned.total),
            vested=self.io(it.vested),
            locked=self.io(it.locked),
            reserve=self.io(it.reserve),
            treasury=self.io(it.treasury),
            staked=self.io(it.active_stake),
            projected=False,
        )

    def of_job(self, job: Pubkey) -> Iterator[WatchedEvent]:
        """The events of a job, of its payout and of its disputes, in the chain's order."""
        return (told for told in self.events(about=job) if is_of(job, told.event))

    def booked_by(
        self, party: Pubkey, *, as_renter: bool = True, as_supplier: bool = True
    ) -> Iterator[Pubkey]:
        """The jobs that a party has booked or supplied, in the chain's order."""
        for page in self._pages("/jobs", m.JobRows, party=str(party)):
            for row in page.jobs:
                job = self.key(row.job)
                booked = booking_of(self.events(about=job, names=["jobs.Booked"]))
                if booked is not None and takes_part(
                    booked, party, as_renter=as_renter, as_supplier=as_supplier
                ):
                    yield job

    def receipt(self, job: Pubkey) -> Receipt:
        """What became of a job and its money, by its events.

        Raises:
            LookupError: the explorer does not show its booking.
        """
        past = list(self.of_job(job))
        booked = booking_of(past)
        if booked is None:
            raise LookupError(f"the explorer {self.host} does not show that job {job} was booked")
        return receipt_of(job, past, self._unit(booked.mint), self.node(booked.node).class_id)

    def closed(self, party: Pubkey, *, as_renter: bool = True, as_supplier: bool = True) -> list[Receipt]:
        """The receipts of a party's closed jobs, the latest first."""
        jobs = [*self.booked_by(party, as_renter=as_renter, as_supplier=as_supplier)]
        receipts = [self.receipt(job) for job in reversed(jobs)]
        return [receipt for receipt in receipts if receipt.closed]

    # -- parts

    def _unit(self, mint: Pubkey) -> type[Amount]:
        if mint == pda.mint.MINT:
            return IO
        account = self._read(f"/accounts/{pda.jobs.currency(mint)}", m.Account)
        stated = {field.name: field.value for field in account.fields}
        try:
            record = r.Currency(
                mint=mint, decimals=int(stated["decimals"]), feed_id=bytes.fromhex(stated["feed_id"])
            )
            # A record has the fields of its account.
            return unit_of(cast("accounts.jobs.Currency", record))
        except (KeyError, ValueError):
            raise self._odd(f"what currency {mint} is") from None

    def _told(self, row: m.Event) -> WatchedEvent | None:
        """An event; None: this version does not know its type."""
        known = types().get(row.name)
        if known is None:
            return None
        try:
            event = known.decode(bytes.fromhex(row.data or ""))
        except (DecodeError, ValueError):
            raise self._odd(f"the event at {row.place[:60]}") from None
        if row.index is None:
            raise self._odd(f"the event at {row.place[:60]}")
        return WatchedEvent(event, event.PROGRAM_ID, row.signature, row.index, row.slot, row.time)

    def io(self, money: m.Money) -> IO:
        """An amount of IO."""
        if money.unit != IO.SYMBOL or not money.base.isdecimal():
            raise self._odd("an amount of IO")
        return IO.from_base(int(money.base))

    def key(self, text: str) -> Pubkey:
        """An address."""
        try:
            return Pubkey.from_string(text)
        except ValueError:
            raise self._odd("an address") from None

    def _odd(self, what: str) -> ExplorerError:
        return ExplorerError(f"the explorer {self.host} answers with something else than {what}")

    def _pages(self, path: str, model: type[A], **asked: Any) -> Iterator[A]:
        cursor: str | None = None
        while True:
            page = self._read(path, model, limit=_PAGE, cursor=cursor, **asked)
            yield page
            following: str | None = page.next  # type: ignore[attr-defined]
            if following is None:
                return
            if following == cursor:
                raise self._odd("the next page")
            cursor = following

    def _read(self, path: str, model: type[A], **asked: Any) -> A:
        parameters = {name.rstrip("_"): value for name, value in asked.items() if value is not None}
        until = time.monotonic() + _COMING
        for left in reversed(range(_TRIES)):
            status, headers, body = self._asked(f"/api/v1{path}", parameters)
            while status == 202 and time.monotonic() < until:
                time.sleep(_pause(headers))
                status, headers, body = self._asked(f"/api/v1{path}", parameters)
            if status == 429 and left:
                time.sleep(_pause(headers))
                continue
            if status == 404:
                raise LookupError(self._said(body))
            if status == 202:
                raise ExplorerError(f"the explorer {self.host} still computes that past time: ask later")
            if status != 200:
                raise ExplorerError(f"the explorer {self.host}: {self._said(body)} (status {status})")
            try:
                return model.model_validate_json(body)
            except ValidationError:
                raise self._odd(f"its API describes for {path}") from None
        raise AssertionError("the last try ends it")

    def _asked(self, path: str, parameters: dict[str, Any]) -> tuple[int, httpx.Headers, bytes]:
        body = bytearray()
        try:
            with self._http.stream("GET", path, params=parameters) as answer:
                for part in answer.iter_bytes():
                    body += part
                    if len(body) > _LARGEST:
                        raise self._odd(f"at most {_LARGEST >> 20} MiB")
                return answer.status_code, answer.headers, bytes(body)
        except httpx.HTTPError as bad:
            raise ExplorerError(f"the explorer {self.host} cannot be read: {type(bad).__name__}") from bad

    def _said(self, body: bytes) -> str:
        """The sentence of an answer that is none; only what belongs into a line of text."""
        try:
            said = m.Error.model_validate_json(body).error.message
        except ValidationError:
            said = "it answers with something else than its API describes"
        return "".join(sign if sign.isprintable() else "�" for sign in said[:300])


#: Types of events that a question may name.
_MOST_NAMES: Final = 16


def _name_of(told: WatchedEvent) -> str:
    kind = type(told.event)
    return next(name for name, known in types().items() if known is kind)


def _pause(headers: httpx.Headers) -> float:
    said = headers.get("retry-after", "1")
    # Whoever is told to ask again at once would do nothing else.
    return min(max(float(said), 1.0) if said.isdecimal() else 1.0, _WAIT)


__all__ = ["ExplorerClient"]

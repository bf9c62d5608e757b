"""What jobs have cost: receipts as JSON, as rows for spreadsheets, and as invoices to print."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse, Response
from solders.pubkey import Pubkey

from ionet.chain.amounts import Amount
from ionet.console import _models as m
from ionet.console._invoice import invoice, unwritable
from ionet.console._mine import is_theirs_by_receipt, mine, was_theirs
from ionet.console._parts import Have, Parts
from ionet.console._visitor import Visitor
from ionet.console._who import Reader
from ionet.explorer._csv import cell
from ionet.explorer._market import Absent
from ionet.explorer._values import BadQuestion, address_of, money
from ionet.jobs.receipt import Receipt
from ionet.service.guard import FILE

receipts: Final = APIRouter()
#: Jobs in a list of receipts.
_MOST: Final = 100
_HEAD: Final = ("time", "job", "what", "amount", "currency", "payer", "transaction")
_Job = Annotated[str, Path(min_length=32, max_length=44)]
_FILES: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {FILE: {}}, "model": m.Receipt}}


@receipts.get("/jobs/{job}/receipt", summary="What became of a job's money", responses=_FILES)
async def receipt_(
    parts: Have,
    reader: Reader,
    job: _Job,
    kind: Annotated[Literal["json", "csv", "pdf"], Query(alias="format")] = "json",
    to: Annotated[str, Query(max_length=400, description="Of an invoice: name and address, in lines.")] = "",
) -> Response:
    """A receipt; as a spreadsheet or an invoice it is a file."""
    if kind == "pdf" and (letter := unwritable(to)):
        raise BadQuestion(f"an invoice has the letters of Western European languages, and no {letter}")
    it = await _of_job(parts, reader, address_of(job))
    match kind:
        case "json":
            return JSONResponse(_shown(it).model_dump(), headers={"cache-control": "no-store"})
        case "csv":
            return _file(_csv(rows(it)), f"{job}.csv")
        case "pdf":
            return _file(invoice(it, str(reader.wallet), to), f"{job}.pdf")


@receipts.get(
    "/receipts",
    summary="What the wallet's jobs have moved, as a spreadsheet",
    response_class=Response,
    responses={200: {"content": {FILE: {}}}},
)
async def all_(parts: Have, reader: Reader) -> Response:
    """The latest jobs that were booked here."""
    found: list[tuple[str, ...]] = []
    for kept in parts.kept.jobs(reader.wallet)[:_MOST]:
        try:
            found += rows(await _of_job(parts, reader, Pubkey.from_string(kept.job)))
        except Absent:
            continue
    return _file(_csv(found), "receipts.csv")


async def _of_job(parts: Parts, reader: Visitor, job: Pubkey) -> Receipt:
    if parts.ledger is None and not await was_theirs(parts, reader, job):
        await mine(parts, reader, str(job))
    try:
        it = await parts.client.jobs.receipt(job, ledger=parts.ledger)
    except LookupError:
        raise Absent("you have no such job") from None
    if not is_theirs_by_receipt(reader, it):
        raise Absent("you have no such job")
    return it


def _shown(it: Receipt) -> m.Receipt:
    def known(amount: Amount | None) -> m.Money | None:
        return None if amount is None else money(amount)

    return m.Receipt(
        job=str(it.job),
        node=str(it.node),
        supplier=str(it.supplier),
        payer=str(it.payer),
        currency=it.currency,
        usd=money(it.usd),
        deposit=money(it.deposit),
        price=money(it.price),
        fee=money(it.fee),
        due=known(it.due),
        renter_fees=known(it.renter_fees),
        paid_refund=money(it.paid_refund),
        held=money(it.held),
        booked_at=it.booked_at,
        started_at=it.started_at,
        ended_at=it.ended_at,
        good=it.good,
        reason=it.reason.explain(),
        adds_up=it.adds_up,
    )


def rows(it: Receipt) -> list[tuple[str, ...]]:
    """What a job has moved for its renter, in order: into escrow, and back."""
    return [
        (_written(time), str(it.job), what, format(amount.to_decimal(), "f"), it.currency, payer, signature)
        for time, what, amount, payer, signature in _moves(it)
    ]


def _moves(it: Receipt) -> Iterator[tuple[int, str, Amount, str, str]]:
    extended_price, extended_fee = type(it.price).from_base(0), type(it.price).from_base(0)
    for each in it.extensions:
        extended_price, extended_fee = extended_price + each.price, extended_fee + each.fee
    first = it.transactions[0].signature if it.transactions else ""
    yield it.booked_at, "price into escrow", it.price - extended_price, str(it.payer), first
    yield it.booked_at, "fee into escrow", it.fee - extended_fee, str(it.payer), first
    for each in it.extensions:
        yield each.time, "price of an extension into escrow", each.price, str(each.payer), each.signature
        yield each.time, "fee of an extension into escrow", each.fee, str(each.payer), each.signature
    if it.paid_refund.base:
        refunded = type(it.price).from_base(-it.paid_refund.base)
        yield it.ended_at, "refund", refunded, str(it.refund_to), _of(it, "Paid")


def _of(it: Receipt, event: str) -> str:
    return next((each.signature for each in reversed(it.transactions) if event in " ".join(each.events)), "")


def _written(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _csv(lines: Sequence[tuple[str, ...]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_HEAD)
    writer.writerows([cell(value) for value in line] for line in lines)
    return out.getvalue().encode()


def _file(content: bytes, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=headers, media_type=FILE)

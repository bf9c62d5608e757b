"""A wallet's jobs: where they stand, what they print, what they leave."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path as File
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Path, Query
from solders.pubkey import Pubkey
from starlette.responses import StreamingResponse

from ionet import CloseReason, accounts, constants
from ionet.chain.errors import AccountNotFound
from ionet.cloud import AsyncRun, NotRun, RunUnreachable
from ionet.cloud.running import Cost
from ionet.console import _models as m
from ionet.console._bonds import bond_of
from ionet.console._mine import is_theirs, readable, was_theirs
from ionet.console._parts import Have, Parts
from ionet.console._visitor import Visitor
from ionet.console._who import Reader
from ionet.explorer._market import Absent
from ionet.explorer._values import address_of, money, word
from ionet.jobs.receipt import Receipt
from ionet.jobs.status import JobStatus
from ionet.service.guard import FILE

jobs: Final = APIRouter()
#: Closed jobs that a list shows.
_CLOSED: Final = 30
_PART: Final = 256 << 10
_Job = Annotated[str, Path(min_length=32, max_length=44)]


@jobs.get("/jobs", summary="The wallet's jobs, the latest first")
async def list_(parts: Have, reader: Reader) -> m.Jobs:
    """Jobs that were booked here, and others of the wallet that are not closed; those of clusters apart."""
    here = parts.client.jobs
    open_ = [
        *await here.statuses(reader.access.pubkey(), as_supplier=False),
        *await here.statuses(reader.wallet, as_supplier=False),
    ]
    open_ = [status for status in open_ if status.cluster is None]
    shown = {str(status.job): await _open(parts, reader, status) for status in open_}
    grouped = parts.several.groups.jobs(reader.wallet)
    kept_here = [kept for kept in parts.kept.jobs(reader.wallet) if kept.job not in grouped]
    for kept in kept_here[:_CLOSED]:
        if kept.job not in shown:
            try:
                receipt = await here.receipt(Pubkey.from_string(kept.job), ledger=parts.ledger)
            except LookupError:
                continue
            shown[kept.job] = await _closed(parts, reader, receipt)
    return m.Jobs(jobs=tuple(sorted(shown.values(), key=lambda job: (-job.booked_at, job.job))))


@jobs.get("/jobs/{job}", summary="Where a job stands, and what it comes to if it is ended now")
async def job(parts: Have, reader: Reader, job: _Job) -> m.Job:
    """A job."""
    address = address_of(job)
    it = await seen(parts, reader, address)
    if isinstance(it, Receipt):
        shown = await _closed(parts, reader, it)
        disputed = any(each.party == it.renter for each in it.disputes)
    else:
        shown = await _open(parts, reader, await parts.client.jobs.status(address))
        disputed = bool(it.disputes & constants.jobs.DISPUTED_BY_RENTER)
    if not disputed:
        return shown
    return shown.model_copy(update={"bond": await bond_of(parts, reader, address, it.renter, it.mint)})


async def seen(parts: Parts, reader: Visitor, job: Pubkey) -> accounts.jobs.Job | Receipt:
    """A job of a reader's, or the receipt of one that is closed.

    Raises:
        Absent: it is none, or not theirs.
    """
    try:
        account = await parts.client.jobs.get_job(job)
    except AccountNotFound:
        if not await was_theirs(parts, reader, job):
            raise Absent("you have no such job") from None
        return await _receipt(parts, job)
    if not is_theirs(reader, account):
        raise Absent("you have no such job")
    return account


async def _receipt(parts: Parts, job: Pubkey) -> Receipt:
    try:
        return await parts.client.jobs.receipt(job, ledger=parts.ledger)
    except LookupError as bad:
        raise Absent(str(bad)) from None


@jobs.get("/jobs/{job}/log", summary="What a job has printed, from a byte on")
async def log(parts: Have, reader: Reader, job: _Job, asked: Annotated[m.AskedLog, Query()]) -> m.Log:
    """A part of a log."""
    part = await parts.runs.log(*await readable(parts, reader, job), asked.start)
    return m.Log(text=part.text, next=part.next, grows=part.grows, why=part.why)


@jobs.get("/jobs/{job}/result", summary="How a job's program ended, and the files that it has left")
async def result(parts: Have, reader: Reader, job: _Job) -> m.Result:
    """A result."""
    try:
        verdict = await parts.runs.verdict(*await readable(parts, reader, job))
    except (RunUnreachable, NotRun) as bad:
        return m.Result(known=isinstance(bad, NotRun), ok=False, summary=str(bad), status=1, files=())
    files = tuple(
        m.Output(name=file.name, size=file.size, sha256=file.sha256.hex()) for file in verdict.outputs
    )
    return m.Result(known=True, ok=verdict.ok, summary=verdict.summary, status=verdict.status, files=files)


@jobs.get(
    "/jobs/{job}/files/{sha256}",
    summary="A file that a job has left",
    response_class=StreamingResponse,
    responses={200: {"content": {FILE: {}}}},
)
async def file(
    parts: Have, reader: Reader, job: _Job, sha256: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
) -> StreamingResponse:
    """A file, to be saved: no browser shows it."""
    address, key = await readable(parts, reader, job)
    folder = tempfile.TemporaryDirectory(prefix="ionet-", dir=parts.config.state)
    try:
        output = await parts.runs.file(address, key, sha256, folder)
    except BaseException:
        folder.cleanup()
        raise
    name = quote(output.name.rpartition("/")[2], safe="")
    headers = {
        "content-disposition": f"attachment; filename=\"file\"; filename*=UTF-8''{name}",
        "content-length": str(output.size),
    }
    return StreamingResponse(_parts(folder), headers=headers, media_type=FILE)


async def _parts(folder: tempfile.TemporaryDirectory[str]) -> AsyncIterator[bytes]:
    with folder, (File(folder.name) / "file").open("rb") as file:
        while part := await asyncio.to_thread(file.read, _PART):
            yield part


async def _open(parts: Parts, reader: Visitor, status: JobStatus) -> m.Job:
    run = AsyncRun(parts.client, parts.config.gateway, status.job, insecure=parts.config.insecure)
    try:
        cost = await run.cost()
    finally:
        await run.__aexit__(None, None, None)
    kept = parts.kept.job(str(status.job), reader.wallet)
    return m.Job(
        job=str(status.job),
        title="" if kept is None else kept.title,
        node=str(status.node),
        state=word(status.state),
        summary=status.summary,
        mine=status.renter == reader.access.pubkey(),
        card=_card(parts, reader, status.job),
        booked_at=status.booked_at,
        started_at=status.started_at,
        ends_at=status.ends_at,
        stopped_at=_stopped(status),
        seconds=status.seconds,
        extensions=status.extensions,
        currency=type(status.deposit).SYMBOL,
        deposit=money(status.deposit),
        cost=_cost(cost),
        frozen_until=status.frozen_until,
        start_by=status.start_by,
        renter=str(status.renter),
        refund_to=str(status.refund_to),
        payer=str(status.payer),
        cluster="" if status.cluster is None else str(status.cluster.address),
        now=status.now,
    )


async def _closed(parts: Parts, reader: Visitor, receipt: Receipt) -> m.Job:
    kept = parts.kept.job(str(receipt.job), reader.wallet)
    group = parts.several.groups.of(str(receipt.job), reader.wallet)
    paid = receipt.deposit - receipt.paid_refund
    used = max(0, receipt.ends_at - receipt.started_at) if receipt.started_at else 0
    return m.Job(
        job=str(receipt.job),
        title="" if kept is None else kept.title,
        node=str(receipt.node),
        state="closed" if receipt.closed else word(receipt.state),
        summary=receipt.reason.explain(),
        mine=receipt.renter == reader.access.pubkey(),
        card=_card(parts, reader, receipt.job),
        booked_at=receipt.booked_at,
        started_at=receipt.started_at,
        ends_at=receipt.ends_at,
        stopped_at=_stopped(receipt),
        seconds=receipt.seconds,
        extensions=len(receipt.extensions),
        currency=receipt.currency,
        deposit=money(receipt.deposit),
        cost=m.Cost(paid=money(paid), refund=money(receipt.paid_refund), first_hour=False, used=used),
        frozen_until=0,
        start_by=0,
        renter=str(receipt.renter),
        refund_to=str(receipt.refund_to),
        payer=str(receipt.payer),
        cluster="" if group is None else str(group.cluster),
        now=await parts.client.time(),
    )


def _stopped(it: JobStatus | Receipt) -> int:
    """A stop moves the end of a job to when it was."""
    return it.ends_at if it.reason in (CloseReason.RENTER_STOPPED, CloseReason.SUPPLIER_STOPPED) else 0


def _card(parts: Parts, reader: Visitor, job: Pubkey) -> str:
    card = parts.kept.cards.that_booked(str(job), reader.wallet)
    return "" if card is None else card.id


def _cost(cost: Cost) -> m.Cost:
    return m.Cost(
        paid=money(cost.paid), refund=money(cost.refund), first_hour=cost.first_hour, used=cost.used
    )

"""A wallet's clusters: their jobs, counted as one, and the key by which each is read."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet import SOL, accounts
from ionet.chain.records import KeyedAccount
from ionet.console import _cluster_models as c
from ionet.console import _models as m
from ionet.console._groups import KeptCluster
from ionet.console._jobs import _closed as closed_job
from ionet.console._jobs import _open as open_job
from ionet.console._mine import is_theirs
from ionet.console._parts import Parts
from ionet.console._visitor import Visitor
from ionet.explorer._market import Absent
from ionet.explorer._values import address_of, money
from ionet.jobs.status import ClusterStatus, cluster_status

#: How far a job has got, from the least.
_STATES: Final = ("booked", "running", "ended", "closed")
#: Closed clusters that a list shows.
_CLOSED: Final = 30


@dataclass(frozen=True, slots=True)
class Bundle:
    """A cluster and its jobs, as the chain and this console have them.

    Attributes:
        address: the cluster's account.
        status: what that says; None: it is closed, or not there yet.
        kept: what this console remembers of it, or None.
        jobs: those that are not closed, the head's first.
        key: by which it is read; None: it was not booked here.
    """

    address: Pubkey
    status: ClusterStatus | None
    kept: KeptCluster | None
    jobs: tuple[KeyedAccount[accounts.jobs.Job], ...]
    key: Keypair | None


async def bundle(parts: Parts, visitor: Visitor, text: str) -> Bundle:
    """A visitor's cluster.

    Raises:
        Absent: it is none, or not theirs.
    """
    address = address_of(text)
    keyed = await parts.client.jobs.cluster_jobs(address)
    return await _bundle(parts, visitor, address, keyed)


async def _bundle(
    parts: Parts, visitor: Visitor, address: Pubkey, keyed: Iterable[KeyedAccount[accounts.jobs.Job]]
) -> Bundle:
    theirs = tuple(job for job in keyed if is_theirs(visitor, job.account))
    kept = parts.several.groups.get(str(address), visitor.wallet)
    (account,) = await parts.client.fetch_many(accounts.jobs.Cluster, [address])
    if not theirs and kept is None:
        raise Absent("you have no such cluster")
    now = await parts.client.time()
    status = None if account is None else cluster_status(address, account, now)
    id_ = kept.id if kept is not None else None if status is None else status.id
    key = None if id_ is None else parts.access.cluster(visitor.wallet, id_)
    renters = {job.account.renter for job in theirs} | ({status.renter} if status is not None else set())
    if key is not None and kept is None and renters != {key.pubkey()}:
        key = None
    return Bundle(address, status, kept, theirs, key)


async def bundles(parts: Parts, visitor: Visitor) -> list[Bundle]:
    """A visitor's clusters: those on the chain, and those that were booked here."""
    together: dict[Pubkey, None] = {}
    for job in await parts.client.jobs.find_jobs(refund_to=visitor.wallet):
        if job.account.cluster != Pubkey.default():
            together[job.account.cluster] = None
    for kept in parts.several.groups.all(visitor.wallet)[:_CLOSED]:
        together[kept.cluster] = None
    return [await bundle(parts, visitor, str(address)) for address in together]


async def shown(parts: Parts, visitor: Visitor, it: Bundle) -> c.Cluster | None:
    """A cluster, as one; None if nothing of it was ever booked."""
    jobs = await _jobs(parts, visitor, it)
    if not jobs:
        return None
    state = min((job.state for job in jobs), key=_STATES.index)
    missing = 0 if it.status is None else it.status.missing
    head = jobs[0]
    # One that joined it elsewhere may be paid in something else.
    counted = [job for job in jobs if job.currency == head.currency]
    costs = [job.cost for job in counted]
    holds = 0
    if it.key is not None:
        holds = (await parts.client.balance(it.address)).base
        holds += (await parts.client.balance(it.key.pubkey())).base
    return c.Cluster(
        cluster=str(it.address),
        name="" if it.kept is None else it.kept.name,
        title="" if it.kept is None else it.kept.title,
        state=state,
        size=0 if it.status is None else it.status.size,
        missing=missing,
        summary=_summary(it, missing, head),
        renter=head.renter,
        mine=it.key is not None,
        head=head.job,
        jobs=tuple(jobs),
        booked_at=min(job.booked_at for job in jobs),
        seconds=max(job.seconds for job in jobs),
        currency=head.currency,
        deposit=total(job.deposit for job in counted),
        cost=m.Cost(
            paid=total(cost.paid for cost in costs),
            refund=total(cost.refund for cost in costs),
            first_hour=any(cost.first_hour for cost in costs),
            used=max(cost.used for cost in costs),
        ),
        rent=money(SOL.from_base(holds)),
        closable=holds > 0 and (it.status is None or it.status.closable),
        now=head.now,
    )


def _summary(it: Bundle, missing: int, head: m.Job) -> str:
    if it.status is not None and it.status.broken:
        return f"One of its jobs has left, so that none starts: {it.status.broken.explain()}"
    if missing:
        return f"{missing} of its {len(it.jobs) + missing} nodes are still to be booked; none starts before"
    return head.summary


async def _jobs(parts: Parts, visitor: Visitor, it: Bundle) -> list[m.Job]:
    found = {
        job.address: await open_job(parts, visitor, await parts.client.jobs.status(job.address))
        for job in it.jobs
    }
    for address in [] if it.kept is None else parts.several.groups.members(it.address):
        if address in found:
            continue
        with contextlib.suppress(LookupError):
            receipt = await parts.client.jobs.receipt(address, ledger=parts.ledger)
            # Another renter may have taken this address first.
            if it.key is not None and receipt.renter == it.key.pubkey():
                found[address] = await closed_job(parts, visitor, receipt)
    for address in found if it.kept is not None else ():
        # The list of receipts has those that were seen.
        parts.kept.booked(address, visitor.wallet)
    return list(found.values())


def total(amounts: Iterable[m.Money]) -> m.Money:
    """The sum of amounts of one currency; there is at least one."""
    given = list(amounts)
    exact = sum((Decimal(one.amount) for one in given), Decimal(0))
    base = sum(int(one.base) for one in given)
    return m.Money(amount=format(exact, "f"), unit=given[0].unit, base=str(base))

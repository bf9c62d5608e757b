"""Books a run on several nodes anew whose first node was lost.

Only that node had the lease's authority, Ray's head and the program itself: what is left of the cluster can
run nothing, and is ended; the program begins again on nodes that are booked like the first ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey

from ionet.chain.amounts import Amount
from ionet.chain.errors import IonetError, RpcError, TransportError
from ionet.cloud.choosing import Wish
from ionet.cloud.errors import NoNode, NotEnough, NotRun
from ionet.cloud.launching import AsyncLaunch, Offered, Progress
from ionet.cloud.replacing import Limits, most_needed
from ionet.cloud.running import AsyncClusterRun, AsyncRun, Tell
from ionet.formats.when import HOUR
from ionet.store import StoreUnreachable

if TYPE_CHECKING:
    from ionet import AsyncClient

#: Seconds between two tries.
_AGAIN: Final = 5.0


@dataclass(frozen=True, slots=True)
class Anew:
    """What may be booked.

    Attributes:
        until: when the first booking would have ended, Unix seconds of the chain: it is not made longer, but
            for the shortest booking, an hour.
        most: the most that may go into escrow.
        each: the most of it for one replacement; the rest comes back of the old run.
        avoid: nodes that are not booked again.
        limits: what the renter allows; `replace` counts what is still to be replaced, this included.
    """

    until: int
    most: Amount
    each: Amount
    avoid: frozenset[Pubkey]
    limits: Limits

    def after(self, deposit: Amount) -> Limits:
        """What the renter allows once a deposit is paid: it takes as many replacements as it costs. Pure.

        One at least; of a deposit that is more than what comes back, all that pay for the difference.
        """
        left = (self.most.base - deposit.base) // max(1, self.each.base)
        return replace(self.limits, replace=max(0, min(self.limits.replace - 1, left)))


async def anew(
    client: AsyncClient, run: AsyncClusterRun, offered: Offered, limits: Limits, until: int
) -> Anew | None:
    """What a run may be booked anew for; None if its first node was not lost, or the limits are reached.

    No more goes into escrow than what comes back of the run, and what so many replacements may cost.

    Args:
        client: of the renter.
        run: what is left of it has been ended.
        offered: what it was booked by.
        limits: what the renter allows from now on.
        until: see `Anew`.

    Raises:
        IonetError: the chain cannot be read.
    """
    from ionet import CloseReason

    if limits.replace < 1 or not await run.is_headless():
        return None
    jobs = await client.jobs.cluster_jobs(run.cluster)
    lost = {job.account.node for job in jobs if CloseReason(job.account.reason) == CloseReason.LOST}
    each = most_needed(offered.quotes, replace(limits, replace=1))
    most = offered.quotes.unit.from_base((await run.cost()).refund.base + each.base * limits.replace)
    head = {run.known.node} if run.known is not None else set[Pubkey]()
    return Anew(until, most, each, frozenset(lost | head), limits)


async def book_anew(
    client: AsyncClient,
    launching: Callable[[Wish], AsyncLaunch],
    wish: Wish,
    wanted: Anew,
    tell: Tell,
    progress: Progress | None = None,
) -> tuple[Offered, AsyncRun] | None:
    """Books as many nodes as before, as soon as there are as many within the limits.

    Args:
        client: of the renter.
        launching: makes what books such a run.
        wish: what the first one was booked by.
        wanted: what may be booked.
        tell: told why nothing is booked yet.
        progress: told how far what is uploaded is.

    Returns:
        None: its time is over.

    Raises:
        NotRun: it is booked, and cancelled, as its program could not be uploaded: each time costs something.
        IonetError: the booking failed, or it is unknown whether it did.
    """
    from ionet import ClusterNotBooked, NotBookable, PriceUnusable

    said = ""
    session = wanted.until if wanted.limits.until is None else wanted.limits.until
    while True:
        try:
            now = await client.time()
            if now >= min(wanted.until, session):
                return None
            left = max(HOUR, wanted.until - now)
            shorter = replace(wish, seconds=left, avoid=wish.avoid | wanted.avoid)
            return await _book(launching(shorter), wanted, progress)
        except (
            *(NoNode, NotEnough, NotBookable, PriceUnusable, ClusterNotBooked),
            *(RpcError, TransportError, StoreUnreachable),
        ) as bad:
            if isinstance(bad, ClusterNotBooked) and not bad.is_undone:
                raise
            why = f"the program is not begun anew yet: {bad}"
        if why != said:
            said = why
            tell(why)
        await asyncio.sleep(_AGAIN)


async def _book(launching: AsyncLaunch, wanted: Anew, progress: Progress | None) -> tuple[Offered, AsyncRun]:
    async with launching:
        offered = await launching.offer()
        if offered.limit.base > wanted.most.base:
            raise NotEnough(
                f"the deposit is up to {offered.limit}, more than what comes back and may be spent on"
                f" replacements, {wanted.most}"
            )
        await launching.check_funds(offered)
        await launching.upload(offered, progress)
        run = await launching.book(offered)
        try:
            await launching.deliver(progress)
        except BaseException as bad:
            left = await _cancelled(run)
            if isinstance(bad, Exception):
                # Nobody books again after this: what is held is paid, each time.
                raise NotRun(run.job, f"{left}, as its program cannot be uploaded: {bad}") from bad
            raise
        return offered, run


async def _cancelled(run: AsyncRun) -> str:
    try:
        await run.cancel()
    except IonetError as bad:
        return f"may still be booked, as may those booked with it ({bad}), and is of no use"
    return "was cancelled"

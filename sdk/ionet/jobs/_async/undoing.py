"""Undoing what was booked; where a node tells no end of a transaction, the accounts of its jobs do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TypeAlias

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from ionet import accounts
from ionet._generated.jobs.types import JobState
from ionet.chain._async import send as sending
from ionet.chain._async.call import AsyncCall
from ionet.chain.errors import (
    IonetError,
    RpcError,
    TransactionNotShown,
    TransactionUnknown,
    TransportError,
)
from ionet.chain.packing import pack
from ionet.chain.records import decoded
from ionet.chain.transactions import raw_account
from ionet.jobs._async.paying import AsyncPaying
from ionet.jobs.cluster import CancelledBooking
from ionet.jobs.status import is_renting

_Job: TypeAlias = accounts.jobs.Job


class AsyncUndoing(AsyncPaying):
    """For renters."""

    async def _undo(self, jobs: Sequence[Pubkey]) -> tuple[CancelledBooking, ...]:
        """Cancels those of the jobs that wait for their start, and pays their deposits back.

        Raises nothing for what a node or the chain does: each job that may still be booked is named.
        """
        addresses = list(dict.fromkeys(jobs))
        try:
            booked = await self._booked_jobs(addresses)
            now = await self._connection.time()
        except IonetError as bad:
            return tuple(CancelledBooking(address, None, str(bad)) for address in addresses)
        undone: list[CancelledBooking] = []
        waiting: list[Pubkey] = []
        groups: list[list[Instruction]] = []
        for address, job in zip(addresses, booked, strict=True):
            if job is None:
                undone.append(CancelledBooking(address, None, "the node does not show it"))
            elif _waits(job) and is_renting(job, self._connection.address):
                waiting.append(address)
                groups.append(self._cancelling(address, job, now))
        packed = pack(self._connection.address, groups)
        while packed:
            part = packed.pop(0)
            instructions = [instruction for index in part for instruction in groups[index]]
            names = [waiting[index] for index in part]
            try:
                signature = await self._cancelled(instructions, names)
            except TransactionUnknown as bad:
                undone += [CancelledBooking(name, None, str(bad)) for name in names]
            except IonetError as bad:
                if len(part) > 1:  # one of them must not keep the others booked
                    packed = [*([index] for index in part), *packed]
                else:
                    undone.append(CancelledBooking(names[0], None, str(bad)))
            else:
                undone += [CancelledBooking(name, signature, None) for name in names]
        return tuple(undone)

    async def _booked_jobs(self, jobs: Sequence[Pubkey]) -> list[_Job | None]:
        """The accounts of jobs that are known to be booked; a node may show them a while later."""
        for _ in range(sending.SHOW_TRIES):
            booked = await self._connection.fetch_many(accounts.jobs.Job, jobs)
            if None not in booked:
                break
            await asyncio.sleep(sending.POLL)
        return booked

    async def _cancelled(self, instructions: Sequence[Instruction], jobs: Sequence[Pubkey]) -> str:
        """Cancels jobs in a transaction; gives its signature once it has landed."""
        call: AsyncCall[None] = AsyncCall(self._connection, instructions)
        try:
            return (await call.send()).signature
        except TransactionNotShown as bad:
            return bad.signature
        except TransactionUnknown as bad:
            if not await self._ended_as(bad, jobs, lambda job: job is None or not _waits(job)):
                raise
            return bad.signature

    async def has_booked(self, unknown: TransactionUnknown, jobs: Sequence[Pubkey]) -> bool:
        """Whether a transaction of unknown outcome has booked these jobs for the signer.

        Waits until it has, or no longer can.

        Args:
            unknown: what sending it raised.
            jobs: addresses of the jobs that it was to book.

        Raises:
            TransactionUnknown: nobody can say.
        """
        me = self._connection.address
        return await self._ended_as(unknown, jobs, lambda job: job is not None and is_renting(job, me))

    async def _ended_as(
        self, unknown: TransactionUnknown, jobs: Sequence[Pubkey], meant: Callable[[_Job | None], bool]
    ) -> bool:
        """Whether all jobs are as a transaction was to make them, once it can no longer land.

        Raises:
            TransactionUnknown: the node cannot say, or the chain does not get so far.
        """
        began = time.monotonic()
        while True:
            try:
                # Asked first: in a slot that is not before it, the accounts do not change any more.
                ended = await self._over(unknown)
                seen = [await self._job_at(job, ended) for job in jobs] if ended is not None else []
                if seen and None not in seen:
                    return all(meant(state[0]) for state in seen if state is not None)
            except (RpcError, TransportError, LookupError, TypeError, ValueError):
                pass
            if time.monotonic() - began >= sending.GIVE_UP:
                raise unknown
            await asyncio.sleep(sending.POLL)

    async def _over(self, unknown: TransactionUnknown) -> int | None:
        """A slot in which a transaction could no longer land, or None while it can."""
        last = unknown.last_valid_block_height
        return None if last is None else await sending.AsyncHeight(self._connection, last).over()

    async def _job_at(self, address: Pubkey, slot: int) -> tuple[_Job | None] | None:
        """What stands at a job's address in this slot or a later one; None: the node lags behind."""
        config = {"encoding": "base64", "commitment": self._connection.commitment}
        answer = await self._connection.request("getAccountInfo", str(address), config)
        if int(answer["context"]["slot"]) < slot:
            return None
        account = raw_account(answer["value"])
        return (None if account is None else decoded(accounts.jobs.Job, address, account),)


def _waits(job: _Job) -> bool:
    return bool(job.state == JobState.BOOKED)

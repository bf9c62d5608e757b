"""Paying: one instruction, one party; and everything that anyone may do for a job."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey
from spl.token.instructions import create_idempotent_associated_token_account

from ionet import accounts, events, ix
from ionet._generated.jobs.types import DisputeOutcome, JobState
from ionet.chain._async.call import AsyncCall, deferred
from ionet.chain.errors import AccountNotFound, IonetError, ProgramError, TransactionFailed
from ionet.chain.pda import token_account
from ionet.chain.transactions import Sent
from ionet.jobs._async.watching import AsyncWatching
from ionet.jobs.cranked import CrankResult
from ionet.jobs.escrow import if_cancelled
from ionet.jobs.status import Crank, JobStatus, or_none

#: More steps than a job ever needs.
_MAX_STEPS: Final = 32


class AsyncPaying(AsyncWatching):
    """For anyone."""

    @deferred
    async def settle(self, job: Pubkey) -> AsyncCall[int]:
        """Pays the supplier what attested time has earned; for anyone. Gives how much, base units.

        Where he is paid in IO for another currency it goes to the job's payout account, which is opened if it
        is not there; else to his associated token account, which is made if it is not there.
        """
        found = await self.get_job(job)
        before: list[Instruction] = []
        destination = or_none(found.payout_vault)
        if destination is None:
            destination, before = await self._wallet(found.supplier, found.mint)
        elif await self._connection.account(destination) is None:
            before = [ix.buyback.open_payout(payer=self._connection.address, job=job, mint=found.mint)]
        paying = ix.jobs.settle(job=job, escrow=found.escrow, destination=destination)
        return AsyncCall(self._connection, [*before, paying], decode=_paid)

    @deferred
    async def refund(self, job: Pubkey) -> AsyncCall[int]:
        """Gives back what is left of an ended job; for anyone. Gives how much, base units.

        It goes to the renter, or to the wallet that the booking named; its associated token account is made
        if it is not there.
        """
        found = await self.get_job(job)
        destination, before = await self._wallet(found.refund_to, found.mint)
        paying = ix.jobs.refund(job=job, escrow=found.escrow, destination=destination)
        return AsyncCall(self._connection, [*before, paying], decode=_paid)

    @deferred
    async def collect_fees(self, job: Pubkey) -> AsyncCall[int]:
        """Pays the fees of an ended job into the buyback's vault; for anyone. Gives how much, base units."""
        found = await self.get_job(job)
        paying = ix.jobs.collect_fees(job=job, escrow=found.escrow, destination=found.fee_vault)
        return AsyncCall(self._connection, [paying], decode=_paid)

    @deferred
    async def close(self, job: Pubkey) -> AsyncCall[None]:
        """Closes a job that has paid everyone; the rent goes back to the one who paid it."""
        return AsyncCall(self._connection, [_closing(job, await self.get_job(job))])

    @deferred
    async def close_cluster(self, cluster: Pubkey) -> AsyncCall[None]:
        """Closes a cluster in which no job waits, 20 minutes after it was opened; for anyone."""
        found = await self._connection.fetch(accounts.jobs.Cluster, cluster)
        return AsyncCall(self._connection, [ix.jobs.close_cluster(renter=found.renter, cluster=cluster)])

    @deferred
    async def close_dispute(self, dispute: Pubkey) -> AsyncCall[int]:
        """Gives the bond of a dispute that is over back, or to the fee vault; for anyone. Gives the bond."""
        found = await self._connection.fetch(accounts.jobs.Dispute, dispute)
        before: list[Instruction] = []
        destination = found.fee_vault
        if found.outcome != DisputeOutcome.REJECTED:
            mint = (await self._connection.token_account(found.bond_vault)).mint
            destination, before = await self._wallet(found.party, mint)
        closing = ix.jobs.close_dispute(
            dispute=dispute, destination=destination, rent_payer=found.party, bond_vault=found.bond_vault
        )
        return AsyncCall(self._connection, [*before, closing], decode=_bond)

    async def crank(
        self, job: Pubkey, *, on_step: Callable[[CrankResult], None] = lambda done: None
    ) -> list[CrankResult]:
        """Does all that anyone may do for a job now, until nothing is left; for anyone.

        Ends it where it is over, pays everyone, offers what waits in its payout, gives back bonds, and closes
        what can be closed. Each step is a transaction of its own, so that one that fails (a party's frozen
        token account) stops no other. Also for a job that is closed, for what it has left behind.

        Args:
            job: which.
            on_step: told of each step.
        """
        done: list[CrankResult] = []
        failed: set[Crank] = set()
        cluster: Pubkey | None = None
        for _ in range(_MAX_STEPS):
            due, status = await self._due(job, cluster)
            if status is not None and status.cluster is not None:
                cluster = status.cluster.address
            step = next((one for one in due if one not in failed), None)
            if step is None:
                break
            try:
                sent = await self.step(job, step, cluster=cluster).send()
            except (TransactionFailed, AccountNotFound, LookupError) as bad:
                name = bad.name if isinstance(bad, ProgramError) else type(bad).__name__
                failed.add(step)
                made = CrankResult(step, None, None, name, str(bad))
            else:
                paid = sent.result if isinstance(sent.result, int) else None
                made = CrankResult(step, paid, sent.signature, None, None)
            done.append(made)
            on_step(made)
        return done

    async def due(self, job: Pubkey) -> tuple[Crank, ...]:
        """What anyone can do for a job now, or for what a closed one has left behind."""
        return (await self._due(job, None))[0]

    @deferred
    async def step(self, job: Pubkey, step: Crank, *, cluster: Pubkey | None = None) -> AsyncCall[Any]:
        """One of the things that anyone may do for a job, as a call.

        Args:
            job: which.
            step: what.
            cluster: whose account is to be closed, where the job is closed already.
        """
        calls: dict[Crank, Callable[[Pubkey], AsyncCall[Any]]] = {
            Crank.COMPLETE: self.complete,
            Crank.EXPIRE: self.expire,
            Crank.SETTLE: self.settle,
            Crank.COLLECT_FEES: self.collect_fees,
            Crank.REFUND: self.refund,
            Crank.CLOSE: self.close,
            Crank.START_PAYOUT: self._buyback.start_payout,
            Crank.CLOSE_PAYOUT: self._buyback.close_payout,
        }
        if step in calls:
            return calls[step](job)
        if step == Crank.CLOSE_CLUSTER:
            return self.close_cluster(cluster or (await self.get_job(job)).cluster)
        over = [one for one in await self.disputes(job) if not one.is_open]
        if not over:
            raise IonetError(f"no dispute of job {job} is over")
        return self.close_dispute(over[0].address)

    @deferred
    async def complete(self, job: Pubkey) -> AsyncCall[None]:
        """Ends a job whose time is over and attested to its end; for anyone."""
        return AsyncCall(self._connection, [ix.jobs.complete(job=job, offer=(await self.get_job(job)).offer)])

    @deferred
    async def expire(self, job: Pubkey) -> AsyncCall[None]:
        """Ends a job that nobody started, whose cluster broke, or whose attesters are silent; for anyone."""
        found = await self.get_job(job)
        # Only a job that waits needs its cluster, and keeps it from being closed.
        cluster = or_none(found.cluster) if found.state == JobState.BOOKED else None
        instruction = ix.jobs.expire(job=job, offer=found.offer, cluster=cluster)
        return AsyncCall(self._connection, [instruction])

    # -- parts

    async def _due(self, job: Pubkey, cluster: Pubkey | None) -> tuple[tuple[Crank, ...], JobStatus | None]:
        try:
            status = await self.status(job)
        except AccountNotFound:
            return await self._due_after(job, cluster), None
        return status.due, status

    async def _wallet(self, owner: Pubkey, mint: Pubkey) -> tuple[Pubkey, list[Instruction]]:
        """A party's associated token account, and what makes it where it is missing."""
        address = token_account(owner, mint)
        if await self._connection.account(address) is not None:
            return address, []
        return address, [create_idempotent_associated_token_account(self._connection.address, owner, mint)]

    def _cancelling(self, address: Pubkey, job: accounts.jobs.Job, now: int) -> list[Instruction]:
        """Cancels a job of the signer's, and pays back and closes what is left of it."""
        party, mint = self._connection.address, job.mint
        wallet = token_account(job.refund_to, mint)
        _, split = if_cancelled(job, True, now)
        parts = [
            ix.jobs.cancel(party=party, job=address, offer=job.offer, cluster=or_none(job.cluster)),
            create_idempotent_associated_token_account(party, job.refund_to, mint),
            ix.jobs.refund(job=address, escrow=job.escrow, destination=wallet),
        ]
        if split.fees:
            parts.append(ix.jobs.collect_fees(job=address, escrow=job.escrow, destination=job.fee_vault))
        return [*parts, _closing(address, job)]


def _closing(address: Pubkey, job: accounts.jobs.Job) -> Instruction:
    return ix.jobs.close(rent_payer=job.rent_payer, job=address, escrow=job.escrow, fee_vault=job.fee_vault)


def _paid(sent: Sent[Any]) -> int:
    return sum(one.amount for one in sent.events if isinstance(one, events.jobs.Paid))


def _bond(sent: Sent[Any]) -> int:
    return sent.event(events.jobs.DisputeClosed).amount

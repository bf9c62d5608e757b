# Generated from jobs/_async/paying.py by scripts/codegen; do not edit.
"""Paying the parties, one instruction each, and all other steps that anyone may do for a job."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey
from spl.token.instructions import create_idempotent_associated_token_account

from ionet import accounts, events, ix
from ionet._generated.jobs.types import DisputeOutcome, JobState
from ionet.chain._sync.call import Call, deferred
from ionet.chain.errors import AccountNotFound, IonetError, ProgramError, TransactionFailed
from ionet.chain.pda import token_account
from ionet.chain.transactions import Sent
from ionet.jobs._sync.watching import Watching
from ionet.jobs.cranked import CrankResult
from ionet.jobs.escrow import if_cancelled
from ionet.jobs.status import Crank, JobStatus, or_none

#: More steps than a job ever needs.
_MAX_STEPS: Final = 32


class Paying(Watching):
    """Calls that anyone may make."""

    @deferred
    def settle(self, job: Pubkey) -> Call[int]:
        """Pays the supplier what attested time has earned; for anyone. Gives the amount, base units.

        A supplier who is paid in IO for another currency is paid through the job's payout account, any other
        to their associated token account. Either is created if it is missing.
        """
        account = self.get_job(job)
        before: list[Instruction] = []
        destination = or_none(account.payout_vault)
        if destination is None:
            destination, before = self._wallet(account.supplier, account.mint)
        elif self._connection.account(destination) is None:
            before = [ix.buyback.open_payout(payer=self._connection.address, job=job, mint=account.mint)]
        paying = ix.jobs.settle(job=job, escrow=account.escrow, destination=destination)
        return Call(self._connection, [*before, paying], decode=_paid)

    @deferred
    def refund(self, job: Pubkey) -> Call[int]:
        """Refunds what is left of an ended job; for anyone. Gives the amount, base units.

        It goes to the renter, or to the wallet named in the booking; its associated token account is created
        if it is missing.
        """
        account = self.get_job(job)
        destination, before = self._wallet(account.refund_to, account.mint)
        paying = ix.jobs.refund(job=job, escrow=account.escrow, destination=destination)
        return Call(self._connection, [*before, paying], decode=_paid)

    @deferred
    def collect_fees(self, job: Pubkey) -> Call[int]:
        """Pays an ended job's fees into the buyback's vault; for anyone. Gives the amount, base units."""
        account = self.get_job(job)
        paying = ix.jobs.collect_fees(job=job, escrow=account.escrow, destination=account.fee_vault)
        return Call(self._connection, [paying], decode=_paid)

    @deferred
    def close(self, job: Pubkey) -> Call[None]:
        """Closes a job that has paid everyone; for anyone. The rent goes back to its payer."""
        return Call(self._connection, [_closing(job, self.get_job(job))])

    @deferred
    def close_cluster(self, cluster: Pubkey) -> Call[None]:
        """Closes a cluster without waiting jobs, 20 minutes after it was opened; for anyone."""
        account = self._connection.fetch(accounts.jobs.Cluster, cluster)
        return Call(self._connection, [ix.jobs.close_cluster(renter=account.renter, cluster=cluster)])

    @deferred
    def close_dispute(self, dispute: Pubkey) -> Call[int]:
        """Returns the bond of an ended dispute, or pays it to the fee vault; for anyone. Gives the bond."""
        account = self._connection.fetch(accounts.jobs.Dispute, dispute)
        before: list[Instruction] = []
        destination = account.fee_vault
        if account.outcome != DisputeOutcome.REJECTED:
            mint = (self._connection.token_account(account.bond_vault)).mint
            destination, before = self._wallet(account.party, mint)
        closing = ix.jobs.close_dispute(
            dispute=dispute, destination=destination, rent_payer=account.party, bond_vault=account.bond_vault
        )
        return Call(self._connection, [*before, closing], decode=_bond)

    def crank(
        self, job: Pubkey, *, on_step: Callable[[CrankResult], None] = lambda done: None
    ) -> list[CrankResult]:
        """Does every step that anyone may do for a job now, until none is left; for anyone.

        Ends the job if it is over, pays everyone, starts the sale of its payout, returns bonds, and closes
        accounts. Each step is a transaction of its own, so that one that fails (a party's frozen token
        account) does not stop the others. Works on a closed job, too, for the accounts it has left behind.

        Args:
            job: the job's address.
            on_step: called with the result of each step.
        """
        done: list[CrankResult] = []
        failed: set[Crank] = set()
        cluster: Pubkey | None = None
        for _ in range(_MAX_STEPS):
            due, status = self._due(job, cluster)
            if status is not None and status.cluster is not None:
                cluster = status.cluster.address
            step = next((crank for crank in due if crank not in failed), None)
            if step is None:
                break
            try:
                sent = self.step(job, step, cluster=cluster).send()
            except (TransactionFailed, AccountNotFound, LookupError) as bad:
                name = bad.name if isinstance(bad, ProgramError) else type(bad).__name__
                failed.add(step)
                result = CrankResult(step, None, None, name, str(bad))
            else:
                paid = sent.result if isinstance(sent.result, int) else None
                result = CrankResult(step, paid, sent.signature, None, None)
            done.append(result)
            on_step(result)
        return done

    def due(self, job: Pubkey) -> tuple[Crank, ...]:
        """The steps that anyone can do for a job now, or for the accounts a closed one has left behind."""
        return (self._due(job, None))[0]

    @deferred
    def step(self, job: Pubkey, step: Crank, *, cluster: Pubkey | None = None) -> Call[Any]:
        """One of the steps that anyone may do for a job, as a call.

        Args:
            job: the job's address.
            step: the step.
            cluster: the cluster to close, if the job is closed already.
        """
        calls: dict[Crank, Callable[[Pubkey], Call[Any]]] = {
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
            return self.close_cluster(cluster or (self.get_job(job)).cluster)
        ended = [dispute for dispute in self.disputes(job) if not dispute.is_open]
        if not ended:
            raise IonetError(f"no dispute of job {job} is over")
        return self.close_dispute(ended[0].address)

    @deferred
    def complete(self, job: Pubkey) -> Call[None]:
        """Ends a job whose time is over and attested to its end; for anyone."""
        return Call(self._connection, [ix.jobs.complete(job=job, offer=(self.get_job(job)).offer)])

    @deferred
    def expire(self, job: Pubkey) -> Call[None]:
        """Ends a job that nobody started, whose cluster broke, or whose attesters are silent; for anyone."""
        account = self.get_job(job)
        # Only a waiting job needs its cluster and keeps it from being closed.
        cluster = or_none(account.cluster) if account.state == JobState.BOOKED else None
        instruction = ix.jobs.expire(job=job, offer=account.offer, cluster=cluster)
        return Call(self._connection, [instruction])

    # -- parts

    def _due(self, job: Pubkey, cluster: Pubkey | None) -> tuple[tuple[Crank, ...], JobStatus | None]:
        try:
            status = self.status(job)
        except AccountNotFound:
            return self._due_after(job, cluster), None
        return status.due, status

    def _wallet(self, owner: Pubkey, mint: Pubkey) -> tuple[Pubkey, list[Instruction]]:
        """A party's associated token account, and the instruction that creates it if it is missing."""
        address = token_account(owner, mint)
        if self._connection.account(address) is not None:
            return address, []
        return address, [create_idempotent_associated_token_account(self._connection.address, owner, mint)]

    def _cancelling(self, address: Pubkey, job: accounts.jobs.Job, now: int) -> list[Instruction]:
        """Cancels the signer's job, refunds it, pays its fees and closes it."""
        party, mint = self._connection.address, job.mint
        wallet = token_account(job.refund_to, mint)
        _, split = if_cancelled(job, True, now)
        instructions = [
            ix.jobs.cancel(party=party, job=address, offer=job.offer, cluster=or_none(job.cluster)),
            create_idempotent_associated_token_account(party, job.refund_to, mint),
            ix.jobs.refund(job=address, escrow=job.escrow, destination=wallet),
        ]
        if split.fees:
            instructions.append(
                ix.jobs.collect_fees(job=address, escrow=job.escrow, destination=job.fee_vault)
            )
        return [*instructions, _closing(address, job)]


def _closing(address: Pubkey, job: accounts.jobs.Job) -> Instruction:
    return ix.jobs.close(rent_payer=job.rent_payer, job=address, escrow=job.escrow, fee_vault=job.fee_vault)


def _paid(sent: Sent[Any]) -> int:
    return sum(event.amount for event in sent.events if isinstance(event, events.jobs.Paid))


def _bond(sent: Sent[Any]) -> int:
    return sent.event(events.jobs.DisputeClosed).amount

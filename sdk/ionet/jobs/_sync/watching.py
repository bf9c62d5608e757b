# Generated from jobs/_async/watching.py by scripts/codegen; do not edit.
"""Reads jobs: their state, what they have paid, what was lost."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence

from solders.pubkey import Pubkey

from ionet import accounts, events, pda
from ionet._generated.jobs.types import PayoutKind
from ionet.chain.amounts import Amount
from ionet.chain.errors import AccountNotFound, IonetError
from ionet.chain.following import WatchedEvent
from ionet.chain.layouts import TokenAccount
from ionet.chain.records import KeyedAccount
from ionet.chain.schema import Event
from ionet.jobs._sync.base import JobsBase
from ionet.jobs.breaks import break_reasons
from ionet.jobs.receipt import (
    JobHistory,
    Leases,
    Receipt,
    agreed_of,
    booking_of,
    is_of,
    leases_of,
    receipt_of,
    takes_part,
)
from ionet.jobs.status import (
    ClusterStatus,
    Crank,
    DisputeStatus,
    JobStatus,
    PayoutStatus,
    TimeLost,
    after_the_job,
    cluster_status,
    dispute_status,
    job_status,
    or_none,
    payout_status,
)
from ionet.token.currency import unit_of


class Watching(JobsBase):
    """Reads of jobs, disputes and payouts."""

    def status(self, job: Pubkey) -> JobStatus:
        """A job's state, with everything its parties may want to know.

        Raises:
            AccountNotFound: there is no such job, or it is closed.
        """
        return (self._statuses([KeyedAccount(job, self.get_job(job))]))[0]

    def statuses(
        self, party: Pubkey | None = None, *, as_renter: bool = True, as_supplier: bool = True
    ) -> list[JobStatus]:
        """A party's jobs that are not closed, the newest first.

        Args:
            party: renter or supplier; default: the signer.
            as_renter: include jobs that the party pays for.
            as_supplier: include jobs that the party is paid for.
        """
        party = party or self._connection.address
        jobs: dict[Pubkey, accounts.jobs.Job] = {}
        if as_renter:
            jobs |= {job.address: job.account for job in self.find_jobs(renter=party)}
        if as_supplier:
            jobs |= {job.address: job.account for job in self.find_jobs(supplier=party)}
        newest = sorted(jobs, key=lambda address: (-jobs[address].booked_at, bytes(address)))
        return self._statuses([KeyedAccount(address, jobs[address]) for address in newest])

    def watch(self, job: Pubkey, *, every: float = 2.0) -> Iterator[JobStatus]:
        """A job's status now, and again whenever its account changes, until it is closed.

        Args:
            job: the job's address.
            every: seconds between two reads.
        """
        last: accounts.jobs.Job | None = None
        while True:
            try:
                account = self.get_job(job)
            except AccountNotFound:
                if last is None:
                    raise
                return
            if account != last:
                last = account
                yield (self._statuses([KeyedAccount(job, account)]))[0]
            time.sleep(every)

    def breaks(self, job: Pubkey) -> list[TimeLost]:
        """The time of a job that attesters did not count as good, oldest first; from the chain's history.

        RPC nodes keep history only for a while; older entries are missing.
        """
        losses = []
        started = 0
        for signature in self._connection.history(job):
            sent = self._connection.transaction(signature)
            lost = [
                event for event in sent.events if isinstance(event, events.jobs.TimeLost) and event.job == job
            ]
            losses += [(signature, event) for event in reversed(lost)]
            for event in sent.events:
                if isinstance(event, events.jobs.Started) and event.job == job:
                    started = event.started_at
        return [
            TimeLost(
                start=started + event.from_,
                end=started + event.upto,
                seconds=event.lost,
                seat=event.seat,
                reasons=break_reasons(event.reason),
                signature=signature,
            )
            for signature, event in reversed(losses)
        ]

    def ending(self, job: Pubkey, *, ledger: JobHistory | None = None) -> events.jobs.Ended | None:
        """How a job ended, also one that is closed; None if neither ledger nor history shows it.

        Args:
            job: its address.
            ledger: see `receipt`.
        """
        if ledger is not None:
            told = (told.event for told in ledger.of_job(job))
            return next((event for event in told if isinstance(event, events.jobs.Ended)), None)
        for signature in self._connection.history(job):
            sent = self._connection.transaction(signature)
            for event in sent.events:
                if isinstance(event, events.jobs.Ended) and event.job == job:
                    return event
        return None

    def agreed_result(self, job: Pubkey, *, ledger: JobHistory | None = None) -> bytes | None:
        """The hash of the result on which as many attesters agree as the job needs, also of a closed job.

        The account has the hash that was said last, whoever said it. None if neither ledger nor history shows
        such a result, or more than one.

        Args:
            job: its address.
            ledger: see `receipt`.
        """
        if ledger is not None:
            return agreed_of(job, (told.event for told in ledger.of_job(job)))
        past: list[Event] = []
        for signature in self._connection.history(job):
            # The latest transaction comes first.
            past[:0] = (self._connection.transaction(signature)).events
        return agreed_of(job, past)

    def disputes(self, job: Pubkey) -> list[DisputeStatus]:
        """A job's disputes whose accounts are open, the earliest first; they may outlive the job."""
        disputes = self._connection.find(accounts.jobs.Dispute, job=job)
        now, statuses = self._connection.time(), []
        for dispute in disputes:
            mint = (self._connection.token_account(dispute.account.bond_vault)).mint
            unit = (self._units([mint]))[mint]
            statuses.append(dispute_status(dispute.address, dispute.account, unit, now))
        return sorted(statuses, key=lambda status: (status.made_at, bytes(status.address)))

    # -- receipts

    def receipt(self, job: Pubkey, *, ledger: JobHistory | None = None) -> Receipt:
        """What became of a job and its money, also once it is closed; of an open one so far.

        Args:
            job: its address.
            ledger: `ionet.ledger.Database`; None: from the chain's history, which nodes keep
                for a while only.

        Raises:
            LookupError: the history does not show its booking.
        """
        return self._receipt(job, ledger)

    def closed(
        self,
        party: Pubkey | None = None,
        *,
        as_renter: bool = True,
        as_supplier: bool = True,
        ledger: JobHistory | None = None,
    ) -> list[Receipt]:
        """The receipts of a party's closed jobs, the latest first.

        Without a ledger the transactions of the party, and of the offers of the nodes that it owns now, are
        read; a job that somebody else booked and paid for in its name is not among them.

        Args:
            party: renter or supplier; default: the signer.
            as_renter: include jobs that the party rented, paid for or gets the refund of.
            as_supplier: include jobs that the party is paid for.
            ledger: see `receipt`.
        """
        party = party or self._connection.address
        if ledger is not None:
            jobs = list(ledger.booked_by(party, as_renter=as_renter, as_supplier=as_supplier))
        else:
            jobs = self._booked_by(party, as_renter, as_supplier)
        receipts = [self._receipt(job, ledger) for job in reversed(jobs)]
        return [receipt for receipt in receipts if receipt.closed]

    def leases(self, nodes: Iterable[Pubkey], *, ledger: JobHistory | None = None) -> dict[Pubkey, Leases]:
        """How the leases of nodes ended.

        Without a ledger the transactions of each node's offer are read, one after the other.

        Args:
            nodes: their addresses.
            ledger: see `receipt`.
        """
        if ledger is not None:
            return dict(ledger.leases(nodes))
        found = {}
        for node in nodes:
            past = self._connection.past_events(pda.jobs.offer(node))
            kinds = (events.jobs.Booked, events.jobs.Ended)
            found[node] = leases_of(node, [told for told in past if isinstance(told.event, kinds)])
        return found

    # -- parts

    def _receipt(self, job: Pubkey, ledger: JobHistory | None) -> Receipt:
        past = self._past(job) if ledger is None else list(ledger.of_job(job))
        booked = booking_of(past)
        if booked is None:
            source = "the node's history" if ledger is None else "the ledger"
            raise LookupError(f"{source} does not show that job {job} was booked")
        unit = (self._units([booked.mint]))[booked.mint]
        (node,) = self._connection.fetch_many(accounts.staking.Node, [booked.node])
        return receipt_of(job, past, unit, None if node is None else node.class_)

    def _past(self, job: Pubkey) -> list[WatchedEvent]:
        """The events of a job by the chain's history, with those of its payout and its disputes."""
        past = [told for told in self._connection.past_events(job) if is_of(job, told.event)]
        more = {told.event.dispute for told in past if isinstance(told.event, events.jobs.DisputeMade)}
        booked = booking_of(past)
        if booked is not None and booked.payout == PayoutKind.IO and booked.mint != pda.mint.MINT:
            more.add(pda.buyback.payout(job))
        if not more:
            return past
        every = self._connection.past_events(job, *sorted(more, key=bytes))
        return [told for told in every if is_of(job, told.event)]

    def _booked_by(self, party: Pubkey, as_renter: bool, as_supplier: bool) -> list[Pubkey]:
        addresses = [party] if as_renter else []
        if as_supplier:
            nodes = self._connection.find(accounts.staking.Node, owner=party)
            addresses += [pda.jobs.offer(node.address) for node in nodes]
        jobs: list[Pubkey] = []
        for told in self._connection.past_events(*addresses):
            booked = told.event
            if isinstance(booked, events.jobs.Booked) and takes_part(
                booked, party, as_renter=as_renter, as_supplier=as_supplier
            ):
                jobs.append(booked.job)
        return jobs

    def _units(self, mints: Iterable[Pubkey]) -> dict[Pubkey, type[Amount]]:
        """The amount types of these mints."""
        distinct = list(dict.fromkeys(mints))
        currencies = self._connection.fetch_many(
            accounts.jobs.Currency, [pda.jobs.currency(mint) for mint in distinct]
        )
        units = {}
        for mint, currency in zip(distinct, currencies, strict=True):
            if currency is None:
                raise IonetError(f"{mint} is no currency of the jobs program")
            units[mint] = unit_of(currency)
        return units

    def _statuses(self, jobs: Sequence[KeyedAccount[accounts.jobs.Job]]) -> list[JobStatus]:
        if not jobs:
            return []
        now = self._connection.time()
        units = self._units(job.account.mint for job in jobs)
        clusters = self._clusters_of(jobs, now)
        disputes = self._disputes_of(jobs, units, now)
        payouts = self._payouts(
            {job.address: units[job.account.mint] for job in jobs if or_none(job.account.payout_vault)}, now
        )
        return [
            job_status(
                job.address,
                job.account,
                units[job.account.mint],
                now,
                cluster=clusters.get(job.account.cluster),
                disputes=tuple(disputes.get(job.address, ())),
                payout=payouts.get(job.address),
            )
            for job in jobs
        ]

    def _clusters_of(
        self, jobs: Sequence[KeyedAccount[accounts.jobs.Job]], now: int
    ) -> dict[Pubkey, ClusterStatus]:
        addresses = list(dict.fromkeys(job.account.cluster for job in jobs if or_none(job.account.cluster)))
        clusters = self._connection.fetch_many(accounts.jobs.Cluster, addresses)
        return {
            address: cluster_status(address, cluster, now)
            for address, cluster in zip(addresses, clusters, strict=True)
            if cluster is not None
        }

    def _disputes_of(
        self, jobs: Sequence[KeyedAccount[accounts.jobs.Job]], units: dict[Pubkey, type[Amount]], now: int
    ) -> dict[Pubkey, list[DisputeStatus]]:
        # Bit 0: the renter has disputed it; bit 1: the supplier has.
        pairs = [
            (job, pda.jobs.dispute(job.address, party))
            for job in jobs
            for bit, party in ((1, job.account.renter), (2, job.account.supplier))
            if job.account.disputes & bit
        ]
        accounts_ = self._connection.fetch_many(accounts.jobs.Dispute, [address for _, address in pairs])
        by_job: dict[Pubkey, list[DisputeStatus]] = {}
        for (job, address), dispute in zip(pairs, accounts_, strict=True):
            if dispute is not None:
                status = dispute_status(address, dispute, units[job.account.mint], now)
                by_job.setdefault(job.address, []).append(status)
        return by_job

    def _payouts(self, jobs: dict[Pubkey, type[Amount]], now: int) -> dict[Pubkey, PayoutStatus]:
        """The payouts of these jobs, given their amount types."""
        if not jobs:
            return {}
        period = (self._buyback.get_config()).period
        payouts = self._connection.fetch_many(
            accounts.buyback.Payout, [pda.buyback.payout(job) for job in jobs]
        )
        vaults = self._connection.accounts([pda.buyback.payout_vault(job) for job in jobs])
        statuses = {}
        for (job, unit), payout, vault in zip(jobs.items(), payouts, vaults, strict=True):
            waiting = 0 if vault is None else TokenAccount.decode(bytes(vault.data)).amount
            statuses[job] = payout_status(payout, waiting, unit, period, now)
        return statuses

    def _due_after(self, job: Pubkey, cluster: Pubkey | None) -> tuple[Crank, ...]:
        """The steps that are due on the accounts that a closed job has left behind."""
        now, payout = self._connection.time(), None
        (account,) = self._connection.fetch_many(accounts.buyback.Payout, [pda.buyback.payout(job)])
        if account is not None:
            units = self._units([account.mint])
            payout = (self._payouts({job: units[account.mint]}, now))[job]
        due = after_the_job(tuple(self.disputes(job)), payout)
        if cluster is not None:
            (status,) = self._connection.fetch_many(accounts.jobs.Cluster, [cluster])
            if status is not None and cluster_status(cluster, status, now).closable:
                due.append(Crank.CLOSE_CLUSTER)
        return tuple(due)

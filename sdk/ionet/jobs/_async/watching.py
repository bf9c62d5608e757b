"""Reading jobs: where they stand, what they have paid, what was lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence

from solders.pubkey import Pubkey

from ionet import accounts, events, pda
from ionet.chain.amounts import Amount
from ionet.chain.errors import AccountNotFound, IonetError
from ionet.chain.layouts import TokenAccount
from ionet.chain.records import KeyedAccount
from ionet.jobs._async.base import AsyncJobsBase
from ionet.jobs.breaks import break_reasons
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


class AsyncWatching(AsyncJobsBase):
    """For everyone."""

    async def status(self, job: Pubkey) -> JobStatus:
        """Where a job stands, with everything that its parties ask about.

        Raises:
            AccountNotFound: there is no such job, or it is closed.
        """
        return (await self._statuses([KeyedAccount(job, await self.get_job(job))]))[0]

    async def statuses(
        self, party: Pubkey | None = None, *, as_renter: bool = True, as_supplier: bool = True
    ) -> list[JobStatus]:
        """The jobs of a party that are not closed, the newest first.

        Args:
            party: whose; default: the signer's.
            as_renter: those that the party pays for.
            as_supplier: those that the party is paid for.
        """
        who = party or self._connection.address
        found: dict[Pubkey, accounts.jobs.Job] = {}
        if as_renter:
            found |= {one.address: one.account for one in await self.find_jobs(renter=who)}
        if as_supplier:
            found |= {one.address: one.account for one in await self.find_jobs(supplier=who)}
        newest = sorted(found, key=lambda address: (-found[address].booked_at, bytes(address)))
        return await self._statuses([KeyedAccount(address, found[address]) for address in newest])

    async def watch(self, job: Pubkey, *, every: float = 2.0) -> AsyncIterator[JobStatus]:
        """A job's status now, and again whenever its account changes, until it is closed.

        Args:
            job: which.
            every: seconds between two looks.
        """
        last: accounts.jobs.Job | None = None
        while True:
            try:
                found = await self.get_job(job)
            except AccountNotFound:
                if last is None:
                    raise
                return
            if found != last:
                last = found
                yield (await self._statuses([KeyedAccount(job, found)]))[0]
            await asyncio.sleep(every)

    async def breaks(self, job: Pubkey) -> list[TimeLost]:
        """The time of a job that attesters found not to count, oldest first; from the chain's history.

        A node keeps history for a while only; what it has forgotten is not here.
        """
        found = []
        started = 0
        async for signature in self._connection.history(job):
            sent = await self._connection.transaction(signature)
            lost = [one for one in sent.events if isinstance(one, events.jobs.TimeLost) and one.job == job]
            found += [(signature, one) for one in reversed(lost)]
            for event in sent.events:
                if isinstance(event, events.jobs.Started) and event.job == job:
                    started = event.started_at
        return [
            TimeLost(
                start=started + one.from_,
                end=started + one.upto,
                seconds=one.lost,
                seat=one.seat,
                reasons=break_reasons(one.reason),
                signature=signature,
            )
            for signature, one in reversed(found)
        ]

    async def ending(self, job: Pubkey) -> events.jobs.Ended | None:
        """How a job ended, also one that is closed; from the chain's history, None if that does not show it.

        A node keeps history for a while only.
        """
        async for signature in self._connection.history(job):
            sent = await self._connection.transaction(signature)
            for event in sent.events:
                if isinstance(event, events.jobs.Ended) and event.job == job:
                    return event
        return None

    async def disputes(self, job: Pubkey) -> list[DisputeStatus]:
        """The disputes of a job whose accounts are open, the earliest first; they may outlive the job."""
        found = await self._connection.find(accounts.jobs.Dispute, job=job)
        now, statuses = await self._connection.time(), []
        for one in found:
            mint = (await self._connection.token_account(one.account.bond_vault)).mint
            unit = (await self._units([mint]))[mint]
            statuses.append(dispute_status(one.address, one.account, unit, now))
        return sorted(statuses, key=lambda one: (one.made_at, bytes(one.address)))

    # -- parts

    async def _units(self, mints: Iterable[Pubkey]) -> dict[Pubkey, type[Amount]]:
        """How amounts of these mints are written."""
        wanted = list(dict.fromkeys(mints))
        found = await self._connection.fetch_many(
            accounts.jobs.Currency, [pda.jobs.currency(one) for one in wanted]
        )
        units = {}
        for mint, currency in zip(wanted, found, strict=True):
            if currency is None:
                raise IonetError(f"{mint} is no currency of the jobs program")
            units[mint] = unit_of(currency)
        return units

    async def _statuses(self, jobs: Sequence[KeyedAccount[accounts.jobs.Job]]) -> list[JobStatus]:
        if not jobs:
            return []
        now = await self._connection.time()
        units = await self._units(one.account.mint for one in jobs)
        clusters = await self._clusters_of(jobs, now)
        disputes = await self._disputes_of(jobs, units, now)
        payouts = await self._payouts(
            {one.address: units[one.account.mint] for one in jobs if or_none(one.account.payout_vault)}, now
        )
        return [
            job_status(
                one.address,
                one.account,
                units[one.account.mint],
                now,
                cluster=clusters.get(one.account.cluster),
                disputes=tuple(disputes.get(one.address, ())),
                payout=payouts.get(one.address),
            )
            for one in jobs
        ]

    async def _clusters_of(
        self, jobs: Sequence[KeyedAccount[accounts.jobs.Job]], now: int
    ) -> dict[Pubkey, ClusterStatus]:
        addresses = list(dict.fromkeys(one.account.cluster for one in jobs if or_none(one.account.cluster)))
        found = await self._connection.fetch_many(accounts.jobs.Cluster, addresses)
        return {
            address: cluster_status(address, cluster, now)
            for address, cluster in zip(addresses, found, strict=True)
            if cluster is not None
        }

    async def _disputes_of(
        self, jobs: Sequence[KeyedAccount[accounts.jobs.Job]], units: dict[Pubkey, type[Amount]], now: int
    ) -> dict[Pubkey, list[DisputeStatus]]:
        # Bit 0 says that the renter has disputed it, bit 1 that the supplier has.
        places = [
            (one, pda.jobs.dispute(one.address, party))
            for one in jobs
            for bit, party in ((1, one.account.renter), (2, one.account.supplier))
            if one.account.disputes & bit
        ]
        accounts_ = await self._connection.fetch_many(
            accounts.jobs.Dispute, [address for _, address in places]
        )
        found: dict[Pubkey, list[DisputeStatus]] = {}
        for (one, address), dispute in zip(places, accounts_, strict=True):
            if dispute is not None:
                status = dispute_status(address, dispute, units[one.account.mint], now)
                found.setdefault(one.address, []).append(status)
        return found

    async def _payouts(self, jobs: dict[Pubkey, type[Amount]], now: int) -> dict[Pubkey, PayoutStatus]:
        """The payouts of these jobs, whose currencies are known."""
        if not jobs:
            return {}
        period = (await self._buyback.get_config()).period
        payouts = await self._connection.fetch_many(
            accounts.buyback.Payout, [pda.buyback.payout(one) for one in jobs]
        )
        vaults = await self._connection.accounts([pda.buyback.payout_vault(one) for one in jobs])
        found = {}
        for (job, unit), payout, vault in zip(jobs.items(), payouts, vaults, strict=True):
            waiting = 0 if vault is None else TokenAccount.decode(bytes(vault.data)).amount
            found[job] = payout_status(payout, waiting, unit, period, now)
        return found

    async def _due_after(self, job: Pubkey, cluster: Pubkey | None) -> tuple[Crank, ...]:
        """What can be done with what a closed job has left behind."""
        now, payout = await self._connection.time(), None
        (left,) = await self._connection.fetch_many(accounts.buyback.Payout, [pda.buyback.payout(job)])
        if left is not None:
            units = await self._units([left.mint])
            payout = (await self._payouts({job: units[left.mint]}, now))[job]
        found = after_the_job(tuple(await self.disputes(job)), payout)
        if cluster is not None:
            (status,) = await self._connection.fetch_many(accounts.jobs.Cluster, [cluster])
            if status is not None and cluster_status(cluster, status, now).closable:
                found.append(Crank.CLOSE_CLUSTER)
        return tuple(found)

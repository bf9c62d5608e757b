"""Who is in a lease's overlay, as the chain says."""

from __future__ import annotations

from typing import Final

from solders.pubkey import Pubkey

from ionet import AsyncClient, JobState, accounts, constants, pda
from ionet.chain.errors import AccountNotFound, DecodeError
from ionet.chain.records import KeyedAccount, decoded_or_none
from ionet.overlay import LeaseFacts, Member

#: Accounts that are read at once.
_BATCH: Final = 100


async def lease_facts(client: AsyncClient, job: bytes) -> LeaseFacts | None:
    """Returns the lease that a job belongs to: its cluster with all jobs, or the job alone.

    Members are the nodes whose job has not ended and whose offer names that job now, the longest booked
    first. The first is the head.

    Args:
        client: needs no signer.
        job: its address, 32 bytes.

    Returns:
        None if the chain has no such job.
    """
    try:
        first: accounts.jobs.Job = await client.jobs.get_job(Pubkey(job))
    except (AccountNotFound, DecodeError):
        return None
    renters = {bytes(first.renter)}
    if first.cluster == Pubkey.default():
        lease, jobs = job, [KeyedAccount(Pubkey(job), first)]
    else:
        lease, jobs = bytes(first.cluster), await client.jobs.cluster_jobs(first.cluster)
        try:
            cluster = await client.fetch(accounts.jobs.Cluster, first.cluster)
        except AccountNotFound:
            cluster = None
        # The programs see to it; a node that lies does not, alone.
        jobs = [keyed for keyed in jobs if _is_like(keyed.account, first, cluster)]
        if cluster is not None and cluster.delegate != Pubkey.default():
            renters.add(bytes(cluster.delegate))
    now = await client.time()
    jobs = [keyed for keyed in jobs if _ends_at(keyed.account) > now]
    members = await _members(client, jobs)
    return LeaseFacts(
        lease,
        frozenset(renters),
        tuple(members),
        max((_ends_at(keyed.account) for keyed in jobs), default=0),
        any(keyed.account.state == JobState.RUNNING for keyed in jobs),
    )


def _is_like(job: accounts.jobs.Job, first: accounts.jobs.Job, cluster: accounts.jobs.Cluster | None) -> bool:
    """Whether a job belongs together with another one of its cluster."""
    same = (job.renter, job.manifest_hash) == (first.renter, first.manifest_hash)
    return same and (
        cluster is None or (cluster.renter, cluster.manifest_hash) == (job.renter, job.manifest_hash)
    )


def _ends_at(job: accounts.jobs.Job) -> int:
    """When a job is over, Unix seconds; one that has not started ends where it cannot start any more."""
    if job.state == JobState.BOOKED:
        return job.booked_at + constants.jobs.START_WINDOW
    return job.ends_at if job.state == JobState.RUNNING else 0


async def _members(client: AsyncClient, jobs: list[KeyedAccount[accounts.jobs.Job]]) -> list[Member]:
    members = []
    for some in _batches(jobs):
        nodes = [keyed.account.node for keyed in some]
        offers = [pda.jobs.offer(node) for node in nodes]
        read = await client.accounts([*nodes, *offers])
        for keyed, node, offer in zip(some, read[: len(some)], read[len(some) :], strict=True):
            device = decoded_or_none(accounts.staking.Node, keyed.account.node, node)
            leased = decoded_or_none(accounts.jobs.Offer, pda.jobs.offer(keyed.account.node), offer)
            # The supplier may have leased the node to somebody else since.
            if device is not None and leased is not None and leased.lease_job == keyed.address:
                members.append(
                    Member(bytes(keyed.address), bytes(keyed.account.node), bytes(device.device_key))
                )
    return members


def _batches(
    jobs: list[KeyedAccount[accounts.jobs.Job]],
) -> list[list[KeyedAccount[accounts.jobs.Job]]]:
    size = _BATCH // 2
    return [jobs[start : start + size] for start in range(0, len(jobs), size)]

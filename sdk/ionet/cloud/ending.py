"""What lets a cluster end itself without its renter's key: transactions that end its jobs, signed before.

Each is for one job and stands on a nonce account of the renter's for it, whose lamports come back when the
cluster is ended, or looked at after its end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from solders.account import Account as RawAccount
from solders.pubkey import Pubkey

from ionet.chain import nonces
from ionet.chain.amounts import SOL
from ionet.chain.errors import AccountNotFound
from ionet.chain.nonces import NONCE_SIZE

if TYPE_CHECKING:
    from ionet import AsyncClient, accounts

T = TypeVar("T")

#: Compute units of a transaction that ends a job: several times what it takes.
_UNITS: Final = 40_000
#: Nonce accounts that one transaction has room for: to make, and to take back.
_MADE: Final = 4
_TAKEN: Final = 12
#: Jobs for which transactions are signed at the same time.
_AT_ONCE: Final = 8


def nonce_name(job: Pubkey) -> str:
    """What a renter's nonce account for ending a job is called."""
    return f"end-{job}"[:32]


def nonce_for(renter: Pubkey, job: Pubkey) -> Pubkey:
    """The nonce account by which a renter's job is ended."""
    return nonces.named_nonce(renter, nonce_name(job))


async def set_aside(client: AsyncClient, nodes: int) -> SOL:
    """What is set aside for the ends of so many nodes' jobs: it comes back."""
    return SOL.from_base(await client.rent(NONCE_SIZE) * nodes)


async def endings(client: AsyncClient, jobs: Sequence[Pubkey]) -> list[bytes]:
    """Signs what ends jobs, of each to stop it and to cancel it; the first makes the other void.

    Args:
        client: of their renter, who pays for nonce accounts where there are none yet.
        jobs: which; those that are closed are left out.

    Raises:
        IonetError: a nonce account could not be made, or it is unknown whether it was.
    """
    rent, me = await client.rent(NONCE_SIZE), client.address
    for some in _parts(await _without(client, jobs), _MADE):
        made = [item for job in some for item in nonces.create(me, nonce_name(job), me, rent)]
        await client.call(*made).send()
    signed = list[bytes]()
    for some in _parts(jobs, _AT_ONCE):
        for pair in await asyncio.gather(*(_signed(client, job) for job in some)):
            signed += pair
    return signed


async def take_back(client: AsyncClient, jobs: Sequence[Pubkey]) -> SOL:
    """Closes the nonce accounts of jobs: what was signed on them is void.

    Returns:
        What came back.

    Raises:
        IonetError: it could not be done, or it is unknown whether it was.
    """
    me, known = client.address, await _nonces(client, jobs)
    there = [(nonce_for(me, job), account.lamports) for job, account in known if account is not None]
    for some in _parts(there, _TAKEN):
        await client.call(*(nonces.withdraw(place, me, me, lamports) for place, lamports in some)).send()
    return SOL.from_base(sum(lamports for _, lamports in there))


async def _without(client: AsyncClient, jobs: Sequence[Pubkey]) -> list[Pubkey]:
    return [job for job, account in await _nonces(client, jobs) if account is None]


async def _nonces(client: AsyncClient, jobs: Sequence[Pubkey]) -> list[tuple[Pubkey, RawAccount | None]]:
    """The jobs' nonce accounts; None also where there are only lamports that anybody may have sent."""
    known = await client.accounts([nonce_for(client.address, job) for job in jobs])
    return [
        (job, account if account is not None and nonces.nonce_of(bytes(account.data)) else None)
        for job, account in zip(jobs, known, strict=True)
    ]


async def _signed(client: AsyncClient, job: Pubkey) -> list[bytes]:
    from ionet import ix

    try:
        account: accounts.jobs.Job = await client.jobs.get_job(job)
    except AccountNotFound:
        return []
    me, offer = client.address, account.offer
    cluster = None if account.cluster == Pubkey.default() else account.cluster
    # Nothing is simulated: of the two only one would do now.
    fees = replace(client.fees, compute_limit=_UNITS)
    signed = []
    for how in (
        ix.jobs.stop(party=me, job=job, offer=offer),
        ix.jobs.cancel(party=me, job=job, offer=offer, cluster=cluster),
    ):
        call = client.call(how).with_nonce(nonce_for(me, job))
        signed.append(bytes(await call.tx(fees=fees)))
    return signed


def _parts(items: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), most):
        yield items[start : start + most]

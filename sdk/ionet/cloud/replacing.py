"""Books nodes in place of those that a running cluster has lost, with a session key of bounded funds.

It is a process that the renter leaves running where they like. It holds the session key and no other: what it
can spend in all is the allowance on the renter's token account, which the token program keeps to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

from ionet.chain.amounts import BPS, USD, Amount
from ionet.chain.errors import AccountNotFound, IonetError, RpcError, TransportError
from ionet.chain.pda import token_account
from ionet.formats.when import HOUR, span
from ionet.token.currency import unit_of

if TYPE_CHECKING:
    from ionet import AsyncClient, ClusterStatus, KeyedAccount, Listing, accounts
    from ionet.jobs.quotes import Quotes

#: Seconds between two looks at the chain.
_LOOK: Final = 10.0
#: `Job.replaces` of one that is booked in place of a lost job.
_REPLACES: Final = 1
#: Bytes of a token account; lamports for the fees of a booking, and for that of returning the rest.
_TOKEN_ACCOUNT: Final = 165
_FEES: Final = 2_000_000
_RETURN: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What a renter allows.

    Attributes:
        replace: how many nodes may be booked in place of lost ones, in all.
        max_rate: highest rate per processor and hour.
        until: when nothing more is booked, Unix seconds of the chain's clock; None: while the cluster runs.
    """

    replace: int
    max_rate: USD
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A node that is to be booked.

    Attributes:
        like: a running job of the cluster, whose class of node, currency and end are wanted.
        seconds: how long: until that job's end, and at least an hour.
        not_these: nodes that the cluster has or had.
    """

    like: accounts.jobs.Job
    seconds: int
    not_these: frozenset[Pubkey]


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of a look at the cluster.

    Attributes:
        why: in a sentence.
        booked: the job that was booked, or None.
        over: whether nothing will ever be booked for it again.
    """

    why: str
    booked: Pubkey | None = None
    over: bool = False


def wanted(
    cluster: ClusterStatus,
    jobs: Sequence[KeyedAccount[accounts.jobs.Job]],
    limits: Limits,
    replaced: int,
    had: Collection[Pubkey],
    head: Pubkey,
    now: int,
) -> Wanted | Looked:
    """What a cluster needs now within the limits, or why nothing is booked. Pure.

    Args:
        cluster: its status.
        jobs: its jobs that are not closed.
        limits: what the renter allows.
        replaced: how many nodes were booked in place of lost ones before.
        had: all nodes that it has or had.
        head: the job that was booked first: without its node there is nothing to join.
        now: the chain's time, Unix seconds.
    """
    from ionet import JobState

    running = {job.address: job.account for job in jobs if job.account.state == JobState.RUNNING}
    running = {address: job for address, job in running.items() if not job.reason and job.ends_at > now}
    if not running and not cluster.waiting:
        return Looked("none of its jobs runs any more", over=True)
    if not running or cluster.missing:
        return Looked("it has not started")
    if head not in running:
        return Looked(
            "its head, the node that was booked first, has left: there is nothing to join, and the others are"
            " paid until each is stopped",
            over=True,
        )
    if cluster.broken or not cluster.lost:
        return Looked("no node is lost")
    if limits.until is not None and now >= limits.until:
        return Looked("a node is lost, and the session has ended: nothing more is booked")
    if replaced >= limits.replace:
        lost = f"{cluster.lost} node{'s are' if cluster.lost > 1 else ' is'} lost"
        return Looked(
            f"{lost}, and {replaced} of {limits.replace} were replaced: the limit --replace is reached"
        )
    latest = max(running.values(), key=lambda job: job.ends_at)
    return Wanted(latest, max(HOUR, latest.ends_at - now), frozenset(had))


def affordable(offered: Sequence[Listing], max_rate: USD) -> list[Listing]:
    """Nodes within a rate, the cheapest first: with all their processors, as an allowance pays them. Pure."""
    fitting = [listing for listing in offered if listing.rate <= max_rate]
    return sorted(fitting, key=lambda listing: listing.rate.base * listing.units)


def beyond(deposit: Amount, allowed: Amount, balance: Amount) -> str | None:
    """Why a deposit cannot be paid; None if it can.

    Args:
        deposit: what a booking takes.
        allowed: what is left of the session key's allowance.
        balance: what the renter's token account has.
    """
    if allowed < deposit:
        return f"the deposit is {deposit}, and the session key may spend {allowed} more"
    return f"the deposit is {deposit}, and the renter has {balance}" if balance < deposit else None


def most_needed(quotes: Quotes, limits: Limits) -> Amount:
    """The most that replacements within the limits may take into escrow: what a session key is to be allowed.

    Each at the highest rate for the whole time, on a node with as many processors as the largest, with the
    fees and the slippage of the quotes.

    Args:
        quotes: of the cluster.
        limits: what the renter allows.
    """
    largest = max(quotes.nodes, key=lambda quote: quote.units)
    most = max(quote.limit.base * limits.max_rate.base * largest.units * BPS
               // (quote.rate.base * quote.units) for quote in quotes.nodes)  # fmt: skip
    return quotes.unit.from_base((-(-most // BPS) + 1) * limits.replace)


async def entrust(
    client: AsyncClient, cluster: Pubkey, key: Pubkey, quotes: Quotes, limits: Limits
) -> Amount:
    """Lets a session key replace a cluster's nodes; for its renter. Returns what it may spend in all.

    It becomes the cluster's delegate, may spend what replacements within the limits cost, and gets SOL for
    their rent, which comes back to it, and for fees. A token account has one such key: it replaces another.

    Args:
        client: the renter's.
        cluster: the cluster's account.
        key: the session key.
        quotes: of the cluster.
        limits: what the renter allows.

    Raises:
        IonetError: it failed.
    """
    from ionet import accounts

    allowed = most_needed(quotes, limits)
    assert accounts.jobs.Job.SIZE is not None
    # A job, its escrow and, where the supplier is paid in IO, its payout account.
    rent = await client.rent(accounts.jobs.Job.SIZE) + 2 * await client.rent(_TOKEN_ACCOUNT)
    lamports = limits.replace * (rent + _FEES)
    sol = transfer(TransferParams(from_pubkey=client.address, to_pubkey=key, lamports=lamports))
    call = client.jobs.set_delegate(cluster, key)
    call += client.jobs.approve_session_key(key, quotes.mint, allowed)
    await (call + client.call(sol)).send()
    return allowed


async def take_back(client: AsyncClient, session: AsyncClient, mint: Pubkey) -> None:
    """Ends a session key's allowance, and has it return what SOL it has left.

    Args:
        client: the renter's.
        session: signed by the session key.
        mint: of the currency.

    Raises:
        IonetError: it failed.
    """
    await client.jobs.revoke_session_key(mint).send()
    left = (await session.balance()).base - _RETURN
    if left > 0:
        to = TransferParams(from_pubkey=session.address, to_pubkey=client.address, lamports=left)
        await session.call(transfer(to)).send()


class AsyncGuard:
    """Watches one cluster, and replaces what it loses.

    Args:
        client: its signer is the session key: the cluster's delegate, allowed to spend by the renter.
        cluster: the cluster's account.
        limits: what the renter allows.
        tell: told what is new, in a sentence.
    """

    def __init__(
        self,
        client: AsyncClient,
        cluster: Pubkey,
        limits: Limits,
        tell: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._client, self._cluster, self._limits, self._tell = client, cluster, limits, tell
        self._head: Pubkey | None = None
        self._had: set[Pubkey] = set()
        #: Jobs that were booked in place of lost ones.
        self._booked: set[Pubkey] = set()
        self._told = ""
        self._ends, self._over = asyncio.Event(), asyncio.Event()

    @property
    def replaced(self) -> int:
        """How many nodes were booked in place of lost ones, as far as this process knows."""
        return len(self._booked)

    async def run(self) -> str:
        """Watches until the cluster is over, or it is to end; returns what was seen last."""
        try:
            return await self._watch()
        finally:
            self._over.set()

    async def end(self) -> None:
        """Has it book no more, and waits for a booking that is under way: whoever ends the jobs sees all."""
        self._ends.set()
        await self._over.wait()

    async def _watch(self) -> str:
        while not self._ends.is_set():
            try:
                looked = await self.look()
            except (RpcError, TransportError) as bad:
                looked = Looked(f"the chain cannot be read now: {bad}")
            except IonetError as bad:
                looked = Looked(f"no node was booked: {bad}")
            if looked.why != self._told:
                self._told = looked.why
                self._tell(looked.why)
            if looked.over:
                break
            with suppress(TimeoutError):
                async with asyncio.timeout(0 if looked.booked else _LOOK):
                    await self._ends.wait()
        return self._told

    async def look(self) -> Looked:
        """Looks at the chain once, and books one node at most.

        A booking whose outcome is unknown is no second one: the program takes as many as were lost.

        Raises:
            IonetError: the chain cannot be read, or the booking failed.
        """
        client = self._client
        try:
            cluster = await client.jobs.get_cluster(self._cluster)
        except AccountNotFound:
            return Looked("the cluster is closed", over=True)
        if client.address not in (cluster.delegate, cluster.renter):
            return Looked(f"{client.address} is not the cluster's delegate, and may not book for it")
        jobs = await client.jobs.cluster_jobs(self._cluster)
        self._learn(jobs)
        if self._head is None:
            return Looked("it has no job that could be replaced", over=True)
        found = wanted(cluster, jobs, self._limits, self.replaced, self._had, self._head, await client.time())
        return found if isinstance(found, Looked) else await self._book(cluster, found)

    def _learn(self, jobs: Sequence[KeyedAccount[accounts.jobs.Job]]) -> None:
        """Takes note of which jobs there were, and which of them were booked in place of lost ones."""
        from ionet import JobState

        if jobs and self._head is None and not jobs[0].account.replaces:
            self._head = jobs[0].address
        self._had |= {job.account.node for job in jobs}
        for job in jobs:
            never = job.account.state == JobState.ENDED and not job.account.started_at
            if job.account.replaces == _REPLACES and not never:
                self._booked.add(job.address)
            elif never:
                # What it cost came back, but for the time held.
                self._booked.discard(job.address)

    async def _book(self, cluster: ClusterStatus, want: Wanted) -> Looked:
        client, limits = self._client, self._limits
        kind = (await client.staking.get_node(want.like.node)).class_
        currency = want.like.mint
        offered = await client.jobs.search(class_=kind, seconds=want.seconds, currency=currency)
        offered = [listing for listing in offered if listing.node not in want.not_these]
        fitting = affordable(offered, limits.max_rate)
        if not fitting:
            dearer = f"; the cheapest costs {offered[0].rate}" if offered else ""
            return Looked(
                f"a node is lost, and no other of its class is free for {limits.max_rate} per processor and"
                f" hour or less, the limit --max-rate{dearer}"
            )
        quote = await client.jobs.quote(fitting[0].node, want.seconds, currency=currency)
        if quote.rate > limits.max_rate:
            # Its supplier has raised it since the search: what is booked is what was quoted, or nothing.
            return Looked(
                f"a node is lost, and none is booked: {quote.node} asks for {quote.rate} now, which is more"
                f" than {limits.max_rate}, the limit --max-rate"
            )
        # The renter may be a session key itself: then it is its wallet that pays.
        mine = cluster.renter == client.address
        owner = client.wallet if mine else cluster.renter
        purse = await client.token_account(token_account(owner, quote.mint))
        unit = unit_of(await client.jobs.get_currency(currency))
        allowed = purse.delegated_amount if purse.delegate == client.address else 0
        if owner == client.address:
            allowed = purse.amount
        why = beyond(quote.deposit, unit.from_base(allowed), unit.from_base(purse.amount))
        if why is not None:
            return Looked(f"a node is lost, and none is booked: {why}")
        sent = await client.jobs.replace_lost(self._cluster, quote.node, want.seconds, quote=quote).send()
        self._booked.add(sent.result)
        self._had.add(quote.node)
        return Looked(
            f"a node is lost: {quote.node} is booked in its place for {span(want.seconds)}, as job"
            f" {sent.result}, for {quote.deposit} in escrow",
            sent.result,
        )

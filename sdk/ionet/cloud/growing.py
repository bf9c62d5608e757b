"""Nodes that join a running cluster: which, for how long, and at what price.

The program adds a place and books the node for it in one transaction. Nothing of the cluster waits for it: a
node that does not start costs the time that it was held, and the others go on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey

from ionet.chain.errors import IonetError, TransactionNotShown
from ionet.cloud.choosing import Wish, check_rates, choose, choose_together, given_by, that_give
from ionet.cloud.errors import CannotResize, NoNode, NotEnough
from ionet.cloud.fitting import Together
from ionet.cloud.running import Tell
from ionet.formats.when import HOUR, span
from ionet.store.manifest import Function

if TYPE_CHECKING:
    from ionet import USD, AsyncClient, KeyedAccount, Listing, accounts
    from ionet.chain.amounts import Amount
    from ionet.formats.canonical import Json
    from ionet.jobs.quotes import Quotes
    from ionet.store.manifest import Manifest

#: What a cluster's file wants between any two nodes, among its manifest's arguments: bits a second at least,
#: and microseconds of a round trip at most.
BANDWIDTH: Final = "min_bits"
LATENCY: Final = "max_microseconds"
#: Of the cheapest nodes, whose statements of what they give are asked for.
_LOOKED_AT: Final = 40


@dataclass(frozen=True, slots=True)
class Growth:
    """Nodes that would join a cluster, and at what price.

    Attributes:
        cluster: the cluster's account.
        quotes: of each node, with every fee.
        seconds: for how long: until the first node's end, and at least an hour.
    """

    cluster: Pubkey
    quotes: Quotes
    seconds: int

    @property
    def nodes(self) -> tuple[Pubkey, ...]:
        """Those that would be booked."""
        return tuple(quote.node for quote in self.quotes.nodes)

    @property
    def limit(self) -> Amount:
        """The most that goes into escrow."""
        return self.quotes.limit


def check_size(name: str, manifest: Manifest, there: int, count: int, cluster: Pubkey | None) -> None:
    """Checks that a cluster may have so many nodes. Pure.

    Args:
        name: how its renter calls it.
        manifest: what it runs.
        there: how many it has.
        count: how many it is to have.
        cluster: its account; None for a node that stands alone.

    Raises:
        CannotResize: it may not; the message says what would be right.
    """
    most = most_nodes(manifest)
    if cluster is None:
        raise CannotResize(
            f"{name} is a node that stands alone, which no other can join; for one that grows give its most"
            f" nodes when it is booked: ionet cluster up --max-nodes {count}"
        )
    if most is not None and count > most:
        raise CannotResize(f"{name} has at most {most} nodes, as its file says `max_nodes: {most}`")
    if manifest.on_loss == "end" and count > there:
        raise CannotResize(
            f"{name} ends when a node leaves it, as its file says `on_loss: end`, and takes no other one"
        )


def arguments_of(manifest: Manifest) -> Mapping[str, Json]:
    """What a cluster's file says, as its manifest has it; empty where it runs something else."""
    return manifest.entrypoint.arguments if isinstance(manifest.entrypoint, Function) else {}


def most_nodes(manifest: Manifest) -> int | None:
    """The most nodes that a cluster's file allows; None if it says nothing."""
    most = arguments_of(manifest).get("max_nodes")
    return most if isinstance(most, int) and not isinstance(most, bool) else None


def wanted_between(manifest: Manifest) -> Together:
    """What a cluster's file wants between any two of its nodes."""
    arguments = arguments_of(manifest)
    bits, trip = arguments.get(BANDWIDTH, 0), arguments.get(LATENCY, 0)
    return Together(bits if isinstance(bits, int) else 0, trip if isinstance(trip, int) else 0)


async def offer_growth(
    client: AsyncClient,
    store: str,
    cluster: Pubkey,
    manifest: Manifest,
    more: int,
    *,
    max_rate: USD | None = None,
    currency: Pubkey | None = None,
    avoid: Collection[Pubkey] = (),
) -> Growth:
    """Chooses nodes that would join a running cluster, and asks for their price. Nothing is sent.

    They are of the head's class, give what the cluster's manifest asks for, are as near to its nodes and to
    each other as that says, and the cheapest of those.

    Args:
        client: of the renter.
        store: URL of the gateway, ``https://…``, that keeps what nodes have signed that they give.
        cluster: the cluster's account.
        manifest: what it runs.
        more: how many.
        max_rate: highest rate per processor and hour; None for any.
        currency: what to pay in; None: what the head is paid in.
        avoid: nodes that are not to join.

    Raises:
        CannotResize: the cluster does not run, or its head has left.
        NoNode: not enough nodes fit; the message says what there is.
        NotBookable, PriceUnusable: a node cannot be booked at present.
    """
    from ionet import CloseReason, JobState

    jobs, now = await client.jobs.cluster_jobs(cluster), await client.time()
    head = jobs[0].account if jobs else None
    # Where the first one came later, the head is closed: a newcomer would wait for it, and be paid.
    gone = head is None or head.replaces or head.state != JobState.RUNNING
    if head is None or gone or head.reason or head.ends_at <= now:
        raise CannotResize("its first node does not run: there is nothing to join")
    left = {CloseReason.RENTER_STOPPED, CloseReason.RENTER_CANCELLED, CloseReason.COMPLETED}
    had = {job.account.node for job in jobs if CloseReason(job.account.reason) not in left}
    seconds = max(HOUR, head.ends_at - now)
    mint = currency or head.mint
    wish = Wish(seconds, mint, class_id=(await client.staking.get_node(head.node)).class_, max_rate=max_rate)
    fitting = joining(await choose(client, wish), manifest, {*had, *avoid})
    if fitting:
        given = {}
        try:
            given = await given_by(client, store, [item.node for item in fitting[:_LOOKED_AT]])
        except NoNode:
            if manifest.image is not None:
                raise
        fitting = that_give(fitting, given, manifest, named=False)
    if len(fitting) < more:
        raise NoNode(f"{len(fitting)} such nodes are free for {span(seconds)}, not {more}")
    nodes = [item.node for item in fitting]
    if wanted := wanted_between(manifest):
        there = [
            job.account.node for job in jobs if not job.account.reason and job.account.state != JobState.ENDED
        ]
        nodes = list((await choose_together(client, store, nodes, more, wanted, there)).nodes)
    nodes = nodes[:more]
    quotes = await client.jobs.quotes(nodes, seconds, currency=mint)
    check_rates(quotes, max_rate)
    return Growth(cluster, quotes, seconds)


def joining(listings: Sequence[Listing], manifest: Manifest, avoid: Collection[Pubkey]) -> list[Listing]:
    """Nodes with enough processors that did not leave this cluster by themselves, the cheapest first. Pure.

    All processors of a node are paid: a low rate of each is no low price of more than are asked for.

    Args:
        listings: nodes that can be booked.
        manifest: what the cluster runs.
        avoid: nodes that are not asked again.
    """
    fitting = [item for item in listings if item.node not in avoid and item.units >= manifest.resources.gpus]
    return sorted(fitting, key=lambda item: item.rate.base * item.units)


async def grow(client: AsyncClient, growth: Growth, tell: Tell = lambda text: None) -> list[Pubkey]:
    """Books nodes for a running cluster, one after the other; returns their jobs.

    Args:
        client: of the renter, who may be a session key.
        growth: what was agreed to: no more than its limits is paid.
        tell: told of each.

    Raises:
        NotEnough: the deposit is more than the signer may spend; nothing was sent.
        IonetError: a node could not be booked, or it is unknown whether it was; those before are booked, and
            a note says which.
    """
    quotes, jobs = growth.quotes, list[Pubkey]()
    allowed = quotes.unit.from_base(await client.jobs.spendable(quotes.mint))
    if allowed < quotes.deposit:
        whose = "the session key may spend" if client.wallet != client.address else "you have"
        raise NotEnough(f"the deposit is {quotes.deposit}, {whose} {allowed}")
    for quote in quotes.nodes:
        call = client.jobs.grow_cluster(
            growth.cluster, quote.node, growth.seconds, currency=quotes.mint, quote=quote
        )
        try:
            jobs.append((await call.send()).result)
        except TransactionNotShown:
            # It has landed: the chain's accounts say what it booked.
            jobs.append(_of(await client.jobs.cluster_jobs(growth.cluster), quote.node))
        except IonetError as bad:
            if jobs:
                bad.add_note(f"booked are: {', '.join(map(str, jobs))}; not {quote.node}")
            raise
        tell(f"{quote.node} is booked, as job {jobs[-1]}")
    return jobs


def _of(jobs: Sequence[KeyedAccount[accounts.jobs.Job]], node: Pubkey) -> Pubkey:
    """The latest job on a node."""
    return max(
        (job for job in jobs if job.account.node == node), key=lambda job: job.account.booked_at
    ).address

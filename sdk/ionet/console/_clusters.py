"""Clusters: booking several nodes as one, stopping and refunding them as one, and getting into them."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request

from ionet import USD, AsyncClient, pda
from ionet.chain.errors import AmountError
from ionet.cloud import Wish
from ionet.cloud.packing import Package
from ionet.cloud.sessions import Login
from ionet.console import _cluster_models as c
from ionet.console._account import _signed as signed_in
from ionet.console._bundles import Bundle, bundle, bundles, shown
from ionet.console._cluster_calls import Action, check_asked, close_call, cluster_call, said
from ionet.console._founding import WantedCluster
from ionet.console._parts import Have, Parts
from ionet.console._several import ClusterPlan
from ionet.console._who import Forbidden, Owner, Reader, Renter
from ionet.explorer._market import Absent
from ionet.explorer._values import BadQuestion, address_of, money

clusters: Final = APIRouter()
_Cluster = Annotated[str, Path(min_length=32, max_length=44)]
_Plan = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


@clusters.post(
    "/clusters/plans", summary="Prepares a cluster: nodes, prices, files in the store; nothing is paid"
)
async def plan(parts: Have, renter: Renter, asked: c.AskedClusterPlan) -> c.PlannedCluster:
    """A plan."""
    count = _count(asked)
    packed = Package((), {})
    if asked.package is not None:
        packed = parts.uploads.package(asked.package, renter.wallet, ())
    wanted = WantedCluster(
        _wish(asked),
        count,
        asked.hold,
        asked.setup,
        asked.command,
        asked.on_loss,
        asked.env,
        asked.pip,
        asked.internet,
        asked.cpus,
        asked.memory,
        asked.gpus,
    )
    made = await parts.several.plan(renter, asked.package or "", packed, wanted)
    return await _planned(parts.client, made)


def _count(asked: c.AskedClusterPlan) -> int:
    if bool(asked.nodes) == (asked.count is not None):
        raise BadQuestion("name the nodes, or say how many of which class: one of both")
    if len(set(asked.nodes)) < len(asked.nodes):
        raise BadQuestion("a node is named twice: name each node of a cluster once")
    if asked.count is not None and asked.class_id is None:
        raise BadQuestion("say of which class: count takes class_id")
    count = asked.count or len(asked.nodes)
    if count == 1 and asked.hold is None:
        raise BadQuestion("one node that runs a command is no cluster: use /plans, or hold it for commands")
    return count


def _wish(asked: c.AskedClusterPlan) -> Wish:
    rate = None
    if asked.max_rate is not None:
        try:
            rate = USD(asked.max_rate)
        except AmountError:
            raise BadQuestion(f"max_rate is in dollars, such as 0.45, not {asked.max_rate!r}") from None
    return Wish(
        seconds=asked.seconds,
        currency=asked.currency,
        class_id=asked.class_id,
        region=asked.region,
        max_rate=rate,
        memory_gib=asked.min_memory_gib,
        only=tuple(map(address_of, asked.nodes)),
    )


async def _planned(client: AsyncClient, made: ClusterPlan) -> c.PlannedCluster:
    quotes, manifest = made.offered.quotes, made.offered.manifest
    return c.PlannedCluster(
        plan=made.name,
        cluster=str(made.cluster),
        id=made.id.hex(),
        nodes=tuple(
            c.PlannedNode(
                node=str(quote.node),
                usd=money(quote.usd),
                deposit=money(quote.deposit),
                limit=money(quote.limit),
            )
            for quote in quotes.nodes
        ),
        gives=made.offered.gives,
        reasons=made.offered.reasons,
        seconds=quotes.nodes[0].seconds,
        usd=money(quotes.usd),
        price=money(quotes.total("price")),
        fee=money(quotes.total("fee")),
        deposit=money(quotes.deposit),
        limit=money(quotes.limit),
        balance=money(quotes.unit.from_base(await client.tokens(made.owner, quotes.mint))),
        mint=str(quotes.mint),
        renter=str(made.key.pubkey()),
        manifest=manifest.to_bytes().decode(),
        title=made.kept.title,
    )


@clusters.post(
    "/clusters/plans/{plan}/calls/book",
    summary="The next transaction that books what was planned, to be checked and signed",
)
async def book(parts: Have, renter: Renter, plan: _Plan) -> c.ClusterCall:
    """A transaction; as long as nodes are left, another one once it has landed."""
    made = parts.several.get(plan, renter.wallet)
    built = await parts.several.book(made)
    agreed = [quote.limit for quote in made.offered.quotes.nodes if quote.node in built.nodes]
    return said(made.cluster, built, agreed)


# -- what there is


@clusters.get("/clusters", summary="The wallet's clusters, the latest first")
async def list_(parts: Have, reader: Reader) -> c.Clusters:
    """Clusters that were booked here, and others of the wallet that are not closed."""
    found = [await shown(parts, reader, it) for it in await bundles(parts, reader)]
    there = [it for it in found if it is not None]
    return c.Clusters(clusters=tuple(sorted(there, key=lambda it: (-it.booked_at, it.cluster))))


@clusters.get(
    "/clusters/{cluster}", summary="Where a cluster stands, and what it comes to if it is ended now"
)
async def cluster_(parts: Have, reader: Reader, cluster: _Cluster) -> c.Cluster:
    """A cluster."""
    it = await shown(parts, reader, await bundle(parts, reader, cluster))
    if it is None:
        raise Absent("nothing of this cluster was booked")
    return it


# -- ending, and more time


@clusters.post(
    "/clusters/{cluster}/calls/{action}",
    summary="A transaction about jobs of a cluster, as many as fit, to be checked and signed",
)
async def about(
    parts: Have, renter: Renter, cluster: _Cluster, action: Action, asked: c.AskedClusterCall
) -> c.ClusterCall:
    """A transaction; as long as jobs are left, another one once it has landed."""
    check_asked(action, asked)
    it = await bundle(parts, renter, cluster)
    if action == "close":
        return await close_call(parts.client, renter, it)
    return await cluster_call(parts.client, renter, it, action, asked)


# -- getting in


@clusters.post(
    "/clusters/{cluster}/access", summary="The access of a cluster, for commands on another machine"
)
async def access(
    parts: Have, owner: Owner, request: Request, cluster: _Cluster, signed: c.AskedClusterAccess
) -> c.ClusterAccess:
    """Access to this cluster alone. It outlives the session, so that the wallet signs anew for it."""
    it = await bundle(parts, owner, cluster)
    if it.key is None or it.kept is None:
        raise BadQuestion("this cluster was not booked here, so that this console has no access to it")
    if not it.kept.name:
        raise BadQuestion("this cluster runs a program: only one that waits for commands is entered")
    fresh, _ = signed_in(parts, request, signed, keep=False)
    if fresh.address != owner.wallet:
        raise Forbidden(f"{fresh.address} has signed, and the session is that of {owner.wallet}")
    return await _access(parts, it, it.kept.name)


async def _access(parts: Parts, it: Bundle, name: str) -> c.ClusterAccess:
    assert it.key is not None
    assert it.kept is not None
    # It may spend nothing: the least limit that a session can say, and its time is over.
    login = Login(
        key=it.key,
        wallet=it.kept.owner,
        mint=pda.mint.MINT,
        limit=1,
        until=await parts.client.time(),
        genesis=parts.genesis,
    )
    return c.ClusterAccess(
        session=login.to_text(),
        key=str(it.key.pubkey()),
        gateway=parts.config.gateway,
        commands=(
            f"ionet cluster ssh {name}",
            f"ionet cluster notebook {name}",
            f"ionet cluster sync ./data {name}:data",
            f"ionet cluster dashboard {name}",
        ),
    )

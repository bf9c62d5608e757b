"""`ionet job`: manifests and bookings."""

from __future__ import annotations

from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from solders.pubkey import Pubkey

from ionet import AmountError, ClusterNotBooked, ProgramError, Sent, accounts, constants, pda
from ionet.chain.signers import Signer
from ionet.cli.arguments import address
from ionet.cli.failures import NOT_FOUND, REFUSED, UNUSABLE, UserError
from ionet.cli.job.gives import GatewayToAsk, check
from ionet.cli.job.parts import (
    ClassFilter,
    Currency,
    For,
    ManifestHash,
    MaxLatency,
    MaxRate,
    MinBandwidth,
    MinLink,
    MinMemory,
    MinUnits,
    Nodes,
    RegionFilter,
    Slippage,
    needs_text,
    quotes_json,
    show_quotes,
)
from ionet.cli.node.parts import class_of
from ionet.cli.options import Commands
from ionet.cli.output import span, when
from ionet.cli.session import Session, session
from ionet.jobs.escrow import if_cancelled
from ionet.token.currency import unit_of

if TYPE_CHECKING:
    from ionet import CancelledBooking, ClusterStatus, KeyedAccount, Quotes
    from ionet.store.manifest import Manifest

app = Commands()

ManifestFile = Annotated[
    Path | None,
    typer.Option("--manifest", metavar="FILE", help="What to run: TOML or JSON; see `ionet job manifest`."),
]
ManifestStore = Annotated[
    str | None,
    typer.Option(
        "--store", metavar="STORE", help="Put it there: a gateway's URL, or an orchestrator's directory."
    ),
]


@app.command()
def manifest(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="TOML or JSON, written by hand.")],
    store: ManifestStore = None,
) -> None:
    """Check a manifest, and show the hash that a booking carries."""
    from ionet.store.manifest import Command

    content = _load(file)
    digest = _put(store, content) if store else content.hash
    entry = content.entrypoint
    io = session()
    io.screen.facts(
        [
            ("Hash", digest.hex()),
            ("Runs", " ".join(entry.argv) if isinstance(entry, Command) else entry.path),
            ("Nodes", content.nodes),
            ("Each gives", needs_text(content.resources)),
            ("At most", f"{span(content.max_duration)} a run"),
            ("Inputs", f"{len(content.inputs)} files" if content.inputs else None),
            ("Stored in", store),
        ],
        data={
            "hash": digest,
            "manifest": content.to_dict(),
            "store": store,
        },
    )


def _load(file: Path) -> Manifest:
    from ionet.store.manifest import Manifest, ManifestError

    try:
        return Manifest.load(file)
    except ManifestError as bad:
        raise UserError(str(bad), UNUSABLE) from None


def _put(store: str, content: Manifest) -> bytes:
    from ionet.store import HttpStore
    from ionet.store.manifest import FileStore

    if store.startswith(("http://", "https://")):
        with closing(HttpStore(store, session().signer)) as gateway:
            return gateway.put(content.to_bytes())
    return FileStore(store).put_manifest(content)


@app.command()
def book(
    seconds: For,
    nodes: Nodes = None,
    file: ManifestFile = None,
    manifest_hash: ManifestHash = None,
    store: ManifestStore = None,
    currency: Currency = "IO",
    slip: Slippage = "1",  # type: ignore[assignment]  # read by its parser
    class_: ClassFilter = None,
    count: Annotated[
        int | None,
        typer.Option(
            "--count", min=1, max=constants.jobs.MAX_CLUSTER, help="How many of the cheapest such nodes."
        ),
    ] = None,
    region: RegionFilter = None,
    max_rate: MaxRate = None,
    memory: MinMemory = 0,
    link: MinLink = 0,
    units: MinUnits = 1,
    min_bandwidth: MinBandwidth = "0",  # type: ignore[assignment]  # read by its parser
    max_latency: MaxLatency = "0",  # type: ignore[assignment]  # read by its parser
    gateway: GatewayToAsk = None,
    payer: Annotated[
        str | None,
        typer.Option(
            "--payer",
            metavar="KEYPAIR",
            help="Pays for one node, and gets refund and rent; with --sign-only an address; default: you.",
        ),
    ] = None,
) -> None:
    """Book a node, or several as a cluster, which starts when all are booked; the quote is shown first.

    The deposit goes into the job's own escrow. Cancelling before the start costs the time that the node was
    held, at least the booking fee. If one of several nodes cannot be booked, the others are cancelled and
    refunded at once. With --payer somebody else pays: the deposit comes from their account, and refunds go
    there.

    With --min-bandwidth or --max-latency only such nodes are chosen as fit together, by what any two of them
    have measured and both signed within a day; --dry-run shows it. What was not measured does not fit.
    """
    digest, content = _manifest(file, manifest_hash, store)
    io = session()
    if nodes and any(option is not None for option in (class_, count, region, max_rate)):
        raise UserError("name nodes, or choose them by --class, --count, --region and --max-rate; not both")
    wanted = min_bandwidth, max_latency
    if any(wanted) and len(nodes or []) < 2 and (count or 1) < 2:
        raise UserError("--min-bandwidth and --max-latency are for several nodes: give --count")
    chosen = nodes or _choose(
        io, class_, count or 1, region=region, max_rate=max_rate, seconds=seconds, currency=currency,
        memory=memory, link=link, units=units, every=any(wanted),
    )  # fmt: skip
    if len(nodes or []) > 1 or (count or 1) > 1:
        chosen = _together(io, gateway, chosen, len(nodes) if nodes else count or 1, wanted)
    if content is not None and content.nodes != len(chosen):
        raise UserError(
            f"the manifest is for {content.nodes} node{'s' * (content.nodes != 1)}, not for {len(chosen)}:"
            " booked like this, it would not be served"
        )
    if content is not None and content.max_duration > seconds:
        io.screen.note(
            f"A run may take {span(content.max_duration)}, but is stopped after the {span(seconds)} booked."
        )
    check(io, gateway, chosen, content)
    paying = _payer(io, payer, len(chosen))
    quotes = io.client.jobs.quotes(chosen, seconds, currency=currency, slippage_bps=slip)
    show_quotes(io, quotes)
    _check_funds(io, quotes, paying)
    if len(chosen) == 1:
        _book_node(io, chosen[0], seconds, digest, currency, quotes, paying)
    else:
        _book_cluster(io, chosen, seconds, digest, currency, quotes)


def _manifest(
    file: Path | None, manifest_hash: bytes | None, store: str | None
) -> tuple[bytes, Manifest | None]:
    if (file is None) == (manifest_hash is None):
        raise UserError("name what to run by --manifest or by --manifest-hash")
    if file is None:
        if store is not None:
            raise UserError("only a manifest file can be put into a store: give --manifest")
        return manifest_hash or b"", None
    content = _load(file)
    return (_put(store, content) if store else content.hash), content


def _choose(
    io: Session,
    class_: str | None,
    count: int,
    *,
    region: int | None,
    max_rate: object,
    seconds: int,
    currency: str,
    memory: int,
    link: int,
    units: int,
    every: bool,
) -> list[Pubkey]:
    if class_ is None:
        raise UserError("name a node, or choose by --class and --count")
    kind = class_of(io, class_)
    listings = io.reader.jobs.search(
        class_=kind.id,
        region=region,
        max_rate=max_rate,  # type: ignore[arg-type]  # read by its parser
        seconds=seconds,
        currency=currency,
        min_memory_gib=memory,
        min_link_mbps=link,
        min_units=units,
    )
    if len(listings) < count:
        raise UserError(
            f"{len(listings)} such nodes are free, not {count}; see `ionet job search`", NOT_FOUND
        )
    return [listing.node for listing in (listings if every else listings[:count])]


def _together(
    io: Session, gateway: str | None, nodes: list[Pubkey], count: int, wanted: tuple[int, int]
) -> list[Pubkey]:
    """The nodes that fit together; says what is known of their links."""
    if gateway is None and not any(wanted):
        return nodes
    import asyncio

    from ionet.cli.job.run import gateway_of
    from ionet.cloud.choosing import choose_together
    from ionet.cloud.fitting import Fit, Together
    from ionet.wire._link import gateway_urls

    _, url = gateway_urls(gateway_of(io, gateway))

    async def chosen() -> Fit:
        client = io.async_reader()
        try:
            return await choose_together(client, url, nodes, count, Together(*wanted))
        finally:
            await client.aclose()

    fit = asyncio.run(chosen())
    for reason in fit.reasons:
        io.screen.note(reason)
    return list(fit.nodes)


def _payer(io: Session, place: str | None, nodes: int) -> Signer | None:
    if place is None:
        return None
    if nodes > 1:
        raise UserError("somebody else pays for one node, not for a cluster: leave --payer out")
    return io.party(place)


def _check_funds(io: Session, quotes: Quotes, payer: Signer | None = None) -> None:
    subject = "you have" if io.login is None else "the session key may spend"
    if payer is None:
        io.check_spending()
        balance = quotes.unit.from_base(io.client.jobs.spendable(quotes.mint))
    else:
        subject = f"{payer.pubkey()} has"
        balance = io.client.tokens(payer.pubkey(), quotes.mint, quotes.unit)
    if balance < quotes.deposit:
        raise UserError(f"the deposit is {quotes.deposit}, {subject} {balance}", REFUSED)


def _book_node(
    io: Session,
    node: Pubkey,
    seconds: int,
    digest: bytes,
    currency: str,
    quotes: Quotes,
    payer: Signer | None = None,
) -> None:
    quote = quotes.nodes[0]
    call = io.client.jobs.book(node, seconds, digest, quote=quote, payer=payer)
    try:
        sent = io.send(call, f"book {node} for {span(seconds)}, at most {quote.limit}", unit=quotes.unit)
    except ProgramError:
        # Another renter may have been faster: the quote explains it better than the program.
        io.client.jobs.quote(node, seconds, currency=currency)
        raise
    job, unit = io.client.jobs.get_job(sent.result), quotes.unit
    deposit = unit.from_base(job.price + job.fee)
    start_by = job.booked_at + constants.jobs.START_WINDOW
    cancelling = unit.from_base(if_cancelled(job, True, job.booked_at)[1].fees)
    io.done(
        sent,
        f"Booked job {sent.result}: {deposit} are in its escrow",
        f"It starts by {when(start_by)}; cancelling costs {cancelling} now, more later",
        f"Next: ionet job watch {sent.result}",
        job=sent.result,
        node=node,
        manifest_hash=digest,
        deposit=deposit,
        start_by=start_by,
        cancel_cost=cancelling,
        quote=quotes_json(quotes),
    )


def _book_cluster(
    io: Session, nodes: list[Pubkey], seconds: int, digest: bytes, currency: str, quotes: Quotes
) -> None:
    import secrets

    chosen = secrets.token_bytes(32)
    cluster = pda.jobs.cluster(io.client.address, chosen)
    _send_cluster(io, cluster, chosen, nodes, seconds, digest, currency, quotes)


def _send_cluster(
    io: Session,
    cluster: Pubkey,
    cluster_id: bytes,
    nodes: list[Pubkey],
    seconds: int,
    digest: bytes,
    currency: str,
    quotes: Quotes,
) -> None:
    action = f"book {len(nodes)} nodes for {span(seconds)}, at most {quotes.limit}"
    jobs = io.client.jobs
    if io.dry_run or io.sign_only:
        calls = jobs.cluster_calls(
            nodes, seconds, digest, cluster_id=cluster_id, currency=currency, quotes=quotes
        )
        if len(calls) > 1 and io.sign_only:
            io.check_several(f"booking {len(nodes)} nodes")
        io.screen.note(f"The first of {len(calls)} transactions:")
        io.send(calls[0], action)
    io.check_several("booking a cluster")
    io.confirm(action)
    io.screen.note(f"Cluster {cluster}; if this is interrupted: ionet job cluster {cluster}")
    booked = 0

    def on_sent(sent: Sent[tuple[Pubkey, ...]]) -> None:
        nonlocal booked
        booked += len(sent.result)
        io.landed(sent.signature)
        io.screen.note(f"{booked} of {len(nodes)} booked: {sent.signature}")

    try:
        booking = jobs.book_cluster(
            nodes,
            seconds,
            digest,
            cluster_id=cluster_id,
            currency=currency,
            quotes=quotes,
            on_sent=on_sent,
        )
    except ClusterNotBooked as bad:
        _tell_undone(io, bad.undone)
        raise
    status = jobs.status(booking.jobs[0])
    io.screen.show(
        {
            "cluster": booking.cluster,
            "jobs": booking.jobs,
            "nodes": nodes,
            "signatures": booking.signatures,
            "manifest_hash": digest,
            "start_by": status.start_by,
            "cancel_cost": status.cancel_cost,
            "quote": quotes_json(quotes),
        },
        f"Booked cluster {booking.cluster} with {len(booking.jobs)} jobs:",
        *(f"  {job} on {node}" for job, node in zip(booking.jobs, nodes, strict=True)),
        f"It starts by {when(status.start_by)}; cancelling costs {status.cancel_cost} now, more later",
        *(f"Signature: {signature}" for signature in booking.signatures),
    )


def _tell_undone(io: Session, undone: tuple[CancelledBooking, ...]) -> None:
    for booking in undone:
        text = f"cancelled and refunded: {booking.signature}" if booking.error is None else booking.error
        io.screen.note(f"  {booking.job} {text}")


@app.command()
def cluster(
    account: Annotated[
        Pubkey | None,
        typer.Argument(metavar="[CLUSTER]", parser=address, help="Its account; default: list all of mine."),
    ] = None,
    nodes: Annotated[
        list[Pubkey] | None,
        typer.Argument(metavar="[NODE]...", parser=address, help="With --complete: the nodes to book."),
    ] = None,
    cancel: Annotated[bool, typer.Option("--cancel", help="Cancel and refund its waiting jobs.")] = False,
    complete: Annotated[
        bool, typer.Option("--complete", help="Book the missing nodes: the cheapest of the same class.")
    ] = False,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Book a node in place of a lost one; like --complete, for its renter or its delegate.",
        ),
    ] = False,
    delegate: Annotated[
        Pubkey | None,
        typer.Option(
            "--delegate", metavar="KEY", parser=address, help="Let this key book and extend for it too."
        ),
    ] = None,
    allow: Annotated[
        str | None,
        typer.Option(
            "--allow", metavar="AMOUNT", help="With --delegate: how much of yours it may spend; 0 ends it."
        ),
    ] = None,
    currency: Annotated[
        str | None,
        typer.Option("--currency", metavar="NAME", help="Currency of --allow; default: its jobs' currency."),
    ] = None,
) -> None:
    """Show a cluster, cancel it, book its missing nodes, or replace a lost one.

    Without an address, list them.
    """
    io = session()
    if account is None:
        _list_clusters(io)
        return
    if cancel + complete + replace + (delegate is not None) > 1:
        raise UserError("give one of --cancel, --complete, --replace and --delegate")
    if allow is not None and delegate is None:
        raise UserError("--allow says what a --delegate may spend")
    status = io.reader.jobs.get_cluster(account)
    jobs = io.reader.jobs.cluster_jobs(account)
    if cancel:
        _cancel_cluster(io, status, jobs)
    elif complete:
        _complete_cluster(io, status, jobs, nodes or [])
    elif replace:
        _replace_lost(io, status, jobs, nodes or [])
    elif delegate is not None:
        _delegate(io, status, jobs, delegate, allow, currency)
    else:
        _show_cluster(io, status, jobs)


def _list_clusters(io: Session) -> None:
    clusters = io.client.jobs.clusters()
    io.screen.table(
        ("cluster", ">jobs", ">booked", ">waiting", "opened", "state"),
        [
            (
                cluster.address,
                cluster.size,
                cluster.joined,
                cluster.waiting,
                when(cluster.opened_at),
                _cluster_state(cluster),
            )
            for cluster in clusters
        ],
        data=clusters,
        empty="You have no open cluster.",
    )


def _cluster_state(cluster: ClusterStatus) -> str:
    if cluster.broken:
        return f"broken: {cluster.broken.explain()}"
    if cluster.missing:
        return f"{cluster.missing} still to be booked"
    if cluster.lost:
        return f"{cluster.lost} lost, to be replaced"
    return "complete" if cluster.waiting else "started"


def _show_cluster(io: Session, cluster: ClusterStatus, jobs: list[KeyedAccount[accounts.jobs.Job]]) -> None:
    statuses = [io.reader.jobs.status(job.address) for job in jobs]
    hints = []
    if cluster.missing and cluster.joined:
        hints.append(f"Complete it: ionet job cluster {cluster.address} --complete")
    if cluster.waiting:
        hints.append(f"Cancel it: ionet job cluster {cluster.address} --cancel")
    if cluster.lost and not cluster.broken:
        hints.append(f"Replace what was lost: ionet job cluster {cluster.address} --replace")
    if cluster.closable:
        hints.append(f"Its account can be closed: ionet job crank --cluster {cluster.address}")
    if not io.screen.as_json:
        print(
            f"Cluster {cluster.address}: {cluster.joined} of {cluster.size} booked; {_cluster_state(cluster)}"
        )
        print(f"Opened {when(cluster.opened_at)}, manifest {cluster.manifest_hash.hex()}")
        if cluster.delegate is not None:
            print(f"Its renter lets {cluster.delegate} book and extend for it")
        if statuses:
            io.screen.rows(
                ("job", "node", "state"), [(status.job, status.node, status.summary) for status in statuses]
            )
        for hint in hints:
            print(hint)
        return
    io.screen.show({"cluster": cluster, "jobs": statuses})


def _cancel_cluster(io: Session, cluster: ClusterStatus, jobs: list[KeyedAccount[accounts.jobs.Job]]) -> None:
    waiting = [job for job in jobs if job.account.state == 0]
    if not waiting:
        raise UserError(f"no job of cluster {cluster.address} waits for its start", NOT_FOUND)
    action = f"cancel {len(waiting)} jobs of cluster {cluster.address}"
    io.check_several("cancelling a cluster")
    if io.dry_run:
        io.screen.show(
            {"dry_run": True, "jobs": [job.address for job in waiting]},
            f"Dry run, nothing was sent: {action}",
        )
        return
    io.confirm(action)
    undone = io.client.jobs.cancel_cluster(cluster.address)
    failed = [booking for booking in undone if booking.error is not None]
    io.screen.table(
        ("job", "cancelled and refunded by"),
        [(booking.job, booking.signature or f"not: {booking.error}") for booking in undone],
        data=undone,
        empty="Nothing waits any more.",
    )
    if failed:
        raise UserError(f"{len(failed)} of {len(undone)} jobs are still booked", REFUSED)


def _complete_cluster(
    io: Session, cluster: ClusterStatus, jobs: list[KeyedAccount[accounts.jobs.Job]], nodes: list[Pubkey]
) -> None:
    if not cluster.missing:
        raise UserError(f"cluster {cluster.address} lacks no node: {_cluster_state(cluster)}", REFUSED)
    if not jobs:
        raise UserError(
            f"no job of cluster {cluster.address} shows what to book; book a new cluster",
            REFUSED,
        )
    first = jobs[0].account
    currency = str(first.mint)
    if not nodes:
        kind = io.reader.staking.get_node(first.node).class_
        free = io.reader.jobs.search(class_=kind, seconds=first.seconds, currency=currency)
        nodes = [listing.node for listing in free[: cluster.missing]]
        if len(nodes) < cluster.missing:
            raise UserError(
                f"{len(nodes)} nodes of its class are free, {cluster.missing} are missing; name others",
                NOT_FOUND,
            )
    quotes = io.client.jobs.quotes(nodes, first.seconds, currency=currency)
    show_quotes(io, quotes)
    _check_funds(io, quotes)
    _send_cluster(
        io, cluster.address, cluster.id, nodes, first.seconds, first.manifest_hash, currency, quotes
    )


def _replace_lost(
    io: Session, cluster: ClusterStatus, jobs: list[KeyedAccount[accounts.jobs.Job]], nodes: list[Pubkey]
) -> None:
    if not cluster.lost:
        raise UserError(f"no job of cluster {cluster.address} was lost", REFUSED)
    now = io.reader.time()
    running = [job.account for job in jobs if job.account.state == 1 and job.account.ends_at > now]
    if not running:
        raise UserError(f"no running job of cluster {cluster.address} shows what to book", REFUSED)
    latest = max(running, key=lambda job: job.ends_at)
    seconds = max(constants.jobs.FIRST_HOUR, latest.ends_at - now)
    currency = str(latest.mint)
    if not nodes:
        kind = io.reader.staking.get_node(latest.node).class_
        nodes = [
            listing.node for listing in io.reader.jobs.search(class_=kind, seconds=seconds, currency=currency)
        ]
    if not nodes:
        raise UserError("no node of its class is free; name another", NOT_FOUND)
    io.check_spending()
    quotes = io.client.jobs.quotes(nodes[:1], seconds, currency=currency)
    show_quotes(io, quotes)
    quote = quotes.nodes[0]
    call = io.client.jobs.replace_lost(cluster.address, quote.node, seconds, quote=quote)
    action = f"replace a lost node by {quote.node} for {span(seconds)}, at most {quote.limit}"
    sent = io.send(call, action, unit=quotes.unit)
    io.done(
        sent,
        f"Booked job {sent.result} in cluster {cluster.address}",
        f"Next: ionet job watch {sent.result}",
        cluster=cluster.address,
        job=sent.result,
        node=quote.node,
        quote=quotes_json(quotes),
    )


def _delegate(
    io: Session,
    cluster: ClusterStatus,
    jobs: list[KeyedAccount[accounts.jobs.Job]],
    delegate: Pubkey,
    allow: str | None,
    currency: str | None,
) -> None:
    if io.login is not None:
        raise UserError(
            "a session key lets nobody else spend: it replaces lost nodes itself, by `ionet job guard`",
            REFUSED,
        )
    call = io.client.jobs.set_delegate(cluster.address, delegate)
    action, spends = f"let {delegate} book and extend for cluster {cluster.address}", None
    if allow is not None:
        if currency is None and not jobs:
            raise UserError("say by --currency what may be spent")
        paid_in = io.reader.jobs.get_currency(currency or jobs[0].account.mint)
        try:
            spends = unit_of(paid_in)(allow)
        except AmountError as bad:
            raise UserError(str(bad)) from None
        action += f", with {spends} of yours" if spends else ", with nothing of yours any more"
        if spends:
            call = call + io.client.jobs.approve_session_key(delegate, paid_in.mint, spends)
        else:
            call = call + io.client.jobs.revoke_session_key(paid_in.mint)
    sent = io.send(call, action)
    io.done(sent, f"Done: {action}", cluster=cluster.address, delegate=delegate, allowed=spends)


def evidence_hash(file: Path | None, digest: bytes | None) -> bytes:
    """The sha256 of a file, or the given one."""
    if (file is None) == (digest is None):
        raise UserError("name the evidence by --evidence or by --evidence-hash")
    return digest or sha256((file or Path()).read_bytes()).digest()

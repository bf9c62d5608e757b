"""`ionet job`: manifests and bookings."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from solders.pubkey import Pubkey

from ionet import AmountError, ClusterNotBooked, ProgramError, Sent, accounts, constants, pda
from ionet.chain.signers import Signer
from ionet.cli.arguments import address
from ionet.cli.failures import NOT_FOUND, REFUSED, UNUSABLE, UserError
from ionet.cli.job.parts import (
    ClassFilter,
    Currency,
    For,
    ManifestHash,
    MaxRate,
    MinLink,
    MinMemory,
    MinUnits,
    Nodes,
    RegionFilter,
    Slippage,
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
    typer.Option(
        "--manifest", metavar="FILE", help="What is to be run: TOML or JSON; see `ionet job manifest`."
    ),
]
StoreFolder = Annotated[
    Path | None,
    typer.Option("--store", metavar="DIR", help="Put it into this store, from which it is served."),
]


@app.command()
def manifest(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="TOML or JSON, written by hand.")],
    store: StoreFolder = None,
) -> None:
    """Check a manifest, and show the hash that a booking carries."""
    from ionet.store.manifest import Command

    found = _load(file)
    digest = _put(store, found) if store else found.hash
    entry = found.entrypoint
    needs = found.resources
    io = session()
    io.screen.facts(
        [
            ("Hash", digest.hex()),
            ("Runs", " ".join(entry.argv) if isinstance(entry, Command) else entry.path),
            ("Nodes", found.nodes),
            (
                "Each needs",
                f"{needs.cpus} cores, {needs.gpus} GPUs, {needs.memory / (1 << 30):g} GiB of memory",
            ),
            ("At most", f"{span(found.max_duration)} a run"),
            ("Inputs", f"{len(found.inputs)} files" if found.inputs else None),
            ("Stored in", store),
        ],
        data={
            "hash": digest,
            "manifest": found.to_dict(),
            "store": None if store is None else str(store),
        },
    )


def _load(file: Path) -> Manifest:
    from ionet.store.manifest import Manifest, ManifestError

    try:
        return Manifest.load(file)
    except ManifestError as bad:
        raise UserError(str(bad), UNUSABLE) from None


def _put(store: Path, found: Manifest) -> bytes:
    from ionet.store.manifest import FileStore

    return FileStore(store).put_manifest(found)


@app.command()
def book(
    seconds: For,
    nodes: Nodes = None,
    file: ManifestFile = None,
    manifest_hash: ManifestHash = None,
    store: StoreFolder = None,
    currency: Currency = "IO",
    slip: Slippage = "1",  # type: ignore[assignment]  # read by its parser
    class_: ClassFilter = None,
    count: Annotated[
        int | None,
        typer.Option(
            "--count", min=1, max=constants.jobs.MAX_CLUSTER, help="So many of the cheapest such nodes."
        ),
    ] = None,
    region: RegionFilter = None,
    max_rate: MaxRate = None,
    memory: MinMemory = 0,
    link: MinLink = 0,
    units: MinUnits = 1,
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
    held, and the booking fee at least. If one of several nodes cannot be booked, the others are cancelled and
    refunded at once. Somebody else can pay (--payer): the deposit comes from their account, and what is given
    back goes there.
    """
    digest, wanted = _manifest(file, manifest_hash, store)
    io = session()
    if nodes and any(one is not None for one in (class_, count, region, max_rate)):
        raise UserError("name nodes, or choose them by --class, --count, --region and --max-rate; not both")
    chosen = nodes or _choose(
        io, class_, count or 1, region=region, max_rate=max_rate, seconds=seconds, currency=currency,
        memory=memory, link=link, units=units,
    )  # fmt: skip
    if wanted is not None and wanted.nodes != len(chosen):
        raise UserError(
            f"the manifest is for {wanted.nodes} node{'s' * (wanted.nodes != 1)}, not for {len(chosen)}:"
            " so booked, it would not be served"
        )
    if wanted is not None and wanted.max_duration > seconds:
        io.screen.note(
            f"A run may take {span(wanted.max_duration)}, but is stopped after the {span(seconds)} booked."
        )
    pays = _payer(io, payer, len(chosen))
    quotes = io.client.jobs.quotes(chosen, seconds, currency=currency, slippage_bps=slip)
    show_quotes(io, quotes)
    _check_purse(io, quotes, pays)
    if len(chosen) == 1:
        _book_one(io, chosen[0], seconds, digest, currency, quotes, pays)
    else:
        _book_cluster(io, chosen, seconds, digest, currency, quotes)


def _manifest(
    file: Path | None, manifest_hash: bytes | None, store: Path | None
) -> tuple[bytes, Manifest | None]:
    if (file is None) == (manifest_hash is None):
        raise UserError("name what is to be run by --manifest or by --manifest-hash")
    if file is None:
        if store is not None:
            raise UserError("only a manifest's file can be put into a store: give --manifest")
        return manifest_hash or b"", None
    found = _load(file)
    return (_put(store, found) if store else found.hash), found


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
) -> list[Pubkey]:
    if class_ is None:
        raise UserError("name a node, or choose by --class and --count")
    kind = class_of(io, class_)
    found = io.reader.jobs.search(
        class_=kind.id,
        region=region,
        max_rate=max_rate,  # type: ignore[arg-type]  # read by its parser
        seconds=seconds,
        currency=currency,
        min_memory_gib=memory,
        min_link_mbps=link,
        min_units=units,
    )
    if len(found) < count:
        raise UserError(f"{len(found)} such nodes are free, not {count}; see `ionet job search`", NOT_FOUND)
    return [one.node for one in found[:count]]


def _payer(io: Session, place: str | None, nodes: int) -> Signer | None:
    if place is None:
        return None
    if nodes > 1:
        raise UserError("somebody else pays for one node, not for a cluster: leave --payer out")
    return io.party(place)


def _check_purse(io: Session, quotes: Quotes, payer: Signer | None = None) -> None:
    who = io.client.address if payer is None else payer.pubkey()
    has = io.client.tokens(who, quotes.mint, quotes.unit)
    if has < quotes.deposit:
        purse = "you have" if payer is None else f"{who} has"
        raise UserError(f"the deposit is {quotes.deposit}, {purse} {has}", REFUSED)


def _book_one(
    io: Session,
    node: Pubkey,
    seconds: int,
    digest: bytes,
    currency: str,
    quotes: Quotes,
    payer: Signer | None = None,
) -> None:
    one = quotes.nodes[0]
    call = io.client.jobs.book(node, seconds, digest, quote=one, payer=payer)
    try:
        sent = io.send(call, f"book {node} for {span(seconds)}, at most {one.limit}", unit=quotes.unit)
    except ProgramError:
        # Another renter may have been faster: the node says it better than the program.
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
    what = f"book {len(nodes)} nodes for {span(seconds)}, at most {quotes.limit}"
    jobs = io.client.jobs
    if io.dry_run or io.sign_only:
        calls = jobs.cluster_calls(
            nodes, seconds, digest, cluster_id=cluster_id, currency=currency, quotes=quotes
        )
        if len(calls) > 1 and io.sign_only:
            io.check_several(f"booking {len(nodes)} nodes")
        io.screen.note(f"The first of {len(calls)} transactions:")
        io.send(calls[0], what)
    io.check_several("booking a cluster")
    io.confirm(what)
    io.screen.note(f"Cluster {cluster}; should this be interrupted: ionet job cluster {cluster}")
    booked = 0

    def told(sent: Sent[tuple[Pubkey, ...]]) -> None:
        nonlocal booked
        booked += len(sent.result)
        io.landed(sent.signature)
        io.screen.note(f"{booked} of {len(nodes)} booked: {sent.signature}")

    try:
        made = jobs.book_cluster(
            nodes,
            seconds,
            digest,
            cluster_id=cluster_id,
            currency=currency,
            quotes=quotes,
            on_sent=told,
        )
    except ClusterNotBooked as bad:
        _tell_undone(io, bad.undone)
        raise
    status = jobs.status(made.jobs[0])
    io.screen.show(
        {
            "cluster": made.cluster,
            "jobs": made.jobs,
            "nodes": nodes,
            "signatures": made.signatures,
            "manifest_hash": digest,
            "start_by": status.start_by,
            "cancel_cost": status.cancel_cost,
            "quote": quotes_json(quotes),
        },
        f"Booked cluster {made.cluster} with {len(made.jobs)} jobs:",
        *(f"  {job} on {node}" for job, node in zip(made.jobs, nodes, strict=True)),
        f"It starts by {when(status.start_by)}; cancelling costs {status.cancel_cost} now, more later",
        *(f"Signature: {one}" for one in made.signatures),
    )


def _tell_undone(io: Session, undone: tuple[CancelledBooking, ...]) -> None:
    for one in undone:
        text = f"cancelled and refunded: {one.signature}" if one.error is None else one.error
        io.screen.note(f"  {one.job} {text}")


@app.command()
def cluster(
    which: Annotated[
        Pubkey | None,
        typer.Argument(metavar="[CLUSTER]", parser=address, help="Its account; default: list all of mine."),
    ] = None,
    nodes: Annotated[
        list[Pubkey] | None,
        typer.Argument(metavar="[NODE]...", parser=address, help="With --complete: what is booked."),
    ] = None,
    cancel: Annotated[bool, typer.Option("--cancel", help="Cancel and refund what waits in it.")] = False,
    complete: Annotated[
        bool, typer.Option("--complete", help="Book what it lacks: the cheapest of the same class.")
    ] = False,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Book a node for one that was lost; for its renter or its delegate, as --complete.",
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
            "--allow", metavar="AMOUNT", help="With --delegate: what it may spend of yours; 0 ends it."
        ),
    ] = None,
    currency: Annotated[
        str | None,
        typer.Option("--currency", metavar="NAME", help="Of --allow; default: what its jobs are paid in."),
    ] = None,
) -> None:
    """Show a cluster, cancel it, complete one that is half booked, or replace a node of it that was lost.

    Without an address, list them.
    """
    io = session()
    if which is None:
        _list_clusters(io)
        return
    if cancel + complete + replace + (delegate is not None) > 1:
        raise UserError("one of --cancel, --complete, --replace and --delegate")
    if allow is not None and delegate is None:
        raise UserError("--allow says what a --delegate may spend")
    found = io.reader.jobs.get_cluster(which)
    jobs = io.reader.jobs.cluster_jobs(which)
    if cancel:
        _cancel_cluster(io, found, jobs)
    elif complete:
        _complete_cluster(io, found, jobs, nodes or [])
    elif replace:
        _replace_lost(io, found, jobs, nodes or [])
    elif delegate is not None:
        _delegate(io, found, jobs, delegate, allow, currency)
    else:
        _show_cluster(io, found, jobs)


def _list_clusters(io: Session) -> None:
    found = io.client.jobs.clusters()
    io.screen.table(
        ("cluster", ">jobs", ">booked", ">waiting", "opened", "state"),
        [
            (one.address, one.size, one.joined, one.waiting, when(one.opened_at), _cluster_state(one))
            for one in found
        ],
        data=found,
        empty="You have no open cluster.",
    )


def _cluster_state(one: ClusterStatus) -> str:
    if one.broken:
        return f"broken: {one.broken.explain()}"
    if one.missing:
        return f"{one.missing} still to be booked"
    if one.lost:
        return f"{one.lost} lost, to be replaced"
    return "complete" if one.waiting else "started"


def _show_cluster(io: Session, found: ClusterStatus, jobs: list[KeyedAccount[accounts.jobs.Job]]) -> None:
    statuses = [io.reader.jobs.status(one.address) for one in jobs]
    hints = []
    if found.missing and found.joined:
        hints.append(f"Complete it: ionet job cluster {found.address} --complete")
    if found.waiting:
        hints.append(f"Cancel it: ionet job cluster {found.address} --cancel")
    if found.lost and not found.broken:
        hints.append(f"Replace what was lost: ionet job cluster {found.address} --replace")
    if found.closable:
        hints.append(f"Its account can be closed: ionet job crank --cluster {found.address}")
    if not io.screen.as_json:
        print(f"Cluster {found.address}: {found.joined} of {found.size} booked; {_cluster_state(found)}")
        print(f"Opened {when(found.opened_at)}, manifest {found.manifest_hash.hex()}")
        if found.delegate is not None:
            print(f"Its renter lets {found.delegate} book and extend for it")
        if statuses:
            io.screen.rows(("job", "node", "state"), [(one.job, one.node, one.summary) for one in statuses])
        for hint in hints:
            print(hint)
        return
    io.screen.show({"cluster": found, "jobs": statuses})


def _cancel_cluster(io: Session, found: ClusterStatus, jobs: list[KeyedAccount[accounts.jobs.Job]]) -> None:
    waiting = [one for one in jobs if one.account.state == 0]
    if not waiting:
        raise UserError(f"no job of cluster {found.address} waits for its start", NOT_FOUND)
    what = f"cancel {len(waiting)} jobs of cluster {found.address}"
    io.check_several("cancelling a cluster")
    if io.dry_run:
        io.screen.show(
            {"dry_run": True, "jobs": [one.address for one in waiting]}, f"Dry run, nothing was sent: {what}"
        )
        return
    io.confirm(what)
    undone = io.client.jobs.cancel_cluster(found.address)
    failed = [one for one in undone if one.error is not None]
    io.screen.table(
        ("job", "cancelled and refunded by"),
        [(one.job, one.signature or f"not: {one.error}") for one in undone],
        data=undone,
        empty="Nothing waits any more.",
    )
    if failed:
        raise UserError(f"{len(failed)} of {len(undone)} jobs are still booked", REFUSED)


def _complete_cluster(
    io: Session, found: ClusterStatus, jobs: list[KeyedAccount[accounts.jobs.Job]], nodes: list[Pubkey]
) -> None:
    if not found.missing:
        raise UserError(f"cluster {found.address} lacks no node: {_cluster_state(found)}", REFUSED)
    if not jobs:
        raise UserError(
            f"nothing is booked in cluster {found.address} that would say what to book; book a new one",
            REFUSED,
        )
    first = jobs[0].account
    currency = str(first.mint)
    if not nodes:
        kind = io.reader.staking.get_node(first.node).class_
        free = io.reader.jobs.search(class_=kind, seconds=first.seconds, currency=currency)
        nodes = [one.node for one in free[: found.missing]]
        if len(nodes) < found.missing:
            raise UserError(
                f"{len(nodes)} nodes of its class are free, {found.missing} are missing; name others",
                NOT_FOUND,
            )
    quotes = io.client.jobs.quotes(nodes, first.seconds, currency=currency)
    show_quotes(io, quotes)
    _check_purse(io, quotes)
    _send_cluster(io, found.address, found.id, nodes, first.seconds, first.manifest_hash, currency, quotes)


def _replace_lost(
    io: Session, found: ClusterStatus, jobs: list[KeyedAccount[accounts.jobs.Job]], nodes: list[Pubkey]
) -> None:
    if not found.lost:
        raise UserError(f"no job of cluster {found.address} was lost", REFUSED)
    now = io.reader.time()
    left = [one.account for one in jobs if one.account.state == 1 and one.account.ends_at > now]
    if not left:
        raise UserError(f"no job of cluster {found.address} runs on that would say what to book", REFUSED)
    like = max(left, key=lambda one: one.ends_at)
    seconds = max(constants.jobs.FIRST_HOUR, like.ends_at - now)
    currency = str(like.mint)
    if not nodes:
        kind = io.reader.staking.get_node(like.node).class_
        nodes = [one.node for one in io.reader.jobs.search(class_=kind, seconds=seconds, currency=currency)]
    if not nodes:
        raise UserError("no node of its class is free; name another", NOT_FOUND)
    quotes = io.client.jobs.quotes(nodes[:1], seconds, currency=currency)
    show_quotes(io, quotes)
    one = quotes.nodes[0]
    call = io.client.jobs.replace_lost(found.address, one.node, seconds, quote=one)
    what = f"replace a lost node by {one.node} for {span(seconds)}, at most {one.limit}"
    sent = io.send(call, what, unit=quotes.unit)
    io.done(
        sent,
        f"Booked job {sent.result} in cluster {found.address}",
        f"Next: ionet job watch {sent.result}",
        cluster=found.address,
        job=sent.result,
        node=one.node,
        quote=quotes_json(quotes),
    )


def _delegate(
    io: Session,
    found: ClusterStatus,
    jobs: list[KeyedAccount[accounts.jobs.Job]],
    delegate: Pubkey,
    allow: str | None,
    currency: str | None,
) -> None:
    call = io.client.jobs.set_delegate(found.address, delegate)
    what, spends = f"let {delegate} book and extend for cluster {found.address}", None
    if allow is not None:
        if currency is None and not jobs:
            raise UserError("say by --currency what may be spent")
        paid_in = io.reader.jobs.get_currency(currency or jobs[0].account.mint)
        try:
            spends = unit_of(paid_in)(allow)
        except AmountError as bad:
            raise UserError(str(bad)) from None
        what += f", with {spends} of yours" if spends else ", with nothing of yours any more"
        if spends:
            call = call + io.client.jobs.approve_session_key(delegate, paid_in.mint, spends)
        else:
            call = call + io.client.jobs.revoke_session_key(paid_in.mint)
    sent = io.send(call, what)
    io.done(sent, f"Done: {what}", cluster=found.address, delegate=delegate, allowed=spends)


def evidence_hash(file: Path | None, digest: bytes | None) -> bytes:
    """The sha256 of a file, or the one that was given."""
    if (file is None) == (digest is None):
        raise UserError("name the evidence by --evidence or by --evidence-hash")
    return digest or sha256((file or Path()).read_bytes()).digest()

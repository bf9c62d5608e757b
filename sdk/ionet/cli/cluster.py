"""`ionet cluster`: Ray clusters of rented nodes, held for commands."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import typer
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet.cli import own_ends
from ionet.cli.arguments import length_of
from ionet.cli.failures import REFUSED, UserError
from ionet.cli.job.parts import (
    ImageOption,
    MaxLatency,
    MaxRate,
    MinBandwidth,
    RegionFilter,
    quotes_json,
    show_quotes,
)
from ionet.cli.job.run import Force, GatewayOption, gateway_of
from ionet.cli.options import Commands
from ionet.cli.output import span, when
from ionet.cli.session import Session, session

if TYPE_CHECKING:
    from ionet import AsyncClient
    from ionet.cloud.clusters import AsyncCluster, Held
    from ionet.cloud.growing import Growth
    from ionet.cloud.launching import Offered
    from ionet.cloud.spec import ClusterFile, ClusterSpec
    from ionet.cloud.volumes import AsyncVolumes

app = Commands("Ray clusters of rented nodes, held for your commands: up, exec, down.")

_FILE: Final = Path("cluster.yaml")

Name: TypeAlias = Annotated[
    str, typer.Argument(metavar="NAME", help="The cluster: its name, or its address.")
]
Work: TypeAlias = Callable[["AsyncClient", str], Coroutine[Any, Any, int]]


def _amount(text: str) -> Decimal:
    """An amount above zero."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(0)
    if not amount.is_finite() or amount <= 0:
        raise typer.BadParameter(f"an amount is above zero, not {text}")
    return amount


def _idle(text: str) -> int:
    """For how long a cluster may be idle, seconds."""
    from ionet.cloud.spec import idle_time

    try:
        return idle_time(text)
    except ValueError as bad:
        raise typer.BadParameter(str(bad)) from None


@app.command()
def up(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]",
            help="What is wanted; default: cluster.yaml, if there is one.",
        ),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="How to call it.")] = None,
    classes: Annotated[
        list[str] | None,
        typer.Option("--class", metavar="CLASS", help="Hardware class; repeated, any of them will do."),
    ] = None,
    nodes: Annotated[int | None, typer.Option("--nodes", min=1, max=255, help="How many nodes.")] = None,
    max_nodes: Annotated[
        int | None,
        typer.Option("--max-nodes", min=1, max=255, help="The most that it may grow to by `resize`."),
    ] = None,
    seconds: Annotated[
        int | None,
        typer.Option("--for", metavar="LENGTH", parser=length_of, help="How long: 90min, 2h, 7d."),
    ] = None,
    max_rate: MaxRate = None,
    budget: Annotated[
        Decimal | None,
        typer.Option(
            "--budget", metavar="AMOUNT", parser=_amount, help="The most that goes into escrow, in --pay."
        ),
    ] = None,
    pay: Annotated[str | None, typer.Option("--pay", metavar="NAME", help="In IO, USDC, or a mint.")] = None,
    region: RegionFilter = None,
    memory: Annotated[
        int | None, typer.Option("--memory", metavar="GIB", min=0, help="Least memory of each node.")
    ] = None,
    cpus: Annotated[int | None, typer.Option("--cpus", min=1, max=1024, help="Cores of each node.")] = None,
    gpus: Annotated[int | None, typer.Option("--gpus", min=0, max=8, help="GPUs of each node.")] = None,
    min_bandwidth: MinBandwidth = "0",  # type: ignore[assignment]  # read by its parser
    max_latency: MaxLatency = "0",  # type: ignore[assignment]  # read by its parser
    idle: Annotated[
        int | None,
        typer.Option(
            "--idle",
            metavar="LENGTH",
            parser=_idle,
            help="It ends itself once Ray has been idle for so long, 20m.",
        ),
    ] = None,
    image: ImageOption = None,
    partly: Annotated[
        bool,
        typer.Option("--partly", help="Of SkyPilot's or Ray's file, leave out what there is not here."),
    ] = False,
    gateway: GatewayOption = None,
) -> None:
    """Rent nodes as one Ray cluster that waits for commands; the exact price is shown before.

    Options override what the file says. Files of SkyPilot and of Ray's cluster launcher are read where they
    say the same; lines for which there is nothing are named. The cluster is there when all nodes are, and
    setup has been run on each. It is paid for until `ionet cluster down`, or until its time is over; with
    `--idle` until it has been idle for so long, wherever you are then. For that, each node's rent of a nonce
    account is set aside in SOL; it comes back by `down`, which then also fetches what the cluster has left.
    """
    from ionet.cloud.clusters import AsyncClusterLaunch, extended
    from ionet.cloud.spec import cluster_name

    io = session()
    io.check_several("renting a cluster")
    if name is not None:
        try:
            cluster_name(name)
        except ValueError as bad:
            raise UserError(f"--name: {bad}") from None
    wanted = extended(
        _read(io, file, partly=partly),
        name=name,
        classes=tuple(classes) if classes else None,
        nodes=nodes,
        max_nodes=max_nodes,
        seconds=seconds,
        max_rate=max_rate,
        budget=budget,
        pay=pay,
        region=region,
        memory_gib=memory,
        cpus=cpus,
        gpus=gpus,
        min_bits=min_bandwidth or None,
        max_microseconds=max_latency or None,
        idle=idle,
        image=image,
    )
    spec = wanted.spec
    if not spec.classes:
        raise UserError("say which hardware: class in the file, or --class CLASS")
    if spec.nodes == 1 and not spec.grows and (spec.min_bits or spec.max_microseconds):
        raise UserError("--min-bandwidth and --max-latency are for several nodes: give --nodes")
    if spec.max_nodes is not None and spec.max_nodes < spec.nodes:
        raise UserError(f"it has {spec.nodes} nodes at first: give --max-nodes {spec.nodes} or more")
    place = gateway_of(io, gateway)
    io.screen.aside = not io.dry_run
    note = ["nothing was booked"]

    async def work(client: AsyncClient, key: Keypair | None) -> int:
        if not io.dry_run:
            await _check_free(client, place, spec.name)
        async with (
            _with_volumes(io, place, wanted, key) as whole,
            AsyncClusterLaunch(client, place, whole, key=key) as launch,
        ):
            offered = await launch.offer()
            _show_offer(io, wanted, offered, launch.package.size, len(launch.package.files))
            if io.dry_run:
                return 0
            await _tell_set_aside(io, client, spec.idle, spec.nodes)
            io.confirm(
                f"rent {spec.nodes} node{'s' * (spec.nodes > 1)} for {span(spec.seconds)}, for at most"
                f" {offered.limit}"
            )
            note[0] = "see what became of it: ionet cluster list"
            cluster = await launch.book(offered)
        note[0] = _interrupted(spec)
        io.screen.warn(
            f"Booked {spec.name}, first job {cluster.run.job}; end it by: ionet cluster down {spec.name}"
        )
        async with cluster:
            if spec.idle is not None:
                own_ends.Note.of(
                    spec.name, client.address, await cluster.run.all_jobs(), offered.manifest.hash
                ).write()
            await cluster.wait_ready(_tell(io))
            note[0] = f"{spec.name} is ready"
            account = await cluster.run.account()
        until = 0 if account is None else account.ends_at
        ends = "" if spec.idle is None else f", and ends itself once it has been idle for {span(spec.idle)}"
        io.screen.show(
            {
                "name": spec.name,
                "job": cluster.run.job,
                "cluster": getattr(cluster.run, "cluster", None),
                "nodes": list(offered.nodes),
                "ends_at": until,
                "quote": quotes_json(offered.quotes),
            },
            f"{spec.name} is ready, until {when(until)}{ends}",
            f"Run a command: ionet cluster exec {spec.name} -- python3 -c 'import ray; ray.init()'",
            f"End it: ionet cluster down {spec.name}",
        )
        return 0

    _run(io, work, reads=io.dry_run, note=lambda: note[0])


async def _check_free(client: AsyncClient, gateway: str, name: str) -> None:
    """Checks that no cluster has this name: both would be paid, and no command know which is meant."""
    from ionet.cloud.clusters import find

    now = await client.time()
    for item in await find(client, gateway):
        if item.name == name and not item.is_over(now):
            raise UserError(
                f"you have a cluster {name} already, until {when(_until(item))}: end it by `ionet cluster"
                f" down {name}`, or call the new one otherwise by --name; nothing was booked",
                REFUSED,
            )
    note = own_ends.read(name, client.address)
    if note is not None and await own_ends.is_known(client, note):
        raise UserError(
            f"a cluster {name} has ended, and what it has left would be forgotten: fetch it by `ionet cluster"
            f" down {name}`, or call the new one otherwise by --name; nothing was booked",
            REFUSED,
        )


def _interrupted(spec: ClusterSpec) -> str:
    """What is true of a cluster that is booked while nobody waits any more until it is ready."""
    name = spec.name
    if spec.idle is None:
        return f"{name} is booked, gets ready by itself, and is paid for until: ionet cluster down {name}"
    return (
        f"{name} is booked and gets ready by itself, but will not end by itself when it is idle; have it end:"
        f" ionet cluster watch {name}, or ionet cluster down {name}"
    )


async def _tell_set_aside(io: Session, client: AsyncClient, idle: int | None, nodes: int) -> None:
    """Says what of the renter's SOL is set aside for a cluster's own end."""
    from ionet.cloud.ending import set_aside

    if idle is not None:
        io.screen.note(f"{await set_aside(client, nodes)} are set aside for its own end, and come back")


@asynccontextmanager
async def _with_volumes(
    io: Session, gateway: str, wanted: ClusterFile, key: Keypair | None
) -> AsyncIterator[ClusterFile]:
    """What is wanted, with the volumes that it names; a dry run looks at none."""
    from ionet.cloud.mounting import mounted

    if key is None or not wanted.spec.volumes:
        yield wanted
        return
    async with _volumes(io, gateway, key) as volumes, mounted(wanted, volumes) as whole:
        yield whole


@asynccontextmanager
async def _volumes(io: Session, gateway: str, key: Keypair) -> AsyncIterator[AsyncVolumes]:
    from ionet.cloud.places import opened
    from ionet.cloud.volumes import AsyncVolumes

    async with opened(os.environ.get("IONET_VOLUMES"), gateway, key) as place:
        yield AsyncVolumes(place, key, _tell(io))


def _read(io: Session, file: Path | None, *, partly: bool) -> ClusterFile:
    from ionet.cloud.spec import ClusterFile, ClusterSpec

    if file is None and not _FILE.exists():
        return ClusterFile(ClusterSpec())
    read = ClusterFile.load(file or _FILE)
    for line in read.unread:
        io.screen.warn(line)
    if read.unread and not partly:
        count = len(read.unread)
        raise UserError(
            f"{count} line{'s' * (count > 1)} of this {read.kind} file cannot be done here, see above; leave"
            " them out, or have them left out: --partly"
        )
    return read


def _show_offer(io: Session, wanted: ClusterFile, offered: Offered, size: int, files: int) -> None:
    for reason in (*offered.gives, *offered.reasons):
        io.screen.note(reason)
    if not io.screen.as_json:
        show_quotes(io, offered.quotes)
        facts: list[tuple[str, object]] = [
            ("Cluster", wanted.spec.name),
            ("Sends", f"{files} file{'s' * (files != 1)}, {size:,} bytes"),
        ]
        io.screen.facts(facts, data={})
        if io.dry_run:
            io.screen.line("Dry run: nothing was uploaded, nothing was booked")
    elif io.dry_run:
        data = {
            "dry_run": True,
            "name": wanted.spec.name,
            "nodes": list(offered.nodes),
            "manifest": offered.manifest.to_dict(),
            "quote": quotes_json(offered.quotes),
        }
        io.screen.show(data)


@app.command(name="list")
def list_(gateway: GatewayOption = None) -> None:
    """List my clusters that have not ended."""
    from ionet.cloud.clusters import find

    io = session()
    place = gateway_of(io, gateway)

    async def work(client: AsyncClient, key: Keypair | None) -> int:
        found, now = await find(client, place), await client.time()
        rows = [
            (item.name, _state(item, now), len(item.jobs), when(_until(item)), item.address) for item in found
        ]
        io.screen.table(
            ("name", "state", ">nodes", "until", "address"),
            rows,
            empty="You have no cluster",
            data=[
                {
                    "name": item.name,
                    "state": _state(item, now),
                    "jobs": [job.address for job in item.jobs],
                    "cluster": item.cluster,
                    "ends_at": _until(item),
                }
                for item in found
            ],
        )
        there = {str(item.head) for item in found}
        for note in own_ends.notes(client.address):
            if str(note.head) not in there:
                io.screen.warn(
                    f"{note.name} has ended; what it has left is fetched by: ionet cluster down {note.name}"
                )
        return 0

    _run(io, work)


def _state(item: Held, now: int) -> str:
    if item.is_over(now):
        return "over"
    return "running" if any(job.account.started_at for job in item.jobs) else "booked"


def _until(item: Held) -> int:
    return max(job.account.ends_at for job in item.jobs)


@app.command()
def status(name: Name, gateway: GatewayOption = None) -> None:
    """Show a cluster: its nodes, until when it is booked, and what it costs if it is ended now."""
    io = session()
    place = gateway_of(io, gateway)

    async def work(client: AsyncClient, key: Keypair | None) -> int:
        from ionet.cloud.clusters import attach_cluster

        item = await held(client, place, name)
        async with attach_cluster(client, place, item) as cluster:
            cost, state = await cluster.run.cost(), _state(item, await client.time())
        facts: list[tuple[str, object]] = [
            ("Cluster", item.name),
            ("Address", item.address),
            ("State", state),
            ("Until", when(_until(item)) if _until(item) else None),
            ("Used", span(cost.used)),
            ("Costs, if ended now", f"{cost.paid} at most"),
            ("Comes back then", f"{cost.refund} at least"),
        ]
        data = {
            "name": item.name,
            "state": state,
            "cluster": item.cluster,
            "ends_at": _until(item),
            "used": cost.used,
            "paid": cost.paid,
            "refund": cost.refund,
            "jobs": [{"job": job.address, "node": job.account.node} for job in item.jobs],
        }
        io.screen.facts(facts, data=data)
        if not io.screen.as_json:
            io.screen.rows(("job", "node"), [(job.address, job.account.node) for job in item.jobs])
        return 0

    _run(io, work)


@app.command(name="exec")
def exec_(
    name: Name,
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="COMMAND", help="For the shell of the first node, behind --."),
    ] = None,
    cancel: Annotated[
        str | None, typer.Option("--cancel", metavar="ID", help="End a command that runs, instead.")
    ] = None,
    gateway: GatewayOption = None,
) -> None:
    """Run a command on a cluster's first node, in the folder that was sent, and print what it prints.

    `ray.init()` in it finds all nodes. One argument is a line for the shell; several are one command and its
    arguments. It goes on if this is interrupted. Only the node reads what is sent. Exit status: the
    command's own, and 128 and the signal's number if one ended it.
    """
    import shlex

    io = session()
    io.check_several("running a command")
    if (cancel is None) == (not command):
        raise UserError(
            "say what to run: ionet cluster exec NAME -- COMMAND; or which command to end: --cancel ID"
        )
    place = gateway_of(io, gateway)
    line = (command or [""])[0] if len(command or []) == 1 else shlex.join(command or [])
    note = [f"nothing was run on {name}"]

    def begun(number: str) -> None:
        io.screen.aside = True
        note[0] = f"the command goes on; end it: ionet cluster exec {name} --cancel {number}"

    async def work(client: AsyncClient, key: Keypair | None) -> int:
        async with await _attached(client, place, name, key) as cluster:
            if cancel is not None:
                await cluster.cancel(cancel)
                io.screen.show({"cancelled": cancel}, f"{cancel} of {name} has ended")
                return 0
            status = await cluster.exec(line, _write(aside=io.screen.as_json), begun=begun)
            if io.screen.as_json:
                io.screen.show({"name": name, "exit_status": status})
            return status

    _run(io, work, note=lambda: note[0])


@app.command()
def logs(
    name: Name,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the cluster ends.")] = False,
    gateway: GatewayOption = None,
) -> None:
    """Print a cluster's log: its nodes, its setup, and what its commands have printed, each with its id."""
    io = session()
    io.check_several("reading a log")
    place = gateway_of(io, gateway)

    async def work(client: AsyncClient, key: Keypair | None) -> int:
        async with await _attached(client, place, name, key) as cluster:
            if follow:
                await cluster.run.follow(_write(aside=io.screen.as_json), _tell(io))
            else:
                await cluster.run.log(_write(aside=io.screen.as_json))
            if io.screen.as_json:
                io.screen.show({"name": name, "job": cluster.run.job})
            return 0

    _run(io, work)


@app.command()
def extend(
    name: Name,
    seconds: Annotated[
        int, typer.Option("--for", metavar="LENGTH", parser=length_of, help="How much longer: 90min, 2h.")
    ],
    gateway: GatewayOption = None,
) -> None:
    """Book more time for all nodes of a running cluster, at their rates and the current price."""
    io = session()
    io.check_several("extending a cluster")
    place = gateway_of(io, gateway)

    async def work(client: AsyncClient, key: Keypair | None) -> int:
        async with await _attached(client, place, name, key) as cluster:
            quotes = await cluster.quote_extension(seconds)
            limits = [quote.limit for quote in quotes.values()]
            most = type(limits[0]).from_base(sum(limit.base for limit in limits))
            io.screen.note(f"{span(seconds)} more on {_nodes(len(quotes))} cost {most} at most")
            if io.dry_run:
                io.screen.show(
                    {"dry_run": True, "limit": most, "seconds": seconds}, "Dry run: nothing was sent"
                )
                return 0
            io.confirm(f"extend {name} by {span(seconds)}, for at most {most}")
            await cluster.extend(seconds, quotes)
            account = await cluster.run.account()
            until = 0 if account is None else account.ends_at
            io.screen.show(
                {"name": name, "seconds": seconds, "ends_at": until, "limit": most},
                f"Extended {name} by {span(seconds)}: until {when(until)}",
            )
            return 0

    _run(io, work)


@app.command()
def resize(
    name: Name,
    count: Annotated[int, typer.Argument(metavar="N", help="How many nodes there are to be.")],
    max_rate: MaxRate = None,
    gateway: GatewayOption = None,
) -> None:
    """Have a running cluster have N nodes: book more, or let those go that were booked last.

    New nodes are of the first one's class, until its end and at least for an hour; their price is shown
    before. They join by themselves, and nothing waits for them. Of those that go only used time is paid, at
    least the first hour; the others go on, and Ray runs again on them what ran there.
    """
    from ionet.cloud.clusters import attach_cluster

    io = session()
    io.check_several("resizing a cluster")
    place = gateway_of(io, gateway)

    async def work(client: AsyncClient, key: Keypair | None) -> int:
        item = await held(client, place, name)
        async with attach_cluster(client, place, item, key=key) as cluster:
            if (growth := await cluster.growth(count, max_rate=max_rate)) is not None:
                return await _grow(io, cluster, growth, count)
            return await _shrink(io, cluster, await cluster.leaving(count, item.manifest.on_loss), count)

    _run(io, work, note=f"what is left of {name}: ionet cluster status {name}")


async def _shrink(io: Session, cluster: AsyncCluster, jobs: Sequence[Pubkey], count: int) -> int:
    """Shows what the nodes that go cost and what comes back of them, and ends them."""
    from ionet.cloud.running import AsyncClusterRun, cost_text

    data: dict[str, object] = {"name": cluster.name, "nodes": count, "ended": jobs, "booked": []}
    run = cluster.run
    if jobs and isinstance(run, AsyncClusterRun):
        cost = await run.cost_of(jobs)
        data |= {"paid": cost.paid, "refund": cost.refund}
        io.screen.warn(f"Of {_nodes(len(jobs))}: {cost_text(cost)}")
    if io.dry_run:
        io.screen.show({"dry_run": True, **data}, f"Dry run: {_nodes(len(jobs))} would go, none did")
        return 0
    if jobs:
        io.confirm(f"end {len(jobs)} of the nodes of {cluster.name}")
    await cluster.let_go(jobs, _tell(io))
    io.screen.show(data, f"{cluster.name} has {_nodes(count)}")
    return 0


def _nodes(count: int) -> str:
    return f"{count} node{'s' * (count != 1)}"


async def _grow(io: Session, cluster: AsyncCluster, growth: Growth, count: int) -> int:
    """Shows what more nodes cost, and books them."""
    data = {"name": cluster.name, "nodes": count, "ended": [], "quote": quotes_json(growth.quotes)}
    if not io.screen.as_json:
        show_quotes(io, growth.quotes)
    more = len(growth.nodes)
    if io.dry_run:
        io.screen.show({"dry_run": True, **data}, f"Dry run: {_nodes(more)} would join, none was booked")
        return 0
    io.confirm(
        f"rent {more} more node{'s' * (more > 1)} for {span(growth.seconds)}, for at most {growth.limit}"
    )
    jobs = await cluster.grow(growth, _tell(io))
    if cluster.idle is not None:
        manifest = await cluster.manifest()
        known = await cluster.run.all_jobs()
        own_ends.Note.of(cluster.name, cluster.run.client.address, known, manifest.hash).write()
    io.screen.show(
        {**data, "booked": jobs},
        f"{cluster.name} has {count} nodes; new ones work as soon as Ray has them",
        f"See them come: ionet cluster logs {cluster.name}",
    )
    return 0


@app.command()
def down(
    name: Name,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Where its files go; default: the cluster's name."),
    ] = None,
    force: Force = False,
    gateway: GatewayOption = None,
) -> None:
    """End a cluster, so that only its used time is paid, and fetch the files in $IONET_OUTPUT.

    What comes back is shown before. At least the first hour of each node is paid. Before the start it costs
    the time that the nodes were held. What it has in its volumes' folders becomes their next snapshots. Of a
    cluster that has ended itself (`--idle`) it fetches the same, on the machine on which it was booked.
    """
    from ionet.cloud.clusters import attach_cluster, named
    from ionet.cloud.errors import NoCluster
    from ionet.cloud.running import cost_text

    io = session()
    io.check_several("ending a cluster")
    place = gateway_of(io, gateway)

    async def work(client: AsyncClient, key: Keypair | None) -> int:
        try:
            item = await named(client, place, name)
        except NoCluster:
            if (note := own_ends.read(name, client.address)) is None:
                raise
            await _collect(io, client, place, key, note, out, force=force)
            return 0
        async with attach_cluster(client, place, item, key=key) as cluster:
            cost = await cluster.run.cost()
            _tell(io)(cost_text(cost))
            if io.dry_run:
                data = {"dry_run": True, "name": name, "paid": cost.paid, "refund": cost.refund}
                io.screen.show(data, "Dry run: nothing was ended")
                return 0
            io.confirm(f"end the cluster {name}")
            await _end(io, place, item, cluster, key, out, force=force)
            return 0

    _run(io, work, note=f"whether {name} has ended: ionet cluster list")


async def _collect(
    io: Session,
    client: AsyncClient,
    gateway: str,
    key: Keypair | None,
    note: own_ends.Note,
    out: Path | None,
    *,
    force: bool,
) -> None:
    """Fetches what a cluster has left that has ended itself."""
    if io.dry_run:
        io.screen.show({"dry_run": True, "name": note.name}, f"Dry run: {note.name} has ended")
        return
    assert key is not None
    place = out or Path(note.name)
    async with _volumes(io, gateway, key) as volumes:
        summary, files = await own_ends.left(
            client, gateway, key, note, volumes, place, _tell(io), force=force
        )
    io.screen.show(
        {"name": note.name, "jobs": list(note.jobs), "ended": summary, "files": files},
        f"{note.name} has ended before: {summary}",
        *files,
        *(f"What became of its money: ionet job receipt {job}" for job in note.jobs),
    )


@app.command()
def watch(
    name: Name,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Where its files go; default: the cluster's name."),
    ] = None,
    force: Force = False,
    gateway: GatewayOption = None,
) -> None:
    """Wait until a cluster has been idle for as long as it was booked with, and end it as `down` does.

    It ends itself then, too; this does not leave it to the first node's supplier. It is idle while no command
    of `exec` runs, no job of Ray's, and neither tasks nor actors hold anything. A session key of `ionet
    login` is enough. What this is interrupted at goes on, and any machine can watch it.
    """
    io = session()
    io.check_several("watching a cluster")
    place = gateway_of(io, gateway)

    async def work(client: AsyncClient, key: Keypair | None) -> int:
        async with _again(client, place, name, key) as (item, cluster):
            return await _watch(io, client, place, item, cluster, key, out, force=force)

    _run(io, work, note=f"{name} goes on, and nobody watches it; again: ionet cluster watch {name}")


async def _watch(
    io: Session,
    client: AsyncClient,
    gateway: str,
    item: Held,
    cluster: AsyncCluster,
    key: Keypair | None,
    out: Path | None,
    *,
    force: bool,
) -> int:
    """Ends a cluster once it is idle, and what is left of one whose first node has left."""
    from ionet.cloud.errors import NoCluster, NotRun

    if io.dry_run:
        io.screen.show({"dry_run": True, "name": item.name}, "Dry run: nothing is watched")
        return 0
    _tell(io)(f"{item.name} ends once Ray has been idle; interrupting this leaves it running")
    try:
        await cluster.wait_idle(_tell(io))
    except (NoCluster, NotRun):
        if await cluster.end_rest():
            _tell(io)(f"{item.name} has lost its first node, and the others are ended")
        raise
    _tell(io)(f"{item.name} is idle, and is ended")
    await _end(io, gateway, item, cluster, key, out, force=force)
    return 0


async def _end(
    io: Session,
    gateway: str,
    item: Held,
    cluster: AsyncCluster,
    key: Keypair | None,
    out: Path | None,
    *,
    force: bool,
) -> None:
    """Ends a cluster, brings its volumes up to date, and fetches its files."""
    from ionet.cli.login import kept
    from ionet.cloud.mounting import brought_back, mounts
    from ionet.cloud.openssh import exclude
    from ionet.cloud.running import cost_text

    jobs, known = await cluster.jobs(), await cluster.run.all_jobs()
    verdict, cost = await cluster.down(_tell(io))
    # It has ended, whatever OpenSSH's files are like.
    with contextlib.suppress(OSError, RuntimeError, ValueError):
        exclude(kept.place().parent / "clusters", cluster.name)
    own_ends.forget(cluster.name, cluster.run.client.address, known)
    _tell(io)(cost_text(cost))
    files: list[str] = []
    paths = ", ".join(mounts(item.manifest))
    if paths and verdict is None:
        _tell(io)(f"what the cluster has left in {paths} is not known: the volumes are what they were")
    elif paths and verdict is not None and key is not None:
        async with _volumes(io, gateway, key) as volumes:
            verdict = await brought_back(
                item.manifest, verdict, item.head, cluster.run.fetch, volumes, _tell(io)
            )
    if verdict is not None and verdict.outputs:
        fetched = await cluster.run.fetch(verdict, out or Path(cluster.name), force=force)
        files = [str(path) for path in fetched.files]
    io.screen.show(
        {"name": item.name, "jobs": jobs, "paid": cost.paid, "refund": cost.refund, "files": files},
        f"Ended {item.name}",
        *files,
        *(f"What became of its money: ionet job receipt {job}" for job in jobs),
    )


@asynccontextmanager
async def _again(
    client: AsyncClient, gateway: str, name: str, key: Keypair | None
) -> AsyncIterator[tuple[Held, AsyncCluster]]:
    """A cluster that is booked, and what the chain has of it."""
    from ionet.cloud.clusters import attach_cluster

    item = await held(client, gateway, name)
    async with attach_cluster(client, gateway, item, key=key) as cluster:
        yield item, cluster


async def _attached(client: AsyncClient, gateway: str, name: str, key: Keypair | None) -> AsyncCluster:
    from ionet.cloud.clusters import attach_cluster

    return attach_cluster(client, gateway, await held(client, gateway, name), key=key)


async def held(client: AsyncClient, gateway: str, name: str) -> Held:
    """A cluster of a name, or at an address; of one that has ended itself the message says so."""
    from ionet.cloud.clusters import named
    from ionet.cloud.errors import NoCluster

    try:
        return await named(client, gateway, name)
    except NoCluster as bad:
        if own_ends.read(name, client.address) is None:
            raise
        raise NoCluster(
            f"{name} has ended; what it has left is fetched by: ionet cluster down {name}"
        ) from bad


def _run(
    io: Session,
    work: Callable[[AsyncClient, Keypair | None], Coroutine[Any, Any, int]],
    *,
    reads: bool = False,
    note: str | Callable[[], str] = "nothing was changed",
) -> None:
    """Runs a command's coroutine with a client, and ends with the status that it returns."""
    from ionet.cloud.running import renter_key

    async def whole() -> int:
        client = io.async_reader() if reads else io.async_client()
        try:
            return await work(client, None if reads else renter_key(io.signer))
        finally:
            await client.aclose()

    try:
        status = asyncio.run(whole())
    except KeyboardInterrupt as stopped:
        stopped.add_note(note if isinstance(note, str) else note())
        raise
    if status:
        raise typer.Exit(status)


def _tell(io: Session) -> Callable[[str], None]:
    return lambda text: io.screen.warn(f"{text[:1].upper()}{text[1:]}")


def _write(*, aside: bool) -> Callable[[bytes], None]:
    """Writes what programs print: to standard output, or with JSON beside it."""

    def write(data: bytes) -> None:
        stream = sys.stderr if aside else sys.stdout
        stream.flush()
        stream.buffer.write(data)
        stream.buffer.flush()

    return write

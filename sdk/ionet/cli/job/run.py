"""`ionet job run`, `follow` and `fetch`: from a program to its results."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias
from urllib.parse import urlsplit

import typer
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet import IonetError
from ionet.chain.errors import AccountNotFound, RpcError, TransportError
from ionet.cli.arguments import address, length_of
from ionet.cli.failures import UserError
from ionet.cli.job.lasting import Closing, Lasting, tell
from ionet.cli.job.parts import (
    ClassFilter,
    ImageOption,
    JobAddress,
    MaxLatency,
    MaxRate,
    MinBandwidth,
    RegionFilter,
    needs_text,
    quotes_json,
    show_quotes,
    size_of,
)
from ionet.cli.ledger import Ledger, opened
from ionet.cli.node.parts import class_of
from ionet.cli.options import Commands
from ionet.cli.output import span, when
from ionet.cli.session import Session, session

if TYPE_CHECKING:
    from ionet.cloud import AsyncLaunch, AsyncRun, Fetched, Offered, Verdict
    from ionet.cloud.running import Cost
    from ionet.ledger import Database

app = Commands()

#: Where a gateway listens that runs beside a node of this machine.
_LOCAL: Final = "http://127.0.0.1:8470"
#: Seconds for which attesters' word on a program is waited for, after its end.
_ATTESTED: Final = 120.0
#: Seconds between two lines on the same transfer.
_EVERY: Final = 3.0
#: What a log begins with, if its program did not have to be run again.
_FIRST: Final = b"--- attempt 1\n"

GatewayOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--gateway",
        metavar="URL",
        envvar="IONET_GATEWAY",
        help="The gateway of the node's supplier; beside a node of this machine: http://127.0.0.1:8470.",
    ),
]
OutputFolder: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", metavar="DIR", help="Where the program's files go; default: job- and its address."
    ),
]
Force: TypeAlias = Annotated[bool, typer.Option("--force", help="Replace files that are there.")]


def gateway_of(io: Session, chosen: str | None) -> str:
    """The gateway that a command uses."""
    if chosen is not None:
        return chosen
    host = urlsplit(io.url).hostname or ""
    if host in ("localhost", "::1") or host.startswith("127."):
        return _LOCAL
    raise UserError("name a gateway: --gateway URL, or IONET_GATEWAY")


@dataclass(slots=True)
class _Stage:
    """How far a run is, for whoever interrupts it."""

    gateway: str
    job: Pubkey | None = None
    cluster: Pubkey | None = None
    booking: bool = False

    def booked(self, run: AsyncRun | None) -> None:
        """From now on this is booked; None: a booking begins."""
        self.job, self.booking = None if run is None else run.job, run is None
        self.cluster = getattr(run, "cluster", None)

    @property
    def note(self) -> str:
        if self.job is not None:
            hint = "" if self.gateway == _LOCAL else f" --gateway {self.gateway}"
            if self.cluster is not None:
                return (
                    f"cluster {self.cluster} goes on, and is paid for. Follow its first job: ionet job follow"
                    f" {self.job}{hint}; see its jobs, to stop each: ionet job cluster {self.cluster}"
                )
            return (
                f"job {self.job} goes on, and is paid for. Follow it: ionet job follow {self.job}{hint};"
                f" fetch its files: ionet job fetch {self.job}{hint}; stop it: ionet job stop {self.job}"
            )
        if self.booking:
            return "a booking was under way; whether it has landed: ionet job status"
        return "nothing was booked"


class _Log:
    """Writes a program's log: to standard output, or with JSON beside it."""

    def __init__(self, *, aside: bool) -> None:
        self._aside, self._head = aside, b""
        self._begun = False

    def __call__(self, data: bytes) -> None:
        """Writes a part."""
        if not self._begun:
            self._head += data
            if _FIRST.startswith(self._head) and self._head != _FIRST:
                return
            data, self._begun = self._head.removeprefix(_FIRST), True
        stream = sys.stderr if self._aside else sys.stdout
        # Not print: what programs write need not be text.
        stream.flush()
        stream.buffer.write(data)
        stream.buffer.flush()


class OnLoss(StrEnum):
    """What becomes of a run on several nodes when one of them is lost."""

    END = "end"
    CONTINUE = "continue"


@app.command()
def run(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A script or program, or a folder that is sent whole.")
    ],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ARGS",
            help="Its arguments, behind -- if they begin with a dash; for a folder the command.",
        ),
    ] = None,
    class_: ClassFilter = None,
    node: Annotated[
        Pubkey | None,
        typer.Option("--node", metavar="NODE", parser=address, help="On this node, instead of --class."),
    ] = None,
    seconds: Annotated[
        int,
        typer.Option("--for", metavar="LENGTH", parser=length_of, help="How long at most: 90min, 2h, 7d."),
    ] = "1h",  # type: ignore[assignment]  # read by its parser
    gateway: GatewayOption = None,
    pay: Annotated[str, typer.Option("--pay", metavar="NAME", help="In IO, USDC, or a mint.")] = "IO",
    max_rate: MaxRate = None,
    region: RegionFilter = None,
    cpus: Annotated[
        int | None,
        typer.Option("--cpus", min=1, max=1024, help="Cores that it gets; default: all of the node."),
    ] = None,
    gpus: Annotated[
        int | None, typer.Option("--gpus", min=0, max=8, help="GPUs that it needs; default: all of the node.")
    ] = None,
    memory: Annotated[
        int,
        typer.Option(
            "--memory",
            metavar="SIZE",
            parser=size_of,
            help="Memory that it gets: 4GiB; default: all of the node.",
        ),
    ] = "0",  # type: ignore[assignment]  # read by its parser
    disk: Annotated[
        int,
        typer.Option(
            "--disk",
            metavar="SIZE",
            parser=size_of,
            help="Disk that it gets: 20GiB; default: all of the node.",
        ),
    ] = "0",  # type: ignore[assignment]  # read by its parser
    processes: Annotated[
        int | None,
        typer.Option(
            "--processes",
            min=1,
            max=1 << 20,
            help="Processes and threads that it gets, besides Ray's; default: as many as the node gives.",
        ),
    ] = None,
    env: Annotated[
        list[str] | None,
        typer.Option("--env", metavar="NAME=VALUE", help="A variable of its environment; repeatable."),
    ] = None,
    inputs: Annotated[
        list[Path] | None,
        typer.Option("--input", metavar="FILE", help="A file that is sent besides; repeatable."),
    ] = None,
    pip: Annotated[
        list[str] | None,
        typer.Option(
            "--pip", metavar="NAME==VERSION", help="A package to install first, by internet; repeatable."
        ),
    ] = None,
    requirements: Annotated[
        Path | None,
        typer.Option("--requirements", metavar="FILE", help="Packages to install first, one a line, pinned."),
    ] = None,
    internet: Annotated[
        bool, typer.Option("--internet", help="It needs the internet, which some suppliers allow.")
    ] = False,
    internet_mbps: Annotated[
        int | None,
        typer.Option(
            "--internet-mbps",
            metavar="MBPS",
            min=1,
            max=1 << 20,
            help="Mbit/s that it gets there, each way; default: what the node gives.",
        ),
    ] = None,
    encrypt: Annotated[
        bool, typer.Option("--encrypt", help="Have the worker seal files and log for your wallet's eyes.")
    ] = False,
    image: ImageOption = None,
    out: OutputFolder = None,
    force: Force = False,
    detach: Annotated[bool, typer.Option("--detach", help="End once it is booked.")] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the node for the time booked when the program has ended.")
    ] = False,
    nodes: Annotated[
        int, typer.Option("--nodes", min=1, max=255, help="On so many nodes, as one Ray cluster.")
    ] = 1,
    min_bandwidth: MinBandwidth = "0",  # type: ignore[assignment]  # read by its parser
    max_latency: MaxLatency = "0",  # type: ignore[assignment]  # read by its parser
    on_loss: Annotated[
        OnLoss | None,
        typer.Option("--on-loss", help="Of several nodes, when one is lost; default: end."),
    ] = None,
    replace: Annotated[
        int,
        typer.Option(
            "--replace",
            metavar="N",
            min=0,
            max=255,
            help="Of several nodes, book up to so many in place of lost ones, for --max-rate at most.",
        ),
    ] = 0,
) -> None:
    """Run a program on a rented node: pack, upload, book, follow its log, fetch its files.

    The program runs with Ray at hand (`ray.init()`), in the folder that was sent; what it writes below
    $IONET_OUTPUT comes back. When it has ended, the job is stopped, so that only the time used is paid, and
    at least the first hour. Exit status: the program's own; 128 and more for a signal, 124 if its time was
    over, 137 if it used too much memory.

    With --nodes it runs on the node that is booked first, and `ray.init()` finds all of them. What two of
    them have not measured and both signed does not count for --min-bandwidth and --max-latency. With
    --replace this command books nodes in place of lost ones as long as it runs, with a session key of its
    own that may spend no more than that costs; the run goes on without a lost node.

    Of what the node has, the program gets all but where less is asked for: --cpus, --memory, --disk,
    --processes, --internet-mbps. A node that has less than that refuses it.

    Of a folder, what .gitignore and .ionetignore name is not sent. Who knows the hash of what is sent can
    read it, and so can the node's supplier.
    """
    from ionet.cloud import package
    from ionet.cloud.launching import variables
    from ionet.cloud.requirements import read_requirements

    io = session()
    io.check_several("running a program")
    if (class_ is None) == (node is None):
        raise UserError("say where: --class CLASS, or --node NODE")
    if nodes == 1 and (min_bandwidth or max_latency or on_loss or replace):
        raise UserError(
            "--min-bandwidth, --max-latency, --on-loss and --replace are for several nodes: give --nodes"
        )
    if nodes > 1 and node is not None:
        raise UserError("several nodes are chosen by --class, not by --node")
    if replace and max_rate is None:
        raise UserError("--replace goes with --max-rate: it says what a node may cost")
    if replace and (on_loss is OnLoss.END or detach):
        raise UserError(
            "--replace is for runs that go on without a lost node, as long as this command runs: it goes with"
            " neither --on-loss end nor --detach; see: ionet job guard"
        )
    if requirements is not None:
        pip = [*(pip or []), *read_requirements(requirements)]
    if internet_mbps is not None and not (internet or pip):
        raise UserError("--internet-mbps goes with --internet: without it, the program reaches none")
    try:
        given = variables(env or [])
    except ValueError as bad:
        raise UserError(f"--env {bad}") from None
    packed = package(path, arguments or [], inputs=inputs or [])
    stage = _Stage(gateway_of(io, gateway))
    io.screen.aside = not io.dry_run

    async def work() -> int:
        from ionet.cloud import AsyncLaunch, Wish
        from ionet.cloud.fitting import Together
        from ionet.cloud.replacing import Limits

        wish = Wish(
            seconds,
            pay,
            node,
            None if class_ is None else class_of(io, class_).id,
            region,
            max_rate,
            -(-memory >> 30),
        )
        async with _client(io, reads=io.dry_run) as client:
            launched = partial(
                AsyncLaunch,
                client,
                stage.gateway,
                packed,
                key=None if io.dry_run else _key(io),
                cpus=cpus,
                gpus=gpus,
                memory=memory or None,
                processes=processes,
                disk=disk or None,
                internet_mbps=internet_mbps,
                env=given,
                pip=pip or [],
                internet=internet,
                sealed=encrypt,
                nodes=nodes,
                on_loss="continue" if replace or on_loss is OnLoss.CONTINUE else "end",
                together=Together(min_bandwidth, max_latency),
                image=image,
            )
            async with launched(wish) as launching:
                offered = await launching.offer()
                for reason in offered.reasons:
                    io.screen.note(reason)
                _show_offer(io, offered, packed.size, len(packed.files) + len(packed.inputs), packed.left_out)
                if io.dry_run:
                    return 0
                until = await client.time() + seconds
                booked = await _book(io, stage, launching, offered)
            if detach:
                _show_booked(io, stage, offered)
                return 0
            limits = None
            if max_rate is not None:
                limits = Limits(replace, max_rate, None if io.login is None else io.login.until)
            lasting = Lasting(io, client, launched, wish, limits, until, _transfer(io), stage.booked)

            async def follow(run: AsyncRun, offer: Offered, enough: Callable[[], Awaitable[None]]) -> int:
                end = _End(io, run, stage, enough, keep=keep, folder=out, force=force)
                return await end.reached({"quote": quotes_json(offer.quotes)})

            return await lasting.reached(booked, offered, follow)

    _exit(stage, work)


def _exit(stage: _Stage, work: Callable[[], Any]) -> None:
    """Runs a command's coroutine, and ends with the status that it returns."""
    try:
        status = asyncio.run(work())
    except KeyboardInterrupt as stopped:
        stopped.add_note(stage.note)
        raise
    if status:
        raise typer.Exit(status)


def _client(io: Session, *, reads: bool) -> Closing:
    return Closing(io.async_reader() if reads else io.async_client())


def _key(io: Session) -> Keypair:
    from ionet.cloud.running import renter_key

    return renter_key(io.signer)


def _transfer(io: Session) -> Callable[[str, int, int], None]:
    """Tells how far files are: now and then while they are on their way."""
    last = time.monotonic()

    def told(name: str, done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > _EVERY:
            last = time.monotonic()
            io.screen.warn(f"{name}: {done:,} of {total:,} bytes")

    return told


def _show_offer(io: Session, offered: Offered, size: int, files: int, left_out: int) -> None:
    command = " ".join(offered.manifest.entrypoint.argv)  # type: ignore[union-attr]  # always a command
    listing = offered.listing
    sent = f"{files} file{'s' * (files != 1)}, {size:,} bytes"
    if not io.screen.as_json:
        show_quotes(io, offered.quotes)
        several = len(offered.nodes) > 1
        facts: list[tuple[str, object]] = [
            (
                "Nodes" if several else "Node",
                f"{len(offered.nodes)}, see above"
                if several
                else f"{listing.node}, {listing.rate} per processor and hour",
            ),
            ("Runs", command),
            *(("Signed", line) for line in offered.gives),
            ("Gets", needs_text(offered.manifest.resources)),
            *([("Image", offered.manifest.image)] if offered.manifest.image else []),
            ("Sends", sent + (f"; {left_out} files and folders stay here" if left_out else "")),
        ]
        io.screen.facts(facts, data={})
        if io.dry_run:
            io.screen.line("Dry run: nothing was uploaded, nothing was booked")
    elif io.dry_run:
        data = {
            "dry_run": True,
            "node": listing.node,
            "nodes": offered.nodes,
            "links": offered.reasons,
            "gives": offered.gives,
            "manifest": offered.manifest.to_dict(),
            "manifest_hash": offered.manifest.hash,
            "files": files,
            "size": size,
            "left_out": left_out,
            "quote": quotes_json(offered.quotes),
        }
        io.screen.show(data)


async def _book(io: Session, stage: _Stage, launching: AsyncLaunch, offered: Offered) -> AsyncRun:
    """Uploads and books; what cannot be uploaded afterwards is cancelled."""
    await launching.check_funds(offered)
    seconds = offered.quotes.nodes[0].seconds
    where = f"{len(offered.nodes)} nodes" if len(offered.nodes) > 1 else str(offered.listing.node)
    io.confirm(f"run this on {where} for {span(seconds)}, for at most {offered.limit}")
    told = _transfer(io)
    await launching.upload(offered, told)
    stage.booking = True
    booked = await launching.book(offered)
    stage.booked(booked)
    what = (
        f"job {booked.job}" if stage.cluster is None else f"cluster {stage.cluster}, first job {booked.job},"
    )
    io.screen.warn(f"Booked {what} for {span(seconds)}")
    if launching.undelivered:
        io.screen.warn(f"Uploading {launching.undelivered} files")
        try:
            await launching.deliver(told)
        except (IonetError, OSError) as bad:
            io.screen.warn(f"The job is cancelled, as the program cannot be uploaded: {bad}")
            await booked.cancel()
            raise
    return booked


def _show_booked(io: Session, stage: _Stage, offered: Offered) -> None:
    hint = "" if stage.gateway == _LOCAL else f" --gateway {stage.gateway}"
    stop = f"Stop it, so that no more than the time used is paid: ionet job stop {stage.job}"
    if stage.cluster is not None:
        stop = f"See its jobs, to stop each and pay the time used: ionet job cluster {stage.cluster}"
    io.screen.show(
        {
            "job": stage.job,
            "cluster": stage.cluster,
            "manifest_hash": offered.manifest.hash,
            "quote": quotes_json(offered.quotes),
            "detached": True,
        },
        f"Follow it: ionet job follow {stage.job}{hint}",
        f"Fetch its files: ionet job fetch {stage.job}{hint}",
        stop,
    )


class _End:
    """Follows a job to its program's end, and does what is due then.

    Args:
        io: the command's session.
        booked: the job.
        stage: how far the command is.
        enough: has nothing more be booked for it.
        keep: leave the job running.
        folder: where files go; None: by the job's address.
        force: replace files.
    """

    def __init__(
        self,
        io: Session,
        booked: AsyncRun,
        stage: _Stage,
        enough: Callable[[], Awaitable[None]],
        *,
        keep: bool,
        folder: Path | None,
        force: bool,
    ) -> None:
        self._io, self._run, self._stage, self._enough = io, booked, stage, enough
        self._keep, self._force = keep, force
        self._folder = folder or folder_of(booked.job)

    async def reached(self, more: dict[str, Any]) -> int:
        """Waits for the end; returns the exit status."""
        from ionet.cloud import NotRun

        io, booked = self._io, self._run
        try:
            told = await booked.follow(_Log(aside=io.screen.as_json), tell(io))
        except NotRun as bad:
            if bad.refused:
                io.screen.warn("The node refuses the job, which is cancelled: only the time held is paid")
                await self._enough()
                await booked.cancel()
            raise
        tell(io)(told.summary)
        await self._enough()
        stopped = False if self._keep else await self._stop()
        cost = await self._cost()
        verdict, attested = await self._attested(told)
        fetched = await fetch_files(io, booked, verdict, self._folder, force=self._force)
        _show_end(io, booked, verdict, fetched, {"attested": attested, "stopped": stopped, **more}, cost)
        return verdict.status

    async def _stop(self) -> bool:
        """Stops the job; what fails keeps nobody from their files, but is said."""
        try:
            return await self._run.stop()
        except IonetError as bad:
            self._io.screen.warn(f"The job may go on ({bad}); stop it: ionet job stop {self._run.job}")
            return False

    async def _cost(self) -> Cost | None:
        from ionet.cloud.running import cost_text

        with suppress(AccountNotFound, RpcError, TransportError):
            cost = await self._run.cost()
            if self._keep:
                text = f"The node is kept; if it is stopped now, {cost_text(cost)}"
                self._io.screen.warn(f"{text}: ionet job stop {self._run.job}")
            else:
                tell(self._io)(cost_text(cost))
            return cost
        return None

    async def _attested(self, told: Verdict) -> tuple[Verdict, bool]:
        """The result that attesters wrote down; the node's word while there is none."""
        from ionet.cloud import NotRun, RunUnreachable

        if told.digest is not None:
            return told, True
        try:
            verdict = await self._run.result(seconds=_ATTESTED)
        except (RunUnreachable, NotRun) as bad:
            tell(self._io)(f"{bad}; the files are fetched by what the node says of them")
            return told, False
        if not verdict.says(told):
            self._io.screen.warn("What attesters wrote down is not what the node says now: theirs counts")
        return verdict, True


def folder_of(job: Pubkey) -> Path:
    """Where a job's files go by default."""
    return Path(f"job-{str(job)[:8]}")


async def fetch_files(
    io: Session, booked: AsyncRun, verdict: Verdict, folder: Path, *, force: bool
) -> Fetched:
    """Fetches a program's files, and says how far they are."""
    return await booked.fetch(verdict, folder, force=force, progress=_transfer(io))


def _show_end(
    io: Session,
    booked: AsyncRun,
    verdict: Verdict,
    fetched: Fetched | None,
    more: dict[str, Any],
    cost: Cost | None = None,
) -> None:
    files = () if fetched is None else fetched.files
    data = {
        "job": booked.job,
        "succeeded": verdict.ok,
        "exit_code": verdict.exit_code,
        "exit_status": verdict.status,
        "reason": None if verdict.reason is None else verdict.reason.value,
        "detail": verdict.detail,
        "value": verdict.value,
        "result_hash": verdict.digest,
        "log": verdict.log,
        "folder": None if fetched is None or not files else str(fetched.folder),
        "files": [str(path) for path in files],
        "paid": None if cost is None else cost.paid,
        "refund": None if cost is None else cost.refund,
        **more,
    }
    lines = [f"{path}  {path.stat().st_size:,} bytes" for path in files[:20]]
    if len(files) > 20:
        lines.append(f"and {len(files) - 20} more files")
    if fetched is not None and not files:
        lines.append("The program has left no files: what it writes below $IONET_OUTPUT comes back")
    io.screen.show(data, *lines)


@app.command()
def follow(job: JobAddress, gateway: GatewayOption = None) -> None:
    """Print a job's log as it grows, until its program has ended; for its renter.

    Also for a job that was booked from elsewhere. Exit status: as of `ionet job run`.
    """
    io = session()
    stage = _Stage(gateway_of(io, gateway), job)

    async def work() -> int:
        from ionet.cloud import AsyncRun, NotRun

        async with (
            _client(io, reads=False) as client,
            AsyncRun(client, stage.gateway, job, key=_key(io)) as run,
        ):
            try:
                verdict = await run.follow(_Log(aside=io.screen.as_json), tell(io))
            except NotRun:
                if run.known is not None and run.known.cluster != Pubkey.default():
                    see = f"ionet job cluster {run.known.cluster}"
                    io.screen.warn(
                        f"Its cluster's other jobs are paid until each is stopped; see them: {see}"
                    )
                raise
            tell(io)(verdict.summary)
            io.screen.aside = True
            _show_end(io, run, verdict, None, {})
            account = await run.account()
            if account is not None and not account.reason and await client.time() < account.ends_at:
                io.screen.warn(f"The node is yours until {when(account.ends_at)}: ionet job stop {job}")
            return verdict.status

    _exit(stage, work)


@app.command("result", help="The same as `ionet job fetch`: fetch its files, each checked by its hash.")
@app.command()
def fetch(
    job: JobAddress,
    gateway: GatewayOption = None,
    out: OutputFolder = None,
    force: Force = False,
    ledger: Ledger = None,
) -> None:
    """Fetch a program's files, by the result that attesters wrote down on the chain.

    Each file is checked by its hash. Needs a keypair only to open what was sealed for it, and works also when
    the job is closed, as long as a ledger or the node has its history, and the store its files.
    """
    io = session()
    stage = _Stage(gateway_of(io, gateway), job)

    async def work(database: Database | None) -> int:
        from ionet.cloud import AsyncRun

        # Its own connection would end that of a command that follows the job: only files are opened with it.
        key = io.signer if io.has_signer and isinstance(io.signer, Keypair) else None
        async with (
            _client(io, reads=True) as client,
            AsyncRun(client, stage.gateway, job, key=key, connect=False, ledger=database) as run,
        ):
            verdict = await run.result()
            io.screen.note(f"{verdict.summary[:1].upper()}{verdict.summary[1:]}")
            fetched = await fetch_files(io, run, verdict, out or folder_of(job), force=force)
            _show_end(io, run, verdict, fetched, {"attested": True})
            return 0

    with opened(io, ledger) as database:
        asyncio.run(work(database))

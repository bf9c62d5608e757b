"""`ionet node network import`: the devices of an export, registered in bulk."""

from __future__ import annotations

import asyncio
import csv
import json
from base64 import b64encode
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from solders.pubkey import Pubkey

from ionet import SignsElsewhere, constants, pda, types
from ionet.chain.files import write_secret
from ionet.cli.arguments import address
from ionet.cli.failures import NOT_FOUND, REFUSED, UNUSABLE, UserError
from ionet.cli.node.parts import Commission, Link, Memory, Region
from ionet.cli.session import Session, session
from ionet.staking.bulk import (
    DeviceKeys,
    Export,
    ExportError,
    KeyFolder,
    NodePlan,
    Progress,
    Registration,
    SeedKeys,
    plan_nodes,
    read_export,
)

if TYPE_CHECKING:
    from ionet import AsyncClient

SeedOption = Annotated[
    Path | None,
    typer.Option("--seed", metavar="FILE", help="Secret that the devices' keys are derived from."),
]
KeysOption = Annotated[
    Path | None,
    typer.Option("--keys", metavar="DIR", help="Keypairs of the devices instead: <device>-<index>.json."),
]


def import_export(
    export: Annotated[
        Path, typer.Argument(metavar="FILE.csv", help="Columns: device, model, count, wallet.")
    ],
    attester: Annotated[
        str | None,
        typer.Option("--attester", metavar="KEYPAIR", help="Attester that challenged the devices."),
    ] = None,
    unsigned_for: Annotated[
        Pubkey | None,
        typer.Option(
            "--unsigned-for",
            metavar="ADDRESS",
            parser=address,
            help="Instead: print transactions for this attester to sign, a line each.",
        ),
    ] = None,
    seed: SeedOption = None,
    keys: KeysOption = None,
    commission: Commission = "0",  # type: ignore[assignment]  # read by its parser
    region: Region = 0,
    memory: Memory = 0,
    link: Link = 0,
    ledger: Annotated[
        Path | None,
        typer.Option(
            "--ledger", metavar="OUT.csv", help="Write a table of nodes with their devices and wallets."
        ),
    ] = None,
    concurrency: Annotated[
        int, typer.Option("--concurrency", min=1, max=256, help="Nodes to register at the same time.")
    ] = 16,
) -> None:
    """Register the devices of an export in bulk; for a network's authority, who will own them.

    Every line is checked before anything is sent. A machine with more than eight processors becomes several
    nodes. Run it again to continue: what is on the chain already is skipped.
    """
    if (attester is None) == (unsigned_for is None):
        raise UserError("name the attester by --attester, or --unsigned-for if it signs elsewhere")
    io = session()
    io.refuse_sign_only()
    machines = _checked(io, export)
    authority = io.signer
    network = pda.staking.network(authority.pubkey())
    if io.reader.account(network) is None:
        raise UserError(
            f"{authority.pubkey()} has no network yet: ionet node network register NAME", NOT_FOUND
        )
    source = _keys(seed, keys, dry_run=io.dry_run)
    if ledger is not None:
        _write_ledger(ledger, plan_nodes(machines, network))
    signer = unsigned_for if attester is None else io.party(attester)
    assert signer is not None
    if isinstance(signer, SignsElsewhere):
        raise UserError(f"for an attester that signs elsewhere, give --unsigned-for {signer.pubkey()}")
    args = types.staking.NodeArgs(commission, region, memory, link)

    def work(client: AsyncClient) -> Registration:
        return Registration(client, signer, source, args, payer=io.fee_payer, concurrency=concurrency)

    plans = node_count(machines)
    if unsigned_for is not None:
        asyncio.run(_print_unsigned(io, work, plan_nodes(machines, network)))
        return
    if not io.dry_run:
        io.confirm(f"register {plans:,} nodes with {machines.processors:,} processors")
    progress = asyncio.run(_run(io, work, plan_nodes(machines, network), plans))
    _report(io, machines, progress)


def node_count(export: Export) -> int:
    """How many nodes an export makes."""
    return sum(-(-row.count // constants.staking.MAX_UNITS) for row in export)


def _checked(io: Session, path: Path) -> Export:
    try:
        return read_export(path)
    except ExportError as bad:
        if io.screen.as_json:
            texts = "; ".join(map(str, bad.errors))
            raise UserError(f"{bad.count} lines of {path} cannot be used: {texts}", UNUSABLE) from None
        for error in bad.errors[:20]:
            io.screen.note(f"{path}:{error.line}: {error.reason}")
        hidden = bad.count - len(bad.errors[:20])
        more = f" ({hidden} more are not shown)" if hidden else ""
        lines = "line" if bad.count == 1 else "lines"
        raise UserError(
            f"{bad.count} {lines} of {path} cannot be used{more}; nothing was sent", UNUSABLE
        ) from None


def _keys(seed: Path | None, keys: Path | None, *, dry_run: bool) -> DeviceKeys:
    if (seed is None) == (keys is None):
        raise UserError(
            "say where the devices' keys come from: --seed FILE, which is created if missing, or --keys DIR"
        )
    if keys is not None:
        return KeyFolder(keys)
    assert seed is not None
    if dry_run and not seed.exists():
        return SeedKeys(bytes(32))
    return SeedKeys.load(seed, create=True)


async def _run(
    io: Session, work: Callable[[AsyncClient], Registration], plans: Iterable[NodePlan], count: int
) -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    async with io.async_client() as client:
        with Bar(*columns, console=io.screen.console(), transient=True) as bar:
            task = bar.add_task("checking" if io.dry_run else "registering", total=count)
            return await work(client).run(
                plans,
                dry_run=io.dry_run,
                on_progress=lambda progress: bar.update(task, completed=progress.nodes),
            )


async def _print_unsigned(
    io: Session, work: Callable[[AsyncClient], Registration], plans: Iterable[NodePlan]
) -> None:
    count = 0
    async with io.async_client() as client:
        async for plan, transaction in work(client).unsigned(plans):
            count += 1
            encoded = b64encode(bytes(transaction)).decode()
            print(json.dumps({"node": str(plan.node), "transaction": encoded}))
    io.screen.note(
        f"{count} transactions, valid for about a minute: ionet tx send FILE -k ATTESTER"
        if count
        else "Everything is registered already."
    )


def _report(io: Session, export: Export, progress: Progress) -> None:
    done = "would be registered, in" if io.dry_run else "were registered, in"
    lines = [
        f"{export.rows:,} machines with {export.processors:,} processors make {progress.nodes:,} nodes",
        f"{progress.registered:,} {done} {progress.transactions:,} transactions",
        f"{progress.skipped:,} were there already, {progress.failures:,} failed",
        *(f"  {plan.processors[0].device}: {reason}" for plan, reason in progress.failed[:20]),
    ]
    io.screen.show(
        {
            "dry_run": io.dry_run,
            "machines": export.rows,
            "processors": export.processors,
            "nodes": progress.nodes,
            "registered": progress.registered,
            "skipped": progress.skipped,
            "transactions": progress.transactions,
            "failures": progress.failures,
            "failed": [
                {"device": plan.processors[0].device, "node": plan.node, "reason": reason}
                for plan, reason in progress.failed
            ],
        },
        *lines,
    )
    if progress.failures:
        raise typer.Exit(REFUSED)


def _write_ledger(path: Path, plans: Iterable[NodePlan]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("device", "first", "processors", "class", "node", "wallet"))
        for plan in plans:
            first = plan.processors[0]
            count, kind = len(plan.processors), plan.kind.name
            rows.writerow((first.device, first.index, count, kind, plan.node, plan.wallet))


def export_key(
    name: Annotated[str, typer.Argument(metavar="DEVICE", help="The machine's name in the export.")],
    out: Annotated[Path, typer.Option("--out", metavar="KEYPAIR", help="The file to write; mode 0600.")],
    seed: Annotated[Path, typer.Option("--seed", metavar="FILE", help="The secret that keys come from.")],
    index: Annotated[int, typer.Option("--index", min=0, help="The processor's number in the machine.")] = 0,
) -> None:
    """Write the keypair of a machine's processor, to take it to that machine."""
    key = SeedKeys.load(seed).key(name, index)
    try:
        write_secret(out, json.dumps(list(bytes(key))))
    except FileExistsError:
        raise UserError(f"{out} exists already; it is not overwritten", UNUSABLE) from None
    session().screen.show(
        {"device": name, "index": index, "address": key.pubkey(), "keypair": str(out)},
        f"Wrote {out}: the key {key.pubkey()} of {name}/{index}",
    )

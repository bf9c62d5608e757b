"""`ionet worker init`: sets a machine up."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from solders.pubkey import Pubkey

from ionet.cli.arguments import address, percent
from ionet.cli.failures import UNUSABLE, UserError
from ionet.cli.options import Commands
from ionet.cli.session import Session, session
from ionet.cli.worker.parts import StateOption, config_file
from ionet.sandbox import BOXES
from ionet.staking.bulk import SeedKeys
from ionet.worker import DeviceKey, KeyFileError, WorkerConfig, probe
from ionet.worker._config import Engine, NodeConfig
from ionet.worker._podman import PodmanError, podman_machine
from ionet.worker._setup import Fleet, SetupError, Wishes, default_limits, make_keys, planned, usable

app = Commands()


@app.command()
def init(
    owner: Annotated[
        Pubkey | None,
        typer.Option(
            "--owner",
            metavar="ADDRESS",
            parser=address,
            help="Who owns the nodes and is paid. Their key does not belong on this machine.",
        ),
    ] = None,
    gateway: Annotated[
        list[str] | None,
        typer.Option("--gateway", metavar="URL", help="wss:// or https://; several times, the best first."),
    ] = None,
    device: Annotated[
        list[str] | None,
        typer.Option("--device", metavar="UUID", help="Only this device; several times. Default: all."),
    ] = None,
    commission: Annotated[
        int | None,
        typer.Option(
            "--commission", metavar="PERCENT", parser=percent, help="Owner's part of co-stakers' rewards."
        ),
    ] = None,
    cpus: Annotated[int | None, typer.Option("--cpus", min=1, help="Cores for leases; default: all.")] = None,
    memory: Annotated[
        int | None, typer.Option("--memory", metavar="GIB", min=1, help="Memory for leases; default: 90 %.")
    ] = None,
    disk: Annotated[
        int | None, typer.Option("--disk", metavar="GIB", min=1, help="Disk for leases; default: half.")
    ] = None,
    internet: Annotated[
        bool | None, typer.Option("--internet/--no-internet", help="Whether jobs may reach the internet.")
    ] = None,
    engine: Annotated[
        Engine | None,
        typer.Option("--engine", help="What makes the boxes of jobs; default: podman on a Mac, else runc."),
    ] = None,
    notify: Annotated[
        str | None,
        typer.Option(
            "--notify", metavar="URL", help="Where to send what the owner must know; empty: nowhere."
        ),
    ] = None,
    seed: Annotated[
        Path | None,
        typer.Option("--seed", metavar="FILE", help="For a fleet: the secret that devices' keys come from."),
    ] = None,
    number: Annotated[
        int | None, typer.Option("--number", min=0, help="For a fleet: this machine's number in it.")
    ] = None,
    machine: Annotated[
        str | None,
        typer.Option("--machine", metavar="NAME", help="Its name instead, as in the network's export."),
    ] = None,
    network: Annotated[
        Pubkey | None,
        typer.Option(
            "--network",
            metavar="ACCOUNT",
            parser=address,
            help="The network that imports the devices: see `ionet node network list`.",
        ),
    ] = None,
    together: Annotated[
        bool,
        typer.Option("--together", help="New GPUs of one class become one node, up to eight of them."),
    ] = False,
    template: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Take what is not said from another machine's settings."),
    ] = None,
    state: StateOption = None,
) -> None:
    """Set this machine up: look for its devices, make their keys, write the worker's settings.

    Run it again to change settings or to add a device. No key is ever overwritten, and what is not said stays
    as it is. With --dry-run nothing is written.
    """
    io = session()
    place = config_file(state)
    before = WorkerConfig.load(place, environment={}) if place.exists() else None
    model = None if template is None else WorkerConfig.load(template, environment={})
    named = number is not None or machine is not None
    if named and number is not None and machine is not None:
        raise UserError("name this machine by --number or by --machine, not by both")
    if (seed is not None or network is not None) and not named:
        raise UserError("a fleet's machine has a --number, or a --machine name")
    fleet = Fleet(str(number) if machine is None else machine, network) if named else None
    fresh = before is None and model is None
    wishes = Wishes(
        owner=owner,
        rpc=(io.url,) if fresh or io.url_given else None,
        gateways=tuple(gateway) if gateway else None,
        commission_bps=commission,
        cpus=cpus,
        memory_gib=memory,
        disk_gib=disk,
        internet=internet,
        notify=notify,
        engine=engine,
        devices=tuple(device or ()),
        fleet=fleet,
        together=together,
    )
    looked = probe()
    devices, faults = usable(looked)
    secret = None if seed is None else SeedKeys.load(seed)
    try:
        podman = podman_machine() if sys.platform == "darwin" else None
        limits = default_limits(looked, BOXES, podman)
        config = planned(place, wishes, devices, limits, before=before, template=model)
        config.check()
        keys = {} if io.dry_run else make_keys(config.nodes, secret)
    except SetupError as bad:
        raise UserError(str(bad)) from None
    except (KeyFileError, PodmanError) as bad:
        raise UserError(str(bad), UNUSABLE) from None
    if not io.dry_run:
        config.save()
    _show(io, config, keys, {item.uuid: item.name for item in devices})
    for fault in faults:
        which = "" if fault.index is None else f"device {fault.index}: "
        io.screen.note(f"Not usable: {which}{fault.reason}")
    left = [item.uuid for item in devices if item.uuid not in {node.uuid for node in config.nodes}]
    for uuid in left:
        io.screen.note(f"Not set up: {uuid}; add it by --device {uuid}")
    if sys.platform == "darwin":
        io.screen.note("Jobs run in podman's Linux machine, as on a processor. This is untried on a Mac.")
    if seed is not None and not io.dry_run:
        io.screen.note(f"{seed} can sign for every device of the fleet: take it off this machine now.")


def _show(io: Session, config: WorkerConfig, keys: dict[Pubkey, DeviceKey], names: dict[str, str]) -> None:
    """Shows the nodes and what comes next."""
    firsts: dict[str | None, NodeConfig] = {node.uuid: node for node in config.served}
    nodes = [
        {
            "node": firsts.get(node.part_of, node).address,
            "uuid": node.uuid,
            "device": names.get(node.uuid),
            "class": node.hardware_class,
            "part_of": node.part_of,
            "key": keys[node.address].pubkey if node.address in keys else None,
            "key_file": str(node.key),
        }
        for node in config.nodes
    ]
    columns = ("uuid", "device", "class", "node", "key")
    if not io.screen.as_json:
        io.screen.rows(
            columns,
            [(node["uuid"], node["device"] or "not here now", *map(node.get, columns[2:])) for node in nodes],
        )
    limits = config.limits
    io.screen.show(
        {
            "dry_run": io.dry_run,
            "config": str(config.path),
            "owner": config.owner,
            "limits": limits,
            "nodes": nodes,
        },
        f"Leases may use {limits.cpus} core{'s' * (limits.cpus > 1)}, {limits.memory_gib} GiB of memory,"
        f" {limits.disk_gib} GiB of disk and {'the' if limits.internet else 'no'} internet",
        f"{'Would write' if io.dry_run else 'Wrote'} {config.path}, for the owner {config.owner}",
        "Next: ionet worker doctor",
    )

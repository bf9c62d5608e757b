"""`ionet volume`: folders that outlive leases."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import typer
from solders.keypair import Keypair

from ionet.cli.failures import UserError
from ionet.cli.job.run import Force, GatewayOption, gateway_of
from ionet.cli.options import Commands
from ionet.cli.output import when
from ionet.cli.session import Session, session

if TYPE_CHECKING:
    from ionet.cloud.snapshots import Snapshot, Volume
    from ionet.cloud.volumes import AsyncVolumes

app = Commands("Volumes: folders that outlive leases, sealed for you in a gateway's store or your bucket.")

#: Seconds before a volume's end from which `list` warns of it.
_SOON: Final = 7 * 86_400

Name: TypeAlias = Annotated[str, typer.Argument(metavar="NAME", help="The volume's name.")]
Folder: TypeAlias = Annotated[Path, typer.Argument(metavar="DIR", help="A folder of this machine.")]
Which: TypeAlias = Annotated[
    str | None,
    typer.Option("--snapshot", metavar="HASH", help="Not the newest: the beginning of its hash."),
]
EveryFile: TypeAlias = Annotated[
    bool,
    typer.Option("--every-file", help="Though a snapshot between is missing: deleted files may be back."),
]
StoreOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="STORE",
        envvar="IONET_VOLUMES",
        help="Where volumes are, instead of at the gateway: s3://BUCKET/PREFIX?endpoint=URL, or a folder.",
    ),
]


@app.command()
def create(name: Name, store: StoreOption = None, gateway: GatewayOption = None) -> None:
    """Make an empty volume. Its name is seen by nobody but you."""

    async def work(io: Session, volumes: AsyncVolumes) -> None:
        volume = await volumes.create(name)
        io.screen.show(_data(volume), f"Made {name}; put a folder into it: ionet volume put {name} DIR")

    _run("making a volume", store, gateway, work)


@app.command(name="list")
def list_(store: StoreOption = None, gateway: GatewayOption = None) -> None:
    """List my volumes, and until when they are kept.

    That is for 30 days after the last `put`, `sync` or `keep` of a wallet that rents, and longer while what
    it rents allows it. What ends within a week is named.
    """

    async def work(io: Session, volumes: AsyncVolumes) -> None:
        items = await volumes.list()
        rows = [
            (item.name, _state(item), len(item.heads[0].files), f"{item.heads[0].size:,}", _end(item))
            for item in items
        ]
        data = [_data(item) for item in items]
        columns = ("name", "newest", ">files", ">bytes", "kept until")
        io.screen.table(columns, rows, empty="You have no volume here", data=data)
        for item in items:
            if item.until is not None and item.until < time.time() + _SOON:
                io.screen.warn(
                    f"{item.name} ends after {_end(item)}, unless what you rent then allows it; 30 days more:"
                    f" ionet volume keep {item.name}"
                )

    _run("reading volumes", store, gateway, work)


@app.command()
def log(name: Name, store: StoreOption = None, gateway: GatewayOption = None) -> None:
    """List a volume's snapshots, the newest first."""

    async def work(io: Session, volumes: AsyncVolumes) -> None:
        volume = await volumes.get(name)
        rows = [
            (item.hash[:12], when(item.made_at), len(item.files), f"{item.size:,}")
            for item in volume.snapshots
        ]
        data = [_snapshot(item) for item in volume.snapshots]
        io.screen.table(("snapshot", "made", ">files", ">bytes"), rows, empty="No snapshot", data=data)

    _run("reading a volume", store, gateway, work)


@app.command()
def put(name: Name, folder: Folder, store: StoreOption = None, gateway: GatewayOption = None) -> None:
    """Keep what a folder is now as a volume's newest snapshot. Only what is new is sent.

    If the volume was written elsewhere since this folder was fetched, both snapshots stay, until `ionet
    volume merge` or `sync` makes one of them.
    """

    async def work(io: Session, volumes: AsyncVolumes) -> None:
        made = await volumes.put(name, folder)
        volume = await volumes.get(name)
        text = (
            f"{name} is {made.hash[:12]}: {len(made.files)} files, {made.size:,} bytes, until {_end(volume)}"
        )
        io.screen.show(_data(volume), text, *_apart(volume))

    _run("putting a folder", store, gateway, work)


@app.command()
def get(
    name: Name,
    folder: Folder,
    snapshot: Which = None,
    force: Force = False,
    store: StoreOption = None,
    gateway: GatewayOption = None,
) -> None:
    """Bring a folder to what a volume is. Files that are in no snapshot of it stay."""

    async def work(io: Session, volumes: AsyncVolumes) -> None:
        chosen = (await volumes.get(name)).snapshot(snapshot)
        fetched = await volumes.check_out(chosen, folder, force=force)
        io.screen.show(
            {**_snapshot(chosen), "fetched": fetched},
            f"{folder} is {name} of {when(chosen.made_at)}; {fetched} files were fetched",
        )

    _run("fetching a volume", store, gateway, work)


@app.command()
def sync(
    name: Name,
    folder: Folder,
    every_file: EveryFile = False,
    store: StoreOption = None,
    gateway: GatewayOption = None,
) -> None:
    """Bring a folder and a volume together, in both directions.

    Of a file that was changed in both, both stay, one of them as PATH.HASH. If the snapshot that the folder
    was made from is missing, see `ionet volume merge`.
    """

    async def work(io: Session, volumes: AsyncVolumes) -> None:
        done = await volumes.sync(name, folder, every_file=every_file)
        io.screen.show(_snapshot(done), f"{folder} and {name} are {done.hash[:12]}: {len(done.files)} files")

    _run("syncing a volume", store, gateway, work)


@app.command()
def merge(
    name: Name, every_file: EveryFile = False, store: StoreOption = None, gateway: GatewayOption = None
) -> None:
    """Make one of the newest snapshots of a volume that was written from several places; see `sync`.

    Each snapshot names those that it was made from by their hashes. If one is missing that lies between, you
    have deleted it, or the gateway withholds it: then this is refused, as deleted files would be back.
    """

    async def work(io: Session, volumes: AsyncVolumes) -> None:
        done = await volumes.merge(name, every_file=every_file)
        io.screen.show(_snapshot(done), f"{name} is {done.hash[:12]}: {len(done.files)} files")

    _run("merging a volume", store, gateway, work)


@app.command()
def keep(name: Name, store: StoreOption = None, gateway: GatewayOption = None) -> None:
    """Have a volume kept for 30 days from now; nothing is sent."""

    async def work(io: Session, volumes: AsyncVolumes) -> None:
        volume = await volumes.keep(name)
        io.screen.show(_data(volume), f"{name} is kept until {_end(volume)}")

    _run("keeping a volume", store, gateway, work)


@app.command()
def delete(
    name: Name,
    snapshot: Which = None,
    old: Annotated[bool, typer.Option("--old", help="Only what is not the newest.")] = False,
    store: StoreOption = None,
    gateway: GatewayOption = None,
) -> None:
    """Delete a volume, or old snapshots of it, which frees what they count for."""

    async def work(io: Session, volumes: AsyncVolumes) -> None:
        hashes: tuple[str, ...] | None = None
        if snapshot is not None:
            hashes = ((await volumes.snapshot(name, snapshot)).hash,)
        elif old:
            volume = await volumes.get(name)
            heads = {head.hash for head in volume.heads}
            if len(heads) > 1:
                raise UserError(
                    f"{name} was written from {len(heads)} places; first merge what they have, which takes"
                    f" the older snapshots: ionet volume merge {name}"
                )
            hashes = tuple(item.hash for item in volume.snapshots if item.hash not in heads)
            if not hashes:
                raise UserError(f"{name} has no snapshot but its newest")
        what = f"{len(hashes)} snapshots of the volume {name}" if hashes else f"the volume {name}"
        io.confirm_loss(f"delete {what}")
        freed = await volumes.delete(name, snapshots=hashes)
        io.screen.show({"name": name, "freed": freed}, f"Deleted {what}: {freed:,} bytes are free again")

    _run("deleting a volume", store, gateway, work)


def _state(volume: Volume) -> str:
    return " and ".join(head.hash[:12] for head in volume.heads)


def _end(volume: Volume) -> str:
    return "you delete it" if volume.until is None else when(volume.until)


def _apart(volume: Volume) -> list[str]:
    if len(volume.heads) == 1:
        return []
    both = f"It was written elsewhere, too: {_state(volume)} both stay"
    return [f"{both}; ionet volume merge {volume.name} makes one of them"]


def _snapshot(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "name": snapshot.name,
        "snapshot": snapshot.hash,
        "parents": list(snapshot.parents),
        "made_at": snapshot.made_at,
        "files": {path: entry.sha256 for path, entry in snapshot.files.items()},
        "size": snapshot.size,
    }


def _data(volume: Volume) -> dict[str, Any]:
    return {
        "name": volume.name,
        "heads": [head.hash for head in volume.heads],
        "snapshots": len(volume.snapshots),
        "files": len(volume.heads[0].files),
        "size": volume.heads[0].size,
        "until": volume.until,
    }


def _run(
    what: str,
    store: str | None,
    gateway: str | None,
    work: Callable[[Session, AsyncVolumes], Coroutine[Any, Any, None]],
) -> None:
    """Runs a command's coroutine with the signer's volumes."""
    from ionet.cloud.places import opened
    from ionet.cloud.volumes import AsyncVolumes

    io = session()
    io.check_several(what)
    place = None if store else gateway_of(io, gateway)
    key = io.signer
    if not isinstance(key, Keypair):
        raise UserError("a volume is sealed for its owner: it takes the keypair itself, not an address")

    async def whole() -> None:
        async with opened(store, place, key) as kept:
            await work(io, AsyncVolumes(kept, key, io.screen.warn))

    asyncio.run(whole())

"""Volumes in a cluster: sent as it begins, and kept as a new snapshot when it ends.

On the first node a volume is a folder of the working directory that lies below ``$IONET_OUTPUT``; what is in
it at the end is the next snapshot, which follows the one that was sent. Where another was made meanwhile,
both stay.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey

from ionet.cloud.errors import OutputsRefused, VolumeError
from ionet.cloud.snapshots import ancestors
from ionet.store.manifest import Function, Manifest

if TYPE_CHECKING:
    from ionet.cloud.results import Verdict
    from ionet.cloud.spec import ClusterFile
    from ionet.cloud.volumes import AsyncVolumes

Fetch = Callable[["Verdict", Path], Awaitable[object]]
Copy = Callable[[str, Path], Awaitable[object]]
#: The held cluster's argument: snapshots by the paths at which they are.
ARGUMENT: Final = "volumes"


@asynccontextmanager
async def mounted(file: ClusterFile, volumes: AsyncVolumes) -> AsyncIterator[ClusterFile]:
    """A cluster file with the newest snapshots of its volumes among the files that are sent.

    Raises:
        NoVolume, VolumeError: one is not there, or has two newest snapshots.
        StoreError: one cannot be fetched.
    """
    async with AsyncExitStack() as stack:
        files, snapshots = dict(file.spec.files), dict[str, str]()
        for path, name in file.spec.volumes.items():
            head = (await volumes.get(name)).head
            files[path] = str(await stack.enter_async_context(volumes.temporary(head)))
            snapshots[path] = head.hash
        spec = replace(file.spec, files=MappingProxyType(files), snapshots=MappingProxyType(snapshots))
        yield replace(file, spec=spec)


def mounts(manifest: Manifest) -> Mapping[str, str]:
    """The snapshots that a held cluster was sent, by path; a path that leads elsewhere is none."""
    entry = manifest.entrypoint
    given = entry.arguments.get(ARGUMENT) if isinstance(entry, Function) else None
    paths = given.items() if isinstance(given, Mapping) else ()
    return {str(path): str(digest) for path, digest in paths if _is_below(PurePosixPath(path))}


def _is_below(path: PurePosixPath) -> bool:
    return not path.is_absolute() and bool(path.parts) and ".." not in path.parts


async def brought_back(
    manifest: Manifest,
    verdict: Verdict,
    origin: Pubkey,
    fetch: Fetch,
    volumes: AsyncVolumes,
    tell: Callable[[str], None],
) -> Verdict:
    """Keeps what a cluster has left of its volumes; returns its verdict with the files that are no volume's.

    A volume that cannot be kept, or not whole, is told of, and its files stay among the others.

    Args:
        manifest: what the cluster ran.
        verdict: what it has left.
        origin: its first job.
        fetch: fetches a verdict's files into a folder: `AsyncRun.fetch`.
        volumes: its renter's.
        tell: told what becomes of each, in a sentence.

    Raises:
        StoreError: a file cannot be fetched.
        OSError: it cannot be written.
    """
    rest = verdict.outputs
    for path, digest in mounts(manifest).items():
        mine = tuple(item for item in rest if item.name.startswith(f"{path}/"))
        if verdict.reason is not None and not mine:
            tell(f"what the cluster has left in {path} is not known, as it failed: the volume is what it was")
            continue
        with TemporaryDirectory(prefix="ionet-volume-") as place:
            try:
                await fetch(replace(verdict, outputs=mine), Path(place))
                whole = True
            except OutputsRefused as bad:
                tell(f"not all of {path} can be in a volume: {bad}")
                whole = False
            if await _kept(path, digest, Path(place) / path, origin, volumes, tell) and whole:
                rest = tuple(item for item in rest if item not in mine)
    return replace(verdict, outputs=rest)


async def save(
    manifest: Manifest, origin: Pubkey, copy: Copy, volumes: AsyncVolumes, tell: Callable[[str], None]
) -> None:
    """Keeps what a running cluster has in its volumes now; a file that is being written is kept as it is.

    Args:
        manifest: what the cluster runs.
        origin: its first job.
        copy: copies a folder of the first node's working directory to one here.
        volumes: its renter's.
        tell: told what becomes of each, in a sentence.

    Raises:
        IonetError: the node or the store cannot be reached; what is kept is what it was.
    """
    for path, digest in mounts(manifest).items():
        with TemporaryDirectory(prefix="ionet-volume-") as place:
            await copy(path, Path(place))
            await _kept(path, digest, Path(place), origin, volumes, tell)


async def _kept(
    path: str,
    digest: str,
    folder: Path,
    origin: Pubkey,
    volumes: AsyncVolumes,
    tell: Callable[[str], None],
) -> bool:
    """Makes a snapshot that follows what the cluster was sent, or has left itself since; tells of it."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    try:
        for volume in await volumes.list():
            known = {snapshot.hash: snapshot for snapshot in volume.snapshots}
            if digest in known:
                own = [each for each in volume.snapshots if each.origin == str(origin)]
                own = [each for each in own if digest in ancestors(known, [each.hash])]
                parent = own[0].hash if own else digest
                made = await volumes.put(volume.name, folder, parents=(parent,), origin=str(origin))
                tell(f"{path} is kept as {made.hash[:12]} of the volume {made.name}")
                return True
        raise VolumeError(f"no volume of yours has the snapshot {digest[:12]} any more")
    except VolumeError as bad:
        tell(f"what the cluster has left in {path} is not kept in its volume: {bad}")
        return False

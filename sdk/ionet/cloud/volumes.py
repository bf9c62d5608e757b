"""Volumes: folders that outlive leases, as snapshots in a store or a bucket, sealed for their owner.

The store has files by hash and knows nothing of volumes. A snapshot names its files by hash; which snapshots
there are is read from what the store keeps for the owner's key. So any machine with the key finds its
volumes, two that write the same one make two heads of it, and a file that both have is stored once.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from solders.keypair import Keypair

from ionet.cloud.documents import may_be_snapshot, opened, sealed
from ionet.cloud.errors import NoVolume, VolumeError
from ionet.cloud.fetching import fetch
from ionet.cloud.folders import MARKER, content_of, files_of, mark, marked
from ionet.cloud.places import ALWAYS, Place
from ionet.cloud.snapshots import (
    Entry,
    Snapshot,
    Volume,
    base_of,
    checked_name,
    gap_of,
    hashes,
    heads,
    merged,
    newest_first,
)
from ionet.executor import StoredOutput
from ionet.store import NotStored
from ionet.store.backends import hash_file
from ionet.store.sealed import SEALED, seal_file
from ionet.store.transfer import KeptFile

Tell = Callable[[str], None]


class AsyncVolumes:
    """The volumes of one key at one store.

    Args:
        store: a gateway's, signed by the key; or a bucket of the owner's.
        key: their owner's.
        tell: told what happens, in a sentence.
    """

    def __init__(self, store: Place, key: Keypair, tell: Tell = lambda text: None) -> None:
        self._store, self._key, self._tell = store, key, tell
        self._known: dict[str, Snapshot] = {}

    # -- which there are

    async def list(self) -> list[Volume]:
        """All volumes, by name.

        Raises:
            StoreError: the store cannot be read.
        """
        kept = {file.digest.hex(): file for file in await self._store.kept()}
        for digest, file in kept.items():
            if digest not in self._known and may_be_snapshot(file):
                snapshot = await self._read(file)
                if snapshot is not None:
                    self._known[digest] = snapshot
        together: dict[tuple[str, str], list[Snapshot]] = {}
        for digest, snapshot in self._known.items():
            if digest in kept:
                together.setdefault((snapshot.name, snapshot.id), []).append(snapshot)
        return [_volume(together[key], kept) for key in sorted(together)]

    async def get(self, name: str) -> Volume:
        """A volume by its name.

        Raises:
            NoVolume: there is none.
            VolumeError: two have this name.
            StoreError: the store cannot be read.
        """
        volumes = await self.list()
        fits = [volume for volume in volumes if volume.name == name]
        if not fits:
            there = ", ".join(dict.fromkeys(volume.name for volume in volumes))
            raise NoVolume(
                f"you have no volume {name!r} here; " + (f"there are {there}" if there else "you have none")
            )
        if len(fits) > 1:
            raise VolumeError(
                f"{len(fits)} volumes were made as {name}, from several places at once; `ionet volume list`"
                " shows the newest snapshot of each. Delete those that you do not want: ionet volume delete"
                f" {name} --snapshot HASH"
            )
        return fits[0]

    async def snapshot(self, name: str, start: str) -> Snapshot:
        """A snapshot by the beginning of its hash, also where two volumes have this name.

        Raises:
            VolumeError: there is none, or more than one.
            StoreError: the store cannot be read.
        """
        volumes = [volume for volume in await self.list() if volume.name == name]
        every = tuple(snapshot for volume in volumes for snapshot in volume.snapshots)
        return Volume(name, (), every, 0).snapshot(start)

    async def _read(self, file: KeptFile) -> Snapshot | None:
        try:
            data = await self._store.get_bytes(file.digest, most=file.size)
        except NotStored:
            return None
        return await asyncio.to_thread(opened, data, file.digest.hex(), self._key)

    # -- changes

    async def create(self, name: str) -> Volume:
        """Makes an empty volume.

        Raises:
            VolumeError: there is one of this name, or it is no name.
            StoreError: the store refuses, or does not answer.
        """
        checked_name(name)
        if any(volume.name == name for volume in await self.list()):
            raise VolumeError(f"you have a volume {name} here already")
        empty = Snapshot(name, secrets.token_hex(16), (), int(time.time()), MappingProxyType({}))
        await self._publish(empty)
        return await self.get(name)

    async def put(
        self, name: str, folder: Path, *, parents: tuple[str, ...] | None = None, origin: str = ""
    ) -> Snapshot:
        """Makes a snapshot of a folder. What the store has already is not sent again.

        It follows the snapshot that the folder was made from, though that is not there any more; where the
        volume has another by now, both are heads. Of a new folder it follows the newest.

        Args:
            name: of the volume.
            folder: links in it are refused.
            parents: what it follows, whatever the folder says.
            origin: the cluster's first job, if it comes from one.

        Returns:
            The snapshot; the one that it follows if nothing has changed.

        Raises:
            VolumeError: something in the folder cannot be kept.
            OSError: a file cannot be read.
            StoreError: the store refuses, or does not answer; the volume is what it was.
        """
        volume = await self.get(name)
        known = {snapshot.hash: snapshot for snapshot in volume.snapshots}
        follows = _followed(folder, volume) if parents is None else parents
        paths = await asyncio.to_thread(files_of, folder)
        files: dict[str, Entry] = {}
        there = {entry.sha256: entry for snapshot in volume.snapshots for entry in snapshot.files.values()}
        with TemporaryDirectory(prefix="ionet-") as place:
            for path, file in paths.items():
                digest, size = await asyncio.to_thread(hash_file, file)
                entry = there.get(digest.hex())
                if entry is None:
                    entry = await self._send(file, Path(place) / "sealed", digest.hex(), size)
                    there[entry.sha256] = entry
                    self._tell(f"sent {path}, {size:,} bytes")
                files[path] = entry
        before = [known[each] for each in follows if each in known] or volume.heads
        same = [each for each in before if dict(each.files) == files]
        if len(follows) < 2 and same:
            snapshot = same[0]
        else:
            number, now = volume.snapshots[0].id, int(time.time())
            made = Snapshot(name, number, follows, now, MappingProxyType(files), origin)
            snapshot = await self._publish(made)
        mark(folder, snapshot)
        return snapshot

    async def _send(self, file: Path, place: Path, sha256: str, size: int) -> Entry:
        await asyncio.to_thread(seal_file, file, place, self._key.pubkey())
        stored = await self._store.put(place)
        return Entry(sha256, size, stored.hex(), (await asyncio.to_thread(place.stat)).st_size)

    async def _publish(self, snapshot: Snapshot) -> Snapshot:
        """Stores a snapshot's document: from then on it is the volume's. Its files are kept as long as it."""
        data = await asyncio.to_thread(sealed, snapshot, self._key)
        for entry in {entry.stored: entry for entry in snapshot.files.values()}.values():
            await self._store.keep(entry.stored, entry.stored_size)
        digest = await self._store.put(data)
        await self._store.keep(digest, len(data))
        done = replace(snapshot, hash=digest.hex(), stored_size=len(data))
        self._known[done.hash] = done
        return done

    async def merge(self, name: str, *, every_file: bool = False) -> Snapshot:
        """Makes one head of several. Of a file that both have changed both stay, the other as `PATH.HASH`.

        Args:
            name: of the volume.
            every_file: though a snapshot between them is not there: what any of them has, stays.

        Raises:
            VolumeError: a snapshot between them is not there.
            StoreError: the store refuses, or does not answer; the volume is what it was.
        """
        volume = await self.get(name)
        if not every_file and (gap := gap_of(volume.heads, volume.snapshots)) is not None:
            raise gap
        mine = volume.heads[0]
        for theirs in volume.heads[1:]:
            base = base_of(mine, theirs, [*volume.snapshots, mine])
            files = merged(base, mine.files, theirs.files, theirs.hash[:8])
            parents = (mine.hash, theirs.hash)
            made = Snapshot(name, mine.id, parents, int(time.time()), MappingProxyType(files))
            mine = await self._publish(made)
        return mine

    async def check_out(self, snapshot: Snapshot, folder: Path, *, force: bool = False) -> int:
        """Brings a folder to what a snapshot is; returns how many files were fetched.

        Files that the folder's former snapshot had and this one has not are deleted, if they are unchanged.

        Args:
            snapshot: which.
            folder: made if it is not there.
            force: replace files that are no snapshot's.

        Raises:
            OutputsRefused: a file that is in no snapshot would be replaced.
            StoreError: one cannot be fetched.
            OSError: one cannot be written.
        """
        former = self._known.get(marked(folder).get("snapshot", ""))
        before = {} if former is None else former.files
        old, new = list[StoredOutput](), list[StoredOutput]()
        for path, entry in snapshot.files.items():
            here = await asyncio.to_thread(content_of, folder / path)
            if here != entry.sha256:
                ours = here is not None and path in before and before[path].sha256 == here
                output = StoredOutput(path + SEALED, bytes.fromhex(entry.stored), entry.stored_size)
                (old if ours else new).append(output)
        await fetch(self._store, new, folder, force=force, key=self._key)
        await fetch(self._store, old, folder, force=True, key=self._key)
        wanted = old + new
        for output in wanted:
            path = output.name.removesuffix(SEALED)
            if content_of(folder / path) != snapshot.files[path].sha256:
                raise VolumeError(
                    f"{path} is not what the snapshot {snapshot.hash[:12]} says: it was sealed by another"
                )
        await asyncio.to_thread(_leave, folder, before, snapshot)
        return len(wanted)

    async def sync(self, name: str, folder: Path, *, every_file: bool = False) -> Snapshot:
        """Brings folder and volume together: what either has new, both have then; nothing is lost.

        Args:
            name: of the volume.
            folder: made if it is not there.
            every_file: see `merge`.

        Raises:
            VolumeError, StoreError, OSError: see `put`, `merge` and `check_out`.
        """
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        volume = await self.get(name)
        new = not _is_of(folder, volume)
        if new and not await asyncio.to_thread(files_of, folder):
            await self.check_out(await self._single(volume, every_file), folder)
            new = False
        # What a folder does not have that was never this volume, nobody has deleted.
        apart = new and any(head.files for head in volume.heads)
        await self.put(name, folder, parents=() if apart else None)
        snapshot = await self._single(await self.get(name), every_file)
        await self.check_out(snapshot, folder)
        return snapshot

    async def _single(self, volume: Volume, every_file: bool) -> Snapshot:
        if len(volume.heads) == 1:
            return volume.head
        return await self.merge(volume.name, every_file=every_file)

    async def keep(self, name: str) -> Volume:
        """Has all of a volume kept for as long as what is stored now."""
        volume = await self.get(name)
        for digest, size in sorted(_parts(volume.snapshots).items()):
            await self._store.keep(digest, size)
        return await self.get(name)

    async def delete(self, name: str, *, snapshots: tuple[str, ...] | None = None) -> int:
        """Deletes a volume, or snapshots of it; returns how many bytes are no longer kept.

        Args:
            name: which.
            snapshots: hashes; None: all.

        Raises:
            StoreError: the store does not answer; what is left is found again.
        """
        volumes = await self.list()
        mine = [snapshot for volume in volumes if volume.name == name for snapshot in volume.snapshots]
        gone = [snapshot for snapshot in mine if snapshots is None or snapshot.hash in snapshots]
        if not gone:
            raise NoVolume(f"you have no volume {name!r} here")
        hashes = {snapshot.hash for snapshot in gone}
        rest = [item for volume in volumes for item in volume.snapshots if item.hash not in hashes]
        needed, size = _parts(rest), 0
        # Documents first: what is left of an interruption is files, and no snapshot without its files.
        parts = {item.hash: item.stored_size for item in gone} | _parts(gone)
        for digest, part in parts.items():
            if digest not in needed:
                try:
                    await self._store.drop(digest)
                except NotStored:
                    continue
                size += part
        return size

    @asynccontextmanager
    async def temporary(self, snapshot: Snapshot) -> AsyncIterator[Path]:
        """A snapshot in a temporary folder."""
        with TemporaryDirectory(prefix="ionet-volume-") as folder:
            await self.check_out(snapshot, Path(folder))
            (Path(folder) / MARKER).unlink()
            yield Path(folder)


def _volume(snapshots: list[Snapshot], kept: Mapping[str, KeptFile]) -> Volume:
    parts = _parts(snapshots)
    ends = [kept[part].until if part in kept else 0 for part in parts]
    until = None if min(ends) == ALWAYS else min(ends)
    return Volume(snapshots[0].name, tuple(heads(snapshots)), tuple(newest_first(snapshots)), until)


def _parts(snapshots: Any) -> dict[str, int]:
    """What lies in the store for snapshots: sizes by hash."""
    parts = {item.hash: item.stored_size for item in snapshots}
    for snapshot in snapshots:
        parts |= {entry.stored: entry.stored_size for entry in snapshot.files.values()}
    return parts


def _leave(folder: Path, before: Mapping[str, Entry], snapshot: Snapshot) -> None:
    """Deletes what the former snapshot had, and says of which one the folder is now."""
    for path, entry in before.items():
        if path not in snapshot.files and content_of(folder / path) == entry.sha256:
            (folder / path).unlink()
    folder.mkdir(parents=True, exist_ok=True)
    mark(folder, snapshot)


def _followed(folder: Path, volume: Volume) -> tuple[str, ...]:
    """The snapshots that a folder's next one follows."""
    if _is_of(folder, volume):
        # Though that one was deleted, or is withheld: at a merge it is seen that it lies between.
        return tuple(hashes(marked(folder).get("snapshot")))
    return tuple(head.hash for head in volume.heads)


def _is_of(folder: Path, volume: Volume) -> bool:
    """Whether a folder was made from a snapshot of this volume."""
    return marked(folder).get("id") == volume.snapshots[0].id

"""Clusters that may end by themselves: what this machine remembers of them, for their renter's return."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet.chain.errors import IonetError
from ionet.chain.files import replace_secret
from ionet.cli.login import kept

if TYPE_CHECKING:
    from ionet import AsyncClient
    from ionet.cloud.volumes import AsyncVolumes
    from ionet.store.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Note:
    """A cluster that was booked here with a time for which it may be idle.

    Attributes:
        name: the cluster's.
        renter: whose key has booked it.
        jobs: its jobs, the head's first.
        manifest: hash of what it runs, in hex.
    """

    name: str
    renter: str
    jobs: tuple[str, ...]
    manifest: str

    @classmethod
    def of(cls, name: str, renter: Pubkey, jobs: Iterable[Pubkey], manifest: bytes) -> Self:
        """The note of a cluster."""
        return cls(name, str(renter), tuple(map(str, jobs)), manifest.hex())

    @property
    def head(self) -> Pubkey:
        """Its first job."""
        return Pubkey.from_string(self.jobs[0])

    def write(self) -> None:
        """Keeps it; where it cannot be kept, the cluster's files are found by its first job alone."""
        try:
            _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_secret(_path(self.name), json.dumps(asdict(self)))
        except OSError:
            pass


def read(name: str, renter: Pubkey) -> Note | None:
    """A renter's note of a cluster; None if there is none, or none that can be read."""
    try:
        known: Any = json.loads(_path(name).read_bytes())
        note = Note(known["name"], known["renter"], tuple(known["jobs"]), known["manifest"])
        Pubkey.from_string(note.jobs[0])
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return note if note.renter == str(renter) else None


def notes(renter: Pubkey) -> list[Note]:
    """A renter's notes."""
    known = (read(path.stem, renter) for path in sorted(_folder().glob("*.json")))
    return [note for note in known if note is not None]


def forget(name: str, renter: Pubkey, jobs: Iterable[Pubkey]) -> None:
    """Drops a renter's note of a cluster, but not another one's of that name, which has not been fetched."""
    note = read(name, renter)
    if note is not None and not set(note.jobs).isdisjoint(map(str, jobs)):
        _path(name).unlink(missing_ok=True)


async def is_known(client: AsyncClient, note: Note) -> bool:
    """Whether the chain has the cluster, or shows how it ended: of another there is nothing to be fetched."""
    from ionet import AccountNotFound

    try:
        await client.jobs.get_job(note.head)
    except AccountNotFound:
        return await client.jobs.ending(note.head) is not None
    return True


async def left(
    client: AsyncClient,
    gateway: str,
    key: Keypair | None,
    note: Note,
    volumes: AsyncVolumes | None,
    out: Path,
    tell: Callable[[str], None],
    *,
    force: bool,
) -> tuple[str, list[str]]:
    """Fetches what a cluster has left that has ended, and takes back what was set aside for its end.

    Returns:
        How it ended, for people, and its files here.

    Raises:
        IonetError: how it ended is not to be had now; nothing was changed.
    """
    from ionet.cloud.ending import take_back
    from ionet.cloud.errors import NotRun
    from ionet.cloud.mounting import brought_back
    from ionet.cloud.running import AsyncRun

    summary, files = "", list[str]()
    async with AsyncRun(client, gateway, note.head, key=key) as run:
        try:
            verdict = await run.left(seconds=60.0)
        except NotRun as bad:
            summary = str(bad)
        else:
            summary = verdict.summary
            if volumes is not None and (manifest := await _manifest(gateway, note)) is not None:
                verdict = await brought_back(manifest, verdict, note.head, run.fetch, volumes, tell)
            if verdict.outputs:
                fetched = await run.fetch(verdict, out, force=force)
                files = [str(path) for path in fetched.files]
    try:
        jobs = [Pubkey.from_string(job) for job in note.jobs]
        back = await take_back(client, jobs)
    except IonetError as bad:
        tell(f"the SOL that was set aside for its end is not back: {bad}")
    else:
        tell(f"{back} that were set aside for its end are back")
        forget(note.name, client.address, jobs)
    return summary, files


async def _manifest(gateway: str, note: Note) -> Manifest | None:
    from ionet.cloud.clusters import stored_manifest
    from ionet.store import AsyncHttpStore
    from ionet.wire._link import gateway_urls

    store = AsyncHttpStore(gateway_urls(gateway)[1])
    try:
        return await stored_manifest(store, bytes.fromhex(note.manifest))
    finally:
        await store.aclose()


def _folder() -> Path:
    return kept.place().parent / "idle"


def _path(name: str) -> Path:
    return _folder() / f"{Path(name).name}.json"

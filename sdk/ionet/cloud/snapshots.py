"""What a volume was at a moment, by hash; and what becomes of two that were made apart. Pure.

A snapshot is a document, sealed for its owner and named by the hash of what was sealed::

    {"format": "ionet-volume-1", "name": "data", "id": hex, "parents": [hex], "made_at": unix time,
     "origin": first job of a cluster, or "",
     "files": {"path": [sha256 of the content, bytes, sha256 of the sealed file, bytes of it]}}

after the owner's signature over it: a store could seal for the owner what it likes.

Snapshots are never changed. One that is no other's parent is a head; a volume with two heads was written from
two places, and neither is lost.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from ionet.cloud.errors import VolumeError
from ionet.formats.canonical import Json, encode

FORMAT: Final = "ionet-volume-1"
MAX_FILES: Final = 20_000
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_ID: Final = re.compile(r"[0-9a-f]{32}")
NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a snapshot.

    Attributes:
        sha256: of its content.
        size: bytes of it.
        stored: sha256 of what lies in the store: the content, sealed for the owner.
        stored_size: bytes of that.
    """

    sha256: str
    size: int
    stored: str
    stored_size: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A volume as it was.

    Attributes:
        name: of the volume.
        id: of the volume, 32 hex digits; another volume of the same name has another.
        parents: hashes of the snapshots that it was made from.
        made_at: Unix seconds, by the clock of who made it.
        files: by path.
        origin: the first job of the cluster that has left it; empty for what a machine has put.
        hash: its own; empty before it is stored.
        stored_size: bytes of the sealed document.
    """

    name: str
    id: str
    parents: tuple[str, ...]
    made_at: int
    files: Mapping[str, Entry]
    origin: str = ""
    hash: str = ""
    stored_size: int = 0

    @property
    def size(self) -> int:
        """Bytes of its files."""
        return sum(entry.size for entry in self.files.values())

    def to_bytes(self) -> bytes:
        """The document."""
        files: Json = {
            path: [entry.sha256, entry.size, entry.stored, entry.stored_size]
            for path, entry in self.files.items()
        }
        document: Json = {
            "format": FORMAT,
            "name": self.name,
            "id": self.id,
            "parents": list(self.parents),
            "made_at": self.made_at,
            "origin": self.origin,
            "files": files,
        }
        return encode(document)

    @classmethod
    def from_bytes(cls, data: bytes, digest: str, stored_size: int) -> Snapshot | None:
        """Reads a document; None if it is none, as a file of a volume may be anything."""
        try:
            document = json.loads(data)
            if document["format"] != FORMAT:
                return None
            files = {str(path): _entry(row) for path, row in document["files"].items()}
            parents = tuple(_matching(_HASH, parent) for parent in document["parents"])
            name, number = _matching(NAME, document["name"]), _matching(_ID, document["id"])
            made_at, origin = int(document["made_at"]), str(document["origin"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        if len(files) > MAX_FILES:
            return None
        return cls(name, number, parents, made_at, MappingProxyType(files), origin, digest, stored_size)


def _entry(row: Any) -> Entry:
    sha256, size, stored, stored_size = row
    if not all(isinstance(number, int) and number >= 0 for number in (size, stored_size)):
        raise ValueError
    return Entry(_matching(_HASH, sha256), size, _matching(_HASH, stored), stored_size)


def _matching(form: re.Pattern[str], text: Any) -> str:
    if not isinstance(text, str) or not form.fullmatch(text):
        raise ValueError
    return text


def hashes(*texts: object) -> list[str]:
    """Those of a file's words that can be hashes of snapshots."""
    return [text for text in texts if isinstance(text, str) and _HASH.fullmatch(text)]


def heads(snapshots: Iterable[Snapshot]) -> list[Snapshot]:
    """Those that are nobody's parent, the newest first."""
    snapshots = list(snapshots)
    parents = {parent for snapshot in snapshots for parent in snapshot.parents}
    newest = [snapshot for snapshot in snapshots if snapshot.hash not in parents]
    return sorted(newest, key=lambda snapshot: (-snapshot.made_at, snapshot.hash))


def newest_first(snapshots: Iterable[Snapshot]) -> list[Snapshot]:
    """Each before all that it comes from; otherwise by time."""
    known = {snapshot.hash: snapshot for snapshot in snapshots}
    before = {each: len(ancestors(known, [each])) for each in known}
    return sorted(known.values(), key=lambda item: (-before[item.hash], -item.made_at, item.hash))


def base_of(first: Snapshot, second: Snapshot, snapshots: Sequence[Snapshot]) -> Mapping[str, Entry]:
    """The files of the newest snapshot that both come from; none if that is gone."""
    known = {snapshot.hash: snapshot for snapshot in snapshots}
    common = ancestors(known, [first.hash]) & ancestors(known, [second.hash])
    older = ancestors(known, [parent for each in common for parent in known[each].parents])
    newest = sorted(common - older)
    return known[newest[0]].files if newest else MappingProxyType({})


def ancestors(known: Mapping[str, Snapshot], start: Sequence[str]) -> set[str]:
    """Snapshots and all that they come from, as far as they are known."""
    seen, waiting = set[str](), list(start)
    while waiting:
        current = waiting.pop()
        if current in known and current not in seen:
            seen.add(current)
            waiting += known[current].parents
    return seen


def merged(
    base: Mapping[str, Entry], mine: Mapping[str, Entry], theirs: Mapping[str, Entry], mark: str
) -> dict[str, Entry]:
    """The files of two snapshots made from one: what one of them changed, and of what both changed, both.

    Args:
        base: what both were made from.
        mine: keeps its names.
        theirs: of a file that both have changed, theirs is named `PATH.MARK`; and what one has deleted and
            the other has changed stays.
        mark: says whose it is.
    """
    files: dict[str, Entry] = {}
    for path in sorted({*base, *mine, *theirs}):
        was, here, there = (side.get(path) for side in (base, mine, theirs))
        if _same(here, there) or _same(there, was):
            kept = here
        elif _same(here, was) or here is None:
            kept = there
        else:
            kept = here
            if there is not None:
                files[_free(f"{path}.{mark}", {*base, *mine, *theirs})] = there
        if kept is not None:
            files[path] = kept
    return files


def _same(first: Entry | None, second: Entry | None) -> bool:
    return (first and first.sha256) == (second and second.sha256)


def _free(path: str, taken: set[str]) -> str:
    number = 1
    name = path
    while name in taken:
        number += 1
        name = f"{path}-{number}"
    return name


def checked_name(name: str) -> str:
    """Returns a volume's name.

    Raises:
        VolumeError: it is none.
    """
    if not NAME.fullmatch(name):
        raise VolumeError(f"a volume's name is 1 to 32 of a-z, 0-9 and dashes inside, not {name!r}")
    return name


def gap_of(tips: Sequence[Snapshot], snapshots: Iterable[Snapshot]) -> VolumeError | None:
    """Why snapshots cannot be merged: one that lies between them is not there; None if all are.

    What one of them has deleted could not be told from what is new in another. What is older than a snapshot
    that all of them come from may be missing.
    """
    known = {snapshot.hash: snapshot for snapshot in (*snapshots, *tips)}
    lines = [ancestors(known, [tip.hash]) for tip in tips]
    shared = set.intersection(*lines)
    apart = sorted(set.union(*lines) - shared)
    gone = sorted({parent for each in apart for parent in known[each].parents if parent not in known})
    if not gone:
        return None
    name, seen = tips[0].name, " and ".join(f"{tip.hash[:12]} of {_day(tip.made_at)}" for tip in tips)
    return VolumeError(
        f"the snapshot {gone[0][:12]} of {name} is not there: you have deleted it, or the gateway withholds"
        f" it. So it cannot be told what was deleted since of {seen}. Take one by --snapshot, or have every"
        f" file that any of them has: ionet volume merge {name} --every-file"
    )


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume of the signer's.

    Attributes:
        name: as its owner calls it.
        heads: its newest snapshot; several if it was written from several places.
        snapshots: all of it that the store has.
        until: Unix time until which all of it is kept, at least; None where it stays until it is deleted.
    """

    name: str
    heads: tuple[Snapshot, ...]
    snapshots: tuple[Snapshot, ...]
    until: int | None

    @property
    def head(self) -> Snapshot:
        """Its newest snapshot.

        Raises:
            VolumeError: there are two, or what comes between two is not there.
        """
        if len(self.heads) > 1 and (gap := gap_of(self.heads, self.snapshots)) is not None:
            raise gap
        if len(self.heads) > 1:
            shown = ", ".join(f"{head.hash[:12]} of {_day(head.made_at)}" for head in self.heads)
            raise VolumeError(
                f"{self.name} was written from {len(self.heads)} places: {shown}; name one by --snapshot, or"
                f" have both in one: ionet volume merge {self.name}"
            )
        return self.heads[0]

    def snapshot(self, start: str | None) -> Snapshot:
        """A snapshot by the beginning of its hash; the newest for None.

        Raises:
            VolumeError: there is none, or more than one.
        """
        if start is None:
            return self.head
        fits = [item for item in self.snapshots if item.hash.startswith(start)] if start else []
        if len(fits) != 1:
            what = f"{len(fits)} snapshots begin" if fits else "no snapshot begins"
            raise VolumeError(f"of {self.name} {what} with {start!r}; see: ionet volume log {self.name}")
        return fits[0]


def _day(unix: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(unix))

"""States of past hours, from which later ones are replayed: caches, that can be dropped and are made anew.

A checkpoint is what the final events before an hour say. It is used only while the ledger has as many events
before that hour as when it was made, and by the very code that made it.
"""

from __future__ import annotations

import copyreg
import os
import pickle
import secrets
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, is_dataclass
from functools import cache, partial
from hashlib import file_digest, sha256
from importlib import resources
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

from solders.pubkey import Pubkey

from ionet.formats.when import HOUR
from ionet.ledger.records import Place
from ionet.ledger.replay.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import BufferedReader

    from ionet.ledger.records import Entry

S = TypeVar("S")
#: Events after which a checkpoint is made, and for each record of the state: it takes as long as some events.
EVERY: Final = 50_000
_FOR_EACH_RECORD: Final = 2
#: Checkpoints of a ledger; the least recently used goes.
_MOST: Final = 24
_SUFFIX: Final = ".state"
#: Events after which is told how far a replay is.
_TOLD: Final = 1_000
_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH
#: Numbers and bytes at most of which those that are equal are one object when a state is read.
_SHARED: Final = 100_000
#: What a file may be made of.
MODULES: Final = ("ionet.ledger.replay.records", "ionet.ledger.replay.state", "ionet.ledger.records")


class Events(Protocol):
    """What a ledger is asked; see `Database`."""

    def entries(
        self, *, slot: int | None = ..., time: int | None = ..., after: Place | None = ...
    ) -> Iterator[Entry]:
        """Its events, in the chain's order."""

    def is_final(self, before: int) -> bool:
        """Whether nothing before a time can change."""

    def events_before(self, hour: int) -> int:
        """How many events there are before an hour."""


@dataclass(slots=True)
class _Kept(Generic[S]):
    """A checkpoint: the state before an hour, how many events there were, and the last of them."""

    before: int
    events: int
    after: Place
    state: S


@dataclass(frozen=True, slots=True)
class Kind(Generic[S]):
    """What is replayed.

    Attributes:
        make: what it is before the first event.
        take: takes the next event.
        records: how many there are in it.
        modules: what a file may be made of.
        code: stands for the code that replays.
    """

    make: Callable[[], S]
    take: Callable[[S, Entry], None]
    records: Callable[[S], int]
    modules: tuple[str, ...]
    code: Callable[[], str]


class Replays(Generic[S]):
    """Replays a ledger's events from checkpoints, in a folder of the user's own.

    Args:
        database: the ledger.
        folder: where they are; None: none are kept, as for a ledger in memory.
        kind: what is replayed.
        every: events after which one is made.
    """

    def __init__(self, database: Events, folder: Path | None, kind: Kind[S], every: int = EVERY) -> None:
        self._database = database
        self._folder = folder
        self._kind = kind
        self._every = every

    def at(self, time: int, *, slot: int | None = None, tell: Callable[[int, int], None] | None = None) -> S:
        """What events make of it until the end of a second, and up to a slot, from the latest checkpoint.

        Args:
            time: Unix seconds.
            slot: as far as events count.
            tell: is told how many events were replayed, and of how many, about.
        """
        kept = self._latest(time + 1)
        state, after = (self._kind.make(), None) if kept is None else (kept.state, kept.after)
        hour, since, done = None, 0, 0
        of = 0 if tell is None else self._database.events_before(time + 1) - (kept.events if kept else 0)
        for entry in self._database.entries(slot=slot, time=time, after=after):
            begun = entry.time // HOUR * HOUR
            if after is not None and begun != hour and self._is_worth_one(state, since):
                self._keep(_Kept(begun, 0, after, state))
                since = 0
            self._kind.take(state, entry)
            hour, after, since, done = begun, entry.place, since + 1, done + 1
            if tell is not None and done % _TOLD == 0:
                tell(done, of)
        return state

    def _is_worth_one(self, state: S, since: int) -> bool:
        if self._folder is None or since < self._every:
            return False
        return since >= _FOR_EACH_RECORD * self._kind.records(state)

    def _latest(self, until: int) -> _Kept[S] | None:
        if self._folder is None or not _is_own(self._folder):
            return None
        found = []
        for path in self._folder.glob(f"*-{self._kind.code()}{_SUFFIX}"):
            with suppress(ValueError):
                found.append((int(path.name.partition("-")[0]), path))
        for before, path in sorted(found, reverse=True):
            if before > until:
                continue
            kept = _read(path, self._kind.modules)
            if (
                kept is not None
                and kept.before == before
                and self._database.events_before(before) == kept.events
            ):
                with suppress(OSError):
                    os.utime(path)
                return kept
            with suppress(OSError):
                path.unlink()
        return None

    def _keep(self, kept: _Kept[S]) -> None:
        """Writes one, if nothing before its hour can change any more; without room, none is kept."""
        assert self._folder is not None
        if not self._database.is_final(kept.before):
            return
        kept.events = self._database.events_before(kept.before)
        part = self._folder / f".{secrets.token_hex(8)}"
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _is_own(self._folder):
                return
            try:
                with part.open("wb") as file:
                    file.write(bytes(32))
                    summed = _Summed(file)
                    _Pickler(summed, pickle.HIGHEST_PROTOCOL).dump(kept)
                    file.seek(0)
                    file.write(summed.sum.digest())
                part.replace(self._folder / f"{kept.before}-{self._kind.code()}{_SUFFIX}")
            finally:
                part.unlink(missing_ok=True)
            paths = sorted(self._folder.glob(f"*{_SUFFIX}"), key=lambda path: path.stat().st_mtime)
            for path in paths[:-_MOST]:
                path.unlink(missing_ok=True)


def caches() -> Path:
    """The folder of what this package keeps below the user's caches, and makes anew."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "ionet"


def folder_of(where: str, genesis: str) -> Path:
    """The folder of a ledger's checkpoints, below the user's caches.

    Args:
        where: the database's URL, or its file.
        genesis: the chain's genesis hash, base58.
    """
    return caches() / "states" / sha256(f"{genesis} {where}".encode()).hexdigest()[:16]


@cache
def code_of(*more: Path) -> str:
    """Stands for the code that replays a state, and for that of more files."""
    modules = resources.files("ionet.ledger.replay").iterdir()
    parts = [item.read_bytes() for item in sorted(modules, key=lambda item: item.name) if item.is_file()]
    parts.append(resources.files("ionet._programs").joinpath("manifest.json").read_bytes())
    parts += [path.read_bytes() for path in more]
    return sha256(b"".join(parts)).hexdigest()[:16]


def _key(data: bytes) -> Pubkey:
    return Pubkey.from_bytes(data)


class _Summed:
    """Writes to a file and sums up: a state may be large, and is in memory once already."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.sum = file, sha256()

    def write(self, data: bytes) -> int:
        """Writes bytes."""
        self.sum.update(data)
        return self._file.write(data)


def _made(type_: Any, *values: object) -> object:
    """A record of these values, in the order of its fields."""
    return _made_sharing({}, type_, *values)


def _made_sharing(same: dict[Any, Any], type_: Any, *values: object) -> object:
    """… that has values of equal ones before: a file has every number apart, as often as it occurs.

    Args:
        same: numbers and bytes that occurred; it grows up to a bound.
        type_: of the record.
        values: of its fields.
    """
    it: object = object.__new__(type_)
    for name, value in zip(_names(type_), values, strict=True):
        object.__setattr__(it, name, _shared(same, value))
    return it


def _shared(same: dict[Any, Any], value: object) -> object:
    # No others: what is equal need not be the same, as True and 1.
    if type(value) is not int and type(value) is not bytes:
        return value
    return same.get(value, value) if len(same) >= _SHARED else same.setdefault(value, value)


@cache
def _names(type_: Any) -> tuple[str, ...]:
    """Fields of a type that has nothing but them; none where it has more, or says itself what is kept."""
    plain = not type_.__dictoffset__ and type_.__getstate__ is object.__getstate__ and is_dataclass(type_)
    return tuple(each.name for each in fields(type_)) if plain else ()


class _Pickler(pickle.Pickler):
    dispatch_table = copyreg.dispatch_table | {Pubkey: lambda key: (_key, (bytes(key),))}

    def reducer_override(self, obj: Any) -> Any:
        """Keeps a record's values alone: with their names they take far more memory while they are read."""
        its: Any = type(obj)
        if names := _names(its):
            return _made, (its, *(getattr(obj, name) for name in names))
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    """Makes nothing but instances of the classes of some modules."""

    def __init__(self, content: IO[bytes], modules: tuple[str, ...]) -> None:
        super().__init__(content)
        self._modules = modules
        self._made = partial(_made_sharing, {})

    def find_class(self, module: str, name: str) -> Any:
        if module == __name__ and name == "_made":
            return self._made
        if module == __name__ and name in ("_key", "_Kept"):
            return super().find_class(module, name)
        if module in self._modules and "." not in name:
            item = super().find_class(module, name)
            # Not what such a module has imported.
            if isinstance(item, type) and item.__module__ == module:
                return item
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a state")


def _is_own(folder: Path) -> bool:
    """Whether nobody else can put files there: a state is believed."""
    try:
        it = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(it.st_mode) and it.st_uid == os.geteuid() and not it.st_mode & _OTHERS_WRITE


@contextmanager
def _opened(path: Path) -> Iterator[BufferedReader]:
    """A plain file; what is none is not followed, nor waited for."""
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        it = os.fstat(file.fileno())
        if not stat.S_ISREG(it.st_mode) or it.st_uid != os.geteuid():
            raise OSError(f"{path} is no plain file of one's own")
        yield file


def _load(file: IO[bytes], modules: tuple[str, ...]) -> Any:
    return _Unpickler(file, modules).load()


def _read(path: Path, modules: tuple[str, ...] = MODULES) -> _Kept[Any] | None:
    """A checkpoint; None where it cannot be read.

    It is read twice and never held: of many nodes it is half a gigabyte.
    """
    try:
        with _opened(path) as file:
            digest = file.read(32)
            if file_digest(file, "sha256").digest() != digest:
                return None
            file.seek(32)
            found = _load(file, modules)
    except Exception:  # whatever is wrong with a cache, it is made anew
        return None
    return found if isinstance(found, _Kept) else None


_STATES: Final = Kind(State, State.apply, lambda state: sum(1 for _ in state), MODULES, code_of)


class Checkpoints(Replays[State]):
    """Replays states.

    Args:
        database: the ledger.
        folder: see `Replays`.
        every: events after which a checkpoint is made.
    """

    def __init__(self, database: Events, folder: Path | None, every: int = EVERY) -> None:
        super().__init__(database, folder, _STATES, every)


__all__ = ["EVERY", "MODULES", "Checkpoints", "Kind", "Replays", "code_of", "folder_of"]

"""A seat's heartbeats: how many hours in a row each device was up, by its signed answers alone.

An hour has twelve slots of 300 seconds of the chain. In each, at a moment drawn for it, a device is asked
once. A request is signed and numbered, and has 16 random bytes; an answer is signed over the request's
digest, so that it exists only once the request does, and counts once. See docs/proofs.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ionet.chain.errors import IonetError
from ionet.chain.files import replace_secret
from ionet.formats.when import HOUR, MINUTE
from ionet.wire import Peer, Role
from ionet.worker._uptime import STATED_FOR

#: Seconds of the chain in which a device is asked once.
SLOT: Final = 5 * MINUTE
#: Slots of an hour that a device may leave unanswered, and be up all the same.
LOST: Final = 2
#: Slots of an hour that a seat has to have watched, of twelve, to judge by it.
WATCHED: Final = 9
#: Seconds of the chain between two looks, at most, in a slot that was watched.
GAP: Final = MINUTE
#: Slots of an hour that are not judged as a gateway was missing; in more of them devices are at others.
_EXCUSED: Final = 3
#: Hours in a row that a seat may miss without beginning anew.
_MISSED: Final = 3
#: Hours that are counted in a row; more are not asked for by any policy.
_MOST: Final = 168
#: Hours whose counts are at hand.
_KEPT: Final = 3
#: Heartbeats under way, and seconds of this machine for an answer, and for the device to be there.
_AT_ONCE: Final = 512
_PATIENCE: Final = 10.0
_PRESENCE: Final = 5.0

#: Returns the device's key of each of these nodes that the chain has.
DevicesOf = Callable[[Sequence[bytes]], Awaitable[Mapping[bytes, bytes]]]


@dataclass(slots=True)
class _Book:
    """What a seat has counted, until the end of an hour.

    Attributes:
        end: of the latest hour that is closed, Unix seconds; 0 before the first.
        hours: in a row that the seat has watched, those included that it was briefly away.
        missed: of them, the latest ones that it did not watch.
        up: hours in a row of each node that was up in the latest, at most `hours`.
        watched: slots so far of the hour that follows.
        answered: how many of these each node has answered.
        excused: others of its slots, in which a gateway was missing.
    """

    end: int = 0
    hours: int = 0
    missed: int = 0
    up: dict[bytes, int] = field(default_factory=dict)
    watched: int = 0
    answered: dict[bytes, int] = field(default_factory=dict)
    excused: int = 0

    def close(self) -> bool:
        """Counts the hour that follows; returns whether the seat has watched it."""
        watched = self.watched >= WATCHED
        if watched:
            least = self.watched - LOST
            up = [node for node, slots in self.answered.items() if slots >= least]
            self.hours, self.missed = min(self.hours + 1, _MOST), 0
            self.up = {node: min(self.up.get(node, 0) + 1, _MOST) for node in up}
        elif self.hours and self.missed < _MISSED:
            # A seat's own absence is nobody else's: the hour counts as the one before, and is not stated.
            self.hours, self.missed = min(self.hours + 1, _MOST), self.missed + 1
            self.up = {node: min(hours + 1, _MOST) for node, hours in self.up.items()}
        else:
            self.hours, self.missed, self.up = 0, 0, {}
        self.end += HOUR
        self.watched, self.answered, self.excused = 0, {}, 0
        return watched

    def to_json(self) -> str:
        """What `from_json` reads."""
        return json.dumps(
            {
                "answered": {node.hex(): slots for node, slots in self.answered.items()},
                "end": self.end,
                "excused": self.excused,
                "hours": self.hours,
                "missed": self.missed,
                "up": {node.hex(): hours for node, hours in self.up.items()},
                "watched": self.watched,
            }
        )

    @classmethod
    def from_json(cls, text: bytes) -> _Book:
        """Reads a book.

        Raises:
            ValueError, TypeError, KeyError: it is none.
        """
        value: Any = json.loads(text)
        names = ("end", "hours", "missed", "watched", "excused")
        end, hours, missed, watched, excused = (int(value[name]) for name in names)
        up, answered = (
            {bytes.fromhex(node): int(count) for node, count in value[name].items()}
            for name in ("up", "answered")
        )
        return cls(end, hours, missed, up, watched, answered, excused)


class Heartbeats:
    """Asks devices at random moments whether they are there, and counts the hours in which they were.

    Args:
        peer: asks them.
        devices_of: reads devices' keys from the chain.
        now: the chain's time, Unix seconds; None where it is not known.
        start: where the first hour begins, Unix seconds; None where it is not known yet.
        path: the file that keeps the count over restarts. One that cannot be read counts as none.
    """

    def __init__(
        self,
        peer: Peer,
        devices_of: DevicesOf,
        now: Callable[[], int | None],
        start: Callable[[], int | None],
        path: Path,
    ) -> None:
        self._peer = peer
        self._devices_of = devices_of
        self._now = now
        self._start = start
        self._path = path
        self._book = _read(path)
        self._keys: dict[bytes, bytes] = {}
        self._keys_at = 0
        self._looking = asyncio.Lock()
        self._gate = asyncio.Semaphore(_AT_ONCE)
        #: The present slot: where it begins, whether the seat was there and whether a gateway was missing so
        #: far, who answered, and who is asked when, the latest first.
        self._slot: int | None = None
        self._whole = self._missing = False
        self._answers: set[bytes] = set()
        self._due: list[tuple[int, bytes]] = []
        self._asking: set[asyncio.Task[None]] = set()
        self._last: int | None = None
        #: By ends of hours that were watched: the seat's own hours in a row, and each node's.
        self._counts: dict[int, tuple[int, dict[bytes, int]]] = {}
        if self._book.end and self._book.hours and not self._book.missed:
            self._counts[self._book.end] = self._book.hours, self._book.up

    async def run(self, pause: float) -> None:
        """Asks and counts until it is cancelled.

        Args:
            pause: seconds of this machine between two looks.
        """
        try:
            while True:
                await self.look()
                await asyncio.sleep(pause)
        finally:
            for task in self._asking:
                task.cancel()
            await asyncio.gather(*self._asking, return_exceptions=True)

    async def look(self) -> None:
        """Asks whoever is due; where a slot is over, counts its answers first."""
        async with self._looking:
            now, start = self._now(), self._start()
            if now is None or start is None or now < start:
                self._whole = False
                return
            slot = now - (now - start) % SLOT
            last, self._last = self._last, now
            steady = last is not None and 0 <= now - last <= GAP and self._peer.connected
            missing = not all(link.connected for link in self._peer.links)
            self._whole, self._missing = self._whole and steady, self._missing or missing
            if slot != self._slot:
                await self._turn(slot, start)
                self._whole, self._missing = steady and await self._draw(now), missing
            while self._due and slot + self._due[-1][0] <= now:
                self._ask(self._due.pop()[1])

    def counted(self, end: int, claimed: Mapping[bytes, int]) -> dict[bytes, int]:
        """Hours in a row until an hour's end that devices were up, by node; none where it was not watched.

        For hours before this seat began to count, it takes the device's word.

        Args:
            end: the hour's end, Unix seconds.
            claimed: what devices say themselves, by node.
        """
        hours, up = self._counts.get(end, (0, {}))
        if not hours:
            return {}
        return {
            node: max(up[node], claimed.get(node, 0)) if up.get(node) == hours else up.get(node, 0)
            for node in up.keys() | claimed.keys()
        }

    def is_past(self, end: int) -> bool:
        """Whether an hour's end is so long ago that devices do not state it any more."""
        now = self._now()
        return now is not None and end < now - STATED_FOR

    async def devices(self) -> dict[bytes, bytes]:
        """The keys of the devices at the gateways, by node, as the chain has them.

        Raises:
            IonetError: the chain cannot be read.
        """
        there = self._peer.present(Role.AGENT)
        found = await self._devices_of(sorted({node for node in there.values() if node is not None}))
        return {node: key for node, key in found.items() if key in there}

    # -- slots

    async def _turn(self, slot: int, start: int) -> None:
        """Ends the slot before, and each hour that is over by now."""
        if self._slot is not None and slot > self._slot:
            if self._whole:
                # Drawn for its last moment, and not asked yet.
                for _, node in self._due:
                    self._ask(node)
            await asyncio.gather(*self._asking)
            self._count(self._slot, start)
        elif self._slot is not None:
            # The time of a local network may begin anew.
            self._book, self._counts = _Book(), {}
        self._slot, self._answers, self._due = slot, set(), []
        begun, book = slot - (slot - start) % HOUR, self._book
        if not book.end or not 0 <= begun - book.end <= (_MISSED + 1) * HOUR:
            self._book = _Book(begun)
        while self._book.end < begun:
            if self._book.close():
                self._counts[self._book.end] = self._book.hours, self._book.up
                self._counts = dict(sorted(self._counts.items())[-_KEPT:])
        text = self._book.to_json
        # What is not written is not watched after a restart.
        with contextlib.suppress(OSError):
            await asyncio.to_thread(lambda: replace_secret(self._path, text() + "\n"))

    def _count(self, slot: int, start: int) -> None:
        book = self._book
        if not self._whole or book.end != slot - (slot - start) % HOUR:
            return
        if self._missing and book.excused < _EXCUSED:
            book.excused += 1
        else:
            book.watched += 1
            for node in self._answers:
                book.answered[node] = book.answered.get(node, 0) + 1

    async def _draw(self, now: int) -> bool:
        """Draws a moment of the slot for each device; returns whether the chain said their keys."""
        there = {node for node in self._peer.present(Role.AGENT).values() if node is not None}
        # Whoever is on the way from one gateway to another is asked, too.
        nodes = there | self._book.up.keys() | self._book.answered.keys()
        fresh = now - self._keys_at < HOUR
        unknown = sorted(nodes - self._keys.keys()) if fresh else sorted(nodes)
        try:
            found = await self._devices_of(unknown)
        except IonetError:
            return False
        self._keys = {**self._keys, **found} if fresh else dict(found)
        self._keys_at = self._keys_at if fresh else now
        self._due = sorted(
            ((secrets.randbelow(SLOT), node) for node in nodes & self._keys.keys()), reverse=True
        )
        return True

    def _ask(self, node: bytes) -> None:
        task = asyncio.create_task(self._beat(node, self._keys[node], self._answers))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _beat(self, node: bytes, key: bytes, answers: set[bytes]) -> None:
        fresh = {"nonce": secrets.token_hex(16)}
        async with self._gate:
            with contextlib.suppress(IonetError):
                await self._peer.ask(key, "heartbeat", fresh, seconds=_PATIENCE, presence=_PRESENCE)
                answers.add(node)


def _read(path: Path) -> _Book:
    try:
        return _Book.from_json(path.read_bytes())
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return _Book()

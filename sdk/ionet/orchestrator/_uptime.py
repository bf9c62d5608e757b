"""Devices' statements of how long they were up, asked for when an hour is over, and what this seat has seen.

A statement is its device's own word. A seat that watched an hour does not pass on the word of a device that
was not at the gateways then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey
from solders.signature import Signature

from ionet.chain.errors import IonetError
from ionet.formats.when import HOUR
from ionet.orchestrator._journal import Journal
from ionet.wire import Answer, Peer, Role
from ionet.worker._uptime import AWAY, GAP

if TYPE_CHECKING:
    from ionet.rewards import Word

#: Requests under way, and seconds for each.
_AT_ONCE: Final = 64
_PATIENCE: Final = 10.0
#: Seconds for gateways to say who is there.
_MOMENT: Final = 1.0
#: Seconds of an hour that a seat may have watched less than all of it, to judge by it.
_UNWATCHED: Final = AWAY
#: Seconds that a device may be away beyond its own five minutes: both look only now and then.
_SLACK: Final = 2 * GAP
#: Hours that are remembered: those in a row that a reward asks for, and the present one.
_HOURS: Final = 6


class Uptimes:
    """Watches the devices at the gateways, and collects their statements.

    Args:
        peer: asks them.
        now: the chain's time, or None where it is not known.
        start: where the first hour begins, Unix seconds; None where it is not known yet.
        gap: seconds of the chain between two looks that count as watching.
        journal: has a line for each device that is not believed.
    """

    def __init__(
        self,
        peer: Peer,
        now: Callable[[], int | None],
        start: Callable[[], int | None],
        gap: Callable[[], int],
        journal: Journal,
    ) -> None:
        self._peer = peer
        self._now = now
        self._start = start
        self._gap = gap
        self._journal = journal
        self._last: int | None = None
        #: End of the hour that is being watched, the seconds that it was, and those of each node.
        self._end = 0
        self._watched = 0
        self._seen: dict[bytes, int] = {}
        #: The nodes that were up in hours that were watched, by the hours' ends.
        self._up: dict[int, frozenset[bytes]] = {}

    async def run(self, pause: float) -> None:
        """Watches until it is cancelled.

        Args:
            pause: seconds of this machine between two looks.
        """
        while True:
            self.look()
            await asyncio.sleep(pause)

    def look(self) -> None:
        """Counts the time since the last look for whoever is there."""
        now, start = self._now(), self._start()
        if now is None or start is None:
            return
        end = now - (now - start) % HOUR + HOUR
        if end != self._end:
            self._close()
            self._end = end
        last, self._last = self._last, now
        # A seat that misses a gateway cannot tell who is there.
        if not all(link.connected for link in self._peer.links):
            self._last = None
        elif last is not None and 0 < now - last <= self._gap():
            seconds = min(now - last, now - (end - HOUR))
            self._watched += seconds
            for node in self._devices():
                self._seen[node] = self._seen.get(node, 0) + seconds

    def _close(self) -> None:
        if self._watched >= HOUR - _UNWATCHED:
            least = self._watched - AWAY - _SLACK
            self._up[self._end] = frozenset(node for node, seen in self._seen.items() if seen >= least)
            self._up = dict(sorted(self._up.items())[-_HOURS:])
        self._watched, self._seen = 0, {}

    def _devices(self) -> dict[bytes, bytes]:
        """Keys of the devices at the gateways, by node."""
        return {node: key for key, node in self._peer.present(Role.AGENT).items() if node is not None}

    async def collect(self, end: int) -> dict[bytes, Word]:
        """Asks every device at the gateways for its statement of an hour, and returns those to be passed on.

        Args:
            end: the hour's end, Unix seconds.
        """
        self.look()
        # A seat that has just begun is told within a moment who is there.
        if not self._peer.connected and await self._peer.wait_connected(_PATIENCE):
            await asyncio.sleep(_MOMENT)
        gate, words = asyncio.Semaphore(_AT_ONCE), dict[bytes, "Word"]()

        async def ask(node: bytes, key: bytes) -> None:
            async with gate:
                try:
                    answer = await self._peer.ask(
                        key, "uptime", {"end": end}, seconds=_PATIENCE, presence=0.0
                    )
                    word = _word(node, key, end, answer)
                except (IonetError, ValueError, TypeError, KeyError) as bad:
                    self._journal.note(node.hex(), "no statement", f"of the hour until {end}: {bad}")
                    return
            if (why := self._doubt(word, end)) is not None:
                self._journal.note(node.hex(), "statement not believed", why)
                return
            words[node] = word

        await asyncio.gather(*(ask(node, key) for node, key in self._devices().items()))
        return words

    def _doubt(self, word: Word, end: int) -> str | None:
        """Why a statement is not passed on; None if nothing speaks against it."""
        for hour in range(min(word.up_hours, _HOURS)):
            up = self._up.get(end - hour * HOUR)
            if up is not None and word.node not in up:
                return (
                    f"it says that it was up {word.up_hours} hours in a row until {end}, and was not seen"
                    f" at the gateways in the hour until {end - hour * HOUR}"
                )
        return None


def _word(node: bytes, key: bytes, end: int, answer: Answer) -> Word:
    """Reads a device's answer.

    Raises:
        ValueError: it is no statement, or not signed by the device for this hour.
        KeyError, TypeError: it is no statement.
    """
    from ionet.rewards import word_of

    names = {"device": str(Pubkey(key)), "node": str(Pubkey(node))}
    signature = str(Signature.from_bytes(answer.blob))
    word = word_of({**answer.arguments, **names, "signature": signature})
    if not word.statement.verify(node, end, word.up_hours):
        raise ValueError(f"{Pubkey(key)} did not sign it for this hour")
    return word

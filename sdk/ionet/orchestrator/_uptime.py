"""What a seat knows of an hour's uptime when it is over: its own count, and what devices say themselves."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, NamedTuple

from solders.pubkey import Pubkey
from solders.signature import Signature

from ionet.orchestrator._heartbeats import Heartbeats
from ionet.orchestrator._journal import Journal
from ionet.wire import Answer, Peer

if TYPE_CHECKING:
    from ionet.rewards import Word

#: Requests under way, and seconds for each.
_AT_ONCE: Final = 64
_PATIENCE: Final = 10.0
#: Seconds for gateways to say who is there.
_MOMENT: Final = 1.0


class Stated(NamedTuple):
    """What is known of an hour's uptime, by node.

    Attributes:
        words: devices' signed statements.
        hours: in a row that each was up, as the seat has counted; empty where it has not watched the hour.
    """

    words: dict[bytes, Word]
    hours: dict[bytes, int]


class Uptimes:
    """Collects devices' statements, beside what a seat has counted.

    Args:
        peer: asks them.
        beats: has counted.
        journal: has a line for each device that states nothing.
    """

    def __init__(self, peer: Peer, beats: Heartbeats, journal: Journal) -> None:
        self._peer = peer
        self._beats = beats
        self._journal = journal

    async def collect(self, end: int) -> Stated:
        """Asks every device at the gateways for its statement of an hour, for which they have a week.

        Args:
            end: the hour's end, Unix seconds.

        Raises:
            IonetError: the chain does not say which devices there are.
        """
        await self._beats.look()
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
                    words[node] = _word(node, key, end, answer)
                except Exception as bad:
                    # Whatever a device answers, the others' statements are collected.
                    self._journal.note(node.hex(), "no statement", f"of the hour until {end}: {bad}")

        devices = {} if self._beats.is_past(end) else await self._beats.devices()
        await asyncio.gather(*(ask(node, key) for node, key in devices.items()))
        hours = self._beats.counted(end, {node: word.up_hours for node, word in words.items()})
        return Stated(words, hours)


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

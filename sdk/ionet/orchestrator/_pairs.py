"""Has idle nodes measure what lies between them, so that renters see which fit together.

Nodes of a class stand in an order that follows from their addresses, and each measures with the next seven of
it: any eight that follow each other know all of their pairs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from hashlib import sha256
from typing import Final

from solders.pubkey import Pubkey

from ionet.orchestrator._journal import Journal
from ionet.overlay import FRESH
from ionet.wire import Peer, Refused, Role, Unreachable
from ionet.worker._measuring import measured_at

#: How many of the next nodes in the order each measures with, and pairs that measure at once.
_NEXT: Final = 7
_AT_ONCE: Final = 8
#: Seconds for one measurement, and of the chain until a pair that could not be measured is tried again.
_PATIENCE: Final = 60.0
_AGAIN: Final = 3_600
#: A statement is renewed when half of its time is over.
_RENEW: Final = FRESH // 2
Pair = tuple[bytes, bytes]


def pairs(classes: Mapping[bytes, int]) -> list[Pair]:
    """Which nodes measure with each other.

    Args:
        classes: of connected nodes, 32 bytes each.
    """
    found = []
    for number in sorted(set(classes.values())):
        order = sorted(
            (node for node in classes if classes[node] == number), key=lambda node: sha256(node).digest()
        )
        for place, node in enumerate(order):
            found += [(node, other) for other in order[place + 1 : place + 1 + _NEXT]]
    return found


class Pairs:
    """One seat's part in it: each pair is led by one seat, and the next does what that one has not done.

    Args:
        peer: this seat.
        gateways: their URLs, ``https://…``, in the order of the seat's links.
        now: the chain's time; None where it is not known.
        classes_of: the classes of those of some nodes that are there, by node.
        leased: nodes with a job; None while that is not known.
        turn: seconds for which this seat leaves a pair to others.
        journal: told what could not be measured.
    """

    def __init__(
        self,
        peer: Peer,
        gateways: Sequence[str],
        now: Callable[[], int | None],
        classes_of: Callable[[Sequence[bytes]], Awaitable[Mapping[bytes, int]]],
        leased: Callable[[], Collection[bytes] | None],
        turn: Callable[[bytes], int],
        journal: Journal,
    ) -> None:
        self._peer, self._gateways, self._now = peer, tuple(gateways), now
        self._classes_of, self._leased, self._turn, self._journal = classes_of, leased, turn, journal
        self._classes: dict[bytes, int] = {}
        self._next: dict[Pair, int] = {}
        #: How many were measured since this process began.
        self.measured = 0

    async def run(self, pause: float) -> None:
        """Has measured what is due, again and again, until it is cancelled.

        Args:
            pause: seconds of this machine between two looks.
        """
        while True:
            await self.look()
            await asyncio.sleep(pause)

    async def look(self) -> None:
        """Has every pair measured that is due."""
        now, leased = self._now(), self._leased()
        if now is None or leased is None:
            return
        devices = {node: key for key, node in self._peer.present(Role.AGENT).items() if node is not None}
        self._classes = {node: number for node, number in self._classes.items() if node in devices}
        if unknown := sorted(devices.keys() - self._classes.keys()):
            self._classes |= await self._classes_of(unknown)
        idle = devices.keys() - set(leased)
        wanted = pairs({node: number for node, number in self._classes.items() if node in idle})
        kept = set(wanted)
        self._next = {pair: at for pair, at in self._next.items() if pair in kept}
        for pair in wanted:
            self._next.setdefault(pair, now + self._turn(b"".join(pair)))
        due = sorted((at, pair) for pair, at in self._next.items() if at <= now)
        busy: set[bytes] = set()
        chosen: list[Pair] = []
        for _, (left, right) in due:
            if len(chosen) < _AT_ONCE and not {left, right} & busy:
                busy |= {left, right}
                chosen.append((left, right))
        await asyncio.gather(*(self._measure(pair, devices, now) for pair in chosen))

    async def _measure(self, pair: Pair, devices: Mapping[bytes, bytes], now: int) -> None:
        keys = [devices[node] for node in pair]
        self._next[pair] = now + _AGAIN
        why = "no gateway has both nodes"
        for url in self._gateways:
            try:
                if (at := await self._known(url, keys)) is not None and now - at < _RENEW:
                    self._next[pair] = at + _RENEW
                    return
                await asyncio.gather(*(self._ask(key, other, url) for key, other in (keys, keys[::-1])))
            except Exception as bad:
                # Whatever one gateway answers, the next is asked, and other pairs are measured.
                why = str(bad) or type(bad).__name__
                continue
            self._next[pair] = now + _RENEW
            self.measured += 1
            return
        self._journal.note(pair[0].hex(), "link not measured", f"with {Pubkey(pair[1])}: {why}")

    async def _ask(self, key: bytes, other: bytes, url: str) -> None:
        arguments = {"at": url, "device": other.hex()}
        try:
            await self._peer.ask(key, "measure", arguments, seconds=_PATIENCE)
        except (Refused, Unreachable) as bad:
            raise Refused("not-measured", f"{Pubkey(key)} says: {bad}") from None

    async def _known(self, url: str, keys: Sequence[bytes]) -> int | None:
        """When a pair was measured that a gateway knows of; None if it was not."""
        return max((item.at for item in await measured_at(url, keys)), default=None)

"""Nodes too slow for their class: this seat's part in taking them down to the one that they reach."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from solders.pubkey import Pubkey

from ionet import AsyncClient
from ionet.chain.errors import IonetError, ProgramError
from ionet.orchestrator._journal import Journal

_log = logging.getLogger(__name__)
#: Seconds between two looks at who is to go down.
_EVERY: Final = 60.0


class Lowerings:
    """One seat's approvals of lower classes; what the threshold approves takes effect a day later.

    Args:
        client: signs as the seat.
        seat: the seat's number.
        journal: has a line for each step.
    """

    def __init__(self, client: AsyncClient, seat: int, journal: Journal) -> None:
        self._client = client
        self._seat = seat
        self._journal = journal
        #: Nodes whose latest verdict of this seat was slow, and the class that each of them reaches.
        self._reached: dict[bytes, int] = {}

    def judged(self, node: bytes, reached: int | None) -> None:
        """Is told of a node's latest verdict.

        Args:
            node: its address, 32 bytes.
            reached: the class that it reaches where it was too slow for its own; None where it was not.
        """
        if reached is None:
            self._reached.pop(node, None)
        else:
            self._reached[node] = reached

    async def run(self) -> None:
        """Takes what steps are due, again and again, until it is cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_EVERY)

    async def look(self) -> None:
        """Approves, or takes down, what is due."""
        for node, class_id in list(self._reached.items()):
            try:
                await self._step(Pubkey(node), class_id)
            except ProgramError as bad:
                # It is of another pool, leased, or has gone: another verdict brings it back.
                self._reached.pop(node, None)
                self._journal.note(node.hex(), "class not lowered", str(bad))
            except IonetError as bad:
                # The next look tries again, and the other nodes' turn is now.
                self._journal.note(node.hex(), "class not lowered yet", str(bad))

    async def _step(self, node: Pubkey, class_id: int) -> None:
        staking = self._client.staking
        known = await staking.lowering(node, class_id)
        if self._seat not in known.seats:
            event = (await staking.approve_class(node, class_id).send()).result
            due = f", due at {event.due_at}" if event.due_at else ""
            detail = f"to {class_id}, weight {event.weight} of {event.threshold}{due}"
            self._journal.note(bytes(node).hex(), "lower class approved", detail)
        elif known.due_at and await self._client.time() >= known.due_at:
            try:
                await staking.lower_class(node, class_id).send()
            finally:
                self._reached.pop(bytes(node), None)
            self._journal.note(bytes(node).hex(), "class lowered", f"to {class_id}")

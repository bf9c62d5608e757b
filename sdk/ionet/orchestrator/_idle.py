"""Challenges to idle nodes, about one an hour each, so that hours' reports have a verdict on them.

A node is booked on a verdict of the last hours. Leased nodes are judged by their samples alone.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ionet.chain.errors import IonetError
from ionet.formats.when import HOUR, hour_of
from ionet.orchestrator._agents import NodeUnreachable
from ionet.orchestrator._chain import ChainError
from ionet.orchestrator._challenge import Challenger
from ionet.orchestrator._journal import Journal
from ionet.orchestrator._looking import Looking, in_turn
from ionet.orchestrator._policy import Policy
from ionet.orchestrator._program import ProgramChain
from ionet.prover import MEDIAN_OF, Reason

_DOMAIN: Final = b"ionet:idle"
#: The part of an hour in which challenges begin, seconds: the rest is for those that have to be repeated.
_SPREAD: Final = 2_400
#: Seconds of the chain between two tries, and how many of them an hour has.
_AGAIN_AFTER: Final = 240
_TRIES: Final = 3
#: Challenges under way, waiting ones included.
_UNDER_WAY: Final = 256


@dataclass(slots=True)
class _Tried:
    """What became of a node in an hour.

    Attributes:
        hour: its number, from the start of emission.
        tries: how many there were.
        next_at: when to try next, Unix seconds of the chain.
        done: whether there is a verdict.
        draws: challenges that were answered.
    """

    hour: int
    tries: int
    next_at: int
    done: bool = False
    draws: int = 0


class IdleChallenges(Looking[bytes]):
    """One seat's challenges to nodes that nobody leases.

    Args:
        chain: tells time and what nodes there are.
        challenger: poses them.
        journal: has the verdicts; those of this hour are not made again after a restart.
        policy: rules and sizes.
        seat: this seat's key, 32 bytes: each seat has its own moment and its own questions.
        connected: the nodes whose agents are connected, 32 bytes each.
        leased: the nodes with a job that has not ended; None while that is not known.
    """

    def __init__(
        self,
        chain: ProgramChain,
        challenger: Challenger,
        journal: Journal,
        policy: Policy,
        seat: bytes,
        connected: Callable[[], Collection[bytes]],
        leased: Callable[[], Collection[bytes] | None],
    ) -> None:
        super().__init__("idle nodes are not challenged", (ChainError,))
        self._chain = chain
        self._challenger = challenger
        self._journal = journal
        self._policy = policy
        self._seat = seat
        self._connected = connected
        self._leased = leased
        self._secret = secrets.token_bytes(32)
        self._tried: dict[bytes, _Tried] = {}
        #: What each node's latest right answers took, nanoseconds, the last one last.
        self._times: dict[bytes, tuple[int, ...]] = {}
        #: How many have passed, have failed, and gave no answer, since this process began.
        self.passed = self.failed = self.silent = 0

    async def look(self) -> None:
        """Begins the challenges that are due; does not wait for them."""
        leased = self._leased()
        if leased is None:
            return
        now, begun = await self._chain.now(), await self._chain.begun()
        hour = hour_of(now, begun)
        self._under_way = {node: task for node, task in self._under_way.items() if not task.done()}
        connected = set(self._connected())
        self._tried = {node: tried for node, tried in self._tried.items() if node in connected}
        judged: set[bytes] | None = None
        lot = sha256(_DOMAIN + self._secret + hour.to_bytes(8, "little", signed=True)).digest()
        for node in in_turn(connected.difference(leased, self._under_way), lot):
            tried = self._tried.get(node)
            if tried is None or tried.hour != hour:
                end = begun + hour * HOUR
                if judged is None:
                    judged = {item[0] for item in self._journal.verdicts(end - HOUR - 1, end - 1)}
                moment = end - HOUR + self._moment(node, hour)
                tried = self._tried[node] = _Tried(hour, 0, moment, node in judged)
            if tried.done or now < tried.next_at or len(self._under_way) >= _UNDER_WAY:
                continue
            self._under_way[node] = asyncio.create_task(self._challenge(node, tried, now))

    def judged(self, node: bytes, hour: int) -> None:
        """Leaves a node alone for the rest of an hour, as numbered from the start of emission.

        It has a verdict that no other is to replace.
        """
        self._tried[node] = _Tried(hour, 0, 0, done=True)

    def _moment(self, node: bytes, hour: int) -> int:
        """In which second of an hour a node is challenged; nobody else knows it: it is of a secret."""
        lot = sha256(_DOMAIN + self._secret + node + hour.to_bytes(8, "little", signed=True)).digest()
        return int.from_bytes(lot[:4], "little") * _SPREAD // 2**32

    async def _challenge(self, node: bytes, tried: _Tried, now: int) -> None:
        about = sha256(_DOMAIN + self._seat + tried.hour.to_bytes(8, "little", signed=True)).digest()
        tried.tries, tried.next_at = tried.tries + 1, now + _AGAIN_AFTER
        try:
            known = await self._chain.node(node)
            if known is None or not known.live:
                tried.done = True
                return
            rules = self._policy.rules_of(node, known.class_id, known.pool)
            times = self._times.get(node, ())
            posed = await self._challenger.pose(
                about,
                node,
                at=now,
                attempt=tried.draws,
                reference=rules.reference,
                earlier=set(),
                times=times,
            )
            tried.draws += 1
            if posed.verdict.reason in (None, Reason.SLOW):
                self._times[node] = (*times, posed.record["nanoseconds"])[-(MEDIAN_OF - 1) :]
            if posed.verdict.reason is Reason.SLOW and len(times) < MEDIAN_OF - 1:
                # Too few to judge its speed by: another draw follows, and costs it no try.
                tried.tries, tried.next_at = tried.tries - 1, now
                self._journal.note(node.hex(), "idle challenge slow", posed.verdict.detail)
                return
        except NodeUnreachable as bad:
            self.silent += 1
            self._journal.note(node.hex(), "idle challenge unanswered", str(bad))
            if tried.tries < _TRIES or node in (self._leased() or ()):
                # One that was leased meanwhile answers no challenge.
                return
            # It is connected, and lets every question of this hour pass: that is an answer.
            # Records of two nodes must differ: verdicts are kept by their records' hash.
            record = {"at": now, "detail": str(bad), "nanoseconds": 0, "node": node.hex()}
            record["reason"] = Reason.UNANSWERED.value
            self._challenger.keep(node, record, None)
            tried.done = True
        except (IonetError, OSError) as bad:
            # The chain, the store or the disk: not the node's fault.
            tried.tries -= 1
            self._journal.note(node.hex(), "idle challenge interrupted", str(bad))
        else:
            if not posed.verdict.ok and tried.tries < self._policy.challenge_attempts:
                self._journal.note(node.hex(), "idle challenge failed", posed.verdict.detail)
                return
            self._challenger.keep(node, posed.record, rules.reference)
            tried.done = True
            self._times = {key: kept for key, kept in self._times.items() if key in self._tried}
            self.passed, self.failed = self.passed + posed.verdict.ok, self.failed + (not posed.verdict.ok)
            said = "passed" if posed.verdict.ok else f"failed: {posed.verdict.reason}"
            self._journal.note(node.hex(), "idle challenge", f"{said} {posed.verdict.detail}".rstrip())


def idle_of(present: Mapping[bytes, bytes | None]) -> set[bytes]:
    """Returns the nodes of connected agents; devices that are not registered yet have none."""
    return {node for node in present.values() if node is not None}

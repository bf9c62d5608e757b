"""How many processors there are: nodes are asked all at once, from one slot hash.

Each seat asks groups of idle nodes, at moments that nobody else knows: all of one owner, and as often some
whoever owns them. A device that answers for several nodes is late then, and so is one with fewer processors
than its node names.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Protocol, TypeVar

from ionet.chain.errors import IonetError
from ionet.formats import canonical
from ionet.formats.when import HOUR, hour_of
from ionet.orchestrator._agents import NodeBusy, NodeUnreachable
from ionet.orchestrator._chain import Beacon, ChainError
from ionet.orchestrator._challenge import Challenger
from ionet.orchestrator._journal import Journal
from ionet.orchestrator._policy import Policy
from ionet.orchestrator._program import NodeView
from ionet.prover import (
    MEDIAN_OF,
    Challenge,
    Opening,
    ProofError,
    Reason,
    Reference,
    Verdict,
    draw,
    draw_cohort,
    draw_owner,
    number_challenges,
    verify,
)
from ionet.prover._number import moment

T = TypeVar("T")
_log = logging.getLogger(__name__)
_DOMAIN: Final = b"ionet:number:seat"
#: Seconds of an hour in which rounds begin.
_SPREAD: Final = 3_000
#: Groups of each kind that a seat asks in an hour at most: one takes some ten seconds.
_MOST_ROUNDS: Final = 64
#: Seconds of the chain between two tries with nodes that did not take part, and how many tries there are.
_AGAIN_AFTER: Final = 180
_TRIES: Final = 3
#: Seconds for which a device is asked for that another seat has: a turn and some; and between two times.
_IN_LINE: Final = 75.0
_POLL: Final = 2.0


class Counting(Protocol):
    """Nodes' agents, asked for all their processors. All methods may raise `NodeUnreachable`."""

    async def reserve(self, node: bytes) -> None:
        """Has the node's device kept for this seat; raises `NodeBusy` where another seat has it."""
        ...

    async def number(self, node: bytes, challenges: Sequence[Challenge]) -> tuple[list[bytes], int]:
        """Has a challenge computed on each processor; returns the roots and how long it took, nanoseconds."""
        ...

    async def open(self, node: bytes, root: bytes, rows: Sequence[int], randomness: bytes) -> Opening:
        """Opens rows of the product committed to as ``root``; raises `NodeBusy` in another seat's turn."""
        ...


class NumberChain(Protocol):
    """The chain, as these challenges read it."""

    async def now(self) -> int:
        """Returns the chain's time, Unix seconds."""
        ...

    async def begun(self) -> int:
        """Returns when the first hour of emission begins, Unix seconds."""
        ...

    async def beacon(self, after: int | None = None) -> Beacon:
        """Returns a value that nobody knew before."""
        ...

    async def node(self, address: bytes) -> NodeView | None:
        """Returns a node; None if there is none."""
        ...


@dataclass(slots=True)
class _Asked:
    """One node in a round."""

    view: NodeView
    challenges: tuple[Challenge, ...] = ()
    roots: tuple[bytes, ...] = ()
    times: tuple[int, ...] = ()
    proofs: tuple[bytes, ...] = ()
    verdict: Verdict | None = None


class NumberChallenges:
    """One seat's challenges to many nodes at once.

    Args:
        chain: tells time, what nodes there are, and values that nobody knew.
        agents: the nodes' agents.
        challenger: keeps verdicts.
        journal: has a line for each node that did not pass.
        policy: sizes, and speeds of classes.
        connected: the nodes whose agents are connected, 32 bytes each.
        leased: the nodes with a job that has not ended; None while that is not known.
        judged: told which nodes have a verdict of this hour, and the hour: none follows that replaces it.
    """

    def __init__(
        self,
        chain: NumberChain,
        agents: Counting,
        challenger: Challenger,
        journal: Journal,
        policy: Policy,
        connected: Callable[[], Collection[bytes]],
        leased: Callable[[], Collection[bytes] | None],
        judged: Callable[[bytes, int], None] = lambda node, hour: None,
    ) -> None:
        self._chain = chain
        self._agents = agents
        self._challenger = challenger
        self._journal = journal
        self._policy = policy
        self._connected = connected
        self._leased = leased
        self._judged = judged
        self._secret = secrets.token_bytes(32)
        self._hour: int | None = None
        self._due: list[tuple[int, bool]] = []
        #: How many nodes have passed, and have not, since this process began.
        self.passed = self.failed = 0

    async def run(self, pause: float) -> None:
        """Asks when it is due, again and again, until it is cancelled.

        Args:
            pause: seconds of this machine between two looks.
        """
        while True:
            try:
                await self.look()
            except ChainError as bad:
                _log.warning("processors are not counted: %s", bad)
            await asyncio.sleep(pause)

    async def look(self) -> None:
        """Asks a group of nodes if one is due."""
        now, begun = await self._chain.now(), await self._chain.begun()
        if (hour := hour_of(now, begun)) != self._hour:
            self._hour, start = hour, begun + (hour - 1) * HOUR
            count = 2 * rounds_an_hour(len(self._connected()), self._policy.number_most)
            lots = [start + moment(self._secret, hour, n, _SPREAD) for n in range(count)]
            self._due = [(at, bool(n % 2)) for n, at in enumerate(lots)]
        due = [item for item in self._due if item[0] <= now]
        leased = self._leased()
        if not due or leased is None:
            return
        self._due = [item for item in self._due if item not in due]
        views = {node: await self._chain.node(node) for node in set(self._connected()).difference(leased)}
        live = {node: view for node, view in sorted(views.items()) if view is not None and view.live}
        for at, whoever in due:
            lot = sha256(_DOMAIN + self._secret + at.to_bytes(8, "little")).digest()
            owners = {node: view.owner for node, view in live.items()}
            most = self._policy.number_most
            await self.count(
                draw_cohort(tuple(live), lot, most) if whoever else draw_owner(owners, lot, most)
            )

    async def count(self, nodes: Sequence[bytes]) -> dict[bytes, Verdict]:
        """Asks nodes for all their processors at one moment, and keeps the verdicts.

        Who is late is asked again, together with all the others: the median of three decides. Who does not
        take part three times in a row gave no answer.

        Args:
            nodes: their addresses, 32 bytes each.

        Returns:
            The verdicts of those that are live, and that nobody has leased meanwhile.
        """
        views = {node: await self._chain.node(node) for node in nodes}
        asked = {node: _Asked(view) for node, view in views.items() if view is not None and view.live}
        missed = dict.fromkeys(asked, 0)
        while open_ := [node for node, item in asked.items() if self._undecided(item, missed[node])]:
            at = await self._chain.now()
            # All of them each time: what counts is that they answer together.
            took_part = await self._round(
                {node: item for node, item in asked.items() if _passing(item.verdict)}
            )
            for node in open_:
                missed[node] = 0 if node in took_part else missed[node] + 1
                if missed[node] == _TRIES:
                    asked[node].verdict = Verdict(Reason.UNANSWERED, f"it did not take part {_TRIES} times")
            if waiting := [node for node in open_ if 0 < missed[node] < _TRIES]:
                await self._pause(at)
                await self._in_line(waiting)
            self._leave(asked)
        self._leave(asked)
        for node, item in asked.items():
            assert item.verdict is not None
            await self._keep(node, item)
        return {node: item.verdict for node, item in asked.items() if item.verdict is not None}

    def _leave(self, asked: dict[bytes, _Asked]) -> None:
        """Asks and judges those no longer that have been leased: they answer no challenge then."""
        for node in asked.keys() & set(self._leased() or ()):
            del asked[node]
            self._journal.note(node.hex(), "processors not counted", "it was leased meanwhile")

    async def _pause(self, since: int) -> None:
        """Waits before nodes that did not take part are asked again; another seat may have had them."""
        while True:
            await asyncio.sleep(self._policy.interval)
            if await self._chain.now() >= since + _AGAIN_AFTER:
                return

    async def _in_line(self, nodes: Sequence[bytes]) -> None:
        """Asks for devices that other seats have until they are kept: who does not ask ends nobody's turn."""
        deadline = time.monotonic() + _IN_LINE
        while True:
            busy = await asyncio.gather(*map(self._is_busy, nodes))
            if not any(busy) or time.monotonic() > deadline:
                return
            await asyncio.sleep(_POLL)

    async def _is_busy(self, node: bytes) -> bool:
        try:
            await self._agents.reserve(node)
        except NodeUnreachable as bad:
            return isinstance(bad, NodeBusy)
        return False

    def _undecided(self, item: _Asked, missed: int) -> bool:
        if missed >= _TRIES:
            return False
        if item.verdict is None:
            return True
        return item.verdict.reason is Reason.SLOW and len(item.times) < MEDIAN_OF

    def _reference(self, view: NodeView) -> Reference | None:
        size = (self._policy.number_m, self._policy.number_k)
        known = self._policy.references.get(view.class_id, ())
        return next((item for item in known if (item.m, item.k) == size), None)

    async def _round(self, asked: dict[bytes, _Asked]) -> set[bytes]:
        """Asks all once; returns those that took part."""
        async with AsyncExitStack() as alone:
            # In one order always: so nobody waits for a node whose holder waits for one of these.
            for node in sorted(asked):
                await alone.enter_async_context(self._challenger.alone(node))
            return await self._answered(asked)

    async def _answered(self, asked: dict[bytes, _Asked]) -> set[bytes]:
        policy = self._policy
        ready = await asyncio.gather(*(self._quiet(self._agents.reserve(node)) for node in asked))
        kept = [node for node, done in zip(asked, ready, strict=True) if done is not None]
        part = {node: asked[node] for node in kept}
        if not part:
            return set()
        fresh = await self._chain.beacon()
        for node, item in part.items():
            item.challenges = number_challenges(
                node, item.view.units, fresh.value, policy.number_m, policy.number_k
            )
        answers = await asyncio.gather(
            *(self._quiet(self._agents.number(node, item.challenges)) for node, item in part.items())
        )
        later = await self._chain.beacon(after=(await self._chain.beacon()).slot)
        given = {node: answer[0] for node, answer in zip(part, answers, strict=True) if answer is not None}
        judged = await asyncio.gather(
            *(self._judge(node, part[node], *answer, later.value) for node, answer in given.items())
        )
        return {node for node, done in zip(given, judged, strict=True) if done}

    @staticmethod
    async def _quiet(asking: Awaitable[T]) -> tuple[T] | None:
        """Returns an answer, or None for a node that gives none."""
        try:
            return (await asking,)
        except NodeUnreachable as bad:
            _log.info("not counted: %s", bad)
            return None

    async def _judge(
        self, node: bytes, item: _Asked, roots: Sequence[bytes], nanoseconds: int, randomness: bytes
    ) -> bool:
        """Judges a node's answer; false where another seat's turn came before it opened: it took no part."""
        item.roots, wanted = tuple(roots), len(item.challenges)
        if len(roots) != wanted:
            item.verdict = Verdict(Reason.SMALLER, f"{len(roots)} processors answered, it has {wanted}")
            return True
        if len(set(roots)) != wanted:
            item.verdict = Verdict(Reason.REPLAYED, "two processors gave the same root")
            return True
        proofs = []
        for challenge, root in zip(item.challenges, roots, strict=True):
            drawn = draw(challenge, root, randomness, rows=self._policy.challenge_rows)
            try:
                opening = await self._agents.open(node, root, drawn.rows, drawn.randomness)
            except ProofError as bad:
                item.verdict = Verdict(bad.reason, str(bad))
                return True
            except NodeBusy:
                return False
            except NodeUnreachable as bad:
                item.verdict = Verdict(Reason.UNANSWERED, f"it does not open its commitment: {bad}")
                return True
            proofs.append(self._challenger.store(opening.to_bytes()))
            verdict = await asyncio.to_thread(verify, challenge, root, drawn, opening)
            if not verdict.ok:
                item.verdict = verdict
                return True
        item.proofs, item.times = tuple(proofs), (*item.times, nanoseconds)[-MEDIAN_OF:]
        said = Verdict(None, f"{wanted} processors answered at once")
        reference = self._reference(item.view)
        item.verdict = said if reference is None else self._challenger.timed(said, item.times, reference)
        return True

    async def _keep(self, node: bytes, item: _Asked) -> None:
        verdict, now = item.verdict, await self._chain.now()
        assert verdict is not None
        self.passed, self.failed = self.passed + verdict.ok, self.failed + (not verdict.ok)
        record: dict[str, canonical.Json] = {
            "at": now,
            "detail": verdict.detail,
            "k": self._policy.number_k,
            "m": self._policy.number_m,
            "nanoseconds": item.times[-1] if item.times else 0,
            # Of two that took no part, nothing else differs, and verdicts are kept by their records' hash.
            "node": node.hex(),
            "proofs": [proof.hex() for proof in item.proofs],
            "reason": verdict.reason.value if verdict.reason else None,
            "roots": [root.hex() for root in item.roots],
            "seeds": [challenge.seed.hex() for challenge in item.challenges],
            "times": list(item.times),
        }
        said = "passed" if verdict.ok else f"failed: {verdict.reason}"
        self._journal.note(node.hex(), "processors counted", f"{said} {verdict.detail}")
        if not verdict.ok:
            try:
                self._challenger.store(canonical.encode(record))
                self._challenger.keep(node, record, self._reference(item.view))
                self._judged(node, hour_of(now, await self._chain.begun()))
            except (IonetError, OSError) as bad:
                self._journal.note(node.hex(), "verdict not kept", str(bad))


def rounds_an_hour(nodes: int, most: int) -> int:
    """Returns how many groups of each kind a seat asks in an hour: so many that it asks each node once a day.

    Args:
        nodes: how many there are.
        most: nodes of a group.
    """
    return min(_MOST_ROUNDS, max(1, -(-nodes // (24 * most))))


def _passing(verdict: Verdict | None) -> bool:
    """Whether all answers so far were right."""
    return verdict is None or verdict.reason in (None, Reason.SLOW)

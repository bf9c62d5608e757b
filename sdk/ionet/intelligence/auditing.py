"""A share of answers is judged again, on another engine of the claimed model with the answer's tokens forced.

The other engine is one of another node that serves the model, drawn at random: a witness. Which of two nodes
that are at odds is wrong only a third can say: the operator's own weights, the arbiter. It judges a share of
what is judged whatever witnesses say, so that no number of nodes covers for each other; all where there is no
other node; and the next answers of both where two are at odds. It is never asked of an answer because of what
a witness said of that one: those are the improbable ones of honest nodes, too.

An answer that cannot be judged is counted: where there is something beside its text, which nobody has asked
for, and what no engine of the model can have written. A node that has far more of these than the model's
others gets no more requests: else an answer that evades would be as good as one that is judged.

What was asked and written is held in memory until then, and no longer. Which answers are judged is drawn when
they are over, so that nobody who writes one knows.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ionet.intelligence.desk import Desk
from ionet.intelligence.engine import HttpEngine
from ionet.intelligence.errors import Refused
from ionet.intelligence.receipts import Receipts
from ionet.intelligence.replaying import Draw, Written, replayed
from ionet.intelligence.replicas import Replica, Replicas
from ionet.intelligence.standing import DAY, WINDOW, Judged

_log = logging.getLogger(__name__)
#: Seconds after each try at an answer: an arbiter may just be starting again.
_AGAIN: Final = (0.5, 5.0, 0.0)
#: Seconds that a witness has: it is anybody's.
_PATIENCE: Final = 120.0
#: Seconds from one look at who evades to the next: what is old is forgotten.
_LOOKS: Final = 300.0
#: Answers that are judged at a time, and of these by the same witness: a slow one holds up no others.
_WORKERS: Final = 4
_AT_ONCE: Final = 2
#: Answers that wait for it; with more, they are passed over.
_WAITING: Final = 64
#: Next answers of each of two nodes at odds that the arbiter judges.
DISPUTED: Final = 20
_WHOLE: Final = 1_000_000
#: What moves probabilities beside temperature and nucleus: answers with it are not judged.
_MOVES: Final = frozenset({"presence_penalty", "frequency_penalty", "logit_bias", "response_format", "tools"})


@dataclass(frozen=True, slots=True)
class Bench:
    """Who judges answers of a model.

    Attributes:
        arbiter: an engine of the operator's own weights; None: there is none.
        nodes: that serve it, in llama.cpp.
        turn: at the arbiter, who goes on from token to token of one answer.
    """

    arbiter: HttpEngine | None
    nodes: Replicas = field(default_factory=Replicas)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def witnesses(self, node: str) -> Sequence[Replica]:
        """Engines of other nodes, of those that have a name."""
        return [each for each in self.nodes.there if each.node not in ("", node)]


def can_be_judged(sampling: Mapping[str, Any]) -> bool:
    """Whether the model alone says how probable each token was."""
    return not any(sampling.get(name) for name in _MOVES)


class Auditor:
    """Judges answers, one after the other.

    Args:
        benches: who judges, by the models' names.
        desk: does what is to be done with files.
        receipts: keep what it comes to.
        share: of answers that are judged, in millionths.
        arbitrated: of these, how many the arbiter judges whatever witnesses say, in millionths.
        draw: a number below its argument; for tests.
    """

    def __init__(
        self,
        benches: Mapping[str, Bench],
        desk: Desk,
        receipts: Receipts,
        share: int,
        arbitrated: int = _WHOLE,
        draw: Draw = secrets.randbelow,
    ) -> None:
        self._benches = benches
        self._desk = desk
        self._receipts = receipts
        self._share = share
        self._arbitrated = arbitrated
        self._draw = draw
        self._waiting: asyncio.Queue[Written] = asyncio.Queue(_WAITING)
        #: Next answers of nodes that the arbiter judges.
        self._disputed: Counter[tuple[str, str]] = Counter()
        #: Answers that nodes replay now.
        self._replaying: Counter[tuple[str, str]] = Counter()
        #: Answers that were passed over, as too many waited, or all who could judge them were at others.
        self.passed = 0

    def offer(self, written: Written) -> None:
        """Takes an answer, or not: a share of them is judged."""
        if written.model not in self._benches or self._draw(_WHOLE) >= self._share:
            return
        try:
            self._waiting.put_nowait(written)
        except asyncio.QueueFull:
            self.passed += 1

    async def run(self) -> None:
        """Judges what comes, until it is cancelled."""
        await asyncio.gather(self._keep_looking(), *(self._work() for _ in range(_WORKERS)))

    async def _keep_looking(self) -> None:
        while True:
            for model in self._benches:
                try:
                    await self._bar(model)
                except Exception:  # the next look may go well, and answers are judged all the same
                    _log.exception("it was not looked at who evades audits of %s", model)
            await asyncio.sleep(_LOOKS)

    async def _work(self) -> None:
        while True:
            written = await self._waiting.get()
            try:
                await self.judge(written)
            except Exception:  # of one answer: the next ones are judged
                _log.exception("an answer was not judged")
            finally:
                self._waiting.task_done()

    async def done(self) -> None:
        """Waits until all that waits is judged."""
        await self._waiting.join()

    async def judge(self, written: Written) -> None:
        """Has an answer judged by a witness, by the arbiter, or by both."""
        bench = self._benches[written.model]
        await self._count(written)
        if written.unread:
            await self._bar(written.model)
            return
        witnesses = [
            each
            for each in bench.witnesses(written.node)
            if self._replaying[written.model, each.node] < _AT_ONCE
        ]
        # Drawn before anybody has looked at the answer.
        arbitrated = bench.arbiter is not None and self._is_arbitrated(written, bool(witnesses))
        if witnesses:
            await self._witnessed(written, witnesses[self._draw(len(witnesses))])
        if arbitrated:
            await self._arbitrate(written, bench)
        if not (witnesses or arbitrated):
            self.passed += 1

    def _is_arbitrated(self, written: Written, witnessed: bool) -> bool:
        place = written.model, written.node
        if self._disputed[place]:
            self._disputed[place] -= 1
            return True
        return not witnessed or self._draw(_WHOLE) < self._arbitrated

    async def _arbitrate(self, written: Written, bench: Bench) -> None:
        assert bench.arbiter is not None
        for pause in _AGAIN:
            try:
                async with bench.turn:
                    result = await replayed(written, bench.arbiter, self._desk.at, self._draw)
            except Refused as bad:
                # Not its message: engines put what they were asked into theirs.
                _log.warning("asked about %s, the arbiter answers %s", written.id, bad.status)
                await asyncio.sleep(pause)
            else:
                await self._keep(written, "", result)
                return
        _log.warning("the answer %s was not judged", written.id)

    async def _witnessed(self, written: Written, witness: Replica) -> None:
        """Asks another node; where it is at odds with the writer, or says nothing, both are looked at."""
        result: Judged | None = None
        self._replaying[written.model, witness.node] += 1
        try:
            async with asyncio.timeout(_PATIENCE):
                with witness.work():
                    result = await replayed(written, witness.engine, self._desk.at, self._draw)
        except Exception as bad:  # whatever it answers, the arbiter goes on
            _log.warning(
                "asked about %s, %s answers nothing (%s)", written.id, witness.node, type(bad).__name__
            )
        finally:
            self._replaying[written.model, witness.node] -= 1
        if result is None or await self._odd(written, witness.node, result):
            for node in (written.node, witness.node):
                self._disputed[written.model, node] = DISPUTED

    async def _odd(self, written: Written, witness: str, result: Judged) -> bool:
        """Keeps what a witness says, and returns whether it is at odds with the writer."""
        await self._keep(written, witness, result)
        if not result.passed:
            return True
        since = self._desk.at - DAY
        return await self._desk.do(
            lambda _: self._receipts.judgements.at_odds(written.model, written.node, witness, since)
        )

    async def _keep(self, written: Written, witness: str, result: Judged) -> None:
        await self._desk.do(
            lambda _: self._receipts.judgements.add(written.id, written.model, written.node, result, witness)
        )

    async def _count(self, written: Written) -> None:
        """Counts it, before anybody looks at it: who bears no witness hides nobody by that."""
        at, why = self._desk.at, written.unread
        await self._desk.do(
            lambda _: self._receipts.judgements.add_drawn(written.model, written.node, why, at)
        )

    async def _bar(self, model: str) -> None:
        """Has nodes get no requests of whose answers far more cannot be judged than of others'."""
        nodes, since = self._benches[model].nodes, self._desk.at - WINDOW
        evading = await self._desk.do(lambda _: self._receipts.judgements.evading(model, since))
        for node in sorted(evading - nodes.barred - {""}):
            _log.warning(
                "%s gets no more requests for %s: far more of its answers cannot be judged than of others'",
                node,
                model,
            )
        nodes.bar(evading)

"""A share of answers is judged again, on another engine of the claimed model with the answer's tokens forced.

What was asked and written is held in memory until then, and no longer. Which answers are judged is drawn when
they are over, so that nobody who writes one knows.

What is judged is the text that was told, after the prompt as the reference reads it: a node that says other
tokens, or none, hides nothing by that, and puts no other node in the wrong.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ionet.intelligence.desk import Desk
from ionet.intelligence.engine import HttpEngine
from ionet.intelligence.errors import Refused
from ionet.intelligence.likelihood import Place, score
from ionet.intelligence.prices import Usage
from ionet.intelligence.receipts import Receipts
from ionet.intelligence.requests import Ask
from ionet.intelligence.standing import Judged

_log = logging.getLogger(__name__)
#: Places of one answer that are judged, drawn at random where it is longer.
PLACES: Final = 48
#: Seconds after each try at an answer: a reference may just be starting again.
_AGAIN: Final = (0.5, 5.0, 0.0)
#: Answers that wait for it; with more, they are passed over.
_WAITING: Final = 64
#: Last tokens that are not judged of an answer that was cut off where a text to stop at begins.
_CUT: Final = 3
#: What moves probabilities beside temperature and nucleus: answers with it are not judged.
_MOVES: Final = frozenset({"presence_penalty", "frequency_penalty", "logit_bias", "response_format", "tools"})


@dataclass(frozen=True, slots=True)
class Written:
    """An answer that may be judged.

    Attributes:
        id: its receipt's.
        model: that is claimed.
        node: that has written it.
        ask: what was asked.
        said: the text that was written.
        tokens: its numbers, as the node says them.
        usage: tokens as they were charged.
        temperature, top_p: at which it was written.
    """

    id: str
    model: str
    node: str
    ask: Ask
    said: str
    tokens: tuple[int, ...]
    usage: Usage
    temperature: float
    top_p: float


def can_be_judged(sampling: Mapping[str, Any]) -> bool:
    """Whether the model alone says how probable each token was."""
    return not any(sampling.get(name) for name in _MOVES)


def _stopping(ask: Ask) -> int:
    """Tokens that may be written and not told, as a text to stop at: it has no more tokens than bytes."""
    stop = ask.body.get("stop") or ()
    return max((len(text.encode()) for text in ([stop] if isinstance(stop, str) else stop)), default=0)


class Auditor:
    """Judges answers, one after the other.

    Args:
        references: engines of the claimed models, by name, that the operator trusts or at least other nodes'.
        desk: does what is to be done with files.
        receipts: keep what it comes to.
        share: of answers that are judged, in millionths.
        draw: a number below its argument; for tests.
    """

    def __init__(
        self,
        references: Mapping[str, HttpEngine],
        desk: Desk,
        receipts: Receipts,
        share: int,
        draw: Callable[[int], int] = secrets.randbelow,
    ) -> None:
        self._references = references
        self._desk = desk
        self._receipts = receipts
        self._share = share
        self._draw = draw
        self._waiting: asyncio.Queue[Written] = asyncio.Queue(_WAITING)
        #: Answers that were passed over, as too many waited.
        self.passed = 0

    def offer(self, written: Written) -> None:
        """Takes an answer, or not: a share of them is judged."""
        if written.model not in self._references or not written.said:
            return
        if self._draw(1_000_000) >= self._share:
            return
        try:
            self._waiting.put_nowait(written)
        except asyncio.QueueFull:
            self.passed += 1

    async def run(self) -> None:
        """Judges what comes, until it is cancelled."""
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

    async def judge(self, written: Written) -> Judged | None:
        """Judges an answer; None: its reference does not answer, also when it is asked again."""
        for pause in _AGAIN:
            try:
                result = await self._judged(written)
                break
            except Refused as bad:
                # Not its message: engines put what they were asked into theirs.
                _log.warning("the reference of %s answers %s", written.id, bad.status)
                await asyncio.sleep(pause)
        else:
            _log.warning("the answer %s was not judged", written.id)
            return None
        await self._desk.do(
            lambda _: self._receipts.add_judged(written.id, written.model, written.node, result)
        )
        return result

    async def _judged(self, written: Written) -> Judged:
        reference = self._references[written.model]
        prompt, tokens = (await reference.count(written.ask)).tokens, await self._tokens(written)
        whole = tokens[:-_CUT] if written.ask.body.get("stop") else tokens
        # In their order, so that each goes on where the one before has ended.
        places = [
            Place(whole[number], await reference.candidates([*prompt, *whole[:number]]))
            for number in self._drawn(len(whole))
        ]
        result = score(places, written.temperature, written.top_p)
        usage, most = written.usage, len(tokens) + 1 + _stopping(written.ask)  # 1: the end of all
        excess = max(0, usage.completion - most) + max(0, usage.prompt - len(prompt))
        return Judged(self._desk.at, result, usage.prompt + usage.completion, excess)

    async def _tokens(self, written: Written) -> Sequence[int]:
        """The tokens of what was told: those that the node says, if they are its text.

        Where they are not, it need not lie: llama.cpp tells no numbers of letters that are made of several.
        """
        reference = self._references[written.model]
        with contextlib.suppress(Refused):  # no such tokens are there
            if await reference.text(written.tokens) == written.said:
                return written.tokens
        return await reference.tokens(written.said)

    def _drawn(self, count: int) -> Sequence[int]:
        if count <= PLACES:
            return range(count)
        chosen: set[int] = set()
        while len(chosen) < PLACES:
            chosen.add(self._draw(count))
        return sorted(chosen)

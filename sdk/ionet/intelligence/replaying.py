"""An answer again, on another engine with its tokens forced: how probable it is there.

What is judged is the text that was told, after the prompt as that engine reads it: a node that says other
tokens, or none, hides nothing by that, and puts no other node in the wrong.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ionet.intelligence.engine import HttpEngine
from ionet.intelligence.errors import Refused, away
from ionet.intelligence.likelihood import Place, score
from ionet.intelligence.prices import Usage
from ionet.intelligence.requests import Ask
from ionet.intelligence.standing import Judged

#: Places of one answer that are judged, drawn at random where it is longer.
PLACES: Final = 48
#: … of these, the first ones, always.
_FIRST: Final = 8
#: Last tokens that are not judged of an answer that was cut off where a text to stop at begins.
_CUT: Final = 3
#: Characters of a token, of all in an answer, at most.
_LONGEST: Final = 256
#: What marks of thoughts begin with, and tokens that they have at most.
_MARKS: Final = ("<", "[")
_MARK: Final = 16
#: A number below its argument.
Draw = Callable[[int], int]


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
        plain: whether all that was written is in its text.
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
    plain: bool = True

    @property
    def unread(self) -> str:
        """Why nobody has to read it to know that it cannot be judged: `unasked`, `too_long`, or empty."""
        if not self.plain:
            return "unasked"
        return "too_long" if len(self.said) > _LONGEST * (self.usage.completion + 1) else ""


async def replayed(written: Written, engine: HttpEngine, at: int, draw: Draw = secrets.randbelow) -> Judged:
    """Judges an answer by what an engine says of its tokens.

    Args:
        written: the answer.
        engine: of the claimed model, in llama.cpp.
        at: now, Unix seconds.
        draw: chooses places of a long answer.

    Raises:
        Refused: the engine does not answer, or with what no engine of the model would.
    """
    prompt = (await engine.count(written.ask)).tokens
    tokens = await _tokens(written, prompt, engine)
    context = written.ask.model.context
    if len(prompt) > 2 * context:
        raise away("the model's engine makes more tokens of a prompt than the model has room for")
    whole = tokens[:-_CUT] if written.ask.body.get("stop") else tokens
    # Of a text with more tokens than there is room for, so many: it is judged all the same.
    whole = whole[: max(0, context - len(prompt))]
    # In their order, so that each goes on where the one before has ended.
    places = [
        Place(whole[number], await engine.candidates([*prompt, *whole[:number]]))
        for number in _drawn(len(whole), written.usage.completion, draw)
    ]
    result = score(places, written.temperature, written.top_p)
    usage, most = written.usage, len(tokens) + 1 + _stopping(written.ask)  # 1: the end of all
    excess = max(0, usage.completion - most) + max(0, usage.prompt - len(prompt))
    return Judged(at, result, usage.prompt + usage.completion, excess)


async def _tokens(written: Written, prompt: Sequence[int], engine: HttpEngine) -> Sequence[int]:
    """The tokens of what was told: those that the node says, if they are its text.

    Where they are not, it need not lie: llama.cpp tells no numbers of letters that are made of several.
    """
    said = written.said
    if written.ask.path.endswith("/chat/completions") and said[:1] in _MARKS:
        said = _without(said, await engine.text(prompt[-_MARK:]))
    with contextlib.suppress(Refused):  # no such tokens are there
        if await engine.text(written.tokens) == said:
            return written.tokens
    return await engine.tokens(said)


def _without(said: str, prompt: str) -> str:
    """A text without the mark of thoughts, where it is the template that has begun them.

    llama.cpp tells it as the beginning of the answer, too, and it is no token of that.
    """
    for size in range(min(len(said), len(prompt)), 0, -1):
        if prompt.endswith(said[:size]):
            return said[size:]
    return said


def _stopping(ask: Ask) -> int:
    """Tokens that may be written and not told, as a text to stop at: it has no more tokens than bytes."""
    stop = ask.body.get("stop") or ()
    return max((len(text.encode()) for text in ([stop] if isinstance(stop, str) else stop)), default=0)


def _drawn(count: int, charged: int, draw: Draw) -> Sequence[int]:
    """Places of so many, in their order.

    The first ones; and half of them are of as many as were charged. So what nobody pays for, nor sees, hides
    no others: behind the text it is looked at less, and before it, it begins improbably.
    """
    if count <= PLACES:
        return range(count)
    first = min(charged, count)
    some = min(first, max(PLACES // 2, PLACES - (count - first)))
    chosen = set(range(_FIRST))
    _draw_more(chosen, min(first, _FIRST) + max(0, some - _FIRST), 0, first, draw)
    _draw_more(chosen, PLACES, first, count, draw)
    return sorted(chosen)


def _draw_more(chosen: set[int], wanted: int, begin: int, end: int, draw: Draw) -> None:
    while len(chosen) < min(wanted, end):
        chosen.add(begin + draw(end - begin))

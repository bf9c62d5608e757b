"""What stays of an answer: a receipt, and, of a share of them, a judgement."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Mapping
from typing import Any, Final

from ionet.formats import canonical
from ionet.intelligence.auditing import Auditor, can_be_judged
from ionet.intelligence.builds import build_of
from ionet.intelligence.desk import Desk
from ionet.intelligence.engine import SAMPLING
from ionet.intelligence.opened import Embedding, Open
from ionet.intelligence.prices import Usage
from ionet.intelligence.receipts import Receipts, hash_of_prompt, hash_of_tokens
from ionet.intelligence.replaying import Written
from ionet.intelligence.vectors import hash_of_vectors

_log = logging.getLogger(__name__)
#: Of a request's body: how its answer was drawn.
_SAMPLING: Final = (
    "temperature",
    "top_p",
    "presence_penalty",
    "frequency_penalty",
    "seed",
)
#: Of these the hash alone: they have words of who asks.
_WORDS: Final = ("stop", "logit_bias", "response_format")


class Recorder:
    """Writes receipts, and offers answers to the auditor.

    Args:
        desk: does what is to be done with files.
        receipts: keep them.
        auditor: judges a share; None: there is none.
        engines: what they run in, by the models' names.
    """

    def __init__(
        self,
        desk: Desk,
        receipts: Receipts,
        auditor: Auditor | None,
        engines: Mapping[str, str],
    ) -> None:
        self._desk = desk
        self._receipts = receipts
        self._auditor = auditor
        self._engines = engines
        self._builds = {engine: build_of(engine) for engine in set(engines.values())}

    async def over(self, request: Open | Embedding) -> None:
        """Records a request that is over, if anything was read or written."""
        if request.usage == Usage(0) and not (isinstance(request, Embedding) and request.rows):
            return
        try:
            receipt = {**self._head(request), **await _answer_of(request), **self._foot(request)}
            await self._desk.do(lambda _: self._receipts.add(receipt))
        except Exception:
            # It is paid for, and answered: what is missing is its receipt, and nobody is to pay for that.
            _log.exception("the answer %s has no receipt", request.id)
            return
        if isinstance(request, Open) and request.usage.completion:
            self._offer(request)

    def _offer(self, request: Open) -> None:
        sampling = request.ask.body
        if self._auditor is not None and can_be_judged(sampling):
            model = request.ask.model.id
            self._auditor.offer(
                Written(
                    request.id,
                    model,
                    request.node,
                    request.ask,
                    "".join(request.said),
                    tuple(request.tokens),
                    request.usage,
                    float(sampling.get("temperature", SAMPLING["temperature"])),
                    float(sampling.get("top_p", SAMPLING["top_p"])),
                    request.plain,
                )
            )

    def _head(self, request: Open | Embedding) -> dict[str, Any]:
        model = request.ask.model
        engine = self._engines.get(model.id, "")
        return {
            "version": 1,
            "id": request.id,
            "model": model.id,
            "weights": model.digest,
            "engine": engine,
            "build": self._builds.get(engine, ""),
            "node": request.node,
            "ordered": None if request.order is None else request.order.told(),
        }

    def _foot(self, request: Open | Embedding) -> dict[str, Any]:
        price = request.ask.model.price
        return {
            "price": {"prompt": price.prompt, "completion": price.completion},
            "first": request.first if isinstance(request, Open) else None,
            "took": request.milliseconds,
            "begin": request.at,
            "end": self._desk.at,
        }


async def _answer_of(request: Open | Embedding) -> dict[str, Any]:
    """What was read and written, by hashes."""
    if isinstance(request, Open):
        return _of_words(request)
    # Of thousands of vectors it takes a while.
    hashed = await asyncio.to_thread(hash_of_vectors, request.rows)
    texts = request.ask.texts
    read = texts[0] if len(texts) == 1 else list(texts)
    return {
        "prompt": {"tokens": request.usage.prompt, "numbers": None, "text": hash_of_prompt(read)},
        "answer": {
            "tokens": 0,
            "vectors": len(request.rows),
            "dimensions": len(request.rows[0]),
            "floats": hashed,
        },
    }


def _of_words(request: Open) -> dict[str, Any]:
    ask, text = request.ask, "".join(request.said)
    return {
        "sampling": {
            **{name: _written(ask.body[name]) for name in _SAMPLING if ask.body.get(name) is not None},
            **{name: hash_of_prompt(ask.body[name]) for name in _WORDS if ask.body.get(name)},
        },
        "most": request.most,
        "prompt": {
            "tokens": request.usage.prompt,
            "numbers": hash_of_tokens(request.read) if request.read else None,
            "text": hash_of_prompt(ask.body.get("prompt", ask.body.get("messages"))),
        },
        "answer": {
            "tokens": request.usage.completion,
            "numbers": hash_of_tokens(request.tokens) if request.tokens else None,
            "text": hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest(),
        },
    }


def _written(value: float) -> int | str:
    """A number as canonical JSON has it: no decimals and nothing large, but texts of them."""
    return value if isinstance(value, int) and abs(value) <= canonical.MAX_INT else repr(value)

"""Answers on their way: as long as somebody listens, and the key that they came with is in use."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from ionet.intelligence.answering import Answering
from ionet.intelligence.errors import Refused
from ionet.intelligence.gate import Gate
from ionet.intelligence.records import Key
from ionet.intelligence.requests import Ask, Embed
from ionet.intelligence.vectors import packed
from ionet.intelligence.whole import Whole

NO_STORE: Final = {"cache-control": "no-store"}


class Awaited(Response):
    """An answer that takes its time.

    Whoever asked may go away at any time, or have their key revoked; then the engine's work ends at once, and
    with it what it costs.

    Args:
        gate: knows when the key is revoked.
        answering: answers.
        key: the request came with.
    """

    def __init__(self, gate: Gate, answering: Answering, key: Key) -> None:
        super().__init__()
        self._gate = gate
        self._answering = answering
        self._key = key
        self._begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, as long as somebody listens."""
        writing = asyncio.create_task(self._answer(send))
        leaving = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (writing, leaving):
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await leaving
        with contextlib.suppress(asyncio.CancelledError, OSError):
            await writing

    async def _answer(self, send: Send) -> None:
        try:
            async with self._gate.inside(self._key):
                await self._write(send)
        except Refused as bad:
            if not self._begun:
                await _send_whole(send, bad.status, bad.body, bad.headers)
                return
            # The status is gone out; OpenAI's clients take this for an error, too.
            await _send_part(send, _event(bad.body))
            await _send_end(send)

    async def _write(self, send: Send) -> None:
        raise NotImplementedError


class Written(Awaited):
    """An answer that is written token by token: a stream, or whole when it is all there."""

    def __init__(self, gate: Gate, answering: Answering, ask: Ask, key: Key) -> None:
        super().__init__(gate, answering, key)
        self._ask = ask

    async def _write(self, send: Send) -> None:
        pieces = self._answering.answer(self._ask, self._key)
        async with contextlib.aclosing(pieces):  # type: ignore[type-var]
            if self._ask.stream:
                await self._stream(pieces, send)
                return
            whole = Whole(chat="messages" in self._ask.body)
            async for piece in pieces:
                whole.add(piece)
        await _send_whole(send, 200, whole.body(), {})

    async def _stream(self, pieces: AsyncIterator[dict[str, Any]], send: Send) -> None:
        async for piece in pieces:
            if not self._begun:
                await self._begin(send)
            if piece["choices"] or self._ask.usage:
                await _send_part(send, self._piece(piece))
        await _send_end(send)

    async def _begin(self, send: Send) -> None:
        headers = {"content-type": "text/event-stream", **NO_STORE, "x-accel-buffering": "no"}
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        self._begun = True
        await send({"type": "http.response.start", "status": 200, "headers": raw})

    def _piece(self, piece: dict[str, Any]) -> bytes:
        if self._ask.usage and "usage" not in piece:
            piece = {**piece, "usage": None}
        return _event(piece)


class Embedded(Awaited):
    """Vectors of texts, all at once."""

    def __init__(self, gate: Gate, answering: Answering, asked: Embed, key: Key) -> None:
        super().__init__(gate, answering, key)
        self._asked = asked

    async def _write(self, send: Send) -> None:
        made = await self._answering.embed(self._asked, self._key)
        as_text = self._asked.base64
        rows = [
            {"object": "embedding", "index": at, "embedding": _text(vector) if as_text else vector}
            for at, vector in enumerate(made.rows)
        ]
        usage = {"prompt_tokens": made.usage.prompt, "total_tokens": made.usage.prompt}
        # OpenAI's has no id; clients pass it on, and its receipt has it.
        body = {"id": made.id, "object": "list", "data": rows, "model": made.ask.model.id, "usage": usage}
        await _send_whole(send, 200, body, {})


def _text(vector: list[float]) -> str:
    return base64.b64encode(packed(vector)).decode()


def _event(body: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


async def _send_part(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _send_end(send: Send) -> None:
    await send({"type": "http.response.body", "body": b"data: [DONE]\n\n", "more_body": False})


async def _send_whole(send: Send, status: int, body: dict[str, Any], headers: dict[str, str]) -> None:
    await JSONResponse(body, status, {**NO_STORE, **headers})({"type": "http"}, _nothing, send)


async def _nothing() -> Any:
    raise RuntimeError("nothing is received here")


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

"""The service's application: OpenAI's routes, and those of accounts and their keys."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
import secrets
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ionet import __version__
from ionet.intelligence import requests
from ionet.intelligence.accounts import Accounts
from ionet.intelligence.answering import Answering
from ionet.intelligence.audits import Audits
from ionet.intelligence.bodies import body_of, number_of
from ionet.intelligence.desk import Desk, Shelf
from ionet.intelligence.errors import Refused
from ionet.intelligence.fields import parse
from ionet.intelligence.gate import Gate
from ionet.intelligence.models import Models
from ionet.intelligence.receipts import Receipts
from ionet.intelligence.records import Key
from ionet.intelligence.whole import Whole

#: Bytes of a request.
BODY: Final = 4 << 20
#: Hours that are listed.
_HEADS: Final = 24 * 7
_NO_STORE: Final = {"cache-control": "no-store"}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class House:
    """What answers come from.

    Attributes:
        gate: lets in.
        answering: answers.
        models: there are.
        accounts: keys and sessions.
        receipts: of answers, to be looked up.
        desk: knows the time.
        health: what `/health` says: whether all is well, and more.
    """

    gate: Gate
    answering: Answering
    models: Models
    accounts: Accounts
    receipts: Shelf[Receipts]
    desk: Desk
    health: Callable[[], tuple[bool, dict[str, Any]]]


def application(house: House) -> ASGIApp:
    """The application.

    Args:
        house: what answers come from.
    """
    standings = Audits(house.receipts)

    async def models(request: Request) -> Response:
        key = await house.gate.admit(request.headers.get("authorization"))
        listed = [model.told() for model in house.models if key.models is None or model.id in key.models]
        return _json({"object": "list", "data": listed})

    async def model(request: Request) -> Response:
        await house.gate.admit(request.headers.get("authorization"))
        return _json(house.models.get(request.path_params["model"]).told())

    async def chat(request: Request) -> Response:
        key = await house.gate.admit(request.headers.get("authorization"))
        ask = requests.chat(parse(await body_of(request, BODY)), house.models)
        return _Written(house, ask, key)

    async def completions(request: Request) -> Response:
        key = await house.gate.admit(request.headers.get("authorization"))
        ask = requests.completion(parse(await body_of(request, BODY)), house.models)
        return _Written(house, ask, key)

    async def embeddings(request: Request) -> Response:
        key = await house.gate.admit(request.headers.get("authorization"))
        asked = requests.embeddings(parse(await body_of(request, BODY)), house.models)
        vectors, tokens = await house.answering.embed(asked, key)
        rows = [
            {"object": "embedding", "index": at, "embedding": _packed(vector) if asked.base64 else vector}
            for at, vector in enumerate(vectors)
        ]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return _json({"object": "list", "data": rows, "model": asked.model.id, "usage": usage})

    async def health(_: Request) -> Response:
        well, more = house.health()
        return JSONResponse({"ok": well, "version": __version__, **more}, 200 if well else 503, _NO_STORE)

    async def receipt(request: Request) -> Response:
        name = request.path_params["request"]
        proof = await house.receipts.look(lambda receipts: receipts.proof(name))
        if proof is not None:
            return _json(proof.told())
        if await house.receipts.look(lambda receipts: receipts.has(name)):
            raise Refused(409, "the hour of this receipt is not over; it is signed then", code="not_signed")
        raise Refused(404, "there is no such receipt, or it is older than they are kept", code="not_found")

    async def heads(_: Request) -> Response:
        signer, listed = await house.receipts.look(
            lambda receipts: (str(receipts.signer), receipts.heads(_HEADS))
        )
        return _json({"signer": signer, "data": listed})

    async def leaves(request: Request) -> Response:
        hour = number_of(request, "hour")
        listed = await house.receipts.look(lambda receipts: receipts.leaves(hour))
        return _json({"hour": hour, "leaves": listed})

    async def audits(_: Request) -> Response:
        told = await standings.told(house.desk.at)
        return Response(told, media_type="application/json", headers=_NO_STORE)

    async def nowhere(request: Request) -> Response:
        path = request.url.path
        hint = f"; did you mean /v1{path}?" if f"/v1{path}" in known else ""
        raise Refused(404, f"there is no {request.method} {path[:80]} here{hint}", code="unknown_url")

    routes: list[BaseRoute] = [
        Route("/v1/models", models, methods=["GET"]),
        Route("/v1/models/{model:path}", model, methods=["GET"]),
        Route("/v1/chat/completions", chat, methods=["POST"]),
        Route("/v1/completions", completions, methods=["POST"]),
        Route("/v1/embeddings", embeddings, methods=["POST"]),
        *house.accounts.routes(),
        Route("/v1/receipts/hours", heads, methods=["GET"]),
        Route("/v1/receipts/hours/{hour}/leaves", leaves, methods=["GET"]),
        Route("/v1/receipts/{request}", receipt, methods=["GET"]),
        Route("/v1/audits", audits, methods=["GET"]),
        Route("/health", health, methods=["GET"]),
        Route("/{path:path}", nowhere, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    ]
    known = {route.path for route in routes if isinstance(route, Route)}
    handlers: dict[Any, Any] = {Refused: _refused, HTTPException: _http, Exception: _unexpected}
    return _Numbered(Starlette(routes=routes, exception_handlers=handlers))


class _Numbered:
    """Gives each answer a number, as OpenAI's do, that who asks may quote, and the log knows."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers."""
        name = f"req_{secrets.token_hex(16)}"

        async def numbered(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"x-request-id", name.encode())]}
            await send(message)

        try:
            await self._app(scope, receive, numbered)
        except Exception:
            _log.error("%s went wrong", name)  # what, whoever runs this application says
            raise


def _json(body: Any) -> Response:
    return JSONResponse(body, headers=_NO_STORE)


def _packed(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


async def _refused(_: Request, bad: Exception) -> Response:
    assert isinstance(bad, Refused)
    return JSONResponse(bad.body, bad.status, {**_NO_STORE, **bad.headers})


async def _http(request: Request, bad: Exception) -> Response:
    assert isinstance(bad, HTTPException)
    said = (
        f"{request.method} is not for {request.url.path[:80]}" if bad.status_code == 405 else str(bad.detail)
    )
    return await _refused(request, Refused(bad.status_code, said))


async def _unexpected(request: Request, _: Exception) -> Response:
    said = "something went wrong here, and nothing more is charged; the log of the service says what"
    return await _refused(request, Refused(500, said, kind="server_error"))


class _Written(Response):
    """An answer that is written token by token: a stream, or whole when it is all there.

    Whoever asked may go away at any time; then the engine's work ends at once, and with it what it costs.
    """

    def __init__(self, house: House, ask: requests.Ask, key: Key) -> None:
        super().__init__()
        self._house = house
        self._ask = ask
        self._key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, as long as somebody listens."""
        writing = asyncio.create_task(self._write(send))
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

    async def _write(self, send: Send) -> None:
        pieces = self._house.answering.answer(self._ask, self._key)
        async with contextlib.aclosing(pieces):  # type: ignore[type-var]
            try:
                first = await anext(pieces)
            except Refused as bad:
                await _send_whole(send, bad.status, bad.body, bad.headers)
                return
            if self._ask.stream:
                await self._stream(first, pieces, send)
            else:
                await self._whole(first, pieces, send)

    async def _whole(self, first: dict[str, Any], pieces: AsyncIterator[dict[str, Any]], send: Send) -> None:
        whole = Whole(chat="messages" in self._ask.body)
        whole.add(first)
        try:
            async for piece in pieces:
                whole.add(piece)
        except Refused as bad:
            await _send_whole(send, bad.status, bad.body, bad.headers)
            return
        await _send_whole(send, 200, whole.body(), {})

    async def _stream(self, first: dict[str, Any], pieces: AsyncIterator[dict[str, Any]], send: Send) -> None:
        headers = {"content-type": "text/event-stream", **_NO_STORE, "x-accel-buffering": "no"}
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        await _send_part(send, self._piece(first))
        try:
            async for piece in pieces:
                if piece["choices"] or self._ask.usage:
                    await _send_part(send, self._piece(piece))
        except Refused as bad:
            # The status is gone out; OpenAI's clients take this for an error, too.
            await _send_part(send, _event(bad.body))
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n", "more_body": False})

    def _piece(self, piece: dict[str, Any]) -> bytes:
        if self._ask.usage and "usage" not in piece:
            piece = {**piece, "usage": None}
        return _event(piece)


def _event(body: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


async def _send_part(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _send_whole(send: Send, status: int, body: dict[str, Any], headers: dict[str, str]) -> None:
    await JSONResponse(body, status, {**_NO_STORE, **headers})({"type": "http"}, _nothing, send)


async def _nothing() -> Any:
    raise RuntimeError("nothing is received here")


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

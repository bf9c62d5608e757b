"""The service's application: OpenAI's routes, and those of accounts and their keys."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
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
from ionet.intelligence.writing import NO_STORE, Embedded, Written

#: Bytes of a request.
BODY: Final = 4 << 20
#: Hours that are listed.
_HEADS: Final = 24 * 7
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
        return Written(house.gate, house.answering, ask, key)

    async def completions(request: Request) -> Response:
        key = await house.gate.admit(request.headers.get("authorization"))
        ask = requests.completion(parse(await body_of(request, BODY)), house.models)
        return Written(house.gate, house.answering, ask, key)

    async def embeddings(request: Request) -> Response:
        key = await house.gate.admit(request.headers.get("authorization"))
        asked = requests.embeddings(parse(await body_of(request, BODY)), house.models)
        return Embedded(house.gate, house.answering, asked, key)

    async def health(_: Request) -> Response:
        well, more = house.health()
        return JSONResponse({"ok": well, "version": __version__, **more}, 200 if well else 503, NO_STORE)

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
        return Response(told, media_type="application/json", headers=NO_STORE)

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
    return JSONResponse(body, headers=NO_STORE)


async def _refused(_: Request, bad: Exception) -> Response:
    assert isinstance(bad, Refused)
    return JSONResponse(bad.body, bad.status, {**NO_STORE, **bad.headers})


async def _http(request: Request, bad: Exception) -> Response:
    assert isinstance(bad, HTTPException)
    said = (
        f"{request.method} is not for {request.url.path[:80]}" if bad.status_code == 405 else str(bad.detail)
    )
    return await _refused(request, Refused(bad.status_code, said))


async def _unexpected(request: Request, _: Exception) -> Response:
    said = "something went wrong here, and nothing more is charged; the log of the service says what"
    return await _refused(request, Refused(500, said, kind="server_error"))

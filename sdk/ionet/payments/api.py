"""The service over HTTP, for a console: prices, payments, receipts; and messages of Stripe."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ionet import __version__
from ionet.payments.amounts import CENT, dollars
from ionet.payments.books import BooksDown
from ionet.payments.desk import Desk, Refused, told
from ionet.payments.hooks import LARGEST, Hooks
from ionet.payments.tokens import BadToken, Customer, read

#: Bytes of a request, and seconds in which it comes.
BODY: Final = 16 << 10
SECONDS: Final = 10.0
_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_NO_BOOKS: Final = "this host can write nothing down at present; try again"
#: The longest rental that anybody asks for, seconds.
_LONGEST: Final = 366 * 86_400


@dataclass(frozen=True, slots=True)
class House:
    """What answers come from.

    Attributes:
        desk: serves customers.
        hooks: takes messages.
        key: that console and host share, for customers' tokens.
        poke: has the cashier look at what is due.
        health: whether all is well, and more.
    """

    desk: Desk
    hooks: Hooks
    key: bytes
    poke: Callable[[], None]
    health: Callable[[], tuple[bool, dict[str, Any]]]


def application(house: House) -> Starlette:
    """The application."""
    routes = [
        Route("/health", _Answers(house, _health, known=False)),
        Route("/v1/terms", _Answers(house, _terms, known=False)),
        Route("/v1/quotes", _Answers(house, _quote), methods=["POST"]),
        Route("/v1/payments", _Answers(house, _open), methods=["POST"]),
        Route("/v1/payments", _Answers(house, _payments)),
        Route("/v1/payments/{id}", _Answers(house, _payment)),
        Route("/v1/payments/{id}/end", _Answers(house, _end), methods=["POST"]),
        Route("/v1/payments/{id}/receipt", _Answers(house, _receipt)),
        Route("/v1/stripe/messages", _messages(house), methods=["POST"]),
    ]
    return Starlette(routes=routes, exception_handlers={404: _absent, 405: _absent})


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that may be answered.

    Attributes:
        house: what answers come from.
        customer: whose it is.
        body: what it says; empty for one that only reads.
        id: of the payment in its path, or empty.
    """

    house: House
    customer: Customer
    body: dict[str, Any]
    id: str

    def text(self, name: str, default: str | None = None) -> str:
        """A text of the body.

        Raises:
            Refused: it is missing, or something else.
        """
        value = self.body.get(name, default)
        if not isinstance(value, str) or len(value) > 2_000 or not value.isprintable():
            raise Refused(400, "bad_request", f"{name} is a text of a line")
        return value


_Answer = Callable[[Asked], tuple[int, Any]]
_NOBODY: Final = Customer("", "")


def _Answers(  # noqa: N802  (an endpoint made to measure)
    house: House, answer: _Answer, *, known: bool = True
) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        try:
            customer = _customer(request, house) if known else _NOBODY
            body = await _body(request) if request.method == "POST" else {}
            asked = Asked(house, customer, body, request.path_params.get("id", ""))
            status, said = await run_in_threadpool(answer, asked)
        except Refused as bad:
            said = {"error": {"code": bad.code, "message": str(bad)}}
            return JSONResponse(said, bad.status, _HEADERS)
        except BooksDown:
            said = {"error": {"code": "books_down", "message": _NO_BOOKS}}
            return JSONResponse(said, 503, _HEADERS)
        return JSONResponse(said, status, _HEADERS)

    return endpoint


def _customer(request: Request, house: House) -> Customer:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer":
        raise Refused(401, "no_token", "a customer's token is missing: Authorization: Bearer TOKEN")
    try:
        return read(house.key, token, house.desk.now())
    except BadToken as bad:
        raise Refused(401, "bad_token", str(bad)) from None


async def _bytes(request: Request, most: int) -> bytes:
    parts = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            async for part in request.stream():
                parts += part
                if len(parts) > most:
                    raise Refused(413, "too_large", f"a request has {most:,} bytes at most")
    except TimeoutError:
        raise Refused(408, "too_slow", f"a request comes within {SECONDS:g} seconds") from None
    except ClientDisconnect:
        raise Refused(400, "bad_request", "the request ended early") from None
    return bytes(parts)


async def _body(request: Request) -> dict[str, Any]:
    raw = await _bytes(request, BODY)
    try:
        body = json.loads(raw or b"{}")
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Refused(400, "bad_request", "the body is a JSON object")
    return body


def _health(asked: Asked) -> tuple[int, Any]:
    well, more = asked.house.health()
    return 200 if well else 503, {"ok": well, "version": __version__, **more}


def _terms(asked: Asked) -> tuple[int, Any]:
    terms = asked.house.desk.terms
    limits = terms.limits
    return 200, {
        "publishable_key": terms.publishable,
        "currency": "usd",
        "card_fee": {"bps": terms.fee_bps, "fixed": dollars(terms.fee_fixed * CENT)},
        "limits": {
            "payment": dollars(limits.payment * CENT),
            "card_in_24_hours": dollars(limits.card * CENT),
            "customer_in_24_hours": dollars(limits.customer * CENT),
        },
    }


def _quote(asked: Asked) -> tuple[int, Any]:
    node, job = asked.text("node", ""), asked.text("job", "")
    if bool(node) == bool(job):
        raise Refused(400, "bad_request", "name a node to be booked, or a job to be extended")
    seconds = asked.body.get("seconds")
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 < seconds <= _LONGEST:
        raise Refused(400, "bad_request", "seconds is a whole number above 0")
    return 201, asked.house.desk.quote(asked.customer, node, job, seconds).told()


def _open(asked: Asked) -> tuple[int, Any]:
    texts = (
        asked.text("quote"),
        asked.text("manifest", ""),
        asked.text("way", "checkout"),
        asked.text("back", ""),
    )
    payment = asked.house.desk.open(asked.customer, *texts)
    asked.house.poke()
    return 201, told(payment)


def _payments(asked: Asked) -> tuple[int, Any]:
    return 200, {"data": [told(payment) for payment in asked.house.desk.payments(asked.customer)]}


def _payment(asked: Asked) -> tuple[int, Any]:
    return 200, told(asked.house.desk.payment(asked.customer, asked.id))


def _end(asked: Asked) -> tuple[int, Any]:
    return 200, told(asked.house.desk.end(asked.customer, asked.id))


def _receipt(asked: Asked) -> tuple[int, Any]:
    return 200, asked.house.desk.receipt(asked.customer, asked.id)


def _messages(house: House) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        try:
            body = await _bytes(request, LARGEST)
        except Refused as bad:
            return JSONResponse({"error": bad.code}, bad.status, _HEADERS)
        signature = request.headers.get("stripe-signature", "")
        try:
            verdict = await run_in_threadpool(house.hooks.take, body, signature)
        except BooksDown:
            # Stripe sends it again.
            return JSONResponse({"error": "books_down"}, 503, _HEADERS)
        if verdict == "taken":
            house.poke()
        return JSONResponse({"message": verdict}, 400 if verdict == "forged" else 200, _HEADERS)

    return endpoint


async def _absent(_: Request, bad: Exception) -> Response:
    said = {"error": {"code": "not_found", "message": "there is nothing here; see docs/payments.md"}}
    return JSONResponse(said, getattr(bad, "status_code", 404), _HEADERS)

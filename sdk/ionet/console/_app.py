"""The console's application: API, pages, health."""

from __future__ import annotations

import re
from dataclasses import replace

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from ionet import __version__
from ionet.chain.errors import (
    AccountNotFound,
    ConfigError,
    IonetError,
    RpcError,
    TransactionFailed,
    TransportError,
)
from ionet.cloud import NoNode, NotEnough
from ionet.console import _models as m
from ionet.console._account import account
from ionet.console._cards import cards
from ionet.console._clusters import clusters
from ionet.console._jobs import jobs
from ionet.console._market import market
from ionet.console._parts import Have, Parts
from ionet.console._paying import Declined, NoCards
from ionet.console._planning import TooDear
from ionet.console._receipts import receipts
from ionet.console._renting import renting
from ionet.console._supply import Unexplored, supply
from ionet.console._uploads import Full
from ionet.console._who import Forbidden, Unknown
from ionet.explorer._app import add_tellers, teller
from ionet.explorer._market import Absent
from ionet.explorer._values import BadQuestion
from ionet.jobs.quotes import NotBookable
from ionet.service.guard import FILE, Counters, Guard, Taken
from ionet.service.pages import Pages
from ionet.service.signin import SignInRefused
from ionet.staking.hardware import hardware_classes
from ionet.store import StoreRefused, StoreUnreachable
from ionet.store.manifest import ManifestError
from ionet.token.currency import symbol
from ionet.token.prices import PriceUnusable

API = "/api/v1"
_SECTIONS = frozenset({"", "rent", "jobs", "clusters", "paid", "supply", "account"})
_PROBLEMS: tuple[tuple[type[Exception], int], ...] = (
    (Unknown, 401),
    (SignInRefused, 401),
    (Forbidden, 403),
    (Absent, 404),
    (AccountNotFound, 404),
    (NoNode, 409),
    (NotBookable, 409),
    (NotEnough, 409),
    (PriceUnusable, 409),
    (TooDear, 409),
    (Declined, 409),
    (BadQuestion, 400),
    (ConfigError, 400),
    (ManifestError, 400),
    (TransactionFailed, 400),
    (StoreRefused, 409),
    (StoreUnreachable, 503),
    (RpcError, 503),
    (TransportError, 503),
    (IonetError, 400),
    (Full, 507),
    (Unexplored, 503),
    (NoCards, 503),
)


class Elsewhere(Exception):
    """The request names another host."""


def its_pages() -> Pages:
    """What browsers get of the console.

    Raises:
        PagesBroken: the package is not whole.
    """
    return Pages("ionet.console", _SECTIONS)


def _ours(request: Request, parts: Have) -> None:
    """Names of other sites may be made to lead here; their pages are told nothing."""
    if request.headers.get("host") != parts.signins.domain:
        raise Elsewhere(f"this console is {parts.signins.domain}, and answers by that name only")


def _fresh(response: Response) -> None:
    response.headers["cache-control"] = "no-store"


def bare(pages: Pages | None = None) -> FastAPI:
    """The application without its parts, which knows its own description.

    Args:
        pages: what browsers get; None: nothing.
    """
    app = FastAPI(
        title="io.net console",
        version="1",
        description="Renting and supplying. Amounts are exact, times are Unix seconds. Transactions come"
        " unsigned, and go back signed.",
        openapi_url=f"{API}/openapi.json",
        # Their pages load scripts of other hosts.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    api = APIRouter(
        prefix=API,
        dependencies=[Depends(_ours), Depends(_fresh)],
        responses={
            status: {"model": m.Error, "description": text}
            for status, text in (
                (400, "It cannot be meant."),
                (401, "It is not known who asks."),
                (403, "They may not."),
                (404, "They have no such thing."),
                (409, "It cannot be had so at present."),
                (429, "Too many requests; see Retry-After."),
                (503, "The chain's node, the gateway or the payments host does not answer."),
                (507, "There is no room."),
            )
        },
    )
    api.add_api_route("/status", status, summary="What console this is")
    for router in (account, market, renting, clusters, cards, jobs, receipts, supply):
        api.include_router(router)
    app.include_router(api)
    for kind, code in _PROBLEMS:
        app.add_exception_handler(kind, teller(code))
    app.add_exception_handler(Elsewhere, teller(421))
    add_tellers(app)

    @app.get("/health", include_in_schema=False)
    def health() -> Response:
        return JSONResponse({"ok": True, "version": __version__}, headers={"cache-control": "no-store"})

    @app.get("/api/{path:path}", include_in_schema=False)
    def nowhere(path: str) -> Response:
        raise HTTPException(404, f"there is no /api/{path[:60]}; {API}/openapi.json says what there is")

    if pages is not None:

        @app.get("/{path:path}", include_in_schema=False)
        async def page(path: str) -> Response:
            return pages.answer(path)

    return app


async def status(parts: Have) -> m.Status:
    """What console this is."""
    currencies = await parts.client.jobs.currencies()
    names = {symbol(currency): currency for currency in currencies}
    return m.Status(
        genesis=parts.genesis,
        version=__version__,
        currencies=tuple(names),
        mint_of={name: str(currency.mint) for name, currency in names.items()},
        decimals={name: currency.decimals for name, currency in names.items()},
        classes={str(class_.id): class_.name for class_ in hardware_classes()},
        checkout="" if parts.cards is None else parts.config.checkout,
    )


def guarded(app: FastAPI, parts: Parts, counters: Counters) -> ASGIApp:
    """An application with its parts, behind its guard."""
    app.state.parts = parts
    bounds, limits = parts.config.bounds, parts.config.limits
    said = Taken(bounds.body, bounds.body_seconds)
    file = Taken(limits.file, limits.upload_seconds, FILE, whole=False)
    posts = []
    for path, methods in app.openapi()["paths"].items():
        if "post" in methods:
            taken = replace(file if path.endswith("/files") else said, read="get" in methods)
            posts.append((re.compile(re.sub(r"\{[a-z0-9]+\}", "[^/]+", path)), taken))
    return Guard(
        app,
        bounds,
        counters,
        takes=lambda path: next((taken for regex, taken in posts if regex.fullmatch(path)), None),
    )

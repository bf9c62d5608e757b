"""The explorer's application: API, pages, health."""

from __future__ import annotations

import re
import time
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from ionet import __version__
from ionet.explorer import _models as m
from ionet.explorer._accounts import Transactions
from ionet.explorer._api import LIVE, router
from ionet.explorer._auctions import Prices
from ionet.explorer._holdings import Holdings
from ionet.explorer._leaves import Tables
from ionet.explorer._live import Live
from ionet.explorer._market import Absent
from ionet.explorer._past import Busy, Coming, NotYet, Past
from ionet.explorer._rows import Rows
from ionet.explorer._served import Served
from ionet.explorer._values import BadQuestion
from ionet.explorer._wallets import SENT, wallets
from ionet.explorer._watching import Unanswered, Watching
from ionet.ledger import Database, LedgerError
from ionet.service.bounds import Bounds
from ionet.service.guard import Counters, Guard, Taken
from ionet.service.pages import Pages

#: What stands before the last part of an absolute path or of a URL.
_PLACES: Final = re.compile(r"(?<![\w/.])(?:\w+://|/)(?:[^\s/]+/)+")


def bare(pages: Pages | None = None) -> FastAPI:
    """The application without a ledger, which knows its own description.

    Args:
        pages: what browsers get; None: nothing.
    """
    app = FastAPI(
        title="io.net explorer",
        version="1",
        description="The market, by the events of its programs. Amounts are exact, times are Unix seconds.",
        openapi_url="/api/v1/openapi.json",
        # Their pages load scripts of other hosts.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.include_router(router)
    app.include_router(wallets)
    for kind, status in (
        (BadQuestion, 400),
        (NotYet, 400),
        (Absent, 404),
        (Unanswered, 503),
        (Busy, 503),
    ):
        app.add_exception_handler(kind, teller(status))
    app.add_exception_handler(Coming, _coming)
    app.add_exception_handler(LedgerError, _ledgers)
    add_tellers(app)
    began = time.monotonic()

    @app.get("/health", tags=["service"], summary="Whether the explorer works")
    def health(request: Request) -> m.Health:
        watching: Watching = request.app.state.watching
        past: Past = request.app.state.past
        marks, why = past.database.marks(), watching.trouble
        answer = m.Health(
            ok=not why,
            version=__version__,
            slot=marks.scanned,
            time=marks.time,
            seconds=int(time.monotonic() - began),
            why=why,
        )
        headers = {"cache-control": "no-store"}
        return JSONResponse(answer.model_dump(), 503 if why else 200, headers)  # type: ignore[return-value]

    @app.get("/api/{path:path}", include_in_schema=False)
    def nowhere(path: str) -> Response:
        raise HTTPException(404, f"there is no /api/{path[:60]}; /api/v1/openapi.json says what there is")

    if pages is not None:

        @app.get("/{path:path}", include_in_schema=False)
        async def page(path: str) -> Response:
            return pages.answer(path)

    return app


def parts(
    app: FastAPI,
    database: Database,
    watching: Watching,
    bounds: Bounds,
    tables: Tables | None = None,
    served: Served | None = None,
    rows: Rows | None = None,
) -> Live:
    """Gives an application what its answers come from.

    Args:
        app: see `bare`.
        database: to read from.
        watching: knows whether the ledger moves on, whether accounts are as it says, and has the node.
        bounds: what is taken from strangers.
        tables: evidence of reports; by default none.
        served: what a service of models has signed; by default there is none.
        rows: reads files of old hours; by default in this process.

    Returns:
        What has to be stopped before the application is.
    """
    app.state.past = Past(database, bounds.states, bounds.asked, patience=bounds.patience)
    app.state.watching = watching
    app.state.prices = Prices(watching)
    app.state.holdings = Holdings(watching)
    app.state.transactions = Transactions(watching)
    app.state.tables = tables or Tables()
    app.state.rows = rows or Rows(database)
    app.state.served = served or Served()
    app.state.live = Live(database, watching, bounds)
    live: Live = app.state.live
    return live


def guarded(app: FastAPI, bounds: Bounds, counters: Counters, **more: Any) -> ASGIApp:
    """An application with its parts, behind its guard."""
    live: Live = app.state.live
    served: Served = app.state.served
    return Guard(
        app,
        bounds,
        counters,
        streams=frozenset({LIVE}),
        takes=lambda path: Taken(bounds.body, bounds.body_seconds) if path == SENT else None,
        version=lambda: (live.version(), served.version),
        **more,
    )


def add_tellers(app: FastAPI) -> None:
    """Has an application answer each error with a sentence."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def _problem(status: int, sentence: str) -> JSONResponse:
    answer = m.Error(error=m.Problem(message=sentence))
    return JSONResponse(answer.model_dump(), status, {"cache-control": "no-store"})


def teller(status: int) -> Any:
    """Answers an error with its sentence.

    Args:
        status: of HTTP.
    """

    def tell(_: Request, bad: Exception) -> JSONResponse:
        return _problem(status, str(bad))

    return tell


def _ledgers(_: Request, bad: Exception) -> JSONResponse:
    # Where a ledger is on its host is the operator's to know.
    return _problem(503, _PLACES.sub("", str(bad)))


def _coming(_: Request, bad: Exception) -> JSONResponse:
    assert isinstance(bad, Coming)
    answer = m.Coming(message=str(bad), done=bad.done, of=bad.of)
    return JSONResponse(answer.model_dump(), 202, {"cache-control": "no-store", "retry-after": "2"})


def _invalid(_: Request, bad: Exception) -> JSONResponse:
    assert isinstance(bad, RequestValidationError)
    first = bad.errors()[0]
    where = str(first["loc"][-1])[:60]
    if first["type"] == "extra_forbidden":
        return _problem(400, f"nothing can be said about {where!r} here; /api/v1/openapi.json says what can")
    return _problem(400, f"{where!r}: {first['msg'][0].lower()}{first['msg'][1:]}")


def _http(_: Request, bad: Exception) -> JSONResponse:
    assert isinstance(bad, HTTPException)
    return _problem(bad.status_code, str(bad.detail))


def _unexpected(_: Request, bad: Exception) -> JSONResponse:
    return _problem(500, "something went wrong here; the service's log says what")

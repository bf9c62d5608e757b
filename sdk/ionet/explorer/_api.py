"""The explorer's API: what may be asked, and the answers."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeVar

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from solders.pubkey import Pubkey
from starlette.concurrency import run_in_threadpool

from ionet import __version__
from ionet.explorer import (
    _accounts,
    _attesters,
    _auctions,
    _earned,
    _events,
    _leaves,
    _market,
    _orders,
    _proposals,
    _rows,
    _served,
    _stakes,
    _supply,
)
from ionet.explorer import _models as m
from ionet.explorer._accounts import Transactions
from ionet.explorer._auctions import Prices
from ionet.explorer._csv import FACTS, table_of
from ionet.explorer._holdings import Holdings
from ionet.explorer._live import Live
from ionet.explorer._past import Past, Reader
from ionet.explorer._rows import Form, Rows, Written
from ionet.explorer._search import search as search_for
from ionet.explorer._values import BadQuestion, address_of, place_of
from ionet.explorer._watching import Watching
from ionet.service.bounds import Bounds
from ionet.service.guard import address_of as reader_of

T = TypeVar("T", bound=m.Answer)

_MOST: Final = Bounds().rows
_FAR: Final = 1 << 40
#: Where an answer has no end.
LIVE: Final = "/api/v1/live"
_Time = Annotated[int, Field(ge=0, lt=_FAR)]
_Address = Annotated[str, Path(min_length=32, max_length=44, description="An address, base58.")]


class Asked(BaseModel):
    """What every question may say; a word that it may not say is refused."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    at: Annotated[int | None, Field(ge=0, lt=_FAR, description="As of this past time, Unix seconds.")] = None


class AskedNothing(BaseModel):
    """A question without words."""

    model_config = ConfigDict(extra="forbid")


class AskedRow(Asked):
    """… about something with rows."""

    format: Annotated[Literal["json", "csv"], Field(description="`csv`: only the rows, as a table.")] = "json"
    part: Annotated[
        str | None,
        Field(
            max_length=40,
            description="Which table, with `csv`: the name of a list in the answer, or `facts` for one row of"
            " everything else; default: its main list.",
        ),
    ] = None

    @property
    def form(self) -> Form:
        """How the answer is written."""
        return Form(self.format, self.part)


class AskedPage(AskedRow):
    """… about something with many rows."""

    limit: Annotated[int, Field(ge=1, le=_MOST, description="Rows of a page.")] = 50
    cursor: Annotated[
        str | None, Field(max_length=80, description="`next` of the page before; default: the first page.")
    ] = None


class AskedNodes(AskedPage):
    """… about nodes."""

    class_: Annotated[int | None, Field(alias="class", ge=0, le=65_535, description="Of this class.")] = None
    owner: Annotated[str | None, Field(max_length=44, description="Of this owner.")] = None

    network: Annotated[str | None, Field(max_length=44, description="Of this network.")] = None
    country: Annotated[
        int | None, Field(ge=0, le=999, description="In this country, ISO 3166-1 numeric; 0: none is stated.")
    ] = None
    only: Annotated[
        Literal["live", "proven", "hired"] | None,
        Field(description="Only those that a number of a class counts."),
    ] = None


class AskedStakes(AskedPage):
    """… about nodes that take co-stake."""

    sort: Annotated[
        _orders.Sort,
        Field(
            description="What the first rows have most of: reward of 30 days, its yearly rate, room,"
            " co-stake, owner's stake; of commission and slashed they have least."
        ),
    ] = "reward"


class AskedJobs(AskedPage):
    """… about jobs."""

    party: Annotated[str, Field(max_length=44, description="Who rents, pays, gets the refund or supplies.")]


class AskedEvents(AskedPage):
    """… about events."""

    about: Annotated[str | None, Field(max_length=44, description="About this account.")] = None
    name: Annotated[
        list[str], Field(max_length=16, description="Of these types, `program.Type`; default: all.")
    ] = []
    since: Annotated[int | None, Field(ge=0, lt=_FAR, description="From this time on, Unix seconds.")] = None
    until: Annotated[int | None, Field(ge=0, lt=_FAR, description="Up to this time, Unix seconds.")] = None
    hour: Annotated[
        int | None,
        Field(
            ge=0,
            lt=_FAR,
            description="Only those by which the hour until then was credited to the node `about`, oldest"
            " first, on one page.",
        ),
    ] = None
    order: Annotated[Literal["newest", "oldest"], Field(description="What comes first.")] = "newest"
    choice: Annotated[
        Literal["for", "against", "abstain"] | None,
        Field(
            description="Of votes (`name=governance.Voted`) those with this choice. With this word and the"
            f" next four, a page reads {_events.LOOKED_AT:,} events at most of those that the others name;"
            " where it has fewer rows than `limit`, `next` leads on."
        ),
    ] = None
    seat: Annotated[
        int | None, Field(ge=0, le=255, description="Of types that have one, those of this attester's seat.")
    ] = None
    class_: Annotated[
        int | None,
        Field(alias="class", ge=0, le=65_535, description="Of types that have one, those of this class."),
    ] = None
    side: Annotated[
        Literal["own", "co"] | None,
        Field(
            description="Of types that name a holder of stake, those of the node's owner, or of co-stakers;"
            " others, as slashes, move both sides."
        ),
    ] = None
    naming: Annotated[
        list[str],
        Field(max_length=_events.NAMED, description="Those with one of these addresses in a field."),
    ] = []
    data: Annotated[bool, Field(description="Also the bytes that the programs wrote.")] = False

    def wanted(self) -> _events.Wanted:
        """What is asked for.

        Raises:
            BadQuestion: an address or the cursor is none.
        """
        return _events.Wanted(
            self.limit,
            None if self.about is None else address_of(self.about),
            self.name,
            self.since,
            self.until,
            self.hour,
            None if self.cursor is None else place_of(self.cursor),
            self.order == "newest",
            _events.Said(self.choice, self.seat, self.class_, self.side, tuple(map(address_of, self.naming))),
        )


class AskedRecords(Asked):
    """… about accounts in the bytes of their programs."""

    kind: Annotated[
        str | None, Field(max_length=40, description="All of this type, as `jobs.Offer`; or `address`.")
    ] = None
    address: Annotated[list[str], Field(max_length=30, description="These, where they are known.")] = []
    limit: Annotated[int, Field(ge=1, le=_MOST, description="Rows of a page of a type.")] = 50
    cursor: Annotated[
        str | None, Field(max_length=44, description="`next` of the page before; default: the first page.")
    ] = None


class AskedSearch(AskedRow):
    """… about a word."""

    q: Annotated[
        str,
        Field(
            min_length=1,
            max_length=100,
            description="An address, a signature, an hour (`2026-01-31 10:00`), a class, a name.",
        ),
    ]


# Not in a thread, as plain functions are: they take less than to get to one.
async def _past(request: Request) -> Reader:
    past: Past = request.app.state.past
    return past.asked_by(reader_of(request.scope))


async def _watching(request: Request) -> Watching:
    watching: Watching = request.app.state.watching
    return watching


async def _its_rows(request: Request) -> Rows:
    rows: Rows = request.app.state.rows
    return rows


_ThePast = Annotated[Reader, Depends(_past)]
_TheRows = Annotated[Rows, Depends(_its_rows)]

router: Final = APIRouter(
    prefix="/api/v1",
    responses={
        202: {"model": m.Coming, "description": "A past time that is being computed; see Retry-After."},
        400: {"model": m.Error, "description": "The question cannot be meant."},
        404: {"model": m.Error, "description": "The ledger has no such thing."},
        429: {"model": m.Error, "description": "Too many requests; see Retry-After."},
    },
)
#: What an answer with rows may be besides.
TABLE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/csv": {}}, "description": "The answer."}
}


def _answer(asked: AskedRow, answer: T, main: str = FACTS, more: BaseModel | None = None) -> Any:
    if asked.format == "csv":
        text = table_of(answer, asked.part or main, more)
        return Response(text, media_type="text/csv; charset=utf-8")
    if asked.part is not None:
        raise BadQuestion("`part` says which table: it goes with format=csv")
    return answer


def _response(written: Written) -> Any:
    return Response(written.content, media_type=written.media_type)


def _time_of(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdecimal() and int(cursor) < _FAR):
        raise BadQuestion("the cursor is none that an answer has named as its `next`")
    return int(cursor)


def _number_of(cursor: str | None) -> int:
    if cursor is not None and not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 10):
        raise BadQuestion("the cursor is none that an answer has named as its `next`")
    return int(cursor or 0)


@router.get("/status", summary="How far the explorer is, and whether accounts hold what events say")
def status(
    past: _ThePast, watching: Annotated[Watching, Depends(_watching)], asked: Annotated[Asked, Query()]
) -> m.Status:
    """How far the explorer is."""
    sent, events = past.database.counts()
    with past.at(asked.at) as moment:
        return m.Status(
            as_of=_supply.as_of(moment),
            version=__version__,
            genesis=past.database.genesis,
            final=past.database.marks().final,
            transactions=sent,
            events=events,
            reconciled=watching.reconciled,
        )


@router.get("/supply", summary="How much IO there is, and where it comes from", responses=TABLE)
def supply(request: Request, past: _ThePast, asked: Annotated[AskedRow, Query()]) -> m.Supply:
    """The supply."""
    holdings: Holdings = request.app.state.holdings
    treasury, why = holdings.now() if asked.at is None else (None, "the chain tells only what it holds now")
    with past.at(asked.at) as moment:
        answer = _supply.supply(moment, treasury, why)
    result: m.Supply = _answer(asked, answer, "amounts", _supply.lines(answer))
    return result


@router.get("/supply/days", summary="The supply by day, the newest first", responses=TABLE)
def supply_days(past: _ThePast, asked: Annotated[AskedPage, Query()]) -> m.SupplyDays:
    """The supply by day."""
    with past.at(asked.at) as moment:
        answer = _supply.days(moment, asked.cursor, asked.limit)
    result: m.SupplyDays = _answer(asked, answer, "days")
    return result


@router.get("/classes", summary="Devices by class: registered, live, proven, hired", responses=TABLE)
def classes(past: _ThePast, asked: Annotated[AskedRow, Query()]) -> m.HardwareClasses:
    """Devices by class."""
    with past.at(asked.at) as moment:
        answer = _market.classes(moment)
    result: m.HardwareClasses = _answer(asked, answer, "classes")
    return result


@router.get("/nodes", summary="Nodes by address", responses=TABLE)
def nodes(past: _ThePast, asked: Annotated[AskedNodes, Query()]) -> m.NodeRows:
    """Nodes."""
    wanted = _market.Wanted(
        asked.class_,
        None if asked.owner is None else address_of(asked.owner),
        None if asked.network is None else address_of(asked.network),
        asked.country,
        asked.only,
    )
    with past.at(asked.at) as moment:
        answer = _market.nodes(moment, wanted, asked.cursor, asked.limit)
    result: m.NodeRows = _answer(asked, answer, "nodes")
    return result


@router.get("/nodes/{address}", summary="A node; as CSV its credits", responses=TABLE)
async def node(
    past: _ThePast, rows: _TheRows, address: _Address, asked: Annotated[AskedRow, Query()]
) -> m.Node:
    """A node."""
    key = address_of(address)
    known = await run_in_threadpool(_node, past, key, asked.at)
    # Readers of everything else do not wait for files.
    its = await rows.ask(_rows.credits_of, key, known.as_of.slot)
    answer = known.model_copy(update={"credits": _market.credits_of(its)})
    result: m.Node = _answer(asked, answer, "credits")
    return result


def _node(past: Reader, key: Pubkey, at: int | None) -> m.Node:
    with past.at(at) as moment:
        return _market.node(moment, past.database, key)


@router.get(
    "/nodes/{address}/hours", summary="A node's hours: what it earned, or why nothing", responses=TABLE
)
def node_hours(
    request: Request, past: _ThePast, address: _Address, asked: Annotated[AskedPage, Query()]
) -> m.NodeHours:
    """A node's hours."""
    before, key = _time_of(asked.cursor), address_of(address)
    with past.at(asked.at) as moment:
        known, now = _earned.known(moment, key, before, asked.limit), _supply.as_of(moment)
    # Readers of everything else do not wait for files.
    answer = _earned.hours(now, request.app.state.tables, key, known, asked.limit)
    result: m.NodeHours = _answer(asked, answer, "hours")
    return result


@router.get("/networks", summary="Nodes by network", responses=TABLE)
def networks(past: _ThePast, asked: Annotated[AskedRow, Query()]) -> m.Groups:
    """Nodes by network."""
    with past.at(asked.at) as moment:
        answer = _market.networks(moment)
    result: m.Groups = _answer(asked, answer, "groups")
    return result


@router.get("/countries", summary="Nodes by country, as their owners state it", responses=TABLE)
def countries(past: _ThePast, asked: Annotated[AskedRow, Query()]) -> m.Groups:
    """Nodes by country."""
    with past.at(asked.at) as moment:
        answer = _market.countries(moment)
    result: m.Groups = _answer(asked, answer, "groups")
    return result


@router.get("/stakes", summary="Nodes with room for co-stakers", responses=TABLE)
def stakes(past: _ThePast, asked: Annotated[AskedStakes, Query()]) -> m.StakeRows:
    """Nodes with room for co-stakers."""
    skip = _number_of(asked.cursor)
    with past.at(asked.at) as moment:
        answer = _stakes.stakes(moment, asked.sort, skip, asked.limit)
    result: m.StakeRows = _answer(asked, answer, "nodes")
    return result


@router.get("/auctions", summary="Fees that are for sale, and what an IO is worth", responses=TABLE)
def auctions(request: Request, past: _ThePast, asked: Annotated[AskedRow, Query()]) -> m.Auctions:
    """Auctions of fees."""
    prices: Prices = request.app.state.prices
    price, why = prices.now() if asked.at is None else (None, "the chain tells only the present price")
    with past.at(asked.at) as moment:
        answer = _auctions.auctions(moment, price, why)
    result: m.Auctions = _answer(asked, answer, "vaults")
    return result


@router.get("/attesters", summary="Seats of attesters, and how far they agree", responses=TABLE)
def attesters(past: _ThePast, asked: Annotated[AskedRow, Query()]) -> m.Seats:
    """Seats of attesters."""
    with past.at(asked.at) as moment:
        answer = _attesters.seats(moment)
    result: m.Seats = _answer(asked, answer, "seats")
    return result


@router.get("/models", summary="Models, by the hours that their service signs", responses=TABLE)
def models(request: Request, past: _ThePast, asked: Annotated[AskedRow, Query()]) -> m.ServedModels:
    """Models that are served."""
    with past.at(asked.at) as moment:
        answer = _served.served(request.app.state.served, _supply.as_of(moment))
    result: m.ServedModels = _answer(asked, answer, "models", _served.days(answer))
    return result


@router.get("/proposals", summary="Proposals, the newest first", responses=TABLE)
def proposals(past: _ThePast, asked: Annotated[AskedPage, Query()]) -> m.ProposalRows:
    """Proposals."""
    skip = _number_of(asked.cursor)
    with past.at(asked.at) as moment:
        answer = _proposals.proposals(moment, skip, asked.limit)
    result: m.ProposalRows = _answer(asked, answer, "proposals")
    return result


@router.get("/proposals/{address}", summary="A proposal and its change; as CSV its votes", responses=TABLE)
def proposal(
    past: _ThePast,
    watching: Annotated[Watching, Depends(_watching)],
    address: _Address,
    asked: Annotated[AskedRow, Query()],
) -> m.Proposal:
    """A proposal."""
    key = address_of(address)
    with past.at(asked.at) as moment:
        _proposals.record(moment, key)
        stored, now = _proposals.hashes(moment, key), _proposals.parameters(moment)
    # Readers of everything else do not wait for the node.
    calls, why = _proposals.calls_of(watching, key, stored, now)
    with past.at(asked.at) as moment:
        answer = _proposals.proposal(moment, past.database, key, calls, why)
    result: m.Proposal = _answer(asked, answer, "votes")
    return result


@router.get("/accounts/{address}", summary="An account as the events say that it is", responses=TABLE)
def account(past: _ThePast, address: _Address, asked: Annotated[AskedRow, Query()]) -> m.Account:
    """An account."""
    with past.at(asked.at) as moment:
        answer = _accounts.account(moment, address_of(address))
    result: m.Account = _answer(asked, answer, "fields")
    return result


@router.get("/records", summary="Accounts in the bytes of their programs, as the events say")
def records(past: _ThePast, asked: Annotated[AskedRecords, Query()]) -> m.Records:
    """Accounts of a type, or those at some addresses."""
    if (asked.kind is None) == (not asked.address):
        raise BadQuestion("ask for a `kind`, or for `address`, one to thirty times")
    after = None if asked.cursor is None else address_of(asked.cursor)
    addresses = [address_of(each) for each in asked.address]
    with past.at(asked.at) as moment:
        return _accounts.records(moment, asked.kind, addresses, after, asked.limit)


@router.get("/hours", summary="Hours with reports, the newest first", responses=TABLE)
def hours(past: _ThePast, asked: Annotated[AskedPage, Query()]) -> m.HourRows:
    """Hours with reports."""
    before = _time_of(asked.cursor)
    with past.at(asked.at) as moment:
        answer = _market.hours(moment, before, asked.limit)
    result: m.HourRows = _answer(asked, answer, "hours")
    return result


@router.get("/hours/{end}", summary="The hour that ends at a time; as CSV its sums", responses=TABLE)
def hour(
    past: _ThePast, end: Annotated[int, Path(ge=0, lt=_FAR)], asked: Annotated[AskedRow, Query()]
) -> m.Hour:
    """An hour."""
    with past.at(asked.at) as moment:
        answer = _market.hour(moment, past.database, end)
    result: m.Hour = _answer(asked, answer, "sums")
    return result


@router.get("/hours/{end}/leaves", summary="The leaves of an hour's report", responses=TABLE)
def leaves(
    request: Request,
    past: _ThePast,
    end: Annotated[int, Path(ge=0, lt=_FAR)],
    asked: Annotated[AskedPage, Query()],
) -> m.Leaves:
    """The leaves of an hour's report, by evidence that leads to its root."""
    first, tables = _number_of(asked.cursor), request.app.state.tables
    with past.at(asked.at) as moment:
        known, now = _earned.by_rank(moment, end), _supply.as_of(moment)
    # Readers of everything else do not wait for a file.
    answer = _leaves.leaves(tables, now, end, known, first, asked.limit)
    result: m.Leaves = _answer(asked, answer, "leaves")
    return result


@router.get("/jobs", summary="Jobs that an address rents or supplies", responses=TABLE)
def jobs(past: _ThePast, asked: Annotated[AskedJobs, Query()]) -> m.JobRows:
    """Jobs of a party."""
    party = address_of(asked.party)
    beyond = None if asked.cursor is None else place_of(asked.cursor)
    with past.at(asked.at) as moment:
        answer = _market.jobs(moment, past.database, party, beyond, asked.limit)
    result: m.JobRows = _answer(asked, answer, "jobs")
    return result


@router.get("/jobs/{address}", summary="A job and its money; as CSV what it moved", responses=TABLE)
def job(past: _ThePast, address: _Address, asked: Annotated[AskedRow, Query()]) -> m.Job:
    """A job."""
    with past.at(asked.at) as moment:
        answer = _market.job(moment, past.database, address_of(address))
    result: m.Job = _answer(asked, answer, "timeline")
    return result


@router.get("/events", summary="Events of the programs", responses=TABLE)
async def events(past: _ThePast, rows: _TheRows, asked: Annotated[AskedEvents, Query()]) -> m.Events:
    """Events."""
    wanted = asked.wanted()
    wanted.check()
    if wanted.said:
        written = await run_in_threadpool(_events_that_say, past, asked, wanted)
    else:
        now = await run_in_threadpool(_now, past, asked.at)
        # Readers of everything else do not wait for files.
        written = await rows.ask(_rows.events, now, wanted, asked.form, data=asked.data)
    result: m.Events = _response(written)
    return result


def _now(past: Reader, at: int | None) -> m.AsOf:
    with past.at(at) as moment:
        return _supply.as_of(moment)


def _events_that_say(past: Reader, asked: AskedEvents, wanted: _events.Wanted) -> Written:
    with past.at(asked.at) as moment:
        now, state = _supply.as_of(moment), moment.state
    # Readers of everything else do not wait until many are looked through.
    shown, beyond = _events.page(past.database, now, state, wanted)
    return _rows.written_events(past.database, now, shown, beyond, asked.form, data=asked.data)


@router.get("/transactions/{signature}", summary="A transaction of the programs", responses=TABLE)
async def transaction(
    past: _ThePast,
    rows: _TheRows,
    signature: Annotated[str, Path(min_length=64, max_length=88, description="Base58.")],
    asked: Annotated[AskedRow, Query()],
) -> m.Transaction:
    """A transaction."""
    now = await run_in_threadpool(_now, past, asked.at)
    result: m.Transaction = _response(await rows.ask(_rows.transaction, now, signature, asked.form))
    return result


@router.get(
    "/transactions/{signature}/instructions",
    summary="Its instructions, decoded by the programs' IDLs; the chain's node is asked for them",
    responses={**TABLE, 503: {"model": m.Error, "description": "The node does not say."}},
)
def instructions(
    request: Request,
    past: _ThePast,
    signature: Annotated[str, Path(min_length=64, max_length=88, description="Base58.")],
    asked: Annotated[AskedRow, Query()],
) -> m.Instructions:
    """The instructions of a transaction."""
    transactions: Transactions = request.app.state.transactions
    with past.at(asked.at) as moment:
        _rows.signed_of(past.database, moment.slot, signature)
        as_of = _supply.as_of(moment)
    payer, called = transactions.read(signature)
    answer = m.Instructions(as_of=as_of, signature=signature, fee_payer=payer, instructions=called)
    result: m.Instructions = _answer(asked, answer, "instructions")
    return result


@router.get(
    "/live",
    summary="Server-sent events: a mark whenever the ledger has moved on",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"text/event-stream": {"schema": {"$ref": "#/components/schemas/Mark"}}},
            "description": "Events whose data is a mark.",
        }
    },
)
async def live(request: Request, asked: Annotated[AskedNothing, Query()]) -> Response:
    """Marks, as the ledger moves on."""
    streams: Live = request.app.state.live
    address = reader_of(request.scope)
    if why := streams.refuses(address):
        problem = m.Error(error=m.Problem(message=why))
        return JSONResponse(problem.model_dump(), 429, {"cache-control": "no-store", "retry-after": "60"})
    return StreamingResponse(streams.stream(address), media_type="text/event-stream")


@router.get("/mark", summary="How far the ledger is; what `/live` sends")
def mark(request: Request, asked: Annotated[AskedNothing, Query()]) -> m.Mark:
    """A mark."""
    streams: Live = request.app.state.live
    return streams.mark()


@router.get("/search", summary="What an address, a signature, an hour, a class or a name is", responses=TABLE)
def search(past: _ThePast, asked: Annotated[AskedSearch, Query()]) -> m.Hits:
    """What a word is."""
    with past.at(asked.at) as moment:
        answer = search_for(moment, past.database, asked.q)
    result: m.Hits = _answer(asked, answer, "hits")
    return result

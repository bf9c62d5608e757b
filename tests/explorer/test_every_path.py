"""Every question that the API's description has: as of a past time, and as a table for a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from solders.keypair import Keypair
from tests.explorer.browsing import ROOT
from tests.explorer.conftest import GENESIS, Near, Served
from tests.explorer.test_served import URL, signed
from tests.ledger.history import truth
from tests.stateful.arena import Arena

from ionet import Client, events
from ionet.explorer import _served
from ionet.formats.inference import HOUR
from ionet.ledger import Database, Landed

#: What an answer says of now, or of the ledger, whatever time is asked for.
NOW: Final[dict[str, frozenset[str]]] = {
    "/status": frozenset({"transactions", "events", "final"}),
    "/supply": frozenset({"treasury", "circulating", "why"}),
    "/auctions": frozenset({"price", "price_why"}),
}


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain, questions about it, and times before its end."""

    client: Client
    database: Database
    landed: list[Landed]
    #: Each a path of the description, and its words.
    asked: list[tuple[str, dict[str, Any]]]
    #: At the last one each question has an answer.
    times: tuple[int, ...]
    #: Hours that a service of models has signed, two of which are over by then.
    told: dict[str, Any]
    #: Questions that have an answer only later.
    later: tuple[tuple[str, dict[str, Any]], ...] = ()


def _time_of(landed: list[Landed], kind: type) -> int:
    return next(sent.time for sent in landed for it in sent.log.emitted if isinstance(it.event, kind))


def _emitted(landed: list[Landed], kind: type, until: int) -> Any:
    """The last event of a type until then, and its transaction's signature."""
    told = [(it.event, sent) for sent in landed if sent.time <= until for it in sent.log.emitted]
    return next((event, sent.signature) for event, sent in reversed(told) if isinstance(event, kind))


@pytest.fixture(scope="module")
def market(
    arena: Arena, client: Client, database: Database, landed: list[Landed], tmp_path_factory: Any
) -> Chain:
    """When a rental has ended, and when another one is disputed; after that a node is slashed, one goes."""
    time, alice = _time_of(landed, events.jobs.DisputeMade), arena.market.alice
    ended, signature = _emitted(landed, events.jobs.Ended, time)
    lost, _ = _emitted(landed, events.jobs.TimeLost, time)
    report, _ = _emitted(landed, events.proofs.ReportMade, time)
    about: dict[str, Any] = {"address": alice.node}
    end, credited = {"end": report.period_end}, _emitted(landed, events.staking.Credited, time)[0]
    folder: Path = tmp_path_factory.mktemp("models")
    return Chain(
        client,
        database,
        landed,
        [
            *((path, {}) for path in ("/status", "/supply", "/supply/days", "/classes", "/nodes", "/models")),
            *((path, {}) for path in ("/networks", "/countries", "/stakes", "/auctions", "/attesters")),
            *((path, {}) for path in ("/proposals", "/hours", "/events")),
            *(
                (path, about)
                for path in ("/nodes/{address}", "/nodes/{address}/hours", "/accounts/{address}")
            ),
            *((path, end) for path in ("/hours/{end}", "/hours/{end}/leaves")),
            ("/nodes", {"only": "hired"}),
            ("/stakes", {"sort": "slashed"}),
            ("/jobs", {"party": alice.key}),
            *(("/jobs/{address}", {"address": each.job}) for each in (ended, lost)),
            ("/events", {"about": alice.node, "order": "oldest"}),
            ("/events", {"about": alice.node, "hour": credited.credited_through}),
            ("/records", {"kind": "staking.Node"}),
            ("/search", {"q": alice.key}),
            *(
                (f"/transactions/{{signature}}{more}", {"signature": signature})
                for more in ("", "/instructions")
            ),
        ],
        (_time_of(landed, events.jobs.Ended), time),
        signed(folder, Keypair(), first=time // HOUR * HOUR - 2 * HOUR),
    )


@pytest.fixture(scope="module")
def votes(governed_chain: tuple[Client, Database, str], market: Chain) -> Chain:
    """When one proposal has been executed, and another is voted on."""
    client, database, voting = governed_chain
    landed = sorted(truth(client), key=lambda sent: (sent.slot, sent.tx))
    cast = [
        sent for sent in landed for it in sent.log.emitted if isinstance(it.event, events.governance.Voted)
    ]
    time = cast[len(cast) // 2].time
    proposal = str(_emitted(landed, events.governance.Voted, time)[0].proposal)
    return Chain(
        client,
        database,
        landed,
        [("/proposals", {}), ("/proposals/{address}", {"address": proposal}), ("/search", {"q": proposal})],
        (time,),
        market.told,
        (("/proposals/{address}", {"address": voting}),),
    )


@pytest.fixture
def asking(serving: Callable[..., Served]) -> Callable[..., Served]:
    """Makes explorers of a chain, or of what there was of it."""

    def make(chain: Chain, database: Database | None = None, hours: int = 4) -> Served:
        explorer = serving(watching=Near(chain.client), database=database or chain.database)
        explorer.app.state.served = _served.Served(URL)
        heads = sorted(chain.told["data"], key=lambda each: int(each["head"]["hour"]))
        explorer.app.state.served.take(chain.told | {"data": heads[:hours]})
        return explorer

    return make


async def _pages(explorer: Served, path: str, words: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    """All pages of an answer; none if there is no such thing."""
    words = {name: str(value) for name, value in words.items()} | more
    address = path.format(**words)
    asked = {name: value for name, value in words.items() if f"{{{name}}}" not in path}
    if (await explorer.get(f"/api/v1{address}", params=asked)).status_code == 404:
        return []
    pages = [await explorer.read(address, **asked)]
    while cursor := pages[-1].get("next"):
        pages.append(await explorer.read(address, **asked, cursor=cursor))
    return pages


async def _described(explorer: Served, word: str) -> dict[str, frozenset[str]]:
    """Paths that are asked for with GET, and of which this can be said; with an answer's lists."""
    said = (await explorer.get("/api/v1/openapi.json")).json()
    schemas, paths = said["components"]["schemas"], dict[str, frozenset[str]]()
    for path, methods in said["paths"].items():
        asked = methods.get("get", {})
        if word in {each["name"] for each in asked.get("parameters", [])}:
            content = asked["responses"]["200"]["content"]["application/json"]
            fields = schemas[content["schema"]["$ref"].rpartition("/")[2]]["properties"]
            lists = (name for name, field in fields.items() if "$ref" in field.get("items", {}))
            paths[path.removeprefix("/api/v1")] = frozenset(lists)
    return paths


async def test_every_path_that_can_be_asked_about_the_past_is_asked_here(
    asking: Callable[..., Served], market: Chain, votes: Chain
) -> None:
    asked = {path for path, _ in market.asked + votes.asked}
    assert set(await _described(asking(market), "at")) == asked
    # Of a wallet it is asked in test_wallets.
    assert set(await _described(asking(market), "format")) - {"/wallets/{address}"} <= asked


@pytest.mark.parametrize("of", ["market", "votes"])
async def test_each_answer_about_the_past_is_that_of_the_ledger_then(
    asking: Callable[..., Served], request: pytest.FixtureRequest, of: str
) -> None:
    chain: Chain = request.getfixturevalue(of)
    now, changed = asking(chain), 0
    for time in chain.times:
        early = [sent for sent in chain.landed if sent.time <= time]
        over = sum(int(each["head"]["hour"] + 1) * HOUR <= time for each in chain.told["data"])
        with Database.create(":memory:", GENESIS) as database:
            database.write(early, scanned=early[-1].slot, final=early[-1].slot)
            then = asking(chain, database, hours=over)
            for path, words in chain.asked:
                past, expected = await _pages(now, path, words, at=time), await _pages(then, path, words)
                assert expected or time != chain.times[-1]
                assert _of_then(path, past) == _of_then(path, expected), (time, path, words)
                changed += expected != _of_then(path, await _pages(now, path, words))
    assert changed > len(chain.asked) / 2


def _of_then(path: str, pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for page in pages:
        page["as_of"].pop("past")
        for name in NOW.get(path, ()):
            page.pop(name)
    return pages


# --- as a table ---------------------------------------------------------------------------------


def _expected(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The columns of a value of an answer, and what is in them."""
    if isinstance(value, dict) and set(value) == {"amount", "unit", "base"}:
        yield name, value["amount"]
        yield f"{name}_unit", value["unit"]
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _expected(f"{name}_{key}" if name else key, each)
    else:
        yield name, value


def _compare(row: dict[str, str], value: dict[str, Any]) -> None:
    """That a row has all values of a thing, and nothing else."""
    left = dict(row)
    for name, said in _expected("", value):
        # A part that is not there has all its columns, and nothing in them.
        text = left.pop(name, "")
        match said:
            case None:
                assert text == "", name
            case list():
                assert json.loads(text) == said, name
            case bool():
                assert text == ("true" if said else "false"), name
            case _:
                assert text.removeprefix("'") == str(said).removeprefix("'"), name
    assert set(left.values()) <= {""}, left


async def _table(explorer: Served, path: str, words: dict[str, Any], **more: Any) -> list[dict[str, str]]:
    words = {name: str(value) for name, value in words.items()}
    params = {name: value for name, value in words.items() if f"{{{name}}}" not in path}
    address = f"/api/v1{path}".format(**words)
    answer = await explorer.get(address, params={**params, "format": "csv", **more})
    assert answer.status_code == 200, (address, answer.text)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    header, *_ = csv.reader(io.StringIO(answer.text))
    assert len(header) == len(set(header)), header
    return [*csv.DictReader(io.StringIO(answer.text))]


@pytest.mark.parametrize("past", [False, True])
@pytest.mark.parametrize(
    ("of", "whole"),
    [
        ("market", {"credits", "co_stakers", "timeline", "checks", "breaks", "reports", "sums", "seats"}),
        ("votes", {"votes", "proposals"}),
    ],
)
async def test_each_table_has_exactly_the_rows_and_values_of_the_answer(
    asking: Callable[..., Served], request: pytest.FixtureRequest, of: str, whole: set[str], *, past: bool
) -> None:
    chain: Chain = request.getfixturevalue(of)
    explorer, when = asking(chain), {"at": str(chain.times[-1])} if past else {}
    tables, seen = await _described(explorer, "format"), set[str]()
    for path, words in (*chain.asked, *(() if past else chain.later)):
        if path not in tables:
            continue
        (answer, *_) = await _pages(explorer, path, words, **when)
        for part in tables[path]:
            cells = await _table(explorer, path, words, part=part, **when)
            assert len(cells) == len(answer[part]), (path, part)
            for row, value in zip(cells, answer[part], strict=True):
                _compare(row, value)
            seen |= {part} if cells else set()
        (row,) = await _table(explorer, path, words, part="facts", **when)
        _compare(row, {name: value for name, value in answer.items() if name not in tables[path]})
    assert whole <= seen
    assert past or of == "market" or "calls" in seen


async def test_tokens_a_day_and_amounts_of_the_supply_are_tables(
    asking: Callable[..., Served], market: Chain
) -> None:
    explorer = asking(market)
    models = (await explorer.read("/models"))["models"]
    days = [{"model": model["model"], **day} for model in models for day in model["days"]]
    assert days
    for row, value in zip(await _table(explorer, "/models", {}, part="days"), days, strict=True):
        _compare(row, value)
    supply = await explorer.read("/supply")
    named = supply | {f"burned_{cause}": amount for cause, amount in supply["burned"].items()}
    for row in await _table(explorer, "/supply", {}):
        _compare(row, {"name": row["name"], "amount": named[row["name"]]})


_LOADED: Final = re.compile(r'<Loaded path="([^"]+)"[^>]*?( csv(?:=\{\[(.*?)\]\})?)?(?: quiet)?>')


async def test_each_page_links_every_table_of_what_it_shows(explorer: Served) -> None:
    said = (await explorer.get("/api/v1/openapi.json")).json()
    fields, lists = dict[str, set[str]](), dict[str, frozenset[str]]()
    for path, its in (await _described(explorer, "at")).items():
        content = said["paths"][f"/api/v1{path}"]["get"]["responses"]["200"]["content"]["application/json"]
        name = content["schema"]["$ref"].rpartition("/")[2]
        key = re.sub(r"\{\w+\}", "{of}", path)
        # What was asked for, up to where, and what comes next are no values.
        fields[key] = set(said["components"]["schemas"][name]["properties"]) - {"as_of", "next", "query"}
        lists[key] = its
    shown = set[str]()
    for source in sorted((ROOT / "web/explorer/src/pages").glob("*.svelte")):
        for path, linked, parts in _LOADED.findall(source.read_text()):
            assert linked, f"{source.name}: {path} has no table"
            needed = lists[path] | ({"facts"} if fields[path] - lists[path] else set())
            named = set(re.findall(r"\w+", parts))
            assert needed <= named or (len(needed) == 1 and not named), (source.name, path, needed - named)
            shown.add(path)
    assert len(shown) > 20


async def test_what_a_path_has_no_table_of_is_refused_with_what_it_has(explorer: Served) -> None:
    for asked, said in (
        ("classes?format=csv&part=nodes", "there is no table 'nodes' here; there are facts, classes"),
        ("classes?part=classes", "`part` says which table: it goes with format=csv"),
    ):
        answer = await explorer.get(f"/api/v1/{asked}")
        assert (answer.status_code, answer.json()["error"]["message"]) == (400, said)

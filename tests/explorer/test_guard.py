"""What an explorer refuses, and how it marks what it answers."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import httpx
import pytest
from solders.keypair import Keypair
from tests.explorer.conftest import Served

from ionet.explorer import Bounds
from ionet.explorer._app import bare, guarded, parts
from ionet.explorer._csv import table
from ionet.explorer._models import Hit
from ionet.explorer._sections import its_pages
from ionet.service.guard import _OVERHEAD, Counters, Guard, _Kept, _Whole
from ionet.service.pages import PagesBroken

PATHS = ["/api/v1/supply", "/api/v1/nothing", "/api/v1/supply?at=x", "/health", "/"]


@pytest.fixture
def paged(explorer: Served) -> Served:
    """An explorer with its pages."""
    app = bare(its_pages())
    parts(app, explorer.database, explorer.watching, Bounds())
    served = guarded(app, Bounds(), explorer.counters)
    return Served(explorer.app, served, explorer.database, explorer.counters, explorer.watching)


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_has_the_security_headers(paged: Served, path: str) -> None:
    headers = (await paged.get(path)).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert not re.search(r"unsafe|\*|https?:|data:|blob:", headers["content-security-policy"])
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert not headers.keys() & {"set-cookie", "access-control-allow-origin"}


async def test_pages_have_no_script_of_their_own_and_name_no_other_host(paged: Served) -> None:
    page = (await paged.get("/")).text
    assert re.findall(r"<script[^>]*>([^<]*)</script>", page) == [""]
    assert not re.search(r"https?://|\son\w+=|style=", page)
    for name in re.findall(r'(?:src|href)="(/[^"]+)"', page):
        answer = await paged.get(name)
        assert answer.status_code == 200, name
        assert ("immutable" in answer.headers["cache-control"]) == name.startswith("/assets/")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/supply", 200),
        ("/nodes/x", 200),
        ("/wp-admin", 404),
        ("/../../etc/passwd", 404),
        ("/manifest.json", 404),
    ],
)
async def test_other_paths_get_the_page_that_says_so(paged: Served, path: str, status: int) -> None:
    answer = await paged.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert answer.text == (await paged.get("/")).text


async def test_an_answer_that_the_reader_has_is_not_sent_again(explorer: Served) -> None:
    first = await explorer.get("/api/v1/supply")
    again = await explorer.get("/api/v1/supply", headers={"if-none-match": f'W/"x", {first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    other = await explorer.get("/api/v1/classes", headers={"if-none-match": first.headers["etag"]})
    assert other.status_code == 200


async def test_an_answer_is_repeated_until_the_version_changes() -> None:
    made: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        made.append(scope["path"])
        body = f"{len(made)}".encode()
        await send({"type": "http.response.start", "status": 200 if body != b"9" else 503, "headers": []})
        await send({"type": "http.response.body", "body": body})

    version = ["a"]
    guard = Guard(app, Bounds(), Counters(), version=lambda: tuple(version))
    transport = httpx.ASGITransport(guard)
    async with httpx.AsyncClient(transport=transport, base_url="http://explorer.test") as reader:
        first = await reader.get("/api/v1/x")
        again = await reader.get("/api/v1/x")
        assert (first.text, again.text, again.headers["etag"]) == ("1", "1", first.headers["etag"])
        known = await reader.get("/api/v1/x", headers={"if-none-match": first.headers["etag"]})
        assert (known.status_code, known.text) == (304, "")
        assert (await reader.get("/api/v1/x?a=1")).text == "2"
        version[0] = "b"
        assert (await reader.get("/api/v1/x")).text == "3"
        # Outside of the API nothing is kept.
        assert [(await reader.get("/health")).text for _ in range(2)] == ["4", "5"]


async def test_an_answer_that_many_ask_for_at_once_is_made_once() -> None:
    made: list[str] = []
    may, both = asyncio.Event(), asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        made.append(scope["path"])
        if len(made) == 2:
            both.set()
        await may.wait()
        fails = scope["path"].endswith("bad") and len(made) == 2
        await send({"type": "http.response.start", "status": 503 if fails else 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    guard = Guard(app, Bounds(), Counters(), version=lambda: 1)
    transport = httpx.ASGITransport(guard)
    async with httpx.AsyncClient(transport=transport, base_url="http://explorer.test") as reader:
        asking = [asyncio.create_task(reader.get(f"/api/v1/{name}")) for name in ("x",) * 20 + ("bad",) * 3]
        await both.wait()
        may.set()
        answers = await asyncio.gather(*asking)
        # What is not kept is made again for whoever waited for it.
        assert made == ["/api/v1/x", "/api/v1/bad", "/api/v1/bad"]
        assert [answer.text for answer in answers[:20]] == ["/api/v1/x"] * 20
        assert sorted(answer.status_code for answer in answers[20:]) == [200, 200, 503]


async def test_who_asks_for_what_somebody_else_asked_for_and_left_gets_it_all_the_same() -> None:
    begun = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if not begun.is_set():
            begun.set()
            await asyncio.Event().wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x"})

    guard = Guard(app, Bounds(), Counters(), version=lambda: 1)
    transport = httpx.ASGITransport(guard)
    async with httpx.AsyncClient(transport=transport, base_url="http://explorer.test") as reader:
        gone = asyncio.create_task(reader.get("/api/v1/x"))
        await begun.wait()
        waiting = asyncio.create_task(reader.get("/api/v1/x"))
        for _ in range(10):
            await asyncio.sleep(0)
        gone.cancel()
        assert (await waiting).text == "x"


def test_kept_answers_are_bounded() -> None:
    kept = _Kept(16 * (_OVERHEAD + 10))
    kept.find((b"", b""), 1)
    for number in range(40):
        kept.add((b"", str(number).encode()), 1, _Whole(200, [], "", b"x" * 10))
    there = [number for number in range(40) if kept.find((b"", str(number).encode()), 1)]
    assert there == list(range(24, 40))
    kept.add((b"", b"large"), 1, _Whole(200, [], "", b"x" * 11))
    assert kept.find((b"", b"large"), 1) is None


async def test_head_answers_as_get_without_the_body(explorer: Served) -> None:
    whole, head = await explorer.get("/api/v1/supply"), await explorer.get("/api/v1/supply", method="HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == whole.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_only_reading_is_answered(explorer: Served, method: str) -> None:
    answer = await explorer.get("/api/v1/supply", method=method)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"


async def test_bodies_and_long_addresses_are_refused(explorer: Served) -> None:
    assert (await explorer.get("/api/v1/supply", content=b"x")).status_code == 413

    async def parts() -> Any:
        yield b"x"

    assert (await explorer.get("/api/v1/supply", content=parts())).status_code == 413
    assert (await explorer.get(f"/api/v1/search?q={'x' * 2_048}")).status_code == 414
    assert explorer.counters.refused == {"body": 2, "url": 1}


async def test_each_address_has_its_own_number_of_requests(serving: Callable[..., Served]) -> None:
    now = 0.0
    explorer = serving(Bounds(per_second=2, at_once=10, past=5), lambda: now)

    async def ask(client: str, path: str = "/health") -> httpx.Response:
        transport = httpx.ASGITransport(explorer.guarded, client=(client, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://explorer.test") as asking:
            return await asking.get(path)

    assert [(await ask("192.0.2.1")).status_code for _ in range(11)] == [200] * 10 + [429]
    refused = await ask("192.0.2.1")
    assert refused.headers["retry-after"] == "1"
    assert "2 a second" in refused.json()["error"]["message"]
    assert (await ask("192.0.2.2")).status_code == 200
    now = 1.0
    assert [(await ask("192.0.2.1")).status_code for _ in range(3)] == [200, 200, 429]
    # A network of IPv6 is one address; past times count for five.
    assert [(await ask(f"2001:db8::{n}", "/api/v1/supply?at=1")).status_code for n in range(3)] == [
        200,
        200,
        429,
    ]
    assert (await ask("2001:db8:0:1::1")).status_code == 200


async def test_addresses_are_forgotten_not_kept_for_ever(serving: Callable[..., Served]) -> None:
    explorer = serving(Bounds(addresses=3))
    for number in range(10):
        transport = httpx.ASGITransport(explorer.guarded, client=(f"192.0.2.{number}", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://explorer.test") as asking:
            assert (await asking.get("/health")).status_code == 200
    assert len(explorer.guarded._rates._left) == 3  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/supply?foo=1", "foo"),
        ("/supply?at=-1", "at"),
        ("/supply?at=99999999999", "earlier"),
        ("/supply/days?cursor=yesterday", "2026-01-31"),
        ("/supply/days?limit=201", "limit"),
        ("/supply/days?format=xml", "format"),
        ("/events?cursor=1.2.3", "cursor"),
        ("/events?cursor=1.2.3.4.99999999999", "cursor"),
        ("/events?name=no.Such", "jobs.Booked"),
        ("/events?about=0OIl", "address"),
        ("/nodes?owner=x", "address"),
        ("/nodes/" + "x" * 40, "address"),
        ("/hours?cursor=-1", "cursor"),
        ("/jobs", "party"),
        ("/jobs?cursor=x&party=" + "1" * 32, "cursor"),
        ("/search?q=" + "x" * 101, "q"),
    ],
)
async def test_a_bad_question_gets_a_sentence(explorer: Served, path: str, word: str) -> None:
    answer = await explorer.get(f"/api/v1{path}")
    assert answer.status_code == 400, answer.text
    assert word in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "path",
    ["/nodes/{key}", "/jobs/{key}", "/hours/3601", "/hours/7200000000", "/transactions/" + "1" * 64, "/x"],
)
async def test_what_is_not_there_is_not_found(explorer: Served, path: str) -> None:
    answer = await explorer.get(f"/api/v1{path.format(key=Keypair().pubkey())}")
    assert answer.status_code == 404, answer.text
    assert answer.json()["error"]["message"]


def test_a_cell_is_no_formula() -> None:
    rows = [Hit(kind="network", name=name, key="-5", href="") for name in ("=1+1", "@x", "-x", "+x", "x")]
    assert [line.split(",")[1] for line in table(Hit, rows).splitlines()[1:]] == [
        "'=1+1",
        "'@x",
        "'-x",
        "'+x",
        "x",
    ]
    assert table(Hit, rows).splitlines()[1].split(",")[2] == "-5"


def test_pages_that_are_not_those_of_the_manifest_are_not_served(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    built = tmp_path / "_built"
    shutil.copytree(str(resources.files("ionet.explorer") / "_built"), built)
    monkeypatch.setattr(resources, "files", lambda _: tmp_path)
    assert its_pages().answer("/").status_code == 200
    script = next(built.glob("assets/index-*.js"))
    script.write_bytes(script.read_bytes() + b" ")
    with pytest.raises(PagesBroken, match=re.escape(script.name)):
        its_pages()
    shutil.rmtree(built)
    with pytest.raises(PagesBroken, match="scripts/pages"):
        its_pages()

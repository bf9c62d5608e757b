"""Evidence from gateways that the operator names: by its hash, within bounds, and from nowhere else."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.explorer.conftest import Served
from tests.explorer.test_leaves import _settled, served
from tests.store.support import Served as Store
from typer.testing import CliRunner

from ionet.cli.app import app
from ionet.explorer import _fetching
from ionet.explorer._fetching import Fetching
from ionet.explorer._leaves import Tables
from ionet.ledger.replay import records as r
from ionet.store import HttpStore

__all__ = ["served"]
CONTENT = b"evidence " * 100
HASH = hashlib.sha256(CONTENT).digest()


class Gateway:
    """Answers what it is told, and notes what it was asked.

    Attributes:
        status, headers, body: its answer; without a body, the one of before.
        asked: lines of requests.
    """

    def __init__(self) -> None:
        self.status, self.headers, self.body = 200, dict[str, str](), CONTENT
        self.asked: list[str] = []
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                gateway.asked.append(f"{self.command} {self.path}")
                self.send_response(gateway.status)
                for name, value in ({"content-length": str(len(gateway.body))} | gateway.headers).items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(gateway.body)

            do_HEAD = do_GET  # noqa: N815  (the name that it is called by)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    made = Gateway()
    yield made
    made.close()


@pytest.fixture
def other() -> Iterator[Gateway]:
    made = Gateway()
    yield made
    made.close()


def came(fetching: Fetching, digest: bytes = HASH) -> str:
    """Why a file could not be had; nothing once it is there."""
    until = time.monotonic() + 60
    while not (why := fetching.ask(digest)) and time.monotonic() < until:
        if fetching.path(digest).exists() and not fetching._due:
            return ""
        time.sleep(0.01)
    return why


async def test_why_an_hour_paid_nothing_is_known_from_a_gateway_that_the_operator_names(
    served: tuple[Served, r.Report, Path], tmp_path: Path
) -> None:
    explorer, report, path = served
    report.evidence_uri = b"http://127.0.0.1:9/where-a-stranger-says"
    address = f"/hours/{report.period_end}/leaves"
    with Store(tmp_path / "store").running() as store:
        HttpStore(store.url, store.renter).put(path)
        path.unlink()
        before = await _settled(explorer, address, limit=199)
        assert before["why"] == "the evidence of this report is not here"
        explorer.app.state.tables = Tables(tmp_path, Fetching([store.url], tmp_path / "fetched"))
        answer = await _settled(explorer, address)
    assert (answer["checked"], answer["why"]) == (True, "")
    assert any(leaf["why"] for leaf in answer["leaves"])
    assert (tmp_path / "fetched" / report.evidence_hash.hex()).is_file()
    assert not path.exists(), "the operator's folder is only read"


def test_what_has_another_hash_is_not_kept_and_the_next_store_is_asked(
    gateway: Gateway, other: Gateway, tmp_path: Path
) -> None:
    gateway.body = CONTENT.replace(b"evidence", b"EVIDENCE", 1)
    alone = Fetching([gateway.url], tmp_path / "alone")
    assert came(alone) == "a store that this explorer asks does not give the evidence of this report"
    assert [*(tmp_path / "alone").iterdir()] == []
    both = Fetching([gateway.url, other.url], tmp_path / "both")
    assert came(both) == ""
    assert both.path(HASH).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["http://gateway.example"], "is encrypted unless it leads to this machine"),
        (["https://user:word@gateway.example"], "without a user, a query or a fragment"),
        (["file:///etc"], "the URL of a gateway names a host"),
        (["nowhere"], "nowhere is no folder"),
        ([".", ".."], "one folder at most"),
    ],
)
def test_a_place_that_is_none_is_refused(given: list[str], said: str) -> None:
    options = [word for each in given for word in ("--evidence", each)]
    done = CliRunner().invoke(app, ["--url", "http://127.0.0.1:9", "explorer", "run", *options])
    assert done.exit_code != 0
    assert said in " ".join(done.stderr.split())


def test_no_store_leads_elsewhere(gateway: Gateway, other: Gateway, tmp_path: Path) -> None:
    for status in (301, 302, 307, 308):
        gateway.status, gateway.headers = status, {"location": f"{other.url}/files/{HASH.hex()}"}
        assert came(Fetching([gateway.url], tmp_path / str(status))).startswith("a store that")
    assert gateway.asked == [f"HEAD /files/{HASH.hex()}"] * 4
    assert other.asked == []


def test_a_file_that_is_too_large_is_not_fetched(gateway: Gateway, tmp_path: Path) -> None:
    gateway.headers = {"content-length": str(_fetching.LARGEST + 1)}
    assert came(Fetching([gateway.url], tmp_path)).startswith("a store that")
    assert gateway.asked == [f"HEAD /files/{HASH.hex()}"]


def test_what_no_store_has_is_asked_for_again_after_five_minutes(gateway: Gateway, tmp_path: Path) -> None:
    gateway.status, now = 404, [0.0]
    fetching = Fetching([gateway.url], tmp_path, clock=lambda: now[0])
    for _ in range(3):
        assert came(fetching) == "no store that this explorer asks has the evidence of this report"
    assert len(gateway.asked) == 1
    gateway.status, now[0] = 200, 301.0
    assert came(fetching) == ""


def test_the_latest_files_are_kept_within_the_room_and_the_hour_has_its_budget(
    gateway: Gateway, tmp_path: Path
) -> None:
    now = [0.0]
    kept = tmp_path / "kept"
    fetching = Fetching([gateway.url], kept, room=2_000, budget=3_000, clock=lambda: now[0])
    contents = [bytes([number]) * 900 for number in range(5)]
    digests = [hashlib.sha256(content).digest() for content in contents]
    for content, digest in zip(contents[:4], digests, strict=False):
        gateway.body = content
        assert came(fetching, digest) == ""
    assert {path.name for path in kept.iterdir()} == {digest.hex() for digest in digests[2:4]}
    asked, gateway.body = len(gateway.asked), contents[4]
    assert came(fetching, digests[4]) == "much evidence was fetched within the hour; ask again later"
    assert len(gateway.asked) == asked
    now[0] = 3_700.0
    assert came(fetching, digests[4]) == ""

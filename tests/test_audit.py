"""Advisories of locked versions: named if there are some, and unknown if nobody says."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from workspace.audit import locked
from workspace.tree import ROOT, Tree


@contextmanager
def service(answer: Callable[[Any], tuple[int, bytes]]) -> Iterator[str]:
    """A service that answers questions as `answer` says."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            status, body = answer(asked)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def audited(source: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/audit", "--source", source],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stderr


def test_every_lock_of_the_tree_is_asked_for() -> None:
    versions = locked(Tree())
    names = {(each.ecosystem, each.name) for each in versions}
    assert {("PyPI", "fastapi"), ("npm", "svelte"), ("crates.io", "anchor-lang")} <= names
    for each in versions:
        assert each.version[0].isdigit(), each


@pytest.mark.parametrize("known", [set(), {"fastapi"}, {"svelte", "fastapi"}])
def test_known_advisories_are_named(known: set[str]) -> None:
    asked: list[str] = []

    def answer(question: Any) -> tuple[int, bytes]:
        names = [query["package"]["name"] for query in question["queries"]]
        asked.extend(names)
        results = [{"vulns": [{"id": f"GHSA-{name}"}]} if name in known else {} for name in names]
        return 200, json.dumps({"results": results}).encode()

    with service(answer) as source:
        code, text = audited(source)
    assert code == bool(known), text
    assert all(f"GHSA-{name}" in text for name in known)
    assert len(asked) == len(locked(Tree()))


@pytest.mark.parametrize(
    "said",
    [(405, b"{}"), (200, b"<html>"), (200, b"{}"), (200, b'{"results": []}'), (200, b'{"results": [null]}')],
)
def test_what_nobody_answers_is_unknown(said: tuple[int, bytes]) -> None:
    with service(lambda _: said) as source:
        code, text = audited(source)
    assert code == 3, text
    assert "unknown" in text


def test_no_service_is_unknown() -> None:
    assert audited("http://127.0.0.1:9")[0] == 3
    assert audited("file:///etc/passwd")[0] == 3

"""`ionet job logs`: from a state directory, and from a web server that shows one."""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Iterator
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from solders.pubkey import Pubkey
from typer.testing import CliRunner, Result

from ionet.cli.app import app
from ionet.executor._base import lease_name
from ionet.executor._logs import keep_log
from ionet.formats import canonical
from ionet.store.manifest import FileStore

JOB, OTHER = bytes([1]) * 32, bytes([2]) * 32
LEASE = lease_name([JOB])


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """What an orchestrator leaves that has placed a job, and printed two lines."""
    store = FileStore(tmp_path / "store")
    record = canonical.encode({"jobs": [JOB.hex()], "nodes": [bytes(32).hex()]})
    store.link(f"jobs/{JOB.hex()}/lease", store.put(record))
    work = tmp_path / "work" / LEASE
    work.mkdir(parents=True)
    (work / "run.log").write_bytes(b"first\nsecond\n")
    return tmp_path


@pytest.fixture
def url(state: Path) -> Iterator[str]:
    """The same behind a plain web server, which knows no ranges."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *of: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(state)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def logs(*arguments: object, job: bytes = JOB) -> Result:
    return CliRunner().invoke(app, ["job", "logs", str(Pubkey(job)), *map(str, arguments)])


def over(state: Path) -> None:
    """The lease is over: its workspace is gone, its log in the store."""
    log = state / "work" / LEASE / "run.log"
    keep_log(FileStore(state / "store"), LEASE, log)
    log.unlink()


def test_logs_are_read_from_a_directory_and_from_the_web(state: Path, url: str) -> None:
    for place in (state, f"file://{state}", url):
        assert logs("--from", place).stdout == "first\nsecond\n"
        assert logs("--from", place, "--tail", 1).stdout == "second\n"
    over(state)
    for place in (state, url):
        assert logs("--from", place).stdout == "first\nsecond\n"
        found = json.loads(logs("--from", place, "--output", "json").stdout)
        assert (found["live"], found["log"], found["lease"]) == (False, "first\nsecond\n", LEASE)


def test_a_log_is_followed_until_its_lease_is_over(state: Path, url: str) -> None:
    log = state / "work" / LEASE / "run.log"

    def more() -> None:
        with log.open("ab") as file:
            file.write(b"third\n")
        threading.Timer(1.5, log.unlink).start()

    for place in (state, url):
        log.write_bytes(b"first\nsecond\n")
        threading.Timer(0.5, more).start()
        assert logs("--from", place, "--follow").stdout == "first\nsecond\nthird\n"


def test_what_is_not_there_is_told(state: Path, tmp_path: Path) -> None:
    done = logs("--from", state, job=OTHER)
    assert done.exit_code == 4
    assert done.stderr == f"error: the orchestrator at {state} has not placed job {Pubkey(OTHER)}\n"
    done = logs("--from", tmp_path / "none")
    assert done.exit_code == 3
    assert "it has no directory store" in done.stderr
    assert logs("--from", "ftp://somewhere").exit_code == 3
    done = logs("--from", "http://127.0.0.1:1")
    assert "no answer from http://127.0.0.1:1" in done.stderr


def test_a_log_that_was_changed_in_the_store_is_refused(state: Path) -> None:
    over(state)
    digest = sha256(b"first\nsecond\n").digest()
    FileStore(state / "store").path(digest).write_bytes(b"first\nforged\n")
    done = logs("--from", state)
    assert done.exit_code == 1
    assert "is missing or damaged" in done.stderr

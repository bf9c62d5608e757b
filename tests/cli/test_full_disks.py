"""Services that begin on a full disk end with a sentence, and begin once it has room."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.intelligence.conftest import ADDRESS
from tests.intelligence.test_cli import BOOKS
from tests.network.test_full_disk import disk, full
from tests.payments.test_service import hosted
from typer.testing import CliRunner

import ionet
from ionet.cli.app import app
from ionet.cli.failures import UNUSABLE
from ionet.cli.serving import keeping
from ionet.service import ending

__all__ = ["disk"]
Command = list[str]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """What a service needs beside it."""
    with ExitStack() as made:
        yield made


def gateway(folder: Path, stack: ExitStack) -> Command:
    rpc = stack.enter_context(ionet.local().network.serve(0)).url
    return [
        "gateway",
        "run",
        "--state",
        str(folder),
        "--listen",
        "127.0.0.1:0",
        "--rpc",
        rpc,
        "--metrics",
        "",
    ]


def console(folder: Path, stack: ExitStack) -> Command:
    rpc = stack.enter_context(ionet.local().network.serve(0)).url
    run = ["-u", rpc, "console", "run", "--state", str(folder)]
    return [*run, "--listen", "127.0.0.1:0", "--gateway", "http://127.0.0.1:9"]


def payments(folder: Path, stack: ExitStack) -> Command:
    host = stack.enter_context(hosted(folder))
    return ["-u", host.rpc, "payments", "run", "--state", str(folder)]


def intelligence(folder: Path, stack: ExitStack) -> Command:
    folder.mkdir(mode=0o700)
    (folder / "intelligence.toml").write_text('listen = "127.0.0.1:0"\n' + BOOKS.format(ADDRESS=ADDRESS))
    return ["intelligence", "run", "--state", str(folder), "--without-chain"]


@pytest.mark.parametrize("service", [gateway, console, payments, intelligence])
def test_a_service_that_begins_on_a_full_disk_says_so_and_begins_once_it_has_room(
    disk: Path,
    stack: ExitStack,
    monkeypatch: pytest.MonkeyPatch,
    service: Callable[[Path, ExitStack], Command],
) -> None:
    command = service(disk / "state", stack)
    with full(disk):
        done = CliRunner().invoke(app, command)
    assert done.exit_code == UNUSABLE, done.output
    (said,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert str(disk / "state") in said or "the books" in said
    assert "disk is full" in said or "No space left on device" in said
    # Told to end at once, it does so after it has begun.
    told = asyncio.Event()
    told.set()
    monkeypatch.setattr(ending, "told_to_end", lambda: told)
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output


def test_an_error_that_is_not_the_disks_is_raised_as_it_is(tmp_path: Path) -> None:
    books = sqlite3.connect(":memory:")
    books.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"), keeping(tmp_path):
        books.execute("SELECT 1")

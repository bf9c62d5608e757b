"""An explorer that Chromium visits, and what a script of playwright-core says of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.types import ASGIApp

from ionet.explorer import Bounds
from ionet.explorer._app import bare, guarded, parts
from ionet.explorer._sections import its_pages
from ionet.explorer._served import Served
from ionet.explorer._watching import Watching
from ionet.ledger import Database
from ionet.service.guard import Counters
from workspace.pages import environment

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")


def missing() -> list[str]:
    """What the tests need and is not here; where there is apt, scripts/setup installs it."""
    needed = {
        "Node.js": shutil.which("node", path=environment()["PATH"]) is not None,
        "Debian's chromium": Path(CHROMIUM).exists(),
        "npm ci in web": (ROOT / "web/node_modules/playwright-core").is_dir(),
    }
    return [name for name, there in needed.items() if not there]


def needed() -> None:
    """Skips where something is missing; in continuous integration that is a failure."""
    if lacking := missing():
        sentence = f"the browser's tests need {', '.join(lacking)}: scripts/setup installs what is missing"
        if os.environ.get("CI") and shutil.which("apt-get"):
            pytest.fail(sentence)
        pytest.skip(sentence)


@contextmanager
def serving(
    database: Database,
    watching: Watching,
    around: Callable[[ASGIApp], ASGIApp] = lambda app: app,
    served: Served | None = None,
) -> Iterator[str]:
    """An explorer's URL; `around` puts something before it, and `served` are hours of models."""
    bounds, app = Bounds(per_second=10_000, at_once=10_000), bare(its_pages())
    live = parts(app, database, watching, bounds, served=served)
    guard = around(guarded(app, bounds, Counters()))
    config = uvicorn.Config(guard, port=0, log_level="warning", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 30
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        live.stop()
        server.should_exit = True
        thread.join(30)


def visit(script: str, what: dict[str, Any]) -> Any:
    """What the browser says. IONET_SHOTS names a folder for screenshots."""
    if folder := os.environ.get("IONET_SHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        what |= {"folder": folder}
    ended = subprocess.run(
        ["node", str(HERE / script), json.dumps(what)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=540,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)

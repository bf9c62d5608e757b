"""A PostgreSQL server for tests: a cluster of its own in a folder, reached by a socket in it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def _folder() -> Path | None:
    """Where the server's programs are; Debian keeps them out of the PATH."""
    for place in (*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), None):
        path = os.environ["PATH"] if place is None else str(place)
        if (initdb := shutil.which("initdb", path=path)) is not None:
            return Path(initdb).resolve().parent
    return None


def _user() -> str | None:
    """Who runs it: the server refuses root."""
    if os.geteuid():
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@contextmanager
def server() -> Iterator[str]:
    """Runs a server; gives its URL without the database's name.

    Where the programs are missing it skips, but fails in CI where scripts/setup could install them.
    """
    programs, user = _folder(), _user()
    if programs is None:
        if os.environ.get("CI") and shutil.which("apt-get"):
            pytest.fail("scripts/setup installs PostgreSQL, and there is no initdb")
        pytest.skip("PostgreSQL is not installed (apt install postgresql)")
    # Sockets' names are short, and another user reads it.
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    if user is not None:
        shutil.chown(folder, user)
    data, log = folder / "data", folder / "log"

    def call(*command: str | Path) -> None:
        done = subprocess.run(
            [str(part) for part in command],
            check=False,
            user=user,
            cwd=folder,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"

    options = f"-c listen_addresses='' -k {folder} -c fsync=off -c shared_buffers=16MB"
    try:
        call(programs / "initdb", "-D", data, "-U", "tests", "-A", "trust", "-N", "--locale=C", "-E", "UTF8")
        call(programs / "pg_ctl", "-D", data, "-l", log, "-w", "-o", options, "start")
        try:
            yield f"postgresql://tests@/postgres?host={folder}"
        finally:
            call(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)

"""`ionet store` at a terminal: with a gateway, a directory, sealed files and packed directories."""

from __future__ import annotations

import codecs
import hashlib
import json
import os
import pty
import re
import select
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from solders.keypair import Keypair
from tests.store.support import MIB, ROOT, Breaking, Served
from typer.testing import CliRunner, Result

from ionet.cli.app import app
from ionet.cli.login.kept import Login
from ionet.store.archive import pack
from ionet.store.errors import StoreError
from ionet.store.manifest import FileStore


@dataclass
class Desk:
    """A person with a wallet, a store, and files."""

    served: Served
    folder: Path

    def key(self, keypair: Keypair) -> str:
        path = self.folder / f"{keypair.pubkey()}.json"
        path.write_text(json.dumps(list(bytes(keypair))))
        path.chmod(0o600)
        return str(path)

    def run(self, *arguments: object, who: Keypair | None = None, store: str | None = None) -> Result:
        line = ["-k", self.key(who or self.served.renter), "store", *map(str, arguments)]
        return CliRunner().invoke(app, line, env={"IONET_STORE": store or self.served.url})

    def json(self, *arguments: object, **more: Any) -> Any:
        done = self.run(*arguments, "--output", "json", **more)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def fails(self, status: int, *arguments: object, **more: Any) -> str:
        done = self.run(*arguments, **more)
        assert done.exit_code == status, done.output
        assert done.stdout == ""
        (line,) = done.stderr.strip().splitlines()
        return line.removeprefix("error: ")


@pytest.fixture
def desk(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    (tmp_path / "desk").mkdir()
    monkeypatch.chdir(tmp_path / "desk")
    return Desk(served, tmp_path / "desk")


def test_files_go_there_and_back(desk: Desk) -> None:
    first, second = desk.folder / "first", desk.folder / "second"
    first.write_bytes(b"words")
    second.write_bytes(os.urandom(MIB))
    done = desk.run("put", first, second)
    assert done.exit_code == 0, done.output
    hashes = [line.split("  ")[0] for line in done.stdout.splitlines()]
    assert hashes[0] == hashlib.sha256(b"words").hexdigest()
    assert desk.json("get", hashes[1], "-o", desk.folder / "back")["size"] == MIB
    assert (desk.folder / "back").read_bytes() == second.read_bytes()
    desk.json("get", hashes[0])
    assert (desk.folder / hashes[0]).read_bytes() == b"words"
    assert desk.json("has", hashes[0]) == {"hash": hashes[0], "size": 5}
    told = desk.json("quota")
    assert (told["files"], told["used"]) == (2, MIB + 4096)
    assert "May keep:" in desk.run("quota").stdout
    assert "Largest file:" in desk.run("info").stdout
    desk.json("drop", hashes[0])
    assert desk.fails(4, "has", hashes[0]) == f"the store has no file {hashes[0]}"
    assert "has no file" in desk.fails(4, "get", hashes[0], "-o", "other")


def test_errors_say_what_is_wrong_and_have_their_status(desk: Desk) -> None:
    large = desk.folder / "large"
    large.write_bytes(os.urandom(MIB))
    assert "may keep 65536 bytes" in desk.fails(1, "put", large, who=Keypair())
    assert "no such file" in desk.fails(2, "put", desk.folder / "absent")
    assert "is not a sha256" in desk.fails(2, "has", "A" * 64)
    assert "write https://HOST" in desk.fails(3, "has", "0" * 64, store="http://")
    assert "there is no store" in desk.fails(4, "get", "0" * 64, store=str(desk.folder / "absent"))
    assert "is no gateway" in desk.fails(2, "quota", store=str(desk.folder))
    assert "is a directory" in desk.fails(2, "get", "0" * 64, "-o", desk.folder)
    done = desk.run("put", large, "--output", "json", who=Keypair())
    assert json.loads(done.stderr)["error"]["reason"] == "quota"


def test_a_store_that_is_down_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ionet.store._sync.http.random.uniform", lambda low, high: 0.0)
    assert "127.0.0.1:9" in desk.fails(5, "has", "0" * 64, store="http://127.0.0.1:9")


def test_a_directory_is_a_store_as_well(desk: Desk) -> None:
    place, file = desk.folder / "place", desk.folder / "file"
    file.write_bytes(b"words")
    (row,) = desk.json("put", file, store=str(place))
    assert FileStore(place).get(bytes.fromhex(row["hash"])) == b"words"
    desk.json("get", row["hash"], "-o", desk.folder / "back", store=str(place))
    assert (desk.folder / "back").read_bytes() == b"words"


def test_what_is_sealed_only_its_wallet_reads(desk: Desk) -> None:
    reader, file = Keypair(), desk.folder / "file"
    file.write_bytes(os.urandom(200_000))
    (row,) = desk.json("put", file, "--encrypt-to", reader.pubkey())
    assert row["sealed_for"] == [str(reader.pubkey())]
    assert row["size"] > 200_000
    back = desk.folder / "back"
    desk.json("get", row["hash"], "-o", back)
    assert file.read_bytes()[:1000] not in back.read_bytes()
    assert "not sealed for" in desk.fails(1, "get", row["hash"], "-o", desk.folder / "open", "--decrypt")
    assert not (desk.folder / "open").exists()
    desk.json("get", row["hash"], "-o", desk.folder / "open", "--decrypt", who=reader)
    assert (desk.folder / "open").read_bytes() == file.read_bytes()
    assert list(desk.folder.glob(".*")) == []


def folder_of(root: Path) -> Path:
    folder = root / "work"
    (folder / "pkg" / "__pycache__").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / "empty").mkdir()
    for name in ("main.py", "pkg/__init__.py", "pkg/ä.py", "pkg-data", ".git/HEAD", "pkg/__pycache__/x.pyc"):
        (folder / name).write_text(f"# {name}\n")
    (folder / "main.py").chmod(0o755)
    return folder


def test_a_directory_is_packed_the_same_everywhere(desk: Desk) -> None:
    first = folder_of(desk.folder / "one")
    second = folder_of(desk.folder / "two")
    for number, path in enumerate(sorted(second.rglob("*"))):
        os.utime(path, (number, number))
    (row, other) = desk.json("put", first, second)
    assert row["hash"] == other["hash"]
    assert row["files"] == 4
    desk.json("get", row["hash"], "-o", desk.folder / "back.zip")
    with zipfile.ZipFile(desk.folder / "back.zip") as archive:
        assert archive.namelist() == ["main.py", "pkg-data", "pkg/__init__.py", "pkg/ä.py"]
        assert archive.testzip() is None
        assert archive.getinfo("main.py").external_attr >> 16 & 0o777 == 0o755
    # Another Python, or another machine, must give these bytes as well.
    assert row["hash"] == "d961f7d790b7983812cd153d22030c29b6dca8cf0d1cadbc5d48c18185e58339"


def test_a_working_directory_is_unpacked_by_who_runs_it(tmp_path: Path) -> None:
    from ionet.workloads.driver import ARCHIVE

    pack(folder_of(tmp_path), tmp_path / ARCHIVE.name)
    with zipfile.ZipFile(tmp_path / ARCHIVE.name) as archive:
        archive.extractall(tmp_path / "out")
    assert (tmp_path / "out" / "pkg" / "ä.py").read_text() == "# pkg/ä.py\n"


@pytest.mark.parametrize("kind", ["link", "pipe", "backslash", "nothing"])
def test_what_cannot_be_packed(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    if kind == "link":
        (folder / "secret").symlink_to("/etc/passwd")
    elif kind == "pipe":
        os.mkfifo(folder / "pipe")
    elif kind == "backslash":
        (folder / "a\\b").write_text("")
    with pytest.raises(StoreError):
        pack(folder, tmp_path / "packed")


def test_an_interrupted_command_goes_on_when_it_is_repeated(desk: Desk) -> None:
    file = desk.folder / "file"
    file.write_bytes(os.urandom(3 * MIB))
    (row,) = desk.json("put", file)
    way = Breaking(desk.served.port, down=[MIB, *[0] * 50])
    environment = {**os.environ, "IONET_STORE": way.url, "PYTHONPATH": str(ROOT / "sdk")}
    program = "import random; random.uniform = lambda *_: 0.0; from ionet.cli import main; main()"
    line = [sys.executable, "-c", program, "store", "get", row["hash"], "-o", "back"]
    done = subprocess.run(line, env=environment, cwd=desk.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 5, done.stderr
    assert "goes on there" in done.stderr
    way.down.clear()
    done = subprocess.run(line, env=environment, cwd=desk.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (desk.folder / "back").read_bytes() == file.read_bytes()


Ways = tuple[Desk, Breaking, Breaking]


@pytest.fixture
def ways(tmp_path: Path) -> Iterator[Ways]:
    """Two ways to a store: on the first no more than 2 MiB pass until it is told to go on."""
    served = Served(tmp_path)
    both = Breaking(served.port, held=2 * MIB), Breaking(served.port)
    served.urls += [way.url for way in both]
    with served.running():
        yield Desk(served, tmp_path), *both
    for way in both:
        way.close()


@contextmanager
def begun(desk: Desk, way: Breaking, file: Path, shown: int) -> Iterator[subprocess.Popen[bytes]]:
    """`ionet store put` as a process of its own, whose standard error is a terminal."""
    environment = {**os.environ, "IONET_STORE": way.url, "PYTHONPATH": str(ROOT / "sdk"), "TERM": "xterm"}
    program = "from ionet.cli import main; main()"
    line = [sys.executable, "-c", program, "-k", desk.key(desk.served.renter), "store", "put", str(file)]
    running = subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, stderr=shown)
    try:
        yield running
    finally:
        running.kill()
        way.go.set()
        running.communicate()


def read_until(terminal: int, text: str) -> str:
    """What a terminal shows until it has shown a text, or nobody writes to it any more."""
    # A part may end within a character.
    decoder = codecs.getincrementaldecoder("utf-8")()
    shown = ""
    while not re.search(text, shown):
        assert select.select([terminal], [], [], 60)[0], shown
        try:
            shown += decoder.decode(os.read(terminal, 65536))
        except OSError:
            break
    return shown


def test_a_terminal_shows_a_bar_that_moves(ways: Ways) -> None:
    desk, way, _ = ways
    file = desk.folder / "file [bold]"
    file.write_bytes(os.urandom(6 * MIB))
    ours, theirs = pty.openpty()
    with begun(desk, way, file, theirs) as running:
        os.close(theirs)
        # The store takes 4 MiB at a time, and has not answered.
        before = read_until(ours, r"[1-4]\.\d/6\.3 MB")
        way.go.set()
        after = read_until(ours, "no such text")
        assert running.wait(60) == 0
    os.close(ours)
    assert "file [bold]" in before
    assert "6.3/6.3 MB" not in before
    assert "6.3/6.3 MB" in after


def test_a_put_that_was_killed_is_gone_on_with_by_the_next_command(ways: Ways) -> None:
    desk, way, again = ways
    file = desk.folder / "file"
    file.write_bytes(os.urandom(6 * MIB))
    with begun(desk, way, file, subprocess.DEVNULL) as running:
        while way.sent < 2 * MIB:
            assert running.poll() is None
            time.sleep(0.01)
        running.kill()
    with begun(desk, again, file, subprocess.DEVNULL) as running:
        said, _ = running.communicate(timeout=60)
        assert running.returncode == 0
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert said.decode().split()[0] == digest
    assert again.sent < 5 * MIB, "what has come is not sent again"
    assert desk.served.backend.size(bytes.fromhex(digest)) == 6 * MIB
    assert desk.served.leftovers() == []


def test_a_session_key_that_rents_puts_files_without_a_wallet(desk: Desk) -> None:
    renter, file = desk.served.renter, desk.folder / "file"
    # More than a key may keep that rents nothing.
    file.write_bytes(os.urandom(MIB))
    login = Login(renter, Keypair().pubkey(), Keypair().pubkey(), 1, 0, "of no network")
    environment = {
        "IONET_STORE": desk.served.url,
        "IONET_SESSION": login.to_text(),
        "HOME": str(desk.folder),
        "ANCHOR_WALLET": None,
    }
    done = CliRunner().invoke(app, ["store", "put", str(file)], env=environment)
    assert done.exit_code == 0, done.output
    assert done.stdout.split()[0] == hashlib.sha256(file.read_bytes()).hexdigest()
    done = CliRunner().invoke(app, ["store", "quota", "--output", "json"], env=environment)
    told = json.loads(done.stdout)
    assert (told["key"], told["files"]) == (str(renter.pubkey()), 1)

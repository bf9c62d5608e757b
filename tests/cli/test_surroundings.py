"""Odd surroundings: whatever they do, people get one sentence and an exit status, never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from solders.keypair import Keypair

#: Nobody listens there.
NOWHERE = "http://127.0.0.1:9"


def run(
    *arguments: str, more: dict[str, str | None] | None = None, **options: object
) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    for name, value in (more or {}).items():
        environment.pop(name, None)
        if value is not None:
            environment[name] = value
    code = "from ionet.cli import main; main()"
    done: subprocess.CompletedProcess[str] = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment,
        capture_output=not options,
        text=True,
        timeout=60,
        check=False,
        **options,  # type: ignore[call-overload]
    )
    return done


@pytest.mark.parametrize(
    ("more", "arguments", "status", "sentence"),
    [
        ({"ALL_PROXY": "socks5://127.0.0.1:9"}, ("-u", NOWHERE, "supply"), 5, "no answer from"),
        ({"ALL_PROXY": "gopher://127.0.0.1:9"}, ("-u", NOWHERE, "supply"), 3, "the proxy that ALL_PROXY"),
        ({"SSL_CERT_FILE": "/nonexistent"}, ("-u", NOWHERE, "supply"), 3, "certificates (/nonexistent"),
        ({"SSL_CERT_FILE": __file__}, ("-u", NOWHERE, "supply"), 3, "cannot be used"),
        ({"HOME": None}, ("-u", NOWHERE, "supply"), 5, "no answer from"),
        ({"HOME": "/nonexistent"}, ("-u", NOWHERE, "stake", "add", "1" * 32, "1"), 3, "there is no keypair"),
        ({}, ("-u", "http://[::1", "supply"), 3, "the node's URL cannot be read: Invalid IPv6 URL"),
        (
            {},
            ("-u", "http://127.0.0.1:99999", "supply"),
            3,
            "the node's URL cannot be read: Port out of range",
        ),
        ({}, ("-u", "http://127.0.0.1:0", "supply"), 3, "the node's URL has port 0; ports are 1 to 65535"),
        ({}, ("-u", "http://127.0.0.1:9.", "supply"), 3, "the node's URL cannot be read"),
        ({}, ("-u", "http://", "supply"), 3, "the node's URL has no host"),
        ({}, ("-u", "http://a b", "supply"), 3, "white space"),
        ({}, ("-u", "ws://127.0.0.1:9", "supply"), 3, "give a URL (http:// or https://)"),
        ({}, ("-u", "http://me:secret@127.0.0.1:9/k?api-key=hidden", "supply"), 5, "http://127.0.0.1:9:"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value)[:40],
)
def test_odd_surroundings_get_one_sentence(
    more: dict[str, str | None], arguments: tuple[str, ...], status: int, sentence: str
) -> None:
    done = run(*arguments, more=more)
    assert done.returncode == status, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith("error: ")
    assert sentence in done.stderr
    for hidden in ("secret", "hidden", "Traceback"):
        assert hidden not in done.stderr


def test_a_full_disk_is_said_on_standard_error() -> None:
    with Path("/dev/full").open("w") as full:
        done = run("--help", stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 3
    assert done.stderr == "error: the output cannot be written: No space left on device\n"


def test_a_reader_that_has_seen_enough_ends_it_quietly() -> None:
    read, write = os.pipe()
    os.close(read)
    done = run("--help", stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert done.returncode == 1
    assert done.stderr == ""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_of_another_encoding_gets_all_that_it_can_show(encoding: str) -> None:
    done = run("--help", more={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"})
    assert done.returncode == 0, done.stderr
    assert "localnet" in done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_a_user_whom_the_system_does_not_know_gets_one_sentence() -> None:
    # As root once, so that all is imported: the interpreter may lie where others do not read.
    code = (
        "import os, sys; from ionet.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "os.environ.pop('HOME', None); os.setgid(54321); os.setuid(54321); os.chdir('/')\n"
        "print('---', file=sys.stderr); main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "-u", NOWHERE, "stake", "add", "1" * 32, "1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    said = done.stderr.partition("---\n")[2]
    assert said == "error: there is no keypair at /.config/solana/id.json; give one with --keypair\n"


@pytest.mark.parametrize("command", ["show", "sign", "send"])
def test_standard_input_that_is_closed_holds_no_transactions(command: str) -> None:
    pair = json.dumps(list(bytes(Keypair())))
    words = ["-u", NOWHERE, "tx", command, "-", "-k"]
    line = f"import sys; from ionet.cli import main; main({words!r} + [sys.argv[1]])"
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(pair)
        file.flush()
        shell = 'exec "$0" -c "$1" "$2" <&-'
        done = subprocess.run(
            ["sh", "-c", shell, sys.executable, line, file.name], capture_output=True, text=True, check=False
        )
    assert done.returncode == 3, done.stderr
    assert done.stderr == "error: standard input is closed: no transactions can be read from it\n"


def test_standard_input_that_is_closed_holds_no_keypair() -> None:
    code = "import sys; sys.stdin = None; from ionet.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "-u", NOWHERE, "-k", "-", "stake", "add", "1" * 32, "1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "standard input is closed" in done.stderr

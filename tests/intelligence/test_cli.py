"""What the commands show of a service that is not to be trusted."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from solders.keypair import Keypair
from tests.intelligence.conftest import ADDRESS
from tests.intelligence.test_receipts import NOW, receipt

from ionet.cli.ask import _write
from ionet.cli.failures import UserError
from ionet.cli.receipts import told_of
from ionet.formats import canonical
from ionet.formats.inference import HOUR
from ionet.formats.merkle import leaf_hash
from ionet.intelligence.books import Books
from ionet.intelligence.errors import BadReceipt
from ionet.intelligence.receipts import DOMAIN, Proof, Receipts
from ionet.intelligence.records import Deposit


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A service that shows one receipt of its, whichever is asked for."""
    receipts = Receipts(tmp_path / "receipts.db", Keypair(), "https://ai.test")
    receipts.add(receipt("good"))
    receipts.seal(NOW + HOUR)
    proof = receipts.proof("good")
    assert proof is not None
    told = json.dumps(proof.told()).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_receipt_of_another_answer_is_none_of_this_one(url: str) -> None:
    assert Proof.read(told_of("good", url)).receipt["id"] == "good"
    with pytest.raises(UserError, match="another answer than bad"):
        told_of("bad", url)


def test_a_signed_receipt_without_a_time_is_refused_in_a_sentence() -> None:
    key = Keypair()
    shown: dict[str, Any] = {"id": "x", "end": "now"}
    root = leaf_hash(DOMAIN, canonical.encode(shown)).hex()
    head: dict[str, Any] = {"signer": str(key.pubkey()), "root": root, "hour": 0}
    signature = bytes(key.sign_message(b"ionet:intelligence hour" + canonical.encode(head)))
    with pytest.raises(BadReceipt, match="another hour"):
        Proof(shown, 0, (), head, signature).check(key.pubkey())


def verified(file: Path, shown: dict[str, Any], key: Keypair, signer: Keypair) -> tuple[int, str]:
    """What the command says of a signed receipt that was kept in a file, as its service is gone."""
    receipts = Receipts(file.with_suffix(".db"), key, "http://127.0.0.1:1")
    receipts.add(shown)
    receipts.seal(NOW + HOUR)
    proof = receipts.proof(shown["id"])
    receipts.close()
    assert proof is not None
    file.write_text(json.dumps(proof.told()))
    command = [sys.executable, "-c", "from ionet.cli import main; main()", "intelligence", "verify"]
    done = subprocess.run(
        [*command, str(file), "--signer", str(signer.pubkey())], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_what_was_kept_of_a_receipt_is_verified_when_its_service_is_gone(tmp_path: Path) -> None:
    key = Keypair()
    whole = {**receipt("good"), "weights": "ab", "node": "", "prompt": {"tokens": 2, "text": "00"}}
    status, said = verified(tmp_path / "kept.json", whole, key, key)
    assert status == 0, said
    assert str(key.pubkey()) in said
    assert verified(tmp_path / "others.json", whole, key, Keypair())[0] != 0
    status, said = verified(tmp_path / "lacks.json", receipt("lacks"), key, key)
    assert status != 0
    assert "lacks what receipts say" in said
    assert "Traceback" not in said


def test_a_model_moves_no_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    said = {"choices": [{"delta": {"content": "a\x1b]0;owned\x07\tb\n"}}]}
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    _write(iter([said]))
    assert terminal.getvalue() == "a�]0;owned�\tb\n\n"
    monkeypatch.setattr(sys, "stdout", plain := io.StringIO())
    _write(iter([said]))
    assert "\x1b" in plain.getvalue()


BOOKS = """
[deposits]
usdc = "{ADDRESS}"

[[models]]
id = "small"
engine = "url"
url = "http://127.0.0.1:1"
context = 512
prompt = "1"
"""


@pytest.mark.parametrize(("taken", "status"), [(0, 0), (1, 1)])
def test_books_are_shown_and_a_difference_is_an_exit_with_one(
    tmp_path: Path, taken: int, status: int
) -> None:
    (tmp_path / "intelligence.toml").write_text(BOOKS.format(ADDRESS=ADDRESS))
    books = Books(tmp_path / "books.db", "live")
    books.deposit(Deposit("paid", ADDRESS, "usdc", 1_000, NOW))
    books._db.execute("UPDATE balances SET units = units - ? WHERE holder LIKE 'account %'", (taken,))
    books.close()
    command = [sys.executable, "-c", "from ionet.cli import main; main()", "intelligence", "books"]
    given = ["--without-chain", "--state", str(tmp_path), "--output", "json"]
    done = subprocess.run([*command, *given], capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    told = json.loads(done.stdout)
    assert told["currencies"]["usdc"]["accounts"] == 1_000 - taken
    assert bool(told["differences"]) is bool(taken)

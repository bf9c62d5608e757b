"""Nothing is signed blind: what transactions do is shown before, and what cannot be read is refused."""

from __future__ import annotations

import json
import struct
import threading
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.instruction import AccountMeta, CompiledInstruction, Instruction
from solders.keypair import Keypair
from solders.message import MessageHeader, MessageV0
from solders.null_signer import NullSigner
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import transfer_checked
from spl.token.models import TransferCheckedParams
from tests.cli.conftest import Shell

from ionet import IO, ix, pda, token_account
from ionet.chain.ids import ADDRESS_LOOKUP_TABLE_PROGRAM as LOOKUP_TABLES
from ionet.cli.app import app


def encoded(shell: Shell, who: str, *instructions: Instruction) -> str:
    payer = shell.people[who].pubkey()
    message = MessageV0.try_compile(payer, list(instructions), [], shell.client.network.latest_blockhash)
    return b64encode(bytes(VersionedTransaction(message, [NullSigner(payer)]))).decode()


def test_a_transfer_hidden_among_others_is_shown_before_it_is_signed(shell: Shell) -> None:
    alice, thief = shell.people["alice"].pubkey(), Keypair().pubkey()
    opening = ix.jobs.open_cluster(renter=alice, id=bytes(32), size=2)
    theft = transfer(TransferParams(from_pubkey=alice, to_pubkey=thief, lamports=3 * 10**9))
    done = shell.run("tx", "sign", encoded(shell, "alice", opening, theft), who="alice")
    assert done.exit_code == 0, done.output
    assert "1. jobs.open_cluster" in done.stderr
    assert "size" in done.stderr
    assert f"2. pay 3 SOL from {alice} to {thief}" in done.stderr
    assert f"+3 SOL  {thief}" in done.stderr
    # The transaction alone is on standard output.
    assert len(done.stdout.strip().splitlines()) == 1


def test_what_cannot_be_read_is_refused_unless_its_program_is_named(shell: Shell) -> None:
    program = Pubkey(b"\7" * 32)
    unknown = Instruction(program, b"\1\2\3", [AccountMeta(shell.people["alice"].pubkey(), True, True)])
    transaction = encoded(shell, "alice", unknown)
    for command in ("sign", "send"):
        said = shell.fails_behind_text(1, "tx", command, transaction, who="alice")
        assert f"instruction 1 of transaction 1 cannot be read: it calls {program}" in said
        assert f"--allow-program {program}" in said
    done = shell.run("tx", "sign", transaction, "--allow-program", program, who="alice")
    assert done.exit_code == 0, done.output
    assert f"{program}: unknown, data 010203" in done.stderr


def test_one_unreadable_transaction_keeps_all_of_them_unsigned(shell: Shell) -> None:
    alice = shell.people["alice"].pubkey()
    good = encoded(shell, "alice", transfer(TransferParams(from_pubkey=alice, to_pubkey=alice, lamports=1)))
    bad = encoded(shell, "alice", Instruction(Pubkey(b"\7" * 32), b"", []))
    place = shell.folder / "transactions"
    place.write_text(f"{good}\n{bad}\n")
    done = shell.run("tx", "sign", place, who="alice")
    assert done.exit_code == 1
    assert done.stdout == ""


def test_accounts_of_a_lookup_table_that_is_not_there_are_refused(shell: Shell) -> None:
    alice, other = shell.people["alice"].pubkey(), Keypair().pubkey()
    table = AddressLookupTableAccount(Pubkey(b"\5" * 32), [other])
    message = MessageV0.try_compile(
        alice,
        [transfer(TransferParams(from_pubkey=alice, to_pubkey=other, lamports=1))],
        [table],
        shell.client.network.latest_blockhash,
    )
    raw = b64encode(bytes(VersionedTransaction(message, [NullSigner(alice)]))).decode()
    said = shell.fails(1, "tx", "sign", raw, who="alice")
    assert "has no entry 0 on this network" in said


def test_showing_signs_nothing_and_reads_what_it_can(shell: Shell) -> None:
    alice = shell.people["alice"].pubkey()
    source = token_account(alice, pda.mint.MINT)
    paying = transfer_checked(
        TransferCheckedParams(
            program_id=TOKEN_PROGRAM_ID,
            source=source,
            mint=pda.mint.MINT,
            dest=token_account(shell.people["bob"].pubkey(), pda.mint.MINT),
            owner=alice,
            amount=IO(5).base,
            decimals=8,
        )
    )
    done = shell.run("tx", "show", encoded(shell, "alice", paying), who="alice")
    assert done.exit_code == 0, done.output
    assert f"pay 5 IO from token account {source}" in done.stderr
    assert f"Signatures missing: {alice}" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("text", ["AAAA", "{}", '{"transaction": 5}', "é"])
def test_what_is_no_transaction_is_named_by_its_line(shell: Shell, text: str) -> None:
    assert shell.fails(3, "tx", "sign", text, who="alice") == "line 1 is not a transaction in base64"


def test_a_new_owner_is_named_whatever_follows_in_the_data(shell: Shell) -> None:
    alice, thief = shell.people["alice"].pubkey(), Keypair().pubkey()
    account = token_account(alice, pda.mint.MINT)
    accounts = [AccountMeta(account, False, True), AccountMeta(alice, True, False)]
    giving = Instruction(TOKEN_PROGRAM_ID, bytes([6, 2, 1]) + bytes(thief) + b"\0", accounts)
    done = shell.run("tx", "sign", encoded(shell, "alice", giving), who="alice")
    assert done.exit_code == 0, done.output
    assert f"make {thief} the owner of {account}" in done.stderr
    half = Instruction(TOKEN_PROGRAM_ID, bytes([6, 2, 1]) + bytes(thief)[:31], accounts)
    assert "cannot be read" in shell.fails_behind_text(
        1, "tx", "sign", encoded(shell, "alice", half), who="alice"
    )


def test_what_moves_between_accounts_of_a_lookup_table_is_shown(shell: Shell) -> None:
    bob, carol = (shell.people[name].pubkey() for name in ("bob", "carol"))
    mine, theirs = (token_account(owner, pda.mint.MINT) for owner in (bob, carol))
    place = Keypair().pubkey()
    table = AddressLookupTableAccount(place, [mine, theirs])
    header = struct.pack("<IQQB", 1, 2**64 - 1, 0, 0).ljust(56, b"\0")
    shell.client.network.set_account(
        place, lamports=10**9, data=header + bytes(mine) + bytes(theirs), owner=LOOKUP_TABLES
    )
    shell.client.network.clock.advance(5)
    moving = Instruction(
        TOKEN_PROGRAM_ID,
        bytes([3]) + IO(50).base.to_bytes(8, "little"),
        [AccountMeta(mine, False, True), AccountMeta(theirs, False, True), AccountMeta(bob, True, False)],
    )
    blockhash = shell.client.network.latest_blockhash
    message = MessageV0.try_compile(bob, [moving], [table], blockhash)
    line = b64encode(bytes(VersionedTransaction(message, [NullSigner(bob)]))).decode()
    done = shell.run("tx", "sign", line, who="bob")
    assert done.exit_code == 0, done.output
    assert "-50 IO" in done.stderr
    assert "+50 IO" in done.stderr


def test_what_is_signed_is_shown_to_people_beside_the_json(shell: Shell) -> None:
    alice, thief = shell.people["alice"].pubkey(), Keypair().pubkey()
    theft = transfer(TransferParams(from_pubkey=alice, to_pubkey=thief, lamports=10**9))
    done = shell.run("tx", "sign", encoded(shell, "alice", theft), "--output", "json", who="alice")
    assert done.exit_code == 0, done.output
    assert f"pay 1 SOL from {alice} to {thief}" in done.stderr
    assert set(json.loads(done.stdout)) == {"transaction", "missing"}


@pytest.mark.parametrize(
    ("header", "keys", "compiled", "signatures"),
    [
        ((1, 0, 1), "ax", CompiledInstruction(1, b"x", bytes([9])), 1),
        ((1, 0, 1), "ax", CompiledInstruction(7, b"x", b""), 1),
        ((5, 0, 0), "ax", CompiledInstruction(1, b"x", b""), 5),
        ((2, 0, 0), "xa", CompiledInstruction(0, b"x", b""), 1),
        ((1, 0, 1), "ax", CompiledInstruction(1, b"x", b""), 5),
        ((2, 0, 1), "aax", CompiledInstruction(2, b"x", b""), 2),
    ],
)
@pytest.mark.parametrize("command", ["show", "sign", "send"])
def test_what_no_node_would_take_is_refused(
    shell: Shell,
    command: str,
    header: tuple[int, int, int],
    keys: str,
    compiled: CompiledInstruction,
    signatures: int,
) -> None:
    known = {"a": shell.people["alice"].pubkey(), "x": Pubkey(b"\7" * 32)}
    addresses = [known[letter] for letter in keys]
    blockhash = shell.client.network.latest_blockhash
    message = MessageV0(MessageHeader(*header), addresses, blockhash, [compiled], [])
    made = VersionedTransaction.populate(message, [Signature.default()] * signatures)
    said = shell.fails(3, "tx", command, b64encode(bytes(made)).decode(), who="alice")
    assert "line 1 is no transaction that a node would take" in said


def test_what_a_node_says_does_not_write_over_the_screen(shell: Shell) -> None:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            error = {"code": -32000, "message": "x\x1b]0;y\x07\x1b[2J\r\nall is well\u202e"}
            answer = json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": error}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        alice = shell.people["alice"].pubkey()
        line = encoded(
            shell, "alice", transfer(TransferParams(from_pubkey=alice, to_pubkey=alice, lamports=1))
        )
        for words in (("tx", "show", line), ("node", "classes")):
            url = f"http://127.0.0.1:{server.server_port}"
            done = shell.runner.invoke(app, ["-u", url, "-k", shell.key("alice"), *words])
            assert not {"\x1b", "\x07", "\r", "\u202e"} & set(done.output)
            assert "\nall is well" not in done.output
        server.shutdown()

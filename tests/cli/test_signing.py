"""Nothing is signed blind: what transactions do is shown before, and what cannot be read is refused."""

from __future__ import annotations

import json
import re
import struct
import threading
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.hash import Hash
from solders.instruction import AccountMeta, CompiledInstruction, Instruction
from solders.keypair import Keypair
from solders.message import MessageAddressTableLookup, MessageHeader, MessageV0
from solders.null_signer import NullSigner
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import (
    AdvanceNonceAccountParams,
    TransferParams,
    advance_nonce_account,
    create_nonce_account,
    transfer,
)
from solders.transaction import VersionedTransaction
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import transfer_checked
from spl.token.models import TransferCheckedParams
from tests.cli.conftest import Shell

from ionet import IO, ix, pda, token_account, types
from ionet.chain.ids import ADDRESS_LOOKUP_TABLE_PROGRAM as LOOKUP_TABLES
from ionet.chain.ids import BPF_LOADER_UPGRADEABLE, SYSTEM_PROGRAM
from ionet.chain.nonces import ADVANCE, nonce_of
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


# --- calls that are stored ------------------------------------------------------------------------


def stored(shell: Shell, call: Instruction) -> Instruction:
    """Adds a call to a proposal of alice's."""
    metas = [
        types.governance.Meta(key=one.pubkey, signer=one.is_signer, writable=one.is_writable)
        for one in call.accounts
    ]
    args = types.governance.TransactionArgs(
        program_id=call.program_id, accounts=tuple(metas), data=bytes(call.data)
    )
    alice, draft = shell.people["alice"].pubkey(), Pubkey(b"\3" * 32)
    return ix.governance.add_transaction(proposer=alice, proposal=draft, index=0, args=args)


def test_a_call_that_is_stored_is_shown_as_any_other(shell: Shell) -> None:
    thief, treasury = Keypair().pubkey(), pda.governance.TREASURY
    source = token_account(treasury, pda.mint.MINT)
    metas = [AccountMeta(source, False, True), AccountMeta(thief, False, True)]
    data = bytes([3]) + IO(10_000).base.to_bytes(8, "little")
    paying = Instruction(TOKEN_PROGRAM_ID, data, [*metas, AccountMeta(treasury, True, False)])
    done = shell.run("tx", "sign", encoded(shell, "alice", stored(shell, paying)), who="alice")
    assert done.exit_code == 0, done.output
    assert "1. governance.add_transaction" in done.stderr
    assert f"args: pay 10,000 IO from token account {source} to token account {thief}" in done.stderr
    assert re.search(rf"owner +{treasury} \(signs\)", done.stderr)
    assert re.search(rf"destination +{thief} \(changes\)", done.stderr)
    assert "TransactionArgs" not in done.stderr


def test_amounts_and_roles_of_a_stored_call_are_those_of_its_program(shell: Shell) -> None:
    granting = ix.distributor.create_grant(
        authority=pda.governance.TREASURY,
        payer=pda.governance.TREASURY,
        source=token_account(pda.governance.TREASURY, pda.mint.MINT),
        id=7,
        args=types.distributor.GrantArgs(
            beneficiary=Pubkey(b"\5" * 32),
            schedule=types.distributor.ScheduleArgs(
                total=IO(2_500).base, upfront=0, start=0, cliff=0, period=60, tranches=2
            ),
            revocable=True,
            allocation=types.mint.Allocation.COMMUNITY,
        ),
    )
    done = shell.run("tx", "show", encoded(shell, "alice", stored(shell, granting)), who="alice")
    assert done.exit_code == 0, done.output
    assert "args: distributor.create_grant" in done.stderr
    assert re.search(r"args\.schedule\.total +2,500 IO", done.stderr)
    assert re.search(rf"authority +{pda.governance.TREASURY} \(signs", done.stderr)


@pytest.mark.parametrize("deep", [1, 2])
def test_a_stored_call_that_cannot_be_read_is_refused_unless_its_program_is_named(
    shell: Shell, deep: int
) -> None:
    program = Pubkey(b"\7" * 32)
    call = Instruction(program, b"\1\2\3", [])
    for _ in range(deep):
        call = stored(shell, call)
    transaction = encoded(shell, "alice", call)
    for command in ("sign", "send"):
        said = shell.fails_behind_text(1, "tx", command, transaction, who="alice")
        assert f"instruction 1 of transaction 1 stores a call that cannot be read: it calls {program}" in said
    done = shell.run("tx", "sign", transaction, "--allow-program", program, who="alice")
    assert done.exit_code == 0, done.output
    assert f"{program}: unknown, data 010203" in done.stderr


# --- lookup tables and durable nonces --------------------------------------------------------------


def packed(message: MessageV0, *who: Pubkey) -> str:
    return b64encode(bytes(VersionedTransaction(message, [NullSigner(one) for one in who]))).decode()


@pytest.mark.parametrize("allowed", [True, False])
def test_no_program_is_reached_through_a_lookup_table(shell: Shell, allowed: bool) -> None:
    program, alice = Pubkey(b"\7" * 32), shell.people["alice"].pubkey()
    lookup = MessageAddressTableLookup(Pubkey(b"\5" * 32), b"", b"\0")
    message = MessageV0(
        MessageHeader(1, 0, 0), [alice], Hash.default(), [CompiledInstruction(1, b"x", b"")], [lookup]
    )
    more = ("--allow-program", program) if allowed else ()
    line = b64encode(bytes(VersionedTransaction.populate(message, [Signature.default()]))).decode()
    assert "no transaction that a node would take" in shell.fails(3, "tx", "sign", line, *more, who="alice")


def nonce_of_somebody(shell: Shell, authority: Pubkey) -> tuple[Pubkey, Hash]:
    """A nonce account, and its nonce; another one than that of its making."""
    account, client = Keypair(), shell.client
    made = create_nonce_account(client.address, account.pubkey(), authority, 10**7)
    client.send(*made, signers=[account])
    client.network.clock.advance(1)
    found = client.account(account.pubkey())
    assert found is not None
    text = nonce_of(bytes(found.data))
    assert text is not None
    return account.pubkey(), Hash.from_string(text)


def advance(account: Pubkey, authority: Pubkey) -> Instruction:
    return advance_nonce_account(AdvanceNonceAccountParams(nonce_pubkey=account, authorized_pubkey=authority))


def paying_of(who: Pubkey) -> Instruction:
    return transfer(TransferParams(from_pubkey=who, to_pubkey=who, lamports=1))


def test_who_decides_how_long_a_transaction_can_land_is_shown(shell: Shell) -> None:
    alice, stranger = shell.people["alice"].pubkey(), Keypair().pubkey()
    account, nonce = nonce_of_somebody(shell, stranger)
    message = MessageV0.try_compile(alice, [advance(account, stranger), paying_of(alice)], [], nonce)
    done = shell.run("tx", "sign", packed(message, alice, stranger), who="alice")
    assert done.exit_code == 0, done.output
    assert f"It does not expire: it can land until the nonce of {account} is used up" in done.stderr
    assert f"the nonce's authority  {stranger} (signs)" in done.stderr
    assert re.search(rf"authority +{stranger} \(signs\)", done.stderr)


def test_an_advance_by_somebody_else_than_the_nonces_authority_is_said(shell: Shell) -> None:
    alice, stranger = shell.people["alice"].pubkey(), Keypair().pubkey()
    account, nonce = nonce_of_somebody(shell, stranger)
    message = MessageV0.try_compile(alice, [advance(account, alice), paying_of(alice)], [], nonce)
    done = shell.run("tx", "show", packed(message, alice), who="alice")
    assert f"the nonce's authority  {stranger} (does not sign: it cannot land)" in done.stderr


def test_a_nonce_that_has_moved_on_or_is_none_is_said(shell: Shell) -> None:
    alice = shell.people["alice"].pubkey()
    account, _ = nonce_of_somebody(shell, alice)
    for where, said in (
        (account, "That nonce was used up: this can no longer land"),
        (alice, f"Its durable nonce has no account at {alice}: as of now it cannot land"),
    ):
        message = MessageV0.try_compile(alice, [advance(where, alice)], [], Hash.hash(b"another"))
        done = shell.run("tx", "show", packed(message, alice), who="alice")
        assert said in done.stderr


def test_an_advance_that_is_not_first_makes_nothing_last(shell: Shell) -> None:
    alice = shell.people["alice"].pubkey()
    account, nonce = nonce_of_somebody(shell, alice)
    message = MessageV0.try_compile(alice, [paying_of(alice), advance(account, alice)], [], nonce)
    done = shell.run("tx", "sign", packed(message, alice), who="alice")
    assert done.exit_code == 0, done.output
    assert f"2. use up the nonce of {account}" in done.stderr
    assert "does not expire" not in done.stderr


def test_what_follows_in_the_data_of_an_advance_hides_no_nonce(shell: Shell) -> None:
    """The chain does not read it, and takes the nonce for a nonce."""
    alice = shell.people["alice"].pubkey()
    account, nonce = nonce_of_somebody(shell, alice)
    plain = advance(account, alice)
    longer = Instruction(plain.program_id, bytes(plain.data) + b"more", plain.accounts)
    line = packed(MessageV0.try_compile(alice, [longer], [], nonce), alice)
    assert f"can land until the nonce of {account}" in shell.run("tx", "show", line, who="alice").stderr
    assert "instruction 1 of transaction 1 cannot be read" in shell.fails_behind_text(
        1, "tx", "sign", line, who="alice"
    )


def test_a_nonce_account_of_a_lookup_table_is_refused(shell: Shell) -> None:
    alice, place = shell.people["alice"].pubkey(), Keypair().pubkey()
    account, nonce = nonce_of_somebody(shell, alice)
    header = struct.pack("<IQQB", 1, 2**64 - 1, 0, 0).ljust(56, b"\0")
    shell.client.network.set_account(place, lamports=10**9, data=header + bytes(account), owner=LOOKUP_TABLES)
    shell.client.network.clock.advance(5)
    keys = [alice, SYSTEM_PROGRAM, Pubkey.from_string("SysvarRecentB1ockHashes11111111111111111111")]
    compiled = CompiledInstruction(1, ADVANCE, bytes([3, 2, 0]))
    lookup = MessageAddressTableLookup(place, b"\0", b"")
    message = MessageV0(MessageHeader(1, 0, 2), keys, nonce, [compiled], [lookup])
    line = packed(message, alice)
    for command in ("show", "sign", "send"):
        said = shell.fails_behind_text(2, "tx", command, line, who="alice")
        assert said == "its nonce account comes from a lookup table; name it in the transaction itself"


# --- what was tried, and held ----------------------------------------------------------------------

MEMO = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")


@pytest.mark.parametrize("text", ["ok\n  2. pay\x1b[2K", "\u202eabc\u2066x", "\u200b\u0007"])
def test_a_memo_writes_nothing_but_its_own_line(shell: Shell, text: str) -> None:
    line = encoded(shell, "alice", Instruction(MEMO, text.encode(), []))
    said = shell.run("tx", "sign", line, who="alice").stderr
    assert not {"\x1b", "\x07", "\u202e", "\u2066", "\u200b"} & set(said)
    assert "\n  2." not in said


@pytest.mark.parametrize("data", [b"\5\0\0\0", b"\5\0\0\0more", b"\3", b""])
def test_what_the_loader_does_besides_is_not_guessed(shell: Shell, data: bytes) -> None:
    """Closing a program's data gives its SOL to whoever is named."""
    keys = [shell.people["alice"].pubkey(), Keypair().pubkey(), Keypair().pubkey()]
    closing = Instruction(BPF_LOADER_UPGRADEABLE, data, [AccountMeta(key, False, True) for key in keys])
    said = shell.fails_behind_text(1, "tx", "sign", encoded(shell, "alice", closing), who="alice")
    assert "instruction 1 of transaction 1 cannot be read" in said

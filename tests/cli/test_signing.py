"""Nothing is signed blind: what transactions do is shown before, and what cannot be read is refused."""

from __future__ import annotations

from base64 import b64encode

import pytest
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.null_signer import NullSigner
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import transfer_checked
from spl.token.models import TransferCheckedParams
from tests.cli.conftest import Shell

from ionet import IO, ix, pda, token_account


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

"""Instructions in words, for whoever is to sign them."""

from __future__ import annotations

import pytest
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import (
    approve,
    close_account,
    create_idempotent_associated_token_account,
    set_authority,
    transfer_checked,
)
from spl.token.models import (
    ApproveParams,
    AuthorityType,
    CloseAccountParams,
    SetAuthorityParams,
    TransferCheckedParams,
)

from ionet import IO, governance, ix, pda, types
from ionet.administration.decoding import decode

A, B, C, D = (Pubkey(bytes([number]) * 32) for number in range(1, 5))


def test_an_instruction_of_ours_is_named_with_arguments_and_roles() -> None:
    found = decode(ix.jobs.open_cluster(renter=A, id=b"\7" * 32, size=3))
    assert (found.program, found.name, found.known) == ("jobs", "open_cluster", True)
    assert found.arguments == {"id": b"\7" * 32, "size": 3}
    assert (found.roles[0].name, found.roles[0].address, found.roles[0].signer) == ("renter", A, True)
    assert found.summary == "jobs.open_cluster"


def test_a_record_of_arguments_stands_for_its_fields_and_enums_are_named() -> None:
    args = types.jobs.CurrencyArgs(
        pricing=types.jobs.Pricing.PAR, enabled=True, payment_bps=200, feed_id=b"\1" * 32, price_account=B
    )
    found = decode(ix.jobs.create_currency(authority=A, mint=C, args=args))
    assert found.arguments is not None
    assert found.arguments["pricing"] is types.jobs.Pricing.PAR
    assert found.arguments["payment_bps"] == 200


def test_money_of_solanas_own_programs_is_said_plainly() -> None:
    mint = pda.mint.MINT
    said = [
        (
            transfer(TransferParams(from_pubkey=A, to_pubkey=B, lamports=1_500_000_000)),
            f"pay 1.5 SOL from {A} to {B}",
        ),
        (
            transfer_checked(
                TransferCheckedParams(
                    program_id=TOKEN_PROGRAM_ID,
                    source=A,
                    mint=mint,
                    dest=B,
                    owner=C,
                    amount=IO("2.5").base,
                    decimals=8,
                )
            ),
            f"pay 2.5 IO from token account {A} to token account {B}",
        ),
        (
            approve(ApproveParams(program_id=TOKEN_PROGRAM_ID, source=A, delegate=B, owner=C, amount=7)),
            f"let {B} spend 7 base units of token account {A}",
        ),
        (
            set_authority(
                SetAuthorityParams(
                    program_id=TOKEN_PROGRAM_ID,
                    account=A,
                    authority=AuthorityType.ACCOUNT_OWNER,
                    current_authority=C,
                    new_authority=B,
                )
            ),
            f"make {B} the owner of {A}",
        ),
        (
            close_account(CloseAccountParams(program_id=TOKEN_PROGRAM_ID, account=A, dest=B, owner=C)),
            f"close token account {A}, its SOL goes to {B}",
        ),
        (set_compute_unit_limit(200_000), "use at most 200,000 compute units"),
        (set_compute_unit_price(5_000), "pay 5,000 micro-lamports for each compute unit"),
    ]
    for instruction, words in said:
        assert decode(instruction).summary == words
        assert decode(instruction).known
    made = decode(create_idempotent_associated_token_account(A, B, mint))
    assert made.summary.startswith("make the token account ")
    assert made.roles[2].address == B


@pytest.mark.parametrize(
    "instruction",
    [
        Instruction(A, b"\1\2\3", [AccountMeta(B, True, True)]),
        Instruction(TOKEN_PROGRAM_ID, b"\xff", []),
        Instruction(TOKEN_PROGRAM_ID, b"", []),
        Instruction(Pubkey.default(), b"\x63\0\0\0", []),
        Instruction(ix.jobs.open_cluster(renter=A, id=bytes(32), size=2).program_id, b"\0" * 8, []),
        Instruction(ix.jobs.open_cluster(renter=A, id=bytes(32), size=2).program_id, b"", []),
    ],
)
def test_what_is_not_known_is_said_to_be_unknown(instruction: Instruction) -> None:
    found = decode(instruction)
    assert not found.known
    assert found.name is None


def test_bytes_behind_the_arguments_make_them_unreadable() -> None:
    made = ix.jobs.open_cluster(renter=A, id=bytes(32), size=2)
    found = decode(Instruction(made.program_id, bytes(made.data) + b"\0", made.accounts))
    assert found.name == "open_cluster"
    assert found.arguments is None
    assert not found.known


def test_voters_read_enums_and_what_stands_before_bytes_that_nobody_reads() -> None:
    allocation = types.mint.Allocation.COMMUNITY
    minting = governance.stored(
        ix.mint.mint_genesis(authority=governance.TREASURY, destination=B, allocation=allocation)
    )
    assert governance.arguments(minting) == {"allocation": allocation}
    made = ix.jobs.open_cluster(renter=governance.TREASURY, id=bytes(32), size=2)
    longer = governance.stored(Instruction(made.program_id, bytes(made.data) + b"\0", made.accounts))
    assert governance.arguments(longer) == {"id": bytes(32), "size": 2}
    assert governance.describe(longer) == "jobs.open_cluster"
    foreign = governance.stored(Instruction(D, b"\1", []))
    assert governance.arguments(foreign) is None
    assert governance.describe(foreign) == f"{D} with 0 accounts and data 01"

"""Transactions that end a job, signed before: what counts as one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.compute_budget import set_compute_unit_limit
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from ionet import ix
from ionet.chain.nonces import advance
from ionet.jobs.endings import read_ending

RENTER, JOB, NONCE = Keypair(), Pubkey([7] * 32), Pubkey([8] * 32)
ME = RENTER.pubkey()
ADVANCE = advance(NONCE, ME)
STOP = ix.jobs.stop(party=ME, job=JOB, offer=Pubkey([9] * 32))
CANCEL = ix.jobs.cancel(party=ME, job=JOB, offer=Pubkey([9] * 32))
LIMIT = set_compute_unit_limit(40_000)
#: From the last instruction's program to the end of a transaction that stops.
LAST = 15
TRANSFER = transfer(TransferParams(from_pubkey=ME, to_pubkey=NONCE, lamports=1))


OTHER = Keypair()
LISTED = AddressLookupTableAccount(Pubkey([6] * 32), [JOB])


def signed(
    *instructions: Instruction,
    by: Keypair = RENTER,
    also: Sequence[Keypair] = (),
    tables: Sequence[AddressLookupTableAccount] = (),
) -> bytes:
    message = MessageV0.try_compile(by.pubkey(), list(instructions), list(tables), Hash.default())
    return bytes(VersionedTransaction(message, [by, *also]))


@pytest.mark.parametrize(("how", "stops"), [(STOP, True), (CANCEL, False)])
def test_a_job_is_stopped_or_cancelled_by_one(how: Instruction, stops: bool) -> None:
    ending = read_ending(signed(ADVANCE, LIMIT, how), bytes(ME))
    assert (ending.job, ending.stops) == (bytes(JOB), stops)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"no transaction", "it is no transaction"),
        (signed(ADVANCE, LIMIT, STOP) + bytes(1_232), "has at most 1232 bytes"),
        (signed(LIMIT, STOP), "it stands on no nonce"),
        (signed(ADVANCE, TRANSFER), "something else than to end a job"),
        (signed(ADVANCE, STOP, TRANSFER), "something else than to end a job"),
        (signed(ADVANCE, STOP, STOP), "something else than to end a job"),
        (
            signed(ADVANCE, ix.jobs.open_cluster(renter=ME, id=bytes(32), size=1)),
            "something else than to end a job",
        ),
        (
            signed(
                advance(NONCE, (thief := Keypair()).pubkey()),
                ix.jobs.stop(party=thief.pubkey(), job=JOB, offer=NONCE),
                by=thief,
            ),
            "not signed by the renter alone",
        ),
        (signed(advance(NONCE, OTHER.pubkey()), STOP, also=[OTHER]), "not signed by the renter alone"),
        (signed(ADVANCE, STOP, tables=[LISTED]), "it takes accounts from lookup tables"),
        (signed(ADVANCE, Instruction(NONCE, STOP.data, STOP.accounts)), "something else than to end a job"),
        (signed(ADVANCE, LIMIT, STOP)[:1] + bytes(64) + signed(ADVANCE, LIMIT, STOP)[65:], "not signed"),
        (
            (raw := signed(ADVANCE, LIMIT, STOP))[:-LAST] + b"\xff" + raw[1 - LAST :],
            "it is no transaction: index out of bounds",
        ),
    ],
)
def test_nothing_else_is_taken_for_one(raw: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_ending(raw, bytes(ME))

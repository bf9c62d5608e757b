"""The governance program: drafts, votes, queueing, execution, cancelling, bonds."""

from __future__ import annotations

import hashlib
import random
from typing import Any

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from tests.programs.dao import (
    ABSTAIN,
    AGAINST,
    EXPIRY,
    FOR,
    HOLD_UP,
    IO_MINT,
    NATIVE,
    TREASURY,
    VOTING,
    WEEK,
    Dao,
    readonly,
    shards,
    stored,
)
from tests.programs.people import TOKEN
from tests.programs.support import DAY, HOUR, World

from ionet import IO, accounts, errors, events, ix, pda, token_account, types


def test_a_proposal_is_voted_on_held_up_and_executed_once(dao: Dao) -> None:
    wallet = dao.world.io_account(dao.carol.pubkey())
    before = dao.world.balance(wallet)
    proposal = dao.queued(dao.paying(IO_MINT, wallet, 100 * TOKEN))
    sent = dao.send(dao.executing(proposal))
    assert dao.world.balance(wallet) == before + 100 * TOKEN
    executed = sent.event(events.governance.Executed)
    assert executed.done and executed.payments == (types.governance.Payment(1, IO_MINT, 100 * TOKEN, 100 * TOKEN),)
    dao.refused(dao.executing(proposal), errors.governance.NotQueued)

"""Proposals: what the treasury can do, how a proposal's content is hashed, and what can happen to one.

A proposal is a text and transactions. Each transaction is one instruction that the treasury may sign: any
builder of `ionet.ix` makes one, given `TREASURY` as its authority, and so does every call of
`client.governance.as_treasury()`. The functions here build the usual ones:

    from ionet import governance

    draft = governance.Draft("Pay for the audit", governance.pay_io(auditor, IO(5_000)), uri="https://…")
    proposal = client.governance.submit(draft)

Programs and accounts: docs/architecture.md, "Governance".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ionet._lazy import renamed
from ionet.governance.proposals import (
    NATIVE,
    TREASURY,
    Authority,
    Ballot,
    Choice,
    Draft,
    HandOver,
    ProposalState,
    Standing,
    Step,
    accept_authority,
    arguments,
    attesters,
    content_hash,
    describe,
    guardian,
    hand_upgrades_to,
    hardware_class,
    instruction_of,
    keeps_bond,
    may_change,
    parameters,
    params_of,
    passes,
    pay_io,
    pay_sol,
    pay_tokens,
    pay_usdc,
    programs,
    quorum,
    reference,
    resolve_dispute,
    resolve_slash,
    stake_at,
    standing,
    stored,
    text_of,
    upgrade,
    week_of,
)

__all__ = [
    "NATIVE",
    "TREASURY",
    "Authority",
    "Ballot",
    "Choice",
    "Draft",
    "HandOver",
    "ProposalState",
    "Standing",
    "Step",
    "accept_authority",
    "arguments",
    "attesters",
    "content_hash",
    "describe",
    "guardian",
    "hand_upgrades_to",
    "hardware_class",
    "instruction_of",
    "keeps_bond",
    "may_change",
    "parameters",
    "params_of",
    "passes",
    "pay_io",
    "pay_sol",
    "pay_tokens",
    "pay_usdc",
    "programs",
    "quorum",
    "reference",
    "resolve_dispute",
    "resolve_slash",
    "stake_at",
    "standing",
    "stored",
    "text_of",
    "upgrade",
    "week_of",
]

if not TYPE_CHECKING:
    __getattr__ = renamed(
        __name__,
        {
            "EXPIRY": "ionet._generated.governance.constants:EXPIRY",
            "TRANSACTIONS": "ionet._generated.governance.constants:MAX_TRANSACTIONS",
            "ACCOUNTS": "ionet._generated.governance.constants:MAX_ACCOUNTS",
        },
    )

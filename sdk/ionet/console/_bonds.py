"""Disputes of jobs that a console's keys rent: their bonds are the wallet's, and come back to it.

The program has a job's renter dispute it, which is an access key and holds nothing. So the wallet gives it
bond and rent in the transaction that spends both; what comes back to the key goes on to the wallet in one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from spl.token.instructions import create_idempotent_associated_token_account

from ionet import SOL, AsyncClient, accounts, ix, pda, token_account
from ionet._generated.jobs.types import DisputeOutcome
from ionet.chain.ids import TOKEN_PROGRAM
from ionet.console import _models as m
from ionet.console._founding import rent_of
from ionet.console._parts import Parts
from ionet.console._visitor import Visitor
from ionet.explorer._values import BadQuestion, money
from ionet.token.currency import unit_of

#: Bytes of a token account.
_PURSE: Final = 165
#: Lamports in the accounts of a dispute.
DISPUTE_RENT: Final = rent_of(accounts.jobs.Dispute.SIZE or 0) + rent_of(_PURSE)


@dataclass(frozen=True, slots=True)
class Held:
    """What a dispute has left with a key, or will.

    Attributes:
        dispute: its account, while it is open; else None.
        until: when it is over at the latest, Unix seconds; 0: it is.
        lost: whether the decision takes the bond.
        bond: base units that are held back, or can be taken back.
        lamports: that can be taken back.
    """

    dispute: accounts.jobs.Dispute | None
    until: int
    lost: bool
    bond: int
    lamports: int


def disputing(
    wallet: Pubkey, key: Pubkey, job: Pubkey, mint: Pubkey, bond: int, evidence: bytes
) -> list[Instruction]:
    """Disputes a job for its key, whose bond and rent the wallet pays.

    Args:
        wallet: pays.
        key: the job's renter.
        job: the job.
        mint: what it is paid in.
        bond: base units.
        evidence: SHA-256 of it.
    """
    purse = token_account(key, mint)
    rent = TransferParams(from_pubkey=wallet, to_pubkey=key, lamports=DISPUTE_RENT)
    return [
        transfer(rent),
        create_idempotent_associated_token_account(wallet, key, mint),
        _moved(token_account(wallet, mint), purse, wallet, bond),
        ix.jobs.dispute(party=key, job=job, mint=mint, source=purse, max_bond=bond, evidence_hash=evidence),
    ]


async def held(client: AsyncClient, key: Pubkey, job: Pubkey, mint: Pubkey) -> Held | None:
    """What a key holds because of a dispute of this job, or may; None: nothing."""
    address = pda.jobs.dispute(job, key)
    (dispute,) = await client.fetch_many(accounts.jobs.Dispute, [address])
    tokens, lamports = await client.tokens(key, mint), (await client.balance(key)).base
    if dispute is None:
        return Held(None, 0, False, tokens, lamports) if tokens or lamports else None
    if dispute.outcome == DisputeOutcome.NONE and await client.time() < dispute.until:
        return Held(dispute, dispute.until, False, dispute.bond, 0)
    lost = dispute.outcome == DisputeOutcome.REJECTED
    bond = tokens if lost else tokens + dispute.bond
    return Held(dispute, 0, lost, bond, lamports + DISPUTE_RENT)


def returning(wallet: Pubkey, key: Pubkey, job: Pubkey, mint: Pubkey, it: Held) -> list[Instruction]:
    """Ends a dispute that is over, and has all that its key holds go to the wallet.

    Raises:
        BadQuestion: it is not over.
    """
    if it.until:
        raise BadQuestion("the dispute is still open, and its bond comes back when it is over")
    own, purse = token_account(wallet, mint), token_account(key, mint)
    made = [create_idempotent_associated_token_account(wallet, owner, mint) for owner in (wallet, key)]
    if it.dispute is not None:
        destination = it.dispute.fee_vault if it.lost else purse
        dispute = pda.jobs.dispute(job, key)
        made.append(ix.jobs.close_dispute(dispute=dispute, destination=destination, rent_payer=key))
    made += [_moved(purse, own, key, it.bond), _closed(purse, wallet, key)]
    if it.lamports:
        made.append(transfer(TransferParams(from_pubkey=key, to_pubkey=wallet, lamports=it.lamports)))
    return made


# The names of these parameters differ between the versions of `spl.token` that this package goes with.


def _moved(source: Pubkey, to: Pubkey, by: Pubkey, amount: int) -> Instruction:
    """The token program's `Transfer`."""
    return _of_tokens(b"\x03" + amount.to_bytes(8, "little"), source, to, by)


def _closed(purse: Pubkey, to: Pubkey, by: Pubkey) -> Instruction:
    """The token program's `CloseAccount`: its rent goes to `to`."""
    return _of_tokens(b"\x09", purse, to, by)


def _of_tokens(data: bytes, account: Pubkey, to: Pubkey, by: Pubkey) -> Instruction:
    metas = [AccountMeta(account, False, True), AccountMeta(to, False, True), AccountMeta(by, True, False)]
    return Instruction(TOKEN_PROGRAM, data, metas)


# -- by a console


def key_of(parts: Parts, visitor: Visitor, job: Pubkey, renter: Pubkey) -> Keypair:
    """The console's key that rents a visitor's job.

    Raises:
        BadQuestion: none does.
    """
    keys = [visitor.access]
    if (group := parts.several.groups.of(str(job), visitor.wallet)) is not None:
        keys.append(parts.access.cluster(visitor.wallet, group.id))
    for key in keys:
        if key.pubkey() == renter:
            return key
    raise BadQuestion(f"its renter alone disputes a job, and that is {renter}: use ionet job dispute")


async def bond_of(parts: Parts, visitor: Visitor, job: Pubkey, renter: Pubkey, mint: Pubkey) -> m.Bond | None:
    """What there is of a dispute of a visitor's job, for people; None: nothing that this console knows.

    Args:
        parts: the console's.
        visitor: whose job it is.
        job: its address.
        renter: who rents it.
        mint: what it is paid in.
    """
    try:
        key = key_of(parts, visitor, job, renter).pubkey()
    except BadQuestion:
        return None
    it = await held(parts.client, key, job, mint)
    if it is None:
        return None
    unit = unit_of(await parts.client.jobs.get_currency(mint))
    return m.Bond(
        amount=money(unit.from_base(it.bond)),
        rent=money(SOL.from_base(it.lamports)),
        until=it.until,
        lost=it.lost,
    )


async def bond_back(
    parts: Parts, visitor: Visitor, job: Pubkey, renter: Pubkey, mint: Pubkey
) -> tuple[Keypair, list[Instruction]]:
    """What has a dispute's bond back, and the key that signs it besides the wallet; see `bond_of`.

    Raises:
        BadQuestion: nothing can be had back now.
    """
    key = key_of(parts, visitor, job, renter)
    it = await held(parts.client, key.pubkey(), job, mint)
    if it is None:
        raise BadQuestion("no dispute of this job has left anything that could be had back")
    return key, returning(visitor.wallet, key.pubkey(), job, mint, it)

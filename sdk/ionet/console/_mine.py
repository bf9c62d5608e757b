"""Whose a job is: what others have is as if it were not there."""

from __future__ import annotations

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet import accounts
from ionet.chain.errors import AccountNotFound, DecodeError
from ionet.console._parts import Parts
from ionet.console._visitor import Visitor
from ionet.explorer._market import Absent
from ionet.explorer._values import address_of
from ionet.jobs.receipt import Receipt

_NOT_THERE = "you have no such job"


async def mine(parts: Parts, visitor: Visitor, text: str) -> tuple[Pubkey, accounts.jobs.Job]:
    """A job of a visitor's that is not closed.

    Raises:
        Absent: it is none, or not theirs.
    """
    address = address_of(text)
    try:
        account = await parts.client.jobs.get_job(address)
    except (AccountNotFound, DecodeError):
        account = None
    if account is None or not is_theirs(visitor, account):
        raise Absent(f"{_NOT_THERE}, or it is closed")
    return address, account


def is_theirs(visitor: Visitor, account: accounts.jobs.Job) -> bool:
    """Whether a visitor rents a job."""
    theirs = {visitor.wallet, visitor.access.pubkey()}
    return account.refund_to == visitor.wallet or account.renter in theirs


def is_theirs_by_receipt(visitor: Visitor, receipt: Receipt) -> bool:
    """Whether a visitor rented a job, also one that is closed."""
    return receipt.refund_to == visitor.wallet or receipt.renter in {
        visitor.wallet,
        visitor.access.pubkey(),
    }


async def was_theirs(parts: Parts, visitor: Visitor, job: Pubkey) -> bool:
    """Whether a visitor has booked a job here, also one that is closed.

    Whoever has had a booking built has a place in the chain to look at, and may have come too late. No other
    history is read: strangers may name any address, a program's, too, and of that it has no end.
    """
    if parts.kept.has_booked(str(job), visitor.wallet):
        return True
    if parts.kept.job(str(job), visitor.wallet) is None:
        return False
    try:
        receipt = await parts.client.jobs.receipt(job, ledger=parts.ledger)
    except LookupError:
        return False
    theirs = is_theirs_by_receipt(visitor, receipt)
    if theirs:
        parts.kept.booked(job, visitor.wallet)
    return theirs


async def readable(parts: Parts, visitor: Visitor, text: str) -> tuple[Pubkey, Keypair]:
    """A job whose log and files a visitor may read, as they have booked it here; and the key that reads it.

    Raises:
        Absent: it is none, or not theirs.
    """
    address = address_of(text)
    if (cluster := parts.several.groups.of(str(address), visitor.wallet)) is not None:
        return address, parts.access.cluster(visitor.wallet, cluster.id)
    if parts.kept.has_booked(str(address), visitor.wallet):
        return address, visitor.access
    try:
        _, account = await mine(parts, visitor, text)
    except Absent:
        if not await was_theirs(parts, visitor, address):
            raise
        return address, visitor.access
    if account.renter != visitor.access.pubkey():
        raise Absent(
            "this job was not booked here, so that its node tells this console nothing: use ionet job logs"
        )
    return address, visitor.access

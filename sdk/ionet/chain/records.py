"""Accounts as they are read: found by a search, decoded, told the time from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from solders.account import Account as RawAccount
from solders.pubkey import Pubkey

from ionet.chain.errors import AccountNotFound, DecodeError
from ionet.chain.ids import CLOCK
from ionet.chain.schema import Account

T = TypeVar("T")
A = TypeVar("A", bound=Account)


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """An account that a search found.

    Attributes:
        address: where it is.
        account: its content.
    """

    address: Pubkey
    account: T


def decoded(kind: type[A], address: Pubkey, found: RawAccount) -> A:
    """An account of this type out of what a node said of it.

    Raises:
        DecodeError: it belongs to another program, or is of another type.
    """
    if found.owner != kind.PROGRAM_ID:
        raise DecodeError(f"not a {kind.__name__}: {address} belongs to {found.owner}")
    try:
        return kind.decode(bytes(found.data))
    except DecodeError as bad:
        raise DecodeError(f"{address}: {bad}") from bad


def decoded_or_none(kind: type[A], address: Pubkey, found: RawAccount | None) -> A | None:
    """The same where there may be nothing."""
    return None if found is None else decoded(kind, address, found)


def clock_time(found: RawAccount | None) -> int:
    """Unix seconds of the clock's account.

    Raises:
        AccountNotFound: the node has none.
    """
    if found is None:
        raise AccountNotFound(CLOCK, "clock")
    return int.from_bytes(found.data[32:40], "little", signed=True)


def owned(address: Pubkey, found: RawAccount | None, what: str, *owners: Pubkey) -> RawAccount:
    """An account that must be there, and belong to one of these programs.

    Raises:
        AccountNotFound: there is nothing.
        DecodeError: it belongs to another program.
    """
    if found is None:
        raise AccountNotFound(address, what)
    if found.owner not in owners:
        raise DecodeError(f"not a {what}: {address} belongs to {found.owner}")
    return found

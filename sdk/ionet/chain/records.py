"""Accounts as they are read: found by a search, decoded, told the time from."""

from __future__ import annotations

import gc
from binascii import a2b_base64
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from solders.account import Account as RawAccount
from solders.pubkey import Pubkey

from ionet.chain.errors import AccountNotFound, DecodeError
from ionet.chain.ids import CLOCK
from ionet.chain.schema import Account

T = TypeVar("T")
A = TypeVar("A", bound=Account)


@dataclass(frozen=True, slots=True)
class KeyedAccount(Generic[T]):
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


@contextmanager
def growing() -> Iterator[None]:
    """Many objects are made that all stay: no search for garbage, which would walk them again and again."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def read_found(kind: type[A], answer: Iterable[Any]) -> list[KeyedAccount[A]]:
    """The accounts in a node's answer to `getProgramAccounts`, with encoding base64.

    Raises:
        DecodeError: one of them is not of this type.
    """
    key, decode = Pubkey.from_string, kind.decode
    with growing():
        return [
            KeyedAccount(key(one["pubkey"]), decode(a2b_base64(one["account"]["data"][0]))) for one in answer
        ]


def read_raw(kind: type[A], accounts: Iterable[tuple[Pubkey, RawAccount]]) -> list[KeyedAccount[A]]:
    """The accounts that the local network has.

    Raises:
        DecodeError: one of them is not of this type.
    """
    decode = kind.decode
    with growing():
        return [KeyedAccount(address, decode(one.data)) for address, one in accounts]

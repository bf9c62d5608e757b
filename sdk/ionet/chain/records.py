"""Reading accounts: decoding them, search results, the clock."""

from __future__ import annotations

import gc
from binascii import a2b_base64
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from solders.account import Account as RawAccount
from solders.pubkey import Pubkey

from ionet.chain.errors import AccountNotFound, DecodeError, IonetError, TransportError
from ionet.chain.ids import CLOCK
from ionet.chain.schema import Account

#: What reading an answer of an unexpected shape can raise.
UNREADABLE: Final = (LookupError, TypeError, ValueError, AttributeError, OverflowError)

T = TypeVar("T")
A = TypeVar("A", bound=Account)


@dataclass(frozen=True, slots=True)
class KeyedAccount(Generic[T]):
    """An account with its address, as searches return it.

    Attributes:
        address: where it is.
        account: its content.
    """

    address: Pubkey
    account: T


def decoded(kind: type[A], address: Pubkey, account: RawAccount) -> A:
    """Returns an account of this type, decoded from what a node answered.

    Raises:
        DecodeError: it belongs to another program, or is of another type.
    """
    if account.owner != kind.PROGRAM_ID:
        raise DecodeError(f"not a {kind.__name__}: {address} belongs to {account.owner}")
    try:
        return kind.decode(bytes(account.data))
    except DecodeError as bad:
        raise DecodeError(f"{address}: {bad}") from bad


def decoded_or_none(kind: type[A], address: Pubkey, account: RawAccount | None) -> A | None:
    """Returns the decoded account, or None if there is none."""
    return None if account is None else decoded(kind, address, account)


def clock_time(account: RawAccount | None) -> int:
    """Returns the Unix seconds that the clock's account holds.

    Raises:
        AccountNotFound: the node has none.
    """
    if account is None:
        raise AccountNotFound(CLOCK, "clock")
    return int.from_bytes(account.data[32:40], "little", signed=True)


def owned(address: Pubkey, account: RawAccount | None, noun: str, *owners: Pubkey) -> RawAccount:
    """Returns an account that must exist and belong to one of these programs.

    Raises:
        AccountNotFound: there is no account.
        DecodeError: it belongs to another program.
    """
    if account is None:
        raise AccountNotFound(address, noun)
    if account.owner not in owners:
        raise DecodeError(f"not a {noun}: {address} belongs to {account.owner}")
    return account


@contextmanager
def shaped(method: str) -> Iterator[None]:
    """Reads an answer inside it: one of an unexpected shape is reported as the node's fault.

    Raises:
        TransportError: the answer has an unexpected shape.
    """
    try:
        yield
    except IonetError:
        raise
    except UNREADABLE as bad:
        message = f"{method}: the node's answer cannot be read ({type(bad).__name__}: {bad})"
        raise TransportError(message, url="") from bad


def whole(value: Any) -> int:
    """A number as a node gives it: whole, and not negative.

    Raises:
        ValueError: it is not, or has more than 64 bits.
    """
    if type(value) is not int or not 0 <= value < 1 << 64:
        raise ValueError(f"{str(value)[:40]} is not a whole number of 64 bits")
    return value


@contextmanager
def growing() -> Iterator[None]:
    """Pauses garbage collection while many long-lived objects are made."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def read_found(kind: type[A], answer: Iterable[Any]) -> list[KeyedAccount[A]]:
    """Returns the accounts in a node's answer to `getProgramAccounts`, with encoding base64.

    Raises:
        DecodeError: one of them is not of this type.
    """
    key, decode = Pubkey.from_string, kind.decode
    with growing():
        return [
            KeyedAccount(
                key(entry["pubkey"]), decode(a2b_base64(entry["account"]["data"][0], strict_mode=True))
            )
            for entry in answer
        ]


def read_raw(kind: type[A], accounts: Iterable[tuple[Pubkey, RawAccount]]) -> list[KeyedAccount[A]]:
    """Returns the accounts that the local network answered with.

    Raises:
        DecodeError: one of them is not of this type.
    """
    decode = kind.decode
    with growing():
        return [KeyedAccount(address, decode(account.data)) for address, account in accounts]

"""What searches return."""

from __future__ import annotations

import gc
from binascii import a2b_base64
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from solders.pubkey import Pubkey

if TYPE_CHECKING:
    from solders.account import Account as RawAccount

    from ionet.chain.schema import Account

T = TypeVar("T")
A = TypeVar("A", bound="Account")


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """An account that a search found.

    Attributes:
        address: where it is.
        account: its content.
    """

    address: Pubkey
    account: T


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


def read_found(kind: type[A], answer: Iterable[Any]) -> list[Found[A]]:
    """The accounts in a node's answer to `getProgramAccounts`, with encoding base64.

    Raises:
        DecodeError: one of them is not of this type.
    """
    key, decode = Pubkey.from_string, kind.decode
    with growing():
        return [Found(key(one["pubkey"]), decode(a2b_base64(one["account"]["data"][0]))) for one in answer]


def read_raw(kind: type[A], accounts: Iterable[tuple[Pubkey, RawAccount]]) -> list[Found[A]]:
    """The accounts that the local network has.

    Raises:
        DecodeError: one of them is not of this type.
    """
    decode = kind.decode
    with growing():
        return [Found(address, decode(one.data)) for address, one in accounts]

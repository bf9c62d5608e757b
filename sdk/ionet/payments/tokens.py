"""Tokens of customers: a console that has signed somebody in says so to the payments host, for a while.

A token names the customer and the key whose jobs are paid for, and ends by itself. Whoever has one can buy,
look at and end what is this customer's, and nothing of anybody else's.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey

from ionet.chain.errors import IonetError

#: Seconds for which a token is good at most.
LONGEST: Final = 12 * 3_600
#: Bytes of the key that console and payments host share, at least.
SHORTEST_KEY: Final = 32
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class BadToken(IonetError):
    """A token that is none of this host's, or is over."""


@dataclass(frozen=True, slots=True)
class Customer:
    """Who is served.

    Attributes:
        name: up to 64 letters, digits, `-` and `_`; for whoever signs in with a wallet, its address.
        renter: address of the key whose jobs are paid for.
    """

    name: str
    renter: str


def mint(key: bytes, customer: Customer, now: int, lasts: int = 900) -> str:
    """A token.

    Args:
        key: what console and payments host share.
        customer: for whom.
        now: Unix seconds.
        lasts: seconds.

    Raises:
        BadToken: a name, address or length that no token has.
    """
    if not _NAME.fullmatch(customer.name):
        raise BadToken("a customer's name has up to 64 letters, digits, - and _")
    _check_address(customer.renter)
    if not 0 < lasts <= LONGEST:
        raise BadToken(f"a token lasts from 1 to {LONGEST} seconds")
    said = f"v1.{customer.name}.{customer.renter}.{now + lasts}"
    return f"{said}.{_mac(key, said)}"


def read(key: bytes, token: str, now: int) -> Customer:
    """Whom a token stands for.

    Raises:
        BadToken: it was not made with this key, or is over.
    """
    said, _, mac = token.rpartition(".")
    if not hmac.compare_digest(mac.encode(), _mac(key, said).encode()):
        raise BadToken("this token is not of this host: ask the console for another one")
    _, name, renter, until = said.split(".")
    if now >= int(until):
        raise BadToken("this token is over: ask the console for another one")
    return Customer(name, renter)


def _mac(key: bytes, said: str) -> str:
    digest = hmac.new(key, said.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _check_address(text: str) -> None:
    try:
        Pubkey.from_string(text)
    except ValueError:
        raise BadToken(f"{text!r} is no address of a renter") from None

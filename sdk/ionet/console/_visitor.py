"""Who a request is from, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet.console._kept import SCOPES

#: What only the wallet itself may do, after a sign-in.
MANAGE: Final = "manage"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks.

    Attributes:
        wallet: whose jobs these are.
        access: the key by which the console reads for it.
        scopes: what may be done.
        expires: until when, Unix seconds.
        key: the id of an API key, or None.
    """

    wallet: Pubkey
    access: Keypair
    scopes: frozenset[str]
    expires: int
    key: str | None = None

    @classmethod
    def signed_in(cls, wallet: Pubkey, access: Keypair, expires: int) -> Visitor:
        """A wallet that has signed in."""
        return cls(wallet, access, frozenset((*SCOPES, MANAGE)), expires)

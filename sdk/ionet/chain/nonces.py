"""Durable nonces: transactions whose signatures may take days."""

from __future__ import annotations

from typing import Any, Final

from solders.hash import Hash
from solders.pubkey import Pubkey

from ionet.chain.ids import SYSTEM_PROGRAM

#: Bytes of a nonce account.
NONCE_SIZE: Final = 80
_ADVANCE: Final = b"\x04\0\0\0"


def nonce_account(message: Any) -> Pubkey | None:
    """The account whose nonce stands for the message's blockhash; None for an ordinary message.

    Its first instruction advances the nonce, so that it lands once at most.
    """
    if not message.instructions:
        return None
    first, keys = message.instructions[0], message.account_keys
    if (
        bytes(first.data) != _ADVANCE
        or not bytes(first.accounts)
        or keys[first.program_id_index] != SYSTEM_PROGRAM
    ):
        return None
    address: Pubkey = keys[bytes(first.accounts)[0]]
    return address


def nonce_of(data: bytes) -> str | None:
    """The nonce in a nonce account's data, as text; None if it is none, or is not initialised."""
    if len(data) != NONCE_SIZE or int.from_bytes(data[4:8], "little") != 1:
        return None
    return str(Hash(data[40:72]))


def authority_of(data: bytes) -> Pubkey | None:
    """Who may advance the nonce; None if it is none, or is not initialised."""
    if len(data) != NONCE_SIZE or int.from_bytes(data[4:8], "little") != 1:
        return None
    return Pubkey(data[8:40])

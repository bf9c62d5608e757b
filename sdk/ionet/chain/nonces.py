"""Durable nonces: transactions whose signatures may take days."""

from __future__ import annotations

from typing import Any, Final

from solders.hash import Hash
from solders.pubkey import Pubkey

from ionet.chain.errors import EncodeError
from ionet.chain.ids import SYSTEM_PROGRAM

#: Bytes of a nonce account.
NONCE_SIZE: Final = 80
#: The data of the instruction that uses a nonce up.
ADVANCE: Final = b"\x04\0\0\0"


def nonce_account(message: Any) -> Pubkey | None:
    """The account whose nonce stands for the message's blockhash; None for an ordinary message.

    Its first instruction advances the nonce, so that it lands once at most. What follows the instruction's
    number in its data is not read by the chain, and not here.

    Raises:
        EncodeError: the account is of a lookup table: not every node takes that for a nonce, so nobody can
            say how long the message can land.
    """
    if not message.instructions:
        return None
    first, keys = message.instructions[0], message.account_keys
    if (
        bytes(first.data)[:4] != ADVANCE
        or not bytes(first.accounts)
        or keys[first.program_id_index] != SYSTEM_PROGRAM
    ):
        return None
    place = bytes(first.accounts)[0]
    if place >= len(keys):
        raise EncodeError("its nonce account comes from a lookup table; name it in the transaction itself")
    address: Pubkey = keys[place]
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

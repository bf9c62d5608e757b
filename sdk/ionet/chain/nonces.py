"""Durable nonces: transactions whose signatures may take days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from solders.account import Account as RawAccount
from solders.hash import Hash
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from solders.system_program import (
    AdvanceNonceAccountParams,
    AllocateWithSeedParams,
    InitializeNonceAccountParams,
    TransferParams,
    WithdrawNonceAccountParams,
    advance_nonce_account,
    allocate_with_seed,
    initialize_nonce_account,
    transfer,
    withdraw_nonce_account,
)

from ionet.chain.errors import AccountNotFound, DecodeError, EncodeError
from ionet.chain.ids import SYSTEM_PROGRAM

#: Bytes of a nonce account.
NONCE_SIZE: Final = 80
#: Compute units of the instruction that advances a nonce.
ADVANCE_UNITS: Final = 150
#: That instruction's data.
ADVANCE: Final = b"\x04\0\0\0"


@dataclass(frozen=True, slots=True)
class Nonce:
    """A nonce account's content.

    Attributes:
        value: stands for a blockhash until it is advanced.
        authority: who may advance it, and withdraw its lamports.
    """

    value: Hash
    authority: Pubkey


def nonce_account(message: Any) -> Pubkey | None:
    """The account whose nonce stands for the message's blockhash; None for an ordinary message.

    Its first instruction advances the nonce, so that it lands once at most. The chain ignores what
    follows the instruction's number in its data, and so does this.

    Raises:
        EncodeError: the account comes from a lookup table: not every node takes that for a nonce, so how
            long the message can land is unknown.
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
    index = bytes(first.accounts)[0]
    if index >= len(keys):
        raise EncodeError("its nonce account comes from a lookup table; name it in the transaction itself")
    address: Pubkey = keys[index]
    return address


def nonce_of(data: bytes) -> str | None:
    """The nonce in an account's data, as text; None if it is not a nonce account, or is not initialised."""
    if len(data) != NONCE_SIZE or int.from_bytes(data[4:8], "little") != 1:
        return None
    return str(Hash(data[40:72]))


def authority_of(data: bytes) -> Pubkey | None:
    """Who may advance the nonce; None if it is not a nonce account, or is not initialised."""
    if len(data) != NONCE_SIZE or int.from_bytes(data[4:8], "little") != 1:
        return None
    return Pubkey(data[8:40])


def read_nonce(address: Pubkey, account: RawAccount | None) -> Nonce:
    """What a nonce account holds.

    Raises:
        AccountNotFound: there is no account.
        DecodeError: it is not a nonce account.
    """
    if account is None:
        raise AccountNotFound(address, "nonce account")
    data = bytes(account.data)
    value, authority = nonce_of(data), authority_of(data)
    if account.owner != SYSTEM_PROGRAM or value is None or authority is None:
        raise DecodeError(f"the account at {address} is not a nonce account")
    return Nonce(Hash.from_string(value), authority)


def named_nonce(base: Pubkey, name: str) -> Pubkey:
    """The address of the nonce account that `base` creates under a name of up to 32 bytes."""
    return Pubkey.create_with_seed(base, name, SYSTEM_PROGRAM)


def create(payer: Pubkey, name: str, authority: Pubkey, lamports: int) -> list[Instruction]:
    """Returns the instructions that create the payer's nonce account of this name.

    Others can foretell its address: also where somebody has sent lamports to it, it is made.

    Args:
        payer: pays, and signs.
        name: see `named_nonce`.
        authority: who may advance it and withdraw from it.
        lamports: what is paid into it; at least its rent.
    """
    address = named_nonce(payer, name)
    paid = TransferParams(from_pubkey=payer, to_pubkey=address, lamports=lamports)
    space = AllocateWithSeedParams(
        address=address, base=payer, seed=name, space=NONCE_SIZE, owner=SYSTEM_PROGRAM
    )
    first = InitializeNonceAccountParams(nonce_pubkey=address, authority=authority)
    return [transfer(paid), allocate_with_seed(space), initialize_nonce_account(first)]


def advance(account: Pubkey, authority: Pubkey) -> Instruction:
    """Advances the nonce: what was signed with the old one can no longer land."""
    return advance_nonce_account(AdvanceNonceAccountParams(nonce_pubkey=account, authorized_pubkey=authority))


def withdraw(account: Pubkey, authority: Pubkey, to: Pubkey, lamports: int) -> Instruction:
    """Takes lamports out: all of them, which closes the account, or so many that its rent stays."""
    return withdraw_nonce_account(
        WithdrawNonceAccountParams(
            nonce_pubkey=account, authorized_pubkey=authority, to_pubkey=to, lamports=lamports
        )
    )

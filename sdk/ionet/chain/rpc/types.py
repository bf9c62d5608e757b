"""What the local network keeps and returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from solders.account import Account as RawAccount
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

Json: TypeAlias = Any
#: Index of a top-level instruction, and of each call under it: program index, account indices, data, height.
InnerGroup: TypeAlias = tuple[int, list[tuple[int, bytes, bytes, int | None]]]


def ui_amount(amount: int, decimals: int) -> Json:
    """Returns a number of base units as nodes show it."""
    digits = f"{amount:0{decimals + 1}d}"
    whole, fraction = digits[: len(digits) - decimals], digits[len(digits) - decimals :].rstrip("0")
    text = f"{whole}.{fraction}" if fraction else whole
    return {"amount": str(amount), "decimals": decimals, "uiAmount": float(text), "uiAmountString": text}


class TokenBalance(NamedTuple):
    """What a token account of a transaction held.

    Attributes:
        place: index of the account in the transaction.
        head: the token account's mint, owner and amount, 72 bytes.
        program_id: the token program that owns the account.
        decimals: the mint's decimals.
    """

    place: int
    head: bytes
    program_id: Pubkey
    decimals: int

    def json(self) -> Json:
        """Returns the balance as nodes show it."""
        return {
            "accountIndex": self.place,
            "mint": str(Pubkey(self.head[:32])),
            "owner": str(Pubkey(self.head[32:64])),
            "programId": str(self.program_id),
            "uiTokenAmount": ui_amount(int.from_bytes(self.head[64:72], "little"), self.decimals),
        }


@dataclass(frozen=True, slots=True)
class TransactionRecord:
    """A transaction in the history."""

    signature: str
    slot: int
    time: int
    transaction: VersionedTransaction
    error: Json
    logs: list[str]
    compute_units: int
    fee: int
    inner: list[InnerGroup]
    return_data: Json
    keys: list[str]
    loaded: tuple[list[str], list[str]]
    before: list[int]
    after: list[int]
    held_before: list[TokenBalance]
    held_after: list[TokenBalance]

    @property
    def tokens_before(self) -> list[Json]:
        """Token balances before it, as nodes show them."""
        return [balance.json() for balance in self.held_before]

    @property
    def tokens_after(self) -> list[Json]:
        """Token balances after it, as nodes show them."""
        return [balance.json() for balance in self.held_after]


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a transaction would do."""

    error: Json
    logs: list[str]
    compute_units: int
    return_data: Json
    inner: list[InnerGroup]
    accounts: Mapping[Pubkey, RawAccount]

"""What the local network keeps and returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from solders.account import Account
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

Json: TypeAlias = Any
#: Index of a top-level instruction, and of each call under it: program index, account indices, data, height.
InnerGroup: TypeAlias = tuple[int, list[tuple[int, bytes, bytes, int | None]]]


@dataclass(frozen=True, slots=True)
class TransactionRecord:
    """A transaction in the history."""

    signature: str
    slot: int
    time: int
    transaction: VersionedTransaction
    error: Json
    logs: list[str]
    units: int
    fee: int
    inner: list[InnerGroup]
    return_data: Json
    keys: list[str]
    loaded: tuple[list[str], list[str]]
    before: list[int]
    after: list[int]
    tokens_before: list[Json]
    tokens_after: list[Json]


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a transaction would do."""

    error: Json
    logs: list[str]
    units: int
    return_data: Json
    inner: list[InnerGroup]
    accounts: Mapping[Pubkey, Account]

"""Airdrops: lists of claimants, their Merkle trees and proofs.

A leaf is `sha256(0x00 ‖ "ionet:airdrop" ‖ airdrop ‖ index u32 ‖ claimant ‖ amount u64)`, integers little
endian. It contains the airdrop's account, so that it is invalid in any other. Source:
`crates/io-common/src/merkle.rs`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from solders.pubkey import Pubkey

from ionet import pda
from ionet._generated.distributor.constants import AIRDROP_DOMAIN, CHUNK
from ionet._lazy import renamed
from ionet.chain import ids, registry
from ionet.chain.amounts import IO
from ionet.chain.errors import AmountError, IonetError
from ionet.formats.merkle import Tree, leaf_hash
from ionet.formats.table import HeaderError, LineError, read_table

if TYPE_CHECKING:
    from ionet import types

T = TypeVar("T")

_MOST: Final = 2**32 - 1
#: Programs that everybody has, whose addresses stand for nobody.
_PROGRAMS: Final = frozenset(value for value in vars(ids).values() if isinstance(value, Pubkey))


class RecipientsError(IonetError, ValueError):
    """A list of recipients that cannot be used; the message names each line."""


@dataclass(frozen=True, slots=True)
class Share:
    """A claimant and their amount."""

    claimant: Pubkey
    amount: IO


class AirdropTree:
    """The leaves of an airdrop in order, and their proofs.

    Args:
        airdrop_id: the airdrop's number, which its address derives from.
        shares: one leaf each; a claimant may have several.

    Raises:
        ValueError: no shares, or more than 2^32 - 1.
    """

    def __init__(self, airdrop_id: int, shares: Iterable[Share]) -> None:
        self.id = airdrop_id
        self.shares: Sequence[Share] = tuple(shares)
        if not 0 < len(self.shares) <= _MOST:
            raise ValueError(f"an airdrop has 1 to {_MOST:,} leaves, not {len(self.shares):,}")
        self.address = pda.distributor.airdrop(airdrop_id)

    @cached_property
    def _tree(self) -> Tree:
        address = bytes(self.address)
        return Tree(
            b"".join(
                leaf_hash(
                    AIRDROP_DOMAIN,
                    address
                    + index.to_bytes(4, "little")
                    + bytes(share.claimant)
                    + share.amount.base.to_bytes(8, "little"),
                )
                for index, share in enumerate(self.shares)
            ),
            AIRDROP_DOMAIN,
        )

    @property
    def root(self) -> bytes:
        """The Merkle root, 32 bytes."""
        return self._tree.root

    @cached_property
    def total(self) -> IO:
        """Sum of the leaves."""
        return IO.from_base(sum(share.amount.base for share in self.shares))

    @property
    def chunks(self) -> int:
        """How many claim accounts it needs."""
        return -(-len(self.shares) // CHUNK)

    def indices(self, claimant: Pubkey) -> list[int]:
        """The leaves of a claimant."""
        return [index for index, share in enumerate(self.shares) if share.claimant == claimant]

    def claims(self, index: int) -> Pubkey:
        """The account that marks a leaf's claim."""
        return pda.distributor.claims(self.address, index // CHUNK)

    def args(self, index: int) -> types.distributor.ClaimArgs:
        """A leaf with its proof, as the program takes it.

        Raises:
            IndexError: there is no such leaf.
        """
        from ionet import types

        proof = self._tree.proof(index)
        return types.distributor.ClaimArgs(index=index, amount=self.shares[index].amount.base, proof=proof)


def claimed(bits: bytes, index: int) -> bool:
    """Whether a leaf is marked in the `bits` of its claim account."""
    position = index % CHUNK
    return bool(bits[position // 8] >> position % 8 & 1)


def read_shares(path: Path) -> list[Share]:
    """Reads the shares of a CSV file with the columns `recipient,amount` (IO, at most 8 decimals).

    Raises:
        RecipientsError: lines that are not a share; each is named.
        OSError: the file cannot be read.
    """
    return read_recipients(
        path, ("recipient", "amount"), lambda cells: share(cells["recipient"], cells["amount"])
    )


def read_recipients(
    path: Path,
    columns: Sequence[str],
    make: Callable[[Mapping[str, str]], T],
    *,
    optional: Sequence[str] = (),
) -> list[T]:
    """Reads the rows of a CSV file, in order.

    Args:
        path: the file, see `ionet.formats.table`.
        columns: required columns.
        make: makes an item of a row's cells; raises `RecipientsError` for unusable ones.
        optional: further columns that may be there.

    Raises:
        RecipientsError: a file, or lines, that cannot be used; each is named.
        OSError: the file cannot be read.
    """
    rows: list[T] = []
    errors: list[str] = []
    for row in read_table(path, columns, optional):
        if isinstance(row, HeaderError):
            names = f"{', '.join(columns[:-1])} and {columns[-1]}"
            raise RecipientsError(f"{path}: {row} (the first line must name the columns {names})")
        if isinstance(row, LineError):
            errors.append(str(row))
            continue
        try:
            rows.append(make(row.cells))
        except RecipientsError as bad:
            errors.append(f"line {row.line}: {bad}")
    if errors:
        more = f" (and {len(errors) - 10} more)" if len(errors) > 10 else ""
        raise RecipientsError(f"{path}: {'; '.join(errors[:10])}{more}")
    return rows


def share(recipient: str, amount: str) -> Share:
    """Reads a share from a row's cells.

    Raises:
        RecipientsError: not an address, or not an amount above zero.
    """
    try:
        claimant = Pubkey.from_string(recipient.strip())
    except ValueError:
        raise RecipientsError(f"{recipient!r} is not an address") from None
    if (kind := no_recipient(claimant)) is not None:
        raise RecipientsError(f"{claimant} is {kind}: nobody could ever take what is there")
    try:
        io = IO(amount.strip())
    except AmountError as bad:
        raise RecipientsError(str(bad)) from None
    if not 0 < io.base < 1 << 64:
        most = IO.from_base((1 << 64) - 1)
        raise RecipientsError(f"an amount is above zero and at most {most}, not {amount}")
    return Share(claimant, io)


def no_recipient(address: Pubkey) -> str | None:
    """What an address is that is nobody's; None for what may be somebody's."""
    if address == pda.mint.MINT:
        return "the mint of IO"
    if (name := registry.name(str(address))) is not None:
        return f"the program {name}"
    return "an address of Solana's own" if address in _PROGRAMS else None


__all__ = ["AirdropTree", "RecipientsError", "Share", "claimed", "no_recipient", "read_shares", "share"]

if not TYPE_CHECKING:
    __getattr__ = renamed(
        __name__,
        {
            "CHUNK": "ionet._generated.distributor.constants:CHUNK",
            "DOMAIN": "ionet._generated.distributor.constants:AIRDROP_DOMAIN",
        },
    )

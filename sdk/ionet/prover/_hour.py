"""What seats keep of an hour: signed commitments, receipts, and the list whose root goes on the chain."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey
from solders.signature import Signature

from ionet.formats.merkle import Tree, empty_hash, leaf_hash
from ionet.prover._answers import ProofError, Reason
from ionet.prover._signed import MESSAGE_BYTES, SignedRoot
from ionet.prover._spec import ChallengeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Domain of the tree over a seat's entries.
ENTRIES: Final = b"ionet:hour"
RECEIPT: Final = b"ionet:hour:receipt"
_DRAW: Final = b"ionet:hour:draw"
#: The largest product of an hour: of more, no cell fits a transaction that disproves it.
MOST_M, MOST_K = 4_096, 65_536
#: Multiplications for which a processor works in one answer at most.
MOST_WORK = MOST_M * MOST_M * MOST_K
#: Seconds of the chain from an hour's tick in which no device signs: a fork may take a tick back, and what
#: was signed for its seed would be wrong for that of the next one.
SETTLED: Final = 60
#: An hour in so many asks a processor for its memory.
_MEMORY_HOURS: Final = 24
ENTRY_BYTES: Final = MESSAGE_BYTES + 32 + 64


@dataclass(frozen=True, slots=True)
class Entry:
    """A commitment that a seat has received.

    Attributes:
        signed: what was signed.
        device: the key that signed it, 32 bytes.
        signature: 64 bytes.
    """

    signed: SignedRoot
    device: bytes
    signature: bytes

    @classmethod
    def from_bytes(cls, data: bytes) -> Entry:
        """Reads what `to_bytes` wrote; the signature is not checked.

        Raises:
            ProofError: (MALFORMED) these are no such bytes.
        """
        if len(data) != ENTRY_BYTES:
            raise ProofError(Reason.MALFORMED, f"{len(data)} bytes are no entry of {ENTRY_BYTES}")
        message, rest = data[:MESSAGE_BYTES], data[MESSAGE_BYTES:]
        try:
            return cls(SignedRoot.from_message(message), rest[:32], rest[32:])
        except ChallengeError as bad:
            raise ProofError(Reason.MALFORMED, str(bad)) from bad

    def to_bytes(self) -> bytes:
        """Returns message, key and signature."""
        return self.signed.message + self.device + self.signature

    @property
    def leaf(self) -> bytes:
        """Its leaf's hash in a seat's tree."""
        return leaf_hash(ENTRIES, self.to_bytes())

    @property
    def place(self) -> tuple[bytes, int, int]:
        """Node, processor and number: a seat has one entry of each."""
        return self.signed.node, self.signed.unit, self.signed.number

    def verify(self) -> bool:
        """Whether the device has signed it."""
        return _verified(self.device, self.signature, self.signed.message)


def receipt_message(hour: int, leaf: bytes) -> bytes:
    """Returns what a seat signs when it has taken an entry.

    Args:
        hour: hours from the start of emission to the end of the hour.
        leaf: the entry's leaf, 32 bytes.
    """
    return RECEIPT + hour.to_bytes(8, "little") + leaf


def receipt_holds(seat: bytes, hour: int, leaf: bytes, signature: bytes) -> bool:
    """Whether a seat's key has signed a receipt for an entry."""
    return _verified(seat, signature, receipt_message(hour, leaf))


def _verified(key: bytes, signature: bytes, message: bytes) -> bool:
    return len(signature) == 64 and Signature(signature).verify(Pubkey(key), message)


def list_bytes(entries: Iterable[Entry]) -> bytes:
    """Returns the file of a seat's entries, in the order of their bytes: node, processor, number."""
    return b"".join(sorted(entry.to_bytes() for entry in entries))


def read_list(data: bytes) -> tuple[Entry, ...]:
    """Reads a file of entries; signatures are not checked.

    Raises:
        ProofError: (MALFORMED) it is none, or not in order, or has an entry twice.
    """
    parts = [data[at : at + ENTRY_BYTES] for at in range(0, len(data), ENTRY_BYTES)]
    if parts != sorted(set(parts)):
        raise ProofError(Reason.MALFORMED, "the entries are not in the order of their bytes")
    return tuple(map(Entry.from_bytes, parts))


def list_root(entries: Sequence[Entry]) -> bytes:
    """Returns the root that a seat posts; without entries, that of an empty tree."""
    ordered = sorted(entries, key=Entry.to_bytes)
    return Tree([entry.leaf for entry in ordered], ENTRIES).root if ordered else empty_hash(ENTRIES)


def draw_entries(entries: Iterable[Entry], randomness: bytes, most: int) -> tuple[Entry, ...]:
    """Returns the entries that are opened: the same ones for every seat, whatever else it has received.

    Args:
        entries: a seat's.
        randomness: of the hour's draw, 32 bytes.
        most: how many are opened at most.
    """
    return tuple(
        sorted(entries, key=lambda entry: sha256(_DRAW + randomness + entry.signed.message).digest())[:most]
    )


def memory_unit(seed: bytes, node: bytes, units: int) -> int | None:
    """Returns which of a node's processors an hour asks for its memory, from 0; None: it asks none.

    Each is asked about once a day, and never two of a node in one hour.

    Args:
        seed: the hour's, 32 bytes.
        node: the node's address, 32 bytes.
        units: how many processors it has.
    """
    lot = sha256(b"ionet:mem:lot" + seed + node).digest()
    drawn = int.from_bytes(lot[:8], "little") % _MEMORY_HOURS
    return drawn if drawn < units else None

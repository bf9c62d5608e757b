"""A device's signed statement for one hour."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey
from solders.signature import Signature

_STATEMENT: Final = struct.Struct("<32sqII32s32s")


@dataclass(frozen=True, slots=True)
class Statement:
    """A device's signed statement for one hour.

    Attributes:
        device: the device's public key, 32 bytes.
        good: seconds of the hour without a break in its samples.
        proof: digest of its last compute proof, 32 bytes.
        samples: digest of its signed samples of the hour, 32 bytes.
        signature: ed25519 over `statement_bytes`, 64 bytes.
    """

    device: bytes
    good: int
    proof: bytes
    samples: bytes
    signature: bytes

    def verify(self, node: bytes, period_end: int, up_hours: int) -> bool:
        """Whether the device signed this for the node and hour."""
        message = statement_bytes(node, period_end, up_hours, self.good, self.proof, self.samples)
        return Signature.from_bytes(self.signature).verify(Pubkey(self.device), message)


def statement_bytes(
    node: bytes, period_end: int, up_hours: int, good: int, proof: bytes, samples: bytes
) -> bytes:
    """What a device signs: ``b"ionet:hour" || node || period_end || up_hours || good || proof || samples``.

    ``period_end`` is an i64, ``up_hours`` and ``good`` are u32, all little-endian.
    """
    return b"ionet:hour" + _STATEMENT.pack(node, period_end, up_hours, good, proof, samples)

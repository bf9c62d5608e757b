"""What two nodes have measured between them, as both of them have signed it. Pure.

The text that both sign, UTF-8 lines without a newline at the end; the lower of the two keys comes first::

    ionet:overlay measured
    first <address of a device>
    second <address of a device>
    by <host:port of the gateway that relayed it>
    round-trip <median, microseconds>
    forth <bytes> <nanoseconds>
    back <bytes> <nanoseconds>
    at <Unix seconds of the chain>
    transcript <sha256 of what they exchanged>

The transcript has random bytes of both, so that no gateway can answer for one of them, and none can measure a
shorter way than the one through it. Two nodes that lie together can sign what they like: it is their word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from solders.pubkey import Pubkey
from solders.signature import Signature

from ionet.chain.errors import IonetError

#: Seconds of the chain for which a statement tells something.
FRESH: Final = 86_400
#: Seconds by which two nodes' clocks may differ, and a reader's from theirs.
APART: Final = 300
_PLACE: Final = re.compile(r"[a-z0-9.\-:\[\]]{3,262}")
_MOST: Final = 1 << 62


class MeasurementError(IonetError, ValueError):
    """A statement cannot be read, or is not signed by both nodes."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """The link between two nodes at one moment. Keys are 32 bytes.

    Attributes:
        first: the lower of the two device keys.
        second: the other.
        by: the gateway that relayed it, ``host:port``.
        round_trip: median, microseconds.
        forth: bytes from the first to the second, and the nanoseconds that they took to arrive.
        back: the same from the second to the first.
        at: Unix seconds of the chain.
        transcript: sha256 of what was exchanged, 32 bytes.
        signatures: of the first and the second, 64 bytes each; one of zeros is not there.
    """

    first: bytes
    second: bytes
    by: str
    round_trip: int
    forth: tuple[int, int]
    back: tuple[int, int]
    at: int
    transcript: bytes
    signatures: tuple[bytes, bytes] = (bytes(64), bytes(64))

    @property
    def pair(self) -> frozenset[bytes]:
        """The two keys."""
        return frozenset((self.first, self.second))

    @property
    def bits(self) -> int:
        """Bits a second of the slower direction."""
        return min(count * 8_000_000_000 // took for count, took in (self.forth, self.back))

    @property
    def text(self) -> bytes:
        """What is signed."""
        lines = (
            "ionet:overlay measured",
            f"first {Pubkey(self.first)}",
            f"second {Pubkey(self.second)}",
            f"by {self.by}",
            f"round-trip {self.round_trip}",
            f"forth {self.forth[0]} {self.forth[1]}",
            f"back {self.back[0]} {self.back[1]}",
            f"at {self.at}",
            f"transcript {self.transcript.hex()}",
        )
        return "\n".join(lines).encode()

    def signed_by(self, key: bytes) -> bool:
        """Whether one of the two has signed it."""
        signature = self.signatures[key == self.second]
        return Signature(signature).verify(Pubkey(key), self.text)

    def verify(self) -> None:
        """Raises `MeasurementError` unless both have signed it."""
        for key in (self.first, self.second):
            if not self.signed_by(key):
                raise MeasurementError(f"the measurement is not signed by {Pubkey(key)}")

    def to_dict(self) -> dict[str, Any]:
        """Returns what travels."""
        return {
            "at": self.at,
            "back": list(self.back),
            "by": self.by,
            "first": str(Pubkey(self.first)),
            "forth": list(self.forth),
            "round_trip": self.round_trip,
            "second": str(Pubkey(self.second)),
            "signatures": [signature.hex() for signature in self.signatures],
            "transcript": self.transcript.hex(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Measurement:
        """Reads a statement; `verify` says whether it holds.

        Raises:
            MeasurementError: it is none.
        """
        try:
            first, second = (bytes(Pubkey.from_string(values[name])) for name in ("first", "second"))
            signatures = tuple(bytes.fromhex(text) for text in values["signatures"])
            transcript = bytes.fromhex(values["transcript"])
            made = cls(
                first,
                second,
                str(values["by"]),
                _number(values["round_trip"]),
                _counted(values["forth"]),
                _counted(values["back"]),
                _number(values["at"]),
                transcript,
                signatures,  # type: ignore[arg-type]  # looked at below
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            raise MeasurementError("it is no measurement of two nodes") from None
        if not first < second:
            raise MeasurementError("a measurement names the lower key first, and two nodes")
        if [len(part) for part in (*signatures, transcript)] != [64, 64, 32] or not _PLACE.fullmatch(made.by):
            raise MeasurementError("a measurement has two signatures, a transcript and a gateway's name")
        return made


def _number(value: object) -> int:
    if type(value) is not int or not 0 < value < _MOST:
        raise ValueError
    return value


def _counted(value: Any) -> tuple[int, int]:
    count, took = value
    return _number(count), _number(took)

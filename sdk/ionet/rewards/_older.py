"""Measurements in evidence of the format before (``ionet-evidence/5``), each signed by itself.

A line for each attester and node, after those of the nodes::

    {"attester": "..", "node": "..", "signature": "..",
     "statement": null or {"device", "good", "proof", "samples", "signature", "up_hours"},
     "up_hours": null or 5, "verdict": null or {"evidence", "passed", "reason", "score_bps", "time"}}

The signature is over ``b"ionet:measured" || end || sha256(line)``: the line is the one without its signature.
"""

from __future__ import annotations

import hashlib
import struct
from typing import Any, Final, cast

from solders.pubkey import Pubkey
from solders.signature import Signature

from ionet.formats import canonical
from ionet.rewards._lines import number, word_from
from ionet.rewards._measured import DOMAIN, Measure
from ionet.rewards._verdicts import parse_verdict

FORMAT: Final = "ionet-evidence/5"


class SignedAlone:
    """Measurements that are each signed by themselves.

    Args:
        end: end of the hour, Unix seconds.
    """

    def __init__(self, end: int) -> None:
        self._end = end
        self._signed: list[tuple[Measure, bytes, bytes]] = []

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What was read."""
        return tuple(measure for measure, _, _ in self._signed)

    def take(self, value: dict[str, Any]) -> None:
        """Takes a line's JSON, which was canonical.

        Raises:
            ValueError, TypeError, KeyError: it is none.
        """
        node = bytes(Pubkey.from_string(value["node"]))
        word, verdict, up_hours = value["statement"], value["verdict"], value["up_hours"]
        measure = Measure(
            bytes(Pubkey.from_string(value["attester"])),
            node,
            None if word is None else word_from(node, word),
            None if verdict is None else parse_verdict(verdict),
            None if up_hours is None else number(up_hours, 31),
        )
        if self._signed and self._key(measure) <= self._key(self._signed[-1][0]):
            raise ValueError("its measurements are not in ascending order")
        bare = cast("canonical.Json", {name: item for name, item in value.items() if name != "signature"})
        digest = hashlib.sha256(canonical.encode(bare)).digest()
        signature = bytes(Signature.from_string(value["signature"]))
        self._signed.append((measure, signature, DOMAIN + struct.pack("<q", self._end) + digest))

    @staticmethod
    def _key(measure: Measure) -> tuple[bytes, bytes]:
        return measure.node, measure.attester

    def forged(self) -> Measure | None:
        """The first one that its attester has not signed; None: there is none."""
        for measure, signature, message in self._signed:
            if not Signature.from_bytes(signature).verify(Pubkey(measure.attester), message):
                return measure
        return None

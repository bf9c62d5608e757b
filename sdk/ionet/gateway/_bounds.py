"""What one gateway takes, and what it counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from ionet.wire import Role

#: By role: messages and bytes a second, and how many seconds of that may come at once.
RATES: Final[Mapping[Role, tuple[float, float, float]]] = MappingProxyType(
    {
        Role.AGENT: (20.0, 1 << 20, 8.0),
        Role.RENTER: (20.0, 1 << 20, 8.0),
        Role.SEAT: (5_000.0, 32 << 20, 4.0),
    }
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one gateway takes.

    Attributes:
        peers: agents and renters in all; seats always have room.
        arriving: connections that have neither sent a whole HTTP request nor greeted as a peer.
        files: connections that read or write files.
        per_address: connections from one network address: an IPv4 address, or an IPv6 network of 64 bits.
        arriving_per_address: of them, those that are arriving.
        files_per_address: of them, those that read or write files.
        new_per_address: connections a second from one address; ten seconds' worth may come at once.
        candidates: devices that are not registered yet.
        seconds_to_arrive: in which a connection has sent its request, or greeted, TLS included.
        seconds_to_greet: in which a WebSocket has greeted.
        seconds_to_send: in which a peer reads 48 KiB of what waits for it; readers of files have twice as
            long for a part of a file.
        seconds_to_close: in which a peer has read the end of its connection.
        seconds_to_receive: in which a message has come whole.
        seconds_silent: after which a peer is asked whether it is there, and after which once more it is not.
        seconds_as_candidate: after which a device that is not registered makes room.
        waiting_bytes: what may wait for one agent or renter; a quarter of it from one sender.
        waiting_bytes_seat: what may wait for one seat; a quarter of it from one sender.
        waiting_bytes_total: what may wait for all of them.
        partial_bytes: of messages that have come in part, altogether.
        joins_per_key: greetings a minute of one key, but for renters.
        joins_per_renter: greetings a minute of a renter's key: each of their commands is one.
        rates: see `RATES`.
    """

    peers: int = 8_000
    arriving: int = 2_048
    files: int = 1_024
    per_address: int = 2_048
    arriving_per_address: int = 256
    files_per_address: int = 64
    new_per_address: float = 50.0
    candidates: int = 256
    seconds_to_arrive: float = 20.0
    seconds_to_greet: float = 10.0
    seconds_to_send: float = 20.0
    seconds_to_close: float = 5.0
    seconds_to_receive: float = 30.0
    seconds_silent: float = 30.0
    seconds_as_candidate: float = 1_800.0
    waiting_bytes: int = 8 << 20
    waiting_bytes_seat: int = 32 << 20
    waiting_bytes_total: int = 256 << 20
    partial_bytes: int = 256 << 20
    joins_per_key: int = 12
    joins_per_renter: int = 60
    rates: Mapping[Role, tuple[float, float, float]] = field(default_factory=lambda: RATES)

    @property
    def connections(self) -> int:
        """Connections of all kinds."""
        return self.peers + self.arriving + self.files


@dataclass(slots=True)
class Counters:
    """What has happened, for metrics.

    Attributes:
        messages: passed on.
        octets: bytes passed on.
        undelivered: messages that were not passed on, by reason.
        refused: connections and greetings that were refused, by reason.
        dropped: peers' connections that were ended, by reason.
    """

    messages: int = 0
    octets: int = 0
    undelivered: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)

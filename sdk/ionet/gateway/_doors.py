"""Who may connect at all, and for how long without saying what for.

It counts connections before any byte of theirs is read, TLS included. A connection is *arriving* until it has
sent a whole HTTP request, or has greeted as a peer; then it is settled. Where too many arrive at once, the
oldest from the address that has the most makes room: whoever opens connections by the thousand pushes out
their own.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from ionet.gateway._bounds import Bounds, Counters
from ionet.wire._bucket import Bucket

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Stage: TypeAlias = Literal["arriving", "files", "peer"]
#: Addresses whose new connections are counted.
_ADDRESSES: Final = 50_000


@dataclass(slots=True, eq=False)
class Arrival:
    """One connection.

    Attributes:
        address: the network that it is counted for; empty for a trusted proxy until it says for whom.
        closed: when it was closed from here.
        unread: since when nothing more can be sent, as nothing is read.
    """

    doors: Doors
    transport: asyncio.Transport
    address: str
    stage: Stage = "arriving"
    since: float = field(default_factory=time.monotonic)
    closed: float | None = None
    unread: float | None = None

    def settled(self, stage: Stage) -> None:
        """It has said what it is for."""
        self.doors._move(self, stage)

    def closing(self) -> None:
        """It was closed from here."""
        if self.closed is None:
            self.closed = time.monotonic()

    def gone(self) -> None:
        """It is gone."""
        self.doors._remove(self)


class Doors:
    """Counts connections.

    Args:
        bounds: how many there may be.
        counters: told whom it refused.
        proxies: networks of proxies, whose connections are other people's.
        only_proxies: nobody else may connect.
    """

    def __init__(
        self,
        bounds: Bounds,
        counters: Counters,
        *,
        proxies: Sequence[Network] = (),
        only_proxies: bool = False,
    ) -> None:
        self._bounds, self._counters = bounds, counters
        self._proxies, self._only_proxies = proxies, only_proxies
        self._all: dict[Arrival, None] = {}
        self._arriving: dict[str, dict[Arrival, None]] = {}
        self._by_stage: Counter[str] = Counter()
        self._by_address: Counter[str] = Counter()
        self._files: Counter[str] = Counter()
        self._new: dict[str, Bucket] = {}

    def count(self, stage: Stage) -> int:
        """How many connections are in a stage."""
        return self._by_stage[stage]

    def enter(self, transport: asyncio.Transport) -> Arrival | None:
        """A connection has come; None: it was thrown out."""
        peername = transport.get_extra_info("peername")
        host = str(peername[0]) if isinstance(peername, tuple) else ""
        trusted = self._is_proxy(host)
        why = None
        if self._only_proxies and not trusted:
            why = "not-the-proxy"
        elif len(self._all) >= self._bounds.connections:
            why = "connections"
        elif not trusted:
            why = self._objection(network_of(host))
        if why is not None:
            self._counters.refused[why] += 1
            transport.abort()
            return None
        arrival = Arrival(self, transport, "" if trusted else network_of(host))
        self._all[arrival] = None
        self._by_stage["arriving"] += 1
        self._by_address[arrival.address] += 1
        self._arriving.setdefault(arrival.address, {})[arrival] = None
        self._make_room()
        return arrival if arrival in self._all else None

    def named(self, arrival: Arrival, forwarded: str) -> bool:
        """A trusted proxy has said for whom it connects; returns whether they may.

        Args:
            arrival: its connection.
            forwarded: `X-Forwarded-For`, of which the last is the proxy's own word.
        """
        if arrival.address:
            # Anybody else may say what they like.
            return True
        address = network_of(forwarded.rpartition(",")[2].strip())
        if (why := self._objection(address)) is not None:
            self._counters.refused[why] += 1
            return False
        stage = arrival.stage
        self._remove(arrival)
        arrival.address, arrival.stage = address, stage
        self._all[arrival] = None
        self._by_stage[stage] += 1
        self._by_address[address] += 1
        if stage == "arriving":
            self._arriving.setdefault(address, {})[arrival] = None
        return True

    def files_of(self, arrival: Arrival) -> int:
        """How many connections of its address read or write files."""
        return self._files[arrival.address]

    def sweep(self) -> None:
        """Ends what is late. To be called about once a second."""
        now = time.monotonic()
        for arrival in list(self._all):
            if arrival.closed is None and arrival.transport.is_closing():
                arrival.closed = now
            if arrival.closed is not None:
                if now - arrival.closed > self._bounds.seconds_to_close:
                    self._throw_out(arrival, None)
            elif arrival.unread is not None and now - arrival.unread > 2 * self._bounds.seconds_to_send:
                self._throw_out(arrival, "unread")
            elif arrival.stage == "arriving" and now - arrival.since > self._bounds.seconds_to_arrive:
                self._throw_out(arrival, "headers")
        for address in list(self._new):
            if not self._new[address].full:
                break
            del self._new[address]

    def close(self) -> None:
        """Throws out whoever is still there."""
        for arrival in list(self._all):
            self._throw_out(arrival, None)

    def _is_proxy(self, host: str) -> bool:
        if not self._proxies:
            return False
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        return any((mapped or address) in network for network in self._proxies)

    def _objection(self, address: str) -> str | None:
        if self._by_address[address] >= self._bounds.per_address:
            return "address"
        if len(self._arriving.get(address, ())) >= self._bounds.arriving_per_address:
            return "address"
        bucket = self._new.get(address)
        if bucket is None:
            bucket = self._new[address] = Bucket(self._bounds.new_per_address, 10.0)
            if len(self._new) > _ADDRESSES:
                del self._new[next(iter(self._new))]
        return None if bucket.take() else "rate"

    def _make_room(self) -> None:
        if self._by_stage["arriving"] > self._bounds.arriving:
            most = max(self._arriving.values(), key=len)
            self._throw_out(next(iter(most)), "arriving")

    def _throw_out(self, arrival: Arrival, why: str | None) -> None:
        if why is not None:
            self._counters.refused[why] += 1
        self._remove(arrival)
        arrival.transport.abort()

    def _move(self, arrival: Arrival, stage: Stage) -> None:
        if arrival.stage == stage or arrival not in self._all:
            return
        self._leave(arrival)
        arrival.stage = stage
        self._by_stage[stage] += 1
        if stage == "files":
            self._files[arrival.address] += 1
        elif stage == "arriving":
            arrival.since = time.monotonic()
            self._arriving.setdefault(arrival.address, {})[arrival] = None

    def _leave(self, arrival: Arrival) -> None:
        self._by_stage[arrival.stage] -= 1
        if arrival.stage == "arriving":
            same = self._arriving[arrival.address]
            del same[arrival]
            if not same:
                del self._arriving[arrival.address]
        elif arrival.stage == "files":
            self._files[arrival.address] -= 1
            if not self._files[arrival.address]:
                del self._files[arrival.address]

    def _remove(self, arrival: Arrival) -> None:
        if arrival in self._all:
            del self._all[arrival]
            self._leave(arrival)
            self._by_address[arrival.address] -= 1
            if not self._by_address[arrival.address]:
                del self._by_address[arrival.address]


def network_of(host: str) -> str:
    """What connections are counted for: an IPv4 address, or the 64 bits of IPv6 that one customer has."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return "?"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)

"""The addresses of a lease's overlay, and nebula's settings for each of its processes. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

#: What every member's certificate names, and no relay's.
MEMBERS: Final = "lease"
RELAYS: Final = "relay"
#: The interface's name inside a member's network namespace, and its largest packet: with the headers of
#: nebula, of a relay and of UDP it stays below 1,400 bytes.
DEVICE: Final = "io0"
MTU: Final = 1300
#: Numbers of leased nodes, from the head on, with room for replacements; of the renter's machines; of the
#: relay.
NODES: Final = range(1, 1000)
RENTERS: Final = range(1000, 1020)
RELAY: Final = 1022
#: Where the files of a process are inside its jail.
INSIDE: Final = "/config"
CONFIG: Final = "nebula.json"
AUTHORITY: Final = "ca.crt"
CERTIFICATE: Final = "own.crt"
KEY: Final = "own.key"

_ANY: Final = "0.0.0.0"  # noqa: S104 (its packets are nobody's who has no certificate)
#: Shared by carriers with their customers: nobody routes it, and no box's own interfaces are in it.
_ROOM: Final = ipaddress.IPv4Network("100.64.0.0/10")
#: Where no member is to send anything, whatever address another member or the gateway names for it.
_CLOSED: Final = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/3",
)


@dataclass(frozen=True, slots=True)
class Subnet:
    """The addresses of one lease: a /22 that follows from the lease.

    Two leases may have the same one; they never meet.

    Attributes:
        network: all of them.
    """

    network: ipaddress.IPv4Network

    @classmethod
    def of(cls, lease: bytes) -> Subnet:
        """Returns the subnet of a lease.

        Args:
            lease: address of its cluster, or of its job if it has one node; 32 bytes.
        """
        number = int.from_bytes(sha256(b"ionet:overlay" + lease).digest()[:8], "big")
        step = 1 << 10
        start = int(_ROOM.network_address) + number % (_ROOM.num_addresses // step) * step
        return cls(ipaddress.IPv4Network((start, 22)))

    def address(self, number: int) -> str:
        """Returns an address by its number, 1 to 1022."""
        if not 1 <= number <= RELAY:
            raise ValueError(f"an overlay's addresses have the numbers 1 to {RELAY}, not {number}")
        return str(self.network[number])

    def interface(self, number: int) -> str:
        """Returns an address with the length of the network, as certificates name it."""
        return f"{self.address(number)}/{self.network.prefixlen}"


def next_number(taken: Iterable[int], numbers: range) -> int | None:
    """Returns the lowest number that is not taken; None if all are."""
    gone = set(taken)
    return next((number for number in numbers if number not in gone), None)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a lease's relay is reached.

    Attributes:
        host: an IPv4 address.
        port: of UDP.
    """

    host: str
    port: int

    def __post_init__(self) -> None:
        ipaddress.IPv4Address(self.host)
        if not 0 < self.port < 1 << 16:
            raise ValueError(f"there is no port {self.port}")

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @classmethod
    def parse(cls, text: str) -> Place:
        """Reads what `str` makes; raises ValueError for anything else."""
        host, colon, port = text.rpartition(":")
        if not colon or not port.isdecimal() or len(port) > 5:
            raise ValueError(f"{text[:100]!r} is not ADDRESS:PORT")
        return cls(host, int(port))


def member(subnet: Subnet, relay: Place) -> dict[str, Any]:
    """Returns nebula's settings for a member. It talks to members only, and sends to public addresses only.

    Args:
        subnet: the lease's.
        relay: the gateway's process for this lease; its address may be a private one.
    """
    lighthouse = subnet.address(RELAY)
    allowed = {"0.0.0.0/0": True, **dict.fromkeys(_CLOSED, False), f"{relay.host}/32": True, "::/0": False}
    rule = [{"port": "any", "proto": "any", "group": MEMBERS}]
    return {
        **_common(),
        "static_host_map": {lighthouse: [str(relay)]},
        "lighthouse": {
            "am_lighthouse": False,
            "interval": 10,
            "hosts": [lighthouse],
            "remote_allow_list": allowed,
            # Addresses inside a box are of no use outside.
            "local_allow_list": {"0.0.0.0/0": False, "::/0": False},
        },
        # Any port: the machine may serve several leases, and is behind a NAT anyway.
        "listen": {"host": _ANY, "port": 0},
        "punchy": {"punch": True, "respond": True, "delay": "500ms"},
        "relay": {"am_relay": False, "relays": [lighthouse], "use_relays": True},
        "tun": {"dev": DEVICE, "mtu": MTU},
        "firewall": {"outbound": rule, "inbound": rule},
    }


def relay(port: int) -> dict[str, Any]:
    """Returns nebula's settings for the process at a gateway: it has no interface, and admits nothing.

    Args:
        port: of UDP, on all addresses of the machine.
    """
    return {
        **_common(),
        "lighthouse": {"am_lighthouse": True},
        "listen": {"host": _ANY, "port": port},
        "punchy": {"punch": True},
        "relay": {"am_relay": True, "use_relays": False},
        "tun": {"disabled": True},
        "firewall": {"outbound": [], "inbound": []},
    }


def _common() -> dict[str, Any]:
    return {
        "pki": {
            "ca": f"{INSIDE}/{AUTHORITY}",
            "cert": f"{INSIDE}/{CERTIFICATE}",
            "key": f"{INSIDE}/{KEY}",
            # Connections end with a certificate, not only begin with one.
            "disconnect_invalid": True,
        },
        "logging": {"level": "info", "format": "text"},
    }

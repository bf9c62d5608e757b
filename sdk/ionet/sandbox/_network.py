"""A box's network: its own loopback, and for a box with internet one interface to a process of the host.

That process, slirp4netns, opens connections of the host's own for what the box sends. It is a user of its
own, without capabilities, sees next to no files and cannot start a program. What the box may send is decided
before, by a firewall in the box's network namespace, which belongs to a user namespace that nothing of the
box is in.
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import ipaddress
import json
import os
import select
import socket
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ionet.sandbox import _cgroups
from ionet.sandbox._host import TOOL_PATH, ToolFailed, tool

NETWORKS: Final = Path("/run/netns")
#: The interface's name, its size of packets, and the network between the box and its other end.
_INTERFACE: Final = "tap0"
_MTU: Final = 1500
_BETWEEN: Final = "10.0.2.0/24"

#: New connections in a second, those at once at its begin, and those that are open at one time.
RATE: Final = 32
BURST: Final = 256
OPEN: Final = 1000
#: Sockets and other open files of slirp4netns, and bytes of its memory.
_FILES: Final = OPEN + 64
_MEMORY: Final = 512 << 20
_START_SECONDS: Final = 20
_WORDS: Final = 400
_NS_GET_USERNS: Final = 0xB701
_CLONE_NEWNET: Final = 0x40000000
#: A route that is shorter is not a network next to the machine, but half of a VPN's way to everywhere.
_SHORTEST: Final = 8

#: What is not the internet, of the registries of special-purpose addresses; those for documentation are
#: nobody's. The last is the metadata service of a cloud that has it among public addresses.
_CLOSED: Final = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "168.63.129.16/32",
)

#: `io0` is the interface of the lease's overlay, which has its own firewall.
_RULES: Final = """\
table inet box {{
  set closed {{ type ipv4_addr; flags interval; auto-merge; elements = {{ {closed} }}; }}
  chain untracked-out {{ type filter hook output priority raw; oifname "lo" notrack; }}
  chain untracked-in {{ type filter hook prerouting priority raw; iifname "lo" notrack; }}
  chain in {{
    type filter hook input priority filter; policy drop;
    iifname {{ "lo", "io0" }} accept;
    {bytes}
    ct state established,related accept;
  }}
  chain out {{
    type filter hook output priority filter; policy drop;
    oifname {{ "lo", "io0" }} accept;
    meta nfproto ipv6 reject with icmpx admin-prohibited;
    ip daddr @closed reject with icmpx admin-prohibited;
    tcp dport 25 reject with icmpx admin-prohibited;
    {bytes}
    ct state established,related accept;
    ct state invalid drop;
    meta l4proto != {{ tcp, udp }} drop;
    limit rate over {rate}/second burst {burst} packets drop;
    ct count over {open} reject with icmpx admin-prohibited;
    accept;
  }}
}}
"""

#: In a mount namespace of its own: what listens in /run is out of sight, and any user has the device.
_SCRIPT: Final = """
read go
mount -t tmpfs -o size=4k,mode=755,nosuid,nodev,noexec tmpfs /run
mount -t tmpfs -o size=4k,mode=755,nosuid,noexec tmpfs /dev/net
mknod -m 666 /dev/net/tun c 10 200
user=$1 files=$2
shift 2
exec prlimit --nofile=$files nsenter --user=/proc/self/fd/$user --setuid 0 --setgid 0 slirp4netns "$@"
"""


@dataclass(frozen=True, slots=True)
class Internet:
    """How a box reaches the internet: by IPv4, TCP and UDP, and never what is next to the machine.

    Attributes:
        resolvers: IPv4 addresses of public name servers; the machine's own may be its router.
        closed: IPv4 networks that it must not reach, besides private ones, the machine's own addresses and
            the networks that it is in.
        rate: bytes a second that it sends at most, and as many that it receives; None: no limit.
    """

    resolvers: tuple[str, ...] = ("9.9.9.9", "1.1.1.1")
    closed: tuple[str, ...] = ()
    rate: int | None = None


def make(name: str, owner: int | None) -> None:
    """Makes a network namespace with nothing but its loopback.

    Args:
        name: below `NETWORKS`.
        owner: the user of the host who is root over it, in a user namespace of its own; None for the host's.

    Raises:
        ToolFailed, OSError: it cannot be made.
    """
    if owner is None:
        tool("ip", "netns", "add", name)
    else:
        # It ends with this process, if not before.
        with subprocess.Popen(
            ["unshare", "--user", "--net", "cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env={"PATH": TOOL_PATH, "LC_ALL": "C"},
        ) as holder:
            assert holder.stdin is not None
            assert holder.stdout is not None
            holder.stdin.write(b"\n")
            if not holder.stdout.read(1):
                raise ToolFailed("unshare: no user namespace can be made")
            process = Path(f"/proc/{holder.pid}")
            for file, text in (
                ("setgroups", "deny"),
                ("uid_map", f"0 {owner} 1"),
                ("gid_map", f"0 {owner} 1"),
            ):
                (process / file).write_text(text)
            tool("ip", "netns", "attach", name, holder.pid)
    tool("ip", "-n", name, "link", "set", "lo", "up")


def close(name: str, home: Path, internet: Internet) -> None:
    """Sets the firewall of a network namespace that is going to be connected.

    Raises:
        ToolFailed: the kernel or nft cannot.
    """
    file = home / "firewall"
    file.write_text(rules([*internet.closed, *around()], internet.rate))
    tool("nsenter", f"--net={NETWORKS / name}", "nft", "--file", file)


def rules(closed: Iterable[str], rate: int | None = None) -> str:
    """Returns the firewall, for nft. Pure.

    Args:
        closed: IPv4 networks, besides those that are not the internet.
        rate: bytes a second in each direction, of which those of one second may come at once; None: no limit.
    """
    # What is over it is dropped, at which TCP becomes slower.
    most = "" if rate is None else f"limit rate over {rate} bytes/second drop;"
    return _RULES.format(closed=", ".join([*_CLOSED, *closed]), bytes=most, rate=RATE, burst=BURST, open=OPEN)


def around() -> list[str]:
    """Returns the machine's own IPv4 addresses, the networks that it is in and the gateways that it uses."""
    addresses = json.loads(tool("ip", "-json", "-4", "address"))
    routes = json.loads(tool("ip", "-json", "-4", "route", "show", "table", "all"))
    return sorted({*_of_addresses(addresses), *_of_routes(routes)})


def _of_addresses(links: Iterable[dict[str, Any]]) -> Iterator[str]:
    for link in links:
        for address in link.get("addr_info", ()):
            for end in ("local", "address"):
                if end in address:
                    yield f"{address[end]}/32"
                    yield from _network(f"{address[end]}/{address['prefixlen']}")


def _of_routes(routes: Iterable[dict[str, Any]]) -> Iterator[str]:
    for route in routes:
        for hop in (route, *route.get("nexthops", ())):
            if "gateway" in hop:
                yield f"{hop['gateway']}/32"
        if route.get("scope") in ("link", "host") and route["dst"] != "default":
            yield from _network(route["dst"])


def _network(text: str) -> Iterator[str]:
    network = ipaddress.IPv4Network(text, strict=False)
    if network.prefixlen >= _SHORTEST:
        yield str(network)


class Uplink:
    """slirp4netns for one box, started by the box's supervisor. It ends when the supervisor does.

    Args:
        box: the box's name.
        network: the network namespace's name.

    Raises:
        ToolFailed, OSError: it does not start.
    """

    def __init__(self, box: str, network: str) -> None:
        ended, self._end = os.pipe()
        ready, started = os.pipe()
        words, said = os.pipe()
        inside = os.open(NETWORKS / network, os.O_RDONLY)
        user = fcntl.ioctl(inside, _NS_GET_USERNS)
        passed = (ended, started, inside, user)
        try:
            self._start(box, _command(user, inside, ended, started), passed, said)
        finally:
            for descriptor in (*passed, said):
                os.close(descriptor)
        try:
            if not select.select([ready], [], [], _START_SECONDS)[0] or not os.read(ready, 1):
                self.end()
                what = os.read(words, 1 << 16).decode(errors="replace").strip()[-_WORDS:]
                raise ToolFailed(f"slirp4netns: {what}")
        finally:
            os.close(ready)
            os.close(words)

    @staticmethod
    def _start(box: str, command: Sequence[str], passed: Sequence[int], said: int) -> None:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
            pass_fds=passed,
            cwd="/",
            env={"PATH": TOOL_PATH, "LC_ALL": "C"},
        )
        assert process.stdin is not None
        _cgroups.limit_memory(box, "net", _MEMORY)
        _cgroups.join(box, process.pid, "net")
        process.stdin.write(b"\n")
        process.stdin.close()

    def end(self) -> None:
        """Ends it, and with it the box's interface."""
        os.close(self._end)


def _command(user: int, inside: int, ended: int, started: int) -> list[str]:
    options = {
        "mtu": _MTU,
        "cidr": _BETWEEN,
        "netns-type": "path",
        "exit-fd": ended,
        "ready-fd": started,
    }
    return [
        *("unshare", "--mount", "--propagation", "private", "sh", "-ec", _SCRIPT, "uplink"),
        *(str(user), str(_FILES)),
        *("--configure", "--disable-host-loopback", "--disable-dns", "--enable-sandbox", "--enable-seccomp"),
        *(f"--{name}={value}" for name, value in options.items()),
        *(f"/proc/self/fd/{inside}", _INTERFACE),
    ]


async def connect(network: Path, port: int, seconds: float) -> socket.socket:
    """Connects to a port of a network namespace's loopback.

    Args:
        network: the namespace.
        port: the port.
        seconds: for the connection.

    Raises:
        OSError: nobody answers there, or the namespace is gone.
    """
    made = await asyncio.to_thread(_made_in, network)
    try:
        # Without a thread: what listens in there may have each of many wait.
        async with asyncio.timeout(seconds):
            await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", port))
    except BaseException:
        made.close()
        raise
    return made


def _made_in(network: Path) -> socket.socket:
    """A socket of a network namespace; it stays there, wherever it is used."""
    # A thread of its own, which ends there: a process's other threads stay where they are.
    with ThreadPoolExecutor(1) as one_thread:
        return one_thread.submit(_made, network).result()


def _made(network: Path) -> socket.socket:
    with network.open("rb") as namespace:
        if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"cannot enter {network}")
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setblocking(False)
    return made

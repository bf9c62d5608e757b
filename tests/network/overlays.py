"""Leases whose members are machines of a laboratory, for tests."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from solders.keypair import Keypair
from tests.network.lab import GATEWAY, Lab, children, eventually

from ionet.overlay import Authority, Grant, LeaseFacts, Member, Place, Process, Request, member, reap, relay
from ionet.overlay._homes import keeper
from ionet.sandbox import machine_time
from ionet.wire._seal import Sealed

NOW = 1_800_000_000


@dataclass
class OfLease:
    """A lease, with all that its parties have: its head's authority, its relay at the gateway, its members.

    Attributes:
        lab: where it is.
        state: of all machines' overlays.
        port: of the relay.
        seconds: until it ends.
    """

    lab: Lab
    state: Path
    port: int
    seconds: int = 3600
    lease: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    head: Keypair = field(default_factory=Keypair)
    renter: Keypair = field(default_factory=Keypair)
    members: list[Member] = field(default_factory=list)
    sealed: Sealed = field(default_factory=Sealed)

    def __post_init__(self) -> None:
        self.name = secrets.token_hex(4)
        self.authority = Authority(self.lease, self.name, self.state)
        self.place = Place(GATEWAY, self.port)
        self.relay = Process(f"{self.name}relay", self.state)
        self.ends = machine_time() + 600

    @property
    def facts(self) -> LeaseFacts:
        return LeaseFacts(
            self.lease, frozenset({bytes(self.renter.pubkey())}), tuple(self.members), NOW + self.seconds
        )

    def start_relay(self) -> None:
        public = self.relay.public()
        certificate = self.authority.certify_relay(public, self.seconds)
        settings = relay(self.port)
        authority = self.authority.open()
        self.lab.at("gateway", lambda: self.relay.start(settings, authority, certificate, self.ends))

    def book(self) -> tuple[Member, Keypair]:
        """Another node of the lease; the first is the head."""
        key = Keypair() if self.members else self.head
        booked = Member(secrets.token_bytes(32), secrets.token_bytes(32), bytes(key.pubkey()))
        self.members.append(booked)
        return booked, key

    def grant(self, process: Process, job: bytes, key: Keypair) -> Grant:
        """What the head's agent answers to a request, over the text that travels."""
        request = Request.sign(key, self.lease, job, process.public(), self.sealed.public)
        asked = Request.from_dict(request.to_dict())
        answer = self.authority.admit(asked, self.facts, NOW, self.place, self.head).to_dict()
        grant = Grant.from_dict(answer)
        grant.verify(request, bytes(self.head.pubkey()))
        return grant

    def join(self, machine: str, network: Path) -> Joined:
        """A node at a machine, whose box has a network."""
        booked, key = self.book()
        process = Process(f"{self.name}m{len(self.members)}", self.state)
        joined = Joined(self, machine, network, process, booked.job, key)
        joined.start()
        return joined


@dataclass
class Joined:
    """A member of a lease."""

    of: OfLease
    machine: str
    network: Path
    process: Process
    job: bytes
    key: Keypair

    def start(self, ends: float | None = None) -> None:
        grant = self.of.grant(self.process, self.job, self.key)
        settings = member(self.of.authority.subnet, grant.relay)
        end = self.of.ends if ends is None else ends
        self.of.lab.at(
            self.machine,
            lambda: self.process.start(settings, grant.authority, grant.certificate, end, self.network),
        )
        assert eventually(lambda: b"interface is active" in self.process.log()), self.process.log().decode()

    @property
    def address(self) -> str:
        address = self.of.authority.address(self.job)
        assert address is not None
        return address


def nebula(process: Process) -> int:
    """The number of a process's nebula."""
    home = process._home

    def running() -> list[int]:
        pid = keeper(home)
        return [] if pid is None else list(children(pid))

    assert eventually(running)
    return running()[0]


@contextmanager
def leases(lab: Lab) -> Iterator[Path]:
    """A directory for overlays, in memory; none is left at the end."""
    place = Path(tempfile.mkdtemp(prefix="ionet-over-", dir="/run"))
    place.chmod(0o711)
    try:
        yield place
        reap(place)
    finally:
        reap(place)
        shutil.rmtree(place)


__all__ = ["NOW", "Joined", "OfLease", "leases", "nebula"]

"""A node's part in a lease over several machines: it gets a certificate, and connects its box.

Agents do not reach each other. What they ask and grant each other is signed by keys that the chain knows, and
seats carry it: with a member's answer to `run` goes its request, with `admit` to the head, and what that
answers with `join` back to the member.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet import overlay
from ionet.chain.errors import IonetError
from ionet.executor import FailureReason, Part, RunFailure, lease_name
from ionet.overlay import Authority, DocumentError, Grant, LeaseFacts, Place, Process, Request
from ionet.sandbox import machine_time, network_of
from ionet.wire import Refused, Sealed, SealError
from ionet.worker._leases import Leased, NodeChain
from ionet.worker._relayed import GatewayAway, NoRelay, end_relay, start_relay

_log = logging.getLogger(__name__)
#: Why a lease is not taken up whose other nodes are still being booked.
INCOMPLETE: Final = "incomplete-cluster"
#: Seconds that a box waits for its certificate, and that the end of a relay may take.
_PATIENCE: Final = 300.0
_ENDING: Final = 20.0
#: Seconds for which a gateway that has a relay may be away, and between two looks for it.
_AWAY: Final = 180.0
_ANEW: Final = 1.0
#: Seconds of the chain before the end of certificates at which new ones are made, and their longest life.
_EARLY: Final = 86_400
_LONGEST: Final = 40 * 86_400
#: Seconds of the chain before their end from which on a relay moves for them: those that are in the old one
#: ask anew by then.
_LAST: Final = 3_600
#: The rate of the chain's clock up to which it counts as this machine's, and seconds of this machine.
_AS_FAST: Final = 2.0
_SOONEST: Final = 60.0


@dataclass(frozen=True, slots=True)
class Networks:
    """What a node needs to serve leases over several machines.

    Attributes:
        chain: read by the worker itself.
        device: the node's device key.
        gateways: URLs of gateways that may have relays, ``https://…``, the preferred first.
        state: directory of this machine's overlays, in memory.
    """

    chain: NodeChain
    device: Keypair
    gateways: Sequence[str]
    state: Path = overlay.OVERLAYS

    async def open(self, leased: Leased, *, head: bytes | None = None) -> Network:
        """Returns the node's part in a lease, after a look at the chain whether it is one.

        Args:
            leased: the node's own job.
            head: the head's job, where it is known from before.

        Raises:
            Refused: this node has no part in it, or it cannot be connected here.
        """
        facts = await self.chain.lease(leased.job)
        if (why := cluster_problem(facts, leased, bytes(self.device.pubkey()))) is not None:
            raise Refused("cluster", why)
        assert facts is not None
        assert facts.head is not None
        network = Network(self, leased, facts, head or facts.head.job)
        if leased.running:
            # Its time counts already: what fails now is told by the run.
            return network
        # In one that runs, a node that comes later waits for nobody.
        if len(facts.members) < leased.cluster_size and not facts.started:
            booked = f"{len(facts.members)} of the cluster's {leased.cluster_size} nodes are booked"
            raise Refused(INCOMPLETE, booked)
        if (why := overlay.missing()) is not None:
            raise Refused("no-overlay", why)
        if network.is_head:
            try:
                await network.start_relay(facts)
            except IonetError as bad:
                raise Refused("no-relay", str(bad)) from bad
        return network


class Network:
    """A node's part in one lease. `Networks.open` makes it.

    Args:
        of: what the node has.
        leased: its job.
        facts: of the lease.
        head: the head's job.
    """

    def __init__(self, of: Networks, leased: Leased, facts: LeaseFacts, head: bytes) -> None:
        self._of = of
        self._job = leased.job
        self._lease = facts.lease
        self._nodes = tuple(member.node for member in facts.members)
        self.head = head
        self._name = lease_name([leased.job])
        self._process = Process(self._name, of.state)
        self._authority = Authority(facts.lease, self._name, of.state)
        self._place: Place | None = None
        self._relay = ""
        self._ends_at = 0.0
        self._sealed = Sealed()
        self._request: Request | None = None
        self._grant: Grant | None = None
        self._secret = ""
        self._until = 0
        self._box: str | None = None
        self._granted = asyncio.Event()
        self._stopped = False

    @property
    def is_head(self) -> bool:
        """Whether this node has the lease's authority, and runs its manifest."""
        return self.head == self._job

    # -- the head's

    async def start_relay(self, facts: LeaseFacts, patience: float = 0.0, *, moves: bool = True) -> Place:
        """Has a gateway start the lease's relay, or go on with it, until the lease ends.

        Args:
            facts: of the lease.
            patience: seconds for which the gateway that has the relay is waited for. Another one's is a
                network of its own: those that are in the old one hear nothing of it.
            moves: whether another gateway's will do where that one starts none.

        Raises:
            NoRelay: no gateway does.
        """
        seconds = max(1, facts.ends_at - await self._of.chain.now())
        why = "no gateway is known"
        known, deadline = self._authority.relayed_by, time.monotonic() + patience
        while known is not None and not self._stopped:
            try:
                return await self._relayed_by(known, seconds)
            except NoRelay as bad:
                why = str(bad)
                if not isinstance(bad, GatewayAway) or time.monotonic() > deadline:
                    break
            await asyncio.sleep(_ANEW)
        if known is not None and not moves:
            raise NoRelay(why)
        for url in self._of.gateways:
            if url == known:
                continue
            try:
                return await self._relayed_by(url, seconds)
            except NoRelay as bad:
                why = str(bad)
        raise NoRelay(why)

    async def _relayed_by(self, url: str, seconds: int) -> Place:
        self._place = await start_relay(url, self._job, self._of.device, self._authority, seconds)
        self._relay = url
        self._authority.note_relay(url)
        return self._place

    async def admit(self, request: Request) -> Grant:
        """Answers a member's request, as the lease's head.

        Raises:
            Refused: this node is not the head.
            IonetError: the request is not a member's, or no certificate can be made now.
        """
        if not self.is_head:
            raise Refused("not-the-head", "another node has this lease's authority")
        facts, now = await self._of.chain.lease(self._job), await self._of.chain.now()
        if facts is not None and facts.head is not None and facts.head.job != self._job:
            raise Refused("not-the-head", "another node is the first of this lease by now")
        place = self._place
        if place is None:
            raise Refused("no-relay", "the lease's relay is not there yet")
        return await asyncio.to_thread(self._authority.admit, request, facts, now, place, self._of.device)

    # -- the member's

    async def wanted(self, now: int, ends_at: int) -> Request | None:
        """Returns the request that is to be carried to the head; None if nothing is wanted.

        Args:
            now: the chain's time.
            ends_at: when the node's own job ends.
        """
        if self.is_head or self._stopped or not self._is_due(now, ends_at):
            return None
        return await self._asked()

    async def _asked(self) -> Request:
        if self._request is None:
            public = await asyncio.to_thread(self._process.public)
            self._request = Request.sign(self._of.device, self._lease, self._job, public, self._sealed.public)
        return self._request

    def _is_due(self, now: int, ends_at: int) -> bool:
        """Whether there is no certificate, or it ends soon and the lease does not."""
        return ends_at > self._until and now >= self._until - _EARLY

    async def take(self, grant: Grant) -> None:
        """Takes what the head has granted.

        Raises:
            DocumentError: it answers another request, or is not the head's.
        """
        request = await self._asked()
        facts, now = await self._of.chain.lease(self._job), await self._of.chain.now()
        head = None if facts is None else facts.head
        if facts is None or head is None or head.job != self.head:
            raise DocumentError("the lease is over, or its head is another by now")
        grant.verify(request, head.device)
        try:
            self._secret = self._sealed.open(grant.secret).decode()
        except (SealError, UnicodeDecodeError) as bad:
            raise DocumentError("the grant's secret is not sealed for this node") from bad
        self._grant, self._until = grant, min(facts.ends_at, now + _LONGEST)
        self._ends_at = machine_time() + self._until - now
        if self._box is not None:
            await asyncio.to_thread(self._connect, self._box)
        self._granted.set()

    # -- both

    async def keep(self, now: int, ends_at: int, rate: float) -> None:
        """Makes new certificates where the head's are about to end, and its lease is not; see `wanted`.

        What ends without this process, by the machine's clock, ends at the chain's time as it runs now.

        Args:
            now: the chain's time.
            ends_at: when the node's own job ends.
            rate: seconds of the chain for each second of this machine.

        Raises:
            NoRelay: the relay's gateway does not go on with it now; the next look asks again.
            IonetError: no certificate can be made now.
        """
        if self.is_head and self._granted.is_set() and self._is_due(now, ends_at):
            await self._grant_itself(moves=now >= self._until - _LAST)
        if self._grant is not None:
            self._ends_at = machine_time() + machine_seconds(self._until - now, rate)
            await asyncio.to_thread(self._process.extend, self._ends_at)

    async def _grant_itself(self, patience: float = 0.0, *, moves: bool = True) -> None:
        facts = await self._of.chain.lease(self._job)
        if facts is None:
            raise Refused("cluster", "the lease is over")
        await self.start_relay(facts, patience, moves=moves)
        await self.take(await self.admit(await self._asked()))

    async def part(self) -> Part:
        """Waits for the certificate, and returns what the box needs.

        Raises:
            RunFailure: none came in time, or the lease ends.
        """
        try:
            if self.is_head:
                await self._grant_itself(_AWAY)
            async with asyncio.timeout(_PATIENCE):
                await self._granted.wait()
        except TimeoutError:
            detail = f"no certificate for the lease's network came within {_PATIENCE:.0f} s"
            raise RunFailure(FailureReason.NODE_LOST, detail) from None
        except IonetError as bad:
            raise RunFailure(FailureReason.NODE_LOST, f"the lease's network: {bad}") from bad
        if self._stopped:
            raise RunFailure(FailureReason.STOPPED, "the lease is over")
        subnet = self._authority.subnet
        assert self._grant is not None
        address = await asyncio.to_thread(overlay.address_of, self._grant.certificate)
        return Part(address, subnet.address(1), self._nodes, self._secret, self._connect)

    def _connect(self, box: str) -> None:
        grant = self._grant
        assert grant is not None
        settings = overlay.member(self._authority.subnet, grant.relay)
        place = network_of(box)
        self._process.start(settings, grant.authority, grant.certificate, self._ends_at, place)
        self._box = box

    def stop(self) -> None:
        """Nothing is waited for any more."""
        self._stopped = True
        self._granted.set()

    async def close(self) -> None:
        """Ends this node's part; at the head, the relay's, too."""
        self.stop()
        if self.is_head and self._place is not None:
            with contextlib.suppress(NoRelay, TimeoutError):
                # A gateway ends it by itself with the lease.
                async with asyncio.timeout(_ENDING):
                    await end_relay(self._relay, self._job, self._of.device)
        await asyncio.to_thread(overlay.forget, self._name, self._of.state)
        _log.debug("left the network of the lease %s", Pubkey(self._lease))


def machine_seconds(seconds: int, rate: float) -> float:
    """Returns how many seconds of this machine a time of the chain takes from now on.

    Args:
        seconds: of the chain.
        rate: seconds of the chain for each one of this machine, of the last minute. A chain's clock
            that is only read coarsely, or was moved once, must not end a network that is in use: up to twice
            this machine's it counts as that, and nothing ends within the time of some further readings.
    """
    if rate <= _AS_FAST:
        return float(seconds)
    return min(float(seconds), max(seconds / rate, _SOONEST))


def cluster_problem(facts: LeaseFacts | None, leased: Leased, device: bytes) -> str | None:
    """Returns why a node has no part in the cluster that its job names; None if it has.

    Args:
        facts: what the chain says of the lease.
        leased: the node's own job.
        device: the node's device key, 32 bytes.
    """
    if facts is None or not facts.members:
        return "the chain shows no cluster of this job that stands"
    own = next((member for member in facts.members if member.job == leased.job), None)
    if own is None or (own.node, own.device) != (leased.node, device):
        return "the chain does not show this node in the job's cluster"
    if facts.renters and leased.renter not in facts.renters:
        return "the job's cluster is another renter's"
    # One that runs may have grown.
    if not facts.started and len(facts.members) > leased.cluster_size:
        return f"{len(facts.members)} nodes are booked for a cluster of {leased.cluster_size}"
    if len({member.node for member in facts.members}) != len(facts.members):
        return "two jobs of the cluster are on one node"
    return None

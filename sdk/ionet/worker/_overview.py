"""What the owner of a machine wants to see of its nodes: what the worker says, and what the chain has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from solders.pubkey import Pubkey

from ionet import IO, USD, AccountNotFound, Amount, Client
from ionet.staking.stake import minimum
from ionet.worker._config import NodeConfig
from ionet.worker._standing import Standing, standings


@dataclass(frozen=True, slots=True)
class LeaseView:
    """The job that has a node's lease. Times are Unix seconds.

    Attributes:
        job: its address.
        until: when the lease ends, as things stand.
        good: seconds that enough attesters found good.
        looked_at: seconds that they have looked at.
        earned: what the supplier has earned, after their fee.
        payable: how much of it can be settled now.
    """

    job: Pubkey
    until: int
    good: int
    looked_at: int
    earned: Amount
    payable: Amount


@dataclass(frozen=True, slots=True)
class NodeView:
    """A node on the chain.

    Attributes:
        uuid: the own id of its device.
        node: its address.
        state: live, retired or terminal; None while it is not registered.
        stake: the owner's active stake.
        needed: the least that it has to be.
        rewards: the owner's, credited and not claimed.
        proof_at: when its latest compute proof was judged, Unix seconds, or None.
        proof_passed: whether that passed.
        rate: what it asks per processor and hour, or None without an offer.
        open: whether the offer takes bookings.
        lease: who has it now, or None.
    """

    uuid: str
    node: Pubkey
    state: str | None
    stake: IO
    needed: IO
    rewards: IO
    proof_at: int | None
    proof_passed: bool
    rate: USD | None
    open: bool
    lease: LeaseView | None


def node_views(client: Client, nodes: Sequence[NodeConfig]) -> tuple[NodeView, ...]:
    """Reads what the chain has of nodes.

    Raises:
        RpcError, TransportError: the Solana node does not answer.
    """
    now = client.time()
    return tuple(_view(client, standing, now) for standing in standings(client, nodes))


def _view(client: Client, standing: Standing, now: int) -> NodeView:
    node, offer, mine = standing.node, standing.offer, standing.config
    nothing = IO.from_base(0)
    if node is None:
        return NodeView(
            mine.uuid, mine.address, None, nothing, nothing, nothing, None, False, None, False, None
        )
    leased = offer is not None and offer.lease_until > now and offer.lease_job != Pubkey.default()
    return NodeView(
        uuid=mine.uuid,
        node=mine.address,
        state=node.state.name.lower(),
        stake=IO.from_base(node.own.active),
        needed=IO.from_base(node.minimum)
        if standing.class_ is None
        else minimum(standing.class_, node.units),
        rewards=IO.from_base(node.own.due),
        proof_at=node.last_proof.time or None,
        proof_passed=bool(node.last_proof.passed),
        rate=None if offer is None else USD.from_base(offer.rate),
        open=offer is not None and bool(offer.open),
        lease=_lease(client, offer.lease_job, offer.lease_until) if offer is not None and leased else None,
    )


def _lease(client: Client, job: Pubkey, until: int) -> LeaseView | None:
    try:
        status = client.jobs.status(job)
    except AccountNotFound:
        return None  # it was closed since
    return LeaseView(job, until, status.attested, status.looked_at, status.earned, status.payable)

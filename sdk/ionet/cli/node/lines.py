"""A node in a list, by the chain's accounts or by an explorer: the same either way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from solders.pubkey import Pubkey

from ionet import IO, KeyedAccount, NodeState, accounts
from ionet.cli.failures import NOT_FOUND, UserError

if TYPE_CHECKING:
    from ionet.explorer.client import ExplorerClient


@dataclass(frozen=True, slots=True)
class NodeLine:
    """A node: its class and network by name, where they have one; amounts by side."""

    node: Pubkey
    owner: Pubkey
    class_name: str | None
    class_id: int
    units: int
    state: NodeState
    region: int
    network: str | None
    commission_bps: int
    own_active: IO
    own_pending: IO
    co_active: IO
    co_pending: IO

    def data(self) -> dict[str, Any]:
        """It for JSON."""
        return {
            "node": self.node,
            "owner": self.owner,
            "class": self.class_name,
            "class_id": self.class_id,
            "units": self.units,
            "state": self.state,
            "region": self.region,
            "network": self.network,
            "commission_bps": self.commission_bps,
            "own": {"active": self.own_active, "pending": self.own_pending},
            "co": {"active": self.co_active, "pending": self.co_pending},
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which nodes are listed; None: any."""

    class_: str | None
    owner: Pubkey | None
    network: str | None
    state: str | None
    region: int | None


def line_of(
    keyed: KeyedAccount[accounts.staking.Node], names: Mapping[int, str], networks: Mapping[Pubkey, str]
) -> NodeLine:
    """A node by its account."""
    node = keyed.account
    return NodeLine(
        node=keyed.address,
        owner=node.owner,
        class_name=names.get(node.class_),
        class_id=node.class_,
        units=node.units,
        state=node.state,
        region=node.region,
        network=networks.get(node.network),
        commission_bps=node.commission_bps,
        own_active=IO.from_base(node.own.active),
        own_pending=IO.from_base(node.own.pending),
        co_active=IO.from_base(node.co.active),
        co_pending=IO.from_base(node.co.pending),
    )


def nodes_of(api: ExplorerClient, wanted: Wanted) -> list[NodeLine]:
    """Nodes by an explorer's word, by address.

    Raises:
        UserError: there is no such class or network.
    """
    class_id = None if wanted.class_ is None else _class_id(api, wanted.class_)
    asked = {
        "class": class_id,
        "owner": None if wanted.owner is None else str(wanted.owner),
        "country": wanted.region,
        "only": "live" if wanted.state == "live" else None,
    }
    rows = [row for row in api.nodes(**asked) if wanted.state in (None, row.state)]
    if wanted.network is not None:
        known = {row.network: row.network_name for row in api.nodes() if row.network is not None}
        if wanted.network not in (*known, *known.values()):
            names = ", ".join(sorted(filter(None, known.values())))
            there = f"there are nodes of {names}" if known else "no node belongs to one"
            raise UserError(f"no network {wanted.network!r}; {there}", NOT_FOUND)
        rows = [row for row in rows if wanted.network in (row.network, row.network_name)]
    lines = [
        NodeLine(
            node=api.key(row.node),
            owner=api.key(row.owner),
            class_name=row.class_name,
            class_id=row.class_id,
            units=row.units,
            state=NodeState[row.state.upper()],
            region=row.region,
            network=row.network_name,
            commission_bps=row.commission_bps,
            own_active=api.io(row.own_active),
            own_pending=api.io(row.own_pending),
            co_active=api.io(row.co_active),
            co_pending=api.io(row.co_pending),
        )
        for row in rows
    ]
    return sorted(lines, key=lambda line: str(line.node))


def _class_id(api: ExplorerClient, text: str) -> int:
    classes = api.classes()
    for class_ in classes:
        if text == str(class_.id) or text.casefold() == class_.name.casefold():
            return class_.id
    names = ", ".join(class_.name for class_ in classes)
    raise UserError(f"no hardware class {text!r}; there are {names or 'none'}", NOT_FOUND)

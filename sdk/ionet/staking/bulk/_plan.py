"""From rows to nodes: at most eight processors each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from solders.pubkey import Pubkey

from ionet import constants, pda
from ionet.staking.bulk._export import ExportRow
from ionet.staking.classes import HardwareClass


@dataclass(frozen=True, slots=True)
class Processor:
    """A processor of a machine.

    Attributes:
        device: the network's name for the machine.
        index: the processor's number in the machine, from 0.
        fingerprint: `sha256(uuid)`, 32 bytes; the uuid is `<network>/<device>/<index>`, where the network is
            the address of its account.
    """

    device: str
    index: int
    fingerprint: bytes

    @property
    def account(self) -> Pubkey:
        """Its account."""
        return pda.staking.device(self.fingerprint)


@dataclass(frozen=True, slots=True)
class NodePlan:
    """A node to register.

    Attributes:
        kind: hardware class.
        wallet: its operator's wallet on the network.
        processors: the first gives the node its address.
    """

    kind: HardwareClass
    wallet: str
    processors: tuple[Processor, ...]

    @property
    def node(self) -> Pubkey:
        """Its address."""
        return pda.staking.node(self.processors[0].account)


def plan_nodes(rows: Iterable[ExportRow], network: Pubkey) -> Iterator[NodePlan]:
    """Makes machines into nodes; a machine with more than eight processors becomes several.

    Args:
        rows: of an export.
        network: the network's account; the same machine of another network is another device.
    """
    for row in rows:
        for start in range(0, row.count, constants.staking.MAX_UNITS):
            processors = tuple(
                Processor(row.device, index, _fingerprint(network, row.device, index))
                for index in range(start, min(start + constants.staking.MAX_UNITS, row.count))
            )
            yield NodePlan(row.kind, row.wallet, processors)


def _fingerprint(network: Pubkey, device: str, index: int) -> bytes:
    return sha256(f"{network}/{device}/{index}".encode()).digest()

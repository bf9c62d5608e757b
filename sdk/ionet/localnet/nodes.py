"""Nodes on a local network: registered, staked and offered for rent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet import USD, Client, load_keypair
from ionet.chain.files import write_secret
from ionet.staking.classes import HardwareClass, hardware_classes, minimum_stake

#: What an hour of a node costs.
RATE: Final = USD("0.5")
COMMISSION_BPS: Final = 1_000
#: Owner, class and memory (GiB) of the nodes that no process serves.
_IDLE: Final = (("alice", "RTX 3090", 24), ("bob", "A100-80GB", 80))


def offer_node(
    client: Client,
    owner: Keypair,
    attester: Keypair,
    kind: HardwareClass,
    fingerprint: bytes,
    device: Keypair,
    memory_gib: int,
    currencies: Sequence[str] = ("IO", "USDC"),
) -> Pubkey:
    """Registers a node, stakes its minimum, and offers it for rent; it has not passed a proof yet.

    Args:
        client: of the local node.
        owner: of the node and its stake.
        attester: one with a seat, who vouches for the device.
        kind: the device's class.
        fingerprint: the device's, 32 bytes.
        device: the device's key.
        memory_gib: the device's memory.
        currencies: what it takes.

    Returns:
        The node's address.
    """
    mine = client.as_(owner)
    registering = mine.staking.register(
        class_id=kind.id,
        fingerprint=fingerprint,
        device=device,
        attester=attester,
        commission_bps=COMMISSION_BPS,
        memory_gib=memory_gib,
    )
    address = registering.send().result
    mine.staking.stake(address, minimum_stake(kind)).send()
    mine.jobs.offer(address, rate=RATE, currencies=currencies).send()
    return address


def offer_idle_nodes(client: Client, people: Mapping[str, Keypair], keys: Path) -> dict[str, Pubkey]:
    """Offers two nodes of two owners that no process serves: they can be booked, and nothing runs on them.

    Args:
        client: of the local node.
        people: by name.
        keys: folder of the people's keypairs; the devices' are written beside them.

    Returns:
        The nodes' addresses, by their owners' names.
    """
    classes = {kind.name: kind for kind in hardware_classes()}
    nodes = {}
    for owner, name, memory in _IDLE:
        place = keys / f"{owner}-device.json"
        # The same address at each start, as long as the folder is kept.
        fingerprint = hashlib.sha256(f"ionet localnet: {owner}'s {name}".encode()).digest()
        nodes[owner] = offer_node(
            client, people[owner], people["attester"], classes[name], fingerprint, keypair(place), memory
        )
    return nodes


def keypair(place: Path) -> Keypair:
    """Returns the keypair of a file, which is made if it is missing.

    Raises:
        ConfigError: what is there is no keypair.
    """
    with suppress(FileExistsError):
        write_keypair(place, Keypair())
    return load_keypair(place)


def write_keypair(place: Path, key: Keypair) -> None:
    """Writes a new file with a keypair, as `solana-keygen` does, that only its owner can read.

    Raises:
        FileExistsError: something is there.
    """
    write_secret(place, json.dumps(list(bytes(key))))

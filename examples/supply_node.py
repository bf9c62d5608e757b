"""Registers a device as a node, stakes its minimum, and offers it for rent.

    python examples/supply_node.py CLASS UUID DEVICE_KEY ATTESTER_KEY RATE

ANCHOR_PROVIDER_URL is a node's URL, for example that of `ionet localnet start`; ANCHOR_WALLET the owner's
keypair file. On a real network the attester signs elsewhere, after having challenged the device.
"""

from __future__ import annotations

import hashlib
import os
import sys

import ionet
from ionet import USD, load_keypair
from ionet.staking.classes import minimum_stake


def main(name: str, uuid: str, device: str, attester: str, rate: str) -> None:
    """Makes a node that can be booked once it has passed a compute proof."""
    with ionet.connect(os.environ["ANCHOR_PROVIDER_URL"], signer=os.environ["ANCHOR_WALLET"]) as client:
        kind = next(kind for kind in ionet.hardware_classes() if kind.name == name)
        registering = client.staking.register(
            class_id=kind.id,
            fingerprint=hashlib.sha256(uuid.encode()).digest(),
            device=load_keypair(device),
            attester=load_keypair(attester),
            commission_bps=1_000,
            memory_gib=24,
        )
        node = registering.send().result
        minimum = minimum_stake(kind)
        client.staking.stake(node, minimum).send()
        client.jobs.offer(node, rate=USD(rate), currencies=("IO", "USDC")).send()
        print(f"{node}: a {name} with {minimum} of stake, at {USD(rate)} an hour")


if __name__ == "__main__":
    main(*sys.argv[1:])

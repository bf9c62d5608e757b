"""Books several nodes as one cluster: all of them, or none.

    python examples/cluster.py COUNT [CURRENCY]

ANCHOR_PROVIDER_URL is a node's URL, for example that of `ionet localnet start`; ANCHOR_WALLET a keypair file.
"""

from __future__ import annotations

import os
import sys

import ionet
from ionet.store.manifest import Command, Manifest

HOUR = 3_600


def main(count: int, currency: str = "USDC") -> None:
    """Books the cheapest nodes; if one of them fails, the others are cancelled and refunded."""
    with ionet.connect(os.environ["ANCHOR_PROVIDER_URL"], signer=os.environ["ANCHOR_WALLET"]) as client:
        listings = client.jobs.search(seconds=HOUR, currency=currency, count=count)
        if len(listings) < count:
            raise SystemExit(f"only {len(listings)} nodes can be booked now")
        manifest = Manifest(Command(("python", "-c", "import ray; ray.init()")), nodes=count)
        nodes = [listing.node for listing in listings]
        try:
            booking = client.jobs.book_cluster(nodes, HOUR, manifest.hash, currency=currency)
        except ionet.ClusterNotBooked as undone:
            raise SystemExit(str(undone)) from None
        print("Cluster:", booking.cluster)
        for job in booking.jobs:
            print("  job:", job)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])

"""Finds the cheapest node, books it for an hour, and cancels the booking again.

    python examples/rent.py [CURRENCY]

ANCHOR_PROVIDER_URL is a node's URL, for example that of `ionet localnet start`; ANCHOR_WALLET a keypair file.
"""

from __future__ import annotations

import os
import sys

import ionet
from ionet.store.manifest import Command, Manifest

HOUR = 3_600


def main(currency: str = "IO") -> None:
    """Books and cancels."""
    with ionet.connect(os.environ["ANCHOR_PROVIDER_URL"], signer=os.environ["ANCHOR_WALLET"]) as client:
        listings = client.jobs.search(seconds=HOUR, currency=currency, count=1)
        if not listings:
            raise SystemExit("no node can be booked now")
        node = listings[0].node
        quote = client.jobs.quote(node, HOUR, currency=currency)
        print(f"{node} for an hour: {quote.price}, with fees {quote.deposit}")

        # What is to be run; a real job puts it into a store, where the node fetches it by its hash.
        manifest = Manifest(Command(("nvidia-smi",)))
        sent = client.jobs.book(node, HOUR, manifest.hash, quote=quote).send()
        status = client.jobs.status(sent.result)
        print(f"Booked {sent.result}: {status.state}, in {sent.signature}")

        cancelled = client.jobs.cancel(sent.result).send()
        print("Cancelled:", *(type(event).__name__ for event in cancelled.events))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Shows the market: what classes of hardware cost, how much IO there is, and when more of it comes.

    python examples/market.py

ANCHOR_PROVIDER_URL is a node's URL, for example that of `ionet localnet start`. It reads only, and needs no
keypair.
"""

from __future__ import annotations

import os
from statistics import median

import ionet
from ionet import USD


def main() -> None:
    """Prints a table."""
    with ionet.connect(os.environ["ANCHOR_PROVIDER_URL"]) as client:
        classes = {entry.account.id: entry.account for entry in client.staking.classes()}
        rates: dict[int, list[int]] = {}
        for listing in client.jobs.search(booked=True):
            rates.setdefault(listing.class_id, []).append(listing.rate.base)
        for number, each in sorted(rates.items()):
            name = classes[number].name.rstrip(b"\0").decode()
            print(
                f"{name:<16} {len(each):>4} nodes, {USD.from_base(int(median(each)))} an hour in the middle"
            )

        config = client.mint.get_config()
        print(f"{client.mint.supply()} exist, {ionet.IO.from_base(config.emitted)} of it emitted")


if __name__ == "__main__":
    main()

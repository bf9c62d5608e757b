"""Stakes on somebody else's node, and says what it earns.

    python examples/costake.py NODE AMOUNT

ANCHOR_PROVIDER_URL is a node's URL, for example that of `ionet localnet start`; ANCHOR_WALLET a keypair file.
"""

from __future__ import annotations

import os
import sys

from solders.pubkey import Pubkey

import ionet
from ionet import IO


def main(node: Pubkey, amount: IO) -> None:
    """Stakes, and prints the position."""
    with ionet.connect(os.environ["ANCHOR_PROVIDER_URL"], signer=os.environ["ANCHOR_WALLET"]) as client:
        if client.mint.balance() < amount:
            raise SystemExit(f"the wallet has {client.mint.balance()}, not {amount}")
        try:
            # Opens the position where there is none yet.
            sent = client.staking.stake(node, amount).send()
        except ionet.errors.staking.MaximumStake as full:
            raise SystemExit(str(full)) from None
        print("Transaction:", sent.signature)

        status = client.staking.status(node)
        # It counts from the node's next credited hour; `activate` is for anyone.
        print(f"Pending: {status.pending}, active: {status.active}, to claim: {status.claimable}")


if __name__ == "__main__":
    main(Pubkey.from_string(sys.argv[1]), IO(sys.argv[2]))

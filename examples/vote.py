"""Votes on every open proposal with all stake of the wallet.

    python examples/vote.py for|against|abstain

ANCHOR_PROVIDER_URL is a node's URL; ANCHOR_WALLET a keypair file. Stake votes if it was active before the
week in which the proposal was made.
"""

from __future__ import annotations

import os
import sys

import ionet
from ionet.governance.proposals import Choice, Standing, standing


def main(choice: Choice) -> None:
    """Votes, also again: the last vote counts."""
    with ionet.connect(os.environ["ANCHOR_PROVIDER_URL"], signer=os.environ["ANCHOR_WALLET"]) as client:
        now = client.time()
        for proposal in client.governance.proposals():
            if standing(proposal.account, now) is not Standing.VOTING:
                continue
            for ballot in client.governance.ballots(proposal.address):
                voted = client.governance.vote(proposal.address, ballot.node, choice).send().result
                print(f"{proposal.address}: {ionet.IO.from_base(voted.weight)} {choice.name.lower()}")


if __name__ == "__main__":
    main(Choice[sys.argv[1].upper()])

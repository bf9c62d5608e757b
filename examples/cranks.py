"""Does what anyone may do for jobs: pays suppliers, ends what is over, closes what is empty.

    python examples/cranks.py JOB...

ANCHOR_PROVIDER_URL is a node's URL; ANCHOR_WALLET the keypair file of who pays the fees. Amounts and
addressees follow from the accounts, so the signer needs nobody's trust.
"""

from __future__ import annotations

import os
import sys

from solders.pubkey import Pubkey

import ionet


def main(*jobs: Pubkey) -> None:
    """Takes each step that is due, until none is."""
    with ionet.connect(os.environ["ANCHOR_PROVIDER_URL"], signer=os.environ["ANCHOR_WALLET"]) as client:
        for job in jobs:
            due = client.jobs.due(job)
            if not due:
                print(f"{job}: nothing to do")
            for step in due:
                sent = client.jobs.step(job, step).send()
                print(f"{job}: {step.name.lower()} in {sent.signature}")


if __name__ == "__main__":
    main(*map(Pubkey.from_string, sys.argv[1:]))

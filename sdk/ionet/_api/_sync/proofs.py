# Generated from _api/_async/proofs.py by scripts/codegen; do not edit.
"""The proofs program: the attester set and its hourly reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from solders.pubkey import Pubkey

from ionet import accounts, ix, pda, types
from ionet._report import Proposal
from ionet._sync.call import Call

if TYPE_CHECKING:
    from ionet._sync.client import Client
    from ionet.rewards import Report


class Proofs:
    """Calls and reads of the proofs program."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def initialize(self) -> Call[None]:
        """Creates the configuration and an empty attester set; for the program's upgrade authority."""
        return Call(self._client, [ix.proofs.initialize(authority=self._client.address)])

    def set_attesters(self, weights: Mapping[Pubkey, int], *, threshold: int | None = None) -> Call[None]:
        """Replaces the attester set; for the authority. Seats follow the mapping's order.

        Args:
            weights: key to weight, 16 at most.
            threshold: weight that approves; default: two thirds of all, rounded up.
        """
        needed = -(-2 * sum(weights.values()) // 3) if threshold is None else threshold
        seats = [types.proofs.Seat(key, weight) for key, weight in weights.items()]
        instruction = ix.proofs.set_attesters(authority=self._client.address, seats=seats, threshold=needed)
        return Call(self._client, [instruction])

    def propose(self, report: Report, place: str) -> Proposal:
        """What a report's account would say; nothing is sent.

        Args:
            report: the hour's leaves; its period ends whole hours after the start of emission.
            place: where its evidence file is published, 96 bytes of UTF-8 at most.

        Raises:
            EncodeError: a period that does not end on a whole hour, or a place that is too long.
        """
        start = (self._client.fetch(accounts.mint.Config, pda.mint.CONFIG)).start
        return Proposal.of(report, start, place)

    def report(self, proposal: Proposal) -> Call[Pubkey]:
        """Makes a report, with the signer's approval; for an attester. Gives the report's address."""
        instruction = ix.proofs.report(
            attester=self._client.address,
            seq=proposal.seq,
            content_hash=proposal.content_hash,
            args=proposal.args,
        )
        return Call(self._client, [instruction], decode=lambda _: proposal.address)

    def approve(self, report: Pubkey) -> Call[None]:
        """Approves a report; for another attester, who has computed the same."""
        return Call(self._client, [ix.proofs.approve(attester=self._client.address, report=report)])

    def finalize(self, report: Pubkey) -> Call[None]:
        """Makes an approved report final when its challenge window is over; for anyone."""
        return Call(self._client, [ix.proofs.finalize(report=report)])

    def get(self, report: Pubkey) -> accounts.proofs.Report:
        """The report at an address."""
        return self._client.fetch(accounts.proofs.Report, report)

    def config(self) -> accounts.proofs.Config:
        """Parameters, and the latest final report's sums."""
        return self._client.fetch(accounts.proofs.Config, pda.proofs.CONFIG)

    def attesters(self) -> accounts.proofs.AttesterSet:
        """The attester set."""
        return self._client.fetch(accounts.proofs.AttesterSet, pda.proofs.ATTESTER_SET)

"""The proofs program: the attester set and its hourly reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from solders.pubkey import Pubkey

from ionet import accounts, ix, pda, types
from ionet._async.call import AsyncCall
from ionet._report import Proposal

if TYPE_CHECKING:
    from ionet._async.client import AsyncClient
    from ionet.rewards import Report


class AsyncProofs:
    """Calls and reads of the proofs program."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    def initialize(self) -> AsyncCall[None]:
        """Creates the configuration and an empty attester set; for the program's upgrade authority."""
        return AsyncCall(self._client, [ix.proofs.initialize(authority=self._client.address)])

    def set_attesters(
        self, weights: Mapping[Pubkey, int], *, threshold: int | None = None
    ) -> AsyncCall[None]:
        """Replaces the attester set; for the authority. Seats follow the mapping's order.

        Args:
            weights: key to weight, 16 at most.
            threshold: weight that approves; default: two thirds of all, rounded up.
        """
        needed = -(-2 * sum(weights.values()) // 3) if threshold is None else threshold
        seats = [types.proofs.Seat(key, weight) for key, weight in weights.items()]
        instruction = ix.proofs.set_attesters(authority=self._client.address, seats=seats, threshold=needed)
        return AsyncCall(self._client, [instruction])

    async def propose(self, report: Report, place: str) -> Proposal:
        """What a report's account would say; nothing is sent.

        Args:
            report: the hour's leaves; its period ends whole hours after the start of emission.
            place: where its evidence file is published, 96 bytes of UTF-8 at most.

        Raises:
            EncodeError: a period that does not end on a whole hour, or a place that is too long.
        """
        start = (await self._client.fetch(accounts.mint.Config, pda.mint.CONFIG)).start
        return Proposal.of(report, start, place)

    def report(self, proposal: Proposal) -> AsyncCall[Pubkey]:
        """Makes a report, with the signer's approval; for an attester. Gives the report's address."""
        instruction = ix.proofs.report(
            attester=self._client.address,
            seq=proposal.seq,
            content_hash=proposal.content_hash,
            args=proposal.args,
        )
        return AsyncCall(self._client, [instruction], decode=lambda _: proposal.address)

    def approve(self, report: Pubkey) -> AsyncCall[None]:
        """Approves a report; for another attester, who has computed the same."""
        return AsyncCall(self._client, [ix.proofs.approve(attester=self._client.address, report=report)])

    def finalize(self, report: Pubkey) -> AsyncCall[None]:
        """Makes an approved report final when its challenge window is over; for anyone."""
        return AsyncCall(self._client, [ix.proofs.finalize(report=report)])

    async def get(self, report: Pubkey) -> accounts.proofs.Report:
        """The report at an address."""
        return await self._client.fetch(accounts.proofs.Report, report)

    async def config(self) -> accounts.proofs.Config:
        """Parameters, and the latest final report's sums."""
        return await self._client.fetch(accounts.proofs.Config, pda.proofs.CONFIG)

    async def attesters(self) -> accounts.proofs.AttesterSet:
        """The attester set."""
        return await self._client.fetch(accounts.proofs.AttesterSet, pda.proofs.ATTESTER_SET)

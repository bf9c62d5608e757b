"""Stake as the chain shows it: what is final, and at which slot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from solders.pubkey import Pubkey

from ionet import IO, AsyncClient
from ionet.chain.records import shaped, whole
from ionet.chain.rpc import AsyncTransport
from ionet.intelligence.gate import Stake


async def stake_of(client: AsyncClient, holder: Pubkey) -> Stake:
    """Stake of a holder that is active, and final: of their own nodes, and on those of others.

    Its slot is the oldest one of the answers that it is made of.

    Args:
        client: its node is asked, at the level `finalized` whatever the client's is.
        holder: whose.
    """
    noting = _Noting(client.transport)
    stakes = await AsyncClient(noting, commitment="finalized").staking.stakes(holder)
    return Stake(IO.from_base(sum(stake.active.base for stake in stakes)), min(noting.slots))


class _Noting:
    """Hands reads of accounts on, and notes at which slots they were answered."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport
        self.slots: list[int] = []

    async def request(self, method: str, params: Sequence[Any] = ()) -> Any:
        listing = method == "getProgramAccounts"
        if listing:
            program, config = params
            params = (program, {**config, "withContext": True})
        answer = await self._transport.request(method, params)
        with shaped(method):
            self.slots.append(whole(answer["context"]["slot"]))
            return answer["value"] if listing else answer

    async def aclose(self) -> None:
        """Nothing: the connection is whose it is."""

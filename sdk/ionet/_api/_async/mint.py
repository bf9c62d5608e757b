"""The mint program: genesis, emission and its policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from solders.pubkey import Pubkey

from ionet import accounts, events, ix, pda, types
from ionet._allocations import Allocation
from ionet._amounts import IO
from ionet._async.call import AsyncCall
from ionet._call import Sent

if TYPE_CHECKING:
    from ionet._async.client import AsyncClient


class AsyncMint:
    """Calls and reads of the mint program."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    def initialize(self, *, start: int = 0) -> AsyncCall[Pubkey]:
        """Creates the IO mint; for the program's upgrade authority. Gives the mint's address.

        Args:
            start: Unix time from which emission counts, at most a year ahead; 0 is now.
        """
        return AsyncCall(
            self._client,
            [ix.mint.initialize(authority=self._client.address, start=start)],
            decode=lambda _: pda.mint.MINT,
        )

    def mint_genesis(self, allocation: Allocation | int, destination: Pubkey) -> AsyncCall[IO]:
        """Mints one genesis allocation into a token account, once; for the authority. Gives the amount."""
        instruction = ix.mint.mint_genesis(
            authority=self._client.address, destination=destination, allocation=int(allocation)
        )
        return AsyncCall(
            self._client,
            [instruction],
            decode=lambda sent: IO.from_base(sent.event(events.mint.GenesisMinted).amount),
        )

    def emit(self) -> AsyncCall[IO]:
        """Mints what the schedule has come to; for anyone. Gives what was minted, 0 within the same hour."""
        return AsyncCall(self._client, [ix.mint.emit()], decode=_minted)

    def set_policy(self, policy: types.mint.PolicyArgs) -> AsyncCall[None]:
        """Emits to now and sets the policy of emission; for the authority."""
        return AsyncCall(self._client, [ix.mint.set_policy(authority=self._client.address, policy=policy)])

    def burn_reserve(self) -> AsyncCall[None]:
        """Burns all that policies have withheld; for anyone."""
        return AsyncCall(self._client, [ix.mint.burn_reserve()])

    async def config(self) -> accounts.mint.Config:
        """Start and sums of emission, policy, roles."""
        return await self._client.fetch(accounts.mint.Config, pda.mint.CONFIG)

    async def supply(self) -> IO:
        """IO that exist."""
        return IO.from_base((await self._client.token_mint(pda.mint.MINT)).supply)

    async def balance(self, owner: Pubkey | None = None) -> IO:
        """IO in an owner's associated token account; default: the signer's."""
        return await self._client.tokens(owner or self._client.address, pda.mint.MINT, IO)


def _minted(sent: Sent[IO]) -> IO:
    found = [one for one in sent.events if isinstance(one, events.mint.Emitted)]
    return IO.from_base(sum(one.paid + one.withheld for one in found))

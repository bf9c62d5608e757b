"""Domain namespaces of the client; the blocking twins are generated from these by scripts/codegen.

A namespace is one module here, with one class `Async<Name>` that holds the client. Its methods return an
`AsyncCall`, so that each call has its three levels for free; those that must read the chain to build it, and
those that only read, are coroutines:

    class AsyncStaking:
        def __init__(self, client: AsyncClient) -> None:
            self._client = client

        def stake(self, node: Pubkey, amount: IO) -> AsyncCall[Pubkey]:
            owner = self._client.address
            position = pda.staking.position(node, owner)
            return AsyncCall(
                self._client,
                [ix.staking.stake(node=node, owner=owner, amount=amount)],
                decode=lambda sent: position,
            )

        async def node(self, address: Pubkey) -> accounts.staking.Node:
            return await self._client.fetch(accounts.staking.Node, address)

and one line in `AsyncNamespaces`:

    @cached_property
    def staking(self) -> AsyncStaking:
        return AsyncStaking(self._self)

Names that begin with `Async` lose it in the blocking twin, `async` and `await` are dropped, and `_async` in
module names becomes `_sync`; nothing else differs. Import types of the client under `TYPE_CHECKING`.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from ionet._api._async.buyback import AsyncBuyback
    from ionet._api._async.distributor import AsyncDistributor
    from ionet._api._async.genesis import AsyncGenesis
    from ionet._api._async.governance import AsyncGovernance
    from ionet._api._async.jobs import AsyncJobs
    from ionet._api._async.mint import AsyncMint
    from ionet._api._async.proofs import AsyncProofs
    from ionet._api._async.staking import AsyncStaking
    from ionet._api._async.supply import AsyncSupply
    from ionet._async.client import AsyncClient


class AsyncNamespaces:
    """The client's namespaces, one per program."""

    @cached_property
    def mint(self) -> AsyncMint:
        """Genesis and emission."""
        from ionet._api._async.mint import AsyncMint

        return AsyncMint(self._self)

    @cached_property
    def proofs(self) -> AsyncProofs:
        """Attesters and their hourly reports."""
        from ionet._api._async.proofs import AsyncProofs

        return AsyncProofs(self._self)

    @cached_property
    def staking(self) -> AsyncStaking:
        """Classes, devices, nodes and stake."""
        from ionet._api._async.staking import AsyncStaking

        return AsyncStaking(self._self)

    @cached_property
    def jobs(self) -> AsyncJobs:
        """Offers, jobs and their escrows."""
        from ionet._api._async.jobs import AsyncJobs

        return AsyncJobs(self._self)

    @cached_property
    def buyback(self) -> AsyncBuyback:
        """Fee vaults and what is burned."""
        from ionet._api._async.buyback import AsyncBuyback

        return AsyncBuyback(self._self)

    @cached_property
    def governance(self) -> AsyncGovernance:
        """Proposals, votes and the treasury."""
        from ionet._api._async.governance import AsyncGovernance

        return AsyncGovernance(self._self)

    @cached_property
    def distributor(self) -> AsyncDistributor:
        """Vesting grants and airdrops."""
        from ionet._api._async.distributor import AsyncDistributor

        return AsyncDistributor(self._self)

    @cached_property
    def genesis(self) -> AsyncGenesis:
        """What exists from the start: plans of `ionet.genesis`, carried out and compared."""
        from ionet._api._async.genesis import AsyncGenesis

        return AsyncGenesis(self._self)

    @cached_property
    def supply(self) -> AsyncSupply:
        """What exists, is locked and circulates, by date."""
        from ionet._api._async.supply import AsyncSupply

        return AsyncSupply(self._self)

    @property
    def _self(self) -> AsyncClient:
        return cast("AsyncClient", self)

"""Domain namespaces of the client; the blocking twins are generated from these by scripts/codegen.

A namespace is one module here, with one class `Async<Name>` that holds the client. Its methods are plain
functions that return an `AsyncCall`, so that each call has its three levels for free; only methods that read
the chain are coroutines:

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

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from ionet._async.client import AsyncClient


class AsyncNamespaces:
    """The client's namespaces."""

    @property
    def _self(self) -> AsyncClient:
        return cast("AsyncClient", self)

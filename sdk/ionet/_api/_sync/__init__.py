# Generated from _api/_async/__init__.py by scripts/codegen; do not edit.
"""Domain namespaces of the client; the blocking twins are generated from these by scripts/codegen.

A namespace is one module here, with one class `Async<Name>` that holds the client. Its methods are plain
functions that return an `Call`, so that each call has its three levels for free; only methods that read
the chain are coroutines:

    class Staking:
        def __init__(self, client: Client) -> None:
            self._client = client

        def stake(self, node: Pubkey, amount: IO) -> Call[Pubkey]:
            owner = self._client.address
            position = pda.staking.position(node, owner)
            return Call(
                self._client,
                [ix.staking.stake(node=node, owner=owner, amount=amount)],
                decode=lambda sent: position,
            )

        def node(self, address: Pubkey) -> accounts.staking.Node:
            return self._client.fetch(accounts.staking.Node, address)

and one line in `Namespaces`:

    @cached_property
    def staking(self) -> Staking:
        return Staking(self._self)

Names that begin with `Async` lose it in the blocking twin, `async` and `await` are dropped, and `_sync` in
module names becomes `_sync`; nothing else differs. Import types of the client under `TYPE_CHECKING`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from ionet._sync.client import Client


class Namespaces:
    """The client's namespaces."""

    @property
    def _self(self) -> Client:
        return cast("Client", self)

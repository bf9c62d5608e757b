# Generated from _api/_async/__init__.py by scripts/codegen; do not edit.
"""Domain namespaces of the client; the blocking twins are generated from these by scripts/codegen.

A namespace is one module here, with one class `Async<Name>` that holds the client. Its methods return an
`Call`, so that each call has its three levels for free; those that must read the chain to build it, and
those that only read, are coroutines:

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

from functools import cached_property
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from ionet._api._sync.buyback import Buyback
    from ionet._api._sync.distributor import Distributor
    from ionet._api._sync.genesis import Genesis
    from ionet._api._sync.governance import Governance
    from ionet._api._sync.jobs import Jobs
    from ionet._api._sync.mint import Mint
    from ionet._api._sync.proofs import Proofs
    from ionet._api._sync.staking import Staking
    from ionet._api._sync.supply import Supply
    from ionet._sync.client import Client


class Namespaces:
    """The client's namespaces, one per program."""

    @cached_property
    def mint(self) -> Mint:
        """Genesis and emission."""
        from ionet._api._sync.mint import Mint

        return Mint(self._self)

    @cached_property
    def proofs(self) -> Proofs:
        """Attesters and their hourly reports."""
        from ionet._api._sync.proofs import Proofs

        return Proofs(self._self)

    @cached_property
    def staking(self) -> Staking:
        """Classes, devices, nodes and stake."""
        from ionet._api._sync.staking import Staking

        return Staking(self._self)

    @cached_property
    def jobs(self) -> Jobs:
        """Offers, jobs and their escrows."""
        from ionet._api._sync.jobs import Jobs

        return Jobs(self._self)

    @cached_property
    def buyback(self) -> Buyback:
        """Fee vaults and what is burned."""
        from ionet._api._sync.buyback import Buyback

        return Buyback(self._self)

    @cached_property
    def governance(self) -> Governance:
        """Proposals, votes and the treasury."""
        from ionet._api._sync.governance import Governance

        return Governance(self._self)

    @cached_property
    def distributor(self) -> Distributor:
        """Vesting grants and airdrops."""
        from ionet._api._sync.distributor import Distributor

        return Distributor(self._self)

    @cached_property
    def genesis(self) -> Genesis:
        """What exists from the start: plans of `ionet.genesis`, carried out and compared."""
        from ionet._api._sync.genesis import Genesis

        return Genesis(self._self)

    @cached_property
    def supply(self) -> Supply:
        """What exists, is locked and circulates, by date."""
        from ionet._api._sync.supply import Supply

        return Supply(self._self)

    @property
    def _self(self) -> Client:
        return cast("Client", self)

# Generated from token/_async/mint.py by scripts/codegen; do not edit.
"""The mint program: genesis, emission and its policies."""

from __future__ import annotations

from types import MappingProxyType
from typing import Unpack

from solders.pubkey import Pubkey

from ionet import accounts, events, ix, pda, types
from ionet._generated.shared import Allocation
from ionet.administration._sync.administration import Administration
from ionet.chain._sync.call import Call
from ionet.chain.amounts import IO
from ionet.chain.transactions import Sent


class Mint(Administration):
    """Calls and reads of the mint program."""

    PROGRAM = "mint"
    RENAMED = MappingProxyType({"config": "get_config"})

    def initialize(self, *, start: int = 0) -> Call[Pubkey]:
        """Creates the IO mint; for the program's upgrade authority. Gives the mint's address.

        Args:
            start: Unix time from which emission counts, at most a year ahead; 0 is now.
        """
        return Call(
            self._connection,
            [ix.mint.initialize(authority=self._connection.address, start=start)],
            decode=lambda _: pda.mint.MINT,
        )

    def mint_genesis(self, allocation: Allocation, destination: Pubkey) -> Call[IO]:
        """Mints one genesis allocation into a token account, once; for the authority. Gives the amount."""
        instruction = ix.mint.mint_genesis(
            authority=self._connection.address, destination=destination, allocation=allocation
        )
        return Call(
            self._connection,
            [instruction],
            decode=lambda sent: IO.from_base(sent.event(events.mint.GenesisMinted).amount),
        )

    def emit(self) -> Call[IO]:
        """Mints what the schedule allows by now; for anyone. Gives the amount, 0 within the same hour."""
        return Call(self._connection, [ix.mint.emit()], decode=_minted)

    def set_policy(self, policy: types.mint.PolicyArgs) -> Call[None]:
        """Emits up to now and sets the policy of emission; for the authority."""
        return Call(self._connection, [ix.mint.set_policy(authority=self._connection.address, policy=policy)])

    def burn_reserve(self) -> Call[None]:
        """Burns everything that policies have withheld; for anyone."""
        return Call(self._connection, [ix.mint.burn_reserve()])

    def set_params(self, **changes: Unpack[types.mint.Params]) -> Call[None]:
        """Sets parameters; for the authority. Those not given stay as they are.

        Args:
            changes: see `ionet.ix.mint.set_params` for what each means.

        Raises:
            TypeError: there is no such parameter.
        """
        return self._set_params(**changes)

    def get_config(self) -> accounts.mint.Config:
        """Start and sums of emission, policy, roles."""
        return self._connection.fetch(accounts.mint.Config, pda.mint.CONFIG)

    def supply(self) -> IO:
        """All IO in existence."""
        return IO.from_base((self._connection.token_mint(pda.mint.MINT)).supply)

    def balance(self, owner: Pubkey | None = None) -> IO:
        """IO in an owner's associated token account; default: the signer's."""
        return self._connection.tokens(owner or self._connection.address, pda.mint.MINT, IO)


def _minted(sent: Sent[IO]) -> IO:
    emissions = [event for event in sent.events if isinstance(event, events.mint.Emitted)]
    return IO.from_base(sum(event.paid + event.withheld for event in emissions))

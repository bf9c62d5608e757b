# Generated from _api/_async/buyback.py by scripts/codegen; do not edit.
"""The buyback program: where fees go, and how IO is burned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey

from ionet import accounts, events, ix, pda
from ionet._amounts import IO
from ionet._call import Sent
from ionet._sync.call import Call

if TYPE_CHECKING:
    from ionet._sync.client import Client

#: Vaults of one mint; a job pays into the one of its key's last three bits.
SHARDS: Final = 8


class Buyback:
    """Calls and reads of the buyback program."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def initialize(self) -> Call[None]:
        """Creates the configuration; for the program's upgrade authority."""
        return Call(self._client, [ix.buyback.initialize(authority=self._client.address)])

    def open_vaults(self, mint: Pubkey = pda.mint.MINT) -> Call[None]:
        """Opens all fee vaults of a mint; for anyone, who pays their rent."""
        payer = self._client.address
        return Call(
            self._client,
            [ix.buyback.open_vault(payer=payer, mint=mint, shard=shard) for shard in range(SHARDS)],
        )

    def burn_fees(self, *shards: int) -> Call[IO]:
        """Burns the IO fees in these vaults, default in all; for anyone. Gives what was burned."""
        return Call(
            self._client,
            [ix.buyback.burn_fees(shard=shard) for shard in shards or range(SHARDS)],
            decode=_burned,
        )

    def vault(self, shard: int, mint: Pubkey = pda.mint.MINT) -> Pubkey:
        """The fee vault of a mint and shard."""
        return pda.buyback.vault(mint, shard)

    def fees(self, mint: Pubkey = pda.mint.MINT) -> list[int]:
        """Base units in each fee vault of a mint."""
        from ionet._layouts import TokenAccount

        found = self._client.accounts([self.vault(shard, mint) for shard in range(SHARDS)])
        return [0 if one is None else TokenAccount.decode(bytes(one.data)).amount for one in found]

    def config(self) -> accounts.buyback.Config:
        """What was burned, and the roles."""
        return self._client.fetch(accounts.buyback.Config, pda.buyback.CONFIG)


def _burned(sent: Sent[IO]) -> IO:
    found = [one for one in sent.events if isinstance(one, events.buyback.FeesBurned)]
    return IO.from_base(sum(one.amount for one in found))

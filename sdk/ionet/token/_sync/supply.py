# Generated from token/_async/supply.py by scripts/codegen; do not edit.
"""The supply of IO by date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ionet import accounts
from ionet.administration.shards import stake_shards
from ionet.chain.amounts import IO
from ionet.chain.errors import AccountNotFound
from ionet.token.supply import SupplyAt, projected
from ionet.token.vesting import Schedule, unvested, vested

if TYPE_CHECKING:
    from ionet.chain._sync.connection import Connection
    from ionet.token._sync.distributor import Distributor
    from ionet.token._sync.mint import Mint


class Supply:
    """Reads and projects the supply: what exists, is locked and circulates."""

    def __init__(self, connection: Connection, *, mint: Mint, distributor: Distributor) -> None:
        self._connection = connection
        self._mint = mint
        self._distributor = distributor

    def now(self) -> SupplyAt:
        """The supply on the chain now. Programs that are not initialised yet count as empty."""
        connection, time = self._connection, self._connection.time()
        mint, supply = self._mint.get_config(), self._mint.supply()
        genesis, emitted = IO.from_base(mint.genesis), IO.from_base(mint.emitted)
        grants = [grant.account for grant in self._distributor.grants()]
        return SupplyAt(
            time=time,
            genesis=genesis,
            emitted=emitted,
            burned=genesis + emitted - supply,
            vested=sum((vested(grant, time) for grant in grants), IO(0)),
            locked=sum((unvested(grant, time) for grant in grants), IO(0)),
            reserve=IO.from_base((connection.token_account(mint.reserve_vault)).amount),
            treasury=self._treasury(),
            staked=self._staked(),
            projected=False,
        )

    def at(self, time: int) -> SupplyAt:
        """The supply at another date: emission and grants by their schedules, with the burns until now.

        Args:
            time: Unix seconds, past or future.
        """
        now, mint = self.now(), self._mint.get_config()
        grants = [
            (Schedule.of(grant.account), IO.from_base(grant.account.returned))
            for grant in self._distributor.grants()
        ]
        return projected(time, now, mint.start, grants)

    def _treasury(self) -> IO:
        try:
            config = self._distributor.get_config()
        except AccountNotFound:
            return IO(0)
        return self._mint.balance(config.treasury)

    def _staked(self) -> IO:
        shards = self._connection.fetch_many(accounts.staking.StakeShard, stake_shards())
        return IO.from_base(sum(shard.active.now for shard in shards if shard is not None))

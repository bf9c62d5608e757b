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
    from ionet.chain._async.connection import AsyncConnection
    from ionet.token._async.distributor import AsyncDistributor
    from ionet.token._async.mint import AsyncMint


class AsyncSupply:
    """Reads and projects the supply: what exists, is locked and circulates."""

    def __init__(
        self, connection: AsyncConnection, *, mint: AsyncMint, distributor: AsyncDistributor
    ) -> None:
        self._connection = connection
        self._mint = mint
        self._distributor = distributor

    async def now(self) -> SupplyAt:
        """The supply on the chain now. Programs that are not initialised yet count as empty."""
        connection, time = self._connection, await self._connection.time()
        mint, supply = await self._mint.get_config(), await self._mint.supply()
        genesis, emitted = IO.from_base(mint.genesis), IO.from_base(mint.emitted)
        grants = [grant.account for grant in await self._distributor.grants()]
        return SupplyAt(
            time=time,
            genesis=genesis,
            emitted=emitted,
            burned=genesis + emitted - supply,
            vested=sum((vested(grant, time) for grant in grants), IO(0)),
            locked=sum((unvested(grant, time) for grant in grants), IO(0)),
            reserve=IO.from_base((await connection.token_account(mint.reserve_vault)).amount),
            treasury=await self._treasury(),
            staked=await self._staked(),
            projected=False,
        )

    async def at(self, time: int) -> SupplyAt:
        """The supply at another date: emission and grants by their schedules, with the burns until now.

        Args:
            time: Unix seconds, past or future.
        """
        now, mint = await self.now(), await self._mint.get_config()
        grants = [
            (Schedule.of(grant.account), IO.from_base(grant.account.returned))
            for grant in await self._distributor.grants()
        ]
        return projected(time, now, mint.start, grants)

    async def _treasury(self) -> IO:
        try:
            config = await self._distributor.get_config()
        except AccountNotFound:
            return IO(0)
        return await self._mint.balance(config.treasury)

    async def _staked(self) -> IO:
        shards = await self._connection.fetch_many(accounts.staking.StakeShard, stake_shards())
        return IO.from_base(sum(shard.active.now for shard in shards if shard is not None))

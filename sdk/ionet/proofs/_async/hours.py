"""Hours of emission, by the chain's accounts; the facts of one are in a ledger (`ionet.ledger.Hours`)."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from ionet import accounts, pda
from ionet.administration._async.administration import AsyncAdministration
from ionet.chain.amounts import IO
from ionet.formats.when import HOUR
from ionet.token import emission

if TYPE_CHECKING:
    from ionet.chain._async.connection import AsyncConnection
    from ionet.rewards import SharePolicy
    from ionet.token._async.mint import AsyncMint


class AsyncHours(AsyncAdministration):
    """Numbers, ends and emission of hours, and today's parameters."""

    PROGRAM = "proofs"
    RENAMED = MappingProxyType({"get": "get_report", "attesters": "get_attesters", "config": "get_config"})

    def __init__(self, connection: AsyncConnection, *, mint: AsyncMint) -> None:
        super().__init__(connection)
        self._mint = mint

    async def get_config(self) -> accounts.proofs.Config:
        """Parameters, and the latest final report's sums."""
        return await self._connection.fetch(accounts.proofs.Config, pda.proofs.CONFIG)

    async def period_end(self, seq: int) -> int:
        """End of an hour, Unix seconds.

        Args:
            seq: its number from the start of emission, 1 for the first.
        """
        return (await self._connection.fetch(accounts.mint.Config, pda.mint.CONFIG)).start + seq * HOUR

    async def latest_hour(self) -> int:
        """Number of the latest hour that is over; 0 during the first."""
        start = (await self._connection.fetch(accounts.mint.Config, pda.mint.CONFIG)).start
        return max(0, (await self._connection.time() - start) // HOUR)

    async def emission(self, seq: int) -> IO:
        """The rewards of an hour, for `ionet.rewards.score_hour`; see `ionet.emission.hour`.

        Args:
            seq: its number from the start of emission; it must be over.

        Raises:
            EmissionUnknown: the hour is not emitted yet, or was too many cranks ago.
        """
        return IO.from_base(emission.hour(await self._mint.get_config(), seq))

    async def most(self, seq: int, *, correction: bool = False) -> IO:
        """The most that the total of an hour's report may be, for `ionet.rewards.to_share`.

        What had stayed unallocated at the latest final report is not a correction's to give.

        Args:
            seq: the hour's number from the start of emission; it must be over.
            correction: whether the report is one.

        Raises:
            EmissionUnknown: as `emission`.
        """
        paid = emission.until(await self._mint.get_config(), seq)
        if correction:
            config = await self.get_config()
            paid = min(paid, config.highest_total + max(0, paid - config.highest_paid))
        return IO.from_base(paid)

    async def policy(self) -> SharePolicy:
        """Today's parameters of proofs and staking that divide an hour, for `ionet.rewards.score_hour`."""
        from ionet.rewards import SharePolicy

        config = await self.get_config()
        staking = await self._connection.fetch(accounts.staking.Config, pda.staking.CONFIG)
        return SharePolicy(
            gpu_bps=config.gpu_bps,
            in_use_bps=config.in_use_bps,
            fee_bound_bps=config.fee_bound_bps,
            up_hours=config.up_hours,
            reward_bound_bps=staking.reward_bound_bps,
        )

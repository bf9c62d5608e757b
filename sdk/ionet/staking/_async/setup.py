"""Setting the staking program up: classes, parameters, roles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Unpack

from solders.pubkey import Pubkey

from ionet import accounts, constants, ix, pda, types
from ionet.administration.shards import stake_shards
from ionet.chain._async.call import AsyncCall
from ionet.chain.amounts import IO
from ionet.chain.records import KeyedAccount
from ionet.staking._async.base import AsyncStakingBase
from ionet.staking.classes import ClassChange, HardwareClass, class_args, class_changes, hardware_classes

#: Classes that one transaction holds.
_BATCH: Final = 5


class AsyncStakingSetup(AsyncStakingBase):
    """For whoever runs the market."""

    def initialize(self, *, slasher: Pubkey, resolver: Pubkey) -> AsyncCall[None]:
        """Creates the configuration; for the program's upgrade authority."""
        instruction = ix.staking.initialize(
            authority=self._connection.address, slasher=slasher, resolver=resolver
        )
        return AsyncCall(self._connection, [instruction])

    def open_shards(self, indices: Iterable[int] = range(constants.staking.STAKE_SHARDS)) -> AsyncCall[None]:
        """Opens the accounts that sum active stake; for anyone, who pays their rent.

        Args:
            indices: which of the 16; a transaction holds about eight.
        """
        payer = self._connection.address
        return AsyncCall(
            self._connection, [ix.staking.open_shard(payer=payer, index=index) for index in indices]
        )

    # -- classes

    def create_classes(self, classes: Iterable[HardwareClass]) -> AsyncCall[None]:
        """Creates hardware classes; for the authority. A transaction holds about five."""
        return self.create_class(*((one.id, class_args(one)) for one in classes))

    def create_class(self, *classes: tuple[int, types.staking.ClassArgs]) -> AsyncCall[None]:
        """Creates hardware classes by number; for the authority."""
        authority = self._connection.address
        return AsyncCall(
            self._connection,
            [ix.staking.create_class(authority=authority, id=id_, args=args) for id_, args in classes],
        )

    def set_class(self, *classes: tuple[int, types.staking.ClassArgs]) -> AsyncCall[None]:
        """Changes hardware classes; for the authority. Stake that is there already stays."""
        authority = self._connection.address
        return AsyncCall(
            self._connection,
            [ix.staking.set_class(authority=authority, id=id_, args=args) for id_, args in classes],
        )

    async def classes(self) -> list[KeyedAccount[accounts.staking.Class]]:
        """All hardware classes, by number."""
        found = await self._connection.find(accounts.staking.Class)
        return sorted(found, key=lambda one: one.account.id)

    async def get_class(self, class_id: int) -> accounts.staking.Class:
        """The hardware class of this number."""
        return await self._connection.fetch(accounts.staking.Class, pda.staking.class_(class_id))

    async def class_changes(self, table: Sequence[HardwareClass] | None = None) -> list[ClassChange]:
        """What is missing, or differs, on the chain from a table of classes; nothing is sent.

        Args:
            table: default: the one shipped with the package.
        """
        return class_changes(
            hardware_classes() if table is None else table, [one.account for one in await self.classes()]
        )

    def load_classes(self, changes: Iterable[ClassChange], *, update: bool = False) -> list[AsyncCall[None]]:
        """Transactions that create what is missing, none if nothing is; for the authority.

        Args:
            changes: see `class_changes`.
            update: also change what differs.
        """
        authority, instructions = self._connection.address, []
        for one in changes:
            if one.kind == "create":
                instructions.append(ix.staking.create_class(authority=authority, id=one.id, args=one.args))
            elif one.kind == "update" and update:
                instructions.append(ix.staking.set_class(authority=authority, id=one.id, args=one.args))
        return [
            AsyncCall(self._connection, instructions[start : start + _BATCH])
            for start in range(0, len(instructions), _BATCH)
        ]

    # -- parameters and roles

    def set_params(self, **changes: Unpack[types.staking.Params]) -> AsyncCall[None]:
        """Sets parameters; for the authority. What is not given stays as it is.

        Args:
            changes: see `ionet.types.staking.ParamsArgs` for what each means.

        Raises:
            TypeError: there is no such parameter.
        """
        return self._set_params(**changes)

    # -- sums

    async def get_emission_ledger(self) -> accounts.staking.EmissionLedger:
        """What was credited to all nodes."""
        return await self._connection.fetch(accounts.staking.EmissionLedger, pda.staking.EMISSION_LEDGER)

    async def total_active(self) -> IO:
        """Active stake of all nodes: the sum of the shards."""
        found = await self._connection.fetch_many(accounts.staking.StakeShard, stake_shards())
        return IO.from_base(sum(one.active.now for one in found if one is not None))

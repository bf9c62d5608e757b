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
    """Calls of the market's authority."""

    def initialize(self, *, slasher: Pubkey, resolver: Pubkey) -> AsyncCall[None]:
        """Creates the configuration; for the program's upgrade authority."""
        instruction = ix.staking.initialize(
            authority=self._connection.address, slasher=slasher, resolver=resolver
        )
        return AsyncCall(self._connection, [instruction])

    def open_shards(self, indices: Iterable[int] = range(constants.staking.STAKE_SHARDS)) -> AsyncCall[None]:
        """Opens the accounts that sum active stake; for anyone, who pays their rent.

        Args:
            indices: which of the 16 shards; a transaction holds about eight.
        """
        payer = self._connection.address
        return AsyncCall(
            self._connection, [ix.staking.open_shard(payer=payer, index=index) for index in indices]
        )

    # -- classes

    def create_classes(self, classes: Iterable[HardwareClass]) -> AsyncCall[None]:
        """Creates hardware classes; for the authority. A transaction holds about five."""
        return self.create_class(*((class_.id, class_args(class_)) for class_ in classes))

    def create_class(self, *classes: tuple[int, types.staking.ClassArgs]) -> AsyncCall[None]:
        """Creates hardware classes by number; for the authority."""
        authority = self._connection.address
        return AsyncCall(
            self._connection,
            [ix.staking.create_class(authority=authority, id=id_, args=args) for id_, args in classes],
        )

    def set_class(self, *classes: tuple[int, types.staking.ClassArgs]) -> AsyncCall[None]:
        """Changes hardware classes; for the authority. Existing stake stays."""
        authority = self._connection.address
        return AsyncCall(
            self._connection,
            [ix.staking.set_class(authority=authority, id=id_, args=args) for id_, args in classes],
        )

    def set_reference(self, *classes: tuple[int, types.staking.Reference]) -> AsyncCall[None]:
        """Sets what hardware classes are judged by; for the authority.

        Args:
            classes: their numbers, and measured times; see `ionet.staking.references.reference_of`.
        """
        authority = self._connection.address
        return AsyncCall(
            self._connection,
            [
                ix.staking.set_reference(authority=authority, id=id_, reference=reference)
                for id_, reference in classes
            ],
        )

    async def classes(self) -> list[KeyedAccount[accounts.staking.Class]]:
        """All hardware classes, by number."""
        classes = await self._connection.find(accounts.staking.Class)
        return sorted(classes, key=lambda class_: class_.account.id)

    async def get_class(self, class_id: int) -> accounts.staking.Class:
        """The hardware class of this number."""
        return await self._connection.fetch(accounts.staking.Class, pda.staking.class_(class_id))

    async def class_changes(self, table: Sequence[HardwareClass] | None = None) -> list[ClassChange]:
        """Compares a table of classes with the chain: what is missing or differs. Sends nothing.

        Args:
            table: the wanted classes; default: the table shipped with the package.
        """
        return class_changes(
            hardware_classes() if table is None else table,
            [class_.account for class_ in await self.classes()],
        )

    def load_classes(self, changes: Iterable[ClassChange], *, update: bool = False) -> list[AsyncCall[None]]:
        """Transactions that create the missing classes, if there are any; for the authority.

        Args:
            changes: see `class_changes`.
            update: also change classes that differ.
        """
        authority, instructions = self._connection.address, []
        for change in changes:
            if change.kind == "create":
                instructions.append(
                    ix.staking.create_class(authority=authority, id=change.id, args=change.args)
                )
            elif change.kind == "update" and update:
                instructions.append(ix.staking.set_class(authority=authority, id=change.id, args=change.args))
        return [
            AsyncCall(self._connection, instructions[start : start + _BATCH])
            for start in range(0, len(instructions), _BATCH)
        ]

    # -- parameters and roles

    def set_params(self, **changes: Unpack[types.staking.Params]) -> AsyncCall[None]:
        """Sets parameters; for the authority. Those not given stay as they are.

        Args:
            changes: see `ionet.types.staking.ParamsArgs` for what each means.

        Raises:
            TypeError: there is no such parameter.
        """
        return self._set_params(**changes)

    # -- sums

    async def get_emission_ledger(self) -> accounts.staking.EmissionLedger:
        """The rewards credited to all nodes so far."""
        return await self._connection.fetch(accounts.staking.EmissionLedger, pda.staking.EMISSION_LEDGER)

    async def total_active(self) -> IO:
        """Active stake of all nodes: the sum of the shards."""
        shards = await self._connection.fetch_many(accounts.staking.StakeShard, stake_shards())
        return IO.from_base(sum(shard.active.now for shard in shards if shard is not None))

"""Who asks, and how much they may use: API keys, and a quota of the day from stake that is active.

Stake is read from the chain at a finalized slot, never a wallet's balance: tokens that are staked cannot be
sent on to the next account within a fortnight, so that one token counts for one account.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey

from ionet.chain.amounts import IO
from ionet.intelligence.desk import Desk
from ionet.intelligence.errors import Refused
from ionet.intelligence.prices import IO_UNIT
from ionet.intelligence.records import Key

_LEAST: Final = IO(100)
_PREFIX: Final = "sk-io-"
#: Keys and stakes that are remembered.
_MOST: Final = 50_000


@dataclass(frozen=True, slots=True)
class Stake:
    """Stake of an address.

    Attributes:
        active: that counts.
        slot: at which it was read.
    """

    active: IO
    slot: int


#: Reads the stake of an address.
Stakes = Callable[[Pubkey], Awaitable[Stake]]


@dataclass(frozen=True, slots=True)
class QuotaRule:
    """How much a day costs nothing.

    Attributes:
        per_io: millionths of a dollar for each IO of active stake.
        least: stake that is needed for any of it.
        most: millionths of a dollar of an account.
        keeps: seconds for which a stake that was read counts.
    """

    per_io: int = 1_000
    least: IO = _LEAST
    most: int = 50_000_000
    keeps: float = 60.0

    def quota(self, stake: IO) -> int:
        """Millionths of a dollar a day, rounded down.

        Args:
            stake: active.
        """
        if stake.base < self.least.base:
            return 0
        return min(self.most, stake.base * self.per_io // IO_UNIT)


@dataclass(frozen=True, slots=True)
class Quota:
    """An account's quota.

    Attributes:
        dollars: millionths of a dollar a day.
        stake: it comes from, or None: it could not be read.
    """

    dollars: int
    stake: Stake | None


@dataclass(slots=True, eq=False)
class _Inside:
    """A request that was let in, and whether its key was revoked since."""

    task: asyncio.Task[None]
    ended: bool = False


class Gate:
    """Lets requests in, and has those end whose key is revoked.

    Args:
        desk: the books.
        environment: of its keys.
        stakes: reads stake; None: there is no quota.
        rule: what stake is worth.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        desk: Desk,
        environment: str,
        stakes: Stakes | None,
        rule: QuotaRule,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._desk = desk
        self._environment = environment
        self._stakes = stakes
        self.rule = rule
        self._clock = clock
        self._quotas: dict[str, tuple[Quota, float]] = {}
        self._reading: dict[str, asyncio.Task[Quota]] = {}
        self._inside: dict[int, set[_Inside]] = {}

    async def admit(self, authorization: str | None) -> Key:
        """Returns the key of a request.

        Args:
            authorization: the header, or None.

        Raises:
            Refused: there is none, or it is none of this service's, or was revoked.
        """
        secret = (authorization or "").strip()
        if not secret:
            raise _unknown("you provided no API key; send it as: Authorization: Bearer KEY")
        scheme, _, secret = secret.partition(" ")
        secret = secret.strip()
        if scheme.lower() != "bearer" or not secret or len(secret) > 200:
            raise _unknown("an API key is sent as: Authorization: Bearer KEY")
        mine = f"{_PREFIX}{self._environment}-"
        if secret.startswith(_PREFIX) and not secret.startswith(mine):
            raise _unknown(f"this key is of another environment; keys of this one begin with {mine}")
        key = await self._desk.do(lambda books: books.find_key(secret))
        if key is None:
            raise _unknown("this API key is not known here; make one with ionet intelligence keys create")
        if key.revoked is not None:
            raise _revoked()
        return key

    @asynccontextmanager
    async def inside(self, key: Key) -> AsyncIterator[None]:
        """Entered by the task that answers a request, as long as it works on it.

        Args:
            key: it came with.

        Raises:
            Refused: the key was revoked meanwhile.
        """
        task = asyncio.current_task()
        assert task is not None
        mine = _Inside(task)
        self._inside.setdefault(key.id, set()).add(mine)
        try:
            yield
        except asyncio.CancelledError:
            # Unless whoever asked is gone as well.
            if mine.ended and task.uncancel() == 0:
                raise _revoked() from None
            raise
        finally:
            others = self._inside[key.id]
            others.discard(mine)
            if not others:
                del self._inside[key.id]

    def end(self, keys: Collection[int]) -> None:
        """Ends requests at once: what they have written is paid for.

        Args:
            keys: that were revoked, in the books.
        """
        for key in keys:
            for each in self._inside.get(key, ()):
                if not each.ended:
                    each.ended = True
                    each.task.cancel()

    async def quota(self, address: str) -> Quota:
        """What an account may use each day for nothing; what was read counts for a while.

        Where the chain cannot be read, what was read last counts on; where nothing was, there is none.
        """
        if self._stakes is None:
            return Quota(0, None)
        now = self._clock()
        kept = self._quotas.get(address)
        if kept is not None and now < kept[1]:
            return kept[0]
        reading = self._reading.get(address)
        if reading is None:
            reading = asyncio.create_task(self._read(address, None if kept is None else kept[0]))
            self._reading[address] = reading
            reading.add_done_callback(lambda _: self._reading.pop(address, None))
        # Whoever asked first may go away: the others wait on.
        return await asyncio.shield(reading)

    async def _read(self, address: str, last: Quota | None) -> Quota:
        assert self._stakes is not None
        try:
            stake = await self._stakes(Pubkey.from_string(address))
            quota = Quota(self.rule.quota(stake.active), stake)
        except Exception as bad:  # whatever it is, requests that are paid for are answered
            self._desk.trouble("stake cannot be read", bad)
            quota = last or Quota(0, None)
        if len(self._quotas) >= _MOST:
            self._quotas.clear()
        self._quotas[address] = (quota, self._clock() + self.rule.keeps)
        return quota


def _revoked() -> Refused:
    return _unknown("this API key was revoked")


def _unknown(message: str) -> Refused:
    return Refused(401, message, code="invalid_api_key")

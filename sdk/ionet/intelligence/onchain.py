"""What a service reads of the chain: stake, the price of IO, and payments to it. It holds no key."""

from __future__ import annotations

import asyncio
import logging
import time
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from ionet import IO, AsyncClient
from ionet.chain.base58 import b58decode
from ionet.chain.errors import IonetError
from ionet.chain.ids import TOKEN_PROGRAM
from ionet.intelligence.books import Currency, Deposit
from ionet.intelligence.desk import Desk
from ionet.intelligence.gate import Stake
from ionet.intelligence.prices import Rate
from ionet.token.prices import check_currency, counts_for

_log = logging.getLogger(__name__)
#: Seconds for which a price that was read counts.
_FRESH: Final = 120.0
#: Numbers of the token program's instructions, with the place of destination and authority among accounts.
_TRANSFERS: Final = {3: (1, 2), 12: (2, 3)}
_SECONDS: Final = 10.0


async def stake_of(client: AsyncClient, holder: Pubkey) -> Stake:
    """Stake of a holder that is active: of their own nodes, and on those of others.

    Args:
        client: reads at the level that counts; the service's reads what is final.
        holder: whose.
    """
    slot = int(await client.request("getSlot", {"commitment": "finalized"}))
    stakes = await client.staking.stakes(holder)
    return Stake(IO.from_base(sum(stake.active.base for stake in stakes)), slot)


class Oracle:
    """What an IO is worth, by the rule of bookings: the oracle's price less its confidence.

    Args:
        client: reads the chain.
        clock: seconds that only grow.
    """

    def __init__(self, client: AsyncClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._rate: Rate | None = None
        self._until = 0.0
        #: Why there is no price.
        self.fault = "it was not read yet"

    def now(self) -> Rate | None:
        """What was read last; None: there is no price that one may use."""
        return self._rate if self._clock() < self._until else None

    async def look(self) -> None:
        """Reads it."""
        began = self._clock()
        try:
            config = await self._client.jobs.get_config()
            currency = await self._client.jobs.get_currency("IO")
            price = await self._client.price(currency.price_account)
            check_currency(currency, price, config.price_limits, await self._client.time())
        except IonetError as bad:
            self._rate, self.fault = None, str(bad)
            return
        self._rate, self.fault = Rate.of(counts_for(currency, price)), ""
        self._until = began + _FRESH


@dataclass(frozen=True, slots=True)
class Till:
    """Where a currency is paid in.

    Attributes:
        currency: which.
        account: the token account.
    """

    currency: Currency
    account: Pubkey


class Tills:
    """Finds payments.

    A payment is a transfer of tokens to a till, in a final transaction that has succeeded; it counts for who
    has signed the transfer. Transactions are read from the oldest that was not seen, and each payment counts
    once, however often it is read.

    Args:
        client: reads what is final.
        desk: the books.
        tills: where payments come in.
    """

    def __init__(self, client: AsyncClient, desk: Desk, tills: Mapping[Currency, Pubkey]) -> None:
        self._client = client
        self._desk = desk
        self._tills = [Till(currency, account) for currency, account in tills.items()]
        #: Why payments are not seen at the moment; empty: they are.
        self.fault = ""

    async def look(self) -> int:
        """Adds new payments to their accounts' balances; returns how many that were."""
        try:
            counts = [await self._look(till) for till in self._tills]
        except Exception as bad:  # whatever it is, payments wait, and health says so
            self.fault = f"payments cannot be read: {bad}"
            self._desk.trouble("payments cannot be read", bad)
            return 0
        self.fault = ""
        return sum(counts)

    async def _look(self, till: Till) -> int:
        name = f"till {till.account}"
        last = await self._desk.do(lambda books: books.mark(name))
        listed = [entry async for entry in self._client.listed(till.account, until=last)]
        count = 0
        for entry in reversed(listed):
            for deposit in await self._deposits(till, entry.signature):
                count += await self._desk.do(lambda books, it=deposit: books.deposit(it))  # type: ignore[misc]
            await self._desk.do(lambda books, it=entry.signature: books.mark(name, it))  # type: ignore[misc]
        return count

    async def _deposits(self, till: Till, signature: str) -> list[Deposit]:
        config = {"encoding": "base64", "commitment": "finalized", "maxSupportedTransactionVersion": 0}
        answer = await self._client.request("getTransaction", signature, config)
        if answer is None:
            raise IonetError(f"the node lists the transaction {signature}, and has it not")
        return list(deposits(till, signature, answer, self._desk.at))


def deposits(till: Till, signature: str, answer: Any, now: int) -> Iterator[Deposit]:
    """The payments to a till in a transaction.

    Args:
        till: where.
        signature: of the transaction.
        answer: of `getTransaction`, with the encoding base64.
        now: Unix seconds, for a transaction whose block has no time.
    """
    meta = answer["meta"]
    if meta["err"] is not None:
        return
    message = VersionedTransaction.from_bytes(b64decode(answer["transaction"][0])).message
    loaded = meta.get("loadedAddresses") or {"writable": [], "readonly": []}
    keys = [*message.account_keys, *map(Pubkey.from_string, (*loaded["writable"], *loaded["readonly"]))]
    called = [
        (f"{number}", keys[each.program_id_index], bytes(each.data), [keys[at] for at in each.accounts])
        for number, each in enumerate(message.instructions)
    ]
    for group in meta.get("innerInstructions") or ():
        called += [
            (
                f"{group['index']}.{number}",
                keys[each["programIdIndex"]],
                b58decode(each["data"]),
                [keys[at] for at in each["accounts"]],
            )
            for number, each in enumerate(group["instructions"])
        ]
    at = answer.get("blockTime") or now
    for place, program, data, accounts in called:
        transfer = _transfer(program, data, accounts)
        if transfer is None or transfer[1] != till.account or transfer[0] == till.account:
            continue
        _, _, authority, units = transfer
        if units:
            yield Deposit(f"{signature} {place}", str(authority), till.currency, units, int(at))


def _transfer(
    program: Pubkey, data: bytes, accounts: list[Pubkey]
) -> tuple[Pubkey, Pubkey, Pubkey, int] | None:
    """Source, destination, authority and base units of a transfer; None: it is none."""
    if program != TOKEN_PROGRAM or len(data) < 9 or data[0] not in _TRANSFERS:
        return None
    to, authority = _TRANSFERS[data[0]]
    if len(accounts) <= authority:
        return None
    return accounts[0], accounts[to], accounts[authority], int.from_bytes(data[1:9], "little")


async def keep_looking(*looks: Any, every: float = _SECONDS) -> None:
    """Looks again and again, until it is cancelled."""
    while True:
        for look in looks:
            try:
                await look()
            except Exception:
                _log.exception("a look at the chain failed")
        await asyncio.sleep(every)

"""What a service reads of the chain beside stake: the price of IO, and payments to it. It holds no key."""

from __future__ import annotations

import asyncio
import logging
import time
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from ionet import AsyncClient
from ionet._generated import PROGRAMS
from ionet.chain.base58 import b58decode
from ionet.chain.errors import IonetError
from ionet.chain.ids import TOKEN_PROGRAM
from ionet.intelligence.books import Books
from ionet.intelligence.desk import Desk
from ionet.intelligence.prices import Rate
from ionet.intelligence.records import Currency, Deposit, Gap
from ionet.intelligence.treasury import Flow, Kind, Treasury
from ionet.token.prices import check_currency, counts_for

_log = logging.getLogger(__name__)
#: Seconds for which a price that was read counts.
_FRESH: Final = 120.0
#: Numbers of the token program's instructions, with the place of destination and authority among accounts.
_TRANSFERS: Final = {3: (1, 2), 12: (2, 3)}
_SECONDS: Final = 10.0


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
        self._checked: set[Pubkey] = set()
        #: Why payments are not seen at the moment; empty: they are.
        self.fault = ""

    async def look(self) -> int:
        """Adds new payments to their accounts' balances; returns how many that were."""
        try:
            counts = [await self._look(till) for till in self._tills]
            self.fault = await self._missed()
        except Exception as bad:  # whatever it is, payments wait, and health says so
            self.fault = f"payments cannot be read: {bad}"
            self._desk.trouble("payments cannot be read", bad)
            return 0
        return sum(counts)

    @property
    def accounts(self) -> dict[Currency, Pubkey]:
        """Where each currency is paid in."""
        return {till.currency: till.account for till in self._tills}

    async def balance(self, currency: Currency) -> int:
        """Base units that a till holds."""
        (till,) = [till for till in self._tills if till.currency == currency]
        return int((await self._client.token_account(till.account)).amount)

    async def _look(self, till: Till) -> int:
        if till.account not in self._checked:
            await self._check(till)
        last = await self._desk.do(lambda books: books.mark(f"till {till.account}"))
        listed = [entry async for entry in self._client.listed(till.account, until=last)]
        count = 0
        for entry in reversed(listed):
            moved = await self._moved(till, entry.signature)
            count += await self._desk.do(
                lambda books, it=moved, last=last: _note(books, till, it, last)  # type: ignore[misc]
            )
            last = entry.signature
        return count

    async def _check(self, till: Till) -> None:
        """Raises: a till holds something else than what is paid in."""
        mint = (await self._client.jobs.get_currency(till.currency.upper())).mint
        held = (await self._client.token_account(till.account)).mint
        if held != mint:
            raise IonetError(
                f"the account {till.account} holds tokens of the mint {held}, and {till.currency.upper()} is"
                f" {mint}: correct deposits.{till.currency} in the settings"
            )
        self._checked.add(till.account)

    async def _missed(self) -> str:
        """Looks again for what the node did not have; returns what is still missing, in a sentence."""
        missing = []
        for till in self._tills:
            gaps = await self._desk.do(lambda books, it=till: books.gaps(str(it.account)))  # type: ignore[misc]
            for gap in gaps:
                left = await self._fill(till, gap)
                missing += [f"{left} base units of {till.currency} before {gap.before}"] * bool(left)
        if not missing:
            return ""
        return (
            f"payments were not seen, as the node has forgotten them: {'; '.join(missing)}; have the service"
            " use a node with the whole history"
        )

    async def _fill(self, till: Till, gap: Gap) -> int:
        """Reads what lies in a gap, all of it or nothing; returns base units that are still missing."""
        listed = [entry async for entry in self._client.listed(till.account, until=gap.after or None)]
        signatures = [entry.signature for entry in listed]
        if gap.before not in signatures:
            return gap.units
        inside = signatures[signatures.index(gap.before) + 1 :]
        moved = [await self._moved(till, signature) for signature in reversed(inside)]
        if sum(each.after - each.before for each in moved) != gap.units:
            return gap.units
        await self._desk.do(lambda books: _fill(books, gap, moved))
        return 0

    async def _moved(self, till: Till, signature: str) -> Moved:
        config = {"encoding": "base64", "commitment": "finalized", "maxSupportedTransactionVersion": 0}
        answer = await self._client.request("getTransaction", signature, config)
        if answer is None:
            raise IonetError(f"the node lists the transaction {signature}, and has it not")
        return moved_by(till, signature, answer, self._desk.at)


@dataclass(frozen=True, slots=True)
class Moved:
    """What a transaction has moved at a till.

    Attributes:
        signature: of the transaction.
        deposits: payments.
        flows: all else.
        before, after: base units that the till held.
        at: Unix seconds.
    """

    signature: str
    deposits: tuple[Deposit, ...]
    flows: tuple[Flow, ...]
    before: int
    after: int
    at: int


def _note(books: Books, till: Till, moved: Moved, seen: str | None) -> int:
    """Notes what a transaction has moved, all of it or nothing; returns how many payments are new.

    Args:
        books: where.
        till: whose.
        moved: what.
        seen: the transaction before it; where the books know a later one, another process was faster.
    """
    balance, last = f"holds {till.account}", f"till {till.account}"
    with books.whole():
        if books.mark(last) != seen:
            return 0
        return _note_next(books, till, moved, balance, last)


def _note_next(books: Books, till: Till, moved: Moved, balance: str, last: str) -> int:
    held = int(books.mark(balance) or 0)
    if missing := moved.before - held:
        # The operator's until it is known whose: so the books hold what the till does.
        what = f"unseen before {moved.signature}"
        kind: Kind = "in" if missing > 0 else "out"
        flow = Flow(what, kind, till.currency, abs(missing), "", moved.at)
        if Treasury(books).record([flow]):
            books.miss(Gap(str(till.account), books.mark(last) or "", moved.signature, missing))
    count = _count(books, moved)
    books.mark(balance, str(moved.after))
    books.mark(last, moved.signature)
    return count


def _count(books: Books, moved: Moved) -> int:
    treasury = Treasury(books)
    count = sum(books.deposit(deposit) for deposit in moved.deposits)
    if any(send.signature == moved.signature for send in treasury.sends()):
        treasury.landed(moved.signature, moved.at)
        return count
    treasury.record(moved.flows)
    return count


def _fill(books: Books, gap: Gap, moved: Sequence[Moved]) -> None:
    """Takes back that it was the operator's, as it is known whose it was."""
    with books.whole():
        if gap in books.gaps(gap.till):
            _fill_all(books, gap, moved)


def _fill_all(books: Books, gap: Gap, moved: Sequence[Moved]) -> None:
    for each in moved:
        _count(books, each)
    currency = books.currency_of(f"{'in' if gap.units > 0 else 'out'} unseen before {gap.before}")
    back: Kind = "out" if gap.units > 0 else "in"
    at = max((each.at for each in moved), default=0)
    Treasury(books).record([Flow(f"seen before {gap.before}", back, currency, abs(gap.units), "", at)])
    books.filled(gap)


def moved_by(till: Till, signature: str, answer: Any, now: int) -> Moved:
    """What a transaction has moved at a till.

    Args:
        till: where.
        signature: of the transaction.
        answer: of `getTransaction`, with the encoding base64.
        now: Unix seconds, for a transaction whose block has no time.
    """
    at = int(answer.get("blockTime") or now)
    keys, calls = _calls(answer)
    before, after = (
        _held(answer["meta"].get(f"{when}TokenBalances"), keys, till) for when in ("pre", "post")
    )
    if answer["meta"]["err"] is not None:
        return Moved(signature, (), (), after, after, at)
    deposits, flows = list[Deposit](), list[Flow]()
    for call in calls:
        transfer = _transfer(call.program, call.data, call.accounts)
        if transfer is None or transfer[0] == transfer[1] or not transfer[3]:
            continue
        source, to, authority, units = transfer
        what, leases = f"{signature} {call.place}", PROGRAMS.get(str(call.outer)) == "jobs"
        if to == till.account and not leases:
            deposits.append(Deposit(what, str(authority), till.currency, units, at))
        elif to == till.account:
            flows.append(Flow(what, "refund", till.currency, units, str(source), at))
        elif source == till.account:
            kind: Kind = "lease" if leases else "out"
            flows.append(Flow(what, kind, till.currency, units, str(to), at))
    told = sum(each.units for each in deposits)
    told += sum(each.units if each.kind == "refund" else -each.units for each in flows)
    if rest := after - before - told:
        # Made there, or moved by a program that this does not know.
        kind = "in" if rest > 0 else "out"
        flows.append(Flow(f"{signature} rest", kind, till.currency, abs(rest), "", at))
    return Moved(signature, tuple(deposits), tuple(flows), before, after, at)


@dataclass(frozen=True, slots=True)
class _Call:
    place: str
    outer: Pubkey
    program: Pubkey
    data: bytes
    accounts: list[Pubkey]


def _calls(answer: Any) -> tuple[list[Pubkey], list[_Call]]:
    """A transaction's accounts, and its instructions, with those that they have called."""
    meta = answer["meta"]
    message = VersionedTransaction.from_bytes(b64decode(answer["transaction"][0])).message
    loaded = meta.get("loadedAddresses") or {"writable": [], "readonly": []}
    keys = [*message.account_keys, *map(Pubkey.from_string, (*loaded["writable"], *loaded["readonly"]))]
    outer = [keys[each.program_id_index] for each in message.instructions]
    calls = [
        _Call(f"{number}", outer[number], outer[number], bytes(each.data), [keys[at] for at in each.accounts])
        for number, each in enumerate(message.instructions)
    ]
    for group in meta.get("innerInstructions") or ():
        for number, each in enumerate(group["instructions"]):
            program, accounts = keys[each["programIdIndex"]], [keys[at] for at in each["accounts"]]
            place, data = f"{group['index']}.{number}", b58decode(each["data"])
            calls.append(_Call(place, outer[group["index"]], program, data, accounts))
    return keys, calls


def _held(balances: Any, keys: Sequence[Pubkey], till: Till) -> int:
    for each in balances or ():
        if keys[each["accountIndex"]] == till.account:
            return int(each["uiTokenAmount"]["amount"])
    return 0


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

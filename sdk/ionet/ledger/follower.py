"""Fills a ledger from a node, and follows the chain.

It first subscribes to the programs' transactions, and then lists them, from the first one on. What is
announced only causes the next listing; what is listed is the truth. So there is no gap between the two: it
lists until it has done so in or after the first slot that the node announced after the subscription, and
nothing announced counts as listed that is not.

A slot is *scanned* once every transaction of the programs up to it is in the ledger; *final* once besides
the chain cannot drop it any more. Both only move over slots that were listed whole.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from solders.pubkey import Pubkey

from ionet import events, pda
from ionet.chain._async.reader import AsyncReader
from ionet.chain._async.watching import AsyncWatch
from ionet.chain.errors import ProgramMissing, RpcError, TransportError
from ionet.chain.following import MARGIN, PAGE, WatchSettings
from ionet.chain.records import shaped, whole
from ionet.chain.transactions import Sent, sent_from_json
from ionet.ledger.database import Database
from ionet.ledger.errors import LedgerError
from ionet.ledger.records import Landed
from ionet.ledger.subjects import PROGRAMS

#: Transactions asked for at once, and written at once.
_AT_ONCE: Final = 16
_CHUNK: Final = 512
_GATHER: Final = 0.05
#: Seconds between looks for what a node does not show, or not yet.
_LOOKS: Final = (0.2, 0.5, 1.0, None)
#: A transaction or slot that the node no longer has.
_PRUNED: Final = frozenset({-32001, -32007, -32009})


@dataclass(frozen=True, slots=True)
class Listed:
    """A transaction as a node lists it.

    Attributes:
        signature: base58.
        slot: its slot.
        tx: its place in the slot; None: the node does not say.
    """

    signature: str
    slot: int
    tx: int | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the ledger has come.

    Attributes:
        scanned: up to this slot it is whole.
        final: … and cannot change any more.
        written: transactions written since it began.
        events: their events.
        left: transactions that are listed and not written yet.
    """

    scanned: int
    final: int
    written: int
    events: int
    left: int


async def open_ledger(client: AsyncReader, where: str) -> Database:
    """Opens a ledger of a node's chain to write to, and makes it if there is none.

    Args:
        client: asks the node.
        where: see `Database.create`.

    Raises:
        LedgerError: the node is of another chain than the ledger, or without the programs; or see `create`.
    """
    genesis = str(await client.request("getGenesisHash"))
    for name in PROGRAMS:
        program_id = getattr(events, name).Initialized.PROGRAM_ID
        account = await client.account(program_id)
        if account is None or not account.executable:
            raise ProgramMissing(str(program_id), name)
    return await _of_its_chain(client, Database.create(where, genesis))


async def read_ledger(client: AsyncReader, where: str) -> Database:
    """Opens a ledger of a node's chain to read from, which another process may write to.

    Args:
        client: asks the node.
        where: see `Database.create`.

    Raises:
        LedgerError: the node is of another chain than the ledger; or see `Database.open`.
    """
    genesis = str(await client.request("getGenesisHash"))
    return await _of_its_chain(client, Database.open(where, genesis))


async def _of_its_chain(client: AsyncReader, database: Database) -> Database:
    """The ledger, once it is sure that it is of the node's chain."""
    try:
        await _check_chain(client, database)
    except BaseException:
        database.close()
        raise
    return database


async def _check_chain(client: AsyncReader, database: Database) -> None:
    """Makes sure that the node knows the last transaction that is final in a ledger."""
    if (last := database.last_final()) is None:
        return
    slot, signature = last
    if (await _statuses(client, [signature]))[signature] != slot:
        raise LedgerError(
            f"the node does not know transaction {signature} of slot {slot}, which the ledger holds:"
            " it is of another chain, or no longer has the past"
        )


class Follower(AsyncWatch[Progress]):
    """Writes what the programs do into a ledger: `async for progress in Follower(client, database)`.

    Args:
        client: asks the node.
        database: written to by this process.
        on_progress: is told during a long listing, too.
        keep: rows of hours that lie further back than so many seconds go to files; None: all stay.
        again: the node was lost since the ledger was opened: who answers now may be another one.
        settings: intervals and time limits.

    Raises:
        LedgerError: when it reads: the node cannot show the past, or the database refuses.
    """

    def __init__(
        self,
        client: AsyncReader,
        database: Database,
        *,
        on_progress: Callable[[Progress], None] | None = None,
        keep: int | None = None,
        again: bool = False,
        settings: WatchSettings | None = None,
    ) -> None:
        super().__init__(client, settings)
        self._database = database
        self._keep, self._again = keep, again
        self.on_progress = on_progress
        self._programs = {name: getattr(events, name).Initialized.PROGRAM_ID for name in PROGRAMS}
        #: Announced and not listed yet: slot, and when it was announced.
        self._announced: dict[str, tuple[int, float]] = {}
        self._seen: dict[str, int] = {}
        self._written = self._events = 0
        self._limit = asyncio.Semaphore(_AT_ONCE)

    def _subscriptions(self) -> list[tuple[str, list[Any]]]:
        level = {"commitment": "confirmed"}
        return [
            ("logsSubscribe", [{"mentions": [str(program)]}, level]) for program in self._programs.values()
        ]

    def _notified(self, method: str, result: Any) -> None:
        slot, value = whole(result["context"]["slot"]), result["value"]
        signature = str(value["signature"])
        if value.get("err") is None and signature not in self._seen and signature not in self._announced:
            now = time.monotonic()
            self._announced[signature] = (slot, now)
            self._read_at = min(self._read_at, now + _GATHER)

    # -- one pass

    async def catch_up(self) -> Progress:
        """Lists and writes everything that there is now.

        Raises:
            LedgerError: see the class.
            RpcError, TransportError: the node cannot be read.
        """
        await self._read()
        return self._ready.pop()

    async def _read(self) -> int:
        final = await self._slot_at("finalized")
        if self._again or self.trouble is not None:
            # Whoever answers now may be another node.
            await self._check_again(final)
            self._again = False
        scanned = await self._slot_at("confirmed")
        need = max([scanned, self._need or 0])
        marks = self._database.marks()
        floor = max(marks.final - MARGIN, 0)
        listing: dict[str, Listed] = {}
        for program in self._programs.values():
            listing.update(await self._list(program, floor, need))
        await self._believed(need)
        await self._hear()
        known = self._database.known(floor)
        fresh = [entry for entry in listing.values() if known.get(entry.signature) != entry.slot]
        await self._check_beginning(fresh)
        gone = await self._gone(known, listing, marks.final, scanned)
        if gone:
            self._database.write(dropped=gone)
        lacking = await self._lacking(listing, scanned)
        # The slot that is being made, and what follows an announced transaction, are not whole yet.
        whole_to = min([scanned - 1, *(slot - 1 for slot in lacking)])
        await self._write(fresh, max(whole_to, marks.scanned), max(min(final - 1, whole_to), marks.final))
        self._seen = {entry.signature: entry.slot for entry in listing.values()}
        if lacking:
            raise TransportError("the node has announced transactions that it does not list yet", url="")
        return need

    async def _check_again(self, final: int) -> None:
        """Makes sure that a node is of the ledger's chain, with patience for one that lags or begins anew.

        Raises:
            LedgerError: it is not.
            TransportError: it is not that far yet.
        """
        last = self._database.last_final()
        if last is not None and final < last[0]:
            raise TransportError(
                f"the last final slot of the node is {final}, and the ledger has slot {last[0]}: the node"
                " lags, or is of another chain",
                url="",
            )
        for pause in _LOOKS:
            try:
                await _check_chain(self._client, self._database)
                break
            except LedgerError:
                # Of several nodes behind one address another may have answered.
                if pause is None:
                    raise
            await asyncio.sleep(pause)

    async def _slot_at(self, level: str) -> int:
        answer = await self._client.request("getSlot", {"commitment": level})
        with shaped("getSlot"):
            return whole(answer)

    async def _list(self, program: Pubkey, floor: int, need: int) -> dict[str, Listed]:
        """A program's transactions that succeeded, from this slot on."""
        listed: dict[str, Listed] = {}
        config: dict[str, Any] = {"commitment": "confirmed", "limit": PAGE, "minContextSlot": need}
        while True:
            page = await self._client.request("getSignaturesForAddress", str(program), config)
            with shaped("getSignaturesForAddress"):
                for entry in page:
                    slot = whole(entry["slot"])
                    if slot < floor:
                        return listed
                    if entry["err"] is None:
                        signature = str(entry["signature"])
                        listed[signature] = Listed(signature, slot, entry.get("transactionIndex"))
                if len(page) < PAGE:
                    return listed
                config["before"] = str(page[-1]["signature"])

    async def _check_beginning(self, fresh: Iterable[Listed]) -> None:
        """Of programs without any event yet: that the node shows them from their first one.

        Raises:
            LedgerError: it does not.
        """
        known = self._database.programs()
        new = [name for name in PROGRAMS if name not in known]
        if not new:
            return
        configs = await self._client.accounts([_config_of(name) for name in new])
        awaited = {
            name for name, account in zip(new, configs, strict=True) if account is not None and account.data
        }
        for entry in sorted(fresh, key=lambda entry: (entry.slot, entry.tx or 0)):
            if not awaited:
                return
            log = (await self.shown(entry)).log
            for emitted in log.emitted:
                name = PROGRAMS_BY_ID[emitted.program_id]
                if name in awaited:
                    if not type(emitted.event).__name__ == "Initialized":
                        raise _pruned(name, entry.slot)
                    awaited.discard(name)
        if awaited:
            raise _pruned(min(awaited), None)

    async def _gone(
        self, known: dict[str, int], listing: dict[str, Listed], final: int, scanned: int
    ) -> list[tuple[int, str]]:
        """What the ledger holds, and the chain has dropped."""
        suspected = [
            signature
            for signature, slot in known.items()
            if slot > final
            # What lies beyond its slot a node that lags cannot know yet.
            and (listing[signature].slot != slot if signature in listing else slot <= scanned)
        ]
        if not suspected:
            return []
        statuses = await _statuses(self._client, suspected)
        return [(known[name], name) for name in suspected if statuses[name] != known[name]]

    async def _lacking(self, listing: dict[str, Listed], scanned: int) -> list[int]:
        """Slots of what was announced and is not listed; what the chain has dropped is forgotten."""
        now = time.monotonic()
        for signature in [*self._announced]:
            if signature in listing or signature in self._seen:
                del self._announced[signature]
        late = [name for name, (_, since) in self._announced.items() if now - since > self._settings.patience]
        if late:
            statuses = await _statuses(self._client, late)
            for signature in late:
                if statuses[signature] is None:
                    del self._announced[signature]
        return [slot for slot, _ in self._announced.values()]

    # -- fetching and writing

    async def _write(self, fresh: Sequence[Listed], scanned: int, final: int) -> None:
        ordered = sorted(fresh, key=lambda entry: (entry.slot, entry.tx or 0))
        marks = self._database.marks()
        for start in range(0, len(ordered), _CHUNK):
            chunk = ordered[start : start + _CHUNK]
            landed = await asyncio.gather(*(self.shown(entry) for entry in chunk))
            rest = ordered[start + _CHUNK :]
            whole_to = min(scanned, rest[0].slot - 1) if rest else scanned
            self._database.write(
                landed, scanned=max(whole_to, marks.scanned), final=max(min(whole_to, final), marks.final)
            )
            self._written += len(landed)
            self._events += sum(len(sent.log.emitted) for sent in landed)
            self._archive()
            progress = Progress(whole_to, min(whole_to, final), self._written, self._events, len(rest))
            self._tell(progress)
        if not ordered:
            if (scanned, final) != (marks.scanned, marks.final):
                self._database.write(scanned=scanned, final=final)
                self._archive()
            self._tell(Progress(scanned, final, self._written, self._events, 0))

    def _archive(self) -> None:
        if self._keep is not None:
            self._database.archive(self._keep)

    def _tell(self, progress: Progress) -> None:
        if self.on_progress is not None:
            self.on_progress(progress)
        self._ready.clear()
        self._ready.append(progress)

    async def shown(self, entry: Listed) -> Landed:
        """A listed transaction, with its events.

        Raises:
            LedgerError: the node does not show it.
        """
        config = {"encoding": "base64", "commitment": "confirmed", "maxSupportedTransactionVersion": 0}
        async with self._limit:
            for pause in _LOOKS:
                try:
                    answer = await self._client.request("getTransaction", entry.signature, config)
                except RpcError as bad:
                    if bad.code not in _PRUNED:
                        raise
                    answer = None
                if answer is not None:
                    break
                if pause is None:
                    raise LedgerError(
                        f"the node lists transaction {entry.signature} of slot {entry.slot} and does not show"
                        " it: it no longer has the past; use one that has"
                    )
                await asyncio.sleep(pause)
            with shaped("getTransaction"):
                sent: Sent[Any] = sent_from_json(entry.signature, answer, None)
                slot, index = whole(answer["slot"]), answer.get("transactionIndex", entry.tx)
                if (
                    answer["meta"].get("logMessages") is None
                    or answer["meta"].get("innerInstructions") is None
                ):
                    raise LedgerError(
                        f"the node shows transaction {entry.signature} without its log or its inner"
                        " instructions; use one that records them"
                    )
            if index is None:
                index = await self._index(slot, entry.signature)
            moment = sent.block_time if sent.block_time is not None else await self._time(slot)
        return Landed(slot, whole(index), entry.signature, moment, sent.event_log)

    async def _index(self, slot: int, signature: str) -> int:
        """Where a transaction stands in its slot, from a node that only says so in whole blocks."""
        config = {
            "transactionDetails": "signatures",
            "rewards": False,
            "commitment": "confirmed",
            "maxSupportedTransactionVersion": 0,
        }
        answer = await self._client.request("getBlock", slot, config)
        with shaped("getBlock"):
            return list(answer["signatures"]).index(signature)

    async def _time(self, slot: int) -> int:
        answer = await self._client.request("getBlockTime", slot)
        if answer is None:
            raise LedgerError(f"the node does not say when slot {slot} was; use one that does")
        with shaped("getBlockTime"):
            return whole(answer)


PROGRAMS_BY_ID: Final = {getattr(events, name).Initialized.PROGRAM_ID: name for name in PROGRAMS}


def _config_of(name: str) -> Pubkey:
    address: Pubkey = getattr(pda, name).CONFIG
    return address


def _pruned(name: str, slot: int | None) -> LedgerError:
    since = "" if slot is None else f": the first one that it shows is in slot {slot}"
    return LedgerError(
        f"the node does not show the first transactions of {name}{since}; use one that has the whole past"
    )


async def _statuses(client: AsyncReader, signatures: Sequence[str]) -> dict[str, int | None]:
    """The slots that transactions landed in, by the node's word now; None: it knows no such."""
    slots: dict[str, int | None] = {}
    for start in range(0, len(signatures), 256):
        part = list(signatures[start : start + 256])
        answer = await client.request("getSignatureStatuses", part, {"searchTransactionHistory": True})
        with shaped("getSignatureStatuses"):
            for signature, status in zip(part, answer["value"], strict=True):
                slots[signature] = None if status is None else whole(status["slot"])
    return slots


__all__ = ["PROGRAMS_BY_ID", "Follower", "Listed", "Progress", "open_ledger"]

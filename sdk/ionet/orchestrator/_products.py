"""An hour's signed products: ticked, collected, listed, drawn, opened and judged by one seat.

What a device signs can be disproved on the chain for a week. Here it is collected, and looked at once. How
fast it was made is not judged, as the hour's seed is known to all from the tick on.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Protocol

from solders.pubkey import Pubkey

from ionet.chain.errors import IonetError
from ionet.chain.files import state_folder
from ionet.constants import proofs as limits
from ionet.formats import canonical
from ionet.formats.when import HOUR
from ionet.orchestrator._agents import NodeUnreachable
from ionet.orchestrator._chain import ChainError, ChainRejected
from ionet.orchestrator._challenge import Challenger
from ionet.orchestrator._journal import Journal
from ionet.orchestrator._looking import Looking, in_turn
from ionet.orchestrator._policy import Policy
from ionet.orchestrator._program import HourView, ProgramChain
from ionet.proofs.cells import wrong_cell
from ionet.prover import Opening, ProofError, Reason, Verdict, draw, verify
from ionet.prover._hour import (
    ENTRY_BYTES,
    SETTLED,
    Entry,
    draw_entries,
    list_bytes,
    list_root,
    read_list,
    receipt_holds,
    receipt_message,
)
from ionet.prover._signed import rate_challenge

_log = logging.getLogger(__name__)
#: The part of the time for roots in which commitments are taken: the rest is for posting the root.
_COLLECTED: Final = (3, 4)
#: Seconds of the chain between two tries with a node, and how many of them a node has to let pass.
_AGAIN_AFTER: Final = 60
_TRIES: Final = 3
#: Seconds of the chain, from when the seat sees the draw, within which an opening is due.
ANSWER_WITHIN: Final = 300
#: Seconds between that and the hour's end, for the verdict to be one of this hour.
_MARGIN: Final = 60
#: Questions to devices under way.
_UNDER_WAY: Final = 256
#: Seconds of the chain after the last moment of a disproof, when an hour's account is closed.
_CLOSE_AFTER: Final = HOUR


class Fault(StrEnum):
    """Why a device has no answer; what is wrong in an answer is a `Reason`."""

    MISSING = "missing"
    LATE = "late"
    SILENT = "silent"


class SeatFault(StrEnum):
    """What a receipt shows of the seat that has signed it."""

    NO_ROOT = "no-root"
    NO_LIST = "no-list"
    OTHER_LIST = "other-list"
    LEFT_OUT = "left-out"


class Devices(Protocol):
    """Nodes' devices. All methods may raise `NodeUnreachable`."""

    async def product(self, node: bytes, hour: int, units: int, sizes: tuple[int, int]) -> list[Entry]:
        """Returns what a node's device has signed in an hour; raises `ProofError` where that is wrong."""
        ...

    async def receipt(self, entry: Entry, signature: bytes) -> None:
        """Gives a device the seat's receipt."""
        ...

    async def reveal(self, entry: Entry, rows: int) -> tuple[bytes, Mapping[str, Any]]:
        """Returns an opening's bytes, and the receipts that the device shows, in hex."""
        ...


@dataclass(slots=True)
class _Asked:
    """A node in the time for commitments.

    Attributes:
        tries: how often it was asked.
        first_at: when it was asked first, Unix seconds of the chain.
        next_at: when it is asked again.
        verdict: on an answer that was wrong.
        done: whether it has committed, or is not in the market.
    """

    tries: int = 0
    first_at: int = 0
    next_at: int = 0
    verdict: Verdict | None = None
    done: bool = False


@dataclass(slots=True)
class _Hour:
    """What this seat has of an hour."""

    seq: int
    entries: dict[tuple[bytes, int, int], Entry]
    asked: dict[bytes, _Asked] = field(default_factory=dict)
    #: No entry is taken any more; root and file of the list follow.
    closed: bool = False
    root: bytes = b""
    listed: bytes = b""
    #: What is opened, and until when; None while this seat has not seen the draw.
    drawn: tuple[Entry, ...] = ()
    due: int | None = None
    judged: set[tuple[bytes, int, int]] = field(default_factory=set)
    #: What was asked for in vain.
    silent: set[tuple[bytes, int, int]] = field(default_factory=set)
    #: When a node of what is opened was seen on lease last.
    leased_at: dict[bytes, int] = field(default_factory=dict)
    #: By seat: receipts that are to be compared, by leaf, and the leaves of its list. Who was named for what.
    receipts: dict[bytes, dict[bytes, tuple[Entry, str]]] = field(default_factory=dict)
    lists: dict[bytes, frozenset[bytes]] = field(default_factory=dict)
    named: set[tuple[bytes, SeatFault]] = field(default_factory=set)
    since: dict[str, int] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)


class ProductHours(Looking[tuple[bytes, int, int]]):
    """One seat's part in hours of signed products.

    Args:
        chain: the hour's account, nodes, time.
        devices: asks the nodes' devices.
        challenger: keeps openings, records and verdicts.
        journal: has a line for each step, and for what went wrong.
        policy: sizes, and how many are opened.
        seat: this seat's key, 32 bytes.
        sign: signs as the seat.
        folder: directory of commitments and disproofs.
        connected: the nodes whose agents are connected, 32 bytes each.
        leased: the nodes with a job that has not ended; None while that is not known.
        theirs: returns the bytes of another seat's list of an hour.
        judged: told which nodes have a failed verdict of this hour, and the hour: none follows.
    """

    def __init__(
        self,
        chain: ProgramChain,
        devices: Devices,
        challenger: Challenger,
        journal: Journal,
        policy: Policy,
        seat: bytes,
        sign: Callable[[bytes], bytes],
        folder: Path,
        connected: Callable[[], Collection[bytes]],
        leased: Callable[[], Collection[bytes] | None],
        theirs: Callable[[bytes, int], Awaitable[bytes]],
        judged: Callable[[bytes, int], None] = lambda node, hour: None,
    ) -> None:
        super().__init__("the hour's products wait")
        self._chain = chain
        self._devices = devices
        self._challenger = challenger
        self._journal = journal
        self._policy = policy
        self._rows = min(policy.challenge_rows, policy.hour_m)
        self._seat = seat
        self._sign = sign
        self._folder = folder
        self._connected = connected
        self._leased = leased
        self._theirs = theirs
        self._judged = judged
        self._hour: _Hour | None = None
        #: How many openings were right, and how many nodes' hours failed, since this process began.
        self.passed = self.failed = 0
        #: What receipts show of other seats, by their keys: the latest.
        self.named: dict[bytes, SeatFault] = {}

    async def look(self) -> None:
        """Does what is due now; it does not wait for devices.

        Raises:
            ChainError: the chain cannot be read, or does not take a step.
        """
        self._under_way = {place: task for place, task in self._under_way.items() if not task.done()}
        seq, hour = await self._chain.running_hour()
        now = await self._chain.now()
        mine = self._hour
        if mine is None or mine.seq != seq:
            for task in self._under_way.values():
                task.cancel()
            mine = self._hour = _Hour(seq, self._load(seq))
            await self._close_old(now)
        if hour is None:
            if self._my_turn(mine, "tick", now):
                await self._tolerant(mine, "tick", self._chain.tick())
            return
        leased = self._leased()
        if leased is not None and now < closing(hour) and self._seat not in hour.roots:
            self._collect(mine, hour, now, leased)
        elif now >= closing(hour) and not mine.root:
            mine.closed = True
            entries = tuple(mine.entries.values())
            root, data = await asyncio.to_thread(lambda: (list_root(entries), list_bytes(entries)))
            mine.listed, mine.root = self._challenger.store(data), root
            if leased is not None:
                self._judge_missing(mine, hour, now, leased)
        if mine.root and self._seat not in hour.roots:
            await self._post(mine, hour, now)
        if hour.randomness is None:
            await self._draw(mine, hour, now)
        elif leased is not None:
            self._open(mine, hour, now, leased)

    # -- collecting

    def _collect(self, mine: _Hour, hour: HourView, now: int, leased: Collection[bytes]) -> None:
        if now < hour.ticked_at + SETTLED:
            return
        for node in in_turn(set(self._connected()).difference(leased), hour.seed):
            asked, place = mine.asked.setdefault(node, _Asked()), (node, -1, 0)
            known = (node, 0, 0) in mine.entries
            busy = place in self._under_way or len(self._under_way) >= _UNDER_WAY
            if not (asked.done or known or busy or now < asked.next_at):
                asked.tries, asked.next_at = asked.tries + 1, now + _AGAIN_AFTER
                asked.first_at = asked.first_at or now
                self._under_way[place] = asyncio.create_task(self._ask(mine, hour, node, asked))

    async def _ask(self, mine: _Hour, hour: HourView, node: bytes, asked: _Asked) -> None:
        sizes = self._policy.hour_m, self._policy.hour_k
        try:
            known = await self._chain.node(node)
            if known is None or not known.live:
                asked.done = True
                return
            entries = await self._devices.product(node, mine.seq, known.units, sizes)
            now = await self._chain.now()
            if now >= closing(hour) or mine.closed:
                # Its device gets no receipt; other seats may have it in time.
                self._miss(mine, hour, node, asked, now, Fault.LATE)
                return
            self._keep_entries(mine, entries)
            asked.done = True
            for entry in entries:
                await self._devices.receipt(entry, self._sign(receipt_message(mine.seq, entry.leaf)))
        except NodeUnreachable as bad:
            self._note(node, "no receipt kept" if asked.done else "no commitment", str(bad))
        except ProofError as bad:
            asked.verdict = Verdict(bad.reason, str(bad))
            self._note(node, "commitment refused", str(bad))
        except (IonetError, OSError) as bad:
            # The chain or the disk: not the node's fault.
            asked.tries -= 1
            self._note(node, "commitment interrupted", str(bad))

    def _keep_entries(self, mine: _Hour, entries: list[Entry]) -> None:
        """Writes entries before anybody gets a receipt: a seat that restarts must not leave them out."""
        state_folder(self._folder)
        with open(self._path(mine.seq), "ab") as file:
            file.write(b"".join(entry.to_bytes() for entry in entries))
        mine.entries |= {entry.place: entry for entry in entries}

    def _load(self, seq: int) -> dict[tuple[bytes, int, int], Entry]:
        for old in self._folder.glob("*.entries"):
            if old.stem.isdecimal() and int(old.stem) < seq - 1:
                old.unlink(missing_ok=True)
        path, entries = self._path(seq), list[Entry]()
        data = path.read_bytes() if path.exists() else b""
        try:
            for at in range(0, len(data), ENTRY_BYTES):
                entries.append(Entry.from_bytes(data[at : at + ENTRY_BYTES]))
        except ProofError as bad:
            # A process that was killed while it wrote: nobody has a receipt for what it had not finished.
            _log.warning("%s ends in the middle of an entry: %s", path, bad)
            os.truncate(path, len(entries) * ENTRY_BYTES)
        return {entry.place: entry for entry in entries}

    def _path(self, seq: int) -> Path:
        return self._folder / f"{seq}.entries"

    def _judge_missing(self, mine: _Hour, hour: HourView, now: int, leased: Collection[bytes]) -> None:
        """Judges the nodes that have committed to nothing, or to something else, in all their tries."""
        for node in set(self._connected()).difference(leased):
            asked = mine.asked.get(node)
            if asked is None or asked.done or (node, 0, 0) in mine.entries:
                continue
            if asked.verdict is not None:
                self._fail(mine, node, now, asked.verdict)
            elif (node, -1, 0) not in self._under_way and asked.tries >= _TRIES:
                self._miss(mine, hour, node, asked, now, Fault.MISSING)

    def _miss(self, mine: _Hour, hour: HourView, node: bytes, asked: _Asked, now: int, fault: Fault) -> None:
        """Judges a node without a commitment, if it had the time for one."""
        detail = f"asked {asked.tries} times, no commitment before this seat's list was closed"
        if closing(hour) - asked.first_at >= ANSWER_WITHIN:
            self._fail(mine, node, now, Verdict(Reason.UNANSWERED, detail), fault=fault)
        else:
            self._note(node, f"commitment {fault}", detail)

    # -- the chain's steps

    async def _post(self, mine: _Hour, hour: HourView, now: int) -> None:
        if now >= hour.commit_until:
            self._say(mine, "root not posted", "the time for roots is over")
            return
        await self._tolerant(mine, "root", self._chain.post_root(mine.seq, mine.root, len(mine.entries)))

    async def _draw(self, mine: _Hour, hour: HourView, now: int) -> None:
        if hour.draw_from:
            due = await self._chain.slot() > hour.draw_from + limits.DRAW_SLOTS
        else:
            due = now >= hour.commit_until and bool(hour.roots)
        if due and self._my_turn(mine, f"draw {hour.draw_from}", now):
            await self._tolerant(mine, "draw", self._chain.draw_hour(mine.seq))

    async def _tolerant(self, mine: _Hour, what: str, step: Awaitable[str]) -> None:
        """Takes a step that another one may have taken: what counts is what the chain shows next."""
        try:
            signature = await step
        except ChainRejected as bad:
            _log.info("%s of hour %d: %s", what, mine.seq, bad)
            self._say(mine, f"{what} not taken", str(bad))
        else:
            self._say(mine, what, signature)

    def _my_turn(self, mine: _Hour, what: str, now: int) -> bool:
        since = mine.since.setdefault(what, now)
        about = b"products" + mine.seq.to_bytes(8, "little")
        return now >= since + self._chain.place(about) * self._policy.takeover

    async def _close_old(self, now: int) -> None:
        try:
            await self._chain.close_hours(now - limits.DISPROVE_TIME - _CLOSE_AFTER)
        except ChainError as bad:
            _log.info("old hours stay open: %s", bad)

    # -- what is opened

    def _open(self, mine: _Hour, hour: HourView, now: int, leased: Collection[bytes]) -> None:
        assert hour.randomness is not None
        if mine.due is None:
            mine.due = now + ANSWER_WITHIN
            mine.drawn = draw_entries(mine.entries.values(), hour.randomness, self._policy.hour_most)
        if mine.due + _MARGIN >= hour.period_end:
            self._say(
                mine, "drawn too late", "no opening would be due before the hour ends; nobody is judged"
            )
            return
        for entry in mine.drawn:
            place, node = entry.place, entry.signed.node
            if node in leased:
                mine.leased_at[node] = now
            if place in mine.judged or place in self._under_way or node in leased:
                continue
            # On lease it opens nothing: it has its time afterwards, so that no booking costs it its verdict.
            due = max(mine.due, mine.leased_at.get(node, 0) + ANSWER_WITHIN)
            if due + _MARGIN >= hour.period_end:
                mine.judged.add(place)
            elif now > due:
                mine.judged.add(place)
                detail = f"it opened nothing within {ANSWER_WITHIN} s of the draw"
                verdict = Verdict(Reason.UNANSWERED, detail)
                if place in mine.silent:
                    self._fail(mine, node, now, verdict, fault=Fault.SILENT, entry=entry)
                else:
                    # By the chain, the disk, or more than it can ask: not the node's fault.
                    self._note(node, "not judged", "this seat did not ask it before its opening was due")
            elif len(self._under_way) < _UNDER_WAY:
                self._under_way[place] = asyncio.create_task(self._reveal(mine, hour, entry, due))
        self._look_at_lists(mine, hour, now, mine.due)

    async def _reveal(self, mine: _Hour, hour: HourView, entry: Entry, due: int) -> None:
        node = entry.signed.node
        try:
            data, receipts = await self._devices.reveal(entry, self._rows)
            now = await self._chain.now()
            if now > due:
                mine.judged.add(entry.place)
                verdict = Verdict(Reason.UNANSWERED, f"its opening came {now - due} s too late")
                self._fail(mine, node, now, verdict, fault=Fault.LATE, entry=entry)
                return
            verdict, disproof = await asyncio.to_thread(self._verified, hour, entry, data)
            mine.judged.add(entry.place)
            if verdict.ok:
                self.passed += 1
            else:
                proof = self._challenger.store(data)
                self._fail(mine, node, now, verdict, entry=entry, proof=proof)
            if disproof is not None:
                await self._disprove(mine, entry, disproof)
            await self._take_receipts(mine, entry, receipts)
        except NodeUnreachable as bad:
            mine.silent.add(entry.place)
            self._note(node, "not opened", str(bad))
        except (IonetError, OSError) as bad:
            self._note(node, "opening interrupted", str(bad))

    def _verified(self, hour: HourView, entry: Entry, data: bytes) -> tuple[Verdict, Any]:
        signed = entry.signed
        m, k = signed.sizes
        challenge = rate_challenge(
            seed=hour.seed, node=signed.node, unit=signed.unit, number=signed.number, m=m, k=k
        )
        assert hour.randomness is not None
        drawn = draw(challenge, signed.root, hour.randomness, rows=self._rows)
        try:
            opening = Opening.from_bytes(data)
        except ProofError as bad:
            return Verdict(bad.reason, str(bad)), None
        verdict = verify(challenge, signed.root, drawn, opening)
        return verdict, None if verdict.ok else wrong_cell(entry, challenge, opening)

    async def _disprove(self, mine: _Hour, entry: Entry, disproof: Any) -> None:
        signed = entry.signed
        path = self._folder / f"disproof-{mine.seq}-{Pubkey(signed.node)}-{signed.unit}.json"
        path.write_text(disproof.to_json())
        self._note(signed.node, "disproof written", str(path))
        if self._policy.hour_disprove:
            await self._tolerant(mine, "disproof", self._chain.disprove(disproof))

    # -- other seats

    async def _take_receipts(self, mine: _Hour, entry: Entry, receipts: Mapping[str, Any]) -> None:
        """Keeps the receipts that other seats have signed for an entry, until their lists are looked at."""
        for name, text in receipts.items():
            try:
                seat, signature = bytes.fromhex(name), bytes.fromhex(text)
                good = len(seat) == 32 and receipt_holds(seat, mine.seq, entry.leaf, signature)
            except (ValueError, TypeError):
                good = False
            if good and seat != self._seat and await self._chain.is_seat(seat):
                mine.receipts.setdefault(seat, {})[entry.leaf] = (entry, text)

    def _look_at_lists(self, mine: _Hour, hour: HourView, now: int, due: int) -> None:
        for seat, receipts in list(mine.receipts.items()):
            place = (seat, -2, 0)
            if seat not in hour.roots:
                self._name(mine, hour, seat, SeatFault.NO_ROOT)
            elif place in self._under_way:
                continue
            elif seat in mine.lists or now <= due:
                self._under_way[place] = asyncio.create_task(self._compare(mine, hour, seat, dict(receipts)))
            else:
                self._name(mine, hour, seat, SeatFault.NO_LIST)

    async def _compare(
        self, mine: _Hour, hour: HourView, seat: bytes, receipts: Mapping[bytes, tuple[Entry, str]]
    ) -> None:
        """Looks whether a seat has in what it posted all that it gave receipts for."""
        if seat not in mine.lists:
            try:
                listed = read_list(await self._theirs(seat, mine.seq))
            except (IonetError, OSError) as bad:
                # Until the openings are due it may still come.
                _log.info("seat %s shows no list of hour %d: %s", Pubkey(seat), mine.seq, bad)
                return
            if await asyncio.to_thread(list_root, listed) != hour.roots[seat]:
                self._name(mine, hour, seat, SeatFault.OTHER_LIST)
                return
            mine.lists[seat] = frozenset(entry.leaf for entry in listed)
        for leaf in receipts:
            if leaf not in mine.lists[seat]:
                self._name(mine, hour, seat, SeatFault.LEFT_OUT, leaf)
            mine.receipts[seat].pop(leaf, None)
        if not mine.receipts[seat]:
            del mine.receipts[seat]

    def _name(
        self, mine: _Hour, hour: HourView, seat: bytes, fault: SeatFault, leaf: bytes | None = None
    ) -> None:
        """Says once what is wrong with a seat, with a receipt as evidence that is kept and published."""
        known = mine.receipts[seat]
        entry, receipt = known[leaf] if leaf is not None else next(iter(known.values()))
        if leaf is None:
            del mine.receipts[seat]
        if (seat, fault) in mine.named:
            return
        mine.named.add((seat, fault))
        self.named[seat] = fault
        record: dict[str, canonical.Json] = {
            "entry": entry.to_bytes().hex(),
            "fault": fault.value,
            "hour": mine.seq,
            "receipt": receipt,
            "root": hour.roots.get(seat, b"").hex(),
            "seat": seat.hex(),
        }
        digest = self._challenger.store(canonical.encode(record))
        detail = f"{Pubkey(seat)}, hour {mine.seq}: {fault.value}; the evidence is {digest.hex()}"
        self._note(entry.signed.node, "seat named", detail)
        _log.warning("a device shows a receipt against seat %s", detail)

    def shown(self, seq: int) -> bytes:
        """Returns the hash of this seat's list of an hour, for other seats; the file is published.

        Raises:
            IonetError: there is none, or it is not closed yet.
        """
        mine = self._hour
        if mine is None or mine.seq != seq or not mine.root:
            raise IonetError(f"this seat shows no list of hour {seq}")
        return mine.listed

    # -- verdicts

    def _fail(
        self,
        mine: _Hour,
        node: bytes,
        now: int,
        verdict: Verdict,
        *,
        fault: Fault | None = None,
        entry: Entry | None = None,
        proof: bytes = bytes(32),
    ) -> None:
        """Keeps a failed verdict for the hour's report."""
        assert verdict.reason is not None
        record: dict[str, canonical.Json] = {
            "at": now,
            "detail": verdict.detail,
            "entry": "" if entry is None else entry.to_bytes().hex(),
            "fault": "" if fault is None else fault.value,
            "hour": mine.seq,
            "nanoseconds": 0,
            # Records of two nodes must differ: verdicts are kept by their records' hash.
            "node": node.hex(),
            "proof": proof.hex(),
            "reason": verdict.reason.value,
        }
        self._challenger.store(canonical.encode(record))
        self._challenger.keep(node, record, None)
        self._judged(node, mine.seq)
        self.failed += 1
        self._note(node, "hour's product failed", f"{fault or verdict.reason}: {verdict.detail}")

    def _note(self, node: bytes, step: str, detail: str) -> None:
        self._journal.note(node.hex(), step, detail)

    def _say(self, mine: _Hour, step: str, detail: str) -> None:
        """Notes once in an hour."""
        if step not in mine.said:
            mine.said.add(step)
            self._journal.note(f"hour {mine.seq}", step, detail)


def closing(hour: HourView) -> int:
    """Returns when seats close their lists of an hour, Unix seconds."""
    part, whole = _COLLECTED
    return hour.ticked_at + (hour.commit_until - hour.ticked_at) * part // whole

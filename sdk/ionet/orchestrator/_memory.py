"""Residency: one seat asks each idle node about once a day whether it holds the memory that it claims.

The hour's seed names who is asked, so nobody can choose. The device fills its memory; a later slot hash
starts chains of reads, whose root is due at once; a hash from after the root draws what it opens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, Protocol

from solders.pubkey import Pubkey

from ionet.chain.errors import IonetError
from ionet.formats import canonical
from ionet.orchestrator._agents import NodeUnreachable
from ionet.orchestrator._chain import Beacon, ChainError
from ionet.orchestrator._challenge import Challenger
from ionet.orchestrator._journal import Journal
from ionet.orchestrator._looking import Looking, in_turn
from ionet.orchestrator._policy import Policy
from ionet.orchestrator._products import ANSWER_WITHIN, Fault
from ionet.orchestrator._program import HourView, ProgramChain
from ionet.proofs.reads import wrong_read
from ionet.prover import MEDIAN_OF, ProofError, Reason, Verdict, median, residency, slow
from ionet.prover._hour import SETTLED, Entry, memory_unit
from ionet.prover._signed import UNITS, reads_tree, walked
from ionet.prover.residency import DEFAULT_DRAWN, Challenge, Draw, Opening, Sizes, fastest_make

#: Seconds of the chain between two tries with a node, and how many of them a node has to let pass.
_AGAIN_AFTER: Final = 60
_TRIES: Final = 3
#: Seconds of the chain, from the first question, within which a node has to have answered with a root.
FILL_WITHIN: Final = 900
#: Seconds between the last moment of an answer and the hour's end, for the verdict to be one of this hour.
_MARGIN: Final = 120
#: Questions to devices under way.
_UNDER_WAY: Final = 256


class Memories(Protocol):
    """Nodes' devices. All methods may raise `NodeUnreachable`."""

    async def hold(self, node: bytes, hour: int, sizes: Sizes) -> bool:
        """Has a node's device fill its memory for an hour; returns whether it is filled."""
        ...

    async def reserve(self, node: bytes) -> None:
        """Has the device kept for this seat: what follows is not told before it is free."""
        ...

    async def walk(self, node: bytes, hour: int, sizes: Sizes, start: bytes) -> tuple[bytes, int]:
        """Has it walk its chains; returns their root and how long that took from here, nanoseconds."""
        ...

    async def tell(
        self, node: bytes, hour: int, sizes: Sizes, start: bytes, root: bytes, drawn: Draw
    ) -> tuple[bytes, Entry]:
        """Has it open the drawn chains; returns the opening's bytes, and the signed root of their reads.

        Raises:
            ProofError: the device has not signed what it opens.
        """
        ...

    async def states(self, node: bytes, hour: int, sizes: Sizes, start: bytes, place: int) -> bytes:
        """Returns the states after each signed read of the ``place``-th of the drawn chains."""
        ...


@dataclass(slots=True)
class _Posed:
    """Chains whose root is there."""

    challenge: Challenge
    later: Beacon
    start: bytes
    root: bytes
    nanoseconds: int
    draw: Beacon
    drawn: Draw
    due: int
    unit: int


@dataclass(slots=True)
class _Asked:
    """A node in an hour.

    Attributes:
        first_at: when it was asked first, Unix seconds of the chain.
        sizes: what it was asked for, once it is known of which class it is.
        next_at: when it is asked again.
        tries: how often it was asked since it last answered.
        posed: its chains, once it has answered with their root.
        times: what right answers took, nanoseconds.
        done: whether it is judged, or not to be judged in this hour.
    """

    first_at: int
    sizes: Sizes | None = None
    next_at: int = 0
    tries: int = 0
    posed: _Posed | None = None
    times: tuple[int, ...] = ()
    done: bool = False


@dataclass(slots=True)
class _Hour:
    seq: int
    asked: dict[bytes, _Asked] = field(default_factory=dict)


class MemoryHours(Looking[bytes]):
    """One seat's questions to nodes for their memory.

    Args:
        chain: the hour's account, nodes, time, and values that nobody knew.
        devices: asks the nodes' devices.
        challenger: keeps openings, records and verdicts.
        journal: has a line for what went wrong.
        policy: how much memory, and how fast classes read theirs.
        connected: the nodes whose agents are connected, 32 bytes each.
        leased: the nodes with a job that has not ended; None while that is not known.
        judged: told which nodes have a failed verdict of this hour, and the hour: none follows.
        folder: where disproofs are written.
    """

    def __init__(
        self,
        chain: ProgramChain,
        devices: Memories,
        challenger: Challenger,
        journal: Journal,
        policy: Policy,
        connected: Callable[[], Collection[bytes]],
        leased: Callable[[], Collection[bytes] | None],
        judged: Callable[[bytes, int], None] = lambda node, hour: None,
        folder: Path = Path("products"),
    ) -> None:
        super().__init__("nobody is asked for memory")
        self._chain = chain
        self._devices = devices
        self._challenger = challenger
        self._journal = journal
        self._policy = policy
        self._usual = residency.sizes_of(policy.hour_memory_mib)
        self._connected = connected
        self._leased = leased
        self._judged = judged
        self._folder = folder
        self._hour = _Hour(-1)
        #: How many nodes have shown their memory, and how many have not, since this process began.
        self.passed = self.failed = 0

    async def look(self) -> None:
        """Asks and judges who is due now; it does not wait for devices.

        Raises:
            ChainError: the chain cannot be read.
        """
        self._under_way = {node: task for node, task in self._under_way.items() if not task.done()}
        seq, hour = await self._chain.running_hour()
        if self._hour.seq != seq:
            for task in self._under_way.values():
                task.cancel()
            self._hour = _Hour(seq)
        now, leased = await self._chain.now(), self._leased()
        if hour is None or leased is None or now < hour.ticked_at + SETTLED:
            return
        mine = self._hour
        for node in mine.asked.keys() & set(leased):
            # Its memory is its renter's, and whatever it has not answered says nothing.
            mine.asked[node].done = True
        for node in in_turn(set(self._connected()).difference(leased) | mine.asked.keys(), hour.seed):
            asked = mine.asked.get(node)
            if asked is None:
                late = now + FILL_WITHIN + ANSWER_WITHIN + _MARGIN >= hour.period_end
                drawn = memory_unit(hour.seed, node, UNITS) is not None
                if late or len(self._under_way) >= _UNDER_WAY or not drawn:
                    continue
                asked = mine.asked[node] = _Asked(now)
            if not asked.done and node not in self._under_way:
                self._go_on(mine, hour, node, asked, now)

    def _go_on(self, mine: _Hour, hour: HourView, node: bytes, asked: _Asked, now: int) -> None:
        """Asks a node again, or judges it by what it has not answered."""
        if asked.posed is not None and now > asked.posed.due:
            detail = f"it opened nothing within {ANSWER_WITHIN} s of the draw"
            self._fail(mine, node, asked, now, Verdict(Reason.UNANSWERED, detail), Fault.SILENT)
        elif asked.posed is None and now > asked.first_at + FILL_WITHIN and asked.tries >= _TRIES:
            detail = f"asked {asked.tries} times in {now - asked.first_at} s, and no root of its chains"
            self._fail(mine, node, asked, now, Verdict(Reason.UNANSWERED, detail), Fault.MISSING)
        elif now >= asked.next_at and len(self._under_way) < _UNDER_WAY:
            asked.tries, asked.next_at = asked.tries + 1, now + _AGAIN_AFTER
            self._under_way[node] = asyncio.create_task(self._ask(mine, hour, node, asked))

    async def _ask(self, mine: _Hour, hour: HourView, node: bytes, asked: _Asked) -> None:
        try:
            known = await self._chain.node(node)
            if known is None or not known.live:
                asked.done = True
                return
            if (unit := memory_unit(hour.seed, node, known.units)) is None:
                asked.done = True  # it has no such processor
                return
            sizes = asked.sizes = asked.sizes or self._sizes_of(known.class_id)
            if asked.posed is None and not await self._devices.hold(node, mine.seq, sizes):
                return
            async with self._challenger.alone(node):
                posed = asked.posed = asked.posed or await self._pose(
                    mine, hour, node, known.device, unit, sizes
                )
                data, entry = await self._devices.tell(
                    node, mine.seq, sizes, posed.start, posed.root, posed.drawn
                )
            now = await self._chain.now()
            if now > posed.due:
                late = Verdict(Reason.UNANSWERED, f"its opening came {now - posed.due} s too late")
                self._fail(mine, node, asked, now, late, Fault.LATE)
                return
            verdict, signed = await asyncio.to_thread(_verified, posed, data, entry)
            evidence = self._challenger.store(entry.to_bytes())
            if verdict.ok:
                verdict = self._timed(known.class_id, asked, posed, verdict)
            if verdict.ok:
                asked.done = True
                self.passed += 1
                self._note(node, "memory shown", verdict.detail)
            elif verdict.reason is Reason.SLOW and len(asked.times) < MEDIAN_OF:
                # Too few to judge its speed by: other chains follow.
                asked.posed, asked.tries, asked.next_at = None, 0, now
                self._note(node, "memory slow", verdict.detail)
            else:
                proof = self._challenger.store(data)
                self._fail(mine, node, asked, now, verdict, proof=proof, entry=evidence)
            if not signed:
                # It is judged by now: who is slow to show its states outlasts no hour by that.
                await self._disprove(mine, node, sizes, posed, entry)
        except ProofError as bad:
            self._fail(mine, node, asked, await self._chain.now(), Verdict(bad.reason, str(bad)))
        except NodeUnreachable as bad:
            self._note(node, "memory not shown", str(bad))
        except (IonetError, OSError) as bad:
            # The chain or the disk: not the node's fault.
            asked.tries -= 1
            self._note(node, "question for memory interrupted", str(bad))

    def _sizes_of(self, class_id: int) -> Sizes:
        """What a class was measured with; of others the settings' size is asked for."""
        known = self._policy.memory_references.get(class_id, ())
        return known[0].sizes if known else self._usual

    async def _disprove(self, mine: _Hour, node: bytes, sizes: Sizes, posed: _Posed, entry: Entry) -> None:
        """Has the device show the wrong reads that it has signed; who does, can be disproved."""
        places = range(len(posed.drawn.chains))
        try:
            shown = [
                await self._devices.states(node, mine.seq, sizes, posed.start, place) for place in places
            ]
        except NodeUnreachable as bad:
            self._note(node, "no disproof", str(bad))
            return
        found = await asyncio.to_thread(
            wrong_read, entry, posed.challenge, posed.start, posed.drawn.chains, shown, make=fastest_make()
        )
        if found is None:
            self._note(node, "no disproof", "the states that it shows are not those that it has signed")
            return
        signed = entry.signed
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"disproof-memory-{mine.seq}-{Pubkey(node)}-{signed.unit}-{signed.number}.json"
        (self._folder / name).write_text(found.to_json())
        self._note(node, "disproof written", str(self._folder / name))
        if self._policy.hour_disprove:
            try:
                self._note(node, "disproof", await self._chain.disprove(found))
            except ChainError as bad:
                self._note(node, "disproof not taken", str(bad))

    async def _pose(
        self, mine: _Hour, hour: HourView, node: bytes, device: bytes, unit: int, sizes: Sizes
    ) -> _Posed:
        """Starts chains, and draws those that are opened from a slot after their root has come."""
        seed = residency.memory_seed(hour=hour.seed, device=device, unit=unit)
        await self._devices.reserve(node)
        later = await self._chain.beacon(after=(await self._chain.beacon()).slot)
        start = residency.start_seed(later=later.value, seed=seed)
        root, nanoseconds = await self._devices.walk(node, mine.seq, sizes, start)
        draw = await self._chain.beacon(after=(await self._chain.beacon()).slot)
        drawn = residency.draw_chains(sizes, root, draw.value, min(DEFAULT_DRAWN, sizes.chains))
        due = await self._chain.now() + ANSWER_WITHIN
        challenge = Challenge(seed, sizes)
        return _Posed(challenge, later, start, root, nanoseconds, draw, drawn, due, unit)

    def _timed(self, class_id: int, asked: _Asked, posed: _Posed, right: Verdict) -> Verdict:
        asked.times = (*asked.times, posed.nanoseconds)
        known = self._policy.memory_references.get(class_id, ())
        reference = next((item for item in known if item.sizes == asked.sizes), None)
        if reference is None:
            return right
        late = slow(median(asked.times), reference.limit_ns)
        return (
            right if late is None else Verdict(late.reason, f"{late.detail} (median of {len(asked.times)})")
        )

    def _fail(
        self,
        mine: _Hour,
        node: bytes,
        asked: _Asked,
        now: int,
        verdict: Verdict,
        fault: Fault | None = None,
        proof: bytes = bytes(32),
        entry: bytes = bytes(32),
    ) -> None:
        """Keeps a failed verdict for the hour's report, unless the node was leased meanwhile."""
        assert verdict.reason is not None
        asked.done = True
        leased = self._leased()
        if leased is None or node in leased:
            self._note(node, "memory not judged", "it was leased meanwhile")
            return
        posed = asked.posed
        record: dict[str, canonical.Json] = {
            "at": now,
            "detail": verdict.detail,
            "draw": None if posed is None else _shown(posed.draw),
            "entry": entry.hex(),
            "fault": "" if fault is None else fault.value,
            "hour": mine.seq,
            "nanoseconds": 0 if posed is None else posed.nanoseconds,
            "node": node.hex(),
            "proof": proof.hex(),
            "reason": verdict.reason.value,
            "root": "" if posed is None else posed.root.hex(),
            "sizes": asdict(asked.sizes or self._usual),
            "start": None if posed is None else _shown(posed.later),
            "times": list(asked.times),
        }
        self._challenger.store(canonical.encode(record))
        self._challenger.keep(node, record, None)
        self._judged(node, mine.seq)
        self.failed += 1
        self._note(node, "memory failed", f"{fault or verdict.reason}: {verdict.detail}")

    def _note(self, node: bytes, step: str, detail: str) -> None:
        self._journal.note(node.hex(), step, detail)


def _verified(posed: _Posed, data: bytes, entry: Entry) -> tuple[Verdict, bool]:
    """Returns how an opening is judged, and whether the device has signed the right reads with it."""
    make, signed = fastest_make(), entry.signed
    reads = walked(posed.challenge, posed.start, posed.drawn.chains, make)
    right = (signed.unit, signed.root) == (posed.unit, reads_tree(reads).root)
    try:
        opening = Opening.from_bytes(data)
    except ProofError as bad:
        return Verdict(bad.reason, str(bad)), right
    verdict = residency.verify(posed.challenge, posed.start, posed.root, posed.drawn, opening, make=make)
    if verdict.ok and not right:
        return Verdict(Reason.WRONG_READ, "it has signed other reads than those of its chains"), False
    return verdict, right


def _shown(beacon: Beacon) -> canonical.Json:
    return {"slot": beacon.slot, "value": beacon.value.hex()}

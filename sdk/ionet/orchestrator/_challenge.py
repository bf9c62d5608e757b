"""Compute challenges: one posed to a node, in its two phases, and what is kept of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from weakref import WeakValueDictionary

from ionet._generated.shared import ProofReason
from ionet.formats import canonical
from ionet.orchestrator._agents import Agents, when_free
from ionet.orchestrator._chain import Beacon, Chain
from ionet.orchestrator._journal import Journal
from ionet.orchestrator._policy import Policy
from ionet.prover import (
    Challenge,
    ProofError,
    Reason,
    Reference,
    Verdict,
    challenge_seed,
    draw,
    median,
    slow,
    verify,
)
from ionet.staking.hardware import hardware_classes
from ionet.store.manifest import FileStore


def proof_reason(name: str | None) -> ProofReason:
    """Returns the program's number for a reason of `ionet.prover`, such as `wrong-row`; None means passed."""
    return ProofReason.PASSED if name is None else ProofReason[name.upper().replace("-", "_")]


@dataclass(frozen=True, slots=True)
class Posed:
    """A challenge that was answered, rightly or not.

    Attributes:
        verdict: how it was judged.
        proof: digest of the opening, 32 bytes; zeros where there was none.
        record: what was asked and found, for anyone who doubts it.
        digest: sha256 of the record, which is in the store, 32 bytes.
    """

    verdict: Verdict
    proof: bytes
    record: Mapping[str, Any]
    digest: bytes


class Challenger:
    """Poses challenges, a bounded number at a time.

    Args:
        chain: for values that nobody knew before.
        agents: the nodes' agents.
        store: where openings and records are kept.
        journal: where verdicts are kept for the hour's report.
        policy: sizes and bounds.
        publish: told the hash of each file that others may want.
    """

    def __init__(
        self,
        chain: Chain,
        agents: Agents,
        store: FileStore,
        journal: Journal,
        policy: Policy,
        publish: Callable[[bytes], None],
    ) -> None:
        self._chain = chain
        self._agents = agents
        self._store = store
        self._journal = journal
        self._policy = policy
        self._publish = publish
        #: Told of each node whose speed was judged, and which class it reaches if that is not its own.
        self.slow: Callable[[bytes, int | None], None] = lambda node, reached: None
        self._usual = (policy.challenge_m, policy.challenge_k)
        self._alone: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()
        self._at_once = asyncio.Semaphore(policy.challenges_at_once)

    def alone(self, node: bytes) -> asyncio.Lock:
        """Returns the lock under which this seat has a node answer: the device keeps itself for a seat."""
        return self._alone.setdefault(node, asyncio.Lock())

    async def pose(
        self,
        about: bytes,
        node: bytes,
        *,
        at: int,
        attempt: int,
        reference: Reference | None,
        earlier: set[bytes],
        times: Sequence[int] = (),
    ) -> Posed:
        """Poses one challenge and judges its answer; the caller keeps it.

        Args:
            about: what it is for, 32 bytes: a job's address.
            node: the node's address, 32 bytes.
            at: the chain's time, Unix seconds.
            attempt: number of the challenge for this.
            reference: how fast the node's class answers; None leaves time unjudged.
            earlier: roots that the node has committed to before; none may come again.
            times: what its latest right answers took, nanoseconds: the median of them and of this one counts.

        Raises:
            NodeUnreachable: there was no answer.
            ChainError: the chain gave no value in time.
        """
        async with self.alone(node):
            return await self._pose(about, node, at, attempt, reference, earlier, times)

    async def _pose(
        self,
        about: bytes,
        node: bytes,
        at: int,
        attempt: int,
        reference: Reference | None,
        earlier: set[bytes],
        times: Sequence[int],
    ) -> Posed:
        policy = self._policy

        async def committed() -> tuple[Beacon, Challenge, bytes, int]:
            # Who waits for a device that others have is in nobody's way.
            async with self._at_once:
                fresh = await self._chain.beacon()
                seed = challenge_seed(job=about, node=node, attempt=attempt, fresh=fresh.value)
                challenge = Challenge(seed, policy.challenge_m, policy.challenge_k)
                return fresh, challenge, *await self._agents.commit(node, challenge)

        fresh, challenge, root, nanoseconds = await when_free(committed)
        # The rows are drawn from a slot after the one in which the root had arrived.
        later = await self._chain.beacon(after=(await self._chain.beacon()).slot)
        drawn = draw(challenge, root, later.value, rows=policy.challenge_rows)
        proof = bytes(32)
        try:
            opening = await self._agents.open(node, root, drawn.rows, drawn.randomness)
        except ProofError as error:
            verdict = Verdict(error.reason, str(error))
        else:
            proof = self._store.put(opening.to_bytes())
            verdict = await asyncio.to_thread(
                verify,
                challenge,
                root,
                drawn,
                opening,
                earlier_roots=earlier,
            )
            if verdict.ok and reference is not None:
                verdict = self.timed(verdict, [*times, nanoseconds], reference)
        record: dict[str, canonical.Json] = {
            "at": at,
            "detail": verdict.detail,
            "draw": {"slot": later.slot, "value": later.value.hex()},
            "fresh": {"slot": fresh.slot, "value": fresh.value.hex()},
            "k": challenge.k,
            "m": challenge.m,
            "nanoseconds": nanoseconds,
            "proof": proof.hex(),
            "reason": verdict.reason.value if verdict.reason else None,
            "root": root.hex(),
            "seed": challenge.seed.hex(),
            "times": [*times, nanoseconds],
        }
        digest = self._store.put(canonical.encode(record))
        for item in (digest, proof):
            if any(item):
                self._publish(item)
        return Posed(verdict, proof, record, digest)

    def timed(self, verdict: Verdict, times: Sequence[int], reference: Reference) -> Verdict:
        """Returns the verdict on right answers by their time; who is too slow is told what it reaches."""
        late = slow(median(times), reference.limit_ns)
        if late is None:
            return verdict
        reached = self._policy.reached(median(times))
        names = {kind.id: kind.name for kind in hardware_classes()}
        lower = "no class that was measured" if reached is None else names.get(reached, f"class {reached}")
        return Verdict(late.reason, f"{late.detail} (median of {len(times)}); it reaches {lower}")

    def store(self, data: bytes) -> bytes:
        """Stores a proof or a record, tells that others may want it, and returns its hash."""
        digest = self._store.put(data)
        self._publish(digest)
        return digest

    def keep(self, node: bytes, record: Mapping[str, Any], reference: Reference | None) -> None:
        """Keeps a record's verdict for the hour's report; keeping it again does nothing."""
        score = reference.nanoseconds * 10_000 // max(1, record["nanoseconds"]) if reference else 0
        evidence = sha256(canonical.encode(dict(record))).digest()
        reason = proof_reason(record["reason"])
        self._journal.keep_verdict(node, record["at"], min(score, 2**32 - 1), reason, evidence)
        if reference is not None and (record.get("m"), record.get("k")) == self._usual:
            late = record["reason"] == Reason.SLOW.value
            self.slow(node, self._policy.reached(median(record["times"])) if late else None)

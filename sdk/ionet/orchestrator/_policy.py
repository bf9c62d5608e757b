"""The orchestrator's intervals and limits, and how nodes are judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from ionet.formats.when import DAY, HOUR
from ionet.orchestrator._chain import JobView
from ionet.prover import Challenge, Reference, residency
from ionet.worker import TimeLockPolicy


@dataclass(frozen=True, slots=True)
class NodeRules:
    """How one node is judged.

    Attributes:
        timelock: when a sample breaks the time-lock.
        reference: how fast its class answers a challenge; None leaves time unjudged.
    """

    timelock: TimeLockPolicy = field(default_factory=TimeLockPolicy)
    reference: Reference | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """The orchestrator's intervals and limits.

    Attributes:
        attest_every: seconds between attestations of a running job.
        settle_every: seconds between payments to the supplier of a running job.
        complete_after: seconds after a job's end for which a seat is waited for that has not judged all of
            it, where enough others have: whom it agrees with decides what is paid.
        lose_after: seconds for which a running job's node has to have been silent before this seat says that
            it is gone.
        challenge_m: size of the compute challenge.
        challenge_k: inner length of the compute challenge.
        challenge_rows: rows to open.
        number_m: size of the challenge to all processors at once, of which each gets one: large enough that
            two, one after the other, are late.
        number_k: its inner length.
        number_most: nodes that are asked at once.
        hour_most: signed products that the seat opens and checks in an hour, those that the hour's draw names
            first; 0: it takes no part in hours of signed products.
        hour_m: size of the hour's product.
        hour_k: its inner length.
        hour_disprove: 1 where the seat sends the disproofs that it finds; they are written to files anyway.
        hour_memory_mib: MiB that a node holds and reads when it is asked for its memory, about once a day; 0:
            the seat asks nobody.
        challenge_attempts: tries of an idle node in an hour whose answer is wrong.
        challenges_at_once: how many are posed at a time; two on one machine would slow each other down.
        sample_every: seconds between looks at a node's samples, where it takes them by itself; 0: each pass.
        max_failures: failed runs after which the job's result is a failure.
        max_interruptions: runs ended with this process after which the job's result is a failure.
        rules: how nodes are judged, by address.
        default_rules: for nodes that are not in ``rules``; None: by each node's class on the chain.
        references: how fast classes answer challenges, by the class's number, in any sizes.
        memory_references: the same for chains of reads.
        max_gap: seconds between two samples after which the time between them does not count, where nodes are
            judged by their class.
        concurrency: leases served at once.
        takeover: seconds after which the next seat does what another has not done.
        interval: seconds between passes, at most.
    """

    attest_every: int = HOUR
    settle_every: int = DAY
    complete_after: int = 900
    lose_after: int = 1_800
    challenge_m: int = 1024
    challenge_k: int = 4096
    challenge_rows: int = 16
    number_m: int = 4096
    number_k: int = 4096
    number_most: int = 32
    hour_most: int = 0
    hour_m: int = 1024
    hour_k: int = 4096
    hour_disprove: int = 0
    hour_memory_mib: int = 0
    challenge_attempts: int = 2
    challenges_at_once: int = 1
    sample_every: int = 0
    max_failures: int = 3
    max_interruptions: int = 10
    rules: Mapping[bytes, NodeRules] = field(default_factory=lambda: MappingProxyType({}))
    default_rules: NodeRules | None = None
    references: Mapping[int, Sequence[Reference]] = field(default_factory=lambda: MappingProxyType({}))
    memory_references: Mapping[int, Sequence[residency.Reference]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    max_gap: int = TimeLockPolicy().max_gap
    concurrency: int = 16
    takeover: int = 120
    interval: float = 15.0

    def __post_init__(self) -> None:
        # Raises for sizes that do not exist.
        Challenge(bytes(32), self.challenge_m, self.challenge_k)
        Challenge(bytes(32), self.number_m, self.number_k)
        Challenge(bytes(32), self.hour_m, self.hour_k)
        if self.hour_memory_mib:
            residency.sizes_of(self.hour_memory_mib)

    def reached(self, nanoseconds: int) -> int | None:
        """Returns the number of the fastest class that a time for the usual challenge reaches, or None."""
        size = (self.challenge_m, self.challenge_k)
        reaching = [
            (item.limit_ns, class_id)
            for class_id, known in self.references.items()
            for item in known
            if (item.m, item.k) == size and nanoseconds <= item.limit_ns
        ]
        return min(reaching)[1] if reaching else None

    def rules_for(self, job: JobView) -> NodeRules:
        """Returns how a job's node is judged while it is leased; see `rules_of`."""
        return self.rules_of(job.node, job.class_id, job.pool)

    def rules_of(self, node: bytes, class_id: int | None, pool: str | None) -> NodeRules:
        """Returns how a node is judged.

        Its class decides, unless the node or all nodes have rules of their own here: the time-lock is its
        pool's, and the time of its proofs is judged where the class has a reference of the challenge's size.
        """
        if (own := self.rules.get(node, self.default_rules)) is not None:
            return own
        known = () if class_id is None else self.references.get(class_id, ())
        size = (self.challenge_m, self.challenge_k)
        reference = next((item for item in known if (item.m, item.k) == size), None)
        # The stricter pool's, where the class is not known.
        lock = TimeLockPolicy.for_pool(pool or "gpu")
        return NodeRules(replace(lock, max_gap=self.max_gap), reference)

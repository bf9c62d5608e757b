"""A chain in memory with the rules of the jobs program, and a world of nodes around it."""

from __future__ import annotations

import asyncio
import hashlib
import re
import resource
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ionet.orchestrator import (
    Agents,
    Attestation,
    Attested,
    Beacon,
    Chain,
    ChainRejected,
    Executor,
    InlineExecutor,
    JobView,
    Kind,
    LocalAgents,
    NodeRules,
    NodeSpec,
    Orchestrator,
    Party,
    Phase,
    Policy,
)
from ionet.prover import numpy_backend
from ionet.store.manifest import FileStore, Function, Manifest
from ionet.worker import Device, DeviceKey, Observation, TimeLockPolicy, Worker

START = 1_800_000_000
HOUR = 3_600
STEP = 600
PRICE = 10_000_000_000
START_WINDOW = 1_200
LOST_WITHIN = HOUR
SILENCE = 24 * HOUR
RENTER = bytes([7]) * 32
BOOKING_BPS = 25


def key(number: int) -> bytes:
    return hashlib.sha256(number.to_bytes(4, "little")).digest()


def ceil_bps(amount: int, bps: int) -> int:
    return -(-amount * bps // 10_000)


@dataclass
class Account:
    """A job account: the fields and rules of the program that matter here."""

    job: JobView
    seconds: int
    price: int
    owed: dict[Party, int] = field(default_factory=dict)
    paid: dict[Party, int] = field(default_factory=lambda: dict.fromkeys(Party, 0))
    stopped_by_renter: bool = False
    #: Good seconds when the supplier was last paid.
    paid_seconds: int = 0
    #: How many seats have to agree; the others attest nothing, and said at these times that the node is gone.
    attesters: int = 1
    lost_by_others: list[int] = field(default_factory=list)
    last_attested_at: int = 0

    @property
    def deposit(self) -> int:
        return self.price + ceil_bps(self.price, BOOKING_BPS)

    def division(self, billable: int, *, lost: bool = False) -> dict[Party, int]:
        gross = self.price * billable // self.seconds
        supplier = gross - ceil_bps(gross, BOOKING_BPS)
        kept = self.deposit - self.price if self.job.started_at is not None else 0
        if lost:
            kept = -(-kept * gross // self.price)
        fees = gross - supplier + kept
        return {Party.SUPPLIER: supplier, Party.FEES: fees, Party.RENTER: self.deposit - supplier - fees}

    def end(self, billable: int, *, lost: bool = False) -> None:
        self.owed = self.division(billable, lost=lost)
        self.job = replace(self.job, phase=Phase.ENDED, settle_from=0)

    @property
    def silent_from(self) -> int | None:
        if self.job.phase is not Phase.RUNNING or self.job.ends_at is None:
            return None
        return min(self.last_attested_at, self.job.ends_at) + SILENCE

    @property
    def good(self) -> int:
        return self.job.attested.good if self.job.attested and self.attesters == 1 else 0

    def payable(self, party: Party, now: int) -> int:
        if self.job.phase is Phase.ENDED:
            return self.owed[party] - self.paid[party]
        if self.job.phase is Phase.RUNNING and party is Party.SUPPLIER and now >= self.job.settle_from:
            return self.division(self.good)[Party.SUPPLIER] - self.paid[party]
        return 0


class FakeChain:
    """Enforces what the jobs program enforces and refuses the rest; every accepted step is in `steps`."""

    def __init__(self) -> None:
        self.clock = START
        #: Hours of emission begin at no full hour of the clock.
        self.first_hour = START - 1_000
        self.slot = 100
        self.accounts: dict[bytes, Account] = {}
        self.closed: dict[bytes, Account] = {}
        self.steps: list[tuple[str, bytes, Any]] = []

    def book(
        self,
        number: int,
        node: bytes,
        manifest: bytes,
        *,
        seconds: int = HOUR,
        cluster: bytes = bytes(32),
        size: int = 1,
        device: bytes | None = None,
        **of_class: Any,
    ) -> bytes:
        job = JobView(
            key=key(number),
            node=node,
            renter=RENTER,
            device=device,
            manifest=manifest,
            phase=Phase.BOOKED,
            booked_at=self.clock,
            start_by=self.clock + START_WINDOW,
            confirm_by=self.clock + 600,
            cluster=cluster,
            cluster_size=size,
            verdict=key(9_000 + number),
            **of_class,
        )
        self.accounts[job.key] = Account(job, seconds, PRICE)
        return job.key

    def stop(self, key: bytes) -> None:
        """The renter stops."""
        account = self.accounts[key]
        account.stopped_by_renter = True
        account.job = replace(account.job, ends_at=self.clock)

    def view(self, account: Account) -> JobView:
        parties = frozenset(party for party in Party if account.payable(party, self.clock) > 0)
        closable = START if account.job.phase is Phase.ENDED else None
        attested = account.job.attested
        upto = attested.upto if attested else account.job.started_at
        started = account.job.started_at
        paid = None if started is None else started + account.paid_seconds
        return replace(
            account.job,
            unsettled=parties,
            closable_at=closable,
            agreed_upto=upto if account.attesters == 1 else started,
            paid_upto=paid,
            silent_from=account.silent_from,
        )

    async def now(self) -> int:
        return self.clock

    async def begun(self) -> int:
        return self.first_hour

    async def beacon(self, after: int | None = None) -> Beacon:
        if after is not None and self.slot <= after:
            self.slot = after + 1
        return Beacon(self.slot, hashlib.sha256(self.slot.to_bytes(8, "little")).digest())

    async def jobs(self) -> Sequence[JobView]:
        return [self.view(account) for account in self.accounts.values()]

    async def look_again(self, keys: Sequence[bytes]) -> tuple[int, Sequence[JobView]]:
        return self.clock, [self.view(self.accounts[key]) for key in keys if key in self.accounts]

    def place(self, about: bytes) -> int:
        return 0

    async def start(self, job: JobView) -> str:
        account = self._of(job, Phase.BOOKED)
        if self.clock > account.job.start_by:
            raise ChainRejected("StartWindowOver")
        account.job = replace(
            account.job,
            phase=Phase.RUNNING,
            started_at=self.clock,
            ends_at=self.clock + account.seconds,
            settle_from=self.clock + HOUR,
        )
        account.last_attested_at = self.clock
        return self._took("start", job.key)

    async def confirm_manifest(self, job: JobView) -> str:
        account = self._of(job, Phase.BOOKED)
        account.job = replace(account.job, confirmed=True)
        return self._took("confirm_manifest", job.key)

    async def attest(self, job: JobView, attestation: Attestation) -> str:
        account = self._of(job, Phase.RUNNING)
        start, end = account.job.started_at, account.job.ends_at
        assert start is not None
        assert end is not None
        before = account.job.attested or Attested(0, start)
        looked, good = attestation.upto - before.upto, attestation.good - before.good
        if looked < 0 or good < 0:
            raise ChainRejected("AttestationFalls")
        if attestation.upto > min(self.clock, end):
            raise ChainRejected("AttestationAhead")
        if good > looked:
            raise ChainRejected("AttestationOverlaps")
        if (looked > good) != (attestation.reason_bits != 0):
            raise ChainRejected("BreakWithoutReason")
        if good and attestation.timelock == bytes(32):
            raise ChainRejected("NoTimelock")
        said = Attested(attestation.good, attestation.upto)
        account.job = replace(account.job, attested=said, lost_at=None)
        account.last_attested_at = self.clock
        return self._took("attest", job.key, attestation)

    async def settle(self, job: JobView, party: Party) -> str:
        account = self.accounts.get(job.key)
        if account is None or account.job.phase is Phase.BOOKED:
            raise ChainRejected("NotRunning")
        if party is not Party.SUPPLIER and account.job.phase is not Phase.ENDED:
            raise ChainRejected("NotEnded")
        if account.job.phase is Phase.RUNNING and self.clock < account.job.settle_from:
            raise ChainRejected("FirstHour")
        amount = account.payable(party, self.clock)
        account.paid[party] += amount
        if party is Party.SUPPLIER:
            account.paid_seconds = account.good
        assert sum(account.paid.values()) <= account.deposit
        return self._took("settle", job.key, (party, amount))

    async def complete(self, job: JobView) -> str:
        account = self._of(job, Phase.RUNNING)
        end, attested = account.job.ends_at, account.job.attested
        assert end is not None
        if self.clock < end:
            raise ChainRejected("NotOver")
        if attested is None or attested.upto < end or account.attesters > 1:
            raise ChainRejected("NotAttestedToItsEnd")
        account.end(attested.good)
        return self._took("complete", job.key)

    async def lose(self, job: JobView) -> str:
        account = self._of(job, Phase.RUNNING)
        assert account.job.ends_at is not None
        if self.clock >= account.job.ends_at:
            raise ChainRejected("Over")
        account.job = replace(account.job, lost_at=self.clock)
        words = [at for at in (self.clock, *account.lost_by_others) if at >= self.clock - LOST_WITHIN]
        if len(words) >= account.attesters:
            account.job = replace(account.job, ends_at=self.clock)
            account.end(account.good, lost=True)
        return self._took("lose", job.key)

    async def expire(self, job: JobView) -> str:
        silent_from = self.accounts[job.key].silent_from if job.key in self.accounts else None
        if silent_from is not None:
            if self.clock <= silent_from:
                raise ChainRejected("NotSilent")
            account = self.accounts[job.key]
            account.end(account.good, lost=True)
            return self._took("expire", job.key)
        account = self._of(job, Phase.BOOKED)
        if self.clock <= account.job.start_by:
            raise ChainRejected("StartWindowOpen")
        account.end(0)
        return self._took("expire", job.key)

    async def close(self, job: JobView) -> str:
        account = self._of(job, Phase.ENDED)
        if any(account.payable(party, self.clock) for party in Party):
            raise ChainRejected("NotSettled")
        self.closed[job.key] = self.accounts.pop(job.key)
        return self._took("close", job.key)

    def _of(self, job: JobView, phase: Phase) -> Account:
        account = self.accounts.get(job.key)
        if account is None or account.job.phase is not phase:
            raise ChainRejected(f"Not{phase.name.title()}")
        return account

    def _took(self, name: str, key: bytes, detail: Any = None) -> str:
        self.steps.append((name, key, detail))
        self.slot += 1
        return f"signature {len(self.steps)}"

    def count(self, name: str) -> int:
        return sum(step[0] == name for step in self.steps)

    def uptos(self, key: bytes) -> list[int]:
        return [step[2].upto for step in self.steps if step[0] == "attest" and step[1] == key]


class StillWatch:
    """A device on which nothing foreign happens; tests set `seen` to make it otherwise."""

    def __init__(self) -> None:
        self.seen = Observation(use_bps=5_000, foreign_use_bps=0)

    def observe(self, roots: Iterable[int]) -> Observation:
        return self.seen


def policy(**changes: Any) -> Policy:
    small: dict[str, Any] = {
        "challenge_m": 64,
        "challenge_k": 256,
        "challenge_rows": 4,
        # Markets have more seats than tests have orchestrators: whoever is there does everything at once.
        "takeover": 0,
        "default_rules": NodeRules(TimeLockPolicy(max_gap=STEP)),
    }
    return Policy(**{**small, **changes})


class World:
    """Nodes, store and chain that outlive the orchestrators made from them."""

    def __init__(self, root: Path, nodes: int = 2) -> None:
        self.root = root
        self.chain = FakeChain()
        self.store = FileStore(root / "store")
        self.specs = [NodeSpec(key(1000 + n), cpus=1, memory=1 << 30) for n in range(nodes)]
        self.watches = {spec.node: StillWatch() for spec in self.specs}
        self.counter = root / "counter"
        self.workers: list[Worker] = []
        self.restart()

    def restart(self) -> None:
        """What a process that was killed leaves: files, and locks that the system has taken back."""
        for worker in self.workers:
            worker.end()
        self.workers = [self._worker(spec.node) for spec in self.specs]

    def _worker(self, node: bytes) -> Worker:
        directory = self.root / "nodes" / node.hex()[:8]
        device_key = DeviceKey.load_or_create(directory / "device.json")
        device = Device(0, f"slice {node.hex()}", "test processor", "cpu", 1 << 30, None)
        return Worker(
            node,
            device_key,
            directory,
            device=device,
            watch=self.watches[node],
            kernel=numpy_backend(),
        )

    @property
    def runs(self) -> int:
        return len(self.counter.read_text().splitlines()) if self.counter.exists() else 0

    def manifest(self, function: str = "squares", **changes: Any) -> Manifest:
        arguments = {"numbers": [1, 2, 3], "counter": str(self.counter), **changes.pop("arguments", {})}
        entry = Function(f"tests.orchestrator.workloads:{function}", arguments)
        return Manifest(entrypoint=entry, **changes)

    def book(self, manifest: Manifest | None = None, number: int = 1, node: int = 0, **terms: Any) -> bytes:
        digest = self.store.put_manifest(manifest or self.manifest())
        return self.chain.book(number, self.specs[node].node, digest, **terms)

    def executor(self) -> Executor:
        return InlineExecutor(self.specs, self.store, self.root / "work")

    def orchestrator(
        self,
        *,
        chain: Chain | None = None,
        executor: Executor | None = None,
        agents: Agents | None = None,
        store: FileStore | None = None,
        **changes: Any,
    ) -> Orchestrator:
        return Orchestrator(
            chain or self.chain,
            executor or self.executor(),
            agents or LocalAgents(self.workers),
            store or self.store,
            self.root / "journal.sqlite3",
            policy(**changes),
        )

    async def serve(self, orchestrator: Orchestrator, *, step: int = STEP, most: int = 60) -> None:
        """Passes with the clock going on, until every job is closed."""
        for _ in range(most):
            await self.settled(orchestrator)
            if not self.chain.accounts:
                return
            self.chain.clock += step
        raise AssertionError(
            f"still open: {[e.step + ' ' + e.detail for e in orchestrator.journal.entries()]}"
        )

    async def first_word(self, orchestrator: Orchestrator) -> Attestation:
        """The attestation that follows the run's end."""
        await self.settled(orchestrator)
        self.chain.clock += 1
        await self.settled(orchestrator)
        found: Attestation = next(step[2] for step in self.chain.steps if step[0] == "attest")
        return found

    async def settled(self, orchestrator: Orchestrator) -> None:
        """Passes at one moment until nothing is left to do."""
        for _ in range(20):
            done = await orchestrator.reconcile()
            await orchestrator.runs_finished()
            if not done.steps:
                return
            await asyncio.sleep(0)
        raise AssertionError("steps without end")


def said(orchestrator: Orchestrator, kind: Kind) -> list[str]:
    """Why a journal says that steps of a kind were taken, without signatures and addresses."""
    lines = [entry.detail for entry in orchestrator.journal.entries() if entry.step == kind]
    return [re.sub(r": signature \d+|; record [0-9a-f]{64}", "", line) for line in lines]


@contextmanager
def full_disk(most: int = 0) -> Iterator[None]:
    """No file of this process can grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

"""One node's agent."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ionet.chain.errors import IonetError
from ionet.chain.files import state_folder
from ionet.worker._keys import DeviceKey
from ionet.worker._probe import Device, free_memory, probe
from ionet.worker._timelock import Sample, SampleLog
from ionet.worker._watch import Watch, watch_for

if TYPE_CHECKING:
    import threading

    from ionet.prover import Backend, Challenge, Commitment, Opening, Prover, residency
    from ionet.rewards import Statement


class Busy(IonetError):
    """The device is held by another lease on this machine."""


class Worker:
    """Holds a device's key, samples it during leases, and answers compute challenges.

    Args:
        node: the node's address, 32 bytes.
        key: signs for the device.
        state: directory for sample logs and the device's lock; survives restarts.
        device: by default the first device of this machine.
        watch: by default the one for the device.
        kernel: for challenges; by default `ionet.prover.backends()` of ``gpus``, made when first needed.
        kernels: for challenges to all processors at once, one for each; by default ``kernel`` alone, or those
            of ``gpus``.
        gpus: numbers of the node's NVIDIA GPUs, as their driver counts them.
    """

    def __init__(
        self,
        node: bytes,
        key: DeviceKey,
        state: str | Path,
        *,
        device: Device | None = None,
        watch: Watch | None = None,
        kernel: Backend | None = None,
        kernels: Sequence[Backend] = (),
        gpus: Sequence[int] = (),
    ) -> None:
        self.node = node
        self.key = key
        self.device = device or probe().devices[0]
        self._watch = watch or watch_for(self.device)
        self._gpus = tuple(gpus)
        self._kernels = tuple(kernels) or (() if kernel is None else (kernel,))
        self._prover: Prover | None = None
        #: One for each challenge of the last `commit_all` that has not been opened yet.
        self._counted: list[Prover] = []
        self._state = Path(state)
        state_folder(self._state)
        self._lock: IO[bytes] | None = None
        self._job: bytes | None = None
        self._log: SampleLog | None = None
        self._roots: tuple[int, ...] = ()

    def begin(self, job: bytes, roots: Iterable[int] = ()) -> None:
        """Takes the device for a job; calling it again for the same job only updates the processes.

        Args:
            job: the job's address, 32 bytes.
            roots: process ids whose trees are the lease's; this process is always one of them.

        Raises:
            Busy: when another job, or another process on this machine, holds the device.
        """
        self._roots = (os.getpid(), *roots)
        if self._job == job:
            return
        if self._job is not None:
            raise Busy(f"the device {self.device.name} serves the job {self._job.hex()}")
        self._lock = self._take_lock()
        self._job = job
        self._log = SampleLog(self._state / f"{job.hex()}.samples")
        # The first observation after a pause would cover the time before the lease; look once and drop it.
        self._watch.observe(self._roots)

    def sample(self, at: int) -> Sample:
        """Looks at the device, signs what it saw and keeps it.

        Args:
            at: Unix seconds by the caller's clock.

        Raises:
            Busy: when no job has begun.
        """
        if self._job is None or self._log is None:
            raise Busy("no lease has begun; call begin first")
        last = self._log.last
        if last is not None and at <= last.at:
            return last  # asked twice in one second
        seen = self._watch.observe(self._roots)
        sample = Sample.sign(self.key, job=self._job, node=self.node, at=at, observation=seen, before=last)
        self._log.append(sample)
        return sample

    def samples(self, since: int = 0) -> tuple[Sample, ...]:
        """Returns the present job's samples from number ``since`` on."""
        return self._log.since(since) if self._log is not None else ()

    def samples_of(self, job: bytes, since: int = 0) -> tuple[Sample, ...]:
        """Returns the samples of any job that the node has served, from number ``since`` on."""
        if job == self._job:
            return self.samples(since)
        return SampleLog(self._state / f"{job.hex()}.samples").since(since)

    def commit(self, challenge: Challenge) -> Commitment[Challenge]:
        """Computes a challenge; see `ionet.prover.Prover.commit`. What `commit_all` has left is forgotten."""
        self._counted = []
        return self._get_prover().commit(challenge)

    def commit_all(self, challenges: Sequence[Challenge]) -> list[Commitment[Challenge]]:
        """Computes challenges at once, each on a processor of its own as far as there are any."""
        computed = self.compute(challenges)
        self._counted = [prover for prover, _ in computed]
        return [commitment for _, commitment in computed]

    def work(self, count: int, m: int, k: int) -> int:
        """Returns how many multiplications that many products of a size cost the processor with the most."""
        return -(-count // len(self._own_kernels())) * m * m * k

    def compute(self, challenges: Sequence[Challenge]) -> list[tuple[Prover, Commitment[Challenge]]]:
        """Computes challenges at once, as `commit_all`; the caller keeps who can open them."""
        from ionet.prover import Prover

        kernels = self._own_kernels()
        provers = [Prover(kernels[n % len(kernels)]) for n in range(len(challenges))]

        def work(kernel: int) -> list[Commitment[Challenge]]:
            mine = range(kernel, len(challenges), len(kernels))
            return [provers[n].commit(challenges[n]) for n in mine]

        with ThreadPoolExecutor(len(kernels)) as pool:
            parts = list(pool.map(work, range(len(kernels))))
        return [(prover, parts[n % len(kernels)][n // len(kernels)]) for n, prover in enumerate(provers)]

    def hold(self, challenge: residency.Challenge, stop: threading.Event, unit: int = 0) -> residency.Prover:
        """Fills memory with a challenge's blocks: a GPU's, or the machine's where the node has none.

        Args:
            challenge: what is to be held.
            stop: ends it when it is set.
            unit: which of the node's processors is to hold it, from 0.

        Raises:
            BackendError: it cannot be had here.
            Stopped: ``stop`` was set.
        """
        from ionet.prover import BackendError
        from ionet.prover.residency import CudaDriver, CudaProver, make_prover

        if self._gpus:
            if unit >= len(self._gpus):
                raise BackendError(f"processor {unit} is asked for, the node has {len(self._gpus)}")
            return CudaProver(challenge, driver=CudaDriver(self._gpus[unit]), stop=stop)
        return make_prover(challenge, stop=stop)

    @property
    def most_walked(self) -> int:
        """How many chained reads it does for one answer at most: seconds of work, with GPUs or without."""
        return 1 << 37 if self._gpus else 1 << 28

    def room(self) -> int | None:
        """Returns how many bytes `hold` can take now; None for a GPU, whose driver refuses more by itself."""
        return None if self._gpus else free_memory()

    @property
    def counting(self) -> bool:
        """Whether commitments of `commit_all` are held that have not been opened."""
        return bool(self._counted)

    def open(self, root: bytes, rows: Sequence[int], randomness: bytes) -> Opening:
        """Opens rows of a commitment and forgets it."""
        for prover in self._counted:
            if prover.root == root:
                self._counted.remove(prover)
                return prover.open(root, rows, randomness)
        prover = self._get_prover()
        opening = prover.open(root, rows, randomness)
        prover.forget()
        return opening

    def statement(
        self, *, period_end: int, up_hours: int, good: int, proof: bytes, samples: bytes
    ) -> Statement:
        """Returns the device's signed statement about an hour, for the report's evidence."""
        from ionet.rewards import Statement, statement_bytes

        message = statement_bytes(self.node, period_end, up_hours, good, proof, samples)
        return Statement(bytes(self.key.pubkey), good, proof, samples, self.key.sign(message))

    def end(self, job: bytes | None = None) -> None:
        """Releases the device; the samples stay on disk.

        Args:
            job: release it only if it is held for this job; None: in any case.
        """
        if job is not None and job != self._job:
            return
        self._job = self._log = None
        self._roots = ()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _get_prover(self) -> Prover:
        if self._prover is None:
            from ionet.prover import Prover

            self._prover = Prover(self._own_kernels()[0])
        return self._prover

    def _own_kernels(self) -> tuple[Backend, ...]:
        if not self._kernels:
            from ionet.prover import backends

            self._kernels = tuple(backends(self._gpus))
        return self._kernels

    def _take_lock(self) -> IO[bytes]:
        import fcntl

        file = open(self._state / f"{self.device.fingerprint.hex()}.lock", "ab")  # noqa: SIM115
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise Busy(f"another process holds the device {self.device.name}") from None
        return file

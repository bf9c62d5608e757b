"""Proof of Time-Lock, the off-chain half: signed samples of a device during a lease, and what they are worth.

Each sample is canonical JSON behind the prefix ``b"ionet:sample"``, signed with the device's key, and names
the sha256 of the sample before it, so that none can be left out or inserted later. Time counts as good only
up to a sample, and only if the sample that ends the stretch shows nobody else on the device and came soon
enough after the one before.

The samples are only what the device claims. The attester who asks for them decides when, and stamps them with
the chain's time.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from solders.pubkey import Pubkey
from solders.signature import Signature

from ionet.chain.errors import IonetError
from ionet.formats import canonical
from ionet.jobs.breaks import BreakReason
from ionet.worker._keys import DeviceKey

_PREFIX: Final = b"ionet:sample"
NO_SAMPLE: Final = bytes(32)
MAX_NAMES: Final = 8


class SampleError(IonetError, ValueError):
    """A sample that is damaged or out of place."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What a watch saw since it last looked.

    Attributes:
        use_bps: use of the device, all processes, 0..10,000.
        foreign_use_bps: the part of it that is not the lease's.
        foreign: names of processes on the device that are not the lease's; at most eight.
    """

    use_bps: int
    foreign_use_bps: int
    foreign: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """One signed observation.

    Attributes:
        job: the job's address, 32 bytes.
        node: the node's address, 32 bytes.
        device: the device's public key, 32 bytes.
        seq: 0, 1, 2, .. within the job.
        at: Unix seconds, by the clock of the attester who asked for it.
        previous: sha256 of the sample before, zeros for the first.
        observation: what was seen.
        signature: ed25519 over `message`, 64 bytes.
    """

    job: bytes
    node: bytes
    device: bytes
    seq: int
    at: int
    previous: bytes
    observation: Observation
    signature: bytes

    @property
    def message(self) -> bytes:
        """The signed bytes."""
        return _PREFIX + canonical.encode(self._body())

    @property
    def digest(self) -> bytes:
        """sha256 of the signed bytes; the next sample names it."""
        return hashlib.sha256(self.message).digest()

    def _body(self) -> dict[str, canonical.Json]:
        return {
            "at": self.at,
            "device": str(Pubkey(self.device)),
            "foreign": list(self.observation.foreign),
            "foreign_use_bps": self.observation.foreign_use_bps,
            "job": str(Pubkey(self.job)),
            "node": str(Pubkey(self.node)),
            "previous": self.previous.hex(),
            "seq": self.seq,
            "use_bps": self.observation.use_bps,
        }

    def verify(self) -> bool:
        """Returns whether the device that it names signed it."""
        return Signature.from_bytes(self.signature).verify(Pubkey(self.device), self.message)

    @classmethod
    def sign(
        cls,
        key: DeviceKey,
        *,
        job: bytes,
        node: bytes,
        at: int,
        observation: Observation,
        before: Sample | None = None,
    ) -> Sample:
        """Makes the sample that follows ``before``."""
        unsigned = cls(
            job=job,
            node=node,
            device=bytes(key.pubkey),
            seq=before.seq + 1 if before else 0,
            at=at,
            previous=before.digest if before else NO_SAMPLE,
            observation=observation,
            signature=bytes(64),
        )
        return unsigned.signed(key.sign(unsigned.message))

    def signed(self, signature: bytes) -> Sample:
        """Returns the same sample with another signature."""
        return Sample(
            self.job, self.node, self.device, self.seq, self.at, self.previous, self.observation, signature
        )

    def to_line(self) -> bytes:
        """Returns one line of JSON with the signature, for files and messages."""
        return (
            canonical.encode({**self._body(), "signature": str(Signature.from_bytes(self.signature))}) + b"\n"
        )

    @classmethod
    def from_line(cls, line: bytes) -> Sample:
        """Reads `to_line`; the signature is not checked.

        Raises:
            SampleError: when the line is not a sample.
        """
        try:
            value: Any = canonical.decode(line.rstrip(b"\n"))
            return cls(
                job=bytes(Pubkey.from_string(value["job"])),
                node=bytes(Pubkey.from_string(value["node"])),
                device=bytes(Pubkey.from_string(value["device"])),
                seq=value["seq"],
                at=value["at"],
                previous=bytes.fromhex(value["previous"]),
                observation=Observation(
                    value["use_bps"], value["foreign_use_bps"], tuple(str(name) for name in value["foreign"])
                ),
                signature=bytes(Signature.from_string(value["signature"])),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise SampleError(f"not a sample: {error}") from error


class SampleLog:
    """A job's samples in a file, one line each; a line that a killed process left half-written is dropped."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._samples: list[Sample] = []
        self._size = 0
        if self._path.exists():
            data = self._path.read_bytes()
            whole = data[: data.rfind(b"\n") + 1]
            self._samples = [Sample.from_line(line) for line in whole.splitlines()]
            self._size = len(whole)
            if len(whole) != len(data):
                os.truncate(self._path, len(whole))

    @property
    def last(self) -> Sample | None:
        """The newest sample."""
        return self._samples[-1] if self._samples else None

    def since(self, seq: int) -> tuple[Sample, ...]:
        """Returns the samples from number ``seq`` on."""
        return tuple(self._samples[seq:])

    def append(self, sample: Sample) -> None:
        """Adds a sample and flushes it to the disk.

        Raises:
            OSError: it cannot be written; it is not added.
        """
        line = sample.to_line()
        with open(self._path, "ab") as file:
            # A full disk may have taken a part of a line.
            file.truncate(self._size)
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        self._size += len(line)
        self._samples.append(sample)


@dataclass(frozen=True, slots=True)
class Break:
    """A stretch that is not attested.

    Attributes:
        reason: why it is not attested.
        start: Unix seconds.
        end: Unix seconds.
        detail: what was seen.
    """

    reason: BreakReason
    start: int
    end: int
    detail: str = ""

    @property
    def seconds(self) -> int:
        """Its length."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class TimeLockPolicy:
    """When a sample breaks the lock.

    Attributes:
        max_gap: seconds between two samples after which the time between them does not count.
        foreign_use_bps: foreign use above this breaks the lock; None records it only.
    """

    max_gap: int = 180
    foreign_use_bps: int | None = 1_000

    @classmethod
    def for_pool(cls, pool: str) -> TimeLockPolicy:
        """Returns a pool's policy.

        GPUs may see ten per cent of foreign use; that of processors is only recorded, since a system always
        runs something of its own.
        """
        return cls(foreign_use_bps=None) if pool == "cpu" else cls()


class Judge:
    """Turns one job's samples into good time, as they come.

    A stretch counts only once the sample that ends it is there, so good time never decreases when samples are
    added. Feed the samples in order; after one that is out of place, no sample is accepted any more.

    Args:
        job: the job's address.
        node: the node's address.
        device: the device's key, as in the node's account; None takes that of the first sample.
        start: when the job started, Unix seconds.
        policy: when the lock is broken.
    """

    __slots__ = ("_device", "_good", "_job", "_last", "_node", "_policy", "_spoiled", "breaks", "through")

    def __init__(
        self, *, job: bytes, node: bytes, device: bytes | None, start: int, policy: TimeLockPolicy
    ) -> None:
        self._job, self._node, self._device, self._policy = job, node, device, policy
        self._good: list[tuple[int, int]] = []
        self._last: Sample | None = None
        self._spoiled = False
        self.breaks: list[Break] = []
        self.through = start

    @property
    def next_seq(self) -> int:
        """The number of the sample that is expected next."""
        return self._last.seq + 1 if self._last else 0

    @property
    def spoiled(self) -> bool:
        """Whether a sample was out of place, so that no other is accepted any more."""
        return self._spoiled

    @property
    def digest(self) -> bytes:
        """Digest of the last accepted sample, which covers all before it; zeros if there is none."""
        return self._last.digest if self._last else NO_SAMPLE

    def feed(self, samples: Iterable[Sample]) -> None:
        """Judges further samples."""
        for sample in samples:
            if self._spoiled:
                return
            self._device = self._device or sample.device
            wrong = self._out_of_place(sample)
            if wrong:
                self._spoiled = True
                detail = f"sample {sample.seq}: {wrong}"
                self.breaks.append(Break(BreakReason.BAD_SAMPLE, self.through, self.through, detail))
                return
            self._last = sample
            if sample.at <= self.through:
                continue  # taken before the job started
            lapse = _broken(sample, self.through, sample.at, self._policy)
            if lapse is not None:
                self.breaks.append(lapse)
            elif self._good and self._good[-1][1] == self.through:
                self._good[-1] = (self._good[-1][0], sample.at)
            else:
                self._good.append((self.through, sample.at))
            self.through = sample.at

    def good(self, start: int, end: int) -> int:
        """Returns the good seconds within ``start..end``."""
        return sum(max(0, min(end, last) - max(start, first)) for first, last in self._good)

    def breaks_within(self, start: int, end: int) -> tuple[Break, ...]:
        """Returns what does not count in ``start..end``, including a last stretch without samples."""
        breaks = [item for item in self.breaks if item.end > start and item.start < end]
        breaks += [item for item in self.breaks if item.start == item.end]
        if end - max(start, self.through) > self._policy.max_gap:
            breaks.append(Break(BreakReason.SAMPLE_GAP, max(start, self.through), end, "no sample since"))
        return tuple(breaks)

    def _out_of_place(self, sample: Sample) -> str | None:
        if (sample.job, sample.node, sample.device) != (self._job, self._node, self._device):
            return "it is of another job, node or device"
        if (sample.seq, sample.previous) != (self.next_seq, self.digest):
            return "it does not follow the sample before it"
        if self._last is not None and sample.at < self._last.at:
            return "it is older than the sample before it"
        if not sample.verify():
            return "its signature is not the device's"
        return None


def _broken(sample: Sample, start: int, end: int, policy: TimeLockPolicy) -> Break | None:
    seen = sample.observation
    if end - start > policy.max_gap:
        return Break(
            BreakReason.SAMPLE_GAP, start, end, f"{end - start} s without a sample, at most {policy.max_gap}"
        )
    if seen.foreign:
        return Break(BreakReason.FOREIGN_PROCESS, start, end, ", ".join(seen.foreign))
    if policy.foreign_use_bps is not None and seen.foreign_use_bps > policy.foreign_use_bps:
        return Break(BreakReason.FOREIGN_USE, start, end, f"{seen.foreign_use_bps} bps of the device")
    return None

"""Devices that cheat, each a program that answers a seat's challenges as a real agent's worker would."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ionet.prover import Backend, Challenge, Commitment, Opening, Prover, numpy_backend
from ionet.prover._answers import chunk_tree
from ionet.prover._spec import DOMAIN
from ionet.worker import Worker


class Timed(Backend):
    """A processor whose time is counted, and not waited for: no other load of the machine changes it."""

    def begin(self) -> None:
        """A group is asked at one moment: from it on time is counted."""

    def done(self, seed: bytes) -> float:
        """Seconds from that moment to the end of a challenge's product."""
        raise NotImplementedError


class Chip(Timed):
    """One processor: a product takes it some time, and one product at a time."""

    name = "chip"

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self._one_at_a_time = threading.Lock()
        self._real = numpy_backend()
        self._busy_until = 0.0
        self._ends: dict[bytes, float] = {}

    def begin(self) -> None:
        self._busy_until, self._ends = 0.0, {}

    def done(self, seed: bytes) -> float:
        return self._ends[seed]

    def multiply(self, a: NDArray[np.int8], b: NDArray[np.int8]) -> NDArray[np.int32]:
        return self._real.multiply(a, b)

    def product(self, challenge: Challenge) -> NDArray[np.int32]:
        with self._one_at_a_time:
            self._busy_until += self.seconds
            self._ends[challenge.seed] = self._busy_until
            return super().product(challenge)


class Proxy(Timed):
    """Has no processor: passes challenges on to a box that may be far away."""

    name = "proxy"

    def __init__(self, box: Timed, way: float = 0.0) -> None:
        self.box = box
        self.way = way

    def begin(self) -> None:
        self.box.begin()

    def done(self, seed: bytes) -> float:
        return self.way + self.box.done(seed)

    def multiply(self, a: NDArray[np.int8], b: NDArray[np.int8]) -> NDArray[np.int32]:
        return self.box.multiply(a, b)

    def product(self, challenge: Challenge) -> NDArray[np.int32]:
        return self.box.product(challenge)


class Halved(Backend):
    """Leaves out the lower half of every product, and grinds: of many roots it takes the best."""

    name = "halved"
    ground = 0

    def multiply(self, a: NDArray[np.int8], b: NDArray[np.int8]) -> NDArray[np.int32]:
        return numpy_backend().multiply(a, b)

    def product(self, challenge: Challenge) -> NDArray[np.int32]:
        whole = numpy_backend().product(challenge)
        whole[challenge.m // 2 :] = 0
        best = None
        for filling in range(64):
            tried = whole.copy()
            tried[challenge.m // 2 :] = filling
            root = chunk_tree(tried.astype("<i4").tobytes(), DOMAIN).root
            self.ground += 1
            if best is None or root < best[0]:
                best = root, tried
        assert best is not None
        return best[1]


class Cheat(Worker):
    """A worker that answers with openings of its own choice."""

    answers: dict[bytes, Prover]

    def commit_all(self, challenges: Sequence[Challenge]) -> list[Commitment[Challenge]]:
        self.answers, commitments = {}, []
        for challenge in challenges:
            prover = Prover(numpy_backend())
            commitment = prover.commit(self.chosen(challenge))
            self.answers[commitment.root] = prover
            commitments.append(commitment)
        return commitments

    def chosen(self, challenge: Challenge) -> Challenge:
        """What it computes in the place of what it was asked."""
        return challenge

    def open(self, root: bytes, rows: Sequence[int], randomness: bytes) -> Opening:
        return self.answers[root].open(root, rows, randomness)


class Replay(Cheat):
    """Answers every challenge with its first one."""

    first: Challenge | None = None

    def chosen(self, challenge: Challenge) -> Challenge:
        self.first = self.first or challenge
        return self.first


class RelabelledReplay(Replay):
    """The same, and writes the asked challenge's seed over the old one."""

    asked: Challenge

    def chosen(self, challenge: Challenge) -> Challenge:
        self.asked = challenge
        return super().chosen(challenge)

    def open(self, root: bytes, rows: Sequence[int], randomness: bytes) -> Opening:
        return replace(super().open(root, rows, randomness), challenge=self.asked)


class OfAnother(Cheat):
    """Passes on what another device has computed for its own challenge."""

    other: Challenge

    def chosen(self, challenge: Challenge) -> Challenge:
        return self.other


class Precomputed(Cheat):
    """Has computed a product before the challenge was known, by a seed of its own guess."""

    def chosen(self, challenge: Challenge) -> Challenge:
        return replace(challenge, seed=hashlib.sha256(b"surely this hour's").digest())


class Smaller(Cheat):
    """Computes half of the length."""

    def chosen(self, challenge: Challenge) -> Challenge:
        return replace(challenge, k=challenge.k // 2)


class Fewer(Worker):
    """Answers for the one processor that is there, whatever it is asked."""

    def commit_all(self, challenges: Sequence[Challenge]) -> list[Commitment[Challenge]]:
        return super().commit_all(challenges[:1])


class Doubled(Worker):
    """Names the one root that it has once for each processor."""

    def commit_all(self, challenges: Sequence[Challenge]) -> list[Commitment[Challenge]]:
        return super().commit_all(challenges[:1]) * len(challenges)


class Rootless(Worker):
    """Answers with roots of another length, so that nothing can be drawn from them."""

    def commit(self, challenge: Challenge) -> Commitment[Challenge]:
        return replace(super().commit(challenge), root=b"\1" * 31)

    def commit_all(self, challenges: Sequence[Challenge]) -> list[Commitment[Challenge]]:
        return [replace(each, root=b"\1" * 33) for each in super().commit_all(challenges)]

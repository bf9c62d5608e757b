"""Residency on a processor, compiled here for it: LLVM comes in a wheel, and no compiler is needed."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from ionet.prover._backends import BackendError
from ionet.prover._compiled import Engine
from ionet.prover.residency._kernels import processor_code
from ionet.prover.residency._protocol import Prover
from ionet.prover.residency._spec import (
    BATCH,
    START_ROUNDS,
    Challenge,
    Sizes,
    block,
    check_length,
    first_words,
    next_state,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Chains that one call advances together: as many fetches under way hide how long each takes.
_TOGETHER: Final = 1024


class Native:
    """The compiled functions; calls of several threads run at once.

    Args:
        lanes: blocks or chains to an instruction, 4, 8 or 16; by default what this processor's vectors hold.

    Raises:
        BackendError: llvmlite is not installed, or a bit is not the specification's.
    """

    def __init__(self, lanes: int | None = None) -> None:
        self._engine = Engine(processor_code, lanes)
        self.lanes = self._engine.lanes
        pointer, wide, word = ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint32
        make = (pointer, pointer, pointer, wide, word)
        self._make_one = self._engine.function("make_1", *make)
        self._make = self._engine.function(f"make_{self.lanes}", *make)
        self._walk_one = self._engine.function("walk_1", pointer, pointer, wide, wide, word, pointer)
        self._walk = self._engine.function(f"walk_{self.lanes}", pointer, pointer, wide, wide, word)
        self._check()

    def make_into(
        self, out: NDArray[np.uint32], seed: bytes, numbers: NDArray[np.uint32], rounds: int
    ) -> None:
        """Makes blocks into contiguous ``out``, shape (len(numbers), 32)."""
        first = first_words(seed)
        whole = len(numbers) - len(numbers) % self.lanes
        for function, start, end in ((self._make, 0, whole), (self._make_one, whole, len(numbers))):
            if end > start:
                into, which = out[start:end], numbers[start:end]
                function(into.ctypes.data, first.ctypes.data, which.ctypes.data, end - start, rounds)

    def make_blocks(
        self, seed: bytes, numbers: Sequence[int] | NDArray[np.uint32], rounds: int
    ) -> NDArray[np.uint32]:
        """Returns what `ionet.prover.residency.make_blocks` returns."""
        check_length("the seed", seed)
        wanted = np.ascontiguousarray(numbers, np.uint32)
        out = np.empty((len(wanted), 32), np.uint32)
        self.make_into(out, seed, wanted, rounds)
        return out

    def walk(
        self,
        memory: NDArray[np.uint32],
        states: NDArray[np.uint32],
        reads: int,
        told: NDArray[np.uint32] | None = None,
    ) -> NDArray[np.uint32]:
        """Returns chains' states after all reads, shape (chains, 32).

        Args:
            memory: all blocks, contiguous, shape (blocks, 32).
            states: the chains' first states, shape (chains, 32).
            reads: of each chain.
            told: where to write what they read, contiguous, shape (chains, reads).
        """
        whole = 0 if told is not None else len(states) - len(states) % self.lanes
        grouped = states[:whole].reshape(-1, self.lanes, 32).transpose(0, 2, 1).copy()
        together = max(1, _TOGETHER // self.lanes)
        for at in range(0, len(grouped), together):
            part = grouped[at : at + together]
            self._walk(memory.ctypes.data, part.ctypes.data, len(part), len(memory), reads)
        rest = states[whole:].copy()
        if len(rest):
            line = None if told is None else told.ctypes.data
            self._walk_one(memory.ctypes.data, rest.ctypes.data, len(rest), len(memory), reads, line)
        return np.concatenate([grouped.transpose(0, 2, 1).reshape(-1, 32), rest])

    def _check(self) -> None:
        """Compares with plain integers: both widths, rounds that are no multiple of eight, every read."""
        seed, rounds = bytes(range(32)), 11
        sizes = Sizes(64, rounds, 64, 3)
        numbers = np.arange(65, dtype=np.uint32) * np.uint32(0x01020304)
        memory = self.make_blocks(seed, np.arange(64, dtype=np.uint32), rounds)
        told = np.empty((64, sizes.reads), np.uint32)
        states = self.walk(memory, memory, sizes.reads)
        right = self.make_blocks(seed, numbers, rounds)[[0, 63, 64]].tolist() == [
            list(block(seed, int(number), rounds)) for number in numbers[[0, 63, 64]]
        ]
        for chain in (0, 63):
            state: Sequence[int] = memory[chain].tolist()
            for read in range(sizes.reads):
                state = next_state(Challenge(seed, sizes), state, read)
            right &= states[chain].tolist() == list(state)
        if not right or not np.array_equal(states, self.walk(memory, memory, sizes.reads, told)):
            raise BackendError("the compiled prover does not give the specified bits on this machine")


@cache
def native() -> Native:
    """Returns this process's compiled functions.

    Raises:
        BackendError: there can be none here.
    """
    return Native()


class NativeProver(Prover):
    """A prover that uses all of this machine's processors.

    Args:
        challenge: what is to be held.
        kernel: by default `native()`.
        threads: by default as many as there are processors for this process.
        stop: see `Prover`.

    Raises:
        BackendError: there can be no compiled functions here.
    """

    def __init__(
        self,
        challenge: Challenge,
        *,
        kernel: Native | None = None,
        threads: int | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self.kernel = kernel or native()
        self.threads = threads or processors()
        super().__init__(challenge, stop=stop)

    def fill(self) -> NDArray[np.uint32]:
        """Returns all blocks, shape (blocks, 32)."""
        sizes = self.challenge.sizes
        memory = np.empty((sizes.blocks, 32), np.uint32)

        def make(at: int) -> None:
            self.go_on()
            numbers = np.arange(at, min(at + BATCH, sizes.blocks), dtype=np.uint32)
            self.kernel.make_into(memory[at : at + BATCH], self.challenge.seed, numbers, sizes.rounds)

        with ThreadPoolExecutor(self.threads) as pool:
            for _ in pool.map(make, range(0, sizes.blocks, BATCH)):
                pass
        return memory

    def walk(
        self, start: bytes, chains: NDArray[np.uint32], told: NDArray[np.uint32] | None = None
    ) -> NDArray[np.uint32]:
        """See `Prover.walk`."""
        states = self.kernel.make_blocks(start, chains, START_ROUNDS)
        ends: NDArray[np.uint32] = self.kernel.walk(self.memory, states, self.challenge.sizes.reads, told)[
            :, 0
        ]
        return ends

    def ends(self, start: bytes) -> NDArray[np.uint32]:
        """See `Prover.ends`."""
        chains = self.challenge.sizes.chains
        ends = np.empty(chains, np.uint32)

        def walk(at: int) -> None:
            numbers = np.arange(at, min(at + _TOGETHER, chains), dtype=np.uint32)
            ends[at : at + _TOGETHER] = self.walk(start, numbers)

        with ThreadPoolExecutor(self.threads) as pool:
            for _ in pool.map(walk, range(0, chains, _TOGETHER)):
                pass
        return ends


def processors() -> int:
    """Returns how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

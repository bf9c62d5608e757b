"""Compiled provers give the specified bits: with vectors of any width, and a GPU's kernels on a processor."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import llvmlite.binding as llvm
import numpy as np
import pytest
from numpy.typing import NDArray

from ionet.prover import BackendError, residency
from ionet.prover.residency import (
    Challenge,
    CudaProver,
    Native,
    NativeProver,
    Sizes,
    Stopped,
    draw_chains,
    fastest_make,
    make_blocks,
    make_prover,
    native,
    verify,
)
from ionet.prover.residency._cuda import ptx
from ionet.prover.residency._kernels import gpu_code

VECTORS: Final[dict[str, Any]] = json.loads((Path(__file__).parent / "proof_vectors.json").read_text())[
    "residency"
]
SEED: Final = hashlib.sha256(b"a seed").digest()
START: Final = hashlib.sha256(b"a start").digest()
#: Chains and blocks that are no multiple of a call's, rounds that are none of eight.
CHALLENGE: Final = Challenge(SEED, Sizes(blocks=5003, rounds=13, chains=2048, reads=7))


@pytest.fixture(scope="module", params=[4, 8, 16])
def kernel(request: pytest.FixtureRequest) -> Native:
    return Native(request.param)


@pytest.mark.parametrize("rounds", [8, 9, 15, 16, 33])
def test_blocks_are_those_of_numpy_for_any_numbers_and_rounds(kernel: Native, rounds: int) -> None:
    numbers = np.random.default_rng(rounds).integers(0, 2**32, 37, np.uint32)
    numbers[:2] = 0, 2**32 - 1
    assert np.array_equal(kernel.make_blocks(SEED, numbers, rounds), make_blocks(SEED, numbers, rounds))


@pytest.mark.parametrize("threads", [1, 3])
def test_the_compiled_prover_commits_and_opens_as_numpy_does(kernel: Native, threads: int) -> None:
    slow, fast = residency.Prover(CHALLENGE), NativeProver(CHALLENGE, kernel=kernel, threads=threads)
    assert np.array_equal(slow.memory, fast.memory)
    root = slow.commit(START).root
    assert fast.commit(START).root == root
    drawn = draw_chains(CHALLENGE.sizes, root, bytes(32))
    assert fast.open(root, drawn).to_bytes() == slow.open(root, drawn).to_bytes()


@pytest.mark.parametrize("name", ["native", "numpy", None])
def test_every_prover_makes_the_vectors_answer(name: str | None) -> None:
    challenge = Challenge(bytes.fromhex(VECTORS["seed"]), Sizes(**VECTORS["sizes"]))
    prover = make_prover(challenge, name)
    assert prover.commit(bytes.fromhex(VECTORS["start"])).root.hex() == VECTORS["root"]


def test_the_verifier_judges_alike_with_compiled_blocks() -> None:
    assert fastest_make() == native().make_blocks
    prover = NativeProver(CHALLENGE)
    root = prover.commit(START).root
    drawn = draw_chains(CHALLENGE.sizes, root, bytes(32))
    opening = prover.open(root, drawn)
    assert verify(CHALLENGE, START, root, drawn, opening, make=fastest_make()).ok
    opening.addresses[3, 4] ^= 1
    for make in (fastest_make(), make_blocks):
        verdict = verify(CHALLENGE, START, root, drawn, opening, make=make)
        assert verdict.reason == "wrong-read"
        assert f"read 4 of chain {drawn.chains[3]}" in verdict.detail


def test_the_memory_is_really_taken() -> None:
    """Each page is looked at: what else a process takes or gives back meanwhile is in its sums."""
    prover = NativeProver(Challenge(SEED, Sizes(2**19, 8, 64, 1)))
    assert prover.memory.nbytes == 2**26
    page = os.sysconf("SC_PAGE_SIZE")
    with open("/proc/self/pagemap", "rb") as pages:
        pages.seek(-(-prover.memory.ctypes.data // page) * 8)
        present = np.frombuffer(pages.read((2**26 // page - 1) * 8), np.uint64) >> np.uint64(63)
    assert present.sum() >= 0.95 * 2**26 / page


def test_a_machine_without_what_it_takes_is_told_so() -> None:
    with pytest.raises(BackendError, match="unknown prover 'abacus'; there are cuda, native, numpy"):
        make_prover(CHALLENGE, "abacus")
    with pytest.raises(BackendError, match="driver"):
        make_prover(CHALLENGE, "cuda")


# The GPU's kernels, which take their thread from a counter here


class Processor:
    """A driver whose device is this processor: it runs a kernel thread by thread."""

    def __init__(self) -> None:
        code = re.sub(r"(?s)declare i32 @llvm.nvvm.*?define i64 @thread\(\).*?\n}\n", "", gpu_code())
        own = "@number = global i64 0\ndefine i64 @thread() {\n %i = load i64, ptr @number\n ret i64 %i\n}\n"
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        machine = llvm.Target.from_default_triple().create_target_machine(opt=1)
        module = llvm.parse_assembly(own + code.replace("ptx_kernel ", ""))
        self._engine = llvm.create_mcjit_compiler(module, machine)
        self._engine.finalize_object()
        self._number = ctypes.c_uint64.from_address(self._engine.get_global_value_address("number"))
        self.held: dict[int, Any] = {}

    def allocate(self, size: int) -> int:
        memory = ctypes.create_string_buffer(size + 64)
        address = -(-ctypes.addressof(memory) // 64) * 64
        self.held[address] = memory
        return address

    def free(self, address: int) -> None:
        del self.held[address]

    def put(self, address: int, data: NDArray[np.uint32]) -> None:
        ctypes.memmove(address, data.ctypes.data, data.nbytes)

    def get(self, address: int, data: NDArray[np.uint32]) -> None:
        ctypes.memmove(data.ctypes.data, address, data.nbytes)

    def launch(self, kernel: str, threads: int, arguments: Sequence[Any]) -> None:
        kinds = [type(item) for item in arguments]
        function = ctypes.CFUNCTYPE(None, *kinds)(self._engine.get_function_address(kernel))
        # A launch has some threads more than there are blocks.
        for number in range(threads + 3):
            self._number.value = number
            function(*arguments)


class Faulty(Processor):
    """A device one of whose bits is stuck."""

    def get(self, address: int, data: NDArray[np.uint32]) -> None:
        super().get(address, data)
        data |= np.uint32(1)


def test_the_gpus_kernels_give_the_specified_bits() -> None:
    device, slow = Processor(), residency.Prover(CHALLENGE)
    fast = CudaProver(CHALLENGE, driver=device)
    root = slow.commit(START).root
    assert fast.commit(START).root == root
    drawn = draw_chains(CHALLENGE.sizes, root, bytes(32))
    assert fast.open(root, drawn).to_bytes() == slow.open(root, drawn).to_bytes()
    fewer = Sizes(300, 13, 64, 5)
    assert fast.sharing(fewer).commit(START).root == slow.sharing(fewer).commit(START).root
    fast.close()
    assert not device.held, "all memory of the device is given back"


def test_a_gpu_with_other_bits_is_refused_and_its_memory_given_back() -> None:
    device = Faulty()
    with pytest.raises(BackendError, match="specified bits"):
        CudaProver(CHALLENGE, driver=device)
    assert not device.held


def test_filling_ends_when_it_is_told_to_and_a_gpus_memory_is_given_back() -> None:
    stop, device = threading.Event(), Processor()
    stop.set()
    with pytest.raises(Stopped):
        NativeProver(CHALLENGE, stop=stop)
    with pytest.raises(Stopped):
        CudaProver(CHALLENGE, driver=device, stop=stop)
    assert not device.held


def test_the_kernels_are_translated_for_nvidias_drivers() -> None:
    text = ptx()
    assert ".visible .entry make(" in text
    assert ".visible .entry walk(" in text
    # Turning a word is one instruction, and a block is read in words of 16 bytes.
    assert "shf.l.wrap.b32" in text
    assert re.search(r"ld(\.global)?\.v4\.b32", text)

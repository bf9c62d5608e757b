"""Residency on an NVIDIA GPU: the processor's kernels, translated for it by the same LLVM, run by its driver.

The driver's library is all that is needed beside llvmlite. No GPU was at hand when this was written: the
kernels' bits are tested on a processor, the calls of the driver are not. `CudaProver` compares bits with
plain integers before it answers anything.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from ionet.chain.errors import IonetError
from ionet.prover._backends import BackendError
from ionet.prover.residency._kernels import gpu_code
from ionet.prover.residency._protocol import Prover
from ionet.prover.residency._spec import START_ROUNDS, Challenge, block, first_words, next_state

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Blocks or chains to a launch: the numbers and states of a launch take 132 MiB at most.
_LAUNCH: Final = 1 << 20
_CHECKED: Final = 4
#: The oldest processors that are asked for: Turing's. Newer ones' drivers translate it on.
_PROCESSOR: Final = "sm_75"


class Driver(Protocol):
    """What a GPU has to do. Addresses are the device's; all methods may raise `BackendError`."""

    def allocate(self, size: int) -> int:
        """Returns the address of ``size`` bytes."""
        ...

    def free(self, address: int) -> None:
        """Gives bytes back."""
        ...

    def put(self, address: int, data: NDArray[np.uint32]) -> None:
        """Copies contiguous words to the device."""
        ...

    def get(self, address: int, data: NDArray[np.uint32]) -> None:
        """Copies words from the device into contiguous ``data``."""
        ...

    def launch(self, kernel: str, threads: int, arguments: Sequence[Any]) -> None:
        """Runs a kernel in ``threads`` threads or a few more, with ctypes values, and waits for it."""
        ...


def ptx() -> str:
    """Returns the kernels in the language that NVIDIA's drivers translate.

    Raises:
        BackendError: llvmlite is not installed.
    """
    if importlib.util.find_spec("llvmlite") is None:
        raise BackendError("llvmlite is not installed; install it, or use numpy")
    llvm: Any = importlib.import_module("llvmlite.binding")
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    triple = "nvptx64-nvidia-cuda"
    machine = llvm.Target.from_triple(triple).create_target_machine(cpu=_PROCESSOR, opt=3)
    module = llvm.parse_assembly(f'target triple = "{triple}"\n{gpu_code()}')
    module.verify()
    tuning = llvm.create_pipeline_tuning_options(speed_level=3)
    llvm.create_pass_builder(machine, tuning).getModulePassManager().run(
        module, llvm.create_pass_builder(machine, tuning)
    )
    code: str = machine.emit_assembly(module)
    return code


class CudaDriver:
    """A GPU of this machine, by NVIDIA's driver.

    Args:
        device: its number.
        code: the kernels as PTX; by default those of residency.
        kernels: their names.

    Raises:
        BackendError: there is none, or it does not take the kernels.
    """

    _GROUP: Final = 128

    def __init__(
        self, device: int = 0, code: bytes | None = None, kernels: Sequence[str] = ("make", "walk")
    ) -> None:
        try:
            self._cuda = ctypes.CDLL("libcuda.so.1")
        except OSError as bad:
            raise BackendError(f"there is no driver of an NVIDIA GPU here: {bad}") from None
        number, context, module = ctypes.c_int(), ctypes.c_void_p(), ctypes.c_void_p()
        self._call("cuInit", 0)
        self._call("cuDeviceGet", ctypes.byref(number), device)
        self._call("cuDevicePrimaryCtxRetain", ctypes.byref(context), number)
        self._context = context
        self._call("cuModuleLoadData", ctypes.byref(module), ptx().encode() if code is None else code)
        self._kernels = {}
        for name in kernels:
            kernel = ctypes.c_void_p()
            self._call("cuModuleGetFunction", ctypes.byref(kernel), module, name.encode())
            self._kernels[name] = kernel

    def _call(self, name: str, *arguments: Any) -> None:
        # Another thread than the one that made the context may call.
        if hasattr(self, "_context"):
            self._cuda.cuCtxSetCurrent(self._context)
        if (failed := getattr(self._cuda, name)(*arguments)) != 0:
            raise BackendError(f"the GPU's driver refuses {name}: error {failed}")

    def allocate(self, size: int) -> int:
        """See `Driver.allocate`."""
        address = ctypes.c_uint64()
        self._call("cuMemAlloc_v2", ctypes.byref(address), ctypes.c_size_t(size))
        return address.value

    def free(self, address: int) -> None:
        """See `Driver.free`."""
        self._call("cuMemFree_v2", ctypes.c_uint64(address))

    def put(self, address: int, data: NDArray[np.uint32]) -> None:
        """See `Driver.put`."""
        to, source = ctypes.c_uint64(address), ctypes.c_void_p(data.ctypes.data)
        self._call("cuMemcpyHtoD_v2", to, source, ctypes.c_size_t(data.nbytes))

    def get(self, address: int, data: NDArray[np.uint32]) -> None:
        """See `Driver.get`."""
        to, source = ctypes.c_void_p(data.ctypes.data), ctypes.c_uint64(address)
        self._call("cuMemcpyDtoH_v2", to, source, ctypes.c_size_t(data.nbytes))

    def launch(self, kernel: str, threads: int, arguments: Sequence[Any]) -> None:
        """See `Driver.launch`."""
        self._launch(kernel, (-(-threads // self._GROUP), 1), self._GROUP, arguments)

    def run(self, kernel: str, groups: tuple[int, int], threads: int, args: ctypes.Structure) -> None:
        """See `ionet.prover._fused.GroupDriver.run`."""
        self._launch(kernel, groups, threads, [args])

    def _launch(self, kernel: str, groups: tuple[int, int], threads: int, arguments: Sequence[Any]) -> None:
        places = (ctypes.c_void_p * len(arguments))(*(ctypes.addressof(item) for item in arguments))
        sizes = (*groups, 1, threads, 1, 1, 0)
        self._call("cuLaunchKernel", self._kernels[kernel], *sizes, None, places, None)
        self._call("cuCtxSynchronize")


class CudaProver(Prover):
    """A prover whose blocks are in a GPU's memory; `close` gives it back.

    Args:
        challenge: what is to be held.
        driver: by default the first GPU's.
        stop: see `Prover`.

    Raises:
        BackendError: there is no GPU, it has not that much memory, or its bits are others.
    """

    def __init__(
        self, challenge: Challenge, *, driver: Driver | None = None, stop: threading.Event | None = None
    ) -> None:
        self._driver = driver or CudaDriver()
        self._blocks = 0
        try:
            super().__init__(challenge, stop=stop)
            self._check()
        except IonetError:
            self.close()
            raise

    def fill(self) -> NDArray[np.uint32]:
        """Makes all blocks on the device; nothing of them is here."""
        sizes, driver = self.challenge.sizes, self._driver
        self._blocks = driver.allocate(sizes.memory)
        self._make(
            self._blocks, self.challenge.seed, np.arange(0, dtype=np.uint32), sizes.blocks, sizes.rounds
        )
        return np.empty((0, 32), np.uint32)

    def _make(self, out: int, seed: bytes, numbers: NDArray[np.uint32], count: int, rounds: int) -> None:
        """Makes blocks of the numbers, or of 0..count where there are none, at a place of the device."""
        driver, first = self._driver, first_words(seed)
        words, which = driver.allocate(first.nbytes), driver.allocate(4 * min(count, _LAUNCH))
        try:
            driver.put(words, first)
            for at in range(0, count, _LAUNCH):
                self.go_on()
                end = min(at + _LAUNCH, count)
                driver.put(which, numbers[at:end] if len(numbers) else np.arange(at, end, dtype=np.uint32))
                pointers = [ctypes.c_uint64(place) for place in (out + 128 * at, words, which)]
                number = ctypes.c_uint64(end - at)
                driver.launch("make", end - at, [*pointers, number, ctypes.c_uint32(rounds)])
        finally:
            driver.free(words)
            driver.free(which)

    def read(self, addresses: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Returns the blocks at addresses, shape (len(addresses), 32)."""
        out = np.empty((len(addresses), 32), np.uint32)
        for place, address in zip(out, addresses, strict=True):
            self._driver.get(self._blocks + 128 * int(address), place)
        return out

    def walk(
        self, start: bytes, chains: NDArray[np.uint32], told: NDArray[np.uint32] | None = None
    ) -> NDArray[np.uint32]:
        """See `Prover.walk`."""
        driver, sizes, count = self._driver, self.challenge.sizes, len(chains)
        states, line = driver.allocate(128 * count), 0
        try:
            line = 0 if told is None else driver.allocate(told.nbytes)
            self._make(states, start, chains, count, START_ROUNDS)
            pointers = [ctypes.c_uint64(self._blocks), ctypes.c_uint64(states), ctypes.c_uint64(count)]
            rest = [ctypes.c_uint64(sizes.blocks), ctypes.c_uint32(sizes.reads), ctypes.c_uint64(line)]
            driver.launch("walk", count, [*pointers, *rest])
            if told is not None:
                driver.get(line, told)
            out = np.empty((count, 32), np.uint32)
            driver.get(states, out)
        finally:
            driver.free(states)
            if line:
                driver.free(line)
        ends: NDArray[np.uint32] = out[:, 0].copy()
        return ends

    def ends(self, start: bytes) -> NDArray[np.uint32]:
        """See `Prover.ends`."""
        chains = self.challenge.sizes.chains
        parts = (
            np.arange(at, min(at + _LAUNCH, chains), dtype=np.uint32) for at in range(0, chains, _LAUNCH)
        )
        return np.concatenate([self.walk(start, part) for part in parts])

    def close(self) -> None:
        """Gives the device's memory back."""
        if self._blocks:
            self._driver.free(self._blocks)
            self._blocks = 0

    def _check(self) -> None:
        """Compares some blocks and one chain with plain integers."""
        challenge, sizes = self.challenge, self.challenge.sizes
        numbers = [sizes.blocks * n // _CHECKED for n in range(_CHECKED)]
        made = self.read(np.asarray(numbers, np.uint32)).tolist()
        right = made == [list(block(challenge.seed, number, sizes.rounds)) for number in numbers]
        told = np.empty((1, sizes.reads), np.uint32)
        self.walk(bytes(32), np.zeros(1, np.uint32), told)
        state: Sequence[int] = block(bytes(32), 0, START_ROUNDS)
        for read in range(min(sizes.reads, _CHECKED)):
            right &= int(told[0, read]) == (state[0] * sizes.blocks) >> 32
            state = next_state(challenge, state, read)
        if not right:
            raise BackendError("the GPU's prover does not give the specified bits")

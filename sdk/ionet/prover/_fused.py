"""The rate's product on a GPU in one kernel: both matrices are made where they are multiplied, in integers.

One source, `kernels.h`, serves CUDA and Metal; a driver brings it to its device. No GPU was at hand when this
was written: tests compile and run the sources on processors, and no more. `FusedBackend.check` compares bits
with int64 arithmetic before anything is answered.
"""

from __future__ import annotations

import ctypes
import importlib.util
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from ionet.prover._backends import Backend, BackendError
from ionet.prover._spec import ENTRIES_PER_WORD, Challenge, a_rows, b_columns, stream_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

#: Rows and columns of a group, and its threads; as in `kernels.h`.
SIDE: Final = 64
THREADS: Final = 256
_LIBRARIES: Final = ("libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so")


class RateArgs(ctypes.Structure):
    """What the kernel `rate` takes."""

    _fields_ = (
        ("out", ctypes.c_uint64),
        ("key_a", ctypes.c_uint64),
        ("key_b", ctypes.c_uint64),
        ("words", ctypes.c_uint64),
        ("start", ctypes.c_uint64),
        ("stop", ctypes.c_uint64),
        ("m", ctypes.c_uint32),
    )


class GroupDriver(Protocol):
    """What a GPU has to do. Addresses are the device's; all methods may raise `BackendError`."""

    def allocate(self, size: int) -> int:
        """Returns the address of ``size`` bytes."""
        ...

    def free(self, address: int) -> None:
        """Gives bytes back."""
        ...

    def get(self, address: int, data: NDArray[np.uint32]) -> None:
        """Copies words from the device into contiguous ``data``."""
        ...

    def run(self, kernel: str, groups: tuple[int, int], threads: int, args: ctypes.Structure) -> None:
        """Runs a kernel in groups of ``threads`` threads, and waits for it."""
        ...


def source(language: str) -> str:
    """Returns the kernels' text, ``cu`` or ``metal``."""
    here = files("ionet.prover")
    text = (here / f"kernels.{language}").read_text()
    return text.replace('#include "kernels.h"\n', (here / "kernels.h").read_text())


class FusedBackend(Backend):
    """A GPU's product, by the kernel `rate`.

    Args:
        name: ``cuda`` or ``metal``, as it is shown.
        driver: brings the kernel to its device.
    """

    def __init__(self, name: str, driver: GroupDriver) -> None:
        self.name = name
        self._driver = driver

    def multiply(self, a: NDArray[np.int8], b: NDArray[np.int8]) -> NDArray[np.int32]:
        """See `Backend.multiply`; for matrices from elsewhere, by numpy."""
        return (a.astype(np.float32) @ b.astype(np.float32).T).astype(np.int32)

    def partial(self, challenge: Challenge, start: int, stop: int) -> NDArray[np.int32]:
        """See `Backend.partial`; of any length."""
        m, driver = challenge.m, self._driver
        out = np.empty((m, m), np.uint32)
        place = driver.allocate(out.nbytes)
        try:
            args = RateArgs(
                place,
                stream_key(challenge.seed, b"A"),
                stream_key(challenge.seed, b"B"),
                challenge.k // ENTRIES_PER_WORD,
                start // ENTRIES_PER_WORD,
                stop // ENTRIES_PER_WORD,
                m,
            )
            driver.run("rate", (m // SIDE, m // SIDE), THREADS, args)
            driver.get(place, out)
        finally:
            driver.free(place)
        return out.view(np.int32)

    def product(self, challenge: Challenge) -> NDArray[np.int32]:
        """See `Backend.product`; in one piece."""
        return self.partial(challenge, 0, challenge.k)

    def check(self) -> None:
        """See `Backend.check`: also of several groups, and of lengths that fill no stage of the kernel."""
        for m, k, start, stop in ((64, 4096, 0, 4096), (128, 208, 0, 208), (64, 4096, 1008, 1040)):
            challenge, lines = Challenge(bytes(32), m, k), np.arange(m, dtype=np.uint64)
            a, b = a_rows(challenge, lines, start, stop), b_columns(challenge, lines, start, stop)
            if not np.array_equal(
                self.partial(challenge, start, stop), a.astype(np.int64) @ b.astype(np.int64).T
            ):
                raise BackendError(f"the backend {self.name} is not exact on this device and cannot be used")


def compiled(text: str, architecture: str = "compute_75") -> bytes:
    """Returns PTX of CUDA's text, by NVIDIA's run-time compiler; it needs no GPU.

    Args:
        text: the source.
        architecture: the oldest processors that are asked for; newer ones' drivers translate it on.

    Raises:
        BackendError: the compiler is not installed, or refuses the text.
    """
    library = _nvrtc()
    program = ctypes.c_void_p()

    def call(name: str, *arguments: Any) -> int:
        failed: int = getattr(library, name)(*arguments)
        return failed

    options = [f"--gpu-architecture={architecture}".encode(), b"--std=c++17"]
    made = call("nvrtcCreateProgram", ctypes.byref(program), text.encode(), b"kernels.cu", 0, None, None)
    if made:
        raise BackendError(f"NVIDIA's compiler makes no program: error {made}")
    try:
        if call("nvrtcCompileProgram", program, len(options), (ctypes.c_char_p * len(options))(*options)):
            log = _got(call, "nvrtcGetProgramLog", program).rstrip(b"\0\n").decode(errors="replace")
            raise BackendError(f"NVIDIA's compiler refuses the kernel: {log}")
        return _got(call, "nvrtcGetPTX", program)
    finally:
        call("nvrtcDestroyProgram", ctypes.byref(program))


def _got(call: Callable[..., int], name: str, program: ctypes.c_void_p) -> bytes:
    size = ctypes.c_size_t()
    call(f"{name}Size", program, ctypes.byref(size))
    text = ctypes.create_string_buffer(size.value)
    call(name, program, text)
    return text.raw


def _nvrtc() -> ctypes.CDLL:
    """The compiler's library: the system's, or that of a wheel of NVIDIA's."""
    wheels: list[Path] = []
    if importlib.util.find_spec("nvidia") is not None:
        from pathlib import Path

        places = importlib.util.find_spec("nvidia").submodule_search_locations or ()  # type: ignore[union-attr]
        wheels = [found for place in places for found in sorted(Path(place).glob("*/lib/libnvrtc.so.*"))]
    for name in (*_LIBRARIES, *(str(path) for path in wheels if "builtins" not in path.name)):
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise BackendError("NVIDIA's run-time compiler is not installed: pip install nvidia-cuda-nvrtc-cu12")

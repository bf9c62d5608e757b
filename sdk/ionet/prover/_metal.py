"""Apple's GPU by Metal, through pyobjc: the kernels of `kernels.metal`, for rate and for residency.

No Mac was at hand when this was written. Buffers are shared with the processor, and kernels get one structure
with the buffers' addresses, which needs macOS 13 and an Apple processor.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ionet.prover._backends import BackendError
from ionet.prover._fused import source
from ionet.prover.residency._cuda import CudaProver, Driver
from ionet.prover.residency._spec import Challenge

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GROUP: Final = 64
#: `MTLResourceUsageRead | MTLResourceUsageWrite`, and `MTLCommandBufferStatusCompleted`.
_BOTH: Final = 3
_COMPLETED: Final = 4


class MakeArgs(ctypes.Structure):
    """What the kernel `make` takes."""

    _fields_ = (
        ("out", ctypes.c_uint64),
        ("first", ctypes.c_uint64),
        ("numbers", ctypes.c_uint64),
        ("count", ctypes.c_uint64),
        ("rounds", ctypes.c_uint32),
    )


class WalkArgs(ctypes.Structure):
    """What the kernel `walk` takes."""

    _fields_ = (
        ("memory", ctypes.c_uint64),
        ("states", ctypes.c_uint64),
        ("count", ctypes.c_uint64),
        ("blocks", ctypes.c_uint64),
        ("reads", ctypes.c_uint32),
        ("told", ctypes.c_uint64),
    )


class MetalDriver:
    """The GPU of this Mac.

    Raises:
        BackendError: there is none, pyobjc is not installed, or Metal does not take the kernels.
    """

    def __init__(self) -> None:
        if importlib.util.find_spec("Metal") is None:
            raise BackendError("pyobjc's Metal is not installed: pip install 'ionet[metal]'")
        self._metal: Any = importlib.import_module("Metal")
        self._device = self._metal.MTLCreateSystemDefaultDevice()
        if self._device is None:
            raise BackendError("there is no GPU with Metal here")
        self._queue = self._device.newCommandQueue()
        library, error = self._device.newLibraryWithSource_options_error_(source("metal"), None, None)
        if library is None:
            raise BackendError(f"Metal refuses the kernels: {error}")
        self._kernels = {}
        for name in ("make", "rate", "walk"):
            function = library.newFunctionWithName_(name)
            kernel, error = self._device.newComputePipelineStateWithFunction_error_(function, None)
            if kernel is None:
                raise BackendError(f"Metal refuses the kernel {name}: {error}")
            self._kernels[name] = kernel
        #: By address: the buffer and its size.
        self._buffers: dict[int, tuple[Any, int]] = {}

    def allocate(self, size: int) -> int:
        """See `Driver.allocate`."""
        buffer = self._device.newBufferWithLength_options_(size, 0)
        if buffer is None:
            raise BackendError(f"Metal has no {size} bytes for one buffer")
        address = int(buffer.gpuAddress())
        self._buffers[address] = buffer, size
        return address

    def free(self, address: int) -> None:
        """See `Driver.free`."""
        self._buffers.pop(address, None)

    def put(self, address: int, data: NDArray[np.uint32]) -> None:
        """See `Driver.put`."""
        self._words(address, len(data.reshape(-1)))[:] = data.reshape(-1)

    def get(self, address: int, data: NDArray[np.uint32]) -> None:
        """See `Driver.get`."""
        data.reshape(-1)[:] = self._words(address, data.size)

    def _words(self, address: int, count: int) -> NDArray[np.uint32]:
        for begin, (buffer, size) in self._buffers.items():
            if begin <= address and address + 4 * count <= begin + size:
                words: NDArray[np.uint32] = np.frombuffer(
                    buffer.contents().as_buffer(size), np.uint32, count, address - begin
                )
                return words
        raise BackendError("no buffer of the device has these bytes")

    def launch(self, kernel: str, threads: int, arguments: Sequence[Any]) -> None:
        """See `Driver.launch`."""
        kind = MakeArgs if kernel == "make" else WalkArgs
        self.run(kernel, (-(-threads // _GROUP), 1), _GROUP, kind(*(item.value for item in arguments)))

    def run(self, kernel: str, groups: tuple[int, int], threads: int, args: ctypes.Structure) -> None:
        """See `GroupDriver.run`."""
        commands = self._queue.commandBuffer()
        encoder = commands.computeCommandEncoder()
        encoder.setComputePipelineState_(self._kernels[kernel])
        data = bytes(args)
        encoder.setBytes_length_atIndex_(data, len(data), 0)
        for buffer, _ in self._buffers.values():
            encoder.useResource_usage_(buffer, _BOTH)
        size = self._metal.MTLSizeMake
        encoder.dispatchThreadgroups_threadsPerThreadgroup_(size(*groups, 1), size(threads, 1, 1))
        encoder.endEncoding()
        commands.commit()
        commands.waitUntilCompleted()
        if commands.status() != _COMPLETED:
            raise BackendError(f"Metal did not run the kernel {kernel}: {commands.error()}")


class MetalProver(CudaProver):
    """A prover whose blocks are in the memory of Apple's GPU.

    Args:
        challenge: what is to be held.
        driver: by default this Mac's.
        stop: see `Prover`.

    Raises:
        BackendError: there is no such GPU, it has not that much memory, or its bits are others.
    """

    def __init__(
        self, challenge: Challenge, *, driver: Driver | None = None, stop: threading.Event | None = None
    ) -> None:
        super().__init__(challenge, driver=driver or MetalDriver(), stop=stop)

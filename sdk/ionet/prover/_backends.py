"""Kernels for the exact product. A device's kernel is compared with plain integers before it is trusted."""

from __future__ import annotations

import importlib
import importlib.util
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from ionet.chain.errors import IonetError
from ionet.prover._spec import (
    ENTRIES_PER_WORD,
    FLOAT32_EXACT_K,
    GAMMA,
    MIX1,
    MIX2,
    Challenge,
    a_rows,
    b_columns,
    stream_key,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Entries of A and B held at once per piece; bounds the memory of a product whatever k is.
_PIECE_BYTES = 128 * 1024 * 1024


class BackendError(IonetError):
    """A kernel is not available here, or it is not exact on this device."""


class Backend(ABC):
    """A kernel that multiplies on a device.

    Attributes:
        name: ``numpy``, ``torch-cpu``, ``torch-cuda``, ``torch-mps``, ``cuda`` or ``metal``.
    """

    name: str

    @abstractmethod
    def multiply(self, a: NDArray[np.int8], b: NDArray[np.int8]) -> NDArray[np.int32]:
        """Returns ``a b^T``, exact int32, of int8 (rows, n) and (columns, n) with n <= `FLOAT32_EXACT_K`."""

    def partial(self, challenge: Challenge, start: int, stop: int) -> NDArray[np.int32]:
        """Returns ``A[:, start:stop] B[start:stop, :]``, generated here; at most `FLOAT32_EXACT_K` long."""
        lines = np.arange(challenge.m, dtype=np.uint64)
        return self.multiply(a_rows(challenge, lines, start, stop), b_columns(challenge, lines, start, stop))

    def product(self, challenge: Challenge) -> NDArray[np.int32]:
        """Returns ``C``, shape (m, m), computed in pieces along k that fit in memory."""
        m, k = challenge.m, challenge.k
        # One piece holds A and B as 4-byte floats.
        piece = max(ENTRIES_PER_WORD, min(FLOAT32_EXACT_K, k, _PIECE_BYTES // (8 * m)))
        piece -= piece % ENTRIES_PER_WORD
        out = np.zeros((m, m), np.int32)
        for start in range(0, k, piece):
            out += self.partial(challenge, start, min(start + piece, k))
        return out

    def check(self) -> None:
        """Compares the kernel with int64 arithmetic, on generated matrices and at the largest sums.

        Raises:
            BackendError: when a single bit differs; such a device cannot answer challenges.
        """
        challenge = Challenge(bytes(32), 64, 4096)
        lines = np.arange(64, dtype=np.uint64)
        a, b = a_rows(challenge, lines), b_columns(challenge, lines)
        low = np.full_like(a, -8)
        for left, right in ((a, b), (low, low), (low, np.full_like(a, 7)), (low, b | 1)):
            if not np.array_equal(
                self.multiply(left, right), left.astype(np.int64) @ right.astype(np.int64).T
            ):
                raise BackendError(f"the backend {self.name} is not exact on this device and cannot be used")
        if not np.array_equal(self.partial(challenge, 0, 4096), a.astype(np.int64) @ b.astype(np.int64).T):
            raise BackendError(f"the backend {self.name} does not generate the specified matrices")


class NumpyBackend(Backend):
    """float32 products of numpy's BLAS on the processor."""

    name = "numpy"

    def multiply(self, a: NDArray[np.int8], b: NDArray[np.int8]) -> NDArray[np.int32]:
        return (a.astype(np.float32) @ b.astype(np.float32).T).astype(np.int32)


class TorchBackend(Backend):
    """float32 products of torch in full precision; the matrices are generated on the device."""

    def __init__(self, device: str) -> None:
        self._torch: Any = importlib.import_module("torch")
        self._device = device
        self.name = f"torch-{device}"
        if device.startswith("cuda"):
            # TF32 would round nothing (4-bit entries), but its accumulation is not documented to be exact.
            self._torch.backends.cuda.matmul.allow_tf32 = False

    def multiply(self, a: NDArray[np.int8], b: NDArray[np.int8]) -> NDArray[np.int32]:
        return self._multiply(self._torch.from_numpy(a), self._torch.from_numpy(b))

    def partial(self, challenge: Challenge, start: int, stop: int) -> NDArray[np.int32]:
        return self._multiply(
            self._entries(challenge, b"A", start, stop), self._entries(challenge, b"B", start, stop)
        )

    def _multiply(self, a: Any, b: Any) -> NDArray[np.int32]:
        torch = self._torch
        left = a.to(self._device).to(torch.float32)
        right = b.to(self._device).to(torch.float32)
        product: NDArray[np.int32] = (left @ right.T).to(torch.int32).cpu().numpy()
        return product

    def _entries(self, challenge: Challenge, matrix: bytes, start: int, stop: int) -> Any:
        torch, words = self._torch, challenge.k // ENTRIES_PER_WORD
        lines = torch.arange(challenge.m, dtype=torch.int64, device=self._device)
        columns = torch.arange(
            start // ENTRIES_PER_WORD + 1,
            stop // ENTRIES_PER_WORD + 1,
            dtype=torch.int64,
            device=self._device,
        )
        # int64 wraps like uint64; only the right shifts need their sign bits masked away.
        z = (lines[:, None] * words + columns[None, :]) * _signed(GAMMA) + _signed(
            stream_key(challenge.seed, matrix)
        )
        z = (z ^ ((z >> 30) & (2**34 - 1))) * _signed(MIX1)
        z = (z ^ ((z >> 27) & (2**37 - 1))) * _signed(MIX2)
        z = z ^ ((z >> 31) & (2**33 - 1))
        shifts = torch.arange(0, 64, 4, dtype=torch.int64, device=self._device)
        entries = ((z[:, :, None] >> shifts) & 15) - 8
        return entries.reshape(challenge.m, stop - start).to(torch.int8)


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value


def numpy_backend() -> Backend:
    """Returns the processor's backend, through numpy; always available."""
    return NumpyBackend()


def torch_backend(device: str | None = None) -> Backend:
    """Returns a device's backend through torch, checked for exactness.

    Args:
        device: ``cuda``, ``mps`` or ``cpu``; by default the first of them that this machine has.

    Raises:
        BackendError: when torch or the device is missing, or the device is not exact.
    """
    if importlib.util.find_spec("torch") is None:
        raise BackendError("torch is not installed; use the numpy backend or install torch")
    if device is None:
        torch: Any = importlib.import_module("torch")
        device = (
            "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        )
    try:
        candidate = TorchBackend(device)
        candidate.check()
    except (RuntimeError, AssertionError) as error:
        raise BackendError(f"torch cannot use {device} here: {error}") from error
    return candidate

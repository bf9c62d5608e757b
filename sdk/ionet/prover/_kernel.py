"""Which kernel a machine has for the exact product."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
from collections.abc import Sequence
from typing import Any

from ionet.prover._backends import Backend, BackendError, numpy_backend, torch_backend
from ionet.prover._fused import FusedBackend, compiled, source
from ionet.prover._metal import MetalDriver
from ionet.prover.residency._cuda import CudaDriver

_log = logging.getLogger(__name__)


def cuda_backend(device: int = 0) -> Backend:
    """Returns the backend of an NVIDIA GPU without torch, checked for exactness.

    Args:
        device: its number, as the driver counts them.

    Raises:
        BackendError: there is no GPU, no compiler, or it is not exact.
    """
    made = FusedBackend("cuda", CudaDriver(device, compiled(source("cu")), ("rate",)))
    made.check()
    return made


def metal_backend() -> Backend:
    """Returns the backend of Apple's GPU without torch, checked for exactness.

    Raises:
        BackendError: there is none, pyobjc is not installed, or it is not exact.
    """
    made = FusedBackend("metal", MetalDriver())
    made.check()
    return made


def backend(name: str | None = None) -> Backend:
    """Returns the backend of that name, or the best that this machine has.

    Args:
        name: ``numpy``, ``torch``, ``torch-cpu``, ``torch-cuda``, ``torch-mps``, or one kernel without torch,
            ``cuda`` or ``metal``; None picks a GPU through torch if there is one, else numpy.

    Raises:
        BackendError: when there is no such backend, or it is not available.
    """
    if name == "numpy":
        return numpy_backend()
    if name in ("torch", "torch-cpu", "torch-cuda", "torch-mps"):
        return torch_backend(name.partition("-")[2] or None)
    if name in ("cuda", "metal"):
        return cuda_backend() if name == "cuda" else metal_backend()
    if name is not None:
        known = "numpy, torch, torch-cpu, torch-cuda, torch-mps, cuda, metal"
        raise BackendError(f"unknown backend {name!r}; known: {known}")
    if importlib.util.find_spec("torch") is not None:
        torch: Any = importlib.import_module("torch")
        if torch.cuda.is_available() or torch.backends.mps.is_available():
            return torch_backend()
    return numpy_backend()


def backends(gpus: Sequence[int] = ()) -> list[Backend]:
    """Returns a backend for each of some GPUs: by torch if it sees them, else by one kernel without it.

    Where neither can be had, the one of `backend` serves all.

    Args:
        gpus: numbers of NVIDIA GPUs, as their driver counts them.
    """
    if gpus and importlib.util.find_spec("torch") is not None:
        # torch would count the fastest one first.
        os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
        torch: Any = importlib.import_module("torch")
        if torch.cuda.is_available() and torch.cuda.device_count() > max(gpus):
            return [torch_backend(f"cuda:{number}") for number in gpus]
    if gpus:
        try:
            return [cuda_backend(number) for number in gpus]
        except BackendError as bad:
            _log.info("no kernel of one piece for the GPUs: %s", bad)
    return [backend()]

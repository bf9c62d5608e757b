"""Which prover a machine has."""

from __future__ import annotations

import importlib.util
import threading
from typing import Final

from ionet.prover._backends import BackendError
from ionet.prover.residency._cuda import CudaProver
from ionet.prover.residency._native import NativeProver, native
from ionet.prover.residency._protocol import Make, Prover
from ionet.prover.residency._spec import Challenge, make_blocks

_PROVERS: Final[dict[str, type[Prover]]] = {"cuda": CudaProver, "native": NativeProver, "numpy": Prover}


def make_prover(
    challenge: Challenge, name: str | None = None, *, stop: threading.Event | None = None
) -> Prover:
    """Returns a prover that holds the challenge's blocks; making them takes most of the time.

    Args:
        challenge: what is to be held.
        name: ``cuda`` (the first NVIDIA GPU), ``metal`` (Apple's), ``native`` (all processors), or ``numpy``
            (the reference); None takes processors, compiled where that can be.
        stop: ends the making of blocks when it is set.

    Raises:
        Stopped: it was.
        BackendError: there is no such prover, or it cannot be had here.
    """
    if name is None:
        name = "numpy" if importlib.util.find_spec("llvmlite") is None else "native"
    if name == "metal":
        from ionet.prover._metal import MetalProver

        return MetalProver(challenge, stop=stop)
    if name not in _PROVERS:
        raise BackendError(f"unknown prover {name!r}; there are {', '.join(_PROVERS)}, metal")
    return _PROVERS[name](challenge, stop=stop)


def fastest_make() -> Make:
    """Returns what makes blocks soonest here, for `verify`."""
    try:
        return native().make_blocks
    except BackendError:
        return make_blocks

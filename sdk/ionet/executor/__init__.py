"""Runs manifests on leased nodes: in a box (`BoxExecutor`, `PodmanExecutor`), on Ray, or in this process.

One lease never shares a cluster with another. Ray is imported only by the executor's own child process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ionet.executor._base import (
        Executor,
        FailureReason,
        Lease,
        LocalExecutor,
        NodeSpec,
        Output,
        Part,
        RunFailure,
        RunOutput,
        StoredOutput,
        Workspace,
        lease_name,
    )
    from ionet.executor._boxed import packed_library
    from ionet.executor._inline import InlineExecutor
    from ionet.executor._podman import PodmanExecutor
    from ionet.executor._ray import RayExecutor
    from ionet.executor._runc import BoxExecutor, lease_boxes
else:
    from ionet._lazy import lazy

    # A cluster's processes import parts of this package; most of it would cost each of them half a second.
    _NAMES = {
        "_base": (
            "Executor",
            "FailureReason",
            "Lease",
            "LocalExecutor",
            "NodeSpec",
            "Output",
            "Part",
            "RunFailure",
            "RunOutput",
            "StoredOutput",
            "Workspace",
            "lease_name",
        ),
        "_boxed": ("packed_library",),
        "_inline": ("InlineExecutor",),
        "_podman": ("PodmanExecutor",),
        "_ray": ("RayExecutor",),
        "_runc": ("BoxExecutor", "lease_boxes"),
    }
    __getattr__, __dir__ = lazy(
        __name__,
        {name: f"{__name__}.{module}:{name}" for module, names in _NAMES.items() for name in names},
    )

__all__ = [
    "BoxExecutor",
    "Executor",
    "FailureReason",
    "InlineExecutor",
    "Lease",
    "LocalExecutor",
    "NodeSpec",
    "Output",
    "Part",
    "PodmanExecutor",
    "RayExecutor",
    "RunFailure",
    "RunOutput",
    "StoredOutput",
    "Workspace",
    "lease_boxes",
    "lease_name",
    "packed_library",
]

"""From a program to its results: pack it, rent a node for it, follow it, fetch what it leaves.

`AsyncLaunch` packs, chooses, uploads and books; `AsyncRun` is a job that is booked, also one of yesterday or
of another machine: its log, how its program ended, its files. `launch` and `attach` are the same for code
without coroutines. `ClusterFile` is a file that says what a renter wants of a cluster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ionet.cloud.blocking import Run, attach, launch
    from ionet.cloud.choosing import Wish
    from ionet.cloud.errors import (
        NoNode,
        NotEnough,
        NotRun,
        OutputsRefused,
        PackingError,
        ResultError,
        RunUnreachable,
    )
    from ionet.cloud.fetching import Fetched
    from ionet.cloud.launching import AsyncLaunch, Offered
    from ionet.cloud.lines import ClusterFileError
    from ionet.cloud.packing import Package, package
    from ionet.cloud.results import Verdict
    from ionet.cloud.running import AsyncRun
    from ionet.cloud.spec import ClusterFile, ClusterSpec
else:
    from ionet._lazy import lazy

    __getattr__, __dir__ = lazy(
        __name__,
        {
            name: f"ionet.cloud.{module}:{name}"
            for module, names in {
                "blocking": ("Run", "attach", "launch"),
                "choosing": ("Wish",),
                "errors": (
                    "NoNode",
                    "NotEnough",
                    "NotRun",
                    "OutputsRefused",
                    "PackingError",
                    "ResultError",
                    "RunUnreachable",
                ),
                "fetching": ("Fetched",),
                "launching": ("AsyncLaunch", "Offered"),
                "lines": ("ClusterFileError",),
                "packing": ("Package", "package"),
                "results": ("Verdict",),
                "running": ("AsyncRun",),
                "spec": ("ClusterFile", "ClusterSpec"),
            }.items()
            for name in names
        },
    )

__all__ = [
    "AsyncLaunch",
    "AsyncRun",
    "ClusterFile",
    "ClusterFileError",
    "ClusterSpec",
    "Fetched",
    "NoNode",
    "NotEnough",
    "NotRun",
    "Offered",
    "OutputsRefused",
    "Package",
    "PackingError",
    "ResultError",
    "Run",
    "RunUnreachable",
    "Verdict",
    "Wish",
    "attach",
    "launch",
    "package",
]

"""From a program to its results: pack it, rent a node for it, follow it, fetch what it leaves.

`AsyncLaunch` packs, chooses, uploads and books; `AsyncRun` is a job that is booked, also one of yesterday or
of another machine: its log, how its program ended, its files. `launch` and `attach` are the same for code
without coroutines. `ClusterFile` is a file that says what a renter wants of a cluster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ionet.cloud.blocking import Cluster, Run, attach, cluster, launch
    from ionet.cloud.choosing import Wish
    from ionet.cloud.clusters import AsyncCluster, AsyncClusterLaunch
    from ionet.cloud.errors import (
        BudgetTooSmall,
        CannotResize,
        CannotWatch,
        ClusterFileError,
        NoCluster,
        NoNode,
        NotEnough,
        NotRun,
        NoVolume,
        OutputsRefused,
        PackingError,
        ResultError,
        RunUnreachable,
        SetupFailed,
        VolumeError,
    )
    from ionet.cloud.fetching import Fetched
    from ionet.cloud.launching import AsyncLaunch, Offered
    from ionet.cloud.packing import Package, package
    from ionet.cloud.results import Verdict
    from ionet.cloud.running import AsyncRun
    from ionet.cloud.snapshots import Volume
    from ionet.cloud.spec import ClusterFile, ClusterSpec
    from ionet.cloud.volumes import AsyncVolumes
else:
    from ionet._lazy import lazy

    __getattr__, __dir__ = lazy(
        __name__,
        {
            name: f"ionet.cloud.{module}:{name}"
            for module, names in {
                "blocking": ("Cluster", "Run", "attach", "cluster", "launch"),
                "choosing": ("Wish",),
                "clusters": ("AsyncCluster", "AsyncClusterLaunch"),
                "errors": (
                    "BudgetTooSmall",
                    "CannotResize",
                    "CannotWatch",
                    "ClusterFileError",
                    "NoCluster",
                    "NoNode",
                    "NotEnough",
                    "NotRun",
                    "NoVolume",
                    "OutputsRefused",
                    "PackingError",
                    "ResultError",
                    "RunUnreachable",
                    "SetupFailed",
                    "VolumeError",
                ),
                "fetching": ("Fetched",),
                "launching": ("AsyncLaunch", "Offered"),
                "packing": ("Package", "package"),
                "results": ("Verdict",),
                "running": ("AsyncRun",),
                "snapshots": ("Volume",),
                "spec": ("ClusterFile", "ClusterSpec"),
                "volumes": ("AsyncVolumes",),
            }.items()
            for name in names
        },
    )

__all__ = [
    "AsyncCluster",
    "AsyncClusterLaunch",
    "AsyncLaunch",
    "AsyncRun",
    "AsyncVolumes",
    "BudgetTooSmall",
    "CannotResize",
    "CannotWatch",
    "Cluster",
    "ClusterFile",
    "ClusterFileError",
    "ClusterSpec",
    "Fetched",
    "NoCluster",
    "NoNode",
    "NoVolume",
    "NotEnough",
    "NotRun",
    "Offered",
    "OutputsRefused",
    "Package",
    "PackingError",
    "ResultError",
    "Run",
    "RunUnreachable",
    "SetupFailed",
    "Verdict",
    "Volume",
    "VolumeError",
    "Wish",
    "attach",
    "cluster",
    "launch",
    "package",
]

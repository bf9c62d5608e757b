"""Serves jobs: from booked escrow through placement, run, challenge and attestation to the last payment.

`Orchestrator` is a plain asyncio reconciler over three ports: the `Chain`, an `Executor` that runs manifests
(`InlineExecutor` here, `RayExecutor` on Ray with one isolated cluster per lease), and the nodes' `Agents`. It
can be killed at any point and restarted. Ray is imported only by the executor's own child process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ionet.executor import (
        BoxExecutor,
        Executor,
        FailureReason,
        InlineExecutor,
        Lease,
        NodeSpec,
        Output,
        PodmanExecutor,
        RayExecutor,
        RunFailure,
        RunOutput,
        StoredOutput,
        Workspace,
    )
    from ionet.orchestrator._agents import Agents, LocalAgents, NodeUnreachable
    from ionet.orchestrator._chain import (
        Attestation,
        Attested,
        Beacon,
        Chain,
        ChainError,
        ChainRejected,
        ChainUnavailable,
        JobView,
        Party,
        Phase,
    )
    from ionet.orchestrator._journal import Entry, Journal
    from ionet.orchestrator._plan import Kind
    from ionet.orchestrator._policy import NodeRules, Policy
    from ionet.orchestrator._program import ProgramChain
    from ionet.orchestrator._reconciler import Orchestrator, Pass, Result, read_result
else:
    from ionet._lazy import lazy

    # A cluster's processes import parts of this package; most of it would cost each of them half a second.
    _NAMES = {
        "_agents": (
            "Agents",
            "LocalAgents",
            "NodeUnreachable",
        ),
        "_chain": (
            "Attestation",
            "Attested",
            "Beacon",
            "Chain",
            "ChainError",
            "ChainRejected",
            "ChainUnavailable",
            "JobView",
            "Party",
            "Phase",
        ),
        "_journal": (
            "Entry",
            "Journal",
        ),
        "_plan": ("Kind",),
        "_policy": (
            "NodeRules",
            "Policy",
        ),
        "_program": ("ProgramChain",),
        "_reconciler": (
            "Orchestrator",
            "Pass",
            "Result",
            "read_result",
        ),
    }
    _EXECUTOR = (
        "BoxExecutor",
        "Executor",
        "FailureReason",
        "InlineExecutor",
        "Lease",
        "NodeSpec",
        "Output",
        "PodmanExecutor",
        "RayExecutor",
        "RunFailure",
        "RunOutput",
        "StoredOutput",
        "Workspace",
    )
    __getattr__, __dir__ = lazy(
        __name__,
        {name: f"{__name__}.{module}:{name}" for module, names in _NAMES.items() for name in names}
        | {name: f"ionet.executor:{name}" for name in _EXECUTOR},
        {"Job": "JobView"},
    )

__all__ = [
    "Agents",
    "Attestation",
    "Attested",
    "Beacon",
    "BoxExecutor",
    "Chain",
    "ChainError",
    "ChainRejected",
    "ChainUnavailable",
    "Entry",
    "Executor",
    "FailureReason",
    "InlineExecutor",
    "JobView",
    "Journal",
    "Kind",
    "Lease",
    "LocalAgents",
    "NodeRules",
    "NodeSpec",
    "NodeUnreachable",
    "Orchestrator",
    "Output",
    "Party",
    "Pass",
    "Phase",
    "PodmanExecutor",
    "Policy",
    "ProgramChain",
    "RayExecutor",
    "Result",
    "RunFailure",
    "RunOutput",
    "StoredOutput",
    "Workspace",
    "read_result",
]

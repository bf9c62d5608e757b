"""Imported by an orchestrator's process, has its seat attest another result, and that no second was good."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from ionet.orchestrator import Attestation, JobView, ProgramChain
from ionet.worker import BreakReason

_honest = ProgramChain.attest


async def _attest(self: ProgramChain, job: JobView, attestation: Attestation) -> str:
    result = sha256(b"another result").digest() if any(attestation.result) else attestation.result
    timelock = bytes(31) + b"\1" if any(attestation.timelock) else attestation.timelock
    lie = replace(attestation, good=0, reasons=(BreakReason.NODE_LOST,), result=result, timelock=timelock)
    return await _honest(self, job, lie)


ProgramChain.attest = _attest  # type: ignore[method-assign]

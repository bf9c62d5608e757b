"""Podman as a worker's engine, asked by its command line.

On a Mac, jobs run in podman's Linux machine, as on a processor: Apple's GPU cannot be reached from it. Not
tried on a Mac.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ionet.chain.errors import IonetError
from ionet.sandbox import Podman


class PodmanError(IonetError):
    """Podman's Linux machine cannot be used; the text says what to do."""


@dataclass(frozen=True, slots=True)
class PodmanMachine:
    """The Linux machine that podman runs.

    Attributes:
        name: podman's name for it.
        running: whether it is started.
        cpus: cores.
        memory: bytes.
        disk: bytes.
    """

    name: str
    running: bool
    cpus: int
    memory: int
    disk: int


def podman_machine(command: str = "podman") -> PodmanMachine:
    """Returns podman's default machine.

    Args:
        command: podman, by name or path.

    Raises:
        PodmanError: podman is not installed, or has no machine.
    """
    try:
        done = subprocess.run(
            [command, "machine", "inspect"], capture_output=True, text=True, timeout=30, check=False
        )
    except FileNotFoundError:
        raise PodmanError("jobs need podman's Linux machine: brew install podman") from None
    except (OSError, subprocess.SubprocessError) as bad:
        raise PodmanError(f"podman cannot be asked for its machine: {bad}") from bad
    if done.returncode:
        words = " ".join(done.stderr.split())[:200]
        raise PodmanError(f"podman has no machine ({words}); make one: podman machine init --now")
    try:
        (machine, *_) = json.loads(done.stdout)
        resources: dict[str, Any] = machine["Resources"]
        return PodmanMachine(
            name=str(machine["Name"]),
            running=machine["State"] == "running",
            cpus=int(resources["CPUs"]),
            memory=int(resources["Memory"]) << 20,
            disk=int(resources["DiskSize"]) << 30,
        )
    except (ValueError, KeyError, TypeError) as bad:
        raise PodmanError("podman describes its machine in words that are not known here") from bad


def podman_of(state: Path, platform: str = sys.platform) -> Podman:
    """Returns the podman that a worker's jobs run under.

    Args:
        state: the worker's state directory.
        platform: as Python names it.

    Raises:
        PodmanError: on a Mac podman is not installed, or has no machine.
    """
    return Podman(state / "podman", podman_machine().name if platform == "darwin" else None)

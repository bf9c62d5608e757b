"""The local node and the command, for the tests beside anchorpy."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Node:
    """A local node with a market, and the keypairs of its people."""

    url: str
    keys: Path

    def key(self, name: str) -> Path:
        return self.keys / f"{name}.json"

    def ionet(self, who: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command of this environment, against this node."""
        return ionet("-u", self.url, "-k", str(self.key(who)), *arguments)


def ionet(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The `ionet` command of this environment."""
    command = [str(Path(sys.executable).with_name("ionet")), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

"""What the host has of a box: nothing, once it has ended."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from ionet.sandbox._users import RANGES


def traces(name: str) -> list[str]:
    """All that the host still has of a box."""
    found = [str(path) for path in Path("/sys/fs/cgroup").rglob(f"ionet/{name}*")]
    found += [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if name in line]
    loops = subprocess.run(["losetup", "-a"], capture_output=True, text=True, check=True).stdout
    found += [line for line in loops.splitlines() if name in line]
    found += [str(path) for path in Path("/run/netns").glob(f"*{name}*")]
    found += [str(path) for path in RANGES.glob("*") if name in str(path.readlink())]
    return found + [f"process {pid}" for pid in marked(name)]


def marked(marker: str) -> list[int]:
    """Processes whose command line, or whose variables, name something."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        for file in ("cmdline", "environ"):
            try:
                if marker.encode() in (process / file).read_bytes() and int(process.name) != os.getpid():
                    found.append(int(process.name))
            except OSError:
                continue
    return found

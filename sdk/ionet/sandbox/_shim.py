"""A box's own supervisor: a process that outlives the one that started it.

It is the parent of everything in the box, holds the pipe that the box prints to, keeps the time, and writes
how the box ended into `state.json`. It runs in the control group of the box, so removing the box ends it.

usage: python -m ionet.sandbox._shim run|collect HOME

It waits for a line on standard input, so that its starter can first move it into the group. `run` returns at
once, and goes on as a process of its own.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ionet.sandbox import _cgroups
from ionet.sandbox._bundle import USER
from ionet.sandbox._clock import machine_time
from ionet.sandbox._host import ToolFailed
from ionet.sandbox._log import Ring
from ionet.sandbox._network import Uplink

STATE: Final = "state.json"
#: When the box's lease is over, by `machine_time`: whoever has started the box writes it anew.
ENDS: Final = "ends"
LOG: Final = "log"

_PR_SET_CHILD_SUBREAPER: Final = 36
_PAUSE: Final = 0.02
#: Seconds between looks at `ENDS`.
_LOOK: Final = 0.5
_WORDS: Final = 4000


def write_state(home: Path, **state: Any) -> None:
    """Replaces the state at once: a reader never sees half of it."""
    temporary = home / f"{STATE}.tmp"
    temporary.write_text(json.dumps(state))
    temporary.replace(home / STATE)


def run(home: Path, plan: Mapping[str, Any]) -> None:
    """Starts the container and stays until it has ended.

    Args:
        home: the box's directory.
        plan: what its starter wrote: its `name` and first `user`, the `seconds` it may run, the bytes of its
            `log`, and the `network` namespace that is to be connected, if it is.
    """
    name, network = plan["name"], plan["network"]
    try:
        uplink = Uplink(name, network) if network else None
    except (OSError, ToolFailed) as error:
        write_state(home, failed=f"its network does not start: {error}")
        return
    # `runc --detach` leaves its child, the container's first process, to the nearest subreaper.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    reader, writer = os.pipe()
    # Processes inside may open it again by its name in /proc.
    os.fchown(writer, plan["user"] + USER, plan["user"] + USER)
    begin = time.monotonic()
    command = ["runc", "--root", str(home / "runc"), "run", "--detach", "--pid-file", str(home / "pid")]
    started = subprocess.run(
        [*command, "--bundle", str(home / "box"), name],
        stdin=subprocess.DEVNULL,
        stdout=writer,
        stderr=writer,
        check=False,
    )
    os.close(writer)
    if started.returncode:
        write_state(home, failed=os.read(reader, _WORDS).decode(errors="replace").strip())
        return
    pid = int((home / "pid").read_text())
    try:
        write_state(home, running=pid, supervisor=os.getpid())
        os.set_blocking(reader, False)
        ring = Ring(home / LOG, plan["log"])
        status, why = _watch(pid, reader, ring, begin + plan["seconds"], home / ENDS)
        # The first process is gone and with it all of its namespace, so the pipe is about to end.
        while (moved := ring.pump(reader)) is not None:
            time.sleep(0 if moved else _PAUSE)
        ring.close()
    except BaseException:
        # Nobody would keep its time any more.
        os.kill(pid, signal.SIGKILL)
        raise
    if why == "exit" and status and _cgroups.killed_for_memory(name):
        why = "memory"
    if uplink is not None:
        uplink.end()
    took = round(time.monotonic() - begin, 3)
    write_state(home, ended=why, status=status, seconds=took, supervisor=os.getpid())
    # Stays until the box is removed: it holds the processor time of all that has ended in the box.
    while True:
        signal.pause()


def _is_over(ends: Path) -> bool:
    """Whether the lease is over, as far as anybody has said."""
    try:
        return machine_time() > float(ends.read_text())
    except (OSError, ValueError):
        return False


def _watch(pid: int, reader: int, ring: Ring, deadline: float, ends: Path) -> tuple[int, str]:
    """Returns the exit status of the container's first process, negative for a signal, and why it ended."""
    why, look = "exit", 0.0
    while True:
        moved = ring.pump(reader)
        if why == "exit" and time.monotonic() > deadline:
            why = "time"
            os.kill(pid, signal.SIGKILL)
        if why == "exit" and time.monotonic() > look:
            look = time.monotonic() + _LOOK
            if _is_over(ends):
                why = "lease"
                os.kill(pid, signal.SIGKILL)
        # Any child: orphans of the container end up here, too.
        done, status = os.waitpid(-1, os.WNOHANG)
        if done == pid:
            return os.waitstatus_to_exitcode(status), why
        if not moved and not done:
            time.sleep(_PAUSE)


def collect(home: Path, name: str) -> None:
    """Becomes the container that hands over the files."""
    command = [
        "runc",
        "--root",
        str(home / "runc"),
        "run",
        "--bundle",
        str(home / "collect"),
        f"{name}-collect",
    ]
    os.execvp(command[0], command)  # noqa: S606 (no shell is wanted)


def main() -> None:
    """Runs the supervisor."""
    task, home = sys.argv[1], Path(sys.argv[2])
    if not sys.stdin.readline():
        return  # the process that started it is gone
    plan = json.loads((home / "plan.json").read_text())
    if task == "collect":
        collect(home, plan["name"])
    elif not os.fork():
        os.setsid()
        try:
            run(home, plan)
        except Exception as error:
            write_state(home, failed=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()

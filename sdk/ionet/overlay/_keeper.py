"""Keeps one nebula running until its lease is over, then removes all of it.

usage: python -m ionet.overlay._keeper HOME

It outlives the process that started it. Standard input: a line, once it has been put into its control group.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any, Final

from ionet.overlay import _homes, _plan
from ionet.overlay._jail import Jail, Jailed
from ionet.sandbox._clock import machine_time
from ionet.sandbox._log import Ring

NEBULA: Final = "/usr/bin/nebula"
_LOG_BYTES: Final = 256 << 10
_LOOK: Final = 0.5
_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 10.0
#: Seconds after which a process that ends is started again at once.
_WELL: Final = 30.0


class _Keeper:
    def __init__(self, home: Path) -> None:
        self._home = home
        self._ring = Ring(home / _homes.LOG, _LOG_BYTES)
        self._stopped = False
        self._plan: dict[str, Any] = {}
        self._read_at = 0
        signal.signal(signal.SIGTERM, self._stop)

    def _stop(self, *_: object) -> None:
        self._stopped = True

    def run(self) -> None:
        """Returns when the lease is over, or somebody ends it."""
        pause = _FIRST_PAUSE
        while self._wanted():
            began = time.monotonic()
            self._once()
            pause = _FIRST_PAUSE if time.monotonic() - began > _WELL else min(2 * pause, _LONGEST_PAUSE)
            deadline = time.monotonic() + pause
            while self._wanted() and time.monotonic() < deadline:
                time.sleep(0.05)

    def _wanted(self) -> bool:
        """Whether it is to run; reads what was changed."""
        if self._stopped:
            return False
        try:
            path = self._home / _homes.PLAN
            changed = path.stat().st_mtime_ns
            if changed != self._read_at:
                self._plan, self._read_at = json.loads(path.read_text()), changed
        except FileNotFoundError:
            return False
        network = self._plan["network"]
        # A box that is gone takes its network with it.
        return machine_time() < self._plan["ends"] and (network is None or Path(network).exists())

    def _once(self) -> None:
        """Runs nebula until it ends."""
        network = self._plan["network"]
        jail = Jail(
            self._home / _homes.ROOT,
            self._home / _homes.FILES,
            _plan.INSIDE,
            self._plan["user"],
            None if network is None else Path(network),
        )
        process = Jailed(jail, (NEBULA, "-config", f"{_plan.INSIDE}/{_plan.CONFIG}"))
        poll = select.poll()
        for descriptor in (process.output, process.listener):
            if descriptor >= 0:
                poll.register(descriptor, select.POLLIN)
        read_at = self._read_at
        try:
            while not (ended := process.ended()) and self._wanted():
                if read_at != self._read_at:
                    # It reads its certificate again; connections stay.
                    process.signal(signal.SIGHUP)
                    read_at = self._read_at
                self._serve(process, poll)
            if not ended:
                process.signal(signal.SIGKILL)
                while not process.ended():
                    time.sleep(0.01)
            while self._ring.pump(process.output):
                pass
        finally:
            process.close()

    def _serve(self, process: Jailed, poll: select.poll) -> None:
        for descriptor, events in poll.poll(_LOOK * 1000):
            if descriptor == process.listener and events & select.POLLIN:
                process.answer()
            elif descriptor == process.output and self._ring.pump(descriptor):
                continue
            else:
                # Closed: the process is about to end.
                poll.unregister(descriptor)


def main() -> None:
    """Keeps it."""
    home = Path(sys.argv[1])
    if not sys.stdin.readline():
        return  # the process that started it is gone
    with contextlib.suppress(FileNotFoundError):
        held = _homes.hold(home)
        if held is None:
            return
        os.nice(5)
        keeper = _Keeper(home)
        keeper.run()
        if not keeper._stopped:
            _homes.remove(home)


if __name__ == "__main__":
    main()

"""When a device was up: its agent connected to a gateway, and the chain to be read."""

from __future__ import annotations

import contextlib
import itertools
import json
import time
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from ionet.chain.files import replace_secret
from ionet.formats.when import HOUR

#: Seconds of the chain between two looks within which a device counts as up.
GAP: Final = 120
#: Seconds of an hour that a device may be away, as for an update or a new address, and be up all the same.
AWAY: Final = 300
#: Hours in a row that are remembered; more are not asked for by any policy.
_HOURS: Final = 168
#: Seconds after an hour's end for which its uptime is stated: seats may have been away.
STATED_FOR: Final = _HOURS * HOUR
_SPANS: Final = 1_024
#: Seconds of this machine between two writes of the file.
_WRITE_EVERY: Final = 60.0


class Uptime:
    """Remembers, for a week and over restarts, when a device was up. Times are the chain's, Unix seconds.

    Args:
        path: its file. One that cannot be read counts as none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written = -_WRITE_EVERY
        self._spans = _read(path)

    def seen(self, now: int, gap: int = GAP) -> None:
        """Notes that the device is up.

        Args:
            now: the chain's time.
            gap: seconds since the last note within which it was up all the while.
        """
        # The time of a local network may begin anew.
        spans = [[first, min(last, now)] for first, last in self._spans if first <= now]
        new = not spans or now - spans[-1][1] > gap
        if new:
            spans.append([now, now])
        else:
            spans[-1][1] = now
        self._spans = [span for span in spans if span[1] >= now - (_HOURS + 2) * HOUR][-_SPANS:]
        if new or time.monotonic() - self._written >= _WRITE_EVERY:
            # What is not written is counted as away after a restart; the device goes on.
            with contextlib.suppress(OSError):
                replace_secret(self._path, json.dumps(self._spans) + "\n")
            self._written = time.monotonic()

    def good(self, end: int) -> int:
        """Seconds of the hour until `end` in which the device was up."""
        begin = end - HOUR
        return sum(max(0, min(last, end) - max(first, begin)) for first, last in self._spans)

    def up_hours(self, end: int) -> int:
        """Hours in a row until `end` in which the device was up but for five minutes at most."""
        hours = 0
        while hours < _HOURS and self.good(end - hours * HOUR) >= HOUR - AWAY:
            hours += 1
        return hours

    def digest(self, end: int) -> bytes:
        """The sha256 of the hour's stretches, as JSON: what a statement is made from."""
        begin = end - HOUR
        within = [[max(first, begin), min(last, end)] for first, last in self._spans]
        return sha256(json.dumps([span for span in within if span[0] < span[1]]).encode()).digest()


def _read(path: Path) -> list[list[int]]:
    try:
        value: Any = json.loads(path.read_bytes())
        spans = [[int(first), int(last)] for first, last in value]
    except (OSError, ValueError, TypeError):
        return []
    # In order, and none over another: no second counts twice.
    ordered = all(first <= last for first, last in spans) and all(
        before[1] < after[0] for before, after in itertools.pairwise(spans)
    )
    return spans[-_SPANS:] if ordered else []

"""The clock by which this machine's processes agree when something ends."""

from __future__ import annotations

import time


def machine_time() -> float:
    """Returns the seconds since this machine began, the same in each of its processes.

    Nobody sets this clock: a machine whose time of day is corrected by hours ends nothing early or late. It
    counts those that the machine slept, where the system tells them.
    """
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()

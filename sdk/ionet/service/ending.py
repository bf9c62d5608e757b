"""Running until somebody says that it is enough."""

from __future__ import annotations

import asyncio
import signal


def told_to_end() -> asyncio.Event:
    """An event that SIGTERM and Ctrl-C set, in place of ending the process; called in the running loop."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop

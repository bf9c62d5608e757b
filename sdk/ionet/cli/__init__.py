"""The command line.

Commands are modules that are imported when they run, so that `ionet --help` answers at once.
"""

from __future__ import annotations

from ionet.cli.app import main

__all__ = ["main"]

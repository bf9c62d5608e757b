# Generated from jobs/_async/jobs.py by scripts/codegen; do not edit.
"""The jobs program: offers, bookings, and the life of a job until everyone is paid."""

from __future__ import annotations

from ionet.jobs._sync.booking import Booking, cheapest_job
from ionet.jobs._sync.running import Running
from ionet.jobs._sync.setup import JobsSetup

__all__ = ["Jobs", "cheapest_job"]


class Jobs(JobsSetup, Booking, Running):
    """Calls and reads of the jobs program.

    Amounts and quotes are exact, in a job's own currency; rates are US dollars per processor and hour.
    """

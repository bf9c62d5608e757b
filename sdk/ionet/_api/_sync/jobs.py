# Generated from _api/_async/jobs.py by scripts/codegen; do not edit.
"""The jobs program: offers, bookings, and the life of a job until everyone is paid."""

from __future__ import annotations

from ionet._api._sync.jobs_booking import MAX_CLUSTER, Booking, cheapest_job
from ionet._api._sync.jobs_running import Running
from ionet._api._sync.jobs_setup import JobsSetup

__all__ = ["MAX_CLUSTER", "Jobs", "cheapest_job"]


class Jobs(JobsSetup, Booking, Running):
    """Calls and reads of the jobs program.

    Amounts and quotes are exact, in a job's own currency; rates are US dollars per processor and hour.
    """

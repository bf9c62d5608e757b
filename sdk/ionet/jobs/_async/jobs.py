"""The jobs program: offers, bookings, and the life of a job until everyone is paid."""

from __future__ import annotations

from ionet.jobs._async.booking import AsyncBooking, cheapest_job
from ionet.jobs._async.running import AsyncRunning
from ionet.jobs._async.setup import AsyncJobsSetup

__all__ = ["AsyncJobs", "cheapest_job"]


class AsyncJobs(AsyncJobsSetup, AsyncBooking, AsyncRunning):
    """Calls and reads of the jobs program.

    Amounts and quotes are exact, in a job's own currency; rates are US dollars per processor and hour.
    """

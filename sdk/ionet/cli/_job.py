"""`ionet job`: renting nodes, and supplying them."""

from __future__ import annotations

from ionet.cli import _job_act, _job_book, _job_logs, _job_market, _job_status
from ionet.cli._options import Commands

app = Commands("Rent nodes, and supply them: offers, bookings, payments, disputes.")
for part in (_job_market, _job_book, _job_status, _job_logs, _job_act):
    app.registered_commands += part.app.registered_commands

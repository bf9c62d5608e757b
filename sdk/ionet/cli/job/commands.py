"""`ionet job`: renting nodes, and supplying them."""

from __future__ import annotations

from ionet.cli.job import act, book, guard, logs, market, receipt, run, status
from ionet.cli.options import Commands

app = Commands("Rent nodes, and supply them: offers, bookings, payments, disputes.")
for part in (market, run, book, guard, status, receipt, logs, act):
    app.registered_commands += part.app.registered_commands

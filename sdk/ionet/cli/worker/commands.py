"""`ionet worker`: a supplier's machine."""

from __future__ import annotations

from ionet.cli.options import Commands
from ionet.cli.worker import doctor, image, init, offer, register, run, status

app = Commands("A supplier's machine: setting it up, checking it, its offers.")
for part in (init, image, doctor, register, offer, run, status):
    app.registered_commands += part.app.registered_commands

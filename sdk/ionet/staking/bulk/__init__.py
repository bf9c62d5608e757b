"""Devices of other networks, registered in bulk from an export.

`read_export` reads a CSV file of device, model, count and wallet, `plan_nodes` groups it into nodes of at
most eight processors, `DeviceKeys` gives each processor a key, and `Registration` registers what is not on
the chain yet. To continue a run that was stopped, run it again: what is done is read from the chain.
"""

from ionet.formats.table import LineError
from ionet.staking.bulk._export import Export, ExportError, ExportRow, read_export
from ionet.staking.bulk._keys import DeviceKeys, KeyFolder, SeedKeys
from ionet.staking.bulk._plan import NodePlan, Processor, plan_nodes
from ionet.staking.bulk._register import Progress, Registration, Remaining

__all__ = [
    "DeviceKeys",
    "Export",
    "ExportError",
    "ExportRow",
    "KeyFolder",
    "LineError",
    "NodePlan",
    "Processor",
    "Progress",
    "Registration",
    "Remaining",
    "SeedKeys",
    "plan_nodes",
    "read_export",
]

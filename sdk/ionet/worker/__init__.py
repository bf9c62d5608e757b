"""A supplier's side: what the device is, its key, its samples during a lease, and its compute proofs.

`probe` finds which processors a machine has, `HardwareClass` which class each belongs to, `DeviceKey` holds
the key that signs for a device, a `Watch` sees whether a lease has the device to itself, a `Judge` turns the
signed samples into attested time, and `Worker` puts them together. `WorkerConfig` is what
a machine's worker is told, and `WorkerStatus` what it says of itself.

Probe and samples are what the machine itself claims. The signature shows which device key made the claim, not
that it is true; what backs it is the stake, the compute challenge and the renter's own view of the device.
"""

from ionet.jobs.breaks import BreakReason
from ionet.staking.hardware import HardwareClass, UnknownHardware, classify, hardware_classes
from ionet.worker._config import Engine, Limits, NodeConfig, WorkerConfig, state_directory
from ionet.worker._keys import DeviceKey, KeyFileError
from ionet.worker._probe import Device, DeviceFault, Probe, fingerprint, probe
from ionet.worker._status import Activity, NodeStatus, StatusError, WorkerStatus
from ionet.worker._timelock import (
    Break,
    Judge,
    Observation,
    Sample,
    SampleError,
    SampleLog,
    TimeLockPolicy,
)
from ionet.worker._watch import CannotWatch, CpuWatch, NvmlWatch, Watch, watch_for
from ionet.worker._worker import Busy, Worker

__all__ = [
    "Activity",
    "Break",
    "BreakReason",
    "Busy",
    "CannotWatch",
    "CpuWatch",
    "Device",
    "DeviceFault",
    "DeviceKey",
    "Engine",
    "HardwareClass",
    "Judge",
    "KeyFileError",
    "Limits",
    "NodeConfig",
    "NodeStatus",
    "NvmlWatch",
    "Observation",
    "Probe",
    "Sample",
    "SampleError",
    "SampleLog",
    "StatusError",
    "TimeLockPolicy",
    "UnknownHardware",
    "Watch",
    "Worker",
    "WorkerConfig",
    "WorkerStatus",
    "classify",
    "fingerprint",
    "hardware_classes",
    "probe",
    "state_directory",
    "watch_for",
]

"""The probe against drivers with faults: the real nvidia-ml-py over a library that plays broken machines."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from ionet.worker._probe import is_placeholder

GIB: Final = 1 << 30
_LOOK: Final = """
import json
from ionet.worker import probe
found = probe()
print(json.dumps({
    "devices": [
        [d.index, d.name, d.pool, d.memory, d.uuid, d.hardware_class and d.hardware_class.name]
        for d in found.devices
    ],
    "faults": [[f.index, f.reason] for f in found.faults],
    "driver": found.driver, "memory": found.memory,
}))
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("nvml")
    source = Path(__file__).with_name("fake_nvml.c")
    command = [compiler, "-shared", "-fPIC", "-o", str(folder / "libnvidia-ml.so.1"), str(source)]
    subprocess.run(command, check=True)
    return folder


def look(library: Path, *faults: str) -> Any:
    environment = {**os.environ, "LD_LIBRARY_PATH": str(library), "FAULTS": ",".join(faults)}
    done = subprocess.run(
        [sys.executable, "-c", _LOOK], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_three_devices_in_order(library: Path) -> None:
    found = look(library)
    assert [
        (index, name, pool, memory, class_) for index, name, pool, memory, _, class_ in found["devices"]
    ] == [(number, "NVIDIA H100 80GB HBM3", "gpu", 80 * GIB, "H100") for number in range(3)]
    assert (found["faults"], found["driver"]) == ([], "580.126.09")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("lost", "it has fallen off the bus: restart the machine"),
        ("forbidden", "this user may not use it"),
        ("silent", "the driver cannot describe it"),
        ("bad name", "is not UTF-8"),
        ("no name", "no name or no id"),
        ("MIG", "is divided by MIG"),
    ],
)
def test_one_bad_device_is_reported_and_the_others_stay_usable(
    library: Path, fault: str, reason: str
) -> None:
    found = look(library, fault)
    assert [device[0] for device in found["devices"]] == [0, 2]
    ((index, said),) = found["faults"]
    assert index == 1
    assert reason in said


def test_a_device_without_memory_of_its_own_has_the_machines(library: Path) -> None:
    found = look(library, "GB10")
    assert [device[3] for device in found["devices"]] == [found["memory"]] * 3
    assert found["faults"] == []


def test_a_driver_without_a_version_does_not_hide_its_devices(library: Path) -> None:
    found = look(library, "no version")
    assert len(found["devices"]) == 3
    assert found["driver"] is None


def test_a_machine_without_the_driver_is_a_processor_without_faults(library: Path) -> None:
    found = look(library, "no driver")
    assert [device[0] for device in found["devices"]] == [0]
    assert found["devices"][0][4] != ""
    assert found["faults"] == []


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("mismatch", "restart the machine"),
        ("no start", "the NVIDIA driver cannot be asked"),
        ("no count", "the NVIDIA driver fails"),
    ],
)
def test_a_driver_that_cannot_be_asked_is_reported_beside_the_processor(
    library: Path, fault: str, reason: str
) -> None:
    found = look(library, fault)
    assert len(found["devices"]) == 1
    ((index, said),) = found["faults"]
    assert index is None
    assert reason in said


@pytest.mark.parametrize(
    "machine_id",
    [
        "",
        "uninitialized",
        "00000000-0000-0000-0000-000000000000",
        "ffffffffffffffffffffffffffffffff",
        "03000200-0400-0500-0006-000700080009",
        "12345678-1234-5678-1234-567812345678",
        "To be filled by O.E.M.",
        "Default string",
    ],
)
def test_ids_that_many_machines_have_are_none(machine_id: str) -> None:
    assert is_placeholder(machine_id)


def test_an_id_of_a_machine_is_one() -> None:
    assert not is_placeholder("b08dfa6083e7567a1921a715000001fb")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_root_and_another_user_see_one_machine() -> None:
    code = "from ionet.worker._probe import _machine_id; print(_machine_id())"
    command = [sys.executable, "-c", code]
    mine = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    # The interpreter itself may lie where only root can read; the id is what is compared, not that.
    reads = "for f in /etc/machine-id /var/lib/dbus/machine-id; do [ -s $f ] && cat $f && break; done"
    shell = ["setpriv", "--reuid=65534", "--clear-groups", "sh", "-c", reads]
    if shutil.which("setpriv") is None:
        pytest.skip("no setpriv")
    theirs = subprocess.run(shell, capture_output=True, text=True, check=False).stdout
    if not theirs.strip():
        pytest.skip("this machine has no machine-id")
    assert is_placeholder(theirs.strip()) or mine.strip() == theirs.strip().lower()

"""Where a driver does not name the processes on a device by their numbers here, no lease of it is watched."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from ionet.worker._watch import _FIRST_NAMESPACE

UUID: Final = "GPU-2dee1e25-b3b5-007e-2b55-79f2d0f2ebe0"
#: Checks the watch of a device, with this namespace taken for the machine's first.
_CHECK: Final = f"""
import json, os, sys
import ionet.worker._watch as watching
from ionet.worker import CannotWatch, Device, watch_for
watching._FIRST_NAMESPACE = int(sys.argv[1])
watching._NAMED = 1.0
watch = watching.NvmlWatch("{UUID}")
try:
    print(json.dumps(watch.check()))
except CannotWatch as bad:
    print(json.dumps(str(bad)))
    try:
        watch_for(Device(0, "{UUID}", "a GPU", "gpu", 1, None))
        print("it is watched all the same")
    except CannotWatch:
        pass
"""


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("drivers")
    for name, library in (("fake_nvml.c", "libnvidia-ml.so.1"), ("fake_cuda.c", "libcuda.so.1")):
        command = [
            compiler,
            "-shared",
            "-fPIC",
            "-o",
            str(folder / library),
            str(Path(__file__).with_name(name)),
        ]
        subprocess.run(command, check=True)
    return folder


def namespace() -> int:
    return os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116


def check(
    libraries: Path,
    listed: Path,
    *,
    faults: str = "",
    prefix: tuple[str, ...] = (),
    **environment: str,
) -> bool | str:
    done = subprocess.run(
        [*prefix, sys.executable, "-c", _CHECK, str(namespace())],
        env={
            **os.environ,
            "LD_LIBRARY_PATH": str(libraries),
            "PROCESSES": str(listed),
            "FAULTS": faults,
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    outcome: bool | str = json.loads(done.stdout)
    return outcome


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """Where the processes on the device are listed: nobody."""
    place = tmp_path / "processes"
    place.touch()
    return place


def test_a_driver_that_names_a_process_of_this_system_is_trusted(libraries: Path, listed: Path) -> None:
    listed.write_text(f"{os.getpid()}\n")
    assert check(libraries, listed) is True
    assert listed.read_text() == f"{os.getpid()}\n", "nothing was started on a device in use"


def test_on_an_empty_device_a_process_of_ours_is_named(libraries: Path, listed: Path) -> None:
    assert check(libraries, listed) is True
    (pid,) = map(int, listed.read_text().split())
    assert not Path(f"/proc/{pid}").exists(), "it is gone afterwards"


def test_a_driver_that_names_nobody_is_refused(libraries: Path, listed: Path) -> None:
    said = check(libraries, listed, CUDA_UNNAMED="1")
    assert "does not name a process of this system" in str(said)


def test_a_driver_that_names_strangers_to_this_system_is_refused(libraries: Path, listed: Path) -> None:
    listed.write_text(f"{2**22 + 1}\n")
    said = check(libraries, listed)
    assert f"names the process {2**22 + 1}, which this system does not have" in str(said)


def test_where_no_process_can_take_the_device_it_is_not_known(libraries: Path, listed: Path) -> None:
    assert check(libraries, listed, CUDA_FULL="1") is False


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("no list", "does not say who uses this device, or how much"),
        ("no use", "does not say who uses this device, or how much"),
        ("forbidden list", "cannot be asked who uses the device"),
    ],
)
def test_a_driver_that_does_not_tell_is_refused(libraries: Path, listed: Path, fault: str, said: str) -> None:
    assert said in str(check(libraries, listed, faults=fault))


def test_a_pid_namespace_of_its_own_is_refused(libraries: Path, listed: Path) -> None:
    unshare = ("unshare", "--pid", "--fork", "--mount-proc")
    if shutil.which("unshare") is None or subprocess.run([*unshare, "true"], check=False).returncode:
        pytest.skip("this system allows no namespaces")
    listed.write_text("1\n")
    said = check(libraries, listed, prefix=unshare)
    assert "pid namespace of its own" in str(said)
    assert "--pid=host" in str(said)


def test_the_first_namespaces_number_is_the_kernels() -> None:
    """Of a process that is surely in it: on a machine itself, process 2 is the kernel's own."""
    try:
        kernel = Path("/proc/2/comm").read_text().strip() == "kthreadd"
    except OSError:
        kernel = False
    if not kernel:
        pytest.skip("this is a container")
    assert namespace() == _FIRST_NAMESPACE

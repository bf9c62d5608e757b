"""A supplier's worker: classes, probe, key file, samples and what they are worth."""
# ruff: noqa: N802 (the names of NVML)

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pynvml
import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.orchestrator.support import full_disk

from ionet.chain.errors import ConfigError
from ionet.prover import BackendError, Challenge, draw, numpy_backend, residency, verify
from ionet.worker import (
    Break,
    BreakReason,
    Busy,
    CpuWatch,
    Device,
    DeviceKey,
    Judge,
    KeyFileError,
    NodeConfig,
    NvmlWatch,
    Observation,
    Sample,
    SampleError,
    SampleLog,
    TimeLockPolicy,
    UnknownHardware,
    Worker,
    classify,
    fingerprint,
    hardware_classes,
    probe,
)
from ionet.worker._daemon import _device
from ionet.worker._probe import misplaced
from ionet.worker._watch import Watches

JOB, NODE, START = b"\1" * 32, b"\2" * 32, 1_800_000_000
GIB = 1 << 30
QUIET = Observation(use_bps=5_000, foreign_use_bps=0)
DEVICE = Device(0, "GPU-1", "NVIDIA H100 PCIe", "gpu", 80 * GIB, None)


class StillWatch:
    def __init__(self) -> None:
        self.seen = QUIET

    def observe(self, roots: Iterable[int]) -> Observation:
        return self.seen


# ---- hardware classes


@pytest.mark.parametrize(
    ("name", "memory", "expected", "multiplier"),
    [
        ("NVIDIA B200", 180, "B200", 300_000),
        ("NVIDIA H200", 141, "H200", 120_000),
        ("NVIDIA H100 80GB HBM3", 80, "H100", 100_000),
        ("NVIDIA H100 PCIe", 80, "H100", 100_000),
        ("NVIDIA A100-SXM4-80GB", 80, "A100-80GB", 50_000),
        ("NVIDIA A100 80GB PCIe", 80, "A100-80GB", 50_000),
        ("NVIDIA A100-SXM4-40GB", 40, "A100-40GB", 20_000),
        ("NVIDIA A100-PCIE-40GB", 40, "A100-40GB", 20_000),
        ("NVIDIA RTX 6000 Ada Generation", 48, "RTX 6000 Ada", 45_000),
        ("NVIDIA L40S", 48, "L40S", 30_000),
        ("NVIDIA RTX 5000 Ada Generation", 32, "RTX 5000 Ada", 30_000),
        ("Quadro RTX 5000", 16, "RTX 5000", 15_000),
        ("NVIDIA GeForce RTX 4090", 24, "RTX 4090", 12_500),
        ("NVIDIA GeForce RTX 4080", 16, "RTX 4080", 27_500),
        ("NVIDIA GeForce RTX 3090 Ti", 24, "RTX 3090 Ti", 20_000),
        ("NVIDIA GeForce RTX 3090", 24, "RTX 3090", 17_500),
        ("NVIDIA RTX A6000", 48, "A6000", 20_000),
        ("Tesla T4", 16, "T4", 5_000),
        ("NVIDIA L4", 24, "L4", 2_500),
        ("Apple M3 Max", 64, "Apple M3 Max", 15_000),
        ("Apple M4", 16, "Apple M4", 10_000),
        ("Apple M1 Pro", 16, "Apple M1", 5_000),
    ],
)
def test_a_devices_name_leads_to_its_class(name: str, memory: int, expected: str, multiplier: int) -> None:
    found = classify(name, pool="gpu", memory=memory * GIB)
    assert (found.name, found.multiplier_bps, found.pool) == (expected, multiplier, "gpu")


@pytest.mark.parametrize(
    "name",
    [
        "NVIDIA GeForce RTX 4090 Laptop GPU",
        "NVIDIA GeForce RTX 3070 Ti",
        "NVIDIA GeForce RTX 4070 SUPER",
        "NVIDIA H100 PCIe MIG 1g.10gb",
        "NVIDIA L40",
        "Apple M5",
        "RTX 4090 (emulated)",
    ],
)
def test_a_variant_that_is_not_listed_has_no_class(name: str) -> None:
    with pytest.raises(UnknownHardware, match="no hardware class for the gpu"):
        classify(name, pool="gpu", memory=24 * GIB)


def test_processors_have_their_own_pool() -> None:
    assert classify("AMD Ryzen 9 7950X 16-Core Processor", pool="cpu").name == "AMD Ryzen"
    assert classify("Intel(R) Xeon(R) Platinum", pool="cpu").name == "Other CPU"
    assert {item.multiplier_bps for item in hardware_classes() if item.pool == "cpu"} == {1_000}


def test_ids_and_names_are_unique_and_fit_the_program() -> None:
    table = hardware_classes()
    assert len({item.id for item in table}) == len({item.name for item in table}) == len(table)
    assert all(0 < item.id < 2**16 and len(item.name.encode()) <= 32 for item in table)


# ---- probe


def test_this_machine_has_a_device_with_a_stable_fingerprint() -> None:
    found = probe()
    assert found.devices
    assert found.cpus >= 1
    assert found.memory > 100 << 20
    assert found.devices[0].fingerprint == probe().devices[0].fingerprint
    assert found.devices[0].fingerprint == hashlib.sha256(found.devices[0].uuid.encode()).digest()


class Driver:
    """The part of NVML's interface that is used, as a machine with two devices answers."""

    NVMLError = pynvml.NVMLError

    def __getattr__(self, name: str) -> Any:
        return getattr(pynvml, name)

    def __init__(self, *, missing: bool = False) -> None:
        self._missing = missing
        self.running: list[int] = []

    def nvmlInit(self) -> None:
        if self._missing:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    def nvmlShutdown(self) -> None: ...

    def nvmlDeviceGetCount(self) -> int:
        return 2

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        return index

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> int:
        return int(uuid[-1])

    def nvmlDeviceGetName(self, handle: int) -> bytes | str:
        return b"NVIDIA H100 80GB HBM3" if handle == 0 else "NVIDIA Unheard Of"

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> Any:
        return SimpleNamespace(total=80 * GIB)

    def nvmlDeviceGetMigMode(self, handle: int) -> list[int]:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)

    def nvmlDeviceGetUUID(self, handle: int) -> str:
        return f"GPU-{handle}"

    def nvmlSystemGetDriverVersion(self) -> str:
        return "580.1"

    def nvmlDeviceGetComputeRunningProcesses(self, handle: int) -> list[Any]:
        return [SimpleNamespace(pid=pid) for pid in self.running]

    def nvmlDeviceGetGraphicsRunningProcesses(self, handle: int) -> list[Any]:
        return []

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> Any:
        return SimpleNamespace(gpu=37)


def test_nvidia_devices_are_listed_with_their_classes() -> None:
    found = probe(nvml=Driver())
    first, second = found.devices
    assert (first.uuid, first.memory, found.driver) == ("GPU-0", 80 * GIB, "580.1")
    assert first.hardware_class is not None
    assert first.hardware_class.name == "H100"
    assert second.hardware_class is None
    assert first.fingerprint == fingerprint("GPU-0")


def test_without_a_driver_the_processor_is_the_device() -> None:
    found = probe(nvml=Driver(missing=True))
    assert found.driver is None
    assert len(found.devices) == 1
    assert not found.devices[0].uuid.startswith("GPU-")


# ---- key file


def test_a_new_key_is_readable_by_its_owner_only_and_found_again(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "device.json"
    key = DeviceKey.load_or_create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert DeviceKey.load_or_create(path).pubkey == key.pubkey
    assert Keypair.from_bytes(bytes(json.loads(path.read_text()))).pubkey() == key.pubkey
    assert str(key.pubkey) in repr(key)
    assert json.loads(path.read_text())[0:4] != list(bytes(key.pubkey)[:4])


def test_a_key_open_to_others_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "device.json"
    DeviceKey.load_or_create(path)
    path.chmod(0o644)
    with pytest.raises(KeyFileError, match=r"mode 0644.*chmod 600"):
        DeviceKey.load(path)


@pytest.mark.parametrize("text", ["", "[1,2,3]", "{}", "[" + "300," * 63 + "1]", json.dumps(list(range(64)))])
def test_what_is_no_keypair_is_refused_without_quoting_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "device.json"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(KeyFileError, match="JSON array of 64 bytes") as caught:
        DeviceKey.load(path)
    assert caught.value.__cause__ is None
    assert "300" not in str(caught.value)


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="No such file"):
        DeviceKey.load(tmp_path / "none.json")


# ---- samples


KEY = DeviceKey(Keypair.from_seed(b"\3" * 32))


def chain(*steps: tuple[int, Observation]) -> list[Sample]:
    samples: list[Sample] = []
    for at, seen in steps:
        before = samples[-1] if samples else None
        samples.append(Sample.sign(KEY, job=JOB, node=NODE, at=START + at, observation=seen, before=before))
    return samples


def judged(samples: list[Sample], **changes: Any) -> Judge:
    terms: dict[str, Any] = {
        "job": JOB,
        "node": NODE,
        "device": bytes(KEY.pubkey),
        "start": START,
        "policy": TimeLockPolicy(max_gap=100, foreign_use_bps=1_000),
    }
    judge = Judge(**{**terms, **changes})
    judge.feed(samples)
    return judge


def test_a_sample_read_back_from_its_line_is_the_same() -> None:
    (sample,) = chain((0, Observation(1, 2, ("größe (1)",))))
    again = Sample.from_line(sample.to_line())
    assert again == sample
    assert again.verify()
    assert not replace(again, at=again.at + 1).verify()
    for line in (b"", b"{}", sample.to_line()[:-9], b"\xff"):
        with pytest.raises(SampleError):
            Sample.from_line(line)


def test_quiet_time_between_samples_is_good() -> None:
    judge = judged(chain((0, QUIET), (60, QUIET), (150, QUIET)))
    assert judge.good(START, START + 150) == 150
    assert judge.breaks_within(START, START + 150) == ()
    assert judge.good(START + 50, START + 100) == 50


def test_time_behind_the_last_sample_does_not_count_yet() -> None:
    judge = judged(chain((0, QUIET), (60, QUIET)))
    assert judge.good(START, START + 120) == 60
    assert judge.breaks_within(START, START + 120) == ()
    assert judge.breaks_within(START, START + 161)[-1] == Break(
        BreakReason.SAMPLE_GAP, START + 60, START + 161, "no sample since"
    )


def test_good_time_never_falls_when_samples_are_added() -> None:
    loud = Observation(9_000, 5_000, ("other (5)",))
    samples = chain((50, QUIET), (100, loud), (150, QUIET), (300, QUIET), (350, loud))
    seen = []
    judge = judged([])
    for sample in samples:
        judge.feed([sample])
        seen.append(judge.good(START, START + 1_000))
    assert seen == [50, 50, 100, 100, 100]
    assert [item.reason for item in judge.breaks] == [
        BreakReason.FOREIGN_PROCESS,
        BreakReason.SAMPLE_GAP,
        BreakReason.FOREIGN_PROCESS,
    ]


def test_foreign_use_breaks_the_lock_above_the_policys_share() -> None:
    for bps, good in ((1_000, 50), (1_001, 0)):
        judge = judged(chain((0, QUIET), (50, Observation(2_000, bps))))
        assert judge.good(START, START + 50) == good
    lenient = judged(
        chain((0, QUIET), (50, Observation(9_000, 9_000))), policy=TimeLockPolicy.for_pool("cpu")
    )
    assert lenient.good(START, START + 50) == 50
    assert TimeLockPolicy.for_pool("gpu").foreign_use_bps == 1_000


def test_samples_before_the_start_count_for_nothing() -> None:
    judge = judged(chain((-50, QUIET), (-10, Observation(1, 1, ("x",))), (40, QUIET)))
    assert judge.good(START - 100, START + 40) == 40
    assert judge.breaks == []


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"at": START + 99}, "signature"),
        ({"seq": 5}, "does not follow"),
        ({"previous": b"\7" * 32}, "does not follow"),
        ({"job": NODE}, "another job, node or device"),
        ({"device": bytes(32)}, "another job, node or device"),
        ({"observation": Observation(0, 0)}, "signature"),
    ],
)
def test_behind_a_sample_that_is_out_of_place_none_is_believed(change: dict[str, Any], detail: str) -> None:
    samples = chain((0, QUIET), (50, QUIET), (90, QUIET), (120, QUIET))
    samples[2] = replace(samples[2], **change)
    judge = judged(samples)
    assert judge.good(START, START + 500) == 50
    assert [item.reason for item in judge.breaks] == [BreakReason.BAD_SAMPLE]
    assert detail in judge.breaks[0].detail
    judge.feed(chain((200, QUIET)))
    assert judge.good(START, START + 500) == 50


def test_a_sample_left_out_is_noticed() -> None:
    samples = chain((0, QUIET), (50, Observation(1, 1, ("hidden",))), (90, QUIET))
    judge = judged([samples[0], samples[2]])
    assert judge.good(START, START + 90) == 0


def test_a_sample_older_than_the_one_before_it_is_out_of_place() -> None:
    judge = judged(chain((0, QUIET), (50, QUIET), (40, QUIET)))
    assert "older" in judge.breaks[0].detail


def test_reasons_have_bits_of_their_own() -> None:
    assert [reason.bit for reason in BreakReason] == [1, 2, 4, 8, 16, 32]


def test_a_log_drops_a_line_that_a_killed_process_left_half_written(tmp_path: Path) -> None:
    path = tmp_path / "log"
    samples = chain((0, QUIET), (10, QUIET), (20, QUIET))
    log = SampleLog(path)
    for sample in samples[:2]:
        log.append(sample)
    with open(path, "ab") as file:
        file.write(samples[2].to_line()[:40])
    again = SampleLog(path)
    assert again.since(0) == tuple(samples[:2])
    again.append(samples[2])
    assert SampleLog(path).since(1) == tuple(samples[1:])


# ---- watching


def test_what_a_full_disk_took_of_a_line_is_not_in_the_way_of_the_next(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log, samples = SampleLog(path), chain((0, QUIET), (60, QUIET), (120, QUIET))
    log.append(samples[0])
    size = path.stat().st_size
    with full_disk(size + 100), pytest.raises(OSError, match="too large"):
        log.append(samples[1])
    assert log.last == samples[0]
    for sample in samples[1:]:
        log.append(sample)
    assert SampleLog(path).since(0) == tuple(samples)


def test_the_processors_foreign_use_is_seen() -> None:
    code = "while True: pass"
    busy = subprocess.Popen([sys.executable, "-c", code])
    try:
        watch = CpuWatch()
        watch.observe([busy.pid])
        time.sleep(1.0)
        leased = watch.observe([busy.pid])
        time.sleep(1.0)
        strange = watch.observe([])
    finally:
        busy.kill()
        busy.wait()
    share = 10_000 // (os.cpu_count() or 1)
    assert strange.foreign_use_bps == strange.use_bps > share // 4
    # The machine may be busy with other things, but this process's part is the lease's.
    assert leased.foreign_use_bps < leased.use_bps - share // 4


SHORT_LIVED = """
import subprocess, sys
burn = "import time\\nwhile time.process_time() < 0.6: pass"
for _ in range(2):
    subprocess.run([sys.executable, "-c", burn], check=True)
    print("done", flush=True)
    sys.stdin.readline()
"""


def test_processes_that_end_between_two_looks_are_counted_once_for_the_lease() -> None:
    """Of the lease's own time, so that the machine may be busy with something else."""
    parent = subprocess.Popen(
        [sys.executable, "-c", SHORT_LIVED], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdin is not None
    assert parent.stdout is not None
    watch, gained = CpuWatch(), []

    def look() -> None:
        own = watch._lease([parent.pid])
        gained.append(watch._gained(own))
        watch._own, watch._looked = own, watch._now()

    with parent:
        look()
        parent.stdout.readline()
        look()
        parent.stdin.write(b"\n")
        parent.stdin.flush()
        # Seen alive first, and ended later.
        while len(watch._lease([parent.pid])) < 2:
            time.sleep(0.01)
        time.sleep(0.35)
        look()
        parent.stdout.readline()
        look()
        parent.stdin.write(b"\n")
    first, second = gained[1], gained[2] + gained[3]
    assert first > 0.58
    assert second > 0.58
    assert abs(second - first) < 0.2


def test_a_leases_own_processes_are_not_foreign_on_a_gpu() -> None:
    driver = Driver()
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(20)"])
    try:
        watch = NvmlWatch("GPU-0", nvml=driver)
        driver.running = [child.pid]
        assert watch.observe([os.getpid()]) == Observation(3_700, 0)
        seen = watch.observe([])
        assert (seen.foreign_use_bps, len(seen.foreign)) == (3_700, 1)
        assert str(child.pid) in seen.foreign[0]
    finally:
        child.kill()
        child.wait()
    driver.running = [2**22 + 1]
    assert watch.observe([]).foreign == (f"process {2**22 + 1}",)


def test_a_stranger_on_one_of_a_nodes_gpus_is_on_the_node() -> None:
    """And is not diluted by the others, of which none is used."""

    class Two(Driver):
        def nvmlDeviceGetComputeRunningProcesses(self, handle: int) -> list[Any]:
            return super().nvmlDeviceGetComputeRunningProcesses(handle) if handle else []

        def nvmlDeviceGetUtilizationRates(self, handle: int) -> Any:
            return SimpleNamespace(gpu=90 if handle else 0)

    driver = Two()
    watch = Watches([NvmlWatch(f"GPU-{number}", nvml=driver) for number in range(2)])
    assert watch.observe([]) == Observation(9_000, 0)
    driver.running = [2**22 + 1]
    assert watch.observe([]) == Observation(9_000, 9_000, (f"process {2**22 + 1}",))


def test_names_of_strangers_on_many_gpus_are_bounded() -> None:
    driver = Driver()
    driver.running = [2**22 + number for number in range(1, 12)]
    seen = Watches([NvmlWatch("GPU-0", nvml=driver), NvmlWatch("GPU-1", nvml=driver)]).observe([])
    assert len(seen.foreign) == 8
    assert len(set(seen.foreign)) == 8


def test_a_node_one_of_whose_devices_is_gone_does_not_serve() -> None:
    here = probe().devices[0]
    settings = [NodeConfig(uuid, 0, "Other CPU", Path("key.json")) for uuid in (here.uuid, "GPU-gone")]
    device, _, gpus = _device("cpu", settings[0])
    assert (device, gpus) == (here, ())
    with pytest.raises(ConfigError, match="the device GPU-gone is not there"):
        _device("cpu", *settings)


def test_a_node_of_another_kind_than_its_class_does_not_serve() -> None:
    here = probe().devices[0]
    with pytest.raises(
        ConfigError, match="the class on the chain is of GPUs, and this device is a processor"
    ):
        _device("gpu", NodeConfig(here.uuid, 0, "RTX 4090", Path("key.json")))
    assert misplaced(DEVICE.uuid, "gpu") is None
    assert (
        misplaced(DEVICE.uuid, "cpu") == "the class on the chain is of processors, and this device is a GPU"
    )


# ---- the worker


def test_the_gpu_that_an_hour_draws_holds_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []

    def prover(challenge: residency.Challenge, *, driver: int, stop: threading.Event) -> residency.Prover:
        held.append(driver)
        return residency.Prover(challenge, stop=stop)

    monkeypatch.setattr(residency, "CudaDriver", lambda number: number)
    monkeypatch.setattr(residency, "CudaProver", prover)
    node = Worker(NODE, KEY, tmp_path, device=DEVICE, watch=StillWatch(), gpus=[4, 6])
    challenge = residency.Challenge(bytes(32), residency.Sizes(64, 8, 64, 1))
    for unit in (1, 0):
        node.hold(challenge, threading.Event(), unit)
    assert held == [6, 4]
    with pytest.raises(BackendError, match="processor 2 is asked for, the node has 2"):
        node.hold(challenge, threading.Event(), 2)


def worker(tmp_path: Path, watch: StillWatch | None = None) -> Worker:
    return Worker(NODE, KEY, tmp_path, device=DEVICE, watch=watch or StillWatch(), kernel=numpy_backend())


def test_a_workers_samples_follow_each_other_across_restarts(tmp_path: Path) -> None:
    first = worker(tmp_path)
    first.begin(JOB)
    first.sample(START)
    first.sample(START + 50)
    first.end()
    second = worker(tmp_path)
    second.begin(JOB)
    second.sample(START + 90)
    judge = judged(list(second.samples()))
    assert judge.good(START, START + 90) == 90
    assert len(second.samples(since=2)) == 1
    second.end()


def test_asked_twice_in_a_second_a_worker_answers_with_one_sample(tmp_path: Path) -> None:
    one = worker(tmp_path)
    one.begin(JOB)
    assert one.sample(START) == one.sample(START) == one.sample(START - 5)
    assert len(one.samples()) == 1
    one.end()


def test_a_device_serves_one_job_at_a_time(tmp_path: Path) -> None:
    one, two = worker(tmp_path), worker(tmp_path)
    with pytest.raises(Busy, match="call begin first"):
        one.sample(START)
    one.begin(JOB)
    one.begin(JOB)
    with pytest.raises(Busy, match="serves the job"):
        one.begin(NODE)
    with pytest.raises(Busy, match="another process holds"):
        two.begin(NODE)
    one.end(NODE)
    assert one.samples() == ()
    with pytest.raises(Busy):
        two.begin(NODE)
    one.end(JOB)
    two.begin(NODE)
    two.end()


def test_a_worker_answers_a_challenge(tmp_path: Path) -> None:
    one = worker(tmp_path)
    challenge = Challenge(bytes(32), 64, 256)
    root = one.commit(challenge).root
    drawn = draw(challenge, root, b"\5" * 32)
    assert verify(challenge, root, drawn, one.open(root, drawn.rows, drawn.randomness)).ok


def test_a_workers_statement_is_signed_by_its_device(tmp_path: Path) -> None:
    word = worker(tmp_path).statement(
        period_end=START, up_hours=7, good=3_600, proof=bytes(32), samples=bytes(32)
    )
    assert word.device == bytes(KEY.pubkey)
    assert word.verify(NODE, START, 7)
    assert not word.verify(NODE, START, 8)
    assert Pubkey(word.device) == KEY.pubkey

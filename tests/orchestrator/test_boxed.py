"""Manifests in boxes, each with a Ray cluster of its own inside, started by Ray's Jobs API."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from tests.orchestrator.support import RENTER, World, key
from tests.sandbox.archives import archive as image_archive
from tests.sandbox.archives import begins_with, file, layer
from tests.sandbox.support import lose_power, prepared_image, setting
from tests.sandbox.world import WEB, world

from ionet.executor import _logs
from ionet.executor._base import Workspace
from ionet.executor._boxed import _end, most_processes
from ionet.executor._logs import shorten_log
from ionet.orchestrator import BoxExecutor, FailureReason, Lease, RunFailure
from ionet.sandbox import File, Gathered, Images, Internet, OwnImages, image, missing, reap
from ionet.store.manifest import Command, Function, Input, Manifest, Resources, RuntimeEnv

pytestmark = [pytest.mark.ray, pytest.mark.slow]

MODULE = """
import os, pathlib, time

def square(value):
    return value * value

def squares(context):
    numbers = context.map(square, context.arguments["numbers"])
    words = (context.inputs / "data" / "words.txt").read_text()
    (context.output / "deep").mkdir()
    (context.output / "deep" / "squares.txt").write_text(" ".join(map(str, numbers)))
    os.symlink("/etc/shadow", context.output / "link")
    print("squared", len(numbers), os.environ["GREETING"], flush=True)
    secret = os.environ.get("IONET_TEST_SECRET", "")
    return {"sum": sum(numbers), "words": words, "uid": os.getuid(), "secret": secret, "jobs": jobs()}

def jobs():
    from ray.job_submission import JobSubmissionClient
    every = JobSubmissionClient("http://127.0.0.1:8265").list_jobs()
    return [[job.type.value, job.entrypoint, job.driver_info is not None] for job in every]

def fails(context):
    raise ValueError("the data is wrong")

def fills_its_disk(context):
    size = os.statvfs("/job").f_bavail * os.statvfs("/job").f_bsize
    with open("/job/large", "wb") as file:
        while size >= 4096:
            try: os.posix_fallocate(file.fileno(), file.seek(0, 2), size)
            except OSError: size //= 2
    return {"full": True}

def greets(context):
    import greeting, subprocess
    words = subprocess.run(["greet"], capture_output=True, text=True, check=True).stdout
    return {"says": greeting.WORDS, "runs": words.strip(), "sum": sum(context.map(greeted, [1, 2]))}

def greeted(value):
    import greeting
    return value * len(greeting.WORDS)

def prints(context):
    line = "x" * 1000
    for number in range(context.arguments["lines"]): print(f"{number:09d} {line}")
    files = [path for path in pathlib.Path("/tmp/ray").rglob("*") if path.is_file()]
    return {"kept": sum(path.stat().st_size for path in files)}

def slow(context):
    print("begun", flush=True)
    time.sleep(context.arguments["seconds"])
    return {"pid": os.getpid()}
"""


def submitted(value: Mapping[str, Any]) -> dict[str, Any]:
    """What `squares` has found, where the head in the box knows of one submission, with the only driver."""
    ((kind, command, has_driver),) = value["jobs"]
    assert (kind, has_driver) == ("SUBMISSION", True)
    assert "python3 -m ionet.workloads.entry" in command
    return {name: each for name, each in value.items() if name != "jobs"}


def archive() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("renters.py", MODULE)
        file.writestr("data/words.txt", "not these: inputs come first")
    return out.getvalue()


DISK = 1 << 30


class Boxes:
    """An executor on this machine."""

    def __init__(self, root: Path, boxes: Path, internet: Internet | None = None) -> None:
        root_image = image()
        assert root_image is not None
        self.root, self.boxes, self.world = root, boxes, World(root)
        self.executor = BoxExecutor(
            [replace(spec, internet=internet is not None, disk=DISK) for spec in self.world.specs],
            self.world.store,
            root / "work",
            image=root_image,
            boxes=boxes,
            internet=internet,
            images=Images(root_image.parents[1]),
            own=OwnImages(boxes, DISK, Images(root_image.parents[1])),
        )

    def lease(
        self,
        entry: Function | Command,
        pip: tuple[str, ...] = (),
        variables: Mapping[str, str] | None = None,
        **more: object,
    ) -> Lease:
        working_dir = self.world.store.put(archive()).hex()
        env = RuntimeEnv({"GREETING": "hello", **(variables or {})}, pip, working_dir)
        manifest = Manifest(entry, runtime_env=env, **more)  # type: ignore[arg-type]
        self.world.store.put_manifest(manifest)
        return Lease((key(0),), (self.world.specs[0].node,), RENTER, manifest.hash, manifest)


@pytest.fixture
def boxes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Boxes]:
    prepared_image()
    monkeypatch.setenv("IONET_TEST_SECRET", "of the operator")
    place = Path(tempfile.mkdtemp(prefix="ionet-boxes-"))
    place.chmod(0o711)
    yield Boxes(tmp_path, place)
    assert list(reap(place)) == [], "a released lease leaves no box"
    shutil.rmtree(place)


def printed(boxes: Boxes, lease: Lease) -> str:
    log = boxes.executor.log(lease)
    return log.read_text() if log.exists() else ""


def is_running(pid: int) -> bool:
    """A process that has ended may be there until its parent looks, without its command line."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except FileNotFoundError:
        return False


async def test_a_renters_own_image_on_top_of_the_nodes_runs_their_command(
    boxes: Boxes, tmp_path: Path
) -> None:
    base = prepared_image().parent.name
    mine = layer(file("opt/words", b"#!/bin/sh\necho brought along\n"))
    packed = image_archive(
        tmp_path / "image.tar", mine, change=begins_with(base), environment=["PATH=/opt:/usr/bin"]
    )
    digest = boxes.executor.archives.put(packed.read_bytes())
    lease = boxes.lease(Command(("words",)), image=f"oci:{digest.hex()}")
    assert boxes.executor.wanted_image(lease.manifest) == (digest, DISK)
    await boxes.executor.open(lease)
    assert boxes.executor.wanted_image(lease.manifest) is None
    assert digest not in boxes.executor.archives, "the archive is of no use any more"
    try:
        await boxes.executor.run(lease, 1)
        assert "brought along" in printed(boxes, lease)
    finally:
        await boxes.executor.release(lease)


async def test_a_function_runs_on_ray_in_its_box(boxes: Boxes) -> None:
    words = boxes.world.store.put(b"some words")
    entry = Function("renters:squares", {"numbers": [1, 2, 3]})
    lease = boxes.lease(entry, inputs=(Input("data/words.txt", words.hex(), 10),))
    await boxes.executor.open(lease)
    assert boxes.executor.processes(lease, lease.nodes[0]) == ()
    done = await boxes.executor.run(lease, 1)
    assert submitted(done.value) == {"sum": 14, "words": "some words", "uid": 1000, "secret": ""}
    assert [(output.name, output.path.read_text()) for output in done.outputs] == [
        ("deep/squares.txt", "1 4 9")
    ]
    log = printed(boxes, lease)
    assert "squared 3 hello" in log
    assert "not an output: files/link: not a plain file" in log
    # Its processor time can still be counted for it.
    (root,) = boxes.executor.processes(lease, lease.nodes[0])
    assert is_running(root)
    again = await boxes.executor.run(lease, 2)
    assert ({**again.value, "jobs": done.value["jobs"]}, again.outputs) == (done.value, done.outputs)
    await boxes.executor.release(lease)
    assert not is_running(root)
    assert not boxes.executor.workspace(lease).root.exists()


@pytest.mark.parametrize(
    ("entry", "reason", "detail"),
    [
        (Function("renters:fails", {}), FailureReason.WORKLOAD, "ValueError: the data is wrong"),
        (Function("renters:nothing", {}), FailureReason.BAD_ENTRYPOINT, "renters:nothing"),
        (Command(("no-such-program",)), FailureReason.BAD_ENTRYPOINT, "no-such-program"),
        (Command(("python", "-c", "raise SystemExit(3)")), FailureReason.WORKLOAD, "exit code 3"),
    ],
)
async def test_failures_have_their_reasons(
    boxes: Boxes, entry: Function | Command, reason: FailureReason, detail: str
) -> None:
    lease = boxes.lease(entry)
    await boxes.executor.open(lease)
    with pytest.raises(RunFailure) as failure:
        await boxes.executor.run(lease, 1)
    assert failure.value.reason is reason, printed(boxes, lease)
    assert detail in failure.value.detail
    await boxes.executor.release(lease)


async def test_a_run_is_given_what_its_manifest_asks_for_and_stops_end_it(boxes: Boxes) -> None:
    asked = Resources(cpus=1, memory=300 << 20, processes=200, disk=400 << 20)
    lease = boxes.lease(Function("renters:slow", {"seconds": 600}), max_duration=60, resources=asked)
    await boxes.executor.open(lease)
    run = asyncio.create_task(boxes.executor.run(lease, 1))
    while "begun" not in printed(boxes, lease):
        assert not run.done()
        await asyncio.sleep(0.2)
    # 2 GiB and 1,024 processes of Ray's come in addition.
    assert limits_of(boxes, lease) == ((300 << 20) + (2 << 30), 200 + 1024, 100_000)
    assert 300 << 20 < disk_of(boxes, lease) <= 400 << 20
    await boxes.executor.stop(lease)
    with pytest.raises(RunFailure) as failure:
        await run
    assert failure.value.reason is FailureReason.STOPPED
    await boxes.executor.release(lease)


async def test_a_stop_ends_a_run_whose_box_is_still_being_made(boxes: Boxes) -> None:
    lease = boxes.lease(Function("renters:slow", {"seconds": 600}))
    await boxes.executor.open(lease)
    run = asyncio.create_task(boxes.executor.run(lease, 1))
    await asyncio.sleep(0)
    await boxes.executor.stop(lease)
    with pytest.raises(RunFailure) as failure:
        await asyncio.wait_for(run, 30)
    assert failure.value.reason is FailureReason.STOPPED
    await boxes.executor.release(lease)


async def test_a_job_that_has_filled_its_disk_still_tells_its_end(boxes: Boxes) -> None:
    lease = boxes.lease(Function("renters:fills_its_disk", {}))
    await boxes.executor.open(lease)
    assert (await boxes.executor.run(lease, 1)).value == {"full": True}
    await boxes.executor.release(lease)


@pytest.mark.parametrize(
    "end",
    [
        b"",
        b"[]",
        b'{"reason": []}',
        b'{"reason": {}, "detail": "x"}',
        b'{"reason": "workload", "detail": ["x"]}',
        b'{"reason": "workload"}',
        b'{"reason": "stopped", "detail": "x"}',
        b'{"reason": "placement", "detail": "x"}',
        b'{"reason": "no such", "detail": "x"}',
        b"[" * 100_000,
        b'{"reason": null, "value": ' + b"9" * 5000 + b"}",
        b" " * (3 << 20) + b"{}",
    ],
)
def test_an_end_that_cannot_be_understood_is_none(tmp_path: Path, end: bytes) -> None:
    assert told(tmp_path, end) is None


def test_a_value_or_a_detail_that_cannot_be_stored_is_a_failure(tmp_path: Path) -> None:
    deep = b'{"a":' * 900 + b"1" + b"}" * 900
    for value in (deep, b'{"a": "\\ud800"}', b'{"a": 1e999}', b'{"a": 0.5}', b"[]", b"null"):
        end = told(tmp_path, b'{"reason": null, "value": ' + value + b"}")
        assert end is not None
        with pytest.raises(RunFailure) as failure:
            Workspace(tmp_path).finish(end["value"])
        assert failure.value.reason is FailureReason.BAD_VALUE
    end = told(
        tmp_path, b'{"reason": "workload", "detail": "a\\ud800\\u001b[2J\\u0000b\\n' + b"x" * 5000 + b'"}'
    )
    assert end is not None
    detail = RunFailure(FailureReason.WORKLOAD, end["detail"]).detail
    assert detail.startswith("a\ufffd\ufffd[2J\ufffdb\nx")
    assert len(detail.encode()) < 2100


def told(place: Path, end: bytes) -> Mapping[str, Any] | None:
    path = place / "end"
    path.write_bytes(end)
    return _end(Gathered((File("end.json", b"", len(end), path),), (), complete=True))


def test_a_log_on_disk_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_logs, "MAX_LOG", 100)
    log = tmp_path / "run.log"
    log.write_bytes(b"x" * 150 + b"y" * 49)
    shorten_log(log)
    assert log.stat().st_size == 199
    with log.open("ab") as file:
        file.write(b"z" * 51)
    shorten_log(log)
    assert log.read_bytes() == b"--- earlier output is left out\n" + b"y" * 49 + b"z" * 51
    assert [path.name for path in tmp_path.iterdir()] == ["run.log"]


async def killed(boxes: Boxes, lease: Lease) -> None:
    """Lets another process begin the lease's run, and kills it meanwhile."""
    code = f"""
import asyncio
from pathlib import Path
from tests.orchestrator.test_boxed import Boxes
from ionet.orchestrator import Lease
boxes = Boxes(Path({str(boxes.root)!r}), Path({str(boxes.boxes)!r}))
manifest = boxes.world.store.get_manifest(bytes.fromhex({lease.digest.hex()!r}))
lease = Lease({lease.jobs!r}, {lease.nodes!r}, {lease.renter!r}, manifest.hash, manifest)
async def main():
    await boxes.executor.open(lease)
    await boxes.executor.run(lease, 1)
asyncio.run(main())
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    first = await asyncio.create_subprocess_exec(sys.executable, "-c", code, env=environment)
    while "begun" not in printed(boxes, lease):
        assert first.returncode is None
        await asyncio.sleep(0.1)
    first.kill()
    await first.wait()


async def test_a_run_goes_on_when_its_executor_is_killed(boxes: Boxes) -> None:
    """And the next process waits for that one, instead of running it again."""
    lease = boxes.lease(Function("renters:slow", {"seconds": 5}))
    await killed(boxes, lease)
    await boxes.executor.open(lease)
    done = await boxes.executor.run(lease, 2)
    assert list(done.value) == ["pid"]
    assert printed(boxes, lease).count("--- attempt") == 1
    await boxes.executor.release(lease)


async def test_a_run_that_ended_unwatched_is_collected_and_none_is_started_for_that(boxes: Boxes) -> None:
    lease = boxes.lease(Function("renters:slow", {"seconds": 5}))
    assert await boxes.executor.collect(lease) is None
    await killed(boxes, lease)
    assert await boxes.executor.collect(lease) is None, "it goes on"
    async with asyncio.timeout(60):
        while (done := await boxes.executor.collect(lease)) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.5)
    assert list(done.value) == ["pid"]
    assert printed(boxes, lease).count("--- attempt") == 1
    await boxes.executor.release(lease)
    assert await boxes.executor.collect(lease) is None


async def test_a_run_begins_again_after_a_loss_of_power(boxes: Boxes) -> None:
    """It has not failed: what was cut off is counted by whoever counts what was begun."""
    lease = boxes.lease(Function("renters:slow", {"seconds": 2}))
    await killed(boxes, lease)
    lose_power(lease.name, boxes.boxes)
    (boxes.boxes / lease.name / "boot").write_text("an earlier one")
    await boxes.executor.sweep([lease.name])
    await boxes.executor.open(lease)
    done = await boxes.executor.run(lease, 1)
    assert list(done.value) == ["pid"]
    log = printed(boxes, lease)
    assert "was cut off during this run" in log
    assert log.count("--- attempt 1\n") == 2
    lose_power(lease.name, boxes.boxes)
    (boxes.boxes / lease.name / "boot").write_text("an earlier one")
    shutil.rmtree(boxes.executor.workspace(lease).root)
    await boxes.executor.sweep([])


async def test_what_a_box_cannot_do_is_refused_before_it_starts(boxes: Boxes) -> None:
    lease = boxes.lease(Function("renters:slow", {}), ("numpy==2.4.6",))
    with pytest.raises(RunFailure, match=r"runtime_env\.pip needs the internet.*resources\.internet = true"):
        await boxes.executor.open(lease)
    online = boxes.lease(Function("renters:slow", {}), resources=Resources(internet=True))
    with pytest.raises(RunFailure, match="supplier does not allow jobs to reach the internet") as refused:
        await boxes.executor.open(online)
    assert refused.value.reason is FailureReason.PLACEMENT
    gone = boxes.lease(Function("renters:slow", {}), inputs=(Input("data", "00" * 32, 5),))
    await boxes.executor.open(gone)
    with pytest.raises(RunFailure) as failure:
        await boxes.executor.run(gone, 1)
    assert failure.value.reason is FailureReason.INPUT_MISSING
    await boxes.executor.release(gone)


def wheel(web: Path) -> None:
    """Puts an index with one package, of which nobody has heard, where a web server has its files."""
    folder, name = web / "simple" / "ionet-greeting", "ionet_greeting-1.0-py3-none-any.whl"
    folder.mkdir(parents=True)
    info = "ionet_greeting-1.0.dist-info"
    files = {
        "greeting.py": "WORDS = 'good day'\ndef main(): print(WORDS)\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: ionet-greeting\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\ngreet = greeting:main\n",
    }
    with zipfile.ZipFile(folder / name, "w") as file:
        for path, text in files.items():
            file.writestr(path, text)
        file.writestr(f"{info}/RECORD", "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD")))
    (folder / "index.html").write_text(f'<a href="{name}">{name}</a>')


async def test_packages_come_from_the_internet(boxes: Boxes, tmp_path: Path) -> None:
    if (why := missing(internet=True)) is not None:
        pytest.skip(why)
    (tmp_path / "world").mkdir()
    with world(tmp_path / "world") as there:
        wheel(there.web)
        online = Boxes(boxes.root, boxes.boxes, Internet(resolvers=(there.public,)))
        index = {"PIP_INDEX_URL": f"http://public.test:{WEB}/simple", "PIP_TRUSTED_HOST": "public.test"}
        index |= {"PIP_RETRIES": "0"}
        needs = {"resources": Resources(internet=True), "variables": index}
        wrong = online.lease(Function("renters:greets", {}), ("ionet-nothing==1.0",), **needs)  # type: ignore[arg-type]
        await online.executor.open(wrong)
        with pytest.raises(RunFailure, match="No matching distribution found for") as failure:
            await online.executor.run(wrong, 1)
        assert failure.value.reason is FailureReason.INPUT_MISSING
        assert "No matching distribution" in printed(online, wrong)
        await online.executor.release(wrong)
        lease = online.lease(Function("renters:greets", {}), ("ionet-greeting==1.0",), **needs)  # type: ignore[arg-type]
        await online.executor.open(lease)
        done = await online.executor.run(lease, 1)
        assert done.value == {"says": "good day", "runs": "good day", "sum": 24}, printed(online, lease)
        await online.executor.release(lease)


async def test_pip_that_takes_too_long_is_out_of_time(boxes: Boxes, tmp_path: Path) -> None:
    """Of an address at which nobody answers."""
    if (why := missing(internet=True)) is not None:
        pytest.skip(why)
    (tmp_path / "world").mkdir()
    with world(tmp_path / "world") as there:
        online = Boxes(boxes.root, boxes.boxes, Internet(resolvers=(there.public,)))
        await_nothing = {"PIP_INDEX_URL": f"https://{there.public}:7001/simple", "PIP_DEFAULT_TIMEOUT": "600"}
        lease = online.lease(
            Function("renters:slow", {}),
            ("ionet-greeting==1.0",),
            await_nothing,
            resources=Resources(internet=True),
            max_duration=5,
        )
        await online.executor.open(lease)
        with pytest.raises(RunFailure, match=r"runtime_env\.pip: longer than 5 s") as failure:
            await online.executor.run(lease, 1)
        assert failure.value.reason is FailureReason.OUT_OF_TIME
        await online.executor.release(lease)


async def test_a_run_has_its_whole_node_and_leaves_its_newest_output(boxes: Boxes) -> None:
    """The manifest asks for nothing; what it prints is in no other file."""
    lines = 75_000
    lease = boxes.lease(Function("renters:prints", {"lines": lines}))
    await boxes.executor.open(lease)
    run = asyncio.create_task(boxes.executor.run(lease, 1))
    while "000000001 x" not in printed(boxes, lease):
        assert not run.done()
        await asyncio.sleep(0.2)
    spec = boxes.world.specs[0]
    assert limits_of(boxes, lease) == (spec.memory + (2 << 30), 4096, 100_000 * spec.cpus)
    assert 0.9 * DISK < disk_of(boxes, lease) <= DISK
    done = await run
    assert done.value["kept"] < 16 << 20
    data = boxes.executor.log(lease).read_bytes()
    assert (60 << 20) < len(data) < (64 << 20) + 100
    first, *rest, last = data.splitlines()
    assert first == b"--- earlier output is left out"
    numbers = [int(line[:9]) for line in (*rest, last)]
    assert numbers == list(range(numbers[0], lines))
    await boxes.executor.release(lease)


def test_processes_follow_memory_with_rays_own_taken_off() -> None:
    whole = [most_processes(gib << 30) + 1024 for gib in (1, 6, 14, 62, 512)]
    assert whole == [4096, 4096, 8192, 32768, 32768]


def limits_of(boxes: Boxes, lease: Lease) -> tuple[int, int, int]:
    """Bytes of memory, processes, and microseconds of processors in each tenth of a second."""
    return (
        int(setting(lease.name, "memory.limit_in_bytes", "memory.max")),
        int(setting(lease.name, "pids.max", "pids.max")),
        int(setting(lease.name, "cpu.cfs_quota_us", "cpu.max").split()[0]),
    )


def disk_of(boxes: Boxes, lease: Lease) -> int:
    """Bytes of a box's disk."""
    disk = os.statvfs(boxes.boxes / lease.name / "disk")
    return disk.f_blocks * disk.f_frsize

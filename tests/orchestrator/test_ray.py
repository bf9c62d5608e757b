"""The Ray executor on a real cluster: one for the module, except where a cluster has to die."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Callable, Coroutine
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias

import psutil
import pytest
from tests.orchestrator.support import HOUR, RENTER, World, key

from ionet.orchestrator import FailureReason, Lease, Party, RayExecutor, RunFailure, RunOutput
from ionet.store.manifest import Command, Function, Manifest, RuntimeEnv
from ionet.workloads import Context, digits

pytestmark = [pytest.mark.ray, pytest.mark.slow]

Run: TypeAlias = Callable[[Manifest], Coroutine[Any, Any, RunOutput]]


def _lease(world: World, manifest: Manifest) -> Lease:
    nodes = tuple(spec.node for spec in world.specs[: manifest.nodes])
    jobs = tuple(key(n) for n in range(manifest.nodes))
    return Lease(jobs, nodes, RENTER, manifest.hash, manifest)


@pytest.fixture(scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, RayExecutor]]:
    patch = pytest.MonkeyPatch()
    root = tmp_path_factory.mktemp("ray")
    patch.setenv("HOME", str(root / "home"))
    patch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    patch.setenv("IONET_TEST_SECRET", "of the operator")
    (root / "home").mkdir()
    world = World(root)
    executor = RayExecutor(world.specs, world.store, root / "work")
    yield world, executor
    await executor.shutdown()
    patch.undo()


@pytest.fixture
def run(shared: tuple[World, RayExecutor]) -> Run:
    """Runs a manifest on the shared cluster of two nodes, each time from the beginning."""
    world, executor = shared

    async def call(manifest: Manifest) -> RunOutput:
        lease = _lease(world, manifest)
        await executor.open(lease)
        (executor.workspace(lease).root / "outcome.json").unlink(missing_ok=True)
        return await executor.run(lease, 1)

    return call


async def _appears(path: Path) -> None:
    for _ in range(1_200):
        if await asyncio.to_thread(path.exists):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{path} did not appear")


def _function(world: World, name: str, **arguments: Any) -> Manifest:
    return world.manifest(name, nodes=2, arguments=arguments)


async def test_tasks_run_in_the_lease_and_their_output_is_logged(
    shared: tuple[World, RayExecutor], run: Run
) -> None:
    world, _ = shared
    output = await run(_function(world, "squares", numbers=[2, 3]))
    assert output.value == {"sum": 13}
    assert [(item.name, item.path.read_text()) for item in output.outputs] == [("squares.txt", "4\n9")]
    assert output.log is not None
    for _ in range(50):  # Ray forwards what workers print with some delay
        if "squared 2" in output.log.read_text():
            break
        await asyncio.sleep(0.1)
    assert "squared 2" in output.log.read_text()


async def test_a_finished_run_is_not_repeated(shared: tuple[World, RayExecutor], run: Run) -> None:
    world, executor = shared
    manifest = _function(world, "squares", numbers=[4])
    await run(manifest)
    runs = world.runs
    again = await executor.run(_lease(world, manifest), 2)
    assert (again.value, world.runs) == ({"sum": 16}, runs)


async def test_the_digits_search_gives_the_same_model_on_ray_and_inline(run: Run, tmp_path: Path) -> None:
    arguments: dict[str, Any] = {"c_milli": [1_000, 5_000], "gamma_micro": [1_000], "seed": 3}
    output = await run(Manifest(entrypoint=Function(digits.ENTRYPOINT, arguments), nodes=2))
    inline = digits.run(Context(arguments, tmp_path, tmp_path))
    assert output.value == inline
    model = next(item.path for item in output.outputs if item.name == digits.MODEL_NAME)
    assert model.read_bytes() == (tmp_path / digits.MODEL_NAME).read_bytes()


async def test_the_cluster_shows_a_renter_nothing_but_the_lease(
    shared: tuple[World, RayExecutor], run: Run
) -> None:
    world, _ = shared
    seen = (await run(_function(world, "environment"))).value
    assert seen["mode"] == "token"
    assert "IONET_TEST_SECRET" not in seen["names"]
    assert seen["home"] != os.environ["HOME"]
    assert seen["cpus"] == 2
    assert [name for name in seen["nodes"] if "_group_" not in name] == sorted(
        f"ionet_node:{spec.node.hex()}" for spec in world.specs
    )


async def test_no_file_is_left_in_the_operators_home(shared: tuple[World, RayExecutor], run: Run) -> None:
    world, _ = shared
    await run(_function(world, "squares", numbers=[1]))
    assert os.listdir(os.environ["HOME"]) == []  # noqa: PTH208


async def test_a_workloads_exception_is_its_reason(shared: tuple[World, RayExecutor], run: Run) -> None:
    world, _ = shared
    with pytest.raises(RunFailure, match="ValueError: the data is wrong") as caught:
        await run(_function(world, "fails"))
    assert caught.value.reason is FailureReason.WORKLOAD


async def test_a_tasks_exception_is_its_reason(shared: tuple[World, RayExecutor], run: Run) -> None:
    world, _ = shared
    with pytest.raises(RunFailure, match="KeyError") as caught:
        await run(_function(world, "map_fails"))
    assert caught.value.reason is FailureReason.WORKLOAD


async def test_a_worker_that_dies_is_a_lost_node_and_retryable(
    shared: tuple[World, RayExecutor], run: Run
) -> None:
    world, _ = shared
    with pytest.raises(RunFailure) as caught:
        await run(_function(world, "dies"))
    assert caught.value.reason is FailureReason.NODE_LOST
    assert caught.value.retryable


async def test_a_task_whose_worker_dies_is_repeated_by_ray(
    shared: tuple[World, RayExecutor], run: Run, tmp_path: Path
) -> None:
    world, _ = shared
    output = await run(_function(world, "survives_a_dead_task", flag=str(tmp_path / "flag")))
    assert output.value == {"done": 1}


async def test_a_float_is_no_value(shared: tuple[World, RayExecutor], run: Run) -> None:
    world, _ = shared
    with pytest.raises(RunFailure, match="float") as caught:
        await run(_function(world, "returns_a_float"))
    assert caught.value.reason is FailureReason.BAD_VALUE


async def test_an_entrypoint_that_does_not_exist_is_named(
    shared: tuple[World, RayExecutor], run: Run
) -> None:
    world, _ = shared
    with pytest.raises(RunFailure, match="workloads:missing") as caught:
        await run(_function(world, "missing"))
    assert caught.value.reason is FailureReason.BAD_ENTRYPOINT


async def test_a_run_is_ended_at_its_longest_duration(
    shared: tuple[World, RayExecutor], run: Run, tmp_path: Path
) -> None:
    world, _ = shared
    arguments = {"started": str(tmp_path / "started"), "seconds": 60}
    manifest = world.manifest("sleeps", nodes=2, arguments=arguments, max_duration=3)
    with pytest.raises(RunFailure) as caught:
        await asyncio.wait_for(run(manifest), 30)
    assert caught.value.reason is FailureReason.OUT_OF_TIME


async def test_a_run_is_stopped_by_force(shared: tuple[World, RayExecutor], run: Run, tmp_path: Path) -> None:
    world, executor = shared
    started = tmp_path / "started"
    manifest = _function(world, "sleeps", started=str(started), seconds=60)
    running = asyncio.create_task(run(manifest))
    await _appears(started)
    await executor.stop(_lease(world, manifest))
    with pytest.raises(RunFailure) as caught:
        await asyncio.wait_for(running, 30)
    assert caught.value.reason is FailureReason.STOPPED


async def test_a_command_can_join_the_leases_cluster(run: Run) -> None:
    script = (
        "import os, ray; ray.init(address='auto', log_to_driver=False); "
        "open(os.environ['IONET_OUTPUT'] + '/cpus', 'w').write(str(int(ray.cluster_resources()['CPU'])))"
    )
    output = await run(Manifest(entrypoint=Command(("python", "-c", script)), nodes=2))
    assert [(item.name, item.path.read_text()) for item in output.outputs] == [("cpus", "2")]


async def test_a_command_that_fails_says_its_exit_code(run: Run) -> None:
    with pytest.raises(RunFailure, match="exit code 7"):
        await run(Manifest(entrypoint=Command(("python", "-c", "raise SystemExit(7)")), nodes=2))


async def test_a_working_directory_and_variables_reach_every_task(
    shared: tuple[World, RayExecutor], run: Run
) -> None:
    world, _ = shared
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(
            "renters.py",
            "import os\n"
            "def one(n): return n + int(os.environ['MORE'])\n"
            "def main(context): return {'values': context.map(one, [1, 2])}\n",
        )
    digest = world.store.put(archive.getvalue()).hex()
    env = RuntimeEnv(env_vars={"MORE": "40"}, working_dir=digest)
    output = await run(Manifest(entrypoint=Function("renters:main"), nodes=2, runtime_env=env))
    assert output.value == {"values": [41, 42]}


async def test_without_the_token_nobody_gets_into_the_cluster(
    shared: tuple[World, RayExecutor], run: Run
) -> None:
    world, executor = shared
    manifest = _function(world, "squares", numbers=[1])
    await run(manifest)
    host = psutil.Process(executor.processes(_lease(world, manifest), world.specs[0].node)[0])
    line = next(" ".join(p.cmdline()) for p in host.children(recursive=True) if "raylet" in p.name())
    address = next(part.split("=", 1)[1] for part in line.split() if part.startswith("--gcs-address="))
    code = (
        "import ray; from ray._raylet import GcsClient; "
        f"GcsClient(address={address!r}).internal_kv_keys(b'', None, timeout=5)"
    )
    env = {**os.environ, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "wrong" * 8}
    done = subprocess.run(  # noqa: ASYNC221 (nothing else runs meanwhile)
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert "nauthenticated" in done.stderr or "Auth" in done.stderr


async def test_a_job_goes_from_booking_to_payment_on_ray(tmp_path: Path) -> None:
    world = World(tmp_path)
    executor = RayExecutor(world.specs, world.store, tmp_path / "work")
    arguments = {"c_milli": [1_000], "gamma_micro": [1_000]}
    job = world.book(Manifest(entrypoint=Function(digits.ENTRYPOINT, arguments)))
    orchestrator = world.orchestrator(executor=executor)
    executor.prewarm([world.specs[0].node])
    try:
        await world.serve(orchestrator)
    finally:
        await orchestrator.aclose()
    result = orchestrator.result(job)
    assert result is not None
    assert result.value["test"]["total"] == digits.TEST_SIZE
    assert result.value["test"]["correct"] > 350
    account = world.chain.closed[job]
    assert (account.good, account.paid[Party.SUPPLIER]) == (HOUR, 9_975_000_000)
    assert not list((tmp_path / "work").iterdir()), "the lease's files are gone"


async def test_when_the_orchestrator_is_killed_its_clusters_end(tmp_path: Path) -> None:
    code = (
        "import asyncio, json, sys\n"
        "from pathlib import Path\n"
        "from tests.orchestrator.support import World\n"
        "from tests.orchestrator.test_ray import _lease\n"
        "from ionet.orchestrator import RayExecutor\n"
        "async def main():\n"
        "    world = World(Path(sys.argv[1]))\n"
        "    executor = RayExecutor(world.specs, world.store, world.root / 'work')\n"
        "    lease = _lease(world, world.manifest())\n"
        "    await executor.open(lease)\n"
        "    print(json.dumps(list(executor.processes(lease, lease.nodes[0]))), flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    child = subprocess.Popen(  # noqa: ASYNC220 (its one line is awaited below)
        [sys.executable, "-c", code, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    host = psutil.Process(json.loads(await asyncio.to_thread(child.stdout.readline))[0])
    family = [host, *host.children(recursive=True)]
    assert any("raylet" in process.name() for process in family)
    temp = Path(host.cwd())
    child.send_signal(signal.SIGKILL)
    child.wait()
    _, alive = await asyncio.to_thread(psutil.wait_procs, family, 30)
    assert not alive
    assert not await asyncio.to_thread(temp.exists), "its directory is gone as well"


async def test_when_a_cluster_dies_the_run_is_lost_and_the_next_attempt_has_a_new_one(tmp_path: Path) -> None:
    world = World(tmp_path)
    executor = RayExecutor(world.specs, world.store, tmp_path / "work")
    started = tmp_path / "started"
    slow = world.manifest("sleeps", arguments={"started": str(started), "seconds": 60})
    lease = _lease(world, slow)
    try:
        await executor.open(lease)
        running = asyncio.create_task(executor.run(lease, 1))
        await _appears(started)
        os.kill(executor.processes(lease, lease.nodes[0])[0], signal.SIGKILL)
        with pytest.raises(RunFailure) as caught:
            await asyncio.wait_for(running, 30)
        assert caught.value.reason is FailureReason.NODE_LOST
        assert executor.processes(lease, lease.nodes[0]) == ()
        quick = world.manifest("squares")
        output = await executor.run(Lease(lease.jobs, lease.nodes, RENTER, quick.hash, quick), 2)
        assert output.value == {"sum": 14}
    finally:
        await executor.shutdown()

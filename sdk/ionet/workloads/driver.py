"""The first process of a job's box: starts Ray's head, submits the job to it, and reports the end.

It reads `/in/run.json`, which the worker has written::

    {"argv": [...] or null, "function": "module:name" or null, "arguments": {...}, "env": {...},
     "nodes": [{"node": hex, "cpus": n, "gpus": n, "memory": bytes}], "object_store": bytes,
     "pip": ["name==version"], "seconds": n, "working_dir": true or false,
     "cluster": null or {"address": IPv4, "head": IPv4, "nodes": [hex], "on_loss": "end" or "continue",
                         "secret": hex, "seconds": n}}

and leaves in `/job/out` the job's own files below `files`, and `end.json`: `{"reason": null, "value": {...}}`
or `{"reason": "...", "detail": "..."}`. Its reader trusts none of it: this runs beside the renter's code.

A lease over several machines has a box on each, whose interface `io0` comes up with the address that
`cluster` names: the head's box runs the job as soon as all nodes are there, the others join Ray's head and
run what Ray gives them.
"""

from __future__ import annotations

import json
import logging
import os
import shlex
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ionet.workloads._run import MAX_DETAIL, RAY_SETTINGS, node_resource

RUN: Final = Path("/in/run.json")
ARCHIVE: Final = Path("/in/working_dir.zip")
#: What lets the renter in needs this library; see `ionet.workloads.access`.
ACCESS: Final = Path("/in/access.tar")
WORK: Final = Path("/job/work")
FILES: Final = Path("/job/out/files")
END: Final = Path("/job/out/end.json")
#: What `runtime_env.pip` asks for.
PACKAGES: Final = WORK / ".packages"
#: Bytes that are copied at once, and seconds for the last of them.
_BLOCK: Final = 1 << 16
_COPY_SECONDS: Final = 10.0
#: Lines of pip's that say why it failed.
_LINES: Final = 12
#: Room for `END` on a disk that the job has filled.
_ROOM: Final = Path("/job/.room")
_ROOM_BYTES: Final = 4 << 20

#: What Ray says at its start.
_SAID: Final = Path("/job/ray.log")
_DASHBOARD: Final = 8265
_GCS: Final = 6379
_START_SECONDS: Final = 120
#: Times that Ray's head is started.
_STARTS: Final = 2
#: Ports of a node, besides the head's; all of them are reached by the lease's members only. Ray would choose
#: free ones, and now and then lose one to a connection of its own before it takes it: those get higher ones.
_PORTS: Final = {
    "node-manager-port": 20_200,
    "object-manager-port": 20_201,
    "runtime-env-agent-port": 20_202,
    "dashboard-agent-grpc-port": 20_203,
    "dashboard-agent-listen-port": 20_204,
    "metrics-export-port": 20_205,
    "min-worker-port": 21_000,
    "max-worker-port": 30_999,
}
#: A node that has gone silent is lost after 20 s; one whose Ray ends, at once.
_CLUSTER_SETTINGS: Final = {
    "RAY_AUTH_MODE": "token",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "3000",
    "RAY_health_check_failure_threshold": "5",
}
_LOOK: Final = 1.0
#: Seconds within which a server that ends could not do its work.
_SOON: Final = 10.0
_SETTINGS: Final = {
    **RAY_SETTINGS,
    # A busy machine takes longer than Ray's 30 s.
    "RAY_raylet_start_wait_time_s": str(_START_SECONDS),
    # Of each of its processes' logs, which are on the job's disk.
    "RAY_ROTATION_MAX_BYTES": str(8 << 20),
    "RAY_ROTATION_BACKUP_COUNT": "1",
}


def tell(reason: str | None, detail: str = "", value: object = None) -> None:
    """Writes how the job ended; only the first call counts, as it is the closest to the cause."""
    end = (
        {"reason": None, "value": value}
        if reason is None
        else {"reason": reason, "detail": detail[:MAX_DETAIL]}
    )
    _ROOM.unlink(missing_ok=True)
    part = END.with_suffix(f".{os.getpid()}")
    part.write_text(json.dumps(end))
    try:
        os.link(part, END)
    except FileExistsError:
        pass
    finally:
        part.unlink()


def ray_start(run: Mapping[str, Any], *flags: str, **more: object) -> list[str]:
    """The command that starts Ray with exactly the leased nodes' resources."""
    nodes, cluster = run["nodes"], run["cluster"]
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--disable-usage-stats", *flags]
    options = {
        "node-ip-address": cluster["address"] if cluster else "127.0.0.1",
        "num-cpus": sum(node["cpus"] for node in nodes),
        "num-gpus": sum(node["gpus"] for node in nodes),
        "memory": sum(node["memory"] for node in nodes),
        "object-store-memory": run["object_store"],
        "resources": json.dumps({node_resource(node["node"]): 1 for node in nodes}),
        **_PORTS,
        **more,
    }
    return command + [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]


def start_head(run: Mapping[str, Any]) -> bool:
    """Starts Ray's head, again where it does not come up; returns whether it did."""
    for _ in range(_STARTS):
        if _start_head(run):
            return True
        end_ray()
    return False


def _start_head(run: Mapping[str, Any]) -> bool:
    command = ray_start(
        run,
        "--head",
        port=_GCS,
        dashboard_host=host(run),
        dashboard_port=_DASHBOARD,
        # Its sockets' names are limited to 107 bytes.
        temp_dir="/tmp/ray",  # noqa: S108 (the box's own)
    )
    with _SAID.open("wb") as out:
        try:
            subprocess.run(
                command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, check=True, timeout=_START_SECONDS
            )
        except subprocess.SubprocessError as error:
            why = error
        else:
            return True
    print(_SAID.read_text(errors="replace"), f"--- Ray's head has not started: {why}", sep="\n", flush=True)
    return False


def end_ray() -> None:
    """Ends what is left of Ray in this box, so that its ports are free."""
    command = [sys.executable, "-m", "ray.scripts.scripts", "stop", "--force"]
    subprocess.run(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=False
    )


def host(run: Mapping[str, Any]) -> str:
    """Where Ray's head is."""
    return str(run["cluster"]["head"]) if run["cluster"] else "127.0.0.1"


def gcs(run: Mapping[str, Any]) -> str:
    """What `ray.init` finds the cluster by."""
    return f"{host(run)}:{_GCS}"


def is_up(address: str, seconds: float) -> bool:
    """Waits for an address of this box; returns whether it is there."""
    deadline = time.monotonic() + seconds
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((address, 0))
            except OSError:
                if time.monotonic() > deadline:
                    return False
                time.sleep(0.2)
            else:
                return True


def follow(run: Mapping[str, Any]) -> None:
    """Runs what Ray's head gives this node, and joins again where that ends; until the box is ended."""
    last = ""
    while True:
        with _SAID.open("wb") as out:
            command = ray_start(run, "--block", address=gcs(run))
            status = subprocess.run(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, check=False)
        said = f"--- Ray ended with {status.returncode} on this node, which joins again"
        if said != last:
            print(_SAID.read_text(errors="replace"), said, sep="\n", flush=True)
            last = said
        time.sleep(1.0)


class Cluster:
    """The nodes of a lease over several machines, seen from its head.

    Args:
        wanted: what `run.json` has as `cluster`.
    """

    def __init__(self, wanted: Mapping[str, Any]) -> None:
        self._nodes: list[str] = wanted["nodes"]
        self._ends = wanted["on_loss"] == "end"
        self._seconds = wanted["seconds"]
        self._address = f"{wanted['head']}:{_GCS}"
        self._told: set[str] = set()
        self._there: dict[str, str] = {}
        self._looked = 0.0

    def gather(self) -> str | None:
        """Waits until every node is there; returns what is wrong if that does not come."""
        import ray
        from ray.util.placement_group import placement_group, placement_group_table, remove_placement_group

        ray.init(address=self._address, namespace="ionet", log_to_driver=False, logging_level=logging.ERROR)
        deadline = time.monotonic() + self._seconds
        while missing := self._nodes_without(self._alive()):
            if time.monotonic() > deadline:
                return f"nodes that do not come within {self._seconds} s: {', '.join(missing)}"
            time.sleep(_LOOK)
        bundles = [{node_resource(node): 1.0} for node in self._nodes]
        group = placement_group(bundles, strategy="STRICT_SPREAD")
        if not group.wait(_START_SECONDS):
            return f"Ray does not spread over {len(self._nodes)} nodes"
        placed = placement_group_table(group)["bundles_to_node_id"].values()
        if len(set(placed)) != len(self._nodes):
            return f"{len(self._nodes)} leased nodes are {len(set(placed))} of Ray's"
        remove_placement_group(group)
        self._greet(self._alive())
        return None

    def _greet(self, alive: Mapping[str, str]) -> None:
        """Says in the log which nodes have come: at first, again, or in place of a lost one."""
        for node, address in sorted(alive.items()):
            if node not in self._there:
                print(f"--- node {node} is there as {address}", flush=True)
        self._there = dict(alive)

    @staticmethod
    def _alive() -> dict[str, str]:
        """The addresses of the leased nodes that are there."""
        import ray

        prefix, found = node_resource(""), {}
        nodes: Any = ray.nodes()  # type: ignore[no-untyped-call]
        for node in nodes:
            names = [name for name in node["Resources"] if name.startswith(prefix)]
            if node["Alive"] and names:
                found[names[0].removeprefix(prefix)] = str(node["NodeManagerAddress"])
        return found

    def _nodes_without(self, alive: Mapping[str, str]) -> list[str]:
        return [node for node in self._nodes if node not in alive]

    def lost(self) -> str | None:
        """Says in the log which nodes have been lost; returns it where that ends the run."""
        if time.monotonic() - self._looked < _LOOK:
            return None
        self._looked = time.monotonic()
        alive = self._alive()
        for node in sorted({*self._nodes_without(alive), *self._there} - alive.keys()):
            if node in self._there or node not in self._told:
                self._told.add(node)
                print(f"--- node {node} is lost", flush=True)
        self._greet(alive)
        return f"lost: {', '.join(sorted(self._told))}" if self._told and self._ends else None


def entrypoint(run: Mapping[str, Any], output: str) -> str:
    """The line of shell that Ray's Jobs API takes.

    Args:
        run: the orders.
        output: the pipe to print to. What a job prints goes there and not into Ray's file of it, which has no
            end: whoever prints faster than is read has to wait, and fills no disk.
    """
    argv = run["argv"] or [sys.executable, "-m", "ionet.workloads.entry"]
    return f"cd {WORK} && exec {shlex.join(argv)} >{output} 2>&1"


def variables(run: Mapping[str, Any]) -> dict[str, str]:
    """The job's environment."""
    path = [str(WORK)] if run["working_dir"] else []
    path.append(os.environ["PYTHONPATH"])
    more = {}
    if run["pip"]:
        path.append(str(PACKAGES))
        more["PATH"] = f"{PACKAGES / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {**more, **run["env"], "IONET_OUTPUT": str(FILES), "PYTHONPATH": os.pathsep.join(path)}


def submit(run: Mapping[str, Any], deadline: float, output: str, cluster: Cluster | None) -> None:
    """Submits the job, waits for its end, and reports it."""
    client = connected(host(run))
    job = client.submit_job(entrypoint=entrypoint(run, output), runtime_env={"env_vars": variables(run)})
    status = ended(client, job, deadline, cluster)
    if status is None:
        tell("out-of-time", f"longer than {run['seconds']} s")
        return
    if status == LOST:
        return
    if status == "SUCCEEDED":
        tell(None, value={"exit_code": 0} if run["argv"] else None)
        return
    info = client.get_job_info(job)
    code = info.driver_exit_code
    if run["argv"] and code in (126, 127):
        tell("bad-entrypoint", f"{run['argv'][0]}: it cannot be run")
    elif code is not None:
        tell("workload", f"exit code {code}")
    else:
        tell("executor", str(info.message))


#: The status of a job that ends since a node of its lease was lost, which has been reported.
LOST: Final = "LOST"


def ended(client: Any, job: str, deadline: float, cluster: Cluster | None = None) -> str | None:
    """Waits until Ray knows how the job ended, and returns that status; None after the deadline."""
    while not (status := client.get_job_status(job)).is_terminal():
        if time.monotonic() > deadline:
            return None
        if cluster is not None and (lost := cluster.lost()) is not None:
            tell("node-lost", lost)
            client.stop_job(job)
            return LOST
        time.sleep(0.1)
    return str(status)


def connected(address: str) -> Any:
    """Returns a client of Ray's Jobs API as soon as it answers."""
    from ray.job_submission import JobSubmissionClient

    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            client = JobSubmissionClient(f"http://{address}:{_DASHBOARD}")
            client.list_jobs()
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return client


def unpack() -> None:
    """Unpacks the working directory; in a box, so that an archive can do no harm outside."""
    with zipfile.ZipFile(ARCHIVE) as archive:
        for item in archive.infolist():
            if not (WORK / item.filename).resolve().is_relative_to(WORK):
                raise ValueError(f"the archive holds {item.filename!r}, which leads out of it")
        for item in archive.infolist():
            # The inputs are there already, and come first.
            if not (WORK / item.filename).is_file():
                archive.extract(item, WORK)


def install(run: Mapping[str, Any], deadline: float) -> bool:
    """Installs what the job wants by pip; returns whether it could, and reports it if not."""
    command = [sys.executable, "-m", "pip", "install", "--target", str(PACKAGES), "--no-cache-dir"]
    command += ["--no-input", "--disable-pip-version-check", "--progress-bar=off", *run["pip"]]
    # What stands in this one is for the driver.
    given = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    last: deque[str] = deque(maxlen=_LINES)
    with subprocess.Popen(
        command,
        env={**given, **run["env"]},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as pip:
        assert pip.stdout is not None
        timer = threading.Timer(max(0.0, deadline - time.monotonic()), os.killpg, (pip.pid, signal.SIGKILL))
        timer.start()
        for line in pip.stdout:
            print(line, end="", flush=True)
            last.append(line)
        status = pip.wait()
        timer.cancel()
    if status == 0:
        return True
    words = "".join(last).strip()
    if time.monotonic() > deadline:
        tell("out-of-time", f"runtime_env.pip: longer than {run['seconds']} s: {words}")
    else:
        tell("input-missing", f"runtime_env.pip: pip ended with {status}: {words}")
    return False


def let_in() -> None:
    """Keeps the renter's way into this box open, if it has one."""
    if not ACCESS.exists():
        return
    with tarfile.open(ACCESS) as archive:
        archive.extractall(os.environ["PYTHONPATH"])  # noqa: S202 (the worker's own)
    pause = 1.0
    while True:
        began = time.monotonic()
        # Who comes in can end it, too.
        done = subprocess.run(
            [sys.executable, "-m", "ionet.workloads.access"], stdin=subprocess.DEVNULL, check=False
        )
        print(f"--- the SSH server ended with {done.returncode}, and begins again", flush=True)
        # An image may lack what it needs.
        pause = min(2 * pause, 600.0) if time.monotonic() - began < _SOON else 1.0
        time.sleep(pause)


def drive(output: str) -> None:
    """Runs the job; its failures are reported, and a failure of the driver itself ends this process."""
    run = json.loads(RUN.read_text())
    os.environ.update(_SETTINGS)
    wanted = run["cluster"]
    if wanted:
        os.environ.update({**_CLUSTER_SETTINGS, "RAY_AUTH_TOKEN": wanted["secret"]})
    FILES.mkdir()
    with _ROOM.open("wb") as room:
        os.posix_fallocate(room.fileno(), 0, _ROOM_BYTES)
    if run["working_dir"]:
        try:
            unpack()
        except Exception as error:  # whatever an archive can be made to raise
            tell("input-missing", f"the working directory cannot be unpacked: {error}")
            return
    threading.Thread(target=let_in, daemon=True).start()
    begin = time.monotonic()
    if run["pip"] and not install(run, begin + run["seconds"]):
        return
    took = time.monotonic() - begin
    if wanted and not is_up(wanted["address"], wanted["seconds"]):
        tell("node-lost", "this box was not connected to its lease's network")
        return
    if wanted and wanted["address"] != wanted["head"]:
        follow(run)
    if not start_head(run):
        tell("executor", "Ray's head did not start; the log says why")
        return
    cluster = Cluster(wanted) if wanted else None
    if cluster is not None and (why := cluster.gather()) is not None:
        tell("node-lost", why)
        return
    submit(run, time.monotonic() + run["seconds"] - took, output, cluster)


def may_open_output() -> bool:
    """Whether processes of this user may print to this one's output: podman's is another user's."""
    try:
        os.close(os.open("/proc/self/fd/1", os.O_WRONLY))
    except PermissionError:
        return False
    return True


def copy_output(pipe: int) -> None:
    """Prints what comes by a pipe, until nobody can write to it any more."""
    while block := os.read(pipe, _BLOCK):
        while block:
            block = block[os.write(1, block) :]


def main() -> int:
    """The first process: waits for all others, as nobody else does for orphans, and ends with the driver."""
    pipe = None if may_open_output() else os.pipe()
    driver = os.fork()
    if not driver:
        drive(f"/proc/{os.getppid()}/fd/{pipe[1] if pipe else 1}")
        return 0
    copier = threading.Thread(target=copy_output, args=pipe[:1] if pipe else (), daemon=True)
    if pipe:
        copier.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    while True:
        pid, status = os.wait()
        if pid == driver:
            if pipe:
                os.close(pipe[1])
                copier.join(_COPY_SECONDS)
            return abs(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    sys.exit(main())

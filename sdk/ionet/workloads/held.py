"""A cluster that is held for its renter: it waits for orders, and runs what they say by Ray's Jobs API.

The entrypoint of a manifest with these arguments::

    {"name": "digits", "setup": "make data", "run": "python3 train.py", "volumes": {"data": hash}}

A volume's folder lies below the job's output on the first node, where it is collected at the end, and is a
link in the working directory; the others have it as it was sent.
`setup` is run by the shell on each node, also on one that comes later; `run` on the first node after that.
Orders are files in `/in`, which only the worker writes, for the renter: `order-ID.json`, of 16 hex digits,
with one of these::

    {"do": "exec", "command": "python3 train.py"}
    {"do": "cancel", "id": "0123456789abcdef"}
    {"do": "end"}

What happens is told in the log: `--- cluster is ready`, `--- setup failed on NODE: STATUS`, and of a command
`--- exec ID begins`, `[ID] a line`, `[ID]+a part of a line`, `--- exec ID ends: 0`, or why not, and
`--- exec ID is not cancelled: why`. With `idle` among the arguments, seconds, also
`--- cluster is idle for 1200 s`, once it has been for so long, and `--- cluster is used again`. Where the
worker holds what ends its jobs, which `/in/ends.json` says, an idle cluster ends by itself, and returns
``{"commands": n, "idle": 1200}``.
No program can write such lines of another, as each of its own begins with its id.
"""

from __future__ import annotations

import json
import os
import re
import select
import shlex
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ionet.workloads import driver

if TYPE_CHECKING:
    from ionet.workloads._context import Context

ENTRYPOINT: Final = "ionet.workloads.held:run"
ORDER: Final = re.compile(r"order-([0-9a-f]{16})\.json")
#: What says that the worker can end the cluster's jobs.
ENDS: Final = "ends.json"
#: The id of the manifest's own command.
RUN_ID: Final = "0" * 16
READY: Final = "cluster is ready"
SETUP_FAILED: Final = "setup failed on "
IDLE: Final = "cluster is idle for "
USED: Final = "cluster is used again"
NOT_CANCELLED: Final = " is not cancelled: "
#: Seconds between two looks at whether anything is used.
_IDLE_LOOK: Final = 5.0
_BLOCK: Final = 1 << 16
_LONGEST: Final = 1 << 13
_PAUSE: Final = 0.2
_TAIL: Final = 8_000
_ENDING: Final = 10.0


def order_problem(data: bytes) -> str | None:
    """Why bytes are no order; None if they are one."""
    try:
        order = json.loads(data)
    except (ValueError, RecursionError):
        order = None
    match order:
        case {"do": "end", **more} if not more:
            return None
        case {"do": "exec", "command": str(command), **more} if command and "\0" not in command and not more:
            return None
        case {"do": "cancel", "id": str(name), **more} if not more and re.fullmatch("[0-9a-f]{16}", name):
            return None
    return "an order is a JSON object that says what to do: exec, cancel or end"


class _Log:
    """Prints whole lines, of one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        with self._lock:
            print(f"--- {text}", flush=True)

    def show(self, name: str, text: str, *, whole: bool = True) -> None:
        with self._lock:
            print(f"[{name}]{' ' if whole else '+'}{text}", flush=True)


class _Commands:
    """The commands that were ordered."""

    def __init__(self, log: _Log, address: str, environment: dict[str, str]) -> None:
        self._log, self._address, self._environment = log, address, environment
        self._threads: dict[str, threading.Thread] = {}

    @property
    def count(self) -> int:
        return len(self._threads)

    @property
    def running(self) -> int:
        return sum(thread.is_alive() for thread in self._threads.values())

    def start(self, name: str, command: str) -> None:
        """Starts one; a second time it does nothing."""
        if name not in self._threads:
            self._threads[name] = threading.Thread(target=self._run, args=(name, command), daemon=True)
            self._threads[name].start()

    def cancel(self, name: str) -> None:
        """Ends one that runs, and says of another why it does not."""
        thread = self._threads.get(name)
        if thread is None or not thread.is_alive():
            why = "there was no such command" if thread is None else "it has ended before"
            self._log.say(f"exec {name}{NOT_CANCELLED}{why}")
            return
        try:
            driver.connected(self._address).stop_job(name)
        except Exception as bad:  # whatever Ray raises
            self._log.say(f"exec {name}{NOT_CANCELLED}{' '.join(str(bad).split())[:500]}")

    def end(self) -> None:
        """Ends all that run, and waits for them."""
        alive = [name for name, thread in self._threads.items() if thread.is_alive()]
        for name in alive:
            self.cancel(name)
        deadline = time.monotonic() + _ENDING
        for name in alive:
            self._threads[name].join(max(0.0, deadline - time.monotonic()))

    def _run(self, name: str, command: str) -> None:
        self._log.say(f"exec {name} begins")
        try:
            self._log.say(f"exec {name} ends: {self._status(name, command)}")
        except Exception as bad:  # whatever Ray raises
            self._log.say(f"exec {name} ends: {type(bad).__name__}: {' '.join(str(bad).split())[:500]}")

    def _status(self, name: str, command: str) -> str:
        pipe = Path(f"/tmp/exec-{name}")  # noqa: S108 (the box's own)
        os.mkfifo(pipe)
        # Also for writing, or there would be an end before there is a beginning.
        reader = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
        try:
            client = driver.connected(self._address)
            client.submit_job(
                entrypoint=f"cd {driver.WORK} && exec sh -c {shlex.quote(command)} >{pipe} 2>&1",
                submission_id=name,
                runtime_env={"env_vars": self._environment},
            )
            self._copy(name, reader, client)
            info = client.get_job_info(name)
        finally:
            os.close(reader)
            pipe.unlink()
        if info.driver_exit_code is not None:
            return str(info.driver_exit_code)
        return (
            "0"
            if str(info.status) == "SUCCEEDED"
            else f"{info.status}: {' '.join(str(info.message).split())}"
        )

    def _copy(self, name: str, reader: int, client: Any) -> None:
        """Copies what a command prints until it has ended."""
        rest, over = b"", False
        while True:
            readable = bool(select.select([reader], [], [], _PAUSE)[0])
            if readable:
                *lines, rest = (rest + os.read(reader, _BLOCK)).split(b"\n")
                for line in lines:
                    self._log.show(name, line.decode(errors="replace"))
            if rest and (not readable or len(rest) > _LONGEST):
                self._log.show(name, rest.decode(errors="replace"), whole=False)
                rest = b""
            if over and not readable:
                return
            if not readable:
                # What is still in the pipe is read once more.
                over = client.get_job_status(name).is_terminal()


def prepare(script: str) -> tuple[int, str]:
    """Runs a script on the node that this is called on; returns its exit status and the end of its output."""
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=driver.WORK,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return done.returncode, done.stdout[-_TAIL:].decode(errors="replace")


class _Nodes:
    """Prepares nodes as they come."""

    def __init__(self, log: _Log, script: str) -> None:
        self._log, self._script = log, script
        self._known: set[str] = set()

    def prepare_new(self) -> bool:
        """Runs the script on all nodes on which it has not been run; returns whether it went well."""
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        nodes: Any = ray.nodes()  # type: ignore[no-untyped-call]
        new = {str(node["NodeID"]): str(node["NodeManagerAddress"]) for node in nodes if node["Alive"]}
        new = {node: address for node, address in new.items() if node not in self._known}
        self._known |= new.keys()
        if not self._script or not new:
            return True
        task: Any = ray.remote(prepare)
        running = {
            address: task.options(
                num_cpus=0,
                max_retries=0,
                scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False),
            ).remote(self._script)
            for node, address in new.items()
        }
        well = True
        for address, result in running.items():
            try:
                status, output = ray.get(result)
            except ray.exceptions.RayError as bad:
                status, output = -1, str(bad)
            for line in output.splitlines():
                self._log.show(f"setup {address}", line)
            if status:
                self._log.say(f"{SETUP_FAILED}{address}: {status}")
                well = False
        return well


class Idleness:
    """Tells when a cluster has been idle for a time, and when it is used again. Pure.

    Args:
        seconds: how long; 0: nothing is told.
        say: told it.
        now: what the time is now, seconds.
    """

    def __init__(self, seconds: int, say: Callable[[str], None], now: float) -> None:
        self._seconds, self._say = seconds, say
        self._since, self._told = now, False

    @property
    def idle(self) -> bool:
        """Whether it has been idle for so long, and is."""
        return self._told

    def look(self, *, used: bool, now: float) -> None:
        """Takes note of whether the cluster is used at a time."""
        if used:
            self._since = now
            if self._told:
                self._say(USED)
            self._told = False
        elif self._seconds and not self._told and now - self._since >= self._seconds:
            self._told = True
            self._say(f"{IDLE}{self._seconds} s")


def busy(total: Mapping[str, float], free: Mapping[str, float]) -> bool:
    """Whether tasks or actors hold any of a cluster's resources.

    Args:
        total: what its nodes have.
        free: what nobody holds.
    """
    # What lies in the object store is no work.
    return any(free.get(name, 0.0) < most for name, most in total.items() if name != "object_store_memory")


class _Use:
    """Whether anybody uses the cluster: commands, jobs of Ray's, tasks and actors."""

    def __init__(self, commands: _Commands, address: str) -> None:
        self._commands, self._address = commands, address
        # This one itself.
        self._own = self._running()

    def _running(self) -> set[str]:
        jobs = driver.connected(self._address).list_jobs()
        return {str(job.submission_id) for job in jobs if job.submission_id and not job.status.is_terminal()}

    def any(self) -> bool:
        import ray

        if self._commands.running:
            return True
        try:
            total: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
            free: dict[str, float] = ray.available_resources()  # type: ignore[no-untyped-call]
            if busy(total, free):
                return True
            return bool(self._running() - self._own)
        except Exception:  # whatever Ray raises
            # What is not known to be idle is used.
            return True


def mount(paths: Iterable[str], work: Path, files: Path) -> None:
    """Has volumes' folders of the working directory lie among the job's files."""
    for path in paths:
        here, there = work / path, files / path
        if here.is_symlink():
            continue
        there.parent.mkdir(parents=True, exist_ok=True)
        here.parent.mkdir(parents=True, exist_ok=True)
        if here.exists():
            here.replace(there)
        else:
            there.mkdir()
        here.symlink_to(there)


def run(context: Context) -> dict[str, Any]:
    """Holds the cluster until it is ended: the entrypoint.

    Returns:
        ``{"commands": n}``, how many were run, and ``idle``, seconds, if it has ended because it was.
    """
    import ray

    mount(context.arguments.get("volumes", {}), driver.WORK, driver.FILES)
    lease = json.loads(driver.RUN.read_text())
    ray.init(log_to_driver=False)
    log = _Log()
    commands = _Commands(log, driver.host(lease), driver.variables(lease))
    idle = int(context.arguments.get("idle", 0))
    use = _Use(commands, driver.host(lease)) if idle else None
    nodes = _Nodes(log, str(context.arguments.get("setup", "")))
    if nodes.prepare_new():
        log.say(READY)
        if script := str(context.arguments.get("run", "")):
            commands.start(RUN_ID, script)
    known: set[str] = set()
    looked = asked = time.monotonic()
    idleness = Idleness(idle, log.say, looked)
    while True:
        for name, what in _orders(known):
            if what.get("do") == "end":
                commands.end()
                return {"commands": commands.count}
            if what.get("do") == "exec":
                commands.start(name, str(what["command"]))
            elif what.get("do") == "cancel":
                commands.cancel(str(what["id"]))
        if time.monotonic() - looked > 1.0:
            nodes.prepare_new()
            looked = time.monotonic()
        if use is not None and time.monotonic() - asked > _IDLE_LOOK:
            idleness.look(used=use.any(), now=time.monotonic())
            asked = time.monotonic()
            if idleness.idle and (driver.RUN.parent / ENDS).exists():
                return {"commands": commands.count, "idle": idle}
        time.sleep(_PAUSE)


def _orders(known: set[str]) -> list[tuple[str, dict[str, Any]]]:
    """The orders that have come, in the order in which they came."""
    paths = [
        path for path in driver.RUN.parent.iterdir() if path.name not in known and ORDER.fullmatch(path.name)
    ]
    found = []
    for path in sorted(paths, key=lambda path: (path.stat().st_mtime_ns, path.name)):
        known.add(path.name)
        found.append((path.name[6:22], json.loads(path.read_text())))
    return found

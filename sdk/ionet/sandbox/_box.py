"""The life of a box: making, starting, watching, gathering its files, removing."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from ionet.chain.errors import ConfigError, IonetError
from ionet.chain.files import state_folder
from ionet.sandbox import _cgroups, _disk, _log, _network, _users
from ionet.sandbox._bundle import (
    LOCKED_MEMORY,
    NET_USER,
    OPEN_FILES,
    USER,
    Device,
    Layout,
    Limits,
    collector,
    program,
)
from ionet.sandbox._gather import File, Gathered, Skipped, read
from ionet.sandbox._host import TOOL_PATH, ToolFailed, attempt, missing, seccomp, tool
from ionet.sandbox._network import Internet
from ionet.sandbox._shim import ENDS, LOG, STATE

__all__ = ["Box", "BoxError", "Ended", "Ending", "File", "Gathered", "Skipped", "reap"]

_NAME: Final = re.compile(r"[a-z0-9]{1,32}")
_GIVEN: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")
_MOST_GIVEN: Final = 2_000
_START_SECONDS: Final = 60
_KILL_SECONDS: Final = 20
#: For handing over all files that a box left.
_COLLECT_SECONDS: Final = 600
_CONNECT_SECONDS: Final = 5.0
_PAUSE: Final = 0.01
_BOOT: Final = "boot"
_PASSWD: Final = f"root:x:0:0::/:/bin/false\njob:x:{USER}:{USER}::/job:/bin/sh\n"


class BoxError(IonetError):
    """A box cannot be made, started or removed; the message says why."""


class Ending(StrEnum):
    """How a box's program ended."""

    EXIT = "exit"
    TIME = "time"
    LEASE = "lease"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Ended:
    """A box whose program has ended.

    Attributes:
        ending: how.
        status: its exit status, negative for a signal.
        seconds: how long it ran.
    """

    ending: Ending
    status: int
    seconds: float


class Box:
    """One box. Several objects, in several processes, may stand for the same one.

    Args:
        name: 1 to 32 of `a-z0-9`, unique on this machine.
        state: the directory of this machine's boxes.
        tools: the root file system whose Python gathers its files; by default the program's own.

    Raises:
        BoxError: this is not a valid name.
    """

    def __init__(self, name: str, state: Path, tools: Path | None = None) -> None:
        if not _NAME.fullmatch(name):
            raise BoxError(f"a box's name is 1 to 32 of a-z and 0-9, not {name!r}")
        self.name = name
        self._state = state.resolve()
        self._home = self._state / name
        self._network = network_of(name)
        self._tools = tools

    # -- its start

    def start(
        self,
        image: Path,
        command: Sequence[str],
        *,
        limits: Limits | None = None,
        environment: Mapping[str, str] | None = None,
        inputs: Mapping[str, Path] | None = None,
        given: Mapping[str, bytes | Path] | None = None,
        devices: Iterable[Device] = (),
        driver: Mapping[str, Path] | None = None,
        internet: Internet | None = None,
        address: str | None = None,
    ) -> None:
        """Makes the box and starts its program, which goes on when this process ends.

        Args:
            image: directory of the root file system, which the box cannot change.
            command: the program and its arguments, with their paths inside.
            limits: what it may use.
            environment: additional variables.
            inputs: files to copy into the working directory, by relative path.
            given: read-only files in /in, by name: their content, or where it is.
            devices: devices of the host that it may use.
            driver: files of the host that belong to the devices, by their path inside; see `gpus`.
            internet: how it reaches the internet; None if it does not.
            address: what its own name stands for in it, if that is not the loopback's.

        Raises:
            BoxError: this machine cannot run boxes, there already is one of this name, or it does not start;
                then nothing of it is left behind.
        """
        if (why := missing(internet=internet is not None)) is not None:
            raise BoxError(why)
        try:
            # Whoever is root inside mounts, and has to pass through this.
            self._state.mkdir(mode=0o711, parents=True, exist_ok=True)
            state_folder(self._state)
            self._home.mkdir(mode=0o700)
            self._mark()
        except FileExistsError as error:
            raise BoxError(f"there is a box {self.name} already; remove it first") from error
        except (OSError, ConfigError) as error:
            raise BoxError(f"the box {self.name} cannot be made: {error}") from error
        try:
            layout = self._make(
                image.resolve(), limits or Limits(), internet, address, with_devices=bool(devices)
            )
            self._bundle(
                "box",
                program(layout, command, environment or {}, self._network, tuple(devices), driver or {}),
            )
            tools = layout if self._tools is None else replace(layout, image=self._tools.resolve())
            self._bundle("collect", collector(tools, self._home / "collector.py"))
            self._fill(inputs or {}, given or {})
            with self._spawn("run"):
                pass
            self._await_start()
        except (OSError, ToolFailed) as error:
            self.destroy()
            raise BoxError(f"the box {self.name} cannot be made: {error}") from error
        except BaseException:
            self.destroy()
            raise

    def _mark(self) -> None:
        """Notes, so that a loss of power keeps it, of which start of the machine this box is."""
        with (self._home / _BOOT).open("w") as file:
            file.write(boot())
            file.flush()
            os.fsync(file.fileno())

    def _make(
        self,
        image: Path,
        limits: Limits,
        internet: Internet | None,
        address: str | None,
        *,
        with_devices: bool,
    ) -> Layout:
        user = _users.take(self._home)
        # Whoever is root inside passes, too; no other user of the machine sees what is the renter's.
        os.chown(self._home, 0, user)
        self._home.chmod(0o710)
        _disk.make(self._home, limits.disk, user)
        self._connect(internet, user)
        own = f"{address} {self.name}\n" if address else ""
        alone = "" if address else f" {self.name}"
        (self._home / "hosts").write_text(f"127.0.0.1 localhost{alone}\n::1 localhost\n{own}")
        (self._home / "passwd").write_text(_PASSWD)
        shutil.copyfile(Path(__file__).with_name("_collector.py"), self._home / "collector.py")
        layout = Layout(
            self.name,
            image,
            self._home,
            user,
            limits,
            # Several GPUs talk by NCCL, which lists interfaces.
            seccomp(lists_interfaces=with_devices),
            open_files=_at_most(resource.RLIMIT_NOFILE, OPEN_FILES),
            locked_memory=_at_most(resource.RLIMIT_MEMLOCK, LOCKED_MEMORY),
        )
        _cgroups.limit_sockets(self.name)
        plan = {"name": self.name, "seconds": limits.seconds, "log": limits.log, "user": user}
        plan |= {"output": limits.output, "files": limits.files}
        plan |= {"network": self._network.name if internet else None}
        (self._home / "plan.json").write_text(json.dumps(plan))
        return layout

    def _connect(self, internet: Internet | None, user: int) -> None:
        """Makes the network that the box is in, closed before anything connects it."""
        _network.make(self._network.name, user + NET_USER if internet else None)
        if internet is not None:
            _network.close(self._network.name, self._home, internet)
        servers = internet.resolvers if internet else ()
        (self._home / "resolv.conf").write_text("".join(f"nameserver {server}\n" for server in servers))

    def _bundle(self, part: str, config: Mapping[str, Any]) -> None:
        (self._home / part).mkdir()
        (self._home / part / "config.json").write_text(json.dumps(config))

    def _fill(self, inputs: Mapping[str, Path], given: Mapping[str, bytes | Path]) -> None:
        (self._home / "in").mkdir(mode=0o755)
        for name, data in given.items():
            target = self._home / "in" / name
            target.write_bytes(data) if isinstance(data, bytes) else shutil.copyfile(data, target)
            target.chmod(0o444)
        work, owner = self._home / "disk/job/work", self._plan()["user"] + USER
        for name, source in inputs.items():
            target = work / name
            if not target.resolve().is_relative_to(work.resolve()):
                raise BoxError(f"the input {name!r} leads out of the working directory")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            for path in (target, *target.parents):
                if path == work:
                    break
                os.chown(path, owner, owner)

    def _spawn(self, task: str) -> subprocess.Popen[bytes]:
        """Starts a supervisor inside the box's control groups."""
        package = str(Path(__file__).parents[2])
        command = [sys.executable, "-m", "ionet.sandbox._shim", task, str(self._home)]
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL if task == "run" else subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": TOOL_PATH, "PYTHONPATH": package, "LC_ALL": "C.UTF-8"},
        )
        try:
            assert process.stdin is not None
            _cgroups.join(self.name, process.pid)
            process.stdin.write(b"\n")
            process.stdin.close()
        except BaseException:
            process.kill()
            process.wait()
            raise
        return process

    def _await_start(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while (state := self._read_state()) is None:
            if time.monotonic() > deadline:
                raise BoxError(f"the box {self.name} did not start within {_START_SECONDS} s")
            if not _cgroups.processes(f"{self.name}/shim") and self._read_state() is None:
                raise BoxError(f"the box {self.name} does not start: its supervisor was killed")
            time.sleep(_PAUSE)
        if "failed" in state:
            raise BoxError(f"the box {self.name} does not start: {state['failed']}")

    def give(self, name: str, data: bytes) -> None:
        """Puts one more file into /in of a box that runs, whole or not at all; one that is there stays.

        Raises:
            BoxError: the name is none, there are 2,000 such files, or the box is not there.
        """
        if not _GIVEN.fullmatch(name):
            raise BoxError(f"a file's name is 1 to 64 of a-z, 0-9, dots and dashes, not {name!r}")
        folder = self._home / "in"
        part = self._home / f"given-{os.urandom(8).hex()}"
        try:
            if sum(1 for _ in folder.iterdir()) >= _MOST_GIVEN:
                raise BoxError(f"the box {self.name} was given {_MOST_GIVEN:,} files, and takes no more")
            part.write_bytes(data)
            part.chmod(0o444)
            with contextlib.suppress(FileExistsError):
                os.link(part, folder / name)
        except OSError as error:
            raise BoxError(f"the box {self.name} cannot be given a file: {error}") from error
        finally:
            part.unlink(missing_ok=True)

    async def connect(self, port: int) -> socket.socket:
        """Connects to a port of its loopback, which nothing outside can reach otherwise.

        Raises:
            OSError: nobody answers there, or the box is not there.
        """
        return await _network.connect(self._network, port, _CONNECT_SECONDS)

    def end_by(self, at: float) -> None:
        """Has the program killed at a time, whether or not anybody is there then; said again, the last holds.

        Args:
            at: by `machine_time`.

        Raises:
            BoxError: the box is not there.
        """
        part = self._home / f"{ENDS}-{os.urandom(8).hex()}"
        try:
            part.write_text(str(at))
            part.replace(self._home / ENDS)
        except OSError as error:
            raise BoxError(f"the box {self.name} cannot be given an end: {error}") from error

    # -- its run

    def exists(self) -> bool:
        """Returns whether anything of the box is on this machine."""
        return self._home.exists()

    def lost(self) -> bool:
        """Returns whether the box was cut off, so that nothing of it runs, and no end of it can be known.

        That is so after the machine has lost its power, and where whoever started it was killed meanwhile:
        then `destroy` removes what is left.
        """
        if not self.exists() or self.processes():
            return False
        state = self._read_state() or {}
        if "failed" in state:
            return False
        return "ended" not in state or self.is_earlier() or not (self._home / "disk").is_mount()

    def is_earlier(self) -> bool:
        """Returns whether the box was made before the machine was last started."""
        try:
            made = (self._home / _BOOT).read_text()
        except OSError:
            return False
        return bool(made) and made != boot()

    def ended(self) -> Ended | None:
        """Returns how the program ended, or None while it runs.

        Raises:
            BoxError: there is no such box, or its supervisor is gone, so that this is unknown.
        """
        state = self._read_state()
        if state is None and self.processes():
            return None  # it is about to start
        if state is None:
            raise BoxError(f"there is no box {self.name}, or it was never started")
        if "ended" in state:
            return Ended(Ending(state["ended"]), state["status"], state["seconds"])
        if "failed" in state:
            raise BoxError(f"the box {self.name} failed: {state['failed']}")
        if not self._lives(state["supervisor"]) and "running" in (self._read_state() or {}):
            raise BoxError(f"the supervisor of the box {self.name} is gone; how its program ended is unknown")
        return None

    def wait(self, seconds: float | None = None) -> Ended | None:
        """Waits until the program has ended, for at most `seconds`; see `ended`.

        Returns:
            None if it still runs.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        while (ended := self.ended()) is None:
            if deadline is not None and time.monotonic() > deadline:
                return None
            time.sleep(_PAUSE)
        return ended

    def stop(self) -> None:
        """Kills the program; the box stays, with its files and its log."""
        with contextlib.suppress(ProcessLookupError):
            pid = (self._read_state() or {}).get("running")
            if pid is not None and self._lives(pid):
                os.kill(pid, signal.SIGKILL)

    def processes(self) -> Collection[int]:
        """Returns the ids, on the host, of all its processes."""
        return _cgroups.processes(self.name)

    def roots(self) -> Sequence[int]:
        """Returns the ids, on the host, of the processes that all its others descend from."""
        pid = (self._read_state() or {}).get("supervisor")
        return (pid,) if pid is not None and self._lives(pid) else ()

    def _lives(self, pid: int) -> bool:
        """After a crash of the machine, or of the supervisor, the number may be another process's."""
        return pid in _cgroups.processes(self.name)

    def log(self) -> bytes:
        """Returns the latest part of its output."""
        return _log.read(self._home / LOG)

    def follow(self) -> Callable[[], Iterator[bytes]]:
        """Returns a function that yields the output since its last call, as far as it is still kept."""
        follower = _log.Follower(self._home / LOG)
        return follower.new

    def gather(self, into: Path) -> Gathered:
        """Copies the files that an ended program has left in /job/out, each under its hash.

        Links, special files, files with unprintable names and what exceeds the limits are skipped, and listed
        as such.

        Args:
            into: an existing directory.

        Raises:
            BoxError: the program still runs.
        """
        if self.ended() is None:
            raise BoxError(f"the program in the box {self.name} still runs")
        plan = self._plan()
        with self._spawn("collect") as process:
            assert process.stdout is not None
            # Its end is the stream's.
            timer = threading.Timer(_COLLECT_SECONDS, self._end_collector)
            timer.start()
            try:
                return read(process.stdout, into, plan["output"], plan["files"])
            finally:
                timer.cancel()
                process.kill()
                self._delete_container(f"{self.name}-collect")

    def _end_collector(self) -> None:
        for pid in _cgroups.processes(f"{self.name}/collect"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    # -- its end

    def destroy(self) -> None:
        """Ends every process of the box and removes everything of it; may be repeated at any time.

        Raises:
            BoxError: a process does not die, or something of the box cannot be removed. Then its devices must
                not be given to another box; calling this again may help.
        """
        try:
            self._kill_all()
            for container in (self.name, f"{self.name}-collect"):
                self._delete_container(container)
            # More than once: others may remove it, too, or a tool of a killed starter still makes it.
            deadline = time.monotonic() + _KILL_SECONDS
            while not self._remove(last=time.monotonic() > deadline):
                time.sleep(_PAUSE)
            _cgroups.remove(self.name)
        except (OSError, ToolFailed) as error:
            raise BoxError(f"the box {self.name} cannot be removed: {error}") from error
        # Last, so that no other box gets these user ids before.
        _users.give_back(self._home)

    def _remove(self, *, last: bool) -> bool:
        """Removes what is not a process; returns whether all of it is gone, or raises at the last try."""
        try:
            if self._network.exists():
                # What is in it goes with it.
                tool("ip", "netns", "delete", self._network.name)
            _disk.remove(self._home)
        except ToolFailed:
            if last:
                raise
            return False
        shutil.rmtree(self._home, ignore_errors=True)
        if last and self._home.exists():
            raise BoxError(f"{self._home} cannot be removed")
        return not self._home.exists()

    def _kill_all(self) -> None:
        deadline = time.monotonic() + _KILL_SECONDS
        while alive := _cgroups.processes(self.name):
            if time.monotonic() > deadline:
                raise BoxError(f"processes of the box {self.name} do not die: {sorted(alive)}")
            for pid in alive:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(_PAUSE)

    def _delete_container(self, container: str) -> None:
        root = self._home / "runc"
        if (root / container).exists():
            attempt(["runc", "--root", str(root), "delete", "--force", container])
            shutil.rmtree(root / container, ignore_errors=True)

    # -- its state

    def _plan(self) -> dict[str, Any]:
        plan: dict[str, Any] = json.loads((self._home / "plan.json").read_text())
        return plan

    def _read_state(self) -> dict[str, Any] | None:
        # Half of it is there after a loss of power, at most.
        try:
            state = json.loads((self._home / STATE).read_text())
        except (FileNotFoundError, ValueError):
            return None
        return state if isinstance(state, dict) else None


def network_of(name: str) -> Path:
    """Returns the network namespace that the box of a name has while it is there."""
    return _network.NETWORKS / f"io-{name}"


def boot() -> str:
    """Returns what the kernel names this start of the machine by."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def reap(state: Path, keep: Collection[str] = (), *, earlier: bool = False) -> Iterator[str]:
    """After a crash: removes every box of a directory except those to keep, and yields the names.

    Args:
        state: the directory of this machine's boxes.
        keep: names of boxes that keep running.
        earlier: only boxes that were made before the machine was last started: others are left, as they may
            be another worker's.

    Raises:
        BoxError: see `Box.destroy`.
    """
    # A box whose directory was removed by others still has its processes and its user ids.
    homes = {*(state.iterdir() if state.is_dir() else ()), *_users.homes(state.resolve())}
    for name in sorted({home.name for home in homes}):
        if name in keep or not _NAME.fullmatch(name):
            continue
        box = Box(name, state)
        if not earlier or box.is_earlier():
            box.destroy()
            yield name


def _at_most(limit: int, count: int) -> int:
    """The count, or this process's own limit if that is lower: a container cannot have more."""
    hard = resource.getrlimit(limit)[1]
    return count if hard == resource.RLIM_INFINITY else min(count, hard)

"""The life of a box under podman, with the methods of `Box`.

It is two containers: one runs the program, and one in which nothing of a stranger's ever runs keeps the disk,
which is memory: podman limits the size of no other where it is not root. It reads the files after the program
has ended, and both share a user namespace, so that it may.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import tarfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final

from ionet.sandbox._box import BoxError, Ended, Ending
from ionet.sandbox._bundle import MIB, OUT, PATH, PYTHON, TMP, USER, WORK, Device, Limits
from ionet.sandbox._gather import Gathered, read
from ionet.sandbox._host import ToolFailed, tool
from ionet.sandbox._network import Internet
from ionet.sandbox._podman import Podman
from ionet.sandbox._podman_options import (
    OWNER_LABEL,
    USER_IDS,
    container,
    divided,
    keeper_limits,
    mounts,
    process_limits,
    program_limits,
    volume,
)
from ionet.sandbox._podman_output import Output

_NAME: Final = re.compile(r"[a-z0-9]{1,32}")
_OURS: Final = re.compile(r"ionet-([a-z0-9]{1,32})(?:-keep|-job|-tmp|-in)?")
#: The first start with a range of user ids copies the image where podman is not root.
_START_SECONDS: Final = 600.0
#: Where podman is not root, the copy of an image that was made for its user ids is removed, too.
_KILL_SECONDS: Final = 120.0
_COLLECT_SECONDS: Final = 600.0
_LOOK_EVERY: Final = 5.0
#: For how long podman may not answer before what it runs is given up.
_PATIENCE: Final = 120.0
_PAUSE: Final = 0.05
#: What the files in /in take beside their content.
_ROUND: Final = 4 * MIB
_PLAN: Final = "ionet.plan"
_WAIT: Final = "import signal; signal.pause()"
_UNPACK: Final = "import sys, tarfile; tarfile.open(fileobj=sys.stdin.buffer, mode='r|').extractall('/')"
#: What podman calls a container that runs, and one that has ended.
_ALIVE: Final = ("running", "stopping", "paused")
_OVER: Final = ("exited", "stopped")
#: What podman calls the end of its time, which no program can give itself; and what it may, if that is over.
_TIMED_OUT: Final = -1
_KILLED: Final = (137, 255)


class PodmanBox:
    """One box under podman. Several objects, in several processes, may stand for the same one.

    Args:
        name: 1 to 32 of `a-z0-9`, unique for this podman.
        podman: which podman.
        owner: whose it is, for `podman_boxes`.

    Raises:
        BoxError: this is not a valid name.
    """

    def __init__(self, name: str, podman: Podman, owner: str) -> None:
        if not _NAME.fullmatch(name):
            raise BoxError(f"a box's name is 1 to 32 of a-z and 0-9, not {name!r}")
        self.name = name
        self._podman = podman
        self._owner = owner
        self._program = f"ionet-{name}"
        self._keeper = f"{self._program}-keep"
        self._volumes = tuple(f"{self._program}-{part}" for part in ("job", "tmp", "in"))
        self._output: Output | None = None
        self._looked = 0.0
        self._answered = 0.0
        self._ended: Ended | None = None
        #: The program's first process on this machine, and when it began.
        self._root: tuple[int, str] | None = None

    # -- its start

    def start(
        self,
        image: str,
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
            image: its name or id in podman's storage.
            command: the program and its arguments, with their paths inside.
            limits: what it may use; its files count as memory, and the disk is never larger than that.
            environment: additional variables.
            inputs: files to copy into the working directory, by relative path.
            given: read-only files in /in, by name: their content, or where it is.
            devices: none; jobs under podman have processors only.
            driver: none.
            internet: None; jobs under podman do not reach it.
            address: None; jobs under podman join no other machines.

        Raises:
            BoxError: podman cannot run it, or there already is one of this name; then nothing of it is left.
        """
        if tuple(devices) or driver:
            raise BoxError("jobs under podman have processors only")
        if internet is not None:
            raise BoxError("jobs under podman do not reach the internet")
        if address is not None:
            raise BoxError("jobs under podman join no other machines")
        if self.exists():
            raise BoxError(f"there is a box {self.name} already; remove it first")
        self._ended = self._root = None
        try:
            self._make(image, command, limits or Limits(), environment or {}, inputs or {}, given or {})
        except (OSError, ToolFailed) as error:
            self.destroy()
            raise BoxError(f"the box {self.name} cannot be made: {error}") from error
        except BaseException:
            self.destroy()
            raise

    def _make(
        self,
        image: str,
        command: Sequence[str],
        limits: Limits,
        environment: Mapping[str, str],
        inputs: Mapping[str, Path],
        given: Mapping[str, bytes | Path],
    ) -> None:
        podman = self._podman
        identity = podman.image(image)
        if identity is None:
            raise BoxError(f"podman has no image {image}; bring it by: ionet worker image")
        seccomp, there = podman.seccomp(), podman.process_limits()
        fixed = sum(map(_size, given.values())) + _ROUND
        brought = sum(map(_size, inputs.values())) + fixed
        if brought > limits.memory // 2:
            raise BoxError(
                f"its inputs take {brought // MIB} MiB; under podman they are in the node's memory, and may"
                f" take half of it: {limits.memory // 2 // MIB} MiB"
            )
        for name, room in zip(self._volumes, (*divided(limits), fixed), strict=True):
            podman.call(*volume(name, room, self._owner))
        keep, own = keeper_limits(brought), program_limits(limits, brought)
        users, shared = f"auto:size={USER_IDS}", f"container:{self._keeper}"
        podman.call(
            *container(
                self._keeper, self._owner, keep, users, seccomp, process_limits(keep.processes, there)
            ),
            *mounts(self._program, "rw", temporary=False),
            *("--workdir=/", identity, PYTHON, "-I", "-S", "-c", _WAIT),
            seconds=_START_SECONDS,
        )
        self._fill(inputs, given)
        variables = {"PATH": PATH, "LANG": "C.UTF-8", "HOME": "/job", "TMPDIR": TMP, **environment}
        plan = json.dumps({"seconds": limits.seconds, "output": limits.output, "files": limits.files})
        podman.call(
            *container(
                self._program, self._owner, own, shared, seccomp, process_limits(own.processes, there)
            ),
            *mounts(self._program, "ro", temporary=True),
            f"--label={_PLAN}={plan}",
            *(f"--env={name}={value}" for name, value in variables.items()),
            *(f"--workdir={WORK}", identity, *command),
            seconds=_START_SECONDS,
        )
        self._look()

    def give(self, name: str, data: bytes) -> None:
        """Gives nothing: what podman shows a program is fixed at its start.

        Raises:
            BoxError: always.
        """
        raise BoxError("a program under podman can be given no files while it runs")

    def _fill(self, inputs: Mapping[str, Path], given: Mapping[str, bytes | Path]) -> None:
        """Hands the files to the keeper in a stream; none of the host's directories is shown to anybody."""
        unpack = ("exec", "--interactive", self._keeper, PYTHON, "-I", "-S", "-c", _UNPACK)
        with self._podman.open(*unpack, stdin=subprocess.PIPE) as process:
            assert process.stdin is not None
            try:
                with tarfile.open(fileobj=process.stdin, mode="w|") as archive:
                    for folder in ("work", "out"):
                        archive.addfile(_entry(f"job/{folder}", tarfile.DIRTYPE, 0o755))
                    for name, data in given.items():
                        _add(archive, f"in/{name}", data, 0o444)
                    for name, source in inputs.items():
                        parts = PurePosixPath(name)
                        if parts.is_absolute() or ".." in parts.parts:
                            raise BoxError(f"the input {name!r} leads out of the working directory")
                        _add(archive, f"{WORK[1:]}/{parts}", source, 0o644)
                process.stdin.close()
            except BrokenPipeError:
                pass  # its exit status tells
            except BaseException:
                process.kill()
                raise
            if process.wait():
                raise ToolFailed("its inputs do not fit on its disk, or could not be unpacked")

    # -- its run

    def exists(self) -> bool:
        """Returns whether podman has anything of it.

        Raises:
            BoxError: podman does not answer.
        """
        with _asking():
            return bool(self._left())

    def _left(self) -> list[str]:
        """Returns the names of what podman has of it."""
        parts = [("container", self._program), ("container", self._keeper)]
        parts += [("volume", name) for name in self._volumes]
        return [name for kind, name in parts if self._podman.has(kind, name)]

    def lost(self) -> bool:
        """Returns whether it was cut off, so that its end, or its files, cannot be known any more.

        Raises:
            BoxError: podman does not answer.
        """
        with _asking():
            program, keeper = self._podman.inspect(self._program), self._podman.inspect(self._keeper)
        if program is None and keeper is None:
            return False
        begun = program is not None and program["State"]["Status"] in (*_ALIVE, *_OVER)
        return not (begun and keeper is not None and keeper["State"]["Running"])

    def ended(self) -> Ended | None:
        """Returns how the program ended, or None while it runs.

        Raises:
            BoxError: there is no such program, or it was never started, or podman has not answered for long.
        """
        if self._ended is not None:
            return self._ended
        follows = self._output is not None and self._output.follows
        if follows and time.monotonic() - self._looked < _LOOK_EVERY:
            return None  # podman is not asked five times a second for what the end of the output shows
        try:
            return self._look()
        except ToolFailed as error:
            if time.monotonic() - self._answered < _PATIENCE:
                return None
            raise BoxError(str(error)) from error

    def _look(self) -> Ended | None:
        described = self._podman.inspect(self._program)
        self._looked = self._answered = time.monotonic()
        if described is None:
            raise BoxError(f"there is no box {self.name}, or it was never started")
        state = described["State"]
        if state["Status"] in _ALIVE:
            self._remember(state["Pid"])
            return None
        if state["Status"] not in _OVER:
            raise BoxError(f"the box {self.name} does not start: podman calls it {state['Status']}")
        self._ended = how_it_ended(state, _plan(described)["seconds"])
        return self._ended

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
        """Kills the program; its files and its output stay."""
        self._looked = 0.0
        with contextlib.suppress(ToolFailed):
            self._podman.attempt("kill", "--signal=KILL", self._program)

    def roots(self) -> Sequence[int]:
        """Returns the id, on this machine, of the process that all others of the program descend from.

        None while it does not run, and none on a Mac, where all of them are in podman's machine.
        """
        if self._root is None or _begin(self._root[0]) != self._root[1]:
            return ()
        return (self._root[0],)

    def _remember(self, pid: int) -> None:
        if self._podman.machine is None and (begin := _begin(pid)) is not None:
            self._root = pid, begin

    def log(self) -> bytes:
        """Returns the latest part of its output.

        Raises:
            BoxError: there is no such box.
        """
        with self._podman.open("logs", self._program) as process:
            assert process.stdout is not None
            data = process.stdout.read()
        if process.returncode:
            raise BoxError(f"there is no output of the box {self.name}")
        return data

    def follow(self) -> Callable[[], Iterator[bytes]]:
        """Returns a function that yields the output since its last call, as far as it is still kept.

        Of a program that prints faster than it is called, each call yields a part.
        """
        self._close_output()
        self._output = Output(self._podman, self._program)
        return self._new

    def _new(self) -> Iterator[bytes]:
        output = self._output
        if output is None:
            return
        yield from output.new(last=self._ended is not None)
        if output.ended:
            self._close_output()
            if self.ended() is not None:
                yield output.missed(self.log())
            else:
                # Podman showed an end that is none, as when its service was started anew.
                self._output = Output(self._podman, self._program, output.begun)

    def _close_output(self) -> None:
        output, self._output = self._output, None
        if output is not None:
            output.close()

    def gather(self, into: Path) -> Gathered:
        """Copies the files that an ended program has left in /job/out, each under its hash; see `Box.gather`.

        Args:
            into: an existing directory.

        Raises:
            BoxError: the program still runs, or there is none.
        """
        with _asking():
            described = self._podman.inspect(self._program)
        if described is None or described["State"]["Status"] not in _OVER:
            raise BoxError(f"the program in the box {self.name} still runs, or was never started")
        plan = _plan(described)
        script = Path(__file__).with_name("_collector.py").read_text()
        limits = (str(plan["output"]), str(plan["files"]))
        command = ("exec", self._keeper, PYTHON, "-I", "-S", "-c", script, OUT, *limits)
        with self._podman.open(*command) as process:
            assert process.stdout is not None
            timer = threading.Timer(_COLLECT_SECONDS, process.kill)
            timer.start()
            try:
                return read(process.stdout, into, plan["output"], plan["files"])
            finally:
                timer.cancel()
                process.kill()

    # -- its end

    def destroy(self) -> None:
        """Ends every process of it and removes everything that podman has of it; may be repeated at any time.

        Raises:
            BoxError: something of it cannot be removed; calling this again may help.
        """
        self._close_output()
        deadline = time.monotonic() + _KILL_SECONDS
        try:
            while left := self._left():
                if time.monotonic() > deadline:
                    raise BoxError(f"the box {self.name} cannot be removed: {', '.join(left)}")
                self._remove(left)
        except (OSError, ToolFailed) as error:
            raise BoxError(f"the box {self.name} cannot be removed: {error}") from error

    def _remove(self, names: Sequence[str]) -> None:
        podman = self._podman
        by_root = podman.machine is None and not podman.facts().rootless
        for name in names:
            if name in self._volumes:
                if by_root:
                    _unmount(podman.facts().volumes / name / "_data")
                podman.attempt("volume", "rm", "--force", name)
                continue
            described = podman.inspect(name)
            podman.attempt("kill", "--signal=KILL", name)
            if by_root and described is not None:
                _unmount(Path(described["StaticDir"]) / "shm")
            podman.attempt("rm", "--force", "--time=0", name)


def podman_boxes(podman: Podman, owner: str) -> set[str]:
    """Returns the names of all boxes of an owner.

    Raises:
        BoxError: podman does not answer.
    """
    mine = f"--filter=label={OWNER_LABEL}={owner}"
    with _asking():
        names = podman.call("ps", "--all", mine, "--format={{.Names}}").split()
        names += podman.call("volume", "ls", mine, "--format={{.Name}}").split()
    return {match[1] for name in names if (match := _OURS.fullmatch(name))}


def how_it_ended(state: Mapping[str, Any], seconds: int) -> Ended:
    """Returns how a program ended, of which podman says this.

    Args:
        state: podman's description.
        seconds: how long it was allowed to run.
    """
    status = int(state["ExitCode"])
    begin, end = (datetime.fromisoformat(state[name]) for name in ("StartedAt", "FinishedAt"))
    took = max((end - begin).total_seconds(), 0.0)
    if status == _TIMED_OUT or (status in _KILLED and took >= seconds):
        return Ended(Ending.TIME, -9, took)
    if status and state.get("OOMKilled"):
        return Ended(Ending.MEMORY, status, took)
    return Ended(Ending.EXIT, status, took)


@contextlib.contextmanager
def _asking() -> Iterator[None]:
    """Raises `BoxError`: podman does not answer."""
    try:
        yield
    except ToolFailed as error:
        raise BoxError(str(error)) from error


def _plan(described: Mapping[str, Any]) -> dict[str, int]:
    plan: dict[str, int] = json.loads(described["Config"]["Labels"][_PLAN])
    return plan


def _size(data: bytes | Path) -> int:
    return len(data) if isinstance(data, bytes) else data.stat().st_size


def _entry(name: str, kind: bytes, mode: int, size: int = 0) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.size, entry.uid, entry.gid = kind, mode, size, USER, USER
    return entry


def _add(archive: tarfile.TarFile, name: str, data: bytes | Path, mode: int) -> None:
    if isinstance(data, bytes):
        archive.addfile(_entry(name, tarfile.REGTYPE, mode, len(data)), io.BytesIO(data))
        return
    with data.open("rb") as file:
        archive.addfile(_entry(name, tarfile.REGTYPE, mode, os.fstat(file.fileno()).st_size), file)


def _begin(pid: int) -> str | None:
    """When a process began, which tells it from others that had its number; None if there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19] if pid > 0 else None
    except (OSError, IndexError):
        return None


def _unmount(place: Path) -> None:
    """Podman, as root, unmounts what a container of another user's ids has only in a namespace of its own."""
    while place.is_mount():
        tool("umount", place)

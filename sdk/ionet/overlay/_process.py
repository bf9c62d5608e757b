"""One nebula of one lease on this machine: a member's, or a gateway's relay."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

from ionet.overlay import _certificates, _homes, _plan
from ionet.overlay._homes import OVERLAYS, OverlayError
from ionet.overlay._keeper import NEBULA
from ionet.sandbox import _cgroups, _log
from ionet.sandbox._host import TOOL_PATH

#: Its part of a box's control group, so that what ends the box ends it, too.
_PART: Final = "over"
_MEMORY: Final = 256 << 20
_END_SECONDS: Final = 10.0
#: Seconds between two ends that are the same.
_CLOSE: Final = 5.0
_PUBLIC: Final = "own.pub"


def missing() -> str | None:
    """Returns why this machine cannot run overlays, with the remedy; None if it can."""
    if sys.platform != "linux":
        return "an overlay needs Linux"
    for program in (NEBULA, _certificates.PROGRAM):
        if shutil.which(program) is None:
            return f"an overlay needs {program}; on Debian: apt install nebula"
    return None


class Process:
    """One nebula. Several objects, in several processes, may stand for the same one.

    It goes on when the process that started it ends, is started again when it dies, and ends by itself when
    its time is over or its network is gone.

    Args:
        name: 1 to 32 of `a-z0-9`. A member's has its box's name, and ends with the box at the latest.
        state: the directory of this machine's overlays; for members in memory.

    Raises:
        OverlayError: this is not a valid name.
    """

    def __init__(self, name: str, state: Path = OVERLAYS) -> None:
        if not _homes.NAME.fullmatch(name):
            raise OverlayError(f"an overlay's name is 1 to 32 of a-z and 0-9, not {name!r}")
        self.name = name
        self._state = state
        self._home = state.resolve() / name

    def public(self) -> bytes:
        """Returns its public X25519 key, 32 bytes; the private one is made with it and stays here.

        Raises:
            OverlayError: it cannot be made.
        """
        files = self._home / _homes.FILES
        try:
            self._state.mkdir(mode=0o711, parents=True, exist_ok=True)
            self._home.mkdir(mode=0o700, exist_ok=True)
            files.mkdir(mode=0o700, exist_ok=True)
            if not (files / _PUBLIC).exists():
                (files / _plan.KEY).unlink(missing_ok=True)
                _certificates.run(files, "keygen", "-out-key", _plan.KEY, "-out-pub", f"{_PUBLIC}.new")
                (files / f"{_PUBLIC}.new").rename(files / _PUBLIC)
            return _certificates.raw((files / _PUBLIC).read_text())
        except OSError as bad:
            raise OverlayError(f"the overlay {self.name} cannot be made: {bad}") from bad

    def start(
        self,
        settings: Mapping[str, Any],
        authority: str,
        certificate: str,
        ends: float,
        network: Path | None = None,
    ) -> None:
        """Starts it, or goes on with it under other certificates; connections stay.

        Args:
            settings: see `ionet.overlay.member` and `relay`.
            authority: the lease's certificate authority, PEM.
            certificate: its own, PEM, over `public`.
            ends: when it ends by itself, by `machine_time`.
            network: the network namespace of its interface; needs root. None for a relay.

        Raises:
            OverlayError: it cannot be started.
        """
        if (why := missing()) is not None:
            raise OverlayError(why)
        if network is not None and os.geteuid() != 0:
            raise OverlayError("an interface in a box's network needs root")
        self.public()
        try:
            user = _homes.take_user(self._home)
            files = self._home / _homes.FILES
            (self._home / _homes.ROOT).mkdir(mode=0o755, exist_ok=True)
            self._put(_plan.CONFIG, json.dumps(settings))
            self._put(_plan.AUTHORITY, _certificates.checked(authority))
            self._put(_plan.CERTIFICATE, _certificates.checked(certificate))
            if user is not None:
                for path in (files, *files.iterdir()):
                    os.chown(path, user, user)
            place = None if network is None else str(network)
            self._write_plan({"network": place, "ends": ends, "user": user})
            if not self.running():
                self._spawn()
        except OSError as bad:
            raise OverlayError(f"the overlay {self.name} cannot be started: {bad}") from bad

    def resume(self) -> bool:
        """Keeps it running as it was, where its keeper was killed; returns whether it runs."""
        if not self.running() and (self._home / _homes.PLAN).exists():
            with contextlib.suppress(OverlayError, OSError):
                self._spawn()
        return self.running()

    def extend(self, ends: float) -> None:
        """Ends it at another time, by `machine_time`; does nothing if there is none.

        Its certificates end when they end.
        """
        with contextlib.suppress(FileNotFoundError):
            plan = json.loads((self._home / _homes.PLAN).read_text())
            # An earlier version's has none.
            if abs(plan.get("ends", 0.0) - ends) > _CLOSE:
                self._write_plan({**plan, "ends": ends})

    def _write_plan(self, plan: Mapping[str, Any]) -> None:
        temporary = self._home / f"{_homes.PLAN}.new"
        temporary.write_text(json.dumps(plan))
        # Last of all that is written: its keeper looks for this one.
        temporary.replace(self._home / _homes.PLAN)

    def _put(self, name: str, text: str) -> None:
        path = self._home / _homes.FILES / name
        temporary = path.with_name(f"{name}.new")
        temporary.write_text(text)
        temporary.chmod(0o400)
        temporary.replace(path)

    def _spawn(self) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "ionet.overlay._keeper", str(self._home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": TOOL_PATH, "PYTHONPATH": str(Path(__file__).parents[2]), "LC_ALL": "C.UTF-8"},
            start_new_session=True,
        )
        assert process.stdin is not None
        try:
            if os.geteuid() == 0:
                _cgroups.limit_memory(self.name, _PART, _MEMORY)
                _cgroups.join(self.name, process.pid, _PART)
            process.stdin.write(b"\n")
            process.stdin.close()
        except BaseException:
            process.kill()
            process.wait()
            raise
        deadline = time.monotonic() + _END_SECONDS
        while not self.running():
            if process.poll() is not None or time.monotonic() > deadline:
                raise OverlayError(f"the overlay {self.name} does not start")
            time.sleep(0.01)

    @property
    def _group(self) -> str:
        return f"{self.name}/{_PART}"

    def running(self) -> bool:
        """Returns whether it is being kept running."""
        return _homes.keeper(self._home) is not None

    def exists(self) -> bool:
        """Returns whether anything of it is on this machine."""
        return self._home.exists()

    def log(self) -> bytes:
        """Returns the latest of what it has printed."""
        return _log.read(self._home / _homes.LOG)

    def end(self) -> None:
        """Ends it and removes everything of it; may be repeated at any time.

        Raises:
            OverlayError: a process does not die.
        """
        deadline = time.monotonic() + _END_SECONDS
        # The interface and the socket go with the process, which goes with its keeper.
        while (pid := _homes.keeper(self._home)) is not None or self._left():
            for number in (*self._left(), *(() if pid is None else (pid,))):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
            if time.monotonic() > deadline:
                raise OverlayError(f"processes of the overlay {self.name} do not die")
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid or -1, os.WNOHANG) if pid else None
            time.sleep(0.01)
        if os.geteuid() == 0:
            _cgroups.remove(self._group)
        _homes.remove(self._home)

    def _left(self) -> Collection[int]:
        return _cgroups.processes(self._group) if os.geteuid() == 0 else ()


def forget(name: str, state: Path = OVERLAYS) -> None:
    """Ends a lease's process on this machine and removes its authority; repeated, it does nothing."""
    Process(name, state).end()
    _homes.remove(state / f"{name}{_homes.AUTHORITY}")


def reap(state: Path = OVERLAYS, keep: Collection[str] = ()) -> list[str]:
    """Ends all whose names are not to be kept, removes such authorities, and returns the names."""
    ended = [name for name in _homes.names(state) if name not in keep]
    for name in ended:
        Process(name, state).end()
    for path in state.glob(f"*{_homes.AUTHORITY}"):
        if path.name.removesuffix(_homes.AUTHORITY) not in keep:
            _homes.remove(path)
    return ended

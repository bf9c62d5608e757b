"""Podman by its command line, on this machine or in the Linux machine that it runs on a Mac.

What is done in that machine's own file system goes over `podman machine ssh`; not tried on a Mac.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from ionet.chain.files import state_folder
from ionet.sandbox._host import ToolFailed
from ionet.sandbox._seccomp import profile

#: The image that jobs run in; `load_image` brings it.
JOB_IMAGE: Final = "localhost/ionet-job:latest"
#: The first version whose options are all known to be as used here.
_LEAST: Final = (4, 3)
_CONTROLLERS: Final = frozenset({"memory", "cpu", "pids"})
#: Of this process's variables, those that podman needs to find its storage and its machine.
_VARIABLES: Final = (
    "CONTAINER_HOST",
    "CONTAINERS_STORAGE_CONF",
    "DBUS_SESSION_BUS_ADDRESS",
    "HOME",
    "LOGNAME",
    "PATH",
    "TMPDIR",
    "USER",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
)
#: A user's own settings could hand variables, volumes and names of the host to every container.
_SETTINGS: Final = """[containers]
base_hosts_file = "none"
host_containers_internal_ip = "none"
http_proxy = false
"""
#: Kinds of file systems by which a virtual machine sees directories of what it runs on.
_SHARES: Final = ("9p", "fuse", "virtiofs")
_SECCOMP: Final = "/usr/share/containers/seccomp.json"
_MACHINES: Final = {"amd64": "x86_64", "arm64": "aarch64"}
#: Characters of podman's output in an error.
_WORDS: Final = 400
_SECONDS: Final = 120


@dataclass(frozen=True, slots=True)
class PodmanFacts:
    """What podman says of where containers run.

    Attributes:
        version: of podman there, such as ``(4, 3, 1)``.
        rootless: whether containers belong to a user other than root.
        cgroups: version of the control groups.
        controllers: what containers can be limited by.
        machine: the architecture, as `platform.machine()` names it.
        seccomp: whether system calls can be filtered.
        volumes: directory of volumes.
    """

    version: tuple[int, ...]
    rootless: bool
    cgroups: int
    controllers: frozenset[str]
    machine: str
    seccomp: bool
    volumes: Path


@dataclass(frozen=True)
class Podman:
    """Podman.

    Attributes:
        state: directory for what it is told, which only this user can write to.
        machine: name of the Linux machine that it runs; None where containers run on this machine.
        command: the program, by name or path.
    """

    state: Path
    machine: str | None = None
    command: str = "podman"

    def attempt(
        self, *arguments: str, seconds: float = _SECONDS, check: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command of podman's that may fail.

        Args:
            arguments: the command.
            seconds: how long it may take.
            check: whether a failure is an error.

        Raises:
            ToolFailed: it cannot be run, takes too long, or has failed and `check` is set.
        """
        try:
            done = subprocess.run(
                [self.command, *arguments],
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                stdin=subprocess.DEVNULL,
                timeout=seconds,
                env=self.environment(),
                cwd=self.state,
            )
        except FileNotFoundError:
            raise ToolFailed(f"{self.command} is not there") from None
        except (OSError, subprocess.SubprocessError) as bad:
            raise ToolFailed(f"podman {arguments[0]}: {type(bad).__name__}") from bad
        if check and done.returncode:
            raise ToolFailed(f"podman {arguments[0]}: {(done.stderr or done.stdout).strip()[-_WORDS:]}")
        return done

    def call(self, *arguments: str, seconds: float = _SECONDS) -> str:
        """Runs a command of podman's, and returns what it printed.

        Raises:
            ToolFailed: it has failed.
        """
        return self.attempt(*arguments, seconds=seconds, check=True).stdout

    def open(self, *arguments: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        """Starts a command of podman's, whose output is a pipe.

        Raises:
            OSError: it cannot be started.
        """
        return subprocess.Popen(
            [self.command, *arguments],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if arguments[0] == "logs" else subprocess.DEVNULL,
            env=self.environment(),
            cwd=self.state,
        )

    def environment(self) -> dict[str, str]:
        """Returns the variables that podman runs with, and makes the directory that it runs in.

        That is its own, as conmon leaves a file there when memory runs out.
        """
        state_folder(self.state)
        settings = self.state.absolute() / "containers.conf"
        if not settings.exists():
            _write(settings, _SETTINGS)
        mine = {name: os.environ[name] for name in _VARIABLES if name in os.environ}
        return {**mine, "CONTAINERS_CONF": str(settings), "LC_ALL": "C.UTF-8"}

    def facts(self) -> PodmanFacts:
        """Returns what podman says of where containers run.

        Raises:
            ToolFailed: podman does not answer, or in words that are not known here.
        """
        return _facts(self)

    def inspect(self, container: str) -> Mapping[str, Any] | None:
        """Returns podman's description of a container; None if there is none.

        Raises:
            ToolFailed: podman does not answer.
        """
        done = self.attempt("container", "inspect", container)
        if done.returncode:
            if "no such" in done.stderr.lower():
                return None
            raise ToolFailed(f"podman container inspect: {done.stderr.strip()[-_WORDS:]}")
        (described,) = json.loads(done.stdout)
        return dict(described)

    def image(self, name: str = JOB_IMAGE) -> str | None:
        """Returns the id of an image, which is the hash of what it is made of; None if it is not there."""
        done = self.attempt("image", "inspect", "--format", "{{.Id}}", name)
        return done.stdout.strip() or None if not done.returncode else None

    def tags(self, repository: str) -> list[str]:
        """Returns the tags of the images that have this name; none where podman does not answer."""
        try:
            return self.call("images", "--format", "{{.Tag}}", repository).split()
        except ToolFailed:
            return []

    def has(self, kind: str, name: str) -> bool:
        """Returns whether there is a container, or a volume, of this name.

        Raises:
            ToolFailed: podman does not answer.
        """
        done = self.attempt(kind, "exists", name)
        if done.returncode not in (0, 1):
            raise ToolFailed(f"podman {kind} exists: {done.stderr.strip()[-_WORDS:]}")
        return done.returncode == 0

    def seccomp(self) -> str:
        """Writes which system calls containers may make, and returns the file's path where podman reads it.

        Raises:
            ToolFailed: there is no list of the distribution's to begin with, or podman does not answer.
        """
        try:
            common = json.loads(self.read(_SECCOMP))
            rules = json.dumps(profile(common, self.facts().machine))
        except ValueError as bad:
            raise ToolFailed(f"{_SECCOMP}: {bad}") from bad
        name = f"seccomp-{hashlib.sha256(rules.encode()).hexdigest()[:16]}.json"
        if self.machine is None:
            _write(self.state / name, rules)
            return str(self.state.absolute() / name)
        line = f'cd && mkdir -p .ionet && cat > .ionet/part && mv .ionet/part ".ionet/{name}"'
        line += f' && echo "$HOME/.ionet/{name}"'
        return self.shell(line, rules.encode()).decode().strip()

    def process_limits(self) -> str:
        """Returns /proc/self/limits of a process that may be what containers descend from.

        Raises:
            ToolFailed: it cannot be read.
        """
        return self.read("/proc/self/limits")

    def shared(self) -> list[str]:
        """Returns the directories of a Mac that its Linux machine sees.

        Raises:
            ToolFailed: podman does not answer.
        """
        if self.machine is None:
            return []
        mounts = [line.split() for line in self.read("/proc/self/mounts").splitlines()]
        # By Rosetta, programs of Intel's run; nothing of a user's is there.
        return [where for what, where, kind, *_ in mounts if kind in _SHARES and what != "rosetta"]

    def read(self, path: str) -> str:
        """Returns a file of where containers run.

        Raises:
            ToolFailed: it cannot be read.
        """
        if self.machine is not None:
            return self.shell(f"cat {path}").decode(errors="replace")
        try:
            return Path(path).read_text()
        except OSError as bad:
            raise ToolFailed(f"{path}: {bad.strerror}") from bad

    def shell(self, command: str, data: bytes = b"") -> bytes:
        """Runs a line of shell in podman's Linux machine.

        Raises:
            ToolFailed: it has failed.
        """
        assert self.machine is not None
        try:
            done = subprocess.run(
                [self.command, "machine", "ssh", self.machine, command],
                input=data,
                capture_output=True,
                check=False,
                timeout=_SECONDS,
                env=self.environment(),
                cwd=self.state,
            )
        except (OSError, subprocess.SubprocessError) as bad:
            raise ToolFailed(f"podman machine ssh: {type(bad).__name__}") from bad
        if done.returncode:
            raise ToolFailed(f"podman machine ssh: {done.stderr.decode(errors='replace').strip()[-_WORDS:]}")
        return done.stdout


def podman_lacking(podman: Podman) -> str | None:
    """Returns why podman cannot run jobs, with the remedy; None if it can, but perhaps lacks the image."""
    if shutil.which(podman.command) is None:
        return "podman is not there; on Debian: apt install podman uidmap; on a Mac: brew install podman"
    try:
        facts = podman.facts()
    except ToolFailed as bad:
        return f"podman does not answer: {bad}"
    if facts.version < _LEAST:
        return f"podman {'.'.join(map(str, facts.version))} is too old; it needs 4.3 or later"
    if facts.rootless and facts.cgroups == 1:
        return "without root, control groups of version 1 limit nothing; the system needs version 2"
    if lacking := sorted(_CONTROLLERS - facts.controllers):
        return (
            f"containers cannot be limited in {', '.join(lacking)}; under systemd:"
            " systemctl edit user@.service, [Service] Delegate=memory pids cpu"
        )
    if not facts.seccomp:
        return "podman cannot filter system calls (seccomp)"
    if podman.machine is not None and not facts.rootless:
        return (
            f"podman's machine runs containers as root: podman machine set --rootful=false {podman.machine}"
        )
    try:
        if shared := podman.shared():
            return (
                f"podman's machine sees {', '.join(shared)} of this Mac, as would a program that leaves its"
                ' container; make a machine that sees nothing: podman machine init --volume ""'
            )
    except ToolFailed as bad:
        return f"podman does not answer: {bad}"
    if podman.machine is None and not facts.rootless and not _has_ranges("containers"):
        return (
            "no user ids are set apart; add to /etc/subuid and /etc/subgid: containers:2147483647:2147483648"
        )
    return None


def _has_ranges(name: str) -> bool:
    try:
        text = "\n".join(Path(place).read_text() + "\n" for place in ("/etc/subuid", "/etc/subgid"))
    except OSError:
        return False
    return len(re.findall(rf"^{name}:\d+:\d+$", text, re.MULTILINE)) >= 2


@cache
def _facts(podman: Podman) -> PodmanFacts:
    text = podman.call("info", "--format", "json")
    try:
        info: dict[str, Any] = json.loads(text)
        host, version = info["host"], info["version"]["Version"]
        return PodmanFacts(
            version=tuple(map(int, re.findall(r"\d+", version)[:3])),
            rootless=bool(host["security"]["rootless"]),
            cgroups=int(host["cgroupVersion"].removeprefix("v")),
            controllers=frozenset(host["cgroupControllers"] or ()),
            machine=_MACHINES.get(host["arch"], host["arch"]),
            seccomp=bool(host["security"]["seccompEnabled"]),
            volumes=Path(info["store"]["volumePath"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as bad:
        raise ToolFailed("podman describes itself in words that are not known here") from bad


def _write(path: Path, text: str) -> None:
    """Writes a file whole: others of this user's processes may read it at the same time."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_text(text)
    part.replace(path)

"""What a box needs from the machine that it runs on."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from ionet.sandbox._seccomp import profile

_TOOLS: Final = {"runc": "runc", "mkfs.ext4": "e2fsprogs", "ip": "iproute2", "losetup": "util-linux"}
#: For a box with internet.
_NETWORK_TOOLS: Final = {"slirp4netns": "slirp4netns", "nft": "nftables", "nsenter": "util-linux"}
_SECCOMP: Final = (
    Path("/usr/share/containers/seccomp.json"),
    Path("/etc/containers/seccomp.json"),
)
_SECCOMP_PACKAGE: Final = "golang-github-containers-common"
#: Characters of a tool's output in an error.
_WORDS: Final = 400
#: Tools of a system's administrator are often not on other users' PATH.
TOOL_PATH: Final = os.pathsep.join(
    ("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin")
)


#: The default directory of a machine's boxes.
BOXES: Final = Path("/var/lib/ionet/boxes")


class ToolFailed(Exception):
    """A tool of the system ended with an error; the message has its output."""


def image() -> Path | None:
    """Returns the root file system that scripts/image built last on this machine; None if there is none.

    It is looked for in the directory named by the variable IONET_IMAGES, by default /var/lib/ionet/images.
    """
    root = Path(os.environ.get("IONET_IMAGES") or "/var/lib/ionet/images") / "latest/rootfs"
    return root.resolve() if root.is_dir() else None


def missing(*, internet: bool = False) -> str | None:
    """Returns why this machine cannot run boxes, with the remedy; None if it can.

    Args:
        internet: boxes that reach the internet.
    """
    if sys.platform != "linux":
        return "a sandbox of runc's needs Linux; elsewhere there is podman: ionet worker init --engine podman"
    if os.geteuid() != 0:
        return "a sandbox needs root: the worker's service has it, a shell does not"
    for tool, package in (_TOOLS | _NETWORK_TOOLS if internet else _TOOLS).items():
        if shutil.which(tool, path=TOOL_PATH) is None:
            return f"a sandbox needs {tool}; on Debian: apt install {package}"
    if not any(path.exists() for path in _SECCOMP):
        return f"a sandbox needs {_SECCOMP[0]}; on Debian: apt install {_SECCOMP_PACKAGE}"
    if not Path("/dev/loop-control").exists():
        return "a sandbox needs loop devices: modprobe loop"
    if internet and not Path("/dev/net/tun").exists():
        return "a sandbox with internet needs network interfaces of programs: modprobe tun"
    return None


def runc_version() -> tuple[int, ...] | None:
    """Returns the version of this machine's runc, such as ``(1, 2, 8)``; None without one."""
    try:
        words = re.search(r"version (\d+)\.(\d+)\.(\d+)", attempt(["runc", "--version"]).stdout)
    except OSError:
        return None
    return None if words is None else tuple(map(int, words.groups()))


@cache
def seccomp(*, lists_interfaces: bool) -> dict[str, Any]:
    """Returns this machine's seccomp section; see `ionet.sandbox._seccomp.profile`."""
    path = next(path for path in _SECCOMP if path.exists())
    return profile(json.loads(path.read_text()), lists_interfaces=lists_interfaces)


def tool(*arguments: str | Path | int) -> str:
    """Runs a tool of the system and returns what it printed.

    Raises:
        ToolFailed: it ended with an error.
    """
    command = [str(argument) for argument in arguments]
    done = attempt(command)
    if done.returncode:
        words = (done.stderr or done.stdout).strip()[-_WORDS:]
        raise ToolFailed(f"{' '.join(command[:3])}: {words}")
    return done.stdout


def attempt(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Runs a tool of the system that may fail."""
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        stdin=subprocess.DEVNULL,
        env={"PATH": TOOL_PATH, "LC_ALL": "C"},
    )

"""The sandbox of this machine, for tests of several folders."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

from ionet.sandbox import Box, Image, Images, Podman, image, load_image, missing, podman_lacking
from ionet.sandbox._users import RANGES


def prepared_image() -> Path:
    """Returns the root file system that scripts/setup has prepared; skips where it has prepared none.

    In continuous integration a sandbox that is half there is a failure: an image and a machine that lacks
    what boxes need, or all of that and no image.
    """
    root, why = image(), missing()
    if root is not None and why is None:
        return root
    why = why or "there is no image; scripts/setup --sandbox builds it"
    if os.environ.get("CI") and (root is not None or missing() is None):
        pytest.fail(f"the sandbox of this machine does not work: {why}")
    pytest.skip(why)


def catalogue_image(name: str) -> Image:
    """Returns an image of the catalogue; skips where it is not built.

    In continuous integration that is a failure: scripts/setup builds them all.
    """
    images = Images(prepared_image().parent.parent).catalogue()
    if not (named := [built for built in images if built.name == name]):
        why = f"scripts/image {name} has not been run here"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    return named[0]


def prepared_podman(state: Path) -> Podman:
    """Returns podman with the image that scripts/setup has prepared; skips where it cannot run jobs.

    Args:
        state: directory for its settings.
    """
    root, podman = prepared_image(), Podman(state)
    if (why := podman_lacking(podman)) is not None:
        if os.environ.get("CI"):
            pytest.fail(f"scripts/setup has prepared podman, and it does not work: {why}")
        pytest.skip(why)
    with (Path(tempfile.gettempdir()) / "ionet-podman-image.lock").open("w") as lock:
        # Once a machine, by whichever process of the tests comes first: it takes half a minute.
        fcntl.flock(lock, fcntl.LOCK_EX)
        load_image(podman, root.parent)
    return podman


def lose_power(name: str, state: Path) -> None:
    """Leaves of a box what is on the disk, as after a loss of power: all else ends at once."""
    box, home = Box(name, state), state / name
    while alive := box.processes():
        for pid in alive:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)
    subprocess.run(["runc", "--root", home / "runc", "delete", "--force", name], check=False)
    while (home / "disk").is_mount():
        subprocess.run(["umount", home / "disk"], check=False)
    loops = subprocess.run(["losetup", "-j", home / "disk.img"], capture_output=True, text=True, check=True)
    for line in loops.stdout.splitlines():
        subprocess.run(["losetup", "-d", line.split(":")[0]], check=True)
    subprocess.run(["ip", "netns", "delete", f"io-{name}"], check=True)
    for link in RANGES.glob("*"):
        if link.readlink() == home:
            link.unlink()
    for group in Path("/sys/fs/cgroup").rglob(f"ionet/{name}"):
        for directory, _, _ in os.walk(group, topdown=False):
            Path(directory).rmdir()


def setting(name: str, old: str, new: str) -> str:
    """What a box's control group says, in the file of version 1 or 2."""
    for file in (old, new):
        for path in Path("/sys/fs/cgroup").rglob(f"ionet/{name}/box/{file}"):
            return path.read_text().strip()
    raise AssertionError(f"neither {old} nor {new}")

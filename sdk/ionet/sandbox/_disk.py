"""A box's disk: a file of fixed size with a file system in it, so that a box can fill no disk but its own."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from ionet.sandbox._bundle import USER
from ionet.sandbox._host import attempt, tool


def make(home: Path, size: int, user: int) -> None:
    """Makes and mounts the disk, with directories for work, outputs and temporary files.

    Raises:
        OSError: the host's own disk is full.
        ToolFailed: it cannot be made or mounted.
    """
    image, mounted = home / "disk.img", home / "disk"
    with image.open("wb") as file:
        # Reserved, not sparse: so the space is there even when the host's disk fills up.
        os.posix_fallocate(file.fileno(), 0, size)
    tool(
        "mkfs.ext4", "-q", "-F", "-m", "0", "-O", "^has_journal", "-E", "lazy_itable_init=1,nodiscard", image
    )
    mounted.mkdir()
    tool("mount", "-o", "loop,nosuid,nodev,noatime", image, mounted)
    owner = user + USER
    for name in ("job", "job/work", "job/out", "tmp"):
        (mounted / name).mkdir()
        os.chown(mounted / name, owner, owner)


def remove(home: Path) -> None:
    """Unmounts and removes the disk; repeated, it does nothing.

    Raises:
        ToolFailed: something on the host still uses it.
    """
    image, mounted = home / "disk.img", home / "disk"
    while os.path.ismount(mounted):
        tool("umount", mounted)
    if image.exists():
        # The device goes by itself with the mount, but not after a crash between the two.
        for device in re.findall(
            r"^(/dev/loop\d+):", attempt(["losetup", "-j", str(image)]).stdout, re.MULTILINE
        ):
            tool("losetup", "-d", device)
    with contextlib.suppress(FileNotFoundError):
        image.unlink()

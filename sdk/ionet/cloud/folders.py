"""A folder that goes with a volume: its files, and which snapshot it was made from."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Final

from ionet.chain.files import replace_secret
from ionet.cloud.errors import VolumeError
from ionet.cloud.snapshots import MAX_FILES, Snapshot
from ionet.formats.text import printable
from ionet.store.backends import hash_file

#: Where a folder says which snapshot it was made from.
MARKER: Final = ".ionet-volume.json"


def files_of(folder: Path) -> dict[str, Path]:
    """The files of a folder by path, in order.

    Raises:
        VolumeError: something in it cannot be kept.
    """
    if not folder.is_dir():
        raise VolumeError(f"{folder} is no folder")
    files: dict[str, Path] = {}
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in [*folders, *sorted(names)]:
            path = Path(place) / name
            kind, short = path.lstat().st_mode, str(path.relative_to(folder))
            if stat.S_ISDIR(kind) or short == MARKER:
                continue
            if not stat.S_ISREG(kind):
                raise VolumeError(f"{short} is neither a file nor a folder; a volume keeps no links")
            if printable(short) != short or "\\" in short:
                raise VolumeError(
                    f"{printable(short)}: a name has characters that do not print, or a backslash"
                )
            files[short] = path
    if len(files) > MAX_FILES:
        raise VolumeError(
            f"{folder} has {len(files)} files; a volume has at most {MAX_FILES}: pack some together"
        )
    return files


def content_of(path: Path) -> str | None:
    """The hash of a file that is there; None for what is none."""
    if path.is_symlink() or not path.is_file():
        return None
    return hash_file(path)[0].hex()


def marked(folder: Path) -> dict[str, str]:
    """What a folder says of the snapshot that it was made from."""
    try:
        value = json.loads((folder / MARKER).read_text())
    except (OSError, ValueError):
        return {}
    return {str(key): str(item) for key, item in value.items()} if isinstance(value, dict) else {}


def mark(folder: Path, snapshot: Snapshot) -> None:
    """Has a folder say so."""
    text = json.dumps({"id": snapshot.id, "name": snapshot.name, "snapshot": snapshot.hash})
    # In the place of what is there: a link would be written through.
    replace_secret(folder / MARKER, text + "\n")

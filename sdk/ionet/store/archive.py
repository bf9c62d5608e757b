"""A directory as one file: the zip archive that a manifest's `working_dir` names.

The same files give the same bytes, on any machine: names in the order of their bytes, one date, two modes,
nothing compressed, since each version of a compressor has bytes of its own.
"""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from ionet.store.errors import StoreError

#: The oldest date that the format has.
_DATE: Final = (1980, 1, 1, 0, 0, 0)
#: What tools leave in directories, and would make each archive different.
SKIPPED: Final = frozenset({".git", "__pycache__"})
_PART: Final = 1 << 20
#: Bytes from which a file has lengths of 64 bits in an archive.
_LONG: Final = 1 << 31


def pack(folder: Path, target: Path) -> int:
    """Writes a directory's files into a zip archive; returns how many.

    Args:
        folder: its `.git` and `__pycache__`, at any depth, are left out, and so are empty directories.
        target: the archive, new or replaced, outside of the folder.

    Raises:
        StoreError: the folder has a link or something else that is no file, a name that others could not
            unpack, or no file at all.
        OSError: a file cannot be read, or the archive not written.
    """
    files = dict(_files(folder))
    if not files:
        raise StoreError(f"{folder} has no files")
    write(files, target)
    return len(files)


def write(files: Mapping[str, Path], target: Path) -> None:
    """Writes files into a zip archive.

    Args:
        files: where each is, by its name in the archive.
        target: the archive, new or replaced.

    Raises:
        OSError: a file cannot be read, or the archive not written.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, path in sorted(files.items(), key=lambda item: item[0].encode()):
            executable = path.stat().st_mode & stat.S_IXUSR
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system = 3
            entry.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
            # Only where it has to be: Python before 3.11.4 writes the long form in another way.
            long = path.stat().st_size >= _LONG
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=long) as out:
                while part := source.read(_PART):
                    out.write(part)


def check_name(path: Path) -> None:
    """Checks that a file's name means the same wherever the archive is unpacked.

    Raises:
        StoreError: it does not.
    """
    try:
        path.name.encode()
    except UnicodeEncodeError:
        raise StoreError(f"{path!r}: the name is not UTF-8") from None
    if "\\" in path.name:
        raise StoreError(f"{path}: a name with a backslash means another file elsewhere; rename it")


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in folder.iterdir():
        if path.name in SKIPPED:
            continue
        check_name(path)
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            for name, inner in _files(path):
                yield f"{path.name}/{name}", inner
        elif stat.S_ISREG(mode):
            yield path.name, path
        else:
            raise StoreError(f"{path} is a link or no file; an archive has files only")

"""Files of requirements, as pip writes them: each package pinned, so that a manifest fixes the code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from ionet.cloud.errors import PackingError
from ionet.store.manifest import ManifestError, RuntimeEnv

#: Bytes of such a file, and what may follow a package in a line.
_MOST: Final = 256 * 1024
_COMMENT: Final = re.compile(r"(^|\s)#.*$")
_HASHES: Final = re.compile(r"(\s+--hash=\S+)+\s*$")


def read_requirements(path: Path) -> tuple[str, ...]:
    """Returns a file's packages, each as ``name==version``.

    Comments, empty lines and hashes are passed over; nothing else is: what pip would look for elsewhere,
    choose by itself, or leave out on some machines is refused.

    Raises:
        PackingError: a line is none of that; the message names it.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(_MOST + 1)
    if len(data) > _MOST:
        raise PackingError(f"{path} is too long for a file of requirements")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise PackingError(f"{path} is not UTF-8") from None
    found, number = [], 0
    # A line that ends with a backslash goes on in the next one.
    for line in re.sub(r"\\\r?\n", " \0", text).splitlines():
        number, here = number + 1 + line.count("\0"), number + 1
        wanted = _HASHES.sub("", _COMMENT.sub("", line.replace("\0", " "))).strip().replace(" == ", "==")
        if not wanted:
            continue
        try:
            RuntimeEnv(pip=(wanted,))
        except ManifestError:
            said = f"{path.name}:{here}: {wanted[:80]!r} is not pinned"
            raise PackingError(f"{said}; write name==version, as `pip freeze` does") from None
        found.append(wanted)
    if not found:
        raise PackingError(f"{path} names no package")
    return tuple(found)

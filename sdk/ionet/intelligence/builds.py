"""What an engine of this machine is built of: its package, and the hash of all files of it."""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, distribution
from typing import Final

#: Packages of engines, by their names in settings.
_PACKAGES: Final = {"llama": "xllamacpp", "minilm": "onnxruntime"}


def build_of(engine: str) -> str:
    """Name, version and sha256 of an engine's package, as receipts name it; empty: it is not of this machine.

    The hash is of the lines `PATH HASH`, sorted, of the files that the package lists with hashes of their
    own, so it is the same wherever the same wheel is installed.

    Args:
        engine: as settings name it.
    """
    try:
        package = distribution(_PACKAGES[engine])
    except (KeyError, PackageNotFoundError):
        return ""
    lines = sorted(
        f"{file} {file.hash.value}"
        for file in package.files or ()
        # What the installer has written by itself differs from place to place.
        if file.hash is not None and ".dist-info/" not in str(file) and not str(file).startswith("..")
    )
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return f"{package.name} {package.version} sha256:{digest}"

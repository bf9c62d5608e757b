"""The images that a machine has, by digest.

`DIRECTORY/<digest>/rootfs` is an image of `scripts/image`: the digest is the SHA-256 of that tree as an
archive, and `image.json` beside it says what it is called and what is in it. `DIRECTORY/latest` leads to the
base.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

BUILT: Final = "sha256:"
OWN: Final = "oci:"
LABEL: Final = "image.json"
BASE: Final = "base"
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


@dataclass(frozen=True, slots=True)
class Image:
    """One image of this machine.

    Attributes:
        reference: how a manifest names it: `sha256:<hex>`.
        root: directory of the root file system.
        name: its name in the catalogue; empty for none.
        about: what it is for, in a few words.
        packages: versions by name, of those that it is chosen for.
        size: bytes that it takes besides the images it is made of; 0 if that is unknown.
    """

    reference: str
    root: Path
    name: str = ""
    about: str = ""
    packages: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    size: int = 0

    @property
    def digest(self) -> str:
        """Its hash, 64 hex digits."""
        return self.reference.rpartition(":")[2]


class Images:
    """A directory of images that `scripts/image` has built.

    Args:
        folder: the directory; it need not be there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def default(self) -> Image | None:
        """Returns the image of whoever names none: the base that was built last."""
        latest = self.folder / "latest"
        return _image(latest.resolve()) if (latest / "rootfs").is_dir() else None

    def get(self, reference: str) -> Image | None:
        """Returns an image by its reference; None where it is not here."""
        kind, _, digest = reference.partition(":")
        if f"{kind}:" != BUILT or not _DIGEST.fullmatch(digest):
            return None
        folder = self.folder / digest
        return _image(folder) if (folder / "rootfs").is_dir() else None

    def catalogue(self) -> list[Image]:
        """Returns the catalogue: of each name the image that was built last, the base first."""
        default = self.default()
        found = [default] if default is not None else []
        for link in sorted(self.folder.glob("catalogue-*")):
            image = _image(link.resolve()) if (link / "rootfs").is_dir() else None
            if image is not None and _NAME.fullmatch(image.name) and image.name != BASE:
                found.append(image)
        return found


def _image(folder: Path) -> Image:
    label = _label(folder / LABEL)
    packages = label.get("packages")
    size = label.get("size")
    return Image(
        BUILT + folder.name,
        folder / "rootfs",
        str(label.get("name", BASE)),
        str(label.get("about", "")),
        MappingProxyType({str(name): str(version) for name, version in packages.items()})
        if isinstance(packages, dict)
        else MappingProxyType({}),
        size if isinstance(size, int) else 0,
    )


def _label(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError):
        # The first images had none.
        return {}
    return value if isinstance(value, dict) else {}

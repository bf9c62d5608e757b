"""The pages that browsers get: built from `web`, and packaged with a manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib import resources
from typing import Final

from starlette.responses import Response

_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "ico": "image/x-icon",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
#: Their names hold a hash of their content.
_FOREVER: Final = "public, max-age=31536000, immutable"
_INDEX: Final = "index.html"


class PagesBroken(Exception):
    """The packaged pages are not those of their manifest."""


class Pages:
    """A service's packaged pages, in memory.

    Args:
        package: which has them, in its folder `_built`.
        sections: first parts of the pages' addresses.

    Raises:
        PagesBroken: one is missing, or is not the one of the manifest.
    """

    def __init__(self, package: str, sections: frozenset[str]) -> None:
        self._files = _read(package)
        self._sections = sections

    def answer(self, path: str) -> Response:
        """What is at a path: a file, or the document in which each page is made."""
        name = path.strip("/")
        if name in self._files and name != _INDEX:
            suffix = name.rpartition(".")[2]
            headers = {"cache-control": _FOREVER} if name.startswith("assets/") else {}
            return Response(self._files[name], 200, headers, _TYPES[suffix])
        status = 200 if name.partition("/")[0] in self._sections else 404
        return Response(self._files[_INDEX], status, media_type=_TYPES["html"])


def _read(package: str) -> Mapping[str, bytes]:
    folder = resources.files(package).joinpath("_built")
    manifest = folder.joinpath("manifest.json")
    if not manifest.is_file():
        raise PagesBroken("the package has no pages: build them with scripts/pages")
    files = {}
    for name, wanted in json.loads(manifest.read_text("utf-8"))["files"].items():
        path = folder.joinpath(*name.split("/"))
        content = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(content).hexdigest() != wanted:
            raise PagesBroken(f"the packaged page {name} is not the one of its manifest: install ionet anew")
        files[name] = content
    return files

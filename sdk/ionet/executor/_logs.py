"""Logs of a lease's runs: kept in the store, read from a state directory or from a web server.

A state directory holds `store/`, a `FileStore`, and `work/`, the executor's workspaces. While a run is in
progress, its log grows at ``work/<lease>/run.log``; when it ends, the log goes into the store under
``leases/<lease>/logs/<number>``, and stays there when the workspace is gone.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from ionet.chain.errors import ConfigError, IonetError
from ionet.chain.rpc.urls import keep_secret, public_url
from ionet.executor._base import lease_name
from ionet.formats import canonical
from ionet.store.manifest import FileStore, StoreError

#: How many bytes are kept of a log, from its end.
MAX_LOG: Final = 64 << 20
#: Bytes within which the end of the line is looked for that is cut.
_LINE: Final = 1 << 16
_SHORTENED: Final = b"--- earlier output is left out\n"


def keep_log(store: FileStore, lease: str, path: Path) -> None:
    """Stores a log under the lease's next number, unless the last log is the same.

    Raises:
        StoreError: the store is damaged.
        OSError: the store or the log cannot be read or written.
    """
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            file.seek(max(0, size - MAX_LOG))
            data = file.read()
    except FileNotFoundError:
        return
    if size > MAX_LOG:
        data = _SHORTENED + data
    number = sum(1 for _ in store.names(f"leases/{lease}/logs"))
    if number and store.resolve(_name(lease, number)) == sha256(data).digest():
        return
    store.link(_name(lease, number + 1), store.put(data))


def shorten_log(path: Path, *, ended: bool = False) -> None:
    """Keeps the newest lines of a log that is too long.

    Args:
        path: the log.
        ended: nothing is added to it any more. Before, it is let grow to twice the length, as it is copied.
    """
    if path.stat().st_size <= MAX_LOG or (not ended and path.stat().st_size < 2 * MAX_LOG):
        return
    part = path.with_suffix(".part")
    with path.open("rb") as file, part.open("wb") as kept:
        file.seek(-MAX_LOG, os.SEEK_END)
        kept.write(_SHORTENED)
        first, end, rest = file.read(_LINE).partition(b"\n")
        kept.write(rest if end else first)
        shutil.copyfileobj(file, kept)
    part.replace(path)


def _name(lease: str, number: int) -> str:
    return f"leases/{lease}/logs/{number:06d}"


class Place(Protocol):
    """A state directory, on this machine or elsewhere."""

    def read(self, path: str, start: int = 0) -> bytes | None:
        """Returns a file from byte `start` on; None if there is no such file."""
        ...


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, path: str, start: int = 0) -> bytes | None:
        try:
            with (self._root / path).open("rb") as file:
                file.seek(start)
                return file.read()
        except FileNotFoundError:
            return None


#: Bytes of a file that is read over HTTP, and seconds for it.
_LARGEST: Final = 1 << 28
_LONGEST: Final = 300.0


class _Web:
    def __init__(self, url: str) -> None:
        import httpx

        from ionet.chain.rpc.bounds import Bounds

        keep_secret(url)
        self._url, self._shown = url.rstrip("/"), public_url(url)
        self._client = Bounds.keep(httpx.Client(follow_redirects=True, timeout=30.0))

    def read(self, path: str, start: int = 0) -> bytes | None:
        import httpx

        from ionet.chain.rpc.bounds import TooLarge, download

        place, headers = f"{self._url}/{path}", {"Range": f"bytes={start}-"} if start else {}
        try:
            with download(self._client, place, seconds=_LONGEST, most=_LARGEST, headers=headers) as (
                status,
                parts,
            ):
                match status:
                    case 404 | 410:
                        return None
                    case 416:  # nothing after `start` yet
                        return b""
                    case 206:
                        return b"".join(parts)
                    case 200:  # a server that does not support ranges
                        return b"".join(parts)[start:]
        except TooLarge:
            raise IonetError(f"{path} at {self._shown} is larger than {_LARGEST >> 20} MiB") from None
        except TimeoutError:
            raise IonetError(f"{path} at {self._shown} was not whole within {_LONGEST:g} seconds") from None
        except (httpx.HTTPError, httpx.InvalidURL) as bad:
            raise IonetError(f"no answer from {self._shown}: {bad}") from None
        raise IonetError(f"{path} at {self._shown}: HTTP {status}")


def open_place(place: str) -> Place:
    """Returns a state directory by its path, `file:` or `http(s):` URL.

    Raises:
        ConfigError: there is no such directory, or it is another kind of URL.
    """
    url = urlsplit(place)
    if url.scheme in ("http", "https"):
        return _Web(place)
    if url.scheme not in ("", "file"):
        raise ConfigError(
            f"logs are read from a directory, or from a file: or http(s): URL, not from {url.scheme}:"
        )
    root = Path(url.path if url.scheme else place).expanduser()
    if not (root / "store").is_dir():
        raise ConfigError(f"{root} is not an orchestrator's state directory: it has no directory store")
    return _Folder(root)


@dataclass(frozen=True, slots=True)
class Log:
    """The log of a job's lease.

    Attributes:
        lease: the lease's name.
        data: the bytes, all attempts in order.
        live: whether it is a workspace's log, which may still grow.
    """

    lease: str
    data: bytes
    live: bool


def read_log(place: Place, job: bytes) -> Log | None:
    """Returns the log of a job's lease; None if the orchestrator has not placed the job.

    Raises:
        StoreError: the state is damaged.
    """
    lease = lease_of(place, job)
    if lease is None:
        return None
    live = place.read(f"work/{lease}/run.log")
    if live is not None:
        return Log(lease, live, live=True)
    data, number = b"", 1
    while (digest := _resolve(place, _name(lease, number))) is not None:
        data = _object(place, digest)
        number += 1
    return Log(lease, data, live=False)


def follow(place: Place, lease: str, start: int) -> Iterator[bytes]:
    """Yields what is added to a live log, from byte `start` on; ends when the workspace is gone."""
    while (more := place.read(f"work/{lease}/run.log", start)) is not None:
        start += len(more)
        yield more


def lease_of(place: Place, job: bytes) -> str | None:
    """Returns the name of a job's lease, or None."""
    digest = _resolve(place, f"jobs/{job.hex()}/lease")
    if digest is None:
        return None
    record: Any = canonical.decode(_object(place, digest))
    return lease_name([bytes.fromhex(address) for address in record["jobs"]])


def _resolve(place: Place, name: str) -> bytes | None:
    text = place.read(f"store/names/{name}")
    if text is None:
        return None
    try:
        digest = bytes.fromhex(text.decode())
    except ValueError:
        digest = b""
    if len(digest) != 32:
        raise StoreError(f"the name {name} holds {text[:80]!r}, not a sha256")
    return digest


def _object(place: Place, digest: bytes) -> bytes:
    text = digest.hex()
    data = place.read(f"store/objects/{text[:2]}/{text[2:]}")
    if data is None or sha256(data).digest() != digest:
        raise StoreError(f"the object {text} is missing or damaged")
    return data

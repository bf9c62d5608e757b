# Generated from store/_async/http.py by scripts/codegen; do not edit.
"""A store that is reached over HTTP."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, Final, Self

import httpx

from ionet.chain.errors import ConfigError
from ionet.chain.rpc.bounds import Bounds
from ionet.chain.rpc.tls import tls
from ionet.chain.rpc.urls import public_url
from ionet.chain.signers import SignerLike, as_signer
from ionet.store.backends import as_digest
from ionet.store.errors import NotStored, StoreError, StoreRefused, StoreUnknown, StoreUnreachable
from ionet.store.signing import authorization
from ionet.store.transfer import Content, KeptFile, Partial, Source, Threads, Told

#: HTTP statuses after which the same request may succeed.
_BUSY: Final = frozenset({408, 429, 500, 502, 503, 504})
#: Reasons of a refusal after which the upload can be gone on with.
_GO_ON: Final = frozenset({"offset", "superseded", "upload", "nonce"})
#: Bytes of an answer that is not a file.
_LONGEST: Final = 64 << 10
#: What is asked for: files are not packed on the way, so that ranges mean their own bytes.
_PLAIN: Final = {"accept-encoding": "identity"}
#: Bytes that `get_bytes` gives at most.
_IN_MEMORY: Final = 64 << 20
#: Seconds that a store may take to hand a whole upload to its backend, for one request.
_STORING: Final = 60.0


class _Lost(Exception):
    """No answer, or one that asks to come again.

    Attributes:
        reached: whether the request may have been carried out.
        pause: seconds that the store asks to wait.
    """

    def __init__(self, message: str, *, reached: bool = True, pause: float | None = None) -> None:
        super().__init__(message)
        self.reached, self.pause = reached, pause


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: httpx.Headers
    body: Any


class HttpStore:
    """A store behind a URL. Reading needs no key; writing is signed, and counts for the signer.

    What is interrupted goes on where it was, in both directions, also in a later process.

    Args:
        url: of the gateway, without `/files`. It is signed: the gateway has to know itself by it.
        signer: who writes: a keypair, the path of a keypair file, or any `Signer`.
        timeout: seconds without a byte after which a connection counts as lost.
        retries: attempts in a row without a single new byte, after the first.
        backoff: seconds before the second attempt; doubles each time, with jitter, up to 30.
        slowest: bytes a second that a transfer reaches at least, or is given up for this attempt.
        client: an httpx client of your own, which is not closed with the store.

    Raises:
        ConfigError: it is not a URL of this kind.
    """

    def __init__(
        self,
        url: str,
        signer: SignerLike | None = None,
        *,
        timeout: float = 30.0,
        retries: int = 5,
        backoff: float = 0.25,
        slowest: int = 16 << 10,
        client: httpx.Client | None = None,
    ) -> None:
        parts = httpx.URL(url)
        if parts.scheme not in ("http", "https") or not parts.host or parts.query or parts.userinfo:
            raise ConfigError(f"{public_url(url)} is not a store's URL; write https://HOST[:PORT][/PATH]")
        self.url = url.rstrip("/")
        self._signer = as_signer(signer)
        self._timeout, self._retries, self._backoff, self._slowest = timeout, retries, backoff, slowest
        self._own = client is None
        self._client = client or Bounds.keep(
            httpx.Client(verify=tls(), timeout=httpx.Timeout(timeout, connect=0.8 * timeout))
        )

    def __repr__(self) -> str:
        return f"the store {public_url(self.url)}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        if self._own:
            self._client.close()

    # -- reading

    def size(self, digest: bytes | str) -> int | None:
        """Bytes of a file; None if the store does not have it.

        Raises:
            StoreUnreachable: there is no answer.
            StoreRefused: the store refuses.
        """
        answer = self._patiently("HEAD", f"/files/{as_digest(digest).hex()}")
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise self._refused(answer)
        return self._length(answer.headers.get("content-length"))

    def has(self, digest: bytes | str) -> bool:
        """Whether the store has a file; errors as for `size`."""
        return self.size(digest) is not None

    def get(
        self,
        digest: bytes | str,
        path: str | Path,
        *,
        most: int | None = None,
        progress: Told | None = None,
    ) -> int:
        """Fetches a file; returns its size in bytes. The path has it whole and checked, or not at all.

        Args:
            digest: sha256 of the content.
            path: where it goes; what was there is replaced.
            most: bytes; a larger file is not fetched.
            progress: told bytes done and bytes in all.

        Raises:
            NotStored: the store does not have it.
            StoreUnreachable: it gave no answer, or stopped; the next `get` to this path goes on there.
            StoreError: it is too large, or what the store sends has another hash.
            OSError: the file cannot be written.
        """
        wanted, target = as_digest(digest), Path(path)
        size = self.size(wanted)
        if size is None:
            raise NotStored(f"{self!r} has no file {wanted.hex()}")
        if most is not None and size > most:
            raise StoreError(f"{wanted.hex()} has {size} bytes; at most {most} are wanted")
        with Threads.run(Partial, target, wanted) as partial:
            old = partial.old
            while True:
                self._fetch(wanted, size, partial, progress)
                seen = partial.seen()
                if Threads.run(partial.finish):
                    return size
                if not old:
                    raise StoreError(
                        f"what {self!r} sends for {wanted.hex()} has the sha256 {seen}; nothing was kept"
                    )
                # What an earlier attempt left was not the beginning of this file.
                old = False

    def get_bytes(self, digest: bytes | str, *, most: int = _IN_MEMORY) -> bytes:
        """The content of a small file, checked; errors as for `get`."""
        with TemporaryDirectory(prefix="ionet-") as folder:
            path = Path(folder) / "file"
            self.get(digest, path, most=most)
            return Threads.run(path.read_bytes)

    def _fetch(self, digest: bytes, size: int, partial: Partial, progress: Told | None) -> None:
        """Fetches what is missing."""
        if partial.size > size:
            Threads.run(partial.restart)
        tries = 0
        while partial.size < size:
            before = partial.size
            try:
                self._fetch_once(digest, size, partial, progress)
            except _Lost as bad:
                tries = 0 if partial.size > before else tries + 1
                if tries > self._retries:
                    raise StoreUnreachable(
                        f"{self!r}: {bad}; {partial.size} of {size} bytes came, the next `get` goes on there"
                    ) from bad
                self._pause(tries, bad.pause)
            finally:
                Threads.run(partial.flush)
        if progress is not None:
            progress(size, size)

    def _fetch_once(self, digest: bytes, size: int, partial: Partial, progress: Told | None) -> None:
        headers = {**_PLAIN, "range": f"bytes={partial.size}-"} if partial.size else _PLAIN
        try:
            with (
                Bounds.within(self._timeout + (size - partial.size) / self._slowest),
                self._client.stream("GET", f"{self.url}/files/{digest.hex()}", headers=headers) as response,
            ):
                self._check_head(response, size, partial)
                for part in response.iter_raw():
                    if partial.size + len(part) > size:
                        raise StoreError(f"{self!r} sends more than the {size} bytes of {digest.hex()}")
                    Threads.run(partial.add, part)
                    if progress is not None:
                        progress(partial.size, size)
        except (httpx.HTTPError, TimeoutError) as bad:
            raise _Lost(_reason(bad)) from bad
        if partial.size < size:
            raise _Lost("the connection ended early")

    def _check_head(self, response: httpx.Response, size: int, partial: Partial) -> None:
        status, headers = response.status_code, response.headers
        if headers.get("content-encoding", "identity") != "identity":
            raise StoreError(f"{self!r} sends files packed, which was not asked for")
        if status == 206 and headers.get("content-range") == f"bytes {partial.size}-{size - 1}/{size}":
            return
        if status == 200:
            Threads.run(partial.restart)
            return
        if status in _BUSY:
            raise _Lost(f"HTTP {status}", pause=_seconds(headers))
        if status == 404:
            raise NotStored(f"{self!r} no longer has the file")
        raise StoreRefused(f"{self!r} answers a request for a file with HTTP {status}", status=status)

    # -- writing

    def put(self, source: Source, *, progress: Told | None = None) -> bytes:
        """Stores a file, signed; returns its sha256. To store it again prolongs its time.

        Args:
            source: a file's path, or the content.
            progress: told bytes done and bytes in all.

        Raises:
            StoreRefused: the store refuses; nothing new is stored.
            StoreUnreachable: there is no answer; nothing new is stored, and to repeat it goes on with it.
            StoreUnknown: the connection was lost at the end; to repeat it is safe, and tells.
            OSError: the file cannot be read.
        """
        content = Threads.run(Content, source)
        try:
            self._put(content, progress)
        finally:
            content.close()
        return content.digest

    def _put(self, content: Content, progress: Told | None) -> None:
        path = f"/files/{content.digest.hex()}"
        tries, far, upload, offset, last = 0, 0, "", 0, False
        while True:
            try:
                if not upload:
                    body, answer = self._begin(path, content)
                else:
                    last = offset + body >= content.size
                    answer = self._send(path, upload, content, offset, body, progress)
                if answer.body["complete"]:
                    break
                upload, offset = str(answer.body["upload"]), self._length(str(answer.body["offset"]))
                if answer.status == 202:
                    # All bytes are there, and are being stored: ask again.
                    upload = ""
                    raise _Lost("the file is still being stored")
                if offset > far:
                    far, tries = offset, 0
            except _Lost as bad:
                # POST tells how far the upload is.
                upload, tries = "", tries + 1
                if tries > self._retries:
                    raise self._given_up(content, bad, last) from bad
                self._pause(tries, bad.pause)
        if progress is not None:
            progress(content.size, content.size)

    def _given_up(self, content: Content, bad: _Lost, last: bool) -> StoreUnreachable:
        if last and bad.reached:
            return StoreUnknown(
                f"{self!r}: {bad}; it is unknown whether it has {content.digest.hex()}; put it again to know"
            )
        return StoreUnreachable(f"{self!r}: {bad}; {content.name} is not stored, and can be put again")

    def _begin(self, path: str, content: Content) -> tuple[int, _Answer]:
        """The bytes of one request, and the answer to a signed POST."""
        info = self._info()
        if content.size > info["largest"]:
            raise StoreRefused(
                f"{content.name} has {content.size} bytes; {self!r} takes at most {info['largest']}",
                status=413,
                code="size",
            )
        headers = {"ionet-size": str(content.size), **self._signed("POST", path, content.size, info["nonce"])}
        answer = self._once("POST", path, headers, seconds=_STORING)
        if answer.status not in (200, 201, 202) or not _is_progress(answer.body):
            raise self._refused(answer)
        return int(info["body"]), answer

    def _send(
        self, path: str, upload: str, content: Content, offset: int, body: int, progress: Told | None
    ) -> _Answer:
        length = min(body, content.size - offset)

        def parts() -> Iterator[bytes]:
            sent = 0
            while sent < length:
                part = Threads.run(content.read, offset + sent, length - sent)
                yield part
                sent += len(part)
                if progress is not None:
                    progress(offset + sent, content.size)

        headers = {"ionet-upload": upload, "ionet-offset": str(offset), "content-length": str(length)}
        answer = self._once("PATCH", path, headers, parts(), seconds=_STORING + length / self._slowest)
        if answer.status not in (200, 202) or not _is_progress(answer.body):
            raise self._refused(answer)
        return answer

    def drop(self, digest: bytes | str) -> None:
        """No longer keeps a file for the signer: the store removes it once nobody keeps it.

        Raises:
            NotStored: the store does not keep it for the signer.
            StoreRefused: the store refuses.
            StoreUnreachable: there is no answer; whether it was done is unknown, and to repeat it is safe.
        """
        path = f"/files/{as_digest(digest).hex()}"
        answer = self._patiently("DELETE", path, signed=True)
        if answer.status == 404:
            raise NotStored(f"{self!r} does not keep {as_digest(digest).hex()} for this key")
        if answer.status != 204:
            raise self._refused(answer)

    def info(self) -> dict[str, Any]:
        """The store's bounds: bytes (`largest` file, `free` for any key), seconds (`keep`, `keep_free`)."""
        info = self._info()
        return {name: value for name, value in info.items() if not name.startswith("nonce")}

    def usage(self) -> dict[str, Any]:
        """What the signer may keep (`allowed`; `by_chain` of it), keeps (`used`) in bytes, and `files`."""
        answer = self._patiently("GET", "/files/usage", signed=True)
        if answer.status != 200 or not isinstance(answer.body, dict):
            raise self._refused(answer)
        return dict(answer.body)

    def keep(self, digest: bytes | str, size: int) -> None:
        """Has a file that is here kept for the signer, for as long as one that is stored now.

        Raises:
            NotStored: it is not here.
            StoreRefused: the store refuses.
            StoreUnreachable: there is no answer; to repeat it is safe.
        """
        path = f"/files/{as_digest(digest).hex()}"
        headers = {"ionet-size": str(size)}
        answer = self._patiently("POST", path, signed=True, size=size, headers=headers)
        if answer.status not in (200, 201, 202) or not _is_progress(answer.body):
            raise self._refused(answer)
        if not answer.body["complete"]:
            self.drop(digest)
            raise NotStored(f"{self!r} has no file {as_digest(digest).hex()}")

    def kept(self) -> list[KeptFile]:
        """What the store keeps for the signer, by hash."""
        files, after, more = list[KeptFile](), bytes(32), True
        while more:
            answer = self._patiently("GET", f"/files/kept/{after.hex()}", signed=True)
            page, more = self._page(answer)
            if page and page[0].digest <= after:
                raise StoreRefused(f"{self!r} does not list files in order", status=answer.status)
            files += page
            after, more = (page[-1].digest, more) if page else (after, False)
        return files

    def _page(self, answer: _Answer) -> tuple[list[KeptFile], bool]:
        if answer.status != 200:
            raise self._refused(answer)
        try:
            rows = answer.body["files"]
            page = [KeptFile(bytes.fromhex(row["hash"]), int(row["size"]), int(row["until"])) for row in rows]
            return page, answer.body["more"] is True
        except (KeyError, TypeError, ValueError):
            raise StoreRefused(f"{self!r} does not answer as a store", status=answer.status) from None

    # -- requests

    def _info(self) -> dict[str, Any]:
        answer = self._patiently("GET", "/files")
        info = answer.body
        if answer.status != 200:
            raise self._refused(answer)
        known = isinstance(info, dict) and isinstance(info.get("nonce"), str)
        if not known or not all(isinstance(info.get(name), int) for name in ("largest", "body")):
            raise StoreRefused(
                f"{self!r} does not answer as a store; is the URL right?", status=answer.status
            )
        return dict(info)

    def _signed(self, method: str, path: str, size: int, nonce: str) -> dict[str, str]:
        if self._signer is None:
            raise ConfigError(f"to write to {self!r} takes a signer; give the store one")
        return {"authorization": authorization(self._signer, method, self.url + path, size, nonce)}

    def _patiently(
        self,
        method: str,
        path: str,
        *,
        signed: bool = False,
        size: int = 0,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> _Answer:
        """The answer to a request that can be repeated."""
        tries = 0
        while True:
            try:
                given = dict(headers)
                if signed:
                    given |= self._signed(method, path, size, (self._info())["nonce"])
                return self._once(method, path, given, seconds=self._timeout)
            except _Lost as bad:
                tries += 1
                if tries > self._retries:
                    raise StoreUnreachable(f"{self!r}: {bad}") from bad
                self._pause(tries, bad.pause)

    def _once(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: Iterator[bytes] | None = None,
        *,
        seconds: float,
    ) -> _Answer:
        """One request and its answer.

        Raises:
            _Lost: there is none, or it asks to come again.
        """
        parts, came = [], 0
        try:
            with (
                Bounds.within(seconds),
                self._client.stream(
                    method, self.url + path, headers={**_PLAIN, **headers}, content=body
                ) as response,
            ):
                for part in response.iter_raw():
                    came += len(part)
                    if came > _LONGEST:
                        raise StoreRefused(
                            f"{self!r} does not answer as a store; is the URL right?",
                            status=response.status_code,
                        )
                    parts.append(part)
        except (httpx.HTTPError, TimeoutError) as bad:
            reached = not isinstance(bad, (httpx.ConnectError, httpx.ConnectTimeout))
            raise _Lost(_reason(bad), reached=reached) from bad
        answer = _Answer(response.status_code, response.headers, _json(b"".join(parts)))
        code, text = _error(answer)
        if (answer.status in _BUSY and code not in ("uploads", "free")) or code in _GO_ON:
            raise _Lost(text or f"HTTP {answer.status}", pause=_seconds(response.headers))
        return answer

    def _refused(self, answer: _Answer) -> StoreRefused:
        code, text = _error(answer)
        text = text or f"HTTP {answer.status}; is the URL right?"
        return StoreRefused(f"{self!r} refuses: {text}", status=answer.status, code=code)

    def _length(self, text: str | None) -> int:
        if text is None or not text.isascii() or not text.isdigit() or len(text) > 18:
            raise StoreRefused(f"{self!r} does not answer as a store; is the URL right?", status=200)
        return int(text)

    def _pause(self, tries: int, asked: float | None) -> None:
        pause = self._backoff * 2 ** max(tries - 1, 0) * random.uniform(0.75, 1.25)
        time.sleep(min(pause if asked is None else max(asked, pause), 30.0))


def _is_progress(body: Any) -> bool:
    if not isinstance(body, dict) or not isinstance(body.get("complete"), bool):
        return False
    return body["complete"] or (isinstance(body.get("upload"), str) and isinstance(body.get("offset"), int))


def _error(answer: _Answer) -> tuple[str, str]:
    """The reason of a refusal, in a word and in words."""
    error = answer.body.get("error") if isinstance(answer.body, dict) and answer.status >= 400 else None
    if not isinstance(error, dict):
        return "", ""
    return str(error.get("code", ""))[:40], str(error.get("message", ""))[:1_000]


def _reason(bad: Exception) -> str:
    return str(bad) or ("no answer in time" if isinstance(bad, TimeoutError) else type(bad).__name__)


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _seconds(headers: httpx.Headers) -> float | None:
    text = headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else None

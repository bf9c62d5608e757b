"""What a server of files does: takes them by their hash, within bounds, keeps them for a time, gives them.

It knows nothing of HTTP: `ionet.gateway` puts routes over it. Uploads lie in a folder of the keeper's own
until their hash was checked; only then does the backend get them. One process serves one folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import hashlib
import logging
import os
import secrets
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Protocol, Self, TypeVar
from weakref import WeakValueDictionary

from solders.pubkey import Pubkey

from ionet.chain.errors import ConfigError
from ionet.chain.files import state_folder
from ionet.formats.when import DAY, HOUR
from ionet.store.backends import PART, Backend
from ionet.store.errors import NotStored, StoreError
from ionet.store.ledger import Bounds, Ledger, Row, TooMuch
from ionet.store.signing import BadSignature, Nonces, NoncesBusy, NonceSpent, verify

T = TypeVar("T")

_log = logging.getLogger(__name__)
_FULL: Final = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
#: Files of a page of what a key keeps.
_PAGE: Final = 400
#: Seconds that an answer waits for a complete upload to reach the backend.
_PATIENCE: Final = 20.0
#: Seconds between two sweeps, and files looked at in one.
_SWEEP: Final = 60.0
_AT_ONCE: Final = 500


class Quota(Protocol):
    """Says how much a key may keep."""

    async def allowed(self, key: Pubkey) -> int:
        """Bytes that the key may keep now; 0 for a key that nothing speaks for.

        Raises:
            Exception: it cannot be said now; the request is refused for the moment.
        """
        ...


class Refusal(Exception):
    """A request is refused.

    Attributes:
        status: as in HTTP.
        code: the reason in a word; see docs/store.md.
        facts: what goes with it.
    """

    def __init__(self, status: int, code: str, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.status, self.code, self.facts = status, code, facts


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a store.

    Attributes:
        file: bytes of one file.
        total: bytes of all files and open uploads.
        free: bytes that any key may keep, so that a manifest can be uploaded before a job is booked.
        free_total: bytes kept under `free` altogether.
        uploads: open at once.
        free_uploads: of them, those under `free`.
        uploads_of_key: of them, those of one key.
        body: bytes of one request.
        slowest: bytes a second that a sender must reach on average.
        stall: seconds until the next bytes, in and out.
        idle: seconds that an upload stays open without any of its bytes.
        keep: seconds that a file is kept after its last authorised upload; longer while the chain allows it.
        keep_free: the same under `free`.
        spare: bytes of the disk that stay free.
        reads: answers sent at once.
    """

    file: int = 64 << 30
    total: int = 1 << 40
    free: int = 1 << 20
    free_total: int = 1 << 30
    uploads: int = 256
    free_uploads: int = 128
    uploads_of_key: int = 8
    body: int = 64 << 20
    slowest: int = 16 << 10
    stall: float = 30.0
    idle: float = HOUR
    keep: float = 30 * DAY
    keep_free: float = 2 * DAY
    spare: int = 1 << 30
    reads: int = 256

    @property
    def bounds(self) -> Bounds:
        """What the ledger enforces."""
        return Bounds(self.total, self.free_total, self.uploads, self.free_uploads, self.uploads_of_key)


@dataclass(eq=False)
class _Upload:
    row: Row
    path: Path
    offset: int
    #: Of the bytes so far; None after a restart, until they are read again.
    hasher: Any = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    #: The wait for a sender's next bytes: a newer sender ends it.
    waiting: asyncio.Future[bytes | None] | None = None
    turn: int = 0
    finishing: asyncio.Task[None] | None = None

    def take_over(self) -> int:
        self.turn += 1
        if self.waiting is not None:
            self.waiting.cancel()
        return self.turn


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an upload stands.

    Attributes:
        complete: the file is stored.
        storing: all bytes are here, and on their way to the backend; ask again.
        offset: bytes that are here.
        token: names the upload in what follows; empty when it is complete.
    """

    complete: bool
    storing: bool = False
    offset: int = 0
    token: str = ""


class Keeper:
    """A store for others. Use it as a context manager, which locks its folder and sweeps.

    Args:
        backend: where the files go.
        folder: for uploads and the ledger; on the backend's disk, if that is a directory.
        quota: says how much each key may keep.
        urls: what clients call this store: the part of its URLs before `/files`, without a slash at the end.
        limits: bounds.
        clock: unix time, of this machine alone.
    """

    def __init__(
        self,
        backend: Backend,
        folder: Path,
        *,
        quota: Quota,
        urls: Sequence[str],
        limits: Limits | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not urls:
            raise ConfigError("a store needs the URL that its clients know it by: signatures name it")
        self.limits = limits or Limits()
        self._backend, self._quota, self._clock = backend, quota, clock
        self._urls = tuple(url.rstrip("/") for url in urls)
        self._folder = folder
        self._nonces = Nonces()
        self._open: dict[str, _Upload] = {}
        self._locks: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()
        self._reading = 0
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        state_folder(self._folder)
        self._uploads = self._folder / "uploads"
        self._uploads.mkdir(mode=0o700, exist_ok=True)
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(os.close, _lock_folder(self._folder))
            self._ledger = Ledger(self._folder / "ledger.sqlite")
            stack.callback(self._ledger.close)
            self._resume()
            sweeper = asyncio.create_task(self._sweep_forever())
            stack.push_async_callback(_cancelled, sweeper)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *error: object) -> None:
        finishing = [upload.finishing for upload in self._open.values() if upload.finishing]
        await asyncio.gather(*finishing, return_exceptions=True)
        await self._stack.aclose()

    def info(self) -> dict[str, Any]:
        """What a client has to know before it writes, with a nonce for its next signature."""
        return {
            "nonce": self._nonces.give(),
            "nonce_seconds": int(self._nonces.seconds),
            "largest": self.limits.file,
            "body": self.limits.body,
            "free": self.limits.free,
            "keep": int(self.limits.keep),
            "keep_free": int(self.limits.keep_free),
        }

    # -- reading

    async def size(self, digest: bytes) -> int | None:
        """Bytes of a file; None if it is not here."""
        return await self._of_backend(self._backend.size, digest)

    async def read(self, digest: bytes, start: int, stop: int) -> AsyncIterator[bytes]:
        """The bytes of a file from `start` to before `stop`.

        Raises:
            Refusal: there is no such file, or too many are read at once.
        """
        if self._reading >= self.limits.reads:
            raise Refusal(503, "busy", "too many files are read at once; try again soon")
        self._reading += 1
        parts: Iterator[bytes] | None = None
        try:
            if start < stop:
                parts = await self._of_backend(self._backend.read, digest, start, stop)
                while (part := await self._of_backend(next, parts, None)) is not None:
                    yield part
        finally:
            self._reading -= 1
            if (close := getattr(parts, "close", None)) is not None:
                close()

    # -- writing

    async def open(self, digest: bytes, size: int, authorization: str) -> Progress:
        """Begins an upload, or goes on with one; a file that is here already is only kept for its owner too.

        Args:
            digest: sha256 of the content.
            size: its length, bytes.
            authorization: the header, signed over POST and this size.

        Raises:
            Refusal: with the reason.
        """
        owner = self._signed(authorization, "POST", f"/files/{digest.hex()}", size)
        if not 0 <= size <= self.limits.file:
            raise Refusal(413, "size", f"a file has at most {self.limits.file} bytes here, not {size}")
        if (upload := self._upload_of(owner, digest)) is not None:
            return await self._again(upload, size)
        allowed, free = await self._allowance(owner, size)
        if free and await asyncio.to_thread(self._ledger.has, bytes(owner), digest):
            # Whoever asks again wants it kept for longer than what is free is.
            by_chain = await self._asked(owner)
            allowed, free = max(allowed, by_chain), by_chain <= 0
        try:
            upload = await self._admitted(owner, digest, size, allowed, free)
        except Refusal as bad:
            # What is free is taken: the chain may speak for the key.
            if not free or bad.code not in ("free", "busy") or (allowed := await self._asked(owner)) <= 0:
                raise
            upload = await self._admitted(owner, digest, size, max(allowed, self.limits.free), False)
        if upload is None:
            return Progress(complete=True, offset=size)
        return await self._again(upload, size)

    async def append(
        self,
        digest: bytes,
        token: str,
        offset: int,
        length: int | None,
        parts: AsyncIterator[bytes],
    ) -> Progress:
        """Adds bytes to an upload. A newer sender takes over from an older one.

        Args:
            digest: of the file.
            token: names the upload; who has it may add bytes of this content, and nothing else.
            offset: where the bytes belong.
            length: how many there are, if the sender says so.
            parts: the bytes as they come.

        Raises:
            Refusal: with the reason.
        """
        upload = self._open.get(token)
        if upload is None or upload.row.digest != digest:
            raise Refusal(404, "upload", "there is no such upload, or no longer; begin it again with POST")
        turn = upload.take_over()
        async with upload.lock:
            if upload.finishing is None and token in self._open and upload.turn == turn:
                self._check_body(upload, offset, length)
                await self._receive(upload, turn, parts)
            if upload.turn != turn:
                raise Refusal(409, "superseded", "another request goes on with this upload")
        return await self._state(upload)

    async def usage(self, authorization: str) -> dict[str, Any]:
        """What the key that signed may keep and keeps, bytes.

        Raises:
            Refusal: with the reason.
        """
        owner = self._signed(authorization, "GET", "/files/usage", 0)
        allowed = await self._asked(owner)
        return {
            "key": str(owner),
            "allowed": max(allowed, self.limits.free),
            "by_chain": allowed,
            "used": await asyncio.to_thread(self._ledger.used, bytes(owner)),
            "files": await asyncio.to_thread(self._ledger.files, bytes(owner)),
        }

    async def kept(self, after: bytes, authorization: str) -> dict[str, Any]:
        """What the key that signed keeps, a page of it by hash.

        Args:
            after: the last hash of the page before; zeros for the first.
            authorization: the header.

        Raises:
            Refusal: with the reason.
        """
        owner = self._signed(authorization, "GET", f"/files/kept/{after.hex()}", 0)
        rows = await asyncio.to_thread(self._ledger.kept, bytes(owner), after, _PAGE)
        files = [{"hash": digest.hex(), "size": size, "until": int(until)} for digest, size, until in rows]
        return {"files": files, "more": len(rows) == _PAGE}

    async def drop(self, digest: bytes, authorization: str) -> None:
        """The key that signed no longer keeps a file, and gives up an upload of it.

        Raises:
            Refusal: with the reason.
        """
        owner = self._signed(authorization, "DELETE", f"/files/{digest.hex()}", 0)
        async with self._lock(digest):
            upload = self._upload_of(owner, digest)
            if upload is not None:
                upload.take_over()
                async with upload.lock:
                    await self._discard(upload)
            kept = await self._written(self._ledger.let_go, bytes(owner), digest)
        if not kept and upload is None:
            raise Refusal(404, "file", f"{owner} does not keep that file here")
        await self._remove_unneeded(digest)

    # -- sweeping

    async def sweep(self) -> None:
        """Ends uploads and files whose time is over. What an open upload is about stays."""
        now = self._clock()
        for upload in list(self._open.values()):
            if upload.row.until < now and upload.finishing is None and not upload.lock.locked():
                async with upload.lock:
                    await self._discard(upload)
        for owner, digest in await asyncio.to_thread(self._ledger.over, now, _AT_ONCE):
            await self._end_or_prolong(owner, digest, now)
        for digest in await asyncio.to_thread(self._ledger.unneeded, _AT_ONCE):
            await self._remove_unneeded(digest)

    async def _sweep_forever(self) -> None:
        while True:
            try:
                await self.sweep()
            except Exception:
                _log.exception("a sweep of the store failed; the next follows")
            await asyncio.sleep(_SWEEP)

    async def _end_or_prolong(self, owner: bytes, digest: bytes, now: float) -> None:
        try:
            allowed = await self._asked(Pubkey(owner))
        except Refusal:
            # Not known to be over: it stays until the chain can be read.
            return
        async with self._lock(digest):
            if allowed >= await asyncio.to_thread(self._ledger.used, owner) and allowed > 0:
                await asyncio.to_thread(self._ledger.keep, owner, digest, now + self.limits.keep)
            else:
                await asyncio.to_thread(self._ledger.let_go, owner, digest)

    async def _remove_unneeded(self, digest: bytes) -> None:
        async with self._lock(digest):
            if await asyncio.to_thread(self._ledger.is_unneeded, digest):
                await self._of_backend(self._backend.remove, digest)
                await asyncio.to_thread(self._ledger.removed, digest)

    # -- parts

    def _signed(self, header: str, method: str, path: str, size: int) -> Pubkey:
        try:
            return verify(header, method, [url + path for url in self._urls], size, self._nonces)
        except NonceSpent as bad:
            raise Refusal(401, "nonce", f"{bad}; ask GET /files for a new one") from None
        except BadSignature as bad:
            raise Refusal(401, "signature", str(bad)) from None
        except NoncesBusy:
            raise Refusal(503, "busy", "too many requests were signed lately; try again soon") from None

    async def _asked(self, owner: Pubkey) -> int:
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._quota.allowed(owner)
        except Exception as bad:
            _log.warning("the allowance of %s cannot be read: %r", owner, bad)
            message = "what this key may keep cannot be read from the chain now; try again soon"
            raise Refusal(503, "chain", message) from bad

    async def _admitted(
        self, owner: Pubkey, digest: bytes, size: int, allowed: int, free: bool
    ) -> _Upload | None:
        """The upload that was begun; None for a file that is here, and now kept for its owner too."""
        async with self._lock(digest):
            stored = await self.size(digest)
            if stored is None:
                return self._upload_of(owner, digest) or await self._begin(owner, digest, size, allowed, free)
            if stored != size:
                raise Refusal(409, "size", f"that file has {stored} bytes, not {size}")
            await self._written(
                self._ledger.claim,
                bytes(owner),
                digest,
                size,
                allowed=allowed,
                free=free,
                until=self._clock() + (self.limits.keep_free if free else self.limits.keep),
                bounds=self.limits.bounds,
            )
            return None

    async def _allowance(self, owner: Pubkey, size: int) -> tuple[int, bool]:
        """Bytes that the owner may keep, and whether that is without anything on the chain."""
        used = await asyncio.to_thread(self._ledger.used, bytes(owner))
        free = self.limits.free
        if used + max(size, 1) <= free and size <= free // 2:
            # Small files need no question to the chain, which anyone with a new key could have asked.
            return free, True
        allowed = await self._asked(owner)
        return max(allowed, free), allowed <= 0

    def _upload_of(self, owner: Pubkey, digest: bytes) -> _Upload | None:
        for upload in self._open.values():
            if upload.row.digest == digest and upload.row.owner == bytes(owner):
                return upload
        return None

    async def _begin(self, owner: Pubkey, digest: bytes, size: int, allowed: int, free: bool) -> _Upload:
        room = await asyncio.to_thread(lambda: shutil.disk_usage(self._uploads).free)
        missing = await asyncio.to_thread(self._ledger.set_aside) - sum(
            upload.offset for upload in self._open.values()
        )
        if size + missing + self.limits.spare > room:
            raise Refusal(507, "disk", "this store's disk has no room for that file")
        token = secrets.token_hex(16)
        until = self._clock() + self.limits.idle
        # A byte a minute would keep a place for ever: the whole has its time, too.
        row = Row(token, bytes(owner), digest, size, free, until, until + size / self.limits.slowest)
        await self._written(self._ledger.open, row, allowed=allowed, bounds=self.limits.bounds)
        upload = _Upload(row, self._uploads / token, 0, hashlib.sha256())
        try:
            upload.path.touch(mode=0o600, exist_ok=False)
        except OSError as bad:
            await self._written(self._ledger.discard, token)
            raise _of_disk(bad) from bad
        self._open[token] = upload
        return upload

    async def _again(self, upload: _Upload, size: int) -> Progress:
        """Where an upload stands for somebody who wants to go on with it."""
        if upload.row.size != size:
            raise Refusal(
                409, "size", f"an upload of that file with {upload.row.size} bytes is open, not {size}"
            )
        turn = upload.take_over()
        async with upload.lock:
            whole = upload.offset == upload.row.size and upload.row.token in self._open
            if whole and upload.turn == turn and upload.finishing is None:
                self._finish(upload)
        return await self._state(upload)

    def _check_body(self, upload: _Upload, offset: int, length: int | None) -> None:
        if offset != upload.offset:
            message = f"the upload has {upload.offset} bytes; go on there, not at {offset}"
            raise Refusal(409, "offset", message, offset=upload.offset)
        most = min(self.limits.body, upload.row.size - upload.offset)
        if length is not None and length > most:
            raise Refusal(413, "body", f"at most {most} bytes can be sent now, not {length}")

    async def _receive(self, upload: _Upload, turn: int, parts: AsyncIterator[bytes]) -> None:
        """Takes what a sender sends, until it ends, stalls or is taken over."""
        start, came, most = time.monotonic(), 0, min(self.limits.body, upload.row.size - upload.offset)
        buffer = bytearray()
        try:
            if upload.hasher is None:
                upload.hasher = await _waited(_hash_so_far, upload.path)
            while True:
                patience = self.limits.stall + came / self.limits.slowest - (time.monotonic() - start)
                part = await self._next_part(upload, turn, parts, min(patience, self.limits.stall))
                if part is None:
                    break
                came += len(part)
                if came > most:
                    raise Refusal(413, "body", f"more than the {most} bytes that can be sent now")
                buffer += part
                if len(buffer) >= PART:
                    await self._write(upload, bytes(buffer))
                    buffer.clear()
        finally:
            # What came before an interruption counts.
            if buffer and upload.row.token in self._open and came <= most:
                await self._write(upload, bytes(buffer))
            if came and upload.row.token in self._open:
                await self._prolong(upload)
        if upload.offset == upload.row.size:
            self._finish(upload)

    async def _next_part(
        self, upload: _Upload, turn: int, parts: AsyncIterator[bytes], patience: float
    ) -> bytes | None:
        waiting: asyncio.Future[bytes | None] = asyncio.ensure_future(_next(parts))
        upload.waiting = waiting
        try:
            done, _ = await asyncio.wait([waiting], timeout=max(patience, 0.0))
        finally:
            upload.waiting = None
            waiting.cancel()
        if upload.turn != turn:
            raise Refusal(409, "superseded", "another request goes on with this upload")
        if not done:
            raise Refusal(408, "slow", f"the bytes come too slowly; send {self.limits.slowest} a second")
        return waiting.result()

    async def _write(self, upload: _Upload, data: bytes) -> None:
        try:
            await _waited(_append, upload.path, upload.offset, data)
        except OSError as bad:
            await self._discard(upload)
            raise _of_disk(bad) from bad
        upload.hasher.update(data)
        upload.offset += len(data)

    async def _prolong(self, upload: _Upload) -> None:
        row = upload.row
        until = min(self._clock() + self.limits.idle, row.ends)
        upload.row = replace(row, until=until)
        with contextlib.suppress(sqlite3.Error):
            await asyncio.to_thread(self._ledger.prolong, row.token, until)

    def _finish(self, upload: _Upload) -> None:
        upload.finishing = asyncio.create_task(self._store(upload))
        # Its error is for whoever asks; if nobody does, it is none.
        upload.finishing.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def _store(self, upload: _Upload) -> None:
        row = upload.row
        try:
            if upload.hasher is None:
                upload.hasher = await _waited(_hash_so_far, upload.path)
            seen = upload.hasher.digest()
            if seen != row.digest:
                await self._discard(upload)
                raise Refusal(422, "hash", f"the bytes that were sent have the sha256 {seen.hex()}")
            async with self._lock(row.digest):
                if row.token not in self._open:
                    raise Refusal(404, "upload", "the upload was given up")
                await self._written(self._ledger.adding, row.digest, row.size)
                if await self.size(row.digest) is None:
                    await _waited(_sync, upload.path)
                    await self._of_backend(self._backend.add, row.digest, upload.path, True)
                keep = self.limits.keep_free if row.free else self.limits.keep
                await self._written(self._ledger.finish, row, self._clock() + keep)
            self._open.pop(row.token, None)
            upload.path.unlink(missing_ok=True)
        except BaseException as bad:
            if isinstance(bad, Refusal) and bad.status == 507:
                await self._discard(upload)
            # The bytes are here: who asks again has it tried again.
            upload.finishing = None
            raise

    async def _state(self, upload: _Upload) -> Progress:
        row = upload.row
        if (task := upload.finishing) is not None:
            done, _ = await asyncio.wait([task], timeout=_PATIENCE)
            if not done:
                return Progress(complete=False, storing=True, offset=row.size, token=row.token)
            await task
            return Progress(complete=True, offset=row.size)
        if row.token not in self._open:
            raise Refusal(404, "upload", "there is no such upload any more; begin it again with POST")
        return Progress(complete=False, offset=upload.offset, token=row.token)

    async def _discard(self, upload: _Upload) -> None:
        self._open.pop(upload.row.token, None)
        with contextlib.suppress(OSError):
            upload.path.unlink(missing_ok=True)
        with contextlib.suppress(sqlite3.Error):
            await asyncio.to_thread(self._ledger.discard, upload.row.token)

    def _resume(self) -> None:
        """Goes on where an earlier process was: uploads with both their file and their row stay open."""
        rows = {row.token: row for row in self._ledger.uploads()}
        files = {path.name: path for path in self._uploads.iterdir()}
        for name, path in files.items():
            if name not in rows:
                path.unlink()
        for token, row in rows.items():
            place = self._uploads / token
            if token in files and place.stat().st_size <= row.size:
                self._open[token] = _Upload(row, place, place.stat().st_size)
            else:
                place.unlink(missing_ok=True)
                self._ledger.discard(token)

    def _lock(self, digest: bytes) -> asyncio.Lock:
        return self._locks.setdefault(digest, asyncio.Lock())

    async def _written(self, method: Callable[..., T], *args: Any, **more: Any) -> T:
        """What a method of the ledger returns."""
        try:
            return await _waited(method, *args, **more)
        except TooMuch as bad:
            status = {"quota": 403, "full": 507}.get(bad.code, 429)
            raise Refusal(status, bad.code, str(bad)) from None
        except sqlite3.OperationalError as bad:
            raise Refusal(507, "disk", "this store's disk is full") from bad

    async def _of_backend(self, method: Callable[..., T], *args: Any) -> T:
        """What a method of the backend returns."""
        try:
            if args and args[-1] is True:
                return await _waited(method, *args[:-1], move=True)
            return await _waited(method, *args)
        except NotStored as bad:
            raise Refusal(404, "file", str(bad)) from None
        except StoreError as bad:
            _log.warning("the backend of the store failed: %s", bad)
            raise Refusal(502, "backend", "this store's backend failed; try again soon") from bad
        except OSError as bad:
            raise _of_disk(bad) from bad


async def _next(parts: AsyncIterator[bytes]) -> bytes | None:
    return await anext(parts, None)


async def _waited(function: Callable[..., T], *args: Any, **more: Any) -> T:
    """Runs in a thread, and is not left before the thread is done: it works on what the caller owns."""
    running = asyncio.ensure_future(asyncio.to_thread(function, *args, **more))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


def _of_disk(bad: OSError) -> Refusal:
    if bad.errno in _FULL:
        return Refusal(507, "disk", "this store's disk is full; nothing of the file was kept")
    return Refusal(500, "disk", "this store cannot write to its disk")


def _hash_so_far(path: Path) -> Any:
    hasher = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(PART):
            hasher.update(part)
    return hasher


def _append(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as file:
        # Beyond the offset there may be bytes of a write that failed.
        file.truncate(offset)
        file.seek(offset)
        file.write(data)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _lock_folder(folder: Path) -> int:
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise ConfigError(f"another process serves the store in {folder}") from None
    return handle

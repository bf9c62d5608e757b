"""The store over HTTP: routes over an `ionet.store.keeper.Keeper`. docs/store.md describes them.

To mount them: `Starlette(routes=[*files(keeper), …])`, with `async with keeper:` in the lifespan.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ionet.store.keeper import Keeper, Progress, Refusal

_HEX: Final = re.compile(r"[0-9a-f]{64}")
_TOKEN: Final = re.compile(r"[0-9a-f]{32}")
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_RANGE: Final = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
#: A file is somebody's: no browser is to run it as a page of this site.
_SAFE: Final = {
    "x-content-type-options": "nosniff",
    "content-disposition": "attachment",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "cross-origin",
}
_NO_STORE: Final = {"cache-control": "no-store"}


def files(keeper: Keeper) -> list[Route]:
    """The routes below `/files`; the keeper has to be entered while they are served."""
    answers = _Answers(keeper)
    return [
        Route("/files", answers.info, methods=["GET"]),
        Route("/files/usage", answers.usage, methods=["GET"]),
        Route("/files/kept/{digest}", answers.kept, methods=["GET"]),
        Route("/files/{digest}", answers.get, methods=["GET", "HEAD"]),
        Route("/files/{digest}", answers.open, methods=["POST"]),
        Route("/files/{digest}", answers.append, methods=["PATCH"]),
        Route("/files/{digest}", answers.drop, methods=["DELETE"]),
    ]


def _refusing(
    answer: Callable[[_Answers, Request], Awaitable[Response]],
) -> Callable[[_Answers, Request], Awaitable[Response]]:
    async def answered(self: _Answers, request: Request) -> Response:
        try:
            return await answer(self, request)
        except Refusal as bad:
            return _refused(bad)
        except ClientDisconnect:
            # Nobody reads it.
            return Response(status_code=400)

    return answered


class _Answers:
    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    @_refusing
    async def info(self, request: Request) -> Response:
        return JSONResponse(self._keeper.info(), headers=_NO_STORE)

    @_refusing
    async def usage(self, request: Request) -> Response:
        usage = await self._keeper.usage(request.headers.get("authorization", ""))
        return JSONResponse(usage, headers=_NO_STORE)

    @_refusing
    async def kept(self, request: Request) -> Response:
        kept = await self._keeper.kept(_digest(request), request.headers.get("authorization", ""))
        return JSONResponse(kept, headers=_NO_STORE)

    @_refusing
    async def open(self, request: Request) -> Response:
        size = _number(request, "ionet-size")
        return _progress(
            await self._keeper.open(_digest(request), size, request.headers.get("authorization", "")), 201
        )

    @_refusing
    async def append(self, request: Request) -> Response:
        token = request.headers.get("ionet-upload", "")
        if not _TOKEN.fullmatch(token):
            raise Refusal(400, "header", "the header ionet-upload must be what POST answered as `upload`")
        offset = _number(request, "ionet-offset")
        length = _number(request, "content-length") if "content-length" in request.headers else None
        progress = await self._keeper.append(_digest(request), token, offset, length, request.stream())
        return _progress(progress, 200)

    @_refusing
    async def drop(self, request: Request) -> Response:
        await self._keeper.drop(_digest(request), request.headers.get("authorization", ""))
        return Response(status_code=204)

    @_refusing
    async def get(self, request: Request) -> Response:
        digest = _digest(request)
        size = await self._keeper.size(digest)
        if size is None:
            raise Refusal(404, "file", f"this store has no file {digest.hex()}")
        tag = f'"{digest.hex()}"'
        headers = {
            **_SAFE,
            "accept-ranges": "bytes",
            "etag": tag,
            "cache-control": "public, max-age=31536000, immutable",
            "content-type": "application/octet-stream",
        }
        if tag in re.split(r"\s*,\s*", request.headers.get("if-none-match", "").replace("W/", "")):
            return Response(status_code=304, headers={"etag": tag, "cache-control": headers["cache-control"]})
        start, stop, status = 0, size, 200
        asked = request.headers.get("range")
        # What is not a range of bytes, or is of another version, is answered whole.
        if asked is not None and request.headers.get("if-range", tag) == tag:
            try:
                if (part := _range(asked, size)) is not None:
                    (start, stop), status = part, 206
                    headers["content-range"] = f"bytes {start}-{stop - 1}/{size}"
            except _Beyond:
                more = {"content-range": f"bytes */{size}", "accept-ranges": "bytes"}
                return Response(status_code=416, headers=more)
        headers["content-length"] = str(stop - start)
        if request.method == "HEAD":
            return Response(status_code=status, headers=headers)
        parts = self._keeper.read(digest, start, stop)
        # The first part is read before the head is sent, as long as an error can still be told.
        first = await anext(parts, b"")
        return _Sending(status, headers, first, parts, self._keeper.limits.stall)


class _Beyond(Exception):
    pass


def _range(text: str, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last; None for what is not one range of bytes.

    Raises:
        _Beyond: the file ends before it.
    """
    match = _RANGE.fullmatch(text.replace(" ", ""))
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        last = int(match[2])
        if last == 0 or size == 0:
            raise _Beyond
        return max(size - last, 0), size
    start = int(match[1])
    if match[2] and int(match[2]) < start:
        return None
    if start >= size:
        raise _Beyond
    return start, min(int(match[2]) + 1, size) if match[2] else size


class _Sending(Response):
    """A body as it is read; a client that takes nothing for a while is left."""

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        first: bytes,
        rest: AsyncIterator[bytes],
        stall: float,
    ) -> None:
        super().__init__(status_code=status, headers=dict(headers))
        self._first, self._rest, self._stall = first, rest, stall

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            part: bytes | None = self._first
            while part is not None:
                async with asyncio.timeout(self._stall):
                    await send({"type": "http.response.body", "body": part, "more_body": True})
                part = await anext(self._rest, None)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except (OSError, TimeoutError, Refusal):
            # The answer stays short of its length: the server closes the connection, and the client sees it.
            return
        finally:
            await self._rest.aclose()  # type: ignore[attr-defined]


def _digest(request: Request) -> bytes:
    text = request.path_params["digest"]
    if not _HEX.fullmatch(text):
        raise Refusal(404, "name", "a file's name is its sha256: 64 lower-case hex digits")
    return bytes.fromhex(text)


def _number(request: Request, name: str) -> int:
    text = request.headers.get(name, "")
    if not _NUMBER.fullmatch(text):
        raise Refusal(400, "header", f"the header {name} must be a number of bytes")
    return int(text)


def _progress(progress: Progress, begun: int) -> Response:
    content: dict[str, object] = {"complete": progress.complete, "offset": progress.offset}
    if progress.token:
        content["upload"] = progress.token
    status = 200 if progress.complete else 202 if progress.storing else begun
    return JSONResponse(content, status, headers=_NO_STORE)


def _refused(bad: Refusal) -> Response:
    headers = dict(_NO_STORE)
    if bad.status in (429, 502, 503):
        headers["retry-after"] = "2"
    if bad.status == 401:
        headers["www-authenticate"] = "Ionet"
    error = {"code": bad.code, "message": str(bad), **bad.facts}
    return JSONResponse({"error": error}, bad.status, headers=headers)

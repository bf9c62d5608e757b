"""A bucket of an S3-compatible store: `s3://BUCKET[/PREFIX][?endpoint=URL&region=NAME]`.

Credentials, and what the URL leaves out, come from where the tools of AWS take them: AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_PROFILE, AWS_ENDPOINT_URL_S3, AWS_REGION, ~/.aws, or the
machine's role. Needs the extra `s3`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from ionet.chain.errors import ConfigError
from ionet.store.backends import PART, as_digest
from ionet.store.errors import NotStored, StoreError

#: Bytes of an upload that are in memory at once.
_PIECE: Final = 8 << 20
#: Pieces that the API takes for one file.
_PIECES: Final = 9_000
_HEX: Final = frozenset("0123456789abcdef")
_ABSENT: Final = frozenset({"404", "NoSuchKey", "NotFound"})


class S3:
    """The objects of a bucket below a prefix, named as in a directory: `objects/ab/cdef…`. See `Backend`.

    Args:
        url: the bucket; see the module.

    Raises:
        ConfigError: it is not such a URL, or the extra is not installed.
    """

    def __init__(self, url: str) -> None:
        bucket, prefix, options = _parts(url)
        try:
            import boto3
            from botocore.config import Config
            from botocore.exceptions import BotoCoreError, ClientError
        except ImportError:
            raise ConfigError("S3 needs an extra: pip install 'ionet[s3]'") from None
        self._bucket, self._prefix, self._where = bucket, prefix, f"s3://{bucket}/{prefix}".rstrip("/")
        self._failures: tuple[type[Exception], ...] = (BotoCoreError, ClientError, _boto_transfer())
        config = Config(
            retries={"mode": "standard", "total_max_attempts": 4},
            connect_timeout=10,
            read_timeout=60,
            # Stores of others lack AWS's newer checksums; the hash is the file's name anyway.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path" if "endpoint" in options else "auto"},
        )
        try:
            self._client: Any = boto3.session.Session().client(
                "s3",
                endpoint_url=options.get("endpoint"),
                region_name=options.get("region") or ("us-east-1" if "endpoint" in options else None),
                config=config,
            )
        except (BotoCoreError, ValueError) as bad:
            raise ConfigError(f"{self._where}: {bad}") from None

    def __repr__(self) -> str:
        return f"the bucket {self._where}"

    def size(self, digest: bytes) -> int | None:
        """See `Backend`."""
        try:
            with self._told("asked for"):
                return int(self._client.head_object(**self._at(digest))["ContentLength"])
        except NotStored:
            return None

    def read(self, digest: bytes, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """See `Backend`."""
        if stop is not None and stop <= start:
            return iter(())
        part = (
            {}
            if (start, stop) == (0, None)
            else {"Range": f"bytes={start}-{'' if stop is None else stop - 1}"}
        )
        with self._told("read"):
            body = self._client.get_object(**self._at(digest), **part)["Body"]
        return self._body(body)

    def _body(self, body: Any) -> Iterator[bytes]:
        try:
            while True:
                with self._told("read"):
                    part = body.read(PART)
                if not part:
                    return
                yield part
        finally:
            body.close()

    def add(self, digest: bytes, path: Path, *, move: bool = False) -> None:
        """See `Backend`."""
        from boto3.s3.transfer import TransferConfig

        piece = max(_PIECE, path.stat().st_size // _PIECES + 1)
        # One piece after the other: with threads, ten would wait in memory.
        config = TransferConfig(multipart_threshold=piece, multipart_chunksize=piece, use_threads=False)
        with path.open("rb") as file, self._told("written"):
            source = _Hashing(file)
            self._client.upload_fileobj(source, Config=config, **self._at(digest))
        if source.hasher.digest() != digest:
            self.remove(digest)
            raise StoreError(f"{path} has changed while it was stored; nothing was kept")
        if move:
            path.unlink()

    def remove(self, digest: bytes) -> None:
        """See `Backend`."""
        with self._told("removed"):
            self._client.delete_object(**self._at(digest))

    def list(self) -> Iterator[tuple[bytes, int]]:
        """Hash and size of each file."""
        prefix = f"{self._prefix}objects/"
        with self._told("listed"):
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                for row in page.get("Contents", ()):
                    name = str(row["Key"]).removeprefix(prefix).replace("/", "", 1)
                    if len(name) == 64 and set(name) <= _HEX:
                        yield bytes.fromhex(name), int(row["Size"])

    def _at(self, digest: bytes) -> dict[str, str]:
        text = as_digest(digest).hex()
        return {"Bucket": self._bucket, "Key": f"{self._prefix}objects/{text[:2]}/{text[2:]}"}

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Errors of the library as this package's."""
        try:
            yield
        except self._failures as bad:
            answer = getattr(bad, "response", {})
            code = str(answer.get("Error", {}).get("Code", "")) if isinstance(answer, dict) else ""
            if code in _ABSENT:
                raise NotStored(f"{self!r} has no such file") from None
            raise StoreError(f"{self!r} cannot be {what}: {bad}") from bad


class _Hashing:
    """A file that is read once, from its start, and hashed on the way: it cannot be sought."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.hasher = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        part = self._file.read(size)
        self.hasher.update(part)
        return part


def _boto_transfer() -> type[Exception]:
    from boto3.exceptions import Boto3Error

    return Boto3Error  # type: ignore[no-any-return]


def _parts(url: str) -> tuple[str, str, dict[str, str]]:
    """Bucket, prefix with its slash, and options of a URL."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    if parts.scheme != "s3" or not parts.hostname or parts.username or set(options) - {"endpoint", "region"}:
        raise ConfigError(
            "a bucket is named s3://BUCKET[/PREFIX][?endpoint=URL&region=NAME];"
            " credentials come from the environment"
        )
    prefix = unquote(parts.path).strip("/")
    return parts.netloc, f"{prefix}/" if prefix else "", options

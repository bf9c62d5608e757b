"""What was asked and answered is in no file, no log and no output, in whatever form."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gzip
import os
import re
import signal
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest
import zstandard
from tests.intelligence.conftest import ADDRESS, weights
from tests.intelligence.test_overspend import answers, free_port

from ionet.intelligence.books import Books

QUESTION: Final = "The dragon of Qvelstadt hides 7f3a91 coins. Where?"
MARK: Final = "Qvelstadt hides 7f3a91"
#: The command as it is, but that it logs all there is to log.
RUN: Final = """
import logging
logging.basicConfig(level=1)
logging.Logger.setLevel = lambda *_: None
from ionet.cli import main
main()
"""
SETTINGS: Final = """
listen = "127.0.0.1:{port}"
environment = "test"
metrics = "127.0.0.1:0"
audit = "1"

[[models]]
id = "small"
engine = "llama"
file = "{weights}"
reference = "{weights}"
context = 256
prompt = "0"
completion = "0"
"""


def forms(text: str) -> Iterator[bytes]:
    """A text as it could be written."""
    for raw in (text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be")):
        yield raw
        yield raw.hex().encode()
        for skipped in range(3):
            # Wherever it begins in what is packed; the last digits are of what follows, too.
            packed = base64.b64encode(bytes(skipped) + raw)[4:-4]
            yield packed.rstrip(b"=")
            yield packed.rstrip(b"=").replace(b"+", b"-").replace(b"/", b"_")
    yield text.replace(" ", "\\u0020").encode()
    yield text.replace(" ", "%20").encode()
    yield text.replace(" ", "+").encode()


def unpacked(raw: bytes) -> Iterator[bytes]:
    """Bytes, and what is packed in them."""
    yield raw
    for match in re.finditer(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]|\x28\xb5\x2f\xfd", raw):
        part = raw[match.start() :]
        with contextlib.suppress(zlib.error):
            yield zlib.decompressobj(47).decompress(part)
        with contextlib.suppress(zstandard.ZstdError):
            yield zstandard.ZstdDecompressor().decompressobj().decompress(part)


def kept(folder: Path, texts: list[str]) -> set[str]:
    """Files in which one of the texts is."""
    looked = {form for text in texts for form in forms(text)}
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file()
        for plain in unpacked(path.read_bytes())
        if any(form in plain for form in looked)
    }


@pytest.mark.parametrize(
    "written",
    [
        lambda text: text.encode("utf-16-be"),
        lambda text: b"xy" + base64.b64encode(b"ab" + text.encode()),
        lambda text: text.encode().hex().encode(),
        lambda text: b"before" + gzip.compress(text.encode()) + b"behind",
        lambda text: b"before" + zlib.compress(text.encode()),
        lambda text: zstandard.compress(text.encode()),
    ],
)
def test_what_is_looked_for_would_be_seen(tmp_path: Path, written: object) -> None:
    assert callable(written)
    (tmp_path / "file").write_bytes(written(f"to {QUESTION} and on"))
    assert kept(tmp_path, [MARK]) == {"file"}


async def test_what_is_asked_and_answered_is_kept_nowhere(tmp_path: Path) -> None:
    state, elsewhere, port = tmp_path / "ai", tmp_path / "tmp", free_port()
    for folder in (state, elsewhere):
        folder.mkdir(mode=0o700)
    (state / "intelligence.toml").write_text(SETTINGS.format(port=port, weights=weights()))
    books = Books(state / "books.db", "test")
    _, secret = books.make_key(books.account(ADDRESS, 0), "key", 0)
    books.close()
    run = ("-c", RUN, "intelligence", "run", "--without-chain", "--state", str(state))
    # What is written anywhere else than in its folder is written here.
    places = {"TMPDIR": str(elsewhere), "HOME": str(elsewhere)}
    with (tmp_path / "output").open("wb") as output:
        service = await asyncio.create_subprocess_exec(
            sys.executable, *run, stdout=output, stderr=output, cwd=elsewhere, env={**os.environ, **places}
        )
        try:
            said = await asked(f"http://127.0.0.1:{port}", secret)
            # While it runs, and when it has ended: files come and go.
            assert kept(tmp_path, [MARK, said]) == set()
        finally:
            with contextlib.suppress(ProcessLookupError):
                service.send_signal(signal.SIGTERM)
            await service.wait()
    assert len((tmp_path / "output").read_bytes()) > 0
    assert kept(tmp_path, [MARK, said]) == set()


async def asked(url: str, secret: str) -> str:
    """An answer that was judged; a part of it that nobody else says."""
    await answers(f"{url}/health")
    headers = {"authorization": f"Bearer {secret}"}
    body = {
        "model": "small",
        "messages": [{"role": "user", "content": QUESTION}],
        "max_tokens": 24,
        "temperature": 0,
    }
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=120) as client:
        answer = await client.post("/v1/chat/completions", json=body)
        answer.raise_for_status()
        for _ in range(1_200):
            if (await client.get("/v1/audits")).json()["data"]:
                break
            await asyncio.sleep(0.05)
        else:
            pytest.fail("the answer was not judged")
    said = answer.json()["choices"][0]["message"]["content"]
    assert len(said) > 30
    return str(said[5:29])

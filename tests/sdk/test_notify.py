"""What an owner is told, by a real HTTP server that answers well, badly, late or never."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ionet import ConfigError
from ionet.service import notices
from ionet.service.notices import ATTEMPTS, QUEUE, Notifier, signature


class Hook:
    """An HTTP server that keeps what it is told, and answers as it is set to."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.answers: list[int] = []
        self.location = ""
        self.open, self.news = asyncio.Event(), asyncio.Event()
        self.open.set()

    async def start(self) -> None:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?token=s3cret"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")
                fields = {
                    name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])
                }
                body = await reader.readexactly(int(fields["content-length"]))
                self.paths.append(lines[0].split()[1])
                self.told.append(json.loads(body))
                self.news.set()
                await self.open.wait()
                status = self.answers.pop(0) if self.answers else 204
                more = f"location: {self.location}\r\n" if self.location else ""
                writer.write(f"HTTP/1.1 {status} Told\r\n{more}content-length: 0\r\n\r\n".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(60):
            while len(self.told) < count:
                self.news.clear()
                await self.news.wait()


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    made = Hook()
    await made.start()
    yield made
    made.open.set()
    made.server.close()


def test_a_signature_is_that_of_the_standards_own_example() -> None:
    secret = base64.b64decode("plJ3nmyCDGBKInavdOK15jsl")
    body = b'{"event_type":"ping","data":{"success":true}}'
    assert signature(secret, "msg_loFOjxBNrRLzqYUf", 1_731_705_121, body) == {
        "webhook-id": "msg_loFOjxBNrRLzqYUf",
        "webhook-timestamp": "1731705121",
        "webhook-signature": "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
    }


async def test_an_event_is_one_document_with_the_chains_time(hook: Hook) -> None:
    async with Notifier(hook.url, now=lambda: 1_800_000_000) as notifier:
        notifier.tell("job-began", "node", "a job began")
        notifier.tell("job-ended", "", "it\nended \x1b[2J", at=7)
    first, second = hook.told
    assert len({first.pop("id"), second.pop("id")}) == 2
    assert first == {
        "event": "job-began",
        "node": "node",
        "text": "a job began",
        "time": 1_800_000_000,
        "dropped": 0,
    }
    assert (second["text"], second["time"], second["node"]) == ("it\nended �[2J", 7, "")
    assert notifier.problem is None


async def test_a_receiver_that_is_away_for_a_moment_is_asked_again_with_the_same_id(hook: Hook) -> None:
    hook.answers = [503, 429, 204]
    async with Notifier(hook.url, pause=0.01) as notifier:
        notifier.tell("a", "", "")
        notifier.tell("b", "", "")
    assert [told["event"] for told in hook.told] == ["a", "a", "a", "b"]
    assert len({told["id"] for told in hook.told}) == 2
    assert hook.told[-1]["dropped"] == 0


async def test_tries_are_bounded_and_what_is_lost_is_counted(hook: Hook) -> None:
    hook.answers = [500] * ATTEMPTS
    async with Notifier(hook.url, pause=0.001) as notifier:
        notifier.tell("a", "", "")
        await hook.until(ATTEMPTS)
        notifier.tell("b", "", "")
        notifier.tell("c", "", "")
    assert [told["event"] for told in hook.told] == ["a"] * ATTEMPTS + ["b", "c"]
    assert [told["dropped"] for told in hook.told[-2:]] == [1, 0]


async def test_a_request_that_is_refused_is_not_repeated(hook: Hook) -> None:
    hook.answers = [400]
    async with Notifier(hook.url, pause=0.001) as notifier:
        notifier.tell("a", "", "")
        await hook.until(1)
    assert len(hook.told) == 1
    assert notifier.problem == "it answers 400"


async def test_a_redirect_is_not_followed(hook: Hook) -> None:
    hook.answers, hook.location = [307], "/elsewhere"
    async with Notifier(hook.url) as notifier:
        notifier.tell("a", "", "")
    assert hook.paths == ["/hook?token=s3cret"]
    assert notifier.problem == "it answers 307"


async def test_a_receiver_that_hangs_holds_nobody_up_and_the_oldest_events_go(
    hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "_GRACE", 0.2)
    hook.open.clear()
    begin = time.monotonic()
    async with Notifier(hook.url) as notifier:
        notifier.tell("first", "", "")
        await hook.until(1)
        for number in range(QUEUE + 10):
            notifier.tell(f"event-{number}", "", "")
        assert time.monotonic() - begin < 30
        hook.open.set()
        await hook.until(2)
        assert (hook.told[1]["event"], hook.told[1]["dropped"]) == ("event-10", 10)
        hook.open.clear()
        begin = time.monotonic()
    assert time.monotonic() - begin < 30, "the end waits for a moment only"


async def test_a_receiver_that_is_not_there_costs_nothing_but_its_events() -> None:
    async with Notifier("http://127.0.0.1:1/", pause=0.001) as notifier:
        notifier.tell("a", "", "")
    assert notifier.problem == "no answer (ConnectError)"


async def test_without_a_url_nothing_happens() -> None:
    async with Notifier(None) as notifier:
        notifier.tell("a", "", "")
    assert not notifier._waiting


@pytest.mark.parametrize("url", ["http://example.org", "ftp://127.0.0.1", "file:///etc/passwd", "https://"])
def test_only_encrypted_urls_or_this_machines_are_taken(url: str) -> None:
    with pytest.raises(ConfigError):
        Notifier(url)


async def test_the_urls_secrets_are_in_no_log(hook: Hook, caplog: pytest.LogCaptureFixture) -> None:
    hook.answers = [204, 400]
    with caplog.at_level(logging.DEBUG):
        async with Notifier(hook.url) as notifier:
            notifier.tell("a", "", "")
            notifier.tell("b", "", "")
    assert "cannot be told of b" in caplog.text
    # httpcore logs targets at debug level, which nobody switches on for a service.
    logs = [record.getMessage() for record in caplog.records if not record.name.startswith("httpcore")]
    assert not [line for line in logs if "s3cret" in line]

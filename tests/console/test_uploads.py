"""Room for files, also where many come or go at once, or one comes late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from solders.keypair import Keypair

from ionet import AsyncClient
from ionet.console import ConsoleConfig, Limits
from ionet.console._kept import Kept
from ionet.console._reading import Runs
from ionet.console._uploads import Full, Uploads
from ionet.explorer._market import Absent

NOW = 1_800_000_000
LIMITS = Limits(file=100, files=3, package=150, packages=2, disk=250, keeps=60)


async def late(content: bytes, go: asyncio.Event) -> AsyncIterator[bytes]:
    await go.wait()
    yield content


def in_(folder: Path) -> list[int]:
    """The sizes of files below a folder."""
    return [file.stat().st_size for file in folder.rglob("*") if file.is_file()]


async def test_files_that_come_at_once_have_no_more_room_than_one_after_the_other(tmp_path: Path) -> None:
    kept, carol, dave, go = Kept(":memory:"), Keypair().pubkey(), Keypair().pubkey(), asyncio.Event()
    uploads = Uploads(tmp_path, kept, LIMITS)
    hers, his = uploads.begin(carol, NOW), uploads.begin(dave, NOW)
    wanted = [(hers, carol, "a"), (hers, carol, "a"), (his, dave, "b"), (his, dave, "c")]
    coming = [
        asyncio.create_task(uploads.put(package, owner, name, 100, late(b"x" * 100, go)))
        for package, owner, name in wanted
    ]
    await asyncio.sleep(0)
    go.set()
    ends = await asyncio.gather(*coming, return_exceptions=True)
    assert [isinstance(end, Full) for end in ends] == [False, True, False, True]
    assert kept.size() == 200
    assert in_(tmp_path) == [100, 100]
    # Those that have come, or were refused, take no room for ever.
    small = await uploads.put(hers, carol, "d", 50, late(b"x" * 50, go))
    assert small.size == 50


async def test_a_file_that_comes_when_its_package_is_forgotten_takes_no_room(tmp_path: Path) -> None:
    kept, owner, go = Kept(":memory:"), Keypair().pubkey(), asyncio.Event()
    uploads = Uploads(tmp_path, kept, LIMITS)
    package = uploads.begin(owner, NOW)
    coming = asyncio.create_task(uploads.put(package, owner, "a", 100, late(b"x" * 100, go)))
    await asyncio.sleep(0)
    uploads.forget(NOW + 61)
    go.set()
    with pytest.raises(Absent, match="begin a new one"):
        await coming
    assert kept.size() == 0
    assert in_(tmp_path) == []


async def test_files_that_are_fetched_at_a_time_have_bounds_whatever_nodes_say_of_them(
    tmp_path: Path,
) -> None:
    async with AsyncClient.local() as client:
        config = ConsoleConfig("http://127.0.0.1:1", tmp_path, limits=Limits(fetched=100))
        runs = Runs(config, client, None)
        first, second = TemporaryDirectory(dir=tmp_path), TemporaryDirectory(dir=tmp_path)
        runs.hold(60, first)
        for size in (60, 2**60):
            with pytest.raises(Full, match="try again"):
                runs.hold(size, second)
        first.cleanup()
        del first
        runs.hold(60, second)
        second.cleanup()

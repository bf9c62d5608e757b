"""Putting and getting over HTTP: whole or not at all, and on from where it was."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from solders.keypair import Keypair
from tests.store.support import MIB, Breaking, Process, Served

from ionet.chain.errors import ConfigError
from ionet.formats.when import DAY
from ionet.store import (
    AsyncHttpStore,
    AsyncSources,
    Directory,
    HttpStore,
    NotStored,
    Sources,
    StoreError,
    StoreRefused,
    StoreUnknown,
    StoreUnreachable,
)
from ionet.store.manifest import FileStore


@pytest.fixture
def store(served: Served) -> Iterator[HttpStore]:
    with HttpStore(served.url, served.renter, backoff=0.01) as opened:
        yield opened


def through(served: Served, way: Breaking, **more: float) -> HttpStore:
    """A client that takes another way, but signs for the store's own name."""

    class Through(HttpStore):
        def _signed(self, method: str, path: str, size: int, nonce: str) -> dict[str, str]:
            from ionet.store.signing import authorization

            return {"authorization": authorization(served.renter, method, served.url + path, size, nonce)}

    return Through(way.url, served.renter, backoff=0.01, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [0, 1, 4 * MIB, 4 * MIB + 1, 9 * MIB])
def test_what_was_put_is_got(store: HttpStore, served: Served, tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    source, told = tmp_path / "source", []
    source.write_bytes(data)
    digest = store.put(source, progress=lambda done, total: told.append((done, total)))
    assert digest == hashlib.sha256(data).digest()
    assert store.has(digest)
    assert store.size(digest.hex()) == size
    assert store.get(digest, tmp_path / "target") == size
    assert (tmp_path / "target").read_bytes() == data
    assert told[-1] == (size, size)
    assert told == sorted(told)
    assert FileStore(served.root / "files").get(digest) == data
    assert served.leftovers() == []


async def test_the_coroutines_do_the_same(served: Served, tmp_path: Path) -> None:
    async with AsyncHttpStore(served.url, served.renter) as store:
        digest = await store.put(b"words")
        assert await store.get_bytes(digest) == b"words"
        with pytest.raises(NotStored, match="has no file"):
            await store.get(bytes(32), tmp_path / "target")
        assert (await store.usage())["files"] == 1
        assert (await store.info())["largest"] == served.limits.file


def test_a_key_sees_what_is_kept_for_it_page_by_page(
    store: HttpStore, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ionet.store.keeper._PAGE", 2)
    sizes = {store.put(bytes(size)): size for size in range(1, 6)}
    other = Keypair()
    with HttpStore(served.url, other) as others:
        others.put(b"not the renter's")
        assert [file.size for file in others.kept()] == [16]
    kept = store.kept()
    assert [file.digest for file in kept] == sorted(sizes)
    assert {file.digest: file.size for file in kept} == sizes
    # What is free is kept for two days.
    assert {file.until for file in kept} == {1_700_000_000 + 2 * DAY}


def test_a_file_is_kept_longer_without_being_sent(store: HttpStore, served: Served) -> None:
    digest = store.put(b"words")
    served.clock.now += DAY
    store.keep(digest, 5)
    assert [file.until for file in store.kept()] == [1_700_000_000 + 31 * DAY]
    # Nothing on the chain speaks for this key any more: what it had stays.
    served.quota.bytes.clear()
    served.clock.now += DAY
    store.keep(digest, 5)
    assert [file.until for file in store.kept()] == [1_700_000_000 + 31 * DAY]
    with pytest.raises(NotStored):
        store.keep(bytes(32), 5)
    assert (store.usage()["files"], store.usage()["used"]) == (1, 4_096)


def test_putting_again_sends_nothing(store: HttpStore, served: Served) -> None:
    data = os.urandom(MIB)
    store.put(data)
    told: list[int] = []
    store.put(data, progress=lambda done, total: told.append(done))
    assert told == [MIB]
    assert store.usage()["used"] == MIB


def test_without_a_signer_a_store_is_only_read(store: HttpStore, served: Served) -> None:
    digest = store.put(b"words")
    with HttpStore(served.url) as reader:
        assert reader.get_bytes(digest) == b"words"
        with pytest.raises(ConfigError, match="takes a signer"):
            reader.put(b"more words")


def test_an_upload_goes_on_where_its_connection_broke(served: Served) -> None:
    data = os.urandom(3 * MIB)
    way = Breaking(served.port, up=[MIB, 2000, MIB // 2, 700])
    offsets: list[int] = []
    with through(served, way) as store:
        digest = store.put(data, progress=lambda done, total: offsets.append(done))
    assert way.cuts == 4
    assert served.backend.size(digest) == len(data)
    assert served.leftovers() == []


def test_what_arrived_before_a_break_is_not_sent_again(served: Served) -> None:
    data = os.urandom(3 * MIB)
    begun = served.begin(data).json()
    assert begun["offset"] == 0
    way = Breaking(served.port, up=[2 * MIB])
    with through(served, way, retries=0) as store, pytest.raises(StoreUnknown):
        store.put(data)
    offset = served.begin(data).json()["offset"]
    assert 2 * MIB - 64 * 1024 < offset < 2 * MIB
    with HttpStore(served.url, served.renter) as store:
        told: list[int] = []
        store.put(data, progress=lambda done, total: told.append(done))
        assert min(told) > offset


def test_a_download_goes_on_where_its_connection_broke(served: Served, tmp_path: Path) -> None:
    data = os.urandom(3 * MIB)
    digest = HttpStore(served.url, served.renter).put(data)
    way = Breaking(served.port, down=[MIB, MIB])
    with through(served, way) as store:
        assert store.get(digest, tmp_path / "target") == len(data)
    assert way.cuts == 2
    assert (tmp_path / "target").read_bytes() == data
    assert [path.name for path in tmp_path.glob(".*.part")] == []


def test_a_later_process_goes_on_with_a_download(served: Served, tmp_path: Path) -> None:
    data = os.urandom(3 * MIB)
    digest = HttpStore(served.url, served.renter).put(data)
    way = Breaking(served.port, down=[2 * MIB, 0])
    with through(served, way, retries=0) as store, pytest.raises(StoreUnreachable, match="goes on there"):
        store.get(digest, tmp_path / "target")
    assert not (tmp_path / "target").exists()
    told: list[int] = []
    with HttpStore(served.url) as store:
        store.get(digest, tmp_path / "target", progress=lambda done, total: told.append(done))
    assert min(told) > MIB
    assert (tmp_path / "target").read_bytes() == data


def test_rubbish_of_an_earlier_attempt_does_no_harm(served: Served, tmp_path: Path) -> None:
    data = os.urandom(MIB)
    digest = HttpStore(served.url, served.renter).put(data)
    partial = tmp_path / f".target.{digest.hex()[:16]}.part"
    for rubbish in (b"x" * 1000, b"x" * (2 * MIB)):
        partial.write_bytes(rubbish)
        with HttpStore(served.url) as store:
            store.get(digest, tmp_path / "target")
        assert (tmp_path / "target").read_bytes() == data
        assert not partial.exists()


def test_a_store_that_lies_is_found_out(served: Served, tmp_path: Path) -> None:
    digest = HttpStore(served.url, served.renter).put(b"right words")
    assert isinstance(served.backend, Directory)
    served.backend.path(digest).write_bytes(b"wrong words")
    with HttpStore(served.url) as store, pytest.raises(StoreError, match="nothing was kept"):
        store.get(digest, tmp_path / "target")
    assert [path.name for path in tmp_path.iterdir() if "target" in path.name] == []


def test_no_more_is_fetched_than_is_wanted(store: HttpStore, tmp_path: Path) -> None:
    digest = store.put(bytes(2000))
    with pytest.raises(StoreError, match="at most 1999"):
        store.get(digest, tmp_path / "target", most=1999)
    with pytest.raises(StoreError, match="at most 10"):
        store.get_bytes(digest, most=10)


def test_nobody_there(tmp_path: Path) -> None:
    with HttpStore("http://127.0.0.1:9", Keypair(), retries=1, backoff=0.01) as store:
        with pytest.raises(StoreUnreachable, match=r"127\.0\.0\.1:9"):
            store.get(bytes(32), tmp_path / "target")
        with pytest.raises(StoreUnreachable) as caught:
            store.put(b"words")
        assert not isinstance(caught.value, StoreUnknown)


def test_an_outcome_that_is_unknown_is_said_to_be(served: Served) -> None:
    data = os.urandom(MIB)
    # The answers to GET and POST come; that to PATCH does not.
    way = Breaking(served.port, heads=2)
    with through(served, way, retries=0) as store, pytest.raises(StoreUnknown, match="put it again"):
        store.put(data)
    until = time.monotonic() + 5
    while served.backend.size(hashlib.sha256(data).digest()) is None and time.monotonic() < until:
        time.sleep(0.01)
    assert served.backend.size(hashlib.sha256(data).digest()) == MIB


def test_a_refusal_says_what_would_be_right(served: Served) -> None:
    stranger = Keypair()
    with HttpStore(served.url, stranger) as store:
        with pytest.raises(StoreRefused, match="may keep 65536 bytes and keeps 0") as caught:
            store.put(bytes(65537))
        assert (caught.value.status, caught.value.code) == (403, "quota")
        store.put(bytes(30_000))


def test_a_page_that_is_no_store_is_told_apart(served: Served) -> None:
    elsewhere = HttpStore(f"{served.url}/elsewhere", served.renter)
    with elsewhere, pytest.raises(StoreRefused, match="is the URL right"):
        elsewhere.put(b"words")


@pytest.mark.parametrize(
    "url", ["ftp://host", "store", "https://", "http://host?x=1", "http://me:secret@host"]
)
def test_what_is_no_url_of_a_store(url: str) -> None:
    with pytest.raises(ConfigError, match="write https://HOST") as caught:
        HttpStore(url)
    assert "secret" not in str(caught.value)


def test_a_file_that_changes_while_it_is_sent(served: Served, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(os.urandom(6 * MIB))

    def change(done: int, total: int) -> None:
        with source.open("r+b") as file:
            file.truncate(5 * MIB)

    with HttpStore(served.url, served.renter) as store, pytest.raises(StoreError, match="become shorter"):
        store.put(source, progress=change)

    source.write_bytes(os.urandom(6 * MIB))

    def rewrite(done: int, total: int) -> None:
        with source.open("r+b") as file:
            file.seek(5 * MIB)
            file.write(bytes(MIB))

    with HttpStore(served.url, served.renter) as store, pytest.raises(StoreRefused, match="sha256"):
        store.put(source, progress=rewrite)
    assert len(served.leftovers()) == 1


def test_a_server_that_is_killed_goes_on_with_an_upload(process: Process) -> None:
    data = os.urandom(8 * MIB)
    process.start()
    killed = threading.Event()

    def restart(done: int, total: int) -> None:
        if done >= 2 * MIB and not killed.is_set():
            killed.set()
            process.kill()
            process.start()

    with HttpStore(process.url, process.renter, backoff=0.2) as store:
        digest = store.put(data, progress=restart)
        assert killed.is_set()
        assert store.get_bytes(digest) == data


def test_sources_are_asked_in_turn_and_kept(served: Served, tmp_path: Path) -> None:
    digest = HttpStore(served.url, served.renter).put(b"words")
    local = FileStore(tmp_path / "local")
    own = local.put(b"own words")
    down = HttpStore("http://127.0.0.1:9", retries=0)
    sources = Sources(tmp_path / "local", [down, HttpStore(served.url)])
    assert sources.path(own).read_bytes() == b"own words"
    assert sources.size(digest) == 5
    assert sources.get_bytes(digest) == b"words"
    assert local.get(digest) == b"words"
    with pytest.raises(StoreUnreachable, match="no store that answers"):
        sources.size(bytes(32))
    with pytest.raises(StoreUnreachable, match=r"127\.0\.0\.1:9"):
        sources.path(bytes(32))
    with pytest.raises(NotStored):
        Sources(tmp_path / "local", [HttpStore(served.url)]).path(bytes(32))


async def test_sources_with_coroutines(served: Served, tmp_path: Path) -> None:
    async with AsyncHttpStore(served.url, served.renter) as store:
        digest = await store.put(b"words")
        path = await AsyncSources(tmp_path / "local", [store]).path(digest)
        assert path.read_bytes() == b"words"

"""The routes as others may use them: forged, replayed, too large, too slow, at once, on a full disk."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from solders.keypair import Keypair
from tests.store.support import MIB, SMALL, Allowed, Process, Served, code_of, path_of

from ionet.chain.errors import ConfigError
from ionet.formats.when import DAY
from ionet.store import Directory, HttpStore, StoreRefused
from ionet.store.keeper import Keeper
from ionet.store.signing import Nonces, NoncesBusy, NonceSpent, authorization, message

DATA = b"some words of a renter"


def stored(served: Served, data: bytes) -> bool:
    return served.backend.size(hashlib.sha256(data).digest()) == len(data)


def put(served: Served, data: bytes, signer: Keypair | None = None) -> bytes:
    with HttpStore(served.url, signer or served.renter) as store:
        return store.put(data)


# -- who may write


def test_what_is_signed_is_these_bytes() -> None:
    key = Keypair().pubkey()
    text = f"ionet:store\nPOST https://gateway.example/files/00\nsize 12\nkey {key}\nnonce abc"
    assert message("POST", "https://gateway.example/files/00", 12, key, "abc") == text.encode()


@pytest.mark.parametrize(
    "change",
    [
        {"method": "DELETE"},
        {"path": path_of(b"other words")},
        {"size": 1},
        {"url": "http://127.0.0.1:1"},
        {"key": Keypair()},
    ],
)
def test_a_signature_is_good_for_its_request_alone(served: Served, change: dict[str, object]) -> None:
    right = {
        "method": "POST",
        "path": path_of(DATA),
        "size": len(DATA),
        "url": served.url,
        "key": served.renter,
    }
    used = {**right, **change}
    nonce = served.nonce()
    header = authorization(
        served.renter,
        str(used["method"]),
        f"{used['url']}{used['path']}",
        used["size"],  # type: ignore[arg-type]
        nonce,
    )
    key = used["key"]
    assert isinstance(key, Keypair)
    scheme, _, nonce, signature = header.split(" ")
    header = f"{scheme} {key.pubkey()} {nonce} {signature}"
    headers = {"ionet-size": str(len(DATA)), "authorization": header}
    answer = served.request("POST", path_of(DATA), headers=headers)
    assert code_of(answer) == (401, "signature")
    # A signature that was refused does not spend the nonce.
    header = authorization(served.renter, "POST", served.url + path_of(DATA), len(DATA), nonce)
    answer = served.request("POST", path_of(DATA), headers={**headers, "authorization": header})
    assert answer.status_code == 201


def test_a_signature_is_good_once(served: Served) -> None:
    headers = {
        "ionet-size": str(len(DATA)),
        "authorization": served.signed("POST", path_of(DATA), len(DATA)),
    }
    assert served.request("POST", path_of(DATA), headers=headers).status_code == 201
    assert code_of(served.request("POST", path_of(DATA), headers=headers)) == (401, "nonce")


def test_another_stores_nonce_is_refused(served: Served) -> None:
    header = authorization(served.renter, "POST", served.url + path_of(DATA), len(DATA), Nonces().give())
    headers = {"ionet-size": str(len(DATA)), "authorization": header}
    assert code_of(served.request("POST", path_of(DATA), headers=headers)) == (401, "nonce")


def test_nonces_grow_old_and_are_bounded() -> None:
    now = 1000.0
    nonces = Nonces(seconds=10, most=2, clock=lambda: now)
    old, first, second, third = (nonces.give() for _ in range(4))
    nonces.check(first)
    nonces.spend(first)
    with pytest.raises(NonceSpent, match="used before"):
        nonces.check(first)
    nonces.spend(second)
    with pytest.raises(NoncesBusy):
        nonces.spend(third)
    now += 10.5
    with pytest.raises(NonceSpent, match="older than 10 seconds"):
        nonces.check(old)
    nonces.spend(nonces.give())
    with pytest.raises(NonceSpent, match="not this store"):
        nonces.check(third[:-1] + ("0" if third[-1] != "0" else "1"))


@pytest.mark.parametrize(
    "header",
    ["", "Ionet", "Bearer x", "Ionet a b c", f"Ionet {'1' * 32} x {'1' * 64}", "Ionet " + "x" * 9999],
)
def test_what_is_no_signature(served: Served, header: str) -> None:
    headers = {"ionet-size": "1", "authorization": header}
    answer = served.request("POST", path_of(DATA), headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Ionet"


def test_only_who_began_an_upload_can_go_on_with_it(served: Served) -> None:
    mine = served.begin(DATA).json()
    other = Keypair()
    theirs = served.begin(DATA, other).json()
    assert theirs["upload"] != mine["upload"]
    assert code_of(served.append(DATA, "0" * 32, 0, DATA)) == (404, "upload")
    assert code_of(served.append(b"other words", mine["upload"], 0, DATA)) == (404, "upload")
    assert code_of(served.append(DATA, "../../ledger.sqlite", 0, DATA)) == (400, "header")


def test_only_who_keeps_a_file_can_drop_it(served: Served) -> None:
    digest = put(served, DATA)
    other = Keypair()
    headers = {"authorization": served.signed("DELETE", path_of(DATA), 0, other)}
    assert code_of(served.request("DELETE", path_of(DATA), headers=headers)) == (404, "file")
    assert served.backend.size(digest) == len(DATA)
    put(served, DATA, other)
    with HttpStore(served.url, served.renter) as store:
        store.drop(digest)
        assert store.usage()["used"] == 0
        # The other still keeps it.
        assert store.has(digest)
    with HttpStore(served.url, other) as store:
        store.drop(digest)
        assert not store.has(digest)


# -- what may be written


def test_bytes_of_another_hash_are_not_kept(served: Served) -> None:
    upload = served.begin(DATA).json()["upload"]
    wrong = b"X" + DATA[1:]
    answer = served.append(DATA, upload, 0, wrong)
    assert code_of(answer) == (422, "hash")
    assert hashlib.sha256(wrong).hexdigest() in answer.json()["error"]["message"]
    assert not stored(served, DATA)
    assert not stored(served, wrong)
    assert served.leftovers() == []
    assert code_of(served.append(DATA, upload, 0, DATA)) == (404, "upload")


def test_bytes_have_their_place(served: Served) -> None:
    upload = served.begin(DATA).json()["upload"]
    assert served.append(DATA, upload, 0, DATA[:5]).json() == {
        "complete": False,
        "offset": 5,
        "upload": upload,
    }
    answer = served.append(DATA, upload, 3, DATA[3:])
    assert code_of(answer) == (409, "offset")
    assert answer.json()["error"]["offset"] == 5
    assert code_of(served.append(DATA, upload, 5, DATA[5:] + b"more")) == (413, "body")
    assert served.append(DATA, upload, 5, iter([DATA[5:9], DATA[9:]])).json()["complete"]
    assert stored(served, DATA)


def test_more_than_was_declared_is_refused_without_a_length_as_well(served: Served) -> None:
    upload = served.begin(DATA).json()["upload"]
    assert code_of(served.append(DATA, upload, 0, iter([DATA, b"more"]))) == (413, "body")
    assert not stored(served, DATA)


@pytest.mark.parametrize("size", [str(1 << 50), "9" * 18])
def test_a_huge_size_is_refused(served: Served, size: str) -> None:
    answer = served.begin(DATA, size=int(size))
    assert code_of(answer) == (413, "size")
    assert served.leftovers() == []


@pytest.mark.parametrize("size", ["", "-1", "1e9", "0x10", "9" * 30, "12 12", "١"])
def test_a_size_that_is_none(served: Served, size: str) -> None:
    headers = {"ionet-size": size.encode(), "authorization": served.signed("POST", path_of(DATA), 1)}
    assert code_of(served.request("POST", path_of(DATA), headers=headers)) == (400, "header")


def test_a_size_above_the_quota_is_refused_before_a_byte_is_sent(served: Served) -> None:
    assert code_of(served.begin(DATA, size=64 * MIB + 1)) == (403, "quota")
    data = os.urandom(40 * MIB)
    assert served.begin(data).status_code == 201
    # What an open upload will take counts.
    assert code_of(served.begin(DATA, size=24 * MIB + 1)) == (403, "quota")


def test_a_quota_is_each_keys_own(served: Served) -> None:
    other = Keypair()
    served.quota.bytes[other.pubkey()] = 10 * MIB
    put(served, os.urandom(9 * MIB), other)
    assert code_of(served.begin(DATA, other, size=2 * MIB)) == (403, "quota")
    assert served.begin(DATA, size=2 * MIB).status_code == 201


def test_small_files_are_free_without_asking_the_chain_but_only_so_many(tmp_path: Path) -> None:
    limits = replace(SMALL, free=16 << 10, free_total=40_000)
    with Served(tmp_path, limits).running() as served:
        keys = [Keypair() for _ in range(4)]
        for number in range(4):
            put(served, b"words %d" % number, keys[0])
        assert served.quota.asked == []
        # Each counts for a block of the disk.
        assert code_of(served.begin(b"more", keys[0])) == (403, "quota")
        put(served, bytes(8000), keys[1])
        put(served, bytes(8001), keys[2])
        assert code_of(served.begin(bytes(8002), keys[3])) == (429, "free")
        put(served, bytes(8002))


def test_a_chain_that_cannot_be_read_is_no_refusal_for_good(served: Served) -> None:
    served.quota.broken = True
    answer = served.begin(os.urandom(MIB))
    assert code_of(answer) == (503, "chain")
    assert answer.headers["retry-after"] == "2"


def test_uploads_are_bounded_for_a_key_and_for_all(tmp_path: Path) -> None:
    with Served(tmp_path, replace(SMALL, uploads=4, uploads_of_key=2, free_uploads=1)).running() as served:
        other = Keypair()
        served.quota.bytes[other.pubkey()] = MIB
        big = [os.urandom(40_000) + bytes([number]) for number in range(5)]
        assert [served.begin(data).status_code for data in big[:2]] == [201, 201]
        assert code_of(served.begin(big[2])) == (429, "uploads")
        assert served.begin(DATA, Keypair()).status_code == 201
        assert code_of(served.begin(DATA, Keypair())) == (429, "busy")
        assert served.begin(big[3], other).status_code == 201
        assert code_of(served.begin(big[4], other)) == (429, "busy")


def test_a_store_has_an_end(tmp_path: Path) -> None:
    with Served(tmp_path, replace(SMALL, total=MIB)).running() as served:
        put(served, bytes(MIB // 2))
        assert code_of(served.begin(DATA, size=MIB // 2 + 1)) == (507, "full")


def test_a_file_that_is_there_has_one_size(served: Served) -> None:
    put(served, DATA)
    assert code_of(served.begin(DATA, size=5)) == (409, "size")
    other = os.urandom(9)
    served.begin(other)
    assert code_of(served.begin(other, size=5)) == (409, "size")


# -- at once


def test_two_keys_upload_the_same_file_at_once(served: Served) -> None:
    data, other = os.urandom(2 * MIB), Keypair()
    served.quota.bytes[other.pubkey()] = 4 * MIB
    uploads = [served.begin(data).json()["upload"], served.begin(data, other).json()["upload"]]
    for upload in uploads:
        assert not served.append(data, upload, 0, data[:MIB]).json()["complete"]
    answers: list[bool] = []
    threads = [
        threading.Thread(
            target=lambda upload=upload: answers.append(
                served.append(data, upload, MIB, data[MIB:]).json()["complete"]
            )
        )
        for upload in uploads
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True, True]
    assert stored(served, data)
    assert served.leftovers() == []
    for signer in (served.renter, other):
        with HttpStore(served.url, signer) as store:
            assert store.usage()["files"] == 1


def test_one_key_uploads_the_same_file_twice_at_once(served: Served) -> None:
    data = os.urandom(6 * MIB)
    results: list[bytes] = []

    def one_of_two() -> None:
        with HttpStore(served.url, served.renter, backoff=0.05, retries=20) as store:
            results.append(store.put(data))

    threads = [threading.Thread(target=one_of_two) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [hashlib.sha256(data).digest()] * 2
    assert served.leftovers() == []


def test_a_newer_sender_takes_over_from_one_that_hangs(served: Served) -> None:
    data = os.urandom(100_000)
    upload = served.begin(data).json()["upload"]
    with hanging(served, data, upload, data[:50_000]):
        offset = served.begin(data).json()["offset"]
        assert offset == 50_000
        assert served.append(data, upload, offset, data[offset:]).json()["complete"]


class hanging:  # noqa: N801
    """A sender that sends the beginning of a body, and nothing more."""

    def __init__(self, served: Served, data: bytes, upload: str, begin: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", served.port))
        head = (
            f"PATCH {path_of(data)} HTTP/1.1\r\nhost: x\r\nionet-upload: {upload}\r\nionet-offset: 0\r\n"
            f"content-length: {len(data)}\r\n\r\n"
        )
        self.socket.sendall(head.encode() + begin)
        time.sleep(0.2)

    def __enter__(self) -> socket.socket:
        return self.socket

    def __exit__(self, *error: object) -> None:
        self.socket.close()


# -- slow, full, interrupted


def test_a_sender_that_stalls_is_cut_off_and_what_came_is_kept(tmp_path: Path) -> None:
    with Served(tmp_path, replace(SMALL, stall=0.5)).running() as served:
        data = os.urandom(100_000)
        upload = served.begin(data).json()["upload"]
        with hanging(served, data, upload, data[:40_000]) as sender:
            sender.settimeout(60)
            assert b" 408 " in sender.recv(1000)
        assert served.begin(data).json()["offset"] == 40_000


def test_a_sender_that_drips_is_cut_off(tmp_path: Path) -> None:
    with Served(tmp_path, replace(SMALL, stall=0.6, slowest=100_000)).running() as served:
        data = os.urandom(100_000)
        upload = served.begin(data).json()["upload"]
        with hanging(served, data, upload, b"") as sender:
            sender.settimeout(0.1)
            begun = time.monotonic()
            answer = b""
            while not answer and time.monotonic() - begun < 60:
                try:
                    sender.sendall(b"x")
                    answer = sender.recv(1000)
                except TimeoutError:
                    continue
            assert b" 408 " in answer


def test_what_arrived_before_a_connection_closes_is_kept(served: Served) -> None:
    data = os.urandom(100_000)
    upload = served.begin(data).json()["upload"]
    with hanging(served, data, upload, data[:30_000]):
        pass
    time.sleep(0.1)
    assert served.begin(data).json()["offset"] == 30_000


def test_a_full_disk_is_told_and_nothing_half_stays(tmp_path: Path) -> None:
    process = Process(tmp_path, largest=MIB)
    process.start()
    try:
        data = os.urandom(3 * MIB)
        with HttpStore(process.url, process.renter, retries=2) as store:
            with pytest.raises(StoreRefused, match="disk is full") as caught:
                store.put(data)
            assert (caught.value.status, caught.value.code) == (507, "disk")
            assert list((tmp_path / "keeper" / "uploads").iterdir()) == []
            assert store.usage()["used"] == 0
            # Smaller ones still go.
            assert store.get_bytes(store.put(data[:1000])) == data[:1000]
    finally:
        process.kill()


def test_a_file_larger_than_what_the_disk_has_left_is_refused_at_once(tmp_path: Path) -> None:
    with Served(tmp_path, replace(SMALL, spare=1 << 60)).running() as served:
        assert code_of(served.begin(DATA)) == (507, "disk")
        assert served.leftovers() == []


def test_one_process_serves_one_folder(served: Served) -> None:
    keeper = Keeper(served.backend, served.root / "keeper", quota=Allowed(), urls=[served.url])
    import asyncio

    async def enter() -> None:
        async with keeper:
            pass

    with pytest.raises(ConfigError, match="another process serves"):
        asyncio.run(enter())
    with pytest.raises(ConfigError, match="the URL that its clients"):
        Keeper(served.backend, served.root / "keeper", quota=Allowed(), urls=[])


# -- time


def test_uploads_end_after_their_time(served: Served) -> None:
    data = os.urandom(100_000)
    upload = served.begin(data).json()["upload"]
    served.clock.now += SMALL.idle - 1
    assert served.append(data, upload, 0, data[:9]).status_code == 200
    served.clock.now += 2
    served.sweep()
    assert served.begin(data).json()["offset"] == 9
    served.clock.now += SMALL.idle
    served.sweep()
    assert served.leftovers() == []
    assert code_of(served.append(data, upload, 9, data[9:])) == (404, "upload")
    assert served.begin(data).json()["offset"] == 0


def test_an_upload_that_drips_for_ever_ends_as_well(served: Served) -> None:
    data = os.urandom(100_000)
    upload = served.begin(data).json()["upload"]
    for offset in range(3):
        served.append(data, upload, offset, data[offset : offset + 1])
        served.clock.now += SMALL.idle / 2
    served.sweep()
    assert served.leftovers() == []


def test_files_end_after_their_time_but_not_while_the_chain_speaks_for_their_owner(served: Served) -> None:
    stranger = Keypair()
    kept, free, both = os.urandom(MIB), b"free", b"both"
    put(served, kept)
    put(served, free, stranger)
    put(served, both, stranger)
    put(served, both)
    served.clock.now += SMALL.keep_free + 1
    served.sweep()
    assert [stored(served, data) for data in (kept, free, both)] == [True, False, True]
    served.clock.now += 3 * SMALL.keep
    served.sweep()
    assert [stored(served, data) for data in (kept, free, both)] == [True, False, True]
    served.quota.bytes.clear()
    served.clock.now += SMALL.keep - DAY
    served.sweep()
    assert stored(served, kept)
    served.clock.now += 2 * DAY
    served.quota.broken = True
    served.sweep()
    assert stored(served, kept)
    served.quota.broken = False
    served.sweep()
    assert not stored(served, kept)
    assert not stored(served, both)


def test_to_put_a_file_again_prolongs_its_time(served: Served) -> None:
    stranger = Keypair()
    put(served, DATA, stranger)
    served.clock.now += SMALL.keep_free - 1
    put(served, DATA, stranger)
    served.clock.now += SMALL.keep_free - 1
    served.sweep()
    assert stored(served, DATA)


def test_what_an_open_upload_is_about_is_not_swept(served: Served) -> None:
    stranger, data = Keypair(), os.urandom(30_000)
    upload = served.begin(data).json()["upload"]
    put(served, data, stranger)
    served.clock.now += SMALL.keep_free + 1
    # Its sender is at it all the time.
    served.keeper._open[upload].row = replace(served.keeper._open[upload].row, until=served.clock.now + 1)
    served.sweep()
    assert stored(served, data)
    assert served.append(data, upload, 0, data).json()["complete"]
    served.sweep()
    assert stored(served, data)


def test_files_of_others_in_the_same_directory_are_left_alone(served: Served) -> None:
    assert isinstance(served.backend, Directory)
    path = served.root / "own"
    path.write_bytes(b"not of this store")
    digest = hashlib.sha256(b"not of this store").digest()
    served.backend.add(digest, path)
    put(served, b"not of this store")
    with HttpStore(served.url, served.renter) as store:
        store.drop(digest)
    served.sweep()
    assert served.backend.size(digest) is not None


# -- reading


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, bytes, str]]:
    with Served(tmp_path_factory.mktemp("reading")).running() as served:
        data = os.urandom(MIB + 100)
        yield served, data, f"/files/{put(served, data).hex()}"


def test_a_file_is_for_ever(reading: tuple[Served, bytes, str]) -> None:
    served, data, path = reading
    answer = served.request("GET", path)
    assert answer.content == data
    tag = f'"{path.removeprefix("/files/")}"'
    assert answer.headers["etag"] == tag
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"] == "attachment"
    assert "sandbox" in answer.headers["content-security-policy"]
    head = served.request("HEAD", path)
    assert head.headers["content-length"] == str(len(data))
    assert head.content == b""
    for known in (tag, f'"x", {tag}', f"W/{tag}"):
        assert served.request("GET", path, headers={"if-none-match": known}).status_code == 304


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=5-9", 5, 10),
        ("bytes=1048576-", MIB, MIB + 100),
        ("bytes=-1", MIB + 99, MIB + 100),
        ("bytes=-99999999", 0, MIB + 100),
        ("bytes=1048600-99999999", MIB + 24, MIB + 100),
        ("bytes=0-1048675", 0, MIB + 100),
    ],
)
def test_ranges(reading: tuple[Served, bytes, str], asked: str, start: int, stop: int) -> None:
    served, data, path = reading
    answer = served.request("GET", path, headers={"range": asked})
    assert answer.status_code == 206
    assert answer.content == data[start:stop]
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(data)}"
    assert answer.headers["content-length"] == str(stop - start)


@pytest.mark.parametrize("asked", ["bytes=1048676-", "bytes=99999999999999-", "bytes=-0"])
def test_ranges_beyond_the_end(reading: tuple[Served, bytes, str], asked: str) -> None:
    served, data, path = reading
    answer = served.request("GET", path, headers={"range": asked})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(data)}"


@pytest.mark.parametrize(
    "asked", ["bytes=9-5", "bytes=-", "items=0-5", "bytes=0-1,3-4", "bytes=a-b", "bytes=" + "9" * 99 + "-"]
)
def test_what_is_no_range_is_answered_whole(reading: tuple[Served, bytes, str], asked: str) -> None:
    served, data, path = reading
    answer = served.request("GET", path, headers={"range": asked})
    assert answer.status_code == 200
    assert answer.content == data


def test_a_range_of_another_version_is_answered_whole(reading: tuple[Served, bytes, str]) -> None:
    served, data, path = reading
    answer = served.request("GET", path, headers={"range": "bytes=0-5", "if-range": '"other"'})
    assert answer.content == data


def test_an_empty_file(reading: tuple[Served, bytes, str]) -> None:
    served, _, _ = reading
    path = f"/files/{put(served, b'').hex()}"
    assert served.request("GET", path).content == b""
    assert served.request("GET", path, headers={"range": "bytes=0-"}).status_code == 416


@pytest.mark.parametrize(
    "name",
    [
        "..%2f..%2fkeeper%2fledger.sqlite",
        "%2e%2e",
        "A" * 64,
        "0" * 63,
        "0" * 65,
        "0" * 62 + "%0a",
        "0" * 64 + "%00",
        "..%5c" * 10,
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PATCH", "DELETE"])
def test_a_name_is_a_hash_and_nothing_else(
    reading: tuple[Served, bytes, str], name: str, method: str
) -> None:
    served, _, _ = reading
    headers = {"ionet-size": "1", "ionet-upload": "0" * 32, "ionet-offset": "0"}
    answer = served.request(method, f"/files/{name}", headers=headers)
    assert answer.status_code == 404
    assert method == "HEAD" or "sqlite" not in answer.text.lower()


def test_readers_are_bounded(tmp_path: Path) -> None:
    with Served(tmp_path, replace(SMALL, reads=1)).running() as served:
        data = os.urandom(9 * MIB)
        path = f"/files/{put(served, data).hex()}"
        slow = socket.create_connection(("127.0.0.1", served.port))
        slow.sendall(f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        slow.recv(1)
        assert code_of(served.request("GET", path)) == (503, "busy")
        slow.close()
        time.sleep(0.2)
        assert served.request("GET", path).content == data


def test_a_reader_that_stalls_is_left(tmp_path: Path) -> None:
    with Served(tmp_path, replace(SMALL, reads=1, stall=0.4)).running() as served:
        path = f"/files/{put(served, os.urandom(9 * MIB)).hex()}"
        slow = socket.create_connection(("127.0.0.1", served.port))
        slow.sendall(f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        slow.recv(1)
        time.sleep(1)
        assert served.request("GET", path).status_code == 200
        slow.close()

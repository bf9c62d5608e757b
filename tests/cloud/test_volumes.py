"""Volumes at a real store: what is put is found again by the key alone, and nothing that was put is lost."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from solders.keypair import Keypair
from tests.store.support import Served

from ionet.cloud import ClusterFile, Verdict
from ionet.cloud.clusters import packed
from ionet.cloud.errors import NoVolume, OutputsRefused, VolumeError
from ionet.cloud.fetching import fetch
from ionet.cloud.mounting import ARGUMENT, brought_back, mounted, save
from ionet.cloud.snapshots import Entry, Snapshot, Volume, merged
from ionet.cloud.volumes import AsyncVolumes
from ionet.executor import FailureReason, StoredOutput
from ionet.formats.when import DAY
from ionet.store import AsyncHttpStore, StoreRefused
from ionet.store.manifest import Function, Manifest
from ionet.store.sealed import seal
from ionet.store.transfer import KeptFile
from ionet.workloads import held
from ionet.workloads.held import mount


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path / "store").running() as running:
        yield running


@pytest.fixture
async def volumes(served: Served) -> AsyncIterator[AsyncVolumes]:
    async with AsyncHttpStore(served.url, served.renter) as store:
        yield AsyncVolumes(store, served.renter)


@pytest.fixture
async def elsewhere(served: Served) -> AsyncIterator[AsyncVolumes]:
    """The same owner on another machine."""
    async with AsyncHttpStore(served.url, served.renter) as store:
        yield AsyncVolumes(store, served.renter)


def folder(path: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    return path


def contents(path: Path) -> dict[str, str]:
    return {
        str(file.relative_to(path)): file.read_text()
        for file in path.rglob("*")
        if file.is_file() and not file.name.startswith(".ionet")
    }


async def test_what_one_machine_puts_another_gets(
    volumes: AsyncVolumes, elsewhere: AsyncVolumes, tmp_path: Path
) -> None:
    await volumes.create("data")
    files = {"a.txt": "first", "deep/er/b.txt": "second", "empty": ""}
    put = await volumes.put("data", folder(tmp_path / "here", files))
    volume = await elsewhere.get("data")
    assert volume.head == put
    assert await elsewhere.check_out(volume.head, tmp_path / "there") == 3
    assert contents(tmp_path / "there") == files
    # Nothing has changed: no snapshot more, and nothing is fetched.
    assert await volumes.put("data", tmp_path / "here") == put
    assert await elsewhere.check_out(volume.head, tmp_path / "there") == 0


async def test_the_store_sees_neither_names_nor_contents(
    served: Served, volumes: AsyncVolumes, tmp_path: Path
) -> None:
    await volumes.create("data")
    await volumes.put("data", folder(tmp_path / "here", {"secret-name.txt": "a secret content"}))
    stored = b"".join(path.read_bytes() for path in (tmp_path / "store").rglob("*") if path.is_file())
    assert b"secret" not in stored
    # Whoever has the files, and another key, finds nothing.
    async with AsyncHttpStore(served.url, Keypair()) as store:
        assert await AsyncVolumes(store, Keypair()).list() == []


async def test_only_what_is_new_is_sent(volumes: AsyncVolumes, served: Served, tmp_path: Path) -> None:
    await volumes.create("data")
    here = folder(tmp_path / "here", {"large": "x" * 100_000, "small": "1"})
    await volumes.put("data", here)
    async with AsyncHttpStore(served.url, served.renter) as store:
        before = (await store.usage())["used"]
        (here / "small").write_text("2")
        (here / "copy").write_text("x" * 100_000)
        await volumes.put("data", here)
        # One small file, and one snapshot.
        assert (await store.usage())["used"] - before == 4_096 + 4_096
    old = (await volumes.get("data")).snapshots[1]
    assert await volumes.check_out(old, here) == 1
    assert contents(here) == {"large": "x" * 100_000, "small": "1"}


async def test_two_machines_that_write_at_once_lose_nothing(
    volumes: AsyncVolumes, elsewhere: AsyncVolumes, tmp_path: Path
) -> None:
    await volumes.create("data")
    start = {"both": "0", "mine": "0", "theirs": "0", "gone": "0"}
    here = folder(tmp_path / "here", start)
    await volumes.put("data", here)
    there = tmp_path / "there"
    await elsewhere.sync("data", there)
    assert contents(there) == start
    folder(here, {"both": "1", "mine": "1"})
    folder(there, {"both": "2", "theirs": "2"})
    (there / "gone").unlink()
    await volumes.put("data", here)
    apart = await elsewhere.put("data", there)
    with pytest.raises(VolumeError, match="data was written from 2 places: "):
        _ = (await volumes.get("data")).head
    # Each can still be had.
    assert (await volumes.get("data")).snapshot(apart.hash[:10]) == apart
    joined = await volumes.sync("data", here)
    both = contents(here)
    assert {both.pop(name) for name in list(both) if name.startswith("both")} == {"1", "2"}
    assert both == {"mine": "1", "theirs": "2"}
    assert await elsewhere.sync("data", there) == joined
    assert contents(there) == contents(here)


async def test_a_folder_that_was_never_the_volume_is_brought_together_with_it(
    volumes: AsyncVolumes, tmp_path: Path
) -> None:
    await volumes.create("data")
    await volumes.put("data", folder(tmp_path / "here", {"a": "1", "b": "1"}))
    there = folder(tmp_path / "there", {"b": "2", "c": "2"})
    await volumes.sync("data", there)
    both = contents(there)
    assert {both.pop(name) for name in list(both) if name.startswith("b")} == {"1", "2"}
    assert both == {"a": "1", "c": "2"}


async def test_what_others_added_stays_though_a_folders_own_snapshot_is_no_longer_there(
    volumes: AsyncVolumes, elsewhere: AsyncVolumes, tmp_path: Path
) -> None:
    await volumes.create("data")
    here, there = folder(tmp_path / "here", {"a": "1"}), tmp_path / "there"
    mine = await volumes.put("data", here)
    await elsewhere.sync("data", there)
    theirs = await elsewhere.put("data", folder(there, {"b": "2"}))
    # Deleted on the other machine, or withheld by the store.
    await elsewhere.delete("data", snapshots=(mine.hash,))
    (here / "c").write_text("3")
    await volumes.put("data", here)
    assert theirs.hash in [head.hash for head in (await volumes.get("data")).heads]
    with pytest.raises(VolumeError, match=f"the snapshot {mine.hash[:12]} of data is not there"):
        await volumes.sync("data", here)
    await volumes.sync("data", here, every_file=True)
    assert contents(here) == {"a": "1", "b": "2", "c": "3"}


class Hiding(AsyncHttpStore):
    """A gateway's store that withholds snapshots."""

    hidden: frozenset[bytes] = frozenset()

    async def kept(self) -> list[KeptFile]:
        return [file for file in await super().kept() if file.digest not in self.hidden]


@pytest.mark.parametrize("hidden", ["middle", "newest"])
async def test_a_gateway_that_hides_a_snapshot_brings_no_deleted_file_back(
    served: Served, volumes: AsyncVolumes, tmp_path: Path, hidden: str
) -> None:
    await volumes.create("data")
    here = folder(tmp_path / "here", {"stays": "1", "deleted": "1"})
    await volumes.put("data", here)
    (here / "deleted").unlink()
    middle = await volumes.put("data", here)
    newest = await volumes.put("data", folder(here, {"new": "1"}))
    gone = middle if hidden == "middle" else newest
    said = f"the snapshot {gone.hash[:12]} of data is not there: you have deleted it, or the gateway"
    async with Hiding(served.url, served.renter) as store:
        store.hidden = frozenset({bytes.fromhex(gone.hash)})
        shown = AsyncVolumes(store, served.renter)
        # A folder knows from what it was made; without one, only what comes after it can tell.
        with pytest.raises(VolumeError, match=said):
            await shown.sync("data", folder(here, {"more": "1"}))
        for attempt in (shown.merge("data"), _head(shown)):
            with pytest.raises(VolumeError, match=said):
                await attempt
    assert contents(here) == {"stays": "1", "new": "1", "more": "1"}
    (head,) = (await volumes.get("data")).heads
    assert (set(head.files), head.parents) == ({"stays", "new", "more"}, (newest.hash,))


async def _head(volumes: AsyncVolumes) -> Snapshot:
    return (await volumes.get("data")).head


async def test_no_link_is_followed_to_say_what_a_folder_is(volumes: AsyncVolumes, tmp_path: Path) -> None:
    await volumes.create("data")
    precious = tmp_path / "precious"
    precious.write_text("{}")
    here = folder(tmp_path / "here", {"a": "1"})
    (here / ".ionet-volume.json").symlink_to(precious)
    await volumes.put("data", here)
    assert precious.read_text() == "{}"
    assert await volumes.put("data", here) == (await volumes.get("data")).head


async def test_of_two_volumes_that_were_made_at_once_one_can_be_deleted(
    volumes: AsyncVolumes, elsewhere: AsyncVolumes, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await volumes.create("data")
    # Neither machine, or a store that hides it, has shown the first one yet.
    with monkeypatch.context() as patch:
        patch.setattr(elsewhere, "list", _nothing)
        with pytest.raises(NoVolume):
            await elsewhere.create("data")
    with pytest.raises(VolumeError, match="2 volumes were made as data, from several places at once"):
        await volumes.get("data")
    second = next(item.head for item in await volumes.list() if item != first)
    assert await volumes.snapshot("data", second.hash[:12]) == second
    await volumes.delete("data", snapshots=(second.hash,))
    assert await volumes.get("data") == first


async def _nothing() -> list[Volume]:
    return []


async def test_files_that_are_in_no_snapshot_are_not_overwritten(
    volumes: AsyncVolumes, tmp_path: Path
) -> None:
    await volumes.create("data")
    await volumes.put("data", folder(tmp_path / "here", {"a": "1"}))
    snapshot = (await volumes.get("data")).head
    other = folder(tmp_path / "other", {"a": "precious"})
    with pytest.raises(OutputsRefused, match="another file has this name; --force replaces it"):
        await volumes.check_out(snapshot, other)
    assert contents(other) == {"a": "precious"}
    await volumes.check_out(snapshot, other, force=True)
    assert contents(other) == {"a": "1"}


async def test_a_snapshot_that_the_owner_has_not_signed_is_none(
    served: Served, volumes: AsyncVolumes, tmp_path: Path
) -> None:
    await volumes.create("data")
    await volumes.put("data", folder(tmp_path / "here", {"a": "1"}))
    head = (await volumes.get("data")).head
    # What a store can make: anything, sealed for the owner, of a length of its choice.
    for size in range(4_096):
        forged = io.BytesIO()
        seal(io.BytesIO(bytes(64) + head.to_bytes().ljust(2_000 + size)), forged, served.renter.pubkey())
        if len(forged.getvalue()) % 4_096 == 0:
            break
    async with AsyncHttpStore(served.url, served.renter) as store:
        digest = await store.put(forged.getvalue())
        assert digest in [file.digest for file in await store.kept()]
        assert (await AsyncVolumes(store, served.renter).get("data")).heads == (head,)


async def test_a_volume_is_kept_for_thirty_days_from_its_last_use_and_deleted_whole(
    served: Served, volumes: AsyncVolumes, tmp_path: Path
) -> None:
    now = int(served.clock.now)
    await volumes.create("data")
    await volumes.create("other")
    here = folder(tmp_path / "here", {"a": "1", "b": "2"})
    await volumes.put("data", here)
    await volumes.put("other", folder(tmp_path / "too", {"a": "1"}))
    assert {volume.until for volume in await volumes.list()} == {now + 30 * DAY}
    served.clock.now += 20 * DAY
    assert (await volumes.keep("data")).until == now + 50 * DAY
    assert (await volumes.get("other")).until == now + 30 * DAY
    assert await volumes.delete("data") > 0
    with pytest.raises(NoVolume, match="you have no volume 'data' here; there are other"):
        await volumes.get("data")
    # The other one's file is its own, though it has the same content.
    await volumes.check_out((await volumes.get("other")).head, tmp_path / "again")
    assert contents(tmp_path / "again") == {"a": "1"}
    await volumes.delete("other")
    async with AsyncHttpStore(served.url, served.renter) as store:
        assert await store.kept() == []


async def test_what_an_owner_may_not_keep_is_refused_and_the_volume_is_what_it_was(
    served: Served, volumes: AsyncVolumes, tmp_path: Path
) -> None:
    await volumes.create("data")
    here = folder(tmp_path / "here", {"a": "1"})
    before = await volumes.put("data", here)
    served.quota.bytes[served.renter.pubkey()] = 128 << 10
    with pytest.raises(StoreRefused, match="may keep"):
        await volumes.put("data", folder(here, {"large": "x" * (256 << 10)}))
    assert (await volumes.get("data")).heads == (before,)


async def test_a_volume_that_nobody_keeps_ends_whole_and_one_that_is_kept_stays(
    served: Served, volumes: AsyncVolumes, elsewhere: AsyncVolumes, tmp_path: Path
) -> None:
    await volumes.create("old")
    await volumes.put("old", folder(tmp_path / "here", {"a": "1"}))
    await volumes.create("kept")
    served.clock.now += 20 * DAY
    await volumes.keep("kept")
    # From then on it rents nothing.
    served.quota.bytes[served.renter.pubkey()] = 0
    served.clock.now += 11 * DAY
    served.sweep()
    assert [volume.name for volume in await elsewhere.list()] == ["kept"]
    served.clock.now += 20 * DAY
    served.sweep()
    assert await elsewhere.list() == []


async def test_links_and_bad_names_are_refused_and_change_nothing(
    volumes: AsyncVolumes, tmp_path: Path
) -> None:
    with pytest.raises(
        VolumeError, match=r"a volume's name is 1 to 32 of a-z, 0-9 and dashes inside, not 'A/b'"
    ):
        await volumes.create("A/b")
    volume = await volumes.create("data")
    with pytest.raises(VolumeError, match="you have a volume data here already"):
        await volumes.create("data")
    here = folder(tmp_path / "here", {"a": "1"})
    (here / "link").symlink_to("/etc/passwd")
    with pytest.raises(VolumeError, match="link is neither a file nor a folder; a volume keeps no links"):
        await volumes.put("data", here)
    assert (await volumes.get("data")).heads == volume.heads


ORIGIN = Keypair().pubkey()
FILE = """\
class: RTX 4090
files: {code.py: code.py}
volumes: {data/mine: mine}
"""


async def test_a_cluster_is_sent_a_volume_and_leaves_its_next_snapshot(
    served: Served, volumes: AsyncVolumes, tmp_path: Path
) -> None:
    await volumes.create("mine")
    sent = await volumes.put("mine", folder(tmp_path / "here", {"a": "1", "deep/b": "2"}))
    folder(tmp_path / "wanted", {"code.py": "", "cluster.yaml": FILE})
    async with mounted(ClusterFile.load(tmp_path / "wanted/cluster.yaml"), volumes) as file:
        package = packed(file)
        assert sorted(package.files) == ["code.py", "data/mine/a", "data/mine/deep/b"]
        assert file.spec.snapshots == {"data/mine": sent.hash}
        # What the first node does, with its working directory and its output.
        work, out = tmp_path / "work", tmp_path / "out"
        for name, path in package.files.items():
            folder(work, {name: path.read_text()})
    mount(file.spec.snapshots, work, out)
    mount(file.spec.snapshots, work, out)
    (work / "data/mine/a").write_text("new")
    (work / "data/mine/deep/b").unlink()
    folder(out, {"result": "3"})
    async with AsyncHttpStore(served.url, served.renter) as store:
        outputs = []
        for name in ("data/mine/a", "result"):
            digest = await store.put(out / name)
            outputs.append(StoredOutput(name, digest, (out / name).stat().st_size))
        verdict = Verdict(None, "", None, tuple(outputs), None)
        manifest = Manifest(Function(held.ENTRYPOINT, {"name": "x", ARGUMENT: dict(file.spec.snapshots)}))
        # Somebody else has written it meanwhile.
        other = await volumes.put("mine", folder(tmp_path / "here", {"a": "else"}))
        said: list[str] = []
        rest = await brought_back(
            manifest,
            verdict,
            ORIGIN,
            lambda verdict, place: fetch(store, verdict.outputs, place),
            volumes,
            said.append,
        )
    assert [item.name for item in rest.outputs] == ["result"]
    heads = (await volumes.get("mine")).heads
    (left,) = (head for head in heads if head.hash != other.hash)
    assert left.parents == other.parents == (sent.hash,)
    assert said == [f"data/mine is kept as {left.hash[:12]} of the volume mine"]
    await volumes.check_out(left, tmp_path / "left")
    assert contents(tmp_path / "left") == {"a": "new"}


async def test_what_a_running_cluster_has_is_kept_one_after_the_other(
    volumes: AsyncVolumes, tmp_path: Path
) -> None:
    await volumes.create("mine")
    sent = await volumes.put("mine", folder(tmp_path / "here", {"a": "0"}))
    manifest = Manifest(Function(held.ENTRYPOINT, {"name": "x", ARGUMENT: {"data": sent.hash}}))

    async def saves(files: dict[str, str]) -> None:
        async def copied(path: str, place: Path) -> None:
            folder(place, files)

        await save(manifest, ORIGIN, copied, volumes, lambda text: None)

    await saves({"a": "1"})
    await saves({"a": "1"})
    await saves({"b": "2"})
    newest, before, first, _ = (await volumes.get("mine")).snapshots
    assert (newest.parents, before.parents, first) == ((before.hash,), (sent.hash,), sent)
    assert set(newest.files) == {"b"}
    # Another cluster that was sent the same follows what it was sent: nothing of the first is lost.
    verdict = Verdict(None, "", None, (), None)

    async def nothing(verdict: Verdict, place: Path) -> None:
        assert verdict.outputs == ()

    other = Keypair().pubkey()
    await brought_back(manifest, verdict, other, nothing, volumes, lambda text: None)
    assert {head.origin for head in (await volumes.get("mine")).heads} == {str(ORIGIN), str(other)}


async def test_what_a_cluster_leaves_is_fetched_if_its_volume_is_gone(
    served: Served, volumes: AsyncVolumes
) -> None:
    manifest = Manifest(Function(held.ENTRYPOINT, {"name": "x", ARGUMENT: {"data": "ab" * 32}}))
    async with AsyncHttpStore(served.url, served.renter) as store:
        output = StoredOutput("data/a", await store.put(b"1"), 1)
        verdict, said = Verdict(None, "", None, (output,), None), list[str]()
        rest = await brought_back(
            manifest,
            verdict,
            ORIGIN,
            lambda verdict, place: fetch(store, verdict.outputs, place),
            volumes,
            said.append,
        )
    assert rest == verdict
    (line,) = said
    assert line.startswith("what the cluster has left in data is not kept in its volume: no volume of yours")


async def test_a_file_of_an_odd_name_keeps_no_other_out_of_a_volume(
    served: Served, volumes: AsyncVolumes, tmp_path: Path
) -> None:
    await volumes.create("mine")
    sent = await volumes.put("mine", folder(tmp_path / "here", {"a": "0"}))
    manifest = Manifest(Function(held.ENTRYPOINT, {"name": "x", ARGUMENT: {"data": sent.hash}}))
    async with AsyncHttpStore(served.url, served.renter) as store:
        digest, said = await store.put(b"1"), list[str]()
        outputs = tuple(StoredOutput(f"data/{name}", digest, 1) for name in ("a", "odd\\name"))
        verdict = Verdict(None, "", None, outputs, None)
        rest = await brought_back(
            manifest,
            verdict,
            ORIGIN,
            lambda verdict, place: fetch(store, verdict.outputs, place),
            volumes,
            said.append,
        )
        await volumes.check_out((await volumes.get("mine")).head, tmp_path / "there")
    assert contents(tmp_path / "there") == {"a": "1"}
    # It is still told of, and can be had.
    assert rest == verdict
    assert "odd\\name: the name has characters that do not print, or a backslash" in said[0]


async def test_a_cluster_that_fails_before_it_has_a_volume_does_not_empty_it(
    volumes: AsyncVolumes, tmp_path: Path
) -> None:
    await volumes.create("mine")
    sent = await volumes.put("mine", folder(tmp_path / "here", {"a": "0"}))
    manifest = Manifest(Function(held.ENTRYPOINT, {"name": "x", ARGUMENT: {"data": sent.hash}}))

    async def nothing(verdict: Verdict, place: Path) -> None:
        raise AssertionError

    failed = Verdict(FailureReason.EXECUTOR, "it did not start", None, (), None)
    await brought_back(manifest, failed, ORIGIN, nothing, volumes, lambda text: None)
    assert (await volumes.get("mine")).heads == (sent,)


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "result"),
    [
        ("a1", "a1", "a2", "a2"),
        ("a1", "a2", "a1", "a2"),
        ("a1", "a2", "a2", "a2"),
        ("a1", "a2", "a3", "a2 a.m3"),
        ("a1", "", "a1", ""),
        ("a1", "", "a2", "a2"),
        ("a1", "a2", "", "a2"),
        ("", "a1", "a2", "a1 a.m2"),
        ("a1", "a2 a.m5", "a3", "a2 a.m5 a.m-23"),
        ("a1 b1", "a1 b2", "a2 b1", "a2 b2"),
    ],
)
def test_a_merge_keeps_every_change(base: str, mine: str, theirs: str, result: str) -> None:
    def files(text: str) -> dict[str, Entry]:
        return {word[:-1]: Entry(word[-1] * 64, 1, "0" * 64, 1) for word in text.split()}

    assert merged(files(base), files(mine), files(theirs), "m") == files(result)

"""Keys and state: nobody else reads them, and nobody puts something else in their place."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from ionet import ConfigError, IonetError
from ionet.chain.files import key_folder, state_folder, write_secret
from ionet.cli.localnet import PEOPLE, _keys
from ionet.orchestrator._journal import Journal
from ionet.staking.bulk import SeedKeys
from ionet.store.manifest import FileStore
from ionet.worker import DeviceKey


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture(autouse=True)
def loose() -> Iterator[None]:
    """A umask that leaves everything open."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of one's own."""
    place = tmp_path / "own"
    place.mkdir(mode=0o700)
    return place


def test_keys_and_all_folders_made_for_them_are_of_their_owner_alone(folder: Path) -> None:
    place = folder / "a" / "b"
    assert set(_keys(place)) == set(PEOPLE)
    assert [mode(one) for one in (folder / "a", place)] == [0o700, 0o700]
    assert {mode(place / f"{name}.json") for name in PEOPLE} == {0o600}
    assert _keys(place) == _keys(place)


#: What writes a key, given the folder's path and the file's.
WRITERS: Final[dict[str, Callable[[Path], Any]]] = {
    "localnet": lambda place: _keys(place.parent),
    "device": DeviceKey.load_or_create,
    "seed": lambda place: SeedKeys.load(place, create=True),
    "secret": lambda place: write_secret(place, "text"),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_link_to_nothing_is_not_followed(folder: Path, tmp_path: Path, writer: str) -> None:
    place, elsewhere = folder / "alice.json", tmp_path / "elsewhere"
    place.symlink_to(elsewhere)
    with pytest.raises((IonetError, FileExistsError)) as caught:
        WRITERS[writer](place)
    assert not elsewhere.exists()
    assert isinstance(caught.value, FileExistsError) == (writer == "secret")


@pytest.mark.parametrize("writer", ["localnet", "device"])
@pytest.mark.parametrize("open_to", [0o777, 0o770, 0o1777])
def test_a_folder_that_others_write_into_holds_no_keys(folder: Path, writer: str, open_to: int) -> None:
    folder.chmod(open_to)
    with pytest.raises(IonetError, match=f"others can write into the folder {folder}; run: chmod 700"):
        WRITERS[writer](folder / "alice.json")
    assert not [*folder.iterdir()]
    folder.chmod(0o755)
    WRITERS[writer](folder / "alice.json")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_holds_no_keys(folder: Path) -> None:
    os.chown(folder, 12_345, -1)
    with pytest.raises(ConfigError, match="belongs to somebody else"):
        key_folder(folder)


def test_a_file_in_the_place_of_a_folder_is_said(folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(ConfigError, match="cannot be made"):
        key_folder(folder / "file" / "keys")


@pytest.mark.parametrize("keep", [FileStore, lambda place: Journal(place / "journal")])
def test_state_is_not_kept_where_everybody_writes(folder: Path, keep: Callable[[Path], Any]) -> None:
    keep(folder / "made")
    assert mode(folder / "made") == 0o755
    folder.chmod(0o777)
    with pytest.raises(ConfigError, match=f"everybody can write into the folder {folder}; run: chmod o-w"):
        keep(folder)
    assert [one.name for one in folder.iterdir()] == ["made"]
    state_folder(folder / "made")

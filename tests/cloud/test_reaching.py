"""What a renter's machine keeps to reach a cluster, and which Ray can be its client."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from solders.keypair import Keypair

from ionet.chain.errors import ConfigError, IonetError
from ionet.cloud.access import Pass
from ionet.cloud.browsers import TokenHeader
from ionet.cloud.openssh import exclude, include, read_pass, write_config
from ionet.cloud.proxy import RayFacts, facts_of, read_variables

HERE = ".".join(map(str, sys.version_info[:3]))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def way() -> Pass:
    return Pass.issue(Keypair(), "https://gateway.example", Keypair().pubkey(), bytes(Keypair().pubkey()))


def test_a_pass_is_kept_for_its_owner_alone_and_read_again(tmp_path: Path) -> None:
    kept, folder = way(), tmp_path / "kept"
    write_config(kept, "digits", folder)
    assert read_pass(folder) == kept
    assert {oct(path.stat().st_mode & 0o777) for path in folder.iterdir()} == {"0o600"}
    assert oct(folder.stat().st_mode & 0o777) == "0o700"
    (folder / "pass.json").write_text(json.dumps({"gateway": 1}))
    with pytest.raises(ConfigError, match="is not the folder of a cluster's SSH"):
        read_pass(folder)


def test_openssh_is_told_once_and_what_was_there_is_kept_and_comes_back(home: Path) -> None:
    own, folders = home / ".ssh" / "config", home / "clusters"
    own.parent.mkdir()
    own.write_text("Host work\n  User me\n")
    ways = [way(), way()]
    for name, kept in zip(("digits", "letters"), ways, strict=True):
        write_config(kept, name, folders / f"{name}-{kept.job}")
    backup = include(folders)
    assert backup is not None
    assert backup.read_text() == "Host work\n  User me\n"
    assert include(folders) is None
    first, *rest = own.read_text().splitlines(keepends=True)
    assert first.startswith(f'Include "{folders}/*/config"')
    assert "".join(rest) == "Host work\n  User me\n"
    exclude(folders, "digits")
    assert [path.name for path in folders.iterdir()] == [f"letters-{ways[1].job}"]
    assert own.read_text().startswith("Include")
    exclude(folders, "letters")
    assert own.read_text() == "Host work\n  User me\n"


def test_openssh_reads_what_is_written_below_a_folder_of_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "a 'home' of #1 50%d" / "digits"
    config = write_config(way(), "digits", folder)
    read = subprocess.run(
        ["ssh", "-G", "-F", config, "digits.ionet"], capture_output=True, text=True, check=True
    )
    said = dict(line.split(" ", 1) for line in read.stdout.splitlines())
    assert said["identityfile"].replace("%%", "%") == str(folder / "id")
    assert said["certificatefile"].replace("%%", "%") == str(folder / "id-cert.pub")
    assert said["userknownhostsfile"].replace("%%", "%") == str(folder / "known_hosts")


@pytest.mark.parametrize("name", ['a "quote"', "a back\\slash", "a\nProxyCommand id", "a ${HOME}"])
def test_a_folder_that_openssh_would_read_otherwise_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="OpenSSH cannot be told of the folder"):
        write_config(way(), "digits", tmp_path / name / "digits")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_imported_from_where_ssh_is_run(tmp_path: Path) -> None:
    config = write_config(way(), "digits", tmp_path / "kept")
    (tmp_path / "kept" / "pass.json").unlink()
    here = tmp_path / "copied from a box"
    here.mkdir()
    (here / "json.py").write_text("open('was-run', 'w')\n")
    command = config.read_text().partition("ProxyCommand ")[2].splitlines()[0].replace("%%", "%")
    done = subprocess.run(command, shell=True, cwd=here, capture_output=True, text=True, check=False)
    assert "is not the folder of a cluster's SSH" in done.stderr
    assert [path.name for path in here.iterdir()] == ["json.py"]


def test_a_cluster_takes_the_place_of_a_former_one_of_its_name(home: Path) -> None:
    folders, ways = home / "clusters", [way(), way(), way()]
    for name, kept in zip(("digits", "2.digits", "digits"), ways, strict=True):
        write_config(kept, name, folders / f"{name}-{kept.job}")
    there = {f"2.digits-{ways[1].job}", f"digits-{ways[2].job}"}
    assert {path.name for path in folders.iterdir()} == there


def test_where_others_may_write_nothing_is_kept_for_openssh(home: Path) -> None:
    folders = home / "clusters"
    folders.mkdir()
    folders.chmod(0o775)
    with pytest.raises(ConfigError, match="others can write into the folder"):
        write_config(way(), "digits", folders / "digits")
    assert list(folders.iterdir()) == []


@pytest.mark.parametrize("name", ["..", "*", ".*", "digits"])
def test_nothing_else_is_removed_with_a_cluster(home: Path, name: str) -> None:
    folders = home / "clusters"
    for other in ("notes", "digits", "digits-notes", "letters-" + str(Keypair().pubkey())):
        (folders / other).mkdir(parents=True)
    exclude(folders, name)
    assert len(list(folders.iterdir())) == 4


def test_a_configuration_that_is_not_utf_8_stays_what_it_is(home: Path) -> None:
    own, text = home / ".ssh" / "config", b"# Stra\xdfe\r\nHost work\n"
    own.parent.mkdir()
    own.write_bytes(text)
    backup = include(home / "clusters")
    assert backup is not None
    assert backup.read_bytes() == text
    assert own.read_bytes().endswith(text)
    exclude(home / "clusters", "digits")
    assert own.read_bytes() == text


def test_a_configuration_that_is_a_link_stays_one(home: Path) -> None:
    dotfiles = home / "dotfiles"
    dotfiles.write_text("Host work\n")
    (home / ".ssh").mkdir()
    (home / ".ssh" / "config").symlink_to(dotfiles)
    include(home / "clusters")
    assert (home / ".ssh" / "config").readlink() == dotfiles
    assert dotfiles.read_text().endswith("Host work\n")


def test_rays_client_is_refused_in_a_sentence_where_ray_or_python_differ() -> None:
    own = version("ray")
    assert RayFacts(own, HERE, "").differs() is None
    assert RayFacts(own, "3.8.1", "").differs() == (
        f"Ray's client takes the same Ray and Python as the cluster, Ray {own} on Python 3.8; this is Ray"
        f" {own} on Python {HERE.rpartition('.')[0]}. Programs run in the cluster instead: ionet cluster exec"
    )
    assert "Ray 1.0.0 on Python" in (RayFacts("1.0.0", HERE, "").differs() or "")


@pytest.mark.parametrize(
    "said",
    [
        {"ray": "2.1.0'; id; '"},
        {"ray": "2"},
        {"python": "3.11.1\x1b[2J"},
        {"token": "a\0b"},
        {"token": "a\r\nX: y"},
        {"token": "\ud800"},
    ],
)
def test_a_box_cannot_have_anything_taken_for_rays_version_or_token(said: dict[str, str]) -> None:
    facts = {"ray": "2.49.0", "python": "3.11.7", "token": "ab" * 32}
    assert facts_of(f"hello\n{json.dumps(facts)}\n") == RayFacts("2.49.0", "3.11.7", "ab" * 32)
    with pytest.raises(IonetError, match=r"does not say which Ray it has|token of Ray is none"):
        facts_of(json.dumps(facts | said))


def test_no_cookie_of_another_port_goes_into_a_cluster() -> None:
    head = b"GET / HTTP/1.1\r\nHost: localhost:8265\r\nCookie: ray-authentication-token=other\r\nX: y\r\n\r\n"
    sent = TokenHeader("own")._rewritten(head, 8_265)
    assert sent.split(b"\r\n")[2:] == [b"X: y", b"Connection: close", b"Authorization: Bearer own", b"", b""]


def test_a_token_that_is_set_after_ray_was_imported_is_shown_and_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ray._private.authentication.authentication_utils import is_token_auth_enabled

    assert not is_token_auth_enabled()
    for name, value in RayFacts("", "", "ab" * 32).environment.items():
        monkeypatch.setenv(name, value)
    read_variables()
    assert is_token_auth_enabled()
    monkeypatch.undo()
    read_variables()
    assert not is_token_auth_enabled()

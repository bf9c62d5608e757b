"""What is sent of a program: which files, and under which hash."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionet.cloud import PackingError, package
from ionet.store.archive import pack


def write(folder: Path, **files: str) -> Path:
    """Files by their names, of which `__` is a slash and `_` a dot."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def names(path: Path) -> list[str]:
    return sorted(package(path, ["true"]).files)


def test_a_script_is_run_by_its_interpreter(tmp_path: Path) -> None:
    write(tmp_path, train_py="print(1)", job_sh="echo 1")
    found = package(tmp_path / "train.py", ["--epochs", "3"])
    assert found.argv == ("python3", "-u", "train.py", "--epochs", "3")
    assert list(found.files) == ["train.py"]
    assert package(tmp_path / "job.sh").argv == ("sh", "job.sh")


def test_a_program_runs_though_archives_keep_no_right_to_execute(tmp_path: Path) -> None:
    program = tmp_path / "hello"
    program.write_text('#!/bin/sh\necho "hello $1"\n')
    with pytest.raises(PackingError, match="chmod"):
        package(program)
    program.chmod(0o755)
    found = package(program, ["a b"])
    there = tmp_path / "there"
    there.mkdir()
    found.write(tmp_path / "archive.zip")
    with zipfile.ZipFile(tmp_path / "archive.zip") as archive:
        archive.extractall(there)
    assert subprocess.run(found.argv, cwd=there, capture_output=True, check=True).stdout == b"hello a b\n"


def test_the_same_files_give_the_same_hash_and_that_of_ionet_store_put(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / name, train_py="print(1)", data__words_txt="some words", _gitignore="nothing\n")
    os.utime(tmp_path / "two/train.py", (1, 1))
    first, second = (
        package(tmp_path / name, ["true"]).write(tmp_path / f"{name}.zip") for name in ("one", "two")
    )
    assert first == second
    pack(tmp_path / "one", tmp_path / "put.zip")
    assert (tmp_path / "put.zip").read_bytes() == (tmp_path / "one.zip").read_bytes()


def test_what_is_ignored_stays_here(tmp_path: Path) -> None:
    write(
        tmp_path,
        train_py="",
        _gitignore="*.bin\n!keep.bin\n/build/\n",
        _ionetignore="notes/\n",
        data_bin="",
        keep_bin="",
        build__out_txt="",
        src__build__out_txt="",
        notes__today_txt="",
        _venv__pyvenv_cfg="",
        _git__config="",
        __pycache____x_pyc="",
    )
    assert names(tmp_path) == [".gitignore", ".ionetignore", "keep.bin", "src/build/out.txt", "train.py"]


PATTERNS = st.lists(
    st.text(st.sampled_from("ab*?/!.[]-#"), min_size=1, max_size=6).filter(lambda text: text.strip("/!")),
    max_size=4,
)
PATHS = ("a", "b", "ab", "a.b", "aa/a", "aa/b", "aa/ab/a", "b.b/a", "b.b/a.b/b", "aa/b.b/ab")


@pytest.mark.skipif(shutil.which("git") is None, reason="compares with git")
@given(PATTERNS, PATTERNS)
def test_files_are_ignored_as_git_does(
    tmp_path_factory: pytest.TempPathFactory, above: list[str], inside: list[str]
) -> None:
    root = tmp_path_factory.mktemp("tree")
    for path in PATHS:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)
    (root / ".gitignore").write_text("\n".join(above))
    (root / "aa/.gitignore").write_text("\n".join(inside))
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    subprocess.run(["git", "init", "-q", root], check=True, env=environment)
    listed = subprocess.run(
        ["git", "ls-files", "--others", "--exclude-standard", "-z"],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    expected = sorted(filter(None, listed))
    shutil.rmtree(root / ".git")
    try:
        assert names(root) == expected
    except PackingError:
        assert expected == []
    finally:
        shutil.rmtree(root)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".env", "TOKEN=1"),
        ("deep/id_ed25519", ""),
        ("server.pem", ""),
        (".aws/config", ""),
        ("notes.txt", "-----BEGIN OPENSSH PRIVATE KEY-----\n"),
        ("train.json", str(list(range(64)))),
    ],
)
def test_what_looks_like_a_secret_is_refused_until_it_is_named(tmp_path: Path, name: str, text: str) -> None:
    place = tmp_path / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    with pytest.raises(PackingError, match="looks like a secret") as bad:
        names(tmp_path)
    assert str(bad.value).startswith(name.split("/", maxsplit=1)[0])
    part = ".aws" if name.startswith(".aws") else place.name
    write(tmp_path, _ionetignore=f"!{part}\n")
    assert name in names(tmp_path)
    write(tmp_path, _ionetignore=f"{part}\n")
    assert names(tmp_path) == [".ionetignore"]


def test_a_keypair_is_not_sent_as_a_script_or_input(tmp_path: Path) -> None:
    write(tmp_path, wallet_json=str(list(range(64))), numbers_json=str(list(range(63))), train_py="")
    with pytest.raises(PackingError, match="looks like a secret"):
        package(tmp_path / "train.py", inputs=[tmp_path / "wallet.json"])
    found = package(tmp_path / "train.py", inputs=[tmp_path / "numbers.json"])
    assert [item.name for item in found.given()] == ["numbers.json"]


def test_a_tree_that_is_too_large_is_refused_with_its_largest_parts(tmp_path: Path) -> None:
    write(tmp_path, train_py="", data__a_txt="x" * 3_000, data__b_txt="x" * 3_000)
    with pytest.raises(PackingError, match=r"the largest: data \(1 MiB\)"):
        package(tmp_path, ["true"], max_bytes=5_000)
    with pytest.raises(PackingError, match=r"more than 2 files to send, most of them in data \(2\)"):
        package(tmp_path, ["true"], max_files=2)


def test_inputs_keep_their_path_if_it_is_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, train_py="", data__a_txt="a", b_txt="b")
    monkeypatch.chdir(tmp_path)
    found = package("train.py", inputs=["data/a.txt", tmp_path / "b.txt"])
    assert sorted(found.inputs) == ["b.txt", "data/a.txt"]
    with pytest.raises(PackingError, match="two inputs would be called b"):
        package("train.py", inputs=["b.txt", tmp_path / "b.txt"])


@pytest.mark.parametrize(
    ("path", "arguments", "why"),
    [
        ("none.py", [], "no such file"),
        (".", [], "say what to run in it"),
        ("empty", ["true"], "has no files"),
        ("book.ipynb", [], "notebook"),
        ("link", ["true"], "is a link"),
    ],
)
def test_what_cannot_be_run_is_refused_in_a_sentence(
    tmp_path: Path, path: str, arguments: list[str], why: str
) -> None:
    write(tmp_path, book_ipynb="{}")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").mkdir()
    (tmp_path / "link/passwd").symlink_to("/etc/passwd")
    with pytest.raises(PackingError, match=why) as bad:
        package(tmp_path / path, arguments)
    assert "\n" not in str(bad.value)

"""The workspace agrees with itself: ids, build inputs, and what the package carries."""

from __future__ import annotations

import json
import re
import shutil
import struct
import tomllib
from pathlib import Path
from typing import Any

import pytest

from workspace import manifest
from workspace.sbf import EM_BPF, PF_X, PT_LOAD, SBPF_VERSION, check_elf
from workspace.tree import ROOT, Tree, WorkspaceError

IDS = {
    "alpha": "iomcaX8pJmF55yH6XR6JR7DVSSpkGYaRFXJhKb9sAyV",
    "beta": "ioPaT9RX9Bc2iv5uidz6Ah2K8y3NWmkcvPe7FenwbjF",
}


def toml(name: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / name).read_text())


def elf(*, flags: int = SBPF_VERSION, machine: int = EM_BPF, entry: int = 0x1_0000_0010) -> bytes:
    """The headers of a program with one executable segment of 64 bytes at 0x100000000."""
    ident = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    header = struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, entry, 64, 0, flags, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", PT_LOAD, PF_X, 120, 0x1_0000_0000, 0, 64, 64, 0)
    return ident + header + segment + bytes(64)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A small workspace of two programs and a crate, built and packaged."""
    for name in ("versions", "rustflags", "overlay.py", "sbpf-solana-solana.json"):
        target = tmp_path / "scripts/toolchain" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / "scripts/toolchain" / name, target)
    tree = Tree(tmp_path)
    files = {"Cargo.toml": "[workspace]\n", "Cargo.lock": "version = 4\n"}
    for name, address in IDS.items():
        files |= {
            f"programs/{name}/Cargo.toml": f'[package]\nname = "{name}"\n',
            f"programs/{name}/src/lib.rs": f'declare_id!("{address}");\n',
            f"idl/{name}.json": json.dumps({"address": address}),
        }
    files |= {"crates/shared/Cargo.toml": "[package]\n", "crates/shared/src/lib.rs": "pub fn f() {}\n"}
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    tree.deploy.mkdir(parents=True)
    for name in IDS:
        (tree.deploy / f"{name}.so").write_bytes(elf())
    manifest.write(tree, "this compiler")
    return tree


def test_every_program_has_one_id_everywhere() -> None:
    declared = {program.name: program.id for program in Tree().programs()}
    shared = (ROOT / "crates/io-common/src/ids.rs").read_text()
    listed = dict(re.findall(r'pub const (\w+)_PROGRAM: Pubkey = pubkey!\("(\w+)"\)', shared))

    assert declared == toml("Anchor.toml")["programs"]["localnet"]
    assert declared == {name: listed.get(name.upper()) for name in declared}
    assert declared == {
        path.stem: json.loads(path.read_text())["address"] for path in sorted((ROOT / "idl").glob("*.json"))
    }


def test_every_program_is_a_crate_that_anchor_can_build() -> None:
    assert toml("Cargo.toml")["profile"]["release"]["overflow-checks"] is True
    for program in Tree().programs():
        crate = toml(f"programs/{program.name}/Cargo.toml")
        assert crate["package"]["name"] == program.name
        assert set(crate["lib"]["crate-type"]) == {"cdylib", "lib"}
        assert "anchor-lang/idl-build" in crate["features"]["idl-build"]
        assert crate["features"]["default"] == ["no-log-ix-name"]


def test_examples_are_built_with_the_programs_and_not_shipped_with_them() -> None:
    tree = Tree()
    (example,) = tree.examples()
    place = str(example.directory.relative_to(ROOT))
    assert place in toml("Cargo.toml")["workspace"]["members"]
    assert place in toml("Anchor.toml")["workspace"]["members"]
    assert example.name in {chosen.name for chosen in tree.chosen([])}
    assert [chosen.name for chosen in tree.chosen([example.name])] == [example.name]
    assert json.loads(tree.idl_of(example).read_text())["address"] == example.id
    assert example.name not in json.loads((tree.packaged / "manifest.json").read_text())["programs"]


def test_anchor_names_the_version_that_the_programs_are_built_with() -> None:
    required = toml("Cargo.toml")["workspace"]["dependencies"]["anchor-lang"]["version"]
    assert required == f"={toml('Anchor.toml')['toolchain']['anchor_version']}"


def test_the_packaged_programs_are_of_these_sources() -> None:
    assert manifest.problems(Tree()) == []


def test_a_fresh_package_has_no_problems(tree: Tree) -> None:
    assert manifest.problems(tree) == []
    content = json.loads((tree.packaged / "manifest.json").read_text())
    assert {name: entry["id"] for name, entry in content["programs"].items()} == IDS


@pytest.mark.parametrize(
    ("path", "stale"),
    [
        ("programs/alpha/src/lib.rs", {"alpha"}),
        ("programs/beta/Cargo.toml", {"beta"}),
        ("crates/shared/src/lib.rs", {"alpha", "beta"}),
        ("Cargo.toml", {"alpha", "beta"}),
    ],
)
def test_a_changed_source_makes_what_it_is_part_of_stale(tree: Tree, path: str, stale: set[str]) -> None:
    with (tree.root / path).open("a") as file:
        file.write("// changed\n")
    found = manifest.problems(tree)
    assert {text.split(":")[0] for text in found} == stale
    assert all("has changed since it was packaged" in text for text in found)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("Cargo.lock", "Cargo.lock has changed"),
        ("scripts/toolchain/rustflags", "scripts/toolchain has changed"),
        ("idl/beta.json", "idl/beta.json is not the packaged IDL"),
        ("sdk/ionet/_programs/alpha.so", "alpha.so is not the one its manifest describes"),
        ("sdk/ionet/_programs/alpha.json", "alpha.json is not the one its manifest describes"),
    ],
)
def test_a_changed_input_or_file_of_the_package_is_told(tree: Tree, path: str, says: str) -> None:
    with (tree.root / path).open("ab") as file:
        file.write(b"\n")
    (found,) = manifest.problems(tree)
    assert says in found


def test_a_program_without_its_package_and_the_other_way_round_are_told(tree: Tree) -> None:
    (tree.root / "programs/beta").rename(tree.root / "programs/gamma")
    found = manifest.problems(tree)
    assert "beta is packaged, but programs/beta does not exist" in found
    assert "gamma is not packaged" in found


def test_a_file_that_is_not_source_leaves_the_hash_alone(tree: Tree) -> None:
    (program,) = tree.programs(["alpha"])
    before = tree.source_hash(program)
    (program.directory / "README.md").write_text("words")
    (program.directory / "src/lib.rs.orig").write_text("left by a merge")
    assert tree.source_hash(program) == before
    (program.directory / "src/new.rs").write_text("")
    assert tree.source_hash(program) != before


def test_moving_text_from_one_file_to_another_changes_the_hash(tree: Tree) -> None:
    (program,) = tree.programs(["alpha"])
    first, second = program.directory / "src/a.rs", program.directory / "src/b.rs"
    first.write_text("one two")
    second.write_text("")
    before = tree.source_hash(program)
    first.write_text("one")
    second.write_text(" two")
    assert tree.source_hash(program) != before


def test_an_unknown_program_is_named_with_the_known_ones(tree: Tree) -> None:
    with pytest.raises(WorkspaceError, match=r"no such program: delta \(there are: alpha, beta\)"):
        tree.programs(["delta"])


def test_nothing_is_packaged_that_has_not_been_built(tree: Tree) -> None:
    (tree.deploy / "beta.so").unlink()
    with pytest.raises(WorkspaceError, match=r"target/deploy/beta\.so is missing; run scripts/build"):
        manifest.write(tree, "this compiler")


def test_a_packaged_binary_that_its_sources_do_not_give_is_told(tree: Tree) -> None:
    assert manifest.differences(tree, "this compiler") == []
    (tree.deploy / "beta.so").write_bytes(elf() + b"another")
    (found,) = manifest.differences(tree, "this compiler") or ["none"]
    assert found == "beta: the packaged binary is not what its sources build to"
    assert manifest.differences(tree, "another compiler") is None


def test_a_program_that_left_the_workspace_leaves_the_package(tree: Tree) -> None:
    shutil.rmtree(tree.root / "programs/beta")
    manifest.write(tree, "this compiler")
    assert {path.name for path in tree.packaged.iterdir()} == {"alpha.so", "alpha.json", "manifest.json"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"MZ" + bytes(100), "not a 64-bit little-endian ELF"),
        (elf(flags=0), "is not SBPF v3: machine 247, version flag 0"),
        (elf(machine=62), "is not SBPF v3: machine 62"),
        (elf(entry=0), "has no entrypoint"),
        (elf()[:100], "is cut off"),
    ],
    ids=["not ELF", "SBPF v0", "x86-64", "no entrypoint", "cut off"],
)
def test_what_is_not_an_sbpf_v3_program_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "program.so"
    path.write_bytes(elf())
    check_elf(path)
    path.write_bytes(content)
    with pytest.raises(WorkspaceError, match=says):
        check_elf(path)


def test_the_package_has_one_version() -> None:
    import tomllib

    import ionet

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == ionet.__version__
    assert f"## {ionet.__version__}" in (ROOT / "CHANGELOG.md").read_text()

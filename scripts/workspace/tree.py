"""The repository for scripts: its programs, their ids, and hashes over their sources.

Standard library only: these modules run before anything is installed.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]

_DECLARE_ID = re.compile(r'declare_id!\(\s*"([1-9A-HJ-NP-Za-km-z]{32,44})"\s*\)')


class WorkspaceError(Exception):
    """Something in the tree is missing or wrong; the text says what, and what to do."""


@dataclass(frozen=True, slots=True)
class Program:
    """One Anchor program of the workspace.

    Attributes:
        name: directory, crate and library name, which are the same by the workspace's rule.
        directory: the program's directory, absolute.
    """

    name: str
    directory: Path

    @property
    def id(self) -> str:
        """The address in `declare_id!`, base58.

        Raises:
            WorkspaceError: src/lib.rs has no `declare_id!`.
        """
        source = self.directory / "src/lib.rs"
        match = _DECLARE_ID.search(source.read_text()) if source.is_file() else None
        if match is None:
            raise WorkspaceError(f'{source}: no declare_id!("...") found')
        return match[1]


@dataclass(frozen=True, slots=True)
class Tree:
    """A checkout of the repository; `root` is replaced by a copy in tests."""

    root: Path = ROOT

    @property
    def deploy(self) -> Path:
        """Where built programs land, the directory that `anchor build` uses."""
        return self.root / "target/deploy"

    @property
    def idl(self) -> Path:
        """Where the committed IDLs are."""
        return self.root / "idl"

    def idl_of(self, program: Program) -> Path:
        """Where a program's committed IDL is: an example has it beside its sources."""
        example = program.directory.parent.name == "examples"
        return program.directory / "idl.json" if example else self.idl / f"{program.name}.json"

    @property
    def packaged(self) -> Path:
        """Where the package carries its programs."""
        return self.root / "sdk/ionet/_programs"

    def examples(self) -> list[Program]:
        """The programs that show how others use these: built and tried, neither deployed nor packaged."""
        return [
            Program(manifest.parent.name, manifest.parent)
            for manifest in sorted(self.root.glob("examples/*/Cargo.toml"))
        ]

    @property
    def toolchain(self) -> Path:
        """Where the compiler's description is."""
        return self.root / "scripts/toolchain"

    def programs(self, names: Iterable[str] = ()) -> list[Program]:
        """The workspace's programs in order of their names, or those named.

        Raises:
            WorkspaceError: there are none, or a name is unknown.
        """
        programs = {
            manifest.parent.name: Program(manifest.parent.name, manifest.parent)
            for manifest in sorted(self.root.glob("programs/*/Cargo.toml"))
        }
        if not programs:
            raise WorkspaceError(
                f"no program in {self.root / 'programs'}: expected programs/<name>/Cargo.toml"
            )
        chosen = list(dict.fromkeys(names)) or list(programs)
        if unknown := [name for name in chosen if name not in programs]:
            raise WorkspaceError(f"no such program: {', '.join(unknown)} (there are: {', '.join(programs)})")
        return [programs[name] for name in chosen]

    def chosen(self, names: Iterable[str]) -> list[Program]:
        """Programs and examples of these names, or all; examples last, which are made of programs' IDLs.

        Raises:
            WorkspaceError: a name is unknown.
        """
        examples = {example.name: example for example in self.examples()}
        wanted = list(names)
        if not wanted:
            return [*self.programs(), *examples.values()]
        others = [name for name in wanted if name not in examples]
        programs = self.programs(others) if others else []
        return [*programs, *(example for name, example in examples.items() if name in wanted)]

    def sources(self, program: Program) -> list[Path]:
        """The files that decide a program's binary and IDL, besides Cargo.lock and the toolchain.

        The program's own crate, every crate of crates/ and the workspace's manifest; of each crate its
        manifest, build script and src/.
        """
        crates = [program.directory, *sorted(path.parent for path in self.root.glob("crates/*/Cargo.toml"))]
        files = [self.root / "Cargo.toml", *program.directory.glob("idls/*.json")]
        for crate in crates:
            files += [path for path in (crate / "Cargo.toml", crate / "build.rs") if path.is_file()]
            files += [path for path in crate.glob("src/**/*") if path.is_file() and not _is_debris(path)]
        return files

    def source_hash(self, program: Program) -> str:
        """SHA-256, hex, over the sorted relative paths and contents of a program's sources."""
        return self.hash_files(self.sources(program))

    def lock_hash(self) -> str:
        """SHA-256, hex, of Cargo.lock.

        Raises:
            WorkspaceError: it is missing.
        """
        lock = self.root / "Cargo.lock"
        if not lock.is_file():
            raise WorkspaceError(f"{lock} is missing; make it with `cargo generate-lockfile` and commit it")
        return file_hash(lock)

    def toolchain_hash(self) -> str:
        """SHA-256, hex, over the files that decide how programs are compiled."""
        names = ("versions", "rustflags", "overlay.py", "sbpf-solana-solana.json")
        return self.hash_files(self.toolchain / name for name in names)

    def idl_generator_hash(self) -> str:
        """SHA-256, hex, over the sources of the IDL generator."""
        names = ("Cargo.toml", "Cargo.lock", "src/main.rs")
        return self.hash_files(self.toolchain / "idl" / name for name in names)

    def hash_files(self, files: Iterable[Path]) -> str:
        """SHA-256, hex, over the files' paths relative to the root and their contents, in path order."""
        digest = hashlib.sha256()
        for name, path in sorted((path.relative_to(self.root).as_posix(), path) for path in files):
            content = path.read_bytes()
            # Lengths first: no two different lists of files feed the same bytes.
            digest.update(f"{len(name)} {name} {len(content)} ".encode() + content)
        return digest.hexdigest()


def file_hash(path: Path) -> str:
    """SHA-256 of a file, hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def arguments(text: str | None) -> argparse.ArgumentParser:
    """A parser whose --help begins with the script's docstring, unchanged."""
    return argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)


def say(who: str, text: str) -> None:
    """Tell the user one line on stderr, under the name of the script."""
    print(f"{who}: {text}", file=sys.stderr, flush=True)


def fail(who: str, error: object) -> NoReturn:
    """Tell the user why a script stops, and stop with status 1."""
    say(who, str(error))
    raise SystemExit(1)


def _is_debris(path: Path) -> bool:
    return (
        path.name.startswith(".")
        or path.suffix in {".orig", ".rej", ".bk", ".swp"}
        or path.name.endswith("~")
    )

"""Build programs to SBPF v3 and generate their IDLs, with the compiler of scripts/toolchain/setup."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workspace.completion import completed
from workspace.tree import Program, Tree, WorkspaceError, file_hash, say

TRIPLE = "sbpf-solana-solana"
SBPF_VERSION = 3
# The machine numbers of a BPF object: the kernel's, and the one registered for SBPF.
EM_BPF, EM_SBPF = 247, 263
PT_LOAD, PF_X = 1, 1

# Left out of logs: cargo's progress, and the linker's call with its hundred files.
_CHATTER = re.compile(
    r"\s+(Compiling|Downloading|Downloaded|Updating|Locking|Blocking|Finished|Running|Adding|Fresh) "
    r'|  = note:  "|  = note: some arguments are omitted'
)
_HINTS = {
    "unsupported signed division": "SBPF v3 has no signed division: divide unsigned integers instead.",
    "--locked was passed": "Cargo.lock is out of date: run `cargo update --workspace` and commit it.",
    "Looks like the BPF stack limit": "A frame holds 4,096 bytes: box large values, or split the function.",
}
_FORGET = (
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
    "RUSTC",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "CARGO_BUILD_TARGET",
    "CARGO_INCREMENTAL",
    "RUST_BACKTRACE",
)


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds the programs of one checkout; skips what has not changed.

    Attributes:
        tree: the checkout.
        home: the toolchain's directory, $SBF_HOME.
        target: cargo's directory, $CARGO_TARGET_DIR or target/; programs and IDLs each have their own inside.
    """

    tree: Tree
    home: Path
    target: Path

    @classmethod
    def from_environment(cls, tree: Tree) -> Builder:
        """The builder for $SBF_HOME and $CARGO_TARGET_DIR, after preparing the toolchain.

        Raises:
            WorkspaceError: the toolchain cannot be prepared; its messages have been shown.
        """
        setup = tree.toolchain / "setup"
        if subprocess.run([setup], check=False).returncode:
            raise WorkspaceError("the toolchain is not ready (see above)")
        home = Path(os.environ.get("SBF_HOME") or Path.home() / ".cache/sbf-toolchain")
        target = Path(os.environ.get("CARGO_TARGET_DIR") or tree.root / "target")
        return cls(tree, home.absolute(), target.absolute())

    @property
    def compiler(self) -> str:
        """The identity of the compiler; with the same identity, the same sources give the same bytes."""
        return (self.home / "compiler").read_text().strip()

    def build_all(
        self,
        programs: Sequence[Program] = (),
        *,
        binaries: bool = True,
        idl: bool = True,
        check: bool = False,
    ) -> None:
        """Bring binaries and IDLs up to date, one program after the other.

        Args:
            programs: those to build (default: all).
            binaries: build target/deploy/<name>.so.
            idl: generate idl/<name>.json.
            check: leave idl/ alone and fail if it would change.

        Raises:
            WorkspaceError: the first failure.
        """
        with self._lock():
            for program in programs or self.tree.programs():
                if binaries:
                    self.build(program)
                if idl:
                    self.generate_idl(program, check=check)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Hold the target directory: a second build waits until the first is done."""
        self.target.mkdir(parents=True, exist_ok=True)
        with (self.target / ".build-lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("build", "waiting for another build of this directory")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def build(self, program: Program) -> Path:
        """Build one program into target/deploy, unless the same sources and toolchain built the one there.

        Raises:
            WorkspaceError: the compiler failed, or its output is not an SBPF v3 program.
        """
        output = self.tree.deploy / f"{program.name}.so"
        key = self._key(program, self.tree.toolchain_hash())
        stamp = self.target / f"sbf/stamps/{program.name}.json"
        if _is_fresh(stamp, key, output):
            say("build", f"{program.name}: up to date")
            return output
        start = time.monotonic()
        say("build", f"{program.name}: compiling")
        # One program a call: building several at once would unite the features they ask of shared crates.
        command = [
            "/usr/bin/cargo", "build", "--locked", "--release", "--lib", "-p", program.name,
            "--target", str(self.tree.toolchain / f"{TRIPLE}.json"), "-Zjson-target-spec",
            "-Zbuild-std=core,alloc,std,panic_abort", "-Zbuild-std-features=compiler-builtins-mem",
        ]  # fmt: skip
        self._cargo(command, self._sbf_environment(), f"{program.name} does not build")
        built = self.target / f"sbf/{TRIPLE}/release/lib{program.name}.so"
        if not built.is_file():
            raise WorkspaceError(
                f'{built} was not built; does {program.name} have [lib] crate-type = ["cdylib", "lib"]?'
            )
        check_elf(built)
        self.tree.deploy.mkdir(parents=True, exist_ok=True)
        _install(built, output)
        _write_stamp(stamp, key, output)
        say("build", f"{program.name}: {output.stat().st_size:,} bytes in {time.monotonic() - start:.1f} s")
        return output

    def generate_idl(self, program: Program, *, check: bool = False) -> Path:
        """Generate one program's IDL, complete it and put it into idl/.

        It is generated again only when sources or generator have changed.

        Args:
            program: the program.
            check: leave idl/ alone and fail if it would change.

        Raises:
            WorkspaceError: the program does not build with `idl-build`, or `check` found a difference.
        """
        generated = self.target / f"idl/{program.name}.json"
        committed = self.tree.idl_of(program)
        key = self._key(program, self.tree.idl_generator_hash())
        stamp = self.target / f"idl/stamps/{program.name}.json"
        if not _is_fresh(stamp, key, generated):
            start = time.monotonic()
            say("idl", f"{program.name}: generating")
            command = [str(self.home / "bin/idlgen"), str(program.directory), "--lib", "--locked"]
            environment = self._environment() | {
                "CARGO_TARGET_DIR": str(self.target / "host"),
                "CARGO_PROFILE_DEV_DEBUG": "0",
            }
            failure = f"the IDL of {program.name} cannot be generated"
            result = self._cargo(command, environment, failure, capture=True)
            generated.parent.mkdir(parents=True, exist_ok=True)
            generated.write_text(result)
            _write_stamp(stamp, key, generated)
            say("idl", f"{program.name}: {len(result):,} bytes in {time.monotonic() - start:.1f} s")
        text = completed(generated.read_text(), program.directory)
        if committed.is_file() and committed.read_text() == text:
            return committed
        if check:
            state = "differs from what the program's sources give" if committed.is_file() else "is missing"
            place = committed.relative_to(self.tree.root)
            raise WorkspaceError(f"{place} {state}; run scripts/idl and commit the result")
        committed.parent.mkdir(exist_ok=True)
        committed.write_text(text)
        return committed

    def _key(self, program: Program, toolchain: str) -> str:
        return " ".join((self.tree.source_hash(program), self.tree.lock_hash(), toolchain))

    def _environment(self) -> dict[str, str]:
        """The caller's environment with Debian's Rust first, without variables that change the build."""
        kept = {name: value for name, value in os.environ.items() if name not in _FORGET}
        return kept | {"PATH": f"/usr/bin:{kept.get('PATH', '')}"}

    def _sbf_environment(self) -> dict[str, str]:
        lines = (self.tree.toolchain / "rustflags").read_text().splitlines()
        flags = [line for line in lines if line and not line.startswith("#")]
        # No path of this machine ends in a program: the same sources give the same bytes elsewhere.
        flags += [f"--remap-path-prefix={path}={name}" for path, name in self._remapped()]
        return self._environment() | {
            "RUSTC": "/usr/bin/rustc",
            "RUSTC_BOOTSTRAP": "1",
            "__CARGO_TESTS_ONLY_SRC_ROOT": str(self.home / "library"),
            "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags),
            f"CARGO_TARGET_{TRIPLE.upper().replace('-', '_')}_LINKER": str(self.home / "link"),
            "CARGO_TARGET_DIR": str(self.target / "sbf"),
        }

    def _remapped(self) -> list[tuple[str, str]]:
        registry = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo") / "registry/src"
        if not any(registry.glob("*")):
            self._cargo(
                ["/usr/bin/cargo", "fetch", "--locked"], self._environment(), "crates cannot be fetched"
            )
        crates = [(str(index), "/crates") for index in sorted(registry.glob("*"))]
        return [(str(self.tree.root), "/workspace"), (str(self.home / "library"), "/rust/library"), *crates]

    def _cargo(
        self, command: list[str], environment: dict[str, str], failure: str, *, capture: bool = False
    ) -> str:
        # On a terminal, show cargo's progress as it happens; in a log, only messages.
        stderr = None if sys.stderr.isatty() else subprocess.PIPE
        result = subprocess.run(
            command,
            cwd=self.tree.root,
            env=environment,
            stdout=subprocess.PIPE if capture else None,
            stderr=stderr,
            text=True,
            check=False,
        )
        messages = [line for line in (result.stderr or "").splitlines() if not _CHATTER.match(line)]
        if messages:
            print("\n".join(messages), file=sys.stderr, flush=True)
        if result.returncode:
            hint = "".join(
                f"\n{text}" for symptom, text in _HINTS.items() if symptom in (result.stderr or "")
            )
            raise WorkspaceError(f"{failure} (the compiler's messages are above){hint}")
        return result.stdout or ""


def check_elf(path: Path) -> None:
    """Check that a file is an SBPF v3 program with an entrypoint.

    Raises:
        WorkspaceError: it is something else; the text names what was found.
    """
    data = path.read_bytes()
    if len(data) < 64 or data[:6] != b"\x7fELF\x02\x01":
        raise WorkspaceError(f"{path} is not a 64-bit little-endian ELF file")
    machine, _version, entry, segments = struct.unpack_from("<HIQQ", data, 18)
    flags, _size, segment_size, count = struct.unpack_from("<IHHH", data, 48)
    if machine not in (EM_BPF, EM_SBPF) or flags != SBPF_VERSION:
        raise WorkspaceError(f"{path} is not SBPF v{SBPF_VERSION}: machine {machine}, version flag {flags}")
    if segment_size < 56 or segments + count * segment_size > len(data):
        raise WorkspaceError(f"{path} is cut off: its segments are not in the file")
    for at in range(segments, segments + count * segment_size, segment_size):
        kind, access, _offset, start, _physical, length = struct.unpack_from("<IIQQQQ", data, at)
        if kind == PT_LOAD and access & PF_X and start <= entry < start + length:
            return
    raise WorkspaceError(f"{path} has no entrypoint; was it compiled with the feature `no-entrypoint`?")


def _is_fresh(stamp: Path, key: str, output: Path) -> bool:
    if not stamp.is_file() or not output.is_file():
        return False
    return bool(json.loads(stamp.read_text()) == {"key": key, "output": file_hash(output)})


def _write_stamp(stamp: Path, key: str, output: Path) -> None:
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(json.dumps({"key": key, "output": file_hash(output)}) + "\n")


def _install(source: Path, destination: Path) -> None:
    """Copy a file in one step, so that no reader sees half of it."""
    temporary = destination.with_name(f".{destination.name}.new")
    shutil.copyfile(source, temporary)
    temporary.replace(destination)

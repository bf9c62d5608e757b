"""What is sent of a program: a file, or a folder, as one archive whose hash depends on the content alone."""

from __future__ import annotations

import json
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Final

from ionet.cloud.errors import PackingError
from ionet.cloud.ignoring import FILES, Rule, Rules, decision, read
from ionet.store import archive
from ionet.store.backends import hash_file
from ionet.store.errors import StoreError
from ionet.store.manifest import Command, Input

#: Bytes of a package, and how many files, at most.
MAX_BYTES: Final = 512 << 20
MAX_FILES: Final = 20_000
#: Left out wherever they are: what tools leave in folders, and what no other machine can use.
_SKIPPED: Final = archive.SKIPPED | {
    ".hg", ".ipynb_checkpoints", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".svn", "node_modules",
}  # fmt: skip
#: A folder with this file is a virtual environment of Python.
_ENVIRONMENT: Final = "pyvenv.cfg"
#: Names that secrets have.
_SECRETS: Final = (
    ".env", ".env.*", ".netrc", ".pypirc", ".git-credentials", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519",
    "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.kdbx", "*.keystore", "credentials", "credentials.json",
    "service-account*.json",
)  # fmt: skip
_SECRET_FOLDERS: Final = frozenset({".aws", ".azure", ".gnupg", ".ssh"})
#: Templates of secrets' files.
_HARMLESS: Final = (".env.example", ".env.sample", ".env.template", ".env.dist")
_PRIVATE_KEY: Final = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")
#: Bytes of a file that are looked at for a key.
_LOOKED_AT: Final = 4_096
#: Options of the interpreter: what a program prints is to be seen at once.
_PYTHON: Final = ("python3", "-u")
_SHELL: Final = ("sh",)


@dataclass(frozen=True, slots=True)
class Package:
    """What is sent of a program, and how it is started.

    Attributes:
        argv: the command, run in the folder that the archive becomes.
        files: where each file is on this machine, by its name in the archive.
        inputs: files that are sent besides, by the path under which the program sees them.
        size: bytes of all of them.
        left_out: how many files and folders were left out.
    """

    argv: tuple[str, ...]
    files: Mapping[str, Path]
    inputs: Mapping[str, Path] = field(default_factory=lambda: MappingProxyType({}))
    size: int = 0
    left_out: int = 0

    def write(self, target: Path) -> bytes:
        """Writes the archive, and returns its sha256, 32 bytes: the same files give the same.

        Raises:
            OSError: a file cannot be read, or the archive not written.
        """
        archive.write(self.files, target)
        return hash_file(target)[0]

    def given(self) -> tuple[Input, ...]:
        """The inputs, as a manifest names them.

        Raises:
            OSError: one cannot be read.
        """
        found = []
        for name, path in self.inputs.items():
            digest, size = hash_file(path)
            found.append(Input(name, digest.hex(), size))
        return tuple(found)


def package(
    path: str | Path,
    arguments: Sequence[str] = (),
    *,
    inputs: Sequence[str | Path] = (),
    max_bytes: int = MAX_BYTES,
    max_files: int = MAX_FILES,
) -> Package:
    """Collects what is sent of a program. Nothing is written.

    Of a folder, what `.gitignore` and `.ionetignore` name stays here, by git's rules and from the folder
    down; so do caches, virtual environments and `.git`. A file that looks like a secret is refused, as
    whoever knows an archive's hash can read it; a line ``!NAME`` in `.ionetignore` says that it is to be
    sent.

    Args:
        path: a file, which is run: `.py` by Python, `.sh` by the shell, others as they are; or a folder.
        arguments: of the file; for a folder the command itself.
        inputs: files that are sent besides. A relative path inside the current folder stays as it is, of any
            other only the name.
        max_bytes: of everything together.
        max_files: of a folder.

    Raises:
        PackingError: it cannot be packed.
        OSError: a file cannot be read.
    """
    path = Path(path)
    if path.is_dir():
        if not arguments:
            raise PackingError(
                f"{path} is a folder: say what to run in it, as in `ionet job run {path} -- python3 train.py`"
            )
        tree = _Tree(path, max_bytes, max_files)
        argv, files, left_out = tuple(arguments), tree.collect(), tree.left_out
        if not files:
            raise PackingError(f"{path} has no files to send")
    else:
        argv, files, left_out = _command(path, arguments), {path.name: path}, 0
        check_secret(path, path.name)
        _check_name(path)
    Command(argv)  # says what is wrong with an argument
    given = _inputs(inputs)
    size = sum(item.stat().st_size for item in (*files.values(), *given.values()))
    if size > max_bytes:
        raise _too_large(path, {**files, **given}, size, max_bytes)
    return Package(argv, MappingProxyType(files), MappingProxyType(given), size, left_out)


def gathered(
    workdir: Path | None,
    files: Mapping[str, Path],
    *,
    max_bytes: int = MAX_BYTES,
    max_files: int = MAX_FILES,
) -> Package:
    """Collects what is sent to a cluster: a folder, and files and folders under names of their own.

    Args:
        workdir: see `package`, of a folder.
        files: by their paths in the working directory of the nodes.
        max_bytes: of everything together.
        max_files: of each folder.

    Raises:
        PackingError: something cannot be sent.
        OSError: a file cannot be read.
    """
    if workdir is not None and not workdir.is_dir():
        raise PackingError(f"{workdir} is no folder")
    found, left_out = dict[str, Path](), 0
    places = {**({} if workdir is None else {"": workdir}), **files}
    for name, path in places.items():
        if path.is_dir():
            tree = _Tree(path, max_bytes, max_files)
            below = f"{name}/" if name else ""
            found |= {f"{below}{inner}": file for inner, file in tree.collect().items()}
            left_out += tree.left_out
        elif path.is_file():
            check_secret(path, name)
            _check_name(path)
            found[name] = path
        else:
            raise PackingError(f"{path}: no such file or folder")
    size = sum(path.stat().st_size for path in found.values())
    if size > max_bytes:
        raise _too_large(workdir or Path("what is sent"), found, size, max_bytes)
    return Package((), MappingProxyType(found), size=size, left_out=left_out)


def _command(path: Path, arguments: Sequence[str]) -> tuple[str, ...]:
    if not path.exists():
        raise PackingError(f"{path}: no such file or folder")
    if not path.is_file():
        raise PackingError(f"{path} is neither a file nor a folder")
    if path.suffix == ".ipynb":
        raise PackingError(f"{path} is a notebook; save it as a script first: jupyter nbconvert --to script")
    starts = {".py": _PYTHON, ".sh": _SHELL}.get(path.suffix)
    if starts is None:
        if not os.access(path, os.X_OK):
            raise PackingError(
                f"{path} is neither Python nor a shell script, and is not executable: chmod +x {path}, or"
                " name its folder and the command"
            )
        # Archives are unpacked without the right to execute.
        return ("sh", "-c", 'chmod +x "$0" && exec "$0" "$@"', f"./{path.name}", *arguments)
    return (*starts, path.name, *arguments)


def _inputs(paths: Sequence[str | Path]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in map(Path, paths):
        if not path.is_file():
            raise PackingError(f"--input {path}: no such file")
        name = path.as_posix()
        if path.is_absolute() or ".." in path.parts:
            name = path.name
        if name in found:
            raise PackingError(f"two inputs would be called {name}; rename one")
        found[name] = path
        _check_name(path)
        check_secret(path, name)
    return found


class _Tree:
    """Walks a folder."""

    def __init__(self, root: Path, max_bytes: int, max_files: int) -> None:
        self._root, self._max_bytes, self._max_files = root, max_bytes, max_files
        self._size = 0
        self._files: dict[str, Path] = {}
        self.left_out = 0

    def collect(self) -> dict[str, Path]:
        """The files by name.

        Raises:
            PackingError: there are too many, or one cannot be sent.
        """
        for name, path in self._walk(self._root, "", ()):
            self._files[name] = path
            self._size += path.stat().st_size
            if len(self._files) > self._max_files:
                counts = Counter(PurePosixPath(name).parts[0] for name in self._files)
                most = ", ".join(f"{name} ({count:,})" for name, count in counts.most_common(3))
                raise PackingError(
                    f"{self._root} has more than {self._max_files:,} files to send, most of them in {most}:"
                    " name in .ionetignore what the program does not need"
                )
            if self._size > 8 * self._max_bytes:
                break  # large enough to say so
        if self._size > self._max_bytes:
            raise _too_large(self._root, self._files, self._size, self._max_bytes)
        return self._files

    def _walk(self, folder: Path, name: str, above: tuple[Rules, ...]) -> Iterator[tuple[str, Path]]:
        levels = (*above, Rules(name, _rules_of(folder)))
        for path in sorted(folder.iterdir()):
            inner = f"{name}{path.name}"
            mode = path.lstat().st_mode
            is_folder = stat.S_ISDIR(mode)
            rule = decision(inner, levels, folder=is_folder)
            wanted = rule is not None and rule.keeps and rule.own
            if (rule is not None and not rule.keeps) or (
                not wanted and (path.name in _SKIPPED or (is_folder and (path / _ENVIRONMENT).exists()))
            ):
                self.left_out += 1
            elif is_folder:
                if path.name in _SECRET_FOLDERS and not wanted:
                    raise _secret(inner)
                yield from self._walk(path, f"{inner}/", levels)
            elif not stat.S_ISREG(mode):
                raise PackingError(
                    f"{path} is a link or no file; an archive has files only: name it in .ionetignore, or put"
                    " the file in its place"
                )
            else:
                _check_name(path)
                if not wanted:
                    check_secret(path, inner)
                yield inner, path


def _rules_of(folder: Path) -> tuple[Rule, ...]:
    rules: tuple[Rule, ...] = ()
    for name in FILES:
        path = folder / name
        if path.is_file():
            rules += read(path.read_text(encoding="utf-8", errors="replace"), own=name == FILES[-1])
    return rules


def _check_name(path: Path) -> None:
    try:
        archive.check_name(path)
    except StoreError as bad:
        raise PackingError(str(bad)) from None


def check_secret(path: Path, name: str) -> None:
    """Refuses a file that looks like a secret.

    Args:
        path: where it is.
        name: what it is called in the archive.

    Raises:
        PackingError: it does.
    """
    called = PurePosixPath(name).name
    known = any(fnmatchcase(called, pattern) for pattern in _SECRETS) and called not in _HARMLESS
    if known or _holds_key(path):
        raise _secret(name)


def _holds_key(path: Path) -> bool:
    """Whether a file is a private key in PEM, or a keypair file of `solana`."""
    with path.open("rb") as file:
        head = file.read(_LOOKED_AT)
    if _PRIVATE_KEY.search(head):
        return True
    if not head.lstrip().startswith(b"[") or len(head) == _LOOKED_AT:
        return False
    try:
        value = json.loads(head)
    except (ValueError, RecursionError):
        return False
    return len(value) == 64 and all(type(item) is int and 0 <= item < 256 for item in value)


def _secret(name: str) -> PackingError:
    return PackingError(
        f"{name} looks like a secret, and whoever learns the archive's hash can read it: name it in"
        f" .ionetignore, or write !{name} there if it is to be sent"
    )


def _too_large(path: Path, files: Mapping[str, Path], size: int, most: int) -> PackingError:
    sizes: Counter[str] = Counter()
    for name, file in files.items():
        sizes[PurePosixPath(name).parts[0]] += file.stat().st_size
    largest = ", ".join(f"{name} ({_mib(size)})" for name, size in sizes.most_common(3))
    return PackingError(
        f"{path} has {_mib(size)} to send, at most {_mib(most)}; the largest: {largest}: name in .ionetignore"
        " what the program does not need"
    )


def _mib(size: int) -> str:
    return f"{-(-size // (1 << 20)):,} MiB"

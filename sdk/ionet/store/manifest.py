"""What a renter wants to run: the job manifest, and the content-addressed store it is fetched from.

A job's escrow holds 32 bytes, ``sha256(manifest.to_bytes())``. The orchestrator fetches the document by that
hash and refuses anything else, so that neither side can change the work after the money is locked.

The canonical bytes are JSON in the subset of RFC 8785 that `ionet.formats.canonical` describes: UTF-8, keys
sorted, no white space, integers only. Fields, all required in the canonical form::

    {"entrypoint": {"arguments": {...}, "function": "package.module:name"}      or {"command": ["python",
    "x.py"]}
     "inputs": [{"name": "train.bin", "sha256": "<64 hex>", "size": 123}],
     "max_duration": 3600,                                                       seconds of one run
     "nodes": 1,
     "resources": {"gpus": 0},                                                   per node; only where they are
                                                                                 given also "cpus": 1, "disk",
                                                                                 "memory" (bytes),
                                                                                 "processes": 200, "internet":
                                                                                 true, "internet_mbps": 50
     "runtime_env": {"env_vars": {}, "pip": ["numpy==2.4.6"], "working_dir": null},
     "version": 1}

and, only where they are given, ``"sealed": true`` and ``"image": "sha256:<64 hex>"``. A document written by
hand may leave out what has a default (see the fields of `Manifest`), and may give sizes as ``"4GiB"``;
`Manifest.to_bytes` fills it in, and only those bytes are hashed.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any, Final, TypeVar, cast

from ionet.chain.errors import IonetError
from ionet.chain.files import state_folder
from ionet.formats import canonical
from ionet.formats.canonical import CanonicalError, Json
from ionet.formats.sizes import bytes_of, size_text
from ionet.formats.when import DAY, HOUR
from ionet.store.errors import NotStored, StoreError

__all__ = [
    "Command",
    "Entrypoint",
    "FileStore",
    "Function",
    "Input",
    "Manifest",
    "ManifestError",
    "NotStored",
    "Resources",
    "RuntimeEnv",
    "StoreError",
]

VERSION: Final = 1
MAX_BYTES: Final = 256 * 1024
MAX_NODES: Final = 256
#: What may happen when a node is lost; the first is the default.
ON_LOSS: Final = ("end", "continue")
MAX_DURATION: Final = 31 * DAY
MAX_INPUTS: Final = 1024
#: Of what is given to a job: bytes of memory and of disk, with which Ray still runs; processes and threads.
LEAST_MEMORY: Final = 1 << 20
LEAST_DISK: Final = 256 << 20
MOST_BYTES: Final = 1 << 46
MOST_PROCESSES: Final = 1 << 20

_FUNCTION = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*:[A-Za-z_][A-Za-z0-9_]*")
_REQUIREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9,._-]+\])?==[A-Za-z0-9.!+_-]+")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_IMAGE = re.compile(r"(sha256|oci):[0-9a-f]{64}")
# Set by the executor: renters who could set them would reach outside their own Ray cluster or interpreter.
_RESERVED_ENV = ("RAY_", "LD_", "DYLD_", "IONET_", "PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP")

_OPTIONAL_RESOURCES: Final = ("cpus", "memory", "processes", "disk", "internet_mbps")

_T = TypeVar("_T")


class ManifestError(IonetError, ValueError):
    """Not a valid manifest; the message names the field, what it holds and what would be right."""


@dataclass(frozen=True, slots=True)
class Function:
    """A Python function ``package.module:name`` that receives a `ionet.workloads.Context`.

    Attributes:
        path: module and function.
        arguments: JSON object given to the function as ``context.arguments``.
    """

    path: str
    arguments: Mapping[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _FUNCTION.fullmatch(self.path):
            raise ManifestError(
                f"entrypoint.function: {self.path!r} is not of the form package.module:function"
            )
        _canonical_part(self.arguments, "entrypoint.arguments")
        object.__setattr__(self, "arguments", MappingProxyType(dict(self.arguments)))


@dataclass(frozen=True, slots=True)
class Command:
    """A command run without a shell in the job's working directory; each item is one argument."""

    argv: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.argv or not all(_is_text(item) and item for item in self.argv):
            raise ManifestError("entrypoint.command: expected a list of one or more non-empty strings")
        if any("\0" in item for item in self.argv):
            raise ManifestError("entrypoint.command: an argument holds a NUL character")
        _canonical_part(list(self.argv), "entrypoint.command")


Entrypoint = Function | Command


@dataclass(frozen=True, slots=True)
class RuntimeEnv:
    """What the run needs besides the interpreter.

    Attributes:
        env_vars: environment variables of the run; names that steer Ray, the loader or the interpreter are
            refused.
        pip: requirements, each pinned with ``==`` so that a hash of the manifest fixes the code that runs.
        working_dir: sha256 (hex) of a zip archive that is unpacked as the working directory, or None.
    """

    env_vars: Mapping[str, str] = field(default_factory=dict)
    pip: tuple[str, ...] = ()
    working_dir: str | None = None

    def __post_init__(self) -> None:
        for name, value in self.env_vars.items():
            if not _is_text(name) or not _ENV_NAME.fullmatch(name):
                raise ManifestError(f"runtime_env.env_vars: {name!r} is not a variable name")
            if not _is_text(value) or "\0" in value:
                raise ManifestError(f"runtime_env.env_vars.{name}: expected a string without NUL")
            if name.startswith(_RESERVED_ENV):
                raise ManifestError(
                    f"runtime_env.env_vars.{name}: this name is reserved for the host of the job"
                )
        for item in self.pip:
            if not _is_text(item) or not _REQUIREMENT.fullmatch(item):
                raise ManifestError(f"runtime_env.pip: {item!r} is not pinned; write it as name==version")
        if self.working_dir is not None:
            _hash_text(self.working_dir, "runtime_env.working_dir")
        _canonical_part(self.env_vars, "runtime_env.env_vars")
        object.__setattr__(self, "env_vars", MappingProxyType(dict(self.env_vars)))

    @property
    def empty(self) -> bool:
        """Whether nothing has to be prepared."""
        return not self.env_vars and not self.pip and self.working_dir is None


@dataclass(frozen=True, slots=True)
class Input:
    """One input file, named by its content.

    Attributes:
        name: relative POSIX path under which the run sees it, without ``..``.
        sha256: hash of the content, 64 hex digits.
        size: length in bytes.
    """

    name: str
    sha256: str
    size: int

    def __post_init__(self) -> None:
        path = PurePosixPath(self.name) if _is_text(self.name) and self.name else None
        if path is None or path.is_absolute() or ".." in path.parts or "\\" in self.name or "\0" in self.name:
            raise ManifestError(f"inputs: {self.name!r} is not a relative path inside the working directory")
        if str(path) != self.name or self.name == ".":
            raise ManifestError(f"inputs: {self.name!r} is not in normal form; write {str(path)!r}")
        _hash_text(self.sha256, f"inputs.{self.name}.sha256")
        _integer(self.size, f"inputs.{self.name}.size", 0, 2**50)


@dataclass(frozen=True, slots=True)
class Resources:
    """What each node must provide for the run, which is given so much and no more.

    No node that gives less is used. What is None is the node's whole, and is not in the canonical form.

    Attributes:
        cpus: whole processor cores.
        gpus: whole devices.
        memory: bytes, besides those of Ray's own processes.
        internet: whether the run reaches the internet: public addresses by IPv4, and nothing near the node.
            Not every supplier allows it. In the canonical form only where it is true.
        internet_mbps: Mbit/s that it is given there, each way.
        processes: processes and threads at a time, besides Ray's own.
        disk: bytes for inputs, packages, outputs and temporary files together, with Ray's logs.
    """

    cpus: int | None = None
    gpus: int = 0
    memory: int | None = None
    internet: bool = False
    internet_mbps: int | None = None
    processes: int | None = None
    disk: int | None = None

    def __post_init__(self) -> None:
        for name, least, most in (
            ("cpus", 1, 1024),
            ("memory", LEAST_MEMORY, MOST_BYTES),
            ("processes", 1, MOST_PROCESSES),
            ("disk", LEAST_DISK, MOST_BYTES),
            ("internet_mbps", 1, 2**20),
        ):
            if (value := getattr(self, name)) is not None:
                _integer(value, f"resources.{name}", least, most)
        _integer(self.gpus, "resources.gpus", 0, 8)
        if not _is_bool(self.internet):
            raise ManifestError(f"resources.internet: {self.internet!r} is not true or false")
        if self.internet_mbps is not None and not self.internet:
            raise ManifestError("resources.internet_mbps: only with internet = true; leave it out, or say so")

    def to_dict(self) -> dict[str, Json]:
        """Returns the canonical form's part: only what is given, of fields that not all manifests have."""
        given = {name: getattr(self, name) for name in _OPTIONAL_RESOURCES}
        return {
            "gpus": self.gpus,
            **({"internet": True} if self.internet else {}),
            **{name: value for name, value in given.items() if value is not None},
        }

    @classmethod
    def from_dict(cls, value: object) -> Resources:
        """Reads that, or what was written by hand, with sizes such as ``"4GiB"``.

        Raises:
            ManifestError: a field is unknown, or outside its range.
        """
        fields = _object(value, "resources", (), ("gpus", "internet", *_OPTIONAL_RESOURCES))
        for name in ("memory", "disk"):
            if isinstance(size := fields.get(name), str):
                try:
                    fields = {**fields, name: bytes_of(size)}
                except ValueError as error:
                    raise ManifestError(f"resources.{name}: {error}") from None
        for name in fields.keys() & set(_OPTIONAL_RESOURCES):
            if fields[name] is None:
                raise ManifestError(f"resources.{name}: None is not an integer; leave it out")
        return cls(**cast("dict[str, Any]", fields))


@dataclass(frozen=True, slots=True)
class Manifest:
    """One job's work. Equal manifests have equal bytes and one hash.

    Attributes:
        entrypoint: what is run, once, on the first node; it may use all nodes through Ray.
        resources: what each node provides.
        nodes: how many nodes; as many escrows carry this manifest's hash.
        max_duration: seconds after which one run is stopped.
        runtime_env: packages, variables and files besides the inputs.
        inputs: input files; sorted by name in the canonical form.
        sealed: whether the worker seals files and log for the renter's wallet (`ionet.store.sealed`) before
            it stores them. In the canonical form only where it is true.
        on_loss: what happens when a node of several is lost: `end` ends the run as failed, with `continue`
            it goes on with the others, for as long as the first is there. In the canonical form only where it
            is `continue`.
        image: what the run's box is made of: ``sha256:`` and the digest of an image that `scripts/image`
            builds, or ``oci:`` and the sha256 of an OCI archive in the store. None: the node's own. In the
            canonical form only where it is given.
    """

    entrypoint: Entrypoint
    resources: Resources = field(default_factory=Resources)
    nodes: int = 1
    max_duration: int = HOUR
    runtime_env: RuntimeEnv = field(default_factory=RuntimeEnv)
    inputs: tuple[Input, ...] = ()
    sealed: bool = False
    on_loss: str = ON_LOSS[0]
    image: str | None = None

    def __post_init__(self) -> None:
        if self.image is not None:
            check_image(self.image)
        if self.on_loss not in ON_LOSS:
            raise ManifestError(f"on_loss: {self.on_loss!r} is not {' or '.join(ON_LOSS)}")
        if not _is_bool(self.sealed):
            raise ManifestError(f"sealed: {self.sealed!r} is not true or false")
        _integer(self.nodes, "nodes", 1, MAX_NODES)
        _integer(self.max_duration, "max_duration", 1, MAX_DURATION)
        names = [item.name for item in self.inputs]
        if len(names) > MAX_INPUTS:
            raise ManifestError(
                f"inputs: {len(names)} files; at most {MAX_INPUTS}, put more into one archive"
            )
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ManifestError(f"inputs: {twice!r} appears twice")
        files = set(names)
        for name in names:
            for path in PurePosixPath(name).parents:
                if str(path) in files:
                    raise ManifestError(f"inputs: {str(path)!r} is a file, and {name!r} lies below it")
        disk, size = self.resources.disk, sum(item.size for item in self.inputs)
        if disk is not None and size >= disk:
            raise ManifestError(
                f"resources.disk: {size_text(disk)} do not hold the {size_text(size)} of inputs"
            )
        object.__setattr__(self, "inputs", tuple(sorted(self.inputs, key=lambda item: item.name)))
        size = len(self.to_bytes())
        if size > MAX_BYTES:
            raise ManifestError(_too_large(size))

    def to_dict(self) -> dict[str, Json]:
        """Returns the document as plain JSON values, with every field present."""
        entry: dict[str, Json]
        if isinstance(self.entrypoint, Function):
            entry = {"function": self.entrypoint.path, "arguments": dict(self.entrypoint.arguments)}
        else:
            entry = {"command": list(self.entrypoint.argv)}
        return {
            "entrypoint": entry,
            "inputs": [{"name": i.name, "sha256": i.sha256, "size": i.size} for i in self.inputs],
            "max_duration": self.max_duration,
            "nodes": self.nodes,
            "resources": self.resources.to_dict(),
            "runtime_env": {
                "env_vars": dict(self.runtime_env.env_vars),
                "pip": list(self.runtime_env.pip),
                "working_dir": self.runtime_env.working_dir,
            },
            "version": VERSION,
            # Manifests from before there was this field keep their hash.
            **({"sealed": True} if self.sealed else {}),
            **({"on_loss": self.on_loss} if self.on_loss != ON_LOSS[0] else {}),
            **({"image": self.image} if self.image is not None else {}),
        }

    def to_bytes(self) -> bytes:
        """Returns the canonical bytes."""
        return canonical.encode(self.to_dict())

    @property
    def hash(self) -> bytes:
        """sha256 of the canonical bytes: the 32 bytes in the escrow."""
        return hashlib.sha256(self.to_bytes()).digest()

    @classmethod
    def from_dict(cls, value: object) -> Manifest:
        """Builds a manifest from parsed JSON or TOML; fields that have a default may be missing.

        Raises:
            ManifestError: a field is unknown or missing, or a value is outside its range.
        """
        top = _object(
            value,
            "manifest",
            ("entrypoint",),
            (
                "image",
                "inputs",
                "max_duration",
                "nodes",
                "on_loss",
                "resources",
                "runtime_env",
                "sealed",
                "version",
            ),
        )
        version = top.get("version", VERSION)
        if version != VERSION or isinstance(version, bool):
            raise ManifestError(
                f"version: {version!r} is not supported; this package writes and reads {VERSION}"
            )
        env = _object(top.get("runtime_env", {}), "runtime_env", (), ("env_vars", "pip", "working_dir"))
        return cls(
            entrypoint=_entrypoint(top["entrypoint"]),
            resources=Resources.from_dict(top.get("resources", {})),
            nodes=cast("int", top.get("nodes", 1)),
            max_duration=cast("int", top.get("max_duration", HOUR)),
            runtime_env=RuntimeEnv(
                env_vars=cast(
                    "dict[str, str]", _expect(env.get("env_vars", {}), dict, "runtime_env.env_vars")
                ),
                pip=tuple(_expect(env.get("pip", []), list, "runtime_env.pip")),
                working_dir=cast("str | None", env.get("working_dir")),
            ),
            inputs=tuple(_input(item) for item in _expect(top.get("inputs", []), list, "inputs")),
            sealed=cast("bool", top.get("sealed", False)),
            on_loss=cast("str", top.get("on_loss", ON_LOSS[0])),
            image=cast("str | None", top.get("image")),
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Manifest:
        """Reads canonical bytes.

        Raises:
            ManifestError: there are too many bytes, or they are not canonical, or not a valid manifest.
        """
        if len(data) > MAX_BYTES:
            raise ManifestError(_too_large(len(data)))
        try:
            manifest = cls.from_dict(canonical.decode(data))
        except CanonicalError as error:
            raise ManifestError(str(error)) from error
        if manifest.to_bytes() != data:
            raise ManifestError(
                "the bytes leave out fields with defaults; hash the output of Manifest.to_bytes()"
            )
        return manifest

    @classmethod
    def load(cls, path: str | Path) -> Manifest:
        """Reads a manifest written by hand: ``.toml``, or JSON in any layout.

        Raises:
            ManifestError: as `from_dict`, with the file's name.
            OSError: when the file cannot be read.
        """
        path = Path(path)
        data = path.read_bytes()
        try:
            if path.suffix == ".toml":
                value: object = tomllib.loads(data.decode("utf-8"))
                canonical.check(value)
            else:
                value = canonical.parse(data)
            return cls.from_dict(value)
        except (ManifestError, CanonicalError, ValueError) as error:
            raise ManifestError(f"{path.name}: {error}") from error


def _entrypoint(value: object) -> Entrypoint:
    entry = _expect(value, dict, "entrypoint")
    if "command" in entry:
        _object(entry, "entrypoint", ("command",), ())
        return Command(tuple(_expect(entry["command"], list, "entrypoint.command")))
    _object(entry, "entrypoint", ("function",), ("arguments",))
    path = _expect(entry["function"], str, "entrypoint.function")
    return Function(path, _expect(entry.get("arguments", {}), dict, "entrypoint.arguments"))


def _input(value: object) -> Input:
    item = _object(value, "inputs[]", ("name", "sha256", "size"), ())
    return Input(
        name=cast("str", item["name"]), sha256=cast("str", item["sha256"]), size=cast("int", item["size"])
    )


def _object(
    value: object, where: str, required: tuple[str, ...], optional: tuple[str, ...]
) -> dict[str, object]:
    fields: dict[str, object] = _expect(value, dict, where)
    for name in required:
        if name not in fields:
            raise ManifestError(f"{where}: the field {name!r} is missing")
    for name in fields:
        if name not in required and name not in optional:
            known = ", ".join((*required, *optional))
            raise ManifestError(f"{where}: unknown field {name!r}; known are {known}")
    return fields


def _expect(value: object, kind: type[_T], where: str) -> _T:
    if not isinstance(value, kind):
        raise ManifestError(f"{where}: expected {kind.__name__}, got {type(value).__name__} {value!r}")
    return value


def _is_text(value: object) -> bool:
    # Fields of parsed documents can be of any type, whatever the annotations say.
    return isinstance(value, str)


def _is_bool(value: object) -> bool:
    return isinstance(value, bool)


def _integer(value: object, where: str, low: int, high: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ManifestError(f"{where}: {value!r} is not an integer")
    if not low <= value <= high:
        raise ManifestError(f"{where}: {value} is outside {low}..{high}")


def _hash_text(value: object, where: str) -> None:
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise ManifestError(f"{where}: {value!r} is not a sha256 in 64 lower-case hex digits")


def _too_large(size: int) -> str:
    return f"the manifest has {size} bytes, at most {MAX_BYTES}; pass large data as inputs"


def check_image(value: object) -> str:
    """Returns an image's reference.

    Raises:
        ManifestError: it is none.
    """
    if not isinstance(value, str) or not _IMAGE.fullmatch(value):
        raise ManifestError(
            f"image: {value!r} names no image; write sha256: and the digest of one that nodes have, or oci:"
            " and the sha256 of an archive in the store, each as 64 lower-case hex digits"
        )
    return value


def _canonical_part(value: object, where: str) -> None:
    try:
        canonical.check(value, where)
    except CanonicalError as error:
        raise ManifestError(str(error)) from error


class FileStore:
    """Content-addressed files under one directory, and immutable names for them.

    ``objects/ab/cdef…`` holds the content whose sha256 is ``abcdef…``; ``names/…`` holds a hash and is
    written once. Writing is atomic (a temporary file, flushed, then linked), so a killed process leaves
    either nothing or the whole object; reading checks the hash again.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self._objects = self.root / "objects"
        self._names = self.root / "names"
        state_folder(self.root)
        self._objects.mkdir(parents=True, exist_ok=True)
        self._names.mkdir(parents=True, exist_ok=True)

    def put(self, data: bytes) -> bytes:
        """Stores ``data`` and returns its sha256; storing the same content again changes nothing."""
        digest = hashlib.sha256(data).digest()
        path = self._object(digest)
        if not path.exists():
            self._write(path, data)
        return digest

    def get(self, digest: bytes) -> bytes:
        """Returns the content whose sha256 is ``digest``.

        Raises:
            NotStored: when the store does not have it.
            StoreError: when the file on disk no longer matches its name.
        """
        try:
            data = self._object(digest).read_bytes()
        except FileNotFoundError:
            raise NotStored(f"no object {digest.hex()} in {self.root}") from None
        actual = hashlib.sha256(data).digest()
        if actual != digest:
            raise StoreError(f"object {digest.hex()} holds content with sha256 {actual.hex()}")
        return data

    def checked(self, digest: bytes) -> Path:
        """Returns the content's path once its hash was compared: in little memory, however large it is.

        Raises:
            NotStored: when the store does not have it.
            StoreError: when the file on disk no longer matches its name.
        """
        path = self.path(digest)
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
        if actual != digest.hex():
            raise StoreError(f"object {digest.hex()} holds content with sha256 {actual}")
        return path

    def __contains__(self, digest: bytes) -> bool:
        return self._object(digest).exists()

    def path(self, digest: bytes) -> Path:
        """Returns the content's path, for readers that need a file. The content is not checked.

        Raises:
            NotStored: when the store does not have it.
        """
        path = self._object(digest)
        if not path.exists():
            raise NotStored(f"no object {digest.hex()} in {self.root}")
        return path

    def link(self, name: str, digest: bytes) -> None:
        """Names stored content permanently: the first content wins.

        Raises:
            StoreError: when the name already stands for other content.
        """
        path = self._name(name)
        if path.exists():
            held = self.resolve(name)
            if held != digest:
                raise StoreError(f"{name} already names {held.hex() if held else 'nothing'}")
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        self._write(path, digest.hex().encode())

    def resolve(self, name: str) -> bytes | None:
        """Returns the hash that a name stands for, or None."""
        try:
            text = self._name(name).read_text()
        except FileNotFoundError:
            return None
        if not _SHA256.fullmatch(text):
            raise StoreError(f"the name {name} holds {text[:80]!r}, not a sha256")
        return bytes.fromhex(text)

    def names(self, prefix: str) -> Iterator[str]:
        """Yields every name below ``prefix``, sorted."""
        base = self._name(prefix)
        for path in sorted(base.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                yield path.relative_to(self._names).as_posix()

    def put_manifest(self, manifest: Manifest) -> bytes:
        """Stores the canonical bytes; returns the hash for the escrow."""
        return self.put(manifest.to_bytes())

    def get_manifest(self, digest: bytes) -> Manifest:
        """Returns the manifest that an escrow names, checked.

        Raises:
            NotStored: when it is not here (yet).
            StoreError: when the stored bytes do not match the hash.
            ManifestError: when the bytes match but are not a valid manifest.
        """
        # Whatever somebody's job has brought here may be named as a manifest.
        if (size := self.path(digest).stat().st_size) > MAX_BYTES:
            raise ManifestError(_too_large(size))
        return Manifest.from_bytes(self.get(digest))

    def _object(self, digest: bytes) -> Path:
        if len(digest) != 32:
            raise StoreError(f"a content address has 32 bytes, got {len(digest)}")
        text = digest.hex()
        return self._objects / text[:2] / text[2:]

    def _name(self, name: str) -> Path:
        path = PurePosixPath(name)
        if path.is_absolute() or not path.parts or any(p in ("..", ".") or p[0] == "." for p in path.parts):
            raise StoreError(f"{name!r} is not a relative name")
        return self._names / path

    @staticmethod
    def _write(path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.parent / f".{secrets.token_hex(8)}"
        try:
            with open(temporary, "xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

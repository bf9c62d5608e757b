"""A folder of a cluster's first node that all its nodes see: where Ray Train and Tune keep their runs.

The nodes of a cluster share no disk. Checkpoints that are to outlive the loss of a node, and what is to come
back to the renter, lie on the first one::

    filesystem, path = shared.folder("run")     # below $IONET_OUTPUT
    ray.train.RunConfig(storage_path=path, storage_filesystem=filesystem, …)

Files go by an actor on the first node, in blocks; a file is there once it is whole.
"""

from __future__ import annotations

import io
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Final

import pyarrow as pa
import pyarrow.fs as pafs

#: Bytes that one call to the actor carries.
_BLOCK: Final = 8 << 20
_ACTOR: Final = "ionet-shared"
_NAMESPACE: Final = "ionet"


class Keeper:
    """Serves one folder; the class of the actor.

    Args:
        root: the folder.
    """

    def __init__(self, root: str) -> None:
        self._root = Path(root).resolve()
        self._root.mkdir(parents=True, exist_ok=True)

    def root(self) -> str:
        """The folder's path on the node that has it."""
        return str(self._root)

    def look(self, name: str) -> tuple[str, int, int] | None:
        """Kind, bytes and nanoseconds of a file or folder; None if it is not there."""
        path = self._at(name)
        if not path.exists():
            return None
        kind, about = "folder" if path.is_dir() else "file", path.stat()
        return kind, about.st_size, about.st_mtime_ns

    def names(self, name: str, *, deep: bool) -> list[str] | None:
        """What is in a folder, by names from the root; None if it is not there."""
        path = self._at(name)
        if not path.is_dir():
            return None
        paths: Iterator[Path] = path.rglob("*") if deep else path.iterdir()
        return sorted(str(item.relative_to(self._root)) for item in paths)

    def make(self, name: str) -> None:
        """Makes a folder, and those above it."""
        self._at(name).mkdir(parents=True, exist_ok=True)

    def drop(self, name: str, *, inside: bool = False) -> None:
        """Deletes a file or a folder, or only what is inside a folder."""
        path = self._at(name)
        if path == self._root and not inside:
            raise ValueError("the shared folder itself stays")
        if path.is_dir():
            shutil.rmtree(path)
            if inside:
                path.mkdir()
        else:
            path.unlink()

    def move(self, name: str, to: str) -> None:
        """Renames a file or folder."""
        target = self._at(to)
        target.parent.mkdir(parents=True, exist_ok=True)
        self._at(name).replace(target)

    def copy(self, name: str, to: str) -> None:
        """Copies a file."""
        shutil.copyfile(self._at(name), self._at(to))

    def read(self, name: str, start: int, most: int) -> bytes:
        """Bytes of a file."""
        with self._at(name).open("rb") as file:
            file.seek(start)
            return file.read(most)

    def append(self, name: str, data: bytes) -> None:
        """Writes bytes to a file's end."""
        with self._at(name).open("ab") as file:
            file.write(data)

    def _at(self, name: str) -> Path:
        if ".." in PurePosixPath(name).parts:
            raise ValueError(f"{name!r} leads out of the shared folder")
        return self._root / name.lstrip("/")


class _Reader(io.RawIOBase):
    """A file that is read block by block."""

    def __init__(self, ask: Callable[..., Any], name: str, size: int) -> None:
        self._ask, self._name, self._size, self._position = ask, name, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        data: bytes = self._ask("read", self._name, self._position, min(len(buffer), _BLOCK))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)


class _Writer(io.RawIOBase):
    """A file that is written block by block, and gets its name once it is whole."""

    def __init__(self, ask: Callable[..., Any], name: str, *, after: bool) -> None:
        self._ask, self._name = ask, name
        self._part = f"{name}.part-{secrets.token_hex(4)}"
        self._block = bytearray()
        ask("append", self._part, b"")
        if after:
            ask("copy", name, self._part)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._block += data
        if len(self._block) >= _BLOCK:
            self._send()
        return len(data)

    def _send(self) -> None:
        self._ask("append", self._part, bytes(self._block))
        self._block.clear()

    def close(self) -> None:
        if not self.closed:
            self._send()
            self._ask("move", self._part, self._name)
        super().close()


class _Handler(pafs.FileSystemHandler):  # type: ignore[misc]  # pyarrow has no types
    """The shared folder as a file system of Arrow's."""

    def _ask(self, what: str, *given: Any, **named: Any) -> Any:
        import ray

        actor: Any = ray.get_actor(_ACTOR, namespace=_NAMESPACE)
        try:
            return ray.get(getattr(actor, what).remote(*given, **named))
        except ray.exceptions.RayTaskError as bad:
            raise bad.cause from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Handler)

    __hash__ = None  # type: ignore[assignment]

    def get_type_name(self) -> str:
        return "ionet-shared"

    def normalize_path(self, path: str) -> str:
        return path

    def get_file_info(self, paths: list[str]) -> list[Any]:
        return [self._info(path, self._ask("look", path)) for path in paths]

    def get_file_info_selector(self, selector: Any) -> list[Any]:
        names = self._ask("names", selector.base_dir, deep=selector.recursive)
        if names is None:
            if selector.allow_not_found:
                return []
            raise FileNotFoundError(selector.base_dir)
        return [info for info in self.get_file_info(names) if info.type != pafs.FileType.NotFound]

    @staticmethod
    def _info(path: str, seen: tuple[str, int, int] | None) -> Any:
        if seen is None:
            return pafs.FileInfo(path, pafs.FileType.NotFound)
        kind, size, nanoseconds = seen
        if kind == "folder":
            return pafs.FileInfo(path, pafs.FileType.Directory, mtime_ns=nanoseconds)
        return pafs.FileInfo(path, pafs.FileType.File, size=size, mtime_ns=nanoseconds)

    def create_dir(self, path: str, recursive: bool) -> None:
        self._ask("make", path)

    def delete_dir(self, path: str) -> None:
        self._ask("drop", path)

    def delete_dir_contents(self, path: str, missing_dir_ok: bool = False) -> None:
        if self._ask("look", path) is not None or not missing_dir_ok:
            self._ask("drop", path, inside=True)

    def delete_root_dir_contents(self) -> None:
        self._ask("drop", "", inside=True)

    def delete_file(self, path: str) -> None:
        self._ask("drop", path)

    def move(self, source: str, target: str) -> None:
        self._ask("move", source, target)

    def copy_file(self, source: str, target: str) -> None:
        self._ask("copy", source, target)

    def open_input_stream(self, path: str) -> Any:
        return self.open_input_file(path)

    def open_input_file(self, path: str) -> Any:
        seen = self._ask("look", path)
        if seen is None or seen[0] != "file":
            raise FileNotFoundError(path)
        return pa.PythonFile(_Reader(self._ask, path, seen[1]), mode="r")

    def open_output_stream(self, path: str, metadata: Any) -> Any:
        return pa.PythonFile(_Writer(self._ask, path, after=False), mode="w")

    def open_append_stream(self, path: str, metadata: Any) -> Any:
        there = self._ask("look", path) is not None
        return pa.PythonFile(_Writer(self._ask, path, after=there), mode="w")


def folder(name: str) -> tuple[Any, str]:
    """A folder that all nodes of this cluster see; Ray has to be initialised on its first node.

    Args:
        name: of the folder, below ``$IONET_OUTPUT``, from where it comes back to the renter.

    Returns:
        A file system of Arrow's, and the folder's path on it.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    keeper: Any = ray.remote(Keeper).options(
        name=_ACTOR,
        namespace=_NAMESPACE,
        lifetime="detached",
        get_if_exists=True,
        num_cpus=0,
        scheduling_strategy=here,
    )
    actor = keeper.remote(os.environ.get("IONET_OUTPUT", "output"))
    ray.get(actor.make.remote(name))
    return pafs.PyFileSystem(_Handler()), name

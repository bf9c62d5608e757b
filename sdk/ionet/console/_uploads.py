"""Files that renters upload, until they are packed and sent: named by nothing that they say."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
from collections.abc import AsyncIterator
from pathlib import Path, PurePosixPath
from typing import Final

from solders.pubkey import Pubkey

from ionet.cloud.errors import PackingError
from ionet.cloud.packing import Package, check_secret
from ionet.console._config import Limits
from ionet.console._kept import Kept, KeptFile
from ionet.explorer._market import Absent
from ionet.explorer._values import BadQuestion

#: Bytes of a name, of one of its parts, and how many parts it may have.
_NAME: Final = 240
_PART: Final = 120
_PARTS: Final = 12


class Full(Exception):
    """There is no room for more; the text says what would help."""


class Uploads:
    """Uploaded files below a folder.

    Args:
        folder: where they are.
        kept: what they are called.
        limits: how many, how large.
    """

    def __init__(self, folder: Path, kept: Kept, limits: Limits) -> None:
        self._folder, self._kept, self._limits = folder, kept, limits
        #: Files that are on their way: package, name, bytes.
        self._coming: list[tuple[str, str, int]] = []
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def begin(self, owner: Pubkey, now: int) -> str:
        """Begins a package.

        Raises:
            Full: the owner has too many.
        """
        self.forget(now)
        if self._kept.packages(owner) >= self._limits.packages:
            raise Full(f"a wallet has at most {self._limits.packages} packages a day; use one that is there")
        return self._kept.new_package(owner, now)

    def files(self, package: str, owner: Pubkey) -> list[KeptFile]:
        """The files of a package.

        Raises:
            Absent: the owner has no such package.
        """
        if not self._kept.has_package(package, owner):
            raise Absent("you have no such package")
        return self._kept.files(package)

    async def put(
        self, package: str, owner: Pubkey, name: str, size: int, parts: AsyncIterator[bytes]
    ) -> KeptFile:
        """Takes a file.

        Raises:
            Absent: the owner has no such package.
            BadQuestion: it cannot be called so, looks like a secret, or did not come whole.
            Full: there is no room for it.
        """
        check_name(name)
        self._make_room(package, owner, name, size)
        coming = (package, name, size)
        self._coming.append(coming)
        try:
            return await self._take(package, name, size, parts)
        finally:
            self._coming.remove(coming)

    async def _take(self, package: str, name: str, size: int, parts: AsyncIterator[bytes]) -> KeptFile:
        folder = self._folder / package
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / secrets.token_hex(16)
        try:
            came = await _write(path, parts, size)
            if came != size:
                raise BadQuestion(f"{name} did not come whole: {came:,} of {size:,} bytes")
            await asyncio.to_thread(check_secret, path, name)
            before = self._kept.put_file(package, KeptFile(name, path.name, size))
        except PackingError:
            path.unlink(missing_ok=True)
            raise BadQuestion(
                f"{name} looks like a secret, and whoever learns a package's hash can read it: leave it out"
            ) from None
        except (FileNotFoundError, KeyError):
            # Its day was over before the file was there.
            path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                folder.rmdir()
            raise Absent("you have no such package any more: begin a new one") from None
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        if before is not None:
            (folder / before.place).unlink(missing_ok=True)
        return KeptFile(name, path.name, size)

    def _make_room(self, package: str, owner: Pubkey, name: str, size: int) -> None:
        files = [file for file in self.files(package, owner) if file.name != name]
        # What is on its way takes room as well, also twice under one name.
        files += [KeptFile(other, "", bytes_) for of, other, bytes_ in self._coming if of == package]
        for file in files:
            if file.name.startswith(f"{name}/") or name.startswith(f"{file.name}/"):
                raise BadQuestion(
                    f"{name} cannot be beside {file.name}: one is a folder, and the other a file"
                )
        limits = self._limits
        if len(files) >= limits.files:
            raise Full(f"a package has at most {limits.files:,} files: put them into an archive")
        if sum(file.size for file in files) + size > limits.package:
            raise Full(f"a package has at most {limits.package:,} bytes")
        if self._kept.size() + sum(coming[2] for coming in self._coming) + size > limits.disk:
            raise Full("this console has no room for more files at present; try again tomorrow")

    def package(self, package: str, owner: Pubkey, argv: tuple[str, ...]) -> Package:
        """A package with its command.

        Raises:
            Absent: the owner has no such package.
        """
        files = self.files(package, owner)
        places = {file.name: self._folder / package / file.place for file in files}
        return Package(argv, places, size=sum(file.size for file in files))

    def until(self, package: str) -> int:
        """When a package may be forgotten, Unix seconds."""
        return self._kept.began(package) + self._limits.keeps

    def forget(self, now: int) -> None:
        """Forgets what has been here for long."""
        for package in self._kept.forget_packages(now - self._limits.keeps):
            shutil.rmtree(self._folder / package, ignore_errors=True)


def check_name(name: str) -> None:
    """Checks that a name is a path within a package, and means the same everywhere.

    Raises:
        BadQuestion: it is not.
    """
    parts = name.split("/")
    plain = name.isprintable() and "\\" not in name and not any(sign in name for sign in ':*?"<>|')
    sound = all(part not in {"", ".", ".."} and len(part.encode()) <= _PART for part in parts)
    if (
        not plain
        or not sound
        or len(parts) > _PARTS
        or len(name.encode()) > _NAME
        or name.endswith((".", " "))
    ):
        raise BadQuestion(
            "a file's name is a path inside the package, such as a/b.csv, without .. and \\ : * ? \" < > |,"
            f" at most {_NAME} bytes"
        )
    if PurePosixPath(name).is_absolute():
        raise BadQuestion("a file's name is a path inside the package")


async def _write(path: Path, parts: AsyncIterator[bytes], most: int) -> int:
    came = 0
    with path.open("xb") as file:
        async for part in parts:
            came += len(part)
            if came > most:
                break
            await asyncio.to_thread(file.write, part)
    return came

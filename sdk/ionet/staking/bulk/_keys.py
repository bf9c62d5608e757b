"""Keys of devices that are registered in bulk."""

from __future__ import annotations

import os
import re
import secrets
import stat
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from solders.keypair import Keypair

from ionet.chain.errors import ConfigError
from ionet.chain.signers import load_keypair

_DOMAIN = b"ionet:device-key"


class DeviceKeys(Protocol):
    """Where each processor's key comes from."""

    def key(self, device: str, index: int) -> Keypair:
        """The key of a machine's processor.

        Raises:
            ConfigError: there is none.
        """
        ...


class SeedKeys:
    """Keys derived from one secret.

    A key's own seed is `sha256("ionet:device-key" ‖ seed ‖ length of device u32 ‖ device ‖ index u32)`. The
    same export and seed give the same keys, so that a run can continue and a machine's lost key can be made
    again. A machine gets its own keys, never the seed.
    """

    __slots__ = ("_seed",)

    def __init__(self, seed: bytes) -> None:
        if len(seed) != 32:
            raise ConfigError("a seed has 32 bytes")
        self._seed = seed

    def __repr__(self) -> str:
        return "SeedKeys(…)"

    def key(self, device: str, index: int) -> Keypair:
        """See `DeviceKeys.key`."""
        name = device.encode()
        lengths = len(name).to_bytes(4, "little"), index.to_bytes(4, "little")
        return Keypair.from_seed(sha256(_DOMAIN + self._seed + lengths[0] + name + lengths[1]).digest())

    @classmethod
    def load(cls, path: str | Path, *, create: bool = False) -> SeedKeys:
        """The seed in a file: 64 hexadecimal digits.

        Args:
            path: the file; only its owner may read it.
            create: make the file if it is missing.

        Raises:
            ConfigError: no file, one that others can read, or no seed in it. No message shows the seed.
        """
        path = Path(path).expanduser()
        if create and not path.exists():
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(32) + "\n")
                file.flush()
                os.fsync(file.fileno())
        try:
            text, mode = path.read_text().strip(), stat.S_IMODE(path.stat().st_mode)
        except OSError as bad:
            raise ConfigError(f"seed {path}: {bad.strerror}") from None
        if os.name == "posix" and mode & 0o077:
            raise ConfigError(f"seed {path} can be read by others; run: chmod 600 {path}")
        if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
            raise ConfigError(f"seed {path}: not 64 hexadecimal digits")
        return cls(bytes.fromhex(text))


class KeyFolder:
    """Existing keypair files: `<device>-<index>.json`, the index from 0.

    Args:
        folder: where they are.
    """

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder).expanduser()
        if not self._folder.is_dir():
            raise ConfigError(f"{self._folder} is no folder of keypairs")

    def key(self, device: str, index: int) -> Keypair:
        """See `DeviceKeys.key`."""
        if "/" in device or device in (".", ".."):
            raise ConfigError(
                f"device {device!r} cannot be the name of a file; derive keys from a seed instead"
            )
        return load_keypair(self._folder / f"{device}-{index}.json")

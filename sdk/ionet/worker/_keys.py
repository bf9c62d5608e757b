"""The device's key: an ed25519 keypair in a file that only its owner can read."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet.chain.errors import ConfigError, IonetError
from ionet.chain.files import key_folder, write_secret


class KeyFileError(IonetError):
    """The key file is missing, readable by others, or not a keypair; the message says what to do."""


class DeviceKey:
    """Signs for one device. Its ``repr`` shows the public key only."""

    __slots__ = ("_keypair", "path")

    def __init__(self, keypair: Keypair, path: Path | None = None) -> None:
        self._keypair = keypair
        self.path = path

    def __repr__(self) -> str:
        return f"DeviceKey({self.pubkey})"

    @property
    def pubkey(self) -> Pubkey:
        """The public key."""
        return self._keypair.pubkey()

    @property
    def keypair(self) -> Keypair:
        """The keypair, to sign transactions: registering the device, committing a proof."""
        return self._keypair

    def sign(self, message: bytes) -> bytes:
        """Returns the ed25519 signature of a message, 64 bytes."""
        return bytes(self._keypair.sign_message(message))

    @classmethod
    def load(cls, path: str | Path) -> DeviceKey:
        """Reads a keypair in the format of ``solana-keygen`` (a JSON array of 64 numbers).

        Raises:
            KeyFileError: when the file is missing, readable by others, or holds something else.
        """
        path = Path(path)
        try:
            with open(path, "rb") as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                data = file.read(4096)
        except OSError as error:
            raise KeyFileError(f"cannot read the device key {path}: {error.strerror}") from error
        if os.name == "posix" and mode & 0o077:
            raise KeyFileError(f"{path} can be read by others (mode {mode:04o}); run: chmod 600 {path}")
        try:
            numbers = json.loads(data)
            if not isinstance(numbers, list) or len(numbers) != 64:
                raise ValueError("expected 64 numbers")
            return cls(Keypair.from_bytes(bytes(numbers)), path)
        except (ValueError, TypeError, OverflowError):
            # Without the cause, whose text could quote the key.
            raise KeyFileError(f"{path} is not a keypair (a JSON array of 64 bytes)") from None

    @classmethod
    def load_or_create(cls, path: str | Path) -> DeviceKey:
        """Reads the key, or creates one with mode 0600 if there is no file; never overwrites.

        Raises:
            KeyFileError: as `load`, or when the file cannot be created.
        """
        return cls._create(Path(path), Keypair())

    @classmethod
    def keep(cls, path: str | Path, keypair: Keypair) -> DeviceKey:
        """Writes a key that was made elsewhere with mode 0600; a file that is there is not overwritten.

        Raises:
            KeyFileError: as `load_or_create`, or when the file has another key.
        """
        kept = cls._create(Path(path), keypair)
        if kept.pubkey != keypair.pubkey():
            raise KeyFileError(
                f"{path} has another key, {kept.pubkey}, and is not overwritten; move it away if this device"
                f" is to have the key {keypair.pubkey()}"
            )
        return kept

    @classmethod
    def _create(cls, path: Path, keypair: Keypair) -> DeviceKey:
        """Writes the key if there is no file; returns what the file has."""
        try:
            key_folder(path.parent)
            write_secret(path, json.dumps(list(bytes(keypair))))
        except FileExistsError:
            return cls.load(path)
        except ConfigError as error:
            raise KeyFileError(f"cannot create the device key {path}: {error}") from error
        except OSError as error:
            raise KeyFileError(f"cannot create the device key {path}: {error.strerror}") from error
        return cls(keypair, path)

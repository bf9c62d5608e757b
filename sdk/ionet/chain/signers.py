"""Signers: keypairs, keypair files of the Solana CLI, and anything else that can sign bytes."""

from __future__ import annotations

import json
import os
import re
import stat
import warnings
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias, runtime_checkable
from urllib.parse import urlsplit

from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature

from ionet.chain.errors import ConfigError

CLUSTERS: Final = {
    "mainnet-beta": "https://api.mainnet-beta.solana.com",
    "testnet": "https://api.testnet.solana.com",
    "devnet": "https://api.devnet.solana.com",
    "localhost": "http://127.0.0.1:8899",
}
#: Genesis hashes of Solana's networks, and their names; any other network is somebody's own.
GENESIS: Final = {
    "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d": "mainnet-beta",
    "4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY": "testnet",
    "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG": "devnet",
}
#: Longest text of 64 numbers, with generous white space.
_KEYPAIR_BYTES: Final = 4_096
_MONIKERS: Final = {
    "m": "mainnet-beta",
    "mainnet": "mainnet-beta",
    "t": "testnet",
    "d": "devnet",
    "l": "localhost",
    "localnet": "localhost",
    **{name: name for name in CLUSTERS},
}


@runtime_checkable
class Signer(Protocol):
    """Anything that signs for one address; a solders `Keypair` is one."""

    def pubkey(self) -> Pubkey:
        """Returns the address it signs for."""
        ...

    def sign_message(self, message: bytes) -> Signature:
        """Returns the signature of these bytes."""
        ...


class SignsElsewhere:
    """A signer whose key is not here: the address is known, and the signature is left open.

    Args:
        address: whose signature is needed.
    """

    __slots__ = ("_address",)

    def __init__(self, address: Pubkey) -> None:
        self._address = address

    def pubkey(self) -> Pubkey:
        """Returns the address it signs for."""
        return self._address

    def sign_message(self, message: bytes) -> Signature:
        """Raises `ConfigError`: the key is elsewhere."""
        raise ConfigError(f"{self._address} signs elsewhere: its key is not here")


SignerLike: TypeAlias = Signer | str | Path


def cluster_url(url_or_moniker: str) -> str:
    """Returns the RPC URL of a cluster.

    Args:
        url_or_moniker: a URL, or `mainnet-beta`, `testnet`, `devnet`, `localhost` or their first letter.

    Raises:
        ConfigError: it is neither.
    """
    if re.match(r"https?://", url_or_moniker):
        _check_url(url_or_moniker)
        return url_or_moniker
    name = _MONIKERS.get(url_or_moniker)
    if name is None:
        # A URL of another kind may hold a secret.
        shown = "this" if {":", "@", "/"} & set(url_or_moniker) else repr(url_or_moniker)
        raise ConfigError(
            f"{shown} is not a cluster; give a URL (http:// or https://) or one of {', '.join(CLUSTERS)}"
        )
    return CLUSTERS[name]


def _check_url(url: str) -> None:
    """Raises `ConfigError` for what is not the URL of a node; it may hold secrets, so it is not shown."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as bad:
        # Some texts quote a part of the URL.
        reason = "write https://HOST:PORT" if "'" in str(bad) else str(bad)
        raise ConfigError(f"the node's URL cannot be read: {reason}") from None
    if not host or any(letter.isspace() for letter in url):
        raise ConfigError("the node's URL has no host, or white space in it; write https://HOST:PORT")
    if port is not None and not 0 < port < 1 << 16:
        raise ConfigError(f"the node's URL has port {port}; ports are 1 to 65535")


def solana_config(path: Path | None = None) -> dict[str, str]:
    """Returns the Solana CLI's configuration: `json_rpc_url`, `websocket_url`, `keypair_path`, `commitment`.

    Args:
        path: default `~/.config/solana/cli/config.yml`; an absent file gives the command's own defaults.

    Raises:
        ConfigError: a file that cannot be read as the command writes it. Nothing is guessed: the default
            network is mainnet-beta.
    """
    home = _home()
    path = path or home / ".config/solana/cli/config.yml"
    settings = {
        "json_rpc_url": CLUSTERS["mainnet-beta"],
        "websocket_url": "",
        "keypair_path": str(home / ".config/solana/id.json"),
        "commitment": "confirmed",
    }
    if not path.exists():
        return settings
    written = _yaml(path)
    for name, default in settings.items():
        value = written.get(name, default)
        if not isinstance(value, str):
            raise ConfigError(f"configuration {path}: {name} must be text, not {type(value).__name__}")
        # The command writes an empty text for what it derives.
        settings[name] = value.strip() or default
    return settings


def _yaml(path: Path) -> Mapping[str, Any]:
    import yaml

    try:
        text = path.read_bytes().decode("utf-8-sig")
        settings = yaml.safe_load(text)
    except OSError as bad:
        raise ConfigError(f"configuration {path}: {bad.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"configuration {path}: not UTF-8") from None
    except (yaml.YAMLError, RecursionError, ValueError) as bad:
        mark = getattr(bad, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        raise ConfigError(f"configuration {path}{where}: not YAML as `solana config set` writes it") from None
    if settings is None:
        return {}
    if not isinstance(settings, dict):
        raise ConfigError(f"configuration {path}: not `name: value` lines as `solana config set` writes them")
    known = {"json_rpc_url", "websocket_url", "keypair_path", "commitment", "address_labels"}
    for name in settings:
        if name not in known:
            near = get_close_matches(str(name).lower(), known, n=1)
            hint = f"; is {near[0]} meant?" if near else ""
            raise ConfigError(f"configuration {path}: there is no setting {name!r}{hint}")
    return settings


def _home() -> Path:
    """The home directory; the current one for a user whom the system does not know."""
    try:
        return Path.home()
    except RuntimeError:
        return Path.cwd()


def load_keypair(path: str | Path | None = None) -> Keypair:
    """Returns the keypair in a file of the Solana CLI: a JSON array of 64 numbers.

    Args:
        path: default: the keypair that the CLI is configured with.

    Raises:
        ConfigError: there is no such file, or it is not a keypair. The message never contains its content.
    """
    location = Path(path or solana_config()["keypair_path"])
    try:
        location = location.expanduser()
    except RuntimeError:
        raise ConfigError(f"keypair {location}: there is no home directory that ~ could stand for") from None
    try:
        with location.open("rb") as file:
            raw = file.read(_KEYPAIR_BYTES + 1)
    except OSError as bad:
        raise ConfigError(f"keypair {location}: {bad.strerror}") from None
    pair = keypair_of(raw, f"keypair {location}")
    if os.name == "posix" and stat.S_IMODE(location.stat().st_mode) & 0o077:
        warnings.warn(f"keypair {location} can be read by others; run: chmod 600 {location}", stacklevel=2)
    return pair


def keypair_of(raw: bytes, source: str) -> Keypair:
    """The keypair that a JSON array of 64 numbers is.

    Args:
        raw: the text.
        source: where it comes from, for messages, which never contain the content.

    Raises:
        ConfigError: it is not a keypair, or its two halves do not match.
    """
    if len(raw) > _KEYPAIR_BYTES:
        raise ConfigError(f"{source}: too long for a keypair, a JSON array of 64 numbers")
    try:
        numbers = json.loads(raw)
    except (ValueError, RecursionError):
        raise ConfigError(f"{source}: not a JSON array of 64 numbers that are a keypair") from None
    if not isinstance(numbers, list) or not all(
        type(number) is int and 0 <= number < 256 for number in numbers
    ):
        raise ConfigError(f"{source}: not a JSON array of 64 numbers that are a keypair")
    if len(numbers) != 64:
        raise ConfigError(
            f"{source}: not a JSON array of 64 numbers that are a keypair, but one of {len(numbers)}"
        )
    try:
        return Keypair.from_bytes(bytes(numbers))
    except ValueError:
        raise ConfigError(
            f"{source}: not a JSON array of 64 numbers that are a keypair: its two halves do not match"
        ) from None


def as_signer(signer: SignerLike | None) -> Signer | None:
    """Returns a signer as it is, or the keypair in a file."""
    return load_keypair(signer) if isinstance(signer, (str, Path)) else signer

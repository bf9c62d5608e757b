"""Who signs: keypairs, keypair files of the Solana CLI, and anything else that can sign bytes."""

from __future__ import annotations

import json
import os
import re
import stat
import warnings
from pathlib import Path
from typing import Final, Protocol, TypeAlias, runtime_checkable

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


SignerLike: TypeAlias = Signer | str | Path


def cluster_url(url_or_moniker: str) -> str:
    """Returns the RPC URL of a cluster.

    Args:
        url_or_moniker: a URL, or `mainnet-beta`, `testnet`, `devnet`, `localhost` or their first letter.

    Raises:
        ConfigError: it is neither.
    """
    if re.match(r"https?://", url_or_moniker):
        return url_or_moniker
    name = _MONIKERS.get(url_or_moniker)
    if name is None:
        raise ConfigError(
            f"{url_or_moniker!r} is not a cluster; give a URL (http:// or https://) "
            f"or one of {', '.join(CLUSTERS)}"
        )
    return CLUSTERS[name]


def solana_config(path: Path | None = None) -> dict[str, str]:
    """Returns the Solana CLI's configuration: `json_rpc_url`, `websocket_url`, `keypair_path`, `commitment`.

    Args:
        path: default `~/.config/solana/cli/config.yml`; without that file, the CLI's own defaults apply.
    """
    path = path or Path.home() / ".config/solana/cli/config.yml"
    config = {
        "json_rpc_url": CLUSTERS["mainnet-beta"],
        "websocket_url": "",
        "keypair_path": str(Path.home() / ".config/solana/id.json"),
        "commitment": "confirmed",
    }
    if path.exists():
        for line in path.read_text().splitlines():
            if pair := re.fullmatch(r"(\w+):\s*[\"']?([^\"'#]*?)[\"']?\s*", line):
                config[pair[1]] = pair[2]
    return config


def load_keypair(path: str | Path | None = None) -> Keypair:
    """Returns the keypair in a file of the Solana CLI: a JSON array of 64 numbers.

    Args:
        path: default: the keypair that the CLI is configured with.

    Raises:
        ConfigError: there is no such file, or it is not a keypair. The message never contains its content.
    """
    place = Path(path or solana_config()["keypair_path"]).expanduser()
    try:
        numbers = json.loads(place.read_text())
        pair = Keypair.from_bytes(bytes(numbers))
    except OSError as bad:
        raise ConfigError(f"keypair {place}: {bad.strerror}") from None
    except (ValueError, TypeError):
        raise ConfigError(f"keypair {place}: not a JSON array of 64 numbers that are a keypair") from None
    if os.name == "posix" and stat.S_IMODE(place.stat().st_mode) & 0o077:
        warnings.warn(f"keypair {place} can be read by others; run: chmod 600 {place}", stacklevel=2)
    return pair


def as_signer(signer: SignerLike | None) -> Signer | None:
    """Returns a signer as it is, or the keypair in a file."""
    return load_keypair(signer) if isinstance(signer, (str, Path)) else signer

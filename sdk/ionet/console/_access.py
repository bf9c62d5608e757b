"""Access keys: by them the console reads logs and uploads files for a wallet. They hold nothing.

A wallet books, as payer and as the one who gets refunds, for its access key as renter (rules of bookings: the
renter need not sign what somebody else pays). So nodes and stores know the console by a key that no money
belongs to: it can read what its jobs print and leave, and end them; what is refunded goes to the wallet.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet.chain.errors import ConfigError

_LABEL: Final = b"ionet console access"
_ALERTS: Final = b"ionet console alerts"
_CLUSTER: Final = b"ionet console cluster"
_BYTES: Final = 32
_NAME: Final = "secret"


class Access:
    """The access keys of all wallets, from one secret.

    Args:
        secret: 32 bytes.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    @classmethod
    def in_(cls, folder: Path) -> Access:
        """Reads the secret of a folder, or makes one that only its owner can read.

        Raises:
            ConfigError: others can read it, or it is none.
        """
        path = folder / _NAME
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(_BYTES))
        if path.stat().st_mode & 0o077:
            raise ConfigError(f"others can read {path}; run: chmod 600 {path}")
        secret = path.read_bytes()
        if len(secret) != _BYTES:
            raise ConfigError(f"{path} has {len(secret)} bytes, not {_BYTES}: it is not a console's secret")
        return cls(secret)

    def key(self, wallet: Pubkey) -> Keypair:
        """The access key of a wallet: always the same."""
        seed = hmac.new(self._secret, _LABEL + bytes(wallet), hashlib.sha256).digest()
        return Keypair.from_seed(seed)

    def cluster(self, wallet: Pubkey, name: bytes) -> Keypair:
        """The access key of one cluster of a wallet: what is given away with it opens no other.

        Args:
            wallet: whose it is.
            name: the cluster's id, 32 bytes.
        """
        seed = hmac.new(self._secret, _CLUSTER + bytes(wallet) + name, hashlib.sha256).digest()
        return Keypair.from_seed(seed)

    def alerts(self, hook: str) -> bytes:
        """The secret by which alerts to a URL are signed.

        Args:
            hook: the URL's id.
        """
        return hmac.new(self._secret, _ALERTS + hook.encode(), hashlib.sha256).digest()

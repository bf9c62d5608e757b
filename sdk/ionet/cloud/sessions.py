"""A session key, and what its wallet lets it do, as one line of text: what `ionet login` keeps.

It is a secret: no message contains it.
"""

from __future__ import annotations

import json
import os
import stat
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet.chain.errors import ConfigError

#: What the line begins with, also for those who search logs for secrets.
_PREFIX: Final = "ionet1_"
_LONGEST: Final = 4_096


@dataclass(frozen=True, slots=True)
class Login:
    """A session key and its bounds.

    Attributes:
        key: signs, and rents.
        wallet: whose tokens it spends, and who gets what comes back.
        mint: of the currency.
        limit: the most that it may spend in all, base units.
        until: when commands no longer spend with it, Unix seconds of the chain's clock.
        genesis: the genesis hash of its network.
    """

    key: Keypair = field(repr=False)
    wallet: Pubkey
    mint: Pubkey
    limit: int
    until: int
    genesis: str

    def to_text(self) -> str:
        """The line that is kept: a secret."""
        content = {
            "key": str(self.key),
            "wallet": str(self.wallet),
            "mint": str(self.mint),
            "limit": self.limit,
            "until": self.until,
            "genesis": self.genesis,
        }
        return _PREFIX + urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    @classmethod
    def from_text(cls, text: str, source: str) -> Login:
        """Reads the line.

        Args:
            text: the line; white space around it does not count.
            source: where it comes from, for messages.

        Raises:
            ConfigError: it is not such a line.
        """
        line = text.strip()
        try:
            if not line.startswith(_PREFIX) or len(line) > _LONGEST:
                raise ValueError
            coded = line.removeprefix(_PREFIX)
            content = json.loads(urlsafe_b64decode(coded + "=" * (-len(coded) % 4)))
            limit, until = content["limit"], content["until"]
            if type(limit) is not int or type(until) is not int or not 0 < limit < 1 << 64:
                raise ValueError
            return cls(
                Keypair.from_base58_string(content["key"]),
                Pubkey.from_string(content["wallet"]),
                Pubkey.from_string(content["mint"]),
                limit,
                until,
                str(content["genesis"]),
            )
        # From None: the error may quote a part of the secret. A panic of solders is no Exception.
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:
            raise ConfigError(
                f"{source} is not a session of `ionet login`: one line that begins with {_PREFIX}, or nothing"
            ) from None


def read(path: Path) -> Login | None:
    """The session in a file; None if there is no file.

    Raises:
        ConfigError: it cannot be read, or others can read it.
    """
    try:
        with path.open(errors="replace") as file:
            if os.name == "posix" and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise ConfigError(f"others can read the session key in {path}; run: chmod 600 {path}")
            return Login.from_text(file.read(_LONGEST + 1), str(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as bad:
        raise ConfigError(f"session {path}: {bad.strerror}") from None

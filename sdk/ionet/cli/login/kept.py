"""What `ionet login` keeps: a session key, and what its wallet lets it do, as one line of text.

The same line is in the file of this machine and in IONET_SESSION. It is a secret: no message contains it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from ionet.chain.errors import ConfigError
from ionet.chain.files import key_folder, replace_secret, write_secret
from ionet.cloud.sessions import Login, read

__all__ = ["VARIABLE", "Login", "load", "place", "read", "write"]

#: The variable that takes the place of the file.
VARIABLE: Final = "IONET_SESSION"


def place() -> Path:
    """The file of this machine's session."""
    folder = os.environ.get("XDG_CONFIG_HOME")
    if folder:
        return Path(folder) / "ionet" / "session"
    try:
        home = Path.home()
    except RuntimeError:
        home = Path.cwd()
    return home / ".config" / "ionet" / "session"


def load() -> Login | None:
    """The session of IONET_SESSION, else that of the file; None if there is none.

    Raises:
        ConfigError: it cannot be read, or others can read it.
    """
    if text := os.environ.get(VARIABLE, "").strip():
        return Login.from_text(text, VARIABLE)
    return read(place())


def write(path: Path, login: Login, *, new: bool) -> None:
    """Writes a session to a file that only its owner can read.

    Args:
        path: the file.
        login: what is kept.
        new: refuse to replace a file.

    Raises:
        ConfigError: its folder is not safe, the file is there already, or cannot be written.
    """
    try:
        if path == place():
            key_folder(path.parent)
        (write_secret if new else replace_secret)(path, login.to_text() + "\n")
    except FileExistsError:
        raise ConfigError(f"{path} exists: name a new file") from None
    except OSError as bad:
        raise ConfigError(f"session {path}: {bad.strerror}") from None

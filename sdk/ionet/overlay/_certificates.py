"""`nebula-cert`, and the texts that it reads and writes."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import re
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ionet.overlay._homes import OverlayError

PROGRAM: Final = "/usr/bin/nebula-cert"
_PEM: Final = re.compile(
    r"\s*-----BEGIN (NEBULA [A-Z0-9 ]{1,40})-----\n([A-Za-z0-9+/=\n]{1,4000})-----END \1-----\s*"
)
_CERTIFICATE: Final = "NEBULA CERTIFICATE"
_PUBLIC: Final = "NEBULA X25519 PUBLIC KEY"
_SECONDS: Final = 20


def run(folder: Path, *arguments: str) -> str:
    """Runs nebula-cert in a directory that only this user reads; what it makes, nobody else reads either.

    Keys are in files of that directory, never in the arguments, which every user of the machine sees.

    Raises:
        OverlayError: it fails; the message has its words.
    """
    try:
        done = subprocess.run(
            [PROGRAM, *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=_SECONDS,
            umask=0o077,
            env={},
        )
    except (OSError, subprocess.TimeoutExpired) as bad:
        raise OverlayError(f"nebula-cert: {bad}") from bad
    if done.returncode:
        raise OverlayError(f"nebula-cert {arguments[0]}: {(done.stderr or done.stdout).strip()[-300:]}")
    return done.stdout


def checked(text: str) -> str:
    """Returns the text of one certificate, from whoever.

    Raises:
        OverlayError: it is none.
    """
    _read(text, _CERTIFICATE)
    return text


def address(text: str) -> str:
    """Returns the IPv4 address that a certificate is for.

    Raises:
        OverlayError: it is none, or not for one address.
    """
    with TemporaryDirectory(prefix="ionet-") as folder:
        path = Path(folder) / "own.crt"
        path.write_text(checked(text))
        shown = run(Path(folder), "print", "-json", "-path", path.name)
    try:
        (own,) = json.loads(shown)["details"]["ips"]
        return str(ipaddress.IPv4Interface(own).ip)
    except (ValueError, KeyError, TypeError) as bad:
        raise OverlayError("the certificate is not for one address") from bad


def raw(text: str) -> bytes:
    """Returns the 32 bytes of a public key's text.

    Raises:
        OverlayError: it is none.
    """
    data = _read(text, _PUBLIC)
    if len(data) != 32:
        raise OverlayError("an X25519 key has 32 bytes")
    return data


def public_text(key: bytes) -> str:
    """Returns the text of a public key of 32 bytes."""
    return f"-----BEGIN {_PUBLIC}-----\n{base64.b64encode(key).decode()}\n-----END {_PUBLIC}-----\n"


def _read(text: str, kind: str) -> bytes:
    match = _PEM.fullmatch(text)
    if match is None or match[1] != kind:
        raise OverlayError(f"this is not the text of a {kind.lower()}")
    try:
        return base64.b64decode(match[2].replace("\n", ""), validate=True)
    except binascii.Error:
        raise OverlayError(f"the text of a {kind.lower()} is damaged") from None

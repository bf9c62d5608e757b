"""What OpenSSH, and all that uses it (scp, rsync, VS Code Remote-SSH), needs to come into a cluster's box.

A folder of a job's own holds its key, the key's certificate, the line of `known_hosts` and an entry for the
configuration; nothing of a wallet. `python -P -m ionet.cloud.openssh FOLDER` is its `ProxyCommand`.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any, Final

from solders.pubkey import Pubkey

from ionet.chain.errors import ConfigError, IonetError
from ionet.chain.files import key_folder, replace_secret, write_secret
from ionet.cloud.access import Pass, stream
from ionet.wire.ssh import host_name, known_host, of_private_text, private_text

_JOB: Final = "[1-9A-HJ-NP-Za-km-z]{32,44}"
#: What OpenSSH reads otherwise in a path, even within quotes.
_SPECIAL: Final = re.compile(r'["\\]|\$\{')
#: What a cluster's first node is called: NAME.ionet; the others: 2.NAME.ionet, and so on.
SUFFIX: Final = ".ionet"
_ENTRY: Final = """\
Host {host}
  HostName {alias}
  HostKeyAlias {alias}
  User {job}
  IdentityFile "{folder}/id"
  CertificateFile "{folder}/id-cert.pub"
  UserKnownHostsFile "{folder}/known_hosts"
  ProxyCommand {command}
  IdentitiesOnly yes
  StrictHostKeyChecking yes
  PreferredAuthentications publickey
  ForwardAgent no
  ForwardX11 no
  ServerAliveInterval 15
  ServerAliveCountMax 4
"""


def write_config(way: Pass, name: str, folder: Path) -> Path:
    """Writes what OpenSSH needs into a folder that only this user reads; returns the configuration's path.

    What is beside it of a former cluster with this name is removed: OpenSSH would read whichever comes first.

    Args:
        way: into the box.
        name: what OpenSSH is to call it, without `SUFFIX`.
        folder: of this box, called NAME-JOB.

    Raises:
        OSError, ConfigError: it cannot be written.
    """
    folder = folder.absolute()
    if not str(folder).isprintable() or _SPECIAL.search(str(folder)):
        raise ConfigError(
            f"OpenSSH cannot be told of the folder {str(folder)!r}; set XDG_CONFIG_HOME to one without"
            " quotes, backslashes, ${ and what does not print"
        )
    key_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    for other in _of(folder.parent, re.escape(name)):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    job = str(way.job)
    facts = {"gateway": way.gateway, "job": job, "device": way.device.hex()}
    # -P: ssh is run anywhere, and what lies there, perhaps copied from a box, is not imported.
    command = shlex.join([sys.executable, "-P", "-m", __name__, str(folder)])
    config = folder / "config"
    place = str(folder).replace("%", "%%")
    for path, text in (
        (folder / "id", private_text(way.key).decode()),
        (folder / "id-cert.pub", way.certificate + "\n"),
        (folder / "known_hosts", known_host(way.device, job)),
        (folder / "pass.json", json.dumps(facts)),
        (
            config,
            _ENTRY.format(
                host=name + SUFFIX,
                alias=host_name(job),
                job=job,
                folder=place,
                command=command.replace("%", "%%"),
            ),
        ),
    ):
        path.unlink(missing_ok=True)
        write_secret(path, text)
    return config


def include(folders: Path) -> Path | None:
    """Has OpenSSH read the configurations in all of these folders, at the top of the user's own.

    Returns:
        The copy of what was there before; None if nothing was, or they are read already.

    Raises:
        OSError: it cannot be written.
    """
    own = (Path.home() / ".ssh" / "config").resolve()
    text = _text_of(own) if own.exists() else ""
    line = _include(folders)
    if line in text:
        return None
    own.parent.mkdir(mode=0o700, exist_ok=True)
    backup = None
    if text:
        backup = own.with_name("config.before-ionet")
        replace_secret(backup, text)
    replace_secret(own, line + text)
    return backup


def exclude(folders: Path, name: str) -> None:
    """Removes what OpenSSH needed for a cluster that has ended; with the last one, the line of `include`."""
    for folder in _of(folders, rf"(\d+\.)?{re.escape(name)}"):
        shutil.rmtree(folder, ignore_errors=True)
    (folders / f"{name}.env").unlink(missing_ok=True)
    own = (Path.home() / ".ssh" / "config").resolve()
    if any(folders.glob("*/config")) or not own.exists():
        return
    text = _text_of(own)
    if (line := _include(folders)) in text:
        replace_secret(own, text.replace(line, ""))


def _of(folders: Path, names: str) -> list[Path]:
    """The folders of boxes whose names match a regular expression."""
    pattern = re.compile(f"{names}-{_JOB}")
    return [folder for folder in folders.glob("*") if pattern.fullmatch(folder.name)]


def _text_of(path: Path) -> str:
    """A file that may have been written in any encoding."""
    return path.read_bytes().decode("utf-8", "surrogateescape")


def _include(folders: Path) -> str:
    return f'Include "{folders.absolute()}/*/config"  # of ionet cluster ssh --add-config\n'


def read_pass(folder: Path) -> Pass:
    """Reads what `write_config` has written.

    Raises:
        ConfigError: it is not there, or something else.
    """
    try:
        facts: dict[str, Any] = json.loads((folder / "pass.json").read_text())
        return Pass(
            str(facts["gateway"]),
            Pubkey.from_string(facts["job"]),
            bytes.fromhex(facts["device"]),
            of_private_text((folder / "id").read_bytes()),
            (folder / "id-cert.pub").read_text().strip(),
        )
    except (OSError, ValueError, KeyError, TypeError) as bad:
        raise ConfigError(f"{folder} is not the folder of a cluster's SSH: {bad}") from None


async def connect(way: Pass) -> None:
    """Copies standard input into the box's SSH server, and what it sends to standard output."""
    reader, writer = await stream(way)
    loop = asyncio.get_running_loop()
    typed = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(typed), sys.stdin)
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, sys.stdout)
    from ionet.worker._piping import joined

    await joined((reader, writer), (typed, asyncio.StreamWriter(transport, protocol, None, loop)))


def main() -> int:
    """The `ProxyCommand`."""
    try:
        asyncio.run(connect(read_pass(Path(sys.argv[1]))))
    except (IonetError, OSError) as bad:
        print(bad, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    # What is still in a pipe that nobody reads is not waited for.
    status = main()
    sys.stderr.flush()
    os._exit(status)

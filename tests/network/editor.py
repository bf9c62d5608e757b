"""What an editor does on a machine that it reaches by OpenSSH: it brings a server along, and asks it."""

from __future__ import annotations

import contextlib
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
from tests.network.site import free_port

#: Stands for the server that an editor brings along: it listens inside, and is asked over SSH.
SERVER: Final = """\
import http.server, os
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
open("port.part", "w").write(str(server.server_port)); os.rename("port.part", "port")
server.serve_forever()
"""
#: What an editor has a shell do, whose input this is; the shell stays.
INSTALL: Final = """\
set -e
uname -s; mkdir -p editor; cd editor; tar -xzf ../server.tar.gz
nohup python3 server.py >log 2>&1 </dev/null &
while [ ! -e port ]; do sleep 0.1; done
echo $! $(cat port)
"""
#: A server that is spoken to by its input and output, a line each.
ECHO: Final = "import sys\nfor line in sys.stdin: print(line.upper(), end='', flush=True)"
_SECONDS: Final = 120


class Editor:
    """An editor, with a machine of OpenSSH's settings.

    Args:
        config: the settings.
        host: the machine, as they call it.
        folder: for what is sent.
    """

    def __init__(self, config: Path, host: str, folder: Path) -> None:
        self._host, self._folder = host, folder
        self._settings = ("-F", str(config), "-o", "BatchMode=yes")

    def run(self, command: str, *options: str) -> str:
        """What a command there prints."""
        line = ["ssh", *self._settings, *options, self._host, command]
        return subprocess.run(
            line, check=True, timeout=_SECONDS, capture_output=True, text=True, stdin=subprocess.DEVNULL
        ).stdout

    def begin(self) -> tuple[str, str]:
        """Brings the server along, by a shell that breaks then; returns its process and port there."""
        (self._folder / "server.py").write_text(SERVER)
        with tarfile.open(self._folder / "server.tar.gz", "w:gz") as archive:
            archive.add(self._folder / "server.py", "server.py")
        copy = ["scp", *self._settings, str(self._folder / "server.tar.gz"), f"{self._host}:server.tar.gz"]
        subprocess.run(copy, check=True, timeout=_SECONDS, capture_output=True)
        pipe, shell = subprocess.PIPE, ["ssh", *self._settings, "-T", self._host, "bash"]
        with subprocess.Popen(shell, stdin=pipe, stdout=pipe, text=True) as begun:
            assert begun.stdin is not None
            assert begun.stdout is not None
            begun.stdin.write(INSTALL)
            begun.stdin.flush()
            assert begun.stdout.readline() == "Linux\n"
            process, port = begun.stdout.readline().split()
            begun.kill()
        return process, port

    @contextmanager
    def forwarding(self, *options: str) -> Iterator[None]:
        """A connection that only forwards."""
        line = ["ssh", *self._settings, "-N", "-o", "ExitOnForwardFailure=yes", *options, self._host]
        with subprocess.Popen(line) as tunnel:
            try:
                yield
            finally:
                tunnel.kill()

    def asked(self, port: str) -> str:
        """What its server answers, over a SOCKS port of ssh's."""
        socks = free_port()
        with self.forwarding("-D", f"127.0.0.1:{socks}"):
            return answer(f"http://127.0.0.1:{port}/server.py", proxy=f"socks5://127.0.0.1:{socks}")

    def asked_directly(self, port: str) -> str:
        """What its server answers, over a port of this machine that ssh forwards."""
        local = free_port()
        with self.forwarding("-L", f"127.0.0.1:{local}:localhost:{port}"):
            return answer(f"http://127.0.0.1:{local}/server.py")

    @contextmanager
    def shared(self) -> Iterator[tuple[str, ...]]:
        """A connection that others share; gives the options by which they do."""
        place = ("-o", f"ControlPath={self._folder / 'shared'}")
        line = ["ssh", *self._settings, *place, "-M", "-N", "-f", self._host]
        subprocess.run(
            line, check=True, timeout=_SECONDS, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        try:
            yield place
        finally:
            end = ["ssh", *self._settings, *place, "-O", "exit", self._host]
            subprocess.run(end, check=True, timeout=_SECONDS, capture_output=True)

    def speaks(self, *lines: str) -> list[str]:
        """What a server answers that is spoken to by its input and output, a line each."""
        pipe, line = subprocess.PIPE, ["ssh", *self._settings, self._host, f'python3 -uc "{ECHO}"']
        answers = []
        with subprocess.Popen(line, stdin=pipe, stdout=pipe, text=True) as server:
            assert server.stdin is not None
            assert server.stdout is not None
            for said in lines:
                server.stdin.write(f"{said}\n")
                server.stdin.flush()
                answers.append(server.stdout.readline().rstrip("\n"))
            server.stdin.close()
            assert server.wait(_SECONDS) == 0
        return answers

    def copied(self, data: bytes, name: str) -> bytes:
        """A file as it comes back that sftp has taken there."""
        (self._folder / "sent").write_bytes(data)
        batch = f"put {self._folder / 'sent'} {name}\nget {name} {self._folder / 'back'}\nrm {name}\n"
        line = ["sftp", "-q", *self._settings, "-b", "-", self._host]
        subprocess.run(line, input=batch.encode(), check=True, timeout=_SECONDS, capture_output=True)
        return (self._folder / "back").read_bytes()


def answer(url: str, *, proxy: str | None = None) -> str:
    """What a server answers, once it can be reached; empty if it cannot."""
    with httpx.Client(proxy=proxy, timeout=60) as client:
        for _ in range(300):
            with contextlib.suppress(httpx.TransportError):
                return client.get(url).text
            time.sleep(0.1)
    return ""

"""Lets the renter of a held cluster into its boxes: an SSH server inside, with the box's rights alone.

It reads `/in/access.json`, which the worker has written::

    {"job": base58, "renter": "ssh-ed25519 …", "key": "-----BEGIN OPENSSH PRIVATE KEY-----…",
     "certificate": "ssh-ed25519-cert-v01@openssh.com …"}

and lets in, as the user that the job's address is, whoever has a certificate of the renter's key for it. They
get shells, commands, files and ports of the box's own loopback. Nothing leads out of the box: it forwards
nothing back, no agent, no X11, no socket of a file system, and takes no variables but the language's.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import struct
import sys
import termios
from collections.abc import Awaitable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import asyncssh

from ionet.workloads import driver
from ionet.workloads._run import ACCESS_PORT

GIVEN: Final = driver.RUN.parent / "access.json"
_HOSTS: Final = frozenset(("localhost", "127.0.0.1", "::1"))
#: Connections at once; seconds to log in, and between two questions whether the other side is there.
_CONNECTIONS: Final = 64
_LOGIN: Final = 30
_ALIVE: Final = 30
_BLOCK: Final = 1 << 16
#: Seconds for what a terminal has printed when its shell ends, and for a process to end that is hung up.
_REST: Final = 1.0
_HANG_UP: Final = 5.0
_SHELLS: Final = ("/bin/bash", "/bin/sh")


class Inside:
    """What the renter is let into.

    Args:
        access: see `GIVEN`.
        environment: of commands.
        work: the folder in which they begin.
        addresses: where programs of the box listen, tried in this order.
    """

    def __init__(
        self,
        access: Mapping[str, str],
        environment: Mapping[str, str],
        work: Path,
        addresses: Sequence[str] = ("127.0.0.1",),
    ) -> None:
        self.job = access["job"]
        self.renter = asyncssh.import_public_key(access["renter"])
        key = asyncssh.import_private_key(access["key"])
        self.host_key = (key, asyncssh.import_certificate(access["certificate"]))
        self.environment, self.work, self.addresses = dict(environment), work, addresses
        self.connections = 0
        self.shell = next(shell for shell in _SHELLS if Path(shell).exists())


class _Server(asyncssh.SSHServer):
    """One connection."""

    def __init__(self, box: Inside) -> None:
        self._box = box
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._box.connections += 1
        self._connection = conn
        if self._box.connections > _CONNECTIONS:
            conn.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._box.connections -= 1

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_ca_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        # That the certificate names this user is looked at by asyncssh.
        return username == self._box.job and key == self._box.renter

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> Any:
        if dest_host not in _HOSTS:
            return False
        return self._forwarded(dest_port)

    async def _forwarded(self, port: int) -> Any:
        assert self._connection is not None
        for address in self._box.addresses[:-1]:
            with contextlib.suppress(asyncssh.ChannelOpenError):
                return await self._connection.forward_connection(address, port)
        return await self._connection.forward_connection(self._box.addresses[-1], port)


class _Files(asyncssh.SFTPServer):
    """The files of the box, as its user may read and change them."""

    def exit(self) -> None:
        # OpenSSH's scp takes a session that ends without a status for one that has failed.
        with contextlib.suppress(OSError):
            self.channel.exit(0)


async def serve(box: Inside, port: int) -> asyncssh.SSHAcceptor:
    """Listens on the loopback."""
    # Whoever started this process may ignore it, and what it starts would, too: shells end by it.
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)

    async def session(process: asyncssh.SSHServerProcess[bytes]) -> None:
        await _Session(box, process).run()

    return await asyncssh.listen(
        "127.0.0.1",
        port,
        server_factory=lambda: _Server(box),
        server_host_keys=[box.host_key],
        process_factory=session,
        sftp_factory=_Files,
        allow_scp=True,
        encoding=None,
        line_editor=False,
        agent_forwarding=False,
        x11_forwarding=False,
        password_auth=False,
        kbdint_auth=False,
        host_based_auth=False,
        gss_host=None,
        compression_algs=None,
        login_timeout=_LOGIN,
        keepalive_interval=_ALIVE,
    )


class _Terminal(asyncio.StreamReaderProtocol):
    """A terminal's output: where its other side is closed, it ends, and what came before is kept."""

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(None)


class _Session:
    """A shell, or a command, with or without a terminal.

    Args:
        box: where it runs.
        process: the other side's.
    """

    def __init__(self, box: Inside, process: asyncssh.SSHServerProcess[bytes]) -> None:
        self._box, self._process = box, process
        self._child: asyncio.subprocess.Process | None = None

    async def run(self) -> None:
        """Runs it until it has ended, or nobody is there any more."""
        if self._process.subsystem:
            self._process.stderr.write(b"there is no such subsystem\n")
            self._process.exit(127)
            return
        try:
            status = await (self._in_terminal() if self._process.term_type else self._by_pipes())
        except OSError as bad:
            self._process.stderr.write(f"{bad}\n".encode())
            status = 126
        if status < 0:
            name = signal.Signals(-status).name.removeprefix("SIG")
            self._process.exit_with_signal(name)
        else:
            self._process.exit(status)

    def _started(self, **streams: Any) -> Awaitable[asyncio.subprocess.Process]:
        shell, command = self._box.shell, self._process.command
        words = [shell, "-l"] if command is None else [shell, "-c", command]
        given = {
            name: value
            for name, value in self._process.env.items()
            if name == "LANG" or name.startswith("LC_")
        }
        environment = {**self._box.environment, **given, "SHELL": shell}
        if self._process.term_type:
            environment["TERM"] = self._process.term_type
        return asyncio.create_subprocess_exec(
            *words, cwd=self._box.work, env=environment, start_new_session=True, **streams
        )

    # -- without a terminal

    async def _by_pipes(self) -> int:
        pipe = asyncio.subprocess.PIPE
        self._child = child = await self._started(stdin=pipe, stdout=pipe, stderr=pipe)
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        fed = asyncio.create_task(self._feed(child.stdin, None))
        out = [
            asyncio.create_task(_copy(child.stdout, self._process.stdout)),
            asyncio.create_task(_copy(child.stderr, self._process.stderr)),
        ]
        return await self._ended(child, fed, out, None)

    # -- with one

    async def _in_terminal(self) -> int:
        master, slave = os.openpty()
        try:
            self._resize(slave, *self._process.term_size)
            self._child = child = await self._started(
                stdin=slave, stdout=slave, stderr=slave, preexec_fn=_take_terminal
            )
        except BaseException:
            os.close(master)
            raise
        finally:
            os.close(slave)
        loop, reader = asyncio.get_running_loop(), asyncio.StreamReader()
        second = os.dup(master)
        reading, _ = await loop.connect_read_pipe(lambda: _Terminal(reader), os.fdopen(master, "rb", 0))
        writing, protocol = await loop.connect_write_pipe(
            asyncio.streams.FlowControlMixin, os.fdopen(second, "wb", 0)
        )
        writer = asyncio.StreamWriter(writing, protocol, None, loop)
        fed = asyncio.create_task(self._feed(writer, second))
        out = [asyncio.create_task(_copy(reader, self._process.stdout))]
        try:
            return await self._ended(child, fed, out, _REST)
        finally:
            reading.close()
            writing.close()

    async def _feed(self, writer: asyncio.StreamWriter, terminal: int | None) -> None:
        """Passes on what the other side sends, and does what else it asks for."""
        while True:
            try:
                data = await self._process.stdin.read(_BLOCK)
            except asyncssh.TerminalSizeChanged as change:
                if terminal is not None:
                    self._resize(terminal, change.width, change.height, change.pixwidth, change.pixheight)
                continue
            except asyncssh.SignalReceived as received:
                self._signal(getattr(signal, f"SIG{received.signal}", None))
                continue
            except asyncssh.BreakReceived:
                self._signal(signal.SIGINT)
                continue
            if not data:
                break
            try:
                writer.write(data)
                await writer.drain()
            except OSError:
                return
        # A terminal that is closed early would hang up what it runs.
        if terminal is None:
            writer.close()

    @staticmethod
    def _resize(terminal: int, width: int, height: int, pixels: int = 0, lines: int = 0) -> None:
        sizes = (min(max(size, 0), 0xFFFF) for size in (height, width, pixels, lines))
        with contextlib.suppress(OSError):
            fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", *sizes))

    # -- its end

    def _signal(self, number: signal.Signals | None) -> None:
        if number is not None and self._child is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child.pid, number)

    def _hang_up(self, child: asyncio.subprocess.Process, number: signal.Signals) -> None:
        """Ends it: in a terminal with all that it runs, otherwise it alone.

        What it has begun and left stays then, as with OpenSSH: an editor's server, which is connected to
        again and need not heed `nohup`, as programs of Node.js do not.
        """
        if self._process.term_type:
            self._signal(number)
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            child.send_signal(number)

    async def _ended(
        self,
        child: asyncio.subprocess.Process,
        fed: asyncio.Task[None],
        out: Sequence[asyncio.Task[None]],
        rest: float | None,
    ) -> int:
        """Waits for its end and the rest of its output; hangs up what nobody listens to any more."""
        gone = asyncio.create_task(self._process.wait_closed())
        status = asyncio.create_task(child.wait())
        try:
            await asyncio.wait((gone, status), return_when=asyncio.FIRST_COMPLETED)
            if not status.done():
                self._hang_up(child, signal.SIGHUP)
                await asyncio.wait((status,), timeout=_HANG_UP)
                if child.returncode is None:
                    self._hang_up(child, signal.SIGKILL)
                    await asyncio.wait((status,), timeout=_HANG_UP)
                # Pipes that it holds on to are waited for otherwise.
                child._transport.close()  # type: ignore[attr-defined]  # there is no other way
            left = asyncio.gather(*out, return_exceptions=True)
            await asyncio.wait((left, gone), timeout=rest, return_when=asyncio.FIRST_COMPLETED)
            return await status
        finally:
            for task in (gone, fed, *out):
                task.cancel()


async def _copy(reader: asyncio.StreamReader, writer: asyncssh.SSHWriter[bytes]) -> None:
    # A terminal whose other side is closed ends with an error.
    with contextlib.suppress(OSError, asyncssh.Error):
        while data := await reader.read(_BLOCK):
            writer.write(data)
            await writer.drain()


def _take_terminal() -> None:
    """In the new process: its terminal is the one that it has."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _of_this_box() -> Inside:
    run = json.loads(driver.RUN.read_text())
    environment = {
        **os.environ,
        **driver.variables(run),
        "RAY_ADDRESS": driver.gcs(run),
    }
    own = [run["cluster"]["address"]] if run["cluster"] else []
    return Inside(json.loads(GIVEN.read_text()), environment, driver.WORK, ("127.0.0.1", *own))


async def main() -> None:
    """Serves for as long as the box is there."""
    os.chdir(driver.WORK)
    acceptor = await serve(_of_this_box(), ACCESS_PORT)
    await acceptor.wait_closed()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

"""SSH into the boxes of a cluster, and their ports on this machine; gateways see ciphertext only.

The node's device key certifies the key of the SSH server in its box, and is what the chain says it is; so
whoever passes the bytes on can end a connection, and neither read one nor take the box's place.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import httpx
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet.chain.errors import IonetError
from ionet.chain.rpc.tls import tls
from ionet.cloud.errors import NoAccess
from ionet.wire.ssh import CERTIFICATE, STREAM, host_name, known_host, library, ssh_key, user_certificate
from ionet.worker._piping import NoPipe, copied, joined, open_pipe

if TYPE_CHECKING:
    import asyncssh

#: Seconds for a gateway's answers and for logging in; between two signs of life, and how many may be missed.
_PATIENCE: Final = 20.0
_ALIVE: Final = 15
_MISSED: Final = 4


@dataclass(frozen=True, slots=True)
class Pass:
    """What lets somebody into a node's box, and nowhere else, for as long as its lease stands.

    Attributes:
        gateway: the gateway's URL for requests, ``https://…``.
        job: the node's job.
        device: the node's key, 32 bytes, from the chain.
        key: of who goes in.
        certificate: of the key, by the key that rents, as OpenSSH writes it.
    """

    gateway: str
    job: Pubkey
    device: bytes
    key: Keypair
    certificate: str

    @classmethod
    def issue(cls, renter: Keypair, gateway: str, job: Pubkey, device: bytes) -> Self:
        """Makes one with a new key.

        Args:
            renter: the key that rents.
            gateway: see the class.
            job: see the class.
            device: see the class.
        """
        key = Keypair()
        certificate = user_certificate(renter, key, str(job)).export_certificate("openssh").decode().strip()
        return cls(gateway, job, device, key, certificate)


async def stream(way: Pass) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Opens a stream to the SSH server of a box.

    Raises:
        NoAccess: there is none; the message says why.
    """
    header = f"{CERTIFICATE}: {way.certificate}"
    try:
        async with asyncio.timeout(_PATIENCE), httpx.AsyncClient(verify=tls(), timeout=_PATIENCE) as client:
            return await open_pipe(way.key, way.gateway, f"{STREAM}{way.job}", client, (header,))
    except NoPipe as bad:
        raise NoAccess(f"there is no way into the job {way.job}: {bad}") from None
    except (OSError, httpx.HTTPError, ValueError, LookupError, TimeoutError) as bad:
        why = str(bad) or "it took too long"
        raise NoAccess(f"there is no way into the job {way.job} over {way.gateway}: {why}") from None


class AsyncAccess:
    """One SSH connection into a box, made again when it has broken.

    Use it as an asynchronous context manager.

    Args:
        way: into the box.
    """

    def __init__(self, way: Pass) -> None:
        self.way = way
        self._connection: asyncssh.SSHClientConnection | None = None
        self._connecting = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._servers: list[asyncio.Server] = []

    async def __aenter__(self) -> Self:
        try:
            await self.connection()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        for server in self._servers:
            server.close()
        if self._connection is not None:
            self._connection.abort()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def connection(self) -> asyncssh.SSHClientConnection:
        """The connection; a new one if it has ended.

        Raises:
            NoAccess: there is none.
        """
        async with self._connecting:
            if self._connection is None or self._connection.is_closed():
                self._connection = await self._connected()
            return self._connection

    async def _connected(self) -> asyncssh.SSHClientConnection:
        ssh, job = library(), str(self.way.job)
        outside = await stream(self.way)
        ours, theirs = socket.socketpair()
        self._spawn(joined(outside, await asyncio.open_connection(sock=theirs)))
        try:
            connection: asyncssh.SSHClientConnection = await ssh.connect(
                host_name(job),
                sock=ours,
                username=job,
                client_keys=[(ssh_key(self.way.key), ssh.import_certificate(self.way.certificate))],
                known_hosts=ssh.import_known_hosts(known_host(self.way.device, job)),
                config=None,
                agent_path=None,
                gss_host=None,
                password_auth=False,
                kbdint_auth=False,
                login_timeout=_PATIENCE,
                keepalive_interval=_ALIVE,
                keepalive_count_max=_MISSED,
            )
        except ssh.HostKeyNotVerifiable:
            ours.close()
            raise NoAccess(
                f"what answers for the job {job} is not certified by its node's device, and was told nothing"
            ) from None
        except (ssh.Error, OSError) as bad:
            ours.close()
            raise NoAccess(f"there is no SSH into the job {job}: {bad}") from None
        return connection

    async def run(self, command: str, data: str = "", *, seconds: float = _PATIENCE) -> str:
        """Runs a short command in the box, and returns what it prints.

        Args:
            command: for its shell.
            data: the command's input.
            seconds: how long it may take.

        Raises:
            NoAccess: it cannot be run.
            IonetError: it has failed.
        """
        ssh = library()
        try:
            done = await (await self.connection()).run(command, input=data, timeout=seconds)
        except (ssh.Error, OSError, TimeoutError) as bad:
            raise NoAccess(f"nothing can be run in the job {self.way.job}: {bad}") from None
        if done.exit_status:
            words = str(done.stderr or done.stdout or "").strip()[-500:]
            raise IonetError(f"a command in the box ended with {done.exit_status}: {words}")
        return str(done.stdout or "")

    async def forward(self, port: int, local: int = 0, *, begin: Begin | None = None) -> int:
        """Makes a port of the box's loopback one of this machine's, for as long as this object is used.

        Args:
            port: in the box.
            local: here; 0: any.
            begin: what becomes of the beginning of each connection's bytes.

        Returns:
            The port here, on 127.0.0.1 only.

        Raises:
            NoAccess: it is taken.
        """
        try:
            server = await asyncio.start_server(self._accepting(port, begin), "127.0.0.1", local)
        except OSError as bad:
            raise NoAccess(f"the port {local} of this machine cannot be used: {bad.strerror}") from None
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def forward_to(self, port: int, path: Path) -> None:
        """Makes a port of the box's loopback a socket of this machine's, for as long as this object is used.

        Args:
            port: in the box.
            path: of the socket: whoever enters its folder reaches the port.

        Raises:
            NoAccess: there is something at the path, or nothing can be.
        """
        try:
            server = await asyncio.start_unix_server(self._accepting(port, None), path)
        except OSError as bad:
            raise NoAccess(f"the socket {path} cannot be used: {bad.strerror or bad}") from None
        self._servers.append(server)

    def _accepting(self, port: int, begin: Begin | None) -> Callable[..., Awaitable[None]]:
        async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            with contextlib.suppress(asyncio.CancelledError):
                await self._accepted(port, begin, reader, writer)

        return accepted

    async def _accepted(
        self, port: int, begin: Begin | None, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        ssh = library()
        try:
            inside = await (await self.connection()).open_connection("127.0.0.1", port)
            await _both((reader, writer), inside, begin)
        except (ssh.Error, IonetError, OSError):
            # Whoever has connected sees that there is nothing.
            pass
        finally:
            writer.close()

    def _spawn(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


#: Reads how a connection begins, and returns what is sent instead; None: it has been answered here. What is
#: inside may speak before.
Begin = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bytes | None]]


async def _both(outside: Any, inside: Any, begin: Begin | None) -> None:
    """Copies both ways; an end of one way is passed on, and the other goes on."""

    async def way(reader: Any, writer: Any) -> None:
        await copied(reader, writer)
        if writer.can_write_eof():
            writer.write_eof()

    async def inwards() -> None:
        if begin is not None:
            first = await begin(*outside)
            if first is None:
                outwards.cancel()
                return
            inside[1].write(first)
        await way(outside[0], inside[1])

    outwards = asyncio.create_task(way(inside[0], outside[1]))
    ways = [asyncio.create_task(inwards()), outwards]
    try:
        await asyncio.gather(*ways, return_exceptions=True)
    finally:
        for task in ways:
            task.cancel()
        inside[1].close()

"""Serves a gateway's port: TLS, HTTP and the peers' WebSockets, each with an end.

HTTP is uvicorn's, on connections that are accepted, bounded and timed here: uvicorn itself waits for ever for
a request's head, and for a client to read the end of an answer, and a minute for a TLS handshake.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
import time
from email.utils import formatdate
from pathlib import Path
from typing import Final

import h11
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from ionet.chain.errors import ConfigError
from ionet.gateway._doors import Arrival, Doors
from ionet.gateway._hub import Hub
from ionet.gateway._pipes import Broker, Pipes, PipeSocket
from ionet.gateway._socket import PeerSocket
from ionet.gateway._streams import Streams
from ionet.wire.ssh import CERTIFICATE, STREAM

_log = logging.getLogger(__name__)
#: Seconds for a TLS handshake and for its end.
_HANDSHAKE: Final = 10.0
_GOODBYE: Final = 5.0
#: Bytes of a request's head.
_HEAD: Final = 16 << 10
_KEEP_ALIVE: Final = 10
_BACKLOG: Final = 1_024
_PIPE: Final = b"ionet-pipe"


def listen(host: str, port: int) -> socket.socket:
    """Returns a listening socket.

    Raises:
        ConfigError: it cannot listen there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as bad:
        hint = ""
        if bad.errno == errno.EACCES:
            hint = "; ports below 1024 need CAP_NET_BIND_SERVICE, as the systemd unit gives it"
        raise ConfigError(f"cannot listen on {host}:{port}: {bad.strerror or bad}{hint}") from None


class Certificate:
    """A TLS certificate that may be replaced on the disk while it is used.

    Args:
        chain: PEM file with the certificate and those between it and its authority.
        key: PEM file.

    Raises:
        ConfigError: they cannot be used.
    """

    def __init__(self, chain: Path, key: Path) -> None:
        self._chain, self._key = chain, key
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["http/1.1"])
        self._seen: tuple[float, ...] = ()
        try:
            self.renew()
        except OSError as bad:
            name = bad.filename or self._chain
            raise ConfigError(f"the certificate {name} cannot be read: {bad.strerror}") from None

    def renew(self) -> bool:
        """Takes the files if they have changed; returns whether it did.

        Raises:
            ConfigError: they do not belong together, or are none; the former ones stay in use.
            OSError: they cannot be read.
        """
        seen = tuple(path.stat().st_mtime for path in (self._chain, self._key))
        if seen == self._seen:
            return False
        # Tried on another context first: half of a new pair must not spoil the one in use.
        for context in (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), self.context):
            try:
                context.load_cert_chain(self._chain, self._key, password=_no_password)
            except ssl.SSLError as bad:
                raise ConfigError(
                    f"{self._chain} and {self._key} are not a certificate and its key: {bad.reason}"
                ) from None
        self._seen = seen
        return True


def _no_password() -> str:
    raise ConfigError("the TLS key is encrypted; give one without a password, readable by this user alone")


class Server:
    """One listening port.

    Args:
        web: answers HTTP.
        hub: takes the peers.
        doors: count connections.
        certificate: None for plain HTTP.
        pipes: between nodes; None: there are none here.
        streams: between renters and nodes; None: there are none here.
    """

    def __init__(
        self,
        web: Starlette,
        hub: Hub,
        doors: Doors,
        *,
        certificate: Certificate | None = None,
        pipes: Pipes | None = None,
        streams: Streams | None = None,
    ) -> None:
        self.hub, self.doors, self.pipes, self.streams = hub, doors, pipes, streams
        self._certificate = certificate
        self._config = uvicorn.Config(
            web,
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE,
            h11_max_incomplete_event_size=_HEAD,
            limit_concurrency=hub.bounds.files,
            http=H11Protocol,
            ws="none",
        )
        self._config.load()
        # It writes a line for whatever strangers send that is not HTTP.
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        self.state = ServerState()
        self._arrivals: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self, listening: socket.socket) -> None:
        """Takes connections.

        Args:
            listening: as `listen` makes it.
        """
        secure = self._certificate is not None
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Entry(self) if secure else Http(self), sock=listening, backlog=_BACKLOG
        )

    def stop_listening(self) -> None:
        """Takes no new connections."""
        if self._server is not None:
            self._server.close()

    async def close(self, seconds: float) -> None:
        """Gives connections for files some time to end, and ends all.

        Args:
            seconds: for requests that are being answered; what they have uploaded so far is kept.
        """
        self.stop_listening()
        for connection in list(self.state.connections):
            connection.shutdown()
        if self.state.tasks:
            await asyncio.wait(list(self.state.tasks), timeout=seconds)
        for task in (*self.state.tasks, *self._arrivals):
            task.cancel()
        await asyncio.gather(*self.state.tasks, *self._arrivals, return_exceptions=True)
        self.doors.close()

    async def keep(self) -> None:
        """Ends what is late, until it is cancelled."""
        while True:
            self.doors.sweep()
            self.state.default_headers = [(b"date", formatdate(time.time(), usegmt=True).encode())]
            await asyncio.sleep(min(1.0, self.hub.bounds.seconds_to_arrive / 4))

    def broker(self, path: str) -> Broker | None:
        """What joins the connections that ask for a path."""
        return self.streams if path.startswith(STREAM) else self.pipes

    def secure(self, transport: asyncio.Transport, arrival: Arrival) -> None:
        """Begins TLS on a connection."""
        task = asyncio.create_task(self._secured(transport, arrival))
        self._arrivals.add(task)
        task.add_done_callback(self._arrivals.discard)

    async def _secured(self, raw: asyncio.Transport, arrival: Arrival) -> None:
        assert self._certificate is not None
        early = _Early()
        try:
            transport = await asyncio.get_running_loop().start_tls(
                raw,
                early,
                self._certificate.context,
                server_side=True,
                ssl_handshake_timeout=_HANDSHAKE,
                ssl_shutdown_timeout=_GOODBYE,
            )
        except (OSError, asyncio.CancelledError):
            transport = None
        if transport is None or early.lost:
            raw.abort()
            arrival.gone()
            return
        assert isinstance(transport, asyncio.Transport)
        http = Http(self, arrival)
        transport.set_protocol(http)
        http.connection_made(transport)
        if early.data:
            http.data_received(bytes(early.data))


class _Entry(asyncio.Protocol):
    """A connection that is to be encrypted."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._arrival: Arrival | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._arrival = self._server.doors.enter(transport)
        if self._arrival is not None:
            # Until TLS has taken over: what came now would be lost.
            transport.pause_reading()
            self._server.secure(transport, self._arrival)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._arrival is not None:
            self._arrival.gone()


class _Early(asyncio.Protocol):
    """Keeps what comes with the end of the handshake, before HTTP is there to read it."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.lost = False

    def data_received(self, data: bytes) -> None:
        self.data += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True


class Http(H11Protocol):
    """uvicorn's protocol, with an end to a request's head, and without its WebSockets.

    Args:
        server: that it belongs to.
        arrival: the connection as the doors know it; None if they have not seen it yet.
    """

    def __init__(self, server: Server, arrival: Arrival | None = None) -> None:
        super().__init__(server._config, server.state, {})
        self._server = server
        self._arrival = arrival

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection has come."""
        super().connection_made(transport)
        if self._arrival is None:
            self._arrival = self._server.doors.enter(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        super().connection_lost(exc)
        if self._arrival is not None:
            self._arrival.gone()

    def pause_writing(self) -> None:
        """The client does not read as fast as is sent."""
        super().pause_writing()
        if self._arrival is not None:
            self._arrival.unread = time.monotonic()

    def resume_writing(self) -> None:
        """The client has read."""
        super().resume_writing()
        if self._arrival is not None:
            self._arrival.unread = None

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        arrival = self._arrival
        if arrival is None or self.transport.is_closing():
            return
        super().data_received(data)
        if self.transport.get_protocol() is self:
            # A body that goes on after its answer is no request, either.
            cycle = vars(self)["cycle"]
            busy = cycle is not None and not cycle.response_complete
            arrival.settled("files" if busy else "arriving")

    def handle_events(self) -> None:
        """Takes what has come."""
        files = self._server.doors.files_of(self._arrival) if self._arrival is not None else 0
        self.app = _too_many if files > self._server.hub.bounds.files_per_address else self.config.loaded_app
        super().handle_events()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hands the connection over to a peer's socket, or to a pipe's."""
        assert self._arrival is not None
        self.connections.discard(self)
        forwarded = next((value for name, value in self.headers if name == b"x-forwarded-for"), b"")
        if not self._server.doors.named(self._arrival, forwarded.decode("latin-1")):
            self.transport.abort()
            return
        head = [event.method, b" ", event.target, b" HTTP/1.1\r\n"]
        for name, value in self.headers:
            head += [name, b": ", value, b"\r\n"]
        if self._get_upgrade() == _PIPE:
            path = event.target.decode("latin-1")
            signed, certificate = (
                next((value.decode("latin-1") for name, value in self.headers if name == wanted), "")
                for wanted in (b"authorization", CERTIFICATE.encode())
            )
            if (broker := self._server.broker(path)) is None:
                self.transport.abort()
                return
            pipe = PipeSocket(broker, self._arrival, path, signed, certificate)
            self.transport.set_protocol(pipe)
            pipe.connection_made(self.transport)
            return
        socket = PeerSocket(self._server.hub, self._arrival)
        self.transport.set_protocol(socket)
        socket.connection_made(self.transport)
        socket.data_received(b"".join((*head, b"\r\n")))

    def _should_upgrade(self) -> bool:
        wanted = self._get_upgrade()
        return wanted == b"websocket" or (wanted == _PIPE and self._server.pipes is not None)


async def _too_many(scope: Scope, receive: Receive, send: Send) -> None:
    error = {"code": "busy", "message": "too many connections from this network address; try again soon"}
    response = JSONResponse({"error": error}, 429, {"retry-after": "2", "connection": "close"})
    await response(scope, receive, send)

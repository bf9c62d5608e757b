"""A peer's WebSocket: frames on one side, whole messages for the hub on the other.

It has no task and no queue of its own. Fragments, control frames and what has come in part are bounded here;
messages are bounded by the hub.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Final

from websockets.exceptions import PayloadTooBig
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from ionet.gateway._doors import Arrival
from ionet.gateway._hub import MAX_HELLO, Connection, Hub
from ionet.wire._link import PATH

#: Strangers make it write a line for each connection.
_quiet = logging.getLogger(f"{__name__}.frames")
_quiet.setLevel(logging.CRITICAL)
#: Frames of one message.
_FRAGMENTS: Final = 64


class PeerSocket(asyncio.Protocol):
    """`Socket` of the hub, over a connection that asked for a WebSocket.

    Args:
        hub: takes the messages.
        arrival: the connection as the doors know it.
    """

    def __init__(self, hub: Hub, arrival: Arrival) -> None:
        self._hub, self._arrival = hub, arrival
        self.address = arrival.address
        self.partial_since: float | None = None
        self._protocol = ServerProtocol(max_size=MAX_HELLO, logger=_quiet)
        self._peer: Connection | None = None
        self._parts: list[bytes] = []
        self._is_text = False
        self._partial = 0
        self._paused = False
        self._transport: asyncio.Transport | None = None

    # -- of the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is this protocol's from now on."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._handshake(event)
            elif isinstance(event, Frame) and self._peer is not None and not self._peer.ended:
                self._frame(event, self._peer)
        self._flush()
        if self._peer is None or self._peer.ended:
            return
        if (bad := self._protocol.parser_exc) is not None:
            self._hub.broken(self._peer, "oversized" if isinstance(bad, PayloadTooBig) else "bad-frame")
            return
        partial = len(self._protocol.reader.buffer) + sum(map(len, self._parts))
        self._hub.partial += partial - self._partial
        self._partial = partial
        if not partial:
            self.partial_since = None
        elif self.partial_since is None:
            self.partial_since = time.monotonic()
        if partial and self._hub.partial > self._hub.bounds.partial_bytes:
            self._hub.broken(self._peer, "memory")

    def pause_writing(self) -> None:
        """The peer does not read as fast as is sent."""
        self._paused = True
        if self._peer is not None:
            self._hub.blocked(self._peer)

    def resume_writing(self) -> None:
        """The peer has read."""
        self._paused = False
        if self._peer is not None:
            self._hub.writable(self._peer)

    def eof_received(self) -> None:
        """The peer sends nothing more."""

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._arrival.gone()
        self._forget()
        if self._peer is not None:
            self._hub.lost(self._peer)

    def shutdown(self) -> None:
        """The server ends; the hub has said so to its peers."""
        if self._transport is not None:
            self._transport.close()

    # -- of the hub

    def send(self, data: bytes | str) -> bool:
        """See `Socket.send`."""
        if self._protocol.state is OPEN:
            if isinstance(data, str):
                self._protocol.send_text(data.encode())
            else:
                self._protocol.send_binary(data)
            self._flush()
        return not self._paused

    def limit(self, octets: int) -> None:
        """See `Socket.limit`."""
        self._protocol.max_message_size = octets

    def ping(self) -> None:
        """See `Socket.ping`."""
        if self._protocol.state is OPEN:
            self._protocol.send_ping(b"")
            self._flush()

    def joined(self) -> None:
        """See `Socket.joined`."""
        self._arrival.settled("peer")

    def close(self, code: int, reason: str) -> None:
        """See `Socket.close`."""
        self._forget()
        if self._protocol.state is OPEN:
            self._protocol.send_close(code, reason)
            self._flush()
        # The doors throw away what is not read within seconds.
        self._arrival.closing()

    # -- frames

    def _handshake(self, request: Request) -> None:
        if request.path.partition("?")[0] != PATH:
            self._protocol.send_response(self._protocol.reject(404, f"peers connect at {PATH}\n"))
            return
        response = self._protocol.accept(request)
        self._protocol.send_response(response)
        self._flush()
        if response.status_code == 101:
            self._peer = self._hub.opened(self)

    def _frame(self, frame: Frame, peer: Connection) -> None:
        if frame.opcode is Opcode.CLOSE:
            self._hub.lost(peer)
            return
        whole = frame.fin and not self._parts and frame.opcode is not Opcode.CONT
        if frame.opcode in (Opcode.PING, Opcode.PONG) or not whole:
            self._hub.frame(peer)
        if frame.opcode in (Opcode.PING, Opcode.PONG):
            return
        if frame.opcode is not Opcode.CONT:
            self._is_text = frame.opcode is Opcode.TEXT
        data = bytes(frame.data)
        if not whole:
            self._parts.append(data)
            if len(self._parts) > _FRAGMENTS:
                self._hub.broken(peer, "fragments")
                return
            if not frame.fin:
                return
            data = b"".join(self._parts)
            self._parts = []
        self.partial_since = None
        if not self._is_text:
            self._hub.received(peer, data)
            return
        try:
            self._hub.received(peer, data.decode())
        except UnicodeDecodeError:
            self._hub.broken(peer, "bad-frame")

    def _flush(self) -> None:
        transport = self._transport
        if transport is None:
            return
        for data in self._protocol.data_to_send():
            if not data:
                # The protocol has nothing more to say: the server closes first.
                self._arrival.closing()
                transport.close()
            elif not transport.is_closing():
                transport.write(data)

    def _forget(self) -> None:
        self._parts = []
        self._hub.partial -= self._partial
        self._partial = 0
        self.partial_since = None

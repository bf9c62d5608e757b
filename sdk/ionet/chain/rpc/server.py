"""The local network over HTTP and websockets, for clients in other processes and other languages."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self

from ionet.chain.rpc.parameters import PARSE_ERROR, parsed
from ionet.chain.rpc.pubsub import Session
from ionet.chain.rpc.socket_server import SocketServer

MAX_BODY: Final = 4 << 20
#: Neighbours looked for until two are free.
_TRIES: Final = 50


class LocalServer:
    """Answers JSON-RPC over HTTP and websockets on the loopback address, in threads of its own.

    Args:
        answer: takes a request object or a batch of them, returns the response.
        port: of HTTP, websockets are on the next one; 0 for any two free ones.
        sessions: opens a session for a websocket; None: there are none.

    Attributes:
        url: where it listens.
        ws_url: where it listens for websockets; None without them.

    Raises:
        OSError: a port is taken.
    """

    def __init__(
        self,
        answer: Callable[[Any], Any],
        port: int = 0,
        *,
        sessions: Callable[[Callable[[], None]], Session] | None = None,
    ) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # One segment for each answer: otherwise delayed acknowledgements cost 40 ms each time.
            wbufsize = 1 << 16
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                given = self.headers.get("content-length") or "0"
                if not (given.isascii() and given.isdigit()):
                    self.close_connection = True
                    self.send_error(400)
                    return
                if len(given) > 9 or int(given) > MAX_BODY:
                    self.close_connection = True
                    self.send_error(413)
                    return
                try:
                    request = parsed(self.rfile.read(int(given)))
                except ValueError:
                    response: Any = PARSE_ERROR
                else:
                    response = answer(request)
                body = json.dumps(response).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_OPTIONS(self) -> None:
                """What a browser asks before it lets a page ask."""
                self.send_response(200)
                wanted = self.headers.get("access-control-request-headers") or "content-type, solana-client"
                self.send_header("access-control-allow-methods", "OPTIONS, POST")
                self.send_header("access-control-allow-headers", wanted)
                self.send_header("access-control-allow-private-network", "true")
                self.send_header("access-control-max-age", "86400")
                self.send_header("content-length", "0")
                self.end_headers()

            def end_headers(self) -> None:
                self.send_header("access-control-allow-origin", "*")
                super().end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self._server, self._sockets = self._bound(Handler, port, sessions)
        self._server.daemon_threads = True
        self.ws_url = None if self._sockets is None else self._sockets.url
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    @staticmethod
    def _bound(
        handler: type[BaseHTTPRequestHandler],
        port: int,
        sessions: Callable[[Callable[[], None]], Session] | None,
    ) -> tuple[ThreadingHTTPServer, SocketServer | None]:
        """Both servers, on neighbouring ports: clients take the one of websockets to be the next."""
        tries = _TRIES if port == 0 else 1
        while True:
            tries -= 1
            server = ThreadingHTTPServer(("127.0.0.1", port), handler)
            if sessions is None:
                return server, None
            try:
                return server, SocketServer(sessions, server.server_address[1] + 1)
            except (OSError, OverflowError):
                server.server_close()
                if not tries:
                    raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Stops listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        if self._sockets is not None:
            self._sockets.close()

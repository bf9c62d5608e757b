"""The local network over HTTP and websockets, for clients in other processes and other languages."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self
from urllib.parse import urlsplit

from ionet.chain.rpc.parameters import PARSE_ERROR, is_loopback, parsed
from ionet.chain.rpc.pubsub import Session
from ionet.chain.rpc.socket_server import SocketServer

MAX_BODY: Final = 4 << 20
#: Requests of a batch, and bytes of the answer to one.
MAX_BATCH: Final = 100
MAX_ANSWER: Final = 64 << 20
#: Seconds in which a request has to come.
_PATIENCE: Final = 60
_INVALID_REQUEST: Final = -32600
#: Neighbours looked for until two are free.
_TRIES: Final = 50


def _cheat(request: Any) -> str | None:
    """The first method in a request, or in a batch, that writes what no network lets anybody write."""
    for single in request if isinstance(request, list) else [request]:
        method = single.get("method") if isinstance(single, dict) else None
        if isinstance(method, str) and method.startswith("surfnet_"):
            return method
    return None


def _refusal(message: str) -> bytes:
    error = {"code": _INVALID_REQUEST, "message": message}
    return json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode()


def _answered(answer: Callable[[Any], Any], request: Any) -> bytes:
    """The JSON that answers a request, or a batch of them in order."""
    if not isinstance(request, list):
        return json.dumps(answer(request)).encode()
    if len(request) > MAX_BATCH:
        return _refusal(f"a batch of {len(request):,} requests; at most {MAX_BATCH} are taken")
    answers: list[bytes] = []
    size = 0
    for single in request:
        answers.append(json.dumps(answer(single)).encode())
        size += len(answers[-1])
        if size > MAX_ANSWER:
            answers[-1] = _refusal("the answer to this batch is too long")
            break
    return b"[" + b",".join(answers) + b"]"


class Server(ThreadingHTTPServer):
    """Lets more than five clients connect at a moment, and resets none."""

    request_queue_size = 128


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

            # Who asks by halves gives the thread back.
            timeout = _PATIENCE

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
                if not is_loopback(self.headers.get("host")):
                    self._refuse("this network is asked as 127.0.0.1 or localhost")
                    return
                try:
                    request = parsed(self.rfile.read(int(given)))
                except ValueError:
                    response: Any = PARSE_ERROR
                else:
                    origin = self.headers.get("origin")
                    is_foreign = origin is not None and not is_loopback(urlsplit(origin).netloc)
                    if is_foreign and (cheat := _cheat(request)):
                        self._refuse(f"{cheat} is not for pages of {origin!a}")
                        return
                    self._write(200, _answered(answer, request))
                    return
                self._write(200, json.dumps(response).encode())

            def _refuse(self, why: str) -> None:
                self.close_connection = True
                self._write(403, why.encode(), "text/plain")

            def _write(self, status: int, body: bytes, kind: str = "application/json") -> None:
                self.send_response(status)
                self.send_header("content-type", kind)
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
            server = Server(("127.0.0.1", port), handler)
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

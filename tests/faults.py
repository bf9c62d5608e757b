"""A node with faults: the embedded network behind HTTP, with answers that go wrong on the way.

A mode is a function of one request: what it is called, how often it was asked, and the true answer, made
when it is needed. It returns what is sent instead: an object as JSON, a `Raw` response, or `PASS` for the
true answer.
"""

from __future__ import annotations

import gzip
import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler
from typing import Any, Final, Self

from ionet import LocalNetwork
from ionet.chain.rpc.server import Server

PASS: Final = object()


@dataclass(frozen=True, slots=True)
class Raw:
    """A response that is no JSON-RPC answer, or not a whole one."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    #: Close the connection in the middle of the body.
    cut: bool = False


@dataclass(slots=True)
class Asked:
    """A request on its way.

    Attributes:
        body: the JSON-RPC request.
        count: how often this method was asked, this time included.
        forward: asks the network, and returns its whole response.
    """

    body: Any
    count: int
    forward: Callable[[], Any]

    @property
    def method(self) -> str:
        return str(self.body["method"])

    def error(self, code: Any, message: Any, data: Any = None) -> Any:
        found = {"code": code, "message": message} | ({} if data is None else {"data": data})
        return {"jsonrpc": "2.0", "id": self.body["id"], "error": found}

    def result(self, value: Any) -> Any:
        return {"jsonrpc": "2.0", "id": self.body["id"], "result": value}


Mode = Callable[[Asked], Any]


def on(method: str, answer: Mode, *, first: int = 10**9, after: int = 0) -> Mode:
    """A fault of one method: of its first calls, or of those after some."""

    def mode(asked: Asked) -> Any:
        if asked.method != method or not after < asked.count <= after + first:
            return PASS
        return answer(asked)

    return mode


def landing(answer: Mode) -> Mode:
    """The request reaches the network, and its answer is lost: something else is sent."""

    def mode(asked: Asked) -> Any:
        asked.forward()
        return answer(asked)

    return mode


def lost(asked: Asked) -> Any:
    """Said to be sent, and never seen again: what a validator does that is not the leader's neighbour."""
    from base64 import b64decode

    from solders.transaction import VersionedTransaction

    sent = VersionedTransaction.from_bytes(b64decode(asked.body["params"][0]))
    return asked.result(str(sent.signatures[0]))


def _internal(asked: Asked) -> Any:
    return asked.error(-32603, "Internal error")


def _many(asked: Asked) -> Any:
    return Raw(429, {"retry-after": "0.02"}, json.dumps(asked.error(429, "Too many requests")).encode())


def _behind(asked: Asked) -> Any:
    return asked.error(-32005, "Node is behind by 42 slots", {"numSlotsBehind": 42})


def _already(asked: Asked) -> Any:
    text = "Transaction simulation failed: This transaction has already been processed"
    return asked.error(-32002, text, {"err": "AlreadyProcessed"})


def _lagging(asked: Asked) -> Any:
    """A node that has not seen it, and says honestly how far it has seen."""
    return asked.result({"context": {"slot": 1}, "value": [None]})


def _processed(asked: Asked) -> Any:
    answer = asked.forward()
    for status in answer["result"]["value"]:
        if status is not None:
            status["confirmationStatus"] = "processed"
    return answer


def _no_logs(asked: Asked) -> Any:
    answer = asked.forward()
    if answer["result"]:
        answer["result"]["meta"] |= {"logMessages": None, "innerInstructions": None}
        answer["result"]["blockTime"] = None
    return answer


def _no_units(asked: Asked) -> Any:
    answer = asked.forward()
    value = answer["result"]["value"]
    for name in ("unitsConsumed", "innerInstructions", "returnData", "logs", "loadedAccountsDataSize"):
        value.pop(name, None)
    return answer


@cache
def _grown() -> bytes:
    """Little to send, and more than is read of an answer when it is unpacked."""
    return gzip.compress(bytes(65 << 20), compresslevel=1)


SEND: Final = "sendTransaction"
STATUS: Final = "getSignatureStatuses"
HEIGHT: Final = "getEpochInfo"
SHOW: Final = "getTransaction"

#: Each mode by its name.
MODES: Final[dict[str, Mode]] = {
    "honest": lambda asked: PASS,
    "sent, answered with an internal error": on(SEND, landing(_internal)),
    "sent, answered with 429": on(SEND, landing(_many)),
    "sent, answered that the node is behind": on(SEND, landing(_behind)),
    "sent, answered with 500": on(SEND, landing(lambda asked: Raw(500))),
    "sent, answered with HTML": on(SEND, landing(lambda asked: Raw(200, {}, b"<html>captcha</html>"))),
    "sent, cut in the answer": on(SEND, landing(lambda asked: Raw(cut=True))),
    "sent, answered with more than is read": on(
        SEND, landing(lambda asked: Raw(200, {"content-encoding": "gzip"}, _grown()))
    ),
    "sent, answered in no UTF-8": on(SEND, landing(lambda asked: Raw(200, {}, b'{"result":"\xff"}'))),
    "sent, answered without a code": on(SEND, landing(lambda asked: asked.error(None, None))),
    "sent, answered with a text as error": on(
        SEND, landing(lambda asked: {"jsonrpc": "2.0", "id": asked.body["id"], "error": "rate limited"})
    ),
    "sent, answered null": on(SEND, landing(lambda asked: asked.result(None))),
    "sent twice, said to be processed already": on(SEND, lambda asked: (asked.forward(), _already(asked))[1]),
    "lost once": on(SEND, lost, first=1),
    "lost for ever": on(SEND, lost),
    "refused once": on(SEND, _internal, first=1),
    "refused for ever": on(SEND, _internal),
    "statuses fail twice": on(STATUS, _internal, first=2),
    "statuses answered with 429": on(STATUS, _many, first=3),
    "statuses null": on(STATUS, lambda asked: asked.result(None), first=3),
    "statuses too deep to read": on(STATUS, lambda asked: Raw(200, {}, b"[" * 100_000), first=2),
    "statuses badly compressed": on(
        STATUS, lambda asked: Raw(200, {"content-encoding": "gzip"}, b"no gzip"), first=2
    ),
    "statuses of a node that lags": on(STATUS, _lagging, first=6),
    "statuses of a node that lags for ever": on(STATUS, _lagging),
    "statuses of processed for a while": on(STATUS, _processed, first=4),
    "statuses of processed for ever": on(STATUS, _processed),
    "statuses fail for ever": on(STATUS, _internal),
    "heights fail": on(HEIGHT, _internal),
    "heights fail, statuses come late": lambda asked: (
        _internal(asked)
        if asked.method == HEIGHT
        else _lagging(asked)
        if asked.method == STATUS and asked.count <= 12
        else PASS
    ),
    "heights null": on(HEIGHT, lambda asked: asked.result(None)),
    "shown late": on(SHOW, lambda asked: asked.result(None), first=3),
    "never shown": on(SHOW, lambda asked: asked.result(None)),
    "showing refused": on(SHOW, _internal),
    "shown without logs": on(SHOW, _no_logs),
    "no priority fees": on(
        "getRecentPrioritizationFees", lambda asked: asked.error(-32601, "Method not found")
    ),
    "priority fees null": on("getRecentPrioritizationFees", lambda asked: asked.result(None)),
    "priority fees of a million lamports": on(
        "getRecentPrioritizationFees",
        lambda asked: asked.result([{"slot": 1, "prioritizationFee": 10**15}] * 150),
    ),
    "simulation without units": on("simulateTransaction", _no_units),
    "simulation refused": on("simulateTransaction", lambda asked: asked.error(-32601, "Method not found")),
    "simulation null": on("simulateTransaction", lambda asked: asked.result(None)),
    "blockhash refused": on("getLatestBlockhash", _internal),
    "blockhash null": on("getLatestBlockhash", lambda asked: asked.result(None)),
    "five accounts at once": on(
        "getMultipleAccounts",
        lambda asked: (
            asked.error(-32602, f"Too many inputs provided; max 5, received {len(asked.body['params'][0])}")
            if len(asked.body["params"][0]) > 5
            else PASS
        ),
    ),
    "an error that is null": lambda asked: asked.forward() | {"error": None},
}


class FaultProxy:
    """Serves a network with a mode's faults on 127.0.0.1.

    Attributes:
        url: where.
        calls: how often each method was asked.
    """

    def __init__(self, network: LocalNetwork, mode: Mode) -> None:
        self.calls: Counter[str] = Counter()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = 1 << 16

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                proxy.calls[body["method"]] += 1
                asked = Asked(body, proxy.calls[body["method"]], lambda: network.handle(body))
                answer = mode(asked)
                if answer is PASS:
                    answer = asked.forward()
                raw = answer if isinstance(answer, Raw) else Raw(body=json.dumps(answer).encode())
                self.send_response(raw.status)
                for name, value in raw.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(raw.body) + (100 if raw.cut else 0)))
                self.end_headers()
                self.wfile.write(raw.body)
                self.close_connection = raw.cut

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

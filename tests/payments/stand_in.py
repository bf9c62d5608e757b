"""A stand-in for Stripe: a real HTTP server that speaks its wire, keeps state, and has moods.

It knows charges (PaymentIntents), pages (Checkout Sessions), captures, cancellations, refunds, disputes,
idempotency keys as Stripe describes them, and signed messages (webhooks). What Stripe would do by itself or a
person at a page, a test does by calling `authorise`, `dispute` and the like. What its answers look like is
compared with stripe-mock's, see test_conformance.py.

`moods` say what happens to the next requests that change something: `lose` does it and hangs up, `drop` hangs
up first, `busy` answers 503, `twice` does it and then takes the same request again, as after a retry, and
`forbid` says that the key has no right to it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

KEY = "sk_test_stand_in"
SECRET = "whsec_stand_in"
_HELD = 7 * 86_400


class Refusal(Exception):
    """An error as Stripe answers it."""

    def __init__(self, status: int, code: str, message: str, kind: str = "invalid_request_error") -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": kind, "code": code, "message": message}}


@dataclass
class StandIn:
    """Its state, and what people and banks do to it.

    Attributes:
        moods: for the next requests that change something.
        refuse_capture: whether captures are refused from now on.
        refuse_refunds: whether refunds are refused from now on.
        now: Unix seconds.
        pages: where its pages seem to be; empty: where it is.
        calls: requests and their answers: method, path, what was given, status, what was told.
    """

    now: Callable[[], int] = lambda: int(time.time())
    pages: str = ""
    moods: deque[str] = field(default_factory=deque)
    refuse_capture: bool = False
    refuse_refunds: bool = False
    calls: list[tuple[str, str, dict[str, str], int, Any]] = field(default_factory=list)
    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    disputes: dict[str, dict[str, Any]] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""
    _keys: dict[str, tuple[str, dict[str, str], int, dict[str, Any]]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    # -- what people and banks do

    def authorise(self, name: str, card: str = "fp_visa") -> dict[str, Any]:
        """A customer gives their card, on the page or in the form of a charge."""
        with self._lock:
            if name.startswith("cs_"):
                session = self.sessions[name]
                if session["status"] != "open":
                    raise Refusal(400, "payment_intent_unexpected_state", "this page is over")
                told = session.pop("_intent")
                intent = self._intent({**told, "amount": str(session["amount_total"]), "currency": "usd"})
                session.update(status="complete", payment_intent=intent["id"], payment_status="unpaid")
                self._tell("checkout.session.completed", session)
                name = intent["id"]
            intent = self.intents[name]
            if intent["status"] != "requires_payment_method":
                raise Refusal(400, "payment_intent_unexpected_state", f"it is {intent['status']}")
            details = {"type": "card", "card": {"fingerprint": card, "capture_before": self.now() + _HELD}}
            charge = {
                "id": name.replace("pi_", "ch_"),
                "object": "charge",
                "amount": intent["amount"],
                "payment_intent": name,
                "payment_method_details": details,
            }
            intent.update(
                status="requires_capture", amount_capturable=intent["amount"], latest_charge=charge["id"]
            )
            intent["_charge"] = charge
            self._tell("payment_intent.amount_capturable_updated", intent)
            return intent

    def lapse(self, name: str) -> None:
        """An authorisation runs out, or is ended by the bank."""
        with self._lock:
            self.intents[name].update(status="canceled", amount_capturable=0, cancellation_reason="automatic")
            self._tell("payment_intent.canceled", self.intents[name])

    def dispute(self, name: str, *, whole: bool = False, cents: int | None = None) -> str:
        """A card's holder tells their bank that it was not they; of the whole, as if nothing was refunded."""
        with self._lock:
            intent = self.intents[name]
            amount: int = cents or intent["amount_received"] - (0 if whole else self._refunded(name))
            id_ = f"dp_{len(self.disputes) + 1}"
            self.disputes[id_] = {
                "id": id_,
                "object": "dispute",
                "amount": amount,
                "payment_intent": name,
                "charge": name.replace("pi_", "ch_"),
                "status": "needs_response",
                "created": self.now(),
            }
            self._tell("charge.dispute.created", self.disputes[id_])
            return id_

    def decide(self, id_: str, status: str) -> None:
        """The bank decides a dispute."""
        with self._lock:
            self.disputes[id_]["status"] = status
            self._tell("charge.dispute.closed", self.disputes[id_])

    def bounce(self, id_: str) -> None:
        """A refund comes back from the card's bank."""
        with self._lock:
            self.refunds[id_].update(status="failed", failure_reason="expired_or_canceled_card")
            self._tell("refund.failed", self.refunds[id_])

    def taken(self, name: str) -> int:
        """Cents that a card has paid in all, refunds and lost disputes taken off."""
        with self._lock:
            lost = sum(
                each["amount"]
                for each in self.disputes.values()
                if each["payment_intent"] == name and each["status"] == "lost"
            )
            received: int = self.intents[name]["amount_received"] - self._refunded(name) - lost
            return received

    def forget_keys(self) -> None:
        """More than a day passes: what was asked by a key is not known by it any more."""
        with self._lock:
            self._keys.clear()

    # -- messages

    def _tell(self, kind: str, about: dict[str, Any]) -> None:
        self.messages.append(
            {
                "id": f"evt_{len(self.messages) + 1}",
                "object": "event",
                "type": kind,
                "api_version": "2026-10-28.endive",
                "created": self.now(),
                "livemode": False,
                "pending_webhooks": 1,
                "request": None,
                "data": {"object": _shown(about)},
            }
        )

    def signed(
        self, message: dict[str, Any], at: int | None = None, secret: str = SECRET
    ) -> tuple[bytes, str]:
        """A message's bytes, and the header that proves them."""
        body = json.dumps(message).encode()
        time_ = self.now() if at is None else at
        digest = hmac.new(secret.encode(), f"{time_}.".encode() + body, hashlib.sha256).hexdigest()
        return body, f"t={time_},v1={digest}"

    # -- the wire

    def answer(self, method: str, path: str, given: dict[str, str], key: str | None) -> tuple[int, Any]:
        """What is answered to a request, in Stripe's words."""
        with self._lock:
            status, told = self._answer(method, path, given, key)
            self.calls.append((method, path, given, status, told))
            return status, told

    def _answer(self, method: str, path: str, given: dict[str, str], key: str | None) -> tuple[int, Any]:
        if method == "POST" and key is not None and key in self._keys:
            place, before, status, told = self._keys[key]
            if (place, before) != (path, given):
                said = "Keys for idempotent requests can only be used with the same parameters"
                return 400, Refusal(400, "idempotency_error", said, "idempotency_error").body
            return status, told
        try:
            status, told = 200, _shown(self._do(method, path.split("/")[2:], given))
        except Refusal as bad:
            status, told = bad.status, bad.body
        if method == "POST" and key is not None:
            self._keys[key] = (path, given, status, told)
        return status, told

    def _do(self, method: str, path: list[str], given: dict[str, str]) -> dict[str, Any]:
        match method, path:
            case "POST", ["payment_intents"]:
                return self._intent(given)
            case "GET", ["payment_intents", name]:
                return self._expanded(self._known(self.intents, name), given)
            case "POST", ["payment_intents", name, "capture"]:
                return self._capture(self._known(self.intents, name), given)
            case "POST", ["payment_intents", name, "cancel"]:
                return self._cancel(self._known(self.intents, name))
            case "POST", ["checkout", "sessions"]:
                return self._session(given)
            case "GET", ["checkout", "sessions", name]:
                return self._known(self.sessions, name)
            case "POST", ["checkout", "sessions", name, "expire"]:
                return self._expire(self._known(self.sessions, name))
            case "POST", ["refunds"]:
                return self._refund(given)
            case "GET", ["refunds"]:
                return _listed("refunds", self.refunds, given)
            case "GET", ["disputes"]:
                return _listed("disputes", self.disputes, given)
            case _:
                raise Refusal(404, "resource_missing", f"Unrecognized request URL ({method}: /v1/{path})")

    @staticmethod
    def _known(kind: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
        if name not in kind:
            raise Refusal(404, "resource_missing", f"No such object: '{name}'")
        return kind[name]

    def _intent(self, given: dict[str, str]) -> dict[str, Any]:
        if not given.get("amount", "").isdecimal() or int(given["amount"]) < 50:
            raise Refusal(400, "parameter_invalid_integer", "Invalid amount")
        id_ = f"pi_{len(self.intents) + 1}"
        self.intents[id_] = {
            "id": id_,
            "object": "payment_intent",
            "amount": int(given["amount"]),
            "amount_capturable": 0,
            "amount_received": 0,
            "currency": given["currency"],
            "capture_method": given.get("capture_method", "automatic"),
            "client_secret": f"{id_}_secret_{len(self.intents)}x",
            "status": "requires_payment_method",
            "cancellation_reason": None,
            "latest_charge": None,
            "metadata": _table(given, "metadata"),
            "created": self.now(),
        }
        return self.intents[id_]

    def _expanded(self, intent: dict[str, Any], given: dict[str, str]) -> dict[str, Any]:
        if "latest_charge" not in given.values() or "_charge" not in intent:
            return intent
        return {**intent, "latest_charge": intent["_charge"]}

    def _capture(self, intent: dict[str, Any], given: dict[str, str]) -> dict[str, Any]:
        if intent["status"] != "requires_capture":
            raise Refusal(400, "payment_intent_unexpected_state", f"its status is {intent['status']}")
        if self.refuse_capture:
            raise Refusal(402, "card_declined", "Your card was declined.", "card_error")
        amount = int(given.get("amount_to_capture", intent["amount"]))
        if not 0 < amount <= intent["amount_capturable"]:
            raise Refusal(400, "amount_too_large", "more than was authorised")
        intent.update(status="succeeded", amount_received=amount, amount_capturable=0)
        self._tell("payment_intent.succeeded", intent)
        return intent

    def _cancel(self, intent: dict[str, Any]) -> dict[str, Any]:
        if intent["status"] not in ("requires_payment_method", "requires_capture"):
            raise Refusal(400, "payment_intent_unexpected_state", f"its status is {intent['status']}")
        intent.update(status="canceled", amount_capturable=0, cancellation_reason="requested_by_customer")
        self._tell("payment_intent.canceled", intent)
        return intent

    def _session(self, given: dict[str, str]) -> dict[str, Any]:
        amount = int(given["line_items[0][price_data][unit_amount]"])
        if not self.now() + 1_800 <= int(given["expires_at"]) <= self.now() + 86_400:
            raise Refusal(400, "parameter_invalid", "expires_at is between 30 minutes and 24 hours from now")
        id_ = f"cs_test_{len(self.sessions) + 1}"
        inner = {
            name.split("payment_intent_data[", 1)[1].replace("]", "", 1): value
            for name, value in given.items()
            if name.startswith("payment_intent_data[")
        }
        self.sessions[id_] = {
            "id": id_,
            "object": "checkout.session",
            "amount_total": amount,
            "client_reference_id": given.get("client_reference_id"),
            "expires_at": int(given["expires_at"]),
            "metadata": _table(given, "metadata"),
            "payment_intent": None,
            "payment_status": "unpaid",
            "status": "open",
            "success_url": given["success_url"],
            "url": f"{self.pages or self.url}/pay/{id_}",
            "_intent": inner,
        }
        return self.sessions[id_]

    def _expire(self, session: dict[str, Any]) -> dict[str, Any]:
        if session["status"] != "open":
            raise Refusal(400, "resource_invalid", f"only open pages expire; it is {session['status']}")
        session["status"] = "expired"
        return session

    def _refunded(self, intent: str) -> int:
        return sum(
            each["amount"]
            for each in self.refunds.values()
            if each["payment_intent"] == intent and each["status"] not in ("failed", "canceled")
        )

    def _refund(self, given: dict[str, str]) -> dict[str, Any]:
        intent = self._known(self.intents, given["payment_intent"])
        if self.refuse_refunds:
            raise Refusal(400, "charge_not_refundable", "This charge cannot be refunded.")
        if any(
            each["payment_intent"] == intent["id"] and each["status"] != "won"
            for each in self.disputes.values()
        ):
            raise Refusal(400, "charge_disputed", "This charge has been charged back.")
        amount = int(given["amount"])
        if not 0 < amount <= intent["amount_received"] - self._refunded(intent["id"]):
            raise Refusal(400, "charge_already_refunded", "more than is left of the charge")
        id_ = f"re_{len(self.refunds) + 1}"
        self.refunds[id_] = {
            "id": id_,
            "object": "refund",
            "amount": amount,
            "payment_intent": intent["id"],
            "status": "succeeded",
            "failure_reason": None,
            "metadata": _table(given, "metadata"),
            "created": self.now(),
        }
        self._tell("refund.created", self.refunds[id_])
        return self.refunds[id_]


def _table(given: dict[str, str], name: str) -> dict[str, str]:
    return {key[len(name) + 1 : -1]: value for key, value in given.items() if key.startswith(f"{name}[")}


def _shown(value: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in value.items() if not name.startswith("_")}


def _listed(name: str, kind: dict[str, dict[str, Any]], given: dict[str, str]) -> dict[str, Any]:
    wanted = given.get("payment_intent")
    rows = [each for each in reversed(kind.values()) if wanted in (None, each["payment_intent"])]
    return {"object": "list", "url": f"/v1/{name}", "has_more": False, "data": rows[: int(given["limit"])]}


@contextmanager
def serving(stand_in: StandIn) -> Iterator[StandIn]:
    """Serves a stand-in on a port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            given = dict(parse_qsl(parts.query) + parse_qsl(body, keep_blank_values=True))
            mood = stand_in.moods.popleft() if self.command == "POST" and stand_in.moods else ""
            if self.headers.get("authorization") != f"Bearer {KEY}":
                self._tell(401, Refusal(401, "", "Invalid API Key provided").body)
                return
            if mood == "forbid":
                self._tell(
                    403, Refusal(403, "", "The provided key does not have the required permissions").body
                )
                return
            if mood == "busy":
                self._tell(503, {"error": {"type": "api_error", "message": "try again"}})
                return
            if mood == "drop":
                self._hang_up()
                return
            key = self.headers.get("idempotency-key")
            status, told = stand_in.answer(self.command, parts.path, given, key)
            if mood == "twice":
                status, told = stand_in.answer(self.command, parts.path, given, key)
            if mood == "lose":
                self._hang_up()
                return
            self._tell(status, told)

        do_GET = _answer  # noqa: N815
        do_POST = _answer  # noqa: N815

        def _hang_up(self) -> None:
            self.close_connection = True

        def _tell(self, status: int, told: Any) -> None:
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.send_header("request-id", "req_stand_in")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    stand_in.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

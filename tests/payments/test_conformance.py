"""Whether what is asked of Stripe is asked as its API takes it, and the stand-in answers as its API does.

stripe-mock has Stripe's own description of the API: it refuses what does not fit, and answers with the right
fields. It keeps no state, so it is asked again what a whole payment has asked of the stand-in.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.payments.world import World, world

#: What our side asks; a payment that asks none of one of these would test nothing.
ASKED = {
    ("POST", "payment_intents"),
    ("GET", "payment_intents"),
    ("POST", "payment_intents/capture"),
    ("POST", "payment_intents/cancel"),
    ("POST", "checkout/sessions"),
    ("GET", "checkout/sessions"),
    ("POST", "checkout/sessions/expire"),
    ("POST", "refunds"),
    ("GET", "refunds"),
    ("GET", "disputes"),
}


#: Where scripts/setup looks for Go, beside the PATH.
PLACES = (
    f"{os.environ['GOROOT']}/bin" if "GOROOT" in os.environ else "",
    "/usr/local/go/bin",
    "/usr/lib/go/bin",
)


def program() -> str:
    """Where stripe-mock is; skips where it is not, and fails in CI if it could have been built."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    if (there := shutil.which("stripe-mock", path=path)) is not None:
        return there
    lacking = "no stripe-mock: scripts/setup builds it where there is Go (https://go.dev/dl)"
    if os.environ.get("CI") and shutil.which("go", path=os.pathsep.join((path, *PLACES))):
        pytest.fail(lacking)
    pytest.skip(lacking)


@pytest.fixture(scope="module")
def mock() -> Iterator[str]:
    """The URL of stripe-mock."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [program(), "-http-addr", f"127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url, end = f"http://127.0.0.1:{port}", time.monotonic() + 60
    try:
        while True:
            try:
                httpx.get(url, timeout=5)
                break
            except httpx.TransportError:
                assert process.poll() is None, "stripe-mock has ended"
                assert time.monotonic() < end, "stripe-mock does not come up"
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def asked() -> Iterator[World]:
    """A world in which every request was made once at least."""
    with world() as made:
        for way in ("intent", "checkout"):
            payment = made.booked(way=way)
            made.cashier().give_up(payment)
            for _ in range(3):
                made.work()
            made.books.take(f"evt {way}", "refund.created", payment.intent, 0)
            made.work()
            unpaid = made.buy(made.quote(), way)
            made.work()
            made.cashier().give_up(made.now(unpaid))
            made.work()
        made.market.advance(2 * 86_400)
        yield made


def kind(method: str, path: str) -> tuple[str, str]:
    """What a request asks for, whichever object it is about."""
    parts = [each for each in path.split("/")[2:] if "_" not in each or each == "payment_intents"]
    return method, "/".join(parts)


def test_every_request_of_a_payment_is_one_that_stripe_takes_and_answers_so(mock: str, asked: World) -> None:
    seen = set()
    for method, path, given, status, told in asked.stripe.calls:
        assert status == 200, (path, told)
        seen.add(kind(method, path))
        headers = {"authorization": "Bearer sk_test_123"}
        if method == "POST":
            headers["content-type"] = "application/x-www-form-urlencoded"
        more: dict[str, Any] = {"data": given} if method == "POST" else {"params": given}
        answer = httpx.request(method, f"{mock}{path}", headers=headers, timeout=60, **more)
        assert answer.status_code == 200, (path, given, answer.text)
        fits(told, answer.json(), path)
    assert seen == ASKED


#: What Stripe's description has, and the mock's example of an answer has not.
OPTIONAL = {"capture_before", "failure_reason"}


def fits(told: Any, real: Any, where: str) -> None:
    """Checks that each field of the stand-in's answer is one of Stripe's, and of its type."""
    if isinstance(told, dict) and isinstance(real, dict):
        for name, value in told.items():
            if where.endswith("metadata"):
                continue
            if name in OPTIONAL and name not in real:
                continue
            assert name in real, f"Stripe's answer has no {where}.{name}"
            fits(value, real[name], f"{where}.{name}")
    elif isinstance(told, list) and isinstance(real, list):
        for value in told:
            fits(value, real[0], f"{where}[]")
    elif told is not None and real is not None:
        # A name stands for an object that was not asked for whole.
        assert type(told) is type(real) or {type(told), type(real)} == {str, dict}, (where, told, real)


def test_what_stripe_does_not_know_is_refused_by_its_mock(mock: str) -> None:
    """So that the test above can fail."""
    headers = {"authorization": "Bearer sk_test_123"}
    bad = {"amount": "100", "currency": "usd", "capture_metod": "manual"}
    assert httpx.post(f"{mock}/v1/payment_intents", headers=headers, data=bad, timeout=60).status_code == 400

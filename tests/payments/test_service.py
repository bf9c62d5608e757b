"""The service as a process of its own: killed for good, in the middle of things, and started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.payments.stand_in import KEY, SECRET, StandIn, serving
from tests.payments.world import HOUR, MANIFEST, Market

from ionet.payments.tokens import Customer, mint

#: Seconds for anything to happen, on a busy machine.
PATIENCE = 90
_SETTINGS = """
listen = "127.0.0.1:0"
metrics = "127.0.0.1:0"
stripe_url = "{stripe}"
origin = "https://console.example"
publishable_key = "pk_test_x"
[limits]
payment = "100"
card = "100"
customer = "200"
day = "500"
[float]
most = "2000"
least = "1"
"""


@dataclass
class Host:
    """A payments host, and the market and the stand-in that it works with."""

    folder: Path
    market: Market
    stripe: StandIn
    rpc: str
    process: subprocess.Popen[str] | None = None
    url: str = ""
    #: Of those that were ended.
    codes: list[int] = field(default_factory=list)

    def command(self, *more: str) -> list[str]:
        run = "from ionet.cli import main; main()"
        state = ("--state", str(self.folder))
        return [sys.executable, "-c", run, "-u", self.rpc, "--output=json", "payments", *more, *state]

    def start(self) -> None:
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(
                self.command("run"), stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self.process.stdout is not None
        told = ""
        while not told.endswith("}\n"):
            line = self.process.stdout.readline()
            assert line, (self.folder / "log").read_text()
            told += line
        self.url = json.loads(told)["url"]

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        self.codes.append(self.process.wait(PATIENCE))
        assert self.process.stdout is not None
        self.process.stdout.close()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        customer = Customer("carol", str(self.market.renter.pubkey()))
        token = mint(b"c" * 40, customer, int(time.time()))
        headers = {"authorization": f"Bearer {token}"}
        answer = httpx.request(method, f"{self.url}{path}", json=body, headers=headers, timeout=PATIENCE)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def until(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, (self.folder / "log").read_text()
            time.sleep(0.05)


@contextmanager
def hosted(folder: Path) -> Iterator[Host]:
    market = Market.make(1, now=int(time.time()))
    stripe = StandIn()
    with serving(stripe), market.deployer.network.serve(0) as server:
        folder.mkdir(mode=0o700)
        secrets = {"stripe_key": KEY, "hook_secret": SECRET, "console_key": "c" * 40}
        secrets["wallet.json"] = json.dumps(list(bytes(market.wallet)))
        for name, text in secrets.items():
            (folder / name).write_text(text)
            (folder / name).chmod(0o600)
        (folder / "payments.toml").write_text(_SETTINGS.format(stripe=stripe.url))
        (folder / "payments.toml").chmod(0o600)
        host = Host(folder, market, stripe, server.url)
        try:
            yield host
        finally:
            if host.process is not None and host.process.poll() is None:
                host.kill()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with hosted(tmp_path / "payments") as made:
        yield made


def test_a_service_killed_after_it_has_booked_and_again_after_it_has_charged_does_both_once(
    host: Host,
) -> None:
    host.start()
    quote = host.ask("POST", "/v1/quotes", {"node": str(host.market.nodes[0]), "seconds": HOUR})
    body = {"quote": quote["id"], "manifest": MANIFEST.hex(), "way": "intent"}
    payment = host.ask("POST", "/v1/payments", body)
    assert payment["client_secret"]
    before = host.market.purse

    # It is killed by the stand-in itself: when it asks for the charge, so after the booking has landed.
    answer, kills = host.stripe.answer, {"capture": 1, "charged": 1}

    def deadly(method: str, path: str, given: dict[str, str], key: str | None) -> tuple[int, Any]:
        assert host.process is not None
        if path.endswith("/capture") and kills["capture"]:
            kills["capture"] -= 1
            os.kill(host.process.pid, signal.SIGKILL)
            return 503, {}
        told = answer(method, path, given, key)
        if path.endswith("/capture") and kills["charged"]:
            kills["charged"] -= 1
            os.kill(host.process.pid, signal.SIGKILL)
        return told

    host.stripe.answer = deadly  # type: ignore[method-assign]
    host.stripe.authorise("pi_1")
    message, signature = host.stripe.signed(host.stripe.messages[-1])
    taken = httpx.post(
        f"{host.url}/v1/stripe/messages",
        content=message,
        headers={"stripe-signature": signature},
        timeout=PATIENCE,
    )
    assert taken.json() == {"message": "taken"}
    for _ in range(2):
        assert host.process is not None
        host.until(lambda: host.process is not None and host.process.poll() is not None)
        host.kill()
        host.start()
    host.until(lambda: host.ask("GET", f"/v1/payments/{payment['id']}")["state"] == "running")
    assert host.codes == [-signal.SIGKILL, -signal.SIGKILL]
    jobs = host.market.deployer.jobs.find_jobs(renter=host.market.renter.pubkey())
    assert len(jobs) == 1
    assert before - host.market.purse == jobs[0].account.price + jobs[0].account.fee
    # 2.50 and 2.25 % of it are 2.55625: 2.56 to the cent.
    assert host.stripe.taken("pi_1") == 256
    checked = subprocess.run(host.command("books"), capture_output=True, text=True, check=False)
    assert (checked.returncode, json.loads(checked.stdout)) == (0, [])
    # Somebody refunds by hand, past the books.
    charge = {"payment_intent": "pi_1", "amount": "100"}
    answer("POST", "/v1/refunds", charge, None)
    checked = subprocess.run(host.command("books"), capture_output=True, text=True, check=False)
    assert checked.returncode == 1
    assert [each["what"] for each in json.loads(checked.stdout)] == ["refunded"]
    host.kill(signal.SIGTERM)
    assert host.codes[-1] == 0

"""The service over HTTP: what customers get, what others do not, and messages that are not Stripe's."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from solders.keypair import Keypair
from starlette.testclient import TestClient
from tests.payments.stand_in import SECRET
from tests.payments.world import HOUR, MANIFEST, Market, World, world

from ionet import USDC
from ionet.payments import api
from ionet.payments.api import House, application
from ionet.payments.chain import ChainRefused, Wallet
from ionet.payments.desk import WAITING, Desk, Terms
from ionet.payments.hooks import Hooks
from ionet.payments.limits import Limits
from ionet.payments.tokens import BadToken, Customer, mint, read

KEY = b"k" * 32
ORIGIN = "https://console.example"
BACK = f"{ORIGIN}/paid"
LIMITS = Limits(payment=5_000, card=10_000, customer=10_000, day=20_000)


@dataclass
class Shop:
    """A console's view of a payments host."""

    world: World
    client: TestClient
    hooks: Hooks

    def token(self, name: str = "carol", lasts: int = 900, key: bytes = KEY) -> str:
        renter = str(self.world.market.renter.pubkey())
        return mint(key, Customer(name, renter), self.world.market.now, lasts)

    def ask(
        self, method: str, path: str, body: Any = None, name: str = "carol", status: int | None = None
    ) -> Any:
        headers = {"authorization": f"Bearer {self.token(name)}"}
        answer = self.client.request(method, path, json=body, headers=headers)
        assert status is None or answer.status_code == status, answer.text
        return answer.json()

    def quote(self, seconds: int = 2 * HOUR, name: str = "carol", **more: Any) -> Any:
        what = more or {"node": str(self.world.market.nodes[0])}
        return self.ask("POST", "/v1/quotes", {"seconds": seconds, **what}, name, 201)

    def pay(self, quote: Any, name: str = "carol", status: int = 201, **more: Any) -> Any:
        body = {"quote": quote["id"], "manifest": MANIFEST.hex(), "way": "checkout", "back": BACK, **more}
        return self.ask("POST", "/v1/payments", body, name, status)

    def message(self, number: int = -1, **how: Any) -> Any:
        stripe = self.world.stripe
        body, signature = stripe.signed(stripe.messages[number], **({"at": int(time.time())} | how))
        return self.client.post("/v1/stripe/messages", content=body, headers={"stripe-signature": signature})


@pytest.fixture(scope="module")
def chain() -> Market:
    return Market.make()


@pytest.fixture
def shop(chain: Market) -> Iterator[Shop]:
    with world(chain) as made:
        made.limits = LIMITS
        books, wallet = made.books, Wallet(chain.deployer.as_(chain.wallet))
        terms = Terms(LIMITS, fee_bps=290, fee_fixed=30, origin=ORIGIN, publishable="pk_test_x")
        desk = Desk(books, wallet, made.cashier(), terms, lambda: chain.now)
        hooks = Hooks(books, SECRET, live=False, now=lambda: chain.now)
        house = House(desk, hooks, KEY, lambda: None, lambda: (True, {}))
        yield Shop(made, TestClient(application(house)), hooks)
        for job in chain.deployer.jobs.find_jobs(renter=chain.renter.pubkey()):
            chain.advance(2 * 24 * HOUR)
            chain.finish(str(job.address))


# -- what customers get


def test_every_part_of_the_price_is_shown_before_anybody_pays(shop: Shop) -> None:
    quote = shop.quote()
    lines = {line["name"]: line["amount"] for line in quote["lines"]}
    # 2 h at 2.50; 0.25 % of it; 2 % of it; 2.9 % of 5.12 are 14.848 cents, up, and 30 cents; 5.1125 up.
    assert lines == {
        "price": "5.00", "booking_fee": "0.012500", "payment_fee": "0.10",
        "card_fee": "0.45", "rounding": "0.007500",
    }  # fmt: skip
    assert (quote["deposit"], quote["total"], quote["total_cents"]) == ("5.112500", "5.57", 557)


def test_a_card_is_charged_from_a_quote_to_a_receipt(shop: Shop) -> None:
    payment = shop.pay(shop.quote())
    assert payment["state"] == "awaiting"
    assert payment["url"].startswith(shop.world.stripe.url)
    (session,) = shop.world.stripe.sessions
    shop.world.stripe.authorise(session)
    assert shop.message().status_code == 200
    shop.world.work()
    shop.world.work()
    running = shop.ask("GET", f"/v1/payments/{payment['id']}", status=200)
    assert (running["state"], running["charged"], running["booked"]) == ("running", "5.57", "5.112500")
    job = shop.world.market.deployer.jobs.get_job(_key(running["job"]))
    assert (str(job.renter), job.refund_to) == (running["renter"], shop.world.market.wallet.pubkey())
    receipt = shop.ask("GET", f"/v1/payments/{payment['id']}/receipt", status=200)
    moves = [(each["from"], each["to"], each["amount"]) for each in receipt["movements"]]
    assert moves == [("card", "held", "5.57"), ("held", "booked", "5.112500"), ("held", "fee", "0.45")]


def test_a_form_in_the_page_gets_the_secret_of_its_charge_until_it_is_used(shop: Shop) -> None:
    payment = shop.pay(shop.quote(), way="intent")
    assert payment["client_secret"] == shop.world.stripe.intents["pi_1"]["client_secret"]
    shop.world.stripe.authorise("pi_1")
    shop.world.work()
    shop.world.work()
    assert shop.ask("GET", f"/v1/payments/{payment['id']}")["client_secret"] is None


def test_ending_before_the_card_is_given_ends_stripes_page_too(shop: Shop) -> None:
    payment = shop.pay(shop.quote())
    ended = shop.ask("POST", f"/v1/payments/{payment['id']}/end", status=200)
    assert (ended["state"], ended["problem"]) == ("cancelled", "cancelled")
    assert [each["status"] for each in shop.world.stripe.sessions.values()] == ["expired"]
    shop.ask("POST", f"/v1/payments/{payment['id']}/end", status=409)


def test_a_quote_is_paid_once_however_often_it_is_sent(shop: Shop) -> None:
    quote = shop.quote()
    first, again = shop.pay(quote), shop.pay(quote)
    assert first["id"] == again["id"]
    assert len(shop.world.stripe.sessions) == 1


def test_a_quote_that_is_paid_is_not_paid_for_something_else(shop: Shop) -> None:
    quote = shop.quote()
    shop.pay(quote)
    assert shop.pay(quote, status=409, manifest="0" * 64)["error"]["code"] == "quote_used"
    assert len(shop.world.stripe.sessions) == 1


# -- what others do not get


def test_others_payments_quotes_and_jobs_are_as_if_they_were_not(shop: Shop) -> None:
    quote = shop.quote()
    payment = shop.pay(quote)
    for method, path in (("GET", ""), ("GET", "/receipt"), ("POST", "/end")):
        own = shop.ask(method, f"/v1/payments/{payment['id']}{path}", name="mallory", status=404)
        none = shop.ask(method, f"/v1/payments/{'A' * 22}{path}", name="mallory", status=404)
        assert own == none
    assert shop.pay(quote, "mallory", 404)["error"]["code"] == "no_such_quote"
    assert shop.ask("GET", "/v1/payments", name="mallory") == {"data": []}
    assert shop.world.now(shop.world.books.payments()[0]).state == "awaiting"


def test_only_who_has_booked_a_job_by_card_extends_it_by_card(shop: Shop) -> None:
    payment = shop.pay(shop.quote())
    shop.world.stripe.authorise(next(iter(shop.world.stripe.sessions)))
    shop.world.work()
    shop.world.work()
    job = shop.ask("GET", f"/v1/payments/{payment['id']}")["job"]
    shop.world.market.start(job)
    assert shop.quote(HOUR, job=job)["total"]
    body = {"seconds": HOUR, "job": job}
    assert shop.ask("POST", "/v1/quotes", body, "mallory", 404)["error"]["code"] == "no_such_job"


def test_a_job_that_somebody_else_has_booked_is_not_extended_by_card(shop: Shop) -> None:
    """What is refunded of it would go to them, and once more to the card."""
    market, mallory = shop.world.market, Keypair()
    market.fund(mallory, USDC(20))
    wallet = Wallet(market.deployer.as_(market.wallet))

    def be_faster(name: str, *args: Any) -> None:
        if name == "send":
            shop.world.before = lambda name, *args: None
            market.deployer.as_(mallory).jobs.book(
                market.nodes[0],
                2 * HOUR,
                MANIFEST,
                currency="USDC",
                renter=market.wallet.pubkey(),
                refund_to=mallory.pubkey(),
            ).send()

    shop.pay(shop.quote(), way="intent")
    shop.world.stripe.authorise("pi_1")
    shop.world.before = be_faster
    shop.world.work()
    shop.world.work()
    (payment,) = shop.world.books.payments()
    assert payment.state == "cancelled"
    market.start(payment.job)
    try:
        body = {"seconds": HOUR, "job": payment.job}
        assert shop.ask("POST", "/v1/quotes", body, status=404)["error"]["code"] == "no_such_job"
        extension = replace(payment, extends=True, seconds=HOUR, deposit=USDC(20).base)
        for ask in (lambda: wallet.quote_extension(payment.job, HOUR), lambda: wallet.sign(extension)):
            with pytest.raises(ChainRefused, match="another wallet gets the refund"):
                ask()
    finally:
        market.deployer.as_(mallory).jobs.stop(_key(payment.job)).send()
        market.advance(2 * 24 * HOUR)
        market.finish(payment.job)


def test_a_token_is_good_for_its_customer_and_its_time_only(shop: Shop) -> None:
    now, good = shop.world.market.now, shop.token()
    said, _, mac = good.rpartition(".")
    forged = [
        "", "v1", good[:-2], good.replace("carol", "alice"), f"{said}0.{mac}", shop.token(key=b"x" * 32),
        f"..{good}", "é.é",
    ]  # fmt: skip
    for token in forged:
        with pytest.raises(BadToken):
            read(KEY, token, now)
        answer = shop.client.get("/v1/payments", headers=[(b"authorization", f"Bearer {token}".encode())])
        assert answer.status_code == 401
    assert read(KEY, good, now + 899).name == "carol"
    with pytest.raises(BadToken, match="over"):
        read(KEY, good, now + 900)
    assert shop.client.get("/v1/payments").status_code == 401


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"back": "https://evil.example/paid"}, "bad_back"),
        ({"back": f"{ORIGIN}.evil.example/"}, "bad_back"),
        ({"back": "https://user@console.example/"}, "bad_back"),
        ({"back": "javascript:alert(1)"}, "bad_back"),
        ({"manifest": "zz" * 32}, "bad_manifest"),
        ({"manifest": ""}, "bad_manifest"),
        ({"way": "cash"}, "bad_way"),
        ({"quote": 7}, "bad_request"),
        ({"quote": "\ud800"}, "bad_request"),
        ({"quote": "\0"}, "bad_request"),
        ({"back": "https://["}, "bad_back"),
    ],
)
def test_what_is_tampered_with_is_refused_and_begins_nothing(
    shop: Shop, change: dict[str, Any], code: str
) -> None:
    body = {
        "quote": shop.quote()["id"],
        "manifest": MANIFEST.hex(),
        "way": "checkout",
        "back": BACK,
        **change,
    }
    headers = {"authorization": f"Bearer {shop.token()}"}
    answer = shop.client.post("/v1/payments", content=json.dumps(body), headers=headers)
    assert answer.json()["error"]["code"] == code
    assert shop.world.books.payments() == []
    assert shop.world.stripe.sessions == {}


def test_amounts_that_a_browser_sends_count_for_nothing(shop: Shop) -> None:
    quote = shop.quote()
    payment = shop.pay(quote, total=1, total_cents=1, deposit="0.01", amount=1)
    assert payment["total"] == quote["total"]
    assert [each["amount_total"] for each in shop.world.stripe.sessions.values()] == [557]


def test_a_quote_does_not_outlive_its_time(shop: Shop) -> None:
    quote = shop.quote()
    shop.world.market.advance(900)
    assert shop.pay(quote, status=409)["error"]["code"] == "quote_over"


@pytest.mark.parametrize("body", [b"[]", b"{", b"\xff", b"[" * 100_000, b"x" * 20_000])
def test_a_body_that_is_no_object_gets_one_sentence(shop: Shop, body: bytes) -> None:
    headers = {"authorization": f"Bearer {shop.token()}"}
    answer = shop.client.post("/v1/quotes", content=body, headers=headers)
    assert answer.status_code in (400, 413)
    assert answer.json()["error"]["message"]


async def test_a_body_that_does_not_come_holds_nobody_up(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody may begin to send a message of Stripe's, and a byte a minute."""
    monkeypatch.setattr(api, "SECONDS", 0.05)
    told: list[Any] = []

    async def receive() -> Any:
        if told:
            await asyncio.Event().wait()
        told.append("began")
        return {"type": "http.request", "body": b"{", "more_body": True}

    async def send(message: Any) -> None:
        told.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/v1/stripe/messages", "headers": [], "query_string": b"",
    }  # fmt: skip
    async with asyncio.timeout(60):
        await shop.client.app(scope, receive, send)
    assert told[1]["status"] == 408


# -- limits


def test_payments_of_a_customer_are_limited_in_size_in_a_day_and_at_a_time(shop: Shop) -> None:
    large = shop.quote(24 * HOUR)
    assert "the limit of one payment is 50.00 USD" in shop.pay(large, status=429)["error"]["message"]
    for _ in range(2):
        shop.pay(shop.quote(18 * HOUR))
    assert "a customer in 24 hours" in shop.pay(shop.quote(18 * HOUR), status=429)["error"]["message"]
    for number in range(WAITING):
        shop.pay(shop.quote(name="dave"), "dave")
        assert len(shop.world.books.payments(customer="dave")) == number + 1
    assert shop.pay(shop.quote(name="dave"), "dave", 429)["error"]["code"] == "too_many"


def test_a_card_that_has_paid_its_days_limit_buys_nothing_more_whoever_holds_it(shop: Shop) -> None:
    shop.world.limits = Limits(payment=5_000, card=600, customer=10_000, day=20_000)
    for name in ("carol", "dave"):
        shop.pay(shop.quote(name=name), name, way="intent")
    shop.world.stripe.authorise("pi_1", "fp_same")
    shop.world.work()
    shop.world.work()
    shop.world.stripe.authorise("pi_2", "fp_same")
    shop.world.work()
    states = {each.customer: (each.state, each.problem) for each in shop.world.books.payments()}
    assert states["carol"][0] == "running"
    assert states["dave"] == ("cancelled", "a card pays 6.00 USD in 24 hours at most")
    assert shop.world.stripe.intents["pi_2"]["status"] == "canceled"


def only_another_card_buys(shop: Shop, card: str) -> None:
    """Another customer books by this card, which is refused, and by another one, which is not."""
    for number, used in (("pi_2", card), ("pi_3", "fp_other")):
        shop.pay(shop.quote(name="dave", node=str(shop.world.market.nodes[1])), "dave", way="intent")
        shop.world.stripe.authorise(number, used)
        shop.world.work()
        shop.world.work()
    told = {each.intent: (each.state, each.problem) for each in shop.world.books.payments(customer="dave")}
    assert told["pi_2"] == ("cancelled", "a charge of this customer or card is disputed, or was not paid")
    assert told["pi_3"][0] == "running"


def test_a_card_whose_charge_is_disputed_buys_nothing_more_for_another_wallet(shop: Shop) -> None:
    shop.pay(shop.quote(), way="intent")
    shop.world.stripe.authorise("pi_1", "fp_same")
    shop.world.work()
    shop.world.work()
    shop.world.stripe.dispute("pi_1")
    shop.message()
    shop.world.work()
    only_another_card_buys(shop, "fp_same")


def test_who_has_not_paid_for_what_was_booked_buys_nothing_more_by_card(shop: Shop) -> None:
    """Neither they nor their card under another name; who has paid goes on."""
    shop.pay(shop.quote(), way="intent")
    shop.world.stripe.authorise("pi_1", "fp_closed")
    shop.world.stripe.refuse_capture = True
    shop.world.work()
    shop.world.work()
    shop.world.stripe.refuse_capture = False
    refused = shop.ask("POST", "/v1/quotes", {"seconds": HOUR, "node": str(shop.world.market.nodes[1])})
    answer = shop.pay(refused, status=403)
    assert answer["error"]["code"] == "frozen"
    only_another_card_buys(shop, "fp_closed")


# -- messages


def test_messages_that_are_not_stripes_own_change_nothing(shop: Shop) -> None:
    shop.pay(shop.quote(), way="intent")
    shop.world.stripe.authorise("pi_1")
    now = int(time.time())
    tampered = shop.world.stripe.signed(shop.world.stripe.messages[-1], at=now)
    bodies = {
        "tampered": (tampered[0].replace(b"pi_1", b"pi_2"), tampered[1]),
        "old": shop.world.stripe.signed(shop.world.stripe.messages[-1], at=now - 301),
        "another's": shop.world.stripe.signed(shop.world.stripe.messages[-1], at=now, secret="whsec_else"),
        "unsigned": (tampered[0], ""),
    }
    for body, signature in bodies.values():
        answer = shop.client.post(
            "/v1/stripe/messages", content=body, headers={"stripe-signature": signature}
        )
        assert answer.status_code == 400
    assert shop.hooks.counts["forged"] == 4
    assert shop.world.books.news(shop.world.books.payments()[0].id) == 0


def test_a_message_is_taken_once_and_acknowledged_every_time(shop: Shop) -> None:
    shop.pay(shop.quote(), way="intent")
    shop.world.stripe.authorise("pi_1")
    verdicts = [shop.message().json()["message"] for _ in range(3)]
    assert verdicts == ["taken", "repeated", "repeated"]
    assert shop.world.books.news(shop.world.books.payments()[0].id) == 1


def test_a_message_that_says_paid_is_not_believed(shop: Shop) -> None:
    """Even with Stripe's signature: it is old, or of another order, and the charge itself says what is so."""
    payment = shop.pay(shop.quote(), way="intent")
    lie = {
        "id": "evt_lie", "object": "event", "type": "payment_intent.succeeded", "livemode": False,
        "data": {"object": {"id": "pi_1", "object": "payment_intent", "status": "succeeded"}},
    }  # fmt: skip
    body, signature = shop.world.stripe.signed(lie, at=int(time.time()))
    shop.client.post("/v1/stripe/messages", content=body, headers={"stripe-signature": signature})
    shop.world.work()
    assert shop.ask("GET", f"/v1/payments/{payment['id']}")["state"] == "awaiting"
    assert shop.world.market.deployer.jobs.find_jobs(renter=shop.world.market.renter.pubkey()) == []


def test_a_message_of_real_money_is_left_alone_in_test_mode(shop: Shop) -> None:
    shop.pay(shop.quote(), way="intent")
    shop.world.stripe.authorise("pi_1")
    shop.world.stripe.messages[-1]["livemode"] = True
    assert shop.message().json() == {"message": "other"}


def test_no_card_number_fits_into_anything_that_this_host_takes(shop: Shop) -> None:
    """Nothing that a request says is kept, except what names a quote, a manifest and a page."""
    number = "4242424242424242"
    shop.pay(shop.quote(), card=number, number=number, payment_method={"card": {"number": number}})
    (payment,) = shop.world.books.payments()
    assert number not in repr(payment)
    assert number not in json.dumps([str(each) for each in shop.world.stripe.sessions.values()])


def _key(text: str) -> Any:
    from solders.pubkey import Pubkey

    return Pubkey.from_string(text)


def test_a_manifest_in_these_tests_is_a_hash() -> None:
    assert len(MANIFEST) == hashlib.sha256().digest_size

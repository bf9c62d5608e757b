"""Renting by card, without a browser, where the job really runs: from a price to the refund on the card."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.console import cards
from tests.console.cards import PAGES, Busy, Loses, Shop, shop_for
from tests.console.conftest import ORIGIN, Served
from tests.console.test_renting import planned, until_logged
from tests.network.renting import Renting, at_work
from tests.programs.support import HOUR

from ionet import JobState
from ionet.cli.console import _host, _payments_key
from ionet.cli.failures import UserError
from ionet.console import Limits as ConsoleLimits
from ionet.console._paying import is_page_of
from ionet.payments.limits import Limits

renting = cards.renting


@pytest.fixture
async def shop(renting: Renting) -> AsyncIterator[Shop]:
    async with shop_for(renting) as shop:
        yield shop


# -- a card pays


async def test_a_card_pays_a_job_that_runs_is_extended_and_refunded_to_the_cent(shop: Shop) -> None:
    renting, money = shop.renting, shop.money()
    async with at_work(renting.site):
        async with shop.console() as console, console.caller(renting.key) as caller:
            await caller.sign_in()
            # More than the store takes of those who rent nothing.
            large = {"data": os.urandom(600_000)}
            price = await shop.priced(caller, console, files=large, command="python3 -u train.py")
            begun = await caller.post("/cards/payments", {"price": price["id"]})
            again = await caller.post("/cards/payments", {"price": price["id"]})
        # Two hours at 2.00; 0.25 % of it; 2 % of it; 2.9 % of 4.09 are 11.861 cents, up, and 30 cents.
        assert {line["name"]: line["amount"] for line in price["lines"]} == {
            "price": "4.00", "booking_fee": "0.01", "payment_fee": "0.08", "card_fee": "0.42",
            "rounding": "0.00",
        }  # fmt: skip
        assert (price["deposit"], price["total"]) == ("4.09", "4.51")
        assert again == begun
        assert (begun["state"], begun["url"], shop.pages) == ("awaiting", f"{PAGES}/pay/cs_test_1", 1)
        assert shop.stripe.sessions["cs_test_1"]["success_url"] == f"{ORIGIN}/paid/{price['id']}"
        # The console that has begun it is no more when the card is given.
        shop.give_card(1)
        async with shop.console() as console, console.caller(renting.key) as caller:
            await caller.sign_in()
            job = (await shop.until(caller, price["id"], lambda it: it["state"] == "running"))["job"]
            await until_logged(caller, job, "begins")
            (listed,) = (await caller.get("/jobs"))["jobs"]
            more = await caller.post("/cards/prices", {"job": job, "seconds": HOUR})
            await caller.post("/cards/payments", {"price": more["id"]})
            shop.give_card(2)
            await shop.until(caller, more["id"], lambda it: it["state"] == "running")
            await renting.spend(3_900)
            (renting.folder / "go").touch()
            await until_logged(caller, job, "ends")
            told = await caller.get(f"/jobs/{job}")
            await caller.post(f"/cards/payments/{price['id']}/end")
            await renting.until_closed(Pubkey.from_string(job))
            for one in (price, more):
                await shop.until(caller, one["id"], lambda it: it["state"] == "settled")
            receipt = await caller.get(f"/cards/payments/{price['id']}/receipt")
            (closed,) = (await caller.get("/jobs"))["jobs"]
    assert (listed["job"], listed["state"], listed["mine"], listed["card"]) == (
        job,
        "running",
        True,
        price["id"],
    )
    # 65 minutes of three hours at 2.00 are 2.166666; fees of 6.00, 0.015 and 0.12, are kept.
    assert told["cost"]["paid"]["amount"] == "2.301666"
    assert told["cost"]["refund"]["amount"] == "3.833334"
    assert money - shop.money() == 2_301_666
    # The last hour goes back whole, 2.045 and the half cent of rounding; of the first two 1.788334.
    assert (shop.stripe.taken("pi_1"), shop.stripe.taken("pi_2")) == (451 - 178, 241 - 205)
    assert [(each["giver"], each["taker"], each["amount"]) for each in receipt["movements"]] == [
        ("card", "held", "4.51"),
        ("held", "booked", "4.09"),
        ("held", "fee", "0.42"),
        ("booked", "held", "1.788334"),
        ("held", "refunded", "1.78"),
    ]
    assert (closed["state"], closed["card"]) == ("closed", price["id"])


async def test_an_answer_that_is_lost_begins_the_same_payment_once(shop: Shop) -> None:
    async with shop.console() as console, console.caller(shop.renting.key) as caller:
        await caller.sign_in()
        price = await shop.priced(caller, console)
        shop.over(console, Loses())
        lost = await caller.http.post("/api/v1/cards/payments", json={"price": price["id"]})
        assert lost.status_code == 503
        assert lost.json()["error"]["message"].startswith("cards cannot be taken at present; try again")
        shop.over(console)
        await caller.post("/cards/payments", {"price": price["id"]})
        assert shop.pages == 1
        assert [each["id"] for each in (await caller.get("/cards/payments"))["payments"]] == [price["id"]]


async def test_of_clicks_in_two_tabs_at_once_one_payment_begins(shop: Shop) -> None:
    """Twice at the same price, and at another one of the same plan; meanwhile the wallet books it, too."""
    async with shop.console() as console, console.caller(shop.renting.key) as caller:
        await caller.sign_in()
        price = await shop.priced(caller, console)
        other = await caller.post("/cards/prices", {"plan": price["plan"]})
        asked = [("/cards/payments", {"price": each["id"]}) for each in (price, price, other, price, other)]
        asked.insert(2, ("/calls/book", {"plan": price["plan"]}))
        answers = await asyncio.gather(
            *(caller.http.post(f"/api/v1{path}", json=what) for path, what in asked)
        )
        said = [(answer.status_code, answer.json()) for answer in answers]
        begun = {told["id"] for status, told in said if status == 200 and "transaction" not in told}
        assert (len(begun), shop.pages) == (1, 1), said
        assert {each["id"] for each in (await caller.get("/cards/payments"))["payments"]} == begun
        assert {status for status, _ in said} <= {200, 400, 409}, said


async def test_what_is_paid_by_card_is_booked_by_nothing_else_until_that_is_ended(shop: Shop) -> None:
    async with shop.console() as console, console.caller(shop.renting.key) as caller:
        await caller.sign_in()
        price = await shop.priced(caller, console)
        other = await caller.post("/cards/prices", {"plan": price["plan"]})
        await caller.post("/cards/payments", {"price": price["id"]})
        for path, what in (
            ("/cards/payments", {"price": other["id"]}),
            ("/cards/prices", {"plan": price["plan"]}),
            ("/calls/book", {"plan": price["plan"]}),
        ):
            answer = await caller.http.post(f"/api/v1{path}", json=what)
            assert answer.status_code == 400, path
            assert "make a new plan" in answer.json()["error"]["message"]
        assert shop.pages == 1
        shop.over(console, busy := Busy())
        ended = await caller.post(f"/cards/payments/{price['id']}/end")
        assert busy.told == 2
        assert (ended["state"], ended["problem"], ended["url"]) == ("cancelled", "cancelled", None)
        assert shop.stripe.sessions["cs_test_1"]["status"] == "expired"
        await caller.post("/calls/book", {"plan": price["plan"]})


async def test_a_card_pays_nothing_where_somebody_else_has_booked_the_node(shop: Shop) -> None:
    async with shop.console() as console, console.caller(shop.renting.key) as caller:
        await caller.sign_in()
        price = await shop.priced(caller, console)
        await caller.post("/cards/payments", {"price": price["id"]})
        await caller.land(
            await caller.post("/calls/book", {"plan": (await planned(caller, console))["plan"]})
        )
        shop.give_card(1)
        ended = await shop.until(caller, price["id"], lambda it: it["over"])
        assert ended["state"] == "cancelled"
        assert "booked" in ended["problem"]
        assert shop.stripe.intents["pi_1"]["status"] == "canceled"
        assert shop.stripe.taken("pi_1") == 0


async def test_a_job_that_was_paid_by_card_is_left_alone_by_wallets(shop: Shop) -> None:
    async with shop.console() as console, console.caller(shop.renting.key) as caller:
        await caller.sign_in()
        price = await shop.priced(caller, console)
        await caller.post("/cards/payments", {"price": price["id"]})
        shop.give_card(1)
        job = (await shop.until(caller, price["id"], lambda it: it["state"] == "running"))["job"]
        # More time would be refunded to the card's side, and not to the wallet that has paid for it.
        for action, what in (("extend", {"seconds": HOUR}), ("cancel", {})):
            answer = await caller.http.post(f"/api/v1/jobs/{job}/calls/{action}", json=what)
            assert answer.status_code == 400
            assert "paid by card" in answer.json()["error"]["message"]
        account = await console.parts.client.jobs.get_job(Pubkey.from_string(job))
        assert account.state == JobState.BOOKED


# -- what is refused


async def test_others_prices_and_payments_are_as_if_they_were_not(shop: Shop) -> None:
    async with (
        shop.console() as console,
        console.caller(shop.renting.key) as caller,
        console.caller(Keypair()) as thief,
    ):
        await caller.sign_in()
        await thief.sign_in()
        price = await shop.priced(caller, console)
        for name in (price["id"], "0" * 32):
            stolen = await thief.http.post("/api/v1/cards/payments", json={"price": name})
            assert stolen.status_code == 404
        assert shop.pages == 0
        await caller.post("/cards/payments", {"price": price["id"]})
        for method, more in (("GET", ""), ("GET", "/receipt"), ("POST", "/end")):
            said = [
                await thief.http.request(
                    method, f"/api/v1/cards/payments/{name}{more}", json={} if method == "POST" else None
                )
                for name in (price["id"], "0" * 32)
            ]
            assert [each.status_code for each in said] == [404, 404]
            assert said[0].json() == said[1].json()
        stolen = await thief.http.post("/api/v1/cards/prices", json={"plan": price["plan"]})
        assert stolen.status_code == 404
        assert (await thief.get("/cards/payments"))["payments"] == []
        assert (await caller.get(f"/cards/payments/{price['id']}"))["state"] == "awaiting"


async def test_an_api_key_pays_only_with_the_scope_for_it(shop: Shop) -> None:
    async with shop.console() as console, console.caller(shop.renting.key) as caller:
        await caller.sign_in()
        price = await shop.priced(caller, console)
        for scopes, status in ((["read", "files"], 403), (["rent"], 200)):
            wanted = {**await caller.proof(), "label": "ci", "scopes": scopes}
            key = (await caller.post("/keys", wanted))["key"]
            async with console.caller(shop.renting.key, authorization=f"Bearer {key}") as program:
                answer = await program.http.post("/api/v1/cards/payments", json={"price": price["id"]})
                assert answer.status_code == status, answer.text


async def test_a_price_that_is_tampered_with_begins_nothing(shop: Shop) -> None:
    async with shop.console() as console, console.caller(shop.renting.key) as caller:
        await caller.sign_in()
        price, somebody = await shop.priced(caller, console), str(Keypair().pubkey())
        tampered: list[tuple[str, dict[str, Any]]] = [
            ("payments", {"price": price["id"], "total": "0.01"}),
            ("payments", {"price": price["id"], "node": somebody}),
            ("payments", {"price": f"{price['id']}/../x"}),
            ("prices", {}),
            ("prices", {"plan": price["plan"], "seconds": 1}),
            ("prices", {"job": somebody}),
        ]
        for path, what in tampered:
            answer = await caller.http.post(f"/api/v1/cards/{path}", json=what)
            assert answer.status_code == 400, answer.text
        assert shop.pages == 0


async def test_of_many_prices_of_a_plan_the_latest_are_kept(shop: Shop) -> None:
    async with shop.console() as console, console.caller(shop.renting.key) as caller:
        await caller.sign_in()
        price = await shop.priced(caller, console)
        others = [(await caller.post("/cards/prices", {"plan": price["plan"]}))["id"] for _ in range(4)]
        answer = await caller.http.post("/api/v1/cards/payments", json={"price": price["id"]})
        assert (answer.status_code, shop.pages) == (404, 0)
        await caller.post("/cards/payments", {"price": others[0]})


async def test_files_that_are_forgotten_before_a_card_can_pay_have_no_price(shop: Shop) -> None:
    async with (
        shop.console(limits=ConsoleLimits(keeps=2 * HOUR - 1)) as console,
        console.caller(shop.renting.key) as caller,
    ):
        await caller.sign_in()
        plan = await planned(caller, console)
        answer = await caller.http.post("/api/v1/cards/prices", json={"plan": plan["plan"]})
        assert answer.status_code == 400
        assert "upload them anew" in answer.json()["error"]["message"]


async def test_a_page_of_another_host_is_handed_to_nobody(shop: Shop) -> None:
    shop.stripe.pages = "https://checkout.stripe.com.evil.example"
    async with shop.console() as console, console.caller(shop.renting.key) as caller:
        await caller.sign_in()
        price = await shop.priced(caller, console)
        for method, path, what in (
            ("POST", "/cards/payments", {"price": price["id"]}),
            ("GET", f"/cards/payments/{price['id']}", None),
        ):
            answer = await caller.http.request(method, f"/api/v1{path}", json=what)
            assert answer.status_code == 503
            assert "do not pay there" in answer.json()["error"]["message"]
            assert "evil" not in answer.text
        assert "evil" not in (await caller.http.get("/api/v1/cards/payments")).text


@pytest.mark.parametrize(
    "url",
    [
        "http://checkout.stripe.com/pay",
        "https://checkout.stripe.com.evil.example/pay",
        "https://checkout.stripe.com@evil.example/",
        "https://evil.example\\@checkout.stripe.com/",
        "https://evil.example/https://checkout.stripe.com/",
        "https://checkout.stripe.com:8443/pay",
        "//checkout.stripe.com/pay",
        "javascript:alert(1)//checkout.stripe.com",
        " https://checkout.stripe.com/pay",
        "https://checkout.str\u0456pe.com/pay",
        "https://[checkout.stripe.com/",
    ],
)
def test_only_an_encrypted_page_of_that_very_host_is_one_where_cards_are_given(url: str) -> None:
    assert not is_page_of(url, "checkout.stripe.com")
    assert is_page_of("https://checkout.stripe.com/c/pay/cs_test_1#fid", "checkout.stripe.com")


# -- what goes wrong at the payments host


@pytest.mark.parametrize("wrong", [{"payments": "http://127.0.0.1:9"}, {"payments_key": b"x" * 40}])
async def test_a_payments_host_that_is_down_is_one_sentence_and_wallets_rent_as_before(
    shop: Shop, wrong: dict[str, Any]
) -> None:
    async with shop.console(**wrong) as console, console.caller(shop.renting.key) as caller:
        await caller.sign_in()
        assert (await caller.get("/status"))["checkout"] == "checkout.stripe.com"
        plan = await planned(caller, console)
        answer = await caller.http.post("/api/v1/cards/prices", json={"plan": plan["plan"]})
        said = "cards cannot be taken at present; try again in some minutes: nothing is paid or booked twice"
        assert (answer.status_code, answer.json()["error"]["message"]) == (503, said)
        await caller.post("/calls/book", {"plan": plan["plan"]})
        await caller.get("/jobs")


async def test_a_payment_above_a_limit_is_refused_with_the_limit(renting: Renting) -> None:
    limits = Limits(payment=450, card=10_000, customer=10_000, day=20_000)
    async with (
        shop_for(renting, limits) as shop,
        shop.console() as console,
        console.caller(renting.key) as caller,
    ):
        await caller.sign_in()
        price = await shop.priced(caller, console)
        answer = await caller.http.post("/api/v1/cards/payments", json={"price": price["id"]})
        said = "the limit of one payment is 4.50 USD, of which 4.50 is left"
        assert (answer.status_code, answer.json()["error"]["message"]) == (409, said)
        assert (await caller.get("/cards/payments"))["payments"] == []
        assert shop.pages == 0
        # It is still free to be booked by the wallet.
        await caller.post("/calls/book", {"plan": price["plan"]})


async def test_whoever_disputes_a_charge_is_told_that_no_more_is_sold_to_them(shop: Shop) -> None:
    async with shop.console() as console, console.caller(shop.renting.key) as caller:
        await caller.sign_in()
        price = await shop.priced(caller, console)
        other = await shop.priced(caller, console)
        await caller.post("/cards/payments", {"price": price["id"]})
        shop.give_card(1)
        await shop.until(caller, price["id"], lambda it: it["state"] == "running")
        shop.stripe.dispute("pi_1")
        body, signature = shop.stripe.signed(shop.stripe.messages[-1], at=int(time.time()))
        async with httpx.AsyncClient() as stripe:
            headers = {"stripe-signature": signature}
            told = await stripe.post(f"{shop.url}/v1/stripe/messages", content=body, headers=headers)
        assert told.json() == {"message": "taken"}
        await shop.until(caller, price["id"], lambda it: it["dispute"] == "open")
        answer = await caller.http.post("/api/v1/cards/payments", json={"price": other["id"]})
        assert answer.status_code == 409
        assert "disputed" in answer.json()["error"]["message"]


async def test_a_console_without_a_payments_host_shows_no_cards(console: Served) -> None:
    async with console.caller(console.renting.key) as caller:
        await caller.sign_in()
        assert (await caller.get("/status"))["checkout"] == ""
        answer = await caller.http.get("/api/v1/cards/payments")
        assert (answer.status_code, answer.json()["error"]["message"]) == (404, "this console takes no cards")


# -- settings


def test_cards_take_an_encrypted_url_and_a_key_and_neither_alone(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("c" * 40)
    file.chmod(0o600)
    assert _payments_key("https://payments.example", file) == b"c" * 40
    assert _payments_key(None, None) == b""
    for url, key in (("https://payments.example", None), (None, file), ("http://payments.example", file)):
        with pytest.raises(UserError, match="--payments"):
            _payments_key(url, key)
    for host in ("https://checkout.stripe.com", "checkout.stripe.com/x", "a b", "a@b", ""):
        with pytest.raises(UserError, match="--checkout-host"):
            _host(host)

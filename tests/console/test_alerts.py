"""Alerts to suppliers: what is told, and that no URL makes the console call its own network."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from solders.keypair import Keypair
from tests.console.conftest import Served
from tests.programs.people import TOKEN

from ionet.console._alerts import Alerts
from ionet.console._nodes import nodes_of
from ionet.service.notices import Notifier
from ionet.service.public import NotPublic, Public, is_public, resolved

_INNER = (
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
    *("::1", "::", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"),
    *("224.0.0.1", "255.255.255.255", "no address"),
)


class Recorded(httpx.AsyncBaseTransport):
    """Says what it is asked to send, and answers."""

    def __init__(self, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.requests: list[httpx.Request] = []
        self._answer = (status, headers or {})

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests.append(request)
        return httpx.Response(self._answer[0], headers=self._answer[1])


def meaning(*answers: Sequence[str]) -> Any:
    """A name that means something else each time."""
    left = list(answers)

    async def resolve(host: str, port: int) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


@pytest.mark.parametrize("address", _INNER)
async def test_a_url_of_this_machine_or_its_network_is_never_called(address: str) -> None:
    assert not is_public(address)
    inner = Recorded()
    async with httpx.AsyncClient(transport=Public(meaning([address]), inner)) as client:
        with pytest.raises(NotPublic):
            await client.post("https://hooks.example/")
    async with httpx.AsyncClient(transport=Public(meaning(["93.184.216.34", address]), inner)) as client:
        with pytest.raises(NotPublic):
            await client.post("https://hooks.example/")
    assert inner.requests == []


async def test_a_name_of_this_machine_is_known_as_such() -> None:
    async with httpx.AsyncClient(transport=Public(resolved, Recorded())) as client:
        with pytest.raises(NotPublic):
            await client.post("https://localhost/")


async def test_what_was_looked_at_is_called_and_nothing_else() -> None:
    """By the time of the call the name may mean this machine; its certificate still has to be the name's."""
    inner = Recorded()
    resolve = meaning(["93.184.216.34"], ["127.0.0.1"])
    async with httpx.AsyncClient(transport=Public(resolve, inner)) as client:
        await client.post("https://hooks.example/path")
    (request,) = inner.requests
    assert request.url.host == "93.184.216.34"
    assert request.headers["host"] == "hooks.example"
    assert request.extensions["sni_hostname"] == "hooks.example"


async def test_no_redirection_is_followed() -> None:
    inner = Recorded(302, {"location": "https://127.0.0.1/"})
    async with Notifier("https://hooks.example/", transport=Public(meaning(["93.184.216.34"]), inner)) as to:
        to.tell("reward", "", "more")
    assert len(inner.requests) == 1
    assert to.problem == "it answers 302"


async def test_urls_are_taken_from_the_wallet_itself_and_only_such_as_may_be_called(console: Served) -> None:
    owner = console.renting.site.market.alice.owner
    async with console.caller(owner) as caller, console.caller(Keypair()) as other:
        await caller.sign_in()
        await other.sign_in()
        nobody = await other.http.post("/api/v1/hooks", json={"url": "https://hooks.example/1"})
        assert nobody.status_code == 400
        assert "register one first" in nobody.text
        for url in (
            "http://hooks.example/",
            "https://u:p@hooks.example/",
            "file:///etc/passwd",
            "https:///x",
        ):
            answer = await caller.http.post("/api/v1/hooks", json={"url": url})
            assert answer.status_code in {400, 422}, url
        made = await caller.post("/hooks", {"url": "https://hooks.example/1"})
        assert (await other.get("/hooks"))["hooks"] == []
        theirs = await other.http.post(f"/api/v1/hooks/{made['id']}/remove", json={})
        assert theirs.status_code == 404
        assert [each["url"] for each in (await caller.get("/hooks"))["hooks"]] == ["https://hooks.example/1"]
        await caller.post(f"/hooks/{made['id']}/remove")
        assert (await caller.get("/hooks"))["hooks"] == []


async def test_what_goes_wrong_with_one_wallets_nodes_keeps_no_other_from_being_told(
    console: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    market, kept, inner = console.renting.site.market, console.parts.kept, Recorded()
    broken = Keypair().pubkey()
    for owner in (broken, market.alice.owner.pubkey()):
        kept.add_hook(owner, f"https://hooks.example/{owner}", 0)

    async def failing(client: Any, owner: Any) -> Any:
        if owner == broken:
            raise KeyError("a class that is not there")
        return await nodes_of(client, owner)

    monkeypatch.setattr("ionet.console._alerts.nodes_of", failing)
    alerts = Alerts(console.parts.client, kept, lambda: inner)
    await alerts.look()
    market.world.advance(86_400)
    await alerts.look()
    for notifier in alerts._notifiers.values():
        await notifier.__aexit__()
    assert {request.url.path for request in inner.requests} == {f"/{market.alice.owner.pubkey()}"}


async def test_each_alert_is_signed_with_the_secret_that_was_shown_once(console: Served) -> None:
    owner, inner = console.renting.site.market.alice.owner, Recorded()
    async with console.caller(owner) as caller:
        await caller.sign_in()
        made = await caller.post("/hooks", {"url": "https://hooks.example/"})
        other = await caller.post("/hooks", {"url": "https://hooks.example/other"})
        assert "secret" not in (await caller.get("/hooks"))["hooks"][0]
    await day_passes(console, inner)
    request = next(request for request in inner.requests if request.url.path == "/")
    name, at = request.headers["webhook-id"], request.headers["webhook-timestamp"]
    secret = base64.b64decode(made["secret"].removeprefix("whsec_"))
    said = hmac.new(secret, f"{name}.{at}.".encode() + request.content, "sha256").digest()
    assert request.headers["webhook-signature"] == f"v1,{base64.b64encode(said).decode()}"
    assert name == json.loads(request.content)["id"]
    assert abs(int(at) - time.time()) < 600
    assert made["secret"] != other["secret"]


async def day_passes(console: Served, inner: Recorded) -> None:
    """What a day without a proof tells, by alerts as a console makes them."""
    console.parts.alerts._transport = lambda: inner
    await console.parts.alerts.look()
    console.renting.site.market.world.advance(86_400)
    await console.parts.alerts.look()
    for notifier in console.parts.alerts._notifiers.values():
        await notifier.__aexit__()


async def test_trouble_and_rewards_of_a_node_are_told_once(console: Served) -> None:
    market, inner = console.renting.site.market, Recorded()
    console.parts.kept.add_hook(market.alice.owner.pubkey(), "https://hooks.example/", 0)
    alerts = Alerts(console.parts.client, console.parts.kept, lambda: inner)
    await alerts.look()
    # A day without a proof, and a reward.
    market.world.advance(86_400)
    market.unbounded()
    market.send(market.credit(market.publish({market.alice.node: 50 * TOKEN})))
    await alerts.look()
    await alerts.look()
    for notifier in alerts._notifiers.values():
        await notifier.__aexit__()
    told = [json.loads(request.content) for request in inner.requests]
    assert [each["event"] for each in told].count("reward") == 1
    assert any(each["event"] == "node-trouble" and "proof" in each["text"] for each in told)
    assert len({each["id"] for each in told}) == len(told)
    assert {each["node"] for each in told} == {str(market.alice.node)}

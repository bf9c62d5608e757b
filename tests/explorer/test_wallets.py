"""What the API says of wallets, builds for them, and takes from them."""

from __future__ import annotations

import asyncio
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from solders.hash import Hash
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction
from tests.explorer.conftest import Choices, Near, Served
from tests.explorer.test_api import base
from tests.programs.market import EVIDENCE, Market
from tests.programs.people import TOKEN

from ionet import ix, pda, token_account
from ionet.explorer import Bounds
from ionet.ledger import Database
from ionet.service.guard import Counters, Guard, Taken

SENT = "/api/v1/sent"
OWN = {"origin": "http://explorer.test"}


@pytest.fixture
def explorer(serving: Callable[..., Served], choices: Choices) -> Iterator[Served]:
    """An explorer of the market in which dave has stake on alice's node, with a node to ask."""
    with Database.open(choices.place) as database:
        yield serving(database=database, watching=Near(choices.market.world.client))


async def refusal(explorer: Served, path: str, **more: Any) -> tuple[int, str]:
    answer = await explorer.get(path, **more)
    return answer.status_code, answer.json()["error"]["message"]


def text(transaction: VersionedTransaction) -> dict[str, str]:
    return {"transaction": b64encode(bytes(transaction)).decode()}


async def built(explorer: Served, action: str, holder: Keypair, node: Pubkey, **more: Any) -> tuple[Any, Any]:
    """A transaction that its wallet has signed, and the answer that it was built by."""
    answer = await explorer.read(f"/calls/{action}", holder=holder.pubkey(), node=node, **more)
    message = VersionedTransaction.from_bytes(b64decode(answer["transaction"])).message
    return VersionedTransaction(message, [holder]), answer


async def test_a_wallet_holds_what_is_on_chain_now(explorer: Served, choices: Choices) -> None:
    market, dave = choices.market, choices.market.dave
    said = await explorer.read(f"/wallets/{dave.pubkey()}")
    assert base(said["io"]) == market.purse(dave)
    assert base(said["sol"]) == market.world.client.balance(dave.pubkey()).base
    (stake,) = said["stakes"]
    assert (stake["node"], base(stake["active"])) == (str(market.alice.node), 100 * TOKEN)
    # Of 50 IO: 100 of 600 active parts of stake, less the commission of 10 %, rounded down.
    assert 50 * TOKEN * 100 // 600 * 9 // 10 - base(stake["claimable"]) in (0, 1)
    nowhere = await explorer.read(f"/wallets/{dave.pubkey()}", node=market.bob.node)
    assert nowhere["stakes"] == []
    rows = (await explorer.get(f"/api/v1/wallets/{dave.pubkey()}?format=csv")).text.splitlines()
    assert [row.split(",")[0] for row in rows] == ["node", str(market.alice.node)]
    stranger = await explorer.read(f"/wallets/{Keypair().pubkey()}")
    assert (base(stranger["io"]), base(stranger["sol"]), stranger["stakes"]) == (0, 0, [])


async def test_a_wallet_sees_its_own_side_of_its_nodes(explorer: Served, choices: Choices) -> None:
    market, alice = choices.market, choices.market.alice
    said = await explorer.read(f"/wallets/{alice.owner.pubkey()}")
    (its,), there = said["nodes"], market.node(alice)
    sums = {name: base(its[name]) for name in ("active", "pending", "claimable", "cooling")}
    assert sums == {
        "active": there.own.active,
        "pending": there.own.pending,
        "claimable": there.own.due,
        "cooling": sum(slot.amount for slot in there.own.cooling.slots),
    }
    assert (its["node"], its["state"], sums["active"] > 0) == (str(alice.node), "live", True)
    # Dave has stake on it, and owns none.
    assert (await explorer.read(f"/wallets/{market.dave.pubkey()}"))["nodes"] == []


async def test_all_shares_are_named_also_when_they_are_worth_less(
    serving: Callable[..., Served], choices: Choices
) -> None:
    market = Market.whole()
    dave, node = market.dave, market.alice.node
    market.co_stake(dave, 100 * TOKEN)
    market.activate_all(dave)
    market.co_stake(dave, 20 * TOKEN)
    owned = market.node(market.alice).own.active
    market.send(market.staking("propose_slash", nonce=0, amount=owned + 60 * TOKEN, evidence_hash=EVIDENCE))
    slash = pda.staking.slash(node, 0)
    market.send(market.staking("appeal", slash=slash))
    market.send(market.staking("resolve_slash", slash=slash, amount=owned + 60 * TOKEN))
    market.send(market.staking("set_apart_slash", slash=slash))
    with Database.open(choices.place) as database:
        explorer = serving(database=database, watching=Near(market.world.client))
        (stake,) = (await explorer.read(f"/wallets/{dave.pubkey()}", node=node))["stakes"]
        # Half of it is lost.
        assert (base(stake["active"]), base(stake["pending"])) == (50 * TOKEN, 10 * TOKEN)
        assert stake["shares"] == str(120 * TOKEN)
        signed, _ = await built(explorer, "unstake", dave, node, amount=stake["shares"])
        handed = await explorer.get(SENT, method="POST", json=text(signed), headers=OWN)
        assert handed.status_code == 200, handed.text
        (after,) = (await explorer.read(f"/wallets/{dave.pubkey()}", node=node))["stakes"]
    assert (after["shares"], base(after["active"])) == ("0", 0)
    assert [base(each["amount"]) for each in after["cooling"]] == [50 * TOKEN]


async def test_a_transaction_is_built_signed_handed_over_and_followed(
    explorer: Served, choices: Choices
) -> None:
    market, dave, node = choices.market, choices.market.dave, choices.market.alice.node
    before = market.purse(dave)
    signed, answer = await built(explorer, "stake", dave, node, amount=5 * TOKEN)
    asked = {"blockhash": str(signed.message.recent_blockhash), "since": answer["since"]}
    signature = str(signed.signatures[0])
    waiting = await explorer.read(f"/sent/{signature}", **asked)
    assert waiting == {"signature": signature, "state": "waiting", "why": ""}
    for _ in range(2):
        sent = await explorer.get(SENT, method="POST", json=text(signed), headers=OWN)
        assert (sent.status_code, sent.json()) == (200, {"signature": signature})
    assert (await explorer.read(f"/sent/{signature}", **asked))["state"] == "landed"
    assert before - market.purse(dave) == 5 * TOKEN
    # What was said before is not said again.
    assert base((await explorer.read(f"/wallets/{dave.pubkey()}"))["io"]) == before - 5 * TOKEN


async def test_an_owner_is_built_calls_of_their_own_side(explorer: Served, choices: Choices) -> None:
    market, alice = choices.market, choices.market.alice
    its, node = str(alice.owner.pubkey()), alice.node
    (side,) = (await explorer.read(f"/wallets/{its}", node=node))["stakes"]
    there = market.node(alice).own
    assert (side["owner"], base(side["active"]), side["shares"]) == (
        True,
        there.active,
        str(there.active + there.pending),
    )
    before = market.purse(alice.owner)
    signed, _ = await built(explorer, "stake", alice.owner, node, amount=3 * TOKEN)
    handed = await explorer.get(SENT, method="POST", json=text(signed), headers=OWN)
    assert handed.status_code == 200, handed.text
    after = market.node(alice).own
    assert after.active + after.pending == there.active + there.pending + 3 * TOKEN
    assert before - market.purse(alice.owner) == 3 * TOKEN


async def test_what_did_not_land_and_no_longer_can_is_expired(explorer: Served) -> None:
    signature, gone = str(Keypair().sign_message(b"")), str(Hash.new_unique())
    known = {"blockhash": gone, "since": 0}
    assert (await explorer.read(f"/sent/{signature}", **known))["state"] == "expired"
    # A node that lags behind where it was built knows nothing of it.
    ahead = {"blockhash": gone, "since": 1 << 62}
    assert (await explorer.read(f"/sent/{signature}", **ahead))["state"] == "waiting"


async def test_what_cannot_be_done_is_not_built(explorer: Served, choices: Choices) -> None:
    market = choices.market
    dave, alice, node = market.dave.pubkey(), market.alice.key, market.alice.node
    asked = {"holder": str(dave), "node": str(node)}
    wrong: list[tuple[str, dict[str, Any], int, str]] = [
        ("stake", asked, 400, "to stake takes an amount"),
        ("claim", {**asked, "amount": 1}, 400, "to claim takes no amount"),
        ("stake", {**asked, "amount": 0}, 400, "greater than 0"),
        ("stake", {**asked, "amount": 1 << 64}, 400, "less than"),
        ("unstake", {**asked, "holder": str(alice), "amount": 10**15}, 400, "it would fail"),
        ("stake", {**asked, "amount": 10_000 * TOKEN}, 400, "it would fail"),
        ("withdraw", asked, 400, "NothingReady"),
        ("claim", {**asked, "node": str(dave)}, 404, "is not on chain"),
        ("claim", {**asked, "node": str(Keypair().pubkey())}, 404, "is not on chain"),
        ("steal", asked, 400, ""),
    ]
    for action, words, status, sentence in wrong:
        said = await refusal(explorer, f"/api/v1/calls/{action}", params=words)
        assert said[0] == status, (action, said)
        assert sentence in said[1], (action, said)


async def test_only_signed_calls_of_the_staking_program_are_passed_on(
    explorer: Served, choices: Choices
) -> None:
    market, dave, node = choices.market, choices.market.dave, choices.market.alice.node
    hash_ = market.world.client.network.latest_blockhash
    gift = transfer(TransferParams(from_pubkey=dave.pubkey(), to_pubkey=node, lamports=1))
    other = VersionedTransaction(MessageV0.try_compile(dave.pubkey(), [gift], [], hash_), [dave])
    purse = token_account(dave.pubkey(), pda.mint.MINT)
    signed, _ = await built(explorer, "stake", dave, node, amount=TOKEN)
    unsigned = VersionedTransaction.populate(signed.message, [Keypair().sign_message(b"")])
    doomed = VersionedTransaction(
        MessageV0.try_compile(
            dave.pubkey(),
            [ix.staking.withdraw(holder=dave.pubkey(), node=node, destination=purse)],
            [],
            hash_,
        ),
        [dave],
    )
    before = market.purse(dave)
    for body, sentence in (
        (text(other), "only transactions that call the staking program"),
        (text(unsigned), "a signature is missing or wrong"),
        ({"transaction": "AAAA"}, "no transaction"),
        ({"transaction": "?"}, "no transaction in base64"),
        ({"transaction": text(signed)["transaction"] + "AAAA"}, "no transaction"),
        (text(doomed), "it was not sent, because it would fail"),
        ({}, "required"),
        ({**text(signed), "more": 1}, "nothing can be said about 'more'"),
        ([[[[1]]]], "dictionary"),
    ):
        answer = await explorer.get(SENT, method="POST", json=body, headers=OWN)
        assert answer.status_code == 400, (body, answer.text)
        assert sentence in answer.json()["error"]["message"].lower(), answer.text
    assert market.purse(dave) == before


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "https://other.test"}, 403),
        ({"origin": "http://explorer.test.other"}, 403),
        ({"origin": "http://["}, 403),
        ({**OWN, "content-type": "text/plain"}, 415),
        ({**OWN, "content-type": "multipart/form-data"}, 415),
        ({**OWN, "transfer-encoding": "chunked"}, 411),
        ({**OWN, "content-length": "4097"}, 413),
        ({**OWN, "content-length": "-1"}, 411),
    ],
)
async def test_a_post_of_other_pages_or_of_another_kind_is_refused(
    explorer: Served, headers: dict[str, str], status: int
) -> None:
    given = {"content-type": "application/json", **headers}
    said = await refusal(explorer, SENT, method="POST", content=b"{}", headers=given)
    assert said[0] == status, said


async def test_only_one_path_takes_a_post_and_it_takes_nothing_else(explorer: Served) -> None:
    assert (await refusal(explorer, SENT))[0] == 405
    for path in ("/api/v1/calls/claim", "/api/v1/wallets/x", SENT + "/", SENT + "/x"):
        assert (await refusal(explorer, path, method="POST", json={}, headers=OWN))[0] == 405, path


async def test_a_post_counts_as_much_as_a_question_about_the_past(
    serving: Callable[..., Served], database: Database
) -> None:
    explorer = serving(Bounds(per_second=1, at_once=10), lambda: 0.0)
    statuses = [(await explorer.get(SENT, method="POST", json={}, headers=OWN)).status_code for _ in range(3)]
    assert statuses == [400, 400, 429]


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    async def app(*_: Any) -> None:
        pytest.fail("the application is not asked")

    async def never() -> Any:
        await asyncio.Event().wait()

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    guard = Guard(app, Bounds(), Counters(), takes=lambda path: Taken(4_096, 0.01))
    headers = {**OWN, "host": "explorer.test", "content-type": "application/json", "content-length": "9"}
    scope = {
        "type": "http",
        "method": "POST",
        "path": SENT,
        "raw_path": SENT.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
    }
    async with asyncio.timeout(60):
        await guard(scope, never, send)
    assert sent[0]["status"] == 408

"""The commands of who has an account, and of who keeps the books, against a service's process on a chain."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.cli.conftest import Shell, write_key
from tests.faults import PASS, Asked, FaultProxy
from tests.intelligence.test_overspend import answers, free_port, process
from tests.intelligence.test_paying import PAID, SERVICE, until_paid
from tests.intelligence.test_settling import allowing, moving
from tests.programs.market import IO_MINT, Market
from tests.programs.people import TOKEN

from ionet import pda, token_account
from ionet.intelligence.treasury import PERIOD

SETTINGS: Final = """
listen = "127.0.0.1:{port}"
environment = "test"
metrics = "127.0.0.1:0"

[quota]
per_io = "0.000001"
least_stake = "200"
most = "40"

[deposits]
io = "{till}"

[[models]]
id = "steady"
engine = "url"
url = "http://127.0.0.1:{engine}"
context = 1000
prompt = "1"
completion = "10"
"""
QUESTION: Final = "many words"
WORDS: Final = 100
#: Millionths of a dollar: two words that are read, and those that are written at ten each; 300 are free.
COST: Final = 2 + WORDS * 10
PAID_FOR: Final = COST - 300


@dataclass(slots=True)
class Place:
    """A service in whose last hour carol, who has 300 IO of active stake and has paid in, has asked once.

    Attributes:
        market: with her.
        shell: of its people; `keeper` may spend from the till.
        url: of the service.
        state: its folder.
        secret: of her key.
        answer: as she was told.
        reads: what the service has asked the node: methods and their parameters.
    """

    market: Market
    shell: Shell
    url: str
    state: Path
    secret: str
    answer: Any
    reads: list[tuple[str, list[Any]]]

    def of(self, *arguments: object) -> tuple[object, ...]:
        """A command of accounts."""
        return ("intelligence", *arguments, "--service", self.url)

    def ask(self, secret: str, *more: object) -> tuple[object, ...]:
        given = ("--service", self.url, "--api-key", secret, "--max-tokens", WORDS)
        return ("ask", *QUESTION.split(), *given, *more)

    def verify(self, *more: object) -> tuple[object, ...]:
        return self.of("verify", self.answer["id"], *more)

    @property
    def text(self) -> str:
        return str(self.answer["choices"][0]["message"]["content"])


@pytest.fixture(scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    market, folder = Market.new(), tmp_path_factory.mktemp("commands")
    keeper, port, engine, state = market.actor(), free_port(), free_port(), folder / "ai"
    till = staked_and_paid(market, keeper)
    state.mkdir(mode=0o700)
    (state / "intelligence.toml").write_text(SETTINGS.format(port=port, engine=engine, till=till))
    people = {"carol": market.carol, "keeper": keeper}
    for name, pair in people.items():
        write_key(folder / f"{name}.json", pair)
    reads = list[tuple[str, list[Any]]]()

    def noting(asked: Asked) -> object:
        reads.append((asked.method, asked.body.get("params", [])))
        return PASS

    network, url = market.world.client.network, f"http://127.0.0.1:{port}"
    with FaultProxy(network, noting) as node, network.serve() as server:
        shell = Shell(server.url, folder, people, market.world.client)
        made = Place(market, shell, url, state, "", None, reads)
        run = ("--url", node.url, "intelligence", "run", "--state", str(state))
        async with process("-m", "tests.intelligence.steady", str(engine), "0"):
            await answers(f"http://127.0.0.1:{engine}/v1/models")
            async with process("-c", SERVICE, str(-PERIOD), "", *run):
                await asked_once(made)
            # An hour later: what was asked in the last one is signed, and may be sent to the vaults.
            async with process("-c", SERVICE, "0", "", *run):
                await answers(f"{url}/health")
                await until_signed(made)
                yield made


def staked_and_paid(market: Market, keeper: Keypair) -> Pubkey:
    """Has carol stake and pay in; returns the account where that is, of which the keeper may spend."""
    owner, carol = market.actor(), market.carol
    till = market.world.io_account(owner.pubkey())
    market.co_stake(carol, 300 * TOKEN)
    market.activate_all(carol)
    market.set_price()
    market.send(allowing(owner.pubkey(), till, keeper.pubkey(), PAID))
    market.send(moving(token_account(carol.pubkey(), IO_MINT), till, carol.pubkey(), PAID))
    return till


async def asked_once(place: Place) -> None:
    """Has carol make a key, and ask with it once her payment is there."""
    await answers(f"{place.url}/health")
    place.secret = place.shell.json(*place.of("keys", "create", "laptop"), who="carol")["secret"]
    headers = {"authorization": f"Bearer {place.secret}"}
    async with httpx.AsyncClient(base_url=place.url, headers=headers, timeout=60) as client:
        await until_paid(client)
    place.answer = place.shell.json(*place.ask(place.secret))


async def until_signed(place: Place) -> None:
    async with httpx.AsyncClient(base_url=place.url) as client, asyncio.timeout(60):
        while (await client.get(f"/v1/receipts/{place.answer['id']}")).status_code != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def test_a_question_is_answered_as_it_comes_and_its_receipt_is_named(place: Place) -> None:
    done = place.shell.run(*place.ask(place.secret))
    assert (done.exit_code, done.stdout) == (0, "".join(f"w{number} " for number in range(WORDS)) + "\n")
    assert re.fullmatch(r"steady: 2 tokens read, 100 written, receipt chatcmpl-\w+\n", done.stderr)


def test_a_key_is_listed_with_what_it_has_used_and_ended_with_those_it_has_made(place: Place) -> None:
    shell = place.shell
    parent = shell.json(*place.of("keys", "create", "parent", "--cap", "1.5", "--cycle", "day"), who="carol")
    of_parent = ("--api-key", parent["secret"])
    child = shell.json(*place.of("keys", "create", "child", "--model", "steady", *of_parent))
    shell.json(*place.ask(child["secret"]))
    listed = shell.json(*place.of("keys", "list", *of_parent))
    told = [(each["name"], each["cap"], each["models"], each["revoked"]) for each in listed]
    assert told == [("parent", "$1.5", None, None), ("child", None, ["steady"], None)]
    assert [each["spent"] for each in listed] == [f"$0.00{COST}"] * 2
    assert child["secret"] not in (shown := shell.text(*place.of("keys", "list"), who="carol"))
    assert "1.5 a day" in shown
    shell.text(*place.of("keys", "revoke", parent["id"]), who="carol")
    assert shell.fails(1, *place.ask(child["secret"])) == "this API key was revoked"


def test_an_account_shows_stake_balance_and_how_its_quota_comes_about(place: Place) -> None:
    shown = place.shell.text(*place.of("account"), who="carol")
    lines = dict(re.split(r": +", line, maxsplit=1) for line in shown.splitlines())
    assert re.fullmatch(r"300 IO at slot \d+", lines["active stake"])
    assert lines["quota of the day"].startswith("$0.0003, ")
    rule = "$0.000001 a day for each IO of active stake, from 200 IO on, $40 at most"
    assert lines["quota's rule"] == rule
    told = place.shell.json(*place.of("account"), who="carol")
    rules = {name: told["quota"][name] for name in ("per_io", "least_stake", "most")}
    assert rules == {"per_io": "$0.000001", "least_stake": "200 IO", "most": "$40"}


def test_an_answer_is_verified_with_what_was_asked_and_answered(place: Place, tmp_path: Path) -> None:
    (prompt := tmp_path / "prompt").write_text(json.dumps([{"role": "user", "content": QUESTION}]))
    (answer := tmp_path / "answer").write_text(place.text)
    done = place.shell.json(*place.verify("--prompt", prompt, "--answer", answer))
    assert done["checked"] == ["hour", "prompt", "answer"]
    assert done["receipt"]["answer"]["tokens"] == WORDS
    named = place.shell.text(*place.verify("--signer", done["signer"]))
    assert f"{WORDS} written" in named


def test_what_is_not_as_its_receipt_says_is_an_exit_with_one(place: Place, tmp_path: Path) -> None:
    shell = place.shell
    (other := tmp_path / "other").write_text(place.text.replace("w1 ", "w2 "))
    for what in ("prompt", "answer"):
        said = shell.fails(1, *place.verify(f"--{what}", other))
        assert said == f"the receipt is of another {what} than {other} holds"
    assert "not by" in shell.fails(1, *place.verify("--signer", shell.address("carol")))
    proof = httpx.get(f"{place.url}/v1/receipts/{place.answer['id']}").json()
    for changed in ({**proof, "receipt": {**proof["receipt"], "model": "large"}}, {}):
        (file := tmp_path / "proof").write_text(json.dumps(changed))
        assert "receipt" in shell.fails(1, "intelligence", "verify", file)


def test_what_was_paid_above_cost_is_in_the_vaults_once_it_is_settled(place: Place) -> None:
    market, settle = place.market, ("intelligence", "settle", "--state", place.state)
    before = vaulted(market)
    (sent,) = place.shell.json(*settle, who="keeper")
    # An IO is at $1.98: rounded up, once.
    assert (sent["units"], sent["state"]) == (-(-PAID_FOR * TOKEN // 1_980_000), "landed")
    assert vaulted(market) - before == sent["units"]
    assert "There is no surplus to send" in place.shell.text(*settle, who="keeper")
    books = place.shell.json("intelligence", "books", "--state", place.state)
    assert (books["currencies"]["io"]["sent"], books["differences"]) == (sent["units"], [])


def vaulted(market: Market) -> int:
    return sum(market.world.balance(pda.buyback.vault(IO_MINT, shard)) for shard in range(8))


def test_all_that_a_service_reads_of_stake_and_payments_is_final(place: Place) -> None:
    read = {method for method, _ in place.reads}
    assert {"getProgramAccounts", "getSignaturesForAddress", "getTransaction", "getAccountInfo"} <= read
    levels = {
        (method, next((each.get("commitment") for each in given if isinstance(each, dict)), None))
        for method, given in place.reads
    }
    assert {each for each in levels if each[1] != "finalized"} == set()

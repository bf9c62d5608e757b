"""Co-staking in Chromium, with a wallet of the Wallet Standard: from stake to claim to unstake, and lies."""

from __future__ import annotations

import asyncio
import threading
from base64 import b64encode
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import AdvanceNonceAccountParams, TransferParams, advance_nonce_account, transfer
from solders.transaction import VersionedTransaction
from spl.token.instructions import approve
from spl.token.models import ApproveParams
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from tests.explorer.browsing import serving, visit
from tests.explorer.conftest import Choices, Near
from tests.programs.market import CLASS, IO_MINT, Market
from tests.programs.people import TOKEN
from tests.programs.support import DAY

from ionet import AsyncClient, accounts, ix, pda, token_account
from ionet.administration.shards import shard_of
from ionet.chain.ids import TOKEN_PROGRAM
from ionet.ledger import Database

pytestmark = pytest.mark.slow

ASKED = 50 * TOKEN
owner_stake = ix.staking.owner_stake
THIEF = Pubkey.from_string("Thief11111111111111111111111111111111111111")


def _bytes(
    payer: Pubkey, *calls: Instruction, tables: Sequence[AddressLookupTableAccount] = (), price: int = 0
) -> bytes:
    budget = [set_compute_unit_limit(400_000), set_compute_unit_price(price)]
    message = MessageV0.try_compile(payer, [*budget, *calls], list(tables), Hash.default())
    return _unsigned(message)


def _unsigned(message: MessageV0) -> bytes:
    empty = [Keypair().sign_message(b"")] * message.header.num_required_signatures
    return bytes(VersionedTransaction.populate(message, empty))


def lies(market: Market) -> dict[str, tuple[str, bytes, str]]:
    """What a server answers instead of what was asked for, the action, and what the page has to say of it.

    Asked for is 50 IO of carol's stake on bob's node.
    """
    carol, node, other = market.carol.pubkey(), market.bob.node, market.alice.node
    purse, class_ = token_account(carol, IO_MINT), pda.staking.class_(CLASS)

    def stake(**given: Any) -> Instruction:
        usual = {"holder": carol, "class_": class_, "node": node, "source": purse, "amount": ASKED}
        return ix.staking.stake(**{**usual, **given})

    opening, right = ix.staking.open_position(holder=carol, node=node), stake()
    gift = transfer(TransferParams(from_pubkey=carol, to_pubkey=THIEF, lamports=10**9))
    leave = approve(
        ApproveParams(program_id=TOKEN_PROGRAM, source=purse, delegate=THIEF, owner=carol, amount=2**63)
    )
    foreign = Instruction(THIEF, bytes(right.data), right.accounts)
    nonce = advance_nonce_account(AdvanceNonceAccountParams(nonce_pubkey=THIEF, authorized_pubkey=carol))
    table = AddressLookupTableAccount(THIEF, [node, class_])
    honest = MessageV0.try_compile(carol, [opening, right], [], Hash.default())
    header = honest.header
    keys = [*honest.account_keys, THIEF]
    unused = MessageV0(header, keys, Hash.default(), honest.instructions, [])
    elsewhere = Keypair.from_seed(bytes(32)).pubkey()
    further = [AccountMeta(THIEF, False, True)]

    def unstake(amount: int) -> Instruction:
        return ix.staking.unstake(
            holder=carol, node=node, shard=shard_of(node), destination=purse, amount=amount
        )

    return {
        "a gift": ("stake", _bytes(carol, opening, right, gift), "calls the program 11111111111111111111"),
        "an allowance": ("stake", _bytes(carol, leave, right), f"calls the program {TOKEN_PROGRAM}"),
        "another amount": (
            "stake",
            _bytes(carol, opening, stake(amount=60 * TOKEN)),
            "is about 60 IO, and you asked for 50 IO",
        ),
        "another node": ("stake", _bytes(carol, stake(node=other)), f"{other} as node where {node} belongs"),
        "another program": ("stake", _bytes(carol, foreign), f"calls the program {THIEF}"),
        "another payer": (
            "stake",
            _bytes(elsewhere, opening, right),
            "other signatures than that of your wallet",
        ),
        "another wallet": ("stake", _bytes(elsewhere, stake(holder=elsewhere)), f"signed by {elsewhere}"),
        "another source": ("stake", _bytes(carol, stake(source=THIEF)), f"{THIEF} as source where {purse}"),
        "another vault": ("stake", _bytes(carol, stake(vault=THIEF)), f"{THIEF} as vault where"),
        "another position": ("stake", _bytes(carol, stake(position=THIEF)), f"{THIEF} as position where"),
        "another config": ("stake", _bytes(carol, stake(config=THIEF)), f"has {THIEF} as config"),
        "another token program": (
            "stake",
            _bytes(carol, stake(token_program=THIEF)),
            f"has {THIEF} as token_program",
        ),
        "another call": (
            "stake",
            _bytes(carol, unstake(ASKED)),
            "would do this: unstake",
        ),
        "a call more": (
            "stake",
            _bytes(carol, opening, right, right),
            "would do this: open_position, stake, stake",
        ),
        "an account more": (
            "stake",
            _bytes(carol, stake(remaining_accounts=further)),
            "does not have the form",
        ),
        "a durable nonce": ("stake", _bytes(carol, nonce, right), "calls the program 11111111111111111111"),
        "a lookup table": ("stake", _bytes(carol, opening, right, tables=[table]), "lookup table"),
        "a fee of an SOL": (
            "stake",
            _bytes(carol, right, price=2_500_000_000),
            "would pay 1 SOL for priority",
        ),
        "an unused account": ("stake", _unsigned(unused), "names accounts that nothing in it uses"),
        "a byte more": ("stake", _bytes(carol, opening, right) + b"\0", "Bytes follow the end"),
        "a byte less": ("stake", _bytes(carol, opening, right)[:-1], "is cut off"),
        "nothing": ("stake", _bytes(carol), "would do this: nothing"),
        "another purse": (
            "claim",
            _bytes(carol, ix.staking.claim(holder=carol, node=node, destination=THIEF)),
            f"{THIEF} as destination where {purse} belongs",
        ),
        "all that is there": (
            "unstake",
            _bytes(carol, unstake(60 * TOKEN)),
            "is about 60 IO, and you asked for 50 IO",
        ),
        "stake for rewards": ("claim", _bytes(carol, right), "You asked to claim"),
        "an owner's call": (
            "stake",
            _bytes(carol, owner_stake(owner=carol, class_=class_, node=node, source=purse, amount=ASKED)),
            "would do this: owner_stake",
        ),
    }


def lies_to_owners(market: Market) -> dict[str, tuple[str, bytes, str]]:
    """What a server answers instead of 50 IO of bob's own side of his node; see `lies`."""
    bob, node, other = market.bob.owner.pubkey(), market.bob.node, market.alice.node
    purse, class_ = token_account(bob, IO_MINT), pda.staking.class_(CLASS)

    def leave(**given: Any) -> Instruction:
        usual = {"owner": bob, "class_": class_, "node": node, "offer": pda.jobs.offer(node)}
        more = {"shard": shard_of(node), "destination": purse, "amount": ASKED}
        return ix.staking.owner_unstake(**{**usual, **more, **given})

    added = owner_stake(owner=bob, class_=class_, node=node, source=purse, amount=ASKED)
    others = ix.staking.owner_activate(node=other, shard=shard_of(other))
    co_stake = ix.staking.stake(holder=bob, class_=class_, node=node, source=purse, amount=ASKED)
    return {
        "owner: co-stake": ("stake", _bytes(bob, co_stake), "would do this: stake"),
        "owner: off the node": ("stake", _bytes(bob, leave()), "would do this: owner_unstake"),
        "owner: twice": ("stake", _bytes(bob, added, added), "would do this: owner_stake, owner_stake"),
        "owner: another's": ("stake", _bytes(bob, others, added), f"{other} as node where {node} belongs"),
        "owner: another node": ("unstake", _bytes(bob, leave(node=other)), f"{other} as node where {node}"),
        "owner: another offer": ("unstake", _bytes(bob, leave(offer=THIEF)), f"{THIEF} as offer where"),
        "owner: another shard": (
            "unstake",
            _bytes(bob, leave(shard=THIEF)),
            "as shard where",
        ),
        "owner: another purse": ("unstake", _bytes(bob, leave(destination=THIEF)), f"{THIEF} as destination"),
        "owner: another amount": (
            "unstake",
            _bytes(bob, leave(amount=60 * TOKEN)),
            "is about 60 IO, and you asked for 50 IO",
        ),
        "owner: rewards": (
            "claim",
            _bytes(bob, ix.staking.owner_claim(owner=bob, node=node, destination=THIEF)),
            f"{THIEF} as destination where {purse} belongs",
        ),
    }


class Alone(Near):
    """Asks while nothing else does."""

    def __init__(self, market: Market, turn: threading.Lock) -> None:
        super().__init__(market.world.client)
        self._turn = turn

    def ask(self, question: Callable[[AsyncClient], Coroutine[Any, Any, Any]]) -> Any:
        with self._turn:
            return super().ask(question)


@dataclass(slots=True)
class Played:
    """Stands before an explorer: answers with lies that a request names, and turns the clock."""

    market: Market
    lies: dict[str, tuple[str, bytes, str]]
    lock: threading.Lock = field(default_factory=threading.Lock)
    seen: list[tuple[accounts.staking.Position, int]] = field(default_factory=list)
    #: Of the node's owner.
    owned: list[tuple[accounts.staking.Node, int]] = field(default_factory=list)

    def around(self, app: ASGIApp) -> ASGIApp:
        async def play(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and scope["path"].startswith("/test/"):
                await asyncio.to_thread(self._turn, scope["path"].removeprefix("/test/"))
                await JSONResponse({})(scope, receive, send)
                return
            calls = scope["type"] == "http" and scope["path"].startswith("/api/v1/calls/")
            if calls and (name := Headers(scope=scope).get("x-lie")) is not None:
                answer = {"transaction": b64encode(self.lies[name][1]).decode(), "since": 0}
                await JSONResponse(answer)(scope, receive, send)
                return
            await app(scope, receive, send)

        return play

    def _turn(self, what: str) -> None:
        with self.lock:
            self._turned(what)

    def _turned(self, what: str) -> None:
        market, bob = self.market, self.market.bob
        self.seen.append((market.position(market.carol, bob), market.purse(market.carol)))
        self.owned.append((market.node(bob), market.purse(bob.owner)))
        match what:
            case "credited":
                market.world.advance(14 * DAY)
                market.credited_until_now(of=bob)
            case "rewarded":
                market.unbounded(of=bob)
                lifetimes = {bob.node: market.node(bob).credited + 50 * TOKEN}
                lifetimes[market.alice.node] = market.node().credited
                market.send(market.credit(market.publish(lifetimes), of=bob))
            case "cooled":
                market.world.advance(14 * DAY)


@dataclass(frozen=True, slots=True)
class Staked:
    """What the browser says, and what was on chain after each step."""

    said: Any
    seen: list[tuple[accounts.staking.Position, int]]
    owned: list[tuple[accounts.staking.Node, int]]
    lies: dict[str, tuple[str, bytes, str]]
    market: Market


@pytest.fixture(scope="module")
def staked(tools: None, choices: Choices) -> Staked:
    market = choices.market
    for_owners = lies_to_owners(market)
    play = Played(market, lies(market) | for_owners)
    carol = market.carol
    with (
        Database.open(choices.place) as database,
        serving(database, Alone(market, play.lock), play.around) as url,
    ):
        said = visit(
            "wallets.mjs",
            {
                "url": url,
                "node": str(market.bob.node),
                "address": str(carol.pubkey()),
                "other": str(market.dave.pubkey()),
                "owner": str(market.bob.owner.pubkey()),
                "seed": carol.secret().hex(),
                "ownerSeed": market.bob.owner.secret().hex(),
                "lies": {name: it[0] for name, it in play.lies.items() if name not in for_owners},
                "ownerLies": {name: it[0] for name, it in for_owners.items()},
            },
        )
    return Staked(said, play.seen, play.owned, play.lies, market)


def test_pages_with_a_wallet_are_accessible_fit_the_screen_and_ask_nobody_else(staked: Staked) -> None:
    assert staked.said["wrong"] == []


def test_a_server_that_lies_is_caught_before_the_wallet_is_asked(staked: Staked) -> None:
    told = staked.said["told"]
    for name, (_, _, sentence) in staked.lies.items():
        assert sentence in told[name].replace("\u202f", " "), name
        assert "Nothing was signed." in told[name], name
    assert staked.said["signedLies"] == 0


def test_what_a_wallet_has_changed_is_not_sent(staked: Staked) -> None:
    assert "The wallet changed the transaction, so it was not sent." in staked.said["told"]["wallet"]


def test_an_amount_that_is_none_is_asked_for_again(staked: Staked) -> None:
    for written, sentence in staked.said["written"].items():
        assert "Write an amount such as 12.5" in sentence, written


def test_stake_is_moved_as_the_page_said_from_stake_to_withdrawal(staked: Staked) -> None:
    journey = staked.said["journey"][: staked.said["owned"]["from"]]
    steps = {each["action"]: each for each in journey}
    assert len(journey) == 7
    assert all(each["result"].startswith("Done.") for each in journey), journey
    purse, node = token_account(staked.market.carol.pubkey(), IO_MINT), staked.market.bob.node
    said = {name: [line.replace("\u202f", " ") for line in each["does"]] for name, each in steps.items()}
    # Of the second time, when the first was credited.
    assert said["stake"][:2] == [
        f"Makes your pending stake on the node {node} active.",
        f"Moves 10 IO from your account {purse} to the node {node}, as your stake.",
    ]
    assert said["claim"][0] == f"Pays all rewards of your stake on the node {node} to your account {purse}."
    *steps_before_last, all_of_it = journey
    twenty = [each["does"][0] for each in steps_before_last if each["action"] == "unstake"]
    assert twenty[0].replace("\u202f", " ").startswith(f"Takes 20 shares of your stake off the node {node}")

    (first, left), (second, _), (third, claimed), (fourth, _), (fifth, freed), (last, whole) = staked.seen[:6]
    assert (first.pending, first.active, left) == (50 * TOKEN, 0, 1_950 * TOKEN)
    assert (second.pending, second.active) == (10 * TOKEN, 50 * TOKEN)
    # Of 50 IO: 50 of 350 active parts of stake, less the commission of 5 %.
    reward = 50 * TOKEN * 50 // 350 * 95 // 100
    assert abs(claimed - 1_940 * TOKEN - reward) <= 2
    assert third.due == 0
    assert fourth.pending > 0
    assert fourth.active == 60 * TOKEN
    assert freed - claimed == fourth.pending
    assert sum(slot.amount for slot in fifth.cooling.slots) == 20 * TOKEN - fourth.pending
    assert whole - freed == 20 * TOKEN - fourth.pending
    assert fifth.active == last.active == 60 * TOKEN - (20 * TOKEN - fourth.pending)
    # Then all that is left, to the last share: nothing was pending, so that all of it cools.
    after, same = staked.seen[6]
    exact = format(Decimal(last.active).scaleb(-8).normalize(), "f")
    assert f"Takes {exact} shares" in all_of_it["does"][0].replace("\u202f", " ")
    assert (after.active, after.pending, same) == (0, 0, whole)
    assert sum(slot.amount for slot in after.cooling.slots) == last.active


def test_an_owner_moves_their_own_side_as_the_page_said(staked: Staked) -> None:
    journey = staked.said["journey"][staked.said["owned"]["from"] :]
    assert [each["action"] for each in journey] == ["claim", "stake", "unstake"]
    assert all(each["result"].startswith("Done.") for each in journey), journey
    node = staked.market.bob.node
    purse = token_account(staked.market.bob.owner.pubkey(), IO_MINT)
    said = [each["does"][0].replace("\u202f", " ") for each in journey]
    assert said[0] == f"Pays all rewards of your node {node} to your account {purse}."
    assert said[1].startswith(
        f"Moves 10 IO from your account {purse} to your node {node}, as its owner's stake"
    )
    assert said[2].startswith(f"Takes 4 IO of the owner's stake off your node {node}.")
    (before, at_first), (claimed, paid), (added, less), (left, again) = staked.owned[-4:]
    assert before.own.due == paid - at_first > 0
    assert claimed.own.due == 0
    assert (added.own.pending - claimed.own.pending, paid - less) == (10 * TOKEN, 10 * TOKEN)
    # Pending stake leaves at once.
    assert (left.own.pending, left.own.active) == (added.own.pending - 4 * TOKEN, before.own.active)
    assert again - less == 4 * TOKEN


def test_an_owner_sees_all_of_their_nodes(staked: Staked) -> None:
    node = staked.market.node(staked.market.bob)
    shown = [cell.replace("\n", " ") for cell in staked.said["owned"]["row"]]
    assert len(shown) == 6
    assert shown[1].startswith(format(Decimal(node.own.active).scaleb(-8).normalize(), "f"))


def test_the_rent_that_the_page_names_is_that_of_a_position(staked: Staked) -> None:
    world = staked.market.world
    address = pda.staking.position(staked.market.bob.node, staked.market.carol.pubkey())
    held = world.client.account(address)
    assert held is not None
    known = len(held.data)
    assert known == accounts.staking.Position.SIZE
    assert held.lamports == (128 + known) * 6_960

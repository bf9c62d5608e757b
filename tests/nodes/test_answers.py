"""The embedded network's answers have the shape of a validator's: keys, types, and codes of errors.

Both have the same market on them.
"""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pytest
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import Message, MessageV0, to_bytes_versioned
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import Transaction, VersionedTransaction
from tests.nodes.market import Market
from websockets.sync.client import connect

import ionet
from ionet import IO, USD, FeePolicy, HttpTransport, RpcError, pda, token_account
from ionet.chain import transactions
from ionet.chain._sync import send as sending
from ionet.chain.ids import TOKEN_PROGRAM
from ionet.chain.pda import program_data
from ionet.chain.rpc import pubsub
from ionet.chain.rpc.methods import _METHODS

pytestmark = [pytest.mark.node, pytest.mark.parametrize("kind", ["validator"], indirect=True)]

MEMO: Final = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
NOBODY: Final = str(Pubkey(bytes([5]) * 32))
UNKNOWN: Final = str(Keypair().sign_message(b"never sent"))
STAKING: Final = str(ionet.accounts.staking.Node.PROGRAM_ID)
MINT: Final = str(pda.mint.MINT)
SEEN: Final = {"commitment": "confirmed"}
RAW: Final = SEEN | {"encoding": "base64"}
V0: Final = SEEN | {"maxSupportedTransactionVersion": 0}
FAR_SLOT: Final = {"minContextSlot": 10**9}


def with_filters(*filters: Any) -> dict[str, Any]:
    return RAW | {"filters": list(filters)}


#: For each method the parameters; what begins with @ is found on each side, see `Side.value`.
CASES: Final[Mapping[str, Sequence[Sequence[Any]]]] = {
    "getHealth": [[], ["x"]],
    "getVersion": [[], [1]],
    "getGenesisHash": [[]],
    "getSlot": [
        *([], [SEEN], [None], ["x"], [5], [[]], [{}, 1], [FAR_SLOT]),
        *([{"minContextSlot": -1}], [{"minContextSlot": "1"}]),
    ],
    "getBlockHeight": [[SEEN], [7]],
    "getBlockTime": [["@slot"], [], ["x"], [-1], [1.5], [10**9], [None]],
    "getEpochInfo": [[], [SEEN], ["x"]],
    "getTransactionCount": [[SEEN], [3]],
    "getLatestBlockhash": [[SEEN], [3]],
    "isBlockhashValid": [["@blockhash", SEEN], [str(Hash.default()), SEEN], ["x"], [], [5], [None]],
    "getMinimumBalanceForRentExemption": [[100], [], ["x"], [-1], [1.0], [10**12]],
    "getRecentPrioritizationFees": [[], [["@bob"]], [["x"]], ["x"], [["@bob"] * 129], [[5]], [None]],
    "getFeeForMessage": [["@message", SEEN], ["x"], ["AAAA"], [], [4]],
    "getBalance": [
        *(["@bob", SEEN], [NOBODY, SEEN], [], [5], ["x"], ["11"], ["0OIl" * 11], ["1" * 200]),
        *(["@bob", "x"], ["@bob", SEEN, 1]),
    ],
    "getAccountInfo": [
        *(["@node", RAW], [NOBODY, RAW], ["@bob", SEEN], ["@node", SEEN], ["@node", RAW | {"unknown": 1}]),
        *(
            [address, SEEN | {"encoding": encoding}]
            for address in ("@node", "@bob", "@wallet", MINT, STAKING, "@code")
            for encoding in ("base64+zstd", "base58", "binary", "jsonParsed")
        ),
        ["@node", SEEN | {"encoding": "base58", "dataSlice": {"offset": 0, "length": 8}}],
        *(
            ["@node", RAW | {"dataSlice": part}]
            for part in ({"offset": 0, "length": 8}, {"offset": 10**6, "length": 8}, {"offset": 0}, 5)
        ),
        *(["@node", SEEN | {"encoding": wrong}] for wrong in ("x", 5, "json")),
        *(["@node", "base64"], ["@node", 5], [], [None], ["x"], ["@node", RAW | FAR_SLOT]),
    ],
    "getMultipleAccounts": [
        *([["@node", NOBODY, "@bob"], RAW], [[], RAW], [["@node", "@bob"], SEEN]),
        [["@node", "@wallet"], SEEN | {"encoding": "jsonParsed"}],
        *([["@node"] * 101, RAW], [["x"], RAW], ["x", RAW], [], [[5], RAW]),
        [["@node"], SEEN | {"encoding": "base58"}],
    ],
    "getProgramAccounts": [
        *([STAKING, RAW], [STAKING, RAW | {"withContext": True}], [STAKING, SEEN], [NOBODY, RAW]),
        *(
            [STAKING, with_filters(*filters)]
            for filters in (
                [{"dataSize": 100}],
                [{"memcmp": {"offset": 0, "bytes": "11111"}}],
                [{"memcmp": {"offset": 0, "bytes": "AAAA", "encoding": "base64"}}],
                [{"memcmp": {"offset": 0, "bytes": [0, 1]}}],
                ["tokenAccountState"],
                [{"memcmp": {"offset": 0, "bytes": "1" * 200}}],
                [{"memcmp": {"offset": 0, "bytes": "0"}}],
                [{"memcmp": {"offset": 0}}],
                [{"memcmp": {"offset": -1, "bytes": "11"}}],
                [{"memcmp": {"offset": 0, "bytes": "1", "encoding": "x"}}],
                [{"memcmp": {"offset": 0, "bytes": "!!", "encoding": "base64"}}],
                [{"dataSize": "x"}],
                [{"dataSize": -1}],
                [{"x": 1}],
                [{"dataSize": 1}] * 5,
            )
        ),
        *([STAKING, RAW | {"filters": 5}], [STAKING, RAW | {"withContext": "x"}], ["x"], []),
    ],
    "getTokenAccountBalance": [*([one, SEEN] for one in ("@wallet", "@bob", NOBODY, MINT)), ["x"], []],
    "getTokenSupply": [*([one, SEEN] for one in (MINT, "@wallet", "@bob", NOBODY)), ["x"], []],
    "getTokenAccountsByOwner": [
        *(["@bob", {"mint": MINT}, RAW], ["@bob", {"programId": str(TOKEN_PROGRAM)}, RAW]),
        ["@bob", {"mint": MINT}, SEEN | {"encoding": "jsonParsed"}],
        *(["@bob", {"mint": one}, RAW] for one in (NOBODY, "@wallet", "@bob", 5, "x")),
        *(["@bob", which, RAW] for which in ({"programId": NOBODY}, {}, {"mint": MINT, "programId": MINT})),
        *(["@bob", {"mint": MINT}], ["@bob"], ["x", {"mint": MINT}], ["@bob", 5], []),
    ],
    "requestAirdrop": [
        *(["@bob", 1_000], ["@bob"], [], ["x", 1], ["@bob", -1], ["@bob", "x"], ["@bob", 1.5]),
    ],
    "simulateTransaction": [
        *(["@transfer", RAW], ["@transfer", RAW | {"sigVerify": True}], ["@failing", RAW], ["@staking", RAW]),
        ["@staking", RAW | {"innerInstructions": True, "replaceRecentBlockhash": True}],
        *(["@expired", RAW], ["@expired", RAW | {"replaceRecentBlockhash": True}]),
        *(["@unsigned", RAW], ["@unsigned", RAW | {"sigVerify": True}]),
        ["@transfer", RAW | {"sigVerify": True, "replaceRecentBlockhash": True}],
        *(
            [which, RAW | {"accounts": {"encoding": encoding, "addresses": addresses}}]
            for which in ("@transfer", "@expired")
            for encoding, addresses in (
                ("base64", ["@bob", NOBODY]),
                ("base64+zstd", ["@bob"]),
                ("base58", ["@bob"]),
                ("base64", ["@bob"] * 9),
            )
        ),
        *(["@transfer", RAW | {"accounts": one}] for one in ({"addresses": ["@bob"]}, {"addresses": ["x"]})),
        ["@transfer", RAW | {"accounts": 5}],
        *(["@transfer", SEEN | more] for more in ({}, {"encoding": "x"}, {"encoding": "json"})),
        *(["@transfer", RAW | more] for more in ({"sigVerify": "x"}, FAR_SLOT)),
        *(["AAAA", RAW], ["!!", RAW], ["0", SEEN], [], [5], ["A" * 4_000, RAW]),
    ],
    "sendTransaction": [
        *([one, RAW | {"preflightCommitment": "confirmed"}] for one in ("@transfer", "@failing")),
        *(["@transfer", RAW | {"skipPreflight": True}], ["@expired", RAW], ["@unsigned", RAW]),
        *(["@expired", RAW | {"skipPreflight": True}], ["@unsigned", RAW | {"skipPreflight": True}]),
        *(["@transfer", SEEN | more] for more in ({}, {"encoding": "x"}, {"encoding": "json"})),
        *(
            ["@transfer", RAW | more]
            for more in ({"preflightCommitment": "x"}, {"maxRetries": "x"}, {"skipPreflight": 5})
        ),
        *(["AAAA", RAW], ["!!", RAW], ["0", SEEN], [], [5], ["A" * 4_000, RAW]),
        *(["1" * 2_000, SEEN], ["", RAW]),
    ],
    "getSignatureStatuses": [
        *([["@paid", "@failed", UNKNOWN], {"searchTransactionHistory": True}], [[]]),
        *([["x"]], ["x"], [], [[5]], [["@paid"] * 257], [["@paid"], {"searchTransactionHistory": 5}]),
    ],
    "getSignaturesForAddress": [
        *(["@carol", SEEN], ["@carol", SEEN | {"limit": 1}], [NOBODY, SEEN]),
        *(["@carol", SEEN | {"before": "@staked"}], ["@carol", SEEN | {"until": "@paid"}]),
        *(["@carol", SEEN | {"limit": wrong}] for wrong in (0, 1_001, -1, "x")),
        *(["@carol", SEEN | {name: wrong}] for name in ("before", "until") for wrong in ("x", UNKNOWN, 5)),
        *(["x"], [], ["@carol", SEEN | FAR_SLOT], ["@carol", {"commitment": "processed"}], ["@carol", 5]),
    ],
    "getTransaction": [
        *(["@paid", V0 | {"encoding": one}] for one in ("base64", "base58", "binary", "json")),
        *(["@offered", V0 | {"encoding": "jsonParsed"}], ["@failed", V0], ["@staked", V0]),
        *(["@legacy", SEEN], ["@legacy", V0], ["@legacy", RAW], ["@paid", RAW], [UNKNOWN, SEEN]),
        *(["x"], [], [5], ["@paid", 5], ["@paid", V0 | {"encoding": "x"}]),
        ["@paid", V0 | {"commitment": "processed"}],
        *(["@paid", SEEN | {"maxSupportedTransactionVersion": wrong}] for wrong in ("x", 256, -1)),
    ],
}  # fmt: skip


@dataclass(slots=True)
class Side:
    """One of the networks, with what happened on it."""

    client: ionet.Client
    market: Market
    seen: dict[str, str]

    def ask(self, method: str, params: Sequence[Any]) -> Any:
        """The shape of an answer, or the code of an error with the shape of its data."""
        try:
            answer = self.client.request(method, *self.filled(params))
        except RpcError as bad:
            return {"code": bad.code, "data": shape(bad.data)}
        return {"result": shape(answer)}

    def filled(self, value: Any) -> Any:
        """Parameters with this side's values in them."""
        match value:
            case str() if value.startswith("@"):
                return self.value(value[1:])
            case list():
                return [self.filled(one) for one in value]
            case dict():
                return {name: self.filled(one) for name, one in value.items()}
        return value

    def value(self, name: str) -> Any:
        """What a name stands for."""
        if name in self.seen:
            return self.seen[name]
        if name in self.market.people:
            return str(self.market.key(name))
        match name:
            case "node":
                return str(self.market.node)
            case "wallet":
                return str(token_account(self.market.key("bob"), pda.mint.MINT))
            case "code":
                return str(program_data(Pubkey.from_string(STAKING)))
            case "slot":
                return self.client.transaction(self.seen["paid"]).slot
            case "blockhash":
                return str(self.client.blockhash()[0])
            case "message":
                return b64encode(bytes(to_bytes_versioned(self.message(pay(self.market))))).decode()
        return transactions.encoded(self.transaction(name))

    def message(self, *instructions: Instruction, expired: bool = False) -> MessageV0:
        """A message of carol's with a fresh blockhash, or with none that was ever one."""
        blockhash = Hash(bytes([3]) * 32) if expired else self.client.blockhash()[0]
        return MessageV0.try_compile(self.market.key("carol"), instructions, [], blockhash)

    def transaction(self, name: str) -> VersionedTransaction:
        """A transaction that was not sent yet."""
        carol = self.market.people["carol"]
        match name:
            case "failing":
                message = self.message(pay(self.market, 10**18))
            case "staking":
                message = self.message(*stake(self.market, self.client).ix())
            case _:
                message = self.message(pay(self.market), expired=name == "expired")
        return (
            transactions.unsigned(message) if name == "unsigned" else VersionedTransaction(message, [carol])
        )


def pay(market: Market, lamports: int = 10_000_000) -> Instruction:
    """A transfer from carol to bob."""
    carol, bob = market.key("carol"), market.key("bob")
    return transfer(TransferParams(from_pubkey=carol, to_pubkey=bob, lamports=lamports))


def stake(market: Market, client: ionet.Client) -> ionet.Call[Any]:
    """Carol's call to stake on the node of alice's that has room."""
    second = next(one.address for one in market.near.staking.nodes() if one.address != market.node)
    return client.as_(market.people["carol"]).staking.stake(second, IO(1))


def shape(value: Any) -> Any:
    """Keys and types of JSON."""
    match value:
        case {"parsed": _, "programId": _, "stackHeight": _}:
            # An instruction that validators take apart; here all are shown as those of unknown programs.
            return shape({"accounts": [NOBODY], "data": "", "programId": NOBODY, "stackHeight": 1})
        case dict():
            return {name: shape(value[name]) for name in sorted(value) if name != _LEFT_OUT}
        case list():
            return sorted({json.dumps(shape(one), sort_keys=True) for one in value})
    return type(value).__name__


#: What a validator's scheduler reckons a transaction to cost: nothing schedules here, and it may be left out.
_LEFT_OUT: Final = "costUnits"


@pytest.fixture(scope="module")
def sides(market: Market) -> Iterator[tuple[Side, Side]]:
    """The validator, and the embedded network; the same has happened on both."""
    transport: Any = market.client.transport
    with ionet.Client(HttpTransport(transport.url, retries=0)) as real:
        yield happened(market, real), happened(market, market.near)


def happened(market: Market, client: ionet.Client) -> Side:
    """Sends one transaction of each kind."""
    carol = client.as_(market.people["carol"])
    paid = carol.send(pay(market), Instruction(MEMO, b"for bob", []))
    with pytest.raises(ionet.TransactionFailed) as failed:
        carol.call(pay(market, 10**18)).send(fees=FeePolicy(compute_limit=1_000))
    legacy = Transaction(
        [market.people["carol"]], Message([pay(market, 20_000_000)], carol.address), carol.blockhash()[0]
    )
    raw = b64encode(bytes(legacy)).decode()
    signature = carol.request("sendTransaction", raw, {"encoding": "base64", "skipPreflight": True})
    sending.wait(carol, signature, "confirmed")
    staked = stake(market, client).send()
    offered = client.as_(market.people["alice"]).jobs.offer(market.node, rate=USD("2.5")).send()
    assert failed.value.signature is not None
    seen = {
        "paid": paid.signature,
        "failed": failed.value.signature,
        "legacy": signature,
        "staked": staked.signature,
        "offered": offered.signature,
    }
    # What is asked for without a level is what is final.
    until = time.monotonic() + 30
    while not _is_final(client, offered.signature):
        assert time.monotonic() < until
        time.sleep(0.1)
    return Side(client, market, seen)


def _is_final(client: ionet.Client, signature: str) -> bool:
    (status,) = client.request("getSignatureStatuses", [signature])["value"]
    return status is not None and status["confirmationStatus"] == "finalized"


def test_every_method_is_compared(kind: str) -> None:
    assert set(CASES) == {name for name in _METHODS if not name.startswith("surfnet_")}


@pytest.mark.parametrize("method", CASES)
def test_answers_have_a_validators_shape(sides: tuple[Side, Side], method: str) -> None:
    real, embedded = sides
    differing = []
    for params in CASES[method]:
        wanted, found = real.ask(method, params), embedded.ask(method, params)
        if wanted != found:
            differing.append(f"{params!r:.200}\n  validator: {wanted}\n  here:      {found}")
    assert not differing, "\n".join(differing)


# -- subscriptions

SUBSCRIPTIONS: Final[Mapping[str, Sequence[Sequence[Any]]]] = {
    "accountSubscribe": [
        *(["@bob", RAW], [], [5], ["x"], ["@bob", 5], ["@bob", SEEN | {"encoding": "x"}]),
    ],
    "programSubscribe": [
        *([STAKING, RAW], [], ["x"], [STAKING, with_filters({"x": 1})], [STAKING, RAW | {"filters": 5}]),
    ],
    "logsSubscribe": [
        *([{"mentions": ["@carol"]}, SEEN], ["all", SEEN], [], [5], ["x"], [{"mentions": ["x"]}]),
        *([{"mentions": ["@carol", "@bob"]}], [{"mentions": []}], [{}]),
    ],
    "signatureSubscribe": [["@sent", SEEN], [], [5], ["x"], ["@sent", 5]],
    "slotSubscribe": [[], [1]],
    "rootSubscribe": [[], [1]],
    **{
        f"{kind}Unsubscribe": [[10**6], [], ["x"], [-1]]
        for kind in ("account", "program", "logs", "signature", "slot", "root")
    },
}


def test_every_subscription_is_compared(kind: str) -> None:
    assert set(SUBSCRIPTIONS) == set(pubsub._METHODS)


def test_subscriptions_and_what_they_tell_have_a_validators_shape(sides: tuple[Side, Side]) -> None:
    real, embedded = sides
    wanted = listened(real, real.client.transport.websocket)  # type: ignore[attr-defined]
    with embedded.client.network.serve() as server:
        assert server.ws_url is not None
        found = listened(embedded, server.ws_url)
    assert wanted.keys() == found.keys()
    differing = [
        f"{asked}\n  validator: {wanted[asked]}\n  here:      {found[asked]}"
        for asked in wanted
        if wanted[asked] != found[asked]
    ]
    assert not differing, "\n".join(differing)


def listened(side: Side, url: str) -> dict[str, Any]:
    """The shape of each response, and of the first notification of each kind."""
    transaction = VersionedTransaction(
        side.message(pay(side.market), *stake(side.market, side.client).ix()), [side.market.people["carol"]]
    )
    side.seen["sent"] = str(transaction.signatures[0])
    shapes: dict[str, Any] = {}
    kinds = {f"{kind}Notification" for kind in ("account", "program", "logs", "signature", "slot", "root")}
    with connect(url) as connection:
        asked = [(method, params) for method, cases in SUBSCRIPTIONS.items() for params in cases]
        for number, (method, params) in enumerate(asked):
            body = {"jsonrpc": "2.0", "id": number, "method": method, "params": side.filled(params)}
            connection.send(json.dumps(body))
        sent, answered = False, 0
        until = time.monotonic() + 20
        while not (answered == len(asked) and kinds <= shapes.keys()):
            assert time.monotonic() < until, f"not told: {kinds - shapes.keys()}"
            said = json.loads(connection.recv(timeout=10))
            if "method" in said:
                shapes.setdefault(said["method"], shape(said))
                continue
            answered += 1
            method, params = asked[said["id"]]
            error = said.get("error")
            shapes[f"{method} {params}"] = shape(said) if error is None else error["code"]
            if answered == len(asked) and not sent:
                sent = True
                raw = transactions.encoded(transaction)
                side.client.request("sendTransaction", raw, RAW | {"skipPreflight": True})
    return shapes


def test_a_commitment_that_there_is_none_of_is_refused_here_alone(sides: tuple[Side, Side]) -> None:
    """A validator silently takes it for the usual one."""
    real, embedded = sides
    params = ["@bob", {"commitment": "x"}]
    assert "result" in real.ask("getBalance", params)
    assert embedded.ask("getBalance", params)["code"] == -32602

"""Every way of sending, against a node with faults: outcomes are the chain's, or named unknown.

After each run the network itself is asked what happened: what is called landed is there, what is called
expired is not and never will be, and whoever repeats what is called safe to repeat has done it once.
"""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
from solders.hash import Hash
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import (
    AdvanceNonceAccountParams,
    TransferParams,
    advance_nonce_account,
    create_nonce_account,
    transfer,
)
from solders.transaction import VersionedTransaction
from tests.faults import MODES, SEND, FaultProxy, lost

import ionet
from ionet import (
    SOL,
    AsyncClient,
    AsyncHttpTransport,
    Client,
    HttpTransport,
    IonetError,
    RpcError,
    TransactionExpired,
    TransactionNotShown,
    TransactionUnknown,
    TransportError,
)
from ionet.chain._async import send as async_sending
from ionet.chain._sync import send as sending
from ionet.chain.nonces import nonce_of

AMOUNT: Final = 10**6
#: The path of a transaction with a durable nonce.
NONCE: Final = "client.send_signed, nonce"
#: Modes under which nobody can know, at the level that is waited for.
UNKNOWABLE: Final = {
    "statuses of a node that lags for ever",
    "statuses of processed for ever",
    "statuses fail for ever",
}
#: Modes under which nothing is sent, because what comes before fails.
NOTHING_SENT: Final = {"simulation refused", "simulation null", "blockhash refused", "blockhash null"}
#: Modes under which it lands, and nobody can see what it did.
NOT_SHOWN: Final = {"never shown", "showing refused"}
#: Modes under which it never lands.
NEVER: Final = {"lost for ever", "refused for ever"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    callspec = getattr(request.node, "callspec", None)
    mode = callspec.params.get("bench") if callspec else None
    # A nonce does not run out by itself: what was lost may land one day.
    endless = callspec is not None and callspec.params.get("path") == NONCE and mode in NEVER
    # Only where nobody can know is the end of patience waited for: a busy machine must not bring it.
    patience = 0.4 if mode in UNKNOWABLE or endless else 60.0
    for module in (sending, async_sending):
        monkeypatch.setattr(module, "POLL", 0.004)
        monkeypatch.setattr(module, "REBROADCAST", 0.02)
        monkeypatch.setattr(module, "GIVE_UP", patience)
        monkeypatch.setattr(module, "LONGEST", patience)
        monkeypatch.setattr(module, "SHOW_TRIES", 6)
        monkeypatch.setattr(module, "WAIT_TRIES", 40)


@dataclass
class Bench:
    """A network, a proxy before it, and somebody whose transfers can be counted."""

    client: Client
    proxy: FaultProxy
    to: Pubkey

    def times(self) -> int:
        """How often the transfer happened, by the chain itself."""
        account = self.client.network.account(self.to)
        return 0 if account is None else account.lamports // AMOUNT

    def instruction(self) -> Any:
        return transfer(TransferParams(from_pubkey=self.client.address, to_pubkey=self.to, lamports=AMOUNT))

    def far(self) -> Client:
        return Client(HttpTransport(self.proxy.url, backoff=0.001, retries=1), signer=self.client.signer)


def by_call(bench: Bench) -> None:
    with bench.far() as client:
        client.call(bench.instruction()).send()


def by_client(bench: Bench) -> None:
    with bench.far() as client:
        client.send(bench.instruction())


def by_call_at_finalized(bench: Bench) -> None:
    with bench.far() as client:
        client.call(bench.instruction()).send(commitment="finalized")


def by_coroutine(bench: Bench) -> None:
    async def run() -> None:
        transport = AsyncHttpTransport(bench.proxy.url, backoff=0.001, retries=1)
        client = AsyncClient(transport, signer=bench.client.signer)
        try:
            await client.call(bench.instruction()).send()
        finally:
            await client.aclose()

    asyncio.run(run())


def signed(bench: Bench) -> VersionedTransaction:
    network = bench.client.network
    message = MessageV0.try_compile(bench.client.address, [bench.instruction()], [], network.latest_blockhash)
    signer = bench.client.signer
    assert isinstance(signer, Keypair)
    return VersionedTransaction(message, [signer])


def as_signed(bench: Bench) -> None:
    with bench.far() as client:
        client.send_signed(signed(bench))


def with_nonce(bench: Bench) -> None:
    """A transaction that was signed long ago, with a durable nonce."""
    client, account = bench.client, Keypair()
    made = create_nonce_account(client.address, account.pubkey(), client.address, 10**7)
    client.call(*made, signers=[account]).send()
    stored = client.network.account(account.pubkey())
    assert stored is not None
    nonce = nonce_of(bytes(stored.data))
    assert nonce is not None
    advance = advance_nonce_account(
        AdvanceNonceAccountParams(nonce_pubkey=account.pubkey(), authorized_pubkey=client.address)
    )
    message = MessageV0.try_compile(
        client.address, [advance, bench.instruction()], [], Hash.from_string(nonce)
    )
    assert isinstance(client.signer, Keypair)
    client.network.clock.advance(86_400)
    with bench.far() as far:
        far.send_signed(VersionedTransaction(message, [client.signer]))


PATHS: Final[dict[str, Callable[[Bench], None]]] = {
    "call.send": by_call,
    "client.send": by_client,
    "call.send, finalized": by_call_at_finalized,
    "await call.send": by_coroutine,
    "client.send_signed": as_signed,
    NONCE: with_nonce,
}


@pytest.fixture
def bench(bare: Client, request: pytest.FixtureRequest) -> Iterator[Bench]:
    name: str = request.param
    mode = MODES[name]
    network = bare.network

    def passing(asked: Any) -> Any:
        # Each look at the chain takes a while, so that blockhashes do run out.
        if asked.method in ("getEpochInfo", "isBlockhashValid"):
            network.clock.advance(0, slots=60)
        return mode(asked)

    with FaultProxy(network, passing) as proxy:
        yield Bench(bare, proxy, Keypair().pubkey())


def outcome(path: Callable[[Bench], None], bench: Bench) -> IonetError | None:
    try:
        path(bench)
    except IonetError as bad:
        return bad
    return None


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("bench", MODES, indirect=True)
def test_every_outcome_is_the_chains_or_unknown(
    bench: Bench, path: str, request: pytest.FixtureRequest
) -> None:
    mode = request.node.callspec.params["bench"]
    ended = outcome(PATHS[path], bench)
    times = bench.times()
    print(f"{mode:<48} {path:<24} {type(ended).__name__ if ended else 'landed':<20} {times}")
    match ended:
        case None | TransactionNotShown():
            assert times == 1
        case TransactionExpired():
            assert times == 0
            # It is safe to repeat: what was sent can no longer land.
            bench.client.send(bench.instruction())
            assert bench.times() == 1
        case TransactionUnknown():
            assert mode in UNKNOWABLE or (path == NONCE and mode in NEVER)
            assert len(ended.signature) > 80
        case RpcError() | TransportError():
            assert mode in NOTHING_SENT
            assert bench.proxy.calls[SEND] == 0
        case _:
            raise AssertionError(ended)
    if mode in NOT_SHOWN:
        assert isinstance(ended, TransactionNotShown)
    elif mode in NEVER:
        assert isinstance(ended, TransactionUnknown if path == NONCE else TransactionExpired)
    elif mode in UNKNOWABLE:
        at_processed = mode == "statuses of processed for ever"
        assert isinstance(ended, TransactionUnknown)
        assert ended.seen == ("processed" if at_processed else None)
    elif mode not in NOTHING_SENT:
        assert ended is None, ended


@pytest.mark.parametrize("bench", ["honest"], indirect=True)
def test_a_node_that_is_not_there_has_got_nothing(bench: Bench) -> None:
    client = Client(HttpTransport("http://127.0.0.1:9", retries=0), signer=bench.client.signer)
    with pytest.raises(TransportError) as caught:
        client.send_signed(signed(bench))
    assert not caught.value.reached


@pytest.mark.parametrize("bench", ["statuses fail for ever"], indirect=True)
def test_an_airdrop_whose_end_nobody_knows_is_unknown(bench: Bench) -> None:
    with bench.far() as client, pytest.raises(TransactionUnknown):
        client.airdrop(bench.to, SOL(1))


def test_a_signed_transaction_whose_blockhash_is_over_was_never_sent(bare: Client) -> None:
    with FaultProxy(bare.network, MODES["honest"]) as proxy:
        bench = Bench(bare, proxy, Keypair().pubkey())
        old = signed(bench)
        bare.network.clock.advance(0, slots=400)
        with bench.far() as client, pytest.raises(ionet.SimulationFailed, match="Blockhash not found"):
            client.send_signed(old)
        assert proxy.calls[SEND] == 0


def test_a_transaction_whose_nonce_moved_on_has_expired(bare: Client) -> None:
    network = bare.network

    def mode(asked: Any) -> Any:
        if asked.method == SEND:
            # It is lost, and the authority uses the nonce for something else.
            message = VersionedTransaction.from_bytes(b64decode(asked.body["params"][0])).message
            accounts = list(message.account_keys)
            held = next(key for key in accounts if (found := network.account(key)) and len(found.data) == 80)
            advance = AdvanceNonceAccountParams(nonce_pubkey=held, authorized_pubkey=bare.address)
            bare.send(advance_nonce_account(advance))
            return lost(asked)
        return MODES["honest"](asked)

    with FaultProxy(network, mode) as proxy:
        bench = Bench(bare, proxy, Keypair().pubkey())
        with pytest.raises(TransactionExpired, match="no longer can"):
            with_nonce(bench)
        assert bench.times() == 0

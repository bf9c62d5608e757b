"""The send loop hears of a transaction by websocket, and believes only the chain's statuses."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from solders.keypair import Keypair
from solders.system_program import TransferParams, transfer
from tests.faults import HEIGHT, STATUS, FaultProxy, Mode, _lagging, lost, on
from websockets.sync.server import ServerConnection, serve

from ionet import SOL, AsyncClient, AsyncHttpTransport, Client, HttpTransport, TransactionExpired
from ionet.chain._async import send as async_sending
from ionet.chain._sync import send as sending

#: The first look at the status comes too early.
SLOW: Mode = on(STATUS, _lagging, first=1)


@pytest.fixture
def rare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks are rare, so that only an announcement brings one soon."""
    for module in (sending, async_sending):
        monkeypatch.setattr(module, "POLL", 120.0)


def instruction(client: Client) -> Any:
    to = Keypair().pubkey()
    return transfer(TransferParams(from_pubkey=client.address, to_pubkey=to, lamports=10**7))


@pytest.mark.usefixtures("rare")
def test_an_announcement_ends_the_pause(bare: Client) -> None:
    with bare.network.serve() as server, FaultProxy(bare.network, SLOW) as proxy:
        transport = HttpTransport(proxy.url, websocket=server.ws_url)
        with Client(transport, signer=bare.signer) as far:
            began = time.monotonic()
            far.send(instruction(bare))
            assert time.monotonic() - began < 60
        assert proxy.calls[STATUS] == 2


@pytest.mark.usefixtures("rare")
async def test_an_announcement_ends_the_pause_of_coroutines(bare: Client) -> None:
    with bare.network.serve() as server, FaultProxy(bare.network, SLOW) as proxy:
        transport = AsyncHttpTransport(proxy.url, websocket=server.ws_url)
        async with AsyncClient(transport, signer=bare.signer) as far:
            await asyncio.wait_for(far.send(instruction(bare)), 60)
        assert proxy.calls[STATUS] == 2


@pytest.mark.usefixtures("rare")
def test_an_announcement_ends_the_wait_for_an_airdrop(bare: Client) -> None:
    with bare.network.serve() as server, FaultProxy(bare.network, SLOW) as proxy:
        with Client(HttpTransport(proxy.url, websocket=server.ws_url), signer=bare.signer) as far:
            began = time.monotonic()
            far.airdrop(Keypair().pubkey(), SOL(1))
            assert time.monotonic() - began < 60
        assert proxy.calls[STATUS] == 2


def test_where_there_is_no_websocket_an_airdrop_is_looked_for(bare: Client) -> None:
    address = Keypair().pubkey()
    with FaultProxy(bare.network, SLOW) as proxy:
        with Client(HttpTransport(proxy.url, websocket="ws://127.0.0.1:9"), signer=bare.signer) as far:
            far.airdrop(address, SOL(1))
        assert proxy.calls[STATUS] == 2
    assert bare.balance(address) == SOL(1)


@pytest.fixture
def liar() -> Iterator[str]:
    """A websocket that announces whatever it is asked for."""

    def lie(connection: ServerConnection) -> None:
        for text in connection:
            number = json.loads(text)["id"]
            connection.send(json.dumps({"jsonrpc": "2.0", "id": number, "result": 1}))
            result = {"context": {"slot": 1}, "value": {"err": None}}
            told = {"subscription": 1, "result": result}
            connection.send(json.dumps({"method": "signatureNotification", "params": told}))

    with serve(lie, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()


def test_an_announcement_is_no_outcome(bare: Client, liar: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "POLL", 0.05)
    monkeypatch.setattr(sending, "REBROADCAST", 0.05)

    def mode(asked: Any) -> Any:
        if asked.method == HEIGHT:
            bare.network.clock.advance(0, slots=60)
        return on("sendTransaction", lost)(asked)

    with FaultProxy(bare.network, mode) as proxy:
        transport = HttpTransport(proxy.url, websocket=liar)
        with Client(transport, signer=bare.signer) as far, pytest.raises(TransactionExpired):
            far.send(instruction(bare))


def test_where_there_is_no_websocket_sending_is_as_before(bare: Client) -> None:
    with FaultProxy(bare.network, SLOW) as proxy:
        transport = HttpTransport(proxy.url, websocket="ws://127.0.0.1:9")
        with Client(transport, signer=bare.signer) as far:
            began = time.monotonic()
            far.send(instruction(bare))
            assert time.monotonic() - began >= sending.POLL
            for _ in range(50):
                if transport.no_websocket_until:
                    break
                time.sleep(0.01)
            # It is not tried again with each transaction.
            assert transport.no_websocket_until > time.monotonic()

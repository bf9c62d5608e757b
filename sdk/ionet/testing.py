"""A pytest plugin: io.net's programs on a network inside the test's process.

Installed with the package, it needs no configuration:

    def test_transfers(ionet_local):
        sent = ionet_local.send(instruction)
        ionet_local.network.clock.advance(3600)

Fixtures:
    ionet_local: a `Client` on a new network; its signer has SOL and may initialise the programs.
    ionet_local_async: an `AsyncClient` on the same network, with the same signer.
    ionet_keypair: makes keypairs that have SOL on the test's network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from solana.rpc.async_api import AsyncClient as SolanaClient
    from solders.keypair import Keypair

    from ionet import SOL, AsyncClient, Client, LocalNetwork


@pytest.fixture
def ionet_local() -> Iterator[Client]:
    """Yields a client on a new local network with the programs loaded."""
    import ionet

    with ionet.local() as client:
        yield client


@pytest.fixture
def ionet_local_async(ionet_local: Client) -> AsyncClient:
    """Returns an asynchronous client on the network of `ionet_local`, with the same signer."""
    from ionet import AsyncClient, AsyncLocalTransport

    return AsyncClient(AsyncLocalTransport(ionet_local.network), signer=ionet_local.signer)


@pytest.fixture
def ionet_keypair(ionet_local: Client) -> Callable[..., Keypair]:
    """Returns a function that makes keypairs with 10 SOL, or a given amount, on `ionet_local`'s network."""
    from solders.keypair import Keypair

    from ionet import SOL

    def make(funds: SOL | None = None) -> Keypair:
        pair = Keypair()
        ionet_local.airdrop(pair.pubkey(), SOL(10) if funds is None else funds)
        return pair

    return make


def solana_py_client(network: LocalNetwork) -> SolanaClient:
    """Returns solana-py's `AsyncClient` on a local network: same requests and answers, no socket."""
    from ionet.chain.solana_py import solana_py_client as connect

    return connect(network)


__all__ = ["ionet_keypair", "ionet_local", "ionet_local_async", "solana_py_client"]

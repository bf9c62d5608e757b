"""The two ways to open a client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ionet.chain.amounts import SOL
from ionet.client._sync.client import Client

if TYPE_CHECKING:
    from pathlib import Path

    from solders.pubkey import Pubkey

    from ionet.chain.fees import FeePolicy
    from ionet.chain.rpc.local import LocalNetwork
    from ionet.chain.signers import SignerLike
    from ionet.chain.transactions import Commitment


def local(
    *,
    signer: SignerLike | None = None,
    funds: SOL | None = None,
    now: int | None = None,
    programs: dict[Pubkey, Path] | None = None,
    upgrade_authority: Pubkey | None = None,
    shipped: bool = True,
    network: LocalNetwork | None = None,
) -> Client:
    """Returns a client of a network inside this process; see `Client.local`."""
    return Client.local(
        signer=signer,
        funds=funds,
        now=now,
        programs=programs,
        upgrade_authority=upgrade_authority,
        shipped=shipped,
        network=network,
    )


def connect(
    url_or_moniker: str = "localhost",
    *,
    signer: SignerLike | None = None,
    commitment: Commitment = "confirmed",
    fees: FeePolicy | None = None,
    timeout: float = 30.0,
    headers: dict[str, str] | None = None,
    websocket: str | None = None,
) -> Client:
    """Returns a client of a node; see `Client.connect`."""
    return Client.connect(
        url_or_moniker,
        signer=signer,
        commitment=commitment,
        fees=fees,
        timeout=timeout,
        headers=headers,
        websocket=websocket,
    )

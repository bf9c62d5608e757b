"""Compute proofs on a local network, where no orchestrator runs that would judge any."""

from __future__ import annotations

from solders.pubkey import Pubkey

from ionet import Client, accounts
from ionet.chain.errors import AccountNotFound

_SEED_BYTES = 32
_SCORE_BPS = 10_000


def write_verdict(client: Client, node: Pubkey) -> int:
    """Writes into a node's account that it has passed a compute proof now; when that is, Unix seconds.

    Raises:
        AccountNotFound: there is no such node.
        RpcError: the network is none for tests.
    """
    found, now = client.account(node), client.time()
    if found is None:
        raise AccountNotFound(node, "node")
    data, at = bytearray(found.data), accounts.staking.Node.OFFSETS["last_proof"]
    verdict = now.to_bytes(8, "little") + bytes(_SEED_BYTES) + _SCORE_BPS.to_bytes(4, "little")
    passed = verdict + bytes([0, 1])
    data[at : at + len(passed)] = passed
    client.cheats.set_account(node, data=bytes(data), owner=found.owner, lamports=found.lamports)
    return now

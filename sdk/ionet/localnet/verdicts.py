"""Verdicts on a local network, where no orchestrator judges compute proofs."""

from __future__ import annotations

import importlib
from typing import Final

from solders.pubkey import Pubkey

from ionet import Client, accounts, types
from ionet.chain.errors import AccountNotFound

_NO_EVIDENCE: Final = bytes(32)
_SCORE_BPS: Final = 10_000


def can_report() -> bool:
    """Whether what reports are made with is installed: it is, with ``ionet[orchestrator]``."""
    try:
        importlib.import_module("ionet.localnet.seat")
    except ModuleNotFoundError as bad:
        if (bad.name or "").startswith("ionet"):
            raise
        return False
    return True


def write_verdict(client: Client, node: Pubkey, *, passed: bool = True, at: int | None = None) -> int:
    """Writes the verdict of a compute proof into a node's account. Gives its time, Unix seconds.

    Args:
        client: of a test network.
        node: the node's account.
        passed: False for a proof that was too slow.
        at: the verdict's time, Unix seconds; default: now.

    Raises:
        AccountNotFound: there is no such node.
        RpcError: the network is not a test network.
    """
    account, time = client.account(node), client.time() if at is None else at
    if account is None:
        raise AccountNotFound(node, "node")
    reason = types.staking.ProofReason.PASSED if passed else types.staking.ProofReason.SLOW
    verdict = types.staking.LastProof.CODEC.encode(
        types.staking.LastProof(time, _NO_EVIDENCE, _SCORE_BPS, reason, int(passed))
    )
    data, offset = bytearray(account.data), accounts.staking.Node.OFFSETS["last_proof"]
    data[offset : offset + len(verdict)] = verdict
    client.cheats.set_account(node, data=bytes(data), owner=account.owner, lamports=account.lamports)
    return time

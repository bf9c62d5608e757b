"""Signed transactions: handing them to the chain's node, and what became of them."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Set as AbstractSet
from typing import Any, Final

from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from ionet import AsyncClient
from ionet.chain.errors import failure
from ionet.chain.transactions import encoded, programs_of, well_formed
from ionet.explorer import _models as m
from ionet.explorer._values import BadQuestion

#: Bytes of a transaction, and how many signs of base64 they are at most.
PACKET: Final = 1_232
TEXT: Final = (PACKET + 2) // 3 * 4


def signed_of(text: str, programs: AbstractSet[Pubkey], said: str) -> VersionedTransaction:
    """Reads a signed transaction.

    Args:
        text: base64.
        programs: of which it has to call one.
        said: them, in words.

    Raises:
        BadQuestion: it is none, or is not passed on here.
    """
    try:
        raw = b64decode(text, validate=True)
        transaction = VersionedTransaction.from_bytes(raw)
    except (NoBase64, ValueError):
        raise BadQuestion("this is no transaction in base64") from None
    if len(raw) > PACKET or bytes(transaction) != raw or not well_formed(transaction):
        raise BadQuestion("this is no transaction that a node would take")
    if not {str(program) for program in programs} & set(programs_of(transaction)):
        raise BadQuestion(f"only transactions that call {said} are passed on here")
    if not all(transaction.verify_with_results()):
        raise BadQuestion("a signature is missing or wrong")
    return transaction


async def handed(client: AsyncClient, transaction: VersionedTransaction) -> str:
    """Hands a transaction over, unless the node has it; returns its signature.

    Raises:
        BadQuestion: it would fail, and was not sent.
    """
    raw, signature = encoded(transaction), str(transaction.signatures[0])
    if (await _status(client, signature, old=False)) is not None:
        return signature
    config = {"encoding": "base64", "commitment": client.commitment, "sigVerify": True}
    tried = (await client.request("simulateTransaction", raw, config))["value"]
    if tried["err"] is not None:
        bad = failure(tried["err"], logs=tried.get("logs") or (), program_ids=programs_of(transaction))
        raise BadQuestion(f"it was not sent, because it would fail: {bad}")
    await client.request("sendTransaction", raw, {"encoding": "base64", "skipPreflight": True})
    return signature


async def became(client: AsyncClient, signature: str, blockhash: str, since: int) -> m.Sent:
    """What became of a transaction.

    Args:
        client: of the chain's node.
        signature: its first.
        blockhash: by which it ends.
        since: a slot at which that was known.
    """
    # Asked first: what is not known after its blockhash has ended is not known for good.
    config = {"commitment": "finalized"}
    life = await client.request("isBlockhashValid", blockhash, config)
    over = life["value"] is False and int(life["context"]["slot"]) > since
    status = await _status(client, signature, old=over)
    if status is None:
        return m.Sent(signature=signature, state="expired" if over else "waiting", why="")
    if status["err"] is not None:
        return m.Sent(signature=signature, state="failed", why=str(failure(status["err"])))
    settled = status.get("confirmationStatus") in {"confirmed", "finalized"}
    return m.Sent(signature=signature, state="landed" if settled else "waiting", why="")


async def _status(client: AsyncClient, signature: str, *, old: bool) -> dict[str, Any] | None:
    config = {"searchTransactionHistory": old}
    status: dict[str, Any] | None = (await client.request("getSignatureStatuses", [signature], config))[
        "value"
    ][0]
    return status

# Generated from chain/_async/send.py by scripts/codegen; do not edit.
"""The send loop: simulate, set limit and fee, send, and resend until it has landed or never can."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from solders.hash import Hash
from solders.message import MessageV0, to_bytes_versioned
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from ionet.chain import transactions
from ionet.chain._sync.reader import Reader
from ionet.chain.errors import RpcError, TransactionExpired, TransportError, failure
from ionet.chain.fees import LAMPORTS_PER_SIGNATURE, FeePolicy, priority_fee
from ionet.chain.rpc.types import TransactionRecord
from ionet.chain.signers import Signer
from ionet.chain.transactions import Preview, Sent, Simulated, Unsent

T = TypeVar("T")

#: Seconds between two checks of a signature's status, and between two sends of the same bytes.
POLL: Final = 0.4
REBROADCAST: Final = 2.0
#: Without any answer for this long, nobody can say what became of the transaction.
GIVE_UP: Final = 120.0
_RANK: Final = {"processed": 0, "confirmed": 1, "finalized": 2}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A signed transaction, and the last block in which it can land."""

    transaction: VersionedTransaction
    last_valid_block_height: int


def _signers(client: Reader, unsent: Unsent) -> tuple[Pubkey, Mapping[Pubkey, Signer]]:
    """Returns the payer, and everybody who can sign."""
    signers = {signer.pubkey(): signer for signer in unsent.signers}
    if client._signer is not None and client._address is not None:
        signers[client._address] = client._signer
    if unsent.payer is None:
        return client.address, signers
    payer = unsent.payer.pubkey()
    signers[payer] = unsent.payer
    return payer, signers


def simulate(client: Reader, unsent: Unsent) -> Simulated:
    """Returns what the call would do; raises the error with which it would fail."""
    payer = client.address if unsent.payer is None else unsent.payer.pubkey()
    instructions = transactions.for_simulation(unsent.instructions)
    message = transactions.compile_message(payer, instructions, unsent.tables, Hash.default())
    return _simulate(client, message)


def _simulate(client: Reader, message: MessageV0) -> Simulated:
    transaction = transactions.unsigned(message)
    if client.is_local:
        network = client.network
        simulation = network.simulate(transaction)
        writable, readonly = network._loaded(message)
        keys = [str(key) for key in (*message.account_keys, *writable, *readonly)]
        if simulation.error is not None:
            programs = [keys[instruction.program_id_index] for instruction in message.instructions]
            raise failure(
                simulation.error,
                logs=simulation.logs,
                program_ids=programs,
                compute_units=simulation.compute_units,
            )
        return transactions.simulated_locally(simulation, message, keys)
    config = {
        "encoding": "base64",
        "commitment": client.commitment,
        "sigVerify": False,
        "replaceRecentBlockhash": True,
        "innerInstructions": True,
    }
    answer = (client.request("simulateTransaction", transactions.encoded(transaction), config))["value"]
    simulated = transactions.simulated_from_json(answer, message)
    if answer["err"] is not None:
        raise failure(
            answer["err"],
            logs=simulated.logs,
            program_ids=simulated._program_ids,
            compute_units=simulated.compute_units,
        )
    return simulated


def prepare(client: Reader, unsent: Unsent, fees: FeePolicy, *, partial: bool = False) -> Prepared:
    """Simulates, sets limit and fee, and signs; `partial` leaves out signatures of signers not given."""
    payer, signers = _signers(client, unsent)
    message, last_valid_block_height = _final_message(client, unsent, fees, payer)
    return Prepared(transactions.signed(message, signers, partial=partial), last_valid_block_height)


def _final_message(client: Reader, unsent: Unsent, fees: FeePolicy, payer: Pubkey) -> tuple[MessageV0, int]:
    """Returns the message as it will be sent, and the last block in which it can land."""
    trial = transactions.compile_message(
        payer, transactions.for_simulation(unsent.instructions), unsent.tables, Hash.default()
    )
    limit = fees.compute_limit
    if limit is None:
        limit = fees.limit((_simulate(client, trial)).compute_units)
    if client.is_local:
        network = client.network
        price = fees.price_for((), limit)
        blockhash, last_valid_block_height = network.latest_blockhash, network.block_height + 150
    else:
        price = _price(client, trial, fees, limit)
        blockhash, last_valid_block_height = client.blockhash()
    instructions = transactions.with_budget(unsent.instructions, limit, price)
    return transactions.compile_message(
        payer, instructions, unsent.tables, blockhash
    ), last_valid_block_height


def preview(client: Reader, unsent: Unsent, fees: FeePolicy) -> Preview:
    """Returns what the call would cost and move; raises the error with which it would fail."""
    payer = client.address if unsent.payer is None else unsent.payer.pubkey()
    message, _ = _final_message(client, unsent, fees, payer)
    keys = [key for i, key in enumerate(message.account_keys) if message.is_maybe_writable(i)]
    before = client.accounts(keys)
    config = {
        "encoding": "base64",
        "commitment": client.commitment,
        "sigVerify": False,
        "innerInstructions": True,
        "accounts": {"encoding": "base64", "addresses": [str(key) for key in keys]},
    }
    raw = transactions.encoded(transactions.unsigned(message))
    answer = (client.request("simulateTransaction", raw, config))["value"]
    simulated = transactions.simulated_from_json(answer, message)
    if answer["err"] is not None:
        raise failure(answer["err"], logs=simulated.logs, program_ids=simulated._program_ids)
    after = [transactions.raw_account(account) for account in answer["accounts"]]
    fee = client.request("getFeeForMessage", b64encode(bytes(to_bytes_versioned(message))).decode())
    # Some test nodes leave the priority fee out of their answer.
    known = message.header.num_required_signatures * LAMPORTS_PER_SIGNATURE + priority_fee(message)
    return Preview(
        compute_units=simulated.compute_units,
        compute_limit=transactions.compute_limit(message),
        fee=max(fee["value"] or 0, known),
        changes=transactions.changes(keys, before, after),
        events=simulated.events,
    )


def _price(client: Reader, message: MessageV0, fees: FeePolicy, limit: int) -> int:
    if fees.price is not None:
        return fees.price_for((), limit)
    writable = [str(key) for i, key in enumerate(message.account_keys) if message.is_maybe_writable(i)]
    recent = client.request("getRecentPrioritizationFees", writable[:128])
    return fees.price_for((fee["prioritizationFee"] for fee in recent), limit)


def send(
    client: Reader,
    unsent: Unsent,
    decode: Callable[[Sent[Any]], T] | None,
    fees: FeePolicy,
    commitment: str,
) -> Sent[T]:
    """Sends a call and waits for it."""
    prepared = prepare(client, unsent, fees)
    transaction = prepared.transaction
    if client.is_local:
        record = client.network.submit(transaction)
        if isinstance(record, TransactionRecord):
            return _from_record(record, decode)
        raise failure(record, program_ids=transactions.program_ids(unsent.instructions))
    signature = str(transaction.signatures[0])
    _deliver(client, transaction, signature, prepared.last_valid_block_height, commitment)
    return _shown(client, signature, decode)


def _shown(client: Reader, signature: str, decode: Callable[[Sent[Any]], T] | None) -> Sent[T]:
    """Returns a transaction that landed; nodes know its status a moment before the transaction itself."""
    for _ in range(20):
        if (sent := landed(client, signature, decode)) is not None:
            return sent
        time.sleep(POLL / 2)
    raise RpcError(
        -32004, f"transaction {signature} landed, but the node does not show it", method="getTransaction"
    )


def send_signed(client: Reader, transaction: VersionedTransaction, commitment: str) -> Sent[None]:
    """Sends a transaction that has all its signatures, after a simulation, and waits for it."""
    keys = [str(key) for key in transaction.message.account_keys]
    programs = [keys[instruction.program_id_index] for instruction in transaction.message.instructions]
    if client.is_local:
        record = client.network.submit(transaction)
        if isinstance(record, TransactionRecord):
            return _from_record(record, None)
        raise failure(record, program_ids=programs)
    raw, signature = transactions.encoded(transaction), str(transaction.signatures[0])
    config = {"encoding": "base64", "commitment": client.commitment, "sigVerify": True}
    answer = (client.request("simulateTransaction", raw, config))["value"]
    if answer["err"] is not None:
        raise failure(answer["err"], logs=answer.get("logs") or (), program_ids=programs)
    # Its blockhash is not ours: it can land for at most as long as a new one.
    _, last_valid_block_height = client.blockhash()
    _deliver(client, transaction, signature, last_valid_block_height, commitment)
    return _shown(client, signature, None)


def _from_record(record: TransactionRecord, decode: Callable[[Sent[Any]], T] | None) -> Sent[T]:
    sent = transactions.sent_from_record(record, decode)
    if record.error is not None:
        raise failure(
            record.error,
            logs=record.logs,
            program_ids=sent._program_ids,
            signature=record.signature,
            compute_units=record.compute_units,
        )
    return sent


def _deliver(
    client: Reader,
    transaction: VersionedTransaction,
    signature: str,
    last_valid_block_height: int,
    commitment: str,
) -> None:
    """Sends until the transaction has landed, failed or not."""
    raw = transactions.encoded(transaction)
    config = {"encoding": "base64", "skipPreflight": True, "maxRetries": 0}
    heard = time.monotonic()
    sent_at: float | None = None
    while True:
        now = time.monotonic()
        try:
            if sent_at is None or now - sent_at >= REBROADCAST:
                # Before sending again: can it still land at all?
                if sent_at is not None and _height(client) > last_valid_block_height:
                    if _reached(client, signature, commitment, everywhere=True):
                        return
                    raise TransactionExpired(
                        f"transaction {signature} did not land before block {last_valid_block_height}"
                        " and no longer can",
                        signature,
                    )
                client.request("sendTransaction", raw, config)
                sent_at = now
            if _reached(client, signature, commitment):
                return
            heard = time.monotonic()
        except TransportError as bad:
            if time.monotonic() - heard > GIVE_UP:
                bad.add_note(f"transaction {signature} was sent and may have landed")
                raise
        time.sleep(POLL)


def _height(client: Reader) -> int:
    height: int = client.request("getBlockHeight", {"commitment": client.commitment})
    return height


def _reached(client: Reader, signature: str, commitment: str, *, everywhere: bool = False) -> bool:
    answer = client.request("getSignatureStatuses", [signature], {"searchTransactionHistory": everywhere})
    status = answer["value"][0]
    if status is None:
        return False
    # Old nodes answer with null confirmations instead of a status: rooted, that is finalized.
    level = status.get("confirmationStatus") or "finalized"
    return _RANK[level] >= _RANK[commitment]


def wait(client: Reader, signature: str, commitment: str) -> None:
    """Waits for a transaction that was sent elsewhere."""
    for _ in range(150):
        if _reached(client, signature, commitment):
            return
        time.sleep(POLL)
    raise TransactionExpired(f"transaction {signature} did not land", signature)


def landed(client: Reader, signature: str, decode: Callable[[Sent[Any]], T] | None = None) -> Sent[T] | None:
    """Returns a transaction that landed, or None; raises the error with which it failed."""
    if client.is_local:
        record = client.network.transaction(signature)
        return None if record is None else _from_record(record, decode)
    # getTransaction takes no commitment below confirmed.
    level = "finalized" if client.commitment == "finalized" else "confirmed"
    config = {"encoding": "base64", "commitment": level, "maxSupportedTransactionVersion": 0}
    answer = client.request("getTransaction", signature, config)
    if answer is None:
        return None
    sent = transactions.sent_from_json(signature, answer, decode)
    if answer["meta"]["err"] is not None:
        raise failure(
            answer["meta"]["err"],
            logs=sent.logs,
            program_ids=sent._program_ids,
            signature=signature,
            compute_units=sent.compute_units,
        )
    return sent

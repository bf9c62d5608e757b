# Generated from chain/_async/send.py by scripts/codegen; do not edit.
"""The send loop: simulate, set limit and fee, then send repeatedly until it lands or no longer can."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from solders.hash import Hash
from solders.instruction import Instruction
from solders.message import MessageV0, to_bytes_versioned
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from ionet.chain import transactions
from ionet.chain._sync.reader import Reader
from ionet.chain.errors import (
    IonetError,
    RpcError,
    TransactionExpired,
    TransactionFailed,
    TransactionNotShown,
    TransactionUnknown,
    TransportError,
    failure,
)
from ionet.chain.fees import MAX_COMPUTE_UNITS, FeePolicy, fee_of
from ionet.chain.nonces import ADVANCE_UNITS, advance, nonce_account, nonce_of, read_nonce
from ionet.chain.records import UNREADABLE, shaped, whole
from ionet.chain.rpc.sockets import Nudge
from ionet.chain.rpc.types import TransactionRecord
from ionet.chain.signers import Signer, SignsElsewhere
from ionet.chain.transactions import DurableNonce, Preview, Sent, Simulated, Unsent

T = TypeVar("T")

#: Seconds between checks of a signature's status, and between sends of the same bytes.
POLL: Final = 0.4
REBROADCAST: Final = 2.0
#: Seconds without an answer, and in all without an outcome, after which the outcome counts as unknown.
GIVE_UP: Final = 120.0
LONGEST: Final = 600.0
#: Attempts to read a transaction that landed, and to see one that somebody else sent.
SHOW_TRIES: Final = 20
WAIT_TRIES: Final = 150
_RANK: Final = {"processed": 0, "confirmed": 1, "finalized": 2}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A signed transaction and how long it can land.

    Attributes:
        transaction: with its signatures.
        last_valid_block_height: the last block in which it can land; None: until its nonce is advanced.
    """

    transaction: VersionedTransaction
    last_valid_block_height: int | None


def _signers(client: Reader, call: Unsent) -> tuple[Pubkey, Mapping[Pubkey, Signer]]:
    """The payer, and the signers whose keys are here, by address."""
    authority = None if call.nonce is None else call.nonce.authority
    signers = {
        signer.pubkey(): signer
        for signer in (*call.signers, client._signer, call.payer, authority)
        if signer is not None and not isinstance(signer, SignsElsewhere)
    }
    return client.address if call.payer is None else call.payer.pubkey(), signers


def simulate(client: Reader, call: Unsent) -> Simulated:
    """What the call would do; raises the error it would fail with."""
    payer = client.address if call.payer is None else call.payer.pubkey()
    instructions = transactions.for_simulation(call.instructions)
    message = transactions.compile_message(payer, instructions, call.tables, Hash.default())
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
    answer = client.request("simulateTransaction", transactions.encoded(transaction), config)
    with shaped("simulateTransaction"):
        value = answer["value"]
        simulated = transactions.simulated_from_json(value, message)
    if value["err"] is not None:
        raise failure(
            value["err"],
            logs=simulated.logs,
            program_ids=simulated._program_ids,
            compute_units=simulated.compute_units,
        )
    return simulated


def prepare(client: Reader, call: Unsent, fees: FeePolicy, *, partial: bool = False) -> Prepared:
    """Simulates, sets limit and fee, signs; `partial` leaves out signatures whose keys are not here."""
    payer, signers = _signers(client, call)
    message, last_valid_block_height = _final_message(client, call, fees, payer)
    return Prepared(transactions.signed(message, signers, partial=partial), last_valid_block_height)


def _final_message(
    client: Reader, call: Unsent, fees: FeePolicy, payer: Pubkey
) -> tuple[MessageV0, int | None]:
    """The message as it will be sent, and the last block in which it can land (None with a nonce)."""
    trial = transactions.compile_message(
        payer, transactions.for_simulation(call.instructions), call.tables, Hash.default()
    )
    limit = fees.compute_limit
    if limit is None:
        used = (_simulate(client, trial)).compute_units
        # A node that does not say what was used leaves the whole budget.
        more = 0 if call.nonce is None else ADVANCE_UNITS
        limit = fees.limit(used + more) if used else MAX_COMPUTE_UNITS
    price = fees.price_for((), limit) if client.is_local else _price(client, trial, fees, limit)
    instructions = transactions.with_budget(call.instructions, limit, price)
    last_valid_block_height: int | None = None
    if call.nonce is not None:
        advancing, blockhash = _advancing(client, call.nonce)
        instructions = [advancing, *instructions]
    elif client.is_local:
        network = client.network
        blockhash, last_valid_block_height = network.latest_blockhash, network.block_height + 150
    else:
        blockhash, last_valid_block_height = client.blockhash()
    return transactions.compile_message(payer, instructions, call.tables, blockhash), last_valid_block_height


def _advancing(client: Reader, nonce: DurableNonce) -> tuple[Instruction, Hash]:
    """The instruction that advances a nonce, which comes first, and the nonce itself.

    Raises:
        AccountNotFound, DecodeError: there is no nonce account.
        IonetError: somebody else may advance it.
    """
    authority = client.address if nonce.authority is None else nonce.authority.pubkey()
    current = read_nonce(nonce.account, client.account(nonce.account))
    if current.authority != authority:
        raise IonetError(
            f"the nonce of {nonce.account} is advanced by {current.authority}, not by {authority}"
        )
    return advance(nonce.account, authority), current.value


def preview(client: Reader, call: Unsent, fees: FeePolicy) -> Preview:
    """What the call would cost and move; raises the error it would fail with."""
    payer = client.address if call.payer is None else call.payer.pubkey()
    message, _ = _final_message(client, call, fees, payer)
    return preview_message(client, message)


def preview_message(client: Reader, message: Any, *, fresh: bool = False) -> Preview:
    """What a message would cost and move; raises the error it would fail with.

    Args:
        client: asks the node.
        message: the message that is signed.
        fresh: simulate with a recent blockhash instead of its own.
    """
    writes = transactions.writable(message)
    keys = [key for key, changes in zip(message.account_keys, writes, strict=True) if changes]
    keys += (client.loaded_accounts(message))[0]
    before = client.accounts(keys)
    config = {
        "encoding": "base64",
        "commitment": client.commitment,
        "sigVerify": False,
        "replaceRecentBlockhash": fresh,
        "innerInstructions": True,
        "accounts": {"encoding": "base64", "addresses": [str(key) for key in keys]},
    }
    raw = transactions.encoded(transactions.unsigned(message))
    answer = client.request("simulateTransaction", raw, config)
    with shaped("simulateTransaction"):
        value = answer["value"]
        simulated = transactions.simulated_from_json(value, message)
        if value["err"] is not None:
            raise failure(value["err"], logs=simulated.logs, program_ids=simulated._program_ids)
        after = [transactions.raw_account(account) for account in value["accounts"]]
    encoded = b64encode(bytes(to_bytes_versioned(message))).decode()
    # At the default, finalized, a node does not know its lookup tables yet, nor its blockhash.
    fee = client.request("getFeeForMessage", encoded, {"commitment": client.commitment})
    with shaped("getFeeForMessage"):
        stated = whole((fee or {}).get("value") or 0)
    # Some test nodes leave the priority fee out of their answer.
    computed = fee_of(message)
    return Preview(
        compute_units=simulated.compute_units,
        compute_limit=transactions.compute_limit(message),
        fee=max(stated, computed),
        changes=transactions.changes(keys, before, after),
        events=simulated.events,
    )


def _price(client: Reader, message: MessageV0, fees: FeePolicy, limit: int) -> int:
    if fees.price is not None:
        return fees.price_for((), limit)
    writable = [str(key) for i, key in enumerate(message.account_keys) if message.is_maybe_writable(i)]
    try:
        recent = client.request("getRecentPrioritizationFees", writable[:128])
    except RpcError:
        # Not every node has this method; a transaction can be sent without a priority fee.
        recent = []
    with shaped("getRecentPrioritizationFees"):
        return fees.price_for([int(sample["prioritizationFee"]) for sample in recent or ()], limit)


def send(
    client: Reader,
    call: Unsent,
    decode: Callable[[Sent[Any]], T] | None,
    fees: FeePolicy,
    commitment: str,
) -> Sent[T]:
    """Sends a call and waits for it."""
    prepared = prepare(client, call, fees)
    transaction = prepared.transaction
    if client.is_local:
        record = client.network.submit(transaction)
        if isinstance(record, TransactionRecord):
            return _from_record(record, decode)
        raise failure(record, program_ids=transactions.programs_of(transaction))
    last = prepared.last_valid_block_height
    life: Life
    if last is None:
        assert call.nonce is not None
        life = Nonce(client, call.nonce.account, str(transaction.message.recent_blockhash))
    else:
        life = Height(client, last)
    try:
        status = deliver(client, transaction, life, commitment)
    except TransactionUnknown as bad:
        bad.last_valid_block_height = last
        raise
    return _shown(client, transaction, status, decode)


def send_signed(client: Reader, transaction: VersionedTransaction, commitment: str) -> Sent[None]:
    """Sends a transaction that has all its signatures, after a simulation, and waits for it."""
    programs = transactions.programs_of(transaction)
    nonce, blockhash = nonce_account(transaction.message), str(transaction.message.recent_blockhash)
    if nonce is not None and (sent := _before(client, transaction, nonce, blockhash)) is not None:
        return sent
    if client.is_local:
        record = client.network.submit(transaction)
        if isinstance(record, TransactionRecord):
            return _from_record(record, None)
        raise failure(record, program_ids=programs)
    raw = transactions.encoded(transaction)
    config = {"encoding": "base64", "commitment": client.commitment, "sigVerify": True}
    answer = client.request("simulateTransaction", raw, config)
    with shaped("simulateTransaction"):
        simulated, known_at = answer["value"], whole(answer["context"]["slot"])
        if simulated["err"] is not None:
            raise failure(simulated["err"], logs=simulated.get("logs") or (), program_ids=programs)
    # How long it can land follows from its own blockhash or nonce, not from a fresh one.
    life: Life = Blockhash(client, blockhash, known_at) if nonce is None else Nonce(client, nonce, blockhash)
    status = deliver(client, transaction, life, commitment)
    return _shown(client, transaction, status, None)


def _before(
    client: Reader, transaction: VersionedTransaction, nonce: Pubkey, value: str
) -> Sent[None] | None:
    """The transaction, if it landed earlier and so used up its nonce; None if the nonce is still unused.

    Raises:
        TransactionExpired: something else has used the nonce.
    """
    ended = Nonce(client, nonce, value).over()
    if ended is None:
        return None
    signature = str(transaction.signatures[0])
    answer = client.request("getSignatureStatuses", [signature], {"searchTransactionHistory": True})
    with shaped("getSignatureStatuses"):
        status, slot = answer["value"][0], int(answer["context"]["slot"])
    if status is not None:
        return _shown(client, transaction, status, None)
    if slot < ended:
        raise TransactionUnknown(signature)
    raise TransactionExpired(
        f"transaction {signature} did not land and no longer can: the nonce of {nonce} has moved on; sign a"
        " new one",
        signature,
    )


# --- how long a transaction can land ------------------------------------------------------------


class Life(Protocol):
    """How long a transaction can land."""

    def over(self) -> int | None:
        """A slot by which it could no longer land, or None while it can."""
        ...


class Height:
    """Until a block height, for a blockhash that this node gave."""

    def __init__(self, client: Reader, last_valid_block_height: int) -> None:
        self._client = client
        self._last_valid_block_height = last_valid_block_height

    def over(self) -> int | None:
        """See `Life`."""
        info = self._client.request("getEpochInfo", {"commitment": self._client.commitment})
        height, slot = info["blockHeight"], info["absoluteSlot"]
        return whole(slot) if whole(height) > self._last_valid_block_height else None


class Blockhash:
    """Until the blockhash expires, for a transaction that somebody signed earlier."""

    def __init__(self, client: Reader, blockhash: str, known_at: int) -> None:
        self._client = client
        self._blockhash = blockhash
        self._known_at = known_at

    def over(self) -> int | None:
        """See `Life`. A node that lags behind does not know the blockhash yet."""
        answer = self._client.request(
            "isBlockhashValid", self._blockhash, {"commitment": self._client.commitment}
        )
        slot = whole(answer["context"]["slot"])
        return slot if answer["value"] is False and slot > self._known_at else None


class Nonce:
    """Until the nonce is advanced, for a transaction with a durable nonce."""

    def __init__(self, client: Reader, account: Pubkey, nonce: str) -> None:
        self._client = client
        self._account = account
        self._nonce = nonce

    def over(self) -> int | None:
        """See `Life`."""
        config = {"encoding": "base64", "commitment": self._client.commitment}
        answer = self._client.request("getAccountInfo", str(self._account), config)
        account = transactions.raw_account(answer["value"])
        moved = account is None or nonce_of(bytes(account.data)) != self._nonce
        return whole(answer["context"]["slot"]) if moved else None


# --- delivering ---------------------------------------------------------------------------------


def deliver(
    client: Reader, transaction: VersionedTransaction, life: Life, commitment: str
) -> Mapping[str, Any]:
    """Sends the same bytes until the chain shows them at this commitment; returns the status.

    Where the node has websockets, its announcement only ends a pause between two checks early.
    Once the bytes may be out, only the chain decides the outcome; a node's answer to sending them is merely
    kept for error messages. A status that was seen is never taken back.

    Raises:
        TransactionExpired: it did not land, and no longer can.
        TransactionUnknown: whether it landed is unknown.
        TransportError: the first attempt did not reach the node, so nothing was sent.
    """
    nudge = Nudge(client.transport, _announcement(str(transaction.signatures[0]), commitment))
    nudge.begin()
    try:
        return _delivered(client, transaction, life, commitment, nudge)
    except KeyboardInterrupt as stopped:
        # The caller stops waiting, and has to know what may still land.
        stopped.add_note(f"transaction {transaction.signatures[0]} may have landed, or may still land")
        raise
    finally:
        nudge.close()


def _announcement(signature: str, commitment: str) -> str:
    """The request for an announcement when a transaction has landed."""
    params = [signature, {"commitment": commitment}]
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "signatureSubscribe", "params": params})


def _delivered(
    client: Reader,
    transaction: VersionedTransaction,
    life: Life,
    commitment: str,
    nudge: Nudge,
) -> Mapping[str, Any]:
    signature, raw = str(transaction.signatures[0]), transactions.encoded(transaction)
    config = {"encoding": "base64", "skipPreflight": True, "maxRetries": 0}
    delivery = _Delivery(signature, commitment)
    while True:
        if delivery.send_due():
            try:
                client.request("sendTransaction", raw, config)
                delivery.sent()
            except (RpcError, TransportError) as bad:
                if isinstance(bad, TransportError) and not bad.reached and not delivery.may_be_out:
                    raise
                delivery.sent(bad)
        ended: int | None = None
        try:
            ended = life.over() if delivery.life_due() else None
        except (RpcError, TransportError, *UNREADABLE) as bad:
            # Its status, checked next, says whether it landed.
            delivery.troubled(bad)
        try:
            # Checked after the end of its life: an answer from an earlier slot proves nothing.
            answer = client.request(
                "getSignatureStatuses", [signature], {"searchTransactionHistory": ended is not None}
            )
            if (status := delivery.heard(answer, ended)) is not None:
                return status
        except (RpcError, TransportError, *UNREADABLE) as bad:
            delivery.troubled(bad)
        delivery.check()
        nudge.pause(POLL)


class _Delivery:
    """What is known of a transaction whose bytes may be out."""

    def __init__(self, signature: str, commitment: str) -> None:
        self.signature = signature
        self.commitment = commitment
        self.may_be_out = False
        self._began = self._heard_at = time.monotonic()
        self._sent_at: float | None = None
        self._seen: str | None = None
        self._shown = False
        self._trouble: Exception | None = None

    def send_due(self) -> bool:
        """Whether to send the bytes now; not while the chain shows them."""
        if self._shown:
            return False
        return self._sent_at is None or time.monotonic() - self._sent_at >= REBROADCAST

    def life_due(self) -> bool:
        """Whether to ask if it can still land: not until a while after the first send."""
        return self.may_be_out and time.monotonic() - self._began >= REBROADCAST

    def sent(self, trouble: Exception | None = None) -> None:
        """Notes that the bytes may be out."""
        self.may_be_out, self._sent_at = True, time.monotonic()
        self._trouble = trouble or self._trouble

    def heard(self, answer: Any, ended: int | None) -> Mapping[str, Any] | None:
        """The status if it has the commitment waited for; raises if the transaction can no longer land."""
        status = answer["value"][0]
        slot = whole(answer["context"]["slot"])
        self._heard_at = time.monotonic()
        self._shown = status is not None
        if status is not None:
            # Old nodes give no status, only null confirmations: rooted, that is finalized.
            level = status.get("confirmationStatus") or "finalized"
            self._seen = self._seen or level
            if _RANK[level] >= _RANK[self.commitment]:
                reached: Mapping[str, Any] = status
                return reached
        elif ended is not None and slot >= ended and self._seen is None:
            reason = f"; the node said: {self._trouble}" if self._trouble is not None else ""
            raise TransactionExpired(
                f"transaction {self.signature} did not land and no longer can{reason}", self.signature
            )
        return None

    def troubled(self, bad: Exception) -> None:
        """Notes that the node did not answer, or not readably."""
        self._trouble = bad

    def check(self) -> None:
        """Raises when waiting longer is pointless."""
        now = time.monotonic()
        if now - self._heard_at < GIVE_UP and now - self._began < LONGEST:
            return
        raise TransactionUnknown(self.signature, seen=self._seen, cause=self._trouble)


def _shown(
    client: Reader,
    transaction: VersionedTransaction,
    status: Mapping[str, Any],
    decode: Callable[[Sent[Any]], T] | None,
) -> Sent[T]:
    """A transaction that landed, with its logs, which nodes show a moment later than its status."""
    signature = str(transaction.signatures[0])
    trouble: Exception | None = None
    for _ in range(SHOW_TRIES):
        try:
            if (sent := landed(client, signature, decode)) is not None:
                return sent
        except TransactionFailed:
            raise
        except (RpcError, TransportError, *UNREADABLE) as bad:
            trouble = bad
        time.sleep(POLL / 2)
    if status.get("err") is not None:
        raise failure(
            status["err"], program_ids=transactions.programs_of(transaction), signature=signature
        ) from trouble
    raise TransactionNotShown(signature, trouble)


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


def wait(client: Reader, signature: str, commitment: str) -> None:
    """Waits for a transaction that somebody else sent, by polling and by announcement if there is one.

    Raises:
        TransactionUnknown: the node has not shown it for a minute.
    """
    nudge = Nudge(client.transport, _announcement(signature, commitment))
    nudge.begin()
    try:
        _waited(client, signature, commitment, nudge)
    finally:
        nudge.close()


def _waited(client: Reader, signature: str, commitment: str, nudge: Nudge) -> None:
    trouble: Exception | None = None
    for _ in range(WAIT_TRIES):
        try:
            answer = client.request("getSignatureStatuses", [signature], {"searchTransactionHistory": False})
            status = answer["value"][0]
            if status is not None:
                level = status.get("confirmationStatus") or "finalized"
                if _RANK[level] >= _RANK[commitment]:
                    return
        except (RpcError, TransportError, *UNREADABLE) as bad:
            trouble = bad
        nudge.pause(POLL)
    raise TransactionUnknown(signature, cause=trouble)


def landed(client: Reader, signature: str, decode: Callable[[Sent[Any]], T] | None = None) -> Sent[T] | None:
    """A transaction that landed, or None; raises the error it failed with."""
    if client.is_local:
        record = client.network.transaction(signature)
        return None if record is None else _from_record(record, decode)
    config = {
        "encoding": "base64",
        "commitment": client.transaction_level,
        "maxSupportedTransactionVersion": 0,
    }
    answer = client.request("getTransaction", signature, config)
    if answer is None:
        return None
    with shaped("getTransaction"):
        sent = transactions.sent_from_json(signature, answer, decode)
        error = answer["meta"]["err"]
    if error is not None:
        raise failure(
            error,
            logs=sent.logs,
            program_ids=sent._program_ids,
            signature=signature,
            compute_units=sent.compute_units,
        )
    return sent

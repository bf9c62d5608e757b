"""Transactions that end a job and do nothing else, signed by its renter before: pure reading of them.

Each stands on a nonce account of the renter's, so that it can be sent on any later day, once. Whoever holds
one can end that job, and neither spend nor move anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from solders.pubkey import Pubkey
from solders.transaction import SanitizeError, VersionedTransaction

from ionet import ix
from ionet.chain.errors import EncodeError
from ionet.chain.ids import COMPUTE_BUDGET_PROGRAM
from ionet.chain.nonces import nonce_account

#: Bytes of a transaction.
MAX_BYTES: Final = 1_232
_ANY: Final = Pubkey.default()
_STOP: Final = ix.jobs.stop(party=_ANY, job=_ANY, offer=_ANY)
_CANCEL: Final = ix.jobs.cancel(party=_ANY, job=_ANY, offer=_ANY)
#: Where an instruction to end has the job among its accounts.
_JOB: Final = 1


@dataclass(frozen=True, slots=True)
class Ending:
    """A signed transaction that ends a job.

    Attributes:
        job: its address, 32 bytes.
        stops: whether it stops a job that runs; otherwise it cancels one that has not started.
        raw: the transaction.
    """

    job: bytes
    stops: bool
    raw: bytes


def read_ending(raw: bytes, renter: bytes) -> Ending:
    """Reads a transaction that ends a job of a renter's.

    Args:
        raw: the transaction.
        renter: who must have signed it, alone, and pays its fee; 32 bytes.

    Raises:
        ValueError: it is something else; the message says what.
    """
    if len(raw) > MAX_BYTES:
        raise ValueError(f"a transaction has at most {MAX_BYTES} bytes")
    try:
        transaction = VersionedTransaction.from_bytes(raw)
        # After this every index is of something.
        transaction.sanitize()
        message: Any = transaction.message
        nonce = nonce_account(message)
        signed = all(transaction.verify_with_results())
    except (ValueError, SanitizeError, EncodeError) as bad:
        raise ValueError(f"it is no transaction: {bad}") from None
    keys = message.account_keys
    if message.header.num_required_signatures != 1 or bytes(keys[0]) != renter or not signed:
        raise ValueError("it is not signed by the renter alone")
    if nonce is None:
        raise ValueError("it stands on no nonce, and soon can land no more")
    if getattr(message, "address_table_lookups", ()):
        raise ValueError("it takes accounts from lookup tables")
    rest = [
        item for item in message.instructions[1:] if keys[item.program_id_index] != COMPUTE_BUDGET_PROGRAM
    ]
    if len(rest) != 1 or keys[rest[0].program_id_index] != _STOP.program_id:
        raise ValueError("it does something else than to end a job")
    data, accounts = bytes(rest[0].data), bytes(rest[0].accounts)
    if data not in (_STOP.data, _CANCEL.data) or len(accounts) <= _JOB:
        raise ValueError("it does something else than to end a job")
    return Ending(bytes(keys[accounts[_JOB]]), data == _STOP.data, raw)

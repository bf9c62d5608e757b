"""Shows in words what is about to be signed: every instruction, its accounts by role, and what it moves."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from ionet import IonetError
from ionet.administration.decoding import Decoded, decode
from ionet.chain import transactions
from ionet.chain.ids import SYSTEM_PROGRAM
from ionet.chain.nonces import authority_of, nonce_account, nonce_of
from ionet.chain.transactions import unsigned_by
from ionet.cli.failures import REFUSED, UserError, sentence
from ionet.cli.session import Session


def show(
    io: Session, transaction: VersionedTransaction, number: int, allowed: Collection[Pubkey] | None
) -> None:
    """Writes to standard error what a transaction does.

    Args:
        io: the session.
        transaction: what is to be signed or sent.
        number: its number among several, from 1.
        allowed: programs whose instructions may be unknown; None: all.

    Raises:
        UserError: an instruction, or a call that it stores, cannot be read, and its program is not allowed.
        EncodeError: how long it can land is unknown.
    """
    decoded = [decode(instruction) for instruction in instructions_of(io, transaction)]
    missing = unsigned_by(transaction)
    payer = transaction.message.account_keys[0]
    io.screen.warn(f"Transaction {number}; the fee is paid by {payer}")
    for position, entry in enumerate(decoded, 1):
        io.screen.warn("\n".join(_lines(f"  {position}. ", entry)))
    io.screen.warn("\n".join([*_lifetime(io, transaction), *_effects(io, transaction)]))
    if missing:
        io.screen.warn(f"Signatures missing: {', '.join(map(str, missing))}")
    if allowed is None:
        return
    for position, entry in enumerate(decoded, 1):
        for call in (entry, *entry.calls):
            if not call.known and call.program_id not in allowed:
                stored = "" if call is entry else "stores a call that "
                raise UserError(
                    f"instruction {position} of transaction {number} {stored}cannot be read: it calls"
                    f" {call.program_id}; if you know what it does, add --allow-program {call.program_id}",
                    REFUSED,
                )


def instructions_of(io: Session, transaction: VersionedTransaction) -> list[Instruction]:
    """Returns a transaction's instructions with whole accounts, those from lookup tables included.

    Raises:
        UserError: a lookup table does not exist, or has no such entry.
    """
    message = transaction.message
    keys, writes = message.account_keys, transactions.writable(message)
    signers = message.header.num_required_signatures
    metas = [AccountMeta(key, i < signers, writes[i]) for i, key in enumerate(keys)]
    try:
        writable, readonly = io.reader.loaded_accounts(message)
    except LookupError as bad:
        raise UserError(f"{bad}: which account is meant is unknown", REFUSED) from None
    metas += [AccountMeta(key, False, True) for key in writable]
    metas += [AccountMeta(key, False, False) for key in readonly]
    return [
        Instruction(
            metas[compiled.program_id_index].pubkey,
            bytes(compiled.data),
            [metas[i] for i in bytes(compiled.accounts)],
        )
        for compiled in message.instructions
    ]


def _lines(head: str, decoded: Decoded) -> Iterator[str]:
    """An instruction: its summary, arguments and accounts by role, with the calls that it stores."""
    yield f"{head}{decoded.summary}"
    arguments = dict(_flat(decoded.arguments or {}))
    names = [*arguments, *(role.name for role in decoded.roles)]
    width = max((len(name) for name in names), default=0)
    indent = " " * (len(head) + 2)
    for name, value in arguments.items():
        if isinstance(value, Decoded):
            yield from _lines(f"{indent}{name}: ", value)
        else:
            yield f"{indent}{name:<{width}}  {_value(value)}"
    for role in decoded.roles:
        flags = [word for word, holds in (("signs", role.signer), ("changes", role.writable)) if holds]
        does = f" ({', '.join(flags)})" if flags else ""
        yield f"{indent}{role.name:<{width}}  {role.address}{does}"


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Names and values; those of records and lists by the path to them."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _flat(part, f"{name}.{key}" if name else key)
    elif isinstance(value, list) and value:
        for index, part in enumerate(value):
            yield from _flat(part, f"{name}[{index}]")
    else:
        yield name, value


def _value(value: Any) -> str:
    if value is None or value == []:
        return "none"
    if isinstance(value, bytes):
        return value.hex() or "empty"
    if isinstance(value, int) and not isinstance(value, bool):
        return value.name.lower() if hasattr(value, "name") else f"{value:,}"
    return str(value)


def _lifetime(io: Session, transaction: VersionedTransaction) -> Iterator[str]:
    """How long a transaction with a durable nonce can land, and who decides that; others simply expire."""
    message = transaction.message
    address = nonce_account(message)
    if address is None:
        return
    account = io.reader.account(address)
    data = b"" if account is None or account.owner != SYSTEM_PROGRAM else bytes(account.data)
    authority = authority_of(data)
    if authority is None:
        yield f"  Its durable nonce has no account at {address}: as of now it cannot land"
        return
    signers = message.account_keys[: message.header.num_required_signatures]
    signs = "signs" if authority in signers else "does not sign: it cannot land"
    yield f"  It does not expire: it can land until the nonce of {address} is used up"
    yield f"       the nonce's authority  {authority} ({signs})"
    if nonce_of(data) != str(message.recent_blockhash):
        yield "  That nonce was used up: this can no longer land"


def _effects(io: Session, transaction: VersionedTransaction) -> Iterator[str]:
    """What a simulation with the present accounts moves."""
    try:
        preview = io.reader.preview_transaction(transaction)
    except IonetError as bad:
        yield f"  As of now it would fail, or cannot be simulated: {sentence(bad)}"
        return
    yield "  It would move, as of now:" if preview.changes else "  It would move no SOL and no tokens"
    for change in preview.changes:
        yield f"       {io.moved(change)}"

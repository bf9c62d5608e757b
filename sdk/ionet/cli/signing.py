"""What somebody is about to sign, in words: every instruction, who plays which role, and what it moves."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from ionet import IonetError
from ionet.administration.decoding import Decoded, decode
from ionet.chain import transactions
from ionet.chain.transactions import unsigned_by
from ionet.cli.failures import REFUSED, UserError, sentence
from ionet.cli.session import Session


def show(io: Session, transaction: VersionedTransaction, number: int, allowed: Collection[Pubkey]) -> None:
    """Writes to standard error what a transaction does.

    Args:
        io: the session.
        transaction: what is to be signed or sent.
        number: which of several it is.
        allowed: programs whose instructions are accepted unread.

    Raises:
        UserError: an instruction cannot be read, and its program is not allowed.
    """
    decoded = [decode(instruction) for instruction in instructions_of(io, transaction)]
    missing = unsigned_by(transaction)
    payer = transaction.message.account_keys[0]
    io.screen.warn(f"Transaction {number}; the fee is paid by {payer}")
    for place, one in enumerate(decoded, 1):
        io.screen.warn("\n".join(_lines(place, one)))
    io.screen.warn("\n".join(_effects(io, transaction)))
    if missing:
        io.screen.warn(f"Signatures missing: {', '.join(map(str, missing))}")
    for place, one in enumerate(decoded, 1):
        if not one.known and one.program_id not in allowed:
            raise UserError(
                f"instruction {place} of transaction {number} cannot be read: it calls {one.program_id};"
                f" if you know what it does, say --allow-program {one.program_id}",
                REFUSED,
            )


def instructions_of(io: Session, transaction: VersionedTransaction) -> list[Instruction]:
    """Returns a transaction's instructions with whole accounts, those from lookup tables included.

    Raises:
        UserError: a lookup table is not there, or has no such entry.
    """
    message = transaction.message
    keys, writes = message.account_keys, transactions.writable(message)
    signers = message.header.num_required_signatures
    metas = [AccountMeta(key, i < signers, writes[i]) for i, key in enumerate(keys)]
    try:
        writable, readonly = io.reader.loaded_accounts(message)
    except LookupError as bad:
        raise UserError(f"{bad}: nobody can say which account is meant", REFUSED) from None
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


def _lines(place: int, decoded: Decoded) -> Iterator[str]:
    yield f"  {place}. {decoded.summary}"
    arguments = decoded.arguments or {}
    names = [*arguments, *(role.name for role in decoded.roles)]
    width = max((len(name) for name in names), default=0)
    for name, value in arguments.items():
        yield f"       {name:<{width}}  {_value(value)}"
    for role in decoded.roles:
        flags = [word for word, holds in (("signs", role.signer), ("changes", role.writable)) if holds]
        does = f" ({', '.join(flags)})" if flags else ""
        yield f"       {role.name:<{width}}  {role.address}{does}"


def _value(value: Any) -> str:
    if isinstance(value, bytes):
        return value.hex() or "empty"
    if isinstance(value, int) and not isinstance(value, bool):
        return value.name.lower() if hasattr(value, "name") else f"{value:,}"
    return str(value)


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

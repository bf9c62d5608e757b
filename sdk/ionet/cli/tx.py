"""`ionet tx`: transactions that several people sign, as printed by `--sign-only`."""

from __future__ import annotations

import json
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from solders.message import to_bytes_versioned
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from ionet import IonetError, SignsElsewhere, TransactionNotShown, TransactionUnknown
from ionet.chain.transactions import unsigned_by, well_formed
from ionet.cli import signing
from ionet.cli.arguments import address
from ionet.cli.failures import REFUSED, UNKNOWN, UNUSABLE, UserError, sentence
from ionet.cli.options import Commands
from ionet.cli.session import Session, session

app = Commands("Transactions that several people sign: what --sign-only prints.")

Source = Annotated[
    str,
    typer.Argument(metavar="TRANSACTIONS", help="Base64, or a file with one per line; - is standard input."),
]


Allowed = Annotated[
    list[Pubkey] | None,
    typer.Option(
        "--allow-program",
        metavar="ADDRESS",
        parser=address,
        help="Accept instructions of this program, which cannot be read here; may be repeated.",
    ),
]


@app.command()
def show(source: Source) -> None:
    """Show what transactions do: instructions, accounts by role, what they move, who has to sign."""
    io = session()
    for number, transaction in enumerate(_read(source), 1):
        signing.show(io, transaction, number, None)


@app.command()
def sign(source: Source, allowed: Allowed = None) -> None:
    """Show what the transactions do, add the signer's signature, and print them again."""
    io = session()
    transactions = _shown(io, source, allowed, signs=True)
    io.confirm(f"sign {len(transactions)} transactions")
    for transaction in transactions:
        signed = _signed(io, transaction)
        missing = unsigned_by(signed)
        encoded = b64encode(bytes(signed)).decode()
        if io.screen.as_json:
            print(json.dumps({"transaction": encoded, "missing": [str(address) for address in missing]}))
        else:
            print(encoded)
            needed = ", ".join(map(str, missing)) or "none"
            io.screen.note(f"Signatures still missing: {needed}")


@app.command()
def send(source: Source, allowed: Allowed = None) -> None:
    """Show what the transactions do, add the signer's signature where it is missing, and send them."""
    io = session()
    transactions = _shown(io, source, allowed)
    io.confirm(f"send {len(transactions)} transactions")
    rows, data, failed, unknown = [], [], 0, 0
    for number, transaction in enumerate(transactions, 1):
        signed = _signed(io, transaction) if unsigned_by(transaction) else transaction
        if missing := unsigned_by(signed):
            raise UserError(f"transaction {number} lacks the signature of {missing[0]}", REFUSED)
        signature = str(signed.signatures[0])
        try:
            io.reader.send_signed(signed)
            rows.append((number, signature, "landed"))
            data.append({"signature": signature, "landed": True})
        except IonetError as bad:
            failed += 1
            unknown += isinstance(bad, TransactionUnknown)
            landed = None if isinstance(bad, TransactionUnknown) else isinstance(bad, TransactionNotShown)
            rows.append((number, signature, sentence(bad)))
            data.append({"signature": signature, "landed": landed, "error": sentence(bad)})
    io.screen.table((">", "signature", ""), rows, data=data, empty="No transactions.")
    if failed:
        raise typer.Exit(UNKNOWN if unknown else REFUSED)


def _shown(
    io: Session, source: str, allowed: Sequence[Pubkey] | None, *, signs: bool = False
) -> list[VersionedTransaction]:
    """Shows what the transactions do, all before any is signed, and returns them."""
    transactions = list(_read(source))
    for number, transaction in enumerate(transactions, 1):
        if signs or unsigned_by(transaction):
            _check_signer(io, transaction)
        signing.show(io, transaction, number, allowed or ())
    return transactions


def _check_signer(io: Session, transaction: VersionedTransaction) -> None:
    signer, message = io.signer, transaction.message
    if isinstance(signer, SignsElsewhere):
        raise UserError(f"{signer.pubkey()} is an address: whoever signs here gives a keypair by --keypair")
    needed = list(message.account_keys[: message.header.num_required_signatures])
    if signer.pubkey() not in needed:
        raise UserError(f"{signer.pubkey()} does not sign this; {', '.join(map(str, needed))} do", REFUSED)


def _signed(io: Session, transaction: VersionedTransaction) -> VersionedTransaction:
    signer, message = io.signer, transaction.message
    needed = list(message.account_keys[: message.header.num_required_signatures])
    signatures = list(transaction.signatures)
    signatures[needed.index(signer.pubkey())] = signer.sign_message(to_bytes_versioned(message))
    return VersionedTransaction.populate(message, signatures)


def _is_file(source: str) -> bool:
    try:
        return Path(source).is_file()
    except (OSError, ValueError):  # too long for a name, or with a zero byte: base64 is
        return False


def _lines(source: str) -> list[str]:
    """The lines of a source; those of one JSON document, as --sign-only prints it, are its transactions."""
    if source == "-":
        if sys.stdin is None or sys.stdin.closed:
            raise UserError("standard input is closed: no transactions can be read from it", UNUSABLE)
        text = sys.stdin.buffer.read().decode(errors="replace")
    else:
        text = Path(source).read_text(errors="replace") if _is_file(source) else source
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return text.splitlines()
    return [json.dumps(entry) for entry in (document if isinstance(document, list) else [document])]


def _read(source: str) -> Iterator[VersionedTransaction]:
    """Yields transactions from an argument, a file or standard input: base64, or JSON with `transaction`."""
    for number, line in enumerate(_lines(source), 1):
        if not line.strip():
            continue
        try:
            text = json.loads(line)["transaction"] if line.lstrip().startswith("{") else line
            transaction = VersionedTransaction.from_bytes(b64decode(text, validate=True))
        except Exception:  # solders raises several kinds
            raise UserError(f"line {number} is not a transaction in base64", UNUSABLE) from None
        if not well_formed(transaction):
            raise UserError(
                f"line {number} is no transaction that a node would take: its accounts, instructions and"
                " signatures do not belong together",
                UNUSABLE,
            )
        yield transaction

"""`ionet login`: a session key on this machine, and the transaction by which a wallet lets it spend."""

from __future__ import annotations

import os
import sys
import time
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import to_bytes_versioned
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from ionet import (
    SOL,
    AccountNotFound,
    Amount,
    AmountError,
    Call,
    SignsElsewhere,
    TransactionFailed,
    accounts,
    token_account,
)
from ionet.chain.base58 import b58decode
from ionet.chain.files import replace_secret
from ionet.chain.layouts import TokenAccount
from ionet.chain.transactions import unsigned_by, well_formed
from ionet.cli import signing
from ionet.cli.arguments import length_of
from ionet.cli.failures import NOT_FOUND, REFUSED, UNKNOWN, UNUSABLE, UserError
from ionet.cli.job.parts import Currency
from ionet.cli.login import kept
from ionet.cli.login.kept import Login
from ionet.cli.options import Commands
from ionet.cli.output import span, when
from ionet.cli.session import Session, session
from ionet.token.currency import unit_of

app = Commands()

#: Seconds between two looks at the chain.
_LOOK: Final = 2.0
#: For how many jobs at a time the key gets SOL by default, and lamports for the fees of each.
_JOBS: Final = 4
_FEES: Final = 2_000_000
#: Bytes of a token account.
_TOKEN_ACCOUNT: Final = 165


def _sol(text: str) -> SOL:
    try:
        amount = SOL(text)
    except AmountError as bad:
        raise typer.BadParameter(str(bad)) from None
    if not 0 <= amount.base < 1 << 63:
        raise typer.BadParameter(f"an amount is zero or above, not {text}")
    return amount


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the wallet is asked for.

    Attributes:
        login: the session.
        path: where it is kept.
        limit: the allowance.
    """

    login: Login
    path: Path
    limit: Amount

    @property
    def purse(self) -> Pubkey:
        """The wallet's token account."""
        return token_account(self.login.wallet, self.login.mint)


@dataclass(frozen=True, slots=True)
class _Request:
    """The transaction that a wallet signs, and what it does, in a few words."""

    call: Call[None]
    action: str


@app.command()
def login(
    limit: Annotated[
        str | None,
        typer.Option("--limit", metavar="AMOUNT", help="The most that it may spend, in the currency."),
    ] = None,
    currency: Currency = "IO",
    seconds: Annotated[
        int, typer.Option("--for", metavar="LENGTH", parser=length_of, help="How long commands use it.")
    ] = "7d",  # type: ignore[assignment]  # read by its parser
    sol: Annotated[
        SOL | None,
        typer.Option(
            "--sol",
            metavar="SOL",
            parser=_sol,
            help="What it gets for rent, which comes back to it, and fees; default: enough for four jobs.",
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of the wallet's session key elsewhere.")
    ] = False,
    signed: Annotated[
        str | None,
        typer.Option(
            "--signed",
            metavar="TEXT",
            help="What the wallet has signed: the transaction, or its signature alone; - for standard input.",
        ),
    ] = None,
    wait: Annotated[
        int, typer.Option("--wait", metavar="LENGTH", parser=length_of, help="How long to wait for it.")
    ] = "10min",  # type: ignore[assignment]  # read by its parser
    export: Annotated[
        Path | None,
        typer.Option(
            "--export", metavar="FILE", help="Write the session there, for IONET_SESSION elsewhere, not here."
        ),
    ] = None,
) -> None:
    """Rent without a wallet on this machine: make a session key, which a wallet lets spend up to a limit.

    The wallet is given by -k: a keypair file, which signs at once, or an address, whose owner signs what is
    printed wherever the wallet is (`ionet tx send`); then this waits until the chain shows it, or takes
    what was signed from a terminal or by --signed. If the key is there already, limit and end are new.

    The key is the renter of what it books, and what comes back goes to the wallet. It cannot stake, vote,
    dispute, or raise its limit. A thief of it can spend the limit in any way, until `ionet logout`; --for is
    kept by these commands alone. A token account has one session key.
    """
    io, path = session(), export or kept.place()
    if signed is not None:
        wanted = _pending(io, path)
        _complete(io, wanted, signed)
        _wait(io, wanted, wait)
        _tell(io, wanted)
        return
    if limit is None:
        raise UserError("say by --limit what the session key may spend at most")
    wanted = _wanted(io, path, limit, currency, seconds, replace=replace)
    request = _request(io, wanted, sol)
    if io.dry_run:
        io.send(request.call, request.action)
    elif isinstance(io.signer, SignsElsewhere):
        _ask(io, wanted, request, wait)
    else:
        _send(io, wanted, request)
    _tell(io, wanted)


def _pending(io: Session, path: Path) -> _Wanted:
    """What waits for the wallet's signature."""
    login = kept.read(path)
    if login is None:
        raise UserError(
            "nothing waits for a signature here: begin by `ionet login` without --signed", REFUSED
        )
    unit = unit_of(io.reader.jobs.get_currency(login.mint))
    return _Wanted(login, path, unit.from_base(login.limit))


def _wanted(io: Session, path: Path, limit: str, currency: str, seconds: int, *, replace: bool) -> _Wanted:
    wallet, paid_in = io.signer.pubkey(), io.reader.jobs.get_currency(currency)
    unit = unit_of(paid_in)
    try:
        allowed = unit(limit)
    except AmountError as bad:
        raise UserError(str(bad)) from None
    if not 0 < allowed.base < 1 << 64:
        raise UserError(f"a limit is above zero, not {limit}")
    if seconds <= 0:
        raise UserError("a session lasts for some time: --for 7d")
    former = kept.read(path)
    if former is not None and (former.wallet, former.mint) != (wallet, paid_in.mint):
        raise UserError(
            f"there is a session of {former.wallet} in {path}, of another wallet or currency: end it first by"
            " `ionet logout`",
            REFUSED,
        )
    key = Keypair() if former is None else former.key
    try:
        purse = io.reader.token_account(token_account(wallet, paid_in.mint))
    except AccountNotFound:
        raise UserError(f"the wallet {wallet} has no account of {unit.SYMBOL}", NOT_FOUND) from None
    other = purse.delegate
    if other not in (None, key.pubkey()) and purse.delegated_amount and not replace:
        left = unit.from_base(purse.delegated_amount)
        raise UserError(
            f"{other} may spend {left} of this wallet, which has one session key of a currency at a time:"
            " --replace has this one take its place",
            REFUSED,
        )
    genesis = str(io.reader.request("getGenesisHash"))
    login = Login(key, wallet, paid_in.mint, allowed.base, io.reader.time() + seconds, genesis)
    return _Wanted(login, path, allowed)


def _request(io: Session, wanted: _Wanted, sol: SOL | None) -> _Request:
    wallet, key = wanted.login.wallet, wanted.login.key.pubkey()
    if sol is None:
        sol = SOL.from_base(max(0, _for_jobs(io) - io.reader.balance(key).base))
    call, action = io.client.jobs.approve_session_key(key, wanted.login.mint, wanted.limit), ""
    if sol:
        moved = TransferParams(from_pubkey=wallet, to_pubkey=key, lamports=sol.base)
        call, action = call + io.client.call(transfer(moved)), f", and send it {sol} for rent and fees"
    return _Request(call, f"let the session key {key} spend up to {wanted.limit}{action}")


def _for_jobs(io: Session) -> int:
    """Lamports for the rent of jobs with their escrows and payout accounts, and for fees."""
    assert accounts.jobs.Job.SIZE is not None
    rent = io.reader.rent(accounts.jobs.Job.SIZE) + 2 * io.reader.rent(_TOKEN_ACCOUNT)
    return _JOBS * (rent + _FEES)


def _keep(wanted: _Wanted) -> str | None:
    """Writes the session; returns what was there before. It is written first: a key must not be lost."""
    before = wanted.path.read_text() if wanted.path.exists() else None
    kept.write(wanted.path, wanted.login, new=before is None)
    return before


def _send(io: Session, wanted: _Wanted, request: _Request) -> None:
    """Has the wallet, which is here, sign and send."""
    before = _keep(wanted)
    try:
        sent = io.send(request.call, request.action, unit=type(wanted.limit))
    except (TransactionFailed, UserError, typer.Abort):
        # Nothing was allowed: the session is as it was.
        if before is None:
            wanted.path.unlink()
        else:
            replace_secret(wanted.path, before)
        raise
    io.screen.note(f"Signature: {sent.signature}")


def _ask(io: Session, wanted: _Wanted, request: _Request, wait: int) -> None:
    """Prints what the wallet is to sign elsewhere, and waits for it."""
    _keep(wanted)
    _unsigned(wanted.path).unlink(missing_ok=True)
    if io.sign_only:
        io.send(request.call, request.action)
    coded = b64encode(bytes(request.call.tx(partial=True))).decode()
    replace_secret(_unsigned(wanted.path), coded)
    io.screen.warn(f"The wallet {wanted.login.wallet} is to {request.action}.")
    io.screen.warn("Sign and send this where the wallet is, for example by `ionet tx send`, within a minute:")
    io.screen.warn(coded)
    if sys.stdin is not None and sys.stdin.isatty():
        text = typer.prompt(
            "Paste what was signed, or only its signature; press Enter if it was sent elsewhere",
            default="",
            show_default=False,
            err=True,
        )
        if text.strip():
            _complete(io, wanted, text)
    else:
        io.screen.warn("Waiting until the chain shows it; if it has expired, interrupt this and begin anew")
    _wait(io, wanted, wait)


def _complete(io: Session, wanted: _Wanted, text: str) -> None:
    """Sends what the wallet has signed.

    Raises:
        UserError: it does not allow what was asked for, or is not signed by the wallet.
    """
    if text == "-":
        text = sys.stdin.read() if sys.stdin is not None and not sys.stdin.closed else ""
    login, place = wanted.login, _unsigned(wanted.path)
    shown = VersionedTransaction.from_bytes(b64decode(place.read_text())) if place.exists() else None
    transaction = _signed(text.strip(), shown, login.wallet)
    wallet = io.reader.as_(SignsElsewhere(login.wallet))
    (asked,) = wallet.jobs.approve_session_key(login.key.pubkey(), login.mint, wanted.limit).ix()
    # Wallets may add instructions of their own, on fees for example.
    if not any(_same(asked, given) for given in signing.instructions_of(io, transaction)):
        raise UserError(
            f"this transaction does not let the session key {login.key.pubkey()} spend {wanted.limit}: it is"
            " not the one that was shown last",
            REFUSED,
        )
    sent = io.reader.send_signed(transaction)
    io.landed(sent.signature)
    io.screen.note(f"Signature: {sent.signature}")


def _same(asked: Instruction, given: Instruction) -> bool:
    """Whether two instructions do the same; a fee payer is writable besides."""
    keys = [[meta.pubkey for meta in each.accounts] for each in (asked, given)]
    return (asked.program_id, asked.data) == (given.program_id, given.data) and keys[0] == keys[1]


def _signed(text: str, shown: VersionedTransaction | None, wallet: Pubkey) -> VersionedTransaction:
    """The transaction that a text is, or completes."""
    raw = _bytes(text)
    if len(raw) == Signature.LENGTH:
        if shown is None:
            raise UserError(
                "which transaction was signed is not known here: give all of it, not its signature"
            )
        message = shown.message
        signature = Signature.from_bytes(raw)
        if not signature.verify(wallet, to_bytes_versioned(message)):
            raise UserError(
                f"the signature is not one of {wallet} for the transaction that was shown last", REFUSED
            )
        signatures = list(shown.signatures)
        signatures[list(message.account_keys).index(wallet)] = signature
        transaction = VersionedTransaction.populate(message, signatures)
    else:
        try:
            transaction = VersionedTransaction.from_bytes(raw)
        except Exception:  # solders raises several kinds
            raise UserError(
                "this is neither a signature nor a transaction, in base58 or base64", UNUSABLE
            ) from None
        if not well_formed(transaction):
            raise UserError("this is no transaction that a node would take", UNUSABLE)
    if missing := unsigned_by(transaction):
        raise UserError(f"the transaction lacks the signature of {missing[0]}", REFUSED)
    if not all(transaction.verify_with_results()):
        raise UserError("a signature of the transaction is wrong: it was signed for something else", REFUSED)
    return transaction


def _bytes(text: str) -> bytes:
    for read in (b58decode, lambda coded: b64decode(coded, validate=True)):
        try:
            raw = read(text)
        except ValueError:
            continue
        # A text in base64 may by chance have letters of base58 only; then the first byte says it.
        if len(raw) == Signature.LENGTH or raw[:1] == b"\x01" or raw[:1] == b"\x02":
            return raw
    raise UserError("this is neither a signature nor a transaction, in base58 or base64", UNUSABLE)


def _wait(io: Session, wanted: _Wanted, seconds: int) -> None:
    """Waits until the chain shows the allowance.

    Raises:
        UserError: it did not come in time.
    """
    deadline = time.monotonic() + seconds
    while not _allowed(io.reader.token_account(wanted.purse), wanted):
        if time.monotonic() >= deadline:
            raise UserError(
                f"the chain has not shown within {span(seconds)} that the wallet has signed: see `ionet"
                " whoami`, or begin anew by `ionet login`",
                UNKNOWN,
            )
        time.sleep(_LOOK)


def _allowed(purse: TokenAccount, wanted: _Wanted) -> bool:
    allowed: bool = purse.delegate == wanted.login.key.pubkey()
    return allowed and purse.delegated_amount == wanted.login.limit


def _unsigned(path: Path) -> Path:
    """Where the transaction lies that waits for the wallet's signature; it is no secret."""
    return path.with_name(f"{path.name}.unsigned")


def _tell(io: Session, wanted: _Wanted) -> None:
    _unsigned(wanted.path).unlink(missing_ok=True)
    login, here = wanted.login, wanted.path == kept.place()
    for name in ("ANCHOR_WALLET", kept.VARIABLE):
        if here and os.environ.get(name):
            io.screen.warn(f"{name} is set, and signs instead of the session key")
    io.screen.show(
        {
            "key": login.key.pubkey(),
            "wallet": login.wallet,
            "limit": wanted.limit,
            "until": login.until,
            "sol": io.reader.balance(login.key.pubkey()),
            "file": str(wanted.path),
        },
        f"The session key {login.key.pubkey()} rents for {login.wallet}: up to {wanted.limit}, until"
        f" {when(login.until)}",
        "See what is left: ionet whoami; end it: ionet logout"
        if here
        else f"Give the content of {wanted.path} as {kept.VARIABLE} to who is to rent, and delete the file",
    )

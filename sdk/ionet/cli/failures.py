"""Errors as one sentence for the person at the command line, and stable exit statuses.

| status | meaning |
|---|---|
| 0 | done |
| 1 | refused by a program, a store or a service, or failed on the chain; or a check does not hold |
| 2 | wrong arguments: nothing was asked of the network |
| 3 | a keypair, configuration or input file that cannot be used |
| 4 | not found: no such account |
| 5 | the node, the store or the service cannot be reached, or the node refused a request |
| 6 | the transaction did not land in time and no longer can: safe to repeat |
| 7 | what became of the transaction is unknown: look it up by its signature before repeating it |
| 130 | interrupted |
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import Any, Final

import typer
from typer._click.exceptions import NoArgsIsHelpError, NoSuchOption, UsageError

from ionet import (
    IO,
    AccountNotFound,
    AmountError,
    ClusterNotBooked,
    ClusterUnknown,
    ConfigError,
    DecodeError,
    EmissionUnknown,
    EncodeError,
    IonetError,
    MissingSigner,
    NotBookable,
    PriceUnusable,
    ProgramError,
    ProgramMissing,
    RpcError,
    TransactionExpired,
    TransactionFailed,
    TransactionNotShown,
    TransactionUnknown,
    TransportError,
)
from ionet.cli.options import fail
from ionet.cloud.errors import (
    BudgetTooSmall,
    CannotResize,
    CannotWatch,
    ClusterFileError,
    NoAccess,
    NoCluster,
    NoNode,
    NotCancelled,
    NotCopied,
    NotEnough,
    NotRun,
    NoVolume,
    OutputsRefused,
    PackingError,
    RayDiffers,
    ResultError,
    RunUnreachable,
    SetupFailed,
    VolumeError,
)
from ionet.explorer.errors import ExplorerError
from ionet.formats.text import printable
from ionet.formats.when import span, when
from ionet.intelligence.errors import BadReceipt, ServiceAway, ServiceRefused
from ionet.ledger.errors import LedgerError
from ionet.store.errors import StoreError, StoreRefused, StoreUnknown, StoreUnreachable

REFUSED: Final = 1
USAGE: Final = 2
UNUSABLE: Final = 3
NOT_FOUND: Final = 4
NO_NODE: Final = 5
EXPIRED: Final = 6
UNKNOWN: Final = 7

#: What renting takes of the extra `access`.
_ACCESS: Final = frozenset({"cryptography", "asyncssh"})
_COMPARED: Final = re.compile(r"(?P<what>.*); left: (?P<left>.+), right: (?P<right>.+)", re.DOTALL)
#: What the numbers are that errors compare; of all others they are base units of IO.
TIMES: Final = frozenset(
    {
        "StartWindowOver", "FirstHour", "NotOver", "NotSilent", "ClusterYoung", "DisputeWindowOver",
        "ManifestLate", "ClusterRuns", "ClusterOver", "SlashPause", "ReportHeld", "VerdictBeforeChange",
        "CommitsClosed", "CommitsOpen", "HourKept", "HourTooOld", "NoticeRuns", "ApprovedBeforeOwner",
        "DisproofsOpen",
    }
)  # fmt: skip
SPANS: Final = frozenset(
    {
        "AttestationFalls", "AttestationAhead", "AttestationOverlaps", "NotAttestedToItsEnd",
        "LoweredBelowPaid", "VerdictTooOld",
    }
)  # fmt: skip
COUNTS: Final = frozenset({"ClassNotLower", "ClusterIncomplete", "TooFewSeats", "WrongHour", "DrawTooEarly"})
#: Of a job's currency.
JOB_AMOUNTS: Final = frozenset({"DepositAboveLimit", "BondAboveLimit", "SplitAbovePrice", "SplitBelowPaid"})
BPS: Final = frozenset({"CommissionStep"})


class UserError(IonetError):
    """Something that the person at the command line can correct.

    Attributes:
        status: exit status.
    """

    def __init__(self, message: str, status: int = USAGE) -> None:
        super().__init__(message)
        self.status = status


def explained(bad: Exception, options: Mapping[str, Any]) -> typer.Exit | None:
    """Writes what an error means; returns the exit to raise, or None for a defect of this program."""
    if isinstance(bad, UsageError) and not isinstance(bad, NoArgsIsHelpError):
        return fail(_of_usage(bad), USAGE, options=options)
    if isinstance(bad, ModuleNotFoundError) and (missing := str(bad.name).partition(".")[0]) in _ACCESS:
        text = f"this needs the extra `access` ({missing} is missing): pip install 'ionet[access]'"
        return fail(text, UNUSABLE, options=options)
    logs = options.get("verbose") and isinstance(bad, TransactionFailed)
    fields: dict[str, Any] = {}
    if isinstance(bad, ProgramError):
        fields = {"program": bad.program, "code": bad.code, "name": bad.name}
    if isinstance(bad, TransactionFailed):
        fields["signature"] = bad.signature
        if logs:
            fields["logs"] = list(bad.logs)
    match bad:
        case UserError():
            status = bad.status
        case TransactionFailed(error="InvalidProgramForExecution" | "ProgramAccountNotFound"):
            status = NOT_FOUND
        case ProgramError() | TransactionFailed():
            status = REFUSED
        case NotBookable() | PriceUnusable() | EmissionUnknown():
            status, fields = REFUSED, {"reason": bad.reason}
        case ClusterNotBooked():
            status = REFUSED
            fields = {
                "cluster": str(bad.cluster),
                "nodes": [str(node) for node in bad.nodes],
                "signatures": list(bad.signatures),
                "undone": [
                    {"job": str(booking.job), "signature": booking.signature, "error": booking.error}
                    for booking in bad.undone
                ],
            }
        case ClusterUnknown():
            status = UNKNOWN
            fields = {
                "signature": bad.signature,
                "cluster": str(bad.cluster),
                "nodes": [str(node) for node in bad.nodes],
                "signatures": list(bad.signatures),
                "jobs": [str(job) for job in bad.jobs],
            }
        case (
            BudgetTooSmall()
            | CannotResize()
            | CannotWatch()
            | SetupFailed()
            | NotCancelled()
            | NotCopied()
            | NotEnough()
            | NotRun()
            | OutputsRefused()
            | ResultError()
        ):
            status = REFUSED
        case NoCluster() | NoNode() | NoVolume() | RunUnreachable():
            status = NOT_FOUND
        case PackingError() | ClusterFileError() | VolumeError() | RayDiffers():
            status = UNUSABLE
        case StoreUnknown():
            status = UNKNOWN
        case StoreUnreachable() | NoAccess():
            status = NO_NODE
        case StoreRefused():
            status, fields = REFUSED, {"reason": bad.code}
        case AccountNotFound() | LookupError():
            status = NOT_FOUND
        case ConfigError() | LedgerError():
            status = UNUSABLE
        case TransactionExpired():
            status, fields = EXPIRED, {"signature": bad.signature}
        case TransactionUnknown():
            status, fields = UNKNOWN, {"signature": bad.signature}
        case TransactionNotShown():
            status, fields = NO_NODE, {"signature": bad.signature}
        case ProgramMissing():
            status, fields = NOT_FOUND, {"program_id": bad.program_id}
        case TransportError() | RpcError() | ExplorerError() | ServiceAway():
            status = NO_NODE
        case StoreError() | ServiceRefused() | BadReceipt():
            status = REFUSED
        case AmountError() | EncodeError() | DecodeError() | IonetError():
            status = _of_messages(bad) or USAGE
        case OSError() if bad.filename is not None:
            return fail(f"{bad.filename}: {bad.strerror}", UNUSABLE, options=options)
        case _:
            return None
    if not isinstance(bad, IonetError) and type(bad) is not LookupError:
        return None
    text, landed = sentence(bad), options.get("landed") or []
    if landed:
        # The error came after these transactions: nobody should think that they were not carried out.
        fields["landed"] = landed
        text += "; landed before that: "
        text += ", ".join(landed) if len(landed) < 4 else f"{len(landed)} transactions, {landed[-1]} the last"
    ending = fail(text, status, options=options, **fields)
    if logs and not _json(options):
        assert isinstance(bad, TransactionFailed)
        typer.echo("\n".join(f"  {printable(line)}" for line in bad.logs), err=True)
    return ending


def _of_usage(bad: UsageError) -> str:
    """What is wrong with a command line."""
    text, command = bad.format_message().rstrip("."), "ionet"
    if bad.ctx is not None:
        command = bad.ctx.command_path
        runs = any(each.name in ("command", "arguments") for each in bad.ctx.command.params)
        if runs and isinstance(bad, NoSuchOption):
            text += "; what is to be run, with its own options, comes behind --"
    return f"{text[:1].lower()}{text[1:]}; see {command} --help"


def _of_messages(bad: IonetError) -> int | None:
    """The status where a message to a node had no answer, or none that does it; None for other errors."""
    if "ionet.wire" not in sys.modules:
        return None  # so that no other command waits for what it takes to send one
    from ionet.wire import Refused, Unreachable

    if isinstance(bad, Unreachable):
        return NO_NODE
    return REFUSED if isinstance(bad, Refused) else None


def _json(options: Mapping[str, Any]) -> bool:
    return bool(options.get("output") == "json")


def sentence(bad: IonetError | LookupError) -> str:
    """Returns an error's message, with amounts in whole tokens."""
    match bad:
        case ProgramError():
            text = _of_program(bad)
        case TransportError():
            text = f"{bad}; is the node up, and is --url right?"
        case ClusterUnknown():
            text = f"{bad}; look it up before repeating it (ionet job cluster {bad.cluster})"
        case MissingSigner(address=address) if address is not None:
            text = (
                f"the signature of {address} is missing: give its keypair, or say --sign-only to print the"
                " transaction for it to sign"
            )
        case EmissionUnknown(reason="NotEmitted"):
            text = f"{bad} (ionet report emit)"
        case EmissionUnknown():
            text = f"{bad} (--from {bad.hour}); what earlier ones emitted stays unallocated"
        case TransactionFailed(error="AccountNotFound" | "InsufficientFundsForFee"):
            text = (
                "the fee cannot be paid: the signer, or --fee-payer, has too little SOL on this network;"
                " send it some"
            )
        case TransactionFailed(error="InvalidProgramForExecution" | "ProgramAccountNotFound"):
            text = "a program that this calls is not deployed at this node; is it the right network?"
        case TransactionFailed(error={"InsufficientFundsForRent": _}):
            text = "an account would be left with too little SOL for its rent: send whoever pays some SOL"
        case _:
            text = str(bad)
    if isinstance(bad, TransactionFailed) and bad.landed:
        text += f" (transaction {bad.signature} landed, its fee was paid)"
    return printable(text)


def _of_program(bad: ProgramError) -> str:
    where = f" ({bad.program}.{bad.name or bad.code})"
    if bad.program == "system" and bad.name == "AccountAlreadyInUse":
        return "an account that this would create exists already: this was done before"
    if bad.program == "system" and bad.name == "ResultWithNegativeLamports":
        return "whoever pays for new accounts has too little SOL on this network: send them some"
    if bad.program == "token" and bad.name == "InsufficientFunds":
        return "the token account holds less than that (token.InsufficientFunds)"
    if not bad.msg:
        return f"{bad.program} refused with error {bad.name or bad.code}"
    match = _COMPARED.fullmatch(bad.msg)
    if match is None:
        return bad.msg + where
    if bad.compared is None:
        return match["what"] + where
    left, right = (_amount(text, bad) for text in bad.compared)
    return f"{match['what']}: {match['left']} {left}, {match['right']} {right}{where}"


def _amount(text: str, bad: ProgramError) -> str:
    if not text.isdigit():
        return text
    if bad.name in TIMES:
        return when(int(text))
    if bad.name in SPANS:
        return span(int(text))
    if bad.name in COUNTS:
        return text
    if bad.name in BPS:
        return f"{int(text) / 100:g} %"
    if bad.name in JOB_AMOUNTS:
        return f"{int(text):,} base units" if bad.written is None else str(bad.written(int(text)))
    return str(IO.from_base(int(text)))

"""The exceptions of the package. Everything it raises deliberately is an `IonetError`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ionet.chain.renamed import Renamed

if TYPE_CHECKING:
    from solders.pubkey import Pubkey


class IonetError(Exception):
    """The root of all errors of this package."""


class AmountError(IonetError, ValueError):
    """Not an exact amount of that token."""


class DecodeError(IonetError, ValueError):
    """Bytes that are not what they should be: truncated, garbled, or of another type."""


class EncodeError(IonetError, ValueError):
    """A value that does not fit the program's type."""


class ConfigError(IonetError, ValueError):
    """A keypair, cluster name or configuration file that cannot be used."""


class AccountNotFound(IonetError, LookupError):
    """No account at this address."""

    def __init__(self, address: Pubkey, what: str = "account") -> None:
        super().__init__(f"no {what} at {address}")
        self.address = address


class ProgramMissing(IonetError):
    """The node's network does not have a program.

    Attributes:
        program_id: which.
    """

    def __init__(self, program_id: str, name: str | None) -> None:
        program = f"the program {name} ({program_id})" if name else f"the program {program_id}"
        super().__init__(f"{program} is not deployed at this node; is it the right network?")
        self.program_id = program_id


class EmissionUnknown(IonetError):
    """What was paid for an hour of emission cannot be known: not yet, or no longer.

    Attributes:
        reason: the name of the error with which the program refuses a report of that hour.
        hour: the hour to continue with, counted from the start of emission.
    """

    def __init__(self, reason: str, message: str, hour: int) -> None:
        super().__init__(message)
        self.reason = reason
        self.hour = hour


class TransportError(IonetError):
    """The node could not be reached: no connection, a timeout, or an HTTP error after all retries.

    Attributes:
        url: the node, without credentials or query.
        status: the HTTP status, or None when there was no answer.
        attempts: how often it was tried.
        retry_after: seconds the node asked to wait, if it said so.
        reached: whether the request may have reached the node.
    """

    def __init__(
        self,
        message: str,
        *,
        url: str,
        status: int | None = None,
        attempts: int = 1,
        retry_after: float | None = None,
        reached: bool = True,
    ) -> None:
        super().__init__(message)
        self.url = url
        self.status = status
        self.attempts = attempts
        self.retry_after = retry_after
        self.reached = reached


class RpcError(IonetError):
    """The node answered with a JSON-RPC error.

    Attributes:
        code: the JSON-RPC error code, for example -32602.
        message: the node's message.
        data: the error's data, if any.
        method: the method that was called.
        retry_after: seconds the node asked to wait, if it said so.
    """

    def __init__(
        self,
        code: int,
        message: str,
        data: Any = None,
        method: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{method + ': ' if method else ''}{message} ({code})")
        self.code = code
        self.message = message
        self.data = data
        self.method = method
        self.retry_after = retry_after


class TransactionExpired(IonetError):
    """The blockhash ran out before the transaction landed; it can no longer land and may be sent again.

    Attributes:
        signature: the signature that never landed.
    """

    def __init__(self, message: str, signature: str) -> None:
        super().__init__(message)
        self.signature = signature


class TransactionUnknown(IonetError):
    """Nobody can say what became of a transaction whose bytes may be out; it may land, or have landed.

    Attributes:
        signature: by which it can be looked up later.
        seen: the highest commitment at which a node has shown it; None: none has.
        cause: the last thing that went wrong, or None.
        last_valid_block_height: the last block in which it can land; None: not known here.
    """

    last_valid_block_height: int | None = None

    def __init__(self, signature: str, *, seen: str | None = None, cause: Exception | None = None) -> None:
        shown = f"a node has shown it as {seen}" if seen else "it may have landed"
        why = f": {cause}" if cause is not None else ""
        super().__init__(f"what became of transaction {signature} is unknown, {shown}{why}")
        self.signature = signature
        self.seen = seen
        self.cause = cause


class TransactionNotShown(IonetError):
    """A transaction succeeded, but the node does not show what it did.

    Attributes:
        signature: by which it can be looked up later.
        cause: why not, or None.
    """

    def __init__(self, signature: str, cause: Exception | None = None) -> None:
        why = f": {cause}" if cause is not None else ""
        super().__init__(f"transaction {signature} landed and succeeded, but the node does not show it{why}")
        self.signature = signature
        self.cause = cause


class TransactionFailed(Renamed, IonetError):
    """A transaction was refused or failed.

    Attributes:
        error: the runtime's error as JSON, for example `{"InstructionError": [0, {"Custom": 6000}]}`.
        instruction_index: which instruction of the transaction failed, or None.
        logs: the log lines.
        signature: the transaction's signature if it landed (and its fee was paid), else None:
            a failure found by simulation costs nothing.
        compute_units: units used.
    """

    RENAMED: ClassVar[Mapping[str, str]] = {"units": "compute_units"}

    def __init__(
        self,
        message: str,
        *,
        error: Any,
        instruction_index: int | None = None,
        logs: Sequence[str] = (),
        signature: str | None = None,
        compute_units: int = 0,
    ) -> None:
        super().__init__(message)
        self.error = error
        self.instruction_index = instruction_index
        self.logs = tuple(logs)
        self.signature = signature
        self.compute_units = compute_units

    @property
    def landed(self) -> bool:
        """Whether the failed transaction is in a block."""
        return self.signature is not None


class SimulationFailed(TransactionFailed):
    """The transaction failed before it was sent, for a reason that is not a program's error."""


class ProgramError(TransactionFailed):
    """A program returned a custom error; each program's own errors are subclasses of this.

    Attributes:
        code: the number.
        name: the error's name in the program, for example `StakeTooSmall`.
        msg: what the program says about it.
        program: the program's name if it is known, else its id.
        program_id: the program that failed, as text.
        account: the account that a constraint of Anchor found wrong, or None.
        compared: left and right side of a failed comparison as the program printed them, or None.
        written: how the amounts compared are written, from base units; None: the caller does not know.
    """

    CODE: ClassVar[int] = -1
    NAME: ClassVar[str] = ""
    MSG: ClassVar[str] = ""
    written: Callable[[int], object] | None = None

    def __init__(
        self,
        *,
        code: int,
        name: str,
        msg: str,
        program: str,
        program_id: str,
        error: Any,
        account: str | None = None,
        compared: tuple[str, str] | None = None,
        instruction_index: int | None = None,
        logs: Sequence[str] = (),
        signature: str | None = None,
        compute_units: int = 0,
    ) -> None:
        text = f"{program}: {name} ({code})" if name else f"{program}: error {code} ({code:#x})"
        if msg:
            text += f": {msg}"
        if account is not None:
            text += f" [account {account}]"
        if compared is not None:
            text += f" [left: {compared[0]}, right: {compared[1]}]"
        super().__init__(
            text,
            error=error,
            instruction_index=instruction_index,
            logs=logs,
            signature=signature,
            compute_units=compute_units,
        )
        self.code = code
        self.name = name
        self.msg = msg
        self.program = program
        self.program_id = program_id
        self.account = account
        self.compared = compared


class AnchorError(ProgramError):
    """An error of the Anchor framework (codes below 6000): a constraint or an account check failed."""


# --- reading failures -------------------------------------------------------------------------

_INVOKE: Final = re.compile(r"Program ([1-9A-HJ-NP-Za-km-z]{32,44}) invoke \[(\d+)\]")
_SUCCESS: Final = re.compile(r"Program ([1-9A-HJ-NP-Za-km-z]{32,44}) success")
_FAILED: Final = re.compile(r"Program ([1-9A-HJ-NP-Za-km-z]{32,44}) failed: .*", re.DOTALL)
_ANCHOR: Final = re.compile(
    r"Program log: (?:AnchorError|ProgramError) "
    r"(?:occurred|thrown in \S+|caused by account: (?P<account>\S+))\. "
    r"Error Code: (?P<name>\w+)\. Error Number: (?P<code>\d+)\. Error Message: (?P<msg>.*)\.",
    re.DOTALL,
)

#: Custom errors of programs without an IDL here: SPL Token and the System program.
_TOKEN_ERRORS: Final = (
    "NotRentExempt",
    "InsufficientFunds",
    "InvalidMint",
    "MintMismatch",
    "OwnerMismatch",
    "FixedSupply",
    "AlreadyInUse",
    "InvalidNumberOfProvidedSigners",
    "InvalidNumberOfRequiredSigners",
    "UninitializedState",
    "NativeNotSupported",
    "NonNativeHasBalance",
    "InvalidInstruction",
    "InvalidState",
    "Overflow",
    "AuthorityTypeNotSupported",
    "MintCannotFreeze",
    "AccountFrozen",
    "MintDecimalsMismatch",
    "NonNativeNotSupported",
)
_SYSTEM_ERRORS: Final = (
    "AccountAlreadyInUse",
    "ResultWithNegativeLamports",
    "InvalidProgramId",
    "InvalidAccountDataLength",
    "MaxSeedLengthExceeded",
    "AddressWithSeedMismatch",
    "NonceNoRecentBlockhashes",
    "NonceBlockhashNotExpired",
    "NonceUnexpectedBlockhashValue",
)
_FOREIGN: Final[Mapping[str, tuple[str, Sequence[str]]]] = {
    "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA": ("token", _TOKEN_ERRORS),
    "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb": ("token-2022", _TOKEN_ERRORS),
    "11111111111111111111111111111111": ("system", _SYSTEM_ERRORS),
}

_TRANSACTION_ERRORS: Final[Mapping[str, str]] = {
    "AccountNotFound": "Attempt to debit an account but found no record of a prior credit.",
    "AlreadyProcessed": "This transaction has already been processed",
    "BlockhashNotFound": "Blockhash not found",
    "InsufficientFundsForFee": "Insufficient funds for fee",
    "InvalidAccountForFee": "This account may not be used to pay transaction fees",
    "ProgramAccountNotFound": "Attempt to load a program that does not exist",
    "SignatureFailure": "Transaction did not pass signature verification",
    "AccountInUse": "Account in use",
    "AccountLoadedTwice": "Account loaded twice",
    "SanitizeFailure": "Transaction failed to sanitize accounts offsets correctly",
    "InvalidProgramForExecution": "This program may not be used for executing instructions",
    "AddressLookupTableNotFound": "Transaction loads an address table account that doesn't exist",
    "MaxLoadedAccountsDataSizeExceeded": "Transaction exceeded max loaded accounts data size cap",
    "UnbalancedTransaction": "Sum of account balances before and after transaction do not match",
}
_INSTRUCTION_ERRORS: Final[Mapping[str, str]] = {
    "InvalidArgument": "invalid program argument",
    "InvalidInstructionData": "invalid instruction data",
    "InvalidAccountData": "invalid account data for instruction",
    "AccountDataTooSmall": "account data too small for instruction",
    "InsufficientFunds": "insufficient funds for instruction",
    "IncorrectProgramId": "incorrect program id for instruction",
    "MissingRequiredSignature": "missing required signature for instruction",
    "AccountAlreadyInitialized": "instruction requires an uninitialized account",
    "UninitializedAccount": "instruction requires an initialized account",
    "NotEnoughAccountKeys": "insufficient account keys for instruction",
    "ComputationalBudgetExceeded": "Computational budget exceeded",
    "PrivilegeEscalation": "Cross-program invocation with unauthorized signer or writable account",
    "ProgramFailedToComplete": "Program failed to complete",
    "InvalidSeeds": "Provided seeds do not result in a valid address",
    "ReadonlyLamportChange": "instruction changed the balance of a read-only account",
    "ReadonlyDataModified": "instruction modified data of a read-only account",
    "ExternalAccountDataModified": "instruction modified data of an account it does not own",
    "UnsupportedProgramId": "Unsupported program id",
    "InvalidAccountOwner": "Invalid account owner",
    "ArithmeticOverflow": "Program arithmetic overflowed",
    "AccountNotRentExempt": "An account does not have enough lamports to be rent-exempt",
    "CallDepth": "Cross-program invocation call depth too deep",
    "MissingAccount": "An account required by the instruction is missing",
    "IllegalOwner": "Provided owner is not allowed",
}


def describe(error: Any) -> str:
    """Returns a transaction error (as JSON) in the words that a node uses."""
    match error:
        case str():
            return _TRANSACTION_ERRORS.get(error, error)
        case {"InstructionError": [int(index), {"Custom": int(code)}]}:
            return f"Error processing Instruction {index}: custom program error: {code:#x}"
        case {"InstructionError": [int(index), str(name)]}:
            return f"Error processing Instruction {index}: {_INSTRUCTION_ERRORS.get(name, name)}"
        case {"InstructionError": [int(index), other]}:
            return f"Error processing Instruction {index}: {other}"
        case {"InsufficientFundsForRent": {"account_index": int(index)}}:
            return f"Transaction results in an account ({index}) with insufficient funds for rent"
        case {"DuplicateInstruction": int(index)}:
            return f"Transaction contains a duplicate instruction ({index}) that is not allowed"
    return str(error)


@dataclass(frozen=True, slots=True)
class _Failure:
    """The innermost program that failed, and what it said last."""

    program_id: str
    says: re.Match[str] | None
    compared: tuple[str, str] | None


def _innermost_failure(logs: Sequence[str]) -> _Failure | None:
    """Follows the invoke stack; only the runtime opens and closes frames, whatever programs print."""
    stack: list[tuple[str, int]] = []
    for number, line in enumerate(logs):
        if match := _INVOKE.fullmatch(line):
            stack.append((match[1], number))
        elif not stack:
            continue
        elif (match := _SUCCESS.fullmatch(line)) and match[1] == stack[-1][0]:
            stack.pop()
        elif (match := _FAILED.fullmatch(line)) and match[1] == stack[-1][0]:
            frame = logs[stack[-1][1] + 1 : number]
            for at in range(len(frame) - 1, -1, -1):
                if says := _ANCHOR.fullmatch(frame[at]):
                    return _Failure(match[1], says, _compared(frame[at + 1 :]))
            return _Failure(match[1], None, None)
    return None


def _compared(lines: Sequence[str]) -> tuple[str, str] | None:
    prefix = "Program log: "
    text = [line.removeprefix(prefix) for line in lines if line.startswith(prefix)]
    if len(text) >= 4 and text[0] == "Left:" and text[2] == "Right:":
        return text[1], text[3]
    if len(text) >= 2 and text[0].startswith("Left: ") and text[1].startswith("Right: "):
        return text[0][6:], text[1][7:]
    return None


def failure(
    error: Any,
    *,
    logs: Sequence[str] = (),
    program_ids: Sequence[str] = (),
    signature: str | None = None,
    compute_units: int = 0,
) -> TransactionFailed:
    """Returns the exception for a transaction error.

    Args:
        error: the runtime's error as JSON.
        logs: the transaction's log lines.
        program_ids: the program of each top-level instruction.
        signature: given if the transaction landed.
        compute_units: units used.
    """
    index: int | None = None
    code: int | None = None
    match error:
        case {"InstructionError": [int(at), reason]}:
            index = at
            if isinstance(reason, dict):
                code = reason.get("Custom")
    if index is None or code is None:
        kind = TransactionFailed if signature else SimulationFailed
        return kind(
            describe(error),
            error=error,
            instruction_index=index,
            logs=logs,
            signature=signature,
            compute_units=compute_units,
        )

    innermost = _innermost_failure(logs)
    program_id = (
        innermost.program_id
        if innermost
        else program_ids[index]
        if index < len(program_ids)
        else "unknown program"
    )
    # After a failed inner call a program may return its own code; a frame's message is about its own code.
    says = innermost.says if innermost and innermost.says and int(innermost.says["code"]) == code else None
    kind_, program, name, msg = _name_error(program_id, code, says)
    return kind_(
        code=code,
        name=name,
        msg=msg,
        program=program,
        program_id=program_id,
        error=error,
        account=says["account"] if says else None,
        compared=innermost.compared if innermost and says else None,
        instruction_index=index,
        logs=logs,
        signature=signature,
        compute_units=compute_units,
    )


def _name_error(
    program_id: str, code: int, says: re.Match[str] | None
) -> tuple[type[ProgramError], str, str, str]:
    """Returns class, program, name and message of a custom error."""
    from ionet.chain import registry

    known = registry.name(program_id)
    program = known or program_id
    if (cls := registry.errors(program_id).get(code)) is not None:
        return cls, program, cls.NAME, cls.MSG
    if known or says:
        from ionet.chain.anchor_errors import ANCHOR_ERRORS

        if code in ANCHOR_ERRORS:
            return AnchorError, program, *ANCHOR_ERRORS[code]
    if program_id in _FOREIGN:
        program, names = _FOREIGN[program_id]
        return ProgramError, program, names[code] if code < len(names) else "", ""
    return ProgramError, program, says["name"] if says else "", says["msg"] if says else ""

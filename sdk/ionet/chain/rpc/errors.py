"""Transaction errors of solders as the JSON that nodes send."""

from __future__ import annotations

from typing import Any


def _variant(error: object) -> str:
    """Returns the variant's name: `TransactionErrorFieldless.AlreadyProcessed` -> `AlreadyProcessed`."""
    return repr(error).rpartition(".")[2]


def error_json(error: Any) -> Any:
    """Returns a transaction error as JSON, for example `{"InstructionError": [0, {"Custom": 6000}]}`."""
    kind = type(error).__name__.removeprefix("TransactionError")
    match kind:
        case "InstructionError":
            inner = error.err
            name = type(inner).__name__.removeprefix("InstructionError")
            if name == "Custom":
                return {"InstructionError": [error.index, {"Custom": inner.code}]}
            if name == "BorshIO":
                return {"InstructionError": [error.index, {"BorshIoError": inner.value}]}
            return {"InstructionError": [error.index, _variant(inner)]}
        case "Fieldless":
            return _variant(error)
        case "DuplicateInstruction":
            return {"DuplicateInstruction": error.index}
    return {kind: {"account_index": error.account_index}}


#: Errors after which a transaction still lands and pays its fee; after any other it never lands.
FEE_PAID = frozenset(
    {
        "InstructionError",
        "InsufficientFundsForRent",
        "InvalidProgramForExecution",
        "ProgramAccountNotFound",
        "MaxLoadedAccountsDataSizeExceeded",
        "InvalidWritableAccount",
        "UnbalancedTransaction",
        "ProgramExecutionTemporarilyRestricted",
        "InvalidRentPayingAccount",
    }
)


def lands(error: Any) -> bool:
    """Returns whether a transaction with this outcome (None: success) gets into a block."""
    name = error if isinstance(error, str) else next(iter(error)) if error else None
    return name is None or name in FEE_PAID

"""Failures become exceptions that say which program, which error and which account."""

from __future__ import annotations

from typing import Any

import pytest
from solders.pubkey import Pubkey

import ionet
from ionet.chain.errors import describe, failure

OTHER = str(Pubkey.new_unique())
TOKEN = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"


@pytest.fixture
def own(vaults: Any) -> str:
    return str(vaults.PROGRAM_ID)


def custom(code: int, index: int = 0) -> dict[str, Any]:
    return {"InstructionError": [index, {"Custom": code}]}


def failed(program: str, code: int, *lines: str, depth: int = 1) -> list[str]:
    return [
        f"Program {program} invoke [{depth}]",
        *lines,
        f"Program {program} failed: custom program error: {code:#x}",
    ]


def test_a_programs_error_is_its_own_class_with_all_that_is_known(vaults: Any, own: str) -> None:
    says = (
        "Program log: AnchorError thrown in programs/x/src/lib.rs:9. Error Code: TooSmall. "
        "Error Number: 6000. Error Message: low."
    )
    error = failure(
        custom(6000, 2), logs=failed(own, 6000, says), program_ids=[OTHER, OTHER, own], compute_units=7
    )
    assert type(error) is vaults.errors.TooSmall
    assert isinstance(error, ionet.ProgramError)
    assert error.code == 6000
    assert error.name == "TooSmall"
    assert error.msg == "The deposit is below the minimum"
    assert (error.program, error.program_id, error.instruction_index, error.compute_units) == (
        "vaults",
        own,
        2,
        7,
    )
    assert error.account is None
    assert not error.landed
    assert str(error) == "vaults: TooSmall (6000): The deposit is below the minimum"


def test_without_a_log_the_instructions_program_is_taken(vaults: Any, own: str) -> None:
    assert type(failure(custom(6001, 1), program_ids=[OTHER, own])) is vaults.errors.Closed


def test_the_innermost_program_that_failed_gives_the_error_its_meaning(vaults: Any, own: str) -> None:
    logs = [
        f"Program {own} invoke [1]",
        *failed(TOKEN, 1, depth=2),
        f"Program {own} failed: custom program error: 0x1",
    ]
    error = failure(custom(1), logs=logs, program_ids=[own])
    assert isinstance(error, ionet.ProgramError)
    assert (error.program, error.name) == ("token", "InsufficientFunds")


def test_the_same_number_of_an_unknown_program_is_not_ours(vaults: Any, own: str) -> None:
    error = failure(custom(6000), logs=failed(OTHER, 6000), program_ids=[own])
    assert type(error) is ionet.ProgramError
    assert str(error) == f"{OTHER}: error 6000 (0x1770)"


def test_a_constraint_names_the_account_and_both_sides(vaults: Any, own: str) -> None:
    logs = failed(
        own,
        2006,
        "Program log: AnchorError caused by account: vault. Error Code: ConstraintSeeds. Error Number: 2006. "
        "Error Message: A seeds constraint was violated.",
        "Program log: Left:",
        f"Program log: {OTHER}",
        "Program log: Right:",
        f"Program log: {TOKEN}",
    )
    error = failure(custom(2006), logs=logs, program_ids=[own])
    assert isinstance(error, ionet.AnchorError)
    assert error.account == "vault"
    assert error.compared == (OTHER, TOKEN)
    assert "ConstraintSeeds (2006): A seeds constraint was violated [account vault]" in str(error)


def test_values_are_compared_on_one_line_each(own: str) -> None:
    says = (
        "Program log: AnchorError occurred. Error Code: RequireEqViolated. Error Number: 2501. "
        "Error Message: A require_eq expression was violated."
    )
    error = failure(
        custom(2501), logs=failed(own, 2501, says, "Program log: Left: 3", "Program log: Right: 4")
    )
    assert isinstance(error, ionet.AnchorError)
    assert error.compared == ("3", "4")
    assert str(error).endswith("A require_eq expression was violated [left: 3, right: 4]")


def test_what_a_program_prints_about_another_number_is_not_believed(vaults: Any, own: str) -> None:
    lie = (
        "Program log: AnchorError caused by account: owner. Error Code: Closed. Error Number: 6001. "
        "Error Message: x."
    )
    error = failure(custom(6000), logs=failed(own, 6000, lie), program_ids=[own])
    assert type(error) is vaults.errors.TooSmall
    assert isinstance(error, ionet.ProgramError)
    assert error.account is None


def test_a_printed_failure_of_another_program_is_not_believed(vaults: Any, own: str) -> None:
    logs = failed(own, 6000, f"Program log: Program {TOKEN} failed: custom program error: 0x1770")
    assert type(failure(custom(6000), logs=logs)) is vaults.errors.TooSmall


def test_what_is_not_a_programs_error_is_a_failed_simulation_or_transaction() -> None:
    simulated = failure("BlockhashNotFound")
    assert type(simulated) is ionet.SimulationFailed
    assert str(simulated) == "Blockhash not found"
    landed = failure({"InstructionError": [1, "MissingRequiredSignature"]}, signature="abc")
    assert type(landed) is ionet.TransactionFailed
    assert landed.landed
    assert landed.instruction_index == 1
    assert str(landed) == "Error processing Instruction 1: missing required signature for instruction"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (custom(6000), "Error processing Instruction 0: custom program error: 0x1770"),
        ({"InsufficientFundsForRent": {"account_index": 2}}, "account (2) with insufficient funds for rent"),
        ({"DuplicateInstruction": 3}, "duplicate instruction (3)"),
        ({"InstructionError": [0, {"BorshIoError": "x"}]}, "Error processing Instruction 0"),
        ("SomethingNew", "SomethingNew"),
    ],
)
def test_every_error_has_words(error: Any, words: str) -> None:
    assert words in describe(error)


def test_all_errors_of_the_package_share_a_root() -> None:
    for name in ionet.__all__:
        thing = getattr(ionet, name)
        if isinstance(thing, type) and issubclass(thing, Exception):
            assert issubclass(thing, ionet.IonetError)

"""Accounts of instructions for which an IDL says nothing of where they are, and why it does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from docgen.markdown import DocsError, code, data, table
from sdkgen.idl import AccountSlot, Program, flatten

#: How the text of an account begins whose address another one stores under another name.
_STORED: Final = "Its address is"


def without_place(program: Program) -> Iterator[tuple[str, AccountSlot]]:
    """Each account without address, seeds and relation, with its instruction's name."""
    for instruction in program.idl["instructions"]:
        for slot in flatten(instruction["accounts"]):
            if not slot.spec.keys() & {"address", "pda", "relations"}:
                yield instruction["name"], slot


def reasons(programs: Sequence[Program]) -> list[tuple[str, list[str]]]:
    """Why accounts have no place in an IDL, each with those of which it is true.

    Raises:
        DocsError: an account has no reason or several, or an entry is about none.
    """
    kinds = data("given.toml")
    signing: set[str] = set()
    stored: set[str] = set()
    used: set[str] = set()
    for program in programs:
        for instruction, slot in without_place(program):
            own = slot.spec["name"]
            name = f"{program.name}.{own}"
            if slot.spec.get("signer"):
                signing.add(name)
            elif any(line.startswith(_STORED) for line in slot.spec.get("docs", ())):
                stored.add(name)
            else:
                used.add(_entry(kinds, program.name, instruction, own))
    listed = {entry for kind in kinds.values() for entry in kind["accounts"]}
    if idle := listed - used:
        raise DocsError(f"scripts/docgen/given.toml: every account {', '.join(sorted(idle))} has a place")
    return [
        ("who signs: as the instruction's caller, or the payer of fees and rent", sorted(signing)),
        (
            "another account, or an argument, has the address under another name, which its text says",
            sorted(stored),
        ),
        *((kind["why"], kind["accounts"]) for kind in kinds.values()),
    ]


def section(programs: Sequence[Program]) -> str:
    """The part of docs/programs.md about them."""
    rows = [(why, ", ".join(map(code, names))) for why, names in reasons(programs)]
    return (
        "## Accounts that a caller names\n\nIDLs have address, seeds or relation of all others.\n\n"
        + table(("why", "accounts"), rows).rstrip("\n")
        + "\n"
    )


def _entry(kinds: dict[str, dict[str, list[str]]], program: str, instruction: str, account: str) -> str:
    names = (f"{program}.{account}", f"{program}.{instruction}.{account}")
    fitting = [entry for kind in kinds.values() for entry in kind["accounts"] if entry in names]
    if len(fitting) != 1:
        count = "no" if not fitting else "more than one"
        raise DocsError(
            f"{program}.{instruction}: {account} has no address, seeds or relation in the IDL, and {count}"
            " reason in scripts/docgen/given.toml; scripts/workspace/addresses.toml may say where it is"
        )
    return fitting[0]

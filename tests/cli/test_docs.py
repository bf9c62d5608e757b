"""docs/cli.md tells of every command, option and exit status, and of nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.test_docs import table_after

from ionet.cli import failures
from ionet.cli.app import COMMANDS, load
from ionet.cli.options import _parameters

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "cli.md"
_CODE = re.compile(r"`([^`]+)`")


def leaves(command: Any, path: tuple[str, ...]) -> list[str]:
    inner = getattr(command, "commands", None)
    if inner is None:
        return [" ".join(path)]
    return [leaf for name, one in inner.items() for leaf in leaves(one, (*path, name))]


def test_every_command_is_documented() -> None:
    """Groups that others add later document theirs in their own tables of the same file."""
    text = re.sub(r"^```.*?^```$", "", DOCUMENT.read_text(), flags=re.MULTILINE | re.DOTALL)
    there = [leaf for name in COMMANDS for leaf in leaves(load(name), (name,))]
    documented = set(_CODE.findall(text))
    assert [leaf for leaf in there if leaf not in documented] == []
    listed = {name for row in table_after(DOCUMENT, "## Commands") for name in _CODE.findall(row[0])}
    assert listed <= set(there)


def test_every_option_is_documented() -> None:
    listed = {name for row in table_after(DOCUMENT, "## Options") for name in _CODE.findall(row[0])}
    names = {text.split()[0] for text in listed}
    assert {option for one in _parameters() for option in one.opts} == names


def test_the_exit_statuses_are_those_of_the_program() -> None:
    listed = {int(row[0]) for row in table_after(DOCUMENT, "## Exit statuses")}
    named = (failures.REFUSED, failures.USAGE, failures.UNUSABLE)
    assert {0, *named, failures.NOT_FOUND, failures.NO_NODE, failures.EXPIRED, 130} == listed

"""docs/cli.md and the README speak of commands, options and exit statuses that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tests.test_docs import table_after

from docgen.commands import leaves
from ionet.cli import failures
from ionet.cli.app import COMMANDS, load
from ionet.cli.options import _parameters

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "cli.md"
_CODE = re.compile(r"`([^`\n]+)`")
_FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands() -> dict[str, Any]:
    return {path: one for name in COMMANDS for path, one in leaves(load(name), (name,))}


def written(path: Path) -> list[str]:
    """Everything in a document that is typed: `ionet …`, on a line of an example or within a text."""
    text = path.read_text()
    lines = [line.split("#")[0] for block in _FENCE.findall(text) for line in block.splitlines()]
    lines += [line.strip() for line in text.splitlines() if line.startswith("    ")]
    found = [one for line in lines for one in re.split(r"&&|;", line)]
    found += _CODE.findall(_FENCE.sub("", text))
    return [one.strip() for one in found if one.strip().startswith("ionet ")]


@pytest.mark.parametrize(
    "path",
    [
        ROOT / "README.md",
        *sorted((ROOT / "docs").glob("*.md")),
        *sorted((ROOT / "docs/decisions").glob("*.md")),
    ],
    ids=lambda path: path.name,
)
def test_what_a_document_tells_to_type_exists(path: Path) -> None:
    known = commands()
    for line in written(path):
        # What follows -- is of the program that is run.
        words = line.split(" -- ")[0].split()[1:]
        while words and words[0].startswith("-"):
            # The common options take a value each when they stand in front.
            words = words[2 if words[0] in ("-u", "-k", "-C", "--url", "--keypair") else 1 :]
        run = [word for word in words if re.fullmatch(r"[a-z][a-z-]*", word)]
        named = next((" ".join(run[:n]) for n in (3, 2, 1) if " ".join(run[:n]) in known), None)
        group = any(one.startswith(f"{' '.join(words)} ") for one in known)
        assert named or group or not words or "COMMAND" in words, f"{path.name}: no such command: {line}"
        if named:
            own = {opt for param in known[named].params for opt in (*param.opts, *param.secondary_opts)}
            options = {word for word in words if re.fullmatch(r"-{1,2}[a-z-]+", word)} - {"-"}
            assert options <= {*own, "--help"}, f"{path.name}: {named} has no such option: {line}"


def test_every_option_is_documented() -> None:
    listed = {name for row in table_after(DOCUMENT, "## Options") for name in _CODE.findall(row[0])}
    names = {text.split()[0] for text in listed}
    assert {option for one in _parameters() for option in one.opts} == names


def test_no_command_has_an_option_named_like_a_common_one() -> None:
    common = len(_parameters())
    for name in COMMANDS:
        for path, command in leaves(load(name), (name,)):
            own, shared = command.params[:-common], command.params[-common:]
            assert not {option.name for option in own} & {option.name for option in shared}, path
            assert not {text for option in own for text in option.opts if text.startswith("-")} & {
                text for option in shared for text in option.opts
            }, path


def test_the_exit_statuses_are_those_of_the_program() -> None:
    listed = {int(row[0]) for row in table_after(DOCUMENT, "## Exit statuses")}
    named = (failures.REFUSED, failures.USAGE, failures.UNUSABLE, failures.NOT_FOUND, failures.NO_NODE)
    assert {0, *named, failures.EXPIRED, failures.UNKNOWN, 130} == listed

"""The documents tell what the code does: their examples run, and the names in them exist."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").glob("*.md")], key=str
)
ADMINISTRATIVE = {"initialize", "set_params", "set_paused", "propose_authority", "accept_authority"}
ACCESS = {"privileged", "party", "open"}

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")


def idls() -> dict[str, tuple[str, set[str]]]:
    """Address and instruction names of each program."""
    found = {path.stem: json.loads(path.read_text()) for path in (ROOT / "idl").glob("*.json")}
    return {
        name: (idl["address"], {one["name"] for one in idl["instructions"]}) for name, idl in found.items()
    }


def python_blocks() -> list[str]:
    return [text for language, text in _FENCE.findall(README.read_text()) if language == "python"]


def table_after(path: Path, heading: str) -> list[list[str]]:
    """The cells of the first table behind a heading, without its head."""
    behind = path.read_text().split(f"{heading}\n", 1)[1]
    lines = behind.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("|"))
    rows = []
    for line in lines[first:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows[2:]


def code(cell: str) -> set[str]:
    return set(_CODE.findall(cell))


def anchors(path: Path) -> set[str]:
    """The anchors that GitHub gives a file's headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


def test_there_are_examples_to_run() -> None:
    assert python_blocks()


@pytest.mark.parametrize("block", range(len(python_blocks())))
def test_every_example_of_the_readme_runs(block: int) -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", python_blocks()[block]],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def test_the_readmes_programs_are_those_of_the_idls() -> None:
    listed = {cells[0]: cells for cells in table_after(README, "## Programs")}
    assert set(listed) == set(idls())
    for name, (address, instructions) in idls().items():
        _, ids, _, named = listed[name]
        assert code(ids) == {address}
        assert code(named) == instructions - ADMINISTRATIVE, name


def test_every_program_has_the_administrative_instructions() -> None:
    for name, (_, instructions) in idls().items():
        # Governance is nobody's, and is not paused.
        own = {"initialize", "set_params"} if name == "governance" else ADMINISTRATIVE
        assert instructions & ADMINISTRATIVE == own, name


def test_every_instruction_is_listed_once_with_who_may_call_it() -> None:
    programs = {name: instructions for name, (_, instructions) in idls().items()}
    expected = {(name, one) for name, all_ in programs.items() for one in all_ - ADMINISTRATIVE}
    expected |= {("every one", one) for one in ADMINISTRATIVE}
    rows = table_after(ROOT / "docs/authorities.md", "## Instructions")
    listed = [(program, code(instruction).pop()) for program, instruction, _, _ in rows]

    assert len(listed) == len(set(listed))
    assert set(listed) == expected
    assert {access for _, _, access, _ in rows} == ACCESS


def test_an_open_instruction_asks_for_no_particular_signer() -> None:
    # What is open to anyone may be signed by a payer, and by nobody else.
    rows = table_after(ROOT / "docs/authorities.md", "## Instructions")
    access = {(program, code(instruction).pop()): kind for program, instruction, kind, _ in rows}
    for path in (ROOT / "idl").glob("*.json"):
        for one in json.loads(path.read_text())["instructions"]:
            signers = {account["name"] for account in one["accounts"] if account.get("signer")}
            program = "every one" if one["name"] in ADMINISTRATIVE else path.stem
            is_open = access[program, one["name"]] == "open"
            assert is_open == (signers <= {"payer"}), f"{path.stem}.{one['name']} is signed by {signers}"


@dataclass(frozen=True)
class Signed:
    """A signer of an instruction, as the program's source has it."""

    program: str
    instruction: str
    name: str
    role: str | None


def signers() -> list[Signed]:
    """Every signer of every instruction, with the role that the program asks it to have, if any.

    A role is what is compared with a field of the configuration, with another program's address, with the
    attesters' seats, or with the loader's upgrade authority; the rest is a party to the account in question.
    """
    found = []
    for program in sorted(path.parent.parent for path in ROOT.glob("programs/*/src/lib.rs")):
        entries = re.findall(r"pub fn (\w+)\(\s*ctx: Context<(\w+)", (program / "src/lib.rs").read_text())
        for path in (program / "src/instructions").glob("*.rs"):
            source = path.read_text()
            if "io_common::administration!" in source:
                shared = (ROOT / "crates/io-common/src/admin.rs").read_text()
                source += re.sub(r"^ {8}", "", shared, flags=re.MULTILINE)
            for struct, body in re.findall(r"pub struct (\w+)<'info> \{\n(.*?)\n\}", source, re.DOTALL):
                used = [name for name, context in entries if context == struct]
                # What stands before a field belongs to it: comments and attributes.
                for before, name, kind in re.findall(r"(.*?)pub (\w+): ([^\n]+)", body, re.DOTALL):
                    if "Signer<'info>" in kind:
                        role = role_of(name, before, body, source)
                        found += [Signed(program.name, one, name, role) for one in used]
    return found


def role_of(name: str, attributes: str, body: str, source: str) -> str | None:
    """The role that a signer must have, or None."""
    if "roles.is_authority(" in attributes:
        return "authority"
    if "roles.may_pause(" in attributes:
        return "pauser"
    if "roles.is_pending(" in attributes:
        return "successor"
    if f"upgrade_authority_address == Some({name}.key())" in body:
        return "upgrade authority"
    if field := re.search(r"address = config\.load\(\)\?\.(?:roles\.)?(\w+)", attributes):
        return field[1]
    if field := re.search(rf"config\.load\(\)\?\.(?:roles\.)?(\w+) == {name}\.key\(\)", attributes):
        return field[1]
    if "address = ids::GOVERNANCE_TREASURY" in attributes:
        return "treasury"
    if address := re.search(r"address = ids::(\w+)_CONFIG", attributes):
        return f'{address[1].lower()}\' `["config"]`' if address[1].endswith("S") else address[1].lower()
    if name in ("attester", "operator") and "AttesterSet" in source:
        return "attester"
    if ".is_guardian(" in source:
        return "guardian"
    return "device key" if name == "device_key" else None


def test_every_privileged_key_of_the_programs_is_listed_with_what_it_can_do() -> None:
    rows = table_after(ROOT / "docs/authorities.md", "## Keys")
    for one in signers():
        if one.role in (None, "successor"):
            continue
        own = {str(one.role), f"… of {one.program}"} if one.role == "authority" else {str(one.role)}
        held = [
            cells
            for cells in rows
            if any(role in cells[0] for role in own)
            and ("`[" in cells[0] or re.search(rf"\b({one.program}|all)\b", cells[1]))
        ]
        assert held, f"docs/authorities.md has no key {one.role} of {one.program} ({one.instruction})"
        if one.instruction not in ADMINISTRATIVE:
            named = set().union(*(code(cell) for cells in held for cell in cells[2:3]))
            assert one.instruction in named, f"{one.role} of {one.program} also signs {one.instruction}"


def test_what_a_role_must_sign_is_privileged_and_nothing_else_is() -> None:
    rows = table_after(ROOT / "docs/authorities.md", "## Instructions")
    listed = {(program, code(instruction).pop()): cells for program, instruction, *cells in rows}
    roles: dict[tuple[str, str], set[str]] = {}
    for one in signers():
        program = "every one" if one.instruction in ADMINISTRATIVE else one.program
        held = roles.setdefault((program, one.instruction), set())
        # A device's key belongs to the device's owner, who signs beside it.
        held |= {one.role} if one.role and one.role != "device key" else set()
    for key, (access, signs) in listed.items():
        wanted = roles.get(key, set())
        assert (access == "privileged") == bool(wanted), f"{key} is {access}, and asks for {wanted}"
        for role in wanted:
            assert role in signs, f"{key} is signed by {role}, and the table says {signs}"


@pytest.mark.parametrize("heading", ["## Attacks", "## Once-only regressions"])
def test_every_test_that_the_threat_model_names_exists(heading: str) -> None:
    rows = table_after(ROOT / "docs/threat-model.md", heading)
    named = set().union(*(code(row[-1]) for row in rows))
    sources = [*(ROOT / "tests").rglob("*.py"), *ROOT.glob("crates/**/*.rs"), *ROOT.glob("programs/**/*.rs")]
    defined = set(re.findall(r"(?:def|fn) (\w+)\(", "\n".join(path.read_text() for path in sources)))

    assert all(code(row[-1]) for row in rows)
    assert named <= defined, f"not found: {', '.join(sorted(named - defined))}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    text = _FENCE.sub("", path.read_text())
    for link in _LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), f"{path.name} links to {link}"
        if anchor:
            assert anchor in anchors(target), f"{path.name} links to {link}"


def test_every_document_is_linked() -> None:
    linked = set()
    for path in DOCUMENTS:
        for link in _LINK.findall(path.read_text()):
            target = (path.parent / link.partition("#")[0]).resolve()
            linked |= set(target.rglob("*.md")) if target.is_dir() else {target}
    assert {path for path in DOCUMENTS if path != README} <= linked


def test_paths_in_the_readmes_layout_exist() -> None:
    for cells in table_after(README, "## Layout"):
        for path in code(cells[0]):
            assert list(ROOT.glob(path.replace("<name>", "*").rstrip("/"))), path


def test_every_benchmark_is_described() -> None:
    described = (ROOT / "bench/README.md").read_text()
    for path in (ROOT / "bench").glob("*.py"):
        assert f"bench/{path.name}" in described, path.name

"""The documents tell what the code does: their examples run, and the names in them exist."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.test_layers import FLOORS

from docgen.markdown import DocsError, same_names
from docgen.programs import reference
from sdkgen.idl import Program

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
ARCHITECTURE = ROOT / "docs/architecture.md"
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


def blocks(of: str) -> list[str]:
    """The README's examples in one language."""
    return [text for language, text in _FENCE.findall(README.read_text()) if language == of]


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
    assert blocks("python")
    assert blocks("sh")


@pytest.mark.parametrize("block", range(len(blocks("python"))))
def test_every_example_of_the_readme_runs(block: int) -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", blocks("python")[block]],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.alone
@pytest.mark.slow
def test_the_readmes_commands_run_as_printed_on_a_local_node(tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["ionet", "localnet", "start", "--port", "0", "--no-network", "--output", "json"]
    with subprocess.Popen(
        command, cwd=tmp_path, env={**os.environ, "PATH": path}, stdout=subprocess.PIPE, text=True
    ) as node:
        try:
            assert node.stdout is not None
            shown = ""
            while not shown.endswith("}\n"):
                shown += node.stdout.readline()
            script = "set -e\n" + "".join(blocks("sh"))
            # The one thing that differs: the port that was free.
            script = script.replace("=localhost", f"={json.loads(shown)['url']}")
            ran = subprocess.run(
                ["bash", "-c", script],
                cwd=tmp_path,
                env={**os.environ, "PATH": path},
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
        finally:
            node.terminate()
    assert ran.returncode == 0, ran.stderr
    assert "waits for its start" in ran.stdout


def test_the_readme_is_read_in_five_minutes() -> None:
    assert len(README.read_text().split()) < 700


def test_the_reference_pages_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts/docs"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_page_that_differs_is_named(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "scripts/docs"), "--out", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    (tmp_path / "reference/jobs.md").write_text("")
    (tmp_path / "reference/left.md").write_text("of a program that is gone")
    done = subprocess.run([*command, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"differs from what scripts/docs writes: {tmp_path / 'reference' / name}"
        for name in ("jobs.md", "left.md")
    ]


def test_what_the_data_beside_the_idls_lacks_or_has_too_much_is_told() -> None:
    same_names(["a", "b"], ["b", "a"], "file.toml")
    with pytest.raises(DocsError, match=r"file\.toml lacks 'b'; has 'c', which does not exist"):
        same_names(["a", "b"], ["a", "c"], "file.toml")


def test_constants_and_enums_are_on_a_programs_page() -> None:
    idl = json.loads((ROOT / "idl/mint.json").read_text())
    idl["constants"] = [
        {"name": "MONTHS", "docs": ["How long emission takes."], "type": "u16", "value": "240"}
    ]
    variants = [{"name": "Fixed"}, {"name": "Demand"}]
    docs = ["How much is paid.", "", "* Fixed - The whole schedule.", "* Demand - Less, without demand."]
    idl["types"].append({"name": "Pace", "docs": docs, "type": {"kind": "enum", "variants": variants}})
    page = reference(Program("mint", idl), {})
    assert "| `MONTHS` | `u16` | `240` | How long emission takes. |" in page
    assert "### Pace\n\nHow much is paid.\n\n| | variant | means |" in page
    assert "| 1 | `Demand` | Less, without demand. |" in page


def test_the_page_on_programs_lists_each_with_its_id_and_every_instruction() -> None:
    page = ROOT / "docs/programs.md"
    ids = {
        re.sub(r"\[(\w+)\].*", r"\1", cells[0]): code(cells[1]) for cells in table_after(page, "# Programs")
    }
    assert ids == {name: {address} for name, (address, _) in idls().items()}
    for name, (_, instructions) in idls().items():
        listed = set().union(*(code(cells[0]) for cells in table_after(page, f"### {name}")))
        assert listed == instructions - ADMINISTRATIVE, name


def test_the_rooms_of_the_package_are_listed_floor_by_floor() -> None:
    listed = [code(cells[0]) for cells in table_after(ARCHITECTURE, "## Rooms")]
    assert listed == [set(rooms) for rooms in FLOORS]


def test_the_picture_of_the_rooms_shows_all_of_them_and_no_others() -> None:
    behind = ARCHITECTURE.read_text().split("## Rooms\n", 1)[1]
    picture = next(text for language, text in _FENCE.findall(behind) if language == "mermaid")
    shown = [room for label in re.findall(r'\["([^"]+)"\]', picture) for room in label.split(", ")]
    assert sorted(shown) == sorted(room for rooms in FLOORS for room in rooms)


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
        entries = re.findall(
            r"pub fn (\w+)(?:<'info>)?\(\s*ctx: Context<(?:'info, )?(\w+)",
            (program / "src/lib.rs").read_text(),
        )
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


@pytest.mark.parametrize(
    "heading",
    [
        "## Attacks",
        "## Once-only regressions",
        "## The client: faults found, and where else they were looked for",
        "### Tried on the client, and held",
        "## The explorer, its files, and who reads it",
        "## The console, its sessions and its files",
        "## Models behind OpenAI's API",
        "## Cards",
    ],
)
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


def test_paths_in_the_layout_of_the_repository_exist() -> None:
    for cells in table_after(ARCHITECTURE, "## The repository"):
        for path in code(cells[0]):
            assert list(ROOT.glob(path.replace("<name>", "*").rstrip("/"))), path


def test_every_benchmark_is_described() -> None:
    described = (ROOT / "bench/README.md").read_text()
    for path in (ROOT / "bench").glob("*.py"):
        assert f"bench/{path.name}" in described, path.name

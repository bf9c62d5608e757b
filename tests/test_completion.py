"""What is added to the IDLs of the generator: addresses that follow, and accounts that store them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from solders.pubkey import Pubkey

from docgen.given import reasons
from docgen.markdown import DocsError
from sdkgen.idl import Program, load
from workspace.completion import base58, completed, read, relations

ROOT: Final = Path(__file__).resolve().parents[1]
PROGRAMS: Final = load(ROOT / "idl")
VAULT: Final = {"seeds": [{"kind": "const", "value": [1]}, {"kind": "account", "path": "node"}]}
#: Types of accounts that are called otherwise in instructions.
KINDS: Final = {"vote": "voterecord", "transaction": "storedtransaction"}

each_program = pytest.mark.parametrize("program", PROGRAMS, ids=[program.name for program in PROGRAMS])


def account(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, **more}


def instruction(name: str, *accounts: dict[str, Any], **args: str) -> dict[str, Any]:
    listed = [{"name": arg, "type": kind} for arg, kind in args.items()]
    return {"name": name, "accounts": list(accounts), "args": listed}


def completes(program: Path, *instructions: dict[str, Any], **more: Any) -> Any:
    """The IDL of a program with these instructions, completed."""
    idl = {"address": str(Pubkey(bytes([7] * 32))), "instructions": list(instructions), "types": [], **more}
    return json.loads(completed(json.dumps(idl), program))


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program with one instruction, whose context is in a file of its own."""
    (tmp_path / "src/instructions").mkdir(parents=True)
    (tmp_path / "src/lib.rs").write_text("pub fn pay(ctx: Context<Pay>) -> Result<()> {")
    (tmp_path / "src/instructions/pay.rs").write_text(
        "pub struct Pay<'info> {\n"
        "    #[account(mut, address = job.load()?.node @ JobsError::WrongNode)]\n"
        "    pub node: AccountLoader<'info, Node>,\n"
        "    #[account(address = job.load()?.node_owner @ JobsError::NotOwner)]\n"
        "    pub owner: Signer<'info>,\n"
        "    #[account(constraint = job.load()?.escrow == escrow.key() @ JobsError::WrongEscrow)]\n"
        "    pub job: AccountLoader<'info, Job>,\n"
        "    pub escrow: UncheckedAccount<'info>,\n"
        "}\n"
    )
    return tmp_path


def test_an_account_that_another_one_stores_under_its_name_is_related_to_it(program: Path) -> None:
    assert relations(read(program)) == {("pay", "node"): ["job"], ("pay", "escrow"): ["job"]}
    idl = completes(program, instruction("pay", *map(account, ("node", "owner", "job", "escrow"))))
    related = {it["name"]: it.get("relations") for it in idl["instructions"][0]["accounts"]}
    assert related == {"node": ["job"], "owner": None, "job": None, "escrow": ["job"]}


def test_an_address_is_derived_as_where_the_account_was_created(program: Path) -> None:
    created = instruction("create", account("node"), account("vault", pda=VAULT))
    later = instruction("later", account("node"), account("vault"))
    without = instruction("without", account("vault"))
    optional = instruction("optional", account("node", optional=True), account("vault"))
    idl = completes(program, created, later, without, optional)
    assert [it["accounts"][-1].get("pda") for it in idl["instructions"]] == [VAULT, VAULT, None, None]


def test_two_kinds_of_accounts_with_one_name_are_not_taken_for_each_other(program: Path) -> None:
    other = {"seeds": [{"kind": "const", "value": [2]}, {"kind": "account", "path": "node"}]}
    created = [
        instruction(f"create{n}", account("node"), account("vault", pda=pda))
        for n, pda in enumerate((VAULT, other))
    ]
    idl = completes(program, *created, instruction("later", account("node"), account("vault")))
    assert "pda" not in idl["instructions"][-1]["accounts"][-1]


def test_an_argument_of_another_type_is_another_seed(program: Path) -> None:
    pda = {"seeds": [{"kind": "arg", "path": "id"}]}
    created = instruction("create", account("thing", pda=pda), id="u64")
    idl = completes(
        program,
        created,
        instruction("same", account("thing"), id="u64"),
        instruction("other", account("thing"), id="u16"),
    )
    assert ["pda" in it["accounts"][0] for it in idl["instructions"]] == [True, True, False]


def test_an_address_follows_from_what_a_constraint_compares_its_seeds_with(tmp_path: Path) -> None:
    (tmp_path / "src/instructions").mkdir(parents=True)
    calls = ("create", "use_it", "name_it", "other")
    heads = "\n".join(f"pub fn {name}(ctx: Context<{name.title()}>) -> Result<()> {{" for name in calls)
    (tmp_path / "src/lib.rs").write_text(heads)
    made = "#[account(init, seeds = [SEED, id], bump)]\n    pub class: AccountLoader<'info, Class>"
    contexts = {
        "Create": made,
        "Use_It": "#[account(constraint = class.load()?.id == node.load()?.class @ Wrong)]\n"
        "    pub class: AccountLoader<'info, Class>,\n    pub node: AccountLoader<'info, Node>",
        "Name_It": "#[account(mut, constraint = lower.load()?.id == after @ Wrong)]\n"
        "    pub lower: AccountLoader<'info, Class>",
        "Other": "#[account(constraint = class.load()?.enabled == 1 @ Wrong)]\n"
        "    pub class: AccountLoader<'info, Class>",
    }
    (tmp_path / "src/instructions/all.rs").write_text(
        "".join(f"pub struct {name}<'info> {{\n    {body},\n}}\n" for name, body in contexts.items())
    )
    const, arg = {"kind": "const", "value": [1]}, {"kind": "arg", "path": "id"}
    idl = completes(
        tmp_path,
        instruction("create", account("class", pda={"seeds": [const, arg]}), id="u16"),
        instruction("use_it", account("class"), account("node")),
        instruction("name_it", account("lower"), after="u16"),
        instruction("other", account("class")),
    )
    derived = [it["accounts"][0].get("pda", {}).get("seeds") for it in idl["instructions"]]
    field = {"kind": "account", "path": "node.class", "account": "Node"}
    assert derived[1:] == [[const, field], [const, {"kind": "arg", "path": "after"}], None]


def test_an_address_that_is_stored_under_another_name_is_told_in_words(program: Path) -> None:
    idl = completes(program, instruction("pay", *map(account, ("node", "owner", "job", "escrow"))))
    docs = {it["name"]: it.get("docs") for it in idl["instructions"][0]["accounts"]}
    assert docs == {"node": None, "owner": ["Its address is `job.node_owner`."], "job": None, "escrow": None}


def test_sixteen_bytes_of_a_number_are_one_where_no_layout_in_memory_depends_on_it(program: Path) -> None:
    def struct(name: str, docs: str, **more: str) -> dict[str, Any]:
        field = {"name": "acc", "docs": [docs], "type": {"array": ["u8", 16]}}
        return {"name": name, "type": {"kind": "struct", "fields": [field]}, **more}

    types = [
        struct("Event", "Rewards: u128, Q64.64."),
        struct("State", "Rewards: u128, Q64.64.", serialization="bytemuck"),
        struct("Hash", "Half a hash."),
    ]
    idl = completes(program, types=types)
    kinds = {it["name"]: it["type"]["fields"][0]["type"] for it in idl["types"]}
    assert kinds == {"Event": "u128", "State": {"array": ["u8", 16]}, "Hash": {"array": ["u8", 16]}}


def test_memory_that_holds_an_enum_cannot_be_any_bytes(program: Path) -> None:
    def held(name: str, kind: Any) -> dict[str, Any]:
        body = {"kind": "struct", "fields": [{"name": "it", "type": kind}]}
        return {"name": name, "serialization": "bytemuck", "type": body}

    inner = {"array": [{"defined": {"name": "Inner"}}, 2]}
    types = [
        {"name": "State", "type": {"kind": "enum", "variants": [{"name": "On"}]}},
        held("Inner", {"defined": {"name": "State"}}),
        held("Outer", inner),
        held("Plain", "u64"),
    ]
    idl = completes(program, types=types)
    kinds = {it["name"]: it.get("serialization") for it in idl["types"]}
    marked = "bytemuckunsafe"
    assert kinds == {"State": None, "Inner": marked, "Outer": marked, "Plain": "bytemuck"}


def test_addresses_are_read_as_the_chain_writes_them() -> None:
    for address in (Pubkey.default(), Pubkey.new_unique(), Pubkey(bytes([255] * 32))):
        assert base58(str(address)) == bytes(address)


def accounts(program: Program) -> Iterator[tuple[str, dict[str, Any], dict[str, dict[str, Any]]]]:
    """Each account of each instruction, with the instruction's name and all its accounts by name."""
    for each in program.idl["instructions"]:
        by_name = {it["name"]: it for it in each["accounts"]}
        for it in each["accounts"]:
            yield each["name"], it, by_name


@each_program
def test_a_second_completion_changes_nothing(program: Program) -> None:
    text = (ROOT / f"idl/{program.name}.json").read_text()
    assert completed(text, ROOT / "programs" / program.name) == text


@each_program
def test_what_a_relation_names_is_an_account_with_that_field(program: Program) -> None:
    # Programs read each other's accounts; those are in the other's IDL.
    stored = {
        (kind.lower(), field["name"])
        for other in PROGRAMS
        for kind in other.accounts
        for field in other.definition(kind)["type"]["fields"]
    }
    for name, it, by_name in accounts(program):
        for holder in it.get("relations", ()):
            assert holder in by_name, name
            kind = KINDS.get(holder, holder.replace("_", ""))
            assert (kind, it["name"]) in stored, f"{name}: {holder} has no {it['name']}"


@each_program
def test_what_anchor_itself_asks_for_is_always_known(program: Program) -> None:
    own = Pubkey.from_string(program.idl["address"])
    events = Pubkey.find_program_address([b"__event_authority"], own)[0]
    for name, it, _ in accounts(program):
        if it["name"] == "event_authority":
            seeds = [bytes(seed["value"]) for seed in it["pda"]["seeds"]]
            assert Pubkey.find_program_address(seeds, own)[0] == events, name
        if it["name"] == "program":
            assert it["address"] == str(own), name


def test_every_other_account_has_a_reason_why_it_is_for_the_caller_to_name() -> None:
    """A new one that has neither fails here: addresses.toml says where it is, or given.toml why not."""
    reasons(PROGRAMS)


def test_an_account_without_place_and_reason_and_a_reason_without_account_are_told() -> None:
    (staking,) = (program for program in PROGRAMS if program.name == "staking")
    (claim,) = (each for each in staking.idl["instructions"] if each["name"] == "claim")
    claim["accounts"].append(account("purse"))
    try:
        with pytest.raises(DocsError, match=r"staking\.claim: purse has no address.*no reason"):
            reasons(PROGRAMS)
    finally:
        claim["accounts"].pop()
    with pytest.raises(DocsError, match=r"every account .*jobs\.job.* has a place"):
        reasons([program for program in PROGRAMS if program.name != "jobs"])

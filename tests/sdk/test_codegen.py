"""What scripts/codegen writes."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
import struct
import subprocess
import sys
from enum import IntEnum
from pathlib import Path
from typing import Any

import pytest
from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

import ionet
from ionet import EncodeError
from ionet.chain import ids
from ionet.chain import pda as addresses
from sdkgen.anchor import anchor_errors
from sdkgen.idl import CodegenError, Program
from sdkgen.modules import program_package
from sdkgen.twins import blocking

ROOT = Path(__file__).resolve().parents[2]
OWNER, MINT, ORACLE, REFERRER = (Pubkey.new_unique() for _ in range(4))


def test_the_generated_files_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "codegen"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_check_names_the_file_that_differs(tmp_path: Path) -> None:
    out = tmp_path / "sdk"
    command = [
        sys.executable,
        str(ROOT / "scripts" / "codegen"),
        "--idl",
        str(ROOT / "tests/sdk/idl"),
        "--out",
        str(out),
    ]
    subprocess.run(command, check=True, capture_output=True)
    (out / "vaults" / "ix.py").write_text("")
    done = subprocess.run([*command, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"differs from what scripts/codegen writes: {out / 'vaults' / 'ix.py'}"
    ]


@pytest.mark.slow
def test_the_generated_package_passes_the_strict_type_checker(vaults: Any) -> None:
    folder = Path(vaults.__file__).parent
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={"MYPYPATH": f"{folder.parents[1]}:{ROOT / 'sdk'}", "PATH": "/usr/bin:/bin"},
        cwd=folder.parents[1],
    )
    assert done.returncode == 0, done.stdout


def pda(*seeds: bytes, program: Pubkey) -> Pubkey:
    return Pubkey.find_program_address(list(seeds), program)[0]


def test_a_builder_fills_in_what_the_idl_knows(vaults: Any) -> None:
    program = vaults.PROGRAM_ID
    terms = vaults.types.Terms(kind_id=3, minimum=10, open=True)
    made = vaults.ix.open(owner=OWNER, number=7, terms=terms, label="mine")
    vault = pda(b"vault", bytes(OWNER), struct.pack("<Q", 7), program=program)
    assert made.program_id == program
    assert bytes(made.data) == (
        hashlib.sha256(b"global:open").digest()[:8] + struct.pack("<QHQ?I", 7, 3, 10, True, 4) + b"mine"
    )
    assert made.accounts == [
        AccountMeta(OWNER, True, True),
        AccountMeta(vault, False, True),
        AccountMeta(pda(b"config", program=program), False, False),
        AccountMeta(program, False, False),  # no referrer: the program's id stands for it
        AccountMeta(ids.SYSTEM_PROGRAM, False, False),
        AccountMeta(pda(b"__event_authority", program=program), False, False),
        AccountMeta(program, False, False),
    ]


def test_what_is_given_overrides_what_is_derived(vaults: Any) -> None:
    extra = AccountMeta(ORACLE, False, True)
    terms = vaults.types.Terms(0, 0, False)
    made = vaults.ix.open(
        owner=OWNER,
        number=7,
        terms=terms,
        label="",
        vault=MINT,
        referrer=REFERRER,
        system_program=ORACLE,
        remaining_accounts=[extra],
    )
    assert made.accounts[1].pubkey == MINT
    assert made.accounts[3] == AccountMeta(REFERRER, False, True)
    assert made.accounts[4].pubkey == ORACLE
    assert made.accounts[-1] == extra


def move_funds(vaults: Any, **more: Any) -> Any:
    return vaults.ix.move_funds(
        vault=OWNER,
        mint=MINT,
        limits_oracle=ORACLE,
        vault_arg=5,
        reason=vaults.types.ReasonSplit(1, None),
        terms=vaults.types.Terms(kind_id=9, minimum=0, open=False),
        memo=b"m",
        shares=(1, 2, 3),
        keys=[OWNER],
        **more,
    )


def test_addresses_of_other_programs_nested_arguments_and_groups_are_derived(vaults: Any) -> None:
    program = vaults.PROGRAM_ID
    keys = [meta.pubkey for meta in move_funds(vaults, vault_number=7).accounts]
    assert keys[1] == addresses.token_account(OWNER, MINT)
    assert keys[4] == pda(b"receipt", struct.pack("<Q", 7), struct.pack("<H", 9), program=program)
    assert keys[6] == pda(b"floor", bytes(ORACLE), program=program)
    assert vaults.pda.receipt(7, 9) == keys[4]


def test_an_argument_that_is_called_like_an_account_is_renamed(vaults: Any) -> None:
    data = bytes(move_funds(vaults, vault_number=7).data)
    assert data[8:16] == struct.pack("<Q", 5)
    assert data[16:] == (
        b"\x02"
        + struct.pack("<Q", 1)
        + b"\0"
        + struct.pack("<HQ?", 9, 0, False)
        + b"\x01\x01\0\0\0m"
        + struct.pack("<HHHI", 1, 2, 3, 1)
        + bytes(OWNER)
    )


def test_a_seed_that_only_the_chain_knows_must_be_given(vaults: Any) -> None:
    with pytest.raises(TypeError, match="move_funds: give receipt, or vault_number to derive it"):
        move_funds(vaults)
    assert move_funds(vaults, receipt=REFERRER).accounts[4].pubkey == REFERRER


def test_an_unfit_argument_is_named(vaults: Any) -> None:
    with pytest.raises(EncodeError, match="open: number: u64 takes 0 to"):
        vaults.ix.open(owner=OWNER, number=-1, terms=vaults.types.Terms(0, 0, False), label="", vault=OWNER)


def test_an_instruction_without_accounts_or_arguments_is_its_discriminator(vaults: Any) -> None:
    made = vaults.ix.touch()
    assert bytes(made.data) == hashlib.sha256(b"global:touch").digest()[:8]
    assert made.accounts == []


def test_accounts_are_frozen_dataclasses_with_discriminator_size_and_offsets(vaults: Any) -> None:
    vault, pool = vaults.accounts.Vault, vaults.accounts.Pool
    assert hashlib.sha256(b"account:Vault").digest()[:8] == vault.DISCRIMINATOR
    assert vault.SIZE is None
    assert dict(vault.OFFSETS) == {"owner": 8, "number": 40, "state": 48, "total": 49, "label": 65}
    assert pool.SIZE == 8 + 32 + 16 + 32 + 8 + 80 + 16
    assert pool.OFFSETS["weight"] == 8 + 32 + 16 + 32 + 4
    assert not hasattr(pool, "_pad")
    assert [f.name for f in dataclasses.fields(pool)] == [
        "authority",
        "index",
        "members",
        "flags",
        "weight",
        "slots",
    ]


def test_a_borsh_account_is_decoded_with_enums_options_and_lists(vaults: Any) -> None:
    types, cls = vaults.types, vaults.accounts.Vault
    data = (
        cls.DISCRIMINATOR
        + bytes(OWNER)
        + struct.pack("<QB", 7, 1)
        + (2**100).to_bytes(16, "little")
        + struct.pack("<I", 2)
        + b"hi"
        + struct.pack("<I", 2)
        + b"\x00"
        + b"\x01"
        + struct.pack("<H", 25)
        + b"\x00"
        + b"\xfe"
    )
    vault = cls.decode(data + bytes(50))
    assert vault == cls(
        OWNER,
        7,
        types.State.COOLING_DOWN,
        2**100,
        "hi",
        (types.ReasonPlain(), types.ReasonFee(25)),
        None,
        254,
    )
    assert vault.encode() == data
    assert isinstance(vault.state, IntEnum)


def test_a_zero_copy_account_is_decoded_with_wrapped_integers(vaults: Any) -> None:
    cls, slot = vaults.accounts.Pool, vaults.types.Slot
    pool = cls(OWNER, 2**127, (1, 2, 3, 4), 255, -5, (slot(-1, bytes(32)), slot(2, bytes(range(32)))))
    data = pool.encode()
    assert len(data) == cls.SIZE
    assert data[40:56] == (2**127).to_bytes(16, "little")
    assert data[88:96] == b"\xff\0\0\0" + struct.pack("<i", -5)
    assert cls.decode(data) == pool


def test_another_types_discriminator_is_refused(vaults: Any) -> None:
    with pytest.raises(ionet.DecodeError, match="not a Pool: discriminator"):
        vaults.accounts.Pool.decode(vaults.accounts.Vault.DISCRIMINATOR + bytes(300))
    with pytest.raises(ionet.DecodeError, match="discriminator nothing"):
        vaults.accounts.Pool.decode(b"")


def test_filters_compare_discriminator_and_fields(vaults: Any) -> None:
    found = vaults.accounts.Vault.filters(owner=OWNER, state=vaults.types.State.CLOSED)
    assert [f["memcmp"]["offset"] for f in found] == [0, 8, 48]
    with pytest.raises(EncodeError, match=r"Vault\.delegate has no fixed offset; filter by owner, number"):
        vaults.accounts.Vault.filters(delegate=None)
    with pytest.raises(EncodeError, match=r"Vault\.colour does not exist"):
        vaults.accounts.Vault.filters(colour=1)
    with pytest.raises(EncodeError, match=r"Vault\.owner: pubkey: takes a Pubkey"):
        vaults.accounts.Vault.filters(owner="me")


def test_each_error_is_an_exception(vaults: Any) -> None:
    errors = vaults.errors
    assert errors.ERRORS[6000] is errors.TooSmall
    assert issubclass(errors.TooSmall, ionet.ProgramError)
    assert (errors.Closed.CODE, errors.Closed.NAME, errors.Closed.MSG) == (
        6001,
        "Closed",
        'The vault is "closed"',
    )
    assert errors.Silent.MSG == ""


def test_constants_are_python_values(vaults: Any) -> None:
    assert vaults.constants.MINIMUM == 1000
    assert vaults.constants.SEED == b"vault"


def package(idl: Any) -> dict[str, str]:
    return program_package(Program("vaults", idl))


def test_generic_types_are_refused(vaults_idl: Any) -> None:
    idl = copy.deepcopy(vaults_idl)
    idl["types"][0]["generics"] = [{"kind": "type", "name": "T"}]
    with pytest.raises(CodegenError, match="Vault is generic"):
        package(idl)


def test_hidden_padding_in_a_zero_copy_account_is_refused(vaults_idl: Any) -> None:
    idl = copy.deepcopy(vaults_idl)
    fields = next(t for t in idl["types"] if t["name"] == "Pool")["type"]["fields"]
    fields.remove(next(f for f in fields if f["name"] == "_pad"))
    with pytest.raises(CodegenError, match=r"hidden padding before Pool\.weight at byte 81"):
        package(idl)


def test_a_type_that_contains_itself_is_refused(vaults_idl: Any) -> None:
    idl = copy.deepcopy(vaults_idl)
    idl["types"].append(
        {
            "name": "Loop",
            "type": {
                "kind": "struct",
                "fields": [{"name": "x", "type": {"vec": {"defined": {"name": "Loop"}}}}],
            },
        }
    )
    with pytest.raises(CodegenError, match="Loop contains itself"):
        package(idl)


def test_an_account_whose_seeds_are_not_at_hand_stays_required(vaults_idl: Any) -> None:
    idl = copy.deepcopy(vaults_idl)
    later = copy.deepcopy(next(i for i in idl["instructions"] if i["name"] == "touch"))
    later["name"] = "later"
    later["accounts"] = [{"name": "vault"}]
    idl["instructions"].append(later)
    body = package(idl)["vaults/ix.py"]
    assert "def later(*, vault: Pubkey, remaining_accounts" in body


def test_all_of_anchors_errors_are_known() -> None:
    from ionet.chain.anchor_errors import ANCHOR_ERRORS

    assert len(ANCHOR_ERRORS) == 82
    assert ANCHOR_ERRORS[2006] == ("ConstraintSeeds", "A seeds constraint was violated")
    assert ANCHOR_ERRORS[3012][0] == "AccountNotInitialized"
    assert ANCHOR_ERRORS[4100][0] == "DeclaredProgramIdMismatch"


def test_anchors_table_is_read_with_its_numbering() -> None:
    source = '#[msg("first")]\n First = 100,\n #[msg("second")]\n Second,\n #[msg("third")]\n Third = 7,\n'
    text = anchor_errors(f"pub enum ErrorCode {{\n {source}\n}}")
    assert "100: ('First', 'first')" in text
    assert "101: ('Second', 'second')" in text
    assert "7: ('Third', 'third')" in text


def test_the_blocking_twin_has_no_coroutines() -> None:
    source = '''\
"""Makes an AsyncClient; use `await client.go()`."""
async def go(client: AsyncClient) -> AsyncIterator[int]:
    async with client as c, other() as d:
        async for x in c:  # awaits nothing
            yield await c.one(x, key=await d())
    await asyncio.sleep(1)
'''
    assert (
        blocking(source)
        == '''\
"""Makes an Client; use `client.go()`."""
def go(client: Client) -> Iterator[int]:
    with client as c, other() as d:
        for x in c:  # awaits nothing
            yield c.one(x, key=d())
    time.sleep(1)
'''
    )


def test_every_idl_of_the_repository_has_its_package() -> None:
    from ionet._generated import PROGRAMS

    idls = {path.stem: json.loads(path.read_text())["address"] for path in (ROOT / "idl").glob("*.json")}
    assert {name: program_id for program_id, name in PROGRAMS.items()} == idls

"""What the package has for other libraries, as far as it can be had without them."""

from __future__ import annotations

import importlib
import inspect
import json
import random
from importlib.util import find_spec
from typing import Any

import pytest
from solders.instruction import AccountMeta
from solders.keypair import Keypair
from solders.pubkey import Pubkey

import ionet
from ionet import ConfigError, EncodeError, ix, types
from ionet._generated import PROGRAMS
from ionet.chain.errors import DecodeError
from ionet.chain.rpc import embedded
from ionet.chain.transactions import sent_from_json
from ionet.interop.calls import CallBuilder, shipped_idl
from ionet.interop.legacy import legacy_idl

PLAIN = {"name": "plain", "version": "0.1.0", "spec": "0.1.0"}


def everything() -> list[Any]:
    return [
        pytest.param(program, spec, id=f"{program}.{spec['name']}")
        for program in sorted(PROGRAMS.values())
        for spec in shipped_idl(program)["instructions"]
    ]


def idl(**parts: Any) -> dict[str, Any]:
    return {"address": str(Pubkey.default()), "metadata": PLAIN, "instructions": [], **parts}


# -- the old format of IDLs


@pytest.mark.parametrize("program", sorted(PROGRAMS.values()))
def test_every_idl_has_the_old_form_with_the_same_parts(program: str) -> None:
    new, old = shipped_idl(program), legacy_idl(shipped_idl(program))
    for part in ("instructions", "accounts", "events", "errors", "constants"):
        assert [entry["name"] for entry in old[part]] == [entry["name"] for entry in new[part]]
    apart = {entry["name"] for part in ("accounts", "events") for entry in new[part]}
    assert [entry["name"] for entry in old["types"]] == [
        entry["name"] for entry in new["types"] if entry["name"] not in apart
    ]
    assert "pubkey" not in json.dumps([spec["args"] for spec in old["instructions"]])
    assert old["metadata"] == {"address": new["address"]}


def test_types_are_spelled_as_they_were() -> None:
    kinds = [
        ("pubkey", "publicKey"),
        ({"vec": "pubkey"}, {"vec": "publicKey"}),
        ({"option": {"defined": {"name": "a::B"}}}, {"option": {"defined": "B"}}),
        ({"array": [{"array": ["u8", 4]}, 2]}, {"array": [{"array": ["u8", 4]}, 2]}),
    ]
    args = [{"name": f"arg_{i}", "type": new} for i, (new, _) in enumerate(kinds)]
    account = {"name": "node", "writable": True, "optional": True, "docs": ["The node."]}
    spec = {"name": "do_it", "discriminator": [0] * 8, "accounts": [account], "args": args}
    (made,) = legacy_idl(idl(instructions=[spec]))["instructions"]
    assert [(argument["name"], argument["type"]) for argument in made["args"]] == [
        (f"arg_{i}", old) for i, (_, old) in enumerate(kinds)
    ]
    assert made["accounts"] == [
        {"name": "node", "isMut": True, "isSigner": False, "isOptional": True, "docs": ["The node."]}
    ]


def test_enums_and_aliases_keep_their_form() -> None:
    variants = [
        {"name": "Nothing"},
        {"name": "Named", "fields": [{"name": "owner", "type": "pubkey"}]},
        {"name": "Tuple", "fields": ["u8", "pubkey"]},
    ]
    made = legacy_idl(
        idl(
            types=[
                {"name": "Kind", "type": {"kind": "enum", "variants": variants}},
                {"name": "Short", "type": {"kind": "type", "alias": "pubkey"}},
            ]
        )
    )["types"]
    assert made[0]["type"]["variants"] == [
        {"name": "Nothing"},
        {"name": "Named", "fields": [{"name": "owner", "docs": [], "type": "publicKey"}]},
        {"name": "Tuple", "fields": ["u8", "publicKey"]},
    ]
    assert made[1]["type"] == {"kind": "alias", "value": "publicKey"}


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        (
            {"types": [{"name": "Box", "generics": [{"kind": "type"}], "type": {"kind": "struct"}}]},
            "plain: Box is generic",
        ),
        (
            {"types": [{"name": "Pair", "type": {"kind": "struct", "fields": ["u8", "u8"]}}]},
            "plain: a field u8 has no name",
        ),
        (
            {
                "instructions": [
                    {"name": "go", "accounts": [{"name": "both", "accounts": []}], "args": []},
                ]
            },
            "plain: both is a group of accounts",
        ),
        (
            {
                "instructions": [
                    {"name": "go", "accounts": [], "args": [{"name": "a", "type": {"map": "u8"}}]},
                ]
            },
            r"plain: the old format has no type \{'map': 'u8'\}",
        ),
        ({"instructions": [{"name": "go"}]}, "plain: not an IDL of spec 0.1.0: KeyError"),
    ],
)
def test_what_the_old_format_cannot_say_is_refused(parts: dict[str, Any], why: str) -> None:
    with pytest.raises(DecodeError, match=why):
        legacy_idl(idl(**parts))


# -- calls


def derived_from_a_field(account: dict[str, Any]) -> bool:
    return any("account" in seed for seed in account.get("pda", {}).get("seeds", ()))


@pytest.mark.parametrize(("program", "spec"), everything())
def test_a_call_is_what_the_builder_makes(program: str, spec: dict[str, Any]) -> None:
    """With the builder called by its own parameters, as its signature has them."""
    source = random.Random(spec["name"])
    builder = getattr(getattr(ix, program), spec["name"])
    wanted = inspect.signature(builder).parameters
    given = {
        account["name"]: Pubkey(source.randbytes(32))
        for account in spec["accounts"]
        if (parameter := wanted.get(account["name"]) or wanted.get(account["name"] + "_"))
        # What follows from another account's field is read from the chain, and given.
        and (parameter.default is parameter.empty or derived_from_a_field(account))
    }
    arguments = [example(program, argument["type"], source) for argument in spec["args"]]
    made = CallBuilder(program, spec["name"]).build(arguments, given)

    required = [name for name, parameter in wanted.items() if parameter.default is parameter.empty]
    by_name = {name if name in wanted else f"{name}_": address for name, address in given.items()}
    rest = [name for name in required if name not in by_name]
    kinds = [argument["type"] for argument in spec["args"]]
    values = [plain(program, kind, value) for kind, value in zip(kinds, arguments, strict=True)]
    assert made == builder(**by_name, **dict(zip(rest, values, strict=True)))


def example(program: str, kind: Any, source: random.Random) -> Any:
    """A value of a type as users of other libraries write it."""
    match kind:
        case "pubkey":
            return Pubkey(source.randbytes(32))
        case "bool":
            return True
        case "bytes":
            return [1, 2, 3]
        case str():
            return source.randrange(100)
        case {"array": [inner, length]}:
            return [example(program, inner, source) for _ in range(length)]
        case {"vec": inner} | {"option": inner}:
            item = example(program, inner, source)
            return [item, item] if "vec" in kind else item
    name = kind["defined"]["name"]
    (body,) = (entry["type"] for entry in shipped_idl(program)["types"] if entry["name"] == name)
    if body["kind"] == "enum":
        return len(body["variants"]) - 1
    return {field["name"]: example(program, field["type"], source) for field in body["fields"]}


def plain(program: str, kind: Any, value: Any) -> Any:
    """The same value for a builder: bytes for numbers, records for dictionaries."""
    match kind:
        case "bytes" | {"array": ["u8", _]}:
            return bytes(value)
        case {"array": [inner, _]} | {"vec": inner}:
            return tuple(plain(program, inner, item) for item in value)
        case {"option": inner}:
            return plain(program, inner, value)
        case {"defined": {"name": name}} if isinstance(value, dict):
            (body,) = (entry["type"] for entry in shipped_idl(program)["types"] if entry["name"] == name)
            made = getattr(getattr(types, program), name)
            fields = {
                field["name"]: plain(program, field["type"], value[field["name"]]) for field in body["fields"]
            }
            return made(**{name: fields[name] for name in made.__slots__})
    return value


def test_a_call_takes_none_for_what_it_knows_and_further_accounts() -> None:
    names = ("holder", "class", "node", "source")
    given = {name: Keypair().pubkey() for name in names}
    builder = CallBuilder("staking", "stake")
    more = AccountMeta(Keypair().pubkey(), False, True)
    made = builder.build([5], {**given, "position": None, "config": None}, [more])
    assert made.accounts[-1] == more
    assert made.accounts[:-1] == builder.build([5], given).accounts


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (32, "register_device: fingerprint: 32 is no"),
        ("x" * 32, "register_device: fingerprint: 'x"),
        (None, "register_device: fingerprint: None is no"),
        ([256] * 32, r"register_device: fingerprint: \[256, .* must be in range"),
        ([1] * 31, "takes 32 bytes, got 31"),
    ],
)
def test_what_is_no_list_of_bytes_is_refused(value: object, why: str) -> None:
    """A number is not that many zeros."""
    specs = shipped_idl("staking")["instructions"]
    spec = next(spec for spec in specs if spec["name"] == "register_device")
    position = [argument["type"] for argument in spec["args"]].index({"array": ["u8", 32]})
    source = random.Random(1)
    arguments = [example("staking", argument["type"], source) for argument in spec["args"]]
    arguments[position] = value
    builder = CallBuilder("staking", "register_device")
    given = {name: Keypair().pubkey() for name in builder.needed}
    with pytest.raises(EncodeError, match=why):
        builder.build(arguments, given)


def test_an_unknown_program_is_named() -> None:
    with pytest.raises(ConfigError, match="'stakes' is no program; there are buyback, distributor"):
        shipped_idl("stakes")


# -- what is not there


@pytest.mark.skipif(find_spec("anchorpy") is not None, reason="anchorpy is there")
def test_without_anchorpy_the_module_says_how_to_get_it() -> None:
    with pytest.raises(ConfigError, match=r"pip install 'ionet\[anchorpy\]'"):
        importlib.import_module("ionet.interop.anchorpy")


@pytest.mark.parametrize("found", ["0.26.0", "0.28.1", "0.9"])
def test_an_old_solders_has_no_embedded_network(found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "version", lambda name: found)
    with pytest.raises(ConfigError, match=rf"needs solders 0\.29 or newer, and this environment has {found}"):
        ionet.local()


@pytest.mark.parametrize("found", ["0.29.0", "0.30rc1", "1.0"])
def test_a_newer_solders_has_it(found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "version", lambda name: found)
    assert ionet.local(shipped=False).network.clock.slot > 0


# -- transactions as other clients ask for them


@pytest.mark.parametrize("encoding", ["base58", "json", "jsonParsed"])
def test_events_do_not_depend_on_the_encoding_that_was_asked_for(local: ionet.Client, encoding: str) -> None:
    local.mint.initialize().send()
    local.network.clock.advance(3_600)
    sent = local.mint.emit().send()

    def read(encoding: str) -> ionet.EventLog:
        config = {"encoding": encoding, "maxSupportedTransactionVersion": 0}
        found = local.network.request("getTransaction", [sent.signature, config])
        return sent_from_json(sent.signature, found, None).event_log

    assert read(encoding) == read("base64") == sent.event_log
    assert read(encoding).events

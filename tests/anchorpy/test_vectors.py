"""anchorpy and the SDK make the same bytes of the same values, and read the same values from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from anchorpy import Context, Provider, Wallet
from anchorpy.program.common import NamedInstruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet import ConfigError
from ionet._generated import PROGRAMS
from ionet.interop.anchorpy import Program, program
from ionet.interop.calls import identifier, shipped_idl

NAMES = sorted(PROGRAMS.values())
KINDS = ("instructions", "accounts", "events")


class Translator:
    """Between the vectors' values and anchorpy's."""

    def __init__(self, client: Program, name: str) -> None:
        self.client = client
        self.types = {definition["name"]: definition["type"] for definition in shipped_idl(name)["types"]}

    def given(self, kind: Any, value: Any) -> Any:
        """As anchorpy takes it."""
        match kind:
            case "pubkey":
                return Pubkey.from_string(value)
            case "bytes":
                return bytes(value)
            case {"array": [inner, _]} | {"vec": inner}:
                return [self.given(inner, item) for item in value]
            case {"option": inner}:
                return None if value is None else self.given(inner, value)
            case {"defined": {"name": name}} if self.types[name]["kind"] == "enum":
                return self.client.type[name].getitem(value)()
            case {"defined": {"name": name}}:
                return self.struct(name, value)
        return value

    def struct(self, name: str, value: Mapping[str, Any]) -> dict[str, Any]:
        return {
            field["name"]: self.given(field["type"], value[field["name"]])
            for field in self.types[name]["fields"]
        }

    def shown(self, kind: Any, value: Any) -> Any:
        """A value of anchorpy's as the vectors have it."""
        match kind:
            case "pubkey":
                return str(value)
            case "bytes":
                return list(value)
            case {"array": [inner, _]} | {"vec": inner}:
                return [self.shown(inner, item) for item in value]
            case {"option": inner}:
                return None if value is None else self.shown(inner, value)
            case {"defined": {"name": name}} if self.types[name]["kind"] == "enum":
                return value.index
            case {"defined": {"name": name}}:
                return self.shown_struct(name, value)
        return value

    def shown_struct(self, name: str, value: Any) -> dict[str, Any]:
        return {
            field["name"]: self.shown(field["type"], getattr(value, identifier(field["name"])))
            for field in self.types[name]["fields"]
        }


@pytest.fixture(scope="module", params=NAMES)
def named(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def client(named: str) -> Program:
    return program(named, Provider(None, Wallet(Keypair())))


@pytest.fixture(scope="module")
def translator(client: Program, named: str) -> Translator:
    return Translator(client, named)


@pytest.fixture(scope="module")
def own(vectors: Sequence[Mapping[str, Any]], named: str) -> Sequence[Mapping[str, Any]]:
    return [vector for vector in vectors if vector["program"] == named]


def of_kind(own: Sequence[Mapping[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    return [vector for vector in own if vector["kind"] == kind]


@pytest.mark.parametrize("kind", KINDS)
def test_there_are_vectors_of_everything_in_the_idl(
    own: Sequence[Mapping[str, Any]], named: str, kind: str
) -> None:
    counted = Counter(vector["name"] for vector in of_kind(own, kind))
    assert set(counted) == {entry["name"] for entry in shipped_idl(named)[kind]}
    assert set(counted.values()) == {20}


def test_instructions_have_the_same_bytes(
    client: Program,
    translator: Translator,
    own: Sequence[Mapping[str, Any]],
    named: str,
    agreed: dict[str, int],
) -> None:
    specs = {spec["name"]: spec["args"] for spec in shipped_idl(named)["instructions"]}
    for vector in of_kind(own, "instructions"):
        data, args = bytes.fromhex(vector["data"]), specs[vector["name"]]
        given = {arg["name"]: translator.given(arg["type"], vector["value"][arg["name"]]) for arg in args}
        built = client.coder.instruction.build(NamedInstruction(name=vector["name"], data=given))
        assert built == data, f"{vector['name']} is encoded differently"
        read = client.coder.instruction.parse(data)
        assert read.name == vector["name"]
        shown = {arg["name"]: translator.shown(arg["type"], read.data[arg["name"]]) for arg in args}
        assert shown == vector["value"], f"{vector['name']} is read differently"
        agreed["instructions"] = agreed.get("instructions", 0) + 1


def test_calls_fill_in_the_accounts_of_the_builders(
    client: Program, translator: Translator, own: Sequence[Mapping[str, Any]], named: str
) -> None:
    specs = {spec["name"]: spec for spec in shipped_idl(named)["instructions"]}
    for vector in of_kind(own, "instructions"):
        spec = specs[vector["name"]]
        args = [translator.given(arg["type"], vector["value"][arg["name"]]) for arg in spec["args"]]
        accounts = {name: Pubkey.from_string(address) for name, address in vector["given"].items()}
        made = client.instruction[vector["name"]](*args, ctx=Context(accounts=accounts))
        metas = [[str(meta.pubkey), meta.is_signer, meta.is_writable] for meta in made.accounts]
        assert metas == vector["accounts"], vector["name"]
        assert bytes(made.data).hex() == vector["data"], vector["name"]
        assert made.program_id == client.program_id

        # And anchorpy's own idea of them, which knows nothing of accounts that are left out.
        full = {slot["name"]: meta.pubkey for slot, meta in zip(spec["accounts"], made.accounts, strict=True)}
        there = [slot["name"] in accounts or not slot.get("optional") for slot in spec["accounts"]]
        theirs = client.instruction[vector["name"]].accounts(full)
        assert [meta for meta, is_there in zip(theirs, there, strict=True) if is_there] == [
            meta for meta, is_there in zip(made.accounts, there, strict=True) if is_there
        ], vector["name"]


def test_accounts_have_the_same_bytes(
    client: Program, translator: Translator, own: Sequence[Mapping[str, Any]], agreed: dict[str, int]
) -> None:
    for vector in of_kind(own, "accounts"):
        name, data = vector["name"], bytes.fromhex(vector["data"])
        assert translator.shown_struct(name, client.coder.accounts.decode(data)) == vector["value"], name
        given = NamedInstruction(name=name, data=translator.struct(name, vector["value"]))
        assert client.coder.accounts.build(given) == data, f"{name} is encoded differently"
        agreed["accounts"] = agreed.get("accounts", 0) + 1


def test_events_have_the_same_bytes(
    client: Program, translator: Translator, own: Sequence[Mapping[str, Any]], agreed: dict[str, int]
) -> None:
    for vector in of_kind(own, "events"):
        name, data = vector["name"], bytes.fromhex(vector["data"])
        read = client.coder.events.parse(data)
        assert read.name == name
        assert translator.shown_struct(name, read.data) == vector["value"], name
        built = client.coder.events.layouts[name].build(translator.struct(name, vector["value"]))
        assert built == data[8:], f"{name} is encoded differently"
        agreed["events"] = agreed.get("events", 0) + 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_discriminator_that_is_not_derived_from_the_name_is_refused(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """anchorpy would not say so, and send or read something else."""
    idl = shipped_idl("mint")
    entry, *others = idl[kind]
    changed = {**idl, kind: [{**entry, "discriminator": [1] * 8}, *others]}
    monkeypatch.setattr("ionet.interop.anchorpy.shipped_idl", lambda name: changed)
    with pytest.raises(ConfigError, match=f"mint: anchorpy cannot know the discriminator of {entry['name']}"):
        program("mint", Provider(None, Wallet(Keypair())))

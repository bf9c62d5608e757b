"""Writes random values of every instruction, account and event with the bytes that the SDK makes of them.

usage: python write_vectors.py FILE

Runs in the package's own environment. A value is JSON: integers of any size, bytes as lists, addresses as
text, enums by number, structs by the IDL's names; padding is zero.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Final

from solders.pubkey import Pubkey

from ionet import accounts, events, types
from ionet._generated import PROGRAMS
from ionet.interop.calls import CallBuilder, Values, identifier, shipped_idl

EACH: Final = 20
_RANDOM: Final = random.Random(5)
_EDGE: Final = 0.2


class Writer:
    """Random values of one program."""

    def __init__(self, program: str) -> None:
        self.program = program
        self.idl = shipped_idl(program)
        self.types = {definition["name"]: definition["type"] for definition in self.idl["types"]}
        self.values = Values(program)

    def draw(self, kind: Any, *, zero: bool = False) -> Any:
        """A value of a type of the IDL."""
        match kind:
            case "pubkey":
                return str(Pubkey(_RANDOM.randbytes(32)))
            case "bool":
                return bool(_RANDOM.getrandbits(1))
            case "bytes":
                return list(_RANDOM.randbytes(_RANDOM.randrange(40)))
            case str():
                return 0 if zero else self.integer(kind[0] == "i", int(kind[1:]))
            case {"array": [inner, length]}:
                return [self.draw(inner, zero=zero) for _ in range(length)]
            case {"vec": inner}:
                return [self.draw(inner) for _ in range(_RANDOM.randrange(4))]
            case {"option": inner}:
                return None if _RANDOM.random() < 0.5 else self.draw(inner)
            case {"defined": {"name": name}} if self.types[name]["kind"] == "enum":
                return _RANDOM.randrange(len(self.types[name]["variants"]))
            case {"defined": {"name": name}}:
                return self.struct(name)
        raise ValueError(f"no values of the type {kind}")

    def integer(self, signed: bool, bits: int) -> int:
        low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
        return _RANDOM.choice((low, high)) if _RANDOM.random() < _EDGE else _RANDOM.randint(low, high)

    def struct(self, name: str, shown: Any = None) -> dict[str, Any]:
        """A struct; what its generated class does not show is padding."""
        made = shown or getattr(getattr(types, self.program), name)
        return {
            field["name"]: self.draw(field["type"], zero=identifier(field["name"]) not in made.__slots__)
            for field in self.types[name]["fields"]
        }

    def parsed(self, kind: Any, value: Any) -> Any:
        """A drawn value with addresses as addresses."""
        match kind:
            case "pubkey":
                return Pubkey.from_string(value)
            case {"array": [inner, _]} | {"vec": inner}:
                return [self.parsed(inner, item) for item in value]
            case {"option": inner}:
                return None if value is None else self.parsed(inner, value)
            case {"defined": {"name": name}} if self.types[name]["kind"] == "struct":
                return self.parsed_struct(name, value)
        return value

    def parsed_struct(self, name: str, value: Mapping[str, Any]) -> dict[str, Any]:
        return {
            field["name"]: self.parsed(field["type"], value[field["name"]])
            for field in self.types[name]["fields"]
        }

    def discriminated(self, kind: str, module: Any) -> Iterator[dict[str, Any]]:
        """Accounts or events, which must also come back as they were."""
        for name in (entry["name"] for entry in self.idl[kind]):
            made = getattr(getattr(module, self.program), name)
            for _ in range(EACH):
                value = self.struct(name, made)
                ours = self.values.convert_struct(name, made, self.parsed_struct(name, value))
                data = ours.encode()
                assert made.decode(data) == ours, f"{self.program}.{name} does not come back as it was"
                yield {"kind": kind, "name": name, "value": value, "data": data.hex()}

    def instructions(self) -> Iterator[dict[str, Any]]:
        """Calls with the accounts that have to be given, and every other time with some more."""
        for spec in self.idl["instructions"]:
            builder = CallBuilder(self.program, spec["name"])
            for turn in range(EACH):
                drawn = {argument["name"]: self.draw(argument["type"]) for argument in spec["args"]}
                parsed = [self.parsed(argument["type"], drawn[argument["name"]]) for argument in spec["args"]]
                given = {
                    account["name"]: Pubkey(_RANDOM.randbytes(32))
                    for account in spec["accounts"]
                    if account["name"] not in builder.fixed
                    and (account["name"] in builder.needed or (turn % 2 and _RANDOM.random() < 0.5))
                }
                made = builder.build(parsed, given)
                yield {
                    "kind": "instructions",
                    "name": spec["name"],
                    "value": drawn,
                    "data": bytes(made.data).hex(),
                    "given": {name: str(address) for name, address in given.items()},
                    "accounts": [
                        [str(meta.pubkey), meta.is_signer, meta.is_writable] for meta in made.accounts
                    ],
                }


def main() -> None:
    written = []
    for program in PROGRAMS.values():
        writer = Writer(program)
        vectors = chain(
            writer.instructions(),
            writer.discriminated("accounts", accounts),
            writer.discriminated("events", events),
        )
        written += [{"program": program, **vector} for vector in vectors]
    Path(sys.argv[1]).write_text(json.dumps(written))


if __name__ == "__main__":
    main()

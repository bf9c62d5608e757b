"""Which addresses an instruction's accounts have, as far as the IDL says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from solders.pubkey import Pubkey

from sdkgen.idl import (
    AccountSlot,
    CodegenError,
    Program,
    Typed,
    arg_name,
    fields_of,
    flatten,
    identifier,
    last,
    text,
)

#: Addresses that `ionet.chain.ids` names.
KNOWN: Final = {
    "11111111111111111111111111111111": "SYSTEM_PROGRAM",
    "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA": "TOKEN_PROGRAM",
    "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb": "TOKEN_2022_PROGRAM",
    "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL": "ASSOCIATED_TOKEN_PROGRAM",
    "SysvarS1otHashes111111111111111111111111111": "SLOT_HASHES",
    "SysvarC1ock11111111111111111111111111111111": "CLOCK",
}


PUBKEY: Final = Typed("Pubkey", "c.pubkey")


@dataclass(frozen=True)
class Seed:
    """One seed of an address inside one instruction.

    Attributes:
        const: its bytes, if they are always the same.
        path: what the IDL says it is otherwise.
        typed: its type.
        account: whether it is an account's address.
        source: the parameter of the instruction's builder that has the value; None: no parameter has it.
        address: the value, if it is an account whose address is always the same.
    """

    const: bytes | None = None
    path: str = ""
    typed: Typed = PUBKEY
    account: bool = False
    source: str | None = None
    address: Pubkey | None = None

    @property
    def value(self) -> bytes | None:
        """The seed's bytes, if they are always the same."""
        return bytes(self.address) if self.address is not None else self.const


@dataclass(frozen=True)
class Fixed:
    """An account that is always at the same address."""

    expression: str
    address: Pubkey


@dataclass(frozen=True)
class Derived:
    """An account whose address follows from the builder's parameters.

    Attributes:
        function: of the program's `pda` module.
        arguments: parameter of that function to expression of the builder.
        missing: expressions among them that may be None.
        lookups: further parameters of the builder, values that only the chain knows, with their types.
        needs: other accounts of the instruction that must be known first.
    """

    function: str
    arguments: Mapping[str, str]
    missing: Sequence[str]
    lookups: Mapping[str, Typed]
    needs: frozenset[str]


Place: TypeAlias = Fixed | Derived | None


@dataclass
class Shape:
    """All derivations with the same seeds: one function."""

    function: str
    program: Pubkey
    uses: list[Sequence[Seed]] = field(default_factory=list)

    def seeds(self) -> list[Seed]:
        """Returns each seed as most builders have it; as a field of an account only where none has it."""
        found = []
        for at, first in enumerate(self.uses[0]):
            given = [use[at] for use in self.uses if use[at].source is not None]
            paths = [seed.path for seed in given]
            found.append(max(given, key=lambda seed: paths.count(seed.path), default=first))
        return found

    def params(self) -> list[str]:
        """Returns the function's parameter for each seed, "" for constants."""
        names: list[str] = []
        for at, seed in enumerate(self.seeds()):
            *owner, leaf = seed.path.split(".")
            name = "" if seed.const is not None else identifier(leaf)
            if name and seed.account and not owner:
                # Accounts of several kinds may own one of the same kind.
                paths = {use[at].path for use in self.uses}
                name = identifier("_or_".join(sorted(path for path in paths if "." not in path)))
            if name and owner and seed.account and seed.source is None:
                alike = len({use[at].path for use in self.uses}) > 1
                name = identifier(leaf if alike else "_".join([*owner, leaf]))
            if name and name in names:
                name = identifier(seed.path.replace(".", "_"))
            while name and name in names:
                name += "_"
            names.append(name)
        return names

    def defaults(self) -> list[Pubkey | None]:
        """Returns for each seed its address, if that is the same in every instruction."""
        defaults: list[Pubkey | None] = []
        for same in zip(*self.uses, strict=True):
            addresses = {seed.address for seed in same}
            defaults.append(addresses.pop() if len(addresses) == 1 else None)
        return defaults


class Addresses:
    """Places of all accounts of a program's instructions."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.own = Pubkey.from_string(program.idl["address"])
        self.constants: dict[str, Pubkey] = {}
        self.shapes: dict[tuple[Any, ...], Shape] = {}
        self._explicit: dict[tuple[str, str], Any] = {}
        self._instructions = sorted(program.idl["instructions"], key=lambda spec: spec["name"])
        for instruction in self._instructions:
            self._read(instruction)

    # -- what the IDL says

    def _read(self, instruction: Mapping[str, Any]) -> None:
        slots = list(flatten(instruction["accounts"]))
        args = {a["name"]: a["type"] for a in instruction["args"]}
        known = {
            slot.name: Pubkey.from_string(slot.spec["address"]) for slot in slots if "address" in slot.spec
        }
        # Addresses may be seeds of addresses.
        pending = [slot for slot in slots if "pda" in slot.spec and slot.name not in known]
        for _ in range(len(pending)):
            for slot in list(pending):
                values = [seed.value for seed in self._seeds(slot, slots, args, known)]
                if all(value is not None for value in values):
                    solid = [value for value in values if value is not None]
                    known[slot.name] = Pubkey.find_program_address(solid, self._deriving(slot))[0]
                    pending.remove(slot)
        for slot in slots:
            where = (instruction["name"], slot.name)
            if slot.name in known:
                name = self._constant(slot.name, known[slot.name], instruction["name"])
                self._explicit[where] = Fixed(name, known[slot.name])
            elif "pda" in slot.spec:
                seeds = self._seeds(slot, slots, args, known)
                key = self._shape(slot, seeds, instruction["name"])
                self._explicit[where] = (key, seeds)

    def _deriving(self, slot: AccountSlot) -> Pubkey:
        spec = slot.spec["pda"].get("program")
        if spec is None:
            return self.own
        if spec["kind"] == "const":
            return Pubkey.from_bytes(bytes(spec["value"]))
        raise CodegenError(f"{self.program.name}: only the caller knows which program derives {slot.name}")

    def _seeds(
        self,
        slot: AccountSlot,
        slots: Sequence[AccountSlot],
        args: Mapping[str, Any],
        known: Mapping[str, Pubkey],
    ) -> list[Seed]:
        return [self._seed(spec, slot, slots, args, known) for spec in slot.spec["pda"]["seeds"]]

    def _seed(
        self,
        spec: Mapping[str, Any],
        slot: AccountSlot,
        slots: Sequence[AccountSlot],
        args: Mapping[str, Any],
        known: Mapping[str, Pubkey],
    ) -> Seed:
        match spec["kind"]:
            case "const":
                return Seed(const=bytes(spec["value"]))
            case "arg":
                head, *rest = spec["path"].split(".")
                idl_type, expression = args[head], arg_name(head, slots)
                for part in rest:
                    idl_type = self._field_type(idl_type["defined"]["name"], part)
                    expression += f".{identifier(part)}"
                return Seed(path=spec["path"], typed=self.program.typed(idl_type), source=expression)
            case "account":
                path = spec["path"]
                by_path = {slot.path: slot.name for slot in slots}
                for candidate in (path, slot.scope + path):
                    if candidate in by_path:
                        name = by_path[candidate]
                        return Seed(path=path, account=True, source=name, address=known.get(name))
                if account := spec.get("account"):
                    typed = self.program.typed(self._field_type(account, path.split(".")[-1]))
                    return Seed(path=path, typed=typed, account=True)
                return Seed(path=path, account=True)
        raise CodegenError(f"{self.program.name}: no form for the seed {spec!r}")

    def _field_type(self, type_name: str, field_name: str) -> Any:
        for name, idl_type, _ in fields_of(self.program.definition(last(type_name))["type"]):
            if name == field_name:
                return idl_type
        raise CodegenError(f"{self.program.name}: {type_name} has no field {field_name}")

    def _constant(self, name: str, address: Pubkey, instruction: str) -> str:
        """Returns the address as the instructions module writes it; makes its constant on first use."""
        if address == self.own:
            return "PROGRAM_ID"
        if str(address) in KNOWN:
            return f"_ids.{KNOWN[str(address)]}"
        for candidate in (name.upper(), f"{name}_of_{instruction}".upper()):
            if self.constants.setdefault(candidate, address) == address:
                return f"pda.{candidate}"
        raise CodegenError(f"{self.program.name}.{instruction}: {name} has two addresses")

    def _shape(self, slot: AccountSlot, seeds: Sequence[Seed], instruction: str) -> tuple[Any, ...]:
        kinds = tuple(seed.const if seed.const is not None else seed.typed.codec for seed in seeds)
        key = (self._alias(kinds, slot), kinds, self._deriving(slot))
        if key not in self.shapes:
            taken = {shape.function for shape in self.shapes.values()}
            function = slot.name if slot.name not in taken else f"{slot.name}_of_{instruction}"
            self.shapes[key] = Shape(function, self._deriving(slot))
        self.shapes[key].uses.append(seeds)
        return key

    def _alias(self, kinds: tuple[Any, ...], slot: AccountSlot) -> str:
        """Returns under which name accounts of a kind are known that one instruction calls otherwise.

        Two with the same constants as seeds are of one kind; where there are no constants, names tell.
        """
        deriving = self._deriving(slot)
        if any(isinstance(kind, bytes) for kind in kinds):
            for name, known, program in self.shapes:
                if (known, program) == (kinds, deriving):
                    return str(name)
        return slot.name

    # -- what follows

    def place(self, instruction: Mapping[str, Any], slot: AccountSlot) -> Place:
        """Returns where an account is, as far as that is known before anything is read from the chain."""
        known = self._explicit.get((instruction["name"], slot.name))
        if known is None or isinstance(known, Fixed):
            return known
        return self._derived(*known, slots=list(flatten(instruction["accounts"])))

    def _derived(
        self, key: tuple[Any, ...], seeds: Sequence[Seed], *, slots: Sequence[AccountSlot]
    ) -> Derived:
        shape = self.shapes[key]
        optional = {slot.name for slot in slots if slot.spec.get("optional")}
        accounts = {slot.name for slot in slots}
        arguments: dict[str, str] = {}
        lookups: dict[str, Typed] = {}
        missing = []
        for seed, param, default in zip(seeds, shape.params(), shape.defaults(), strict=True):
            if seed.const is not None:
                continue
            if seed.source is not None:
                arguments[param] = seed.source
                if seed.source in optional:
                    missing.append(seed.source)
            elif default is None:
                name = identifier(seed.path.replace(".", "_"))
                lookups[name] = seed.typed
                arguments[param] = name
                missing.append(name)
        needs = frozenset(value for value in arguments.values() if value in accounts)
        return Derived(shape.function, arguments, tuple(missing), lookups, needs)

    # -- the module

    def body(self) -> tuple[str, list[str]]:
        """Returns constants and functions of the program's `pda` module, and their names."""
        constants = [
            f'{name}: Final = Pubkey.from_string("{address}")\n'
            for name, address in sorted(self.constants.items())
        ]
        shapes = sorted(self.shapes.values(), key=lambda shape: shape.function)
        names = [*self.constants, *(shape.function for shape in shapes)]
        return "".join(constants) + "\n\n" + "\n\n".join(map(self._function, shapes)), names

    def _function(self, shape: Shape) -> str:
        params: list[str] = []
        defaulted: list[str] = []
        described, values = [], []
        for seed, name, default in zip(shape.seeds(), shape.params(), shape.defaults(), strict=True):
            if seed.const is not None:
                described.append(f"`{text([seed.const.decode(errors='backslashreplace')])}`")
                values.append(repr(seed.const))
                continue
            described.append(name)
            values.append(seed_bytes(name, seed.typed))
            if default is None:
                params.append(f"{name}: {seed.typed.argument}")
            else:
                defaulted.append(f"{name}: Pubkey = {self._expression(default)}")
        listed = f"({values[0]},)" if len(values) == 1 else f"({', '.join(values)})"
        program = self._expression(shape.program)
        return (
            f"def {shape.function}({', '.join([*params, *defaulted])}) -> Pubkey:\n"
            f'    """Returns the address seeded by {", ".join(described)}."""\n'
            f"    return _find({listed}, {program})\n"
        )

    def _expression(self, address: Pubkey) -> str:
        if address == self.own:
            return "PROGRAM_ID"
        if str(address) in KNOWN:
            return f"_ids.{KNOWN[str(address)]}"
        for name, known in sorted(self.constants.items()):
            if known == address:
                return name
        return f'Pubkey.from_string("{address}")'


def seed_bytes(name: str, typed: Typed) -> str:
    """Returns the expression that turns a parameter into a seed."""
    match typed.codec:
        case "c.pubkey" | "c.byte_vec":
            return f"bytes({name})"
        case "c.string":
            return f"{name}.encode()"
        case codec if typed.accepts == "Int":
            return f"c.seed({codec}, {name})"
        case codec:
            return f"{codec}.encode({name})"

"""Instructions from what other libraries' users give: arguments in order, and accounts by the IDL's names."""

from __future__ import annotations

import inspect
import json
import keyword
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from ionet import ix, types
from ionet._generated import PROGRAMS, SHIPPED
from ionet.chain.errors import ConfigError, EncodeError


@cache
def shipped_idl(program: str) -> Mapping[str, Any]:
    """A program's IDL, of spec 0.1.0.

    Raises:
        ConfigError: no such program.
    """
    if program not in PROGRAMS.values():
        raise ConfigError(f"{program!r} is no program; there are {', '.join(sorted(PROGRAMS.values()))}")
    idl: Mapping[str, Any] = json.loads((SHIPPED / f"{program}.json").read_text())
    return idl


class Values:
    """Values of a program's types, for its builders.

    A struct may be a dictionary by the IDL's names or any object with the same fields, an enum its number or
    any object with an `index`, and bytes any sequence of numbers.
    """

    def __init__(self, program: str) -> None:
        self._types = {one["name"]: one["type"] for one in shipped_idl(program)["types"]}
        self._module = getattr(types, program)

    def of(self, kind: Any, value: Any) -> Any:
        """The value of a type of the IDL."""
        match kind:
            case "bytes" | {"vec": "u8"} | {"array": ["u8", _]}:
                return bytes(tuple(value))
            case {"vec": inner} | {"array": [inner, _]}:
                return tuple(self.of(inner, one) for one in value)
            case {"option": inner}:
                return None if value is None else self.of(inner, value)
            case {"defined": {"name": name}} if self._types[name]["kind"] == "enum":
                return getattr(self._module, name)(value if isinstance(value, int) else value.index)
            case {"defined": {"name": name}}:
                return self.struct(name, getattr(self._module, name), value)
        return value

    def struct(self, name: str, made: Any, value: Any) -> Any:
        """A struct of the IDL as an instance of its generated class, which has no padding."""
        fields = {}
        for one in self._types[name]["fields"]:
            field = identifier(one["name"])
            if field in made.__slots__:
                given = value[one["name"]] if isinstance(value, Mapping) else getattr(value, field)
                fields[field] = self.of(one["type"], given)
        return made(**fields)


class CallBuilder:
    """Makes one kind of instruction by its builder in `ionet.ix`, which fills in accounts.

    Args:
        program: `staking`, `jobs` and so on.
        name: of the instruction, as in the IDL.

    Attributes:
        fixed: accounts that are the same in every call, so that the builder does not ask for them.
        needed: accounts that have to be given.
    """

    def __init__(self, program: str, name: str) -> None:
        self._name = f"{program}.{name}"
        self._builder = getattr(getattr(ix, program), identifier(name))
        (spec,) = (one for one in shipped_idl(program)["instructions"] if one["name"] == name)
        #: The builder's parameter for each account.
        self._accounts = {one["name"]: identifier(one["name"]) for one in spec["accounts"]}
        taken = set(self._accounts.values())
        self._arguments = [
            (f"{own}_arg" if (own := identifier(one["name"])) in taken else own, one["type"])
            for one in spec["args"]
        ]
        self._values = Values(program)
        wanted = inspect.signature(self._builder).parameters
        self.fixed = [account for account, own in self._accounts.items() if own not in wanted]
        self.needed = [
            account
            for account, own in self._accounts.items()
            if own in wanted and wanted[own].default is inspect.Parameter.empty
        ]

    def build(
        self,
        arguments: Sequence[Any],
        accounts: Mapping[str, Pubkey | None],
        remaining_accounts: Sequence[AccountMeta] = (),
    ) -> Instruction:
        """The instruction.

        Args:
            arguments: in the IDL's order; see `Values`.
            accounts: by the IDL's names; those that the builder knows may be missing or None.
            remaining_accounts: further accounts, behind those of the IDL.

        Raises:
            EncodeError: an argument that does not fit, an account that the instruction does not have or has
                elsewhere, or one that is missing and does not follow from the others.
        """
        unknown = [name for name in accounts if name not in self._accounts]
        if unknown:
            raise EncodeError(
                f"{self._name} has no account {', '.join(unknown)}; it has {', '.join(self._accounts)}"
            )
        missing = [name for name in self.needed if accounts.get(name) is None]
        if missing:
            raise EncodeError(f"{self._name}: give {', '.join(missing)}: nothing else tells which")
        given = {name: one for name, one in accounts.items() if one is not None}
        made: Instruction = self._builder(
            **{self._accounts[name]: one for name, one in given.items() if name not in self.fixed},
            **{
                own: self._value(own, kind, value)
                for (own, kind), value in zip(self._arguments, arguments, strict=True)
            },
            remaining_accounts=remaining_accounts,
        )
        for name, meta in zip(self._accounts, made.accounts, strict=False):
            if name in self.fixed and given.get(name, meta.pubkey) != meta.pubkey:
                raise EncodeError(f"{self._name}: {name} is always {meta.pubkey}, not {given[name]}")
        return made

    def _value(self, own: str, kind: Any, value: Any) -> Any:
        try:
            return self._values.of(kind, value)
        except (AttributeError, KeyError, TypeError, ValueError) as bad:
            raise EncodeError(f"{self._name}: {own}: {value!r} is no {kind}: {bad}") from bad


def identifier(name: str) -> str:
    """A name of the IDL as one of Python."""
    return name + "_" if keyword.iskeyword(name) else name

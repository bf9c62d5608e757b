"""Builds instructions for other libraries: from arguments in order, and accounts by the IDL's names."""

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
    """Returns a program's IDL, of spec 0.1.0.

    Raises:
        ConfigError: there is no such program.
    """
    if program not in PROGRAMS.values():
        raise ConfigError(f"{program!r} is no program; there are {', '.join(sorted(PROGRAMS.values()))}")
    idl: Mapping[str, Any] = json.loads((SHIPPED / f"{program}.json").read_text())
    return idl


def identifier(name: str) -> str:
    """Returns a name of the IDL as a Python identifier."""
    return name + "_" if keyword.iskeyword(name) else name


class Values:
    """Converts values to those that the builders of a program take.

    A struct may be a dictionary by the IDL's names or any object with the same fields, an enum a number or
    any object with an `index`, and bytes any sequence of numbers.
    """

    def __init__(self, program: str) -> None:
        self._bodies = {
            definition["name"]: definition["type"] for definition in shipped_idl(program)["types"]
        }
        self._module = getattr(types, program)

    def convert(self, idl_type: Any, value: Any) -> Any:
        """Returns the value of a type of the IDL."""
        match idl_type:
            case "bytes" | {"vec": "u8"} | {"array": ["u8", _]}:
                return bytes(tuple(value))
            case {"vec": item} | {"array": [item, _]}:
                return tuple(self.convert(item, part) for part in value)
            case {"option": item}:
                return None if value is None else self.convert(item, value)
            case {"defined": {"name": name}} if self._bodies[name]["kind"] == "enum":
                return getattr(self._module, name)(value if isinstance(value, int) else value.index)
            case {"defined": {"name": name}}:
                return self.convert_struct(name, getattr(self._module, name), value)
        return value

    def convert_struct(self, name: str, cls: Any, value: Any) -> Any:
        """Returns a struct of the IDL as an instance of its generated class, which has no padding."""
        values = {}
        for field in self._bodies[name]["fields"]:
            attribute = identifier(field["name"])
            if attribute in cls.__slots__:
                raw = value[field["name"]] if isinstance(value, Mapping) else getattr(value, attribute)
                values[attribute] = self.convert(field["type"], raw)
        return cls(**values)


class CallBuilder:
    """Makes instructions of one kind with their builder in `ionet.ix`, which fills in accounts.

    Args:
        program: `staking`, `jobs` and so on.
        name: the instruction's, as in the IDL.

    Attributes:
        fixed: accounts that are always the same, so that the builder does not take them.
        needed: accounts that have to be given.
    """

    def __init__(self, program: str, name: str) -> None:
        self._name = f"{program}.{name}"
        self._builder = getattr(getattr(ix, program), identifier(name))
        (spec,) = (spec for spec in shipped_idl(program)["instructions"] if spec["name"] == name)
        #: The builder's parameter for each account, and for each argument with its type.
        self._accounts = {account["name"]: identifier(account["name"]) for account in spec["accounts"]}
        self._arguments = [(self._parameter(argument["name"]), argument["type"]) for argument in spec["args"]]
        self._values = Values(program)
        parameters = inspect.signature(self._builder).parameters
        self.fixed = [account for account, own in self._accounts.items() if own not in parameters]
        self.needed = [
            account
            for account, own in self._accounts.items()
            if own in parameters
            and (parameters[own].default is inspect.Parameter.empty or account in self._read_first(spec))
        ]

    @staticmethod
    def _read_first(spec: Mapping[str, Any]) -> set[str]:
        """Returns the accounts that follow from what other accounts hold, which is read from the chain."""
        return {
            account["name"]
            for account in spec["accounts"]
            for seed in account.get("pda", {}).get("seeds", ())
            if seed["kind"] == "account" and "." in seed["path"]
        }

    def _parameter(self, argument: str) -> str:
        """Returns an argument's parameter: its name, with `_arg` appended if an account has the same name."""
        name = identifier(argument)
        return f"{name}_arg" if name in self._accounts.values() else name

    def build(
        self,
        arguments: Sequence[Any],
        accounts: Mapping[str, Pubkey | None],
        remaining_accounts: Sequence[AccountMeta] = (),
    ) -> Instruction:
        """Returns the instruction.

        Args:
            arguments: in the IDL's order; see `Values`.
            accounts: by the IDL's names; those that the builder fills in may be missing or None.
            remaining_accounts: further accounts, after those of the IDL.

        Raises:
            EncodeError: an argument does not fit, or an account is missing, unknown, or a wrong fixed one.
        """
        unknown = [name for name in accounts if name not in self._accounts]
        if unknown:
            raise EncodeError(
                f"{self._name} has no account {', '.join(unknown)}; it has {', '.join(self._accounts)}"
            )
        addresses = {name: address for name, address in accounts.items() if address is not None}
        missing = [name for name in self.needed if name not in addresses]
        if missing:
            raise EncodeError(f"{self._name}: give {', '.join(missing)}: the builder cannot derive them")
        instruction: Instruction = self._builder(
            **{
                self._accounts[name]: address for name, address in addresses.items() if name not in self.fixed
            },
            **{
                parameter: self._convert(parameter, idl_type, value)
                for (parameter, idl_type), value in zip(self._arguments, arguments, strict=True)
            },
            remaining_accounts=remaining_accounts,
        )
        for name, meta in zip(self._accounts, instruction.accounts, strict=False):
            if name in self.fixed and addresses.get(name, meta.pubkey) != meta.pubkey:
                raise EncodeError(f"{self._name}: {name} is always {meta.pubkey}, not {addresses[name]}")
        return instruction

    def _convert(self, parameter: str, idl_type: Any, value: Any) -> Any:
        try:
            return self._values.convert(idl_type, value)
        except (AttributeError, KeyError, TypeError, ValueError) as bad:
            raise EncodeError(f"{self._name}: {parameter}: {value!r} is no {idl_type}: {bad}") from bad

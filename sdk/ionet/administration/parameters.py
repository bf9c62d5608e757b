"""Parameters of the programs, by the names of `set_params`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from ionet import ix, pda, types
from ionet._generated import PROGRAMS
from ionet.chain.errors import EncodeError

#: The authority of programs that governance controls.
TREASURY: Final = pda.governance.TREASURY
#: Parameters that the configuration holds under another name.
_ELSEWHERE: Final = {"max_price_age": "max_age"}


def programs() -> list[str]:
    """Returns the names of the programs that have parameters, governance among them."""
    return sorted(name for name in PROGRAMS.values() if hasattr(getattr(ix, name), "set_params"))


def params_of(program: str, config: Any) -> dict[str, Any]:
    """Returns a program's parameters, by the names of its `set_params`.

    Args:
        program: its name.
        config: its configuration account.

    Raises:
        EncodeError: there is no such program.
    """
    return {name: _value(program, config, name) for name in _parameter_names(program)}


def parameters(program: str, config: Any, *, authority: Pubkey = TREASURY, **changes: Any) -> Instruction:
    """Returns an instruction that changes some of a program's parameters and keeps the others.

    Args:
        program: its name, including governance's own.
        config: its configuration account as it is now.
        authority: who signs, if not the treasury.
        changes: new values, by the names of its `set_params`.

    Raises:
        EncodeError: there is no such program or parameter, or a value does not fit.
    """
    current = params_of(program, config)
    if unknown := changes.keys() - current.keys():
        raise EncodeError(
            f"{program} has no parameter {', '.join(sorted(unknown))}; there are {', '.join(current)}"
        )
    values = {**current, **changes}
    build = _set_params(program)
    signer = "treasury" if program == "governance" else "authority"
    if "params" in inspect.signature(build).parameters:
        return build(**{signer: authority}, params=getattr(types, program).ParamsArgs(**values))
    return build(**{signer: authority}, **values)


def _set_params(program: str) -> Callable[..., Instruction]:
    if program not in programs():
        raise EncodeError(f"no program {program!r} with parameters; there are {', '.join(programs())}")
    build: Callable[..., Instruction] = getattr(ix, program).set_params
    return build


def _parameter_names(program: str) -> list[str]:
    arguments = inspect.signature(_set_params(program)).parameters
    if "params" in arguments:
        return list(getattr(types, program).ParamsArgs.__slots__)
    return [name for name in arguments if name not in ("authority", "config", "remaining_accounts")]


def _value(program: str, config: Any, name: str) -> Any:
    """Returns a parameter of a configuration, from its own fields or those of a record inside it."""
    records = [
        config,
        *(getattr(config, field) for field in config.__slots__ if hasattr(getattr(config, field), "CODEC")),
    ]
    field = _ELSEWHERE.get(name, name)
    for record in records:
        if field in record.__slots__:
            return getattr(record, field)
    raise EncodeError(f"{program}'s configuration does not say what {name} is")

"""Parameters of the programs, by the names under which they are set."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from ionet import ix, pda, types
from ionet._generated import PROGRAMS
from ionet.chain.errors import EncodeError

#: Signs where governance has the authority.
TREASURY: Final = pda.governance.TREASURY
#: Parameters that lie elsewhere in the configuration than under their own name.
_ELSEWHERE: Final = {"max_price_age": "max_age"}


def programs() -> list[str]:
    """Names of the programs that have parameters of their own, governance among them."""
    return sorted(name for name in PROGRAMS.values() if hasattr(getattr(ix, name), "set_params"))


def params_of(program: str, config: Any) -> dict[str, Any]:
    """A program's parameters, by the names under which they are set.

    Args:
        program: its name.
        config: its configuration account.

    Raises:
        EncodeError: no such program.
    """
    return {name: _value(program, config, name) for name in _parameter_names(program)}


def parameters(program: str, config: Any, *, authority: Pubkey = TREASURY, **changes: Any) -> Instruction:
    """Sets a program's parameters to what they are now but for `changes`.

    Args:
        program: its name, governance's own included.
        config: its configuration account as it is now.
        authority: who signs, where it is not the treasury.
        changes: new values, by the names of its `set_params`.

    Raises:
        EncodeError: no such program or parameter, or a value that does not fit.
    """
    now = params_of(program, config)
    if unknown := changes.keys() - now.keys():
        raise EncodeError(
            f"{program} has no parameter {', '.join(sorted(unknown))}; there are {', '.join(now)}"
        )
    wanted = {**now, **changes}
    build = _set_params(program)
    signer = "treasury" if program == "governance" else "authority"
    if "params" in inspect.signature(build).parameters:
        return build(**{signer: authority}, params=getattr(types, program).ParamsArgs(**wanted))
    return build(**{signer: authority}, **wanted)


def _set_params(program: str) -> Callable[..., Instruction]:
    if program not in programs():
        raise EncodeError(f"no program {program!r} with parameters; there are {', '.join(programs())}")
    build: Callable[..., Instruction] = getattr(ix, program).set_params
    return build


def _parameter_names(program: str) -> list[str]:
    found = inspect.signature(_set_params(program)).parameters
    if "params" in found:
        return list(getattr(types, program).ParamsArgs.__slots__)
    return [name for name in found if name not in ("authority", "config", "remaining_accounts")]


def _value(program: str, config: Any, name: str) -> Any:
    """A parameter in a configuration, wherever in it: its own field, or one of a record inside."""
    places = [
        config,
        *(getattr(config, one) for one in config.__slots__ if hasattr(getattr(config, one), "CODEC")),
    ]
    wanted = _ELSEWHERE.get(name, name)
    for place in places:
        if wanted in place.__slots__:
            return getattr(place, wanted)
    raise EncodeError(f"{program}'s configuration does not say what {name} is")

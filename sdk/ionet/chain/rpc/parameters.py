"""Checks of a request's parameters: JSON of any shape comes in, and what a node would not take is refused."""

from __future__ import annotations

import functools
import inspect
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from ionet.chain.errors import IonetError, RpcError

INVALID_PARAMS: Final = -32602
_SLOT_NOT_REACHED: Final = -32016
PARSE_ERROR: Final[Mapping[str, Any]] = {
    "jsonrpc": "2.0",
    "id": None,
    "error": {"code": -32700, "message": "Parse error"},
}
#: Numbers of more digits are read as floating, as nodes read what does not fit 64 bits.
_DIGITS: Final = 20
_U64: Final = 1 << 64
_U8: Final = 1 << 8
_HERE: Final = ("127.0.0.1", "localhost", "::1")
_COMMITMENTS: Final = ("processed", "confirmed", "finalized")
_NONE_EXPECTED: Final = "No parameters were expected"
_ENCODINGS: Final = ("binary", "base58", "base64", "base64+zstd", "json", "jsonParsed")
_CHOICES: Final = {
    "commitment": _COMMITMENTS,
    "preflightCommitment": _COMMITMENTS,
    "encoding": _ENCODINGS,
}
#: What parts of a configuration are, where a method takes them.
_PARTS: Final = {
    "a u64": ("minContextSlot", "limit", "maxRetries"),
    "a u8": ("maxSupportedTransactionVersion",),
    "a string": ("before", "until"),
    "a boolean": (
        "withContext",
        "sigVerify",
        "replaceRecentBlockhash",
        "innerInstructions",
        "skipPreflight",
        "searchTransactionHistory",
    ),
}


def is_loopback(host: str | None) -> bool:
    """Whether a host, with or without port, names this machine; an absent one does not.

    Any other name that resolves to this machine may belong to a web page that tries to get in that way.
    """
    try:
        return host is not None and urlsplit(f"//{host}").hostname in _HERE
    except ValueError:
        return False


def parsed(text: bytes | str) -> Any:
    """A JSON document.

    Raises:
        ValueError: it is not JSON, or nested too deeply.
    """
    try:
        return json.loads(text, parse_int=_integer, parse_constant=_refused)
    except RecursionError:
        raise ValueError("too deep") from None


def _integer(text: str) -> int | float:
    return int(text) if len(text) <= _DIGITS else float(text)


def _refused(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def request_id(request: Mapping[str, Any]) -> str | int | float | None:
    """The id of a request as it goes into the response; null for what cannot be one."""
    number = request.get("id")
    if isinstance(number, float) and not math.isfinite(number):
        return None
    return number if isinstance(number, (str, int, float)) else None


def invalid(message: str) -> RpcError:
    """The error for parameters that are refused."""
    return RpcError(INVALID_PARAMS, message)


def _type_name(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "floating point"
        case str():
            return "string"
        case Mapping():
            return "map"
    return "sequence"


def _is(value: Any, kind: str) -> bool:
    match kind:
        case "a string":
            return isinstance(value, str)
        case "a string or null":
            return value is None or isinstance(value, str)
        case "a u64":
            return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _U64
        case "a u8":
            return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _U8
        case "a boolean":
            return isinstance(value, bool)
        case "a map":
            return isinstance(value, Mapping)
        case "a map or null":
            return value is None or isinstance(value, Mapping)
        case "a sequence of strings or null":
            return value is None or _is(value, "a sequence of strings")
    return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)


def _expect(value: Any, kind: str) -> None:
    """Checks a value against the kind of a parameter."""
    if not _is(value, kind):
        raise invalid(f"Invalid params: invalid type: {_type_name(value)}, expected {kind}.")


_KINDS: Final = {
    "str": "a string",
    "int": "a u64",
    "Config": "a map",
    "Config | None": "a map or null",
    "Sequence[str]": "a sequence of strings",
    "Sequence[str] | None": "a sequence of strings or null",
    "str | None": "a string or null",
}


@functools.cache
def _declared(function: Callable[..., Any]) -> tuple[int, list[str | None]]:
    """How many parameters there must be, and the kind of each."""
    parameters = list(inspect.signature(function).parameters.values())[1:]
    least = sum(parameter.default is parameter.empty for parameter in parameters)
    return least, [_KINDS.get(str(parameter.annotation)) for parameter in parameters]


def checked(function: Callable[..., Any], params: Any) -> list[Any]:
    """The parameters for a method.

    Raises:
        RpcError: too few, or not what the method takes.
    """
    if not isinstance(params, Sequence) or isinstance(params, str):
        raise invalid(f"Invalid params: invalid type: {_type_name(params)}, expected a sequence.")
    least, kinds = _declared(function)
    values = list(params)
    if len(values) < least:
        raise invalid(f"`params` should have at least {least} argument(s)")
    if len(values) > len(kinds):
        most = (
            f"Expected from {least} to {len(kinds)} parameters." if kinds else "No parameters were expected"
        )
        raise RpcError(INVALID_PARAMS, f"Invalid parameters: {most}", f"{len(values)} were given")
    for value, kind in zip(values, kinds, strict=False):
        if kind is not None:
            _expect(value, kind)
        if isinstance(value, Mapping):
            _check_config(value)
    return values


def _check_config(config: Mapping[str, Any]) -> None:
    """Checks the parts of a configuration that many methods share."""
    for name, allowed in _CHOICES.items():
        value = config.get(name)
        if value is None:
            continue
        _expect(value, "a string")
        if value not in allowed:
            choices = ", ".join(f"`{choice}`" for choice in allowed)
            raise invalid(f"Invalid params: unknown variant `{value[:50]}`, expected one of {choices}.")
    for kind, names in _PARTS.items():
        for name in names:
            if config.get(name) is not None:
                _expect(config[name], kind)
    part = config.get("dataSlice")
    if part is not None:
        _expect(part, "a map")
        for name in ("offset", "length"):
            _expect(part.get(name), "a u64")


def check_slot(slot: int, params: Sequence[Any]) -> None:
    """Refuses to answer before the slot that the configuration asks for.

    Raises:
        RpcError: the network has not come that far.
    """
    for config in params:
        if isinstance(config, Mapping) and (config.get("minContextSlot") or 0) > slot:
            message = "Minimum context slot has not been reached"
            raise RpcError(_SLOT_NOT_REACHED, message, {"contextSlot": slot})


@contextmanager
def refusing() -> Iterator[None]:
    """Refuses parameters of unforeseen shapes, too.

    Raises:
        RpcError: the code inside failed on its parameters.
    """
    try:
        yield
    except IonetError:
        raise
    except (LookupError, TypeError, ValueError, OverflowError, AttributeError, RecursionError) as bad:
        reason = " ".join(str(bad).split())[:200] or type(bad).__name__
        raise invalid(f"Invalid params: {reason}.") from bad
    except BaseException as bad:
        # The runtime's panics are not Exceptions.
        if type(bad).__name__ != "PanicException":
            raise
        raise invalid(f"Invalid params: {str(bad)[:200]}.") from None

"""IDLs in the format before Anchor 0.30, which is the only one that anchorpy reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ionet.chain.errors import DecodeError

_KINDS: Final = ("vec", "option", "coption")


def legacy_idl(idl: Mapping[str, Any]) -> dict[str, Any]:
    """The same program as Anchor described it before 0.30.

    Names stay in snake_case: anchorpy would make snake_case of the camelCase of that time, and lose the
    underscore before a digit. What the old format has no words for is left out: addresses and seeds of
    accounts, discriminators, layouts in memory.

    Args:
        idl: of spec 0.1.0.

    Raises:
        DecodeError: it says something that the old format cannot: a generic type, a group of accounts, a
            field without a name.
    """
    program = idl["metadata"]["name"]
    try:
        return _program(idl)
    except (KeyError, TypeError) as bad:
        raise DecodeError(f"{program}: not an IDL of spec 0.1.0: {bad!r}") from bad
    except DecodeError as bad:
        raise DecodeError(f"{program}: {bad}") from None


def _program(idl: Mapping[str, Any]) -> dict[str, Any]:
    types = {_last(one["name"]): one for one in idl.get("types", ())}
    accounts = [_last(one["name"]) for one in idl.get("accounts", ())]
    events = [_last(one["name"]) for one in idl.get("events", ())]
    apart = {*accounts, *events}
    return {
        "version": idl["metadata"]["version"],
        "name": idl["metadata"]["name"],
        "docs": idl.get("docs", []),
        "constants": [
            {"name": one["name"], "type": _type(one["type"]), "value": one["value"]}
            for one in idl.get("constants", ())
        ],
        "instructions": [_instruction(one) for one in idl["instructions"]],
        "accounts": [_definition(types[name]) for name in accounts],
        "types": [_definition(one) for name, one in types.items() if name not in apart],
        "events": [
            {"name": name, "fields": [{**one, "index": False} for one in _fields(types[name]["type"])]}
            for name in events
        ],
        "errors": idl.get("errors", []),
        "metadata": {"address": idl["address"]},
    }


def _last(name: str) -> str:
    return name.rsplit("::", 1)[-1]


def _instruction(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": one["name"],
        "docs": one.get("docs", []),
        "accounts": [_account(account) for account in one["accounts"]],
        "args": [_field(argument) for argument in one["args"]],
        "returns": _type(one["returns"]) if one.get("returns") else None,
    }


def _account(one: Mapping[str, Any]) -> dict[str, Any]:
    if "accounts" in one:
        raise DecodeError(f"{one['name']} is a group of accounts")
    return {
        "name": one["name"],
        "isMut": one.get("writable", False),
        "isSigner": one.get("signer", False),
        "isOptional": one.get("optional", False),
        "docs": one.get("docs", []),
    }


def _definition(one: Mapping[str, Any]) -> dict[str, Any]:
    if one.get("generics"):
        raise DecodeError(f"{one['name']} is generic")
    name, body = _last(one["name"]), one["type"]
    made: dict[str, Any]
    match body["kind"]:
        case "struct":
            made = {"kind": "struct", "fields": _fields(body)}
        case "enum":
            made = {"kind": "enum", "variants": [_variant(variant) for variant in body["variants"]]}
        case "type":
            made = {"kind": "alias", "value": _type(body["alias"])}
        case other:
            raise DecodeError(f"{name} is a {other}")
    return {"name": name, "docs": one.get("docs", []), "type": made}


def _variant(one: Mapping[str, Any]) -> dict[str, Any]:
    fields = one.get("fields")
    if not fields:
        return {"name": one["name"]}
    named = isinstance(fields[0], Mapping) and "name" in fields[0]
    return {"name": one["name"], "fields": [_field(field) if named else _type(field) for field in fields]}


def _fields(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [_field(one) for one in body.get("fields", ())]


def _field(one: Any) -> dict[str, Any]:
    if not isinstance(one, Mapping) or "name" not in one:
        raise DecodeError(f"a field {one} has no name")
    return {"name": one["name"], "docs": one.get("docs", []), "type": _type(one["type"])}


def _type(one: Any) -> Any:
    match one:
        case "pubkey":
            return "publicKey"
        case str():
            return one
        case {"defined": {"name": name, **more}}:
            if more.get("generics"):
                raise DecodeError(f"{name} is generic")
            return {"defined": _last(name)}
        case {"array": [inner, int(length)]}:
            return {"array": [_type(inner), length]}
        case {**kinds} if len(kinds) == 1 and (kind := next(iter(kinds))) in _KINDS:
            return {kind: _type(kinds[kind])}
    raise DecodeError(f"the old format has no type {one}")

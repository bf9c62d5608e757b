"""IDLs in the format of Anchor before 0.30, the only one that anchorpy reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ionet.chain.errors import DecodeError

_WRAPPERS: Final = ("vec", "option", "coption")


def legacy_idl(idl: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the program's IDL in the format of Anchor before 0.30.

    Names stay in snake_case: anchorpy would convert the old format's camelCase to snake_case, and lose the
    underscore before a digit. The old format has no addresses and seeds of accounts, no discriminators and no
    memory layouts; they are left out.

    Args:
        idl: an IDL of spec 0.1.0.

    Raises:
        DecodeError: the IDL has something that the old format cannot express: a generic type, a group of
            accounts, or a field without a name.
    """
    program = idl["metadata"]["name"]
    try:
        return _program(idl)
    except (KeyError, TypeError) as bad:
        raise DecodeError(f"{program}: not an IDL of spec 0.1.0: {bad!r}") from bad
    except DecodeError as bad:
        raise DecodeError(f"{program}: {bad}") from None


def _program(idl: Mapping[str, Any]) -> dict[str, Any]:
    definitions = {_last(definition["name"]): definition for definition in idl.get("types", ())}
    accounts = [_last(account["name"]) for account in idl.get("accounts", ())]
    events = [_last(event["name"]) for event in idl.get("events", ())]
    return {
        "version": idl["metadata"]["version"],
        "name": idl["metadata"]["name"],
        "docs": idl.get("docs", []),
        "constants": [
            {"name": constant["name"], "type": _type(constant["type"]), "value": constant["value"]}
            for constant in idl.get("constants", ())
        ],
        "instructions": [_instruction(instruction) for instruction in idl["instructions"]],
        "accounts": [_definition(definitions[name]) for name in accounts],
        "types": [
            _definition(definition)
            for name, definition in definitions.items()
            if name not in accounts and name not in events
        ],
        "events": [
            {
                "name": name,
                "fields": [{**field, "index": False} for field in _fields(definitions[name]["type"])],
            }
            for name in events
        ],
        "errors": idl.get("errors", []),
        "metadata": {"address": idl["address"]},
    }


def _last(name: str) -> str:
    return name.rsplit("::", 1)[-1]


def _instruction(instruction: Mapping[str, Any]) -> dict[str, Any]:
    returns = instruction.get("returns")
    return {
        "name": instruction["name"],
        "docs": instruction.get("docs", []),
        "accounts": [_account(account) for account in instruction["accounts"]],
        "args": [_field(argument) for argument in instruction["args"]],
        "returns": None if returns is None else _type(returns),
    }


def _account(account: Mapping[str, Any]) -> dict[str, Any]:
    if "accounts" in account:
        raise DecodeError(f"{account['name']} is a group of accounts")
    return {
        "name": account["name"],
        "isMut": account.get("writable", False),
        "isSigner": account.get("signer", False),
        "isOptional": account.get("optional", False),
        "docs": account.get("docs", []),
    }


def _definition(definition: Mapping[str, Any]) -> dict[str, Any]:
    if definition.get("generics"):
        raise DecodeError(f"{definition['name']} is generic")
    name, body = _last(definition["name"]), definition["type"]
    legacy: dict[str, Any]
    match body["kind"]:
        case "struct":
            legacy = {"kind": "struct", "fields": _fields(body)}
        case "enum":
            legacy = {"kind": "enum", "variants": [_variant(variant) for variant in body["variants"]]}
        case "type":
            legacy = {"kind": "alias", "value": _type(body["alias"])}
        case kind:
            raise DecodeError(f"{name} is a {kind}")
    return {"name": name, "docs": definition.get("docs", []), "type": legacy}


def _variant(variant: Mapping[str, Any]) -> dict[str, Any]:
    fields = variant.get("fields")
    if not fields:
        return {"name": variant["name"]}
    named = isinstance(fields[0], Mapping) and "name" in fields[0]
    return {"name": variant["name"], "fields": [_field(field) if named else _type(field) for field in fields]}


def _fields(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [_field(field) for field in body.get("fields", ())]


def _field(field: Any) -> dict[str, Any]:
    if not isinstance(field, Mapping) or "name" not in field:
        raise DecodeError(f"a field {field} has no name")
    return {"name": field["name"], "docs": field.get("docs", []), "type": _type(field["type"])}


def _type(idl_type: Any) -> Any:
    match idl_type:
        case "pubkey":
            return "publicKey"
        case str():
            return idl_type
        case {"defined": {"name": name, **more}}:
            if more.get("generics"):
                raise DecodeError(f"{name} is generic")
            return {"defined": _last(name)}
        case {"array": [item, int(length)]}:
            return {"array": [_type(item), length]}
        case {**wrapped} if len(wrapped) == 1 and (wrapper := next(iter(wrapped))) in _WRAPPERS:
            return {wrapper: _type(wrapped[wrapper])}
    raise DecodeError(f"the old format has no type {idl_type}")

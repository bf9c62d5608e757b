"""Accounts as nodes show them in encoding `jsonParsed`: those of token programs, and programs themselves."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Final

from solders.pubkey import Pubkey

from ionet.chain.ids import BPF_LOADER_UPGRADEABLE, TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from ionet.chain.rpc.types import Json, ui_amount

TOKEN_PROGRAMS: Final = (TOKEN_PROGRAM, TOKEN_2022_PROGRAM)
_ACCOUNT_SIZE, _MINT_SIZE, _MULTISIG_SIZE = 165, 82, 355
#: Kinds of accounts with extensions, in the byte behind a token account's.
_EXTENDED_MINT, _EXTENDED_ACCOUNT = 1, 2
_STATES: Final = {1: "initialized", 2: "frozen"}
_PROGRAM, _PROGRAM_DATA = 2, 3


def is_token_account(data: bytes) -> bool:
    """Whether this is an initialised token account."""
    if len(data) < _ACCOUNT_SIZE or data[108] not in _STATES:
        return False
    return len(data) == _ACCOUNT_SIZE or _is_extended(data, _EXTENDED_ACCOUNT)


def is_mint(data: bytes) -> bool:
    """Whether this is an initialised mint."""
    if len(data) < _MINT_SIZE or data[45] != 1:
        return False
    return len(data) == _MINT_SIZE or _is_extended(data, _EXTENDED_MINT)


def _is_extended(data: bytes, kind: int) -> bool:
    return len(data) > _ACCOUNT_SIZE and len(data) != _MULTISIG_SIZE and data[_ACCOUNT_SIZE] == kind


def parsed_account(owner: Pubkey, data: bytes, decimals: Callable[[Pubkey], int]) -> Json | None:
    """What an account says; None for one that nodes show as it is, too, or of another program.

    Args:
        owner: the program that it belongs to.
        data: all of it.
        decimals: of a mint.
    """
    if owner in TOKEN_PROGRAMS:
        name = "spl-token" if owner == TOKEN_PROGRAM else "spl-token-2022"
        if len(data) == _ACCOUNT_SIZE and is_token_account(data):
            return _shown(name, "account", _token_account(data, decimals(Pubkey(data[:32]))), data)
        if len(data) == _MINT_SIZE and is_mint(data):
            return _shown(name, "mint", _mint(data), data)
    if owner == BPF_LOADER_UPGRADEABLE:
        kind = _number(data[:4])
        if kind == _PROGRAM:
            return _shown("bpf-upgradeable-loader", "program", {"programData": _key(data[4:36])}, data)
        if kind == _PROGRAM_DATA:
            return _shown("bpf-upgradeable-loader", "programData", _program_data(data), data)
    return None


def _shown(program: str, kind: str, info: Json, data: bytes) -> Json:
    return {"program": program, "parsed": {"info": info, "type": kind}, "space": len(data)}


def _token_account(data: bytes, decimals: int) -> Json:
    info: dict[str, Json] = {
        "mint": _key(data[:32]),
        "owner": _key(data[32:64]),
        "tokenAmount": ui_amount(_number(data[64:72]), decimals),
        "state": _STATES[data[108]],
        "isNative": _number(data[109:113]) == 1,
    }
    if (delegate := _optional_key(data[72:108])) is not None:
        info |= {"delegate": delegate, "delegatedAmount": ui_amount(_number(data[121:129]), decimals)}
    if info["isNative"]:
        info["rentExemptReserve"] = ui_amount(_number(data[113:121]), 9)
    if (closer := _optional_key(data[129:165])) is not None:
        info["closeAuthority"] = closer
    return info


def _mint(data: bytes) -> Json:
    return {
        "mintAuthority": _optional_key(data[:36]),
        "supply": str(_number(data[36:44])),
        "decimals": data[44],
        "isInitialized": True,
        "freezeAuthority": _optional_key(data[46:82]),
    }


def _program_data(data: bytes) -> Json:
    return {
        "slot": _number(data[4:12]),
        "authority": _key(data[13:45]) if data[12] else None,
        "data": [b64encode(data[45:]).decode(), "base64"],
    }


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _key(data: bytes) -> str:
    return str(Pubkey(data))


def _optional_key(data: bytes) -> str | None:
    """Of a four-byte tag and 32 bytes."""
    return _key(data[4:]) if _number(data[:4]) == 1 else None

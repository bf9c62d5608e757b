"""Wallet addresses of networks: Solana's (Render), and Filecoin's."""

from __future__ import annotations

import base64
import binascii
import re
from hashlib import blake2b
from typing import Final

from solders.pubkey import Pubkey

_FILECOIN: Final = re.compile(r"[ft](?:0(\d{1,20})|([123])([a-z2-7]{10,90})|4(\d{1,20})f([a-z2-7]{10,120}))")
#: Bytes of an address's payload by protocol: secp256k1 key hash, actor, BLS key.
_PAYLOAD: Final = {1: 20, 2: 20, 3: 48}


def wallet_error(text: str) -> str | None:
    """What is wrong with a wallet address, or None if it is valid.

    Solana addresses are 32 bytes in base58; Filecoin's begin with `f0` to `f4` (`t` on its test networks) and
    end with a checksum.
    """
    if re.match(r"[ft][0-4]", text):
        return _filecoin_error(text)
    try:
        Pubkey.from_string(text)
    except ValueError:
        return f"{text!r} is no wallet: neither a Solana address (base58) nor a Filecoin one (f0… to f4…)"
    return None


def _filecoin_error(text: str) -> str | None:
    match = _FILECOIN.fullmatch(text)
    if match is None:
        return f"{text!r} is not a Filecoin address"
    if match[1] is not None:
        return None if int(match[1]) < 1 << 64 else f"{text!r} is no Filecoin id: it exceeds 64 bits"
    if match[4] is not None:
        prefix, encoded, size = b"\4" + _leb128(int(match[4])), match[5], None
    else:
        protocol = int(match[2])
        prefix, encoded, size = bytes([protocol]), match[3], _PAYLOAD[protocol]
    try:
        raw = base64.b32decode(encoded.upper() + "=" * (-len(encoded) % 8))
    except binascii.Error:
        return f"{text!r} is not a Filecoin address"
    payload, checksum = raw[:-4], raw[-4:]
    if size is not None and len(payload) != size:
        return f"{text!r} is not a Filecoin address: its length is wrong"
    if blake2b(prefix + payload, digest_size=4).digest() != checksum:
        return f"{text!r} is not a Filecoin address: its checksum is wrong"
    return None


def _leb128(number: int) -> bytes:
    out = bytearray()
    while True:
        number, low = number >> 7, number & 0x7F
        out.append(low | (0x80 if number else 0))
        if not number:
            return bytes(out)

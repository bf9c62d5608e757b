"""Accounts of other programs, declared with construct: SPL Token, Pyth, the loader, lookup tables.

Those that are read often (token accounts, mints, prices) have a codec of `ionet.chain.codec` as well:
construct takes about a hundred times longer. The tests compare the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import construct as cs
from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain.errors import DecodeError, EncodeError

_Key: Final[Any] = cs.ExprAdapter(
    cs.Bytes(32), lambda raw, _: Pubkey.from_bytes(raw), lambda key, _: bytes(key)
)


def _coption(item: Any) -> Any:
    """Returns `COption` of SPL programs: a four-byte tag, then the value's bytes even if it is absent."""
    return cs.ExprAdapter(
        cs.Struct("tag" / cs.Int32ul, "value" / item),
        lambda parsed, _: parsed.value if parsed.tag else None,
        lambda value, _: {
            "tag": int(value is not None),
            "value": value if value is not None else _empty(item),
        },
    )


def _empty(item: Any) -> Any:
    return item.parse(bytes(item.sizeof()))


TOKEN_ACCOUNT: Final = cs.Struct(
    "mint" / _Key,
    "owner" / _Key,
    "amount" / cs.Int64ul,
    "delegate" / _coption(_Key),
    "state" / cs.Int8ul,
    "native_reserve" / _coption(cs.Int64ul),
    "delegated_amount" / cs.Int64ul,
    "close_authority" / _coption(_Key),
)
MINT: Final = cs.Struct(
    "mint_authority" / _coption(_Key),
    "supply" / cs.Int64ul,
    "decimals" / cs.Int8ul,
    "initialized" / cs.Flag,
    "freeze_authority" / _coption(_Key),
)
PRICE_UPDATE: Final = cs.Struct(
    "discriminator" / cs.Const(bytes.fromhex("22f123639d7ef4cd")),
    "write_authority" / _Key,
    # Borsh: the variant Partial carries a count of signatures, Full carries nothing.
    "verification" / cs.Int8ul,
    "signatures" / cs.If(cs.this.verification == 0, cs.Int8ul),
    "feed_id" / cs.Bytes(32),
    "price" / cs.Int64sl,
    "confidence" / cs.Int64ul,
    "exponent" / cs.Int32sl,
    "publish_time" / cs.Int64sl,
    "previous_publish_time" / cs.Int64sl,
    "ema_price" / cs.Int64sl,
    "ema_confidence" / cs.Int64ul,
    "posted_slot" / cs.Int64ul,
)
#: An account of the upgradeable loader that holds code: 45 bytes before the ELF.
PROGRAM_DATA: Final = cs.Struct(
    "kind" / cs.Const(3, cs.Int32ul),
    "slot" / cs.Int64ul,
    "has_authority" / cs.Flag,
    "authority" / _Key,
)
LOOKUP_TABLE: Final = cs.Struct(
    "kind" / cs.Const(1, cs.Int32ul), cs.Padding(52), "addresses" / cs.GreedyRange(_Key)
)

TOKEN_ACCOUNT_SIZE: Final = TOKEN_ACCOUNT.sizeof()
MINT_SIZE: Final = MINT.sizeof()
#: Space that Pyth's receiver allocates; with full verification the last byte is unused.
PRICE_UPDATE_SIZE: Final = 134


def offset_of(layout: Any, name: str) -> int:
    """Returns the byte offset of a field that only fixed-size fields precede, for filters."""
    offset = 0
    for sub in layout.subcons:
        if sub.name == name:
            return offset
        offset += sub.sizeof()
    raise KeyError(name)


def _parse(layout: Any, data: bytes, noun: str) -> Any:
    try:
        return layout.parse(data)
    except cs.ConstructError as bad:
        raise DecodeError(f"not a {noun}: {str(bad).splitlines()[-1]} ({len(data)} bytes)") from bad


def _build(layout: Any, value: dict[str, Any], noun: str) -> bytes:
    try:
        built: bytes = layout.build(value)
    except (cs.ConstructError, TypeError) as bad:
        raise EncodeError(f"{noun}: {str(bad).splitlines()[-1]}") from bad
    return built


class TokenState(IntEnum):
    """Whether a token account can be used."""

    UNINITIALIZED = 0
    INITIALIZED = 1
    FROZEN = 2


@dataclass(frozen=True, slots=True)
class TokenAccount:
    """An SPL Token account.

    Attributes:
        mint: which token.
        owner: who may move it.
        amount: base units.
        delegate: who else may move `delegated_amount`.
        state: usable or frozen.
        delegated_amount: base units.
        close_authority: who may close it, if not the owner.
    """

    mint: Pubkey
    owner: Pubkey
    amount: int
    delegate: Pubkey | None = None
    state: TokenState = TokenState.INITIALIZED
    delegated_amount: int = 0
    close_authority: Pubkey | None = None

    @classmethod
    def decode(cls, data: bytes) -> TokenAccount:
        """Decodes an account's data; raises `DecodeError` if it is not an initialized token account."""
        _check_size(data, TOKEN_ACCOUNT_SIZE, "token account")
        state = data[_STATE_AT]
        if state not in _USABLE:
            raise DecodeError(f"not an initialized token account: state {state}")
        return _TOKEN_ACCOUNT.decode(data)

    def encode(self) -> bytes:
        """Returns the account's data, for setting up local networks."""
        return _TOKEN_ACCOUNT.encode(self)


@dataclass(frozen=True, slots=True)
class Mint:
    """An SPL Token mint.

    Attributes:
        mint_authority: who may mint, or None if nobody ever can again.
        supply: base units in existence.
        decimals: base units are 10^-decimals of a token.
        freeze_authority: who may freeze accounts, or None if nobody.
    """

    mint_authority: Pubkey | None
    supply: int
    decimals: int
    freeze_authority: Pubkey | None = None

    @classmethod
    def decode(cls, data: bytes) -> Mint:
        """Decodes an account's data; raises `DecodeError` if it is not an initialized mint."""
        _check_size(data, MINT_SIZE, "mint")
        if not data[_INITIALIZED_AT]:
            raise DecodeError("not an initialized mint")
        return _MINT.decode(data)

    def encode(self) -> bytes:
        """Returns the account's data, for setting up local networks."""
        data = bytearray(_MINT.encode(self))
        data[_INITIALIZED_AT] = 1
        return bytes(data)


@dataclass(frozen=True, slots=True)
class PriceUpdate:
    """A price account of Pyth's receiver program (`PriceUpdateV2`).

    Prices and confidences are integers; the price in dollars is `price · 10^exponent`.

    Attributes:
        feed_id: 32 bytes.
        price: the aggregate.
        confidence: half the width of the interval around it.
        exponent: usually -8.
        publish_time: Unix seconds.
        previous_publish_time: Unix seconds.
        ema_price: moving average of the price.
        ema_confidence: moving average of the confidence.
        posted_slot: when it was written.
        write_authority: who may overwrite it.
        signatures: how many guardians were checked; None for full verification.
    """

    feed_id: bytes
    price: int
    confidence: int
    exponent: int
    publish_time: int
    previous_publish_time: int
    ema_price: int
    ema_confidence: int
    posted_slot: int
    write_authority: Pubkey
    signatures: int | None = None

    @classmethod
    def decode(cls, data: bytes) -> PriceUpdate:
        """Decodes an account's data; raises `DecodeError` if it is not a `PriceUpdateV2`."""
        _check_size(data, _PRICE_AT, "price account")
        tag, level = data[:8], data[_LEVEL_AT]
        if tag != _PRICE_TAG:
            raise DecodeError(f"not a price account: discriminator {tag.hex()}, expected {_PRICE_TAG.hex()}")
        if level > 1:
            raise DecodeError(f"not a price account: verification level {level}")
        start = _PRICE_AT + (level == 0)
        _check_size(data, start + _PRICE_SIZE, "price account")
        signatures = None if level else data[_PRICE_AT]
        values = (*_PRICE.decode(data, start), Pubkey.from_bytes(data[8:_LEVEL_AT]), signatures)
        return cls(*values)

    def encode(self) -> bytes:
        """Returns the account's data, at the size that Pyth allocates."""
        *price, authority, signatures = (getattr(self, name) for name in self.__slots__)
        level = (1,) if signatures is None else (0, signatures)
        write = _WRITE_FULL if signatures is None else _WRITE_PARTIAL
        return write(authority, *level, *price).ljust(PRICE_UPDATE_SIZE, b"\0")


# -- codecs of what is read often

_TOKEN_FIELDS: Final[c.Fields] = (
    ("mint", c.pubkey),
    ("owner", c.pubkey),
    ("amount", c.u64),
    ("delegate", c.coption(c.pubkey)),
    ("state", c.unit_enum(TokenState)),
    ("", c.pad(12)),  # what wrapped SOL keeps for its rent
    ("delegated_amount", c.u64),
    ("close_authority", c.coption(c.pubkey)),
)
_MINT_FIELDS: Final[c.Fields] = (
    ("mint_authority", c.coption(c.pubkey)),
    ("supply", c.u64),
    ("decimals", c.u8),
    ("", c.pad(1)),  # whether it is initialized
    ("freeze_authority", c.coption(c.pubkey)),
)
_PRICE_FIELDS: Final[c.Fields] = (
    ("feed_id", c.raw_bytes(32)),
    ("price", c.i64),
    ("confidence", c.u64),
    ("exponent", c.i32),
    ("publish_time", c.i64),
    ("previous_publish_time", c.i64),
    ("ema_price", c.i64),
    ("ema_confidence", c.u64),
    ("posted_slot", c.u64),
)
_USABLE: Final = (int(TokenState.INITIALIZED), int(TokenState.FROZEN))
_TOKEN_ACCOUNT: Final = c.record(TokenAccount, _TOKEN_FIELDS, "token account")
_MINT: Final = c.record(Mint, _MINT_FIELDS, "mint")
_PRICE: Final = c.record(lambda *fields: fields, _PRICE_FIELDS, "price account")
_STATE_AT: Final = c.offsets(_TOKEN_FIELDS)["state"]
_INITIALIZED_AT: Final = c.offsets(_MINT_FIELDS)["decimals"] + 1
_PRICE_TAG: Final = bytes.fromhex("22f123639d7ef4cd")
_PRICE_SIZE: Final = sum(codec.size or 0 for _, codec in _PRICE_FIELDS)
#: Offsets of the verification level, and of the price under full verification.
_LEVEL_AT: Final = 40
_PRICE_AT: Final = 41
_HEAD: Final[c.Fields] = (("write_authority", c.pubkey), ("verification", c.u8))
_WRITE_FULL: Final = c.arguments("price account", _PRICE_TAG, (*_HEAD, *_PRICE_FIELDS))
_WRITE_PARTIAL: Final = c.arguments(
    "price account", _PRICE_TAG, (*_HEAD, ("signatures", c.u8), *_PRICE_FIELDS)
)


def _check_size(data: bytes, needed: int, noun: str) -> None:
    if len(data) < needed:
        raise DecodeError(f"not a {noun}: {len(data)} bytes, needs {needed}")


def lookup_table_addresses(data: bytes) -> list[Pubkey]:
    """Returns the addresses in a lookup table account."""
    return list(_parse(LOOKUP_TABLE, data, "lookup table").addresses)


def upgrade_authority(data: bytes) -> Pubkey | None:
    """Returns who may upgrade the program whose ProgramData account this is; None: nobody."""
    raw = _parse(PROGRAM_DATA, data, "ProgramData account")
    authority: Pubkey | None = raw.authority if raw.has_authority else None
    return authority


def with_upgrade_authority(data: bytes, authority: Pubkey | None) -> bytes:
    """Returns the same ProgramData account with another authority."""
    raw = _parse(PROGRAM_DATA, data, "ProgramData account")
    key = authority or Pubkey.default()
    head = {"slot": raw.slot, "has_authority": authority is not None, "authority": key}
    return _build(PROGRAM_DATA, head, "ProgramData account") + data[PROGRAM_DATA.sizeof() :]

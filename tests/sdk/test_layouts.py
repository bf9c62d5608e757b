"""Fixed layouts of other programs' accounts."""

from __future__ import annotations

import contextlib
from typing import Any

import construct
import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.pubkey import Pubkey
from solders.token.state import Mint as SoldersMint
from solders.token.state import TokenAccount as SoldersTokenAccount
from solders.token.state import TokenAccountState

import ionet
from ionet import DecodeError, EncodeError, Mint, PriceUpdate, TokenAccount
from ionet.chain import layouts
from ionet.chain.layouts import TokenState

KEY, OTHER = Pubkey.new_unique(), Pubkey.new_unique()


def test_a_token_account_is_what_solders_reads() -> None:
    ours = TokenAccount(KEY, OTHER, 12, delegate=KEY, delegated_amount=5, close_authority=OTHER)
    theirs = SoldersTokenAccount(KEY, OTHER, 12, KEY, TokenAccountState.Initialized, None, 5, OTHER)
    assert ours.encode() == bytes(theirs)
    assert TokenAccount.decode(bytes(theirs)) == ours


def test_a_mint_is_what_solders_reads() -> None:
    for authority in (KEY, None):
        ours = Mint(authority, 2**64 - 1, 8)
        assert ours.encode() == bytes(SoldersMint(authority, 2**64 - 1, 8, True, None))
        assert Mint.decode(ours.encode()) == ours


def test_accounts_that_are_not_initialized_are_refused() -> None:
    with pytest.raises(DecodeError, match="not an initialized token account"):
        TokenAccount.decode(bytes(layouts.TOKEN_ACCOUNT_SIZE))
    with pytest.raises(DecodeError, match="not an initialized mint"):
        Mint.decode(bytes(layouts.MINT_SIZE))


def price(**changes: object) -> PriceUpdate:
    fields = {
        "feed_id": bytes(range(32)),
        "price": -5,
        "confidence": 7,
        "exponent": -8,
        "publish_time": 1_800_000_000,
        "previous_publish_time": 1_799_999_999,
        "ema_price": 6,
        "ema_confidence": 8,
        "posted_slot": 9,
        "write_authority": KEY,
    }
    return PriceUpdate(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("signatures", [None, 5])
def test_a_price_account_survives_a_round_trip(signatures: int | None) -> None:
    update = price(signatures=signatures)
    assert len(update.encode()) == 134
    assert PriceUpdate.decode(update.encode()) == update


def test_full_verification_takes_one_byte_less_than_partial() -> None:
    full, partial = price().encode(), price(signatures=5).encode()
    assert full[40] == 1
    assert full[41:73] == bytes(range(32))
    assert partial[40:42] == b"\x00\x05"
    assert partial[42:74] == bytes(range(32))


def test_prices_out_of_range_are_refused() -> None:
    with pytest.raises(EncodeError, match="price account"):
        price(price=2**63).encode()


#: Numbers of a kind's fields are random; flags and tags are what accounts have, and what they never have.
flags = st.sampled_from([0, 1, 1, 2, 255])
words = st.builds(lambda flag, rest: flag.to_bytes(1, "little") + rest, flags, st.just(bytes(3)))


def some(size: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=size, max_size=size)


def joined(*parts: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    return st.tuples(*parts).map(b"".join)


byte = flags.map(lambda flag: bytes([flag]))
ends = st.binary(max_size=20)
token_accounts = joined(some(72), words, some(32), byte, words, some(16), words, some(32), ends)
mints = joined(words, some(41), byte, words, some(32), ends)
price_updates = joined(st.just(bytes.fromhex("22f123639d7ef4cd")), some(32), byte, some(93), ends)


def read_by_construct(layout: Any, data: bytes) -> Any:
    try:
        return layout.parse(data)
    except construct.ConstructError:
        return None


def read(kind: type[Any], data: bytes) -> Any:
    try:
        return kind.decode(data)
    except DecodeError:
        return None


@given(token_accounts, st.integers(0, 190))
def test_token_accounts_are_read_as_construct_reads_them(data: bytes, length: int) -> None:
    for part in (data, data[:length]):
        raw, found = read_by_construct(layouts.TOKEN_ACCOUNT, part), read(TokenAccount, part)
        if raw is None or raw.state not in (1, 2):
            assert found is None
            continue
        assert found == TokenAccount(
            raw.mint,
            raw.owner,
            raw.amount,
            raw.delegate,
            TokenState(raw.state),
            raw.delegated_amount,
            raw.close_authority,
        )
        assert type(found.state) is TokenState
        fields = {name: getattr(found, name) for name in found.__slots__} | {"native_reserve": None}
        assert found.encode() == layouts.TOKEN_ACCOUNT.build(fields)


@given(mints, st.integers(0, 110))
def test_mints_are_read_as_construct_reads_them(data: bytes, length: int) -> None:
    for part in (data, data[:length]):
        raw, found = read_by_construct(layouts.MINT, part), read(Mint, part)
        if raw is None or not raw.initialized:
            assert found is None
            continue
        assert found == Mint(raw.mint_authority, raw.supply, raw.decimals, raw.freeze_authority)
        fields = {name: getattr(found, name) for name in found.__slots__} | {"initialized": True}
        assert found.encode() == layouts.MINT.build(fields)


@given(price_updates, st.integers(0, 150))
def test_prices_are_read_as_construct_reads_them(data: bytes, length: int) -> None:
    for part in (data, data[:length], bytes(1) + data):
        raw, found = read_by_construct(layouts.PRICE_UPDATE, part), read(PriceUpdate, part)
        if raw is None or raw.verification > 1:
            assert found is None
            continue
        assert found == PriceUpdate(**{name: getattr(raw, name) for name in PriceUpdate.__slots__})
        fields = {name: getattr(found, name) for name in found.__slots__}
        fields["verification"] = int(found.signatures is None)
        assert found.encode() == layouts.PRICE_UPDATE.build(fields).ljust(134, b"\0")


def test_what_is_wrong_with_an_account_is_said() -> None:
    with pytest.raises(DecodeError, match=r"^not a token account: 164 bytes, needs 165$"):
        TokenAccount.decode(bytes(164))
    with pytest.raises(DecodeError, match=r"^not an initialized token account: state 0$"):
        TokenAccount.decode(bytes(165))
    with pytest.raises(DecodeError, match=r"^not a mint: 81 bytes, needs 82$"):
        Mint.decode(bytes(81))
    whole = price(signatures=5).encode()
    with pytest.raises(DecodeError, match=r"^not a price account: discriminator 00f1.*, expected 22f1"):
        PriceUpdate.decode(b"\0" + whole[1:])
    with pytest.raises(DecodeError, match=r"^not a price account: verification level 2$"):
        PriceUpdate.decode(whole[:40] + b"\x02" + whole[41:])
    with pytest.raises(DecodeError, match=r"^not a price account: 133 bytes, needs 134$"):
        PriceUpdate.decode(whole[:133])


def test_values_that_do_not_fit_an_account_are_named() -> None:
    with pytest.raises(EncodeError, match="amount: u64 takes 0 to 18446744073709551615, got -1"):
        TokenAccount(KEY, OTHER, -1).encode()
    with pytest.raises(EncodeError, match="decimals: u8 takes 0 to 255, got 256"):
        Mint(KEY, 0, 256).encode()
    with pytest.raises(EncodeError, match=r"price account: feed_id: .* takes 32 bytes, got 3"):
        price(feed_id=b"abc").encode()


def test_an_account_with_extensions_is_read_by_its_first_165_bytes() -> None:
    account = TokenAccount(KEY, OTHER, 12, delegate=KEY, delegated_amount=5)
    assert TokenAccount.decode(account.encode() + b"\x02" + bytes(200)) == account


@given(st.binary(max_size=200))
def test_garbage_is_refused_with_one_kind_of_error(data: bytes) -> None:
    for read in (TokenAccount.decode, Mint.decode, PriceUpdate.decode, layouts.upgrade_authority):
        with contextlib.suppress(DecodeError):
            read(data)


def test_offsets_for_filters_follow_from_the_layout() -> None:
    assert layouts.offset_of(layouts.TOKEN_ACCOUNT, "owner") == 32
    assert layouts.offset_of(layouts.TOKEN_ACCOUNT, "amount") == 64
    assert layouts.offset_of(layouts.MINT, "supply") == 36


def test_the_upgrade_authority_can_be_set_and_taken_away() -> None:
    code = bytes.fromhex("03000000") + (77).to_bytes(8, "little") + b"\0" + bytes(32) + b"\x7fELF"
    assert layouts.upgrade_authority(code) is None
    owned = layouts.with_upgrade_authority(code, KEY)
    assert layouts.upgrade_authority(owned) == KEY
    assert owned[4:12] == code[4:12]
    assert owned[45:] == b"\x7fELF"
    assert layouts.with_upgrade_authority(owned, None) == code


def test_addresses_of_tokens_and_prices_are_the_published_ones() -> None:
    usdc = Pubkey.from_string("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v")
    owner = Pubkey.from_string("HMVBRKjfwe1FxEQYQUkRJrTFH3mXrwLXZkjG1KCgaQUp")
    assert (
        ionet.token_account(owner, usdc)
        == Pubkey.find_program_address(
            [bytes(owner), bytes(ionet.chain.ids.TOKEN_PROGRAM), bytes(usdc)],
            ionet.chain.ids.ASSOCIATED_TOKEN_PROGRAM,
        )[0]
    )
    # SOL/USD, shard 0, as Pyth documents it.
    feed = bytes.fromhex("ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d")
    assert str(ionet.price_feed(feed)) == "7UVimffxr9ow1uXYxsr4LHAcV58mLzhmwaeKvJ1pjLiE"

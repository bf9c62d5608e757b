"""Fixed layouts of other programs' accounts."""

from __future__ import annotations

import contextlib

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

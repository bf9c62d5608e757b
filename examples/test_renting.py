"""A test with pytest: the installed package adds the fixtures `ionet_local` and `ionet_keypair`.

    pytest examples/test_renting.py

Each test has the programs on a network of its own, in this process, with a clock that the test moves.
"""

from __future__ import annotations

from collections.abc import Callable

from solders.keypair import Keypair

from ionet import IO, Client, pda, token_account

HOUR = 3_600


def test_an_hour_emits_what_the_schedule_says(ionet_local: Client) -> None:
    """Emission is the same however often it is called."""
    ionet_local.mint.initialize().send()
    ionet_local.network.clock.advance(HOUR)
    assert ionet_local.mint.emit().send().result == IO("4563.08464522")
    assert ionet_local.mint.emit().send().result == IO(0)


def test_strangers_change_no_parameters(ionet_local: Client, ionet_keypair: Callable[[], Keypair]) -> None:
    """Each error of a program is a class."""
    import pytest

    from ionet import errors

    ionet_local.mint.initialize().send()
    stranger = ionet_local.as_(ionet_keypair())
    with pytest.raises(errors.mint.NotAuthority):
        stranger.mint.set_params(pauser=stranger.address).send()


def test_addresses_follow_from_seeds(ionet_local: Client) -> None:
    """No request is needed for them."""
    ionet_local.mint.initialize().send()
    assert ionet_local.account(pda.mint.MINT) is not None
    assert ionet_local.account(token_account(ionet_local.address, pda.mint.MINT)) is None

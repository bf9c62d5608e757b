"""`ionet buyback`: fees, auctions and payouts at the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import mint_to_checked, transfer_checked
from spl.token.models import MintToCheckedParams, TransferCheckedParams
from tests.cli.conftest import Shell

from ionet import IO, Client, pda, token_account

FEED = b"IO/USD at the command line".ljust(32, b"\0")
#: One dollar of USDC.
DOLLAR = 10**6


@dataclass(slots=True)
class Dollars:
    """A currency of the market at par, and its fee vaults."""

    client: Client
    mint: Pubkey

    def pay(self, destination: Pubkey, amount: int) -> None:
        """Makes so much come in."""
        given = MintToCheckedParams(
            program_id=TOKEN_PROGRAM_ID,
            mint=self.mint,
            dest=destination,
            mint_authority=self.client.address,
            amount=amount,
            decimals=6,
        )
        self.client.send(mint_to_checked(given))

    def price(self) -> None:
        """IO is at 2.00 USD, now."""
        self.client.cheats.set_price(FEED, 200_000_000)


@pytest.fixture(scope="module")
def dollars(shell: Shell) -> Dollars:
    client, mint = shell.client, Keypair().pubkey()
    client.cheats.set_mint(mint, decimals=6, authority=client.address)
    account = client.cheats.set_price(FEED, 200_000_000)
    client.jobs.create_currency(
        mint, feed_id=FEED, price_account=account, at_par=True, payment_bps=200
    ).send()
    client.buyback.open_vaults(mint).send()
    client.buyback.set_params(feed_id=FEED, price_account=account).send()
    assert "are open" in shell.text("buyback", "open", who="carol")
    return Dollars(client, mint)


def row(shell: Shell, shard: int) -> dict[str, Any]:
    """What `status` says of a fee vault."""
    vaults: list[dict[str, Any]] = shell.json("buyback", "status")["vaults"]
    return next(one for one in vaults if one["shard"] == shard)


def test_what_is_for_sale_and_what_it_costs(shell: Shell, dollars: Dollars) -> None:
    dollars.pay(pda.buyback.vault(dollars.mint, 3), 1_000 * DOLLAR)
    assert row(shell, 3)["lot"] is None
    assert shell.json("buyback", "start", "--shard", 3, who="carol")["shards"] == [3]
    shell.client.network.clock.advance(36 * 60)
    dollars.price()
    found = row(shell, 3)
    assert (found["held"]["ui"], found["left_today"]["ui"]) == ("1000", "200")
    assert (found["lot"]["usd_per_io"], found["lot"]["io"]["ui"]) == ("2", "100")
    text = shell.text("buyback", "status", "--mint", dollars.mint)
    assert "-3 % to +2 % of the oracle in 1 h, 20 % of a vault a day" in text
    assert "1 h 24 min" in text
    said = shell.fails(4, "buyback", "start", "--shard", 3, who="carol")
    assert said == "nothing can be put up for sale: see ionet buyback status"


def test_io_is_sold_to_the_vault_that_pays_most_and_burned(shell: Shell, dollars: Dollars) -> None:
    for shard, amount in ((5, 1_100), (6, 10_000)):
        dollars.pay(pda.buyback.vault(dollars.mint, shard), amount * DOLLAR)
    assert shell.json("buyback", "start", who="carol")["shards"][-2:] == [5, 6]
    shell.client.network.clock.advance(36 * 60)
    dollars.price()
    carol = shell.people["carol"].pubkey()
    before = shell.client.tokens(carol, pda.mint.MINT)
    burned = shell.client.buyback.get_config().burned
    # 1,000 IO would pay for all of shard 5 and of shard 6, which holds more.
    done = shell.json("buyback", "sell", 1_000, who="carol")
    assert (done["shard"], done["io"]["ui"], done["out"]["ui"]) == (6, "1000", "2000")
    assert shell.client.tokens(carol, pda.mint.MINT) == before - IO(1_000).base
    assert shell.client.tokens(carol, dollars.mint) == 2_000 * DOLLAR
    assert shell.client.buyback.get_config().burned == burned + IO(1_000).base
    # More than is left is not taken.
    assert "Sold 110 IO for 220 of" in shell.text("buyback", "sell", 500, "--shard", 5, who="carol")
    shell.fails(4, "buyback", "sell", 500, "--shard", 5, who="carol")


def test_a_sale_that_cannot_be_is_explained(shell: Shell, dollars: Dollars) -> None:
    dollars.pay(pda.buyback.vault(dollars.mint, 0), 1_000 * DOLLAR)
    assert 0 in shell.json("buyback", "start", who="carol")["shards"]
    shell.client.network.clock.advance(36 * 60)
    dollars.price()
    one = ("buyback", "sell", "--shard", 0)
    said = shell.fails(2, *one, 24, who="carol")
    assert said == "24 IO buy only 48; the smallest sale is 50, for 25 IO"
    said = shell.fails(1, *one, 25, "--min-out", 51, who="carol")
    assert "the sale would pay the seller less than their minimum" in said
    for wrong in ("much", "-1", "0.0000001"):
        assert "is not an amount" in shell.fails(2, *one, 25, f"--min-out={wrong}", who="carol")
    shell.fails(4, "buyback", "sell", 25, "--shard", 1, who="carol")


def test_fees_in_io_are_burned(shell: Shell, dollars: Dollars) -> None:
    client = shell.client
    assert shell.fails(4, "buyback", "burn", who="carol") == "these vaults hold no IO to burn"
    purse = token_account(client.address, pda.mint.MINT)
    params = TransferCheckedParams(
        program_id=TOKEN_PROGRAM_ID,
        source=purse,
        mint=pda.mint.MINT,
        dest=pda.buyback.vault(pda.mint.MINT, 2),
        owner=client.address,
        amount=IO("1.5").base,
        decimals=IO.DECIMALS,
    )
    client.send(transfer_checked(params))
    assert shell.json("buyback", "status")["waiting"]["ui"] == "1.5"
    assert "Burned 1.5 IO" in shell.text("buyback", "burn", who="bob")


def test_who_names_no_job_or_no_number_is_told(shell: Shell, dollars: Dollars) -> None:
    nobody = Keypair().pubkey()
    shell.fails(4, "buyback", "payouts", "sell", nobody, 100, who="carol")
    shell.fails(4, "buyback", "payouts", "open", nobody, who="carol")
    shell.fails(4, "buyback", "status", "--mint", nobody)
    assert shell.json("buyback", "payouts", "list") == []
    assert shell.text("buyback", "payouts", "list") == "No payout is open\n"

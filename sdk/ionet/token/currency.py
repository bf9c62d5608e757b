"""Names and amount types of the currencies that jobs are paid in."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey

from ionet import pda
from ionet.chain.amounts import IO, USDC, Amount
from ionet.chain.errors import IonetError

if TYPE_CHECKING:
    from ionet import accounts

_NOBODY: Final = Pubkey.default()
#: Pyth's feeds in US dollars; the same ids on every network.
_SYMBOLS: Final = {
    bytes.fromhex("eaa020c61cc479712813461ce153894a96a6c00b21ed0cfc2798d1f9a9e9c94a"): "USDC",
    bytes.fromhex("2b89b9dc8fdf9f34709a5b106b472f0f39bb6ca9ce04b0fd7f2e971688e2e53b"): "USDT",
}
#: Pyth's id of the feed USDC/USD.
USDC_FEED: Final = next(iter(_SYMBOLS))


def symbol(currency: accounts.jobs.Currency) -> str:
    """A currency's name: `IO`, the symbol of its price feed, or the beginning of its mint."""
    if currency.mint == pda.mint.MINT:
        return IO.SYMBOL
    return _SYMBOLS.get(currency.feed_id) or f"{str(currency.mint)[:8]}…"


def unit_of(currency: accounts.jobs.Currency) -> type[Amount]:
    """The amount type of a currency."""
    name = symbol(currency)
    for unit in (IO, USDC):
        if (name, currency.decimals) == (unit.SYMBOL, unit.DECIMALS):
            return unit
    return _unit(currency.mint, name, currency.decimals)


@lru_cache(maxsize=256)
def _unit(mint: Pubkey, name: str, decimals: int) -> type[Amount]:
    # By mint: two currencies of the same name must not mix.
    return type("Token", (Amount,), {"__slots__": (), "SYMBOL": name, "DECIMALS": decimals})


def mints_of(offer: accounts.jobs.Offer) -> tuple[Pubkey, ...]:
    """The mints that an offer takes."""
    return tuple(mint for mint in offer.currencies if mint != _NOBODY)


def names_of(mints: Iterable[Pubkey], currencies: Iterable[accounts.jobs.Currency]) -> str:
    """Mints in words: `IO and USDC`."""
    symbols = {currency.mint: symbol(currency) for currency in currencies} | {pda.mint.MINT: IO.SYMBOL}
    names = [symbols.get(mint, str(mint)) for mint in mints]
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def choose(name: str, known: Iterable[accounts.jobs.Currency]) -> accounts.jobs.Currency:
    """The currency of this name or mint.

    Raises:
        IonetError: there is none, or several have the name.
    """
    currencies = list(known)
    matches = [currency for currency in currencies if name in (symbol(currency), str(currency.mint))]
    if len(matches) == 1:
        return matches[0]
    if matches:
        mints = ", ".join(str(currency.mint) for currency in matches)
        raise IonetError(f"several currencies are called {name}; name the mint: {mints}")
    names = ", ".join(sorted(symbol(currency) for currency in currencies)) or "none"
    raise IonetError(f"no currency {name!r}; there are {names}, and a mint's address names one, too")

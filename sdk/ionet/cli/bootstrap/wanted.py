"""What a file says of a market."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import typer
from solders.pubkey import Pubkey

from ionet import ConfigError, governance, pda, types
from ionet.cli.arguments import address, percent
from ionet.token.currency import USDC_FEED

#: Which parameters a role is, by program.
_ROLES: Final[Mapping[str, Mapping[str, str]]] = {
    "slasher": {"staking": "slasher"},
    "resolver": {"staking": "resolver", "jobs": "resolver", "proofs": "resolver"},
    "guardian": {"proofs": "guardian"},
}
_SECTIONS: Final = frozenset({"roles", "mint", "attesters", "currency", "params"})
_PRICINGS: Final = {"par": types.jobs.Pricing.PAR, "feed": types.jobs.Pricing.FEED}
_MOST_SEATS: Final = 16


@dataclass(frozen=True, slots=True)
class WantedCurrency:
    """A currency of jobs.

    Attributes:
        mint: its mint.
        args: as the jobs program takes them.
    """

    mint: Pubkey
    args: types.jobs.CurrencyArgs


@dataclass(frozen=True, slots=True)
class Wanted:
    """A market as a file says it.

    Attributes:
        slasher: of staking.
        resolver: of staking, jobs and proofs.
        guardian: of governance and proofs.
        start: when emission begins, Unix seconds; 0: when mint is initialised.
        seats: attesters and their weights.
        threshold: weight that approves a report; None: two thirds of all, rounded up.
        currencies: what jobs are paid in.
        params: parameters as people write them, by program and name.
    """

    slasher: Pubkey
    resolver: Pubkey
    guardian: Pubkey
    start: int
    seats: Mapping[Pubkey, int]
    threshold: int | None
    currencies: tuple[WantedCurrency, ...]
    params: Mapping[str, Mapping[str, str]]

    @classmethod
    def read(cls, path: Path) -> Wanted:
        """Reads a file.

        Raises:
            ConfigError: it is no such file; the message says what is wrong, and where.
        """
        try:
            with path.open("rb") as file:
                text = tomllib.load(file)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as bad:
            raise ConfigError(f"{path}: {bad}") from None
        try:
            return cls._of(text)
        except typer.BadParameter as bad:
            raise ConfigError(f"{path}: {bad}") from None

    @classmethod
    def _of(cls, text: Mapping[str, Any]) -> Wanted:
        _known(text, _SECTIONS, "the file")
        roles = _table(text, "roles")
        _known(roles, frozenset(_ROLES), "[roles]")
        keys = {name: _key(roles, name, "[roles]") for name in _ROLES}
        if keys["slasher"] == keys["resolver"]:
            raise typer.BadParameter("[roles]: slasher and resolver must be different keys")
        seats, threshold = _attesters(_table(text, "attesters"))
        currencies = tuple(_currency(entry) for entry in text.get("currency", ()))
        params = _params(_table(text, "params"), keys)
        for currency in currencies:
            if currency.mint == pda.mint.MINT:
                # Auctions buy IO at the price by which jobs count it.
                own = params.setdefault("buyback", {})
                own.setdefault("feed_id", currency.args.feed_id.hex())
                own.setdefault("price_account", str(currency.args.price_account))
        start = _start(_table(text, "mint"))
        return cls(
            **keys, start=start, seats=seats, threshold=threshold, currencies=currencies, params=params
        )


def _table(text: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = text.get(name, {})
    if not isinstance(table, dict):
        raise typer.BadParameter(f"{name} is a table: [{name}]")
    return table


def _known(table: Mapping[str, Any], names: frozenset[str], where: str) -> None:
    if unknown := sorted(table.keys() - names):
        raise typer.BadParameter(f"{where} has no {unknown[0]!r}; there are {', '.join(sorted(names))}")


def _key(table: Mapping[str, Any], name: str, where: str) -> Pubkey:
    if name not in table:
        raise typer.BadParameter(f"{where} lacks {name}: an address, or a keypair file")
    try:
        return address(str(table[name]))
    except typer.BadParameter as bad:
        raise typer.BadParameter(f"{where}: {name}: {bad}") from None


def _start(table: Mapping[str, Any]) -> int:
    _known(table, frozenset({"start"}), "[mint]")
    start = table.get("start", 0)
    if isinstance(start, datetime) and start.tzinfo is not None:
        return int(start.timestamp())
    if start == 0:
        return 0
    raise typer.BadParameter("[mint]: start is a time with its zone, such as 2027-01-01T00:00:00Z")


def _attesters(table: Mapping[str, Any]) -> tuple[dict[Pubkey, int], int | None]:
    _known(table, frozenset({"seats", "threshold"}), "[attesters]")
    seats: dict[Pubkey, int] = {}
    for number, seat in enumerate(table.get("seats", ()), 1):
        where = f"[attesters]: seat {number}"
        if not isinstance(seat, dict):
            raise typer.BadParameter(f'{where} is {{key = "…", weight = 1}}')
        _known(seat, frozenset({"key", "weight"}), where)
        key, weight = _key(seat, "key", where), seat.get("weight", 1)
        if not isinstance(weight, int) or weight < 1:
            raise typer.BadParameter(f"{where}: weight is a whole number above zero, not {weight!r}")
        if key in seats:
            raise typer.BadParameter(f"{where}: {key} has a seat already")
        seats[key] = weight
    if not 0 < len(seats) <= _MOST_SEATS:
        raise typer.BadParameter(f"[attesters]: seats has 1 to {_MOST_SEATS} entries, not {len(seats)}")
    return seats, table.get("threshold")


def _currency(table: Mapping[str, Any]) -> WantedCurrency:
    names = frozenset({"mint", "feed", "price_account", "pricing", "payment_fee"})
    _known(table, names, "[[currency]]")
    mint = pda.mint.MINT if table.get("mint") == "IO" else _key(table, "mint", "[[currency]]")
    where = f"[[currency]] {table['mint']}"
    try:
        feed = USDC_FEED if table.get("feed") == "USDC" else bytes.fromhex(str(table.get("feed", "")))
    except ValueError:
        feed = b""
    if len(feed) != 32:
        raise typer.BadParameter(f"{where}: feed is Pyth's id of a feed, 64 hexadecimal digits, or USDC")
    if table.get("pricing") not in _PRICINGS:
        raise typer.BadParameter(f"{where}: pricing is par or feed")
    args = types.jobs.CurrencyArgs(
        pricing=_PRICINGS[table["pricing"]],
        enabled=True,
        payment_bps=percent(str(table.get("payment_fee", "0"))),
        feed_id=feed,
        price_account=_key(table, "price_account", where),
    )
    return WantedCurrency(mint, args)


def _params(table: Mapping[str, Any], roles: Mapping[str, Pubkey]) -> dict[str, dict[str, str]]:
    known = frozenset(governance.programs()) - {"governance"}
    _known(table, known, "[params]")
    params = {
        program: {name: str(value) for name, value in _table(table, program).items()} for program in table
    }
    for role, programs in _ROLES.items():
        for program, name in programs.items():
            if name in params.get(program, {}):
                raise typer.BadParameter(f"[params.{program}]: {name} is a role; it is in [roles]")
            params.setdefault(program, {})[name] = str(roles[role])
    return params

"""`ionet buyback`: fee vaults, and the auctions that buy IO."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer
from solders.pubkey import Pubkey

from ionet import IO, accounts, pda
from ionet.cli.arguments import IoAmount, address
from ionet.cli.failures import NOT_FOUND, REFUSED, UserError
from ionet.cli.options import Commands
from ionet.cli.output import span
from ionet.cli.session import session

if TYPE_CHECKING:
    from ionet import Client, FeeVault, LotQuote

app = Commands("Burn fees, and sell IO to the auctions that buy it.")
payouts = app.group("payouts", "Payouts in IO of jobs paid in another currency.")

Mint = Annotated[
    Pubkey | None,
    typer.Option(
        "--mint", metavar="MINT", parser=address, help="The currency; default: the only one besides IO."
    ),
]
Shard = Annotated[int | None, typer.Option("--shard", min=0, max=7, help="Of the fee vault; default: any.")]
MinOut = Annotated[
    str | None,
    typer.Option("--min-out", metavar="AMOUNT", help="The least to receive; default: 1 % below the quote."),
]
Job = Annotated[Pubkey, typer.Argument(metavar="JOB", parser=address, help="The job's address.")]


# -- fees


@app.command()
def status(mint: Mint = None) -> None:
    """Show what was burned, the fee vaults' balances, and what is for sale."""
    io = session()
    config = io.reader.buyback.get_config()
    waiting = IO.from_base(sum(io.reader.buyback.fees()))
    currencies = [_currency(io.reader, mint)] if mint else _currencies(io.reader)
    rows, vaults, faults = [], [], []
    for currency in currencies:
        for vault in io.reader.buyback.vaults(currency.mint):
            if vault.held or vault.auction:
                rows.append(_row(currency, vault, io.reader.time()))
                vaults.append(_vault_data(currency, vault))
                if vault.lot and vault.lot.fault:
                    faults.append(str(vault.lot.fault))
    io.screen.facts(
        [
            ("Burned", f"{IO.from_base(config.burned)} in {config.receipts:,} receipts"),
            ("Fees to be burned", waiting),
            ("Auctions", _terms(config)),
        ],
        data={
            "burned": IO.from_base(config.burned),
            "receipts": config.receipts,
            "waiting": waiting,
            "price_account": config.price_account,
            "start_bps": config.start_bps,
            "end_bps": config.end_bps,
            "period": config.period,
            "daily_share_bps": config.daily_share_bps,
            "vaults": vaults,
        },
    )
    if rows and not io.screen.as_json:
        print()
        io.screen.rows(
            ["mint", "shard", ">held", ">left today", ">for sale", ">usd per io", ">io for it", "lapses in"],
            rows,
        )
    for fault in dict.fromkeys(faults):
        io.screen.note(f"No sale now: {fault}")


@app.command()
def burn(
    shards: Annotated[
        list[int] | None, typer.Argument(metavar="[SHARD]...", min=0, max=7, help="Default: all.")
    ] = None,
) -> None:
    """Burn the fees in IO; for anyone."""
    io = session()
    balances = io.client.buyback.fees()
    chosen = [shard for shard in shards or range(len(balances)) if balances[shard]]
    if not chosen:
        raise UserError("these vaults hold no IO to burn", NOT_FOUND)
    amount = IO.from_base(sum(balances[shard] for shard in chosen))
    sent = io.send(io.client.buyback.burn_fees(*chosen), f"burn {amount} of fees")
    io.done(sent, f"Burned {sent.result}", amount=sent.result, shards=chosen)


@app.command("open")
def open_(mint: Mint = None) -> None:
    """Open the auctions of a currency's fee vaults, once; for anyone, who pays their rent."""
    io = session()
    currency = _currency(io.reader, mint)
    vaults = io.reader.buyback.vaults(currency.mint)
    opened = ", ".join(str(vault.shard) for vault in vaults if vault.auction)
    missing = [vault.shard for vault in vaults if not vault.auction]
    if not missing:
        raise UserError(
            f"the auctions of {currency.mint} are open already: shards {opened}; see ionet buyback status",
            REFUSED,
        )
    if opened:
        io.screen.note(f"Open already: shards {opened}")
    call = io.client.buyback.open_auctions(currency.mint, *missing)
    sent = io.send(call, f"open {len(missing)} auctions of {currency.mint}")
    io.done(sent, f"The auctions of {currency.mint} are open", mint=currency.mint)


@app.command()
def start(mint: Mint = None, shard: Shard = None) -> None:
    """Start auctions of what fee vaults may still sell today; for anyone.

    Prices must be fresh: IO's, and the currency's own unless it counts as a dollar.
    """
    io = session()
    currency = _currency(io.reader, mint)
    vaults = io.client.buyback.vaults(currency.mint)
    ready = [
        vault.shard
        for vault in vaults
        if vault.auction
        and vault.held
        and vault.allowed
        and vault.lot is None
        and shard in (None, vault.shard)
    ]
    if not ready:
        raise UserError("nothing can be put up for sale: see ionet buyback status", NOT_FOUND)
    call = io.client.buyback.start_auctions(currency.mint, *ready)
    sent = io.send(call, f"start {len(ready)} auctions of {currency.mint}")
    names = ", ".join(map(str, ready))
    io.done(sent, f"For sale now: shards {names}", mint=currency.mint, shards=ready)


@app.command()
def sell(amount: IoAmount, mint: Mint = None, shard: Shard = None, min_out: MinOut = None) -> None:
    """Sell IO for fees in another currency: the IO is burned.

    Sells less if less is for sale. Without --shard, chooses the vault that pays most.
    """
    io = session()
    currency = _currency(io.reader, mint)
    lots = {
        vault.shard: vault.lot
        for vault in io.client.buyback.vaults(currency.mint)
        if vault.lot and vault.lot.available and shard in (None, vault.shard)
    }
    if not lots:
        raise UserError("nothing is for sale: see ionet buyback status, and ionet buyback start", NOT_FOUND)
    best = max(lots, key=lambda shard: (lots[shard].out_for(amount), -shard))
    _check_size(currency, lots[best], amount)
    least = None if min_out is None else _base(min_out, currency.decimals)
    call = io.client.buyback.sell_io(currency.mint, best, amount, min_out=least)
    sent = io.send(
        call, f"sell {amount} for {_units(lots[best].out_for(amount), currency)} of {currency.mint}"
    )
    receipt = sent.result
    io.done(
        sent,
        f"Sold {IO.from_base(receipt.io)} for {_units(receipt.out, currency)} of {currency.mint};"
        " they are burned",
        f"Receipt {receipt.receipt}: {IO.from_base(receipt.burned_total)} burned in all",
        mint=currency.mint,
        shard=best,
        io=IO.from_base(receipt.io),
        out=_both(receipt.out, currency),
        receipt=receipt.receipt,
        burned=IO.from_base(receipt.burned_total),
    )


# -- payouts


@payouts.command("list")
def list_(
    supplier: Annotated[
        Pubkey | None,
        typer.Option("--supplier", metavar="ADDRESS", parser=address, help="Whose; default: everybody's."),
    ] = None,
) -> None:
    """Show open payouts, and what they have for sale."""
    io = session()
    payouts = io.reader.buyback.payouts(**({} if supplier is None else {"supplier": supplier}))
    currencies = {currency.mint: currency for currency in _currencies(io.reader)}
    rows, data = [], []
    now = io.reader.time()
    for payout in (keyed.account for keyed in payouts):
        currency = currencies.get(payout.mint) or _currency(io.reader, payout.mint)
        held = io.reader.token_account(payout.vault).amount
        lot = io.reader.buyback.payout_quote(payout.job) if payout.lot.left else None
        rows.append(
            (
                payout.job,
                payout.supplier,
                _units(held, currency),
                IO.from_base(payout.credited),
                *_lot(lot, currency, now),
            )
        )
        data.append(
            {
                "job": payout.job,
                "supplier": payout.supplier,
                "mint": payout.mint,
                "held": _both(held, currency),
                "credited": IO.from_base(payout.credited),
                "lot": _lot_data(lot, currency),
            }
        )
    io.screen.table(
        ["job", "supplier", ">held", ">credited", ">for sale", ">usd per io", ">io for it", "lapses in"],
        rows,
        data=data,
        empty="No payout is open",
    )


@payouts.command("open")
def open_payout(job: Job) -> None:
    """Open the vault that a job's supplier is paid into; for anyone, who pays its rent."""
    io = session()
    sent = io.send(io.client.buyback.open_payout(job), f"open the payout of {job}")
    io.done(sent, f"The payout of {job} is {sent.result}", job=job, vault=sent.result)


@payouts.command("start")
def start_payout(job: Job) -> None:
    """Put up for sale all that a job's payout holds; for anyone. Prices must be fresh."""
    io = session()
    sent = io.send(io.client.buyback.start_payout(job), f"put up for sale what the payout of {job} holds")
    io.done(sent, f"The payout of {job} is for sale", job=job)


@payouts.command("sell")
def sell_to_supplier(job: Job, amount: IoAmount, min_out: MinOut = None) -> None:
    """Sell IO to a job's supplier, for what the job was paid in.

    Sells less if less is for sale.
    """
    io = session()
    lot = io.client.buyback.payout_quote(job)
    if lot is None:
        raise UserError(f"nothing is for sale: see ionet buyback payouts start {job}", NOT_FOUND)
    currency = _currency(io.reader, io.client.buyback.get_payout(job).mint)
    _check_size(currency, lot, amount)
    least = None if min_out is None else _base(min_out, currency.decimals)
    call = io.client.buyback.sell_to_supplier(job, amount, min_out=least)
    sent = io.send(call, f"sell {amount} for {_units(lot.out_for(amount), currency)} of {currency.mint}")
    receipt = sent.result
    io.done(
        sent,
        f"Sold {IO.from_base(receipt.io)} for {_units(receipt.out, currency)} of {currency.mint},"
        f" to {receipt.supplier}",
        job=job,
        supplier=receipt.supplier,
        io=IO.from_base(receipt.io),
        out=_both(receipt.out, currency),
        receipt=receipt.receipt,
        credited=IO.from_base(receipt.credited_total),
    )


@payouts.command("withdraw")
def withdraw_payout(job: Job) -> None:
    """Withdraw a payout in its own currency, less the currency's payment fee; for the job's supplier."""
    io = session()
    currency = _currency(io.reader, io.reader.buyback.get_payout(job).mint)
    sent = io.send(io.client.buyback.withdraw_payout(job), f"withdraw the payout of {job}")
    amount = _units(sent.result, currency)
    io.done(sent, f"Withdrew {amount} of {currency.mint}", job=job, amount=_both(sent.result, currency))


@payouts.command("close")
def close_payout(job: Job) -> None:
    """Close an empty payout of a closed job; its rent goes back to its payer."""
    io = session()
    sent = io.send(io.client.buyback.close_payout(job), f"close the payout of {job}")
    io.done(sent, f"The payout of {job} is closed", job=job)


# -- currencies and amounts


def _currencies(client: Client) -> list[accounts.jobs.Currency]:
    currencies = [currency.account for currency in client.find(accounts.jobs.Currency)]
    return sorted(
        (currency for currency in currencies if currency.mint != pda.mint.MINT),
        key=lambda currency: str(currency.mint),
    )


def _currency(client: Client, mint: Pubkey | None) -> accounts.jobs.Currency:
    if mint is not None:
        return client.fetch(accounts.jobs.Currency, pda.jobs.currency(mint))
    currencies = _currencies(client)
    if len(currencies) != 1:
        names = ", ".join(str(currency.mint) for currency in currencies) or "none"
        raise UserError(f"name the currency with --mint; besides IO there are: {names}")
    return currencies[0]


def _units(base: int, currency: accounts.jobs.Currency) -> str:
    exact = Decimal(base).scaleb(-currency.decimals)
    return f"{exact:f}".rstrip("0").rstrip(".") if exact % 1 else f"{int(exact)}"


def _both(base: int, currency: accounts.jobs.Currency) -> dict[str, str]:
    return {"ui": _units(base, currency), "raw": str(base)}


def _base(text: str, decimals: int) -> int:
    try:
        exact = Decimal(text).scaleb(decimals)
        whole = int(exact)
    except (ArithmeticError, ValueError):
        raise typer.BadParameter(f"{text!r} is not an amount") from None
    if exact != whole or not 0 <= whole < 1 << 64:
        raise typer.BadParameter(f"{text!r} is not an amount of a currency with {decimals} decimals")
    return whole


def _check_size(currency: accounts.jobs.Currency, lot: LotQuote, amount: IO) -> None:
    out = lot.out_for(amount)
    least = min(lot.minimum, lot.available)
    if out < least:
        raise UserError(
            f"{amount} buy only {_units(out, currency)}; the smallest sale is {_units(least, currency)},"
            f" for {lot.io_for(least)}"
        )


def _terms(config: accounts.buyback.Config) -> str:
    if config.price_account == Pubkey.default():
        return "none until the authority sets the price account"
    first, last = config.start_bps / 100, config.end_bps / 100
    return (
        f"{first:+g} % to {last:+g} % of the oracle in {span(config.period)},"
        f" {config.daily_share_bps / 100:g} % of a vault a day"
    )


def _row(currency: accounts.jobs.Currency, vault: FeeVault, now: int) -> tuple[object, ...]:
    today = _units(vault.allowed, currency) if vault.auction else None
    return (currency.mint, vault.shard, _units(vault.held, currency), today, *_lot(vault.lot, currency, now))


def _lot(lot: LotQuote | None, currency: accounts.jobs.Currency, now: int) -> tuple[object, ...]:
    if lot is None:
        return None, None, None, "-"
    if lot.fault is not None:
        return _units(lot.available, currency), None, None, span(lot.lapses_at - now)
    exact = Decimal(lot.usd_per_io.numerator) / lot.usd_per_io.denominator
    price = f"{exact:.6f}"
    return _units(lot.available, currency), price, lot.io_for(lot.available), span(lot.lapses_at - now)


def _vault_data(currency: accounts.jobs.Currency, vault: FeeVault) -> dict[str, Any]:
    return {
        "mint": currency.mint,
        "shard": vault.shard,
        "held": _both(vault.held, currency),
        "left_today": _both(vault.allowed, currency) if vault.auction else None,
        "lot": _lot_data(vault.lot, currency),
    }


def _lot_data(lot: LotQuote | None, currency: accounts.jobs.Currency) -> dict[str, Any] | None:
    if lot is None:
        return None
    return {
        "available": _both(lot.available, currency),
        "minimum": _both(lot.minimum, currency),
        "usd_per_io": None if lot.fault else str(lot.usd_per_io),
        "usd_per_token": None if lot.fault else str(lot.usd_per_token),
        "io": None if lot.fault else lot.io_for(lot.available),
        "fault": None if lot.fault is None else str(lot.fault),
        "started_at": lot.started_at,
        "lapses_at": lot.lapses_at,
    }

"""Instructions of the buyback program.

Generated from idl/buyback.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from collections.abc import Sequence

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain import ids as _ids
from ionet.chain.codec import Int

from . import PROGRAM_ID, pda, types

_ACCEPT_AUTHORITY = c.arguments("accept_authority", bytes.fromhex("6b56c65b210c6ba0"), ())


def accept_authority(
    *, successor: Pubkey, config: Pubkey = pda.CONFIG, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Makes the proposed successor the authority.

    Caller: the successor. Errors: `NotPendingAuthority`.

    Args:
        successor: The successor that the authority has proposed. (signer)
        config: The program's configuration. (writable)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _ACCEPT_AUTHORITY(),
        [AccountMeta(successor, True, False), AccountMeta(config, False, True), *remaining_accounts],
    )


_BURN_FEES = c.arguments("burn_fees", bytes.fromhex("a82c3ac056b989b8"), (("shard", c.u8),))


def burn_fees(
    *,
    shard: Int,
    config: Pubkey = pda.CONFIG,
    mint: Pubkey = pda.MINT,
    vault: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Burns all that the shard's fee vault of IO holds; does nothing when it is empty.

    Caller: anyone. Errors: `Paused`, `SupplyMismatch`.

    Args:
        config: The program's configuration. (writable)
        mint: The IO mint. (writable)
        vault: The shard's fee vault of IO. (writable, derived if None)
        token_program: The token program. (read-only)
        shard: Number of the fee vault, 0 to 7.
        remaining_accounts: Further accounts, after those above.
    """
    if vault is None:
        vault = pda.vault(mint=mint, shard=shard)
    return Instruction(
        PROGRAM_ID,
        _BURN_FEES(shard),
        [
            AccountMeta(config, False, True),
            AccountMeta(mint, False, True),
            AccountMeta(vault, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_CLOSE_PAYOUT = c.arguments("close_payout", bytes.fromhex("fbace4696241ef7c"), ())


def close_payout(
    *,
    rent_payer: Pubkey,
    job: Pubkey,
    vault: Pubkey,
    config: Pubkey = pda.CONFIG,
    payout: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Closes an empty payout whose job is closed; the rent goes back to the account that paid it.

    Caller: anyone. Errors: `WrongRentPayer`, `WrongJob`, `JobIsOpen`, `WrongVault`, `PayoutNotEmpty`.

    Args:
        rent_payer: Who paid the rent. (writable)
        config: The program's configuration. (read-only)
        job: The job. (read-only)
        payout: The payout. (writable, derived if None)
        vault: The payout's token account. (writable)
        token_program: The token program. (read-only)
        remaining_accounts: Further accounts, after those above.
    """
    if payout is None:
        payout = pda.payout(job=job)
    return Instruction(
        PROGRAM_ID,
        _CLOSE_PAYOUT(),
        [
            AccountMeta(rent_payer, False, True),
            AccountMeta(config, False, False),
            AccountMeta(job, False, False),
            AccountMeta(payout, False, True),
            AccountMeta(vault, False, True),
            AccountMeta(token_program, False, False),
            *remaining_accounts,
        ],
    )


_INITIALIZE = c.arguments("initialize", bytes.fromhex("afaf6d1f0d989bed"), ())


def initialize(
    *,
    authority: Pubkey,
    config: Pubkey = pda.CONFIG,
    program_data: Pubkey = pda.PROGRAM_DATA,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Creates the configuration, which owns the vaults, with the published defaults; nothing is sold until
    the price account is set.

    Caller: the program's upgrade authority, once. Errors: `NotUpgradeAuthority`, `WrongProgramData`.

    Args:
        authority: The program's upgrade authority; becomes authority and pauser, and pays. (signer,
            writable)
        config: The program's configuration. (writable)
        program_data: The program's data account, which names its upgrade authority. (read-only)
        system_program: The System program. (read-only)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _INITIALIZE(),
        [
            AccountMeta(authority, True, True),
            AccountMeta(config, False, True),
            AccountMeta(PROGRAM_ID, False, False),
            AccountMeta(program_data, False, False),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_OPEN_AUCTION = c.arguments("open_auction", bytes.fromhex("303ccc0caf82ad21"), (("shard", c.u8),))


def open_auction(
    *,
    payer: Pubkey,
    mint: Pubkey,
    shard: Int,
    vault: Pubkey | None = None,
    auction: Pubkey | None = None,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Opens the auction of a fee vault of any mint but IO; each is opened once.

    Caller: anyone, who pays for the account. Errors: `IoIsBurned`.

    Args:
        payer: Pays for the account. (signer, writable)
        mint: The mint that the vault holds; not IO, which is burned without an auction. (read-only)
        vault: The shard's fee vault. (read-only, derived if None)
        auction: The new auction. (writable, derived if None)
        system_program: The System program. (read-only)
        shard: Number of the fee vault, 0 to 7.
        remaining_accounts: Further accounts, after those above.
    """
    if vault is None:
        vault = pda.vault(mint=mint, shard=shard)
    if auction is None:
        auction = pda.auction(mint=mint, shard=shard)
    return Instruction(
        PROGRAM_ID,
        _OPEN_AUCTION(shard),
        [
            AccountMeta(payer, True, True),
            AccountMeta(mint, False, False),
            AccountMeta(vault, False, False),
            AccountMeta(auction, False, True),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_OPEN_PAYOUT = c.arguments("open_payout", bytes.fromhex("5ed8dabb16234328"), ())


def open_payout(
    *,
    payer: Pubkey,
    job: Pubkey,
    mint: Pubkey,
    config: Pubkey = pda.CONFIG,
    payout: Pubkey | None = None,
    payout_vault: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Opens the vault that the supplier's part of a job is paid into, where the job is paid in another
    currency and the supplier in IO; once for each job.

    Caller: anyone, who pays the rent and gets it back when the payout is closed. Errors: `NotAJob`,
    `WrongMint`, `NotPaidOutInIo`.

    Args:
        payer: Pays the rent, and gets it back when the payout is closed. (signer, writable)
        config: The program's configuration. (read-only)
        job: The job. (read-only)
        mint: What the job is paid in. (read-only)
        payout: The new payout. (writable, derived if None)
        payout_vault: The token account that the job will pay into. (writable, derived if None)
        token_program: The token program. (read-only)
        system_program: The System program. (read-only)
        remaining_accounts: Further accounts, after those above.
    """
    if payout is None:
        payout = pda.payout(job=job)
    if payout_vault is None:
        payout_vault = pda.payout_vault(job=job)
    return Instruction(
        PROGRAM_ID,
        _OPEN_PAYOUT(),
        [
            AccountMeta(payer, True, True),
            AccountMeta(config, False, False),
            AccountMeta(job, False, False),
            AccountMeta(mint, False, False),
            AccountMeta(payout, False, True),
            AccountMeta(payout_vault, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_OPEN_VAULT = c.arguments("open_vault", bytes.fromhex("b5f8e44306af25a7"), (("shard", c.u8),))


def open_vault(
    *,
    payer: Pubkey,
    mint: Pubkey,
    shard: Int,
    config: Pubkey = pda.CONFIG,
    vault: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Opens one of the fee vaults of a mint; each is opened once.

    Caller: anyone, who pays for the account. Errors: `UnknownShard`.

    Args:
        payer: Pays for the account. (signer, writable)
        config: The program's configuration. (writable)
        mint: The mint that the vault holds: IO, or another currency that jobs are paid in. (read-only)
        vault: The new fee vault. (writable, derived if None)
        token_program: The token program. (read-only)
        system_program: The System program. (read-only)
        shard: Number of the fee vault, 0 to 7.
        remaining_accounts: Further accounts, after those above.
    """
    if vault is None:
        vault = pda.vault(mint=mint, shard=shard)
    return Instruction(
        PROGRAM_ID,
        _OPEN_VAULT(shard),
        [
            AccountMeta(payer, True, True),
            AccountMeta(config, False, True),
            AccountMeta(mint, False, False),
            AccountMeta(vault, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_PROPOSE_AUTHORITY = c.arguments(
    "propose_authority", bytes.fromhex("1494ecc64c77638e"), (("successor", c.pubkey),)
)


def propose_authority(
    *,
    authority: Pubkey,
    successor: Pubkey,
    config: Pubkey = pda.CONFIG,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Proposes a successor of the authority, who has to accept.

    Caller: the authority. Errors: `NotAuthority`.

    Args:
        authority: The authority. (signer)
        config: The program's configuration. (writable)
        successor: Becomes the authority when it accepts; the default key withdraws the proposal.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _PROPOSE_AUTHORITY(successor),
        [AccountMeta(authority, True, False), AccountMeta(config, False, True), *remaining_accounts],
    )


_SELL_IO = c.arguments("sell_io", bytes.fromhex("3ec696744b3f7ab9"), (("args", types.SaleArgs.CODEC),))


def sell_io(
    *,
    seller: Pubkey,
    auction: Pubkey,
    price: Pubkey,
    currency_price: Pubkey,
    source: Pubkey,
    vault: Pubkey,
    destination: Pubkey,
    args: types.SaleArgs,
    config: Pubkey = pda.CONFIG,
    currency: Pubkey | None = None,
    mint: Pubkey = pda.MINT,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    auction_mint: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Sells IO for what an auction's lot holds: as much as `max_io` pays for, but no more than is left or
    than the vault may sell today. The IO is burned.

    Caller: anyone with IO. Errors: `Paused`, `WrongPriceAccount`, `WrongCurrency`, `WrongCurrencyPrice` and
    those of a price (`NotAPrice`, `PriceNotVerified`, `WrongFeed`, `StalePrice`, `UnusablePrice`,
    `UncertainPrice`, `VolatilePrice`), `WrongVault`, `WrongDestination`, `WrongMint`, `NoLot`,
    `LotHasLapsed`, `DayIsSold`, `SaleTooSmall`,
    `BelowMinimum`, `SupplyMismatch`, `Overflow`.

    Args:
        seller: Sells IO. (signer)
        config: The program's configuration. (writable)
        auction: The auction. (writable)
        price: The price account of IO. Its address is `config.price_account`. (read-only)
        currency: The jobs program's currency account of the mint. (read-only, derived if None)
        currency_price: The price account of the currency; not read for a currency at par. (read-only)
        mint: The IO mint. (writable)
        source: Any IO account that the seller may spend from. (writable)
        vault: The fee vault. (writable)
        destination: Any token account of the seller in the mint that is sold. (writable)
        token_program: The token program. (read-only)
        args: What a seller of IO offers and asks for.
        auction_mint: Known only from the chain; needed where an address is derived from it.
        remaining_accounts: Further accounts, after those above.
    """
    if currency is None:
        if auction_mint is None:
            raise TypeError("sell_io: give currency, or auction_mint to derive it")
        currency = pda.currency(mint=auction_mint)
    return Instruction(
        PROGRAM_ID,
        _SELL_IO(args),
        [
            AccountMeta(seller, True, False),
            AccountMeta(config, False, True),
            AccountMeta(auction, False, True),
            AccountMeta(price, False, False),
            AccountMeta(currency, False, False),
            AccountMeta(currency_price, False, False),
            AccountMeta(mint, False, True),
            AccountMeta(source, False, True),
            AccountMeta(vault, False, True),
            AccountMeta(destination, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_SELL_TO_SUPPLIER = c.arguments(
    "sell_to_supplier", bytes.fromhex("9f1c84feab6b7d02"), (("args", types.SaleArgs.CODEC),)
)


def sell_to_supplier(
    *,
    seller: Pubkey,
    payout: Pubkey,
    price: Pubkey,
    currency_price: Pubkey,
    source: Pubkey,
    credit: Pubkey,
    vault: Pubkey,
    destination: Pubkey,
    args: types.SaleArgs,
    config: Pubkey = pda.CONFIG,
    currency: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    payout_mint: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Sells IO for what a payout's lot holds: as much as `max_io` pays for, but no more than is left. The
    IO
    goes to the job's supplier.

    Caller: anyone with IO. Errors: `WrongPriceAccount`, `WrongCurrency`, `WrongCurrencyPrice` and those of a
    price, `WrongVault`, `WrongDestination`, `WrongMint`, `NoLot`, `LotHasLapsed`, `SaleTooSmall`,
    `BelowMinimum`, `Overflow`.

    Args:
        seller: Sells IO. (signer)
        config: The program's configuration. (read-only)
        payout: The payout. (writable)
        price: The price account of IO. Its address is `config.price_account`. (read-only)
        currency: The jobs program's currency account of the mint. (read-only, derived if None)
        currency_price: The price account of the currency; not read for a currency at par. (read-only)
        source: Any IO account that the seller may spend from. (writable)
        credit: Any IO account of the supplier. (writable)
        vault: The payout's token account. (writable)
        destination: Any token account of the seller in the mint that is sold. (writable)
        token_program: The token program. (read-only)
        args: What a seller of IO offers and asks for.
        payout_mint: Known only from the chain; needed where an address is derived from it.
        remaining_accounts: Further accounts, after those above.
    """
    if currency is None:
        if payout_mint is None:
            raise TypeError("sell_to_supplier: give currency, or payout_mint to derive it")
        currency = pda.currency(mint=payout_mint)
    return Instruction(
        PROGRAM_ID,
        _SELL_TO_SUPPLIER(args),
        [
            AccountMeta(seller, True, False),
            AccountMeta(config, False, False),
            AccountMeta(payout, False, True),
            AccountMeta(price, False, False),
            AccountMeta(currency, False, False),
            AccountMeta(currency_price, False, False),
            AccountMeta(source, False, True),
            AccountMeta(credit, False, True),
            AccountMeta(vault, False, True),
            AccountMeta(destination, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_SET_PARAMS = c.arguments(
    "set_params", bytes.fromhex("1beab2349302bb8d"), (("params", types.ParamsArgs.CODEC),)
)


def set_params(
    *,
    authority: Pubkey,
    params: types.ParamsArgs,
    config: Pubkey = pda.CONFIG,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Sets the parameters, within their bounds.

    Caller: the authority. Errors: `NotAuthority`, `SlopeOutOfBounds`, `PeriodOutOfBounds`,
    `MinimumLotOutOfBounds`, `DailyShareOutOfBounds`, `PriceAgeOutOfBounds`, `ConfidenceOutOfBounds`,
    `EmaDistanceOutOfBounds`.

    Args:
        authority: The authority. (signer)
        config: The program's configuration. (writable)
        params: Parameters, as an instruction takes them.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _SET_PARAMS(params),
        [AccountMeta(authority, True, False), AccountMeta(config, False, True), *remaining_accounts],
    )


_SET_PAUSED = c.arguments("set_paused", bytes.fromhex("5b3c7dc0b0e1a6da"), (("paused", c.u64),))


def set_paused(
    *,
    signer: Pubkey,
    paused: Int,
    config: Pubkey = pda.CONFIG,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Pauses `burn_fees`, and `start_auction` with `sell_io`, or lifts the pauses. What a pause
    delays is burned and sold afterwards; payouts have no pause.

    Caller: the authority, or the pauser to pause more. Errors: `MayNotPause`, `UnknownEntry`.

    Args:
        signer: The authority, or the pauser to pause more. (signer)
        config: The program's configuration. (writable)
        paused: All entries to be paused, bits `PAUSE_*`.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _SET_PAUSED(paused),
        [AccountMeta(signer, True, False), AccountMeta(config, False, True), *remaining_accounts],
    )


_START_AUCTION = c.arguments("start_auction", bytes.fromhex("ff029588947d41c3"), ())


def start_auction(
    *,
    auction: Pubkey,
    price: Pubkey,
    currency_price: Pubkey,
    vault: Pubkey,
    config: Pubkey = pda.CONFIG,
    currency: Pubkey | None = None,
    auction_mint: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Puts what a fee vault may still sell today up for sale. The previous lot must be sold, have lapsed,
    or
    be below the smallest sale. Prices must be fresh, so that no lot ages while nobody can buy it.

    Caller: anyone. Errors: `Paused`, `WrongCurrency`, `WrongPriceAccount`, `WrongCurrencyPrice` and those of
    a
    price, `WrongVault`, `NothingToSell`, `DayIsSold`, `LotIsOpen`, `Overflow`.

    Args:
        config: The program's configuration. (read-only)
        auction: The auction. (writable)
        currency: The jobs program's currency account of the mint. (read-only, derived if None)
        price: The price account of IO. Its address is `config.price_account`. (read-only)
        currency_price: The price account of the currency; not read for a currency at par. (read-only)
        vault: The fee vault. (read-only)
        auction_mint: Known only from the chain; needed where an address is derived from it.
        remaining_accounts: Further accounts, after those above.
    """
    if currency is None:
        if auction_mint is None:
            raise TypeError("start_auction: give currency, or auction_mint to derive it")
        currency = pda.currency(mint=auction_mint)
    return Instruction(
        PROGRAM_ID,
        _START_AUCTION(),
        [
            AccountMeta(config, False, False),
            AccountMeta(auction, False, True),
            AccountMeta(currency, False, False),
            AccountMeta(price, False, False),
            AccountMeta(currency_price, False, False),
            AccountMeta(vault, False, False),
            *remaining_accounts,
        ],
    )


_START_PAYOUT = c.arguments("start_payout", bytes.fromhex("e2fcfa97174b30b3"), ())


def start_payout(
    *,
    payout: Pubkey,
    price: Pubkey,
    currency_price: Pubkey,
    vault: Pubkey,
    config: Pubkey = pda.CONFIG,
    currency: Pubkey | None = None,
    payout_mint: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Puts all that a payout's vault holds up for sale, as `start_auction` does.

    Caller: anyone. Errors: `WrongCurrency`, `WrongPriceAccount`, `WrongCurrencyPrice` and those of a price,
    `WrongVault`, `NothingToSell`, `LotIsOpen`, `Overflow`.

    Args:
        config: The program's configuration. (read-only)
        payout: The payout. (writable)
        currency: The jobs program's currency account of the mint. (read-only, derived if None)
        price: The price account of IO. Its address is `config.price_account`. (read-only)
        currency_price: The price account of the currency; not read for a currency at par. (read-only)
        vault: The payout's token account. (read-only)
        payout_mint: Known only from the chain; needed where an address is derived from it.
        remaining_accounts: Further accounts, after those above.
    """
    if currency is None:
        if payout_mint is None:
            raise TypeError("start_payout: give currency, or payout_mint to derive it")
        currency = pda.currency(mint=payout_mint)
    return Instruction(
        PROGRAM_ID,
        _START_PAYOUT(),
        [
            AccountMeta(config, False, False),
            AccountMeta(payout, False, True),
            AccountMeta(currency, False, False),
            AccountMeta(price, False, False),
            AccountMeta(currency_price, False, False),
            AccountMeta(vault, False, False),
            *remaining_accounts,
        ],
    )


_WITHDRAW_PAYOUT = c.arguments("withdraw_payout", bytes.fromhex("729230f031396cbc"), ())


def withdraw_payout(
    *,
    supplier: Pubkey,
    payout: Pubkey,
    vault: Pubkey,
    destination: Pubkey,
    fee_vault: Pubkey,
    config: Pubkey = pda.CONFIG,
    currency: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    payout_mint: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Pays out what a payout's vault holds, in the mint that the job was paid in, less the payment fee of
    that currency.

    Caller: the job's supplier. Errors: `NotSupplier`, `WrongCurrency`, `WrongVault`, `WrongDestination`,
    `WrongMint`, `NothingToSell`.

    Args:
        supplier: The job's supplier. (signer)
        config: The program's configuration. (read-only)
        payout: The payout. (writable)
        currency: The jobs program's currency account of the mint. (read-only, derived if None)
        vault: The payout's token account. (writable)
        destination: Any token account of the supplier in the payout's mint. (writable)
        fee_vault: The job's fee vault. (writable)
        token_program: The token program. (read-only)
        payout_mint: Known only from the chain; needed where an address is derived from it.
        remaining_accounts: Further accounts, after those above.
    """
    if currency is None:
        if payout_mint is None:
            raise TypeError("withdraw_payout: give currency, or payout_mint to derive it")
        currency = pda.currency(mint=payout_mint)
    return Instruction(
        PROGRAM_ID,
        _WITHDRAW_PAYOUT(),
        [
            AccountMeta(supplier, True, False),
            AccountMeta(config, False, False),
            AccountMeta(payout, False, True),
            AccountMeta(currency, False, False),
            AccountMeta(vault, False, True),
            AccountMeta(destination, False, True),
            AccountMeta(fee_vault, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


__all__ = [
    "accept_authority",
    "burn_fees",
    "close_payout",
    "initialize",
    "open_auction",
    "open_payout",
    "open_vault",
    "propose_authority",
    "sell_io",
    "sell_to_supplier",
    "set_params",
    "set_paused",
    "start_auction",
    "start_payout",
    "withdraw_payout",
]

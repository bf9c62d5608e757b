"""Instructions of the jobs program.

Generated from idl/jobs.json by scripts/codegen; do not edit.
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


_ATTEST = c.arguments("attest", bytes.fromhex("53947877908b75a0"), (("args", types.AttestArgs.CODEC),))


def attest(
    *,
    attester: Pubkey,
    job: Pubkey,
    args: types.AttestArgs,
    attester_set: Pubkey = pda.ATTESTER_SET,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Records how much of the time since the start a seat has looked at, and how much of it was good.

    Caller: an attester. Errors: `WrongAttesterSet`, `NotAttester`, `NotRunning`, `SeatMoved`,
    `AttestationFalls`, `LoweredBefore`, `LoweredBelowPaid`, `AttestationAhead`, `AttestationOverlaps`,
    `BreakWithoutReason`, `NoTimelock`.

    Args:
        attester: An attester. (signer)
        attester_set: The attester set of the proofs program. (read-only)
        job: The job. (writable)
        args: What an attester says.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _ATTEST(args),
        [
            AccountMeta(attester, True, False),
            AccountMeta(attester_set, False, False),
            AccountMeta(job, False, True),
            *remaining_accounts,
        ],
    )


_BOOK = c.arguments("book", bytes.fromhex("4e27be2b32fc932f"), (("args", types.BookArgs.CODEC),))


def book(
    *,
    payer: Pubkey,
    renter: Pubkey,
    refund_to: Pubkey,
    node: Pubkey,
    class_: Pubkey,
    payout_currency: Pubkey,
    price: Pubkey,
    mint: Pubkey,
    source: Pubkey,
    args: types.BookArgs,
    config: Pubkey = pda.CONFIG,
    attester_set: Pubkey = pda.ATTESTER_SET,
    proofs_config: Pubkey | None = None,
    offer: Pubkey | None = None,
    currency: Pubkey | None = None,
    job: Pubkey | None = None,
    escrow: Pubkey | None = None,
    cluster: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Books a node: the deposit goes into the job's own escrow, the job gets the lease.

    Caller: anyone who pays, for any renter; for a cluster its renter, or its delegate. Errors: `Paused`,
    `WrongNode`, `NotANode`, `NodeNotLive`, `NodeBanned`, `WrongClass`, `StakeBelowMinimum`, `NoVerdict`,
    `WrongProofsConfig`, `VerdictTooOld`, `OfferClosed`, `Leased`, `DurationOutOfBounds`,
    `NonceOutOfBounds`, `CurrencyDisabled`, `MintNotTaken`, `WrongMint`, `WrongPayoutCurrency`,
    `WrongAttesterSet`, `TooFewSeats`, `DepositAboveLimit`, `BelowPar`, those of prices, and in a cluster
    `WrongCluster`, `NotClusterBooker`, `ClusterFull`, `ClusterBroken`, `ClusterManifest`.

    Args:
        payer: Pays the deposit and the rent, and gets the rent back. (signer, writable)
        renter: The renter, whose job it becomes. Signs only where the job joins a cluster whose delegate
            is not the payer, or where they own the node. (read-only)
        refund_to: The wallet that gets the refund. (read-only)
        config: The program's configuration. (read-only)
        node: The node. (read-only)
        class_: The node's class. (read-only)
        attester_set: The attester set of the proofs program. (read-only)
        proofs_config: The proofs program's configuration, where the node's verdict is older than
            `verdict_age` and has to be the head's. Else it may be left out: so three bookings fit into a
            transaction. (read-only, left out if None)
        offer: The node's offer. (writable, derived if None)
        currency: The currency that the job is paid in. (read-only, derived if None)
        payout_currency: The currency that the supplier is paid in: IO's, or the job's own. (read-only)
        price: The currency's price account. Its address is `currency.price_account`. (read-only)
        mint: What the job is paid in. (read-only)
        job: The new job. (writable, derived if None)
        escrow: The token account that holds the deposit. (writable, derived if None)
        source: Any token account of the mint that the payer may spend from, as its owner or its delegate.
            (writable)
        cluster: The renter's cluster, if the job is to be part of one. (writable, left out if None)
        token_program: The token program. (read-only)
        system_program: The System program. (read-only)
        args: What a renter books.
        remaining_accounts: Further accounts, after those above.
    """
    if offer is None:
        offer = pda.offer(node=node)
    if currency is None:
        currency = pda.currency(mint=mint)
    if job is None:
        job = pda.job(offer=offer, nonce=args.nonce)
    if escrow is None:
        escrow = pda.escrow(job=job)
    return Instruction(
        PROGRAM_ID,
        _BOOK(args),
        [
            AccountMeta(payer, True, True),
            AccountMeta(renter, False, False),
            AccountMeta(refund_to, False, False),
            AccountMeta(config, False, False),
            AccountMeta(node, False, False),
            AccountMeta(class_, False, False),
            AccountMeta(attester_set, False, False),
            AccountMeta(proofs_config or PROGRAM_ID, False, False),
            AccountMeta(offer, False, True),
            AccountMeta(currency, False, False),
            AccountMeta(payout_currency, False, False),
            AccountMeta(price, False, False),
            AccountMeta(mint, False, False),
            AccountMeta(job, False, True),
            AccountMeta(escrow, False, True),
            AccountMeta(source, False, True),
            AccountMeta(cluster or PROGRAM_ID, False, cluster is not None),
            AccountMeta(token_program, False, False),
            AccountMeta(system_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_CANCEL = c.arguments("cancel", bytes.fromhex("e8dbdf29dbecdcbe"), ())


def cancel(
    *,
    party: Pubkey,
    job: Pubkey,
    offer: Pubkey,
    cluster: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Ends a job before its start. Costs the supplier nothing, and the renter the price of the time that
    the
    node was held, at least the booking fee.

    Caller: the renter, who gets the refund, or the supplier. Errors: `NotAParty`, `NotBooked`, `WrongOffer`,
    `WrongCluster`.

    Args:
        party: The renter, who gets the refund, or the supplier. (signer)
        job: The job. (writable)
        offer: The node's offer. (writable)
        cluster: The job's cluster, if it is part of one. (writable, left out if None)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _CANCEL(),
        [
            AccountMeta(party, True, False),
            AccountMeta(job, False, True),
            AccountMeta(offer, False, True),
            AccountMeta(cluster or PROGRAM_ID, False, cluster is not None),
            *remaining_accounts,
        ],
    )


_CLOSE = c.arguments("close", bytes.fromhex("62a5c9b16c41ce60"), ())


def close(
    *,
    rent_payer: Pubkey,
    job: Pubkey,
    fee_vault: Pubkey,
    escrow: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Closes a job that has paid everyone; the rent goes back to the account that paid it.

    Caller: anyone. Errors: `NotSettled`, `WrongRentPayer`, `WrongEscrow`, `WrongVault`.

    Args:
        rent_payer: Who paid the rent at booking. (writable)
        job: The job. (writable)
        escrow: The token account that holds the deposit. (writable, derived if None)
        fee_vault: The job's fee vault. (writable)
        token_program: The token program. (read-only)
        remaining_accounts: Further accounts, after those above.
    """
    if escrow is None:
        escrow = pda.escrow(job=job)
    return Instruction(
        PROGRAM_ID,
        _CLOSE(),
        [
            AccountMeta(rent_payer, False, True),
            AccountMeta(job, False, True),
            AccountMeta(escrow, False, True),
            AccountMeta(fee_vault, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_CLOSE_CLUSTER = c.arguments("close_cluster", bytes.fromhex("1f7444fd18222b73"), ())


def close_cluster(
    *, renter: Pubkey, cluster: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Closes a cluster in which no job waits for its start or has booked time ahead; the rent goes back to
    its renter.

    Caller: anyone. Errors: `ClusterWaits`, `ClusterYoung`, `ClusterRuns`, `WrongRentPayer`.

    Args:
        renter: Who paid the rent. (writable)
        cluster: The cluster. (writable)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _CLOSE_CLUSTER(),
        [AccountMeta(renter, False, True), AccountMeta(cluster, False, True), *remaining_accounts],
    )


_CLOSE_DISPUTE = c.arguments("close_dispute", bytes.fromhex("3c125caa64c392c4"), ())


def close_dispute(
    *,
    dispute: Pubkey,
    destination: Pubkey,
    rent_payer: Pubkey,
    bond_vault: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Returns the bond of a dispute that is over, or pays it to the fee vault where the decision awarded
    the
    party no more than the attested split did.

    Caller: anyone. Errors: `DisputeOpen`, `WrongBond`, `WrongDestination`, `WrongRentPayer`.

    Args:
        dispute: The dispute. (writable)
        bond_vault: The token account that holds the bond. (writable, derived if None)
        destination: Any token account of the party, or the job's fee vault where the bond is lost.
            (writable)
        rent_payer: The party that disputed, who paid the rent. Its address is `dispute.party`. (writable)
        token_program: The token program. (read-only)
        remaining_accounts: Further accounts, after those above.
    """
    if bond_vault is None:
        bond_vault = pda.bond_vault(dispute=dispute)
    return Instruction(
        PROGRAM_ID,
        _CLOSE_DISPUTE(),
        [
            AccountMeta(dispute, False, True),
            AccountMeta(bond_vault, False, True),
            AccountMeta(destination, False, True),
            AccountMeta(rent_payer, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_COLLECT_FEES = c.arguments("collect_fees", bytes.fromhex("a498cf631eba13b6"), ())


def collect_fees(
    *,
    job: Pubkey,
    destination: Pubkey,
    escrow: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Pays the fees of an ended job into the buyback's vault.

    Caller: anyone. Errors: `NotEnded`, `Disputed`, `WrongEscrow`, `WrongVault`.

    Args:
        job: The job. (writable)
        escrow: The job's escrow. (writable, derived if None)
        destination: The buyback's vault that the job named at booking. Its address is `job.fee_vault`.
            (writable)
        token_program: The token program. (read-only)
        remaining_accounts: Further accounts, after those above.
    """
    if escrow is None:
        escrow = pda.escrow(job=job)
    return Instruction(
        PROGRAM_ID,
        _COLLECT_FEES(),
        [
            AccountMeta(job, False, True),
            AccountMeta(escrow, False, True),
            AccountMeta(destination, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_COMPLETE = c.arguments("complete", bytes.fromhex("004de0938819584c"), ())


def complete(*, job: Pubkey, offer: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()) -> Instruction:
    """Ends a job whose time is over, or that was stopped, once attesters have looked at all of it.

    Caller: anyone. Errors: `NotRunning`, `NotOver`, `NotAttestedToItsEnd`, `WrongOffer`.

    Args:
        job: The job. (writable)
        offer: The node's offer. (writable)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _COMPLETE(),
        [AccountMeta(job, False, True), AccountMeta(offer, False, True), *remaining_accounts],
    )


_CONFIRM_MANIFEST = c.arguments("confirm_manifest", bytes.fromhex("cae5c847fab12d97"), ())


def confirm_manifest(
    *,
    attester: Pubkey,
    job: Pubkey,
    attester_set: Pubkey = pda.ATTESTER_SET,
    cluster: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Confirms that an attester has the manifest of a job: if nobody starts the job then, it costs the
    renter nothing.

    Caller: an attester, within ten minutes of the booking. Errors: `WrongAttesterSet`, `NotAttester`,
    `NotBooked`, `ManifestLate`, `WrongCluster`, `ClusterIncomplete`, `ClusterBroken`.

    Args:
        attester: An attester. (signer)
        attester_set: The attester set of the proofs program. (read-only)
        job: The job. (writable)
        cluster: The job's cluster, if it is part of one. (read-only, left out if None)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _CONFIRM_MANIFEST(),
        [
            AccountMeta(attester, True, False),
            AccountMeta(attester_set, False, False),
            AccountMeta(job, False, True),
            AccountMeta(cluster or PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_CREATE_CURRENCY = c.arguments(
    "create_currency", bytes.fromhex("94f95a22ac5c30c4"), (("args", types.CurrencyArgs.CODEC),)
)


def create_currency(
    *,
    authority: Pubkey,
    mint: Pubkey,
    args: types.CurrencyArgs,
    config: Pubkey = pda.CONFIG,
    currency: Pubkey | None = None,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Lets jobs be paid in a mint of the classic token program.

    Caller: the authority. Errors: `NotAuthority`, `UnknownPricing`, `PaymentFeeOutOfBounds`.

    Args:
        authority: The authority, who pays the rent. (signer, writable)
        config: The program's configuration. (writable)
        mint: A mint of the classic token program. (read-only)
        currency: The new currency. (writable, derived if None)
        system_program: The System program. (read-only)
        args: A currency, as an instruction takes it.
        remaining_accounts: Further accounts, after those above.
    """
    if currency is None:
        currency = pda.currency(mint=mint)
    return Instruction(
        PROGRAM_ID,
        _CREATE_CURRENCY(args),
        [
            AccountMeta(authority, True, True),
            AccountMeta(config, False, True),
            AccountMeta(mint, False, False),
            AccountMeta(currency, False, True),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_DISPUTE = c.arguments(
    "dispute", bytes.fromhex("d85c8092ca558749"), (("max_bond", c.u64), ("evidence_hash", c.raw_bytes(32)))
)


def dispute(
    *,
    party: Pubkey,
    job: Pubkey,
    mint: Pubkey,
    source: Pubkey,
    max_bond: Int,
    evidence_hash: bytes,
    config: Pubkey = pda.CONFIG,
    dispute: Pubkey | None = None,
    bond_vault: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Disputes the split of a job that is running, or that ended within a day: what is not paid yet is
    held
    back for 14 days at most. Needs a bond in the job's mint, a share of what is held back.

    Caller: the renter or the supplier, each once. Errors: `NotAParty`, `NotRunning`,
    `DisputeWindowOver`, `Disputed`, `DisputedBefore`, `AlreadyDecided`, `NothingToDispute`,
    `WrongMint`, `BondAboveLimit`.

    Args:
        party: The renter or the supplier; pays the bond and the rent. (signer, writable)
        config: The program's configuration. (read-only)
        job: The job. (writable)
        dispute: The new dispute. (writable, derived if None)
        bond_vault: The token account that holds the bond. (writable, derived if None)
        mint: What the job is paid in. (read-only)
        source: Any token account of the mint that the party may spend from. (writable)
        token_program: The token program. (read-only)
        system_program: The System program. (read-only)
        max_bond: The most that the bond may be, base units of the job's mint.
        evidence_hash: SHA-256 of the party's evidence.
        remaining_accounts: Further accounts, after those above.
    """
    if dispute is None:
        dispute = pda.dispute(job=job, party=party)
    if bond_vault is None:
        bond_vault = pda.bond_vault(dispute=dispute)
    return Instruction(
        PROGRAM_ID,
        _DISPUTE(max_bond, evidence_hash),
        [
            AccountMeta(party, True, True),
            AccountMeta(config, False, False),
            AccountMeta(job, False, True),
            AccountMeta(dispute, False, True),
            AccountMeta(bond_vault, False, True),
            AccountMeta(mint, False, False),
            AccountMeta(source, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(system_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_EXPIRE = c.arguments("expire", bytes.fromhex("f353cd3a39c9f792"), ())


def expire(
    *,
    job: Pubkey,
    offer: Pubkey,
    cluster: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Ends a job that nobody started in 20 minutes, that cannot start because another job of its cluster
    has
    ended before its start, or whose attesters have been silent for a day.

    Caller: anyone. Errors: `StartWindowOpen`, `NotSilent`, `NotRunning`, `WrongOffer`, `WrongCluster`.

    Args:
        job: The job. (writable)
        offer: The node's offer. (writable)
        cluster: The job's cluster, if it is part of one. (writable, left out if None)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _EXPIRE(),
        [
            AccountMeta(job, False, True),
            AccountMeta(offer, False, True),
            AccountMeta(cluster or PROGRAM_ID, False, cluster is not None),
            *remaining_accounts,
        ],
    )


_EXTEND = c.arguments(
    "extend", bytes.fromhex("e47f0001e39a36a8"), (("seconds", c.u64), ("max_deposit", c.u64))
)


def extend(
    *,
    payer: Pubkey,
    party: Pubkey,
    job: Pubkey,
    node: Pubkey,
    price: Pubkey,
    source: Pubkey,
    seconds: Int,
    max_deposit: Int,
    config: Pubkey = pda.CONFIG,
    offer: Pubkey | None = None,
    attester_set: Pubkey = pda.ATTESTER_SET,
    currency: Pubkey | None = None,
    escrow: Pubkey | None = None,
    cluster: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    job_mint: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Books more time for a job that is running, at its rate and at today's price of its currency.

    Caller: the renter, who gets the refund, or the delegate of the job's cluster; anyone pays. Errors:
    `NotRenter`, `WrongCluster`, `WrongAttesterSet`, `TooFewSeats`, `Paused`, `NotRunning`, `Over`,
    `Disputed`, `TooManyExtensions`, `OfferClosed`, `DurationOutOfBounds`, `LeaseLost`, `NodeNotLive`,
    `NodeBanned`, `NodePassedOn`, `CurrencyDisabled`, `WrongMint`, `DepositAboveLimit`, and those of prices.

    Args:
        payer: Pays the deposit. (signer)
        party: The renter, who gets the refund, or the delegate of the job's cluster. (signer)
        config: The program's configuration. (read-only)
        job: The job. (writable)
        offer: The node's offer. (writable, derived if None)
        node: The node. (read-only)
        attester_set: The attester set of the proofs program. (read-only)
        currency: The currency that the job is paid in. (read-only, derived if None)
        price: The currency's price account. Its address is `currency.price_account`. (read-only)
        escrow: The job's escrow. (writable, derived if None)
        source: Any token account of the mint that the payer may spend from, as its owner or its delegate.
            (writable)
        cluster: The job's cluster, if it is part of one. (writable, left out if None)
        token_program: The token program. (read-only)
        seconds: Seconds to add.
        max_deposit: The most that may be taken, fees included, base units.
        job_mint: Known only from the chain; needed where an address is derived from it.
        remaining_accounts: Further accounts, after those above.
    """
    if offer is None:
        offer = pda.offer(node=node)
    if currency is None:
        if job_mint is None:
            raise TypeError("extend: give currency, or job_mint to derive it")
        currency = pda.currency(mint=job_mint)
    if escrow is None:
        escrow = pda.escrow(job=job)
    return Instruction(
        PROGRAM_ID,
        _EXTEND(seconds, max_deposit),
        [
            AccountMeta(payer, True, False),
            AccountMeta(party, True, False),
            AccountMeta(config, False, False),
            AccountMeta(job, False, True),
            AccountMeta(offer, False, True),
            AccountMeta(node, False, False),
            AccountMeta(attester_set, False, False),
            AccountMeta(currency, False, False),
            AccountMeta(price, False, False),
            AccountMeta(escrow, False, True),
            AccountMeta(source, False, True),
            AccountMeta(cluster or PROGRAM_ID, False, cluster is not None),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_GROW_CLUSTER = c.arguments("grow_cluster", bytes.fromhex("a3a329cb2e06812d"), (("places", c.u8),))


def grow_cluster(
    *, booker: Pubkey, cluster: Pubkey, places: Int, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Adds places for further jobs to a cluster that runs: nothing waits for them, and they break nothing.

    Caller: the cluster's renter. Errors: `NotClusterRenter`, `ClusterBroken`, `ClusterIncomplete`,
    `ClusterOver`,
    `ClusterPlaces`.

    Args:
        booker: The cluster's renter. Its address is `cluster.renter`. (signer)
        cluster: The cluster. (writable)
        places: How many, 1 to 255.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _GROW_CLUSTER(places),
        [AccountMeta(booker, True, False), AccountMeta(cluster, False, True), *remaining_accounts],
    )


_INITIALIZE = c.arguments("initialize", bytes.fromhex("afaf6d1f0d989bed"), (("resolver", c.pubkey),))


def initialize(
    *,
    authority: Pubkey,
    resolver: Pubkey,
    config: Pubkey = pda.CONFIG,
    program_data: Pubkey = pda.PROGRAM_DATA,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Creates the configuration with the published defaults.

    Caller: the program's upgrade authority, once. Errors: `NotUpgradeAuthority`, `WrongProgramData`.

    Args:
        authority: The program's upgrade authority; becomes every role, and pays. (signer, writable)
        config: The program's configuration. (writable)
        program_data: The program's data account, which names its upgrade authority. (read-only)
        system_program: The System program. (read-only)
        resolver: Decides disputes.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _INITIALIZE(resolver),
        [
            AccountMeta(authority, True, True),
            AccountMeta(config, False, True),
            AccountMeta(PROGRAM_ID, False, False),
            AccountMeta(program_data, False, False),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_LOSE = c.arguments("lose", bytes.fromhex("fb2ce874170e3d5a"), ())


def lose(
    *,
    attester: Pubkey,
    job: Pubkey,
    offer: Pubkey,
    attester_set: Pubkey = pda.ATTESTER_SET,
    cluster: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """States that the node of a job is gone; the job ends when as many attesters as it has say so within
    an
    hour. Its attested time is paid, without the first hour.

    Caller: an attester. Errors: `WrongAttesterSet`, `NotAttester`, `NotRunning`, `Over`, `SeatMoved`,
    `WrongOffer`, `WrongCluster`.

    Args:
        attester: An attester. (signer)
        attester_set: The attester set of the proofs program. (read-only)
        job: The job. (writable)
        offer: The node's offer. (writable)
        cluster: The job's cluster, if it is part of one. (writable, left out if None)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _LOSE(),
        [
            AccountMeta(attester, True, False),
            AccountMeta(attester_set, False, False),
            AccountMeta(job, False, True),
            AccountMeta(offer, False, True),
            AccountMeta(cluster or PROGRAM_ID, False, cluster is not None),
            *remaining_accounts,
        ],
    )


_OFFER = c.arguments("offer", bytes.fromhex("35cc245a970636e7"), (("args", types.OfferArgs.CODEC),))


def offer(
    *,
    owner: Pubkey,
    node: Pubkey,
    args: types.OfferArgs,
    config: Pubkey = pda.CONFIG,
    offer: Pubkey | None = None,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Creates a node's offer, with the account that carries its lease.

    Caller: the node's owner, once. Errors: `Paused`, `NotANode`, `NotNodeOwner`, `NodeNotLive`,
    `NodeBanned`, `StakeBelowMinimum`, `ZeroRate`, `RentalTooShort`, `RentalBoundsCrossed`, `UnknownPayout`,
    `NoCurrency`.

    Args:
        owner: The node's owner, who pays the rent. (signer, writable)
        config: The program's configuration. (read-only)
        node: The node. (read-only)
        offer: The new offer. (writable, derived if None)
        system_program: The System program. (read-only)
        args: A supplier's terms.
        remaining_accounts: Further accounts, after those above.
    """
    if offer is None:
        offer = pda.offer(node=node)
    return Instruction(
        PROGRAM_ID,
        _OFFER(args),
        [
            AccountMeta(owner, True, True),
            AccountMeta(config, False, False),
            AccountMeta(node, False, False),
            AccountMeta(offer, False, True),
            AccountMeta(system_program, False, False),
            *remaining_accounts,
        ],
    )


_OPEN_CLUSTER = c.arguments(
    "open_cluster", bytes.fromhex("5591e057a51434be"), (("id", c.raw_bytes(32)), ("size", c.u8))
)


def open_cluster(
    *,
    renter: Pubkey,
    id: bytes,
    size: Int,
    cluster: Pubkey | None = None,
    system_program: Pubkey = _ids.SYSTEM_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Opens a cluster of jobs, none of which starts before all are booked.

    Caller: the renter who will book them. Errors: `ClusterSize`.

    Args:
        renter: The renter who will book its jobs; pays the rent. (signer, writable)
        cluster: The new cluster. (writable, derived if None)
        system_program: The System program. (read-only)
        id: Any 32 bytes that the renter has not used; part of the address.
        size: Jobs of the cluster that start together, 1 to 255.
        remaining_accounts: Further accounts, after those above.
    """
    if cluster is None:
        cluster = pda.cluster(renter=renter, id=id)
    return Instruction(
        PROGRAM_ID,
        _OPEN_CLUSTER(id, size),
        [
            AccountMeta(renter, True, True),
            AccountMeta(cluster, False, True),
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


_REFUND = c.arguments("refund", bytes.fromhex("0260b7fb3fd02e2e"), ())


def refund(
    *,
    job: Pubkey,
    destination: Pubkey,
    escrow: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Refunds what is left of an ended job: to the renter, or to the wallet that the booking named.

    Caller: anyone. Errors: `NotEnded`, `Disputed`, `WrongEscrow`, `WrongDestination`, `WrongMint`.

    Args:
        job: The job. (writable)
        escrow: The job's escrow. (writable, derived if None)
        destination: Any token account of the wallet that the booking named. (writable)
        token_program: The token program. (read-only)
        remaining_accounts: Further accounts, after those above.
    """
    if escrow is None:
        escrow = pda.escrow(job=job)
    return Instruction(
        PROGRAM_ID,
        _REFUND(),
        [
            AccountMeta(job, False, True),
            AccountMeta(escrow, False, True),
            AccountMeta(destination, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_RESOLVE = c.arguments("resolve", bytes.fromhex("f696ecce6c3f3a0a"), (("gross", c.u64),))


def resolve(
    *,
    resolver: Pubkey,
    job: Pubkey,
    offer: Pubkey,
    dispute: Pubkey,
    gross: Int,
    config: Pubkey = pda.CONFIG,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Decides a dispute: `gross` of the job's price is due, and the fees follow from it. Ends the job.

    Caller: the resolver. Errors: `NotResolver`, `NotDisputed`, `WrongDispute`, `SplitAbovePrice`,
    `SplitBelowPaid`, `WrongOffer`.

    Args:
        resolver: The resolver of disputes. (signer)
        config: The program's configuration. (read-only)
        job: The job. (writable)
        offer: The node's offer. (writable)
        dispute: The job's open dispute. (writable)
        gross: Part of the job's price that is due, base units.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _RESOLVE(gross),
        [
            AccountMeta(resolver, True, False),
            AccountMeta(config, False, False),
            AccountMeta(job, False, True),
            AccountMeta(offer, False, True),
            AccountMeta(dispute, False, True),
            *remaining_accounts,
        ],
    )


_SET_CURRENCY = c.arguments(
    "set_currency", bytes.fromhex("654c9d778924e362"), (("args", types.CurrencyArgs.CODEC),)
)


def set_currency(
    *,
    authority: Pubkey,
    currency: Pubkey,
    args: types.CurrencyArgs,
    config: Pubkey = pda.CONFIG,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Changes a currency for new jobs.

    Caller: the authority. Errors: those of `create_currency`.

    Args:
        authority: The program's authority. (signer)
        config: The program's configuration. (writable)
        currency: The currency. (writable)
        args: A currency, as an instruction takes it.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _SET_CURRENCY(args),
        [
            AccountMeta(authority, True, False),
            AccountMeta(config, False, True),
            AccountMeta(currency, False, True),
            *remaining_accounts,
        ],
    )


_SET_DELEGATE = c.arguments("set_delegate", bytes.fromhex("f21e2e4c6ceb80b5"), (("delegate", c.pubkey),))


def set_delegate(
    *, renter: Pubkey, cluster: Pubkey, delegate: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Names a delegate, who may also book and extend jobs of a cluster, and pays for what they book.

    Caller: the cluster's renter. Errors: `NotClusterRenter`.

    Args:
        renter: The cluster's renter. (signer)
        cluster: The cluster. (writable)
        delegate: The delegate; the default key stands for nobody.
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _SET_DELEGATE(delegate),
        [AccountMeta(renter, True, False), AccountMeta(cluster, False, True), *remaining_accounts],
    )


_SET_OFFER = c.arguments("set_offer", bytes.fromhex("e6dc077128fedf8c"), (("args", types.OfferArgs.CODEC),))


def set_offer(
    *,
    owner: Pubkey,
    node: Pubkey,
    args: types.OfferArgs,
    offer: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Changes an offer for new jobs.

    Caller: the node's owner, also while offering is paused. Errors: those of `offer` but `Paused`;
    `WrongNode`.

    Args:
        owner: The node's owner. (signer)
        node: The node. (read-only)
        offer: The node's offer. (writable, derived if None)
        args: A supplier's terms.
        remaining_accounts: Further accounts, after those above.
    """
    if offer is None:
        offer = pda.offer(node=node)
    return Instruction(
        PROGRAM_ID,
        _SET_OFFER(args),
        [
            AccountMeta(owner, True, False),
            AccountMeta(node, False, False),
            AccountMeta(offer, False, True),
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
    """Sets roles, fees, price limits and attesters of new jobs.

    Caller: the authority. Errors: `NotAuthority`, `BookingFeeOutOfBounds`, `DisputeBondOutOfBounds`,
    `PriceAgeOutOfBounds`, `VerdictAgeOutOfBounds`, `ConfidenceOutOfBounds`, `EmaDistanceOutOfBounds`,
    `AttestersOutOfBounds`.

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
    """Pauses offering, and booking with extending, or lifts the pauses. What is booked goes on.

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


_SETTLE = c.arguments("settle", bytes.fromhex("af2ab957908366d4"), ())


def settle(
    *,
    job: Pubkey,
    destination: Pubkey,
    escrow: Pubkey | None = None,
    token_program: Pubkey = _ids.TOKEN_PROGRAM,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Pays the supplier what attested time has earned, from one hour after the start. Where the supplier
    is
    paid in IO and the renter pays in another mint, it goes to the job's payout account of the buyback.

    Caller: anyone. Errors: `NotRunning`, `FirstHour`, `Disputed`, `WrongEscrow`, `WrongDestination`,
    `WrongMint`.

    Args:
        job: The job. (writable)
        escrow: The job's escrow. (writable, derived if None)
        destination: Any token account of the supplier, or the job's payout account where the supplier is
            paid in IO and the renter pays in another mint. (writable)
        token_program: The token program. (read-only)
        remaining_accounts: Further accounts, after those above.
    """
    if escrow is None:
        escrow = pda.escrow(job=job)
    return Instruction(
        PROGRAM_ID,
        _SETTLE(),
        [
            AccountMeta(job, False, True),
            AccountMeta(escrow, False, True),
            AccountMeta(destination, False, True),
            AccountMeta(token_program, False, False),
            AccountMeta(pda.EVENT_AUTHORITY, False, False),
            AccountMeta(PROGRAM_ID, False, False),
            *remaining_accounts,
        ],
    )


_START = c.arguments("start", bytes.fromhex("3e0f75ec2f01598b"), ())


def start(
    *,
    operator: Pubkey,
    job: Pubkey,
    node: Pubkey,
    offer: Pubkey | None = None,
    attester_set: Pubkey = pda.ATTESTER_SET,
    cluster: Pubkey | None = None,
    remaining_accounts: Sequence[AccountMeta] = (),
) -> Instruction:
    """Begins the booked time, within 20 minutes of the booking.

    Caller: the supplier, the device, or an attester. Errors: `MayNotStart`, `NotBooked`,
    `StartWindowOver`, `LeaseLost`, `NodeNotLive`, `NodeBanned`, `WrongOffer`, `WrongNode`,
    `WrongAttesterSet`,
    `WrongCluster`, `ClusterIncomplete`, `ClusterBroken`.

    Args:
        operator: The supplier, the device's key, or an attester. (signer)
        job: The job. (writable)
        offer: The node's offer. (writable, derived if None)
        node: The node. (read-only)
        attester_set: The attester set of the proofs program. (read-only)
        cluster: The job's cluster, if it is part of one. (writable, left out if None)
        remaining_accounts: Further accounts, after those above.
    """
    if offer is None:
        offer = pda.offer(node=node)
    return Instruction(
        PROGRAM_ID,
        _START(),
        [
            AccountMeta(operator, True, False),
            AccountMeta(job, False, True),
            AccountMeta(offer, False, True),
            AccountMeta(node, False, False),
            AccountMeta(attester_set, False, False),
            AccountMeta(cluster or PROGRAM_ID, False, cluster is not None),
            *remaining_accounts,
        ],
    )


_STOP = c.arguments("stop", bytes.fromhex("2a85203cabfdb89b"), ())


def stop(
    *, party: Pubkey, job: Pubkey, offer: Pubkey, remaining_accounts: Sequence[AccountMeta] = ()
) -> Instruction:
    """Stops a running job before its time. The renter pays for the first hour in any case; a supplier who
    leaves within it gets nothing.

    Caller: the renter, who gets the refund, or the supplier. Errors: `NotAParty`, `NotRunning`, `Over`,
    `WrongOffer`.

    Args:
        party: The renter, who gets the refund, or the supplier. (signer)
        job: The job. (writable)
        offer: The node's offer. (writable)
        remaining_accounts: Further accounts, after those above.
    """
    return Instruction(
        PROGRAM_ID,
        _STOP(),
        [
            AccountMeta(party, True, False),
            AccountMeta(job, False, True),
            AccountMeta(offer, False, True),
            *remaining_accounts,
        ],
    )


__all__ = [
    "accept_authority",
    "attest",
    "book",
    "cancel",
    "close",
    "close_cluster",
    "close_dispute",
    "collect_fees",
    "complete",
    "confirm_manifest",
    "create_currency",
    "dispute",
    "expire",
    "extend",
    "grow_cluster",
    "initialize",
    "lose",
    "offer",
    "open_cluster",
    "propose_authority",
    "refund",
    "resolve",
    "set_currency",
    "set_delegate",
    "set_offer",
    "set_params",
    "set_paused",
    "settle",
    "start",
    "stop",
]

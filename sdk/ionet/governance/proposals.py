"""Proposals: what the treasury can do, how a proposal's content is hashed, and what can happen to one.

A proposal is a text and transactions. Each transaction is one instruction that the treasury may sign: any
builder of `ionet.ix` makes one, given `TREASURY` as its authority, and so does every call of
`client.governance.as_treasury()`. The functions here build the usual ones:

    from ionet import governance

    draft = governance.Draft("Pay for the audit", governance.pay_io(auditor, IO(5_000)), uri="https://…")
    proposal = client.governance.submit(draft)

Programs and accounts: docs/architecture.md, "Governance".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import TransferParams, transfer

from ionet import accounts, constants, ix, pda, types
from ionet._generated.governance.types import ProposalState
from ionet._generated.governance.types import VoteChoice as Choice
from ionet.administration.parameters import parameters, params_of, programs
from ionet.administration.shards import shard_of
from ionet.chain.amounts import IO, SOL, USDC
from ionet.chain.errors import EncodeError
from ionet.chain.ids import (
    ASSOCIATED_TOKEN_PROGRAM,
    BPF_LOADER_UPGRADEABLE,
    CLOCK,
    SYSTEM_PROGRAM,
    TOKEN_PROGRAM,
)
from ionet.chain.pda import program_data, token_account
from ionet.chain.transactions import MissingSigner
from ionet.formats.when import WEEK
from ionet.governance.decoding import (
    CREATE_IDEMPOTENT,
    SET_AUTHORITY,
    TRANSFER_CHECKED,
    UPGRADE,
    arguments,
    describe,
    instruction_of,
)
from ionet.staking.classes import HardwareClass, class_args
from ionet.staking.references import reference_of
from ionet.staking.speeds import ClassSpeeds

__all__ = [
    "NATIVE",
    "TREASURY",
    "Authority",
    "Ballot",
    "Choice",
    "Draft",
    "HandOver",
    "ProposalState",
    "Standing",
    "Step",
    "accept_authority",
    "arguments",
    "attesters",
    "content_hash",
    "describe",
    "guardian",
    "hand_upgrades_to",
    "hardware_class",
    "instruction_of",
    "keeps_bond",
    "may_change",
    "parameters",
    "params_of",
    "passes",
    "pay_io",
    "pay_sol",
    "pay_tokens",
    "pay_usdc",
    "programs",
    "quorum",
    "resolve_dispute",
    "resolve_slash",
    "stake_at",
    "standing",
    "stored",
    "text_of",
    "upgrade",
    "week_of",
]

#: Signs for executed proposals, and holds the funds they spend.
TREASURY: Final = pda.governance.TREASURY
#: Stands for SOL in place of a mint.
NATIVE: Final = Pubkey.default()
_RENT: Final = Pubkey.from_string("SysvarRent111111111111111111111111111111111")


class Standing(StrEnum):
    """What can happen to a proposal now."""

    DRAFT = "draft"
    #: Open for votes.
    VOTING = "voting"
    #: Voting is over; anyone can queue it.
    PASSED = "passed"
    FAILED = "failed"
    #: Queued, and its hold-up has not passed.
    HELD_UP = "held up"
    #: Anyone can execute it.
    READY = "ready"
    #: It passed, and was not queued or executed in time.
    EXPIRED = "expired"
    EXECUTED = "executed"
    DEFEATED = "defeated"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Ballot:
    """Stake with which somebody can vote on a proposal.

    Attributes:
        node: where it is staked.
        is_owner: whether it is the owner's vote, which also counts for co-stakers who do not vote.
        weight: the vote's weight now.
        choice: the present vote; None before the first.
    """

    node: Pubkey
    is_owner: bool
    weight: IO
    choice: Choice | None


@dataclass(frozen=True, slots=True)
class Authority:
    """Who may change a program.

    Attributes:
        program: its name.
        authority: sets its parameters.
        pending: named as the next authority, and has yet to accept; or None.
        upgrade_authority: may replace its code; or None.
    """

    program: str
    authority: Pubkey
    pending: Pubkey | None
    upgrade_authority: Pubkey | None

    @property
    def handed_over(self) -> bool:
        """Whether the treasury sets its parameters."""
        return self.authority == TREASURY


class Step(StrEnum):
    """The step that a hand-over has taken."""

    #: The present authority has named the treasury.
    NAMED = "named"
    #: A proposal that the treasury accepts is open for votes.
    PROPOSED = "proposed"
    #: The proposal has passed, and waits for its hold-up.
    QUEUED = "queued"
    #: The treasury is the authority.
    DONE = "done"
    #: Nothing can be done until a later time.
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class HandOver:
    """A hand-over after a step.

    Attributes:
        program: the program's name.
        step: what was done, or that it has to wait.
        proposal: the proposal to accept the authority; None before it exists.
        until: Unix time at which the next step can be taken, 0 for now.
    """

    program: str
    step: Step
    proposal: Pubkey | None = None
    until: int = 0


# -- a proposal's content


def stored(instruction: Instruction) -> types.governance.TransactionArgs:
    """An instruction as a proposal stores it.

    Raises:
        EncodeError: it needs a signer other than the treasury, or has too many accounts.
    """
    if len(instruction.accounts) > constants.governance.MAX_ACCOUNTS:
        raise EncodeError(
            f"a transaction has {constants.governance.MAX_ACCOUNTS} accounts at most,"
            f" not {len(instruction.accounts)}"
        )
    for meta in instruction.accounts:
        if meta.is_signer and meta.pubkey != TREASURY:
            raise EncodeError(
                f"only the treasury {TREASURY} signs in a proposal's transaction, not {meta.pubkey}"
            )
    return types.governance.TransactionArgs(
        program_id=instruction.program_id,
        accounts=tuple(
            types.governance.Meta(key=meta.pubkey, signer=meta.is_signer, writable=meta.is_writable)
            for meta in instruction.accounts
        ),
        data=bytes(instruction.data),
    )


def _padded(text: str, size: int, what: str) -> bytes:
    encoded = text.encode()
    if len(encoded) > size:
        raise EncodeError(f"{what} has {len(encoded)} bytes, {size} are the most")
    return encoded.ljust(size, b"\0")


@dataclass(frozen=True, slots=True, init=False)
class Draft:
    """A proposal before it is on the chain.

    Args:
        title: 64 bytes of UTF-8 at most.
        transactions: what is executed, in order; none for a text that is only voted on.
        text: what is proposed, in full; its hash goes on the chain.
        uri: where the text is published, 96 bytes at most.

    Attributes:
        title, text, uri: as above.
        transactions: as above.
    """

    title: str
    transactions: tuple[Instruction, ...]
    text: bytes
    uri: str

    def __init__(
        self,
        title: str,
        transactions: Instruction | Iterable[Instruction] = (),
        *,
        text: str | bytes = b"",
        uri: str = "",
    ) -> None:
        instructions = (transactions,) if isinstance(transactions, Instruction) else tuple(transactions)
        most = constants.governance.MAX_TRANSACTIONS
        if len(instructions) > most:
            raise EncodeError(f"a proposal has {most} transactions at most, not {len(instructions)}")
        object.__setattr__(self, "title", title)
        object.__setattr__(self, "transactions", instructions)
        object.__setattr__(self, "text", text.encode() if isinstance(text, str) else text)
        object.__setattr__(self, "uri", uri)

    @property
    def args(self) -> types.governance.ProposalArgs:
        """Its description, as instruction arguments.

        Raises:
            EncodeError: a title or an address that is too long.
        """
        return types.governance.ProposalArgs(
            title=_padded(self.title, constants.governance.MAX_TITLE, "the title"),
            uri=_padded(self.uri, constants.governance.MAX_URI, "the text's address"),
            text_hash=sha256(self.text).digest(),
        )

    def content_hash(self, proposer: Pubkey, nonce: int) -> bytes:
        """The content hash that the proposal has on the chain."""
        return content_hash(proposer, nonce, self.args, map(stored, self.transactions))


def content_hash(
    proposer: Pubkey,
    nonce: int,
    args: types.governance.ProposalArgs,
    transactions: Iterable[types.governance.TransactionArgs] = (),
) -> bytes:
    """The hash of a proposal's content, which votes refer to.

    `sha256("ionet:proposal" ‖ proposer ‖ nonce ‖ description)`, and for each transaction
    `sha256("ionet:transaction" ‖ hash so far ‖ borsh(transaction))`.
    """
    head = constants.governance.PROPOSAL_DOMAIN + bytes(proposer) + nonce.to_bytes(8, "little")
    digest = sha256(head + bytes(args)).digest()
    for transaction in transactions:
        digest = sha256(constants.governance.TRANSACTION_DOMAIN + digest + bytes(transaction)).digest()
    return digest


# -- what the treasury can do


class TreasurySigner:
    """Stands for the treasury in a client whose calls are proposed, not sent: it signs nothing."""

    def pubkey(self) -> Pubkey:
        """The treasury."""
        return TREASURY

    def sign_message(self, message: bytes) -> Signature:
        """Always fails.

        Raises:
            MissingSigner: no key signs for the treasury.
        """
        raise MissingSigner("the treasury signs only what an executed proposal says: propose it", TREASURY)


def pay_tokens(to: Pubkey, mint: Pubkey, amount: int, decimals: int) -> tuple[Instruction, Instruction]:
    """Pays the treasury's tokens to the associated token account of `to`, which is created if it is missing.

    Args:
        to: the owner of the account that is paid.
        mint: the tokens' mint, of the classic token program.
        amount: base units.
        decimals: of the mint.
    """
    # Encoded here: importing the token library takes longer than everything else in this module.
    wallet = token_account(to, mint)
    opening = [
        AccountMeta(TREASURY, True, True),
        AccountMeta(wallet, False, True),
        AccountMeta(to, False, False),
        AccountMeta(mint, False, False),
        AccountMeta(SYSTEM_PROGRAM, False, False),
        AccountMeta(TOKEN_PROGRAM, False, False),
    ]
    moving = [
        AccountMeta(token_account(TREASURY, mint), False, True),
        AccountMeta(mint, False, False),
        AccountMeta(wallet, False, True),
        AccountMeta(TREASURY, True, False),
    ]
    data = bytes([TRANSFER_CHECKED, *amount.to_bytes(8, "little"), decimals])
    return (
        Instruction(ASSOCIATED_TOKEN_PROGRAM, bytes([CREATE_IDEMPOTENT]), opening),
        Instruction(TOKEN_PROGRAM, data, moving),
    )


def pay_io(to: Pubkey, amount: IO) -> tuple[Instruction, Instruction]:
    """Pays IO; see `pay_tokens`."""
    return pay_tokens(to, pda.mint.MINT, amount.base, IO.DECIMALS)


def pay_sol(to: Pubkey, amount: SOL) -> Instruction:
    """Pays SOL."""
    return transfer(TransferParams(from_pubkey=TREASURY, to_pubkey=to, lamports=amount.base))


def pay_usdc(to: Pubkey, amount: USDC, mint: Pubkey) -> tuple[Instruction, Instruction]:
    """Pays USDC of this mint; see `pay_tokens`."""
    return pay_tokens(to, mint, amount.base, USDC.DECIMALS)


def attesters(weights: Mapping[Pubkey, int], *, threshold: int | None = None) -> Instruction:
    """Replaces the attester set; seats follow the mapping's order, a vacated one has the default key.

    Args:
        weights: key to weight, 16 at most; every attester keeps its place.
        threshold: weight that approves a report; default: two thirds of all, rounded up.
    """
    needed = -(-2 * sum(weights.values()) // 3) if threshold is None else threshold
    seats = [types.proofs.Seat(key, weight) for key, weight in weights.items()]
    return ix.proofs.set_attesters(authority=TREASURY, seats=seats, threshold=needed)


def hardware_class(kind: HardwareClass, *, new: bool, enabled: bool = True) -> Instruction:
    """Creates or changes a hardware class.

    Args:
        kind: the class as it should be.
        new: whether to create it; the treasury pays its rent.
        enabled: whether it takes new devices.
    """
    build = ix.staking.create_class if new else ix.staking.set_class
    return build(authority=TREASURY, id=kind.id, args=class_args(kind, enabled=enabled))


def reference(speeds: ClassSpeeds) -> Instruction:
    """Sets what a hardware class is judged by.

    Args:
        speeds: how fast the class answers, as `ionet proof measure` writes it.

    Raises:
        ConfigError: there are more than its account has room for.
    """
    return ix.staking.set_reference(authority=TREASURY, id=speeds.class_id, reference=reference_of(speeds))


def resolve_slash(slash: Pubkey, node: Pubkey, amount: IO) -> Instruction:
    """Decides an appealed slash, at most as proposed; works while the treasury is staking's resolver."""
    return ix.staking.resolve_slash(
        resolver=TREASURY, node=node, slash=slash, shard=shard_of(node), amount=amount.base
    )


def resolve_dispute(job: Pubkey, offer: Pubkey, dispute: Pubkey, gross: int) -> Instruction:
    """Decides a job's dispute, within 14 days; works while the treasury is the resolver of jobs.

    Args:
        job: the job's address.
        offer: the offer it was booked from.
        dispute: the open dispute.
        gross: the part of the job's price that is due, base units.
    """
    return ix.jobs.resolve(resolver=TREASURY, job=job, offer=offer, dispute=dispute, gross=gross)


def guardian(key: Pubkey) -> Instruction:
    """Names governance's guardian for twelve months; the default key for none."""
    return ix.governance.set_guardian(guardian=key)


def accept_authority(program: str) -> Instruction:
    """Has the treasury accept the authority of a program, whose present authority has named it.

    Raises:
        EncodeError: no such program.
    """
    build = getattr(getattr(ix, program, None), "accept_authority", None)
    if build is None:
        raise EncodeError(f"no program {program!r} whose authority could be handed over")
    instruction: Instruction = build(successor=TREASURY)
    return instruction


def upgrade(program_id: Pubkey, buffer: Pubkey, *, spill: Pubkey = TREASURY) -> Instruction:
    """Replaces a program's code; works while the treasury is its upgrade authority, and the buffer's.

    Args:
        program_id: of the program.
        buffer: the account that the new code was written to.
        spill: who gets the buffer's lamports.
    """
    metas = [
        AccountMeta(program_data(program_id), False, True),
        AccountMeta(program_id, False, True),
        AccountMeta(buffer, False, True),
        AccountMeta(spill, spill == TREASURY, True),
        AccountMeta(_RENT, False, False),
        AccountMeta(CLOCK, False, False),
        AccountMeta(TREASURY, True, False),
    ]
    return Instruction(BPF_LOADER_UPGRADEABLE, UPGRADE.to_bytes(4, "little"), metas)


def hand_upgrades_to(
    program_id: Pubkey, successor: Pubkey | None, *, authority: Pubkey = TREASURY
) -> Instruction:
    """Gives a program's upgrade authority to `successor`; None to nobody, irrevocably.

    Args:
        program_id: of the program.
        successor: who may upgrade it afterwards.
        authority: who may now.
    """
    metas = [AccountMeta(program_data(program_id), False, True), AccountMeta(authority, True, False)]
    if successor is not None:
        metas.append(AccountMeta(successor, False, False))
    return Instruction(BPF_LOADER_UPGRADEABLE, SET_AUTHORITY.to_bytes(4, "little"), metas)


# -- where a proposal stands


def stake_at(snapshot: types.staking.Snapshot, week: int) -> int:
    """Active stake at the start of a week (Unix time / 604,800), base units: `Snapshot::at`.

    Raises:
        LookupError: that is more than three weeks ago.
    """
    if snapshot.week < week:
        return snapshot.now
    if snapshot.week - week >= len(snapshot.past):
        raise LookupError(f"stake of week {week} is forgotten; week {snapshot.week - 2} is the earliest")
    return snapshot.past[snapshot.week - week]


def week_of(time: int) -> int:
    """The week of a Unix time."""
    return time // WEEK


def quorum(proposal: accounts.governance.Proposal) -> IO:
    """Stake that has to vote for the result to count; zero before voting has begun."""
    return IO.from_base(-(-proposal.eligible * proposal.quorum_bps // 10_000))


def may_change(proposal: accounts.governance.Proposal, now: int) -> bool:
    """Whether votes can still be changed: until the regular end. Afterwards only first votes are accepted."""
    return proposal.state == ProposalState.VOTING and now < proposal.regular_end


def is_claim(owner: Pubkey, data: bytes) -> bool:
    """Whether an account is a grant to the treasury, or its stake."""
    kinds: tuple[tuple[type[Any], str], ...] = (
        (accounts.distributor.Grant, "beneficiary"),
        (accounts.staking.Position, "holder"),
    )
    for kind, field in kinds:
        if owner == kind.PROGRAM_ID and data.startswith(kind.DISCRIMINATOR):
            at = kind.OFFSETS[field]
            return data[at : at + 32] == bytes(TREASURY)
    return False


def passes(proposal: accounts.governance.Proposal) -> bool:
    """Whether it would pass if voting ended now: `Tally::passes`."""
    decided = proposal.in_favour + proposal.against
    approved = proposal.in_favour * 10_000 > decided * proposal.threshold_bps
    return approved and decided + proposal.abstain >= quorum(proposal).base


def keeps_bond(proposal: accounts.governance.Proposal) -> bool:
    """Whether its bond comes back by the votes so far: `Tally::keeps_bond`, or it was cancelled."""
    if proposal.state == ProposalState.CANCELLED:
        return True
    turnout = proposal.in_favour + proposal.against + proposal.abstain
    return turnout >= -(-proposal.eligible * proposal.quorum_bps // 40_000)


def standing(proposal: accounts.governance.Proposal, now: int) -> Standing:
    """What can happen to a proposal now."""
    match proposal.state:
        case ProposalState.VOTING if now < proposal.voting_ends:
            return Standing.VOTING
        case ProposalState.VOTING if not passes(proposal):
            return Standing.FAILED
        case ProposalState.VOTING:
            late = proposal.transactions > 0 and now > proposal.voting_ends + constants.governance.EXPIRY
            return Standing.EXPIRED if late else Standing.PASSED
        case ProposalState.QUEUED if now < proposal.eta:
            return Standing.HELD_UP
        case ProposalState.QUEUED:
            return Standing.READY if now <= proposal.expires else Standing.EXPIRED
        case state:
            return Standing(state.name.lower())


def text_of(padded: bytes | Sequence[int]) -> str:
    """A title or an address as text."""
    return bytes(padded).rstrip(b"\0").decode(errors="replace")

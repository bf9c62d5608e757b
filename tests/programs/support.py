"""The programs on a network in this process, set up as tests need them, and what tests ask of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from solders.account import Account as RawAccount
from solders.compute_budget import set_compute_unit_limit
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import MessageV0, to_bytes_versioned
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import (
    create_idempotent_associated_token_account,
    mint_to_checked,
    transfer_checked,
)
from spl.token.models import MintToCheckedParams, TransferCheckedParams

from ionet import IO, SOL, USDC, Call, Client, ProgramError, Sent, accounts, ix, pda, token_account, types
from ionet.administration.shards import shard_of
from ionet.localnet.verdicts import write_verdict
from ionet.proofs.report import head_of

#: Unix time at which every test begins.
NOW: Final = 1_800_000_000
MINUTE: Final = 60
HOUR: Final = 3_600
DAY: Final = 24 * HOUR
YEAR: Final = 365 * DAY
#: Emission lasts 240 months of 730.5 hours.
TWENTY_YEARS: Final = 175_320 * HOUR

#: In the order in which they are initialised.
PROGRAMS: Final = ("mint", "proofs", "buyback", "staking", "jobs", "governance", "distributor")

#: A program's own error, or the name of one of Anchor's, the System program's or SPL Token's.
Refusal: TypeAlias = type[ProgramError] | str

#: Owns what the runtime itself writes.
SYSVARS: Final = Pubkey.from_string("Sysvar1111111111111111111111111111111111111")


def with_variant(build: Callable[[int], Instruction], number: int) -> Instruction:
    """A call whose enum argument has a number that may stand for no variant, which builders do not send.

    Args:
        build: the call, given the number of a variant.
        number: what to send in its place.
    """
    call = build(0)
    data, other = bytes(call.data), bytes(build(1).data)
    (at,) = (place for place, byte in enumerate(data) if byte != other[place])
    changed = data[:at] + bytes([number]) + data[at + 1 :]
    return Instruction(call.program_id, changed, call.accounts)


@dataclass(slots=True)
class World:
    """A network with the programs loaded, and the people in it.

    Attributes:
        client: of the deployer, who is the upgrade authority of all programs and pays all fees.
        slasher: staking's slasher.
        resolver: decides disputed slashes and jobs.
        guardian: may cancel what is voted on.
        treasury: gets what is taken back of grants and airdrops.
    """

    client: Client
    slasher: Keypair = field(default_factory=Keypair)
    resolver: Keypair = field(default_factory=Keypair)
    treasury: Keypair = field(default_factory=Keypair)
    _usdc: Pubkey | None = None
    guardian: Keypair = field(default_factory=Keypair)

    @classmethod
    def bare(cls, *, now: int = NOW) -> World:
        """A world in which nothing is initialised."""
        return cls(Client.local(now=now))

    @classmethod
    def new(cls, *, now: int = NOW) -> World:
        """A world in which every program is initialised by the deployer; emission starts now."""
        world = cls.bare(now=now)
        for program in PROGRAMS:
            world.send(world.initialize(program, world.deployer))
        return world

    def initialize(self, program: str, authority: Pubkey, **more: Any) -> Instruction:
        """Initialises a program; `more` replaces what the instruction is usually given."""
        usual: dict[str, dict[str, Any]] = {
            "mint": {"start": 0},
            "staking": {"slasher": self.slasher.pubkey(), "resolver": self.resolver.pubkey()},
            "jobs": {"resolver": self.resolver.pubkey()},
            "governance": {"guardian": self.guardian.pubkey()},
            "distributor": {"treasury": self.treasury.pubkey()},
        }
        build: Callable[..., Instruction] = getattr(ix, program).initialize
        return build(authority=authority, **usual.get(program, {}) | more)

    # -- people

    @property
    def deployer(self) -> Pubkey:
        """The upgrade authority of all programs."""
        return self.client.address

    def actor(self, sol: int = 10) -> Keypair:
        """Somebody new, with SOL."""
        pair = Keypair()
        self.client.airdrop(pair.pubkey(), SOL(sol))
        return pair

    # -- time

    @property
    def now(self) -> int:
        """Unix seconds."""
        return self.client.network.clock.now()

    def advance(self, seconds: int) -> int:
        """Lets time pass; returns the new time."""
        return self.client.network.clock.advance(seconds)

    def turn_back(self, seconds: int) -> int:
        """Makes the clock go back, as a cluster's may by a little; returns the new time."""
        self.client.network._move(1, self.now - seconds)
        return self.now

    # -- transactions

    def call(self, *instructions: Instruction, signers: Sequence[Keypair] = ()) -> Call[None]:
        """Instructions in one transaction; the deployer pays the fee."""
        return self.client.call(*instructions, signers=signers)

    def send(self, *instructions: Instruction, signers: Sequence[Keypair] = ()) -> Sent[None]:
        """Sends instructions in one transaction, which has to succeed."""
        return self.call(*instructions, signers=signers).send()

    def refused(
        self, call: Instruction | Call[Any], error: Refusal, *, signers: Sequence[Keypair] = ()
    ) -> ProgramError:
        """Sends what has to fail with exactly `error`, and checks that it changed nothing.

        It is sent without a simulation, so that it lands: afterwards every account of the transaction is as
        before, but for the fee.

        Args:
            call: an instruction, or a call with its signers.
            error: the error's class, or its name where it is another program's.
            signers: besides the deployer.

        Returns:
            The error, to look at its details.
        """
        if isinstance(call, Instruction):
            call = self.call(call, signers=signers)
        network = self.client.network
        transaction = self._signed(call)
        keys = transaction.message.account_keys
        before = {key: self._state(key) for key in keys}
        record = network.submit(transaction)
        assert hasattr(record, "signature"), f"it did not land: {record}"
        found = _failure(self.client, record.signature)
        if isinstance(error, str):
            assert found.name == error, f"it failed with {found}, not with {error}"
        else:
            assert type(found) is error, f"it failed with {found}, not with {error.__name__}"
        after = {key: self._state(key) for key in keys}
        payer = after[keys[0]]
        assert payer is not None
        after[keys[0]] = (payer[0] + record.fee, *payer[1:])
        changed = [str(key) for key in keys if before[key] != after[key]]
        assert not changed, f"it failed with {found}, but changed {', '.join(changed)}"
        return found

    def _signed(self, call: Call[Any]) -> VersionedTransaction:
        unsent = call.unsent()
        payer = unsent.payer or self.client.signer
        signers = {one.pubkey(): one for one in (payer, self.client.signer, *unsent.signers)}
        instructions = [*unsent.instructions, set_compute_unit_limit(1_400_000)]
        blockhash = self.client.network.latest_blockhash
        message = MessageV0.try_compile(payer.pubkey(), instructions, list(unsent.tables), blockhash)
        raw = to_bytes_versioned(message)
        needed = message.account_keys[: message.header.num_required_signatures]
        return VersionedTransaction.populate(message, [signers[key].sign_message(raw) for key in needed])

    def _state(self, key: Pubkey) -> tuple[int, bytes, Pubkey] | None:
        found = self.client.network.account(key)
        # The runtime moves its own clock and slot hashes on.
        if found is None or found.owner == SYSVARS:
            return None
        return found.lamports, bytes(found.data), found.owner

    # -- accounts

    @property
    def mint_config(self) -> accounts.mint.Config:
        return self.client.fetch(accounts.mint.Config, pda.mint.CONFIG)

    @property
    def proofs_config(self) -> accounts.proofs.Config:
        return self.client.fetch(accounts.proofs.Config, pda.proofs.CONFIG)

    @property
    def attester_set(self) -> accounts.proofs.AttesterSet:
        return self.client.fetch(accounts.proofs.AttesterSet, pda.proofs.ATTESTER_SET)

    @property
    def buyback_config(self) -> accounts.buyback.Config:
        return self.client.fetch(accounts.buyback.Config, pda.buyback.CONFIG)

    def report(self, address: Pubkey) -> accounts.proofs.Report:
        """The report at an address."""
        return self.client.fetch(accounts.proofs.Report, address)

    def raw(self, address: Pubkey) -> RawAccount:
        """The account at an address, which has to exist."""
        found = self.client.account(address)
        assert found is not None, f"nothing at {address}"
        return found

    def patch(self, address: Pubkey, kind: type[Any], name: str, value: int) -> None:
        """Writes a u64 field of an account, outside of any transaction."""
        patch(self.client, address, kind, name, value)

    # -- money

    @property
    def supply(self) -> int:
        """Base units of IO that exist."""
        return self.client.token_mint(pda.mint.MINT).supply

    def balance(self, token_account: Pubkey) -> int:
        """Base units in a token account."""
        return self.client.token_account(token_account).amount

    def io_account(self, owner: Pubkey) -> Pubkey:
        """The owner's associated token account for IO, made if it is not there."""
        return self._wallet(owner, pda.mint.MINT)

    def usdc_account(self, owner: Pubkey) -> Pubkey:
        """The owner's associated token account for USDC, made if it is not there."""
        return self._wallet(owner, self.usdc)

    @property
    def usdc(self) -> Pubkey:
        """A mint with 6 decimals, as USDC has; the deployer mints it."""
        if self._usdc is None:
            self._usdc = Keypair().pubkey()
            self.client.cheats.set_mint(self._usdc, decimals=USDC.DECIMALS, authority=self.deployer)
        return self._usdc

    def give_io(self, owner: Pubkey, amount: IO) -> Pubkey:
        """Gives somebody IO of the community's genesis allocation; returns the token account."""
        purse, wallet = self.io_account(self.deployer), self.io_account(owner)
        if self.balance(purse) < amount.base:
            self.send(
                ix.mint.mint_genesis(
                    authority=self.deployer, destination=purse, allocation=types.mint.Allocation.COMMUNITY
                )
            )
        self.pay_io(purse, wallet, amount.base)
        return wallet

    def pay_io(self, source: Pubkey, destination: Pubkey, amount: int) -> None:
        """Moves base units of IO out of a token account of the deployer's."""
        transfer = TransferCheckedParams(
            program_id=TOKEN_PROGRAM_ID,
            source=source,
            mint=pda.mint.MINT,
            dest=destination,
            owner=self.deployer,
            amount=amount,
            decimals=IO.DECIMALS,
        )
        self.send(transfer_checked(transfer))

    def give_usdc(self, owner: Pubkey, amount: USDC) -> Pubkey:
        """Gives somebody USDC; returns the token account."""
        wallet = self.usdc_account(owner)
        given = MintToCheckedParams(
            program_id=TOKEN_PROGRAM_ID,
            mint=self.usdc,
            dest=wallet,
            mint_authority=self.deployer,
            amount=amount.base,
            decimals=USDC.DECIMALS,
        )
        self.send(mint_to_checked(given))
        return wallet

    def _wallet(self, owner: Pubkey, mint: Pubkey) -> Pubkey:
        wallet = token_account(owner, mint)
        if self.client.account(wallet) is None:
            self.send(create_idempotent_associated_token_account(self.deployer, owner, mint))
        return wallet

    # -- reports

    def seat_attesters(self, *weights: int, threshold: int) -> list[Keypair]:
        """Makes a set of new attesters with these weights."""
        attesters = [self.actor() for _ in weights]
        seats = [types.proofs.Seat(a.pubkey(), weight) for a, weight in zip(attesters, weights, strict=True)]
        self.send(ix.proofs.set_attesters(authority=self.deployer, seats=seats, threshold=threshold))
        return attesters

    def final_report(
        self, attesters: Sequence[Keypair], *, root: bytes, total: int, leaves: int = 1
    ) -> Pubkey:
        """A report of the latest whole hour, on the head, that all attesters approve and that is final; a
        day passes."""
        hours = (self.now - self.mint_config.start) // HOUR
        made = Proposal(self, hours, root=root, total=total, leaves=leaves)
        self.send(ix.mint.emit())
        self.send(made.report(attesters[0].pubkey()), signers=attesters[:1])
        for attester in attesters[1:]:
            self.send(made.approve(attester.pubkey()), signers=[attester])
        self.advance(self.proofs_config.challenge_window)
        self.send(ix.proofs.finalize(report=made.address))
        return made.address

    @property
    def head(self) -> Pubkey:
        """The report at the head."""
        return head_of(self.proofs_config)


class Proposal:
    """A report's content, and the instructions about it.

    Attributes:
        args: the content.
        seq: hours from the start of emission to its end.
        content_hash: `sha256("ionet:report" ‖ borsh(args))`.
        address: the report's account.
    """

    def __init__(
        self,
        world: World,
        hours: int,
        *,
        root: bytes = b"\x01" * 32,
        total: int = 0,
        leaves: int = 1,
        period_end: int | None = None,
        evidence_uri: str = "https://example.org/evidence",
        predecessor: Pubkey | None = None,
        correction: bool = False,
    ) -> None:
        self.seq = hours
        self.args = types.proofs.ReportArgs(
            predecessor=world.head if predecessor is None else predecessor,
            correction=correction,
            root=root,
            total=total,
            period_end=world.mint_config.start + hours * HOUR if period_end is None else period_end,
            leaves=leaves,
            evidence_hash=hashlib.sha256(b"evidence").digest(),
            evidence_uri=evidence_uri.encode().ljust(96, b"\0"),
        )
        self.content_hash = hashlib.sha256(b"ionet:report" + bytes(self.args)).digest()
        self.address = pda.proofs.report(self.seq, self.content_hash)

    def report(self, attester: Pubkey) -> Instruction:
        """Makes the report."""
        return ix.proofs.report(
            attester=attester,
            predecessor=self.args.predecessor,
            seq=self.seq,
            content_hash=self.content_hash,
            args=self.args,
        )

    def approve(self, attester: Pubkey) -> Instruction:
        """Approves it."""
        return ix.proofs.approve(attester=attester, report=self.address)


class Signing:
    """Sends for people whose keys it has.

    Attributes:
        world: what they act in.
    """

    def __init__(self, world: World, people: Iterable[Keypair]) -> None:
        self.world = world
        self._keys = {one.pubkey(): one for one in people}

    def actor(self) -> Keypair:
        """Somebody new, with SOL, for whom `send` and `refused` can sign."""
        pair = self.world.actor()
        self._keys[pair.pubkey()] = pair
        return pair

    def signers(self, *instructions: Instruction) -> list[Keypair]:
        """Whoever has to sign, besides the deployer."""
        needed = {meta.pubkey for one in instructions for meta in one.accounts if meta.is_signer}
        return [self._keys[key] for key in needed if key != self.world.deployer]

    def send(self, *instructions: Instruction) -> Sent[None]:
        """Sends what has to succeed."""
        return self.world.send(*instructions, signers=self.signers(*instructions))

    def refused(self, instruction: Instruction, error: Refusal) -> ProgramError:
        """Sends what has to fail with `error` and change nothing."""
        return self.world.refused(instruction, error, signers=self.signers(instruction))


def _failure(client: Client, signature: str) -> ProgramError:
    try:
        client.transaction(signature)
    except ProgramError as error:
        return error
    raise AssertionError("it succeeded")


def patch(client: Client, address: Pubkey, kind: type[Any], name: str, value: int, *, skip: int = 0) -> None:
    """Writes a u64 into a field of an account, `skip` bytes into it, outside of any transaction."""
    held, offset = client.account(address), kind.OFFSETS[name] + skip
    assert held is not None, f"nothing at {address}"
    data = bytearray(held.data)
    data[offset : offset + 8] = value.to_bytes(8, "little")
    client.network.set_account(address, lamports=held.lamports, data=bytes(data), owner=held.owner)


def make_hireable(client: Client, node: Pubkey) -> None:
    """Gives a node its owner's minimum and a compute proof passed now, outside of any transaction."""
    stake = client.fetch(accounts.staking.Node, node)
    active = max(stake.minimum, stake.own.active)
    patch(client, node, accounts.staking.Node, "own", active)
    write_verdict(client, node)
    # The sum over all nodes follows.
    shard = client.fetch(accounts.staking.StakeShard, shard_of(node))
    summed = shard.active.now + active - stake.own.active
    patch(client, shard_of(node), accounts.staking.StakeShard, "active", summed, skip=8)

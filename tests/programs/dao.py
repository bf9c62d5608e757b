"""A network on which 100,000 IO are staked and the treasury holds something: what tests of governance need.

Amounts are base units throughout: 10^8 of IO, 10^6 of USDC.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import transfer_checked
from spl.token.models import TransferCheckedParams
from tests.programs.people import TOKEN, class_args, fingerprint, node_args
from tests.programs.support import DAY, NOW, Signing, World
from tests.programs.support import PROGRAMS as ALL_PROGRAMS

from ionet import (
    IO,
    SOL,
    USDC,
    Client,
    FeePolicy,
    LocalNetwork,
    Sent,
    TransactionFailed,
    accounts,
    constants,
    ix,
    pda,
    token_account,
    types,
)
from ionet._generated import PROGRAMS
from ionet._generated.governance.types import VoteChoice
from ionet.administration.shards import shard_of, stake_shards
from ionet.chain.ids import SYSTEM_PROGRAM, TOKEN_PROGRAM

#: A thousand IO.
K: Final = 1_000 * TOKEN
FOR, AGAINST, ABSTAIN = VoteChoice.FOR, VoteChoice.AGAINST, VoteChoice.ABSTAIN
#: Stands for SOL where a mint would stand.
NATIVE: Final = Pubkey.default()
TREASURY: Final = pda.governance.TREASURY
IO_MINT: Final = pda.mint.MINT
WEEK: Final = 7 * DAY
VOTING: Final = 5 * DAY
HOLD_UP: Final = 2 * DAY
EXPIRY: Final = 14 * DAY
#: A class whose nodes stake 10,000 to 50,000 IO.
CLASS: Final = 9


_FEES: Final = FeePolicy(compute_limit=1_000_000, price=0)


@dataclass(frozen=True, slots=True)
class House:
    """A node, its owner, and what both sides have staked.

    Attributes:
        name: names the device.
        owner: of the node.
        device_key: signs for the device.
        own: the owner's stake.
        co: each co-staker's, by name.
    """

    name: str
    own: int
    co: Mapping[str, int] = field(default_factory=dict)
    owner: Keypair = field(default_factory=Keypair)
    device_key: Keypair = field(default_factory=Keypair)

    @property
    def key(self) -> Pubkey:
        """The owner's."""
        return self.owner.pubkey()

    @property
    def device(self) -> Pubkey:
        return pda.staking.device(fingerprint(self.name))

    @property
    def node(self) -> Pubkey:
        return pda.staking.node(self.device)

    @property
    def shard(self) -> Pubkey:
        return shard_of(self.node)


@dataclass(frozen=True, slots=True)
class Voters:
    """Everyone with a key, the same in every test. Their stake is 100,000 IO in all."""

    deployer: Keypair = field(default_factory=Keypair)
    slasher: Keypair = field(default_factory=Keypair)
    resolver: Keypair = field(default_factory=Keypair)
    guardian: Keypair = field(default_factory=Keypair)
    attester: Keypair = field(default_factory=Keypair)
    carol: Keypair = field(default_factory=Keypair)
    dave: Keypair = field(default_factory=Keypair)
    usdc: Keypair = field(default_factory=Keypair)
    alpha: House = field(default_factory=lambda: House("alpha", 30 * K, {"carol": 10 * K, "dave": 5 * K}))
    beta: House = field(default_factory=lambda: House("beta", 20 * K, {"carol": 10 * K}))
    gamma: House = field(default_factory=lambda: House("gamma", 25 * K))

    @property
    def houses(self) -> tuple[House, House, House]:
        return self.alpha, self.beta, self.gamma

    def holder(self, name: str) -> Keypair:
        """A co-staker by name."""
        found: Keypair = getattr(self, name)
        return found

    def everyone(self) -> list[Keypair]:
        return [
            *(self.deployer, self.slasher, self.resolver, self.guardian, self.attester),
            *(self.carol, self.dave),
            *(key for one in self.houses for key in (one.owner, one.device_key)),
        ]


class Dao(Signing):
    """Voters, a treasury, and what one does with them. `send` signs for whoever has to.

    The template's clock stands a day into a week at whose start all stake was active.
    """

    def __init__(self, world: World, voters: Voters) -> None:
        super().__init__(world, voters.everyone())
        self.voters = voters
        self.alpha, self.beta, self.gamma = voters.houses
        self.carol, self.dave = voters.carol, voters.dave
        self._nonces = 0

    @classmethod
    def new(cls) -> Dao:
        voters, now, copies = _template()
        network = LocalNetwork(now=now, upgrade_authority=voters.deployer.pubkey())
        for key, found in copies.items():
            network.set_account(key, lamports=found.lamports, data=bytes(found.data), owner=found.owner)
        return cls(_world(voters, network), voters)

    # -- transactions

    def fails(self, instruction: Instruction, says: str) -> None:
        """Sends what has to fail for a reason of the runtime's."""
        with pytest.raises(TransactionFailed, match=says):
            self.send(instruction)

    # -- reads

    def proposal(self, address: Pubkey) -> accounts.governance.Proposal:
        return self.world.client.fetch(accounts.governance.Proposal, address)

    def tally(self, address: Pubkey) -> tuple[int, int, int]:
        found = self.proposal(address)
        return found.in_favour, found.against, found.abstain

    def transaction(self, proposal: Pubkey, index: int) -> accounts.governance.StoredTransaction:
        place = pda.governance.transaction(proposal, index)
        return self.world.client.fetch(accounts.governance.StoredTransaction, place)

    def node_vote(self, proposal: Pubkey, house: House) -> accounts.governance.NodeVote:
        place = pda.governance.node_vote(proposal, house.node)
        return self.world.client.fetch(accounts.governance.NodeVote, place)

    @property
    def config(self) -> accounts.governance.Config:
        return self.world.client.fetch(accounts.governance.Config, pda.governance.CONFIG)

    def poke(self, address: Pubkey, kind: type[Any], name: str, value: bytes) -> None:
        """Writes the bytes of an account's field, outside of any transaction."""
        found, at = self.world.raw(address), kind.OFFSETS[name]
        data = bytearray(found.data)
        data[at : at + len(value)] = value
        self.world.client.network.set_account(
            address, lamports=found.lamports, data=bytes(data), owner=found.owner
        )

    # -- proposals

    def description(self, title: str = "something") -> types.governance.ProposalArgs:
        return types.governance.ProposalArgs(
            title=title.encode().ljust(64, b"\0"),
            uri=b"https://example.org/text".ljust(96, b"\0"),
            text_hash=hashlib.sha256(title.encode()).digest(),
        )

    def proposing(
        self, house: House | None = None, *, stake: Sequence[Pubkey] | None = None, **given: Any
    ) -> Instruction:
        """A draft of a node's owner, who shows his node; default: alpha's."""
        by = house or self.alpha
        self._nonces += 1
        usual: dict[str, Any] = {
            "proposer": by.key,
            "source": token_account(by.key, IO_MINT),
            "nonce": self._nonces,
            "args": self.description(),
            "remaining_accounts": readonly([by.node] if stake is None else stake),
        }
        return ix.governance.propose(**usual | given)

    def draft(self, *transactions: Instruction, by: House | None = None) -> Pubkey:
        """A proposal with these transactions; voting has not begun."""
        house = by or self.alpha
        propose = self.proposing(house)
        proposal = pda.governance.proposal(house.key, self._nonces)
        self.send(propose)
        for index, one in enumerate(transactions):
            self.send(self.adding(proposal, index, one))
        return proposal

    def adding(self, proposal: Pubkey, index: int, transaction: Instruction, **given: Any) -> Instruction:
        return ix.governance.add_transaction(
            proposer=given.pop("proposer", self.proposal(proposal).proposer),
            proposal=proposal,
            index=index,
            args=stored(transaction),
            **given,
        )

    def activating(self, proposal: Pubkey, **given: Any) -> Instruction:
        usual: dict[str, Any] = {
            "proposer": self.proposal(proposal).proposer,
            "proposal": proposal,
            "remaining_accounts": readonly(shards()),
        }
        return ix.governance.activate(**usual | given)

    def open(self, *transactions: Instruction, by: House | None = None) -> Pubkey:
        """A proposal that can be voted on."""
        proposal = self.draft(*transactions, by=by)
        self.send(self.activating(proposal))
        return proposal

    # -- votes

    def open_node(self, proposal: Pubkey, house: House) -> None:
        """Opens a node's part in a vote, if it is not there."""
        if self.world.client.account(pda.governance.node_vote(proposal, house.node)) is None:
            self.send(self.opening(proposal, house))

    def opening(self, proposal: Pubkey, house: House) -> Instruction:
        return ix.governance.open_node_vote(payer=self.world.deployer, proposal=proposal, node=house.node)

    def owner_voting(
        self, proposal: Pubkey, house: House, choice: VoteChoice = FOR, **given: Any
    ) -> Instruction:
        usual: dict[str, Any] = {
            "owner": house.key,
            "proposal": proposal,
            "node": house.node,
            "node_vote": pda.governance.node_vote(proposal, house.node),
            "choice": choice,
            "content_hash": self.proposal(proposal).content_hash,
        }
        return ix.governance.owner_vote(**usual | given)

    def casting(
        self, proposal: Pubkey, house: House, holder: Keypair, choice: VoteChoice = FOR, **given: Any
    ) -> Instruction:
        usual: dict[str, Any] = {
            "holder": holder.pubkey(),
            "proposal": proposal,
            "position": pda.staking.position(house.node, holder.pubkey()),
            "node_vote": pda.governance.node_vote(proposal, house.node),
            "choice": choice,
            "content_hash": self.proposal(proposal).content_hash,
        }
        return ix.governance.cast_vote(**usual | given)

    def changing(
        self, proposal: Pubkey, house: House, holder: Keypair, choice: VoteChoice, **given: Any
    ) -> Instruction:
        position = pda.staking.position(house.node, holder.pubkey())
        usual: dict[str, Any] = {
            "holder": holder.pubkey(),
            "proposal": proposal,
            "vote": pda.governance.vote(proposal, position),
            "choice": choice,
            "content_hash": self.proposal(proposal).content_hash,
        }
        return ix.governance.change_vote(**usual | given)

    def vote(
        self, proposal: Pubkey, house: House, choice: VoteChoice = FOR, *, holder: Keypair | None = None
    ) -> Sent[None]:
        """Votes as a node's owner or as a holder on it, for the first time or again."""
        self.open_node(proposal, house)
        if holder is None:
            return self.send(self.owner_voting(proposal, house, choice))
        position = pda.staking.position(house.node, holder.pubkey())
        if self.world.client.account(pda.governance.vote(proposal, position)) is None:
            return self.send(self.casting(proposal, house, holder, choice))
        return self.send(self.changing(proposal, house, holder, choice))

    def queued(self, *transactions: Instruction, by: House | None = None) -> Pubkey:
        """A proposal for which alpha has voted and whose hold-up has passed."""
        proposal = self.open(*transactions, by=by)
        self.vote(proposal, self.alpha)
        self.world.advance(VOTING)
        self.send(ix.governance.queue(proposal=proposal))
        self.world.advance(HOLD_UP)
        return proposal

    # -- execution

    def executing(
        self, proposal: Pubkey, index: int = 0, *, outflows: Sequence[Pubkey] | None = None, **given: Any
    ) -> Instruction:
        """Executes a transaction, with the outflow accounts of IO, USDC and SOL behind it."""
        found = self.transaction(proposal, index).args
        assets = (IO_MINT, self.world.usdc, NATIVE) if outflows is None else outflows
        behind = [AccountMeta(pda.governance.outflow(asset), False, True) for asset in assets]
        usual: dict[str, Any] = {
            "proposal": proposal,
            "transaction": pda.governance.transaction(proposal, index),
            "callee": found.program_id,
            "remaining_accounts": [
                *(AccountMeta(one.key, False, one.writable) for one in found.accounts),
                *behind,
            ],
        }
        return ix.governance.execute(**usual | given)

    def enact(self, *transactions: Instruction) -> list[Sent[None]]:
        """Has a proposal passed, and executes all of it."""
        proposal = self.queued(*transactions)
        return [self.send(self.executing(proposal, index)) for index in range(len(transactions))]

    def paying(self, mint: Pubkey, to: Pubkey, amount: int) -> Instruction:
        """A payment from the treasury, of IO or USDC."""
        decimals = IO.DECIMALS if mint == IO_MINT else USDC.DECIMALS
        transfer = TransferCheckedParams(
            program_id=TOKEN_PROGRAM_ID,
            source=token_account(TREASURY, mint),
            mint=mint,
            dest=to,
            owner=TREASURY,
            amount=amount,
            decimals=decimals,
        )
        return transfer_checked(transfer)


def stored(transaction: Instruction) -> types.governance.TransactionArgs:
    """An instruction as a proposal stores it; nothing is checked."""
    return types.governance.TransactionArgs(
        program_id=transaction.program_id,
        accounts=tuple(
            types.governance.Meta(key=meta.pubkey, signer=meta.is_signer, writable=meta.is_writable)
            for meta in transaction.accounts
        ),
        data=bytes(transaction.data),
    )


def shards() -> list[Pubkey]:
    """All 16 stake shards, in order."""
    return stake_shards()


def readonly(keys: Sequence[Pubkey]) -> list[AccountMeta]:
    """Accounts that are only read."""
    return [AccountMeta(one, False, False) for one in keys]


def _world(voters: Voters, network: LocalNetwork) -> World:
    client = Client.local(network=network, signer=voters.deployer, funds=SOL(0))
    client.fees = _FEES
    return World(
        client, voters.slasher, voters.resolver, guardian=voters.guardian, _usdc=voters.usdc.pubkey()
    )


@functools.cache
def _template() -> tuple[Voters, int, dict[Pubkey, Any]]:
    """The voters, the time, and every account of the network."""
    voters = Voters()
    network = LocalNetwork(now=NOW, upgrade_authority=voters.deployer.pubkey())
    world = _world(voters, network)
    for one in voters.everyone():
        network.airdrop(one.pubkey(), SOL(1_000).base)
    world.client.cheats.set_mint(voters.usdc.pubkey(), decimals=USDC.DECIMALS, authority=world.deployer)
    for program in ALL_PROGRAMS:
        world.send(world.initialize(program, world.deployer))
    dao = Dao(world, voters)
    _stake(dao)
    for mint in (IO_MINT, world.usdc):
        world.send(ix.governance.open_outflow(payer=world.deployer, asset=mint))
    world.send(ix.governance.open_outflow(payer=world.deployer, asset=NATIVE))
    world.give_io(TREASURY, IO(10_000))
    world.give_usdc(TREASURY, USDC(10_000))
    network.airdrop(TREASURY, SOL(100).base)
    # A day into the first week at whose start everything was active.
    world.advance(WEEK - world.now % WEEK + DAY)
    owners = {SYSTEM_PROGRAM, TOKEN_PROGRAM, *map(Pubkey.from_string, PROGRAMS)}
    touched = {*map(Pubkey.from_string, network._by_address), world.usdc}
    found = {key: network.account(key) for key in touched}
    copies = {key: one for key, one in found.items() if one is not None and one.owner in owners}
    return voters, world.now, copies


def _stake(dao: Dao) -> None:
    world, voters, authority = dao.world, dao.voters, dao.world.deployer
    seats = [types.proofs.Seat(voters.attester.pubkey(), 1)]
    world.send(ix.proofs.set_attesters(authority=authority, seats=seats, threshold=1))
    for index in range(constants.staking.STAKE_SHARDS):
        world.send(ix.staking.open_shard(payer=authority, index=index))
    args = class_args(base_minimum=10_000 * TOKEN)
    world.send(ix.staking.create_class(authority=authority, id=CLASS, args=args))
    for one in (voters.carol.pubkey(), voters.dave.pubkey(), *(house.key for house in voters.houses)):
        world.give_io(one, IO(100_000))
    world.io_account(world.deployer)
    for house in voters.houses:
        _open(dao, house)
    world.advance(2 * WEEK)
    for house in voters.houses:
        for name in house.co:
            position = pda.staking.position(house.node, voters.holder(name).pubkey())
            # As if all hours until now had been credited.
            world.patch(house.node, accounts.staking.Node, "credited_through", world.now)
            dao.send(ix.staking.activate(node=house.node, position=position, shard=house.shard))


def _open(dao: Dao, house: House) -> None:
    class_ = pda.staking.class_(CLASS)
    dao.send(
        ix.staking.register_device(
            owner=house.key,
            device_key=house.device_key.pubkey(),
            attester=dao.voters.attester.pubkey(),
            class_=class_,
            fingerprint=fingerprint(house.name),
        )
    )
    dao.send(ix.staking.register_node(owner=house.key, class_=class_, device=house.device, args=node_args()))
    purse = token_account(house.key, IO_MINT)
    dao.send(
        ix.staking.owner_stake(
            owner=house.key, class_=class_, node=house.node, source=purse, amount=house.own
        ),
        ix.staking.owner_activate(node=house.node, shard=house.shard),
    )
    for name, amount in house.co.items():
        holder = dao.voters.holder(name).pubkey()
        purse = token_account(holder, IO_MINT)
        dao.send(
            ix.staking.open_position(holder=holder, node=house.node),
            ix.staking.stake(holder=holder, class_=class_, node=house.node, source=purse, amount=amount),
        )

"""A market for random walks: prepared once, put back to its beginning for each walk.

Three owners supply nodes of two classes; four more people, and two of the owners, stake on others' nodes.
Three attesters have seats of weight 2, 1 and 1, of which 3 decide.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final, TypeVar

from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.model.emission import Mint
from tests.model.reports import Reports
from tests.model.staking import Device, HardwareClass, Node, Staking
from tests.programs.market import CLASS, IO_MINT, OTHER_CLASS, Market, prepared
from tests.programs.people import COMMISSION_BPS, TOKEN, People, Supplier, class_args, node_args
from tests.programs.support import HOUR, NOW

from ionet import IO, SOL, Sent, TransactionFailed, accounts, ix, pda, token_account, types
from ionet.administration.shards import stake_shards
from ionet.chain.schema import Account

T = TypeVar("T", bound=Account)
BEGIN: Final = NOW + HOUR
WEIGHTS: Final = (2, 1, 1)
THRESHOLD: Final = 3
HOLDERS: Final = ("carol", "dave", "frank", "grace", "alice", "bob")
#: Of the classes: 200 IO of a processor at 1, and at 2.5.
CLASSES: Final = {CLASS: (10_000, 5), OTHER_CLASS: (25_000, 3)}
_SYSVARS: Final = Pubkey.from_string("Sysvar1111111111111111111111111111111111111")
FEE_VAULT: Final = pda.buyback.vault(IO_MINT, 0)


@dataclass(slots=True)
class Arena:
    """The programs, and everybody in the market by name.

    Attributes:
        nodes: suppliers by the name of the owner, which is their node's too.
        seconds: further processors of theirs, on no node.
        people: owners and co-stakers.
        attesters: by seat.
    """

    market: Market
    nodes: dict[str, Supplier]
    people: dict[str, Keypair]
    attesters: tuple[Keypair, ...]
    seconds: dict[str, Supplier]
    _beginning: dict[str, Any] = field(default_factory=dict)
    #: The transactions before the beginning, and its time.
    history: tuple[Any, ...] = ()
    began: int = BEGIN

    # -- the beginning

    def reset(self) -> None:
        """Puts every account back to what it was when the market was prepared, and the clock."""
        network = self.market.world.client.network
        for address in tuple(network._by_address):
            found = self._beginning.get(address)
            if found is None:
                if not self._is_the_runtimes(address):
                    network.set_account(Pubkey.from_string(address), lamports=0)
            else:
                network.set_account(
                    Pubkey.from_string(address),
                    lamports=found.lamports,
                    data=bytes(found.data),
                    owner=found.owner,
                    executable=found.executable,
                )
        self._forget(network)
        network._move(1, self.began)

    def _is_the_runtimes(self, address: str) -> bool:
        """A program or sysvar that was first used since the beginning."""
        found = self.market.world.client.network.account(Pubkey.from_string(address))
        return found is not None and (found.executable or found.owner == _SYSVARS)

    def keep(self) -> None:
        """Makes the present the beginning."""
        network = self.market.world.client.network
        self.history, self.began = tuple(network._history.values()), self.now
        touched = set(network._by_address)
        self._beginning = {one: network.account(Pubkey.from_string(one)) for one in touched}
        self._forget(network)

    def touch(self, address: Pubkey) -> None:
        """Says that an account is changed outside of any transaction, so that `reset` puts it back."""
        # A look is enough: the network's index makes an entry of its own.
        self.market.world.client.network._by_address[str(address)]

    def _forget(self, network: Any) -> None:
        network._history.clear()
        network._by_address.clear()

    # -- transactions

    @property
    def now(self) -> int:
        return self.market.world.now

    def send(self, *instructions: Instruction) -> Sent[None] | TransactionFailed:
        """Sends without a simulation, so that also what fails lands."""
        world = self.market.world
        call = world.call(*instructions, signers=self.market.signers(*instructions))
        record = world.client.network.submit(world._signed(call))
        assert hasattr(record, "signature"), f"it did not land: {record}"
        try:
            return world.client.transaction(record.signature)
        except TransactionFailed as error:
            return error

    def staking(self, name: str, node: str, by: str | None = None, /, **given: Any) -> Instruction:
        """An instruction about a node, signed by a person."""
        signer = None if by is None else self.people[by]
        if "class_" in inspect.signature(getattr(ix.staking, name)).parameters:
            given.setdefault("class_", pda.staking.class_(self.kind(node)))
        return self.market.staking(name, of=self.nodes[node], by=signer, **given)

    def kind(self, node: str) -> int:
        """Its class."""
        return OTHER_CLASS if node == "bob" else CLASS

    def processor(self, name: str) -> Supplier:
        """The first one of the node of this name, or an owner's second."""
        return self.nodes[name] if name in self.nodes else self.seconds[name.split(maxsplit=1)[0]]

    def side(self, name: str, node: str, who: str, **given: Any) -> Instruction:
        """One of the pairs of instructions: of the owner, or of a co-staker."""
        if who == node:
            return self.staking(f"owner_{name}", node, who, **given)
        return self.staking(name, node, who, **given)

    def other_shards(self, node: str) -> tuple[AccountMeta, ...]:
        own = self.nodes[node].shard
        return tuple(AccountMeta(one, False, False) for one in stake_shards() if one != own)

    def stake_elsewhere(self, amount: int) -> None:
        """Active stake in a shard that none of the nodes has."""
        network, address = self.market.world.client.network, pda.staking.shard(1)
        found, at = self.market.world.raw(address), accounts.staking.StakeShard.OFFSETS["active"] + 8
        data = bytearray(found.data)
        data[at : at + 8] = amount.to_bytes(8, "little")
        self.touch(address)
        network.set_account(address, lamports=found.lamports, data=bytes(data), owner=found.owner)

    # -- what there is

    def data(self, address: Pubkey) -> bytes:
        """An account's content; empty where there is none."""
        found = self.market.world.client.network.account(address)
        return b"" if found is None else bytes(found.data)

    def node(self, name: str) -> accounts.staking.Node:
        return decoded(accounts.staking.Node, self.data(self.nodes[name].node))

    def position(self, node: str, holder: str) -> accounts.staking.Position:
        address = _position(self.nodes[node].node, self.people[holder].pubkey())
        return decoded(accounts.staking.Position, self.data(address))

    def shard(self, address: Pubkey) -> accounts.staking.StakeShard:
        return decoded(accounts.staking.StakeShard, self.data(address))

    @property
    def minted(self) -> accounts.mint.Config:
        return decoded(accounts.mint.Config, self.data(pda.mint.CONFIG))

    @property
    def proofs(self) -> accounts.proofs.Config:
        return decoded(accounts.proofs.Config, self.data(pda.proofs.CONFIG))

    @property
    def ledger(self) -> accounts.staking.EmissionLedger:
        """What was credited to all nodes."""
        return decoded(accounts.staking.EmissionLedger, self.data(pda.staking.EMISSION_LEDGER))

    @property
    def config(self) -> accounts.staking.Config:
        """Of the staking program."""
        return decoded(accounts.staking.Config, self.data(pda.staking.CONFIG))

    def report(self, address: Pubkey) -> accounts.proofs.Report:
        return decoded(accounts.proofs.Report, self.data(address))

    @property
    def supply(self) -> int:
        """Of IO."""
        return int.from_bytes(self.data(IO_MINT)[36:44], "little")

    def purse(self, who: str) -> int:
        return self.balance(wallet(self.people[who].pubkey()))

    def balance(self, address: Pubkey) -> int:
        """Of a token account; 0 where there is none."""
        return int.from_bytes(self.data(address)[64:72], "little")

    # -- the model of it

    def model(self) -> tuple[Mint, Staking, Reports]:
        """The same market in the model, at the beginning."""
        config = self.market.world.mint_config
        mint = Mint(config.start, genesis=config.genesis)
        stakes = Staking({who: self.purse(who) for who in self.people})
        for name, supplier in self.nodes.items():
            bps, times = CLASSES[self.kind(name)]
            bounds = HardwareClass(200 * TOKEN, Fraction(bps, 10_000), times)
            stakes.nodes[name] = Node(name, bounds, COMMISSION_BPS)
            # Nothing is credited of the time before.
            stakes.nodes[name].credited_through = self.market.node(supplier).registered_at
            stakes.devices[name] = Device(name, name, first=True)
            stakes.devices[f"{name} second"] = Device(name)
        alice = stakes.nodes["alice"]
        alice.own.active = 500 * TOKEN
        alice.own_history.set(NOW, 500 * TOKEN)
        return mint, stakes, Reports(mint, stakes, WEIGHTS, THRESHOLD)


@functools.cache
def arena() -> Arena:
    """The one arena of stake and reports of this process."""
    made = built()
    made.keep()
    return made


def built() -> Arena:
    """A new arena, whose beginning is not kept yet."""
    market = prepared(
        People(
            deployer=_key("deployer"),
            slasher=_key("slasher"),
            resolver=_key("resolver"),
            attesters=(_key("attester 0"), _key("attester 1")),
            alice=Supplier(_key("alice"), _key("alice's device"), "alice"),
            bob=Supplier(_key("bob"), _key("bob's device"), "bob"),
            carol=_key("carol"),
            dave=_key("dave"),
            renter=_key("renter"),
            usdc=_key("usdc"),
        )
    )
    world = market.world
    world.advance(HOUR)
    for mint in (IO_MINT, market.usdc):
        market.set_price(mint)
    # Of this name, so that it shares a shard with alice's.
    erin = Supplier(_actor(market, "erin"), _actor(market, "erin's device"), "erin 3")
    nodes = {"alice": market.alice, "bob": market.bob, "erin": erin}
    people = {name: one.owner for name, one in nodes.items()}
    people |= {"carol": market.carol, "dave": market.dave}
    people |= {"frank": _actor(market, "frank"), "grace": _actor(market, "grace")}
    attesters = (*market.attesters, _actor(market, "attester 2"))
    seats = [types.proofs.Seat(one.pubkey(), weight) for one, weight in zip(attesters, WEIGHTS, strict=True)]
    world.send(ix.proofs.set_attesters(authority=world.deployer, seats=seats, threshold=THRESHOLD))
    for kind, (bps, times) in CLASSES.items():
        args = class_args(multiplier_bps=bps, maximum=times)
        world.send(ix.staking.set_class(authority=world.deployer, id=kind, args=args))
    for name, kind in (("bob", OTHER_CLASS), ("erin", CLASS)):
        of = nodes[name]
        call = market.register_device(of, class_=pda.staking.class_(kind))
        world.send(call, signers=market.signers(call))
        call = market.register_node(of, class_=pda.staking.class_(kind), args=node_args())
        world.send(call, signers=market.signers(call))
        closed = market.offer_args(open=False)
        world.send(market.offering(of, closed), signers=[of.owner])
    seconds = {}
    for name, supplier in nodes.items():
        one = Supplier(supplier.owner, _actor(market, f"{name}'s second device"), f"{supplier.name} second")
        call = market.register_device(one, class_=pda.staking.class_(OTHER_CLASS if name == "bob" else CLASS))
        world.send(call, signers=market.signers(call))
        seconds[name] = one
    for who in people.values():
        world.give_io(who.pubkey(), IO(2_000))
    world.io_account(world.deployer)
    return Arena(market, nodes, people, attesters, seconds)


def _key(name: str) -> Keypair:
    """The same in every process, so that a walk that fails can be walked again."""
    return Keypair.from_seed(hashlib.sha256(b"arena: " + name.encode()).digest())


def _actor(market: Market, name: str) -> Keypair:
    pair = _key(name)
    market.world.client.airdrop(pair.pubkey(), SOL(10))
    market._keys[pair.pubkey()] = pair
    return pair


@functools.cache
def wallet(key: Pubkey) -> Pubkey:
    """Somebody's token account for IO."""
    return token_account(key, IO_MINT)


_position = functools.cache(pda.staking.position)


def decoded(kind: type[T], data: bytes) -> T:
    """Most accounts are as they were a step ago."""
    found = _seen.get(data)
    if not isinstance(found, kind):
        if len(_seen) > 10_000:
            _seen.clear()
        found = _seen[data] = kind.decode(data)
    return found


_seen: dict[bytes, Account] = {}

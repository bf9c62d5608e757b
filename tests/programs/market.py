"""A market on top of a `World`: classes, attesters, a supplier, co-stakers, a renter, currencies and prices.

Amounts are base units throughout: 10^8 of IO, 10^6 of USDC and of US dollars.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.programs.people import TOKEN, People, Published, Supplier, attestation, class_args, node_args
from tests.programs.support import HOUR, NOW, Signing, World
from tests.programs.support import PROGRAMS as INITIALISED

from ionet import (
    IO,
    SOL,
    USDC,
    Client,
    FeePolicy,
    LocalNetwork,
    Sent,
    accounts,
    constants,
    events,
    ix,
    pda,
    price_feed,
    token_account,
    types,
)
from ionet._generated import PROGRAMS
from ionet.chain.ids import PYTH_RECEIVER, SYSTEM_PROGRAM, TOKEN_PROGRAM
from ionet.localnet.verdicts import write_verdict
from ionet.rewards import Leaves, Report, Verdict, build_report
from ionet.rewards._leaves import pack

#: One US dollar or USDC.
DOLLAR: Final = 10**6
IO_FEED: Final = b"IO/USD".ljust(32, b"\0")
USDC_FEED: Final = b"USDC/USD".ljust(32, b"\0")
#: IO is at 2.00 USD, give or take 2 cents: a renter pays at 1.98.
PRICE: Final = 200_000_000
CONFIDENCE: Final = 2_000_000
#: Two dollars per processor and hour.
RATE: Final = 2 * DOLLAR
TWO_HOURS: Final = 2 * HOUR
#: A class whose nodes stake 200 to 1,000 IO, and another one.
CLASS: Final = 1
OTHER_CLASS: Final = 2
EVIDENCE: Final = hashlib.sha256(b"evidence").digest()
MANIFEST: Final = hashlib.sha256(b"manifest").digest()
ANYTHING: Final = 2**64 - 1
IO_MINT: Final = pda.mint.MINT
#: A node's state when its co-stakers bore a loss; see io_common::abi::NodeState.
TERMINAL: Final = 2

_FEES: Final = FeePolicy(compute_limit=400_000, price=0)


class Market(Signing):
    """A world with a market: alice supplies a node, carol and dave may co-stake, the renter may rent.

    `send` signs for whoever has to, and checks afterwards that every vault, escrow and shard holds what the
    accounts say.

    Attributes:
        gifts: base units that were sent to a vault or an escrow without an instruction of the programs.
    """

    def __init__(self, world: World, people: People) -> None:
        super().__init__(world, people.everyone())
        self.people = people
        self.alice, self.bob = people.alice, people.bob
        self.carol, self.dave, self.renter = people.carol, people.dave, people.renter
        self.attesters = people.attesters
        self.gifts: dict[Pubkey, int] = {}
        self._suppliers = [people.alice]
        self._jobs: list[Pubkey] = []

    @classmethod
    def new(cls) -> Market:
        """A market in which alice's node has had 500 IO of active stake and an offer for an hour.

        Setting one up takes many transactions, so it is done once and copied account by account.
        """
        people, copies = _template()
        network = LocalNetwork(now=NOW + HOUR, upgrade_authority=people.deployer.pubkey())
        for key, found in copies.items():
            network.set_account(key, lamports=found.lamports, data=bytes(found.data), owner=found.owner)
        market = cls(_world(people, network), people)
        for mint in (IO_MINT, market.usdc):
            market.set_price(mint)
        return market

    @classmethod
    def whole(cls) -> Market:
        """The same with its past, from the first transaction on: what events are replayed from."""
        market = prepared(People())
        market.world.advance(HOUR)
        return market

    # -- transactions

    def send(self, *instructions: Instruction) -> Sent[None]:
        """Sends what has to succeed, and checks the books."""
        sent = super().send(*instructions)
        self.check()
        return sent

    # -- books

    def check(self) -> None:
        """Compares every vault, escrow and shard with what the accounts say."""
        shards: dict[Pubkey, int] = {}
        for supplier in self._suppliers:
            node = self.node(supplier)
            own, co = node.own, node.co
            cooling = sum(slot.amount for slot in own.cooling.slots)
            said = own.active + own.pending + cooling + own.due + co.tokens + co.owed
            said += node.former.amount + node.set_apart
            held = self.world.balance(supplier.vault) - self.gifts.get(supplier.vault, 0)
            assert held == said, f"{supplier.name}'s vault holds {held}, the node says {said}"
            self._check_positions(supplier, co)
            self._check_weights(node)
            # Stake neither votes nor counts while the node is not live.
            counted = 0 if node.state else own.active + co.active
            assert node.own_snapshot.now + node.co_snapshot.now == counted
            shards[supplier.shard] = shards.get(supplier.shard, 0) + counted
        for address, active in shards.items():
            shard = self.world.client.fetch(accounts.staking.StakeShard, address)
            assert shard.active.now == active, f"a shard says {shard.active.now}, its nodes {active}"
        for job in self._jobs:
            if self.world.client.account(job) is not None:
                self._check_job(job)

    def _check_positions(self, supplier: Supplier, co: types.staking.CoSide) -> None:
        found = [
            self.position(one, supplier)
            for one in (self.carol, self.dave)
            if self.has_position(one, supplier)
        ]
        cooling = sum(slot.amount for one in found for slot in one.cooling.slots)
        active, pending = sum(one.active for one in found), sum(one.pending for one in found)
        assert (active, pending, active + pending + cooling) == (co.active, co.pending, co.shares)
        assert sum(one.due for one in found) <= co.owed
        late = sum(slot.weight for one in found for slot in one.cooling.slots)
        assert late == sum(one.late for one in found) == co.late

    def _check_weights(self, node: accounts.staking.Node) -> None:
        own = node.own
        assert own.late == own.lost + sum(slot.weight for slot in own.cooling.slots)

    def _check_job(self, address: Pubkey) -> None:
        job = self.job(address)
        said = job.price + job.fee - job.paid_supplier - job.paid_fees - job.paid_refund
        held = self.world.balance(job.escrow) - self.gifts.get(job.escrow, 0)
        assert held == said, f"the escrow holds {held}, the job says {said}"

    def gift(self, address: Pubkey, amount: int) -> None:
        """Sends IO to a token account that expects none."""
        purse = self.world.give_io(self.world.deployer, IO.from_base(amount))
        self.world.pay_io(purse, address, amount)
        self.gifts[address] = self.gifts.get(address, 0) + amount

    # -- reads

    def node(self, supplier: Supplier | None = None) -> accounts.staking.Node:
        return self.world.client.fetch(accounts.staking.Node, (supplier or self.alice).node)

    def position(self, holder: Keypair, supplier: Supplier | None = None) -> accounts.staking.Position:
        address = pda.staking.position((supplier or self.alice).node, holder.pubkey())
        return self.world.client.fetch(accounts.staking.Position, address)

    def has_position(self, holder: Keypair, supplier: Supplier) -> bool:
        address = pda.staking.position(supplier.node, holder.pubkey())
        return self.world.client.account(address) is not None

    def job(self, address: Pubkey) -> accounts.jobs.Job:
        return self.world.client.fetch(accounts.jobs.Job, address)

    def offer(self, supplier: Supplier | None = None) -> accounts.jobs.Offer:
        return self.world.client.fetch(accounts.jobs.Offer, (supplier or self.alice).offer)

    @property
    def ledger(self) -> accounts.staking.EmissionLedger:
        return self.world.client.fetch(accounts.staking.EmissionLedger, pda.staking.EMISSION_LEDGER)

    def purse(self, owner: Keypair, mint: Pubkey = IO_MINT) -> int:
        """Base units in somebody's associated token account."""
        return self.world.balance(token_account(owner.pubkey(), mint))

    def poke(self, address: Pubkey, kind: type[Any], name: str, value: bytes) -> None:
        """Writes the bytes of an account's field, outside of any transaction."""
        found, at = self.world.raw(address), kind.OFFSETS[name]
        data = bytearray(found.data)
        data[at : at + len(value)] = value
        self.world.client.network.set_account(
            address, lamports=found.lamports, data=bytes(data), owner=found.owner
        )

    # -- staking

    def staking(
        self, name: str, *, of: Supplier | None = None, by: Keypair | None = None, **given: Any
    ) -> Instruction:
        """An instruction of the staking program about a supplier's node.

        Args:
            name: the instruction.
            of: default: alice.
            by: who signs; default: carol as a holder, else the node's owner.
            given: replaces what the instruction usually has.
        """
        supplier = of or self.alice
        build = getattr(ix.staking, name)
        is_carols = "holder" in inspect.signature(build).parameters or name == "activate"
        who = (by or (self.carol if is_carols else supplier.owner)).pubkey()
        wallet = token_account(who, IO_MINT)
        usual = {
            "owner": who,
            "holder": who,
            "authority": who,
            "device": supplier.device,
            "device_key": supplier.device_key.pubkey(),
            "attester": self.attesters[0].pubkey(),
            "slasher": self.people.slasher.pubkey(),
            "resolver": self.people.resolver.pubkey(),
            "proposer": self.people.slasher.pubkey(),
            "emission_vault": pda.mint.EMISSION_VAULT,
            "args": node_args(),
            "class_": pda.staking.class_(CLASS),
            "node": supplier.node,
            "offer": supplier.offer,
            "shard": supplier.shard,
            "first": None,
            "fraud": False,
            "source": wallet,
            "destination": wallet,
        }
        if name == "activate":
            usual["position"] = pda.staking.position(supplier.node, who)
        return _build(build, usual, given)

    def register_device(self, supplier: Supplier, **given: Any) -> Instruction:
        usual = {
            "owner": supplier.key,
            "device_key": supplier.device_key.pubkey(),
            "attester": self.attesters[0].pubkey(),
            "class_": pda.staking.class_(CLASS),
            "fingerprint": supplier.fingerprint,
        }
        return _build(ix.staking.register_device, usual, given)

    def register_node(self, supplier: Supplier, **given: Any) -> Instruction:
        usual = {
            "owner": supplier.key,
            "class_": pda.staking.class_(CLASS),
            "device": supplier.device,
            "args": node_args(),
        }
        return _build(ix.staking.register_node, usual, given)

    def watch(self, supplier: Supplier) -> None:
        """Has `check` look at a supplier's node too."""
        if supplier not in self._suppliers:
            self._suppliers.append(supplier)

    def join(self, supplier: Supplier, stake: int) -> None:
        """Registers a supplier's device and node, stakes, and offers the node as alice's."""
        self.world.send(self.register_device(supplier), signers=self.signers(self.register_device(supplier)))
        self.world.send(self.register_node(supplier), signers=[supplier.owner])
        self.watch(supplier)
        self.send(
            self.staking("owner_stake", of=supplier, amount=stake),
            self.staking("owner_activate", of=supplier),
        )
        self.send(self.offering(supplier))

    def co_stake(self, holder: Keypair, amount: int, *, of: Supplier | None = None) -> None:
        """Opens a position where there is none, and stakes."""
        supplier = of or self.alice
        if not self.has_position(holder, supplier):
            self.send(self.staking("open_position", of=supplier, by=holder))
        self.send(self.staking("stake", of=supplier, by=holder, amount=amount))

    def activate_all(self, *holders: Keypair) -> None:
        """Lets two weeks pass and be credited, and makes everything that the holders have pending active."""
        self.world.advance(14 * 24 * HOUR)
        self.credited_until_now()
        for holder in holders:
            self.send(self.staking("activate", by=holder))

    def credited_until_now(self, *, of: Supplier | None = None) -> None:
        """Has a node's hours credited until now, without a report and without any reward."""
        self.world.patch((of or self.alice).node, accounts.staking.Node, "credited_through", self.world.now)

    def settling(self, *holders: Keypair, of: Supplier | None = None) -> Instruction:
        """Settles the owner's side of a node, and positions on it."""
        node = (of or self.alice).node
        positions = [AccountMeta(pda.staking.position(node, one.pubkey()), False, True) for one in holders]
        return self.staking("settle_changes", of=of, remaining_accounts=positions)

    def unbounded(self, *, of: Supplier | None = None) -> None:
        """Lifts the bound of an hour's reward from a node, for rewards that are easy to read."""
        node = (of or self.alice).node
        self.world.patch(node, accounts.staking.Node, "highest", 2**63)
        self.world.patch(node, accounts.staking.Node, "highest_at", 2**62)

    # -- reports

    def publish(
        self,
        lifetimes: Mapping[Pubkey, int],
        *,
        total: int | None = None,
        through: int | None = None,
        emit: bool = True,
        wait: bool = True,
    ) -> Published:
        """Lets an hour pass, emits, and makes a report that is final a day later; then waits until it is
        creditable.

        Args:
            lifetimes: by node.
            total: that the report states; default: the sum.
            through: of the leaves; default: the end of the report's period.
            emit: mint what was emitted until then.
            wait: until its leaves are creditable.
        """
        world = self.world
        world.advance(HOUR)
        if emit:
            world.send(ix.mint.emit())
        report = self.rewards(lifetimes, through=through)
        stated = report.total if total is None else total
        address = world.final_report(self.attesters, root=report.root, total=stated, leaves=len(lifetimes))
        if wait:
            world.advance(max(0, world.report(address).creditable_from - world.now))
        return Published(address, report)

    def rewards(
        self,
        lifetimes: Mapping[Pubkey, int],
        *,
        through: int | None = None,
        verdicts: Mapping[Pubkey, Verdict] | None = None,
    ) -> Report:
        """The leaves of the latest whole hour; `through`, by default, is its end. Nodes pass, by default."""
        start = self.world.mint_config.start
        end = start + (self.world.now - start) // HOUR * HOUR
        nodes = sorted(lifetimes, key=bytes)
        passed = Verdict(end, 9_800, types.staking.ProofReason.PASSED, True, b"\x03" * 32)
        words = [pack((verdicts or {}).get(one, passed)) for one in nodes]
        leaves = Leaves(
            nodes=np.frombuffer(b"".join(map(bytes, nodes)), np.uint8).reshape(-1, 32),
            lifetime=np.array([lifetimes[one] for one in nodes], np.uint64),
            through=np.full(len(nodes), end if through is None else through, np.int64),
            verdicts=np.frombuffer(b"".join(words), np.uint8).reshape(len(nodes), -1),
        )
        return build_report(leaves, end, bytes(32))

    def credit(
        self,
        published: Published,
        *,
        of: Supplier | None = None,
        previous: Pubkey | None = None,
        **given: Any,
    ) -> Instruction:
        """Credits a supplier's node with its leaf; `previous`: shows the report at its previous height."""
        node = (of or self.alice).node
        usual: dict[str, Any] = {
            "emission_vault": pda.mint.EMISSION_VAULT,
            "report": published.address,
            "node": node,
        }
        if "leaf" not in given:
            usual["leaf"] = published.leaf(node)
        if previous is not None:
            further = given.get("remaining_accounts", ())
            given["remaining_accounts"] = [AccountMeta(previous, False, False), *further]
        return _build(ix.staking.credit_node, usual, given)

    # -- jobs

    @property
    def usdc(self) -> Pubkey:
        return self.world.usdc

    def offer_args(self, **changes: Any) -> types.jobs.OfferArgs:
        """Two dollars an hour for 1 to 24 hours, in IO or USDC, paid out as paid in."""
        usual: dict[str, Any] = {
            "rate": RATE,
            "min_seconds": HOUR,
            "max_seconds": 24 * HOUR,
            "open": True,
            "payout": 1,
            "currencies": (IO_MINT, self.usdc, Pubkey.default(), Pubkey.default()),
        }
        return types.jobs.OfferArgs(**usual | changes)

    def offering(
        self, supplier: Supplier, args: types.jobs.OfferArgs | None = None, **given: Any
    ) -> Instruction:
        usual = {"owner": supplier.key, "node": supplier.node, "args": args or self.offer_args()}
        return _build(ix.jobs.offer, usual, given)

    def set_offer(self, **changes: Any) -> None:
        """Changes alice's offer."""
        self.send(
            ix.jobs.set_offer(owner=self.alice.key, node=self.alice.node, args=self.offer_args(**changes))
        )

    def set_price(self, mint: Pubkey = IO_MINT, price: int | None = None, **more: Any) -> Pubkey:
        """Writes a currency's price account as of now: IO at 2.00 ± 0.02 USD, USDC at 1.00 USD."""
        io = mint == IO_MINT
        usual: dict[str, Any] = {"confidence": CONFIDENCE if io else 0}
        default = PRICE if io else 10**8
        return self.world.client.cheats.set_price(
            IO_FEED if io else USDC_FEED, default if price is None else price, **usual | more
        )

    def currency_args(self, mint: Pubkey = IO_MINT, **changes: Any) -> types.jobs.CurrencyArgs:
        """IO by its feed and without a payment fee; USDC at par, with 2 %."""
        io = mint == IO_MINT
        feed = IO_FEED if io else USDC_FEED
        usual: dict[str, Any] = {
            "pricing": 0 if io else 1,
            "enabled": True,
            "payment_bps": 0 if io else 200,
            "feed_id": feed,
            "price_account": price_feed(feed),
        }
        return types.jobs.CurrencyArgs(**usual | changes)

    def class_of(self, supplier: Supplier) -> int:
        """Number of a supplier's hardware class."""
        there = self.world.client.account(supplier.node) is not None
        return self.node(supplier).class_ if there else CLASS

    def prove(self, supplier: Supplier | None = None, *, passed: bool = True, at: int | None = None) -> None:
        """Writes a verdict into a supplier's node, as of now or of `at`."""
        node, when = (supplier or self.alice).node, self.world.now if at is None else at
        if self.world.client.account(node) is not None:
            write_verdict(self.world.client, node, passed=passed, at=when)

    def set_head_end(self, end: int) -> None:
        """Writes when the hour of the report at the head ended."""
        self.poke(pda.proofs.CONFIG, accounts.proofs.Config, "head_period_end", end.to_bytes(8, "little"))

    def booking(
        self,
        seconds: int = TWO_HOURS,
        *,
        of: Supplier | None = None,
        mint: Pubkey = IO_MINT,
        by: Keypair | None = None,
        nonce: int | None = None,
        max_deposit: int = ANYTHING,
        **given: Any,
    ) -> Instruction:
        """Books a supplier's node for the renter, who pays; it has just passed its compute proof."""
        supplier, who = of or self.alice, (by or self.renter).pubkey()
        self.prove(supplier)
        payer = given.get("payer", who)
        args = types.jobs.BookArgs(
            nonce=self.offer(supplier).nonce + 1 if nonce is None else nonce,
            seconds=seconds,
            max_deposit=max_deposit,
            manifest_hash=MANIFEST,
        )
        paid_in = mint if self.offer(supplier).payout else IO_MINT
        usual = {
            "payer": payer,
            "renter": who,
            "refund_to": payer,
            "payout_currency": pda.jobs.currency(paid_in),
            "node": supplier.node,
            "class_": pda.staking.class_(self.class_of(supplier)),
            "proofs_config": pda.proofs.CONFIG,
            "offer": supplier.offer,
            "price": price_feed(IO_FEED if mint == IO_MINT else USDC_FEED),
            "mint": mint,
            "source": token_account(payer, mint),
            "args": args,
        }
        return _build(ix.jobs.book, usual, given)

    def book(
        self, seconds: int = TWO_HOURS, *, mint: Pubkey = IO_MINT, of: Supplier | None = None, **more: Any
    ) -> Pubkey:
        """Books at the usual price as of now; returns the job's address."""
        self.set_price(mint)
        job = pda.jobs.job((of or self.alice).offer, more.get("nonce") or self.offer(of).nonce + 1)
        self._jobs.append(job)
        self.send(self.booking(seconds, mint=mint, of=of, **more))
        return job

    def jobs(self, name: str, job: Pubkey, **given: Any) -> Instruction:
        """An instruction of the jobs program about a job; `given` replaces what it usually has."""
        found = self.job(job)
        exchanged = found.payout_vault != Pubkey.default()
        recipients = {
            "settle": found.payout_vault if exchanged else token_account(found.supplier, found.mint),
            "refund": token_account(found.refund_to, found.mint),
            "collect_fees": found.fee_vault,
        }
        needed = found.cluster != Pubkey.default() and (found.state == 0 or name in ("extend", "lose"))
        usual = {
            "job": job,
            "offer": found.offer,
            "node": found.node,
            "escrow": found.escrow,
            "fee_vault": found.fee_vault,
            "destination": recipients.get(name),
            "rent_payer": found.rent_payer,
            "party": found.renter,
            "operator": found.supplier,
            "attester": self.attesters[0].pubkey(),
            "cluster": found.cluster if needed else None,
            "payer": found.renter,
            "currency": pda.jobs.currency(found.mint),
            "price": price_feed(IO_FEED if found.mint == IO_MINT else USDC_FEED),
            "mint": found.mint,
            "max_deposit": ANYTHING,
            "max_bond": ANYTHING,
            "evidence_hash": EVIDENCE,
            "resolver": self.people.resolver.pubkey(),
        }
        payer = given.get("payer") or given.get("party") or found.renter
        usual["source"] = token_account(payer, found.mint)
        if name == "resolve":
            usual["dispute"] = pda.jobs.dispute(job, found.renter)
        return _build(getattr(ix.jobs, name), usual, given)

    def extend(self, job: Pubkey, seconds: int, **more: Any) -> Sent[None]:
        """Books more time at the usual price as of now."""
        self.set_price(self.job(job).mint)
        return self.send(self.jobs("extend", job, seconds=seconds, **more))

    def cluster(self, size: int = 2, *, number: int = 1) -> Pubkey:
        """A new cluster of the renter's."""
        renter, chosen = self.renter.pubkey(), number.to_bytes(32, "little")
        self.send(ix.jobs.open_cluster(renter=renter, id=chosen, size=size))
        return pda.jobs.cluster(renter, chosen)

    def dispute(self, job: Pubkey, by: Keypair | None = None, **more: Any) -> Pubkey:
        """Disputes a job; returns the dispute's address."""
        party = (by or self.renter).pubkey()
        self.send(self.jobs("dispute", job, party=party, **more))
        return pda.jobs.dispute(job, party)

    def closing(self, dispute: Pubkey, **given: Any) -> Instruction:
        """Closes a dispute, whose bond goes where it belongs."""
        found = self.world.client.fetch(accounts.jobs.Dispute, dispute)
        mint = self.world.client.token_account(found.bond_vault).mint
        usual = {
            "dispute": dispute,
            "bond_vault": found.bond_vault,
            "destination": found.fee_vault if found.outcome == 2 else token_account(found.party, mint),
            "rent_payer": found.party,
        }
        return _build(ix.jobs.close_dispute, usual, given)

    def open_payout(self, job: Pubkey) -> Pubkey:
        """Opens the buyback's account that a job's supplier is paid into."""
        mint = self.job(job).mint
        self.world.send(ix.buyback.open_payout(payer=self.world.deployer, job=job, mint=mint))
        return pda.buyback.payout_vault(job)

    def start(self, job: Pubkey) -> None:
        self.send(self.jobs("start", job))

    def run(self, seconds: int = TWO_HOURS, **more: Any) -> Pubkey:
        """Books, and starts at once."""
        job = self.book(seconds, **more)
        self.start(job)
        return job

    def attest(
        self, job: Pubkey, good: int, upto: int | None = None, *, seat: int = 0, **changes: Any
    ) -> Sent[None]:
        attester = self.attesters[seat].pubkey()
        return self.send(self.jobs("attest", job, attester=attester, args=attestation(good, upto, **changes)))

    def paid(self, name: str, job: Pubkey) -> int:
        """What settling, refunding or collecting the fees of a job has paid."""
        return self.send(self.jobs(name, job)).event(events.jobs.Paid).amount

    def pay_out(self, job: Pubkey) -> tuple[int, int, int]:
        """Pays everyone and closes; what supplier, fee vault and renter got."""
        found = self.job(job)
        exchanged = found.payout_vault != Pubkey.default()
        places = [
            found.payout_vault if exchanged else token_account(found.supplier, found.mint),
            found.fee_vault,
            token_account(found.refund_to, found.mint),
        ]
        before = [self.world.balance(one) for one in places]
        for name in ("settle", "collect_fees", "refund"):
            self.send(self.jobs(name, job))
        self.send(self.jobs("close", job))
        assert self.world.client.account(job) is None
        assert self.world.client.account(found.escrow) is None
        supplier, fees, refund = (self.world.balance(one) for one in places)
        return supplier - before[0], fees - before[1], refund - before[2]


@functools.cache
def _parameters(build: Callable[..., Instruction]) -> frozenset[str]:
    return frozenset(inspect.signature(build).parameters)


def _build(
    build: Callable[..., Instruction], usual: Mapping[str, Any], given: Mapping[str, Any]
) -> Instruction:
    names = _parameters(build)
    unknown = given.keys() - names
    assert not unknown, f"{build.__name__} has no {', '.join(unknown)}"
    merged = {**usual, **given}
    return build(**{name: value for name, value in merged.items() if name in names})


def _world(people: People, network: LocalNetwork) -> World:
    client = Client.local(network=network, signer=people.deployer, funds=SOL(0))
    client.fees = _FEES
    return World(client, people.slasher, people.resolver, people.treasury, people.usdc.pubkey())


@functools.cache
def _template() -> tuple[People, dict[Pubkey, Any]]:
    """The people, and every account of a market that is set up, at the time `NOW`."""
    people = People()
    network = prepared(people).world.client.network
    return people, _copies(network, [people.usdc.pubkey(), price_feed(IO_FEED), price_feed(USDC_FEED)])


def prepared(people: People) -> Market:
    """A market of these people, set up by transactions at the time `NOW`."""
    network = LocalNetwork(now=NOW, upgrade_authority=people.deployer.pubkey())
    world = _world(people, network)
    for one in people.everyone():
        network.airdrop(one.pubkey(), SOL(1_000).base)
    world.client.cheats.set_mint(people.usdc.pubkey(), decimals=USDC.DECIMALS, authority=world.deployer)
    for program in INITIALISED:
        world.send(world.initialize(program, world.deployer))
    market = Market(world, people)
    _set_up(market)
    return market


def _set_up(market: Market) -> None:
    world, authority = market.world, market.world.deployer
    seats = [types.proofs.Seat(one.pubkey(), 1) for one in market.attesters]
    world.send(ix.proofs.set_attesters(authority=authority, seats=seats, threshold=2))
    for index in range(constants.staking.STAKE_SHARDS):
        world.send(ix.staking.open_shard(payer=authority, index=index))
    for number in (CLASS, OTHER_CLASS):
        world.send(ix.staking.create_class(authority=authority, id=number, args=class_args()))
    for mint in (IO_MINT, market.usdc):
        for shard in range(constants.buyback.FEE_SHARDS):
            world.send(ix.buyback.open_vault(payer=authority, mint=mint, shard=shard))
        market.set_price(mint)
        args = market.currency_args(mint)
        world.send(ix.jobs.create_currency(authority=authority, mint=mint, args=args))
    for one in (market.alice.owner, market.bob.owner, market.carol, market.dave, market.renter):
        world.give_io(one.pubkey(), IO(2_000))
        world.give_usdc(one.pubkey(), USDC(2_000))
    world.io_account(world.deployer)
    market.join(market.alice, 500 * TOKEN)


def _copies(network: LocalNetwork, others: list[Pubkey]) -> dict[Pubkey, Any]:
    kept = {SYSTEM_PROGRAM, TOKEN_PROGRAM, PYTH_RECEIVER, *map(Pubkey.from_string, PROGRAMS)}
    touched = {*map(Pubkey.from_string, network._by_address), *others}
    found = {key: network.account(key) for key in touched}
    return {key: one for key, one in found.items() if one is not None and one.owner in kept}

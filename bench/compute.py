"""How many compute units each instruction of the programs takes, on the network in this process.

Run with `python bench/compute.py` to measure and write bench/compute.json, with `--check` to compare with it:
that fails when a median has grown by more than a tenth. Programs are those of $IONET_PROGRAMS, or else of the
package. Keys are random, from a seed: where an address lies decides how many tries its derivation takes, so
counts vary from key to key, but a second run gives the same. Each transaction has one instruction of a
program; what the compute budget's own instruction takes is not counted.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from spl.token.instructions import create_idempotent_associated_token_account

from ionet import (
    IO,
    SOL,
    Allocation,
    Client,
    FeePolicy,
    ProofReason,
    accounts,
    constants,
    emission,
    governance,
    ix,
    pda,
    price_feed,
    token_account,
    types,
)
from ionet.administration.shards import shard_of, stake_shards, vault_of
from ionet.chain.ids import TOKEN_PROGRAM
from ionet.formats.merkle import leaf_hash, root_from_proof
from ionet.formats.when import DAY, HOUR
from ionet.governance import Choice
from ionet.proofs.disproof import Disproof
from ionet.proofs.report import head_of
from ionet.rewards import Leaf, Verdict
from ionet.token.airdrop import AirdropTree, Share
from ionet.token.vesting import MONTH, Schedule

ROOT: Final = Path(__file__).resolve().parent.parent
RESULT: Final = Path(__file__).with_suffix(".json")
PROGRAMS: Final = ("mint", "proofs", "staking", "jobs", "buyback", "governance", "distributor")

#: Median budgets of the design, by program and instruction.
BUDGETS: Final[Mapping[str, Mapping[str, int]]] = {
    "mint": {"emit": 10_000},
    "staking": {
        "stake": 10_000,
        "owner_stake": 10_000,
        "claim": 10_000,
        "owner_claim": 10_000,
        "credit_node": 14_000,
    },
    "buyback": {"sell_io": 18_000, "sell_to_supplier": 18_000},
    "jobs": {
        "book": 28_000,
        "book, paid out in IO": 28_000,
        "book, any nonce": 45_000,
        "attest": 5_000,
        "settle": 16_000,
        "settle, paid out in IO": 16_000,
    },
    "governance": {"cast_vote": 14_000, "change_vote": 8_000, "owner_vote": 8_000},
    "distributor": {
        "claim_airdrop": 14_000,
        "claim_airdrop, 10,000 leaves": 14_000,
        "release": 12_000,
    },
}

#: Instructions that only another program may call: their units are part of that call's.
CALLED: Final = frozenset(
    {
        *("staking.freeze_credit", "staking.set_last_proof", "staking.slash_disproved"),
        *("governance.set_params", "governance.set_guardian"),
    }
)
#: A median may grow by a tenth.
MOST_GROWTH: Final = 1.1
NETWORKS: Final = 5
NODES: Final = 5
#: A class that weighs less than theirs.
_BELOW: Final = NODES + 1
_REFERENCE: Final = types.staking.Reference(
    (types.staking.ProductTime(1_024, 4_096, 10**9), types.staking.ProductTime(4_096, 4_096, 10**10)),
    types.staking.MemoryTime(524_288, 2_048, 65_536, 256, 10**9),
)
#: 2^19 = 524,288 nodes, more than any network of this kind has registered.
PROOF_LEVELS: Final = 19

_NOW: Final = 1_800_000_000
_FEED: Final = b"IO/USD".ljust(32, b"\0")
_ZEROS: Final = bytes(32)
_DOLLAR: Final = 1_000_000
#: The compute budget's instruction that sets the limit.
_OVERHEAD: Final = 150
_FEES: Final = FeePolicy(compute_limit=1_400_000)

#: The largest product, and a memory of 80 GiB with 12 chains of 1,320 reads: sizes, leaves of the tree.
_PRODUCT: Final = ((4_096, 65_536), 2**18)
_MEMORY: Final = ((603_979_776, 2_048), 2**14)

Counts = dict[str, dict[str, list[int]]]
Figures = dict[str, dict[str, dict[str, int]]]


def idls() -> dict[str, dict[bytes, str]]:
    """Names of each program's instructions by discriminator."""
    names = {}
    for program in PROGRAMS:
        idl = json.loads((ROOT / "idl" / f"{program}.json").read_text())
        names[program] = {
            bytes(instruction["discriminator"]): str(instruction["name"])
            for instruction in idl["instructions"]
        }
    return names


@dataclass(slots=True)
class Meter:
    """Units of each instruction sent, by program and name."""

    counts: Counts = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    #: Of transactions whose size is bounded only just: the largest, by program and name.
    sizes: dict[tuple[str, str], int] = field(default_factory=dict)
    names: dict[str, dict[bytes, str]] = field(default_factory=idls)
    programs: dict[Pubkey, str] = field(
        default_factory=lambda: {
            Pubkey.from_string(json.loads((ROOT / "idl" / f"{program}.json").read_text())["address"]): program
            for program in PROGRAMS
        }
    )

    def add(self, instruction: Instruction, units: int, case: str) -> None:
        """Counts a transaction of one instruction; `case` separates different paths through it."""
        program = self.programs[instruction.program_id]
        name = self.names[program][bytes(instruction.data)[:8]]
        self.counts[program][f"{name}, {case}" if case else name].append(units - _OVERHEAD)

    def missing(self) -> list[str]:
        """Instructions that were never sent."""
        return [
            f"{program}.{name}"
            for program, names in self.names.items()
            for name in sorted(names.values())
            if f"{program}.{name}" not in CALLED and not self.counts.get(program, {}).get(name)
        ]

    def figures(self) -> Figures:
        """Median and maximum of each instruction."""
        return {
            program: {
                name: {"median": round(statistics.median(units)), "max": max(units)}
                | ({"bytes": self.sizes[program, name]} if (program, name) in self.sizes else {})
                for name, units in sorted(self.counts[program].items())
            }
            for program in PROGRAMS
        }


@dataclass(frozen=True, slots=True)
class Supplier:
    """A node, its owner and a co-staker on it."""

    owner: Keypair
    device: Keypair
    holder: Keypair
    processor: Pubkey
    node: Pubkey

    @property
    def shard(self) -> Pubkey:
        """The account that its active stake is summed in."""
        return shard_of(self.node)


class World:
    """A network on which every instruction is sent and measured.

    Args:
        meter: counts the units.
        keys: source of the keys.
    """

    def __init__(self, meter: Meter, keys: random.Random) -> None:
        self.meter, self.keys = meter, keys
        self.client = Client.local(signer=self.key(), now=_NOW)
        self.me = self.client.address
        self.attesters = [self.person() for _ in range(2)]
        self.renter = self.person()
        self.credited = 0

    # -- plumbing

    def key(self) -> Keypair:
        """Somebody new."""
        return Keypair.from_seed(self.keys.randbytes(32))

    def person(self) -> Keypair:
        """Somebody new, with SOL."""
        pair = self.key()
        self.client.airdrop(pair.pubkey(), SOL(100))
        return pair

    @property
    def now(self) -> int:
        """The network's clock."""
        return self.client.network.clock.now()

    def wait(self, seconds: int) -> None:
        """Moves the clock."""
        self.client.network.clock.advance(seconds)

    def measure(self, instruction: Instruction, *signers: Keypair, case: str = "") -> None:
        """Sends one instruction of a program alone in its transaction, and counts it."""
        sent = self.client.call(instruction, signers=signers).send(fees=_FEES)
        self.meter.add(instruction, sent.compute_units, case)

    def wallet(self, owner: Pubkey, amount: IO | None = None) -> Pubkey:
        """An owner's token account, filled with an amount of IO."""
        address = token_account(owner, pda.mint.MINT)
        if amount is not None:
            self.client.cheats.set_tokens(owner, pda.mint.MINT, amount.base)
        elif self.client.account(address) is None:
            self.client.send(create_idempotent_associated_token_account(self.me, owner, pda.mint.MINT))
        return address

    # -- what only authorities do

    def initialize(self) -> None:
        """Initialises every program, with everything that exists once."""
        me, slasher = self.me, self.key().pubkey()
        self.judge = self.person()
        self.resolver = self.judge.pubkey()
        self.measure(ix.mint.initialize(authority=me, start=0))
        self.measure(ix.proofs.initialize(authority=me))
        self.measure(ix.buyback.initialize(authority=me))
        self.measure(ix.staking.initialize(authority=me, slasher=slasher, resolver=self.resolver))
        self.measure(ix.jobs.initialize(authority=me, resolver=self.resolver))
        self.guardian = self.person()
        self.measure(ix.governance.initialize(authority=me, guardian=self.guardian.pubkey()))
        self.measure(ix.distributor.initialize(authority=me, treasury=me))
        for allocation in sorted(set(Allocation) - {Allocation.NONE}):
            destination = self.wallet(me)
            self.measure(ix.mint.mint_genesis(authority=me, destination=destination, allocation=allocation))
        for index in range(constants.staking.STAKE_SHARDS):
            self.measure(ix.staking.open_shard(payer=me, index=index))
        for shard in range(constants.buyback.FEE_SHARDS):
            self.measure(ix.buyback.open_vault(payer=me, mint=pda.mint.MINT, shard=shard))
        seats = [types.proofs.Seat(attester.pubkey(), 1) for attester in self.attesters]
        self.measure(ix.proofs.set_attesters(authority=me, seats=seats, threshold=2))

    def classes_and_currencies(self) -> None:
        """Hardware classes, and the mints that jobs are paid in."""
        for number in range(NODES):
            args = types.staking.ClassArgs(
                pool=types.staking.Pool.GPU,
                enabled=True,
                maximum=5,
                multiplier_bps=10_000 + number,
                base_minimum=IO(200).base,
                name=b"bench".ljust(32, b"\0"),
            )
            self.measure(ix.staking.create_class(authority=self.me, id=number, args=args))
            self.measure(ix.staking.set_class(authority=self.me, id=number, args=args))
            self.measure(ix.staking.set_reference(authority=self.me, id=number, reference=_REFERENCE))
        below = replace(args, multiplier_bps=9_000)
        self.measure(ix.staking.create_class(authority=self.me, id=_BELOW, args=below))
        price = self.price()
        terms = types.jobs.CurrencyArgs(
            pricing=types.jobs.Pricing.FEED, enabled=True, payment_bps=0, feed_id=_FEED, price_account=price
        )
        second_mint = self.key().pubkey()
        self.client.cheats.set_mint(second_mint, decimals=6)
        self.second = second_mint
        for mint in (pda.mint.MINT, second_mint):
            self.measure(ix.jobs.create_currency(authority=self.me, mint=mint, args=terms))
            currency = pda.jobs.currency(mint)
            self.measure(ix.jobs.set_currency(authority=self.me, currency=currency, args=terms))

    def price(self) -> Pubkey:
        """A fresh price of IO: two dollars, give or take a cent."""
        return self.client.cheats.set_price(_FEED, 200_000_000, confidence=1_000_000)

    def administer(self) -> None:
        """Parameters, pauses, and a hand-over there and back."""
        me = self.me
        self.measure(ix.mint.set_params(authority=me, pauser=me))
        self.measure(
            ix.buyback.set_params(
                authority=me,
                params=types.buyback.ParamsArgs(
                    pauser=me,
                    feed_id=_FEED,
                    price_account=price_feed(_FEED),
                    start_bps=-300,
                    end_bps=200,
                    period=HOUR,
                    daily_share_bps=2_000,
                    max_confidence_bps=100,
                    max_ema_distance_bps=500,
                    max_price_age=60,
                    min_lot=50 * _DOLLAR,
                ),
            )
        )
        self.measure(ix.distributor.set_params(authority=me, pauser=me, treasury=me))
        self.measure(
            ix.proofs.set_params(
                authority=me,
                params=types.proofs.ParamsArgs(
                    pauser=me,
                    guardian=me,
                    resolver=self.resolver,
                    challenge_window=24 * HOUR,
                    challenge_freeze=7 * DAY,
                    challenge_bond=IO(500).base,
                    gpu_bps=9_500,
                    in_use_bps=3_000,
                    fee_bound_bps=8_000,
                    hold=0,
                    up_hours=5,
                ),
            )
        )
        self.measure(
            ix.staking.set_params(
                authority=me,
                params=types.staking.ParamsArgs(
                    pauser=me,
                    slasher=me,
                    resolver=self.resolver,
                    cooldown=14 * DAY,
                    appeal=30 * DAY,
                    decided_limit_bps=1_000,
                    reward_bound_bps=96,
                ),
            )
        )
        self.measure(
            ix.jobs.set_params(
                authority=me,
                params=types.jobs.ParamsArgs(
                    pauser=me,
                    resolver=self.resolver,
                    booking_bps=25,
                    dispute_bond_bps=500,
                    max_confidence_bps=100,
                    max_ema_distance_bps=500,
                    max_price_age=60,
                    verdict_age=6 * HOUR,
                    attesters=1,
                    attesters_large=2,
                    large_daily_usd=1_000_000_000,
                ),
            )
        )
        successor = self.key()
        for program in (ix.mint, ix.proofs, ix.staking, ix.jobs, ix.buyback, ix.distributor):
            for paused in (1, 0):
                self.measure(program.set_paused(signer=me, paused=paused))
            self.measure(program.propose_authority(authority=me, successor=successor.pubkey()))
            self.measure(program.accept_authority(successor=successor.pubkey()), successor)
            self.measure(program.propose_authority(authority=successor.pubkey(), successor=me), successor)
            self.measure(program.accept_authority(successor=me))

    # -- suppliers

    def device(self, number: int, owner: Keypair, device: Keypair) -> Pubkey:
        """A registered processor."""
        fingerprint = self.keys.randbytes(32)
        self.measure(
            ix.staking.register_device(
                owner=owner.pubkey(),
                device_key=device.pubkey(),
                attester=self.attesters[0].pubkey(),
                class_=pda.staking.class_(number),
                fingerprint=fingerprint,
            ),
            owner,
            device,
            self.attesters[0],
        )
        return pda.staking.device(fingerprint)

    def supplier(self, number: int, own: IO | None = None) -> Supplier:
        """A node with active stake of its owner (default: 400 IO) and of a co-staker, and an offer."""
        stake = own or IO(400)
        owner, holder, device = self.person(), self.person(), self.key()
        class_, account = pda.staking.class_(number), self.device(number, owner, device)
        args = types.staking.NodeArgs(commission_bps=1_000, region=276, memory_gib=80, link_mbps=10_000)
        self.measure(
            ix.staking.register_node(owner=owner.pubkey(), class_=class_, device=account, args=args), owner
        )
        supplier = Supplier(owner, device, holder, account, pda.staking.node(account))
        me, node, shard = owner.pubkey(), supplier.node, supplier.shard
        # Rewards that are easy to read are more than an hour of one node may have.
        self.patch(node, "highest", 2**63)
        self.patch(node, "highest_at", 2**62)
        funds = self.wallet(me, stake + IO(600))
        self.measure(
            ix.staking.owner_stake(owner=me, class_=class_, node=node, source=funds, amount=stake.base),
            owner,
        )
        self.measure(ix.staking.owner_activate(node=node, shard=shard))
        terms = types.jobs.OfferArgs(
            rate=2_500_000,
            min_seconds=HOUR,
            max_seconds=DAY,
            open=True,
            payout=types.jobs.PayoutKind.IO,
            currencies=(pda.mint.MINT, self.second, *[Pubkey.default()] * 2),
        )
        self.measure(ix.jobs.offer(owner=me, node=node, args=terms), owner)
        self.measure(ix.jobs.set_offer(owner=me, node=node, offer=pda.jobs.offer(node), args=terms), owner)
        me, funds = holder.pubkey(), self.wallet(holder.pubkey(), IO(1_000))
        self.measure(ix.staking.open_position(holder=me, node=node), holder)
        self.measure(
            ix.staking.stake(holder=me, class_=class_, node=node, source=funds, amount=IO(100).base), holder
        )
        position = pda.staking.position(node, me)
        self.credited_until_now(node)
        self.measure(ix.staking.activate(node=node, position=position, shard=shard))
        return supplier

    def credited_until_now(self, node: Pubkey) -> None:
        """Marks a node's hours as credited until now, without a report."""
        self.patch(node, "credited_through", self.client.network.clock.now())

    def patch(self, node: Pubkey, name: str, value: int) -> None:
        """Writes a 64-bit field of a node, outside of any transaction."""
        account, at = self.client.account(node), accounts.staking.Node.OFFSETS[name]
        assert account is not None
        data = bytearray(account.data)
        data[at : at + 8] = value.to_bytes(8, "little")
        self.client.network.set_account(
            node, lamports=account.lamports, data=bytes(data), owner=account.owner
        )

    def leave(self, supplier: Supplier, number: int) -> None:
        """Both sides take stake off and, after the cooldown, out."""
        class_, node, shard = pda.staking.class_(number), supplier.node, supplier.shard
        me, funds = supplier.holder.pubkey(), self.wallet(supplier.holder.pubkey())
        amount = IO(10).base
        stake = ix.staking.stake(holder=me, class_=class_, node=node, source=funds, amount=amount)
        position = pda.staking.position(node, me)
        self.credited_until_now(node)
        self.client.send(ix.staking.activate(node=node, position=position, shard=shard))
        self.client.send(stake, signers=[supplier.holder])
        for case, taken in (("of pending stake", amount), ("", 5 * amount)):
            unstake = ix.staking.unstake(holder=me, node=node, shard=shard, destination=funds, amount=taken)
            self.measure(unstake, supplier.holder, case=case)
        owner, wallet = supplier.owner.pubkey(), self.wallet(supplier.owner.pubkey())
        self.measure(
            ix.staking.owner_unstake(
                owner=owner,
                class_=class_,
                node=node,
                offer=pda.jobs.offer(node),
                shard=shard,
                destination=wallet,
                amount=IO(300).base,
            ),
            supplier.owner,
        )
        self.wait(14 * DAY)
        self.measure(ix.staking.withdraw(holder=me, node=node, destination=funds), supplier.holder)
        self.measure(ix.staking.owner_withdraw(owner=owner, node=node, destination=wallet), supplier.owner)

    def change(self, supplier: Supplier, number: int) -> None:
        """A commission, a network, and a second processor that comes, goes and is passed on."""
        owner, node, offer = supplier.owner.pubkey(), supplier.node, pda.jobs.offer(supplier.node)
        class_, spare = pda.staking.class_(number), self.key()
        self.measure(ix.staking.set_commission(owner=owner, node=node, commission_bps=1_200), supplier.owner)
        name = b"bench".ljust(32, b"\0")
        self.measure(ix.staking.register_network(authority=owner, name=name), supplier.owner)
        network = pda.staking.network(owner)
        self.measure(ix.staking.join_network(authority=owner, network=network, node=node), supplier.owner)
        device = self.device(number, supplier.owner, spare)
        attach = ix.staking.attach_device(owner=owner, device=device, node=node, class_=class_, offer=offer)
        self.measure(attach, supplier.owner)
        detach = ix.staking.detach_device(owner=owner, device=device, node=node, first=None, offer=offer)
        self.measure(detach, supplier.owner)
        self.wait(1)
        self.client.send(attach, signers=[supplier.owner])
        evict = ix.staking.evict_device(resolver=self.resolver, device=device, node=node, ban=False)
        self.measure(evict, self.judge)
        claim = ix.staking.claim_device(
            owner=owner,
            device_key=spare.pubkey(),
            attester=self.attesters[0].pubkey(),
            class_=class_,
            device=device,
        )
        self.measure(claim, supplier.owner, spare, self.attesters[0])
        self.measure(ix.staking.release_device(owner=owner, device=device), supplier.owner)
        settle = ix.staking.settle_changes(
            class_=class_,
            node=node,
            shard=supplier.shard,
            remaining_accounts=[
                AccountMeta(pda.staking.position(node, supplier.holder.pubkey()), False, True)
            ],
        )
        self.measure(settle)
        retire = ix.staking.retire_node(owner=owner, node=node, offer=offer, shard=supplier.shard)
        self.measure(retire, supplier.owner)
        args = types.staking.NodeArgs(commission_bps=1_000, region=276, memory_gib=80, link_mbps=10_000)
        reopen = ix.staking.reopen_node(
            owner=owner,
            device_key=supplier.device.pubkey(),
            class_=class_,
            device=supplier.processor,
            node=node,
            shard=supplier.shard,
            args=args,
        )
        self.measure(reopen, supplier.owner, supplier.device)

    def approve(self, supplier: Supplier, number: int) -> None:
        """What seats approve: the hardware of a device, and the lower class of its node."""
        digest = number.to_bytes(32, "little")
        classes: dict[str, Any] = {
            "class_": pda.staking.class_(number),
            "lower": pda.staking.class_(_BELOW),
            "before": number,
            "after": _BELOW,
        }
        for attester, case in zip(self.attesters, ("", "at the threshold"), strict=True):
            seat, node = attester.pubkey(), supplier.node
            identity = ix.staking.approve_identity(attester=seat, device=supplier.processor, digest=digest)
            self.measure(identity, attester, case=case)
            approve = ix.staking.approve_class(attester=seat, node=node, device=supplier.processor, **classes)
            self.measure(approve, attester, case=case)
        self.wait(DAY)
        lower = ix.staking.lower_class(
            node=node,
            device=supplier.processor,
            offer=pda.jobs.offer(node),
            **classes,
        )
        self.measure(lower)

    def squat(self, supplier: Supplier) -> None:
        """A node whose owner is evicted and, a cooldown later, expelled."""
        node, device = supplier.node, supplier.processor
        resolver = self.resolver
        evict = ix.staking.evict_device(resolver=resolver, device=device, node=node, ban=True)
        self.measure(evict, self.judge)
        self.measure(ix.staking.evict_node(resolver=resolver, node=node, shard=supplier.shard), self.judge)
        self.credited_until_now(node)
        self.wait(8 * DAY)
        expel = ix.staking.expel_owner(
            node=node, device=device, offer=pda.jobs.offer(node), shard=supplier.shard
        )
        self.measure(expel)
        self.wait(14 * DAY)
        funds = self.wallet(supplier.owner.pubkey())
        self.measure(ix.staking.withdraw_former(node=node, destination=funds))

    def slash(self, supplier: Supplier, number: int) -> None:
        """The owner takes the rest off; a slash is appealed, decided and executed, and ends the node."""
        owner, node, wallet = supplier.owner.pubkey(), supplier.node, self.wallet(supplier.owner.pubkey())
        own = self.client.fetch(accounts.staking.Node, node).own
        unstake = ix.staking.owner_unstake(
            owner=owner,
            class_=pda.staking.class_(number),
            node=node,
            offer=pda.jobs.offer(node),
            shard=supplier.shard,
            destination=wallet,
            amount=own.active + own.pending,
        )
        self.client.send(unstake, signers=[supplier.owner])
        self.wait(14 * DAY)
        withdraw = ix.staking.owner_withdraw(owner=owner, node=node, destination=wallet)
        self.client.send(withdraw, signers=[supplier.owner])
        others = tuple(
            AccountMeta(shard, False, False) for shard in stake_shards() if shard != supplier.shard
        )
        amount, slash = IO("0.1").base, pda.staking.slash(node, 1)
        taken_back = ix.staking.propose_slash(
            slasher=self.me,
            node=node,
            shard=supplier.shard,
            nonce=0,
            amount=1,
            evidence_hash=bytes(32),
            fraud=False,
        )
        self.measure(taken_back, case="without fraud")
        self.measure(
            ix.staking.cancel_slash(
                authority=self.me, node=node, slash=pda.staking.slash(node, 0), destination=wallet
            )
        )
        self.measure(
            ix.staking.propose_slash(
                slasher=self.me,
                node=node,
                shard=supplier.shard,
                nonce=1,
                amount=amount,
                evidence_hash=self.keys.randbytes(32),
                fraud=True,
                remaining_accounts=others,
            )
        )
        self.measure(ix.staking.appeal(owner=owner, node=node, slash=slash), supplier.owner)
        resolve = ix.staking.resolve_slash(
            resolver=self.resolver, node=node, slash=slash, shard=supplier.shard, amount=amount
        )
        self.measure(resolve, self.judge)
        self.measure(ix.staking.set_apart_slash(node=node, slash=slash, shard=supplier.shard))
        self.measure(
            ix.staking.execute_slash(node=node, slash=slash, shard=supplier.shard, remaining_accounts=others)
        )
        self.measure(ix.staking.close_slash(node=node, slash=slash, proposer=self.me))
        self.wait(HOUR)
        report, leaf = self.publish(supplier, IO(60))
        self.measure(
            ix.staking.forfeit_reward(
                emission_vault=pda.mint.EMISSION_VAULT, report=report, node=node, leaf=leaf
            )
        )

    # -- emission and rewards

    def emit(self) -> None:
        """An hour's emission."""
        self.wait(HOUR)
        self.measure(ix.mint.emit())

    def policies(self) -> None:
        """An hour under a demand-linked policy, and the burning of what it withheld."""
        fixed = types.mint.PolicyArgs(kind=types.mint.PolicyKind.FIXED, floor_bps=0, per_burned_bps=0)
        linked = types.mint.PolicyArgs(
            kind=types.mint.PolicyKind.DEMAND_LINKED, floor_bps=5_000, per_burned_bps=10_000
        )
        for policy in (linked, fixed):
            self.wait(HOUR)
            self.measure(ix.mint.emit(), case="demand-linked" if policy == fixed else "")
            self.wait(HOUR)
            self.measure(ix.mint.set_policy(authority=self.me, policy=policy))
        self.measure(ix.mint.burn_reserve())

    def publish(self, supplier: Supplier, lifetime: IO) -> tuple[Pubkey, types.staking.LeafArgs]:
        """A final report by which the node's life came to have earned so much, 20 IO more.

        Of twelve hours: for one, a minimum of 200 IO bounds what is credited by 1.92 IO.
        """
        self.wait(12 * HOUR)
        self.credited += IO(20).base
        content, leaf = self.content(supplier.node, lifetime)
        return self.decide(content, supplier.node, leaf), leaf

    def content(
        self, node: Pubkey, lifetime: IO, *, correction: bool = False
    ) -> tuple[types.proofs.ReportArgs, types.staking.LeafArgs]:
        """What a report of the latest hour says, and one leaf of it."""
        config = self.client.fetch(accounts.mint.Config, pda.mint.CONFIG)
        through = config.start + (self.now - config.start) // HOUR * HOUR
        proof = tuple(self.keys.randbytes(32) for _ in range(PROOF_LEVELS))
        index = self.keys.randrange(1 << PROOF_LEVELS)
        word = Verdict(through, 9_800, ProofReason.PASSED, True, self.keys.randbytes(32))
        leaf = Leaf(bytes(node), lifetime.base, through, 0, word)
        root = root_from_proof(leaf.hash(), index, proof)
        assert self.credited <= emission.cumulative(through - config.start)
        content = types.proofs.ReportArgs(
            predecessor=self.head,
            correction=correction,
            root=root,
            total=self.credited,
            period_end=through,
            leaves=1 << PROOF_LEVELS,
            evidence_hash=self.keys.randbytes(32),
            evidence_uri=b"https://example.org/evidence".ljust(96, b"\0"),
        )
        fields = {"lifetime": lifetime.base, "through": through, "previous_height": 0}
        verdict = types.staking.Verdict(**asdict(word))
        return content, types.staking.LeafArgs(**fields, verdict=verdict, index=index, proof=proof)

    @property
    def head(self) -> Pubkey:
        """The report at the head."""
        return head_of(self.client.fetch(accounts.proofs.Config, pda.proofs.CONFIG))

    def credit(self, supplier: Supplier, lifetime: IO) -> Pubkey:
        """A report, and its credit to the node."""
        report, leaf = self.publish(supplier, lifetime)
        self.measure(
            ix.staking.credit_node(
                emission_vault=pda.mint.EMISSION_VAULT, report=report, node=supplier.node, leaf=leaf
            )
        )
        return report

    def reward(self, supplier: Supplier, number: int) -> None:
        """Two credits; both sides claim the first, and compound the second. Then a challenge of it."""
        self.credit(supplier, IO(20))
        owner, holder = supplier.owner.pubkey(), supplier.holder.pubkey()
        self.measure(
            ix.staking.owner_claim(owner=owner, node=supplier.node, destination=self.wallet(owner)),
            supplier.owner,
        )
        self.measure(
            ix.staking.claim(holder=holder, node=supplier.node, destination=self.wallet(holder)),
            supplier.holder,
        )
        report, class_ = self.credit(supplier, IO(40)), pda.staking.class_(number)
        self.measure(
            ix.staking.owner_compound(owner=owner, class_=class_, node=supplier.node), supplier.owner
        )
        self.measure(ix.staking.compound(holder=holder, class_=class_, node=supplier.node), supplier.holder)
        self.challenge(supplier, report)

    def challenge(self, supplier: Supplier, report: Pubkey) -> None:
        """Three challenges of a leaf, each with another end."""
        challenger = self.renter.pubkey()
        challenge = pda.proofs.challenge(report, supplier.node)
        source = self.wallet(challenger, IO(1_000))
        challenging = ix.proofs.challenge(
            challenger=challenger,
            report=report,
            node=supplier.node,
            source=source,
            evidence_hash=self.keys.randbytes(32),
        )
        # After one that lapsed, for 30 days, nobody but the guardian makes another.
        for upheld in (False, True, None):
            self.wait(1)
            self.measure(challenging, self.renter)
            if upheld is None:
                self.wait(7 * DAY)
                lift = ix.proofs.lift_challenge(
                    challenge=challenge, destination=source, rent_payer=challenger, node=supplier.node
                )
                self.measure(lift)
                continue
            decide = ix.proofs.decide(
                resolver=self.resolver,
                challenge=challenge,
                destination=source,
                rent_payer=challenger,
                report=report,
                node=supplier.node,
                upheld=upheld,
            )
            self.measure(decide, self.judge, case="upheld" if upheld else "")

    def correct(self) -> None:
        """A correction that the guardian endorses, and voids; and its renewal."""
        self.wait(HOUR)
        content, _ = self.content(self.key().pubkey(), IO(20), correction=True)
        report, first = self.propose(content), self.attesters[0]
        self.measure(ix.proofs.endorse(guardian=self.me, report=report))
        self.measure(ix.proofs.void_report(guardian=self.me, report=report))
        self.measure(ix.proofs.renew_report(attester=first.pubkey(), report=report), first)

    def hours(self, supplier: Supplier) -> None:
        """Two hours of compute proofs; in each something that the device has signed is disproved."""
        for wrong in (self.wrong_cell, self.wrong_read):
            self.wait(HOUR)
            config = self.client.fetch(accounts.mint.Config, pda.mint.CONFIG)
            seq = (self.now - config.start) // HOUR + 1
            hour = pda.proofs.hour(seq)
            self.measure(ix.proofs.tick(payer=self.me, seq=seq))
            for one in self.attesters:
                root = self.keys.randbytes(32)
                commit = ix.proofs.commit_compute(attester=one.pubkey(), hour=hour, root=root, count=7)
                self.measure(commit, one)
            # The slowest draw: after it nearly all slots that are known have passed.
            self.client.network.clock.advance(0, slots=500)
            self.measure(ix.proofs.draw_hour(hour=hour))
            self.disprove(wrong(supplier, seq))
            self.wait(9 * DAY)
            self.measure(ix.proofs.close_hour(hour=hour, payer=self.me))

    def disprove(self, disproof: Disproof) -> None:
        """Measures units and bytes of a disproof."""
        table = self.client.proofs.disproof_table(disproof).send().result
        self.client.network.clock.advance(0, slots=1)
        call = self.client.proofs.disprove(disproof, table)
        name = f"disprove_{disproof.kind}"
        size = len(bytes(call.tx(fees=_FEES)))
        self.meter.sizes["proofs", name] = max(size, self.meter.sizes.get(("proofs", name), 0))
        _, instruction = disproof.instructions(self.me)
        self.meter.add(instruction, call.send(fees=_FEES).compute_units, "")

    def wrong_cell(self, supplier: Supplier, seq: int) -> Disproof:
        """A cell that no product has, in a tree that the device has signed."""
        sizes, leaves = _PRODUCT
        entries = (2**30).to_bytes(4, "little") * 64
        row, column = self.keys.randrange(sizes[0]), self.keys.randrange(sizes[0])
        place = row * (sizes[0] // 64) + column // 64
        leaf = leaf_hash(b"ionet:poc", entries)
        commitment, path = self.committed(sizes, leaves, leaf, place)
        args = types.proofs.CellArgs(commitment=commitment, row=row, column=column, entries=entries)
        return self.signed(supplier, seq, args, path)

    def wrong_read(self, supplier: Supplier, seq: int) -> Disproof:
        """A read whose address is right, and whose next state is not."""
        sizes, leaves = _MEMORY
        place = self.keys.randrange(leaves)
        leaf = leaf_hash(b"ionet:mem:read", bytes(268))
        commitment, path = self.committed(sizes, leaves, leaf, place)
        numbers = {"chain": 0, "read": 0, "address": 0}
        args = types.proofs.ReadArgs(
            commitment=commitment, place=place, state=bytes(128), next=bytes(128), **numbers
        )
        return self.signed(supplier, seq, args, path)

    def committed(
        self, sizes: tuple[int, int], leaves: int, leaf: bytes, place: int
    ) -> tuple[types.proofs.Commitment, tuple[bytes, ...]]:
        """A commitment to a tree with a leaf at a place, and the leaf's path."""
        path = tuple(self.keys.randbytes(32) for _ in range(leaves.bit_length() - 1))
        root = root_from_proof(leaf, place, path)
        return types.proofs.Commitment(unit=0, number=0, sizes=sizes, root=root), path

    def signed(
        self,
        supplier: Supplier,
        seq: int,
        args: types.proofs.CellArgs | types.proofs.ReadArgs,
        path: tuple[bytes, ...],
    ) -> Disproof:
        """What the device has signed."""
        device = supplier.device
        unsigned = Disproof(supplier.node, seq, device.pubkey(), bytes(64), args, path)
        return replace(unsigned, signature=bytes(device.sign_message(unsigned.message)))

    def void(self) -> None:
        """A report that is refuted, and one that the guardian voids."""
        for guarded in (False, True):
            self.wait(HOUR)
            nobody = self.key().pubkey()
            content, leaf = self.content(nobody, IO(20))
            report = self.propose(content)
            if guarded:
                self.measure(ix.proofs.void_report(guardian=self.me, report=report))
            else:
                self.measure(ix.proofs.refute(report=report, node=nobody, leaf=_said(leaf)))
        self.correct()

    def propose(self, content: types.proofs.ReportArgs) -> Pubkey:
        """A report that one attester approves; its hours are emitted."""
        self.client.send(ix.mint.emit())
        config = self.client.fetch(accounts.mint.Config, pda.mint.CONFIG)
        seq = (content.period_end - config.start) // HOUR
        digest = sha256(constants.proofs.REPORT_DOMAIN + bytes(content)).digest()
        first = self.attesters[0].pubkey()
        self.measure(
            ix.proofs.report(
                attester=first,
                predecessor=content.predecessor,
                seq=seq,
                content_hash=digest,
                args=content,
            ),
            self.attesters[0],
        )
        return pda.proofs.report(seq, digest)

    def decide(self, content: types.proofs.ReportArgs, node: Pubkey, leaf: types.staking.LeafArgs) -> Pubkey:
        """A report that both attesters approve, whose verdict is shown, and that becomes creditable."""
        report, second = self.propose(content), self.attesters[1].pubkey()
        self.measure(ix.proofs.approve(attester=second, report=report), self.attesters[1])
        self.measure(ix.proofs.show_verdict(report=report, node=node, leaf=_said(leaf)))
        self.wait(DAY)
        self.measure(ix.proofs.finalize(report=report))
        return report

    # -- jobs

    def prove(self, supplier: Supplier) -> None:
        """Has a node pass a compute proof, outside of any transaction."""
        account, at = self.client.account(supplier.node), accounts.staking.Node.OFFSETS["last_proof"]
        assert account is not None
        data, verdict = bytearray(account.data), self.now.to_bytes(8, "little") + bytes(37) + b"\1"
        data[at : at + len(verdict)] = verdict
        network = self.client.network
        network.set_account(supplier.node, lamports=account.lamports, data=bytes(data), owner=account.owner)

    def book(self, supplier: Supplier, *, any_nonce: bool = False) -> Pubkey:
        """Two hours of a node; the client's nonce, or the first that comes."""
        price, offer = self.price(), pda.jobs.offer(supplier.node)
        self.prove(supplier)
        nonce = self.client.fetch(accounts.jobs.Offer, offer).nonce + 1
        source = self.wallet(self.renter.pubkey(), IO(1_000))
        if any_nonce:
            args = types.jobs.BookArgs(
                nonce=nonce,
                seconds=2 * HOUR,
                max_deposit=IO(1_000).base,
                manifest_hash=self.keys.randbytes(32),
            )
            book = ix.jobs.book(
                payer=self.renter.pubkey(),
                renter=self.renter.pubkey(),
                refund_to=self.renter.pubkey(),
                node=supplier.node,
                class_=pda.staking.class_(self.client.fetch(accounts.staking.Node, supplier.node).class_),
                payout_currency=pda.jobs.currency(pda.mint.MINT),
                price=price,
                mint=pda.mint.MINT,
                source=source,
                args=args,
            )
            self.measure(book, self.renter, case="any nonce")
            return pda.jobs.job(offer, nonce)
        renter = self.client.as_(self.renter)
        call = renter.jobs.book(supplier.node, 2 * HOUR, self.keys.randbytes(32))
        self.measure(call.ix()[0], self.renter)
        jobs = renter.jobs.find_jobs(offer=offer)
        return max(jobs, key=lambda job: job.account.nonce).address

    def start(self, supplier: Supplier, job: Pubkey) -> None:
        """By the device."""
        offer = pda.jobs.offer(supplier.node)
        self.measure(
            ix.jobs.start(operator=supplier.device.pubkey(), job=job, offer=offer, node=supplier.node),
            supplier.device,
        )

    def attest(self, job: Pubkey, good: int) -> None:
        """All of it good, by the second attester's seat."""
        attestation = types.jobs.AttestArgs(
            good=good,
            upto=good,
            reason=0,
            proof_digest=self.keys.randbytes(32),
            timelock=self.keys.randbytes(32),
            result_hash=_ZEROS,
        )
        attester = self.attesters[1]
        self.measure(ix.jobs.attest(attester=attester.pubkey(), job=job, args=attestation), attester)

    def extend(self, job: Pubkey) -> None:
        """An hour more."""
        self.price()
        call = self.client.as_(self.renter).jobs.extend(job, HOUR)
        self.measure(call.ix()[0], self.renter)

    def dispute(self, job: Pubkey) -> None:
        """By the renter; decided, and the bond given back."""
        renter = self.client.as_(self.renter)
        self.measure(renter.jobs.dispute(job, self.keys.randbytes(32)).ix()[0], self.renter)
        dispute = pda.jobs.dispute(job, self.renter.pubkey())
        account = self.client.fetch(accounts.jobs.Job, job)
        self.measure(self.client.as_(self.judge).jobs.resolve(job, account.price // 4).ix()[0], self.judge)
        self.measure(self.client.jobs.close_dispute(dispute).ix()[0])

    def exchange(self, supplier: Supplier) -> None:
        """A job in dollars whose supplier wants IO."""
        dollars = self.second
        self.client.cheats.set_tokens(self.renter.pubkey(), dollars, IO(1_000).base)
        renter = self.client.as_(self.renter)
        self.price()
        self.prove(supplier)
        call = renter.jobs.book(supplier.node, 2 * HOUR, self.keys.randbytes(32), currency=dollars)
        self.measure(call.ix()[0], self.renter, case="paid out in IO")
        booked = max(renter.jobs.find_jobs(node=supplier.node), key=lambda job: job.account.nonce)
        job, vault = booked.address, booked.account.payout_vault
        self.start(supplier, job)
        self.wait(2 * HOUR)
        self.attest(job, 2 * HOUR)
        self.client.send(ix.buyback.open_payout(payer=self.me, job=job, mint=dollars))
        settle = ix.jobs.settle(job=job, escrow=booked.account.escrow, destination=vault)
        self.measure(settle, case="paid out in IO")

    def cluster(self, first: Supplier, second: Supplier) -> None:
        """Two nodes that start together."""
        renter = self.client.as_(self.renter)
        self.price()
        for supplier in (first, second):
            self.prove(supplier)
        cluster_id, jobs = self.keys.randbytes(32), []
        cluster = pda.jobs.cluster(self.renter.pubkey(), cluster_id)
        nodes, manifest = [first.node, second.node], self.keys.randbytes(32)
        calls = renter.jobs.cluster_calls(nodes, 2 * HOUR, manifest, cluster_id=cluster_id)
        opening, *bookings = [instruction for call in calls for instruction in call.ix()]
        self.measure(opening, self.renter)
        for supplier, booking in zip((first, second), bookings, strict=True):
            self.measure(booking, self.renter, case="in a cluster")
            jobs.append(
                max(renter.jobs.find_jobs(node=supplier.node), key=lambda job: job.account.nonce).address
            )
        for supplier, job in zip((first, second), jobs, strict=True):
            start = self.client.as_(supplier.device).jobs.start(job)
            self.measure(start.ix()[0], supplier.device, case="in a cluster")
        self.measure(renter.jobs.set_delegate(cluster, self.me).ix()[0], self.renter)
        growing = ix.jobs.grow_cluster(booker=self.renter.pubkey(), cluster=cluster, places=1)
        self.measure(growing, self.renter)
        attester = self.client.as_(self.attesters[0])
        self.measure(attester.jobs.lose(jobs[0]).ix()[0], self.attesters[0], case="in a cluster")
        again = renter.jobs.replace_lost(cluster, first.node, HOUR)
        self.measure(again.ix()[0], self.renter, case="for a lost job")
        job = max(renter.jobs.find_jobs(node=first.node), key=lambda job: job.account.nonce).address
        self.measure(attester.jobs.confirm_manifest(job).ix()[0], self.attesters[0], case="in a cluster")
        self.client.send(*attester.jobs.start(job).ix(), signers=[self.attesters[0]])
        self.wait(HOUR)
        self.price()
        self.wait(HOUR)
        self.measure(self.client.jobs.close_cluster(cluster).ix()[0])

    def wind_up(self, job: Pubkey) -> None:
        """Pays everyone what they are owed, and closes the account."""
        account = self.client.fetch(accounts.jobs.Job, job)
        if account.owed_supplier > account.paid_supplier:
            wallet = self.wallet(account.supplier)
            self.measure(ix.jobs.settle(job=job, escrow=account.escrow, destination=wallet))
        if account.owed_fees:
            vault = account.fee_vault
            self.measure(ix.jobs.collect_fees(job=job, escrow=account.escrow, destination=vault))
        if account.owed_refund:
            wallet = self.wallet(account.renter)
            self.measure(ix.jobs.refund(job=job, escrow=account.escrow, destination=wallet))
        self.measure(
            ix.jobs.close(
                rent_payer=account.rent_payer, job=job, escrow=account.escrow, fee_vault=account.fee_vault
            )
        )

    def rent(self, supplier: Supplier) -> None:
        """Jobs of a node, each with another end."""
        offer, wallet = pda.jobs.offer(supplier.node), self.wallet(supplier.owner.pubkey())
        job = self.book(supplier)
        self.start(supplier, job)
        self.wait(HOUR)
        self.attest(job, HOUR)
        self.extend(job)
        escrow = self.client.fetch(accounts.jobs.Job, job).escrow
        self.measure(ix.jobs.settle(job=job, escrow=escrow, destination=wallet))
        self.wait(2 * HOUR)
        self.attest(job, 3 * HOUR)
        self.measure(ix.jobs.complete(job=job, offer=offer))
        self.wind_up(job)

        job = self.book(supplier)
        self.start(supplier, job)
        self.wait(HOUR)
        self.attest(job, HOUR)
        self.dispute(job)
        self.wind_up(job)
        self.exchange(supplier)

        job = self.book(supplier)
        self.start(supplier, job)
        self.wait(5_000)
        self.measure(ix.jobs.stop(party=self.renter.pubkey(), job=job, offer=offer), self.renter)
        self.attest(job, 5_000)
        self.measure(ix.jobs.complete(job=job, offer=offer))
        self.wind_up(job)

        job = self.book(supplier)
        attester = self.attesters[0]
        confirm = ix.jobs.confirm_manifest(attester=attester.pubkey(), job=job)
        self.measure(confirm, attester)
        self.start(supplier, job)
        self.wait(HOUR)
        self.attest(job, HOUR)
        self.measure(ix.jobs.lose(attester=attester.pubkey(), job=job, offer=offer), attester)
        self.wind_up(job)

        job = self.book(supplier, any_nonce=True)
        self.wait(1_201)
        self.measure(ix.jobs.expire(job=job, offer=offer))
        self.wind_up(job)

        job = self.book(supplier, any_nonce=True)
        self.measure(ix.jobs.cancel(party=self.renter.pubkey(), job=job, offer=offer), self.renter)
        self.wind_up(job)

    def burn(self) -> None:
        """What each fee vault holds."""
        for shard, fees in enumerate(self.client.buyback.fees()):
            if fees:
                self.measure(ix.buyback.burn_fees(shard=shard))

    def dollars(self) -> Pubkey:
        """A currency at par."""
        mint = self.key().pubkey()
        self.client.cheats.set_mint(mint, decimals=6)
        terms = types.jobs.CurrencyArgs(
            pricing=types.jobs.Pricing.PAR,
            enabled=True,
            payment_bps=200,
            feed_id=_FEED,
            price_account=price_feed(_FEED),
        )
        self.client.send(ix.jobs.create_currency(authority=self.me, mint=mint, args=terms))
        return mint

    def priced(self, mint: Pubkey) -> dict[str, Any]:
        """What a sale for IO is priced by, as of now."""
        return {
            "price": self.price(),
            "currency": pda.jobs.currency(mint),
            "currency_price": price_feed(_FEED),
        }

    def fill(self, vault: Pubkey) -> None:
        """Makes a token account hold 10,000 dollars."""
        account = replace(self.client.token_account(vault), amount=10_000 * _DOLLAR)
        self.client.network.set_account(vault, data=account.encode(), owner=TOKEN_PROGRAM)

    def buy(self) -> None:
        """IO for the fees of a currency at par."""
        mint, seller = self.dollars(), self.person()
        seller_key = seller.pubkey()
        source = self.wallet(seller_key, IO(1_000_000))
        destination = self.client.cheats.set_tokens(seller_key, mint, 0)
        for shard in range(constants.buyback.FEE_SHARDS):
            vault, auction = pda.buyback.vault(mint, shard), pda.buyback.auction(mint, shard)
            self.measure(ix.buyback.open_vault(payer=self.me, mint=mint, shard=shard))
            self.measure(ix.buyback.open_auction(payer=self.me, mint=mint, shard=shard))
            self.fill(vault)
            start = ix.buyback.start_auction(auction=auction, vault=vault, **self.priced(mint))
            self.measure(start)
            for io in (IO(100 + shard), IO(10_000)):
                self.wait(self.keys.randrange(HOUR))
                sale = ix.buyback.sell_io(
                    seller=seller_key,
                    auction=auction,
                    **self.priced(mint),
                    source=source,
                    vault=vault,
                    destination=destination,
                    args=types.buyback.SaleArgs(max_io=io.base, min_out=50 * _DOLLAR),
                )
                self.measure(sale, seller)
        self.owing = mint, seller

    def pay_out(self, supplier: Supplier) -> None:
        """Pays IO to a supplier, for a job that was paid in a currency at par."""
        (mint, seller), job = self.owing, self.key().pubkey()
        seller_key, owner = seller.pubkey(), supplier.owner.pubkey()
        # An account in the format of the jobs program.
        account = self.client.account(self.book(supplier))
        assert account is not None
        data, offsets = bytearray(account.data), accounts.jobs.Job.OFFSETS
        data[offsets["payout"]] = 0
        data[offsets["mint"] : offsets["mint"] + 32] = bytes(mint)
        self.client.network.set_account(job, data=bytes(data), owner=account.owner)
        payout, vault = pda.buyback.payout(job), pda.buyback.payout_vault(job)
        currency, destination = pda.jobs.currency(mint), token_account(seller_key, mint)
        self.measure(ix.buyback.open_payout(payer=self.me, job=job, mint=mint))
        for sold in (True, False):
            self.fill(vault)
            self.measure(ix.buyback.start_payout(payout=payout, vault=vault, **self.priced(mint)))
            if sold:
                self.wait(self.keys.randrange(HOUR))
                sale = ix.buyback.sell_to_supplier(
                    seller=seller_key,
                    payout=payout,
                    **self.priced(mint),
                    source=token_account(seller_key, pda.mint.MINT),
                    credit=self.wallet(owner),
                    vault=vault,
                    destination=destination,
                    args=types.buyback.SaleArgs(max_io=IO(10_000).base, min_out=50 * _DOLLAR),
                )
                self.measure(sale, seller)
        withdraw = ix.buyback.withdraw_payout(
            supplier=owner,
            payout=payout,
            currency=currency,
            vault=vault,
            destination=self.client.cheats.set_tokens(owner, mint, 0),
            fee_vault=vault_of(job, mint),
        )
        self.measure(withdraw, supplier.owner)
        self.client.network.set_account(job, lamports=0)
        self.measure(ix.buyback.close_payout(rent_payer=self.me, job=job, payout=payout, vault=vault))

    # -- governance

    def proposal(self, supplier: Supplier, nonce: int, *transactions: Instruction) -> Pubkey:
        """A draft of a node's owner."""
        me = supplier.owner.pubkey()
        blank = types.governance.ProposalArgs(title=bytes(64), uri=bytes(96), text_hash=_ZEROS)
        self.measure(
            ix.governance.propose(
                proposer=me,
                source=self.wallet(me),
                nonce=nonce,
                args=blank,
                remaining_accounts=[AccountMeta(supplier.node, False, False)],
            ),
            supplier.owner,
        )
        address = pda.governance.proposal(me, nonce)
        for index, transaction in enumerate(transactions):
            add = ix.governance.add_transaction(
                proposer=me, proposal=address, index=index, args=governance.stored(transaction)
            )
            self.measure(add, supplier.owner)
        return address

    def vote(self, supplier: Supplier, proposal: Pubkey) -> None:
        """The co-staker and the owner vote, and change their votes; then the vote ends."""
        owner, holder = supplier.owner.pubkey(), supplier.holder.pubkey()
        node_vote = pda.governance.node_vote(proposal, supplier.node)
        position = pda.staking.position(supplier.node, holder)
        content_hash = self.client.fetch(accounts.governance.Proposal, proposal).content_hash
        common: dict[str, Any] = {"proposal": proposal, "content_hash": content_hash}
        shards = [AccountMeta(shard, False, False) for shard in stake_shards()]
        begin = ix.governance.activate(proposer=owner, proposal=proposal, remaining_accounts=shards)
        self.measure(begin, supplier.owner)
        self.measure(ix.governance.open_node_vote(payer=self.me, proposal=proposal, node=supplier.node))
        cast = ix.governance.cast_vote(
            holder=holder, position=position, node_vote=node_vote, choice=Choice.AGAINST, **common
        )
        self.measure(cast, supplier.holder)
        vote = pda.governance.vote(proposal, position)
        for choice in (Choice.ABSTAIN, Choice.FOR):
            owners = ix.governance.owner_vote(
                owner=owner, node=supplier.node, node_vote=node_vote, choice=choice, **common
            )
            self.measure(owners, supplier.owner)
            change = ix.governance.change_vote(holder=holder, vote=vote, choice=choice, **common)
            self.measure(change, supplier.holder)
        self.wait(5 * DAY)
        self.measure(ix.governance.queue(proposal=proposal))
        self.measure(ix.governance.close_vote(proposal=proposal, vote=vote, rent_payer=holder))
        close = ix.governance.close_node_vote(proposal=proposal, node_vote=node_vote, rent_payer=self.me)
        self.measure(close)

    def govern(self, supplier: Supplier) -> None:
        """Three proposals: one pays, one is cancelled, and of one the bond is burned."""
        me, treasury = supplier.owner.pubkey(), pda.governance.TREASURY
        self.wallet(me, IO(5_000))
        self.wallet(treasury, IO(1_000))
        self.measure(ix.governance.open_outflow(payer=self.me, asset=pda.mint.MINT))
        _, payment = governance.pay_io(me, IO(10))
        paying = self.proposal(supplier, 1, payment)
        self.vote(supplier, paying)
        self.wait(2 * DAY)
        transaction = pda.governance.transaction(paying, 0)
        metas = [AccountMeta(meta.pubkey, False, meta.is_writable) for meta in payment.accounts]
        outflow = AccountMeta(pda.governance.outflow(pda.mint.MINT), False, True)
        self.measure(
            ix.governance.execute(
                proposal=paying,
                transaction=transaction,
                callee=payment.program_id,
                remaining_accounts=[*metas, outflow],
            )
        )
        bond = ix.governance.return_bond(proposal=paying, destination=self.wallet(me), rent_payer=me)
        self.measure(bond)
        self.measure(ix.governance.close_transaction(proposal=paying, transaction=transaction, rent_payer=me))
        self.measure(ix.governance.cancel(signer=me, proposal=self.proposal(supplier, 2)), supplier.owner)
        silent = self.proposal(supplier, 3)
        shards = [AccountMeta(shard, False, False) for shard in stake_shards()]
        begin = ix.governance.activate(proposer=me, proposal=silent, remaining_accounts=shards)
        self.measure(begin, supplier.owner)
        self.wait(5 * DAY)
        self.measure(ix.governance.burn_bond(proposal=silent, rent_payer=me))

    def big(self) -> Supplier:
        """A node with enough stake to propose, since the start of a week."""
        number = NODES
        args = types.staking.ClassArgs(
            pool=types.staking.Pool.GPU,
            enabled=True,
            maximum=5,
            multiplier_bps=10_000,
            base_minimum=IO(10_000).base,
            name=b"large".ljust(32, b"\0"),
        )
        self.measure(ix.staking.create_class(authority=self.me, id=number, args=args))
        supplier = self.supplier(number, IO(10_000))
        self.wait(7 * DAY)
        return supplier

    def grant(self, number: int) -> None:
        """A grant that is released, passed on and revoked."""
        me, keys = self.me, random.Random(f"grant {number} of {self.me}")
        old, new = (Keypair.from_seed(keys.randbytes(32)) for _ in range(2))
        terms = Schedule.monthly(IO(24), self.now, months=24)
        args = types.distributor.GrantArgs(
            beneficiary=old.pubkey(),
            schedule=terms.args(),
            revocable=True,
            allocation=Allocation.CORE,
        )
        funds, address = self.wallet(me), pda.distributor.grant(number)
        self.measure(ix.distributor.create_grant(authority=me, payer=me, source=funds, id=number, args=args))
        for _ in range(3):
            self.wait(MONTH)
            self.measure(ix.distributor.release(grant=address, destination=self.wallet(old.pubkey())))
        named = ix.distributor.set_beneficiary(
            beneficiary=old.pubkey(), grant=address, successor=new.pubkey()
        )
        self.measure(named, old)
        self.measure(ix.distributor.accept_beneficiary(successor=new.pubkey(), grant=address), new)
        self.measure(ix.distributor.revoke(authority=me, grant=address, destination=funds))

    def drop(self, number: int, levels: int, node: Pubkey, vault: Pubkey, class_id: int) -> None:
        """An airdrop of two leaves in a tree of `levels`; the deepest is also staked and reclaimed."""
        me, keys = self.me, random.Random(f"airdrop {number} of {self.me}")
        first, second = (Keypair.from_seed(keys.randbytes(32)) for _ in range(2))
        self.client.airdrop(second.pubkey(), SOL(1))
        tree = AirdropTree(number, [Share(first.pubkey(), IO(1)), Share(second.pubkey(), IO.from_base(1))])
        above = [keys.randbytes(32) for _ in range(levels - 1)]
        args = types.distributor.AirdropArgs(
            root=root_from_proof(tree.root, 0, above),
            leaves=1 << levels,
            total=tree.total.base,
            deadline=self.now + 30 * DAY,
            allocation=Allocation.COMMUNITY,
        )
        funds, case = self.wallet(me), "10,000 leaves" if levels < PROOF_LEVELS else ""
        self.measure(
            ix.distributor.create_airdrop(authority=me, payer=me, source=funds, id=number, args=args)
        )
        self.measure(ix.distributor.open_claims(payer=me, airdrop=tree.address, number=0))
        first_args, second_args = (
            types.distributor.ClaimArgs(index=leaf.index, amount=leaf.amount, proof=(*leaf.proof, *above))
            for leaf in (tree.args(0), tree.args(1))
        )
        claims, wallet = tree.claims(0), self.wallet(first.pubkey())
        claim = ix.distributor.claim_airdrop(
            airdrop=tree.address, claims=claims, destination=wallet, args=first_args
        )
        self.measure(claim, case=case)
        if not case:
            return
        self.client.send(ix.staking.open_position(holder=second.pubkey(), node=node), signers=[second])
        staked = ix.distributor.claim_into_stake(
            claimant=second.pubkey(),
            airdrop=tree.address,
            claims=claims,
            class_=pda.staking.class_(class_id),
            node=node,
            position=pda.staking.position(node, second.pubkey()),
            node_vault=vault,
            args=second_args,
        )
        self.measure(staked, second)
        self.wait(30 * DAY)
        self.measure(ix.distributor.reclaim(airdrop=tree.address, destination=funds, rent_payer=me))
        self.measure(ix.distributor.close_claims(airdrop=tree.address, claims=claims, rent_payer=me))

    def distribute(self, supplier: Supplier) -> None:
        """Grants, and airdrops of which one goes into stake on a node."""
        node = self.client.staking.get_node(supplier.node)
        for number in range(NODES):
            self.grant(number)
            for levels in (14, PROOF_LEVELS):
                self.drop(2 * number + levels % 2, levels, supplier.node, node.vault, node.class_)

    def play(self) -> None:
        """Everything."""
        self.initialize()
        self.classes_and_currencies()
        self.administer()
        suppliers = [self.supplier(number) for number in range(NODES)]
        for number, supplier in enumerate(suppliers):
            self.emit()
            self.reward(supplier, number)
            self.rent(supplier)
            self.change(supplier, number)
        self.burn()
        self.cluster(suppliers[0], suppliers[1])
        self.buy()
        for supplier in suppliers:
            self.pay_out(supplier)
        self.policies()
        self.void()
        for number in range(NODES):
            self.approve(self.supplier(number), number)
        self.squat(self.supplier(0))
        self.distribute(self.supplier(0))
        for supplier in suppliers:
            self.hours(supplier)
        for number, supplier in enumerate(suppliers):
            self.leave(supplier, number)
        for number, supplier in enumerate(suppliers):
            self.slash(supplier, number)
        self.govern(self.big())


def measure(seed: int = 1) -> Figures:
    """Median and maximum of every instruction.

    Raises:
        SystemExit: an instruction was not measured.
    """
    meter, keys = Meter(), random.Random(seed)
    for _ in range(NETWORKS):
        World(meter, keys).play()
    if missing := meter.missing():
        sys.exit(f"not measured: {', '.join(missing)}; let World.play send them")
    return meter.figures()


def rows(figures: Figures) -> Iterable[tuple[str, str, int, int, int | None]]:
    """Program, instruction, median, maximum and the median's budget."""
    for program, instructions in figures.items():
        for name, units in instructions.items():
            yield program, name, units["median"], units["max"], BUDGETS.get(program, {}).get(name)


def show(figures: Figures) -> None:
    """Prints the table."""
    print(f"{'instruction':34}{'median':>9}{'max':>9}{'budget':>9}{'ratio':>7}")
    for program, name, median, most, budget in rows(figures):
        of = f"{budget:>9,}{median / budget:>7.2f}" if budget else ""
        print(f"{program + '.' + name:34}{median:>9,}{most:>9,}{of}")


def grown(before: Mapping[str, Any], after: Figures) -> list[str]:
    """What takes more than a tenth more than before, or was not there."""
    regressions = []
    for program, name, median, _, _ in rows(after):
        was = before.get(program, {}).get(name, {}).get("median")
        if was is None:
            regressions.append(f"{program}.{name} is not in {RESULT.name}")
        elif median > was * MOST_GROWTH:
            regressions.append(f"{program}.{name} takes {median:,} units, {was:,} before")
    return regressions


def _said(leaf: types.staking.LeafArgs) -> types.proofs.LeafArgs:
    """A leaf, as the proofs program takes it."""
    fields = {
        name: getattr(leaf, name) for name in ("lifetime", "through", "previous_height", "index", "proof")
    }
    word = leaf.verdict
    verdict = types.proofs.Verdict(word.time, word.score_bps, word.reason, word.passed, word.evidence_hash)
    return types.proofs.LeafArgs(**fields, verdict=verdict)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with bench/compute.json")
    options = parser.parse_args()
    figures = measure()
    show(figures)
    if not options.check:
        RESULT.write_text(json.dumps(figures, indent=2) + "\n")
        return 0
    regressions = grown(json.loads(RESULT.read_text()), figures)
    print("\n".join(regressions) or f"no median is more than a tenth above {RESULT.name}")
    return 1 if regressions else 0


if __name__ == "__main__":
    raise SystemExit(main())

"""People of a market, and what programs are told of devices, classes, nodes and work."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet import pda, types
from ionet.administration.shards import shard_of
from ionet.rewards import Report

#: One token of IO.
TOKEN: Final = 10**8
COMMISSION_BPS: Final = 1_000
#: Digest of the samples of a time-lock.
SAMPLES: Final = hashlib.sha256(b"samples").digest()


def class_args(**changes: Any) -> types.staking.ClassArgs:
    """200 IO at least and five times that at most, for a processor of the reference's speed."""
    usual: dict[str, Any] = {
        "pool": 0,
        "enabled": True,
        "maximum": 5,
        "multiplier_bps": 10_000,
        "base_minimum": 200 * TOKEN,
        "name": b"test".ljust(32, b"\0"),
    }
    return types.staking.ClassArgs(**usual | changes)


def node_args(commission_bps: int = COMMISSION_BPS) -> types.staking.NodeArgs:
    """What a node says of itself."""
    return types.staking.NodeArgs(commission_bps=commission_bps, region=276, memory_gib=80, link_mbps=1_000)


def fingerprint(name: str) -> bytes:
    """Of the device of this name."""
    return hashlib.sha256(name.encode()).digest()


def attestation(good: int, upto: int | None = None, **changes: Any) -> types.jobs.AttestArgs:
    """What an attester says; with reason 7 where not all of it was good."""
    looked = good if upto is None else upto
    usual: dict[str, Any] = {
        "good": good,
        "upto": looked,
        "reason": 7 if good < looked else 0,
        "proof_digest": bytes(32),
        "timelock": SAMPLES,
        "result_hash": bytes(32),
    }
    return types.jobs.AttestArgs(**usual | changes)


@dataclass(frozen=True, slots=True)
class Supplier:
    """An owner with a device and its node."""

    owner: Keypair
    device_key: Keypair
    name: str

    @property
    def key(self) -> Pubkey:
        """The owner's."""
        return self.owner.pubkey()

    @property
    def fingerprint(self) -> bytes:
        return fingerprint(self.name)

    @property
    def device(self) -> Pubkey:
        return pda.staking.device(self.fingerprint)

    @property
    def node(self) -> Pubkey:
        return pda.staking.node(self.device)

    @property
    def vault(self) -> Pubkey:
        return pda.staking.vault(self.node)

    @property
    def shard(self) -> Pubkey:
        return shard_of(self.node)

    @property
    def offer(self) -> Pubkey:
        return pda.jobs.offer(self.node)


@dataclass(frozen=True, slots=True)
class Published:
    """A final report: its account, and its leaves."""

    address: Pubkey
    report: Report

    def leaf(self, node: Pubkey, **changes: Any) -> types.staking.LeafArgs:
        """A node's leaf with its proof."""
        fields, verdict = self.report.arguments(bytes(node))
        usual: dict[str, Any] = {**fields, "verdict": types.staking.Verdict(**verdict)}
        return types.staking.LeafArgs(**usual | changes)

    def proofs_leaf(self, node: Pubkey, **changes: Any) -> types.proofs.LeafArgs:
        """The same, as the proofs program takes it."""
        fields, verdict = self.report.arguments(bytes(node))
        usual: dict[str, Any] = {**fields, "verdict": types.proofs.Verdict(**verdict)}
        return types.proofs.LeafArgs(**usual | changes)


@dataclass(frozen=True, slots=True)
class People:
    """Everyone with a key, the same in every test."""

    deployer: Keypair = field(default_factory=Keypair)
    slasher: Keypair = field(default_factory=Keypair)
    resolver: Keypair = field(default_factory=Keypair)
    treasury: Keypair = field(default_factory=Keypair)
    attesters: tuple[Keypair, Keypair] = field(default_factory=lambda: (Keypair(), Keypair()))
    alice: Supplier = field(default_factory=lambda: Supplier(Keypair(), Keypair(), "alice"))
    bob: Supplier = field(default_factory=lambda: Supplier(Keypair(), Keypair(), "bob"))
    carol: Keypair = field(default_factory=Keypair)
    dave: Keypair = field(default_factory=Keypair)
    renter: Keypair = field(default_factory=Keypair)
    usdc: Keypair = field(default_factory=Keypair)

    def everyone(self) -> list[Keypair]:
        return [
            *(
                self.deployer,
                self.slasher,
                self.resolver,
                *self.attesters,
                self.carol,
                self.dave,
                self.renter,
            ),
            *(self.alice.owner, self.alice.device_key, self.bob.owner, self.bob.device_key),
        ]

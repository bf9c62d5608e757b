"""Grants and airdrops on top of a `World`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.model.grants import MONTH
from tests.programs.support import DAY, NOW, World

from ionet import IO, Sent, accounts, ix, pda, token_account, types
from ionet.formats.merkle import Tree

IO_MINT: Final = pda.mint.MINT
#: Leaves whose claims one account marks.
CHUNK: Final = 8_192
NO_ALLOCATION: Final = types.distributor.Allocation.NONE


def schedule(total: int = 1_000, **changes: Any) -> types.distributor.ScheduleArgs:
    """Three months without a cliff."""
    usual: dict[str, Any] = {
        "total": total,
        "upfront": 0,
        "start": NOW,
        "cliff": 0,
        "period": MONTH,
        "tranches": 3,
    }
    return types.distributor.ScheduleArgs(**usual | changes)


def leaf(airdrop: Pubkey, index: int, claimant: Pubkey, amount: int) -> bytes:
    """A leaf: `sha256(0 ‖ "ionet:airdrop" ‖ airdrop ‖ index ‖ claimant ‖ amount)`."""
    said = bytes(airdrop) + index.to_bytes(4, "little") + bytes(claimant) + amount.to_bytes(8, "little")
    return sha256(b"\0ionet:airdrop" + said).digest()


@dataclass(frozen=True, slots=True)
class Drop:
    """An airdrop with its leaves."""

    id: int
    leaves: Sequence[tuple[Pubkey, int]]
    tree: Tree

    @classmethod
    def of(cls, id_: int, leaves: Sequence[tuple[Pubkey, int]]) -> Drop:
        address = pda.distributor.airdrop(id_)
        hashes = [leaf(address, index, *one) for index, one in enumerate(leaves)]
        return cls(id_, leaves, Tree(hashes, b"ionet:airdrop"))

    @property
    def address(self) -> Pubkey:
        return pda.distributor.airdrop(self.id)

    @property
    def vault(self) -> Pubkey:
        return pda.distributor.vault(self.address)

    @property
    def total(self) -> int:
        return sum(amount for _, amount in self.leaves)

    def args(self, at: int, **changes: Any) -> types.distributor.ClaimArgs:
        """A leaf with its proof."""
        usual: dict[str, Any] = {
            "index": at,
            "amount": self.leaves[at][1],
            "proof": self.tree.proof(at),
        }
        return types.distributor.ClaimArgs(**usual | changes)

    def claims(self, index: int = 0) -> Pubkey:
        """Where a leaf's claim is marked."""
        return pda.distributor.claims(self.address, index // CHUNK)

    def claim(self, index: int, **given: Any) -> Instruction:
        """Claims a leaf into its claimant's associated token account."""
        usual: dict[str, Any] = {
            "airdrop": self.address,
            "claims": self.claims(index),
            "destination": token_account(self.leaves[index][0], IO_MINT),
            "args": self.args(index),
        }
        return ix.distributor.claim_airdrop(**usual | given)


class Distribution:
    """A world with grants and airdrops; `send` checks the books of all of them afterwards."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.granted: list[Pubkey] = []
        self.drops: list[Drop] = []

    @property
    def config(self) -> accounts.distributor.Config:
        return self.world.client.fetch(accounts.distributor.Config, pda.distributor.CONFIG)

    def grant(self, address: Pubkey) -> accounts.distributor.Grant:
        return self.world.client.fetch(accounts.distributor.Grant, address)

    def airdrop(self, drop: Drop) -> accounts.distributor.Airdrop:
        return self.world.client.fetch(accounts.distributor.Airdrop, drop.address)

    def treasury(self) -> Pubkey:
        """The treasury's IO account."""
        return self.world.io_account(self.world.treasury.pubkey())

    # -- transactions

    def send(self, *instructions: Instruction, signers: Sequence[Keypair] = ()) -> Sent[None]:
        sent = self.world.send(*instructions, signers=signers)
        self.check()
        return sent

    def check(self) -> None:
        """Each vault holds what it was funded with, less what was paid out of it."""
        put_in = 0
        for address in self.granted:
            grant, vault = self.grant(address), pda.distributor.vault(address)
            assert self.world.balance(vault) + grant.released + grant.returned == grant.total
            put_in += grant.total
        for drop in self.drops:
            found = self.airdrop(drop)
            held = self.world.balance(drop.vault) if self.world.client.account(drop.vault) else 0
            assert held + found.claimed + found.returned == found.total
        config = self.config
        assert (config.grants, config.granted) == (len(self.granted), put_in)
        assert (config.airdrops, config.airdropped) == (len(self.drops), sum(one.total for one in self.drops))

    # -- grants

    def granting(self, id_: int, beneficiary: Pubkey, args: Mapping[str, Any], **given: Any) -> Instruction:
        usual: dict[str, Any] = {
            "beneficiary": beneficiary,
            "schedule": schedule(),
            "revocable": False,
            "allocation": types.distributor.Allocation.CORE,
        }
        source = self.world.io_account(self.world.deployer)
        more: dict[str, Any] = {
            "authority": self.world.deployer,
            "payer": self.world.deployer,
            "source": source,
            "id": id_,
            "args": types.distributor.GrantArgs(**{**usual, **args}),
        }
        return ix.distributor.create_grant(**more | given)

    def make_grant(self, beneficiary: Pubkey, terms: types.distributor.ScheduleArgs, **args: Any) -> Pubkey:
        """Makes a grant out of the community's allocation; returns its address."""
        id_ = len(self.granted)
        self.world.give_io(self.world.deployer, IO.from_base(terms.total))
        self.world.send(self.granting(id_, beneficiary, {"schedule": terms, **args}))
        self.granted.append(pda.distributor.grant(id_))
        self.check()
        return self.granted[-1]

    def release(self, grant: Pubkey, **given: Any) -> Instruction:
        """Releases into the beneficiary's associated token account."""
        usual = {"destination": self.world.io_account(self.grant(grant).beneficiary)}
        return ix.distributor.release(grant=grant, **{**usual, **given})

    def revoke(self, grant: Pubkey, **given: Any) -> Instruction:
        """Revokes a grant."""
        usual = {"authority": self.world.deployer, "destination": self.treasury()}
        return ix.distributor.revoke(grant=grant, **{**usual, **given})

    # -- airdrops

    def dropping(self, drop: Drop, args: Mapping[str, Any] | None = None, **given: Any) -> Instruction:
        usual: dict[str, Any] = {
            "root": drop.tree.root,
            "leaves": len(drop.leaves),
            "total": drop.total,
            "deadline": self.world.now + 30 * DAY,
            "allocation": types.distributor.Allocation.COMMUNITY,
        }
        more: dict[str, Any] = {
            "authority": self.world.deployer,
            "payer": self.world.deployer,
            "source": self.world.io_account(self.world.deployer),
            "id": drop.id,
            "args": types.distributor.AirdropArgs(**{**usual, **(args or {})}),
        }
        return ix.distributor.create_airdrop(**more | given)

    def make_airdrop(self, leaves: Sequence[tuple[Pubkey, int]], *, open_: bool = True, **args: Any) -> Drop:
        """Makes an airdrop out of the community's allocation, with its claims opened."""
        drop = Drop.of(len(self.drops), leaves)
        self.world.give_io(self.world.deployer, IO.from_base(args.get("total", drop.total)))
        self.world.send(self.dropping(drop, args))
        self.drops.append(drop)
        for number in range(-(-len(leaves) // CHUNK) if open_ else 0):
            self.world.send(self.opening(drop, number))
        return drop

    def opening(self, drop: Drop, number: int = 0, *, payer: Pubkey | None = None) -> Instruction:
        return ix.distributor.open_claims(
            payer=payer or self.world.deployer, airdrop=drop.address, number=number
        )

    def reclaiming(self, drop: Drop, **given: Any) -> Instruction:
        usual: dict[str, Any] = {
            "airdrop": drop.address,
            "destination": self.treasury(),
            "rent_payer": self.world.deployer,
        }
        return ix.distributor.reclaim(**usual | given)

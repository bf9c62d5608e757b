"""The example program that rents by CPI: what its tenant does with its renter, and nobody else.

`scripts/build` makes it, with the other programs.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from tests.programs.market import IO_MINT, TWO_HOURS, Market
from tests.programs.support import HOUR

from ionet import IO, errors, pda, token_account, types

ROOT: Final = Path(__file__).resolve().parents[2]
IDL: Final[dict[str, Any]] = json.loads((ROOT / "examples/cpi_renter/idl.json").read_text())
PROGRAM: Final = Pubkey.from_string(IDL["address"])
BUILT: Final = Path(os.environ.get("IONET_PROGRAMS") or ROOT / "target/deploy") / "cpi_renter.so"
RENT: Final = 20_000_000

pytestmark = pytest.mark.skipif(
    not BUILT.exists() and "IONET_PROGRAMS" not in os.environ,
    reason="scripts/build has not built the example",
)


def instruction(name: str, data: bytes, **accounts: Pubkey) -> Instruction:
    """One of the example's, by its IDL."""
    (spec,) = (each for each in IDL["instructions"] if each["name"] == name)
    metas = [
        AccountMeta(
            accounts.get(account["name"]) or Pubkey.from_string(account["address"]),
            account.get("signer", False),
            account.get("writable", False),
        )
        for account in spec["accounts"]
    ]
    return Instruction(PROGRAM, bytes(spec["discriminator"]) + data, metas)


@dataclass(frozen=True, slots=True)
class Tenancy:
    """A tenant, who has paid 1,000 IO and some SOL to their renter."""

    market: Market
    tenant: Keypair

    @classmethod
    def new(cls) -> Tenancy:
        market = Market.new()
        market.world.client.network.add_program(PROGRAM, BUILT)
        made = cls(market, market.actor())
        payer = market.world.deployer
        market.world.send(
            transfer(TransferParams(from_pubkey=payer, to_pubkey=made.renter, lamports=RENT)),
        )
        market.world.give_io(made.renter, IO(1_000))
        return made

    @property
    def renter(self) -> Pubkey:
        return Pubkey.find_program_address([b"renter", bytes(self.tenant.pubkey())], PROGRAM)[0]

    @property
    def purse(self) -> Pubkey:
        return token_account(self.renter, IO_MINT)

    def booking(self, by: Keypair | None = None, **given: Pubkey) -> Instruction:
        """Books alice's node for two hours."""
        self.market.set_price(IO_MINT)
        usual = self.market.booking(TWO_HOURS, payer=self.renter, renter=self.renter)
        names = [account["name"] for account in _jobs("book")["accounts"]]
        accounts = dict(zip(names, (meta.pubkey for meta in usual.accounts), strict=True))
        accounts |= {"tenant": (by or self.tenant).pubkey(), "jobs_program": usual.program_id}
        return instruction("book", bytes(usual.data)[8:], **(accounts | given))

    def job(self) -> Pubkey:
        """Books, and gives the job."""
        job = pda.jobs.job(self.market.alice.offer, self.market.offer().nonce + 1)
        self.market.world.send(self.booking(), signers=[self.tenant])
        return job

    def stop(self, job: Pubkey, by: Keypair | None = None, **given: Pubkey) -> Instruction:
        return self._ending("stop", job, by, given)

    def cancel(self, job: Pubkey, by: Keypair | None = None, **given: Pubkey) -> Instruction:
        return self._ending("cancel", job, by, given)

    def _ending(self, name: str, job: Pubkey, by: Keypair | None, given: dict[str, Pubkey]) -> Instruction:
        accounts = {"tenant": (by or self.tenant).pubkey(), "renter": self.renter, "job": job}
        accounts |= {
            "offer": self.market.alice.offer,
            "jobs_program": self.market.jobs(name, job).program_id,
        }
        return instruction(name, b"", **(accounts | given))

    def lamports(self, of: Pubkey) -> int:
        account = self.market.world.client.account(of)
        return 0 if account is None else account.lamports

    def sol(self, lamports: int, to: Pubkey, by: Keypair | None = None, **given: Pubkey) -> Instruction:
        accounts = {"tenant": (by or self.tenant).pubkey(), "renter": self.renter, "destination": to}
        return instruction("withdraw_sol", lamports.to_bytes(8, "little"), **(accounts | given))

    def withdrawal(self, amount: int, to: Pubkey, by: Keypair | None = None, **given: Pubkey) -> Instruction:
        accounts = {"tenant": (by or self.tenant).pubkey(), "renter": self.renter, "source": self.purse}
        accounts |= {"destination": token_account(to, IO_MINT)}
        return instruction("withdraw", amount.to_bytes(8, "little"), **(accounts | given))


def _jobs(name: str) -> dict[str, Any]:
    idl = json.loads((ROOT / "idl/jobs.json").read_text())
    found: dict[str, Any] = next(each for each in idl["instructions"] if each["name"] == name)
    return found


@pytest.fixture
def tenancy() -> Tenancy:
    return Tenancy.new()


def test_what_a_tenant_books_by_cpi_is_a_job_of_their_renter(tenancy: Tenancy) -> None:
    found = tenancy.market.job(tenancy.job())
    assert (found.renter, found.refund_to, found.rent_payer) == (tenancy.renter,) * 3
    deposit = tenancy.market.world.balance(found.escrow)
    assert deposit > 0
    assert tenancy.market.world.balance(tenancy.purse) == IO(1_000).base - deposit


def test_what_is_left_of_a_stopped_job_comes_back_to_the_renter_and_to_the_tenant(
    tenancy: Tenancy,
) -> None:
    market, job, world = tenancy.market, tenancy.job(), tenancy.market.world
    market.start(job)
    market.world.advance(HOUR // 2)
    world.send(tenancy.stop(job), signers=[tenancy.tenant])
    market.attest(job, HOUR // 2)
    world.send(market.jobs("complete", job))
    before = world.balance(tenancy.purse)
    world.send(market.jobs("refund", job, destination=tenancy.purse))
    back = world.balance(tenancy.purse)
    assert before < back < IO(1_000).base
    world.give_io(tenancy.tenant.pubkey(), IO(0))
    world.send(tenancy.withdrawal(back, tenancy.tenant.pubkey()), signers=[tenancy.tenant])
    assert world.balance(tenancy.purse) == 0
    assert world.balance(token_account(tenancy.tenant.pubkey(), IO_MINT)) == back


def test_a_job_is_cancelled_and_its_rent_comes_back_to_the_tenant(tenancy: Tenancy) -> None:
    market, job, world = tenancy.market, tenancy.job(), tenancy.market.world
    assert tenancy.lamports(tenancy.renter) < RENT
    world.send(tenancy.cancel(job), signers=[tenancy.tenant])
    assert market.job(job).reason == types.jobs.CloseReason.RENTER_CANCELLED
    assert market.offer().lease_job == Pubkey.default()
    market.pay_out(job)
    assert tenancy.lamports(tenancy.renter) == RENT
    to = Pubkey.new_unique()
    world.send(tenancy.sol(RENT, to), signers=[tenancy.tenant])
    assert (tenancy.lamports(tenancy.renter), tenancy.lamports(to)) == (0, RENT)


def test_nobody_else_cancels_or_takes_sol_that_is_a_tenants(tenancy: Tenancy) -> None:
    """Neither through the program, for a renter that is not theirs, nor past it."""
    market, world, job = tenancy.market, tenancy.market.world, tenancy.job()
    thief = market.actor()
    for call in (tenancy.cancel(job, thief), tenancy.sol(1, thief.pubkey(), thief)):
        world.refused(call, "ConstraintSeeds", signers=[thief])
    own = Pubkey.find_program_address([b"renter", bytes(thief.pubkey())], PROGRAM)[0]
    world.refused(tenancy.cancel(job, thief, renter=own), errors.jobs.NotAParty, signers=[thief])
    past = market.jobs("cancel", job, party=thief.pubkey())
    world.refused(past, errors.jobs.NotAParty, signers=[thief])


def test_nobody_else_books_stops_or_takes_what_is_a_tenants(tenancy: Tenancy) -> None:
    """Neither through the program, for a renter that is not theirs, nor past it."""
    market, world = tenancy.market, tenancy.market.world
    thief = market.actor()
    world.give_io(thief.pubkey(), IO(0))
    world.refused(tenancy.booking(thief), "ConstraintSeeds", signers=[thief])
    job = tenancy.job()
    market.start(job)
    takes = tenancy.withdrawal(1, thief.pubkey(), thief)
    for call in (tenancy.stop(job, thief), takes):
        world.refused(call, "ConstraintSeeds", signers=[thief])
    own = Pubkey.find_program_address([b"renter", bytes(thief.pubkey())], PROGRAM)[0]
    world.refused(tenancy.stop(job, thief, renter=own), errors.jobs.NotAParty, signers=[thief])
    other = tenancy.withdrawal(1, thief.pubkey(), thief, renter=own)
    world.refused(other, "ConstraintTokenOwner", signers=[thief])
    past = market.jobs("stop", job, party=thief.pubkey())
    world.refused(past, errors.jobs.NotAParty, signers=[thief])
    world.send(tenancy.stop(job), signers=[tenancy.tenant])
    elsewhere = market.jobs("refund", job, destination=token_account(thief.pubkey(), IO_MINT))
    world.refused(elsewhere, errors.jobs.WrongDestination)


def test_a_tenant_signs(tenancy: Tenancy) -> None:
    call = tenancy.withdrawal(1, tenancy.renter)
    metas = [AccountMeta(meta.pubkey, False, meta.is_writable) for meta in call.accounts]
    unsigned = Instruction(PROGRAM, bytes(call.data), metas)
    tenancy.market.world.refused(unsigned, "AccountNotSigner")

"""States, reasons and bounds of the programs, as their IDLs say them."""

from __future__ import annotations

import re

import pytest

import ionet
from ionet import Allocation, CloseReason, DecodeError, ProofReason, accounts, governance, pda, types
from ionet.administration.shards import fee_vaults, shard_of, stake_shards, vault_of
from ionet.chain.schema import Named

NAMED = sorted(
    {
        one
        for program in types.__all__
        for one in vars(getattr(types, program)).values()
        if isinstance(one, type) and issubclass(one, Named) and one is not Named
    },
    key=lambda one: one.__name__,
)


@pytest.mark.parametrize("kind", NAMED)
def test_every_variant_says_what_it_stands_for(kind: type[Named]) -> None:
    for one in kind:
        assert re.fullmatch(r"([a-z]|IO\b|GPU|CPU|[A-Z][a-z]* [A-Z]\b).*[^.]", one.explain()), one.explain()
    assert len({one.explain() for one in kind}) == len(kind)


def test_reasons_are_parts_of_sentences() -> None:
    assert ProofReason.WRONG_ROWS.explain() == "other rows were opened than those drawn"
    assert CloseReason.NO_SHOW.explain() == "nobody started it within 20 minutes"
    assert types.jobs.PayoutKind.IO.explain() == "IO, whatever the renter pays in"


def test_what_two_programs_share_is_one_type() -> None:
    assert types.staking.ProofReason is types.proofs.ProofReason is ProofReason
    assert types.mint.Allocation is types.distributor.Allocation is Allocation
    assert governance.Choice is types.governance.VoteChoice


def test_a_reason_of_a_newer_program_is_refused_with_a_sentence() -> None:
    size = accounts.jobs.Job.SIZE
    assert size is not None
    data = bytearray(size)
    data[:8] = accounts.jobs.Job.DISCRIMINATOR
    assert accounts.jobs.Job.decode(bytes(data)).reason is CloseReason.NONE
    data[accounts.jobs.Job.OFFSETS["reason"]] = 200
    with pytest.raises(
        DecodeError,
        match=r"^not a valid Job: 200 is not a variant of CloseReason that this version of ionet knows:"
        r" the program may be newer$",
    ):
        accounts.jobs.Job.decode(bytes(data))


def test_entries_are_the_bits_of_the_programs() -> None:
    entries = (
        (ionet.JobsEntry, 3),
        (ionet.StakingEntry, 3),
        (ionet.MintEntry, 1),
        (ionet.BuybackEntry, 3),
        (ionet.DistributorEntry, 3),
        (ionet.ProofsEntry, 1),
    )
    for kind, every in entries:
        assert sum(kind) == every


def test_a_keys_shard_and_vault_follow_from_its_ends() -> None:
    key = pda.mint.MINT
    assert shard_of(key) == pda.staking.shard(bytes(key)[0] % 16)
    assert vault_of(key) == pda.buyback.vault(key, bytes(key)[31] % 8)
    assert (len(set(stake_shards())), len(set(fee_vaults()))) == (16, 8)

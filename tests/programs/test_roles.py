"""Authority, successor and pauser: the same rules in every program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from solders.pubkey import Pubkey
from tests.programs.support import World

from ionet import accounts, errors, events, ix, pda


@dataclass(frozen=True, slots=True)
class Program:
    """What a program with roles consists of.

    Attributes:
        name: its name.
        entries: its paused entries, a bit each.
    """

    name: str
    entries: int

    @property
    def ix(self) -> Any:
        return getattr(ix, self.name)

    @property
    def errors(self) -> Any:
        return getattr(errors, self.name)

    @property
    def events(self) -> Any:
        return getattr(events, self.name)

    @property
    def pda(self) -> Any:
        return getattr(pda, self.name)

    @property
    def config_type(self) -> Any:
        return getattr(accounts, self.name).Config

    def config(self, world: World) -> Any:
        """Its configuration account."""
        return world.client.fetch(self.config_type, self.pda.CONFIG)


MINT, PROOFS = Program("mint", 0b1), Program("proofs", 0b1)
PROGRAMS = [
    *(MINT, PROOFS, Program("buyback", 0b11), Program("staking", 0b11), Program("jobs", 0b11)),
    Program("distributor", 0b11),
]


@pytest.fixture(params=PROGRAMS, ids=lambda program: program.name)
def program(request: pytest.FixtureRequest) -> Program:
    found: Program = request.param
    return found


def test_authority_changes_when_the_named_successor_accepts(world: World, program: Program) -> None:
    heir, seq = world.actor(), program.config(world).seq
    proposed = world.send(program.ix.propose_authority(authority=world.deployer, successor=heir.pubkey()))
    assert program.config(world).roles.authority == world.deployer
    accepted = world.send(program.ix.accept_authority(successor=heir.pubkey()), signers=[heir])
    roles = program.config(world).roles
    assert (roles.authority, roles.pending_authority) == (heir.pubkey(), Pubkey.default())
    first, second = proposed.events[0], accepted.events[0]
    assert first == program.events.AuthorityProposed(seq + 1, world.deployer, heir.pubkey())
    assert second == program.events.AuthorityAccepted(seq + 2, heir.pubkey())
    # Nothing of it is left to the old one.
    back = program.ix.propose_authority(authority=world.deployer, successor=world.deployer)
    world.refused(back, program.errors.NotAuthority)
    again = program.ix.accept_authority(successor=heir.pubkey())
    world.refused(again, program.errors.NotPendingAuthority, signers=[heir])


def test_nobody_makes_himself_the_authority(world: World, program: Program) -> None:
    heir, thief = world.actor(), world.actor()
    propose = program.ix.propose_authority(authority=thief.pubkey(), successor=thief.pubkey())
    world.refused(propose, program.errors.NotAuthority, signers=[thief])
    accept = program.ix.accept_authority(successor=thief.pubkey())
    world.refused(accept, program.errors.NotPendingAuthority, signers=[thief])
    world.send(program.ix.propose_authority(authority=world.deployer, successor=heir.pubkey()))
    world.refused(accept, program.errors.NotPendingAuthority, signers=[thief])


def test_a_proposal_is_taken_back_with_the_default_key(world: World, program: Program) -> None:
    heir = world.actor()
    for successor in (heir.pubkey(), Pubkey.default()):
        world.send(program.ix.propose_authority(authority=world.deployer, successor=successor))
    accept = program.ix.accept_authority(successor=heir.pubkey())
    world.refused(accept, program.errors.NotPendingAuthority, signers=[heir])


def test_the_pauser_stops_and_only_the_authority_lifts(world: World, program: Program) -> None:
    heir, pauser = world.actor(), world.deployer
    # The deployer is left with the pauser's role alone.
    world.send(program.ix.propose_authority(authority=world.deployer, successor=heir.pubkey()))
    world.send(program.ix.accept_authority(successor=heir.pubkey()), signers=[heir])
    seq = program.config(world).seq
    sent = world.send(program.ix.set_paused(signer=pauser, paused=program.entries))
    assert sent.events == (program.events.PausedSet(seq + 1, pauser, program.entries),)
    assert program.config(world).roles.paused == program.entries
    world.refused(program.ix.set_paused(signer=pauser, paused=0), program.errors.MayNotPause)
    world.send(program.ix.set_paused(signer=heir.pubkey(), paused=0), signers=[heir])
    assert program.config(world).roles.paused == 0


def test_nobody_else_pauses(world: World, program: Program) -> None:
    thief = world.actor()
    pause = program.ix.set_paused(signer=thief.pubkey(), paused=program.entries)
    world.refused(pause, program.errors.MayNotPause, signers=[thief])


def test_there_is_nothing_to_pause_besides_the_entries(world: World, program: Program) -> None:
    for paused in (program.entries + 1, 1 << 63, 2**64 - 1):
        unknown = program.ix.set_paused(signer=world.deployer, paused=paused)
        world.refused(unknown, program.errors.UnknownEntry)


def test_a_program_is_initialised_once_and_by_its_upgrade_authority_alone(
    bare: World, world: World, program: Program
) -> None:
    """init_front_run: a stranger is refused before and after the deployer."""
    thief = bare.actor()
    mine = bare.initialize(program.name, thief.pubkey())
    bare.refused(mine, program.errors.NotUpgradeAuthority, signers=[thief])
    # Being the upgrade authority of another program is not enough.
    other = PROOFS if program is MINT else MINT
    bare.client.network.set_program_authority(other.config_type.PROGRAM_ID, thief.pubkey())
    theirs = other.pda.PROGRAM_DATA
    forged = bare.initialize(program.name, thief.pubkey(), program_data=theirs)
    bare.refused(forged, program.errors.WrongProgramData, signers=[thief])
    # Nor is a program that nobody can upgrade anybody's.
    bare.client.network.set_program_authority(program.config_type.PROGRAM_ID, None)
    nobodys = bare.initialize(program.name, bare.deployer)
    bare.refused(nobodys, program.errors.NotUpgradeAuthority)
    again = world.initialize(program.name, world.deployer)
    world.refused(again, "AccountAlreadyInUse")

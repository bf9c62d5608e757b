"""`ionet admin`: parameters, pauses and authorities, by the deployer before the hand-over."""

from __future__ import annotations

import pytest
from solders.pubkey import Pubkey
from tests.cli.conftest import DAY, HOUR, Shell, io

from ionet import IO, USD, accounts, governance, pda
from ionet.cli.failures import UserError
from ionet.cli.parameters import AMOUNTS, COUNTS, LENGTHS, changes_of, written


def parameters(shell: Shell, program: str) -> dict[str, object]:
    found: dict[str, object] = shell.client.governance.params(program)
    return found


@pytest.mark.parametrize("program", governance.programs())
def test_what_is_shown_can_be_given_again(shell: Shell, program: str) -> None:
    now = parameters(shell, program)
    shown = shell.text("admin", "show", program)
    given = [f"{name}={written(name, one)}" for name, one in now.items()]
    assert changes_of(now, given) == now
    for name, one in now.items():
        assert f"{written(name, one)}\n" in shown
        # A new parameter has to say what it is measured in.
        known = name in AMOUNTS or name in LENGTHS or name in COUNTS or name.endswith("_bps")
        assert known or isinstance(one, (Pubkey, bytes)), name


def test_values_are_written_and_read_in_their_units() -> None:
    now = {
        "bond": 1,
        "large_daily_usd": 1,
        "cooldown": 1,
        "start_bps": 1,
        "attesters": 1,
        "pauser": pda.mint.MINT,
    }
    given = (
        "bond=12.5 IO",
        "large_daily_usd=1,000.5",
        "cooldown=36h",
        "start_bps=-3%",
        "attesters=2",
        "pauser=nobody",
    )
    found = changes_of(now, given)
    assert found == {
        "bond": 1_250_000_000,
        "large_daily_usd": 1_000_500_000,
        "cooldown": 129_600,
        "start_bps": -300,
        "attesters": 2,
        "pauser": Pubkey.default(),
    }
    told = [written(name, one) for name, one in found.items()]
    assert told == ["12.5 IO", f"{USD('1000.5')}", "36h", "-3%", "2", "nobody"]
    assert changes_of(now, ["cooldown=90", "start_bps=25"]) == {"cooldown": 90, "start_bps": 25}
    for bad, said in (
        ("bond", "'bond' is not of the form NAME=VALUE"),
        ("bond=ten", "bond: "),
        ("bond=0.000000001", "bond: "),
        (
            "cooldown=2 weeks",
            "cooldown: '2 weeks' is not a length of time; write for example 90s, 30min, 5h or 14d",
        ),
        ("cooldown=5%", "cooldown: '5%' is not a value such as 1s, which it has now"),
        ("start_bps=0.001%", "start_bps: '0.001%' is not a value such as 0.01%, which it has now"),
        ("attesters=two", "attesters: 'two' is not a value such as 1, which it has now"),
        ("pauser=me", "pauser: 'me' is neither an address nor a keypair file"),
    ):
        with pytest.raises(UserError) as refused:
            changes_of(now, [bad])
        assert str(refused.value).startswith(said)
    with pytest.raises(UserError, match="bond is given twice"):
        changes_of(now, ["bond=1", "bond=2"])


def test_parameters_are_set_and_shown_before_and_after(shell: Shell) -> None:
    line = ("admin", "set", "proofs", "challenge_bond=600", "challenge_window=36h")
    dry = shell.text(*line, "--dry-run", who="deployer")
    told = "challenge_bond: 500 IO -> 600 IO; challenge_window: 1d -> 36h"
    assert f"Dry run, nothing was sent: set of proofs: {told}" in dry
    assert parameters(shell, "proofs")["challenge_window"] == DAY
    done = shell.text(*line, who="deployer")
    assert "  challenge_bond: 500 IO -> 600 IO\n  challenge_window: 1d -> 36h\n" in done
    now = shell.json("admin", "show", "proofs")
    assert io(now["params"]["challenge_bond"]) == IO(600)
    assert now["params"]["challenge_window"] == 36 * HOUR
    assert now["params"]["challenge_freeze"] == 7 * DAY
    said = shell.fails(2, *line, who="deployer")
    assert (
        said == "nothing would change: challenge_bond, challenge_window of proofs have these values already"
    )
    back = shell.json("admin", "set", "proofs", "challenge_bond=500", "challenge_window=1d", who="deployer")
    assert back["changes"]["challenge_window"] == {"before": 36 * HOUR, "after": DAY}


def test_the_program_says_what_is_out_of_bounds_and_who_may(shell: Shell) -> None:
    before = parameters(shell, "proofs")
    for change, error in (
        ("challenge_window=5h", "Window"),
        ("challenge_bond=0.5", "Bond"),
        ("challenge_freeze=8d", "Freeze"),
    ):
        for more in ((), ("--dry-run",)):
            said = shell.fails(1, "admin", "set", "proofs", change, *more, who="deployer")
            assert said.endswith(f"(proofs.{error}OutOfBounds)")
    said = shell.fails(1, "admin", "set", "proofs", "challenge_window=2d", who="alice")
    assert said == "the signer is not the authority (proofs.NotAuthority)"
    said = shell.fails(2, "admin", "set", "proofs", "speed=1", who="deployer")
    assert said.startswith("proofs has no parameter speed; there are pauser, guardian")
    said = shell.fails(2, "admin", "set", "jobs", f"attesters={2**8}", who="deployer")
    assert "attesters" in said
    assert parameters(shell, "proofs") == before


def test_entries_are_paused_and_pauses_lifted(shell: Shell) -> None:
    shell.text("admin", "set", "jobs", f"pauser={shell.address('bob')}", who="deployer")
    assert "Paused:" in shell.text("admin", "show", "jobs")
    done = shell.text("admin", "pause", "jobs", "booking", who="bob")
    assert "Paused of jobs: nothing -> booking" in done
    assert shell.json("admin", "pause", "jobs", who="bob")["paused"] == ["offering", "booking"]
    said = shell.fails(2, "admin", "pause", "jobs", "offering", who="bob")
    assert said == "nothing would change: paused of jobs is offering, booking already"
    said = shell.fails(1, "admin", "unpause", "jobs", "booking", who="bob")
    assert said.startswith("only the authority may lift a pause")
    assert shell.json("admin", "unpause", "jobs", "booking", who="deployer")["paused"] == ["offering"]
    assert shell.json("admin", "show", "jobs")["not_paused"] == ["booking"]
    shell.text("admin", "unpause", "jobs", who="deployer")
    said = shell.fails(2, "admin", "pause", "jobs", "leaving", who="deployer")
    assert said == "jobs has no entry leaving; there are offering, booking"


@pytest.mark.parametrize("program", sorted({*governance.programs()} - {"governance"}))
def test_every_entry_of_every_program_can_be_paused(shell: Shell, program: str) -> None:
    kind, place = getattr(accounts, program).Config, getattr(pda, program).CONFIG
    shell.text("admin", "pause", program, who="deployer")
    paused = shell.client.fetch(kind, place).roles.paused
    # The program knows no further entry.
    assert shell.json("admin", "show", program)["not_paused"] == []
    assert paused + 1 == 1 << paused.bit_count()
    shell.text("admin", "unpause", program, who="deployer")
    assert shell.client.fetch(kind, place).roles.paused == 0


def test_an_authority_is_passed_on_in_two_steps(shell: Shell) -> None:
    old, new = shell.address("deployer"), shell.address("alice")
    said = shell.fails(1, "admin", "authority", "accept", "staking", who="alice")
    assert said == "the signer is not the proposed successor of the authority (staking.NotPendingAuthority)"
    told = shell.text("admin", "authority", "propose", "staking", new, who="deployer")
    assert f"{old} remains the authority of staking; {new} can accept it" in told
    assert shell.json("admin", "show", "staking")["pending_authority"] == new
    shell.text("admin", "authority", "propose", "staking", "nobody", who="deployer")
    assert shell.json("admin", "show", "staking")["pending_authority"] is None
    shell.text("admin", "authority", "propose", "staking", new, who="deployer")
    assert f"Authority of staking: {old} -> {new}" in shell.text(
        "admin", "authority", "accept", "staking", who="alice"
    )
    shell.text("admin", "authority", "propose", "staking", old, who="alice")
    shell.text("admin", "authority", "accept", "staking", who="deployer")


def test_governance_is_changed_by_proposals_only(shell: Shell) -> None:
    assert "(treasury)" in shell.text("admin", "show", "governance")
    said = shell.fails(2, "admin", "set", "governance", "voting=4d", who="deployer")
    assert said.endswith("its own treasury: ionet dao propose params governance voting=4d")
    for line in (("pause",), ("unpause",), ("authority", "accept")):
        assert "its own treasury" in shell.fails(2, "admin", *line, "governance", who="deployer")
    assert "no program 'luck'; there are buyback" in shell.fails(2, "admin", "show", "luck")

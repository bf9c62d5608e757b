"""`ionet dao`: proposals from the draft to what they do, and the hand-over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import DAY, Shell, io, key

from ionet import IO, SOL, governance, pda
from ionet.staking.speeds import ClassSpeeds, RateSpeed, Speeds


@pytest.fixture(scope="module")
def house(shell: Shell) -> str:
    """Alice's node: 10,000 IO of active stake since the start of the week; the treasury has 10 SOL."""
    found = shell.register("GPU-dao", class_="H100")
    shell.stake(found, "10000")
    shell.client.airdrop(governance.TREASURY, SOL(10))
    shell.client.cheats.set_tokens(governance.TREASURY, pda.mint.MINT, IO(1_000).base)
    shell.advance(7 * DAY)
    return found


def proposed(shell: Shell, *arguments: object) -> Any:
    """What a proposal of alice's says."""
    return shell.json("dao", "propose", *arguments, who="alice")


def passed(shell: Shell, proposal: str) -> None:
    """Alice votes for it, and its time and hold-up pass."""
    shell.json("dao", "vote", proposal, "for", who="alice")
    shell.advance(5 * DAY)
    assert shell.json("dao", "queue", proposal, who="carol")["passed"] is True
    shell.advance(2 * DAY)


def test_a_text_is_proposed_voted_on_and_passes(shell: Shell, house: str, tmp_path: Path) -> None:
    text = tmp_path / "text.md"
    text.write_text("We should.")
    made = proposed(shell, "text", "--title", "We should", "--text", text, "--uri", "https://a.example")
    assert io(made["quorum"]) == IO(1_000)
    proposal = made["proposal"]
    (listed,) = shell.json("dao", "list")
    assert (listed["proposal"], listed["state"], listed["title"]) == (proposal, "voting", "We should")
    shell.cold("dao", "vote", proposal, "for", who="alice")
    shown = shell.text("dao", "show", proposal)
    assert "10,000 IO for, 0 IO against, 0 IO abstaining" in shown
    assert "nothing: it is a text" in shown
    assert "as things stand, it would pass" in shown
    shell.fails(1, "dao", "queue", proposal, who="carol")
    shell.advance(5 * DAY)
    assert "It has passed" in shell.text("dao", "queue", proposal, who="carol")
    assert shell.text("dao", "list") == "No open proposals.\n"
    assert len(shell.json("dao", "list", "--all")) == 1


def test_a_payment_leaves_the_treasury_and_the_bond_comes_back(shell: Shell, house: str) -> None:
    carol = shell.address("carol")
    proposal = proposed(shell, "pay", carol, "1.5", "SOL", "--title", "Thanks")["proposal"]
    assert f"pay 1.5 SOL from the treasury to {carol}" in shell.text("dao", "show", proposal)
    assert "is not queued" in shell.fails(1, "dao", "execute", proposal, who="carol")
    passed(shell, proposal)
    done = shell.json("dao", "execute", proposal, who="carol")
    assert done["executed"][0]["payments"] == [{"asset": "SOL", "amount": {"ui": "1.5", "raw": "1500000000"}}]
    assert "executed already" in shell.fails(2, "dao", "execute", proposal, who="carol")
    held = shell.json("dao", "treasury")["holdings"]
    assert {one["asset"]: one["amount"]["ui"] for one in held} == {"SOL": "8.5", "IO": "1000"}
    assert io(shell.json("dao", "bond", proposal, who="carol")["amount"]) == IO(1_000)
    assert shell.json("dao", "close", proposal, who="alice")["accounts"] == 2
    assert "nothing of" in shell.fails(2, "dao", "close", proposal, who="alice")


def test_more_than_the_limit_is_refused_in_a_sentence(shell: Shell, house: str) -> None:
    proposal = proposed(shell, "pay", shell.address("carol"), "300", "--title", "Too much")["proposal"]
    passed(shell, proposal)
    said = shell.fails(1, "dao", "execute", proposal, who="carol")
    assert "more would leave the treasury in seven days than the limit allows" in said


def test_parameters_are_shown_and_changed_by_name(shell: Shell, house: str) -> None:
    found = shell.json("dao", "params", "governance")["params"]
    assert found["voting"] == 5 * DAY
    proposal = proposed(shell, "params", "governance", "voting=4d")["proposal"]
    assert "voting: 5d -> 4d" in shell.text("dao", "show", proposal)
    passed(shell, proposal)
    shell.text("dao", "execute", proposal, who="carol")
    assert "4 d, 1 d more" in shell.text("dao", "terms")
    # Back, for the other tests.
    again = proposed(shell, "params", "governance", f"voting={5 * DAY}")["proposal"]
    passed(shell, again)
    shell.text("dao", "execute", again, who="carol")
    said = shell.fails(2, "dao", "propose", "params", "governance", "speed=1", who="alice")
    assert "governance has no parameter speed; there are min_stake" in said
    assert "no program 'luck'" in shell.fails(2, "dao", "params", "luck")
    assert "is not of the form NAME=VALUE" in shell.fails(
        2, "dao", "propose", "params", "mint", "pauser", who="alice"
    )


def test_a_program_is_handed_over_by_one_command(shell: Shell, house: str) -> None:
    before = {one["program"]: one for one in shell.json("dao", "handover")}
    assert not before["mint"]["handed_over"]
    assert "only mint's authority" in shell.fails(2, "dao", "handover", "mint", who="alice")
    assert shell.json("dao", "handover", "mint", who="deployer")["step"] == "named"
    made = shell.json("dao", "handover", "mint", who="alice")
    assert made["step"] == "proposed"
    assert shell.json("dao", "handover", "mint", who="alice")["step"] == "waiting"
    shell.text("dao", "vote", made["proposal"], "for", who="alice")
    shell.advance(5 * DAY)
    assert shell.json("dao", "handover", "mint", who="carol")["step"] == "queued"
    shell.advance(2 * DAY)
    assert shell.json("dao", "handover", "mint", who="carol")["step"] == "done"
    assert "the treasury" in shell.text("dao", "handover")
    shell.text("dao", "handover", "mint", "--upgrades", who="deployer")
    after = {one["program"]: one for one in shell.json("dao", "handover")}
    treasury = str(governance.TREASURY)
    assert (after["mint"]["authority"], after["mint"]["upgrade_authority"]) == (treasury, treasury)
    assert not after["jobs"]["handed_over"]


def test_the_guardian_stops_what_is_voted_on_and_the_proposer_a_draft(shell: Shell, house: str) -> None:
    proposal = proposed(shell, "guardian", shell.address("bob"))["proposal"]
    said = shell.fails(1, "dao", "cancel", proposal, who="deployer")
    assert "cannot cancel a proposal that only sets the guardian" in said
    other = proposed(shell, "upgrade-authority", "jobs", "nobody")["proposal"]
    assert "make nobody the upgrade authority" in shell.text("dao", "show", other)
    shell.text("dao", "cancel", other, who="deployer")
    assert shell.json("dao", "show", other)["state"] == "cancelled"


def test_any_instructions_come_from_a_file(shell: Shell, house: str, tmp_path: Path) -> None:
    source = proposed(shell, "pay", shell.address("carol"), "1", "--title", "One")["proposal"]
    shown = shell.json("dao", "show", source)["transactions"]
    place = tmp_path / "raw.json"
    place.write_text(json.dumps(shown))
    again = proposed(shell, "raw", place, "--title", "The same")["proposal"]
    assert shell.json("dao", "show", again)["transactions"] == shown
    place.write_text('[{"program": "x"}]')
    assert "not a list of instructions" in shell.fails(
        3, "dao", "propose", "raw", place, "--title", "Bad", who="alice"
    )


def test_what_a_class_is_judged_by_is_proposed_from_the_file_of_a_measurement(
    shell: Shell, house: str, tmp_path: Path
) -> None:
    file = tmp_path / "speeds.json"
    file.write_text(json.dumps(Speeds((ClassSpeeds(61, "a test", (RateSpeed(64, 256, 5),), ()),)).document()))
    (call,) = shell.json("dao", "show", proposed(shell, "reference", file)["proposal"])["transactions"]
    assert (call["description"], call["arguments"]["id"]) == ("staking.set_reference", 61)
    assert call["arguments"]["reference"]["products"][0] == {"m": 64, "k": 256, "nanoseconds": 5}
    file.write_text("{")
    said = shell.fails(3, "dao", "propose", "reference", file, who="alice")
    assert "is no table of speeds" in said


def test_attesters_classes_and_slashes_have_their_own_commands(shell: Shell, house: str) -> None:
    attester, second = shell.address("attester"), shell.address("bob")
    seats = proposed(shell, "attesters", f"{attester}=2", f"{second}=1")["proposal"]
    assert shell.json("dao", "show", seats)["transactions"][0]["arguments"]["threshold"] == 2
    class_ = proposed(shell, "class", "RTX 4090", "--disabled")["proposal"]
    assert "staking.set_class" in shell.text("dao", "show", class_)
    assert "no hardware class 'Abacus'" in shell.fails(2, "dao", "propose", "class", "Abacus", who="alice")
    slasher = shell.client.as_(shell.people["slasher"])
    slash = slasher.staking.propose_slash(key(house), IO(5), bytes(32)).send().result
    decided = proposed(shell, "slash", slash, "2")["proposal"]
    assert "amount: 200000000" in shell.text("dao", "show", decided)


def test_wrong_input_is_told_in_one_sentence_and_nothing_is_sent(shell: Shell, house: str) -> None:
    before = len(shell.json("dao", "list", "--all"))
    assert "has 0 IO" in shell.fails(2, "dao", "propose", "text", "--title", "Mine", who="carol")
    assert "64 are the most" in shell.fails(2, "dao", "propose", "text", "--title", "x" * 65, who="alice")
    said = shell.fails(3, "dao", "propose", "text", "--title", "x", "--text", "/no/such", who="alice")
    assert "No such file" in said
    assert "neither an address" in shell.fails(2, "dao", "show", "nobody")
    assert "is not one of for, against, abstain" in shell.fails(
        2, "dao", "vote", shell.address("bob"), "maybe", who="alice"
    )
    assert "not a Proposal" in shell.fails(2, "dao", "show", shell.address("bob"))
    shell.fails(4, "dao", "show", pda.governance.proposal(key(shell.address("bob")), 1))
    for wrong in (("0",), ("0", "SOL"), ("0.0000000001", "SOL"), ("-1", "SOL")):
        shell.fails(2, "dao", "propose", "pay", shell.address("bob"), *wrong, who="alice")
    shell.fails(2, "dao", "propose", "dispute", pda.governance.CONFIG, "1", who="alice")
    assert len(shell.json("dao", "list", "--all")) == before


def test_a_dry_run_of_a_vote_sends_nothing(shell: Shell, house: str) -> None:
    proposal = proposed(shell, "text", "--title", "Try")["proposal"]
    assert shell.json("dao", "vote", proposal, "against", "--dry-run", who="alice")["dry_run"] is True
    assert io(shell.json("dao", "show", proposal)["against"]) == IO(0)


def test_after_the_regular_end_only_first_votes_are_taken(shell: Shell, house: str) -> None:
    proposal = proposed(shell, "text", "--title", "Late")["proposal"]
    shell.advance(5 * DAY - 3_600)
    shell.json("dao", "vote", proposal, "for", who="alice")
    shown = shell.json("dao", "show", proposal)
    assert shown["voting_ends"] == shown["votes_change_until"] + DAY
    shell.advance(2 * 3_600)
    said = shell.fails(2, "dao", "vote", proposal, "against", who="alice")
    assert "votes cannot be changed since" in said

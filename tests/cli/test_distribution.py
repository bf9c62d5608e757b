"""`ionet grant`, `airdrop`, `genesis` and `supply`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from solders.keypair import Keypair
from tests.cli.conftest import DAY, HOUR, NOW, Shell, io, write_key

from ionet import IO, Client, genesis, pda

MONTH = 2_629_800


@pytest.fixture(scope="module")
def genesis_shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A chain on which nothing but mint and distributor is initialised."""
    folder, deployer = tmp_path_factory.mktemp("genesis"), Keypair()
    write_key(folder / "deployer.json", deployer)
    client = Client.local(signer=deployer, now=NOW)
    client.mint.initialize().send()
    client.distributor.initialize(treasury=Keypair().pubkey()).send()
    with client.network.serve() as server:
        yield Shell(server.url, folder, {"deployer": deployer}, client)


@pytest.fixture(scope="module")
def recipients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One recipient for each item."""
    path = tmp_path_factory.mktemp("plan") / "recipients.csv"
    rows = [f"{one.name},{Keypair().pubkey()},{one.amount.to_decimal()}" for one in genesis.ITEMS]
    path.write_text("\n".join(["item,recipient,amount", *rows]) + "\n")
    return path


def test_a_plan_shows_its_totals_to_the_base_unit(genesis_shell: Shell, recipients: Path) -> None:
    text = genesis_shell.text("genesis", "plan", recipients)
    assert text.splitlines()[-1].split() == ["total", "500,000,000.00000000", "8", "94,400,000.00000000"]
    found = genesis_shell.json("genesis", "plan", recipients)
    assert io(found["total"]) == IO(500_000_000)
    assert io(found["circulating_at_genesis"]) == IO(94_400_000)
    assert [one["item"] for one in found["items"]] == list(genesis.BY_NAME)


def test_a_plan_whose_sums_do_not_match_is_refused(genesis_shell: Shell, recipients: Path) -> None:
    short = recipients.with_name("short.csv")
    lines = recipients.read_text().splitlines()
    short.write_text("\n".join(lines[:-1]) + "\n")
    for command in ("plan", "run", "verify"):
        said = genesis_shell.fails(2, "genesis", command, short, who="deployer")
        assert said == "the sums do not match: core has 0 IO instead of 90,400,000 IO, 90,400,000 IO too few"
    assert genesis_shell.client.mint.supply() == IO(0)
    said = genesis_shell.fails(3, "genesis", "plan", recipients.with_name("none.csv"))
    assert said.endswith("none.csv: No such file or directory")


def test_genesis_runs_once_and_is_verified(genesis_shell: Shell, recipients: Path) -> None:
    shell = genesis_shell
    before = shell.run("genesis", "verify", recipients)
    assert before.exit_code == 1
    assert before.stdout.splitlines()[-1] == "Genesis is not as planned."
    assert "8 grants and airdrops are missing" in shell.text(
        "genesis", "run", recipients, "--dry-run", who="deployer"
    )
    assert shell.client.mint.supply() == IO(0)
    done = shell.run("genesis", "run", recipients, who="deployer")
    assert done.exit_code == 0, done.output
    assert "8 grants and airdrops made in" in done.stdout
    assert "8/8" in done.stderr
    assert "Nothing was left to do." in shell.text("genesis", "run", recipients, who="deployer")
    assert shell.json("genesis", "verify", recipients)["complete"] is True
    assert shell.text("genesis", "verify", recipients).endswith("Genesis is complete and as planned.\n")


def test_supply_by_date_with_a_chart(genesis_shell: Shell, recipients: Path, tmp_path: Path) -> None:
    shell = genesis_shell
    shell.run("genesis", "run", recipients, who="deployer")
    chart = tmp_path / "supply.svg"
    now = shell.json("supply", "--chart", chart)
    assert io(now["circulating"]) == IO(94_400_000)
    assert io(now["supply"]) == IO(500_000_000)
    assert ElementTree.parse(chart).getroot().tag.endswith("svg")
    later = shell.json("supply", "--date", NOW + 48 * MONTH, "--date", NOW + 240 * MONTH)
    assert [io(one["locked"]) for one in later] == [IO(0), IO(0)]
    assert io(later[1]["circulating"]) == IO(800_000_000)
    lines = shell.text("supply", "--date", "2027-06-01").splitlines()
    assert lines[0].split() == ["IO", "BY", "SCHEDULE"]
    assert [line.split("  ")[0] for line in lines[1:]] == [
        *("date", "genesis", "+ emitted", "- burned", "= supply", "- locked in grants", "- reserve"),
        *("- treasury", "= circulating", "vested of grants", "staked"),
    ]
    said = shell.fails(2, "supply", "--date", "tomorrow")
    assert "'tomorrow' is no date; write for example 2027-01-31" in said


def test_a_grant_from_its_making_to_its_end(shell: Shell) -> None:
    who, heir = shell.address("carol"), shell.address("bob")
    made = shell.json("grant", "create", who, 100, "--months", 10, "--revocable", who="deployer")
    grant = made["grant"]
    assert grant == str(pda.distributor.grant(made["id"]))
    said = shell.fails(1, "grant", "release", grant, who="renter")
    assert said.startswith("all that has vested was released already")
    shell.advance(MONTH)
    shown = shell.json("grant", "show", grant)
    assert (io(shown["vested"]), io(shown["releasable"]), shown["state"]) == (IO(10), IO(10), "vesting")
    assert io(shell.json("grant", "release", grant, who="renter")["amount"]) == IO(10)
    assert "ionet grant accept" in shell.text("grant", "transfer", grant, heir, who="carol")
    shell.text("grant", "accept", grant, who="bob")
    said = shell.fails(1, "grant", "transfer", grant, heir, who="carol")
    assert said == "the signer is not the grant's beneficiary (distributor.NotBeneficiary)"
    shell.advance(MONTH)
    revoked = shell.json("grant", "revoke", grant, who="deployer")
    assert (io(revoked["vested"]), io(revoked["returned"])) == (IO(20), IO(80))
    (row,) = shell.json("grant", "list", "--beneficiary", heir)
    assert (row["grant"], row["state"], io(row["releasable"])) == (grant, "revoked", IO(10))
    text = shell.text("grant", "show", grant)
    assert "Revoked:" in text
    assert "10 monthly parts from" in text


def test_grants_that_make_no_sense_are_refused(shell: Shell) -> None:
    who = shell.address("carol")
    line = ("grant", "create", who, 10, "--months", 10)
    assert "exceeds the total" in shell.fails(2, *line, "--upfront", 11, who="deployer")
    assert "has no cliff" in shell.fails(2, *line, "--linear", "--cliff", 3, who="deployer")
    said = shell.fails(1, *line, "--start", "1990-01-01", who="deployer")
    assert said.startswith("a grant must start at most 20 years ago")
    assert "not the authority" in shell.fails(1, *line, who="carol")


def test_an_airdrop_is_claimed_to_wallets_and_into_stake(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "drop.csv"
    people = {name: shell.address(name) for name in ("alice", "bob", "carol")}
    rows = [f"{people['carol']},5", f"{people['bob']},6.5", f"{people['carol']},7", f"{people['alice']},1"]
    file.write_text("\n".join(["recipient,amount", *rows]) + "\n")
    made = shell.json("airdrop", "create", 4, file, "--days", 30, who="deployer")
    assert (made["leaves"], io(made["total"])) == (4, IO("19.5"))
    (sent,) = shell.json("airdrop", "claim", 4, file, "--claimant", people["bob"], who="renter")
    assert io(sent["amount"]) == IO("6.5")
    node = shell.register("GPU-airdrop", class_="RTX 4090")
    shell.stake(node, "250")
    shell.advance(HOUR)
    staked = shell.json("airdrop", "claim", 4, file, "--stake", node, who="carol")
    assert [io(one["amount"]) for one in staked] == [IO(5), IO(7)]
    assert io(shell.json("stake", "status", node, "--holder", people["carol"])["pending"]) == IO(12)
    said = shell.fails(1, "airdrop", "claim", 4, file, who="carol")
    assert said == f"{people['carol']} has claimed everything already"
    assert "no leaf of" in shell.fails(4, "airdrop", "claim", 4, file, who="renter")
    said = shell.fails(
        2, "airdrop", "claim", 4, file, "--claimant", people["alice"], "--stake", node, who="bob"
    )
    assert said.startswith("only claimants themselves can stake what they claim")
    file.with_name("other.csv").write_text("\n".join(["recipient,amount", *reversed(rows)]) + "\n")
    said = shell.fails(3, "airdrop", "check", 4, file.with_name("other.csv"))
    assert "is not the list of airdrop 4" in said
    assert "3 of 4 leaves" in shell.text("airdrop", "check", 4, file)
    assert "the airdrop's deadline has not passed yet" in shell.fails(1, "airdrop", "reclaim", 4, who="bob")
    shell.advance(30 * DAY + HOUR)
    assert "over: ionet airdrop reclaim" in shell.text("airdrop", "list")
    assert io(shell.json("airdrop", "reclaim", 4, who="bob")["amount"]) == IO(1)
    assert "the airdrop's deadline has passed" in shell.fails(1, "airdrop", "claim", 4, file, who="alice")

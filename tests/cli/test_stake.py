"""`ionet stake` and `ionet slash`, and what every command that sends a transaction does."""

from __future__ import annotations

import json
import os
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from tests.cli.conftest import DAY, HOUR, Shell, io, key

from ionet import IO
from ionet.chain.rpc.server import LocalServer
from ionet.cli.app import app

MAINNET = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"


@pytest.fixture(scope="module")
def node(shell: Shell) -> str:
    """Alice's: 400 IO of active stake on an RTX 4090, of which 250 are its minimum."""
    found = shell.register("GPU-stake", commission=10)
    shell.stake(found, "400")
    shell.advance(1)
    return found


# -- sending


def test_a_stake_shows_signature_explorer_and_what_waits(shell: Shell) -> None:
    node = shell.register("GPU-1")
    said = shell.text("stake", "add", node, "100.5", who="alice")
    lines = said.splitlines()
    # An owner's is active at once where there are no co-stakers.
    assert lines[0] == f"100.5 IO are active on {node}"
    assert lines[1] == "Nothing is pending"
    signature = lines[2].removeprefix("Signature: ")
    assert lines[3].startswith(
        f"Explorer:  https://explorer.solana.com/tx/{signature}?cluster=custom&customUrl="
    )
    assert shell.client.transaction(signature).signature == signature


def test_amounts_are_whole_tokens_with_base_units_beside_them(shell: Shell) -> None:
    node = shell.register("GPU-2")
    found = shell.json("stake", "add", node, "0.00000001", who="alice")
    assert found["amount"] == {"ui": "0.00000001", "raw": "1"}
    assert found["fee"] == {"ui": "0.000005", "raw": "5000"}
    assert found["can_activate"] is False


def test_a_dry_run_shows_units_fee_and_balances_and_sends_nothing(shell: Shell, node: str) -> None:
    before = shell.client.as_(shell.people["alice"]).mint.balance()
    done = shell.json("stake", "add", node, "10", "--dry-run", who="alice")
    assert done["dry_run"] is True
    assert 0 < done["compute_units"] <= done["compute_limit"]
    assert done["fee"]["raw"] == "5000"
    changes = {one["address"]: one for one in done["changes"]}
    mine = next(one for one in changes.values() if one["owner"] == shell.address("alice"))
    assert io(mine["after"]) == io(mine["before"]) - IO(10)
    vault = next(one for one in changes.values() if one["owner"] == node)
    assert io(vault["after"]) == io(vault["before"]) + IO(10)
    assert int(changes[shell.address("alice")]["after"]["raw"]) == (
        int(changes[shell.address("alice")]["before"]["raw"]) - 5_000
    )
    said = shell.text("stake", "add", node, "10", "--dry-run", who="alice")
    assert "-10 IO" in said
    assert "(yours)" in said
    assert shell.client.as_(shell.people["alice"]).mint.balance() == before


def test_a_price_for_compute_is_paid(shell: Shell, node: str) -> None:
    plain = shell.json("stake", "add", node, "1", "--dry-run", who="alice")
    priced = shell.json(
        "stake", "add", node, "1", "--dry-run", "--with-compute-unit-price", "1000000", who="alice"
    )
    # A lamport per compute unit of the limit, rounded up, besides the signature's 5,000.
    assert int(priced["fee"]["raw"]) == 5_000 + priced["compute_limit"]
    assert plain["fee"]["raw"] == "5000"


def test_somebody_else_can_pay_the_fee(shell: Shell) -> None:
    node = shell.register("GPU-3")
    before = shell.client.balance(shell.people["alice"].pubkey())
    shell.text("stake", "add", node, "1", "--fee-payer", shell.key("bob"), who="alice")
    assert shell.client.balance(shell.people["alice"].pubkey()) == before


def test_sign_only_prints_a_transaction_that_others_complete(shell: Shell) -> None:
    node = shell.register("GPU-4")
    encoded = shell.text(
        "stake", "add", node, "2", "--sign-only", "--fee-payer", shell.key("bob"), who="alice"
    )
    transaction = VersionedTransaction.from_bytes(b64decode(encoded))
    assert all(transaction.verify_with_results())
    sent = shell.json("tx", "send", encoded.strip(), who="bob")
    assert [one["landed"] for one in sent] == [True]
    assert shell.client.staking.get_node(key(node)).own.active == IO(2).base
    # Twice is once: the same bytes cannot land again.
    again = shell.run("tx", "send", encoded.strip(), who="bob")
    assert shell.client.staking.get_node(key(node)).own.active == IO(2).base
    assert again.exit_code in (0, 1)


def test_a_transaction_is_signed_by_those_it_needs_only(shell: Shell, node: str) -> None:
    encoded = shell.text("stake", "add", node, "2", "--sign-only", who="alice").strip()
    said = shell.fails(1, "tx", "sign", encoded, who="carol")
    assert said == f"{shell.address('carol')} does not sign this; {shell.address('alice')} do"
    assert shell.fails(3, "tx", "sign", "nonsense", who="carol") == "line 1 is not a transaction in base64"


def mainnet(shell: Shell) -> LocalServer:
    """The same node, but it says that it is mainnet-beta."""

    def answer(request: Any) -> Any:
        if request.get("method") == "getGenesisHash":
            return {"jsonrpc": "2.0", "id": request["id"], "result": MAINNET}
        return shell.client.network.handle(request)

    return LocalServer(answer)


def test_mainnet_is_asked_about_whatever_its_url(shell: Shell) -> None:
    node = shell.register("GPU-5")
    with mainnet(shell) as server:
        line = ["-u", server.url, "-k", shell.key("alice"), "stake", "add", node, "1"]
        refused = shell.runner.invoke(app, line)
        assert refused.exit_code == 2
        said = f"error: this would stake 1 IO on {node} on mainnet-beta; confirm with --yes\n"
        assert refused.stderr == said
        assert shell.client.staking.get_node(key(node)).own.pending == 0
        dry = shell.runner.invoke(app, [*line, "--dry-run"])
        assert dry.exit_code == 0, dry.output
        done = shell.runner.invoke(app, [*line, "--yes"])
        assert done.exit_code == 0, done.output
        # Mainnet is the explorer's default.
        assert done.stdout.rstrip().endswith(done.stdout.split("Signature: ")[1].splitlines()[0])


# -- errors


def test_an_error_says_what_room_is_left(shell: Shell, node: str) -> None:
    said = shell.fails(1, "stake", "add", node, "900", who="alice")
    assert said == (
        "the stake of both sides would exceed the node's maximum: room 850 IO, amount 900 IO"
        " (staking.MaximumStake)"
    )
    said = shell.fails(1, "stake", "add", node, "400.5", who="carol")
    assert said == (
        "co-stake would exceed the owner's active stake: room 400 IO, amount 400.5 IO"
        " (staking.CoStakeAboveHalf)"
    )


def test_an_error_in_json_has_program_name_and_code(shell: Shell, node: str) -> None:
    done = shell.run("stake", "add", node, "900", "--output", "json", who="alice")
    error = json.loads(done.stderr)["error"]
    assert (error["program"], error["name"], error["code"]) == ("staking", "MaximumStake", 6027)
    assert (error["exit"], error["signature"]) == (1, None)
    assert done.stdout == ""


def test_verbose_shows_the_logs_of_a_failure(shell: Shell, node: str) -> None:
    done = shell.run("stake", "add", node, "900", "-v", who="alice")
    assert done.exit_code == 1
    assert "Program log: AnchorError" in done.stderr


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("0", "an amount must be above zero, not 0"),
        ("-1", "no such option: -1"),
        ("1.123456789", "IO has 8 decimals, '1.123456789' has 9"),
        ("much", "'much' is not a number"),
        ("999999999999999", "more than can exist"),
    ],
)
def test_an_amount_that_is_none_is_refused_before_anything_is_asked(
    shell: Shell, node: str, amount: str, said: str
) -> None:
    assert said.lower() in shell.fails(2, "stake", "add", node, amount, "-u", "http://127.0.0.1:1").lower()


def test_who_cannot_pay_the_fee_is_told(shell: Shell, node: str) -> None:
    said = shell.fails(1, "stake", "activate", node, who="pauper")
    assert said == (
        "the fee cannot be paid: the signer, or --fee-payer, has too little SOL on this network; send it some"
    )


def test_keypairs_that_cannot_be_used_are_one_sentence(shell: Shell, node: str, tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    config.write_text(f"keypair_path: {tmp_path}/none.json\n")
    said = shell.fails(3, "stake", "list", "-C", config)
    assert said == f"there is no keypair at {tmp_path}/none.json; give one with --keypair"
    broken = tmp_path / "broken.json"
    broken.write_text("[" + "7," * 63 + "7]")
    said = shell.fails(3, "stake", "list", "-k", broken)
    assert "not a JSON array of 64 numbers" in said
    assert "7,7" not in said


def test_a_keypair_that_others_can_read_is_warned_about_and_never_shown(shell: Shell, tmp_path: Path) -> None:
    place = tmp_path / "open.json"
    place.write_text(Path(shell.key("alice")).read_text())
    place.chmod(0o644)
    done = shell.run("stake", "list", "-k", place, "--output", "json")
    assert done.exit_code == 0
    assert done.stderr == f"warning: keypair {place} can be read by others; run: chmod 600 {place}\n"
    json.loads(done.stdout)
    secret = bytes(shell.people["alice"])[:32]
    for shown in (str(list(secret)).strip("[]"), secret.hex()):
        assert shown not in done.output


def test_a_keypair_may_come_from_standard_input(shell: Shell) -> None:
    pair = Path(shell.key("carol")).read_text()
    done = shell.runner.invoke(app, ["-u", shell.url, "-k", "-", "stake", "list"], input=pair)
    assert done.exit_code == 0, done.output


# -- a holder's way


def test_stake_goes_in_waits_earns_cools_and_leaves(shell: Shell) -> None:
    node = shell.register("GPU-6")
    shell.stake(node, "500")
    shell.advance(HOUR)
    shell.text("stake", "add", node, "100", who="carol")
    status = shell.json("stake", "status", node, who="carol")
    now = shell.client.time()
    assert (io(status["pending"]), status["can_activate"], status["is_owner"]) == (IO(100), False, False)
    assert status["activates_from"] >= now + 7 * DAY
    assert io(status["room"]["co"]) == IO(400)
    said = shell.fails(1, "stake", "activate", node, who="carol")
    assert said == "pending stake can be activated once the node is credited past it (staking.StillPending)"
    shell.advance(14 * DAY)
    shell.credited_until_now(node)
    # Anyone may activate, and settle all that is due on a node.
    shell.text("stake", "activate", node, "--holder", shell.address("carol"), who="bob")
    shell.text("stake", "settle", node, who="bob")
    done = shell.json("stake", "unstake", node, "60", who="carol")
    assert (io(done["left"]), io(done["cooling"])) == (IO(0), IO(60))
    assert done["ready_at"] == now + 28 * DAY
    assert "(in 14 d)" in shell.text("stake", "status", node, who="carol")
    assert shell.fails(1, "stake", "withdraw", node, who="carol").startswith("no stake has finished")
    shell.advance(14 * DAY)
    assert "60" in shell.text("stake", "list", who="carol")
    assert io(shell.json("stake", "withdraw", node, who="carol")["amount"]) == IO(60)
    assert io(shell.json("stake", "status", node, who="carol")["worth"]) == IO(40)


def test_all_takes_off_what_is_staked(shell: Shell) -> None:
    node = shell.register("GPU-7")
    shell.stake(node, "300")
    shell.advance(1)
    shell.text("stake", "add", node, "10", who="carol")
    shell.text("stake", "add", node, "20", who="alice")
    done = shell.json("stake", "unstake", node, "ALL", who="alice")
    # 20 were pending: they leave at once.
    assert (io(done["left"]), io(done["cooling"])) == (IO(20), IO(300))
    assert shell.fails(2, "stake", "unstake", node, "ALL", who="alice").startswith("nothing is staked")


def test_all_leaves_nothing_behind_after_a_loss(shell: Shell) -> None:
    node = shell.register("GPU-loss")
    shell.stake(node, "300")
    shell.advance(1)
    shell.text("stake", "add", node, "100", who="carol")
    slasher, resolver = (shell.client.as_(shell.people[name]).staking for name in ("slasher", "resolver"))
    slash = slasher.propose_slash(Pubkey.from_string(node), IO(350), bytes(32)).send().result
    shell.text("slash", "appeal", str(slash), who="alice")
    resolver.resolve_slash(slash, IO(350)).send()
    shell.text("slash", "execute", str(slash), who="bob")
    # 50 of the 350 were not covered by the owner: 100 shares are worth the other 50.
    assert io(shell.json("stake", "status", node, who="carol")["pending"]) == IO(50)
    done = shell.json("stake", "unstake", node, "ALL", who="carol")
    assert (io(done["left"]), io(done["cooling"])) == (IO(50), IO(0))
    assert shell.fails(2, "stake", "unstake", node, "ALL", who="carol").startswith("nothing is staked")


def test_who_has_no_stake_is_told(shell: Shell, node: str) -> None:
    said = shell.fails(4, "stake", "status", node, who="bob")
    assert said == f"{shell.address('bob')} has no stake on {node}"
    assert shell.text("stake", "list", who="renter") == f"{shell.address('renter')} has no stake.\n"
    assert shell.text("stake", "claim", "--all", who="renter") == "No rewards anywhere.\n"
    assert shell.fails(2, "stake", "claim", who="bob") == "name a node, or say --all"


def test_a_slash_takes_its_way(shell: Shell, tmp_path: Path) -> None:
    node = shell.register("GPU-8", class_="H100")
    shell.stake(node, "10000")
    proof = tmp_path / "proof.txt"
    proof.write_text("spoofed")
    found = shell.json("slash", "propose", node, "50", "--evidence", proof, who="slasher")
    slash = found["slash"]
    assert found["appeal_until"] == shell.client.time() + 30 * DAY
    assert "open slash proposals hold back 50 IO" in shell.text("node", "show", node)
    assert "the owner may appeal until" in shell.text("slash", "list", "--node", node)
    shell.text("slash", "appeal", slash, who="alice")
    assert "the resolver decides until" in shell.text("slash", "show", slash)
    said = shell.fails(1, "slash", "resolve", slash, "51", who="resolver")
    assert said.startswith("the resolver may lower a slash, but not raise it: proposed 50 IO, decided 51 IO")
    assert io(shell.json("slash", "resolve", slash, "40", who="resolver")["freed"]) == IO(10)
    done = shell.json("slash", "execute", slash, who="bob")
    assert (io(done["burned"]), io(done["left"]), done["by_decision"]) == (IO(40), IO(0), True)
    assert "anyone can close it" in shell.text("slash", "show", slash)
    shell.text("slash", "close", slash, who="bob")
    assert shell.text("slash", "list", "--node", node) == "No open slashes.\n"


def test_a_slash_shows_what_the_limit_keeps_back(shell: Shell) -> None:
    node = shell.register("GPU-10")
    shell.stake(node, "1000")
    hashed = ("--evidence-hash", "ab" * 32)
    slash = shell.json("slash", "propose", node, "900", *hashed, "--fraud", who="slasher")["slash"]
    assert "it stops the node's credit" in shell.text("slash", "show", slash)
    shell.advance(30 * DAY)
    assert "anyone can set it apart and execute it until" in shell.text("slash", "show", slash)
    assert io(shell.json("slash", "set-apart", slash, who="bob")["amount"]) == IO(900)
    shown = shell.json("slash", "show", slash)
    assert io(shown["kept_by_limit"]) == IO(900) - io(shown["room"]) > IO(0)
    assert "wait for room" in shell.text("slash", "show", slash)
    done = shell.json("slash", "execute", slash, who="bob")
    assert io(done["burned"]) == io(shown["room"])
    back = shell.json("slash", "cancel", slash, who="deployer")
    assert io(back["returned"]) == IO(900) - io(done["burned"])


def test_a_rejected_slash_frees_what_it_held_back(shell: Shell, tmp_path: Path) -> None:
    node = shell.register("GPU-9")
    shell.stake(node, "300")
    slash = shell.json("slash", "propose", node, "50", "--evidence-hash", "ab" * 32, who="slasher")["slash"]
    shell.text("slash", "appeal", slash, who="alice")
    assert io(shell.json("slash", "resolve", slash, "0", who="resolver")["freed"]) == IO(50)
    assert shell.client.staking.get_node(key(node)).frozen == 0


def test_a_file_that_is_not_there_is_named(shell: Shell, node: str, tmp_path: Path) -> None:
    said = shell.fails(3, "slash", "propose", node, "1", "--evidence", tmp_path / "none", who="slasher")
    assert said == f"{tmp_path}/none: {os.strerror(2)}"

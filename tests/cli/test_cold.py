"""Owners whose keys are elsewhere: whatever they do works by --sign-only with addresses alone."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

import pytest
from tests.cli.conftest import DAY, HOUR, Shell, io, key
from tests.programs.support import make_hireable

from ionet import IO, USDC, types
from ionet.localnet.dollars import add_usdc, write_prices

ROOT: Final = Path(__file__).resolve().parents[2]
MANIFEST: Final = "07" * 32
#: Who acts for a node, in the words of the list of who signs what.
OWNERS: Final = re.compile(r"\b(owner|owns|supplier)\b")


def test_every_command_of_an_owner_is_tried_so() -> None:
    signs = tomllib.loads((ROOT / "scripts/docgen/commands.toml").read_text())["signs"]
    owners = {command for command, who in signs.items() if OWNERS.search(who)}
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    tried = {
        " ".join(re.findall(r'"([a-z-]+)"', words))
        for words in re.findall(r'\.cold\(\s*((?:"[a-z-]+",?\s*)+)', tests)
    }
    assert {one for one in owners if not any(line.startswith(one) for line in tried)} == set()


def device(shell: Shell, name: str) -> tuple[object, ...]:
    """What names a device whose key, like the attester's, is elsewhere."""
    attester, address = shell.address("attester"), shell.address(name)
    return ("--class", "RTX 4090", "--uuid", name, "--device-key", address, "--attester", attester)


def test_a_node_lives_without_its_owners_key(shell: Shell) -> None:
    others = ("GPU-cold", "attester")
    shell.cold("node", "register", *device(shell, "GPU-cold"), who="alice", signers=("alice", *others))
    ((node, _),) = [
        (one["node"], one) for one in shell.json("node", "list", "--owner", shell.address("alice"))
    ]
    more = ("GPU-more", "attester")
    shell.cold(
        "node", "device", "register", *device(shell, "GPU-more"), who="alice", signers=("alice", *more)
    )
    (second,) = [
        one["address"]
        for one in shell.json("node", "device", "list", "--owner", shell.address("alice"))
        if one["node"] == "1" * 32
    ]
    shell.cold("node", "attach", node, second, who="alice")
    shell.cold("node", "detach", second, who="alice")
    shell.cold("node", "device", "release", second, who="alice")
    shell.cold("node", "device", "claim", *device(shell, "GPU-more"), who="bob", signers=("bob", *more))
    shell.cold("node", "commission", node, "3", who="alice")
    shell.text("node", "network", "register", "Frozen", who="alice")
    shell.cold("node", "network", "join", node, who="alice")
    shell.cold("stake", "add", node, "300", who="alice")
    shell.cold("stake", "unstake", node, "10", who="alice")
    shell.advance(14 * DAY)
    shell.cold("stake", "withdraw", node, who="alice")
    assert io(shell.json("stake", "status", node, "--holder", shell.address("alice"))["worth"]) == IO(290)
    hashed = ("--evidence-hash", "ab" * 32)
    slash = shell.json("slash", "propose", node, "5", *hashed, who="slasher")["slash"]
    shell.cold("slash", "appeal", slash, who="alice")
    shell.cold("node", "retire", node, who="alice")
    shell.cold(
        "node",
        "reopen",
        node,
        "--device-key",
        shell.address("GPU-cold"),
        who="alice",
        signers=("alice", "GPU-cold"),
    )
    assert shell.json("node", "show", node)["state"] == "live"


@pytest.fixture(scope="module")
def offered(shell: Shell) -> str:
    """A node whose owner offers it for dollars, and is paid in IO."""
    add_usdc(shell.client, [one.pubkey() for one in shell.people.values()], USDC(1_000))
    write_prices(shell.client)
    node = shell.register("GPU-offer")
    make_hireable(shell.client, key(node))
    shell.cold("job", "offer", node, "--rate", "2.5", "--currency", "USDC", "--min", "1h", who="alice")
    return node


def booked(shell: Shell, node: str, *more: object) -> str:
    make_hireable(shell.client, key(node))
    write_prices(shell.client)
    line = ("job", "book", node, "--for", "2h", "--manifest-hash", MANIFEST, "--currency", "USDC", *more)
    job: str = shell.json(*line, who="renter")["job"]
    return job


def test_a_supplier_rents_out_without_a_key(shell: Shell, offered: str, tmp_path: Path) -> None:
    shell.cold("job", "cancel", booked(shell, offered), who="alice")
    job = booked(shell, offered)
    shell.cold("job", "start", job, who="alice")
    shell.advance(HOUR)
    said = types.jobs.AttestArgs(
        good=HOUR,
        upto=HOUR,
        reason=0,
        proof_digest=bytes(32),
        timelock=bytes([1]) * 32,
        result_hash=bytes(32),
    )
    shell.client.as_(shell.people["attester"]).jobs.attest(key(job), said).send()
    shell.text("job", "settle", job, who="bob")
    shell.cold("buyback", "payouts", "withdraw", job, who="alice")
    proof = tmp_path / "proof"
    proof.write_text("it ran")
    shell.cold("job", "dispute", job, "--evidence", proof, who="alice")


def test_a_supplier_stops_without_a_key(shell: Shell, offered: str) -> None:
    node = shell.register("GPU-stop")
    make_hireable(shell.client, key(node))
    shell.text("job", "offer", node, "--rate", "2.5", "--currency", "USDC", who="alice")
    job = booked(shell, node)
    shell.cold("job", "start", job, who="alice")
    shell.advance(HOUR + 1)
    shell.cold("job", "stop", job, who="alice")


def test_somebody_who_pays_for_a_renter_signs_elsewhere_too(shell: Shell, offered: str) -> None:
    node = shell.register("GPU-paid")
    make_hireable(shell.client, key(node))
    write_prices(shell.client)
    shell.text("job", "offer", node, "--rate", "2.5", "--currency", "USDC", who="alice")
    line = ("job", "book", node, "--for", "2h", "--manifest-hash", MANIFEST, "--currency", "USDC")
    mint, bob = shell.client.jobs.get_currency("USDC").mint, shell.people["bob"].pubkey()
    before = shell.client.tokens(bob, mint)
    # Who is paid for need not sign.
    shell.cold(*line, "--payer", shell.address("bob"), who="renter", signers=("bob",))
    assert shell.client.tokens(bob, mint) < before


@pytest.mark.parametrize(
    "line",
    [
        ("stake", "add", "{node}", "1", "-k", "{alice}"),
        ("stake", "add", "{node}", "1", "-k", "{key}", "--fee-payer", "{bob}"),
        (
            "node",
            "register",
            "--class",
            "20",
            "--uuid",
            "x",
            "--device-key",
            "{bob}",
            "-k",
            "{key}",
            "--attester",
            "{attester}",
        ),
        ("stake", "add", "{node}", "1", "-k", "{key}", "--nonce", "{nonce}", "--nonce-authority", "{bob}"),
        ("tx", "sign", "{transaction}", "-k", "{alice}"),
    ],
    ids=" ".join,
)
def test_an_address_alone_signs_nothing_and_is_told_so(
    shell: Shell, offered: str, line: tuple[str, ...]
) -> None:
    transaction = shell.text("stake", "add", offered, "1", "--sign-only", who="alice").strip()
    name = ("--name", f"n{abs(hash(line))}")
    made = shell.json("nonce", "create", "--authority", shell.address("bob"), *name, who="alice")
    words = {
        "node": offered,
        "key": shell.key("alice"),
        "transaction": transaction,
        "nonce": made["account"],
        **{who: shell.address(who) for who in ("alice", "bob", "attester")},
    }
    said = shell.fails(2, *(word.format(**words) for word in line))
    if line[0] == "tx":
        assert said == f"{words['alice']} is an address: whoever signs here gives a keypair by --keypair"
    else:
        whose = words["alice"] if "{alice}" in line else words["bob"]
        assert said == (
            f"the signature of {whose} is missing: give its keypair, or say --sign-only to print the"
            " transaction for it to sign"
        )


@pytest.mark.parametrize("place", ["usb://ledger", "usb://ledger?key=0", "prompt://", "prompt:", "ASK"])
@pytest.mark.parametrize(
    "option", ["--keypair", "--fee-payer", "--nonce-authority", "--device-key", "--attester", "--payer"]
)
def test_hardware_wallets_and_prompts_say_what_to_do_instead(
    shell: Shell, offered: str, option: str, place: str
) -> None:
    me = shell.address("alice")
    line: tuple[str, ...] = ("stake", "add", offered, "1")
    if option in ("--device-key", "--attester"):
        given = {"--device-key": me, "--attester": me} | {option: place}
        line = ("node", "register", "--class", "20", "--uuid", "y", *sum(given.items(), ()))
    elif option == "--payer":
        line = ("job", "book", offered, "--for", "2h", "--manifest-hash", MANIFEST, option, place)
    elif option == "--nonce-authority":
        line = (*line, "--nonce", me, option, place)
    else:
        line = (*line, option, place)
    assert shell.fails(3, *line, who="alice") == (
        f"keypair {place}: hardware wallets and prompts are not supported; give the address instead, with"
        " --sign-only, and have its owner sign what is printed"
    )


def test_a_configured_hardware_wallet_says_the_same(shell: Shell, offered: str, tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    config.write_text("keypair_path: usb://ledger\n")
    said = shell.fails(3, "stake", "add", offered, "1", "-C", config)
    assert said.startswith("keypair usb://ledger: hardware wallets and prompts are not supported")


def test_several_that_need_each_other_are_refused_by_name(shell: Shell, tmp_path: Path) -> None:
    plan = tmp_path / "plan.csv"
    plan.write_text("item,recipient,amount\n")
    for option in (("--sign-only",), ("--nonce", shell.address("alice"))):
        said = shell.fails(2, "genesis", "run", plan, *option, who="deployer")
        assert said == f"genesis takes several transactions: {option[0]} is for one"

"""Durable nonces: signed today, sent days later, landed once; and what was advanced no longer can."""

from __future__ import annotations

from typing import Any

import pytest
from solders.system_program import TransferParams, transfer
from tests.cli.conftest import DAY, Shell, io, key

from ionet import IO
from ionet.chain.nonces import named_nonce


@pytest.fixture(scope="module")
def node(shell: Shell) -> str:
    return shell.register("GPU-nonce")


def nonce(shell: Shell, name: str, *, owner: str = "alice") -> str:
    """A nonce account that bob has made for somebody."""
    made: str = shell.json("nonce", "create", "--name", name, "--authority", shell.address(owner), who="bob")[
        "account"
    ]
    return made


def signed(shell: Shell, *words: object, who: str = "alice") -> str:
    return shell.text(*words, "--sign-only", who=who).strip()


def worth(shell: Shell, node: str) -> IO:
    found: Any = shell.json("stake", "status", node, "--holder", shell.address("alice"))
    return io(found["worth"])


def test_what_was_signed_days_ago_lands_once(shell: Shell, node: str) -> None:
    account = nonce(shell, "days")
    first = signed(shell, "stake", "add", node, "3", "--nonce", account)
    shell.advance(3 * DAY)
    (sent,) = shell.json("tx", "send", first)
    assert sent["landed"]
    assert worth(shell, node) == IO(3)
    # Sent again it is told as what it is: landed, once.
    (again,) = shell.json("tx", "send", first)
    assert again == sent
    assert worth(shell, node) == IO(3)


def test_an_address_is_enough_and_its_owner_has_days_to_sign(shell: Shell, node: str) -> None:
    account = nonce(shell, "cold")
    before = worth(shell, node)
    line = ("stake", "add", node, "1", "--nonce", account, "--sign-only", "-k", shell.address("alice"))
    done = shell.run(*line)
    assert done.stderr == (
        f"Signatures still missing: {shell.address('alice')}."
        f" It expires when the nonce of {account} is advanced.\n"
    )
    shell.advance(2 * DAY)
    ready = shell.text("tx", "sign", done.stdout.strip(), who="alice").strip()
    shell.advance(2 * DAY)
    assert "landed" in shell.text("tx", "send", ready)
    assert worth(shell, node) - before == IO(1)


def test_after_the_nonce_is_advanced_nothing_signed_with_it_lands(shell: Shell, node: str) -> None:
    account = nonce(shell, "moved")
    before = worth(shell, node)
    late = signed(shell, "stake", "add", node, "5", "--nonce", account)
    old = shell.json("nonce", "show", account)
    assert old["authority"] == shell.address("alice")
    shell.advance(DAY)
    new = shell.json("nonce", "advance", account, who="alice")["nonce"]
    assert new != old["nonce"]
    assert new == shell.json("nonce", "show", account)["nonce"]
    done = shell.run("tx", "send", late)
    assert done.exit_code != 0
    assert (
        f"did not land and no longer can: the nonce of {account} has moved on; sign a new one" in done.stdout
    )
    assert worth(shell, node) == before


def test_a_nonce_serves_a_transaction_that_is_sent_at_once_and_a_dry_run(shell: Shell, node: str) -> None:
    account = nonce(shell, "now")
    shell.advance(1)
    shell.text("stake", "add", node, "1", "--nonce", account, "--dry-run", who="alice")
    before = worth(shell, node)
    shell.text("stake", "add", node, "1", "--nonce", account, who="alice")
    assert worth(shell, node) - before == IO(1)


def test_somebody_else_may_advance_it(shell: Shell, node: str) -> None:
    account = nonce(shell, "bobs", owner="bob")
    line = ("stake", "add", node, "1", "--nonce", account)
    assert shell.fails(2, *line, who="alice") == (
        f"the nonce of {account} is advanced by {shell.address('bob')}, not by {shell.address('alice')}"
    )
    before = worth(shell, node)
    shell.text(*line, "--nonce-authority", shell.key("bob"), who="alice")
    assert worth(shell, node) - before == IO(1)


def test_what_a_nonce_account_holds_is_taken_out(shell: Shell) -> None:
    account = nonce(shell, "rent")
    held = shell.json("nonce", "show", account)["holds"]["ui"]
    said = shell.fails(2, "nonce", "withdraw", account, "0.0001", who="alice")
    assert said == f"{account} holds {held} SOL: take all of it, or leave its rent, {held} SOL"
    carol = shell.people["carol"].pubkey()
    before = shell.client.balance(carol)
    done = shell.json("nonce", "withdraw", account, "--to", shell.address("carol"), who="alice")
    assert done["amount"]["ui"] == held
    assert str(shell.client.balance(carol) - before) == f"{held} SOL"
    assert shell.client.account(key(account)) is None
    assert shell.fails(4, "nonce", "show", account) == f"no nonce account at {account}"


def test_lamports_that_a_stranger_has_sent_keep_no_nonce_account_from_being_made(shell: Shell) -> None:
    place, carol = named_nonce(shell.people["bob"].pubkey(), "foretold"), shell.people["carol"]
    client = shell.client.as_(carol)
    gift = TransferParams(from_pubkey=carol.pubkey(), to_pubkey=place, lamports=client.rent(0))
    client.call(transfer(gift)).send()
    assert nonce(shell, "foretold") == str(place)
    assert shell.json("nonce", "show", str(place))["authority"] == shell.address("alice")


@pytest.mark.parametrize(
    ("line", "status", "sentence"),
    [
        (("nonce", "create", "--name", "x" * 33), 2, "a name has 1 to 32 bytes, not 33"),
        (("nonce", "create", "--name", "days"), 1, "create another with --name"),
        (("nonce", "show", "{alice}"), 2, "the account at {alice} is not a nonce account"),
        (("nonce", "advance", "{nowhere}"), 4, "no nonce account at {nowhere}"),
        (("stake", "add", "{node}", "1", "--nonce", "{nowhere}"), 4, "no nonce account at {nowhere}"),
        (
            ("stake", "add", "{node}", "1", "--nonce", "{alice}"),
            2,
            "the account at {alice} is not a nonce account",
        ),
        (("stake", "add", "{node}", "1", "--nonce", "days"), 2, "'days' is neither an address nor"),
        (
            ("stake", "add", "{node}", "1", "--nonce-authority", "{key}"),
            2,
            "--nonce-authority goes with --nonce",
        ),
        (("stake", "claim", "--all", "--nonce", "{alice}"), 2, "--nonce is for one"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_wrong_nonces_are_one_sentence(
    shell: Shell, node: str, line: tuple[str, ...], status: int, sentence: str
) -> None:
    words = {
        "node": node,
        "alice": shell.address("alice"),
        "key": shell.key("alice"),
        "nowhere": "GVhNbCwMkWy1jgTyZ8bVBvPEn1SFLgCoUWAjYHmhhB1s",
    }
    said = shell.fails(
        status, *(word.format(**words) for word in line), who="alice" if "add" in line else "bob"
    )
    assert sentence.format(**words) in said

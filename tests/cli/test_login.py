"""`ionet login`, `logout` and `whoami`: renting by a session key, with the wallet elsewhere.

In USDC, at par: two hours at 2.5 USD are 5 USDC, and 2.25 % of that are fees; cancelled at once, 0.25 %.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from solders.message import to_bytes_versioned
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from tests.cli import test_job
from tests.cli.conftest import DAY, HOUR, key
from tests.cli.test_job import Desk

from ionet import SOL, USDC, token_account
from ionet.cli.login.kept import Login
from ionet.cli.session import RENTING, SPENDING
from ionet.formats.when import when

market, desk = test_job.market, test_job.desk
#: Deposit of two hours, and what a booking costs that is cancelled at once; base units of USDC.
DEPOSIT, BOOKING = 5_112_500, 12_500
LINE = re.compile(r"ionet1_[A-Za-z0-9_-]+")


@pytest.fixture(autouse=True)
def machine(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine without a wallet; where it keeps its session."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("ANCHOR_WALLET", "IONET_SESSION"):
        monkeypatch.delenv(name, raising=False)
    yield tmp_path / "config" / "ionet" / "session"
    desk.shell.client.as_(desk.shell.people["renter"]).jobs.revoke_session_key(desk.usdc).send()


def begin(desk: Desk, limit: str = "6", *more: object) -> Pubkey:
    """Logs in with a wallet that signs at once; the session key."""
    line = ("login", "--limit", limit, "--currency", "USDC", *more)
    return key(desk.shell.json(*line, who="renter")["key"])


def left(desk: Desk, session: Pubkey) -> int:
    """What a session key may still spend by the token account of the wallet."""
    purse = desk.shell.client.token_account(token_account(key(desk.shell.address("renter")), desk.usdc))
    return purse.delegated_amount if purse.delegate == session else 0


def book(desk: Desk, node: str) -> tuple[object, ...]:
    return ("job", "book", node, "--for", "2h", "--manifest", desk.manifest, "--currency", "USDC")


def asked_of_the_wallet(desk: Desk, *more: object) -> str:
    """Begins a session for an address; the transaction that its wallet is to sign, in base64."""
    line = ("-k", desk.shell.address("renter"), "login", "--limit", "6", "--currency", "USDC")
    done = desk.shell.run(*line, "--wait", "0s", *more)
    assert done.exit_code == 7, done.output
    (coded,) = (text for text in done.stderr.splitlines() if len(text) > 200 and " " not in text)
    return coded


def signature_of(desk: Desk, coded: str, who: str = "renter") -> str:
    message = VersionedTransaction.from_bytes(b64decode(coded)).message
    desk.shell.key(who)
    return str(desk.shell.people[who].sign_message(to_bytes_versioned(message)))


def test_a_session_books_extends_ends_and_logs_out_without_the_wallet(desk: Desk, machine: Path) -> None:
    shell, wallet = desk.shell, desk.shell.address("renter")
    session, before = begin(desk, "8", "--for", "2d"), desk.purse("renter", desk.usdc)
    assert machine.stat().st_mode & 0o777 == 0o600
    assert machine.parent.stat().st_mode & 0o777 == 0o700
    job = shell.json(*book(desk, desk.node()))["job"]
    account = shell.client.jobs.get_job(key(job))
    assert (str(account.renter), str(account.refund_to)) == (str(session), wallet)
    assert before - desk.purse("renter", desk.usdc) == DEPOSIT
    shell.text("job", "start", job, who="alice")
    # Another hour costs half of it: 2.556250.
    shell.text("job", "extend", job, "--for", "1h")
    said = shell.fails_behind_text(1, *book(desk, desk.node()))
    assert said == "the deposit is 5.1125 USDC, the session key may spend 0.33125 USDC"
    told = shell.json("whoami")
    assert (told["wallet"], told["left"]["raw"], told["limit"]["raw"]) == (wallet, "331250", "8000000")
    assert told["jobs"] == [job]
    shell.text("job", "stop", job)
    waiting = shell.json("logout")
    assert (waiting["gave_up"], waiting["deleted"], waiting["jobs"]) == (True, False, [job])
    assert left(desk, session) == 0
    assert machine.exists(), "the rent of the job comes back to the key"
    desk.wait(2 * DAY)
    shell.text("job", "crank", job)
    # Stopped at once: of 7.5 USDC the fees, and what nobody attested comes back, to the wallet alone.
    assert shell.client.account(token_account(session, desk.usdc)) is None
    sol = shell.client.balance(key(wallet)).base
    gone = shell.json("logout")
    assert (gone["gave_up"], gone["deleted"]) == (False, True)
    assert not machine.exists()
    assert shell.client.account(session) is None
    assert shell.client.balance(key(wallet)).base - sol == int(gone["returned"]["raw"])
    assert shell.fails(4, "whoami") == "nobody is logged in here: `ionet login`"


def test_what_comes_back_is_the_wallets(desk: Desk) -> None:
    session, before = begin(desk), desk.purse("renter", desk.usdc)
    job = desk.shell.json(*book(desk, desk.node()))["job"]
    desk.shell.text("job", "cancel", job)
    assert before - desk.purse("renter", desk.usdc) == BOOKING
    assert left(desk, session) == 6_000_000 - DEPOSIT


def test_a_pasted_signature_begins_a_session(desk: Desk, machine: Path) -> None:
    shell, coded = desk.shell, asked_of_the_wallet(desk)
    login = Login.from_text(machine.read_text(), "the file")
    assert left(desk, login.key.pubkey()) == 0
    assert "may spend nothing: not signed for yet" in shell.text("whoami")
    said = shell.fails(1, "login", "--wait", "0s", "--signed", signature_of(desk, coded, "carol"))
    assert said.startswith(f"the signature is not one of {shell.address('renter')} for the transaction")
    shell.text("login", "--wait", "0s", "--signed", signature_of(desk, coded))
    assert left(desk, login.key.pubkey()) == 6_000_000
    shell.text(*book(desk, desk.node()))


def test_a_transaction_that_was_signed_elsewhere_begins_a_session(desk: Desk, machine: Path) -> None:
    shell, coded = desk.shell, asked_of_the_wallet(desk)
    login = Login.from_text(machine.read_text(), "the file")
    assert shell.fails(1, "login", "--wait", "0s", "--signed", coded) == (
        f"the transaction lacks the signature of {shell.address('renter')}"
    )
    # Something else of the same wallet, signed, is not taken for it.
    other = shell.client.as_(shell.people["renter"]).jobs.approve_session_key(
        login.key.pubkey(), desk.usdc, USDC(7)
    )
    wrong = b64encode(bytes(other.tx())).decode()
    assert "does not let the session key" in shell.fails(1, "login", "--wait", "0s", "--signed", wrong)
    assert shell.fails(3, "login", "--wait", "0s", "--signed", "something") == (
        "this is neither a signature nor a transaction, in base58 or base64"
    )
    signed = shell.text("tx", "sign", coded, who="renter").strip()
    shell.text("login", "--wait", "0s", "--signed", signed)
    assert left(desk, login.key.pubkey()) == 6_000_000


def test_what_was_sent_elsewhere_is_seen_on_the_chain(desk: Desk, machine: Path) -> None:
    shell, line = desk.shell, ("-k", desk.shell.address("renter"), "login", "--limit", "6")
    done = shell.run(*line, "--currency", "USDC", "--sign-only")
    assert done.exit_code == 0, done.output
    coded = done.stdout.strip()
    shell.text("tx", "send", coded, who="renter")
    told = shell.json("whoami")
    assert (told["left"]["raw"], told["ended"]) == ("6000000", False)
    assert LINE.search(done.output) is None


def test_after_its_end_it_spends_nothing_and_still_ends_jobs(desk: Desk) -> None:
    shell, session = desk.shell, begin(desk, "12", "--for", "1h")
    until, before = shell.client.network.clock.now() + HOUR, desk.purse("renter", desk.usdc)
    node, job = desk.node(), shell.json(*book(desk, desk.node()))["job"]
    shell.text("job", "start", job, who="alice")
    desk.wait(HOUR)
    sentence = (
        f"the session has ended, {when(until)}: end what it may spend by `ionet logout`, or begin anew by"
        " `ionet login`"
    )
    for line in (book(desk, node), ("job", "extend", job, "--for", "1h")):
        assert shell.fails(1, *line) == sentence
    assert before - desk.purse("renter", desk.usdc) == DEPOSIT
    shell.text("job", "stop", job)
    assert "has ended, and may still spend what is left: ionet logout" in shell.text("whoami")
    # The same key, with another limit and end.
    assert begin(desk, "6") == session
    shell.text(*book(desk, node))


def test_what_takes_the_wallet_says_so(desk: Desk) -> None:
    begin(desk)
    node = desk.node()
    lines: dict[str, tuple[object, ...]] = {
        "stake add": (node, "1"),
        "job offer": (node, "--rate", "1"),
        "job dispute": (node, "--evidence-hash", "07" * 32),
    }
    for name, more in lines.items():
        assert desk.shell.fails(1, *name.split(), *more) == (
            f"`ionet {name}` takes the wallet: the session key of `ionet login` only rents; give the wallet"
            " by --keypair, or its address with --sign-only"
        )


def test_a_wallet_has_one_session_key_of_a_currency(desk: Desk, machine: Path, tmp_path: Path) -> None:
    shell, first = desk.shell, begin(desk)
    line = ("login", "--limit", "5", "--currency", "USDC", "--export", tmp_path / "ci")
    said = shell.fails(1, *line, who="renter")
    assert said == (
        f"{first} may spend 6 USDC of this wallet, which has one session key of a currency at a time:"
        " --replace has this one take its place"
    )
    assert not (tmp_path / "ci").exists()
    other = key(shell.json(*line, "--replace", who="renter")["key"])
    assert (left(desk, first), left(desk, other)) == (0, 5_000_000)
    said = shell.fails_behind_text(1, *book(desk, desk.node()))
    assert said == "the deposit is 5.1125 USDC, the session key may spend 0 USDC"
    # Logged out, it takes nothing from the other.
    assert shell.json("logout")["gave_up"] is False
    assert left(desk, other) == 5_000_000


def test_a_session_in_a_variable_is_for_machines_and_never_shown(
    desk: Desk, machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell, file = desk.shell, tmp_path / "ci"
    session = begin(desk, "6", "--export", file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert not machine.exists()
    text = file.read_text()
    secret = str(Login.from_text(text, "it").key)
    monkeypatch.setenv("IONET_SESSION", text)
    done = [shell.run(*book(desk, desk.node())), shell.run("whoami"), shell.run("whoami", "--output", "json")]
    assert [run.exit_code for run in done] == [0, 0, 0]
    assert left(desk, session) == 6_000_000 - DEPOSIT
    done.append(shell.run("logout", "--forget"))
    assert done[-1].exit_code == 0
    assert left(desk, session) == 0
    for bad in (text.strip()[:-9], "ionet1_", secret, text.replace("ionet1_", "ionet2_")):
        monkeypatch.setenv("IONET_SESSION", bad)
        said = shell.fails(3, "whoami")
        assert said.startswith("IONET_SESSION is not a session of `ionet login`")
        assert bad not in said or bad == "ionet1_"
    assert secret not in repr(Login.from_text(text, "it"))
    for run in done:
        assert LINE.search(run.output) is None
        assert secret not in run.output


def test_the_wallet_revokes_a_session_of_a_machine_that_is_lost(desk: Desk, machine: Path) -> None:
    session = begin(desk)
    machine.unlink()
    said = desk.shell.fails(2, "logout", who="renter")
    assert said.startswith("nobody is logged in here; of a login elsewhere, say by --currency what its")
    desk.shell.text("logout", "--currency", "USDC", who="renter")
    assert left(desk, session) == 0


def test_a_login_that_fails_leaves_no_key(desk: Desk, machine: Path) -> None:
    shell, line = desk.shell, ("login", "--limit", "6", "--currency", "USDC")
    assert shell.fails(4, *line, who="poor").endswith("has no account of USDC")
    for limit in ("0", "-1", "a lot", "0.0000001"):
        assert shell.run("login", f"--limit={limit}", "--currency", "USDC", who="renter").exit_code == 2
    assert shell.run(*line, "--sol", "100000000", who="renter").exit_code == 1
    assert shell.run(*line, "--dry-run", who="renter").exit_code == 0
    assert shell.fails(2, "login", who="renter") == "say by --limit what the session key may spend at most"
    assert not machine.exists()
    machine.write_text("ionet1_x")
    machine.chmod(0o644)
    assert shell.fails(3, "whoami") == (
        f"others can read the session key in {machine}; run: chmod 600 {machine}"
    )


def test_a_key_gets_sol_for_rent_and_fees(desk: Desk) -> None:
    session = begin(desk, "6", "--sol", "0.1")
    assert desk.shell.client.balance(session) == SOL("0.1")


def test_the_commands_of_a_session_exist() -> None:
    listed = (Path(__file__).resolve().parents[2] / "scripts/docgen/commands.toml").read_text()
    assert {name for name in RENTING if f'"{name}" =' not in listed} == set()
    assert SPENDING < RENTING

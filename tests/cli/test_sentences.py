"""Small mistakes and what is said to each, as a table; and every command that a text names exists."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.cli.conftest import Shell, key
from tests.cli.test_docs import commands
from tests.programs.support import make_hireable

from ionet import SOL, USDC, Client
from ionet._generated import PROGRAMS
from ionet.chain.errors import ProgramError
from ionet.chain.registry import errors
from ionet.cli import failures
from ionet.cli.options import _parameters
from ionet.cloud.errors import NoAccess, NotCopied, RayDiffers
from ionet.localnet.dollars import add_usdc, write_prices
from ionet.wire import Refused, Unreachable

ROOT: Final = Path(__file__).resolve().parents[2]
MANIFEST: Final = "07" * 32


@pytest.fixture(scope="module")
def words(shell: Shell) -> dict[str, str]:
    """A market with a node of alice's that is on offer, one that nobody proves, and a job that is closed."""
    usdc = add_usdc(shell.client, [shell.people["renter"].pubkey()], USDC(1_000))
    write_prices(shell.client)
    nodes = {}
    for name in ("good", "unproven"):
        nodes[name] = shell.register(f"GPU-{name}")
        shell.stake(nodes[name], "300")
        shell.text("job", "offer", nodes[name], "--rate", "2.5", "--currency", "IO", who="alice")
    make_hireable(shell.client, key(nodes["good"]))
    booking = ("job", "book", nodes["good"], "--for", "1h", "--manifest-hash", MANIFEST)
    job = shell.json(*booking, who="renter")["job"]
    shell.text("job", "cancel", job, who="renter")
    running = shell.json(*booking, who="renter")["job"]
    shell.text("job", "start", running, who="alice")
    shell.key("poor"), shell.key("broke")
    shell.client.airdrop(shell.people["poor"].pubkey(), SOL(1))
    return {
        "node": nodes["good"],
        "unproven": nodes["unproven"],
        "job": job,
        "running": running,
        "usdc": str(usdc),
        "mint": str(usdc),
        **{who: shell.address(who) for who in ("poor", "broke", "alice", "renter")},
    }


@pytest.fixture(scope="module")
def bare() -> Client:
    """A network without the programs."""
    return Client.local(shipped=False)


NO_FEE: Final = (
    "the fee cannot be paid: the signer, or --fee-payer, has too little SOL on this network; send it some"
)
NO_WALLET: Final = "{poor} has no account of IO on this network: it needs some IO first"


@pytest.mark.parametrize(
    ("who", "line", "status", "sentence"),
    [
        ("broke", "stake add {node} 1", 1, NO_FEE),
        ("broke", "nonce create", 1, NO_FEE),
        ("poor", "stake add {node} 1", 1, NO_WALLET),
        ("poor", "stake add {node} 1 --dry-run", 1, NO_WALLET),
        ("poor", "stake add {node} 1 --sign-only", 1, NO_WALLET),
        (
            "alice",
            "job extend {running} 1h",
            2,
            "missing option '--for'; see ionet job extend --help",
        ),
        ("alice", "job extend {running}", 2, "missing option '--for'; see ionet job extend --help"),
        (
            None,
            "cluster exec digits ls -l",
            2,
            "no such option: -l; what is to be run, with its own options, comes behind --; see ionet cluster",
        ),
        (
            None,
            "job quote {unproven} --for 1h",
            1,
            "the node {unproven} has not passed a compute proof yet",
        ),
        (
            None,
            "job status {job}",
            4,
            "job {job} is closed: the renter cancelled it before its start; 0 s of it were attested",
        ),
        (
            "alice",
            "job watch {job}",
            4,
            "job {job} is closed: the renter cancelled it before its start; 0 s of it",
        ),
        (None, "job status {node}", 2, "not a Job: {node} belongs to"),
        (
            "alice",
            "buyback open",
            1,
            "the auctions of {mint} are open already: shards 0, 1, 2, 3, 4, 5, 6, 7; see ionet buyback",
        ),
        ("slasher", "slash propose {node} 301 --evidence-hash " + "ab" * 32, 1, "300 IO"),
        (
            "alice",
            "job resolve {running} 100",
            2,
            "at most the price can be due, 1.25628141 IO, not 100 IO",
        ),
    ],
)
def test_what_is_said(
    shell: Shell, words: dict[str, str], who: str | None, line: str, status: int, sentence: str
) -> None:
    # The configuration of this machine's owner must not matter.
    empty = shell.folder / "none.yml"
    empty.write_text("keypair_path: /nonexistent\n")
    said = shell.fails(status, *line.format(**words).split(), "-C", empty, who=who)
    assert sentence.format(**words) in said


def test_the_stake_of_a_nodes_owner_is_shown_to_somebody_without_a_key(
    shell: Shell, words: dict[str, str]
) -> None:
    empty = shell.folder / "none.yml"
    empty.write_text("keypair_path: /nonexistent\n")
    assert f"{words['alice']} (owner)" in shell.text("stake", "status", words["node"], "-C", empty)
    assert shell.json("stake", "status", words["node"], who="alice")["is_owner"]


def test_a_search_says_that_some_nodes_are_not_shown(shell: Shell, words: dict[str, str]) -> None:
    done = shell.run("job", "search")
    assert words["unproven"] not in done.stdout
    assert done.stderr == (
        "Not shown: 1 that nobody can book, for want of a compute proof or of their owner's stake;"
        " --booked says which\n"
    )
    done = shell.run("job", "search", "--booked")
    assert words["unproven"] in done.stdout
    assert done.stderr == ""


def test_the_local_node_is_found_whatever_the_configuration_says(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ionet.chain import signers

    monkeypatch.delenv("ANCHOR_PROVIDER_URL", raising=False)
    monkeypatch.setitem(signers.CLUSTERS, "localhost", shell.url)
    config = shell.folder / "remote.yml"
    config.write_text("json_rpc_url: https://api.mainnet-beta.solana.com\n")
    from ionet.cli.app import app

    for line in (["localnet", "advance", "1s"], ["localnet", "prove", shell.register("GPU-local")]):
        done = shell.runner.invoke(app, [*line, "-C", str(config)])
        assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    "line",
    [
        "stake add {nobody} 1",
        "stake status {nobody}",
        "node list",
        "node why {nobody}",
        "node network register X",
        "supply",
        "job search",
        "job status {nobody}",
        "job offer {nobody} --rate 1",
        "buyback status",
        "dao list",
        "dao treasury",
        "dao vote {nobody} for",
        "admin show mint",
        "grant list",
        "grant release {nobody}",
        "report emit",
        "slash list",
    ],
)
def test_a_node_without_the_programs_is_told_from_one_without_accounts(
    shell: Shell, bare: Client, line: str
) -> None:
    bare.airdrop(shell.people["alice"].pubkey(), SOL(5))
    words = line.format(nobody=Keypair().pubkey()).split()
    with bare.network.serve() as server:
        said = shell.fails(4, "-u", server.url, *words, who="alice")
    assert said.endswith("is not deployed at this node; is it the right network?")


# -- amounts that errors compare


def compared() -> list[type[ProgramError]]:
    every = [kind for program in PROGRAMS for kind in errors(program).values()]
    return [kind for kind in every if "left:" in kind.MSG]


#: Those that compare base units of IO.
IO_AMOUNTS: Final = {
    "MaximumStake", "CoStakeAboveHalf", "MoreThanStaked", "LeaseLocksMinimum", "Frozen", "ReportExhausted",
    "SlashAboveStake", "SlashRaised", "CreditLimit", "OwnerBelowMinimum", "RewardAboveBound", "StopLimit",
    "SlashSetApart", "StakeBelowMinimum", "TotalAboveEmission", "NotEmitted",
}  # fmt: skip


def test_every_error_that_compares_says_what() -> None:
    kinds = (failures.TIMES, failures.SPANS, failures.COUNTS, failures.BPS, failures.JOB_AMOUNTS, IO_AMOUNTS)
    for one in compared():
        assert sum(one.NAME in kind for kind in kinds) == 1, one.NAME
    assert set().union(*kinds) == {one.NAME for one in compared()}


@pytest.mark.parametrize("kind", compared(), ids=lambda kind: kind.NAME)
def test_no_error_speaks_of_base_units(kind: type[ProgramError]) -> None:
    bad = kind(
        code=kind.CODE,
        name=kind.NAME,
        msg=kind.MSG,
        program="jobs",
        program_id=str(Pubkey.default()),
        error=None,
        compared=("25000000000", "1799999999"),
    )
    bad.written = USDC.from_base
    said = failures.sentence(bad)
    assert "base unit" not in said
    if kind.NAME in IO_AMOUNTS:
        assert "250 IO" in said
        assert "17.99999999 IO" in said
    elif kind.NAME in failures.JOB_AMOUNTS:
        assert "25,000 USDC" in said
    elif kind.NAME in failures.TIMES:
        assert "2027-01-15" in said


@pytest.mark.parametrize(
    ("bad", "status"),
    [
        (Unreachable("no connection to wss://gateway.example"), failures.NO_NODE),
        (Refused("not-running", "the cluster takes no commands now"), failures.REFUSED),
        (NoAccess("there is no way into the job"), failures.NO_NODE),
        (NotCopied("there is no data in the box"), failures.REFUSED),
        (RayDiffers("the cluster has Ray 2.60.0"), failures.UNUSABLE),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_did_not_reach_a_node_is_no_wrong_argument(bad: Exception, status: int) -> None:
    ending = failures.explained(bad, {})
    assert ending is not None
    assert ending.exit_code == status


def test_without_what_renting_takes_the_extra_is_named() -> None:
    code = "import sys; sys.modules['cryptography'] = None; from ionet.cli import main; main()"
    line = [sys.executable, "-c", code, "-u", "http://127.0.0.1:1", "cluster", "list"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (failures.UNUSABLE, "")
    assert done.stderr == (
        "error: this needs the extra `access` (cryptography is missing): pip install 'ionet[access]'\n"
    )


# -- every command and option that is named exists

#: A command in a text: words, then perhaps options and what stands for values.
_COMMAND: Final = re.compile(r"(?<![\w/.-])ionet((?: (?:\{\}|--?[a-z][a-z-]*|[a-z][a-z-]*|[A-Z_.…]+))+)")
_OPTION: Final = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
#: Texts of other programs, and words of English that follow the name.
_OTHERS: Final = {"--setup", "--idl", "--out", "--check"}


def texts() -> Iterator[tuple[str, str]]:
    """Every text of the package that may reach somebody, with where it stands; values are `{}`."""
    for path in sorted((ROOT / "sdk/ionet").rglob("*.py")):
        if "_generated" in path.parts or "_sync" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            where = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
            match node:
                case ast.Constant(value=str(text)):
                    yield where, re.sub(r"\s+", " ", text)
                case ast.JoinedStr(values=values):
                    parts = [one.value if isinstance(one, ast.Constant) else "{}" for one in values]
                    yield where, re.sub(r"\s+", " ", "".join(map(str, parts)))
    for path in sorted((ROOT / "docs").rglob("*.md")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            yield f"{path.relative_to(ROOT)}:{number}", line.split("  #")[0]


def test_every_command_that_a_text_names_exists() -> None:
    known, found = commands(), 0
    groups = {" ".join(path.split()[:n]) for path in known for n in (1, 2)}
    for where, text in texts():
        for match in _COMMAND.finditer(text):
            line = match[1].split()
            run = [one for one in line if re.fullmatch(r"[a-z][a-z-]*", one)]
            named = next((" ".join(run[:n]) for n in (3, 2, 1) if " ".join(run[:n]) in known), None)
            if named is None:
                # Prose goes on behind the program's name; what is to be typed begins with a command.
                typed = bool(run) and (run[0] in groups or text[match.start() - 1 : match.start()] == "`")
                assert not typed or " ".join(run) in groups, f"{where}: no such command: {match[0]}"
                continue
            found += 1
            own = {name for one in known[named].params for name in (*one.opts, *one.secondary_opts)}
            options = {one for one in line if re.fullmatch(r"--[a-z][a-z-]*", one)}
            assert options <= {*own, "--help"}, f"{where}: {named} has no such option: {match[0]}"
    assert found > 50


def test_every_option_that_the_command_line_names_exists() -> None:
    own: set[str] = {name for one in _parameters() for name in (*one.opts, *one.secondary_opts)}
    params: list[Any] = [param for one in commands().values() for param in one.params]
    own |= {name for one in params for name in (*one.opts, *one.secondary_opts)} | {"--help", "--version"}
    for where, text in texts():
        if "/cli/" in where or "reference/cli" in where:
            unknown = set(_OPTION.findall(text)) - own - _OTHERS
            assert not unknown, f"{where}: there is no option {unknown}"

"""Options, errors and exit statuses that all commands share."""

from __future__ import annotations

import gc
import json
import resource
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from tests.cli.conftest import NOW, Shell

from ionet.cli.app import COMMANDS, app, load
from ionet.cli.session import Session

IONET = [sys.executable, "-c", "from ionet.cli import main; main()"]


@pytest.mark.alone
def test_help_answers_in_a_third_of_a_second() -> None:
    """Of the processor's time, as the machine may be busy with something else."""
    best = 1e9
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([*IONET, "--help"], capture_output=True, text=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert "localnet" in done.stdout
    assert best < 0.3


def test_help_imports_no_command() -> None:
    code = (
        "import sys\nfrom ionet.cli import main\ntry:\n    main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'solders', 'httpx', 'ionet.cli.session', 'ionet.cli.demo'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_command_explains_itself(shell: Shell) -> None:
    for name in COMMANDS:
        command = load(name)
        inner = getattr(command, "commands", {})
        for path in [[name], *([name, one] for one in inner)]:
            assert f"ionet {' '.join(path)}" in shell.text(*path, "--help")


def test_options_may_stand_before_or_behind_and_the_last_one_holds(shell: Shell) -> None:
    shell.client.network.clock.set(NOW + 10)
    for line in (
        ["-u", shell.url, "localnet", "advance", "1s"],
        ["localnet", "-u", shell.url, "advance", "1s"],
        ["localnet", "advance", "1s", "--url", shell.url],
        ["-u", "http://127.0.0.1:1", "localnet", "advance", "1s", "-u", shell.url],
    ):
        done = shell.runner.invoke(app, line)
        assert done.exit_code == 0, done.output
    assert shell.client.network.clock.now() == NOW + 14


def test_the_environment_gives_way_to_options(shell: Shell) -> None:
    nowhere = {"ANCHOR_PROVIDER_URL": "http://127.0.0.1:1"}
    done = shell.runner.invoke(app, ["-u", shell.url, "localnet", "advance", "1s"], env=nowhere)
    assert done.exit_code == 0, done.output
    done = shell.runner.invoke(app, ["localnet", "advance", "1s"], env={"ANCHOR_PROVIDER_URL": shell.url})
    assert done.exit_code == 0, done.output


def test_the_configuration_of_the_solana_command_is_read(shell: Shell, tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    config.write_text(f'json_rpc_url: "{shell.url}"\n')
    done = shell.runner.invoke(app, ["localnet", "advance", "1s", "-C", str(config)])
    assert done.exit_code == 0, done.output
    done = shell.runner.invoke(app, ["localnet", "advance", "1s", "-C", str(tmp_path / "none.yml")])
    assert done.exit_code == 3
    assert done.stderr == f"error: configuration {tmp_path}/none.yml: no such file\n"


def test_a_node_that_cannot_be_reached_is_one_sentence(shell: Shell) -> None:
    said = shell.fails(5, "localnet", "advance", "1s", "-u", "http://127.0.0.1:1")
    assert "no answer from http://127.0.0.1:1" in said
    assert said.endswith("is the node up, and is --url right?")


def test_an_unknown_cluster_says_which_there_are(shell: Shell) -> None:
    said = shell.fails(3, "localnet", "advance", "1s", "-u", "moon")
    assert said.startswith("'moon' is not a cluster; give a URL")


def test_wrong_arguments_name_what_would_be_right(shell: Shell) -> None:
    said = shell.fails(2, "localnet", "advance", "14x")
    assert said == (
        "invalid value: '14x' is not a length of time; write for example 90s, 30min, 5h or 14d;"
        " see ionet localnet advance --help"
    )
    assert "Did you mean 'advance'?" in shell.fails(2, "localnet", "advanc", "1s")


def test_errors_are_json_where_json_is_asked_for(shell: Shell) -> None:
    done = shell.run("localnet", "advance", "14x", "--output", "json")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert json.loads(done.stderr)["error"]["exit"] == 2


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30min", 1_800), ("5h", 18_000), ("14d", 1_209_600)]
)
def test_lengths_of_time(text: str, seconds: int) -> None:
    from ionet.cli.arguments import length_of

    assert length_of(text) == seconds


def test_connections_are_closed_at_the_end_of_a_run(shell: Shell) -> None:
    """Whoever runs commands in one process is left with no socket, and is warned of none."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gc.collect()
        caught.clear()
        shell.text("supply")
        shell.run("node", "show", shell.address("alice"), who="alice")
        shell.run("admin", "set", "proofs", "challenge_window=5h", who="deployer")
        gc.collect()
    assert [str(warning.message) for warning in caught if warning.category is ResourceWarning] == []


def test_no_output_names_the_secrets_of_the_nodes_url(shell: Shell) -> None:
    url = shell.url.replace("//", "//user:s3cret@") + "/apikey?token=tok456"
    bare = shell.url.replace(":", "%3A").replace("/", "%2F")
    where = Session({"url": url}).explorer("SIGNATURE")
    assert where == f"https://explorer.solana.com/tx/SIGNATURE?cluster=custom&customUrl={bare}"
    done = shell.runner.invoke(app, ["-u", url, "localnet", "advance", "0s"])
    assert f"on {shell.url}" in done.output
    assert not [secret for secret in ("s3cret", "apikey", "tok456") if secret in done.output]

"""What services are started with: systemd's units, and the worker's container."""

from __future__ import annotations

import json
import os
import plistlib
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner

from ionet.cli.app import app
from ionet.sandbox import _host
from ionet.worker import state_directory

ROOT: Final = Path(__file__).resolve().parents[1]
UNIT: Final = ROOT / "deploy/ionet-worker.service"
AGENT: Final = ROOT / "deploy/ionet-worker.plist"
CONTAINER: Final = ROOT / "deploy/Containerfile"
PAYMENTS: Final = ROOT / "deploy/payments.Containerfile"
#: Settings that give a service a mount namespace of its own (systemd.exec(5), "Sandboxing" and "Paths").
_OWN_MOUNTS: Final = """
    BindPaths BindReadOnlyPaths DynamicUser ExecPaths InaccessiblePaths LogNamespace MountAPIVFS NoExecPaths
    PrivateDevices PrivateIPC PrivateMounts PrivateNetwork PrivateTmp PrivateUsers ProtectClock
    ProtectControlGroups ProtectHome ProtectHostname ProtectKernelLogs ProtectKernelModules
    ProtectKernelTunables ProtectProc ProtectSystem ReadOnlyPaths ReadWritePaths RestrictNamespaces
    RootDirectory RootImage TemporaryFileSystem
"""
#: Keys of launchd.plist(5) that an agent may use.
_LAUNCHD: Final = """
    EnvironmentVariables ExitTimeOut HardResourceLimits KeepAlive Label LowPriorityIO Nice ProcessType Program
    ProgramArguments RunAtLoad SoftResourceLimits StandardErrorPath StandardOutPath ThrottleInterval Umask
    WorkingDirectory
"""


def unit(path: Path = UNIT) -> dict[str, list[tuple[str, str]]]:
    """The unit's settings by section; a setting may be there several times."""
    sections: dict[str, list[tuple[str, str]]] = {}
    name = ""
    for line in path.read_text().splitlines():
        if line.startswith("["):
            name = line.strip("[]")
        elif line and not line.startswith("#"):
            setting, equals, value = line.partition("=")
            assert equals, line
            sections.setdefault(name, []).append((setting, value))
    return sections


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze")
    # The program that it starts is not installed here.
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/opt/ionet/bin/ionet", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    copy.write_text(copy.read_text().replace("KillMode=mixed", "KillMode=some"))
    done = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False)
    assert "kill mode" in done.stderr, "faults are seen"


@pytest.mark.parametrize("path", sorted((ROOT / "deploy").glob("*.service")), ids=lambda path: path.stem)
def test_each_service_has_a_unit_that_starts_it_in_its_own_folder(path: Path, tmp_path: Path) -> None:
    service = dict(unit(path)["Service"])
    program, name, *words = service["ExecStart"].split()
    assert (program, path.stem, words[:1]) == ("/opt/ionet/bin/ionet", f"ionet-{name}", ["run"])
    assert service["StateDirectory"] == f"ionet/{name}"
    assert (service["StateDirectoryMode"], service["Restart"]) == ("0700", "always")
    assert CliRunner().invoke(app, [name, *words, "--help"]).exit_code == 0
    assert f"deploy/{path.name}" in (ROOT / "docs/operations.md").read_text()
    if shutil.which("systemd-analyze") is not None:
        copy = tmp_path / path.name
        copy.write_text(path.read_text().replace("/opt/ionet/bin/ionet", "/bin/true"))
        done = subprocess.run(
            ["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["console", "explorer", "payments"])
def test_what_serves_strangers_may_do_nothing_else_on_its_machine(name: str) -> None:
    service = dict(unit(ROOT / f"deploy/ionet-{name}.service")["Service"])
    assert service["User"] == service["Group"] == f"ionet-{name}"
    assert (service["CapabilityBoundingSet"], service["NoNewPrivileges"]) == ("", "yes")
    assert (service["ProtectSystem"], service["ProtectHome"], service["UMask"]) == ("strict", "yes", "0077")


def test_the_explorers_processes_may_be_made_less_urgent() -> None:
    """A call that the unit does not allow ends the process that makes it."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze")

    def calls(names: str) -> set[str]:
        its = set[str]()
        for name in names.split():
            if not name.startswith("@"):
                its.add(name)
                continue
            command = ["systemd-analyze", "syscall-filter", name]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            lines = [line.strip() for line in said.splitlines()[1:]]
            its |= calls(" ".join(line for line in lines if line and not line.startswith("#")))
        return its

    allowed = set[str]()
    for setting, value in unit(ROOT / "deploy/ionet-explorer.service")["Service"]:
        if setting == "SystemCallFilter":
            its = calls(value.removeprefix("~"))
            allowed = allowed - its if value.startswith("~") else allowed | its
    assert "sched_setaffinity" not in allowed
    # `os.nice`
    assert {"getpriority", "setpriority"} <= allowed


def test_the_unit_starts_a_command_that_exists_in_the_services_directory() -> None:
    service = dict(unit()["Service"])
    program, *words = service["ExecStart"].split()
    assert Path(program).name == "ionet"
    assert words[:1] == ["worker"]
    name, _, value = service["Environment"].partition("=")
    assert state_directory({name: value}) == Path("/var/lib/ionet/worker")
    assert service["StateDirectory"] == "ionet/worker"
    assert service["StateDirectoryMode"] == "0700"


def test_a_worker_that_is_started_anew_sees_the_boxes_mounts() -> None:
    settings = {setting for setting, _ in unit()["Service"]}
    assert not settings & set(_OWN_MOUNTS.split())


def test_the_unit_leaves_leases_alone_and_comes_back() -> None:
    service, general = dict(unit()["Service"]), dict(unit()["Unit"])
    assert service["Restart"] == "always"
    assert general["StartLimitIntervalSec"] == "0"
    assert (service["KillMode"], service["Delegate"], service["NoNewPrivileges"]) == ("mixed", "yes", "yes")


def test_the_agent_of_launchd_starts_the_worker_and_comes_back() -> None:
    """By launchd.plist(5); no Mac has tried it."""
    agent = plistlib.loads(AGENT.read_bytes())
    shell, option, line = agent["ProgramArguments"]
    assert (shell, option) == ("/bin/sh", "-c")
    assert subprocess.run([shell, "-n", option, line], check=False).returncode == 0
    *before, last = line.split("; ")
    assert before == ["podman machine start"]
    *words, program, group, command = last.split()
    assert words == ["exec", "caffeinate", "-i"], "as on docs/operations.md"
    assert (program, group, command) == ("/opt/ionet/bin/ionet", "worker", "run")
    assert (agent["Label"], agent["KeepAlive"], agent["RunAtLoad"]) == (AGENT.stem, True, True)
    # What launchd does not know it ignores without a word.
    assert agent.keys() <= set(_LAUNCHD.split())
    assert agent["Umask"] == 0o77, "a decimal number there"
    documented = (ROOT / "docs/operations.md").read_text()
    assert f"deploy/{AGENT.name}" in documented


def test_boxes_are_made_without_the_rights_that_the_unit_gives_up(tmp_path: Path) -> None:
    """A container of runc, started with no more than what the service has."""
    if (lacking := _host.missing()) is not None or shutil.which("setpriv") is None:
        pytest.skip(lacking or "no setpriv")
    given_up = [
        name.removeprefix("CAP_").lower()
        for setting, value in unit()["Service"]
        if setting == "CapabilityBoundingSet"
        for name in value.removeprefix("~").split()
    ]
    assert len(given_up) > 20
    names = ("test_a_program_gets_its_inputs_and_leaves_its_files", "test_memory_ends_it")
    tests = [f"tests/sandbox/test_box.py::{name}" for name in names]
    bounds = "--bounding-set=" + ",".join(f"-{name}" for name in given_up)
    command = ["setpriv", "--no-new-privs", bounds, sys.executable, "-m", "pytest", "-q", *tests]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "2 passed" in done.stdout, done.stdout


# ---- the container


def steps(container: Path = CONTAINER) -> list[tuple[str, str]]:
    """The instructions of a Containerfile, in order."""
    text = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", container.read_text(), flags=re.MULTILINE))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in text.splitlines() if line)]


def test_the_container_has_every_tool_that_boxes_need() -> None:
    installed = next(rest for word, rest in steps() if word == "RUN" and "apt-get install" in rest).split()
    assert {*_host._TOOLS.values(), _host._SECCOMP_PACKAGE} <= set(installed)


@pytest.mark.parametrize("container", [CONTAINER, PAYMENTS], ids=lambda path: path.name)
def test_the_container_is_built_from_what_is_in_the_repository_and_no_more(container: Path) -> None:
    words = {word for word, _ in steps(container)} - {"USER"}
    assert words <= {"FROM", "RUN", "WORKDIR", "COPY", "ENV", "VOLUME", "STOPSIGNAL", "ENTRYPOINT", "CMD"}
    for word, rest in steps(container):
        if word == "COPY":
            *sources, _ = rest.split()
            assert all((ROOT / source).exists() for source in sources), rest
            assert "." not in sources, "whatever lies about, keys too, would be copied"
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (wanted,) = re.findall(r"'\.\[(\w+)\]'", container.read_text())
    assert wanted in extras


def test_what_the_containers_copy_is_enough_for_their_commands(tmp_path: Path) -> None:
    """Installed as there, but for the packages that it needs, which are this environment's."""
    sources, target = tmp_path / "sources", tmp_path / "target"
    copied = [rest for word, rest in steps() if word == "COPY"]
    assert copied == [rest for word, rest in steps(PAYMENTS) if word == "COPY"]
    for rest in copied:
        *names, to = rest.split()
        for name in names:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, sources / to)
            else:
                (sources / to).mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, sources / to)
    assert (sources / "requirements/constraints.txt").is_file()
    line = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target)]
    subprocess.run([*line, str(sources)], check=True)
    for container in (CONTAINER, PAYMENTS):
        last = dict(steps(container))
        command = [sys.executable, str(target / "bin" / json.loads(last["ENTRYPOINT"])[0])]
        environment = {**os.environ, "PYTHONPATH": str(target)}
        command += [*json.loads(last["CMD"]), "--help"]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_the_container_runs_the_worker() -> None:
    last = dict(steps())
    assert [*json.loads(last["ENTRYPOINT"]), *json.loads(last["CMD"])] == ["ionet", "worker", "run"]
    assert "IONET_WORKER_STATE=/var/lib/ionet/worker" in last["ENV"]
    assert "--pid=host" in CONTAINER.read_text()


def test_the_container_of_payments_runs_them_as_nobody_else_and_without_rights() -> None:
    last, said = dict(steps(PAYMENTS)), PAYMENTS.read_text()
    command = [*json.loads(last["ENTRYPOINT"]), *json.loads(last["CMD"])]
    assert CliRunner().invoke(app, [*command[1:], "--help"]).exit_code == 0
    # As the unit starts it, in the same folder.
    service = dict(unit(ROOT / "deploy/ionet-payments.service")["Service"])
    assert service["ExecStart"] == f"/opt/ionet/bin/{' '.join(command)}"
    assert service["Environment"] in last["ENV"]
    assert service["WorkingDirectory"] == last["WORKDIR"] == last["VOLUME"]
    assert last["USER"].split(":")[0] != "0"
    assert last["USER"].replace(":", " -g ") in said, "its folder is of that user"
    for right in (
        "--read-only",
        "--cap-drop all",
        "no-new-privileges",
        f"--memory {service['MemoryMax'].lower()}",
    ):
        assert right in said
    assert f"--stop-timeout {service['TimeoutStopSec']}" in said
    assert "deploy/payments.Containerfile" in (ROOT / "docs/operations.md").read_text()

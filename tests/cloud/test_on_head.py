"""What a cluster's first node refuses of an autoscaler that is sent to it, and what is said of Ray's file."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
from pathlib import Path

import pytest

import ionet
from ionet.chain.errors import IonetError
from ionet.cloud import autoscaling
from ionet.cloud.from_input import LOCK, LOG, _bound, _remember
from ionet.cloud.leasing import Tags
from ionet.cloud.on_head import MOST

RAY = (Path(__file__).parents[2] / "examples" / "autoscaling" / "ray.yaml").read_text()
NONE = "error: ray.yaml is no cluster file of Ray's: "
ORDERS = {"version": ionet.__version__, "config": {}, "session": "secret", "tags": {}}


def sent(folder: Path, **orders: str) -> subprocess.CompletedProcess[str]:
    """What becomes of orders in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "ionet.cloud.from_input"],
        cwd=folder, input=json.dumps({**ORDERS, **orders}), capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_it_runs_once_on_a_node(tmp_path: Path) -> None:
    with (tmp_path / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("4711")
        lock.flush()
        done = sent(tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "the autoscaler runs there already; end it first: kill 4711\n"


@pytest.mark.parametrize(
    ("orders", "why"),
    [
        (
            {"version": "0.0.1"},
            f"the first node has version {ionet.__version__} of this package, and yours is 0.0.1",
        ),
        ({}, "this is no node of a cluster"),
    ],
)
def test_what_is_no_node_of_its_own_kind_says_so_and_keeps_nothing(
    tmp_path: Path, orders: dict[str, str], why: str
) -> None:
    done = sent(tmp_path, **orders)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(why)
    kept = [path.read_text() for path in tmp_path.iterdir()]
    assert kept
    assert not any("secret" in text for text in kept)


def test_what_a_box_says_moves_nothing_on_the_renters_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = "process 7\x1b]52;c;cm0gLXJmCg==\x07"
    monkeypatch.setattr(sys, "argv", ["autoscaling", "ray.yaml", "--head"])
    monkeypatch.setattr(autoscaling, "settings", lambda path: {})
    monkeypatch.setattr(autoscaling, "start", lambda config: said)
    autoscaling.main()
    shown = capsys.readouterr().out
    assert "process 7" in shown
    assert "\x1b" not in shown

    def refuse(config: object) -> str:
        raise IonetError(said)

    monkeypatch.setattr(autoscaling, "start", refuse)
    with pytest.raises(SystemExit) as ended:
        autoscaling.main()
    assert "\x1b" not in str(ended.value)


HIDDEN = """
import ctypes, os, subprocess, sys
from types import SimpleNamespace
from ionet.cloud import from_input
if not os.getuid():
    os.setgid(65534)
    os.setuid(65534)
    # That alone would hide it.
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
def look(most):
    memory = os.memfd_create("session")
    os.write(memory, b"secret")
    other = subprocess.run(["/bin/cat", f"/proc/{os.getpid()}/fd/{memory}"], capture_output=True, text=True)
    with open(f"/proc/self/fd/{memory}") as file:
        print(file.read(), other.returncode, "secret" in other.stdout)
    sys.exit()
# It is hidden before it has its orders.
sys.stdin = SimpleNamespace(buffer=SimpleNamespace(read=look))
from_input.main()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="boxes are Linux")
def test_no_other_program_of_its_user_reads_what_it_has_in_memory() -> None:
    done = subprocess.run([sys.executable, "-c", HIDDEN], capture_output=True, text=True, check=False)
    assert done.stdout == "secret 1 False\n", done.stderr


def test_nodes_that_either_side_has_booked_are_its_own(tmp_path: Path) -> None:
    path, first = tmp_path / "tags.json", {"jobs": {"a": {"x": "1"}}, "begun": {"n": {}}, "shunned": ["s"]}
    _remember(path, first)
    assert json.loads(path.read_text()) == first
    kept = Tags(path)
    kept.jobs["b"] = {"x": "2"}
    kept.forget("n")
    _remember(path, {"jobs": {"a": {"x": "old"}, "c": {}}, "begun": {"n": {}}, "shunned": ["s", "t"]})
    again = Tags(path)
    assert again.jobs == {"a": {"x": "1"}, "b": {"x": "2"}, "c": {}}
    assert (again.begun, again.shunned) == ({}, ["s", "t"])


def test_jobs_that_ended_long_ago_are_forgotten_and_those_that_run_never(tmp_path: Path) -> None:
    path = tmp_path / "tags.json"
    tags = Tags(path)
    # As long as what Ray says of a node.
    tags.jobs = {f"{number:044}": {"ray-launch-config": "x" * 256} for number in range(5_000)}
    running, latest = f"{7:044}", f"{4_999:044}"
    tags.prune([running])
    assert path.stat().st_size < MOST // 4
    again = Tags(path)
    assert again.jobs == tags.jobs
    assert {running, latest} <= again.jobs.keys()
    few = dict(again.jobs)
    again.prune([])
    assert again.jobs == few


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "error: ray.yaml: No such file or directory"),
        ("just words", NONE),
        ("provider: {type: aws, region: x}", "error: ray.yaml: provider takes type: external, and module: "),
        (
            f"{RAY}\nmax_worker: 3\n",
            f"{NONE}Additional properties are not allowed ('max_worker' was unexpected)",
        ),
        (
            RAY.replace("idle_timeout_minutes: 10", "idle_timeout_minutes: soon"),
            f"{NONE}idle_timeout_minutes: 'soon' is not of type 'number'",
        ),
        (
            RAY.replace("node_config: {}", "node_config: {label: 2026-11-30}"),
            "error: ray.yaml: dates and times belong in quotes: ",
        ),
    ],
)
def test_a_file_that_is_none_of_its_own_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["autoscaling", "ray.yaml", "--head"])
    if content is not None:
        Path("ray.yaml").write_text(content)
    with pytest.raises(SystemExit) as ended:
        autoscaling.main()
    assert str(ended.value).startswith(why)
    assert len(str(ended.value).splitlines()) == 1


def test_what_rays_launcher_cannot_use_is_said_in_a_line(tmp_path: Path) -> None:
    place = tmp_path / "nothing"
    (tmp_path / "ray.yaml").write_text(RAY.replace("~/.config/ionet/session ", str(place)))
    done = subprocess.run(
        [sys.executable, "-m", "ray.scripts.scripts", "up", "--yes", "ray.yaml"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    said = f"Error: provider.session: there is no session in {place}; begin one: ionet login -k WALLET"
    assert done.stderr.splitlines()[-1].startswith(said)
    assert "Traceback" not in done.stdout + done.stderr


def test_orders_that_are_too_long_are_refused_whole(tmp_path: Path) -> None:
    done = sent(tmp_path, session="x" * MOST)
    assert (done.returncode, done.stderr) == (
        1,
        "the orders have more than the 1,048,576 bytes that are taken\n",
    )
    assert list(tmp_path.iterdir()) == []


def test_a_log_that_has_grown_is_begun_anew_while_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / LOG
    with log.open("ab", buffering=0) as writer:
        writer.write(b"first\n")
        _bound(log, 7)
        assert log.read_bytes() == b"first\n"
        writer.write(b"second\n")
        _bound(log, 7)
        writer.write(b"third\n")
    assert log.read_bytes() == b"third\n"
    assert (tmp_path / f"{LOG}.1").read_bytes() == b"first\nsecond\n"

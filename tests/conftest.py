"""How property tests run: `--hypothesis-profile=NAME`.

| profile | examples | random |
|---|---|---|
| default | 100 | yes |
| ci (where $CI is set) | 100 | no: the same in every run |
| long | 20,000 | yes: for hours of soaking |
"""

from __future__ import annotations

import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from tests.nodes import starting
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None, suppress_health_check=_QUIET)
settings.register_profile("long", deadline=None, max_examples=20_000, suppress_health_check=_QUIET)
settings.load_profile("ci" if os.environ.get("CI") else "default")

# A shell that runs the tests in its background has them ignore it, and so all that they start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

_HERE = Path(__file__).parent
#: Folders and files of whole machines, with boxes, namespaces, nodes: two at once would wait for each other.
_ALONE = {
    "e2e",
    "explorer/test_browser.py",
    "network/test_full_disk.py",
    "network/test_relay_limits.py",
    "sandbox",
}
#: What modules ask with whether this machine has boxes or laboratories.
_ASKING = ("needed", "prepared_image", "prepared_podman")
_MARKS = ("alone", "ray")
#: What modules build laboratories with, machines behind NATs; and seconds that all of them may take in CI.
_BUILDING = ("behind_nats", "lab")
_LABORATORY = ("laboratory", True)
_MOST = 720
#: The workloads of examples/, and the seconds of CI that are meant for all of them.
_WORKLOADS = "network/test_examples.py"
_WORKLOAD = ("workload", True)
_MEANT = 480
#: Of the rest, what waits for sockets and clocks more than it computes: more of them run at once. Those of
#: real nodes are among them, one after the other, as a validator keeps a processor busy.
_WAIT = {"explorer", "network", "nodes", "orchestrator"}
_NODE = "node"
#: What begins first, as it takes longest.
_LONG = {
    "nodes/test_answers.py",
    "network/test_crashes.py",
    "network/test_seats_at_odds.py",
    "network/test_service.py",
}
#: What these find counts, however seldom.
_ONCE = {"model", "programs", "stateful"}
#: Of these no second try excuses that something was seen which may never be.
_FINAL = {"sandbox"}
_FAILED = pytest.StashKey[bool]()
#: Lines that are shown of a first try.
_TOLD = 60


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Marks the tests that run alone, and those that wait.

    In CI all but those of the programs are tried a second time, and those of boxes unless they have seen
    something wrong: nodes of others lose a transaction now and then, ports are taken, and a machine that
    others use stands still for seconds. The log names every test that needed it.
    """
    for item in items:
        file = item.path.relative_to(_HERE)
        node = file.parts[0] == "nodes" or item.get_closest_marker(_NODE)
        waits = node or file.parts[0] in _WAIT
        apart = not _ALONE.isdisjoint((file.parts[0], file.as_posix()))
        apart = apart or any(item.get_closest_marker(mark) for mark in _MARKS)
        if apart or (waits and any(hasattr(item.module, name) for name in _ASKING)):
            item.add_marker("alone")
        elif waits:
            item.add_marker("waits")
        if file.parts[0] == "network" and any(
            callable(getattr(item.module, name, None)) for name in _BUILDING
        ):
            item.user_properties.append(_LABORATORY)
        if file.as_posix() == _WORKLOADS:
            item.user_properties.append(_WORKLOAD)
        if os.environ.get("CI") and file.parts[0] not in _ONCE:
            final = {"rerun_except": "AssertionError"} if file.parts[0] in _FINAL else {}
            item.add_marker(pytest.mark.flaky(reruns=1, **final))
    items.sort(key=lambda item: item.path.relative_to(_HERE).as_posix() not in _LONG)


class _Waiting(LoadFileScheduling):  # type: ignore[misc]  # has no types
    """Gives whole files to workers, as their tests share fixtures, and all of the nodes to one worker.

    xdist's own groups are none with this pytest: each test would go to whoever is free.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return file if set(Path(file).parts) & (_WAIT - {"nodes"}) else _NODE


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """Shares out what waits; the rest is xdist's own business."""
    return _Waiting(config, log) if config.getoption("markexpr") == "waits" else None


@pytest.fixture(scope="session")
def validator_program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where solana-test-validator is; skips where there is none."""
    with starting.validator_program(tmp_path_factory.mktemp("validator-program")) as program:
        yield program


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows what the nodes have written, below a test that failed."""
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
        report.sections += [(f"end of {log.name}", starting.tail(log)) for log in starting.LOGS]
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says why tests were tried a second time, and how long laboratories and workloads have taken."""
    for report in terminalreporter.stats.get("rerun", ()):
        # The second try may pass, and then nothing else says why the first one did not.
        terminalreporter.write_sep("_", f"first try of {report.nodeid}, {report.when}")
        terminalreporter.write_line("\n".join(report.longreprtext.splitlines()[-_TOLD:]))
    for name, mark, most in (("laboratories", _LABORATORY, _MOST), ("workloads", _WORKLOAD, _MEANT)):
        reports = [
            report
            for kind in terminalreporter.stats.values()
            for report in kind
            if isinstance(report, pytest.TestReport) and mark in map(tuple, report.user_properties)
        ]
        if reports:
            count, took = (
                len({report.nodeid for report in reports}),
                sum(report.duration for report in reports),
            )
            terminalreporter.write_line(f"{name}: {count} tests in {took:.0f} s, of {most} s at most")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Takes down what a test that failed shares with others: they, and its second try, begin anew.

    A module's market would still have the lease that the first try had booked. The plugin that tries again
    keeps it, unless it has gone before.
    """
    if item.stash.get(_FAILED, False):
        item.stash[_FAILED] = False
        item.session._setupstate.teardown_exact(None)

"""The cluster files of examples/: each can be read, and runs programs that are beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ionet.cloud import ClusterFile

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FILES = sorted(EXAMPLES.glob("*/cluster.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_a_cluster_file_runs_what_lies_beside_it(path: Path) -> None:
    file = ClusterFile.load(path)
    assert (file.kind, file.unread) == ("ionet", ())
    assert (file.spec.name, file.spec.nodes, file.spec.workdir) == (path.parent.name, 2, ".")
    programs = [word for word in file.spec.run.split() if word.endswith(".py")]
    assert programs
    assert all((path.parent / program).is_file() for program in programs)


def test_there_is_one_for_each_kind_of_work() -> None:
    kinds = ["batch", "reinforcement", "serving", "sweep", "training", "tuning"]
    assert [path.parent.name for path in FILES] == kinds

"""Where there can be no laboratory, that is said before one is begun."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from tests.network.lab import why_not

ROOT: Final = Path(__file__).resolve().parents[2]
ASKS: Final = "from tests.network.lab import why_not; print(why_not())"
NEEDS: Final = """
import pytest
from tests.network.lab import needed
try:
    needed()
except BaseException as ended:
    print(type(ended).__name__, ended)
"""


@pytest.mark.parametrize("right", ["sys_admin", "net_admin"])
def test_a_root_that_may_make_no_networks_is_told_so(right: str) -> None:
    if (why := why_not()) is not None or shutil.which("setpriv") is None:
        pytest.skip(why or "no setpriv")
    command = ["setpriv", f"--bounding-set=-{right}", sys.executable, "-c", ASKS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("this machine lets root make no networks: ")
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize(("ci", "ended"), [("true", "Failed"), ("", "Skipped")])
def test_a_machine_without_laboratories_fails_in_ci_and_skips_elsewhere(ci: str, ended: str) -> None:
    # Whoever is not root has none, and neither has a root who may not make any.
    without = [] if os.geteuid() else ["setpriv", "--bounding-set=-sys_admin"]
    done = subprocess.run(
        [*without, sys.executable, "-c", NEEDS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "CI": ci},
    )
    assert done.stdout.startswith(f"{ended} ")

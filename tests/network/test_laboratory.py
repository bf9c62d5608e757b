"""Where there can be no laboratory, that is said before one is begun."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from tests.network.lab import why_not

ROOT: Final = Path(__file__).resolve().parents[2]
ASKS: Final = "from tests.network.lab import why_not; print(why_not())"


@pytest.mark.parametrize("right", ["sys_admin", "net_admin"])
def test_a_root_that_may_make_no_networks_is_told_so(right: str) -> None:
    if (why := why_not()) is not None or shutil.which("setpriv") is None:
        pytest.skip(why or "no setpriv")
    command = ["setpriv", f"--bounding-set=-{right}", sys.executable, "-c", ASKS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("this machine lets root make no networks: ")
    assert done.stdout.count("\n") == 1

"""The real processes behind two NATs, with two gateways and three seats, while everything fails in turn."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from tests.network.breaking import DISKS, Plan, all_is_right_in_the_end
from tests.network.lab import needed
from tests.network.labnet import behind_nats
from tests.sandbox.support import prepared_image

pytestmark = [pytest.mark.ray, pytest.mark.slow]

#: An outage and the answers that are waited for then last less on the chain than it takes to give a node up.
SPEED = 20
OUTAGE = float(os.environ.get("IONET_OUTAGE", "60"))


def said(text: str) -> None:
    """For whoever looks why a run has failed."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def test_lines_processes_and_power_fail_and_nothing_is_lost(tmp_path: Path) -> None:
    needed()
    prepared_image()
    with behind_nats(tmp_path, SPEED, gateways=2, seats=3, workers=3, disks=DISKS) as net:
        all_is_right_in_the_end(net, Plan(OUTAGE), said)
    assert not net.left_over()

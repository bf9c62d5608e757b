"""The whole marketplace in one process: from genesis to burn, with a job that really runs.

`run` plays the scenario on a network in this process and returns its steps and checks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ionet.localnet.record import Check, Demo, Step, Transaction

if TYPE_CHECKING:
    from ionet.demo._scenario import run
else:
    # The scenario needs Ray; the market that it plays on does not.
    from ionet._lazy import lazy

    __getattr__, __dir__ = lazy(__name__, {"run": "ionet.demo._scenario:run"})

__all__ = ["Check", "Demo", "Step", "Transaction", "run"]

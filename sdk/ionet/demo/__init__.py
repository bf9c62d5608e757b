"""The whole marketplace in one process: from genesis to burn, with a job that is really run.

`run` plays the scenario on a network inside this process and returns what happened and what was checked.
"""

from ionet.demo._record import Check, Demo, Step, Transaction
from ionet.demo._scenario import run

__all__ = ["Check", "Demo", "Step", "Transaction", "run"]

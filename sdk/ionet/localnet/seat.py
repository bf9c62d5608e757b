"""The attester of a local market: its reports give nodes that no process serves their verdicts.

They are hours' reports as everywhere, made of the chain's events; only what nobody has measured here is
given: that the nodes' compute proofs passed. So a local node's chain holds what its events say
(`ionet verify`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet import SOL, AsyncClient, Client, constants
from ionet._generated.shared import ProofReason
from ionet.formats.when import HOUR
from ionet.localnet.dollars import write_prices
from ionet.orchestrator import Journal
from ionet.orchestrator._facts import HourLedger
from ionet.orchestrator._hours import HourReports
from ionet.store.errors import NotStored
from ionet.store.manifest import FileStore
from ionet.wire import Unreachable

_SCORE_BPS: Final = 10_000
_KEPT: Final = constants.proofs.KEPT_HEIGHTS
#: Seconds before now at which a local market begins: a node's first verdict is of an hour that it was there
#: for from its first second on.
BEGINS_BEFORE: Final = 2 * HOUR + 60
#: Steps of the report service after which it has done everything that can be due here.
_MOST_STEPS: Final = 400


class LocalSeat:
    """The one seat of a local market, in this process.

    Args:
        client: of the local node, in this process.
        attester: the seat's key.
        state: its folder; as that of an orchestrator, which can go on with it.
        gateway: URL of the gateway that will have its evidence; None: there is none.
    """

    def __init__(self, client: Client, attester: Keypair, state: Path, gateway: str | None = None) -> None:
        place = "local" if gateway is None else f"{gateway}/files"
        self._client = AsyncClient.local(network=client.network, signer=attester, funds=SOL(0))
        self._journal = Journal(state / "journal.sqlite3")
        self._judged = 0
        #: The hashes of its files, for whoever is to have them.
        self.published: list[bytes] = []
        self._ledger = HourLedger(self._client, str(state / "ledger.sqlite3"))
        self._reports = HourReports(
            self._client,
            None,
            FileStore(state / "store"),
            _from_nowhere,
            self.published.append,
            _of_nobody,
            self._journal,
            state / "reports",
            lambda digest: f"{place}/{digest.hex()}",
            self._ledger,
        )
        self._runner = asyncio.Runner()

    def judge(self, nodes: Iterable[Pubkey]) -> bool:
        """Has nodes pass the hours that are over, and takes a step of what is due; gives whether more may be.

        Args:
            nodes: those that nobody else judges.
        """
        latest, start = self._runner.run(self._latest())
        # Reports of hours longer ago are not made up for.
        for hour in range(max(self._judged, latest - _KEPT) + 1, latest + 1):
            end = start + hour * HOUR
            for node in nodes:
                evidence = bytes(node)[:24] + end.to_bytes(8, "big")
                self._journal.keep_verdict(bytes(node), end, _SCORE_BPS, ProofReason.PASSED, evidence)
        self._judged = latest
        return self._runner.run(self._reports.look())

    def settle(self, nodes: Iterable[Pubkey]) -> None:
        """Takes all steps that are due now."""
        mine = tuple(nodes)
        for _ in range(_MOST_STEPS):
            if not self.judge(mine):
                return

    async def _latest(self) -> tuple[int, int]:
        config = await self._client.mint.get_config()
        return max(0, (await self._client.time() - config.start) // HOUR), config.start

    def close(self) -> None:
        """Closes its files."""
        self._ledger.close()
        self._journal.close()
        self._runner.run(self._client.aclose())
        self._runner.close()


def judged_so_far(
    client: Client,
    people: Mapping[str, Keypair],
    state: Path,
    nodes: Iterable[Pubkey],
    gateway: str | None = None,
) -> LocalSeat:
    """Lets the hours pass that a local market has begun before now; nodes have verdicts, and tokens prices.

    Args:
        client: of the local node, whose clock is `BEGINS_BEFORE` behind.
        people: the market's, by name.
        state: the seat's folder.
        nodes: to be given one.
        gateway: URL of the gateway that will have the evidence; None: there is none.
    """
    seat = LocalSeat(client, people["attester"], state, gateway)
    client.network.clock.advance(BEGINS_BEFORE)
    write_prices(client)
    seat.settle(nodes)
    return seat


async def _from_nowhere(digest: bytes, most: int) -> None:
    raise NotStored(f"nobody else has {digest.hex()}")


async def _of_nobody(key: bytes, hour: int) -> bytes:
    raise Unreachable("there is no other seat")

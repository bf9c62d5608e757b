"""The hours' reports of the market's seat, by the service that seats run: what pays a supplier's reward."""

from __future__ import annotations

from pathlib import Path

from solders.pubkey import Pubkey
from tests.network.site import NetworkSite
from tests.programs.market import Market
from tests.programs.support import DAY, HOUR

from ionet import SOL, AsyncClient, ix, types
from ionet._generated.shared import ProofReason
from ionet.orchestrator import Journal
from ionet.orchestrator._facts import HourLedger
from ionet.orchestrator._hours import HourReports
from ionet.orchestrator._uptime import Stated
from ionet.rewards import Statement, Word, statement_bytes
from ionet.store.errors import NotStored
from ionet.store.manifest import FileStore
from ionet.wire import Unreachable

_SCORE_BPS = 9_000
#: Looks within which a seat has done what is due.
_LOOKS = 60


class WholeSite(NetworkSite):
    """A market with its past: reports replay its events from the first one on."""

    MARKET = staticmethod(Market.whole)


class Reporting:
    """The one seat's reports.

    Args:
        market: whose hours are reported; from now on one seat does.
        root: the seat's folder.
    """

    def __init__(self, market: Market, root: Path) -> None:
        self._market = market
        world, key = market.world, market.attesters[0]
        vacant = [types.proofs.Seat(Pubkey.default(), 0)] * (len(market.attesters) - 1)
        seats = [types.proofs.Seat(key.pubkey(), 1), *vacant]
        world.send(ix.proofs.set_attesters(authority=world.deployer, seats=seats, threshold=1))
        # Leaves are credited after a day, not after a week.
        world.client.proofs.set_params(hold=DAY).send()
        self._journal = Journal(root / "reports.sqlite3")
        client = AsyncClient.local(network=world.client.network, signer=key, funds=SOL(10))
        self._ledger = HourLedger(client, str(root / "ledger.db"))
        self.reports = HourReports(
            client,
            None,
            FileStore(root / "evidence"),
            _from_nowhere,
            lambda digest: None,
            _of_nobody,
            self._journal,
            root / "reports",
            lambda digest: digest.hex(),
            self._ledger,
            collect=self._collect,
        )

    async def until_credited(self) -> None:
        """Lets hours pass, in which the node is up and passes its proofs, until it is credited something."""
        for _ in range(40):
            if self._market.node().own.due:
                break
            await self._hour()
        self._ledger.close()
        self._journal.close()

    async def _hour(self) -> None:
        world, node = self._market.world, bytes(self._market.alice.node)
        world.advance((HOUR // 2 - (world.now - world.client.proofs.period_end(0))) % HOUR or HOUR)
        evidence = node[:24] + world.now.to_bytes(8, "big")
        self._journal.keep_verdict(node, world.now, _SCORE_BPS, ProofReason.PASSED, evidence)
        world.advance(HOUR // 2 + 400)
        for _ in range(_LOOKS):
            if not await self.reports.look():
                return

    async def _collect(self, end: int) -> Stated:
        """What the node's device says of its uptime, signed by its key."""
        market = self._market
        node, key = bytes(market.alice.node), market.alice.device_key
        age = (end - market.node().registered_at) // HOUR
        fields = (HOUR, bytes(32), bytes(32))
        signature = bytes(key.sign_message(statement_bytes(node, end, age, *fields)))
        return Stated(
            {node: Word(node, age, Statement(bytes(key.pubkey()), *fields, signature))}, {node: age}
        )


async def _from_nowhere(digest: bytes, most: int) -> None:
    raise NotStored(f"nobody else has {digest.hex()}")


async def _of_nobody(key: bytes, hour: int) -> bytes:
    raise Unreachable(f"there is no other seat, {Pubkey(key)}")

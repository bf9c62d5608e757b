"""A market on a local network: its people, its programs, and what only tests can do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import create_idempotent_associated_token_account, transfer_checked
from spl.token.models import TransferCheckedParams

from ionet import IO, SOL, Call, Client, pda, token_account
from ionet.localnet.record import Recorder
from ionet.staking.classes import hardware_classes

#: Stands for Pyth's IO/USD feed; on a real network the feed id is a parameter of the currency.
FEED: Final = b"IO/USD, written by this demo".ljust(32, b"\0")
#: Two dollars, give or take a cent.
PRICE: Final = 200_000_000
CONFIDENCE: Final = 1_000_000
_CLASSES_PER_TRANSACTION: Final = 6
_SHARDS_PER_TRANSACTION: Final = 8


@dataclass(slots=True)
class People:
    """The keypairs of everyone in the market."""

    attester: Keypair = field(default_factory=Keypair)
    slasher: Keypair = field(default_factory=Keypair)
    resolver: Keypair = field(default_factory=Keypair)
    alice: Keypair = field(default_factory=Keypair)
    bob: Keypair = field(default_factory=Keypair)
    carol: Keypair = field(default_factory=Keypair)
    renter: Keypair = field(default_factory=Keypair)


class Market:
    """The programs on a local network, and clients for everyone.

    Args:
        recorder: records each transaction.
        now: Unix seconds at the start; default: the current time.
        deployer: a client of the programs' upgrade authority on a local network; default: on a new one.
        people: default: new keys.
        price: account of IO's price; default: one is written, as only some test networks can.
    """

    def __init__(
        self,
        recorder: Recorder,
        *,
        now: int | None = None,
        deployer: Client | None = None,
        people: People | None = None,
        price: Pubkey | None = None,
    ) -> None:
        self.recorder = recorder
        self._price = price
        self.deployer = Client.local(now=now) if deployer is None else deployer
        self.people = People() if people is None else people
        for name in People.__slots__:
            self.deployer.airdrop(getattr(self.people, name).pubkey(), SOL(100))

    def as_(self, who: Keypair) -> Client:
        """Returns a client of the market for somebody."""
        return self.deployer.as_(who)

    @property
    def now(self) -> int:
        """The network's clock, Unix seconds."""
        return self.deployer.time()

    def send(self, what: str, call: Call[Any]) -> Any:
        """Sends a call, records it, and returns its result."""
        sent = call.send()
        self.recorder.sent(what, sent)
        return sent.result

    def move_clock(self, until: int) -> None:
        """Moves the clock, and records that it was moved."""
        self.recorder.moved(until - self.now)
        self.deployer.cheats.set_time(until)

    def write_price(self) -> Pubkey:
        """Writes a Pyth price account, which only a test network allows."""
        return self.deployer.cheats.set_price(FEED, PRICE, confidence=CONFIDENCE)

    def initialize(self) -> None:
        """Initialises the programs, as their upgrade authority and first authority."""
        deployer, people = self.deployer, self.people
        self.send("initialize mint", deployer.mint.initialize())
        self.send("initialize proofs", deployer.proofs.initialize())
        self.send("initialize buyback", deployer.buyback.initialize())
        self.send(
            "initialize staking",
            deployer.staking.initialize(slasher=people.slasher.pubkey(), resolver=people.resolver.pubkey()),
        )
        self.send("initialize jobs", deployer.jobs.initialize(resolver=people.resolver.pubkey()))
        self.send("initialize governance", deployer.governance.initialize(guardian=deployer.address))
        self.send("count what leaves the treasury", deployer.governance.open_outflows())
        self.send("initialize distributor", deployer.distributor.initialize(treasury=pda.governance.TREASURY))
        self.send("seat an attester", deployer.proofs.set_attesters({people.attester.pubkey(): 1}))
        self._in_parts("open stake shards", deployer.staking.open_shards(), _SHARDS_PER_TRANSACTION)
        classes = deployer.staking.create_classes(hardware_classes())
        self._in_parts("create hardware classes", classes, _CLASSES_PER_TRANSACTION)
        self._in_parts("open fee vaults", deployer.buyback.open_vaults(), _SHARDS_PER_TRANSACTION // 2)
        currency = deployer.jobs.create_currency(
            pda.mint.MINT,
            feed_id=FEED,
            price_account=self._price or self.write_price(),
            at_par=False,
            payment_bps=0,
        )
        self.send("take IO as a currency", currency)

    def _in_parts(self, what: str, call: Call[Any], size: int) -> None:
        instructions = call.ix()
        for start in range(0, len(instructions), size):
            self.send(what, self.deployer.call(*instructions[start : start + size]))

    def open_wallets(self, owners: Iterable[Pubkey]) -> None:
        """Creates associated token accounts for IO."""
        payer = self.deployer.address
        opening = [
            create_idempotent_associated_token_account(payer, owner, pda.mint.MINT) for owner in owners
        ]
        self._in_parts("open wallets", self.deployer.call(*opening), _SHARDS_PER_TRANSACTION)

    def give(self, amounts: dict[Pubkey, IO]) -> None:
        """Transfers IO from the deployer's wallet."""
        source = token_account(self.deployer.address, pda.mint.MINT)
        transfers = [
            transfer_checked(
                TransferCheckedParams(
                    program_id=TOKEN_PROGRAM_ID,
                    source=source,
                    mint=pda.mint.MINT,
                    dest=token_account(owner, pda.mint.MINT),
                    owner=self.deployer.address,
                    amount=amount.base,
                    decimals=IO.DECIMALS,
                )
            )
            for owner, amount in amounts.items()
        ]
        self.send("give IO", self.deployer.call(*transfers))

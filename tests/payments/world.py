"""A market in this process, a stand-in for Stripe behind HTTP, and a cashier between them, to be killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import Any

import sqlalchemy as sa
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from spl.token.instructions import create_idempotent_associated_token_account, mint_to_checked
from spl.token.models import MintToCheckedParams
from tests.payments.stand_in import KEY, StandIn, serving
from tests.programs.support import make_hireable

import ionet
from ionet import SOL, USD, USDC, accounts, token_account, types
from ionet.chain.ids import TOKEN_PROGRAM
from ionet.cli.localnet import PEOPLE, set_up
from ionet.localnet.dollars import add_usdc, write_prices
from ionet.payments.amounts import CENT
from ionet.payments.books import Books
from ionet.payments.cards import StripeCards
from ionet.payments.cashier import Cashier
from ionet.payments.chain import Wallet
from ionet.payments.limits import Limits
from ionet.payments.payment import Payment
from ionet.payments.quoting import CardQuote, for_card

NOW = 1_800_000_000
HOUR = 3_600
MANIFEST = bytes([7]) * 32
FLOAT = USDC(1_000)
RTX_4090 = 20


class Killed(BaseException):
    """The process ends here: nothing of it runs any more."""


@dataclass
class Market:
    """A market whose nodes take USDC, and the wallet of a payments host.

    Attributes:
        wallet: of the host.
        renter: a customer's key.
        nodes: two of them, 2.50 USD an hour.
    """

    deployer: ionet.Client
    people: dict[str, Keypair]
    usdc: Pubkey
    wallet: Keypair
    renter: Keypair
    nodes: list[Pubkey] = field(default_factory=list)

    @classmethod
    def make(cls, nodes: int = 2, now: int = NOW) -> Market:
        people = {name: Keypair() for name in PEOPLE}
        deployer = ionet.Client.local(signer=people["deployer"], now=now)
        set_up(deployer, people)
        wallet, renter = Keypair(), Keypair()
        for key in (wallet, renter):
            deployer.airdrop(key.pubkey(), SOL(100))
        usdc = add_usdc(deployer, [wallet.pubkey()], FLOAT)
        market = cls(deployer, people, usdc, wallet, renter)
        for number in range(nodes):
            market.add_node(number)
        return market

    def add_node(self, number: int) -> None:
        alice = self.as_("alice")
        call = alice.staking.register(
            class_id=RTX_4090,
            fingerprint=(number + 1).to_bytes(32, "little"),
            device=Keypair(),
            attester=self.people["attester"],
            region=276,
            memory_gib=24,
            link_mbps=1_000,
        )
        node = call.send().result
        make_hireable(self.deployer, node)
        alice.jobs.offer(node, rate=USD("2.5"), currencies=["IO", "USDC"], payout_as_paid=True).send()
        self.nodes.append(node)

    def fund(self, owner: Keypair, amount: USDC) -> None:
        """Gives somebody USDC, and SOL for fees."""
        self.deployer.airdrop(owner.pubkey(), SOL(100))
        mint = MintToCheckedParams(
            program_id=TOKEN_PROGRAM,
            mint=self.usdc,
            dest=token_account(owner.pubkey(), self.usdc),
            mint_authority=self.deployer.address,
            amount=amount.base,
            decimals=USDC.DECIMALS,
        )
        opened = create_idempotent_associated_token_account(self.deployer.address, owner.pubkey(), self.usdc)
        self.deployer.call(opened, mint_to_checked(mint)).send()

    def as_(self, name: str) -> ionet.Client:
        return self.deployer.as_(self.people[name])

    @property
    def now(self) -> int:
        return self.deployer.network.clock.now()

    @property
    def purse(self) -> int:
        """Base units of USDC in the wallet."""
        return self.deployer.tokens(self.wallet.pubkey(), self.usdc)

    def advance(self, seconds: int) -> None:
        """Time passes, and prices and verdicts follow."""
        self.deployer.network.clock.advance(seconds)
        write_prices(self.deployer)
        for node in self.nodes:
            make_hireable(self.deployer, node)

    def pass_blocks(self) -> None:
        """Blocks pass until no blockhash of before is good any more."""
        self.deployer.network.clock.advance(80, slots=200)
        self.advance(0)

    def start(self, job: str) -> None:
        self.as_("alice").jobs.start(Pubkey.from_string(job)).send()

    def attest(self, job: str, good: int) -> None:
        said = types.jobs.AttestArgs(
            good=good,
            upto=good,
            reason=0,
            proof_digest=bytes(32),
            timelock=bytes([1]) * 32,
            result_hash=bytes(32),
        )
        self.as_("attester").jobs.attest(Pubkey.from_string(job), said).send()

    def stop(self, job: str) -> None:
        """The customer ends their job by their own key."""
        self.deployer.as_(self.renter).jobs.stop(Pubkey.from_string(job)).send()

    def has_ended(self, job: str) -> bool:
        """Whether a job takes no more time: it was stopped, or its time is over, or it is closed."""
        (account,) = self.deployer.fetch_many(accounts.jobs.Job, [Pubkey.from_string(job)])
        if account is None or account.reason:
            return True
        return bool(account.started_at) and account.ends_at <= self.now

    def finish(self, job: str) -> None:
        """Everybody is paid, and the job is closed."""
        self.deployer.jobs.crank(Pubkey.from_string(job))


class Proxy:
    """Calls another object's methods, with something before and after each."""

    def __init__(self, real: Any, around: Callable[..., Any]) -> None:
        self._real = real
        self._around = around

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._real, name)
        if not callable(value):
            return value

        def called(*args: Any, **more: Any) -> Any:
            with self._around(name, *args):
                return value(*args, **more)

        return called


@dataclass
class World:
    """All of it.

    Attributes:
        market: the chain.
        stripe: the stand-in.
        books: the books.
        told: what the operator was told.
        kill_at: boundaries of effects until the cashier is killed; None: it lives.
        lost: whether transactions that are sent get lost.
        before: called before each request to the books, cards and chain, with its name and arguments.
    """

    market: Market
    stripe: StandIn
    books: Books
    limits: Limits = field(default_factory=lambda: Limits(100_000, 200_000, 500_000, 1_000_000))
    told: list[tuple[str, str, str]] = field(default_factory=list)
    kill_at: int | None = None
    lost: bool = False
    before: Callable[..., None] = lambda name, *args: None
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    # -- the cashier

    def cashier(self) -> Cashier:
        """A new process on the same books."""
        cards = StripeCards(KEY, self.stripe.url, retries=0)
        chain = Wallet(self.market.deployer.as_(self.market.wallet))
        return Cashier(
            Proxy(self.books, self._around),  # type: ignore[arg-type]
            Proxy(cards, self._around),
            Proxy(chain, self._around),
            self.limits,
            now=lambda: self.market.now,
            tell=lambda *told: self.told.append(told),
        )

    @contextmanager
    def _around(self, name: str, *args: Any) -> Iterator[None]:
        self._boundary()
        self.before(name, *args)
        if name == "send" and self.lost:
            from ionet.payments.chain import ChainDown

            raise ChainDown("the node took it, and lost it")
        yield
        self._boundary()

    def _boundary(self) -> None:
        if self.kill_at is not None:
            self.kill_at -= 1
            if self.kill_at < 0:
                raise Killed

    def work(self, kill_at: int | None = None, hours: int = 0) -> bool:
        """Lets the cashier take everything as far as it goes; whether it lived through it."""
        self.kill_at = kill_at
        try:
            for payment in self.books.payments():
                self.books.schedule(payment, 0, whatever=True)
            self.cashier().work()
            return True
        except Killed:
            return False
        finally:
            self.kill_at = None

    # -- the customer

    def quote(self, node: int = 0, seconds: int = HOUR, job: str = "") -> CardQuote:
        wallet = Wallet(self.market.deployer.as_(self.market.wallet))
        if job:
            quoted = wallet.quote_extension(job, seconds)
        else:
            quoted = wallet.quote(str(self.market.nodes[node]), seconds)
        name = f"q{next(self._numbers)}"
        return for_card(
            quoted, id_=name, customer="carol", now=self.market.now, lasts=900, bps=0, fixed=0, job=job
        )

    def buy(self, quote: CardQuote, way: str = "intent") -> Payment:
        payment = Payment(
            id=f"p{quote.id}",
            customer=quote.customer,
            node=quote.node,
            job=quote.job,
            extends=bool(quote.job),
            seconds=quote.seconds,
            manifest="" if quote.job else MANIFEST.hex(),
            renter=str(self.market.renter.pubkey()),
            deposit=quote.deposit,
            fee=quote.fee,
            total=quote.total,
            way=way,  # type: ignore[arg-type]
            back="https://console.example/back",
            created=self.market.now,
            expires=self.market.now + 20 * HOUR,
        )
        return self.books.open(payment, quote.id, lambda spent: None)

    def now(self, payment: Payment) -> Payment:
        """A payment as it stands."""
        found = self.books.payment(payment.id)
        assert found is not None
        return found

    def booked(self, node: int = 0, seconds: int = HOUR, way: str = "intent") -> Payment:
        """A payment whose card is charged and whose job waits for its start."""
        payment = self.buy(self.quote(node, seconds), way)
        self.work()
        found = self.now(payment)
        self.stripe.authorise(found.intent or found.session)
        self.work()
        self.work()
        return self.now(payment)

    # -- what has to hold

    def check(self) -> None:
        """The books add up, payment by payment, and say what the card's side says."""
        entries = self.books.entries()
        for payment in self.books.payments():
            payment.purse.check()
            mine = [entry for entry in entries if entry.payment == payment.id]
            sums = dict.fromkeys(("card", "loss", "forgiven", "booked", "refunded", "held", "fee"), 0)
            for entry in mine:
                sums[entry.posting.giver] += entry.posting.units
                sums[entry.posting.taker] -= entry.posting.units
            left = ("card", "loss", "forgiven")
            flipped = {name: value if name in left else -value for name, value in sums.items()}
            assert flipped == {name: getattr(payment.purse, name) for name in sums}
            assert sum(sums[name] for name in left) == -sum(
                sums[name] for name in ("booked", "refunded", "held", "fee")
            )

    def is_let_go(self, payment: Payment) -> bool:
        """Whether no card can be charged for a payment any more, nor be given for it."""
        if payment.intent:
            return bool(self.stripe.intents[payment.intent]["status"] == "canceled")
        return not payment.session or self.stripe.sessions[payment.session]["status"] != "open"

    def check_cards(self) -> None:
        """What cards have paid is what the books say, once nothing is under way."""
        for payment in self.books.payments():
            charged = payment.state in ("running", "settled")
            told = (payment.purse.card - payment.purse.refunded) // CENT if charged else 0
            assert self.stripe.taken(payment.intent) == told if payment.intent else told == 0


@cache
def market() -> Market:
    """A market for all tests of a process; each leaves its nodes free."""
    return Market.make()


def in_memory() -> sa.URL:
    return sa.URL.create("sqlite+pysqlite", database=":memory:")


@contextmanager
def world(chain: Market | None = None, books: Books | None = None) -> Iterator[World]:
    """A world with empty books."""
    chosen = chain or market()
    with serving(StandIn(now=lambda: chosen.now)) as stripe:
        kept = books or Books(in_memory())
        try:
            yield World(chosen, stripe, kept)
        finally:
            kept.close()

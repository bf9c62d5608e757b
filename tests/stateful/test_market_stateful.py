"""One random walk through everything at once: stake, reports, slashes, rentals, sales, grants, airdrops,
emission and votes in the same market. After every step events alone say what all accounts hold, and at the
end they still say what was there after each earlier step.

    pytest tests/stateful/test_market_stateful.py --hypothesis-profile=long

walks for hours.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.ledger.history import _other_shards
from tests.programs.auctions import Auctions
from tests.programs.dao import AGAINST, FOR, HOLD_UP, TREASURY, VOTING, WEEK, Dao, House, Voters
from tests.programs.distribution import Distribution, Drop, schedule
from tests.programs.market import CLASS, EVIDENCE, IO_MINT, RATE, TWO_HOURS
from tests.programs.people import TOKEN, Published, Supplier, class_args
from tests.programs.support import DAY, HOUR
from tests.programs.test_challenges import about, challenging, proposed, showing, voiding
from tests.programs.test_governance import burning, params, returning
from tests.programs.test_mint import demand, fixed
from tests.stateful.arena import Arena, built
from tests.stateful.test_replay_stateful import Replaying
from tests.stateful.walk import a_number, modest

from ionet import IO, AccountNotFound, ProofReason, TransactionFailed, ix, pda, token_account
from ionet.ledger.subjects import PROGRAMS, subjects
from ionet.rewards import Verdict

a_supplier = st.sampled_from(("alice", "alice", "bob", "erin"))
a_holder = st.sampled_from(("carol", "dave"))
an_amount = st.integers(1, 60)
MONTH: Final = 30 * DAY


@functools.cache
def market() -> tuple[Arena, Auctions]:
    """A market of which tests write nothing but its prices, in which alice has enough stake for proposals;
    and where its fees are sold."""
    arena = built()
    of, world = arena.market, arena.market.world
    of.prove = lambda *_, **__: None  # type: ignore[method-assign]
    for supplier in arena.nodes.values():
        of.watch(supplier)
    auctions = Auctions(of)
    of.set_offer(payout=0, rate=50 * RATE)
    for asset in (IO_MINT, of.usdc):
        world.send(ix.governance.open_outflow(payer=world.deployer, asset=asset))
    args = class_args(multiplier_bps=40_000, maximum=20)
    world.send(ix.staking.set_class(authority=world.deployer, id=CLASS, args=args))
    world.give_io(of.alice.key, IO(15_000))
    world.give_io(TREASURY, IO(1_000))
    of.send(of.staking("owner_stake", amount=12_000 * TOKEN), of.staking("owner_activate"))
    world.advance(WEEK + DAY)
    arena.keep()
    return arena, auctions


class Walk(RuleBasedStateMachine):
    """What everybody does; what the programs refuse changes nothing."""

    def set_up(self) -> None:
        self.arena, self.auctions = market()
        self.arena.reset()
        self.of = self.arena.market
        self.world = self.of.world
        self.of._jobs.clear()
        self.of.gifts.clear()
        self.books, self.dao = Distribution(self.world), self.voters()
        self.reports: list[Published] = []
        self.made: list[Pubkey] = []
        self.proposals: list[Pubkey] = []
        self.slashes: list[tuple[Supplier, Pubkey]] = []

    def voters(self) -> Dao:
        """Owners and holders of the market."""
        people = self.of.people
        alpha, beta, gamma = (
            House(supplier.name, 0, owner=supplier.owner, device_key=supplier.device_key)
            for supplier in self.arena.nodes.values()
        )
        keys = {"deployer": people.deployer, "carol": people.carol, "dave": people.dave}
        return Dao(self.world, Voters(**keys, alpha=alpha, beta=beta, gamma=gamma))

    @initialize(
        holder=a_holder,
        amount=an_amount,
        floor=st.sampled_from((None, 2_500)),
        ending=st.sampled_from(("dispute", "extend", "stop", "complete")),
        owner=st.booleans(),
    )
    def begin(self, holder: str, amount: int, floor: int | None, ending: str, owner: bool) -> None:
        """Something of everything, to begin with."""
        self.set_up()
        self.policy(floor)
        self.stake("alice", holder, amount)
        self.grant(holder, amount)
        self.airdrop(holder, amount)
        self.claim_airdrop(0)
        self.report("alice", passed=True, final=True)
        self.credit(0, "alice")
        self.activate("alice", holder)
        self.report("alice", passed=True, final=False)
        self.book(in_io=False)
        self.work(0, good=True)
        self.sell(amount)
        self.slash("alice", amount, fraud=False)
        for step in ("appeal", "resolve", "set_apart", "execute"):
            self.about_slash(0, step)
        self.end(0, ending)
        self.work(0, good=False)
        self.end(0, "complete")
        self.propose("alice", pays=True)
        self.vote(0, "alice", against=False)
        self.pay(0, wait=True)
        self.sell(amount)
        self.take("alice", holder, "claim", owner=owner)
        self.unstake("alice", holder, amount, owner)

    # -- stake

    @rule(node=a_supplier, holder=a_holder, amount=an_amount)
    def stake(self, node: str, holder: str, amount: int) -> None:
        self.tried(lambda: self.of.co_stake(self.who(holder), amount * TOKEN, of=self.node(node)))

    @rule(node=a_supplier, amount=st.integers(1, 600))
    def stake_as_owner(self, node: str, amount: int) -> None:
        its = self.node(node)
        self.tried(lambda: self.of.send(self.of.staking("owner_stake", of=its, amount=amount * TOKEN)))
        self.tried(lambda: self.of.send(self.of.staking("owner_activate", of=its)))

    @rule(node=a_supplier, holder=a_holder)
    def activate(self, node: str, holder: str) -> None:
        its, who = self.node(node), self.who(holder)
        self.tried(lambda: self.of.send(self.of.settling(who, of=its)))
        self.tried(lambda: self.of.send(self.of.staking("activate", of=its, by=who)))

    @rule(node=a_supplier, holder=a_holder, amount=an_amount, owner=st.booleans())
    def unstake(self, node: str, holder: str, amount: int, owner: bool) -> None:
        self.side(node, holder, "unstake", owner, amount=amount * TOKEN)

    @rule(
        node=a_supplier,
        holder=a_holder,
        what=st.sampled_from(("withdraw", "claim", "compound")),
        owner=st.booleans(),
    )
    def take(self, node: str, holder: str, what: str, owner: bool) -> None:
        self.side(node, holder, what, owner)

    def side(self, node: str, holder: str, name: str, owner: bool, **given: Any) -> None:
        its, who = self.node(node), None if owner else self.who(holder)
        of_owner = "owner_" if owner else ""
        self.tried(lambda: self.of.send(self.of.staking(f"{of_owner}{name}", of=its, by=who, **given)))

    # -- reports

    @rule(node=a_supplier, passed=st.booleans(), final=st.booleans())
    def report(self, node: str, passed: bool, final: bool) -> None:
        """Of the latest hour, with a verdict that is shown; some are final a day later."""
        lifetimes = {each.node: self.of.node(each).credited for each in self.arena.nodes.values()}
        lifetimes[self.node(node).node] += TOKEN // 50
        if final:
            self.tried(lambda: self.reports.append(self.of.publish(lifetimes)))
            return
        end = self.world.now + HOUR
        verdict = Verdict(end - end % HOUR, 1, ProofReason.SLOW, False, bytes(32))
        verdicts = None if passed else {self.node(node).node: verdict}
        self.tried(lambda: self.reports.append(proposed(self.of, lifetimes, verdicts=verdicts)))
        self.tried(lambda: self.of.send(showing(self.of, self.reports[-1], self.node(node).node)))

    @rule(pick=a_number, node=a_supplier)
    def credit(self, pick: int, node: str) -> None:
        made, its = self.reports[-1 - pick % len(self.reports)], self.node(node)
        self.tried(lambda: self.of.send(self.of.credit(made, of=its)))

    @rule(pick=a_number, void=st.booleans(), upheld=st.sampled_from((None, True, False)))
    def dispute_report(self, pick: int, void: bool, upheld: bool | None) -> None:
        made = self.reports[-1 - pick % len(self.reports)]
        self.tried(lambda: self.of.send(challenging(self.of, made)))
        if upheld is not None:
            self.tried(lambda: self.of.send(about(self.of, "decide", made, upheld=upheld)))
        if void:
            self.tried(lambda: self.of.send(voiding(self.of, made)))

    # -- slashes

    @rule(node=a_supplier, amount=st.integers(1, 6), fraud=st.booleans())
    def slash(self, node: str, amount: int, fraud: bool) -> None:
        its, nonce = self.node(node), len(self.slashes)
        others = _other_shards(self.of) if fraud and its is self.of.alice else ()
        call = self.of.staking(
            "propose_slash",
            of=its,
            nonce=nonce,
            amount=amount * TOKEN,
            evidence_hash=EVIDENCE,
            fraud=fraud,
            remaining_accounts=others,
        )
        if self.tried(lambda: self.of.send(call)):
            self.slashes.append((its, pda.staking.slash(its.node, nonce)))

    @rule(
        pick=a_number, what=st.sampled_from(("appeal", "resolve", "set_apart", "execute", "cancel", "close"))
    )
    def about_slash(self, pick: int, what: str) -> None:
        if not self.slashes:
            return
        its, slash = self.slashes[-1 - pick % len(self.slashes)]
        given: dict[str, Any] = {}
        if what == "resolve":
            given["amount"] = TOKEN
        if what == "execute":
            given["remaining_accounts"] = _other_shards(self.of)
        if what == "cancel":
            given["authority"] = self.world.deployer
        name = what if what == "appeal" else f"{what}_slash"
        self.tried(lambda: self.of.send(self.of.staking(name, of=its, slash=slash, **given)))

    # -- rentals, and what is bought with their fees

    @rule(in_io=st.booleans())
    def book(self, in_io: bool) -> None:
        """For two hours; begun at once, and its payout is opened."""
        mint = IO_MINT if in_io else self.of.usdc
        if self.tried(lambda: self.made.append(self.of.book(TWO_HOURS, mint=mint))):
            job = self.made[-1]
            if not in_io:
                self.tried(lambda: self.world.send(self.auctions.payouts("open_payout", job)))
            self.tried(lambda: self.of.start(job))

    @rule(pick=a_number, good=st.booleans())
    def work(self, pick: int, good: bool) -> None:
        """An hour, attested by both seats that decide, and paid."""
        if not self.made:
            return
        job = self.job(pick)
        before = self.attested(job)
        self.world.advance(HOUR)
        for seat in (0, 1):
            upto = before + HOUR
            self.tried(lambda: self.of.attest(job, upto - (0 if good else 60), upto, seat=seat))  # noqa: B023
        self.tried(lambda: self.of.send(self.of.jobs("settle", job)))

    @rule(pick=a_number, how=st.sampled_from(("complete", "stop", "lose", "dispute", "resolve", "extend")))
    def end(self, pick: int, how: str) -> None:
        if not self.made:
            return
        job = self.job(pick)
        if how == "dispute":
            self.tried(lambda: self.of.dispute(job))
        elif how == "extend":
            self.tried(lambda: self.of.extend(job, HOUR))
        else:
            given = {"gross": 10**6} if how == "resolve" else {}
            self.tried(lambda: self.of.send(self.of.jobs(how, job, **given)))

    @rule(pick=a_number, wait=st.booleans())
    def pay(self, pick: int, wait: bool) -> None:
        """Everybody is paid, after the time for disputes or too early, and the job is closed."""
        if not self.made:
            return
        job = self.job(pick)
        self.wait(DAY if wait else 0)
        for name in ("settle", "collect_fees", "refund", "close"):
            self.tried(lambda: self.of.send(self.of.jobs(name, job)))  # noqa: B023

    @rule(amount=an_amount)
    def sell(self, amount: int) -> None:
        """IO for the fees, and for a supplier; what is in the vault of IO is burned."""
        self.auctions.pay(self.auctions.vault, 20 * 10**6)
        self.tried(lambda: self.world.send(self.auctions.starting()))
        self.tried(lambda: self.auctions.sell(amount * TOKEN))
        self.tried(lambda: self.world.send(ix.buyback.burn_fees(shard=0)))
        for job in self.made[-2:]:
            self.tried(lambda: self.world.send(self.auctions.payouts("start_payout", job)))  # noqa: B023
            self.tried(lambda: self.auctions.credit(job, amount * TOKEN))  # noqa: B023
            self.tried(lambda: self.of.send(self.auctions.payouts("withdraw_payout", job)))  # noqa: B023
            self.tried(lambda: self.world.send(self.auctions.payouts("close_payout", job)))  # noqa: B023

    def attested(self, job: Pubkey) -> int:
        try:
            return self.of.job(job).seen[0].upto
        except AccountNotFound:
            return 0

    # -- grants, airdrops, emission

    @rule(holder=a_holder, total=an_amount)
    def grant(self, holder: str, total: int) -> None:
        terms = schedule(total * TOKEN, start=self.world.now, upfront=TOKEN)
        key = self.who(holder).pubkey()
        self.tried(lambda: self.books.make_grant(key, terms, revocable=True))

    @rule(pick=a_number, revoke=st.booleans())
    def release(self, pick: int, revoke: bool) -> None:
        grant = self.books.granted[-1 - pick % len(self.books.granted)]
        self.tried(lambda: self.books.send((self.books.revoke if revoke else self.books.release)(grant)))

    @rule(holder=a_holder, amount=an_amount)
    def airdrop(self, holder: str, amount: int) -> None:
        leaves = [(self.who(holder).pubkey(), amount * TOKEN), (self.of.dave.pubkey(), TOKEN)]
        self.tried(lambda: self.books.make_airdrop(leaves))

    @rule(pick=a_number)
    def claim_airdrop(self, pick: int) -> None:
        self.tried(lambda: self.books.send(self.drop(pick).claim(pick % 2)))

    @rule(pick=a_number)
    def reclaim(self, pick: int) -> None:
        self.tried(lambda: self.books.send(self.books.reclaiming(self.drop(pick))))

    @rule(floor=st.sampled_from((None, 0, 2_500)))
    def policy(self, floor: int | None) -> None:
        chosen = fixed() if floor is None else demand(floor, 5_000)
        call = ix.mint.set_policy(authority=self.world.deployer, policy=chosen)
        self.tried(lambda: self.world.send(call))

    @rule(burn=st.booleans())
    def emit(self, burn: bool) -> None:
        self.tried(lambda: self.world.send(ix.mint.emit()))
        if burn:
            self.tried(lambda: self.world.send(ix.mint.burn_reserve()))

    # -- votes

    @rule(node=a_supplier, pays=st.booleans())
    def propose(self, node: str, pays: bool) -> None:
        """To pay somebody, or to set the parameters as they are."""
        to = token_account(self.of.carol.pubkey(), IO_MINT)
        does = self.dao.paying(IO_MINT, to, TOKEN) if pays else ix.governance.set_params(params=params())
        self.tried(lambda: self.proposals.append(self.dao.open(does, by=self.house(node))))

    @rule(pick=a_number, node=a_supplier, against=st.booleans())
    def vote(self, pick: int, node: str, against: bool) -> None:
        if self.proposals:
            proposal, choice = self.proposal(pick), AGAINST if against else FOR
            self.tried(lambda: self.dao.vote(proposal, self.house(node), choice))
            self.tried(lambda: self.dao.vote(proposal, self.house(node), choice, holder=self.of.carol))

    @rule(pick=a_number, burn=st.booleans())
    def decide(self, pick: int, burn: bool) -> None:
        """Voting ends; what passed is done, and the bond goes."""
        if not self.proposals:
            return
        proposal = self.proposal(pick)
        self.wait(VOTING)
        self.tried(lambda: self.dao.send(ix.governance.queue(proposal=proposal)))
        self.wait(HOLD_UP)
        self.tried(lambda: self.dao.send(self.dao.executing(proposal)))
        self.tried(lambda: self.dao.send((burning if burn else returning)(self.dao, proposal)))

    # -- time and names

    @rule(seconds=st.sampled_from((1, HOUR, DAY, 8 * DAY, 14 * DAY, MONTH)))
    def wait(self, seconds: int) -> None:
        self.world.advance(seconds)

    def node(self, name: str) -> Supplier:
        return self.arena.nodes[name]

    def who(self, name: str) -> Keypair:
        return self.arena.people[name]

    def house(self, name: str) -> House:
        return self.dao.voters.houses[list(self.arena.nodes).index(name)]

    def job(self, pick: int) -> Pubkey:
        return self.made[-1 - pick % len(self.made)]

    def drop(self, pick: int) -> Drop:
        return self.books.drops[-1 - pick % len(self.books.drops)]

    def proposal(self, pick: int) -> Pubkey:
        return self.proposals[-1 - pick % len(self.proposals)]

    @staticmethod
    def tried(send: Callable[[], Any]) -> bool:
        try:
            send()
        except (TransactionFailed, AccountNotFound):
            return False
        return True


class Replayed(Replaying, Walk):
    """Nothing in it was written by tests but prices."""

    cheated = ()

    @invariant()
    def agrees(self) -> None:
        if hasattr(self, "state"):
            self.follow()

    def teardown(self) -> None:
        if sys.exc_info()[1] is None and hasattr(self, "state"):
            self.follow()
            self.look_back()
            events = [event.event for landed in self.landed for event in landed.log.emitted]
            assert {subjects()[type(event)].program for event in events} == set(range(len(PROGRAMS)))


Replayed.TestCase.settings = modest(15, 40)
TestEventsSayWhatTheWholeMarketHolds = Replayed.TestCase

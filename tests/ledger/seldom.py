"""What happens seldom in a market: things are handed over, lost, decided, taken away and corrected."""

from __future__ import annotations

from typing import Any, Final

from solders.instruction import AccountMeta
from solders.pubkey import Pubkey
from tests.programs.auctions import Auctions
from tests.programs.distribution import Distribution, schedule
from tests.programs.market import CLASS, EVIDENCE, RATE, TWO_HOURS, Market
from tests.programs.people import TOKEN, Supplier, class_args
from tests.programs.support import DAY, HOUR, MINUTE, Proposal
from tests.programs.test_approvals import DIGEST, reference
from tests.programs.test_challenges import about, challenging, proposed, showing
from tests.programs.test_devices import network, reopening
from tests.programs.test_mint import demand, fixed
from tests.programs.test_proofs import seat, set_attesters
from tests.stateful.arena import THRESHOLD, WEIGHTS, Arena, built

from ionet import ix, pda
from ionet._generated.proofs.types import ReportState
from ionet.administration.shards import stake_shards

_WEEK: Final = 7 * DAY
_BELOW: Final = 9


def seldom() -> Arena:
    """A market from its first transaction, in which each of these has happened; tests have written nothing
    into its accounts but the hours that count as credited."""
    arena = built()
    of = arena.market
    # Verdicts are shown, here, not written.
    of.prove = lambda *_, **__: None  # type: ignore[method-assign]
    _burn_reserve(of)
    _hand_on_grants(of)
    erin = arena.nodes["erin"]
    _join(of, erin)
    _lose(of)
    _decide(of)
    _cluster(of, erin)
    _sell(of)
    _lift(of)
    _pause(of)
    _part_with_devices(of, arena)
    _approve(of, arena)
    _expel(of, arena)
    _forfeit(of, erin)
    _correct(of, arena)
    return arena


def _burn_reserve(of: Market) -> None:
    """An hour of which half is withheld, and burned."""
    world = of.world
    world.send(ix.mint.set_policy(authority=world.deployer, policy=demand(5_000, 0)))
    world.advance(HOUR)
    world.send(ix.mint.emit())
    world.send(ix.mint.burn_reserve())
    world.send(ix.mint.set_policy(authority=world.deployer, policy=fixed()))


def _hand_on_grants(of: Market) -> None:
    """A grant gets another beneficiary; the marks of an airdrop's claims are closed."""
    books, world = Distribution(of.world), of.world
    carol, dave = of.carol, of.dave
    grant = books.make_grant(carol.pubkey(), schedule(300 * TOKEN, start=world.now))
    named = ix.distributor.set_beneficiary(beneficiary=carol.pubkey(), grant=grant, successor=dave.pubkey())
    books.send(named, signers=[carol])
    books.send(ix.distributor.accept_beneficiary(successor=dave.pubkey(), grant=grant), signers=[dave])
    drop = books.make_airdrop([(carol.pubkey(), 3 * TOKEN), (dave.pubkey(), TOKEN)])
    books.send(drop.claim(0))
    world.advance(31 * DAY)
    books.send(books.reclaiming(drop))
    books.send(
        ix.distributor.close_claims(airdrop=drop.address, claims=drop.claims(), rent_payer=world.deployer)
    )


def _join(of: Market, erin: Supplier) -> None:
    """Erin's node can be booked too."""
    of.watch(erin)
    of.send(
        of.staking("owner_stake", of=erin, amount=600 * TOKEN),
        of.staking("owner_activate", of=erin),
    )
    of.send(ix.jobs.set_offer(owner=erin.key, node=erin.node, args=of.offer_args()))


def _pass(of: Market, *suppliers: Supplier) -> None:
    """Their nodes have just passed."""
    made = proposed(of, {each.node: of.node(each).credited for each in suppliers})
    for each in suppliers:
        of.send(showing(of, made, each.node))


def _attest(of: Market, job: Pubkey, good: int) -> None:
    """As many as decide say so."""
    for number in (0, 1):
        of.attest(job, good, seat=number)


def _lose(of: Market) -> None:
    """A job whose manifest is confirmed, and whose node is lost."""
    _pass(of, of.alice)
    job = of.book(mint=of.usdc)
    of.world.advance(10 * MINUTE)
    of.send(of.jobs("confirm_manifest", job))
    of.start(job)
    of.world.advance(HOUR)
    _attest(of, job, HOUR)
    of.send(of.jobs("lose", job))
    of.world.advance(DAY)
    of.pay_out(job)


def _decide(of: Market) -> None:
    """A dispute that is decided; its bond goes back."""
    _pass(of, of.alice)
    job = of.run(TWO_HOURS, mint=of.usdc)
    of.world.advance(TWO_HOURS)
    _attest(of, job, TWO_HOURS)
    of.send(of.jobs("complete", job))
    dispute = of.dispute(job)
    of.send(of.jobs("resolve", job, gross=10**6))
    of.pay_out(job)
    of.send(of.closing(dispute))


def _cluster(of: Market, erin: Supplier) -> None:
    """A cluster with a delegate, to its end; a job that was added to it leaves, and comes again."""
    _pass(of, of.alice, erin)
    cluster, renter = of.cluster(size=1), of.renter.pubkey()
    jobs = [of.book(cluster=cluster)]
    of.start(jobs[0])
    of.send(ix.jobs.grow_cluster(booker=renter, cluster=cluster, places=2))
    of.send(of.jobs("cancel", left := of.book(cluster=cluster, of=erin)))
    of.pay_out(left)
    jobs.append(of.book(cluster=cluster, of=erin))
    of.start(jobs[1])
    of.send(ix.jobs.set_delegate(renter=renter, cluster=cluster, delegate=of.dave.pubkey()))
    of.world.advance(TWO_HOURS)
    for job in jobs:
        _attest(of, job, TWO_HOURS)
        of.send(of.jobs("complete", job))
    of.send(ix.jobs.close_cluster(renter=renter, cluster=cluster))
    of.world.advance(DAY)
    for job in jobs:
        of.pay_out(job)


def _sell(of: Market) -> None:
    """Jobs paid in dollars that owe their supplier IO: one's payout is withdrawn, sold and closed, of the
    other's a part stays for sale."""
    auctions, world = Auctions(of), of.world
    of.set_offer(payout=0, rate=50 * RATE)
    first = _half_sold(of, auctions)
    of.send(auctions.payouts("withdraw_payout", first))
    _end(of, first)
    world.send(auctions.payouts("start_payout", first))
    auctions.credit(first)
    world.send(auctions.payouts("close_payout", first))
    _end(of, _half_sold(of, auctions))
    of.set_offer(payout=1)


def _half_sold(of: Market, auctions: Auctions) -> Pubkey:
    """A job whose first hour is paid into its payout, where a part of it is sold."""
    _pass(of, of.alice)
    job = of.run(TWO_HOURS, mint=of.usdc)
    of.world.send(auctions.payouts("open_payout", job))
    of.world.advance(HOUR)
    _attest(of, job, HOUR)
    of.send(of.jobs("settle", job))
    of.world.send(auctions.payouts("start_payout", job))
    auctions.credit(job, 30 * TOKEN)
    return job


def _end(of: Market, job: Pubkey) -> None:
    """Its second hour, and all that it owes."""
    of.world.advance(HOUR)
    _attest(of, job, TWO_HOURS)
    of.send(of.jobs("complete", job))
    of.world.advance(DAY)
    of.pay_out(job)


def _lift(of: Market) -> None:
    """A challenge that nobody decides."""
    made = proposed(of, {of.alice.node: of.node().credited})
    of.send(challenging(of, made))
    of.world.advance(DAY)
    for report in reversed(of.world.client.proofs.reports(state=ReportState.APPROVED)):
        of.send(ix.proofs.finalize(report=report.address))
    of.world.advance(_WEEK)
    of.send(about(of, "lift_challenge", made))


def _pause(of: Market) -> None:
    """A node is retired for hours, and for less than one, and comes back each time."""
    for away in (2 * HOUR, 3 * HOUR, HOUR, 4 * HOUR):
        of.send(of.staking("retire_node"))
        of.world.advance(away)
        of.send(reopening(of))
        of.world.advance(MINUTE)


def _part_with_devices(of: Market, arena: Arena) -> None:
    """Processors come, go, and are taken away; a node joins its owner's network."""
    network(of)
    alices, bobs = arena.seconds["alice"], arena.seconds["bob"]
    of.send(of.staking("attach_device", device=alices.device))
    of.send(of.staking("detach_device", device=alices.device))
    of.send(of.staking("attach_device", device=alices.device))
    of.send(of.staking("evict_device", device=alices.device, ban=False))
    of.send(of.staking("release_device", of=bobs, node=None))


def _approve(of: Market, arena: Arena) -> None:
    """What hardware a device is, and the class that its node reaches, which is judged by measured times."""
    authority, alice = of.world.deployer, of.alice
    below = class_args(multiplier_bps=9_000, base_minimum=20 * TOKEN)
    of.send(ix.staking.create_class(authority=authority, id=_BELOW, args=below))
    of.send(ix.staking.set_reference(authority=authority, id=_BELOW, reference=reference()))
    of.send(ix.staking.set_class(authority=authority, id=_BELOW, args=below))
    classes: dict[str, Any] = {
        "class_": pda.staking.class_(CLASS),
        "lower": pda.staking.class_(_BELOW),
        "before": CLASS,
        "after": _BELOW,
    }
    for attester in arena.attesters[:2]:
        who = attester.pubkey()
        of.send(ix.staking.approve_identity(attester=who, device=alice.device, digest=DIGEST))
        of.send(ix.staking.approve_class(attester=who, node=alice.node, device=alice.device, **classes))
    of.world.advance(DAY)
    of.send(ix.staking.lower_class(node=alice.node, device=alice.device, offer=alice.offer, **classes))


def _expel(of: Market, arena: Arena) -> None:
    """An owner whose processor is taken away, with what they have on the node."""
    bob = arena.nodes["bob"]
    of.watch(bob)
    of.send(
        arena.staking("owner_stake", "bob", "bob", amount=600 * TOKEN),
        arena.staking("owner_activate", "bob", "bob"),
    )
    of.send(arena.staking("evict_device", "bob", ban=False))
    of.send(arena.staking("evict_node", "bob"))
    of.send(of.credit(of.publish({bob.node: 0}), of=bob))
    of.world.advance(8 * DAY)
    of.send(arena.staking("expel_owner", "bob"))


def _forfeit(of: Market, erin: Supplier) -> None:
    """A node that ends by fraud, and what it would have been paid."""
    slash = pda.staking.slash(erin.node, 0)
    others = tuple(AccountMeta(each, False, False) for each in stake_shards() if each != erin.shard)
    of.send(
        of.staking(
            "propose_slash",
            of=erin,
            nonce=0,
            amount=TOKEN,
            evidence_hash=EVIDENCE,
            fraud=True,
            remaining_accounts=others,
        )
    )
    of.send(of.staking("appeal", of=erin, slash=slash))
    of.send(of.staking("resolve_slash", of=erin, slash=slash, amount=TOKEN))
    made = of.publish({erin.node: of.node(erin).credited + TOKEN})
    of.send(of.staking("forfeit_reward", of=erin, report=made.address, leaf=made.leaf(erin.node)))


def _correct(of: Market, arena: Arena) -> None:
    """A report that a new set of attesters approves, and a correction that the guardian supports."""
    world, (first, second, _) = of.world, arena.attesters
    lifetimes = {each.node: of.node(each).credited for each in (of.alice, arena.nodes["erin"])}
    made = proposed(of, lifetimes, approved=False)
    seats = [seat(each.pubkey(), weight) for each, weight in zip(arena.attesters, WEIGHTS, strict=True)]
    world.send(set_attesters(world, seats, THRESHOLD))
    of.send(ix.proofs.renew_report(attester=first.pubkey(), report=made.address))
    of.send(ix.proofs.approve(attester=second.pubkey(), report=made.address))
    world.advance(HOUR)
    world.send(ix.mint.emit())
    hours = (world.now - world.mint_config.start) // HOUR
    right = Proposal(world, hours, correction=True)
    of.send(right.report(first.pubkey()))
    of.send(right.approve(second.pubkey()))
    world.send(ix.proofs.endorse(guardian=world.deployer, report=right.address))

"""A market's history from its first transaction, and what a ledger of it has to hold."""

from __future__ import annotations

from typing import Any, Final

import pytest
import sqlalchemy as sa
from solders.instruction import AccountMeta
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.programs import dao as dao_market
from tests.programs.auctions import Auctions
from tests.programs.distribution import Distribution, schedule
from tests.programs.market import EVIDENCE, IO_MINT, TWO_HOURS, Market
from tests.programs.people import TOKEN
from tests.programs.support import DAY, HOUR, MINUTE, World
from tests.programs.test_challenges import about, challenging, proposed, showing, voiding
from tests.programs.test_disproofs import Scene, cell_of
from tests.programs.test_governance import burning, ending, params, returning
from tests.stateful.arena import Arena, built

from ionet import Client, LocalNetwork, ix, pda, token_account, types
from ionet.administration.shards import stake_shards
from ionet.chain.transactions import sent_from_record
from ionet.ledger import Database, Landed, schema
from ionet.ledger.follower import PROGRAMS_BY_ID

_PROGRAMS: Final = frozenset(map(str, PROGRAMS_BY_ID))


def market() -> Arena:
    """A market in which something of most kinds has happened."""
    arena = built()
    busy(arena.market, 3)
    return arena


def busy(of: Market, times: int, first: int = 1) -> None:
    """Stakes, books, attests, settles, pays; a day passes each time."""
    for number in range(first, first + times):
        published = of.publish({of.alice.node: number * TOKEN})
        of.send(of.credit(published))
        of.send(of.staking("owner_claim"))
        if number > 1:
            of.send(of.staking("activate", by=of.carol))
        of.co_stake(of.carol, 7 * TOKEN)
        of.send(of.staking("unstake", by=of.carol, amount=2 * TOKEN))
        job = of.run(TWO_HOURS, mint=of.usdc)
        of.world.advance(TWO_HOURS)
        of.attest(job, TWO_HOURS)
        of.send(of.jobs("complete", job))
        of.world.advance(DAY)
        of.pay_out(job)


def truth(client: Client) -> list[Landed]:
    """What the programs did, by the network's own history."""
    records = client.network._history.values()
    return [
        Landed(one.slot, 0, one.signature, one.time, sent_from_record(one, None).event_log)
        for one in records
        if one.error is None and _PROGRAMS & set(one.keys)
    ]


def rows(database: Database, *, numbers: bool = True) -> dict[str, list[Any]]:
    """Everything in a ledger, but how far it has come; `numbers`: the numbers of kinds and currencies too."""
    found = {}
    with database._engine.connect() as connection:
        for name, table in schema.metadata.tables.items():
            if name != "meta" and (numbers or name not in ("kinds", "mints")):
                content = connection.execute(sa.select(table)).all()
                # A sum is the same however it is split into billions and units.
                split = name.startswith("by_")
                found[name] = sorted(
                    (*row[:-2], row[-2] * 10**9 + row[-1]) if split else tuple(row) for row in content
                )
    # What is known of a node or job stays, when the transaction that said so has gone.
    if not numbers:
        found.pop("places")
    return found


def eventful() -> Arena:
    """A market in which nearly everything has happened; tests have written nothing into its accounts."""
    arena = built()
    of, world = arena.market, arena.market.world
    # Verdicts are shown, here, not written.
    of.prove = lambda *_, **__: None  # type: ignore[method-assign]
    world.send(
        ix.staking.register_network(authority=of.alice.key, name=b"net".ljust(32, b"\0")),
        signers=[of.alice.owner],
    )
    _administer(of)
    _pay(of)
    _stake(of)
    _rent(of, arena)
    gone = _prove(of, arena)
    _distribute(of)
    _slash(of)
    _close_hour(of, *gone)
    _disprove(of, arena)
    _leave(of, arena)
    return arena


def _lifetime(of: Market) -> int:
    return of.node().credited + TOKEN


def _administer(of: Market) -> None:
    """Pauses, parameters and authorities of every program, all as they were in the end."""
    client, other = of.world.client, of.world.client.as_(of.carol)
    for name in ("mint", "proofs", "buyback", "staking", "jobs", "distributor"):
        mine, theirs = getattr(client, name), getattr(other, name)
        for paused in (1, 0):
            mine.set_paused(paused).send()
        mine._set_params().send()
        mine.propose_authority(of.carol.pubkey()).send()
        theirs.accept_authority().send()
        theirs.propose_authority(of.world.deployer).send()
        mine.accept_authority().send()
    client.mint.set_policy(types.mint.PolicyArgs(types.mint.PolicyKind.FIXED, 0, 0)).send()


def _pay(of: Market) -> None:
    """Auctions and burns."""
    auctions = Auctions(of)
    auctions.offer(100 * 10**6)
    of.world.advance(HOUR)
    auctions.sell(20 * TOKEN)
    of.gift(pda.buyback.vault(IO_MINT, 0), 5 * TOKEN)
    of.send(ix.buyback.burn_fees(shard=0))


def _stake(of: Market) -> None:
    """Reports, credits, and both sides of stake."""
    of.co_stake(of.carol, 100 * TOKEN)
    published = of.publish({of.alice.node: _lifetime(of)})
    of.send(of.credit(published))
    of.send(of.staking("activate", by=of.carol))
    of.send(of.credit(of.publish({of.alice.node: _lifetime(of)})))
    of.send(of.staking("claim", by=of.carol))
    of.send(of.staking("owner_compound"))
    of.send(of.staking("unstake", by=of.carol, amount=40 * TOKEN))
    of.co_stake(of.dave, 10 * TOKEN)
    # A credit settles what it makes due; the rest is settled later.
    node, published = of.alice.node, of.publish({of.alice.node: _lifetime(of)})
    due = [of.alice.shard, *(pda.staking.position(node, one.pubkey()) for one in (of.carol, of.dave))]
    of.send(of.credit(published, remaining_accounts=[AccountMeta(one, False, True) for one in due]))
    of.send(of.settling(of.carol))
    of.send(of.staking("set_commission", commission_bps=900))
    made = proposed(of, {of.alice.node: _lifetime(of)})
    of.send(challenging(of, made, by=of.carol))
    of.send(about(of, "decide", made, upheld=False))


def _rent(of: Market, arena: Arena) -> None:
    """A job to its end, one that runs and is disputed, one that waits in a cluster."""
    made = proposed(of, {of.alice.node: _lifetime(of)})
    of.send(showing(of, made))
    done = of.run(TWO_HOURS, mint=of.usdc)
    of.world.advance(TWO_HOURS)
    of.attest(done, TWO_HOURS)
    of.send(of.jobs("complete", done))
    of.world.advance(DAY)
    of.pay_out(done)
    of.send(showing(of, proposed(of, {of.alice.node: _lifetime(of)})))
    running = of.run(TWO_HOURS, mint=IO_MINT)
    of.extend(running, HOUR)
    of.world.advance(HOUR)
    of.attest(running, HOUR - 60, HOUR)
    of.attest(running, HOUR - 90, HOUR, seat=1)
    of.send(of.jobs("settle", running))
    of.dispute(running)
    of.cluster()
    of.send(of.jobs("stop", running))


def _distribute(of: Market) -> None:
    """Grants and an airdrop."""
    books, world = Distribution(of.world), of.world
    carol = of.carol.pubkey()
    grant = books.make_grant(carol, schedule(3_000 * TOKEN, start=world.now, upfront=5), revocable=True)
    world.advance(40 * DAY)
    books.send(books.release(grant))
    books.send(books.revoke(grant))
    books.make_grant(carol, schedule(100 * TOKEN, start=world.now))
    drop = books.make_airdrop([(carol, 7 * TOKEN), (of.dave.pubkey(), 5 * TOKEN)])
    books.send(drop.claim(0))
    late = books.make_airdrop([(carol, 3 * TOKEN)])
    world.advance(31 * DAY)
    books.send(books.reclaiming(late))


def _slash(of: Market) -> None:
    """One that was decided and is burned in part, one that is open."""
    for nonce, amount in ((0, 30 * TOKEN), (1, 4 * TOKEN)):
        of.send(of.staking("propose_slash", nonce=nonce, amount=amount, evidence_hash=EVIDENCE))
    first = pda.staking.slash(of.alice.node, 0)
    of.send(of.staking("appeal", slash=first))
    of.send(of.staking("resolve_slash", slash=first, amount=25 * TOKEN))
    of.send(of.staking("set_apart_slash", slash=first))
    of.send(of.staking("execute_slash", slash=first, remaining_accounts=_other_shards(of)))


def _other_shards(of: Market) -> tuple[AccountMeta, ...]:
    return tuple(AccountMeta(one, False, False) for one in stake_shards() if one != of.alice.shard)


def _prove(of: Market, arena: Arena) -> tuple[Pubkey, Pubkey]:
    """An hour's compute proofs, until it is drawn, and a disproof of which a part is burned and a part goes
    back; the hour and the disproof."""
    scene = _ticked(of)
    hour, made = pda.proofs.hour(scene.hour.seq), cell_of(scene)
    for number, attester in enumerate(arena.attesters):
        root = bytes([number]) * 32
        of.send(
            ix.proofs.commit_compute(attester=attester.pubkey(), hour=hour, root=root, count=number + 3),
        )
    of.world.client.network.clock.advance(0, slots=40)
    of.send(ix.proofs.draw_hour(hour=hour))
    scene.call(made).send()
    of.send(of.staking("execute_slash", slash=made.slash, remaining_accounts=_other_shards(of)))
    of.send(of.staking("cancel_slash", slash=made.slash, authority=of.world.deployer))
    return hour, made.slash


def _close_hour(of: Market, hour: Pubkey, disproof: Pubkey) -> None:
    """Both accounts, whose seven days are over."""
    of.send(of.staking("close_slash", slash=disproof, proposer=of.world.deployer))
    of.send(ix.proofs.close_hour(hour=hour, payer=of.world.deployer))


def _disprove(of: Market, arena: Arena) -> None:
    """An hour and a disproof that stay, beside an open slash; one seat has posted its root, and no other."""
    scene = _ticked(of)
    hour, first = pda.proofs.hour(scene.hour.seq), arena.attesters[0].pubkey()
    of.send(ix.proofs.commit_compute(attester=first, hour=hour, root=b"\5" * 32, count=7))
    of.world.advance(20 * MINUTE)
    for _ in ("begun", "made"):
        of.send(ix.proofs.draw_hour(hour=hour))
        of.world.client.network.clock.advance(0, slots=40)
    scene.call(cell_of(scene)).send()
    of.check()


def _leave(of: Market, arena: Arena) -> None:
    """Cooled stake goes, and a node; a report is voided, and a challenge stays open."""
    of.send(of.staking("withdraw", by=of.carol))
    of.send(of.staking("retire_node", of=arena.nodes["bob"]))
    of.send(voiding(of, proposed(of, {of.alice.node: _lifetime(of)})))
    of.world.advance(HOUR)
    of.send(challenging(of, proposed(of, {of.alice.node: _lifetime(of)}), by=of.carol))


def _ticked(of: Market) -> Scene:
    proofs = of.world.client.proofs
    proofs.tick().send()
    return Scene(of, proofs.get_hour(proofs.latest_hour() + 1))


def _close(dao: dao_market.Dao, holder: Keypair) -> None:
    """A proposal that is defeated, and of which nothing stays but itself."""
    house = dao.alpha
    lost = dao.open(dao.paying(IO_MINT, token_account(holder.pubkey(), IO_MINT), TOKEN))
    for choice in (dao_market.FOR, dao_market.AGAINST):
        dao.vote(lost, house, choice, holder=holder)
    dao.vote(lost, house, dao_market.AGAINST)
    dao.world.advance(dao_market.VOTING)
    position = pda.staking.position(house.node, holder.pubkey())
    ours, payer = pda.governance.vote(lost, position), dao.world.deployer
    its = pda.governance.node_vote(lost, house.node)
    stored = pda.governance.transaction(lost, 0)
    dao.send(ix.governance.queue(proposal=lost))
    dao.send(ix.governance.close_vote(proposal=lost, vote=ours, rent_payer=holder.pubkey()))
    dao.send(ix.governance.close_node_vote(proposal=lost, node_vote=its, rent_payer=payer))
    dao.send(ix.governance.close_transaction(proposal=lost, transaction=stored, rent_payer=house.key))


def _give_up(dao: dao_market.Dao) -> None:
    """A draft that is taken back, with its bond; a proposal that nobody votes on, whose bond is burned."""
    draft, alone = dao.draft(), dao.open(by=dao.beta)
    dao.send(ix.governance.cancel(signer=dao.alpha.key, proposal=draft))
    dao.send(returning(dao, draft))
    ending(dao, alone)
    dao.send(burning(dao, alone))


def founded() -> dao_market.Dao:
    """A chain with voters, from its first transaction."""
    made: list[LocalNetwork] = []

    class Kept(LocalNetwork):
        def __init__(self, **given: Any) -> None:
            super().__init__(**given)
            made.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dao_market, "LocalNetwork", Kept)
        voters, _, _ = dao_market._template.__wrapped__()
    return dao_market.Dao(dao_market._world(voters, made[0]), voters)


def governed() -> tuple[World, Pubkey]:
    """A chain with votes, from its first transaction; and a proposal."""
    dao = founded()
    voters = dao.voters
    dao.enact(dao.paying(IO_MINT, token_account(voters.carol.pubkey(), IO_MINT), 5 * TOKEN))
    dao.enact(ix.governance.set_guardian(guardian=voters.carol.pubkey()))
    dao.enact(ix.governance.set_params(params=params()))
    _close(dao, voters.carol)
    _give_up(dao)
    open_one = dao.open(dao.paying(IO_MINT, token_account(voters.dave.pubkey(), IO_MINT), TOKEN))
    dao.vote(open_one, dao.alpha)
    house = next(one for one in dao.voters.houses if one.co)
    dao.vote(open_one, house, dao_market.FOR, holder=dao.voters.holder(next(iter(house.co))))
    dao.draft()
    return dao.world, open_one

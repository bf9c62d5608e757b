"""Every instruction of the staking and jobs programs: each account replaced, unsigned, read-only and closed,
each argument at its ends, and the call sent twice.

Each case is a call that works; what the programs accept besides stands in the exceptions, with its reason.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.programs.market import CLASS, IO_MINT, TWO_HOURS, Market
from tests.programs.negative import SETTERS, Case, Check, Suite, joined, market_accounts
from tests.programs.people import TOKEN, attestation, class_args
from tests.programs.support import DAY, HOUR
from tests.programs.test_approvals import below, lowered, lowering, reference
from tests.programs.test_devices import DISPROOFS
from tests.programs.test_jobs_running import jobs_params
from tests.programs.test_slashing import APPEAL, about, decided_fraud, executing, proposing, setting
from tests.programs.test_staking_owner import FORTNIGHT
from tests.programs.test_staking_setup import params

from ionet import ix, pda, token_account, types

# -- one working call of each instruction


def _co_staked(market: Market) -> None:
    market.co_stake(market.carol, 100 * TOKEN)
    market.activate_all(market.carol)


def _staked(name: str, **given: Any) -> Case[Market]:
    def case(market: Market) -> Instruction:
        _co_staked(market)
        market.send(market.staking("stake", amount=TOKEN), market.staking("owner_stake", amount=TOKEN))
        market.world.advance(FORTNIGHT)
        market.credited_until_now()
        if name not in ("activate", "owner_activate"):
            market.send(market.staking("activate"), market.staking("owner_activate"))
        if name in ("claim", "owner_claim"):
            market.unbounded()
            market.send(market.credit(market.publish({market.alice.node: 30 * TOKEN})))
        if name in ("withdraw", "owner_withdraw"):
            market.send(market.staking("unstake", amount=TOKEN))
            market.send(market.staking("owner_unstake", amount=401 * TOKEN))
            market.world.advance(FORTNIGHT)
        if name in ("unstake", "owner_unstake"):
            # Some of it leaves at once.
            market.send(market.staking("stake", amount=TOKEN), market.staking("owner_stake", amount=TOKEN))
        return market.staking(name, **given)

    return case


def _credit(market: Market) -> Instruction:
    _co_staked(market)
    market.unbounded()
    return market.credit(market.publish({market.alice.node: 30 * TOKEN, market.bob.node: TOKEN}))


def _register_node(market: Market) -> Instruction:
    return market.register_node(market.bob)


def _job(name: str) -> Case[Market]:
    def case(market: Market) -> Instruction:
        if name in ("start", "cancel", "expire", "confirm_manifest"):
            job = market.book()
            if name == "expire":
                market.world.advance(DAY)
            return market.jobs(name, job)
        job = market.run()
        if name in ("stop", "lose"):
            return market.jobs(name, job)
        market.world.advance(TWO_HOURS)
        if name == "attest":
            return market.jobs(name, job, args=attestation(HOUR))
        market.attest(job, HOUR, TWO_HOURS)
        if name == "complete":
            return market.jobs(name, job)
        market.send(market.jobs("complete", job))
        if name == "close":
            for paying in ("settle", "refund", "collect_fees"):
                market.send(market.jobs(paying, job))
            market.gift(market.job(job).escrow, 1)
        return market.jobs(name, job)

    return case


def _cluster(name: str) -> Case[Market]:
    def case(market: Market) -> Instruction:
        renter = market.renter.pubkey()
        if name == "open_cluster":
            return ix.jobs.open_cluster(renter=renter, id=bytes(32), size=2)
        cluster = market.cluster()
        if name == "set_delegate":
            return ix.jobs.set_delegate(renter=renter, cluster=cluster, delegate=market.dave.pubkey())
        if name == "grow_cluster":
            market.start(market.book(cluster=(one := market.cluster(size=1, number=3))))
            return ix.jobs.grow_cluster(booker=renter, cluster=one, places=1)
        market.world.advance(HOUR)
        return ix.jobs.close_cluster(renter=renter, cluster=cluster)

    return case


def _extend(market: Market) -> Instruction:
    job = market.run()
    market.world.advance(30)
    return market.jobs("extend", job, seconds=HOUR, payer=market.dave.pubkey())


def _dispute(name: str) -> Case[Market]:
    def case(market: Market) -> Instruction:
        job = market.run()
        if name == "dispute":
            return market.jobs(name, job)
        dispute = market.dispute(job)
        if name == "resolve":
            return market.jobs(name, job, gross=0)
        market.send(market.jobs("resolve", job, gross=0))
        return market.closing(dispute)

    return case


def _member(name: str) -> Case[Market]:
    def case(market: Market) -> Instruction:
        cluster = market.cluster()
        first = market.book(cluster=cluster)
        if name == "book":
            market.set_price()
            return market.booking(of=market.bob, cluster=cluster)
        market.book(of=market.bob, cluster=cluster)
        if name == "expire":
            market.world.advance(HOUR)
        if name in ("lose", "extend"):
            market.start(first)
        more = {"seconds": HOUR, "payer": market.dave.pubkey()} if name == "extend" else {}
        return market.jobs(name, first, **more)

    return case


def _successor(program: Any) -> Case[Market]:
    def case(market: Market) -> Instruction:
        heir = market.actor().pubkey()
        market.send(program.propose_authority(authority=market.world.deployer, successor=heir))
        built: Instruction = program.accept_authority(successor=heir)
        return built

    return case


def _admin(build: Callable[[Market, Pubkey], Instruction]) -> Case[Market]:
    return lambda market: build(market, market.world.deployer)


def _currency(market: Market, authority: Pubkey) -> Instruction:
    mint = Keypair().pubkey()
    market.world.client.cheats.set_mint(mint, decimals=8)
    return ix.jobs.create_currency(authority=authority, mint=mint, args=market.currency_args())


def _offer(market: Market) -> Instruction:
    return market.offering(market.bob)


def _set_offer(market: Market) -> Instruction:
    return ix.jobs.set_offer(owner=market.alice.key, node=market.alice.node, args=market.offer_args())


def _spare(market: Market) -> Pubkey:
    """Another registered processor of alice's."""
    made = market.register_device(market.alice, fingerprint=b"\x06" * 32)
    market.send(made)
    return pda.staking.device(b"\x06" * 32)


def _attach(market: Market) -> Instruction:
    return market.staking("attach_device", device=_spare(market))


def _detach(market: Market) -> Instruction:
    attach = _attach(market)
    market.send(attach)
    return market.staking("detach_device", device=attach.accounts[1].pubkey)


def _retired(name: str) -> Case[Market]:
    def case(market: Market) -> Instruction:
        market.send(market.staking("retire_node"))
        if name == "claim_device":
            market.send(market.staking("release_device"))
        return market.staking(name)

    return case


def _expel(market: Market) -> Instruction:
    market.send(market.staking("evict_device", ban=False), market.staking("evict_node"))
    market.credited_until_now()
    market.world.advance(DISPROOFS)
    return market.staking("expel_owner")


def _former(market: Market) -> Instruction:
    market.send(_expel(market))
    market.world.advance(FORTNIGHT)
    return market.staking("withdraw_former")


def _settle(market: Market) -> Instruction:
    market.co_stake(market.carol, TOKEN)
    market.send(market.staking("owner_stake", amount=TOKEN))
    market.credited_until_now()
    return market.staking("settle_changes")


def _cancel(market: Market) -> Instruction:
    market.send(proposing(market, 5 * TOKEN))
    market.world.advance(APPEAL)
    market.send(setting(market))
    purse = token_account(market.alice.key, IO_MINT)
    return about(market, "cancel_slash", authority=market.world.deployer, destination=purse)


def _join(market: Market) -> Instruction:
    register = ix.staking.register_network(authority=market.alice.key, name=bytes(32))
    market.send(register)
    return market.staking("join_network", network=pda.staking.network(market.alice.key))


def _earned(name: str) -> Case[Market]:
    def case(market: Market) -> Instruction:
        _co_staked(market)
        market.unbounded()
        market.send(market.credit(market.publish({market.alice.node: 30 * TOKEN})))
        return market.staking(name)

    return case


def _slash(name: str) -> Case[Market]:
    def case(market: Market) -> Instruction:
        market.send(proposing(market, 5 * TOKEN))
        if name == "appeal":
            return about(market, name)
        market.world.advance(APPEAL)
        if name == "resolve_slash":
            return about(market, name, amount=TOKEN)
        if name == "set_apart_slash":
            return setting(market)
        if name == "execute_slash":
            market.send(setting(market))
            return executing(market)
        market.world.advance(FORTNIGHT + 1)
        return about(market, name)

    return case


def _forfeit(market: Market) -> Instruction:
    _co_staked(market)
    made = market.publish({market.alice.node: 30 * TOKEN})
    decided_fraud(market, 550 * TOKEN)
    return market.staking("forfeit_reward", report=made.address, leaf=made.leaf(market.alice.node))


def _freeze(market: Market) -> Instruction:
    freeze = types.staking.CreditFreeze(
        until=market.world.now, lifted=False, guardian=False, quiet_until=0, min_report_seq=0
    )
    return ix.staking.freeze_credit(node=market.alice.node, freeze=freeze)


def _last_proof(market: Market) -> Instruction:
    passed = types.staking.ProofReason.PASSED
    verdict = types.staking.Verdict(1, 1, passed, True, bytes(32))
    return ix.staking.set_last_proof(node=market.alice.node, verdict=verdict)


def _disproved(market: Market) -> Instruction:
    return ix.staking.slash_disproved(
        payer=market.world.deployer,
        node=market.alice.node,
        shard=market.alice.shard,
        hour=1,
        period_end=market.world.now,
        evidence_hash=bytes(32),
    )


def _identity(market: Market) -> Instruction:
    attester = market.attesters[0].pubkey()
    return ix.staking.approve_identity(attester=attester, device=market.alice.device, digest=b"\7" * 32)


def _lowering(name: str) -> Case[Market]:
    def case(market: Market) -> Instruction:
        if name == "approve_class":
            below(market)
            return lowering(market, 0)
        return lowered(market)

    return case


def _unused(market: Market) -> int:
    """Makes room for a shard: they are all open."""
    market.world.client.network.set_account(pda.staking.shard(3), lamports=0)
    return 3


STAKING: dict[str, Case[Market]] = {
    "open_shard": lambda market: ix.staking.open_shard(payer=market.carol.pubkey(), index=_unused(market)),
    "create_class": _admin(lambda _, who: ix.staking.create_class(authority=who, id=9, args=class_args())),
    "set_class": _admin(lambda _, who: ix.staking.set_class(authority=who, id=CLASS, args=class_args())),
    "set_reference": _admin(
        lambda _, who: ix.staking.set_reference(authority=who, id=CLASS, reference=reference())
    ),
    "approve_identity": _identity,
    "approve_class": _lowering("approve_class"),
    "lower_class": _lowering("lower_class"),
    "register_device": lambda market: market.register_device(market.people.bob, fingerprint=b"\x05" * 32),
    "register_node": _register_node,
    "owner_stake": _staked("owner_stake", amount=TOKEN),
    "owner_activate": _staked("owner_activate"),
    "owner_unstake": _staked("owner_unstake", amount=450 * TOKEN),
    "owner_withdraw": _staked("owner_withdraw"),
    "owner_claim": _staked("owner_claim"),
    "open_position": lambda market: market.staking("open_position", by=market.dave),
    "stake": _staked("stake", amount=TOKEN),
    "activate": _staked("activate"),
    "unstake": _staked("unstake", amount=50 * TOKEN),
    "withdraw": _staked("withdraw"),
    "claim": _staked("claim"),
    "credit_node": _credit,
    "set_commission": lambda market: market.staking("set_commission", commission_bps=1_500),
    "owner_compound": _earned("owner_compound"),
    "compound": _earned("compound"),
    "retire_node": lambda market: market.staking("retire_node"),
    "reopen_node": _retired("reopen_node"),
    "attach_device": _attach,
    "detach_device": _detach,
    "release_device": _retired("release_device"),
    "claim_device": _retired("claim_device"),
    "evict_device": lambda market: market.staking("evict_device", ban=False),
    "evict_node": lambda market: market.staking("evict_node"),
    "expel_owner": _expel,
    "withdraw_former": _former,
    "settle_changes": _settle,
    "register_network": lambda market: ix.staking.register_network(
        authority=market.alice.key, name=bytes(32)
    ),
    "join_network": _join,
    "propose_slash": lambda market: proposing(market, 5 * TOKEN),
    "appeal": _slash("appeal"),
    "resolve_slash": _slash("resolve_slash"),
    "set_apart_slash": _slash("set_apart_slash"),
    "cancel_slash": _cancel,
    "execute_slash": _slash("execute_slash"),
    "close_slash": _slash("close_slash"),
    "forfeit_reward": _forfeit,
    "freeze_credit": _freeze,
    "set_last_proof": _last_proof,
    "slash_disproved": _disproved,
    "set_params": _admin(lambda market, who: ix.staking.set_params(authority=who, params=params(market))),
    "set_paused": _admin(lambda _, who: ix.staking.set_paused(signer=who, paused=1)),
    "propose_authority": _admin(lambda _, who: ix.staking.propose_authority(authority=who, successor=who)),
    "accept_authority": _successor(ix.staking),
}
JOBS: dict[str, Case[Market]] = {
    "create_currency": _admin(_currency),
    "set_currency": _admin(
        lambda market, who: ix.jobs.set_currency(
            authority=who, currency=pda.jobs.currency(IO_MINT), args=market.currency_args()
        )
    ),
    "offer": _offer,
    "set_offer": _set_offer,
    "book": lambda market: market.booking(),
    **{
        name: _job(name)
        for name in (
            *("confirm_manifest", "start", "attest", "lose", "settle", "collect_fees", "refund"),
            *("complete", "expire", "cancel", "stop", "close"),
        )
    },
    "open_cluster": _cluster("open_cluster"),
    "set_delegate": _cluster("set_delegate"),
    "grow_cluster": _cluster("grow_cluster"),
    "close_cluster": _cluster("close_cluster"),
    "extend": _extend,
    **{name: _dispute(name) for name in ("dispute", "resolve", "close_dispute")},
    "set_params": _admin(lambda market, who: ix.jobs.set_params(authority=who, params=jobs_params(market))),
    "set_paused": _admin(lambda _, who: ix.jobs.set_paused(signer=who, paused=1)),
    "propose_authority": _admin(lambda _, who: ix.jobs.propose_authority(authority=who, successor=who)),
    "accept_authority": _successor(ix.jobs),
}

#: The same calls for a node that is booked as part of a cluster.
MEMBERS: Final[dict[str, Case[Market]]] = {
    name: _member(name)
    for name in ("book", "confirm_manifest", "start", "extend", "lose", "cancel", "expire")
}

#: Accounts that may be another one, and why.
FREE_STAKING: Final = {
    # The owner of the node needs no first device beside.
    "detach_device": frozenset({"first"}),
    # Anybody pays.
    "open_shard": frozenset({"payer"}),
    # The device's key is whatever signs for it; either attester lets it in, in the class that it measured.
    "register_device": frozenset({"attester", "device_key", "owner", "class"}),
    # As when it was registered: whoever brings device and attester has it, in the class that was measured.
    "claim_device": frozenset({"attester", "device_key", "owner", "class"}),
    # Wherever in IO its owner wants it.
    **dict.fromkeys(
        ("owner_unstake", "owner_withdraw", "owner_claim", "unstake", "withdraw", "claim"),
        frozenset({"destination"}),
    ),
    # The proofs program may judge and freeze any of them.
    "freeze_credit": frozenset({"node"}),
    "set_last_proof": frozenset({"node"}),
    # Either attester.
    "approve_identity": frozenset({"attester"}),
    "approve_class": frozenset({"attester"}),
    # Whoever has shown it to the proofs program.
    "slash_disproved": frozenset({"payer"}),
}
FREE_JOBS: Final = {
    # The authority changes any of them.
    "set_currency": frozenset({"currency"}),
    # The empty place of the cluster names the program, where the event's call finds it. Whoever pays does so
    # for any renter, and for any wallet that gets the refund. On a verdict of late the head may be left out.
    "book": frozenset({"program", "renter", "refund_to", "proofs_config"}),
    "extend": frozenset({"program"}),
    # The other party, the other attester, and whoever else may start.
    "cancel": frozenset({"party"}),
    "stop": frozenset({"party"}),
    **dict.fromkeys(("attest", "confirm_manifest", "lose"), frozenset({"attester"})),
    "start": frozenset({"operator"}),
}
FREE_MEMBERS: Final = {
    # Without it the node is booked alone; without the head on a verdict of late.
    "book": frozenset({"cluster", "refund_to", "proofs_config"}),
    **dict.fromkeys(("confirm_manifest", "lose"), frozenset({"attester"})),
    "cancel": frozenset({"party"}),
    "start": frozenset({"operator"}),
}
#: Accounts that need not exist.
ABSENT_STAKING: Final = {
    # A node that was never offered has no lease.
    **dict.fromkeys(
        ("owner_unstake", "retire_node", "attach_device", "detach_device", "expel_owner", "lower_class"),
        frozenset({"offer"}),
    ),
    # An account that gets its rent back may have been empty.
    "close_slash": frozenset({"proposer"}),
}
ABSENT_JOBS: Final = {
    # An account that gets its rent back may have been empty.
    "close": frozenset({"rent_payer"}),
    "close_dispute": frozenset({"rent_payer"}),
    "close_cluster": frozenset({"renter"}),
    # The device starts without being an attester.
    "start": frozenset({"attester_set"}),
}


def _without_node() -> Market:
    market = Market.new()
    market.send(market.register_device(market.bob))
    return market


def _without_offer() -> Market:
    market = _without_node()
    market.send(market.register_node(market.bob))
    stake = market.staking("owner_stake", of=market.bob, amount=300 * TOKEN)
    market.send(stake, market.staking("owner_activate", of=market.bob))
    return market


ON_STAKING: Final = Suite(
    "staking",
    STAKING,
    joined,
    market_accounts,
    FREE_STAKING,
    ABSENT_STAKING,
    again=frozenset({"owner_stake", "owner_unstake", "stake", "unstake"}),
    # A leaf credits what is new in it.
    harmless=SETTERS
    | {"credit_node", "evict_device", "set_class", "set_commission", "set_reference", "settle_changes"},
    # What the proofs program signs.
    unsendable=frozenset({"freeze_credit", "set_last_proof", "slash_disproved"}),
    # A slash is dismissed by nothing.
    zero=frozenset({"resolve_slash"}),
    scenes={"register_node": _without_node},
)
ON_JOBS: Final = Suite(
    "jobs",
    JOBS,
    joined,
    market_accounts,
    FREE_JOBS,
    ABSENT_JOBS,
    again=frozenset({"extend"}),
    # What is owed is paid once; what was attested is attested.
    harmless=SETTERS
    | {"attest", "collect_fees", "confirm_manifest", "refund", "set_currency", "set_delegate", "set_offer"}
    # A place that nobody books is nothing.
    | {"grow_cluster", "settle"},
    scenes={"offer": _without_offer},
)
ON_MEMBERS: Final = Suite(
    "jobs",
    MEMBERS,
    joined,
    market_accounts,
    FREE_MEMBERS,
    {"start": ABSENT_JOBS["start"]},
    again=frozenset({"extend"}),
    harmless=frozenset({"confirm_manifest"}),
    untested=frozenset(JOBS) - frozenset(MEMBERS) | {"initialize"},
)


@pytest.mark.parametrize("check", ON_STAKING.checks())
def test_staking_does_only_what_is_meant(check: Check) -> None:
    check()


@pytest.mark.parametrize("check", ON_JOBS.checks())
def test_jobs_do_only_what_is_meant(check: Check) -> None:
    check()


@pytest.mark.parametrize("check", ON_MEMBERS.checks())
def test_jobs_in_a_cluster_do_only_what_is_meant(check: Check) -> None:
    check()

"""Every instruction of the staking and jobs programs, with each account replaced, unsigned and read-only.

Each case is a call that works. It may not work any more when one account is another one, but for what `FREE`
names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from solders.compute_budget import set_compute_unit_limit
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction
from tests.programs.market import CLASS, IO_MINT, OTHER_CLASS, TWO_HOURS, Market
from tests.programs.people import TOKEN, attestation, class_args
from tests.programs.support import DAY, HOUR
from tests.programs.test_jobs_running import jobs_params
from tests.programs.test_slashing import APPEAL, about, decided, executing, proposing, stake_elsewhere
from tests.programs.test_staking_owner import FORTNIGHT
from tests.programs.test_staking_setup import params

from ionet import ix, pda, price_feed, token_account, types

IDL: Final = Path(__file__).resolve().parents[2] / "idl"
Case = Callable[[Market], Instruction]


# -- one working call of each instruction


def _co_staked(market: Market) -> None:
    market.co_stake(market.carol, 100 * TOKEN)
    market.activate_all(market.carol)


def _staked(name: str, **given: Any) -> Case:
    def case(market: Market) -> Instruction:
        _co_staked(market)
        market.send(market.staking("stake", amount=TOKEN), market.staking("owner_stake", amount=TOKEN))
        market.world.advance(FORTNIGHT)
        if name not in ("activate", "owner_activate"):
            market.send(market.staking("activate"), market.staking("owner_activate"))
        if name in ("claim", "owner_claim"):
            market.send(market.credit(market.publish({market.alice.node: 30 * TOKEN})))
        if name in ("withdraw", "owner_withdraw"):
            market.send(market.staking("unstake", amount=TOKEN))
            market.send(market.staking("owner_unstake", amount=401 * TOKEN))
            market.world.advance(FORTNIGHT)
        if name in ("unstake", "owner_unstake"):
            # Some of it leaves at once.
            market.send(market.staking("stake", amount=TOKEN))
        return market.staking(name, **given)

    return case


def _credit(market: Market) -> Instruction:
    _co_staked(market)
    return market.credit(market.publish({market.alice.node: 30 * TOKEN, market.bob.node: TOKEN}))


def _register_node(market: Market) -> Instruction:
    return market.register_node(market.bob)


def _job(name: str) -> Case:
    def case(market: Market) -> Instruction:
        if name in ("start", "cancel", "expire"):
            job = market.book()
            if name == "expire":
                market.world.advance(DAY)
            return market.jobs(name, job)
        job = market.run()
        if name == "stop":
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


def _cluster(name: str) -> Case:
    def case(market: Market) -> Instruction:
        renter = market.renter.pubkey()
        if name == "open_cluster":
            return ix.jobs.open_cluster(renter=renter, id=bytes(32), size=2)
        cluster = market.cluster()
        market.world.advance(HOUR)
        return ix.jobs.close_cluster(renter=renter, cluster=cluster)

    return case


def _extend(market: Market) -> Instruction:
    job = market.run()
    market.world.advance(30)
    return market.jobs("extend", job, seconds=HOUR)


def _dispute(name: str) -> Case:
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


def _member(name: str) -> Case:
    def case(market: Market) -> Instruction:
        cluster = market.cluster()
        first = market.book(cluster=cluster)
        if name == "book":
            market.set_price()
            return market.booking(of=market.bob, cluster=cluster)
        market.book(of=market.bob, cluster=cluster)
        if name == "expire":
            market.world.advance(HOUR)
        return market.jobs(name, first)

    return case


def _successor(program: Any) -> Case:
    def case(market: Market) -> Instruction:
        heir = market.actor().pubkey()
        market.send(program.propose_authority(authority=market.world.deployer, successor=heir))
        built: Instruction = program.accept_authority(successor=heir)
        return built

    return case


def _admin(build: Callable[[Market, Pubkey], Instruction]) -> Case:
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


def _retired(name: str) -> Case:
    def case(market: Market) -> Instruction:
        market.send(market.staking("retire_node"))
        if name == "claim_device":
            market.send(market.staking("release_device"))
        return market.staking(name)

    return case


def _expel(market: Market) -> Instruction:
    market.send(market.staking("evict_device", ban=False), market.staking("evict_node"))
    market.world.advance(FORTNIGHT)
    return market.staking("expel_owner")


def _join(market: Market) -> Instruction:
    register = ix.staking.register_network(authority=market.alice.key, name=bytes(32))
    market.send(register)
    return market.staking("join_network", network=pda.staking.network(market.alice.key))


def _earned(name: str) -> Case:
    def case(market: Market) -> Instruction:
        _co_staked(market)
        market.send(market.credit(market.publish({market.alice.node: 30 * TOKEN})))
        return market.staking(name)

    return case


def _slash(name: str) -> Case:
    def case(market: Market) -> Instruction:
        market.send(proposing(market, 5 * TOKEN))
        if name == "appeal":
            return about(market, name)
        market.world.advance(APPEAL)
        if name == "resolve_slash":
            return about(market, name, amount=TOKEN)
        if name == "execute_slash":
            return executing(market)
        market.world.advance(FORTNIGHT + 1)
        return about(market, name)

    return case


def _forfeit(market: Market) -> Instruction:
    _co_staked(market)
    made = market.publish({market.alice.node: 30 * TOKEN})
    stake_elsewhere(market, 1_000_000 * TOKEN)
    decided(market, 550 * TOKEN)
    market.send(executing(market))
    return market.staking("forfeit_reward", report=made.address, leaf=made.leaf(market.alice.node))


def _freeze(market: Market) -> Instruction:
    freeze = types.staking.CreditFreeze(until=market.world.now, lifted=False, min_report_seq=0)
    return ix.staking.freeze_credit(node=market.alice.node, freeze=freeze)


def _last_proof(market: Market) -> Instruction:
    verdict = types.staking.ProofVerdict(seed=bytes(32), score_bps=1, reason=0)
    return ix.staking.set_last_proof(node=market.alice.node, verdict=verdict)


STAKING: dict[str, Case] = {
    "open_shard": lambda market: ix.staking.open_shard(payer=market.carol.pubkey(), index=_unused(market)),
    "create_class": _admin(lambda _, who: ix.staking.create_class(authority=who, id=9, args=class_args())),
    "set_class": _admin(lambda _, who: ix.staking.set_class(authority=who, id=CLASS, args=class_args())),
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
    "register_network": lambda market: ix.staking.register_network(
        authority=market.alice.key, name=bytes(32)
    ),
    "join_network": _join,
    "propose_slash": lambda market: proposing(market, 5 * TOKEN),
    "appeal": _slash("appeal"),
    "resolve_slash": _slash("resolve_slash"),
    "execute_slash": _slash("execute_slash"),
    "close_slash": _slash("close_slash"),
    "forfeit_reward": _forfeit,
    "freeze_credit": _freeze,
    "set_last_proof": _last_proof,
    "set_params": _admin(lambda market, who: ix.staking.set_params(authority=who, params=params(market))),
    "set_paused": _admin(lambda _, who: ix.staking.set_paused(signer=who, paused=1)),
    "propose_authority": _admin(lambda _, who: ix.staking.propose_authority(authority=who, successor=who)),
    "accept_authority": _successor(ix.staking),
}
JOBS: dict[str, Case] = {
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
            *("start", "attest", "settle", "collect_fees", "refund"),
            *("complete", "expire", "cancel", "stop", "close"),
        )
    },
    "open_cluster": _cluster("open_cluster"),
    "close_cluster": _cluster("close_cluster"),
    "extend": _extend,
    **{name: _dispute(name) for name in ("dispute", "resolve", "close_dispute")},
    "set_params": _admin(lambda market, who: ix.jobs.set_params(authority=who, params=jobs_params(market))),
    "set_paused": _admin(lambda _, who: ix.jobs.set_paused(signer=who, paused=1)),
    "propose_authority": _admin(lambda _, who: ix.jobs.propose_authority(authority=who, successor=who)),
    "accept_authority": _successor(ix.jobs),
}
CASES = [
    *(("staking", name, case) for name, case in STAKING.items()),
    *(("jobs", name, case) for name, case in JOBS.items()),
    *(("jobs", name, _member(name)) for name in ("book", "start", "cancel", "expire")),
]

IDS = [f"{one[0]}.{one[1]}" for one in CASES]

#: Accounts that may be another one, and why.
FREE: Final = {
    # Anybody pays.
    ("staking", "open_shard", "payer"),
    # The device's key is whatever signs for it; either attester lets it in, in the class that it measured.
    ("staking", "register_device", "attester"),
    ("staking", "register_device", "device_key"),
    ("staking", "register_device", "owner"),
    ("staking", "register_device", "class"),
    # Wherever in IO its owner wants it.
    *(
        ("staking", name, "destination")
        for name in ("owner_unstake", "owner_withdraw", "owner_claim", "unstake", "withdraw", "claim")
    ),
    # As when it was registered: whoever brings device and attester has it, in the class that was measured.
    ("staking", "claim_device", "attester"),
    ("staking", "claim_device", "device_key"),
    ("staking", "claim_device", "owner"),
    ("staking", "claim_device", "class"),
    # The resolver may evict any of them, and the proofs program judge and freeze any; the slasher chooses.
    ("staking", "evict_node", "node"),
    ("staking", "freeze_credit", "node"),
    ("staking", "set_last_proof", "node"),
    # The authority changes any of them.
    ("jobs", "set_currency", "currency"),
    # The other party, the other attester, and whoever else may start.
    ("jobs", "cancel", "party"),
    # Without it the node is booked alone; its place then names the program, where the event's call finds it.
    ("jobs", "book", "cluster"),
    ("jobs", "book", "program"),
    # Whoever opens one will be its renter.
    ("jobs", "open_cluster", "renter"),
    ("jobs", "stop", "party"),
    ("jobs", "attest", "attester"),
    ("jobs", "start", "operator"),
}
#: What is meant again when it is sent again.
AGAIN: Final = {"owner_stake", "owner_unstake", "stake", "unstake", "extend"}
#: What a program signs, so that no test can send it.
SIGNED_BY_PROGRAMS: Final = {"freeze_credit", "set_last_proof"}


def _unused(market: Market) -> int:
    """Makes room for a shard: they are all open."""
    market.world.client.network.set_account(pda.staking.shard(3), lamports=0)
    return 3


# -- running them


def prepared(case: Case) -> tuple[Market, Instruction, Pubkey]:
    """A market with alice's and bob's nodes in which the call works, and somebody to pay for it."""
    market = Market.new()
    if case is _register_node:
        market.send(market.register_device(market.bob))
    elif case is _offer:
        market.send(market.register_device(market.bob), market.register_node(market.bob))
    else:
        market.join(market.bob, 300 * TOKEN)
        market.co_stake(market.carol, TOKEN, of=market.bob)
    return market, case(market), market.actor().pubkey()


def works(market: Market, payer: Pubkey, instruction: Instruction) -> bool:
    """Whether a call would succeed; signatures are not looked at, flags are."""
    instructions = [instruction, set_compute_unit_limit(1_400_000)]
    network = market.world.client.network
    message = MessageV0.try_compile(payer, instructions, [], network.latest_blockhash)
    signatures = [Signature.default()] * message.header.num_required_signatures
    return network.simulate(VersionedTransaction.populate(message, signatures)).error is None


def names(program: str, instruction: str) -> list[str]:
    """The names of an instruction's accounts, in order."""
    idl = json.loads((IDL / f"{program}.json").read_text())
    found = next(one for one in idl["instructions"] if one["name"] == instruction)
    return [one["name"] for one in found["accounts"]]


def changed(instruction: Instruction, index: int, meta: AccountMeta) -> Instruction:
    metas = list(instruction.accounts)
    metas[index] = meta
    return Instruction(instruction.program_id, bytes(instruction.data), metas)


def others(market: Market, instruction: Instruction) -> Iterator[Pubkey]:
    """An account of every type, those of other people and nodes, and nothing at all."""
    yield from {meta.pubkey for meta in instruction.accounts}
    yield Keypair().pubkey()
    yield from (pda.mint.CONFIG, pda.proofs.CONFIG, pda.proofs.ATTESTER_SET, pda.buyback.CONFIG)
    yield from (pda.staking.CONFIG, pda.staking.EMISSION_LEDGER, pda.staking.class_(OTHER_CLASS))
    yield from (pda.jobs.CONFIG, pda.jobs.currency(market.usdc), price_feed(b"USDC/USD".ljust(32, b"\0")))
    yield from (pda.staking.shard(index) for index in range(0, 16, 5))
    for supplier in (market.alice, market.bob):
        yield from (supplier.device, supplier.node, supplier.vault, supplier.offer)
        yield from (supplier.key, supplier.device_key.pubkey(), token_account(supplier.key, IO_MINT))
    for holder in (market.carol, market.dave, market.renter):
        yield from (holder.pubkey(), token_account(holder.pubkey(), IO_MINT))
    yield from (pda.staking.position(market.bob.node, market.carol.pubkey()), market.usdc, IO_MINT)
    yield from (token_account(market.renter.pubkey(), market.usdc), pda.mint.EMISSION_VAULT)
    yield from (pda.buyback.vault(IO_MINT, shard) for shard in range(8))
    yield from (one.pubkey() for one in market.attesters)


@pytest.mark.parametrize("program", ["staking", "jobs"])
def test_every_instruction_has_a_case(program: str) -> None:
    """The other one, `initialize`, is tested with the roles."""
    idl = json.loads((IDL / f"{program}.json").read_text())
    cases = {name for of, name, _ in CASES if of == program}
    assert cases == {one["name"] for one in idl["instructions"]} - {"initialize"}


@pytest.mark.parametrize(("program", "name", "case"), CASES, ids=IDS)
def test_no_account_can_be_another_one(program: str, name: str, case: Case) -> None:
    market, call, payer = prepared(case)
    assert works(market, payer, call)
    accepted = set()
    for index, account in enumerate(names(program, name)):
        meta = call.accounts[index]
        if (program, name, account) in FREE:
            continue
        accepted |= {
            f"{account}: {other}"
            for other in others(market, call)
            if other != meta.pubkey
            and works(
                market, payer, changed(call, index, AccountMeta(other, meta.is_signer, meta.is_writable))
            )
        }
    assert not accepted


@pytest.mark.parametrize(("program", "name", "case"), CASES, ids=IDS)
def test_every_signature_and_every_writable_account_is_needed(program: str, name: str, case: Case) -> None:
    market, call, payer = prepared(case)
    assert works(market, payer, call)
    needless = []
    for index, account in enumerate(names(program, name)):
        meta = call.accounts[index]
        if meta.is_signer:
            unsigned = changed(call, index, AccountMeta(meta.pubkey, False, meta.is_writable))
            needless += ["signer " + account] if works(market, payer, unsigned) else []
        if meta.is_writable:
            fixed = changed(call, index, AccountMeta(meta.pubkey, meta.is_signer, False))
            needless += ["writable " + account] if works(market, payer, fixed) else []
    assert not needless


@pytest.mark.parametrize(
    ("name", "case"),
    [(name, case) for _, name, case in CASES if name not in AGAIN | SIGNED_BY_PROGRAMS],
    ids=[f"{program}.{name}" for program, name, _ in CASES if name not in AGAIN | SIGNED_BY_PROGRAMS],
)
def test_the_same_call_twice_moves_no_tokens_twice(name: str, case: Case) -> None:
    market, call, payer = prepared(case)
    market.world.send(call, signers=market.signers(call))
    tokens = {
        meta.pubkey: bytes(found.data)
        for meta in call.accounts
        if (found := market.world.client.account(meta.pubkey)) is not None and len(found.data) == 165
    }
    if works(market, payer, call):
        market.world.send(call, signers=market.signers(call))
    for key, data in tokens.items():
        assert bytes(market.world.raw(key).data) == data, f"{name} moved tokens of {key} again"

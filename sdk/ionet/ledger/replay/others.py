"""Mint, reports, buyback, grants and airdrops, votes; and what all configurations have alike."""

from __future__ import annotations

from typing import Any

from ionet import constants, pda
from ionet import events as e
from ionet.administration.shards import vault_of
from ionet.ledger.replay import records as r
from ionet.ledger.replay.state import State, on
from ionet.types import buyback as buyback_types
from ionet.types import governance as governance_types
from ionet.types import mint as mint_types
from ionet.types import proofs as proof_types

_M, _P, _B, _D, _G = e.mint, e.proofs, e.buyback, e.distributor, e.governance


def _owned(state: State, event: Any) -> r.Owned:
    """The configuration of an event's program."""
    program = type(event).__module__.split(".")[-2]
    config = getattr(state, {"jobs": "jobs_config"}.get(program, program))
    if config is None:
        raise LookupError(program)
    assert isinstance(config, r.Owned)
    config.seq = event.seq
    return config


_OWNED = (_M, _P, _B, _D, e.jobs, e.staking)


@on(*(module.PausedSet for module in _OWNED))
def _paused(state: State, event: Any, now: int) -> None:
    _owned(state, event).roles__paused = event.paused


@on(*(module.AuthorityProposed for module in _OWNED))
def _succeeding(state: State, event: Any, now: int) -> None:
    _owned(state, event).roles__pending_authority = event.successor


@on(*(module.AuthorityAccepted for module in _OWNED))
def _succeeded(state: State, event: Any, now: int) -> None:
    config = _owned(state, event)
    config.roles__authority, config.roles__pending_authority = event.authority, r.NOBODY


# --- mint ---------------------------------------------------------------------------------------


def _mint(state: State, event: Any) -> r.MintConfig:
    if state.mint is None:
        raise LookupError("mint")
    state.mint.seq = event.seq
    return state.mint


@on(_M.Initialized)
def _minting(state: State, event: _M.Initialized, now: int) -> None:
    config = state.mint = r.MintConfig(
        roles__authority=event.authority, roles__pauser=event.authority, start=event.start, last_time=now
    )
    _set_policy(config, event.policy)


@on(_M.ParamsSet)
def _mint_params(state: State, event: _M.ParamsSet, now: int) -> None:
    _mint(state, event).roles__pauser = event.pauser


@on(_M.GenesisMinted)
def _genesis(state: State, event: _M.GenesisMinted, now: int) -> None:
    config = _mint(state, event)
    state.agree(event, "genesis_total", event.genesis_total, config.genesis + event.amount)
    config.genesis = event.genesis_total
    config.allocated |= 1 << int(event.allocation)
    state.supply += event.amount
    state.agree(event, "supply", event.supply, state.supply)


@on(_M.Emitted)
def _emitted(state: State, event: _M.Emitted, now: int) -> None:
    config = _mint(state, event)
    amount = event.paid + event.withheld
    state.agree(event, "emitted_total", event.emitted_total, config.emitted + amount)
    state.agree(event, "withheld_total", event.withheld_total, config.withheld + event.withheld)
    config.emitted, config.withheld = event.emitted_total, event.withheld_total
    config.paid += event.paid
    config.policy__paid = event.policy_paid
    config.history = [(event.emitted_total, event.withheld_total), *config.history[:-1]]
    config.last_time = event.time
    state.supply += amount
    state.agree(event, "supply", event.supply, state.supply)


@on(_M.PolicySet)
def _policy(state: State, event: _M.PolicySet, now: int) -> None:
    config = _mint(state, event)
    _set_policy(config, event.policy)
    config.policy__emitted_before, config.policy__burned_before = event.emitted_before, event.burned_before
    config.policy__paid = 0


def _set_policy(config: r.MintConfig, policy: mint_types.PolicyArgs) -> None:
    config.policy__kind, config.policy__floor_bps = int(policy.kind), policy.floor_bps
    config.policy__per_burned_bps = policy.per_burned_bps


@on(_M.ReserveBurned)
def _reserve(state: State, event: _M.ReserveBurned, now: int) -> None:
    config = _mint(state, event)
    state.agree(event, "burned_total", event.burned_total, config.reserve_burned + event.amount)
    config.reserve_burned = event.burned_total
    state.supply -= event.amount
    state.agree(event, "supply", event.supply, state.supply)


# --- proofs -------------------------------------------------------------------------------------


def _proofs(state: State, event: Any) -> r.ProofsConfig:
    if state.proofs is None:
        raise LookupError("proofs")
    state.proofs.seq = event.seq
    if not isinstance(event, (_P.AttestersSet, _P.ParamsSet)):
        state.proofs.last_time = max(state.time, state.proofs.last_time)
    return state.proofs


@on(_P.Initialized)
def _proving(state: State, event: _P.Initialized, now: int) -> None:
    config = state.proofs = r.ProofsConfig(roles__authority=event.authority, last_time=now)
    _set_proofs(config, event.params)
    # It has no seats yet, and is there.
    state.attesters = r.AttesterSet()


@on(_P.ParamsSet)
def _proof_params(state: State, event: _P.ParamsSet, now: int) -> None:
    _set_proofs(_proofs(state, event), event.params)


def _set_proofs(config: r.ProofsConfig, params: proof_types.ParamsArgs) -> None:
    config.roles__pauser = params.pauser
    for name in (
        *("guardian", "resolver", "challenge_window", "challenge_freeze", "challenge_bond", "gpu_bps"),
        *("in_use_bps", "fee_bound_bps", "up_hours", "hold"),
    ):
        setattr(config, name, getattr(params, name))


@on(_P.AttestersSet)
def _attesters(state: State, event: _P.AttestersSet, now: int) -> None:
    _proofs(state, event)
    keys = tuple(seat.key for seat in event.seats)
    weights = tuple(seat.weight for seat in event.seats)
    before, now = state.attesters or r.AttesterSet(), event.changed_at
    staying = [one for one in before.departed if one[1] > now]
    leaving = [key for key in before.keys if key != r.NOBODY and key not in keys]
    until = now + constants.proofs.DEPARTED_TIME
    state.attesters = r.AttesterSet(
        event.set_version,
        event.threshold,
        event.total_weight,
        len(keys),
        keys,
        weights,
        now,
        (*staying, *((key, until) for key in leaving)),
    )


@on(_P.ReportMade)
def _made(state: State, event: _P.ReportMade, now: int) -> None:
    _proofs(state, event)
    before = state.reports.get(event.predecessor)
    state.reports[event.report] = r.Report(
        predecessor_end=before.period_end if before is not None else 0,
        seq=event.report_seq,
        correction=int(event.correction),
        root=event.root,
        total=event.total,
        period_end=event.period_end,
        leaves=event.leaves,
        height=event.height,
        predecessor=event.predecessor,
        created_at=event.created_at,
        set_version=event.set_version,
        evidence_hash=event.evidence_hash,
        evidence_uri=event.evidence_uri,
        paid=event.paid,
        payer=event.payer,
    )


def _head(config: r.ProofsConfig, head: proof_types.HeadState) -> None:
    config.head, config.head_period_end = head.height, head.period_end
    for name in ("min_height", "correction_at", "previous_min_height", "previous_correction_at"):
        setattr(config, name, getattr(head, name))


@on(_P.ReportApproved)
def _approved(state: State, event: _P.ReportApproved, now: int) -> None:
    config, report = _proofs(state, event), state.reports[event.report]
    report.approvals |= 1 << event.seat
    report.weight = event.weight
    _head(config, event.head)
    if event.approved_at:
        _decided(report, event.approved_at)


def _decided(report: r.Report, at: int) -> None:
    report.approved_at, report.state = at, int(proof_types.ReportState.APPROVED)


@on(_P.CorrectionEndorsed)
def _endorsed(state: State, event: _P.CorrectionEndorsed, now: int) -> None:
    config, report = _proofs(state, event), state.reports[event.report]
    _head(config, event.head)
    if event.approved_at:
        _decided(report, event.approved_at)
    report.endorsed = 1


@on(_P.VerdictShown)
def _shown(state: State, event: _P.VerdictShown, now: int) -> None:
    _toggle(state, event.node)
    node = state.nodes.get(event.node)
    if node is not None:
        node.last_proof__passed = int(event.verdict.passed)


def _toggle(state: State, node: Any) -> None:
    """A verdict is shown by proofs and written by staking, in one transaction: one never stands alone."""
    state.unshown ^= {node}


@on(_P.ReportRenewed)
def _renewed(state: State, event: _P.ReportRenewed, now: int) -> None:
    _proofs(state, event)
    report = state.reports[event.report]
    report.state, report.set_version = int(proof_types.ReportState.PENDING), event.set_version
    # The attester's approval is the next event.
    report.approvals = report.weight = report.approved_at = report.endorsed = 0


@on(_P.ReportFinalized)
def _final(state: State, event: _P.ReportFinalized, now: int) -> None:
    config, report = _proofs(state, event), state.reports[event.report]
    config.final_height, config.final_report = event.height, event.report
    config.highest_total, config.highest_paid = event.highest_total, event.highest_paid
    report.state, report.finalized_at = int(proof_types.ReportState.FINAL), event.finalized_at
    report.creditable_from, report.creditable_until = event.creditable_from, event.creditable_until
    state.agree(event, "total", event.total, report.total)


@on(_P.ReportVoided)
def _void(state: State, event: _P.ReportVoided, now: int) -> None:
    config = _proofs(state, event)
    _head(config, event.head)
    if event.next_void != config.next_void:
        # One of the guardian's, of which there are so many in a while.
        config.voids[config.next_void] = config.last_time
        config.next_void = event.next_void
    state.reports[event.report].state = int(proof_types.ReportState.VOID)


@on(_P.ChallengeMade)
def _challenged(state: State, event: _P.ChallengeMade, now: int) -> None:
    _proofs(state, event)
    node = state.nodes.get(event.node)
    if node is not None:
        node.challenges += 1
    state.challenges[event.challenge] = r.Challenge(
        event.report, event.node, event.challenger, event.bond, now, event.until, event.evidence_hash
    )


@on(_P.ChallengeDecided, _P.ChallengeLifted)
def _lifted(state: State, event: Any, now: int) -> None:
    _proofs(state, event)
    challenge = state.challenges.pop(event.challenge)
    node = state.nodes.get(event.node)
    if node is not None:
        node.challenges -= 1
    state.agree(event, "bond", event.bond, challenge.bond)
    if isinstance(event, _P.ChallengeDecided) and not event.upheld:
        state.supply -= event.bond


@on(_P.HourTicked)
def _ticked(state: State, event: _P.HourTicked, now: int) -> None:
    state.hours[event.hour] = r.Hour(
        seq=event.report_seq,
        period_end=event.period_end,
        ticked_at=now,
        seed_slot=event.seed_slot,
        seed=event.seed,
        payer=event.payer,
    )


@on(_P.ComputeCommitted)
def _committed(state: State, event: _P.ComputeCommitted, now: int) -> None:
    hour = state.hours[event.hour]
    hour.committed |= 1 << event.seat
    hour.set_version, hour.draw_from = event.set_version, event.draw_from
    hour.roots[event.seat], hour.counts[event.seat] = event.root, event.count
    if event.draw_from and (seats := state.attesters) is not None:
        # The draw counts from the last seat's root on.
        others = sum(1 << seat for seat, weight in enumerate(seats.weights) if weight)
        state.agree(event, f"of hour {event.hour} seats", hour.committed & others, others)


@on(_P.HourDrawn)
def _drawn(state: State, event: _P.HourDrawn, now: int) -> None:
    hour = state.hours[event.hour]
    if event.drawn_slot:
        state.agree(event, f"of hour {event.hour} draw_from", event.draw_from, hour.draw_from)
    hour.draw_from, hour.drawn_slot = event.draw_from, event.drawn_slot
    hour.randomness = event.randomness


@on(_P.HourClosed)
def _hour_closed(state: State, event: _P.HourClosed, now: int) -> None:
    del state.hours[event.hour]


# --- buyback ------------------------------------------------------------------------------------


def _buyback(state: State) -> r.BuybackConfig:
    if state.buyback is None:
        raise LookupError("buyback")
    return state.buyback


@on(_B.Initialized)
def _buying(state: State, event: _B.Initialized, now: int) -> None:
    config = state.buyback = r.BuybackConfig(roles__authority=event.authority, last_time=now)
    _set_buyback(config, event.params)


@on(_B.ParamsSet)
def _buyback_params(state: State, event: _B.ParamsSet, now: int) -> None:
    config = _buyback(state)
    config.seq = event.seq
    _set_buyback(config, event.params)


def _set_buyback(config: r.BuybackConfig, params: buyback_types.ParamsArgs) -> None:
    config.roles__pauser = params.pauser
    for name in (
        *("feed_id", "price_account", "start_bps", "end_bps", "period", "daily_share_bps", "min_lot"),
    ):
        setattr(config, name, getattr(params, name))
    config.price_limits__max_age = params.max_price_age
    config.price_limits__max_confidence_bps = params.max_confidence_bps
    config.price_limits__max_ema_distance_bps = params.max_ema_distance_bps


@on(_B.VaultOpened)
def _vault(state: State, event: _B.VaultOpened, now: int) -> None:
    _buyback(state).seq = event.seq
    state.fee_vaults.setdefault(event.vault, 0)


def _burned(state: State, event: Any, amount: int) -> None:
    """A receipt: what it burned is what the supply fell by."""
    config = _buyback(state)
    state.agree(event, "receipt", event.receipt, config.receipts + 1)
    state.agree(event, "burned_total", event.burned_total, config.burned + amount)
    state.agree(event, "supply_before", event.supply_before, state.supply)
    state.agree(event, "supply_after", event.supply_after, event.supply_before - amount)
    config.receipts, config.burned = event.receipt, event.burned_total
    config.last_time = max(state.time, config.last_time)
    state.supply -= amount


@on(_B.FeesBurned)
def _fees(state: State, event: _B.FeesBurned, now: int) -> None:
    _burned(state, event, event.amount)
    _buyback(state).seq = event.seq
    state.fee_vaults[pda.buyback.vault(pda.mint.MINT, event.shard)] -= event.amount


@on(_B.AuctionOpened)
def _auction(state: State, event: _B.AuctionOpened, now: int) -> None:
    state.auctions[event.auction] = r.Auction(
        event.mint, event.shard, event.vault, last_time=now, seq=event.seq
    )


@on(_B.AuctionStarted)
def _lot(state: State, event: _B.AuctionStarted, now: int) -> None:
    auction = state.auctions[event.auction]
    auction.seq, auction.last_time = event.seq, event.time
    auction.lot__started_at, auction.lot__size = event.time, event.size
    auction.lot__left, auction.lot__minimum = event.size, event.minimum
    auction.lot__decimals = event.decimals
    auction.day, auction.opening, auction.sold_today = event.day, event.opening, event.sold_today


@on(_B.IoSold)
def _sold(state: State, event: _B.IoSold, now: int) -> None:
    auction = state.auctions[event.auction]
    _burned(state, event, event.io)
    state.agree(event, "sold_total", event.sold_total, auction.sold + event.out)
    state.agree(event, "bought_total", event.bought_total, auction.bought + event.io)
    state.agree(event, "sale", event.sale, auction.sales + 1)
    state.agree(event, "vault_after", event.vault_after, event.vault_before - event.out)
    state.fee_vaults[auction.vault] -= event.out
    auction.sold, auction.bought = event.sold_total, event.bought_total
    auction.sales, auction.seq, auction.lot__left = event.sale, event.seq, event.left
    auction.sold_today, auction.last_time = event.sold_today, event.time
    if event.time // 86_400 != auction.day:
        # The first sale of another day begins it.
        auction.day, auction.opening = event.time // 86_400, event.vault_before


@on(_B.PayoutOpened)
def _payout(state: State, event: _B.PayoutOpened, now: int) -> None:
    state.payouts[event.job] = r.Payout(
        event.job, event.supplier, event.mint, event.vault, last_time=now, seq=event.seq
    )


@on(_B.PayoutStarted)
def _payout_lot(state: State, event: _B.PayoutStarted, now: int) -> None:
    payout = state.payouts[event.job]
    payout.seq, payout.lot__started_at, payout.last_time = event.seq, event.time, event.time
    payout.lot__size = payout.lot__left = event.size
    payout.lot__minimum, payout.lot__decimals = event.minimum, event.decimals


@on(_B.IoCredited)
def _payout_sold(state: State, event: _B.IoCredited, now: int) -> None:
    payout = state.payouts[event.job]
    state.agree(event, "sold_total", event.sold_total, payout.sold + event.out)
    state.agree(event, "credited_total", event.credited_total, payout.credited + event.io)
    state.agree(event, "receipt", event.receipt, payout.sales + 1)
    payout.held -= event.out
    payout.sold, payout.credited = event.sold_total, event.credited_total
    payout.sales, payout.seq, payout.lot__left = event.receipt, event.seq, event.left
    payout.last_time = event.time


@on(_B.PayoutWithdrawn)
def _payout_withdrawn(state: State, event: _B.PayoutWithdrawn, now: int) -> None:
    payout = state.payouts[event.job]
    amount = event.amount + event.fee
    state.agree(event, "withdrawn_total", event.withdrawn_total, payout.withdrawn + amount)
    payout.withdrawn, payout.seq, payout.last_time = event.withdrawn_total, event.seq, event.time
    payout.held -= amount
    state.fee_vaults[vault_of(event.job, payout.mint)] += event.fee
    payout.lot__left = 0


@on(_B.PayoutClosed)
def _payout_closed(state: State, event: _B.PayoutClosed, now: int) -> None:
    payout = state.payouts.pop(event.job)
    for name in ("sold", "credited", "withdrawn"):
        state.agree(event, f"{name}_total", getattr(event, f"{name}_total"), getattr(payout, name))


# --- distributor --------------------------------------------------------------------------------


def _distributor(state: State) -> r.DistributorConfig:
    if state.distributor is None:
        raise LookupError("distributor")
    return state.distributor


@on(_D.Initialized)
def _distributing(state: State, event: _D.Initialized, now: int) -> None:
    state.distributor = r.DistributorConfig(
        roles__authority=event.authority, roles__pauser=event.authority, treasury=event.treasury
    )
    state.distributor.grants = state.distributor.airdrops = 0
    state.distributor.last_time = now


@on(_D.ParamsSet)
def _distributor_params(state: State, event: _D.ParamsSet, now: int) -> None:
    config = _distributor(state)
    config.seq, config.roles__pauser, config.treasury = event.seq, event.pauser, event.treasury


@on(_D.GrantCreated)
def _granted(state: State, event: _D.GrantCreated, now: int) -> None:
    config, schedule = _distributor(state), event.schedule
    state.agree(event, "granted_total", event.granted_total, config.granted + schedule.total)
    config.seq, config.granted = event.seq, event.granted_total
    config.last_time = max(now, config.last_time)
    config.grants = (config.grants or 0) + 1
    state.grants[event.grant] = r.Grant(
        id=event.id,
        allocation=int(event.allocation),
        revocable=int(event.revocable),
        beneficiary=event.beneficiary,
        granted_to=event.beneficiary,
        total=schedule.total,
        upfront=schedule.upfront,
        start=schedule.start,
        cliff=schedule.cliff,
        period=schedule.period,
        tranches=schedule.tranches,
        last_time=config.last_time,
    )


@on(_D.Released)
def _released(state: State, event: _D.Released, now: int) -> None:
    grant = state.grants[event.grant]
    state.agree(event, "released_total", event.released_total, grant.released + event.amount)
    grant.released, grant.seq = event.released_total, event.seq
    grant.last_time = max(now, grant.last_time)


@on(_D.GrantRevoked)
def _revoked(state: State, event: _D.GrantRevoked, now: int) -> None:
    grant = state.grants[event.grant]
    state.agree(event, "returned", event.returned, grant.total - event.vested)
    grant.returned, grant.revoked_at, grant.seq = event.returned, event.time, event.seq
    grant.last_time = event.time


@on(_D.BeneficiaryProposed)
def _passing(state: State, event: _D.BeneficiaryProposed, now: int) -> None:
    grant = state.grants[event.grant]
    grant.pending_beneficiary, grant.seq = event.successor, event.seq


@on(_D.BeneficiaryAccepted)
def _passed(state: State, event: _D.BeneficiaryAccepted, now: int) -> None:
    grant = state.grants[event.grant]
    grant.beneficiary, grant.pending_beneficiary, grant.seq = event.beneficiary, r.NOBODY, event.seq


@on(_D.AirdropCreated)
def _airdrop(state: State, event: _D.AirdropCreated, now: int) -> None:
    config = _distributor(state)
    state.agree(event, "airdropped_total", event.airdropped_total, config.airdropped + event.total)
    config.seq, config.airdropped = event.seq, event.airdropped_total
    config.last_time = max(now, config.last_time)
    config.airdrops = (config.airdrops or 0) + 1
    state.airdrops[event.airdrop] = r.Airdrop(
        id=event.id,
        allocation=int(event.allocation),
        root=event.root,
        leaves=event.leaves,
        total=event.total,
        deadline=event.deadline,
        last_time=config.last_time,
    )


@on(_D.ClaimsOpened)
def _claims(state: State, event: _D.ClaimsOpened, now: int) -> None:
    airdrop = state.airdrops[event.airdrop]
    airdrop.seq = event.seq
    airdrop.bits[event.number] = 0


@on(_D.ClaimsClosed)
def _claims_closed(state: State, event: _D.ClaimsClosed, now: int) -> None:
    airdrop = state.airdrops[event.airdrop]
    airdrop.seq = event.seq
    airdrop.bits.pop(event.number)


@on(_D.AirdropClaimed)
def _claimed(state: State, event: _D.AirdropClaimed, now: int) -> None:
    airdrop = state.airdrops[event.airdrop]
    state.agree(event, "claimed_total", event.claimed_total, airdrop.claimed + event.amount)
    airdrop.claimed, airdrop.seq = event.claimed_total, event.seq
    airdrop.claims += 1
    airdrop.last_time = max(now, airdrop.last_time)
    number, bit = divmod(event.index, 8_192)
    if airdrop.bits[number] >> bit & 1:
        state.broken.append(f"leaf {event.index} of airdrop {event.airdrop} is claimed twice")
    airdrop.bits[number] |= 1 << bit


@on(_D.AirdropReclaimed)
def _reclaimed(state: State, event: _D.AirdropReclaimed, now: int) -> None:
    airdrop = state.airdrops[event.airdrop]
    state.agree(event, "returned", event.returned, airdrop.total - airdrop.claimed)
    airdrop.returned, airdrop.reclaimed, airdrop.seq = event.returned, 1, event.seq
    airdrop.last_time = max(now, airdrop.last_time)


# --- governance ---------------------------------------------------------------------------------


def _governance(state: State) -> r.GovernanceConfig:
    if state.governance is None:
        raise LookupError("governance")
    return state.governance


@on(_G.Initialized)
def _governing(state: State, event: _G.Initialized, now: int) -> None:
    config = state.governance = r.GovernanceConfig(
        guardian=event.guardian, guardian_until=event.guardian_until, last_time=now
    )
    _set_governance(config, event.params)


@on(_G.ParamsSet)
def _governance_params(state: State, event: _G.ParamsSet, now: int) -> None:
    config = _governance(state)
    config.seq = event.seq
    _set_governance(config, event.params)


def _set_governance(config: r.GovernanceConfig, params: governance_types.ParamsArgs) -> None:
    for name in params.__slots__:
        setattr(config, name, getattr(params, name))


@on(_G.GuardianSet)
def _guardian(state: State, event: _G.GuardianSet, now: int) -> None:
    config = _governance(state)
    config.seq, config.guardian, config.guardian_until = event.seq, event.guardian, event.guardian_until
    config.last_time = max(state.time, config.last_time)


def _proposal(state: State, event: Any) -> r.Proposal:
    proposal = state.proposals[event.proposal]
    proposal.seq = event.seq
    if not isinstance(event, _G.TransactionAdded):
        proposal.last_time = max(state.time, proposal.last_time)
    return proposal


@on(_G.Proposed)
def _draft(state: State, event: _G.Proposed, now: int) -> None:
    state.proposals[event.proposal] = r.Proposal(
        proposer=event.proposer,
        nonce=event.nonce,
        title=event.title,
        bond=event.bond,
        bond_held=event.bond,
        created_at=now,
        uri=event.uri,
        text_hash=event.text_hash,
        content_hash=event.content_hash,
        progress=event.content_hash,
        hashes=[event.content_hash],
        last_time=now,
        seq=event.seq,
    )


@on(_G.TransactionAdded)
def _added(state: State, event: _G.TransactionAdded, now: int) -> None:
    proposal = _proposal(state, event)
    proposal.transactions, proposal.guardian_calls = event.index + 1, event.guardian_calls
    state.transactions[event.proposal, event.index] = r.StoredTransaction(
        event.proposal, event.index, proposal.content_hash, event.content_hash
    )
    proposal.content_hash = event.content_hash
    proposal.hashes.append(event.content_hash)


@on(_G.VotingBegan)
def _voting(state: State, event: _G.VotingBegan, now: int) -> None:
    proposal = _proposal(state, event)
    proposal.week, proposal.eligible = event.week, event.eligible
    proposal.state = int(governance_types.ProposalState.VOTING)
    proposal.voting_from, proposal.voting_ends = proposal.last_time, event.voting_ends
    proposal.regular_end = event.voting_ends
    for name in ("extension", "hold_up", "quorum_bps", "threshold_bps"):
        setattr(proposal, name, getattr(event, name))


@on(_G.Voted)
def _voted(state: State, event: _G.Voted, now: int) -> None:
    proposal = _proposal(state, event)
    proposal.in_favour, proposal.against = event.in_favour, event.against
    proposal.abstain, proposal.voting_ends = event.abstain, event.voting_ends
    proposal.extended = event.extended
    part = event.node
    if part.node != r.NOBODY:
        node = state.node_votes.setdefault((event.proposal, part.node), r.NodeVote(event.proposal, part.node))
        node.own, node.co, node.overridden = part.own, part.co, part.overridden
        if event.voter == part.node:
            node.owner_choice = int(event.choice)
            return
    state.votes[event.proposal, event.voter] = r.VoteRecord(
        event.proposal, event.voter, event.by, int(event.choice), event.weight
    )


@on(_G.VoteClosed)
def _vote_closed(state: State, event: _G.VoteClosed, now: int) -> None:
    _proposal(state, event)
    del state.votes[event.proposal, event.position]


@on(_G.NodeVoteClosed)
def _node_vote_closed(state: State, event: _G.NodeVoteClosed, now: int) -> None:
    _proposal(state, event)
    # One in which nobody has voted was made without an event.
    state.node_votes.pop((event.proposal, event.node), None)


@on(_G.TransactionClosed)
def _transaction_closed(state: State, event: _G.TransactionClosed, now: int) -> None:
    _proposal(state, event)
    del state.transactions[event.proposal, event.index]


@on(_G.VotingEnded)
def _counted(state: State, event: _G.VotingEnded, now: int) -> None:
    proposal = _proposal(state, event)
    for name in ("in_favour", "against", "abstain"):
        state.agree(event, name, getattr(event, name), getattr(proposal, name))
    proposal.eta, proposal.expires = event.eta, event.expires
    kinds = governance_types.ProposalState
    passed = kinds.QUEUED if event.eta else kinds.EXECUTED
    proposal.state = int(passed if event.passed else kinds.DEFEATED)


@on(_G.Executed)
def _executed(state: State, event: _G.Executed, now: int) -> None:
    proposal = _proposal(state, event)
    proposal.executed = event.index + 1
    proposal.progress = proposal.hashes[proposal.executed]
    if event.done:
        proposal.state = int(governance_types.ProposalState.EXECUTED)
    for payment in event.payments:
        outflow = state.outflows[payment.asset]
        state.agree(event, "total", payment.total, outflow.total + payment.amount)
        outflow.total, outflow.seq = payment.total, payment.seq
        outflow.recent.take(now, payment.amount)


@on(_G.Cancelled)
def _cancelled(state: State, event: _G.Cancelled, now: int) -> None:
    _proposal(state, event).state = int(governance_types.ProposalState.CANCELLED)


@on(_G.BondReturned, _G.BondBurned)
def _bond(state: State, event: Any, now: int) -> None:
    proposal = _proposal(state, event)
    state.agree(event, "amount", event.amount, proposal.bond_held)
    proposal.bond_held = 0
    if isinstance(event, _G.BondBurned):
        state.supply -= event.amount
        state.agree(event, "supply", event.supply, state.supply)


@on(_G.OutflowOpened)
def _outflow(state: State, event: _G.OutflowOpened, now: int) -> None:
    state.outflows[event.asset] = r.AssetOutflow(event.asset)

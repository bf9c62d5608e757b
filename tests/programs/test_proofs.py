"""The proofs program: attester set, reports, approvals, finality."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.programs.support import DAY, HOUR, NOW, Proposal, World

from ionet import IO, SOL, ProgramError, emission, errors, events, ix, pda, types
from ionet.proofs.report import head_of

PENDING, APPROVED, FINAL = 0, 1, 2
VACANT = types.proofs.Seat(Pubkey.default(), 0)
FIRST_HOUR = emission.cumulative(HOUR)


def seat(key: Pubkey, weight: int = 1) -> types.proofs.Seat:
    return types.proofs.Seat(key, weight)


def keys(count: int) -> list[Pubkey]:
    return [Keypair().pubkey() for _ in range(count)]


def set_attesters(world: World, seats: list[types.proofs.Seat], threshold: int) -> Instruction:
    return ix.proofs.set_attesters(authority=world.deployer, seats=seats, threshold=threshold)


def report(world: World, made: Proposal, attester: Keypair) -> None:
    world.send(ix.mint.emit())
    world.send(made.report(attester.pubkey()), signers=[attester])


def approve(world: World, made: Proposal, attester: Keypair) -> None:
    world.send(made.approve(attester.pubkey()), signers=[attester])


@pytest.fixture
def attesters(world: World) -> list[Keypair]:
    """Three attesters of weight 1, two of whom decide; three hours have passed and are emitted."""
    found = world.seat_attesters(1, 1, 1, threshold=2)
    world.advance(3 * HOUR)
    world.send(ix.mint.emit())
    return found


# -- initialize and parameters


def test_the_program_begins_with_its_defaults_and_no_attesters(bare: World) -> None:
    sent = bare.send(ix.proofs.initialize(authority=bare.deployer))
    assert sent.event(events.proofs.Initialized) == events.proofs.Initialized(bare.deployer, params(bare))
    config = bare.proofs_config
    assert (config.challenge_window, config.challenge_freeze) == (DAY, 7 * DAY)
    assert config.challenge_bond == IO(500).base
    shares = (config.gpu_bps, config.in_use_bps, config.fee_bound_bps, config.up_hours)
    assert shares == (9_500, 3_000, 8_000, 5)
    assert {config.guardian, config.resolver, config.roles.pauser} == {bare.deployer}
    found = bare.attester_set
    assert (found.seats, found.set_version, found.threshold, found.total_weight) == (0, 0, 0, 0)


def params(world: World) -> types.proofs.ParamsArgs:
    return types.proofs.ParamsArgs(
        pauser=world.deployer,
        guardian=world.deployer,
        resolver=world.deployer,
        challenge_window=DAY,
        challenge_freeze=7 * DAY,
        challenge_bond=IO(500).base,
        gpu_bps=9_500,
        in_use_bps=3_000,
        fee_bound_bps=8_000,
        up_hours=5,
        hold=7 * DAY,
    )


def test_the_authority_sets_every_parameter(world: World) -> None:
    pauser, guardian, resolver = keys(3)
    wanted = types.proofs.ParamsArgs(
        *(pauser, guardian, resolver, 6 * HOUR, DAY, IO(1).base),
        *(9_000, 4_000, 9_500, 6, DAY),
    )
    sent = world.send(ix.proofs.set_params(authority=world.deployer, params=wanted))
    assert sent.event(events.proofs.ParamsSet).params == wanted
    config = world.proofs_config
    found = (config.challenge_window, config.challenge_freeze, config.challenge_bond)
    assert found == (6 * HOUR, DAY, IO(1).base)
    shares = (config.gpu_bps, config.in_use_bps, config.fee_bound_bps, config.up_hours)
    assert shares == (9_000, 4_000, 9_500, 6)
    assert config.hold == DAY
    assert (config.roles.pauser, config.guardian, config.resolver) == (pauser, guardian, resolver)
    assert config.roles.authority == world.deployer


def test_nobody_else_sets_parameters(world: World) -> None:
    thief = world.actor()
    mine = ix.proofs.set_params(authority=thief.pubkey(), params=params(world))
    world.refused(mine, errors.proofs.NotAuthority, signers=[thief])


@pytest.mark.parametrize(
    ("name", "lowest", "highest", "error"),
    [
        ("challenge_window", 6 * HOUR, 72 * HOUR, errors.proofs.WindowOutOfBounds),
        ("challenge_freeze", DAY, 7 * DAY, errors.proofs.FreezeOutOfBounds),
        ("challenge_bond", IO(1).base, IO(100_000).base, errors.proofs.BondOutOfBounds),
        ("gpu_bps", 0, 10_000, errors.proofs.GpuShareOutOfBounds),
        ("in_use_bps", 0, 5_000, errors.proofs.InUseShareOutOfBounds),
        ("fee_bound_bps", 0, 9_500, errors.proofs.FeeBoundOutOfBounds),
        ("up_hours", 0, 168, errors.proofs.UpHoursOutOfBounds),
        ("hold", 0, 30 * DAY, errors.proofs.HoldOutOfBounds),
    ],
)
def test_each_parameter_stays_within_its_bounds(
    world: World, name: str, lowest: int, highest: int, error: type[ProgramError]
) -> None:
    def set_to(value: int) -> Instruction:
        change: dict[str, Any] = {name: value}
        wanted = replace(params(world), **change)
        return ix.proofs.set_params(authority=world.deployer, params=wanted)

    for fine in (lowest, highest):
        world.send(set_to(fine))
        assert getattr(world.proofs_config, name) == fine
    for wrong in {0, lowest - 1, highest + 1} - {-1, lowest}:
        world.refused(set_to(wrong), error)


# -- attester set


def test_the_authority_seats_attesters(world: World) -> None:
    first, second = keys(2)
    seats = [seat(first, 3), seat(second, 2)]
    event = world.send(set_attesters(world, seats, 4)).event(events.proofs.AttestersSet)
    assert (event.set_version, event.threshold, event.total_weight) == (1, 4, 5)
    assert event.seats == tuple(seats)
    found = world.attester_set
    assert (found.seats, found.set_version, found.threshold, found.total_weight) == (2, 1, 4, 5)
    assert found.keys[:3] == (first, second, Pubkey.default())
    assert found.weights[:3] == (3, 2, 0)


def test_seats_keep_their_numbers_while_keys_change_and_attesters_leave(world: World) -> None:
    first, second, third, fourth = keys(4)
    world.send(set_attesters(world, [seat(first), seat(second)], 2))
    world.send(set_attesters(world, [seat(third, 5), VACANT, seat(fourth)], 4))
    found = world.attester_set
    assert (found.seats, found.set_version, found.total_weight) == (3, 2, 6)
    assert found.keys[:3] == (third, Pubkey.default(), fourth)
    # A vacated seat can be taken again, by who has left a week later.
    again = set_attesters(world, [seat(third), seat(second), seat(fourth)], 2)
    world.refused(again, errors.proofs.KeyDeparted)
    world.advance(7 * DAY)
    world.send(again)
    assert world.attester_set.keys[1] == second


def test_all_sixteen_seats_can_be_taken_and_no_seventeenth(world: World) -> None:
    world.send(set_attesters(world, [seat(key) for key in keys(16)], 11))
    assert world.attester_set.total_weight == 16
    seventeen = set_attesters(world, [seat(key) for key in keys(17)], 11)
    world.refused(seventeen, errors.proofs.TooManySeats)


@pytest.mark.parametrize("threshold", [0, 2, 5, 2**32 - 1])
def test_a_threshold_of_half_or_of_more_than_all_is_refused(world: World, threshold: int) -> None:
    seats = [seat(key) for key in keys(4)]
    world.refused(set_attesters(world, seats, threshold), errors.proofs.ThresholdOutOfBounds)


@pytest.mark.parametrize("threshold", [3, 4])
def test_a_threshold_of_more_than_half_is_accepted(world: World, threshold: int) -> None:
    world.send(set_attesters(world, [seat(key) for key in keys(4)], threshold))
    assert world.attester_set.threshold == threshold


def test_an_empty_set_is_refused(world: World) -> None:
    world.refused(set_attesters(world, [], 0), errors.proofs.ThresholdOutOfBounds)
    world.refused(set_attesters(world, [VACANT], 0), errors.proofs.ThresholdOutOfBounds)


def test_sets_in_which_somebody_would_count_twice_or_be_lost_are_refused(world: World) -> None:
    first, second, third = keys(3)
    world.send(set_attesters(world, [seat(first), seat(second)], 2))
    for seats, error in [
        ([seat(first, 2)], errors.proofs.SeatMissing),
        ([seat(second), seat(first)], errors.proofs.SeatMoved),
        ([seat(first), VACANT, seat(second)], errors.proofs.SeatMoved),
        ([seat(third), seat(third)], errors.proofs.DuplicateKey),
        ([seat(first), seat(second, 0), seat(third)], errors.proofs.HalfVacantSeat),
        ([seat(first), seat(Pubkey.default(), 1)], errors.proofs.HalfVacantSeat),
        ([seat(first, 2**32 - 1), seat(second, 1)], errors.proofs.WeightTooLarge),
    ]:
        world.refused(set_attesters(world, seats, 2), error)


def test_nobody_else_seats_attesters(world: World) -> None:
    thief = world.actor()
    mine = ix.proofs.set_attesters(authority=thief.pubkey(), seats=[seat(thief.pubkey())], threshold=1)
    world.refused(mine, errors.proofs.NotAuthority, signers=[thief])


# -- report


def test_a_report_is_made_approved_and_final(world: World, attesters: list[Keypair]) -> None:
    first, second, _ = attesters
    made = Proposal(world, 3, root=b"\x07" * 32, total=emission.cumulative(3 * HOUR), leaves=9)

    sent = world.send(made.report(first.pubkey()), signers=[first])
    event = sent.event(events.proofs.ReportMade)
    assert (event.report, event.report_seq, event.payer) == (made.address, 3, first.pubkey())
    assert (event.root, event.total, event.leaves) == (made.args.root, made.args.total, 9)
    assert (event.evidence_hash, event.evidence_uri) == (made.args.evidence_hash, made.args.evidence_uri)
    assert sent.event(events.proofs.ReportApproved).approved_at == 0
    found = world.report(made.address)
    assert (found.state, found.seq, found.period_end) == (PENDING, 3, NOW + 3 * HOUR)
    assert (found.root, found.total, found.leaves) == (made.args.root, made.args.total, 9)
    assert (found.approvals, found.weight, found.set_version) == (0b001, 1, 1)
    assert (found.payer, found.created_at) == (first.pubkey(), world.now)
    assert found.content_hash == made.content_hash

    world.advance(300)
    sent = world.send(made.approve(second.pubkey()), signers=[second])
    approval = sent.event(events.proofs.ReportApproved)
    assert (approval.seat, approval.attester) == (1, second.pubkey())
    assert (approval.weight, approval.threshold) == (2, 2)
    assert approval.approved_at == NOW + 3 * HOUR + 300
    found = world.report(made.address)
    assert (found.state, found.approvals, found.approved_at) == (APPROVED, 0b011, approval.approved_at)
    config = world.proofs_config
    assert (config.head, head_of(config), config.head_period_end) == (1, made.address, found.period_end)

    world.advance(DAY)
    anyone = world.actor()
    finalize = world.call(ix.proofs.finalize(report=made.address)).paid_by(anyone)
    final = finalize.send().event(events.proofs.ReportFinalized)
    assert (final.root, final.total, final.period_end) == (found.root, found.total, found.period_end)
    found, config = world.report(made.address), world.proofs_config
    assert (found.state, found.finalized_at) == (FINAL, world.now)
    assert (config.final_height, config.final_report, config.highest_total) == (1, made.address, found.total)
    assert found.creditable_from == found.period_end + 7 * DAY
    assert found.creditable_until == found.creditable_from + 30 * DAY


def test_a_set_of_one_decides_within_the_report(world: World) -> None:
    (only,) = world.seat_attesters(1, threshold=1)
    world.advance(HOUR)
    world.send(ix.mint.emit())
    made = Proposal(world, 1, total=FIRST_HOUR)
    sent = world.send(made.report(only.pubkey()), signers=[only])
    assert sent.event(events.proofs.ReportApproved).approved_at == world.now
    assert world.report(made.address).state == APPROVED


def test_weights_decide_not_heads(world: World) -> None:
    heavy, *light = world.seat_attesters(5, 1, 1, threshold=5)
    world.advance(2 * HOUR)
    first, second = Proposal(world, 1), Proposal(world, 2)
    report(world, first, light[0])
    approve(world, first, light[1])
    assert world.report(first.address).state == PENDING
    report(world, second, heavy)
    assert world.report(second.address).state == APPROVED


def test_the_attester_pays_for_the_report(world: World, attesters: list[Keypair]) -> None:
    first = attesters[0]
    made = Proposal(world, 3)
    before = world.client.balance(first.pubkey())
    report(world, made, first)
    rent = world.raw(made.address).lamports
    assert world.client.balance(first.pubkey()) == before - SOL.from_base(rent)


def test_lamports_sent_to_its_address_do_not_stop_a_report(world: World, attesters: list[Keypair]) -> None:
    made = Proposal(world, 3)
    world.client.airdrop(made.address, SOL("0.01"))
    report(world, made, attesters[0])
    assert world.report(made.address).weight == 1


def test_missed_hours_need_no_report(world: World, attesters: list[Keypair]) -> None:
    world.advance(100 * DAY)
    made = Proposal(world, 2_403)
    report(world, made, attesters[0])
    assert world.report(made.address).seq == 2_403


def test_only_attesters_make_reports(world: World, attesters: list[Keypair]) -> None:
    thief = world.actor()
    made = Proposal(world, 3)
    world.refused(made.report(thief.pubkey()), errors.proofs.NotAttester, signers=[thief])
    # Who left his seat is none any more.
    first, second, third = attesters
    world.send(set_attesters(world, [VACANT, seat(second.pubkey()), seat(third.pubkey())], 2))
    world.refused(made.report(first.pubkey()), errors.proofs.NotAttester, signers=[first])
    report(world, made, second)


def test_the_same_content_is_reported_once(world: World, attesters: list[Keypair]) -> None:
    made = Proposal(world, 3)
    report(world, made, attesters[0])
    for attester in attesters:
        again = made.report(attester.pubkey())
        world.refused(again, "AccountAlreadyInUse", signers=[attester])


def test_the_address_holds_the_content(world: World, attesters: list[Keypair]) -> None:
    first = attesters[0]
    made, other = Proposal(world, 3, total=1), Proposal(world, 3, total=2)
    forged = ix.proofs.report(
        attester=first.pubkey(),
        predecessor=other.args.predecessor,
        seq=3,
        content_hash=made.content_hash,
        args=other.args,
    )
    world.refused(forged, errors.proofs.WrongContentHash, signers=[first])
    elsewhere = ix.proofs.report(
        attester=first.pubkey(),
        seq=3,
        content_hash=made.content_hash,
        args=made.args,
        predecessor=made.args.predecessor,
        report=other.address,
    )
    world.refused(elsewhere, "ConstraintSeeds", signers=[first])


@pytest.mark.parametrize(
    ("seq", "period_end", "error"),
    [
        (0, NOW, errors.proofs.PeriodBeforeStart),
        (0, NOW - HOUR, errors.proofs.PeriodBeforeStart),
        (2**64 - 1, -(2**63), errors.proofs.PeriodBeforeStart),
        (3, NOW + 3 * HOUR - 1, errors.proofs.PeriodNotWholeHours),
        (1, NOW + HOUR + 1, errors.proofs.PeriodNotWholeHours),
        (4, NOW + 4 * HOUR, errors.proofs.PeriodNotOver),
        (2, NOW + 3 * HOUR, errors.proofs.WrongSeq),
        (4, NOW + 3 * HOUR, errors.proofs.WrongSeq),
        (2**64 - 1, NOW + 3 * HOUR, errors.proofs.WrongSeq),
    ],
)
def test_a_period_is_whole_hours_from_the_start_of_emission_that_are_over(
    world: World, attesters: list[Keypair], seq: int, period_end: int, error: type[ProgramError]
) -> None:
    made = Proposal(world, seq, period_end=period_end)
    world.refused(made.report(attesters[0].pubkey()), error, signers=attesters[:1])


def test_a_report_of_an_hour_is_made_when_it_is_over_and_not_a_second_before(
    world: World, attesters: list[Keypair]
) -> None:
    made = Proposal(world, 4)
    world.advance(HOUR - 1)
    call = made.report(attesters[0].pubkey())
    world.refused(call, errors.proofs.PeriodNotOver, signers=attesters[:1])
    world.advance(1)
    report(world, made, attesters[0])


def test_a_report_needs_leaves(world: World, attesters: list[Keypair]) -> None:
    empty = Proposal(world, 3, leaves=0)
    world.refused(empty.report(attesters[0].pubkey()), errors.proofs.NoLeaves, signers=attesters[:1])


def test_a_report_gives_at_most_what_was_emitted(world: World, attesters: list[Keypair]) -> None:
    for hours in (1, 2, 3):
        most = emission.cumulative(hours * HOUR)
        above = Proposal(world, hours, total=most + 1)
        world.refused(
            above.report(attesters[0].pubkey()), errors.proofs.TotalAboveEmission, signers=attesters[:1]
        )
        report(world, Proposal(world, hours, total=most), attesters[0])


def withholding(world: World, floor_bps: int) -> None:
    """From now on, this part of the schedule is paid and the rest withheld."""
    kept = types.mint.PolicyArgs(types.mint.PolicyKind.DEMAND_LINKED, floor_bps, per_burned_bps=0)
    world.send(ix.mint.set_policy(authority=world.deployer, policy=kept))


def gives_at_most(world: World, hours: int, most: int, attester: Keypair) -> None:
    """A report of so many hours is accepted up to `most`, and the error says how much that is."""
    above = Proposal(world, hours, total=most + 1)
    refused = world.refused(
        above.report(attester.pubkey()), errors.proofs.TotalAboveEmission, signers=[attester]
    )
    assert refused.compared == (str(most), str(most + 1))
    world.send(Proposal(world, hours, total=most).report(attester.pubkey()), signers=[attester])


def test_what_a_policy_withheld_is_not_given(world: World, attesters: list[Keypair]) -> None:
    withholding(world, 5_000)
    world.advance(HOUR)
    world.send(ix.mint.emit())
    withheld = world.mint_config.withheld
    fourth = emission.cumulative(4 * HOUR) - emission.cumulative(3 * HOUR)
    assert withheld == fourth - fourth // 2
    gives_at_most(world, 4, emission.cumulative(4 * HOUR) - withheld, attesters[0])


def test_an_hour_is_reported_when_it_is_emitted_and_what_it_withheld_is_known(
    world: World, attesters: list[Keypair]
) -> None:
    """stale_after_config_change: before the crank, the withholding of the hour would be missed."""
    first = attesters[0]
    withholding(world, 5_000)
    world.advance(HOUR)
    everything = Proposal(world, 4, total=emission.cumulative(4 * HOUR))
    refused = world.refused(everything.report(first.pubkey()), errors.proofs.NotEmitted, signers=[first])
    assert refused.compared == (str(emission.cumulative(3 * HOUR)), str(emission.cumulative(4 * HOUR)))
    # Whoever reports can emit in the same transaction, so that nobody can hold the report up.
    world.refused(
        world.call(ix.mint.emit(), everything.report(first.pubkey()), signers=[first]),
        errors.proofs.TotalAboveEmission,
    )
    made = Proposal(world, 4, total=emission.cumulative(3 * HOUR))
    world.send(ix.mint.emit(), made.report(first.pubkey()), signers=[first])


def test_a_late_report_is_measured_by_its_own_hours_and_not_by_what_is_withheld_since(
    world: World, attesters: list[Keypair]
) -> None:
    """missed_period_reward_lost: later hours that withhold take nothing from an earlier one."""
    withholding(world, 2_500)
    paid, hours = [emission.cumulative(3 * HOUR)], range(4, 9)
    for hour in hours:
        world.advance(HOUR)
        world.send(ix.mint.emit())
        paid.append(world.balance(pda.mint.EMISSION_VAULT))
        assert paid[-1] == emission.cumulative(hour * HOUR) - world.mint_config.withheld
    for hour, most in zip(range(3, 9), paid, strict=True):
        gives_at_most(world, hour, most, attesters[0])


def test_hours_that_one_crank_emitted_share_what_it_paid(world: World, attesters: list[Keypair]) -> None:
    withholding(world, 5_000)
    world.advance(2 * HOUR)
    world.send(ix.mint.emit())
    three, four, five = (emission.cumulative(hours * HOUR) for hours in (3, 4, 5))
    paid = (five - three) // 2
    gives_at_most(world, 4, three + paid * (four - three) // (five - three), attesters[0])
    gives_at_most(world, 5, three + paid, attesters[0])


def test_totals_may_rise_after_the_policy_has_changed_twice(world: World, attesters: list[Keypair]) -> None:
    """stale_after_config_change: each hour counts under the policy in whose time it lay."""
    withholding(world, 0)
    world.advance(HOUR)
    fixed = types.mint.PolicyArgs(kind=types.mint.PolicyKind.FIXED, floor_bps=0, per_burned_bps=0)
    world.send(ix.mint.set_policy(authority=world.deployer, policy=fixed))
    world.advance(HOUR)
    world.send(ix.mint.emit())
    three, four, five = (emission.cumulative(hours * HOUR) for hours in (3, 4, 5))
    gives_at_most(world, 3, three, attesters[0])
    gives_at_most(world, 4, three, attesters[0])
    gives_at_most(world, 5, three + five - four, attesters[0])


def test_an_hour_of_more_than_a_day_ago_is_healed_by_a_later_report(
    world: World, attesters: list[Keypair]
) -> None:
    for _ in range(24):
        world.advance(HOUR)
        world.send(ix.mint.emit())
    first = attesters[0]
    forgotten = Proposal(world, 3)
    world.refused(forgotten.report(first.pubkey()), errors.proofs.PeriodForgotten, signers=[first])
    gives_at_most(world, 4, emission.cumulative(4 * HOUR), first)
    gives_at_most(world, 27, emission.cumulative(27 * HOUR), first)


def test_without_the_mint_there_is_no_hour_to_report(bare: World) -> None:
    bare.send(ix.proofs.initialize(authority=bare.deployer))
    (only,) = bare.seat_attesters(1, threshold=1)
    bare.send(ix.mint.initialize(authority=bare.deployer, start=0))
    bare.advance(HOUR)
    made = Proposal(bare, 1)
    bare.send(ix.mint.emit())
    found = bare.raw(pda.mint.CONFIG)
    bare.client.network.set_account(pda.mint.CONFIG, lamports=0)
    bare.refused(made.report(only.pubkey()), errors.proofs.NoEmission, signers=[only])
    bare.client.network.set_account(
        pda.mint.CONFIG, data=b"\x00" * 8 + bytes(found.data[8:]), owner=found.owner
    )
    bare.refused(made.report(only.pubkey()), errors.proofs.NoEmission, signers=[only])
    bare.client.network.set_account(pda.mint.CONFIG, data=bytes(found.data), owner=found.owner)
    report(bare, made, only)


# -- approve


def test_each_seat_approves_once(world: World, attesters: list[Keypair]) -> None:
    first = attesters[0]
    made = Proposal(world, 3)
    report(world, made, first)
    world.refused(made.approve(first.pubkey()), errors.proofs.AlreadyApproved, signers=[first])


def test_only_attesters_approve(world: World, attesters: list[Keypair]) -> None:
    thief = world.actor()
    made = Proposal(world, 3)
    report(world, made, attesters[0])
    world.refused(made.approve(thief.pubkey()), errors.proofs.NotAttester, signers=[thief])


def test_a_decided_report_gathers_nothing_more(world: World, attesters: list[Keypair]) -> None:
    first, second, third = attesters
    made = Proposal(world, 3)
    report(world, made, first)
    approve(world, made, second)
    world.refused(made.approve(third.pubkey()), errors.proofs.NotPending, signers=[third])


def test_the_first_content_at_the_threshold_decides_the_hour(world: World, attesters: list[Keypair]) -> None:
    first, second, third = attesters
    squatter, honest = Proposal(world, 3, total=1), Proposal(world, 3, total=2)
    report(world, squatter, first)
    report(world, honest, second)
    approve(world, honest, third)
    assert world.report(honest.address).state == APPROVED
    late = squatter.approve(second.pubkey())
    world.refused(late, errors.proofs.AlreadyDecided, signers=[second])
    # Nor is a further one on the same predecessor made.
    another = Proposal(world, 3, total=3, predecessor=Pubkey.default())
    world.refused(another.report(first.pubkey()), errors.proofs.AlreadyDecided, signers=[first])
    # On the head it would have to be of a later hour.
    for hours in (2, 3):
        fell = Proposal(world, hours, total=3)
        world.refused(fell.report(first.pubkey()), errors.proofs.PeriodFell, signers=[first])
    world.advance(HOUR)
    report(world, Proposal(world, 4, total=2), first)


def test_a_new_set_does_not_inherit_the_approvals_of_the_old_one(
    world: World, attesters: list[Keypair]
) -> None:
    first, second, third = attesters
    made = Proposal(world, 3)
    report(world, made, first)
    rotated = world.actor()
    seats = [seat(rotated.pubkey()), seat(second.pubkey()), seat(third.pubkey())]
    world.send(set_attesters(world, seats, 2))
    for attester in (second, rotated):
        stale = made.approve(attester.pubkey())
        world.refused(stale, errors.proofs.StaleSet, signers=[attester])
    # The same content is renewed, and gathers the approvals of the new one.
    renew = ix.proofs.renew_report(attester=second.pubkey(), report=made.address)
    event = world.send(renew, signers=[second]).event(events.proofs.ReportRenewed)
    assert (event.report, event.set_version, event.attester) == (made.address, 2, second.pubkey())
    found = world.report(made.address)
    assert (found.state, found.approvals, found.weight, found.set_version) == (PENDING, 0b010, 1, 2)
    world.refused(renew, errors.proofs.NotRenewable, signers=[second])
    approve(world, made, rotated)
    assert world.report(made.address).state == APPROVED
    world.refused(renew, errors.proofs.NotRenewable, signers=[second])


def test_only_a_report_is_approved(world: World, attesters: list[Keypair]) -> None:
    first = attesters[0]
    for address, error in [
        (pda.proofs.ATTESTER_SET, "AccountDiscriminatorMismatch"),
        (pda.mint.CONFIG, "AccountOwnedByWrongProgram"),
    ]:
        call = ix.proofs.approve(attester=first.pubkey(), report=address)
        world.refused(call, error, signers=[first])


def test_an_attester_set_of_ones_own_is_not_taken(world: World, attesters: list[Keypair]) -> None:
    thief = world.actor()
    made = Proposal(world, 3)
    report(world, made, attesters[0])
    found = world.raw(pda.proofs.ATTESTER_SET)
    data = bytes(found.data).replace(bytes(attesters[1].pubkey()), bytes(thief.pubkey()))
    mine = Keypair().pubkey()
    world.client.network.set_account(mine, data=data, owner=found.owner)
    call = ix.proofs.approve(attester=thief.pubkey(), report=made.address, attester_set=mine)
    world.refused(call, "ConstraintAddress", signers=[thief])


# -- finalize


@pytest.fixture
def approved(world: World, attesters: list[Keypair]) -> Proposal:
    """An approved report of the third hour with a total of 100."""
    made = Proposal(world, 3, total=100)
    report(world, made, attesters[0])
    approve(world, made, attesters[1])
    return made


def test_a_report_is_final_after_its_window_and_not_a_second_before(world: World, approved: Proposal) -> None:
    finalize = ix.proofs.finalize(report=approved.address)
    world.refused(finalize, errors.proofs.WindowOpen)
    world.advance(DAY - 1)
    world.refused(finalize, errors.proofs.WindowOpen)
    world.advance(1)
    world.send(finalize)
    world.refused(finalize, errors.proofs.NotApproved)


def test_a_clock_that_goes_back_does_not_open_a_window_again(world: World, approved: Proposal) -> None:
    world.advance(DAY)
    # Any instruction of the program that looks at the clock remembers it.
    later = Proposal(world, 27, total=100)
    attester = world.actor()
    set_one = [seat(attester.pubkey(), 3), VACANT, VACANT]
    world.send(set_attesters(world, set_one, 3))
    report(world, later, attester)
    world.turn_back(HOUR)
    world.send(ix.proofs.finalize(report=approved.address))
    assert world.report(approved.address).finalized_at == world.now + HOUR


def test_a_pending_report_is_not_final(world: World, attesters: list[Keypair]) -> None:
    made = Proposal(world, 3)
    report(world, made, attesters[0])
    world.advance(7 * DAY)
    world.refused(ix.proofs.finalize(report=made.address), errors.proofs.NotApproved)


def test_a_report_that_was_final_with_too_high_a_total_ends_no_honest_one(
    world: World, attesters: list[Keypair], approved: Proposal
) -> None:
    """total_fell_forever: a wrong total that became final was the least that any later one could have."""
    first, second, third = attesters
    world.advance(DAY)
    world.send(ix.proofs.finalize(report=approved.address))
    honest = Proposal(world, 27, total=90)
    world.send(ix.mint.emit())
    world.refused(honest.report(first.pubkey()), errors.proofs.TotalFell, signers=[first])
    corrected = Proposal(world, 27, total=90, correction=True)
    for attester in (first, second):
        (report if attester is first else approve)(world, corrected, attester)
    assert world.report(corrected.address).state == PENDING
    approve(world, corrected, third)
    assert world.report(corrected.address).state == APPROVED
    world.advance(HOUR)
    next_one = Proposal(world, 28, total=91)
    report(world, next_one, first)
    approve(world, next_one, second)
    world.advance(3 * DAY)
    for made in (corrected, next_one):
        world.send(ix.proofs.finalize(report=made.address))
    assert world.proofs_config.min_height == 2


def test_no_reports_total_or_period_falls_below_its_predecessors(
    world: World, attesters: list[Keypair], approved: Proposal
) -> None:
    first, second, _ = attesters
    world.advance(2 * HOUR)
    world.send(ix.mint.emit())
    fallen = Proposal(world, 4, total=99)
    world.refused(fallen.report(first.pubkey()), errors.proofs.TotalFell, signers=[first])
    again = Proposal(world, 3, total=101)
    world.refused(again.report(first.pubkey()), errors.proofs.PeriodFell, signers=[first])
    risen = Proposal(world, 5, total=100)
    report(world, risen, first)
    approve(world, risen, second)
    # Finality comes in the order of heights.
    world.advance(DAY)
    world.refused(ix.proofs.finalize(report=risen.address), errors.proofs.NotNext)
    world.send(ix.proofs.finalize(report=approved.address))
    world.send(ix.proofs.finalize(report=risen.address))
    assert world.proofs_config.final_height == 2


def test_a_report_names_its_predecessor_and_nothing_else_stands_for_it(
    world: World, attesters: list[Keypair], approved: Proposal
) -> None:
    first = attesters[0]
    world.advance(HOUR)
    world.send(ix.mint.emit())
    made = Proposal(world, 4, total=100)
    assert made.args.predecessor == approved.address
    for wrong in (pda.proofs.CONFIG, Pubkey.default(), Proposal(world, 2).address):
        call = ix.proofs.report(
            attester=first.pubkey(),
            predecessor=wrong,
            seq=made.seq,
            content_hash=made.content_hash,
            args=made.args,
        )
        world.refused(call, errors.proofs.WrongPredecessor, signers=[first])
    # Nor is another account a report, or one that is not there.
    for wrong in (pda.proofs.CONFIG, Keypair().pubkey()):
        call = Proposal(world, 4, total=100, predecessor=wrong).report(first.pubkey())
        world.refused(call, errors.proofs.WrongPredecessor, signers=[first])


def test_reports_are_approved_in_order_and_may_gather_before_it_is_their_turn(
    world: World, attesters: list[Keypair]
) -> None:
    first, second, _ = attesters
    earlier = Proposal(world, 2, total=1)
    report(world, earlier, first)
    later = Proposal(world, 3, total=1, predecessor=earlier.address)
    report(world, later, first)
    world.refused(later.approve(second.pubkey()), errors.proofs.NotAtHead, signers=[second])
    approve(world, earlier, second)
    approve(world, later, second)
    assert (world.proofs_config.head, world.head) == (2, later.address)


def test_a_void_in_the_middle_takes_back_the_head_and_the_hours_are_reported_again(
    world: World, attesters: list[Keypair]
) -> None:
    first, second, _ = attesters
    chain: list[Proposal] = []
    for hours in (1, 2, 3):
        chain.append(Proposal(world, hours, total=hours))
        report(world, chain[-1], first)
        approve(world, chain[-1], second)
    void = ix.proofs.void_report(guardian=world.deployer, report=chain[1].address)
    assert world.send(void).event(events.proofs.ReportVoided).head.height == 1
    assert (world.head, world.proofs_config.head_period_end) == (chain[0].address, NOW + HOUR)
    # What stood on it has fallen: it never becomes final, and its void moves nothing.
    world.advance(DAY)
    world.send(ix.proofs.finalize(report=chain[0].address))
    world.refused(ix.proofs.finalize(report=chain[2].address), errors.proofs.ReportFell)
    # The same contents are renewed, in order.
    for made in chain[1:]:
        renew = ix.proofs.renew_report(attester=first.pubkey(), report=made.address)
        world.send(renew, signers=[first])
        approve(world, made, second)
    assert (world.proofs_config.head, world.head) == (3, chain[2].address)
    world.advance(DAY)
    for made in chain[1:]:
        world.send(ix.proofs.finalize(report=made.address))


def test_another_report_takes_the_place_of_a_void_one(world: World, attesters: list[Keypair]) -> None:
    first, second, _ = attesters
    wrong, fallen = Proposal(world, 2, total=9), None
    report(world, wrong, first)
    approve(world, wrong, second)
    fallen = Proposal(world, 3, total=9)
    report(world, fallen, first)
    approve(world, fallen, second)
    world.send(ix.proofs.void_report(guardian=world.deployer, report=wrong.address))
    right = Proposal(world, 2, total=5)
    report(world, right, first)
    approve(world, right, second)
    event = world.send(ix.proofs.void_report(guardian=world.deployer, report=fallen.address))
    assert event.event(events.proofs.ReportVoided).head.height == 1
    assert world.head == right.address
    renew = ix.proofs.renew_report(attester=first.pubkey(), report=fallen.address)
    world.send(renew, signers=[first])
    world.refused(fallen.approve(second.pubkey()), errors.proofs.NotAtHead, signers=[second])


# -- corrections


def correction(world: World, hours: int, total: int, *approving: Keypair) -> Proposal:
    made = Proposal(world, hours, total=total, correction=True)
    report(world, made, approving[0])
    for attester in approving[1:]:
        approve(world, made, attester)
    return made


def test_the_guardian_lowers_a_corrections_bar_to_the_threshold(
    world: World, attesters: list[Keypair], approved: Proposal
) -> None:
    first, second, _ = attesters
    world.advance(HOUR)
    made = correction(world, 4, 0, first, second)
    assert world.report(made.address).state == PENDING
    thief = world.actor()
    theirs = ix.proofs.endorse(guardian=thief.pubkey(), report=made.address)
    world.refused(theirs, errors.proofs.NotGuardian, signers=[thief])
    endorse = ix.proofs.endorse(guardian=world.deployer, report=made.address)
    event = world.send(endorse).event(events.proofs.CorrectionEndorsed)
    assert event.approved_at == world.now
    assert world.report(made.address).state == APPROVED
    world.refused(endorse, errors.proofs.NotPending)
    plain = Proposal(world, 4, total=100, predecessor=approved.address)
    world.refused(plain.report(first.pubkey()), errors.proofs.AlreadyDecided, signers=[first])


def test_only_a_correction_is_endorsed_and_once(
    world: World, attesters: list[Keypair], approved: Proposal
) -> None:
    first = attesters[0]
    world.advance(HOUR)
    plain = Proposal(world, 4, total=100)
    report(world, plain, first)
    endorse = ix.proofs.endorse(guardian=world.deployer, report=plain.address)
    world.refused(endorse, errors.proofs.NotACorrection)
    made = correction(world, 4, 0, first)
    endorse = ix.proofs.endorse(guardian=world.deployer, report=made.address)
    world.send(endorse)
    assert world.report(made.address).state == PENDING
    world.refused(endorse, errors.proofs.AlreadyEndorsed)


def test_a_correction_waits_72_hours_and_the_next_one_for_the_hold_besides(
    world: World, attesters: list[Keypair], approved: Proposal
) -> None:
    world.advance(HOUR)
    made = correction(world, 4, 0, *attesters)
    since = world.now
    world.advance(DAY)
    world.send(ix.proofs.finalize(report=approved.address))
    world.advance(2 * DAY - 1)
    world.refused(ix.proofs.finalize(report=made.address), errors.proofs.WindowOpen)
    second = Proposal(world, 75, total=0, correction=True)
    for attester in attesters[:2]:
        (report if attester is attesters[0] else approve)(world, second, attester)
    last = second.approve(attesters[2].pubkey())
    world.refused(last, errors.proofs.CorrectionOpen, signers=attesters[2:])
    world.advance(1)
    world.send(ix.proofs.finalize(report=made.address))
    world.refused(last, errors.proofs.CorrectionTooSoon, signers=attesters[2:])
    world.advance(since + 10 * DAY - 1 - world.now)
    world.refused(last, errors.proofs.CorrectionTooSoon, signers=attesters[2:])
    world.advance(1)
    world.send(last, signers=attesters[2:])


def test_a_correction_gives_nothing_that_had_stayed_unallocated(
    world: World, attesters: list[Keypair], approved: Proposal
) -> None:
    first = attesters[0]
    world.advance(DAY)
    world.send(ix.proofs.finalize(report=approved.address))
    world.advance(HOUR)
    world.send(ix.mint.emit())
    hours = 28
    since = emission.cumulative(hours * HOUR) - emission.cumulative(3 * HOUR)
    above = Proposal(world, hours, total=100 + since + 1, correction=True)
    world.refused(above.report(first.pubkey()), errors.proofs.TotalAboveCorrection, signers=[first])
    correction(world, hours, 100 + since, first)


def test_the_authority_voids_a_correction_and_no_other_report(
    world: World, attesters: list[Keypair], approved: Proposal
) -> None:
    guardian = world.actor()
    given = replace(params(world), guardian=guardian.pubkey())
    world.send(ix.proofs.set_params(authority=world.deployer, params=given))
    world.advance(HOUR)
    made = correction(world, 4, 0, *attesters)
    assert world.proofs_config.min_height == 2
    plain = ix.proofs.void_report(guardian=world.deployer, report=approved.address)
    world.refused(plain, errors.proofs.NotGuardian)
    world.send(ix.proofs.void_report(guardian=world.deployer, report=made.address))
    config = world.proofs_config
    assert (config.head, config.min_height, config.correction_at, config.next_void) == (1, 0, 0, 0)
    # It does not count against the next one.
    correction(world, 4, 1, *attesters)
    assert world.proofs_config.min_height == 2


def test_the_guardian_voids_at_most_twenty_reports_in_thirty_days(
    world: World, attesters: list[Keypair]
) -> None:
    first = attesters[0]
    made = [Proposal(world, 3, total=n) for n in range(21)]
    for one in made:
        world.send(one.report(first.pubkey()), signers=[first])
    voids = [ix.proofs.void_report(guardian=world.deployer, report=one.address) for one in made]
    for void in voids[:20]:
        world.send(void)
    world.refused(voids[20], errors.proofs.TooManyVoids)
    world.advance(30 * DAY - 1)
    world.refused(voids[20], errors.proofs.TooManyVoids)
    world.advance(1)
    world.send(voids[20])


def test_a_longer_window_holds_for_reports_that_wait(world: World, approved: Proposal) -> None:
    longer = replace(params(world), challenge_window=2 * DAY)
    world.send(ix.proofs.set_params(authority=world.deployer, params=longer))
    world.advance(DAY)
    world.refused(ix.proofs.finalize(report=approved.address), errors.proofs.WindowOpen)
    world.advance(DAY)
    world.send(ix.proofs.finalize(report=approved.address))


# -- pauses


def test_a_pause_stops_reports_and_approvals_but_not_finality(
    world: World, attesters: list[Keypair], approved: Proposal
) -> None:
    first, second, _ = attesters
    world.advance(HOUR)
    pending, unmade = Proposal(world, 4, total=100), Proposal(world, 4, total=101)
    report(world, pending, first)
    world.send(ix.proofs.set_paused(signer=world.deployer, paused=1))
    world.refused(unmade.report(first.pubkey()), errors.proofs.Paused, signers=[first])
    world.refused(pending.approve(second.pubkey()), errors.proofs.Paused, signers=[second])
    world.advance(DAY)
    world.send(ix.proofs.finalize(report=approved.address))
    world.send(ix.proofs.set_paused(signer=world.deployer, paused=0))
    approve(world, pending, second)


# -- the account of it all


def test_events_are_numbered_without_gaps(world: World, attesters: list[Keypair], approved: Proposal) -> None:
    world.advance(DAY)
    world.send(ix.proofs.finalize(report=approved.address))
    seqs = [
        event.seq
        for signature in world.client.history(pda.proofs.CONFIG)
        for event in world.client.transaction(signature).events[::-1]
        if hasattr(event, "seq")
    ]
    assert seqs == list(range(world.proofs_config.seq, 0, -1))
    assert len(seqs) == 5


def test_the_rewards_of_the_sdk_make_the_same_content_hash(world: World, attesters: list[Keypair]) -> None:
    np = pytest.importorskip("numpy")
    from ionet.rewards import Leaves, build_report

    nodes = np.frombuffer(bytes(range(96)), np.uint8).reshape(3, 32)
    lifetime = np.array([10, 20, 30], np.uint64)
    through = np.full(3, NOW + 3 * HOUR, np.int64)
    uri = "https://example.org/evidence/3"
    built = build_report(
        Leaves(nodes=nodes, lifetime=lifetime, through=through), NOW + 3 * HOUR, b"\x05" * 32
    )
    args = types.proofs.ReportArgs(
        predecessor=Pubkey.default(),
        correction=False,
        root=built.root,
        total=built.total,
        period_end=built.period_end,
        leaves=3,
        evidence_hash=built.evidence,
        evidence_uri=uri.encode().ljust(96, b"\0"),
    )
    first = attesters[0]
    call = ix.proofs.report(
        attester=first.pubkey(),
        predecessor=Pubkey.default(),
        seq=3,
        content_hash=built.content_hash(uri),
        args=args,
    )
    world.send(call, signers=[first])
    assert world.report(pda.proofs.report(3, built.content_hash(uri))).total == 60

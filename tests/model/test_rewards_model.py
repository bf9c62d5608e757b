"""An hour's reward: the model by hand, and the package's `score_hour` and `usdc_to_io` beside the model."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from tests.model.rewards import CPU, GPU, NodeHour, Share, hour, usdc_to_io

from ionet import rewards as package

EMISSION = 456_308_464_522


def node(score: int | Fraction = 1, **changes: object) -> NodeHour:
    usual = NodeHour(GPU, Fraction(score), 1, 5, True, True)
    return replace(usual, **changes)  # type: ignore[arg-type]


def test_the_example_worked_by_hand() -> None:
    """A 4090 and eight H100 in use, a T4 idle, an H100 without a proof, a Ryzen up for two hours."""
    nodes = [
        node(Fraction(5, 4), used=True, fees=200_000),
        node(10, units=8, used=True, fees=1_000),
        node(Fraction(1, 2)),
        node(10, has_proof=False),
        node(Fraction(1, 10), pool=CPU, up=2),
    ]
    found = hour(nodes, 1_000_003)
    # 1,000,003 · 0.95 = 950,002.85, of which 30 % are 285,000.
    # 80 % of 1,000 are 800, less than 285,000 · 80 / 81.25; of the 284,200 left the 4090 may have 160,000.
    # 950,002 − 160,800 = 789,202 among 1.25 + 80 + 0.5.
    most = 96_000_000
    assert found.shares[:4] == (
        Share(160_000, 789_202 * Fraction(125, 8_175), most),
        Share(800, 789_202 * Fraction(8_000, 8_175), most),
        Share(0, 789_202 * Fraction(50, 8_175), most),
        Share(0, Fraction(0), most),
    )
    assert found.pots == {GPU: 950_002, CPU: 50_000}
    assert found.unallocated == {GPU: 0, CPU: 50_000}
    assert found.carried == {GPU: Fraction(85, 100), CPU: Fraction(15, 100)}


def test_seventy_and_thirty_per_cent() -> None:
    # 950 of the pool: 285 for the one in use, whose fees allow as much, 665 halved.
    found = hour([node(used=True, fees=10**6), node()], 1_000)
    assert [(one.used, one.common) for one in found.shares] == [
        (285, Fraction(665, 2)),
        (0, Fraction(665, 2)),
    ]


def test_the_bound_by_the_minimum_is_given_to_nobody() -> None:
    # 96 bps of 10,000 are 96, of 950 for both.
    found = hour([node(minimum=10_000), node(2)], 1_000)
    assert [one.reward for one in found.shares] == [96, Fraction(1_900, 3)]
    assert found.unallocated[GPU] == Fraction(950, 3) - 96


def test_idle_and_used_are_not_paid_alike() -> None:
    used, idle = hour([node(used=True, fees=10**6), node()], 1_000).shares
    assert used.used + used.common > idle.common > 0


# -- the package


amounts = st.integers(0, 8 * 10**16)
a_node = st.builds(
    NodeHour,
    pool=st.sampled_from((GPU, CPU)),
    multiplier=st.integers(0, 300_000).map(lambda bps: Fraction(bps, 10_000)),
    units=st.integers(0, 8),
    up=st.integers(3, 7),
    has_stake=st.sampled_from((True, True, True, False)),
    has_proof=st.sampled_from((True, True, True, False)),
    used=st.booleans(),
    fees=st.one_of(st.integers(0, 10_000), st.integers(0, 10**12), amounts),
    minimum=st.sampled_from((10**6, 2 * 10**10, 10**13, 8 * 10**16)),
    banned=st.sampled_from((False, False, False, True)),
)
an_emission = st.one_of(st.just(EMISSION), st.integers(0, 10_000), amounts)


def key(n: int) -> bytes:
    return n.to_bytes(32, "big")


def packaged(nodes: list[NodeHour]) -> package.Hour:
    return package.Hour.from_rows(
        package.NodeHour(
            node=key(n),
            pool=package.Pool.GPU if one.pool == GPU else package.Pool.CPU,
            multiplier_bps=int(one.multiplier * 10_000),
            units=one.units,
            up_hours=one.up,
            stake=one.minimum if one.has_stake else one.minimum - 1,
            required_stake=one.minimum,
            banned=one.banned,
            proof=package.Proof.PASSED if one.has_proof else package.Proof.FAILED,
            in_use=one.used,
            fees=one.fees,
        )
        for n, one in enumerate(nodes)
    )


@given(st.lists(a_node, max_size=12), an_emission)
def test_the_package_shares_an_hour_out_as_the_model(nodes: list[NodeHour], emission: int) -> None:
    expected, found = hour(nodes, emission), package.score_hour(packaged(nodes), emission)
    for share, reward, used in zip(
        expected.shares, found.reward.tolist(), found.in_use.tolist(), strict=True
    ):
        assert used == min(share.used, reward)
        assert share.allows(reward), f"{reward} is not {float(share.used + share.common)}"
    for place, pool in enumerate((GPU, CPU)):
        got = sum(
            reward for one, reward in zip(nodes, found.reward.tolist(), strict=True) if one.pool == pool
        )
        assert got + found.unallocated[place] == expected.pots[pool] == found.pots[place]
        assert abs(found.unallocated[place] - expected.unallocated[pool]) < max(1, len(nodes))
    carry = {GPU: Fraction(found.carry.gpu, 10_000), CPU: Fraction(found.carry.cpu, 10_000)}
    assert carry == expected.carried


@given(st.lists(st.tuples(st.lists(a_node, max_size=4), an_emission), min_size=2, max_size=6))
def test_what_an_hour_cannot_give_the_next_gives(hours: list[tuple[list[NodeHour], int]]) -> None:
    """Over all hours a pool gives its share of all emissions, less than one base unit short."""
    carry, exact, given_out = package.Carry(), Fraction(0), 0
    carried: dict[str, Fraction] = {}
    for nodes, emission in hours:
        found = package.score_hour(packaged(nodes), emission, carry)
        expected = hour(nodes, emission, carried)
        carry, carried = found.carry, expected.carried
        assert sum(found.pots) == sum(expected.pots.values())
        exact += emission
        given_out += found.total + sum(found.unallocated)
        assert 0 <= exact - given_out < 2


@given(a_node, st.lists(a_node, max_size=8), amounts, an_emission)
def test_renting_from_oneself_never_pays(
    me: NodeHour, others: list[NodeHour], fees: int, emission: int
) -> None:
    """self_rent_farming: what being used brings is less than the fees, both sides, paid for it."""
    idle, rented = replace(me, used=False, fees=0), replace(me, used=True, fees=fees)
    before = package.score_hour(packaged([idle, *others]), emission).reward.tolist()[0]
    after = package.score_hour(packaged([rented, *others]), emission).reward.tolist()[0]
    # A base unit of each node may fall to the other side of a rounding.
    assert after - before <= fees * Fraction(8, 10) + 1 + len(others)


@given(st.lists(a_node, min_size=2, max_size=2), an_emission)
def test_of_two_alike_the_one_in_use_is_paid_no_less(pair: list[NodeHour], emission: int) -> None:
    used = replace(pair[0], used=True)
    both = [replace(used, used=False, fees=0), used]
    idle_pay, used_pay = package.score_hour(packaged(both), emission).reward.tolist()
    # The base unit left over goes to the first of equals.
    assert used_pay >= idle_pay - 1
    if used.score and min(used.fees, emission) > 1_000 and idle_pay < used.most:
        assert used_pay > idle_pay


@given(
    st.integers(0, 10**15),
    st.integers(1, 10**12),
    st.integers(-12, 0),
)
def test_dollars_become_io_as_in_the_model(usdc: int, price: int, expo: int) -> None:
    assert package.usdc_to_io(usdc, price, expo) == usdc_to_io(usdc, Fraction(price) * Fraction(10) ** expo)

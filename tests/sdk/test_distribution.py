"""Vesting, airdrops, genesis and supply in the SDK: against the model, and on the programs."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.model.grants import payments
from tests.model.grants import vested as by_the_list

from ionet import (
    IO,
    Allocation,
    Client,
    accounts,
    airdrop,
    emission,
    errors,
    genesis,
    pda,
    supply,
    token_account,
    vesting,
)
from ionet._generated.staking import PROGRAM_ID as STAKING
from ionet.token.airdrop import AirdropTree, RecipientsError, Share
from ionet.token.vesting import HALF_HOUR, MONTH, Schedule

ROOT = Path(__file__).resolve().parents[2]
NOW = 1_800_000_000
DAY = 86_400


# -- vesting


@given(
    total=st.integers(1, 8 * 10**16),
    part=st.integers(0, 100),
    cliff=st.integers(0, 10**8),
    period=st.integers(1_800, 31_557_600),
    tranches=st.integers(1, 400),
    dates=st.lists(st.integers(-(10**9), 10**11), min_size=2, max_size=6),
)
def test_vesting_is_the_list_of_dates_never_falls_and_ends_at_the_total(
    total: int, part: int, cliff: int, period: int, tranches: int, dates: list[int]
) -> None:
    upfront = total * part // 100
    schedule = Schedule(IO.from_base(total), NOW, tranches, period, cliff, IO.from_base(upfront))
    expected = payments(total, upfront=upfront, cliff=cliff, tranches=tranches, every=period)
    found = [schedule.vested(NOW + date).base for date in sorted(dates)]
    assert found == [by_the_list(expected, date) for date in sorted(dates)]
    assert found == sorted(found)
    assert schedule.vested(schedule.end).base == total
    assert schedule.vested(schedule.end - 1).base < total or expected[-1].amount == 0


def test_linear_is_within_a_half_hours_part_of_the_straight_line() -> None:
    total, upfront = IO(47_500_000), IO(3_500_000)
    schedule = Schedule.linear(total, NOW, months=41, upfront=upfront)
    assert (schedule.tranches, schedule.period) == (41 * 1_461, HALF_HOUR)
    for month in range(42):
        exact = Fraction(upfront.base) + Fraction((total - upfront).base * month, 41)
        found = schedule.vested(NOW + month * MONTH).base
        # Each part is rounded down by less than a base unit.
        assert 0 <= exact - found <= month * 1_461
    assert schedule.vested(NOW + 41 * MONTH) == total
    assert schedule.end == NOW + 41 * MONTH


# -- the table


def test_the_items_are_the_published_allocations() -> None:
    percent = {"COMMUNITY": "12.5", "RESEARCH": "16", "SEED": "12.5", "SERIES_A": "10.2", "CORE": "11.3"}
    for name, share in percent.items():
        items = [one for one in genesis.ITEMS if one.allocation.name == name]
        assert sum(one.amount.base for one in items) == Fraction(share) * 800_000_000 * IO.UNIT / 100
    assert sum(one.amount.base for one in genesis.ITEMS) == 500_000_000 * IO.UNIT
    assert genesis.BY_NAME["ignition"].amount == IO(25_000_000)
    assert genesis.BY_NAME["galxe"].amount == IO("7500000")
    assert genesis.BY_NAME["launch_pool"].amount == IO(20_000_000)


def test_94_4_million_circulate_at_genesis_which_the_published_95_million_round() -> None:
    # 20M launch pool, 45 % of the other 80M of the community, 30 % of the 128M of research.
    assert genesis.circulating_at_genesis() == IO(94_400_000)
    assert 20 + Fraction(45, 100) * 80 + Fraction(30, 100) * 128 == Fraction("94.4")
    first = supply.planned(NOW, NOW)
    assert (first.circulating, first.supply) == (IO(94_400_000), IO(500_000_000))


def test_terms_end_when_they_were_published_to_end() -> None:
    ends = {
        one.name: one.schedule(one.amount, one.upfront, 0).end // MONTH for one in genesis.ITEMS if one.months
    }
    assert ends == {"community": 41, "research": 35, "seed": 36, "series_a": 36, "core": 48}


def test_the_supply_of_20_years_ends_at_800_million_and_never_falls() -> None:
    found = supply.twenty_years(NOW)
    assert len(found) == 241
    for before, after in itertools.pairwise(found):
        assert before.circulating < after.circulating
        assert after.supply == after.circulating + after.locked
    assert (found[-1].circulating, found[-1].locked) == (IO(800_000_000), IO(0))
    assert found[48].locked == IO(0)
    assert found[47].locked == IO.from_base(251_111_111_111_115)
    # After a year: the cliffs have passed, the first tranches have not come.
    year = found[12]
    assert year.emitted == IO.from_base(emission.CUMULATIVE[12])
    locked = IO(100_000_000) + IO("81600000") + IO("90400000")
    rest = year.locked - locked
    exact = Fraction(44_000_000 * 29, 41) + Fraction(89_600_000 * 23, 35)
    assert abs(Fraction(rest.base, IO.UNIT) - exact) < Fraction(1, 1_000)


# -- recipients


def people(count: int) -> list[Pubkey]:
    return [Keypair().pubkey() for _ in range(count)]


def written(path: Path, rows: list[tuple[object, ...]]) -> Path:
    lines = ["item,recipient,amount,revocable", *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def recipients() -> list[tuple[object, ...]]:
    """Two or three for each item; amounts that do not divide evenly."""
    rows: list[tuple[object, ...]] = []
    for item in genesis.ITEMS:
        third = IO.from_base(item.amount.base // 3 + 1)
        parts = [third, third, item.amount - third - third]
        for who, part in zip(people(3), parts, strict=True):
            rows.append((item.name, who, part.to_decimal(), ""))
    return rows


def test_a_plan_is_read_and_its_parts_at_genesis_sum_to_the_tables(tmp_path: Path) -> None:
    plan = genesis.read_plan(written(tmp_path / "plan.csv", recipients()))
    grants = plan.grants(NOW)
    assert len({one.id for one in grants}) == len(grants) == 18
    for item in genesis.ITEMS:
        made = [one for one in grants if one.item is item]
        if not item.airdrop:
            assert sum((one.schedule.total for one in made), IO(0)) == item.amount
            assert sum((one.schedule.upfront for one in made), IO(0)) == item.upfront
            assert all(one.revocable == (item.name == "core") for one in made)
    assert [(item.name, len(tree.shares)) for item, tree in plan.airdrops] == [("ignition", 3), ("galxe", 3)]


def test_sums_that_do_not_match_are_refused_to_the_base_unit(tmp_path: Path) -> None:
    rows = recipients()
    name, who, amount, _ = rows[0]
    rows[0] = (name, who, IO(str(amount)).to_decimal() + IO("0.00000001").to_decimal(), "")
    with pytest.raises(
        RecipientsError, match=r"launch_pool has 20,000,000.00000001 IO instead of 20,000,000"
    ):
        genesis.read_plan(written(tmp_path / "plan.csv", rows))
    with pytest.raises(RecipientsError, match=r"core has 0 IO instead of 90,400,000 IO, .* too few"):
        genesis.read_plan(written(tmp_path / "plan.csv", [row for row in recipients() if row[0] != "core"]))


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (("friends", Keypair().pubkey(), 1, ""), "line 2: 'friends' is not one of the items launch_pool, "),
        (("seed", "nobody", 1, ""), "line 2: 'nobody' is not an address"),
        (("seed", Keypair().pubkey(), "1.123456789", ""), "line 2: IO has 8 decimals, '1.123456789' has 9"),
        (("seed", Keypair().pubkey(), 0, ""), "line 2: an amount is above zero"),
        (("seed", Keypair().pubkey(), -1, ""), "line 2: an amount is above zero"),
        (("seed", Keypair().pubkey(), 1, "perhaps"), "line 2: revocable is yes or no, not 'perhaps'"),
        (("galxe", Keypair().pubkey(), 1, "yes"), "line 2: an airdrop cannot be revoked"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, row: tuple[object, ...], says: str) -> None:
    with pytest.raises(RecipientsError, match=says):
        genesis.read_plan(written(tmp_path / "plan.csv", [row, *recipients()]))


def test_a_file_without_its_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan.csv").write_text("who,what\na,b\n")
    with pytest.raises(RecipientsError, match="must name the columns item, recipient and amount"):
        genesis.read_plan(tmp_path / "plan.csv")
    with pytest.raises(RecipientsError, match="must name the columns recipient and amount"):
        airdrop.read_shares(tmp_path / "plan.csv")


@pytest.mark.parametrize(
    ("header", "row", "says"),
    [
        ("recipient,amount", "{},1,500", "line 2: 3 cells, but the header has 2; is there a comma inside"),
        ("recipient,amount,Note", "{},1,x", "line 1: there is no column 'Note'"),
        ("recipient;amount", "{};1", "line 1: cells are separated by semicolons"),
        ("Recipient,amount", "{},1", "line 1: there is no column 'Recipient'; is 'recipient' meant"),
        ("recipient,amount", "{}", "line 2: 1 cells, but the header has 2"),
        ("recipient,amount,amount", "{},1,2", "line 1: the column 'amount' is there twice"),
    ],
)
def test_nothing_is_guessed_where_shares_are_read(tmp_path: Path, header: str, row: str, says: str) -> None:
    path = tmp_path / "shares.csv"
    path.write_text(f"{header}\n{row.format(Keypair().pubkey())}\n")
    with pytest.raises(RecipientsError, match=says):
        airdrop.read_shares(path)


@pytest.mark.parametrize(
    ("recipient", "says"),
    [
        ("1" * 32, "is an address of Solana's own: nobody could ever take"),
        ("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA", "is an address of Solana's own"),
        ("SysvarC1ock11111111111111111111111111111111", "is an address of Solana's own"),
        (str(STAKING), "is the program staking"),
        (str(pda.mint.MINT), "is the mint of IO"),
    ],
)
def test_what_is_nobodys_address_receives_nothing(tmp_path: Path, recipient: str, says: str) -> None:
    shares, plan = tmp_path / "shares.csv", tmp_path / "plan.csv"
    shares.write_text(f"recipient,amount\n{recipient},1\n")
    plan.write_text(f"item,recipient,amount\nseed,{recipient},1\n")
    for read in (airdrop.read_shares, genesis.read_plan):
        with pytest.raises(RecipientsError, match=says):
            read(plan if read is genesis.read_plan else shares)


def test_a_right_is_not_lost_to_the_spelling_of_its_column(tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    path.write_text(f"item,recipient,amount,Revocable\nseed,{Keypair().pubkey()},1,no\n")
    with pytest.raises(RecipientsError, match="no column 'Revocable'; is 'revocable' meant"):
        genesis.read_plan(path)


# -- genesis on the programs


@pytest.fixture
def client() -> Client:
    made = Client.local(now=NOW)
    made.mint.initialize().send()
    made.distributor.initialize(treasury=Keypair().pubkey()).send()
    return made


@pytest.fixture
def plan(tmp_path: Path) -> genesis.GenesisPlan:
    return genesis.read_plan(written(tmp_path / "plan.csv", recipients()))


def test_genesis_is_run_verified_and_run_again_without_effect(
    client: Client, plan: genesis.GenesisPlan
) -> None:
    before = client.genesis.verify(plan)
    assert (before.complete, before.minted) == (False, frozenset())
    steps = list(client.genesis.run(plan))
    assert (steps[-1].done, steps[-1].of) == (20, 20)
    state = client.genesis.verify(plan)
    assert state.complete
    assert state.minted == frozenset(set(Allocation) - {Allocation.NONE})
    assert all(one.funded == one.item.amount for one in state.items)
    assert client.mint.supply() == IO(500_000_000)
    assert client.mint.balance() == IO(0)
    assert list(client.genesis.run(plan)) == []
    now = client.supply.now()
    assert (now.circulating, now.supply, now.burned) == (IO(94_400_000), IO(500_000_000), IO(0))
    assert now.circulating + now.locked == now.supply


@pytest.mark.parametrize("stopped", [1, 3, 6, 9, 11])
def test_genesis_goes_on_where_it_was_stopped(
    client: Client, plan: genesis.GenesisPlan, stopped: int
) -> None:
    first = list(itertools.islice(client.genesis.run(plan), stopped))
    assert len(first) == stopped
    assert not client.genesis.verify(plan).complete
    rest = list(client.genesis.run(plan))
    assert len({one.signature for one in [*first, *rest]}) == len(first) + len(rest)
    assert client.genesis.verify(plan).complete
    assert client.mint.supply() == IO(500_000_000)


def test_what_is_there_and_not_as_planned_stops_genesis_before_anything_is_sent(
    client: Client, plan: genesis.GenesisPlan, tmp_path: Path
) -> None:
    list(itertools.islice(client.genesis.run(plan), 6))
    rows = recipients()
    other = genesis.read_plan(written(tmp_path / "other.csv", rows))
    state = client.genesis.verify(other)
    assert any("launch_pool" in one and "beneficiary" in one for one in state.differences)
    seen = client.slot()
    with pytest.raises(genesis.GenesisMismatch, match=r"the chain differs from the plan: launch_pool: grant"):
        next(client.genesis.run(other))
    assert client.slot() == seen


def test_a_grant_that_passed_on_is_still_as_planned(client: Client, plan: genesis.GenesisPlan) -> None:
    list(client.genesis.run(plan))
    who, grant = Keypair(), plan.grants(NOW)[0].address
    found, at = client.account(grant), accounts.distributor.Grant.OFFSETS["beneficiary"]
    assert found is not None
    data = bytearray(found.data)
    data[at : at + 32] = bytes(who.pubkey())
    client.network.set_account(grant, lamports=found.lamports, data=bytes(data), owner=found.owner)
    assert client.distributor.get_grant(grant).beneficiary == who.pubkey()
    assert client.genesis.verify(plan).complete


def test_genesis_minted_elsewhere_says_what_is_missing(client: Client, plan: genesis.GenesisPlan) -> None:
    me = client.address
    client.cheats.set_tokens(Keypair().pubkey(), pda.mint.MINT, 0)
    client.cheats.set_tokens(me, pda.mint.MINT, 0)
    for allocation in sorted(set(Allocation) - {Allocation.NONE}):
        client.mint.mint_genesis(allocation, token_account(me, pda.mint.MINT)).send()
    client.cheats.set_tokens(me, pda.mint.MINT, 7)
    with pytest.raises(
        genesis.GenesisMismatch, match=r"500,000,000 IO are still to be granted, and .* has 0.00000007 IO"
    ):
        list(client.genesis.run(plan))


def test_the_supply_is_that_of_the_schedules_at_every_month(
    client: Client, plan: genesis.GenesisPlan
) -> None:
    """What the chain says as its clock goes on, against what the schedules say beforehand."""
    list(client.genesis.run(plan))
    expected = {month: client.supply.at(NOW + month * MONTH) for month in range(0, 61, 6)}
    for month, projected in expected.items():
        client.network.clock.set(NOW + month * MONTH)
        client.mint.emit().send()
        found = client.supply.now()
        assert (found.locked, found.vested) == (projected.locked, projected.vested)
        assert (found.emitted, found.circulating) == (projected.emitted, projected.circulating)
        assert found.supply == client.mint.supply() == found.circulating + found.locked
        published = supply.planned(NOW + month * MONTH, NOW)
        # Three recipients an item: their own remainders come last, a few base units each half hour.
        assert 0 <= (found.locked - published.locked).base < 6 * 60_000


def test_revoked_and_burned_io_leave_the_circulation(client: Client, plan: genesis.GenesisPlan) -> None:
    list(client.genesis.run(plan))
    core = next(one for one in plan.grants(NOW) if one.item.name == "core")
    client.network.clock.set(NOW + 13 * MONTH)
    before = client.supply.now()
    revoked = client.distributor.revoke(core.address).send().result
    after = client.supply.now()
    assert (
        after.treasury == IO.from_base(revoked.returned) == core.schedule.total - IO.from_base(revoked.vested)
    )
    assert after.circulating == before.circulating
    assert after.locked == before.locked - after.treasury
    later = client.supply.at(NOW + 60 * MONTH)
    assert later.locked == IO(0)
    assert later.circulating == later.supply - later.treasury


# -- grants and airdrops through the client


def test_a_grant_is_released_into_a_wallet_that_is_opened(client: Client, plan: genesis.GenesisPlan) -> None:
    list(client.genesis.run(plan))
    pool = plan.grants(NOW)[0]
    assert client.distributor.release(pool.address).send().result == pool.schedule.total
    assert client.mint.balance(pool.beneficiary) == pool.schedule.total
    with pytest.raises(errors.distributor.NothingToRelease):
        client.distributor.release(pool.address).send()
    assert [one.address for one in client.distributor.grants(pool.beneficiary)] == [pool.address]


def test_a_grant_passes_on(client: Client, plan: genesis.GenesisPlan) -> None:
    old, new = Keypair(), Keypair()
    client.mint.mint_genesis(Allocation.COMMUNITY, _wallet(client)).send()
    schedule = Schedule.monthly(IO(100), NOW, months=10)
    grant = client.distributor.create_grant(1, old.pubkey(), schedule).send().result
    client.distributor.set_beneficiary(grant, new.pubkey())
    for who in (old, new):
        client.network.airdrop(who.pubkey(), 10**9)
    client.as_(old).distributor.set_beneficiary(grant, new.pubkey()).send()
    client.as_(new).distributor.accept_beneficiary(grant).send()
    found = client.distributor.get_grant(grant)
    assert (found.beneficiary, found.granted_to) == (new.pubkey(), old.pubkey())
    assert vesting.vested(found, NOW + MONTH) == IO(10)
    assert vesting.unvested(found, NOW + MONTH) == IO(90)


def test_an_airdrop_is_made_claimed_reclaimed_and_closed(client: Client) -> None:
    client.mint.mint_genesis(Allocation.COMMUNITY, _wallet(client)).send()
    first, second = people(2)
    tree = AirdropTree(9, [Share(first, IO(5)), Share(second, IO(6)), Share(first, IO(7))])
    client.distributor.create_airdrop(tree, deadline=NOW + 30 * DAY).send()
    client.distributor.open_claims(tree.address, range(tree.chunks)).send()
    assert tree.indices(first) == [0, 2]
    assert not client.distributor.is_claimed(tree, 2)
    assert client.distributor.claim(tree, 2).send().result == IO(7)
    assert client.distributor.is_claimed(tree, 2)
    assert client.mint.balance(first) == IO(7)
    with pytest.raises(errors.distributor.AlreadyClaimed):
        client.distributor.claim(tree, 2).send()
    client.network.clock.set(NOW + 30 * DAY)
    assert client.distributor.reclaim(tree.address).send().result == IO(11)
    client.distributor.close_claims(tree.address).send()
    assert client.account(tree.claims(0)) is None
    assert client.mint.balance(client.distributor.get_config().treasury) == IO(11)


def _wallet(client: Client) -> Pubkey:
    client.cheats.set_tokens(client.address, pda.mint.MINT, 0)
    return token_account(client.address, pda.mint.MINT)


# -- the chart


def test_the_chart_is_an_svg_of_the_published_terms() -> None:
    root = ElementTree.fromstring(supply.chart(NOW))
    space = "{http://www.w3.org/2000/svg}"
    assert root.tag == space + "svg"
    texts = [one.text for one in root.iter(space + "text")]
    assert "94.4 at genesis" in texts
    assert "Rewards emitted, 300" in texts
    areas = list(root.iter(space + "polygon"))
    assert len(areas) == 6
    # The upper edge of the last area: 94.4M at the left, 800M at the right, of 800M.
    edge = [tuple(map(float, point.split(","))) for point in areas[-1].attrib["points"].split()][:241]
    bottom, top = 560 - 52, 84
    heights = [(bottom - y) / (bottom - top) * 800 for _, y in edge]
    assert abs(heights[0] - 94.4) < 0.2
    assert abs(heights[-1] - 800) < 0.2
    assert heights == sorted(heights)


def test_the_documents_show_the_chart_that_the_code_draws() -> None:
    assert (ROOT / "docs/supply.svg").read_text() == supply.chart(0)

"""What cheating earns and loses: each cheat played on the compiled programs, and computed for markets of any
size.

Run with `python bench/economics.py [--hold DAYS] [--bound BPS]`. A cheat names hardware that is not there,
stakes its owner's minimum and is rewarded as if it were. With the chance p it is found on a day; a decision
that names fraud then takes its owner's stake, and burns what its leaves still prove. Rewards are held back,
so that those of a day are safe only when it was not found until `hold` days after. Staying until it is
found, it expects

    r · (1 − p)^(hold + 1) / p − S

with a reward r a day and a stake S. The last line is the lowest chance at which every cheat of the table
loses.

How likely a cheat is found on a day follows from how often it is asked, and how often it is found then.
`asked` computes the first for one device that answers for several nodes. The second was measured by
`bench/cheats.py`, and is read from `bench/chances.json`: what counts is the least that its runs show.

The plays run first: what the programs let a cheat keep that is found on a certain day must be what the table
is computed from, to the base unit.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
CHANCES: Final = ROOT / "bench" / "chances.json"
sys.path.insert(0, str(ROOT))

from tests.programs.market import Market  # noqa: E402
from tests.programs.people import TOKEN, Published  # noqa: E402
from tests.programs.support import DAY, HOUR, Proposal  # noqa: E402
from tests.programs.test_proofs import params  # noqa: E402
from tests.programs.test_slashing import about, fraud  # noqa: E402

from ionet import ReportState, errors, ix  # noqa: E402
from ionet.orchestrator import Policy  # noqa: E402
from ionet.orchestrator._number import rounds_an_hour  # noqa: E402
from ionet.rewards import SharePolicy  # noqa: E402
from ionet.staking.classes import hardware_classes, minimum_stake  # noqa: E402
from ionet.token.emission import cumulative  # noqa: E402

#: Honest nodes of a market.
MARKETS: Final = (2, 200, 20_000, 330_000)
#: Nodes of an owner who has one device, and seats that ask.
OWNERS: Final = (2, 8, 64)
SEATS: Final = 8
#: Processors of a cheat's node; the most that a node has.
UNITS: Final = 8
#: What leaves can still be slashed for so long.
COOLDOWN_DAYS: Final = 14
BPS: Final = 10_000
#: The best day to leave is looked for so far.
LONGEST: Final = 400


@dataclass(frozen=True, slots=True)
class Terms:
    """Parameters: the days of the hold, and the most of an hour's reward by the owner's minimum."""

    hold: int = 7
    bound_bps: int = 96


@dataclass(frozen=True, slots=True)
class Row:
    """A class in a market.

    Attributes:
        name: of the class.
        honest: nodes beside the cheat.
        stake: the cheat's, base units of IO.
        reward: its reward of a day, base units.
    """

    name: str
    honest: int
    stake: int
    reward: int

    def profit(self, chance: float, hold: int) -> float:
        """The cheat's expected profit, in stakes, if it stays until it is found."""
        return self.reward / self.stake * (1 - chance) ** (hold + 1) / chance - 1


def rows(terms: Terms) -> list[Row]:
    """Every class of the table in every market, in the first hour of emission, which pays most.

    The other nodes are one RTX 4090 each, or one CPU each in the CPU pool: the table's usual hardware.
    """
    policy, first = SharePolicy(reward_bound_bps=terms.bound_bps), cumulative(HOUR)
    table = []
    for kind in hardware_classes():
        usual = 12_500 if kind.pool != "cpu" else kind.multiplier_bps
        bps = BPS - policy.gpu_bps if kind.pool == "cpu" else policy.gpu_bps
        stake, score = minimum_stake(kind, UNITS).base, kind.multiplier_bps * UNITS
        for honest in MARKETS:
            share = first * bps * score // (BPS * (honest * usual + score))
            hour = min(share, stake * terms.bound_bps // BPS)
            table.append(Row(kind.name, honest, stake, 24 * hour))
    return table


def break_even(loses: Callable[[float], bool]) -> float:
    """The lowest daily chance at which it loses, in per cent, rounded up to a hundredth."""
    low, high = 0.0, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (low, middle) if loses(middle) else (middle, high)
    return math.ceil(high * 10_000) / 100


def loses_staying(row: Row, terms: Terms) -> float:
    """Break-even of a cheat that stays until it is found, per cent a day."""
    return break_even(lambda chance: row.profit(chance, terms.hold) <= 0)


def best_leaving(row: Row, chance: float, terms: Terms, *, found_after: bool) -> float:
    """The cheat's highest expected profit, in stakes, if it leaves after the best number of days.

    Args:
        row: the cheat.
        chance: of being found on a day.
        terms: the parameters.
        found_after: whether it can still be found while its stake cools, or not once it has left.
    """
    best, kept, last = -math.inf, 0.0, COOLDOWN_DAYS if found_after else 0
    stays = 1 - chance
    for days in range(1, LONGEST):
        if found_after:
            kept += stays ** (days + terms.hold)
        else:
            kept = sum(stays ** min(day + terms.hold, days) for day in range(1, days + 1))
        best = max(best, row.reward / row.stake * kept - (1 - stays ** (days + last)))
    return best


# -- on the compiled programs


@dataclass(frozen=True, slots=True)
class Kept:
    """The outcome of a cheat, base units: rewards credited to it, and stake taken from it."""

    credited: int
    taken: int


def expected(row: Row, found_on: int, runs: int, terms: Terms) -> Kept:
    """The outcome by the model: rewards of the days whose hold was over when it was found."""
    days = max(0, min(runs, found_on - terms.hold - 1))
    return Kept(days * row.reward, row.stake)


def play(found_on: int, runs: int, terms: Terms) -> tuple[Row, Kept]:
    """Plays a cheat that runs for some days, and is found in the middle of a day.

    Alice's node is the cheat, with exactly its owner's minimum of 200 IO, and credited by daily reports.
    """
    market = Market.new()
    world = market.world
    changed = replace(params(world), hold=terms.hold * DAY)
    market.send(ix.proofs.set_params(authority=world.deployer, params=changed))
    stake = 200 * TOKEN
    market.send(market.staking("owner_unstake", amount=market.node().own.active - stake))
    world.advance(COOLDOWN_DAYS * DAY)
    market.send(market.staking("owner_withdraw"))
    row = Row("played", 0, stake, 24 * (stake * terms.bound_bps // BPS))
    world.client.network.clock.set(world.now - world.now % DAY + DAY)
    reports, lifetime, base = [_report(market, 0)], 0, market.node().credited
    for day in range(1, found_on):
        world.advance(DAY)
        lifetime += row.reward if day <= runs else 0
        reports.append(_report(market, lifetime))
        _crank(market, reports)
    world.advance(DAY // 2)
    _crank(market, reports)
    credited = market.node().credited - base
    market.send(fraud(market, stake))
    market.send(about(market, "appeal"))
    market.send(about(market, "resolve_slash", amount=stake))
    market.send(about(market, "set_apart_slash"))
    taken = market.node().set_apart
    # The rewards in its leaves are burned, and never credited.
    world.advance((terms.hold + 1) * DAY)
    _finish(market, reports)
    if lifetime > credited:
        leaf = reports[-1].leaf(market.alice.node)
        market.refused(market.credit(reports[-1]), errors.staking.NodeTerminal)
        market.send(market.staking("forfeit_reward", report=reports[-1].address, leaf=leaf))
        assert market.node().credited == base + lifetime
    return row, Kept(credited, taken)


def _report(market: Market, lifetime: int) -> Published:
    world = market.world
    world.send(ix.mint.emit())
    report = market.rewards({market.alice.node: lifetime})
    hours = (report.period_end - world.mint_config.start) // HOUR
    proposal = Proposal(world, hours, root=report.root, total=report.total, leaves=1)
    for n, attester in enumerate(market.attesters):
        market.send(proposal.approve(attester.pubkey()) if n else proposal.report(attester.pubkey()))
    return Published(proposal.address, report)


def _finish(market: Market, reports: list[Published]) -> None:
    window = market.world.proofs_config.challenge_window
    for published in reports:
        account = market.world.report(published.address)
        if account.state == ReportState.APPROVED and account.approved_at + window <= market.world.now:
            market.send(ix.proofs.finalize(report=published.address))


def _crank(market: Market, reports: list[Published]) -> None:
    """Finalizes the reports that can be, and credits what is creditable."""
    _finish(market, reports)
    for published in reports:
        account = market.world.report(published.address)
        lifetime = int(published.report.leaves.lifetime[0])
        ready = account.state == ReportState.FINAL and account.creditable_from <= market.world.now
        if ready and lifetime > market.node().credited:
            market.send(market.credit(published))


def plays(terms: Terms) -> list[str]:
    """Compares every play with the model; a line for each."""
    lines = []
    for found_on, runs in ((1, 30), (5, 30), (terms.hold + 1, 30), (terms.hold + 3, 30), (terms.hold + 4, 2)):
        row, kept = play(found_on, runs, terms)
        modelled = expected(row, found_on, runs, terms)
        assert kept == modelled, f"found on day {found_on}: {kept}, the model says {modelled}"
        until = "ran until then" if runs >= found_on else f"ran for {runs} days"
        sums = f"kept {kept.credited / TOKEN:.2f} IO, lost {kept.taken / TOKEN:.2f} IO"
        lines.append(f"found on day {found_on}, {until}: {sums}")
    return lines


# -- the table


def table(terms: Terms, chance: float) -> tuple[list[str], float]:
    """A line for each class, and the highest break-even of all."""
    by_name: dict[str, list[Row]] = {}
    for row in rows(terms):
        by_name.setdefault(row.name, []).append(row)
    head = " ".join(f"{f'{count:,} nodes':>22}" for count in MARKETS)
    lines = [f"{'class, 8 processors':<22}{'minimum IO':>11} {head}"]
    worst = 0.0
    for name, markets in by_name.items():
        cells = []
        for row in markets:
            even = loses_staying(row, terms)
            worst = max(worst, even)
            day, gain = row.reward / row.stake * 100, row.profit(chance, terms.hold) * 100
            cells.append(f"{day:6.2f} {even:6.2f} {gain:+8.2f}")
        lines.append(f"{name:<22}{markets[0].stake / TOKEN:>11,.0f} {' '.join(cells)}")
    return lines, worst


def least(found: int, runs: int) -> float:
    """The chance above which so many finds or more, of so many runs, come in less than 95 % of cases.

    Args:
        found: how often something was found.
        runs: of so many.
    """
    low, high = 0.0, 1.0
    for _ in range(50):
        chance = (low + high) / 2
        more = sum(
            math.comb(runs, n) * chance**n * (1 - chance) ** (runs - n) for n in range(found, runs + 1)
        )
        low, high = (chance, high) if more < 0.05 else (low, chance)
    return low


def measured() -> dict[str, tuple[int, int]]:
    """How often each cheat was found, and of how many runs, as `bench/cheats.py` has written it."""
    value = json.loads(CHANCES.read_text())
    return {name: (count, value["runs"]) for name, count in value["found"].items()}


def asked(nodes: int, market: int, seats: int = SEATS, found: float = 1.0) -> float:
    """The chance that a day has a number challenge to an owner, and so finds that its nodes are one device.

    Args:
        nodes: of the owner.
        market: all nodes, each of an owner with several.
        seats: that draw an owner, by the number of their nodes, some times an hour.
        found: the chance that it is found when it is asked.
    """
    draws = 24 * seats * rounds_an_hour(market, Policy().number_most)
    return 1 - (1 - min(1.0, nodes / market) * found) ** draws


def chances(terms: Terms, when_asked: float = 1.0) -> list[str]:
    """A line for each size of owner: the chance a day in every market, and whether any cheat loses by it."""
    evens = {
        count: max(loses_staying(row, terms) for row in rows(terms) if row.honest == count)
        for count in MARKETS
    }
    lines = [f"{'nodes of the owner':<22}" + " ".join(f"{f'of {count:,}':>12}" for count in MARKETS)]
    for nodes in OWNERS:
        found = {count: 100 * asked(nodes, max(count, nodes), found=when_asked) for count in MARKETS}
        cells = " ".join(
            f"{chance:10.2f} {'+' if chance > evens[at] else ' '}" for at, chance in found.items()
        )
        lines.append(f"{nodes:<22}{cells}")
    lines.append(f"{'break-even':<22}" + " ".join(f"{evens[count]:10.2f}  " for count in MARKETS))
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hold", type=int, default=Terms().hold, metavar="DAYS", help="hold of rewards")
    parser.add_argument(
        "--bound", type=int, default=Terms().bound_bps, metavar="BPS", help="an hour's reward by the minimum"
    )
    parser.add_argument("--chance", type=float, default=10, metavar="PERCENT", help="for the third column")
    options = parser.parse_args()
    terms, chance = Terms(options.hold, options.bound), options.chance / 100
    print("on the compiled programs, a stake of 200 IO at the bound of its rewards:")
    for line in plays(Terms(terms.hold)):
        print(f"  {line}")
    print(
        "\nin % of the stake: reward of a day; break-even, % a day; "
        f"expected in all when found with {options.chance:g} % a day"
    )
    lines, worst = table(terms, chance)
    print("\n".join(lines))
    top = max(rows(terms), key=lambda row: row.reward / row.stake)
    leaving = break_even(lambda row: best_leaving(top, row, terms, found_after=True) <= 0)
    gone = break_even(lambda row: best_leaving(top, row, terms, found_after=False) <= 0)
    print(f"\nleaving at the best time, and as easily found while the stake cools: loses at {leaving} %")
    print(f"leaving at the best time, and never found once it is gone: loses at {gone} %")
    print(f"loses at {worst:g} % a day or more")
    print(f"\none device for all nodes of an owner, found by {SEATS} seats: chance a day in %; + loses")
    print("\n".join(chances(terms)))
    print("\nfound when asked, as bench/cheats.py has measured it, and the least chance that this shows:")
    for name, (count, runs) in measured().items():
        print(f"{name:<34}{count:>5} of {runs}{100 * least(count, runs):10.1f} %")
    when_asked = least(*measured()["one device for two nodes"])
    print(f"\nthe same chances a day, found in {100 * when_asked:.1f} % when asked:")
    print("\n".join(chances(terms, when_asked)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""A node is judged by the rules of its class, as the chain has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
from tests.orchestrator.support import HOUR, World
from tests.orchestrator.test_program_chain import Site
from tests.programs.market import CLASS
from tests.programs.people import class_args

from ionet import ix
from ionet.orchestrator import NodeRules, Orchestrator, Policy
from ionet.prover import Reference
from ionet.staking.hardware import hardware_classes
from ionet.worker import BreakReason, Observation, TimeLockPolicy

#: What any processor shows: the system's own work beside the lease's.
BUSY: Final = Observation(use_bps=9_000, foreign_use_bps=4_000)
CLASSES: Final = {kind.name: kind for kind in hardware_classes()}
#: Shorter than the longest gap between two samples.
STEP: Final = 150


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def book(world: World, kind: str) -> bytes:
    class_ = CLASSES[kind]
    world.watches[world.specs[0].node].seen = BUSY
    return world.book(class_id=class_.id, pool=class_.pool)


async def served(world: World, **policy: Any) -> Orchestrator:
    orchestrator = world.orchestrator(default_rules=None, **policy)
    await world.serve(orchestrator, step=STEP)
    return orchestrator


def reasons(world: World) -> set[BreakReason]:
    return {reason for step in world.chain.steps if step[0] == "attest" for reason in step[2].reasons}


async def test_the_systems_own_work_costs_a_processor_nothing(world: World) -> None:
    job = book(world, "AMD Ryzen")
    await served(world)
    assert world.chain.closed[job].good == HOUR


async def test_the_same_use_by_others_breaks_the_lock_of_a_gpu(world: World) -> None:
    job = book(world, "RTX 4090")
    await served(world)
    assert world.chain.closed[job].good == 0
    assert BreakReason.FOREIGN_USE in reasons(world)


async def test_a_node_of_no_known_class_is_judged_as_a_gpu(world: World) -> None:
    world.watches[world.specs[0].node].seen = BUSY
    job = world.book()
    await served(world)
    assert world.chain.closed[job].good == 0


async def test_how_long_proofs_take_is_not_judged_while_a_renter_uses_the_node(world: World) -> None:
    kind = CLASSES["AMD Ryzen"]
    job = book(world, kind.name)
    await served(world, references={kind.id: (Reference(64, 256, 1),)})
    assert world.chain.closed[job].good == HOUR


async def test_rules_that_are_set_here_stand_above_the_classs(world: World) -> None:
    job = book(world, "RTX 4090")
    (view,) = await world.chain.jobs()
    lenient = NodeRules(TimeLockPolicy(foreign_use_bps=None))
    strict = NodeRules(TimeLockPolicy(foreign_use_bps=0))
    assert Policy().rules_for(view).timelock == TimeLockPolicy.for_pool("gpu")
    assert Policy(default_rules=lenient).rules_for(view) is lenient
    assert Policy(default_rules=lenient, rules={view.node: strict}).rules_for(view) is strict
    await served(world, rules={view.node: lenient})
    assert world.chain.closed[job].good == HOUR


@pytest.mark.parametrize(("pool", "name"), [(0, "gpu"), (1, "cpu")])
async def test_the_class_is_read_from_the_chain(tmp_path: Path, pool: int, name: str) -> None:
    site = Site(tmp_path)
    market = site.market
    args = class_args(pool=pool)
    market.send(ix.staking.set_class(authority=market.world.deployer, id=CLASS, args=args))
    site.add(market.bob)
    job = site.book(of=market.bob)
    view = await site.chain().job(bytes(job))
    assert view is not None
    assert (view.class_id, view.pool) == (CLASS, name)

"""The example that people copy, in a real box with Ray inside, from the renter's folder and back."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.network.renting import at_work, opened
from tests.network.site import NetworkSite
from tests.programs.people import Supplier
from tests.sandbox.support import prepared_image

from ionet.executor import BoxExecutor, Executor, NodeSpec
from ionet.sandbox import reap
from ionet.store.manifest import FileStore

pytestmark = [pytest.mark.ray, pytest.mark.slow]
EXAMPLE = Path(__file__).resolve().parents[2] / "examples/train.py"


@pytest.fixture
def boxes() -> Iterator[Path]:
    place = Path(tempfile.mkdtemp(prefix="ionet-boxes-"))
    place.chmod(0o711)
    yield place
    assert list(reap(place)) == [], "a job that has ended leaves no box"
    shutil.rmtree(place)


async def test_the_example_runs_on_ray_in_a_box_and_its_model_comes_back(tmp_path: Path, boxes: Path) -> None:
    image = prepared_image()

    class Boxed(NetworkSite):
        def executor(self, machine: Supplier, store: FileStore, work: Path) -> Executor:
            spec = NodeSpec(bytes(machine.node), cpus=2, disk=1 << 30)
            return BoxExecutor([spec], store, work, image=image, boxes=boxes)

    async with opened(tmp_path, Boxed) as renting, at_work(renting.site):
        async with await renting.book(EXAMPLE, "--folds", "2", cpus=2) as run:
            told = await renting.follow(run)
            assert told.ok, f"{told.detail}\n{renting.log.decode()}"
            renting.site.market.world.advance(60)
            await run.stop()
            verdict = await run.result(seconds=30)
            fetched = await run.fetch(verdict, tmp_path / "out")
        await renting.until_closed(run.job)
    assert [path.name for path in fetched.files] == ["metrics.json", "model.npz"]
    assert json.loads((tmp_path / "out/metrics.json").read_text())["configurations"] == 9
    assert b"best: C=" in renting.log
    assert verdict.says(told)

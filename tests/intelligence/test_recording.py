"""What stays of an answer."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from solders.keypair import Keypair
from tests.intelligence.conftest import inside
from tests.intelligence.test_answering import Place, engine, said, used

from ionet.explorer._models import AsOf
from ionet.explorer._served import Served, served
from ionet.formats.inference import HOUR
from ionet.intelligence.builds import build_of
from ionet.intelligence.orders import ORDER, Order
from ionet.intelligence.receipts import Receipts, hash_of_prompt
from ionet.intelligence.recording import Recorder


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.desk.close()


@pytest.fixture
def receipts(tmp_path: Path) -> Iterator[Receipts]:
    made = Receipts(tmp_path / "receipts.db", Keypair(), "https://ai.test")
    yield made
    made.close()


async def recorded(
    place: Place, receipts: Receipts, *pieces: Any, runs: str = "url", **more: Any
) -> dict[str, Any]:
    await place.ask(engine(*(pieces or (said({"content": "hello"}), used(3, 1)))), **more)
    await Recorder(place.desk, receipts, None, {"small": runs}).over(place.over[-1])
    row = receipts._db.execute("SELECT receipt FROM receipts").fetchone()
    assert row is not None, "there is no receipt"
    return dict(json.loads(row[0]))


async def test_no_word_of_a_request_is_in_its_receipt(place: Place, receipts: Receipts) -> None:
    schema = {"type": "object", "properties": {"dragon": {"enum": ["dragon"]}}}
    form = {"type": "json_schema", "json_schema": {"name": "dragon", "schema": schema}}
    kept = await recorded(place, receipts, stop=["dragon"], response_format=form)
    assert "dragon" not in json.dumps(kept)
    assert kept["sampling"]["stop"] == hash_of_prompt(["dragon"])


async def test_a_receipt_names_what_its_engine_is_built_of_by_the_hash_of_its_files(
    place: Place, receipts: Receipts
) -> None:
    kept = await recorded(place, receipts, runs="llama")
    folder = inside("xllamacpp", "")
    files = [file for file in folder.rglob("*") if file.is_file() and file.suffix != ".pyc"]
    libraries = folder.with_name("xllamacpp.libs")
    files += [file for file in libraries.rglob("*") if file.is_file()]
    lines = sorted(
        f"{file.relative_to(folder.parent)}"
        f" {base64.urlsafe_b64encode(hashlib.sha256(file.read_bytes()).digest()).decode().rstrip('=')}"
        for file in files
    )
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    assert kept["build"] == f"xllamacpp {version('xllamacpp')} sha256:{digest}"


def test_a_build_is_of_all_files_of_a_package_in_whatever_order_an_installer_lists_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = "xllamacpp-1.2.3.dist-info"
    its = ["xllamacpp/b.so,sha256=BBB,1", "xllamacpp.libs/c.so,sha256=CCC,1", "xllamacpp/a.py,sha256=AAA,1"]
    own = [f"{info}/METADATA,,", f"{info}/INSTALLER,sha256=III,1", "xllamacpp/a.pyc,,", "../bin/x,sha256=X,1"]
    (folder := tmp_path / info).mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: xllamacpp\nVersion: 1.2.3\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    said = []
    for lines in ([*its, *own], [*own, *reversed(its)], its):
        (folder / "RECORD").write_text("".join(f"{line}\n" for line in lines))
        said.append(build_of("llama"))
    digest = hashlib.sha256(b"xllamacpp.libs/c.so CCC\nxllamacpp/a.py AAA\nxllamacpp/b.so BBB").hexdigest()
    assert said == [f"xllamacpp 1.2.3 sha256:{digest}"] * 3


async def test_of_an_engine_elsewhere_nobody_knows_what_it_is_built_of(
    place: Place, receipts: Receipts
) -> None:
    kept = await recorded(place, receipts)
    assert (kept["build"], kept["ordered"]) == ("", None)


async def test_a_receipt_names_what_a_leased_node_was_ordered_to_run_whatever_its_engine_says(
    place: Place, receipts: Receipts
) -> None:
    order = Order("job", "aa", "sha256:bb", "cc", ("vllm==0.29.0",), "")
    place.order = order
    kept = await recorded(
        place, receipts, {**said({"content": "hello"}), ORDER: {"image": "lie"}}, used(3, 1)
    )
    told = {"job": "job", "manifest": "aa", "image": "sha256:bb", "program": "cc", "source": ""}
    assert kept["ordered"] == {**told, "pip": ["vllm==0.29.0"]}


@pytest.mark.parametrize("more", [{"seed": 2**63 - 1}, {"logit_bias": {"5": 1e2}}])
async def test_whatever_may_be_asked_has_a_receipt(
    place: Place, receipts: Receipts, more: dict[str, Any]
) -> None:
    assert await recorded(place, receipts, **more)


async def test_an_hour_says_what_was_served_in_it_as_the_explorer_reads_it(
    place: Place, receipts: Receipts
) -> None:
    kept = await recorded(place, receipts)
    assert 0 <= kept["first"] <= kept["took"]
    receipts.seal(kept["end"] + HOUR)
    told = {"signer": str(receipts.signer), "data": receipts.heads(168)}
    it = Served("https://ai.test")
    it.take(json.loads(json.dumps(told)))
    (model,) = served(it, AsOf(slot=0, time=0, past=False)).models
    assert (model.model, model.prompt_price, model.completion_price) == ("small", "1", "1")
    assert [(day.answers, day.prompt, day.completion) for day in model.days] == [(1, 3, 1)]
    assert model.first is not None
    assert model.first.p50 == kept["first"]


async def test_an_engine_prevents_no_receipt_by_numbers_that_no_token_has(
    place: Place, receipts: Receipts
) -> None:
    listed = [{"id": 2**33, "token": "hello"}]
    kept = await recorded(place, receipts, said({"content": "hello"}, logprobs={"content": listed}))
    assert kept["answer"]["tokens"] == 1
